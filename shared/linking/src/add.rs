//! One more link.

use commission::SharedCommission;
use eligibility::LinkFacts;
use http_api::{Call, Code, OrInternal, Problem};
use lambda::App;
use storage::{Link, Links, Versioned};
use types::LinkCode;

/// The properties of a new link.
#[derive(Debug, Clone, Default)]
pub(crate) struct NewLink {
    pub(crate) label: Option<String>,
    pub(crate) shared: SharedCommission,
    pub(crate) default: bool,
}

/// A link that can be made.
pub(crate) struct Draft {
    pub(crate) link: Link,
    /// Whether it becomes the default.
    pub(crate) default: bool,
    /// The caller's links as they were read, with the new one.
    pub(crate) links: Versioned<Links>,
}

/// Drafts a link and adds it to the caller's links as they were read. The first one is the default.
///
/// Returns `None` where no code could be drawn: read the links and decide again.
///
/// # Errors
/// `too_many_links`.
pub(crate) fn draft<R>(
    app: &App,
    call: &Call<R>,
    mut links: Versioned<Links>,
    new_link: &NewLink,
) -> Result<Option<Draft>, Problem> {
    refuse_too_many(&links.value, app.programme.links.max_links)?;
    let Some(code) = draw(app)? else { return Ok(None) };
    let link = Link {
        facts: LinkFacts { code: code.clone(), owner: call.caller.clone(), invites_existing: true },
        label: new_link.label.clone(),
        shared: new_link.shared,
        created_at: call.now,
        archived: false,
    };
    let default = new_link.default || links.value.default.is_none();
    if default {
        links.value.default = Some(code);
    }
    links.value.links.push(link.clone());
    Ok(Some(Draft { link, default, links }))
}

fn refuse_too_many(links: &Links, max_links: u32) -> Result<(), Problem> {
    if links.links.len() < usize::try_from(max_links).unwrap_or(usize::MAX) {
        return Ok(());
    }
    let detail = format!("You have {max_links} links, which is as many as the programme allows.");
    Err(Problem::new(Code::TooManyLinks).detail(detail))
}

/// A code at random. Twice the bytes of a code: that too few of them are usable is all but
/// impossible, and then the next try draws others.
fn draw(app: &App) -> Result<Option<LinkCode>, Problem> {
    let mut bytes = [0; 2 * LinkCode::LENGTH];
    app.entropy.fill(&mut bytes).or_internal()?;
    Ok(LinkCode::from_entropy(&bytes))
}
