//! The scenarios: what two hosts do to each other while the meter runs. Each is one function over [`Host`], the same
//! octet for octet and call for call for every stack.

mod bulk;
mod connection;
mod datagrams;
mod idle;
mod payload;
mod ping_pong;

use crate::audit;
use crate::host::{Class, Host, Micros, Needs, Timestamps};
use crate::link::{link, Checksums, End, LinkOptions};
use crate::meter::{Meter, Mode};

/// A scenario and its parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scenario {
    /// One connection sends as fast as it can.
    Bulk { mtu: usize, checksums: Checksums, buffer: usize, idle: usize, timestamps: Timestamps },
    /// One octet there, one octet back, two polls an end.
    PingPong { idle: usize, timestamps: Timestamps },
    /// A poll that finds nothing to do.
    IdlePoll { established: usize },
    /// Asking when to poll next.
    PollAt { established: usize },
    /// Connect, accept, one octet each way, close.
    Connection { listeners: usize, timestamps: Timestamps },
    /// Datagrams one way, in batches.
    Datagrams { len: usize },
}

/// What the measured region did.
#[derive(Debug, Clone, Copy, Default, serde::Serialize, serde::Deserialize)]
pub struct Work {
    /// Frames sent by either end.
    pub frames: u64,
    /// Frames that carried data, or datagrams.
    pub data_frames: u64,
    /// Octets that the application received.
    pub octets: u64,
    /// Round trips, polls, connections: what the scenario counts, if not frames.
    pub rounds: u64,
}

impl Scenario {
    /// Runs it. Panics if anything does not arrive as it was sent.
    pub fn run<H: Host>(self, meter: &mut Meter) -> Work {
        match self {
            Self::Bulk { mtu, checksums, buffer, idle, timestamps } => {
                let needs = Needs { bulk: 1, bulk_buffer: buffer, small: idle, timestamps, ..Needs::NONE };
                bulk::run::<H>(meter, mtu, checksums, &needs)
            }
            Self::PingPong { idle, timestamps } => ping_pong::run::<H>(meter, idle, timestamps),
            Self::IdlePoll { established } => idle::poll::<H>(meter, established),
            Self::PollAt { established } => idle::poll_at::<H>(meter, established),
            Self::Connection { listeners, timestamps } => connection::run::<H>(meter, listeners, timestamps),
            Self::Datagrams { len } => datagrams::run::<H>(meter, len),
        }
    }
}

/// Two hosts on a link, and the time.
struct Pair<H> {
    /// Connects and sends.
    a: H,
    /// Listens and receives; holds the idle connections.
    b: H,
    ends: [End; 2],
    now: Micros,
}

/// Port of the connection that is measured, and of the idle ones.
const PORT: u16 = 7;
const IDLE_PORT: u16 = 9;
/// Idle connections opened at a time.
const BATCH: usize = 16;
/// Virtual time between two steps.
const STEP: Micros = 50;

impl<H: Host> Pair<H> {
    fn new(meter: &Meter, options: LinkOptions, needs: &Needs) -> Self {
        let ends = link(options);
        if meter.mode() == Mode::Verify {
            for end in &ends {
                end.audit(match options.checksums {
                    Checksums::Software => audit::frame,
                    Checksums::Offloaded => audit::frame_without_checksums,
                });
            }
        }
        let [left, right] = ends.clone();
        let mut pair = Self { a: H::new(left, 1, needs), b: H::new(right, 2, needs), ends, now: 1_000_000 };
        // A stack may look at its link in the first poll, and announce its addresses.
        pair.settle();
        pair
    }

    /// A pair at MTU 1500 with checksums, and `idle` connections established at `b` whose other ends are forgotten.
    fn plain(meter: &Meter, needs: &Needs, idle: usize) -> Self {
        let options = LinkOptions { mtu: 1500, frames: 256, checksums: Checksums::Software };
        let listeners = needs.listeners + usize::from(idle > 0);
        let needs = Needs { small: needs.small + idle, listeners, ..*needs };
        let mut pair = Self::new(meter, options, &needs);
        pair.establish_idle(idle);
        pair
    }

    fn step(&mut self) {
        self.a.poll(self.now);
        self.b.poll(self.now);
        self.now += STEP;
    }

    /// Both ends keep quiet from here on: addresses are resolved, acknowledgements sent.
    fn settle(&mut self) {
        let mut sent = u64::MAX;
        while sent != self.frames() {
            sent = self.frames();
            for _ in 0..4 {
                self.step();
                self.now += 100_000;
            }
        }
    }

    /// Opens `count` connections in batches, a listener for all, and forgets their ends at `a`.
    fn establish_idle(&mut self, count: usize) {
        if count == 0 {
            return;
        }
        let mut established = 0;
        self.b.listen(IDLE_PORT, Class::Small, count);
        while established < count {
            let goal = count.min(established + BATCH);
            for number in established..goal {
                self.a.connect(self.now, 10_000 + number as u16, IDLE_PORT, Class::Small);
            }
            let mut steps = 0;
            while established < goal {
                self.step();
                while self.b.accept(IDLE_PORT).is_some() {
                    established += 1;
                }
                steps += 1;
                assert!(steps < 1000, "{established} of {count} connections were established");
            }
        }
        self.step();
        self.a.restart();
        self.settle();
    }

    /// Opens the connection to measure: both of its ends.
    fn open(&mut self, class: Class) -> (H::Connection, H::Connection) {
        self.b.listen(PORT, class, 1);
        let client = self.a.connect(self.now, 50_000, PORT, class);
        for _ in 0..1000 {
            self.step();
            if let Some(server) = self.b.accept(PORT) {
                assert!(self.a.is_established(client));
                self.settle();
                return (client, server);
            }
        }
        panic!("no connection was established");
    }

    /// Frames sent by either end so far.
    fn frames(&self) -> u64 {
        self.ends.iter().map(End::sent).sum()
    }
}
