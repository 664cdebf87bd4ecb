//! A Secrets Manager for the tests of this crate.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Looks up variables in a list.
pub(crate) fn lookup<'a>(all: &'a [(&'a str, &'a str)]) -> impl Fn(&str) -> Option<String> + 'a {
    move |name| all.iter().find(|(known, _)| *known == name).map(|(_, v)| (*v).to_owned())
}

/// A Secrets Manager on the loopback interface. It gives every call the same answer until that is
/// replaced, and keeps the requests.
pub(crate) struct SecretsManager {
    pub(crate) url: String,
    answer: Arc<Mutex<(u16, String)>>,
    requests: Arc<Mutex<Vec<String>>>,
}

impl SecretsManager {
    /// Starts one whose secret has a value.
    pub(crate) async fn holding(value: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let (answer, requests) = (Arc::default(), Arc::default());
        let started = Self { url, answer: Arc::clone(&answer), requests: Arc::clone(&requests) };
        started.hold(value);
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let request = read(&mut stream).await;
                requests.lock().unwrap().push(request);
                let (status, body) = answer.lock().unwrap().clone();
                let length = body.len();
                let head = format!("HTTP/1.1 {status} X\r\nconnection: close\r\n");
                let text = format!("{head}content-length: {length}\r\n\r\n{body}");
                stream.write_all(text.as_bytes()).await.unwrap();
            }
        });
        started
    }

    /// Replaces the value of the secret.
    pub(crate) fn hold(&self, value: &str) {
        self.answer_with(200, &serde_json::json!({ "SecretString": value }).to_string());
    }

    /// Replaces the answer.
    pub(crate) fn answer_with(&self, status: u16, body: &str) {
        *self.answer.lock().unwrap() = (status, body.to_owned());
    }

    /// Returns the requests so far.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

async fn read(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    while !text.ends_with(b"}") {
        let mut part = [0; 4096];
        let length = stream.read(&mut part).await.unwrap();
        text.extend(&part[..length]);
    }
    String::from_utf8(text).unwrap()
}
