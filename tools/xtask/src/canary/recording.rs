//! Metrics of a release, minute by minute, as CloudWatch keeps them.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::alarm::Metric;

/// A release and its metrics, from a file of tests/canary.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recording {
    /// The defect of the release, if any.
    pub release: String,
    /// The logical id of the function that it deploys.
    pub function: String,
    /// Whether the release must be rolled back.
    pub bad: bool,
    /// The minute in which the new version gets its first traffic.
    pub begins: usize,
    series: Vec<Series>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Series {
    namespace: String,
    metric: String,
    dimensions: BTreeMap<String, String>,
    minutes: Vec<Option<Samples>>,
}

/// The values of a minute, with the number of occurrences of each.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Samples {
    values: Vec<f64>,
    counts: Vec<f64>,
}

impl Recording {
    /// Returns the number of recorded minutes.
    pub fn minutes(&self) -> usize {
        self.series.iter().map(|series| series.minutes.len()).max().unwrap_or(0)
    }

    /// Returns the metrics that no alarm of `watched` reads.
    pub fn unwatched(&self, watched: &[&Metric]) -> Vec<&str> {
        let is_watched = |series: &Series| watched.iter().any(|metric| series.is_of(metric));
        let unwatched = self.series.iter().filter(|series| !is_watched(series));
        unwatched.map(|series| series.metric.as_str()).collect()
    }

    /// Returns a metric's value in a minute, if there are samples.
    pub fn value(&self, metric: &Metric, minute: usize) -> Option<f64> {
        let series = self.series.iter().find(|series| series.is_of(metric))?;
        series.minutes.get(minute)?.as_ref()?.statistic(&metric.statistic)
    }
}

impl Series {
    fn is_of(&self, metric: &Metric) -> bool {
        self.namespace == metric.namespace
            && self.metric == metric.name
            && self.dimensions == metric.dimensions
    }
}

impl Samples {
    fn statistic(&self, name: &str) -> Option<f64> {
        let pairs = || self.values.iter().zip(&self.counts);
        let number: f64 = self.counts.iter().sum();
        match name.strip_prefix('p').map(str::parse::<f64>) {
            Some(Ok(percent)) => self.percentile(percent / 100.0 * number),
            _ => match name {
                "SampleCount" => Some(number),
                "Sum" => Some(pairs().map(|(value, count)| value * count).sum()),
                _ => None,
            },
        }
    }

    /// Returns the smallest value at or below which there are at least the given number of samples.
    fn percentile(&self, rank: f64) -> Option<f64> {
        let mut sorted: Vec<(f64, f64)> =
            self.values.iter().copied().zip(self.counts.iter().copied()).collect();
        sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut seen = 0.0;
        sorted.into_iter().find_map(|(value, count)| {
            seen += count;
            (seen >= rank).then_some(value)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statistics_weigh_values_by_their_counts() {
        let samples = Samples { values: vec![900.0, 10.0, 20.0], counts: vec![1.0, 5.0, 4.0] };
        assert_eq!(samples.statistic("SampleCount"), Some(10.0));
        assert_eq!(samples.statistic("Sum"), Some(1030.0));
        assert_eq!(samples.statistic("p90"), Some(20.0));
        assert_eq!(samples.statistic("p95"), Some(900.0));
        assert_eq!(samples.statistic("Median"), None);
    }
}
