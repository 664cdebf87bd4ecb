//! Counts of the sample's contents.

use std::collections::BTreeSet;
use std::fmt;

use super::event::{Data, Event};
use super::{Action, Sample};

/// Counts of a sample.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Figures {
    /// Accounts, sub-accounts among them.
    pub accounts: usize,
    /// Events, including duplicates.
    pub events: usize,
    /// Fees, each counted once.
    pub fees: usize,
    /// Corrections of fees.
    pub corrections: usize,
    /// Dormant users that bind.
    pub recalls: usize,
    /// Sign-ups of new users through a link.
    pub sign_ups: usize,
}

impl Figures {
    pub(super) fn of(sample: &Sample) -> Self {
        let mut figures = Self::default();
        let mut trades = BTreeSet::new();
        for step in sample.days.iter().flat_map(|day| &day.steps) {
            match &step.action {
                Action::Deliver(event) => figures.count(event, &mut trades),
                Action::SignUp(_, event) => {
                    figures.sign_ups += 1;
                    figures.count(event, &mut trades);
                }
                Action::Recall(..) => figures.recalls += 1,
                Action::MakeLink(..) | Action::PayUpTo(..) => {}
            }
        }
        figures.fees = trades.len();
        figures
    }

    fn count<'a>(&mut self, event: &'a Event, trades: &mut BTreeSet<&'a str>) {
        self.events += 1;
        match &event.data {
            Data::Registered(_) => self.accounts += 1,
            Data::Charged(fee) => {
                trades.insert(&fee.trade_id);
            }
            Data::Corrected(_) => self.corrections += 1,
            Data::Changed(_) | Data::Activity(_) => {}
        }
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { accounts, events, fees, corrections, recalls, sign_ups } = self;
        write!(
            f,
            "{accounts} accounts, {recalls} recalls, {sign_ups} sign-ups, {fees} fees, \
             {corrections} corrections, in {events} events"
        )
    }
}
