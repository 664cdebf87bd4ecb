//! Assets and their numbers of decimals.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use types::Malformed;

use crate::Decimals;

const MAX_LENGTH: usize = 16;

/// Ticker of an asset: 1 to 16 upper-case letters and digits, for example `USDT`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Asset {
    /// The ticker, padded with zero bytes so that byte order equals text order.
    bytes: [u8; MAX_LENGTH],
}

impl Asset {
    /// Returns the ticker.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let text = self.bytes.split(|byte| *byte == 0).next().unwrap_or_default();
        std::str::from_utf8(text).unwrap_or_default()
    }
}

impl FromStr for Asset {
    type Err = Malformed;
    fn from_str(text: &str) -> Result<Self, Malformed> {
        let malformed =
            || Malformed("expected an asset: 1 to 16 upper-case letters and digits".to_owned());
        let plain = text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
        let mut bytes = [0; MAX_LENGTH];
        let place = bytes.get_mut(..text.len()).ok_or_else(malformed)?;
        if text.is_empty() || !plain {
            return Err(malformed());
        }
        place.copy_from_slice(text.as_bytes());
        Ok(Self { bytes })
    }
}

impl fmt::Display for Asset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for Asset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Asset {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// Parses the ticker without allocating a `String`, because a day has millions of fees.
struct TickerVisitor;

impl de::Visitor<'_> for TickerVisitor {
    type Value = Asset;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an asset: 1 to 16 upper-case letters and digits")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Asset, E> {
        text.parse().map_err(E::custom)
    }
}

impl<'de> Deserialize<'de> for Asset {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(TickerVisitor)
    }
}

/// Numbers of decimals of amounts: by asset, and for USD.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assets {
    usual: Decimals,
    by_asset: BTreeMap<Asset, Decimals>,
    usd: Decimals,
}

impl Assets {
    /// Creates a table: assets in `by_asset` have the given decimals, all others have `usual`, and
    /// values in USD have `usd`.
    #[must_use]
    pub const fn new(usual: Decimals, by_asset: BTreeMap<Asset, Decimals>, usd: Decimals) -> Self {
        Self { usual, by_asset, usd }
    }

    /// Returns the decimals of an asset's amounts.
    #[must_use]
    pub fn decimals(&self, asset: Asset) -> Decimals {
        self.by_asset.get(&asset).copied().unwrap_or(self.usual)
    }

    /// Returns the decimals of values in USD.
    #[must_use]
    pub const fn usd(&self) -> Decimals {
        self.usd
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asset(text: &str) -> Asset {
        text.parse().unwrap()
    }

    #[test]
    fn ticker_has_only_upper_case_and_digits() {
        assert_eq!(asset("1INCH").as_str(), "1INCH");
        assert_eq!(asset("ABCDEFGHIJKLMNOP").as_str().len(), 16);
        for text in ["", "usdt", "US DT", "ABCDEFGHIJKLMNOPQ", "USD-T", "Ü"] {
            assert!(text.parse::<Asset>().is_err(), "{text}");
        }
    }

    #[test]
    fn asset_order_is_text_order() {
        let mut assets = ["USDT", "BTC", "BTCB", "1INCH"].map(asset);
        assets.sort();
        assert_eq!(assets.map(|a| a.to_string()), ["1INCH", "BTC", "BTCB", "USDT"]);
    }

    #[test]
    fn asset_is_its_text_in_both_encodings() {
        assert_eq!(serde_json::to_string(&asset("XMR")).unwrap(), "\"XMR\"");
        let bytes = postcard::to_stdvec(&asset("XMR")).unwrap();
        assert_eq!(bytes, b"\x03XMR");
        assert_eq!(postcard::from_bytes::<Asset>(&bytes).unwrap(), asset("XMR"));
        assert!(serde_json::from_str::<Asset>("\"xmr\"").is_err());
        let error = serde_json::from_str::<Asset>("7").unwrap_err().to_string();
        assert!(
            error.contains("expected an asset: 1 to 16 upper-case letters and digits"),
            "{error}"
        );
        assert_eq!(format!("{:?}", asset("XMR")), "XMR");
    }

    #[test]
    fn unlisted_asset_has_usual_decimals() {
        let [two, eight] = [2, 8].map(|count| Decimals::new(count).unwrap());
        let assets = Assets::new(eight, BTreeMap::from([(asset("EUR"), two)]), eight);
        assert_eq!(assets.decimals(asset("EUR")), two);
        assert_eq!(assets.decimals(asset("BTC")), eight);
        assert_eq!(assets.usd(), eight);
    }
}
