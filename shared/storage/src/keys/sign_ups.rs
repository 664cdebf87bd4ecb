//! Keys of sign-ups that are not bound yet.

use types::Uid;

use super::{Key, Range};
use crate::partition::Shard;

/// Returns the key of a pending sign-up in the list of its inviter, whose late facts may make it
/// eligible.
#[must_use]
pub fn pending_sign_up(inviter: &Uid, invitee: &Uid) -> Key {
    Key::new(pending_sign_ups_pk(inviter), invitee.as_str())
}

/// Returns the range of all pending sign-ups of an inviter.
#[must_use]
pub fn pending_sign_ups(inviter: &Uid) -> Range {
    Range::whole(pending_sign_ups_pk(inviter))
}

fn pending_sign_ups_pk(inviter: &Uid) -> String {
    format!("S#{inviter}")
}

/// Returns the key of a sign-up that a kill switch holds, in the list of its shard.
#[must_use]
pub fn held_sign_up(invitee: &Uid) -> Key {
    Key::new(held_sign_ups_pk(Shard::of(invitee)), invitee.as_str())
}

/// Returns the range of all sign-ups that a kill switch holds, in one shard.
#[must_use]
pub fn held_sign_ups(shard: Shard) -> Range {
    Range::whole(held_sign_ups_pk(shard))
}

fn held_sign_ups_pk(shard: Shard) -> String {
    format!("HELD#{:02}", shard.number())
}
