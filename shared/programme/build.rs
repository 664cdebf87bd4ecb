//! Fails the build where the programme's policy cannot be used, with each problem's line.

use policy::Programme;

/// From this package's folder, in which a build script runs.
const POLICY: &str = "../../programme.toml";

fn main() {
    println!("cargo::rerun-if-changed={POLICY}");
    let text = match std::fs::read_to_string(POLICY) {
        Ok(text) => text,
        Err(error) => return println!("cargo::error=programme.toml cannot be read: {error}"),
    };
    if let Err(errors) = Programme::parse(&text) {
        for problem in errors.problems() {
            println!("cargo::error=programme.toml:{}: {problem}", problem.line);
        }
    }
}
