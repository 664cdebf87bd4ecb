//! A section of the text: keys with values.

use std::ops::RangeInclusive;
use std::str::FromStr;

use toml::de::DeTable;
use types::{Day, Malformed};

use crate::problem::Problems;
use crate::value::Value;

/// A table, with its path and its place. A reader that answers `None` has noted why.
#[derive(Clone)]
pub(crate) struct Section<'a> {
    key: String,
    offset: usize,
    table: &'a DeTable<'a>,
    problems: &'a Problems<'a>,
}

impl<'a> Section<'a> {
    /// The whole document.
    pub(crate) fn root(table: &'a DeTable<'a>, problems: &'a Problems<'a>) -> Self {
        Self { key: String::new(), offset: 0, table, problems }
    }

    pub(crate) fn new(value: Value<'a>, table: &'a DeTable<'a>) -> Self {
        Self { key: value.key, offset: value.offset, table, problems: value.problems }
    }

    fn path(&self, key: &str) -> String {
        if self.key.is_empty() { key.to_owned() } else { format!("{}.{key}", self.key) }
    }

    /// Notes that the section as a whole is wrong.
    pub(crate) fn wrong(&self, wrong: &str, right: &str) {
        self.problems.note(self.offset, &self.key, wrong, right);
    }

    /// Notes every key that is not among `known`.
    pub(crate) fn only(&self, known: &[&str]) {
        for key in self.table.keys().filter(|key| !known.contains(&key.get_ref().as_ref())) {
            let path = self.path(key.get_ref());
            let right = format!("one of {}", known.join(", "));
            self.problems.note(key.span().start, &path, "is not a key of the policy", &right);
        }
    }

    /// The value of a key that may be left out.
    pub(crate) fn optional(&self, key: &str) -> Option<Value<'a>> {
        self.table.get(key).map(|value| Value::new(self.path(key), value, self.problems))
    }

    /// The value of a key that must be there; `right` is its expected form.
    pub(crate) fn required(&self, key: &str, right: &str) -> Option<Value<'a>> {
        let value = self.optional(key);
        if value.is_none() {
            self.problems.note(self.offset, &self.path(key), "is missing", right);
        }
        value
    }

    /// Every key with its value.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&'a str, Value<'a>)> {
        let value = |(key, value): (&'a toml::Spanned<_>, _)| {
            let key: &'a std::borrow::Cow<'a, str> = key.get_ref();
            (key.as_ref(), Value::new(self.path(key), value, self.problems))
        };
        self.table.iter().map(value)
    }

    pub(crate) fn text(&self, key: &str) -> Option<&'a str> {
        self.required(key, "text in quotes")?.text()
    }

    pub(crate) fn term<T: FromStr<Err = Malformed>>(&self, key: &str) -> Option<T> {
        self.required(key, "text in quotes")?.term()
    }

    pub(crate) fn number<T: TryFrom<i64>>(
        &self,
        key: &str,
        range: RangeInclusive<i64>,
    ) -> Option<T> {
        self.required(key, "a whole number")?.number(range)
    }

    pub(crate) fn values(&self, key: &str) -> Option<Vec<Value<'a>>> {
        self.required(key, "an array")?.elements()
    }

    /// A section with no other keys than `known`.
    pub(crate) fn section(&self, key: &str, known: &[&str]) -> Option<Self> {
        let section = self.required(key, "a section")?.section()?;
        section.only(known);
        Some(section)
    }

    /// A section whose keys are names of the operator's own choice.
    pub(crate) fn names(&self, key: &str) -> Option<Self> {
        self.required(key, "a section")?.section()
    }

    /// The entries of `[[key]]`, at least one, with no other keys than `known`.
    pub(crate) fn entries(&self, key: &str, known: &[&str]) -> Option<Vec<Self>> {
        entries(&self.required(key, &format!("at least one entry [[{}]]", self.path(key)))?, known)
    }

    /// Checks that the rule says where it comes from, and when that was read.
    pub(crate) fn sourced(&self) {
        let _: Option<&str> = self.text("source");
        let as_of = self.required("as_of", "the day on which the source was read, as 2026-11-22");
        let _: Option<Day> = as_of.and_then(|value| value.day());
    }
}

/// The entries of an array of sections, at least one, with no other keys than `known`.
pub(crate) fn entries<'a>(value: &Value<'a>, known: &[&str]) -> Option<Vec<Section<'a>>> {
    let elements = value.elements()?;
    if elements.is_empty() {
        value.wrong("is empty", "at least one entry");
        return None;
    }
    let sections: Vec<_> = elements.iter().filter_map(Value::section).collect();
    sections.iter().for_each(|section| section.only(known));
    Some(sections)
}
