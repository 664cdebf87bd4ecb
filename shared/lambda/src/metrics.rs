//! Metrics in CloudWatch's embedded metric format: one line of JSON on standard output for each
//! invocation. It makes no call and needs no permission.
//!
//! Metrics, dimensions and units are closed lists. No dimension contains personal data.

use std::fmt;
use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Map, Value, json};
use types::Timestamp;

/// The namespace of all metrics.
pub const NAMESPACE: &str = "Recall";
/// The dimension that every metric has: the stack that measured it.
pub const STACK: &str = "Stack";
/// The dimension of a metric that is measured by function: the function's name in AWS.
pub const FUNCTION: &str = "Function";
/// The dimension, beside [`FUNCTION`], of a metric that is measured by version of a function.
pub const VERSION: &str = "Version";
/// The variable that names the stack. Where it is not set nothing is measured: the template sets
/// it, and neither the sandbox nor an emulator does.
pub(crate) const STACK_VARIABLE: &str = "METRICS_STACK";

macro_rules! metrics {
    ($($metric:ident, $unit:ident, $meaning:literal;)+) => {
        /// Everything that is measured. The names are those in CloudWatch.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Metric {
            $(#[doc = $meaning] $metric),+
        }

        impl Metric {
            /// Every metric.
            pub const ALL: &'static [Self] = &[$(Self::$metric),+];

            /// The name in CloudWatch.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$metric => stringify!($metric)),+ }
            }

            /// The unit in CloudWatch.
            #[must_use]
            pub const fn unit(self) -> &'static str {
                match self { $(Self::$metric => stringify!($unit)),+ }
            }
        }
    };
}

metrics! {
    // Of every invocation.
    ColdStarts, Count, "Invocations that were the first of their process.";
    TableCalls, Count, "Calls to the table.";
    TableRetries, Count, "Attempts at the table beyond the first of a call.";
    TableTime, Milliseconds, "Time in calls to the table, those side by side added up.";
    // Of a request, by its route.
    Latency, Milliseconds, "Time from request to answer, without the API's own part.";
    Faults, Count, "Requests answered with 5xx, without those that a kill switch refused.";
    Successes, Count, "Requests answered with 2xx or 3xx.";
    // Of requests that bind.
    Binds, Count, "Bindings made; a repetition of one is none.";
    Refusals, Count, "Windows and binds that were refused, by the first reason.";
    // Of a batch of the queue.
    Messages, Count, "Messages of the queue.";
    EventsIngested, Count, "Ingested events, including duplicates.";
    EventsRepeated, Count, "Events other than fees that came before with the same body.";
    EventsQuarantined, Count, "Quarantined events.";
    EventsRedelivered, Count, "Events whose account is not known yet.";
    FeesIngested, Count, "Ingested fees, including those of users without an inviter.";
    MessagesUnsigned, Count, "Messages without a signature that were ingested, where signatures are verified.";
    SignaturesRefused, Count, "Messages that were quarantined for a missing or wrong signature.";
    QueueLag, Milliseconds, "How long ago the oldest message of the batch was sent.";
    StreamLag, Milliseconds, "The same of a batch of a stream.";
    BatchTime, Milliseconds, "Time that a batch took.";
    // Of a batch of the table's stream.
    BatchesUnpublished, Count, "Batches of which a record is delivered again, as its event was not sent.";
    // Of the night.
    StepTime, Milliseconds, "Time that a step took, by its name.";
    ConservationChecked, Count, "Runs whose figures added up, counted where they were committed.";
    ConservationRefused, Count, "Steps that ended because figures did not add up.";
    RunsBooked, Count, "Runs committed, counted by the one step that committed it.";
    LinesBooked, Count, "Lines of these runs.";
    LateLines, Count, "Lines of runs of days that were booked before.";
    FeesRepeated, Count, "Fees that a committed run found delivered again.";
    FeesConflicting, Count, "Fees that a fold quarantines, as their trade arrived with another body; each fold of a shard finds them again.";
    CorrectionsUnmatched, Count, "Corrections that a fold quarantines, as their day has no such fee; each fold of a shard finds them again.";
    CorrectionsInexact, Count, "Corrections that a fold quarantines, as they have more decimals than their asset; each fold of a shard finds them again.";
    RecordsUnreadable, Count, "Records that a fold left out, because they cannot be read or their day is archived; each fold of a shard finds them again.";
    ReconciliationDifferences, Count, "Sums, totals and records that a reconciliation found otherwise than booked.";
    DaysClosed, Count, "Days that were closed, counted by the one step that closed it.";
    DaysSetAside, Count, "Days that cannot be booked, or not whole, and are tried again each night.";
    AffiliatesParked, Count, "Affiliates whose part of a run cannot be published, who read its earlier state.";
    AffiliatesNotEvaluated, Count, "Affiliates without an evaluation, as they are parked or their items cannot be read.";
    SwitchesOn, Count, "Kill switches that are on.";
    DataAge, Seconds, "Time since the end of the last closed day.";
}

impl Metric {
    /// Returns whether the metric is also measured by function and by version of its code, for the
    /// canary alarms of deployments.
    #[must_use]
    pub const fn is_of_version(self) -> bool {
        matches!(
            self,
            Self::Latency
                | Self::Faults
                | Self::Successes
                | Self::Refusals
                | Self::Messages
                | Self::EventsIngested
                | Self::EventsQuarantined
                | Self::BatchesUnpublished
        )
    }

    fn definition(self) -> Value {
        json!({ "Name": self.name(), "Unit": self.unit() })
    }
}

/// Dimensions other than the stack. Each has few values, all known in advance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dimension {
    /// A route of the API, as `GET /v1/links/{code}`; [`http_api::NO_ROUTE`] for unknown paths.
    Route,
    /// A reason of the programme.
    Reason,
    /// A step of the night.
    Step,
}

impl Dimension {
    /// The name in CloudWatch.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Route => "Route",
            Self::Reason => "Reason",
            Self::Step => "Step",
        }
    }
}

/// The metrics of one outcome, written as one line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MetricSet(Vec<Group>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Group {
    by: Option<(Dimension, String)>,
    values: Vec<(Metric, u64)>,
}

impl MetricSet {
    /// MetricSet of the whole stack.
    #[must_use]
    pub fn of(values: impl Into<Vec<(Metric, u64)>>) -> Self {
        Self(vec![Group { by: None, values: values.into() }])
    }

    /// Adds metrics with a dimension, which are also recorded for the whole stack.
    #[must_use]
    pub fn by(
        mut self,
        dimension: Dimension,
        value: impl Into<String>,
        values: impl Into<Vec<(Metric, u64)>>,
    ) -> Self {
        self.0.push(Group { by: Some((dimension, value.into())), values: values.into() });
        self
    }

    /// Adds the metrics of another set.
    #[must_use]
    pub fn and(mut self, others: Self) -> Self {
        self.0.extend(others.0);
        self
    }

    /// The line that CloudWatch reads.
    fn line(&self, stack: &str, code: Option<&DeployedCode>, at: Timestamp) -> String {
        let mut directives: Vec<Value> = self.0.iter().map(Group::directive).collect();
        directives.extend(code.and_then(|_| self.directive_of_version()));
        let mut line = Map::new();
        let aws = json!({ "Timestamp": at.millis(), "CloudWatchMetrics": directives });
        line.insert("_aws".to_owned(), aws);
        line.insert(STACK.to_owned(), stack.into());
        if let Some(code) = code {
            line.insert(FUNCTION.to_owned(), code.function.as_ref().into());
            line.insert(VERSION.to_owned(), code.version.as_ref().into());
        }
        for group in &self.0 {
            line.extend(group.by.iter().map(|(d, value)| (d.name().into(), value.clone().into())));
            line.extend(group.values.iter().map(|(m, value)| (m.name().into(), (*value).into())));
        }
        Value::Object(line).to_string()
    }

    /// Returns the directive by function and version, if the line has a metric that is so measured.
    fn directive_of_version(&self) -> Option<Value> {
        let values = self.0.iter().flat_map(|group| &group.values);
        let metrics: Vec<Value> = values
            .filter(|(metric, _)| metric.is_of_version())
            .map(|(metric, _)| metric.definition())
            .collect();
        let dimensions = [vec![STACK, FUNCTION], vec![STACK, FUNCTION, VERSION]];
        let directive =
            json!({ "Namespace": NAMESPACE, "Dimensions": dimensions, "Metrics": metrics });
        (!metrics.is_empty()).then_some(directive)
    }
}

impl Group {
    fn directive(&self) -> Value {
        let mut dimensions = vec![vec![STACK]];
        dimensions.extend(self.by.iter().map(|(dimension, _)| vec![STACK, dimension.name()]));
        let metrics: Vec<Value> =
            self.values.iter().map(|(metric, _)| metric.definition()).collect();
        json!({ "Namespace": NAMESPACE, "Dimensions": dimensions, "Metrics": metrics })
    }
}

/// The code that measures: a function and its version, as Lambda names them.
#[derive(Debug, Clone)]
pub(crate) struct DeployedCode {
    pub(crate) function: Arc<str>,
    pub(crate) version: Arc<str>,
}

/// Takes measures down. Clones write to the same place.
#[derive(Clone)]
pub struct Metrics {
    sink: Sink,
    warm: Arc<AtomicBool>,
}

#[derive(Clone)]
enum Sink {
    Nowhere,
    StandardOutput { stack: Arc<str>, code: Option<DeployedCode> },
    Kept(CapturedMetrics),
}

/// The lines that [`Metrics::kept`] wrote.
#[derive(Clone, Default)]
pub struct CapturedMetrics(Arc<Mutex<Vec<String>>>);

impl CapturedMetrics {
    /// The lines so far.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Metrics {
    /// MetricSet nothing: the sandbox, tools, emulators.
    #[must_use]
    pub fn off() -> Self {
        Self::to(Sink::Nowhere)
    }

    /// Writes to standard output, as a deployed function does.
    pub(crate) fn of_stack(stack: &str, code: Option<DeployedCode>) -> Self {
        Self::to(Sink::StandardOutput { stack: stack.into(), code })
    }

    /// Keeps the lines, for tests, as those of a stack named `test`.
    #[must_use]
    pub fn kept() -> (Self, CapturedMetrics) {
        let ledger = CapturedMetrics::default();
        (Self::to(Sink::Kept(ledger.clone())), ledger)
    }

    fn to(sink: Sink) -> Self {
        Self { sink, warm: Arc::default() }
    }

    /// Takes measures down, as of `at`.
    pub fn record(&self, at: Timestamp, measures: &MetricSet) {
        match &self.sink {
            Sink::Nowhere => {}
            Sink::StandardOutput { stack, code } => {
                // Written at once, so that it is one event of the log. A log that cannot be written
                // is no reason to fail finished work.
                let line = measures.line(stack, code.as_ref(), at) + "\n";
                let _ = std::io::stdout().lock().write_all(line.as_bytes());
            }
            Sink::Kept(ledger) => {
                let mut lines = ledger.0.lock().unwrap_or_else(PoisonError::into_inner);
                lines.push(measures.line("test", None, at));
            }
        }
    }

    /// Whether this is the first time that it is asked: an invocation that pays for the start.
    pub(crate) fn is_cold(&self) -> bool {
        !self.warm.swap(true, Ordering::Relaxed)
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.sink {
            Sink::Nowhere => "Metrics(off)",
            Sink::StandardOutput { .. } => "Metrics(standard output)",
            Sink::Kept(_) => "Metrics(kept)",
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn at() -> Timestamp {
        "2026-11-22T12:00:00.123Z".parse().unwrap()
    }

    #[test]
    fn line_has_embedded_metric_format() {
        let measures = MetricSet::of([(Metric::ColdStarts, 1)]).by(
            Dimension::Route,
            "GET /v1/link",
            [(Metric::Latency, 12), (Metric::Faults, 0)],
        );
        let expected = concat!(
            r#"{"_aws":{"Timestamp":1795348800123,"CloudWatchMetrics":["#,
            r#"{"Namespace":"Recall","Dimensions":[["Stack"]],"#,
            r#""Metrics":[{"Name":"ColdStarts","Unit":"Count"}]},"#,
            r#"{"Namespace":"Recall","Dimensions":[["Stack"],["Stack","Route"]],"#,
            r#""Metrics":[{"Name":"Latency","Unit":"Milliseconds"},{"Name":"Faults","Unit":"Count"}]}]},"#,
            r#""Stack":"recall","ColdStarts":1,"Route":"GET /v1/link","Latency":12,"Faults":0}"#,
        );
        assert_eq!(measures.line("recall", None, at()), expected);
    }

    #[test]
    fn deployed_code_measures_by_function_and_version() {
        let measures = MetricSet::of([(Metric::ColdStarts, 1)]).by(
            Dimension::Route,
            "GET /v1/link",
            [(Metric::Latency, 12), (Metric::Faults, 0)],
        );
        let code = DeployedCode { function: "recall-GetLink".into(), version: "7".into() };
        let line: Value =
            serde_json::from_str(&measures.line("recall", Some(&code), at())).unwrap();
        let expected = json!({
            "Namespace": "Recall",
            "Dimensions": [["Stack", "Function"], ["Stack", "Function", "Version"]],
            "Metrics": [
                { "Name": "Latency", "Unit": "Milliseconds" },
                { "Name": "Faults", "Unit": "Count" },
            ],
        });
        assert_eq!(line["_aws"]["CloudWatchMetrics"][2], expected);
        assert_eq!((&line["Function"], &line["Version"]), (&json!("recall-GetLink"), &json!("7")));
        let cold = MetricSet::of([(Metric::ColdStarts, 1)]).line("recall", Some(&code), at());
        assert!(!cold.contains(r#"["Stack","Function"]"#), "{cold}");
    }

    #[test]
    fn captured_metrics_are_lines() {
        Metrics::off().record(at(), &MetricSet::of([(Metric::Binds, 1)]));
        let (metrics, ledger) = Metrics::kept();
        metrics.record(at(), &MetricSet::of([(Metric::Binds, 1)]));
        metrics.clone().record(at(), &MetricSet::of([(Metric::Binds, 2)]));
        assert_eq!(ledger.lines().len(), 2);
        assert!(ledger.lines()[1].ends_with(r#""Stack":"test","Binds":2}"#));
    }

    #[test]
    fn only_first_invocation_is_cold() {
        let metrics = Metrics::off();
        assert!(metrics.is_cold());
        assert!(!metrics.clone().is_cold());
    }

    #[test]
    fn metric_names_are_unique() {
        let mut names: BTreeSet<&str> = Metric::ALL.iter().map(|metric| metric.name()).collect();
        names.extend([Dimension::Route, Dimension::Reason, Dimension::Step].map(Dimension::name));
        names.extend([STACK, FUNCTION, VERSION]);
        assert_eq!(names.len(), Metric::ALL.len() + 6);
    }
}
