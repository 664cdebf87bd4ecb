//! `operator stop`, `start` and `switches`: kill switches, and the log of their changes.

use ingestion::HeldEvaluation;
use lambda::App;
use storage::{
    MAX_STOPPED, MAX_SWITCH_REASON_BYTES, Stop, Switch, SwitchAction, SwitchChange, SwitchOutcome,
};

use crate::options::{Change, SwitchCommand};
use crate::{Console, Failure, Outcome};

/// The newest changes that are listed.
const CHANGES_SHOWN: u16 = 20;

/// Stops or starts a part of the programme.
pub(crate) async fn change(
    app: &App,
    target: &str,
    action: SwitchAction,
    command: SwitchCommand,
    console: &mut Console<'_>,
) -> Result<Outcome, Failure> {
    let (switch, Change { reason, actor }) = command.parts();
    let reason = checked("--reason", reason)?;
    let actor = checked("--actor", actor_or_user(actor, &|name| std::env::var(name).ok()))?;
    let what = described(&switch);
    console.ask(target, format_args!("{} {what}: {reason}", verb(action)))?;
    let change = SwitchChange { switch, action, reason, actor, at: app.clock.now() };
    match app.table.change_switch(&change).await? {
        SwitchOutcome::Changed => console.say(format_args!("{} {what}", past(action))),
        SwitchOutcome::AsBefore => {
            console.say(format_args!("{what}: already {}", past(action)));
        }
        SwitchOutcome::UnknownLink => {
            return Err(Failure::InvalidInput(format!("there is no {what}")));
        }
        SwitchOutcome::TooMany => {
            return Err(Failure::InvalidInput(format!(
                "{MAX_STOPPED} links and affiliates are stopped, which is as many as may be: start \
                 some, or stop all binds"
            )));
        }
    }
    match (action, &change.switch) {
        (SwitchAction::Start, Switch::Binds | Switch::Link(_)) => evaluate_held(app, console).await,
        _ => Ok(Outcome::Clean),
    }
}

/// Evaluates the sign-ups that were held for a switch. It was turned off before, also by a command
/// that was interrupted here.
async fn evaluate_held(app: &App, console: &mut Console<'_>) -> Result<Outcome, Failure> {
    let HeldEvaluation { ended, waiting, unreadable } = ingestion::evaluate_held(app).await?;
    if ended + waiting + unreadable > 0 {
        console.say(format_args!("held sign-ups: {ended} evaluated, {waiting} still wait"));
    }
    if unreadable > 0 {
        console.say(format_args!("held sign-ups that cannot be read: {unreadable}"));
    }
    Ok(Outcome::of(unreadable == 0))
}

/// Lists the switches that are on, and the newest changes.
pub(crate) async fn list(app: &App, console: &mut Console<'_>) -> Result<Outcome, Failure> {
    let switches = app.table.control().await?.value;
    let changes = app.table.switch_changes(CHANGES_SHOWN).await?;
    let on = switches.on();
    if on.is_empty() {
        console.say("nothing is stopped");
    }
    for (switch, Stop { reason, actor, at }) in &on {
        console.say(format_args!("{}: stopped since {at} by {actor}: {reason}", described(switch)));
    }
    if !changes.is_empty() {
        console.say("\nNewest changes:");
    }
    for SwitchChange { switch, action, reason, actor, at } in &changes {
        let what = described(switch);
        console.say(format_args!("{at}  {} {what} by {actor}: {reason}", past(*action)));
    }
    Ok(Outcome::Clean)
}

fn described(switch: &Switch) -> String {
    match switch {
        Switch::Binds => "binds".to_owned(),
        Switch::Link(code) => format!("link {code}"),
        Switch::NewLinks(uid) => format!("new links of {uid}"),
        Switch::Payments => "payments".to_owned(),
    }
}

const fn verb(action: SwitchAction) -> &'static str {
    match action {
        SwitchAction::Stop => "stops",
        SwitchAction::Start => "starts",
    }
}

const fn past(action: SwitchAction) -> &'static str {
    match action {
        SwitchAction::Stop => "stopped",
        SwitchAction::Start => "started",
    }
}

/// Returns a text of one line within its limit.
fn checked(option: &str, text: String) -> Result<String, Failure> {
    let text = text.trim();
    let is_good =
        (1..=MAX_SWITCH_REASON_BYTES).contains(&text.len()) && !text.chars().any(char::is_control);
    if is_good {
        return Ok(text.to_owned());
    }
    let expected = format!("{option}: expected 1 to {MAX_SWITCH_REASON_BYTES} bytes in one line");
    Err(Failure::InvalidInput(expected))
}

/// Returns the operator for the log: the option, or else the user of the machine, if it has one.
fn actor_or_user(actor: Option<String>, lookup: &dyn Fn(&str) -> Option<String>) -> String {
    let variables = ["USER", "LOGNAME", "USERNAME"];
    let user = || variables.into_iter().find_map(|name| lookup(name).filter(|it| !it.is_empty()));
    actor.or_else(user).unwrap_or_else(|| "unknown".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actor_defaults_to_the_user_of_the_machine() {
        let user = |name: &str| (name == "LOGNAME").then(|| "alice".to_owned());
        let actor = |given: Option<&str>| actor_or_user(given.map(str::to_owned), &user);
        assert_eq!([actor(None), actor(Some("bob"))], ["alice", "bob"]);
        assert_eq!(actor_or_user(None, &|_| None), "unknown");
    }

    #[test]
    fn reason_is_line_of_200_bytes() {
        let is_good = |text: &str| checked("--reason", text.to_owned()).is_ok();
        assert!(is_good("fraud, see #12") && is_good(&"x".repeat(200)));
        for bad in ["", "  ", "two\nlines", &"x".repeat(201)] {
            assert!(!is_good(bad), "{bad:?}");
        }
    }
}
