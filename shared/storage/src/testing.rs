//! Helpers of this crate's tests.

use commission::{Cause, Line, LineKey, Outcome, Sums};
use dynamodb_embedded::{Engine, create_table};
use sam_template::Template;
use types::{Origin, Product, Reason, Timestamp};

use crate::access::Table;
use crate::run::TouchedInvitee;

/// Returns an empty table of a separate engine.
pub(crate) async fn table() -> Table {
    let engine = Engine::memory().unwrap();
    let definition = Template::embedded().unwrap().table;
    create_table(&engine.client(), "recall", &definition).await.unwrap();
    Table::new(engine.config(), "recall")
}

/// Returns a line without amounts.
pub(crate) fn line(inviter: &str, invitee: &str) -> Line {
    Line {
        key: LineKey {
            inviter: inviter.parse().unwrap(),
            invitee: invitee.parse().unwrap(),
            product: Product::Spot,
            asset: "BTC".parse().unwrap(),
            outcome: Outcome::Zero { reason: Reason::ALL[0] },
        },
        code: "ABCD2345".parse().unwrap(),
        origin: Origin::Recall,
        sums: Sums::default(),
        cause: Cause::Booked,
        why: Vec::new(),
    }
}

/// Returns an invitee with a first trade.
pub(crate) fn touched(inviter: &str, invitee: &str) -> TouchedInvitee {
    TouchedInvitee {
        inviter: inviter.parse().unwrap(),
        invitee: invitee.parse().unwrap(),
        code: "ABCD2345".parse().unwrap(),
        origin: Origin::Recall,
        bound_at: Timestamp::EPOCH,
        voided_at: None,
        newly_bound: true,
        newly_active: true,
        newly_inactive: false,
        trades: None,
    }
}
