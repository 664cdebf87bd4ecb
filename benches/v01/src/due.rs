//! What is due for a line's key, and what was charged in all.

use std::collections::BTreeSet;

use types::{LinkCode, Origin, Product, Uid};

use commission::{Amount, Asset, Charge, FeeCorrection, LineKey, Overflow, Sums};

use crate::conservation::Parts;

/// How many of the exchange's words for corrections stay with a line.
const MAX_WHYS: usize = 3;

/// What is due for one line's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accrual {
    /// The link by which the invitee was bound.
    pub code: LinkCode,
    /// How the invitee came.
    pub origin: Origin,
    /// The sums, with what they pay.
    pub sums: Sums,
    /// The corrections that took part.
    pub corrections: Corrections,
}

/// What is due for all lines of a fold, in the order of their keys.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Accruals {
    /// Sorted: the fold goes from inviter to inviter, and finds each one's in order. A list takes
    /// less time and memory than a map, and a worker has hundreds of thousands of lines.
    entries: Vec<(LineKey, Accrual)>,
}

impl Accruals {
    /// Adds what comes after all that is there.
    pub(crate) fn push(&mut self, key: LineKey, due: Accrual) {
        debug_assert!(self.entries.last().is_none_or(|(last, _)| *last < key));
        self.entries.push((key, due));
    }

    /// What is due, with its keys.
    pub fn iter(&self) -> impl Iterator<Item = (&LineKey, &Accrual)> {
        self.entries.iter().map(|(key, due)| (key, due))
    }

    /// What is due under one key.
    #[must_use]
    pub fn get(&self, key: &LineKey) -> Option<&Accrual> {
        let place = self.entries.binary_search_by(|(other, _)| other.cmp(key)).ok()?;
        self.entries.get(place).map(|(_, due)| due)
    }

    /// How many lines there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether nothing is due.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// What is due in the group of a key: the lines that differ from it by their outcome only.
    pub(crate) fn in_group(&self, key: &LineKey) -> impl Iterator<Item = &Accrual> {
        let first = self.entries.partition_point(|(other, _)| group(other) < group(key));
        let rest = self.entries.get(first..).unwrap_or_default();
        rest.iter().take_while(|(other, _)| group(other) == group(key)).map(|(_, due)| due)
    }
}

/// What neither facts nor corrections change of a fee: by them it moves within its group only.
pub(crate) fn group(key: &LineKey) -> (&Uid, &Uid, Product, Asset) {
    (&key.inviter, &key.invitee, key.product, key.asset)
}

/// Which corrections took part in some sums.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Corrections {
    /// Whether one left something of its trade; if none did, all their trades were busted.
    pub changed: bool,
    /// The exchange's words, the first few in their order; empty if there is no correction.
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

    /// Takes in the corrections of other sums.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.changed |= other.changed;
        other.why.iter().for_each(|why| self.add_why(why));
    }
}

/// What was charged in one asset, counted on the fees themselves and not on the lines.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Charged {
    /// The fees.
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
