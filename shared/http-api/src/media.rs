//! Which of an answer's forms the client asks for.

use lambda_http::Request;
use lambda_http::http::header::ACCEPT;

use crate::Problem;

/// The forms in which lists are given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Media {
    /// `application/json`, the default.
    Json,
    /// `text/csv`, with a header row.
    Csv,
    /// `application/x-ndjson`: one JSON object a line.
    JsonLines,
}

impl Media {
    /// In order of preference, where the client has none.
    const ALL: [Self; 3] = [Self::Json, Self::Csv, Self::JsonLines];

    /// The name of the media type.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Csv => "text/csv",
            Self::JsonLines => "application/x-ndjson",
        }
    }

    /// What `Accept` prefers among the forms; JSON where the header is absent.
    ///
    /// # Errors
    /// `bad_request` naming `Accept`, where none of the forms is acceptable.
    pub(crate) fn accepted(request: &Request) -> Result<Self, Problem> {
        let mut given = request.headers().get_all(ACCEPT).iter().peekable();
        if given.peek().is_none() {
            return Ok(Self::Json);
        }
        let texts: Vec<&str> = given.filter_map(|value| value.to_str().ok()).collect();
        let ranges: Vec<Range<'_>> = texts.iter().flat_map(|t| t.split(',')).map(range).collect();
        let weighed = Self::ALL.into_iter().map(|media| (media.weight(&ranges), media));
        // Of equal weights the first wins: `max_by_key` would take the last.
        let best = weighed.rev().max_by_key(|(weight, _)| *weight);
        match best {
            Some((1.., media)) => Ok(media),
            _ => Err(Problem::bad(
                "Accept",
                "Expected one of application/json, text/csv, application/x-ndjson.",
            )),
        }
    }

    /// The weight that the most specific fitting range gives, in thousandths; 0 refuses.
    fn weight(self, ranges: &[Range<'_>]) -> u16 {
        let kind = self.as_str().split('/').next().unwrap_or_default();
        let fitting = ranges.iter().filter_map(|range| {
            let specific = match range.media.split_once('/')? {
                _ if range.media.eq_ignore_ascii_case(self.as_str()) => 2,
                ("*", "*") => 0,
                (name, "*") if name.eq_ignore_ascii_case(kind) => 1,
                _ => return None,
            };
            Some((specific, range.weight))
        });
        fitting.max().map_or(0, |(_, weight)| weight)
    }
}

/// One range of an `Accept` header, as `text/*;q=0.5`.
struct Range<'a> {
    media: &'a str,
    /// In thousandths, 0 to 1000.
    weight: u16,
}

fn range(text: &str) -> Range<'_> {
    let mut parts = text.split(';').map(str::trim);
    let media = parts.next().unwrap_or_default();
    let weight = parts.find_map(|part| part.strip_prefix("q=").or(part.strip_prefix("Q=")));
    Range { media, weight: weight.map_or(1000, thousandths) }
}

/// A weight in the form of RFC 9110: `0`, `1`, or up to three decimals. Any other text has the
/// weight 0.
fn thousandths(text: &str) -> u16 {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let digits = decimals.bytes().all(|byte| byte.is_ascii_digit());
    let fraction = format!("{decimals:0<3}").parse().unwrap_or(0);
    match (whole, digits && decimals.len() <= 3) {
        ("0", true) => fraction,
        ("1", true) if fraction == 0 => 1000,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    fn accept(header: &str) -> Option<Media> {
        let request = testing::request("GET", "/v1/x", &[("accept", header)], "");
        Media::accepted(&request).ok()
    }

    #[test]
    fn json_is_default_form() {
        let request = testing::request("GET", "/v1/x", &[], "");
        assert_eq!(Media::accepted(&request).unwrap(), Media::Json);
        for header in ["*/*", "application/*", "text/html, */*;q=0.1"] {
            assert_eq!(accept(header), Some(Media::Json), "{header}");
        }
    }

    #[test]
    fn requested_form_is_given() {
        assert_eq!(accept("text/csv"), Some(Media::Csv));
        assert_eq!(accept("TEXT/CSV; charset=utf-8"), Some(Media::Csv));
        assert_eq!(accept("text/*"), Some(Media::Csv));
        assert_eq!(accept("application/x-ndjson"), Some(Media::JsonLines));
    }

    #[test]
    fn greater_weight_wins_and_zero_refuses() {
        assert_eq!(accept("application/json;q=0.5, text/csv;q=0.501"), Some(Media::Csv));
        assert_eq!(accept("text/csv;q=1.0, application/json"), Some(Media::Json));
        assert_eq!(accept("text/csv;q=1.0, application/json;q=0.9"), Some(Media::Csv));
        assert_eq!(accept("*/*, application/json;q=0"), Some(Media::Csv));
        assert_eq!(accept("text/csv;q=0"), None);
    }

    #[test]
    fn unknown_form_is_named() {
        let weights = ["text/csv;q=2", "text/csv;q=1.5", "text/csv;q=0.1234", "text/csv;q=0.x"];
        for header in ["text/html", "application/xml", "", "csv"].into_iter().chain(weights) {
            assert_eq!(accept(header), None, "{header}");
        }
        let request = testing::request("GET", "/v1/x", &[("accept", "text/html")], "");
        assert_eq!(Media::accepted(&request).unwrap_err().to_json()["parameter"], "Accept");
    }
}
