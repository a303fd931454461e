//! Seeds: each test runs many, on all processors, and says which one failed.

use core::ops::Range;
use core::sync::atomic::{AtomicU64, Ordering};
use std::io::Write;
use std::thread;

/// Runs `body` for each seed. With `TERSUS_SEED` in the environment, for that one alone; with `TERSUS_ROUNDS=n` for n
/// times as many.
pub(crate) fn for_seeds(seeds: Range<u64>, body: impl Fn(u64) + Sync) {
    let _: Vec<()> = of_seeds(seeds, body);
}

/// The same, and what `body` returns for each seed, in their order. The first that fails ends the others.
pub(crate) fn of_seeds<R: Send>(seeds: Range<u64>, body: impl Fn(u64) -> R + Sync) -> Vec<R> {
    let number = |name| std::env::var(name).ok().map(|text| text.parse().expect("a number is wanted"));
    let seeds = match number("TERSUS_SEED") {
        Some(seed) => seed..seed + 1,
        None => seeds.start..seeds.start + (seeds.end - seeds.start) * number("TERSUS_ROUNDS").unwrap_or(1),
    };
    let next = AtomicU64::new(seeds.start);
    let test = thread::current().name().unwrap_or("the test").to_owned();
    let work = || {
        let mut done = Vec::new();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds.end {
                return done;
            }
            let teller = Teller { seed, test: &test, next: &next, end: seeds.end };
            done.push((seed, body(seed)));
            drop(teller);
        }
    };
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let mut all = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("a seed failed")).collect::<Vec<_>>()
    });
    all.sort_by_key(|&(seed, _)| seed);
    all.into_iter().map(|(_, result)| result).collect()
}

/// Tells the seed if the test fails, and that no other is wanted.
struct Teller<'a> {
    seed: u64,
    test: &'a str,
    next: &'a AtomicU64,
    end: u64,
}

impl Drop for Teller<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.next.fetch_max(self.end, Ordering::Relaxed);
            let Self { seed, test, .. } = self;
            // With TERSUS_PCAP=FILE beside it the frames of the run are kept.
            let _ = writeln!(
                std::io::stderr(),
                "seed {seed}; to replay: TERSUS_SEED={seed} cargo test -p tersus-iface --test simulation {test}"
            );
        }
    }
}
