//! A plain HTTP client, and a sandbox to talk to.

use sandbox::{Options, Running, Sandbox};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A sandbox without the sample, whose clock does not run.
pub struct Fixture {
    pub running: Running,
    /// Removed after the sandbox.
    _dir: TempDir,
}

pub struct Answer {
    pub status: u16,
    pub headers: String,
    pub body: String,
}

pub const NOON: &str = "2026-11-22T12:00:00.000Z";

pub async fn fixture() -> Fixture {
    let dir = tempfile::tempdir().unwrap();
    let options = Options {
        port: 0,
        data_dir: dir.path().to_owned(),
        empty: true,
        no_page: true,
        clock: Some(NOON.parse().unwrap()),
        functions: None,
        quiet: true,
    };
    Fixture { running: Sandbox::start(options).await.unwrap(), _dir: dir }
}

impl Fixture {
    pub async fn send(&self, method: &str, target: &str, head: &str, body: &str) -> Answer {
        send(self.running.api_url(), method, target, head, body).await
    }

    pub async fn get(&self, target: &str) -> Answer {
        self.send("GET", target, "", "").await
    }

    pub async fn post(&self, target: &str, body: &Value) -> Answer {
        self.send("POST", target, "", &body.to_string()).await
    }

    pub async fn token(&self, uid: &str) -> String {
        let answer = self.post("/sandbox/token", &json!({ "uid": uid })).await;
        answer.json()["token"].as_str().unwrap().to_owned()
    }

    /// A request of a user, with a token made for it.
    pub async fn ask(&self, uid: &str, method: &str, target: &str, body: &str) -> Answer {
        let token = self.token(uid).await;
        let head = format!("authorization: Bearer {token}\r\ncontent-type: application/json\r\n");
        self.send(method, target, &head, body).await
    }
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }
}

/// Sends one request on a new connection. `head` contains header lines with their line breaks.
pub async fn send(origin: &str, method: &str, target: &str, head: &str, body: &str) -> Answer {
    let host = origin.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(host).await.unwrap();
    let length = body.len();
    let request = format!(
        "{method} {target} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n{head}\
         content-length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let text = String::from_utf8_lossy(&answer).into_owned();
    let (headers, body) = text.split_once("\r\n\r\n").unwrap();
    let status = headers.split(' ').nth(1).unwrap().parse().unwrap();
    Answer { status, headers: headers.to_ascii_lowercase(), body: body.to_owned() }
}
