//! Benchmarks, one case a process, so that each has its own peak of memory: `benches/run.py` runs
//! them all and prints the tables of docs/explanation/performance.md. A case prints one
//! line of JSON.

mod ask;
mod backlog;
mod day;
mod engine;
mod ingest_events;
mod million;
mod per_item;
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
    /// Fees kept in chunks, and read, through the SDK and the embedded engine.
    Chunked {
        /// How many fees.
        fees: u64,
        /// Count the capacity that DynamoDB would charge, which takes time of its own.
        #[arg(long)]
        capacity: bool,
    },
    /// The alternative: one item per fee, written and read by the plain SDK and `serde_dynamo`.
    PerItem {
        /// How many fees.
        fees: u64,
        /// Count the capacity that DynamoDB would charge, which takes time of its own.
        #[arg(long)]
        capacity: bool,
    },
    /// A whole day, rolled up in one invocation over the embedded engine.
    Day {
        /// How many fees.
        fees: u64,
    },
    /// A day of one affiliate alone, whose invitees all trade, and what he then reads.
    Affiliate {
        /// How many active invitees.
        invitees: u64,
    },
    /// Dormant users who open one link and bind.
    Viral {
        /// How many users.
        users: u64,
        /// How many come in a second; as many as can be answered, if not said.
        #[arg(long)]
        a_second: Option<u32>,
        /// Count the capacity that DynamoDB would charge, which takes time of its own.
        #[arg(long)]
        capacity: bool,
    },
    /// A queue full of fees, some of which come twice, and the night after it.
    Backlog {
        /// How many fees.
        fees: u64,
        /// Where the table is to be.
        #[arg(long)]
        file: PathBuf,
    },
    /// An affiliate with many invitees, of whom some trade on one day, and his dashboard.
    Million {
        /// How many invitees.
        invitees: u64,
        /// How many of them trade, five times each.
        #[arg(long)]
        active: u64,
        /// Where the table is to be.
        #[arg(long)]
        file: PathBuf,
    },
    /// Events through `ingest` into the embedded engine, ten thousand a batch.
    Ingest {
        /// How many fees.
        fees: u64,
        /// Count the capacity that DynamoDB would charge, which takes time of its own.
        #[arg(long)]
        capacity: bool,
    },
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let done = match Arguments::parse().case {
        Case::Chunked { fees, capacity } => per_item::chunked(fees, capacity).await,
        Case::PerItem { fees, capacity } => per_item::per_item(fees, capacity).await,
        Case::Day { fees } => day::run(fees).await,
        Case::Affiliate { invitees } => day::affiliate(invitees).await,
        Case::Viral { users, a_second, capacity } => viral::run(users, a_second, capacity).await,
        Case::Backlog { fees, file } => backlog::run(fees, &file).await,
        Case::Million { invitees, active, file } => million::run(invitees, active, &file).await,
        Case::Ingest { fees, capacity } => ingest_events::run(fees, capacity).await,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
