//! The SDK's HTTP connector, answered in the process.

use std::fmt;
use std::sync::Arc;

use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;

use crate::Engine;
use crate::faults::{Fault, Faults, Shortened};

const TARGET_PREFIX: &str = "DynamoDB_20120810.";

#[derive(Clone)]
pub(crate) struct Connector {
    engine: Engine,
    faults: Option<Arc<dyn Faults>>,
}

impl Connector {
    pub(crate) fn new(engine: Engine, faults: Option<Arc<dyn Faults>>) -> Self {
        Self { engine, faults }
    }

    fn answer(&self, request: &HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let operation = request
            .headers()
            .get("x-amz-target")
            .and_then(|target| target.strip_prefix(TARGET_PREFIX))
            .ok_or_else(|| {
                ConnectorError::user("the request names no DynamoDB operation".into())
            })?;
        let body = request.body().bytes().unwrap_or_default();
        self.engine.count(operation);
        let (status, json) = match self.faults.as_ref().and_then(|f| f.next(operation)) {
            None => self.engine.run(operation, body),
            Some(fault) => self.go_wrong(&fault, operation, body)?,
        };
        let status =
            StatusCode::try_from(status).map_err(|e| ConnectorError::other(e.into(), None))?;
        let mut response = HttpResponse::new(status, SdkBody::from(json));
        response.headers_mut().insert("content-type", "application/x-amz-json-1.0");
        Ok(response)
    }

    fn go_wrong(
        &self,
        fault: &Fault,
        operation: &str,
        body: &[u8],
    ) -> Result<(u16, String), ConnectorError> {
        if let Some(refusal) = fault.refusal() {
            return Ok(refusal);
        }
        let shortened = match fault {
            Fault::EndsAfter(items) => Shortened::of(operation, body, *items),
            _ => None,
        };
        let answer = match (fault, shortened) {
            (Fault::RequestLost, _) => (0, String::new()),
            (_, Some(short)) if short.is_empty() => (200, short.answer("{}".to_owned())),
            (_, Some(short)) => {
                let (status, json) = self.engine.run(operation, &short.request);
                (status, short.answer(json))
            }
            (_, None) => self.engine.run(operation, body),
        };
        fault.lost().map_or(Ok(answer), Err)
    }
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let connector = self.clone();
        HttpConnectorFuture::new(async move {
            // As over a network, others get their turn between two calls: races are raced.
            tokio::task::yield_now().await;
            connector.answer(&request)
        })
    }
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connector").field("faults", &self.faults).finish_non_exhaustive()
    }
}
