//! Mutation tests with cargo-mutants.

use std::path::{Path, PathBuf};

use clap::Args;
use clap::builder::PossibleValuesParser;

use crate::checks::SIMULATION;
use crate::process::{self, Failure, cache, cargo, command, heading, output, target};

const VERSION: &str = "27.1.0";
/// Crates that their own tests cover.
const PURE: [&str; 5] = ["types", "eligibility", "fee-chunks", "commission", "policy"];
/// Packages that the end-to-end tests cover as well.
const END_TO_END: [&str; 6] =
    ["http-api", "storage", "binding", "reporting", "ingestion", "nightly"];

/// Which mutants to test.
#[derive(Debug, Default, Args)]
pub struct Options {
    /// Package to mutate; may be repeated [default: all]
    #[arg(long = "package", short, value_name = "PACKAGE", value_parser = packages())]
    packages: Vec<String>,
    /// Mutates only code that differs from this Git revision
    #[arg(long, value_name = "REVISION")]
    in_diff: Option<String>,
}

fn packages() -> PossibleValuesParser {
    PURE.into_iter().chain(END_TO_END).collect::<Vec<_>>().into()
}

/// Tests the mutants of the selected packages.
///
/// # Errors
/// If a mutant survives or times out, after all have been tested.
pub fn run(options: &Options) -> Result<(), Failure> {
    let tool = install()?;
    let diff = options.in_diff.as_deref().map(write_diff).transpose()?;
    let mut result = Ok(());
    for (name, arguments) in runs(&options.packages) {
        heading(&format!("Mutants: {name}"));
        let mut mutants = command(&tool, ["mutants", "--output"]);
        mutants.arg(folder().join(name));
        if let Some(diff) = &diff {
            mutants.arg("--in-diff").arg(diff);
        }
        result = result.and(process::run(mutants.args(arguments)));
    }
    result
}

/// Returns the runs of cargo-mutants by name, with the arguments of each.
fn runs(selected: &[String]) -> Vec<(&'static str, Vec<String>)> {
    let chosen = |group: &[&'static str]| -> Vec<&'static str> {
        let is_chosen =
            |package: &&str| selected.is_empty() || selected.iter().any(|one| one == package);
        group.iter().copied().filter(|package| is_chosen(package)).collect()
    };
    let (pure, end_to_end) = (chosen(&PURE), chosen(&END_TO_END));
    let mut runs = Vec::new();
    if !pure.is_empty() {
        runs.push(("pure", each("--package", pure)));
    }
    if !end_to_end.is_empty() {
        let tests = each("--test-package", [&end_to_end[..], &["end-to-end"]].concat());
        // The simulation would add half a minute to each mutant.
        let skip = ["--", "--", "--skip", SIMULATION].map(str::to_owned);
        runs.push(("end-to-end", [each("--package", end_to_end), tests, skip.into()].concat()));
    }
    runs
}

/// Returns the option once for each value.
fn each(option: &str, values: Vec<&str>) -> Vec<String> {
    values.into_iter().flat_map(|value| [option.to_owned(), value.to_owned()]).collect()
}

/// Returns the folder of the reports.
fn folder() -> PathBuf {
    target().join("mutants")
}

/// Installs cargo-mutants where it is missing, and returns its path.
fn install() -> Result<PathBuf, Failure> {
    let home = cache().join(format!("cargo-mutants-{VERSION}"));
    let tool = home.join("bin/cargo-mutants");
    if !tool.exists() {
        heading(&format!("Installing cargo-mutants {VERSION}"));
        let install = ["install", "--locked", "cargo-mutants", "--version", VERSION, "--root"];
        process::run(cargo(install).arg(&home))?;
    }
    Ok(tool)
}

/// Writes the difference to a revision into a file, and returns its path.
fn write_diff(revision: &str) -> Result<PathBuf, Failure> {
    let arguments = ["diff", "--no-color", "--no-ext-diff", revision, "--", "*.rs"];
    let diff = output(&mut command("git", arguments))?;
    let path = folder().join("in.diff");
    write(&path, &diff).map_err(|source| Failure::File { path: path.clone(), source })?;
    Ok(path)
}

fn write(path: &Path, diff: &str) -> std::io::Result<()> {
    std::fs::create_dir_all(folder())?;
    std::fs::write(path, format!("{diff}\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pure_crate_runs_its_own_tests_only() {
        let runs = runs(&["types".to_owned()]);
        assert_eq!(runs, [("pure", vec!["--package".to_owned(), "types".to_owned()])]);
    }

    #[test]
    fn function_runs_end_to_end_tests() {
        let [(name, arguments)] = &runs(&["binding".to_owned()])[..] else { panic!("one run") };
        let wanted = "--package binding --test-package binding --test-package end-to-end \
                      -- -- --skip invariants_hold_under_faults";
        assert_eq!((*name, arguments.join(" ").as_str()), ("end-to-end", wanted));
    }

    #[test]
    fn all_packages_are_mutated_by_default() {
        let runs = runs(&[]);
        let mutated = |(_, arguments): &(_, Vec<String>)| {
            arguments.iter().filter(|argument| *argument == "--package").count()
        };
        let counts: Vec<_> = runs.iter().map(mutated).collect();
        assert_eq!(counts, [PURE.len(), END_TO_END.len()]);
    }
}
