//! The problems of a policy, collected while it is read.

use std::cell::RefCell;
use std::fmt;

/// One mistake in a policy.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The line, from 1.
    pub line: usize,
    /// The path of the key, with entries counted from 0: `commission.spot[1].tiers[2].rate`.
    /// Empty where the text is no TOML.
    pub key: String,
    /// The mistake, as `is 1.5`.
    pub wrong: String,
    /// The expected form, as `a rate from 0 to 1`.
    pub right: String,
}

/// The problem without its line, so that a caller can put a file's name before it.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.key.is_empty() {
            write!(f, "{} ", self.key)?;
        }
        write!(f, "{}; expected {}", self.wrong, self.right)
    }
}

/// Every problem of a policy, in the order of its lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyErrors(Vec<Problem>);

impl PolicyErrors {
    /// The problems, by line.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.0
    }
}

impl std::error::Error for PolicyErrors {}

impl fmt::Display for PolicyErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the programme's policy cannot be used")?;
        self.0.iter().try_for_each(|problem| write!(f, "\nline {}: {problem}", problem.line))
    }
}

/// The problems found so far in one text.
pub(crate) struct Problems<'t> {
    text: &'t str,
    found: RefCell<Vec<Problem>>,
}

impl<'t> Problems<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        Self { text, found: RefCell::default() }
    }

    /// Notes a problem of `key`, at the byte `offset` of the text.
    pub(crate) fn note(&self, offset: usize, key: &str, wrong: &str, right: &str) {
        let before = self.text.bytes().take(offset);
        let line = 1 + before.filter(|byte| *byte == b'\n').count();
        let (key, wrong, right) = (key.to_owned(), wrong.to_owned(), right.to_owned());
        self.found.borrow_mut().push(Problem { line, key, wrong, right });
    }

    /// Notes why the text is not TOML; the parser's message has the expected form.
    pub(crate) fn not_toml(&self, error: &toml::de::Error) {
        let offset = error.span().map_or(self.text.len(), |span| span.start);
        let (wrong, right) =
            error.message().rsplit_once(", expected ").unwrap_or((error.message(), "valid TOML"));
        self.note(offset, "", &format!("no TOML: {wrong}"), right);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.found.borrow().is_empty()
    }

    /// Takes the problems out, in the order of the lines.
    pub(crate) fn errors(&self) -> PolicyErrors {
        let mut found = self.found.take();
        found.sort();
        PolicyErrors(found)
    }
}
