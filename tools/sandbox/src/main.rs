//! `cargo run`: the sandbox on the command line.

use std::process::ExitCode;

use clap::Parser;
use sandbox::{Options, Sandbox, StartError};
use tracing_subscriber::filter::LevelFilter;

/// Stack of a worker thread, in bytes. Without optimisation, a night that first publishes an
/// earlier run comes close to the 2 MiB that a thread has by default.
const STACK: usize = 8 << 20;

fn main() -> ExitCode {
    log();
    let options = Options::parse();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().thread_stack_size(STACK).build();
    let message = match runtime {
        Ok(runtime) => match runtime.block_on(run(options)) {
            Ok(()) => return ExitCode::SUCCESS,
            Err(error) => types::error_chain(&error),
        },
        Err(error) => format!("no threads: {error}"),
    };
    eprintln!("sandbox: {message}");
    ExitCode::FAILURE
}

/// Runs from the start to Ctrl-C or SIGTERM, also if the signal arrives during the start.
async fn run(options: Options) -> Result<(), StartError> {
    let stopped = stopped();
    tokio::pin!(stopped);
    let mut running = tokio::select! {
        started = Sandbox::start(options) => started?,
        () = &mut stopped => return Ok(()),
    };
    tokio::select! {
        error = running.failed() => Err(error),
        () = stopped => running.stop().await,
    }
}

/// Resolves at Ctrl-C or SIGTERM.
async fn stopped() {
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        () = terminated() => {}
    }
}

#[cfg(unix)]
async fn terminated() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut signal) => {
            signal.recv().await;
        }
        // Ctrl-C still works.
        Err(_) => std::future::pending().await,
    }
}

#[cfg(not(unix))]
async fn terminated() {
    std::future::pending().await
}

/// Logs to standard error at WARN, or at the level in `RUST_LOG`.
fn log() {
    let level = std::env::var("RUST_LOG").ok().and_then(|level| level.parse().ok());
    tracing_subscriber::fmt()
        .with_max_level(level.unwrap_or(LevelFilter::WARN))
        .with_writer(std::io::stderr)
        .init();
}
