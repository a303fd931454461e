//! Seeds: each test runs many, and says which one failed.

use core::ops::Range;
use std::io::Write;

/// Runs `body` for each seed. With `TERSUS_SEED` in the environment, for that one alone; with `TERSUS_ROUNDS=n` for n
/// times as many.
pub(crate) fn for_seeds(seeds: Range<u64>, mut body: impl FnMut(u64)) {
    let chosen = std::env::var("TERSUS_SEED").ok().map(|text| text.parse().expect("TERSUS_SEED is a number"));
    let rounds =
        std::env::var("TERSUS_ROUNDS").map_or(1, |text| text.parse().expect("TERSUS_ROUNDS is a number"));
    match chosen {
        Some(seed) => with_seed(seed, &mut body),
        None => (seeds.start..seeds.start + (seeds.end - seeds.start) * rounds)
            .for_each(|seed| with_seed(seed, &mut body)),
    }
}

fn with_seed(seed: u64, body: &mut dyn FnMut(u64)) {
    let teller = Teller(seed);
    body(seed);
    drop(teller);
}

/// Tells the seed if the test fails.
struct Teller(u64);

impl Drop for Teller {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let test = std::thread::current().name().unwrap_or("the test").to_owned();
            let seed = self.0;
            // With TERSUS_PCAP=FILE beside it the frames of the run are kept.
            let _ = writeln!(
                std::io::stderr(),
                "seed {seed}; to replay: TERSUS_SEED={seed} cargo test -p tersus-iface --test simulation {test}"
            );
        }
    }
}
