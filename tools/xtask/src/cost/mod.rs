//! The cost model: dollars a month of four loads, from counted calls, units and bytes.
//!
//! `benches cost` counts the work of small batches and nights over the embedded engine. The model
//! scales the counts to a load and multiplies them with prices. Assumptions are the constants of
//! `bill`, prices those of `prices`.

mod bill;
mod counts;
mod prices;

use std::fs;

use clap::Args;
use serde_json::{Map, Value, json};

use crate::process::{self, Failure, cargo, command, heading, root, run};
use bill::{Batches, Bill, Load, Watching};
use counts::{Counts, PerMillionFees};

/// Figures of the last release.
const RELEASED: &str = "benches/released-cost.json";
/// The loads that the design names (scale) and the review calculated.
const LOADS: [Load; 4] = [
    Load {
        name: "idle",
        fees: 0,
        batches: Batches::Small,
        bound_percent: 0,
        accounts: 0,
        requests: 0,
    },
    Load {
        name: "1M",
        fees: 1_000_000,
        batches: Batches::Small,
        bound_percent: 100,
        accounts: 2_400_000,
        requests: 100_000,
    },
    Load {
        name: "125M-all-bound",
        fees: 125_000_000,
        batches: Batches::Full,
        bound_percent: 100,
        accounts: 300_000_000,
        requests: 1_500_000,
    },
    Load {
        name: "125M-10-percent-bound",
        fees: 125_000_000,
        batches: Batches::Full,
        bound_percent: 10,
        accounts: 300_000_000,
        requests: 1_500_000,
    },
];

#[derive(Debug, Args)]
pub struct Options {
    /// Print one JSON object and nothing else
    #[arg(long)]
    json: bool,
    /// Fail if a million fees cost more units, calls or bytes than in the last release
    #[arg(long)]
    check: bool,
    /// Write the counts as those of the last release
    #[arg(long)]
    release: bool,
}

/// Prints the bill of each load, and fails if a figure has risen since the last release.
pub fn checked() -> Result<(), Failure> {
    cost(&Options { json: false, check: true, release: false })
}

/// Counts, and prints the bill of each load.
pub fn cost(options: &Options) -> Result<(), Failure> {
    run(&mut cargo(["build", "--workspace", "--locked", "--quiet", "--bin", "benches"]))?;
    let benches = process::target().join("debug/benches");
    let counts: Counts = process::json(&mut command(benches, ["cost"]))?;
    let current = counts.per_million_fees();
    if options.release {
        return write_released(current);
    }
    let watching = watching()?;
    let bills = LOADS.map(|load| (load.name, Bill::of(&load, &counts, watching)));
    if options.json {
        println!("{}", summary(&bills, current));
    } else {
        print_table(&bills, current);
    }
    if options.check { check(current) } else { Ok(()) }
}

fn summary(bills: &[(&str, Bill)], current: PerMillionFees) -> Value {
    let totals: Map<String, Value> =
        bills.iter().map(|(name, bill)| ((*name).to_owned(), dollars(bill.total()))).collect();
    let kinds: Map<String, Value> = bills
        .iter()
        .map(|(name, bill)| {
            let kinds = bill.kinds().map(|(kind, amount)| (kind.to_owned(), dollars(amount)));
            ((*name).to_owned(), Value::Object(kinds.into_iter().collect()))
        })
        .collect();
    let classes: Map<String, Value> = bills
        .iter()
        .map(|(name, bill)| ((*name).to_owned(), json!(bill.table_class.name)))
        .collect();
    json!({
        "dollarsPerMonth": totals,
        "byKind": kinds,
        "tableClass": classes,
        "perMillionFees": current,
    })
}

/// Returns whole cents as a JSON number of dollars.
fn dollars(billionths: u64) -> Value {
    let cents = billionths / 10_000_000;
    let text = format!("{}.{:02}", cents / 100, cents % 100);
    text.parse::<serde_json::Number>().map_or(Value::Null, Value::Number)
}

fn print_table(bills: &[(&str, Bill)], current: PerMillionFees) {
    heading("Dollars a month, in the last month of the first year (us-east-1, on demand)");
    let names: Vec<String> = bills.iter().map(|(name, _)| format!("{name:>22}")).collect();
    println!("{:32}{}", "", names.concat());
    for kind in 0..bills.first().map_or(0, |(_, bill)| bill.kinds().len()) {
        let row = bills.iter().filter_map(|(_, bill)| bill.kinds().get(kind).copied());
        let amounts: Vec<String> = row.clone().map(|(_, amount)| whole_dollars(amount)).collect();
        let name = row.clone().next().map_or("", |(name, _)| name);
        println!("{name:32}{}", amounts.concat());
    }
    let totals: Vec<String> = bills.iter().map(|(_, bill)| whole_dollars(bill.total())).collect();
    println!("{:32}{}", "total", totals.concat());
    let classes = bills.iter().map(|(_, bill)| match bill.table_class.name {
        "STANDARD" => format!("{:>22}", "standard"),
        _ => format!("{:>22}", "infrequent access"),
    });
    println!("{:32}{}", "class of the table", classes.collect::<String>());
    heading("For a million fees");
    println!("{:#}", json!(current));
}

fn whole_dollars(billionths: u64) -> String {
    format!("{:>22}", (billionths + 500_000_000) / 1_000_000_000)
}

/// Counts the alarms and dashboards of the template.
fn watching() -> Result<Watching, Failure> {
    let path = root().join("template.yaml");
    let text = fs::read_to_string(&path).map_err(|source| Failure::File { path, source })?;
    let of_type = |name: &str| {
        let line = format!("Type: AWS::CloudWatch::{name}");
        text.lines().filter(|text| text.trim() == line).count() as u64
    };
    Ok(Watching {
        alarms: of_type("Alarm"),
        composite_alarms: of_type("CompositeAlarm"),
        dashboards: of_type("Dashboard"),
    })
}

fn write_released(current: PerMillionFees) -> Result<(), Failure> {
    let path = root().join(RELEASED);
    let text = format!("{:#}\n", json!(current));
    fs::write(&path, text).map_err(|source| Failure::File { path, source })
}

/// Fails if a figure is higher than that of the last release.
fn check(current: PerMillionFees) -> Result<(), Failure> {
    let path = root().join(RELEASED);
    let text = fs::read_to_string(&path);
    let released = text.and_then(|text| Ok(serde_json::from_str(&text)?));
    let released: PerMillionFees = released.map_err(|source| Failure::File { path, source })?;
    let higher = higher(current, released);
    if higher.is_empty() { Ok(()) } else { Err(Failure::Cost(higher.join(", "))) }
}

/// Returns the figures that have risen.
fn higher(current: PerMillionFees, released: PerMillionFees) -> Vec<String> {
    let (current, released) = (json!(current), json!(released));
    let pairs = current.as_object().into_iter().flatten().map(|(name, now)| {
        let before = released.get(name).and_then(Value::as_u64).unwrap_or_default();
        (name, now.as_u64().unwrap_or(u64::MAX), before)
    });
    pairs
        .filter(|(_, now, before)| now > before)
        .map(|(name, now, before)| format!("{name} {now} (was {before})"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cost::counts::{Ingest, Night};

    const FIGURES: PerMillionFees = PerMillionFees {
        ingest_bound_write_units: 1,
        ingest_small_batches_write_units: 1,
        ingest_unbound_write_units: 2,
        night_write_units: 3,
        night_read_units: 4,
        night_calls: 5,
        kept_bytes: 6,
    };

    #[test]
    fn risen_figure_is_named() {
        assert_eq!(higher(FIGURES, FIGURES), [""; 0]);
        let risen = PerMillionFees { night_calls: 7, ..FIGURES };
        assert_eq!(higher(risen, FIGURES), ["nightCalls 7 (was 5)"]);
        assert_eq!(higher(FIGURES, risen), [""; 0]);
    }

    #[test]
    fn writes_are_priced_by_the_unit() {
        let ingest = Ingest {
            events: 1000,
            batches: 1,
            calls: 0,
            read_half_units: 0,
            write_half_units: 20,
            expiring_bytes: 0,
        };
        let night = Night {
            fees: 1000,
            affiliates: 0,
            calls: 0,
            read_half_units: 0,
            write_half_units: 100,
            account_bytes: 0,
            kept_bytes: 0,
            expiring_bytes: 0,
        };
        let empty_night = Night { fees: 0, write_half_units: 0, ..night };
        let counts = Counts {
            ingest_bound: ingest,
            ingest_small_batches: ingest,
            ingest_unbound: ingest,
            night_of_unbound: Ingest { write_half_units: 4, ..ingest },
            empty_night,
            night,
        };
        let load = Load {
            name: "",
            fees: 2_000_000,
            batches: Batches::Full,
            bound_percent: 50,
            accounts: 0,
            requests: 0,
        };
        let bill =
            Bill::of(&load, &counts, Watching { alarms: 0, composite_alarms: 0, dashboards: 0 });
        // 30 million fees a month, each with 0.01 units of ingest, and 0.05 of the night, or 0.002
        // where the payer has no inviter.
        assert_eq!(bill.writes_of_ingest, 300_000 * 625);
        assert_eq!(bill.writes_of_unbound, 360_000 * 625);
        assert_eq!(bill.writes_of_night, 1_500_000 * 625);
    }

    #[test]
    fn dollars_have_two_decimals() {
        assert_eq!(dollars(1_234_567_890).to_string(), "1.23");
        assert_eq!(dollars(50_000_000).to_string(), "0.05");
    }
}
