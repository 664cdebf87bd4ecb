//! Common code of the benchmarks: days generated from a seed, measurements, one worker's fold.

pub mod fold;
pub mod made;
pub mod measure;

/// Reason why a case could not run.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;
