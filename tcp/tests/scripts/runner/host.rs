//! Our host: an engine over the fake IP layer, and what its user does.

use super::dissect::{complete_checksum, dissect};
use super::memory::{engine, small_engine};
use super::{Setup, ISS, OUR_PORT, PEER_PORT};
use crate::runner::pattern;
use core::net::{IpAddr, SocketAddr};
use core::time::Duration;
use std::collections::VecDeque;
use tersus_ip::fake::FakeIp;
use tersus_ip::{
    Addresses, Advice, IcmpError, Instant, InterfaceSet, IpMeta, OutFlags, Outgoing, Path, Progress,
    SendError, Transport, Verdict,
};
use tersus_tcp::small::SmallTcp;
use tersus_tcp::{ConnectOptions, ConnectionId, Info, ListenerId, Outcome, RecvError, Stale, State, Tcp};
use tersus_wire::checksum::Sum;
use tersus_wire::tcp::{self, Checksum, Fields};
use tersus_wire::IpProtocol;

/// Our host, with the fake IP layer below it.
pub(crate) struct Host {
    pub(crate) tcp: Tcp<'static>,
    pub(crate) small: Option<SmallTcp<'static>>,
    /// Our port of the connection: the small engine takes any when it connects.
    pub(super) port: u16,
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
    pub(super) iss: Option<u32>,
    pub(super) irs: u32,
    /// TSvals of ours that scripts may have the peer echo: when they left.
    pub(super) stamps: Vec<(u64, u32)>,
    pub(super) stamps_of: (u16, u16),
    pub(super) stamps_jump: bool,
    /// Segments may lack timestamps: those of another connection, say.
    pub(crate) stamps_are_free: bool,
    /// Whether our last SYN had timestamps, and the peer's.
    pub(super) syns_with_ts: [bool; 2],
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

    pub(crate) fn send_room(&mut self) -> usize {
        let id = self.id();
        let room = match &mut self.small {
            Some(small) => small.send_room(id),
            None => self.tcp.send_room(id),
        };
        room.expect("a connection")
    }

    /// What the engine tells of its connection; the small one tells nothing.
    pub(crate) fn info(&mut self) -> Option<Info> {
        if self.small.is_some() {
            return None;
        }
        let id = self.id();
        Some(self.tcp.info(id).expect("a connection"))
    }

    pub(crate) fn counter(&self, name: &str) -> u32 {
        let statistics =
            self.small.as_ref().map_or_else(|| self.tcp.statistics(), |small| small.statistics());
        statistics.counters().iter().find(|c| c.0 == name).unwrap_or_else(|| panic!("{name}")).1
    }
}
