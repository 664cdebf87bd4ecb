//! The command line.

use std::path::PathBuf;

use clap::Parser;
use types::Timestamp;

use crate::FunctionsUrl;

const LONG_ABOUT: &str = "\
The recall programme on this machine: the API with its functions' own handlers, an embedded
DynamoDB, an issuer of access tokens, the nightly job, and a clock that can be set. All in one
process, and nothing else to install.";

const AFTER_HELP: &str = "\
Examples:
  cargo run                                    the sample programme, at http://127.0.0.1:8080
  cargo run -- --empty --data-dir /tmp/mine    nothing in it yet
  cargo run -- --clock 2026-11-22T12:00:00Z    with the clock at that noon
  cargo run -- --functions http://127.0.0.1:9000
                                               with the functions of `cargo lambda watch`

Routes that exist in the sandbox alone:
  POST /sandbox/token {\"uid\"}       an access token of that user
  POST /sandbox/events [...]        CloudEvents, as the exchange queues them
  POST /sandbox/rollup {\"day\"}      the nightly job for that day
  GET, PUT /sandbox/clock {\"now\"}   the clock; null resets it to real time
  GET /sandbox/users                the personas of the sample programme

RUST_LOG=info shows a line for each request.";

/// The command line's options.
#[derive(Debug, Clone, Parser)]
#[command(name = "sandbox", version, about = "The recall programme on this machine")]
#[command(long_about = LONG_ABOUT, after_help = AFTER_HELP)]
pub struct Options {
    /// Port of the page and the API; DynamoDB listens on the next one. 0 takes two free ones
    #[arg(long, value_name = "PORT", default_value_t = Self::default().port)]
    #[arg(value_parser = clap::value_parser!(u16).range(..=65534))]
    pub port: u16,

    /// Directory that keeps the data and keys; made if it is missing
    #[arg(long, value_name = "DIR", default_value_os_t = Self::default().data_dir)]
    pub data_dir: PathBuf,

    /// Start without the sample programme
    #[arg(long)]
    pub empty: bool,

    /// Neither build nor serve the affiliate page; / is then a plain page with links
    #[arg(long)]
    pub no_page: bool,

    /// Set the clock to this time, at which it stays until it is set again [default: real time]
    #[arg(long, value_name = "TIME")]
    pub clock: Option<Timestamp>,

    /// Invoke functions through this endpoint, as of `cargo lambda watch`
    #[arg(long, value_name = "URL")]
    pub functions: Option<FunctionsUrl>,

    /// Say nothing on standard output, for tests.
    #[arg(skip)]
    pub quiet: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            port: 8080,
            data_dir: PathBuf::from(".sandbox"),
            empty: false,
            no_page: false,
            clock: None,
            functions: None,
            quiet: false,
        }
    }
}
