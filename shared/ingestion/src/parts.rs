//! The parts of a batch, which are ingested one after another.

use crate::message::Item;

/// The most events in a part that each need a write. Fees are not counted: more of them in a part
/// make fewer chunks.
const EVENTS_TOGETHER: usize = 2_000;

/// Divides a batch into parts that hold whole messages, in their order.
pub(crate) fn parts(items: Vec<Item<'_>>) -> Vec<Vec<Item<'_>>> {
    let mut parts = Vec::new();
    let (mut part, mut written): (Vec<Item<'_>>, usize) = (Vec::new(), 0);
    let mut messages = items.into_iter().peekable();
    while let Some(first) = messages.next() {
        let number = first.message();
        let mut message = vec![first];
        while let Some(item) = messages.next_if(|item| item.message() == number) {
            message.push(item);
        }
        let writes = message.iter().filter(|item| item.is_written_alone()).count();
        if written.saturating_add(writes) > EVENTS_TOGETHER && !part.is_empty() {
            parts.push(std::mem::take(&mut part));
            written = 0;
        }
        written = written.saturating_add(writes);
        part.append(&mut message);
    }
    parts.extend((!part.is_empty()).then_some(part));
    parts
}

#[cfg(test)]
mod tests {
    use types::Timestamp;

    use super::*;
    use crate::{Message, Reader};

    fn messages(events: &[usize]) -> Vec<Message> {
        let message = |events: &usize| Message {
            id: String::new(),
            sent_at: Timestamp::EPOCH,
            body: format!("[{}]", vec!["{}"; *events].join(",")),
        };
        events.iter().map(message).collect()
    }

    fn items(messages: &[Message]) -> Vec<Item<'_>> {
        let programme = programme();
        let read =
            |(number, it)| Item::read(number, it, &programme, Timestamp::EPOCH, Reader::OnePass);
        messages.iter().enumerate().flat_map(read).collect()
    }

    fn programme() -> policy::Programme {
        policy::Programme::parse(include_str!("../../../programme.toml")).unwrap()
    }

    #[test]
    fn parts_hold_whole_messages() {
        let lengths = |events: &[usize]| -> Vec<usize> {
            parts(items(&messages(events))).iter().map(Vec::len).collect()
        };
        assert_eq!(lengths(&[]), [0; 0]);
        assert_eq!(lengths(&[1_500, 500]), [2_000]);
        assert_eq!(lengths(&[1_500, 501, 1_499]), [1_500, 2_000]);
        assert_eq!(lengths(&[1_500, 501, 1_500]), [1_500, 501, 1_500]);
        assert_eq!(lengths(&[2_000, 1]), [2_000, 1]);
    }

    #[test]
    fn fees_do_not_end_a_part() {
        let fee = r#"{"specversion":"1.0","id":"1","source":"s","type":"exchange.fee.charged.v1",
            "data":{"tradeId":"t","uid":"u","product":"spot","kind":"trade","asset":"BTC",
            "amount":"0","amountUsd":"0","volumeUsd":"0","vipLevel":0,
            "at":"1970-01-01T00:00:00Z"}}"#;
        let message = |events: usize| Message {
            id: String::new(),
            sent_at: Timestamp::EPOCH,
            body: format!("[{}]", vec![fee; events].join(",")),
        };
        let messages: Vec<Message> = (0..5).map(|_| message(500)).collect();
        let lengths: Vec<usize> = parts(items(&messages)).iter().map(Vec::len).collect();
        assert_eq!(lengths, [2_500]);
    }
}
