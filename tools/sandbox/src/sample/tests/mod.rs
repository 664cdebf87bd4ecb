//! Required contents of the sample.

mod events;
mod fees;
mod people;

use std::sync::LazyLock;

use serde_json::Value;
use types::{Day, Timestamp, Uid};

use super::event::{Data, Event, Fee};
use super::{Action, Sample, Step, Via};

static SAMPLE: LazyLock<Sample> = LazyLock::new(|| Sample::generate(1, last_day()));

fn last_day() -> Day {
    "2026-11-21".parse().unwrap()
}

fn steps() -> impl Iterator<Item = &'static Step> {
    SAMPLE.days.iter().flat_map(|day| &day.steps)
}

/// Every event, sign-ups among them, with the instant at which it arrives.
fn events() -> impl Iterator<Item = (Timestamp, &'static Event)> {
    steps().filter_map(|step| event_of(step).map(|event| (step.at, event)))
}

fn event_of(step: &Step) -> Option<&Event> {
    match &step.action {
        Action::Deliver(event) | Action::SignUp(_, event) => Some(event),
        _ => None,
    }
}

fn fees() -> impl Iterator<Item = (Timestamp, &'static Fee)> {
    events().filter_map(|(at, event)| match &event.data {
        Data::Charged(fee) => Some((at, fee)),
        _ => None,
    })
}

fn recalls() -> impl Iterator<Item = (Timestamp, &'static Via, &'static Uid)> {
    steps().filter_map(|step| match &step.action {
        Action::Recall(via, invitee) => Some((step.at, via, invitee)),
        _ => None,
    })
}

fn sign_ups() -> impl Iterator<Item = (&'static Via, &'static Event)> {
    steps().filter_map(|step| match &step.action {
        Action::SignUp(via, event) => Some((via, event)),
        _ => None,
    })
}

fn json(event: &Event) -> Value {
    serde_json::to_value(event).unwrap()
}

#[test]
fn sample_is_deterministic() {
    let (again, other) = (Sample::generate(1, last_day()), Sample::generate(2, last_day()));
    assert!(*SAMPLE == again && *SAMPLE != other);
    assert_eq!(bytes(&SAMPLE), bytes(&again));
}

/// Every event as it is delivered.
fn bytes(sample: &Sample) -> Vec<String> {
    let events = sample.days.iter().flat_map(|day| &day.steps).filter_map(event_of);
    events.map(|event| serde_json::to_string(event).unwrap()).collect()
}

#[test]
fn sample_has_expected_size() {
    for seed in 1..=5 {
        let figures = Sample::generate(seed, last_day()).figures();
        println!("seed {seed}: {figures}");
        assert!((20_000..=30_000).contains(&figures.fees), "{figures}");
        assert!((300..=500).contains(&figures.accounts), "{figures}");
    }
}

#[test]
fn steps_are_in_order() {
    assert_eq!(SAMPLE.days.len(), 62);
    assert_eq!(SAMPLE.days.last().unwrap().day, last_day());
    assert!(SAMPLE.days.windows(2).all(|pair| pair[0].day.next() == pair[1].day));
    for day in &SAMPLE.days {
        assert!(day.steps.is_sorted_by_key(|step| step.at));
        assert!(day.steps.iter().all(|step| step.at.day() == day.day));
    }
}

#[test]
fn wallet_pays_settled_days_only() {
    let payouts: Vec<_> = steps()
        .filter_map(|step| match &step.action {
            Action::PayUpTo(_, day) => Some(step.at.day().days_since(*day)),
            _ => None,
        })
        .collect();
    assert!(!payouts.is_empty() && payouts.iter().all(|days| *days == 3));
}
