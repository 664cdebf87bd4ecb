//! The nightly rollup's function: one step in, its outcome out.

use daily_commission::Deadline;
use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use serde_json::Value;
use terms::Timestamp;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Failure> {
    let app = runtime::start_worker().await?;
    let step = async |event: LambdaEvent<Value>| {
        let cut_off = i64::try_from(event.context.deadline).ok().and_then(Timestamp::from_millis);
        let deadline = Deadline::of_invocation(cut_off, app.clock.now());
        let done = daily_commission::handle_until(&app, &event.payload, deadline).await;
        done.map_err(Diagnostic::from)
    };
    Ok(lambda_runtime::run(service_fn(step)).await?)
}
