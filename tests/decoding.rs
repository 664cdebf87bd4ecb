//! Properties of every decoder for any input. `malformed_input.rs` tests them with seeded
//! mutations, `tests/fuzz` with coverage-guided fuzzers.

use std::fmt::Debug;
use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use binding::ConfirmationToken;
use hmac::{Hmac, KeyInit, Mac};
use http_api::{OpenError, Purpose, Signer};
use ingestion::{EventOutcome, Message, Reader, Reading};
use policy::Programme;
use reporting::Cursor;
use serde::Serialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::{Value, json};
use sha2::Sha256;
use storage::{
    FeeBatch, LineChunk, Packed, Referral, RunReport, ShardReport, Summary, Totals, TwoVersionCell,
    Work,
};
use types::{Timestamp, Uid};

const POLICY: &str = include_str!("../programme.toml");
/// The current signing key, the previous one, and one that was removed.
const KEY: &str = "the key that signs all new tokens";
const KEY_BEFORE: &str = "the key before it which is still known";
const KEY_GONE: &str = "the key before that and known no longer";

static PROGRAMME: LazyLock<Programme> = LazyLock::new(|| Programme::parse(POLICY).unwrap());
static SIGNER: LazyLock<Signer> =
    LazyLock::new(|| Signer::from_keys_text(&format!("{KEY},{KEY_BEFORE}")).unwrap());
static CALLER: LazyLock<Uid> = LazyLock::new(|| "dora".parse().unwrap());
static NOW: LazyLock<Timestamp> = LazyLock::new(|| "2026-11-24T00:00:00Z".parse().unwrap());

/// A queue message: each event is read, or quarantined unchanged with a message, and is read in the
/// same way alone as among others, and by both readers.
pub fn message(input: &[u8]) {
    let body = String::from_utf8_lossy(input);
    let readings = read(&body);
    let events = serde_json::from_str::<Vec<IgnoredAny>>(&body);
    assert_eq!(readings.len(), events.map_or(1, |events| events.len()));
    for reading in readings {
        assert!(body.contains(&reading.body));
        match &reading.outcome {
            EventOutcome::Ingested => assert!(reading.content.is_some()),
            EventOutcome::Quarantined { detail, .. } => {
                assert!(reading.content.is_none() && !detail.is_empty());
            }
            EventOutcome::Retry { .. } => panic!("nothing is known yet that could be missing"),
        }
        if reading.body.starts_with('[') {
            assert_eq!(reading.content, None);
        } else {
            assert_eq!(read(&reading.body), [reading]);
        }
    }
}

fn read(body: &str) -> Vec<Reading> {
    let message = Message { id: "m".to_owned(), sent_at: *NOW, body: body.to_owned() };
    let readings = ingestion::read(&PROGRAMME, &message, *NOW).unwrap();
    let by_field = ingestion::read_by(Reader::FieldByField, &PROGRAMME, &message, *NOW).unwrap();
    assert_eq!(readings, by_field);
    let readable = readings.iter().filter(|it| it.content.is_some()).count();
    let counted = ingestion::count_readable(Reader::OnePass, &PROGRAMME, &message, *NOW);
    assert_eq!(counted, readable);
    readings
}

/// The confirmation of a bind, and the encrypted inviter in it.
pub fn confirmation(input: &[u8]) {
    token::<ConfirmationToken>(Purpose::Confirmation, input);
    hidden(input);
}

/// Cursors of both lists, which hold a position and the key of an invitee.
pub fn cursor(input: &[u8]) {
    token::<Cursor>(Purpose::Cursor("/v1/dashboard/commissions product=spot"), input);
    token::<String>(Purpose::Cursor("/v1/dashboard/referrals "), input);
}

/// A foreign token never opens, and an own token opens to its content only.
fn token<T: Content>(purpose: Purpose<'_>, input: &[u8]) {
    assert_eq!(open::<T>(purpose, &String::from_utf8_lossy(input)), Err(OpenError::Invalid));
    assert_eq!(open::<T>(purpose, &sealed(KEY_GONE, purpose, input)), Err(OpenError::Invalid));
    altered::<T>(purpose, input);

    // A token of any version and time, as the holder of a key could make it.
    if let Ok(content) = open::<T>(purpose, &sealed(KEY_BEFORE, purpose, input)) {
        assert!(input.starts_with(&[1]) && input[1..9] > NOW.millis().to_be_bytes()[..]);
        says(&input[9..], &content);
    }
    // A token of the current version and time, with any content.
    let head = [&[1], &NOW.plus_millis(1).millis().to_be_bytes()[..]].concat();
    match open::<T>(purpose, &sealed(KEY, purpose, &[&head, input].concat())) {
        Ok(content) => {
            says(input, &content);
            let again = SIGNER.seal(purpose, &CALLER, &content, NOW.plus_millis(1)).unwrap();
            assert_eq!(open(purpose, &again), Ok(content));
        }
        Err(error) => assert_eq!(error, OpenError::Invalid),
    }
}

trait Content: Serialize + DeserializeOwned + PartialEq + Debug {}
impl<T: Serialize + DeserializeOwned + PartialEq + Debug> Content for T {}

fn open<T: Content>(purpose: Purpose<'_>, token: &str) -> Result<T, OpenError> {
    SIGNER.open(purpose, &CALLER, token, *NOW)
}

/// A valid token does not open after any change; here the input is XORed onto it.
fn altered<T: Content>(purpose: Purpose<'_>, input: &[u8]) {
    let content = json!({ "code": "ABCD2345" });
    let good = SIGNER.seal(purpose, &CALLER, &content, NOW.plus_millis(1)).unwrap();
    let other = laid_over(&good, input);
    assert!(other == good || open::<T>(purpose, &other) == Err(OpenError::Invalid));
    assert_eq!(open::<Value>(purpose, &other).is_ok(), other == good);
}

/// Returns the text's bytes, XORed with the input.
fn laid_over(text: &str, input: &[u8]) -> String {
    let mut bytes = URL_SAFE_NO_PAD.decode(text).unwrap();
    bytes.iter_mut().zip(input).for_each(|(byte, change)| *byte ^= change);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Returns a token of these bytes, made as `signer.rs` of `http-api` describes it.
fn sealed(key: &str, purpose: Purpose<'_>, signed: &[u8]) -> String {
    let (name, list) = match purpose {
        Purpose::Confirmation => ("confirmation", ""),
        Purpose::Cursor(list) => ("cursor", list),
    };
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).unwrap();
    for part in [name.as_bytes(), list.as_bytes(), CALLER.as_str().as_bytes(), signed] {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    URL_SAFE_NO_PAD.encode([signed, &mac.finalize().into_bytes()].concat())
}

/// Checks that the payload contains every member of the content with the same characters.
///
/// It may contain others: while two releases run at the same time, the older one opens tokens of
/// the newer. Skipped members need not even be text.
fn says(payload: &[u8], content: &impl Content) {
    let Ok(payload) = serde_json::from_slice::<Value>(payload) else { return };
    let content = serde_json::to_value(content).unwrap();
    assert!(holds(&payload, &content), "{content} was read of {payload}");
}

fn holds(payload: &Value, content: &Value) -> bool {
    match (payload, content) {
        (Value::Object(payload), Value::Object(content)) => content
            .iter()
            .all(|(name, value)| holds(payload.get(name).unwrap_or(&Value::Null), value)),
        // Members may also be listed in their order.
        (Value::Array(payload), Value::Object(content)) => {
            payload.iter().zip(content.values()).all(|(said, value)| holds(said, value))
        }
        _ => payload == content,
    }
}

/// An inviter is decrypted only if it was encrypted by the API, for this invitee and link.
fn hidden(input: &[u8]) {
    let (code, inviter) = ("ABCD2345", "aurora".parse().unwrap());
    assert_eq!(SIGNER.decrypt_id(&CALLER, code, &String::from_utf8_lossy(input)), None);
    let good = SIGNER.encrypt_id(&CALLER, code, &inviter).unwrap();
    let other = laid_over(&good, input);
    let revealed = SIGNER.decrypt_id(&CALLER, code, &other);
    assert_eq!(revealed, (other == good).then_some(inviter));
}

/// Stored bytes are refused, or round-trip: they are written and read again unchanged, and refused
/// if anything is appended or missing.
pub fn stored(input: &[u8]) {
    fees(input);
    packed::<Work>(input);
    packed::<RunReport>(input);
    packed::<ShardReport>(input);
    packed::<LineChunk>(input);
    packed::<Summary>(input);
    packed::<TwoVersionCell<Totals>>(input);
    packed::<Referral>(input);
    older::<Work>(input);
    older::<LineChunk>(input);
    older::<RunReport>(input);
    older::<ShardReport>(input);
    older::<Summary>(input);
    older::<Referral>(input);
}

/// A value of an older schema version is written in the newest version, and reads as the same
/// value.
fn older<T: Content + Packed>(input: &[u8]) {
    let Ok(value) = storage::unpack_version::<T>("input", T::FORM - 1, input) else { return };
    let bytes = storage::pack(&value).unwrap();
    assert_eq!(storage::unpack_version::<T>("input", T::FORM, &bytes).unwrap(), value);
}

fn packed<T: Content>(input: &[u8]) {
    let unpack = |bytes: &[u8]| storage::unpack::<T>("input", bytes);
    let Ok(value) = unpack(input) else { return };
    let bytes = storage::pack(&value).unwrap();
    let again = unpack(&bytes).unwrap();
    assert_eq!(again, value);
    assert_eq!(storage::pack(&again).unwrap(), bytes);
    assert!(unpack(&[&bytes[..], &[0]].concat()).is_err());
    assert!(unpack(&bytes[..bytes.len() - 1]).is_err());
}

/// Checks that reading a chunk of fees, in rows or columns, changes only the order. Columns are
/// also read with corrected checksums, since a mutation would never produce these.
fn fees(input: &[u8]) {
    chunk_of_fees(input);
    if let Some(sealed) = with_checksums(input) {
        chunk_of_fees(&sealed);
    }
}

/// The input as a chunk of columns: its first two bytes are the length of the head.
fn with_checksums(input: &[u8]) -> Option<Vec<u8>> {
    let (length, rest) = input.split_first_chunk()?;
    let (head, columns) = rest.split_at_checked(usize::from(u16::from_le_bytes(*length)))?;
    Some(fee_chunks::framed(fee_chunks::VERSION, head, columns))
}

fn chunk_of_fees(input: &[u8]) {
    let Some(read) = chunk(input) else { return };
    assert!(chunk(&[input, &[0]].concat()).is_none());
    let mut again = FeeBatch::default();
    for chunk in read.to_chunks().unwrap() {
        assert!(self::chunk(&chunk[..chunk.len() - 1]).is_none());
        again.read_chunk(&chunk).unwrap();
    }
    let content = |batch: &FeeBatch| -> Vec<_> {
        let mut fees: Vec<_> = batch.fees.iter().map(|fee| (fee.arrival(), fee.fee())).collect();
        fees.sort_unstable();
        fees
    };
    assert_eq!(content(&again), content(&read));
    assert_eq!(again.corrections, read.corrections);
}

fn chunk(bytes: &[u8]) -> Option<FeeBatch> {
    let mut batch = FeeBatch::default();
    batch.read_chunk(bytes).ok().map(|()| batch)
}

/// Returns the parts of the shipped policy, divided at blank lines.
pub fn parts_of_the_policy() -> Vec<&'static str> {
    POLICY.split("\n\n").filter(|part| part.contains('=')).collect()
}

/// A policy is read, or refused with line numbers. The first byte selects the part of the shipped
/// policy that the rest of the input replaces; beyond the last part, the rest is the whole policy.
pub fn policy(input: &[u8]) {
    let Some((place, text)) = input.split_first() else { return };
    let text = String::from_utf8_lossy(text);
    let text = match parts_of_the_policy().get(usize::from(*place)) {
        Some(part) => POLICY.replacen(part, &text, 1),
        None => text.into_owned(),
    };
    let Err(errors) = Programme::parse(&text) else { return };
    assert!(!errors.problems().is_empty());
    let lines = 1 + text.matches('\n').count();
    for problem in errors.problems() {
        assert!((1..=lines).contains(&problem.line), "{errors}");
        assert!(!problem.wrong.is_empty() && !problem.right.is_empty(), "{errors}");
    }
}
