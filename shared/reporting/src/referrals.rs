//! `GET /v1/dashboard/referrals`: the list of invitees.

use std::str::FromStr;

use commission::{Assets, Overflow};
use http_api::{Call, OrInternal, Problem, Response, reply};
use lambda::{ApiApp, App, OrProblem};
use serde::Serialize;
use storage::{Referral, ReferralActivity};
use types::{LinkCode, Malformed, Origin, Timestamp, Uid};

use crate::affiliate::affiliate;
use crate::totals::{Figures, TotalsBuilder};

/// The most reads of one page. A read may return invitees that the filter does not admit or that
/// are not visible yet, so that a page may have fewer than `limit` and still not be the last.
const READS_PER_PAGE: usize = 8;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    data_as_of: Option<Timestamp>,
    referrals: Vec<Invitee>,
    /// None at the end of the list.
    next_cursor: Option<String>,
}

/// An invitee, with all figures since the binding.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Invitee {
    uid: Uid,
    origin: Origin,
    code: LinkCode,
    bound_at: Timestamp,
    /// The first trade after the binding.
    first_trade_time: Option<Timestamp>,
    last_trade_time: Option<Timestamp>,
    totals: Figures,
    status: InviteeStatus,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum InviteeStatus {
    /// There are trades since the binding.
    Active,
    /// There are none.
    NoTradesYet,
    /// The binding was found void: it earns nothing.
    Voided,
}

/// The order of invitees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sort {
    OldestFirst,
    NewestFirst,
}

impl FromStr for Sort {
    type Err = Malformed;
    fn from_str(text: &str) -> Result<Self, Malformed> {
        match text {
            "boundAt" => Ok(Self::OldestFirst),
            "-boundAt" => Ok(Self::NewestFirst),
            _ => Err(Malformed("expected boundAt or -boundAt".to_owned())),
        }
    }
}

/// The conditions of a list.
struct Filter {
    origin: Option<Origin>,
    link: Option<LinkCode>,
    uid: Option<Uid>,
}

impl Filter {
    fn admits(&self, referral: &Referral) -> bool {
        self.origin.is_none_or(|origin| origin == referral.origin)
            && self.link.as_ref().is_none_or(|link| *link == referral.code)
            && self.uid.as_ref().is_none_or(|uid| *uid == referral.uid)
    }
}

pub(crate) async fn answer<R>(app: &ApiApp, call: &Call<R>) -> Result<Response, Problem> {
    let query = &call.query;
    let filter = Filter {
        origin: query.optional("origin")?,
        link: query.optional("link")?,
        uid: query.optional("uid")?,
    };
    let sort = query.optional("sort")?.unwrap_or(Sort::NewestFirst);
    let limit = query.limit()?;
    let cursor: Option<String> = call.cursor(&app.signer)?;
    let affiliate = affiliate(app, call).await?;

    let visible = affiliate.head.visible;
    let Found { invitees, next } = match &filter.uid {
        Some(uid) => {
            let named = named(app, call, uid, &filter, visible).await?;
            Found { invitees: named.into_iter().collect(), next: None }
        }
        None => read(app, call, &filter, sort, limit, cursor, visible).await?,
    };
    let assets = &app.programme.commission.assets;
    let invitees = invitees.iter().map(|it| invitee(&it.referral, &it.activity, assets));
    reply::ok(&Page {
        data_as_of: affiliate.head.data_as_of(),
        referrals: invitees.collect::<Result<_, _>>().or_internal()?,
        next_cursor: next.map(|place| call.cursor_to(&app.signer, &place)).transpose()?,
    })
}

/// An invitee with the activity that the caller sees.
struct VisibleReferral {
    referral: Referral,
    activity: ReferralActivity,
}

impl VisibleReferral {
    /// Returns the invitee as readers of the run `visible` see it; `None` if it is newer.
    fn at(referral: Referral, visible: u64) -> Option<Self> {
        let activity = referral.activity.at(visible).cloned()?;
        Some(Self { referral, activity })
    }
}

/// The invitees of a page, and the place after which the next page begins.
struct Found {
    invitees: Vec<VisibleReferral>,
    next: Option<String>,
}

/// Returns the invitee of an id if the caller is the inviter. An unknown id and another affiliate's
/// invitee look the same.
async fn named<R>(
    app: &App,
    call: &Call<R>,
    uid: &Uid,
    filter: &Filter,
    visible: u64,
) -> Result<Option<VisibleReferral>, Problem> {
    let account = app.table.account(uid).await.or_problem()?;
    let relation = account.and_then(|account| account.value.relation);
    let Some(relation) = relation.filter(|relation| relation.inviter == call.caller) else {
        return Ok(None);
    };
    let place = (&call.caller, relation.bound_at, uid);
    let mut found = app.table.referrals_at(&[place]).await.or_problem()?;
    let referral = found.remove(uid).map(|found| found.value);
    let admitted = referral.filter(|referral| filter.admits(referral));
    Ok(admitted.and_then(|referral| VisibleReferral::at(referral, visible)))
}

/// Reads until the page is full, the list ends, or the reads are used up. Each read asks only for
/// the number that still fits, so that the next page begins where the last read ended.
async fn read<R>(
    app: &App,
    call: &Call<R>,
    filter: &Filter,
    sort: Sort,
    limit: u16,
    mut place: Option<String>,
    visible: u64,
) -> Result<Found, Problem> {
    let mut invitees = Vec::new();
    for _ in 0..READS_PER_PAGE {
        let wanted = limit.saturating_sub(u16::try_from(invitees.len()).unwrap_or(limit));
        if wanted == 0 {
            break;
        }
        let oldest_first = sort == Sort::OldestFirst;
        let read = app.table.referrals(&call.caller, oldest_first, place.as_deref(), wanted);
        let page = read.await.or_problem()?;
        let admitted = page.referrals.into_iter().filter(|referral| filter.admits(referral));
        invitees.extend(admitted.filter_map(|it| VisibleReferral::at(it, visible)));
        place = page.next;
        if place.is_none() {
            break;
        }
    }
    Ok(Found { invitees, next: place })
}

fn invitee(
    referral: &Referral,
    activity: &ReferralActivity,
    assets: &Assets,
) -> Result<Invitee, Overflow> {
    let mut totals = TotalsBuilder::default();
    for (asset, money) in &activity.by_asset {
        totals.add(*asset, money)?;
    }
    Ok(Invitee {
        uid: referral.uid.clone(),
        origin: referral.origin,
        code: referral.code.clone(),
        bound_at: referral.bound_at,
        first_trade_time: activity.first_trade(),
        last_trade_time: activity.last_trade_at(),
        totals: totals.figures(assets),
        status: match (activity.voided_at, activity.has_traded()) {
            (Some(_), _) => InviteeStatus::Voided,
            (None, true) => InviteeStatus::Active,
            (None, false) => InviteeStatus::NoTradesYet,
        },
    })
}
