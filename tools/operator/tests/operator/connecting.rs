//! The table is found and opened with the AWS CLI's profiles and a stack's name.

use std::path::Path;
use std::process::{Output, Stdio};

use dynamodb_embedded::{Engine, create_table};
use sam_template::Template;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::process::Command;

/// SHA-1 of `exchange`, the session's name: the AWS CLI names the cached token by it.
const TOKEN_FILE: &str = ".aws/sso/cache/a3497f3e45b19383d39fa648574988a44eef1147.json";
const TOKEN: &str = r#"{"accessToken":"t","expiresAt":"2099-01-01T00:00:00Z"}"#;
const EXPIRATION: &str = "2099-01-01T00:00:00Z";

/// Serves an embedded DynamoDB with these tables, and returns its URL.
async fn dynamodb(tables: &[&str]) -> String {
    let engine = Engine::memory().unwrap();
    let definition = Template::embedded().unwrap().table;
    for table in tables {
        create_table(&engine.client(), table, &definition).await.unwrap();
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { engine.serve(listener, std::future::pending()).await });
    url
}

/// Serves STS and the portal of IAM Identity Center, which give out credentials.
async fn credentials_services() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = vec![0; 8192];
            let length = stream.read(&mut request).await.unwrap();
            let request = String::from_utf8_lossy(&request[..length]).into_owned();
            let body = match request.starts_with("GET /federation/credentials") {
                true => "{\"roleCredentials\":{\"accessKeyId\":\"k\",\"secretAccessKey\":\"s\",\
                         \"sessionToken\":\"t\",\"expiration\":4070908800000}}"
                    .to_owned(),
                false => format!(
                    "<AssumeRoleResponse><AssumeRoleResult><Credentials>\
                     <AccessKeyId>k</AccessKeyId><SecretAccessKey>s</SecretAccessKey>\
                     <SessionToken>t</SessionToken><Expiration>{EXPIRATION}</Expiration>\
                     </Credentials></AssumeRoleResult></AssumeRoleResponse>"
                ),
            };
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n", body.len());
            let answer = format!("{head}connection: close\r\n\r\n{body}");
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    url
}

/// A home directory with an AWS configuration.
fn home(config: &str) -> TempDir {
    let home = tempfile::tempdir().unwrap();
    write(home.path(), ".aws/config", config);
    write(home.path(), TOKEN_FILE, TOKEN);
    home
}

fn write(home: &Path, name: &str, text: &str) {
    let path = home.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

/// Runs the tool with this home directory and no variables but those given.
async fn operator(home: &TempDir, variables: &[(&str, &str)], arguments: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_operator"));
    command.args(arguments.split(' ')).stdin(Stdio::null());
    command
        .env_clear()
        .env("HOME", home.path())
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .envs(variables.iter().copied());
    command.output().await.unwrap()
}

fn code(output: &Output) -> i32 {
    let text = String::from_utf8_lossy(&output.stderr);
    output.status.code().unwrap_or_else(|| panic!("{text}"))
}

async fn lists_quarantine(config: &str) {
    let (dynamodb, services) =
        (dynamodb(&["recall-Table-1A2B3C"]).await, credentials_services().await);
    let config = format!("{config}\nregion = eu-central-1\n");
    let variables = [
        ("AWS_ENDPOINT_URL_DYNAMODB", dynamodb.as_str()),
        ("AWS_ENDPOINT_URL_STS", services.as_str()),
        ("AWS_ENDPOINT_URL_SSO", services.as_str()),
    ];
    let arguments = "--profile ops --stack recall quarantine list";
    let output = operator(&home(&config), &variables, arguments).await;
    assert_eq!(code(&output), 0, "{}", String::from_utf8_lossy(&output.stderr));
}

#[tokio::test]
async fn profile_with_keys_opens_the_stack() {
    let config = "[profile ops]\naws_access_key_id = k\naws_secret_access_key = s";
    lists_quarantine(config).await;
}

#[tokio::test]
async fn profile_with_assumed_role_opens_the_stack() {
    let config = "[profile base]\naws_access_key_id = k\naws_secret_access_key = s\n\
                  [profile ops]\nrole_arn = arn:aws:iam::111122223333:role/operator\n\
                  source_profile = base";
    lists_quarantine(config).await;
}

#[tokio::test]
async fn profile_with_sso_session_opens_the_stack() {
    let config = "[sso-session exchange]\nsso_start_url = https://exchange.example/start\n\
                  sso_region = eu-central-1\n\
                  [profile ops]\nsso_session = exchange\nsso_account_id = 111122223333\n\
                  sso_role_name = operator";
    lists_quarantine(config).await;
}

#[tokio::test]
async fn profile_with_process_opens_the_stack() {
    let config = "[profile ops]\ncredential_process = echo '{\"Version\": 1, \
                  \"AccessKeyId\": \"k\", \"SecretAccessKey\": \"s\"}'";
    lists_quarantine(config).await;
}

async fn refusal(tables: &[&str], arguments: &str) -> String {
    let dynamodb = dynamodb(tables).await;
    let config = "[default]\naws_access_key_id = k\naws_secret_access_key = s\n\
                  region = eu-central-1\n";
    let variables = [("AWS_ENDPOINT_URL_DYNAMODB", dynamodb.as_str())];
    let output = operator(&home(config), &variables, arguments).await;
    assert_eq!(code(&output), 2);
    String::from_utf8(output.stderr).unwrap()
}

#[tokio::test]
async fn stack_without_a_table_is_refused() {
    let text = refusal(&["recall2-Table-1A2B3C"], "--stack recall quarantine list").await;
    assert_eq!(text, "operator: no table of the stack recall (recall-Table-…)\n");
}

#[tokio::test]
async fn stack_with_two_tables_needs_a_choice() {
    let tables = ["recall-Table-1A2B3C", "recall-Table-RESTORED"];
    let text = refusal(&tables, "--stack recall quarantine list").await;
    assert!(text.contains("RESTORED") && text.contains("with --table"), "{text}");
}

#[tokio::test]
async fn unknown_profile_is_named() {
    let text = refusal(&[], "--profile nobody --table recall quarantine list").await;
    assert!(text.contains("nobody"), "{text}");
}

#[tokio::test]
async fn missing_table_is_refused() {
    let output = operator(&home(""), &[], "quarantine list").await;
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(code(&output), 2, "{text}");
    assert_eq!(text, "operator: expected a table: --stack NAME, --table NAME or TABLE_NAME\n");
}
