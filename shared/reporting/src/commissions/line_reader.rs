//! The way through an affiliate's lines: by day, run and place in the run.

use std::collections::VecDeque;
use std::sync::Arc;

use commission::{Line, Overflow};
use http_api::{Call, OrInternal, Problem};
use lambda::{App, OrProblem};
use serde::{Deserialize, Serialize};
use storage::{DaySummary, Payment, RunId, Table};
use types::{Day, Timestamp, Uid};

use super::Filter;
use crate::status::RunStatus;
use crate::view::View;

/// The chunks that DynamoDB gives in one call.
const CHUNKS_PER_READ: usize = 100;

/// The place of a line in an affiliate's ledger; places are in the order of the lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Place {
    day: Day,
    pub(crate) seq: u64,
    pub(crate) chunk: u32,
    pub(crate) index: usize,
}

/// What the lines of a run have in common.
pub(crate) struct Run {
    pub(crate) id: RunId,
    pub(crate) status: RunStatus,
    pub(crate) payment: Option<Payment>,
    lines: u64,
    chunks: u32,
}

/// A line and where it stands.
pub(crate) struct Placed {
    pub(crate) run: Arc<Run>,
    pub(crate) place: Place,
    pub(crate) line: Line,
}

/// A chunk that is still to be read.
struct Chunk {
    run: Arc<Run>,
    /// Where its reading begins.
    begin: Place,
    /// How many lines it should have from there on. Only the planning of reads depends on it.
    expected: usize,
}

/// Reads lines in their order, chunk by chunk.
pub(crate) struct LineReader<'a> {
    table: &'a Table,
    pub(crate) affiliate: &'a Uid,
    chunks: VecDeque<Chunk>,
}

impl<'a> LineReader<'a> {
    /// Looks up the runs of the view from `start` on. Runs that have none of the filter's lines
    /// are left out.
    pub(crate) async fn begin<R>(
        app: &'a App,
        call: &'a Call<R>,
        view: &View,
        start: Option<Place>,
        filter: &Filter,
    ) -> Result<Self, Problem> {
        let from = start.map_or(view.from, |place| place.day);
        let (table, affiliate) = (&app.table, &call.caller);
        let found = table.summaries(affiliate, from, view.to, view.visible).await.or_problem()?;
        let wanted = found.into_iter().filter(|run| filter.may_admit(&run.summary));
        let settle_after_days = app.programme.settle_after_days;
        let as_of = view.as_of(call.now);
        let runs = wanted.map(|run| Run::new(run.as_of(as_of), settle_after_days, as_of));
        let runs: Vec<Run> = runs.collect::<Result<_, _>>().or_internal()?;
        let chunks = runs.into_iter().flat_map(Run::into_chunks);
        let chunks = chunks.filter_map(|chunk| chunk.after(start)).collect();
        Ok(Self { table, affiliate, chunks })
    }

    /// The place of the next line, if there is one.
    pub(crate) fn place(&self) -> Option<Place> {
        self.chunks.front().map(|chunk| chunk.begin)
    }

    /// Reads the next lines: about `wanted`, and none only at the end. Cost: 1 call.
    pub(crate) async fn read(&mut self, wanted: usize) -> Result<Vec<Placed>, Problem> {
        let chunks = self.next_chunks(wanted);
        let keys: Vec<_> = chunks.iter().map(|c| (c.begin.seq, c.begin.chunk)).collect();
        let read = self.table.lines(self.affiliate, &keys).await.or_problem()?;
        Ok(chunks.iter().zip(read).flat_map(|(chunk, lines)| chunk.placed(lines)).collect())
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
            lines: run.summary.lines,
            chunks: run.summary.chunks,
        })
    }

    fn into_chunks(self) -> impl Iterator<Item = Chunk> {
        let (RunId { day, seq }, chunks) = (self.id, self.chunks);
        let per_chunk = self.lines.div_ceil(u64::from(chunks.max(1)));
        let expected = usize::try_from(per_chunk).unwrap_or(usize::MAX);
        let run = Arc::new(self);
        (0..chunks).map(move |chunk| {
            let begin = Place { day, seq, chunk, index: 0 };
            Chunk { run: run.clone(), begin, expected }
        })
    }
}

impl Chunk {
    /// What is left of the chunk from `start` on, if anything may be.
    fn after(self, start: Option<Place>) -> Option<Self> {
        let Some(start) = start.filter(|start| self.begin < *start) else { return Some(self) };
        let is_same = Place { index: 0, ..start } == self.begin;
        let expected = self.expected.saturating_sub(start.index);
        is_same.then_some(Self { begin: start, expected, ..self })
    }

    /// The chunk's lines with their places, from where its reading begins.
    fn placed(&self, lines: Vec<Line>) -> impl Iterator<Item = Placed> {
        let lines = lines.into_iter().enumerate().skip(self.begin.index);
        lines.map(|(index, line)| {
            let place = Place { index, ..self.begin };
            Placed { run: self.run.clone(), place, line }
        })
    }
}
