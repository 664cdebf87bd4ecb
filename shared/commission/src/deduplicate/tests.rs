use super::*;
use crate::testing::{at, correction, day, read, spot, units};
use crate::{Arrival, Fee};

fn arrived<'a>(fees: impl IntoIterator<Item = (u64, &'a Fee)>) -> Fees {
    let mut arrived = Fees::default();
    for (arrival, fee) in fees {
        arrived.push(Arrival(arrival), fee).unwrap();
    }
    arrived
}

/// Result of deduplicating the only payer: amounts, conflicts, and counts.
#[derive(Debug, Default)]
struct Found {
    fees: Vec<Charge>,
    conflicts: Vec<(Arrival, Fee)>,
    duplicates: u64,
    orphans: Vec<FeeCorrection>,
    inexact: Vec<FeeCorrection>,
    outside_day: u64,
}

fn found(fees: &Fees, corrections: &[FeeCorrection]) -> Found {
    found_with(Record::digest, fees, corrections)
}

fn found_with(
    digest: impl Fn(&Record) -> u32,
    fees: &Fees,
    corrections: &[FeeCorrection],
) -> Found {
    let corrections: Vec<_> = corrections.iter().collect();
    let places = fees.places_of(&read("invitee-1"));
    let assets = crate::testing::rules().assets;
    let day = DayOfFees::of(day(), fees, &assets);
    let mut deduplication = Deduplication::default();
    let found = deduplication.run_with(digest, fees, &places, &corrections, &day).unwrap();
    let owned = |of: &[&FeeCorrection]| of.iter().copied().cloned().collect();
    Found {
        fees: found.iter().map(|fee| fee.charge()).collect(),
        conflicts: found.conflicts.iter().map(|fee| (fee.arrival(), fee.fee())).collect(),
        duplicates: found.duplicates,
        orphans: owned(&found.corrected.orphans),
        inexact: owned(&found.corrected.inexact),
        outside_day: found.outside_day,
    }
}

fn amounts(found: &Found) -> Vec<Amount> {
    found.fees.iter().map(|charge| charge.amount).collect()
}

fn conflicts(found: &Found) -> Vec<Fee> {
    found.conflicts.iter().map(|(_, fee)| fee.clone()).collect()
}

#[test]
fn redelivered_fee_is_dropped() {
    let fee = spot("t1", "1");
    let fees = arrived([(5, &fee), (3, &fee), (3, &fee)]);
    let found = found(&fees, &[]);
    assert_eq!((amounts(&found).len(), found.duplicates), (1, 2));
    assert!(found.conflicts.is_empty());
}

#[test]
fn first_arrival_of_trade_id_is_accepted() {
    let (first, second) = (spot("t1", "7"), spot("t1", "1"));
    let fees = arrived([(9, &second), (2, &first), (8, &second), (10, &first)]);
    let found = found(&fees, &[]);
    assert_eq!(amounts(&found), [units("7")]);
    assert_eq!((conflicts(&found), found.duplicates), (vec![second], 2));
}

#[test]
fn redelivered_conflict_is_reported_once() {
    let [first, second, third] = ["1", "3", "2"].map(|amount| spot("t1", amount));
    let fees = arrived((0..).zip([&first, &second, &third, &second]));
    let found = found(&fees, &[]);
    assert_eq!((conflicts(&found), found.duplicates), (vec![third, second], 1));
}

#[test]
fn conflict_keeps_its_first_arrival() {
    let (first, second) = (spot("t1", "7"), spot("t1", "1"));
    let fees = arrived([(9, &second), (2, &first), (5, &second)]);
    let found = found(&fees, &[]);
    assert_eq!(found.conflicts[0].0, Arrival(5));
}

#[test]
fn equal_arrivals_accept_the_smaller_fee() {
    let (lesser, greater) = (spot("t1", "1"), spot("t1", "2"));
    let fees = arrived([(1, &greater), (1, &lesser)]);
    let found = found(&fees, &[]);
    assert_eq!((amounts(&found), conflicts(&found)), (vec![units("1")], vec![greater]));
}

#[test]
fn equal_digests_keep_trade_ids_separate() {
    let (first, second) = (spot("t1", "1"), spot("t2", "2"));
    let fees = arrived([(1, &first), (2, &second), (3, &first)]);
    let found = found_with(|_| 7, &fees, &[]);
    assert_eq!(amounts(&found), [units("1"), units("2")]);
    assert_eq!((found.conflicts.len(), found.duplicates), (0, 1));
}

#[test]
fn equal_charges_of_one_digest_stay_apart() {
    let fees = arrived([(1, &spot("t1", "1")), (2, &spot("t2", "1"))]);
    let found = found_with(|_| 7, &fees, &[]);
    assert_eq!((amounts(&found).len(), found.duplicates), (2, 0));
}

/// A fee whose amount does not fit into 64 bits.
fn large(trade_id: &str, more: i128) -> Fee {
    let amount = Amount::from_minor(i128::from(i64::MAX) + more);
    spot(trade_id, "1").with(|charge| charge.amount = amount)
}

#[test]
fn large_fees_compare_exactly() {
    let fees = arrived([(1, &large("t1", 1)), (2, &large("t1", 2)), (3, &large("t1", 1))]);
    let found = found(&fees, &[]);
    assert_eq!((conflicts(&found), found.duplicates), (vec![large("t1", 2)], 1));
}

#[test]
fn large_fee_outside_day_is_excluded() {
    let midnight = at("2026-11-23T00:00:00Z");
    let inside = large("2", 1).with(|charge| charge.at = midnight.plus_millis(-1));
    let outside = large("3", 2).with(|charge| charge.at = midnight);
    let fees = arrived([(1, &spot("1", "1")), (2, &inside), (3, &outside), (4, &spot("4", "1"))]);
    let found = found(&fees, &[]);
    assert_eq!((found.fees.len(), found.outside_day), (3, 1));
}

#[test]
fn numbers_in_any_order_are_told_apart() {
    let [one, two, three] = ["1", "2", "3"].map(|id| spot(id, id));
    let orders = [[&one, &one, &two, &three, &three], [&three, &one, &three, &two, &one]];
    for order in orders {
        let found = found(&arrived((1..).zip(order)), &[]);
        let mut amounts = amounts(&found);
        amounts.sort_unstable();
        assert_eq!(amounts, ["1", "2", "3"].map(units));
        assert_eq!((found.conflicts.len(), found.duplicates), (0, 2));
    }
}

#[test]
fn latest_then_greater_correction_applies() {
    let fees = arrived([(1, &spot("t1", "1"))]);
    let early = correction("t1", "9", "typed wrong");
    let mut late = correction("t1", "2", "typed wrong again");
    late.at = late.at.plus_millis(1);
    let mut same_time = correction("t1", "3", "once more");
    same_time.at = late.at;
    for corrections in [[&early, &late, &same_time], [&same_time, &late, &early]] {
        let corrections = corrections.map(Clone::clone);
        assert_eq!(amounts(&found(&fees, &corrections)), [units("3")]);
    }
}

#[test]
fn correction_replaces_only_amounts() {
    let original = spot("t1", "1");
    let fees = arrived([(1, &original)]);
    let corrections = [correction("t1", "2", "typed wrong")];
    let corrected = found(&fees, &corrections).fees[0];
    let [amount, amount_usd, volume_usd] = ["2", "20", "2000"].map(units);
    assert_eq!(corrected, Charge { amount, amount_usd, volume_usd, ..original.charge });
}

#[test]
fn redelivered_orphan_is_counted_once() {
    let orphan = correction("t2", "0", "busted");
    let corrections = [orphan.clone(), orphan.clone()];
    assert_eq!(found(&Fees::default(), &corrections).orphans, [orphan]);
}

#[test]
fn each_orphan_of_trade_is_found() {
    let latest = correction("t2", "0", "busted");
    let earlier = FeeCorrection { at: latest.at.plus_millis(-1), ..latest.clone() };
    let corrections = [earlier.clone(), latest.clone()];
    assert_eq!(found(&Fees::default(), &corrections).orphans, [latest, earlier]);
}

#[test]
fn fee_outside_day_is_excluded() {
    let midnight = at("2026-11-23T00:00:00Z");
    let inside = spot("t1", "1").with(|charge| charge.at = midnight.plus_millis(-1));
    let outside = spot("t2", "1").with(|charge| charge.at = midnight);
    let fees = arrived([(1, &inside), (2, &outside), (3, &outside)]);
    let corrections = [correction("t2", "0", "busted")];
    let found = found(&fees, &corrections);
    assert_eq!((found.fees.len(), found.outside_day), (1, 1));
    assert!(found.orphans.is_empty());
}

#[test]
fn inexact_correction_is_excluded() {
    let fees = arrived([(1, &spot("t1", "5"))]);
    let mut inexact = correction("t1", "2", "typed wrong");
    inexact.amount = Amount::from_minor(inexact.amount.minor() + 1);
    let corrections = [inexact];
    let found = found(&fees, &corrections);
    assert_eq!(found.inexact, [corrections[0].clone()]);
    assert_eq!(amounts(&found), [units("5")]);
}
