//! Puts the board's memory map where the linker finds it.

use std::{env, fs, path::PathBuf};

fn main() {
    let map = if env::var_os("CARGO_FEATURE_MPS2").is_some() { "mps2.x" } else { "lm3s6965.x" };
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    if let Err(error) = fs::copy(map, out.join("memory.x")) {
        panic!("{map}: {error}");
    }
    println!("cargo:rustc-link-search={}", out.display());
    println!("cargo:rerun-if-changed={map}");
}
