//! Selects the lines of a list.

use std::str::FromStr;

use commission::{Asset, Line};
use http_api::{Problem, Query};
use types::{Malformed, Product, Reason, Uid};

use super::line_reader::{Placed, Run};
use super::line_type::LineType;
use crate::status::Status;

/// The conditions of a list. A line is listed if all of them hold.
pub(crate) struct Filter {
    product: Option<Product>,
    asset: Option<Asset>,
    uid: Option<Uid>,
    reason: Option<Reason>,
    line_type: Option<LineType>,
    status: Option<Status>,
}

impl Filter {
    /// Reads the filter of a query.
    ///
    /// # Errors
    /// `bad_request` naming the parameter that is malformed.
    pub(crate) fn of(query: &Query) -> Result<Self, Problem> {
        Ok(Self {
            product: query.optional("product")?,
            asset: query.optional("asset")?,
            uid: query.optional("uid")?,
            reason: query.optional("reason")?.map(|ZeroReason(reason)| reason),
            line_type: query.optional("type")?,
            status: query.optional("status")?,
        })
    }

    /// Returns whether there is no condition.
    pub(crate) fn admits_all(&self) -> bool {
        let Self { product, asset, uid, reason, line_type, status } = self;
        product.is_none()
            && asset.is_none()
            && uid.is_none()
            && reason.is_none()
            && line_type.is_none()
            && status.is_none()
    }

    /// Returns whether a line is listed.
    pub(crate) fn admits(&self, placed: &Placed) -> bool {
        let Line { key, .. } = &placed.line;
        self.admits_cell(&placed.run, key.product, key.asset)
            && self.uid.as_ref().is_none_or(|uid| *uid == key.invitee)
            && self.reason.is_none_or(|reason| key.outcome.reason() == Some(reason))
            && self.line_type.is_none_or(|wanted| wanted == LineType::of(&placed.line))
    }

    /// Returns whether the lines of a run in one product and asset are listed, as far as a summary
    /// says.
    pub(crate) fn admits_cell(&self, run: &Run, product: Product, asset: Asset) -> bool {
        self.product.is_none_or(|wanted| wanted == product)
            && self.asset.is_none_or(|wanted| wanted == asset)
            && self.status.is_none_or(|wanted| wanted == run.status.in_asset(asset))
    }

    /// Returns whether summaries are enough to add up the lines: they have the amounts of each
    /// product and asset, but not those of an invitee, a reason or a type.
    pub(crate) fn is_summarised(&self) -> bool {
        self.uid.is_none() && self.reason.is_none() && self.line_type.is_none()
    }

    /// Returns whether a run can have such lines. Every line is in one of the summary's cells, and
    /// every line that earned nothing is counted there by its reason.
    pub(crate) fn may_admit(&self, run: &Run) -> bool {
        let mut cells = run.cells.keys();
        self.reason.is_none_or(|reason| run.reasons.contains(&reason))
            && (self.admits_all()
                || cells.any(|(product, asset, _)| self.admits_cell(run, *product, *asset)))
    }
}

/// A reason for which a fee earns nothing.
struct ZeroReason(Reason);

impl FromStr for ZeroReason {
    type Err = Malformed;
    fn from_str(text: &str) -> Result<Self, Malformed> {
        let reason = text.parse().ok().filter(|reason: &Reason| reason.zeroes_fee());
        reason
            .map(Self)
            .ok_or_else(|| Malformed("expected a reason for which a fee earns nothing".to_owned()))
    }
}
