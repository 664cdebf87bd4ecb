//! The events that the programme sends. `docs/reference/events.md` documents them for receivers.

use commission::{Asset, SharedCommission, TierInForce};
use serde::Serialize;
use storage::{RunId, short_sha256};
use types::{Day, LinkCode, Origin, Timestamp, Uid};

/// The `source` of events. Together with the id it identifies an event.
pub const SOURCE: &str = "recall";

/// A `CloudEvents` 1.0 event in JSON.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Event {
    specversion: &'static str,
    /// The event's id, which is the same for every publication of the same change.
    pub id: String,
    source: &'static str,
    /// The event's type.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The time of the write to the table.
    pub time: Timestamp,
    datacontenttype: &'static str,
    /// The event's data.
    pub data: EventData,
}

/// The event's type and data.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum EventData {
    /// An invitee is bound.
    Created(Created),
    /// A binding is found void.
    Voided(Voided),
    /// A run booked something for an affiliate's day.
    Settled(Settled),
    /// An evaluation gave an affiliate other tiers.
    TierChanged(TierChanged),
}

/// An invitee was bound to an inviter, for life.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Created {
    /// The affiliate that earns.
    pub inviter: Uid,
    /// The invitee whose fees earn.
    pub invitee: Uid,
    /// The link.
    pub code: LinkCode,
    /// The origin of the binding.
    pub origin: Origin,
    /// The time of the binding, from which trades earn.
    pub bound_at: Timestamp,
    /// The invitee's part.
    pub shared_commission: SharedCommission,
}

/// A binding proved ineligible: it earns nothing, from its beginning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Voided {
    /// The affiliate that earned.
    pub inviter: Uid,
    /// The invitee whose fees earned.
    pub invitee: Uid,
    /// The link.
    pub code: LinkCode,
    /// The origin of the binding.
    pub origin: Origin,
    /// Time of the binding.
    pub bound_at: Timestamp,
    /// The time when the binding was found void.
    pub voided_at: Timestamp,
}

/// An amount to be paid to an affiliate for a run, or to be recovered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Settled {
    /// The affiliate to pay.
    pub uid: Uid,
    /// The day of the fees.
    pub day: Day,
    /// The run, as the wallet names it in its confirmation.
    pub run_id: RunId,
    /// The instant from which the amounts are payable.
    pub payable_from: Timestamp,
    /// The number of this event, from 1; absent if the run's assets fit into one event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub part: Option<u32>,
    /// The number of parts; a part without amounts is not sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parts: Option<u32>,
    /// One entry per asset; an asset is in one event of a run.
    pub amounts: Vec<AssetAmount>,
}

/// A run's sums in an asset, as decimal text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AssetAmount {
    /// The asset.
    pub asset: Asset,
    /// The inviter's part; negative if it is taken back.
    pub commission: String,
    /// The sum of the invitees' parts of the same fees, which are not the inviter's.
    pub shared: String,
    /// Whether the inviter's part is negative: nothing is payable, and the amount is to be
    /// recovered.
    pub takes_back: bool,
}

/// The tiers of an affiliate from an instant on differ from those that were known before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TierChanged {
    /// The affiliate.
    pub uid: Uid,
    /// The instant of the change.
    pub from: Timestamp,
    /// The tiers that held, or would have held, from then on.
    pub before: TierInForce,
    /// The tiers that hold from then on.
    pub after: TierInForce,
}

impl EventData {
    /// Returns the event's type, by which receivers filter.
    const fn kind(&self) -> &'static str {
        match self {
            Self::Created(_) => "recall.binding.created.v1",
            Self::Voided(_) => "recall.binding.voided.v1",
            Self::Settled(_) => "recall.commission.settled.v1",
            Self::TierChanged(_) => "recall.tier.changed.v1",
        }
    }
}

impl Event {
    /// Returns whether receivers pay by the event.
    pub(crate) const fn is_payment(&self) -> bool {
        matches!(self.data, EventData::Settled(_))
    }

    /// Creates an event. `of` identifies the change within its type; the id is derived from both.
    pub(crate) fn new(data: EventData, of: &str, time: Timestamp) -> Self {
        let kind = data.kind();
        Self {
            specversion: "1.0",
            id: short_sha256(format!("{kind} {of}").as_bytes()),
            source: SOURCE,
            kind,
            time,
            datacontenttype: "application/json",
            data,
        }
    }
}
