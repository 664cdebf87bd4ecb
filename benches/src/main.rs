//! Benchmarks, one case in each process, so that each has its own peak memory.
//!
//! `benches/run.py` runs all of them and prints the tables of a report in docs/reports. A
//! case prints one line of JSON.

mod ask;
mod backlog;
mod cost;
mod day;
mod engine;
mod ingest_events;
mod million;
mod per_item;
mod reader;
mod viral;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use fold_bench::{made, measure};

use fold_bench::Failure;

#[derive(Parser)]
#[command(about = "One case of the benchmarks; `benches/run.py` runs them all")]
struct Arguments {
    #[command(subcommand)]
    case: Case,
}

#[derive(Subcommand)]
enum Case {
    /// Fees in chunks, written and read through the SDK and the embedded engine.
    Chunked {
        /// Number of fees.
        fees: u64,
        /// Count the capacity that DynamoDB would charge; counting adds to the time.
        #[arg(long)]
        capacity: bool,
    },
    /// The alternative: one item per fee, written and read by the plain SDK and `serde_dynamo`.
    PerItem {
        /// Number of fees.
        fees: u64,
        /// Count the capacity that DynamoDB would charge; counting adds to the time.
        #[arg(long)]
        capacity: bool,
    },
    /// A whole day, booked by the night's steps over the embedded engine.
    Day {
        /// Number of fees.
        fees: u64,
        /// Book the day after it too, with fees of the same payers, and measure that one.
        #[arg(long)]
        second: bool,
        /// Count the capacity that DynamoDB would charge; counting adds to the time.
        #[arg(long)]
        capacity: bool,
        /// Path of the table [default: in memory].
        #[arg(long)]
        file: Option<PathBuf>,
    },
    /// A day of a single affiliate whose invitees all trade, and the reads of its dashboard.
    Affiliate {
        /// Number of active invitees.
        invitees: u64,
    },
    /// Dormant users open one link and bind.
    Viral {
        /// Number of users.
        users: u64,
        /// Arrivals per second [default: as many as can be answered].
        #[arg(long)]
        a_second: Option<u32>,
        /// Count the capacity that DynamoDB would charge; counting adds to the time.
        #[arg(long)]
        capacity: bool,
    },
    /// A queue full of fees, some of them redelivered, and the following night.
    Backlog {
        /// Number of fees.
        fees: u64,
        /// Path of the table.
        #[arg(long)]
        file: PathBuf,
    },
    /// An affiliate with many invitees, some active on one day, and requests for its dashboard.
    Million {
        /// Number of invitees.
        invitees: u64,
        /// Number of invitees that trade, five times each.
        #[arg(long)]
        active: u64,
        /// Path of the table.
        #[arg(long)]
        file: PathBuf,
    },
    /// Counts calls, capacity and bytes for the cost model.
    Cost,
    /// Fee events through the readers of events, in turn, without the table.
    Read {
        /// Number of fees.
        fees: u64,
        /// Number of runs of each reader; the medians are printed.
        #[arg(long, default_value_t = 5)]
        runs: u64,
    },
    /// Events through `ingest` into the embedded engine, ten thousand a batch.
    Ingest {
        /// Number of fees.
        fees: u64,
        /// Count the capacity that DynamoDB would charge; counting adds to the time.
        #[arg(long)]
        capacity: bool,
    },
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let done = match Arguments::parse().case {
        Case::Chunked { fees, capacity } => per_item::chunked(fees, capacity).await,
        Case::PerItem { fees, capacity } => per_item::per_item(fees, capacity).await,
        Case::Day { fees, second, capacity, file } => {
            day::run(fees, second, capacity, file.as_deref()).await
        }
        Case::Affiliate { invitees } => day::affiliate(invitees).await,
        Case::Viral { users, a_second, capacity } => viral::run(users, a_second, capacity).await,
        Case::Backlog { fees, file } => backlog::run(fees, &file).await,
        Case::Million { invitees, active, file } => million::run(invitees, active, &file).await,
        Case::Cost => cost::run().await,
        Case::Read { fees, runs } => reader::run(fees, runs).await,
        Case::Ingest { fees, capacity } => ingest_events::run(fees, capacity).await,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            let mut source = error.source();
            while let Some(error) = source {
                eprintln!("because: {error}");
                source = error.source();
            }
            ExitCode::FAILURE
        }
    }
}
