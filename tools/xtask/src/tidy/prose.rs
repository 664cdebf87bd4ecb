//! Width of prose in Markdown.

use super::File;

const COLUMNS: usize = 100;
/// Files that are not wrapped yet.
const EXCEPTIONS: [&str; 1] = ["CHANGELOG.md"];

/// Returns the lines of prose that are too wide.
pub(super) fn wide(files: &[File]) -> Vec<String> {
    let documents =
        files.iter().filter(|file| file.is_markdown() && !EXCEPTIONS.contains(&file.path.as_str()));
    let found = documents.flat_map(|file| {
        let wide = lines(&file.text).filter(|(_, line)| is_wide(line));
        wide.map(|(number, line)| {
            format!("{}:{number}: {} columns of at most {COLUMNS}", file.path, line.chars().count())
        })
        .collect::<Vec<_>>()
    });
    found.collect()
}

/// Returns the numbered lines outside of fenced blocks.
pub(super) fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut fenced = false;
    text.lines().zip(1..).filter_map(move |(line, number)| {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        (!fenced && !fence).then_some((number, line))
    })
}

/// Returns whether a line is too wide and could be wrapped. Tables, definitions of links, and lines
/// of one word cannot be wrapped.
fn is_wide(line: &str) -> bool {
    let text = line.trim_start();
    let is_definition = text.starts_with('[') && text.contains("]: ");
    let marker = |letter: char| letter.is_ascii_digit() || "-*>#. ".contains(letter);
    let wraps = text.trim_start_matches(marker).contains(' ');
    line.chars().count() > COLUMNS && wraps && !is_definition && !text.starts_with('|')
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    fn found(text: &str) -> Vec<String> {
        wide(&[file("docs/limits.md", text)])
    }

    #[test]
    fn wide_prose_is_found() {
        let line = |words: usize| format!("{}end\n", "word ".repeat(words));
        assert!(found(&line(19)).is_empty());
        assert_eq!(found(&line(20)), ["docs/limits.md:1: 103 columns of at most 100"]);
    }

    #[test]
    fn tables_code_and_links_may_be_wide() {
        let long = "word ".repeat(30);
        assert!(found(&format!("| {long} |\n```sh\n{long}\n```\n")).is_empty());
        assert!(found(&format!("[link]: https://{}\n", "x".repeat(120))).is_empty());
    }
}
