//! The proof that no unit was created or lost: fees = commission + shared + retained.

use std::collections::BTreeMap;

use commission::{Amount, Asset, Cell, ConservationError, LineKey, Overflow, Sums};

use crate::due::{Accrual, Charged};
use crate::fold::Fold;

/// Fees and their three parts. The retained part is the amount beyond the base rate. It is computed
/// from the fees and the rate alone, so that the three parts prove each other.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Parts {
    /// Number of fees.
    pub fee_count: i64,
    /// Charged amount.
    pub fees: Amount,
    /// Part of the inviters.
    pub commission: Amount,
    /// Part of the invitees.
    pub shared: Amount,
    /// Part that the exchange retains.
    pub retained: Amount,
    /// Charged amount in USD.
    pub fees_usd: Amount,
    /// Part of the inviters in USD.
    pub commission_usd: Amount,
    /// Part of the invitees in USD.
    pub shared_usd: Amount,
    /// Part that the exchange retains, in USD.
    pub retained_usd: Amount,
}

impl Parts {
    fn of_line(key: &LineKey, sums: &Sums) -> Result<Self, Overflow> {
        let rate = key.outcome.rate();
        Ok(Self {
            fee_count: sums.fee_count,
            fees: sums.fees,
            commission: sums.commission,
            shared: sums.shared,
            retained: sums.fees.minus(rate.of(sums.fees))?,
            fees_usd: sums.fees_usd,
            commission_usd: sums.commission_usd,
            shared_usd: sums.shared_usd,
            retained_usd: sums.fees_usd.minus(rate.of(sums.fees_usd))?,
        })
    }

    /// Adds two proofs' figures.
    ///
    /// # Errors
    /// [`Overflow`] if a sum does not fit.
    pub fn plus(&self, other: &Self) -> Result<Self, Overflow> {
        Ok(Self {
            fee_count: self.fee_count.checked_add(other.fee_count).ok_or(Overflow)?,
            fees: self.fees.plus(other.fees)?,
            commission: self.commission.plus(other.commission)?,
            shared: self.shared.plus(other.shared)?,
            retained: self.retained.plus(other.retained)?,
            fees_usd: self.fees_usd.plus(other.fees_usd)?,
            commission_usd: self.commission_usd.plus(other.commission_usd)?,
            shared_usd: self.shared_usd.plus(other.shared_usd)?,
            retained_usd: self.retained_usd.plus(other.retained_usd)?,
        })
    }

    fn add_up(&self) -> Result<bool, Overflow> {
        let paid = self.commission.plus(self.shared)?.plus(self.retained)?;
        let paid_usd = self.commission_usd.plus(self.shared_usd)?.plus(self.retained_usd)?;
        Ok(paid == self.fees && paid_usd == self.fees_usd)
    }
}

/// The proof over the accrued lines of one or several folds.
///
/// Equal figures have equal encoded bytes, so that a digest can identify them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Conservation {
    cells: BTreeMap<Cell, Parts>,
    charged: BTreeMap<Asset, Charged>,
}

impl Conservation {
    /// Returns the figures of a fold's accruals.
    ///
    /// # Errors
    /// [`ConservationError::Rate`] for a line that pays less than zero or more than its base rate,
    /// and [`ConservationError::Overflow`].
    pub fn of(fold: &Fold) -> Result<Self, ConservationError> {
        let mut proof = Self { cells: BTreeMap::new(), charged: fold.charged.clone() };
        for (key, due) in fold.due.iter() {
            proof.add(key, due)?;
        }
        Ok(proof)
    }

    fn add(&mut self, key: &LineKey, due: &Accrual) -> Result<(), ConservationError> {
        let cell = Cell { asset: key.asset, product: key.product, reason: key.outcome.reason() };
        if !is_within_rate(key, &due.sums)? {
            return Err(ConservationError::Rate { asset: key.asset, product: key.product });
        }
        let parts = self.cells.entry(cell).or_default();
        *parts = parts.plus(&Parts::of_line(key, &due.sums)?)?;
        Ok(())
    }

    /// Proves for each cell that fees = commission + shared + retained, to the last unit, and that
    /// the lines have exactly the charged fees.
    ///
    /// # Errors
    /// The first failure.
    pub fn check(&self) -> Result<(), ConservationError> {
        for (Cell { asset, product, .. }, parts) in &self.cells {
            if !parts.add_up()? {
                return Err(ConservationError::Parts { asset: *asset, product: *product });
            }
        }
        let in_lines = self.by(|cell| cell.asset)?;
        let same = |asset: &Asset| {
            let lines = in_lines.get(asset).map(Charged::of_parts);
            lines.unwrap_or_default() == self.charged.get(asset).copied().unwrap_or_default()
        };
        match in_lines.keys().chain(self.charged.keys()).find(|asset| !same(asset)) {
            Some(asset) => Err(ConservationError::Fees { asset: *asset }),
            None => Ok(()),
        }
    }

    /// Sums the figures by the key that `group` returns for a cell, such as asset, product and
    /// asset, or reason and asset. Only USD figures may be added across assets.
    ///
    /// # Errors
    /// [`Overflow`] if a sum does not fit.
    pub fn by<G: Ord>(&self, group: impl Fn(&Cell) -> G) -> Result<BTreeMap<G, Parts>, Overflow> {
        let mut groups: BTreeMap<G, Parts> = BTreeMap::new();
        for (cell, parts) in &self.cells {
            let sum = groups.entry(group(cell)).or_default();
            *sum = sum.plus(parts)?;
        }
        Ok(groups)
    }
}

/// Returns whether an accrued line pays at least zero and at most its base rate, in its asset.
fn is_within_rate(key: &LineKey, sums: &Sums) -> Result<bool, Overflow> {
    let most = key.outcome.rate().of(sums.fees);
    let paid = sums.commission.plus(sums.shared)?;
    Ok(sums.commission >= Amount::ZERO && sums.shared >= Amount::ZERO && paid <= most)
}
