//! What the benchmarks share: days made from a seed, measurements, and the fold of one worker.

pub mod fold;
pub mod made;
pub mod measure;

/// Why a case could not be run.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;
