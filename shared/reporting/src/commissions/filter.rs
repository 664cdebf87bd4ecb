//! Which lines are listed.

use commission::{Asset, Line};
use http_api::{Problem, Query};
use storage::Summary;
use types::{Product, Uid};

/// All of its conditions must hold.
pub(crate) struct Filter {
    product: Option<Product>,
    asset: Option<Asset>,
    uid: Option<Uid>,
}

impl Filter {
    /// The filter that a query asks for.
    ///
    /// # Errors
    /// `bad_request` naming the parameter that is malformed.
    pub(crate) fn of(query: &Query) -> Result<Self, Problem> {
        Ok(Self {
            product: query.optional("product")?,
            asset: query.optional("asset")?,
            uid: query.optional("uid")?,
        })
    }

    /// Whether there is no condition.
    pub(crate) fn admits_all(&self) -> bool {
        self.product.is_none() && self.asset.is_none() && self.uid.is_none()
    }

    /// Whether a line is listed.
    pub(crate) fn admits(&self, line: &Line) -> bool {
        self.fits(line.key.product, line.key.asset)
            && self.uid.as_ref().is_none_or(|uid| *uid == line.key.invitee)
    }

    /// Whether a run can have such lines: every line is in one of its summary's cells.
    pub(crate) fn may_admit(&self, summary: &Summary) -> bool {
        let mut cells = summary.cells.keys();
        self.admits_all() || cells.any(|(product, asset, _)| self.fits(*product, *asset))
    }

    fn fits(&self, product: Product, asset: Asset) -> bool {
        self.product.is_none_or(|wanted| wanted == product)
            && self.asset.is_none_or(|wanted| wanted == asset)
    }
}
