//! TCP transfers in both directions at once over wires that harm them.

use crate::network::{Kind, Network, Plan};
use crate::seeds::for_seeds;
use crate::stream::{Conversation, Reading};
use core::time::Duration;
use tersus_iface::phy::{Fraction, Impairment, Random};

/// Longest time without progress: six losses in a row, each waiting twice as long as the one before.
const PATIENCE: Duration = Duration::from_secs(130);

const BUFFERS: [usize; 8] = [1, 2, 17, 100, 536, 1460, 8192, 65_536];

/// As many octets as a buffer of this size is worth testing with.
fn octets(buffer: usize, random: &mut Random) -> usize {
    let most = (buffer * 30).clamp(60, 150_000);
    usize::try_from(random.below(u32::try_from(most).unwrap())).unwrap()
}

fn transfer(network: &mut Network<'_, '_>, kind: Kind, buffer: usize) {
    let to_send = [octets(buffer, &mut network.random), octets(buffer, &mut network.random)];
    let reading = if network.random.below(4) == 0 { Reading::Lazy } else { Reading::Eager };
    let mut conversation = Conversation::open(network, [0, 1], kind.address(1), 80, to_send, reading);
    conversation.finish(network, PATIENCE);
}

fn transfers(kind: Kind, impairment: Impairment, seeds: core::ops::Range<u64>) {
    for_seeds(seeds, |seed| {
        let buffer = BUFFERS[usize::try_from(seed).unwrap() % BUFFERS.len()];
        let plan = Plan::pair(kind).impaired(impairment).buffer(buffer);
        plan.run(seed, |network| transfer(network, kind, buffer));
    });
}

const DELAYS: [Duration; 2] = [Duration::ZERO, Duration::from_millis(20)];

/// Transfers over a wire with each of these fractions of frames harmed, without and with delay.
fn harmed(kinds: &[Kind], percents: &[u32], seeds: u64, harm: impl Fn(Fraction) -> Impairment) {
    for (kind, name) in kinds.iter().zip(0..) {
        for (percent, number) in percents.iter().zip(0..) {
            for (delay, late) in DELAYS.into_iter().zip(0..) {
                let impairment = Impairment { delay, ..harm(Fraction::from_millionths(percent * 1000)) };
                // No two of these runs have the same seed; the low digits choose the buffer.
                let first = 10_000 * name + 1000 * number + 500 * late;
                transfers(*kind, impairment, first..first + seeds);
            }
        }
    }
}

#[test]
fn everything_arrives_over_a_perfect_wire() {
    harmed(&Kind::ALL, &[0], 8, |_| Impairment::NONE);
}

#[test]
fn everything_arrives_in_spite_of_loss() {
    harmed(&Kind::FAST, &[5, 20, 50], 48, |loss| Impairment { loss, ..Impairment::NONE });
}

#[test]
fn everything_arrives_once_in_spite_of_duplication() {
    harmed(&Kind::FAST, &[10, 50], 48, |duplication| Impairment { duplication, ..Impairment::NONE });
}

#[test]
fn everything_arrives_in_order_in_spite_of_reordering() {
    harmed(&Kind::FAST, &[10, 50], 48, |reordering| Impairment {
        reordering,
        reordering_delay: Duration::from_millis(5),
        ..Impairment::NONE
    });
}

#[test]
fn everything_arrives_unharmed_in_spite_of_corruption() {
    harmed(&Kind::FAST, &[5, 20, 50], 48, |corruption| Impairment { corruption, ..Impairment::NONE });
}

#[test]
fn everything_arrives_in_spite_of_everything() {
    // Not more: a corrupted ARP reply is believed, since Ethernet's check sequence does not exist here.
    harmed(&Kind::FAST, &[10, 30], 64, |part| Impairment {
        loss: part,
        duplication: part,
        reordering: part,
        reordering_delay: Duration::from_millis(7),
        corruption: part,
        jitter: Duration::from_millis(3),
        ..Impairment::NONE
    });
}

#[test]
fn everything_arrives_over_ieee_802_15_4_in_spite_of_loss() {
    harmed(&[Kind::Ieee802154], &[10], 48, |loss| Impairment { loss, ..Impairment::NONE });
}

#[test]
fn everything_arrives_over_ieee_802_15_4_at_its_rate() {
    harmed(&[Kind::Ieee802154], &[10], 8, |loss| Impairment { loss, rate: 250_000, ..Impairment::NONE });
}

#[test]
fn everything_arrives_through_a_narrow_wire_with_a_short_queue() {
    for kind in Kind::ALL {
        for (frames, number) in [(1, 0), (2, 1), (5, 2)] {
            for_seeds(number * 100..number * 100 + 8, |seed| {
                let buffer = BUFFERS[usize::try_from(seed).unwrap() % BUFFERS.len()];
                let rate = 2_000_000;
                let mut plan =
                    Plan::pair(kind).impaired(Impairment { rate, ..Impairment::NONE }).buffer(buffer);
                plan.wires[0].frames = frames;
                plan.run(seed, |network| transfer(network, kind, buffer));
            });
        }
    }
}

#[test]
fn everything_arrives_with_one_frame_a_turn() {
    for kind in Kind::ALL {
        for delay in DELAYS {
            for_seeds(0..16, |seed| {
                let buffer = BUFFERS[usize::try_from(seed).unwrap() % BUFFERS.len()];
                let loss = Fraction::from_percent(1);
                let mut plan =
                    Plan::pair(kind).impaired(Impairment { loss, delay, ..Impairment::NONE }).buffer(buffer);
                plan.budget = Some(1);
                plan.run(seed, |network| transfer(network, kind, buffer));
            });
        }
    }
}
