//! `cargo run` from its first line to its exit code.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use tempfile::tempdir;

fn sandbox(dir: &Path) -> Command {
    at_port(0, dir)
}

fn at_port(port: u16, dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sandbox"));
    command.args(["--empty", "--no-page", "--port", &port.to_string(), "--data-dir"]).arg(dir);
    command
}

/// The one sentence with which it ends.
fn sentence(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(text.lines().count(), 1, "{text}");
    text.trim_end().strip_prefix("sandbox: ").unwrap().to_owned()
}

/// Returns a sandbox that is ready, and its output until then.
fn ready(dir: &Path) -> (Child, String) {
    let mut child = sandbox(dir).stdout(Stdio::piped()).spawn().unwrap();
    let mut said = String::new();
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    while !said.ends_with("Ctrl-C stops it.\n") {
        assert_ne!(lines.read_line(&mut said).unwrap(), 0, "{said}");
    }
    (child, said)
}

fn stop(mut child: Child, signal: &str) -> Option<i32> {
    let id = child.id().to_string();
    assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
    child.wait().unwrap().code()
}

#[test]
fn ready_message_lists_next_steps() {
    let dir = tempdir().unwrap();
    let (child, said) = ready(dir.path());
    assert_eq!(stop(child, "-INT"), Some(0));
    assert!(said.starts_with("Opening the data directory "), "{said}");
    let after = said.split_once("\nready\n").unwrap().1;
    for word in ["page ", "API ", "DynamoDB ", "Try next:"] {
        assert!(after.contains(word), "{after}");
    }
    assert_eq!(after.matches("curl ").count(), 3, "{after}");
}

#[test]
fn sigterm_and_ctrl_c_stop_it() {
    let dir = tempdir().unwrap();
    assert_eq!(stop(ready(dir.path()).0, "-TERM"), Some(0));
}

#[test]
fn second_start_keeps_data_and_keys() {
    let dir = tempdir().unwrap();
    stop(ready(dir.path()).0, "-TERM");
    let before = fs::read(dir.path().join("issuer-key.pem")).unwrap();
    let (child, said) = ready(dir.path());
    stop(child, "-TERM");
    assert!(said.contains("Continuing without the sample programme"), "{said}");
    assert!(!said.contains("Generating the issuer's key"), "{said}");
    assert_eq!(fs::read(dir.path().join("issuer-key.pem")).unwrap(), before);
}

#[test]
fn interrupted_load_is_restarted() {
    let dir = tempdir().unwrap();
    stop(ready(dir.path()).0, "-TERM");
    fs::write(dir.path().join("contents.json"), r#"{"sample":"loading"}"#).unwrap();
    let (child, said) = ready(dir.path());
    stop(child, "-TERM");
    assert!(said.contains("was interrupted; restarting it"), "{said}");
}

#[test]
fn second_sandbox_on_data_is_refused() {
    let dir = tempdir().unwrap();
    let (child, _) = ready(dir.path());
    let said = sentence(&sandbox(dir.path()).output().unwrap());
    stop(child, "-TERM");
    assert!(said.starts_with("another sandbox is running on the data directory"), "{said}");
}

#[test]
fn taken_port_is_named() {
    let dir = tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let said = sentence(&at_port(port, dir.path()).output().unwrap());
    let expected = "(for page and API) is taken by another program; choose another with --port";
    assert_eq!(said, format!("port {port} {expected}"));
}

#[test]
fn invalid_directory_is_named() {
    let dir = tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "").unwrap();
    let said = sentence(&sandbox(&file).output().unwrap());
    assert!(said.starts_with("the data directory "), "{said}");
    assert!(said.contains("; choose another with --data-dir: "), "{said}");
}

#[test]
fn damaged_data_file_is_kept() {
    let dir = tempdir().unwrap();
    stop(ready(dir.path()).0, "-TERM");
    let file = dir.path().join("dynamodb.sqlite");
    let _ = fs::remove_file(dir.path().join("dynamodb.sqlite-wal"));
    fs::write(&file, "this is no database, however long it is".repeat(200)).unwrap();
    let said = sentence(&sandbox(dir.path()).output().unwrap());
    assert!(said.starts_with("the data file ") && said.contains("is damaged"), "{said}");
    assert!(fs::read_to_string(&file).unwrap().starts_with("this is no database"));
}

#[test]
fn damaged_or_missing_files_are_named() {
    for (name, content) in
        [("issuer-key.pem", "no key"), ("signing-key", "short"), ("contents.json", "{}")]
    {
        let dir = tempdir().unwrap();
        stop(ready(dir.path()).0, "-TERM");
        fs::write(dir.path().join(name), content).unwrap();
        let said = sentence(&sandbox(dir.path()).output().unwrap());
        assert!(said.contains(name) && said.contains("is damaged"), "{said}");
    }
    let dir = tempdir().unwrap();
    stop(ready(dir.path()).0, "-TERM");
    fs::remove_file(dir.path().join("dynamodb.sqlite")).unwrap();
    let said = sentence(&sandbox(dir.path()).output().unwrap());
    assert!(said.contains("dynamodb.sqlite is damaged (it is missing)"), "{said}");
}

#[test]
fn help_lists_options_and_routes() {
    let output = Command::new(env!("CARGO_BIN_EXE_sandbox")).arg("--help").output().unwrap();
    let mut help = String::new();
    output.stdout.as_slice().read_to_string(&mut help).unwrap();
    for word in [
        "--port",
        "--data-dir",
        "--empty",
        "--no-page",
        "--clock",
        "--functions",
        "/sandbox/events",
        "RUST_LOG",
    ] {
        assert!(help.contains(word), "{help}");
    }
    assert!(help.lines().all(|line| line.chars().count() <= 100), "{help}");
}

#[test]
fn malformed_time_is_refused() {
    let dir = tempdir().unwrap();
    let output = sandbox(dir.path()).args(["--clock", "noon"]).output().unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(text.contains("expected an RFC 3339 time"), "{text}");
}
