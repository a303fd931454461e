//! A host at one end of a flow, whatever stack it runs.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

/// A moment or a span of virtual time, in microseconds.
pub type Micros = u64;

/// Largest IP packet, in octets.
pub const MTU: usize = 1500;
/// The port that receivers listen at.
pub const PORT: u16 = 5001;

/// What lies between a host and its path: packets in both directions.
#[derive(Default)]
pub struct Port {
    /// Arrived, not yet taken in.
    pub inbox: VecDeque<Vec<u8>>,
    /// Sent, not yet on the path.
    pub outbox: VecDeque<Vec<u8>>,
    /// Packets that the path takes before it is full.
    pub room: usize,
}

/// A port that the host's device and the network share.
pub type Shared = Rc<RefCell<Port>>;

/// What a host is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Connects, and sends as much as its buffer takes.
    Sender,
    /// Listens, and reads at once.
    Receiver,
}

/// How far a stack goes to repair losses, where that can be chosen: each as the one before, and more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum Repair {
    /// Three duplicate acknowledgements, RFC 6582.
    NewReno,
    /// SACK and PRR, RFC 6675 and RFC 6937.
    Sack,
    /// RACK-TLP, RFC 8985.
    Rack,
    /// Reductions that were not needed are taken back.
    Undo,
}

/// Which stacks send timestamps, RFC 7323. Goodput is comparable where all pay for them or none does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Timestamps {
    /// All.
    All,
    /// None.
    None,
    /// Those that do by default: tersus does, smoltcp does not.
    Default,
}

/// Memory and timers of a host's connection.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// How losses are repaired.
    pub repair: Repair,
    /// Who offers and accepts timestamps.
    pub timestamps: Timestamps,
    /// Send and receive buffer, in octets.
    pub buffer: usize,
    /// Floor of the retransmission timeout, in milliseconds, where the stack lets it be chosen.
    pub rto_min_ms: u64,
    /// Send records and out-of-order ranges, where the stack lets their number be chosen.
    pub records: usize,
    /// Whether the sender asks for ECN, where the stack knows it.
    pub asks_for_ecn: bool,
    /// Seeds the host.
    pub seed: u64,
    /// From when to when what happens to the sender's connection is printed, where the stack tells.
    pub watch: Option<(Micros, Micros)>,
}

/// What a stack tells of its connection.
#[derive(Debug, Clone, Copy, Default)]
pub struct View {
    /// cwnd in octets.
    pub cwnd: Option<u32>,
    /// SRTT.
    pub srtt: Option<Micros>,
}

/// Counters by name.
pub type Counters = BTreeMap<&'static str, u32>;

/// A stack with one connection.
pub trait Host {
    /// One turn at `now`.
    fn poll(&mut self, now: Micros);

    /// When time alone makes the next turn worthwhile.
    fn poll_at(&mut self, now: Micros) -> Option<Micros>;

    /// Queues what fits of `data`, once the connection is established.
    fn send(&mut self, data: &[u8]) -> usize;

    /// Reads what was received in order; 0: nothing.
    fn recv(&mut self, buffer: &mut [u8]) -> usize;

    /// What can be seen of the connection from outside.
    fn view(&mut self) -> View;

    /// What was counted and is not zero.
    fn counters(&self) -> Counters;
}
