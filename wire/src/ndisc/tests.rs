extern crate alloc;
use super::*;
use alloc::string::ToString;
use alloc::vec;
use alloc::vec::Vec;

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
        "router solicitation, source at 02:00:00:00:00:01, option 200",
        "router advertisement lifetime 1800 s, source at 02:00:00:00:00:01, option 200",
        "who has fe80::2?, source at 02:00:00:00:00:01, option 200",
        "fe80::2 is here router solicited override, source at 02:00:00:00:00:01, option 200",
        "redirect 2001:db8::2 to fe80::2, source at 02:00:00:00:00:01, option 200",
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
