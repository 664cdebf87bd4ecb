//! The sample programme: two made-up months of an exchange, the same for the same seed.
//!
//! [`Sample::generate`] writes down what happens, day by day, in the order in which it reaches the
//! programme: the exchange's events, the links that affiliates make, the binds of recalled users,
//! the payouts. It does nothing itself: it knows no table, no clock and no chance but its seed's.
//! Who performs it runs each [`Step`] at its instant, and the nightly job between the days.
//!
//! The accounts and fees are made up so that every rule of the programme has its case: the mix
//! holds all products, seven assets, VIP levels on both sides of the limits, countries where
//! futures or the programme are not available, a user who moves and an affiliate who leaves, fees
//! that are zero, negative or no trade's, events that come late, twice or in the wrong order, and
//! fees that are corrected. With seed 1 these are some 380 accounts and 22,600 fees.

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
pub use personas::{Affiliate, Cast, Character, Refused};
use scenario::Script;

/// The sample programme: what happens in it, and who takes part.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// The days in their order, without a gap.
    pub days: Vec<SimulatedDay>,
    /// Who is who.
    pub cast: Cast,
}

/// What reaches the programme on one UTC calendar day.
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
    /// The instant at which it does; what an event tells of may be long past by then.
    pub at: Timestamp,
    /// What to do.
    pub action: Action,
}

/// What to do at a step.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Push the event through `ingest`.
    Deliver(Event),
    /// Let the affiliate make a link, before anybody is invited through it.
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
    /// of the [`Cast`] have the same ids for every seed and day.
    #[must_use]
    pub fn generate(seed: u64, last_day: Day) -> Self {
        let mut script = Script::new(seed, last_day);
        people::affiliates(&mut script);
        people::dormant(&mut script);
        refused::introduce_all(&mut script);
        let mut traders = invitees::recalled(&mut script);
        traders.extend(invitees::signed_up(&mut script));
        traders.extend(people::uninvited(&mut script));
        trading::simulate(&mut script, &traders);
        payouts::pay_weekly(&mut script);
        Self { days: script.into_days(), cast: Cast::everyone() }
    }

    /// What the sample holds, counted.
    #[must_use]
    pub fn figures(&self) -> Figures {
        Figures::of(self)
    }
}
