//! The bus through its real client, with the service's answers made here.

use std::sync::{Arc, Mutex};

use aws_sdk_eventbridge::config::{BehaviorVersion, Region};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use serde_json::{Value, json};

use super::*;

/// Takes calls down, and refuses the entry at one place among all, or every call.
#[derive(Debug, Clone, Default)]
struct Service {
    refused: Option<usize>,
    invalid: bool,
    calls: Arc<Mutex<Vec<Value>>>,
}

impl Service {
    fn bus(&self) -> Bus {
        let connector = SharedHttpConnector::new(self.clone());
        let shared = SdkConfig::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::from_static("local"))
            .endpoint_url("http://bus.invalid")
            .http_client(http_client_fn(move |_, _| connector.clone()))
            .build();
        let config = Builder::from(&shared).allow_no_auth().build();
        Bus { client: Client::from_conf(config), ..Bus::new(&shared, "recall") }
    }

    fn answer(&self, call: Value) -> Value {
        let mut calls = self.calls.lock().unwrap();
        let before: usize = calls.iter().map(|call| entries(call).len()).sum();
        let results: Vec<Value> = (before..before + entries(&call).len())
            .map(|place| match Some(place) == self.refused {
                true => json!({ "ErrorCode": "ThrottlingException", "ErrorMessage": "slowly" }),
                false => json!({ "EventId": place.to_string() }),
            })
            .collect();
        calls.push(call);
        json!({ "FailedEntryCount": 0, "Entries": results })
    }

    fn sizes(&self) -> Vec<usize> {
        self.calls.lock().unwrap().iter().map(|call| entries(call).len()).collect()
    }
}

fn entries(call: &Value) -> &Vec<Value> {
    call["Entries"].as_array().unwrap()
}

impl HttpConnector for Service {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let call: Value = serde_json::from_slice(request.body().bytes().unwrap()).unwrap();
        let (status, answer) = match self.invalid {
            true => (400, json!({ "__type": "ValidationException", "message": call.to_string() })),
            false => (200, self.answer(call)),
        };
        let body = SdkBody::from(answer.to_string());
        HttpConnectorFuture::ready(Ok(HttpResponse::new(status.try_into().unwrap(), body)))
    }
}

fn numbered(count: usize) -> Vec<Entry> {
    let entry = |number: usize| Entry {
        source: "recall".to_owned(),
        kind: "recall.binding.created.v1".to_owned(),
        time: "2026-11-25T12:00:00Z".parse().unwrap(),
        detail: json!({ "id": number }).to_string(),
    };
    (0..count).map(entry).collect()
}

#[tokio::test]
async fn entries_are_sent_in_tens() {
    let service = Service::default();
    assert_eq!(service.bus().send(&numbered(23)).await, Ok(()));
    assert_eq!(service.sizes(), [10, 10, 3]);
    let calls = service.calls.lock().unwrap();
    let details = calls.iter().flat_map(entries).map(|entry| entry["Detail"].clone());
    let expected = (0..23).map(|number| json!(format!("{{\"id\":{number}}}")));
    assert!(details.eq(expected));
    let first = &calls[0]["Entries"][0];
    assert_eq!(first["EventBusName"], "recall");
    assert_eq!(first["DetailType"], "recall.binding.created.v1");
}

#[tokio::test]
async fn sending_stops_after_refusal() {
    let service = Service { refused: Some(12), ..Service::default() };
    let unsent = service.bus().send(&numbered(35)).await.unwrap_err();
    assert_eq!((unsent.first, unsent.why.as_str()), (12, "ThrottlingException"));
    assert_eq!(service.sizes(), [10, 10]);
}

#[tokio::test]
async fn service_message_is_left_out() {
    let service = Service { invalid: true, ..Service::default() };
    let unsent = service.bus().send(&numbered(3)).await.unwrap_err();
    assert_eq!((unsent.first, unsent.why.as_str()), (0, "ValidationException"));
}

#[tokio::test]
async fn empty_batch_makes_no_call() {
    let service = Service::default();
    assert_eq!(service.bus().send(&[]).await, Ok(()));
    assert_eq!(service.sizes(), [0; 0]);
}
