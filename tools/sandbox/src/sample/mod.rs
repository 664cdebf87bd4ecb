//! The sample programme: two fictitious months of an exchange, the same for the same seed.
//!
//! [`Sample::generate`] lists all steps day by day, in the order in which they reach the programme:
//! the exchange's events, new links of affiliates, binds of recalled users, and payouts. It has no
//! table and no clock, and no randomness but its seed's. The caller performs each [`Step`] at its
//! time, and runs the nightly job between the days.
//!
//! The accounts and fees cover every rule of the programme: all products, seven assets, VIP levels
//! on both sides of the limits, countries where futures or the programme are not available, a user
//! who moves and an affiliate who leaves, fees that are zero, negative or without a trade, events
//! that are late, duplicate or out of order, and corrected fees. With seed 1 these are some 380
//! accounts and 22,600 fees.

mod account;
mod amount;
mod calendar;
mod delivery_faults;
mod event;
mod fees;
mod figures;
mod invitees;
mod payouts;
mod people;
mod personas;
mod plans;
mod prices;
mod refused;
mod rng;
mod scenario;
mod trader;
mod trading;

#[cfg(test)]
mod tests;

use types::{Day, Timestamp, Uid};

pub use event::Event;
pub use figures::Figures;
pub use personas::{Affiliate, Character, Personas, Refused};
use scenario::Scenario;

/// The sample programme: its steps and its personas.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// The days in their order, without a gap.
    pub days: Vec<SimulatedDay>,
    /// The personas.
    pub personas: Personas,
}

/// The steps of one UTC calendar day.
#[derive(Debug, Clone, PartialEq)]
pub struct SimulatedDay {
    /// The day.
    pub day: Day,
    /// Its steps, in their order.
    pub steps: Vec<Step>,
}

/// Something that reaches the programme.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// Time of the step; the subject of its event may be much earlier.
    pub at: Timestamp,
    /// The action.
    pub action: Action,
}

/// The action of a step.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Push the event through `ingest`.
    Deliver(Event),
    /// The affiliate creates a link, before it is used.
    MakeLink(Via, Shared),
    /// Push the registration through `ingest`, with the link's code:
    /// [`Event::signed_up_with`] puts it in.
    SignUp(Via, Event),
    /// Let the dormant user open the link and bind.
    Recall(Via, Uid),
    /// Let the wallet say that it has paid the affiliate: all that is committed, and not paid yet,
    /// of the days up to this one.
    PayUpTo(Uid, Day),
}

/// One of an affiliate's links. Its code is drawn when it is made, so that it is named here
/// by its label.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Via {
    /// The link's owner.
    pub affiliate: Uid,
    /// The link's label; `None` is the affiliate's default link, as `GET /v1/link` makes it.
    pub label: Option<&'static str>,
}

/// The shared commission of a link, as rates; the default link shares nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shared {
    /// The invitee's part of spot and margin fees.
    pub spot: &'static str,
    /// The invitee's part of futures fees.
    pub futures: &'static str,
}

impl Sample {
    /// Makes up the two months that end with `last_day`.
    ///
    /// The same seed and day give the same sample, to the last byte of each event; the accounts
    /// of the [`Personas`] have the same ids for every seed and day.
    #[must_use]
    pub fn generate(seed: u64, last_day: Day) -> Self {
        let mut scenario = Scenario::new(seed, last_day);
        people::affiliates(&mut scenario);
        people::dormant(&mut scenario);
        refused::introduce_all(&mut scenario);
        let mut traders = invitees::recalled(&mut scenario);
        traders.extend(invitees::signed_up(&mut scenario));
        traders.extend(people::uninvited(&mut scenario));
        trading::simulate(&mut scenario, &traders);
        payouts::pay_weekly(&mut scenario);
        Self { days: scenario.into_days(), personas: Personas::everyone() }
    }

    /// Counts the contents of the sample.
    #[must_use]
    pub fn figures(&self) -> Figures {
        Figures::of(self)
    }
}
