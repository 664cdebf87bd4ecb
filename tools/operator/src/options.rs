//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use storage::Switch;
use types::{Day, LinkCode, Quarter, Uid};

use crate::{ArchivePlace, Days};

const LONG_ABOUT: &str = "\
Books days, verifies, explains and archives them, stops and starts parts of the programme, replays
quarantined events, and imports events, by the functions' steps on their table.

The table is that of a deployed stack (--stack), or named by --table or TABLE_NAME. Region and
credentials are found as by the AWS CLI: variables, profiles with static keys, IAM Identity Center,
assumed roles or a credential process (--profile, AWS_PROFILE), container and instance roles.
An endpoint on this machine, as a sandbox's, needs neither.";

const AFTER_HELP: &str = "\
Examples, on a deployed stack:
  operator --profile production --stack recall verify 2026-11-01..2026-11-21

Examples, on a sandbox (DynamoDB is on the port after the API's):
  export TABLE_NAME=recall AWS_ENDPOINT_URL_DYNAMODB=http://127.0.0.1:8081
  operator verify 2026-11-01..2026-11-21
  operator explain 20000001 2026-11-21
  operator rollup 2026-11-21
  operator quarantine list

Exit codes:
  0  done, without findings
  1  done, with findings: a difference, a refused run, quarantined events
  2  nothing was started: an invalid argument, a missing variable, no confirmation
  3  interrupted: the table or a file failed; a restart resumes the work";

/// The command line's options.
#[derive(Debug, Clone, Parser)]
#[command(name = "operator", version, about = "The operator's tool of the recall programme")]
#[command(long_about = LONG_ABOUT, after_help = AFTER_HELP, arg_required_else_help = true)]
pub struct Options {
    /// Stack whose table it is, as it was deployed by CloudFormation
    #[arg(long, global = true, value_name = "NAME")]
    pub stack: Option<String>,

    /// Name of the table, instead of a stack [default: TABLE_NAME]
    #[arg(long, global = true, value_name = "NAME")]
    pub table: Option<String>,

    /// Profile of ~/.aws/config, as for the AWS CLI [default: AWS_PROFILE]
    #[arg(long, global = true, value_name = "NAME")]
    pub profile: Option<String>,

    /// Region of the table [default: AWS_REGION, or the profile's]
    #[arg(long, global = true, value_name = "REGION")]
    pub region: Option<String>,

    /// Endpoint of DynamoDB, if not AWS's [default: AWS_ENDPOINT_URL_DYNAMODB]
    #[arg(long, global = true, value_name = "URL")]
    pub endpoint: Option<String>,

    /// Write without asking
    #[arg(long, short, global = true)]
    pub yes: bool,

    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Clone, Subcommand)]
pub enum Command {
    /// Book a day, or each day of a range, again from its fees
    ///
    /// Booked lines stay; a run books the difference to the amounts due, as new lines. It books
    /// nothing for a day on which nothing changed.
    #[command(after_help = "\
Examples:
  operator rollup 2026-11-21
  operator rollup 2026-11-01..2026-11-21 --yes
  operator rollup --night 2026-11-21      as at 00:30 the day after")]
    Rollup {
        /// A day, or FROM..TO with both days included
        days: Days,
        /// As the night after the day: missed days and touched shards of earlier ones as well, and
        /// after a quarter's last day the evaluation
        #[arg(long)]
        night: bool,
    },

    /// Evaluate a past quarter again: the tiers of the quarter after it
    #[command(after_help = "Example:\n  operator evaluate 2026-Q3")]
    Evaluate {
        /// A quarter that has ended, as 2026-Q3
        quarter: Quarter,
    },

    /// Verify days: calculate them again from their fees and compare with the booked lines, to the
    /// unit
    ///
    /// Compares the booked lines with the amounts due by the fees and the accounts' current facts,
    /// the lines and summaries that affiliates read with the booked lines, and the runs' reports
    /// with both. Writes nothing. Exits with 1 if anything differs.
    #[command(after_help = "Example:\n  operator verify 2026-11-01..2026-11-21")]
    Verify {
        /// A day, or FROM..TO with both days included
        days: Days,
        /// The archive, for days whose fees left the table
        #[command(flatten)]
        archive: ArchiveOption,
    },

    /// Explain an invitee's day, or one line of it: every fee, its commission and the reason
    #[command(after_help = "\
Examples:
  operator explain 20000001 2026-11-21
  operator explain 20000001 2026-11-21 --line 3b0fa1c2    the `id` of the export, or its beginning
  operator explain 20000001 2026-11-21 --json")]
    Explain {
        /// The invitee's user id
        invitee: Uid,
        /// The day of the trades, in UTC
        day: Day,
        /// Only this line: its `id` in the affiliate's list or export, or the beginning of it
        #[arg(long, value_name = "ID")]
        line: Option<String>,
        /// As JSON
        #[arg(long)]
        json: bool,
        /// The archive, for days whose fees left the table
        #[command(flatten)]
        archive: ArchiveOption,
    },

    /// Write days to the archive, and with --delete remove their fees from the table
    ///
    /// A day is archived when it is closed, booked completely, and past the policy's
    /// `retention.fees_days`. Fees, corrections, lines, runs and bindings become Parquet files with
    /// one manifest. They are read back and compared with the table and with the runs' proofs;
    /// only then fees and corrections are removed. An interrupted command is repeated.
    #[command(after_help = "\
Examples:
  operator archive 2026-05-01 --to /srv/recall-archive
  operator archive 2026-05-01..2026-05-31 --to s3://recall-archive-1 --delete")]
    Archive {
        /// A day, or FROM..TO with both days included
        days: Days,
        /// The archive: a folder, or s3://BUCKET/PREFIX
        #[arg(long, value_name = "PLACE")]
        to: ArchivePlace,
        /// Remove the fees from the table after the archive is verified
        #[arg(long)]
        delete: bool,
    },

    /// Return the fees of an archived day to the table, so that late fees and corrections are booked
    ///
    /// The next night books the day's late fees. Then it may be archived again.
    #[command(after_help = "Example:\n  operator restore 2026-05-01 --from /srv/recall-archive")]
    Restore {
        /// The day
        day: Day,
        /// The archive: a folder, or s3://BUCKET/PREFIX
        #[arg(long, value_name = "PLACE")]
        from: ArchivePlace,
    },

    /// List the links with bindings, those first that bind in bursts of inactive users
    ///
    /// For each link: its bindings, the busiest day and hour, how many of the invitees have traded
    /// and how many of the bindings were voided. Suspicion counts the bindings that are void, or
    /// were made in the link's busiest hour without a trade since. Writes nothing. Reads the days'
    /// lists of bindings: 64 queries a day, and 2 items a binding.
    #[command(after_help = "\
Examples:
  operator velocity 2026-11-21
  operator velocity 2026-11-01..2026-11-21 --csv > links.csv")]
    Velocity {
        /// A day, or FROM..TO with both days included
        days: Days,
        /// As CSV
        #[arg(long)]
        csv: bool,
    },

    /// List, show and replay quarantined events
    #[command(subcommand)]
    Quarantine(QuarantineCommand),

    /// List, repair and withdraw affiliates whose part of a run cannot be published
    ///
    /// A parked affiliate reads the figures as they were before the first run that waits; later
    /// runs queue behind it. All other affiliates see every run.
    #[command(subcommand)]
    Parked(ParkedCommand),

    /// Rebuild the ledger's head from the days' records, after it was damaged or lost
    ///
    /// While the head cannot be read, no day is booked and no dashboard answers. Stop the nights
    /// first. The rebuilt head is shown before it is written. Days without a run between others are
    /// deferred, and the next night tries them. Reads one item a day.
    #[command(after_help = "Example:\n  operator rebuild-head --since 2025-08-01")]
    RebuildHead {
        /// The first day with fees, or an earlier one
        #[arg(long, value_name = "DAY")]
        since: Day,
    },

    /// Stop a part of the programme, within a minute and without a deployment
    ///
    /// Refused requests get 503 with a code. The change is recorded in the audit log.
    #[command(after_help = "\
Examples:
  operator stop binds --reason \"a wrong rule, see #12\"
  operator stop link N4HHANA7 --reason \"bought accounts\"
  operator stop new-links 10000001 --reason \"misleading campaigns\"
  operator stop payments --reason \"wrong rates of yesterday\"")]
    #[command(subcommand)]
    Stop(SwitchCommand),

    /// Start a stopped part of the programme again
    ///
    /// Binds the sign-ups that were held meanwhile. If it was interrupted, the same command resumes.
    #[command(after_help = "Example:\n  operator start binds --reason \"the rule is repaired\"")]
    #[command(subcommand)]
    Start(SwitchCommand),

    /// List the stopped parts of the programme, and the newest changes
    ///
    /// Writes nothing.
    Switches,

    /// Ingest a file of events, one CloudEvent in JSON a line
    ///
    /// An interrupted import is resumed where it stopped: FILE.progress records its place. Events
    /// that are too early are tried again at the end; those that still are, are written to
    /// FILE.retry.jsonl. Events that were ingested before change nothing.
    #[command(after_help = "\
Examples:
  operator import events.jsonl
  zcat events.jsonl.gz | operator import --yes -")]
    Import {
        /// The file; `-` is standard input
        file: PathBuf,
    },
}

/// The archive that a command reads.
#[derive(Debug, Clone, Args)]
pub struct ArchiveOption {
    /// The archive for days whose fees left the table: a folder, or s3://BUCKET/PREFIX
    #[arg(long, value_name = "PLACE")]
    pub archive: Option<ArchivePlace>,
}

/// The parts of the programme that can be stopped and started.
#[derive(Debug, Clone, Subcommand)]
pub enum SwitchCommand {
    /// All windows and binds of existing users, and sign-ups of new ones
    Binds {
        /// Reason and actor.
        #[command(flatten)]
        change: Change,
    },
    /// Windows, binds and sign-ups of one link
    Link {
        /// The link's code
        code: LinkCode,
        /// Reason and actor.
        #[command(flatten)]
        change: Change,
    },
    /// New links of one affiliate
    NewLinks {
        /// The affiliate's user id
        uid: Uid,
        /// Reason and actor.
        #[command(flatten)]
        change: Change,
    },
    /// Commits of nights, and the events of booked commission
    Payments {
        /// Reason and actor.
        #[command(flatten)]
        change: Change,
    },
}

/// Reason and actor of a change.
#[derive(Debug, Clone, Args)]
pub struct Change {
    /// Why, for the audit log
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    /// Your name, for the audit log [default: the user of this machine]
    #[arg(long, value_name = "NAME")]
    pub actor: Option<String>,
}

impl SwitchCommand {
    /// Returns the switch, and reason and actor of its change.
    pub(crate) fn parts(self) -> (Switch, Change) {
        match self {
            Self::Binds { change } => (Switch::Binds, change),
            Self::Link { code, change } => (Switch::Link(code), change),
            Self::NewLinks { uid, change } => (Switch::NewLinks(uid), change),
            Self::Payments { change } => (Switch::Payments, change),
        }
    }
}

/// Commands for parked affiliates.
#[derive(Debug, Clone, Subcommand)]
pub enum ParkedCommand {
    /// List the runs that wait, with their affiliates and reasons
    List,
    /// Publish the runs that wait for an affiliate, after their cause is repaired
    #[command(after_help = "Example:\n  operator parked repair 10000001")]
    Repair {
        /// The affiliate's user id
        uid: Uid,
    },
    /// Withdraw the lines that the first run that waits booked for an affiliate
    ///
    /// Its lines never become visible. The next nightly run books the amounts due, in a new run.
    #[command(after_help = "\
Example:
  operator parked withdraw 10000001 --why \"booked by a defect, see #12\"")]
    Withdraw {
        /// The affiliate's user id
        uid: Uid,
        /// Why, for the record that is kept with the run
        #[arg(long, value_name = "REASON")]
        why: String,
    },
}

/// Commands for the quarantine.
#[derive(Debug, Clone, Subcommand)]
pub enum QuarantineCommand {
    /// List the entries of some days
    #[command(after_help = "\
Examples:
  operator quarantine list
  operator quarantine list 2026-11-01..2026-11-21")]
    List {
        /// A day, or FROM..TO with both days included [default: the last 30 days]
        days: Option<Days>,
    },
    /// Show one entry whole, with its event
    #[command(after_help = "Example:\n  operator quarantine show 2026-11-20.1f3c9a2b")]
    Show {
        /// The entry's id, as it is listed
        id: String,
    },
    /// Ingest entries again, after their cause is repaired
    ///
    /// Ingested entries leave the quarantine; all others stay.
    #[command(after_help = "\
Examples:
  operator quarantine replay 2026-11-20.1f3c9a2b
  operator quarantine replay --all
  operator quarantine replay --all 2026-11-01..2026-11-21")]
    Replay {
        /// The entry's id, as it is listed; with --all days, as for list
        #[arg(value_name = "ID", required_unless_present = "all")]
        which: Option<String>,
        /// All entries of the days [default: the last 30]
        #[arg(long)]
        all: bool,
    },
}
