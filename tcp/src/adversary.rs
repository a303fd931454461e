//! A peer that sends what no peer should, to an engine whose every variable it knows: SACK blocks and duplicates of any
//! shape, ACKs in pieces or ahead of time, windows that close and shrink, paths that narrow, timestamps that are missing,
//! clocks that jump. Nothing breaks the rules of `flaws`, no entry of a pool is lost, and what leaves is what was queued.
//! A peer that behaves from then on, but has forgotten all it reported, gets the rest soon.

#![expect(clippy::cast_possible_truncation, reason = "the numbers of these tests are small")]

extern crate std;

use crate::congestion::{Bbr, Congestion, Cubic, Reno, Unlimited};
use crate::seq::SeqNum;
use crate::state::State;
use crate::storage::Slices;
use crate::{Config, ConnectOptions, ConnectionId, Duties, Range, Record, Slot, Tcp};
use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use core::time::Duration;
use std::collections::BTreeMap;
use std::vec;
use std::vec::Vec;
use tersus_ip::fake::FakeIp;
use tersus_ip::{
    Addresses, Advice, Deadline, Fill, Instant, InterfaceId, InterfaceSet, IpLayer, IpMeta, Membership,
    Outgoing, Path, Random, Routes, SendError, Source, Transport, Unreachable,
};
use tersus_wire::checksum::Sum;
use tersus_wire::tcp::{self, Checksum, Fields, Flags as Control, SackBlock, Timestamps};
use tersus_wire::IpProtocol;

const CONNECTIONS: usize = 3;
const MSS: u32 = 1_000;
const PEER: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 2);
const BOTH: [u8; 8] = [192, 0, 2, 2, 192, 0, 2, 1];

static DUTIES: [Duties; 5] = [
    Duties::ALL,
    Duties::ALL,
    Duties::NONE.with_sack(),
    Duties::NONE.with_sack().with_undo().with_timestamps(),
    Duties::NONE,
];

/// A path of this MTU, which senders learn of by its refusals.
struct Narrow<'a>(FakeIp<'a>, u16);

impl Routes for Narrow<'_> {
    fn route(&self, from: Source, to: IpAddr) -> Result<Path, Unreachable> {
        self.0.route(from, to)
    }
    fn generation(&self) -> u32 {
        self.0.generation()
    }
    fn groups(&self, interface: InterfaceId) -> &[Membership] {
        self.0.groups(interface)
    }
    fn group_generation(&self) -> u32 {
        self.0.group_generation()
    }
    fn interface_count(&self) -> u8 {
        1
    }
}

impl IpLayer for Narrow<'_> {
    fn now(&self) -> Instant {
        self.0.now()
    }
    fn send(
        &mut self,
        path: &mut Path,
        out: Outgoing,
        len: usize,
        fill: &mut dyn Fill,
    ) -> Result<(), SendError> {
        if len + 20 > usize::from(self.1) {
            *path = Path::new(path.source(), path.destination(), path.interface(), self.1).unwrap();
            return Err(SendError::TooBig(self.1));
        }
        self.0.send(path, out, len, fill)
    }
    fn room(&self) -> InterfaceSet {
        self.0.room()
    }
    fn advise(&mut self, _: &Path, _: Advice) {}
}

/// The octet at a place of a stream.
fn octet(at: u32) -> u8 {
    u8::try_from(at % 251).unwrap()
}

/// A connection, as its peer sees it.
struct Victim {
    id: ConnectionId,
    peer_port: u16,
    has_timestamps: bool,
    iss: SeqNum,
    /// What its user has queued.
    queued: u32,
    is_closed: bool,
    /// Up to there an honest peer has it.
    got: SeqNum,
}

struct World<'m> {
    tcp: Tcp<'m>,
    now: Instant,
    mtu: u16,
    random: Random,
    seed: u64,
    /// Of a thousand choices so many are wild ones.
    wildness: u32,
    sent: Vec<(Fields, Vec<u8>, tcp::Options)>,
}

impl World<'_> {
    fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.random.below(choices.len() as u32) as usize]
    }

    fn is_wild(&mut self) -> bool {
        self.random.below(1_000) < self.wildness
    }

    fn receive(&mut self, fields: &Fields, options: &tcp::Options, payload: &[u8]) {
        let mut area = [0; 40];
        let len = options.emit(&mut area).unwrap_or(0);
        let mut octets = vec![0; 20 + len + payload.len()];
        let sum = Sum::new().add_bytes(&BOTH);
        tcp::emit(&mut octets, fields, &area[..len], [payload, &[]], Checksum::Full(sum)).unwrap();
        let mut meta = IpMeta::new(self.now, IpProtocol::TCP, Addresses::V4(&BOTH));
        meta.traffic_class = self.of(&[0, 0, 0, 3]);
        let _ = self.tcp.receive(&meta, &mut octets);
        self.check("a segment");
    }

    fn poll(&mut self, budget: usize) {
        let mut buffer = vec![0; 2_000];
        let sent = &mut self.sent;
        let mut sink = |_: &Path, _: Outgoing, octets: &[u8]| {
            let packet = tcp::Packet::parse(octets).unwrap();
            let area = &octets[tcp::HEADER_LEN..octets.len() - packet.payload().len()];
            let header = packet.header();
            let fields = Fields {
                src_port: header.src_port(),
                dst_port: header.dst_port(),
                seq: header.seq(),
                ack: header.ack(),
                flags: header.flags(),
                window: header.window(),
                urgent: 0,
            };
            sent.push((fields, packet.payload().to_vec(), tcp::Options::parse(area).unwrap()));
        };
        let mut ip = Narrow(FakeIp::new(&mut buffer, &mut sink), self.mtu);
        ip.0.now = self.now;
        self.tcp.transmit(&mut ip, &mut { budget });
        self.check("a turn");
    }

    /// No entry of a pool is held twice, or by nobody.
    fn check(&self, what: &str) {
        let records = self.tcp.slots.iter().map(|slot| slot.records.entries()).sum::<usize>();
        let ranges = self.tcp.slots.iter().map(|slot| usize::from(slot.ranges.count())).sum::<usize>();
        let shared = &self.tcp.shared;
        assert_eq!(shared.records.flaw(records), None, "seed {}: records after {what}", self.seed);
        assert_eq!(shared.ranges.flaw(ranges), None, "seed {}: ranges after {what}", self.seed);
    }

    fn connect(&mut self, number: u16) -> Victim {
        let peer_port = 4_000 + number;
        let mut buffer = [0; 0];
        let mut sink = |_: &Path, _: Outgoing, _: &[u8]| {};
        let ip = FakeIp::new(&mut buffer, &mut sink);
        let remote = SocketAddr::new(PEER.into(), peer_port);
        let options = ConnectOptions { port: 80, ..ConnectOptions::default() };
        let id = self.tcp.connect(&ip, self.now, remote, options).unwrap();
        self.poll(100);
        let (syn, _, offer) = self.sent.pop().unwrap();
        let has_timestamps = offer.timestamps.is_some() && self.random.below(2) == 0;
        let irs = self.of(&[0, 5, 0x7fff_fff0, 0xffff_ff00, 0xffff_ffff]);
        let fields = Fields {
            src_port: peer_port,
            dst_port: 80,
            seq: irs,
            ack: syn.seq.wrapping_add(1),
            flags: Control::SYN | Control::ACK,
            window: 65_535,
            urgent: 0,
        };
        let options = tcp::Options {
            mss: Some(1_000),
            sack_permitted: self.random.below(8) > 0,
            window_scale: (self.random.below(2) == 0).then_some(2),
            timestamps: has_timestamps
                .then_some(Timestamps { value: 1, echo: offer.timestamps.map_or(0, |ts| ts.value) }),
            ..tcp::Options::default()
        };
        self.receive(&fields, &options, &[]);
        assert_eq!(self.tcp.state(id), Ok(State::Established));
        let iss = SeqNum(syn.seq);
        Victim { id, peer_port, has_timestamps, iss, queued: 0, is_closed: false, got: iss + 1 }
    }

    /// What leaves of a victim is what was queued, at its place.
    fn look_at_what_left(&mut self, victims: &mut [Victim]) {
        for (fields, payload, _) in self.sent.drain(..) {
            let victim = victims.iter_mut().find(|victim| victim.peer_port == fields.dst_port).unwrap();
            let seq = SeqNum(fields.seq);
            let first = seq.distance(victim.iss + 1);
            for (at, is) in (0u32..).zip(&payload) {
                assert_eq!(*is, octet(first.wrapping_add(at)), "seed {}: octet {first} + {at}", self.seed);
            }
            let end = seq + (payload.len() as u32 + u32::from(fields.flags.contains(Control::FIN)));
            if seq.le(victim.got) && end.gt(victim.got) {
                victim.got = end;
            }
        }
    }

    fn user(&mut self, victim: &mut Victim) {
        match self.random.below(40) {
            0 if self.random.below(10) == 0 && self.tcp.state(victim.id) == Ok(State::Established) => {
                self.tcp.close(victim.id).unwrap();
                victim.is_closed = true;
            }
            1..=5 => drop(self.tcp.recv(victim.id, &mut [0; 3_000])),
            _ if !victim.is_closed => {
                let len = self.of(&[1, 10, 1_000, 5_000, 20_000]);
                let data: Vec<u8> = (0..len).map(|at| octet(victim.queued + at)).collect();
                victim.queued += self.tcp.send(victim.id, &data).map_or(0, |taken| taken as u32);
            }
            _ => {}
        }
    }

    /// A number near one that matters.
    fn near(&mut self, slot: &Slot) -> SeqNum {
        let (una, flight) = (slot.snd_una, slot.flight_size());
        let anchor = match self.random.below(8) {
            0 => una,
            1 => slot.snd_nxt(),
            2 => slot.recover,
            3 => una - slot.max_snd_wnd,
            4 => SeqNum(self.random.next_u32()),
            5 => una + self.random.below(flight.saturating_add(1)),
            _ => una + self.random.below(flight / MSS + 1) * MSS,
        };
        let offset = self.of(&[0, 0, 0, 0, 1, u32::MAX, MSS, 0u32.wrapping_sub(MSS), 1 << 31, 1 << 30]);
        anchor + offset
    }

    /// A segment that should not be.
    fn attack(&mut self, victim: &mut Victim) {
        let slot = self.tcp.slots[usize::from(victim.id.index)];
        let (una, flight) = (slot.snd_una, slot.flight_size());
        let ack = match (self.is_wild(), self.random.below(10)) {
            (true, 0..=2) => self.near(&slot),
            (true, 3..=5) => una - self.random.below(5_000),
            (true, 6) => una + self.random.below(flight.saturating_add(1)).min(3),
            (_, 0..=6) => una,
            _ => una + (self.random.below(flight / MSS + 1) * MSS).min(flight),
        };
        let mut options = tcp::Options::default();
        for _ in 0..self.random.below(5) {
            let (left, right) = match self.is_wild() {
                true => (self.near(&slot), self.near(&slot)),
                // A true one, but whether it was told before nobody cares.
                _ => {
                    let left = self.random.below(flight / MSS + 1) * MSS;
                    let len = (1 + self.random.below(3)) * MSS;
                    (una + left.min(flight), una + (left + len).min(flight))
                }
            };
            let _ = options.sack.push(SackBlock { left: left.0, right: right.0 });
        }
        if victim.has_timestamps && (!self.is_wild() || self.random.below(3) > 0) {
            let wild = self.of(&[2, u32::MAX, 1 << 31]);
            let value = slot.ts_recent.wrapping_add(if self.is_wild() { wild } else { self.random.below(2) });
            let now = self.tcp.shared.clock.ticks(self.now).wrapping_add(slot.ts_offset);
            let echo =
                if self.is_wild() { self.random.next_u32() } else { now.wrapping_sub(self.random.below(4)) };
            options.timestamps = Some(Timestamps { value, echo });
        }
        let any = self.of(&[65_535, 20_000, 5_000, 1_500, 999, 1, 0]);
        let window = if self.is_wild() { any } else { 65_535 };
        let len = if self.is_wild() { self.of(&[1, 100, 1_000]) } else { 0 };
        let seq = match self.random.below(6) {
            _ if !self.is_wild() => slot.rcv_nxt,
            0 => slot.rcv_nxt + self.random.below(8) * 100,
            1 => slot.rcv_nxt - 100,
            2 => slot.rcv_edge - 50,
            _ => slot.rcv_nxt,
        };
        let mut flags = Control::ACK;
        flags.set(Control::PSH, self.random.below(2) == 0);
        if self.is_wild() {
            flags.set(Control::URG, self.random.below(10) == 0);
            flags.set(Control::ECE, self.random.below(10) == 0);
            flags.set(Control::FIN, self.random.below(300) == 0);
        }
        let fields = Fields {
            src_port: victim.peer_port,
            dst_port: 80,
            seq: seq.0,
            ack: ack.0,
            flags,
            window,
            urgent: 50,
        };
        for _ in 0..self.of(&[1, 1, 1, 3]) {
            self.receive(&fields, &options, &vec![7; len]);
        }
    }

    fn time_passes(&mut self) {
        let at = self.tcp.poll_at();
        let is_wild = self.is_wild();
        self.now = match (self.random.below(12), at) {
            _ if !is_wild => self.now + Duration::from_micros(self.of(&[0u64, 1, 1_000, 30_000])),
            (0..=4, Some(at)) => self.now.max(at),
            (5, _) => self.now + Duration::from_secs(self.of(&[1, 60, 2_000, 5_000])),
            (6, _) => Instant::from_micros(self.now.micros().saturating_sub(self.of(&[1_000, 1_000_000]))),
            _ => self.now + Duration::from_micros(self.of(&[0u64, 1, 1_000, 30_000])),
        };
    }

    /// The peer behaves: it acknowledges what it has got, all else it has forgotten. Everything arrives.
    fn make_peace(&mut self, victims: &mut [Victim]) {
        for victim in victims.iter_mut() {
            let slot = &mut self.tcp.slots[usize::from(victim.id.index)];
            victim.got = slot.snd_una;
            // As if it had sent nothing beyond what has arrived, which was to bring its window.
            slot.snd_wl1 = slot.rcv_nxt;
        }
        self.mtu = 1_500;
        self.sent.clear();
        let end = self.now + Duration::from_secs(1_000);
        loop {
            self.now = self.tcp.poll_at().map_or(end, |at| self.now.max(at)) + Duration::from_millis(1);
            self.poll(1_000);
            let before: Vec<SeqNum> = victims.iter().map(|victim| victim.got).collect();
            let has_sent: Vec<u16> = self.sent.iter().map(|sent| sent.0.dst_port).collect();
            self.look_at_what_left(victims);
            self.now += Duration::from_millis(20);
            let mut is_done = true;
            for (victim, before) in victims.iter().zip(before) {
                let slot = self.tcp.slots[usize::from(victim.id.index)];
                if !slot.state.is_live() {
                    continue;
                }
                is_done &= !slot.has_unsent() && slot.flight_size() == 0;
                if has_sent.contains(&victim.peer_port) || before != victim.got {
                    let fields = Fields {
                        src_port: victim.peer_port,
                        dst_port: 80,
                        seq: slot.rcv_nxt.0,
                        ack: victim.got.0,
                        flags: Control::ACK,
                        window: 65_535,
                        urgent: 0,
                    };
                    let timestamps = Timestamps { value: slot.ts_recent, echo: 0 };
                    let timestamps = victim.has_timestamps.then_some(timestamps);
                    self.receive(&fields, &tcp::Options { timestamps, ..tcp::Options::default() }, &[]);
                }
            }
            if is_done {
                return;
            }
            assert!(self.now < end, "seed {}: {:?} {:#?}", self.seed, self.tcp.statistics(), self.tcp.slots);
        }
    }
}

/// Plays a world; its counters.
fn play(seed: u64) -> impl Iterator<Item = (&'static str, u32)> {
    let mut key = [3; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    let mut random = Random::new(key);
    let congestion: &dyn Congestion = match random.below(6) {
        0 => &Unlimited,
        1 => &Cubic::DEFAULT,
        2 => &Bbr::DEFAULT,
        3 => &Cubic::PACED,
        _ => &Reno::DEFAULT,
    };
    let records = [0, 1, 2, 5, 16, 60, 200][random.below(7) as usize];
    let ranges = [0, 1, 3, 40][random.below(4) as usize];
    let duties = &DUTIES[random.below(5) as usize];
    let (n, tx) = (CONNECTIONS, 40_000);
    let (mut slots, mut rx, mut tx) = (vec![Slot::FREE; n], vec![0; 3_000 * n], vec![0; tx * n]);
    let (mut words, mut cells) = (vec![0; congestion.words() * n], vec![0; 2 * n]);
    let (mut deadlines, mut links) = (vec![Deadline::NONE; n], vec![0; 5 * n]);
    let mut records = vec![Record::NONE; records];
    let mut ranges = vec![Range::NONE; ranges];
    let slices = Slices {
        slots: &mut slots,
        rx: &mut rx,
        tx: &mut tx,
        words: &mut words,
        cells: &mut cells,
        deadlines: &mut deadlines,
        links: &mut links,
        records: &mut records,
        ranges: &mut ranges,
        ..Slices::default()
    };
    let mut config = Config::new();
    config.rto_max = Duration::from_secs(1);
    config.rto_min = Duration::from_millis([200, 1_000][random.below(2) as usize]);
    // It is to live through silence and jumps of the clock.
    config.r2 = Duration::from_secs(1_000_000);
    let tcp = Tcp::from_slices_with_duties(slices, config, duties, congestion, [1; 32]);
    // Our numbers begin anywhere: a clock counts them.
    let now = Instant::from_micros(u64::from(random.next_u32()) * 4);
    let wildness = [10, 50, 200, 700][random.below(4) as usize];
    let mut world = World { tcp, now, mtu: 1_500, random, seed, wildness, sent: Vec::new() };
    let mut victims: Vec<Victim> = (0..CONNECTIONS as u16).map(|number| world.connect(number)).collect();
    for _ in 0..400 {
        let number = world.random.below(CONNECTIONS as u32) as usize;
        if world.random.below(3) == 0 {
            world.user(&mut victims[number]);
        } else {
            world.attack(&mut victims[number]);
        }
        if world.random.below(2) == 0 {
            world.time_passes();
        }
        if world.random.below(60) == 0 {
            world.mtu = world.of(&[1_500, 1_500, 1_000, 600, 577]);
        }
        let budget = world.of(&[1_000, 1_000, 1_000, 1]);
        world.poll(budget);
        world.look_at_what_left(&mut victims);
    }
    world.make_peace(&mut victims);
    world.tcp.statistics().counters().into_iter()
}

#[test]
fn whatever_a_peer_does_the_rules_hold_and_the_rest_arrives_when_it_behaves() {
    let asked = |name: &str, usual: u64| std::env::var(name).map_or(usual, |text| text.parse().unwrap());
    let first = asked("TERSUS_SEED", 0);
    let mut totals = BTreeMap::new();
    for (name, count) in (first..first + asked("TERSUS_TCP_SEEDS", 200)).flat_map(play) {
        *totals.entry(name).or_insert(0) += u64::from(count);
    }
    // Each of the repairs was met.
    for name in ["fast_retransmits", "timeouts", "loss_probes", "undone", "dsacks", "probes", "paced"] {
        assert!(totals[name] > 0, "{name}: {totals:?}");
    }
}
