//! Products, kinds of fees, VIP levels and the origins of a binding.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Malformed;

/// Gives a closed list of words its texts, its `ALL`, and both directions of conversion.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident, $what:literal { $($(#[$vdoc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name {
            $($(#[$vdoc])* $variant),+
        }

        impl $name {
            /// Every word of the list, in its order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word as events, answers and exports have it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = Malformed;
            fn from_str(text: &str) -> Result<Self, Malformed> {
                match text {
                    $($text => Ok(Self::$variant),)+
                    _ => Err(Malformed::expected($what)),
                }
            }
        }
    };
}

words!(
    /// The kind of trading.
    Product, "a product: spot, margin or futures" {
        /// Spot.
        Spot = "spot",
        /// Margin.
        Margin = "margin",
        /// Futures.
        Futures = "futures",
    }
);

words!(
    /// The products that share one rate and one assessment.
    Market, "a market: spot (which covers margin) or futures" {
        /// Spot and margin.
        Spot = "spot",
        /// Futures.
        Futures = "futures",
    }
);

words!(
    /// The cause of a fee; only trades earn.
    FeeKind, "a kind of fee: trade, liquidation, funding or delivery" {
        /// A trade.
        Trade = "trade",
        /// A forced liquidation.
        Liquidation = "liquidation",
        /// Funding of a perpetual position.
        Funding = "funding",
        /// Delivery at expiry.
        Delivery = "delivery",
    }
);

words!(
    /// How an invitee came under the inviter.
    Origin, "an origin: recall or signup" {
        /// A dormant existing user, won back.
        Recall = "recall",
        /// A new user, bound at sign-up.
        Signup = "signup",
    }
);

impl Product {
    /// The market that sets this product's rate.
    #[must_use]
    pub const fn market(self) -> Market {
        match self {
            Self::Spot | Self::Margin => Market::Spot,
            Self::Futures => Market::Futures,
        }
    }
}

/// A VIP level; 0 is a regular user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Vip(pub u8);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_reads_back() {
        for product in Product::ALL {
            assert_eq!(product.as_str().parse(), Ok(*product));
            assert_eq!(serde_plain(product), product.as_str());
        }
        for kind in FeeKind::ALL {
            assert_eq!(kind.as_str().parse(), Ok(*kind));
        }
    }

    fn serde_plain(product: &Product) -> String {
        format!("{product:?}").to_lowercase()
    }

    #[test]
    fn unknown_word_is_refused_with_list() {
        let error = "options".parse::<Product>().unwrap_err().to_string();
        assert_eq!(error, "expected a product: spot, margin or futures");
    }
}
