//! Compares the roles in `template.yaml` with the functions' calls: a role allows every call, and
//! nothing that no call needs.
//!
//! No IAM is available here. Its decisions are derived from the AWS documentation:
//!
//! * **The action** of a call has the operation's name, also for `BatchGetItem` and
//!   `BatchWriteItem`, which need separate permissions and neither `GetItem` nor `PutItem`. A
//!   transaction has none: its parts are evaluated as `PutItem`, `UpdateItem`, `DeleteItem` and
//!   `ConditionCheckItem`. Nor has `BatchExecuteStatement`: its statements are evaluated as
//!   `PartiQLInsert` and `PartiQLUpdate`.
//! * **`dynamodb:LeadingKeys`** are the partition keys in the request: of its items, or in the key
//!   condition of a query. `ForAllValues` requires that each of them matches one of the statement's
//!   patterns, all in the same statement: statements are not combined. IAM does not know sort keys,
//!   so it cannot distinguish kinds of items under one partition key: a function that may write
//!   `A#…` may write links, totals and summaries.
//! * `ForAllValues` is also true for a request *without* such a key, so each statement requires by
//!   `Null` that there is one. `Scan` and PartiQL's `SELECT`, which need none, are granted to no
//!   function. PartiQL's `INSERT` and `UPDATE` name the whole key of their item.
//! * **`dynamodb:EnclosingOperation`** only exists inside a transaction, and names its operation.
//!   `ForAnyValue` is false without it: such a statement allows nothing outside of transactions.
//! * Whether a transaction's parts are evaluated one by one, or all of a kind with all their keys,
//!   is not documented. The roles allow both, and both are checked here.
//!
//! *Every call is allowed*: stories of the API, of queue and nights, and trials of the simulation,
//! with its kills, repetitions and faults, use one client for each function, and each call is
//! evaluated by that function's role. *Every permission is needed*: some call uses each action,
//! with each pattern of keys, in each statement; for a statement that also applies outside of
//! transactions, a call that no other statement allows.
//!
//! A function that is added to the template with a role for the table needs a client in
//! [`FUNCTIONS`], and stories with all its kinds of calls.

mod asked;
mod record;
mod role;
mod stories;

use std::collections::BTreeSet;
use std::sync::Arc;

use dynamodb_embedded::Observer;

use asked::Asked;
use role::{Statement, is_like, roles};

/// The functions that reach the table, as the template names their binaries.
pub const FUNCTIONS: [&str; 6] =
    ["get-link", "bind", "dashboard", "ingest", "daily-commission", "publish-events"];

/// Creates the observer of a function's calls.
pub type Observers<'a> = &'a dyn Fn(&'static str) -> Arc<dyn Observer>;

#[tokio::test]
async fn roles_allow_exactly_the_calls() {
    let record = stories::told().await;
    assert!(roles().keys().map(String::as_str).collect::<BTreeSet<_>>() == FUNCTIONS.into());
    let mut wrong = Vec::new();
    for (function, statements) in roles() {
        let asked = record.of(&function);
        wrong.extend(denied(&statements, &asked).map(|ask| format!("{function} may not {ask}")));
        wrong.extend(unused(&statements, &asked).map(|it| format!("{function} never needs {it}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The switches and the log of their changes are the operator's: functions read the switches alone.
#[test]
fn no_function_may_write_switches() {
    let mut readers = BTreeSet::new();
    for (function, statements) in roles() {
        let allows = |it: &&Statement, key| it.keys.iter().any(|pattern| is_like(pattern, key));
        for statement in statements.iter().filter(|it| allows(it, "CONTROL")) {
            assert_eq!(statement.actions, ["GetItem"], "{function}: {}", statement.name);
            readers.insert(function.clone());
        }
        assert!(!statements.iter().any(|it| allows(&it, "AUDIT")), "{function} reaches the log");
    }
    assert_eq!(readers, FUNCTIONS.map(str::to_owned).into());
}

/// The lists of bindings are the evidence of relations.
#[test]
fn only_bind_and_sign_up_write_bindings() {
    let mut writers = BTreeSet::new();
    for (function, statements) in roles() {
        let reads = ["GetItem", "BatchGetItem", "Query"];
        let writes = |it: &&Statement| it.actions.iter().any(|action| !reads.contains(&&**action));
        let of_bindings =
            |it: &&Statement| it.keys.iter().any(|key| is_like(key, "B#2026-11-20#07"));
        for statement in statements.iter().filter(writes).filter(of_bindings) {
            assert!(statement.in_transaction, "{function}: {}", statement.name);
            assert_eq!(statement.actions, ["PutItem"], "{function}: {}", statement.name);
            writers.insert(function.clone());
        }
    }
    assert_eq!(writers, ["bind", "ingest"].map(str::to_owned).into());
}

/// Returns the questions that no statement allows.
fn denied<'a>(
    statements: &'a [Statement],
    asked: &'a BTreeSet<Asked>,
) -> impl Iterator<Item = String> + 'a {
    let refused = asked.iter().filter(|ask| !statements.iter().any(|it| it.allows(ask)));
    refused.map(|ask| format!("{} {:?} in {:?}", ask.action, ask.keys, ask.enclosing))
}

/// Returns the permissions that no call needs.
fn unused<'a>(
    statements: &'a [Statement],
    asked: &'a BTreeSet<Asked>,
) -> impl Iterator<Item = String> + 'a {
    let grants = statements.iter().flat_map(|statement| {
        let pairs =
            statement.actions.iter().flat_map(|a| statement.keys.iter().map(move |k| (a, k)));
        pairs.map(move |(action, pattern)| (statement, action, pattern))
    });
    let idle = grants.filter(|(statement, action, pattern)| {
        !asked.iter().any(|ask| {
            ask.action == action.as_str()
                && ask.keys.iter().any(|key| is_like(pattern, key))
                && of_use(statement, statements, ask)
        })
    });
    idle.map(|(statement, action, pattern)| format!("{}: {action} {pattern}", statement.name))
}

/// Whether it is this statement that a call needs: one for transactions only is preferred.
fn of_use(statement: &Statement, all: &[Statement], ask: &Asked) -> bool {
    let stricter = || all.iter().any(|other| other.in_transaction && other.allows(ask));
    statement.allows(ask) && (statement.in_transaction || !stricter())
}

#[test]
fn one_statement_allows_all_keys() {
    let statement = |keys: &[&str], in_transaction| Statement {
        name: String::new(),
        actions: vec!["PutItem".to_owned()],
        keys: keys.iter().map(|key| (*key).to_owned()).collect(),
        in_transaction,
    };
    let put = |keys: &[&str], enclosing| Asked {
        action: "PutItem",
        enclosing,
        keys: keys.iter().map(|key| (*key).to_owned()).collect(),
    };
    let [links, codes] = [statement(&["A#*"], false), statement(&["C#*", "HEAD"], true)];
    assert!(links.allows(&put(&["A#1", "A#2"], None)));
    assert!(!links.allows(&put(&["A#1", "C#2"], None)));
    assert!(!codes.allows(&put(&["C#2"], None)), "outside of a transaction");
    assert!(codes.allows(&put(&["C#2", "HEAD"], Some("TransactWriteItems"))));
    assert!(!codes.allows(&put(&["HEADS"], Some("TransactWriteItems"))));
    let roles = [links, codes];
    let asked = BTreeSet::from([put(&["A#1", "C#2"], Some("TransactWriteItems"))]);
    assert_eq!(denied(&roles, &asked).count(), 1, "statements are not added together");
    assert_eq!(unused(&roles, &asked).count(), 3);
}
