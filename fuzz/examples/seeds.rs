//! Writes the samples of every format into the corpora of target `wire` and its families: `cargo run -p tersus-fuzz --example seeds`.

use std::fs;
use std::path::Path;

fn main() -> std::io::Result<()> {
    for family in tersus_fuzz::wire::FAMILIES {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(family.name);
        fs::create_dir_all(&folder)?;
        for sample in (family.samples)() {
            fs::write(folder.join(sample.name), [&[sample.format], &sample.octets[..]].concat())?;
        }
    }
    Ok(())
}
