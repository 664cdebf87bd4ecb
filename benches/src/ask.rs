//! Requests to the handlers, in the form in which the API forwards them.

use http_api::gateway::Claims;
use http_api::gateway::Incoming;
use lambda::ApiApp;
use lambda_http::Body;
use serde_json::Value;
use types::Uid;

use crate::Failure;
use crate::made::MadeDay;

pub struct Answer {
    pub status: u16,
    pub text: String,
    /// Value of the header `Link`.
    pub link: Option<String>,
}

impl Answer {
    pub fn json(&self) -> Result<Value, Failure> {
        Ok(serde_json::from_str(&self.text)?)
    }
}

/// Sends a user's request for JSON.
pub async fn ask(
    app: &ApiApp,
    user: &Uid,
    method: &str,
    target: &str,
    body: &Value,
) -> Result<Answer, Failure> {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let headers = [("content-type", "application/json")];
    send(app, user, method, target, &headers, &body).await
}

/// Sends a user's request for another media type.
pub async fn ask_for(
    app: &ApiApp,
    user: &Uid,
    target: &str,
    media: &str,
) -> Result<Answer, Failure> {
    send(app, user, "GET", target, &[("accept", media)], "").await
}

async fn send(
    app: &ApiApp,
    user: &Uid,
    method: &str,
    target: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Result<Answer, Failure> {
    let incoming = Incoming { method, target, headers, body: body.as_bytes(), at: app.clock.now() };
    let request = incoming.request(Some(&Claims::of(user.clone())))?;
    let response = match target.split('?').next() {
        Some("/v1/link") => linking::handle(app, request).await,
        Some("/v1/bind") => binding::handle(app, request).await,
        _ => reporting::handle(app, request).await,
    };
    let status = response.status().as_u16();
    let link = response.headers().get("link");
    let link = link.map(|link| link.to_str().map(str::to_owned)).transpose()?;
    match response.into_body() {
        Body::Text(text) => Ok(Answer { status, text, link }),
        _ => Err(format!("{target} is not answered in text").into()),
    }
}

/// Returns the code of the first inviter's default link.
pub async fn default_link(app: &ApiApp) -> Result<String, Failure> {
    let answer = ask(app, &MadeDay::inviter(0)?, "GET", "/v1/link", &Value::Null).await?;
    let code = answer.json()?.get("code").and_then(Value::as_str).map(str::to_owned);
    Ok(code.ok_or("no link")?)
}
