//! The affiliate page: built by npm where that is possible, and served from memory.

mod build;
mod file;
mod site;

pub(crate) use build::prepare;
pub(crate) use site::Site;
