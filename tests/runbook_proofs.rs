//! Compares the runbook's table of proofs with its entries, and the proofs with tests and chapters.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const RUNBOOK: &str = include_str!("../docs/how-to/runbook.md");
const CHAPTERS: &str = include_str!("deployed/chapters.py");
const COMMANDS: &str = include_str!("../tools/xtask/src/main.rs");

/// A chapter of the runbook, from its heading to the next.
fn chapter(heading: &str) -> &'static str {
    let (_, text) = RUNBOOK.split_once(&format!("\n## {heading}\n")).unwrap();
    text.split("\n## ").next().unwrap()
}

/// The entries of the table with their proofs.
fn proofs() -> Vec<(&'static str, Vec<&'static str>)> {
    let rows = chapter("Proof of each entry").lines().filter(|line| line.starts_with("| "));
    let cells = rows.skip(1).map(|row| row.trim_matches(['|', ' ']).split_once(" | ").unwrap());
    let row = |(entry, proofs): (&'static str, &'static str)| {
        (entry.split(": ").next().unwrap(), proofs.split([',', ';']).map(str::trim).collect())
    };
    cells.map(row).collect()
}

/// All Rust sources below a folder.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => sources(&path, found),
            false if path.extension().is_some_and(|extension| extension == "rs") => {
                found.push(path)
            }
            false => {}
        }
    }
}

/// The names of all functions after an attribute `test`.
fn tests() -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut files = Vec::new();
    for folder in ["tests", "shared", "tools"] {
        sources(&root.join(folder), &mut files);
    }
    let mut names = BTreeSet::new();
    for file in files {
        let text = std::fs::read_to_string(file).unwrap();
        for after in text.split("test]\n").skip(1) {
            let signature = after.split_once('(').map_or("", |(signature, _)| signature);
            names.extend(signature.rsplit("fn ").next().map(|name| name.trim().to_owned()));
        }
    }
    names
}

#[test]
fn every_entry_has_a_proof() {
    let entries: BTreeSet<&str> = ["Alarms", "Procedures"]
        .into_iter()
        .flat_map(|name| chapter(name).lines().filter_map(|line| line.strip_prefix("### ")))
        .collect();
    let proved: BTreeSet<&str> = proofs().iter().map(|(entry, _)| *entry).collect();
    assert_eq!(proved, entries, "left: the table's; right: the runbook's");
}

#[test]
fn every_proof_exists() {
    let tests = tests();
    for (entry, proofs) in proofs() {
        for proof in proofs {
            let exists = match proof.strip_prefix('`').and_then(|name| name.strip_suffix('`')) {
                Some(name) => match name.strip_prefix("cargo xtask ") {
                    Some("canary-drill") => COMMANDS.contains("CanaryDrill"),
                    Some(_) => false,
                    None => tests.contains(name),
                },
                None => CHAPTERS.contains(&format!(": {proof},\n")),
            };
            assert!(exists, "{entry}: there is no {proof}");
        }
    }
}
