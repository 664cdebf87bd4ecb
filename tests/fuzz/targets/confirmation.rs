//! Confirmations and their sealed content.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| fuzz::decoding::confirmation(input));
