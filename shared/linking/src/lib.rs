//! `get-link`: an affiliate's referral links and their QR codes.
//!
//! Every route is for accounts that are in the affiliate programme now, and shows the caller's own
//! links only. A link's code, owner and share never change; its label, whether it is archived, and
//! which link is the default do.

mod add;
mod affiliate;
mod change;
mod default;
mod label;
mod list;
mod make;
mod qr;
mod qr_png;
mod stopped;
mod view;

use http_api::{Call, Problem, Routes, get, patch, post, reply};
use lambda::{ApiApp, App, MetricSet, respond};
use lambda_http::{Body, Request, Response};

/// How often a change of an affiliate's links is decided anew where others change them meanwhile,
/// before the caller is asked to retry.
const MAX_ATTEMPTS: usize = 16;

/// The routes of the function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// The default link.
    Default,
    /// A link's QR code as SVG.
    QrSvg,
    /// A link's QR code as PNG.
    QrPng,
    /// All links.
    List,
    /// A new link.
    Make,
    /// A link's label, whether it is archived, and which link is the default.
    Change,
}

/// The routes of the function.
pub const ROUTES: Routes<Route> = Routes(&[
    get("/v1/link", Route::Default),
    get("/v1/link/qr.svg", Route::QrSvg).query(&["code"]),
    get("/v1/link/qr.png", Route::QrPng).query(&["code", "size"]),
    get("/v1/links", Route::List),
    post("/v1/links", Route::Make),
    patch("/v1/links/{code}", Route::Change),
]);

/// Answers a request of the API.
pub async fn handle(app: &ApiApp, request: Request) -> Response<Body> {
    respond(app, &ROUTES, request, |call| answer(app, call), |_| MetricSet::default()).await
}

async fn answer(app: &App, call: Call<Route>) -> Result<Response<Body>, Problem> {
    match call.route {
        Route::Default => {
            let link = default::link(app, &call).await?;
            reply::ok(&view::LinkView::new(&link, &app.programme.links))
        }
        Route::QrSvg => qr::svg(app, &call).await,
        Route::QrPng => qr::png(app, &call).await,
        Route::List => list::answer(app, &call).await,
        Route::Make => make::answer(app, &call).await,
        Route::Change => change::answer(app, &call).await,
    }
}
