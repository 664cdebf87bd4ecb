//! Reads an affiliate's lines by day, run and place in the run.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use commission::{Asset, Line, Overflow};
use http_api::{Call, OrInternal, Problem};
use lambda::{App, OrProblem};
use serde::{Deserialize, Serialize};
use storage::{DaySummary, Money, Payment, RunId, Table};
use types::{Day, Origin, Product, Reason, Timestamp, Uid};

use super::Filter;
use super::sort::Sort;
use crate::status::RunStatus;
use crate::view::View;

/// The chunks that DynamoDB returns in one call.
const CHUNKS_PER_READ: usize = 100;
/// The most lines of one read if it is not known how many of them are wanted: some 2 MB.
pub(crate) const LINES_PER_READ: usize = 10_000;

/// The place of a line in an affiliate's ledger; places are in the order of the lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Place {
    day: Day,
    pub(crate) seq: u64,
    pub(crate) chunk: u32,
    /// The line in the chunk; `usize::MAX` is the last one of a chunk that is not read yet.
    pub(crate) index: usize,
}

impl Place {
    pub(crate) const fn day(&self) -> Day {
        self.day
    }

    const fn of_chunk(&self) -> (Day, u64, u32) {
        (self.day, self.seq, self.chunk)
    }
}

/// A run: the facts that its lines share, and their sums.
pub(crate) struct Run {
    pub(crate) id: RunId,
    pub(crate) status: RunStatus,
    pub(crate) payment: Option<Payment>,
    pub(crate) cells: BTreeMap<(Product, Asset, Origin), Money>,
    /// The reasons for which lines earned nothing.
    pub(crate) reasons: BTreeSet<Reason>,
    lines: u64,
    chunks: u32,
}

/// A line with its run and its place.
pub(crate) struct Placed {
    pub(crate) run: Arc<Run>,
    pub(crate) place: Place,
    pub(crate) line: Line,
}

/// A chunk that is still to be read.
struct Chunk {
    run: Arc<Run>,
    /// The first line to read, in the order of the list.
    begin: Place,
    /// How many lines it should have from there on. Only the planning of reads depends on it.
    expected: usize,
}

/// Returns the runs of some days that may have lines of the filter, oldest first.
/// Cost: as [`Table::summaries`].
pub(crate) async fn runs<R>(
    app: &App,
    call: &Call<R>,
    view: &View,
    (from, to): (Day, Day),
    filter: &Filter,
) -> Result<Vec<Arc<Run>>, Problem> {
    let found = app.table.summaries(&call.caller, from, to, view.visible).await.or_problem()?;
    let as_of = view.as_of(call.now);
    let runs = found.into_iter().map(|run| {
        Run::new(run.as_of(as_of), app.programme.settle_after_days, as_of).map(Arc::new)
    });
    let runs: Vec<_> = runs.collect::<Result<_, _>>().or_internal()?;
    Ok(runs.into_iter().filter(|run| filter.may_admit(run)).collect())
}

/// Reads lines in the order of the list, chunk by chunk.
pub(crate) struct LineReader<'a> {
    table: &'a Table,
    pub(crate) affiliate: &'a Uid,
    sort: Sort,
    chunks: VecDeque<Chunk>,
}

impl<'a> LineReader<'a> {
    /// A reader of the runs' lines, from `start` on.
    pub(crate) fn new<R>(
        app: &'a App,
        call: &'a Call<R>,
        runs: &[Arc<Run>],
        sort: Sort,
        start: Option<Place>,
    ) -> Self {
        let mut chunks: Vec<_> = runs.iter().flat_map(|run| run.chunks(sort)).collect();
        chunks.sort_by(|a, b| sort.compare(&a.begin, &b.begin));
        let chunks = chunks.into_iter().filter_map(|chunk| chunk.from(start, sort)).collect();
        Self { table: &app.table, affiliate: &call.caller, sort, chunks }
    }

    /// Returns the place of the next line, if there is one.
    pub(crate) fn place(&self) -> Option<Place> {
        self.chunks.front().map(|chunk| chunk.begin)
    }

    /// Reads the next lines: about `wanted`, and none only at the end. Cost: 1 call.
    pub(crate) async fn read(&mut self, wanted: usize) -> Result<Vec<Placed>, Problem> {
        let chunks = self.next_chunks(wanted);
        self.read_chunks(&chunks).await
    }

    /// Reads all lines by one call; `None`, and nothing is read, if they are too many for that.
    pub(crate) async fn read_all(&mut self) -> Result<Option<Vec<Placed>>, Problem> {
        let lines = self.chunks.iter().fold(0, |sum: usize, it| sum.saturating_add(it.expected));
        if lines > LINES_PER_READ || self.chunks.len() > CHUNKS_PER_READ {
            return Ok(None);
        }
        let chunks: Vec<_> = self.chunks.drain(..).collect();
        self.read_chunks(&chunks).await.map(Some)
    }

    async fn read_chunks(&self, chunks: &[Chunk]) -> Result<Vec<Placed>, Problem> {
        let keys: Vec<_> = chunks.iter().map(|c| (c.begin.seq, c.begin.chunk)).collect();
        let read = self.table.lines(self.affiliate, &keys).await.or_problem()?;
        let placed = |(chunk, lines): (&Chunk, _)| chunk.placed(lines, self.sort);
        Ok(chunks.iter().zip(read).flat_map(placed).collect())
    }

    /// Takes chunks that together should have as many lines as are wanted.
    fn next_chunks(&mut self, wanted: usize) -> Vec<Chunk> {
        let (mut chunks, mut expected) = (Vec::new(), 0);
        while expected < wanted && chunks.len() < CHUNKS_PER_READ {
            let Some(chunk) = self.chunks.pop_front() else { break };
            expected = chunk.expected.saturating_add(expected);
            chunks.push(chunk);
        }
        chunks
    }
}

impl Run {
    fn new(run: DaySummary, settle_after_days: u32, as_of: Timestamp) -> Result<Self, Overflow> {
        Ok(Self {
            id: RunId { day: run.day, seq: run.seq },
            status: RunStatus::of(&run, settle_after_days, as_of)?,
            payment: run.payment,
            cells: run.summary.cells,
            reasons: run.summary.zeros.into_keys().collect(),
            lines: run.summary.lines,
            chunks: run.summary.chunks,
        })
    }

    fn chunks(self: &Arc<Self>, sort: Sort) -> impl Iterator<Item = Chunk> {
        let RunId { day, seq } = self.id;
        let per_chunk = self.lines.div_ceil(u64::from(self.chunks.max(1)));
        let expected = usize::try_from(per_chunk).unwrap_or(usize::MAX);
        let index = match sort {
            Sort::OldestFirst => 0,
            Sort::NewestFirst => usize::MAX,
        };
        let run = self.clone();
        (0..self.chunks).map(move |chunk| {
            let begin = Place { day, seq, chunk, index };
            Chunk { run: run.clone(), begin, expected }
        })
    }
}

impl Chunk {
    /// Returns the rest of the chunk from `start` on, if there may be one.
    fn from(self, start: Option<Place>, sort: Sort) -> Option<Self> {
        let Some(start) = start else { return Some(self) };
        match sort.compare(&self.begin.of_chunk(), &start.of_chunk()) {
            Ordering::Less => None,
            Ordering::Greater => Some(self),
            Ordering::Equal => {
                let expected = match sort {
                    Sort::OldestFirst => self.expected.saturating_sub(start.index),
                    Sort::NewestFirst => self.expected.min(start.index.saturating_add(1)),
                };
                Some(Self { begin: start, expected, ..self })
            }
        }
    }

    /// Returns the chunk's lines with their places, from `begin` on in the order of the list.
    fn placed(&self, lines: Vec<Line>, sort: Sort) -> Vec<Placed> {
        let placed = |(index, line)| {
            let place = Place { index, ..self.begin };
            Placed { run: self.run.clone(), place, line }
        };
        let lines = lines.into_iter().enumerate();
        match sort {
            Sort::OldestFirst => lines.skip(self.begin.index).map(placed).collect(),
            Sort::NewestFirst => {
                lines.take(self.begin.index.saturating_add(1)).map(placed).rev().collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use dynamodb_embedded::Engine;
    use storage::Summary;

    use super::*;

    const OLDEST: Sort = Sort::OldestFirst;

    /// A run of so many lines in so many chunks.
    fn run(lines: u64, chunks: u32) -> Arc<Run> {
        let summary = Summary { lines, chunks, ..Summary::default() };
        let day = "2026-11-20".parse().unwrap();
        let run = DaySummary { day, seq: 7, summary, payment: None };
        Arc::new(Run::new(run, 0, day.end()).unwrap())
    }

    async fn table() -> Table {
        let engine = Engine::with_table().await.unwrap();
        Table::new(engine.config(), engine.table_name())
    }

    #[tokio::test]
    async fn read_takes_chunks_for_the_wanted_lines() {
        let (table, affiliate) = (table().await, "affiliate".parse().unwrap());
        let taken = |lines, chunks, wanted| {
            let chunks = run(lines, chunks).chunks(OLDEST).collect();
            let mut reader =
                LineReader { table: &table, affiliate: &affiliate, sort: OLDEST, chunks };
            reader.next_chunks(wanted).len()
        };
        assert_eq!([0, 1, 2, 3].map(|wanted| taken(500, 250, wanted)), [0, 1, 1, 2]);
        assert_eq!(taken(500, 250, 1000), CHUNKS_PER_READ);
        assert_eq!(taken(4, 2, 1000), 2);
    }

    #[tokio::test]
    async fn list_beyond_one_read_is_not_read_whole() {
        let (table, affiliate) = (table().await, "affiliate".parse().unwrap());
        let is_read = async |lines, chunks| {
            let chunks = run(lines, chunks).chunks(OLDEST).collect();
            let mut reader =
                LineReader { table: &table, affiliate: &affiliate, sort: OLDEST, chunks };
            // The chunks are not in the table.
            !matches!(reader.read_all().await, Ok(None))
        };
        assert!(is_read(10_000, 10).await && !is_read(10_010, 10).await);
        assert!(is_read(101, 100).await && !is_read(101, 101).await);
        assert!(!is_read(102, 102).await);
    }

    #[test]
    fn rest_of_a_chunk_expects_fewer_lines() {
        let expected = |sort, index| {
            let chunk = run(20, 2).chunks(sort).next().unwrap();
            let start = Place { index, ..chunk.begin };
            chunk.from(Some(start), sort).unwrap().expected
        };
        assert_eq!(expected(OLDEST, 3), 7);
        assert_eq!(expected(Sort::NewestFirst, 3), 4);
    }
}
