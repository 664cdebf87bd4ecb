//! Opens the data directory and creates the functions' context, with or without the sample
//! programme.

use std::sync::Arc;

use dynamodb_embedded::{Engine, EngineError, create_table};
use http_api::Signer;
use lambda::{ApiApp, App, Clock, Metrics, RandomSource};
use sam_template::TableDefinition;
use storage::Table;
use types::error_chain;

use crate::StartError;
use crate::data_dir::{Contents, DataDir};

/// Name of the table in the embedded engine.
pub(crate) const TABLE_NAME: &str = "recall";

const SIGNING_KEY_FILE: &str = "signing-key";
const SIGNING_KEY_BYTES: usize = 32;

/// The action for the contents of the data directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Plan {
    /// Begin with a new data file; load the sample programme into it or not.
    Begin {
        /// With the sample programme.
        sample: bool,
        /// The result of an incomplete earlier load is discarded.
        anew: bool,
    },
    /// Continue with the contents.
    GoOn(Contents),
}

impl Plan {
    pub(crate) fn of(contents: Option<Contents>, empty: bool) -> Self {
        match contents {
            None => Self::Begin { sample: !empty, anew: false },
            Some(Contents::Loading) => Self::Begin { sample: !empty, anew: true },
            Some(contents) => Self::GoOn(contents),
        }
    }
}

/// Opens the engine over the directory's data file.
pub(crate) fn on_disk(dir: &DataDir) -> Result<Engine, StartError> {
    Engine::on_disk(&dir.database()).map_err(|error| match error {
        EngineError::Open(why) => StartError::Damaged { path: dir.database(), why },
        error => StartError::Server(error.into()),
    })
}

/// Creates an engine in memory, which loses its contents unless they are saved.
pub(crate) fn in_memory() -> Result<Engine, StartError> {
    Engine::memory().map_err(|error| StartError::Server(error.into()))
}

/// Writes the contents of the engine to the directory's data file.
pub(crate) fn save(dir: &DataDir, engine: &Engine) -> Result<(), StartError> {
    engine.save(&dir.database()).map_err(|error| dir.unusable(std::io::Error::other(error)))
}

/// Returns the functions' context on the engine's table, which is created if it is missing. Its
/// links lead to the sandbox, whose page shows them.
pub(crate) async fn app(
    dir: &DataDir,
    engine: &Engine,
    definition: &TableDefinition,
    clock: Clock,
    origin: &str,
) -> Result<ApiApp, StartError> {
    let made = create_table(&engine.client(), TABLE_NAME, definition).await;
    made.map_err(|error| StartError::Damaged { path: dir.database(), why: error_chain(&error) })?;
    // The clock may not advance, and the table is in this process.
    let table = Table::new(engine.config(), TABLE_NAME).without_switch_cache();
    let read = table.warm_up(clock.now()).await;
    read.map_err(|error| StartError::Damaged { path: dir.database(), why: error_chain(&error) })?;
    let mut programme = programme::programme().map_err(|error| StartError::Build(error.into()))?;
    programme.links.lead_to(origin);
    let entropy = RandomSource::system();
    let signer = signer(dir, &entropy)?;
    let (programme, metrics) = (Arc::new(programme), Metrics::off());
    Ok(ApiApp { app: App { table, programme, clock, entropy, metrics }, signer })
}

/// Returns the signer with the directory's key, so that cursors remain valid after a restart.
fn signer(dir: &DataDir, entropy: &RandomSource) -> Result<Signer, StartError> {
    let key = match dir.read(SIGNING_KEY_FILE)? {
        Some(key) => String::from_utf8_lossy(&key).into_owned(),
        None => {
            let key = new_signing_key(entropy)?;
            dir.write(SIGNING_KEY_FILE, key.as_bytes())?;
            key
        }
    };
    Signer::from_keys_text(&key).map_err(|error| dir.damaged(SIGNING_KEY_FILE, &error))
}

fn new_signing_key(entropy: &RandomSource) -> Result<String, StartError> {
    let mut bytes = [0; SIGNING_KEY_BYTES];
    entropy.fill(&mut bytes).map_err(|error| StartError::Build(error.into()))?;
    Ok(hex::encode(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_directory_gets_the_sample() {
        assert_eq!(Plan::of(None, false), Plan::Begin { sample: true, anew: false });
        assert_eq!(Plan::of(None, true), Plan::Begin { sample: false, anew: false });
    }

    #[test]
    fn interrupted_load_is_restarted() {
        let plan = |empty| Plan::of(Some(Contents::Loading), empty);
        assert_eq!(plan(false), Plan::Begin { sample: true, anew: true });
        assert_eq!(plan(true), Plan::Begin { sample: false, anew: true });
    }

    #[test]
    fn complete_contents_are_kept() {
        for empty in [false, true] {
            let plan = Plan::of(Some(Contents::Without), empty);
            assert_eq!(plan, Plan::GoOn(Contents::Without));
        }
    }
}
