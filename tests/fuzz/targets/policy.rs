//! The text of a policy.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| fuzz::decoding::policy(input));
