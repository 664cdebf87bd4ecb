//! Nothing is written without consent.

use crate::support::{give, run, traded};
use crate::test_app::day;

const WRITING: [&str; 6] = [
    "rollup 2026-11-20",
    "rollup --night 2026-11-20",
    "evaluate 2026-Q3",
    "import Cargo.toml",
    "stop binds --reason drill --actor alice",
    "stop payments --reason drill --actor alice",
];

#[tokio::test]
async fn writing_needs_terminal_or_yes() {
    let app = traded().await;
    for command in WRITING {
        let shown = give(&app, command, None).await;
        let sentence = "operator: this writes to table recall, and there is no terminal for a \
                        confirmation: confirm with --yes";
        assert_eq!((shown.questions.as_str(), shown.code), (sentence, 2), "{command}");
    }
    assert!(app.context.table.day(day("2026-11-20")).await.unwrap().value.runs.is_empty());
}

#[tokio::test]
async fn other_answers_change_nothing() {
    let app = traded().await;
    for answer in ["n\n", "\n", "", "perhaps\n"] {
        let shown = give(&app, "rollup 2026-11-20", Some(answer)).await;
        assert_eq!(shown.code, 2);
        assert!(shown.questions.ends_with("nothing was done"), "{}", shown.questions);
    }
    assert!(app.context.table.day(day("2026-11-20")).await.unwrap().value.runs.is_empty());
}

#[tokio::test]
async fn question_names_table_and_change() {
    let app = traded().await;
    insta::assert_snapshot!(give(&app, "rollup 2026-11-20", Some("y\n")).await);
}

#[tokio::test]
async fn reading_needs_no_confirmation() {
    let app = traded().await;
    for command in
        ["verify 2026-11-20", "explain dormant 2026-11-20", "quarantine list", "switches"]
    {
        let shown = give(&app, command, None).await;
        assert!(!shown.questions.contains("asked"), "{}", shown.questions);
    }
    assert_eq!(run(&app, "quarantine list").await.code, 0);
}
