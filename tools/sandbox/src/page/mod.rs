//! The affiliate page: built by npm where that is possible, and served from memory.

mod build;
mod file;
mod preview;
mod site;

pub(crate) use build::prepare;
pub(crate) use preview::card;
pub(crate) use site::{Site, secure};
