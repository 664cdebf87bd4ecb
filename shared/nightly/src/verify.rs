//! The proof of a booked day: computes the day again from its fees, and compares the result with
//! everything that is stored for it, to the unit. Read only.

pub(crate) mod statements;

use std::collections::{BTreeMap, BTreeSet};

use commission::{
    Asset, Conservation, ConservationError, Fold, LineKey, Overflow, Sums, difference,
};
use lambda::App;
use storage::{
    ChainLink, DayRecord, DirtyShard, Head, Money, Shard, ShardState, Versioned,
    bounded_concurrency, chain_breaks, short_sha256, take_bounded,
};
use types::{Day, Origin, Product, Uid};

use crate::StepError;
use crate::archived::{FeeArchive, archived_fees};
use crate::fold::due;

use statements::{Statement, add};

/// Shards, and then affiliates, that are read concurrently.
const READS_AT_ONCE: usize = 8;

/// A cell of an affiliate's view of a day.
pub type Cell = (Product, Asset, Origin);

/// The result of a verification.
#[derive(Debug, Clone, PartialEq)]
pub struct Verified {
    /// The day.
    pub day: Day,
    /// The number of runs that booked the day; without any, only the lines are compared.
    pub runs: usize,
    /// The number of fees that were evaluated again.
    pub fees: i64,
    /// The number of booked lines.
    pub lines: u64,
    /// The number of affiliates with booked lines.
    pub inviters: usize,
    /// Shards with fees, corrections or void bindings that arrived since, which the next night
    /// books.
    pub waiting: BTreeSet<u8>,
    /// The links of the day's runs in the chain, by run number.
    pub links: BTreeMap<u64, ChainLink>,
    /// All differences.
    pub differences: Vec<Difference>,
}

/// A stored value that differs from the expected one.
#[derive(Debug, Clone, PartialEq)]
pub enum Difference {
    /// A booked line differs from the accrual.
    Line {
        /// The shard that holds it.
        shard: u8,
        /// The line.
        key: LineKey,
        /// The booked sums of all runs together.
        booked: Box<Sums>,
        /// The accrued sums.
        due: Box<Sums>,
    },
    /// An affiliate reads sums that differ from the booked ones.
    Statement {
        /// The affiliate.
        inviter: Uid,
        /// The cell of the sums.
        cell: Cell,
        /// The sum of the booked lines.
        booked: Money,
        /// The sum of the lines that the affiliate reads.
        lines: Money,
        /// The day's summary that the affiliate reads.
        summary: Money,
    },
    /// The total of the runs' reports differs from the booked one.
    Report {
        /// The asset.
        asset: Asset,
        /// The sum of the booked lines.
        booked: Money,
        /// The sum of the runs' reports.
        reported: Money,
    },
    /// The runs recorded another number of lines than are booked.
    Count {
        /// The number of booked lines.
        booked: u64,
        /// The number that the runs recorded.
        reported: u64,
    },
    /// A run's report is missing, or differs from the one at its commit.
    Proof {
        /// The run's number.
        seq: u64,
    },
    /// A run's lines differ from those at its commit, or its link of the chain does not follow the
    /// previous run.
    Chain {
        /// The run's number.
        seq: u64,
    },
    /// The accrual does not add up.
    ConservationError(ConservationError),
    /// A record cannot be read, so that values that depend on it are not compared.
    Unreadable {
        /// The shard that needs it.
        shard: u8,
        /// The record.
        record: UnreadableRecord,
    },
}

/// A stored record that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UnreadableRecord {
    /// The account of an invitee or an inviter.
    Account(Uid),
    /// A chunk of the day's fees, by its name.
    FeeChunk(String),
}

/// Computes a day again and compares; calls `done` after each shard. Fees that left the table are
/// read from the archive. Cost: the reads of a run over the whole day, the booked lines once more,
/// 1 call for each affiliate, and 1 for each run and affiliate with lines.
///
/// # Errors
/// [`StepError::Unfinished`] if a run of the day was committed or the day was archived meanwhile;
/// [`StepError::Archived`] if the archive cannot be read; or if the table fails.
pub async fn verify_day(
    app: &App,
    archive: &impl FeeArchive,
    day: Day,
    mut done: impl FnMut(),
) -> Result<Verified, StepError> {
    let record = app.table.day(day).await?;
    let mut found = Found::default();
    let markers = app.table.voided_bindings().await?.known;
    let void: BTreeSet<Uid> = markers.into_iter().map(|marker| marker.invitee).collect();
    let shards =
        Shard::all().map(|shard| check_shard(app, archive, day, shard, record.clone(), &void));
    take_bounded(READS_AT_ONCE, shards, |shard| {
        done();
        found.add(shard).map_err(StepError::overflow(day))
    })
    .await?;
    if !record.value.runs.is_empty() {
        found.check_statements(app, day).await?;
        found.check_reports(app, day, &record.value).await?;
    }
    let head = app.table.head().await?.value;
    let links = found.check_chain(day, &record.value, &head);
    let pending = head.pending;
    let moved = app.table.day(day).await?.revision != record.revision;
    if moved || pending.is_some_and(|pending| pending.day == day) {
        let sentence = format!("a run or an archive of {day} came in between: verify it again");
        return Err(StepError::Unfinished(sentence));
    }
    let runs = record.value.runs.len();
    let inviters = found.statements.values().filter(|statement| !statement.is_empty()).count();
    let Found { fees, lines, waiting, differences, .. } = found;
    Ok(Verified { day, runs, fees, lines, inviters, waiting, links, differences })
}

/// The findings in one shard.
struct ShardFound {
    shard: u8,
    fees: i64,
    lines: u64,
    waits: bool,
    statements: BTreeMap<Uid, Statement>,
    /// The digests of the lines of each run.
    digests: BTreeMap<u64, String>,
    differences: Vec<Difference>,
}

async fn check_shard(
    app: &App,
    archive: &impl FeeArchive,
    day: Day,
    shard: Shard,
    record: Versioned<DayRecord>,
    void: &BTreeSet<Uid>,
) -> Result<ShardFound, StepError> {
    let marks = app.table.shard_state(day, "", shard).await?.touched;
    let digests = match record.value.runs.is_empty() {
        true => BTreeMap::new(),
        false => app.table.booked_digests(day, shard).await?,
    };
    let archived = archived_fees(archive, &record.value, day, shard).await?;
    // A dirty marker makes `due` read the fees, also on a day without runs.
    let touched = Some(DirtyShard { day, shard: shard.number(), token: String::new(), count: 0 });
    let state = ShardState { day: record, touched, ..ShardState::default() };
    let (sources, fold) = due(app, day, shard, &state, archived).await?;
    let booked = sources.booked_lines(day)?;
    let lines = sources.booked.iter().flat_map(|work| &work.lines);
    let mut found = ShardFound {
        shard: shard.number(),
        fees: fee_count(&fold).map_err(StepError::overflow(day))?,
        lines: lines.clone().count() as u64,
        waits: marks.is_some() || booked.iter().any(|(key, _)| void.contains(&key.invitee)),
        statements: BTreeMap::new(),
        digests,
        differences: Vec::new(),
    };
    let accounts = sources.unreadable_accounts.keys().cloned().map(UnreadableRecord::Account);
    let chunks = sources.unreadable_chunks.iter().map(|chunk| chunk.name.clone());
    let records = accounts.chain(chunks.map(UnreadableRecord::FeeChunk));
    let unreadable = records.map(|record| Difference::Unreadable { shard: found.shard, record });
    found.differences = unreadable.collect();
    // An affiliate without booked lines must read none.
    for affiliate in app.table.affiliates(shard).await? {
        found.statements.entry(affiliate).or_default();
    }
    let overflow = StepError::overflow(day);
    for line in lines {
        let statement = found.statements.entry(line.key.inviter.clone()).or_default();
        add(statement, (line.key.product, line.key.asset, line.origin), &line.sums)
            .map_err(&overflow)?;
    }
    let sums_booked: BTreeMap<&LineKey, &Sums> = booked.iter().collect();
    for line in difference(&fold, &booked, false).map_err(&overflow)? {
        let due = fold.due.get(&line.key).map(|due| due.sums).unwrap_or_default();
        let booked = sums_booked.get(&line.key).copied().copied().unwrap_or_default();
        found.differences.push(Difference::Line {
            shard: found.shard,
            key: line.key,
            booked: Box::new(booked),
            due: Box::new(due),
        });
    }
    let proof = Conservation::of(&fold).and_then(|proof| proof.check());
    found.differences.extend(proof.err().map(Difference::ConservationError));
    Ok(found)
}

fn fee_count(fold: &Fold) -> Result<i64, Overflow> {
    let mut counts = fold.due.iter().map(|due| due.sums.fee_count);
    counts.try_fold(0_i64, i64::checked_add).ok_or(Overflow)
}

/// The findings in all shards.
#[derive(Default)]
struct Found {
    fees: i64,
    lines: u64,
    waiting: BTreeSet<u8>,
    statements: BTreeMap<Uid, Statement>,
    by_asset: BTreeMap<Asset, Money>,
    /// The digests of the lines by run and shard.
    digests: BTreeMap<u64, BTreeMap<u8, String>>,
    differences: Vec<Difference>,
}

impl Found {
    fn add(&mut self, shard: ShardFound) -> Result<(), Overflow> {
        self.fees = self.fees.checked_add(shard.fees).ok_or(Overflow)?;
        self.lines = self.lines.checked_add(shard.lines).ok_or(Overflow)?;
        for (seq, digest) in shard.digests {
            self.digests.entry(seq).or_default().insert(shard.shard, digest);
        }
        self.waiting.extend(shard.waits.then_some(shard.shard));
        self.differences.extend(shard.differences);
        for (inviter, statement) in shard.statements {
            let mine = self.statements.entry(inviter).or_default();
            for (cell, money) in statement {
                let (_, asset, _) = cell;
                for sum in [mine.entry(cell).or_default(), self.by_asset.entry(asset).or_default()]
                {
                    *sum = sum.plus(&money)?;
                }
            }
        }
        Ok(())
    }

    /// Compares the booked lines with the lines and summaries of the affiliate view.
    async fn check_statements(&mut self, app: &App, day: Day) -> Result<(), StepError> {
        let visible = app.table.head().await?.value.visible;
        let read = self
            .statements
            .iter()
            .map(|(inviter, booked)| statements::check(app, day, visible, inviter, booked));
        let differences = bounded_concurrency(READS_AT_ONCE, read).await?;
        self.differences.extend(differences.into_iter().flatten());
        Ok(())
    }

    /// Computes the day's links of the chain again from the booked lines; returns the stored links.
    fn check_chain(
        &mut self,
        day: Day,
        record: &DayRecord,
        head: &Head,
    ) -> BTreeMap<u64, ChainLink> {
        let links: BTreeMap<u64, ChainLink> =
            record.runs.iter().filter_map(|run| Some((run.seq, run.chain.clone()?))).collect();
        let mut broken: BTreeSet<u64> = chain_breaks(&links).into_iter().collect();
        for run in &record.runs {
            let Some(link) = links.get(&run.seq) else { continue };
            let lines = self.digests.remove(&run.seq).unwrap_or_default();
            let made = ChainLink::of(link.previous.as_deref(), (day, run.seq), &run.digest, &lines);
            let is_newest = run.seq == head.committed;
            if made != *link || (is_newest && head.chain.as_ref() != Some(&link.digest)) {
                broken.insert(run.seq);
            }
        }
        self.differences.extend(broken.into_iter().map(|seq| Difference::Chain { seq }));
        links
    }

    /// Compares the booked lines with the reports of their runs.
    async fn check_reports(
        &mut self,
        app: &App,
        day: Day,
        record: &DayRecord,
    ) -> Result<(), StepError> {
        let mut reported: BTreeMap<Asset, Money> = BTreeMap::new();
        for run in &record.runs {
            let report = app.table.run_report(day, run.seq).await?;
            let proof = report.as_ref().and_then(|report| report.due.canonical_bytes().ok());
            if proof.is_none_or(|bytes| short_sha256(&bytes) != run.digest) {
                self.differences.push(Difference::Proof { seq: run.seq });
            }
            for (asset, money) in report.into_iter().flat_map(|report| report.booked) {
                let sum = reported.entry(asset).or_default();
                *sum = sum.plus(&money).map_err(StepError::overflow(day))?;
            }
        }
        let assets: BTreeSet<Asset> =
            self.by_asset.keys().chain(reported.keys()).copied().collect();
        for asset in assets {
            let booked = self.by_asset.get(&asset).copied().unwrap_or_default();
            let reported = reported.get(&asset).copied().unwrap_or_default();
            if booked != reported {
                self.differences.push(Difference::Report { asset, booked, reported });
            }
        }
        let mut runs = record.runs.iter().map(|run| run.lines);
        let reported = runs.try_fold(0_u64, u64::checked_add).ok_or(Overflow);
        let reported = reported.map_err(StepError::overflow(day))?;
        if self.lines != reported {
            self.differences.push(Difference::Count { booked: self.lines, reported });
        }
        Ok(())
    }
}
