#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| tersus_fuzz::small_tcp(data));
