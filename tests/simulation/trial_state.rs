//! The stage of one trial: the world twice, in fair weather and in the trial's, and all that the
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
use super::fault_injection::{LATEST, Weather};
use super::personas::{Cast, SHARDS};
use super::poison;
use super::queue::{Message, Queue};
use super::rng::Dice;
use super::scheduler::Troupe;
use super::trace::Diary;
use crate::roles::{FUNCTIONS, Witnesses};
use crate::test_app::{TestApp, event};

/// A run as it was planned: what it must not miss.
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
    /// What the clock of the function said when it was asked.
    pub began: Timestamp,
    /// The messages that had been ingested by then.
    pub certain: BTreeSet<MessageId>,
    /// Whether the guest was certainly bound by then.
    pub bound: bool,
    /// The status of the answer and `boundAt`, if there was an answer.
    pub answer: Option<(u16, Value)>,
}

/// One invocation of a function: the world as it finds it, and the clock by which it goes.
pub struct Invocation {
    pub world: TestApp,
    clock: Rc<OwnClock>,
    began: Timestamp,
}

impl Invocation {
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// What its clock said when it began.
    pub fn now_at_start(&self) -> Timestamp {
        self.began
    }
}

pub struct Stage {
    pub seed: u64,
    pub first_day: Day,
    pub dice: Dice,
    /// The world as those see it who check: no call goes wrong.
    pub fair: TestApp,
    /// The same world as the functions see it.
    pub rough: TestApp,
    pub weather: Arc<Weather>,
    pub clocks: Clocks,
    pub cast: Cast,
    pub facts: RefCell<Facts>,
    pub queue: RefCell<Queue>,
    pub troupe: Troupe,
    pub diary: Rc<Diary>,
    /// What the functions measured.
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
    /// In how many of a hundred nights the schedule does its work in time.
    pub punctual: usize,
    /// Counts everything that needs a name of its own.
    numbers: Cell<usize>,
}

/// In how many of a thousand calls something goes wrong, of which each trial draws one.
const ROUGHNESS: [u32; 5] = [0, 10, 30, 80, 160];
/// The first days of trials: within a quarter, and before the end of one.
const FIRST_DAYS: [&str; 5] =
    ["2026-11-17", "2026-11-17", "2026-09-29", "2026-09-30", "2026-12-30"];
/// How often nights are not missed, in a hundred, of which each trial draws one.
const PUNCTUAL: [usize; 5] = [90, 90, 50, 20, 0];

impl Stage {
    pub async fn set(seed: u64, diary: Rc<Diary>, witnesses: Option<Witnesses<'_>>) -> Rc<Self> {
        let dice = Dice::of(seed);
        let first_day: Day = dice.pick(&FIRST_DAYS).parse().unwrap();
        let (mut fair, cast, mut facts) = opening(first_day, seed).await;
        let (metrics, measured) = Metrics::kept();
        fair.app.metrics = metrics;
        let weather = Weather::of(seed, *dice.pick(&ROUGHNESS));
        let attempts = *dice.pick(&[1, 2, 3]);
        let punctual = *dice.pick(&PUNCTUAL);
        let poisoned = dice.chance(40);
        if poisoned {
            poison::enter(&fair).await;
            facts.expect_quarantined(poison::invitee(), false);
        }
        let table =
            |engine: &Engine| Table::new(weather.config(engine, attempts), engine.table_name());
        let mut rough = fair.clone();
        rough.app.table = table(&fair.engine);
        let watched = |function| {
            let engine = fair.engine.clone().watched_by(witnesses?(function));
            Some((function, table(&engine)))
        };
        rough.tables = FUNCTIONS.into_iter().filter_map(watched).collect();
        let clocks = Clocks::of(seed, fair.clock.clone(), diary.clone());
        Rc::new(Self {
            seed,
            first_day,
            dice,
            fair,
            rough,
            weather,
            clocks,
            queue: RefCell::new(Queue::after(&cast.setup)),
            cast,
            facts: RefCell::new(facts),
            troupe: Troupe::default(),
            diary,
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
        self.fair.clock.now()
    }

    /// Time goes on by so many milliseconds.
    pub fn time_passes(&self, millis: i64) {
        self.clocks.go_on_to(self.now().plus_millis(millis));
    }

    /// So many calls are made that no earlier request is still on its way.
    pub async fn late_requests_arrive(&self) {
        for _ in 0..LATEST {
            let _ = self.rough.app.table.head().await;
        }
    }

    /// A function is invoked.
    pub fn invocation(&self) -> Invocation {
        let clock = self.clocks.another();
        let mut world = self.rough.clone();
        world.app.clock = clock.clock();
        let began = clock.now();
        Invocation { world, clock, began }
    }

    /// How many shards a night folds, of the first ones.
    pub fn shards(&self) -> u8 {
        SHARDS + u8::from(self.poisoned)
    }

    pub fn number(&self) -> usize {
        self.numbers.set(self.numbers.get() + 1);
        self.numbers.get()
    }

    /// An instant so long ago that no other event of the trial tells of.
    pub fn ago(&self, millis: i64) -> Timestamp {
        let about = self.now().plus_millis(-millis).millis();
        Timestamp::from_millis(about - about % 1000 + self.number() as i64 % 1000).unwrap()
    }

    /// The exchange sends some events in one message.
    pub fn sends(&self, draft: Draft) {
        self.time_passes(1);
        let Draft { number, events, fees } = draft;
        let message = Message { fees, ..Message::new(number, self.now(), events) };
        self.queue.borrow_mut().send(message);
    }

    /// The same, of a message that is no array of events.
    pub fn sends_text(&self, number: MessageId, body: String) {
        self.time_passes(1);
        let message = Message { body, ..Message::new(number, self.now(), Vec::new()) };
        self.queue.borrow_mut().send(message);
    }
}

/// A message that is still written.
#[derive(Default)]
pub struct Draft {
    pub number: MessageId,
    events: Vec<Value>,
    fees: Vec<FeeId>,
}

impl Draft {
    pub fn new(stage: &Stage) -> Self {
        Self { number: stage.number(), ..Self::default() }
    }

    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// Adds an event; answers its id.
    pub fn add(&mut self, stage: &Stage, kind: &str, data: Value) -> String {
        let id = format!("event-{}.", stage.number());
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

/// The world before the first scene.
pub async fn opening(first_day: Day, seed: u64) -> (TestApp, Cast, Facts) {
    let world = TestApp::seeded(&first_day.start().plus_millis(600_000).to_string(), seed).await;
    let mut facts = Facts::default();
    let cast = Cast::enters(&world, &mut facts).await;
    (world, cast, facts)
}
