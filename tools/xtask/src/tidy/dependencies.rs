//! Rules for dependencies between the folders of the workspace.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{array, relative, text};

/// Crates of pure computation: neither I/O nor a clock, also not through another crate.
const PURE: [&str; 4] = ["types", "eligibility", "commission", "policy"];
/// Packages that a pure crate may not depend on, by the beginning of their names.
const IMPURE: [&str; 5] = ["aws-", "aws_", "lambda", "hyper", "tokio"];
/// Features of chrono that read the system's clock.
const CLOCK_FEATURES: [&str; 3] = ["clock", "now", "default"];
/// Production crates that may depend on the AWS SDK directly.
const WITH_SDK: [&str; 3] = ["storage", "lambda", "event-bus"];

/// A package of the workspace, with its dependencies except those of its tests.
struct Package {
    name: String,
    /// First part of its path, as `shared`.
    folder: String,
    dependencies: Vec<Dependency>,
}

struct Dependency {
    name: String,
    /// First part of its path if it is in the workspace.
    folder: Option<String>,
    features: Vec<String>,
}

/// Returns the violations of the rules.
pub(super) fn violations(metadata: &Value) -> Vec<String> {
    let packages = packages(metadata);
    let mut found: Vec<String> = packages.iter().flat_map(direct).collect();
    let graph = graph(metadata);
    found.extend(PURE.iter().flat_map(|name| impure(name, &graph)));
    found
}

/// Checks a package's direct dependencies.
fn direct(package: &Package) -> Vec<String> {
    let Package { name, folder, dependencies } = package;
    let production = matches!(folder.as_str(), "functions" | "shared");
    let mut found = Vec::new();
    for dependency in dependencies {
        let of = &dependency.name;
        match dependency.folder.as_deref() {
            Some("shared") => {}
            Some(other) if production => {
                found.push(format!("{name} ({folder}) depends on {of} ({other})"));
            }
            None if production && of.starts_with("aws-sdk-") && !WITH_SDK.contains(&&**name) => {
                found.push(format!("{name} depends on {of}, which only {WITH_SDK:?} may"));
            }
            _ => {}
        }
        let clock = dependency.features.iter().any(|it| CLOCK_FEATURES.contains(&&**it));
        if PURE.contains(&&**name) && of == "chrono" && clock {
            found.push(format!("{name} uses the clock of chrono"));
        }
    }
    found
}

/// Checks all dependencies of a pure crate.
fn impure(name: &str, graph: &BTreeMap<String, Vec<String>>) -> Vec<String> {
    let (mut seen, mut open) = (BTreeSet::new(), vec![name]);
    while let Some(name) = open.pop() {
        if seen.insert(name) {
            open.extend(graph.get(name).into_iter().flatten().map(String::as_str));
        }
    }
    let impure = |other: &&&str| IMPURE.iter().any(|begin| other.starts_with(begin));
    let found = seen.iter().filter(impure);
    found.map(|other| format!("{name} is pure and depends on {other}")).collect()
}

fn packages(metadata: &Value) -> Vec<Package> {
    let members: BTreeSet<&str> = array(&metadata["workspace_members"]).map(text).collect();
    let packages = array(&metadata["packages"]).filter(|it| members.contains(text(&it["id"])));
    let packages = packages.map(|package| {
        let dependencies = array(&package["dependencies"]).filter(|it| it["kind"] != "dev");
        let dependencies = dependencies.map(|it| Dependency {
            name: text(&it["name"]).to_owned(),
            folder: it["path"].as_str().map(|path| folder(metadata, path)),
            features: features(it),
        });
        Package {
            name: text(&package["name"]).to_owned(),
            folder: folder(metadata, text(&package["manifest_path"])),
            dependencies: dependencies.collect(),
        }
    });
    packages.collect()
}

/// Returns the features of a dependency; the default ones are named `default`.
fn features(dependency: &Value) -> Vec<String> {
    let named = array(&dependency["features"]).map(|it| text(it).to_owned());
    let default = dependency["uses_default_features"] == true;
    named.chain(default.then(|| "default".to_owned())).collect()
}

/// Returns the first part of a path in the workspace.
fn folder(metadata: &Value, path: &str) -> String {
    relative(metadata, path).split('/').next().unwrap_or_default().to_owned()
}

/// Returns the names of each package's dependencies, by its name, except those of its tests.
///
/// Versions of a package are not distinguished: the rules do not depend on them.
fn graph(metadata: &Value) -> BTreeMap<String, Vec<String>> {
    let packages = array(&metadata["packages"]);
    let names: BTreeMap<&str, &str> =
        packages.map(|it| (text(&it["id"]), text(&it["name"]))).collect();
    let name = |id: &Value| names.get(text(id)).map_or_else(String::new, |it| (*it).to_owned());
    let mut graph: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for node in metadata.pointer("/resolve/nodes").into_iter().flat_map(array) {
        let dependencies = array(&node["deps"])
            .filter(|it| array(&it["dep_kinds"]).any(|kind| kind["kind"].is_null()));
        let dependencies = dependencies.map(|it| name(&it["pkg"]));
        graph.entry(name(&node["id"])).or_default().extend(dependencies);
    }
    graph
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn package(name: &str, folder: &str, dependency: Value) -> Vec<String> {
        let metadata = json!({
            "workspace_root": "/w",
            "workspace_members": ["id"],
            "packages": [{
                "id": "id", "name": name, "manifest_path": format!("/w/{folder}/{name}/Cargo.toml"),
                "dependencies": [dependency],
            }],
        });
        packages(&metadata).iter().flat_map(direct).collect()
    }

    fn on(name: &str, path: Option<&str>, kind: Option<&str>) -> Value {
        json!({ "name": name, "path": path, "kind": kind, "features": [] })
    }

    #[test]
    fn function_on_dev_crate_is_found() {
        let dev = |kind| on("local-auth", Some("/w/dev/local-auth"), kind);
        let expected = ["bind (functions) depends on local-auth (dev)"];
        assert_eq!(package("bind", "functions", dev(None)), expected);
        assert_eq!(package("bind", "functions", dev(Some("build"))), expected);
        assert!(package("bind", "functions", dev(Some("dev"))).is_empty());
        assert!(package("sandbox", "tools", dev(None)).is_empty());
    }

    #[test]
    fn sdk_outside_of_adapters_is_found() {
        let sdk = || on("aws-sdk-dynamodb", None, None);
        assert_eq!(package("nightly", "shared", sdk()).len(), 1);
        assert!(package("storage", "shared", sdk()).is_empty());
    }

    #[test]
    fn clock_in_pure_crate_is_found() {
        let chrono = |features: Value, default: bool| json!({ "name": "chrono", "features": features, "uses_default_features": default });
        let expected = ["types uses the clock of chrono"];
        assert_eq!(package("types", "shared", chrono(json!(["clock"]), false)), expected);
        assert_eq!(package("types", "shared", chrono(json!([]), true)), expected);
        assert!(package("types", "shared", chrono(json!(["std"]), false)).is_empty());
    }

    #[test]
    fn indirect_impurity_is_found() {
        let kinds = |kind: Value| json!([{ "kind": kind }]);
        let metadata = json!({
            "packages": [
                { "id": "1", "name": "policy" },
                { "id": "2", "name": "toml" },
                { "id": "3", "name": "tokio" },
                { "id": "4", "name": "hyper" },
            ],
            "resolve": { "nodes": [
                { "id": "1", "deps": [{ "pkg": "2", "dep_kinds": kinds(Value::Null) }] },
                { "id": "2", "deps": [
                    { "pkg": "3", "dep_kinds": kinds(Value::Null) },
                    { "pkg": "4", "dep_kinds": kinds(json!("dev")) },
                ] },
            ] },
        });
        assert_eq!(impure("policy", &graph(&metadata)), ["policy is pure and depends on tokio"]);
    }
}
