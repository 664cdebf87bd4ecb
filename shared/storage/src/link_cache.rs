//! Caches the links that this process read recently.
//!
//! A link is written once and never changes, so that an entry never expires. The cache saves a
//! round trip, and keeps a viral link's reads off its single partition. A missing link is never
//! cached, because it may be made at any time.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lru::LruCache;
use types::LinkCode;

use crate::Link;

/// How many links are remembered: some hundred kilobytes.
const CAPACITY: NonZeroUsize = NonZeroUsize::new(1024).unwrap();

/// Links by their code; the one that was not asked for the longest makes room. Clones share them.
#[derive(Clone, Debug)]
pub(crate) struct LinkCache(Arc<Mutex<LruCache<LinkCode, Link>>>);

impl Default for LinkCache {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(LruCache::new(CAPACITY))))
    }
}

impl LinkCache {
    pub(crate) fn get(&self, code: &LinkCode) -> Option<Link> {
        self.links().get(code).cloned()
    }

    pub(crate) fn keep(&self, link: &Link) {
        self.links().put(link.facts.code.clone(), link.clone());
    }

    fn links(&self) -> MutexGuard<'_, LruCache<LinkCode, Link>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use eligibility::LinkFacts;

    use super::*;

    #[test]
    fn kept_link_is_found_by_its_code() {
        let link = |code: &str| Link {
            facts: LinkFacts {
                code: code.parse().unwrap(),
                owner: "owner".parse().unwrap(),
                invites_existing: true,
            },
            label: None,
            shared: Default::default(),
            created_at: types::Timestamp::EPOCH,
            archived: false,
        };
        let cache = LinkCache::default();
        let (kept, other) = (link("ABCD2345"), link("XYZ23456"));
        cache.keep(&kept);
        assert_eq!(cache.clone().get(&kept.facts.code), Some(kept));
        assert_eq!(cache.get(&other.facts.code), None);
    }
}
