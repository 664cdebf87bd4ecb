//! Cases of the fold's benchmark, one in each process, so that each has its own peak memory.
//! `cargo xtask bench fold` runs all of them. A case prints one line of JSON.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use fold_bench::fold;

#[derive(Parser)]
#[command(about = "One case of the fold's benchmark; `cargo xtask bench fold` runs them all")]
struct Arguments {
    #[command(subcommand)]
    case: Case,
    /// Number of fees
    #[arg(long)]
    fees: u64,
    /// Directory of the generated day
    #[arg(long)]
    directory: PathBuf,
}

#[derive(Clone, Copy, Subcommand)]
enum Case {
    /// Writes a day's fees: as chunks of both engines, and as CSV
    Make,
    /// The same with UUIDs as trade ids
    MakeUuids,
    /// Reads today's chunks, folds them, proves them and makes their lines
    Current,
    /// The same with the chunks and the engine of version 0.1
    V01,
}

fn main() -> ExitCode {
    let Arguments { case, fees, directory } = Arguments::parse();
    let done = match case {
        Case::Make => fold::make(fees, &directory, false),
        Case::MakeUuids => fold::make(fees, &directory, true),
        Case::Current => fold::current(fees, &directory),
        Case::V01 => fold::v01(fees, &directory),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
