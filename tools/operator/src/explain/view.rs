//! The explanation in the form of the JSON output, from which the text is made.

use commission::{
    Accrual, Amount, Assets, Booked, Cause, LineKey, Outcome, Overflow, Rate, Sums, difference,
};
use lambda::App;
use nightly::{ExplainedFee, InviteeDay};
use reporting::Status;
use serde::Serialize;
use storage::{Binding, RunId};
use types::{Day, FeeKind, LinkCode, Market, Origin, Product, Reason, Timestamp, TradeId, Uid};

use super::booked::BookedLine;
use super::reason_detail::reason_detail;
use crate::format::exact;

/// An invitee's day, or one line of it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Explanation {
    pub invitee: Uid,
    pub day: Day,
    pub binding: BindingView,
    /// The inviter's tiers on that day: spot and margin, futures.
    pub inviter_tiers: [usize; 2],
    pub fees: Vec<FeeView>,
    pub due: Vec<DueView>,
    pub booked: Vec<BookedView>,
    /// The lines that the next run of the day would book.
    pub to_be_booked: Vec<DueView>,
    #[serde(rename = "aside")]
    pub excluded: ExcludedCounts,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BindingView {
    pub inviter: Uid,
    pub code: LinkCode,
    pub origin: Origin,
    pub bound_at: Timestamp,
    pub rule: Option<String>,
    pub shared_spot: Rate,
    pub shared_futures: Rate,
    pub voided_at: Option<Timestamp>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FeeView {
    pub at: Timestamp,
    pub trade_id: TradeId,
    pub product: Product,
    pub kind: FeeKind,
    pub vip_level: u8,
    pub broker: bool,
    pub asset: String,
    pub amount: String,
    pub amount_usd: String,
    pub volume_usd: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corrected: Option<CorrectedView>,
    #[serde(flatten)]
    pub came_to: CameTo,
    /// The facts behind the reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
}

#[derive(Debug, Serialize)]
pub(crate) struct CorrectedView {
    pub from: String,
    pub why: String,
}

/// The outcome of fees: rates, or a reason; neither if the binding is void.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CameTo {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate: Option<Rate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shared_rate: Option<Rate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sentence: Option<&'static str>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DueView {
    pub product: Product,
    pub asset: String,
    #[serde(flatten)]
    pub came_to: CameTo,
    pub fee_count: i64,
    pub fees: String,
    /// The exact rate of the fees; the payment is this, rounded down. A correction has none: it is
    /// the difference of two such roundings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_exact: Option<String>,
    pub total: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shared_exact: Option<String>,
    pub shared: String,
    pub commission: String,
    pub commission_usd: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BookedView {
    pub id: String,
    pub run_id: RunId,
    pub committed_at: Option<Timestamp>,
    pub cause: Cause,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub why: Vec<String>,
    #[serde(flatten)]
    pub line: DueView,
    pub status: Status,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paid_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
}

/// Delivered records of the invitee that are in no line.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ExcludedCounts {
    pub duplicates: u64,
    pub conflicts: usize,
    pub corrections_without_fee: u64,
    pub inexact_corrections: u64,
}

impl Explanation {
    /// Returns the explanation of the day, limited to the line of `only` if it is given.
    pub fn new(
        app: &App,
        explained: &InviteeDay,
        binding: Option<&Binding>,
        booked: &[BookedLine],
        only: Option<&LineKey>,
    ) -> Result<Self, Overflow> {
        let assets = &app.programme.commission.assets;
        let wanted = |key: &LineKey| only.is_none_or(|only| only == key);
        let (relation, fold) = (&explained.relation, &explained.fold);
        let context = explained.relations.context_of(&relation.invitee);
        let fees: Vec<&ExplainedFee> = match only {
            Some(key) => explained.fees_of(key).collect(),
            None => explained.fees.iter().collect(),
        };
        let because = |fee: &ExplainedFee| {
            let reason = fee.outcome?.reason()?;
            reason_detail(reason, &fee.fee.charge, context.as_ref()?, &app.programme.commission)
        };
        let mut so_far = Booked::default();
        booked.iter().try_for_each(|b| so_far.apply(&b.line))?;
        let missing = difference(fold, &so_far, false)?;
        let due = |due: Accrual<'_>| DueView::whole(&due.key(), &due.sums, assets);
        Ok(Self {
            invitee: relation.invitee.clone(),
            day: explained.day,
            binding: BindingView {
                inviter: relation.inviter.clone(),
                code: relation.code.clone(),
                origin: relation.origin,
                bound_at: relation.bound_at,
                rule: binding.map(|binding| binding.rule.clone()),
                shared_spot: relation.shared.spot,
                shared_futures: relation.shared.futures,
                voided_at: relation.voided_at,
            },
            inviter_tiers: [Market::Spot, Market::Futures]
                .map(|market| context.map_or(0, |context| context.tier.of(market))),
            fees: fees.iter().map(|fee| FeeView::new(fee, because(fee), assets)).collect(),
            due: fold.due.iter().filter(|due| wanted(&due.key())).map(due).collect(),
            booked: booked
                .iter()
                .filter(|booked| wanted(&booked.line.key))
                .map(|booked| BookedView::new(booked, assets))
                .collect(),
            to_be_booked: missing
                .iter()
                .filter(|line| wanted(&line.key))
                .map(|line| DueView::new(&line.key, &line.sums, assets))
                .collect(),
            excluded: ExcludedCounts {
                duplicates: fold.duplicates,
                conflicts: fold.conflicts.len(),
                corrections_without_fee: fold.orphan_corrections.len() as u64,
                inexact_corrections: fold.inexact_corrections.len() as u64,
            },
        })
    }
}

impl FeeView {
    fn new(explained: &ExplainedFee, because: Option<String>, assets: &Assets) -> Self {
        let ExplainedFee { fee, corrected, outcome } = explained;
        let charge = &fee.charge;
        let decimals = assets.decimals(charge.asset);
        let corrected = corrected.as_ref().map(|(from, why)| CorrectedView {
            from: from.display(decimals).to_string(),
            why: why.clone(),
        });
        Self {
            at: charge.at,
            trade_id: fee.trade_id.clone(),
            product: charge.product,
            kind: charge.kind,
            vip_level: charge.vip.0,
            broker: charge.broker,
            asset: charge.asset.to_string(),
            amount: charge.amount.display(decimals).to_string(),
            amount_usd: charge.amount_usd.display(assets.usd()).to_string(),
            volume_usd: charge.volume_usd.display(assets.usd()).to_string(),
            corrected,
            came_to: CameTo::new(*outcome),
            because,
        }
    }
}

impl CameTo {
    fn new(outcome: Option<Outcome>) -> Self {
        let (rate, shared_rate) = match outcome {
            Some(Outcome::Earned { rate, shared }) => (Some(rate), Some(shared)),
            _ => (None, None),
        };
        let reason = outcome.and_then(Outcome::reason);
        Self { rate, shared_rate, reason, sentence: reason.map(Reason::sentence) }
    }
}

impl DueView {
    /// Returns the amounts that a line adds or reverses.
    fn new(key: &LineKey, sums: &Sums, assets: &Assets) -> Self {
        let decimals = assets.decimals(key.asset);
        let text = |amount: Amount| amount.display(decimals).to_string();
        let total = sums.commission.plus(sums.shared).unwrap_or_default();
        Self {
            product: key.product,
            asset: key.asset.to_string(),
            fee_count: sums.fee_count,
            fees: text(sums.fees),
            total_exact: None,
            total: text(total),
            shared_exact: None,
            shared: text(sums.shared),
            commission: text(sums.commission),
            commission_usd: sums.commission_usd.display(assets.usd()).to_string(),
            came_to: CameTo::new(Some(key.outcome)),
        }
    }

    /// Returns the total amounts due, with the products before rounding.
    fn whole(key: &LineKey, sums: &Sums, assets: &Assets) -> Self {
        let line = Self::new(key, sums, assets);
        let decimals = assets.decimals(key.asset);
        let exactly = |rate: Option<Rate>| {
            exact(sums.fees, rate.filter(|rate| *rate > Rate::ZERO)?, decimals)
        };
        let CameTo { rate, shared_rate, .. } = line.came_to;
        Self { total_exact: exactly(rate), shared_exact: exactly(shared_rate), ..line }
    }
}

impl BookedView {
    fn new(booked: &BookedLine, assets: &Assets) -> Self {
        let BookedLine { id, run, committed_at, line, status, payment } = booked;
        Self {
            id: id.clone(),
            run_id: *run,
            committed_at: *committed_at,
            cause: line.cause,
            why: line.why.clone(),
            line: DueView::new(&line.key, &line.sums, assets),
            status: *status,
            paid_at: payment.as_ref().map(|payment| payment.paid_at),
            reference: payment.as_ref().map(|payment| payment.reference.clone()),
        }
    }
}
