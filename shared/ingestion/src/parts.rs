//! The parts of a batch, which are ingested one after another.

use crate::message::Item;

/// The most events in a part that each need a write. Fees are not counted: more of them in a part
/// make fewer chunks.
const EVENTS_TOGETHER: usize = 2_000;

/// Divides a batch into parts that hold whole messages, in their order.
pub(crate) fn parts(items: Vec<Item>) -> Vec<Vec<Item>> {
    let mut parts = Vec::new();
    let (mut part, mut written): (Vec<Item>, usize) = (Vec::new(), 0);
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
    use crate::Message;

    fn items(events_of_messages: &[usize]) -> Vec<Item> {
        let programme = programme();
        let now = Timestamp::from_millis(0).unwrap();
        let message = |events: &usize| Message {
            id: String::new(),
            sent_at: now,
            body: format!("[{}]", vec!["{}"; *events].join(",")),
        };
        let messages = events_of_messages.iter().map(message).enumerate();
        messages.flat_map(|(number, it)| Item::read(number, &it, &programme, now)).collect()
    }

    fn programme() -> policy::Programme {
        policy::Programme::parse(include_str!("../../../programme.toml")).unwrap()
    }

    #[test]
    fn parts_hold_whole_messages() {
        let lengths = |events: &[usize]| -> Vec<usize> {
            parts(items(events)).iter().map(Vec::len).collect()
        };
        assert_eq!(lengths(&[]), [0; 0]);
        assert_eq!(lengths(&[1_500, 500]), [2_000]);
        assert_eq!(lengths(&[1_500, 501, 1_499]), [1_500, 2_000]);
        assert_eq!(lengths(&[1_500, 501, 1_500]), [1_500, 501, 1_500]);
        assert_eq!(lengths(&[2_000, 1]), [2_000, 1]);
    }
}
