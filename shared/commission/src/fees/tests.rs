use types::{FeeKind, Product, Vip};

use super::*;
use crate::testing::{at, read, spot};

fn kept(fees: &Fees) -> Vec<(Arrival, Fee)> {
    fees.iter().map(|fee| (fee.arrival(), fee.fee())).collect()
}

#[test]
fn fees_read_back_as_they_were_added() {
    let numbers = ["7", "18446744073709551615", "07", "0190a5c1-7f3e-7abc-8def-00ff00ff00ff"];
    let ids = numbers.into_iter().chain(["t1", "7/sub"]);
    let fees: Vec<_> = (3..).map(Arrival).zip(ids.map(|id| spot(id, "-0.5"))).collect();
    let mut added = Fees::default();
    assert!(added.is_empty());
    fees.iter().for_each(|(arrival, fee)| added.push(*arrival, fee).unwrap());
    assert_eq!(kept(&added), fees);
    assert_eq!((added.len(), added.is_empty()), (6, false));
    assert_eq!(added.invitees().collect::<Vec<_>>(), [&fees[0].1.uid]);
}

#[test]
fn extreme_values_read_back_unchanged() {
    let base = spot("t1", "1");
    let amounts = [i128::MIN, i64::MIN.into(), i64::MAX.into(), i128::MAX];
    let times = ["1970-01-01T00:00:00Z", "9999-12-31T23:59:59.999Z", "2026-11-22T12:00:00Z"];
    let mut fees = vec![(Arrival(1_800_000_000_000), base.clone())];
    for amount in amounts.map(Amount::from_minor) {
        let other = Amount::from_minor(7);
        let fee = |[amount, amount_usd, volume_usd]: [Amount; 3]| {
            let (vip, kind) = (Vip(255), FeeKind::Delivery);
            let charge = Charge { amount, amount_usd, volume_usd, vip, kind, ..base.charge };
            Fee { charge, ..base.clone() }
        };
        fees.push((Arrival(0), fee([amount, other, other])));
        fees.push((Arrival(u64::MAX), fee([other, amount, other])));
        fees.push((Arrival(1_800_000_000_001), fee([other, other, amount])));
    }
    fees.extend(times.map(|time| (Arrival(5), base.clone().with(|charge| charge.at = at(time)))));
    let mut added = Fees::default();
    fees.iter().for_each(|(arrival, fee)| added.push(*arrival, fee).unwrap());
    assert_eq!(kept(&added), fees);
}

#[test]
fn fees_of_many_payers_keep_their_order() {
    let mut added = Fees::default();
    let uid = |n: u64| if n.is_multiple_of(2) { n.to_string() } else { format!("u{n}") };
    for number in 0..2000_u64 {
        let fee = Fee { uid: read(&uid(number % 300)), ..spot(&number.to_string(), "1") };
        added.push(Arrival(number), &fee).unwrap();
    }
    assert_eq!((added.invitees().count(), added.iter().count()), (300, 2000));
    for payer in 0..300 {
        let of_payer = added.of(&read(&uid(payer))).map(|fee| fee.arrival().0);
        assert!(of_payer.eq((0..2000).filter(|n| n % 300 == payer)));
    }
    let mut grouped = 0;
    added
        .each_part(|payers| {
            for ((uid, number), places) in payers.ids().zip(payers.places()) {
                assert_eq!(number, uid.as_str().parse().ok());
                grouped += places.len();
                let fees = places.iter().map(|place| added.fee(added.record(*place).unwrap()));
                assert!(fees.map(FeeRef::invitee).all(|payer| payer == uid));
            }
            Ok::<_, ()>(())
        })
        .unwrap();
    assert_eq!(grouped, 2000);
    assert_eq!(added.of(&read("nobody")).count(), 0);
}

#[test]
fn numbered_payer_is_the_one_with_its_text() {
    let mut fees = Fees::default();
    let payer = fees.payer(&read("35000007")).unwrap();
    assert_eq!(fees.numbered_payers(&[35_000_007, 7, 35_000_007]).unwrap()[..1], [payer]);
    assert_ne!(fees.payer(&read("035000007")), Ok(payer));
    assert_eq!(fees.invitees().count(), 3);
}

#[test]
fn compact_fee_equals_the_pushed_one() {
    let fee = spot("t1", "1.5");
    let charge = fee.charge;
    let mut fees = Fees::default();
    let class = Class::new(Product::Spot, charge.kind, charge.vip, charge.broker);
    let class = class.in_asset(fees.asset(charge.asset).unwrap());
    let payer = fees.payer(&fee.uid).unwrap();
    let amounts = [charge.amount, charge.amount_usd, charge.volume_usd];
    let amounts = amounts.map(|amount| i64::try_from(amount.minor()).unwrap());
    let (trade, at, arrival) = (TradeKey::Text("t1"), charge.at, Arrival(9));
    fees.push_compact(&CompactFee { payer, trade, class, amounts, at, arrival }).unwrap();
    assert_eq!(kept(&fees), [(Arrival(9), fee)]);
}

#[test]
fn debug_shows_counts_and_no_ids() {
    let mut fees = Fees::default();
    fees.push(Arrival(0), &spot("t1", "1")).unwrap();
    assert_eq!(format!("{fees:?}"), "Fees(1 of 1 invitees)");
}
