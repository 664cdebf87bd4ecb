//! The tables of `archive.yaml` have the columns of the files.

#![cfg(test)]

use std::fmt::Write as _;
use std::path::Path;

use archive::{BindingRow, CorrectionRow, FeeRow, Kind, LineRow, Record, RunRow, TotalRow};

/// Returns the name and the Glue type of a column of a Parquet message.
fn column(line: &str) -> (&str, String) {
    let mut words = line.split_whitespace().skip(1);
    let (physical, name) = (words.next().unwrap(), words.next().unwrap());
    let logical = words.next().unwrap_or_default().trim_matches(['(', ')']);
    let of = match (logical, physical) {
        (decimal, _) if decimal.starts_with("decimal") => format!("'{decimal})'"),
        (time, _) if time.starts_with("timestamp") => "timestamp".to_owned(),
        (_, "binary") => "string".to_owned(),
        (_, "int64") => "bigint".to_owned(),
        (_, "int32") => "int".to_owned(),
        (_, "boolean") => "boolean".to_owned(),
        _ => panic!("{line}"),
    };
    (name, of)
}

fn table<R: Record>() -> (Kind, String) {
    let (_, body) = R::SCHEMA.split_once('{').unwrap();
    let mut text = "          Columns:\n".to_owned();
    for line in body.split(';').filter(|line| line.contains("red") || line.contains("optional")) {
        let (name, of) = column(line);
        writeln!(text, "            - {{Name: {name}, Type: {of}}}").unwrap();
    }
    (R::KIND, text)
}

#[test]
fn tables_have_the_columns_of_files() {
    let template = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../archive.yaml");
    let template = std::fs::read_to_string(template).unwrap();
    let tables = [
        table::<FeeRow>(),
        table::<CorrectionRow>(),
        table::<LineRow>(),
        table::<RunRow>(),
        table::<TotalRow>(),
        table::<BindingRow>(),
    ];
    assert_eq!(tables.each_ref().map(|(kind, _)| *kind), Kind::ALL);
    for (kind, columns) in tables {
        let (_, rest) = template.split_once(&format!("        Name: {kind}\n")).unwrap();
        let (_, found) = rest.split_once("          Columns:\n").unwrap();
        let found = found.split("\n\n").next().unwrap();
        assert_eq!(format!("          Columns:\n{}\n", found.trim_end()), columns, "{kind}");
    }
}
