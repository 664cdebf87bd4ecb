//! Local issuer and verification of access tokens.
//!
//! In AWS the exchange's identity provider issues access tokens, and the API's JWT authorizer
//! verifies them before a function is invoked. The functions contain no code that verifies a
//! token. The sandbox uses this crate in place of both. It is a development crate: a test of
//! `tools/xtask` checks that no function depends on it.

mod issuer;
mod jwt;

#[cfg(test)]
mod testing;

pub use issuer::{Issuer, IssuerError, Token, new_key_pem};
pub use jwt::{AUDIENCE, ISSUER, Keys, TokenError, verify};
