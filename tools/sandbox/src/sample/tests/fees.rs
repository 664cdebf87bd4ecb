//! The mix of fees, and their delivery faults.

use std::collections::{BTreeMap, BTreeSet};

use types::{FeeKind, Market, Product, Uid};

use super::{SAMPLE, events, fees, last_day, recalls, sign_ups};
use crate::sample::amount::Amount;
use crate::sample::event::{Data, Event, Fee};

/// Returns the inviter of each invitee.
fn inviters() -> BTreeMap<Uid, &'static Uid> {
    let recalled = recalls().map(|(_, via, uid)| (uid.clone(), &via.affiliate));
    let signed_up = sign_ups().filter_map(|(via, event)| match &event.data {
        Data::Registered(it) => Some((it.uid.uid(), &via.affiliate)),
        _ => None,
    });
    recalled.chain(signed_up).collect()
}

#[test]
fn mix_covers_all_kinds_of_fees() {
    let fees: Vec<&Fee> = fees().map(|(_, fee)| fee).collect();
    let products: BTreeSet<Product> = fees.iter().map(|fee| fee.product).collect();
    let kinds: BTreeSet<FeeKind> = fees.iter().map(|fee| fee.kind).collect();
    let assets: BTreeSet<&str> = fees.iter().map(|fee| fee.asset).collect();
    let levels: BTreeSet<u8> = fees.iter().map(|fee| fee.vip_level).collect();
    assert_eq!(products.len(), Product::ALL.len());
    assert_eq!(kinds.len(), FeeKind::ALL.len());
    assert!(assets.into_iter().eq(["BNB", "BTC", "ETH", "SOL", "USDT", "XMR", "XRP"]));
    assert!(levels.is_superset(&(0..=4).collect()));
    let trades = || fees.iter().filter(|fee| fee.kind == FeeKind::Trade);
    assert!(trades().any(|fee| fee.broker));
    assert!(trades().any(|fee| fee.amount == Amount::ZERO));
    assert!(trades().any(|fee| fee.amount < Amount::ZERO));
}

#[test]
fn some_fees_late_or_duplicate() {
    let charged: Vec<&Event> = events()
        .filter(|(_, event)| matches!(event.data, Data::Charged(_)))
        .map(|(_, event)| event)
        .collect();
    let ids: BTreeSet<_> = charged.iter().map(|event| &event.id).collect();
    let late = fees().filter(|(at, fee)| at.day().days_since(fee.at.day()) > 1).count();
    let delivered_twice = charged.len() - ids.len();
    let told_twice = ids.len() - SAMPLE.figures().fees;
    let swapped = charged.windows(2).filter(|pair| pair[0].time() > pair[1].time()).count();
    println!(
        "{late} two or three days late, {delivered_twice} delivered twice, {told_twice} told \
         twice, {swapped} out of order"
    );
    assert!(late > 50 && delivered_twice > 50 && told_twice > 20 && swapped > 50);
}

#[test]
fn correction_names_earlier_fee() {
    let mut arrived: BTreeMap<&str, &Fee> = BTreeMap::new();
    let mut reasons: BTreeMap<&str, u32> = BTreeMap::new();
    for (_, event) in events() {
        match &event.data {
            Data::Charged(fee) => {
                arrived.insert(&fee.trade_id, fee);
            }
            Data::Corrected(it) => {
                let fee = arrived[it.trade_id.as_str()];
                assert_eq!((it.uid, it.day), (fee.uid, fee.at.day()));
                *reasons.entry(it.why).or_default() += 1;
            }
            _ => {}
        }
    }
    println!("{reasons:?}");
    assert_eq!(reasons.len(), 2);
}

#[test]
fn some_fees_are_activity_only() {
    let inviters = inviters();
    let invited = fees().filter(|(_, fee)| inviters.contains_key(&fee.uid.uid())).count();
    let share = invited * 100 / fees().count();
    assert!((55..=85).contains(&share), "{share} %");
}

#[test]
fn biggest_affiliate_reaches_a_tier() {
    let (inviters, quarter) = (inviters(), last_day().quarter().first_day().start());
    let aurora = &SAMPLE.personas.affiliates[0].uid;
    let counts = |fee: &Fee| {
        fee.product.market() == Market::Spot && fee.kind == FeeKind::Trade && fee.vip_level <= 2
    };
    let volume: Amount = fees()
        .map(|(_, fee)| fee)
        .filter(|fee| inviters.get(&fee.uid.uid()) == Some(&aurora))
        .filter(|fee| fee.at < quarter && fee.amount > Amount::ZERO && counts(fee))
        .fold(Amount::ZERO, |sum, fee| sum.plus(fee.volume_usd));
    println!("{volume} USD");
    assert!(volume > Amount::cents(250_000_000), "{volume}");
}
