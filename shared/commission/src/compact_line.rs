//! Compact in-memory form of a due line, because a worker holds hundreds of thousands of them.

use types::{Product, Reason, Timestamp};

use crate::record::{AssetNumber, AssetTable};
use crate::{Amount, Asset, Outcome, Rate, Sums};

/// Product, asset and outcome of a line, packed into bits. The order of the codes is that of the
/// line keys of one invitee.
///
/// From the highest bit: product, rank of the asset in text order (16), whether the outcome is a
/// reason (1), and then the rates (20 each), or the reason (40).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct LineCode(u64);

const RATE_BITS: u32 = 20;
const OUTCOME_BITS: u32 = 2 * RATE_BITS + 1;
const IS_ZERO: u64 = 1 << (2 * RATE_BITS);

impl LineCode {
    /// Creates the code of a line in the first asset.
    pub(crate) fn new(product: Product, outcome: Outcome) -> Self {
        let outcome = match outcome {
            Outcome::Earned { rate, shared } => {
                u64::from(rate.millionths()) << RATE_BITS | u64::from(shared.millionths())
            }
            Outcome::Zero { reason } => IS_ZERO | reason as u64,
        };
        Self((product as u64) << (OUTCOME_BITS + 16) | outcome)
    }

    /// Returns the same code in another asset.
    pub(crate) const fn in_asset(self, rank: u16) -> Self {
        Self(self.0 & !(0xFFFF << OUTCOME_BITS) | (rank as u64) << OUTCOME_BITS)
    }

    pub(crate) fn product(self) -> Product {
        let place = (self.0 >> (OUTCOME_BITS + 16)) as usize;
        Product::ALL.get(place).copied().unwrap_or(Product::Futures)
    }

    /// Returns the rank of the asset in text order.
    pub(crate) const fn asset(self) -> u16 {
        (self.0 >> OUTCOME_BITS & 0xFFFF) as u16
    }

    /// Returns product, asset and reason as a small number. Lines with the same number are in one
    /// cell of the proof of conservation.
    pub(crate) fn cell(self) -> usize {
        let reason = if self.0 & IS_ZERO == 0 { 0 } else { (self.0 & 0xFF) as usize + 1 };
        (usize::from(self.asset()) * 4 + self.product() as usize) * (Reason::ALL.len() + 1) + reason
    }

    pub(crate) fn outcome(self) -> Outcome {
        let rate = |bits: u64| {
            let millionths = (bits & ((1 << RATE_BITS) - 1)) as u32;
            Rate::from_millionths(millionths).unwrap_or(Rate::ZERO)
        };
        let reason = || Reason::ALL.get((self.0 & 0xFF) as usize);
        match (self.0 & IS_ZERO != 0).then(reason).flatten() {
            Some(reason) => Outcome::Zero { reason: *reason },
            None => Outcome::Earned { rate: rate(self.0 >> RATE_BITS), shared: rate(self.0) },
        }
    }
}

/// Assets in text order.
#[derive(Debug, Clone, Default)]
pub(crate) struct RankedAssets {
    /// Assets by rank.
    assets: Vec<Asset>,
    /// Ranks by number in the table of the fees.
    ranks: Vec<u16>,
}

impl RankedAssets {
    pub(crate) fn of(table: &AssetTable) -> Self {
        let mut numbered: Vec<_> = table.iter().zip(0_usize..).collect();
        numbered.sort_unstable();
        let mut ranks = vec![0; numbered.len()];
        for (rank, (_, number)) in (0..).zip(&numbered) {
            if let Some(place) = ranks.get_mut(*number) {
                *place = rank;
            }
        }
        Self { assets: numbered.into_iter().map(|(asset, _)| asset).collect(), ranks }
    }

    pub(crate) fn rank(&self, number: AssetNumber) -> u16 {
        self.ranks.get(usize::from(number.0)).copied().unwrap_or_default()
    }

    #[expect(clippy::indexing_slicing, reason = "codes have ranks of this list only")]
    pub(crate) fn asset(&self, rank: u16) -> Asset {
        self.assets[usize::from(rank)]
    }
}

/// Sums of fees in 64 bits. Times are in milliseconds since the start of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NarrowSums {
    pub fees: i64,
    pub fees_usd: i64,
    pub volume_usd: i64,
    pub count: u32,
    /// Times of the first and last trade; [`NO_TRADE`] if there is none.
    pub first_trade_at: u32,
    pub last_trade_at: u32,
    pub form: Form,
}

/// Form of a compact line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// None of the volume counts for the inviter's tier.
    Uncounted,
    /// All of the volume counts for the inviter's tier.
    Counted,
    /// The sums are elsewhere. The count is their index.
    Exceptional,
}

/// Time of the first and last trade where there is none.
const NO_TRADE: u32 = u32::MAX;

impl Default for NarrowSums {
    fn default() -> Self {
        Self {
            fees: 0,
            fees_usd: 0,
            volume_usd: 0,
            count: 0,
            first_trade_at: NO_TRADE,
            last_trade_at: NO_TRADE,
            form: Form::Uncounted,
        }
    }
}

impl NarrowSums {
    /// Returns the sums of both; `None` if they do not fit.
    pub(crate) fn plus(&self, other: &Self) -> Option<Self> {
        if self.count == 0 {
            return Some(*other);
        }
        if self.form != other.form {
            return None;
        }
        let last = match (self.last_trade_at, other.last_trade_at) {
            (NO_TRADE, last) | (last, NO_TRADE) => last,
            (a, b) => a.max(b),
        };
        Some(Self {
            fees: self.fees.checked_add(other.fees)?,
            fees_usd: self.fees_usd.checked_add(other.fees_usd)?,
            volume_usd: self.volume_usd.checked_add(other.volume_usd)?,
            count: self.count.checked_add(other.count)?,
            first_trade_at: self.first_trade_at.min(other.first_trade_at),
            last_trade_at: last,
            form: self.form,
        })
    }

    /// Returns the narrow form of sums without corrections, before their parts are computed;
    /// `None` if a value does not fit.
    pub(crate) fn of(sums: &Sums, start: Timestamp) -> Option<Self> {
        let form = match sums.counted_volume_usd {
            Amount::ZERO => Form::Uncounted,
            counted if counted == sums.volume_usd => Form::Counted,
            _ => return None,
        };
        if sums.corrected_count != 0 {
            return None;
        }
        let narrow = |amount: Amount| i64::try_from(amount.minor()).ok();
        let offset = |at: Option<Timestamp>| match at {
            Some(at) => u32::try_from(at.millis_since(start)).ok().filter(|at| *at != NO_TRADE),
            None => Some(NO_TRADE),
        };
        Some(Self {
            fees: narrow(sums.fees)?,
            fees_usd: narrow(sums.fees_usd)?,
            volume_usd: narrow(sums.volume_usd)?,
            count: u32::try_from(sums.fee_count).ok()?,
            first_trade_at: offset(sums.first_trade_at)?,
            last_trade_at: offset(sums.last_trade_at)?,
            form,
        })
    }

    /// Returns the complete sums of an outcome that pays nothing.
    pub(crate) fn unpriced(&self, start: Timestamp) -> Sums {
        self.priced(Outcome::Earned { rate: Rate::ZERO, shared: Rate::ZERO }, start)
    }

    /// Returns the complete sums, with the parts that their outcome pays.
    #[inline]
    pub(crate) fn priced(&self, outcome: Outcome, start: Timestamp) -> Sums {
        let amount = |amount: i64| Amount::from_minor(i128::from(amount));
        let (rate, shared) = outcome.rates();
        let part = |of: i64| {
            let shared = shared.of_units(of);
            // Both are parts of one amount, and have its sign.
            (amount(rate.of_units(of) - shared), amount(shared))
        };
        let ((commission, shared), (commission_usd, shared_usd)) =
            (part(self.fees), part(self.fees_usd));
        let time = |at: u32| (at != NO_TRADE).then(|| start.plus_millis(i64::from(at)));
        let is_counted = self.form == Form::Counted;
        Sums {
            fee_count: i64::from(self.count),
            corrected_count: 0,
            fees: amount(self.fees),
            fees_usd: amount(self.fees_usd),
            commission,
            commission_usd,
            shared,
            shared_usd,
            volume_usd: amount(self.volume_usd),
            counted_volume_usd: amount(if is_counted { self.volume_usd } else { 0 }),
            first_trade_at: time(self.first_trade_at),
            last_trade_at: time(self.last_trade_at),
        }
    }
}

/// A due line in 48 bytes: without corrections, and with sums that fit into 64 bits. Other lines
/// have their sums elsewhere.
#[derive(Clone, Copy)]
pub(crate) struct CompactLine {
    pub code: LineCode,
    pub sums: NarrowSums,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{earned, read};

    #[test]
    fn code_keeps_its_parts_and_order() {
        let zero = |reason| Outcome::Zero { reason };
        let outcomes = [
            earned("0", "0"),
            earned("0.1", "0.05"),
            earned("0.2", "0"),
            earned("1", "1"),
            zero(Reason::ALL[0]),
            zero(Reason::ExcludedFee),
            zero(Reason::ALL[Reason::ALL.len() - 1]),
        ];
        let products = Product::ALL.iter();
        let codes: Vec<_> = products
            .flat_map(|product| [0, 7, u16::MAX].map(|rank| (*product, rank)))
            .flat_map(|(product, rank)| outcomes.map(|outcome| (product, rank, outcome)))
            .map(|parts| (parts, LineCode::new(parts.0, parts.2).in_asset(9).in_asset(parts.1)))
            .collect();
        for ((product, rank, outcome), code) in &codes {
            assert_eq!((code.product(), code.asset(), code.outcome()), (*product, *rank, *outcome));
        }
        let mut sorted = codes.clone();
        sorted.sort_unstable_by_key(|(_, code)| *code);
        let mut expected = codes;
        expected.sort_unstable_by_key(|(parts, _)| *parts);
        assert_eq!(sorted, expected);
    }

    #[test]
    fn cell_is_product_asset_and_reason() {
        let rates = ["0", "0.000002", "0.41", "1"].map(|rate| earned(rate, "0"));
        let zeros = Reason::ALL.iter().map(|reason| Outcome::Zero { reason: *reason });
        let mut cells = Vec::new();
        for (product, rank) in Product::ALL.iter().flat_map(|it| [(*it, 0), (*it, 1)]) {
            let cell = |outcome| LineCode::new(product, outcome).in_asset(rank).cell();
            assert!(rates.iter().all(|rate| cell(*rate) == cell(rates[0])));
            cells.push(cell(rates[0]));
            cells.extend(zeros.clone().map(cell));
        }
        let count = cells.len();
        cells.sort_unstable();
        cells.dedup();
        assert_eq!(cells.len(), count);
    }

    #[test]
    fn corrected_sums_have_no_narrow_form() {
        let start = crate::testing::day().start();
        let sums = Sums { fee_count: 1, ..Sums::default() };
        assert!(NarrowSums::of(&sums, start).is_some());
        assert!(NarrowSums::of(&Sums { corrected_count: 1, ..sums }, start).is_none());
    }

    #[test]
    fn assets_are_ranked_by_text() {
        let mut table = AssetTable::default();
        let numbers = ["USDT", "BTC", "ETH"].map(|asset| table.number(read(asset)).unwrap());
        let ranked = RankedAssets::of(&table);
        assert_eq!(numbers.map(|number| ranked.rank(number)), [2, 0, 1]);
        assert_eq!(
            numbers.map(|n| ranked.asset(ranked.rank(n)).to_string()),
            ["USDT", "BTC", "ETH"]
        );
    }

    #[test]
    fn compact_line_takes_48_bytes() {
        assert_eq!(size_of::<CompactLine>(), 48);
    }
}
