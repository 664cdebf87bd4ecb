//! Strict reading of JSON, with errors that name the field and the expected value.
//!
//! # Examples
//! ```
//! #[derive(Debug, serde::Deserialize)]
//! #[serde(deny_unknown_fields)]
//! struct Point {
//!     x: u8,
//! }
//!
//! assert_eq!(strict_json::parse::<Point>(br#"{"x":7}"#).unwrap().x, 7);
//! let refused = |json: &str| strict_json::parse::<Point>(json.as_bytes()).unwrap_err().to_string();
//! assert_eq!(refused(r#"{"x":"seven"}"#), "x: expected a whole number in range");
//! assert_eq!(refused(r#"{"x":7,"y":8}"#), "y: is unknown");
//! ```

mod unique;

use std::fmt;

use serde::de::{Deserialize, DeserializeOwned};
use serde_json::Value;

pub use unique::parse_value;

/// A refusal of JSON. Its text names the field and the expected value, and repeats no value.
#[derive(Debug)]
pub struct JsonError {
    field: Option<String>,
    fault: Fault,
    message: String,
}

/// What is wrong with a field, or with the whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The text is not JSON, from this place on.
    Syntax {
        /// The line, from 1.
        line: usize,
        /// The column, from 1; 0 is the end of the line before.
        column: usize,
    },
    /// The field is missing.
    Missing,
    /// The field is given more than once.
    Repeated,
    /// The type has no such field.
    Unknown,
    /// The value has another type or form; with the expected one, if it is known.
    Value(Option<String>),
}

/// Parses JSON.
///
/// # Errors
/// [`JsonError`] for the first fault.
pub fn parse<T: DeserializeOwned>(json: &[u8]) -> Result<T, JsonError> {
    let mut json = serde_json::Deserializer::from_slice(json);
    let value = serde_path_to_error::deserialize(&mut json)
        .map_err(|error| JsonError::new("", &error.path().to_string(), error.inner()))?;
    json.end().map_err(|error| JsonError::new("", WHOLE, &error))?;
    Ok(value)
}

/// Reads a parsed value. `within` is the path of the value, empty for the whole.
///
/// # Errors
/// [`JsonError`] for the first fault.
pub fn from_value<'a, T: Deserialize<'a>>(value: &'a Value, within: &str) -> Result<T, JsonError> {
    serde_path_to_error::deserialize(value)
        .map_err(|error| JsonError::new(within, &error.path().to_string(), error.inner()))
}

/// The path of the whole, as `serde_path_to_error` writes it.
const WHOLE: &str = ".";

impl JsonError {
    fn new(within: &str, path: &str, error: &serde_json::Error) -> Self {
        let is_whole = path == WHOLE;
        let path = match (within, is_whole) {
            ("", true) => None,
            ("", false) => Some(path.to_owned()),
            (within, true) => Some(within.to_owned()),
            (within, false) => Some(format!("{within}.{path}")),
        };
        let text = error.to_string();
        let text = text.rsplit_once(" at line ").map_or(text.as_str(), |(text, _)| text);
        let message =
            path.as_ref().map_or_else(|| text.to_owned(), |path| format!("{path}: {text}"));
        let (field, fault) = match quoted(text) {
            _ if !error.is_data() => {
                (None, Fault::Syntax { line: error.line(), column: error.column() })
            }
            Some(("missing field", name)) => (Some(join(path, name)), Fault::Missing),
            Some(("duplicate field", name)) => (Some(join(path, name)), Fault::Repeated),
            Some(("unknown field", name)) if is_whole => (Some(join(path, name)), Fault::Unknown),
            // The path ends in the unknown field's name.
            Some(("unknown field", _)) => (path, Fault::Unknown),
            _ => (path, Fault::Value(expected(text))),
        };
        Self { field, fault, message }
    }

    /// Returns the path of the field; `None` for the whole.
    #[must_use]
    pub fn field(&self) -> Option<&str> {
        self.field.as_deref()
    }

    /// Returns what is wrong.
    #[must_use]
    pub const fn fault(&self) -> &Fault {
        &self.fault
    }

    /// Returns the parser's message, which may repeat the received value.
    #[must_use]
    pub fn with_value(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.field {
            Some(field) => write!(f, "{field}: {}", self.fault),
            None => write!(f, "{}", self.fault),
        }
    }
}

impl std::error::Error for JsonError {}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax { line, column } => {
                write!(f, "is not JSON: see line {line}, column {column}")
            }
            Self::Missing => f.write_str("is missing"),
            Self::Repeated => f.write_str("is given more than once"),
            Self::Unknown => f.write_str("is unknown"),
            Self::Value(Some(expected)) => write!(f, "expected {expected}"),
            Self::Value(None) => f.write_str("is not as documented"),
        }
    }
}

/// Returns the kind of complaint and the name in it, as in ``missing field `label` ``.
fn quoted(message: &str) -> Option<(&str, &str)> {
    let (kind, rest) = message.split_once(" `")?;
    rest.split_once('`').map(|(name, _)| (kind, name))
}

fn join(path: Option<String>, name: &str) -> String {
    path.map_or_else(|| name.to_owned(), |path| format!("{path}.{name}"))
}

/// Returns the expected form in JSON's terms, not Rust's.
fn expected(message: &str) -> Option<String> {
    let (_, wanted) = message.split_once("expected ")?;
    Some(match wanted {
        wanted if wanted.starts_with("struct ") => "an object".to_owned(),
        "u8" | "u16" | "u32" | "u64" | "i64" => "a whole number in range".to_owned(),
        wanted => wanted.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Kind {
        Spot,
        Futures,
    }

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Wanted {
        kind: Kind,
        inner: Inner,
    }

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        size: u8,
    }

    fn refused(json: &str) -> JsonError {
        parse::<Wanted>(json.as_bytes()).unwrap_err()
    }

    #[test]
    fn faults_are_named_with_their_path() {
        for (json, field, fault) in [
            (r#"{"kind":"spot"}"#, Some("inner"), "is missing"),
            (r#"{"kind":"spot","inner":{}}"#, Some("inner.size"), "is missing"),
            (r#"{"kind":"spot","kind":"spot"}"#, Some("kind"), "is given more than once"),
            (r#"{"more":1}"#, Some("more"), "is unknown"),
            (r#"{"kind":"spot","inner":{"more":1}}"#, Some("inner.more"), "is unknown"),
            (r#"{"kind":"spot","inner":7}"#, Some("inner"), "expected an object"),
            (r#"{"kind":"x"}"#, Some("kind"), "expected `spot` or `futures`"),
            (r#"{"kind":"spot","inner":{"size":300}}"#, Some("inner.size"), WHOLE_NUMBER),
            ("7", None, "expected an object"),
            ("{", None, "is not JSON: see line 1, column 1"),
            (r#"{"kind":"spot","inner":{"size":1}} 2"#, None, "is not JSON: see line 1, column 36"),
        ] {
            let error = refused(json);
            assert_eq!((error.field(), error.fault().to_string()), (field, fault.to_owned()));
        }
    }

    const WHOLE_NUMBER: &str = "expected a whole number in range";

    #[test]
    fn only_with_value_repeats_value() {
        let error = refused(r#"{"kind":"secret"}"#);
        assert_eq!(error.to_string(), "kind: expected `spot` or `futures`");
        assert_eq!(
            error.with_value(),
            "kind: unknown variant `secret`, expected `spot` or `futures`"
        );
    }

    #[test]
    fn path_begins_where_the_value_lies() {
        let refused = |value: Value| from_value::<Wanted>(&value, "data").unwrap_err();
        assert_eq!(refused(json!({})).with_value(), "data: missing field `kind`");
        assert_eq!(refused(json!({})).field(), Some("data.kind"));
        assert_eq!(refused(json!({ "more": 1 })).field(), Some("data.more"));
        assert_eq!(refused(json!({ "kind": 1 })).field(), Some("data.kind"));
    }

    #[test]
    fn good_json_is_read() {
        let json = br#"{"kind":"futures","inner":{"size":255}} "#;
        let wanted: Wanted = parse(json).unwrap();
        assert!(matches!(wanted, Wanted { kind: Kind::Futures, inner: Inner { size: 255 } }));
    }
}
