//! An event bus that records events, behind the real client.

use std::sync::{Arc, Mutex};

use aws_lambda_events::event::dynamodb::{Event, EventRecord};
use aws_sdk_dynamodb::config::{BehaviorVersion, Region};
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use aws_types::SdkConfig;
use outbound_events::handle;
use serde_json::{Value, json};

use crate::stream::Stream;
use crate::test_app::TestApp;

#[derive(Debug, Clone, Default)]
pub struct Told {
    /// Accepted events in their order of arrival.
    pub events: Arc<Mutex<Vec<Value>>>,
    /// The number of events that are still accepted; later ones are refused.
    pub room: Arc<Mutex<usize>>,
}

impl Told {
    pub fn new() -> Self {
        Self { room: Arc::new(Mutex::new(usize::MAX)), ..Self::default() }
    }

    fn take(&self, entry: &Value) -> Value {
        let mut room = self.room.lock().unwrap();
        if *room == 0 {
            return json!({ "ErrorCode": "InternalFailure" });
        }
        *room -= 1;
        let event: Value = serde_json::from_str(entry["Detail"].as_str().unwrap()).unwrap();
        assert_eq!(event["type"], entry["DetailType"]);
        assert_eq!(event["source"], entry["Source"]);
        self.events.lock().unwrap().push(event);
        json!({ "EventId": "1" })
    }

    fn bus(&self) -> event_bus::Bus {
        let connector = SharedHttpConnector::new(self.clone());
        let credentials = Credentials::new("local", "local", None, None, "a test");
        let shared = SdkConfig::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::from_static("local"))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .endpoint_url("http://bus.invalid")
            .http_client(http_client_fn(move |_, _| connector.clone()))
            .build();
        event_bus::Bus::new(&shared, "recall")
    }

    /// Passes records to the function; returns the record from which it wants a retry.
    pub async fn hand_over(&self, app: &TestApp, records: Vec<EventRecord>) -> Option<String> {
        let mut batch = Event::default();
        batch.records = records;
        let answer = handle(&app.context_of("publish-events"), &self.bus(), batch).await;
        assert!(answer.batch_item_failures.len() <= 1);
        answer.batch_item_failures.into_iter().next().map(|f| f.item_identifier.unwrap())
    }

    /// Passes the changes since the previous call; returns the types and data of the published
    /// events.
    pub async fn since(&self, app: &TestApp, stream: &mut Stream) -> Vec<Value> {
        let before = self.all().len();
        assert_eq!(self.hand_over(app, stream.batch(app)).await, None);
        self.all().split_off(before)
    }

    pub fn all(&self) -> Vec<Value> {
        self.events.lock().unwrap().clone()
    }
}

impl HttpConnector for Told {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let call: Value = serde_json::from_slice(request.body().bytes().unwrap()).unwrap();
        let results: Vec<Value> =
            call["Entries"].as_array().unwrap().iter().map(|entry| self.take(entry)).collect();
        let body = json!({ "FailedEntryCount": 0, "Entries": results }).to_string();
        let response = HttpResponse::new(200.try_into().unwrap(), SdkBody::from(body));
        HttpConnectorFuture::ready(Ok(response))
    }
}

/// The types of events, in order.
pub fn types(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["type"].as_str().unwrap()).collect()
}
