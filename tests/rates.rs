//! Limits that follow from several parts of the programme together.

const TEMPLATE: &str = include_str!("../template.yaml");

/// Read units a second that one partition serves.
const UNITS_OF_A_PARTITION: u32 = 3_000;

/// Returns the default of a numeric parameter of the template.
fn default_of(parameter: &str) -> u32 {
    let (_, rest) = TEMPLATE.split_once(&format!("\n  {parameter}:\n")).unwrap();
    let line = rest.lines().find_map(|line| line.trim().strip_prefix("Default: "));
    line.unwrap().parse().unwrap()
}

/// docs/decisions/2026-11-27-consistent-ledger-head-reads.md
#[test]
fn routes_that_read_the_head_fit_one_partition() {
    let usual = ["dashboard", "dashboard/referrals", "links", "binding"];
    let usual = u32::try_from(usual.len()).unwrap() * default_of("DefaultRateLimit");
    let reads = usual + default_of("ExportRateLimit");
    assert!(reads <= UNITS_OF_A_PARTITION, "{reads}");
}
