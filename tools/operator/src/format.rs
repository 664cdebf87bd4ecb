//! Figures in words.

use commission::{Amount, Asset, Assets, Decimals, LineKey, Outcome, Rate};

/// An amount with its asset: `0.00104980 XMR`.
pub(crate) fn amount(amount: Amount, asset: Asset, assets: &Assets) -> String {
    format!("{} {asset}", amount.display(assets.decimals(asset)))
}

/// A value in USD.
pub(crate) fn usd(amount: Amount, assets: &Assets) -> String {
    format!("{} USD", amount.display(assets.usd()))
}

/// A rate in percent: `41 %`.
pub(crate) fn percent(rate: Rate) -> String {
    let (whole, rest) = (rate.millionths() / 10_000, rate.millionths() % 10_000);
    let text = format!("{whole}.{rest:04}");
    format!("{} %", text.trim_end_matches('0').trim_end_matches('.'))
}

/// Returns the subject of a line without its people: `spot BTC at 41 %`.
pub(crate) fn line(key: &LineKey) -> String {
    let (product, asset) = (key.product, key.asset);
    match key.outcome {
        Outcome::Earned { rate, .. } => format!("{product} {asset} at {}", percent(rate)),
        Outcome::Zero { reason } => format!("{product} {asset} for nothing ({reason})"),
    }
}

/// So many of something: `1 line`, `2 lines`.
pub(crate) fn count(number: impl TryInto<i128>, noun: &str) -> String {
    match number.try_into().unwrap_or(i128::MAX) {
        1 => format!("1 {noun}"),
        number => format!("{} {noun}s", grouped(number)),
    }
}

fn grouped(number: i128) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = if number < 0 { "-".to_owned() } else { String::new() };
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The exact product of an amount and a rate, before it is rounded; `None` if it does not fit.
pub(crate) fn exact(amount: Amount, rate: Rate, decimals: Decimals) -> Option<String> {
    let product = amount.minor().checked_mul(i128::from(rate.millionths()))?;
    let places = usize::from(decimals.count()) + 6;
    let digits = format!("{:0>width$}", product.unsigned_abs(), width = places + 1);
    let (whole, fraction) = digits.split_at_checked(digits.len() - places)?;
    let (kept, beyond) = fraction.split_at_checked(decimals.count().into())?;
    let sign = if product < 0 { "-" } else { "" };
    let text = format!("{sign}{whole}.{kept}{}", beyond.trim_end_matches('0'));
    Some(text.trim_end_matches('.').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rate_is_shown_in_percent() {
        for (rate, text) in [("0.41", "41 %"), ("0.205", "20.5 %"), ("0", "0 %"), ("1", "100 %")] {
            assert_eq!(percent(rate.parse().unwrap()), text);
        }
    }

    #[test]
    fn counts_agree_with_their_noun() {
        assert_eq!(count(1, "line"), "1 line");
        assert_eq!(count(0, "line"), "0 lines");
        assert_eq!(count(1_234_567_u64, "fee"), "1,234,567 fees");
    }

    #[test]
    fn product_is_shown_before_rounding() {
        let product = |minor, rate: &str, decimals| {
            let decimals = Decimals::new(decimals).unwrap();
            exact(Amount::from_minor(minor), rate.parse().unwrap(), decimals).unwrap()
        };
        assert_eq!(product(524_900, "0.41", 8), "0.00215209");
        assert_eq!(product(39, "0.05", 8), "0.0000000195");
        assert_eq!(product(-3, "0.5", 2), "-0.015");
        assert_eq!(product(3, "0.5", 0), "1.5");
        assert_eq!(product(2, "0.5", 0), "1");
        let most = Amount::from_minor(i128::MAX);
        assert_eq!(exact(most, "0.5".parse().unwrap(), Decimals::FINEST), None);
    }
}
