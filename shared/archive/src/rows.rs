//! The archived records, and their columns.

use commission::{
    Amount, Asset, Assets, Charge, Decimals, Fee, FeeCorrection, Line, LineKey, Outcome, Relation,
    SharedCommission, Split, Sums,
};
use types::{Reason, Timestamp, Vip};

use crate::column::{RowReader, RowWriter};
use crate::{ArchiveError, Kind, Record};

/// A fee as it was delivered.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FeeRow {
    /// The name of the table's chunk that held it.
    pub chunk: String,
    /// The order of its delivery among those with its identity, in milliseconds since 1970.
    pub arrival: u64,
    /// The fee.
    pub fee: Fee,
}

impl Record for FeeRow {
    const KIND: Kind = Kind::Fees;
    const SCHEMA: &'static str = "message fee {
        required binary chunk (string);
        required int64 arrival (timestamp(millis,true));
        required binary uid (string);
        required binary trade_id (string);
        required binary product (string);
        required binary kind (string);
        required binary asset (string);
        required fixed_len_byte_array(16) amount (decimal(38,18));
        required fixed_len_byte_array(16) amount_usd (decimal(38,18));
        required fixed_len_byte_array(16) volume_usd (decimal(38,18));
        required int32 vip;
        required boolean broker;
        required int64 charged_at (timestamp(millis,true));
    }";

    fn put(&self, row: &mut RowWriter<'_>, assets: &Assets) -> Result<(), ArchiveError> {
        let Self { chunk, arrival, fee } = self;
        row.text(chunk)?;
        row.long(i64::try_from(*arrival).map_err(|_| ArchiveError::TooLarge)?)?;
        row.text(fee.uid.as_str())?;
        row.text(fee.trade_id.as_str())?;
        let charge = &fee.charge;
        row.text(charge.product.as_str())?;
        row.text(charge.kind.as_str())?;
        row.text(charge.asset.as_str())?;
        row.amount(charge.amount, assets.decimals(charge.asset))?;
        row.amount(charge.amount_usd, assets.usd())?;
        row.amount(charge.volume_usd, assets.usd())?;
        row.int(charge.vip.0.into())?;
        row.flag(charge.broker)?;
        row.long(charge.at.millis())
    }

    fn take(row: &mut RowReader<'_>, assets: &Assets) -> Result<Self, ArchiveError> {
        let chunk = row.text()?.to_owned();
        let arrival = u64::try_from(row.long()?).map_err(|_| ArchiveError::Columns)?;
        let (uid, trade_id) = (row.term()?, row.term()?);
        let (product, kind) = (row.term()?, row.term()?);
        let asset: Asset = row.term()?;
        let charge = Charge {
            product,
            kind,
            asset,
            amount: row.amount(assets.decimals(asset))?,
            amount_usd: row.amount(assets.usd())?,
            volume_usd: row.amount(assets.usd())?,
            vip: Vip(row.int()?),
            broker: row.flag()?,
            at: instant(row.long()?)?,
        };
        Ok(Self { chunk, arrival, fee: Fee { trade_id, uid, charge } })
    }
}

/// A correction as it was delivered.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct CorrectionRow {
    /// The name of the table's chunk that held it.
    pub chunk: String,
    /// The correction.
    pub correction: FeeCorrection,
}

impl Record for CorrectionRow {
    const KIND: Kind = Kind::Corrections;
    const SCHEMA: &'static str = "message correction {
        required binary chunk (string);
        required binary uid (string);
        required binary trade_id (string);
        required int64 corrected_at (timestamp(millis,true));
        required fixed_len_byte_array(16) amount (decimal(38,18));
        required fixed_len_byte_array(16) amount_usd (decimal(38,18));
        required fixed_len_byte_array(16) volume_usd (decimal(38,18));
        required binary why (string);
    }";

    fn put(&self, row: &mut RowWriter<'_>, assets: &Assets) -> Result<(), ArchiveError> {
        let Self { chunk, correction } = self;
        row.text(chunk)?;
        row.text(correction.uid.as_str())?;
        row.text(correction.trade_id.as_str())?;
        row.long(correction.at.millis())?;
        row.amount(correction.amount, Decimals::FINEST)?;
        row.amount(correction.amount_usd, assets.usd())?;
        row.amount(correction.volume_usd, assets.usd())?;
        row.text(&correction.why)
    }

    fn take(row: &mut RowReader<'_>, assets: &Assets) -> Result<Self, ArchiveError> {
        let chunk = row.text()?.to_owned();
        let (uid, trade_id) = (row.term()?, row.term()?);
        let correction = FeeCorrection {
            trade_id,
            uid,
            at: instant(row.long()?)?,
            amount: row.amount(Decimals::FINEST)?,
            amount_usd: row.amount(assets.usd())?,
            volume_usd: row.amount(assets.usd())?,
            why: row.text()?.to_owned(),
        };
        Ok(Self { chunk, correction })
    }
}

/// A booked line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineRow {
    /// The run that booked it.
    pub seq: u64,
    /// The line.
    pub line: Line,
    /// Whether an operator withdrew it: then it was never visible.
    pub withdrawn: bool,
}

impl Record for LineRow {
    const KIND: Kind = Kind::Lines;
    const SCHEMA: &'static str = "message line {
        required int64 seq;
        required binary inviter (string);
        required binary invitee (string);
        required binary product (string);
        required binary asset (string);
        optional int32 rate (decimal(7,6));
        optional int32 shared_rate (decimal(7,6));
        optional binary reason (string);
        required binary code (string);
        required binary origin (string);
        required binary cause (string);
        required binary why (json);
        required int64 fee_count;
        required int64 corrected_count;
        required fixed_len_byte_array(16) fees (decimal(38,18));
        required fixed_len_byte_array(16) commission (decimal(38,18));
        required fixed_len_byte_array(16) shared (decimal(38,18));
        required fixed_len_byte_array(16) fees_usd (decimal(38,18));
        required fixed_len_byte_array(16) commission_usd (decimal(38,18));
        required fixed_len_byte_array(16) shared_usd (decimal(38,18));
        required fixed_len_byte_array(16) volume_usd (decimal(38,18));
        required fixed_len_byte_array(16) counted_volume_usd (decimal(38,18));
        optional int64 first_trade_at (timestamp(millis,true));
        optional int64 last_trade_at (timestamp(millis,true));
        required boolean withdrawn;
    }";

    fn put(&self, row: &mut RowWriter<'_>, assets: &Assets) -> Result<(), ArchiveError> {
        let Line { key, code, origin, sums, cause, why } = &self.line;
        let (asset, usd) = (assets.decimals(key.asset), assets.usd());
        let (rate, shared) = match key.outcome {
            Outcome::Earned { rate, shared } => (Some(rate), Some(shared)),
            Outcome::Zero { .. } => (None, None),
        };
        put_count(row, self.seq)?;
        row.text(key.inviter.as_str())?;
        row.text(key.invitee.as_str())?;
        row.text(key.product.as_str())?;
        row.text(key.asset.as_str())?;
        row.rate(rate)?;
        row.rate(shared)?;
        row.optional_text(key.outcome.reason().map(Reason::code))?;
        row.text(code.as_str())?;
        row.text(origin.as_str())?;
        row.optional_text(serde_json::to_value(cause)?.as_str())?;
        row.text(&serde_json::to_string(why)?)?;
        row.long(sums.fee_count)?;
        row.long(sums.corrected_count)?;
        put_split(row, sums.in_asset(), asset)?;
        put_split(row, sums.in_usd(), usd)?;
        row.amount(sums.volume_usd, usd)?;
        row.amount(sums.counted_volume_usd, usd)?;
        row.optional_long(sums.first_trade_at.map(Timestamp::millis))?;
        row.optional_long(sums.last_trade_at.map(Timestamp::millis))?;
        row.flag(self.withdrawn)
    }

    fn take(row: &mut RowReader<'_>, assets: &Assets) -> Result<Self, ArchiveError> {
        let seq = take_count(row)?;
        let (inviter, invitee) = (row.term()?, row.term()?);
        let product = row.term()?;
        let asset: Asset = row.term()?;
        let rates = (row.rate()?, row.rate()?);
        let reason = row.optional_text()?.map(str::parse).transpose()?;
        let outcome = match (rates, reason) {
            ((Some(rate), Some(shared)), None) => Outcome::Earned { rate, shared },
            ((None, None), Some(reason)) => Outcome::Zero { reason },
            _ => return Err(ArchiveError::Columns),
        };
        let (code, origin) = (row.term()?, row.term()?);
        let cause = serde_json::from_value(row.text()?.into())?;
        let why = serde_json::from_str(row.text()?)?;
        let (decimals, usd) = (assets.decimals(asset), assets.usd());
        let sums = Sums {
            fee_count: row.long()?,
            corrected_count: row.long()?,
            fees: row.amount(decimals)?,
            commission: row.amount(decimals)?,
            shared: row.amount(decimals)?,
            fees_usd: row.amount(usd)?,
            commission_usd: row.amount(usd)?,
            shared_usd: row.amount(usd)?,
            volume_usd: row.amount(usd)?,
            counted_volume_usd: row.amount(usd)?,
            first_trade_at: row.optional_long()?.map(instant).transpose()?,
            last_trade_at: row.optional_long()?.map(instant).transpose()?,
        };
        let key = LineKey { inviter, invitee, product, asset, outcome };
        let line = Line { key, code, origin, sums, cause, why };
        Ok(Self { seq, line, withdrawn: row.flag()? })
    }
}

/// A committed run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunRow {
    /// Its number in the ledger.
    pub seq: u64,
    /// The name under which its deltas were stored.
    pub run: String,
    /// When it was committed.
    pub committed_at: Timestamp,
    /// The number of its lines.
    pub lines: u64,
    /// The digest of its conservation report.
    pub digest: String,
    /// The chain's digest before the run.
    pub chain_before: Option<String>,
    /// The chain's digest after the run.
    pub chain: Option<String>,
    /// The report: the proof, the booked sums and the counts of excluded fees, as JSON.
    pub report: String,
}

impl Record for RunRow {
    const KIND: Kind = Kind::Runs;
    const SCHEMA: &'static str = "message run {
        required int64 seq;
        required binary run (string);
        required int64 committed_at (timestamp(millis,true));
        required int64 lines;
        required binary digest (string);
        optional binary chain_before (string);
        optional binary chain (string);
        required binary report (json);
    }";

    fn put(&self, row: &mut RowWriter<'_>, _: &Assets) -> Result<(), ArchiveError> {
        put_count(row, self.seq)?;
        row.text(&self.run)?;
        row.long(self.committed_at.millis())?;
        put_count(row, self.lines)?;
        row.text(&self.digest)?;
        row.optional_text(self.chain_before.as_deref())?;
        row.optional_text(self.chain.as_deref())?;
        row.text(&self.report)
    }

    fn take(row: &mut RowReader<'_>, _: &Assets) -> Result<Self, ArchiveError> {
        Ok(Self {
            seq: take_count(row)?,
            run: row.text()?.to_owned(),
            committed_at: instant(row.long()?)?,
            lines: take_count(row)?,
            digest: row.text()?.to_owned(),
            chain_before: row.optional_text()?.map(str::to_owned),
            chain: row.optional_text()?.map(str::to_owned),
            report: row.text()?.to_owned(),
        })
    }
}

/// The sums of a run's lines in one asset, as the run reported them at its commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TotalRow {
    /// The run's number.
    pub seq: u64,
    /// The asset.
    pub asset: Asset,
    /// Fees, commission and shared commission in the asset.
    pub in_asset: Split,
    /// The same in USD.
    pub in_usd: Split,
    /// The volume of the trades, in USD.
    pub volume_usd: Amount,
}

impl Record for TotalRow {
    const KIND: Kind = Kind::Totals;
    const SCHEMA: &'static str = "message total {
        required int64 seq;
        required binary asset (string);
        required fixed_len_byte_array(16) fees (decimal(38,18));
        required fixed_len_byte_array(16) commission (decimal(38,18));
        required fixed_len_byte_array(16) shared (decimal(38,18));
        required fixed_len_byte_array(16) fees_usd (decimal(38,18));
        required fixed_len_byte_array(16) commission_usd (decimal(38,18));
        required fixed_len_byte_array(16) shared_usd (decimal(38,18));
        required fixed_len_byte_array(16) volume_usd (decimal(38,18));
    }";

    fn put(&self, row: &mut RowWriter<'_>, assets: &Assets) -> Result<(), ArchiveError> {
        put_count(row, self.seq)?;
        row.text(self.asset.as_str())?;
        put_split(row, self.in_asset, assets.decimals(self.asset))?;
        put_split(row, self.in_usd, assets.usd())?;
        row.amount(self.volume_usd, assets.usd())
    }

    fn take(row: &mut RowReader<'_>, assets: &Assets) -> Result<Self, ArchiveError> {
        let seq = take_count(row)?;
        let asset: Asset = row.term()?;
        let in_asset = take_split(row, assets.decimals(asset))?;
        let in_usd = take_split(row, assets.usd())?;
        Ok(Self { seq, asset, in_asset, in_usd, volume_usd: row.amount(assets.usd())? })
    }
}

/// A binding of the day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BindingRow {
    /// Invitee, inviter, instant, link and shared commission, as of the binding.
    pub relation: Relation,
    /// The rule under which it was eligible; absent for a sign-up without evidence.
    pub rule: Option<String>,
    /// The whole evidence as JSON: the facts of both accounts that were evaluated.
    pub evidence: Option<String>,
}

impl Record for BindingRow {
    const KIND: Kind = Kind::Bindings;
    const SCHEMA: &'static str = "message binding {
        required binary inviter (string);
        required binary invitee (string);
        required binary code (string);
        required binary origin (string);
        required int64 bound_at (timestamp(millis,true));
        required int32 shared_spot (decimal(7,6));
        required int32 shared_futures (decimal(7,6));
        optional int64 voided_at (timestamp(millis,true));
        optional binary rule (string);
        optional binary evidence (json);
    }";

    fn put(&self, row: &mut RowWriter<'_>, _: &Assets) -> Result<(), ArchiveError> {
        let Self { relation, rule, evidence } = self;
        row.text(relation.inviter.as_str())?;
        row.text(relation.invitee.as_str())?;
        row.text(relation.code.as_str())?;
        row.text(relation.origin.as_str())?;
        row.long(relation.bound_at.millis())?;
        row.rate(Some(relation.shared.spot))?;
        row.rate(Some(relation.shared.futures))?;
        row.optional_long(relation.voided_at.map(Timestamp::millis))?;
        row.optional_text(rule.as_deref())?;
        row.optional_text(evidence.as_deref())
    }

    fn take(row: &mut RowReader<'_>, _: &Assets) -> Result<Self, ArchiveError> {
        let (inviter, invitee) = (row.term()?, row.term()?);
        let (code, origin) = (row.term()?, row.term()?);
        let bound_at = instant(row.long()?)?;
        let [spot, futures] = [row.rate()?, row.rate()?].map(|rate| rate.unwrap_or_default());
        let voided_at = row.optional_long()?.map(instant).transpose()?;
        let shared = SharedCommission { spot, futures };
        let relation = Relation { inviter, invitee, code, origin, bound_at, shared, voided_at };
        let rule = row.optional_text()?.map(str::to_owned);
        Ok(Self { relation, rule, evidence: row.optional_text()?.map(str::to_owned) })
    }
}

fn instant(millis: i64) -> Result<Timestamp, ArchiveError> {
    Timestamp::from_millis(millis).ok_or(ArchiveError::Columns)
}

fn put_count(row: &mut RowWriter<'_>, count: u64) -> Result<(), ArchiveError> {
    row.long(i64::try_from(count).map_err(|_| ArchiveError::TooLarge)?)
}

fn take_count(row: &mut RowReader<'_>) -> Result<u64, ArchiveError> {
    u64::try_from(row.long()?).map_err(|_| ArchiveError::Columns)
}

fn put_split(
    row: &mut RowWriter<'_>,
    split: Split,
    decimals: Decimals,
) -> Result<(), ArchiveError> {
    let Split { fees, commission, shared } = split;
    [fees, commission, shared].into_iter().try_for_each(|amount| row.amount(amount, decimals))
}

fn take_split(row: &mut RowReader<'_>, decimals: Decimals) -> Result<Split, ArchiveError> {
    Ok(Split {
        fees: row.amount(decimals)?,
        commission: row.amount(decimals)?,
        shared: row.amount(decimals)?,
    })
}
