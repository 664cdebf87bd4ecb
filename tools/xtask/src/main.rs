//! The long checks, benchmarks and releases, each as one command: `cargo xtask --help`.
//!
//! `.ci/run` has the checks that every change must pass. Each command here starts a program of the
//! repository and reports its failure. The program's requirements are installed into
//! `~/.cache/recall-ci`.

mod canary;
mod checks;
mod cost;
mod fold;
mod functions;
mod ingest;
mod mutants;
mod process;
mod suite;
#[cfg(test)]
mod targets;
mod tidy;

use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use process::Failure;

/// Long checks, benchmarks and releases. Durations are of two cores without other work.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Options {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Runs the simulation on many seeds (about 0.5 s a seed)
    Simulation(Simulation),
    /// Feeds mutated examples to every decoder (some seconds per 1,000 inputs)
    MalformedInput(MalformedInput),
    /// Fuzzes every decoder with libFuzzer; needs a C++ compiler (5 min to build)
    Fuzz(Fuzz),
    /// Tests whether the tests notice small changes of the code (a day; see --help)
    ///
    /// The 790 mutants of types, eligibility, commission and policy are tested by the crate's own
    /// tests, in seconds each. The 1,490 mutants of the other packages are tested by the package's
    /// own tests and the end-to-end tests without the simulation, at a minute or more each. Reports
    /// are in target/mutants.
    Mutants(mutants::Options),
    /// Kills the functions' processes at every call to the table, locally and on the local AWS
    Crash,
    /// Runs the storage and end-to-end tests on the DynamoDB of the local AWS
    OtherEngine,
    /// Archives days and proves them with DuckDB, from the files alone (1 min)
    Archive,
    /// Runs all benchmarks and prints the tables of a report in docs/reports (an hour), or
    /// one of them
    Bench(Bench),
    /// Prints the dollars a month of four loads, from counted calls and units (1 min)
    ///
    /// Counts are of small batches and nights over the embedded engine, scaled to the load. Prices
    /// and assumptions are in tools/xtask/src/cost.
    Cost(cost::Options),
    /// Builds the release artifacts twice and compares them (15 min)
    ///
    /// Nothing may be uncommitted. The artifacts are in target/release-artifacts.
    Release,
    /// Builds the released functions, checks them, and tests them on the local AWS
    ///
    /// Fails if a function is larger than its limit.
    Deployed,
    /// Accepts the programme in a real account: deploys, tests, measures and removes a stack (an
    /// hour)
    ///
    /// Needs the SAM CLI 1.165 or newer, cargo-lambda and credentials. The report names each
    /// chapter that the account cannot do, with the reason. Everything that was created is removed
    /// at the end, also after a failure, unless --keep is given.
    AwsAcceptance(functions::Acceptance),
    /// Checks rules of style: dead files, lengths, widths, dependencies between folders, language
    Tidy,
    /// Runs every judge of the templates (1 min)
    ///
    /// cfn-lint, SAM, the checks of the state machines, checkov, cdk-nag, parliament,
    /// cloudsplaining.
    ///
    /// Fails for a finding without an exception in .ci/judges/exceptions.toml, and for an exception
    /// without a finding. Needs Node.js.
    Judges,
    /// Plays bad releases against the canary alarms of template.yaml
    CanaryDrill,
    /// Builds one function by `sam build` with cargo-lambda, as a deployment does (7 min)
    SamBuild,
    /// Runs everything above in this order, continues after a failure, and prints a summary
    Full,
}

#[derive(Debug, Args)]
struct Bench {
    #[command(subcommand)]
    only: Option<OneBench>,
}

#[derive(Debug, Subcommand)]
enum OneBench {
    /// Folds one worker's fees by today's engine, that of version 0.1, and DuckDB in turn (2 min)
    Fold(fold::Options),
    /// Reads and ingests fees over the embedded engine, whose own time is apart (1 min)
    Ingest(ingest::Options),
}

#[derive(Debug, Args)]
struct Simulation {
    /// Number of seeds, counted from 0
    #[arg(long, default_value_t = checks::SEEDS, value_parser = clap::value_parser!(u64).range(1..))]
    seeds: u64,
}

#[derive(Debug, Args)]
struct MalformedInput {
    /// Number of inputs for each decoder
    #[arg(long, default_value_t = checks::INPUTS, value_parser = clap::value_parser!(u64).range(1..))]
    inputs: u64,
}

#[derive(Debug, Args)]
struct Fuzz {
    /// Seconds for each target
    #[arg(long, default_value_t = checks::FUZZ_SECONDS, value_parser = clap::value_parser!(u64).range(1..))]
    seconds: u64,
}

impl Task {
    fn run(&self) -> Result<(), Failure> {
        match self {
            Self::Simulation(options) => checks::simulation(options.seeds),
            Self::MalformedInput(options) => checks::malformed_input(options.inputs),
            Self::Fuzz(options) => checks::fuzz(options.seconds),
            Self::Mutants(options) => mutants::run(options),
            Self::Crash => checks::crash(),
            Self::OtherEngine => checks::other_engine(),
            Self::Archive => checks::archive(),
            Self::Bench(Bench { only: None }) => checks::bench(),
            Self::Bench(Bench { only: Some(OneBench::Fold(options)) }) => fold::bench(options),
            Self::Bench(Bench { only: Some(OneBench::Ingest(options)) }) => ingest::bench(options),
            Self::Cost(options) => cost::cost(options),
            Self::Release => checks::release(),
            Self::Deployed => functions::deployed(),
            Self::AwsAcceptance(options) => functions::acceptance(options),
            Self::Tidy => tidy::run(),
            Self::Judges => checks::judges(),
            Self::CanaryDrill => canary::drill(),
            Self::SamBuild => checks::sam_build(),
            Self::Full => suite::full(),
        }
    }
}

fn main() -> ExitCode {
    match Options::parse().task.run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn command_line_is_consistent() {
        Options::command().debug_assert();
    }

    #[test]
    fn zero_seeds_are_refused() {
        assert!(Options::try_parse_from(["xtask", "simulation", "--seeds", "0"]).is_err());
    }

    #[test]
    fn simulation_has_1000_seeds_by_default() {
        let options = Options::parse_from(["xtask", "simulation"]);
        assert!(matches!(options.task, Task::Simulation(Simulation { seeds: 1000 })));
    }
}
