//! Flows over a shared bottleneck, in virtual time.
//!
//! ```text
//!   sender 0 ──┐                                  ┌── receiver 0
//!   sender 1 ──┼──▶ there: queue, rate, loss ──▶──┼── receiver 1
//!     …        │    back: delay alone             │     …
//! ```
//! A sender sends as much as its buffer takes, a receiver reads at once and compares every octet.

use crate::host::{Host, Micros, Role, Settings, Shared};
use crate::path::{Path, Shape};
use crate::Subject;

/// How often a trace is written.
const SAMPLE: Micros = 100_000;
/// A stack that wants a turn now, and does nothing in it, waits so long: it shall not stop the clock.
const PATIENCE: Micros = 50;

/// One moment of a flow.
#[derive(Debug, Clone, Copy, serde::Serialize)]
pub struct Sample {
    pub at_ms: u64,
    /// Octets delivered so far.
    pub delivered: u64,
    /// cwnd in octets, where the stack tells.
    pub cwnd: Option<u32>,
}

/// What became of a flow.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Outcome {
    /// Octets delivered.
    pub delivered: u64,
    /// Megabits delivered per second, from the flow's start to the end.
    pub goodput_mbit: f64,
    /// Octets of IP packets that the sender sent, for each octet delivered.
    pub overhead: f64,
    /// Longest time without a delivered octet, in milliseconds, once the first had come.
    pub longest_stall_ms: f64,
    #[serde(skip)]
    pub trace: Vec<Sample>,
}

struct Flow {
    start: Micros,
    hosts: [Box<dyn Host>; 2],
    ports: [Shared; 2],
    /// When each host wants its next turn.
    due: [Micros; 2],
    /// Octets that the sender's buffer took, and that arrived.
    sent: u64,
    delivered: u64,
    on_wire: u64,
    last_delivery: Option<Micros>,
    longest_stall: Micros,
    trace: Vec<Sample>,
}

/// The stream repeats after so many octets.
const PERIOD: usize = 251;
/// Octets that are written or read at a time.
const CHUNK: usize = 64 * 1024;

/// So many octets of the stream from a place on, out of `stream`, which starts at its start.
fn part(stream: &[u8], at: u64, len: usize) -> &[u8] {
    let phase = (at % PERIOD as u64) as usize;
    &stream[phase..phase + len]
}

impl Flow {
    fn new(subject: Subject, start: Micros, settings: &Settings) -> Self {
        let ports = [Shared::default(), Shared::default()];
        let hosts = [
            subject.host(Role::Sender, ports[0].clone(), settings),
            subject.host(Role::Receiver, ports[1].clone(), settings),
        ];
        Self {
            start,
            hosts,
            ports,
            due: [start; 2],
            sent: 0,
            delivered: 0,
            on_wire: 0,
            last_delivery: None,
            longest_stall: 0,
            trace: Vec::new(),
        }
    }

    /// What the applications do. Whether they did anything.
    fn use_streams(&mut self, stream: &[u8], now: Micros) -> bool {
        let mut buffer = [0; CHUNK];
        let mut did = false;
        loop {
            let taken = self.hosts[0].send(part(stream, self.sent, CHUNK));
            self.sent += taken as u64;
            did |= taken > 0;
            if taken < CHUNK {
                break;
            }
        }
        loop {
            let len = self.hosts[1].recv(&mut buffer);
            if len == 0 {
                break did;
            }
            let is_right = buffer[..len] == *part(stream, self.delivered, len);
            assert!(is_right, "altered after octet {}", self.delivered);
            self.delivered += len as u64;
            self.longest_stall = self.longest_stall.max(now - self.last_delivery.unwrap_or(now));
            self.last_delivery = Some(now);
            did = true;
        }
    }

    fn outcome(self, end: Micros) -> Outcome {
        let seconds = (end - self.start) as f64 / 1e6;
        let last = end - self.last_delivery.unwrap_or(self.start);
        Outcome {
            delivered: self.delivered,
            goodput_mbit: self.delivered as f64 * 8.0 / 1e6 / seconds,
            overhead: self.on_wire as f64 / self.delivered.max(1) as f64,
            longest_stall_ms: self.longest_stall.max(last) as f64 / 1e3,
            trace: self.trace,
        }
    }
}

/// Runs flows, each from its moment on, until `end`.
pub fn run(
    flows: &[(Subject, Micros)],
    there: Shape,
    back: Shape,
    settings: &Settings,
    end: Micros,
) -> Vec<Outcome> {
    let mut paths = [Path::new(there, settings.seed * 2), Path::new(back, settings.seed * 2 + 1)];
    let mut flows: Vec<Flow> = flows
        .iter()
        .zip(1..)
        .map(|((subject, start), number)| {
            Flow::new(*subject, *start, &Settings { seed: settings.seed * 100 + number, ..*settings })
        })
        .collect();
    let stream: Vec<u8> = (0..PERIOD).cycle().take(PERIOD + CHUNK).map(|at| at as u8).collect();
    let (mut now, mut sample, mut rounds) = (0, 0, 0);
    while now <= end {
        for (side, path) in paths.iter_mut().enumerate() {
            while let Some((flow, packet)) = path.arrived(now) {
                let flow = &mut flows[flow];
                flow.ports[1 - side].borrow_mut().inbox.push_back(packet);
                flow.due[1 - side] = now;
            }
        }
        // Who goes first fills a queue that pushes back: they take turns.
        let count = flows.len();
        for number in (0..count).map(|number| (number + rounds) % count) {
            turn(number, &mut flows[number], &mut paths, &stream, now);
        }
        rounds += 1;
        if now >= sample {
            sample = now + SAMPLE;
            for flow in flows.iter_mut().filter(|flow| flow.start <= now) {
                let cwnd = flow.hosts[0].window();
                flow.trace.push(Sample { at_ms: now / 1000, delivered: flow.delivered, cwnd });
            }
        }
        let arrivals = paths.iter().filter_map(Path::next);
        let turns = flows.iter().flat_map(|flow| flow.due);
        now = arrivals.chain(turns).min().unwrap_or(end + 1).max(now + 1);
    }
    flows.into_iter().map(|flow| flow.outcome(end)).collect()
}

/// Gives the hosts of a flow their turns, if any is due.
fn turn(number: usize, flow: &mut Flow, paths: &mut [Path; 2], stream: &[u8], now: Micros) {
    if flow.start > now || flow.due.iter().all(|due| *due > now) {
        return;
    }
    loop {
        for (side, path) in paths.iter_mut().enumerate() {
            if flow.due[side] > now {
                continue;
            }
            flow.ports[side].borrow_mut().room = path.room(now);
            flow.hosts[side].poll(now);
            let sent = core::mem::take(&mut flow.ports[side].borrow_mut().outbox);
            let progressed = !sent.is_empty();
            for packet in sent {
                if side == 0 {
                    flow.on_wire += packet.len() as u64;
                }
                path.send(now, number, packet);
            }
            let wanted = flow.hosts[side].poll_at(now).unwrap_or(Micros::MAX);
            let is_blocked = path.room(now) == 0;
            flow.due[side] = match wanted {
                _ if is_blocked => path.room_at(now),
                at if at > now => at,
                _ if progressed => now + 1,
                _ => now + PATIENCE,
            };
        }
        if !flow.use_streams(stream, now) {
            return;
        }
        // What was written may leave, and what was read may open the window.
        flow.due = [now; 2];
    }
}
