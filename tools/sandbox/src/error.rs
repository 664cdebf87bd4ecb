//! Errors at the sandbox's start, each with a remedy in one sentence.

use std::error::Error;
use std::io;
use std::path::PathBuf;

/// An error of another crate, or a sentence.
type Cause = Box<dyn Error + Send + Sync>;

/// Why the sandbox does not start, or stops.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data directory cannot be made, read or written.
    #[error("the data directory {path} cannot be used; choose another with --data-dir")]
    DataDir {
        /// The directory.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// Another sandbox runs on the same data.
    #[error(
        "another sandbox is running on the data directory {0}; stop it, or choose another \
         directory with --data-dir"
    )]
    InUse(PathBuf),
    /// A file in the data directory is not as the sandbox wrote it.
    #[error("the data file {path} is damaged ({why}); delete {} to start again", .path.parent().unwrap_or(.path).display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// How that shows.
        why: String,
    },
    /// Another program listens there.
    #[error("port {port} ({purpose}) is taken by another program; choose another with --port")]
    PortTaken {
        /// The port.
        port: u16,
        /// Its purpose.
        purpose: &'static str,
    },
    /// The system does not let us listen there.
    #[error("port {port} ({purpose}) cannot be opened; choose another with --port")]
    Port {
        /// The port.
        port: u16,
        /// Its purpose.
        purpose: &'static str,
        /// The system's error.
        source: io::Error,
    },
    /// `template.yaml` or `programme.toml`, as built in, is no such thing.
    #[error("this build is broken")]
    Build(#[source] Cause),
    /// The sample programme met something unexpected.
    #[error("the sample programme could not be loaded")]
    Sample(#[source] Cause),
    /// A server ended by itself.
    #[error("a server failed")]
    Server(#[source] Cause),
}
