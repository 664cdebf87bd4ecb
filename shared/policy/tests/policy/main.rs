//! Policies that are read, and policies that are refused.

#[cfg(test)]
mod accepted;
#[cfg(test)]
mod refused;

/// A small policy that is right in every respect.
#[cfg(test)]
const VALID: &str = include_str!("valid.toml");
