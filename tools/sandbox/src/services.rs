//! The state that the sandbox's routes share.

use lambda::{ApiApp, ManualClock};
use local_auth::Issuer;

use crate::gateway::Gateway;
use crate::page::Site;

/// Everything that answers requests.
pub(crate) struct Services {
    /// The functions' context.
    pub(crate) app: ApiApp,
    /// Sets the app's clock.
    pub(crate) manual_clock: ManualClock,
    /// Signs access tokens.
    pub(crate) issuer: Issuer,
    /// The API's routes.
    pub(crate) gateway: Gateway,
    /// The affiliate page, if it could be built.
    pub(crate) page: Option<Site>,
    /// Address of the API, as `http://127.0.0.1:8080`.
    pub(crate) origin: String,
}
