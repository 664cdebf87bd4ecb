//! Compares columns and the current fold with the rows and the fold of version 0.1.

#[cfg(test)]
mod properties;
