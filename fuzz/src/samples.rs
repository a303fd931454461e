//! Valid packets of every format of target `wire`, made by our own emitters, as inputs of their checks: what the
//! corpus started from, and what `tests/truncation.rs` cuts and mutates.

mod applications;
mod control;
mod internet;
mod links;
mod lowpan;
mod transport;

pub use applications::applications;
pub use control::control;
pub use internet::internet;
pub use links::links;
pub use lowpan::lowpan;
pub use transport::transport;

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use tersus_wire::ip::pseudo_addresses;
use tersus_wire::ndisc::{AdvertFlags, AdvertisementRepr, RouterSolicitationRepr, SolicitationRepr};
use tersus_wire::tcp::{SackBlock, Timestamps, UserTimeout};
use tersus_wire::{
    arp, ethernet, icmpv4, icmpv6, ieee802154, igmp, ipv4, ipv6, ipv6_ext, mld, sixlowpan, tcp, udp,
    EtherType, HardwareAddress, IpProtocol,
};

const V4_A: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
const V4_B: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 2);
const V6_A: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1);
const V6_B: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 2);
const MAC_A: [u8; 6] = [2, 0, 0, 0, 0, 1];
const MAC_B: [u8; 6] = [2, 0, 0, 0, 0, 2];

/// A valid packet.
#[derive(Debug)]
pub struct Sample {
    /// Number of the format in its [`crate::wire::Family`].
    pub format: u8,
    /// What it is, as a file name.
    pub name: &'static str,
    /// The input of the format's check.
    pub octets: Vec<u8>,
}

/// All samples.
#[must_use]
pub fn all() -> Vec<Sample> {
    let mut samples = Vec::new();
    let mut add = |format, name, octets| samples.push(Sample { format, name, octets });
    add(0, "ethernet", ethernet_frame(EtherType::ARP, &arp_request()));
    add(0, "ethernet_802_3", [&[0xff; 6], &MAC_A[..], &[0, 3, 0x42, 0x42, 3], &[0; 43]].concat());
    add(1, "arp_request", arp_request());
    add(2, "ipv4_udp", ipv4_packet(IpProtocol::UDP, &[], &udp_datagram()));
    add(2, "ipv4_options", ipv4_packet(IpProtocol::ICMPV4, &ipv4_options(), &echo()));
    add(3, "ipv6_tcp", ipv6_packet(IpProtocol::TCP, &tcp_segment()));
    add(4, "ipv6_ext_chain", [&[0, 0, 16, 128, 32, 255], &extension_headers()[..]].concat());
    add(5, "icmpv4_echo", echo());
    add(5, "icmpv4_too_big", icmpv4_error());
    add(6, "icmpv6_echo", icmpv6_echo());
    add(6, "icmpv6_problem", icmpv6_error());
    for (name, message) in ndisc_messages() {
        add(7, name, [&[message[0], message[1], 1, 0, 0, 0], &message[4..]].concat());
    }
    add(8, "udp", udp_datagram());
    add(9, "tcp_syn", tcp_segment());
    add(9, "tcp_sack", tcp_sack());
    add(10, "ieee802154_short", ieee802154_frame(HardwareAddress::short(1), HardwareAddress::short(2)));
    let extended = HardwareAddress::extended([0, 0x12, 0x4b, 0, 1, 2, 3, 4]);
    add(10, "ieee802154_extended", ieee802154_frame(extended, HardwareAddress::IEEE802154_BROADCAST));
    add(11, "sixlowpan_udp", [&[1, 0, 0, 0], &compressed()[..]].concat());
    add(11, "sixlowpan_fragment", [&[1, 1, 0, 200, 0xc0, 200, 0, 7], &compressed()[..]].concat());
    let chain = [&[IpProtocol::UDP.0, 0, 0x1e, 2, 9, 9, 0, 0], &udp_datagram()[..]].concat();
    add(
        12,
        "sixlowpan_packet",
        [&[1, 60], &ipv6_packet(IpProtocol::DESTINATION_OPTIONS, &chain)[..]].concat(),
    );
    add(13, "checksum", [&[4, 0x12, 0x34], &tcp_segment()[..]].concat());
    for (name, octets) in igmp_messages() {
        add(14, name, octets);
    }
    for (name, octets) in mld_messages() {
        add(15, name, octets);
    }
    samples
}

/// An Ethernet frame from A to B, padded.
#[must_use]
pub fn ethernet_frame(ether_type: EtherType, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0; ethernet::HEADER_LEN];
    let repr = ethernet::Repr { destination: MAC_B, source: MAC_A, ether_type };
    repr.emit(&mut frame).expect("room");
    frame.extend(payload);
    frame.resize(frame.len().max(ethernet::MIN_FRAME_LEN), 0);
    frame
}

fn arp_request() -> Vec<u8> {
    let mut octets = vec![0; arp::LEN];
    let repr = arp::Repr {
        operation: arp::Operation::Request,
        sender_hardware: HardwareAddress::ethernet(MAC_A),
        sender_protocol: V4_A,
        target_hardware: HardwareAddress::NONE,
        target_protocol: V4_B,
    };
    repr.emit(&mut octets).expect("room");
    octets
}

/// Router Alert, Record Route with room for one address, padding.
fn ipv4_options() -> Vec<u8> {
    [&ipv4::ROUTER_ALERT[..], &[1, 7, 7, 4, 0, 0, 0, 0]].concat()
}

fn ipv4_packet(protocol: IpProtocol, options: &[u8], payload: &[u8]) -> Vec<u8> {
    let len = u16::try_from(payload.len()).expect("short");
    let mut packet = vec![0; ipv4::HEADER_LEN + options.len()];
    let repr = ipv4::Repr::new(protocol, V4_A, V4_B, len);
    repr.emit_with_options(options, &mut packet).expect("room");
    packet.extend(payload);
    packet
}

fn ipv6_packet(next_header: IpProtocol, payload: &[u8]) -> Vec<u8> {
    let len = u16::try_from(payload.len()).expect("short");
    let mut packet = vec![0; ipv6::HEADER_LEN];
    ipv6::Repr::new(next_header, V6_A, V6_B, len).emit(&mut packet).expect("room");
    packet.extend(payload);
    packet
}

/// Hop-by-Hop Options with a Router Alert, Destination Options, Routing, Fragment, UDP.
fn extension_headers() -> Vec<u8> {
    let fragment = ipv6_ext::Fragment {
        next_header: IpProtocol::UDP,
        offset: 0,
        more: true,
        identification: 0x0102_0304,
    };
    let mut octets = ipv6_ext::router_alert(IpProtocol::DESTINATION_OPTIONS, 0).to_vec();
    octets.extend([IpProtocol::ROUTING.0, 0, 0x1e, 2, 9, 9, 0, 0]);
    octets.extend([IpProtocol::FRAGMENT.0, 0, 0, 0, 0, 0, 0, 0]);
    octets.extend(fragment.to_bytes());
    octets.extend(udp_datagram());
    octets
}

fn echo() -> Vec<u8> {
    let repr = icmpv4::Repr::EchoRequest { identifier: 0x1234, sequence: 7, data: b"tersus" };
    let mut octets = vec![0; repr.buffer_len()];
    repr.emit(&mut octets).expect("room");
    octets
}

fn icmpv4_error() -> Vec<u8> {
    let packet = ipv4_packet(IpProtocol::UDP, &[], &udp_datagram());
    let code = icmpv4::UnreachableCode::FragmentationNeeded;
    let repr = icmpv4::Repr::DestinationUnreachable { code, mtu: 1280, quote: &packet };
    let mut octets = vec![0; repr.buffer_len()];
    repr.emit(&mut octets).expect("room");
    octets
}

fn icmpv6_echo() -> Vec<u8> {
    let repr = icmpv6::Repr::EchoRequest { identifier: 0x1234, sequence: 7, data: b"tersus" };
    let mut octets = vec![0; repr.buffer_len()];
    repr.emit(V6_A, V6_B, &mut octets).expect("room");
    octets
}

fn icmpv6_error() -> Vec<u8> {
    let packet = ipv6_packet(IpProtocol::TCP, &tcp_segment());
    let code = icmpv6::ProblemCode::NextHeader;
    let repr = icmpv6::Repr::ParameterProblem { code, pointer: 6, quote: &packet };
    let mut octets = vec![0; repr.buffer_len()];
    repr.emit(V6_A, V6_B, &mut octets).expect("room");
    octets
}

fn ndisc_messages() -> Vec<(&'static str, Vec<u8>)> {
    let address = HardwareAddress::ethernet(MAC_A);
    let solicitation = SolicitationRepr { target: V6_B, source_link_layer: address };
    let advertisement = AdvertisementRepr {
        flags: AdvertFlags::SOLICITED | AdvertFlags::OVERRIDE,
        target: V6_B,
        target_link_layer: address,
    };
    let router = RouterSolicitationRepr { source_link_layer: address };
    let mut octets = [vec![0; 32], vec![0; 32], vec![0; 16]];
    solicitation.emit(V6_A, V6_B, &mut octets[0]).expect("room");
    advertisement.emit(V6_A, V6_B, &mut octets[1]).expect("room");
    router.emit(V6_A, V6_B, &mut octets[2]).expect("room");
    let [solicitation, advertisement, router] = octets;

    // Type, code, checksum; hop limit, flags, lifetime, reachable time, retransmission timer; then one option of each
    // kind: MTU, prefix information, route information, DNS servers, nonce, source link-layer address.
    let mut router_advertisement = vec![134, 0, 0, 0, 64, 0xc8, 7, 8, 0, 0, 0x75, 0x30, 0, 0, 3, 0xe8];
    router_advertisement.extend([5, 1, 0, 0, 0, 0, 5, 0xdc]);
    router_advertisement.extend([3, 4, 64, 0xc0, 0, 1, 0, 0, 0, 0, 0x80, 0, 0, 0, 0, 0]);
    router_advertisement.extend(V6_A.octets());
    router_advertisement.extend([24, 2, 64, 8, 0, 0, 0x0e, 0x10, 0x20, 1, 0x0d, 0xb8, 0, 0, 0, 1]);
    router_advertisement.extend([25, 3, 0, 0, 0, 0, 0, 60]);
    router_advertisement.extend(V6_B.octets());
    router_advertisement.extend([14, 1, 1, 2, 3, 4, 5, 6]);
    router_advertisement.extend([1, 1, 2, 0, 0, 0, 0, 1]);

    let mut redirect = vec![137, 0, 0, 0, 0, 0, 0, 0];
    redirect.extend(V6_A.octets());
    redirect.extend(V6_B.octets());
    redirect.extend([2, 1, 2, 0, 0, 0, 0, 1]);
    redirect.extend([4, 2, 0, 0, 0, 0, 0, 0, 0x60, 0, 0, 0, 0, 0, 59, 64]);
    vec![
        ("ndisc_solicitation", solicitation),
        ("ndisc_advertisement", advertisement),
        ("ndisc_router_solicitation", router),
        ("ndisc_router_advertisement", router_advertisement),
        ("ndisc_redirect", redirect),
    ]
}

fn igmp_messages() -> Vec<(&'static str, Vec<u8>)> {
    let group = Ipv4Addr::new(224, 0, 0, 251);
    let source = V4_A.octets();
    let records =
        [&[4, 0, 0, 0, 224, 0, 0, 251], &[1, 1, 0, 1, 224, 0, 0, 252], &source[..], &[9; 4]].concat();
    let sources = igmp::Sources::new(&source);
    [
        ("igmp_query", igmp::Repr::Query { max_resp_code: 100, group }),
        (
            "igmp_query_v3",
            igmp::Repr::QueryV3 {
                max_resp_code: 0x8a,
                group,
                flags: igmp::QueryFlags(10),
                qqic: 125,
                sources,
            },
        ),
        ("igmp_leave", igmp::Repr::Leave { group }),
        (
            "igmp_report_v3",
            igmp::Repr::ReportV3 { records: igmp::Records::parse(&records, 2).expect("two records") },
        ),
    ]
    .into_iter()
    .map(|(name, repr)| {
        let mut octets = vec![0; repr.buffer_len()];
        repr.emit(&mut octets).expect("room");
        (name, octets)
    })
    .collect()
}

fn mld_messages() -> Vec<(&'static str, Vec<u8>)> {
    let group = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0xfb);
    let source = V6_A.octets();
    let records =
        [&[4, 0, 0, 1], &group.octets()[..], &source, &[2, 1, 0, 0], &group.octets(), &[9; 4]].concat();
    let sources = mld::Sources::new(&source);
    [
        ("mld_query", mld::Repr::QueryV1 { max_resp_delay: 1_000, group }),
        (
            "mld_query_v2",
            mld::Repr::QueryV2 {
                max_resp_code: 0x8a00,
                group,
                flags: igmp::QueryFlags(10),
                qqic: 125,
                sources,
            },
        ),
        ("mld_done", mld::Repr::Done { group }),
        (
            "mld_report_v2",
            mld::Repr::ReportV2 { records: mld::Records::parse(&records, 2).expect("two records") },
        ),
    ]
    .into_iter()
    .map(|(name, repr)| {
        let mut octets = vec![0; repr.buffer_len()];
        repr.emit(V6_A, V6_B, &mut octets).expect("room");
        (name, octets)
    })
    .collect()
}

fn udp_datagram() -> Vec<u8> {
    let addresses = pseudo_addresses(IpAddr::V4(V4_A), IpAddr::V4(V4_B));
    let mut octets = vec![0; udp::Repr::buffer_len(6)];
    udp::Repr { src_port: 0xf0b1, dst_port: 0xf0b2 }.emit(&mut octets, b"tersus", addresses).expect("room");
    octets
}

fn tcp_octets(repr: &tcp::Repr, payload: &[u8]) -> Vec<u8> {
    let addresses = pseudo_addresses(IpAddr::V4(V4_A), IpAddr::V4(V4_B));
    let mut octets = vec![0; repr.buffer_len() + payload.len()];
    repr.emit(&mut octets, payload, tcp::Checksum::Full(addresses)).expect("room");
    octets
}

fn tcp_segment() -> Vec<u8> {
    let mut repr = tcp::Repr::default();
    repr.fields = tcp::Fields {
        src_port: 49_152,
        dst_port: 80,
        seq: 0xffff_fff0,
        flags: tcp::Flags::SYN,
        window: 8_192,
        ..repr.fields
    };
    repr.options.mss = Some(1_460);
    repr.options.window_scale = Some(7);
    repr.options.sack_permitted = true;
    repr.options.timestamps = Some(Timestamps { value: 1, echo: 0 });
    repr.options.user_timeout = Some(UserTimeout::Minutes(5));
    tcp_octets(&repr, b"data with the SYN")
}

fn tcp_sack() -> Vec<u8> {
    let mut repr = tcp::Repr::default();
    repr.fields.flags = tcp::Flags::ACK | tcp::Flags::PSH | tcp::Flags::URG;
    repr.fields.urgent = 3;
    for left in [100, 300, 500] {
        repr.options.sack.push(SackBlock { left, right: left + 100 }).expect("at most four");
    }
    tcp_octets(&repr, b"data")
}

fn ieee802154_frame(dst: HardwareAddress, src: HardwareAddress) -> Vec<u8> {
    let repr = ieee802154::Repr {
        version: ieee802154::Version::V2006,
        sequence: 9,
        ack_request: false,
        dst_pan: 0xabcd,
        dst,
        src_pan: 0xabcd,
        src,
    };
    let mut frame = vec![0; repr.buffer_len()];
    repr.emit(&mut frame).expect("room");
    frame.extend([0x41, 0x60]);
    frame
}

/// UDP between the addresses that the frame's yield, compressed.
fn compressed() -> Vec<u8> {
    let link = sixlowpan::LinkAddresses {
        source: HardwareAddress::extended([0, 0x12, 0x4b, 0, 1, 2, 3, 4]),
        destination: HardwareAddress::short(0x1234),
    };
    let packet = ipv6_packet(IpProtocol::UDP, &udp_datagram());
    let mut out = vec![0; 64];
    let done = sixlowpan::compress(&packet, &link, &sixlowpan::Contexts::new(), &mut out).expect("room");
    [&out[..done.header_len], &packet[done.covered..]].concat()
}
