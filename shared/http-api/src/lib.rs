//! The HTTP layer of the API functions: caller, strict input, problems, cursors and replies.
//!
//! A function states its routes in a table and answers them in one `match`:
//!
//! ```
//! use http_api::{Call, Problem, Request, Response, Routes, get, patch, reply, serve};
//! use types::{LinkCode, Timestamp};
//!
//! #[derive(Clone, Copy)]
//! enum Route {
//!     Link,
//!     ChangeLink,
//! }
//!
//! const ROUTES: Routes<Route> = Routes(&[
//!     get("/v1/link", Route::Link),
//!     patch("/v1/links/{code}", Route::ChangeLink).query(&["dry"]),
//! ]);
//!
//! async fn answer(call: Call<Route>) -> Result<Response, Problem> {
//!     match call.route {
//!         Route::Link => reply::ok(&serde_json::json!({ "invites": ["new", "existing"] })),
//!         Route::ChangeLink => {
//!             let code: LinkCode = call.path("code")?;
//!             reply::ok(&serde_json::json!({ "code": code }))
//!         }
//!     }
//! }
//!
//! async fn handle(request: Request, now: Timestamp) -> Response {
//!     serve(&ROUTES, request, now, answer).await.response
//! }
//! # fn main() { let _ = handle; }
//! ```
//!
//! [`serve`] has then already refused unknown paths, other methods, unknown and repeated
//! parameters, and callers without an identity: a [`Call`] has a caller, unless its handler takes
//! `Call<Route, Anyone>`. A failure is a [`Problem`], whose status follows from its [`Code`] and
//! can never be a success.

mod body;
mod call;
mod caller;
mod code;
mod encrypted_id;
mod idempotency;
mod media;
mod problem;
mod query;
mod routes;
mod serve;
mod signer;

pub mod gateway;
pub mod reply;

pub use body::{MAX_BODY_BYTES, parse as parse_json};
pub use call::{CURSOR_LIFETIME_MILLIS, Call};
pub use caller::{Admit, Anyone, Caller};
pub use code::Code;
pub use idempotency::MAX_IDEMPOTENCY_KEY_CHARS;
pub use lambda_http::{Body, Request};
pub use media::Media;
pub use problem::{OrInternal, Problem};
pub use query::{DEFAULT_LIMIT, DayRange, MAX_DAYS, MAX_LIMIT, Query};
pub use reply::Response;
pub use routes::{Entry, Routes, get, patch, post};
pub use serve::{Answered, NO_ROUTE, serve};
pub use signer::{KeysError, MIN_KEY_BYTES, OpenError, Purpose, SealError, Signer};

#[cfg(test)]
mod testing;
