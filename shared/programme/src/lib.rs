//! The programme that this build runs: the policy of `programme.toml`, embedded.
//!
//! The build refuses a policy that cannot be used, so that a mistake in it never gets as far as a
//! function's start.

use policy::{PolicyErrors, Programme};

/// The text of the policy.
pub const POLICY: &str = include_str!("../../../programme.toml");

/// The rules of the programme.
///
/// # Errors
/// Only where the text is not the one that the build has checked.
pub fn programme() -> Result<Programme, PolicyErrors> {
    Programme::parse(POLICY)
}
