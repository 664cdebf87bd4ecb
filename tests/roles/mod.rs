//! The roles in `template.yaml` against the calls that the functions make: a role allows every
//! call, and nothing that no call needs.
//!
//! No IAM is asked here, there is none. What it would say is worked out as AWS documents it:
//!
//! * **The action** of a call is named like its operation, also `BatchGetItem` and `BatchWriteItem`,
//!   which need a permission of their own and neither `GetItem` nor `PutItem`. A transaction has none:
//!   its parts are judged as `PutItem`, `UpdateItem`, `DeleteItem` and `ConditionCheckItem`.
//! * **`dynamodb:LeadingKeys`** are the partition keys that the request names: of its item or items, or
//!   in a query's key condition. `ForAllValues` wants each of them to be like one of the statement's patterns,
//!   and all of them by the same statement: two statements are not added together. Sort keys are
//!   not known to IAM, so two kinds of items under one partition key are one to it: whoever may write
//!   `A#…` may write links, totals and summaries.
//! * `ForAllValues` is also true where a request has *no* such key at all. All actions that are granted
//!   here name keys in every request; `Scan` and PartiQL, which need not, are granted to nobody.
//! * **`dynamodb:EnclosingOperation`** is there inside a transaction only, and says which operation it is.
//!   `ForAnyValue` is false where it is missing: such a statement allows nothing outside.
//! * Whether a transaction's parts are judged one by one, or all of a kind with all their keys, is not
//!   documented. The roles are written so, and checked here so, that both would be allowed.
//!
//! *Every call is allowed*: stories of the API, of queue and nights, and trials of the simulation, with
//! its kills, repetitions and faults, are played with one client for each function, and each call is
//! judged by that function's role. *Every permission is needed*: each action, with each pattern of keys, in
//! each statement is used by some call; a statement that also holds outside of transactions, by a
//! call that none of the others would have allowed.
//!
//! A function that is added to the template with a role for the table needs a client in
//! [`FUNCTIONS`], and stories that reach what it does.

mod asked;
mod record;
mod role;
mod stories;

use std::collections::BTreeSet;
use std::sync::Arc;

use dynamodb_embedded::Witness;

use asked::Asked;
use role::{Statement, is_like, roles};

/// The functions that reach the table, as the template names their binaries.
pub const FUNCTIONS: [&str; 5] = ["get-link", "bind", "dashboard", "ingest", "daily-commission"];

/// Makes the witness of a function's calls.
pub type Witnesses<'a> = &'a dyn Fn(&'static str) -> Arc<dyn Witness>;

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

/// What no statement allows.
fn denied<'a>(
    statements: &'a [Statement],
    asked: &'a BTreeSet<Asked>,
) -> impl Iterator<Item = String> + 'a {
    let refused = asked.iter().filter(|ask| !statements.iter().any(|it| it.allows(ask)));
    refused.map(|ask| format!("{} {:?} in {:?}", ask.action, ask.keys, ask.enclosing))
}

/// What of the statements no call needs.
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
