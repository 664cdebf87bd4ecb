//! Locates the functions' binaries.

use std::env;
use std::io::{Error, ErrorKind, Result};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The folder of the profile in which this test was built, as `target/debug`.
fn profile_dir() -> Result<PathBuf> {
    let test = env::current_exe()?;
    let profile = test.parent().and_then(Path::parent);
    profile.map(Path::to_path_buf).ok_or_else(|| Error::other("the test is in no target folder"))
}

/// Builds the binaries of the workspace's default members, with the features of everything else,
/// into the folder of this test. Takes a second if nothing changed.
///
/// # Errors
/// If cargo does not run, or fails.
pub fn build() -> Result<()> {
    let profile = profile_dir()?;
    let target = profile.parent().ok_or_else(|| Error::other("the test is in no target folder"))?;
    let mut cargo = Command::new(env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()));
    cargo.args(["build", "--quiet", "--locked", "--bins"]);
    if profile.ends_with("release") {
        cargo.arg("--release");
    }
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let built = cargo.current_dir(workspace).env("CARGO_TARGET_DIR", target).status()?;
    match built.success() {
        true => Ok(()),
        false => Err(Error::other("`cargo build --bins` failed; its words are above")),
    }
}

/// Returns the binary of a function, which must have been built.
///
/// # Errors
/// If it does not exist.
pub fn binary(name: &str) -> Result<PathBuf> {
    let path = profile_dir()?.join(name);
    match path.is_file() {
        true => Ok(path),
        false => Err(Error::new(ErrorKind::NotFound, format!("{} is not built", path.display()))),
    }
}
