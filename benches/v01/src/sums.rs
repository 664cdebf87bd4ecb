//! The sums of a line, and the commission on its fees.

use commission::{Amount, Charge, FeeContext, MarketRules, Outcome, Overflow, Rules, Sums};
use types::FeeKind;

pub(crate) fn add_fee(
    sums: &mut Sums,
    fee: &Charge,
    corrected: bool,
    counts: bool,
    is_trade: bool,
) -> Result<(), Overflow> {
    sums.fee_count = sums.fee_count.checked_add(1).ok_or(Overflow)?;
    sums.corrected_count =
        sums.corrected_count.checked_add(i64::from(corrected)).ok_or(Overflow)?;
    sums.fees = sums.fees.plus(fee.amount)?;
    sums.fees_usd = sums.fees_usd.plus(fee.amount_usd)?;
    sums.volume_usd = sums.volume_usd.plus(fee.volume_usd)?;
    if counts {
        sums.counted_volume_usd = sums.counted_volume_usd.plus(fee.volume_usd)?;
    }
    if is_trade {
        let first = sums.first_trade_at.map_or(fee.at, |first| first.min(fee.at));
        sums.first_trade_at = Some(first);
        sums.last_trade_at = sums.last_trade_at.max(Some(fee.at));
    }
    Ok(())
}

pub(crate) fn priced(sums: Sums, outcome: Outcome) -> Result<Sums, Overflow> {
    let Outcome::Earned { rate, shared } = outcome else { return Ok(sums) };
    let (shared_part, shared_usd) = (shared.of(sums.fees), shared.of(sums.fees_usd));
    Ok(Sums {
        commission: rate.of(sums.fees).minus(shared_part)?,
        commission_usd: rate.of(sums.fees_usd).minus(shared_usd)?,
        shared: shared_part,
        shared_usd,
        ..sums
    })
}

pub(crate) fn counts_for_tier(fee: &Charge, standing: &FeeContext<'_>, rules: &Rules) -> bool {
    let within_limit = |market_rules: &MarketRules| fee.vip <= market_rules.vip_limit();
    is_trade(fee, standing)
        && fee.amount > Amount::ZERO
        && rules.market(fee.product.market()).at(fee.at).is_some_and(within_limit)
}

pub(crate) fn is_trade(fee: &Charge, standing: &FeeContext<'_>) -> bool {
    fee.kind == FeeKind::Trade && fee.at >= standing.relation.bound_at
}
