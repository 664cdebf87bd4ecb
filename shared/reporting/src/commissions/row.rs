//! A line as it is shown and exported: in every form the same columns.

use commission::{Amount, Asset, Assets, Cause, Outcome, Rate};
use serde::Serialize;
use storage::{RunId, short_sha256};
use types::{Day, LinkCode, Origin, Product, Reason, Timestamp, Uid};

use super::line_reader::Placed;
use super::line_type::LineType;
use crate::status::Status;

/// The version of the columns, of the types of lines and of their meaning. Programs that read
/// exports may rely on all of it: a change gets the next number.
pub const VERSION: u8 = 1;

/// The columns of an export, in order; also the members of a line in JSON.
pub const COLUMNS: [&str; 28] = [
    "version",
    "id",
    "day",
    "runId",
    "type",
    "cause",
    "corrects",
    "why",
    "uid",
    "origin",
    "code",
    "product",
    "asset",
    "feeCount",
    "fees",
    "rate",
    "sharedRate",
    "commission",
    "shared",
    "feesUsd",
    "commissionUsd",
    "sharedUsd",
    "volumeUsd",
    "reason",
    "sentence",
    "status",
    "paidAt",
    "reference",
];

/// A line. Amounts have all decimals of their asset; in a correction they are the change.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Row {
    version: u8,
    /// The line's identity: the same in every answer, and no other line's ever.
    id: String,
    day: Day,
    run_id: RunId,
    r#type: LineType,
    /// Why a correction was made, as a word of the closed list.
    cause: Option<Cause>,
    /// The day whose earlier lines a correction corrects.
    corrects: Option<Day>,
    /// The exchange's words for the correction.
    why: Option<String>,
    uid: Uid,
    origin: Origin,
    code: LinkCode,
    product: Product,
    asset: Asset,
    fee_count: i64,
    fees: String,
    rate: Rate,
    shared_rate: Rate,
    commission: String,
    shared: String,
    fees_usd: String,
    commission_usd: String,
    shared_usd: String,
    volume_usd: String,
    /// Why nothing was earned, if so.
    reason: Option<Reason>,
    sentence: Option<&'static str>,
    status: Status,
    paid_at: Option<Timestamp>,
    reference: Option<String>,
}

impl Row {
    /// A line of the affiliate's.
    pub(crate) fn new(affiliate: &Uid, placed: &Placed, assets: &Assets) -> Self {
        let Placed { run, place, line } = placed;
        let (key, sums) = (&line.key, &line.sums);
        let in_asset = |amount: Amount| amount.display(assets.decimals(key.asset)).to_string();
        let in_usd = |amount: Amount| amount.display(assets.usd()).to_string();
        let correction = (line.cause != Cause::Booked).then_some(line.cause);
        let (rate, shared_rate) = rates(key.outcome);
        let reason = key.outcome.reason();
        Self {
            version: VERSION,
            id: line_id(affiliate, place.seq, place.chunk, place.index),
            day: run.id.day,
            run_id: run.id,
            r#type: LineType::of(line),
            cause: correction,
            corrects: correction.map(|_| run.id.day),
            why: (!line.why.is_empty()).then(|| line.why.join("; ")),
            uid: key.invitee.clone(),
            origin: line.origin,
            code: line.code.clone(),
            product: key.product,
            asset: key.asset,
            fee_count: sums.fee_count,
            fees: in_asset(sums.fees),
            rate,
            shared_rate,
            commission: in_asset(sums.commission),
            shared: in_asset(sums.shared),
            fees_usd: in_usd(sums.fees_usd),
            commission_usd: in_usd(sums.commission_usd),
            shared_usd: in_usd(sums.shared_usd),
            volume_usd: in_usd(sums.volume_usd),
            reason,
            sentence: reason.map(Reason::sentence),
            status: run.status.in_asset(key.asset),
            paid_at: run.payment.as_ref().map(|payment| payment.paid_at),
            reference: run.payment.as_ref().map(|payment| payment.reference.clone()),
        }
    }

    /// The same row, with free text that no spreadsheet takes for a formula.
    pub(crate) fn guarded(mut self) -> Self {
        self.why = self.why.map(guarded);
        self.reference = self.reference.map(guarded);
        self
    }
}

/// Returns the identity of a line: the run's number, the chunk and the place in the chunk. A
/// repeated run writes a line to the same place, and no other run does.
#[must_use]
pub fn line_id(affiliate: &Uid, seq: u64, chunk: u32, index: usize) -> String {
    short_sha256(format!("{affiliate}#{seq}#{chunk}#{index}").as_bytes())
}

const fn rates(outcome: Outcome) -> (Rate, Rate) {
    match outcome {
        Outcome::Earned { rate, shared } => (rate, shared),
        Outcome::Zero { .. } => (Rate::ZERO, Rate::ZERO),
    }
}

/// Puts an apostrophe before a text that a spreadsheet would take for a formula (CWE-1236).
fn guarded(text: String) -> String {
    const BEGINNINGS: [char; 10] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '＠'];
    if text.starts_with(BEGINNINGS) { format!("'{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_like_formula_is_guarded() {
        for text in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r\n=1", "＝1"] {
            assert_eq!(guarded(text.to_owned()), format!("'{text}"));
        }
        for text in ["", "trade busted", "a=b", "'=1"] {
            assert_eq!(guarded(text.to_owned()), text);
        }
    }
}
