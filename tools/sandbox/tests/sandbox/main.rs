//! The sandbox as its users meet it: over HTTP, and on the command line.

#![cfg(test)]

mod api;
mod client;
mod command_line;
mod extras;
mod tokens;
