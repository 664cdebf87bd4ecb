//! Manifests switch the tests of targets without tests off. These tests find targets that have got
//! some since, which cargo would never run.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::process::{cargo, output};

/// Returns every source file below a directory.
fn sources(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let sources = entries.flat_map(|path| match path.is_dir() {
        true => sources(&path),
        false => vec![path],
    });
    sources.filter(|path| path.extension().is_some_and(|extension| extension == "rs")).collect()
}

/// Returns the files of all targets of this kind for which the manifest says `setting = false`.
fn files_without(setting: &str, kind: &str) -> Vec<PathBuf> {
    let metadata =
        output(&mut cargo(["metadata", "--no-deps", "--locked", "--format-version", "1"])).unwrap();
    let metadata: Value = serde_json::from_str(&metadata).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let targets = packages.iter().flat_map(|package| package["targets"].as_array().unwrap());
    let off = targets.filter(|target| target["kind"][0] == kind && target[setting] == false);
    off.flat_map(|target| {
        let root = PathBuf::from(target["src_path"].as_str().unwrap());
        match kind {
            "lib" => sources(root.parent().unwrap()),
            _ => vec![root],
        }
    })
    .collect()
}

fn has_tests(source: &str) -> bool {
    source.lines().map(str::trim).any(|line| {
        line.starts_with("#[test]") || line.starts_with("#[tokio::test") || line == "proptest! {"
    })
}

/// Returns whether the documentation has an example that rustdoc would run or compile.
fn has_example(source: &str) -> bool {
    let comments = source.lines().filter_map(|line| {
        let line = line.trim();
        line.strip_prefix("///").or_else(|| line.strip_prefix("//!"))
    });
    let mut in_block = false;
    let mut languages = comments.filter_map(|line| line.trim().strip_prefix("```"));
    languages.any(|language| {
        in_block = !in_block;
        in_block && matches!(language, "" | "rust" | "no_run" | "should_panic" | "compile_fail")
    })
}

fn having(files: Vec<PathBuf>, condition: impl Fn(&str) -> bool) -> Vec<PathBuf> {
    files.into_iter().filter(|file| condition(&fs::read_to_string(file).unwrap())).collect()
}

#[test]
fn libraries_with_test_false_have_no_tests() {
    let found = having(files_without("test", "lib"), has_tests);
    assert!(found.is_empty(), "remove `test = false` from the manifest: {found:?}");
}

#[test]
fn binaries_with_test_false_have_no_tests() {
    let found = having(files_without("test", "bin"), has_tests);
    assert!(found.is_empty(), "remove `test = false` from the manifest: {found:?}");
}

#[test]
fn libraries_with_doctest_false_have_no_example() {
    let found = having(files_without("doctest", "lib"), has_example);
    assert!(found.is_empty(), "remove `doctest = false` from the manifest: {found:?}");
}

#[test]
fn tests_and_examples_are_recognised() {
    assert!(has_tests("mod tests {\n    #[tokio::test(start_paused = true)]\n"));
    assert!(!has_tests("// A #[test] in a comment.\n"));
    assert!(has_example("//! Title.\n//!\n//! ```no_run\n//! run();\n//! ```\n"));
    assert!(!has_example("//! ```sh\n//! cargo run\n//! ```\n"));
}
