//! Starts programs in the root of the repository.

use std::ffi::OsStr;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

use serde::de::DeserializeOwned;
use thiserror::Error;

/// Reason why a task failed.
#[derive(Debug, Error)]
pub enum Failure {
    /// A program could not be started or read.
    #[error("`{command}` could not be run: {source}")]
    NotRun {
        /// The command line.
        command: String,
        /// The cause.
        source: io::Error,
    },
    /// A program ended with an error.
    #[error("`{command}` failed: {status}")]
    Failed {
        /// The command line.
        command: String,
        /// Its exit status.
        status: ExitStatus,
    },
    /// A program printed something else than the expected JSON.
    #[error("`{command}` printed unexpected JSON: {source}")]
    Output {
        /// The command line.
        command: String,
        /// The cause.
        source: serde_json::Error,
    },
    /// A filter of tests matches no test.
    #[error("`{command}` ran no test: the names in tools/xtask are out of date")]
    NoTest {
        /// The command line.
        command: String,
    },
    /// A file could not be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The output of `cargo metadata` could not be read.
    #[error("cargo metadata: {0}")]
    Metadata(serde_json::Error),
    /// A released function violates a limit.
    #[error("{0}")]
    Function(String),
    /// A million fees cost more than in the last release.
    #[error("a million fees cost more than in the last release: {0}")]
    Cost(String),
    /// Rules of style are violated.
    #[error("{0} violations of the rules of style")]
    Tidy(usize),
    /// The canary alarms do not have the expected result for a release.
    #[error("{0}")]
    Canary(String),
    /// Some tasks of the full run failed.
    #[error("failed: {}", .0.join(", "))]
    Tasks(Vec<&'static str>),
}

/// Returns the root of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Returns the directory of cargo's output.
pub fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// Returns the directory of installed tools.
pub fn cache() -> PathBuf {
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let home = || std::env::home_dir().unwrap_or_else(root).join(".cache");
    cache.unwrap_or_else(home).join("recall-ci")
}

/// Prints a heading.
pub fn heading(title: &str) {
    println!("\n=== {title}");
}

/// Creates a command that starts in the root of the repository.
pub fn command<A: AsRef<OsStr>>(
    program: impl AsRef<OsStr>,
    arguments: impl IntoIterator<Item = A>,
) -> Command {
    let mut command = Command::new(program);
    command.current_dir(root()).args(arguments);
    command
}

/// Creates a cargo command.
pub fn cargo<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = command(program, arguments);
    // `cargo run` sets them for this program. Build scripts that read them, such as ring's, would
    // run again, and everything that depends on them would be compiled again.
    for (name, _) in std::env::vars_os().filter(|(name, _)| is_of_package(name)) {
        command.env_remove(name);
    }
    command
}

/// Returns whether cargo sets the environment variable for the package that it runs.
fn is_of_package(name: &OsStr) -> bool {
    let name = name.as_encoded_bytes();
    name.starts_with(b"CARGO_PKG_") || name.starts_with(b"CARGO_MANIFEST_")
}

/// Runs a command to its end.
pub fn run(command: &mut Command) -> Result<(), Failure> {
    let status = command.status().map_err(|source| not_run(command, source))?;
    ended(command, status)
}

/// Runs a command to its end, and returns its standard output without the line break at its end.
pub fn output(command: &mut Command) -> Result<String, Failure> {
    let output = command.stderr(Stdio::inherit()).output();
    let output = output.map_err(|source| not_run(command, source))?;
    ended(command, output.status)?;
    Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned())
}

/// Runs a command, and returns the JSON that it prints.
pub fn json<T: DeserializeOwned>(command: &mut Command) -> Result<T, Failure> {
    let printed = output(command)?;
    serde_json::from_str(&printed)
        .map_err(|source| Failure::Output { command: text(command), source })
}

/// Runs `cargo test`, and fails also where the filter matches no test.
pub fn run_tests(command: &mut Command) -> Result<(), Failure> {
    let child = command.stdout(Stdio::piped()).spawn();
    let mut child = child.map_err(|source| not_run(command, source))?;
    let mut passed = 0;
    if let Some(stdout) = child.stdout.take() {
        for line in BufReader::new(stdout).lines() {
            let line = line.map_err(|source| not_run(command, source))?;
            passed += passed_tests(&line);
            println!("{line}");
        }
    }
    let status = child.wait().map_err(|source| not_run(command, source))?;
    ended(command, status)?;
    match passed {
        0 => Err(Failure::NoTest { command: text(command) }),
        _ => Ok(()),
    }
}

/// Returns the number of passed tests in a line such as `test result: ok. 3 passed; 0 failed; …`.
fn passed_tests(line: &str) -> u64 {
    let count = line.strip_prefix("test result: ok. ").and_then(|rest| rest.split(' ').next());
    count.and_then(|count| count.parse().ok()).unwrap_or(0)
}

fn not_run(command: &Command, source: io::Error) -> Failure {
    Failure::NotRun { command: text(command), source }
}

fn ended(command: &Command, status: ExitStatus) -> Result<(), Failure> {
    match status.success() {
        true => Ok(()),
        false => Err(Failure::Failed { command: text(command), status }),
    }
}

fn text(command: &Command) -> String {
    let words = [command.get_program()].into_iter().chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

/// Returns the programs of a virtual environment with the packages of a requirements file.
///
/// Creates the environment when it is missing.
pub fn environment(requirements: &str) -> Result<PathBuf, Failure> {
    let folder = output(&mut command("bash", [".ci/environment", "-r", requirements]))?;
    Ok(Path::new(&folder).join("bin"))
}

/// Returns the Python of such an environment.
pub fn python(requirements: &str) -> Result<PathBuf, Failure> {
    Ok(environment(requirements)?.join("python"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passed_tests_are_counted() {
        let line = "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 7 filtered out";
        assert_eq!(passed_tests(line), 3);
        assert_eq!(passed_tests("test invariants_hold_under_faults ... ok"), 0);
    }

    #[test]
    fn cargo_command_has_no_variable_of_this_package() {
        assert!(std::env::var_os("CARGO_PKG_NAME").is_some());
        let command = cargo(["--version"]);
        let removed: Vec<_> = command.get_envs().filter(|(_, value)| value.is_none()).collect();
        assert!(removed.iter().any(|(name, _)| *name == "CARGO_PKG_NAME"));
        assert!(removed.iter().any(|(name, _)| *name == "CARGO_MANIFEST_DIR"));
        assert!(removed.iter().all(|(name, _)| *name != "CARGO_TARGET_DIR"));
    }

    #[test]
    fn failure_names_command_and_status() {
        let failure = run(&mut command("sh", ["-c", "exit 3"])).unwrap_err();
        assert_eq!(failure.to_string(), "`sh -c exit 3` failed: exit status: 3");
    }

    #[test]
    fn missing_program_is_named() {
        let failure = run(&mut command("no-such-program", ["--all"])).unwrap_err();
        assert!(failure.to_string().starts_with("`no-such-program --all` could not be run"));
    }
}
