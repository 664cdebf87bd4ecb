//! Computes the sums that affiliates read, from the lines that a run books. Pure.

use std::collections::{BTreeMap, BTreeSet};

use commission::{Amount, Line, Overflow, Trades};
use storage::{Money, ReferralActivity, Summary, Totals, TouchedInvitee, Work};
use types::{Day, Market, Origin, Reason, Timestamp, Uid};

/// Returns the sums of an affiliate's lines. [`count_invitee`] adds the counts of invitees.
pub(crate) fn of_lines(lines: &[Line], booked_at: Option<Timestamp>) -> Result<Summary, Overflow> {
    let mut summary = Summary { lines: lines.len() as u64, booked_at, ..Summary::default() };
    for line in lines {
        let (key, sums) = (&line.key, &line.sums);
        let cell = summary.cells.entry((key.product, key.asset, line.origin)).or_default();
        let money = Money::of_line(sums);
        *cell = cell.plus(&money)?;
        let link = summary.links.entry(line.code.clone()).or_default();
        *link = link.plus(&money.usd_only())?;
        let volume = summary.counted_volume_usd.entry(key.product.market()).or_default();
        *volume = volume.plus(sums.counted_volume_usd)?;
        summary.fee_count = summary.fee_count.checked_add(sums.fee_count).ok_or(Overflow)?;
        if let Some(reason) = key.outcome.reason() {
            let count = summary.zeros.entry(reason).or_default();
            *count = count.checked_add(sums.fee_count).ok_or(Overflow)?;
        }
    }
    Ok(summary)
}

/// Counts an invitee of the run, by the known activity before and after it.
pub(crate) fn count_invitee(
    summary: &mut Summary,
    day: Day,
    touched: &TouchedInvitee,
    before: &ReferralActivity,
    after: &ReferralActivity,
) -> Result<(), Overflow> {
    if touched.newly_bound {
        add(summary.bound.entry((touched.origin, touched.code.clone())).or_default(), 1)?;
    }
    add(&mut summary.active, u32::from(touched.newly_active))?;
    add(&mut summary.inactive, u32::from(touched.newly_inactive))?;
    if touched.origin != Origin::Signup {
        return Ok(());
    }
    let is_new = |activity: &ReferralActivity, market| {
        let first = activity.first_trade_at(market);
        i64::from(first.is_some_and(|first| first.day().quarter() == day.quarter()))
    };
    for market in Market::ALL {
        let change = is_new(after, *market) - is_new(before, *market);
        if change != 0 {
            let count = summary.new_traders.entry(*market).or_default();
            *count = count.checked_add(change).ok_or(Overflow)?;
        }
    }
    Ok(())
}

fn add(count: &mut u32, more: u32) -> Result<(), Overflow> {
    *count = count.checked_add(more).ok_or(Overflow)?;
    Ok(())
}

/// Returns the invitees with trades on a day after its runs so far, whose deltas are in order.
pub(crate) fn active_in(booked: &[Work]) -> BTreeSet<&Uid> {
    let mut active = BTreeSet::new();
    for touched in booked.iter().flat_map(|work| &work.invitees) {
        match touched.is_active_after(active.contains(&touched.invitee)) {
            true => active.insert(&touched.invitee),
            false => active.remove(&touched.invitee),
        };
    }
    active
}

/// Returns an invitee's activity after a run of a day.
pub(crate) fn activity_after(
    before: &ReferralActivity,
    day: Day,
    touched: &TouchedInvitee,
    lines: &[&Line],
) -> Result<ReferralActivity, Overflow> {
    let mut after = before.clone();
    after.voided_at = touched.voided_at;
    for line in lines {
        let total = after.by_asset.entry(line.key.asset).or_default();
        *total = total.plus_line(&line.sums)?;
    }
    match &touched.trades {
        Some(trades) => after.set_trades(day, trades),
        None => after.set_trades(day, &trades_of(before, day, lines)),
    }
    Ok(after)
}

/// Returns the commission in USD that lines share with their invitee.
pub(crate) fn shared_usd(lines: &[&Line]) -> Result<Amount, Overflow> {
    lines.iter().try_fold(Amount::ZERO, |sum, line| sum.plus(line.sums.in_usd().shared))
}

/// Returns the trades of a day by a delta of 0.1, which stored them in its lines only: they were
/// never taken back.
fn trades_of(before: &ReferralActivity, day: Day, lines: &[&Line]) -> BTreeMap<Market, Trades> {
    let known = before.trades_on(day);
    let in_lines = lines
        .iter()
        .filter(|line| line.key.outcome.reason() != Some(Reason::BeforeBinding))
        .filter_map(|line| Some((line.key.product.market(), line.sums.trades()?)));
    in_lines.fold(known, |mut trades, (market, of_line)| {
        let of_market = trades.entry(market).or_insert(of_line);
        *of_market = of_market.with(of_line);
        trades
    })
}

/// Returns an affiliate's totals after a run. `active` is the change of the number of invitees with
/// trades.
pub(crate) fn totals_after(
    mut totals: Totals,
    summary: &Summary,
    active: i32,
) -> Result<Totals, Overflow> {
    for ((origin, code), count) in &summary.bound {
        add(totals.invitees.entry(*origin).or_default(), *count)?;
        add(totals.by_link.entry(code.clone()).or_default(), *count)?;
    }
    totals.active = totals.active.checked_add_signed(active).ok_or(Overflow)?;
    Ok(totals)
}

#[cfg(test)]
mod tests {
    use commission::{Asset, Cause, LineKey, Outcome, Rate, Sums};
    use types::Product;

    use super::*;

    fn read<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
        text.parse().unwrap()
    }

    fn touched(trades: Option<BTreeMap<Market, Trades>>) -> TouchedInvitee {
        TouchedInvitee {
            inviter: read("inviter"),
            invitee: read("invitee"),
            code: read("ABCD2345"),
            origin: Origin::Signup,
            bound_at: read("2026-09-01T00:00:00Z"),
            voided_at: None,
            newly_bound: false,
            newly_active: false,
            newly_inactive: false,
            trades,
        }
    }

    fn trades(at: &str) -> BTreeMap<Market, Trades> {
        let at: Timestamp = read(at);
        [(Market::Spot, Trades { first: at, last: at })].into()
    }

    fn line(at: &str, outcome: Outcome) -> Line {
        let at = Some(read(at));
        Line {
            key: LineKey {
                inviter: read("inviter"),
                invitee: read("invitee"),
                product: Product::Spot,
                asset: read::<Asset>("BTC"),
                outcome,
            },
            code: read("ABCD2345"),
            origin: Origin::Signup,
            sums: Sums { first_trade_at: at, last_trade_at: at, ..Sums::default() },
            cause: Cause::Booked,
            why: Vec::new(),
        }
    }

    fn day(text: &str) -> Day {
        read(text)
    }

    #[test]
    fn work_of_0_1_takes_trades_from_its_lines() {
        let earned = Outcome::Earned { rate: Rate::ZERO, shared: Rate::ZERO };
        let before = Outcome::Zero { reason: Reason::BeforeBinding };
        let lines = [
            line("2026-09-30T09:00:00Z", before),
            line("2026-09-30T10:00:00Z", earned),
            line("2026-09-30T12:00:00Z", earned),
        ];
        let lines: Vec<&Line> = lines.iter().collect();
        let day = day("2026-09-30");
        let activity = ReferralActivity::default();
        let after = activity_after(&activity, day, &touched(None), &lines[..2]).unwrap();
        assert_eq!(after.first_trade(), Some(read("2026-09-30T10:00:00Z")));
        let again = activity_after(&after, day, &touched(None), &lines[2..]).unwrap();
        assert_eq!(again.first_trade(), after.first_trade());
        assert_eq!(again.last_trade_at(), Some(read("2026-09-30T12:00:00Z")));
    }

    /// Returns the change of the number of new traders by a run of the last day of a quarter.
    fn new_traders(before: &[&str], trades_after: BTreeMap<Market, Trades>) -> i64 {
        let day = day("2026-09-30");
        let mut activity = ReferralActivity::default();
        for at in before {
            let at: Timestamp = read(at);
            activity.set_trades(at.day(), &trades(&at.to_string()));
        }
        let touched = touched(Some(trades_after));
        let after = activity_after(&activity, day, &touched, &[]).unwrap();
        let mut summary = Summary::default();
        count_invitee(&mut summary, day, &touched, &activity, &after).unwrap();
        summary.new_traders.get(&Market::Spot).copied().unwrap_or(0)
    }

    #[test]
    fn new_trader_counts_in_first_trade_quarter() {
        let traded = || trades("2026-09-30T10:00:00Z");
        let (same_day, earlier) = ("2026-09-30T08:00:00Z", "2026-09-29T08:00:00Z");
        let (quarter_before, quarter_after) = ("2026-06-30T08:00:00Z", "2026-10-01T08:00:00Z");
        assert_eq!(new_traders(&[], traded()), 1);
        assert_eq!(new_traders(&[same_day], traded()), 0);
        assert_eq!(new_traders(&[earlier], traded()), 0);
        assert_eq!(new_traders(&[quarter_before], traded()), 0);
        assert_eq!(new_traders(&[quarter_after], traded()), 1);
        assert_eq!(new_traders(&[same_day], BTreeMap::new()), -1);
        assert_eq!(new_traders(&[same_day, quarter_after], BTreeMap::new()), -1);
        assert_eq!(new_traders(&[earlier, same_day], BTreeMap::new()), 0);
    }

    #[test]
    fn active_invitees_follow_runs_of_the_day() {
        let work = |touched| Work { lines: Vec::new(), invitees: vec![touched] };
        let of_0_1 = || TouchedInvitee { newly_active: true, ..touched(None) };
        let (traded, untraded) = (trades("2026-09-30T10:00:00Z"), BTreeMap::new());
        let active = |runs: &[Work]| !active_in(runs).is_empty();
        assert!(active(&[work(of_0_1()), work(touched(None))]));
        assert!(!active(&[work(of_0_1()), work(touched(Some(untraded.clone())))]));
        let busted = [work(touched(Some(traded.clone()))), work(touched(Some(untraded)))];
        assert!(!active(&busted));
        assert!(active(&[&busted[..], &[work(touched(Some(traded)))]].concat()));
    }

    #[test]
    fn overflowing_counts_return_errors() {
        let full = Totals { active: u32::MAX, ..Totals::default() };
        assert_eq!(totals_after(full, &Summary::default(), 1), Err(Overflow));
        assert_eq!(totals_after(Totals::default(), &Summary::default(), -1), Err(Overflow));
        let mut summary = Summary { active: u32::MAX, ..Summary::default() };
        let touched = TouchedInvitee { newly_active: true, ..touched(None) };
        let (activity, day) = (ReferralActivity::default(), day("2026-09-30"));
        let counted = count_invitee(&mut summary, day, &touched, &activity, &activity);
        assert_eq!(counted, Err(Overflow));
    }

    #[test]
    fn summary_has_number_and_instant_of_lines() {
        let line = crate::publish_groups::tests::line();
        let summary = of_lines(&[line.clone(), line], Some(Timestamp::EPOCH)).unwrap();
        assert_eq!((summary.lines, summary.booked_at), (2, Some(Timestamp::EPOCH)));
    }
}
