//! A table that fails: the SDK's last step answers for it, as DynamoDB would.

use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use runtime::App;
use serde_json::{Value, json};
use table::Table;

use crate::world::World;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Every call is one too many.
    Throttled,
    /// Every call fails.
    Broken,
    /// Somebody else is always faster: reads are good, conditional writes find their item changed.
    Contended,
}

#[derive(Debug)]
struct Faulty {
    fault: Fault,
    good: SharedHttpConnector,
}

impl Fault {
    /// The world's app over the failing table.
    pub fn in_app(self, world: &World) -> App {
        let client = world.engine.client();
        let good = client.config().http_client().unwrap();
        let faulty = http_client_fn(move |settings, components| {
            let good = good.http_connector(settings, components);
            SharedHttpConnector::new(Faulty { fault: self, good })
        });
        let config = client.config().to_builder();
        let config = config.http_client(faulty).retry_config(RetryConfig::disabled()).build();
        let client = aws_sdk_dynamodb::Client::from_conf(config);
        App { table: Table::new(client, "recall"), ..world.app.clone() }
    }

    /// What DynamoDB says instead of doing `operation`.
    fn error(self, operation: &str) -> Option<Value> {
        let kind = match (self, operation) {
            (Self::Throttled, _) => "ThrottlingException",
            (Self::Broken, _) => "ResourceNotFoundException",
            (Self::Contended, "PutItem") => "ConditionalCheckFailedException",
            (Self::Contended, "TransactWriteItems") => "TransactionCanceledException",
            (Self::Contended, _) => return None,
        };
        let reasons = json!([{ "Code": "ConditionalCheckFailed" }, { "Code": "None" }]);
        Some(json!({
            "__type": format!("com.amazonaws.dynamodb.v20120810#{kind}"),
            "message": "by the test's will",
            "CancellationReasons": reasons,
        }))
    }
}

impl HttpConnector for Faulty {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target").unwrap();
        let operation = target.rsplit('.').next().unwrap();
        let Some(error) = self.fault.error(operation) else { return self.good.call(request) };
        let body = SdkBody::from(error.to_string());
        let status = StatusCode::try_from(400).unwrap();
        HttpConnectorFuture::ready(Ok(HttpResponse::new(status, body)))
    }
}
