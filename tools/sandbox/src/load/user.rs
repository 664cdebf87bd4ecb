//! Requests of affiliates and users through the API's handlers.

use http_api::gateway::Claims;
use http_api::gateway::Incoming;
use lambda::ApiApp;
use lambda_http::Request;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use types::{LinkCode, Uid};

use crate::load::error::LoadError;
use crate::sample::{Shared, Via};

#[derive(Deserialize)]
struct Link {
    code: LinkCode,
}

#[derive(Deserialize)]
struct Window {
    confirmation: String,
}

#[derive(Deserialize)]
struct Bound {}

/// Creates an affiliate's link: the default one by requesting it, another one with its share.
pub(super) async fn make_link(
    app: &ApiApp,
    via: &Via,
    shared: Shared,
) -> Result<LinkCode, LoadError> {
    let (method, target, body) = match via.label {
        None => ("GET", "/v1/link", String::new()),
        Some(label) => {
            let shared = json!({ "spot": shared.spot, "futures": shared.futures });
            let link = json!({ "label": label, "sharedCommission": shared });
            ("POST", "/v1/links", link.to_string())
        }
    };
    let request = request(app, &via.affiliate, method, target, &body)?;
    let link: Link = answer("a link", linking::handle(app, request).await)?;
    Ok(link.code)
}

/// Opens the link as a user, and confirms.
pub(super) async fn bind(app: &ApiApp, uid: &Uid, code: &LinkCode) -> Result<(), LoadError> {
    let open = request(app, uid, "GET", &format!("/v1/bind?ref={code}"), "")?;
    let window: Window = answer("the opened link", binding::handle(app, open).await)?;
    let body = json!({ "confirmation": window.confirmation }).to_string();
    let confirm = request(app, uid, "POST", "/v1/bind", &body)?;
    let Bound {} = answer("the bind", binding::handle(app, confirm).await)?;
    Ok(())
}

fn request(
    app: &ApiApp,
    uid: &Uid,
    method: &str,
    target: &str,
    body: &str,
) -> Result<Request, LoadError> {
    let headers = [("content-type", "application/json")];
    let at = app.clock.now();
    let incoming = Incoming { method, target, headers: &headers, body: body.as_bytes(), at };
    Ok(incoming.request(Some(&Claims::of(uid.clone())))?)
}

/// Returns the answer, if it is a success with the needed members.
fn answer<T: DeserializeOwned>(
    what: &'static str,
    response: http_api::Response,
) -> Result<T, LoadError> {
    let body = response.body().as_ref();
    let refused = || LoadError::Refused {
        what,
        status: response.status().as_u16(),
        answer: String::from_utf8_lossy(body).into_owned(),
    };
    if !response.status().is_success() {
        return Err(refused());
    }
    serde_json::from_slice(body).map_err(|_| refused())
}
