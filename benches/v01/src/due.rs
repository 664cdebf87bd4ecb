//! Accruals by line key, and the total charges.

use std::collections::BTreeSet;

use types::{LinkCode, Origin, Product, Uid};

use commission::{Amount, Asset, Charge, FeeCorrection, LineKey, Overflow, Sums};

use crate::conservation::Parts;

/// Limit of the exchange's reasons for corrections that a line keeps.
const MAX_WHYS: usize = 3;

/// The accrual of one line key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accrual {
    /// The link by which the invitee was bound.
    pub code: LinkCode,
    /// Origin of the invitee's binding.
    pub origin: Origin,
    /// The sums, with their commission.
    pub sums: Sums,
    /// The corrections in the sums.
    pub corrections: Corrections,
}

/// The accruals of all lines of a fold, in the order of their keys.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Accruals {
    /// Sorted: the fold processes one inviter after the other, and each one's lines in order. A
    /// list takes less time and memory than a map, and a worker has hundreds of thousands of lines.
    entries: Vec<(LineKey, Accrual)>,
}

impl Accruals {
    /// Appends an accrual whose key follows all others.
    pub(crate) fn push(&mut self, key: LineKey, due: Accrual) {
        debug_assert!(self.entries.last().is_none_or(|(last, _)| *last < key));
        self.entries.push((key, due));
    }

    /// Returns the accruals with their keys.
    pub fn iter(&self) -> impl Iterator<Item = (&LineKey, &Accrual)> {
        self.entries.iter().map(|(key, due)| (key, due))
    }

    /// Returns the accrual of one key.
    #[must_use]
    pub fn get(&self, key: &LineKey) -> Option<&Accrual> {
        let place = self.entries.binary_search_by(|(other, _)| other.cmp(key)).ok()?;
        self.entries.get(place).map(|(_, due)| due)
    }

    /// Returns the number of lines.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.entries.len()
    }

    /// Returns whether there are no accruals.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Returns the accruals in the group of a key: the lines that differ by their outcome only.
    pub(crate) fn in_group(&self, key: &LineKey) -> impl Iterator<Item = &Accrual> {
        let first = self.entries.partition_point(|(other, _)| group(other) < group(key));
        let rest = self.entries.get(first..).unwrap_or_default();
        rest.iter().take_while(|(other, _)| group(other) == group(key)).map(|(_, due)| due)
    }
}

/// Returns the part of a key that neither facts nor corrections change. They move a fee only within
/// its group.
pub(crate) fn group(key: &LineKey) -> (&Uid, &Uid, Product, Asset) {
    (&key.inviter, &key.invitee, key.product, key.asset)
}

/// The corrections in some sums.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Corrections {
    /// Whether a correction kept a part of its trade; otherwise all their trades were busted.
    pub changed: bool,
    /// The exchange's reasons, the first few in order; empty if there is no correction.
    pub why: BTreeSet<String>,
}

impl Corrections {
    pub(crate) fn note(&mut self, correction: &FeeCorrection) {
        self.changed |= !correction.busts();
        self.add_why(&correction.why);
    }

    fn add_why(&mut self, why: &str) {
        if !self.why.contains(why) {
            self.why.insert(why.to_owned());
        }
        if self.why.len() > MAX_WHYS {
            self.why.pop_last();
        }
    }

    /// Adds the corrections of other sums.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.changed |= other.changed;
        other.why.iter().for_each(|why| self.add_why(why));
    }
}

/// The charges in one asset, summed over the fees and not over the lines.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Charged {
    /// Number of fees.
    pub fee_count: i64,
    /// Their sum in the asset.
    pub fees: Amount,
    /// Their sum in USD.
    pub fees_usd: Amount,
}

impl Charged {
    pub(crate) fn add(&mut self, fee: &Charge) -> Result<(), Overflow> {
        self.fee_count = self.fee_count.checked_add(1).ok_or(Overflow)?;
        self.fees = self.fees.plus(fee.amount)?;
        self.fees_usd = self.fees_usd.plus(fee.amount_usd)?;
        Ok(())
    }

    pub(crate) const fn of_parts(parts: &Parts) -> Self {
        Self { fee_count: parts.fee_count, fees: parts.fees, fees_usd: parts.fees_usd }
    }

    pub(crate) fn plus(&self, other: &Self) -> Result<Self, Overflow> {
        Ok(Self {
            fee_count: self.fee_count.checked_add(other.fee_count).ok_or(Overflow)?,
            fees: self.fees.plus(other.fees)?,
            fees_usd: self.fees_usd.plus(other.fees_usd)?,
        })
    }
}
