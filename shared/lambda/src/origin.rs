//! The secret by which CloudFront proves that a request passed through it, and its web ACL.
//!
//! docs/decisions/2026-11-27-origin-secret.md

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwap;
use lambda_http::http::HeaderMap;
use subtle::{Choice, ConstantTimeEq};

use crate::KeyRing;

/// The header that CloudFront adds. It replaces one that a client sends.
const HEADER: &str = "x-origin-secret";
/// The shortest value, in bytes.
const MIN_VALUE_BYTES: usize = 32;

/// The values that requests may have: the current one, and another during a rotation. Clones share
/// them, also those of [`KeyRing::replace`].
#[derive(Clone)]
pub(crate) struct OriginValues(Arc<ArcSwap<Vec<String>>>);

/// Why a text holds no values. They are not repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum OriginValuesError {
    /// It is not an object of texts.
    #[error("expected a JSON object of texts")]
    NotAnObject,
    /// Each value is empty.
    #[error("expected at least one value")]
    Empty,
    /// A value is too short.
    #[error("a value is too short; at least {MIN_VALUE_BYTES} bytes are needed")]
    TooShort,
}

impl OriginValues {
    /// Returns whether a request has one of the values. Takes the same time for each value of the
    /// same length.
    pub(crate) fn admits(&self, headers: &HeaderMap) -> bool {
        let Some(given) = headers.get(HEADER) else { return false };
        let values = self.0.load();
        let is_given = |value: &String| value.as_bytes().ct_eq(given.as_bytes());
        // Not `any`, which would end at the first equal value.
        let found = values.iter().map(is_given).fold(Choice::from(0), |found, it| found | it);
        found.into()
    }
}

impl KeyRing for OriginValues {
    type Error = OriginValuesError;

    fn from_text(text: &str) -> Result<Self, OriginValuesError> {
        Ok(Self(Arc::new(ArcSwap::from_pointee(read(text)?))))
    }

    fn replace(&self, text: &str) -> Result<(), OriginValuesError> {
        self.0.store(Arc::new(read(text)?));
        Ok(())
    }
}

impl fmt::Debug for OriginValues {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OriginValues({} values)", self.0.load().len())
    }
}

/// Reads the values of an object; an empty one is not accepted, and prepares nothing.
fn read(text: &str) -> Result<Vec<String>, OriginValuesError> {
    let members: BTreeMap<String, String> =
        serde_json::from_str(text).map_err(|_| OriginValuesError::NotAnObject)?;
    let values: Vec<String> = members.into_values().filter(|value| !value.is_empty()).collect();
    if values.is_empty() {
        return Err(OriginValuesError::Empty);
    }
    match values.iter().all(|value| value.len() >= MIN_VALUE_BYTES) {
        true => Ok(values),
        false => Err(OriginValuesError::TooShort),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: &str = "first-value-first-value-first-va";
    const SECOND: &str = "second-value-second-value-second";

    fn values(first: &str, second: &str) -> Result<OriginValues, OriginValuesError> {
        OriginValues::from_text(&format!(r#"{{"second":"{second}","first":"{first}"}}"#))
    }

    fn admits(values: &OriginValues, given: Option<&str>) -> bool {
        let mut headers = HeaderMap::new();
        if let Some(given) = given {
            headers.insert(HEADER, given.parse().unwrap());
        }
        values.admits(&headers)
    }

    #[test]
    fn each_value_is_admitted() {
        let both = values(FIRST, SECOND).unwrap();
        assert!(admits(&both, Some(FIRST)) && admits(&both, Some(SECOND)));
        let one = values(FIRST, "").unwrap();
        assert!(admits(&one, Some(FIRST)) && !admits(&one, Some(SECOND)));
    }

    #[test]
    fn other_values_are_refused() {
        let both = values(FIRST, SECOND).unwrap();
        let twice = format!("{FIRST},{FIRST}");
        for given in ["", &FIRST[1..], &twice, &FIRST.to_uppercase()] {
            assert!(!admits(&both, Some(given)), "{given}");
        }
        assert!(!admits(&both, None));
        assert!(!admits(&values(FIRST, "").unwrap(), Some("")));
    }

    #[test]
    fn clones_see_replaced_values() {
        let values = values(FIRST, "").unwrap();
        let clone = values.clone();
        values.replace(&format!(r#"{{"first":"{SECOND}"}}"#)).unwrap();
        assert!(admits(&clone, Some(SECOND)) && !admits(&clone, Some(FIRST)));
        assert_eq!(values.replace("{}").unwrap_err(), OriginValuesError::Empty);
        assert!(admits(&clone, Some(SECOND)));
    }

    #[test]
    fn malformed_values_are_refused() {
        assert_eq!(values("", "").unwrap_err(), OriginValuesError::Empty);
        assert_eq!(values(FIRST, &SECOND[1..]).unwrap_err(), OriginValuesError::TooShort);
        let error = OriginValues::from_text(FIRST).unwrap_err();
        assert_eq!(error, OriginValuesError::NotAnObject);
        assert_eq!(format!("{:?}", values(FIRST, SECOND).unwrap()), "OriginValues(2 values)");
    }
}
