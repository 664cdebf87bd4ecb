//! The programme's policy: a TOML text in, rules out, or every problem of the text at once.
//!
//! An operator edits the policy by hand, so a mistake must be easy to find: [`Programme::parse`]
//! goes through the whole text and lists all problems, each with its line, the key, the mistake and
//! the expected form. Unknown keys are refused, because a misspelt rule is a missing rule.
//! Each rule carries its source and the day on which that was read; both are for the reader of the
//! text, and are only checked to be there.

mod dated;
mod links;
mod presentation;
mod problem;
mod regions;
mod retention;
mod section;
mod tiers;
mod value;
mod windows;

use std::time::Duration;

pub use links::LinkRules;
pub use presentation::Presentation;
use problem::Problems;
pub use problem::{PolicyErrors, Problem};
pub use retention::Retention;
use section::Section;

/// All rules of a programme.
#[derive(Debug, Clone)]
pub struct Programme {
    /// The rules of eligibility.
    pub eligibility: eligibility::Rules,
    /// The rules of commission.
    pub commission: commission::Rules,
    /// The rules of links.
    pub links: LinkRules,
    /// How long the confirmation of a bind is good for after it was shown.
    pub confirmation_valid_for: Duration,
    /// A committed line is settled once so many days have passed since its day ended.
    pub settle_after_days: u32,
    /// How far the time of an event may lie ahead of our clock.
    pub event_clock_skew: Duration,
    /// How long kinds of records stay in the table.
    pub retention: Retention,
    /// The programme's name and pages.
    pub presentation: Presentation,
}

const SECTIONS: &[&str] = &[
    "eligibility",
    "regions",
    "commission",
    "shared_commission",
    "assets",
    "links",
    "confirmation",
    "settlement",
    "events",
    "retention",
    "presentation",
];

impl Programme {
    /// Reads and checks a policy.
    ///
    /// # Errors
    /// Every problem of the text, in the order of its lines; a text that is no TOML has only the
    /// problems that make it none.
    pub fn parse(text: &str) -> Result<Self, PolicyErrors> {
        let problems = Problems::new(text);
        let (document, errors) = toml::de::DeTable::parse_recoverable(text);
        errors.iter().for_each(|error| problems.not_toml(error));
        if !problems.is_empty() {
            return Err(problems.errors());
        }
        let root = Section::root(document.get_ref(), &problems);
        root.only(SECTIONS);
        match read(&root) {
            Some(programme) if problems.is_empty() => Ok(programme),
            _ => Err(problems.errors()),
        }
    }
}

fn read(root: &Section<'_>) -> Option<Programme> {
    let regions = regions::read(root);
    let eligibility = windows::read(root, regions.clone());
    let commission = tiers::read(root, regions);
    let links = links::read(root);
    let minutes = |section, key, range| {
        let section = root.section(section, &[key, "source", "as_of"])?;
        section.sourced();
        section.number::<u64>(key, range).map(|minutes| Duration::from_secs(minutes * 60))
    };
    let confirmation_valid_for = minutes("confirmation", "valid_minutes", 1..=1440);
    let event_clock_skew = minutes("events", "clock_skew_minutes", 0..=1440);
    let settle_after_days = settlement(root);
    let retention = retention::read(root);
    let presentation = presentation::read(root);
    Some(Programme {
        eligibility: eligibility?,
        commission: commission?,
        links: links?,
        confirmation_valid_for: confirmation_valid_for?,
        settle_after_days: settle_after_days?,
        event_clock_skew: event_clock_skew?,
        retention: retention?,
        presentation: presentation?,
    })
}

fn settlement(root: &Section<'_>) -> Option<u32> {
    let section = root.section("settlement", &["settle_after_days", "source", "as_of"])?;
    section.sourced();
    section.number("settle_after_days", 0..=366)
}
