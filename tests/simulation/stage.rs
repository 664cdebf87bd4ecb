//! The stage of one trial: the world twice, in fair weather and in the trial's, and all that the
//! trial remembers.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

use embedded::Engine;
use runtime::{Ledger, Metrics};
use serde_json::Value;
use table::Table;
use terms::{Day, Timestamp};

use super::cast::Cast;
use super::clocks::{Clocks, OwnClock};
use super::diary::Diary;
use super::dice::Dice;
use super::facts::Facts;
use super::queue::{Letter, Queue};
use super::troupe::Troupe;
use super::weather::{LATEST, Weather};
use crate::roles::{FUNCTIONS, Witnesses};
use crate::world::{World, event};

/// A run as it was planned: what it must not miss.
pub struct Planned {
    pub shards: Vec<u8>,
    /// The trades that had been taken in.
    pub taken_in: BTreeSet<String>,
}

/// One invocation of a function: the world as it finds it, and the clock by which it goes.
pub struct Invocation {
    pub world: World,
    clock: Rc<OwnClock>,
}

impl Invocation {
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

pub struct Stage {
    pub seed: u64,
    pub first_day: Day,
    pub dice: Dice,
    /// The world as those see it who check: no call goes wrong.
    pub fair: World,
    /// The same world as the functions see it.
    pub rough: World,
    pub weather: Arc<Weather>,
    pub clocks: Clocks,
    pub cast: Cast,
    pub facts: RefCell<Facts>,
    pub queue: RefCell<Queue>,
    pub troupe: Troupe,
    pub diary: Rc<Diary>,
    /// What the functions measured.
    pub measured: Ledger,
    /// The trades that were taken in so far.
    pub taken_in: RefCell<BTreeSet<String>>,
    /// Runs by their names.
    pub planned: RefCell<BTreeMap<String, Planned>>,
    /// Who is bound, as last seen.
    pub bound: RefCell<BTreeSet<String>>,
    /// Counts everything that needs a name of its own.
    numbers: Cell<usize>,
}

/// In how many of a thousand calls something goes wrong, of which each trial draws one.
const ROUGHNESS: [u32; 5] = [0, 10, 30, 80, 160];
/// The first days of stories: within a quarter, and before the end of one.
const FIRST_DAYS: [&str; 3] = ["2026-11-17", "2026-11-17", "2026-09-29"];

impl Stage {
    pub async fn set(seed: u64, diary: Rc<Diary>, witnesses: Option<Witnesses<'_>>) -> Rc<Self> {
        let dice = Dice::of(seed);
        let first_day: Day = dice.pick(&FIRST_DAYS).parse().unwrap();
        let (mut fair, cast, facts) = opening(first_day, seed).await;
        let (metrics, measured) = Metrics::kept();
        fair.app.metrics = metrics;
        let weather = Weather::of(seed, *dice.pick(&ROUGHNESS));
        let attempts = *dice.pick(&[1, 2, 3]);
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
            cast,
            facts: RefCell::new(facts),
            queue: RefCell::default(),
            troupe: Troupe::default(),
            diary,
            measured,
            taken_in: RefCell::default(),
            planned: RefCell::default(),
            bound: RefCell::default(),
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
        Invocation { world, clock }
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
    pub fn sends(&self, events: Vec<(&str, Value)>, trades: Vec<String>) {
        self.time_passes(1);
        let events = events.into_iter().map(|(kind, data)| {
            let id = format!("event-{}", self.number());
            event(&id, kind, data)
        });
        let letter = Letter {
            id: format!("letter-{}", self.number()),
            events: events.collect(),
            sent_at: self.now(),
            trades,
        };
        self.queue.borrow_mut().send(letter);
    }
}

/// The world before the first scene.
pub async fn opening(first_day: Day, seed: u64) -> (World, Cast, Facts) {
    let world = World::seeded(&first_day.start().plus_millis(600_000).to_string(), seed).await;
    let mut facts = Facts::default();
    let cast = Cast::enters(&world, &mut facts).await;
    (world, cast, facts)
}
