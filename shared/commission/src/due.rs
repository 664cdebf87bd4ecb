//! Accruals by line key, and totals of charged fees.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};
use types::{LinkCode, Origin, Product, Timestamp, Uid};

use crate::fold::{LineAccumulator, LineGroup};
use crate::record::{AssetNumber, AssetTable};
use crate::{
    Amount, Asset, FeeCorrection, LineKey, Outcome, Overflow, Parts, Rate, Relation, Sums,
};

/// Maximum number of correction reasons kept with a line.
const MAX_WHYS: usize = 3;

/// Due sums of one line key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accrual<'a> {
    /// Account that earns the commission.
    pub inviter: &'a Uid,
    /// Account that paid the fees.
    pub invitee: &'a Uid,
    /// Traded product.
    pub product: Product,
    /// Asset of the fees.
    pub asset: Asset,
    /// Outcome of the fees.
    pub outcome: Outcome,
    /// Code of the link that bound the invitee.
    pub code: &'a LinkCode,
    /// Origin of the binding.
    pub origin: Origin,
    /// Sums, including the parts paid.
    pub sums: Sums,
    /// Corrections included in the sums; `None` if there are none.
    pub corrections: Option<&'a Corrections>,
}

impl<'a> Accrual<'a> {
    /// Returns the line key.
    #[must_use]
    pub fn key(&self) -> LineKey {
        LineKey {
            inviter: self.inviter.clone(),
            invitee: self.invitee.clone(),
            product: self.product,
            asset: self.asset,
            outcome: self.outcome,
        }
    }

    /// Compares the line key with another.
    #[must_use]
    pub fn cmp_key(&self, other: &LineKey) -> Ordering {
        let parties = (self.inviter, self.invitee).cmp(&(&other.inviter, &other.invitee));
        parties.then_with(|| {
            let line = (self.product, self.asset, self.outcome);
            line.cmp(&(other.product, other.asset, other.outcome))
        })
    }
}

/// Accruals of all lines of a fold, sorted by key.
///
/// A worker holds hundreds of thousands of lines together with their fees. Therefore a line takes
/// 72 bytes here, and its commission is computed when it is read.
#[derive(Clone, Default)]
pub struct Accruals {
    /// Groups, sorted by inviter and invitee.
    groups: Vec<Group>,
    /// Lines of all groups. The lines of a group are contiguous and sorted; the groups are not
    /// sorted.
    lines: Vec<CompactLine>,
    /// Complete sums of lines that do not fit into a compact line.
    exceptional: Vec<(Sums, Corrections)>,
    assets: AssetTable,
}

/// Lines of one invitee.
#[derive(Clone)]
struct Group {
    inviter: Uid,
    invitee: Uid,
    code: LinkCode,
    origin: Origin,
    first: u32,
    count: u32,
}

/// A line in 72 bytes, without corrections and with sums that fit into 64 bits.
#[derive(Clone, Copy)]
struct CompactLine {
    fees: i64,
    fees_usd: i64,
    volume_usd: i64,
    counted_volume_usd: i64,
    /// Milliseconds of the first trade, and below of the last; -1 if there is none.
    first_trade_at: i64,
    last_trade_at: i64,
    outcome: Outcome,
    /// Number of fees; for an exceptional line its index in `exceptional`.
    count: u32,
    asset: AssetNumber,
    product: Product,
    is_exceptional: bool,
}

impl Accruals {
    pub(crate) fn of_assets(assets: &AssetTable) -> Self {
        Self { assets: assets.clone(), ..Self::default() }
    }

    /// Adds the lines of an invitee, which must be sorted by key.
    ///
    /// # Errors
    /// Returns [`Overflow`] if a sum does not fit.
    pub(crate) fn push(
        &mut self,
        relation: &Relation,
        lines: impl Iterator<Item = (LineGroup, LineAccumulator)>,
    ) -> Result<(), Overflow> {
        let first = place(self.lines.len())?;
        for (group, line) in lines {
            let line = match CompactLine::of(group, &line) {
                Some(line) => line,
                None => self.exceptional(group, line)?,
            };
            self.lines.push(line);
        }
        let count = place(self.lines.len())? - first;
        if count > 0 {
            let Relation { inviter, invitee, code, origin, .. } = relation.clone();
            self.groups.push(Group { inviter, invitee, code, origin, first, count });
        }
        Ok(())
    }

    fn exceptional(
        &mut self,
        (product, asset, outcome): LineGroup,
        LineAccumulator { sums, corrections }: LineAccumulator,
    ) -> Result<CompactLine, Overflow> {
        let count = place(self.exceptional.len())?;
        self.exceptional.push((sums.priced(outcome)?, corrections));
        Ok(CompactLine { product, asset, outcome, count, ..CompactLine::EXCEPTIONAL })
    }

    /// Sorts the groups by inviter and invitee, which is the order of the keys.
    pub(crate) fn sort(&mut self) {
        // Most ids differ in their first letters, which are compared as integers.
        let key = |group: &Group| (prefix(&group.inviter), prefix(&group.invitee));
        let mut keys: Vec<_> = (0_u32..).zip(&self.groups).map(|(n, of)| (key(of), n)).collect();
        let full = |place: u32| {
            self.groups.get(place as usize).map(|group| (&group.inviter, &group.invitee))
        };
        keys.sort_unstable_by(|(a, a_place), (b, b_place)| {
            let (a_inviter, a_invitee) = a;
            let (b_inviter, b_invitee) = b;
            match a_inviter.cmp(b_inviter) {
                // The integer holds the inviter's whole id, so that invitees are compared.
                Ordering::Equal if a_inviter & 0xFF == 0 => a_invitee.cmp(b_invitee),
                order => order,
            }
            .then_with(|| full(*a_place).cmp(&full(*b_place)))
        });
        let groups = keys.iter().filter_map(|(_, place)| self.groups.get(*place as usize));
        self.groups = groups.cloned().collect();
    }

    /// Returns the accruals, sorted by key.
    pub fn iter(&self) -> impl Iterator<Item = Accrual<'_>> {
        self.groups.iter().flat_map(|group| self.of_group(group))
    }

    fn of_group<'a>(&'a self, group: &'a Group) -> impl Iterator<Item = Accrual<'a>> {
        let start = group.first as usize;
        let lines = self.lines.get(start..start + group.count as usize).unwrap_or_default();
        lines.iter().map(move |line| self.accrual(group, line))
    }

    #[inline]
    fn accrual<'a>(&'a self, group: &'a Group, line: &CompactLine) -> Accrual<'a> {
        let exceptional = line.is_exceptional.then(|| self.exceptional.get(line.count as usize));
        let (sums, corrections) = match exceptional.flatten() {
            Some((sums, corrections)) => (*sums, Some(corrections)),
            None => (line.sums(), None),
        };
        Accrual {
            inviter: &group.inviter,
            invitee: &group.invitee,
            product: line.product,
            asset: self.assets.asset(line.asset),
            outcome: line.outcome,
            code: &group.code,
            origin: group.origin,
            sums,
            corrections: corrections.filter(|of| **of != Corrections::default()),
        }
    }

    fn group_of(&self, key: &LineKey) -> impl Iterator<Item = Accrual<'_>> {
        let wanted = (&key.inviter, &key.invitee);
        let found = self.groups.binary_search_by(|of| (&of.inviter, &of.invitee).cmp(&wanted));
        let group = found.ok().and_then(|place| self.groups.get(place));
        group.into_iter().flat_map(|group| self.of_group(group))
    }

    /// Returns the accrual of a key.
    #[must_use]
    pub fn get(&self, key: &LineKey) -> Option<Accrual<'_>> {
        self.group_of(key).find(|due| due.cmp_key(key).is_eq())
    }

    /// Returns the number of lines.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.lines.len()
    }

    /// Returns whether there are no accruals.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Returns the accruals in the group of a key: those that differ from it only in their outcome.
    pub(crate) fn in_group(&self, key: &LineKey) -> impl Iterator<Item = Accrual<'_>> {
        let (product, asset) = (key.product, key.asset);
        self.group_of(key).filter(move |due| (due.product, due.asset) == (product, asset))
    }

    /// Changes the sums of each line.
    #[cfg(test)]
    pub(crate) fn tamper(&mut self, tamper: impl Fn(&mut Sums)) {
        for line in &mut self.lines {
            let mut sums = line.sums();
            if line.is_exceptional {
                sums = self.exceptional[line.count as usize].0;
            }
            tamper(&mut sums);
            line.is_exceptional = true;
            line.count = self.exceptional.len() as u32;
            self.exceptional.push((sums, Corrections::default()));
        }
    }

    /// Removes the first lines.
    #[cfg(test)]
    pub(crate) fn remove_first(&mut self, count: u32) {
        let [group] = self.groups.as_mut_slice() else { panic!("expected one invitee") };
        group.first += count;
        group.count -= count;
    }
}

impl PartialEq for Accruals {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for Accruals {}

impl fmt::Debug for Accruals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

fn place(length: usize) -> Result<u32, Overflow> {
    u32::try_from(length).map_err(|_| Overflow)
}

/// Returns the first 16 letters of an id as an integer. Different prefixes have the order of
/// their ids.
fn prefix(uid: &Uid) -> u128 {
    let mut prefix = [0; 16];
    prefix.iter_mut().zip(uid.as_str().bytes()).for_each(|(place, letter)| *place = letter);
    u128::from_be_bytes(prefix)
}

impl CompactLine {
    const EXCEPTIONAL: Self = Self {
        fees: 0,
        fees_usd: 0,
        volume_usd: 0,
        counted_volume_usd: 0,
        first_trade_at: -1,
        last_trade_at: -1,
        outcome: Outcome::Earned { rate: Rate::ZERO, shared: Rate::ZERO },
        count: 0,
        asset: AssetNumber(0),
        product: Product::Spot,
        is_exceptional: true,
    };

    /// Returns the compact form of a line; `None` if the line does not fit.
    fn of((product, asset, outcome): LineGroup, line: &LineAccumulator) -> Option<Self> {
        let LineAccumulator { sums, corrections } = line;
        if sums.corrected_count != 0 || *corrections != Corrections::default() {
            return None;
        }
        let narrow = |amount: Amount| i64::try_from(amount.minor()).ok();
        let millis = |at: Option<Timestamp>| at.map_or(-1, Timestamp::millis);
        Some(Self {
            fees: narrow(sums.fees)?,
            fees_usd: narrow(sums.fees_usd)?,
            volume_usd: narrow(sums.volume_usd)?,
            counted_volume_usd: narrow(sums.counted_volume_usd)?,
            first_trade_at: millis(sums.first_trade_at),
            last_trade_at: millis(sums.last_trade_at),
            outcome,
            count: u32::try_from(sums.fee_count).ok()?,
            asset,
            product,
            is_exceptional: false,
        })
    }

    #[inline]
    fn sums(&self) -> Sums {
        let amount = |amount: i64| Amount::from_minor(i128::from(amount));
        let (fees, fees_usd) = (amount(self.fees), amount(self.fees_usd));
        let (rate, shared) = self.outcome.rates();
        let part = |of: Amount| {
            let shared = shared.of(of);
            // Both are parts of a 64-bit amount, so that the difference cannot overflow.
            (Amount::from_minor(rate.of(of).minor() - shared.minor()), shared)
        };
        let ((commission, shared), (commission_usd, shared_usd)) = (part(fees), part(fees_usd));
        Sums {
            fee_count: i64::from(self.count),
            corrected_count: 0,
            fees,
            fees_usd,
            commission,
            commission_usd,
            shared,
            shared_usd,
            volume_usd: amount(self.volume_usd),
            counted_volume_usd: amount(self.counted_volume_usd),
            first_trade_at: Timestamp::from_millis(self.first_trade_at),
            last_trade_at: Timestamp::from_millis(self.last_trade_at),
        }
    }
}

/// Returns the group of a key: the parts that neither facts nor corrections change. Facts and
/// corrections move a fee only within its group.
pub(crate) fn group(key: &LineKey) -> (&Uid, &Uid, Product, Asset) {
    (&key.inviter, &key.invitee, key.product, key.asset)
}

/// Corrections included in some sums.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Corrections {
    /// Whether a correction changed its trade instead of busting it. If false, all trades were
    /// busted.
    pub changed: bool,
    /// Reasons as worded by the exchange: the first few in text order; empty if there is no
    /// correction.
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

/// Charged fees in one asset, computed from the fees and not from the lines.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Charged {
    /// Number of fees.
    pub fee_count: i64,
    /// Sum of the fees in the asset.
    pub fees: Amount,
    /// Sum of the fees in USD.
    pub fees_usd: Amount,
}

impl Charged {
    pub(crate) fn add(&mut self, [amount, amount_usd, _]: [Amount; 3]) -> Result<(), Overflow> {
        self.fee_count = self.fee_count.checked_add(1).ok_or(Overflow)?;
        self.fees = self.fees.plus(amount)?;
        self.fees_usd = self.fees_usd.plus(amount_usd)?;
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
