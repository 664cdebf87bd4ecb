//! Traders: volume, frequency and products.

use types::{Product, Timestamp};

use super::account::Account;
use super::rng::SampleRng;

/// An account that trades, directly or through its sub-accounts.
pub(super) struct Trader {
    pub(super) main: Account,
    pub(super) subs: Vec<Account>,
    /// Start of its trading.
    pub(super) from: Timestamp,
    /// End of its trading; a user who is not active again stops at the start.
    pub(super) until: Timestamp,
    pub(super) leaning: Leaning,
    pub(super) size: Size,
    pub(super) levels: Levels,
    /// Whether it has an inviter.
    pub(super) invited: bool,
}

impl Trader {
    pub(super) fn trades_at(&self, at: Timestamp) -> bool {
        self.from <= at && at < self.until
    }

    /// Returns the account of its next trade: mostly the main account, sometimes a sub-account.
    pub(super) fn account(&self, rng: &mut SampleRng) -> Account {
        let place = rng.between(-2, self.subs.len() as i64 - 1);
        usize::try_from(place)
            .ok()
            .and_then(|place| self.subs.get(place))
            .map_or(self.main, |sub| *sub)
    }
}

/// A trader's preferred product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Leaning {
    Balanced,
    Spot,
    Margin,
    Futures,
}

impl Leaning {
    pub(super) fn product(self, rng: &mut SampleRng) -> Product {
        let (futures, margin) = match self {
            Self::Balanced => (250, 120),
            Self::Spot => (30, 50),
            Self::Margin => (80, 650),
            Self::Futures => (850, 50),
        };
        rng.pick(Product::Spot, &[(futures, Product::Futures), (margin, Product::Margin)])
    }

    pub(super) const fn holds_futures(self) -> bool {
        matches!(self, Self::Balanced | Self::Futures)
    }
}

/// Size of a trader.
#[derive(Debug, Clone, Copy)]
pub(super) struct Size {
    /// Number of trades on an average day, in thousandths.
    pub(super) trades: i64,
    /// Minimum and maximum volume of a spot trade, in USD.
    pub(super) volume: (i64, i64),
    /// The lowest and the highest VIP level.
    pub(super) vip: (i64, i64),
}

pub(super) const CASUAL: Size = Size { trades: 500, volume: (20, 900), vip: (0, 0) };
pub(super) const REGULAR: Size = Size { trades: 2_000, volume: (150, 12_000), vip: (0, 1) };
pub(super) const PRO: Size = Size { trades: 5_000, volume: (2_000, 90_000), vip: (0, 3) };
pub(super) const WHALE: Size = Size { trades: 4_500, volume: (15_000, 600_000), vip: (2, 6) };

impl Size {
    pub(super) fn of_anybody(rng: &mut SampleRng) -> Self {
        rng.pick(CASUAL, &[(340, REGULAR), (130, PRO), (30, WHALE)])
    }

    pub(super) fn level(self, rng: &mut SampleRng) -> u8 {
        rng.between(self.vip.0, self.vip.1).try_into().unwrap_or(0)
    }
}

/// A trader's VIP level: it changes once, or never.
#[derive(Debug, Clone, Copy)]
pub(super) struct Levels {
    pub(super) first: u8,
    pub(super) later: Option<(Timestamp, u8)>,
}

impl Levels {
    pub(super) fn at(self, at: Timestamp) -> u8 {
        self.later.filter(|(from, _)| *from <= at).map_or(self.first, |(_, level)| level)
    }
}
