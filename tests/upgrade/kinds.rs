//! Each release's table has items of every kind in `docs/reference/table.md`, and no others.

use std::collections::BTreeMap;

use serde_json::Value;

use super::releases::{read, releases};

/// Returns the entities that the document lists for a release, with the patterns of their keys:
/// those of the first table, and of each later one under a release up to this one.
fn entities(release: &str) -> Vec<(&'static str, [&'static str; 2])> {
    let mut is_known = true;
    let rows = include_str!("../../docs/reference/table.md").lines().filter(move |line| {
        if let Some(since) = line.strip_prefix("### Kinds since ") {
            is_known = numbers(since) <= numbers(release);
        } else if line.starts_with('#') {
            is_known = true;
        }
        is_known
    });
    let cells = rows.map(|row| row.split('|').map(str::trim).collect::<Vec<_>>());
    let keys = |cell: &'static str| cell.strip_prefix('`')?.strip_suffix('`');
    cells
        .filter_map(|cells| match cells[..] {
            [_, entity, pk, sk, _, _, _] => Some((entity, [keys(pk)?, keys(sk)?])),
            _ => None,
        })
        .collect()
}

fn numbers(release: &str) -> Vec<u32> {
    release.split('.').map(|number| number.parse().unwrap()).collect()
}

/// Returns whether a key matches a pattern such as `U#<uid>`.
fn is_of(key: &str, pattern: &str) -> bool {
    let (parts, wanted) = (key.split('#'), pattern.split('#'));
    parts.clone().count() == wanted.clone().count()
        && parts.zip(wanted).all(|(part, wanted)| wanted.starts_with('<') || part == wanted)
}

fn kind_of(release: &str, item: &Value) -> &'static str {
    let key = |name: &str| item[name]["S"].as_str().unwrap().to_owned();
    let (pk, sk) = (key("pk"), key("sk"));
    let found = entities(release)
        .into_iter()
        .find(|(_, [of_pk, of_sk])| is_of(&pk, of_pk) && is_of(&sk, of_sk));
    found.unwrap_or_else(|| panic!("{pk} {sk} is in no row of docs/reference/table.md")).0
}

#[test]
fn release_has_documented_kinds() {
    for release in releases() {
        let known: Vec<&str> = entities(&release).into_iter().map(|(entity, _)| entity).collect();
        assert!(known.len() > 20, "{known:?}");
        let mut found: BTreeMap<&str, usize> = BTreeMap::new();
        for item in read(&release, "table.jsonl") {
            *found.entry(kind_of(&release, &item)).or_default() += 1;
        }
        let missing: Vec<_> = known.iter().filter(|kind| !found.contains_key(*kind)).collect();
        assert!(missing.is_empty(), "{release} has no {missing:?}");
    }
}
