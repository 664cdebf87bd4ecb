//! `operator velocity`: how fast links bind, and the outcomes of those bindings.

mod measure;
mod text;

use lambda::App;
use storage::{ReferralActivity, Shard};
use types::{Day, Timestamp, Uid};

use crate::velocity::measure::{BindingOutcome, Links};
use crate::{Console, Days, Failure, Outcome};

const BAR: &str = "  {bar:40} {pos}/{len} shards, {msg}";

/// Lists the links with bindings in the days, the most suspicious first.
pub(crate) async fn velocity(
    app: &App,
    days: Days,
    csv: bool,
    console: &mut Console<'_>,
) -> Result<Outcome, Failure> {
    let bar = console.bar(days.count() * u64::from(storage::SHARDS), BAR);
    let visible = app.table.head().await?.value.visible;
    let mut links = Links::default();
    for day in days.iter() {
        bar.set_message(day.to_string());
        for shard in Shard::all() {
            count(app, day, shard, visible, &mut links).await?;
            bar.inc(1);
        }
    }
    bar.finish_and_clear();
    let links = links.measured();
    match csv {
        true => text::csv(&links)?.lines().for_each(|line| console.say(line)),
        false => text::table(&links).into_iter().for_each(|line| console.say(line)),
    }
    console.note(text::total(&links, days));
    Ok(Outcome::Clean)
}

/// Counts a shard's new bindings of a day. Cost: 1 query, 2 read units a binding.
async fn count(
    app: &App,
    day: Day,
    shard: Shard,
    visible: u64,
    links: &mut Links,
) -> Result<(), Failure> {
    let bindings = app.table.new_bindings(day, shard).await?;
    let accounts = app.table.accounts(bindings.iter().map(|of| &of.invitee)).await?;
    let places: Vec<(&Uid, Timestamp, &Uid)> =
        bindings.iter().map(|of| (&of.inviter, of.bound_at, &of.invitee)).collect();
    let referrals = app.table.referrals_at(&places).await?;
    for relation in &bindings {
        let now = accounts.get(&relation.invitee).and_then(|a| a.value.relation.as_ref());
        let activity = referrals.get(&relation.invitee).and_then(|r| r.value.activity.at(visible));
        let outcome = BindingOutcome {
            bound_at: relation.bound_at,
            traded: activity.is_some_and(ReferralActivity::has_traded),
            void: now.is_some_and(|relation| relation.voided_at.is_some()),
        };
        links.add(relation, outcome);
    }
    Ok(())
}
