//! Records are read back as they were written, and anything else is refused.

#![cfg(test)]

use std::collections::BTreeMap;

use archive::{
    ArchiveError, BindingRow, CorrectionRow, FeeRow, FileWriter, Folder, LineRow, Manifest, Record,
    RunRow, Store, TotalRow, rows, sha256,
};
use bytes::Bytes;
use commission::{
    Amount, Assets, Cause, Charge, Decimals, Fee, FeeCorrection, Line, LineKey, Outcome, Rate,
    Relation, SharedCommission, Split, Sums,
};
use proptest::prelude::*;
use types::{FeeKind, Origin, Product, Reason, Timestamp, Vip};

/// The largest amount that the assets of these fees can have in the archive: 10^38 units of the
/// 18th decimal of an asset with two.
const MOST: i128 = 10_i128.pow(22) - 1;

fn assets() -> Assets {
    let [none, two, eight] = [0, 2, 8].map(|count| Decimals::new(count).unwrap());
    let (yen, shares) = ("JPY".parse().unwrap(), "NFT".parse().unwrap());
    Assets::new(eight, BTreeMap::from([(yen, two), (shares, none)]), eight)
}

fn instant(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis).unwrap()
}

fn file<R: Record>(all: &[R]) -> Result<Bytes, ArchiveError> {
    let assets = assets();
    let mut writer = FileWriter::new(&assets)?;
    all.iter().try_for_each(|row| writer.push(row))?;
    Ok(writer.finish()?.into())
}

fn read_back<R: Record>(all: &[R]) -> Result<Vec<R>, ArchiveError> {
    rows(file(all)?, &assets())
}

fn amounts() -> impl Strategy<Value = Amount> {
    prop_oneof![-MOST..=MOST, -1000_i128..1000].prop_map(Amount::from_minor)
}

fn fees() -> impl Strategy<Value = FeeRow> {
    let names = ("[0-9a-f]{32}", "[0-9]{1,12}", "[a-z0-9-]{1,36}", "BTC|JPY|USDT");
    let money = (amounts(), amounts(), amounts());
    (names, money, 0..4_usize, any::<u8>(), any::<bool>(), 0..253_402_300_799_999_i64).prop_map(
        |((chunk, uid, trade, asset), (amount, amount_usd, volume_usd), n, vip, broker, at)| {
            let charge = Charge {
                product: Product::ALL[n % 3],
                kind: FeeKind::ALL[n],
                asset: asset.parse().unwrap(),
                amount,
                amount_usd,
                volume_usd,
                vip: Vip(vip),
                broker,
                at: instant(at),
            };
            let (trade_id, uid) = (trade.parse().unwrap(), uid.parse().unwrap());
            let fee = Fee { trade_id, uid, charge };
            FeeRow { chunk, arrival: at.unsigned_abs(), fee }
        },
    )
}

fn line(outcome: Outcome, why: &[&str]) -> LineRow {
    let amount = |minor| Amount::from_minor(minor);
    let sums = Sums {
        fee_count: -3,
        corrected_count: 1,
        fees: amount(-7),
        fees_usd: amount(8),
        commission: amount(9),
        commission_usd: amount(-10),
        shared: amount(11),
        shared_usd: amount(12),
        volume_usd: amount(MOST),
        counted_volume_usd: amount(-MOST),
        first_trade_at: None,
        last_trade_at: Some(instant(1_800_000_000_123)),
    };
    let key = LineKey {
        inviter: "10000001".parse().unwrap(),
        invitee: "20000001".parse().unwrap(),
        product: Product::Margin,
        asset: "JPY".parse().unwrap(),
        outcome,
    };
    let line = Line {
        key,
        code: "ABCD2345".parse().unwrap(),
        origin: Origin::Recall,
        sums,
        cause: Cause::FactsChanged,
        why: why.iter().map(|&text| text.to_owned()).collect(),
    };
    LineRow { seq: 7, line, withdrawn: why.is_empty() }
}

proptest! {
    #[test]
    fn fees_are_read_as_written(all in proptest::collection::vec(fees(), 0..40)) {
        prop_assert_eq!(read_back(&all).unwrap(), all);
    }
}

/// Returns an amount of up to so many bits, as of real fees.
fn scattered(n: u64, bits: u32) -> Amount {
    let mixed = (n * n + 7).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    Amount::from_minor(i128::from(mixed >> (64 - bits)))
}

#[test]
fn archived_fee_takes_under_40_bytes() {
    let row = |n: u64| FeeRow {
        chunk: format!("{:032x}", n / 150),
        arrival: 1_800_000_000_000 + n / 150,
        fee: Fee {
            trade_id: (4_127_365_000 + n).to_string().parse().unwrap(),
            uid: (35_912_846 + n * n % 3000).to_string().parse().unwrap(),
            charge: Charge {
                product: Product::ALL[n as usize % 3],
                kind: FeeKind::Trade,
                asset: ["BTC", "USDT", "NFT"][n as usize % 3].parse().unwrap(),
                amount: scattered(n, 30),
                amount_usd: scattered(n + 1, 30),
                volume_usd: scattered(n + 2, 40),
                vip: Vip(0),
                broker: false,
                at: instant(1_800_000_000_000 + i64::try_from(n).unwrap() * 7),
            },
        },
    };
    let all: Vec<FeeRow> = (0..60_000).map(row).collect();
    let bytes = file(&all).unwrap().len() / all.len();
    assert!((20..40).contains(&bytes), "{bytes}");
}

#[test]
fn several_row_groups_are_read_in_order() {
    let row = |number: u64| TotalRow {
        seq: number,
        asset: "BTC".parse().unwrap(),
        in_asset: Split::default(),
        in_usd: Split::default(),
        volume_usd: Amount::from_minor(number.into()),
    };
    let all: Vec<TotalRow> = (0..140_000).map(row).collect();
    assert!(read_back(&all).unwrap() == all);
}

#[test]
fn other_kinds_read_as_written() {
    let correction = FeeCorrection {
        trade_id: "t1/20000002".parse().unwrap(),
        uid: "20000001".parse().unwrap(),
        at: instant(5),
        amount: Amount::from_minor(-10_i128.pow(37)),
        amount_usd: Amount::from_minor(1),
        volume_usd: Amount::ZERO,
        why: "“quoted”\n".to_owned(),
    };
    let corrections = [CorrectionRow { chunk: "c".to_owned(), correction }];
    assert_eq!(read_back(&corrections).unwrap(), corrections);
    let earned = Outcome::Earned { rate: "0.41".parse().unwrap(), shared: Rate::ZERO };
    let zero = Outcome::Zero { reason: Reason::VipAboveLimit };
    let lines = [line(earned, &["a, \"b\"", ""]), line(zero, &[])];
    assert_eq!(read_back(&lines).unwrap(), lines);
    let run = |chain: Option<&str>| RunRow {
        seq: 1,
        run: "2026-11-20-ab".to_owned(),
        committed_at: instant(9),
        lines: 3,
        digest: "d".to_owned(),
        chain_before: None,
        chain: chain.map(str::to_owned),
        report: "{}".to_owned(),
    };
    let runs = [run(None), run(Some("after"))];
    assert_eq!(read_back(&runs).unwrap(), runs);
    let relation = Relation {
        inviter: "10000001".parse().unwrap(),
        invitee: "20000001".parse().unwrap(),
        code: "ABCD2345".parse().unwrap(),
        origin: Origin::Signup,
        bound_at: instant(1),
        shared: SharedCommission { spot: "0.05".parse().unwrap(), futures: Rate::ZERO },
        voided_at: Some(instant(2)),
    };
    let bindings = [BindingRow { relation, rule: None, evidence: Some("{}".to_owned()) }];
    assert_eq!(read_back(&bindings).unwrap(), bindings);
}

#[test]
fn amount_beyond_38_digits_is_refused() {
    let fee = |minor| TotalRow {
        seq: 1,
        asset: "NFT".parse().unwrap(),
        in_asset: Split { fees: Amount::from_minor(minor), ..Split::default() },
        in_usd: Split::default(),
        volume_usd: Amount::ZERO,
    };
    assert!(file(&[fee(10_i128.pow(20) - 1)]).is_ok());
    for minor in [10_i128.pow(20), -10_i128.pow(20), i128::MAX] {
        assert!(matches!(file(&[fee(minor)]), Err(ArchiveError::TooLarge)), "{minor}");
    }
}

#[test]
fn file_of_other_kind_is_refused() {
    let bytes = file(&[line(Outcome::Zero { reason: Reason::ZeroFee }, &[])]).unwrap();
    assert!(matches!(rows::<RunRow>(bytes, &assets()), Err(ArchiveError::Columns)));
    let text = Bytes::from_static(b"no Parquet file at all");
    assert!(matches!(rows::<RunRow>(text, &assets()), Err(ArchiveError::Parquet(_))));
}

#[tokio::test]
async fn changed_manifest_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let store = Folder::new(folder.path());
    let day = "2026-05-01".parse().unwrap();
    let manifest =
        Manifest { format: 1, day, files: Vec::new(), runs: Vec::new(), totals: BTreeMap::new() };
    let missing = Manifest::load(&store, day, "").await;
    assert!(matches!(missing, Err(ArchiveError::Missing(_))));
    let text = manifest.to_bytes().unwrap();
    let digest = sha256(&text);
    let path = archive::manifest_path(day, &digest);
    store.put(&path, text.clone().into()).await.unwrap();
    assert_eq!(Manifest::load(&store, day, &digest).await.unwrap(), manifest);
    let newer = String::from_utf8(text).unwrap().replace("\"format\": 1", "\"format\": 2");
    store.put(&path, newer.clone().into()).await.unwrap();
    let changed = Manifest::load(&store, day, &digest).await;
    assert!(matches!(changed, Err(ArchiveError::Changed { .. })));
    let digest = sha256(newer.as_bytes());
    store.put(&archive::manifest_path(day, &digest), newer.into()).await.unwrap();
    let unknown = Manifest::load(&store, day, &digest).await;
    assert!(matches!(unknown, Err(ArchiveError::UnknownFormat { found: 2, known: 1 })));
}
