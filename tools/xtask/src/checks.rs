//! Tasks that start one or a few programs.

use std::process::Command;

use crate::process::{
    Failure, cargo, command, environment, heading, python, run, run_tests, target,
};
use crate::{fold, functions};

/// Seeds of the simulation by default.
pub const SEEDS: u64 = 1000;
/// Inputs for each decoder by default.
pub const INPUTS: u64 = 10_000;
/// Seconds for each fuzz target by default.
pub const FUZZ_SECONDS: u64 = 30;
/// Requirements of everything that uses the local AWS.
pub const LOCAL_AWS: &str = "tests/deployed/requirements.txt";
/// The tools that the toolchain lacks.
const TOOLS: &str = ".ci/tools.txt";
/// The builder that SAM starts.
const CARGO_LAMBDA: &str = ".ci/cargo-lambda.txt";
/// The test of the simulation that reads `SEEDS`.
pub const SIMULATION: &str = "invariants_hold_under_faults";
/// The tests that read `INPUTS`.
const MALFORMED_INPUT: &str = "malformed_input";
/// The test that reads `KILLS`.
const CRASH: &str = "killed_processes_change_no_result";

/// The test that reads `DUCKDB_PYTHON`.
const ARCHIVE: &str = "archive_is_proved_by_duckdb";

/// Runs the simulation on the seeds from 0, optimised, with debug assertions and overflow checks: so
/// many trials repay the longer build.
pub fn simulation(seeds: u64) -> Result<(), Failure> {
    heading(&format!("Simulation, {seeds} seeds"));
    let mut simulation = lib_tests(SIMULATION);
    simulation.env("CARGO_PROFILE_DEV_OPT_LEVEL", "1").env("SEEDS", seeds.to_string());
    run_tests(&mut simulation)
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

/// Proves an archive with DuckDB, from its files alone.
pub fn archive() -> Result<(), Failure> {
    heading("An archive proved by DuckDB");
    let arguments = ["test", "--workspace", "--test", "operator", "--locked", "--", "--ignored"];
    run_tests(cargo(arguments).arg(ARCHIVE).env("DUCKDB_PYTHON", python(fold::DUCKDB)?))
}

/// Runs all benchmarks.
pub fn bench() -> Result<(), Failure> {
    for script in ["benches/run.py", "benches/load.py", "benches/cold-start/run.py"] {
        heading(&format!("Benchmarks: {script}"));
        run(&mut command("python3", [script]))?;
    }
    Ok(())
}

/// Runs every judge of the templates.
pub fn judges() -> Result<(), Failure> {
    heading("Judges of the templates");
    run(&mut command("python3", [".ci/judges/run.py"]))
}

/// Builds one function by `sam build`, as a deployment builds all of them.
pub fn sam_build() -> Result<(), Failure> {
    heading("The function PublishEvents by sam build");
    let tools = environment(TOOLS)?;
    let lambda = environment(CARGO_LAMBDA)?;
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let paths = [lambda].into_iter().chain(std::env::split_paths(&paths));
    let paths =
        std::env::join_paths(paths).map_err(|error| Failure::Function(error.to_string()))?;
    let built = target().join("sam-build");
    let mut build = command(tools.join("sam"), ["build", "PublishEvents", "--build-dir"]);
    run(build.arg(&built).env("PATH", paths).env("SAM_CLI_TELEMETRY", "0"))?;
    let code = built.join("PublishEvents/bootstrap");
    match code.is_file() {
        true => Ok(()),
        false => Err(Failure::Function(format!("{}: expected the function", code.display()))),
    }
}

/// Builds the release artifacts.
pub fn release() -> Result<(), Failure> {
    heading("Release artifacts");
    run(&mut command("bash", [".ci/release"]))
}
