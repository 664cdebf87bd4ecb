//! `bind`: binds an existing user to an affiliate, once and for life.
//!
//! The window shows every check and, if all are met, a confirmation for this user and this link
//! only. The bind takes the confirmation and evaluates all checks again, on facts that the write is
//! conditional on. Only the user learns whether they are eligible, and sees the inviter masked.

mod binding;
mod card;
mod confirm;
mod confirmation_token;
mod context;
mod invitation;
mod measured;
mod stopped;
mod view;
mod window;

pub use confirmation_token::ConfirmationToken;
use http_api::{Anyone, Call, Problem, Routes, get, post};
use lambda::{ApiApp, MetricSet, respond};
use lambda_http::{Body, Request, Response};

/// The routes that need a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// The confirmation window.
    Window,
    /// The bind.
    Bind,
    /// The caller's own relation.
    Binding,
}

/// The routes of the function.
pub const ROUTES: Routes<Route> = Routes(&[
    get("/v1/bind", Route::Window).query(&["ref"]),
    post("/v1/bind", Route::Bind),
    get("/v1/binding", Route::Binding),
]);

/// A route that needs no token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PublicRoute {
    /// The invitation of a link before sign-in.
    Invitation,
    /// The same as a document that messengers preview.
    Card,
}

/// The routes of the function that need no token.
pub const PUBLIC_ROUTES: Routes<PublicRoute> = Routes(&[
    get("/v1/invitation", PublicRoute::Invitation).query(&["ref"]),
    get("/v1/invitation/card", PublicRoute::Card).query(&["ref"]),
]);

/// Answers a request of the API.
pub async fn handle(app: &ApiApp, request: Request) -> Response<Body> {
    if PUBLIC_ROUTES.have_path_of(&request) {
        let answer = |call| answer_public(app, call);
        return respond(app, &PUBLIC_ROUTES, request, answer, |_| MetricSet::default()).await;
    }
    respond(app, &ROUTES, request, |call| answer(app, call), measured::measures).await
}

async fn answer(app: &ApiApp, call: Call<Route>) -> Result<Response<Body>, Problem> {
    match call.route {
        Route::Window => window::answer(app, &call).await,
        Route::Bind => confirm::answer(app, &call).await,
        Route::Binding => binding::answer(app, &call).await,
    }
}

async fn answer_public(
    app: &ApiApp,
    call: Call<PublicRoute, Anyone>,
) -> Result<Response<Body>, Problem> {
    match call.route {
        PublicRoute::Invitation => invitation::answer(app, &call).await,
        PublicRoute::Card => card::answer(app, &call).await,
    }
}
