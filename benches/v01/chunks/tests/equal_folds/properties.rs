//! For any fees, columns and today's fold yield the results of rows and the fold of version 0.1.

use std::collections::BTreeMap;

use commission::{
    AccountHistory, Amount, Arrival, Asset, Booked, Charge, Conservation, Fee, FeeCorrection,
    Lines, Relation, Relations, Rules, SharedCommission, TierInForce, difference, fold,
    prove_lines,
};
use fee_chunks::FeeBatch;
use proptest::prelude::*;
use types::{Day, FeeKind, Location, Origin, Product, Timeline, Timestamp, Uid, Vip};

const INVITEES: [&str; 7] = ["7", "35000007", "u-1", "u-10", "0190", "unknown", "void"];

fn day() -> Day {
    "2026-11-20".parse().unwrap()
}

fn location(country: &str) -> Location {
    Location { country: country.parse().unwrap(), region: None }
}

/// Returns the latest correction of each trade, in order. Version 0.1 found no earlier ones.
fn latest(mut corrections: Vec<FeeCorrection>) -> Vec<FeeCorrection> {
    let trade = |of: &FeeCorrection| (of.uid.clone(), of.trade_id.clone());
    corrections.sort_by(|a, b| (trade(a), b.at, b).cmp(&(trade(b), a.at, a)));
    corrections.dedup_by_key(|of| trade(of));
    corrections.sort();
    corrections
}

/// Returns the relations for today's fold and for that of version 0.1.
fn relations() -> (Relations, v01::Relations) {
    let (long_ago, noon) = (day().start().plus_days(-200), day().start().plus_millis(43_200_000));
    let (mut relations, mut of_v01) = (Relations::default(), v01::Relations::default());
    let party = AccountHistory {
        location: Timeline::starting(long_ago, location("CH")),
        affiliate: Timeline::starting(long_ago, true),
        futures_opened_at: Some(long_ago),
    };
    let tier = TierInForce { spot: 2, futures: 0 };
    for (number, invitee) in INVITEES.into_iter().enumerate().filter(|(_, uid)| *uid != "unknown") {
        let inviter: Uid = format!("{}", 20 - number % 3).parse().unwrap();
        relations.add_inviter(inviter.clone(), party.clone(), tier);
        of_v01.add_inviter(inviter.clone(), party.clone(), tier);
        let mut invitee_party = party.clone();
        if number == 1 {
            invitee_party.location.set(noon, location("US"));
        }
        let relation = Relation {
            inviter,
            invitee: invitee.parse().unwrap(),
            code: "K7M2XW9P".parse().unwrap(),
            origin: Origin::Recall,
            bound_at: if number == 0 { noon } else { long_ago },
            shared: SharedCommission {
                spot: "0.05".parse().unwrap(),
                futures: "0.2".parse().unwrap(),
            },
            voided_at: (invitee == "void").then_some(noon),
        };
        relations.add_relation(relation.clone(), invitee_party.clone());
        of_v01.add_relation(relation, invitee_party);
    }
    (relations, of_v01)
}

fn trade_id() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => (0..40_u64).prop_map(|n| (4_127_365_000 + n).to_string()),
        1 => (0..4_u64).prop_map(|n| format!("0190a5c1-7f3e-7abc-8def-00ff00ff00{n:02x}")),
        1 => (0..4_u64).prop_map(|n| format!("0{n}")),
        1 => (0..4_u64).prop_map(|n| format!("t{n}/sub-{n}")),
        1 => Just(u64::MAX.to_string()),
    ]
}

fn amount() -> impl Strategy<Value = Amount> {
    prop_oneof![
        8 => 1..=10_i128.pow(14),
        1 => Just(0),
        1 => -1_000..0_i128,
        1 => prop::sample::select(vec![i64::MAX.into(), i64::MIN.into(), i128::from(i64::MAX) + 1]),
        1 => Just(Amount::MAX_PARSED),
    ]
    .prop_map(Amount::from_minor)
}

fn instant() -> impl Strategy<Value = Timestamp> {
    prop_oneof![
        8 => 0..86_400_000_i64,
        1 => -2_000..2_000_i64,
        1 => prop::sample::select(vec![i64::MIN, i64::MAX, 90 * 86_400_000]),
    ]
    .prop_map(|millis| day().start().plus_millis(millis))
}

fn arrival() -> impl Strategy<Value = Arrival> {
    prop_oneof![
        8 => (0..5_u64).prop_map(|n| 1_795_132_800_000 + n),
        1 => prop::sample::select(vec![0, u64::MAX]),
    ]
    .prop_map(Arrival)
}

prop_compose! {
    fn a_fee()(
        trade_id in trade_id(),
        uid in prop::sample::select(INVITEES.to_vec()),
        product in prop::sample::select(Product::ALL),
        kind in prop_oneof![9 => Just(FeeKind::Trade), 1 => Just(FeeKind::Delivery)],
        asset in prop_oneof![4 => 0..3_u32, 1 => 0..400_u32],
        amounts in (amount(), amount(), amount()),
        vip in prop_oneof![9 => 0..4_u8, 1 => any::<u8>()],
        broker in prop::bool::weighted(0.1),
        at in instant(),
    ) -> Fee {
        let (amount, amount_usd, volume_usd) = amounts;
        let asset: Asset = format!("A{asset}").parse().unwrap();
        let (trade_id, uid, vip) = (trade_id.parse().unwrap(), uid.parse().unwrap(), Vip(vip));
        let charge =
            Charge { product, kind, asset, amount, amount_usd, volume_usd, vip, broker, at };
        Fee { trade_id, uid, charge }
    }
}

prop_compose! {
    fn a_correction()(
        fee in a_fee(),
        busts in any::<bool>(),
        is_exact in prop::bool::weighted(0.8),
        why in prop::sample::select(vec!["error trade", "typed wrong"]),
    ) -> FeeCorrection {
        let Fee { trade_id, uid, charge } = fee;
        let Charge { amount, amount_usd, volume_usd, at, .. } = charge;
        let finest = amount.minor() / 10_i128.pow(10) * 10_i128.pow(10) + i128::from(!is_exact);
        let [amount, amount_usd, volume_usd] = match busts {
            true => [Amount::ZERO; 3],
            false => [Amount::from_minor(finest), amount_usd, volume_usd],
        };
        FeeCorrection { trade_id, uid, at, amount, amount_usd, volume_usd, why: why.to_owned() }
    }
}

/// Generates fees with some repetitions, in the order of their delivery.
fn delivered() -> impl Strategy<Value = Vec<(Arrival, Fee)>> {
    prop::collection::vec((arrival(), a_fee(), prop::bool::weighted(0.2)), 0..80).prop_map(|fees| {
        let again = |(arrival, fee, again): (Arrival, Fee, bool)| {
            std::iter::repeat_n((arrival, fee), 1 + usize::from(again))
        };
        fees.into_iter().flat_map(again).collect()
    })
}

fn rows(fees: &[(Arrival, Fee)], batch: usize) -> v01::Fees {
    let mut read = v01::Fees::default();
    for batch in fees.chunks(batch) {
        let mut fees = v01::Fees::default();
        batch.iter().for_each(|(arrival, fee)| fees.push(*arrival, fee).unwrap());
        let chunks = v01_chunks::write(&fees).unwrap();
        chunks.iter().for_each(|chunk| v01_chunks::read(chunk, &mut read).unwrap());
    }
    read
}

/// Folds the same fees through today's chunks; without columns, in the format of version 0.1.
fn chunks(fees: &[(Arrival, Fee)], corrections: &[FeeCorrection], batch: usize) -> FeeBatch {
    let mut read = FeeBatch::default();
    let mut written = FeeBatch { corrections: corrections.to_vec(), ..FeeBatch::default() };
    for batch in fees.chunks(batch).chain([&[][..]]) {
        batch.iter().for_each(|(arrival, fee)| written.push(*arrival, fee).unwrap());
        let chunks = std::mem::take(&mut written).to_chunks().unwrap();
        chunks.iter().for_each(|chunk| read.read_chunk(chunk).unwrap());
    }
    read
}

proptest! {
    #[test]
    fn columns_fold_as_rows_did(
        fees in delivered(),
        corrections in prop::collection::vec(a_correction(), 0..8),
        batch in 1..90_usize,
    ) {
        let (relations, of_v01) = relations();
        let rules: Rules = programme::programme().unwrap().commission;
        let before = v01::fold(day(), &rows(&fees, batch), &corrections, &of_v01, &rules).unwrap();
        let read = chunks(&fees, &corrections, batch);
        let now = fold(day(), &read.fees, &read.corrections, &relations, &rules).unwrap();

        let lines = difference(&now, &Booked::default(), true).unwrap();
        prop_assert_eq!(&lines, &v01::difference(&before, &v01::Booked::default(), true).unwrap());
        let read = Lines::of(&now, &Booked::default(), true).unwrap();
        prop_assert_eq!(prove_lines(&now.due, &Booked::default(), &read), Ok(()));
        let mut reader = read.reader();
        let one_by_one: Vec<_> = std::iter::from_fn(|| reader.read().cloned()).collect();
        prop_assert_eq!(one_by_one, lines);
        let proof = Conservation::of(&now).unwrap().check();
        prop_assert_eq!(&proof, &Ok(()));
        prop_assert_eq!(proof, v01::Conservation::of(&before).unwrap().check());

        let charged: BTreeMap<_, _> = before.charged.iter()
            .map(|(asset, of)| (*asset, (of.fee_count, of.fees, of.fees_usd)))
            .collect();
        let charged_now: BTreeMap<_, _> = now.charged.iter()
            .map(|(asset, of)| (*asset, (of.fee_count, of.fees, of.fees_usd)))
            .collect();
        prop_assert_eq!(charged_now, charged);
        prop_assert_eq!((now.voided, now.unknown_fees), (before.voided, before.unknown_fees));
        prop_assert_eq!(now.conflicts, before.conflicts);
        prop_assert_eq!(latest(now.orphan_corrections), before.orphan_corrections);
        prop_assert_eq!(now.inexact_corrections, before.inexact_corrections);
        prop_assert_eq!((now.duplicates, now.outside_day), (before.duplicates, before.outside_day));
    }

    #[test]
    fn rows_of_version_0_1_are_read(fees in delivered()) {
        let mut written = v01::Fees::default();
        fees.iter().for_each(|(arrival, fee)| written.push(*arrival, fee).unwrap());
        let mut read = FeeBatch::default();
        for chunk in v01_chunks::write(&written).unwrap() {
            read.read_chunk(&chunk).unwrap();
        }
        let mut kept: Vec<_> = read.fees.iter().map(|fee| (fee.arrival(), fee.fee())).collect();
        let mut fees = fees;
        kept.sort_unstable();
        fees.sort_unstable();
        prop_assert_eq!(kept, fees);
    }
}
