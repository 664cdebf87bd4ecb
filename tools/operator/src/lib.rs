//! The operator's tool: books days again, verifies, explains and archives them, stops and starts
//! parts of the programme, replays quarantined events, imports files, and rebuilds a damaged head of
//! the ledger.
//!
//! It uses the functions' steps on their table, so that it can do nothing that they could not. Each
//! command is a function of an [`App`], its options, and a [`Console`]; a command that writes asks
//! for confirmation there.

mod archive;
mod console;
mod evaluate;
mod explain;
mod failure;
mod format;
mod import;
mod options;
mod parked;
mod quarantine;
mod range;
mod rebuild_head;
mod rollup;
mod switches;
mod table_target;
mod velocity;
mod verify;

pub use archive::{ArchivePlace, OpenArchive, S3Archive};
pub use console::Console;
pub use failure::{Failure, Outcome};
pub use options::{
    ArchiveOption, Change, Command, Options, ParkedCommand, QuarantineCommand, SwitchCommand,
};
pub use range::Days;
pub use table_target::{AwsOptions, TableTarget};

use lambda::App;
use storage::SwitchAction;

use crate::archive::OperatorArchive;

/// Runs the command of the command line, on the table that it and the environment name.
///
/// # Errors
/// [`Failure`], which has the exit code.
pub async fn run(options: Options, console: &mut Console<'_>) -> Result<Outcome, Failure> {
    let mut target = TableTarget::new(&options);
    let app = target.open().await?;
    execute(&app, &target.to_string(), target.aws(), options.command, console).await
}

/// Runs one command. `target` names the table when the operator is asked; `aws` reaches an archive
/// in S3.
///
/// # Errors
/// [`Failure`], which has the exit code.
pub async fn execute(
    app: &App,
    target: &str,
    aws: &AwsOptions,
    command: Command,
    console: &mut Console<'_>,
) -> Result<Outcome, Failure> {
    match command {
        Command::Rollup { days, night } => rollup::rollup(app, target, days, night, console).await,
        Command::Evaluate { quarter } => evaluate::evaluate(app, target, quarter, console).await,
        Command::Verify { days, archive } => {
            let archive = OperatorArchive::open(app, archive.archive, aws).await;
            verify::verify(app, &archive, days, console).await
        }
        Command::Explain { invitee, day, line, json, archive } => {
            let archive = OperatorArchive::open(app, archive.archive, aws).await;
            explain::explain(app, &archive, &invitee, day, line.as_deref(), json, console).await
        }
        Command::Archive { days, to, delete } => {
            let to = OpenArchive::open(to, aws).await;
            archive::archive(app, target, days, &to, delete, console).await
        }
        Command::Restore { day, from } => {
            let from = OpenArchive::open(from, aws).await;
            archive::restore(app, target, day, &from, console).await
        }
        Command::Velocity { days, csv } => velocity::velocity(app, days, csv, console).await,
        Command::Quarantine(command) => quarantine::quarantine(app, target, command, console).await,
        Command::Parked(command) => parked::parked(app, target, command, console).await,
        Command::RebuildHead { since } => rebuild_head::rebuild(app, target, since, console).await,
        Command::Stop(command) => {
            switches::change(app, target, SwitchAction::Stop, command, console).await
        }
        Command::Start(command) => {
            switches::change(app, target, SwitchAction::Start, command, console).await
        }
        Command::Switches => switches::list(app, console).await,
        Command::Import { file } => import::import(app, target, &file, console).await,
    }
}
