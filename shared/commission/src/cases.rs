//! Sums of one invitee's fees while they are added.
//!
//! Fees of one case have the same asset and verdict, so that they go into the same line. Therefore
//! a fee is added to the sums of its case, in 64 bits, and the cases are added up to lines at the
//! end. Corrected fees, fees with wide values, and fees with which a sum would not fit into 64 bits
//! are added to exceptional sums, in 128 bits.

use types::Timestamp;

use crate::compact_line::{Form, LineCode, NarrowSums, RankedAssets};
use crate::deduplicate::AcceptedFee;
use crate::evaluation_cache::{Case, Evaluation, Verdict};
use crate::record::Record;
use crate::{Charge, Corrections, FeeCorrection, Overflow, Sums};

/// Sums of one invitee by case. The buffers are reused for all invitees.
///
/// There are few cases, verdicts and lines, so that a linear search is fastest.
pub(crate) struct Cases {
    /// Index of the case with a given digest, plus one; 0 if there is none. If several cases have
    /// one digest, it is the last one that was searched for.
    by_digest: [u8; 256],
    cases: Vec<CaseSums>,
    /// Line and rules of each case.
    kinds: Vec<Kind>,
    /// Evaluated verdicts, by case without asset.
    verdicts: Vec<(Case, Kind)>,
    exceptional: Vec<(usize, ExceptionalSums)>,
    lines: Vec<LineSums>,
}

/// Sums of the fees of one case, which are neither wide nor corrected.
struct CaseSums {
    case: Case,
    fees: i64,
    fees_usd: i64,
    volume_usd: i64,
    count: u32,
    /// Times of the first and the last fee, as offsets of records.
    first_at: u32,
    last_at: u32,
}

#[derive(Clone, Copy)]
struct Kind {
    code: LineCode,
    counts_for_tier: bool,
    is_trade: bool,
}

/// Sums that do not fit into 64 bits, or include corrections.
#[derive(Debug, Clone, Default)]
pub(crate) struct ExceptionalSums {
    pub sums: Sums,
    pub corrections: Corrections,
}

/// Sums of one line: those in 64 bits, and the exceptional ones.
pub(crate) struct LineSums {
    pub code: LineCode,
    pub narrow: NarrowSums,
    pub exceptional: Option<Box<ExceptionalSums>>,
}

impl Default for Cases {
    fn default() -> Self {
        Self {
            by_digest: [0; 256],
            cases: Vec::new(),
            kinds: Vec::new(),
            verdicts: Vec::new(),
            exceptional: Vec::new(),
            lines: Vec::new(),
        }
    }
}

impl Cases {
    pub(crate) fn clear(&mut self) {
        self.by_digest = [0; 256];
        self.cases.clear();
        self.kinds.clear();
        self.verdicts.clear();
        self.exceptional.clear();
    }

    /// Adds a fee that is neither wide nor corrected. Returns `false`, and does not add it, if a
    /// sum does not fit.
    #[inline]
    pub(crate) fn add_record(
        &mut self,
        record: &Record,
        case: Case,
        evaluation: &Evaluation<'_>,
        assets: &RankedAssets,
        charge: impl FnOnce() -> Charge,
    ) -> bool {
        let place = self.place(case).unwrap_or_else(|| {
            self.add_case(case, record.class.asset(), evaluation, assets, &charge())
        });
        let Some(sums) = self.cases.get_mut(place) else { return false };
        let (Some(fees), Some(fees_usd), Some(volume_usd), Some(count)) = (
            sums.fees.checked_add(record.amount),
            sums.fees_usd.checked_add(record.amount_usd),
            sums.volume_usd.checked_add(record.volume_usd),
            sums.count.checked_add(1),
        ) else {
            return false;
        };
        (sums.fees, sums.fees_usd, sums.volume_usd, sums.count) =
            (fees, fees_usd, volume_usd, count);
        sums.first_at = sums.first_at.min(record.at);
        sums.last_at = sums.last_at.max(record.at);
        true
    }

    /// Adds any fee.
    pub(crate) fn add(
        &mut self,
        fee: &AcceptedFee<'_>,
        evaluation: &Evaluation<'_>,
        assets: &RankedAssets,
    ) -> Result<(), Overflow> {
        let case = evaluation.case(fee);
        let place = self.place(case).unwrap_or_else(|| {
            self.add_case(case, fee.class.asset(), evaluation, assets, &fee.charge())
        });
        // Each place is that of a case. An error is better than a fee without a line.
        let kind = self.kinds.get(place).ok_or(Overflow)?;
        let known = self.exceptional.iter().position(|(of_case, _)| *of_case == place);
        let known = known.unwrap_or_else(|| {
            self.exceptional.push((place, ExceptionalSums::default()));
            self.exceptional.len() - 1
        });
        let (_, sums) = self.exceptional.get_mut(known).ok_or(Overflow)?;
        sums.add(fee, *kind)
    }

    /// Returns the index of a case.
    #[inline]
    fn place(&mut self, case: Case) -> Option<usize> {
        let by_digest = self.by_digest.get_mut(usize::from(case.digest()))?;
        let likely = usize::from(*by_digest).wrapping_sub(1);
        if self.cases.get(likely).is_some_and(|known| known.case == case) {
            return Some(likely);
        }
        let place = self.cases.iter().position(|known| known.case == case)?;
        *by_digest = u8::try_from(place + 1).unwrap_or(0);
        Some(place)
    }

    #[cold]
    fn add_case(
        &mut self,
        case: Case,
        asset: crate::AssetNumber,
        evaluation: &Evaluation<'_>,
        assets: &RankedAssets,
        charge: &Charge,
    ) -> usize {
        let kind = self.kind(case.without_asset(), evaluation, charge);
        self.kinds.push(Kind { code: kind.code.in_asset(assets.rank(asset)), ..kind });
        self.cases.push(CaseSums {
            case,
            fees: 0,
            fees_usd: 0,
            volume_usd: 0,
            count: 0,
            first_at: u32::MAX,
            last_at: 0,
        });
        let place = self.cases.len() - 1;
        if let Some(by_digest) = self.by_digest.get_mut(usize::from(case.digest())) {
            *by_digest = u8::try_from(place + 1).unwrap_or(0);
        }
        place
    }

    fn kind(&mut self, case: Case, evaluation: &Evaluation<'_>, charge: &Charge) -> Kind {
        if let Some((_, kind)) = self.verdicts.iter().find(|(known, _)| *known == case) {
            return *kind;
        }
        let Verdict { outcome, counts_for_tier, is_trade } = evaluation.verdict(charge);
        let code = LineCode::new(charge.product, outcome);
        let kind = Kind { code, counts_for_tier, is_trade };
        self.verdicts.push((case, kind));
        kind
    }

    /// Adds up the cases to lines, sorted by key. `offset` is the start of the day relative to the
    /// origin of the records.
    pub(crate) fn lines(
        &mut self,
        offset: i64,
        start: Timestamp,
    ) -> Result<impl Iterator<Item = LineSums>, Overflow> {
        self.lines.clear();
        for (sums, kind) in self.cases.iter().zip(&self.kinds) {
            if sums.count > 0 {
                line_of(&mut self.lines, kind.code).add(sums.with(*kind, offset), start)?;
            }
        }
        for (place, sums) in self.exceptional.drain(..) {
            let kind = self.kinds.get(place).ok_or(Overflow)?;
            line_of(&mut self.lines, kind.code).add_exceptional(sums)?;
        }
        self.lines.sort_unstable_by_key(|line| line.code);
        Ok(self.lines.drain(..))
    }
}

fn line_of(lines: &mut Vec<LineSums>, code: LineCode) -> &mut LineSums {
    let known = lines.iter().position(|line| line.code == code);
    let place = known.unwrap_or(lines.len());
    if place == lines.len() {
        lines.push(LineSums { code, narrow: NarrowSums::default(), exceptional: None });
    }
    #[expect(clippy::indexing_slicing, reason = "the place was found, or added above")]
    &mut lines[place]
}

impl CaseSums {
    fn with(&self, kind: Kind, offset: i64) -> NarrowSums {
        let Self { fees, fees_usd, volume_usd, count, first_at, last_at, .. } = *self;
        let form = if kind.counts_for_tier { Form::Counted } else { Form::Uncounted };
        let sums = NarrowSums { fees, fees_usd, volume_usd, count, form, ..NarrowSums::default() };
        if !kind.is_trade {
            return sums;
        }
        // Accepted fees are within the day, so that their times fit.
        let in_day = |at: u32| u32::try_from(i64::from(at) - offset).unwrap_or_default();
        NarrowSums { first_trade_at: in_day(first_at), last_trade_at: in_day(last_at), ..sums }
    }
}

impl LineSums {
    fn add(&mut self, sums: NarrowSums, start: Timestamp) -> Result<(), Overflow> {
        match self.narrow.plus(&sums) {
            Some(sum) => {
                self.narrow = sum;
                Ok(())
            }
            None => self.add_exceptional(ExceptionalSums {
                sums: sums.unpriced(start),
                corrections: Corrections::default(),
            }),
        }
    }

    fn add_exceptional(&mut self, more: ExceptionalSums) -> Result<(), Overflow> {
        let exceptional = self.exceptional.get_or_insert_default();
        exceptional.sums = exceptional.sums.plus(&more.sums)?;
        exceptional.corrections.merge(&more.corrections);
        Ok(())
    }
}

impl ExceptionalSums {
    fn add(&mut self, fee: &AcceptedFee<'_>, kind: Kind) -> Result<(), Overflow> {
        let is_busted = fee.correction.is_some_and(FeeCorrection::busts);
        let Kind { counts_for_tier, is_trade, .. } = kind;
        let is_trade = is_trade && !is_busted;
        let is_corrected = fee.correction.is_some();
        self.sums.add_fee((fee.at, fee.amounts), is_corrected, counts_for_tier, is_trade)?;
        if let Some(correction) = fee.correction {
            self.corrections.note(correction);
        }
        Ok(())
    }
}
