extern crate alloc;
use super::*;
use crate::checksum::Sum;
use crate::icmp_ext;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

pub(super) fn lines(medium: Medium, frame: &[u8]) -> Vec<String> {
    let mut scratch = [0; 1280];
    Walk::new(medium, frame, &mut scratch).map(|layer| layer.to_string()).collect()
}

fn ethernet(ether_type: u16, payload: &[u8]) -> Vec<u8> {
    [&[2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1], &ether_type.to_be_bytes()[..], payload].concat()
}

pub(super) fn ipv4(protocol: u8, payload: &[u8]) -> Vec<u8> {
    let len = u16::try_from(payload.len()).unwrap();
    let repr = ipv4::Repr::new(IpProtocol(protocol), [10, 0, 0, 1].into(), [10, 0, 0, 2].into(), len);
    let mut packet = [0; 20];
    repr.emit(&mut packet).unwrap();
    [&packet, payload].concat()
}

pub(super) fn ipv6(next_header: u8, payload: &[u8]) -> Vec<u8> {
    let len = u16::try_from(payload.len()).unwrap();
    let addresses = ["fe80::1".parse().unwrap(), "fe80::2".parse().unwrap()];
    let repr = ipv6::Repr::new(IpProtocol(next_header), addresses[0], addresses[1], len);
    let mut packet = [0; 40];
    repr.emit(&mut packet).unwrap();
    [&packet, payload].concat()
}

pub(super) fn udp(ports: [u16; 2], payload: &[u8]) -> Vec<u8> {
    let len = u16::try_from(payload.len() + 8).unwrap();
    [&ports[0].to_be_bytes()[..], &ports[1].to_be_bytes(), &len.to_be_bytes(), &[0, 0], payload].concat()
}

fn icmpv4_error(quote: &[u8]) -> Vec<u8> {
    let mut message = [&[3, 3, 0, 0, 0, 0, 0, 0], quote].concat();
    let checksum = Sum::new().add_bytes(&message).checksum();
    message[2..4].copy_from_slice(&checksum.to_be_bytes());
    message
}

const QUERY: &[u8] = b"\0\x07\x01\0\0\x01\0\0\0\0\0\0\x01a\0\0\x01\0\x01";

#[test]
fn a_frame_is_shown_one_line_a_layer() {
    let tagged = [&[0x20, 7, 0x08, 0][..], &ipv4(17, &udp([5000, 53], QUERY)), &[0; 3]].concat();
    let want = [
        "Ethernet 02:00:00:00:00:01 > 02:00:00:00:00:02 VLAN, 54 octets",
        "VLAN 7 priority 1, IPv4",
        "IPv4 10.0.0.1 > 10.0.0.2 UDP len 47 hop limit 64; checksum right",
        "UDP 5000 > 53 len 19 no checksum",
        "DNS query id 0x0007 RD, a A?",
        "padding, 3 octets",
    ];
    let shown = lines(Medium::Ethernet, &ethernet(0x8100, &tagged));
    assert_eq!(shown.len(), want.len(), "{shown:#?}");
    for index in [0, 3, 4, 5] {
        assert_eq!(shown[index], want[index]);
    }
    assert!(shown[1].contains('7') && shown[2].starts_with("IPv4 10.0.0.1"), "{shown:#?}");
    assert!(shown[2].ends_with("; checksum right"), "{}", shown[2]);
}

#[test]
fn a_quote_and_a_tunnel_are_indented() {
    // The quote has eight octets of its transport.
    let quoted = ipv4(17, &udp([5000, 7], &[0; 100]));
    let shown = lines(Medium::Ip, &ipv4(1, &icmpv4_error(&quoted[..28])));
    assert_eq!(shown.len(), 4, "{shown:#?}");
    assert!(shown[1].starts_with("ICMP ") && shown[1].ends_with("; checksum right"), "{shown:#?}");
    assert!(shown[2].starts_with("  IPv4 10.0.0.1"), "{shown:#?}");
    assert_eq!(shown[3], "  UDP 5000 > 7, cut off");

    let shown = lines(Medium::Ip, &ipv4(41, &ipv6(59, &[1, 2])));
    assert!(shown[1].starts_with("  IPv6 fe80::1 > fe80::2"), "{shown:#?}");
    assert_eq!(shown[2], "  data, 2 octets: 01 02");
}

#[test]
fn packets_before_a_device_cut_them_are_shown_with_their_segment() {
    let segment = [0x13, 0x88, 0, 80, 0, 0, 0, 1, 0, 0, 0, 2, 0x50, 0x10, 1, 0, 0, 0, 0, 0, b'h', b'i'];
    let want = "TCP 5000 > 80 [.] seq 1 ack 2 win 256 len 2";
    for (mut packet, len_at) in [(ipv4(6, &segment), 2), (ipv6(6, &segment), 4)] {
        packet[len_at..len_at + 2].fill(0);
        let shown = lines(Medium::Ip, &packet);
        assert!(shown[0].ends_with("; length field 0 is not possible here"), "{shown:#?}");
        assert_eq!(shown[1..], [want, "data, 2 octets: 68 69"]);
    }
    // Where nothing may follow, nothing does.
    assert_eq!(lines(Medium::Ip, &ipv6(59, &[])).len(), 1);
}

#[test]
fn a_jumbogram_is_shown_with_what_it_carries() {
    let mut packet = ipv6(0, &[17, 0, 0xc2, 4, 0, 1, 0, 0x10]);
    packet[4..6].fill(0);
    packet.extend(udp([5000, 7], &[0; 100]));
    packet.resize(40 + 0x1_0010, 0);
    let shown = lines(Medium::Ip, &packet);
    assert!(!shown[0].contains("not possible"), "{}", shown[0]);
    assert_eq!(shown[1], "HopByHop jumbo payload 65552 > UDP");
    assert!(shown[2].starts_with("UDP 5000 > 7"), "{}", shown[2]);
}

#[test]
fn what_an_extended_echo_brings_back_is_no_part_of_its_question() {
    // As Linux's ping sends it: an interface by a name that is not padded, and the time behind it.
    let mut message = b"\x2a\0\0\0\0\x07\0\x01\x20\0\x94\x24\0\x0a\x03\x01enp1s0\x65\x93\x3a\x48".to_vec();
    let checksum = Sum::new().add_bytes(&message).checksum();
    message[2..4].copy_from_slice(&checksum.to_be_bytes());
    let shown = lines(Medium::Ip, &ipv4(1, &message));
    assert_eq!(shown[1], "ICMP extended echo request id 7 seq 0 local interface \"enp1s0\"; checksum right");
}

#[test]
fn a_mobility_message_is_named() {
    let message = ipv6_ext::Mobility {
        payload_proto: IpProtocol::NO_NEXT_HEADER,
        mh_type: 5,
        data: &[0, 1, 0x80, 0, 0, 9, 1, 0, 0, 0],
    };
    let mut buffer = [0; 16];
    let ends = ["fe80::1".parse().unwrap(), "fe80::2".parse().unwrap()];
    assert_eq!(message.emit(ends[0], ends[1], &mut buffer), Ok(16));
    let shown = lines(Medium::Ip, &ipv6(135, &buffer));
    assert_eq!(shown[1..], ["Mobility binding update, 16 octets; checksum right"]);
    let shown = lines(Medium::Ip, &ipv6(135, &buffer[..9]));
    assert!(shown[1].starts_with("mobility header: truncated"), "{shown:#?}");
}

#[test]
fn each_line_begins_with_its_protocol() {
    let solicitation = [&[135, 0, 0, 0, 0, 0, 0, 0, 0xfe, 0x80][..], &[0; 13], &[9]].concat();
    assert!(lines(Medium::Ip, &ipv6(58, &solicitation))[1].starts_with("ICMPv6 who has fe80::9?"));
    assert!(lines(Medium::Ip, &ipv4(103, &[0; 4]))[0].contains(" PIM "));
}

#[test]
fn what_cannot_be_parsed_is_octets_with_the_reason() {
    for (medium, frame, want) in [
        (
            Medium::Ethernet,
            &[1, 2][..],
            "Ethernet frame: truncated: 14 octets needed, 2 present, 2 octets: 01 02",
        ),
        (Medium::Ip, &[0x10], "IP packet: version 1 is not this protocol's, 1 octet: 10"),
        (Medium::Ip, &[], "IP packet: truncated: 1 octets needed, 0 present, no octets"),
        (Medium::Ip, &[0x45, 0], "IPv4 packet: truncated: 20 octets needed, 2 present, 2 octets: 45 00"),
        (
            Medium::Loopback,
            &[2, 0],
            "loopback header: truncated: 4 octets needed, 2 present, 2 octets: 02 00",
        ),
        (Medium::LinuxCooked, &[0], "cooked header: truncated: 16 octets needed, 1 present, 1 octet: 00"),
        (Medium::LinuxCooked2, &[0], "cooked header: truncated: 20 octets needed, 1 present, 1 octet: 00"),
        (
            Medium::Ieee802154Fcs,
            &[0],
            "IEEE 802.15.4 frame: truncated: 5 octets needed, 1 present, 1 octet: 00",
        ),
    ] {
        assert_eq!(lines(medium, frame), [want], "{medium:?}");
    }
    let shown = lines(Medium::Ethernet, &ethernet(0x1234, &[0xab; 30]));
    let octets = "ab ".repeat(24);
    assert_eq!(shown[1], alloc::format!("payload: not known here, 30 octets: {octets}…"));
    // Something inside: what is around it is shown.
    let shown = lines(Medium::Ip, &ipv4(6, &[0; 19]));
    assert!(shown[0].starts_with("IPv4"), "{shown:#?}");
    assert!(shown[1].starts_with("transport header: truncated: 20 octets needed, 19 present"), "{shown:#?}");
    let shown = lines(Medium::Ip, &ipv4(17, &udp([68, 67], &[1, 2, 3])));
    assert!(shown[2].starts_with("DHCPv4 message: truncated: 240 octets needed, 3 present"), "{shown:#?}");
}

#[test]
fn a_packet_that_is_cut_is_shown_as_far_as_it_goes() {
    let whole = ipv4(17, &udp([1, 2], &[0; 50]));
    let shown = lines(Medium::Ip, &whole[..40]);
    assert!(shown[0].ends_with("; checksum right; truncated: 78 octets needed, 40 present"), "{shown:#?}");
    assert_eq!(shown[1], "UDP 1 > 2, cut off");
}

#[test]
fn fragments_are_not_taken_for_what_they_are_part_of() {
    let mut packet = ipv4(17, &[1; 16]);
    packet[7] = 1;
    let shown = lines(Medium::Ip, &packet);
    assert!(shown[1].starts_with("fragment: from the middle of a packet, 16 octets"), "{shown:#?}");
    let fragment = [&[17, 0, 0, 9, 0, 0, 0, 1], &[1; 8][..]].concat();
    let shown = lines(Medium::Ip, &ipv6(44, &fragment));
    assert!(shown[2].starts_with("fragment: from the middle of a packet, 8 octets"), "{shown:#?}");
}

#[test]
fn checksums_are_judged() {
    let mut packet = ipv4(1, &icmpv4_error(&[]));
    packet[10] ^= 1;
    packet[24] ^= 1;
    let shown = lines(Medium::Ip, &packet);
    assert!(shown[0].contains("; checksum WRONG"), "{shown:#?}");
    assert!(shown[1].contains("; checksum WRONG"), "{shown:#?}");
}

#[test]
fn compressed_headers_are_restored_on_the_way() {
    // Both addresses from the MAC header, ports of four bits, the checksum elided.
    let frame = [&[0x41, 0x88, 5, 0xcd, 0xab, 2, 0, 1, 0][..], &[0x7e, 0x33, 0xf7, 0x12], b"hi"].concat();
    let shown = lines(Medium::Ieee802154, &frame);
    assert!(shown[0].starts_with("IEEE 802.15.4 Data 5"), "{shown:#?}");
    assert!(shown[2].starts_with("IPv6 fe80::ff:fe00:1 > fe80::ff:fe00:2"), "{shown:#?}");
    assert_eq!(shown[3..], ["UDP 61617 > 61618 len 2; checksum right", "data, 2 octets: 68 69"]);
    // Without a buffer it stays compressed.
    let all: Vec<_> = Walk::new(Medium::Ieee802154, &frame, &mut []).map(|layer| layer.to_string()).collect();
    assert!(all[1].starts_with("6LoWPAN header: "), "{all:#?}");
    // With a check sequence.
    let fcs = super::link::frame_check(&frame).to_le_bytes();
    let shown = lines(Medium::Ieee802154Fcs, &[&frame[..], &fcs].concat());
    assert!(shown[0].ends_with("; checksum right"), "{shown:#?}");
    let shown = lines(Medium::Ieee802154Fcs, &[&frame[..], &[fcs[0] ^ 1, fcs[1]]].concat());
    assert!(shown[0].ends_with("; checksum WRONG"), "{shown:#?}");
}

#[test]
fn mesh_headers_and_recoverable_fragments_are_shown() {
    let mac = [0x41, 0x88, 5, 0xcd, 0xab, 2, 0, 1, 0];
    // Short addresses 3 and 4, five hops left; broadcast 9; then as without them.
    let mesh = [&mac[..], &[0xb5, 0, 3, 0, 4, 0x50, 9], &[0x7e, 0x33, 0xf7, 0x12], b"hi"].concat();
    let shown = lines(Medium::Ieee802154, &mesh);
    assert_eq!(shown.len(), 7, "{shown:#?}");
    assert!(shown[4].starts_with("IPv6 fe80::ff:fe00:3 > fe80::ff:fe00:4"), "{shown:#?}");
    let shown = lines(Medium::Ieee802154, &[&mac[..], &[0xe8, 7, 0, 4, 0, 9, 1, 2, 3, 4]].concat());
    assert!(shown[2].starts_with("fragment: from the middle of a packet, 4 octets"), "{shown:#?}");
    let shown = lines(Medium::Ieee802154, &[&mac[..], &[0xea, 7, 0xff, 0xff, 0xff, 0xff]].concat());
    assert_eq!(shown.len(), 2, "{shown:#?}");
}

#[test]
fn loopback_families_are_read_in_either_order() {
    for family in [[2, 0, 0, 0], [0, 0, 0, 2], [30, 0, 0, 0]] {
        let shown = lines(Medium::Loopback, &[&family[..], &ipv4(59, &[])].concat());
        assert!(shown[1].starts_with("IPv4"), "{shown:#?}");
    }
}

#[test]
fn tunnels_in_tunnels_come_to_an_end() {
    let mut packet = ipv4(59, &[]);
    for _ in 0..100 {
        packet = ipv4(4, &packet);
    }
    let shown = lines(Medium::Ip, &packet);
    assert_eq!(shown.len(), usize::from(LAYERS_MAX) + 1);
    assert!(shown[usize::from(LAYERS_MAX)].starts_with("layer: too many layers"), "{shown:#?}");
}

#[test]
fn fields_are_given_in_the_order_of_the_format() {
    let packet = ipv4(17, &udp([5000, 53], QUERY));
    let mut scratch = [];
    let mut seen = Vec::new();
    for layer in Walk::new(Medium::Ip, &packet, &mut scratch).skip(1) {
        layer.fields(&mut |name, value| {
            let value = match value {
                Value::Number(number) => number.to_string(),
                Value::Text(text) => text.to_string(),
                Value::Octets(octets) => alloc::format!("{octets:02x?}"),
            };
            seen.push(alloc::format!("{}.{name} {value}", layer.name()));
        });
    }
    let want = [
        "udp.source_port 5000",
        "udp.destination_port 53",
        "udp.length 27",
        "udp.checksum 0",
        "udp.verdict absent",
        "dns.id 7",
        "dns.response 0",
        "dns.opcode 0",
        "dns.flags 256",
        "dns.rcode 0",
        "dns.questions 1",
        "dns.answers 0",
        "dns.authority 0",
        "dns.additional 0",
        "dns.question_name a",
        "dns.question_type 1",
        "dns.question_class 1",
    ];
    assert_eq!(seen, want);
}

#[test]
fn records_of_dns_give_what_stands_in_them() {
    // NSEC and RT, both of which point to the question's name, and EDNS with a cookie.
    let message = b"\0\x07\x80\0\0\x01\0\x02\0\0\0\x01\x01a\0\0\x01\0\x01\
        \xc0\x0c\0\x2f\x80\x01\0\0\0\x78\0\x05\xc0\x0c\0\x01\x40\
        \xc0\x0c\0\x15\0\x01\0\0\0\x78\0\x04\0\x09\xc0\x0c\
        \0\0\x29\x04\xd0\x01\0\x80\0\0\x06\0\x0a\0\x02\x05\x06";
    let packet = ipv4(17, &udp([53, 5000], message));
    let mut scratch = [];
    let mut seen = Vec::new();
    for layer in Walk::new(Medium::Ip, &packet, &mut scratch).skip(2) {
        layer.fields(&mut |name, value| {
            seen.push(match value {
                Value::Number(number) => alloc::format!("{name} {number}"),
                Value::Text(text) => alloc::format!("{name} {text}"),
                Value::Octets(octets) => alloc::format!("{name} {octets:02x?}"),
            });
        });
    }
    let records = seen.iter().skip_while(|line| *line != "question_class 1").skip(1);
    let want = [
        "name a",
        "type 47",
        "class 32769",
        "ttl 120",
        "nsec_next a",
        "nsec_type 1",
        "name a",
        "type 21",
        "class 1",
        "ttl 120",
        "rdata_name a",
        "rdata [00, 09]",
        "name .",
        "type 41",
        "udp_payload_size 1232",
        "extended_rcode 1",
        "edns_version 0",
        "dnssec_ok 1",
        "edns_option 10",
        "edns_data [05, 06]",
    ];
    assert!(records.clone().eq(want), "{records:?}");
}

/// All layers print and give their fields, and the octets of each are part of the frame or restored.
#[test]
fn every_truncation_and_mutation_comes_to_an_end() {
    let dns = ethernet(0x0800, &ipv4(17, &udp([53, 5000], QUERY)));
    let error = ethernet(0x0800, &ipv4(1, &icmpv4_error(&ipv4(17, &udp([1, 2], &[])))));
    let solicitation = [&[135, 0, 0, 0, 0, 0, 0, 0][..], &[0xfe; 16], &[1, 1, 2, 0, 0, 0, 0, 1]].concat();
    let chain = [&[60, 0, 5, 2, 0, 0, 1, 0, 58, 0, 1, 4, 0, 0, 0, 0][..], &solicitation].concat();
    let nd = ethernet(0x86dd, &ipv6(0, &chain));
    let lowpan = [&[0x41, 0x88, 5, 0xcd, 0xab, 2, 0, 1, 0][..], &[0x7e, 0x33, 0xf7, 0x12, 1]].concat();
    let samples = [
        (Medium::Ethernet, dns),
        (Medium::Ethernet, error),
        (Medium::Ethernet, nd),
        (Medium::Ieee802154, lowpan),
    ];
    let walk = |medium, frame: &[u8]| {
        let mut scratch = [0; 256];
        let mut count = 0;
        for layer in Walk::new(medium, frame, &mut scratch) {
            count += 1;
            assert!(!layer.to_string().is_empty());
            layer.fields(&mut |_, value| {
                if let Value::Text(text) = value {
                    let _ = text.to_string();
                }
            });
        }
        assert!((1..=usize::from(LAYERS_MAX) + 1).contains(&count));
    };
    for (medium, frame) in samples {
        for len in 0..=frame.len() {
            walk(medium, &frame[..len]);
        }
        let mut frame = frame;
        for at in 0..frame.len() {
            for value in 0..=255 {
                let good = core::mem::replace(&mut frame[at], value);
                walk(medium, &frame);
                frame[at] = good;
            }
        }
    }
}

pub(super) fn fields(medium: Medium, frame: &[u8]) -> Vec<String> {
    let mut scratch = [0; 1280];
    let mut seen = Vec::new();
    for layer in Walk::new(medium, frame, &mut scratch) {
        layer.fields(&mut |name, value| {
            let value = match value {
                Value::Number(number) => number.to_string(),
                Value::Text(text) => text.to_string(),
                Value::Octets(octets) => alloc::format!("{octets:02x?}"),
            };
            seen.push(alloc::format!("{}.{name} {value}", layer.name()));
        });
    }
    seen
}

#[test]
fn what_is_encrypted_shows_its_association() {
    let packet = ipv4(50, &[0, 0, 0x10, 1, 0, 0, 0, 7, 9, 9, 9, 9]);
    let shown = lines(Medium::Ip, &packet);
    assert_eq!(
        shown[1..],
        ["ESP SPI 0x00001001 sequence 7, 4 octets", "ESP payload: encrypted, 4 octets: 09 09 09 09"]
    );
    let seen = fields(Medium::Ip, &packet);
    assert!(
        seen.contains(&"esp.spi 4097".to_string()) && seen.contains(&"esp.sequence 7".to_string()),
        "{seen:#?}"
    );
    let shown = lines(Medium::Ip, &ipv4(50, &[0; 7]));
    assert!(shown[1].starts_with("ESP packet: truncated: 8 octets needed, 7 present"), "{shown:#?}");
}

#[test]
fn arp_of_any_hardware_is_shown() {
    // Hardware type 6 (IEEE 802) with addresses of two octets, and IPv4.
    let request = [0, 6, 8, 0, 2, 4, 0, 1, 0xaa, 1, 10, 0, 0, 1, 0, 0, 10, 0, 0, 2];
    let frame = ethernet(0x0806, &[&request[..], &[0; 26]].concat());
    let shown = lines(Medium::Ethernet, &frame);
    assert_eq!(shown.len(), 3, "{shown:#?}");
    assert!(shown[1].starts_with("ARP") && shown[2] == "padding, 26 octets", "{shown:#?}");
    let seen = fields(Medium::Ethernet, &frame);
    for want in [
        "arp.hardware_type 6",
        "arp.operation 1",
        "arp.sender_hardware [aa, 01]",
        "arp.target_protocol 10.0.0.2",
    ] {
        assert!(seen.contains(&want.to_string()), "{want}: {seen:#?}");
    }
    let shown = lines(Medium::Ethernet, &ethernet(0x0806, &request[..19]));
    assert!(shown[1].starts_with("ARP packet: truncated"), "{shown:#?}");
}

#[test]
fn what_the_mac_says_itself_is_shown() {
    // A beacon of PAN 0xabcd, station 1: beacon order 15, association permitted, one short address pending.
    let header = [0x00, 0x80, 5, 0xcd, 0xab, 1, 0];
    let beacon = [&header[..], &[0xff, 0x8f, 0, 1, 0x34, 0x12], b"hi"].concat();
    let shown = lines(Medium::Ieee802154, &beacon);
    assert!(shown[1].starts_with("beacon") && shown[2] == "data, 2 octets: 68 69", "{shown:#?}");
    let seen = fields(Medium::Ieee802154, &beacon);
    for want in ["beacon.beacon_order 15", "beacon.association_permitted 1", "beacon.pending_short 4660"] {
        assert!(seen.contains(&want.to_string()), "{want}: {seen:#?}");
    }
    let header = [0x03, 0x08, 5, 0xcd, 0xab, 0xff, 0xff];
    let shown = lines(Medium::Ieee802154, &[&header[..], &[7]].concat());
    assert_eq!(shown[1], "beacon request");
    // Neither may be empty; a frame of another type may.
    let shown = lines(Medium::Ieee802154, &beacon[..7]);
    assert_eq!(shown[1], "beacon: truncated: 2 octets needed, 0 present, no octets", "{shown:#?}");
    let shown = lines(Medium::Ieee802154, &[3, 8, 1, 0xff, 0xff, 0xff, 0xff]);
    assert_eq!(shown[1], "MAC command: truncated: 1 octets needed, 0 present, no octets", "{shown:#?}");
    assert_eq!(lines(Medium::Ieee802154, &[2, 0, 1]).len(), 1);
    let seen = fields(Medium::Ieee802154, &[&header[..], &[2, 0x34, 0x12, 0]].concat());
    assert!(seen.contains(&"mac_command.short_address 4660".to_string()), "{seen:#?}");
    let shown = lines(Medium::Ieee802154, &[&header[..], &[2, 0x34]].concat());
    assert!(shown[1].starts_with("MAC command: truncated"), "{shown:#?}");
}

/// IEEE 802.15.4 §9.4.1.1: levels 1 to 3 protect what everyone can read.
#[test]
fn what_is_secured_but_not_encrypted_is_shown_in_front_of_its_integrity_code() {
    // Data, version 2006, level 1, key known to both; a command.
    let header = |kind: u8| [kind | 0x48, 0x98, 16, 0x34, 0x12, 2, 0, 1, 0, 1, 3, 0, 0, 0];
    let data = [&header(1)[..], b"\0hi", &[1, 2, 3, 4]].concat();
    let shown = lines(Medium::Ieee802154, &data);
    assert_eq!(shown[1..], ["data, 3 octets: 00 68 69", "trailer, 4 octets: 01 02 03 04"], "{shown:#?}");
    let command = [&header(3)[..], &[4, 1, 2, 3, 4]].concat();
    let shown = lines(Medium::Ieee802154, &command);
    assert_eq!(shown[1..], ["data request", "trailer, 4 octets: 01 02 03 04"], "{shown:#?}");
    // A code that is not all there, encrypted or not.
    for level in [1, 5] {
        let mut cut = [&header(1)[..], &[1, 2, 3]].concat();
        cut[9] = level;
        let shown = lines(Medium::Ieee802154, &cut);
        assert!(shown[0].ends_with("; truncated: 4 octets needed, 3 present"), "{shown:#?}");
        assert_eq!(shown.len(), 2);
    }
}

/// IEEE 802.15.4-2015 §7.3.1.1: what other beacons start with lies in elements.
#[test]
fn the_payload_of_an_enhanced_beacon_is_not_taken_for_a_superframe() {
    let beacon = [&[0x00, 0xa0, 5, 0xcd, 0xab, 1, 0], &b"payload"[..]].concat();
    let shown = lines(Medium::Ieee802154, &beacon);
    assert_eq!(shown[1..], ["data, 7 octets: 70 61 79 6c 6f 61 64"], "{shown:#?}");
}

#[test]
fn routing_headers_of_page_1_are_shown() {
    let mac = [0x41, 0x88, 5, 0xcd, 0xab, 2, 0, 1, 0];
    // RPI-6LoRH with instance and rank, SRH-6LoRH type 1 with one hop of two octets; then compressed headers.
    let headers = [0xf1, 0x80, 5, 9, 1, 0, 0x80, 1, 0, 3, 0x7e, 0x33, 0xf7, 0x12];
    let shown = lines(Medium::Ieee802154, &[&mac[..], &headers, b"hi"].concat());
    assert_eq!(shown[1..4], ["6LoWPAN page 1", "RPI-6LoRH len 3", "SRH-6LoRH 1 hops"]);
    assert!(shown[5].starts_with("IPv6 fe80::ff:fe00:1 > fe80::ff:fe00:2"), "{shown:#?}");
    let seen = fields(Medium::Ieee802154, &[&mac[..], &headers].concat());
    for want in
        ["sixlowpan_routing.critical 1", "sixlowpan_routing.type 5", "sixlowpan_routing.content [00, 03]"]
    {
        assert!(seen.contains(&want.to_string()), "{want}: {seen:#?}");
    }
    let shown = lines(Medium::Ieee802154, &[&mac[..], &[0xf1, 0x9f, 77]].concat());
    assert!(shown[2].starts_with("6LoWPAN routing header: kind 77 is not known here"), "{shown:#?}");
}

#[test]
fn extensions_of_errors_have_fields() {
    let quote = ipv4(17, &udp([5000, 7], &[0; 100]));
    let interface = icmp_ext::InterfaceInformation {
        role: icmp_ext::Role::Incoming,
        index: Some(3),
        address: None,
        name: Some(b"eth0"),
        mtu: Some(1400),
    };
    let repr = icmpv4::Repr::TimeExceeded { code: icmpv4::TimeExceededCode::HopLimit, quote: &quote };
    let stack = icmp_ext::LabelStack::new(&[0, 0, 0x71, 9]).unwrap();
    let objects = [icmp_ext::Object::InterfaceInformation(interface), icmp_ext::Object::LabelStack(stack)];
    let mut message = alloc::vec![0; repr.buffer_len_with_extensions(&objects)];
    repr.emit_with_extensions(&objects, &mut message).unwrap();
    let seen = fields(Medium::Ip, &ipv4(1, &message));
    for want in [
        "icmpv4.extension_class 2",
        "icmpv4.interface_index 3",
        "icmpv4.interface_name eth0",
        "icmpv4.interface_mtu 1400",
        "icmpv4.extension_class 1",
        "icmpv4.label 7",
        "icmpv4.label_ttl 9",
    ] {
        assert!(seen.contains(&want.to_string()), "{want}: {seen:#?}");
    }
}
