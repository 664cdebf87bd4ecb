//! `GET /v1/links`: all links, each with the number of its invitees.

use commission::Rate;
use http_api::{Call, Problem, Response, reply};
use lambda::{App, OrProblem};
use policy::Programme;
use serde::Serialize;
use types::{Market, Timestamp};

use crate::affiliate;
use crate::view::ListedLink;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct List<'a> {
    /// Up to when invitees are counted; none before the first closed day.
    data_as_of: Option<Timestamp>,
    links: Vec<Counted<'a>>,
    /// How many links the programme allows.
    max_links: u32,
    shared_commission_choices: Choices,
}

/// The shares that a new link may have.
#[derive(Serialize)]
struct Choices {
    spot: Vec<Rate>,
    futures: Vec<Rate>,
}

impl Choices {
    fn at(now: Timestamp, programme: &Programme) -> Self {
        let of = |market| programme.commission.shared_choices(market, now);
        Self { spot: of(Market::Spot), futures: of(Market::Futures) }
    }
}

#[derive(Serialize)]
struct Counted<'a> {
    #[serde(flatten)]
    link: ListedLink<'a>,
    invitees: u32,
}

pub(crate) async fn answer<R>(app: &App, call: &Call<R>) -> Result<Response, Problem> {
    let state = async { app.table.affiliate_state(&call.caller).await.or_problem() };
    let (links, state) = tokio::try_join!(affiliate::links(app, call), state)?;
    let counted = links.value.links.iter().map(|link| {
        let code = &link.facts.code;
        let default = links.value.default.as_ref() == Some(code);
        Counted {
            link: ListedLink::new(link, default, &app.programme.links),
            invitees: state.totals.by_link.get(code).copied().unwrap_or(0),
        }
    });
    reply::ok(&List {
        data_as_of: state.head.data_as_of(),
        links: counted.collect(),
        max_links: app.programme.links.max_links,
        shared_commission_choices: Choices::at(call.now, &app.programme),
    })
}
