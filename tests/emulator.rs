//! The variables of `cargo lambda watch` in `Cargo.toml`, compared with the template.

use std::collections::BTreeSet;

use toml::{Table, Value};

const MANIFEST: &str = include_str!("../Cargo.toml");
const TEMPLATE: &str = include_str!("../template.yaml");

/// `[workspace.metadata.lambda]`.
fn metadata() -> Table {
    let manifest: Table = MANIFEST.parse().unwrap();
    manifest["workspace"]["metadata"]["lambda"].as_table().unwrap().clone()
}

/// The functions' variables under `cargo lambda watch`.
fn variables() -> Vec<(String, String)> {
    let variables = metadata()["watch"]["env_var"].as_array().unwrap().clone();
    let pair = |variable: Value| {
        let (name, value) = variable.as_str().unwrap().split_once('=').unwrap();
        (name.to_owned(), value.to_owned())
    };
    variables.into_iter().map(pair).collect()
}

/// `cargo lambda deploy` would give the variables under `env` to deployed functions.
#[test]
fn watch_variables_stay_local() {
    assert_eq!(metadata().keys().collect::<Vec<_>>(), ["watch"]);
    let signing_key = variables().into_iter().find(|(name, _)| name == "SIGNING_KEYS").unwrap().1;
    assert!(!TEMPLATE.contains(&signing_key));
}

/// Except those for metrics, which would have no reader, and for TLS roots, as there is no TLS.
#[test]
fn watch_sets_the_template_variables() {
    let names: BTreeSet<String> = variables().into_iter().map(|(name, _)| name).collect();
    let template: serde_json::Value = serde_saphyr::from_str(TEMPLATE).unwrap();
    let set = template["Globals"]["Function"]["Environment"]["Variables"].as_object().unwrap();
    let missing: Vec<&String> = set.keys().filter(|name| !names.contains(*name)).collect();
    assert_eq!(missing, ["METRICS_STACK", "SSL_CERT_FILE"]);
}
