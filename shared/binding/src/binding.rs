//! `GET /v1/binding`: the caller's own relation, and the commission shared with them.

use commission::{Amount, Asset, Assets, Overflow};
use http_api::{Call, Code, OrInternal, Problem, Response, reply};
use lambda::{App, OrProblem};
use policy::Presentation;
use serde::Serialize;
use storage::{Binding, ReferralActivity, SharedDays};
use types::{Day, Timestamp};

use crate::view::BindingView;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Relationship<'a> {
    #[serde(flatten)]
    binding: BindingView<'a>,
    /// Where the binding was found void, when.
    #[serde(skip_serializing_if = "Option::is_none")]
    voided_at: Option<Timestamp>,
    shared: Shared,
    /// Up to when fees are counted; none before the first closed day.
    data_as_of: Option<Timestamp>,
    programme: &'a Presentation,
}

/// The commission that was shared with the invitee so far.
#[derive(Serialize)]
struct Shared {
    usd: String,
    assets: Vec<SharedAsset>,
    /// The last days with a share, newest first.
    days: Vec<SharedDay>,
}

#[derive(Serialize)]
struct SharedDay {
    day: Day,
    usd: String,
}

#[derive(Serialize)]
struct SharedAsset {
    asset: Asset,
    amount: String,
    usd: String,
}

pub(crate) async fn answer<R>(app: &App, call: &Call<R>) -> Result<Response, Problem> {
    let binding = app.table.binding(&call.caller).await.or_problem()?;
    let binding = binding.ok_or_else(not_bound)?;
    let Received { activity, days, data_as_of } = received(app, &binding).await?;
    reply::ok(&Relationship {
        binding: BindingView::new(&binding),
        voided_at: activity.voided_at,
        shared: shared(&activity, &days, &app.programme.commission.assets).or_internal()?,
        data_as_of,
        programme: &app.programme.presentation,
    })
}

fn not_bound() -> Problem {
    Problem::new(Code::NotFound).detail("This account has no inviter.")
}

/// The results of the invitee's trades, as of the newest visible run.
#[derive(Default)]
struct Received {
    activity: ReferralActivity,
    days: SharedDays,
    data_as_of: Option<Timestamp>,
}

/// Reads the sums of the invitee's trades, and the days with a share.
async fn received(app: &App, binding: &Binding) -> Result<Received, Problem> {
    let relation = &binding.relation;
    let place = [(&relation.inviter, relation.bound_at, &relation.invitee)];
    let (head, mut referrals) =
        tokio::try_join!(app.table.head(), app.table.referrals_at(&place)).or_problem()?;
    let referral = referrals.remove(&relation.invitee);
    let head = app.table.seen_by(&relation.inviter, head.value).await.or_problem()?;
    let data_as_of = head.data_as_of();
    let Some(referral) = referral else { return Ok(Received { data_as_of, ..Default::default() }) };
    let activity = referral.value.activity.at(head.visible).cloned().unwrap_or_default();
    let days = referral.value.shared_by_day.at(head.visible).or_internal()?;
    Ok(Received { activity, days, data_as_of })
}

fn shared(
    activity: &ReferralActivity,
    days: &SharedDays,
    decimals: &Assets,
) -> Result<Shared, Overflow> {
    let money = activity.by_asset.values();
    let usd = money.clone().try_fold(Amount::ZERO, |sum, money| sum.plus(money.in_usd.shared))?;
    let show_usd = |amount: Amount| amount.display(decimals.usd()).to_string();
    let assets = activity.by_asset.iter().map(|(asset, money)| SharedAsset {
        asset: *asset,
        amount: money.in_asset.shared.display(decimals.decimals(*asset)).to_string(),
        usd: show_usd(money.in_usd.shared),
    });
    let newest_first = days.days.iter().rev();
    let days = newest_first.map(|(day, usd)| SharedDay { day: *day, usd: show_usd(*usd) });
    Ok(Shared { usd: show_usd(usd), assets: assets.collect(), days: days.collect() })
}
