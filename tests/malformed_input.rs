//! Malformed input for every decoder: valid examples with seeded mutations. Nothing panics, no
//! answer is a server error, and input that stays valid reads as written. The fuzzers in
//! `tests/fuzz` go deeper into the decoders of `decoding.rs`.
//!
//! `INPUTS=100000 cargo test -p end-to-end malformed_input` tests more inputs; a failure prints the
//! input.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http_api::{OpenError, Purpose};
use ingestion::{Delivery, EventOutcome};
use nightly::{Step, StepError};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};

use crate::decoding;
use crate::test_app::{TestApp, day, event, fee, uid};

/// Number of inputs for each decoder in an ordinary `cargo test`.
const INPUTS: u64 = 1000;

/// Texts that often break decoders: numbers at their limits, ends of structures, special
/// characters.
const WORDS: [&[u8]; 20] = [
    b"0",
    b"-1",
    b"1e308",
    b"18446744073709551616",
    b"-0.0",
    b"null",
    b"{}",
    b"[]",
    b"\"",
    b"\\u0000",
    b"\\ud800",
    b"[[[[[[[[",
    b"9999-12-31T23:59:60Z",
    b"\xff\xfe",
    b"%00",
    b"&",
    b"=",
    b"\n",
    b"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01",
    "٣".as_bytes(),
];

fn inputs() -> u64 {
    std::env::var("INPUTS").map_or(INPUTS, |text| text.parse().expect("a number"))
}

/// Returns one of the examples with one to four random changes.
fn mangled(rng: &mut StdRng, examples: &[impl AsRef<[u8]>]) -> Vec<u8> {
    let mut bytes = examples[rng.random_range(0..examples.len())].as_ref().to_vec();
    for _ in 0..rng.random_range(1..5) {
        let place = rng.random_range(0..=bytes.len());
        let end = rng.random_range(place..=bytes.len().min(place + 24));
        let word = WORDS[rng.random_range(0..WORDS.len())];
        match rng.random_range(0..6) {
            0 => bytes.truncate(place),
            1 => drop(bytes.drain(place..end)),
            2 => drop(bytes.splice(place..end, word.iter().copied())),
            3 => drop(bytes.splice(place..place, word.iter().copied())),
            4 => {
                let copy = bytes[place..end].to_vec();
                bytes.splice(place..place, copy);
            }
            _ => {
                if let Some(byte) = bytes.get_mut(place) {
                    *byte ^= 1 << rng.random_range(0..8);
                }
            }
        }
    }
    bytes
}

/// Prints the input at which a test fails.
struct Tried<'a>(&'a [u8]);

impl Drop for Tried<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("at this input: {:?}", String::from_utf8_lossy(self.0));
        }
    }
}

/// Passes every mutated example to `decode`.
fn each_mangled(examples: &[impl AsRef<[u8]>], mut decode: impl FnMut(&[u8])) {
    for number in 0..inputs() {
        let input = mangled(&mut StdRng::seed_from_u64(number), examples);
        let _tried = Tried(&input);
        decode(&input);
    }
}

/// Passes every mutated example to `decode` as text.
fn each_mangled_text(examples: &[String], mut decode: impl FnMut(&str)) {
    each_mangled(examples, |input| decode(&String::from_utf8_lossy(input)));
}

/// Returns the examples of `events/` in a folder.
fn examples(folder: &str) -> Vec<String> {
    files(&format!("events/{folder}"))
}

fn files(folder: &str) -> Vec<String> {
    let path = format!("{}/../{folder}", env!("CARGO_MANIFEST_DIR"));
    let files = std::fs::read_dir(path).unwrap().map(|file| file.unwrap().path());
    files.map(|file| std::fs::read_to_string(file).unwrap()).collect()
}

/// Returns the messages in the examples of batches: of the queue, and of both streams.
fn delivered() -> Vec<String> {
    let batches = examples("ingest").into_iter().map(|text| serde_json::from_str(&text).unwrap());
    batches.flat_map(|batch: Value| messages(&batch)).collect()
}

fn messages(batch: &Value) -> Vec<String> {
    let in_base64 = |data: &Value| {
        let bytes = STANDARD.decode(data.as_str().unwrap()).unwrap();
        String::from_utf8_lossy(&bytes).into_owned()
    };
    let of_record = |record: &Value| match &record["body"] {
        Value::String(body) => body.clone(),
        _ => in_base64(&record["kinesis"]["data"]),
    };
    let records = batch["Records"].as_array().into_iter().flatten().map(of_record);
    let partitions = batch["records"].as_object().into_iter().flat_map(|it| it.values());
    let values = partitions.flat_map(|it| it.as_array().unwrap());
    records.chain(values.map(|record| in_base64(&record["value"]))).collect()
}

/// A batch is of one source, with all its messages, or refused.
#[test]
fn mutated_batch_is_read_or_refused() {
    let mut read = 0;
    each_mangled_text(&examples("ingest"), |text| {
        read += usize::from(serde_json::from_str::<Delivery>(text).is_ok());
    });
    assert!(read > 0, "no mutated batch was read");
}

#[tokio::test]
async fn mutated_message_has_an_outcome() {
    let app = TestApp::at("2026-11-24T00:00:00Z").await;
    let examples = delivered();
    let mut unread = 0;
    for number in 0..inputs() {
        let input = mangled(&mut StdRng::seed_from_u64(number), &examples);
        let _tried = Tried(&input);
        decoding::message(&input);
        for report in app.send_raw(&String::from_utf8_lossy(&input)).await {
            let EventOutcome::Quarantined { detail, .. } = report.outcome else { continue };
            assert!(!detail.is_empty());
            unread += 1;
        }
    }
    let kept = app.context.table.quarantined(day("2026-11-24")).await.unwrap();
    assert!(unread > 0 && !kept.is_empty());
}

#[test]
fn mutated_step_is_handled() {
    each_mangled_text(&examples("daily-commission"), |text| {
        let Ok(input) = serde_json::from_str::<Value>(text) else { return };
        if let Err(error) = Step::read(&input) {
            assert!(
                matches!(&error, StepError::BadRequest(why) if why.contains("expected")),
                "{error}"
            );
        }
    });
}

#[test]
fn mutated_policy_is_read_or_refused() {
    // A policy takes milliseconds to read, so each attempt changes one of its parts.
    let parts = decoding::parts_of_the_policy();
    for number in 0..inputs() / 5 {
        let mut rng = StdRng::seed_from_u64(number);
        let place = rng.random_range(0..parts.len());
        let mut input = mangled(&mut rng, &[parts[place]]);
        input.insert(0, u8::try_from(place).unwrap());
        let _tried = Tried(&input);
        decoding::policy(&input);
    }
}

#[tokio::test]
async fn mutated_token_does_not_open() {
    let app = TestApp::at("2026-11-24T00:00:00Z").await;
    let (signer, now) = (&app.context.signer, app.clock.now());
    let (caller, expires_at) = (uid("dora"), now.plus_millis(600_000));
    let content = json!({ "code": "ABCD2345" });
    for purpose in [Purpose::Confirmation, Purpose::Cursor("/v1/dashboard/referrals")] {
        let token = signer.seal(purpose, &caller, &content, expires_at).unwrap();
        assert_eq!(signer.open::<Value>(purpose, &caller, &token, now), Ok(content.clone()));
        each_mangled_text(std::slice::from_ref(&token), |text| {
            let opened = signer.open::<Value>(purpose, &caller, text, now);
            assert_eq!(opened.is_ok(), text == token, "{text}");
            assert!(text == token || opened == Err(OpenError::Invalid));
        });
    }
}

#[test]
fn mutated_token_content_is_exact() {
    each_mangled(&files("tests/fuzz/seeds/confirmation"), decoding::confirmation);
    each_mangled(&files("tests/fuzz/seeds/cursor"), decoding::cursor);
}

#[tokio::test]
async fn mutated_bytes_round_trip() {
    let app = TestApp::at("2026-11-16T00:10:00Z").await;
    let code = app.affiliate("aurora").await;
    let data = json!({
        "uid": "nora", "registeredAt": "2026-11-16T00:05:00Z", "country": "CH", "ref": code,
    });
    app.taken("account.registered", data).await;
    app.now("2026-11-16T20:00:00Z");
    for number in 0..3 {
        let id = format!("t{number}");
        app.charged(fee(&id, "nora", "2026-11-16T10:00:00Z")).await;
    }
    app.night("2026-11-16").await;
    let (monday, shard) = (day("2026-11-16"), storage::Shard::of(&uid("nora")));
    let table = &app.context.table;
    let fees = table.fees(monday, shard).await.unwrap();
    let work = table.booked(monday, shard).await.unwrap().remove(0);
    let report = table.run_report(monday, 1).await.unwrap().unwrap();
    let lines = table.lines(&uid("aurora"), &[(1, 0)]).await.unwrap().remove(0);
    let totals = table.totals(&uid("aurora")).await.unwrap().value.slots.unwrap();
    let run = &table.day(monday).await.unwrap().value.runs[0].run;
    let reports = table.shard_reports(run).await.unwrap();

    let examples = [
        storage::pack(&work),
        storage::pack(&report),
        storage::pack(&lines),
        storage::pack(&totals),
        storage::pack(&reports[0]),
    ];
    let chunks = fees.to_chunks().unwrap();
    let unsealed = |chunk: &Vec<u8>| [&chunk[3..5], &chunk[15..]].concat();
    each_mangled(&chunks.iter().map(unsealed).collect::<Vec<_>>(), decoding::stored);
    each_mangled(&chunks, decoding::stored);
    each_mangled(&examples.map(Result::unwrap), decoding::stored);
}

#[tokio::test]
async fn mutated_request_is_not_a_server_error() {
    let app = TestApp::at("2026-11-24T00:00:00Z").await;
    let code = app.affiliate("aurora").await;
    let targets = [
        format!("/v1/link/qr.png?code={code}&size=128"),
        format!("/v1/link/qr.svg?code={code}"),
        format!("/v1/bind?ref={code}"),
        "/v1/dashboard?from=2026-11-01&to=2026-11-24".to_owned(),
        format!(
            "/v1/dashboard/referrals?origin=recall&link={code}&sort=-boundAt&limit=5&cursor=AQAA"
        ),
        "/v1/dashboard/commissions?product=spot&asset=BTC&uid=nora&limit=5&cursor=AQAA".to_owned(),
    ];
    let bodies = [
        r#"{"confirmation":"AQAAAZ3"}"#,
        r#"{"label":"Autumn","sharedCommission":{"spot":"0.1","futures":"0.05"}}"#,
    ];
    for number in 0..inputs() {
        let mut rng = StdRng::seed_from_u64(number);
        let (path, query) = targets[rng.random_range(0..targets.len())].split_once('?').unwrap();
        let query = mangled(&mut rng, &[query]);
        let in_a_url = |byte: &u8| byte.is_ascii_graphic() && !b"#\"<>\\^`{|}".contains(byte);
        let query: String = query.iter().filter(|b| in_a_url(b)).map(|b| char::from(*b)).collect();
        let _tried = Tried(query.as_bytes());
        let answer = app.get("aurora", &format!("{path}?{query}")).await;
        assert!(matches!(answer.status, 200 | 400 | 403 | 404 | 406), "{}", answer.body);

        let body = mangled(&mut rng, &bodies);
        let Ok(body) = serde_json::from_slice::<Value>(&body) else { continue };
        for target in ["/v1/bind", "/v1/links"] {
            let answer = app.post("aurora", target, body.clone()).await;
            assert!((200..500).contains(&answer.status), "{body}: {}", answer.body);
        }
    }
}

#[tokio::test]
async fn nested_array_blocks_no_other() {
    let app = TestApp::at("2026-11-24T00:00:00Z").await;
    let nested = json!([[event("e1", "activity", json!({}))], 7, null, {}]);
    let reports = app.send_raw(&nested.to_string()).await;
    assert_eq!(reports.len(), 4);
    assert!(
        reports.iter().all(|report| matches!(report.outcome, EventOutcome::Quarantined { .. }))
    );
}

#[tokio::test]
async fn unreadable_event_is_kept_unchanged() {
    let app = TestApp::at("2026-11-24T00:00:00Z").await;
    let number = "4".repeat(92);
    let unread = [
        format!(r#"{{"specversion":"1.0","id":"1", "source":"s","type":"t","data":{number}}}"#),
        "[ 1e999 ]".to_owned(),
        r#"{"id": "1", "id": "2"}"#.to_owned(),
    ];
    let reports = app.send_raw(&format!("[{}, null]", unread.join(" ,\n"))).await;
    assert_eq!(reports.len(), 4);
    let kept = app.context.table.quarantined(day("2026-11-24")).await.unwrap();
    let kept: Vec<_> = kept.into_iter().map(|entry| entry.body).collect();
    assert!(unread.iter().all(|event| kept.contains(event)), "{kept:?}");
}

/// Inputs that failed earlier, each in its shortest form.
#[test]
fn earlier_failures_are_handled() {
    decoding::message(format!("[{{\"specversion\":{}}}]", "4".repeat(92)).as_bytes());
    // A value was read from the first bytes of an item, and the rest ignored.
    decoding::stored(&[0]);
}
