//! Packets from an input: of any octets, or valid ones with mutations.

use crate::check;
use crate::transport::{Address, Port};
use arbitrary::Arbitrary;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use tersus_wire::ip::pseudo_addresses;
use tersus_wire::{
    arp, icmpv4, icmpv6, ipv4, ipv6, ipv6_ext, ndisc, udp, EtherType, HardwareAddress, IpProtocol,
};

/// A protocol of which no format is known, for what has no checksum: RFC 3692.
pub(crate) const EXPERIMENT: IpProtocol = IpProtocol(253);

/// A packet and what becomes of it on its way.
#[derive(Arbitrary, Debug)]
pub(crate) struct Arrival {
    kind: Kind,
    /// Octets that are changed, before checksums are made right if `repair`.
    mutations: Vec<(u16, u8)>,
    repair: bool,
    /// Octets cut off, or (above 127) appended.
    cut: u8,
}

#[derive(Arbitrary, Debug)]
enum Kind {
    Octets { ether_type: u16, octets: Vec<u8> },
    Arp { operation: u16, hardware: u8, sender: Address, target: Address },
    Ip { header: Header, payload: Payload },
    Fragment { header: Header, fragment: Fragment, payload: Vec<u8> },
    Quote { header: Header, error: Error, about: Header, payload: Payload },
    Discovery { header: Header, message: Discovery },
}

#[derive(Arbitrary, Debug)]
struct Header {
    from: Address,
    to: Address,
    hop_limit: u8,
    traffic_class: u8,
    /// IPv4: options; IPv6: Destination Options data.
    options: Vec<u8>,
}

#[derive(Arbitrary, Debug)]
pub(crate) enum Payload {
    Experiment(Vec<u8>),
    Udp { from: Port, to: Port, data: Vec<u8> },
    Echo { identifier: u16, sequence: u16, data: Vec<u8>, reply: bool },
    Other { protocol: u8, octets: Vec<u8> },
}

#[derive(Arbitrary, Debug)]
struct Fragment {
    identification: u8,
    /// In units of eight octets, modulo 16 unless `far`.
    offset: u16,
    far: bool,
    more: bool,
    protocol: u8,
}

#[derive(Arbitrary, Debug)]
enum Error {
    TooBig(u16),
    Unreachable(u8),
    TimeExceeded(u8),
    Problem(u8, u8),
}

#[derive(Arbitrary, Debug)]
enum Discovery {
    Solicitation { target: Address, hardware: Option<u8> },
    Advertisement { target: Address, hardware: Option<u8>, flags: u8 },
    Other { kind: u8, body: Vec<u8> },
}

/// A station's address by number; 1 is the one under test.
pub(crate) fn station(number: u8) -> HardwareAddress {
    HardwareAddress::ethernet([2, 0, 0, 0, 0, number % 8])
}

impl Arrival {
    /// The type and octets of the packet.
    pub(crate) fn build(&self) -> (EtherType, Vec<u8>) {
        let (ether_type, mut octets) = self.kind.build();
        for (at, value) in &self.mutations {
            let len = octets.len().max(1);
            if let Some(octet) = octets.get_mut(usize::from(*at) % len) {
                *octet = *value;
            }
        }
        if self.repair {
            check::repair(&mut octets);
        }
        match self.cut.checked_sub(128) {
            Some(more) => octets.resize(octets.len() + usize::from(more), 0),
            None => octets.truncate(octets.len() - usize::from(self.cut / 2).min(octets.len())),
        }
        (ether_type, octets)
    }
}

impl Kind {
    fn build(&self) -> (EtherType, Vec<u8>) {
        match self {
            Self::Octets { ether_type, octets } => {
                let known = [EtherType::IPV4, EtherType::IPV6, EtherType::ARP];
                let ether_type =
                    known.get(usize::from(*ether_type)).copied().unwrap_or(EtherType(*ether_type));
                (ether_type, octets.clone())
            }
            Self::Arp { operation, hardware, sender, target } => {
                (EtherType::ARP, arp_packet(*operation, *hardware, *sender, *target))
            }
            Self::Ip { header, payload } => header.packet(|from, to| payload.build(from, to)),
            Self::Fragment { header, fragment, payload } => header.fragment(fragment, payload),
            Self::Quote { header, error, about, payload } => {
                let (_, quote) = about.packet(|from, to| payload.build(from, to));
                header.packet(|from, to| error.build(from, to, &quote))
            }
            Self::Discovery { header, message } => {
                let (from, to) = (header.from.get(), header.to.get());
                let (IpAddr::V6(from), IpAddr::V6(to)) = (from, to) else {
                    return (EtherType::IPV6, Vec::new());
                };
                (EtherType::IPV6, ipv6_packet(from, to, IpProtocol::ICMPV6, 255, 0, &message.build(from, to)))
            }
        }
    }
}

fn arp_packet(operation: u16, hardware: u8, sender: Address, target: Address) -> Vec<u8> {
    let v4 = |address: Address| match address.get() {
        IpAddr::V4(address) => address,
        IpAddr::V6(_) => Ipv4Addr::new(192, 0, 2, 77),
    };
    let repr = arp::Repr {
        operation: arp::Operation::from(operation),
        sender_hardware: station(hardware),
        sender_protocol: v4(sender),
        target_hardware: HardwareAddress::NONE,
        target_protocol: v4(target),
    };
    let mut octets = vec![0; arp::LEN];
    repr.emit(&mut octets).expect("room");
    octets
}

impl Header {
    /// A packet between the header's addresses, if they are of one family.
    fn packet(&self, payload: impl FnOnce(IpAddr, IpAddr) -> (IpProtocol, Vec<u8>)) -> (EtherType, Vec<u8>) {
        let (from, to) = (self.from.get(), self.to.get());
        let (protocol, payload) = payload(from, to);
        match (from, to) {
            (IpAddr::V4(from), IpAddr::V4(to)) => {
                let len = u16::try_from(payload.len()).unwrap_or(0);
                let repr = ipv4::Repr {
                    hop_limit: self.hop_limit,
                    traffic_class: self.traffic_class,
                    ..ipv4::Repr::new(protocol, from, to, len)
                };
                (EtherType::IPV4, self.ipv4(&repr, &payload))
            }
            (IpAddr::V6(from), IpAddr::V6(to)) => {
                let (protocol, payload) = if self.options.is_empty() {
                    (protocol, payload)
                } else {
                    let mut extension = vec![protocol.0, 0];
                    extension.extend(&self.options);
                    extension.resize(extension.len().div_ceil(8) * 8, 0);
                    extension[1] = u8::try_from(extension.len() / 8 - 1).unwrap_or(255);
                    // The first bit of the Traffic Class chooses which of the two headers with options.
                    let outer = if self.traffic_class & 1 == 0 {
                        IpProtocol::DESTINATION_OPTIONS
                    } else {
                        IpProtocol::HOP_BY_HOP
                    };
                    (outer, [extension, payload].concat())
                };
                let packet = ipv6_packet(from, to, protocol, self.hop_limit, self.traffic_class, &payload);
                (EtherType::IPV6, packet)
            }
            _ => (EtherType::IPV4, payload),
        }
    }

    fn ipv4(&self, repr: &ipv4::Repr, payload: &[u8]) -> Vec<u8> {
        let mut options = self.options.clone();
        options.truncate(ipv4::OPTIONS_LEN_MAX);
        options.resize(options.len().div_ceil(4) * 4, 0);
        let mut octets = vec![0; ipv4::HEADER_LEN + options.len()];
        if repr.emit_with_options(&options, &mut octets).is_err() {
            octets.clear();
        }
        octets.extend(payload);
        octets
    }

    fn fragment(&self, fragment: &Fragment, payload: &[u8]) -> (EtherType, Vec<u8>) {
        let offset = if fragment.far { fragment.offset & 0x1fff } else { fragment.offset % 16 } * 8;
        let protocol = if fragment.protocol & 1 == 0 { EXPERIMENT } else { IpProtocol(fragment.protocol) };
        match (self.from.get(), self.to.get()) {
            (IpAddr::V4(from), IpAddr::V4(to)) => {
                let more = if fragment.more { ipv4::Flags::MORE_FRAGMENTS } else { ipv4::Flags::empty() };
                let repr = ipv4::Repr {
                    identification: (fragment.identification % 4).into(),
                    flags: more,
                    fragment_offset: offset,
                    hop_limit: self.hop_limit,
                    ..ipv4::Repr::new(protocol, from, to, u16::try_from(payload.len()).unwrap_or(0))
                };
                (EtherType::IPV4, self.ipv4(&repr, payload))
            }
            (from, to) => self.packet_v6_fragment(fragment, offset, protocol, payload, (from, to)),
        }
    }

    fn packet_v6_fragment(
        &self,
        fragment: &Fragment,
        offset: u16,
        next_header: IpProtocol,
        payload: &[u8],
        (from, to): (IpAddr, IpAddr),
    ) -> (EtherType, Vec<u8>) {
        let (IpAddr::V6(from), IpAddr::V6(to)) = (from, to) else { return (EtherType::IPV6, Vec::new()) };
        let header = ipv6_ext::Fragment {
            next_header,
            offset,
            more: fragment.more,
            identification: (fragment.identification % 4).into(),
        };
        let payload = [&header.to_bytes(), payload].concat();
        (EtherType::IPV6, ipv6_packet(from, to, IpProtocol::FRAGMENT, self.hop_limit, 0, &payload))
    }
}

fn ipv6_packet(
    source: Ipv6Addr,
    destination: Ipv6Addr,
    next_header: IpProtocol,
    hop_limit: u8,
    traffic_class: u8,
    payload: &[u8],
) -> Vec<u8> {
    let len = u16::try_from(payload.len()).unwrap_or(0);
    let repr =
        ipv6::Repr { hop_limit, traffic_class, ..ipv6::Repr::new(next_header, source, destination, len) };
    let mut octets = vec![0; ipv6::HEADER_LEN];
    repr.emit(&mut octets).expect("room");
    octets.extend(payload);
    octets
}

impl Payload {
    pub(crate) fn build(&self, from: IpAddr, to: IpAddr) -> (IpProtocol, Vec<u8>) {
        match self {
            Self::Experiment(octets) => (EXPERIMENT, octets.clone()),
            Self::Other { protocol, octets } => (IpProtocol(*protocol), octets.clone()),
            Self::Udp { from: src_port, to: dst_port, data } => {
                let repr = udp::Repr { src_port: src_port.get(), dst_port: dst_port.get() };
                let mut octets = vec![0; udp::Repr::buffer_len(data.len())];
                let _ = repr.emit(&mut octets, data, pseudo_addresses(from, to));
                (IpProtocol::UDP, octets)
            }
            Self::Echo { identifier, sequence, data, reply } => {
                let (identifier, sequence) = (*identifier, *sequence);
                match (from, to) {
                    (IpAddr::V6(from), IpAddr::V6(to)) => {
                        let repr = if *reply {
                            icmpv6::Repr::EchoReply { identifier, sequence, data }
                        } else {
                            icmpv6::Repr::EchoRequest { identifier, sequence, data }
                        };
                        let mut octets = vec![0; repr.buffer_len()];
                        repr.emit(from, to, &mut octets).expect("room");
                        (IpProtocol::ICMPV6, octets)
                    }
                    _ => {
                        let repr = if *reply {
                            icmpv4::Repr::EchoReply { identifier, sequence, data }
                        } else {
                            icmpv4::Repr::EchoRequest { identifier, sequence, data }
                        };
                        let mut octets = vec![0; repr.buffer_len()];
                        repr.emit(&mut octets).expect("room");
                        (IpProtocol::ICMPV4, octets)
                    }
                }
            }
        }
    }
}

impl Error {
    fn build(&self, from: IpAddr, to: IpAddr, quote: &[u8]) -> (IpProtocol, Vec<u8>) {
        if let (IpAddr::V6(from), IpAddr::V6(to)) = (from, to) {
            let repr = match *self {
                Self::TooBig(mtu) => icmpv6::Repr::PacketTooBig { mtu: mtu.into(), quote },
                Self::Unreachable(code) => icmpv6::Repr::DestinationUnreachable { code: code.into(), quote },
                Self::TimeExceeded(code) => icmpv6::Repr::TimeExceeded { code: code.into(), quote },
                Self::Problem(code, pointer) => {
                    icmpv6::Repr::ParameterProblem { code: code.into(), pointer: pointer.into(), quote }
                }
            };
            let mut octets = vec![0; repr.buffer_len()];
            repr.emit(from, to, &mut octets).expect("room");
            return (IpProtocol::ICMPV6, octets);
        }
        let repr = match *self {
            Self::TooBig(mtu) => {
                let code = icmpv4::UnreachableCode::FragmentationNeeded;
                icmpv4::Repr::DestinationUnreachable { code, mtu, quote }
            }
            Self::Unreachable(code) => {
                icmpv4::Repr::DestinationUnreachable { code: code.into(), mtu: 0, quote }
            }
            Self::TimeExceeded(code) => icmpv4::Repr::TimeExceeded { code: code.into(), quote },
            Self::Problem(code, pointer) => icmpv4::Repr::ParameterProblem { code, pointer, quote },
        };
        let mut octets = vec![0; repr.buffer_len()];
        repr.emit(&mut octets).expect("room");
        (IpProtocol::ICMPV4, octets)
    }
}

impl Discovery {
    fn build(&self, from: Ipv6Addr, to: Ipv6Addr) -> Vec<u8> {
        let v6 = |address: Address| match address.get() {
            IpAddr::V6(address) => address,
            IpAddr::V4(_) => Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 77),
        };
        let hardware = |number: Option<u8>| number.map_or(HardwareAddress::NONE, station);
        match self {
            Self::Solicitation { target, hardware: number } => {
                let repr =
                    ndisc::SolicitationRepr { target: v6(*target), source_link_layer: hardware(*number) };
                let mut octets = vec![0; repr.buffer_len()];
                repr.emit(from, to, &mut octets).expect("room");
                octets
            }
            Self::Advertisement { target, hardware: number, flags } => {
                let repr = ndisc::AdvertisementRepr {
                    flags: ndisc::AdvertFlags::from_bits_truncate(*flags),
                    target: v6(*target),
                    target_link_layer: hardware(*number),
                };
                let mut octets = vec![0; repr.buffer_len()];
                repr.emit(from, to, &mut octets).expect("room");
                octets
            }
            Self::Other { kind, body } => {
                let mut octets = vec![133 + kind % 5, 0, 0, 0];
                octets.extend(body);
                icmpv6::fill_checksum(from, to, &mut octets);
                octets
            }
        }
    }
}
