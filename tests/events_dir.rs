//! The files of `events/`. The function named by a file's folder processes it, parsed as by the
//! function's runtime: first unchanged, then with values that only a running programme has (a
//! link's code, a confirmation, a run).

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use aws_lambda_events::event::dynamodb::Event as StreamEvent;
use ingestion::Delivery;
use lambda_http::Body;
use nightly::StepError;
use sam_template::Template;
use serde_json::{Value, json};

use crate::announced::{Told, types};
use crate::test_app::{TestApp, at, day, uid};

const AFFILIATE: &str = "10000001";
const DORMANT: &str = "20000001";

/// Placeholders of a link's code and of a confirmation in the files.
const CODE: &str = "ABCDEFGH";
const CONFIRMATION: &str = "CONFIRMATION";

/// Answers of the API functions to the unchanged files: status, type, and one member.
const AS_THEY_ARE: [(&str, &str, &str, &str); 14] = [
    ("get-link/link.json", "200 application/json", "/invites/1", "existing"),
    ("get-link/qr-svg.json", "200 image/svg+xml", "", ""),
    ("get-link/qr-png.json", "200 image/png", "", ""),
    ("get-link/links.json", "200 application/json", "/links/0/sharedCommission/spot", "0"),
    ("get-link/new-link.json", "201 application/json", "/label", "autumn stream"),
    ("get-link/change-link.json", "404 application/problem+json", "/parameter", "code"),
    ("bind/invitation.json", "200 application/json", "/programme/brand", "Welcome Back"),
    ("bind/card.json", "200 text/html; charset=utf-8", "", ""),
    ("bind/window.json", "404 application/problem+json", "/code", "unknown_link"),
    ("bind/bind.json", "422 application/problem+json", "/code", "confirmation_invalid"),
    ("bind/binding.json", "404 application/problem+json", "/code", "not_found"),
    ("dashboard/dashboard.json", "200 application/json", "/from", "2026-11-01"),
    ("dashboard/referrals.json", "200 application/json", "", ""),
    ("dashboard/commissions.json", "200 application/json", "/to", "2026-11-21"),
];

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../events")
}

fn read(file: &str) -> String {
    fs::read_to_string(directory().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

fn event(file: &str) -> Value {
    serde_json::from_str(&read(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// Returns all files, as `bind/window.json`.
fn files() -> BTreeSet<String> {
    let folders = names(&directory()).into_iter().filter(|name| directory().join(name).is_dir());
    let inside = |folder: String| {
        names(&directory().join(&folder)).into_iter().map(move |name| format!("{folder}/{name}"))
    };
    folders.flat_map(inside).collect()
}

/// Returns the part of the machine's input that its first state passes on.
fn planned(mut input: Value) -> Value {
    input["step"] = json!("plan");
    input
}

/// An answer of an API function.
struct Answer {
    /// Status and type, as `200 application/json`.
    kind: String,
    /// Null if it is not JSON.
    body: Value,
}

/// A programme with an affiliate and a dormant user of the sample, which processes the files.
struct Stage {
    app: TestApp,
    code: String,
    run: BTreeSet<String>,
}

impl Stage {
    async fn set() -> Self {
        let app = TestApp::at("2026-11-22T12:00:00Z").await;
        let code = app.affiliate(AFFILIATE).await;
        app.registered(DORMANT, "2024-01-01T00:00:00Z").await;
        Self { app, code, run: BTreeSet::new() }
    }

    fn text(&mut self, file: &str) -> String {
        self.run.insert(file.to_owned());
        read(file)
    }

    /// Sends a request; `filled` lists placeholders and their values.
    async fn request(&mut self, file: &str, filled: &[(&str, &str)]) -> Answer {
        let mut text = self.text(file);
        for (placeholder, value) in filled {
            assert!(text.contains(placeholder), "{file} does not hold {placeholder}");
            text = text.replace(placeholder, value);
        }
        let request = lambda_http::request::from_str(&text).unwrap();
        let context = &self.app.context;
        let response = match file.split('/').next().unwrap() {
            "get-link" => linking::handle(context, request).await,
            "bind" => binding::handle(context, request).await,
            "dashboard" => reporting::handle(context, request).await,
            other => panic!("{other} answers no requests"),
        };
        let media = response.headers()["content-type"].to_str().unwrap();
        let kind = format!("{} {media}", response.status().as_u16());
        let body = match response.body() {
            Body::Text(text) => serde_json::from_str(text).unwrap_or_default(),
            _ => Value::Null,
        };
        Answer { kind, body }
    }

    /// Ingests the queue's batch and returns the messages to be redelivered.
    async fn batch(&mut self, code: &str) -> Vec<String> {
        self.deliver("ingest/batch.json", code).await
    }

    async fn deliver(&mut self, file: &str, code: &str) -> Vec<String> {
        let text = self.text(file).replace(CODE, code);
        let batch: Delivery = serde_json::from_str(&text).unwrap();
        let answer = ingestion::handle(&self.app.context, batch).await.unwrap();
        answer.batch_item_failures.into_iter().map(|failure| failure.item_identifier).collect()
    }

    /// Passes the stream's batch to publish-events and returns the published events.
    async fn announced(&mut self) -> Vec<Value> {
        let batch: StreamEvent =
            serde_json::from_str(&self.text("publish-events/stream.json")).unwrap();
        let told = Told::new();
        assert_eq!(told.hand_over(&self.app, batch.records).await, None);
        told.all()
    }

    async fn quarantined(&self) -> Vec<String> {
        let today = self.app.context.table.quarantined(day("2026-11-22")).await.unwrap();
        today.into_iter().map(|kept| kept.reason).collect()
    }

    /// Runs a step of the nightly job, with some members of its input replaced.
    async fn step(&mut self, file: &str, filled: Value) -> Result<Value, StepError> {
        let mut input: Value = serde_json::from_str(&self.text(file)).unwrap();
        for (name, value) in filled.as_object().unwrap() {
            assert!(input.get(name).is_some(), "{file} has no {name}");
            input[name] = value.clone();
        }
        nightly::handle(&self.app.context, &input).await
    }

    async fn as_it_is(&mut self, file: &str) -> Result<Value, StepError> {
        self.step(file, json!({})).await
    }

    /// Runs the steps of the nightly machine for an input of the machine.
    async fn night(&mut self, file: &str) -> Value {
        let input = planned(serde_json::from_str(&self.text(file)).unwrap());
        nightly::handle(&self.app.context, &input).await.unwrap()
    }
}

#[tokio::test]
async fn files_answer_as_stated() {
    let mut stage = Stage::set().await;
    for (file, kind, pointer, value) in AS_THEY_ARE {
        let answer = stage.request(file, &[]).await;
        assert_eq!(answer.kind, kind, "{file}: {}", answer.body);
        if !pointer.is_empty() {
            assert_eq!(answer.body.pointer(pointer), Some(&json!(value)), "{file}");
        }
    }
    ingested_as_it_is(&mut stage).await;
    stepped_as_they_are(&mut stage).await;
    told_as_it_is(&mut stage).await;
    assert_eq!(stage.run, files(), "left: the files run here; right: the files that there are");
}

/// The queue's message of an unknown account is redelivered. A payment of an unknown run and an
/// event of an unknown type are quarantined. All others are ingested. In both streams a fee of an
/// unknown account and a record that is no text are quarantined.
async fn ingested_as_it_is(stage: &mut Stage) {
    let messages = event("ingest/batch.json")["Records"].clone();
    assert_eq!(stage.batch(CODE).await, [messages[2]["messageId"].as_str().unwrap()]);
    let reasons = BTreeSet::from_iter(stage.quarantined().await);
    assert_eq!(reasons, ["nothing_booked", "unreadable"].map(str::to_owned).into());
    let before = stage.quarantined().await.len();
    for (file, user) in [("ingest/kinesis.json", "90000002"), ("ingest/kafka.json", "90000003")] {
        assert_eq!(stage.deliver(file, CODE).await, [""; 0], "{file}");
        let account = stage.app.context.table.account(&uid(user)).await.unwrap().unwrap();
        let active = account.value.facts.last_activity_at;
        assert_eq!(active, Some(at("2026-11-21T10:15:30.123Z")), "{file}");
    }
    let mut reasons = stage.quarantined().await;
    reasons.sort();
    assert_eq!(reasons.len(), before + 4);
    let of_unknown = reasons.iter().filter(|reason| *reason == "unknown_account");
    assert_eq!(of_unknown.count(), 2, "{reasons:?}");
}

/// For the last record only the void binding is published, because nothing else of the account has
/// changed.
async fn told_as_it_is(stage: &mut Stage) {
    let told = stage.announced().await;
    let expected = [
        "recall.binding.created.v1",
        "recall.commission.settled.v1",
        "recall.tier.changed.v1",
        "recall.binding.voided.v1",
    ];
    assert_eq!(types(&told), expected);
    assert_eq!(told[1]["data"]["uid"], AFFILIATE);
    assert_eq!(told[3]["data"]["invitee"], DORMANT);
}

async fn stepped_as_they_are(stage: &mut Stage) {
    for file in ["start-nightly/scheduled.json", "nightly/night.json", "nightly/by-hand.json"] {
        assert_eq!(stage.night(file).await["days"][0]["day"], "2026-11-21", "{file}");
    }
    let plan = stage.as_it_is("daily-commission/plan.json").await.unwrap();
    assert_eq!(plan["days"][0]["shards"].as_array().map(Vec::len), Some(64));
    let fold = stage.as_it_is("daily-commission/fold.json").await.unwrap();
    assert_eq!(fold["lines"], 0, "nobody has bound yet");
    for (file, error) in [
        ("daily-commission/commit.json", "Unfinished"),
        ("daily-commission/publish.json", "BadRequest"),
        ("daily-commission/finish.json", "BadRequest"),
    ] {
        assert_eq!(stage.as_it_is(file).await.unwrap_err().name(), error, "{file}");
    }
    let aside = stage.as_it_is("daily-commission/set-aside.json").await.unwrap();
    assert_eq!(aside["setAside"], "each worker on it ended with Runtime.ExitError");
    let evaluated = stage.as_it_is("daily-commission/evaluate.json").await.unwrap();
    assert_eq!(evaluated, json!({ "affiliates": 1, "promoted": 0 }));
    let closed = stage.as_it_is("daily-commission/close-quarter.json").await.unwrap();
    assert_eq!(closed, json!({ "evaluatedThrough": "2026-Q3" }));
    let reconciled = stage.as_it_is("daily-commission/reconcile.json").await.unwrap();
    assert_eq!(reconciled["differences"], 0);
    let applied = stage.as_it_is("daily-commission/apply-activity.json").await.unwrap();
    assert_eq!(applied, json!({ "accounts": 0, "unreadable": 0 }));
    let booked = stage.as_it_is("daily-commission/whole-day.json").await.unwrap();
    assert_eq!(booked, json!({ "day": "2026-11-21", "seq": 1, "lines": 0 }));
    let checked = stage.as_it_is("daily-commission/check.json").await.unwrap();
    assert_eq!(checked, json!({ "closedThrough": "2026-11-21", "dataAgeSeconds": 43_200 }));
}

#[tokio::test]
async fn existing_link_is_changed() {
    let mut stage = Stage::set().await;
    let code = stage.code.clone();
    let changed = stage.request("get-link/change-link.json", &[(CODE, &code)]).await;
    assert_eq!(changed.kind, "200 application/json");
    assert_eq!((&changed.body["code"], &changed.body["default"]), (&json!(code), &json!(true)));
    assert_eq!(changed.body["label"], "winter stream");
}

#[tokio::test]
async fn invitation_of_existing_link_is_live() {
    let mut stage = Stage::set().await;
    let code = stage.code.clone();
    let invitation = stage.request("bind/invitation.json", &[(CODE, &code)]).await;
    assert_eq!(invitation.kind, "200 application/json");
    assert_eq!(
        (&invitation.body["live"], &invitation.body["inviter"]),
        (&json!(true), &json!("1***1"))
    );
}

#[tokio::test]
async fn window_confirmation_binds() {
    let mut stage = Stage::set().await;
    let code = stage.code.clone();
    let window = stage.request("bind/window.json", &[(CODE, &code)]).await;
    assert_eq!(window.kind, "200 application/json");
    assert_eq!(window.body["eligible"], true, "{}", window.body);
    let confirmation = window.body["confirmation"].as_str().unwrap();
    for kind in ["201 application/json", "200 application/json"] {
        let bound = stage.request("bind/bind.json", &[(CONFIRMATION, confirmation)]).await;
        assert_eq!(bound.kind, kind, "{}", bound.body);
        assert_eq!(bound.body["code"], code);
    }
    let binding = stage.request("bind/binding.json", &[]).await;
    assert_eq!(binding.kind, "200 application/json");
    assert_eq!(binding.body["inviter"], "1***1");
}

#[tokio::test]
async fn steps_reach_dashboard() {
    let mut stage = Stage::set().await;
    let code = stage.code.clone();
    assert_eq!(stage.batch(&code).await.len(), 1);
    booked_by_steps(&mut stage).await;

    let referrals = stage.request("dashboard/referrals.json", &[]).await.body;
    assert_eq!(referrals["referrals"][0]["uid"], "90000001");
    let lines = stage.request("dashboard/commissions.json", &[]).await.body["lines"].clone();
    assert_eq!(lines[0]["fees"], "0.00150000");
    assert_eq!(lines[0]["status"], "accrued");
    let dashboard = stage.request("dashboard/dashboard.json", &[]).await.body;
    assert_eq!(dashboard["dataAsOf"], "2026-11-22T00:00:00.000Z");
    assert_eq!(dashboard["counts"]["signup"], 1);

    // The redelivered batch has a payment confirmation for the run, which now exists.
    assert_eq!(stage.batch(&code).await.len(), 1);
    let lines = stage.request("dashboard/commissions.json", &[]).await.body["lines"].clone();
    assert_eq!(lines[0]["status"], "paid");
    let again = stage.as_it_is("daily-commission/whole-day.json").await.unwrap();
    assert_eq!(again, json!({ "day": "2026-11-21", "seq": null, "lines": 0 }));
}

/// The nightly steps in the machine's order; only the run differs from the files.
async fn booked_by_steps(stage: &mut Stage) {
    let plan = stage.as_it_is("daily-commission/plan.json").await.unwrap()["days"][0].clone();
    let run = json!({ "run": plan["run"] });
    let fold = stage.step("daily-commission/fold.json", run.clone()).await.unwrap();
    assert_eq!(fold["lines"], 1, "the file has the shard of the user in the batch");
    for shard in plan["shards"].as_array().unwrap() {
        let filled = json!({ "run": plan["run"], "shard": shard });
        stage.step("daily-commission/fold.json", filled).await.unwrap();
    }
    let committed = stage.step("daily-commission/commit.json", run).await.unwrap();
    assert_eq!(committed, json!({ "seq": 1, "ranges": [{ "part": 0, "of": 1 }] }));
    let published = stage.as_it_is("daily-commission/publish.json").await.unwrap();
    assert_eq!(published, json!({ "affiliates": 1 }));
    let finished = stage.as_it_is("daily-commission/finish.json").await.unwrap();
    assert_eq!(finished, json!({ "visible": 1, "closedThrough": "2026-11-21" }));
}

#[test]
fn readme_explains_every_file() {
    let readme = read("README.md");
    let unexplained = files().into_iter().filter(|file| !readme.contains(&format!("`{file}`")));
    assert_eq!(unexplained.collect::<Vec<_>>(), Vec::<String>::new());
}

#[test]
fn files_match_template_routes() {
    let requests = files().into_iter().filter(|file| event(file)["routeKey"].is_string());
    let found: BTreeSet<(String, String)> = requests
        .map(|file| {
            let key = event(&file)["routeKey"].as_str().unwrap().to_owned();
            (file.split('/').next().unwrap().to_owned(), key)
        })
        .collect();
    let routes = Template::embedded().unwrap().routes;
    let expected = routes.iter().map(|route| (route.function.clone(), route.key())).collect();
    assert_eq!(found, expected);
}

#[test]
fn requests_match_gateway_format() {
    for route in Template::embedded().unwrap().routes {
        let of_route = |file: &String| event(file)["routeKey"] == json!(route.key());
        let file = files().into_iter().find(of_route).unwrap();
        let event = event(&file);
        let (path, context) = (event["rawPath"].as_str().unwrap(), &event["requestContext"]);
        let parameters = route.parameters(&route.method, path).unwrap();
        for (name, value) in parameters {
            assert_eq!(event["pathParameters"][name], value, "{file}");
        }
        assert_eq!(context["routeKey"], event["routeKey"], "{file}");
        assert_eq!(context["http"]["path"], path, "{file}");
        assert_eq!(context["http"]["method"], route.method, "{file}");
        let subject = &context["authorizer"]["jwt"]["claims"]["sub"];
        assert_eq!(subject.is_string(), route.authorized, "{file}");
        let body = event["body"].as_str().unwrap_or_default();
        assert_eq!(event["headers"]["content-length"], body.len().to_string(), "{file}");
    }
}

/// Returns the inputs that a state machine defines for a step, at any depth.
fn inputs_of(machine: &Value, step: &str) -> Vec<Value> {
    let inner = match machine {
        Value::Object(members) if machine["step"] == step => {
            return vec![Value::Object(members.clone())];
        }
        Value::Object(members) => members.values().collect::<Vec<_>>(),
        Value::Array(items) => items.iter().collect(),
        _ => Vec::new(),
    };
    inner.into_iter().flat_map(|part| inputs_of(part, step)).collect()
}

fn members(object: &Value) -> BTreeSet<&String> {
    object.as_object().unwrap().keys().collect()
}

#[test]
fn step_files_match_state_machine() {
    let machine: Value =
        serde_saphyr::from_str(include_str!("../statemachine/nightly.asl.yaml")).unwrap();
    for step in [
        "fold",
        "set-aside",
        "commit",
        "publish",
        "finish",
        "evaluate",
        "close-quarter",
        "reconcile",
        "apply-activity",
    ] {
        let event = event(&format!("daily-commission/{step}.json"));
        let passed = inputs_of(&machine, step);
        assert_eq!(passed.iter().map(members).collect::<Vec<_>>(), [members(&event)], "{step}");
    }
    let plan = &machine["States"]["Plan"]["Arguments"]["Payload"];
    assert_eq!(plan, "{% $merge([$night, {\"step\": \"plan\", \"more\": $more}]) %}");
    assert_eq!(machine["States"]["Begin"]["Assign"]["night"], "{% $states.input %}");
    assert_eq!(planned(event("nightly/night.json")), event("daily-commission/plan.json"));
    let shards = format!("{{% [0..{}] %}}", storage::SHARDS - 1);
    assert_eq!(machine["States"]["Evaluate"]["Items"], shards);
    assert_eq!(machine["States"]["Reconcile"]["Items"], shards);
    let parts = format!("{{% [0..{}] %}}", storage::ActivityPart::COUNT - 1);
    assert_eq!(machine["States"]["ApplyActivity"]["Items"], parts);
}

#[test]
fn machine_plans_remaining_days() {
    let machine: Value =
        serde_saphyr::from_str(include_str!("../statemachine/nightly.asl.yaml")).unwrap();
    let states = &machine["States"];
    let more = "{% $states.result.Payload.more %}";
    assert_eq!(states["Plan"]["Assign"]["more"], more);
    let choices = states["AllBooked"]["Choices"].as_array().unwrap();
    let next: Vec<_> = choices.iter().map(|choice| choice["Next"].as_str().unwrap()).collect();
    assert_eq!(next, ["DaysFailed", "ApplyActivity", "Evaluate"]);
    assert_eq!((&states["Evaluate"]["Next"]), "CloseQuarter");
    for state in ["AllBooked", "CloseQuarter"] {
        let next = states[state].get("Default").or(states[state].get("Next"));
        assert_eq!(next, Some(&json!("AnyMore")), "{state}");
    }
    let again = &states["AnyMore"]["Choices"][0];
    assert_eq!(
        (&again["Condition"], &again["Next"]),
        (&json!("{% $more != null %}"), &json!("Plan"))
    );
    assert_eq!(states["AnyMore"]["Default"], "Reconcile");
    assert_eq!(states["Reconcile"]["Next"], "ApplyActivity");
    assert_eq!(states["ApplyActivity"]["Next"], "NightEnded");
}

#[test]
fn starter_passes_only_schedule_time() {
    let starter: Value =
        serde_saphyr::from_str(include_str!("../statemachine/start-nightly.asl.yaml")).unwrap();
    let passed = &starter["States"]["StartNight"]["Arguments"]["Input"];
    assert_eq!(passed, &json!({ "scheduledTime": "{% $states.input.scheduledTime %}" }));
    assert_eq!(event("nightly/night.json"), event("start-nightly/scheduled.json"));
}
