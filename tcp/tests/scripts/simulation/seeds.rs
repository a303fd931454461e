//! Many worlds, one seed each, on all processors. The whole-stack simulation of `tersus-iface` uses the same file.

use core::ops::Range;
use core::sync::atomic::{AtomicU64, Ordering};
use std::thread;

/// Runs `world` for each of these seeds, or for the one that `TERSUS_SEED` names, on as many threads as there are
/// processors; what it returned for each, in their order. `M`, what a thread keeps from one world to the next, is used
/// again. The first that fails ends the others.
pub(super) fn spread<M: Default, R: Send>(
    seeds: Range<u64>,
    world: impl Fn(&mut M, u64) -> R + Sync,
) -> Vec<R> {
    let chosen = std::env::var("TERSUS_SEED").ok().map(|text| text.parse().expect("TERSUS_SEED is a number"));
    let seeds = chosen.map_or(seeds, |seed: u64| seed..seed + 1);
    let next = AtomicU64::new(seeds.start);
    let test = thread::current().name().unwrap_or_default().to_owned();
    let work = || {
        let (mut memory, mut done) = (M::default(), Vec::new());
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds.end {
                return done;
            }
            let teller = Teller { seed, test: &test, next: &next, end: seeds.end };
            done.push((seed, world(&mut memory, seed)));
            drop(teller);
        }
    };
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let mut all = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("a world failed")).collect::<Vec<_>>()
    });
    all.sort_by_key(|&(seed, _)| seed);
    all.into_iter().map(|(_, result)| result).collect()
}

/// If its world fails: tells the seed, and that no other is wanted.
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
            let (package, binary) = (env!("CARGO_PKG_NAME"), env!("CARGO_CRATE_NAME"));
            std::eprintln!(
                "seed {seed}; to replay: TERSUS_SEED={seed} cargo test -p {package} --test {binary} {test}"
            );
        }
    }
}
