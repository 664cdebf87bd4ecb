//! The issuer's key in the data directory.

use local_auth::{Issuer, new_key_pem};

use crate::StartError;
use crate::data_dir::DataDir;
use crate::progress::Progress;

const KEY_FILE: &str = "issuer-key.pem";

/// Returns the issuer with the directory's key, which is generated if it is missing.
pub(crate) async fn open(dir: &DataDir, progress: Progress) -> Result<Issuer, StartError> {
    let pem = match dir.read(KEY_FILE)? {
        Some(pem) => pem,
        None => {
            progress.say("Generating the issuer's key, once.");
            let made = tokio::task::spawn_blocking(new_key_pem).await;
            let made = made.map_err(|error| StartError::Build(error.into()))?;
            let pem = made.map_err(|error| StartError::Build(error.into()))?;
            dir.write(KEY_FILE, pem.as_bytes())?;
            pem.into_bytes()
        }
    };
    Issuer::from_pem(&pem).map_err(|error| dir.damaged(KEY_FILE, &error))
}
