//! One direction of a path: a queue in front of a line of some rate, then a delay, on which packets are lost and
//! overtaken.
//!
//! ```text
//!   hosts ──▶ | queue, bounded | ──▶ line, rate ──▶ loss ──▶ delay (some packets longer) ──▶ hosts
//! ```

use crate::host::{Micros, MTU};
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// What happens to a packet that finds the queue full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum, serde::Serialize)]
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
    /// Octets that the queue holds.
    pub queue: usize,
    pub full: Full,
    /// Packets that do not arrive, as a fraction.
    pub loss: f64,
    /// How many are lost in a row, on average; 1: each by itself.
    pub burst: f64,
    /// Packets that arrive later than those behind them, as a fraction, and by how much.
    pub reordering: f64,
    pub reordering_delay: Micros,
}

/// A packet under way, by arrival.
type Arrival = Reverse<(Micros, u64, usize, Vec<u8>)>;

pub struct Path {
    shape: Shape,
    random: SmallRng,
    /// When the line has sent what is queued, in nanoseconds.
    idle_at: u64,
    under_way: BinaryHeap<Arrival>,
    number: u64,
    in_burst: bool,
    /// Packets that found the queue full.
    pub overflowed: u64,
    /// Packets lost on the line.
    pub lost: u64,
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
            overflowed: 0,
            lost: 0,
        }
    }

    /// Nanoseconds that the line needs for so many octets.
    fn span(&self, octets: usize) -> u64 {
        (octets as u64 * 8_000).checked_div(self.shape.rate_mbit).unwrap_or(0)
    }

    /// Octets in the queue.
    fn queued(&self, now: Micros) -> usize {
        let left = self.idle_at.saturating_sub(now * 1000);
        (left * self.shape.rate_mbit / 8_000) as usize
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

    /// A host of `flow` sends a packet.
    pub fn send(&mut self, now: Micros, flow: usize, packet: Vec<u8>) {
        if self.shape.full == Full::TailDrop && self.queued(now) + packet.len() > self.shape.queue {
            self.overflowed += 1;
            return;
        }
        self.idle_at = self.idle_at.max(now * 1000) + self.span(packet.len());
        if self.is_lost() {
            self.lost += 1;
            return;
        }
        let late = self.random.random_bool(self.shape.reordering);
        let more = if late { self.shape.reordering_delay } else { 0 };
        let at = self.idle_at.div_ceil(1000) + self.shape.delay + more;
        self.number += 1;
        self.under_way.push(Reverse((at, self.number, flow, packet)));
    }

    /// When the next packet arrives.
    pub fn next(&self) -> Option<Micros> {
        self.under_way.peek().map(|Reverse((at, ..))| *at)
    }

    /// A packet that has arrived, and its flow.
    pub fn arrived(&mut self, now: Micros) -> Option<(usize, Vec<u8>)> {
        self.next().filter(|at| *at <= now)?;
        self.under_way.pop().map(|Reverse((_, _, flow, packet))| (flow, packet))
    }
}
