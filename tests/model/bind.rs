//! Model of the bind: an invitee opens two links, and a late activity of the invitee arrives.
//!
//! Models `shared/binding/src/confirm.rs` and `shared/ingestion/src/batch.rs`. The activity lies in
//! the window before any bind, so a binding made in spite of it is void.
//!
//! The link and its owner, read in the same call, are not modelled: the link never changes, and the
//! owner is evaluated by a history on which no write of a bind depends.

use stateright::{Model, Property};

use crate::broken_promises;

const BINDERS: usize = 2;
/// How often an invitee presses again, and a message is redelivered.
const MAX_ATTEMPTS: u8 = 2;

/// The guards of the code.
#[derive(Clone, Copy)]
struct Guards {
    /// The account is only written at the revision that was evaluated.
    revision: bool,
    /// The days of an ineligible binding are marked again if it was voided before.
    marks_again: bool,
}

const ALL: Guards = Guards { revision: true, marks_again: true };

/// The account's item, with the binding's evidence beside it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
struct Account {
    revision: u8,
    active: bool,
    inviter: Option<usize>,
    void: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Binder {
    /// Has a confirmation and presses [Bind Now].
    Pressing {
        tries: u8,
    },
    /// `BindContext::read`: the account is evaluated, and the write depends on its revision.
    Judging {
        read: Account,
        tries: u8,
    },
    /// The transaction was sent. Its reply may be lost, and the SDK repeats it with the same token.
    Sent {
        tries: u8,
    },
    Bound,
    Refused,
    Gone,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Ingest {
    /// The message is in the queue.
    Waiting { tries: u8 },
    /// `Batch::load`: the account as it was read.
    Loaded { read: Account, tries: u8 },
    /// `save_account` is done; `touch_since` is not.
    Saved { tries: u8 },
    /// The message is deleted.
    Acknowledged,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct State {
    account: Account,
    /// Every binding that was ever written, in order.
    written: Vec<usize>,
    marked: bool,
    binders: [Binder; BINDERS],
    ingest: Ingest,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    CaseRead(usize),
    Bind(usize),
    ReplyComes(usize),
    ReplyIsLost(usize),
    BinderIsKilled(usize),
    Load,
    SaveAccount,
    Touch,
    IngestIsKilled,
}

struct Bind(Guards);

impl Model for Bind {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State {
            account: Account::default(),
            written: Vec::new(),
            marked: false,
            binders: [Binder::Pressing { tries: MAX_ATTEMPTS }; BINDERS],
            ingest: Ingest::Waiting { tries: MAX_ATTEMPTS },
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        for (number, binder) in state.binders.iter().enumerate() {
            match binder {
                Binder::Pressing { .. } => actions.push(Action::CaseRead(number)),
                Binder::Judging { .. } => {
                    actions.extend([Action::Bind(number), Action::BinderIsKilled(number)]);
                }
                Binder::Sent { .. } => actions.extend([
                    Action::ReplyComes(number),
                    Action::ReplyIsLost(number),
                    Action::BinderIsKilled(number),
                ]),
                Binder::Bound | Binder::Refused | Binder::Gone => {}
            }
        }
        match state.ingest {
            Ingest::Waiting { .. } => actions.push(Action::Load),
            Ingest::Loaded { .. } => actions.extend([Action::SaveAccount, Action::IngestIsKilled]),
            Ingest::Saved { .. } => actions.extend([Action::Touch, Action::IngestIsKilled]),
            Ingest::Acknowledged => {}
        }
    }

    fn next_state(&self, before: &State, action: Action) -> Option<State> {
        let mut state = before.clone();
        match action {
            Action::CaseRead(number) => state.reads_case(number),
            Action::Bind(number) => state.binds(number, self.0),
            Action::ReplyComes(number) => state.binders[number] = Binder::Bound,
            Action::ReplyIsLost(number) => state.presses_again(number),
            Action::BinderIsKilled(number) => state.binders[number] = Binder::Gone,
            Action::Load => state.loads(),
            Action::SaveAccount => state.saves(self.0),
            Action::Touch => state.touches(),
            Action::IngestIsKilled => state.is_redelivered(),
        }
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("a user has at most one inviter, ever", |_, state: &State| {
                state.written.len() <= 1 && state.account.inviter == state.written.first().copied()
            }),
            Property::always("who is told that he is bound is bound so", |_, state: &State| {
                let told = |(number, binder): (usize, &Binder)| {
                    *binder != Binder::Bound || state.account.inviter == Some(number)
                };
                state.binders.iter().enumerate().all(told)
            }),
            Property::always("nobody known to be active is bound", |_, state: &State| {
                !(state.account.active && state.account.inviter.is_some())
            }),
            Property::always("an undue binding is void and marked", |_, state: &State| {
                let told = state.ingest == Ingest::Acknowledged;
                !told || state.account.inviter.is_none() || state.account.void && state.marked
            }),
            Property::sometimes("it happens that a bind is stopped", |_, state: &State| {
                state.account.active && state.binders.contains(&Binder::Refused)
            }),
            Property::sometimes("it happens that a binding is void", |_, state: &State| {
                state.account.void
            }),
        ]
    }
}

impl State {
    fn reads_case(&mut self, number: usize) {
        let Binder::Pressing { tries } = self.binders[number] else { return };
        let read = self.account;
        self.binders[number] = match read.inviter {
            Some(inviter) if inviter == number && !read.void => Binder::Bound,
            Some(_) => Binder::Refused,
            None if read.active => Binder::Refused,
            None => Binder::Judging { read, tries },
        };
    }

    /// `Table::bind`: account, binding and the day's list in one transaction.
    fn binds(&mut self, number: usize, guards: Guards) {
        let Binder::Judging { read, tries } = self.binders[number] else { return };
        if guards.revision && self.account.revision != read.revision {
            self.presses_again(number);
            return;
        }
        let revision = self.account.revision + 1;
        self.account = Account { inviter: Some(number), revision, ..read };
        self.written.push(number);
        self.binders[number] = Binder::Sent { tries };
    }

    fn presses_again(&mut self, number: usize) {
        let (Binder::Judging { tries, .. } | Binder::Sent { tries }) = self.binders[number] else {
            return;
        };
        self.binders[number] = match tries.checked_sub(1) {
            Some(tries) => Binder::Pressing { tries },
            None => Binder::Gone,
        };
    }

    fn loads(&mut self) {
        let Ingest::Waiting { tries } = self.ingest else { return };
        self.ingest = Ingest::Loaded { read: self.account, tries };
    }

    /// `apply` and `save_account`.
    fn saves(&mut self, guards: Guards) {
        let Ingest::Loaded { read, tries } = self.ingest else { return };
        let undue = read.inviter.is_some();
        let changed = if undue { !read.void } else { !read.active };
        if changed && self.account.revision != read.revision {
            self.ingest = Ingest::Loaded { read: self.account, tries };
            return;
        }
        if changed {
            let revision = read.revision + 1;
            self.account = Account { void: undue, active: !undue, revision, ..read };
        }
        let marks = undue && (changed || guards.marks_again);
        self.ingest = if marks { Ingest::Saved { tries } } else { Ingest::Acknowledged };
    }

    fn touches(&mut self) {
        self.marked = true;
        self.ingest = Ingest::Acknowledged;
    }

    /// The queue redelivers the message. No fault occurs the last time.
    fn is_redelivered(&mut self) {
        let (Ingest::Loaded { tries, .. } | Ingest::Saved { tries }) = self.ingest else { return };
        if let Some(tries) = tries.checked_sub(1) {
            self.ingest = Ingest::Waiting { tries };
        }
    }
}

#[test]
fn bind_holds_in_every_order() {
    let (states, broken) = broken_promises(Bind(ALL));
    println!("{states} states");
    assert_eq!(broken, [""; 0]);
}

#[test]
fn missing_revision_allows_two_inviters() {
    let (_, broken) = broken_promises(Bind(Guards { revision: false, ..ALL }));
    assert!(broken.contains(&"a user has at most one inviter, ever"), "{broken:?}");
}

#[test]
fn missing_remark_keeps_void_commission() {
    let (_, broken) = broken_promises(Bind(Guards { marks_again: false, ..ALL }));
    assert_eq!(broken, ["an undue binding is void and marked"]);
}
