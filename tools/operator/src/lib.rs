//! The operator's tool: books days again, proves them from their fees, explains them, and takes
//! in what was left aside or comes from a file.
//!
//! It works by the functions' own steps on the table that they work on, so that whatever it does
//! could have been done by them. Each command is a function of an [`App`], what was asked, and a
//! [`Console`] to write at; each that writes asks there first.

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
mod rollup;
mod steps;
mod table_target;
mod velocity;
mod verify;

pub use console::Console;
pub use failure::{Failure, Outcome};
pub use options::{Command, Options, ParkedCommand, QuarantineCommand};
pub use range::Days;
pub use table_target::TableTarget;

use lambda::App;

/// Does what the command line asks, on the table that it and the environment name.
///
/// # Errors
/// [`Failure`], with the exit code that it stands for.
pub async fn run(options: Options, desk: &mut Console<'_>) -> Result<Outcome, Failure> {
    let mut place = TableTarget::new(&options);
    let app = place.open().await?;
    execute(&app, &place.to_string(), options.command, desk).await
}

/// Does one command. `place` is how the table is called when the operator is asked.
///
/// # Errors
/// [`Failure`], with the exit code that it stands for.
pub async fn execute(
    app: &App,
    place: &str,
    command: Command,
    desk: &mut Console<'_>,
) -> Result<Outcome, Failure> {
    match command {
        Command::Rollup { days, night } => rollup::rollup(app, place, days, night, desk).await,
        Command::Evaluate { quarter } => evaluate::evaluate(app, place, quarter, desk).await,
        Command::Verify { days } => verify::verify(app, days, desk).await,
        Command::Explain { invitee, day, line, json } => {
            explain::explain(app, &invitee, day, line.as_deref(), json, desk).await
        }
        Command::Velocity { days, csv } => velocity::velocity(app, days, csv, desk).await,
        Command::Quarantine(command) => quarantine::quarantine(app, place, command, desk).await,
        Command::Parked(command) => parked::parked(app, place, command, desk).await,
        Command::Import { file } => import::import(app, place, &file, desk).await,
    }
}
