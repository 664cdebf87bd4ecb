//! The promises, checked after every scene on what is read back from the table.

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
use super::trial_state::Stage;
use crate::test_app::uid;

/// What an affiliate reads of one run, under affiliate, day and number.
type Ledger = BTreeMap<(&'static str, Day, u64), (DaySummary, Vec<Line>)>;

/// Fees by payer and day.
type Fees = BTreeMap<(String, Day), BTreeSet<FeeId>>;

/// Remembers what was seen before.
#[derive(Default)]
pub struct Watch {
    head: Head,
    pub relations: BTreeMap<String, Relation>,
    /// The bindings that users and registrations asked for, as far as the table has them.
    pub bindings: BTreeMap<String, Binding>,
    ledger: Ledger,
    /// The visible runs, with their days.
    runs: Vec<(Day, CommittedRun)>,
    checked: u64,
}

impl Watch {
    /// Looks at everything. `true` if something new has become visible.
    pub async fn looks(&mut self, stage: &Stage) -> bool {
        self.checked += 1;
        let writes =
            ["PutItem", "TransactWriteItems", "BatchWriteItem", "DeleteItem", "UpdateItem"];
        let calls = stage.fair.engine.take_calls();
        if self.checked > 1 && !writes.iter().any(|operation| calls.contains_key(*operation)) {
            return false;
        }
        let head = stage.fair.app.table.head().await.unwrap().value;
        self.the_head_only_goes_on(stage, &head);
        self.bindings_are_for_life_and_were_due(stage).await;
        let news = head.visible != self.head.visible;
        self.the_visible_ledger_is_never_edited(stage, &head).await;
        self.head = head;
        if news {
            self.runs = self.visible_runs(stage).await;
            self.runs_add_up(stage).await;
            self.quarters_are_evaluated_first(stage).await;
        }
        self.fees_count_once(stage);
        news
    }

    /// When the lines of a visible run are settled: a day after the end of their day, or after the
    /// commit, where that is later.
    pub fn settles_at(&self, run_id: &str) -> Timestamp {
        let named = |(day, run): &&(Day, CommittedRun)| format!("{day}.{}", run.seq) == run_id;
        let (day, run) = self.runs.iter().find(named).expect("a line of a visible run");
        day.end().max(run.committed_at).plus_days(1)
    }

    pub fn visible(&self) -> u64 {
        self.head.visible
    }

    fn the_head_only_goes_on(&self, stage: &Stage, head: &Head) {
        assert!(head.visible >= self.head.visible && head.committed >= head.visible, "{head:?}");
        assert!(head.closed_through >= self.head.closed_through, "{head:?}");
        let pending = head.pending.as_ref().map(|pending| pending.seq);
        let unfinished = (head.committed > head.visible).then_some(head.committed);
        assert_eq!(pending, unfinished, "at most one run is unfinished: {head:?}");
        // By the true time, whatever the clock said that a run was planned by.
        assert!(head.data_as_of().is_none_or(|as_of| as_of <= stage.now()), "{head:?}");
    }

    /// Promises 1 and 2.
    async fn bindings_are_for_life_and_were_due(&mut self, stage: &Stage) {
        let uids: Vec<_> = stage.cast.invitees().iter().map(|name| uid(name)).collect();
        let accounts = stage.fair.app.table.accounts(&uids).await.unwrap();
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
                    was_due(stage, &relation).await;
                    let asked_for = was_asked_for(stage, &relation);
                    self.bindings.insert(uid.to_string(), asked_for);
                }
            }
            stage.bound.borrow_mut().insert(uid.to_string());
            if relation.voided_at.is_some() {
                stage.diary.reach("a binding is found void");
                let undue = is_void(&self.bindings[uid.as_str()], &stage.facts.borrow());
                assert!(undue, "only undue bindings are void: {uid}");
            }
        }
    }

    /// Promises 4 and 6: what was visible stays as it was, and new runs come whole.
    async fn the_visible_ledger_is_never_edited(&mut self, stage: &Stage, head: &Head) {
        let seen_before = std::mem::take(&mut self.ledger);
        for affiliate in AFFILIATES {
            self.ledger.extend(read_ledger(stage, affiliate, head.visible).await);
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
            stage.diary.write(format!("{affiliate} sees run {seq} of {day}"));
        }
    }

    /// Promises 4 and 5: lines, summaries and the runs' own proofs agree.
    async fn runs_add_up(&self, stage: &Stage) {
        for (day, run) in &self.runs {
            let proof = stage.fair.app.table.run_report(*day, run.seq).await.unwrap().unwrap();
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
            // Nobody looks at the affiliate whose items cannot be read.
            let whole = booked == proof.booked || stage.poisoned;
            assert!(whole, "run {} of {day} is not seen whole: {booked:?}", run.seq);
        }
    }

    /// A tier is in force before the first day of its quarter is booked, by whatever night that is.
    async fn quarters_are_evaluated_first(&self, stage: &Stage) {
        let last = stage.first_day.quarter().last_day();
        let by_night = |run: &CommittedRun| stage.planned.borrow().contains_key(&run.run);
        let begun = self.runs.iter().any(|(day, run)| *day > last && by_night(run));
        if !begun {
            return;
        }
        for affiliate in AFFILIATES {
            let account = stage.fair.app.table.account(&uid(affiliate)).await.unwrap().unwrap();
            let start = last.next().start();
            let since = account.value.tiers.entry_at(start).map(|(since, _)| since);
            assert_eq!(since, Some(start), "{affiliate} is not evaluated, and days are booked");
        }
    }

    async fn visible_runs(&self, stage: &Stage) -> Vec<(Day, CommittedRun)> {
        let days: BTreeSet<Day> = self.ledger.keys().map(|(_, day, _)| *day).collect();
        let mut runs = Vec::new();
        for day in days {
            let of_day = stage.fair.app.table.day(day).await.unwrap().value.runs;
            let visible = of_day.into_iter().filter(|run| run.seq <= self.head.visible);
            runs.extend(visible.map(|run| (day, run)));
        }
        runs
    }

    /// Promise 3, as far as it can be known while events are on their way: of each invitee and day
    /// no more fees count than were told of, and no fewer than had been taken in when the day's
    /// last visible run was planned.
    fn fees_count_once(&self, stage: &Stage) {
        let mut counted: BTreeMap<(String, Day), i64> = BTreeMap::new();
        for ((_, day, _), (_, lines)) in &self.ledger {
            for line in lines {
                *counted.entry((line.key.invitee.to_string(), *day)).or_default() +=
                    line.sums.fee_count;
            }
        }
        let told = fees_charged(stage);
        for (of, count) in &counted {
            let told = told.get(of).map_or(0, BTreeSet::len);
            assert!((0..=told as i64).contains(count), "{of:?}: {count} of {told} fees counted");
        }
        for (day, run) in &self.runs {
            self.nothing_is_missed(stage, *day, run, &told, &counted);
        }
    }

    fn nothing_is_missed(
        &self,
        stage: &Stage,
        day: Day,
        run: &CommittedRun,
        told: &Fees,
        counted: &BTreeMap<(String, Day), i64>,
    ) {
        let planned = stage.planned.borrow();
        let Some(planned) = planned.get(&run.run) else { return };
        let facts = stage.facts.borrow();
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

/// The fees that were charged, by payer and day.
fn fees_charged(stage: &Stage) -> Fees {
    let mut charged = Fees::new();
    for (id, trade) in stage.facts.borrow().standing() {
        charged.entry((trade.payer.clone(), trade.day())).or_default().insert(id);
    }
    charged
}

/// The press or the registration that made a binding, which must have been eligible by what the
/// programme may have known.
fn was_asked_for(stage: &Stage, relation: &Relation) -> Binding {
    let (facts, queue) = (stage.facts.borrow(), stage.queue.borrow());
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
        let presses = stage.presses.borrow();
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

/// A binding as the table has it, in the words of the oracle.
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

/// Judges a binding once more, by the facts and the rule that it keeps, at its own instant: of a
/// recall that is what the clock said of who bound, right or wrong.
async fn was_due(stage: &Stage, relation: &Relation) {
    let binding = stage.fair.app.table.binding(&relation.invitee).await.unwrap().unwrap();
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
    let judgement = evaluate(&bind, &stage.fair.app.programme.eligibility);
    assert!(judgement.eligible(), "{judgement:?}");
    assert_eq!(judgement.rule, binding.rule);
    let how = if relation.origin == Origin::Recall { "recall" } else { "sign-up" };
    stage.diary.write(format!("{} is bound to {}", relation.invitee, relation.inviter));
    stage.diary.reach(format!("bound by {how}"));
}

async fn read_ledger(stage: &Stage, affiliate: &'static str, visible: u64) -> Ledger {
    let table = &stage.fair.app.table;
    let (from, to) = (stage.first_day.plus(-120), stage.now().day());
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

/// Lines are the summary's cells, and nobody but the invitees of the affiliate is in them.
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
