//! Tasks that start one or a few programs.

use std::process::Command;

use crate::functions;
use crate::process::{Failure, cargo, command, heading, python, run, run_tests};

/// Seeds of the simulation by default.
pub const SEEDS: u64 = 1000;
/// Inputs for each decoder by default.
pub const INPUTS: u64 = 10_000;
/// Seconds for each fuzz target by default.
pub const FUZZ_SECONDS: u64 = 30;
/// Requirements of everything that uses the local AWS.
pub const LOCAL_AWS: &str = "tests/deployed/requirements.txt";
/// The test of the simulation that reads `SEEDS`.
pub const SIMULATION: &str = "invariants_hold_under_faults";
/// The tests that read `INPUTS`.
const MALFORMED_INPUT: &str = "malformed_input";
/// The test that reads `KILLS`.
const CRASH: &str = "killed_processes_change_no_result";

/// Runs the simulation on the seeds from 0.
pub fn simulation(seeds: u64) -> Result<(), Failure> {
    heading(&format!("Simulation, {seeds} seeds"));
    run_tests(lib_tests(SIMULATION).env("SEEDS", seeds.to_string()))
}

/// Feeds mutated examples to every decoder.
pub fn malformed_input(inputs: u64) -> Result<(), Failure> {
    heading(&format!("Malformed input, {inputs} inputs for each decoder"));
    run_tests(lib_tests(MALFORMED_INPUT).env("INPUTS", inputs.to_string()))
}

/// Creates the command of the library tests that match a filter.
///
/// It builds the tests of the whole workspace: for one package alone cargo would select other
/// features and build the dependencies again.
fn lib_tests(filter: &str) -> Command {
    cargo(["test", "--workspace", "--lib", "--locked", "--", "--nocapture", filter])
}

/// Fuzzes every decoder.
pub fn fuzz(seconds: u64) -> Result<(), Failure> {
    heading(&format!("Fuzzing, {seconds} s for each target"));
    run(&mut command("python3", ["tests/fuzz/run.py", "--seconds", &seconds.to_string()]))
}

/// Kills processes at every call.
pub fn crash() -> Result<(), Failure> {
    heading("Processes killed at every call to the table");
    run_tests(lib_tests(CRASH).env("KILLS", "all"))?;
    heading("Processes killed on the local AWS");
    functions::build()?;
    functions::run_deployed(&["--only", "kills"])
}

/// Runs the storage and end-to-end tests on the DynamoDB of the local AWS.
pub fn other_engine() -> Result<(), Failure> {
    heading("Storage and end-to-end tests on the DynamoDB of the local AWS");
    run(&mut command(python(LOCAL_AWS)?, ["tests/deployed/another_engine.py"]))
}

/// Runs all benchmarks.
pub fn bench() -> Result<(), Failure> {
    for script in ["benches/run.py", "benches/load.py", "benches/cold-start/run.py"] {
        heading(&format!("Benchmarks: {script}"));
        run(&mut command("python3", [script]))?;
    }
    Ok(())
}

/// Builds the release artifacts.
pub fn release() -> Result<(), Failure> {
    heading("Release artifacts");
    run(&mut command("bash", [".ci/release"]))
}
