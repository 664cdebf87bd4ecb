//! Fees and their parts, in one unit.

use serde::{Deserialize, Serialize};

use crate::{Amount, Overflow, Sums};

/// Charged fees and the parts that inviter and invitee get of them, all in minor units of one asset
/// or all in USD.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Split {
    /// Charged fees.
    pub fees: Amount,
    /// Inviter's part.
    pub commission: Amount,
    /// Invitee's part.
    pub shared: Amount,
}

impl Split {
    /// Returns the sum of both, which are in the same unit.
    ///
    /// # Errors
    /// Returns [`Overflow`] if an amount does not fit.
    pub fn plus(self, other: Self) -> Result<Self, Overflow> {
        Ok(Self {
            fees: self.fees.plus(other.fees)?,
            commission: self.commission.plus(other.commission)?,
            shared: self.shared.plus(other.shared)?,
        })
    }
}

impl Sums {
    /// Returns the fees and their parts in the line's asset.
    #[must_use]
    pub const fn in_asset(&self) -> Split {
        Split { fees: self.fees, commission: self.commission, shared: self.shared }
    }

    /// Returns the fees and their parts in USD.
    #[must_use]
    pub const fn in_usd(&self) -> Split {
        Split { fees: self.fees_usd, commission: self.commission_usd, shared: self.shared_usd }
    }
}
