//! Where the operator sits: results are written there, questions asked, progress shown.

use std::fmt::Display;
use std::io::{BufRead, BufReader, IsTerminal, Write, stderr, stdin, stdout};

use indicatif::{ProgressBar, ProgressStyle};

use crate::Failure;

/// Results go to one writer, questions to another, so that results can be piped away.
pub struct Console<'a> {
    results: Box<dyn Write + 'a>,
    questions: Box<dyn Write + 'a>,
    /// `None` without a terminal.
    answers: Option<Box<dyn BufRead + 'a>>,
    yes: bool,
    watched: bool,
}

impl Console<'static> {
    /// Standard output for results; questions and progress at the terminal, if there is one.
    #[must_use]
    pub fn standard(yes: bool) -> Self {
        let answers: Option<Box<dyn BufRead>> = match stdin().is_terminal() {
            // Byte by byte, so that later input is left to others.
            true => Some(Box::new(BufReader::with_capacity(1, stdin()))),
            false => None,
        };
        let (results, questions) = (Box::new(stdout()), Box::new(stderr()));
        Self { results, questions, answers, yes, watched: true }
    }
}

impl<'a> Console<'a> {
    /// A console of other writers, at which no progress is shown.
    #[must_use]
    pub fn new(
        results: impl Write + 'a,
        questions: impl Write + 'a,
        answers: Option<Box<dyn BufRead + 'a>>,
        yes: bool,
    ) -> Self {
        let (results, questions) = (Box::new(results), Box::new(questions));
        Self { results, questions, answers, yes, watched: false }
    }

    /// Prints one line of a result. A closed pipe is ignored.
    pub(crate) fn say(&mut self, line: impl Display) {
        let _ = writeln!(self.results, "{line}");
    }

    /// Text for the operator that is no result.
    pub(crate) fn note(&mut self, line: impl Display) {
        let _ = writeln!(self.questions, "{line}");
    }

    /// Announces a change, and continues only after a confirmation.
    pub(crate) fn ask(&mut self, target: &str, what: impl Display) -> Result<(), Failure> {
        if self.yes {
            return Ok(());
        }
        let Some(answers) = &mut self.answers else {
            return Err(Failure::NobodyToAsk(target.to_owned()));
        };
        let mut answer = String::new();
        let _ = write!(self.questions, "Writes to {target}:\n  {what}\nContinue? [y/N] ");
        let _ = self.questions.flush();
        let read = answers.read_line(&mut answer);
        let yes = matches!(answer.trim().to_lowercase().as_str(), "y" | "yes");
        if read.is_ok() && yes { Ok(()) } else { Err(Failure::Declined) }
    }

    /// A bar on standard error; without a terminal there, or an operator, nothing is shown.
    pub(crate) fn bar(&self, length: u64, template: &str) -> ProgressBar {
        let bar = if self.watched { ProgressBar::new(length) } else { ProgressBar::hidden() };
        let style = ProgressStyle::with_template(template);
        bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
    }
}
