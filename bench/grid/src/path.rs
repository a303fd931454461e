//! One direction of a path: a queue in front of a line of some rate, then a delay, on which packets are lost and
//! overtaken.
//!
//! ```text
//!   hosts ──▶ | queue, bounded; CE beyond a mark | ──▶ line, rate ──▶ loss ──▶ delay (some packets longer) ──▶ hosts
//! ```
//! What is lost is lost behind the line: it took its time there. The rate counts octets of IP packets, as the queue does.

use crate::host::{Micros, MTU};
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use tersus_iface::wire::checksum;

/// What happens to a packet that finds the queue full.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, clap::ValueEnum, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Full {
    /// It is dropped, as in a router.
    TailDrop,
    /// There is none: the device of the host has no room, and says when it has.
    BackPressure,
}

/// What one direction is like.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// Megabits per second; 0: no limit.
    pub rate_mbit: u64,
    /// One way.
    pub delay: Micros,
    /// Octets that the queue holds, with the packet that the line is sending.
    pub queue: usize,
    pub full: Full,
    /// Octets in the queue from which on ECN-capable packets are marked, RFC 3168 §5.
    pub mark: Option<usize>,
    /// Packets that do not arrive, as a fraction.
    pub loss: f64,
    /// How many are lost in a row, on average; 1: each by itself.
    pub burst: f64,
    /// Packets that arrive later than those behind them, as a fraction, and by how much.
    pub late: f64,
    pub late_by: Micros,
}

impl Shape {
    /// A delay alone.
    pub fn delay(delay: Micros) -> Self {
        Self {
            rate_mbit: 0,
            delay,
            queue: usize::MAX,
            full: Full::TailDrop,
            mark: None,
            loss: 0.0,
            burst: 1.0,
            late: 0.0,
            late_by: 0,
        }
    }
}

/// A packet under way.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Packet {
    /// Whose it is.
    pub flow: usize,
    /// The host of the flow that sent it.
    pub side: usize,
    /// How many paths lie behind it.
    pub hop: usize,
    pub octets: Vec<u8>,
}

/// What became of the packets of a path.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Packets that hosts sent into it, and their octets.
    pub packets: u64,
    pub octets: u64,
    /// Of these, those that found the queue full.
    pub overflowed: u64,
    /// Those lost on the line.
    pub lost: u64,
    /// Those that came late.
    pub late: u64,
    /// Those that were given a CE mark.
    pub marked: u64,
}

pub struct Path {
    shape: Shape,
    random: SmallRng,
    /// When the line has sent what is queued, in nanoseconds.
    idle_at: u64,
    under_way: BinaryHeap<Reverse<(Micros, u64, Packet)>>,
    number: u64,
    in_burst: bool,
    pub counts: Counts,
}

impl Path {
    pub fn new(shape: Shape, seed: u64) -> Self {
        Self {
            shape,
            random: SmallRng::seed_from_u64(seed),
            idle_at: 0,
            under_way: BinaryHeap::new(),
            number: 0,
            in_burst: false,
            counts: Counts::default(),
        }
    }

    /// Nanoseconds that the line needs for so many octets.
    fn span(&self, octets: usize) -> u64 {
        (octets as u64 * 8_000).checked_div(self.shape.rate_mbit).unwrap_or(0)
    }

    /// Octets in the queue, with what is left of the packet on the line.
    fn queued(&self, now: Micros) -> usize {
        let left = self.idle_at.saturating_sub(now * 1000);
        (left * self.shape.rate_mbit).div_ceil(8_000) as usize
    }

    /// Packets that a host may still send without being told to wait.
    pub fn room(&self, now: Micros) -> usize {
        match self.shape.full {
            Full::TailDrop => usize::MAX / 2,
            Full::BackPressure => self.shape.queue.saturating_sub(self.queued(now)) / MTU,
        }
    }

    /// When there is room for a packet again.
    pub fn room_at(&self, now: Micros) -> Micros {
        let wait = self.span((self.queued(now) + MTU).saturating_sub(self.shape.queue));
        now + wait.div_ceil(1000).max(1)
    }

    fn is_lost(&mut self) -> bool {
        let (loss, burst) = (self.shape.loss, self.shape.burst.max(1.0));
        if burst <= 1.0 {
            return self.random.random_bool(loss);
        }
        // Two states, after Gilbert: in the bad one everything is lost.
        let change = if self.in_burst { 1.0 / burst } else { loss / (burst * (1.0 - loss)).max(1e-9) };
        self.in_burst ^= self.random.random_bool(change.clamp(0.0, 1.0));
        self.in_burst
    }

    /// Takes a packet. Where hosts are told to wait, only what comes from another path can find the queue full.
    pub fn send(&mut self, now: Micros, mut packet: Packet) {
        let len = packet.octets.len();
        self.counts.packets += 1;
        self.counts.octets += len as u64;
        let queued = self.queued(now);
        let may_drop = self.shape.full == Full::TailDrop || packet.hop > 0;
        if may_drop && queued + len > self.shape.queue {
            self.counts.overflowed += 1;
            return;
        }
        if self.shape.mark.is_some_and(|mark| queued >= mark) && mark(&mut packet.octets) {
            self.counts.marked += 1;
        }
        self.idle_at = self.idle_at.max(now * 1000) + self.span(len);
        if self.is_lost() {
            self.counts.lost += 1;
            return;
        }
        let late = self.random.random_bool(self.shape.late);
        self.counts.late += u64::from(late);
        let more = if late { self.shape.late_by } else { 0 };
        let at = self.idle_at.div_ceil(1000) + self.shape.delay + more;
        self.number += 1;
        self.under_way.push(Reverse((at, self.number, packet)));
    }

    /// When the next packet arrives.
    pub fn next(&self) -> Option<Micros> {
        self.under_way.peek().map(|Reverse((at, ..))| *at)
    }

    /// A packet that has arrived.
    pub fn arrived(&mut self, now: Micros) -> Option<Packet> {
        self.next().filter(|at| *at <= now)?;
        self.under_way.pop().map(|Reverse((.., packet))| packet)
    }
}

/// Sets Congestion Experienced in an IPv4 packet whose sender knows ECN. Whether it does.
fn mark(packet: &mut [u8]) -> bool {
    let Some([version, class, rest @ ..]) = packet.first_chunk_mut::<20>() else { return false };
    if *version >> 4 != 4 || *class & 3 == 0 {
        return false;
    }
    let word = |class| u16::from_be_bytes([*version, class]);
    let (old, new) = (word(*class), word(*class | 3));
    let checksum = u16::from_be_bytes([rest[8], rest[9]]);
    [rest[8], rest[9]] = checksum::update(checksum, old, new).to_be_bytes();
    *class |= 3;
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    const FULL_SIZE: usize = 1500;

    fn packet(len: usize) -> Packet {
        Packet { flow: 0, side: 0, hop: 0, octets: vec![0; len] }
    }

    fn line(rate_mbit: u64, queue: usize) -> Shape {
        Shape { rate_mbit, queue, ..Shape::delay(25_000) }
    }

    /// Moments at which packets arrive.
    fn arrivals(path: &mut Path) -> Vec<Micros> {
        core::iter::from_fn(|| {
            let at = path.next()?;
            path.arrived(at).map(|_| at)
        })
        .collect()
    }

    #[test]
    fn a_line_sends_at_its_rate_and_no_faster() {
        // Mbit/s, octets a packet, packets, when the last arrives: octets × 8 / rate + 25 ms
        for (rate, len, count, last) in [
            (100, 1500, 1000, 145_000),
            (100, 40, 1000, 28_200),
            (7, 1500, 70, 145_000),
            (1000, 576, 1, 25_005),
        ] {
            let mut path = Path::new(line(rate, usize::MAX), 1);
            (0..count).for_each(|_| path.send(0, packet(len)));
            let arrivals = arrivals(&mut path);
            assert_eq!(
                (arrivals.len(), arrivals.last()),
                (count, Some(&last)),
                "{len} octets at {rate} Mbit/s"
            );
        }
    }

    #[test]
    fn a_line_that_was_idle_saves_nothing_up() {
        let mut path = Path::new(line(100, usize::MAX), 1);
        path.send(1_000_000, packet(FULL_SIZE));
        path.send(1_000_000, packet(FULL_SIZE));
        assert_eq!(arrivals(&mut path), [1_025_120, 1_025_240]);
    }

    #[test]
    fn a_queue_holds_what_is_stated_and_drops_the_rest() {
        // Bandwidth × delay of 100 Mbit/s and 50 ms are 625,000 octets: 416 whole packets.
        let mut path = Path::new(line(100, 625_000), 1);
        (0..1000).for_each(|_| path.send(0, packet(FULL_SIZE)));
        assert_eq!((path.counts.overflowed, path.counts.packets), (1000 - 416, 1000));
        // Ten packets later there is room for ten.
        (0..1000).for_each(|_| path.send(1200, packet(FULL_SIZE)));
        assert_eq!(path.counts.overflowed, 2000 - 426);
        assert_eq!(arrivals(&mut path).last(), Some(&(426 * 120 + 25_000)));
    }

    #[test]
    fn back_pressure_drops_nothing_and_has_the_same_room() {
        let shape = Shape { full: Full::BackPressure, ..line(100, 625_000) };
        let mut path = Path::new(shape, 1);
        assert_eq!(path.room(0), 416);
        (0..416).for_each(|_| path.send(0, packet(FULL_SIZE)));
        assert_eq!(path.room(0), 0);
        let again = path.room_at(0);
        assert_eq!((path.room(again - 1), path.room(again)), (0, 1));
        assert_eq!(path.counts.overflowed, 0);
    }

    #[test]
    fn what_is_lost_took_its_time_on_the_line() {
        let mut path = Path::new(Shape { loss: 1.0, ..line(100, usize::MAX) }, 1);
        (0..10).for_each(|_| path.send(0, packet(FULL_SIZE)));
        path.shape.loss = 0.0;
        path.send(0, packet(FULL_SIZE));
        assert_eq!((path.counts.lost, arrivals(&mut path)), (10, vec![11 * 120 + 25_000]));
    }

    #[test]
    fn loss_and_lateness_come_as_often_as_stated() {
        const COUNT: u64 = 200_000;
        for (loss, burst, late) in
            [(0.001, 1.0, 0.0), (0.01, 1.0, 0.05), (0.05, 1.0, 0.01), (0.01, 4.0, 0.0), (0.03, 3.0, 0.05)]
        {
            let mut path = Path::new(Shape { loss, burst, late, late_by: 5_000, ..Shape::delay(0) }, 7);
            let mut runs = 0;
            for _ in 0..COUNT {
                let (lost, was_in_burst) = (path.counts.lost, path.in_burst);
                path.send(0, packet(100));
                runs += u64::from(path.counts.lost > lost && !was_in_burst);
            }
            let lost = path.counts.lost as f64 / COUNT as f64;
            // Three standard deviations; those of bursts are wider.
            let spread = 3.0 * (2.0 * burst * loss / COUNT as f64).sqrt();
            assert!((lost - loss).abs() < spread, "{lost} of {loss} lost, in bursts of {burst}");
            let length = path.counts.lost as f64 / runs as f64;
            assert!(burst == 1.0 || (length / burst - 1.0).abs() < 0.1, "bursts of {length}, not {burst}");
            let late_share = path.counts.late as f64 / (COUNT - path.counts.lost) as f64;
            assert!(
                (late_share - late).abs() <= 3.0 * (late / COUNT as f64).sqrt(),
                "{late_share} of {late} late"
            );
        }
    }

    #[test]
    fn late_packets_are_overtaken() {
        let mut path = Path::new(Shape { late: 1.0, late_by: 5_000, ..line(100, usize::MAX) }, 1);
        path.send(0, Packet { flow: 1, ..packet(FULL_SIZE) });
        path.shape.late = 0.0;
        path.send(0, Packet { flow: 2, ..packet(FULL_SIZE) });
        let order: Vec<usize> =
            core::iter::from_fn(|| path.arrived(60_000)).map(|packet| packet.flow).collect();
        assert_eq!(order, [2, 1]);
    }

    #[test]
    fn marks_are_for_packets_that_know_ecn_and_keep_the_checksum_right() {
        use tersus_iface::wire::ipv4;
        let shape = Shape { mark: Some(3_000), ..line(100, usize::MAX) };
        for (class, marked) in [(0x00, 0), (0x01, 3), (0x02, 3), (0x03, 3), (0xb8, 0), (0xba, 3)] {
            let mut header = [0; 20];
            let mut path = Path::new(shape, 1);
            for _ in 0..5 {
                let mut packet = packet(FULL_SIZE);
                header = [0x45, class, 5, 220, 0, 0, 0x40, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2];
                let sum = checksum::Sum::new().add_bytes(&header).checksum();
                header[10..12].copy_from_slice(&sum.to_be_bytes());
                packet.octets[..20].copy_from_slice(&header);
                path.send(0, packet);
            }
            // The first two find less than two packets before them.
            assert_eq!(path.counts.marked, marked, "traffic class {class:#04x}");
            while let Some(packet) = path.arrived(1_000_000) {
                assert!(ipv4::Packet::parse(&packet.octets).is_ok());
                header.copy_from_slice(&packet.octets[..20]);
            }
            assert_eq!(header[1] & 3 == 3, marked > 0, "traffic class {class:#04x}");
        }
    }
}
