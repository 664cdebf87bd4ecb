//! Proof of conservation: fees equal commission plus shared plus retained, to the last unit.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use types::{Product, Reason};

use crate::{Amount, Asset, Charged, Fold, Outcome, Overflow, Sums};

/// Failure of a proof of conservation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ConservationError {
    /// The parts do not add up to the fees.
    #[error("the {product} fees in {asset} are not commission, shared and retained together")]
    Parts {
        /// Asset.
        asset: Asset,
        /// Product.
        product: Product,
    },
    /// A line pays more than its base rate, or a negative amount.
    #[error("a {product} line in {asset} pays less than nothing or more than its base rate")]
    Rate {
        /// Asset.
        asset: Asset,
        /// Product.
        product: Product,
    },
    /// The fees in the lines differ from the charged fees.
    #[error("the lines in {asset} have other fees than were charged")]
    Fees {
        /// Asset.
        asset: Asset,
    },
    /// The booked sums of a line plus its new change do not equal the due sums.
    #[error("a {product} line in {asset}: booked and to be booked are not together what is due")]
    Line {
        /// Asset.
        asset: Asset,
        /// Product.
        product: Product,
    },
    /// The sum of the lines stored by the shards differs from the sum that the shards reported.
    #[error("the lines to be booked in {asset} are not what their shards reported")]
    Totals {
        /// Asset.
        asset: Asset,
    },
    /// A sum does not fit into 128 bits.
    #[error(transparent)]
    Overflow(#[from] Overflow),
}

/// Cell of the proof. `reason` separates fees that earned nothing from fees that earned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Cell {
    /// Asset.
    pub asset: Asset,
    /// Product.
    pub product: Product,
    /// Reason why the fees earned nothing; `None` if they earned.
    pub reason: Option<Reason>,
}

/// Fees and their three parts. The retained part is the part above the base rate. It is computed
/// from the fees and the rate alone, so that the three parts prove each other.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Parts {
    /// Number of fees.
    pub fee_count: i64,
    /// Charged fees.
    pub fees: Amount,
    /// Inviters' part.
    pub commission: Amount,
    /// Invitees' part.
    pub shared: Amount,
    /// Exchange's part.
    pub retained: Amount,
    /// Charged fees, in USD.
    pub fees_usd: Amount,
    /// Inviters' part, in USD.
    pub commission_usd: Amount,
    /// Invitees' part, in USD.
    pub shared_usd: Amount,
    /// Exchange's part, in USD.
    pub retained_usd: Amount,
}

impl Parts {
    fn of_line(outcome: Outcome, sums: &Sums) -> Result<Self, Overflow> {
        let rate = outcome.rate();
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

    /// Adds the parts of both.
    ///
    /// # Errors
    /// Returns [`Overflow`] if a sum does not fit.
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

    /// Returns whether the paid parts of a line are not negative and not above its base rate, in
    /// its asset. The retained part is what the base rate leaves.
    fn are_within_rate(&self) -> Result<bool, Overflow> {
        let (most, paid) = (self.fees.minus(self.retained)?, self.commission.plus(self.shared)?);
        Ok(self.commission >= Amount::ZERO && self.shared >= Amount::ZERO && paid <= most)
    }

    fn add_up(&self) -> Result<bool, Overflow> {
        let paid = self.commission.plus(self.shared)?.plus(self.retained)?;
        let paid_usd = self.commission_usd.plus(self.shared_usd)?.plus(self.retained_usd)?;
        Ok(paid == self.fees && paid_usd == self.fees_usd)
    }
}

/// Proof over the due lines of one or several folds.
///
/// The same figures always encode to the same bytes, so that a digest identifies them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Entries", into = "Entries")]
pub struct Conservation {
    cells: BTreeMap<Cell, Parts>,
    charged: BTreeMap<Asset, Charged>,
}

/// Stored form with lists, because JSON maps have only string keys.
#[derive(Serialize, Deserialize)]
struct Entries {
    cells: Vec<(Cell, Parts)>,
    charged: Vec<(Asset, Charged)>,
}

impl From<Entries> for Conservation {
    fn from(entries: Entries) -> Self {
        Self {
            cells: entries.cells.into_iter().collect(),
            charged: entries.charged.into_iter().collect(),
        }
    }
}

impl From<Conservation> for Entries {
    fn from(proof: Conservation) -> Self {
        Self {
            cells: proof.cells.into_iter().collect(),
            charged: proof.charged.into_iter().collect(),
        }
    }
}

impl Conservation {
    /// Computes the figures of the due lines of a fold.
    ///
    /// # Errors
    /// Returns [`ConservationError::Rate`] if a line pays a negative amount or more than its base
    /// rate, and [`ConservationError::Overflow`] if a sum does not fit.
    pub fn of(fold: &Fold) -> Result<Self, ConservationError> {
        // A cell is found by its number, because a worker has hundreds of thousands of lines.
        let (mut places, mut cells): (Vec<u32>, Vec<(Cell, Parts)>) = (Vec::new(), Vec::new());
        fold.due.each_line(|code, asset, sums| {
            let (number, product, outcome) = (code.cell(), code.product(), code.outcome());
            if number >= places.len() {
                places.resize(number + 1, u32::MAX);
            }
            let place = places.get_mut(number).ok_or(Overflow)?;
            if *place == u32::MAX {
                *place = u32::try_from(cells.len()).map_err(|_| Overflow)?;
                let cell = Cell { asset, product, reason: outcome.reason() };
                cells.push((cell, Parts::default()));
            }
            let line = Parts::of_line(outcome, sums)?;
            if !line.are_within_rate()? {
                return Err(ConservationError::Rate { asset, product });
            }
            let (_, parts) = cells.get_mut(*place as usize).ok_or(Overflow)?;
            *parts = parts.plus(&line)?;
            Ok(())
        })?;
        Ok(Self { cells: cells.into_iter().collect(), charged: fold.charged.clone() })
    }

    /// Adds the figures of another proof.
    ///
    /// # Errors
    /// Returns [`Overflow`] if a sum does not fit.
    pub fn merge(&mut self, other: &Self) -> Result<(), Overflow> {
        for (cell, parts) in &other.cells {
            let mine = self.cells.entry(*cell).or_default();
            *mine = mine.plus(parts)?;
        }
        for (asset, charged) in &other.charged {
            let mine = self.charged.entry(*asset).or_default();
            *mine = mine.plus(charged)?;
        }
        Ok(())
    }

    /// Proves that in each cell the fees equal commission plus shared plus retained, to the last
    /// unit, and that the fees in the lines equal the charged fees.
    ///
    /// # Errors
    /// Returns the first failure.
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

    /// Returns the cells in order.
    pub fn cells(&self) -> impl Iterator<Item = (&Cell, &Parts)> {
        self.cells.iter()
    }

    /// Groups the figures by the key that `group` returns for a cell, for example by asset, by
    /// product and asset, or by reason and asset. Only USD figures may be added across assets.
    ///
    /// # Errors
    /// Returns [`Overflow`] if a sum does not fit.
    pub fn by<G: Ord>(&self, group: impl Fn(&Cell) -> G) -> Result<BTreeMap<G, Parts>, Overflow> {
        let mut groups: BTreeMap<G, Parts> = BTreeMap::new();
        for (cell, parts) in &self.cells {
            let sum = groups.entry(group(cell)).or_default();
            *sum = sum.plus(parts)?;
        }
        Ok(groups)
    }

    /// Returns the canonical encoding, which is to be hashed.
    ///
    /// # Errors
    /// Returns errors of the encoder. No such error is known for these figures.
    pub fn canonical_bytes(&self) -> Result<Vec<u8>, postcard::Error> {
        postcard::to_stdvec(self)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::testing::{fee, futures, pair, rate, read, spot, units, usd};

    fn sample() -> Fold {
        let mut pair = pair();
        pair.relation.shared.spot = rate("0.05");
        pair.fold(&[spot("t1", "1"), spot("t2", "-0.25"), futures("t3", "2")], &[])
    }

    fn parts(parts: &Parts) -> [Amount; 4] {
        [parts.fees, parts.commission, parts.shared, parts.retained]
    }

    #[test]
    fn fees_are_commission_shared_and_retained() {
        let proof = Conservation::of(&sample()).unwrap();
        assert_eq!(proof.check(), Ok(()));
        let by_asset = proof.by(|cell| cell.asset).unwrap();
        let expected = ["2.75", "0.35", "0.05", "2.35"].map(units);
        assert_eq!(parts(&by_asset[&read("XMR")]), expected);
    }

    #[test]
    fn figures_are_grouped_by_product_or_reason() {
        let proof = Conservation::of(&sample()).unwrap();
        let by_product = proof.by(|cell| cell.product).unwrap();
        assert_eq!(by_product[&Product::Futures].commission_usd, usd("2"));
        assert_eq!(by_product[&Product::Spot].retained_usd, usd("5.5"));
        let by_reason = proof.by(|cell| cell.reason).unwrap();
        let negative = by_reason[&Some(Reason::NegativeFee)];
        assert_eq!((negative.fee_count, negative.fees), (1, units("-0.25")));
        assert_eq!(by_reason[&None].fee_count, 2);
    }

    #[test]
    fn cell_is_asset_product_and_reason() {
        let proof = Conservation::of(&sample()).unwrap();
        let cells = proof.cells().map(|(cell, parts)| (cell.product, cell.reason, parts.fees));
        let expected = [
            (Product::Spot, None, units("1")),
            (Product::Spot, Some(Reason::NegativeFee), units("-0.25")),
            (Product::Futures, None, units("2")),
        ];
        assert_eq!(cells.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn merged_proofs_prove_the_whole() {
        let mut merged = Conservation::default();
        merged.merge(&Conservation::of(&sample()).unwrap()).unwrap();
        merged.merge(&Conservation::of(&sample()).unwrap()).unwrap();
        assert_eq!(merged.check(), Ok(()));
        let by_asset = merged.by(|cell| cell.asset).unwrap();
        assert_eq!(by_asset[&read("XMR")].fees, units("5.5"));
    }

    #[test]
    fn proof_round_trips_in_both_encodings() {
        let proof = Conservation::of(&sample()).unwrap();
        let bytes = proof.canonical_bytes().unwrap();
        assert_eq!(postcard::from_bytes::<Conservation>(&bytes).unwrap(), proof);
        let json = serde_json::to_string(&proof).unwrap();
        assert_eq!(serde_json::from_str::<Conservation>(&json).unwrap(), proof);
    }

    /// Returns the result of the check after the due lines were changed.
    fn after(tamper: impl Fn(&mut Sums)) -> Result<(), ConservationError> {
        let mut fold = pair().fold(&[fee("t1", Product::Margin, "1")], &[]);
        Arc::make_mut(&mut fold.due).tamper(tamper);
        Conservation::of(&fold)?.check()
    }

    #[test]
    fn payment_outside_base_rate_is_found() {
        let (asset, product) = (read("XMR"), Product::Margin);
        let found = Err(ConservationError::Rate { asset, product });
        assert_eq!(after(|sums| sums.commission = units("0.20000001")), found);
        assert_eq!(after(|sums| sums.commission = units("-0.00000001")), found);
        assert_eq!(after(|sums| sums.shared = units("-0.00000001")), found);
    }

    #[test]
    fn missing_unit_is_found() {
        let found = Err(ConservationError::Parts { asset: read("XMR"), product: Product::Margin });
        assert_eq!(after(|sums| sums.commission = units("0.19999999")), found);
        assert_eq!(after(|sums| sums.shared_usd = units("0.00000001")), found);
    }

    #[test]
    fn fee_in_no_line_or_two_lines_is_found() {
        let mut fold = sample();
        let lines = fold.due.len() as u32;
        Arc::make_mut(&mut fold.due).remove_first(1);
        let found = Err(ConservationError::Fees { asset: read("XMR") });
        assert_eq!(Conservation::of(&fold).unwrap().check(), found);
        assert_eq!(after(|sums| sums.fee_count = 2), found);
        Arc::make_mut(&mut fold.due).remove_first(lines - 1);
        assert_eq!(Conservation::of(&fold).unwrap().check(), found);
    }

    #[test]
    fn payment_for_zero_fee_is_found() {
        let mut fold = pair().fold(&[spot("t1", "0")], &[]);
        Arc::make_mut(&mut fold.due).tamper(|sums| sums.commission = units("1"));
        let found = Err(ConservationError::Rate { asset: read("XMR"), product: Product::Spot });
        assert_eq!(Conservation::of(&fold), found);
    }
}
