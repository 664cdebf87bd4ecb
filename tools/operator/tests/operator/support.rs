//! Runs commands of the operator and captures their output and exit code.

use std::io::Cursor;

use clap::Parser;
use operator::{AwsOptions, Console, Options, execute};
use serde_json::json;

use crate::test_app::{TestApp, fee};

/// The output and exit code of a command.
pub struct Shown {
    pub results: String,
    pub questions: String,
    pub code: u8,
}

/// Everything that was shown, for golden tests.
impl std::fmt::Display for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.results)?;
        if !self.questions.is_empty() {
            write!(f, "--- to the operator ---\n{}\n", self.questions.trim_end())?;
        }
        write!(f, "--- exit {} ---", self.code)
    }
}

/// Runs a command at a terminal with an answer, or without a terminal.
pub async fn give(app: &TestApp, command: &str, answer: Option<&str>) -> Shown {
    let words = ["operator"].into_iter().chain(command.split_whitespace());
    let options = Options::try_parse_from(words).unwrap();
    let (mut results, mut questions) = (Vec::new(), Vec::new());
    let answers = answer.map(|answer| Box::new(Cursor::new(answer.to_owned())) as Box<_>);
    let mut desk = Console::new(&mut results, &mut questions, answers, options.yes);
    let outcome =
        execute(&app.context, "table recall", &AwsOptions::default(), options.command, &mut desk)
            .await;
    drop(desk);
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let (results, mut questions) = (text(results), text(questions));
    let code = match outcome {
        Ok(verdict) => verdict.code(),
        Err(failure) => {
            questions += &format!("operator: {}", types::error_chain(&failure));
            failure.code()
        }
    };
    Shown { results, questions, code }
}

/// Gives a command with `--yes`.
pub async fn run(app: &TestApp, command: &str) -> Shown {
    give(app, &format!("{command} --yes"), None).await
}

/// An affiliate with a recalled invitee and a day of fees: two that earn, one above the VIP limit,
/// one in futures. It is half past midnight after that day, and nothing is booked.
pub async fn traded() -> TestApp {
    let app = TestApp::at("2026-11-20T09:00:00Z").await;
    let code = app.affiliate("affiliate").await;
    app.registered("dormant", "2024-01-01T00:00:00Z").await;
    assert_eq!(app.bind("dormant", &code).await.status, 201);
    app.now("2026-11-20T23:00:00Z");
    let mut odd = fee("t2", "dormant", "2026-11-20T11:00:00Z");
    odd["amount"] = json!("0.00100003");
    let mut above = fee("t3", "dormant", "2026-11-20T12:00:00Z");
    above["vipLevel"] = json!(4);
    let mut futures = fee("t4", "dormant", "2026-11-20T13:00:00Z");
    futures["product"] = json!("futures");
    for fee in [fee("t1", "dormant", "2026-11-20T10:00:00Z"), odd, above, futures] {
        app.charged(fee).await;
    }
    app.now("2026-11-21T00:30:00Z");
    app
}

/// The same, booked by its night.
pub async fn booked() -> TestApp {
    let app = traded().await;
    app.night("2026-11-20").await;
    app
}

/// A correction of the first fee to half of it, which comes the day after.
pub async fn corrected(app: &TestApp) {
    app.now("2026-11-21T12:00:00Z");
    let correction = json!({
        "tradeId": "t1", "uid": "dormant", "day": "2026-11-20", "amount": "0.0005",
        "amountUsd": "50", "volumeUsd": "50000", "at": "2026-11-21T11:00:00Z",
        "why": "a discount was missing",
    });
    app.taken("fee.corrected", correction).await;
}
