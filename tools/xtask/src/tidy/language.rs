//! Measures of plain language.
//!
//! Some words and constructions are idioms that comparable code bases hardly use. They are not
//! forbidden, but their frequency is limited, because it shows how much private vocabulary readers
//! meet in place of standard terms. The limits are ratchets: lower them when the text improves.

use super::{File, prose};

/// Idioms per 10,000 words of Rust comments.
const RUST_LIMIT: usize = 150;
/// Idioms per 10,000 words of Markdown.
const MARKDOWN_LIMIT: usize = 30;
/// Characters of the median test name.
const NAME_LIMIT: usize = 30;
/// Test names that begin with a word of [`NAME_STARTS`].
const ODD_NAME_LIMIT: usize = 40;

/// Clauses with these words as a subject or object; questions are not counted.
const RELATIVES: [&str; 5] = ["what", "who", "whoever", "whatever", "whom"];
/// Idioms of one word.
const WORDS: [&str; 17] = [
    "tell",
    "tells",
    "told",
    "telling",
    "he",
    "his",
    "him",
    "himself",
    "stand",
    "stands",
    "stood",
    "standing",
    "nobody",
    "anybody",
    "somebody",
    "everybody",
    "brought",
];
/// Idioms of two words.
const PAIRS: [(&[&str], &[&str]); 6] = [
    (&["come", "comes", "came"], &["to", "by", "in", "again", "back"]),
    (&["go", "goes", "gone"], &["on"]),
    (&["take", "takes", "taken", "took"], &["in"]),
    (&["put", "set"], &["aside"]),
    (&["left"], &["alone"]),
    (&["brings"], &[]),
];
/// Idioms of three words: `of its own`.
const OWNERS: [&str; 4] = ["its", "their", "his", "our"];
const NAME_STARTS: [&str; 7] =
    ["what_", "who_", "whoever_", "whatever_", "nobody_", "somebody_", "anybody_"];

/// Returns the measures that exceed their limits.
pub(super) fn violations(files: &[File]) -> Vec<String> {
    let counted = files.iter().filter(|file| !file.path.contains("CHANGELOG"));
    let (rust, markdown): (Vec<&File>, Vec<&File>) =
        counted.filter(|it| it.is_rust() || it.is_markdown()).partition(|file| file.is_rust());
    let mut found = Vec::new();
    let comments = rust.iter().map(|file| comments(&file.text));
    found.extend(exceeded("Rust comments", Measure::of(comments), RUST_LIMIT));
    let documents = markdown.iter().map(|file| document(&file.text));
    found.extend(exceeded("Markdown", Measure::of(documents), MARKDOWN_LIMIT));
    found.extend(names(&rust.iter().flat_map(|file| test_names(&file.text)).collect::<Vec<_>>()));
    found
}

/// Idioms and words.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Measure {
    idioms: usize,
    words: usize,
}

impl Measure {
    fn of(texts: impl Iterator<Item = Vec<String>>) -> Self {
        let lines = texts.flatten().map(|line| measure(&line));
        lines.fold(Self::default(), |sum, line| Self {
            idioms: sum.idioms + line.idioms,
            words: sum.words + line.words,
        })
    }

    const fn per_10_000(self) -> usize {
        match self.words {
            0 => 0,
            words => self.idioms * 10_000 / words,
        }
    }
}

fn exceeded(what: &str, measure: Measure, limit: usize) -> Option<String> {
    let found = measure.per_10_000();
    println!("{what}: {found} idioms per 10,000 words of at most {limit}");
    (found > limit).then(|| format!("{what}: {found} idioms per 10,000 words of at most {limit}"))
}

/// Returns the texts of comments, a line each.
fn comments(source: &str) -> Vec<String> {
    let lines = source.lines().filter_map(|line| line.trim_start().strip_prefix("//"));
    lines.map(|line| without_code(line.trim_start_matches(['/', '!']))).collect()
}

/// Returns the lines of a document outside of fenced blocks.
fn document(text: &str) -> Vec<String> {
    prose::lines(text).map(|(_, line)| without_code(line)).collect()
}

/// Removes code spans, targets of links, and addresses.
fn without_code(line: &str) -> String {
    let mut text = String::new();
    for (index, part) in line.split('`').enumerate() {
        // Parts at odd places are between backticks.
        if index % 2 == 0 {
            text.push_str(part);
        }
        text.push(' ');
    }
    let mut kept = String::new();
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once("](") {
        kept.push_str(before);
        kept.push(' ');
        rest = after.split_once(')').map_or("", |(_, after)| after);
    }
    kept.push_str(rest);
    let words = kept.split(' ').filter(|word| !word.contains("://"));
    words.collect::<Vec<_>>().join(" ")
}

/// Counts the words and idioms of a line.
fn measure(line: &str) -> Measure {
    let lower = line.to_lowercase();
    let is_letter = |letter: char| letter.is_ascii_alphabetic() || letter == '\'';
    let mut words: Vec<(usize, &str)> = Vec::new();
    let mut begin = None;
    for (at, letter) in lower.char_indices().chain([(lower.len(), ' ')]) {
        match (is_letter(letter), begin) {
            (true, None) => begin = Some(at),
            (false, Some(start)) => {
                words.extend(lower.get(start..at).map(|word| (start, word)));
                begin = None;
            }
            _ => {}
        }
    }
    let idioms = (0..words.len()).filter(|index| is_idiom(&lower, &words, *index)).count();
    Measure { idioms, words: words.len() }
}

/// Returns whether an idiom begins at a word.
fn is_idiom(line: &str, words: &[(usize, &str)], index: usize) -> bool {
    let word = |offset: usize| words.get(index + offset).map_or("", |(_, word)| *word);
    let is_pair = |(first, second): &(&[&str], &[&str])| {
        first.contains(&word(0)) && (second.is_empty() || second.contains(&word(1)))
    };
    let end = words.get(index).map_or(0, |(start, word)| start + word.len());
    WORDS.contains(&word(0))
        || PAIRS.iter().any(is_pair)
        || (word(0) == "of" && OWNERS.contains(&word(1)) && word(2) == "own")
        || (RELATIVES.contains(&word(0)) && !is_question(line.get(end..).unwrap_or_default()))
}

/// Returns whether a sentence ends with a question mark soon.
fn is_question(rest: &str) -> bool {
    let sentence = rest.split('.').next().unwrap_or_default();
    sentence.chars().take(61).any(|letter| letter == '?')
}

/// Returns the names of test functions.
fn test_names(source: &str) -> Vec<&str> {
    let mut names = Vec::new();
    let mut is_test = false;
    for line in source.lines().map(str::trim) {
        if line.starts_with("#[test]") || line.starts_with("#[tokio::test") {
            is_test = true;
        } else if let Some((_, name)) = line.split_once("fn ").filter(|_| is_test) {
            names.extend(name.split('(').next());
            is_test = false;
        }
    }
    names
}

/// Checks the median length and the first words of test names.
fn names(names: &[&str]) -> Vec<String> {
    let mut lengths: Vec<usize> = names.iter().map(|name| name.len()).collect();
    lengths.sort_unstable();
    let median = lengths.get(lengths.len() / 2).copied().unwrap_or_default();
    let odd = names.iter().filter(|name| NAME_STARTS.iter().any(|start| name.starts_with(start)));
    let odd = odd.count();
    println!("Test names: median {median} characters of at most {NAME_LIMIT}");
    let mut found = Vec::new();
    if median > NAME_LIMIT {
        found.push(format!("test names: median {median} characters of at most {NAME_LIMIT}"));
    }
    if odd > ODD_NAME_LIMIT {
        let limit = ODD_NAME_LIMIT;
        found.push(format!("test names: {odd} of at most {limit} begin with {NAME_STARTS:?}"));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn idioms(line: &str) -> usize {
        measure(&without_code(line)).idioms
    }

    #[test]
    fn idioms_of_every_class_are_counted() {
        for line in [
            "What is there.",
            "It tells the caller.",
            "The user and his link",
            "It stands here",
            "It comes to nothing",
            "It goes on",
            "taken in by ingest",
            "an id of its own",
            "set aside",
            "left alone",
            "brings it",
        ] {
            assert_eq!(idioms(line), 1, "{line}");
        }
    }

    #[test]
    fn code_links_and_questions_are_skipped() {
        for line in ["`what` and `his`", "[a](what/told.md)", "https://what.his/told", "Who is it?"]
        {
            assert_eq!(idioms(line), 0, "{line}");
        }
    }

    #[test]
    fn words_are_counted() {
        assert_eq!(measure("Returns the user's links: 2.").words, 4);
    }

    #[test]
    fn comments_are_read_without_code() {
        let source = "//! Title.\nlet told = 1; // not at the beginning\n    /// Returns.\n";
        assert_eq!(comments(source), [" Title. ", " Returns. "]);
    }

    #[test]
    fn names_of_tests_are_found() {
        let source = "#[test]\nfn a() {}\n#[tokio::test]\nasync fn b() {}\nfn helper() {}\n";
        assert_eq!(test_names(source), ["a", "b"]);
    }

    #[test]
    fn odd_or_long_names_are_found() {
        assert!(names(&["bind_is_refused"; 50]).is_empty());
        assert_eq!(names(&["what_is_refused"; 50]).len(), 1);
        assert_eq!(names(&[&*"a".repeat(NAME_LIMIT + 1)]).len(), 1);
    }
}
