//! The one place where randomness comes from.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// Gives random bytes. Clones of a seeded source share one sequence.
#[derive(Clone)]
pub struct RandomSource(Source);

#[derive(Clone)]
enum Source {
    System,
    Seeded(Arc<Mutex<StdRng>>),
}

/// The operating system gave no random bytes.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the operating system gave no random bytes")]
pub struct EntropyError(#[from] getrandom::Error);

impl RandomSource {
    /// The operating system's cryptographic source.
    #[must_use]
    pub const fn system() -> Self {
        Self(Source::System)
    }

    /// Returns a source with the same bytes for the same seed, for tests and the sandbox's sample
    /// programme. Its bytes are predictable to everyone who knows the seed.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self(Source::Seeded(Arc::new(Mutex::new(StdRng::seed_from_u64(seed)))))
    }

    /// Fills the buffer with random bytes.
    ///
    /// # Errors
    /// [`EntropyError`] if the operating system has none to give; a seeded source never fails.
    pub fn fill(&self, buffer: &mut [u8]) -> Result<(), EntropyError> {
        match &self.0 {
            Source::System => getrandom::fill(buffer)?,
            Source::Seeded(generator) => {
                generator.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(buffer);
            }
        }
        Ok(())
    }
}

impl fmt::Debug for RandomSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Source::System => "RandomSource(system)",
            Source::Seeded(_) => "RandomSource(seeded)",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draw(entropy: &RandomSource) -> [u8; 32] {
        let mut bytes = [0; 32];
        entropy.fill(&mut bytes).unwrap();
        bytes
    }

    #[test]
    fn system_bytes_differ() {
        let entropy = RandomSource::system();
        assert_ne!(draw(&entropy), draw(&entropy));
    }

    #[test]
    fn seeded_bytes_are_deterministic() {
        let (one, other) = (RandomSource::seeded(7), RandomSource::seeded(7));
        let first = draw(&one);
        assert_eq!(first, draw(&other));
        assert_ne!(first, draw(&one));
        assert_ne!(first, draw(&RandomSource::seeded(8)));
    }

    #[test]
    fn clones_share_the_sequence() {
        let entropy = RandomSource::seeded(7);
        assert_ne!(draw(&entropy), draw(&entropy.clone()));
    }
}
