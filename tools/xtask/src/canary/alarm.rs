//! Alarms over expressions as template.yaml defines them, and their state over metrics.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::expression::{Expression, Period};
use super::recording::Recording;

/// Minutes from the end of a minute until CloudWatch has its metrics.
const DELIVERY: usize = 2;

/// An alarm over an expression.
#[derive(Debug)]
pub struct Alarm {
    expression: Expression,
    metrics: Vec<Metric>,
    /// Minutes of a period.
    minutes: usize,
    threshold: f64,
    /// Whether the threshold itself breaches.
    includes_threshold: bool,
    periods: usize,
    needed: usize,
}

/// A metric of an alarm, in the template's terms: a reference is the name of its target.
#[derive(Debug)]
pub struct Metric {
    pub id: String,
    pub namespace: String,
    pub name: String,
    pub dimensions: BTreeMap<String, String>,
    pub statistic: String,
    /// In seconds.
    period: usize,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Properties {
    metrics: Vec<Query>,
    comparison_operator: String,
    threshold: f64,
    evaluation_periods: usize,
    datapoints_to_alarm: Option<usize>,
    treat_missing_data: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Query {
    id: String,
    expression: Option<String>,
    metric_stat: Option<MetricStat>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct MetricStat {
    stat: String,
    period: usize,
    metric: Definition,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Definition {
    namespace: String,
    metric_name: String,
    dimensions: Vec<Dimension>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Dimension {
    name: String,
    value: Value,
}

impl Alarm {
    /// Reads an alarm from its resource's properties.
    ///
    /// # Errors
    /// Names the part whose form is not supported here.
    pub fn read(properties: &Value) -> Result<Self, String> {
        let read = Properties::deserialize(properties).map_err(|error| error.to_string())?;
        let includes_threshold = match read.comparison_operator.as_str() {
            "GreaterThanThreshold" => false,
            "GreaterThanOrEqualToThreshold" => true,
            other => return Err(format!("{other} is not evaluated here")),
        };
        let mut expressions = read.metrics.iter().filter_map(|query| query.expression.as_deref());
        let expression = match (expressions.next(), expressions.next()) {
            (Some(only), None) => Expression::parse(only)?,
            _ => return Err("expected one expression".to_owned()),
        };
        // Here a value that is missing never breaches.
        if !matches!(read.treat_missing_data.as_deref(), Some("notBreaching" | "ignore")) {
            return Err("expected missing data to breach nothing".to_owned());
        }
        let stats = read.metrics.into_iter();
        let metrics: Vec<Metric> = stats
            .filter_map(|query| query.metric_stat.map(|stat| Metric::read(query.id, stat)))
            .collect();
        let mut periods: Vec<usize> = metrics.iter().map(|metric| metric.period).collect();
        periods.dedup();
        let [period] = periods[..] else {
            return Err("expected metrics of one period".to_owned());
        };
        Ok(Self {
            expression,
            metrics,
            minutes: period / 60,
            threshold: read.threshold,
            includes_threshold,
            periods: read.evaluation_periods,
            needed: read.datapoints_to_alarm.unwrap_or(read.evaluation_periods),
        })
    }

    /// Returns the metrics that the alarm watches.
    pub fn metrics(&self) -> &[Metric] {
        &self.metrics
    }

    /// Returns whether its periods are minutes, as those of a recording are.
    pub const fn is_by_minute(&self) -> bool {
        self.minutes == 1
    }

    /// Returns the first minute, counted from the start of the recording, at whose start the alarm
    /// fires. The alarm is by minute.
    pub fn rings_at(&self, recording: &Recording) -> Option<usize> {
        (1..=recording.minutes() + DELIVERY).find(|now| self.rings(recording, *now))
    }

    /// Returns whether the alarm is in the state `ALARM` at the start of a minute. Metrics that are
    /// not delivered yet count as missing.
    fn rings(&self, recording: &Recording, now: usize) -> bool {
        self.is_alarm(0, now, |metric, minute| {
            recording.value(metric, minute).filter(|_| minute + DELIVERY < now)
        })
    }

    /// Returns whether the alarm is in the state `ALARM` after so many periods, of which the first
    /// one begins in a minute of the day: enough of the last ones breach.
    pub fn is_alarm(
        &self,
        begins: usize,
        after: usize,
        value: impl Fn(&Metric, usize) -> Option<f64>,
    ) -> bool {
        let first = after.saturating_sub(self.periods);
        let breaches = |number: &usize| {
            let metrics = self.metrics.iter();
            let values = metrics.map(|metric| (metric.id.as_str(), value(metric, *number)));
            let minute = begins + number * self.minutes;
            let value = self.expression.value(&Period { minute, values: values.collect() });
            let reaches = |value: f64| self.includes_threshold && value >= self.threshold;
            value.is_some_and(|value| value > self.threshold || reaches(value))
        };
        (first..after).filter(breaches).count() >= self.needed
    }
}

impl Dimension {
    /// Returns name and value; a value other than a text, such as a condition, in JSON.
    fn of_template(self) -> (String, String) {
        let text = self.value.as_str().map_or_else(|| self.value.to_string(), str::to_owned);
        (self.name, text)
    }
}

impl Metric {
    fn read(id: String, stat: MetricStat) -> Self {
        let dimensions = stat.metric.dimensions.into_iter();
        Self {
            id,
            namespace: stat.metric.namespace,
            name: stat.metric.metric_name,
            dimensions: dimensions.map(Dimension::of_template).collect(),
            statistic: stat.stat,
            period: stat.period,
        }
    }
}
