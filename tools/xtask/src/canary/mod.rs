//! Plays releases against the canary alarms of template.yaml. A bad release must fire one of them
//! within the canary.

#![expect(clippy::float_arithmetic, reason = "metrics are floating-point numbers in CloudWatch")]

mod alarm;
mod expression;
mod recording;
#[cfg(test)]
mod situations;

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::process::{Failure, heading, root};
use alarm::Alarm;
use recording::Recording;

/// Directory of the releases.
const RECORDINGS: &str = "tests/canary";

/// Plays all releases, and fails if one does not have the expected result.
pub fn drill() -> Result<(), Failure> {
    heading("Releases against the canary alarms");
    let template = template()?;
    let mut wrong = Vec::new();
    for (file, recording) in recordings()? {
        match play(&template, &recording) {
            Ok(outcome) => println!("{file}: {} ({outcome})", recording.release),
            Err(problem) => wrong.push(format!("{file}: {} ({problem})", recording.release)),
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(Failure::Canary(wrong.join("\n"))) }
}

/// Returns the result of a release.
///
/// # Errors
/// If a bad release is not rolled back, or a good one is.
fn play(template: &Value, recording: &Recording) -> Result<String, String> {
    let function = properties(template, &recording.function);
    let canary = canary_minutes(template)?;
    let alarms = alarms(template, function)?;
    let watched: Vec<_> = alarms.iter().flat_map(Alarm::metrics).collect();
    let unwatched = recording.unwatched(&watched);
    if !unwatched.is_empty() {
        return Err(format!("no alarm watches {}", unwatched.join(", ")));
    }
    let rings = alarms.iter().filter_map(|alarm| alarm.rings_at(recording)).min();
    let after = rings.map(|minute| minute.saturating_sub(recording.begins));
    match (recording.bad, after) {
        (true, Some(minutes)) if minutes <= canary => {
            Ok(format!("taken back after {minutes} of {canary} minutes"))
        }
        (true, Some(minutes)) => {
            Err(format!("rings after {minutes} minutes, the canary has {canary}"))
        }
        (true, None) => Err("is never taken back".to_owned()),
        (false, Some(minutes)) => Err(format!("is taken back after {minutes} minutes")),
        (false, None) => Ok("stays".to_owned()),
    }
}

/// Returns the properties of a resource, or null if there are none.
fn properties<'a>(template: &'a Value, resource: &str) -> &'a Value {
    template.pointer(&format!("/Resources/{resource}/Properties")).unwrap_or(&Value::Null)
}

/// Returns the minutes of the canary from its name, as in `Canary10Percent10Minutes`.
fn canary_minutes(template: &Value) -> Result<usize, String> {
    let kind = template.pointer("/Globals/Function/DeploymentPreference/Type/1");
    let name = kind.and_then(Value::as_str).unwrap_or_default();
    let minutes = name.strip_suffix("Minutes").and_then(|rest| rest.rsplit_once("Percent"));
    let minutes = minutes.and_then(|(_, minutes)| minutes.parse().ok());
    minutes.ok_or_else(|| format!("the canary {name:?} has no minutes"))
}

/// Returns the alarms that roll back a deployment of the function.
fn alarms(template: &Value, function: &Value) -> Result<Vec<Alarm>, String> {
    let names = function.pointer("/DeploymentPreference/Alarms/1").and_then(Value::as_array);
    let names = names.into_iter().flatten().filter_map(Value::as_str);
    let alarms = names.map(|name| {
        let alarm = Alarm::read(properties(template, name));
        let alarm = alarm.map_err(|problem| format!("{name}: {problem}"))?;
        match alarm.is_by_minute() {
            true => Ok(alarm),
            false => Err(format!("{name}: its periods are not minutes, as those of a recording")),
        }
    });
    let alarms: Vec<Alarm> = alarms.collect::<Result<_, _>>()?;
    if alarms.is_empty() { Err("the function has no canary alarm".to_owned()) } else { Ok(alarms) }
}

fn template() -> Result<Value, Failure> {
    let path = root().join("template.yaml");
    serde_saphyr::from_str(&read(&path)?).map_err(|error| unreadable(&path, &error.to_string()))
}

/// Returns the releases by the names of their files.
fn recordings() -> Result<Vec<(String, Recording)>, Failure> {
    let folder = root().join(RECORDINGS);
    let entries =
        fs::read_dir(&folder).map_err(|source| Failure::File { path: folder.clone(), source })?;
    let mut paths: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    paths.sort();
    let recordings = paths.iter().map(|path| {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let recording = serde_json::from_str(&read(path)?);
        Ok((name, recording.map_err(|error| unreadable(path, &error.to_string()))?))
    });
    recordings.collect()
}

fn read(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|source| Failure::File { path: path.to_owned(), source })
}

fn unreadable(path: &Path, problem: &str) -> Failure {
    Failure::Canary(format!("{}: {problem}", path.display()))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn every_answer_500() -> Recording {
        let mut all = recordings().unwrap().into_iter();
        all.find(|(file, _)| file == "every-answer-500").unwrap().1
    }

    #[test]
    fn every_release_is_treated_as_it_must_be() {
        let template = template().unwrap();
        for (file, recording) in recordings().unwrap() {
            let outcome = play(&template, &recording);
            assert!(outcome.is_ok(), "{file}: {}", outcome.unwrap_err());
        }
    }

    #[test]
    fn every_gradual_function_has_a_bad_release() {
        let template = template().unwrap();
        let resources = template["Resources"].as_object().unwrap();
        let gradual = resources.iter().filter(|(_, resource)| {
            resource["Properties"]["DeploymentPreference"]["Alarms"].is_array()
        });
        let gradual: BTreeSet<String> = gradual.map(|(id, _)| id.clone()).collect();
        let bad = recordings().unwrap().into_iter().filter(|(_, recording)| recording.bad);
        let bad: BTreeSet<String> = bad.map(|(_, recording)| recording.function).collect();
        assert_eq!(gradual, bad);
        assert_eq!(gradual.len(), 5);
    }

    #[test]
    fn alarm_over_other_metrics_misses_the_release() {
        let mut template = template().unwrap();
        let metrics = &mut template["Resources"]["BindCanary"]["Properties"]["Metrics"];
        metrics[0]["Expression"] = "FILL(errors, 0) > 0".into();
        let recording = every_answer_500();
        assert_eq!(play(&template, &recording).unwrap_err(), "is never taken back");
    }

    #[test]
    fn canary_alarm_is_by_minute() {
        let mut template = template().unwrap();
        let metrics = template["Resources"]["BindCanary"]["Properties"]["Metrics"].as_array_mut();
        for metric in metrics.unwrap().iter_mut().skip(1) {
            metric["MetricStat"]["Period"] = 300.into();
        }
        let recording = every_answer_500();
        let problem = play(&template, &recording).unwrap_err();
        assert!(problem.contains("not minutes"), "{problem}");
    }

    #[test]
    fn alarm_slower_than_the_canary_is_reported() {
        let mut template = template().unwrap();
        let alarm = &mut template["Resources"]["BindCanary"]["Properties"];
        alarm["EvaluationPeriods"] = 14.into();
        alarm["DatapointsToAlarm"] = 9.into();
        let recording = every_answer_500();
        let problem = play(&template, &recording).unwrap_err();
        assert!(problem.ends_with("the canary has 10"), "{problem}");
    }
}
