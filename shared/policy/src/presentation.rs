//! `[presentation]`: the name of the programme, and pages of the exchange about it.

use serde::Serialize;

use crate::section::Section;
use crate::value::Value;

/// The name and the pages of the programme, as answers show them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Presentation {
    /// The name under which users know the programme.
    pub brand: Option<String>,
    /// The colour of posters, as `#2456c9`. Answers name it only if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub colour: Option<String>,
    /// The address of its terms.
    pub terms: Option<String>,
    /// The address of the privacy notice.
    pub privacy: Option<String>,
    /// The address where users get help.
    pub support: Option<String>,
}

const KEYS: &[&str] = &["brand", "colour", "terms", "privacy", "support"];
/// The longest name, in characters.
const MAX_BRAND_CHARS: usize = 64;
/// The digits of a colour: two each of red, green and blue.
const COLOUR_DIGITS: usize = 6;
/// The longest address, in bytes.
const MAX_ADDRESS_BYTES: usize = 2048;

/// Reads the section; it and each of its keys may be left out.
pub(crate) fn read(root: &Section<'_>) -> Option<Presentation> {
    let Some(value) = root.optional("presentation") else { return Some(Presentation::default()) };
    let section = value.section()?;
    section.only(KEYS);
    let optional = |key, read: fn(&Value<'_>) -> Option<String>| match section.optional(key) {
        Some(value) => read(&value).map(Some),
        None => Some(None),
    };
    let brand = optional("brand", brand);
    let colour = optional("colour", colour);
    let terms = optional("terms", address);
    let privacy = optional("privacy", address);
    let support = optional("support", address);
    Some(Presentation {
        brand: brand?,
        colour: colour?,
        terms: terms?,
        privacy: privacy?,
        support: support?,
    })
}

fn brand(value: &Value<'_>) -> Option<String> {
    let text = value.text()?;
    let fits = text.chars().count() <= MAX_BRAND_CHARS;
    if fits && text.trim() == text && !text.chars().any(char::is_control) {
        return Some(text.to_owned());
    }
    let right = format!("a name of at most {MAX_BRAND_CHARS} characters on one line");
    value.wrong("is no name to show", &right);
    None
}

fn colour(value: &Value<'_>) -> Option<String> {
    let text = value.text()?;
    if let Some(digits) = text.strip_prefix('#')
        && digits.len() == COLOUR_DIGITS
        && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
    {
        return Some(text.to_ascii_lowercase());
    }
    value.wrong("is no colour", "red, green and blue in six hexadecimal digits, as #2456c9");
    None
}

fn address(value: &Value<'_>) -> Option<String> {
    let text = value.text()?;
    if text.len() <= MAX_ADDRESS_BYTES && is_https(text) {
        return Some(text.to_owned());
    }
    value.wrong("is no https address", "an https address, as https://www.exchange.example/terms");
    None
}

/// Returns whether a text is an absolute https URL: a host, perhaps a port, and after them only
/// characters that RFC 3986 allows. A user before the host is refused, as it can hide the host.
fn is_https(text: &str) -> bool {
    let Some(rest) = text.strip_prefix("https://") else { return false };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at(end);
    let (host, port) = authority.split_once(':').unwrap_or((authority, "443"));
    let label = |label: &str| {
        label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && label.starts_with(|first: char| first.is_ascii_alphanumeric())
    };
    host.split('.').all(label)
        && port.parse::<u16>().is_ok_and(|port| port > 0)
        && tail
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::is_https;

    #[test]
    fn https_address_is_valid() {
        for text in [
            "https://www.exchange.example/recall/terms",
            "https://exchange.example",
            "https://exchange.example:8443/help?topic=recall&lang=en#bind",
            "https://exchange.example?x",
        ] {
            assert!(is_https(text), "{text}");
        }
    }

    #[test]
    fn other_address_is_refused() {
        for text in [
            "http://exchange.example",
            "javascript:alert(1)",
            "https://",
            "https:///terms",
            "https://.example",
            "https://exchange..example",
            "https://-a.example",
            "https://user@exchange.example/",
            "https://exchange.example:port/",
            "https://exchange.example:0/",
            "https://exchange.example:65536/",
            "https://exchange.example/a b",
            "https://exchange.example/\"><script>",
            "https://exchange.example/\u{e9}",
        ] {
            assert!(!is_https(text), "{text}");
        }
    }
}
