//! The sums that affiliates read, from the lines that a run books: pure.

use commission::{Line, Overflow};
use table::{Money, ReferralActivity, Summary, Totals, TouchedInvitee};
use terms::{Market, Origin, Reason};

/// The sums of an affiliate's lines; what depends on the invitees is counted by
/// [`count_invitee`].
pub(crate) fn of_lines(lines: &[Line]) -> Result<Summary, Overflow> {
    let mut summary = Summary { lines: lines.len() as u64, ..Summary::default() };
    for line in lines {
        let (key, sums) = (&line.key, &line.sums);
        let cell = summary.cells.entry((key.product, key.asset, line.origin)).or_default();
        *cell = cell.plus_line(sums)?;
        let link = summary.links.entry(line.code.clone()).or_default();
        *link = link.plus(&usd_only(&Money::default().plus_line(sums)?))?;
        let volume = summary.counted_volume_usd.entry(key.product.market()).or_default();
        *volume = volume.plus(sums.counted_volume_usd)?;
        summary.fee_count += sums.fee_count;
        if let Some(reason) = key.outcome.reason() {
            *summary.zeros.entry(reason).or_default() += sums.fee_count;
        }
    }
    Ok(summary)
}

/// A link's lines are in many assets, whose amounts never meet in a sum.
fn usd_only(money: &Money) -> Money {
    Money {
        fees: commission::Amount::ZERO,
        commission: commission::Amount::ZERO,
        shared: commission::Amount::ZERO,
        ..*money
    }
}

/// Counts an invitee whom the run touched, by what is known of him before it and after.
pub(crate) fn count_invitee(
    summary: &mut Summary,
    touched: &TouchedInvitee,
    before: &ReferralActivity,
    after: &ReferralActivity,
) {
    if touched.newly_bound {
        *summary.bound.entry((touched.origin, touched.code.clone())).or_default() += 1;
    }
    summary.active += u32::from(touched.newly_active);
    for market in Market::ALL {
        let first = !before.first_trade_at.contains_key(market)
            && after.first_trade_at.contains_key(market);
        if first && touched.origin == Origin::Signup {
            *summary.new_traders.entry(*market).or_default() += 1;
        }
    }
}

/// What an invitee's trades come to after a run.
pub(crate) fn activity_after(
    before: &ReferralActivity,
    touched: &TouchedInvitee,
    lines: &[&Line],
) -> Result<ReferralActivity, Overflow> {
    let mut after = before.clone();
    after.voided_at = touched.voided_at;
    for line in lines {
        let total = after.by_asset.entry(line.key.asset).or_default();
        *total = total.plus_line(&line.sums)?;
        if line.key.outcome.reason() == Some(Reason::BeforeBinding) {
            continue;
        }
        if let Some(at) = line.sums.first_trade_at {
            let first = after.first_trade_at.entry(line.key.product.market()).or_insert(at);
            *first = (*first).min(at);
        }
        after.last_trade_at = after.last_trade_at.max(line.sums.last_trade_at);
    }
    Ok(after)
}

/// An affiliate's totals after a run.
pub(crate) fn totals_after(mut totals: Totals, summary: &Summary, newly_active: u32) -> Totals {
    for ((origin, code), count) in &summary.bound {
        *totals.invitees.entry(*origin).or_default() += count;
        *totals.by_link.entry(code.clone()).or_default() += count;
    }
    totals.active += newly_active;
    totals
}
