//! Compares alarms, dashboard and runbook with each other and with the metrics of the functions.

use std::collections::BTreeSet;

use lambda::{Dimension, FUNCTION, Metric, NAMESPACE, STACK, VERSION};
use sam_template::Template;
use serde_json::Value;
use sha2::{Digest, Sha256};
use types::Reason;

const TEMPLATE: &str = include_str!("../template.yaml");
const RUNBOOK: &str = include_str!("../docs/how-to/runbook.md");

/// Tags such as `!Ref` are dropped: the name of the referenced resource remains as text.
fn resources() -> Vec<(String, Value)> {
    let template: Value = serde_saphyr::from_str(TEMPLATE).unwrap();
    let resources = template["Resources"].as_object().unwrap();
    resources.iter().map(|(id, resource)| (id.clone(), resource.clone())).collect()
}

fn alarms() -> Vec<(String, Value)> {
    let is_alarm = |resource: &Value| {
        let kind = resource["Type"].as_str().unwrap();
        ["AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm"].contains(&kind)
    };
    resources().into_iter().filter(|(_, resource)| is_alarm(resource)).collect()
}

/// The dashboards' bodies, with each substitution replaced by its name.
fn dashboards() -> Vec<Value> {
    let dashboards: Vec<_> = resources()
        .into_iter()
        .filter(|(_, resource)| resource["Type"] == "AWS::CloudWatch::Dashboard")
        .collect();
    // Those of the users, of the night and of the money.
    assert_eq!(dashboards.len(), 3);
    let body = |dashboard: &Value| {
        let body = &dashboard["Properties"]["DashboardBody"];
        // A list with the substituted values, or the text alone.
        let text = body.as_str().or_else(|| body[0].as_str()).unwrap();
        serde_json::from_str(text).unwrap()
    };
    dashboards.iter().map(|(_, dashboard)| body(dashboard)).collect()
}

/// A reference to one of our metrics, with its dimensions other than the stack; an empty value
/// means all values.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Named {
    metric: String,
    dimensions: Vec<(String, String)>,
}

/// Returns the references to our metrics in an alarm, at any depth.
fn named_in(alarm: &Value) -> Vec<Named> {
    let mut found = Vec::new();
    match alarm {
        Value::Object(members) => {
            if members.get("Namespace").is_some_and(|namespace| namespace == NAMESPACE) {
                let pairs = members["Dimensions"].as_array().unwrap().iter().map(|dimension| {
                    let text = |name: &str| dimension[name].as_str().unwrap().to_owned();
                    (text("Name"), text("Value"))
                });
                let metric = members["MetricName"].as_str().unwrap().to_owned();
                found.push(Named { metric, dimensions: without_stack(pairs.collect()) });
            }
            found.extend(members.values().flat_map(named_in));
        }
        Value::Array(items) => found.extend(items.iter().flat_map(named_in)),
        _ => {}
    }
    found
}

/// The first dimension of every metric of ours is the stack.
fn without_stack(mut dimensions: Vec<(String, String)>) -> Vec<(String, String)> {
    assert_eq!(dimensions.remove(0).0, STACK);
    dimensions
}

/// Our metrics on the dashboards: those that they name, and those that they search for.
fn on_the_dashboards() -> Vec<Named> {
    let dashboards = dashboards();
    let widgets = dashboards.iter().flat_map(|one| one["widgets"].as_array().unwrap());
    let rows = widgets.flat_map(|widget| widget["properties"]["metrics"].as_array().unwrap());
    rows.filter_map(|row| match row[0].as_str() {
        Some(NAMESPACE) => {
            let texts: Vec<&str> =
                row.as_array().unwrap().iter().filter_map(Value::as_str).collect();
            let pairs = texts[2..].chunks(2).map(|pair| (pair[0].to_owned(), pair[1].to_owned()));
            let dimensions = without_stack(pairs.collect());
            Some(Named { metric: texts[1].to_owned(), dimensions })
        }
        Some(_) => None,
        None => Some(searched(row[0]["expression"].as_str().unwrap())),
    })
    .collect()
}

/// Parses `SEARCH('{Recall,Stack,Route} Stack="…" MetricName="Latency"', 'p50', 300)`.
fn searched(expression: &str) -> Named {
    let between = |from: &str, to: &str| {
        let (_, rest) = expression.split_once(from).unwrap();
        rest.split_once(to).unwrap().0.to_owned()
    };
    let schema = between("SEARCH('{", "}");
    let mut names = schema.split(',');
    assert_eq!(names.next(), Some(NAMESPACE));
    let pairs = names.map(|name| (name.to_owned(), String::new()));
    Named { metric: between("MetricName=\"", "\""), dimensions: without_stack(pairs.collect()) }
}

/// Returns the dimension of a metric other than the stack, if it has one.
fn dimension_of(metric: Metric) -> Option<Dimension> {
    match metric {
        Metric::Latency | Metric::Faults => Some(Dimension::Route),
        Metric::Refusals => Some(Dimension::Reason),
        Metric::StepTime => Some(Dimension::Step),
        _ => None,
    }
}

fn values_of(dimension: Dimension) -> Vec<String> {
    match dimension {
        Dimension::Route => {
            let routes = Template::embedded().unwrap().routes;
            routes.iter().map(sam_template::Route::key).collect()
        }
        Dimension::Reason => {
            let refusing = Reason::ALL.iter().filter(|reason| reason.refuses_bind());
            refusing.map(|reason| reason.code().to_owned()).collect()
        }
        Dimension::Step => nightly::Step::NAMES.iter().map(|name| (*name).to_owned()).collect(),
    }
}

/// Whether these are the dimensions of a function of the template, or of its newest version.
fn is_of_a_function(dimensions: &[(String, String)]) -> bool {
    let Some(((name, function), version)) = dimensions.split_first() else { return false };
    let is_newest = |(name, value): &(String, String)| {
        name == VERSION && *value == format!("{function}.Version.Version")
    };
    name == FUNCTION
        && functions().iter().any(|(id, _)| id == function)
        && version.len() <= 1
        && version.iter().all(is_newest)
}

fn assert_measured(named: &Named) {
    let metric = Metric::ALL.iter().find(|metric| metric.name() == named.metric);
    let metric = metric.unwrap_or_else(|| panic!("nobody measures {named:?}"));
    if metric.is_of_version() && is_of_a_function(&named.dimensions) {
        return;
    }
    for (name, value) in &named.dimensions {
        let dimension = dimension_of(*metric).filter(|dimension| dimension.name() == name);
        let dimension = dimension.unwrap_or_else(|| panic!("{named:?} has no {name}"));
        assert!(value.is_empty() || values_of(dimension).contains(value), "{named:?}");
    }
}

#[test]
fn watched_metrics_exist() {
    let watched: Vec<Named> = alarms().iter().flat_map(|(_, alarm)| named_in(alarm)).collect();
    let shown = on_the_dashboards();
    assert!(watched.len() >= 7 && shown.len() >= 20, "{} {}", watched.len(), shown.len());
    watched.iter().chain(&shown).for_each(assert_measured);
}

#[test]
fn every_metric_is_used() {
    let mut seen: BTreeSet<String> =
        on_the_dashboards().into_iter().map(|named| named.metric).collect();
    seen.extend(alarms().iter().flat_map(|(_, alarm)| named_in(alarm)).map(|named| named.metric));
    let unseen =
        Metric::ALL.iter().map(|metric| metric.name()).filter(|name| !seen.contains(*name));
    assert_eq!(unseen.collect::<Vec<_>>(), [""; 0]);
}

/// The section of an alarm in the runbook: its own, or the one of all canaries.
fn section_of(id: &str) -> &str {
    if canaries().contains(id) { "Canaries" } else { id }
}

/// The alarms that take a deployment back, by the functions' deployment preferences.
fn canaries() -> BTreeSet<String> {
    let alarms_of = |function: &Value| match &function["Properties"]["DeploymentPreference"] {
        preference if preference["Type"] == "AllAtOnce" => vec![],
        preference => preference["Alarms"][1].as_array().unwrap().clone(),
    };
    let alarms = functions().into_iter().flat_map(|(_, function)| alarms_of(&function));
    alarms.map(|alarm| alarm.as_str().unwrap().to_owned()).collect()
}

#[test]
fn every_alarm_has_a_runbook_section() {
    let (_, chapter) = RUNBOOK.split_once("\n## Alarms\n").unwrap();
    let chapter = chapter.split("\n## ").next().unwrap();
    let sections: BTreeSet<&str> =
        chapter.lines().filter_map(|line| line.strip_prefix("### ")).collect();
    let alarms = alarms();
    let ids: BTreeSet<&str> = alarms.iter().map(|(id, _)| section_of(id)).collect();
    assert_eq!(sections, ids, "left: the runbook's; right: the template's");
    for (id, alarm) in &alarms {
        let description = alarm["Properties"]["AlarmDescription"].as_str().unwrap();
        let named = format!("Runbook: docs/how-to/runbook.md#{}", section_of(id).to_lowercase());
        assert!(description.ends_with(&named), "{id}: {description}");
        assert!(description.len() <= 1024, "{id}: CloudWatch takes no longer description");
    }
}

#[test]
fn runbook_sections_are_complete() {
    let (_, chapter) = RUNBOOK.split_once("\n## Alarms\n").unwrap();
    let chapter = chapter.split("\n## ").next().unwrap();
    for section in chapter.split("\n### ").skip(1) {
        let name = section.lines().next().unwrap();
        for part in ["**Means.**", "**Check.**", "**Do.**", "**Escalate**", "**Resolved**"] {
            assert!(section.contains(part), "{name} does not say {part}");
        }
    }
}

#[test]
fn every_alarm_notifies() {
    let alarms = alarms();
    let rules: String = alarms
        .iter()
        .filter_map(|(_, alarm)| alarm["Properties"].get("AlarmRule").map(Value::to_string))
        .collect();
    for (id, alarm) in &alarms {
        let calls = alarm["Properties"]["AlarmActions"].is_array();
        if canaries().contains(id) {
            assert!(!calls, "{id} takes a deployment back, and calls nobody");
            continue;
        }
        assert_ne!(calls, rules.contains(&format!("${{{id}}}")), "{id} calls twice or nobody");
    }
}

fn functions() -> Vec<(String, Value)> {
    let is_function = |resource: &Value| resource["Type"] == "AWS::Serverless::Function";
    resources().into_iter().filter(|(_, resource)| is_function(resource)).collect()
}

#[test]
fn functions_are_called_by_alias() {
    for (id, _) in functions() {
        assert!(
            !TEMPLATE.contains(&format!("!GetAtt {id}.Arn")),
            "{id} is called without its alias"
        );
    }
}

/// Properties of a function that its versions do not keep, or whose change publishes no version.
const NOT_OF_A_VERSION: [&str; 9] = [
    "AutoPublishAlias",
    "CodeSigningConfigArn",
    "CodeUri",
    "DeploymentPreference",
    "Events",
    "Handler",
    "ReservedConcurrentExecutions",
    "Tags",
    "VersionDescription",
];

/// The settings that a version of a function keeps, the template's globals included.
fn settings(function: &Value) -> serde_json::Map<String, Value> {
    let template: Value = serde_saphyr::from_str(TEMPLATE).unwrap();
    let globals = template["Globals"]["Function"].as_object().unwrap().clone();
    let own = function["Properties"].as_object().unwrap().clone();
    let mut settings = serde_json::Map::new();
    for (name, value) in globals.into_iter().chain(own) {
        if !NOT_OF_A_VERSION.contains(&name.as_str()) {
            let known = settings.entry(name).or_insert_with(|| Value::Array(Vec::new()));
            known.as_array_mut().unwrap().push(value);
        }
    }
    settings
}

/// SAM publishes a version for new code and for a new description of the version. Lambda refuses a
/// version that equals the last one, so a description changes if and only if a setting does.
#[test]
fn version_names_settings_digest() {
    let mut wrong = Vec::new();
    for (id, function) in functions() {
        assert!(function["Properties"].get("AutoPublishAliasAllProperties").is_none(), "{id}");
        let description = function["Properties"]["VersionDescription"].as_str().unwrap();
        let mut settings: Vec<String> = settings(&function)
            .into_iter()
            .map(|(name, values)| format!("{name}: {}", sorted(&values)))
            .collect();
        settings.sort();
        let digest = Sha256::digest(settings.join("\n"));
        let wanted = format!("settings {}", hex::encode(&digest[..3]));
        if !description.starts_with(&wanted) {
            wrong.push(format!("{id}: VersionDescription begins with {wanted}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A value's JSON with the names of its members in order.
fn sorted(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let members: std::collections::BTreeMap<&String, String> =
                members.iter().map(|(name, value)| (name, sorted(value))).collect();
            format!("{members:?}")
        }
        Value::Array(items) => format!("{:?}", items.iter().map(sorted).collect::<Vec<_>>()),
        other => other.to_string(),
    }
}

#[test]
fn version_description_names_the_parameters_of_the_settings() {
    let template: Value = serde_saphyr::from_str(TEMPLATE).unwrap();
    let parameters: Vec<&String> = template["Parameters"].as_object().unwrap().keys().collect();
    let words = |text: &str| -> BTreeSet<String> {
        text.split(|c: char| !c.is_ascii_alphanumeric()).map(str::to_owned).collect()
    };
    for (id, function) in functions() {
        let description = function["Properties"]["VersionDescription"].as_str().unwrap();
        let used = words(&Value::Object(settings(&function)).to_string());
        for parameter in parameters.iter().filter(|name| used.contains(**name)) {
            let named = description.contains(&format!("${{{parameter}}}"));
            assert!(named, "{id}: a new {parameter} would not be live");
        }
    }
}

/// FILL also fills a period whose data are still to come, so that an alarm that needs the newest
/// period would keep its state for ever.
#[test]
fn alarm_with_fill_does_not_need_the_newest_period() {
    for (id, alarm) in alarms() {
        let properties = &alarm["Properties"];
        if properties["Metrics"].to_string().contains("FILL(") {
            let needed = properties["DatapointsToAlarm"].as_u64().unwrap_or(u64::MAX);
            let looked_at = properties["EvaluationPeriods"].as_u64().unwrap();
            assert!(needed < looked_at, "{id}: {needed} of {looked_at}");
        }
    }
}

/// SQS refuses a statement with several resources, and a second policy of a queue replaces the first:
/// its removal would remove both.
#[test]
fn each_queue_has_one_policy() {
    let mut queues = Vec::new();
    for (id, policy) in resources() {
        if policy["Type"] != "AWS::SQS::QueuePolicy" {
            continue;
        }
        let [queue] = policy["Properties"]["Queues"].as_array().unwrap().as_slice() else {
            panic!("{id} has several queues");
        };
        queues.push(queue.as_str().unwrap().to_owned());
        for statement in policy["Properties"]["PolicyDocument"]["Statement"].as_array().unwrap() {
            // A statement under a condition is the second of three values.
            let statement = statement.get(1).unwrap_or(statement);
            assert_eq!(statement["Resource"], format!("{}.Arn", queue.as_str().unwrap()), "{id}");
        }
    }
    queues.sort();
    let of_the_template = resources().into_iter();
    let mut expected: Vec<String> = of_the_template
        .filter(|(_, resource)| resource["Type"] == "AWS::SQS::Queue")
        .map(|(id, _)| id)
        .collect();
    expected.sort();
    assert_eq!(queues, expected);
}

/// The values of an intrinsic `If`, whose tag is dropped.
fn branches(value: &Value) -> Vec<String> {
    value.as_array().unwrap().iter().map(ToString::to_string).collect()
}

/// A global table may be written in one region only.
#[test]
fn other_region_writes_nothing() {
    let all: std::collections::BTreeMap<String, Value> = resources().into_iter().collect();
    let event = |id: &str, name: &str| all[id]["Properties"]["Events"][name]["Properties"].clone();
    for schedule in [event("StartNightly", "Schedule"), event("DailyCommission", "Check")] {
        let expected = ["\"HasNights\"", "\"ENABLED\"", "\"DISABLED\""];
        assert_eq!(branches(&schedule["State"]), expected);
    }
    let streams = ["KinesisEvents", "KafkaEvents"].map(|id| all[id]["Properties"].clone());
    let events = [event("Ingest", "Queue"), event("PublishEvents", "Stream")];
    for source in streams.iter().chain(&events) {
        assert_eq!(branches(&source["Enabled"]), ["\"IsBookingRegion\"", "true", "false"]);
    }
    for id in ["Bind", "GetLink"] {
        let reserved = branches(&all[id]["Properties"]["ReservedConcurrentExecutions"]);
        assert_eq!(
            (reserved[0].as_str(), reserved[2].as_str()),
            ("\"IsBookingRegion\"", "0"),
            "{id}"
        );
    }
    let template: Value = serde_saphyr::from_str(TEMPLATE).unwrap();
    // The alarms of the mappings, which read nothing there, are those of the booking region too.
    for condition in ["HasNights", "WatchesKinesis", "WatchesKafka"] {
        let operands = template["Conditions"][condition].to_string();
        assert!(operands.contains("IsBookingRegion"), "{condition}: {operands}");
    }
}

#[test]
fn global_table_is_defined_as_the_table() {
    const GLOBAL: &str = include_str!("../global-table.yaml");
    let global: Value = serde_saphyr::from_str(GLOBAL).unwrap();
    let global = &global["Resources"]["Table"]["Properties"];
    let template: Value = serde_saphyr::from_str(TEMPLATE).unwrap();
    let table = &template["Resources"]["Table"]["Properties"];
    for name in [
        "AttributeDefinitions",
        "BillingMode",
        "KeySchema",
        "SSESpecification",
        "StreamSpecification",
        "TimeToLiveSpecification",
    ] {
        assert!(global[name].is_object() || global[name].is_array() || global[name].is_string());
        assert_eq!(global[name], table[name], "{name}");
    }
    for replica in global["Replicas"].as_array().unwrap() {
        let recovery = "PointInTimeRecoverySpecification";
        assert_eq!(replica[recovery], table[recovery], "{replica}");
    }
}

/// Names of these resources are of the account, so that a second region needs others.
#[test]
fn names_of_the_account_have_the_region() {
    let of_the_account = |kind: &str| {
        kind.starts_with("AWS::CloudFront::")
            || ["AWS::Budgets::Budget", "AWS::CloudWatch::Dashboard", "AWS::IAM::Role"]
                .contains(&kind)
    };
    let mut found = 0;
    for (id, resource) in resources() {
        let kind = resource["Type"].as_str().unwrap();
        for name in of_the_account(kind).then(|| names_in(&resource)).into_iter().flatten() {
            found += 1;
            assert!(name.contains("${AWS::Region}"), "{id}: {name}");
        }
    }
    assert!(found >= 7, "{found}");
}

/// A restored table takes the place of the stack's own by a parameter. A reference that ignores it
/// would work on the other table.
#[test]
fn table_references_follow_the_parameter() {
    let is_reference = |line: &&str| {
        let line = format!("{line} ");
        ["!GetAtt Table.", "!Ref Table]", "!Ref Table ", "${Table}"]
            .iter()
            .any(|word| line.contains(word))
    };
    let references: Vec<&str> = TEMPLATE.lines().filter(is_reference).collect();
    assert!(references.len() >= 30, "{}", references.len());
    let wrong: Vec<_> =
        references.iter().filter(|line| !line.contains("!If [AdoptsTable,")).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The names that a resource gives to itself.
fn names_in(resource: &Value) -> Vec<String> {
    let properties = resource["Properties"].as_object().unwrap();
    let inner = properties.values().filter_map(Value::as_object).flatten();
    let all = properties.iter().chain(inner);
    let named = ["Name", "BudgetName", "DashboardName", "RoleName"];
    all.filter(|(member, _)| named.contains(&member.as_str()))
        .map(|(_, value)| value.as_str().unwrap().to_owned())
        .collect()
}
