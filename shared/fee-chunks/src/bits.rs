//! Bit packing: integers in as few bits as the largest of them needs.

/// Returns the number of bits that a value needs.
pub(super) const fn width(value: u64) -> u32 {
    u64::BITS - value.leading_zeros()
}

/// Returns the number of bytes of `count` packed values.
pub(super) const fn packed_length(count: usize, width: u32) -> usize {
    (count * width as usize).div_ceil(8)
}

/// Appends values of at most `width` bits, starting at the lowest bit of the first byte.
pub(super) fn pack(values: impl Iterator<Item = u64>, width: u32, out: &mut Vec<u8>) {
    let (mut waiting, mut bits) = (0_u128, 0);
    for value in values {
        waiting |= u128::from(value) << bits;
        bits += width;
        while bits >= 8 {
            out.push((waiting & 0xFF) as u8);
            waiting >>= 8;
            bits -= 8;
        }
    }
    if bits > 0 {
        out.push((waiting & 0xFF) as u8);
    }
}

/// Reads `count` values written by [`pack`], as `value` makes them. Returns `None` if the width
/// exceeds 64 bits or the length of the bytes is not exactly that of the values.
pub(super) fn unpack<T: Clone>(
    bytes: &[u8],
    width: u32,
    count: usize,
    value: impl Fn(u64) -> T,
) -> Option<Vec<T>> {
    if width > u64::BITS || bytes.len() != packed_length(count, width) {
        return None;
    }
    if width == 0 {
        return Some(vec![value(0); count]);
    }
    // Reading a value also reads bytes after it, which do not exist for the last values.
    let mut padded = Vec::with_capacity(bytes.len() + 80);
    padded.extend_from_slice(bytes);
    padded.resize(bytes.len().saturating_add(80), 0);
    let (step, mask) = (width as usize, u64::MAX >> (u64::BITS - width));
    // Eight values take `width` bytes, so that each of eight has a fixed place among them.
    let places: [(usize, usize); 8] = std::array::from_fn(|n| (n * step / 8, n * step % 8));
    let mut values = Vec::with_capacity(count.next_multiple_of(8));
    for start in (0..count.div_ceil(8)).map(|eight| eight * step) {
        let eight = padded.get(start..start + 80)?;
        let eight = places.map(|(byte, bit)| match width {
            // Such a value, with up to seven bits before it, is within eight bytes.
            ..=57 => word(eight, byte) >> bit & mask,
            _ => (double_word(eight, byte) >> bit) as u64 & mask,
        });
        values.extend(eight.map(&value));
    }
    values.truncate(count);
    Some(values)
}

fn word(bytes: &[u8], start: usize) -> u64 {
    let bytes = bytes.get(start..start + 8).and_then(|bytes| bytes.try_into().ok());
    bytes.map_or(0, u64::from_le_bytes)
}

fn double_word(bytes: &[u8], start: usize) -> u128 {
    let bytes = bytes.get(start..start + 16).and_then(|bytes| bytes.try_into().ok());
    bytes.map_or(0, u128::from_le_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_every_width_read_back() {
        for bits in 0..=64 {
            let most = if bits == 0 { 0 } else { u64::MAX >> (64 - bits) };
            let values: Vec<u64> = (0..97_u64)
                .map(|n| n.wrapping_mul(0x9E37_79B9_7F4A_7C15) & most)
                .chain([0, most])
                .collect();
            let mut bytes = Vec::new();
            pack(values.iter().copied(), bits, &mut bytes);
            assert_eq!(bytes.len(), packed_length(values.len(), bits));
            let read = unpack(&bytes, bits, values.len(), |value| value);
            assert_eq!(read, Some(values), "{bits} bits");
        }
    }

    #[test]
    fn bytes_of_another_length_are_refused() {
        let mut bytes = Vec::new();
        pack([1, 2, 3].into_iter(), 7, &mut bytes);
        let read = |bytes: &[u8], width, count| unpack(bytes, width, count, |value| value);
        assert_eq!(read(&bytes, 7, 3), Some(vec![1, 2, 3]));
        assert_eq!(read(&bytes[..2], 7, 3), None);
        assert_eq!(read(&[&bytes[..], &[0]].concat(), 7, 3), None);
        assert_eq!(read(&[0; 200], 65, 24), None);
    }

    #[test]
    fn width_is_that_of_the_value() {
        assert_eq!([0, 1, 2, 255, 256, u64::MAX].map(width), [0, 1, 2, 8, 9, 64]);
    }
}
