//! Worlds of heavy loss, and of few send records and ranges.
//!
//! Each pool size has a share of the worlds of its own. What runs out costs time, never octets, and never more time than
//! [`patience`] allows.

use super::seeds::spread;
use super::{many, Both, Kind, World};
use core::time::Duration;

/// Send records of each end: none, a few, plenty.
pub(super) const POOLS: [usize; 6] = [0, 1, 2, 4, 8, 64];

/// Of a thousand segments so many are lost, each way by itself.
pub(super) const LOSSES: [u64; 4] = [50, 100, 200, 300];

/// The timeout does not grow beyond this, so that what is seen are stalls and not patience.
pub(super) const RTO_MAX: Duration = Duration::from_secs(4);

/// Longest that applications and devices do nothing by themselves, that an ACK is delayed, and that the path takes.
const OTHERS: Duration = Duration::from_secs(10);

/// How seldom a round may fail so often in a row that the bound does not hold: once in so many stalls.
const RARE: f64 = 1e10;

/// The records of a lossy world.
pub(super) fn pool(seed: u64) -> usize {
    POOLS[(seed % 6) as usize]
}

/// Longest time without any progress. A round, one retransmission and its ACK, fails with
///
/// ```text
///     q = 1 - (1 - loss there) * (1 - loss back)
/// ```
///
/// and takes [`RTO_MAX`] at most. That `n` fail one after the other has the probability `q^n`; with
///
/// ```text
///     n = ln(10^-10) / ln(q),     bound = n * RTO_MAX + 10 s
/// ```
///
/// it happens by chance once in 10^10 stalls: 35 rounds, 150 s, where three of ten are lost each way, and ten where it is
/// one of twenty. Whatever needs more than one round for an octet, or waits for a timer that is not there, exceeds it.
pub(super) fn patience(loss: [u64; 2]) -> Duration {
    let arrives = loss.iter().fold(1.0, |product, &permille| product * (1.0 - permille as f64 / 1000.0));
    let rounds = (-RARE.ln() / (1.0f64 - arrives).ln()).ceil() as u32;
    RTO_MAX * rounds + OTHERS
}

/// What the worlds of one pool add up to.
#[derive(Default)]
struct Row {
    worlds: u32,
    octets: usize,
    stall: Duration,
    /// The largest part of its patience that a world took.
    share: f64,
    timeouts: u64,
    retransmissions: u64,
    segments: u64,
}

#[test]
fn the_bound_is_what_its_formula_says() {
    for (there, back, secs) in [(300, 300, 150), (50, 50, 50), (0, 500, 146), (300, 50, 98)] {
        assert_eq!(patience([there, back]), Duration::from_secs(secs), "{there} and {back} of a thousand");
    }
}

#[test]
fn what_was_sent_arrives_without_long_pauses_whatever_is_lost() {
    let worlds = spread(0..many().next_multiple_of(6), |memory: &mut Both, seed| {
        let mut world = World::of(Kind::Lossy, seed, memory);
        world.run();
        let count = |name| {
            let counters = world.ends.iter().flat_map(|end| end.tcp.statistics().counters());
            counters.filter(|counter| counter.0 == name).map(|counter| u64::from(counter.1)).sum()
        };
        let row = Row {
            worlds: 1,
            octets: world.ends.iter().map(|end| end.read).sum(),
            stall: world.stall,
            share: world.stall.as_secs_f64() / world.patience.as_secs_f64(),
            timeouts: count("timeouts"),
            retransmissions: count("retransmits"),
            segments: count("segments_sent"),
        };
        (pool(seed), row)
    });
    println!("records  worlds       octets  segments  longest stall  of its bound    RTOs  retransmissions");
    for size in POOLS {
        let mut sum = Row::default();
        for (_, row) in worlds.iter().filter(|(pool, _)| *pool == size) {
            sum.worlds += row.worlds;
            sum.octets += row.octets;
            sum.stall = sum.stall.max(row.stall);
            sum.share = sum.share.max(row.share);
            sum.timeouts += row.timeouts;
            sum.retransmissions += row.retransmissions;
            sum.segments += row.segments;
        }
        println!(
            "{size:7}  {:6}  {:11}  {:8}  {:11.1} s  {:10.0} %  {:6}  {:15}",
            sum.worlds,
            sum.octets,
            sum.segments,
            sum.stall.as_secs_f64(),
            sum.share * 100.0,
            sum.timeouts,
            sum.retransmissions
        );
        // Of a world with one seed alone the other pools have none.
        assert!(sum.worlds > 0 || worlds.len() == 1);
    }
}
