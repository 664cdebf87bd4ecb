//! Evidence for a line: all fees included in it.

use types::{Day, Timestamp, TradeId};

use crate::deduplicate::{DayOfFees, Deduplication};
use crate::{Amount, FeeCorrection, Fees, LineKey, Overflow, Relations, Rules, evaluate};

/// A fee included in a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// Trade id of the fee.
    pub trade_id: TradeId,
    /// Time of the trade.
    pub at: Timestamp,
    /// Amount as last corrected, in minor units of the line's asset.
    pub amount: Amount,
    /// Value as last corrected, in minor units of USD.
    pub amount_usd: Amount,
    /// Volume of the trade as last corrected, in minor units of USD.
    pub volume_usd: Amount,
    /// Reason of the applied correction as worded by the exchange; `None` if there is none.
    pub corrected: Option<String>,
}

/// Returns the fees of a day that are included in the line of `key`, sorted by trade id.
///
/// The fees are evaluated again by the same code as in [`fold`](crate::fold), so that their sums
/// equal those of the line.
///
/// # Errors
/// Returns [`Overflow`] if a count does not fit.
pub fn explain(
    key: &LineKey,
    day: Day,
    fees: &Fees,
    corrections: &[FeeCorrection],
    relations: &Relations,
    rules: &Rules,
) -> Result<Vec<Evidence>, Overflow> {
    let Some(context) = relations.context_of(&key.invitee) else { return Ok(Vec::new()) };
    if context.relation.inviter != key.inviter || context.relation.voided_at.is_some() {
        return Ok(Vec::new());
    }
    let corrections: Vec<_> = corrections.iter().filter(|c| c.uid == key.invitee).collect();
    let mut deduplication = Deduplication::default();
    let day = DayOfFees::of(day, fees, &rules.assets);
    let found = deduplication.run(fees, &fees.places_of(&key.invitee), &corrections, &day)?;
    let mut evidence = Vec::new();
    for kept in found.iter() {
        let charge = &kept.charge();
        let place = (charge.product, charge.asset, evaluate(charge, &context, rules));
        if place == (key.product, key.asset, key.outcome) {
            evidence.push(Evidence {
                trade_id: kept.fee.fee().trade_id,
                at: charge.at,
                amount: charge.amount,
                amount_usd: charge.amount_usd,
                volume_usd: charge.volume_usd,
                corrected: kept.correction.map(|correction| correction.why.clone()),
            });
        }
    }
    evidence.sort_by(|a, b| a.trade_id.cmp(&b.trade_id));
    Ok(evidence)
}

#[cfg(test)]
mod tests {
    use types::Product;

    use super::*;
    use crate::testing::{
        Pair, arriving, at, correction, day, earned, futures, pair, read, spot, units,
    };

    fn explained(pair: &Pair, key: &LineKey) -> Vec<(String, Amount, Option<String>)> {
        let fees =
            arriving(&[spot("t2", "2"), spot("t1", "1"), spot("t2", "2"), futures("t3", "5")]);
        let corrections = [correction("t1", "3", "typed wrong")];
        explain(key, day(), &fees, &corrections, &pair.relations(), &pair.rules)
            .unwrap()
            .into_iter()
            .map(|evidence| (evidence.trade_id.to_string(), evidence.amount, evidence.corrected))
            .collect()
    }

    #[test]
    fn line_is_explained_by_corrected_fees() {
        let pair = pair();
        let corrected = ("t1".to_owned(), units("3"), Some("typed wrong".to_owned()));
        let other = ("t2".to_owned(), units("2"), None);
        let key = pair.key(Product::Spot, "XMR", earned("0.2", "0"));
        assert_eq!(explained(&pair, &key), [corrected, other]);
        let key = pair.key(Product::Futures, "XMR", earned("0.1", "0"));
        assert_eq!(explained(&pair, &key), [("t3".to_owned(), units("5"), None)]);
    }

    #[test]
    fn line_not_due_has_no_evidence() {
        let mut pair = pair();
        let key = pair.key(Product::Spot, "XMR", earned("0.2", "0"));
        let strange = LineKey { inviter: read("inviter-2"), ..key.clone() };
        assert_eq!(explained(&pair, &strange), []);
        let strange = LineKey { invitee: read("invitee-2"), ..key.clone() };
        assert_eq!(explained(&pair, &strange), []);
        pair.relation.voided_at = Some(at("2026-12-01T00:00:00Z"));
        assert_eq!(explained(&pair, &key), []);
    }
}
