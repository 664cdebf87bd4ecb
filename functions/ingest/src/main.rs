//! The Lambda function `ingest`: receives a batch of the queue, and returns the messages that must
//! be redelivered.

use ingestion::Signatures;
use lambda::Deadline;
use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use types::{Timestamp, error_chain};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda::StartupFailure> {
    let app = lambda::start_worker().await?;
    let (signatures, keys) = Signatures::from_environment().await?;
    // The runtime writes the error to the log as the invocation ends with it.
    let ingest = async |event: LambdaEvent<_>| {
        let cut_off = i64::try_from(event.context.deadline).ok().and_then(Timestamp::from_millis);
        let deadline = Deadline::of_invocation(cut_off, app.clock.now());
        if let Some(keys) = &keys {
            keys.refresh(app.clock.now()).await;
        }
        let handled = ingestion::handle_signed(&app, &signatures, event.payload, deadline).await;
        handled.map_err(|error| Diagnostic {
            error_type: error.name().to_owned(),
            error_message: error_chain(&error),
        })
    };
    Ok(lambda_runtime::run(service_fn(ingest)).await?)
}
