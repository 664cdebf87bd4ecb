//! The Lambda function `publish-events`: receives a batch of the table's stream, and returns the
//! record that must be redelivered.

use event_bus::Bus;
use lambda::Service;
use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda::StartupFailure> {
    let app = lambda::start_worker().await?;
    let name = lambda::variable("BUS_NAME", "the name of the event bus")?;
    let bus = Bus::new(&lambda::sdk_config(Service::EventBridge)?, name);
    let publish = async |event: LambdaEvent<_>| {
        Ok::<_, Diagnostic>(outbound_events::handle(&app, &bus, event.payload).await)
    };
    Ok(lambda_runtime::run(service_fn(publish)).await?)
}
