//! `operator import`: ingests a file of events, as from the queue.

mod lines;
mod progress;

use std::fs::File;
use std::io::{BufReader, Seek, SeekFrom, stdin};
use std::path::{Path, PathBuf};

use indicatif::ProgressBar;
use ingestion::{EventOutcome, Message};
use lambda::App;
use types::Timestamp;

use crate::format::count;
use crate::{Console, Failure, Outcome};

use lines::{Line, Lines};
use progress::Progress;

const BAR: &str = "  {bar:40} {bytes}/{total_bytes}, {msg}, {eta} left";
const SPINNER: &str = "  {bytes} read, {msg}";
/// Lines that are ingested together, each as a separate message.
const BATCH: usize = 1000;
/// Quarantined lines that are printed; the quarantine has them all.
const MAX_PRINTED: u64 = 20;

/// Ingests the events of a file, or of standard input.
pub(crate) async fn import(
    app: &App,
    target: &str,
    path: &Path,
    console: &mut Console<'_>,
) -> Result<Outcome, Failure> {
    let files = Files::of(path);
    let (lines, progress, size) = open(app, &files)?;
    let from = match progress.line {
        0 => String::new(),
        line => format!(", resumed after line {line}"),
    };
    let what = format!("ingests the events of {}{from}.", path.display());
    console.ask(target, &what)?;
    if files.events.is_some() && progress.line == 0 {
        // Lines that an earlier import of the file left there are also in the file.
        progress::remove(&files.retry)?;
    }
    let bar = console.bar(size.unwrap_or(0), if size.is_some() { BAR } else { SPINNER });
    let mut import = Import { app, console, files, progress, bar };
    let outcome = import.all(lines).await;
    import.bar.finish_and_clear();
    import.report(outcome)
}

/// The file and those that the import keeps beside it.
struct Files {
    events: Option<PathBuf>,
    progress: Option<PathBuf>,
    retry: PathBuf,
}

impl Files {
    fn of(path: &Path) -> Self {
        if path == Path::new("-") {
            return Self { events: None, progress: None, retry: "stdin.retry.jsonl".into() };
        }
        let beside = |ending| {
            let mut name = path.as_os_str().to_owned();
            name.push(ending);
            PathBuf::from(name)
        };
        Self {
            events: Some(path.to_owned()),
            progress: Some(beside(".progress")),
            retry: beside(".retry.jsonl"),
        }
    }
}

/// Opens the events where an earlier import left off, if one did; answers their size as well.
fn open(app: &App, files: &Files) -> Result<(Lines, Progress, Option<u64>), Failure> {
    let Some(path) = &files.events else {
        let lines = Lines::new(Box::new(BufReader::new(stdin())), "standard input".into(), 0);
        return Ok((lines, Progress::new(app.clock.now(), String::new()), None));
    };
    let missing = |error| Failure::InvalidInput(format!("{}: {error}", path.display()));
    let mut file = File::open(path).map_err(missing)?;
    let size = file.metadata().map_err(Failure::at(path))?.len();
    let first = lines::first_line(&mut file).map_err(Failure::at(path))?;
    let known = files.progress.as_deref().map(Progress::load).transpose()?.flatten();
    let progress = match known {
        Some(known) => known.checked(path, &first, size)?,
        None => Progress::new(app.clock.now(), first),
    };
    file.seek(SeekFrom::Start(progress.offset)).map_err(Failure::at(path))?;
    let reader = Box::new(BufReader::new(file));
    Ok((Lines::new(reader, path.clone(), progress.line), progress, Some(size)))
}

struct Import<'a, 'd> {
    app: &'a App,
    console: &'a mut Console<'d>,
    files: Files,
    progress: Progress,
    bar: ProgressBar,
}

impl Import<'_, '_> {
    async fn all(&mut self, mut lines: Lines) -> Result<(), Failure> {
        self.bar.set_position(self.progress.offset);
        while let Some(batch) = lines.batch(BATCH)? {
            let again = self.ingest(&batch).await?;
            self.progress.retried += again.len() as u64;
            progress::append(&self.files.retry, again.iter().map(|line| line.text.as_str()))?;
            if let Some(last) = batch.last() {
                self.progress.line = last.number;
                self.progress.offset += batch.iter().map(|line| line.bytes).sum::<u64>();
            }
            self.keep_progress()?;
            self.bar.set_position(self.progress.offset);
            self.bar.set_message(format!("line {}", self.progress.line));
        }
        if self.progress.retried > 0 {
            self.try_again().await?;
        }
        self.files.progress.as_deref().map_or(Ok(()), progress::remove)
    }

    /// Ingests a batch; returns the lines that are too early.
    async fn ingest<'l>(&mut self, batch: &'l [Line]) -> Result<Vec<&'l Line>, Failure> {
        let sent_at = self.progress.sent_at;
        let full: Vec<&Line> = batch.iter().filter(|line| !line.text.trim().is_empty()).collect();
        let messages: Vec<Message> = full.iter().map(|line| message(line, sent_at)).collect();
        let mut again = Vec::new();
        for report in ingestion::ingest(self.app, &messages).await? {
            let Some(line) = full.get(report.message) else { continue };
            match report.outcome {
                EventOutcome::Ingested => self.progress.taken += 1,
                EventOutcome::Quarantined { reason, detail } => {
                    self.progress.quarantined += 1;
                    self.tell_quarantined(line.number, reason, &detail);
                }
                EventOutcome::Retry { .. } => again.push(*line),
            }
        }
        again.dedup_by_key(|line| line.number);
        Ok(again)
    }

    fn tell_quarantined(&mut self, number: u64, reason: &str, detail: &str) {
        let console = &mut self.console;
        let line = match self.progress.quarantined {
            ..=MAX_PRINTED => format!("line {number}: quarantined: {reason}: {detail}"),
            n if n == MAX_PRINTED + 1 => {
                "more lines were quarantined: see `quarantine list`".to_owned()
            }
            _ => return,
        };
        self.bar.suspend(|| console.say(line));
    }

    /// Ingests the early lines again; those that are still too early stay in the file.
    async fn try_again(&mut self) -> Result<(), Failure> {
        let path = self.files.retry.clone();
        let rest = path.with_extension("rest");
        progress::remove(&rest)?;
        let file = File::open(&path).map_err(Failure::at(&path))?;
        let mut lines = Lines::new(Box::new(BufReader::new(file)), path.clone(), 0);
        self.progress.retried = 0;
        while let Some(batch) = lines.batch(BATCH)? {
            let again = self.ingest(&batch).await?;
            self.progress.retried += again.len() as u64;
            progress::append(&rest, again.iter().map(|line| line.text.as_str()))?;
        }
        match self.progress.retried {
            0 => progress::remove(&path),
            _ => std::fs::rename(&rest, &path).map_err(Failure::at(&path)),
        }
    }

    fn keep_progress(&self) -> Result<(), Failure> {
        self.files.progress.as_deref().map_or(Ok(()), |path| self.progress.save(path))
    }

    fn report(self, outcome: Result<(), Failure>) -> Result<Outcome, Failure> {
        let Self { console, files, progress, .. } = self;
        let Progress { line, taken, quarantined, retried, .. } = progress;
        let [lines, taken] = [(line, "line"), (taken, "event")].map(|(n, noun)| count(n, noun));
        console.say(format_args!("{lines}: {taken} ingested, {quarantined} quarantined"));
        if let Err(failure) = outcome {
            if files.progress.is_some() {
                console.note(format_args!("stopped after line {line}; a restart resumes there"));
            }
            return Err(failure);
        }
        if retried > 0 {
            console.say(format_args!(
                "{} not due yet, as {} not known: kept in {}, to be imported when it is",
                count(retried, "line"),
                if retried == 1 { "its account is" } else { "their accounts are" },
                files.retry.display(),
            ));
        }
        Ok(Outcome::of(quarantined == 0 && retried == 0))
    }
}

fn message(line: &Line, sent_at: Timestamp) -> Message {
    Message { id: line.number.to_string(), sent_at, body: line.text.clone() }
}
