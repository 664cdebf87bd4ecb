//! Model of the runs of one day: two workers plan, fold, commit, publish and finish, and each may
//! crash, restart or be late. Of two fees, the second arrives meanwhile.
//!
//! Models `shared/nightly/src`. A run's lines are the set of fees that it books, so two runs with
//! the same fee book it twice. One shard suffices for every order of the steps; that shards are
//! independent is shown by the tests of the fold.

use stateright::{Model, Property};

use crate::broken_promises;

const WORKERS: usize = 2;
/// How often a killed worker is restarted.
const LIVES: u8 = 1;
/// Both fees as a set of bits, which are also the tokens of their markers.
const FEES: [u8; 2] = [0b01, 0b10];

/// A marker: the token of the last stored fee, and how often it was set.
type Mark = Option<(u8, u8)>;

/// The guards of the code.
#[derive(Clone, Copy)]
struct Guards {
    /// A fold waits until the day's earlier runs are published.
    waits_for_publishing: bool,
    /// A commit is refused if another run of the day was committed after the fold began.
    checks_day_revision: bool,
    /// A marker is only removed if it has the token that was read before the fees.
    clears_own_mark: bool,
    /// A marker is only removed if it was not set again since.
    counts_marks: bool,
    /// The first summary of a run is never replaced.
    first_summary_stands: bool,
}

const ALL: Guards = Guards {
    waits_for_publishing: true,
    checks_day_revision: true,
    clears_own_mark: true,
    counts_marks: true,
    first_summary_stands: true,
};

/// A worker's result (`ShardReport`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Report {
    fees: u8,
    day_revision: usize,
    mark: Mark,
}

/// The state of a worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Worker {
    /// `plan`; the state machine may have failed before it.
    Planning,
    /// `Table::shard_state` is the next read.
    Folding,
    /// `Sources::read`: the fees are the next read.
    ReadingFees {
        day_revision: usize,
        mark: Mark,
    },
    /// The booked chunks are the next read.
    ReadingBooked {
        due: u8,
        day_revision: usize,
        mark: Mark,
    },
    /// `commit`: day and head are the next reads.
    Committing(Report),
    /// The transaction is the next call, at the revision of the head that was read.
    Transacting {
        report: Report,
        head_revision: u8,
    },
    /// `publish_pending`: the invitees' groups are the next read.
    Publishing {
        seq: usize,
    },
    /// `publish_day`, with the earlier amounts in the invitees' groups.
    Summing {
        seq: usize,
        before: usize,
    },
    /// `finish`: the head is the next read.
    Finishing {
        seq: usize,
    },
    /// `clear_marks`.
    Clearing {
        seq: usize,
        head_revision: u8,
    },
    /// `save_head`.
    Showing {
        seq: usize,
        head_revision: u8,
    },
    Done,
}

/// A committed run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Run {
    report: Report,
    /// `keep_booked`: later folds see it.
    is_booked: bool,
    /// `publish_day`: the basis of the summary, as the number of runs before this one.
    summary: Option<usize>,
    /// The summary that readers saw first.
    shown: Option<usize>,
}

/// The state of the second fee.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Arrival {
    /// `add_fees`: the chunk is the next write.
    Coming(usize),
    /// The marker is the next write.
    Kept(usize),
    AllHere,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct State {
    fees: u8,
    mark: Mark,
    arrival: Arrival,
    /// The first fee's message may be redelivered.
    comes_again: bool,
    /// The day's committed runs; their number is the day's revision.
    day: Vec<Run>,
    visible: usize,
    head_revision: u8,
    /// The run that last changed the invitee's groups.
    slots: usize,
    workers: [(Worker, u8); WORKERS],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    /// A worker continues by one step.
    Step(usize),
    /// A worker is killed, and its state machine restarted.
    Kill(usize),
    /// Ingest continues by one step.
    Ingest,
    /// The first fee is redelivered to ingest: the same chunk, and its marker.
    IngestAgain,
}

struct Runs(Guards);

impl Model for Runs {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State {
            fees: 0,
            mark: None,
            arrival: Arrival::Coming(0),
            comes_again: true,
            day: Vec::new(),
            visible: 0,
            head_revision: 0,
            slots: 0,
            workers: [(Worker::Planning, LIVES); WORKERS],
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        for (number, (worker, lives)) in state.workers.iter().enumerate() {
            if *worker != Worker::Done {
                actions.push(Action::Step(number));
            }
            if *lives > 0 && *worker != Worker::Planning {
                actions.push(Action::Kill(number));
            }
        }
        if state.arrival != Arrival::AllHere {
            actions.push(Action::Ingest);
        }
        if state.comes_again && state.fees & FEES[0] != 0 {
            actions.push(Action::IngestAgain);
        }
    }

    fn next_state(&self, before: &State, action: Action) -> Option<State> {
        let mut state = before.clone();
        match action {
            Action::Step(number) => {
                let worker = state.step(state.workers[number].0, self.0);
                state.workers[number].0 = worker;
            }
            Action::Kill(number) => {
                let lives = state.workers[number].1 - 1;
                state.workers[number] = (Worker::Planning, lives);
            }
            Action::Ingest => state.ingest(),
            Action::IngestAgain => {
                state.comes_again = false;
                state.touches(FEES[0]);
            }
        }
        (state != *before).then_some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("each fee is booked once", |_, state: &State| {
                let both = state.day.iter().fold((0, 0), |(seen, twice), run| {
                    (seen | run.report.fees, twice | seen & run.report.fees)
                });
                both.1 == 0
            }),
            Property::always("a run is seen whole", |_, state: &State| {
                let seen = &state.day[..state.visible];
                seen.iter().all(|run| run.is_booked && run.summary.is_some())
            }),
            Property::always("what is seen is never edited", |_, state: &State| {
                let seen = &state.day[..state.visible];
                seen.iter().all(|run| run.summary == run.shown)
            }),
            Property::always("at most one run is unfinished", |_, state: &State| {
                state.day.len() - state.visible <= 1
            }),
            Property::always("no fee is left without a mark", |_, state: &State| {
                let booked = state.day.iter().fold(0, |booked, run| booked | run.report.fees);
                let all_marked = state.arrival == Arrival::AllHere;
                !all_marked || state.mark.is_some() || booked == state.fees
            }),
            Property::sometimes("it happens that both fees are seen", |_, state: &State| {
                let seen = &state.day[..state.visible];
                seen.iter().fold(0, |fees, run| fees | run.report.fees) == 0b11
            }),
            Property::sometimes("it happens that a second run follows", |_, state: &State| {
                state.visible == 2
            }),
        ]
    }
}

impl State {
    fn ingest(&mut self) {
        self.arrival = match self.arrival {
            Arrival::Coming(fee) => {
                self.fees |= FEES[fee];
                Arrival::Kept(fee)
            }
            Arrival::Kept(fee) => {
                self.touches(FEES[fee]);
                if fee + 1 < FEES.len() { Arrival::Coming(fee + 1) } else { Arrival::AllHere }
            }
            Arrival::AllHere => Arrival::AllHere,
        };
    }

    /// `touch`
    fn touches(&mut self, token: u8) {
        let count = self.mark.map_or(0, |(_, count)| count);
        self.mark = Some((token, count + 1));
    }

    /// The run between commit and visibility, by its number from 1.
    fn pending(&self) -> Option<usize> {
        (self.day.len() > self.visible).then_some(self.day.len())
    }

    fn booked(&self) -> u8 {
        let booked = self.day.iter().filter(|run| run.is_booked);
        booked.fold(0, |fees, run| fees | run.report.fees)
    }

    fn step(&mut self, worker: Worker, guards: Guards) -> Worker {
        match worker {
            Worker::Planning => match self.pending() {
                // `complete`
                Some(seq) => Worker::Publishing { seq },
                None => Worker::Folding,
            },
            Worker::Folding if guards.waits_for_publishing && self.pending().is_some() => worker,
            Worker::Folding => {
                Worker::ReadingFees { day_revision: self.day.len(), mark: self.mark }
            }
            Worker::ReadingFees { day_revision, mark } => {
                Worker::ReadingBooked { due: self.fees, day_revision, mark }
            }
            Worker::ReadingBooked { due, day_revision, mark } => {
                let fees = due & !self.booked();
                Worker::Committing(Report { fees, day_revision, mark })
            }
            Worker::Committing(report) => self.commits(report, guards),
            Worker::Transacting { report, head_revision } => self.transacts(report, head_revision),
            Worker::Publishing { seq } => self.publishes(seq),
            Worker::Summing { seq, before } => self.sums(seq, before, guards),
            Worker::Finishing { seq } if self.visible >= seq => Worker::Done,
            Worker::Finishing { seq } => {
                Worker::Clearing { seq, head_revision: self.head_revision }
            }
            Worker::Clearing { seq, head_revision } => {
                self.clears(self.day[seq - 1].report.mark, guards);
                Worker::Showing { seq, head_revision }
            }
            Worker::Showing { seq, head_revision } => self.shows(seq, head_revision),
            Worker::Done => Worker::Done,
        }
    }

    fn commits(&mut self, report: Report, guards: Guards) -> Worker {
        if guards.checks_day_revision && report.day_revision != self.day.len() {
            return Worker::Done;
        }
        if report.fees == 0 && !self.day.is_empty() {
            // `nothing_due`
            self.clears(report.mark, guards);
            return Worker::Done;
        }
        match self.pending() {
            Some(seq) => Worker::Publishing { seq },
            None => Worker::Transacting { report, head_revision: self.head_revision },
        }
    }

    fn transacts(&mut self, report: Report, head_revision: u8) -> Worker {
        if head_revision != self.head_revision {
            return Worker::Committing(report);
        }
        self.day.push(Run { report, is_booked: false, summary: None, shown: None });
        self.head_revision += 1;
        Worker::Publishing { seq: self.day.len() }
    }

    /// `keep_booked`, and the invitees' groups: after a later run, they contain only that run's
    /// view of the earlier amounts.
    fn publishes(&mut self, seq: usize) -> Worker {
        self.day[seq - 1].is_booked = true;
        let before = if self.slots > seq { self.slots - 1 } else { seq - 1 };
        self.slots = self.slots.max(seq);
        Worker::Summing { seq, before }
    }

    fn sums(&mut self, seq: usize, before: usize, guards: Guards) -> Worker {
        let summary = &mut self.day[seq - 1].summary;
        if !guards.first_summary_stands || summary.is_none() {
            *summary = Some(before);
        }
        Worker::Finishing { seq }
    }

    fn clears(&mut self, mark: Mark, guards: Guards) {
        let (Some((token, count)), Some((found, found_count))) = (mark, self.mark) else { return };
        let is_own = token == found || !guards.clears_own_mark;
        if is_own && (count == found_count || !guards.counts_marks) {
            self.mark = None;
        }
    }

    fn shows(&mut self, seq: usize, head_revision: u8) -> Worker {
        if head_revision == self.head_revision {
            self.visible = seq;
            self.head_revision += 1;
            self.day[seq - 1].shown = self.day[seq - 1].summary;
        }
        Worker::Done
    }
}

#[test]
fn runs_hold_in_every_order() {
    let (states, broken) = broken_promises(Runs(ALL));
    println!("{states} states");
    assert_eq!(broken, [""; 0]);
}

#[test]
fn missing_wait_books_fee_twice() {
    let (_, broken) = broken_promises(Runs(Guards { waits_for_publishing: false, ..ALL }));
    assert_eq!(broken, ["each fee is booked once"]);
}

#[test]
fn no_revision_books_fee_twice() {
    let (_, broken) = broken_promises(Runs(Guards { checks_day_revision: false, ..ALL }));
    assert!(broken.contains(&"each fee is booked once"), "{broken:?}");
}

#[test]
fn missing_token_loses_late_fee() {
    let guards = Guards { clears_own_mark: false, counts_marks: false, ..ALL };
    let (_, broken) = broken_promises(Runs(guards));
    assert_eq!(broken, ["no fee is left without a mark"]);
}

#[test]
fn missing_count_loses_late_fee() {
    let (_, broken) = broken_promises(Runs(Guards { counts_marks: false, ..ALL }));
    assert_eq!(broken, ["no fee is left without a mark"]);
}

#[test]
fn missing_guard_edits_visible_summary() {
    let (_, broken) = broken_promises(Runs(Guards { first_summary_stands: false, ..ALL }));
    assert_eq!(broken, ["what is seen is never edited"]);
}
