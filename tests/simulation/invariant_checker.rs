//! The programme's invariants, checked after every scene by reading the table.

use std::collections::{BTreeMap, BTreeSet};

use commission::{Line, Relation};
use eligibility::{Bind, LinkFacts, evaluate};
use storage::{CommittedRun, DaySummary, Head, Money, Shard};
use types::{Day, Origin, Timestamp};

use super::facts::{FeeId, Known, Messages, Shared};
use super::oracle::{
    Binding, Check, Checks, binding, is_void, may_be_eligible, recall_checks, sign_up_checks,
};
use super::personas::AFFILIATES;
use super::trial_state::TrialState;
use crate::test_app::uid;

/// An affiliate's view of one run, by affiliate, day and number.
type Ledger = BTreeMap<(&'static str, Day, u64), (DaySummary, Vec<Line>)>;

/// Fees by payer and day.
type Fees = BTreeMap<(String, Day), BTreeSet<FeeId>>;

/// Remembers earlier observations.
#[derive(Default)]
pub struct InvariantChecker {
    head: Head,
    pub relations: BTreeMap<String, Relation>,
    /// The requested bindings, by users and registrations, as far as the table has them.
    pub bindings: BTreeMap<String, Binding>,
    ledger: Ledger,
    /// The visible runs, with their days.
    runs: Vec<(Day, CommittedRun)>,
    checked: u64,
}

impl InvariantChecker {
    /// Checks everything. Returns `true` if something new has become visible.
    pub async fn check(&mut self, state: &TrialState) -> bool {
        self.checked += 1;
        let writes = [
            "PutItem",
            "TransactWriteItems",
            "BatchWriteItem",
            "BatchExecuteStatement",
            "DeleteItem",
            "UpdateItem",
        ];
        let calls = state.reliable.engine.take_calls();
        if self.checked > 1 && !writes.iter().any(|operation| calls.contains_key(*operation)) {
            return false;
        }
        let head = state.reliable.context.table.head().await.unwrap().value;
        self.the_head_only_goes_on(state, &head);
        self.bindings_are_for_life_and_were_due(state).await;
        let news = head.visible != self.head.visible;
        self.the_visible_ledger_is_never_edited(state, &head).await;
        self.head = head;
        if news {
            self.runs = self.visible_runs(state).await;
            self.runs_add_up(state).await;
            self.rebates_add_up(state).await;
            self.quarters_are_evaluated_first(state).await;
        }
        self.fees_count_once(state);
        news
    }

    /// Returns when the lines of a visible run are settled: a day after the end of their day, or
    /// after the commit if that is later.
    pub fn settles_at(&self, run_id: &str) -> Timestamp {
        let named = |(day, run): &&(Day, CommittedRun)| format!("{day}.{}", run.seq) == run_id;
        let (day, run) = self.runs.iter().find(named).expect("a line of a visible run");
        day.end().max(run.committed_at).plus_days(1)
    }

    pub fn visible(&self) -> u64 {
        self.head.visible
    }

    fn the_head_only_goes_on(&self, state: &TrialState, head: &Head) {
        assert!(head.visible >= self.head.visible && head.committed >= head.visible, "{head:?}");
        assert!(head.closed_through >= self.head.closed_through, "{head:?}");
        let pending = head.pending.as_ref().map(|pending| pending.seq);
        let unfinished = (head.committed > head.visible).then_some(head.committed);
        assert_eq!(pending, unfinished, "at most one run is unfinished: {head:?}");
        // By the true time, independent of the clock of the function that planned the run.
        assert!(head.data_as_of().is_none_or(|as_of| as_of <= state.now()), "{head:?}");
    }

    /// Invariants 1 and 2.
    async fn bindings_are_for_life_and_were_due(&mut self, state: &TrialState) {
        let uids: Vec<_> = state.personas.invitees().iter().map(|name| uid(name)).collect();
        let accounts = state.reliable.context.table.accounts(&uids).await.unwrap();
        // Sorted, so that the trace of a seed names two accounts of one batch in the same order.
        let accounts: BTreeMap<_, _> = accounts.into_iter().collect();
        for (uid, account) in accounts {
            let facts = account.value.facts;
            let Some(relation) = account.value.relation else {
                assert_eq!(facts.inviter, None);
                assert!(!self.relations.contains_key(uid.as_str()), "{uid} is bound no more");
                continue;
            };
            assert_eq!(facts.inviter.as_ref(), Some(&relation.inviter));
            let before = self.relations.insert(uid.to_string(), relation.clone());
            match before {
                Some(before) => {
                    let voided_at = relation.voided_at.filter(|_| before.voided_at.is_none());
                    let voided_at = before.voided_at.or(voided_at);
                    assert_eq!(relation, Relation { voided_at, ..before }, "a binding is for life");
                }
                None => {
                    was_due(state, &relation).await;
                    let asked_for = was_asked_for(state, &relation);
                    self.bindings.insert(uid.to_string(), asked_for);
                }
            }
            state.bound.borrow_mut().insert(uid.to_string());
            if relation.voided_at.is_some() {
                state.trace.reach("a binding is found void");
                let undue = is_void(&self.bindings[uid.as_str()], &state.facts.borrow());
                assert!(undue, "only undue bindings are void: {uid}");
            }
        }
    }

    /// Invariants 4 and 6: visible runs never change, and new runs are complete.
    async fn the_visible_ledger_is_never_edited(&mut self, state: &TrialState, head: &Head) {
        let seen_before = std::mem::take(&mut self.ledger);
        for affiliate in AFFILIATES {
            self.ledger.extend(read_ledger(state, affiliate, head.visible).await);
        }
        for (place, (summary, lines)) in seen_before {
            let (now, lines_now) = self.ledger.get(&place).expect("a visible run stays visible");
            assert_eq!(now.summary, summary.summary, "{place:?} was edited");
            assert_eq!(*lines_now, lines, "{place:?} was edited");
            assert!(summary.payment.is_none() || now.payment == summary.payment, "{place:?}");
        }
        for (affiliate, day, seq) in
            self.ledger.keys().filter(|(_, _, seq)| *seq > self.head.visible)
        {
            state.trace.write(format!("{affiliate} sees run {seq} of {day}"));
        }
    }

    /// Invariants 4 and 5: lines, summaries and the runs' conservation reports agree.
    async fn runs_add_up(&self, state: &TrialState) {
        for (day, run) in &self.runs {
            let proof =
                state.reliable.context.table.run_report(*day, run.seq).await.unwrap().unwrap();
            assert_eq!(proof.due.check(), Ok(()), "{day} {}", run.seq);
            let mut booked: BTreeMap<_, Money> = BTreeMap::new();
            for (affiliate, ..) in
                self.ledger.keys().filter(|place| (place.1, place.2) == (*day, run.seq))
            {
                let (summary, lines) = &self.ledger[&(*affiliate, *day, run.seq)];
                check_lines(summary, lines);
                for ((_, asset, _), money) in &summary.summary.cells {
                    let total = booked.entry(*asset).or_default();
                    *total = total.plus(money).unwrap();
                }
            }
            // The affiliate with unreadable items is not checked.
            let whole = booked == proof.booked || state.poisoned;
            assert!(whole, "run {} of {day} is not seen whole: {booked:?}", run.seq);
        }
    }

    /// The days that an invitee reads are the sums of the visible lines of these days.
    async fn rebates_add_up(&self, state: &TrialState) {
        let mut booked: BTreeMap<(&str, Day), i128> = BTreeMap::new();
        for ((_, day, _), (_, lines)) in &self.ledger {
            for line in lines {
                let sum = booked.entry((line.key.invitee.as_str(), *day)).or_default();
                *sum += line.sums.in_usd().shared.minor();
            }
        }
        booked.retain(|_, usd| *usd != 0);
        let table = &state.reliable.context.table;
        for affiliate in AFFILIATES {
            let page = table.referrals(&uid(affiliate), true, None, 1000).await.unwrap();
            for referral in page.referrals {
                let listed = referral.shared_by_day.at(self.head.visible).unwrap();
                assert_eq!(listed.since, None, "no trial has more days than are kept");
                let name = referral.uid.as_str();
                let listed: BTreeMap<_, _> =
                    listed.days.iter().map(|(day, usd)| ((name, *day), usd.minor())).collect();
                let of_invitee: BTreeMap<_, _> =
                    booked.extract_if(.., |(invitee, _), _| *invitee == name).collect();
                assert_eq!(listed, of_invitee, "the rebates of {name} by day");
                if !listed.is_empty() {
                    state.trace.reach("a rebate is listed by day");
                }
            }
        }
        assert_eq!(booked, BTreeMap::new(), "rebates of invitees that no affiliate lists");
    }

    /// A tier is in force before the first day of its quarter is booked, whichever run books it.
    async fn quarters_are_evaluated_first(&self, state: &TrialState) {
        let last = state.first_day.quarter().last_day();
        let by_night = |run: &CommittedRun| state.planned.borrow().contains_key(&run.run);
        let begun = self.runs.iter().any(|(day, run)| *day > last && by_night(run));
        if !begun {
            return;
        }
        for affiliate in AFFILIATES {
            let account =
                state.reliable.context.table.account(&uid(affiliate)).await.unwrap().unwrap();
            let start = last.next().start();
            let since = account.value.tiers.entry_at(start).map(|(since, _)| since);
            assert_eq!(since, Some(start), "{affiliate} is not evaluated, and days are booked");
        }
    }

    async fn visible_runs(&self, state: &TrialState) -> Vec<(Day, CommittedRun)> {
        let days: BTreeSet<Day> = self.ledger.keys().map(|(_, day, _)| *day).collect();
        let mut runs = Vec::new();
        for day in days {
            let of_day = state.reliable.context.table.day(day).await.unwrap().value.runs;
            let visible = of_day.into_iter().filter(|run| run.seq <= self.head.visible);
            runs.extend(visible.map(|run| (day, run)));
        }
        runs
    }

    /// Invariant 3, as far as it is known while events are in flight: for each invitee and day, no
    /// more fees count than were sent, and no fewer than had been ingested when the day's last
    /// visible run was planned.
    fn fees_count_once(&self, state: &TrialState) {
        let mut counted: BTreeMap<(String, Day), i64> = BTreeMap::new();
        for ((_, day, _), (_, lines)) in &self.ledger {
            for line in lines {
                *counted.entry((line.key.invitee.to_string(), *day)).or_default() +=
                    line.sums.fee_count;
            }
        }
        let told = fees_charged(state);
        for (of, count) in &counted {
            let told = told.get(of).map_or(0, BTreeSet::len);
            assert!((0..=told as i64).contains(count), "{of:?}: {count} of {told} fees counted");
        }
        for (day, run) in &self.runs {
            self.nothing_is_missed(state, *day, run, &told, &counted);
        }
    }

    fn nothing_is_missed(
        &self,
        state: &TrialState,
        day: Day,
        run: &CommittedRun,
        told: &Fees,
        counted: &BTreeMap<(String, Day), i64>,
    ) {
        let planned = state.planned.borrow();
        let Some(planned) = planned.get(&run.run) else { return };
        let facts = state.facts.borrow();
        for ((payer, _), fees) in told.iter().filter(|((_, of), _)| *of == day) {
            let Some(binding) = self.bindings.get(payer) else { continue };
            let folded = planned.shards.contains(&Shard::of(&uid(payer)).number());
            // A sign-up that a late fact makes eligible has fees from before it was bound.
            let is_later = !planned.bound.contains(payer);
            if !folded || is_later || is_void(binding, &facts) {
                continue;
            }
            let due = facts.trades.iter().filter(|trade| trade.at >= binding.bound_at);
            let due: BTreeSet<FeeId> = due.map(|trade| trade.fee_id()).collect();
            let least =
                fees.intersection(&planned.ingested).filter(|fee| due.contains(fee)).count();
            let count = counted.get(&(payer.clone(), day)).copied().unwrap_or(0);
            assert!(count >= least as i64, "run {} missed fees of {payer} on {day}", run.seq);
        }
    }
}

/// Returns the fees that were charged, by payer and day.
fn fees_charged(state: &TrialState) -> Fees {
    let mut charged = Fees::new();
    for (id, trade) in state.facts.borrow().standing() {
        charged.entry((trade.payer.clone(), trade.day())).or_default().insert(id);
    }
    charged
}

/// Returns the binding for the press or registration that requested it, which must have been
/// eligible by facts that the programme may have known.
fn was_asked_for(state: &TrialState, relation: &Relation) -> Binding {
    let (facts, queue) = (state.facts.borrow(), state.queue.borrow());
    let (uid, code) = (relation.invitee.as_str(), relation.code.as_str());
    let possible = Messages::Of(&queue.delivered);
    let registration = &facts.registrations[uid];
    let alternatives: Vec<Checks> = if relation.origin == Origin::Signup {
        let asked =
            registration.code.as_deref() == Some(code) && registration.at == relation.bound_at;
        assert!(asked, "{uid} did not sign up so: {relation:?}");
        let none = BTreeSet::new();
        let before = queue.before.get(&registration.message).unwrap_or(&none);
        let known = Known { facts: &facts, certain: Messages::Of(before), possible };
        vec![sign_up_checks(known, registration, code)]
    } else {
        let presses = state.presses.borrow();
        let presses = presses.iter().filter(|press| {
            (press.guest.as_str(), press.code.as_str(), press.began)
                == (uid, code, relation.bound_at)
        });
        let checks = presses.map(|press| {
            let known = Known { facts: &facts, certain: Messages::Of(&press.certain), possible };
            let unbound = Check { met: !press.bound, unmet: press.bound };
            recall_checks(known, registration, code, press.began, unbound)
        });
        checks.collect()
    };
    let eligible = alternatives.iter().any(may_be_eligible);
    assert!(eligible, "{uid} was bound by {code}: {alternatives:?}");
    let asked_for = binding(&facts, uid, code, relation.origin, relation.bound_at).unwrap();
    assert_eq!(asked_for, binding_of(relation), "as it was asked for");
    asked_for
}

/// Returns a stored binding in the oracle's type.
fn binding_of(relation: &Relation) -> Binding {
    let points = |rate: commission::Rate| i128::from(rate.millionths()) / 10_000;
    Binding {
        inviter: relation.inviter.to_string(),
        invitee: relation.invitee.to_string(),
        code: relation.code.to_string(),
        origin: relation.origin,
        bound_at: relation.bound_at,
        shared: Shared {
            spot: points(relation.shared.spot),
            futures: points(relation.shared.futures),
        },
    }
}

/// Evaluates a binding again, by its recorded facts and rule, at its recorded time. For a recall,
/// that is the time of the binding function's clock, right or wrong.
async fn was_due(state: &TrialState, relation: &Relation) {
    let binding = state.reliable.context.table.binding(&relation.invitee).await.unwrap().unwrap();
    assert_eq!(Relation { voided_at: None, ..relation.clone() }, binding.relation);
    let link = LinkFacts {
        code: relation.code.clone(),
        owner: relation.inviter.clone(),
        invites_existing: relation.code.as_str() != "ORIGINAL",
    };
    let bind = Bind {
        link: Some(&link),
        inviter: Some(&binding.inviter),
        invitee: Some(&binding.invitee),
        origin: relation.origin,
        at: relation.bound_at,
    };
    let judgement = evaluate(&bind, &state.reliable.context.programme.eligibility);
    assert!(judgement.eligible(), "{judgement:?}");
    assert_eq!(judgement.rule, binding.rule);
    let how = if relation.origin == Origin::Recall { "recall" } else { "sign-up" };
    state.trace.write(format!("{} is bound to {}", relation.invitee, relation.inviter));
    state.trace.reach(format!("bound by {how}"));
}

async fn read_ledger(state: &TrialState, affiliate: &'static str, visible: u64) -> Ledger {
    let table = &state.reliable.context.table;
    let (from, to) = (state.first_day.plus(-120), state.now().day());
    let summaries = table.summaries(&uid(affiliate), from, to, visible).await.unwrap();
    let chunks: Vec<(u64, u32)> = summaries
        .iter()
        .flat_map(|run| (0..run.summary.chunks).map(|chunk| (run.seq, chunk)))
        .collect();
    let mut lines = table.lines(&uid(affiliate), &chunks).await.unwrap().into_iter();
    let with_lines = summaries.into_iter().map(|run| {
        let chunks = run.summary.chunks as usize;
        let lines = lines.by_ref().take(chunks).flatten().collect();
        ((affiliate, run.day, run.seq), (run, lines))
    });
    with_lines.collect()
}

/// Lines are the summary's cells, and belong to invitees of the affiliate.
fn check_lines(run: &DaySummary, lines: &[Line]) {
    let mut cells: BTreeMap<_, Money> = BTreeMap::new();
    let mut fee_count = 0;
    for line in lines {
        let cell = cells.entry((line.key.product, line.key.asset, line.origin)).or_default();
        *cell = cell.plus_line(&line.sums).unwrap();
        fee_count += line.sums.fee_count;
    }
    assert_eq!(cells, run.summary.cells, "run {} of {}", run.seq, run.day);
    assert_eq!((fee_count, lines.len() as u64), (run.summary.fee_count, run.summary.lines));
}
