//! Where an account is: ISO 3166 countries and their subdivisions.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{Malformed, Recorded, Timeline, Timestamp, text_term};

/// Officially assigned codes of ISO 3166-1 alpha-2, and `XK` (Kosovo), which ISO leaves to its
/// users. Source: the ISO Online Browsing Platform, <https://www.iso.org/obp/ui/#search>, read on
/// 2026-11-22. Sorted.
const ASSIGNED: [&[u8; 2]; 250] = [
    b"AD", b"AE", b"AF", b"AG", b"AI", b"AL", b"AM", b"AO", b"AQ", b"AR", b"AS", b"AT", b"AU",
    b"AW", b"AX", b"AZ", b"BA", b"BB", b"BD", b"BE", b"BF", b"BG", b"BH", b"BI", b"BJ", b"BL",
    b"BM", b"BN", b"BO", b"BQ", b"BR", b"BS", b"BT", b"BV", b"BW", b"BY", b"BZ", b"CA", b"CC",
    b"CD", b"CF", b"CG", b"CH", b"CI", b"CK", b"CL", b"CM", b"CN", b"CO", b"CR", b"CU", b"CV",
    b"CW", b"CX", b"CY", b"CZ", b"DE", b"DJ", b"DK", b"DM", b"DO", b"DZ", b"EC", b"EE", b"EG",
    b"EH", b"ER", b"ES", b"ET", b"FI", b"FJ", b"FK", b"FM", b"FO", b"FR", b"GA", b"GB", b"GD",
    b"GE", b"GF", b"GG", b"GH", b"GI", b"GL", b"GM", b"GN", b"GP", b"GQ", b"GR", b"GS", b"GT",
    b"GU", b"GW", b"GY", b"HK", b"HM", b"HN", b"HR", b"HT", b"HU", b"ID", b"IE", b"IL", b"IM",
    b"IN", b"IO", b"IQ", b"IR", b"IS", b"IT", b"JE", b"JM", b"JO", b"JP", b"KE", b"KG", b"KH",
    b"KI", b"KM", b"KN", b"KP", b"KR", b"KW", b"KY", b"KZ", b"LA", b"LB", b"LC", b"LI", b"LK",
    b"LR", b"LS", b"LT", b"LU", b"LV", b"LY", b"MA", b"MC", b"MD", b"ME", b"MF", b"MG", b"MH",
    b"MK", b"ML", b"MM", b"MN", b"MO", b"MP", b"MQ", b"MR", b"MS", b"MT", b"MU", b"MV", b"MW",
    b"MX", b"MY", b"MZ", b"NA", b"NC", b"NE", b"NF", b"NG", b"NI", b"NL", b"NO", b"NP", b"NR",
    b"NU", b"NZ", b"OM", b"PA", b"PE", b"PF", b"PG", b"PH", b"PK", b"PL", b"PM", b"PN", b"PR",
    b"PS", b"PT", b"PW", b"PY", b"QA", b"RE", b"RO", b"RS", b"RU", b"RW", b"SA", b"SB", b"SC",
    b"SD", b"SE", b"SG", b"SH", b"SI", b"SJ", b"SK", b"SL", b"SM", b"SN", b"SO", b"SR", b"SS",
    b"ST", b"SV", b"SX", b"SY", b"SZ", b"TC", b"TD", b"TF", b"TG", b"TH", b"TJ", b"TK", b"TL",
    b"TM", b"TN", b"TO", b"TR", b"TT", b"TV", b"TW", b"TZ", b"UA", b"UG", b"UM", b"US", b"UY",
    b"UZ", b"VA", b"VC", b"VE", b"VG", b"VI", b"VN", b"VU", b"WF", b"WS", b"XK", b"YE", b"YT",
    b"ZA", b"ZM", b"ZW",
];

/// A country as ISO 3166-1 alpha-2 (`GR`, not `EL`).
///
/// Parsing checks the form only, so that stored data with an unassigned code can still be read.
/// Input from outside is checked with [`Country::is_assigned`] as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Country([u8; 2]);

impl Country {
    /// The two letters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// Whether ISO 3166-1 assigns the code to a country; `XK` (Kosovo) counts as assigned.
    #[must_use]
    pub fn is_assigned(&self) -> bool {
        ASSIGNED.binary_search(&&self.0).is_ok()
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

impl Recorded for Location {
    /// A report of the country alone leaves the region as it was known.
    fn repeats(&self, earlier: &Self) -> bool {
        self == earlier || (self.country == earlier.country && self.region.is_none())
    }

    fn inherit(&mut self, dropped: &Self) {
        if self.repeats(dropped) {
            self.region.clone_from(&dropped.region);
        }
    }
}

impl Timeline<Location> {
    /// Returns the place at `at`: the country in force, with the region last reported within it.
    ///
    /// A report without a region leaves the region of an earlier report in force as long as the
    /// country stays the same. The lookup decides that, so that the order of arrival does not
    /// matter.
    #[must_use]
    pub fn place_at(&self, at: Timestamp) -> Option<&Location> {
        let mut history = self.iter_back_from(at);
        let newest = history.next()?;
        if newest.region.is_some() {
            return Some(newest);
        }
        let mut stay = history.take_while(|earlier| earlier.country == newest.country);
        Some(stay.find(|earlier| earlier.region.is_some()).unwrap_or(newest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis).unwrap()
    }

    fn location(country: &str, region: Option<&str>) -> Location {
        Location {
            country: country.parse().unwrap(),
            region: region.map(|region| region.parse().unwrap()),
        }
    }

    #[test]
    fn assigned_codes_are_those_of_celes() {
        assert!(ASSIGNED.is_sorted_by(|a, b| a < b));
        for code in (b'A'..=b'Z').flat_map(|a| (b'A'..=b'Z').map(move |b| [a, b])) {
            let country = Country(code);
            let known = celes::Country::from_alpha2(country.as_str()).is_ok();
            assert_eq!(country.is_assigned(), known, "{country}");
        }
    }

    #[test]
    fn unassigned_code_still_parses() {
        for (code, assigned) in [
            ("GB", true),
            ("GR", true),
            ("XK", true),
            ("UK", false),
            ("EL", false),
            ("XX", false),
            ("ZZ", false),
        ] {
            assert_eq!(code.parse::<Country>().unwrap().is_assigned(), assigned, "{code}");
        }
    }

    #[test]
    fn only_repetitions_are_dropped_early() {
        let moved = Timeline::starting(at(1), location("CH", None));
        for (country, region) in [("TR", None), ("CH", Some("CH-ZH"))] {
            let mut full = moved.clone();
            full.set_within(3, at(2), location(country, region));
            full.set_within(3, at(3), location(country, None));
            full.set_within(3, at(4), location("PL", None));
            let kept: Vec<_> = full.iter().map(|(from, _)| from).collect();
            assert_eq!(kept, [at(1), at(2), at(4)], "{country}");
        }
    }

    #[test]
    fn country_alone_keeps_region() {
        let reports = [
            (at(1), location("UA", Some("UA-43"))),
            (at(2), location("UA", None)),
            (at(4), location("PL", None)),
            (at(5), location("UA", None)),
        ];
        let (mut forward, mut backward) = (Timeline::default(), Timeline::default());
        for (from, place) in &reports {
            forward.set(*from, place.clone());
        }
        for (from, place) in reports.iter().rev() {
            backward.set(*from, place.clone());
        }
        for timeline in [&forward, &backward] {
            let places: Vec<String> = (1..=5)
                .filter_map(|it| timeline.place_at(at(it)))
                .map(Location::to_string)
                .collect();
            assert_eq!(places, ["UA-43", "UA-43", "UA-43", "PL", "UA"]);
        }
        assert_eq!(forward.place_at(at(0)), None);
    }

    #[test]
    fn dropped_region_stays_with_next_entry() {
        let mut timeline = Timeline::starting(at(1), location("PL", None));
        for (number, country, region) in [(2, "UA", Some("UA-43")), (3, "UA", None)] {
            timeline.set_within(2, at(number), location(country, region));
        }
        assert_eq!(timeline.place_at(at(3)).unwrap().to_string(), "UA-43");
    }

    #[test]
    fn places_have_their_iso_form() {
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
    fn location_shows_closest_place() {
        let country: Country = "UA".parse().unwrap();
        let region: Subdivision = "UA-43".parse().unwrap();
        assert_eq!((country.as_str(), region.as_str()), ("UA", "UA-43"));
        let told = |region| Location { country, region }.to_string();
        assert_eq!([told(None), told(Some(region))], ["UA", "UA-43"]);
    }
}
