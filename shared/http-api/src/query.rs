//! Query parameters, read strictly: nothing unknown, nothing twice, nothing half right.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::str::FromStr;

use lambda_http::aws_lambda_events::query_map::QueryMap;
use types::{Day, Malformed};

use crate::Problem;

/// The greatest `limit` of a list.
pub const MAX_LIMIT: u16 = 200;
/// The `limit` of a list where none is given.
pub const DEFAULT_LIMIT: u16 = 50;
/// The longest range of days: a leap year.
pub const MAX_DAYS: i32 = 366;

/// Names longer than this are cut before they are repeated in an answer.
const MAX_NAME_CHARS: usize = 64;

/// Days from a first to a last one, both included, never reversed, at most [`MAX_DAYS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayRange {
    from: Day,
    to: Day,
}

impl DayRange {
    /// The range, where it is one.
    ///
    /// # Errors
    /// `bad_request` for a range that is reversed or too long, naming `from` or `to`.
    pub fn new(from: Day, to: Day) -> Result<Self, Problem> {
        match to.days_since(from) {
            ..0 => Err(Problem::bad("from", "`from` lies after `to`; both days are included.")),
            MAX_DAYS.. => Err(Problem::bad(
                "to",
                format!("The range is longer than {MAX_DAYS} days; ask for it in parts."),
            )),
            _ => Ok(Self { from, to }),
        }
    }

    /// The first day.
    #[must_use]
    pub const fn from(self) -> Day {
        self.from
    }

    /// The last day, included.
    #[must_use]
    pub const fn to(self) -> Day {
        self.to
    }

    /// Every day of the range, in order.
    pub fn days(self) -> impl DoubleEndedIterator<Item = Day> {
        self.from.through(self.to)
    }
}

/// The query parameters of a call; all of them known to the route, none of them twice.
#[derive(Clone, Default)]
pub struct Query(BTreeMap<String, String>);

impl Query {
    /// # Errors
    /// `bad_request` for a parameter that is not in `known` or is given twice; the first in the
    /// order of the alphabet is named.
    pub(crate) fn read(given: &QueryMap, known: &[&str]) -> Result<Self, Problem> {
        let mut pairs: Vec<(&str, &str)> = given.iter().collect();
        pairs.sort_unstable();
        let mut values = BTreeMap::new();
        for (name, value) in pairs {
            if !known.contains(&name) {
                return Err(Problem::bad(shortened(name), unknown(known)));
            }
            if values.insert(name.to_owned(), value.to_owned()).is_some() {
                return Err(Problem::bad(name, "The parameter is given more than once."));
            }
        }
        Ok(Self(values))
    }

    /// A parameter that may be left out.
    ///
    /// # Errors
    /// `bad_request` naming the parameter and its expected form.
    pub fn optional<T: FromStr<Err = Malformed>>(&self, name: &str) -> Result<Option<T>, Problem> {
        let value = self.0.get(name).map(|text| text.parse()).transpose();
        value.map_err(|error: Malformed| Problem::bad(name, format!("`{name}`: {error}.")))
    }

    /// A parameter that must be there.
    ///
    /// # Errors
    /// `bad_request` naming the parameter where it is missing or malformed.
    pub fn required<T: FromStr<Err = Malformed>>(&self, name: &str) -> Result<T, Problem> {
        self.optional(name)?.ok_or_else(|| missing(name))
    }

    /// A whole number within a range, or `default` where it is left out.
    ///
    /// # Errors
    /// `bad_request` naming the parameter and the range.
    pub fn number(
        &self,
        name: &str,
        range: RangeInclusive<u16>,
        default: u16,
    ) -> Result<u16, Problem> {
        let Some(text) = self.0.get(name) else { return Ok(default) };
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        let number = text.parse().ok().filter(|number| digits && range.contains(number));
        number.ok_or_else(|| {
            let (least, most) = (range.start(), range.end());
            let detail = format!("`{name}`: expected a whole number from {least} to {most}.");
            Problem::bad(name, detail)
        })
    }

    /// `limit`, from 1 to [`MAX_LIMIT`], or [`DEFAULT_LIMIT`].
    ///
    /// # Errors
    /// `bad_request` naming `limit`.
    pub fn limit(&self) -> Result<u16, Problem> {
        self.number("limit", 1..=MAX_LIMIT, DEFAULT_LIMIT)
    }

    /// `from` and `to`: both or neither, both included.
    ///
    /// # Errors
    /// `bad_request` naming the one that is missing or wrong.
    pub fn days(&self) -> Result<Option<DayRange>, Problem> {
        match (self.optional("from")?, self.optional("to")?) {
            (Some(from), Some(to)) => DayRange::new(from, to).map(Some),
            (None, None) => Ok(None),
            (Some(_), None) => Err(missing("to")),
            (None, Some(_)) => Err(missing("from")),
        }
    }

    /// A parameter as it was given.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Returns the filters in one text: the same for the same filters in any order.
    ///
    /// `cursor` and `limit` say where in a list and how much of it, not which list: they are left
    /// out.
    pub(crate) fn filters(&self) -> String {
        let filters = self.0.iter().filter(|(name, _)| *name != "cursor" && *name != "limit");
        filters.map(|(name, value)| format!("{name}={}:{value}&", value.len())).collect()
    }

    /// The parameters in the order of their names, as they were given but decoded.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

fn shortened(name: &str) -> String {
    name.chars().take(MAX_NAME_CHARS).collect()
}

fn unknown(known: &[&str]) -> String {
    if known.is_empty() {
        "The route takes no query parameters.".to_owned()
    } else {
        format!("The parameter is unknown; the route takes {}.", known.join(", "))
    }
}

fn missing(name: &str) -> Problem {
    Problem::bad(name, format!("`{name}` is missing."))
}

#[cfg(test)]
mod tests {
    use types::{LinkCode, Product};

    use super::*;

    const KNOWN: &[&str] = &["from", "to", "limit", "product", "ref", "cursor"];

    fn query(text: &str) -> Query {
        Query::read(&text.parse().unwrap(), KNOWN).unwrap()
    }

    fn wrong<T>(outcome: Result<T, Problem>) -> (String, String) {
        let Err(problem) = outcome else { panic!("not refused") };
        let json = problem.to_json();
        assert_eq!(json["code"], "bad_request");
        (json["parameter"].as_str().unwrap().into(), json["detail"].as_str().unwrap().into())
    }

    fn refused(text: &str) -> (String, String) {
        wrong(Query::read(&text.parse().unwrap(), KNOWN))
    }

    #[test]
    fn unknown_parameter_lists_known_ones() {
        let (name, detail) = refused("product=spot&colour=red");
        assert_eq!(name, "colour");
        assert!(detail.contains("from, to, limit, product, ref, cursor"), "{detail}");
        let none = Query::read(&"uid=1".parse().unwrap(), &[]);
        assert_eq!(wrong(none), ("uid".into(), "The route takes no query parameters.".into()));
    }

    #[test]
    fn repeated_parameter_is_refused() {
        assert_eq!(refused("limit=5&limit=5").0, "limit");
        assert_eq!(refused("product=spot&product=margin").0, "product");
    }

    #[test]
    fn unknown_name_of_64_characters_is_kept() {
        assert_eq!(refused(&"x".repeat(64)).0.len(), 64);
        assert_eq!(refused(&"x".repeat(65)).0.len(), 64);
    }

    #[test]
    fn next_page_keeps_all_parameters() {
        let query = query("limit=7&cursor=x&product=spot");
        let pairs: Vec<_> = query.iter().collect();
        assert_eq!(pairs, [("cursor", "x"), ("limit", "7"), ("product", "spot")]);
    }

    #[test]
    fn long_unknown_name_is_cut() {
        assert_eq!(refused(&"x".repeat(500)).0.len(), 64);
    }

    #[test]
    fn malformed_parameter_has_its_form() {
        assert_eq!(query("product=margin").optional("product").unwrap(), Some(Product::Margin));
        assert_eq!(query("").optional::<Product>("product").unwrap(), None);
        let (name, detail) = wrong(query("product=options").optional::<Product>("product"));
        assert_eq!(name, "product");
        assert_eq!(detail, "`product`: expected a product: spot, margin or futures.");
    }

    #[test]
    fn empty_value_is_not_absent() {
        assert_eq!(wrong(query("product=").optional::<Product>("product")).0, "product");
        assert_eq!(wrong(query("from=&to=").days()).0, "from");
        assert_eq!(wrong(query("limit=").limit()).0, "limit");
    }

    #[test]
    fn required_parameter_is_missed_by_name() {
        let (name, detail) = wrong(query("").required::<LinkCode>("ref"));
        assert_eq!((name.as_str(), detail.as_str()), ("ref", "`ref` is missing."));
        assert!(query("ref=ABCDEFGH").required::<LinkCode>("ref").is_ok());
    }

    #[test]
    fn limit_is_fifty_or_one_to_two_hundred() {
        assert_eq!(query("").limit().unwrap(), 50);
        assert_eq!(query("limit=1").limit().unwrap(), 1);
        assert_eq!(query("limit=200").limit().unwrap(), 200);
        for text in ["0", "201", "-1", "+5", "1.5", "5e1", "99999999999999999999", "ten"] {
            let (name, detail) =
                wrong(query(&format!("limit={}", text.replace('+', "%2B"))).limit());
            assert_eq!(name, "limit", "{text}");
            assert_eq!(detail, "`limit`: expected a whole number from 1 to 200.");
        }
    }

    #[test]
    fn range_of_days_has_both_ends_or_none() {
        assert_eq!(query("").days().unwrap(), None);
        assert_eq!(wrong(query("from=2026-11-01").days()).0, "to");
        assert_eq!(wrong(query("to=2026-11-01").days()).0, "from");
        let day = query("from=2026-11-01&to=2026-11-01").days().unwrap().unwrap();
        assert_eq!(day.days().count(), 1);
    }

    #[test]
    fn impossible_range_is_refused() {
        assert_eq!(wrong(query("from=2026-11-02&to=2026-11-01").days()).0, "from");
        assert_eq!(wrong(query("from=2026-02-30&to=2026-03-01").days()).0, "from");
        assert_eq!(wrong(query("from=2026-03-01&to=tomorrow").days()).0, "to");
    }

    #[test]
    fn leap_year_is_longest_range() {
        let year = query("from=2024-01-01&to=2024-12-31").days().unwrap().unwrap();
        assert_eq!(year.days().count(), 366);
        assert_eq!(wrong(query("from=2024-01-01&to=2025-01-01").days()).0, "to");
    }

    #[test]
    fn filters_ignore_order_and_cursor() {
        let filters = query("product=spot&ref=ABCDE").filters();
        assert_eq!(query("ref=ABCDE&limit=7&cursor=x&product=spot").filters(), filters);
        assert_ne!(query("product=spot").filters(), filters);
    }
}
