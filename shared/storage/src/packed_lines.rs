//! Lines in packed content: names are stored once a chunk, and amounts that follow from others are
//! not stored.
//!
//! For use as `#[serde(with = "packed_lines")]`. Inviters, links, assets and terms (product and
//! outcome) are lists, to which invitees and lines refer by position. A line of a first booking
//! pays its rate of the fees, rounded towards zero, less the invitee's part, rounded alike: such a
//! line is stored without these four amounts, and every other line in full. The rounding is part of
//! the format.

use std::collections::HashMap;
use std::hash::Hash;

use commission::{Amount, Asset, Cause, Line, LineKey, Outcome, Rate, Sums};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use types::{LinkCode, Origin, Product, Timestamp, Uid};

/// A chunk of the lines that a run booked for an affiliate.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LineChunk {
    /// The lines, in the order of their keys.
    #[serde(with = "crate::packed_lines")]
    pub lines: Vec<Line>,
}

/// Lines as they are stored.
#[derive(Default, Serialize, Deserialize)]
struct PackedLines {
    inviters: Vec<Uid>,
    codes: Vec<LinkCode>,
    assets: Vec<Asset>,
    terms: Vec<(Product, Outcome)>,
    /// The time from which the times of plain lines count, in milliseconds since 1970.
    start: i64,
    invitees: Vec<PackedInvitee>,
}

/// Consecutive lines of one invitee.
#[derive(Serialize, Deserialize)]
struct PackedInvitee {
    inviter: u32,
    invitee: Uid,
    code: u32,
    origin: Origin,
    lines: Vec<PackedLine>,
}

#[derive(Serialize, Deserialize)]
struct PackedLine {
    asset: u32,
    terms: u32,
    content: Content,
}

#[derive(Serialize, Deserialize)]
enum Content {
    /// A plain line whose whole volume counts for the tier.
    Counted(PlainSums),
    /// A plain line of which no volume counts for the tier.
    Uncounted(PlainSums),
    /// Any other line.
    Full { sums: Sums, cause: Cause, why: Vec<String> },
}

/// The sums of a line of a first booking, without those that follow from its rates.
#[derive(Clone, Copy, Serialize, Deserialize)]
struct PlainSums {
    fee_count: i64,
    fees: Amount,
    fees_usd: Amount,
    volume_usd: Amount,
    /// One more than the milliseconds from the start to the first trade; 0 if there is no trade.
    first_trade: u64,
    /// The milliseconds from the first trade to the last one.
    trading: u64,
}

pub(crate) fn serialize<S: Serializer>(lines: &[Line], serializer: S) -> Result<S::Ok, S::Error> {
    PackedLines::of(lines).serialize(serializer)
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(decoder: D) -> Result<Vec<Line>, D::Error> {
    let packed = PackedLines::deserialize(decoder)?;
    packed.lines().ok_or_else(|| de::Error::custom("a packed line is malformed"))
}

/// Distinct values in the order of their first use.
struct Positions<T> {
    values: Vec<T>,
    places: HashMap<T, u32>,
}

impl<T: Clone + Eq + Hash> Positions<T> {
    fn empty() -> Self {
        Self { values: Vec::new(), places: HashMap::new() }
    }

    fn place(&mut self, value: &T) -> u32 {
        if let Some(place) = self.places.get(value) {
            return *place;
        }
        let place = self.places.len() as u32;
        self.values.push(value.clone());
        self.places.insert(value.clone(), place);
        place
    }
}

impl PackedLines {
    fn of(lines: &[Line]) -> Self {
        let (mut inviters, mut codes) = (Positions::empty(), Positions::empty());
        let (mut assets, mut terms) = (Positions::empty(), Positions::empty());
        let start = lines.iter().filter_map(|line| line.sums.first_trade_at).min();
        let start = start.unwrap_or(Timestamp::EPOCH);
        let of_one = |a: &Line, b: &Line| {
            (&a.key.inviter, &a.key.invitee, &a.code, a.origin)
                == (&b.key.inviter, &b.key.invitee, &b.code, b.origin)
        };
        let mut invitees = Vec::new();
        for lines in lines.chunk_by(of_one) {
            let Some(Line { key, code, origin, .. }) = lines.first() else { continue };
            let packed = lines.iter().map(|line| PackedLine {
                asset: assets.place(&line.key.asset),
                terms: terms.place(&(line.key.product, line.key.outcome)),
                content: Content::of(line, start),
            });
            let lines = packed.collect();
            let (inviter, code) = (inviters.place(&key.inviter), codes.place(code));
            let (invitee, origin) = (key.invitee.clone(), *origin);
            invitees.push(PackedInvitee { inviter, invitee, code, origin, lines });
        }
        Self {
            inviters: inviters.values,
            codes: codes.values,
            assets: assets.values,
            terms: terms.values,
            start: start.millis(),
            invitees,
        }
    }

    /// Returns the lines; `None` if a position or a time is out of range.
    fn lines(self) -> Option<Vec<Line>> {
        let start = Timestamp::from_millis(self.start)?;
        let mut lines = Vec::new();
        for packed in self.invitees {
            let inviter = at(&self.inviters, packed.inviter)?;
            let code = at(&self.codes, packed.code)?;
            for line in packed.lines {
                let (product, outcome) = *at(&self.terms, line.terms)?;
                let (sums, cause, why) = line.content.whole(outcome, start)?;
                let key = LineKey {
                    inviter: inviter.clone(),
                    invitee: packed.invitee.clone(),
                    product,
                    asset: *at(&self.assets, line.asset)?,
                    outcome,
                };
                let (code, origin) = (code.clone(), packed.origin);
                lines.push(Line { key, code, origin, sums, cause, why });
            }
        }
        Some(lines)
    }
}

fn at<T>(values: &[T], place: u32) -> Option<&T> {
    values.get(usize::try_from(place).ok()?)
}

impl Content {
    fn of(line: &Line, start: Timestamp) -> Self {
        let Line { sums, cause, why, .. } = line;
        if let (Cause::Booked, true) = (cause, why.is_empty())
            && let Some(plain) = PlainSums::of(sums, start)
        {
            for content in [Self::Counted, Self::Uncounted] {
                let content = content(plain);
                if content.sums(line.key.outcome, start) == Some(*sums) {
                    return content;
                }
            }
        }
        Self::Full { sums: *sums, cause: *cause, why: why.clone() }
    }

    /// Returns the sums of a plain line; `None` for another line, or if they do not fit.
    fn sums(&self, outcome: Outcome, start: Timestamp) -> Option<Sums> {
        match self {
            Self::Counted(plain) => plain.whole(plain.volume_usd, outcome, start),
            Self::Uncounted(plain) => plain.whole(Amount::ZERO, outcome, start),
            Self::Full { .. } => None,
        }
    }

    fn whole(self, outcome: Outcome, start: Timestamp) -> Option<(Sums, Cause, Vec<String>)> {
        match self {
            Self::Full { sums, cause, why } => Some((sums, cause, why)),
            plain => Some((plain.sums(outcome, start)?, Cause::Booked, Vec::new())),
        }
    }
}

impl PlainSums {
    /// Returns the sums without those that may follow from them; `None` if the times do not fit.
    fn of(sums: &Sums, start: Timestamp) -> Option<Self> {
        let (first_trade, trading) = match (sums.first_trade_at, sums.last_trade_at) {
            (None, None) => (0, 0),
            (Some(first), Some(last)) => {
                let since_start = u64::try_from(first.millis_since(start)).ok()?;
                (since_start + 1, u64::try_from(last.millis_since(first)).ok()?)
            }
            _ => return None,
        };
        Some(Self {
            fee_count: sums.fee_count,
            fees: sums.fees,
            fees_usd: sums.fees_usd,
            volume_usd: sums.volume_usd,
            first_trade,
            trading,
        })
    }

    fn whole(
        &self,
        counted_volume_usd: Amount,
        outcome: Outcome,
        start: Timestamp,
    ) -> Option<Sums> {
        let (commission, shared) = parts(self.fees, outcome)?;
        let (commission_usd, shared_usd) = parts(self.fees_usd, outcome)?;
        let (first_trade_at, last_trade_at) = match self.first_trade.checked_sub(1) {
            None if self.trading == 0 => (None, None),
            None => return None,
            Some(since_start) => {
                let first = later(start, since_start)?;
                (Some(first), Some(later(first, self.trading)?))
            }
        };
        Some(Sums {
            fee_count: self.fee_count,
            corrected_count: 0,
            fees: self.fees,
            fees_usd: self.fees_usd,
            commission,
            commission_usd,
            shared,
            shared_usd,
            volume_usd: self.volume_usd,
            counted_volume_usd,
            first_trade_at,
            last_trade_at,
        })
    }
}

/// Returns the inviter's and the invitee's part of fees.
fn parts(fees: Amount, outcome: Outcome) -> Option<(Amount, Amount)> {
    let (rate, shared) = match outcome {
        Outcome::Earned { rate, shared } => (rate, shared),
        Outcome::Zero { .. } => (Rate::ZERO, Rate::ZERO),
    };
    let shared = shared.of(fees);
    Some((rate.of(fees).minus(shared).ok()?, shared))
}

fn later(from: Timestamp, millis: u64) -> Option<Timestamp> {
    Timestamp::from_millis(from.millis().checked_add(i64::try_from(millis).ok()?)?)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use types::Reason;

    use super::*;
    use crate::item::{pack, unpack};

    fn read<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
        text.parse().unwrap()
    }

    /// Returns a line of a first booking, as the fold makes it.
    fn line((invitee, asset): (u32, u32), outcome: Outcome, fees: i128) -> Line {
        let (fees, fees_usd) = (Amount::from_minor(fees), Amount::from_minor(fees / 7));
        let (commission, shared) = parts(fees, outcome).unwrap();
        let (commission_usd, shared_usd) = parts(fees_usd, outcome).unwrap();
        let at = read::<Timestamp>("2026-11-20T10:00:00Z").plus_millis(i64::from(asset));
        Line {
            key: LineKey {
                inviter: read(&format!("inviter-{}", invitee % 2)),
                invitee: read(&format!("invitee-{invitee}")),
                product: Product::Spot,
                asset: read(&format!("A{asset}")),
                outcome,
            },
            code: read("ABCD2345"),
            origin: Origin::Recall,
            sums: Sums {
                fee_count: 3,
                corrected_count: 0,
                fees,
                fees_usd,
                commission,
                commission_usd,
                shared,
                shared_usd,
                volume_usd: fees,
                counted_volume_usd: fees,
                first_trade_at: Some(at),
                last_trade_at: Some(at.plus_millis(3_600_000)),
            },
            cause: Cause::Booked,
            why: Vec::new(),
        }
    }

    fn earned() -> Outcome {
        Outcome::Earned { rate: read("0.41"), shared: read("0.05") }
    }

    fn outcome() -> impl Strategy<Value = Outcome> {
        let rates = (0..=1_000_000_u32, 0..=1_000_000_u32).prop_map(|(rate, shared)| {
            let of = |millionths| Rate::from_millionths(millionths).unwrap();
            Outcome::Earned { rate: of(rate), shared: of(shared) }
        });
        prop_oneof![rates, Just(Outcome::Zero { reason: Reason::ALL[0] }), Just(earned())]
    }

    /// Changes one sum, so that a line is not plain, or changes nothing.
    fn changed(mut line: Line, (place, by): (u8, i64)) -> Line {
        let sums = &mut line.sums;
        let amount = Amount::from_minor(by.into());
        match place {
            0 => sums.commission = amount,
            1 => sums.commission_usd = amount,
            2 => sums.shared = amount,
            3 => sums.shared_usd = amount,
            4 => sums.counted_volume_usd = amount,
            5 => sums.corrected_count = by,
            6 => sums.last_trade_at = None,
            7 => (sums.first_trade_at, sums.last_trade_at) = (None, None),
            8 => sums.first_trade_at = Some(Timestamp::EPOCH),
            9 => sums.last_trade_at = Some(Timestamp::EPOCH),
            10 => line.cause = Cause::FeeCorrected,
            11 => line.why = vec!["because".to_owned()],
            12 => line.origin = Origin::Signup,
            13 => line.code = read("XYZ23456"),
            14 => sums.counted_volume_usd = Amount::ZERO,
            15 => sums.volume_usd = Amount::from_minor(i128::MIN),
            _ => {}
        }
        line
    }

    fn any_line() -> impl Strategy<Value = Line> {
        let fees = prop_oneof![any::<i64>().prop_map(i128::from), any::<i128>()];
        let made = ((0..5_u32, 0..4_u32), outcome(), fees, (0..24_u8, any::<i64>()));
        made.prop_filter_map("parts that do not fit", |(place, outcome, fees, change)| {
            let fit = parts(Amount::from_minor(fees), outcome).is_some();
            fit.then(|| changed(line(place, outcome, fees), change))
        })
    }

    proptest! {
        #[test]
        fn packed_lines_are_read_unchanged(lines in prop::collection::vec(any_line(), 0..40)) {
            let chunk = LineChunk { lines };
            let bytes = pack(&chunk).unwrap();
            prop_assert_eq!(&unpack::<LineChunk>("lines", &bytes).unwrap(), &chunk);
            let alone = chunk.lines.iter().map(|line| pack(line).unwrap().len() + 16);
            prop_assert!(bytes.len() <= alone.sum::<usize>() + 16);
        }

        #[test]
        fn any_bytes_are_refused_or_read_again(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(chunk) = unpack::<LineChunk>("lines", &bytes) {
                let again = pack(&chunk).unwrap();
                prop_assert_eq!(unpack::<LineChunk>("lines", &again).unwrap(), chunk);
            }
        }
    }

    #[test]
    fn plain_line_is_a_third_of_its_own_size() {
        let day = (0..50).flat_map(|of| (0..10).map(move |asset| (of, asset)));
        let lines: Vec<Line> =
            day.map(|of| line(of, earned(), 1_234_567_890 + i128::from(of.1))).collect();
        let alone = pack(&lines).unwrap().len();
        let packed = pack(&LineChunk { lines }).unwrap().len();
        assert!(packed * 3 <= alone, "{packed} of {alone} bytes");
    }

    /// The amounts of a stored line are facts: a later release must read the same ones.
    #[test]
    fn plain_line_bytes_are_fixed() {
        let chunk = LineChunk { lines: vec![line((1, 2), earned(), 1_234_567)] };
        let bytes = pack(&chunk).unwrap();
        let text: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let [names, terms, invitee, sums] = [
            "0109696e76697465722d31010841424344323334350102413201",
            "0000908319d0860384b4b086bf6801",
            "0009696e76697465652d31000001",
            "000000068eda9601dcc3158eda96010180dddb01",
        ];
        assert_eq!(text, [names, terms, invitee, sums].concat());
        let read: LineChunk = unpack("lines", &bytes).unwrap();
        let sums = read.lines[0].sums;
        let minor = [sums.commission, sums.shared, sums.commission_usd, sums.shared_usd];
        assert_eq!(minor.map(Amount::minor), [444_444, 61_728, 63_492, 8_818]);
    }

    #[test]
    fn position_without_entry_is_refused() {
        let mut packed = PackedLines::of(&[line((1, 2), earned(), 5)]);
        packed.assets.clear();
        assert!(unpack::<LineChunk>("lines", &pack(&packed).unwrap()).is_err());
    }

    #[test]
    fn sums_without_trades_are_plain() {
        let sums =
            Sums { first_trade_at: None, last_trade_at: None, ..line((1, 2), earned(), 5).sums };
        let plain = PlainSums::of(&sums, Timestamp::EPOCH).unwrap();
        let whole =
            |plain: &PlainSums| plain.whole(sums.counted_volume_usd, earned(), Timestamp::EPOCH);
        assert_eq!(whole(&plain), Some(sums));
        assert_eq!(whole(&PlainSums { trading: 1, ..plain }), None);
    }
}
