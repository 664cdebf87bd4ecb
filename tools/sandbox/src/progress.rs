//! Progress of the sandbox: lines, and a bar at a terminal.

use std::fmt::Display;
use std::io::{IsTerminal, Write, stdout};

use indicatif::{ProgressBar, ProgressStyle};
use types::Day;

/// Days for each line of progress without a terminal.
const DAYS_PER_LINE: u64 = 10;

/// Prints progress on standard output, unless it is quiet.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Progress {
    quiet: bool,
}

impl Progress {
    pub(crate) const fn new(quiet: bool) -> Self {
        Self { quiet }
    }

    /// Prints one line. A closed pipe is ignored.
    pub(crate) fn say(self, line: impl Display) {
        if !self.quiet {
            let _ = writeln!(stdout(), "{line}");
        }
    }

    /// Starts progress over a number of days.
    pub(crate) fn days(self, count: u64) -> Days {
        let watched = !self.quiet && stdout().is_terminal();
        let bar = if watched { ProgressBar::new(count) } else { ProgressBar::hidden() };
        let style = ProgressStyle::with_template("  {bar:40} {pos}/{len} days, {msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        Days { progress: self, bar, watched, count, done: 0 }
    }
}

/// Progress over a range of days.
pub(crate) struct Days {
    progress: Progress,
    bar: ProgressBar,
    watched: bool,
    count: u64,
    done: u64,
}

impl Days {
    /// Records a completed day.
    pub(crate) fn done(&mut self, day: Day) {
        self.done += 1;
        if self.watched {
            self.bar.set_message(day.to_string());
            self.bar.inc(1);
        } else if self.done.is_multiple_of(DAYS_PER_LINE) {
            self.progress.say(format_args!("  {}/{} days, {day}", self.done, self.count));
        }
    }

    /// Clears the bar.
    pub(crate) fn finish(self) {
        self.bar.finish_and_clear();
    }
}
