use types::{FeeKind, Product, Reason, Timeline, Vip};

use super::*;
use crate::testing::{
    Pair, arriving, at, correction, day, due_sums, earned, fee, futures, location, pair, rate,
    read, rules, spot, units, usd,
};
use crate::{Amount, MarketRules, Outcome, Split, TierInForce, evaluate_tier};

fn zero(reason: Reason) -> Outcome {
    Outcome::Zero { reason }
}

/// Returns the outcome of the pair's only line, and its fees, commission and shared as texts.
fn only_line(pair: &Pair, fees: &[Fee]) -> (Outcome, [String; 3]) {
    let fold = pair.fold(fees, &[]);
    let lines = due_sums(&fold);
    assert_eq!(lines.len(), 1);
    let (key, sums) = &lines[0];
    let eight = pair.rules.assets.decimals(key.asset);
    let texts = [sums.fees, sums.commission, sums.shared].map(|a| a.display(eight).to_string());
    (key.outcome, texts)
}

#[test]
fn statement_row_is_exact_to_the_last_unit() {
    let mut pair = pair();
    pair.tier.spot = 2;
    pair.relation.shared.spot = rate("0.2");
    let (outcome, amounts) = only_line(&pair, &[spot("t1", "0.00524900")]);
    assert_eq!(outcome, earned("0.41", "0.2"));
    // 41 % of 0.00524900 is 0.00215209. The inviter gets that minus the invitee's 0.00104980.
    assert_eq!(amounts, ["0.00524900", "0.00110229", "0.00104980"]);
}

#[test]
fn share_above_base_rate_takes_all() {
    let mut pair = pair();
    pair.relation.shared.futures = rate("0.2");
    let (outcome, amounts) = only_line(&pair, &[futures("t1", "2")]);
    assert_eq!(outcome, earned("0.1", "0.1"));
    assert_eq!(amounts, ["2.00000000", "0.00000000", "0.20000000"]);
}

#[test]
fn line_is_rounded_once_and_down() {
    let fees = ["t1", "t2", "t3"].map(|id| spot(id, "0.00000003"));
    // 20 % of 9 units is 1.8. Rounding each fee would give 0.
    let (_, amounts) = only_line(&pair(), &fees);
    assert_eq!(amounts, ["0.00000009", "0.00000001", "0.00000000"]);
}

#[test]
fn inviter_gets_the_rounding_remainder() {
    let mut pair = pair();
    pair.relation.shared.spot = rate("0.05");
    // 20 % of 39 units is 7.8, rounded to 7. 5 % is 1.95, rounded to 1. The inviter gets 6.
    let (_, amounts) = only_line(&pair, &[spot("t1", "0.00000039")]);
    assert_eq!(amounts, ["0.00000039", "0.00000006", "0.00000001"]);
}

#[test]
fn values_in_usd_are_paid_by_the_same_rates() {
    let mut pair = pair();
    pair.relation.shared.spot = rate("0.05");
    let fold = pair.fold(&[spot("t1", "1"), spot("t2", "2")], &[]);
    let (_, sums) = due_sums(&fold)[0];
    assert_eq!((sums.fees_usd, sums.volume_usd), (usd("30"), usd("3000")));
    assert_eq!((sums.commission_usd, sums.shared_usd), (usd("4.5"), usd("1.5")));
    let of_usd = Split { fees: usd("30"), commission: usd("4.5"), shared: usd("1.5") };
    assert_eq!(sums.in_usd(), of_usd);
}

#[test]
fn unpaid_fees_form_lines_with_reason() {
    let fees = [
        spot("t1", "-0.5"),
        spot("t2", "0"),
        spot("t3", "4").with(|charge| charge.vip = Vip(3)),
        spot("t4", "8").with(|charge| charge.broker = true),
    ];
    let pair = pair();
    let fold = pair.fold(&fees, &[]);
    let expected = [
        (Reason::VipAboveLimit, "4"),
        (Reason::ZeroFee, "0"),
        (Reason::NegativeFee, "-0.5"),
        (Reason::ExcludedFee, "8"),
    ];
    let found: Vec<_> = due_sums(&fold)
        .into_iter()
        .map(|(key, sums)| (key.outcome, sums.fees, sums.commission, sums.fee_count))
        .collect();
    let expected = expected.map(|(reason, fees)| (zero(reason), units(fees), Amount::ZERO, 1));
    assert_eq!(found, expected);
    assert_eq!(fold.charged[&read("XMR")].fees, units("11.5"));
}

#[test]
fn move_during_the_day_gives_two_lines() {
    let mut pair = pair();
    pair.invitee.location.set(at("2026-11-22T12:00:00Z"), location("US"));
    let before = futures("t1", "3").with(|charge| charge.at = at("2026-11-22T11:59:59.999Z"));
    let fold = pair.fold(&[before, futures("t2", "5")], &[]);
    let found: Vec<_> =
        due_sums(&fold).into_iter().map(|(key, sums)| (key.outcome, sums.commission)).collect();
    let blocked = (zero(Reason::FuturesRegionInvitee), Amount::ZERO);
    assert_eq!(found, [(earned("0.1", "0"), units("0.3")), blocked]);
}

#[test]
fn quarter_volume_sets_next_quarter_rate() {
    let spot_rules: MarketRules = rules().spot.at(at("2026-10-01T00:00:00Z")).unwrap().clone();
    let reached = evaluate_tier(usd("200000"), 3, &spot_rules);
    let on = |time: &str, spot_tier| {
        let mut pair = pair();
        pair.tier = TierInForce { spot: spot_tier, ..TierInForce::default() };
        let fees = arriving(&[spot("t1", "1").with(|charge| charge.at = at(time))]);
        let day = at(time).day();
        let fold = fold(day, &fees, &[], &pair.relations(), &pair.rules).unwrap();
        due_sums(&fold)[0].1.commission
    };
    assert_eq!(on("2026-09-30T23:59:59.999Z", 0), units("0.2"));
    assert_eq!(on("2026-10-01T00:00:00Z", reached), units("0.3"));
}

#[test]
fn products_and_assets_have_separate_lines() {
    let bitcoin = spot("t4", "1").with(|charge| charge.asset = read("BTC"));
    let fees = [spot("t1", "1"), fee("t2", Product::Margin, "1"), futures("t3", "1"), bitcoin];
    let pair = pair();
    let fold = pair.fold(&fees, &[]);
    let expected = [
        pair.key(Product::Spot, "BTC", earned("0.2", "0")),
        pair.key(Product::Spot, "XMR", earned("0.2", "0")),
        pair.key(Product::Margin, "XMR", earned("0.2", "0")),
        pair.key(Product::Futures, "XMR", earned("0.1", "0")),
    ];
    assert!(fold.due.iter().map(|due| due.key()).eq(expected));
}

#[test]
fn line_has_first_and_last_trade_time() {
    let times = ["2026-11-22T08:00:00Z", "2026-11-22T21:00:00Z", "2026-11-22T12:00:00Z"];
    let fees =
        [0, 1, 2].map(|i| spot(&format!("t{i}"), "1").with(|charge| charge.at = at(times[i])));
    let fold = pair().fold(&fees, &[]);
    let (_, sums) = due_sums(&fold)[0];
    assert_eq!(sums.first_trade_at, Some(at(times[0])));
    assert_eq!(sums.last_trade_at, Some(at(times[1])));
}

#[test]
fn only_real_trades_have_a_first_and_a_last() {
    let mut pair = pair();
    pair.relation.bound_at = at("2026-11-22T09:00:00Z");
    let of_kind = |id, kind| futures(id, "1").with(|charge| charge.kind = kind);
    let before = spot("before", "0").with(|charge| charge.at = at("2026-11-22T08:59:59.999Z"));
    let untraded = [
        of_kind("funding", FeeKind::Funding),
        of_kind("liquidation", FeeKind::Liquidation),
        of_kind("delivery", FeeKind::Delivery),
        before,
        spot("busted", "1"),
    ];
    let busted = [correction("busted", "0", "error trade")];
    let trades_of = |fees: &[Fee]| {
        let fold = pair.fold(fees, &busted);
        let of_invitee = crate::trades(&fold);
        of_invitee.into_values().next().unwrap_or_default()
    };
    assert_eq!(trades_of(&untraded), BTreeMap::new());
    let traded = spot("vip", "1").with(|charge| {
        charge.at = at("2026-11-22T13:00:00Z");
        charge.vip = Vip(9);
    });
    let later =
        fee("zero", Product::Margin, "0").with(|charge| charge.at = at("2026-11-22T14:00:00Z"));
    let (first, last) = (traded.charge.at, later.charge.at);
    let trades = crate::Trades { first, last };
    let all = [&untraded[..], &[later, traded]].concat();
    assert_eq!(trades_of(&all), [(types::Market::Spot, trades)].into());
}

#[test]
fn counted_volume_excludes_vip_above_limit() {
    let fold =
        pair().fold(&[spot("t1", "1"), spot("t2", "2").with(|charge| charge.vip = Vip(3))], &[]);
    let volumes: Vec<_> =
        fold.due.iter().map(|due| (due.sums.volume_usd, due.sums.counted_volume_usd)).collect();
    assert_eq!(volumes, [(usd("1000"), usd("1000")), (usd("2000"), usd("0"))]);
}

#[test]
fn busted_trade_is_a_zero_fee() {
    let fold = pair().fold(&[spot("t1", "1")], &[correction("t1", "0", "error trade")]);
    let (key, sums) = &due_sums(&fold)[0];
    assert_eq!(key.outcome, zero(Reason::ZeroFee));
    assert_eq!((sums.fee_count, sums.corrected_count, sums.fees), (1, 1, Amount::ZERO));
}

#[test]
fn line_keeps_first_correction_reasons() {
    let fees = ["t1", "t2", "t3", "t4", "t5"].map(|id| spot(id, "1"));
    let words = [("t5", "a"), ("t4", "e"), ("t3", "c"), ("t2", "b"), ("t1", "c")];
    let corrections = words.map(|(id, why)| correction(id, "2", why));
    let fold = pair().fold(&fees, &corrections);
    let corrections = fold.due.iter().next().unwrap().corrections.unwrap();
    assert_eq!(corrections.why.iter().collect::<Vec<_>>(), ["a", "b", "c"]);
    assert!(corrections.changed);
}

#[test]
fn exclusions_are_counted_for_all_invitees() {
    let uids = ["invitee-1", "invitee-2", "invitee-3"].map(read);
    let of = |uid: &Uid, id: &str| Fee { uid: uid.clone(), ..spot(id, "1") };
    let mut fees = Vec::new();
    let mut corrections = Vec::new();
    for (number, uid) in (0..).zip(&uids) {
        let [known, unknown] = ["known", "unknown"].map(|kind| format!("{kind}-{number}"));
        fees.extend([of(uid, &known), of(uid, &known)]);
        for id in [&known, &unknown] {
            corrections.push(FeeCorrection { uid: uid.clone(), ..correction(id, "2", "typed") });
        }
        let finest = &mut corrections[2 * number].amount;
        *finest = Amount::from_minor(finest.minor() + 1);
    }
    let stranger = FeeCorrection { uid: read("stranger"), ..correction("t9", "2", "typed") };
    corrections.push(stranger);
    let fold = pair().fold(&fees, &corrections);
    let (orphans, inexact) = (fold.orphan_corrections.len(), fold.inexact_corrections.len());
    assert_eq!((orphans, inexact, fold.duplicates), (4, 3, 3));
}

#[test]
fn facts_apply_per_interval_of_the_day() {
    let mut pair = pair();
    pair.inviter.affiliate = Timeline::starting(at("2026-11-22T08:00:00Z"), true);
    pair.inviter.affiliate.set(at("2026-11-22T16:00:00Z"), false);
    let times = ["2026-11-22T07:59:59.999Z", "2026-11-22T08:00:00Z", "2026-11-22T16:00:00Z"];
    let fees =
        [0, 1, 2].map(|i| spot(&format!("t{i}"), "1").with(|charge| charge.at = at(times[i])));
    let fold = pair.fold(&fees, &[]);
    let judged = due_sums(&fold).into_iter().map(|(key, sums)| (key.outcome, sums.fee_count));
    let expected = [(earned("0.2", "0"), 1), (zero(Reason::InviterNotAffiliate), 2)];
    assert_eq!(judged.collect::<Vec<_>>(), expected);
}

#[test]
fn unknown_invitee_fees_are_not_due() {
    let stranger = Fee { uid: read("stranger"), ..spot("t1", "1") };
    let fold = pair().fold(&[stranger.clone(), stranger], &[]);
    let unknown = BTreeMap::from([(read("stranger"), 1)]);
    assert_eq!((fold.unknown_fees, fold.duplicates, fold.due.len()), (unknown, 1, 0));
}

#[test]
fn invitee_without_inviter_is_unknown() {
    let pair = pair();
    let mut relations = Relations::default();
    relations.add_relation(pair.relation.clone(), pair.invitee.clone());
    let fees = arriving(&[spot("t1", "1")]);
    let fold = fold(day(), &fees, &[], &relations, &pair.rules).unwrap();
    assert_eq!((fold.unknown_fees.len(), fold.due.len()), (1, 0));
}

#[test]
fn void_binding_has_no_accruals() {
    let mut pair = pair();
    let pair_that_earns = pair.fold(&[spot("t1", "1"), spot("t2", "1")], &[]);
    pair.relation.voided_at = Some(at("2026-12-01T00:00:00Z"));
    let fold = pair.fold(&[spot("t1", "1"), spot("t2", "1")], &[]);
    assert!(fold.due.is_empty() && fold.charged.is_empty());
    assert!(!pair_that_earns.due.is_empty() && pair_that_earns.due.len() == 1);
    assert_eq!(fold.voided, BTreeMap::from([(read("invitee-1"), 2)]));
}

#[test]
fn lines_of_long_ids_are_sorted() {
    // They differ only behind the letters that are compared as integers.
    let inviters = ["sixteen-letters-and-b", "sixteen-letters-and-a", "sixteen-letters-", "short"];
    let mut relations = Relations::default();
    let mut fees = Vec::new();
    for (number, inviter) in inviters.into_iter().enumerate() {
        let mut pair = pair();
        pair.relation.inviter = read(inviter);
        relations.add_inviter(read(inviter), pair.inviter.clone(), pair.tier);
        for invitee in [format!("sixteen-letters-to-{number}"), format!("also-{number}")] {
            pair.relation.invitee = read(&invitee);
            relations.add_relation(pair.relation.clone(), pair.invitee.clone());
            fees.push(Fee { uid: read(&invitee), ..spot("t1", "1") });
        }
    }
    let fold = fold(day(), &arriving(&fees), &[], &relations, &rules()).unwrap();
    let keys: Vec<_> = due_sums(&fold).into_iter().map(|(key, _)| key).collect();
    assert_eq!(keys.len(), 8);
    assert!(keys.is_sorted(), "{keys:?}");
}

#[test]
fn sum_overflow_is_an_error() {
    let huge = Amount::from_minor(i128::MAX);
    let fees = ["t1", "t2"].map(|id| spot(id, "1").with(|charge| charge.amount = huge));
    let pair = pair();
    let fold = fold(day(), &arriving(&fees), &[], &pair.relations(), &pair.rules);
    assert_eq!(fold, Err(Overflow));
}

#[test]
fn sums_beyond_64_bits_are_exact() {
    let most = Amount::from_minor(i64::MAX.into());
    let large = |id| {
        spot(id, "1").with(|charge| {
            charge.amount = most;
            charge.amount_usd = most;
            charge.volume_usd = most;
        })
    };
    // A margin fee has a separate case; the sums of its line fit.
    let fees = [large("t1"), large("t2"), large("t3"), fee("t4", Product::Margin, "1")];
    let fold = pair().fold(&fees, &[]);
    let sums = due_sums(&fold);
    let expected = Amount::from_minor(3 * i128::from(i64::MAX));
    assert_eq!((sums.len(), sums[0].1.fee_count, sums[1].1.fees), (2, 3, units("1")));
    assert_eq!([sums[0].1.fees, sums[0].1.fees_usd, sums[0].1.volume_usd], [expected; 3]);
    assert_eq!(sums[0].1.commission, rate("0.2").of(expected));
    assert_eq!(sums[0].1.counted_volume_usd, expected);
    assert_eq!(fold.charged[&read("XMR")].fees, expected.plus(units("1")).unwrap());
    assert_eq!(crate::Conservation::of(&fold).unwrap().check(), Ok(()));
}

#[test]
fn line_with_some_counted_volume_is_exact() {
    let mut pair = pair();
    pair.inviter.affiliate = Timeline::default();
    // Nothing is earned, and only volume within the VIP limit counts for the tier.
    let fees = [spot("t1", "1"), spot("t2", "2").with(|charge| charge.vip = Vip(9))];
    let sums = due_sums(&pair.fold(&fees, &[]));
    assert_eq!((sums.len(), sums[0].1.fees), (1, units("3")));
    assert_eq!(sums[0].1.volume_usd, units("3000"));
    assert_eq!(sums[0].1.counted_volume_usd, units("1000"));
}
