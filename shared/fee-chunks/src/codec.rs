//! Encoding of columns of integers and texts.

use super::bits::{pack, packed_length, unpack, width};

/// Reader of a byte slice, from the front.
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    pub(super) fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    /// Reads an integer of up to 64 bits, seven bits per byte.
    pub(super) fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..u64::BITS).step_by(7) {
            let byte = u64::from(self.byte()?);
            let bits = byte & 0x7F;
            if bits << shift >> shift != bits {
                return None;
            }
            value |= bits << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    pub(super) fn length(&mut self) -> Option<usize> {
        usize::try_from(self.varint()?).ok()
    }

    fn signed(&mut self) -> Option<i64> {
        let value = self.varint()?;
        Some((value >> 1).cast_signed() ^ -((value & 1).cast_signed()))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

pub(super) fn put_varint(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push((value & 0x7F) as u8 | 0x80);
        value >>= 7;
    }
    out.push((value & 0x7F) as u8);
}

fn put_signed(value: i64, out: &mut Vec<u8>) {
    put_varint((value << 1 ^ value >> 63).cast_unsigned(), out);
}

/// Form in which values are differences from the minimum.
const FRAME: u8 = 0;
/// Form in which values are steps between neighbours, as differences from the minimum step.
const STEPS: u8 = 1;

/// Appends integers in the form that needs fewer bits per value.
pub(super) fn put_integers(values: &[i64], out: &mut Vec<u8>) {
    let first = values.first().copied().unwrap_or_default();
    let pairs = values.iter().zip(values.iter().skip(1));
    let steps: Vec<i64> = pairs.map(|(a, b)| b.wrapping_sub(*a)).collect();
    if frame_width(&steps) < frame_width(values) {
        out.push(STEPS);
        put_signed(first, out);
        put_frame(&steps, out);
    } else {
        out.push(FRAME);
        put_frame(values, out);
    }
}

/// Reads `count` integers.
pub(super) fn integers(reader: &mut Reader<'_>, count: usize) -> Option<Vec<i64>> {
    match reader.byte()? {
        FRAME => frame(reader, count),
        STEPS => {
            let mut value = reader.signed()?;
            let mut values = frame(reader, count.checked_sub(1)?)?;
            for step in &mut values {
                (*step, value) = (value, value.wrapping_add(*step));
            }
            values.push(value);
            Some(values)
        }
        _ => None,
    }
}

fn least(values: &[i64]) -> i64 {
    values.iter().copied().min().unwrap_or_default()
}

const fn above(value: i64, least: i64) -> u64 {
    value.wrapping_sub(least).cast_unsigned()
}

fn frame_width(values: &[i64]) -> u32 {
    let least = least(values);
    width(values.iter().map(|value| above(*value, least)).max().unwrap_or_default())
}

fn put_frame(values: &[i64], out: &mut Vec<u8>) {
    let (least, width) = (least(values), frame_width(values));
    put_signed(least, out);
    out.push(width as u8);
    pack(values.iter().map(|value| above(*value, least)), width, out);
}

fn frame(reader: &mut Reader<'_>, count: usize) -> Option<Vec<i64>> {
    let (least, width) = (reader.signed()?, u32::from(reader.byte()?));
    if width > u64::BITS {
        return None;
    }
    let packed = reader.take(packed_length(count, width))?;
    unpack(packed, width, count, |value| least.wrapping_add_unsigned(value))
}

/// Appends indexes into a list of `length` entries.
pub(super) fn put_places(places: &[u32], length: usize, out: &mut Vec<u8>) {
    pack(places.iter().map(|place| u64::from(*place)), places_width(length), out);
}

/// Reads `count` indexes into a list of `length` entries. Returns `None` if one is out of range.
pub(super) fn places(reader: &mut Reader<'_>, count: usize, length: usize) -> Option<Vec<u32>> {
    let (width, length) = (places_width(length), u32::try_from(length).ok()?);
    let packed = reader.take(packed_length(count, width))?;
    // The width is at most 32 bits.
    let places = unpack(packed, width, count, |place| place as u32)?;
    places.iter().all(|place| *place < length).then_some(places)
}

const fn places_width(length: usize) -> u32 {
    width((length as u64).saturating_sub(1))
}

/// Appends texts: their common prefix, then the lengths and the bytes of the rests.
pub(super) fn put_texts(texts: &[&str], out: &mut Vec<u8>) {
    let first = texts.first().map_or(&[][..], |text| text.as_bytes());
    let prefix = texts.iter().fold(first.len(), |length, text| {
        let same = first.iter().zip(text.as_bytes()).take(length);
        same.take_while(|(a, b)| a == b).count()
    });
    put_varint(prefix as u64, out);
    out.extend_from_slice(first.get(..prefix).unwrap_or_default());
    let rests = texts.iter().map(|text| text.as_bytes().get(prefix..).unwrap_or_default());
    put_integers(&rests.clone().map(|rest| rest.len() as i64).collect::<Vec<_>>(), out);
    rests.for_each(|rest| out.extend_from_slice(rest));
}

/// Reads `count` texts of at most `longest` bytes.
pub(super) fn texts(reader: &mut Reader<'_>, count: usize, longest: usize) -> Option<Vec<String>> {
    let prefix = reader.length().filter(|length| *length <= longest)?;
    let prefix = std::str::from_utf8(reader.take(prefix)?).ok()?;
    let lengths = integers(reader, count)?;
    let text = |length: i64| {
        let length = usize::try_from(length).ok()?;
        let rest = std::str::from_utf8(reader.take(length)?).ok()?;
        (prefix.len() + length <= longest).then(|| [prefix, rest].concat())
    };
    lengths.into_iter().map(text).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(put: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
        let mut bytes = Vec::new();
        put(&mut bytes);
        bytes
    }

    #[test]
    fn even_steps_take_a_few_bytes() {
        let values: Vec<i64> = (0..1000).map(|n| 4_127_365_000 + 3 * n).collect();
        assert!(written(|out| put_integers(&values, out)).len() < 12);
    }

    #[test]
    fn varint_beyond_64_bits_is_refused() {
        let most = written(|out| put_varint(u64::MAX, out));
        assert_eq!(Reader(&most).varint(), Some(u64::MAX));
        let mut above = most;
        above[9] = 2;
        assert_eq!(Reader(&above).varint(), None);
        assert_eq!(Reader(&[0x80; 11]).varint(), None);
        assert_eq!(Reader(&[0x80]).varint(), None);
    }

    #[test]
    fn place_beyond_its_list_is_refused() {
        let bytes = written(|out| put_places(&[0, 4, 2], 5, out));
        assert_eq!(places(&mut Reader(&bytes), 3, 5), Some(vec![0, 4, 2]));
        let bytes = written(|out| pack([0, 5, 2].into_iter(), 3, out));
        assert_eq!(places(&mut Reader(&bytes), 3, 5), None);
        assert_eq!(places(&mut Reader(&[]), 1, 0), None);
    }

    proptest! {
        #[test]
        fn integers_read_back(values in prop::collection::vec(any::<i64>(), 1..50), near in -9..9_i64) {
            let near: Vec<i64> = values.iter().map(|value| near + value % 50).collect();
            for values in [values, near] {
                let bytes = written(|out| put_integers(&values, out));
                let mut reader = Reader(&bytes);
                prop_assert_eq!(integers(&mut reader, values.len()), Some(values));
                prop_assert!(reader.is_empty());
            }
        }

        #[test]
        fn texts_read_back(texts_in in prop::collection::vec("pre-?[a-z]{0,9}", 1..20)) {
            let texts_in: Vec<&str> = texts_in.iter().map(String::as_str).collect();
            let bytes = written(|out| put_texts(&texts_in, out));
            let mut reader = Reader(&bytes);
            let read = texts(&mut reader, texts_in.len(), 13).unwrap();
            prop_assert_eq!(read, texts_in);
            prop_assert!(reader.is_empty());
        }
    }
}
