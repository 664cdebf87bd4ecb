//! One invitee's day: every fee with its result, and the lines that the fees produce. Read only.

use std::collections::{BTreeMap, HashMap};

use commission::{
    Amount, Fee, FeeCorrection, Fees, Fold, LineKey, Outcome, Relation, Relations, explain, fold,
};
use lambda::App;
use storage::{Account, FeeBatch, Shard, Versioned};
use types::{Day, TradeId, Uid};

use crate::StepError;
use crate::archived::{FeeArchive, archived_fees};
use crate::fold::relations;

/// The accrual for one invitee on one day, with its explanation.
#[derive(Debug)]
pub struct InviteeDay {
    /// The day.
    pub day: Day,
    /// The binding.
    pub relation: Relation,
    /// The facts of both parties by which the fees are evaluated.
    pub relations: Relations,
    /// The fees of the day, by time.
    pub fees: Vec<ExplainedFee>,
    /// The accrual, and the excluded fees.
    pub fold: Fold,
}

/// One fee of an explained day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExplainedFee {
    /// The fee with the amounts in force.
    pub fee: Fee,
    /// The first charge and the reason for its correction, if the fee was corrected.
    pub corrected: Option<(Amount, String)>,
    /// The result; `None` if nothing is evaluated because the binding is void.
    pub outcome: Option<Outcome>,
}

/// Computes the accrual for an invitee on a day; returns `None` if the account has no inviter.
/// Cost: the fees of the invitee's whole shard of that day, which cannot be read in part, and two
/// accounts, of which the caller reads the invitee's.
///
/// # Errors
/// If the table fails, or a sum does not fit.
pub async fn explain_day(
    app: &App,
    archive: &impl FeeArchive,
    invitee: &Versioned<Account>,
    day: Day,
) -> Result<Option<InviteeDay>, StepError> {
    let Some(relation) = invitee.value.relation.clone() else { return Ok(None) };
    let mut accounts: HashMap<Uid, _> = app.table.accounts([&relation.inviter]).await?;
    accounts.insert(relation.invitee.clone(), invitee.clone());
    let shard = Shard::of(&relation.invitee);
    let record = app.table.day(day).await?.value;
    let mut delivered = Delivered::default();
    let archived = archived_fees(archive, &record, day, shard).await?;
    let stored = app.table.readable_fees(day, shard, &archived.chunks).await?.whole()?;
    if app.table.day(day).await?.value.archived != record.archived {
        let sentence = format!("{day} was archived or restored meanwhile: explain it again");
        return Err(StepError::Unfinished(sentence));
    }
    for batch in [archived.batch, stored] {
        delivered.add(&relation.invitee, &batch)?;
    }
    let relations = relations(&accounts, day);
    let rules = &app.programme.commission;
    let fold = fold(day, &delivered.fees, &delivered.corrections, &relations, rules)
        .map_err(StepError::overflow(day))?;
    let mut fees = delivered.as_charged(day);
    for key in fold.due.iter().map(|due| due.key()) {
        let Delivered { fees: all, corrections } = &delivered;
        let evidence = explain(&key, day, all, corrections, &relations, rules);
        for evidence in evidence.map_err(StepError::overflow(day))? {
            if let Some(explained) = fees.get_mut(&evidence.trade_id) {
                let charged = explained.fee.charge.amount;
                explained.fee.charge.amount = evidence.amount;
                explained.fee.charge.amount_usd = evidence.amount_usd;
                explained.fee.charge.volume_usd = evidence.volume_usd;
                explained.corrected = evidence.corrected.map(|why| (charged, why));
                explained.outcome = Some(key.outcome);
            }
        }
    }
    let mut fees: Vec<ExplainedFee> = fees.into_values().collect();
    fees.sort_by(|a, b| {
        (a.fee.charge.at, &a.fee.trade_id).cmp(&(b.fee.charge.at, &b.fee.trade_id))
    });
    Ok(Some(InviteeDay { day, relation, relations, fees, fold }))
}

/// All delivered fees and corrections of an invitee.
#[derive(Default)]
struct Delivered {
    fees: Fees,
    corrections: Vec<FeeCorrection>,
}

impl Delivered {
    fn add(&mut self, invitee: &Uid, batch: &FeeBatch) -> Result<(), StepError> {
        for fee in batch.fees.of(invitee) {
            let kept = self.fees.push(fee.arrival(), &fee.fee());
            kept.map_err(StepError::internal)?;
        }
        self.corrections.extend(batch.corrections.iter().filter(|c| c.uid == *invitee).cloned());
        Ok(())
    }

    /// Returns the first delivered body of each trade, without an evaluation.
    fn as_charged(&self, day: Day) -> BTreeMap<TradeId, ExplainedFee> {
        let mut of_day: Vec<_> = self.fees.iter().map(|fee| (fee.arrival(), fee.fee())).collect();
        of_day.retain(|(_, fee)| fee.charge.at.day() == day);
        of_day.sort_unstable();
        let mut first = BTreeMap::new();
        for (_, fee) in of_day {
            let unjudged = |fee: Fee| ExplainedFee { fee, corrected: None, outcome: None };
            first.entry(fee.trade_id.clone()).or_insert_with(|| unjudged(fee));
        }
        first
    }
}

impl InviteeDay {
    /// Returns the fees of a line.
    pub fn fees_of(&self, key: &LineKey) -> impl Iterator<Item = &ExplainedFee> {
        self.fees.iter().filter(|explained| {
            let fee = &explained.fee;
            (fee.charge.product, fee.charge.asset, explained.outcome)
                == (key.product, key.asset, Some(key.outcome))
        })
    }
}
