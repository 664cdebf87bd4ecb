//! What `Cargo.toml` tells `cargo lambda watch`, held against the template.

use std::collections::BTreeSet;

use sam_template::Template;
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

#[test]
fn the_emulator_s_routes_are_the_template_s() {
    let mut routed = BTreeSet::new();
    for (path, routes) in metadata()["watch"]["router"].as_table().unwrap() {
        for route in routes.as_array().unwrap() {
            let (method, function) = (route["method"].as_str(), route["function"].as_str());
            let key = format!("{} {path}", method.unwrap());
            assert!(routed.insert((key, function.unwrap().to_owned())));
        }
    }
    let routes = Template::embedded().unwrap().routes;
    let expected = routes.into_iter().map(|route| (route.key(), route.function)).collect();
    assert_eq!(routed, expected);
}

/// `cargo lambda deploy` would give the variables under `env` to deployed functions.
#[test]
fn the_emulator_s_variables_are_for_the_emulator_only() {
    assert_eq!(metadata().keys().collect::<Vec<_>>(), ["watch"]);
    assert!(variables().iter().any(|(name, _)| name == "SANDBOX_JWKS"));
    assert!(!TEMPLATE.contains("SANDBOX_JWKS"));
}

/// But for the one by which deployed functions measure, which nobody would read, and that of the
/// authorities of TLS, which is not spoken here.
#[test]
fn the_emulator_s_functions_find_every_variable_that_the_template_sets() {
    let names: BTreeSet<String> = variables().into_iter().map(|(name, _)| name).collect();
    let template: serde_json::Value = serde_saphyr::from_str(TEMPLATE).unwrap();
    let set = template["Globals"]["Function"]["Environment"]["Variables"].as_object().unwrap();
    let missing: Vec<&String> = set.keys().filter(|name| !names.contains(*name)).collect();
    assert_eq!(missing, ["METRICS_STACK", "SSL_CERT_FILE"]);
}
