//! Limits that result from several parts of the programme.

const TEMPLATE: &str = include_str!("../template.yaml");

/// Read units per second of one partition.
const UNITS_OF_A_PARTITION: u32 = 3_000;

/// Returns the default of a numeric parameter of the template.
fn default_of(parameter: &str) -> u32 {
    let (_, rest) = TEMPLATE.split_once(&format!("\n  {parameter}:\n")).unwrap();
    let line = rest.lines().find_map(|line| line.trim().strip_prefix("Default: "));
    line.unwrap().parse().unwrap()
}

/// See docs/decisions/2026-11-27-consistent-ledger-head-reads.md.
#[test]
fn head_reads_fit_one_partition() {
    let usual = ["dashboard", "dashboard/referrals", "links", "binding"];
    let usual = u32::try_from(usual.len()).unwrap() * default_of("DefaultRateLimit");
    let reads = usual + default_of("ExportRateLimit");
    assert!(reads <= UNITS_OF_A_PARTITION, "{reads}");
}
