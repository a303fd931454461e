//! One flow: a sender that sends as much as its buffer takes, a receiver that reads at once and compares every octet.

use crate::host::{Counters, Host, Micros, Role, Settings, Shared};
use crate::subject::Subject;
use crate::tersus::Memory;

/// One moment of a flow.
#[derive(Debug, Clone, Copy)]
pub struct Sample {
    pub at: Micros,
    /// Octets delivered so far.
    pub delivered: u64,
    /// cwnd in octets, where the stack tells.
    pub cwnd: Option<u32>,
    /// SRTT, where the stack tells.
    pub srtt: Option<Micros>,
}

/// What became of a flow.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Octets delivered.
    pub delivered: u64,
    /// Megabits delivered per second, from the flow's start to the end.
    pub goodput_mbit: f64,
    /// Octets of IP packets that the sender sent, for each octet delivered.
    pub overhead: f64,
    /// Longest time without a delivered octet, in milliseconds, once the first had come.
    pub longest_stall_ms: f64,
    /// When the longest stall ended, in milliseconds of the run.
    pub stall_ended_ms: f64,
    /// What the sender counted.
    pub counters: Counters,
    pub trace: Vec<Sample>,
}

/// The memory of a flow's hosts.
pub struct Hosts([Option<Memory>; 2]);

impl Hosts {
    pub fn new(subject: Subject, settings: &Settings) -> Self {
        Self([subject.memory(settings), subject.memory(settings)])
    }
}

pub struct Flow<'a> {
    pub start: Micros,
    pub hosts: [Box<dyn Host + 'a>; 2],
    pub ports: [Shared; 2],
    /// When each host wants its next turn.
    pub due: [Micros; 2],
    /// Octets of IP packets that the sender sent.
    pub on_wire: u64,
    /// Octets that the sender's buffer took, and that arrived.
    sent: u64,
    delivered: u64,
    last_delivery: Option<Micros>,
    longest_stall: (Micros, Micros),
    trace: Vec<Sample>,
}

/// The stream repeats after so many octets.
const PERIOD: usize = 251;
/// Octets that are written or read at a time.
const CHUNK: usize = 64 * 1024;

/// What the applications of all flows use.
pub struct Streams {
    /// The start of the stream.
    stream: Vec<u8>,
    buffer: Vec<u8>,
}

impl Streams {
    pub fn new() -> Self {
        let stream = (0..PERIOD).cycle().take(PERIOD + CHUNK).map(|at| at as u8).collect();
        Self { stream, buffer: vec![0; CHUNK] }
    }
}

/// So many octets of the stream from a place on.
fn part(stream: &[u8], at: u64, len: usize) -> &[u8] {
    let phase = (at % PERIOD as u64) as usize;
    &stream[phase..phase + len]
}

impl<'a> Flow<'a> {
    pub fn new(subject: Subject, start: Micros, settings: &Settings, memory: &'a mut Hosts) -> Self {
        let ports = [Shared::default(), Shared::default()];
        let [sender, receiver] = &mut memory.0;
        let hosts = [
            subject.host(Role::Sender, ports[0].clone(), settings, sender.as_mut()),
            subject.host(Role::Receiver, ports[1].clone(), settings, receiver.as_mut()),
        ];
        Self {
            start,
            hosts,
            ports,
            due: [start; 2],
            on_wire: 0,
            sent: 0,
            delivered: 0,
            last_delivery: None,
            longest_stall: (0, 0),
            trace: Vec::new(),
        }
    }

    /// What the applications do. Whether they did anything.
    pub fn use_streams(&mut self, streams: &mut Streams, now: Micros) -> bool {
        let Streams { stream, buffer } = streams;
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
            let len = self.hosts[1].recv(buffer);
            if len == 0 {
                break did;
            }
            let is_right = buffer[..len] == *part(stream, self.delivered, len);
            assert!(is_right, "altered after octet {}", self.delivered);
            self.delivered += len as u64;
            let stall = now - self.last_delivery.unwrap_or(now);
            self.longest_stall = self.longest_stall.max((stall, now));
            self.last_delivery = Some(now);
            did = true;
        }
    }

    /// Notes how things stand.
    pub fn sample(&mut self, now: Micros) {
        let view = self.hosts[0].view();
        self.trace.push(Sample { at: now, delivered: self.delivered, cwnd: view.cwnd, srtt: view.srtt });
    }

    pub fn outcome(self, end: Micros) -> Outcome {
        let seconds = end.saturating_sub(self.start).max(1) as f64 / 1e6;
        let last = end.saturating_sub(self.last_delivery.unwrap_or(self.start));
        let (stall, ended) = self.longest_stall.max((last, end));
        Outcome {
            delivered: self.delivered,
            goodput_mbit: self.delivered as f64 * 8.0 / 1e6 / seconds,
            overhead: self.on_wire as f64 / self.delivered.max(1) as f64,
            longest_stall_ms: stall as f64 / 1e3,
            stall_ended_ms: ended as f64 / 1e3,
            counters: self.hosts[0].counters(),
            trace: self.trace,
        }
    }
}
