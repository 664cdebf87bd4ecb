//! The Lambda function `daily-commission`: runs one step of the nightly job and returns its
//! outcome.

use lambda::Deadline;
use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use serde_json::Value;
use types::Timestamp;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda::StartupFailure> {
    let app = lambda::start_worker().await?;
    let step = async |event: LambdaEvent<Value>| {
        let cut_off = i64::try_from(event.context.deadline).ok().and_then(Timestamp::from_millis);
        let deadline = Deadline::of_invocation(cut_off, app.clock.now());
        let done = nightly::handle_until(&app, &event.payload, deadline).await;
        done.map_err(Diagnostic::from)
    };
    Ok(lambda_runtime::run(service_fn(step)).await?)
}
