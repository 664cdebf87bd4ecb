//! Steps of the night of which a call to the table fails.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use dynamodb_embedded::{Fault, Faults};
use ingestion::{EventOutcome, Message};
use lambda::{ApiApp, Deadline, Metrics};
use nightly::{handle, handle_until};
use serde_json::{Value, json};
use storage::Table;
use tracing::Level;

use crate::privacy::Log;
use crate::reruns::{steps, traded};
use crate::test_app::{TestApp, day, event, fee};

fn with_faults(app: &TestApp, faults: Arc<dyn Faults>) -> ApiApp {
    let config = app.engine.faulty_config(faults);
    app.context.with_table(Table::new(config, app.engine.table_name()))
}

/// Fails one call.
#[derive(Debug)]
struct FailedCall {
    number: usize,
    calls: AtomicUsize,
}

impl Faults for FailedCall {
    fn next(&self, _operation: &str) -> Option<Fault> {
        let failed = self.calls.fetch_add(1, Ordering::Relaxed) == self.number;
        failed.then_some(Fault::Refused("ResourceNotFoundException"))
    }
}

/// Repeats a step until none of its calls fails; each time a later call fails. Returns the names of
/// the errors.
async fn errors(app: &TestApp, step: &Value) -> Vec<&'static str> {
    let mut errors = Vec::new();
    for number in 0.. {
        let faults = Arc::new(FailedCall { number, calls: AtomicUsize::default() });
        let done = handle(&with_faults(app, faults.clone()), step).await;
        if faults.calls.load(Ordering::Relaxed) <= number {
            break;
        }
        errors.push(done.err().map_or("none", |error| error.name()));
    }
    errors
}

/// Loses the first reply to each single write. The client then sends it again.
#[derive(Debug, Default)]
struct LostReplies(AtomicUsize);

impl Faults for LostReplies {
    fn next(&self, operation: &str) -> Option<Fault> {
        let is_first = || self.0.fetch_add(1, Ordering::Relaxed).is_multiple_of(2);
        (operation == "PutItem" && is_first()).then_some(Fault::ReplyLost)
    }
}

/// A call fails for the table's sake and not for an item's: the events are not quarantined.
#[tokio::test]
async fn failed_call_of_ingestion_fails_the_batch() {
    let app = TestApp::at("2026-11-20T12:00:00Z").await;
    for user in ["first", "second"] {
        app.registered(user, "2024-01-01T00:00:00Z").await;
    }
    app.charged(fee("t1", "first", "2026-11-20T09:00:00Z")).await;
    let message = |number: usize| {
        let time = format!("2026-11-20T10:00:{number:02}Z");
        // The first user's activity is deferred, the second's written.
        let fees = ["first", "second"]
            .map(|user| event(&format!("{user}-{number}"), "fee.charged", fee(&time, user, &time)));
        let sent_at = app.context.clock.now();
        [Message { id: "m".to_owned(), sent_at, body: json!(fees).to_string() }]
    };
    let mut failed = 0;
    for number in 0.. {
        let faults = Arc::new(FailedCall { number, calls: AtomicUsize::default() });
        let context = with_faults(&app, faults.clone());
        let ingested = ingestion::ingest(&context, &message(number)).await;
        if faults.calls.load(Ordering::Relaxed) <= number {
            assert!(ingested.unwrap().iter().all(|it| it.outcome == EventOutcome::Ingested));
            break;
        }
        assert!(ingested.is_err(), "call {number}");
        failed += 1;
    }
    assert_eq!(failed, 4, "a read, an account, a chunk, a marker");
    assert!(app.context.table.quarantined(day("2026-11-20")).await.unwrap().is_empty());
}

#[tokio::test]
async fn finish_after_a_lost_reply_is_done() {
    let app = traded().await;
    steps(&app, 66).await;
    let finish = json!({ "step": "finish", "seq": 1 });
    let finished = handle(&with_faults(&app, Arc::<LostReplies>::default()), &finish).await;
    assert_eq!(finished.unwrap(), json!({ "visible": 1, "closedThrough": "2026-11-20" }));
}

#[tokio::test]
async fn failed_read_is_no_difference() {
    let app = traded().await;
    app.night("2026-11-20").await;
    let part = storage::bucket(&crate::test_app::uid("affiliate-1")) / 16;
    let reconcile = json!({ "step": "reconcile", "day": "2026-11-20", "shard": part });
    assert_eq!(errors(&app, &reconcile).await, ["Internal"; 8]);
}

#[tokio::test]
async fn check_fails_with_its_reads() {
    let app = traded().await;
    assert_eq!(errors(&app, &json!({ "step": "check" })).await, ["Internal"; 2]);
}

#[tokio::test]
async fn failed_call_of_publishing_fails_it() {
    let app = traded().await;
    steps(&app, 65).await;
    let publish = json!({ "step": "publish", "seq": 1, "range": { "part": 0, "of": 1 } });
    let errors = errors(&app, &publish).await;
    assert!(errors.len() > 5 && errors.iter().all(|name| *name == "Internal"), "{errors:?}");
}

#[tokio::test]
async fn failed_call_of_evaluation_fails_it() {
    let app = traded().await;
    app.night("2026-11-20").await;
    let evaluate = json!({ "step": "evaluate", "quarter": "2026-Q3" });
    let errors = errors(&app, &evaluate).await;
    assert!(errors.len() > 5 && errors.iter().all(|name| *name == "Internal"), "{errors:?}");
}

#[tokio::test]
async fn each_step_logs_its_outcome() {
    let log = Log::default();
    let listening = log.listen(Level::INFO);
    let mut app = traded().await;
    let (metrics, measured) = Metrics::kept();
    app.context.metrics = metrics;
    let step = async |input: Value| handle_until(&app.context, &input, Deadline::NONE).await;
    step(json!({ "step": "plan", "day": "2026-11-20" })).await.unwrap();
    step(json!({ "step": "finish", "seq": 7 })).await.unwrap_err();
    drop(listening);
    let text = log.text();
    let line = |step: &str| text.lines().find(|line| line.contains(step)).unwrap();
    let planned = line("step=\"plan\"");
    assert!(planned.contains("INFO") && planned.contains("outcome=\"done\" count=1"), "{planned}");
    let failed = line("step=\"finish\"");
    assert!(failed.contains("ERROR") && failed.contains("outcome=\"BadRequest\""), "{failed}");
    let times = measured.lines().iter().filter(|line| line.contains("StepTime")).count();
    assert_eq!(times, 2);
}
