//! What the tests share: an IP layer that keeps what was sent, and datagrams to feed.
#![expect(dead_code, reason = "each test file uses a part")]

use core::cell::RefCell;
use core::net::{IpAddr, SocketAddr};
use tersus_ip::fake::FakeIp;
use tersus_ip::{Addresses, Instant, IpMeta, OutFlags, Outgoing, Transport, Verdict};
use tersus_udp::Udp;
use tersus_wire::checksum::Sum;
use tersus_wire::{ip, udp, IpProtocol};

/// The host's own addresses in [`FakeIp`].
pub(crate) const OWN_V4: &str = "192.0.2.1";
pub(crate) const OWN_V6: &str = "2001:db8::1";

/// A datagram that left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sent {
    pub(crate) from: SocketAddr,
    pub(crate) to: SocketAddr,
    pub(crate) outgoing: Outgoing,
    pub(crate) interface: u8,
    pub(crate) data: Vec<u8>,
}

/// Runs `test` with a fake IP layer and the list of what left. Every datagram that leaves must be well-formed.
pub(crate) fn with_ip(test: impl FnOnce(&mut FakeIp<'_>, &RefCell<Vec<Sent>>)) {
    let sent = RefCell::new(Vec::new());
    let mut buffer = vec![0xee; 65_535];
    let mut keep = |path: &tersus_ip::Path, outgoing: Outgoing, segment: &[u8]| {
        let mut segment = segment.to_vec();
        if outgoing.flags.contains(OutFlags::PARTIAL_CHECKSUM) {
            // What the device would do.
            let checksum = Sum::new().add_bytes(&segment).checksum();
            if let Some(field) = segment.get_mut(6..).and_then(<[u8]>::first_chunk_mut) {
                *field = checksum.to_be_bytes();
            }
        }
        let packet = udp::Packet::parse(&segment).expect("well-formed");
        let repr = udp::Repr::parse(&packet, path.pseudo_sum()).expect("right checksum");
        assert!(packet.header().checksum().is_some(), "a checksum is always made");
        assert_eq!(usize::from(packet.header().length()), segment.len());
        sent.borrow_mut().push(Sent {
            from: SocketAddr::new(path.source(), repr.src_port),
            to: SocketAddr::new(path.destination(), repr.dst_port),
            outgoing,
            interface: path.interface().0,
            data: packet.payload().to_vec(),
        });
    };
    let mut ip = FakeIp::new(&mut buffer, &mut keep);
    test(&mut ip, &sent);
}

pub(crate) fn at(text: &str) -> SocketAddr {
    text.parse().expect("valid")
}

pub(crate) fn ip(text: &str) -> IpAddr {
    text.parse().expect("valid")
}

/// The octets of a datagram.
pub(crate) fn segment(from: SocketAddr, to: SocketAddr, data: &[u8]) -> Vec<u8> {
    let mut octets = vec![0; udp::Repr::buffer_len(data.len())];
    let repr = udp::Repr { src_port: from.port(), dst_port: to.port() };
    repr.emit(&mut octets, data, ip::pseudo_addresses(from.ip(), to.ip())).expect("valid");
    octets
}

/// Feeds octets as a packet between two addresses; `adjust` may change what IP knows of it.
pub(crate) fn feed_octets(
    udp: &mut dyn Transport,
    from: IpAddr,
    to: IpAddr,
    octets: &mut [u8],
    adjust: impl FnOnce(&mut IpMeta<'_>),
) -> Verdict {
    let mut addresses = Vec::new();
    for address in [from, to] {
        match address {
            IpAddr::V4(address) => addresses.extend(address.octets()),
            IpAddr::V6(address) => addresses.extend(address.octets()),
        }
    }
    let addresses = match from {
        IpAddr::V4(_) => Addresses::V4(addresses.first_chunk().expect("valid")),
        IpAddr::V6(_) => Addresses::V6(addresses.first_chunk().expect("valid")),
    };
    let mut meta = IpMeta::new(Instant::ZERO, IpProtocol::UDP, addresses);
    adjust(&mut meta);
    udp.receive(&meta, octets)
}

/// Feeds a unicast datagram.
pub(crate) fn feed(udp: &mut dyn Transport, from: &str, to: &str, data: &[u8]) -> Verdict {
    let (from, to) = (at(from), at(to));
    feed_octets(udp, from.ip(), to.ip(), &mut segment(from, to, data), |_| ())
}

/// The counter of this name.
pub(crate) fn counter(udp: &Udp<'_>, name: &str) -> u32 {
    let counters = udp.statistics().counters();
    counters.iter().find(|(known, _)| *known == name).expect("a counter of this name").1
}
