//! The steps of a trial, printed when it fails; and the coverage of all trials.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;

/// How often something was covered, by its name.
#[derive(Debug, Clone, Default)]
pub struct Reached(BTreeMap<String, u64>);

impl Reached {
    pub fn note(&mut self, what: impl Into<String>, times: u64) {
        *self.0.entry(what.into()).or_default() += times;
    }

    pub fn merge(&mut self, other: &Self) {
        other.0.iter().for_each(|(what, times)| self.note(what, *times));
    }

    /// Returns the names that were never covered.
    pub fn missing<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
        names.into_iter().filter(|name| !self.0.contains_key(*name)).collect()
    }
}

impl fmt::Display for Reached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|(what, times)| writeln!(f, "{times:>9}  {what}"))
    }
}

/// The steps of one trial.
pub struct Trace {
    seed: u64,
    steps: RefCell<Vec<String>>,
    reached: RefCell<Reached>,
}

impl Trace {
    pub fn of(seed: u64) -> Self {
        Self { seed, steps: RefCell::default(), reached: RefCell::default() }
    }

    pub fn write(&self, step: impl Into<String>) {
        self.steps.borrow_mut().push(step.into());
    }

    pub fn reach(&self, what: impl Into<String>) {
        self.reached.borrow_mut().note(what, 1);
    }

    pub fn reached(&self) -> Reached {
        self.reached.borrow().clone()
    }

    pub fn steps(&self) -> Vec<String> {
        self.steps.borrow().clone()
    }
}

/// Prints the steps if the trial fails.
pub struct PrintedOnFailure(pub Rc<Trace>);

impl Drop for PrintedOnFailure {
    fn drop(&mut self) {
        let Trace { seed, steps, .. } = &*self.0;
        if std::thread::panicking() {
            eprintln!("the steps of seed {seed}:");
            let steps = steps.borrow();
            (1..).zip(steps.iter()).for_each(|(number, step)| eprintln!("{number:5}. {step}"));
            eprintln!("again: SEED={seed} cargo test -p end-to-end simulation");
        }
    }
}
