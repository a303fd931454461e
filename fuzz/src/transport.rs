//! What the targets of transports share: addresses, segments fed to a transport, and a check of what it sends.

use crate::check;
use arbitrary::Arbitrary;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use tersus_ip::fake::FakeIp;
use tersus_ip::{
    Addresses, Cast, Instant, InterfaceId, InterfaceSet, IpMeta, Path, SendError, Transport, Unreachable,
    Verdict,
};
use tersus_wire::IpProtocol;

pub(crate) const OWN_V4: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
pub(crate) const OWN_V6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1);

/// Few addresses, so that what is sent and what is bound meet.
#[derive(Arbitrary, Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Address {
    Own4,
    Own6,
    Peer4,
    Peer6,
    Other4,
    Other6,
    Any4,
    Any6,
    Group4,
    Group6,
    Broadcast4,
    Directed4,
    Local6,
    Loopback4,
    Loopback6,
    Nodes6,
    Solicited6,
    Anything(u128),
}

impl Address {
    pub(crate) fn get(self) -> IpAddr {
        match self {
            Self::Own4 => OWN_V4.into(),
            Self::Own6 => OWN_V6.into(),
            Self::Peer4 => Ipv4Addr::new(192, 0, 2, 2).into(),
            Self::Peer6 => Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 2).into(),
            Self::Other4 => Ipv4Addr::new(198, 51, 100, 7).into(),
            Self::Other6 => Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 7).into(),
            Self::Any4 => Ipv4Addr::UNSPECIFIED.into(),
            Self::Any6 => Ipv6Addr::UNSPECIFIED.into(),
            Self::Group4 => Ipv4Addr::new(224, 0, 0, 251).into(),
            Self::Group6 => Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0xfb).into(),
            Self::Broadcast4 => Ipv4Addr::BROADCAST.into(),
            Self::Directed4 => Ipv4Addr::new(192, 0, 2, 255).into(),
            Self::Local6 => Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1).into(),
            Self::Loopback4 => Ipv4Addr::LOCALHOST.into(),
            Self::Loopback6 => Ipv6Addr::LOCALHOST.into(),
            Self::Nodes6 => Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1).into(),
            Self::Solicited6 => Ipv6Addr::new(0xff02, 0, 0, 0, 0, 1, 0xff00, 1).into(),
            Self::Anything(bits) if bits >> 96 == 0 => {
                Ipv4Addr::from(u128::to_be_bytes(bits).last_chunk().copied().unwrap_or_default()).into()
            }
            Self::Anything(bits) => Ipv6Addr::from(bits).into(),
        }
    }
}

/// Few ports, and all.
#[derive(Arbitrary, Debug, Clone, Copy)]
pub(crate) enum Port {
    Zero,
    Low(bool),
    Ephemeral(bool),
    Anything(u16),
}

impl Port {
    pub(crate) fn get(self) -> u16 {
        match self {
            Self::Zero => 0,
            Self::Low(b) => 7 + u16::from(b),
            Self::Ephemeral(b) => 49_152 + u16::from(b),
            Self::Anything(port) => port,
        }
    }
}

/// How a packet came.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Arrival {
    pub(crate) now: Instant,
    pub(crate) interface: u8,
    pub(crate) from: IpAddr,
    pub(crate) to: IpAddr,
    pub(crate) protocol: IpProtocol,
}

/// Hands `segment` to a transport. Checks what the boundary promises: what is rejected or refused is unaltered, and a
/// reply is no longer than the segment and right.
pub(crate) fn feed(transport: &mut dyn Transport, arrival: Arrival, segment: Vec<u8>) -> Option<Vec<u8>> {
    feed_marked(transport, arrival, 0, segment)
}

/// As [`feed`], in a packet of this Traffic Class.
pub(crate) fn feed_marked(
    transport: &mut dyn Transport,
    arrival: Arrival,
    traffic_class: u8,
    mut segment: Vec<u8>,
) -> Option<Vec<u8>> {
    let mut octets = Vec::new();
    let (from, to) = match (arrival.from, arrival.to) {
        (IpAddr::V4(from), IpAddr::V4(to)) => {
            octets.extend(from.octets());
            octets.extend(to.octets());
            (IpAddr::V4(from), IpAddr::V4(to))
        }
        (IpAddr::V6(from), IpAddr::V6(to)) => {
            octets.extend(from.octets());
            octets.extend(to.octets());
            (IpAddr::V6(from), IpAddr::V6(to))
        }
        _ => return None,
    };
    let addresses = match octets.first_chunk::<32>() {
        Some(octets) => Addresses::V6(octets),
        None => Addresses::V4(octets.first_chunk().expect("two addresses")),
    };
    let mut meta = IpMeta::new(arrival.now, arrival.protocol, addresses);
    meta.interface = InterfaceId(arrival.interface);
    meta.traffic_class = traffic_class;
    meta.cast = match to {
        IpAddr::V4(to) if to.is_broadcast() => Cast::Broadcast,
        to if to.is_multicast() => Cast::Multicast,
        _ => Cast::Unicast,
    };
    if meta.cast != Cast::Unicast {
        meta.reply_from = None;
    }
    let before = segment.clone();
    match transport.receive(&meta, &mut segment) {
        Verdict::Done => None,
        Verdict::Reject(_) | Verdict::NotMine => {
            assert_eq!(segment, before, "a segment that is refused is left unaltered");
            None
        }
        Verdict::Reply(len) => {
            assert!(usize::from(len) <= before.len(), "a reply is no longer than the segment");
            let reply = segment[..usize::from(len)].to_vec();
            if let Some(from_us) = meta.reply_from {
                check::segment(from_us, from, arrival.protocol, &reply);
            }
            Some(reply)
        }
    }
}

/// Checks a segment that a transport sent along a path.
pub(crate) fn check_sent(path: &Path, protocol: IpProtocol, segment: &[u8]) {
    check::segment(path.source(), path.destination(), protocol, segment);
}

/// What a fake IP layer answers from now on.
#[derive(Arbitrary, Debug, Clone, Copy)]
pub(crate) enum Refusal {
    None,
    Full,
    Resolving,
    TooBig(u16),
    NoRoute,
    NotSent,
    NoRoom,
    Mtu(u16),
}

/// Makes it so, and moves the generation.
pub(crate) fn refuse(ip: &mut FakeIp<'_>, refusal: &Refusal) {
    ip.unroutable = None;
    ip.refusal = None;
    ip.room = InterfaceSet::ALL;
    match *refusal {
        Refusal::None => {}
        Refusal::Full => {
            ip.refusal = Some(SendError::Full);
            ip.room = InterfaceSet::NONE;
        }
        Refusal::Resolving => ip.refusal = Some(SendError::Resolving),
        Refusal::TooBig(mtu) => ip.refusal = Some(SendError::TooBig(mtu)),
        Refusal::NoRoute => ip.unroutable = Some(Unreachable::NoRoute),
        Refusal::NotSent => ip.refusal = Some(SendError::Unreachable(Unreachable::Neighbour)),
        Refusal::NoRoom => ip.room = InterfaceSet::NONE,
        Refusal::Mtu(mtu) => ip.mtu = mtu,
    }
    ip.generation = ip.generation.wrapping_add(1);
}
