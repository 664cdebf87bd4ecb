//! The released functions: their build, their limits, and their acceptance on the local AWS or in
//! an account.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::process::Command;

use clap::Args;

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

/// Options of the acceptance.
#[derive(Debug, Args)]
pub struct Acceptance {
    /// Run on the local AWS of this machine, as `cargo xtask deployed` does
    #[arg(long, conflicts_with_all = ["stack", "profile", "region", "keep"])]
    local: bool,
    /// Name of the throw-away stack; a stack that exists is refused
    #[arg(long, required_unless_present = "local")]
    stack: Option<String>,
    /// Profile of the AWS configuration; by default credentials are found as by the AWS CLI
    #[arg(long)]
    profile: Option<String>,
    /// Region; by default the profile's
    #[arg(long)]
    region: Option<String>,
    /// Keep the stack, for an examination by hand
    #[arg(long)]
    keep: bool,
    /// File of the report; by default target/acceptance/STACK.md
    #[arg(long)]
    report: Option<PathBuf>,
}

impl Acceptance {
    /// Returns the options of `tests/deployed/run.py`.
    fn arguments(&self) -> Vec<OsString> {
        let mut arguments = Vec::new();
        let mut option = |name: &str, value: Option<OsString>| {
            if let Some(value) = value {
                arguments.extend([name.into(), value]);
            }
        };
        option("--stack", self.stack.clone().map(Into::into));
        option("--profile", self.profile.clone().map(Into::into));
        option("--region", self.region.clone().map(Into::into));
        option("--report", self.report.clone().map(Into::into));
        if self.keep {
            arguments.push("--keep".into());
        }
        arguments
    }
}

/// Builds the released functions, checks them, and tests them on the local AWS.
pub fn deployed() -> Result<(), Failure> {
    local(&[])
}

/// Accepts the programme on the local AWS or in an account.
pub fn acceptance(options: &Acceptance) -> Result<(), Failure> {
    if options.local {
        return local(&options.arguments());
    }
    heading("Acceptance in an account");
    build_operator()?;
    run(tests()?.args(options.arguments()))
}

fn local(arguments: &[OsString]) -> Result<(), Failure> {
    heading("Released functions");
    build()?;
    check()?;
    heading("Deployed to the local AWS");
    run_deployed(arguments)
}

/// Builds the released functions, and the operator's tool, which the deployed run also uses.
pub fn build() -> Result<(), Failure> {
    let packages = FUNCTIONS.iter().flat_map(|(function, _)| ["-p", function]);
    run(&mut cargo(["build", "--release", "--locked"].into_iter().chain(packages)))?;
    build_operator()
}

fn build_operator() -> Result<(), Failure> {
    // With the features of the whole workspace, the libraries of the tests' build serve.
    run(&mut cargo(["build", "--locked", "--workspace", "--bin", "operator"]))
}

/// Runs tests/deployed with the released functions on the local AWS.
pub fn run_deployed<A: AsRef<OsStr>>(arguments: &[A]) -> Result<(), Failure> {
    run(tests()?.arg("--local").arg("--binaries").arg(released()).args(arguments))
}

/// Creates the command of tests/deployed, without its target.
fn tests() -> Result<Command, Failure> {
    let mut tests = command(python(LOCAL_AWS)?, ["tests/deployed/run.py", "--operator"]);
    tests.arg(target().join("debug/operator"));
    Ok(tests)
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
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        options: Acceptance,
    }

    fn parse(words: &[&str]) -> Result<Acceptance, clap::Error> {
        let words = ["acceptance"].iter().chain(words);
        Line::try_parse_from(words).map(|line| line.options)
    }

    #[test]
    fn acceptance_without_target_is_refused() {
        assert!(parse(&[]).is_err());
    }

    #[test]
    fn local_acceptance_with_profile_is_refused() {
        assert!(parse(&["--local", "--profile", "p"]).is_err());
    }

    #[test]
    fn acceptance_options_reach_the_program() {
        let options = parse(&["--stack", "s", "--profile", "p", "--keep", "--report", "r.md"]);
        let expected = ["--stack", "s", "--profile", "p", "--report", "r.md", "--keep"];
        assert_eq!(options.unwrap().arguments(), expected);
    }

    #[test]
    fn function_at_its_limit_is_accepted() {
        assert_eq!(problem(20, 20), None);
    }

    #[test]
    fn function_above_its_limit_is_refused() {
        assert_eq!(problem(21, 20).unwrap(), "21 bytes, more than its limit of 20");
    }
}
