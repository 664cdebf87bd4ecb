//! The Lambda function `publish-events`: receives a batch of the table's stream, and returns the
//! record that must be redelivered.

use event_bus::Bus;
use lambda::{Clock, Metric, MetricSet, Service, StartError};
use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda::StartupFailure> {
    lambda::init_logging();
    let name = lambda::variable("BUS_NAME", "the name of the event bus")?;
    let bus = Bus::new(&lambda::sdk_config(Service::EventBridge)?, name);
    let programme = programme::programme().map_err(StartError::Programme)?;
    let (metrics, clock) = (lambda::metrics(), Clock::system());
    let publish = async |event: LambdaEvent<_>| {
        let answer = outbound_events::handle(&bus, &programme, event.payload).await;
        let unpublished = u64::from(!answer.batch_item_failures.is_empty());
        let measures = MetricSet::of([(Metric::BatchesUnpublished, unpublished)]);
        metrics.record(clock.now(), &measures);
        Ok::<_, Diagnostic>(answer)
    };
    Ok(lambda_runtime::run(service_fn(publish)).await?)
}
