//! The explanation as plain text.

use commission::{Cause, Rate};
use reporting::Status;

use super::view::{BindingView, BookedView, CameTo, DueView, ExcludedCounts, Explanation, FeeView};
use crate::format::{count, percent};

/// The lines of the text.
pub(crate) fn of(view: &Explanation) -> Vec<String> {
    let mut text = vec![format!("Invitee {} on {} (UTC)", view.invitee, view.day)];
    text.extend(binding(&view.binding));
    let [spot, futures] = view.inviter_tiers;
    text.push(format!(
        "  The inviter's tier that day: {spot} (spot, margin), {futures} (futures)."
    ));
    let title = |text: &mut Vec<String>, title: String| text.extend([String::new(), title]);
    title(&mut text, heading(view.fees.len(), "fee", "No fees"));
    view.fees.iter().for_each(|one| text.extend(fee(one, &view.binding)));
    text.extend(excluded(&view.excluded));
    title(&mut text, heading(view.due.len(), "line due by these fees", "Nothing due"));
    view.due.iter().for_each(|line| text.extend(due(line)));
    title(&mut text, heading(view.booked.len(), "line booked", "Nothing booked"));
    view.booked.iter().for_each(|line| text.extend(booked(line)));
    text.push(String::new());
    if view.to_be_booked.is_empty() {
        text.push("What is due is booked, to the unit.".to_owned());
    } else {
        text.push("Not booked yet; the next run of the day adds:".to_owned());
        text.extend(view.to_be_booked.iter().map(|line| format!("  {}", change(line))));
    }
    text
}

fn heading(number: usize, noun: &str, none: &str) -> String {
    match (number, noun.split_once(' ')) {
        (0, _) => none.to_owned(),
        (number, Some((noun, rest))) => format!("{} {rest}", count(number, noun)),
        (number, None) => count(number, noun),
    }
}

fn binding(binding: &BindingView) -> Vec<String> {
    let BindingView { inviter, code, origin, bound_at, .. } = binding;
    let rule = binding.rule.as_ref().map_or(String::new(), |rule| format!(", by rule {rule}"));
    let (spot, futures) = (percent(binding.shared_spot), percent(binding.shared_futures));
    let mut text = vec![
        format!("  Bound to {inviter} at {bound_at} by link {code} ({origin}{rule})."),
        format!(
            "  The invitee's share: {spot} of spot and margin fees, {futures} of futures fees."
        ),
    ];
    if let Some(at) = binding.voided_at {
        text.push(format!("  Found void at {at}: nothing is due by it, from its beginning."));
    }
    text
}

fn fee(fee: &FeeView, binding: &BindingView) -> Vec<String> {
    let FeeView { at, trade_id, product, kind, amount, asset, amount_usd, .. } = fee;
    let what = format!("{product} {kind}");
    let money = format!("{amount} {asset} ({amount_usd} USD)");
    let outcome = match (&fee.came_to, binding.voided_at) {
        (CameTo { rate: Some(rate), .. }, _) => format!("earns {}", percent(*rate)),
        (CameTo { sentence: Some(_), .. }, _) => "earns nothing".to_owned(),
        _ => "is not evaluated".to_owned(),
    };
    let mut text =
        vec![format!("  {at}  {trade_id}  {what}, VIP {}: {money} {outcome}", fee.vip_level)];
    if let CameTo { reason: Some(reason), sentence: Some(sentence), .. } = &fee.came_to {
        let because = fee.because.as_ref().map_or(String::new(), |facts| format!(" {facts}"));
        text.push(format!("      {reason}: {sentence}{because}"));
    }
    if let Some(corrected) = &fee.corrected {
        let (from, why) = (&corrected.from, &corrected.why);
        text.push(format!("      corrected; {from} {asset} was charged: {why}"));
    }
    text
}

fn excluded(counts: &ExcludedCounts) -> Vec<String> {
    let ExcludedCounts { duplicates, conflicts, corrections_without_fee, inexact_corrections } =
        counts;
    let excluded = [
        (*duplicates, "delivered again, and counted once"),
        (*conflicts as u64, "with the identity of another, which arrived first and counts"),
        (*corrections_without_fee, "corrected, and not arrived yet"),
        (
            *inexact_corrections,
            "corrected with more decimals than the asset has, and so not at all",
        ),
    ];
    let excluded = excluded.into_iter().filter(|(number, _)| *number > 0);
    excluded.map(|(number, what)| format!("  and {} {what}", count(number, "fee"))).collect()
}

fn about(line: &DueView) -> String {
    let (product, asset) = (line.product, &line.asset);
    match (&line.came_to.rate, &line.came_to.reason) {
        (Some(rate), _) => format!("{product} {asset} at {}", percent(*rate)),
        (None, Some(reason)) => format!("{product} {asset} for nothing ({reason})"),
        (None, None) => format!("{product} {asset}"),
    }
}

fn due(line: &DueView) -> Vec<String> {
    let (fees, asset) = (&line.fees, &line.asset);
    let number = count(line.fee_count, "fee");
    let mut text = vec![format!("  {}: {number}, together {fees} {asset}", about(line))];
    let Some(rate) = line.came_to.rate else { return text };
    text.push(format!("      {}", product(fees, rate, line.total_exact.as_deref(), &line.total)));
    let shared = line.came_to.shared_rate.unwrap_or(Rate::ZERO);
    if shared > Rate::ZERO {
        let part = product(fees, shared, line.shared_exact.as_deref(), &line.shared);
        text.push(format!("      {part}: the invitee's part"));
        text.push(format!(
            "      {} − {} = {}: the inviter's",
            line.total, line.shared, line.commission
        ));
    }
    text.push(format!(
        "      commission {} {asset} ({} USD)",
        line.commission, line.commission_usd
    ));
    text
}

/// `0.00000039 × 0.2 = 0.000000078, rounded down 0.00000007`.
fn product(fees: &str, rate: Rate, exact: Option<&str>, rounded: &str) -> String {
    match exact {
        Some(exact) if exact == rounded => format!("{fees} × {rate} = {rounded}"),
        Some(exact) => format!("{fees} × {rate} = {exact}, rounded down {rounded}"),
        None => format!("{fees} × {rate}, rounded down {rounded}"),
    }
}

fn booked(booked: &BookedView) -> Vec<String> {
    let BookedView { id, run_id, committed_at, line, .. } = booked;
    let at = committed_at.map_or(String::new(), |at| format!(" at {at}"));
    let kind = match booked.cause {
        Cause::Booked => String::new(),
        cause => format!(", correction: {}", cause_in_words(cause)),
    };
    let why = match booked.why.is_empty() {
        true => String::new(),
        false => format!(" (\"{}\")", booked.why.join("\", \"")),
    };
    let status = match (booked.status, booked.paid_at, &booked.reference) {
        (Status::Paid, Some(at), Some(reference)) => format!("paid at {at}, {reference}"),
        (status, ..) => status_in_words(status).to_owned(),
    };
    vec![
        format!("  {}", change(line)),
        format!("      run {run_id}{at}{kind}{why}"),
        format!("      {status}; line {id}"),
    ]
}

/// Returns the amount that a line adds or reverses.
fn change(line: &DueView) -> String {
    let DueView { fees, commission, shared, asset, .. } = line;
    let fees = match line.fee_count {
        0 => format!("no other fees, changed by {fees} {asset}"),
        number => format!("{} of {fees} {asset}", count(number, "fee")),
    };
    match line.came_to.rate {
        Some(_) => format!("{}: {fees}, commission {commission}, shared {shared}", about(line)),
        None => format!("{}: {fees}", about(line)),
    }
}

const fn status_in_words(status: Status) -> &'static str {
    match status {
        Status::Accrued => "accrued, and not settled yet",
        Status::Settled => "settled, and not paid yet",
        Status::Paid => "paid",
        Status::Reversed => "reversed, and not taken back by the wallet yet",
    }
}

const fn cause_in_words(cause: Cause) -> &'static str {
    match cause {
        Cause::Booked => "the day's first booking",
        Cause::LateFee => "fees came late",
        Cause::FeeCorrected => "fees were corrected",
        Cause::TradeBusted => "trades were taken back",
        Cause::FactsChanged => "facts became known by which the fees are evaluated otherwise",
        Cause::BindingVoided => "the binding was found void",
    }
}
