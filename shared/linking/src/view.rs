//! Links as the API shows them.

use commission::SharedCommission;
use policy::LinkRules;
use serde::Serialize;
use storage::Link;
use types::{LinkCode, Timestamp};

const NEW_ONLY: &[&str] = &["new"];
const NEW_AND_EXISTING: &[&str] = &["new", "existing"];

/// A link.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LinkView<'a> {
    code: &'a LinkCode,
    url: String,
    invites: &'static [&'static str],
    qr_code: QrCodePaths,
    shared_commission: SharedCommission,
    created_at: Timestamp,
    original: Original,
}

/// Where the API draws the link's QR code.
#[derive(Serialize)]
struct QrCodePaths {
    svg: String,
    png: String,
}

/// The older form of the same link.
#[derive(Serialize)]
struct Original {
    url: String,
    invites: &'static [&'static str],
}

/// A link among others of its owner.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ListedLink<'a> {
    #[serde(flatten)]
    link: LinkView<'a>,
    label: Option<&'a str>,
    default: bool,
    archived: bool,
}

impl<'a> LinkView<'a> {
    pub(crate) fn new(link: &'a Link, rules: &LinkRules) -> Self {
        let code = &link.facts.code;
        let recalls = link.facts.invites_existing;
        Self {
            code,
            url: url(link, rules),
            invites: if recalls { NEW_AND_EXISTING } else { NEW_ONLY },
            qr_code: QrCodePaths {
                svg: format!("/v1/link/qr.svg?code={code}"),
                png: format!("/v1/link/qr.png?code={code}"),
            },
            shared_commission: link.shared,
            created_at: link.created_at,
            original: Original { url: rules.original_url(code), invites: NEW_ONLY },
        }
    }
}

impl<'a> ListedLink<'a> {
    pub(crate) fn new(link: &'a Link, default: bool, rules: &LinkRules) -> Self {
        let (label, archived) = (link.label.as_deref(), link.archived);
        Self { link: LinkView::new(link, rules), label, default, archived }
    }
}

/// The address that the link is shared by. A link that invites new users only has the original
/// form alone.
pub(crate) fn url(link: &Link, rules: &LinkRules) -> String {
    let code = &link.facts.code;
    if link.facts.invites_existing { rules.recall_url(code) } else { rules.original_url(code) }
}
