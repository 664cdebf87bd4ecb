//! Unreadable items, as after a fault of storage or of a release: of one affiliate with one
//! invitee, in a separate shard. Everything else must continue.

use serde_json::{Value, json};
use storage::{Shard, keys};

use super::personas::SHARDS;
use super::queue::Message;
use super::trial_state::TrialState;
use crate::test_app::{TestApp, uid};

/// The kinds of items, by their names in the counts.
pub const KINDS: [&str; 4] = [
    "poison: account of an invitee",
    "poison: account of an affiliate",
    "poison: totals of an affiliate",
    "poison: chunk of fees",
];

/// The affiliate with unreadable items, which the trial's checks skip.
pub const OWNER: &str = "poisoned-affiliate";

/// The invitee with unreadable items, in the shard after the trial's.
pub fn invitee() -> String {
    let names = (0..).map(|number| format!("poisoned-invitee-{number}"));
    let mut in_shard = names.filter(|name| Shard::of(&uid(name)).number() == SHARDS);
    in_shard.next().unwrap()
}

/// Returns whether a message is about them: it may never be ingested.
pub fn is_about(message: &Message) -> bool {
    message.fees.iter().any(|(uid, ..)| *uid == invitee())
}

/// Registers both and binds them.
pub async fn enter(app: &TestApp) {
    let code = app.affiliate(OWNER).await;
    app.registered(&invitee(), "2024-01-01T00:00:00Z").await;
    assert_eq!(app.bind(&invitee(), &code).await.status, 201);
}

/// Makes one of their items unreadable, if there is one of the drawn kind.
pub fn strike(state: &TrialState) {
    let kind = state.rng.below(KINDS.len());
    let engine = &state.reliable.engine;
    let mut items = engine.items(engine.table_name()).unwrap();
    items.sort_by_key(|item| (text(item, keys::PK), text(item, keys::SK)));
    let chunks = format!("#{SHARDS:02}");
    let is_meant = |item: &Value| {
        let (pk, sk) = (text(item, keys::PK), text(item, keys::SK));
        match kind {
            0 => pk == format!("U#{}", invitee()) && sk == "ACCOUNT",
            1 => pk == format!("U#{OWNER}") && sk == "ACCOUNT",
            2 => pk == format!("A#{OWNER}") && sk == "TOTALS",
            _ => pk.starts_with("F#") && pk.ends_with(&chunks),
        }
    };
    let Some(mut item) = items.into_iter().find(is_meant) else { return };
    item["v"] = json!({ "N": "99" });
    engine.put(engine.table_name(), [item]).unwrap();
    state.trace.write(format!("{} cannot be read", KINDS[kind]));
    state.trace.reach(KINDS[kind]);
}

fn text(item: &Value, name: &str) -> String {
    item[name]["S"].as_str().unwrap_or_default().to_owned()
}
