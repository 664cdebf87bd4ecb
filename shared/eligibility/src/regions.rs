//! Where the programme, or a part of it, is not available.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use types::{Country, Location, Malformed, Subdivision, Timestamp};

/// A rule that depends on the place of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RegionRule {
    /// The inviter's place, at the instant of binding.
    Inviter,
    /// A new user's place, at the instant of binding.
    InviteeSignup,
    /// A recalled user's place, at the instant of binding.
    InviteeRecall,
    /// The place of either of them, at a futures trade.
    Futures,
}

impl RegionRule {
    /// Every rule that consults regions.
    pub const ALL: [Self; 4] =
        [Self::Inviter, Self::InviteeSignup, Self::InviteeRecall, Self::Futures];
}

/// An entry of a list of regions: a whole country, or a part of one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// A country, with all its parts.
    Country(Country),
    /// A part of a country; it blocks only accounts that are known to be in that part.
    Subdivision(Subdivision),
}

impl Place {
    /// Returns the country that the place is, or is a part of.
    #[must_use]
    pub fn country(&self) -> Option<Country> {
        match self {
            Self::Country(country) => Some(*country),
            Self::Subdivision(part) => part.country(),
        }
    }
}

impl FromStr for Place {
    type Err = Malformed;
    fn from_str(text: &str) -> Result<Self, Malformed> {
        if text.contains('-') {
            text.parse().map(Self::Subdivision)
        } else {
            text.parse().map(Self::Country)
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Country(country) => country.fmt(f),
            Self::Subdivision(subdivision) => subdivision.fmt(f),
        }
    }
}

/// The time in which a place is on a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Period {
    /// The first instant on the list.
    pub from: Timestamp,
    /// The first instant no longer on it; open-ended where there is none.
    pub until: Option<Timestamp>,
}

impl Period {
    fn holds(&self, at: Timestamp) -> bool {
        self.from <= at && self.until.is_none_or(|until| at < until)
    }
}

/// For each rule, the places that it blocks, and when.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Regions {
    blocked: BTreeMap<RegionRule, Blocked>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Blocked {
    countries: BTreeMap<Country, Vec<Period>>,
    subdivisions: BTreeMap<Subdivision, Vec<Period>>,
}

impl Regions {
    /// Lets `rule` block `place` during `period`, in addition to the places that it blocks already.
    pub fn block(&mut self, rule: RegionRule, place: Place, period: Period) {
        let blocked = self.blocked.entry(rule).or_default();
        match place {
            Place::Country(country) => blocked.countries.entry(country).or_default(),
            Place::Subdivision(part) => blocked.subdivisions.entry(part).or_default(),
        }
        .push(period);
    }

    /// Whether `rule` blocks an account at `location` at the instant `at`.
    ///
    /// A country that ISO 3166-1 does not assign is on no list, so every rule blocks it.
    #[must_use]
    pub fn blocks(&self, rule: RegionRule, location: &Location, at: Timestamp) -> bool {
        if !location.country.is_assigned() {
            return true;
        }
        let Some(blocked) = self.blocked.get(&rule) else { return false };
        let country = blocked.countries.get(&location.country);
        let part = location.region.as_ref().and_then(|part| blocked.subdivisions.get(part));
        country.into_iter().chain(part).flatten().any(|period| period.holds(at))
    }

    /// The instants at which what `rule` blocks may change, in no order.
    pub fn changes(&self, rule: RegionRule) -> impl Iterator<Item = Timestamp> {
        let blocked = self.blocked.get(&rule).into_iter();
        let periods = blocked.flat_map(|blocked| {
            blocked.countries.values().chain(blocked.subdivisions.values()).flatten()
        });
        periods.flat_map(|period| [Some(period.from), period.until]).flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn location(country: &str, region: Option<&str>) -> Location {
        Location {
            country: country.parse().unwrap(),
            region: region.map(|part| part.parse().unwrap()),
        }
    }

    fn blocking(place: &str, until: Option<&str>) -> Regions {
        let mut regions = Regions::default();
        let period = Period { from: at("2025-01-01T00:00:00Z"), until: until.map(at) };
        regions.block(RegionRule::Inviter, place.parse().unwrap(), period);
        regions
    }

    #[test]
    fn entry_blocks_until_its_end() {
        let regions = blocking("SY", Some("2025-06-30T00:00:00Z"));
        let blocks = |time| regions.blocks(RegionRule::Inviter, &location("SY", None), at(time));
        assert!(!blocks("2024-12-31T23:59:59.999Z"));
        assert!(blocks("2025-01-01T00:00:00.000Z"));
        assert!(blocks("2025-06-29T23:59:59.999Z"));
        assert!(!blocks("2025-06-30T00:00:00.000Z"));
    }

    #[test]
    fn place_that_left_list_can_come_back() {
        let mut regions = blocking("SY", Some("2025-06-30T00:00:00Z"));
        let again = Period { from: at("2026-01-01T00:00:00Z"), until: None };
        regions.block(RegionRule::Inviter, "SY".parse().unwrap(), again);
        let blocks = |time| regions.blocks(RegionRule::Inviter, &location("SY", None), at(time));
        assert!(!blocks("2025-12-31T00:00:00Z"));
        assert!(blocks("2026-01-01T00:00:00Z"));
    }

    #[test]
    fn rule_blocks_only_what_it_was_told_to() {
        let regions = blocking("SY", None);
        let now = at("2026-01-01T00:00:00Z");
        assert!(!regions.blocks(RegionRule::Futures, &location("SY", None), now));
        assert!(!regions.blocks(RegionRule::Inviter, &location("TR", None), now));
    }

    #[test]
    fn rule_changes_with_its_lists() {
        let mut regions = blocking("SY", Some("2025-06-30T00:00:00Z"));
        let for_good = Period { from: at("2026-01-01T00:00:00Z"), until: None };
        regions.block(RegionRule::Inviter, "UA-43".parse().unwrap(), for_good);
        let mut changes: Vec<_> = regions.changes(RegionRule::Inviter).collect();
        changes.sort_unstable();
        let expected = ["2025-01-01T00:00:00Z", "2025-06-30T00:00:00Z", "2026-01-01T00:00:00Z"];
        assert_eq!(changes, expected.map(at));
        assert_eq!(regions.changes(RegionRule::Futures).count(), 0);
    }

    #[test]
    fn country_covers_its_parts() {
        let now = at("2026-01-01T00:00:00Z");
        let crimea = location("UA", Some("UA-43"));
        assert!(blocking("UA", None).blocks(RegionRule::Inviter, &crimea, now));

        let part = blocking("UA-43", None);
        assert!(part.blocks(RegionRule::Inviter, &crimea, now));
        assert!(!part.blocks(RegionRule::Inviter, &location("UA", Some("UA-30")), now));
        assert!(!part.blocks(RegionRule::Inviter, &location("UA", None), now));
    }

    #[test]
    fn unassigned_country_is_blocked() {
        let now = at("2026-01-01T00:00:00Z");
        for rule in RegionRule::ALL {
            for code in ["UK", "EL", "ZZ", "XX"] {
                assert!(Regions::default().blocks(rule, &location(code, None), now), "{code}");
            }
            assert!(!Regions::default().blocks(rule, &location("XK", None), now));
        }
    }

    #[test]
    fn places_read_back_as_themselves() {
        for text in ["GR", "UA-43"] {
            assert_eq!(text.parse::<Place>().unwrap().to_string(), text);
        }
        assert!("Greece".parse::<Place>().is_err());
        assert!("UA-".parse::<Place>().is_err());
    }
}
