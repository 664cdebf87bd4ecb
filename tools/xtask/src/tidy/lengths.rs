//! Lengths of files and functions.

use super::File;

const LINES_OF_A_FILE: usize = 500;
const LINES_OF_A_FUNCTION: usize = 70;

/// Files that are longer, with the length that they may not exceed.
const LONG_FILES: [(&str, usize); 6] = [
    ("shared/storage/src/affiliate_view.rs", 530),
    ("shared/storage/src/keys.rs", 615),
    ("tests/limits.rs", 525),
    ("tests/regressions.rs", 565),
    ("tests/simulation/exchange.rs", 560),
    ("tests/simulation/quiesce.rs", 575),
];

/// Returns the Rust files that are too long.
pub(super) fn files(files: &[File]) -> Vec<String> {
    let long = files.iter().filter(|file| file.is_rust()).filter_map(|file| {
        let lines = file.text.lines().count();
        let exception = LONG_FILES.iter().find(|(path, _)| *path == file.path);
        let limit = exception.map_or(LINES_OF_A_FILE, |(_, limit)| *limit);
        (lines > limit).then(|| format!("{}: {lines} lines of at most {limit}", file.path))
    });
    long.collect()
}

/// Returns the functions that are too long.
pub(super) fn functions(files: &[File]) -> Vec<String> {
    let long = files.iter().filter(|file| file.is_rust()).flat_map(|file| {
        let lines: Vec<&str> = file.text.lines().collect();
        let long = (0..lines.len()).filter_map(|first| too_long(&file.path, &lines, first));
        long.collect::<Vec<_>>()
    });
    long.collect()
}

/// Returns the message for the function that begins at a line, if it is too long.
fn too_long(path: &str, lines: &[&str], first: usize) -> Option<String> {
    let line = lines.get(first)?;
    let name = function_name(line)?;
    if line.ends_with('}') || line.ends_with(';') {
        return None;
    }
    // rustfmt puts the closing brace below the first letter of the signature.
    let indent = line.len() - line.trim_start().len();
    let end = format!("{}}}", " ".repeat(indent));
    let rest = lines.get(first..)?;
    let length = rest.iter().position(|line| *line == end)? + 1;
    let limit = LINES_OF_A_FUNCTION;
    (length > limit).then(|| format!("{path}: fn {name} has {length} lines of at most {limit}"))
}

/// Returns the name of the function whose signature begins on this line.
fn function_name(line: &str) -> Option<&str> {
    let words = line.trim_start();
    let qualifiers = ["pub", "pub(crate)", "pub(super)", "const", "async", "unsafe", "default"];
    let mut rest = words;
    loop {
        let (word, after) = rest.split_once(' ')?;
        match word {
            "fn" => return after.split(['(', '<']).next(),
            word if qualifiers.contains(&word) || word.starts_with("pub(in") => rest = after,
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    fn function(lines: usize) -> String {
        let body = "        run();\n".repeat(lines - 2);
        format!("impl App {{\n    pub(crate) async fn run(&self) {{\n{body}    }}\n}}\n")
    }

    #[test]
    fn long_function_is_found() {
        let found = |lines| functions(&[file("src/lib.rs", &function(lines))]);
        assert!(found(70).is_empty());
        assert_eq!(found(71), ["src/lib.rs: fn run has 71 lines of at most 70"]);
    }

    #[test]
    fn declarations_and_one_liners_are_skipped() {
        let text = format!("fn a();\nfn b() {{}}\n{}}}\n", "// fn c() {\n".repeat(80));
        assert!(functions(&[file("src/lib.rs", &text)]).is_empty());
    }

    #[test]
    fn file_over_500_lines_is_found() {
        let found = |lines| files(&[file("src/lib.rs", &"\n".repeat(lines))]);
        assert!(found(500).is_empty());
        assert_eq!(found(501), ["src/lib.rs: 501 lines of at most 500"]);
    }

    #[test]
    fn exceptions_are_needed_and_limited() {
        let root = crate::process::root();
        for (path, limit) in LONG_FILES {
            let lines = std::fs::read_to_string(root.join(path)).unwrap().lines().count();
            assert!(lines > LINES_OF_A_FILE, "{path} needs no exception any more");
            assert!(lines + 40 > limit, "{path}: lower its limit to {lines}");
        }
    }
}
