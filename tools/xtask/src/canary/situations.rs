//! Alarms over expressions in situations in which they have to fire, and in others.

use std::collections::{BTreeMap, BTreeSet};

use super::alarm::Alarm;
use super::{properties, template};

/// An alarm, the time at which the first period begins, the values of metrics by period, `-` where
/// one is missing, and whether the alarm fires after them.
type Situation = (&'static str, &'static str, &'static str, bool);

const SITUATIONS: &[Situation] = &[
    ("NightFailed", "00:30", "failed 1", true),
    ("NightFailed", "00:30", "late 1", true),
    ("NightFailed", "00:30", "unstarted 1", true),
    ("NightFailed", "00:30", "startLate 1", true),
    ("NightFailed", "00:30", "failed 0; late 0; unstarted -; startLate 0", false),
    ("NightFailed", "00:30", "failed 1 0 0", false),
    ("SwitchesOn", "10:00", "switches 1", true),
    ("SwitchesOn", "10:00", "switches 0", false),
    // It is off in this hour, so that it fires again each day.
    ("SwitchesOn", "08:15", "switches 1", false),
    ("EventsQuarantined", "12:00", "events 1", true),
    ("EventsQuarantined", "12:00", "fees 1", true),
    ("EventsQuarantined", "12:00", "events 0; fees 0", false),
    ("CorrectionsNotApplied", "12:00", "unmatched 1", true),
    ("CorrectionsNotApplied", "12:00", "inexact 1", true),
    ("CorrectionsNotApplied", "12:00", "unmatched 0; inexact 0", false),
    // Events that were sent before midnight, and such that were sent after it.
    ("EventsLateForNight", "00:10", "age 660 720", true),
    ("EventsLateForNight", "00:10", "age 540 600 660", false),
    ("EventsLateForNight", "00:06", "age 900 900 900", false),
    ("EventsLateForNight", "00:30", "age 9000 9000 9000", false),
    ("EventsLateForNight", "12:10", "age 9000 9000 9000", false),
    ("KinesisStalled", "12:00", "written 100 100 100", true),
    ("KinesisStalled", "12:00", "age 900001 900001 900001; reads 5 5 5; written 9 9 9", true),
    ("KinesisStalled", "12:00", "age 6000 6000 6000; reads 5 5 5; written 100 100 100", false),
    // The last data have not arrived yet.
    ("KinesisStalled", "12:00", "written 100 100 100; reads 5 - -", false),
    ("KinesisStalled", "12:00", "written - - -", false),
    // Not polled, failing, and slow.
    ("KafkaStalled", "12:00", "unread 1 1 1", true),
    ("KafkaStalled", "12:00", "behind 100 100 100; unread 100 100 100", true),
    ("KafkaStalled", "12:00", "behind 3001 3001 3001; messages 1000 1000 1000", true),
    ("KafkaStalled", "12:00", "unread 3000 3000 3000; messages 1000 1000 1000", false),
    ("KafkaStalled", "12:00", "unread 9 9 0 0", false),
    ("OutboundEventsStalled", "12:00", "throttles 5 5", true),
    ("OutboundEventsStalled", "12:00", "binds 3 - - 1", true),
    ("OutboundEventsStalled", "12:00", "runs 9 9; invocations 0 -", true),
    ("OutboundEventsStalled", "12:00", "binds 3 3; invocations 1 1", false),
    ("OutboundEventsStalled", "12:00", "binds 3; invocations - 1", false),
    ("OutboundEventsStalled", "12:00", "invocations - - -", false),
    ("FunctionErrors", "12:00", "getLink 1", true),
    ("FunctionErrors", "12:00", "bind 1", true),
    ("FunctionErrors", "12:00", "dashboard 1", true),
    ("FunctionErrors", "12:00", "ingest 1", true),
    ("FunctionErrors", "12:00", "publish 1", true),
    ("FunctionErrors", "12:00", "bind 0 0; ingest - -", false),
    ("FunctionsThrottled", "12:00", "getLink 1 1", true),
    ("FunctionsThrottled", "12:00", "bind 1 1", true),
    ("FunctionsThrottled", "12:00", "dashboard 1 1", true),
    ("FunctionsThrottled", "12:00", "ingest 1 1", true),
    ("FunctionsThrottled", "12:00", "night 1 1", true),
    ("FunctionsThrottled", "12:00", "publish 1 1", true),
    ("FunctionsThrottled", "12:00", "bind 9 0 0", false),
    ("ApiFailing", "12:00", "failed 2 2; calls 100 100", true),
    ("ApiFailing", "12:00", "failed 1 1; calls 100 100", false),
    ("ApiFailing", "12:00", "failed 9 0; calls 100 100", false),
    ("ApiSlow", "12:00", "link 1000 1000 1000", true),
    ("ApiSlow", "12:00", "window 1000 1000 1000", true),
    ("ApiSlow", "12:00", "bind 1000 1000 1000", true),
    ("ApiSlow", "12:00", "summary 1000 1000 1000; link 20 20 20", true),
    ("ApiSlow", "12:00", "link 999 999 999 999", false),
    ("ApiSlow", "12:00", "bind 9000 9000 20 20", false),
    ("TableThrottled", "12:00", "reads 60 60; writes 60 60", true),
    ("TableThrottled", "12:00", "reads 60 60; writes 40 40", false),
    ("RequestsRefused", "12:00", "refused 300 300 300; requests 500 500 500", true),
    ("RequestsRefused", "12:00", "refused 250 250 250; requests 500 500 500", false),
    ("RequestsRefused", "12:00", "refused 499 499 499; requests 499 499 499", false),
];

fn alarm(template: &serde_json::Value, name: &str) -> Alarm {
    Alarm::read(properties(template, name)).unwrap_or_else(|problem| panic!("{name}: {problem}"))
}

/// Returns the values by the metrics' ids.
fn values(text: &str) -> BTreeMap<&str, Vec<Option<f64>>> {
    let series = text.split("; ").map(|series| {
        let (id, values) = series.split_once(' ').unwrap();
        (id, values.split(' ').map(|value| value.parse().ok()).collect())
    });
    series.collect()
}

fn minute(time: &str) -> usize {
    let (hour, minute) = time.split_once(':').unwrap();
    hour.parse::<usize>().unwrap() * 60 + minute.parse::<usize>().unwrap()
}

#[test]
fn alarms_fire_in_situations() {
    let template = template().unwrap();
    for (name, begins, text, fires) in SITUATIONS {
        let (alarm, values) = (alarm(&template, name), values(text));
        let known: BTreeSet<_> = alarm.metrics().iter().map(|metric| metric.id.as_str()).collect();
        assert!(values.keys().all(|id| known.contains(id)), "{name}: {text}");
        let after = values.values().map(Vec::len).max().unwrap();
        let found = alarm.is_alarm(minute(begins), after, |metric, number| {
            values.get(metric.id.as_str())?.get(number).copied().flatten()
        });
        assert_eq!(found, *fires, "{name} at {begins}: {text}");
    }
}

#[test]
fn each_alarm_has_situations() {
    let template = template().unwrap();
    let resources = template["Resources"].as_object().unwrap();
    let over_expressions = resources.iter().filter(|(id, resource)| {
        let metrics = resource["Properties"]["Metrics"].as_array();
        let is_alarm = resource["Type"] == "AWS::CloudWatch::Alarm";
        // Canaries have recordings.
        is_alarm && !id.ends_with("Canary") && metrics.is_some()
    });
    for (id, _) in over_expressions {
        let of = |fires| SITUATIONS.iter().any(|(name, _, _, is)| name == id && *is == fires);
        assert!(of(true) && of(false), "{id}");
        for metric in alarm(&template, id).metrics() {
            let used = SITUATIONS.iter().any(|(name, _, text, fires)| {
                name == id && *fires && values(text).contains_key(metric.id.as_str())
            });
            assert!(used, "{id}: {}", metric.id);
        }
    }
}
