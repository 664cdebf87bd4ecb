//! The kill switch of an affiliate's new links.

use http_api::{Code, Problem};
use lambda::App;
use storage::Switches;
use types::Uid;

/// Refuses a new link of an affiliate whose new links an operator has stopped.
///
/// # Errors
/// `links_stopped`.
pub(crate) async fn check(app: &App, caller: &Uid) -> Result<(), Problem> {
    let switches = app.switches().await;
    refusal(&switches, caller).map_or(Ok(()), |code| Err(code.into()))
}

fn refusal(switches: &Switches, caller: &Uid) -> Option<Code> {
    switches.new_links.get(caller).map(|_| Code::LinksStopped)
}

#[cfg(test)]
mod tests {
    use storage::Stop;

    use super::*;

    #[test]
    fn stop_of_new_links_is_of_one_affiliate() {
        let at = "2026-11-22T12:00:00Z".parse().unwrap();
        let stop = Stop { reason: "a test".to_owned(), actor: "tester".to_owned(), at };
        let new_links = [("alice".parse().unwrap(), stop.clone())].into();
        let switches = Switches { binds: Some(stop), new_links, ..Switches::default() };
        assert_eq!(refusal(&switches, &"alice".parse().unwrap()), Some(Code::LinksStopped));
        assert_eq!(refusal(&switches, &"bob".parse().unwrap()), None);
    }
}
