//! Writes the samples of every format into the corpus of target `wire`: `cargo run -p tersus-fuzz --example seeds`.

use std::fs;
use std::path::Path;

fn main() -> std::io::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/wire");
    fs::create_dir_all(&folder)?;
    for sample in tersus_fuzz::samples::all() {
        fs::write(folder.join(sample.name), [&[sample.format], &sample.octets[..]].concat())?;
    }
    Ok(())
}
