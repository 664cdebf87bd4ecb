//! One value of the text, read as the expected type.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

use toml::Spanned;
use toml::de::DeValue;
use types::{Day, Malformed, Timestamp};

use crate::problem::Problems;
use crate::section::Section;

/// A value, with its path and its place in the text. A reader that answers `None` has noted why.
#[derive(Clone)]
pub(crate) struct Value<'a> {
    pub(crate) key: String,
    pub(crate) offset: usize,
    value: &'a DeValue<'a>,
    pub(crate) problems: &'a Problems<'a>,
}

impl<'a> Value<'a> {
    pub(crate) fn new(
        key: String,
        value: &'a Spanned<DeValue<'a>>,
        problems: &'a Problems<'a>,
    ) -> Self {
        Self { key, offset: value.span().start, value: value.get_ref(), problems }
    }

    /// Notes that this value is wrong.
    pub(crate) fn wrong(&self, wrong: &str, right: &str) {
        self.problems.note(self.offset, &self.key, wrong, right);
    }

    fn wrong_type<T>(&self, right: &str) -> Option<T> {
        let wrong = match self.value {
            DeValue::String(_) => "is text",
            DeValue::Integer(_) => "is a whole number",
            DeValue::Float(_) => "is a floating-point number",
            DeValue::Boolean(_) => "is true or false",
            DeValue::Datetime(_) => "is a time",
            DeValue::Array(_) => "is an array",
            DeValue::Table(_) => "is a section",
        };
        self.wrong(wrong, right);
        None
    }

    /// Text that is not blank.
    pub(crate) fn text(&self) -> Option<&'a str> {
        match self.value {
            DeValue::String(text) if text.trim().is_empty() => {
                self.wrong("is empty", "text");
                None
            }
            DeValue::String(text) => Some(text.as_ref()),
            // An exact decimal cannot be a TOML number: those are floating-point.
            DeValue::Float(_) | DeValue::Integer(_) => self.wrong_type("the number in quotes"),
            _ => self.wrong_type("text in quotes"),
        }
    }

    /// A term that is read from text.
    pub(crate) fn term<T: FromStr<Err = Malformed>>(&self) -> Option<T> {
        let text = self.text()?;
        self.accept(text.parse(), || format!("is \"{text}\""))
    }

    /// A whole number within bounds.
    pub(crate) fn number<T: TryFrom<i64>>(&self, range: RangeInclusive<i64>) -> Option<T> {
        let right = format!("a whole number from {} to {}", range.start(), range.end());
        let Some(integer) = self.value.as_integer() else { return self.wrong_type(&right) };
        let number = i64::from_str_radix(integer.as_str(), integer.radix())
            .ok()
            .filter(|number| range.contains(number))
            .and_then(|number| T::try_from(number).ok());
        if number.is_none() {
            self.wrong(&format!("is {integer}"), &right);
        }
        number
    }

    /// An instant.
    pub(crate) fn instant(&self) -> Option<Timestamp> {
        self.datetime("a time in UTC without quotes, as 2026-03-24T00:00:00Z")
    }

    /// An instant at which a UTC day begins.
    pub(crate) fn midnight(&self) -> Option<Timestamp> {
        let instant = self.instant()?;
        if instant == instant.day().start() {
            return Some(instant);
        }
        let right = format!("the beginning of a UTC day, as {}T00:00:00Z", instant.day());
        self.wrong("is not midnight UTC", &right);
        None
    }

    /// A calendar day.
    pub(crate) fn day(&self) -> Option<Day> {
        self.datetime("a day without quotes, as 2026-11-22")
    }

    fn datetime<T: FromStr<Err = Malformed>>(&self, right: &str) -> Option<T> {
        let Some(datetime) = self.value.as_datetime() else { return self.wrong_type(right) };
        let text = datetime.to_string();
        self.accept(text.parse().map_err(|_: Malformed| right), || format!("is {text}"))
    }

    /// The elements of an array.
    pub(crate) fn elements(&self) -> Option<Vec<Self>> {
        let Some(array) = self.value.as_array() else { return self.wrong_type("an array") };
        let element =
            |(index, value)| Self::new(format!("{}[{index}]", self.key), value, self.problems);
        Some(array.iter().enumerate().map(element).collect())
    }

    /// A section that may have any keys.
    pub(crate) fn section(&self) -> Option<Section<'a>> {
        match self.value.as_table() {
            Some(table) => Some(Section::new(self.clone(), table)),
            None => self.wrong_type("a section"),
        }
    }

    /// Notes an error as a problem of this value: `wrong` describes the value.
    pub(crate) fn accept<T, E: Display>(
        &self,
        result: Result<T, E>,
        wrong: impl FnOnce() -> String,
    ) -> Option<T> {
        let note = |error: E| {
            let right = error.to_string();
            self.wrong(&wrong(), right.strip_prefix("expected ").unwrap_or(&right));
        };
        result.map_err(note).ok()
    }
}
