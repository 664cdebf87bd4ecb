//! The story, with processes killed at every call of every stage.

use tokio::task::JoinSet;

use crate::story::{Kills, STAGES, Told, told};
use crate::{Kill, When, build};

/// One run of this number is made, unless all are requested (`KILLS=all`).
const SAMPLE: usize = 7;
/// Concurrent runs; each has separate processes and a separate table.
const AT_ONCE: usize = 2;

/// One run for each call of the longest stage, before and after it: in the n-th, every stage's
/// process is killed at its n-th call.
fn tellings(undisturbed: &Told) -> Vec<Kills> {
    let longest = undisturbed.calls.values().copied().max().unwrap();
    let points =
        (0..longest).flat_map(|at| [When::Before, When::After].map(|when| Kill { at, when }));
    let kills = |kill: Kill| {
        let reached = STAGES.into_iter().filter(|stage| kill.at < undisturbed.calls[stage]);
        reached.map(|stage| (stage, kill)).collect()
    };
    points.map(kills).collect()
}

/// A process reads the table once when it starts; so the n-th call of a stage stays its n-th call
/// after the first kill.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_processes_change_no_result() {
    build().unwrap();
    let undisturbed = told(Kills::new()).await;
    assert_eq!(undisturbed.killed, 0);
    assert!(undisturbed.ending.exports.iter().all(|export| export.contains("newcomer")));
    let all = std::env::var("KILLS").is_ok_and(|kills| kills == "all");
    let tellings: Vec<Kills> =
        tellings(&undisturbed).into_iter().step_by(if all { 1 } else { SAMPLE }).collect();
    let kills: usize = tellings.iter().map(Kills::len).sum();
    for kills in tellings.chunks(AT_ONCE) {
        let mut tellings = JoinSet::new();
        for kills in kills.iter().cloned() {
            tellings.spawn(async { (told(kills.clone()).await, kills) });
        }
        while let Some(ended) = tellings.join_next().await {
            let (told, kills) = ended.unwrap();
            assert_eq!(told.killed, kills.len(), "{kills:?}");
            assert_eq!(told.ending, undisturbed.ending, "{kills:?}");
        }
    }
    let (tellings, calls) = (tellings.len(), &undisturbed.calls);
    println!("{kills} kills in {tellings} tellings; calls by stage: {calls:?}");
}
