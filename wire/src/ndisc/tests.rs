extern crate alloc;
use super::*;
use crate::ip::pseudo_header;
use crate::{HardwareAddress, IpProtocol};
use alloc::string::ToString;
use alloc::vec;
use alloc::vec::Vec;
use core::net::IpAddr;

const ETHERNET: HardwareAddress = HardwareAddress::ethernet([2, 0, 0, 0, 0, 1]);
const LOCAL: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1);
const PEER: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 2);
const GLOBAL: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 2);
const GROUP: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 1, 0xff00, 2);

/// Source link-layer address option for Ethernet.
const SLLAO: [u8; 8] = [1, 1, 2, 0, 0, 0, 0, 1];

/// A body of `kind`: four octets, addresses, options.
fn body(first: [u8; 4], addresses: &[Ipv6Addr], options: &[u8]) -> Vec<u8> {
    let mut body = first.to_vec();
    for address in addresses {
        body.extend(address.octets());
    }
    body.extend(options);
    body
}

fn advertisement_of_a_router(options: &[u8]) -> Vec<u8> {
    let mut body = vec![64, 0xc8, 7, 8, 0, 0, 0x75, 0x30, 0, 0, 3, 0xe8];
    body.extend(options);
    body
}

fn validate(kind: u8, body: &[u8], source: Ipv6Addr, destination: Ipv6Addr) -> Result<(), Invalid> {
    let envelope = Envelope { source, destination, hop_limit: 255 };
    Message::parse(kind, 0, body).unwrap().validate(&envelope)
}

/// One valid message of each type, with two options each.
fn valid() -> [(u8, Vec<u8>); 5] {
    let options = [SLLAO, [200, 1, 1, 2, 3, 4, 5, 6]].concat();
    [
        (ROUTER_SOLICITATION, body([0; 4], &[], &options)),
        (ROUTER_ADVERTISEMENT, advertisement_of_a_router(&options)),
        (NEIGHBOUR_SOLICITATION, body([0; 4], &[PEER], &options)),
        (NEIGHBOUR_ADVERTISEMENT, body([0xe0, 0, 0, 0], &[PEER], &options)),
        (REDIRECT, body([0; 4], &[PEER, GLOBAL], &options)),
    ]
}

#[test]
fn every_field_is_seen() {
    let [_, (_, ra), (_, ns), (_, na), (_, redirect)] = valid();
    let Ok(Message::RouterAdvertisement(ra)) = Message::parse(ROUTER_ADVERTISEMENT, 0, &ra) else { panic!() };
    assert_eq!((ra.cur_hop_limit(), ra.router_lifetime()), (Some(64), 1800));
    assert_eq!(ra.flags(), RouterFlags::MANAGED | RouterFlags::OTHER);
    assert_eq!(ra.preference(), Preference::High);
    assert_eq!((ra.reachable_time_ms(), ra.retrans_timer_ms()), (Some(30_000), Some(1_000)));
    let Ok(Message::NeighbourSolicitation(ns)) = Message::parse(NEIGHBOUR_SOLICITATION, 0, &ns) else {
        panic!()
    };
    assert_eq!(ns.target(), PEER);
    let Ok(Message::NeighbourAdvertisement(na)) = Message::parse(NEIGHBOUR_ADVERTISEMENT, 0, &na) else {
        panic!()
    };
    assert_eq!((na.target(), na.flags()), (PEER, AdvertFlags::all()));
    let Ok(Message::Redirect(redirect)) = Message::parse(REDIRECT, 0, &redirect) else { panic!() };
    assert_eq!((redirect.target(), redirect.destination()), (PEER, GLOBAL));
}

#[test]
fn zero_means_not_said_and_the_reserved_preference_is_medium() {
    let octets = [0, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let Ok(Message::RouterAdvertisement(ra)) = Message::parse(ROUTER_ADVERTISEMENT, 0, &octets) else {
        panic!()
    };
    assert_eq!((ra.cur_hop_limit(), ra.reachable_time_ms(), ra.retrans_timer_ms()), (None, None, None));
    assert_eq!((ra.preference(), ra.router_lifetime()), (Preference::Medium, 0));
}

/// RFC 4191 §2.2.
#[test]
fn a_preference_counts_with_a_router_lifetime_only() {
    for (bits, lifetime, want) in [
        (0x08, 1, Preference::High),
        (0x18, 1, Preference::Low),
        (0x08, 0, Preference::Medium),
        (0x18, 0, Preference::Medium),
    ] {
        let octets = [64, bits, 0, lifetime, 0, 0, 0, 0, 0, 0, 0, 0];
        let message = Message::parse(ROUTER_ADVERTISEMENT, 0, &octets).unwrap();
        let Message::RouterAdvertisement(advertisement) = message else { panic!() };
        assert_eq!(advertisement.preference(), want);
        let repr = Repr::parse(&message);
        let mut again = [0; 16];
        repr.emit(LOCAL, PEER, &mut again).unwrap();
        assert_eq!(again[5], if lifetime == 0 { 0 } else { bits });
    }
    let none = Repr::RouterAdvertisement {
        cur_hop_limit: None,
        flags: RouterFlags::empty(),
        preference: Preference::High,
        router_lifetime: 0,
        reachable_time_ms: None,
        retrans_timer_ms: None,
        options: Options::EMPTY,
    };
    assert_eq!(none.emit(LOCAL, PEER, &mut [0; 16]), Err(Error::Unrepresentable));
}

/// RFC 4861 §4.6.2.
#[test]
fn bits_beyond_a_prefix_are_ignored_and_sent_as_zero() {
    let option = |len: u8| {
        let mut octets = [0xff; 32];
        octets[..3].copy_from_slice(&[3, 4, len]);
        octets
    };
    for (len, want) in [
        (0, "::"),
        (1, "8000::"),
        (64, "ffff:ffff:ffff:ffff::"),
        (127, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe"),
    ] {
        let octets = option(len);
        let read = OptionRepr::parse(&Options::parse(&octets).unwrap().next().unwrap(), &ETHERNET);
        let mut again = [0; 32];
        assert_eq!(read.emit(&mut again), Ok(32));
        assert_eq!(again[16..], want.parse::<Ipv6Addr>().unwrap().octets(), "{len}");
        // Reserved bits, too.
        assert_eq!((again[3], &again[12..16]), (0xc0, &[0; 4][..]));
    }
    let octets = option(129);
    let read = OptionRepr::parse(&Options::parse(&octets).unwrap().next().unwrap(), &ETHERNET);
    assert_eq!(read, OptionRepr::Unknown { kind: 3, data: &octets[2..] });
}

/// RFC 8505 §4.1: without the T flag TID is ignored; without a meaning it is sent as zero.
#[test]
fn a_transaction_identifier_counts_with_its_flag_only() {
    for (flags, want) in [(0x01, Some(9)), (0x03, Some(9)), (0x02, None), (0x00, None)] {
        let octets = [33, 2, 0, 0, 0xf0 | flags, 9, 0, 60, 1, 2, 3, 4, 5, 6, 7, 8];
        let Some(OtherOption::Registration(read)) = OtherOption::read(33, &octets[2..]) else { panic!() };
        assert_eq!((read.transaction_id, read.is_routed), (want, flags & 2 != 0));
        let mut again = [0; 16];
        assert_eq!(OptionRepr::Registration(read).emit(&mut again), Ok(16));
        assert_eq!(again[4..6], [flags, want.unwrap_or(0)]);
    }
}

/// RFC 8505 §4.1, RFC 6775 §4.2: I has two bits, of which only 0 has a meaning; CID has four.
#[test]
fn numbers_that_their_bits_do_not_hold_are_not_emitted() {
    for kind in 0..4 {
        let octets = [33, 2, 0, 5, 0xf1 | kind << 2, 9, 0, 60, 1, 2, 3, 4, 5, 6, 7, 8];
        let Some(OtherOption::Registration(read)) = OtherOption::read(33, &octets[2..]) else { panic!() };
        assert_eq!((read.opaque_kind, read.opaque), (kind, 5));
        let mut again = [0; 16];
        assert_eq!(OptionRepr::Registration(read).emit(&mut again), Ok(16));
        assert_eq!(again[4], kind << 2 | 1, "kept, but for the reserved bits");
        let wrong = OptionRepr::Registration(Registration { opaque_kind: 4, ..read });
        assert_eq!(wrong.emit(&mut again), Err(Error::Unrepresentable));
    }
    for (id, want) in [(15, Ok(16)), (16, Err(Error::Unrepresentable))] {
        let prefix = crate::Ipv6Prefix::new(GLOBAL, 64).unwrap();
        let context = ContextOption { id, compress: true, lifetime_min: 1, prefix };
        assert_eq!(OptionRepr::Context(context).emit(&mut [0; 24]), want);
    }
}

// conf: IP6-NDV-11
#[test]
fn every_truncation_is_refused_or_ends_between_options() {
    for (kind, body) in valid() {
        let fixed = body.len() - 16;
        for len in 0..body.len() {
            let got = Message::parse(kind, 0, &body[..len]);
            let whole_options = len >= fixed && (len - fixed) % 8 == 0;
            assert_eq!(got.is_ok(), whole_options, "type {kind}, {len} octets: {got:?}");
        }
        assert_eq!(Message::parse(kind, 0, &body).unwrap().options().count(), 2);
        assert_eq!(
            Message::parse(kind, 0, &body[..fixed - 1]).unwrap_err(),
            Error::truncated(fixed + 4, fixed + 3)
        );
    }
}

#[test]
fn other_types_and_codes_are_refused() {
    for (kind, body) in valid() {
        for code in 1..=255 {
            assert_eq!(Message::parse(kind, code, &body).unwrap_err(), Error::Field(1));
        }
    }
    for kind in [0, 128, 132, 138, 255] {
        assert_eq!(Message::parse(kind, 0, &[0; 64]).unwrap_err(), Error::Unknown(kind));
    }
}

#[test]
fn hop_limit_code_and_option_lengths_are_checked_in_every_message() {
    for (kind, octets) in valid() {
        let message = Message::parse(kind, 0, &octets).unwrap();
        for hop_limit in 0..=255 {
            let envelope = Envelope { source: LOCAL, destination: PEER, hop_limit };
            let want = if hop_limit == 255 { Ok(()) } else { Err(Invalid::HopLimit) };
            assert_eq!(message.validate(&envelope), want, "type {kind}");
        }
        assert!(Message::parse(kind, 1, &octets).is_err());
        let mut empty_option = octets.clone();
        let at = octets.len() - 7;
        empty_option[at] = 0;
        assert_eq!(Message::parse(kind, 0, &empty_option).unwrap_err(), Error::Length(0));
        empty_option[at] = 2;
        assert_eq!(Message::parse(kind, 0, &empty_option).unwrap_err(), Error::truncated(16, 8));
    }
}

// conf: IP6-NDV-02, IP6-NDV-03, IP6-NDV-04
#[test]
fn the_rules_of_each_message_are_checked() {
    const NONE: Ipv6Addr = Ipv6Addr::UNSPECIFIED;
    const ALMOST: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 2, 0xff00, 2);
    let rs = |options: &[u8]| (ROUTER_SOLICITATION, body([0; 4], &[], options));
    let ra = || (ROUTER_ADVERTISEMENT, advertisement_of_a_router(&[]));
    let ns = |target, options: &[u8]| (NEIGHBOUR_SOLICITATION, body([0; 4], &[target], options));
    let na = |flags, target| (NEIGHBOUR_ADVERTISEMENT, body([flags, 0, 0, 0], &[target], &[]));
    let redirect = |target, destination| (REDIRECT, body([0; 4], &[target, destination], &[]));
    // Message, source, destination, verdict
    for (row, ((kind, octets), source, destination, want)) in [
        (rs(&SLLAO), LOCAL, ALL_ROUTERS, Ok(())),
        (rs(&[]), NONE, ALL_ROUTERS, Ok(())),
        (rs(&SLLAO), NONE, ALL_ROUTERS, Err(Invalid::SourceLinkLayer)),
        (ra(), LOCAL, ALL_NODES, Ok(())),
        (ra(), GLOBAL, ALL_NODES, Err(Invalid::Source)),
        (ra(), Ipv6Addr::new(0xfec0, 0, 0, 0, 0, 0, 0, 1), ALL_NODES, Err(Invalid::Source)),
        (ra(), Ipv6Addr::new(0xfebf, 0, 0, 0, 0, 0, 0, 1), ALL_NODES, Ok(())),
        (ns(PEER, &SLLAO), LOCAL, GROUP, Ok(())),
        (ns(PEER, &[]), LOCAL, PEER, Ok(())),
        (ns(GROUP, &SLLAO), LOCAL, GROUP, Err(Invalid::NotUnicast)),
        (ns(PEER, &[]), NONE, GROUP, Ok(())),
        (ns(PEER, &[]), NONE, PEER, Err(Invalid::Destination)),
        (ns(PEER, &[]), NONE, ALL_NODES, Err(Invalid::Destination)),
        (ns(PEER, &[]), NONE, ALMOST, Err(Invalid::Destination)),
        (ns(PEER, &SLLAO), NONE, GROUP, Err(Invalid::SourceLinkLayer)),
        (ns(PEER, &[]), GROUP, PEER, Err(Invalid::NotUnicast)),
        (na(0x60, PEER), PEER, LOCAL, Ok(())),
        (na(0x20, PEER), PEER, ALL_NODES, Ok(())),
        (na(0x60, PEER), PEER, ALL_NODES, Err(Invalid::Solicited)),
        (na(0x60, GROUP), PEER, LOCAL, Err(Invalid::NotUnicast)),
        (redirect(PEER, GLOBAL), LOCAL, GLOBAL, Ok(())),
        (redirect(GLOBAL, GLOBAL), LOCAL, GLOBAL, Ok(())),
        (redirect(PEER, GLOBAL), GLOBAL, GLOBAL, Err(Invalid::Source)),
        (redirect(PEER, GROUP), LOCAL, GLOBAL, Err(Invalid::Destination)),
        (redirect(GLOBAL, PEER), LOCAL, GLOBAL, Err(Invalid::NotUnicast)),
    ]
    .into_iter()
    .enumerate()
    {
        assert_eq!(validate(kind, &octets, source, destination), want, "row {row}");
    }
    // ICMP lengths: RA 16, NS 24, NA 24, Redirect 40.
    for (kind, len) in [
        (ROUTER_ADVERTISEMENT, 16),
        (NEIGHBOUR_SOLICITATION, 24),
        (NEIGHBOUR_ADVERTISEMENT, 24),
        (REDIRECT, 40),
    ] {
        assert!(Message::parse(kind, 0, &[0; 64][..len - 4]).is_ok());
        assert!(Message::parse(kind, 0, &[0; 64][..len - 5]).is_err());
    }
}

// conf: IP6-NDV-08, IP6-NDV-09
#[test]
fn unknown_repeated_and_misplaced_options_and_reserved_fields_do_no_harm() {
    let other = [1, 1, 2, 0, 0, 0, 0, 9];
    let options = [
        [200, 1, 1, 1, 1, 1, 1, 1],
        // An MTU belongs into Router Advertisements, a target address not into solicitations.
        [5, 1, 0, 0, 0, 0, 5, 0xdc],
        [2, 1, 2, 0, 0, 0, 0, 7],
        SLLAO,
        other,
    ]
    .concat();
    let octets = body([0xff; 4], &[PEER], &options);
    assert_eq!(validate(NEIGHBOUR_SOLICITATION, &octets, LOCAL, GROUP), Ok(()));
    let Ok(Message::NeighbourSolicitation(message)) = Message::parse(NEIGHBOUR_SOLICITATION, 0, &octets)
    else {
        panic!()
    };
    let want = SolicitationRepr { target: PEER, source_link_layer: ETHERNET };
    assert_eq!(SolicitationRepr::parse(&message, &ETHERNET), want);
    let kinds: Vec<_> = message.options().collect();
    assert_eq!(kinds.len(), 5);
    assert_eq!(kinds[0], NdiscOption::Unknown { kind: 200, data: &[1; 6] });
    assert_eq!(kinds[1], NdiscOption::Mtu(1500));
}

#[test]
fn options_are_read() {
    let mut prefix = vec![3, 4, 64, 0xc0, 0, 0, 0x0e, 0x10, 0, 0, 7, 8, 0, 0, 0, 0];
    prefix.extend(GLOBAL.octets());
    let redirected = [4, 2, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8];
    let nonce = [14, 1, 1, 2, 3, 4, 5, 6];
    let route = [24, 2, 48, 0x18, 0, 0, 0, 60, 0x20, 1, 0xd, 0xb8, 0, 1, 0, 0];
    let mut rdnss = vec![25, 5, 0, 0, 0, 0, 0, 9];
    rdnss.extend(GLOBAL.octets());
    rdnss.extend(PEER.octets());
    let octets = [&prefix, &redirected[..], &nonce, &route, &rdnss].concat();
    let options: Vec<_> = Options::parse(&octets).unwrap().collect();
    let [NdiscOption::Prefix(prefix), redirected, nonce, NdiscOption::Route(route), NdiscOption::Rdnss(rdnss)] =
        options[..]
    else {
        panic!("{options:?}")
    };
    assert_eq!((prefix.prefix(), prefix.prefix_len()), (GLOBAL, 64));
    assert_eq!((prefix.valid_lifetime(), prefix.preferred_lifetime()), (3600, 1800));
    assert_eq!(prefix.flags(), PrefixFlags::ON_LINK | PrefixFlags::AUTONOMOUS);
    assert_eq!(redirected, NdiscOption::RedirectedHeader(&[1, 2, 3, 4, 5, 6, 7, 8]));
    assert_eq!(nonce, NdiscOption::Nonce(&[1, 2, 3, 4, 5, 6]));
    assert_eq!((route.prefix().to_string().as_str(), route.prefix_len()), ("2001:db8:1::", 48));
    assert_eq!((route.preference(), route.route_lifetime()), (Preference::Low, 60));
    assert_eq!(rdnss.lifetime(), 9);
    assert_eq!(rdnss.addresses().collect::<Vec<_>>(), [GLOBAL, PEER]);
    let text: Vec<_> = options.iter().map(ToString::to_string).collect();
    assert_eq!(
        text,
        [
            "prefix 2001:db8::2/64",
            "redirected packet of 8 octets",
            "nonce",
            "route 2001:db8:1::/48",
            "DNS servers 2001:db8::2 fe80::2"
        ]
    );
}

#[test]
fn a_known_option_of_impossible_length_or_content_reads_as_unknown() {
    let zeros = [0u8; 64];
    // Type, units, first octets of content
    for (kind, units, start) in [
        (3, 3, [0, 0]),
        (3, 5, [0, 0]),
        (5, 2, [0, 0]),
        // RDNSS without, and with half an address.
        (25, 1, [0, 0]),
        (25, 4, [0, 0]),
        // A route with more bits than octets, with too many octets, with the reserved preference.
        (24, 1, [1, 0]),
        (24, 2, [65, 0]),
        (24, 3, [129, 0]),
        (24, 4, [0, 0]),
        (24, 1, [0, 0x10]),
    ] {
        let mut octets = vec![kind, units, start[0], start[1]];
        octets.extend(&zeros[..usize::from(units) * 8 - 4]);
        let got: Vec<_> = Options::parse(&octets).unwrap().collect();
        assert_eq!(got, [NdiscOption::Unknown { kind, data: &octets[2..] }]);
    }
}

#[test]
fn link_layer_addresses_of_all_links_round_trip_in_their_options() {
    let extended = HardwareAddress::extended([1, 2, 3, 4, 5, 6, 7, 8]);
    let short = HardwareAddress::short(0x1234);
    // Address, option length, an address of the link, what is read
    for (address, option_len, like, want) in [
        (ETHERNET, 8, ETHERNET, ETHERNET),
        (short, 8, short, short),
        (short, 8, extended, short),
        (extended, 16, extended, extended),
        (extended, 16, short, extended),
        (HardwareAddress::NONE, 0, ETHERNET, HardwareAddress::NONE),
        // Of a length that is not the link's.
        (extended, 16, ETHERNET, HardwareAddress::NONE),
        (ETHERNET, 8, HardwareAddress::NONE, HardwareAddress::NONE),
    ] {
        let repr = SolicitationRepr { target: PEER, source_link_layer: address };
        let mut buffer = [0xee; 64];
        assert_eq!(repr.buffer_len(), 24 + option_len);
        repr.emit(LOCAL, GROUP, &mut buffer).unwrap();
        let (message, rest) = buffer.split_at(repr.buffer_len());
        assert!(rest.iter().all(|&octet| octet == 0xee));
        let Ok(Message::NeighbourSolicitation(ns)) = Message::parse(message[0], message[1], &message[4..])
        else {
            panic!()
        };
        let got = SolicitationRepr::parse(&ns, &like);
        assert_eq!(got, SolicitationRepr { target: PEER, source_link_layer: want }, "{address} like {like}");
    }
}

#[test]
fn what_is_emitted_parses_and_has_a_right_checksum() {
    let mut buffer = [0xee; 40];
    let ns = SolicitationRepr { target: PEER, source_link_layer: ETHERNET };
    let na = AdvertisementRepr {
        flags: AdvertFlags::SOLICITED | AdvertFlags::OVERRIDE,
        target: LOCAL,
        target_link_layer: ETHERNET,
    };
    let rs = RouterSolicitationRepr { source_link_layer: ETHERNET };
    let checked = |message: &[u8]| {
        let len = u32::try_from(message.len()).unwrap();
        let sum = pseudo_header(IpAddr::V6(LOCAL), IpAddr::V6(PEER), IpProtocol::ICMPV6, len);
        assert!(sum.add_bytes(message).is_valid());
        assert_eq!(message[1], 0);
    };
    ns.emit(LOCAL, PEER, &mut buffer).unwrap();
    checked(&buffer[..32]);
    assert_eq!((buffer[0], &buffer[4..8], &buffer[24..32]), (135, &[0; 4][..], &SLLAO[..]));
    assert_eq!(&buffer[8..24], PEER.octets());
    na.emit(LOCAL, PEER, &mut buffer).unwrap();
    checked(&buffer[..32]);
    let Ok(Message::NeighbourAdvertisement(view)) = Message::parse(136, 0, &buffer[4..32]) else { panic!() };
    assert_eq!(AdvertisementRepr::parse(&view, &ETHERNET), na);
    assert_eq!(&buffer[4..8], [0x60, 0, 0, 0]);
    rs.emit(LOCAL, PEER, &mut buffer).unwrap();
    checked(&buffer[..16]);
    let Ok(Message::RouterSolicitation(view)) = Message::parse(133, 0, &buffer[4..16]) else { panic!() };
    assert_eq!(RouterSolicitationRepr::parse(&view, &ETHERNET), rs);
    for len in 0..32 {
        assert_eq!(ns.emit(LOCAL, PEER, &mut buffer[..len]), Err(Error::no_room(32, len)));
        assert_eq!(na.emit(LOCAL, PEER, &mut buffer[..len]), Err(Error::no_room(32, len)));
    }
    assert_eq!(rs.emit(LOCAL, PEER, &mut buffer[..15]), Err(Error::no_room(16, 15)));
}

#[test]
fn messages_are_shown_as_a_person_reads_them() {
    let want = [
        "router solicitation, source at 02:00:00:00:00:01, option 200 len 6",
        "router advertisement lifetime 1800 s, source at 02:00:00:00:00:01, option 200 len 6",
        "who has fe80::2?, source at 02:00:00:00:00:01, option 200 len 6",
        "fe80::2 is here router solicited override, source at 02:00:00:00:00:01, option 200 len 6",
        "redirect 2001:db8::2 to fe80::2, source at 02:00:00:00:00:01, option 200 len 6",
    ];
    for ((kind, octets), want) in valid().into_iter().zip(want) {
        assert_eq!(Message::parse(kind, 0, &octets).unwrap().to_string(), want);
    }
    let na = AdvertisementRepr {
        flags: AdvertFlags::empty(),
        target: LOCAL,
        target_link_layer: HardwareAddress::NONE,
    };
    assert_eq!(na.to_string(), "fe80::1 is at none");
}

#[test]
fn mutated_messages_are_parsed_or_refused_and_all_accessors_return() {
    let mut state = 1u32;
    let mut next = move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        usize::try_from(state >> 8).unwrap()
    };
    let mut parsed = 0;
    for round in 0..100_000 {
        let (kind, mut octets) = valid()[round % 5].clone();
        for _ in 0..next() % 8 {
            let at = next() % octets.len();
            octets[at] = next().to_le_bytes()[0];
        }
        if next() % 3 == 0 {
            let option = [[1, 2, 3, 4, 5, 14, 24, 25][next() % 8], (next() % 6).to_le_bytes()[0]];
            octets.extend(option);
            octets.extend(&[0xff; 48][..next() % 48]);
        }
        octets.truncate(next() % 100);
        let Ok(message) = Message::parse(kind, 0, &octets) else { continue };
        parsed += 1;
        let text = message.to_string();
        assert!(!text.is_empty());
        let _ = message.validate(&Envelope { source: LOCAL, destination: PEER, hop_limit: 255 });
        for option in message.options() {
            match option {
                NdiscOption::Prefix(p) => {
                    let _ = (p.flags(), p.valid_lifetime(), p.preferred_lifetime(), p.prefix());
                }
                NdiscOption::Route(r) => assert!(r.prefix_len() <= 128),
                NdiscOption::Rdnss(r) => assert!(r.addresses().count() > 0),
                NdiscOption::SourceLinkLayer(a) => {
                    let _ = (a.address(&ETHERNET), a.address(&HardwareAddress::short(1)), a.as_bytes());
                }
                _ => {}
            }
        }
    }
    assert!(parsed > 5_000, "{parsed}");
}

/// One option of each kind that can be emitted.
fn option_reprs() -> Vec<OptionRepr<'static>> {
    const SERVERS: [u8; 32] = [0x20; 32];
    const NAMES: &[u8] = b"\x05local\x00\x07example\x03com\x00";
    let prefix = |len| crate::Ipv6Prefix::new(GLOBAL, len).unwrap();
    let registration = Registration {
        status: RegistrationStatus::Moved,
        opaque: 9,
        opaque_kind: 1,
        is_routed: true,
        transaction_id: Some(5),
        lifetime_min: 60,
        rovr: Rovr::new(&[0x11; 8]).unwrap(),
    };
    let context = ContextOption { id: 12, compress: true, lifetime_min: 600, prefix: prefix(64) };
    vec![
        OptionRepr::SourceLinkLayer(ETHERNET),
        OptionRepr::TargetLinkLayer(ETHERNET),
        OptionRepr::Prefix {
            prefix: prefix(64),
            flags: PrefixFlags::all(),
            valid_lifetime: 3600,
            preferred_lifetime: u32::MAX,
        },
        OptionRepr::RedirectedHeader(&[0x60; 48]),
        OptionRepr::Mtu(1280),
        OptionRepr::Nonce(&[7; 14]),
        OptionRepr::Route { prefix: prefix(0), preference: Preference::High, route_lifetime: 1 },
        OptionRepr::Route { prefix: prefix(48), preference: Preference::Low, route_lifetime: 2 },
        OptionRepr::Route { prefix: prefix(65), preference: Preference::Medium, route_lifetime: 3 },
        OptionRepr::Rdnss { lifetime: 9, addresses: &SERVERS },
        OptionRepr::Dnssl(Dnssl::new(9, NAMES).unwrap()),
        OptionRepr::Registration(registration),
        OptionRepr::Registration(Registration { rovr: Rovr::new(&[0x22; 32]).unwrap(), ..registration }),
        OptionRepr::Context(context),
        OptionRepr::Context(ContextOption { compress: false, prefix: prefix(127), ..context }),
        OptionRepr::BorderRouter(BorderRouter { version: 0x0102_0304, lifetime_min: 9, address: PEER }),
        OptionRepr::CaptivePortal(b"https://portal.example/api"),
        OptionRepr::Nat64Prefix(Nat64Prefix { lifetime_8s: 0x1fff, prefix: prefix(96) }),
        OptionRepr::Nat64Prefix(Nat64Prefix { lifetime_8s: 1, prefix: prefix(32) }),
        OptionRepr::Unknown { kind: 200, data: &[1, 2, 3, 4, 5, 6] },
    ]
}

fn emitted_options(options: &[OptionRepr<'_>]) -> Vec<u8> {
    let mut octets = Vec::new();
    for option in options {
        let mut buffer = [0xee; 2048];
        let len = option.emit(&mut buffer).unwrap();
        assert_eq!((len, len % 8, buffer[len]), (option.buffer_len(), 0, 0xee), "{option}");
        assert_eq!(usize::from(buffer[1]) * 8, len);
        octets.extend(&buffer[..len]);
        for room in [0, 1, len - 8, len - 1] {
            assert_eq!(option.emit(&mut buffer[..room]), Err(Error::no_room(len, room)));
        }
    }
    octets
}

// conf: IP6-NDV-11
#[test]
fn every_option_that_is_emitted_parses_to_the_same() {
    let all = option_reprs();
    let octets = emitted_options(&all);
    let read: Vec<_> =
        Options::parse(&octets).unwrap().map(|option| OptionRepr::parse(&option, &ETHERNET)).collect();
    assert_eq!(read, all);
    for len in 0..octets.len() {
        let ends = all.iter().scan(0, |end, option| {
            *end += option.buffer_len();
            Some(*end)
        });
        let may_end = len == 0 || ends.into_iter().any(|end| end == len);
        match Options::parse(&octets[..len]) {
            Ok(_) => assert!(may_end, "{len}"),
            Err(Error::Truncated { need, have }) => assert!(!may_end && need > have, "{len}"),
            Err(error) => panic!("{error}"),
        }
    }
}

// conf: LWP-IID-03
#[test]
fn link_layer_addresses_of_802_15_4_take_an_option_of_8_or_16_octets() {
    let short = HardwareAddress::short(0x1234);
    let extended = HardwareAddress::extended([2, 1, 0, 0, 0, 0, 0, 9]);
    assert_eq!(emitted_options(&[OptionRepr::SourceLinkLayer(short)]), [1, 1, 0x12, 0x34, 0, 0, 0, 0]);
    let long = emitted_options(&[OptionRepr::TargetLinkLayer(extended)]);
    assert_eq!(long, [2, 2, 2, 1, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0]);
    let octets = [&emitted_options(&[OptionRepr::SourceLinkLayer(short)]), &long[..]].concat();
    let read = |like: &HardwareAddress| -> Vec<_> {
        Options::parse(&octets).unwrap().map(|option| OptionRepr::parse(&option, like)).collect()
    };
    let want = [OptionRepr::SourceLinkLayer(short), OptionRepr::TargetLinkLayer(extended)];
    assert_eq!((&read(&short)[..], &read(&extended)[..]), (&want[..], &want[..]));
    let on_ethernet = read(&ETHERNET);
    assert_eq!(on_ethernet[1], OptionRepr::Unknown { kind: 2, data: &long[2..] });
    assert_eq!(
        OptionRepr::SourceLinkLayer(HardwareAddress::NONE).emit(&mut [0; 8]),
        Err(Error::Unrepresentable)
    );
}

#[test]
fn every_octet_of_an_option_may_have_any_value() {
    let good = emitted_options(&option_reprs());
    let mut octets = good.clone();
    for at in 0..octets.len() {
        for value in 0..=255 {
            octets[at] = value;
            let Ok(options) = Options::parse(&octets) else { continue };
            for option in options {
                drop(option.to_string());
                let repr = OptionRepr::parse(&option, &ETHERNET);
                drop(repr.to_string());
                let again = emitted_options(&[repr]);
                let read = Options::parse(&again).unwrap().next().unwrap();
                assert_eq!(OptionRepr::parse(&read, &ETHERNET), repr, "octet {at} is {value}");
            }
        }
        octets[at] = good[at];
    }
}

// conf: LWP-ND-10, IP6-RA-14
#[test]
fn other_options_follow_their_figures() {
    let address = GLOBAL.octets();
    // Registration of RFC 6775: status, reserved, lifetime, EUI-64.
    let aro = [33, 2, 1, 0, 0, 0, 0, 60, 1, 2, 3, 4, 5, 6, 7, 8];
    let Some(OtherOption::Registration(read)) = OtherOption::read(33, &aro[2..]) else { panic!() };
    assert_eq!((read.status, read.lifetime_min), (RegistrationStatus::DuplicateAddress, 60));
    assert_eq!((read.is_routed, read.transaction_id, read.rovr.as_bytes()), (false, None, &aro[8..]));
    // That of RFC 8505 may hold up to 32 octets, and no other lengths.
    for units in 1..=6 {
        let data = vec![0x0f; units * 8 - 2];
        let read = OtherOption::read(33, &data);
        assert_eq!(read.is_some(), (2..=5).contains(&units), "{units} units");
        if let Some(OtherOption::Registration(read)) = read {
            assert_eq!((read.opaque_kind, read.is_routed, read.transaction_id), (3, true, Some(0x0f)));
            assert_eq!(read.rovr.as_bytes().len(), (units - 1) * 8);
        }
    }
    // 6CO: above 64 bits it takes three units.
    for (len, flags, octets, want) in [
        (64, 0x1f, 8, Some((15, true, 64))),
        (64, 0x0c, 16, Some((12, false, 64))),
        (65, 0x00, 8, None),
        (128, 0x00, 16, Some((0, false, 128))),
        (129, 0x00, 16, None),
    ] {
        let data = [&[len, flags, 0, 0, 0, 10], &address[..octets]].concat();
        let read = match OtherOption::read(34, &data) {
            Some(OtherOption::Context(read)) => {
                assert_eq!(read.lifetime_min, 10);
                Some((read.id, read.compress, read.prefix.prefix_len()))
            }
            _ => None,
        };
        assert_eq!(read, want, "/{len} in {octets} octets");
    }
    let abro = [&[0x00, 0x02, 0x00, 0x01, 0x27, 0x10][..], &address].concat();
    let router = BorderRouter { version: 0x0001_0002, lifetime_min: 10_000, address: GLOBAL };
    assert_eq!(OtherOption::read(35, &abro), Some(OtherOption::BorderRouter(router)));
    assert_eq!(OtherOption::read(35, &abro[1..]), None);
    // PREF64: scaled lifetime and length code share a field; codes above 5 are none.
    for (code, len) in [(0, 96), (1, 64), (2, 56), (3, 48), (4, 40), (5, 32)] {
        let data = [&[0x00, 0x08 | code], &address[..12]].concat();
        let Some(OtherOption::Nat64Prefix(read)) = OtherOption::read(38, &data) else { panic!("{code}") };
        assert_eq!((read.lifetime_8s, read.prefix.prefix_len()), (1, len));
    }
    assert_eq!(OtherOption::read(38, &[0, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]), None);
    let prefix = |len| crate::Ipv6Prefix::new(GLOBAL, len).unwrap();
    for wrong in [
        Nat64Prefix { lifetime_8s: 1, prefix: prefix(33) },
        Nat64Prefix { lifetime_8s: 0x2000, prefix: prefix(32) },
    ] {
        assert_eq!(OptionRepr::Nat64Prefix(wrong).emit(&mut [0; 16]), Err(Error::Unrepresentable));
    }
    // Search lists: names end, labels are not compressed, padding is zero.
    for (names, want) in [
        (&b"\x01a\x00\x00\x00\x00\x00\x00\x00\x00"[..], Some("search domains a")),
        (b"\x01a\x02bc\x00\x01d\x00\x00", Some("search domains a.bc d")),
        (b"\x01a\xc0\x00\x00\x00\x00\x00\x00\x00", None),
        (b"\x01a\x09b\x00\x00\x00\x00\x00\x00", None),
        (b"\x01a\x06bcdefg\x00", Some("search domains a.bcdefg")),
        (b"\x09abcdefghi", None),
        (b"\x40\x00\x00\x00\x00\x00\x00\x00\x00\x00", None),
        (b"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", None),
        (b"", None),
    ] {
        let data = [&[0, 0, 0, 0, 0, 9], names].concat();
        let read = OtherOption::read(31, &data);
        assert_eq!(read.map(|option| option.to_string()).as_deref(), want, "{names:?}");
    }
    let Some(OtherOption::CaptivePortal(uri)) = OtherOption::read(37, b"urn:x\0") else { panic!() };
    assert_eq!(uri, b"urn:x");
    for kind in [0, 1, 26, 32, 36, 39, 255] {
        assert_eq!(OtherOption::read(kind, &[0; 14]), None);
    }
}

#[test]
fn options_that_the_format_cannot_hold_are_refused() {
    for option in [
        OptionRepr::Unknown { kind: 9, data: &[0; 2039] },
        OptionRepr::RedirectedHeader(&[0; 2033]),
        OptionRepr::Rdnss { lifetime: 0, addresses: &[0; 15] },
    ] {
        assert_eq!(option.emit(&mut [0; 4000]), Err(Error::Unrepresentable), "{option}");
    }
    assert_eq!(OptionRepr::RedirectedHeader(&[0; 2032]).emit(&mut [0; 4000]), Ok(2040));
    // What does not fill its last unit comes back with zeros.
    let octets = emitted_options(&[OptionRepr::Nonce(&[1, 2, 3])]);
    let read = Options::parse(&octets).unwrap().next().unwrap();
    assert_eq!(read, NdiscOption::Nonce(&[1, 2, 3, 0, 0, 0]));
}

#[test]
fn every_message_with_any_options_parses_to_the_same() {
    let octets = emitted_options(&option_reprs());
    for options in [Options::EMPTY, Options::parse(&octets).unwrap()] {
        let advertisement = Repr::RouterAdvertisement {
            cur_hop_limit: Some(64),
            flags: RouterFlags::all(),
            preference: Preference::Low,
            router_lifetime: 1800,
            reachable_time_ms: None,
            retrans_timer_ms: Some(1000),
            options,
        };
        for repr in [
            Repr::RouterSolicitation { options },
            advertisement,
            Repr::NeighbourSolicitation { target: PEER, options },
            Repr::NeighbourAdvertisement { flags: AdvertFlags::SOLICITED, target: PEER, options },
            Repr::Redirect { target: PEER, destination: GLOBAL, options },
        ] {
            let mut buffer = vec![0xee; 900];
            let len = repr.emit(LOCAL, PEER, &mut buffer).unwrap();
            assert_eq!((len, buffer[len]), (repr.buffer_len(), 0xee));
            for room in 0..len {
                assert_eq!(repr.emit(LOCAL, PEER, &mut buffer[..room]), Err(Error::no_room(len, room)));
            }
            repr.emit(LOCAL, PEER, &mut buffer).unwrap();
            let packet = crate::icmpv6::Packet::parse(&buffer[..len]).unwrap();
            assert!(packet.is_checksum_valid(LOCAL, PEER));
            let message = Message::parse(buffer[0], buffer[1], packet.body()).unwrap();
            assert_eq!(Repr::parse(&message), repr);
            let without_options = len - options.as_bytes().len();
            assert_eq!(
                Message::parse(buffer[0], 0, &buffer[4..without_options - 1]).unwrap_err(),
                Error::truncated(without_options, without_options - 1)
            );
            let destination = if buffer[0] == REDIRECT { LOCAL } else { PEER };
            let envelope = Envelope { source: LOCAL, destination, hop_limit: 255 };
            assert_eq!(message.validate(&envelope), Ok(()), "{message}");
        }
    }
}

fn duplicate_address_messages() -> Vec<DuplicateAddress<'static>> {
    let octets = &[0x5a; 32];
    let request = DuplicateAddress {
        kind: DuplicateAddressKind::Request,
        status: RegistrationStatus::Success,
        transaction_id: None,
        lifetime_min: 60,
        rovr: Rovr::new(&octets[..8]).unwrap(),
        address: GLOBAL,
    };
    let mut all = vec![request];
    for len in [8, 16, 24, 32] {
        all.push(DuplicateAddress {
            kind: DuplicateAddressKind::Confirmation,
            status: RegistrationStatus::Unknown(77),
            transaction_id: Some(3),
            rovr: Rovr::new(&octets[..len]).unwrap(),
            ..request
        });
    }
    all
}

#[test]
fn duplicate_address_messages_parse_to_the_same_and_every_truncation_is_refused() {
    for repr in duplicate_address_messages() {
        let mut buffer = [0xee; 64];
        let len = repr.emit(LOCAL, PEER, &mut buffer).unwrap();
        assert_eq!((len, buffer[len]), (repr.buffer_len(), 0xee));
        let packet = crate::icmpv6::Packet::parse(&buffer[..len]).unwrap();
        assert!(packet.is_checksum_valid(LOCAL, PEER));
        assert_eq!(DuplicateAddress::parse(&packet), Ok(repr));
        assert_eq!(packet.to_string(), alloc::format!("ICMPv6 {repr}"));
        for cut in 4..len {
            let packet = crate::icmpv6::Packet::parse(&buffer[..cut]).unwrap();
            assert_eq!(DuplicateAddress::parse(&packet), Err(Error::truncated(len, cut)));
            assert_eq!(repr.emit(LOCAL, PEER, &mut [0; 64][..cut]), Err(Error::no_room(len, cut)));
        }
        for at in 0..len {
            let good = buffer[at];
            for value in 0..=255 {
                buffer[at] = value;
                let packet = crate::icmpv6::Packet::parse(&buffer[..len]).unwrap();
                drop(packet.to_string());
                let Ok(repr) = DuplicateAddress::parse(&packet) else { continue };
                let mut again = [0; 64];
                let len = repr.emit(LOCAL, PEER, &mut again).unwrap();
                let packet = crate::icmpv6::Packet::parse(&again[..len]).unwrap();
                assert_eq!(DuplicateAddress::parse(&packet), Ok(repr));
            }
            buffer[at] = good;
        }
    }
    let dar =
        [157, 0, 0, 0, 0, 0, 0, 60, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9];
    let read = |dar: &[u8]| {
        let packet = crate::icmpv6::Packet::parse(dar).unwrap();
        DuplicateAddress::parse(&packet).map(|read| read.transaction_id)
    };
    assert_eq!(read(&dar), Ok(None));
    let with_code = |code| [&[157, code], &dar[2..]].concat();
    assert_eq!(read(&with_code(0x11)), Ok(Some(0)));
    assert_eq!(read(&with_code(2)), Err(Error::truncated(40, 32)));
    assert_eq!(read(&with_code(5)), Err(Error::Field(1)));
    assert_eq!(read(&[&[159], &dar[1..]].concat()), Err(Error::Unknown(159)));
    let long = DuplicateAddress { transaction_id: None, ..duplicate_address_messages()[2] };
    assert_eq!(long.emit(LOCAL, PEER, &mut [0; 64]), Err(Error::Unrepresentable));
    for octet in 0..=255 {
        assert_eq!(u8::from(RegistrationStatus::from(octet)), octet);
    }
}

#[test]
fn all_options_are_shown_as_a_person_reads_them() {
    let octets = emitted_options(&option_reprs());
    let texts: Vec<_> = Options::parse(&octets).unwrap().map(|option| option.to_string()).collect();
    assert_eq!(
        texts,
        [
            "source at 02:00:00:00:00:01",
            "target at 02:00:00:00:00:01",
            "prefix 2001:db8::/64",
            "redirected packet of 48 octets",
            "MTU 1280",
            "nonce",
            "route ::/0",
            "route 2001:db8::/48",
            "route 2001:db8::/65",
            "DNS servers 2020:2020:2020:2020:2020:2020:2020:2020 2020:2020:2020:2020:2020:2020:2020:2020",
            "search domains local example.com",
            "registration Moved of 1111111111111111 for 60 min tid 5 routed",
            "registration Moved of 2222222222222222222222222222222222222222222222222222222222222222 for 60 min \
             tid 5 routed",
            "context 12 is 2001:db8::/64 for 600 min",
            "context 12 is 2001:db8::2/127 for 600 min, decompression only",
            "border router fe80::2 version 16909060 for 9 min",
            "captive portal https://portal.example/api",
            "NAT64 prefix 2001:db8::/96 for 65528 s",
            "NAT64 prefix 2001:db8::/32 for 8 s",
            "option 200 len 6",
        ]
    );
    let texts: Vec<_> = duplicate_address_messages().iter().map(ToString::to_string).collect();
    assert_eq!(
        texts[..2],
        [
            "duplicate address request 2001:db8::2 Success of 5a5a5a5a5a5a5a5a for 60 min",
            "duplicate address confirmation 2001:db8::2 Unknown(77) of 5a5a5a5a5a5a5a5a for 60 min tid 3",
        ]
    );
}
