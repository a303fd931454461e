//! A small host: what it accepts, resolves, answers, refuses and sends; and that nothing harms it.

use crate::support::*;
use crate::totality::{check, frames, mutate};
use tersus_ip::small::{Neighbour, Own, SmallIp, Storage, Via};
use tersus_ip::{
    AddressError, Advice, Cast, Fill, Instant, InterfaceError, InterfaceId, InterfaceSet, IpLayer, OutFlags,
    Outgoing, Path, Progress, Random, Reject, RouteError, Routes, SendError, Source, Unreachable, Verdict,
};
use tersus_phy::{LinkEvents, LinkLayer, LinkState, Medium};
use tersus_wire::{arp, ipv4, ndisc, Cidr, EtherType, HardwareAddress, IpProtocol};

pub(crate) struct Small {
    pub(crate) ip: SmallIp<'static>,
    pub(crate) link: FakeLink,
    pub(crate) transport: Recorder,
    pub(crate) now: Instant,
}

impl Small {
    pub(crate) fn with<const A: usize, const R: usize, const N: usize>(link: FakeLink) -> Self {
        let storage: &'static mut Storage<A, R, N> = Box::leak(Box::default());
        let ip = SmallIp::new(storage);
        Self { ip, link, transport: Recorder::new(), now: Instant::from_millis(1000) }
    }

    /// 192.0.2.1/24, 2001:db8::1/64 and fe80::1/64, gateways at .254 and ::254, room for four neighbours.
    pub(crate) fn new() -> Self {
        let mut host = Self::with::<3, 2, 4>(FakeLink::ethernet());
        for address in ["192.0.2.1/24", "2001:db8::1/64", "fe80::1/64"] {
            host.ip.add_address(cidr(address)).unwrap();
        }
        host.ip.add_route(cidr("0.0.0.0/0"), Some(ip("192.0.2.254"))).unwrap();
        host.ip.add_route(cidr("::/0"), Some(ip("2001:db8::254"))).unwrap();
        assert!(host.run().is_empty(), "nothing is announced");
        host
    }

    pub(crate) fn run(&mut self) -> Vec<Sent> {
        while self.ip.poll(self.now, &mut self.link, &mut (&mut self.transport,)) == Progress::More {}
        assert!(self.poll_at().map_or(true, |at| at > self.now), "nothing is left to do");
        self.link.take_sent()
    }

    pub(crate) fn poll_at(&mut self) -> Option<Instant> {
        self.ip.poll_at(&self.link, &(&mut self.transport,))
    }

    fn at(&mut self, ms: u64) -> Vec<String> {
        self.now = Instant::from_millis(ms);
        kinds(&self.run())
    }

    pub(crate) fn arrive_as(
        &mut self,
        from: HardwareAddress,
        cast: Cast,
        protocol: EtherType,
        octets: Vec<u8>,
    ) {
        self.link.arriving.push_back(Arriving { from, cast, protocol, octets });
    }

    pub(crate) fn packet_as(&mut self, cast: Cast, octets: Vec<u8>) -> Vec<Sent> {
        let protocol = if octets[0] >> 4 == 4 { EtherType::IPV4 } else { EtherType::IPV6 };
        self.arrive_as(PEER, cast, protocol, octets);
        self.run()
    }

    pub(crate) fn packet(&mut self, octets: Vec<u8>) -> Vec<Sent> {
        self.packet_as(Cast::Unicast, octets)
    }

    pub(crate) fn arp(
        &mut self,
        operation: arp::Operation,
        from: HardwareAddress,
        source: &str,
        target: &str,
    ) -> Vec<Sent> {
        let octets = arp(operation, from, v4(source), v4(target));
        self.arrive_as(from, Cast::Unicast, EtherType::ARP, octets);
        self.run()
    }

    fn advertise(&mut self, target: &str, hardware: HardwareAddress, flags: ndisc::AdvertFlags) -> Vec<Sent> {
        let message = ndisc::AdvertisementRepr { flags, target: v6(target), target_link_layer: hardware };
        let mut body = vec![0; message.buffer_len()];
        message.emit(v6(target), v6("2001:db8::1"), &mut body).unwrap();
        self.packet(packet_v6(v6(target), v6("2001:db8::1"), IpProtocol::ICMPV6, 255, &body))
    }

    pub(crate) fn send(&mut self, to: &str, packet: Outgoing, len: usize) {
        let path = self.ip.route(Source::ANY, ip(to)).unwrap();
        self.transport.queue(path, packet, len);
    }

    /// Whether `address` is known without asking.
    fn knows(&self, address: &str) -> bool {
        self.ip.route(Source::ANY, ip(address)).is_ok_and(|path| !path.is_resolving())
    }

    pub(crate) fn counter(&self, name: &str) -> u32 {
        let counters = self.ip.statistics().counters();
        counters.iter().find(|(n, _)| *n == name).unwrap_or_else(|| panic!("no counter {name}")).1
    }
}

pub(crate) fn kinds(sent: &[Sent]) -> Vec<String> {
    sent.iter().map(Sent::kind).collect()
}

#[test]
fn addresses_decide_who_is_heard() {
    // cast of the frame, source, destination, how it is delivered, counter
    for (cast, source, destination, want, counter) in [
        (Cast::Unicast, "192.0.2.9", "192.0.2.1", Some(Cast::Unicast), "delivered"),
        (Cast::Unicast, "203.0.113.9", "192.0.2.1", Some(Cast::Unicast), "delivered"),
        (Cast::Broadcast, "192.0.2.9", "192.0.2.255", Some(Cast::Broadcast), "delivered"),
        (Cast::Broadcast, "192.0.2.9", "192.0.2.0", Some(Cast::Broadcast), "delivered"),
        (Cast::Broadcast, "192.0.2.9", "255.255.255.255", Some(Cast::Broadcast), "delivered"),
        (Cast::Broadcast, "192.0.2.9", "192.0.2.1", None, "cast_mismatch"),
        (Cast::Unicast, "192.0.2.9", "192.0.2.2", None, "not_for_us"),
        (Cast::Multicast, "192.0.2.9", "224.0.0.1", None, "not_for_us"),
        (Cast::Unicast, "192.0.2.9", "127.0.0.1", None, "not_for_us"),
        (Cast::Unicast, "192.0.2.9", "0.0.0.0", None, "not_for_us"),
        (Cast::Unicast, "192.0.2.1", "192.0.2.1", None, "martian_source"),
        (Cast::Unicast, "192.0.2.255", "192.0.2.1", None, "martian_source"),
        (Cast::Unicast, "255.255.255.255", "192.0.2.1", None, "martian_source"),
        (Cast::Unicast, "224.0.0.9", "192.0.2.1", None, "martian_source"),
        (Cast::Unicast, "0.0.0.0", "192.0.2.1", None, "martian_source"),
        (Cast::Broadcast, "0.0.0.0", "255.255.255.255", Some(Cast::Broadcast), "delivered"),
        (Cast::Broadcast, "0.0.0.0", "192.0.2.255", None, "martian_source"),
        (Cast::Multicast, "0.0.0.0", "224.0.0.1", None, "martian_source"),
        (Cast::Unicast, "127.0.0.1", "192.0.2.1", None, "martian_source"),
        (Cast::Unicast, "240.0.0.1", "192.0.2.1", None, "martian_source"),
        (Cast::Unicast, "2001:db8::9", "2001:db8::1", Some(Cast::Unicast), "delivered"),
        (Cast::Unicast, "fe80::9", "fe80::1", Some(Cast::Unicast), "delivered"),
        (Cast::Multicast, "fe80::9", "ff02::1", Some(Cast::Multicast), "delivered"),
        (Cast::Multicast, "fe80::9", "ff02::1:ff00:1", Some(Cast::Multicast), "delivered"),
        (Cast::Multicast, "fe80::9", "ff02::1:ff00:2", None, "not_for_us"),
        (Cast::Multicast, "fe80::9", "ff02::2", None, "not_for_us"),
        (Cast::Unicast, "fe80::9", "2001:db8::2", None, "not_for_us"),
        (Cast::Unicast, "fe80::9", "::1", None, "not_for_us"),
        (Cast::Unicast, "2001:db8::1", "2001:db8::1", None, "martian_source"),
        (Cast::Unicast, "ff02::9", "2001:db8::1", None, "martian_source"),
        (Cast::Unicast, "::1", "2001:db8::1", None, "martian_source"),
        (Cast::Unicast, "::ffff:192.0.2.9", "2001:db8::1", None, "martian_source"),
        (Cast::Multicast, "::", "ff02::1", None, "martian_source"),
    ] {
        let mut host = Small::new();
        let octets = match ip(source) {
            core::net::IpAddr::V4(_) => packet_v4(source, destination, IpProtocol::UDP, b"abcdefgh"),
            core::net::IpAddr::V6(_) => datagram_v6(source, destination, b"abcdefgh"),
        };
        assert!(host.packet_as(cast, octets).is_empty());
        let got = host.transport.got.first();
        assert_eq!(got.map(|got| got.cast), want, "{source} > {destination}");
        assert_eq!(host.counter(counter), 1, "{source} > {destination} counts as {counter}");
        if let Some(got) = got {
            assert_eq!((got.source, got.destination), (ip(source), ip(destination)));
            assert_eq!(got.reply_from.is_some(), got.cast == Cast::Unicast || got.source.is_ipv6());
        }
    }
}

#[test]
fn what_the_link_sent_to_all_came_to_many_and_is_answered_by_none() {
    let mut host = Small::new();
    assert!(host
        .packet_as(Cast::Multicast, datagram_v6("2001:db8::9", "2001:db8::1", b"abcdefgh"))
        .is_empty());
    assert_eq!((host.transport.got[0].cast, host.transport.got[0].reply_from), (Cast::Multicast, None));
}

#[test]
fn what_is_no_whole_packet_is_dropped_and_counted() {
    let whole = packet_v4("192.0.2.9", "192.0.2.1", IpProtocol::UDP, b"abcdefgh");
    let mut damaged = whole.clone();
    damaged[8] ^= 1;
    let mut fragment = ipv4::Repr::new(IpProtocol::UDP, v4("192.0.2.9"), v4("192.0.2.1"), 8);
    fragment.flags = ipv4::Flags::MORE_FRAGMENTS;
    let parts = [&[17, 0, 0, 1, 0, 0, 0, 5][..], b"abcdefgh"].concat();
    let mut bad_icmp = icmp_v6("2001:db8::9", "2001:db8::1", vec![128, 0, 0, 0, 0, 1, 0, 1]);
    bad_icmp[42] ^= 1;
    let v6_of = |next, payload: &[u8]| packet_v6(v6("2001:db8::9"), v6("2001:db8::1"), next, 64, payload);
    for (octets, counter) in [
        (whole[..27].to_vec(), "malformed"),
        (damaged, "bad_checksum"),
        (packet_v4_with(fragment, &[], b"abcdefgh"), "fragment_refused"),
        (
            packet_v4("192.0.2.9", "192.0.2.1", IpProtocol::ICMPV4, &[3, 3, 0, 0, 0, 0, 0, 0]),
            "unknown_protocol",
        ),
        (v6_of(IpProtocol::UDP, b"abcdefgh")[..45].to_vec(), "malformed"),
        (v6_of(IpProtocol::FRAGMENT, &parts), "fragment_refused"),
        (v6_of(IpProtocol::NO_NEXT_HEADER, b"abcdefgh"), "bad_extension"),
        (bad_icmp, "icmp_bad_checksum"),
        (icmp_v6("2001:db8::9", "2001:db8::1", vec![1, 4, 0, 0, 0, 0, 0, 0]), "errors_ignored"),
        (icmp_v6("2001:db8::9", "2001:db8::1", vec![127, 0, 0, 0, 0, 0, 0, 0]), "errors_ignored"),
        (icmp_v6("fe80::9", "ff02::1", vec![134, 0, 0, 0, 0, 0, 0, 0]), "nd_dropped"),
    ] {
        let mut host = Small::new();
        assert!(host.packet(octets).is_empty(), "{counter}");
        assert!(host.transport.got.is_empty());
        assert_eq!(host.counter(counter), 1, "{counter}");
    }
    let mut host = Small::new();
    host.arrive_as(PEER, Cast::Unicast, EtherType(0x88cc), vec![0; 40]);
    assert!(host.run().is_empty());
    assert_eq!(host.counter("unknown_ether_type"), 1);
}

#[test]
fn icmp_of_the_other_family_is_a_protocol_that_nobody_knows() {
    // packet, type and code of the answer, where they stand
    for (octets, answer, at) in [
        (packet_v4("192.0.2.9", "192.0.2.1", IpProtocol::ICMPV6, b"abcdefgh"), [3, 2], 20),
        (packet_v6(v6("2001:db8::9"), v6("2001:db8::1"), IpProtocol::ICMPV4, 64, b"abcdefgh"), [4, 1], 40),
    ] {
        let mut host = Small::new();
        host.transport.protocols.push(IpProtocol::TCP);
        let sent = host.packet(octets);
        assert_eq!(sent.len(), 1);
        assert_eq!(sent[0].octets[at..at + 2], answer);
    }
}

#[test]
fn options_and_extension_headers_are_passed_over() {
    let mut host = Small::new();
    let repr = ipv4::Repr::new(IpProtocol::UDP, v4("192.0.2.9"), v4("192.0.2.1"), 8);
    assert!(host.packet(packet_v4_with(repr, &[148, 4, 0, 0], b"abcdefgh")).is_empty());
    let chain = [&[60, 0, 5, 2, 0, 0, 1, 0][..], &[17, 0, 1, 4, 0, 0, 0, 0], b"abcdefgh"].concat();
    let octets = packet_v6(v6("2001:db8::9"), v6("2001:db8::1"), IpProtocol::HOP_BY_HOP, 64, &chain);
    assert!(host.packet(octets).is_empty());
    let got: Vec<_> = host.transport.got.iter().map(|got| got.segment.as_slice()).collect();
    assert_eq!(got, [b"abcdefgh", b"abcdefgh"]);
}

#[test]
fn who_asks_for_us_by_arp_is_answered_and_known() {
    // operation, sender, target, answered, known after it, counter
    for (operation, sender, target, answered, known, counter) in [
        (arp::Operation::Request, "192.0.2.9", "192.0.2.1", true, true, "neighbour_answers"),
        (arp::Operation::Request, "0.0.0.0", "192.0.2.1", true, false, "neighbour_answers"),
        (arp::Operation::Request, "203.0.113.9", "192.0.2.1", true, false, "neighbour_answers"),
        (arp::Operation::Request, "192.0.2.255", "192.0.2.1", true, false, "neighbour_answers"),
        (arp::Operation::Request, "192.0.2.9", "192.0.2.2", false, false, "arp_received"),
        (arp::Operation::Reply, "192.0.2.9", "192.0.2.1", false, false, "arp_received"),
        (arp::Operation::Request, "192.0.2.1", "192.0.2.1", false, false, "address_conflicts"),
        (arp::Operation::Unknown(8), "192.0.2.9", "192.0.2.1", false, false, "arp_dropped"),
    ] {
        let mut host = Small::new();
        let sent = host.arp(operation, PEER, sender, target);
        assert_eq!(sent.len(), usize::from(answered), "{operation:?} {sender} {target}");
        if let Some(sent) = sent.first() {
            let reply = sent.arp();
            assert_eq!((sent.to, reply.operation), (PEER, arp::Operation::Reply));
            assert_eq!((reply.sender_hardware, reply.sender_protocol), (US, v4(target)));
            assert_eq!((reply.target_hardware, reply.target_protocol), (PEER, v4(sender)));
        }
        assert_eq!(host.knows("192.0.2.9"), known, "{operation:?} {sender} {target}");
        assert_eq!(host.counter(counter), 1, "{counter}");
    }
    let mut host = Small::new();
    let group = HardwareAddress::ethernet([3, 0, 0, 0, 0, 9]);
    assert!(host.arp(arp::Operation::Request, group, "192.0.2.9", "192.0.2.1").is_empty());
    host.arrive_as(PEER, Cast::Unicast, EtherType::ARP, vec![0; 27]);
    assert!(host.run().is_empty());
    assert_eq!(host.counter("arp_dropped"), 2);
}

#[test]
fn a_gateway_in_no_prefix_of_ours_is_known_when_it_asks() {
    let mut host = Small::with::<1, 1, 2>(FakeLink::ethernet());
    host.ip.add_address(cidr("192.0.2.1/24")).unwrap();
    host.ip.add_route(cidr("0.0.0.0/0"), Some(ip("203.0.113.254"))).unwrap();
    host.run();
    host.arp(arp::Operation::Request, PEER, "203.0.113.254", "192.0.2.1");
    assert!(host.knows("198.51.100.1"));
}

#[test]
fn the_other_end_of_a_prefix_of_two_is_a_station() {
    // RFC 3021.
    for (own, peer) in [("192.0.2.0/31", "192.0.2.1"), ("192.0.2.1/31", "192.0.2.0")] {
        let mut host = Small::with::<1, 0, 2>(FakeLink::ethernet());
        host.ip.add_address(cidr(own)).unwrap();
        host.run();
        host.packet(packet_v4(peer, own.split_once('/').unwrap().0, IpProtocol::UDP, b"abcdefgh"));
        assert_eq!(host.counter("delivered"), 1, "{own}");
        host.send(peer, udp(), 8);
        assert_eq!(kinds(&host.run()), [format!("Request {peer}")]);
    }
}

#[test]
fn whoever_is_heard_lives_for_another_minute() {
    let mut host = Small::new();
    for ms in [1000, 51_000] {
        host.now = Instant::from_millis(ms);
        host.arp(arp::Operation::Request, PEER, "192.0.2.9", "192.0.2.1");
    }
    host.now = Instant::from_millis(110_999);
    host.run();
    host.send("192.0.2.9", udp(), 8);
    assert_eq!(host.at(110_999), ["UDP 8"]);
    host.send("192.0.2.9", udp(), 8);
    assert_eq!(host.at(111_000), ["Request 192.0.2.9"]);
    // Where the clock stepped back, nobody lives for ever.
    host.arp(arp::Operation::Reply, PEER, "192.0.2.9", "192.0.2.1");
    assert!(host.knows("192.0.2.9"));
    host.at(1000);
    assert!(!host.knows("192.0.2.9"));
}

#[test]
fn advice_of_a_path_that_is_old_is_of_no_station() {
    let mut host = Small::with::<1, 0, 1>(FakeLink::ethernet());
    host.ip.take_advice();
    host.ip.add_address(cidr("192.0.2.1/24")).unwrap();
    host.run();
    host.arp(arp::Operation::Request, PEER, "192.0.2.9", "192.0.2.1");
    let mut path = host.ip.route(Source::ANY, ip("192.0.2.9")).unwrap();
    Advising { path: &mut path, packets: 1, advice: Advice::Reachable }.run(&mut host);
    // Its entry is another's.
    host.now = Instant::from_millis(70_000);
    host.arp(arp::Operation::Request, station(7), "192.0.2.7", "192.0.2.1");
    host.now = Instant::from_millis(100_000);
    Advising { path: &mut path, packets: 0, advice: Advice::Reachable }.run(&mut host);
    host.now = Instant::from_millis(130_000);
    host.run();
    host.send("192.0.2.7", udp(), 8);
    assert_eq!(kinds(&host.run()), ["Request 192.0.2.7"]);
}

#[test]
fn who_solicits_us_is_advertised_to_and_known() {
    let mut host = Small::new();
    let sent = host.packet(solicitation("2001:db8::9", "ff02::1:ff00:1", "2001:db8::1", PEER, 255));
    assert_eq!((kinds(&sent), sent[0].to), (vec!["icmp 136/0".into()], PEER));
    let packet = sent[0].v6();
    assert_eq!((packet.header().source(), packet.header().hop_limit()), (v6("2001:db8::1"), 255));
    assert_eq!(packet.payload()[4], 0x60, "solicited, override");
    assert!(host.knows("2001:db8::9"));
    check(&sent[0]);

    // A probe for duplicates is answered to all, and nobody is known for it.
    let mut host = Small::new();
    let sent = host.packet(solicitation("::", "ff02::1:ff00:1", "2001:db8::1", HardwareAddress::NONE, 255));
    assert_eq!(sent[0].v6().header().destination(), v6("ff02::1"));
    assert_eq!(sent[0].to, HardwareAddress::ethernet([0x33, 0x33, 0, 0, 0, 1]));
    assert_eq!(sent[0].v6().payload()[4], 0x20, "override");

    for (octets, why) in [
        (solicitation("2001:db8::9", "ff02::1:ff00:1", "2001:db8::1", PEER, 64), "came from afar"),
        (solicitation("2001:db8::9", "ff02::1:ff00:1", "2001:db8::7", PEER, 255), "for another"),
        (solicitation("2001:db8::9", "ff02::1:ff00:1", "2001:db8::1", US, 255), "with our address"),
        (solicitation("::", "ff02::1:ff00:1", "2001:db8::1", PEER, 255), "a probe that names an address"),
        (solicitation("::", "ff02::1", "2001:db8::1", HardwareAddress::NONE, 255), "a probe to all"),
        (icmp_v6("2001:db8::9", "2001:db8::1", vec![135, 0, 0, 0, 0, 0, 0, 0, 1]), "short"),
    ] {
        let mut host = Small::new();
        assert!(host.packet(octets).is_empty(), "{why}");
        assert_eq!(host.counter("nd_dropped"), 1, "{why}");
        assert!(!host.knows("2001:db8::9"), "{why}");
    }
}

#[test]
fn a_solicitation_counts_only_bare_and_whole() {
    let whole = solicitation("2001:db8::9", "ff02::1:ff00:1", "2001:db8::1", PEER, 255);
    let chain = [&[58, 0, 1, 4, 0, 0, 0, 0][..], &whole[40..]].concat();
    let group = v6("ff02::1:ff00:1");
    let behind = packet_v6(v6("2001:db8::9"), group, IpProtocol::DESTINATION_OPTIONS, 255, &chain);
    let mut message = whole[40..].to_vec();
    message[1] = 1;
    let mut of_another_code = icmp_v6("2001:db8::9", "ff02::1:ff00:1", message);
    of_another_code[7] = 255;
    let mut short = icmp_v6("2001:db8::9", "2001:db8::1", vec![135, 0, 0, 0, 0, 0, 0, 0, 1]);
    short[7] = 255;
    let echo = whole.clone();
    for (from, octets, dropped) in
        [(PEER, whole, 0), (PEER, behind, 1), (PEER, of_another_code, 1), (PEER, short, 1), (US, echo, 1)]
    {
        let mut host = Small::new();
        host.arrive_as(from, Cast::Multicast, EtherType::IPV6, octets);
        assert_eq!(
            (host.run().len(), host.counter("nd_dropped")),
            (1 - dropped, u32::try_from(dropped).unwrap())
        );
        assert_eq!(host.knows("2001:db8::9"), dropped == 0);
    }
}

#[test]
fn who_is_not_on_the_link_is_answered_and_takes_no_entry() {
    let mut host = Small::new();
    for station in ["2001:dead::1", "2001:dead::2", "2001:dead::3", "2001:dead::4"] {
        let sent = host.packet(solicitation(station, "ff02::1:ff00:1", "2001:db8::1", PEER, 255));
        assert_eq!(kinds(&sent), ["icmp 136/0"]);
    }
    host.packet(solicitation("2001:db8::9", "ff02::1:ff00:1", "2001:db8::1", PEER, 255));
    assert!(host.knows("2001:db8::9"));
}

#[test]
fn an_answer_that_was_sent_to_a_group_is_none() {
    let mut host = Small::new();
    host.send("2001:db8::9", udp(), 8);
    assert_eq!(kinds(&host.run()), ["icmp 135/0"]);
    let flags = ndisc::AdvertFlags::OVERRIDE;
    for (flags, leaves) in [(flags | ndisc::AdvertFlags::SOLICITED, 0), (flags, 1)] {
        let message = ndisc::AdvertisementRepr { flags, target: v6("2001:db8::9"), target_link_layer: PEER };
        let mut body = vec![0; message.buffer_len()];
        message.emit(v6("2001:db8::9"), v6("ff02::1"), &mut body).unwrap();
        let octets = packet_v6(v6("2001:db8::9"), v6("ff02::1"), IpProtocol::ICMPV6, 255, &body);
        assert_eq!(host.packet_as(Cast::Multicast, octets).len(), leaves, "{flags:?}");
    }
    assert_eq!(host.counter("nd_dropped"), 1);
}

#[test]
fn the_first_packet_waits_for_the_answer_and_leaves_with_it() {
    for (to, question) in [("192.0.2.9", "Request 192.0.2.9"), ("2001:db8::9", "icmp 135/0")] {
        let mut host = Small::new();
        host.send(to, udp(), 8);
        let sent = host.run();
        assert_eq!(kinds(&sent), [question]);
        if to.contains(':') {
            assert_eq!(sent[0].to, HardwareAddress::ethernet([0x33, 0x33, 0xff, 0, 0, 9]));
            assert_eq!(sent[0].v6().header().source(), v6("2001:db8::1"));
        } else {
            assert_eq!(sent[0].to, HardwareAddress::ETHERNET_BROADCAST);
        }
        assert_eq!(host.poll_at(), Some(Instant::from_millis(2000)));
        let sent = match to.contains(':') {
            true => host.advertise(to, PEER, ndisc::AdvertFlags::SOLICITED),
            false => host.arp(arp::Operation::Reply, PEER, to, "192.0.2.1"),
        };
        assert_eq!((kinds(&sent), sent[0].to), (vec!["UDP 8".into()], PEER));
        assert_eq!(host.poll_at(), None);
        // A minute after the last sign of life it is asked again; progress of a transport is one.
        let mut path = host.ip.route(Source::ANY, ip(to)).unwrap();
        host.ip.take_advice();
        host.now = Instant::from_millis(31_000);
        host.run();
        Advising { path: &mut path, packets: 1, advice: Advice::Reachable }.run(&mut host);
        host.now = Instant::from_millis(90_999);
        host.run();
        host.transport.queue(path, udp(), 8);
        assert_eq!(host.at(90_999), ["UDP 8"]);
        host.now = Instant::from_millis(91_000);
        host.run();
        host.transport.queue(path, udp(), 8);
        assert_eq!(host.at(91_000), [question], "a kept path is not used beyond it");
    }
}

/// Gives advice in one turn.
struct Advising<'p> {
    path: &'p mut Path,
    /// How many packets it sends before.
    packets: usize,
    advice: Advice,
}

impl Advising<'_> {
    fn run(&mut self, host: &mut Small) {
        let now = host.now;
        host.ip.poll(now, &mut host.link, &mut (&mut *self,));
    }
}

impl tersus_ip::Transport for Advising<'_> {
    fn receive(&mut self, _: &tersus_ip::IpMeta<'_>, _: &mut [u8]) -> Verdict {
        Verdict::NotMine
    }
    fn error(&mut self, _: Instant, _: &tersus_ip::IcmpError<'_>) -> tersus_ip::Quoted {
        tersus_ip::Quoted::Unknown
    }
    fn transmit(&mut self, ip: &mut dyn IpLayer, _: &mut usize) -> Progress {
        // What it learned, it learned of packets that it sent.
        for _ in 0..self.packets {
            ip.send(self.path, udp(), 0, &mut |_: &mut [u8]| {}).unwrap();
        }
        ip.advise(self.path, self.advice);
        Progress::Idle
    }
    fn poll_at(&self) -> Option<Instant> {
        None
    }
}

#[test]
fn who_does_not_answer_three_times_is_given_up_for_three_seconds() {
    let mut host = Small::new();
    let mut packet = udp();
    packet.hop_limit = KEEP;
    host.send("192.0.2.9", packet, 8);
    assert_eq!(host.at(1000), ["Request 192.0.2.9"]);
    assert!(host.at(1999).is_empty());
    assert_eq!(host.at(2000), ["Request 192.0.2.9"]);
    assert_eq!(host.at(3000), ["Request 192.0.2.9"]);
    assert_eq!(host.poll_at(), Some(Instant::from_millis(4000)));
    assert_eq!(host.transport.sending[0].result, Some(Err(SendError::Resolving)));
    assert!(host.at(4000).is_empty());
    let unreachable = Some(Err(SendError::Unreachable(Unreachable::Neighbour)));
    assert_eq!((host.transport.sending[0].result, host.poll_at()), (unreachable, None));
    host.transport.sending.clear();
    host.send("192.0.2.9", packet, 8);
    assert!(host.at(6999).is_empty());
    assert_eq!(host.transport.sending[0].result, unreachable);
    host.transport.sending.clear();
    host.send("192.0.2.9", packet, 8);
    assert_eq!(host.at(7000), ["Request 192.0.2.9"]);
    // It was off, and comes back: it is known as soon as it asks.
    host.transport.sending.clear();
    host.send("192.0.2.8", packet, 8);
    for ms in [8000, 9000, 10_000, 11_000] {
        host.at(ms);
    }
    host.arp(arp::Operation::Request, PEER, "192.0.2.8", "192.0.2.1");
    assert!(host.knows("192.0.2.8"));
}

#[test]
fn strangers_displace_nobody_and_we_displace_the_one_that_runs_out_first() {
    let mut host = Small::new();
    for n in 10..14_u32 {
        host.now = Instant::from_millis(u64::from(n) * 100);
        host.arp(arp::Operation::Request, station(n), &format!("192.0.2.{n}"), "192.0.2.1");
    }
    host.arp(arp::Operation::Request, station(99), "192.0.2.99", "192.0.2.1");
    assert!(!host.knows("192.0.2.99") && host.knows("192.0.2.10"));
    host.send("192.0.2.20", udp(), 8);
    host.run();
    assert!(!host.knows("192.0.2.10") && host.knows("192.0.2.11"));
    // As many questions at once as there is room; who finds none waits for one of them to end.
    for n in 21..26 {
        host.send(&format!("192.0.2.{n}"), udp(), 8);
    }
    host.run();
    assert_eq!(host.counter("solicitations"), 4);
    for ms in (2000..9000).step_by(1000) {
        host.at(ms);
    }
    assert!(host.counter("solicitations") > 12, "others had their turn");
    for n in 20..26_u32 {
        host.arp(arp::Operation::Request, station(n), &format!("192.0.2.{n}"), "192.0.2.1");
    }
    // An overheard packet brings up to date what is there, and enters nobody.
    let other = station(50);
    host.arp(arp::Operation::Request, other, "192.0.2.77", "192.0.2.5");
    assert!(!host.knows("192.0.2.77"));
    host.now = Instant::from_millis(100_000);
    host.arp(arp::Operation::Request, PEER, "192.0.2.9", "192.0.2.1");
    host.arp(arp::Operation::Reply, other, "192.0.2.9", "192.0.2.5");
    host.send("192.0.2.9", udp(), 8);
    assert_eq!(host.run()[0].to, other, "a station that changed its card");
}

#[test]
fn advertisements_change_an_address_only_with_the_right_to() {
    let mut host = Small::new();
    host.packet(solicitation("2001:db8::9", "ff02::1:ff00:1", "2001:db8::1", PEER, 255));
    let other = station(7);
    host.advertise("2001:db8::9", other, ndisc::AdvertFlags::SOLICITED);
    host.send("2001:db8::9", udp(), 8);
    assert_eq!(host.run()[0].to, PEER);
    host.advertise("2001:db8::9", other, ndisc::AdvertFlags::OVERRIDE);
    host.send("2001:db8::9", udp(), 8);
    assert_eq!(host.run()[0].to, other);
    host.advertise("2001:db8::8", other, ndisc::AdvertFlags::OVERRIDE | ndisc::AdvertFlags::SOLICITED);
    assert!(!host.knows("2001:db8::8"), "nobody asked for it");
    host.advertise("2001:db8::1", other, ndisc::AdvertFlags::OVERRIDE);
    assert_eq!(host.counter("martian_source"), 1);
}

#[test]
fn what_nobody_takes_is_refused_within_the_rules() {
    let mut host = Small::new();
    host.transport.verdict = Verdict::Reject(Reject::PortUnreachable);
    let datagram = || packet_v4("192.0.2.9", "192.0.2.1", IpProtocol::UDP, b"abcdefgh");
    let sent = host.packet(datagram());
    assert_eq!((kinds(&sent), sent[0].to), (vec!["icmp 3/3".into()], PEER));
    assert_eq!(sent[0].v4().payload()[8..], datagram(), "all of it is quoted");
    let sent = host.packet(datagram_v6("2001:db8::9", "2001:db8::1", b"abcdefgh"));
    assert_eq!(kinds(&sent), ["icmp 1/4"]);
    check(&sent[0]);
    host.transport.verdict = Verdict::Reject(Reject::Prohibited);
    assert_eq!(kinds(&host.packet(datagram())), ["icmp 3/10"]);
    host.transport.verdict = Verdict::NotMine;
    assert_eq!(kinds(&host.packet(datagram())), ["icmp 3/2"]);
    let chain = [&[0x11, 0, 0x80, 4, 0, 0, 0, 0][..], b"abcdefgh"].concat();
    let bad = packet_v6(v6("2001:db8::9"), v6("2001:db8::1"), IpProtocol::DESTINATION_OPTIONS, 64, &chain);
    assert_eq!(kinds(&host.packet(bad)), ["icmp 4/2"], "an option that must be known");
    // Silence: about what was sent to all, and about messages of ICMP.
    host.transport.verdict = Verdict::Reject(Reject::PortUnreachable);
    let to_all = packet_v4("192.0.2.9", "192.0.2.255", IpProtocol::UDP, b"abcdefgh");
    assert!(host.packet_as(Cast::Broadcast, to_all).is_empty());
    assert_eq!(host.counter("errors_suppressed"), 1);
    assert!(host.packet(packet_v4("192.0.2.9", "192.0.2.1", IpProtocol::ICMPV4, &[13; 20])).is_empty());
    assert!(host.packet(icmp_v6("2001:db8::9", "2001:db8::1", vec![200; 8])).is_empty());
    for _ in 0..20 {
        host.packet(datagram());
    }
    assert_eq!((host.counter("errors_sent"), host.counter("errors_limited")), (10, 15));
}

#[test]
fn errors_are_ten_at_once_and_no_more_than_ten_a_second_after_them() {
    let mut host = Small::new();
    host.transport.verdict = Verdict::Reject(Reject::PortUnreachable);
    let burst = |host: &mut Small, ms: u64, count: usize| {
        host.now = Instant::from_millis(ms);
        let datagram = || packet_v4("192.0.2.9", "192.0.2.1", IpProtocol::UDP, b"abcdefgh");
        (0..count).map(|_| host.packet(datagram()).len()).sum::<usize>()
    };
    assert_eq!(burst(&mut host, 2000, 1), 1);
    // Whatever second is looked at: there is no end of a window, at which there could be twice as many.
    assert_eq!(burst(&mut host, 2999, 20), 10);
    assert_eq!(burst(&mut host, 3001, 20), 0);
    let sent: usize = (3002..=13_000).map(|ms| burst(&mut host, ms, 1)).sum();
    assert!((90..=100).contains(&sent), "{sent} in ten seconds");
    // After a pause of whatever length, also where half a moment begins anew, there is no more and no less; and after a
    // step of the clock there are some.
    for ms in [60_000, 4_294_000, 4_294_967 + 4000, 1 << 40, 5000] {
        assert_eq!(burst(&mut host, ms, 30), 10, "at {ms} ms");
    }
}

#[test]
fn replies_in_place_go_back_where_the_packet_came_from() {
    let mut host = Small::new();
    host.transport.verdict = Verdict::Reply(8);
    let sent = host.packet(packet_v4("203.0.113.9", "192.0.2.1", IpProtocol::UDP, b"abcdefgh"));
    assert_eq!((sent[0].to, sent[0].v4().payload()), (PEER, &b"hgfedcba"[..]));
    let header = sent[0].v4().header();
    assert_eq!((header.source(), header.destination()), (v4("192.0.2.1"), v4("203.0.113.9")));
    let sent = host.packet(datagram_v6("2001:db8::9", "ff02::1", b"abcdefgh"));
    assert_eq!(sent[0].v6().header().source(), v6("2001:db8::1"), "asked as a group, answered as one");
    let repr = ipv4::Repr::new(IpProtocol::UDP, v4("192.0.2.9"), v4("192.0.2.1"), 8);
    let marked = packet_v4_with(ipv4::Repr { traffic_class: 0xbb, ..repr }, &[], b"abcdefgh");
    assert_eq!(host.packet(marked)[0].v4().header().traffic_class(), 0xb8, "the DS field, and no ECN");
    let to_all = packet_v4("192.0.2.9", "192.0.2.255", IpProtocol::UDP, b"abcdefgh");
    assert!(host.packet_as(Cast::Broadcast, to_all).is_empty());
    host.transport.verdict = Verdict::Reply(9);
    assert!(host.packet(packet_v4("192.0.2.9", "192.0.2.1", IpProtocol::UDP, b"abcdefgh")).is_empty());
    host.transport.verdict = Verdict::Reply(8);
    host.link.room = 0;
    assert!(host.packet(packet_v4("192.0.2.9", "192.0.2.1", IpProtocol::UDP, b"abcdefgh")).is_empty());
    let counted = ["replied", "reply_refused", "reply_full"].map(|name| host.counter(name));
    assert_eq!(counted, [3, 2, 1]);
}

#[test]
fn headers_hold_what_the_sender_chose_and_no_identification() {
    let mut host = Small::new();
    let packet =
        Outgoing { protocol: IpProtocol(253), hop_limit: 0, traffic_class: 0xb9, flags: OutFlags::empty() };
    host.arp(arp::Operation::Request, PEER, "192.0.2.9", "192.0.2.1");
    host.send("192.0.2.9", packet, 1480);
    host.send("192.0.2.9", Outgoing { hop_limit: 3, ..packet }, 0);
    let sent = host.run();
    let header = sent[0].v4().header();
    assert_eq!((header.hop_limit(), header.traffic_class(), header.identification()), (64, 0xb9, 0));
    assert!(header.flags().contains(ipv4::Flags::DONT_FRAGMENT));
    assert_eq!((sent[0].octets.len(), sent[1].v4().header().hop_limit()), (1500, 3));
    host.packet(solicitation("2001:db8::9", "ff02::1:ff00:1", "2001:db8::1", PEER, 255));
    host.send("2001:db8::9", packet, 1460);
    let sent = host.run();
    let header = sent[0].v6().header();
    assert_eq!((header.hop_limit(), header.traffic_class(), sent[0].octets.len()), (64, 0xb9, 1500));

    // packet, length, answer
    let keep = Outgoing { hop_limit: KEEP, ..packet };
    for (packet, len, want) in [
        (keep, 1481, SendError::TooBig(1500)),
        (keep, 70_000, SendError::TooBig(1500)),
        (Outgoing { flags: OutFlags::ROUTER_ALERT, ..keep }, 8, SendError::Unreachable(Unreachable::LeftOut)),
    ] {
        host.transport.sending.clear();
        host.send("192.0.2.9", packet, len);
        assert!(host.run().is_empty());
        assert_eq!(host.transport.sending[0].result, Some(Err(want)));
    }
    host.transport.sending.clear();
    assert_eq!(host.ip.set_mtu(1000), Err(InterfaceError::Mtu(1280)));
    host.ip.set_mtu(1300).unwrap();
    assert_eq!(host.ip.route(Source::ANY, ip("192.0.2.9")).unwrap().mtu(), 1300);
}

#[test]
fn a_partial_checksum_is_completed_by_a_host_that_was_told_to() {
    let mut host = Small::new();
    host.arp(arp::Operation::Request, PEER, "192.0.2.9", "192.0.2.1");
    let packet = Outgoing { flags: OutFlags::PARTIAL_CHECKSUM, ..udp() };
    host.send("192.0.2.9", packet, 9);
    assert!(host.run().is_empty());
    assert_eq!(host.counter("send_unreachable"), 1);
    host.ip.complete_checksums();
    host.send("192.0.2.9", packet, 9);
    let sent = host.run();
    let segment = sent[0].v4().payload();
    // What the recorder sends counts up from 0; octets 6 and 7 stand for the sum so far.
    let want = tersus_wire::checksum::Sum::new().add_bytes(&[0, 1, 2, 3, 4, 5, 6, 7, 8]).checksum();
    assert_eq!(segment[6..8], want.to_be_bytes());
}

#[test]
fn the_way_leads_by_prefix_route_or_link() {
    let mut host = Small::new();
    host.ip.remove_route(cidr("::/0"));
    host.ip.add_route(cidr("198.51.100.0/24"), None).unwrap();
    let eth = Some(InterfaceId(0));
    // source asked for, its interface, destination, source found or why not, station that is asked for
    for (from, interface, to, want, station) in [
        ("", None, "192.0.2.9", Ok("192.0.2.1"), "192.0.2.9"),
        ("", None, "203.0.113.9", Ok("192.0.2.1"), "192.0.2.254"),
        ("", None, "198.51.100.9", Ok("192.0.2.1"), "198.51.100.9"),
        ("192.0.2.1", eth, "192.0.2.9", Ok("192.0.2.1"), "192.0.2.9"),
        ("", None, "2001:db8::9", Ok("2001:db8::1"), "2001:db8::9"),
        ("", None, "fe80::9", Ok("fe80::1"), "fe80::9"),
        // RFC 3927 §2.6.2.
        ("", None, "169.254.1.9", Ok("192.0.2.1"), "169.254.1.9"),
        ("fe80::1", None, "2001:db8::9", Ok("fe80::1"), "2001:db8::9"),
        ("", None, "255.255.255.255", Ok("192.0.2.1"), ""),
        ("0.0.0.0", eth, "255.255.255.255", Ok("0.0.0.0"), ""),
        ("", None, "192.0.2.255", Ok("192.0.2.1"), ""),
        ("", None, "239.1.1.1", Ok("192.0.2.1"), ""),
        ("", None, "ff02::2", Ok("fe80::1"), ""),
        ("0.0.0.0", None, "255.255.255.255", Err(Unreachable::NoSource), ""),
        ("192.0.2.2", None, "192.0.2.9", Err(Unreachable::NotOurs), ""),
        ("192.0.2.1", None, "2001:db8::9", Err(Unreachable::Family), ""),
        ("", Some(InterfaceId(1)), "192.0.2.9", Err(Unreachable::InterfaceDown), ""),
        ("", None, "2001:db8:1::9", Err(Unreachable::NoRoute), ""),
        ("", None, "192.0.2.1", Err(Unreachable::NoRoute), ""),
        ("", None, "0.0.0.0", Err(Unreachable::Destination), ""),
        ("", None, "ff01::1", Err(Unreachable::Destination), ""),
        ("", None, "127.0.0.1", Err(Unreachable::Destination), ""),
        ("", None, "240.0.0.1", Err(Unreachable::Destination), ""),
    ] {
        let source = Source { address: (!from.is_empty()).then(|| ip(from)), interface };
        let found = host.ip.route(source, ip(to));
        assert_eq!(found.map(|path| path.source()), want.map(ip), "{from} > {to}");
        let Ok(path) = found else { continue };
        assert_eq!(path.is_source_fixed(), !from.is_empty());
        assert_eq!(path.is_resolving(), !station.is_empty(), "{to}");
        host.transport.queue(path, udp(), 8);
        let sent = host.run();
        match (station, station.contains(':')) {
            ("", _) => assert_eq!(kinds(&sent), ["UDP 8"], "{to}"),
            (_, true) => assert_eq!(sent[0].v6().payload()[8..24], v6(station).octets(), "{to}"),
            (_, false) => assert_eq!(kinds(&sent), [format!("Request {station}")], "{to}"),
        }
        host.link.set_state(LinkState::Down);
        host.run();
        assert_eq!(host.ip.route(source, ip(to)), Err(Unreachable::InterfaceDown));
        host.link.set_state(LinkState::Up);
        host.transport.sending.clear();
        host.run();
    }
    let groups = [[0, 0, 0, 1], [0xff, 0, 0, 1]].map(|[a, b, c, d]| [0x33, 0x33, a, b, c, d]);
    assert_eq!(host.link.groups, groups.map(HardwareAddress::ethernet), "each joined once");
    assert_eq!((host.ip.interface_count(), host.ip.groups(InterfaceId(0)).len()), (1, 0));
}

// conf: IP6-DAD-16
#[test]
fn a_source_has_the_scope_and_the_label_of_the_destination() {
    let mut host = Small::new();
    assert!(host.ip.remove_address(ip("192.0.2.1")));
    host.ip.add_address(cidr("fd00::1/64")).unwrap();
    host.run();
    for (to, want) in
        [("ff0e::9", "2001:db8::1"), ("fd00::9", "fd00::1"), ("fe80::9", "fe80::1"), ("ff02::9", "fe80::1")]
    {
        assert_eq!(host.ip.route(Source::ANY, ip(to)).map(|path| path.source()), Ok(ip(want)), "{to}");
    }
}

#[test]
fn a_full_link_is_left_alone_until_it_has_room() {
    let mut host = Small::new();
    host.link.room = 0;
    host.send("192.0.2.9", udp(), 8);
    assert!(host.run().is_empty());
    // A question that finds no room is one of the three; the next comes a second later.
    assert_eq!(host.counter("neighbour_unsent"), 1);
    let next = host.poll_at().unwrap();
    assert_eq!(next, host.now + core::time::Duration::from_secs(1));
    host.link.room = 1;
    host.now = next;
    assert_eq!(kinds(&host.run()), ["Request 192.0.2.9"]);
    assert!(host.arp(arp::Operation::Reply, PEER, "192.0.2.9", "192.0.2.1").is_empty());
    assert_eq!(host.transport.sending[0].result, Some(Err(SendError::Full)));
    struct Room(InterfaceSet);
    impl tersus_ip::Transport for Room {
        fn receive(&mut self, _: &tersus_ip::IpMeta<'_>, _: &mut [u8]) -> Verdict {
            Verdict::NotMine
        }
        fn error(&mut self, _: Instant, _: &tersus_ip::IcmpError<'_>) -> tersus_ip::Quoted {
            tersus_ip::Quoted::Unknown
        }
        fn transmit(&mut self, ip: &mut dyn IpLayer, _: &mut usize) -> Progress {
            self.0 = ip.room();
            Progress::Idle
        }
        fn poll_at(&self) -> Option<Instant> {
            None
        }
    }
    let mut room = Room(InterfaceSet::ALL);
    host.ip.poll(host.now, &mut host.link, &mut (&mut room,));
    assert_eq!(room.0, InterfaceSet::NONE);
    host.link.room = 1;
    assert_eq!(kinds(&host.run()), ["UDP 8"]);
}

#[test]
fn a_link_without_stations_needs_no_resolution() {
    let mut host = Small::with::<1, 1, 0>(FakeLink::raw_ip());
    host.ip.add_address(cidr("192.0.2.1/32")).unwrap();
    host.ip.add_route(cidr("0.0.0.0/0"), None).unwrap();
    host.run();
    host.send("203.0.113.9", udp(), 8);
    assert_eq!(kinds(&host.run()), ["UDP 8"]);
}

#[test]
fn configuration_is_refused_with_a_reason_and_sizes_of_zero_are_legal() {
    let mut host = Small::with::<1, 1, 0>(FakeLink::ethernet());
    for bad in ["224.0.0.1/4", "0.0.0.0/0", "192.0.2.255/24", "240.0.0.1/8", "127.0.0.1/8", "::1/128"] {
        assert_eq!(host.ip.add_address(cidr(bad)), Err(AddressError::NotUnicast), "{bad}");
    }
    host.ip.add_address(cidr("192.0.2.1/24")).unwrap();
    assert_eq!(host.ip.add_address(cidr("192.0.2.1/24")), Err(AddressError::Exists));
    assert_eq!(host.ip.add_address(cidr("192.0.2.2/24")), Err(AddressError::TableFull));
    let any: Cidr = cidr("0.0.0.0/0");
    assert_eq!(host.ip.add_route(any, Some(ip("2001:db8::9"))), Err(RouteError::Family));
    assert_eq!(host.ip.add_route(any, Some(ip("224.0.0.1"))), Err(RouteError::Gateway));
    host.ip.add_route(any, Some(ip("192.0.2.254"))).unwrap();
    assert_eq!(host.ip.add_route(any, Some(ip("192.0.2.9"))), Err(RouteError::Exists));
    assert_eq!(host.ip.add_route(cidr("10.0.0.0/8"), None), Err(RouteError::TableFull));
    host.run();
    let mut packet = udp();
    packet.hop_limit = KEEP;
    host.send("192.0.2.9", packet, 8);
    assert!(host.run().is_empty());
    let unreachable = SendError::Unreachable(Unreachable::Neighbour);
    assert_eq!(host.transport.sending[0].result, Some(Err(unreachable)), "no room for anybody");
    assert_eq!(host.ip.addresses().collect::<Vec<_>>(), [cidr("192.0.2.1/24")]);
    assert!(host.ip.remove_route(any) && !host.ip.remove_route(any));
    assert!(host.ip.remove_address(ip("192.0.2.1")) && !host.ip.remove_address(ip("192.0.2.1")));
    assert_eq!(host.ip.interface().properties().medium, Medium::Ethernet);

    let mut none = Small::with::<0, 0, 0>(FakeLink::ethernet());
    none.ip = SmallIp::from_slices(&mut [], &mut [], &mut []);
    assert_eq!(none.ip.add_address(cidr("192.0.2.1/24")), Err(AddressError::TableFull));
    for (protocol, octets) in frames() {
        none.arrive_as(PEER, Cast::Unicast, protocol, octets);
        assert!(none.run().is_empty());
    }
    assert_eq!(none.poll_at(), None);
    let entries = format!("{:?}", (Own::FREE, Via::FREE, Neighbour::FREE));
    assert!(!entries.is_empty());
}

#[test]
fn a_bounded_turn_says_when_there_is_more() {
    let mut host = Small::new();
    for _ in 0..3 {
        let octets = packet_v4("192.0.2.9", "192.0.2.1", IpProtocol::UDP, b"abcdefgh");
        host.arrive_as(PEER, Cast::Unicast, EtherType::IPV4, octets);
    }
    for (budget, taken, want) in [(0, 0, Progress::Idle), (2, 2, Progress::More), (2, 3, Progress::Idle)] {
        let progress = host.ip.poll_bounded(host.now, budget, &mut host.link, &mut (&mut host.transport,));
        assert_eq!((host.transport.got.len(), progress), (taken, want));
    }
}

#[test]
fn mutated_frames_and_a_jumping_clock_do_a_small_host_no_harm() {
    for seed in 0..4_u8 {
        let mut random = Random::new([seed; 32]);
        let mut host = Small::new();
        let frames = frames();
        let verdicts = [
            Verdict::Done,
            Verdict::Reply(8),
            Verdict::Reply(u16::MAX),
            Verdict::Reject(Reject::PortUnreachable),
            Verdict::Reject(Reject::Prohibited),
            Verdict::NotMine,
        ];
        let pick = |random: &mut Random, len: usize| {
            usize::try_from(random.below(u32::try_from(len).unwrap())).unwrap()
        };
        for round in 0..20_000_u32 {
            host.transport.verdict = verdicts[pick(&mut random, verdicts.len())];
            let (protocol, mut octets) = frames[pick(&mut random, frames.len())].clone();
            mutate(&mut random, protocol, &mut octets);
            let cast = [Cast::Unicast, Cast::Unicast, Cast::Multicast, Cast::Broadcast][pick(&mut random, 4)];
            host.arrive_as(PEER, cast, protocol, octets);
            host.link.room = pick(&mut random, 5);
            host.now = match random.below(200) {
                0 => Instant::from_micros(host.now.micros().saturating_add(365 * 86_400_000_000)),
                1 => Instant::from_micros(host.now.micros() / 2),
                2 => Instant::from_micros(u64::MAX - 5),
                3 => Instant::from_millis(1),
                _ => Instant::from_micros(host.now.micros().saturating_add(u64::from(random.below(50_000)))),
            };
            if round % 50 == 0 {
                let to = ["192.0.2.9", "8.8.8.8", "2001:db8::9"][pick(&mut random, 3)];
                if let Ok(path) = host.ip.route(Source::ANY, ip(to)) {
                    host.transport.queue(path, udp(), 300);
                }
            }
            let progress = host.ip.poll(host.now, &mut host.link, &mut (&mut host.transport,));
            if progress == Progress::More {
                host.ip.poll(host.now, &mut host.link, &mut (&mut host.transport,));
            }
            for sent in host.link.take_sent() {
                check(&sent);
            }
            host.transport.got.clear();
            host.transport.errors.clear();
        }
        // And it still works.
        host.link.room = usize::MAX;
        host.link.events = LinkEvents::ROOM;
        host.now = Instant::from_millis(host.now.millis().min(1 << 40) + 120_000);
        host.transport.sending.clear();
        host.transport.verdict = Verdict::Reply(8);
        host.run();
        let sent = host.packet(packet_v4("192.0.2.9", "192.0.2.1", IpProtocol::UDP, b"abcdefgh"));
        assert_eq!(sent.last().map(Sent::kind), Some("UDP 8".into()), "seed {seed}");
    }
}

/// An image takes it as a trait object too.
#[test]
fn it_polls_trait_objects() {
    let mut host = Small::new();
    host.arrive_as(
        PEER,
        Cast::Unicast,
        EtherType::IPV4,
        packet_v4("192.0.2.9", "192.0.2.1", IpProtocol::UDP, b"abcdefgh"),
    );
    let transports: &mut [&mut dyn tersus_ip::Transport] = &mut [&mut host.transport];
    let link: &mut dyn LinkLayer = &mut host.link;
    assert_eq!(host.ip.poll(host.now, link, transports), Progress::Idle);
    assert_eq!(host.transport.got.len(), 1);
    let _: &dyn Fill = &|_: &mut [u8]| ();
}
