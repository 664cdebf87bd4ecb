//! A day generated from a seed: bindings, and the fees of the invitees' trades.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use commission::{
    AccountHistory, Amount, Arrival, Charge, Fee, Relation, Relations, SharedCommission,
    TierInForce,
};
use fee_chunks::FeeBatch;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use types::{Day, FeeKind, Location, Origin, Product, Timeline, Timestamp, Uid, Vip};

use crate::Failure;

/// Average number of fees of an active invitee.
const FEES_PER_INVITEE: u64 = 50;
/// Average number of invitees of an inviter.
const INVITEES_PER_INVITER: u64 = 20;
/// Fees in a chunk of a busy queue.
pub const FEES_PER_CHUNK: usize = 1000;
const ASSETS: [&str; 20] = [
    "USDT", "BTC", "ETH", "BNB", "USDC", "SOL", "XRP", "DOGE", "ADA", "TRX", "LINK", "AVAX", "LTC",
    "XMR", "DOT", "SHIB", "UNI", "ATOM", "APT", "NEAR",
];

/// A day with a given number of fees.
pub struct MadeDay {
    /// The day.
    pub day: Day,
    /// Whether trade ids are UUIDs, and not numbers.
    pub has_uuids: bool,
    fees: u64,
    invitees: u64,
    inviters: u64,
}

/// An invitee with the facts by which their fees are evaluated.
pub struct Bound {
    /// The binding.
    pub relation: Relation,
    /// Facts of the invitee.
    pub party: AccountHistory,
}

impl MadeDay {
    /// Returns a day with a given number of fees.
    ///
    /// # Errors
    /// None: the day is well-formed.
    pub fn of(fees: u64) -> Result<Self, Failure> {
        let invitees = (fees / FEES_PER_INVITEE).max(1);
        let inviters = invitees / INVITEES_PER_INVITER + 1;
        Ok(Self { day: "2026-11-20".parse()?, has_uuids: false, fees, invitees, inviters })
    }

    /// Returns a day of one inviter, with some fees for each of the given number of invitees.
    pub fn of_one_inviter(invitees: u64) -> Result<Self, Failure> {
        Ok(Self {
            day: "2026-11-20".parse()?,
            has_uuids: false,
            fees: invitees * 5,
            invitees,
            inviters: 1,
        })
    }

    /// Returns the number of inviters.
    #[must_use]
    pub const fn inviters(&self) -> u64 {
        self.inviters
    }

    /// Returns the number of invitees.
    #[must_use]
    pub const fn invitees(&self) -> u64 {
        self.invitees
    }

    /// Returns the id of an inviter.
    ///
    /// # Errors
    /// None: it is well-formed.
    pub fn inviter(number: u64) -> Result<Uid, Failure> {
        Ok((20_000_000 + number).to_string().parse()?)
    }

    /// Returns the id of a user without a binding.
    pub fn dormant(number: u64) -> Result<Uid, Failure> {
        Ok((900_000_000 + number).to_string().parse()?)
    }

    /// Returns the id of an invitee.
    ///
    /// # Errors
    /// None: it is well-formed.
    pub fn uid(number: u64) -> Result<Uid, Failure> {
        Ok((35_000_000 + number * 7).to_string().parse()?)
    }

    /// Returns the invitees: some bound at noon of the day, some where futures are restricted.
    pub fn bound(&self) -> impl Iterator<Item = Result<Bound, Failure>> {
        let (inviters, noon) = (self.inviters(), self.day.start().plus_millis(43_200_000));
        let long_ago = self.day.start().plus_days(-200);
        (0..self.invitees).map(move |number| {
            let at_noon = number % 50 == 7;
            let bound_at = if at_noon { noon } else { long_ago };
            let country = if number % 20 == 3 { "US" } else { "CH" };
            let location = Location { country: country.parse()?, region: None };
            let relation = Relation {
                inviter: Self::inviter(number % inviters)?,
                invitee: Self::uid(number)?,
                code: "K7M2XW9P".parse()?,
                // A user with trades in the morning is not dormant at noon.
                origin: if at_noon || number % 3 == 0 { Origin::Signup } else { Origin::Recall },
                bound_at,
                shared: SharedCommission::default(),
                voided_at: None,
            };
            let party = AccountHistory {
                location: Timeline::starting(long_ago, location),
                futures_opened_at: Some(long_ago),
                ..AccountHistory::default()
            };
            Ok(Bound { relation, party })
        })
    }

    /// Returns the facts of each inviter.
    ///
    /// # Errors
    /// None: it is well-formed.
    pub fn inviter_party(&self) -> Result<AccountHistory, Failure> {
        let long_ago = self.day.start().plus_days(-500);
        Ok(AccountHistory {
            location: Timeline::starting(
                long_ago,
                Location { country: "CH".parse()?, region: None },
            ),
            affiliate: Timeline::starting(long_ago, true),
            futures_opened_at: Some(long_ago),
        })
    }

    /// Returns the bindings.
    ///
    /// # Errors
    /// None: it is well-formed.
    pub fn relations(&self) -> Result<Relations, Failure> {
        let mut relations = Relations::default();
        for number in 0..self.inviters() {
            let (uid, party) = (Self::inviter(number)?, self.inviter_party()?);
            relations.add_inviter(uid, party, Self::tier(number));
        }
        for bound in self.bound() {
            let Bound { relation, party } = bound?;
            relations.add_relation(relation, party);
        }
        Ok(relations)
    }

    /// Returns the bindings as version 0.1 held them.
    ///
    /// # Errors
    /// None: it is well-formed.
    pub fn v01_relations(&self) -> Result<v01::Relations, Failure> {
        let mut relations = v01::Relations::default();
        for number in 0..self.inviters() {
            let (uid, party) = (Self::inviter(number)?, self.inviter_party()?);
            relations.add_inviter(uid, party, Self::tier(number));
        }
        for bound in self.bound() {
            let Bound { relation, party } = bound?;
            relations.add_relation(relation, party);
        }
        Ok(relations)
    }

    const fn tier(inviter: u64) -> TierInForce {
        TierInForce { spot: (inviter % 4) as usize, futures: 0 }
    }

    /// Returns the fees in the order of their arrival; one in a hundred is redelivered later.
    pub fn fees(&self) -> impl Iterator<Item = Result<(Arrival, Fee), Failure>> {
        let mut random = StdRng::seed_from_u64(2026);
        let once = self.fees - self.fees / 101;
        let mut last: Option<Fee> = None;
        let (start, invitees, has_uuids) = (self.day.start(), self.invitees, self.has_uuids);
        (0..self.fees).map(move |number| {
            let arrival = Arrival(start.millis().unsigned_abs() + number / 2);
            let repeated = (number % 101 == 100).then(|| last.clone()).flatten();
            let fee = match repeated {
                Some(fee) => fee,
                None => {
                    let mut fee = made_fee(&mut random, number, start, invitees, once)?;
                    if has_uuids {
                        fee.trade_id = uuid(number, &mut random).parse()?;
                    }
                    fee
                }
            };
            last = Some(fee.clone());
            Ok((arrival, fee))
        })
    }

    /// Returns the fees in batches as large as a chunk.
    pub fn batches(&self) -> impl Iterator<Item = Result<FeeBatch, Failure>> {
        let mut fees = self.fees().peekable();
        std::iter::from_fn(move || {
            fees.peek()?;
            let mut batch = FeeBatch::default();
            for fee in fees.by_ref().take(FEES_PER_CHUNK) {
                let taken = fee.and_then(|(arrival, fee)| Ok(batch.push(arrival, &fee)?));
                if let Err(error) = taken {
                    return Some(Err(error));
                }
            }
            Some(Ok(batch))
        })
    }
}

/// Returns a UUID of version 7.
fn uuid(number: u64, random: &mut StdRng) -> String {
    let (millis, rest) = (1_795_132_800_000 + number / 25, random.random::<u64>());
    let (high, low) = (millis >> 16, millis & 0xFFFF);
    format!(
        "{high:08x}-{low:04x}-7{:03x}-8{:03x}-{:012x}",
        rest >> 52,
        rest >> 40 & 0xFFF,
        rest >> 16 & 0xFFFF_FFFF
    )
}

fn made_fee(
    random: &mut StdRng,
    number: u64,
    start: Timestamp,
    invitees: u64,
    once: u64,
) -> Result<Fee, Failure> {
    // The lower of two draws: a few invitees trade much, most little.
    let payer = random.random_range(0..invitees).min(random.random_range(0..invitees));
    // Each invitee pays in a few assets, mostly in one.
    let asset = random.random_range(0..4).min(random.random_range(0..4)) + payer * 7;
    let asset = usize::try_from(asset)? % ASSETS.len();
    let amount = i128::from(random.random_range(1_000_u64..900_000_000));
    let signed = match random.random_range(0..100) {
        0 => 0,
        1 => -amount,
        _ => amount,
    };
    let product = match random.random_range(0..20) {
        0..14 => Product::Spot,
        14 => Product::Margin,
        _ => Product::Futures,
    };
    let kind = if random.random_range(0..50) == 0 { FeeKind::Funding } else { FeeKind::Trade };
    let charge = Charge {
        product,
        kind,
        asset: ASSETS.get(asset).copied().unwrap_or("USDT").parse()?,
        amount: Amount::from_minor(signed),
        amount_usd: Amount::from_minor(signed * 9 / 10),
        volume_usd: Amount::from_minor(amount * 900),
        vip: Vip(match payer % 10 {
            0 => 4,
            1 => 2,
            2..4 => 1,
            _ => 0,
        }),
        broker: random.random_range(0..50) == 0,
        at: start.plus_millis((number * 86_399_999 / once.max(1)).min(86_399_999).cast_signed()),
    };
    let trade_id = (4_127_365_000 + number).to_string().parse()?;
    Ok(Fee { trade_id, uid: MadeDay::uid(payer)?, charge })
}

/// Writes the fees and the bindings as CSV for other engines.
pub fn write_csv(made: &MadeDay, path: &Path) -> Result<(), Failure> {
    let mut out = BufWriter::new(File::create(path)?);
    writeln!(
        out,
        "trade_id,uid,product,kind,asset,amount,amount_usd,volume_usd,vip,broker,at,arrival"
    )?;
    for fee in made.fees() {
        let (Arrival(arrival), fee) = fee?;
        let Charge { product, kind, asset, amount, amount_usd, volume_usd, vip, broker, at } =
            fee.charge;
        let (amount, amount_usd, volume_usd) =
            (amount.minor(), amount_usd.minor(), volume_usd.minor());
        let (trade_id, uid, vip, at) = (fee.trade_id, fee.uid, vip.0, at.millis());
        writeln!(
            out,
            "{trade_id},{uid},{product},{kind},{asset},{amount},{amount_usd},{volume_usd},{vip},{broker},{at},{arrival}"
        )?;
    }
    out.flush()?;
    let mut out = BufWriter::new(File::create(path.with_extension("relations.csv"))?);
    writeln!(out, "invitee,inviter,bound_at,restricted,spot_tier")?;
    for (number, bound) in (0..).zip(made.bound()) {
        let Bound { relation, party } = bound?;
        let restricted = party.location.latest().is_some_and(|l| l.country.as_str() == "US");
        let (invitee, inviter, bound_at) =
            (relation.invitee, relation.inviter, relation.bound_at.millis());
        let tier = number % made.inviters() % 4;
        writeln!(out, "{invitee},{inviter},{bound_at},{restricted},{tier}")?;
    }
    Ok(out.flush()?)
}
