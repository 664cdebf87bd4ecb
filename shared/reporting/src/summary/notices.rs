//! Notices of kill switches, for the affiliates that they concern.

use serde::Serialize;
use storage::{Stop, Switches};
use types::{LinkCode, Timestamp, Uid};

/// A part of the programme that an operator has stopped. The operator's reason is not shown.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Notice {
    code: NoticeCode,
    since: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<LinkCode>,
}

/// The kind of a notice: the codes of refusals by the same switch, and `payments_stopped`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
enum NoticeCode {
    #[serde(rename = "binds_stopped")]
    Binds,
    #[serde(rename = "payments_stopped")]
    Payments,
    #[serde(rename = "link_stopped")]
    Link,
    #[serde(rename = "links_stopped")]
    NewLinks,
}

/// Returns the notices for an affiliate: of the whole programme, of the links they own, and of
/// their new links.
pub(crate) fn notices(switches: &Switches, caller: &Uid) -> Vec<Notice> {
    let notice = |code, stop: &Stop, link| Notice { code, since: stop.at, link };
    let of = |code, stop: Option<&Stop>| stop.map(|stop| notice(code, stop, None));
    let own = switches.links.iter().filter(|(_, link)| link.owner == *caller);
    let links = own.map(|(code, link)| notice(NoticeCode::Link, &link.stop, Some(code.clone())));
    of(NoticeCode::Binds, switches.binds.as_ref())
        .into_iter()
        .chain(of(NoticeCode::Payments, switches.payments.as_ref()))
        .chain(links)
        .chain(of(NoticeCode::NewLinks, switches.new_links.get(caller)))
        .collect()
}

#[cfg(test)]
mod tests {
    use storage::StoppedLink;

    use super::*;

    fn stop(second: &str) -> Stop {
        let at = format!("2026-11-22T12:00:0{second}Z").parse().unwrap();
        Stop { reason: "a secret".to_owned(), actor: "tester".to_owned(), at }
    }

    fn link(owner: &str, second: &str) -> StoppedLink {
        StoppedLink { owner: owner.parse().unwrap(), stop: stop(second) }
    }

    #[test]
    fn affiliate_sees_only_own_links_and_no_reason() {
        let switches = Switches {
            binds: Some(stop("1")),
            payments: None,
            links: [
                ("K7M2XW9P".parse().unwrap(), link("alice", "2")),
                ("N4HHANA7".parse().unwrap(), link("bob", "3")),
            ]
            .into(),
            new_links: [("alice".parse().unwrap(), stop("4"))].into(),
        };
        let shown = |caller: &str| {
            serde_json::to_value(notices(&switches, &caller.parse().unwrap())).unwrap()
        };
        let of_all =
            serde_json::json!({ "code": "binds_stopped", "since": "2026-11-22T12:00:01.000Z" });
        let alice = serde_json::json!([
            of_all,
            { "code": "link_stopped", "since": "2026-11-22T12:00:02.000Z", "link": "K7M2XW9P" },
            { "code": "links_stopped", "since": "2026-11-22T12:00:04.000Z" },
        ]);
        assert_eq!(shown("alice"), alice);
        assert_eq!(shown("carol"), serde_json::json!([of_all]));
        assert!(notices(&Switches::default(), &"alice".parse().unwrap()).is_empty());
    }
}
