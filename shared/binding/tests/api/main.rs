//! Every route of `bind` through its handler, over the embedded engine and the real SDK.
//!
//! The clock only moves when a test moves it, so that whole answers can be compared.

#![cfg(test)]

mod binding;
mod card;
mod confirming;
mod invitation;
mod race;
mod reasons;
mod refusals;
mod repeating;
mod test_app;
mod window;
