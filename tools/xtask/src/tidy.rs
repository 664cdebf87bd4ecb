//! Rules of style for the whole repository, each a small check of its files.
//!
//! A rule returns a message for each violation. Limits that are not reached yet are ratchets: they
//! may be lowered, and not raised.

mod dead;
mod dependencies;
mod language;
mod lengths;
mod prose;

use std::fs;

use serde_json::Value;

use crate::process::{Failure, cargo, command, heading, output, root};

/// A tracked text file.
struct File {
    /// Its path from the root, with `/`.
    path: String,
    text: String,
}

impl File {
    fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    fn is_markdown(&self) -> bool {
        self.path.ends_with(".md")
    }
}

/// A rule's title, and its violations.
type Findings = (&'static str, Vec<String>);

/// Checks all rules.
///
/// # Errors
/// If a rule is violated; the violations are printed.
pub fn run() -> Result<(), Failure> {
    heading("Tidy");
    let findings = findings()?;
    for (title, violations) in &findings {
        println!("{title}: {}", violations.len());
        violations.iter().for_each(|violation| println!("  {violation}"));
    }
    match findings.iter().map(|(_, violations)| violations.len()).sum() {
        0 => Ok(()),
        count => Err(Failure::Tidy(count)),
    }
}

fn findings() -> Result<Vec<Findings>, Failure> {
    let files = files()?;
    let metadata = metadata()?;
    Ok(vec![
        ("Dependencies between folders", dependencies::violations(&metadata)),
        ("Crates without a description", dead::undescribed(&metadata)),
        ("Rust files that no crate contains", dead::sources(&files, &metadata)),
        ("Documents that no file refers to", dead::documents(&files)),
        ("Long files", lengths::files(&files)),
        ("Long functions", lengths::functions(&files)),
        ("Wide prose", prose::wide(&files)),
        ("Language", language::violations(&files)),
    ])
}

/// Returns the tracked text files.
fn files() -> Result<Vec<File>, Failure> {
    let listed = output(&mut command("git", ["ls-files"]))?;
    let mut files = Vec::new();
    for path in listed.lines() {
        // A deleted file stays listed until the deletion is committed; others are not text.
        if let Ok(text) = fs::read_to_string(root().join(path)) {
            files.push(File { path: path.to_owned(), text });
        }
    }
    Ok(files)
}

fn metadata() -> Result<Value, Failure> {
    let arguments = ["metadata", "--all-features", "--locked", "--format-version", "1"];
    let text = output(&mut cargo(arguments))?;
    serde_json::from_str(&text).map_err(Failure::Metadata)
}

fn array(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Returns a path without the workspace's root.
fn relative<'a>(metadata: &Value, path: &'a str) -> &'a str {
    let root = text(&metadata["workspace_root"]);
    path.strip_prefix(root).unwrap_or(path).trim_start_matches('/')
}

#[cfg(test)]
fn file(path: &str, text: &str) -> File {
    File { path: path.to_owned(), text: text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repository_is_tidy() {
        let violations: Vec<String> =
            findings().unwrap().into_iter().flat_map(|(_, violations)| violations).collect();
        assert!(violations.is_empty(), "\n{}", violations.join("\n"));
    }
}
