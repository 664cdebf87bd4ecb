//! The canary alarms as template.yaml defines them, and their state over recorded metrics.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::expression::Expression;
use super::recording::Recording;

/// Minutes from the end of a minute until CloudWatch has its metrics.
const DELIVERY: usize = 2;

/// An alarm over an expression, minute by minute.
#[derive(Debug)]
pub struct Alarm {
    expression: Expression,
    metrics: Vec<Metric>,
    threshold: f64,
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
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Properties {
    metrics: Vec<Query>,
    comparison_operator: String,
    threshold: f64,
    evaluation_periods: usize,
    datapoints_to_alarm: usize,
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
    period: u32,
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
    value: String,
}

impl Alarm {
    /// Reads an alarm from its resource's properties.
    ///
    /// # Errors
    /// Names the part whose form is not supported here.
    pub fn read(properties: &Value) -> Result<Self, String> {
        let read = Properties::deserialize(properties).map_err(|error| error.to_string())?;
        if read.comparison_operator != "GreaterThanThreshold" {
            return Err(format!("{} is not evaluated here", read.comparison_operator));
        }
        let mut expressions = read.metrics.iter().filter_map(|query| query.expression.as_deref());
        let expression = match (expressions.next(), expressions.next()) {
            (Some(only), None) => Expression::parse(only)?,
            _ => return Err("expected one expression".to_owned()),
        };
        let metrics = read
            .metrics
            .into_iter()
            .filter_map(|query| query.metric_stat.map(|stat| Metric::read(query.id, stat)));
        Ok(Self {
            expression,
            metrics: metrics.collect::<Result<_, _>>()?,
            threshold: read.threshold,
            periods: read.evaluation_periods,
            needed: read.datapoints_to_alarm,
        })
    }

    /// Returns the metrics that the alarm watches.
    pub fn metrics(&self) -> &[Metric] {
        &self.metrics
    }

    /// Returns the first minute, counted from the start of the recording, at whose start the alarm
    /// fires.
    pub fn rings_at(&self, recording: &Recording) -> Option<usize> {
        (1..=recording.minutes() + DELIVERY).find(|now| self.rings(recording, *now))
    }

    /// Returns whether the alarm is in the state `ALARM` at the start of a minute: enough of the
    /// last minutes breach. Metrics that are not delivered yet count as missing.
    fn rings(&self, recording: &Recording, now: usize) -> bool {
        let first = now.saturating_sub(self.periods);
        let breaching = (first..now).filter(|minute| {
            let delivered = minute + DELIVERY < now;
            let values = self.metrics.iter().map(|metric| {
                let value = recording.value(metric, *minute).filter(|_| delivered);
                (metric.id.as_str(), value)
            });
            let value = self.expression.value(&values.collect());
            value.is_some_and(|value| value > self.threshold)
        });
        breaching.count() >= self.needed
    }
}

impl Metric {
    fn read(id: String, stat: MetricStat) -> Result<Self, String> {
        if stat.period != 60 {
            return Err(format!("{id}: a period of {} seconds is not evaluated here", stat.period));
        }
        let dimensions = stat.metric.dimensions.into_iter();
        Ok(Self {
            id,
            namespace: stat.metric.namespace,
            name: stat.metric.metric_name,
            dimensions: dimensions.map(|dimension| (dimension.name, dimension.value)).collect(),
            statistic: stat.stat,
        })
    }
}
