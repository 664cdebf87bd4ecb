//! Kill switches of binds.

use http_api::{Code, Problem};
use lambda::App;
use storage::Switches;
use types::LinkCode;

/// Refuses a window or a bind that an operator has stopped. Asked before the table is read, so that
/// stopped requests cost nothing.
///
/// # Errors
/// `binds_stopped`, or `link_stopped`.
pub(crate) async fn check(app: &App, code: &LinkCode) -> Result<(), Problem> {
    let switches = app.switches().await;
    refusal(&switches, code).map_or(Ok(()), |code| Err(code.into()))
}

/// Returns the code with which binds by a link are refused; the switch of all binds comes first.
fn refusal(switches: &Switches, code: &LinkCode) -> Option<Code> {
    let all = switches.binds.as_ref().map(|_| Code::BindsStopped);
    all.or_else(|| switches.links.get(code).map(|_| Code::LinkStopped))
}

#[cfg(test)]
mod tests {
    use storage::{Stop, StoppedLink};

    use super::*;

    fn stop() -> Stop {
        let at = "2026-11-22T12:00:00Z".parse().unwrap();
        Stop { reason: "a test".to_owned(), actor: "tester".to_owned(), at }
    }

    fn refused(switches: &Switches, code: &str) -> Option<Code> {
        refusal(switches, &code.parse().unwrap())
    }

    #[test]
    fn no_switch_refuses_nothing() {
        let others = Switches {
            payments: Some(stop()),
            new_links: [("a".parse().unwrap(), stop())].into(),
            ..Switches::default()
        };
        assert_eq!(refused(&others, "K7M2XW9P"), None);
    }

    #[test]
    fn stopped_link_refuses_its_own_binds() {
        let link = StoppedLink { owner: "affiliate".parse().unwrap(), stop: stop() };
        let links = [("K7M2XW9P".parse().unwrap(), link)].into();
        let mut switches = Switches { links, ..Switches::default() };
        assert_eq!(refused(&switches, "K7M2XW9P"), Some(Code::LinkStopped));
        assert_eq!(refused(&switches, "N4HHANA7"), None);
        switches.binds = Some(stop());
        assert_eq!(refused(&switches, "K7M2XW9P"), Some(Code::BindsStopped));
        assert_eq!(refused(&switches, "N4HHANA7"), Some(Code::BindsStopped));
    }
}
