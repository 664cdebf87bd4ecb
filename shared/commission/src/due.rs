//! Accruals by line key, and totals of charged fees.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};
use types::{Day, LinkCode, Origin, Product, Timestamp, Uid};

use crate::cases::{ExceptionalSums, LineSums};
use crate::compact_line::{CompactLine, Form, LineCode, NarrowSums, RankedAssets};
use crate::record::Record;
use crate::{
    Amount, Asset, Cause, FeeCorrection, Line, LineKey, Outcome, Overflow, Parts, Relation, Sums,
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

    /// Returns the line that books all of the accrual.
    pub(crate) fn first_line(&self) -> Line {
        Line {
            key: self.key(),
            code: self.code.clone(),
            origin: self.origin,
            sums: self.sums,
            cause: Cause::Booked,
            why: Vec::new(),
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
/// 48 bytes here, and its commission is computed when it is read.
#[derive(Clone)]
pub struct Accruals {
    /// Groups, sorted by inviter and invitee.
    groups: Vec<Group>,
    /// Lines of all groups. The lines of a group are contiguous and sorted; the groups are not
    /// sorted.
    lines: Vec<CompactLine>,
    /// Complete sums of lines that do not fit into a compact line.
    exceptional: Vec<ExceptionalSums>,
    assets: RankedAssets,
    /// Start of the day.
    start: Timestamp,
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

impl Accruals {
    pub(crate) fn of_day(day: Day, assets: RankedAssets) -> Self {
        Self {
            groups: Vec::new(),
            lines: Vec::new(),
            exceptional: Vec::new(),
            assets,
            start: day.start(),
        }
    }

    pub(crate) const fn assets(&self) -> &RankedAssets {
        &self.assets
    }

    /// Adds the lines of an invitee, which must be sorted by key.
    ///
    /// # Errors
    /// Returns [`Overflow`] if a sum does not fit.
    pub(crate) fn push(
        &mut self,
        relation: &Relation,
        lines: impl Iterator<Item = LineSums>,
    ) -> Result<(), Overflow> {
        let first = place(self.lines.len())?;
        for LineSums { code, narrow, exceptional } in lines {
            let line = match exceptional {
                None => CompactLine { code, sums: narrow },
                Some(exceptional) => self.exceptional(code, narrow, *exceptional)?,
            };
            self.lines.push(line);
        }
        let count = place(self.lines.len())? - first;
        if count > 0 {
            let (inviter, invitee) = (relation.inviter.clone(), relation.invitee.clone());
            let (code, origin) = (relation.code.clone(), relation.origin);
            self.groups.push(Group { inviter, invitee, code, origin, first, count });
        }
        Ok(())
    }

    fn exceptional(
        &mut self,
        code: LineCode,
        narrow: NarrowSums,
        ExceptionalSums { sums, corrections }: ExceptionalSums,
    ) -> Result<CompactLine, Overflow> {
        let sums = sums.plus(&narrow.unpriced(self.start))?;
        let fits = corrections == Corrections::default();
        if let Some(sums) = NarrowSums::of(&sums, self.start).filter(|_| fits) {
            return Ok(CompactLine { code, sums });
        }
        let count = place(self.exceptional.len())?;
        self.exceptional.push(ExceptionalSums { sums: sums.priced(code.outcome())?, corrections });
        let sums = NarrowSums { count, form: Form::Exceptional, ..NarrowSums::default() };
        Ok(CompactLine { code, sums })
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
        let mut groups: Vec<_> = std::mem::take(&mut self.groups).into_iter().map(Some).collect();
        let sorted = keys.iter().filter_map(|(_, place)| groups.get_mut(*place as usize)?.take());
        self.groups = sorted.collect();
    }

    /// Calls `each` with the code and the sums of every line, in no order.
    pub(crate) fn each_line<E>(
        &self,
        mut each: impl FnMut(LineCode, Asset, &Sums) -> Result<(), E>,
    ) -> Result<(), E> {
        self.lines.iter().try_for_each(|line| {
            let sums = self.sums(line, line.code.outcome());
            each(line.code, self.assets.asset(line.code.asset()), &sums)
        })
    }

    /// Returns a reader of the accruals as lines of a first run, sorted by the order that `order`
    /// returns for their inviter, and then by key.
    pub(crate) fn reader_by<K: Ord>(&self, order: impl Fn(&Uid) -> K) -> AccrualReader<'_> {
        let mut groups: Vec<&Group> = self.groups.iter().collect();
        groups.sort_by_cached_key(|group| order(&group.inviter));
        AccrualReader { due: self, groups: groups.into_iter(), lines: [].iter(), line: None }
    }

    /// Returns the accruals, sorted by key.
    pub fn iter(&self) -> impl Iterator<Item = Accrual<'_>> {
        self.groups.iter().flat_map(|group| self.of_group(group))
    }

    fn of_group<'a>(&'a self, group: &'a Group) -> impl Iterator<Item = Accrual<'a>> {
        self.lines_of(group).iter().map(move |line| self.accrual(group, line))
    }

    fn lines_of(&self, group: &Group) -> &[CompactLine] {
        let start = group.first as usize;
        self.lines.get(start..start + group.count as usize).unwrap_or_default()
    }

    fn exceptional_of(&self, line: &CompactLine) -> Option<&ExceptionalSums> {
        let place = (line.sums.form == Form::Exceptional).then_some(line.sums.count)?;
        self.exceptional.get(place as usize)
    }

    #[inline]
    fn sums(&self, line: &CompactLine, outcome: Outcome) -> Sums {
        match self.exceptional_of(line) {
            Some(exceptional) => exceptional.sums,
            None => line.sums.priced(outcome, self.start),
        }
    }

    #[inline]
    fn accrual<'a>(&'a self, group: &'a Group, line: &CompactLine) -> Accrual<'a> {
        let code = line.code;
        let outcome = code.outcome();
        let corrections = self.exceptional_of(line).map(|of| &of.corrections);
        let sums = self.sums(line, outcome);
        Accrual {
            inviter: &group.inviter,
            invitee: &group.invitee,
            product: code.product(),
            asset: self.assets.asset(code.asset()),
            outcome,
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
            let mut sums = line.sums.priced(line.code.outcome(), self.start);
            if line.sums.form == Form::Exceptional {
                sums = self.exceptional[line.sums.count as usize].sums;
            }
            tamper(&mut sums);
            line.sums.form = Form::Exceptional;
            line.sums.count = self.exceptional.len() as u32;
            self.exceptional.push(ExceptionalSums { sums, corrections: Corrections::default() });
        }
    }

    /// Removes the first lines.
    #[cfg(test)]
    pub(crate) fn remove_first(&mut self, count: u32) {
        let [group] = self.groups.as_mut_slice() else { panic!("expected one invitee") };
        self.lines.drain(..count as usize);
        group.count -= count;
    }
}

/// Reads accruals as lines of a first run, one after the other, into one buffer.
pub(crate) struct AccrualReader<'a> {
    due: &'a Accruals,
    groups: std::vec::IntoIter<&'a Group>,
    lines: std::slice::Iter<'a, CompactLine>,
    /// Line of the current group, whose sums are replaced.
    line: Option<Line>,
}

impl<'a> AccrualReader<'a> {
    pub(crate) fn read(&mut self) -> Option<&Line> {
        loop {
            if let Some(compact) = self.lines.next() {
                let (code, line) = (compact.code, self.line.as_mut()?);
                line.key.product = code.product();
                line.key.asset = self.due.assets.asset(code.asset());
                line.key.outcome = code.outcome();
                line.sums = self.due.sums(compact, line.key.outcome);
                return self.line.as_ref();
            }
            let group: &'a Group = self.groups.next()?;
            let lines = self.due.lines_of(group);
            self.lines = lines.iter();
            let first = lines.first().map(|line| self.due.accrual(group, line).first_line());
            self.line = Some(first?);
        }
    }
}

impl Default for Accruals {
    fn default() -> Self {
        Self::of_day(Timestamp::EPOCH.day(), RankedAssets::default())
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
    #[inline]
    pub(crate) fn add_record(&mut self, record: &Record) -> Result<(), Overflow> {
        let amount = |amount: i64| Amount::from_minor(i128::from(amount));
        self.add([amount(record.amount), amount(record.amount_usd), Amount::ZERO])
    }

    #[inline]
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
