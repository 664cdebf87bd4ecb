//! A simulated day: its steps in their order, then its night.

use std::collections::HashMap;

use lambda::{ApiApp, ManualClock};
use nightly::Driver;
use serde::Serialize;
use serde_json::Value;
use types::{Day, LinkCode, Timestamp};

use crate::load::error::LoadError;
use crate::load::{user, wallet};
use crate::queue::{self, Why};
use crate::sample::{Action, SimulatedDay, Step, Via};

/// The nightly job's time after midnight UTC, as `template.yaml` schedules it.
const NIGHT_MILLIS: i64 = 30 * 60 * 1000;

/// Performs the sample's steps.
pub(super) struct Loader<'a> {
    app: &'a ApiApp,
    manual_clock: &'a ManualClock,
    links: HashMap<Via, LinkCode>,
    /// Events to be delivered, including those that the queue redelivers.
    waiting: Vec<Value>,
}

impl<'a> Loader<'a> {
    pub(super) fn new(app: &'a ApiApp, manual_clock: &'a ManualClock) -> Self {
        Self { app, manual_clock, links: HashMap::new(), waiting: Vec::new() }
    }

    /// Simulates a day and the night after it.
    pub(super) async fn live(&mut self, simulated: SimulatedDay) -> Result<(), LoadError> {
        let mut now = simulated.day.start();
        for Step { at, action } in simulated.steps {
            match action {
                Action::Deliver(event) => self.queue(&event)?,
                Action::SignUp(via, event) => {
                    let code = self.link(&via)?.clone();
                    self.queue(&event.signed_up_with(&code))?;
                }
                other => {
                    self.deliver(now).await?;
                    self.manual_clock.stop_at(at);
                    self.perform(other).await?;
                }
            }
            now = at;
        }
        self.deliver(now).await?;
        self.night(simulated.day).await
    }

    /// Checks that no event remains at the end.
    pub(super) fn finish(self) -> Result<(), LoadError> {
        match self.waiting.len() {
            0 => Ok(()),
            count => Err(LoadError::LeftOver(count)),
        }
    }

    async fn perform(&mut self, action: Action) -> Result<(), LoadError> {
        match action {
            Action::MakeLink(via, shared) => {
                let code = user::make_link(self.app, &via, shared).await?;
                self.links.insert(via, code);
            }
            Action::Recall(via, uid) => user::bind(self.app, &uid, self.link(&via)?).await?,
            Action::PayUpTo(uid, day) => {
                self.waiting.extend(wallet::payments(self.app, &uid, day).await?);
            }
            Action::Deliver(event) | Action::SignUp(_, event) => self.queue(&event)?,
        }
        Ok(())
    }

    fn queue(&mut self, event: &impl Serialize) -> Result<(), LoadError> {
        self.waiting.push(serde_json::to_value(event)?);
        Ok(())
    }

    fn link(&self, via: &Via) -> Result<&LinkCode, LoadError> {
        self.links.get(via).ok_or(LoadError::NoLink)
    }

    /// Delivers the waiting events at a time. Events to be redelivered remain.
    async fn deliver(&mut self, at: Timestamp) -> Result<(), LoadError> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        self.manual_clock.stop_at(at);
        let events = std::mem::take(&mut self.waiting);
        for failed in queue::deliver(self.app, &events).await?.failed {
            match failed.why {
                Why::Retry { .. } => self.waiting.extend(events.get(failed.index).cloned()),
                Why::Quarantined { detail, .. } => return Err(LoadError::Quarantined(detail)),
            }
        }
        Ok(())
    }

    async fn night(&self, day: Day) -> Result<(), LoadError> {
        self.manual_clock.stop_at(day.end().plus_millis(NIGHT_MILLIS));
        Driver::new(self.app).run_night(day).await?;
        Ok(())
    }
}
