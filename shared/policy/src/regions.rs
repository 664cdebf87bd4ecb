//! `[regions]`: lists of places, and which lists each rule consults from when on.

use std::collections::BTreeMap;

use eligibility::{Period, Place, RegionRule, Regions};
use types::{Timeline, Timestamp};

use crate::dated::{Begins, timeline};
use crate::section::{Section, entries};
use crate::value::Value;

/// The rules by their keys in the text.
const RULES: [(&str, RegionRule); 4] = [
    ("inviter", RegionRule::Inviter),
    ("invitee_signup", RegionRule::InviteeSignup),
    ("invitee_recall", RegionRule::InviteeRecall),
    ("futures", RegionRule::Futures),
];

type List = Vec<(Place, Period)>;
type Lists<'a> = BTreeMap<&'a str, List>;

pub(crate) fn read(root: &Section<'_>) -> Option<Regions> {
    let section = root.section("regions", &["lists", "rules"])?;
    let lists = lists(&section);
    let keys = RULES.map(|(key, _)| key);
    let rules = section.section("rules", &keys)?;
    let lists = lists?;

    let consulted = RULES.map(|(key, rule)| (rule, consulted(&rules, key, &lists)));
    let mut regions = Regions::default();
    for (rule, timeline) in consulted {
        block(&mut regions, rule, &timeline?, &lists);
    }
    Some(regions)
}

fn lists<'a>(section: &Section<'a>) -> Option<Lists<'a>> {
    let lists = section.names("lists")?;
    Some(lists.all().map(|(name, value)| (name, list(&value).unwrap_or_default())).collect())
}

fn list(value: &Value<'_>) -> Option<List> {
    let mut list = List::new();
    for entry in entries(value, &["places", "from", "until", "source", "as_of"])? {
        entry.sourced();
        let period = period(&entry);
        for value in entry.values("places").unwrap_or_default() {
            if let Some((place, period)) = place(&value).zip(period) {
                add(&mut list, place, period, &value);
            }
        }
    }
    Some(list)
}

fn place(value: &Value<'_>) -> Option<Place> {
    let place: Place = value.term()?;
    if place.country().is_some_and(|country| country.is_assigned()) {
        return Some(place);
    }
    let right = "a country of ISO 3166-1 (the United Kingdom is GB, Greece is GR)";
    value.wrong(&format!("is {place}, which does not exist"), right);
    None
}

fn period(entry: &Section<'_>) -> Option<Period> {
    let from = entry.required("from", "the time from which the places are listed")?.instant()?;
    let Some(value) = entry.optional("until") else { return Some(Period { from, until: None }) };
    let until = value.instant()?;
    if until <= from {
        value.wrong("is not later than from", "a time after from, or no until");
        return None;
    }
    Some(Period { from, until: Some(until) })
}

/// A place may leave a list and return, but not be on it twice at a time.
fn add(list: &mut List, place: Place, period: Period, value: &Value<'_>) {
    if list.iter().any(|(other, held)| *other == place && overlap(held, &period).is_some()) {
        let wrong = format!("is {place}, which is on this list already");
        value.wrong(&wrong, "each place once at a time");
    }
    list.push((place, period));
}

fn overlap(a: &Period, b: &Period) -> Option<Period> {
    let from = a.from.max(b.from);
    let until = a.until.into_iter().chain(b.until).min();
    until.is_none_or(|until| from < until).then_some(Period { from, until })
}

fn consulted<'a>(
    rules: &Section<'a>,
    key: &str,
    lists: &Lists<'a>,
) -> Option<Timeline<Vec<&'a str>>> {
    let entries = rules.entries(key, &["lists", "from", "source", "as_of"])?;
    timeline(&entries, Begins::Anytime, |entry| {
        let names = entry.values("lists")?;
        names.iter().map(|value| known(value, lists)).collect()
    })
}

fn known<'a>(value: &Value<'a>, lists: &Lists<'a>) -> Option<&'a str> {
    let name = value.text()?;
    if lists.contains_key(name) {
        return Some(name);
    }
    let names: Vec<_> = lists.keys().copied().collect();
    value.wrong(
        &format!("is \"{name}\", which is no list"),
        &format!("one of {}", names.join(", ")),
    );
    None
}

/// Blocks every listed place for as long as it is listed and the rule consults the list.
fn block(
    regions: &mut Regions,
    rule: RegionRule,
    consulted: &Timeline<Vec<&str>>,
    lists: &Lists<'_>,
) {
    let mut entries = consulted.iter().peekable();
    while let Some((from, names)) = entries.next() {
        let until: Option<Timestamp> = entries.peek().map(|(next, _)| *next);
        let in_force = Period { from, until };
        let listed = names.iter().filter_map(|name| lists.get(name)).flatten();
        for (place, period) in listed {
            if let Some(blocked) = overlap(period, &in_force) {
                regions.block(rule, place.clone(), blocked);
            }
        }
    }
}
