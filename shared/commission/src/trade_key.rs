//! Compact form of trade ids.

use std::fmt;

/// A trade id as a number or UUID if its text is canonical, otherwise as text.
///
/// Two keys are equal if and only if their texts are equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TradeKey<'a> {
    /// A decimal number without leading zeros.
    Number(u64),
    /// A UUID in lower case with hyphens.
    Uuid([u8; 16]),
    /// Any other text.
    Text(&'a str),
}

/// Positions of the hyphens in a UUID.
const HYPHENS: [usize; 4] = [8, 13, 18, 23];

impl<'a> TradeKey<'a> {
    /// Returns the trade key of a text.
    #[must_use]
    pub fn of(text: &'a str) -> Self {
        canonical_number(text)
            .map(Self::Number)
            .or_else(|| canonical_uuid(text).map(Self::Uuid))
            .unwrap_or(Self::Text(text))
    }
}

impl fmt::Display for TradeKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Text(text) => f.write_str(text),
            Self::Uuid(bytes) => {
                for (place, byte) in bytes.iter().enumerate() {
                    if matches!(place, 4 | 6 | 8 | 10) {
                        f.write_str("-")?;
                    }
                    write!(f, "{byte:02x}")?;
                }
                Ok(())
            }
        }
    }
}

/// Returns the number if `text` is its shortest decimal form.
#[must_use]
pub fn canonical_number(text: &str) -> Option<u64> {
    let digits = text.as_bytes();
    let is_canonical = match digits {
        [b'0', rest @ ..] => rest.is_empty(),
        _ => digits.iter().all(u8::is_ascii_digit),
    };
    if is_canonical { text.parse().ok() } else { None }
}

fn canonical_uuid(text: &str) -> Option<[u8; 16]> {
    let text: &[u8; 36] = text.as_bytes().try_into().ok()?;
    let mut digits = [0_u8; 32];
    let mut rest = digits.iter_mut();
    for (place, letter) in text.iter().enumerate() {
        match letter {
            b'-' if HYPHENS.contains(&place) => {}
            b'0'..=b'9' => *rest.next()? = letter - b'0',
            b'a'..=b'f' => *rest.next()? = letter - b'a' + 10,
            _ => return None,
        }
    }
    let mut bytes = [0; 16];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        if let [high, low] = pair {
            *byte = high << 4 | low;
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_canonical_numbers_are_numbers() {
        assert_eq!(TradeKey::of("0"), TradeKey::Number(0));
        assert_eq!(TradeKey::of("18446744073709551615"), TradeKey::Number(u64::MAX));
        for text in ["", "00", "01", "+1", "-1", "1.0", "18446744073709551616"] {
            assert_eq!(TradeKey::of(text), TradeKey::Text(text));
        }
    }

    #[test]
    fn only_canonical_uuids_are_uuids() {
        let text = "0190a5c1-7f3e-7abc-8def-00ff00ff00ff";
        assert!(matches!(TradeKey::of(text), TradeKey::Uuid([0x01, 0x90, ..])));
        assert_eq!(TradeKey::of(text).to_string(), text);
        let upper = text.to_uppercase();
        let moved = "0190a5c17-f3e-7abc-8def-00ff00ff00ff";
        let no_hex = text.replace('c', "g");
        for text in
            [upper.as_str(), moved, &no_hex, &text[1..], "------------------------------------"]
        {
            assert_eq!(TradeKey::of(text), TradeKey::Text(text));
        }
    }

    proptest! {
        #[test]
        fn key_displays_its_source_text(text in "[0-9]{1,21}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[a-z0-9.:_/-]{1,40}") {
            prop_assert_eq!(TradeKey::of(&text).to_string(), text);
        }
    }
}
