//! Behaviours that the oracle demands, and those of them that the programme does not have yet.

use std::sync::OnceLock;

/// A behaviour that the contract asks for, and that a part of the oracle or of the stories checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behaviour {
    /// A quarter is evaluated before any day of the next one is booked, however late that is.
    EvaluationBeforeNextQuarter,
    /// Only trades make an invitee active or a new trader: no funding, no liquidation, nothing
    /// that was busted.
    RealTradesOnly,
    /// Places that do not exist are refused at the border.
    UnknownPlacesQuarantined,
    /// A change may name a region alone.
    RegionAlone,
    /// A change that names the country where an account already is keeps its region.
    CountryKeepsRegion,
    /// The fingerprint of a person is the one that was reported for the latest instant.
    PersonByEventTime,
    /// A second registration with another country, link or fingerprint is quarantined.
    RegistrationsCompared,
    /// Corrections that cannot be applied are quarantined, and an earlier exact one stands.
    CorrectionsSetAside,
    /// Activity and fees of sub-accounts of any level belong to the top account.
    TopAccount,
    /// The window does not call a bound user dormant who is not.
    WindowOfBoundUsers,
    /// A line is settled a day after its commit, where that is later than its day's end.
    SettlementAfterCommit,
    /// A large unreadable event is quarantined and does not fail its batch.
    LargeEvents,
    /// Main account and sub-account have fees of their own under one trade id.
    FeeIdentityOfSubAccounts,
    /// An activity that is delivered again writes nothing.
    QuietRedelivery,
    /// A batch may register an account twice.
    AccountTwiceInBatch,
    /// An item that cannot be read is set aside, and everything else goes on.
    PoisonIsolation,
}

/// What today's code does not do. A behaviour that is removed from this list is checked.
pub const NOT_YET: &[Behaviour] = &[];

impl Behaviour {
    /// Whether the programme must behave so. `EXPECT=all`, or the name of a behaviour, adds to it.
    pub fn is_expected(self) -> bool {
        !NOT_YET.contains(&self) || is_asked_for(self)
    }
}

fn is_asked_for(behaviour: Behaviour) -> bool {
    static ASKED: OnceLock<String> = OnceLock::new();
    let asked = ASKED.get_or_init(|| std::env::var("EXPECT").unwrap_or_default());
    asked.split(',').any(|name| name == "all" || name == format!("{behaviour:?}"))
}
