//! The ingest function: a batch of the queue in, the messages to bring again out.

use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Failure> {
    let app = runtime::start_worker().await?;
    // The runtime writes the error to the log as the invocation ends with it.
    let take_in = async |event: LambdaEvent<_>| {
        ingest::handle(&app, event.payload).await.map_err(|error| Diagnostic {
            error_type: error.name().to_owned(),
            error_message: error.to_string(),
        })
    };
    Ok(lambda_runtime::run(service_fn(take_in)).await?)
}
