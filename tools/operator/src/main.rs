//! `cargo run -p operator`: the operator's tool on the command line.

use std::process::ExitCode;

use clap::Parser;
use operator::{Console, Options};
use tracing_subscriber::filter::LevelFilter;

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    log();
    let mut console = Console::standard(options.yes);
    match operator::run(options, &mut console).await {
        Ok(outcome) => ExitCode::from(outcome.code()),
        Err(failure) => {
            eprintln!("operator: {}", types::error_chain(&failure));
            ExitCode::from(failure.code())
        }
    }
}

/// Logs to standard error at ERROR, or at the level in `RUST_LOG`.
fn log() {
    let level = std::env::var("RUST_LOG").ok().and_then(|level| level.parse().ok());
    tracing_subscriber::fmt()
        .with_max_level(level.unwrap_or(LevelFilter::ERROR))
        .with_writer(std::io::stderr)
        .init();
}
