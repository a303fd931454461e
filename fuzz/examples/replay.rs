//! Gives one file to one target and prints its steps: `cargo run -p tersus-fuzz --example replay -- TARGET FILE`.

use tersus_fuzz::TARGETS;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(target), Some(file)) = (arguments.next(), arguments.next()) else {
        return Err("usage: replay TARGET FILE".into());
    };
    let (_, body) = TARGETS.iter().find(|(name, _)| *name == target).ok_or("no such target")?;
    std::env::set_var("TERSUS_FUZZ_TRACE", "1");
    body(&std::fs::read(file)?);
    Ok(())
}
