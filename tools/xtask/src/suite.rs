//! All tasks, one after the other.

use std::time::Instant;

use crate::process::{Failure, heading};
use crate::{canary, checks, cost, functions, mutants, tidy};

/// A task by its name on the command line.
type Task = (&'static str, fn() -> Result<(), Failure>);

/// The tasks in the order of the command's help.
const TASKS: [Task; 15] = [
    ("simulation", || checks::simulation(checks::SEEDS)),
    ("malformed-input", || checks::malformed_input(checks::INPUTS)),
    ("fuzz", || checks::fuzz(checks::FUZZ_SECONDS)),
    ("mutants", || mutants::run(&mutants::Options::default())),
    ("crash", checks::crash),
    ("other-engine", checks::other_engine),
    ("archive", checks::archive),
    ("bench", checks::bench),
    ("cost", cost::checked),
    ("release", checks::release),
    ("deployed", functions::deployed),
    ("tidy", tidy::run),
    ("judges", checks::judges),
    ("canary-drill", canary::drill),
    ("sam-build", checks::sam_build),
];

/// Runs all tasks with their default options, and continues after a failure.
///
/// # Errors
/// If a task failed, after all have run.
pub fn full() -> Result<(), Failure> {
    let begin = Instant::now();
    let (mut failed, mut summary) = (Vec::new(), Vec::new());
    for (name, task) in TASKS {
        let begin = Instant::now();
        let outcome = match task() {
            Ok(()) => "passed".to_owned(),
            Err(failure) => {
                failed.push(name);
                failure.to_string()
            }
        };
        println!("\n{name}: {outcome}");
        summary.push(format!("{name:16}{:>6} s  {outcome}", begin.elapsed().as_secs()));
    }
    heading(&format!("Summary after {} min", begin.elapsed().as_secs() / 60));
    println!("{}", summary.join("\n"));
    if failed.is_empty() { Ok(()) } else { Err(Failure::Tasks(failed)) }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn full_runs_every_other_task() {
        let command = crate::Options::command();
        let commands = command.get_subcommands().map(clap::Command::get_name);
        // It needs an account; `deployed` runs the same program without one.
        let commands: Vec<_> = commands.filter(|name| *name != "aws-acceptance").collect();
        let tasks: Vec<_> = TASKS.iter().map(|(name, _)| *name).chain(["full"]).collect();
        assert_eq!(tasks, commands);
    }
}
