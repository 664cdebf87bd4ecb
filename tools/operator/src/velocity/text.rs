//! Links and their figures, for people and for programs.

use csv::Writer;

use super::measure::Measured;
use crate::format::count;
use crate::{Days, Failure};

const COLUMNS: [&str; 10] = [
    "link",
    "inviter",
    "binds",
    "busiestDay",
    "busiestDayBinds",
    "busiestHour",
    "busiestHourBinds",
    "traded",
    "void",
    "suspicion",
];

/// One line a link, below a line of headings.
pub(super) fn table(links: &[Measured]) -> Vec<String> {
    if links.is_empty() {
        return Vec::new();
    }
    let widest = links.iter().map(|link| link.inviter.as_str().len()).max().unwrap_or(0).max(7);
    let heading = format!(
        "{:9} {:widest$} {:>7}  {:18} {:24} {:>7} {:>6} {:>9}",
        "link",
        "inviter",
        "binds",
        "busiest day",
        "busiest hour (UTC)",
        "traded",
        "void",
        "suspicion"
    );
    std::iter::once(heading).chain(links.iter().map(|link| row(link, widest))).collect()
}

fn row(link: &Measured, widest: usize) -> String {
    let Measured { binds, suspicion, .. } = link;
    let day = format!("{}: {}", link.busiest_day.0, link.busiest_day.1);
    let hour = format!("{}: {}", hour(link), link.busiest_hour.1);
    let share = |part: usize| format!("{} %", part * 100 / binds);
    let (traded, void) = (share(link.traded), share(link.void));
    let (code, inviter) = (link.code.as_str(), link.inviter.as_str());
    format!(
        "{code:9} {inviter:widest$} {binds:>7}  {day:18} {hour:24} {traded:>7} {void:>6} {suspicion:>9}"
    )
}

/// As `2026-11-20T14`.
fn hour(link: &Measured) -> String {
    link.busiest_hour.0.to_string().chars().take(13).collect()
}

/// The same with counts in the place of shares.
pub(super) fn csv(links: &[Measured]) -> Result<String, Failure> {
    let mut writer = Writer::from_writer(Vec::new());
    let written = writer.write_record(COLUMNS).and_then(|()| {
        links.iter().try_for_each(|link| {
            writer.write_record([
                link.code.to_string(),
                link.inviter.as_str().to_owned(),
                link.binds.to_string(),
                link.busiest_day.0.to_string(),
                link.busiest_day.1.to_string(),
                link.busiest_hour.0.to_string(),
                link.busiest_hour.1.to_string(),
                link.traded.to_string(),
                link.void.to_string(),
                link.suspicion.to_string(),
            ])
        })
    });
    let text = written.map_err(|error| error.to_string()).and_then(|()| {
        let bytes = writer.into_inner().map_err(|error| error.to_string())?;
        String::from_utf8(bytes).map_err(|error| error.to_string())
    });
    text.map_err(Failure::InvalidInput)
}

/// Returns the line with the totals of the days.
pub(super) fn total(links: &[Measured], days: Days) -> String {
    let binds: usize = links.iter().map(|link| link.binds).sum();
    format!("{} by {}, {days}", count(binds, "binding"), count(links.len(), "link"))
}
