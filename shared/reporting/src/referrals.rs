//! `GET /v1/dashboard/referrals`: the invitees, one by one.

use std::str::FromStr;

use commission::{Assets, Overflow};
use http_api::{Call, OrInternal, Problem, Response, reply};
use lambda::{ApiApp, App, OrProblem};
use serde::Serialize;
use storage::{Referral, ReferralActivity};
use types::{LinkCode, Malformed, Origin, Timestamp, Uid};

use crate::affiliate::affiliate;
use crate::totals::{Figures, TotalsBuilder};

/// How many reads a page is made of at most, where invitees are passed over because of a filter or
/// because they are not visible yet. A page may then hold fewer than were asked for, and still not
/// be the last.
const READS_PER_PAGE: usize = 8;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    data_as_of: Option<Timestamp>,
    referrals: Vec<Invitee>,
    /// None at the end of the list.
    next_cursor: Option<String>,
}

/// An invitee; all figures since he was bound.
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
    /// He has traded since he was bound.
    Active,
    /// He has not.
    NoTradesYet,
    /// The binding was found void: it earns nothing.
    Voided,
}

/// In which order invitees are listed.
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

/// Which invitees are listed.
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
    let (found, next) = match &filter.uid {
        Some(uid) => (named(app, call, uid, &filter, visible).await?, None),
        None => read(app, call, &filter, sort, limit, cursor, visible).await?,
    };
    let assets = &app.programme.commission.assets;
    let invitees = found.iter().map(|(referral, activity)| invitee(referral, activity, assets));
    reply::ok(&Page {
        data_as_of: affiliate.head.data_as_of(),
        referrals: invitees.collect::<Result<_, _>>().or_internal()?,
        next_cursor: next.map(|place| call.cursor_to(&app.signer, &place)).transpose()?,
    })
}

type Found = (Vec<(Referral, ReferralActivity)>, Option<String>);

/// The invitee of an id, if he is the caller's; whoever is not is no more told of than nobody.
async fn named<R>(
    app: &App,
    call: &Call<R>,
    uid: &Uid,
    filter: &Filter,
    visible: u64,
) -> Result<Vec<(Referral, ReferralActivity)>, Problem> {
    let account = app.table.account(uid).await.or_problem()?;
    let relation = account.and_then(|account| account.value.relation);
    let Some(relation) = relation.filter(|relation| relation.inviter == call.caller) else {
        return Ok(Vec::new());
    };
    let place = (&call.caller, relation.bound_at, uid);
    let mut found = app.table.referrals_at(&[place]).await.or_problem()?;
    let referral = found.remove(uid).map(|found| found.value);
    let admitted = referral.filter(|referral| filter.admits(referral)).and_then(|referral| {
        let activity = referral.activity.at(visible).cloned()?;
        Some((referral, activity))
    });
    Ok(admitted.into_iter().collect())
}

/// Reads on until the page is full, the list ends, or the reads are used up. Each read asks for no
/// more than the page still takes, so that the next page begins where the last read ended.
async fn read<R>(
    app: &App,
    call: &Call<R>,
    filter: &Filter,
    sort: Sort,
    limit: u16,
    mut place: Option<String>,
    visible: u64,
) -> Result<Found, Problem> {
    let mut found = Vec::new();
    for _ in 0..READS_PER_PAGE {
        let wanted = limit.saturating_sub(u16::try_from(found.len()).unwrap_or(limit));
        if wanted == 0 {
            break;
        }
        let oldest_first = sort == Sort::OldestFirst;
        let read = app.table.referrals(&call.caller, oldest_first, place.as_deref(), wanted);
        let page = read.await.or_problem()?;
        let admitted = page.referrals.into_iter().filter(|referral| filter.admits(referral));
        found.extend(admitted.filter_map(|referral| {
            let activity = referral.activity.at(visible).cloned()?;
            Some((referral, activity))
        }));
        place = page.next;
        if place.is_none() {
            break;
        }
    }
    Ok((found, place))
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
