//! The scenario during its generation: steps in any order, and the assigned account numbers.

use std::collections::BTreeMap;

use types::{Day, Timestamp};

use super::account::Account;
use super::calendar::Calendar;
use super::event::{Data, Event};
use super::rng::SampleRng;
use super::{Action, SimulatedDay, Step};

pub(super) struct Scenario {
    pub(super) calendar: Calendar,
    pub(super) rng: SampleRng,
    steps: Vec<Step>,
    accounts: u32,
    events: u32,
    trades: u32,
}

impl Scenario {
    pub(super) fn new(seed: u64, last_day: Day) -> Self {
        let calendar = Calendar::ending(last_day);
        let rng = SampleRng::new(seed);
        Self { calendar, rng, steps: Vec::new(), accounts: 0, events: 0, trades: 0 }
    }

    pub(super) fn step(&mut self, at: Timestamp, action: Action) {
        self.steps.push(Step { at, action });
    }

    /// Delivers an event two seconds after it happened, or at the start of the sample if it
    /// happened before.
    pub(super) fn tell(&mut self, data: Data) {
        let event = self.event(data);
        let arrives = event.time().plus_millis(2_000).max(self.calendar.first.start());
        self.step(arrives, Action::Deliver(event));
    }

    pub(super) fn event(&mut self, data: Data) -> Event {
        self.events += 1;
        Event::new(format!("sample-{:06}", self.events), data)
    }

    /// Returns the number of a new account. Numbers have gaps, as among an exchange's many users.
    pub(super) fn account(&mut self) -> Account {
        const GAP: u32 = 7_919;
        self.accounts += 1;
        Account(50_000_000 + self.accounts * GAP + self.rng.index(GAP))
    }

    pub(super) fn trade_id(&mut self) -> String {
        self.trades += 1;
        format!("T{:09}", 730_000_000 + self.trades)
    }

    /// Returns all steps by day, in order, without those after the last day.
    pub(super) fn into_days(mut self) -> Vec<SimulatedDay> {
        self.steps.sort_by_key(|step| step.at);
        let mut days: BTreeMap<_, _> = self.calendar.days().map(|day| (day, Vec::new())).collect();
        for step in self.steps {
            if let Some(steps) = days.get_mut(&step.at.day()) {
                steps.push(step);
            }
        }
        days.into_iter().map(|(day, steps)| SimulatedDay { day, steps }).collect()
    }
}
