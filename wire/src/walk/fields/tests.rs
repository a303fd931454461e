extern crate alloc;
use super::super::tests::{fields, ipv4, ipv6, lines, udp};
use super::super::Medium;
use crate::dhcpv4::{MessageType, Opt, Repr, Routes};
use crate::HardwareAddress;
use alloc::string::String;
use alloc::vec::Vec;

/// All wanted lines are there, in this order.
fn check(seen: &[String], want: &[&str]) {
    let mut rest = seen.iter();
    for want in want {
        assert!(rest.any(|line| line == want), "{want}: {seen:#?}");
    }
}

fn icmpv4(message: &[u8]) -> Vec<String> {
    fields(Medium::Ip, &ipv4(1, message))
}

fn icmpv6(message: &[u8]) -> Vec<String> {
    fields(Medium::Ip, &ipv6(58, message))
}

#[test]
fn what_icmpv4_messages_say_beside_their_type_has_fields() {
    for (message, want) in [
        (&[3, 4, 0, 0, 0, 0, 5, 0xdc][..], &["icmpv4.mtu 1500"][..]),
        (&[5, 1, 0, 0, 10, 0, 0, 9], &["icmpv4.gateway 10.0.0.9"]),
        (&[12, 0, 0, 0, 20, 0, 0, 0], &["icmpv4.pointer 20"]),
        (
            &[9, 0, 0, 0, 1, 2, 7, 8, 10, 0, 0, 1, 0xff, 0xff, 0xff, 0xff],
            &["icmpv4.lifetime 1800", "icmpv4.router 10.0.0.1", "icmpv4.router_preference -1"],
        ),
        (
            &[13, 0, 0, 0, 0, 1, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0, 5],
            &["icmpv4.identifier 1", "icmpv4.originate 3", "icmpv4.receive 4", "icmpv4.transmit 5"],
        ),
        (&[18, 0, 0, 0, 0, 1, 0, 2, 255, 255, 254, 0], &["icmpv4.mask 255.255.254.0"]),
        (
            &[42, 0, 0, 0, 0, 7, 1, 1, 0x20, 0, 0, 0, 0, 8, 3, 2, 0, 0, 0, 5],
            &["icmpv4.identifier 7", "icmpv4.probe_sequence 1", "icmpv4.local 1", "icmpv4.extension_class 3"],
        ),
        (
            &[43, 0, 0, 0, 0, 7, 1, 0x46],
            &["icmpv4.state 2", "icmpv4.active 1", "icmpv4.ipv4 1", "icmpv4.ipv6 0"],
        ),
    ] {
        check(&icmpv4(message), want);
    }
    // What a layer has said does not follow as data.
    let times = [14, 0, 0, 0, 0, 1, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0, 5, 0xaa];
    assert_eq!(lines(Medium::Ip, &ipv4(1, &times))[2], "data, 1 octet: aa");
    assert_eq!(lines(Medium::Ip, &ipv4(1, &times[..20])).len(), 2);
}

#[test]
fn duplicate_address_messages_and_extended_echoes_of_icmpv6_have_fields() {
    let mut message = Vec::from([157, 1, 0, 0, 0, 9, 0, 60, 1, 2, 3, 4, 5, 6, 7, 8, 0xfe, 0x80]);
    message.extend([0; 13]);
    message.push(7);
    let want = [
        "icmpv6.registration_status 0",
        "icmpv6.transaction_id 9",
        "icmpv6.registration_lifetime 60",
        "icmpv6.rovr [01, 02, 03, 04, 05, 06, 07, 08]",
        "icmpv6.registered_address fe80::7",
    ];
    check(&icmpv6(&message), &want);
    assert_eq!(lines(Medium::Ip, &ipv6(58, &message)).len(), 2);
    check(&icmpv6(&[161, 0, 0, 0, 0, 7, 1, 0x45]), &["icmpv6.probe_sequence 1", "icmpv6.ipv6 1"]);
}

#[test]
fn options_and_routes_of_ipv6_have_fields() {
    let udp = udp([5000, 7], &[]);
    let ext = |protocol: u8, header: &[u8]| fields(Medium::Ip, &ipv6(protocol, &[header, &udp].concat()));
    check(&ext(0, &[17, 0, 5, 2, 0, 0, 1, 0]), &["ipv6_ext.option 5", "ipv6_ext.router_alert 0"]);
    check(
        &ext(60, &[17, 0, 4, 1, 3, 0x3e, 1, 9]),
        &["ipv6_ext.tunnel_encapsulation_limit 3", "ipv6_ext.option 62", "ipv6_ext.option_data [09]"],
    );
    check(
        &ext(0, &[17, 0, 0x23, 4, 0x80, 30, 1, 0]),
        &["ipv6_ext.rpl_flags 128", "ipv6_ext.rpl_instance 30", "ipv6_ext.rpl_sender_rank 256"],
    );
    // A Router Alert without its value.
    check(
        &ext(0, &[17, 0, 5, 0, 1, 2, 0, 0]),
        &["ipv6_ext.option_error field at octet 43 has a forbidden value"],
    );
    let mut home = Vec::from([17, 2, 2, 1, 0, 0, 0, 0, 0xfe, 0x80]);
    home.extend([0; 13]);
    home.push(9);
    check(&ext(43, &home), &["ipv6_ext.routing_type 2", "ipv6_ext.routing_address fe80::9"]);
    let mut segments = Vec::from([17, 2, 4, 0, 0, 0, 0, 5, 0xfe, 0x80]);
    segments.extend([0; 13]);
    segments.push(9);
    check(&ext(43, &segments), &["ipv6_ext.segment_tag 5", "ipv6_ext.segment fe80::9"]);
    let ah = [17, 4, 0, 0, 0, 0, 0, 7, 0, 0, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
    let icv = "ipv6_ext.icv [01, 02, 03, 04, 05, 06, 07, 08, 09, 0a, 0b, 0c]";
    check(&ext(51, &ah), &["ipv6_ext.spi 7", "ipv6_ext.sequence 8", icv]);
}

#[test]
fn options_of_rpl_have_fields() {
    let message = |code: u8, body: &[u8]| icmpv6(&[&[155, code, 0, 0], body].concat());
    let mut root = Vec::from([0x20, 1, 0x0d, 0xb8]);
    root.extend([0; 11]);
    root.push(1);
    let solicited = [&[7, 0x13, 30, 0xe0], &root[..], &[5]].concat();
    let want = ["rpl.solicited_instance 30", "rpl.solicited_dodag_id 2001:db8::1", "rpl.solicited_version 5"];
    check(&message(0, &[&[0, 0], &solicited[..]].concat()), &want);
    let configuration = [4, 14, 3, 8, 12, 10, 7, 0, 1, 0, 0, 1, 0, 255, 0, 60];
    let metrics = [2, 6, 3, 0, 0, 2, 0, 3];
    let dio = [&[30, 240, 1, 0, 0x90, 241, 0, 0], &root[..], &configuration, &metrics].concat();
    check(
        &message(1, &dio),
        &[
            "rpl.path_control_size 3",
            "rpl.dio_interval_min 12",
            "rpl.max_rank_increase 1792",
            "rpl.lifetime_unit 60",
            "rpl.metric 3",
            "rpl.metric_body [00, 03]",
        ],
    );
    let target = [&[5, 18, 0, 128], &root[..]].concat();
    let dao = [&[30, 0x80, 0, 242], &target[..], &[9, 4, 0, 0, 0, 7, 6, 4, 0x80, 0xc0, 241, 30]].concat();
    check(
        &message(2, &dao),
        &[
            "rpl.target_prefix_len 128",
            "rpl.target 2001:db8::1",
            "rpl.target_descriptor 7",
            "rpl.external 1",
            "rpl.path_lifetime 30",
        ],
    );
    // With a security section: an authentication code of four octets, not encrypted; then encrypted.
    let secure = |level: u8| {
        let section = [0, 0, level, 0, 0, 0, 0, 9, 1];
        message(0x80, &[&section, &[0, 0][..], &solicited, &[1, 2, 3, 4]].concat())
    };
    check(&secure(0), &["rpl.level 0", "rpl.counter 9", "rpl.key_index 1", "rpl.solicited_version 5"]);
    assert!(secure(1).iter().any(|line| line.starts_with("rpl.content [00, 00, 07")));
}

#[test]
fn options_of_tcp_have_fields() {
    let segment = |options: &[u8]| {
        let words = u8::try_from(options.len() / 4 + 5).unwrap();
        let header = [0x13, 0x88, 0, 80, 0, 0, 0, 1, 0, 0, 0, 2, words << 4, 0x30, 1, 0, 0, 0, 0, 5];
        fields(Medium::Ip, &ipv4(6, &[&header, options].concat()))
    };
    for (options, want) in [
        (&[28, 4, 0x80, 5][..], &["tcp.urgent 5", "tcp.user_timeout 300"][..]),
        (&[28, 4, 0, 5], &["tcp.user_timeout 5"]),
        (&[34, 6, 1, 2, 3, 4, 1, 1], &["tcp.fast_open_cookie [01, 02, 03, 04]"]),
        (&[172, 8, 0, 0, 1, 0, 0, 2], &["tcp.acc_ecn_ect0 1", "tcp.acc_ecn_ce 2"]),
        (&[29, 8, 1, 2, 3, 4, 5, 6], &["tcp.key_id 1", "tcp.next_key_id 2", "tcp.mac [03, 04, 05, 06]"]),
        (&[254, 4, 1, 2], &["tcp.option 254", "tcp.option_data [01, 02]"]),
    ] {
        check(&segment(options), want);
    }
}

#[test]
fn options_of_dhcp_have_fields_without_the_quotes_of_their_lines() {
    let client = HardwareAddress::ethernet([2, 0, 0, 0, 0, 1]);
    let repr = Repr { message_type: MessageType::Offer, ..Repr::discover(1, client) };
    let options = [
        Opt::HostName("it's".into()),
        Opt::ParameterList((&[1, 121]).into()),
        Opt::ClasslessRoutes(Routes::parse((&[8, 10, 10, 0, 0, 1]).into()).unwrap()),
        Opt::Ipv6OnlyPreferred(300),
    ];
    let mut message = [0; 300];
    repr.emit(&options, &mut message).unwrap();
    check(
        &fields(Medium::Ip, &ipv4(17, &udp([67, 68], &message))),
        &[
            "dhcpv4.host_name it\\'s",
            "dhcpv4.requested_option 1",
            "dhcpv4.requested_option 121",
            "dhcpv4.route 10.0.0.0/8",
            "dhcpv4.route_router 10.0.0.1",
            "dhcpv4.ipv6_only_preferred 300",
        ],
    );
}

#[test]
fn security_headers_and_elements_of_ieee_802_15_4_have_fields() {
    // Version 2006, level 5, key by short source and index.
    let header = [0x49, 0x98, 16, 0x34, 0x12, 2, 0, 1, 0, 0x15, 3, 0, 0, 0, 1, 2, 3, 4, 9];
    let secured = [&header[..], b"encrypted"].concat();
    check(
        &fields(Medium::Ieee802154, &secured),
        &[
            "ieee802154.security_level 5",
            "ieee802154.key_id_mode 2",
            "ieee802154.frame_counter 3",
            "ieee802154.key_source [01, 02, 03, 04]",
            "ieee802154.key_index 9",
        ],
    );
    // Version 2015: a time correction, the end of header elements, a payload element of a vendor, the end.
    let elements = [2, 0x0f, 10, 0, 0, 0x3f, 3, 0x90, 0xaa, 0xbb, 0xcc, 0, 0xf8];
    let frame = [&[0x41, 0xaa, 21, 0x34, 0x12, 2, 0, 1, 0], &elements[..], b"\0hi"].concat();
    check(
        &fields(Medium::Ieee802154, &frame),
        &[
            "ieee802154.header_element 30",
            "ieee802154.header_element_content [0a, 00]",
            "ieee802154.payload_element 2",
            "ieee802154.payload_element_content [aa, bb, cc]",
        ],
    );
}

/// IEEE 802.15.4-2015, table 7-2: two extended addresses and no compression have the destination's PAN id alone.
#[test]
fn a_pan_id_that_is_not_in_the_frame_is_no_field() {
    let mut frame = Vec::from([0x01, 0xec, 7, 0x34, 0x12]);
    frame.extend([1; 16]);
    let seen = fields(Medium::Ieee802154, &frame);
    check(&seen, &["ieee802154.destination_pan 4660"]);
    assert!(!seen.iter().any(|line| line.starts_with("ieee802154.source_pan")), "{seen:#?}");
}
