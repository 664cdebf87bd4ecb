//! Older forms of the packed items that have a newer one: form 1 as 0.1 wrote it, and form 2 of the
//! invitee entry.

use std::collections::BTreeMap;

use commission::{Amount, Asset, Conservation, Line};
use serde::Deserialize;
use types::{LinkCode, Market, Origin, Product, Reason, Timestamp, Uid};

use crate::affiliate_view::{Money, Summary};
use crate::error::TableError;
use crate::fees::DirtyShard;
use crate::item::{Packed, unpack};
use crate::ledger::{ExcludedCounts, RunReport};
use crate::packed_lines::LineChunk;
use crate::referral::{Referral, ReferralActivity};
use crate::run::{ShardReport, TouchedInvitee, Work};
use crate::shared_by_day::SharedByDay;
use crate::trading_days::TradingDays;
use crate::two_version_cell::TwoVersionCell;

#[derive(Deserialize)]
struct WorkForm1 {
    lines: Vec<Line>,
    invitees: Vec<TouchedInviteeForm1>,
}

#[derive(Deserialize)]
struct TouchedInviteeForm1 {
    inviter: Uid,
    invitee: Uid,
    code: LinkCode,
    origin: Origin,
    bound_at: Timestamp,
    voided_at: Option<Timestamp>,
    newly_bound: bool,
    newly_active: bool,
}

impl Packed for Work {
    const FORM: u8 = 2;

    fn read_older(what: &'static str, _: u8, bytes: &[u8]) -> Result<Self, TableError> {
        let WorkForm1 { lines, invitees } = unpack(what, bytes)?;
        let invitees = invitees.into_iter().map(|of| TouchedInvitee {
            inviter: of.inviter,
            invitee: of.invitee,
            code: of.code,
            origin: of.origin,
            bound_at: of.bound_at,
            voided_at: of.voided_at,
            newly_bound: of.newly_bound,
            newly_active: of.newly_active,
            newly_inactive: false,
            trades: None,
        });
        Ok(Self { lines, invitees: invitees.collect() })
    }
}

impl Packed for LineChunk {
    const FORM: u8 = 2;

    fn read_older(what: &'static str, _: u8, bytes: &[u8]) -> Result<Self, TableError> {
        Ok(Self { lines: unpack(what, bytes)? })
    }
}

#[derive(Deserialize)]
struct ExcludedForm1 {
    duplicates: u64,
    conflicts: u64,
    void: u64,
    unrelated: u64,
    outside_day: u64,
    orphan_corrections: u64,
    inexact_corrections: u64,
}

impl From<ExcludedForm1> for ExcludedCounts {
    fn from(of: ExcludedForm1) -> Self {
        Self {
            duplicates: of.duplicates,
            conflicts: of.conflicts,
            void: of.void,
            unrelated: of.unrelated,
            outside_day: of.outside_day,
            orphan_corrections: of.orphan_corrections,
            inexact_corrections: of.inexact_corrections,
            ..Self::default()
        }
    }
}

#[derive(Deserialize)]
struct ShardReportForm1 {
    shard: u8,
    attempt: String,
    chunks: Vec<(u16, u16)>,
    lines: u64,
    day_revision: u64,
    touched: Option<DirtyShard>,
    due: Conservation,
    booked: BTreeMap<Asset, Money>,
    excluded: ExcludedForm1,
}

impl Packed for ShardReport {
    const FORM: u8 = 2;

    fn read_older(what: &'static str, _: u8, bytes: &[u8]) -> Result<Self, TableError> {
        let of: ShardReportForm1 = unpack(what, bytes)?;
        Ok(Self {
            shard: of.shard,
            attempt: of.attempt,
            chunks: of.chunks,
            lines: of.lines,
            lines_digest: None,
            day_revision: of.day_revision,
            touched: of.touched,
            due: of.due,
            booked: of.booked,
            excluded: of.excluded.into(),
        })
    }
}

#[derive(Deserialize)]
struct RunReportForm1 {
    due: Conservation,
    booked: BTreeMap<Asset, Money>,
    excluded: ExcludedForm1,
}

impl Packed for RunReport {
    const FORM: u8 = 2;

    fn read_older(what: &'static str, _: u8, bytes: &[u8]) -> Result<Self, TableError> {
        let RunReportForm1 { due, booked, excluded } = unpack(what, bytes)?;
        Ok(Self { due, booked, excluded: excluded.into() })
    }
}

#[derive(Deserialize)]
struct SummaryForm1 {
    cells: BTreeMap<(Product, Asset, Origin), Money>,
    links: BTreeMap<LinkCode, Money>,
    zeros: BTreeMap<Reason, i64>,
    fee_count: i64,
    bound: BTreeMap<(Origin, LinkCode), u32>,
    active: u32,
    counted_volume_usd: BTreeMap<Market, Amount>,
    new_traders: BTreeMap<Market, u32>,
    lines: u64,
    chunks: u32,
}

impl Packed for Summary {
    const FORM: u8 = 2;

    fn read_older(what: &'static str, _: u8, bytes: &[u8]) -> Result<Self, TableError> {
        let of: SummaryForm1 = unpack(what, bytes)?;
        let signed = |(market, count)| (market, i64::from(count));
        Ok(Self {
            cells: of.cells,
            links: of.links,
            zeros: of.zeros,
            fee_count: of.fee_count,
            bound: of.bound,
            active: of.active,
            inactive: 0,
            counted_volume_usd: of.counted_volume_usd,
            new_traders: of.new_traders.into_iter().map(signed).collect(),
            lines: of.lines,
            chunks: of.chunks,
            booked_at: None,
            further_parts: 0,
        })
    }
}

/// An invitee entry of form 1 or 2, which differ in the activity.
#[derive(Deserialize)]
struct ReferralWithoutDays<A> {
    uid: Uid,
    code: LinkCode,
    origin: Origin,
    bound_at: Timestamp,
    activity: TwoVersionCell<A>,
}

#[derive(Clone, Deserialize)]
struct ActivityForm1 {
    by_asset: BTreeMap<Asset, Money>,
    first_trade_at: BTreeMap<Market, Timestamp>,
    last_trade_at: Option<Timestamp>,
    voided_at: Option<Timestamp>,
}

impl From<ActivityForm1> for ReferralActivity {
    fn from(of: ActivityForm1) -> Self {
        let first = |(market, at)| (market, TradingDays::of([at]));
        Self {
            by_asset: of.by_asset,
            first_trades: of.first_trade_at.into_iter().map(first).collect(),
            last_trades: TradingDays::of(of.last_trade_at),
            voided_at: of.voided_at,
        }
    }
}

impl Packed for Referral {
    const FORM: u8 = 3;

    fn read_older(what: &'static str, form: u8, bytes: &[u8]) -> Result<Self, TableError> {
        match form {
            1 => Ok(with_days(unpack::<ReferralWithoutDays<ActivityForm1>>(what, bytes)?)),
            _ => Ok(with_days(unpack::<ReferralWithoutDays<ReferralActivity>>(what, bytes)?)),
        }
    }
}

/// Returns an entry whose days are not known. Those after its last trade will be, because only
/// trades earn commission.
fn with_days<A: Clone + Into<ReferralActivity>>(of: ReferralWithoutDays<A>) -> Referral {
    let activity = of.activity.map(Into::into);
    let last_trade = activity.at(u64::MAX).and_then(ReferralActivity::last_trade_at);
    Referral {
        uid: of.uid,
        code: of.code,
        origin: of.origin,
        bound_at: of.bound_at,
        activity,
        shared_by_day: SharedByDay::known_since(last_trade.map(|at| at.day().next())),
    }
}

#[cfg(test)]
mod tests {
    use commission::Split;

    use super::*;
    use crate::item::{pack, unpack_version};
    use crate::shared_by_day::SharedDays;

    fn timestamp(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    /// The bytes of form 1, whose structs had the same fields in this order.
    fn activity(first: Option<Timestamp>) -> impl serde::Serialize + Clone {
        let by_market: BTreeMap<Market, Timestamp> =
            first.into_iter().map(|at| (Market::Spot, at)).collect();
        let no_amounts: BTreeMap<Asset, Money> = BTreeMap::new();
        (no_amounts, by_market, first, None::<Timestamp>)
    }

    #[test]
    fn money_keeps_its_bytes() {
        let [a, b, c, d, e, f, g] = [1, -2, 3, 4, 5, 6, 7].map(Amount::from_minor);
        let money = Money {
            in_asset: Split { fees: a, commission: b, shared: c },
            in_usd: Split { fees: d, commission: e, shared: f },
            volume_usd: g,
        };
        assert_eq!(pack(&money).unwrap(), pack(&(a, b, c, d, e, f, g)).unwrap());
    }

    #[test]
    fn referral_of_form_1_keeps_its_trades() {
        let at = timestamp("2026-11-20T10:00:00Z");
        let slots = (7_u64, activity(Some(at)), Some(activity(None)));
        let (uid, code): (Uid, LinkCode) = ("u1".parse().unwrap(), "ABCD2345".parse().unwrap());
        let bytes = pack(&(uid, code, Origin::Signup, at, slots)).unwrap();
        let read: Referral = unpack_version("referral", 1, &bytes).unwrap();
        let activity = read.activity.at(7).unwrap();
        assert_eq!(activity.first_trade_at(Market::Spot), Some(at));
        assert_eq!(activity.last_trade_at(), Some(at));
        assert!(!read.activity.at(6).unwrap().has_traded());
    }

    #[test]
    fn referral_of_form_2_knows_days_after_it() {
        let at = timestamp("2026-11-20T10:00:00Z");
        let mut traded = ReferralActivity { voided_at: Some(at), ..ReferralActivity::default() };
        let (uid, code): (Uid, LinkCode) = ("u1".parse().unwrap(), "ABCD2345".parse().unwrap());
        let days = |activity: &ReferralActivity| {
            let slots = TwoVersionCell::new(7, activity.clone());
            let bytes = pack(&(&uid, &code, Origin::Signup, at, slots)).unwrap();
            let read: Referral = unpack_version("referral", 2, &bytes).unwrap();
            assert_eq!(read.activity.at(7), Some(activity));
            read.shared_by_day.at(7).unwrap()
        };
        assert_eq!(days(&traded), SharedDays::default());
        traded.last_trades = TradingDays::of([at]);
        let since = Some(at.day().next());
        assert_eq!(days(&traded), SharedDays { since, ..SharedDays::default() });
    }

    #[test]
    fn shard_report_of_form_1_keeps_its_counts() {
        let no_money: BTreeMap<Asset, Money> = BTreeMap::new();
        let excluded = (1_u64, 2_u64, 3_u64, 4_u64, 5_u64, 6_u64, 7_u64);
        let bytes = pack(&(
            (9_u8, "attempt", [(0_u16, 1_u16)].as_slice()),
            (8_u64, 2_u64, None::<DirtyShard>),
            Conservation::default(),
            no_money,
            excluded,
        ));
        let read: ShardReport = unpack_version("shard report", 1, &bytes.unwrap()).unwrap();
        let expected = ExcludedCounts {
            duplicates: 1,
            conflicts: 2,
            void: 3,
            unrelated: 4,
            outside_day: 5,
            orphan_corrections: 6,
            inexact_corrections: 7,
            ..ExcludedCounts::default()
        };
        assert_eq!(read.excluded, expected);
        assert_eq!((read.shard, read.lines, read.lines_digest), (9, 8, None));
    }

    #[test]
    fn form_without_a_reader_is_refused() {
        for form in [0, 3, u8::MAX] {
            let read = unpack_version::<Summary>("summary", form, &[]);
            let named = form.to_string();
            assert!(
                matches!(&read, Err(TableError::UnknownSchemaVersion { form, known: 2, .. }) if *form == named),
                "{read:?}"
            );
        }
    }
}
