//! `[[eligibility]]`: how old and how dormant an account must be.

use std::cell::RefCell;
use std::collections::BTreeSet;

use eligibility::{Regions, Rules, Windows};

use crate::dated::{Begins, timeline};
use crate::section::Section;

const KEYS: &[&str] = &["rule", "from", "account_age_days", "inactivity_days", "source", "as_of"];

/// Ten years: more is a slip of the hand.
const MOST_DAYS: i64 = 3660;

pub(crate) fn read(root: &Section<'_>, regions: Option<Regions>) -> Option<Rules> {
    let entries = root.entries("eligibility", KEYS)?;
    let names = RefCell::default();
    let windows = timeline(&entries, Begins::Anytime, |entry| window(entry, &names));
    Some(Rules { windows: windows?, regions: regions? })
}

fn window<'a>(entry: &Section<'a>, names: &RefCell<BTreeSet<&'a str>>) -> Option<Windows> {
    let rule = name(entry, names);
    let account_age_days = entry.number("account_age_days", 0..=MOST_DAYS);
    let inactivity_days = entry.number("inactivity_days", 0..=MOST_DAYS);
    Some(Windows {
        rule: rule?.to_owned(),
        account_age_days: account_age_days?,
        inactivity_days: inactivity_days?,
    })
}

/// A binding keeps the name of its rule, so that no two rules may have the same.
fn name<'a>(entry: &Section<'a>, names: &RefCell<BTreeSet<&'a str>>) -> Option<&'a str> {
    let value = entry.required("rule", "the rule's name, which bindings keep")?;
    let name = value.text()?;
    if !names.borrow_mut().insert(name) {
        value.wrong(&format!("is \"{name}\" again"), "a name of its own for each rule");
    }
    Some(name)
}
