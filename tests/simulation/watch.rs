//! The promises, checked after every scene on what is read back from the table.

use std::collections::{BTreeMap, BTreeSet};

use commission::{Line, Relation};
use eligibility::{Bind, LinkFacts, judge};
use table::{CommittedRun, DaySummary, Head, Money, Shard};
use terms::{Day, Origin};

use super::cast::AFFILIATES;
use super::oracle::is_undue;
use super::stage::Stage;
use crate::world::uid;

/// What an affiliate reads of one run, under affiliate, day and number.
type Ledger = BTreeMap<(&'static str, Day, u64), (DaySummary, Vec<Line>)>;

/// Trades by payer and day.
type Trades = BTreeMap<(String, Day), BTreeSet<String>>;

/// Remembers what was seen before.
#[derive(Default)]
pub struct Watch {
    head: Head,
    pub relations: BTreeMap<String, Relation>,
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
        }
        self.fees_count_once(stage);
        news
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
                None => was_due(stage, &relation).await,
            }
            stage.bound.borrow_mut().insert(uid.to_string());
            if relation.voided_at.is_some() {
                stage.diary.reach("a binding is found void");
                let undue = is_undue(&relation, &stage.facts.borrow());
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
            assert_eq!(booked, proof.booked, "run {} of {day} is seen whole", run.seq);
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
        let told = trades_told(stage);
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
        told: &Trades,
        counted: &BTreeMap<(String, Day), i64>,
    ) {
        let planned = stage.planned.borrow();
        let Some(planned) = planned.get(&run.run) else { return };
        let facts = stage.facts.borrow();
        for ((payer, _), trades) in told.iter().filter(|((_, of), _)| *of == day) {
            let Some(relation) = self.relations.get(payer) else { continue };
            let folded = planned.shards.contains(&Shard::of(&uid(payer)).number());
            if !folded || is_undue(relation, &facts) {
                continue;
            }
            let due = facts.trades.iter().filter(|trade| trade.at >= relation.bound_at);
            let due: BTreeSet<&String> = due.map(|trade| &trade.id).collect();
            let least =
                trades.intersection(&planned.taken_in).filter(|id| due.contains(id)).count();
            let count = counted.get(&(payer.clone(), day)).copied().unwrap_or(0);
            assert!(count >= least as i64, "run {} missed fees of {payer} on {day}", run.seq);
        }
    }
}

/// The trades that were told of, by payer and day.
fn trades_told(stage: &Stage) -> Trades {
    let mut told = Trades::new();
    for (id, trade) in stage.facts.borrow().standing() {
        told.entry((trade.payer.clone(), trade.day())).or_default().insert(id.to_owned());
    }
    told
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
    let judgement = judge(&bind, &stage.fair.app.programme.eligibility);
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
