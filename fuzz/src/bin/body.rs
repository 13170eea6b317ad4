#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| hokusai_fuzz::http::body(input));
