//! Chunks of fees, and the other packed items.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| fuzz::decoding::stored(input));
