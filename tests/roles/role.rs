//! A function's role in the template.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::asked::Asked;

const TEMPLATE: &str = include_str!("../../template.yaml");

/// A statement that allows actions on the table.
#[derive(Debug)]
pub struct Statement {
    pub name: String,
    pub actions: Vec<String>,
    /// The patterns of partition keys.
    pub keys: Vec<String>,
    /// Whether it applies inside a transaction only.
    pub in_transaction: bool,
}

impl Statement {
    /// Parses a statement. Refuses other forms, which these tests would not check.
    fn read(statement: &Value) -> Self {
        let members: Vec<&String> = statement.as_object().unwrap().keys().collect();
        assert_eq!(members, ["Sid", "Effect", "Action", "Resource", "Condition"], "{statement}");
        assert_eq!(statement["Effect"], "Allow", "{statement}");
        let mut conditions = statement["Condition"].as_object().unwrap().clone();
        let keys = conditions.remove("ForAllValues:StringLike").unwrap();
        let enclosing = conditions.remove("ForAnyValue:StringEquals");
        let in_transaction = enclosing.is_some_and(|condition| {
            assert_eq!(texts(&condition["dynamodb:EnclosingOperation"]), ["TransactWriteItems"]);
            true
        });
        // A request that names no key would pass `ForAllValues`.
        let names_a_key = conditions.remove("Null").unwrap();
        assert_eq!(names_a_key, json!({ "dynamodb:LeadingKeys": false }), "{statement}");
        assert!(conditions.is_empty(), "{statement}");
        let action = |action: String| action.strip_prefix("dynamodb:").unwrap().to_owned();
        Self {
            name: statement["Sid"].as_str().unwrap().to_owned(),
            actions: texts(&statement["Action"]).into_iter().map(action).collect(),
            keys: texts(&keys["dynamodb:LeadingKeys"]),
            in_transaction,
        }
    }

    pub fn allows(&self, asked: &Asked) -> bool {
        let matched = |key: &String| self.keys.iter().any(|pattern| is_like(pattern, key));
        self.actions.iter().any(|action| action == asked.action)
            && asked.keys.iter().all(matched)
            && (asked.enclosing.is_some() || !self.in_transaction)
    }
}

/// Returns whether a text matches a pattern, whose last character may be `*`.
pub fn is_like(pattern: &str, text: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(prefix) => !prefix.contains(['*', '?']) && text.starts_with(prefix),
        None => !pattern.contains(['*', '?']) && text == pattern,
    }
}

/// One text, or a list of them; those of a condition are all included.
fn texts(value: &Value) -> Vec<String> {
    let one = || vec![value.as_str().unwrap().to_owned()];
    value.as_array().map_or_else(one, |list| list.iter().flat_map(texts).collect())
}

/// Returns the permissions on items of the table by function.
pub fn roles() -> BTreeMap<String, Vec<Statement>> {
    let template: Value = serde_saphyr::from_str(TEMPLATE).unwrap();
    let resources = template["Resources"].as_object().unwrap();
    let functions = resources.values().filter(|it| it["Type"] == "AWS::Serverless::Function");
    let roles = functions.map(|function| {
        let binary = function["Metadata"]["BuildProperties"]["Binary"].as_str().unwrap();
        let role = function["Properties"]["Role"].as_str().unwrap();
        let role = &resources[role.split('.').next().unwrap()];
        (binary.to_owned(), statements(role))
    });
    roles.filter(|(_, statements)| !statements.is_empty()).collect()
}

/// Returns whether a resource is a stream of the table, or all of them.
fn is_of_a_stream(resource: &str) -> bool {
    // With the condition, and the values for an adopted table.
    ["AdoptsTable", "AdoptedStreamArn", "Table.StreamArn"].contains(&resource)
        || ["${AdoptedTableArn}/stream/*", "${Table.Arn}/stream/*"].contains(&resource)
}

/// Returns the statements of a role about the table itself, or about everything.
fn statements(role: &Value) -> Vec<Statement> {
    let policies = role["Properties"]["Policies"].as_array().unwrap().iter();
    let all = policies.flat_map(|p| p["PolicyDocument"]["Statement"].as_array().unwrap());
    let of_items = |statement: &&Value| {
        let actions = texts(&statement["Action"]);
        let resources = texts(&statement["Resource"]);
        resources.iter().any(|resource| resource == "Table.Arn")
            || actions.iter().any(|action| action == "*" || action.starts_with("dynamodb:"))
                && resources.iter().any(|resource| !is_of_a_stream(resource))
    };
    all.filter(of_items).map(Statement::read).collect()
}
