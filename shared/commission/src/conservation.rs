//! The proof that no unit was made or lost: fees are commission, shared and retained.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use types::{Product, Reason};

use crate::{Accrual, Amount, Asset, Charged, Fold, Outcome, Overflow, Sums};

/// Where a proof of conservation fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ConservationError {
    /// The parts do not add up to the fees.
    #[error("the {product} fees in {asset} are not commission, shared and retained together")]
    Parts {
        /// The asset.
        asset: Asset,
        /// The product.
        product: Product,
    },
    /// More was paid than the base rate allows, or less than nothing.
    #[error("a {product} line in {asset} pays less than nothing or more than its base rate")]
    Rate {
        /// The asset.
        asset: Asset,
        /// The product.
        product: Product,
    },
    /// The lines have other fees than were charged.
    #[error("the lines in {asset} have other fees than were charged")]
    Fees {
        /// The asset.
        asset: Asset,
    },
    /// A line that is booked and the change that is to be booked are not what is due.
    #[error("a {product} line in {asset}: booked and to be booked are not together what is due")]
    Line {
        /// The asset.
        asset: Asset,
        /// The product.
        product: Product,
    },
    /// The lines that the shards kept have another sum than the shards reported.
    #[error("the lines to be booked in {asset} are not what their shards reported")]
    Totals {
        /// The asset.
        asset: Asset,
    },
    /// A sum does not fit into 128 bits.
    #[error(transparent)]
    Overflow(#[from] Overflow),
}

/// One cell of the proof. `reason` tells the fees that earned nothing from those that earned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Cell {
    /// The asset.
    pub asset: Asset,
    /// The product.
    pub product: Product,
    /// Why the fees earned nothing, if so.
    pub reason: Option<Reason>,
}

/// Fees and what became of them. Retained is what lies beyond the base rate: it is found from
/// the fees and the rate alone, so that the three parts prove each other.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Parts {
    /// The fees.
    pub fee_count: i64,
    /// What was charged.
    pub fees: Amount,
    /// What the inviters get.
    pub commission: Amount,
    /// What the invitees get.
    pub shared: Amount,
    /// What the exchange keeps.
    pub retained: Amount,
    /// What was charged, in USD.
    pub fees_usd: Amount,
    /// What the inviters get, in USD.
    pub commission_usd: Amount,
    /// What the invitees get, in USD.
    pub shared_usd: Amount,
    /// What the exchange keeps, in USD.
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

    /// The parts of both.
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

/// The proof over the due lines of a fold, or of several folds together.
///
/// Encoded it is the same bytes for the same figures: a digest of them stands for them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Entries", into = "Entries")]
pub struct Conservation {
    cells: BTreeMap<Cell, Parts>,
    charged: BTreeMap<Asset, Charged>,
}

/// As stored: lists, because JSON knows no maps by anything but texts.
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
    /// The figures of what is due.
    ///
    /// # Errors
    /// [`ConservationError::Rate`] for a line that pays less than nothing or more than its base rate, and
    /// [`ConservationError::Overflow`].
    pub fn of(fold: &Fold) -> Result<Self, ConservationError> {
        let mut proof = Self { cells: BTreeMap::new(), charged: fold.charged.clone() };
        // Iteration from inside moves no accrual, which are large.
        fold.due.iter().try_for_each(|due| proof.add(&due))?;
        Ok(proof)
    }

    fn add(&mut self, due: &Accrual<'_>) -> Result<(), ConservationError> {
        let Accrual { asset, product, outcome, .. } = *due;
        let cell = Cell { asset, product, reason: outcome.reason() };
        if !is_within_rate(outcome, &due.sums)? {
            return Err(ConservationError::Rate { asset, product });
        }
        let parts = self.cells.entry(cell).or_default();
        *parts = parts.plus(&Parts::of_line(outcome, &due.sums)?)?;
        Ok(())
    }

    /// The figures of both.
    ///
    /// # Errors
    /// [`Overflow`] if a sum does not fit.
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

    /// Proves that in each cell the fees are commission, shared and retained, to the last unit,
    /// and that the lines have exactly the fees that were charged.
    ///
    /// # Errors
    /// Where it fails.
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

    /// The cells, in order.
    pub fn cells(&self) -> impl Iterator<Item = (&Cell, &Parts)> {
        self.cells.iter()
    }

    /// The figures brought together by what `group` tells of a cell: by asset, by product and
    /// asset, by reason and asset. Only USD figures may be added across assets.
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

    /// The canonical encoding, to be hashed.
    ///
    /// # Errors
    /// Only what the encoder may answer; none is known for these figures.
    pub fn canonical_bytes(&self) -> Result<Vec<u8>, postcard::Error> {
        postcard::to_stdvec(self)
    }
}

/// Whether a due line pays no less than nothing and no more than its base rate, in its asset.
fn is_within_rate(outcome: Outcome, sums: &Sums) -> Result<bool, Overflow> {
    let most = outcome.rate().of(sums.fees);
    let paid = sums.commission.plus(sums.shared)?;
    Ok(sums.commission >= Amount::ZERO && sums.shared >= Amount::ZERO && paid <= most)
}

#[cfg(test)]
mod tests {
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
    fn figures_are_told_by_product_and_by_reason() {
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
    fn a_cell_is_an_asset_a_product_and_a_reason() {
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
    fn a_proof_survives_both_encodings() {
        let proof = Conservation::of(&sample()).unwrap();
        let bytes = proof.canonical_bytes().unwrap();
        assert_eq!(postcard::from_bytes::<Conservation>(&bytes).unwrap(), proof);
        let json = serde_json::to_string(&proof).unwrap();
        assert_eq!(serde_json::from_str::<Conservation>(&json).unwrap(), proof);
    }

    /// What the check says after one due line was tampered with.
    fn after(tamper: impl Fn(&mut Sums)) -> Result<(), ConservationError> {
        let mut fold = pair().fold(&[fee("t1", Product::Margin, "1")], &[]);
        fold.due.tamper(tamper);
        Conservation::of(&fold)?.check()
    }

    #[test]
    fn a_line_that_pays_less_than_nothing_or_above_its_rate_is_found() {
        let (asset, product) = (read("XMR"), Product::Margin);
        let found = Err(ConservationError::Rate { asset, product });
        assert_eq!(after(|sums| sums.commission = units("0.20000001")), found);
        assert_eq!(after(|sums| sums.commission = units("-0.00000001")), found);
        assert_eq!(after(|sums| sums.shared = units("-0.00000001")), found);
    }

    #[test]
    fn a_unit_that_went_missing_is_found() {
        let found = Err(ConservationError::Parts { asset: read("XMR"), product: Product::Margin });
        assert_eq!(after(|sums| sums.commission = units("0.19999999")), found);
        assert_eq!(after(|sums| sums.shared_usd = units("0.00000001")), found);
    }

    #[test]
    fn a_fee_that_is_in_no_line_or_in_two_is_found() {
        let mut fold = sample();
        let lines = fold.due.len() as u32;
        fold.due.remove_first(1);
        let found = Err(ConservationError::Fees { asset: read("XMR") });
        assert_eq!(Conservation::of(&fold).unwrap().check(), found);
        assert_eq!(after(|sums| sums.fee_count = 2), found);
        fold.due.remove_first(lines - 1);
        assert_eq!(Conservation::of(&fold).unwrap().check(), found);
    }

    #[test]
    fn a_line_that_pays_for_a_fee_that_earns_nothing_is_found() {
        let mut fold = pair().fold(&[spot("t1", "0")], &[]);
        fold.due.tamper(|sums| sums.commission = units("1"));
        let found = Err(ConservationError::Rate { asset: read("XMR"), product: Product::Spot });
        assert_eq!(Conservation::of(&fold), found);
    }
}
