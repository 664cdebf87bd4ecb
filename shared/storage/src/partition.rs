//! How items are spread over partitions: by a hash of an account's id.

use sha2::{Digest, Sha256};
use types::Uid;

/// The number of shards of invitees. Fixed for the life of a table, since its keys have the shard.
pub const SHARDS: u8 = 64;
/// The number of buckets of inviters; a publishing worker processes a range of them.
pub const BUCKETS: u16 = 1024;

/// The shard of an invitee: a worker folds one shard of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Shard(u8);

impl Shard {
    /// Returns the shard that holds an invitee's fees.
    #[must_use]
    pub fn of(invitee: &Uid) -> Self {
        Self(digest(invitee.as_str()).first().map_or(0, |byte| byte % SHARDS))
    }

    /// Returns a shard by its number; `None` if there is none.
    #[must_use]
    pub const fn new(number: u8) -> Option<Self> {
        if number < SHARDS { Some(Self(number)) } else { None }
    }

    /// Returns the shard's number.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }

    /// Returns all shards.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..SHARDS).map(Self)
    }
}

/// The part of deferred activity that an account belongs to: a worker applies one part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ActivityPart(u8);

impl ActivityPart {
    /// The number of parts. Few, since a batch of events writes at least one item for each; a
    /// partition accepts 1,000 writes per second.
    pub const COUNT: u8 = 8;

    /// Returns the part of an account.
    #[must_use]
    pub fn of(uid: &Uid) -> Self {
        Self(Shard::of(uid).0 % Self::COUNT)
    }

    /// Returns a part by its number; `None` if there is none.
    #[must_use]
    pub const fn new(number: u8) -> Option<Self> {
        if number < Self::COUNT { Some(Self(number)) } else { None }
    }

    /// Returns the part's number.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }

    /// Returns all parts.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..Self::COUNT).map(Self)
    }
}

/// Returns the bucket of an inviter, below [`BUCKETS`].
#[must_use]
pub fn bucket(inviter: &Uid) -> u16 {
    match digest(inviter.as_str()).as_slice() {
        [_, high, low, ..] => u16::from_be_bytes([*high, *low]) % BUCKETS,
        _ => 0,
    }
}

fn digest(text: &str) -> Vec<u8> {
    Sha256::digest(text.as_bytes()).to_vec()
}
