//! Builds the page if it is missing or older than its sources. If the build fails, the API runs
//! without the page, and a message names the missing part.

use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use std::{env, fs};

use tokio::process::Command;

use crate::page::Site;
use crate::progress::Progress;

/// Directory of the page's project, beside the sandbox's.
const PROJECT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../page");

/// The sources of the built page.
const SOURCES: &[&str] = &[
    "chunks.ts",
    "document.ts",
    "index.html",
    "join.html",
    "package-lock.json",
    "package.json",
    "public",
    "src",
    "texts",
    "vite.config.ts",
];

/// Number of a failed step's last lines that are shown.
const LAST_LINES: usize = 12;

/// Reason why there is no page.
#[derive(Debug, thiserror::Error)]
enum NoPage {
    #[error("Node.js with npm was not found; install version 18 or newer and start again.")]
    NodeMissing,
    #[error("`npm {step}` failed:\n{last_lines}")]
    Step { step: &'static str, last_lines: String },
    #[error("{path} cannot be read ({source})")]
    Unreadable { path: PathBuf, source: io::Error },
}

/// Returns the page, and builds it if needed. Prints a message and returns `None` if that is not
/// possible.
pub(crate) async fn prepare(progress: Progress) -> Option<Site> {
    let site = built(Path::new(PROJECT), progress).await;
    site.map_err(|why| progress.say(format_args!("The affiliate page is left out: {why}"))).ok()
}

async fn built(project: &Path, progress: Progress) -> Result<Site, NoPage> {
    if !is_current(project) {
        build(project, progress).await?;
    }
    let dist = project.join("dist");
    Site::read(&dist).map_err(|source| NoPage::Unreadable { path: dist, source })
}

/// Returns whether the page was built after the last change of its sources.
fn is_current(project: &Path) -> bool {
    let Some(built) = changed(&project.join("dist/index.html")) else { return false };
    SOURCES.iter().filter_map(|source| newest(&project.join(source))).all(|at| at <= built)
}

async fn build(project: &Path, progress: Progress) -> Result<(), NoPage> {
    let node = node().ok_or(NoPage::NodeMissing)?;
    progress.say("Building the affiliate page, as it is missing or older than its sources:");
    if !libraries_are_current(project) {
        progress.say("  1/2 installing its libraries (npm ci)");
        run(&node, "ci", &["npm.mjs", "ci", "--no-audit", "--no-fund"], project).await?;
    }
    progress.say("  2/2 compiling it (npm run build)");
    run(&node, "run build", &["npm.mjs", "run", "build"], project).await
}

fn libraries_are_current(project: &Path) -> bool {
    let installed = changed(&project.join("node_modules/.package-lock.json"));
    installed >= changed(&project.join("package-lock.json")) && installed.is_some()
}

/// Runs a step, which is killed if the sandbox stops meanwhile.
async fn run(node: &Path, step: &'static str, args: &[&str], dir: &Path) -> Result<(), NoPage> {
    let outcome = Command::new(node).args(args).current_dir(dir).kill_on_drop(true).output().await;
    let output = outcome.map_err(|source| NoPage::Unreadable { path: node.to_owned(), source })?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stdout, output.stderr].concat();
    Err(NoPage::Step { step, last_lines: last_lines(&String::from_utf8_lossy(&said)) })
}

fn last_lines(said: &str) -> String {
    let lines: Vec<&str> = said.lines().filter(|line| !line.trim().is_empty()).collect();
    let (_, last) = lines.split_at(lines.len().saturating_sub(LAST_LINES));
    last.iter().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")
}

/// Returns the path of Node.js if npm is there too. `npm.mjs` runs npm on a Node.js that is new
/// enough.
fn node() -> Option<PathBuf> {
    let (node, npm) = if cfg!(windows) { ("node.exe", "npm.cmd") } else { ("node", "npm") };
    program(npm).and(program(node))
}

/// Returns the path of a program, from the search path.
fn program(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|dir| dir.join(name)).find(|program| program.is_file())
}

/// Returns the time of the last change of the file, or of the newest file in the directory.
fn newest(path: &Path) -> Option<SystemTime> {
    let Ok(entries) = fs::read_dir(path) else { return changed(path) };
    entries.filter_map(|entry| newest(&entry.ok()?.path())).max()
}

fn changed(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|metadata| metadata.modified()).ok()
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::time::Duration;

    use super::*;

    fn write(project: &Path, name: &str, at: SystemTime) {
        let path = project.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        File::create(path).unwrap().set_modified(at).unwrap();
    }

    #[test]
    fn changed_source_outdates_page() {
        let dir = tempfile::tempdir().unwrap();
        let project = dir.path();
        let then = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        write(project, "src/views/link.ts", then);
        assert!(!is_current(project));
        write(project, "dist/index.html", then);
        assert!(is_current(project));
        write(project, "tests/story.ts", then + Duration::from_secs(1));
        assert!(is_current(project));
        write(project, "src/views/link.ts", then + Duration::from_secs(1));
        assert!(!is_current(project));
    }

    #[test]
    fn new_list_outdates_libraries() {
        let dir = tempfile::tempdir().unwrap();
        let then = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        write(dir.path(), "package-lock.json", then);
        assert!(!libraries_are_current(dir.path()));
        write(dir.path(), "node_modules/.package-lock.json", then);
        assert!(libraries_are_current(dir.path()));
        write(dir.path(), "package-lock.json", then + Duration::from_secs(1));
        assert!(!libraries_are_current(dir.path()));
    }

    #[tokio::test]
    async fn failed_step_prints_its_last_lines() {
        let dir = tempfile::tempdir().unwrap();
        let shell = Path::new("/bin/sh");
        let failed = run(shell, "ci", &["-c", "echo; echo no such library; exit 1"], dir.path());
        let why = failed.await.unwrap_err().to_string();
        assert_eq!(why, "`npm ci` failed:\n  no such library");
    }
}
