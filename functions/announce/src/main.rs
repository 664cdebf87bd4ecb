//! The announce function: a batch of the table's stream in, what has to be brought again out.

use bus::Bus;
use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use runtime::{Service, StartError};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Failure> {
    runtime::init_logging();
    let name = runtime::variable("BUS_NAME", "the name of the event bus")?;
    let bus = Bus::new(&runtime::sdk_config(Service::EventBridge)?, name);
    let programme =
        programme::programme().map_err(|error| StartError::Programme(error.to_string()))?;
    let announce = async |event: LambdaEvent<_>| {
        Ok::<_, Diagnostic>(announce::handle(&bus, &programme, event.payload).await)
    };
    Ok(lambda_runtime::run(service_fn(announce)).await?)
}
