//! Where an account is: ISO 3166 countries and their subdivisions.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{Malformed, text_term};

/// A country as ISO 3166-1 alpha-2 (`GR`, not `EL`). Only the form is checked, not the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Country([u8; 2]);

impl Country {
    /// The two letters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl FromStr for Country {
    type Err = Malformed;
    fn from_str(text: &str) -> Result<Self, Malformed> {
        match text.as_bytes() {
            &[a, b] if a.is_ascii_uppercase() && b.is_ascii_uppercase() => Ok(Self([a, b])),
            _ => Err(Malformed::expected("a country as ISO 3166-1 alpha-2, as GR")),
        }
    }
}

text_term!(Country);

/// A subdivision of a country as ISO 3166-2, as `UA-43`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Subdivision(Box<str>);

impl Subdivision {
    /// The text, as `UA-43`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The country that the subdivision belongs to.
    #[must_use]
    pub fn country(&self) -> Option<Country> {
        self.0.get(..2).and_then(|code| code.parse().ok())
    }
}

impl FromStr for Subdivision {
    type Err = Malformed;
    fn from_str(text: &str) -> Result<Self, Malformed> {
        let malformed = || Malformed::expected("a subdivision as ISO 3166-2, as UA-43");
        let (country, part) = text.split_once('-').ok_or_else(malformed)?;
        country.parse::<Country>().map_err(|_| malformed())?;
        let well_formed = (1..=3).contains(&part.len())
            && part.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        if well_formed { Ok(Self(text.into())) } else { Err(malformed()) }
    }
}

text_term!(Subdivision);

/// Where an account is located or operates from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Location {
    /// The country.
    pub country: Country,
    /// The part of the country, where the exchange knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<Subdivision>,
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.region {
            Some(region) => write!(f, "{region}"),
            None => write!(f, "{}", self.country),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn countries_and_subdivisions_have_their_iso_form() {
        assert!("GR".parse::<Country>().is_ok());
        for text in ["gr", "GRC", "G", "G1", ""] {
            assert!(text.parse::<Country>().is_err(), "{text}");
        }
        assert_eq!("UA-43".parse::<Subdivision>().unwrap().country(), "UA".parse().ok());
        for text in ["UA", "UA-", "ua-43", "UA-4343", "U-43"] {
            assert!(text.parse::<Subdivision>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_location_is_told_as_closely_as_it_is_known() {
        let country: Country = "UA".parse().unwrap();
        let region: Subdivision = "UA-43".parse().unwrap();
        assert_eq!((country.as_str(), region.as_str()), ("UA", "UA-43"));
        let told = |region| Location { country, region }.to_string();
        assert_eq!([told(None), told(Some(region))], ["UA", "UA-43"]);
    }
}
