//! The kill switches as the night reads them: as the last command left them.

use std::sync::Arc;

use lambda::App;
use storage::{SwitchReading, Switches};
use types::Day;

use crate::{StepError, telemetry};

/// Returns the kill switches. Where they do not decode, those that this process read last hold, and
/// the failure is logged and counted.
///
/// # Errors
/// If the table fails.
pub(crate) async fn switches(app: &App) -> Result<Arc<Switches>, StepError> {
    let SwitchReading { switches, failure } = app.table.read_switches(app.clock.now()).await;
    match failure {
        Some(error) if error.is_unreadable() => telemetry::switches_unreadable(app, &error),
        Some(error) => return Err(error.into()),
        None => {}
    }
    Ok(switches)
}

/// Holds a commit while payments are stopped. A run that is committed already is published and
/// finished, since no other run can be committed before.
///
/// # Errors
/// [`StepError::PaymentsStopped`], or that of the table.
pub(crate) async fn hold(app: &App, day: Day) -> Result<(), StepError> {
    match switches(app).await?.payments {
        Some(_) => Err(StepError::PaymentsStopped(day)),
        None => Ok(()),
    }
}
