//! `GET /sandbox/users`: the personas of the sample programme, for the page's sign-in.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http_api::{Problem, reply};
use lambda::OrProblem;
use serde::Serialize;
use types::LinkCode;

use crate::routes::answer;
use crate::sample::{Affiliate, Character, Personas, Refused};
use crate::services::Services;

/// The personas, with the links by which users are invited.
#[derive(Serialize, Default)]
struct Users {
    affiliates: Vec<Inviter>,
    dormant: Vec<Character>,
    invitees: Vec<Character>,
    refused: Vec<Refused>,
}

#[derive(Serialize)]
struct Inviter {
    #[serde(flatten)]
    affiliate: Affiliate,
    /// The code of the default link; none before the first.
    code: Option<LinkCode>,
}

pub(super) async fn list(State(services): State<Arc<Services>>) -> Response {
    answer(users(&services).await.and_then(|users| reply::ok(&users)))
}

/// Returns all personas, or none if the sample was not loaded.
async fn users(services: &Services) -> Result<Users, Problem> {
    let Personas { affiliates, dormant, invitees, refused } = Personas::everyone();
    let mut known = Vec::new();
    for affiliate in affiliates {
        let storage::LinkOwner { account, links } =
            services.app.table.link_owner(&affiliate.uid).await.or_problem()?;
        if account.is_some() {
            known.push(Inviter { affiliate, code: links.value.default });
        }
    }
    Ok(match known.is_empty() {
        true => Users::default(),
        false => Users { affiliates: known, dormant, invitees, refused },
    })
}
