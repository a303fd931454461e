//! Seeds: each test runs many, on all processors, and says which one failed.

#[path = "../../../tcp/tests/scripts/simulation/seeds.rs"]
mod worlds;

use core::ops::Range;

/// Runs `body` for each seed. With `TERSUS_SEED` in the environment, for that one alone; with `TERSUS_ROUNDS=n` for n
/// times as many.
pub(crate) fn for_seeds(seeds: Range<u64>, body: impl Fn(u64) + Sync) {
    let _: Vec<()> = of_seeds(seeds, body);
}

/// The same, and what `body` returns for each seed, in their order. The first that fails ends the others.
pub(crate) fn of_seeds<R: Send>(seeds: Range<u64>, body: impl Fn(u64) -> R + Sync) -> Vec<R> {
    let rounds = std::env::var("TERSUS_ROUNDS").map_or(1, |text| text.parse().expect("a number is wanted"));
    let seeds = seeds.start..seeds.start + (seeds.end - seeds.start) * rounds;
    worlds::spread(seeds, |(): &mut (), seed| body(seed))
}
