//! The state of one trial: the programme with reliable and with faulty calls, and all that the
//! trial remembers.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

use dynamodb_embedded::Engine;
use lambda::{CapturedMetrics, Metrics};
use serde_json::Value;
use storage::Table;
use types::{Day, Timestamp};

use super::clocks::{Clocks, OwnClock};
use super::facts::{Facts, FeeId, MessageId};
use super::fault_injection::{FaultInjector, LATEST};
use super::personas::{Personas, SHARDS};
use super::poison;
use super::queue::{Message, Queue};
use super::rng::TrialRng;
use super::scheduler::Scheduler;
use super::trace::Trace;
use crate::roles::{FUNCTIONS, Observers};
use crate::test_app::{TestApp, event};

/// The plan of a run, with the fees that it must not miss.
pub struct Planned {
    pub shards: Vec<u8>,
    /// The fees that had been ingested.
    pub ingested: BTreeSet<FeeId>,
    /// The accounts that were bound.
    pub bound: BTreeSet<String>,
}

/// A user's press of [Bind Now].
pub struct Press {
    pub guest: String,
    pub code: String,
    /// The time of the function's clock at the start.
    pub began: Timestamp,
    /// The messages that had been ingested by then.
    pub certain: BTreeSet<MessageId>,
    /// Whether the guest was certainly bound by then.
    pub bound: bool,
    /// The status of the answer and `boundAt`, if there was an answer.
    pub answer: Option<(u16, Value)>,
}

/// One invocation of a function: its programme and its clock.
pub struct Invocation {
    pub app: TestApp,
    clock: Rc<OwnClock>,
    began: Timestamp,
}

impl Invocation {
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Returns the time of its clock at the start.
    pub fn now_at_start(&self) -> Timestamp {
        self.began
    }
}

pub struct TrialState {
    pub seed: u64,
    pub first_day: Day,
    pub rng: TrialRng,
    /// The programme for checks: no call fails.
    pub reliable: TestApp,
    /// The same programme as the functions see it.
    pub faulty: TestApp,
    pub faults: Arc<FaultInjector>,
    pub clocks: Clocks,
    pub personas: Personas,
    pub facts: RefCell<Facts>,
    pub queue: RefCell<Queue>,
    pub scheduler: Scheduler,
    pub trace: Rc<Trace>,
    /// The metrics of the functions.
    pub measured: CapturedMetrics,
    /// The fees that were ingested so far.
    pub ingested: RefCell<BTreeSet<FeeId>>,
    /// Runs by their names.
    pub planned: RefCell<BTreeMap<String, Planned>>,
    /// The accounts that are bound, as last seen.
    pub bound: RefCell<BTreeSet<String>>,
    /// All presses of [Bind Now].
    pub presses: RefCell<Vec<Press>>,
    /// Whether items of [`super::poison`] become unreadable.
    pub poisoned: bool,
    /// Percentage of nights in which the schedule succeeds in time.
    pub punctual: usize,
    /// Numbers everything that needs a unique name.
    numbers: Cell<usize>,
}

/// Faults per thousand calls, of which each trial draws one.
const ERROR_LEVELS: [u32; 5] = [0, 10, 30, 80, 160];
/// The first days of trials: within a quarter, and before the end of one.
const FIRST_DAYS: [&str; 5] =
    ["2026-11-17", "2026-11-17", "2026-09-29", "2026-09-30", "2026-12-30"];
/// Percentages of nights that are not missed, of which each trial draws one.
const PUNCTUAL: [usize; 5] = [90, 90, 50, 20, 0];

impl TrialState {
    pub async fn set(seed: u64, trace: Rc<Trace>, observers: Option<Observers<'_>>) -> Rc<Self> {
        let rng = TrialRng::of(seed);
        let first_day: Day = rng.pick(&FIRST_DAYS).parse().unwrap();
        let (mut reliable, personas, mut facts) = opening(first_day, seed).await;
        let (metrics, measured) = Metrics::kept();
        reliable.context.metrics = metrics;
        let faults = FaultInjector::of(seed, *rng.pick(&ERROR_LEVELS));
        let attempts = *rng.pick(&[1, 2, 3]);
        let punctual = *rng.pick(&PUNCTUAL);
        let poisoned = rng.chance(40);
        if poisoned {
            poison::enter(&reliable).await;
            facts.expect_quarantined(poison::invitee(), false);
        }
        let table =
            |engine: &Engine| Table::new(faults.config(engine, attempts), engine.table_name());
        let mut faulty = reliable.clone();
        faulty.context.table = table(&reliable.engine);
        let watched = |function| {
            let engine = reliable.engine.clone().observed_by(observers?(function));
            Some((function, table(&engine)))
        };
        faulty.tables = FUNCTIONS.into_iter().filter_map(watched).collect();
        let clocks = Clocks::of(seed, reliable.clock.clone(), trace.clone());
        Rc::new(Self {
            seed,
            first_day,
            rng,
            reliable,
            faulty,
            faults,
            clocks,
            queue: RefCell::new(Queue::after(&personas.setup)),
            personas,
            facts: RefCell::new(facts),
            scheduler: Scheduler::default(),
            trace,
            measured,
            ingested: RefCell::default(),
            planned: RefCell::default(),
            bound: RefCell::default(),
            presses: RefCell::default(),
            poisoned,
            punctual,
            numbers: Cell::default(),
        })
    }

    pub fn now(&self) -> Timestamp {
        self.reliable.clock.now()
    }

    /// Advances time.
    pub fn time_passes(&self, millis: i64) {
        self.clocks.go_on_to(self.now().plus_millis(millis));
    }

    /// Makes enough calls that no earlier request is still in flight.
    pub async fn late_requests_arrive(&self) {
        for _ in 0..LATEST {
            let _ = self.faulty.context.table.head().await;
        }
    }

    /// Starts an invocation of a function.
    pub fn invocation(&self) -> Invocation {
        let clock = self.clocks.another();
        let mut app = self.faulty.clone();
        app.context.clock = clock.clock();
        let began = clock.now();
        Invocation { app, clock, began }
    }

    /// Returns how many shards a nightly run folds, of the first ones.
    pub fn shards(&self) -> u8 {
        SHARDS + u8::from(self.poisoned)
    }

    pub fn number(&self) -> usize {
        self.numbers.set(self.numbers.get() + 1);
        self.numbers.get()
    }

    /// Returns a time so long ago that no other event of the trial has it.
    pub fn ago(&self, millis: i64) -> Timestamp {
        let about = self.now().plus_millis(-millis).millis();
        Timestamp::from_millis(about - about % 1000 + self.number() as i64 % 1000).unwrap()
    }

    /// Sends some events of the exchange in one message.
    pub fn sends(&self, draft: Draft) {
        self.time_passes(1);
        let Draft { number, events, fees } = draft;
        let message = Message { fees, ..Message::new(number, self.now(), events) };
        self.queue.borrow_mut().send(message);
    }

    /// Sends a message that is not an array of events.
    pub fn sends_text(&self, number: MessageId, body: String) {
        self.time_passes(1);
        let message = Message { body, ..Message::new(number, self.now(), Vec::new()) };
        self.queue.borrow_mut().send(message);
    }
}

/// A message in preparation.
#[derive(Default)]
pub struct Draft {
    pub number: MessageId,
    events: Vec<Value>,
    fees: Vec<FeeId>,
}

impl Draft {
    pub fn new(state: &TrialState) -> Self {
        Self { number: state.number(), ..Self::default() }
    }

    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// Adds an event; returns its id.
    pub fn add(&mut self, state: &TrialState, kind: &str, data: Value) -> String {
        let id = format!("event-{}.", state.number());
        self.events.push(event(&id, kind, data));
        id
    }

    /// Adds an event as it is.
    pub fn add_event(&mut self, event: Value) {
        self.events.push(event);
    }

    pub fn charges(&mut self, fee: FeeId) {
        self.fees.push(fee);
    }
}

/// Returns the programme before the first scene.
pub async fn opening(first_day: Day, seed: u64) -> (TestApp, Personas, Facts) {
    let app = TestApp::seeded(&first_day.start().plus_millis(600_000).to_string(), seed).await;
    let mut facts = Facts::default();
    let personas = Personas::enters(&app, &mut facts).await;
    (app, personas, facts)
}
