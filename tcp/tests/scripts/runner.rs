//! A runner for scripts: segments given, segments wanted, at milliseconds. Nothing leaves but what is listed.
//!
//! Scripts count our sequence numbers from 100 (the SYN's) and the peer's from 300, as if these were the ISS and the
//! IRS; each script runs at several real ones, those at which 32 bits wrap included. What any TCP has to do runs against
//! the small engine, too: `run_both`. There, steps call the methods of `Host`, not those of `Host::tcp`.
use core::net::{IpAddr, SocketAddr};
use core::time::Duration;
use std::collections::VecDeque;
use tersus_ip::fake::FakeIp;
use tersus_ip::{
    Addresses, Advice, ChecksumOffload, Deadline, IcmpError, Instant, InterfaceSet, IpMeta, OutFlags,
    Outgoing, Path, Progress, SendError, Transport, Verdict,
};
use tersus_tcp::congestion::{Congestion, Reno};
use tersus_tcp::small::SmallTcp;
use tersus_tcp::{
    Config, ConnectOptions, ConnectionId, Duties, Listener, ListenerId, Options, Outcome, Range, Record,
    RecvError, Slices, Slot, Stale, State, SynEntry, Tcp, TimeWait,
};
use tersus_wire::checksum::Sum;
use tersus_wire::tcp::{self, Checksum, Fields, Flags};
use tersus_wire::IpProtocol;

/// What scripts call the ISS and the IRS.
pub(crate) const ISS: u32 = 100;
pub(crate) const IRS: u32 = 300;
/// Ports of scripts.
pub(crate) const OUR_PORT: u16 = 80;
pub(crate) const PEER_PORT: u16 = 4000;

/// A segment, given or wanted. What is `None` is not compared, and has a usual value when given.
#[derive(Clone, Default)]
pub(crate) struct Seg {
    pub(crate) seq: u32,
    pub(crate) ack: Option<u32>,
    pub(crate) flags: Flags,
    pub(crate) data: Vec<u8>,
    pub(crate) window: Option<u16>,
    pub(crate) mss: Option<u16>,
    pub(crate) scale: Option<u8>,
    /// SACK-permitted; compared only if the script says so.
    pub(crate) permits: Option<bool>,
    /// SACK blocks, always compared: those given name our octets, those wanted the peer's.
    pub(crate) sack: Vec<(u32, u32)>,
    /// Timestamps: one of the peer's, and the millisecond of ours, whichever of them is echoed.
    pub(crate) ts: Option<(u32, u64)>,
    /// Wanted without timestamps.
    pub(crate) without_ts: bool,
    /// Raw option octets, given only.
    pub(crate) options: Vec<u8>,
    /// The Urgent Pointer; compared only if the script says so.
    pub(crate) urgent: Option<u16>,
    /// PSH is compared only if the script says so.
    pub(crate) psh: Option<bool>,
    /// Its packet was marked CE on the way; given only.
    pub(crate) ce: bool,
    /// `seq` is no number of the script's but a real one.
    pub(crate) absolute: bool,
}

/// As a person reads it: the text by its length and first octets.
impl core::fmt::Debug for Seg {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "<SEQ={}><CTL={:?}>", self.seq, self.flags)?;
        for (name, number) in [
            ("ACK", self.ack),
            ("WND", self.window.map(u32::from)),
            ("MSS", self.mss.map(u32::from)),
            ("shift", self.scale.map(u32::from)),
        ] {
            if let Some(number) = number {
                write!(f, "<{name}={number}>")?;
            }
        }
        if let Some((peers, ours)) = self.ts {
            write!(f, "<TS peer's {peers} ours of {ours} ms>")?;
        }
        if !self.sack.is_empty() {
            write!(f, "<SACK={:?}>", self.sack)?;
        }
        let first = &self.data[..self.data.len().min(8)];
        write!(f, " {} octets {first:?}", self.data.len())
    }
}

pub(crate) fn seg(seq: u32) -> Seg {
    Seg { seq, ..Seg::default() }
}
pub(crate) fn syn(seq: u32) -> Seg {
    Seg { seq, flags: Flags::SYN, ..Seg::default() }
}
pub(crate) fn fin(seq: u32) -> Seg {
    Seg { seq, flags: Flags::FIN, ..Seg::default() }
}
pub(crate) fn rst(seq: u32) -> Seg {
    Seg { seq, flags: Flags::RST, ..Seg::default() }
}

impl Seg {
    pub(crate) fn ack(mut self, ack: u32) -> Self {
        self.flags |= Flags::ACK;
        self.ack = Some(ack);
        self
    }
    pub(crate) fn data(mut self, data: &[u8]) -> Self {
        self.data = data.to_vec();
        self
    }
    pub(crate) fn len(self, len: usize) -> Self {
        let data: Vec<u8> = (0..len).map(|i| pattern(self.seq as usize + i)).collect();
        self.data(&data)
    }
    pub(crate) fn wnd(mut self, window: u16) -> Self {
        self.window = Some(window);
        self
    }
    pub(crate) fn mss(mut self, mss: u16) -> Self {
        self.mss = Some(mss);
        self
    }
    pub(crate) fn scale(mut self, shift: u8) -> Self {
        self.scale = Some(shift);
        self
    }
    pub(crate) fn permits(mut self, sack: bool) -> Self {
        self.permits = Some(sack);
        self
    }
    pub(crate) fn ts(mut self, peers: u32, our_ms: u64) -> Self {
        self.ts = Some((peers, our_ms));
        self
    }
    pub(crate) fn without_ts(mut self) -> Self {
        self.without_ts = true;
        self
    }
    pub(crate) fn sack(mut self, blocks: &[(u32, u32)]) -> Self {
        self.sack = blocks.to_vec();
        self
    }
    pub(crate) fn fin(mut self) -> Self {
        self.flags |= Flags::FIN;
        self
    }
    pub(crate) fn flag(mut self, flags: Flags) -> Self {
        self.flags |= flags;
        self
    }
    pub(crate) fn psh(mut self, psh: bool) -> Self {
        self.psh = Some(psh);
        self
    }
    pub(crate) fn urg(mut self, urgent: u16) -> Self {
        self.flags |= Flags::URG;
        self.urgent = Some(urgent);
        self
    }
    pub(crate) fn ce(mut self) -> Self {
        self.ce = true;
        self
    }
    pub(crate) fn absolute_seq(mut self) -> Self {
        self.absolute = true;
        self
    }
    pub(crate) fn options(mut self, options: &[u8]) -> Self {
        self.options = options.to_vec();
        self
    }
}

/// The octet of test data at a place of the stream.
pub(crate) fn pattern(at: usize) -> u8 {
    (at % 251) as u8
}

/// A step of a script.
pub(crate) enum Step {
    /// The peer sends this; then a poll.
    In(Seg),
    /// The peer sends these; then one poll.
    Burst(Vec<Seg>),
    /// This left at this moment.
    Out(Seg),
    /// So many segments left up to now, whatever they say.
    Left(usize),
    /// What left up to now is of no interest.
    Drain,
    /// The user, or the test, does something; then a poll.
    Call(fn(&mut Host)),
    /// The connection is in this state.
    Is(State),
}
pub(crate) use Step::{Burst, Call, Drain, In, Is, Left, Out};

/// What scripts start from.
#[derive(Clone)]
pub(crate) struct Setup {
    pub(crate) config: Config,
    pub(crate) options: Options,
    pub(crate) rx: usize,
    pub(crate) tx: usize,
    pub(crate) connections: usize,
    pub(crate) syns: usize,
    pub(crate) waits: usize,
    pub(crate) listeners: usize,
    pub(crate) records: usize,
    pub(crate) ranges: usize,
    pub(crate) backlog: u16,
    pub(crate) mtu: u16,
    pub(crate) ipv6: bool,
    pub(crate) checksum: ChecksumOffload,
    pub(crate) congestion: &'static dyn Congestion,
    pub(crate) duties: &'static Duties,
    /// The small engine plays.
    pub(crate) small: bool,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            config: Config::new(),
            options: Options::NONE,
            rx: 4096,
            tx: 8192,
            connections: 4,
            syns: 4,
            waits: 4,
            listeners: 2,
            records: 16,
            ranges: 8,
            backlog: 4,
            mtu: 1500,
            ipv6: false,
            checksum: ChecksumOffload::None,
            congestion: &Reno::DEFAULT,
            duties: &Duties::ALL,
            small: false,
        }
    }
}

/// Memory of an engine. It may serve one engine after the other: each finds it full of rubbish, where that is allowed.
#[derive(Default)]
pub(crate) struct Memory {
    slots: Vec<Slot>,
    rx: Vec<u8>,
    tx: Vec<u8>,
    words: Vec<u32>,
    cells: Vec<u32>,
    deadlines: Vec<Deadline>,
    links: Vec<u16>,
    syns: Vec<SynEntry>,
    syn_cells: Vec<u32>,
    syn_deadlines: Vec<Deadline>,
    syn_links: Vec<u16>,
    waits: Vec<TimeWait>,
    wait_cells: Vec<u32>,
    listeners: Vec<Listener>,
    records: Vec<Record>,
    ranges: Vec<Range>,
}

impl Memory {
    pub(crate) fn engine(&mut self, setup: &Setup, seed: u8) -> Tcp<'_> {
        let (n, m, w) = (setup.connections, setup.syns, setup.waits);
        let slices = Slices {
            slots: fresh(&mut self.slots, Slot::FREE, n),
            rx: fresh(&mut self.rx, 0xaa, setup.rx * n),
            tx: fresh(&mut self.tx, 0xaa, setup.tx * n),
            words: fresh(&mut self.words, 77, setup.congestion.words() * n),
            cells: fresh(&mut self.cells, 77, 2 * n),
            deadlines: fresh(&mut self.deadlines, Deadline::default(), n),
            links: fresh(&mut self.links, 77, 5 * n),
            syns: fresh(&mut self.syns, SynEntry::FREE, m),
            syn_cells: fresh(&mut self.syn_cells, 77, 2 * m),
            syn_deadlines: fresh(&mut self.syn_deadlines, Deadline::default(), m),
            syn_links: fresh(&mut self.syn_links, 77, 3 * m),
            waits: fresh(&mut self.waits, TimeWait::FREE, w),
            wait_cells: fresh(&mut self.wait_cells, 77, 2 * w),
            listeners: fresh(&mut self.listeners, Listener::FREE, setup.listeners),
            records: fresh(&mut self.records, Record::NONE, setup.records),
            ranges: fresh(&mut self.ranges, Range::NONE, setup.ranges),
        };
        let config = setup.config.clone();
        Tcp::from_slices_with_duties(slices, config, setup.duties, setup.congestion, [seed; 32])
    }
}

/// `n` of `value` in a vector, whatever was in it.
fn fresh<T: Clone>(memory: &mut Vec<T>, value: T, n: usize) -> &mut [T] {
    memory.clear();
    memory.resize(n, value);
    memory
}

/// An engine over leaked memory.
pub(crate) fn engine(setup: &Setup, seed: u8) -> Tcp<'static> {
    Box::leak(Box::<Memory>::default()).engine(setup, seed)
}

/// A small engine over leaked memory.
fn small_engine(setup: &Setup, seed: u8) -> SmallTcp<'static> {
    let n = setup.connections;
    SmallTcp::from_slices(
        vec![tersus_tcp::small::Connection::FREE; n].leak(),
        vec![0xaa; setup.rx * n].leak(),
        vec![0xaa; setup.tx * n].leak(),
        vec![77; setup.listeners].leak(),
        [seed; 32],
    )
}

/// Our host, with the fake IP layer below it.
pub(crate) struct Host {
    pub(crate) tcp: Tcp<'static>,
    small: Option<SmallTcp<'static>>,
    /// Our port of the connection: the small engine takes any when it connects.
    port: u16,
    pub(crate) now: Instant,
    pub(crate) start: Instant,
    pub(crate) listener: Option<ListenerId>,
    pub(crate) id: Option<ConnectionId>,
    pub(crate) setup: Setup,
    pub(crate) generation: u32,
    pub(crate) room: InterfaceSet,
    pub(crate) refusal: Option<SendError>,
    pub(crate) unroutable: Option<tersus_ip::Unreachable>,
    pub(crate) mtu: u16,
    pub(crate) budget: usize,
    pub(crate) progress: Progress,
    /// What left: when, and with absolute numbers.
    pub(crate) sent: VecDeque<(Instant, Fields, Vec<u8>, tcp::Options)>,
    pub(crate) outgoing: Vec<Outgoing>,
    /// Of what arrives.
    pub(crate) traffic_class: u8,
    pub(crate) polls: u32,
    /// What the IP layer was told of the path, and when.
    pub(crate) advice: Vec<(Instant, Advice)>,
    /// Octets that a script has sent so far.
    pub(crate) already: usize,
    /// The four reserved bits of what arrives.
    pub(crate) reserved: u8,
    iss: Option<u32>,
    irs: u32,
    /// TSvals of ours that scripts may have the peer echo: when they left.
    stamps: Vec<(u64, u32)>,
    stamps_of: (u16, u16),
    stamps_jump: bool,
    /// Segments may lack timestamps: those of another connection, say.
    pub(crate) stamps_are_free: bool,
    /// Whether our last SYN had timestamps, and the peer's.
    syns_with_ts: [bool; 2],
}

pub(crate) fn our_address(ipv6: bool) -> IpAddr {
    if ipv6 { "2001:db8::1" } else { "192.0.2.1" }.parse().unwrap()
}
pub(crate) fn peer_address(ipv6: bool) -> IpAddr {
    if ipv6 { "2001:db8::2" } else { "192.0.2.2" }.parse().unwrap()
}

fn octets_of(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    }
}

/// As a device does that completes checksums.
fn complete_checksum(pseudo: Sum, octets: &mut [u8]) {
    let pseudo = pseudo.add_u16(6).add_u16(octets.len() as u16).partial();
    assert_eq!(octets[16..18], pseudo.to_be_bytes(), "the sum of the pseudo-header");
    let checksum = Sum::new().add_bytes(octets).checksum();
    octets[16..18].copy_from_slice(&checksum.to_be_bytes());
}

impl Host {
    /// What a script calls the absolute number 0 while we have no ISS.
    pub(crate) const NO_ISS: u32 = ISS;

    pub(crate) fn new(setup: &Setup, seed: u8, start: Instant, irs: u32) -> Self {
        Self {
            tcp: engine(setup, seed),
            small: setup.small.then(|| small_engine(setup, seed)),
            port: OUR_PORT,
            now: start,
            start,
            listener: None,
            id: None,
            setup: setup.clone(),
            generation: 1,
            room: InterfaceSet::ALL,
            refusal: None,
            unroutable: None,
            mtu: setup.mtu,
            budget: 1000,
            progress: Progress::Idle,
            sent: VecDeque::new(),
            outgoing: Vec::new(),
            traffic_class: 0,
            polls: 0,
            advice: Vec::new(),
            already: 0,
            reserved: 0,
            iss: None,
            irs,
            stamps: Vec::new(),
            stamps_of: (0, 0),
            stamps_jump: false,
            stamps_are_free: false,
            syns_with_ts: [false; 2],
        }
    }

    pub(crate) fn id(&self) -> ConnectionId {
        self.id.expect("no connection yet")
    }

    pub(crate) fn remote(&self) -> SocketAddr {
        SocketAddr::new(peer_address(self.setup.ipv6), PEER_PORT)
    }

    pub(crate) fn with_ip<R>(&mut self, f: impl FnOnce(&mut Tcp<'static>, &mut FakeIp<'_>) -> R) -> R {
        self.with_either(|tcp, _, ip| f(tcp, ip))
    }

    fn with_either<R>(
        &mut self,
        f: impl FnOnce(&mut Tcp<'static>, Option<&mut SmallTcp<'static>>, &mut FakeIp<'_>) -> R,
    ) -> R {
        let mut buffer = vec![0; 70_000];
        let (now, sent, outgoing) = (self.now, &mut self.sent, &mut self.outgoing);
        let mut sink = |path: &Path, out: Outgoing, octets: &[u8]| {
            assert_eq!(out.protocol, IpProtocol::TCP);
            outgoing.push(out);
            let mut octets = octets.to_vec();
            if out.flags.contains(OutFlags::PARTIAL_CHECKSUM) {
                assert!(path.has_checksum_offload());
                complete_checksum(path.pseudo_sum(), &mut octets);
            }
            sent.push_back(dissect(now, path.pseudo_sum(), &octets));
        };
        let mut ip = FakeIp::new(&mut buffer, &mut sink);
        ip.now = now;
        ip.generation = self.generation;
        ip.room = self.room;
        ip.refusal = self.refusal;
        ip.unroutable = self.unroutable;
        ip.mtu = self.mtu;
        ip.checksum = self.setup.checksum;
        let result = f(&mut self.tcp, self.small.as_mut(), &mut ip);
        if let Some(advice) = ip.advice {
            self.advice.push((now, advice));
        }
        result
    }

    pub(crate) fn poll(&mut self) {
        self.polls += 1;
        let mut budget = self.budget;
        self.progress = self.with_either(|tcp, small, ip| match small {
            Some(small) => small.transmit(ip, &mut budget),
            None => tcp.transmit(ip, &mut budget),
        });
    }

    pub(crate) fn connect_with(
        &mut self,
        options: ConnectOptions,
    ) -> Result<ConnectionId, tersus_tcp::ConnectError> {
        let (now, remote) = (self.now, self.remote());
        self.with_either(|tcp, small, ip| match small {
            Some(small) => small.connect(ip, now, remote),
            None => tcp.connect(ip, now, remote, options),
        })
    }

    pub(crate) fn connect(&mut self) {
        let options =
            ConnectOptions { port: OUR_PORT, options: self.setup.options, ..ConnectOptions::default() };
        self.id = Some(self.connect_with(options).unwrap());
        // The SYN will tell.
        self.port = if self.small.is_some() { 0 } else { OUR_PORT };
    }

    pub(crate) fn listen(&mut self) {
        let (backlog, options) = (self.setup.backlog, self.setup.options);
        if let Some(small) = &mut self.small {
            return small.listen(OUR_PORT).unwrap();
        }
        self.listener = Some(self.tcp.listen_with(OUR_PORT.into(), backlog, options).unwrap());
    }

    pub(crate) fn accept(&mut self) {
        let accepted = match &mut self.small {
            Some(small) => small.accept(OUR_PORT),
            None => self.tcp.accept(self.listener.unwrap()),
        };
        self.id = Some(accepted.expect("nothing to accept"));
    }

    pub(crate) fn close(&mut self) {
        let id = self.id();
        self.small.as_mut().map_or_else(|| self.tcp.close(id), |small| small.close(id)).unwrap();
    }

    pub(crate) fn abort(&mut self) {
        let id = self.id();
        self.small.as_mut().map_or_else(|| self.tcp.abort(id), |small| small.abort(id)).unwrap();
    }

    pub(crate) fn release(&mut self) {
        let id = self.id();
        self.small.as_mut().map_or_else(|| self.tcp.release(id), |small| small.release(id)).unwrap();
    }

    pub(crate) fn state(&mut self) -> Result<State, Stale> {
        let id = self.id();
        self.small.as_mut().map_or_else(|| self.tcp.state(id), |small| small.state(id))
    }

    pub(crate) fn outcome(&mut self) -> Result<Option<Outcome>, Stale> {
        let id = self.id();
        self.small.as_mut().map_or_else(|| self.tcp.outcome(id), |small| small.outcome(id))
    }

    pub(crate) fn recv(&mut self, buffer: &mut [u8]) -> Result<usize, RecvError> {
        let id = self.id();
        match &mut self.small {
            Some(small) => small.recv(id, buffer),
            None => self.tcp.recv(id, buffer),
        }
    }

    pub(crate) fn try_send(&mut self, data: &[u8]) -> Result<usize, tersus_tcp::SendError> {
        let id = self.id();
        match &mut self.small {
            Some(small) => small.send(id, data),
            None => self.tcp.send(id, data),
        }
    }

    pub(crate) fn poll_at(&self) -> Option<Instant> {
        self.small.as_ref().map_or_else(|| self.tcp.poll_at(), |small| small.poll_at())
    }

    /// A segment with absolute numbers arrives.
    pub(crate) fn receive(&mut self, fields: &Fields, options: &[u8], payload: &[u8]) -> Verdict {
        let (ours, peer) = (our_address(self.setup.ipv6), peer_address(self.setup.ipv6));
        self.receive_between(peer, ours, fields, options, payload)
    }

    pub(crate) fn receive_between(
        &mut self,
        source: IpAddr,
        destination: IpAddr,
        fields: &Fields,
        options: &[u8],
        payload: &[u8],
    ) -> Verdict {
        let both: Vec<u8> = [octets_of(source), octets_of(destination)].concat();
        let sum = Sum::new().add_bytes(&both);
        let mut octets = vec![0; 20 + options.len() + payload.len()];
        tcp::emit(&mut octets, fields, options, [payload, &[]], Checksum::Full(sum)).unwrap();
        if self.reserved != 0 {
            octets[12] |= self.reserved;
            octets[16..18].fill(0);
            let sum = sum.add_u16(6).add_u16(octets.len() as u16).add_bytes(&octets);
            octets[16..18].copy_from_slice(&sum.checksum().to_be_bytes());
        }
        self.receive_octets(&both, &mut octets)
    }

    /// Any octets arrive, as a segment from the peer.
    pub(crate) fn receive_octets(&mut self, both: &[u8], octets: &mut [u8]) -> Verdict {
        let addresses = match both.len() {
            8 => Addresses::V4(both.try_into().unwrap()),
            _ => Addresses::V6(both.try_into().unwrap()),
        };
        let mut meta = IpMeta::new(self.now, IpProtocol::TCP, addresses);
        meta.traffic_class = self.traffic_class;
        let verdict = match &mut self.small {
            Some(small) => small.receive(&meta, octets),
            None => self.tcp.receive(&meta, octets),
        };
        if let Verdict::Reply(len) = verdict {
            self.sent.push_back(dissect(self.now, addresses.pseudo_sum(), &octets[..usize::from(len)]));
        }
        verdict
    }

    /// An ICMP error arrives that quotes a segment with this number of ours.
    pub(crate) fn icmp(&mut self, kind: tersus_ip::ErrorKind, seq: u32) -> tersus_ip::Quoted {
        let (local, remote) = (our_address(self.setup.ipv6), peer_address(self.setup.ipv6));
        let mut quoted = [0; 8];
        quoted[..2].copy_from_slice(&OUR_PORT.to_be_bytes());
        quoted[2..4].copy_from_slice(&PEER_PORT.to_be_bytes());
        quoted[4..].copy_from_slice(&self.ours(seq).to_be_bytes());
        let error =
            IcmpError { kind, reporter: remote, local, remote, protocol: IpProtocol::TCP, quoted: &quoted };
        let now = self.now;
        self.tcp.error(now, &error)
    }

    /// Our number of a script, absolute.
    pub(crate) fn ours(&self, seq: u32) -> u32 {
        self.iss.map_or(seq, |iss| iss.wrapping_add(seq.wrapping_sub(ISS)))
    }

    /// The peer's number of a script, absolute.
    pub(crate) fn peers(&self, seq: u32) -> u32 {
        self.irs.wrapping_add(seq.wrapping_sub(IRS))
    }

    /// A TSval of the peer's in a script, absolute: near the end of its numbers as often as sequence numbers are.
    pub(crate) fn peers_ts(&self, value: u32) -> u32 {
        self.irs.rotate_left(9).wrapping_add(value)
    }

    /// The TSval of ours that left at a millisecond, or last before.
    pub(crate) fn our_ts(&self, ms: u64) -> u32 {
        self.stamps.iter().rfind(|stamp| stamp.0 <= ms).expect("nothing left with timestamps until then").1
    }

    /// What follows is about another connection, whose script begins now.
    pub(crate) fn begin_anew(&mut self) {
        self.start = self.now;
        self.id = None;
        self.iss = None;
        self.already = 0;
        self.stamps.clear();
        self.syns_with_ts = [false; 2];
        self.sent.clear();
    }

    /// The clock is not compared with what left before.
    pub(crate) fn stamps_restart(&mut self) {
        let last = self.stamps.last().copied();
        self.stamps_jump = true;
        self.stamps = last.into_iter().collect();
    }

    /// Timestamps on what leaves: everywhere once both SYNs had them, else only on a SYN; and the clock is right.
    fn check_stamps(&mut self, ms: u64, fields: &Fields, sent: Option<tcp::Timestamps>) {
        let (flags, ports) = (fields.flags, (fields.src_port, fields.dst_port));
        if self.stamps_of != ports {
            // Each connection's clock has an offset of its own.
            self.stamps.clear();
            self.stamps_of = ports;
        }
        if flags.contains(Flags::SYN) {
            self.syns_with_ts[0] = sent.is_some();
        } else if !flags.contains(Flags::RST) && !self.stamps_are_free {
            assert_eq!(sent.is_some(), self.syns_with_ts == [true; 2], "timestamps at {ms} ms, {flags:?}");
        }
        let Some(sent) = sent.filter(|_| !flags.contains(Flags::RST)) else { return };
        if let (Some(&(then, value)), false) = (self.stamps.last(), core::mem::take(&mut self.stamps_jump)) {
            // Ticks of 2^15 µs.
            let ticks = ((ms - then) * 1_000) >> 15;
            let passed = u64::from(sent.value.wrapping_sub(value));
            assert!(passed.abs_diff(ticks) <= 1, "{passed} ticks in {} ms", ms - then);
        }
        self.stamps.push((ms, sent.value));
    }

    pub(crate) fn give(&mut self, seg: &Seg) {
        if seg.flags.contains(Flags::SYN) {
            self.syns_with_ts[1] = seg.ts.is_some();
        }
        let fields = Fields {
            src_port: PEER_PORT,
            dst_port: if self.port == 0 { OUR_PORT } else { self.port },
            seq: self.peers(seg.seq),
            ack: seg.ack.map_or(0, |ack| self.ours(ack)),
            flags: seg.flags,
            window: seg.window.unwrap_or(4096),
            urgent: seg.urgent.unwrap_or(0),
        };
        let mut area = [0; 40];
        let mut options = tcp::Options {
            mss: seg.mss,
            window_scale: seg.scale,
            sack_permitted: seg.permits == Some(true),
            timestamps: seg.ts.map(|(peers, ms)| tcp::Timestamps {
                value: self.peers_ts(peers),
                echo: if seg.ack.is_some() { self.our_ts(ms) } else { 0 },
            }),
            ..tcp::Options::default()
        };
        for &(left, right) in &seg.sack {
            let block = tcp::SackBlock { left: self.ours(left), right: self.ours(right) };
            options.sack.push(block).unwrap();
        }
        let len = options.emit(&mut area).unwrap();
        let options = [&area[..len], &seg.options].concat();
        self.traffic_class = if seg.ce { 3 } else { 0 };
        self.receive(&fields, &options, &seg.data);
        self.traffic_class = 0;
    }

    /// Polls at the moments that `poll_at` names, up to `until`, and then.
    pub(crate) fn advance(&mut self, until: Instant) {
        let mut polls = 0;
        while let Some(at) = self.poll_at() {
            if at > until {
                break;
            }
            self.now = self.now.max(at);
            self.poll();
            polls += 1;
            assert!(polls < 100_000, "poll_at names {at:?} again and again");
        }
        self.now = self.now.max(until);
        self.poll();
    }

    pub(crate) fn at(&self, ms: u64) -> Instant {
        self.start + Duration::from_millis(ms)
    }

    /// The next segment that left, in the script's numbers.
    pub(crate) fn take(&mut self) -> Option<(u64, Seg)> {
        let (at, fields, data, options) = self.sent.pop_front()?;
        if self.port == 0 && fields.flags.contains(Flags::SYN) {
            self.port = fields.src_port;
        }
        if self.iss.is_none() && fields.flags.contains(Flags::SYN) && fields.src_port == self.port {
            self.iss = Some(fields.seq);
        }
        let seq = match self.iss {
            Some(iss) => fields.seq.wrapping_sub(iss).wrapping_add(ISS),
            // An RST may carry a number that the peer named; without a number of its own it is 0.
            None => {
                if fields.seq == 0 {
                    ISS
                } else {
                    fields.seq
                }
            }
        };
        let ms = at.since(self.start).as_millis() as u64;
        self.check_stamps(ms, &fields, options.timestamps);
        let peers_ts = |echo: u32| if echo == 0 { 0 } else { echo.wrapping_sub(self.peers_ts(0)) };
        let peers = |block: &tcp::SackBlock| {
            let to_script = |seq: u32| seq.wrapping_sub(self.irs).wrapping_add(IRS);
            (to_script(block.left), to_script(block.right))
        };
        let seg = Seg {
            seq,
            ack: fields
                .flags
                .contains(Flags::ACK)
                .then(|| fields.ack.wrapping_sub(self.irs).wrapping_add(IRS)),
            flags: fields.flags,
            data,
            window: Some(fields.window),
            mss: options.mss,
            scale: options.window_scale,
            permits: Some(options.sack_permitted),
            sack: options.sack.as_slice().iter().map(peers).collect(),
            ts: options.timestamps.map(|ts| (peers_ts(ts.echo), ms)),
            without_ts: options.timestamps.is_none(),
            options: Vec::new(),
            urgent: Some(fields.urgent),
            psh: Some(fields.flags.contains(Flags::PSH)),
            ce: false,
            absolute: false,
        };
        Some((ms, seg))
    }

    pub(crate) fn assert_silence(&mut self, what: &str) {
        if let Some((at, seg)) = self.take() {
            panic!("{what}: unexpected at {at} ms: {seg:?}");
        }
    }

    fn expect(&mut self, what: &str, ms: u64, want: &Seg) {
        let Some((at, seg)) = self.take() else { panic!("{what}: nothing left, wanted {want:?}") };
        let flags = |seg: &Seg| seg.flags.difference(Flags::PSH);
        let same = at == ms
            && seg.seq
                == if want.absolute {
                    want.seq.wrapping_sub(self.ours(ISS)).wrapping_add(ISS)
                } else {
                    want.seq
                }
            && flags(&seg) == flags(want)
            && seg.ack == want.ack
            && seg.data == want.data
            && (want.window.is_none() || seg.window == want.window)
            && (want.mss.is_none() || seg.mss == want.mss)
            && (want.scale.is_none() || seg.scale == want.scale)
            && (want.permits.is_none() || seg.permits == want.permits)
            && seg.sack == want.sack
            && (want.urgent.is_none() || seg.urgent == want.urgent)
            && (want.ts.is_none() || seg.ts == want.ts)
            && (!want.without_ts || seg.without_ts)
            && (want.psh.is_none() || seg.psh == want.psh);
        assert!(same, "{what}: at {at} ms left\n{seg:?}, wanted at {ms} ms\n{want:?}");
    }

    pub(crate) fn send(&mut self, len: usize, at: u32) -> usize {
        let data: Vec<u8> = (0..len).map(|i| pattern(at as usize + i)).collect();
        self.try_send(&data).unwrap()
    }

    pub(crate) fn recv_all(&mut self) -> Vec<u8> {
        let mut all = Vec::new();
        let mut buffer = [0; 999];
        while let Ok(n @ 1..) = self.recv(&mut buffer) {
            all.extend_from_slice(&buffer[..n]);
        }
        all
    }

    pub(crate) fn counter(&self, name: &str) -> u32 {
        let statistics =
            self.small.as_ref().map_or_else(|| self.tcp.statistics(), |small| small.statistics());
        statistics.counters().iter().find(|c| c.0 == name).unwrap_or_else(|| panic!("{name}")).1
    }
}

/// What a segment on its way says; its checksum and options must be right.
fn dissect(now: Instant, sum: Sum, octets: &[u8]) -> (Instant, Fields, Vec<u8>, tcp::Options) {
    assert!(tcp::verify_checksum(octets, sum), "wrong checksum sent");
    let packet = tcp::Packet::parse(octets).unwrap();
    let header = packet.header();
    assert_eq!(header.reserved(), 0);
    let area = &octets[tcp::HEADER_LEN..octets.len() - packet.payload().len()];
    assert!(is_padded(area), "octets behind the end of the option list");
    let mut area = tcp::Options::default();
    for option in packet.options() {
        match option.unwrap() {
            tcp::TcpOption::Mss(mss) => area.mss = Some(mss),
            tcp::TcpOption::WindowScale(shift) => area.window_scale = Some(shift),
            tcp::TcpOption::SackPermitted => area.sack_permitted = true,
            tcp::TcpOption::Sack(blocks) => {
                blocks.iter().for_each(|block| area.sack.push(block).unwrap());
            }
            tcp::TcpOption::Timestamps(timestamps) => area.timestamps = Some(timestamps),
            tcp::TcpOption::Nop => {}
            other => panic!("option {other:?} sent"),
        }
    }
    let fields = Fields {
        src_port: header.src_port(),
        dst_port: header.dst_port(),
        seq: header.seq(),
        ack: header.ack(),
        flags: header.flags(),
        window: header.window(),
        urgent: header.urgent().unwrap_or(0),
    };
    if !fields.flags.contains(Flags::SYN) {
        let syn_options = (area.mss, area.window_scale, area.sack_permitted);
        assert_eq!(syn_options, (None, None, false), "SYN options without SYN");
    }
    (now, fields, packet.payload().to_vec(), area)
}

/// Whether an option area has zeros alone behind its end-of-list option, if it has one.
fn is_padded(mut area: &[u8]) -> bool {
    loop {
        match *area {
            [] => return true,
            [0, ref rest @ ..] => return rest.iter().all(|&octet| octet == 0),
            [1, ref rest @ ..] => area = rest,
            [_, len, ..] => area = &area[usize::from(len)..],
            [_] => return false,
        }
    }
}

/// Runs a script at several sequence numbers and in both families. `begin` makes the first moves.
pub(crate) fn run(setup: &Setup, begin: fn(&mut Host), steps: impl Fn() -> Vec<(u64, Step)>) {
    at_each_number(setup, begin, |host| play(host, steps()));
}

/// As [`run`], and the same against the small engine.
pub(crate) fn run_both(setup: &Setup, begin: fn(&mut Host), steps: impl Fn() -> Vec<(u64, Step)>) {
    run(setup, begin, &steps);
    run(&Setup { small: true, ..setup.clone() }, begin, steps);
}

/// Runs a script that names what is peculiar to a family, the one of `setup`.
pub(crate) fn run_in_family(setup: &Setup, begin: fn(&mut Host), steps: impl Fn() -> Vec<(u64, Step)>) {
    at_each_number_in_family(setup, begin, |host| play(host, steps()));
}

/// Does something with a host at several sequence numbers and in both families, after `begin` has made the first
/// moves.
pub(crate) fn at_each_number(setup: &Setup, begin: fn(&mut Host), then: impl Fn(&mut Host)) {
    let families = [(false, cfg!(feature = "ipv4")), (true, cfg!(feature = "ipv6"))];
    for (ipv6, _) in families.into_iter().filter(|(_, is_built)| *is_built) {
        // The longer header of IPv6 takes nothing from the segments: a script counts alike in both.
        let mtu = setup.mtu + if ipv6 { 20 } else { 0 };
        at_each_number_in_family(&Setup { ipv6, mtu, ..setup.clone() }, begin, &then);
    }
}

fn at_each_number_in_family(setup: &Setup, begin: fn(&mut Host), then: impl Fn(&mut Host)) {
    // The ISS of this engine and these endpoints at the start of time: a clock of 4 µs is added to it.
    let mut probe = Host::new(setup, 7, Instant::ZERO, 0);
    probe.connect();
    probe.poll();
    let (_, fields, ..) = probe.sent.pop_front().unwrap();
    let any = arbitrary();
    for (iss, irs) in [
        (0, 0xffff_ffff),
        (1, 0x7fff_ffff),
        (0x7fff_ffff, 0xffff_fffe),
        (0xffff_fffe, 0),
        // Text of a few hundred octets crosses the end of the number space.
        (0xffff_ff9b, 0xffff_ff00),
        (any, any.rotate_left(16)),
    ] {
        let ticks = u64::from(u32::wrapping_sub(iss, fields.seq));
        let start = Instant::from_micros(ticks * 4);
        let mut host = Host::new(setup, 7, start, irs);
        begin(&mut host);
        then(&mut host);
    }
}

/// A number like any other, another one in each test and the same in each run of it.
fn arbitrary() -> u32 {
    let thread = std::thread::current();
    let name = thread.name().unwrap_or_default();
    name.bytes().fold(0x811c_9dc5, |hash, octet| (hash ^ u32::from(octet)).wrapping_mul(0x0100_0193))
}

/// Plays the steps of a script.
pub(crate) fn play(host: &mut Host, steps: Vec<(u64, Step)>) {
    for (number, (ms, step)) in steps.into_iter().enumerate() {
        let what = format!("step {number}, ISS {:#x}, IRS {:#x}", host.ours(ISS), host.irs);
        host.advance(host.at(ms));
        if !matches!(step, Out(_) | Left(_) | Drain) {
            host.assert_silence(&what);
        }
        match step {
            In(seg) => {
                host.give(&seg);
                host.poll();
            }
            Burst(segs) => {
                segs.iter().for_each(|seg| host.give(seg));
                host.poll();
            }
            Out(seg) => host.expect(&what, ms, &seg),
            Left(count) => {
                assert_eq!(host.sent.len(), count, "{what}");
                while host.take().is_some() {}
            }
            Drain => while host.take().is_some() {},
            Call(f) => {
                f(host);
                host.poll();
            }
            Is(state) => assert_eq!(host.state().unwrap(), state, "{what}"),
        }
    }
    host.assert_silence("end");
}

/// A connection that `connect` opened, both SYNs without window scale, MSS 1460, peer's window 4096.
pub(crate) fn connected(host: &mut Host) {
    host.connect();
    play(
        host,
        vec![
            (0, Out(syn(ISS))),
            (0, In(syn(IRS).ack(ISS + 1).mss(1460))),
            (0, Out(seg(ISS + 1).ack(IRS + 1))),
            (0, Is(State::Established)),
        ],
    );
}

/// A connection that a listener accepted, likewise.
pub(crate) fn accepted(host: &mut Host) {
    host.listen();
    play(
        host,
        vec![
            (0, In(syn(IRS).mss(1460))),
            (0, Out(syn(ISS).ack(IRS + 1))),
            (0, In(seg(IRS + 1).ack(ISS + 1))),
            (0, Call(Host::accept)),
            (0, Is(State::Established)),
        ],
    );
}

/// As `connected`, with SACK.
pub(crate) fn connected_with_sack(host: &mut Host) {
    host.connect();
    play(
        host,
        vec![
            (0, Out(syn(ISS).permits(true))),
            (0, In(syn(IRS).ack(ISS + 1).mss(1460).permits(true))),
            (0, Out(seg(ISS + 1).ack(IRS + 1))),
        ],
    );
}

/// As `accepted`, with SACK.
pub(crate) fn accepted_with_sack(host: &mut Host) {
    host.listen();
    play(
        host,
        vec![
            (0, In(syn(IRS).mss(1460).permits(true))),
            (0, Out(syn(ISS).ack(IRS + 1).permits(true))),
            (0, In(seg(IRS + 1).ack(ISS + 1))),
            (0, Call(Host::accept)),
        ],
    );
}

/// As `connected`, with timestamps: the peer's stand at 1000.
pub(crate) fn connected_with_ts(host: &mut Host) {
    host.connect();
    play(
        host,
        vec![
            (0, Out(syn(ISS).ts(0, 0))),
            (0, In(syn(IRS).ack(ISS + 1).mss(1460).ts(1000, 0))),
            (0, Out(seg(ISS + 1).ack(IRS + 1).ts(1000, 0))),
        ],
    );
}

/// As `accepted`, with timestamps.
pub(crate) fn accepted_with_ts(host: &mut Host) {
    host.listen();
    play(
        host,
        vec![
            (0, In(syn(IRS).mss(1460).ts(1000, 0))),
            (0, Out(syn(ISS).ack(IRS + 1).ts(1000, 0))),
            (0, In(seg(IRS + 1).ack(ISS + 1).ts(1000, 0))),
            (0, Call(Host::accept)),
        ],
    );
}

pub(crate) fn listening(host: &mut Host) {
    host.listen();
}

pub(crate) fn nothing(_: &mut Host) {}
