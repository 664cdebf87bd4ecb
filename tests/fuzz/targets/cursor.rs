//! Cursors, and what was sealed in them.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| fuzz::decoding::cursor(input));
