//! A link that keeps what is sent, a transport that keeps what it gets, and a host made of both.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::collections::VecDeque;
use tersus_ip::{
    Addresses, Cast, ChecksumOffload, Config, IcmpError, InFlags, Instant, InterfaceId, Ip, IpLayer, IpMeta,
    OutFlags, Outgoing, Path, Progress, Quoted, Routes, RxChecksum, RxMeta, SendError, Source, Storage,
    Transport, Transports, Verdict,
};
use tersus_phy::{
    Fill, Frame, LinkControl, LinkError, LinkEvents, LinkLayer, LinkPacket, LinkProperties, LinkState,
    LinkTx, Medium, TxChecksum, Unsupported, Upper,
};
use tersus_wire::{arp, icmpv6, ipv4, ipv6, ndisc, Cidr, EtherType, HardwareAddress, IpProtocol};

pub(crate) const US: HardwareAddress = HardwareAddress::ethernet([2, 0, 0, 0, 0, 1]);
pub(crate) const PEER: HardwareAddress = HardwareAddress::ethernet([2, 0, 0, 0, 0, 2]);

pub(crate) fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

pub(crate) fn v4(text: &str) -> Ipv4Addr {
    text.parse().unwrap()
}

pub(crate) fn v6(text: &str) -> Ipv6Addr {
    text.parse().unwrap()
}

pub(crate) fn cidr(text: &str) -> Cidr {
    text.parse().unwrap()
}

pub(crate) fn ms(ms: u64) -> Instant {
    Instant::from_millis(ms)
}

/// The `n`th station beside us and the peer.
pub(crate) fn station(n: u32) -> HardwareAddress {
    let [a, b, c, d] = n.to_be_bytes();
    HardwareAddress::ethernet([6, 0, a, b, c, d])
}

/// A frame that was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sent {
    pub(crate) to: HardwareAddress,
    pub(crate) protocol: EtherType,
    pub(crate) octets: Vec<u8>,
    /// What the link was asked to do.
    pub(crate) checksum: TxChecksum,
}

impl Sent {
    pub(crate) fn v4(&self) -> ipv4::Packet<'_> {
        assert_eq!(self.protocol, EtherType::IPV4);
        ipv4::Packet::parse(&self.octets).unwrap()
    }

    pub(crate) fn v6(&self) -> ipv6::Packet<'_> {
        assert_eq!(self.protocol, EtherType::IPV6);
        ipv6::Packet::parse(&self.octets).unwrap()
    }

    pub(crate) fn arp(&self) -> arp::Repr {
        assert_eq!(self.protocol, EtherType::ARP);
        arp::Repr::parse(&arp::Packet::parse(&self.octets).unwrap())
    }

    /// What the frame is, in a word or two.
    pub(crate) fn kind(&self) -> String {
        match self.protocol {
            EtherType::ARP => {
                let packet = self.arp();
                if packet.sender_protocol == packet.target_protocol {
                    format!("announce {}", packet.sender_protocol)
                } else {
                    format!("{:?} {}", packet.operation, packet.target_protocol)
                }
            }
            EtherType::IPV4 => {
                let packet = self.v4();
                let protocol = packet.header().protocol();
                match (protocol, packet.payload()) {
                    (IpProtocol::ICMPV4, [kind, code, ..]) => format!("icmp {kind}/{code}"),
                    _ => format!("{protocol} {}", packet.payload().len()),
                }
            }
            _ => {
                let packet = self.v6();
                let protocol = packet.header().next_header();
                match (protocol, packet.payload()) {
                    (IpProtocol::ICMPV6, [kind, code, ..]) => format!("icmp {kind}/{code}"),
                    _ => format!("{protocol} {}", packet.payload().len()),
                }
            }
        }
    }
}

/// A frame that arrives.
#[derive(Debug, Clone)]
pub(crate) struct Arriving {
    pub(crate) from: HardwareAddress,
    pub(crate) cast: Cast,
    pub(crate) protocol: EtherType,
    pub(crate) octets: Vec<u8>,
}

/// A link that keeps what is sent.
pub(crate) struct FakeLink {
    pub(crate) properties: LinkProperties,
    pub(crate) arriving: VecDeque<Arriving>,
    pub(crate) sent: Vec<Sent>,
    /// Frames that the transmitter still takes.
    pub(crate) room: usize,
    pub(crate) events: LinkEvents,
    /// What the device says of checksums of frames that arrive.
    pub(crate) rx_checksum: RxChecksum,
    /// Group addresses that were joined.
    pub(crate) groups: Vec<HardwareAddress>,
    pub(crate) controls: usize,
}

impl FakeLink {
    pub(crate) fn new(properties: LinkProperties) -> Self {
        Self {
            properties,
            arriving: VecDeque::new(),
            sent: Vec::new(),
            room: usize::MAX,
            events: LinkEvents::empty(),
            rx_checksum: RxChecksum::Unknown,
            groups: Vec::new(),
            controls: 0,
        }
    }

    pub(crate) fn ethernet() -> Self {
        Self::new(LinkProperties::new(Medium::Ethernet, US, 1500))
    }

    pub(crate) fn raw_ip() -> Self {
        Self::new(LinkProperties::new(Medium::Ip, HardwareAddress::NONE, 1500))
    }

    pub(crate) fn loopback() -> Self {
        let mut properties = LinkProperties::new(Medium::Ip, HardwareAddress::NONE, 65_535);
        properties.is_loopback = true;
        Self::new(properties)
    }

    pub(crate) fn set_state(&mut self, state: LinkState) {
        self.properties.link_state = state;
        self.events |= LinkEvents::CHANGED;
    }

    pub(crate) fn take_sent(&mut self) -> Vec<Sent> {
        core::mem::take(&mut self.sent)
    }
}

impl LinkTx for FakeLink {
    fn send(
        &mut self,
        to: &HardwareAddress,
        packet: &LinkPacket,
        fill: &mut dyn Fill,
    ) -> Result<(), LinkError> {
        if packet.len > self.properties.mtu {
            return Err(LinkError::TooBig);
        }
        let is_offered = self.properties.checksum == ChecksumOffload::Partial;
        assert!(is_offered || packet.checksum == TxChecksum::Full, "checksums were not offered");
        self.room = self.room.checked_sub(1).ok_or(LinkError::Full)?;
        let mut octets = vec![0xcc; usize::from(packet.len)];
        fill.fill(&mut octets);
        if self.properties.is_loopback {
            let from = HardwareAddress::NONE;
            let cast = Cast::Unicast;
            self.arriving.push_back(Arriving {
                from,
                cast,
                protocol: packet.protocol,
                octets: octets.clone(),
            });
        }
        self.sent.push(Sent { to: *to, protocol: packet.protocol, octets, checksum: packet.checksum });
        Ok(())
    }
}

impl LinkLayer for FakeLink {
    fn tx(&mut self, _now: Instant) -> &mut dyn LinkTx {
        self
    }

    fn properties(&self) -> LinkProperties {
        self.properties
    }

    fn service(&mut self, _now: Instant) -> LinkEvents {
        let mut events = core::mem::take(&mut self.events);
        events.set(LinkEvents::ROOM, self.room > 0);
        events
    }

    fn receive(&mut self, _now: Instant, budget: usize, upper: &mut dyn Upper) -> usize {
        let mut count = 0;
        while count < budget {
            let Some(mut frame) = self.arriving.pop_front() else { break };
            count += 1;
            let mut meta = RxMeta::default();
            meta.checksum = self.rx_checksum;
            upper.receive(
                &mut Frame {
                    from: frame.from,
                    cast: frame.cast,
                    protocol: frame.protocol,
                    meta,
                    payload: &mut frame.octets,
                },
                self,
            );
        }
        count
    }

    fn control(&mut self, command: LinkControl<'_>) -> Result<(), Unsupported> {
        self.controls += 1;
        match command {
            LinkControl::Join(group) => {
                assert!(!self.groups.contains(group), "asked once per address");
                self.groups.push(*group);
            }
            LinkControl::Leave(group) => {
                let before = self.groups.len();
                self.groups.retain(|other| other != group);
                assert_eq!(self.groups.len() + 1, before, "left what was joined");
            }
            _ => return Err(Unsupported),
        }
        Ok(())
    }

    fn poll_at(&self) -> Option<Instant> {
        None
    }
}

/// A packet that a transport got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Got {
    pub(crate) interface: InterfaceId,
    pub(crate) source: IpAddr,
    pub(crate) destination: IpAddr,
    pub(crate) cast: Cast,
    pub(crate) protocol: IpProtocol,
    pub(crate) hop_limit: u8,
    pub(crate) traffic_class: u8,
    pub(crate) flags: InFlags,
    pub(crate) reply_from: Option<IpAddr>,
    pub(crate) checksum: RxChecksum,
    pub(crate) segment: Vec<u8>,
}

/// A packet that a transport wants to send.
#[derive(Debug, Clone)]
pub(crate) struct ToSend {
    pub(crate) path: Path,
    pub(crate) packet: Outgoing,
    pub(crate) octets: Vec<u8>,
    /// What `send` said last.
    pub(crate) result: Option<Result<(), SendError>>,
    parked_at: Option<u32>,
}

/// A transport that takes UDP, keeps what it gets, and answers as told.
pub(crate) struct Recorder {
    pub(crate) verdict: Verdict,
    /// What it knows of what an ICMP error quotes.
    pub(crate) quoted: Quoted,
    pub(crate) protocols: Vec<IpProtocol>,
    pub(crate) got: Vec<Got>,
    pub(crate) errors: Vec<(String, IpAddr, IpAddr, Vec<u8>)>,
    pub(crate) sending: Vec<ToSend>,
}

impl Recorder {
    pub(crate) fn new() -> Self {
        Self {
            verdict: Verdict::Done,
            quoted: Quoted::Known,
            protocols: vec![IpProtocol::UDP],
            got: Vec::new(),
            errors: Vec::new(),
            sending: Vec::new(),
        }
    }

    /// Sends `len` octets along a path, in the next turn that can.
    pub(crate) fn queue(&mut self, path: Path, packet: Outgoing, len: usize) {
        let octets = (0..len).map(|i| u8::try_from(i % 251).unwrap()).collect();
        self.sending.push(ToSend { path, packet, octets, result: None, parked_at: None });
    }
}

impl Transport for Recorder {
    fn receive(&mut self, packet: &IpMeta<'_>, segment: &mut [u8]) -> Verdict {
        if !self.protocols.contains(&packet.protocol) {
            return Verdict::NotMine;
        }
        let expected = if matches!(packet.addresses, Addresses::V4(_)) { 8 } else { 32 };
        assert_eq!(packet.addresses.as_bytes().len(), expected);
        self.got.push(Got {
            interface: packet.interface,
            source: packet.addresses.source(),
            destination: packet.addresses.destination(),
            cast: packet.cast,
            protocol: packet.protocol,
            hop_limit: packet.hop_limit,
            traffic_class: packet.traffic_class,
            flags: packet.flags,
            reply_from: packet.reply_from,
            checksum: packet.rx.checksum,
            segment: segment.to_vec(),
        });
        if let Verdict::Reply(_) = self.verdict {
            segment.reverse();
        }
        self.verdict
    }

    fn error(&mut self, _now: Instant, error: &IcmpError<'_>) -> Quoted {
        self.errors.push((format!("{:?}", error.kind), error.local, error.remote, error.quoted.to_vec()));
        self.quoted
    }

    fn transmit(&mut self, ip: &mut dyn IpLayer, budget: &mut usize) -> Progress {
        let mut blocked = tersus_ip::InterfaceSet::NONE;
        for job in &mut self.sending {
            if job.parked_at == Some(ip.generation()) || matches!(job.result, Some(Ok(()))) {
                continue;
            }
            if !ip.room().contains(job.path.interface()) {
                blocked.insert(job.path.interface());
                continue;
            }
            *budget = budget.saturating_sub(1);
            let octets = &job.octets;
            let result = ip.send(&mut job.path, job.packet, octets.len(), &mut |buffer: &mut [u8]| {
                buffer.copy_from_slice(octets);
            });
            job.parked_at = (result == Err(SendError::Resolving)).then(|| ip.generation());
            if result == Err(SendError::Full) {
                blocked.insert(job.path.interface());
            }
            job.result = Some(result);
        }
        self.sending.retain(|job| {
            !matches!(job.result, Some(Ok(()) | Err(SendError::Unreachable(_) | SendError::TooBig(_))))
                || job.packet.hop_limit == KEEP
        });
        if blocked.is_empty() {
            Progress::Idle
        } else {
            Progress::Blocked(blocked)
        }
    }

    fn poll_at(&self) -> Option<Instant> {
        None
    }
}

/// Hop Limit of packets that stay in the recorder after they were sent or refused, for a look at the result.
pub(crate) const KEEP: u8 = 77;

pub(crate) type Large = Storage<4, 16, 8, 64, 8, 4, 9000, 8>;

/// A host with links and a transport.
pub(crate) struct Host {
    pub(crate) ip: Ip<'static>,
    pub(crate) links: Vec<FakeLink>,
    pub(crate) transport: Recorder,
    pub(crate) now: Instant,
}

impl Host {
    pub(crate) fn with_config(links: Vec<FakeLink>, config: Config) -> Self {
        Self::seeded(links, config, [7; 32])
    }

    pub(crate) fn seeded(links: Vec<FakeLink>, config: Config, seed: [u8; 32]) -> Self {
        let storage: &'static mut Large = Box::leak(Box::new(Storage::new()));
        Self {
            ip: Ip::new(storage, seed, config),
            links,
            transport: Recorder::new(),
            now: Instant::from_millis(1000),
        }
    }

    pub(crate) fn new(links: Vec<FakeLink>) -> Self {
        Self::with_config(links, Config::default())
    }

    /// One Ethernet link, 192.0.2.1/24, 2001:db8::1/64 and fe80::1/64, all announced.
    pub(crate) fn ethernet() -> Self {
        let mut host = Self::new(vec![FakeLink::ethernet()]);
        for address in ["192.0.2.1/24", "2001:db8::1/64", "fe80::1/64"] {
            host.ip.add_address(InterfaceId(0), cidr(address)).unwrap();
        }
        host.settle();
        host
    }

    /// Lets announcements pass.
    pub(crate) fn settle(&mut self) {
        for _ in 0..4 {
            self.at(self.now.millis() + 1000);
        }
        for link in &mut self.links {
            link.sent.clear();
        }
        while self.ip.next_event().is_some() {}
    }

    /// One turn.
    pub(crate) fn turn(&mut self) {
        let now = self.now;
        let mut links: Vec<&mut FakeLink> = self.links.iter_mut().collect();
        self.ip.service(now, &mut links);
        let mut transports = (&mut self.transport,);
        for (index, link) in links.iter_mut().enumerate() {
            let id = InterfaceId(u8::try_from(index).unwrap());
            self.ip.receive(now, id, &mut **link, 1000, &mut transports);
        }
        let mut budget = 1000;
        transports.transmit(&mut self.ip.out(now, &mut links), &mut budget, 0);
        self.ip.maintain(now, &mut links);
    }

    /// One turn at `ms`; what it sent on the first link.
    pub(crate) fn at(&mut self, ms: u64) -> Vec<Sent> {
        self.now = Instant::from_millis(ms);
        self.turn();
        if self.ip.poll_at().is_some_and(|at| at <= self.now) {
            self.turn();
        }
        assert!(self.ip.poll_at().map_or(true, |at| at > self.now), "a second turn was enough");
        self.links[0].take_sent()
    }

    /// One turn, now; what it sent on the first link.
    pub(crate) fn run(&mut self) -> Vec<Sent> {
        self.turn();
        self.links[0].take_sent()
    }

    pub(crate) fn kinds(&mut self) -> Vec<String> {
        self.run().iter().map(Sent::kind).collect()
    }

    /// A frame from the peer to us arrives.
    pub(crate) fn arrive(&mut self, protocol: EtherType, octets: Vec<u8>) {
        self.arrive_as(PEER, Cast::Unicast, protocol, octets);
    }

    pub(crate) fn arrive_as(
        &mut self,
        from: HardwareAddress,
        cast: Cast,
        protocol: EtherType,
        octets: Vec<u8>,
    ) {
        self.links[0].arriving.push_back(Arriving { from, cast, protocol, octets });
    }

    /// An IP packet from the peer to us arrives; what was sent in that turn.
    pub(crate) fn packet(&mut self, octets: Vec<u8>) -> Vec<Sent> {
        let protocol = if octets[0] >> 4 == 4 { EtherType::IPV4 } else { EtherType::IPV6 };
        self.arrive(protocol, octets);
        self.run()
    }

    /// Asks the transport to send to `to`.
    pub(crate) fn send(&mut self, to: &str, len: usize) {
        self.send_with(Source::ANY, to, udp(), len);
    }

    pub(crate) fn send_with(&mut self, from: Source, to: &str, packet: Outgoing, len: usize) {
        let path = self.ip.route(from, ip(to)).unwrap();
        self.transport.queue(path, packet, len);
    }

    pub(crate) fn counter(&self, name: &str) -> u32 {
        let counters = self.ip.statistics().counters();
        counters.iter().find(|(n, _)| *n == name).unwrap_or_else(|| panic!("no counter {name}")).1
    }

    /// A neighbour answers to address resolution for `address`.
    pub(crate) fn resolve(&mut self, address: &str, hardware: HardwareAddress) {
        match ip(address) {
            IpAddr::V4(address) => self.arrive_as(
                hardware,
                Cast::Unicast,
                EtherType::ARP,
                arp(arp::Operation::Reply, hardware, address, v4("192.0.2.1")),
            ),
            IpAddr::V6(address) => {
                let message = ndisc::AdvertisementRepr {
                    flags: ndisc::AdvertFlags::SOLICITED | ndisc::AdvertFlags::OVERRIDE,
                    target: address,
                    target_link_layer: hardware,
                };
                let us = v6("2001:db8::1");
                let mut body = vec![0; message.buffer_len()];
                message.emit(address, us, &mut body).unwrap();
                self.arrive_as(
                    hardware,
                    Cast::Unicast,
                    EtherType::IPV6,
                    packet_v6(address, us, IpProtocol::ICMPV6, 255, &body),
                );
            }
        }
    }
}

pub(crate) fn udp() -> Outgoing {
    Outgoing { protocol: IpProtocol::UDP, hop_limit: 0, traffic_class: 0, flags: OutFlags::empty() }
}

/// An ARP packet.
pub(crate) fn arp(
    operation: arp::Operation,
    from: HardwareAddress,
    source: Ipv4Addr,
    target: Ipv4Addr,
) -> Vec<u8> {
    let packet = arp::Repr {
        operation,
        sender_hardware: from,
        sender_protocol: source,
        target_hardware: if operation == arp::Operation::Reply { US } else { HardwareAddress::NONE },
        target_protocol: target,
    };
    let mut octets = vec![0; packet.buffer_len()];
    packet.emit(&mut octets).unwrap();
    octets
}

/// An IPv4 packet.
pub(crate) fn packet_v4(source: &str, destination: &str, protocol: IpProtocol, payload: &[u8]) -> Vec<u8> {
    packet_v4_with(
        ipv4::Repr::new(protocol, v4(source), v4(destination), u16::try_from(payload.len()).unwrap()),
        &[],
        payload,
    )
}

/// An IPv4 packet of any header.
pub(crate) fn packet_v4_with(repr: ipv4::Repr, options: &[u8], payload: &[u8]) -> Vec<u8> {
    let mut octets = vec![0; 20 + options.len()];
    repr.emit_with_options(options, &mut octets).unwrap();
    octets.extend_from_slice(payload);
    octets
}

/// An IPv6 packet.
pub(crate) fn packet_v6(
    source: Ipv6Addr,
    destination: Ipv6Addr,
    next_header: IpProtocol,
    hop_limit: u8,
    payload: &[u8],
) -> Vec<u8> {
    let repr = ipv6::Repr {
        hop_limit,
        ..ipv6::Repr::new(next_header, source, destination, u16::try_from(payload.len()).unwrap())
    };
    let mut octets = vec![0; 40];
    repr.emit(&mut octets).unwrap();
    octets.extend_from_slice(payload);
    octets
}

/// A UDP datagram in IPv6, from the peer unless said otherwise.
pub(crate) fn datagram_v6(source: &str, destination: &str, payload: &[u8]) -> Vec<u8> {
    packet_v6(v6(source), v6(destination), IpProtocol::UDP, 64, payload)
}

/// A neighbour solicitation.
pub(crate) fn solicitation(
    source: &str,
    destination: &str,
    target: &str,
    hardware: HardwareAddress,
    hop_limit: u8,
) -> Vec<u8> {
    let message = ndisc::SolicitationRepr { target: v6(target), source_link_layer: hardware };
    let mut body = vec![0; message.buffer_len()];
    message.emit(v6(source), v6(destination), &mut body).unwrap();
    packet_v6(v6(source), v6(destination), IpProtocol::ICMPV6, hop_limit, &body)
}

/// An ICMPv6 message with its checksum.
pub(crate) fn icmp_v6(source: &str, destination: &str, mut message: Vec<u8>) -> Vec<u8> {
    icmpv6::fill_checksum(v6(source), v6(destination), &mut message);
    packet_v6(v6(source), v6(destination), IpProtocol::ICMPV6, 64, &message)
}
