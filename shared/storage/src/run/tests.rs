use super::*;
use crate::finished::FinishedRun;
use crate::testing::{line, table, touched};

const NOW: Timestamp = Timestamp::EPOCH;

fn report(chunks: &[(u16, u16)]) -> ShardReport {
    ShardReport {
        shard: 3,
        attempt: "attempt".to_owned(),
        chunks: chunks.to_vec(),
        lines: 0,
        lines_digest: None,
        day_revision: 0,
        touched: None,
        due: Conservation::default(),
        booked: BTreeMap::new(),
        excluded: ExcludedCounts::default(),
    }
}

#[test]
fn digest_of_lines_covers_each_line() {
    let digest = |invitees: &[&str]| {
        let mut digest = LinesDigest::default();
        invitees.iter().for_each(|invitee| digest.add(&line("inviter", invitee)).unwrap());
        digest.text()
    };
    assert_eq!(digest(&["a", "b"]), digest(&["a", "b"]));
    assert_eq!(digest(&["a", "b"]).len(), 32);
    assert_ne!(digest(&["a", "b"]), digest(&["a"]));
    assert_ne!(digest(&["a", "b"]), digest(&["b", "a"]));
}

#[tokio::test]
async fn small_delta_is_written_by_one_call() {
    let table = table().await;
    let lines = Lines::from(vec![line("inviter", "invitee")]);
    let work = NewWork { lines, invitees: vec![touched("inviter", "invitee")] };
    let shard = Shard::new(3).unwrap();
    let kept = table.keep_work("run", shard, "attempt", &work, NOW).await.unwrap();
    let bucket = bucket(&"inviter".parse().unwrap());
    assert_eq!(kept.chunks, [(bucket, bucket); 2]);
    assert_eq!(table.call_stats().calls, 1);
}

#[tokio::test]
async fn finished_parts_of_a_run_are_counted() {
    let table = table().await;
    for part in [0, 1, 1] {
        table.part_done("run", part, NOW).await.unwrap();
    }
    assert_eq!(table.parts_done("run").await.unwrap(), 2);
    assert_eq!(table.parts_done("other").await.unwrap(), 0);
}

/// A chunk of the shard in the report.
fn found(chunk: u32, invitee: &str) -> Found {
    let work = Work { lines: vec![line("inviter", invitee)], invitees: Vec::new() };
    Found { shard: 3, chunk, work }
}

#[tokio::test]
async fn booked_chunks_are_read_by_their_buckets() {
    let table = table().await;
    let run = FinishedRun { seq: 7, day: NOW.day(), run: "run".to_owned() };
    let kept = [found(0, "a"), found(1, "b")];
    table.keep_booked(&kept, run.day, run.seq).await.unwrap();
    let reports = [report(&[(0, 9), (10, 19), (20, 29)])];
    let read = async |buckets| table.booked_in_buckets(&run, &reports, &buckets).await;
    assert_eq!(read(10..=19).await.unwrap(), [kept[1].work.clone()]);
    assert_eq!(read(9..=10).await.unwrap().len(), 2);
    assert!(read(19..=20).await.is_err());
    let shard = Shard::new(3).unwrap();
    let all = table.readable_booked(run.day, shard).await.unwrap();
    assert_eq!(all, kept.map(|found| found.work));
}

#[tokio::test]
async fn missing_chunk_of_wanted_buckets_is_lost() {
    let table = table().await;
    let reports = [report(&[(0, 9), (10, 19), (20, 29)])];
    let lost = async |buckets: RangeInclusive<u16>| {
        let work = table.readable_work("run", &reports, |_| buckets.clone()).await.unwrap();
        assert!(work.found.is_empty());
        work.unreadable.iter().map(|it| it.place.chunk).collect::<Vec<_>>()
    };
    assert_eq!(lost(10..=19).await, [1]);
    assert_eq!(lost(9..=10).await, [0, 1]);
    assert_eq!(lost(30..=40).await, [0; 0]);
}
