//! Records the calls of each function.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use dynamodb_embedded::Observer;

use super::asked::{Asked, questions};

/// All questions to IAM, by function.
#[derive(Debug, Clone, Default)]
pub struct Record(Arc<Mutex<BTreeMap<&'static str, BTreeSet<Asked>>>>);

/// Records the calls of one function.
#[derive(Debug)]
struct Recorder {
    function: &'static str,
    record: Record,
}

impl Record {
    /// Returns the observer of a function's calls.
    pub fn observer(&self, function: &'static str) -> Arc<dyn Observer> {
        Arc::new(Recorder { function, record: self.clone() })
    }

    /// Returns the questions of a function.
    pub fn of(&self, function: &str) -> BTreeSet<Asked> {
        self.0.lock().unwrap().get(function).cloned().unwrap_or_default()
    }
}

impl Observer for Recorder {
    fn observe(&self, operation: &str, body: &[u8]) {
        let asked = questions(operation, body);
        self.record.0.lock().unwrap().entry(self.function).or_default().extend(asked);
    }
}
