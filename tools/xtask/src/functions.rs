//! The released functions: their build, their limits, and their run on the local AWS.

use std::path::{Path, PathBuf};

use crate::checks::LOCAL_AWS;
use crate::process::{Failure, cargo, command, heading, python, run, target};

/// Functions that users wait for: code is loaded before a function's first request.
const SMALL: u64 = 6_000_000;
/// Functions that nobody waits for.
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
/// The variable that switches the verification of the sandbox's tokens on. Its name is in a binary
/// only if that code is.
const LOCAL_ISSUER: &[u8] = b"SANDBOX_JWKS";
/// A function with that code in its debug build.
const WITH_LOCAL_ISSUER: &str = "bind";

/// Builds the released functions, checks them, and tests them on the local AWS.
pub fn deployed() -> Result<(), Failure> {
    heading("Released functions");
    build()?;
    check()?;
    heading("Deployed to the local AWS");
    run_deployed(&[])
}

/// Builds the released functions, and the programs that the deployed run uses beside them.
pub fn build() -> Result<(), Failure> {
    let packages = FUNCTIONS.iter().flat_map(|(function, _)| ["-p", function]);
    run(&mut cargo(["build", "--release", "--locked"].into_iter().chain(packages)))?;
    run(&mut cargo(["build", "--locked", "-p", "operator", "-p", WITH_LOCAL_ISSUER]))
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

/// Checks that no function exceeds its limit or contains the local issuer.
fn check() -> Result<(), Failure> {
    // Without this, a new name of the variable would make the check below pass for ever.
    let debug = target().join("debug").join(WITH_LOCAL_ISSUER);
    if !contains(&read(&debug)?, LOCAL_ISSUER) {
        let message = format!("{}: expected the local issuer in a debug build", debug.display());
        return Err(Failure::Function(message));
    }
    FUNCTIONS.iter().try_for_each(|(function, limit)| {
        let code = read(&released().join(function))?;
        let size = code.len() as u64;
        println!("{function}: {size} bytes of at most {limit}");
        problem(&code, *limit)
            .map_or(Ok(()), |problem| Err(Failure::Function(format!("{function}: {problem}"))))
    })
}

/// Returns the first problem of a released function.
fn problem(code: &[u8], limit: u64) -> Option<String> {
    if code.len() as u64 > limit {
        return Some(format!("{} bytes, more than its limit of {limit}", code.len()));
    }
    contains(code, LOCAL_ISSUER).then(|| "contains the verification of the sandbox's tokens".into())
}

fn contains(code: &[u8], text: &[u8]) -> bool {
    code.windows(text.len()).any(|window| window == text)
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|source| Failure::File { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn function_at_its_limit_is_accepted() {
        assert_eq!(problem(&[0; 20], 20), None);
    }

    #[test]
    fn function_above_its_limit_is_refused() {
        assert_eq!(problem(&[0; 21], 20).unwrap(), "21 bytes, more than its limit of 20");
    }

    #[test]
    fn function_with_local_issuer_is_refused() {
        let found = problem(b"\0\0SANDBOX_JWKS\0", 100).unwrap();
        assert_eq!(found, "contains the verification of the sandbox's tokens");
    }
}
