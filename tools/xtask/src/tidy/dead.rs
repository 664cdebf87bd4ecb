//! Files that nothing refers to, and crates without a description.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{File, array, relative, text};

/// Roots of crates that are not in the workspace.
const OTHER_ROOTS: [&str; 2] = ["tests/fuzz/lib.rs", "tests/fuzz/targets/"];
/// Documents that are read without a reference.
const ENTRY_POINTS: [&str; 5] =
    ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "CODE_OF_CONDUCT.md"];

/// Returns the crates without a description.
pub(super) fn undescribed(metadata: &Value) -> Vec<String> {
    let members: BTreeSet<&str> = array(&metadata["workspace_members"]).map(text).collect();
    let packages = array(&metadata["packages"]).filter(|it| members.contains(text(&it["id"])));
    let found = packages.filter(|it| text(&it["description"]).is_empty());
    found.map(|it| text(&it["name"]).to_owned()).collect()
}

/// Returns the Rust files that are not a module of any crate.
pub(super) fn sources(files: &[File], metadata: &Value) -> Vec<String> {
    let all: BTreeSet<&str> =
        files.iter().filter(|it| it.is_rust()).map(|it| it.path.as_str()).collect();
    let targets = array(&metadata["packages"]).flat_map(|package| array(&package["targets"]));
    let roots = targets.map(|target| relative(metadata, text(&target["src_path"])).to_owned());
    let others = all.iter().filter(|path| OTHER_ROOTS.iter().any(|it| path.starts_with(it)));
    let mut open: Vec<String> = roots.chain(others.map(|path| (*path).to_owned())).collect();
    let roots: BTreeSet<String> = open.iter().cloned().collect();
    let mut seen: BTreeSet<String> = BTreeSet::new();
    while let Some(path) = open.pop() {
        let file = files.iter().find(|file| file.path == path);
        if let Some(file) = file.filter(|_| seen.insert(path.clone())) {
            let is_root = roots.contains(&path);
            open.extend(modules(file, is_root).into_iter().filter(|it| all.contains(&**it)));
        }
    }
    all.iter().filter(|path| !seen.contains(**path)).map(|path| (*path).to_owned()).collect()
}

/// Returns the files in which the modules of a file may be.
fn modules(file: &File, is_root: bool) -> Vec<String> {
    let (folder, name) = file.path.rsplit_once('/').unwrap_or(("", &file.path));
    let own = match is_root || name == "mod.rs" {
        true => folder.to_owned(),
        false => format!("{folder}/{}", name.trim_end_matches(".rs")),
    };
    let mut found = Vec::new();
    let mut given = None;
    for line in file.text.lines().map(str::trim) {
        if let Some(path) = line.strip_prefix("#[path = \"") {
            given = path.strip_suffix("\"]");
        } else if let Some(module) = module(line) {
            match given.take() {
                Some(path) => found.push(normal(&format!("{folder}/{path}"))),
                None => {
                    found.push(format!("{own}/{module}.rs"));
                    found.push(format!("{own}/{module}/mod.rs"));
                }
            }
        }
    }
    found
}

/// Returns the module that a line declares in another file.
fn module(line: &str) -> Option<&str> {
    let line = line.strip_suffix(';')?;
    let at = line.find("mod ")?;
    let (before, name) = line.split_at(at);
    let before = before.trim();
    (before.is_empty() || before.starts_with("pub")).then(|| name.trim_start_matches("mod "))
}

/// Resolves `..` in a path.
fn normal(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            ".." => {
                parts.pop();
            }
            "." | "" => {}
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// Returns the documents that no other file names.
pub(super) fn documents(files: &[File]) -> Vec<String> {
    let documents = files.iter().filter(|file| file.is_markdown() && !is_entry_point(file));
    let found = documents.filter(|document| {
        let name = document.path.rsplit('/').next().unwrap_or_default();
        let others = files.iter().filter(|file| file.path != document.path);
        !others.into_iter().any(|file| file.text.contains(name))
    });
    found.map(|file| file.path.clone()).collect()
}

fn is_entry_point(file: &File) -> bool {
    let name = file.path.rsplit('/').next().unwrap_or_default();
    ENTRY_POINTS.contains(&name) || file.path.starts_with(".github/")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::file;
    use super::*;

    #[test]
    fn crate_without_description_is_found() {
        let metadata = json!({
            "workspace_members": ["1", "2"],
            "packages": [
                { "id": "1", "name": "types", "description": null },
                { "id": "2", "name": "policy", "description": "Rules." },
                { "id": "3", "name": "toml", "description": null },
            ],
        });
        assert_eq!(undescribed(&metadata), ["types"]);
    }

    #[test]
    fn source_outside_of_crates_is_found() {
        let metadata = json!({
            "workspace_root": "/w",
            "packages": [{ "targets": [{ "src_path": "/w/a/src/lib.rs" }] }],
        });
        let files = [
            file("a/src/lib.rs", "pub mod used;\n#[path = \"../shared.rs\"]\nmod shared;\n"),
            file("a/src/used.rs", "mod inner;\n"),
            file("a/src/used/inner.rs", ""),
            file("a/shared.rs", ""),
            file("a/src/inner.rs", ""),
        ];
        assert_eq!(sources(&files, &metadata), ["a/src/inner.rs"]);
    }

    #[test]
    fn document_without_reference_is_found() {
        let files = [
            file("README.md", "See [limits](docs/limits.md)."),
            file("docs/limits.md", ""),
            file("docs/old.md", "old.md"),
        ];
        assert_eq!(documents(&files), ["docs/old.md"]);
    }
}
