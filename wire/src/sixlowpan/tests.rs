//! Tables of RFC 6282 both ways, then round trips over all modes from seeds.

extern crate alloc;

use super::*;
use alloc::string::ToString;
use alloc::vec;
use alloc::vec::Vec;
use core::net::Ipv6Addr;

/// Interface identifiers 0011:22ff:fe33:4455 and 0000:00ff:fe00:1234.
const LINK: LinkAddresses = LinkAddresses {
    source: HardwareAddress::extended([0x02, 0x11, 0x22, 0xff, 0xfe, 0x33, 0x44, 0x55]),
    destination: HardwareAddress::short(0x1234),
};

fn address(text: &str) -> [u8; 16] {
    text.parse::<Ipv6Addr>().unwrap().octets()
}

/// Contexts 0: 2001:db8::/64; 3: 2001:db8:3::/48; 9: /96; 15: /128; 7 for decompression only.
fn contexts() -> Contexts {
    let mut contexts = Contexts::new();
    for (id, prefix, prefix_len, usage) in [
        (0, "2001:db8::", 64, ContextUse::Both),
        (3, "2001:db8:3::", 48, ContextUse::Both),
        (7, "2001:db8:7::", 64, ContextUse::Decompress),
        (9, "2001:db8:9:0:aaaa:bbbb::", 96, ContextUse::Both),
        (15, "2001:db8:f::abcd:1", 128, ContextUse::Both),
    ] {
        assert!(contexts.set(id, Context::new(address(prefix), prefix_len, usage).unwrap()));
    }
    contexts
}

/// An IPv6 packet with these fields: traffic class, flow label, next header, hop limit.
fn ipv6(fields: (u8, u32, u8, u8), source: [u8; 16], destination: [u8; 16], payload: &[u8]) -> Vec<u8> {
    let (class, label, next_header, hop_limit) = fields;
    let mut packet = (6 << 28 | u32::from(class) << 20 | label).to_be_bytes().to_vec();
    packet.extend(u16::try_from(payload.len()).unwrap().to_be_bytes());
    packet.extend([next_header, hop_limit]);
    packet.extend(source);
    packet.extend(destination);
    packet.extend(payload);
    packet
}

fn compressed(packet: &[u8], link: &LinkAddresses, contexts: &Contexts) -> Vec<u8> {
    let mut out = [0x55; 400];
    let done = compress(packet, link, contexts, &mut out).unwrap();
    [&out[..done.header_len], &packet[done.covered..]].concat()
}

fn decompressed(bytes: &[u8], link: &LinkAddresses, contexts: &Contexts) -> Result<Vec<u8>, Error> {
    let mut out = vec![0x55; 2000];
    let done = decompress(bytes, None, link, contexts, &mut out)?;
    assert!(done.header_len <= done.len && done.header_len % 8 == 0);
    out.truncate(done.len);
    if let Some(checksum) = done.checksum {
        checksum.restore(&mut out).unwrap();
    }
    Ok(out)
}

/// Both directions; and no prefix of the headers is taken for the packet.
fn both_ways(packet: &[u8], want: &[u8]) {
    let contexts = contexts();
    let got = compressed(packet, &LINK, &contexts);
    assert_eq!(got, want, "compressed is {got:02x?}");
    assert_eq!(decompressed(want, &LINK, &contexts).unwrap(), packet);
    let mut out = [0; 400];
    let header_len = compress(packet, &LINK, &contexts, &mut out).unwrap().header_len;
    for len in 0..header_len {
        assert_eq!(decompressed(&want[..len], &LINK, &contexts), Err(Error::Truncated), "cut at {len}");
    }
    // Every output buffer that is too small is an error, or takes a less compressed form.
    for room in 0..header_len {
        if let Ok(done) = compress(packet, &LINK, &contexts, &mut out[..room]) {
            let bytes = [&out[..done.header_len], &packet[done.covered..]].concat();
            assert_eq!(decompressed(&bytes, &LINK, &contexts).unwrap(), packet, "room {room}");
        }
    }
    for room in 0..packet.len() {
        assert_eq!(decompress(want, None, &LINK, &contexts, &mut [0; 400][..room]), Err(Error::NoRoom));
    }
}

const LOCAL: &str = "fe80::11:22ff:fe33:4455";
const LOCAL_SHORT: &str = "fe80::ff:fe00:1234";

// conf: LWP-IPH-01, LWP-IPH-02, LWP-IPH-03, LWP-IPH-04, LWP-IPH-05, LWP-IPH-06, LWP-IPH-10
#[test]
fn traffic_class_and_flow_label_follow_the_table() {
    // traffic class, flow label, first octet, in-line
    for (class, label, first, in_line) in [
        (0xb9, 0xabcde, 0x62, &[0x6e, 0x0a, 0xbc, 0xde][..]),
        (0x01, 0xabcde, 0x6a, &[0x4a, 0xbc, 0xde]),
        (0x00, 0x00001, 0x6a, &[0x00, 0x00, 0x01]),
        (0xb9, 0, 0x72, &[0x6e]),
        (0x02, 0, 0x72, &[0x80]),
        (0, 0, 0x7a, &[]),
    ] {
        let packet = ipv6((class, label, 58, 64), address(LOCAL), address(LOCAL_SHORT), b"payload");
        both_ways(&packet, &[&[first, 0x33], in_line, &[58], b"payload"].concat());
    }
}

// The bits between ECN or DSCP and the flow label are padding, RFC 6282 §3.1.1.
// conf: LWP-IPH-01, LWP-IPH-02
#[test]
fn padding_bits_beside_the_flow_label_are_ignored() {
    // First octet, traffic class and flow label in-line with padding set, both
    for (first, in_line, class, label) in [
        (0x62, &[0x6e, 0xfa, 0xbc, 0xde][..], 0xb9, 0xabcde),
        (0x62, &[0x6e, 0x1a, 0xbc, 0xde], 0xb9, 0xabcde),
        (0x6a, &[0x7a, 0xbc, 0xde], 0x01, 0xabcde),
        (0x6a, &[0xda, 0xbc, 0xde], 0x03, 0xabcde),
    ] {
        let bytes = [&[first, 0x33], in_line, &[58], b"payload"].concat();
        let want = ipv6((class, label, 58, 64), address(LOCAL), address(LOCAL_SHORT), b"payload");
        assert_eq!(decompressed(&bytes, &LINK, &contexts()), Ok(want), "{in_line:02x?}");
    }
}

// conf: LWP-IPH-07
#[test]
fn hop_limits_follow_the_table() {
    for (hop_limit, first, in_line) in
        [(1, 0x79, &[][..]), (64, 0x7a, &[]), (255, 0x7b, &[]), (0, 0x78, &[0]), (63, 0x78, &[63])]
    {
        let packet = ipv6((0, 0, 58, hop_limit), address(LOCAL), address(LOCAL_SHORT), b"payload");
        both_ways(&packet, &[&[first, 0x33, 58], in_line, b"payload"].concat());
    }
}

// conf: LWP-SRC-01, LWP-SRC-02, LWP-SRC-03, LWP-SRC-04, LWP-SRC-05, LWP-SRC-06, LWP-SRC-07, LWP-SRC-08
// conf: LWP-SRC-09, LWP-DST-10, LWP-DST-11, LWP-IPH-08
#[test]
fn source_addresses_follow_the_table() {
    let full = address("2001:db8:ffff::1");
    // source, second octet, context octet, in-line
    for (source, second, context, in_line) in [
        ("2001:db8:ffff::1", 0x03, None, &full[..]),
        ("fe80:0:0:1::1", 0x03, None, &address("fe80:0:0:1::1")),
        ("fe80::1", 0x13, None, &[0, 0, 0, 0, 0, 0, 0, 1]),
        ("fe80::11:22ff:fe33:4456", 0x13, None, &[0, 0x11, 0x22, 0xff, 0xfe, 0x33, 0x44, 0x56]),
        ("fe80::ff:fe00:beef", 0x23, None, &[0xbe, 0xef]),
        (LOCAL, 0x33, None, &[]),
        ("::", 0x43, None, &[]),
        ("2001:db8::1", 0x53, None, &[0, 0, 0, 0, 0, 0, 0, 1]),
        ("2001:db8::ff:fe00:beef", 0x63, None, &[0xbe, 0xef]),
        ("2001:db8::11:22ff:fe33:4455", 0x73, None, &[]),
        ("2001:db8:3::1", 0xd3, Some(0x30), &[0, 0, 0, 0, 0, 0, 0, 1]),
        ("2001:db8:3::11:22ff:fe33:4455", 0xf3, Some(0x30), &[]),
        // The fourth group is neither in the context nor in the identifier.
        ("2001:db8:3:1:11:22ff:fe33:4455", 0x03, None, &address("2001:db8:3:1:11:22ff:fe33:4455")),
        ("2001:db8:9:0:aaaa:bbbb:fe33:4455", 0xf3, Some(0x90), &[]),
        ("2001:db8:9:0:aaaa:bbbb:fe00:1", 0xe3, Some(0x90), &[0, 1]),
        ("2001:db8:9:0:aaaa:bbbb:1:2", 0xd3, Some(0x90), &[0xaa, 0xaa, 0xbb, 0xbb, 0, 1, 0, 2]),
        ("2001:db8:f::abcd:1", 0xf3, Some(0xf0), &[]),
        // Context 7 is not for compression.
        ("2001:db8:7::11:22ff:fe33:4455", 0x03, None, &address("2001:db8:7::11:22ff:fe33:4455")),
    ] {
        let packet = ipv6((0, 0, 58, 64), address(source), address(LOCAL_SHORT), b"");
        let want = [&[0x7a, second][..], context.as_slice(), &[58], in_line].concat();
        both_ways(&packet, &want);
    }
}

// conf: LWP-DST-01, LWP-DST-03, LWP-DST-04, LWP-DST-05, LWP-DST-06, LWP-DST-07, LWP-DST-08, LWP-DST-10
// conf: LWP-IPH-08
#[test]
fn destination_addresses_follow_the_table() {
    // destination, second octet, context octet, in-line
    for (destination, second, context, in_line) in [
        ("2001:db8:ffff::1", 0x30, None, &address("2001:db8:ffff::1")[..]),
        ("::", 0x30, None, &[0; 16]),
        ("fe80::1", 0x31, None, &[0, 0, 0, 0, 0, 0, 0, 1]),
        ("fe80::ff:fe00:beef", 0x32, None, &[0xbe, 0xef]),
        (LOCAL_SHORT, 0x33, None, &[]),
        ("2001:db8::1", 0x35, None, &[0, 0, 0, 0, 0, 0, 0, 1]),
        ("2001:db8::ff:fe00:beef", 0x36, None, &[0xbe, 0xef]),
        ("2001:db8::ff:fe00:1234", 0x37, None, &[]),
        ("2001:db8:3::ff:fe00:1234", 0xb7, Some(0x03), &[]),
        ("ff02::1", 0x3b, None, &[1]),
        ("ff02::ff", 0x3b, None, &[0xff]),
        ("ff02::100", 0x3a, None, &[2, 0, 1, 0]),
        ("ff05::1", 0x3a, None, &[5, 0, 0, 1]),
        ("ff02::1:ff33:4455", 0x39, None, &[2, 1, 0xff, 0x33, 0x44, 0x55]),
        ("ff1e::ff:ffff:ffff", 0x39, None, &[0x1e, 0xff, 0xff, 0xff, 0xff, 0xff]),
        ("ff02::1:0:0:1", 0x38, None, &address("ff02::1:0:0:1")),
        ("ff35:40:2001:db8::42", 0x3c, None, &[0x35, 0, 0, 0, 0, 0x42]),
        ("ff75:930:2001:db8:3::1:2", 0xbc, Some(0x03), &[0x75, 9, 0, 1, 0, 2]),
        ("ff35:40:2001:db8:ffff::42", 0x38, None, &address("ff35:40:2001:db8:ffff::42")),
    ] {
        let packet = ipv6((0, 0, 58, 64), address(LOCAL), address(destination), b"");
        let want = [&[0x7a, second][..], context.as_slice(), &[58], in_line].concat();
        both_ways(&packet, &want);
    }
}

// conf: LWP-IPH-09, LWP-IPH-08
#[test]
fn fields_in_line_stand_in_the_order_of_the_rfc() {
    let source = address("2001:db8:3::1");
    let destination = address("2001:db8:9:0:aaaa:bbbb:fe00:1");
    let packet = ipv6((0xb9, 0x12345, 58, 7), source, destination, b"x");
    both_ways(
        &packet,
        &[0x60, 0xd6, 0x39, 0x6e, 0x01, 0x23, 0x45, 58, 7, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, b'x'],
    );
    let base = iphc::Base::parse(&[0x60, 0xd6]).unwrap();
    assert_eq!(base.to_string(), "IPHC TF=00 NH=0 HLIM=00 CID=1 SAC,SAM=101 M=0 DAC,DAM=110");
}

// conf: LWP-DST-02, LWP-DST-09, LWP-DST-12
#[test]
fn reserved_modes_and_unknown_contexts_are_refused() {
    let contexts = contexts();
    let refused = |second: u8, ids: &[u8]| {
        let bytes = [&[0x7a, second], ids, &[58], &[0; 40][..]].concat();
        decompressed(&bytes, &LINK, &contexts).err()
    };
    assert_eq!(refused(0x34, &[]), Some(Error::Reserved(0x34)));
    for mode in [0x3d, 0x3e, 0x3f] {
        assert_eq!(refused(mode, &[]), Some(Error::Reserved(mode & 7)));
    }
    assert_eq!(refused(0xd3, &[0x80]), Some(Error::Context(8)));
    assert_eq!(refused(0xb5, &[0x01]), Some(Error::Context(1)));
    assert_eq!(refused(0xbc, &[0x01]), Some(Error::Context(1)));
    // A prefix above 64 bits makes no group.
    assert_eq!(refused(0xbc, &[0x09]), Some(Error::Context(9)));
    // The unspecified source needs no context.
    assert_eq!(refused(0xc3, &[0x80]), None);
    // What is for decompression only is used for it.
    assert_eq!(refused(0xd3, &[0x70]), None);
    assert_eq!(decompressed(&[0x5a, 0x33], &LINK, &contexts), Err(Error::Dispatch(0x5a)));
    let nowhere = LinkAddresses::default();
    assert_eq!(decompressed(&[0x7a, 0x33, 58], &nowhere, &contexts), Err(Error::LinkAddress));
    let ethernet = LinkAddresses { source: HardwareAddress::ethernet([2; 6]), ..LINK };
    assert_eq!(decompressed(&[0x7a, 0x33, 58], &ethernet, &contexts), Err(Error::LinkAddress));
}

// conf: LWP-IID-01, LWP-DST-11
#[test]
fn identifiers_come_from_link_layer_addresses() {
    let extended = HardwareAddress::extended([0x00, 0x12, 0x4b, 0x00, 0x06, 0x0d, 0xb8, 0x34]);
    assert_eq!(interface_identifier(extended), Some([0x02, 0x12, 0x4b, 0x00, 0x06, 0x0d, 0xb8, 0x34]));
    assert_eq!(iphc::link_local(HardwareAddress::short(0xbeef)), "fe80::ff:fe00:beef".parse().ok());
    assert_eq!(interface_identifier(HardwareAddress::ethernet([2; 6])), None);
    assert_eq!(interface_identifier(HardwareAddress::NONE), None);
}

/// A frame that another implementation sent, from the test captures of tcpdump: version 2, extended addresses, one
/// PAN id. Behind IPHC stands an octet that is no NHC encoding.
#[test]
fn a_captured_frame_yields_the_addresses_that_other_dissectors_show() {
    let bytes = [
        0x21, 0xec, 0x01, 0x4d, 0xab, 0x01, 0x00, 0x01, 0x00, 0x81, 0x00, 0x05, 0x10, 0x02, 0x10, 0x02, 0x40,
        0x02, 0x00, 0x02, 0x00, 0x7e, 0x33, 0xb0, 0x04, 0x01, 0x27, 0x10, 0x8f, 0xf1, 0x68, 0x75, 0xec, 0x6c,
        0x6f, 0x00, 0x1d, 0xb6,
    ];
    let frame = crate::ieee802154::Frame::parse(&bytes).unwrap();
    assert_eq!((frame.dst_pan(), frame.src_pan()), (Some(0xab4d), Some(0xab4d)));
    assert_eq!(iphc::link_local(frame.src()), "fe80::202:2:4002:1002".parse().ok());
    assert_eq!(iphc::link_local(frame.dst()), "fe80::1205:81:1:1".parse().ok());
    assert_eq!(
        iphc::Base::parse(frame.payload()).unwrap().to_string(),
        "IPHC TF=11 NH=1 HLIM=10 CID=0 SAC,SAM=011 M=0 DAC,DAM=011"
    );
    let link = LinkAddresses { source: frame.src(), destination: frame.dst() };
    let refused = decompressed(frame.payload(), &link, &Contexts::new());
    assert_eq!(refused, Err(Error::NextHeader(0xb0)));
}

fn udp(source: u16, destination: u16, payload: &[u8]) -> Vec<u8> {
    let len = u16::try_from(8 + payload.len()).unwrap();
    let fields = [source, destination, len, 0xc0de].map(u16::to_be_bytes);
    [fields.concat(), payload.to_vec()].concat()
}

// conf: LWP-NHC-06, LWP-NHC-07, LWP-NHC-08, LWP-NHC-09
#[test]
fn udp_ports_follow_the_table() {
    // source port, destination port, encoding and ports
    for (source, destination, want) in [
        (0xf0b1, 0xf0bf, &[0xf3, 0x1f][..]),
        (0x1234, 0xf0b1, &[0xf1, 0x12, 0x34, 0xb1]),
        (0xf0c0, 0xf0b1, &[0xf1, 0xf0, 0xc0, 0xb1]),
        (0xf0b1, 0x1234, &[0xf2, 0xb1, 0x12, 0x34]),
        (0x1234, 0x5678, &[0xf0, 0x12, 0x34, 0x56, 0x78]),
        (0xf1b0, 0xefb0, &[0xf0, 0xf1, 0xb0, 0xef, 0xb0]),
    ] {
        let packet =
            ipv6((0, 0, 17, 64), address(LOCAL), address(LOCAL_SHORT), &udp(source, destination, b"data"));
        both_ways(&packet, &[&[0x7e, 0x33], want, &[0xc0, 0xde], b"data"].concat());
    }
}

#[test]
fn udp_with_another_length_is_left_as_it_is() {
    let mut datagram = udp(1, 2, b"data");
    datagram[5] -= 1;
    let packet = ipv6((0, 0, 17, 64), address(LOCAL), address(LOCAL_SHORT), &datagram);
    both_ways(&packet, &[&[0x7a, 0x33, 17], &datagram[..]].concat());
    let packet = ipv6((0, 0, 17, 64), address(LOCAL), address(LOCAL_SHORT), &datagram[..7]);
    both_ways(&packet, &[&[0x7a, 0x33, 17], &datagram[..7]].concat());
}

// conf: LWP-NHC-10
#[test]
fn an_elided_udp_checksum_is_computed() {
    let contexts = contexts();
    for data in [&b"data"[..], b"odd", b""] {
        let packet = decompressed(&[&[0x7e, 0x33, 0xf7, 0x1f], data].concat(), &LINK, &contexts).unwrap();
        let sum = crate::ip::pseudo_header(
            Ipv6Addr::from(address(LOCAL)).into(),
            Ipv6Addr::from(address(LOCAL_SHORT)).into(),
            crate::IpProtocol::UDP,
            u32::try_from(8 + data.len()).unwrap(),
        );
        assert!(sum.add_bytes(&packet[40..]).is_valid());
    }
    // One of zero is all ones, RFC 768: these data make up for the rest.
    let restored = |data: [u8; 2]| {
        let bytes = [&[0x7e, 0x33, 0xf7, 0x1f], &data[..]].concat();
        let packet = decompressed(&bytes, &LINK, &contexts).unwrap();
        [packet[46], packet[47]]
    };
    assert_eq!(restored(restored([0, 0])), [0xff, 0xff]);
    // Routing and Fragment headers change what the checksum covers.
    for header in [&[0xe3, 6, 0, 1, 0, 0, 0, 0][..], &[0xe5, 0, 0, 1, 0, 0, 0, 1]] {
        let bytes = [&[0x7e, 0x33], header, &[0xf7, 0x1f]].concat();
        assert_eq!(decompressed(&bytes, &LINK, &contexts), Err(Error::Length));
    }
}

// conf: LWP-NHC-01, LWP-NHC-02, LWP-NHC-03
#[test]
fn extension_headers_follow_the_table() {
    let datagram = udp(0xf0b0, 0xf0b0, b"");
    let nhc_udp = [0xf3, 0x00, 0xc0, 0xde];
    // next header of IPv6, the header, what follows it; then the encoding
    for (protocol, header, encoding) in [
        // Hop-by-hop: router alert with PadN, as MLD sends it.
        (0, &[17, 0, 5, 2, 0, 0, 1, 0][..], &[0xe1, 4, 5, 2, 0, 0][..]),
        // Destination options: Pad1 at the end.
        (60, &[17, 0, 0x1e, 3, 1, 2, 3, 0], &[0xe7, 5, 0x1e, 3, 1, 2, 3]),
        // Nothing but padding.
        (60, &[17, 0, 1, 4, 0, 0, 0, 0], &[0xe7, 0]),
        // Padding that is not zero stays; so does what only looks like padding.
        (60, &[17, 0, 1, 4, 0, 0, 0, 9], &[0xe7, 6, 1, 4, 0, 0, 0, 9]),
        (60, &[17, 0, 0x1e, 4, 0, 0, 1, 0], &[0xe7, 6, 0x1e, 4, 0, 0, 1, 0]),
        // Two paddings: the last one goes.
        (60, &[17, 0, 1, 3, 0, 0, 0, 0], &[0xe7, 5, 1, 3, 0, 0, 0]),
        // Options that run past the end.
        (60, &[17, 0, 0x1e, 9, 0, 0, 1, 0], &[0xe7, 6, 0x1e, 9, 0, 0, 1, 0]),
        (43, &[17, 0, 4, 0, 1, 4, 0, 0], &[0xe3, 6, 4, 0, 1, 4, 0, 0]),
        (44, &[17, 9, 0, 0, 1, 2, 3, 4], &[0xe5, 9, 0, 0, 1, 2, 3, 4]),
        (135, &[17, 0, 1, 0, 2, 3, 1, 0], &[0xe9, 6, 1, 0, 2, 3, 1, 0]),
    ] {
        let payload = [header, &datagram[..]].concat();
        let packet = ipv6((0, 0, protocol, 64), address(LOCAL), address(LOCAL_SHORT), &payload);
        both_ways(&packet, &[&[0x7e, 0x33], encoding, &nhc_udp[..]].concat());

        // In front of what has no encoding, the next header is in-line.
        let mut payload = [header, b"abcd"].concat();
        payload[0] = 6;
        let packet = ipv6((0, 0, protocol, 64), address(LOCAL), address(LOCAL_SHORT), &payload);
        let (first, rest) = encoding.split_first().unwrap();
        both_ways(&packet, &[&[0x7e, 0x33, first - 1, 6], rest, b"abcd"].concat());
    }
}

#[test]
fn nothing_behind_a_later_fragment_is_taken_for_a_header() {
    let payload = [&[17, 0, 0x05, 0xa9, 1, 2, 3, 4][..], &udp(0xf0b0, 0xf0b0, b"")].concat();
    let packet = ipv6((0, 0, 44, 64), address(LOCAL), address(LOCAL_SHORT), &payload);
    let want = [&[0x7e, 0x33, 0xe4, 17, 0, 0x05, 0xa9, 1, 2, 3, 4][..], &payload[8..]].concat();
    both_ways(&packet, &want);
}

// conf: LWP-NHC-04
#[test]
fn an_extension_header_of_more_than_255_octets_is_not_compressed() {
    // 33 units of eight octets: 262 octets of data without the first two.
    let mut header = vec![0x11; 264];
    header[..4].copy_from_slice(&[17, 32, 0x1e, 255]);
    let payload = [&header[..], &udp(1, 2, b"")].concat();
    let packet = ipv6((0, 0, 60, 64), address(LOCAL), address(LOCAL_SHORT), &payload);
    both_ways(&packet, &[&[0x7a, 0x33, 60], &payload[..]].concat());
    // A length of 255 is possible with elided padding: 2 + 255 + 7 octets.
    let mut header = vec![0x11; 264];
    header[..4].copy_from_slice(&[17, 32, 0x1e, 253]);
    header[257..].copy_from_slice(&[1, 5, 0, 0, 0, 0, 0]);
    let payload = [&header[..], &udp(0xf0b0, 0xf0b0, b"")].concat();
    let packet = ipv6((0, 0, 60, 64), address(LOCAL), address(LOCAL_SHORT), &payload);
    let want = [&[0x7e, 0x33, 0xe7, 255], &header[2..257], &[0xf3, 0, 0xc0, 0xde]].concat();
    both_ways(&packet, &want);
}

// conf: LWP-NHC-05
#[test]
fn a_tunnelled_header_derives_its_identifiers_from_the_outer_one() {
    // The inner header takes its identifiers from the outer one's, which here are not the frame's.
    let inner =
        ipv6((0, 0, 17, 255), address("2001:db8::1"), address("fe80::2"), &udp(0xf0b0, 0xf0b1, b"data"));
    let packet = ipv6((0, 0, 41, 64), address("2001:db8::1"), address("2001:db8::2"), &inner);
    let mut want = vec![0x7e, 0x55, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2];
    want.extend([0xee, 0x7f, 0x73, 0xf3, 0x01, 0xc0, 0xde]);
    want.extend(b"data");
    both_ways(&packet, &want);
    // A third one stays as it is, and is refused if compressed.
    let third = ipv6((0, 0, 41, 64), address(LOCAL), address(LOCAL_SHORT), &packet);
    let want = [&[0x7e, 0x33, 0xee, 0x7a, 0x55, 41][..], &[0; 7], &[1], &[0; 7], &[2], &inner].concat();
    both_ways(&third, &want);
    let deep = [0x7e, 0x33, 0xee, 0x7e, 0x33, 0xee, 0x7a, 0x33, 58];
    assert_eq!(decompressed(&deep, &LINK, &contexts()), Err(Error::NextHeader(0xee)));
    // What is not IPHC may not follow.
    assert_eq!(decompressed(&[0x7e, 0x33, 0xee, 0x41], &LINK, &contexts()), Err(Error::Truncated));
    assert_eq!(decompressed(&[0x7e, 0x33, 0xee, 0x41, 6], &LINK, &contexts()), Err(Error::Dispatch(0x41)));
}

// conf: LWP-NHC-01, LWP-NHC-05, LWP-NHC-11
#[test]
fn reserved_and_unknown_next_header_encodings_are_refused() {
    let contexts = contexts();
    for octet in 0..=255u8 {
        let want = match octet {
            0xea..=0xed | 0xef => Some(Error::Reserved(octet)),
            0xe0..=0xee | 0xf0..=0xf7 => None,
            _ => Some(Error::NextHeader(octet)),
        };
        assert_eq!(nhc::Encoding::parse(octet).err(), want, "0x{octet:02x}");
        if let Some(want) = want {
            let bytes = [&[0x7e, 0x33, octet][..], &[0; 20]].concat();
            assert_eq!(decompressed(&bytes, &LINK, &contexts), Err(want));
        }
    }
    // A Routing header has no padding to restore.
    assert_eq!(decompressed(&[0x7e, 0x33, 0xe2, 6, 1, 0], &LINK, &contexts), Err(Error::Length));
}

#[test]
fn a_fragment_is_given_the_length_of_the_whole() {
    let contexts = contexts();
    let mut out = [0; 100];
    let bytes = [&[0x7e, 0x33, 0xf3, 0x00, 0xc0, 0xde][..], &[7; 16]].concat();
    let done = decompress(&bytes, Some(1280), &LINK, &contexts, &mut out).unwrap();
    assert_eq!((done.len, done.header_len), (64, 48));
    assert_eq!(out[4..6], 1240u16.to_be_bytes());
    assert_eq!(out[44..46], 1240u16.to_be_bytes());
    assert!(decompress(&bytes, Some(64), &LINK, &contexts, &mut out).is_ok());
    assert_eq!(decompress(&bytes, Some(63), &LINK, &contexts, &mut out), Err(Error::Length));
}

#[test]
fn packets_that_the_encoding_cannot_restore_are_refused() {
    let contexts = contexts();
    let packet = ipv6((0, 0, 58, 64), address(LOCAL), address(LOCAL_SHORT), b"payload");
    let refused = |packet: &[u8]| compress(packet, &LINK, &contexts, &mut [0; 100]).err();
    assert_eq!(refused(&packet[..46]), Some(Error::Length));
    assert_eq!(refused(&[&packet[..], b"x"].concat()), Some(Error::Length));
    for len in 0..40 {
        assert_eq!(refused(&packet[..len]), Some(Error::Truncated));
    }
    let mut packet = packet;
    packet[0] = 0x45;
    assert_eq!(refused(&packet), Some(Error::Dispatch(0x45)));
}

/// A small generator, enough to reach all modes.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }

    fn octet(&mut self) -> u8 {
        u8::try_from(self.roll(256)).unwrap()
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.roll(from.len())]
    }

    fn octets(&mut self, len: usize) -> Vec<u8> {
        (0..len).map(|_| self.octet()).collect()
    }

    fn address(&mut self) -> [u8; 16] {
        let prefix = self.pick(&[
            "::",
            "fe80::",
            "fe80:0:0:1::",
            "2001:db8::",
            "2001:db8:3::",
            "2001:db8:3:4::",
            "2001:db8:7::",
            "2001:db8:9:0:aaaa:bbbb::",
            "2001:db8:f::abcd:1",
            "ff02::",
            "ff05::",
            "ff35:40:2001:db8::",
            "ff35:30:2001:db8:3::",
            "ff35:60:2001:db8:9::",
        ]);
        let mut address = address(prefix);
        let suffix: &[u8] = match self.roll(6) {
            0 => &[],
            1 => &[0x00, 0x11, 0x22, 0xff, 0xfe, 0x33, 0x44, 0x55],
            2 => &[0, 0, 0, 0xff, 0xfe, 0, 0x12, 0x34],
            3 => &[0, 0, 0, 0xff, 0xfe, 0, 0xbe, 0xef],
            4 => &[1],
            _ => &[2, 0xff, 0, 0, 9],
        };
        address[16 - suffix.len()..].copy_from_slice(suffix);
        address
    }

    fn upper(&mut self, depth: usize) -> (u8, Vec<u8>) {
        match self.roll(if depth == 0 { 3 } else { 9 }) {
            0 => {
                let len = self.roll(40);
                (58, self.octets(len))
            }
            1 | 2 => {
                let ports = [0xf0b3, 0xf0ba, 0xf077, 5683];
                let len = self.roll(40);
                let data = self.octets(len);
                (17, udp(self.pick(&ports), self.pick(&ports), &data))
            }
            3 => (41, self.packet(depth - 1)),
            4 => {
                let (next, rest) = self.upper(depth - 1);
                let offset = self.pick(&[0, 1, 8, 9]);
                (44, [&[next, 0, 0, offset, 1, 2, 3, 4], &rest[..]].concat())
            }
            _ => {
                let (next, rest) = self.upper(depth - 1);
                let units = self.pick(&[0, 0, 0, 1, 2, 24]);
                let data = match self.roll(3) {
                    0 => vec![0; usize::from(units) * 8 + 6],
                    1 => [vec![0x1e, units * 8], vec![0; usize::from(units) * 8], vec![1, 2, 0, 0]].concat(),
                    _ => self.octets(usize::from(units) * 8 + 6),
                };
                (self.pick(&[0, 43, 60, 135]), [&[next, units], &data[..], &rest].concat())
            }
        }
    }

    fn packet(&mut self, depth: usize) -> Vec<u8> {
        let (next, payload) = self.upper(depth);
        let class = self.pick(&[0, 1, 0xb8, 0xb9]);
        let label = self.pick(&[0, 0, 0xfffff, 0x12345]);
        let hop_limit = self.pick(&[0, 1, 64, 255, 63]);
        ipv6((class, label, next, hop_limit), self.address(), self.address(), &payload)
    }
}

// conf: LWP-NHC-12, LWP-DST-13
#[test]
fn every_packet_survives_compression_at_any_room() {
    let mut dice = Dice(2);
    let contexts = contexts();
    for round in 0..30_000 {
        let packet = dice.packet(4);
        let link = LinkAddresses {
            source: dice.pick(&[LINK.source, LINK.destination, HardwareAddress::NONE]),
            destination: dice.pick(&[LINK.source, LINK.destination, HardwareAddress::NONE]),
        };
        let room = dice.pick(&[40, 48, 60, 98, 400]);
        let mut out = [0; 400];
        let done = compress(&packet, &link, &contexts, &mut out[..room]).unwrap();
        assert!(done.header_len <= done.covered, "round {round}: longer than the original");
        assert_eq!(done.covered % 8, 0);
        let bytes = [&out[..done.header_len], &packet[done.covered..]].concat();
        assert_eq!(decompressed(&bytes, &link, &contexts), Ok(packet), "round {round}");
        let cut = dice.roll(done.header_len);
        assert_eq!(decompressed(&bytes[..cut], &link, &contexts), Err(Error::Truncated), "round {round}");
    }
}

#[test]
fn altered_octets_give_an_error_or_a_packet_that_survives_in_turn() {
    let mut dice = Dice(3);
    let contexts = contexts();
    for round in 0..60_000 {
        let mut bytes = if round % 3 == 0 {
            let len = dice.roll(60);
            let mut bytes = vec![0x60 | dice.octet() & 0x1f];
            bytes.extend(dice.octets(len));
            bytes
        } else {
            compressed(&dice.packet(3), &LINK, &contexts)
        };
        let at = dice.roll(bytes.len().min(60));
        bytes[at] = dice.octet();
        // Too long for 2000 octets, or wrong, is an error; a packet must be one.
        let Ok(packet) = decompressed(&bytes, &LINK, &contexts) else { continue };
        assert_eq!(compress_and_back(&packet, &contexts), packet, "round {round}");
    }
}

fn compress_and_back(packet: &[u8], contexts: &Contexts) -> Vec<u8> {
    decompressed(&compressed(packet, &LINK, contexts), &LINK, contexts).unwrap()
}

/// The headers alone, over all that the dice yield: the same octets as for whole packets, and back.
#[test]
fn headers_alone_are_encoded_as_in_whole_packets() {
    let mut dice = Dice(5);
    let contexts = contexts();
    for round in 0..10_000 {
        let fields =
            (dice.pick(&[0, 3, 0x41, 0xc0]), dice.pick(&[0, 1, 0xf_ffff]), 59, dice.pick(&[1, 2, 64, 255]));
        let (source, destination) = (dice.address(), dice.address());
        let header = iphc::Repr {
            traffic_class: fields.0,
            flow_label: fields.1,
            next_header: Some(crate::IpProtocol::NO_NEXT_HEADER),
            hop_limit: fields.3,
            source: source.into(),
            destination: destination.into(),
        };
        let want = compressed(&ipv6(fields, source, destination, &[]), &LINK, &contexts);
        let mut out = [0xee; 48];
        let len = header.emit(&mut out, &LINK, &contexts).unwrap();
        assert_eq!(out[..len], want, "round {round}");
        assert_eq!(iphc::Repr::parse(&out, &LINK, &contexts), Ok((header, &out[len..])), "round {round}");
        for cut in 0..len {
            let refused = iphc::Repr::parse(&want[..cut], &LINK, &contexts);
            assert_eq!(refused, Err(Error::Truncated), "round {round} cut at {cut}");
            assert_eq!(header.emit(&mut out[..cut], &LINK, &contexts), Err(Error::NoRoom), "round {round}");
        }
    }
    let header = iphc::Repr {
        traffic_class: 0,
        flow_label: 1 << 20,
        next_header: None,
        hop_limit: 1,
        source: Ipv6Addr::UNSPECIFIED,
        destination: Ipv6Addr::UNSPECIFIED,
    };
    assert_eq!(header.emit(&mut [0; 48], &LINK, &contexts), Err(Error::Unrepresentable));
}

// conf: LWP-NHC-06, LWP-NHC-07, LWP-NHC-11
#[test]
fn a_udp_header_alone_round_trips_with_and_without_its_checksum() {
    let payload = [0xa5; 7];
    let addresses = crate::ip::pseudo_addresses("fe80::1".parse().unwrap(), "fe80::2".parse().unwrap());
    // Source, destination, octets of the ports.
    for (src_port, dst_port, len) in
        [(0xf0b1, 0xf0bf, 1), (0xf0b1, 0xf0c0, 3), (0x1234, 0xf0ff, 3), (0xf012, 0x1234, 3), (53, 5683, 4)]
    {
        let plain = crate::udp::Repr { src_port, dst_port };
        let checksum = plain.checksum(15, addresses, crate::checksum::Sum::new().add_bytes(&payload));
        let mut datagram = [0; 15];
        plain.emit(&mut datagram, &payload, addresses).unwrap();
        assert_eq!(datagram[6..8], checksum.to_be_bytes(), "as in the whole datagram");
        for checksum in [Some(checksum), None] {
            let header = super::udp::Repr { src_port, dst_port, checksum };
            assert_eq!(header.buffer_len(), 1 + len + if checksum.is_some() { 2 } else { 0 });
            let mut out = [0xee; 8];
            assert_eq!(header.emit(&mut out), Ok(header.buffer_len()));
            let (parsed, rest) = super::udp::Repr::parse(&out).unwrap();
            assert_eq!((parsed, rest), (header, &out[header.buffer_len()..]));
            assert!(parsed.is_intact(&payload, addresses));
            assert_eq!(parsed.is_intact(&payload[1..], addresses), checksum.is_none());
            for cut in 0..header.buffer_len() {
                assert_eq!(super::udp::Repr::parse(&out[..cut]), Err(Error::Truncated), "cut at {cut}");
                assert_eq!(header.emit(&mut [0; 8][..cut]), Err(Error::NoRoom), "room {cut}");
            }
        }
    }
    assert_eq!(super::udp::Repr::parse(&[0xf8, 0, 0, 0]), Err(Error::NextHeader(0xf8)));
    assert_eq!(super::udp::Repr::parse(&[0xe0, 0, 0, 0]), Err(Error::NextHeader(0xe0)));
}
