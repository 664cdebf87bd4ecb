//! The SDK's HTTP connector, answered in the process.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector,
};
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
    late: Arc<Mutex<Vec<Late>>>,
    way: Option<SharedHttpConnector>,
}

/// A delayed request, whose caller no longer waits for the answer.
struct Late {
    calls_to_go: usize,
    operation: String,
    body: Vec<u8>,
}

impl Connector {
    pub(crate) fn new(engine: Engine, faults: Option<Arc<dyn Faults>>) -> Self {
        Self { engine, faults, late: Arc::default(), way: None }
    }

    /// The same, where calls go to an engine remote.
    pub(crate) fn by_way_of(self, way: SharedHttpConnector) -> Self {
        Self { way: Some(way), ..self }
    }

    async fn forwarded(
        &self,
        request: HttpRequest,
        way: &SharedHttpConnector,
    ) -> Result<HttpResponse, ConnectorError> {
        let (operation, body) = asked(&request)?;
        self.engine.notice(operation, body);
        match self.faults.as_ref().and_then(|faults| faults.next(operation)) {
            None => way.call(request).await,
            Some(fault) => match fault.refusal(operation) {
                Some(refusal) => response(refusal),
                None => Err(fault.lost().unwrap_or_else(|| {
                    ConnectorError::user("only the engine in the process knows this fault".into())
                })),
            },
        }
    }

    fn answer(&self, request: &HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let (operation, body) = asked(request)?;
        self.engine.notice(operation, body);
        self.let_late_ones_arrive();
        response(match self.faults.as_ref().and_then(|f| f.next(operation)) {
            None => self.engine.run(operation, body),
            Some(fault) => self.go_wrong(&fault, operation, body)?,
        })
    }

    fn go_wrong(
        &self,
        fault: &Fault,
        operation: &str,
        body: &[u8],
    ) -> Result<(u16, String), ConnectorError> {
        if let Some(refusal) = fault.refusal(operation) {
            return Ok(refusal);
        }
        if let Fault::RequestLate(calls) = fault {
            let (operation, body) = (operation.to_owned(), body.to_vec());
            self.lock_late().push(Late { calls_to_go: *calls, operation, body });
        }
        let shortened = match fault {
            Fault::EndsAfter(items) => Shortened::of(operation, body, *items),
            _ => None,
        };
        let answer = match (fault, shortened) {
            (Fault::RequestLost | Fault::RequestLate(_), _) => (0, String::new()),
            (_, Some(short)) if short.is_empty() => (200, short.answer("{}".to_owned())),
            (_, Some(short)) => {
                let (status, json) = self.engine.run(operation, &short.request);
                (status, short.answer(json))
            }
            (_, None) => self.engine.run(operation, body),
        };
        fault.lost().map_or(Ok(answer), Err)
    }

    /// Late requests come one call nearer; those that have arrived are done.
    fn let_late_ones_arrive(&self) {
        for late in self.lock_late().extract_if(.., |late| late.is_there()) {
            self.engine.run(&late.operation, &late.body);
        }
    }

    fn lock_late(&self) -> std::sync::MutexGuard<'_, Vec<Late>> {
        self.late.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The operation and its body.
fn asked(request: &HttpRequest) -> Result<(&str, &[u8]), ConnectorError> {
    let target = request.headers().get("x-amz-target");
    let operation = target.and_then(|target| target.strip_prefix(TARGET_PREFIX));
    let unnamed = || ConnectorError::user("the request names no DynamoDB operation".into());
    Ok((operation.ok_or_else(unnamed)?, request.body().bytes().unwrap_or_default()))
}

fn response((status, json): (u16, String)) -> Result<HttpResponse, ConnectorError> {
    let status = StatusCode::try_from(status).map_err(|e| ConnectorError::other(e.into(), None))?;
    let mut response = HttpResponse::new(status, SdkBody::from(json));
    response.headers_mut().insert("content-type", "application/x-amz-json-1.0");
    Ok(response)
}

impl Late {
    fn is_there(&mut self) -> bool {
        let is_there = self.calls_to_go == 0;
        self.calls_to_go = self.calls_to_go.saturating_sub(1);
        is_there
    }
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let connector = self.clone();
        HttpConnectorFuture::new(async move {
            // As over a network, others get their turn between two calls: races are raced.
            tokio::task::yield_now().await;
            match &connector.way {
                Some(way) => connector.forwarded(request, way).await,
                None => connector.answer(&request),
            }
        })
    }
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connector").field("faults", &self.faults).finish_non_exhaustive()
    }
}
