//! Every kind of item that `docs/TABLE.md` lists is in each release's table, and no other.

use std::collections::BTreeMap;

use serde_json::Value;

use super::releases::{read, releases};

/// The entities of the document, with the patterns of their keys.
fn entities() -> Vec<(&'static str, [&'static str; 2])> {
    let rows = include_str!("../../docs/TABLE.md").lines();
    let cells = rows.map(|row| row.split('|').map(str::trim).collect::<Vec<_>>());
    let keys = |cell: &'static str| cell.strip_prefix('`')?.strip_suffix('`');
    cells
        .filter_map(|cells| match cells[..] {
            [_, entity, pk, sk, _, _, _] => Some((entity, [keys(pk)?, keys(sk)?])),
            _ => None,
        })
        .collect()
}

/// Whether a key is of a pattern such as `U#<uid>`.
fn is_of(key: &str, pattern: &str) -> bool {
    let (parts, wanted) = (key.split('#'), pattern.split('#'));
    parts.clone().count() == wanted.clone().count()
        && parts.zip(wanted).all(|(part, wanted)| wanted.starts_with('<') || part == wanted)
}

fn kind_of(item: &Value) -> &'static str {
    let key = |name: &str| item[name]["S"].as_str().unwrap().to_owned();
    let (pk, sk) = (key("pk"), key("sk"));
    let found =
        entities().into_iter().find(|(_, [of_pk, of_sk])| is_of(&pk, of_pk) && is_of(&sk, of_sk));
    found.unwrap_or_else(|| panic!("{pk} {sk} is in no row of docs/TABLE.md")).0
}

#[test]
fn a_release_s_table_has_items_of_every_kind_of_the_document_and_of_no_other() {
    let known: Vec<&str> = entities().into_iter().map(|(entity, _)| entity).collect();
    assert!(known.len() > 20, "{known:?}");
    for release in releases() {
        let mut found: BTreeMap<&str, usize> = BTreeMap::new();
        for item in read(&release, "table.jsonl") {
            *found.entry(kind_of(&item)).or_default() += 1;
        }
        let missing: Vec<_> = known.iter().filter(|kind| !found.contains_key(*kind)).collect();
        assert!(missing.is_empty(), "{release} has no {missing:?}");
    }
}
