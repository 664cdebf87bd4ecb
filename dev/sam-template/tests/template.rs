//! Compares the repository's template with the contract, and tests refusals.

#![cfg(test)]

use sam_template::{Template, TemplateError};

/// The routes of the contract with the functions that answer them.
const ROUTES: [&str; 14] = [
    "bind GET /v1/bind",
    "bind GET /v1/binding",
    "bind GET /v1/invitation",
    "bind GET /v1/invitation/card",
    "bind POST /v1/bind",
    "dashboard GET /v1/dashboard",
    "dashboard GET /v1/dashboard/commissions",
    "dashboard GET /v1/dashboard/referrals",
    "get-link GET /v1/link",
    "get-link GET /v1/link/qr.png",
    "get-link GET /v1/link/qr.svg",
    "get-link GET /v1/links",
    "get-link PATCH /v1/links/{code}",
    "get-link POST /v1/links",
];

const SMALL: &str = "
Resources:
  Api: { Type: AWS::Serverless::HttpApi }
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      AttributeDefinitions: [{ AttributeName: pk, AttributeType: S }]
      KeySchema: [{ AttributeName: pk, KeyType: HASH }]
  Hello:
    Type: AWS::Serverless::Function
    Metadata: { BuildProperties: { Binary: hello } }
    Properties:
      Role: !GetAtt Role.Arn
      Events:
        Say: { Type: HttpApi, Properties: { ApiId: !Ref Api, Path: /hello, Method: GET } }
        Queue: { Type: SQS, Properties: { Queue: !GetAtt Queue.Arn } }
";

fn error(from: &str, to: &str) -> TemplateError {
    assert!(SMALL.contains(from), "{from}");
    Template::parse(&SMALL.replace(from, to)).unwrap_err()
}

#[test]
fn routes_match_contract() {
    let template = Template::embedded().unwrap();
    let mut routes: Vec<_> =
        template.routes.iter().map(|route| format!("{} {}", route.function, route.key())).collect();
    routes.sort();
    assert_eq!(routes, ROUTES);
    let public = template.routes.iter().filter(|route| !route.authorized);
    let public = public.map(|route| route.path.as_str()).collect::<Vec<_>>();
    assert_eq!(public, ["/v1/invitation", "/v1/invitation/card"]);
}

#[test]
fn table_has_two_keys_and_ttl() {
    let table = Template::embedded().unwrap().table;
    let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
    assert_eq!(table.attributes, [pair("pk", "S"), pair("sk", "S")]);
    assert_eq!(table.keys, [pair("pk", "HASH"), pair("sk", "RANGE")]);
    assert_eq!(table.time_to_live.as_deref(), Some("expiresAt"));
}

#[test]
fn authorizer_guards_its_route() {
    let guarded = "Path: /hello, Auth: { Authorizer: Token }";
    let template = Template::parse(&SMALL.replace("Path: /hello", guarded)).unwrap();
    assert!(template.routes[0].authorized);
    assert!(!Template::parse(SMALL).unwrap().routes[0].authorized);
}

#[test]
fn disabled_ttl_is_none() {
    let ttl = "KeyType: HASH }]
      TimeToLiveSpecification: { AttributeName: end, Enabled: false }";
    let template = Template::parse(&SMALL.replace("KeyType: HASH }]", ttl)).unwrap();
    assert_eq!(template.table.time_to_live, None);
}

#[test]
fn malformed_template_is_refused() {
    let unreadable = error("Path: /hello, ", "").to_string();
    assert!(unreadable.contains("Path") && unreadable.contains("line"), "{unreadable}");
    assert!(matches!(Template::parse("Resources: ["), Err(TemplateError::Unreadable(_))));
    assert!(matches!(Template::parse(""), Err(TemplateError::Unreadable(_))));
}

#[test]
fn route_needs_a_binary() {
    let found = error("Binary: hello", "Profile: release");
    assert_eq!(found, TemplateError::NoBinary("Hello".into()));
}

#[test]
fn catch_all_route_is_refused() {
    let text = error("Method: GET", "Method: ANY").to_string();
    assert_eq!(
        text,
        "the event Say of Hello is no route that is known here: expected one method, as GET"
    );
}

#[test]
fn duplicate_route_is_refused() {
    let again = "Again: { Type: HttpApi, Properties: { Path: /hello, Method: get } }
        Queue:";
    assert_eq!(
        error("Queue: {", &format!("{again} {{")),
        TemplateError::RouteTwice("GET /hello".into())
    );
}

#[test]
fn one_table_and_one_api_are_required() {
    let found = error("AWS::DynamoDB::Table", "AWS::SQS::Queue").to_string();
    assert_eq!(found, "expected one AWS::DynamoDB::Table, found 0");
    let found = error("AWS::Serverless::HttpApi", "AWS::SQS::Queue").to_string();
    assert_eq!(found, "expected one AWS::Serverless::HttpApi, found 0");
}
