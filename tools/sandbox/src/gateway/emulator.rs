//! Invokes functions that run outside of the sandbox, through an endpoint of Lambda's Invoke API
//! such as the one of `cargo lambda watch`.

use std::collections::BTreeMap;
use std::str::FromStr;

use axum::body::{Body, Bytes, to_bytes};
use axum::http::header::SET_COOKIE;
use axum::http::uri::{Authority, Scheme};
use axum::http::{Request, StatusCode, Uri};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde::Deserialize;
use serde_json::Value;

use crate::gateway::invoke::{MAX_ANSWER_BYTES, failed};

/// Header that Lambda sets if the function returned an error or could not be started.
const FUNCTION_ERROR: &str = "x-amz-function-error";

/// Address of an endpoint of the Invoke API, as `http://127.0.0.1:9000`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionsUrl(Authority);

/// The text is not an `http://` address without a path.
#[derive(Debug, thiserror::Error)]
#[error("expected an address as http://127.0.0.1:9000")]
pub struct FunctionsUrlError;

impl FromStr for FunctionsUrl {
    type Err = FunctionsUrlError;
    fn from_str(text: &str) -> Result<Self, FunctionsUrlError> {
        let parts = text.parse::<Uri>().map_err(|_| FunctionsUrlError)?.into_parts();
        let path = parts.path_and_query.as_ref().map_or("/", |path| path.as_str());
        match (parts.scheme, parts.authority) {
            (Some(scheme), Some(authority)) if scheme == Scheme::HTTP && path == "/" => {
                Ok(Self(authority))
            }
            _ => Err(FunctionsUrlError),
        }
    }
}

/// A client of the endpoint.
pub(crate) struct Emulator {
    url: FunctionsUrl,
    client: Client<HttpConnector, Body>,
}

/// A function's answer in payload format 2.0.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FunctionAnswer {
    status_code: u16,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    multi_value_headers: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    cookies: Vec<String>,
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
}

/// Reason why an invocation failed.
#[derive(Debug, thiserror::Error)]
enum InvokeError {
    #[error("no functions at http://{0}: {1}; is `cargo lambda watch -A 127.0.0.1` running?")]
    Unreachable(Authority, hyper_util::client::legacy::Error),
    #[error("the request to the function could not be built: {0}")]
    Request(#[from] axum::http::Error),
    #[error("the function's answer could not be read: {0}")]
    Answer(#[from] axum::Error),
    #[error("the function's answer is malformed: {0}")]
    Malformed(#[from] serde_json::Error),
    #[error("the body of the function's answer is malformed: {0}")]
    Body(#[from] base64::DecodeError),
    #[error("the function failed with status {0}: {1}")]
    Function(StatusCode, String),
}

impl Emulator {
    pub(crate) fn new(url: FunctionsUrl) -> Self {
        Self { url, client: Client::builder(TokioExecutor::new()).build_http() }
    }

    /// Invokes a function and returns its answer.
    ///
    /// There is no timeout: `cargo lambda watch` compiles a function at its first invocation.
    pub(crate) async fn invoke(&self, function: &str, event: &Value) -> Response {
        let answer = self.call(function, event).await;
        answer.unwrap_or_else(|error| failed(&error))
    }

    async fn call(&self, function: &str, event: &Value) -> Result<Response, InvokeError> {
        let FunctionsUrl(authority) = &self.url;
        let uri = format!("http://{authority}/2015-03-31/functions/{function}/invocations");
        let request = Request::post(uri).body(Body::from(event.to_string()))?;
        let answer = self.client.request(request).await;
        let answer = answer.map_err(|error| InvokeError::Unreachable(authority.clone(), error))?;
        let (parts, body) = answer.into_parts();
        let body = to_bytes(Body::new(body), MAX_ANSWER_BYTES).await?;
        if parts.status != StatusCode::OK || parts.headers.contains_key(FUNCTION_ERROR) {
            let text = String::from_utf8_lossy(&body).into_owned();
            return Err(InvokeError::Function(parts.status, text));
        }
        response(&body)
    }
}

/// Returns the HTTP response of a function's answer.
fn response(answer: &Bytes) -> Result<Response, InvokeError> {
    let answer: FunctionAnswer = serde_json::from_slice(answer)?;
    let mut builder = Response::builder().status(answer.status_code);
    for (name, value) in &answer.headers {
        builder = builder.header(name, value);
    }
    for (name, values) in answer.multi_value_headers {
        if !answer.headers.contains_key(&name) {
            builder =
                values.into_iter().fold(builder, |builder, value| builder.header(&name, value));
        }
    }
    for cookie in answer.cookies {
        builder = builder.header(SET_COOKIE, cookie);
    }
    let text = answer.body.unwrap_or_default();
    let body = match answer.is_base64_encoded {
        true => Body::from(STANDARD.decode(text)?),
        false => Body::from(text),
    };
    Ok(builder.body(body)?)
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::http::HeaderMap;
    use axum::routing::post;
    use serde_json::json;
    use tokio::net::TcpListener;

    use super::*;

    /// Serves one function, and returns the client of its address.
    async fn emulator(status: StatusCode, error: bool, answer: Value) -> Emulator {
        let mut headers = HeaderMap::new();
        if error {
            headers.insert(FUNCTION_ERROR, "Unhandled".parse().unwrap());
        }
        let answer = move |event: String| async move {
            assert_eq!(event, r#"{"rawPath":"/v1/link"}"#);
            (status, headers, answer.to_string())
        };
        let path = "/2015-03-31/functions/get-link/invocations";
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().route(path, post(answer));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Emulator::new(url.parse().unwrap())
    }

    async fn invoke(emulator: Emulator) -> (u16, HeaderMap, Vec<u8>) {
        let response = emulator.invoke("get-link", &json!({ "rawPath": "/v1/link" })).await;
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, 1000).await.unwrap();
        (parts.status.as_u16(), parts.headers, body.to_vec())
    }

    #[tokio::test]
    async fn text_answer_is_returned() {
        let answer = json!({
            "statusCode": 409, "headers": { "content-type": "text/plain" },
            "multiValueHeaders": { "content-type": ["text/plain"], "vary": ["a", "b"] },
            "cookies": [], "body": "no", "isBase64Encoded": false,
        });
        let (status, headers, body) = invoke(emulator(StatusCode::OK, false, answer).await).await;
        assert_eq!((status, body.as_slice()), (409, b"no".as_slice()));
        assert_eq!(headers.get_all("content-type").iter().count(), 1);
        assert_eq!(headers.get_all("vary").iter().count(), 2);
    }

    #[tokio::test]
    async fn binary_answer_is_decoded() {
        let answer = json!({ "statusCode": 200, "body": "/wD+", "isBase64Encoded": true });
        let (status, _, body) = invoke(emulator(StatusCode::OK, false, answer).await).await;
        assert_eq!((status, body.as_slice()), (200, [0xff, 0, 0xfe].as_slice()));
    }

    #[tokio::test]
    async fn function_error_is_500() {
        let answer = json!({ "errorMessage": "exit status 1" });
        let failing = emulator(StatusCode::OK, true, answer.clone()).await;
        assert_eq!(invoke(failing).await.0, 500);
        let failing = emulator(StatusCode::BAD_GATEWAY, false, answer).await;
        assert_eq!(invoke(failing).await.0, 500);
    }

    #[tokio::test]
    async fn malformed_answer_is_500() {
        for answer in [json!({}), json!({ "statusCode": 20000 }), json!([])] {
            let emulator = emulator(StatusCode::OK, false, answer).await;
            assert_eq!(invoke(emulator).await.0, 500);
        }
    }

    #[tokio::test]
    async fn unreachable_endpoint_is_500() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        drop(listener);
        assert_eq!(invoke(Emulator::new(url.parse().unwrap())).await.0, 500);
    }

    #[test]
    fn address_without_scheme_or_with_path_is_refused() {
        assert!("http://127.0.0.1:9000".parse::<FunctionsUrl>().is_ok());
        assert!("http://localhost:9000/".parse::<FunctionsUrl>().is_ok());
        for text in ["127.0.0.1:9000", "https://localhost", "http://localhost/v1", "", "x"] {
            assert!(text.parse::<FunctionsUrl>().is_err(), "{text}");
        }
    }
}
