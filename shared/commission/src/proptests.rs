//! Properties that hold for every day, checked on random days.

use std::collections::BTreeMap;

use proptest::prelude::*;
use types::{FeeKind, LinkCode, Product, Timestamp, Vip};

use crate::testing::{at, booked, correction, day, due_sums, finest, location, pair, rate, read};
use crate::{
    Accrual, Amount, Arrival, Booked, Cause, Charge, Conservation, Corrections, Fee, FeeCorrection,
    Fees, Fold, Line, LineKey, Lines, Outcome, Relations, Sums, TierInForce, difference, explain,
    fold, prove_lines,
};

/// Number of invitees. The last one has no known relation.
const INVITEES: u64 = 5;

/// Returns four invitees of one inviter: one bound at noon, one that moved to another country at
/// noon, one with a void binding if `void`, and one without special facts.
fn relations(void: bool) -> Relations {
    let noon = at("2026-11-22T12:00:00Z");
    let pair = pair();
    let mut relations = Relations::default();
    relations.add_inviter(read("inviter-1"), pair.inviter, TierInForce { spot: 2, futures: 0 });
    for number in 0..INVITEES - 1 {
        let (mut relation, mut invitee) = (pair.relation.clone(), pair.invitee.clone());
        relation.invitee = read(&format!("invitee-{number}"));
        relation.shared.spot = rate("0.05");
        relation.shared.futures = rate("0.2");
        match number {
            0 => relation.bound_at = noon,
            1 => _ = invitee.location.set(noon, location("US")),
            2 => relation.voided_at = void.then_some(noon),
            _ => {}
        }
        relations.add_relation(relation, invitee);
    }
    relations
}

/// Generates an instant of the day, or within a minute of it.
fn instant() -> impl Strategy<Value = Timestamp> {
    (-60_000_i64..86_460_000).prop_map(|millis| day().start().plus_millis(millis))
}

fn amount() -> impl Strategy<Value = Amount> {
    prop_oneof![
        8 => 1..=10_i128.pow(14),
        1 => Just(0),
        1 => -1_000..0_i128,
        1 => Just(Amount::MAX_PARSED),
    ]
    .prop_map(Amount::from_minor)
}

fn product() -> impl Strategy<Value = Product> {
    prop::sample::select(Product::ALL)
}

prop_compose! {
    /// Generates a fee with one of few trade ids, so that trade ids are repeated.
    fn a_fee()(
        trade in 0..40_u64,
        product in product(),
        kind in prop_oneof![9 => Just(FeeKind::Trade), 1 => Just(FeeKind::Funding)],
        asset in prop::sample::select(vec!["BTC", "XMR"]),
        (amount, amount_usd, volume_usd) in (amount(), amount(), amount()),
        vip in 0..4_u8,
        broker in prop::bool::weighted(0.1),
        at in instant(),
    ) -> Fee {
        let trade_id = read(&format!("t{trade}"));
        let uid = read(&format!("invitee-{}", trade % INVITEES));
        let asset = read(asset);
        let vip = Vip(vip);
        let charge =
            Charge { product, kind, asset, amount, amount_usd, volume_usd, vip, broker, at };
        Fee { trade_id, uid, charge }
    }
}

prop_compose! {
    fn a_correction()(
        trade in 0..40_u64,
        amounts in prop_oneof![
            Just((Amount::ZERO, Amount::ZERO, Amount::ZERO)),
            (amount(), amount(), amount()),
        ],
        later in 0..3_i64,
        why in prop::sample::select(vec!["error trade", "typed wrong", "wrong asset price"]),
    ) -> FeeCorrection {
        let base = correction(&format!("t{trade}"), "0", why);
        let uid = read(&format!("invitee-{}", trade % INVITEES));
        let (amount, amount_usd, volume_usd) = amounts;
        // Corrections have more decimals, but the same bound for parsed amounts.
        let amount = finest(Amount::from_minor(amount.minor() / 10_i128.pow(10)));
        let at = base.at.plus_millis(later);
        FeeCorrection { uid, amount, amount_usd, volume_usd, at, ..base }
    }
}

/// Fees and corrections delivered for a day, in the order of arrival.
#[derive(Debug, Clone)]
struct Delivered {
    fees: Vec<(Arrival, Fee)>,
    corrections: Vec<FeeCorrection>,
}

fn delivered() -> impl Strategy<Value = Delivered> {
    let fees = prop::collection::vec((a_fee(), 0..3_u64), 0..60);
    let corrections = prop::collection::vec(a_correction(), 0..12);
    (fees, corrections).prop_map(|(fees, corrections)| {
        let mut now = 0;
        let arrive = |(fee, later): (Fee, u64)| {
            now += later;
            (Arrival(now), fee)
        };
        Delivered { fees: fees.into_iter().map(arrive).collect(), corrections }
    })
}

/// Generates deliveries, and the same deliveries with duplicates in another order.
fn delivered_otherwise() -> impl Strategy<Value = (Delivered, Delivered)> {
    delivered().prop_flat_map(|once| {
        let again = |length: usize| prop::collection::vec(prop::bool::ANY, length);
        let (fees, corrections) = (once.fees.clone(), once.corrections.clone());
        let fees = again(fees.len()).prop_map(move |again| with_repeats(&fees, &again));
        let corrections =
            again(corrections.len()).prop_map(move |again| with_repeats(&corrections, &again));
        let otherwise = (fees.prop_shuffle(), corrections.prop_shuffle())
            .prop_map(|(fees, corrections)| Delivered { fees, corrections });
        (Just(once), otherwise)
    })
}

fn with_repeats<T: Clone>(items: &[T], again: &[bool]) -> Vec<T> {
    let repeated = items.iter().zip(again).filter(|(_, again)| **again).map(|(item, _)| item);
    items.iter().chain(repeated).cloned().collect()
}

impl Delivered {
    fn fold(&self, relations: &Relations) -> Fold {
        fold(day(), &self.fees(), &self.corrections, relations, &pair().rules).unwrap()
    }

    fn fees(&self) -> Fees {
        let mut fees = Fees::default();
        self.fees.iter().for_each(|(arrival, fee)| fees.push(*arrival, fee).unwrap());
        fees
    }

    /// Returns the first `fees` fees and the first `corrections` corrections.
    fn until(&self, fees: usize, corrections: usize) -> Self {
        Self {
            fees: self.fees.iter().take(fees).cloned().collect(),
            corrections: self.corrections.iter().take(corrections).cloned().collect(),
        }
    }
}

/// Returns an accrual with owned parts.
fn owned(due: Accrual<'_>) -> (LineKey, Sums, LinkCode, Option<Corrections>) {
    (due.key(), due.sums, due.code.clone(), due.corrections.cloned())
}

fn apply(booked: &mut Booked, lines: &[Line]) {
    lines.iter().for_each(|line| booked.apply(line).unwrap());
}

proptest! {
    #[test]
    fn order_and_duplicates_change_nothing((once, otherwise) in delivered_otherwise()) {
        let relations = relations(true);
        let mut folds = [&once, &otherwise].map(|delivered| delivered.fold(&relations));
        folds.iter_mut().for_each(|fold| fold.duplicates = 0);
        let [once, otherwise] = folds;
        let lines = |fold| difference(fold, &Booked::default(), true).unwrap();
        let bytes = |fold| postcard::to_stdvec(&lines(fold)).unwrap();
        prop_assert_eq!(bytes(&once), bytes(&otherwise));
        prop_assert_eq!(once, otherwise);
    }

    #[test]
    fn separate_folds_equal_the_whole_fold(delivered in delivered()) {
        let relations = relations(true);
        let whole = delivered.fold(&relations);
        let mut proof = Conservation::default();
        let (mut due, mut aside, mut orphans) = (Vec::new(), 0, Vec::new());
        for number in 0..INVITEES {
            let mut part = delivered.clone();
            let uid = read(&format!("invitee-{number}"));
            part.fees.retain(|(_, fee)| fee.uid == uid);
            part.corrections.retain(|correction| correction.uid == uid);
            let part = part.fold(&relations);
            proof.merge(&Conservation::of(&part).unwrap()).unwrap();
            aside += part.unknown_fees.values().sum::<u64>() + part.outside_day;
            orphans.extend(part.orphan_corrections);
            due.extend(part.due.iter().map(owned));
        }
        prop_assert_eq!(proof, Conservation::of(&whole).unwrap());
        let unknown: u64 = whole.unknown_fees.values().sum();
        prop_assert_eq!(aside, unknown + whole.outside_day);
        orphans.sort_unstable();
        prop_assert_eq!(orphans, whole.orphan_corrections);
        let all = whole.due.iter().map(owned);
        prop_assert_eq!(due, all.collect::<Vec<_>>());
    }

    #[test]
    fn each_fee_counts_exactly_once(delivered in delivered()) {
        let fold = delivered.fold(&relations(true));
        let due: i64 = fold.due.iter().map(|due| due.sums.fee_count).sum();
        let left_aside = fold.duplicates + fold.conflicts.len() as u64
            + fold.unknown_fees.values().sum::<u64>() + fold.outside_day + fold.voided.values().sum::<u64>();
        prop_assert_eq!(due as u64 + left_aside, delivered.fees.len() as u64);
    }

    #[test]
    fn conservation_holds_for_any_day(delivered in delivered()) {
        let fold = delivered.fold(&relations(true));
        prop_assert_eq!(Conservation::of(&fold).unwrap().check(), Ok(()));
    }

    #[test]
    fn parts_add_up_to_the_base_rate(delivered in delivered()) {
        for (key, sums) in due_sums(&delivered.fold(&relations(true))) {
            let paid = sums.commission.plus(sums.shared).unwrap();
            prop_assert_eq!(paid, key.outcome.rate().of(sums.fees));
            prop_assert!(sums.commission >= Amount::ZERO && sums.shared >= Amount::ZERO);
            if let Outcome::Earned { rate, shared } = key.outcome {
                prop_assert!(shared <= rate && sums.fees > Amount::ZERO);
            }
        }
    }

    #[test]
    fn runs_of_a_day_add_up_to_the_accruals(
        delivered in delivered(),
        (fees, corrections) in (0..60_usize, 0..12_usize),
        void in any::<bool>(),
    ) {
        let early = delivered.until(fees, corrections).fold(&relations(false));
        let mut total = booked(&difference(&early, &Booked::default(), true).unwrap());
        let late = delivered.fold(&relations(void));
        let lines = difference(&late, &total, false).unwrap();
        prop_assert!(lines.is_sorted_by(|a, b| a.key < b.key));
        prop_assert!(lines.iter().all(|line| line.cause != Cause::Booked));
        prop_assert_eq!(prove_lines(&late.due, &total, &Lines::from(lines.clone())), Ok(()));
        apply(&mut total, &lines);
        let total_sums: Vec<_> = total.iter().map(|(key, sums)| (key.clone(), *sums)).collect();
        prop_assert_eq!(total_sums, due_sums(&late));
        prop_assert_eq!(difference(&late, &total, false).unwrap(), []);
    }

    #[test]
    fn evidence_adds_up_to_its_line(delivered in delivered()) {
        let relations = relations(true);
        let (rules, fees, corrections) = (pair().rules, delivered.fees(), &delivered.corrections);
        for (key, sums) in due_sums(&delivered.fold(&relations)) {
            let evidence = explain(&key, day(), &fees, corrections, &relations, &rules).unwrap();
            let total = evidence.iter().try_fold(Amount::ZERO, |sum, fee| sum.plus(fee.amount));
            prop_assert_eq!((evidence.len() as i64, total), (sums.fee_count, Ok(sums.fees)));
        }
    }

    #[test]
    fn fees_are_stored_unchanged(delivered in delivered()) {
        let fees = delivered.fees();
        let mut kept: Vec<_> = fees.iter().map(|fee| (fee.arrival(), fee.fee())).collect();
        let mut added = delivered.fees;
        kept.sort_unstable();
        added.sort_unstable();
        prop_assert_eq!(kept, added);
    }

    #[test]
    fn fold_evaluates_as_explain_does(delivered in delivered()) {
        let (relations, rules) = (relations(false), pair().rules);
        let fold = delivered.fold(&relations);
        let mut alone: BTreeMap<LineKey, i64> = BTreeMap::new();
        for key in fold.due.iter().map(|due| due.key()) {
            let (fees, corrections) = (delivered.fees(), &delivered.corrections);
            let evidence = explain(&key, day(), &fees, corrections, &relations, &rules).unwrap();
            alone.insert(key, evidence.len() as i64);
        }
        let together = fold.due.iter().map(|due| (due.key(), due.sums.fee_count));
        prop_assert_eq!(together.collect::<BTreeMap<_, _>>(), alone);
    }

    #[test]
    fn lines_round_trip_in_both_encodings(delivered in delivered()) {
        let lines = difference(&delivered.fold(&relations(true)), &Booked::default(), true);
        let lines = lines.unwrap();
        let bytes = postcard::to_stdvec(&lines).unwrap();
        prop_assert_eq!(&postcard::from_bytes::<Vec<Line>>(&bytes).unwrap(), &lines);
        let json = serde_json::to_string(&lines).unwrap();
        prop_assert_eq!(&serde_json::from_str::<Vec<Line>>(&json).unwrap(), &lines);
    }
}
