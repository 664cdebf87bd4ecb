//! `dashboard`: an affiliate's earnings, by invitee, with reasons.
//!
//! Every answer is a function of the visible ledger: the lines of committed runs up to the newest
//! visible run. Totals, lists and exports are made of the same lines, so that they agree to the
//! last unit. Days are UTC days. All keys that are read contain the caller's id: another user's
//! data cannot be addressed.

mod affiliate;
mod commissions;
mod referrals;
mod status;
mod summary;
mod totals;
mod view;

use http_api::{Call, Problem, Routes, get};
use lambda::{ApiApp, MetricSet, respond};
use lambda_http::{Body, Request, Response};

pub use commissions::{COLUMNS, Cursor, VERSION, line_id};
pub use status::{RunStatus, Status};

/// The routes of the function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// The figures of a range of days.
    Summary,
    /// The invitees.
    Referrals,
    /// The lines behind the figures.
    Commissions,
}

/// The routes of the function.
pub const ROUTES: Routes<Route> = Routes(&[
    get("/v1/dashboard", Route::Summary).query(&["from", "to"]),
    get("/v1/dashboard/referrals", Route::Referrals)
        .query(&["origin", "link", "uid", "sort", "limit", "cursor"]),
    get("/v1/dashboard/commissions", Route::Commissions).query(&[
        "from", "to", "product", "asset", "uid", "reason", "type", "status", "sort", "limit",
        "cursor",
    ]),
]);

/// Answers a request of the API.
pub async fn handle(app: &ApiApp, request: Request) -> Response<Body> {
    respond(app, &ROUTES, request, |call| answer(app, call), |_| MetricSet::default()).await
}

async fn answer(app: &ApiApp, call: Call<Route>) -> Result<Response<Body>, Problem> {
    match call.route {
        Route::Summary => summary::answer(app, &call).await,
        Route::Referrals => referrals::answer(app, &call).await,
        Route::Commissions => commissions::answer(app, &call).await,
    }
}
