//! Kill switches: one item that functions read and only the operator's tool writes, and the audit
//! log of its changes.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use types::{LinkCode, Timestamp, Uid};

use crate::access::{Action, Condition, Table, Transaction};
use crate::account::Versioned;
use crate::error::TableError;
use crate::item::{plain, read_plain};
use crate::keys;
use crate::ledger::versioned;
use crate::switch_cache::SwitchCache;

/// The most links and affiliates that are stopped at a time, together. All are in one item, which
/// each process reads every half a minute.
pub const MAX_STOPPED: usize = 200;
/// The most bytes of the reason, and of the actor, of a change.
pub const MAX_SWITCH_REASON_BYTES: usize = 200;

/// A part of the programme that can be stopped.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "kind", content = "of", rename_all = "kebab-case")]
pub enum Switch {
    /// All windows, binds and sign-ups.
    Binds,
    /// Windows, binds and sign-ups of one link.
    Link(LinkCode),
    /// New links of one affiliate.
    NewLinks(Uid),
    /// Commits of nights, and the events of booked commission.
    Payments,
}

/// The direction of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SwitchAction {
    /// The switch is turned on.
    Stop,
    /// The switch is turned off.
    Start,
}

/// A change of a switch, as the audit log keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SwitchChange {
    /// The switch.
    pub switch: Switch,
    /// The direction.
    pub action: SwitchAction,
    /// The operator's reason.
    pub reason: String,
    /// The operator.
    pub actor: String,
    /// The instant of the change.
    pub at: Timestamp,
}

/// A switch that is on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Stop {
    /// The operator's reason, which no answer of the API repeats.
    pub reason: String,
    /// The operator.
    pub actor: String,
    /// Since when it is on.
    pub at: Timestamp,
}

/// A stopped link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StoppedLink {
    /// The link's owner. They see a notice.
    pub owner: Uid,
    /// Why and since when.
    pub stop: Stop,
}

/// The switches that are on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Switches {
    /// All windows, binds and sign-ups.
    #[serde(default, rename = "bindsStopped", skip_serializing_if = "Option::is_none")]
    pub binds: Option<Stop>,
    /// Commits of nights, and the events of booked commission.
    #[serde(default, rename = "paymentsStopped", skip_serializing_if = "Option::is_none")]
    pub payments: Option<Stop>,
    /// Windows, binds and sign-ups of some links.
    #[serde(default, rename = "linksStopped", skip_serializing_if = "BTreeMap::is_empty")]
    pub links: BTreeMap<LinkCode, StoppedLink>,
    /// New links of some affiliates.
    #[serde(default, rename = "newLinksStopped", skip_serializing_if = "BTreeMap::is_empty")]
    pub new_links: BTreeMap<Uid, Stop>,
}

impl Switches {
    /// Returns the number of switches that are on.
    #[must_use]
    pub fn count(&self) -> usize {
        self.on().len()
    }

    /// Returns the switches that are on: those of the whole programme first.
    #[must_use]
    pub fn on(&self) -> Vec<(Switch, &Stop)> {
        let binds = self.binds.as_ref().map(|stop| (Switch::Binds, stop));
        let payments = self.payments.as_ref().map(|stop| (Switch::Payments, stop));
        let links = self.links.iter().map(|(code, link)| (Switch::Link(code.clone()), &link.stop));
        let new_links =
            self.new_links.iter().map(|(uid, stop)| (Switch::NewLinks(uid.clone()), stop));
        binds.into_iter().chain(payments).chain(links).chain(new_links).collect()
    }

    /// Returns whether binds and sign-ups by a link are stopped.
    #[must_use]
    pub fn stops_binds_by(&self, code: &LinkCode) -> bool {
        self.binds.is_some() || self.links.contains_key(code)
    }

    /// Returns whether the switch is on.
    #[must_use]
    pub fn is_on(&self, switch: &Switch) -> bool {
        match switch {
            Switch::Binds => self.binds.is_some(),
            Switch::Payments => self.payments.is_some(),
            Switch::Link(code) => self.links.contains_key(code),
            Switch::NewLinks(uid) => self.new_links.contains_key(uid),
        }
    }

    fn turn_on(&mut self, switch: Switch, stop: Stop, owner: Option<Uid>) {
        match (switch, owner) {
            (Switch::Binds, _) => self.binds = Some(stop),
            (Switch::Payments, _) => self.payments = Some(stop),
            (Switch::NewLinks(uid), _) => drop(self.new_links.insert(uid, stop)),
            (Switch::Link(code), Some(owner)) => {
                self.links.insert(code, StoppedLink { owner, stop });
            }
            // A link without an owner does not exist, and needs no switch.
            (Switch::Link(_), None) => {}
        }
    }

    fn turn_off(&mut self, switch: &Switch) {
        match switch {
            Switch::Binds => self.binds = None,
            Switch::Payments => self.payments = None,
            Switch::Link(code) => drop(self.links.remove(code)),
            Switch::NewLinks(uid) => drop(self.new_links.remove(uid)),
        }
    }
}

/// The switches that hold in this process now.
#[derive(Debug)]
pub struct SwitchReading {
    /// The newest switches that could be read.
    pub switches: Arc<Switches>,
    /// Why a newer reading failed, if this call made one.
    pub failure: Option<TableError>,
}

/// The outcome of a change of a switch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SwitchOutcome {
    /// The switch is changed, and the audit log has the change.
    Changed,
    /// The switch was on before a stop, or off before a start: nothing is written.
    AsBefore,
    /// There is no such link.
    UnknownLink,
    /// So many links and affiliates are stopped as one item may hold.
    TooMany,
}

impl Table {
    /// Returns the same table, whose switches are read at each use: for a clock that may not
    /// advance.
    #[must_use]
    pub fn without_switch_cache(mut self) -> Self {
        self.switch_cache = SwitchCache::off();
        self
    }

    /// Reads the switches, so that name resolution, TLS and credentials are done before the first
    /// request, and the first request needs no call for them. Cost: 1 read unit.
    ///
    /// # Errors
    /// If the table cannot be reached. Switches that do not decode are no error here: they are
    /// reported when they are read again.
    pub async fn warm_up(&self, now: Timestamp) -> Result<(), TableError> {
        match self.read_switches(now).await.failure {
            Some(error) if !error.is_unreadable() => Err(error),
            _ => Ok(()),
        }
    }

    /// Returns the switches as they were within the last half a minute. An item that is missing or
    /// cannot be read leaves them as they were. Cost: nothing, or 1 read unit each half a minute.
    pub async fn switches(&self, now: Timestamp) -> SwitchReading {
        match self.switch_cache.fresh(now) {
            Some(switches) => SwitchReading { switches, failure: None },
            None => self.read_switches(now).await,
        }
    }

    /// Reads the switches as the last command left them. An item that is missing or cannot be read
    /// leaves them as they were. Cost: 1 read unit per 4 KB.
    pub async fn read_switches(&self, now: Timestamp) -> SwitchReading {
        let item = self.get(&keys::control()).await;
        let read = item.and_then(|item| item.map(|item| read_plain("control", item)).transpose());
        match read {
            Ok(Some(switches)) => {
                SwitchReading { switches: self.switch_cache.keep(switches, now), failure: None }
            }
            // The item is never removed, so that its absence after a reading is damage.
            Ok(None) => {
                let last = Switches::clone(&self.switch_cache.last());
                SwitchReading { switches: self.switch_cache.keep(last, now), failure: None }
            }
            Err(error) => {
                SwitchReading { switches: self.switch_cache.keep_last(now), failure: Some(error) }
            }
        }
    }

    /// Changes a switch, and records the change in the audit log, both or neither. Cost: 1 to 2
    /// reads, 1 transaction of 2 items.
    ///
    /// # Errors
    /// If the table fails, or the stored switches do not decode.
    pub async fn change_switch(&self, change: &SwitchChange) -> Result<SwitchOutcome, TableError> {
        let before = self.control().await?;
        let stops = change.action == SwitchAction::Stop;
        if before.value.is_on(&change.switch) == stops {
            return Ok(SwitchOutcome::AsBefore);
        }
        let mut after = before.value;
        if stops {
            let owner = match &change.switch {
                Switch::Link(code) => match self.link(code).await? {
                    Some(link) => Some(link.facts.owner),
                    None => return Ok(SwitchOutcome::UnknownLink),
                },
                _ => None,
            };
            let SwitchChange { reason, actor, at, .. } = change.clone();
            after.turn_on(change.switch.clone(), Stop { reason, actor, at }, owner);
            if after.links.len() + after.new_links.len() > MAX_STOPPED {
                return Ok(SwitchOutcome::TooMany);
            }
        } else {
            after.turn_off(&change.switch);
        }
        self.write_switches(&Versioned { value: after, revision: before.revision }, change).await
    }

    async fn write_switches(
        &self,
        switches: &Versioned<Switches>,
        change: &SwitchChange,
    ) -> Result<SwitchOutcome, TableError> {
        let entry = keys::switch_change(change.at, switches.revision.saturating_add(1));
        let actions = vec![
            Action::Put(
                plain(&keys::control(), &switches.value)?,
                Condition::Revision(switches.revision),
            ),
            Action::Put(plain(&entry, change)?, Condition::Absent),
        ];
        match self.transact(actions).await? {
            Transaction::Made => Ok(SwitchOutcome::Changed),
            // Two operators at once: the second repeats the command, and sees the first's change.
            Transaction::Refused { .. } => Err(TableError::Contended("control")),
        }
    }

    /// Returns the newest changes of switches, newest first. Cost: 1 read unit per 4 KB.
    ///
    /// # Errors
    /// If the table fails or an entry does not decode.
    pub async fn switch_changes(&self, limit: u16) -> Result<Vec<SwitchChange>, TableError> {
        let page = self.page(&keys::switch_changes(), false, None, limit.into()).await?;
        page.items.into_iter().map(|item| read_plain("audit entry", item)).collect()
    }

    /// Returns the switches that are on, and how often they were changed. Cost: 1 read unit per 4
    /// KB.
    ///
    /// # Errors
    /// If the table fails or the item does not decode.
    pub async fn control(&self) -> Result<Versioned<Switches>, TableError> {
        versioned("control", self.get(&keys::control()).await?)
    }
}
