//! An item of an unknown schema version is refused by name, and never guessed.

use serde_json::{Value, json};
use storage::{Shard, TableError};

use super::releases::{left_by, read, releases};
use super::written::{AFFILIATE, BOOKED};
use crate::test_app::{TestApp, day, uid};

/// Rewrites an item of the release as a newer release would.
fn renew(app: &TestApp, release: &str, pk: &str, sk: &str) {
    let is_it = |item: &Value| item["pk"]["S"] == pk && item["sk"]["S"] == sk;
    let mut item = read(release, "table.jsonl").into_iter().find(is_it).unwrap();
    item["v"] = json!({ "N": "9" });
    app.engine.put("recall", [item]).unwrap();
}

#[tokio::test]
async fn newer_version_error_names_item() {
    let release = releases().pop().unwrap();
    let app = left_by(&release).await;
    renew(&app, &release, &format!("U#{AFFILIATE}"), "ACCOUNT");
    let error = app.context.table.account(&uid(AFFILIATE)).await.unwrap_err();
    assert!(matches!(&error, TableError::UnknownSchemaVersion { what: "account", .. }), "{error}");
    let sentence = "a stored account has form 9, and this code reads form 1";
    assert_eq!(error.to_string(), sentence);
    assert_eq!(error.name(), "UnknownSchemaVersion");
}

#[tokio::test]
async fn newer_packed_items_are_refused() {
    let release = releases().pop().unwrap();
    let app = left_by(&release).await;
    renew(&app, &release, &format!("A#{AFFILIATE}"), "DAY#2026-09-30#000000000001");
    let first = day(BOOKED[0]);
    let read = app.context.table.summaries(&uid(AFFILIATE), first, first, 9).await;
    assert!(
        matches!(read, Err(TableError::UnknownSchemaVersion { what: "summary", .. })),
        "{read:?}"
    );
    let shown = app.get(AFFILIATE, "/v1/dashboard?from=2026-09-30&to=2026-10-01").await;
    assert_eq!((shown.status, shown.json()["code"].clone()), (500, json!("internal")));
}

#[tokio::test]
async fn every_packed_kind_is_read() {
    for release in releases() {
        let app = left_by(&release).await;
        let table = &app.context.table;
        for booked in BOOKED.map(day) {
            let mut lines = 0;
            for run in table.day(booked).await.unwrap().value.runs {
                assert!(table.run_report(booked, run.seq).await.unwrap().is_some());
                let reports = table.shard_reports(&run.run).await.unwrap();
                let found = table.work(&run.run, &reports, |_| 0..=u16::MAX).await.unwrap();
                let of_run: usize = found.iter().map(|found| found.work.lines.len()).sum();
                assert_eq!(of_run as u64, run.lines, "{release} run {}", run.seq);
                lines += of_run;
            }
            for shard in Shard::all() {
                let work = table.booked(booked, shard).await.unwrap();
                lines -= work.iter().map(|work| work.lines.len()).sum::<usize>();
            }
            assert_eq!(lines, 0, "{release}: what is booked is what was found");
        }
        let summaries = app.summaries(AFFILIATE, BOOKED[0]).await;
        assert!(summaries.iter().all(|run| run.summary.booked_at.is_none()));
        let start = summaries[0].summary.settlement_start(summaries[0].day);
        assert_eq!(start, summaries[0].day.end(), "what 0.1 booked settles as 0.1 said");
        let referrals = table.referrals(&uid(AFFILIATE), true, None, 100).await.unwrap().referrals;
        let traded = referrals.iter().filter_map(|referral| referral.activity.at(u64::MAX));
        assert!(traded.filter(|activity| activity.has_traded()).count() > 2);
    }
}
