//! The released functions: their build, their limits, and their run on the local AWS.

use std::path::PathBuf;

use crate::checks::LOCAL_AWS;
use crate::process::{Failure, cargo, command, heading, python, run, target};

/// Functions that users wait for: code is loaded before a function's first request.
const SMALL: u64 = 6_000_000;
/// Functions without waiting users.
const LARGE: u64 = 12_000_000;
/// Each function with its limit in bytes.
const FUNCTIONS: [(&str, u64); 6] = [
    ("get-link", SMALL),
    ("bind", SMALL),
    ("dashboard", SMALL),
    ("publish-events", SMALL),
    ("ingest", LARGE),
    ("daily-commission", LARGE),
];
/// Builds the released functions, checks them, and tests them on the local AWS.
pub fn deployed() -> Result<(), Failure> {
    heading("Released functions");
    build()?;
    check()?;
    heading("Deployed to the local AWS");
    run_deployed(&[])
}

/// Builds the released functions, and the operator's tool, which the deployed run also uses.
pub fn build() -> Result<(), Failure> {
    let packages = FUNCTIONS.iter().flat_map(|(function, _)| ["-p", function]);
    run(&mut cargo(["build", "--release", "--locked"].into_iter().chain(packages)))?;
    // With the features of the whole workspace, the libraries of the tests' build serve.
    run(&mut cargo(["build", "--locked", "--workspace", "--bin", "operator"]))
}

/// Runs tests/deployed with the released functions.
pub fn run_deployed(arguments: &[&str]) -> Result<(), Failure> {
    let mut tests = command(python(LOCAL_AWS)?, ["tests/deployed/run.py", "--binaries"]);
    tests.arg(released()).arg("--operator").arg(target().join("debug/operator")).args(arguments);
    run(&mut tests)
}

fn released() -> PathBuf {
    target().join("release")
}

/// Checks that no function exceeds its limit.
fn check() -> Result<(), Failure> {
    FUNCTIONS.iter().try_for_each(|(function, limit)| {
        let path = released().join(function);
        let size = std::fs::metadata(&path).map_err(|source| Failure::File { path, source })?.len();
        println!("{function}: {size} bytes of at most {limit}");
        problem(size, *limit)
            .map_or(Ok(()), |problem| Err(Failure::Function(format!("{function}: {problem}"))))
    })
}

/// Returns the problem of a function that is too large.
fn problem(size: u64, limit: u64) -> Option<String> {
    (size > limit).then(|| format!("{size} bytes, more than its limit of {limit}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn function_at_its_limit_is_accepted() {
        assert_eq!(problem(20, 20), None);
    }

    #[test]
    fn function_above_its_limit_is_refused() {
        assert_eq!(problem(21, 20).unwrap(), "21 bytes, more than its limit of 20");
    }
}
