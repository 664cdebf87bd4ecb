//! The nightly rollup's function: one step in, its outcome out.

use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Failure> {
    let app = runtime::start().await?;
    let step = async |event: LambdaEvent<Value>| {
        let done = daily_commission::handle(&app, &event.payload).await;
        done.map_err(|error| {
            tracing::error!(name = error.name(), %error, "a step failed");
            Diagnostic::from(error)
        })
    };
    Ok(lambda_runtime::run(service_fn(step)).await?)
}
