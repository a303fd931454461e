extern crate alloc;
use super::*;
use crate::dns::NameBuf;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

const CLIENT: HardwareAddress = HardwareAddress::ethernet([2, 0, 0, 0, 0, 1]);

/// A message with these octets as options, `file` and `sname`.
fn message(options: &[u8], file: &[u8], sname: &[u8]) -> Vec<u8> {
    let mut octets = [0; MESSAGE_LEN_MIN];
    let len = Repr::discover(1, CLIENT).emit(&[], &mut octets).unwrap();
    let mut octets = octets[..len].to_vec();
    octets.truncate(HEADER_LEN);
    octets[SNAME..SNAME + sname.len()].copy_from_slice(sname);
    octets[FILE..FILE + file.len()].copy_from_slice(file);
    octets.extend(options);
    octets
}

fn options(octets: &[u8]) -> Vec<Result<String, Error>> {
    let packet = Packet::parse(octets).unwrap();
    packet.options().map(|option| option.map(|option| option.to_string())).collect()
}

// conf: DDM-DHC-01
#[test]
fn a_discover_stands_as_rfc_2131_puts_it() {
    let mut octets = [0xa5; 400];
    let repr = Repr { secs: 3, flags: Flags::BROADCAST, ..Repr::discover(0x1122_3344, CLIENT) };
    assert_eq!(repr.emit(&[Opt::MaxMessageSize(576)], &mut octets), Ok(300));
    assert_eq!(octets[..12], [1, 1, 6, 0, 0x11, 0x22, 0x33, 0x44, 0, 3, 0x80, 0]);
    assert_eq!(octets[12..28], [0; 16]);
    assert_eq!(octets[28..36], [2, 0, 0, 0, 0, 1, 0, 0]);
    assert_eq!(octets[36..236], [0; 200]);
    assert_eq!(octets[236..248], [0x63, 0x82, 0x53, 0x63, 53, 1, 1, 57, 2, 2, 64, 255]);
    assert_eq!(octets[248..300], [0; 52]);
    assert_eq!(octets[300..], [0xa5; 100]);
    let want = "DHCPv4 request xid 0x11223344 chaddr 02:00:00:00:00:01 broadcast, DISCOVER, size 576";
    assert_eq!(Packet::parse(&octets[..300]).unwrap().to_string(), want);
}

/// One of each kind, and one that is longer than a piece.
// conf: DDM-DHO-06
#[test]
fn what_is_emitted_parses_to_the_same() {
    let long: Vec<u8> = (0..600_u16).map(|index| index.to_be_bytes()[1]).collect();
    let addresses = || Addresses::parse((&[10, 0, 0, 1, 10, 0, 0, 2]).into()).unwrap();
    let all = [
        Opt::SubnetMask(Ipv4Addr::new(255, 255, 240, 0)),
        Opt::Routers(addresses()),
        Opt::DnsServers(addresses()),
        Opt::HostName("host".into()),
        Opt::DomainName("example.com".into()),
        Opt::InterfaceMtu(68),
        Opt::BroadcastAddress(Ipv4Addr::new(10, 0, 15, 255)),
        Opt::NtpServers(addresses()),
        Opt::RequestedAddress(Ipv4Addr::new(10, 0, 0, 5)),
        Opt::LeaseTime(u32::MAX),
        Opt::ServerIdentifier(Ipv4Addr::new(10, 0, 0, 1)),
        Opt::ParameterList((&[1, 3, 6]).into()),
        Opt::Message("no".into()),
        Opt::MaxMessageSize(1500),
        Opt::RenewalTime(1800),
        Opt::RebindingTime(3150),
        Opt::ClassIdentifier("tersus".into()),
        Opt::ClientIdentifier((&[1, 2, 0, 0, 0, 0, 1]).into()),
        Opt::TftpServerName("boot".into()),
        Opt::BootFile("image".into()),
        Opt::RapidCommit,
        Opt::RelayInformation((&[1, 0]).into()),
        Opt::Ipv6OnlyPreferred(300),
        Opt::CaptivePortal("https://portal.example/api".into()),
        Opt::DomainSearch(SearchList::new((&[1, b'a', 0, 1, b'b', 0xc0, 0]).into())),
        Opt::ClasslessRoutes(Routes::parse((&[0, 10, 0, 0, 1]).into()).unwrap()),
        Opt::Unknown(43, long[..].into()),
        Opt::Unknown(250, (&[]).into()),
    ];
    let repr = Repr {
        operation: Operation::Reply,
        hops: 1,
        secs: 9,
        client_address: Ipv4Addr::new(10, 0, 0, 5),
        your_address: Ipv4Addr::new(10, 0, 0, 6),
        server_address: Ipv4Addr::new(10, 0, 0, 7),
        relay_address: Ipv4Addr::new(10, 0, 0, 8),
        message_type: MessageType::Offer,
        ..Repr::discover(7, CLIENT)
    };
    let mut octets = alloc::vec![0; repr.buffer_len(&all)];
    assert_eq!(repr.emit(&all, &mut octets), Ok(octets.len()));
    let packet = Packet::parse(&octets).unwrap();
    assert_eq!(Repr::parse(&packet), Ok(repr));
    let again: Vec<_> = packet.options().map(Result::unwrap).collect();
    assert_eq!(again[0], Opt::MessageType(MessageType::Offer));
    assert_eq!(again[1..], all);
    assert_eq!(packet.option(43).unwrap(), *long);
    assert_eq!(packet.option(43).unwrap().pieces().count(), 3);
    let parameters = packet.parameters();
    assert_eq!(parameters.prefix_len, Some(20));
    assert_eq!(parameters.dns_servers.unwrap().iter().count(), 2);
    assert_eq!(parameters.message_type, Some(MessageType::Offer));
    for len in 0..octets.len() {
        let mut short = alloc::vec![0; len];
        assert_eq!(repr.emit(&all, &mut short), Err(Error::no_room(octets.len(), len)));
    }
}

#[test]
fn what_the_emitter_writes_itself_is_not_asked_for() {
    let mut octets = [0; 400];
    for option in [
        Opt::MessageType(MessageType::Ack),
        Opt::Overload(1),
        Opt::Unknown(0, (&[]).into()),
        Opt::Unknown(255, (&[]).into()),
    ] {
        assert_eq!(Repr::discover(1, CLIENT).emit(&[option], &mut octets), Err(Error::Unrepresentable));
    }
}

#[test]
fn what_would_not_be_read_again_is_not_written() {
    let mut octets = [0; 400];
    for options in [
        // Of one code: they would be read as pieces of one.
        &[Opt::LeaseTime(1), Opt::LeaseTime(1)][..],
        &[Opt::Unknown(43, (&[1]).into()), Opt::HostName("a".into()), Opt::Unknown(43, (&[2]).into())],
        &[Opt::SubnetMask(Ipv4Addr::new(255, 0, 255, 0))],
        &[Opt::MaxMessageSize(575)],
        &[Opt::InterfaceMtu(67)],
        &[Opt::HostName("".into())],
        &[Opt::ClientIdentifier((&[1]).into())],
        &[Opt::Unknown(code::LEASE_TIME, (&[1]).into())],
        &[Opt::Unknown(code::TIME_SERVER, (&[1]).into())],
    ] {
        let repr = Repr::discover(1, CLIENT);
        assert_eq!(repr.emit(options, &mut octets), Err(Error::Unrepresentable), "{options:?}");
        assert_eq!(octets, [0; 400]);
    }
}

/// RFC 2132 §3 to §9: fixed lengths, least lengths, and multiples.
// conf: DDM-DHO-05, DDM-DHO-06
#[test]
fn options_have_the_lengths_that_rfc_2132_gives_them() {
    const TEXT: &[u8] = &[12, 14, 15, 17, 18, 40, 43, 47, 55, 56, 60, 64, 66, 67];
    const ADDRESSES: &[u8] =
        &[3, 4, 5, 6, 7, 8, 9, 10, 11, 41, 42, 44, 45, 48, 49, 65, 69, 70, 71, 72, 73, 74, 75, 76];
    const FOUR: &[u8] = &[1, 2, 16, 24, 28, 32, 35, 38, 50, 51, 54, 58, 59];
    const ONE: &[u8] = &[19, 20, 23, 27, 29, 30, 31, 34, 36, 37, 39, 46, 52, 53];
    let zeros = [0; 40];
    // Codes, least length, step, greatest length.
    for (codes, least, step, most) in [
        (TEXT, 1, 1, 40),
        (ADDRESSES, 4, 4, 40),
        (FOUR, 4, 4, 4),
        (ONE, 1, 1, 1),
        (&[13, 22, 26, 57], 2, 2, 2),
        (&[25], 2, 2, 40),
        (&[21, 33], 8, 8, 40),
        (&[68], 0, 4, 40),
        (&[61], 2, 1, 40),
        // RFC 4039, 4702, 3046, 8925, 8910, 3011, 3397; what nobody knows.
        (&[80], 0, 1, 0),
        (&[81], 3, 1, 40),
        (&[82], 2, 1, 40),
        (&[108, 118], 4, 4, 4),
        (&[114, 119], 1, 1, 40),
        (&[62, 63, 77, 224, 254], 0, 1, 40),
    ] {
        for code in codes {
            for len in 0..=40_usize {
                let want = (least..=most).contains(&len) && (len - least) % step == 0;
                assert_eq!(code::is_len(*code, len), want, "option {code} of {len} octets");
                let parsed = Opt::parse(*code, zeros[..len].into());
                let is_length = matches!(parsed, Err(Error::Length(_)));
                assert_eq!(is_length, !want, "option {code} of {len} octets: {parsed:?}");
            }
        }
    }
    assert_eq!(Opt::parse(26, (&[0, 67]).into()), Err(Error::Field(2)));
    assert_eq!(Opt::parse(26, (&[0, 68]).into()), Ok(Opt::InterfaceMtu(68)));
}

/// RFC 2131 table 3, and §4.3.2 for NAK.
#[test]
fn a_reply_repeats_what_belongs_to_the_client() {
    let request = Repr {
        hops: 2,
        secs: 7,
        flags: Flags::from_bits_retain(0x0001),
        client_address: Ipv4Addr::new(10, 0, 0, 5),
        relay_address: Ipv4Addr::new(10, 0, 0, 8),
        message_type: MessageType::Request,
        ..Repr::discover(7, CLIENT)
    };
    let none = Ipv4Addr::UNSPECIFIED;
    for (kind, ciaddr, flags) in [
        (MessageType::Offer, none, 0x0001),
        (MessageType::Ack, request.client_address, 0x0001),
        (MessageType::Nak, none, 0x8001),
    ] {
        let want = Repr {
            operation: Operation::Reply,
            hardware_type: 1,
            hops: 0,
            transaction_id: 7,
            secs: 0,
            flags: Flags::from_bits_retain(flags),
            client_address: ciaddr,
            your_address: none,
            server_address: none,
            relay_address: request.relay_address,
            client_hardware: CLIENT,
            message_type: kind,
        };
        assert_eq!(Repr::reply(&request, kind), want);
        let mut octets = [0; 300];
        want.emit(&[], &mut octets).unwrap();
        assert_eq!(Packet::parse(&octets).map(|packet| Repr::parse(&packet)), Ok(Ok(want)));
    }
    // Without a relay the server broadcasts it itself.
    let direct = Repr { relay_address: none, ..request };
    assert_eq!(Repr::reply(&direct, MessageType::Nak).flags, request.flags);
}

#[test]
fn names_for_booting_stand_in_their_fields_or_in_options() {
    let mut octets = message(&[53, 1, 2, 255], &[], &[]);
    let names = |octets: &[u8]| {
        let packet = Packet::parse(octets).unwrap();
        let text = |field: Option<&[u8]>| field.map(|field| String::from_utf8_lossy(field).into_owned());
        (text(packet.server_name()), text(packet.boot_file()))
    };
    assert_eq!(names(&octets), (None, None));
    set_server_name(&mut octets, &[b'n'; 63]).unwrap();
    set_server_name(&mut octets, b"boot").unwrap();
    set_boot_file(&mut octets, b"image.bin").unwrap();
    assert_eq!(names(&octets), (Some("boot".to_string()), Some("image.bin".to_string())));
    assert_eq!(octets[SNAME..FILE][4..], [0; 60]);
    let text = Packet::parse(&octets).unwrap().to_string();
    assert!(text.ends_with(r#"sname "boot" file "image.bin", OFFER"#), "{text}");
    for len in [64, 128] {
        assert_eq!(set_server_name(&mut octets, &vec_of(len)), Err(Error::Unrepresentable));
    }
    assert_eq!(set_boot_file(&mut octets, &vec_of(128)), Err(Error::Unrepresentable));
    assert_eq!(set_boot_file(&mut octets, &vec_of(127)), Ok(()));
    assert_eq!(set_boot_file(&mut octets, b"a\0"), Err(Error::Unrepresentable));
    assert_eq!(set_boot_file(&mut octets[..HEADER_LEN - 1], b"a"), Err(Error::truncated(240, 239)));
    // A field without a zero is all name.
    octets[SNAME..FILE].fill(b'x');
    assert_eq!(names(&octets).0.map(|name| name.len()), Some(64));
    // Overloaded fields are options.
    for (overload, want) in [(1, (true, false)), (2, (false, true)), (3, (false, false))] {
        let mut octets = message(&[53, 1, 2, 52, 1, overload, 255], &[12, 1, b'f', 255], &[15, 1, b's', 255]);
        let (server, file) = names(&octets);
        assert_eq!((server.is_some(), file.is_some()), want, "overload {overload}");
        assert_eq!(set_server_name(&mut octets, b"n").is_ok(), want.0);
        assert_eq!(set_boot_file(&mut octets, b"n").is_ok(), want.1);
    }
}

/// RFC 2131 §4.1, RFC 3396 §5.
// conf: DDM-DHO-03, DDM-DHO-04
#[test]
fn options_without_room_go_on_in_the_other_fields() {
    let repr = Repr { operation: Operation::Reply, ..Repr::discover(1, CLIENT) };
    let repr = Repr { message_type: MessageType::Offer, ..repr };
    let octets: Vec<u8> = (0..255).collect();
    let unknown = |code: u8, len: usize| Opt::Unknown(code, octets[..len].into());
    let mut message = [0xa5; 320];
    // 320 less 240, the kind of message, option 52 and the end: 73 octets; 127 and 63 in the others.
    for (options, want) in [
        (&[unknown(224, 71), unknown(225, 125), unknown(226, 61)][..], Ok(3)),
        (&[unknown(224, 71), unknown(225, 125)], Ok(1)),
        // They stay in order, also where a later one had room.
        (&[unknown(224, 72), unknown(225, 1), unknown(226, 48)], Ok(1)),
        (&[unknown(224, 10), unknown(225, 70), unknown(226, 60)], Ok(3)),
        // A long one in pieces: 71, 125 and 59 octets, or behind another.
        (&[unknown(224, 255)], Ok(3)),
        (&[unknown(224, 60), unknown(225, 190)], Ok(3)),
        (&[unknown(224, 71), unknown(225, 125), unknown(226, 62)], Err(())),
        (&[unknown(224, 255), unknown(225, 1)], Err(())),
        (&[unknown(224, 125), unknown(225, 125)], Err(())),
        // Nothing of it has need of the others.
        (&[unknown(224, 74)], Ok(0)),
    ] {
        let codes: Vec<_> = options.iter().map(|option| (option.code(), option_len(option))).collect();
        let emitted = repr.emit_within(options, &mut message);
        let Ok(fields) = want else {
            assert_eq!(emitted, Err(Error::no_room(repr.buffer_len(options), 320)), "{codes:?}");
            continue;
        };
        assert_eq!(emitted, Ok(320), "{codes:?}");
        let packet = Packet::parse(&message).unwrap();
        assert_eq!(Repr::parse(&packet), Ok(repr));
        let mut read: Vec<_> = packet.options().map(Result::unwrap).collect();
        assert_eq!(read.remove(0), Opt::MessageType(MessageType::Offer));
        if fields > 0 {
            assert_eq!(read.remove(0), Opt::Overload(fields), "{codes:?}");
        }
        assert_eq!(read, options, "{codes:?}");
        // Each field that is used ends, and the rest of it is padding.
        let ends = |field: &[u8]| {
            let end = field.iter().rposition(|octet| *octet != 0);
            end.is_some_and(|end| field[end] == code::END)
        };
        assert!(ends(packet.option_octets()));
        assert_eq!(ends(packet.file_field()), fields & 1 != 0, "{codes:?}");
        assert_eq!(ends(packet.server_name_field()), fields & 2 != 0, "{codes:?}");
        assert_eq!(set_boot_file(&mut message, b"x").is_ok(), fields & 1 == 0);
    }
}

#[test]
fn what_has_room_or_may_not_overload_is_emitted_as_ever() {
    let repr = Repr::discover(1, CLIENT);
    let options = [Opt::LeaseTime(1), Opt::Unknown(224, (&[7; 100]).into())];
    let (mut one, mut other) = ([0; 400], [0; 400]);
    assert_eq!(repr.emit_within(&options, &mut one), repr.emit(&options, &mut other));
    assert_eq!(one, other);
    let need = repr.buffer_len(&options);
    assert_eq!(repr.emit_within(&options, &mut one[..need - 1]), Ok(need - 1));
    assert_eq!(repr.emit_within(&options, &mut one[..299]), Err(Error::no_room(need, 299)));
    let nak = Repr { message_type: MessageType::Nak, ..repr };
    assert_eq!(nak.emit_within(&options, &mut one[..need - 1]), Err(Error::no_room(need, need - 1)));
    // What is refused leaves the buffer alone.
    one.fill(0xa5);
    let twice = [Opt::LeaseTime(1), Opt::LeaseTime(1), Opt::Unknown(224, (&[7; 100]).into())];
    assert_eq!(repr.emit_within(&twice, &mut one[..300]), Err(Error::Unrepresentable));
    assert_eq!(one, [0xa5; 400]);
}

fn option_len(option: &Opt<'_>) -> usize {
    option.with_octets(|value| value.len())
}

fn vec_of(len: usize) -> Vec<u8> {
    alloc::vec![b'n'; len]
}

#[test]
fn option_overload_in_pieces_is_read_as_one_option_is() {
    let file = [12, 1, b'f', 255];
    for (octets, want) in [
        // RFC 3396 §7: together these have one octet, two, and two.
        (&[52, 0, 52, 1, 1, 53, 1, 5, 255][..], true),
        (&[52, 1, 1, 52, 1, 1, 53, 1, 5, 255], false),
        (&[52, 1, 1, 52, 1, 2, 53, 1, 5, 255], false),
    ] {
        let octets = message(octets, &file, &[]);
        let packet = Packet::parse(&octets).unwrap();
        assert_eq!(packet.parameters().host_name.is_some(), want, "{:?}", packet.option_octets());
        assert_eq!(packet.options().any(|option| option == Ok(Opt::Overload(1))), want);
    }
}

#[test]
fn the_kind_of_message_may_stand_in_an_overloaded_field() {
    // Pads before and between; what stands behind the end is nothing, in each field.
    let octets = message(
        &[0, 0, 52, 1, 3, 0, 255, 12, 1, b'o'],
        &[0, 0, 53, 1, 5, 255, 12, 1, b'f'],
        &[0, 54, 4, 10, 0, 0, 1, 255, 12, 1, b's'],
    );
    let packet = Packet::parse(&octets).unwrap();
    assert_eq!(Repr::parse(&packet).map(|repr| repr.message_type), Ok(MessageType::Ack));
    let parameters = packet.parameters();
    assert_eq!(parameters.server_identifier, Some(Ipv4Addr::new(10, 0, 0, 1)));
    assert_eq!(parameters.host_name, None);
}

#[test]
fn bits_of_the_flags_without_a_meaning_go_back_as_they_came() {
    let mut octets = message(&[53, 1, 1, 255], &[], &[]);
    octets[FLAGS + 1] = 0x41;
    let packet = Packet::parse(&octets).unwrap();
    assert_eq!(packet.flags().bits(), 0x0041);
    assert!(!packet.flags().contains(Flags::BROADCAST));
    let reply = Repr::reply(&Repr::parse(&packet).unwrap(), MessageType::Offer);
    let mut back = [0; 300];
    reply.emit(&[], &mut back).unwrap();
    assert_eq!(back[FLAGS..FLAGS + 2], [0, 0x41]);
}

#[test]
fn lists_are_written_as_they_are_read() {
    let mut buffer = [0; 64];
    let servers = [Ipv4Addr::new(10, 0, 0, 1), Ipv4Addr::new(10, 0, 0, 2)];
    let list = Addresses::emit(&servers, &mut buffer).unwrap();
    assert!(list.iter().eq(servers));
    assert_eq!(Addresses::emit(&[], &mut buffer), Err(Error::Length(0)));
    assert_eq!(Addresses::emit(&servers, &mut buffer[..7]), Err(Error::no_room(8, 7)));

    let route = |text: &str, router| Route { destination: text.parse().unwrap(), router };
    let routes = [
        route("0.0.0.0/0", servers[0]),
        route("10.0.0.0/8", servers[1]),
        route("10.27.129.0/25", servers[0]),
        route("10.229.0.128/32", Ipv4Addr::UNSPECIFIED),
    ];
    let list = Routes::emit(&routes, &mut buffer).unwrap();
    assert!(list.iter().eq(routes));
    assert_eq!(list.value().len(), 5 + 6 + 9 + 9);
    // Bits beyond the prefix are not sent: the example of RFC 3442, "DHCP Client Behavior".
    let list = Routes::emit(&[route("129.210.177.132/25", servers[0])], &mut buffer).unwrap();
    assert_eq!(list.to_string(), " 129.210.177.128/25 via 10.0.0.1");
    let v6 = route("2001:db8::/32", servers[0]);
    assert_eq!(Routes::emit(&[v6], &mut buffer), Err(Error::Unrepresentable));
    assert_eq!(Routes::emit(&[], &mut buffer), Err(Error::Length(0)));
    assert_eq!(Routes::emit(&routes, &mut buffer[..28]), Err(Error::no_room(29, 28)));
}

#[test]
fn search_lists_are_written_with_pointers() {
    let names: Vec<NameBuf> =
        ["eng.apple.com", "marketing.apple.com", "com", "APPLE.com", "marketing.apple.com", "."]
            .map(|name| name.parse().unwrap())
            .into();
    let names: Vec<_> = names.iter().map(NameBuf::as_name).collect();
    let mut buffer = [0; 64];
    // The example of RFC 3397 §3.
    let list = SearchList::emit(&names[..2], &mut buffer).unwrap();
    assert!(*list.value() == b"\x03eng\x05apple\x03com\0\x09marketing\xc0\x04"[..]);
    // Other letters are other octets: only "com" of them stands there already.
    let list = SearchList::emit(&names, &mut buffer).unwrap();
    let want = b"\x03eng\x05apple\x03com\0\x09marketing\xc0\x04\xc0\x0a\x05APPLE\xc0\x0a\xc0\x0f\0";
    assert!(*list.value() == want[..]);
    let octets = list.value().as_slice().unwrap();
    assert!(SearchList::names(octets).eq(names.iter().copied().map(Ok)));
    let mut short = [0; 48];
    for len in 0..want.len() {
        assert!(SearchList::emit(&names, &mut short[..len]).is_err());
    }
    assert_eq!(SearchList::emit(&[], &mut buffer), Err(Error::Length(0)));
}

#[test]
fn options_inside_options_are_walked() {
    let octets = [1, 2, b'a', b'b', 2, 0, 0, 1, 9];
    let all: Vec<_> = relay_sub_options(&octets).collect();
    // There is neither padding nor an end: 0 is a code, RFC 3046 §2.0.
    assert_eq!(all, [Ok((1, &b"ab"[..])), Ok((2, &[][..])), Ok((0, &[9][..]))]);
    let broken: Vec<_> = relay_sub_options(&octets[..8]).collect();
    assert_eq!(broken[2..], [Err(Error::truncated(3, 2))]);
    assert_eq!(relay_sub_options(&[1]).collect::<Vec<_>>(), [Err(Error::truncated(2, 1))]);
    // Those of a vendor have both, RFC 2132 §8.4.
    let all: Vec<_> = Pieces::encapsulated(&[0, 1, 1, 7, 0, 255, 3, 3]).collect();
    assert_eq!(all, [Ok((1, &[7][..]))]);
}

// conf: DDM-DHO-02
#[test]
fn padding_and_end_have_no_length_and_unknown_options_are_kept() {
    for (octets, want) in [
        (&[0, 0, 53, 1, 5, 0, 255, 53, 1, 6][..], &[Ok("ACK")][..]),
        (&[200, 2, 1, 2, 53, 1, 5, 255], &[Ok("option 200 of 2 octets"), Ok("ACK")]),
        (&[53, 1, 9], &[Ok("message type 9")]),
        (&[255], &[]),
        (&[], &[]),
    ] {
        let want: Vec<_> = want.iter().map(|option| option.map(String::from)).collect();
        assert_eq!(options(&message(octets, &[], &[])), want, "{octets:?}");
    }
}

// conf: DDM-DHO-03
#[test]
fn overloaded_fields_come_behind_the_options() {
    let (file, sname) = ([12, 1, b'f', 255], [15, 1, b's', 255]);
    for (overload, want) in
        [(1, &["host \"f\""][..]), (2, &["domain \"s\""]), (3, &["host \"f\"", "domain \"s\""])]
    {
        let all = options(&message(&[52, 1, overload, 53, 1, 5, 255], &file, &sname));
        let mut want: Vec<String> = want.iter().map(ToString::to_string).collect();
        want.splice(0..0, [alloc::format!("overload {overload}"), "ACK".to_string()]);
        assert_eq!(all.into_iter().map(Result::unwrap).collect::<Vec<_>>(), want);
    }
    // Without the option, or with a value that it cannot have, the fields are no options; nor does an overloaded
    // field overload another.
    for octets in
        [&[53, 1, 5, 255][..], &[52, 1, 0, 53, 1, 5], &[52, 1, 4, 53, 1, 5], &[52, 2, 1, 1, 53, 1, 5]]
    {
        let octets = message(octets, &file, &sname);
        assert_eq!(Packet::parse(&octets).unwrap().parameters().host_name, None);
    }
    let octets = message(&[52, 1, 1], &[52, 1, 2, 255], &sname);
    assert_eq!(Packet::parse(&octets).unwrap().parameters().domain_name, None);
}

// conf: DDM-DHO-04
#[test]
fn the_pieces_of_an_option_belong_together() {
    let octets = message(
        &[52, 1, 3, 121, 2, 8, 10, 12, 1, b'a', 121, 1, 10, 255],
        &[121, 2, 0, 0],
        &[121, 1, 1, 12, 1, b'b'],
    );
    let packet = Packet::parse(&octets).unwrap();
    let value = packet.option(121).unwrap();
    assert_eq!(value.as_slice(), None);
    assert_eq!(value, [8, 10, 10, 0, 0, 1][..]);
    let mut buffer = [0; 6];
    assert_eq!(value.copy_to(&mut buffer[..5]), Err(Error::no_room(6, 5)));
    assert_eq!(value.copy_to(&mut buffer), Ok(&[8, 10, 10, 0, 0, 1][..]));
    let parameters = packet.parameters();
    assert_eq!(parameters.host_name.unwrap().octets().collect::<Vec<_>>(), *b"ab");
    assert_eq!(parameters.classless_routes.unwrap().to_string(), " 10.0.0.0/8 via 10.0.0.1");
    // An option of one octet that is given twice has two: it says nothing.
    let twice = message(&[53, 1, 5, 53, 1, 6], &[], &[]);
    assert_eq!(Packet::parse(&twice).unwrap().parameters().message_type, None);
    assert_eq!(options(&twice), [Err(Error::Length(2))]);
}

// conf: DDM-DHO-04
#[test]
fn a_boot_file_is_split_as_in_the_example_of_rfc_3396_section_8() {
    let octets = message(b"\x43\x07/diskle\x43\x06ss/foo\xff", &[], &[]);
    let packet = Packet::parse(&octets).unwrap();
    assert!(packet.option(67).unwrap() == b"/diskless/foo"[..]);
    assert_eq!(packet.pieces().count(), 2);
    // Other options may stand between the two.
    let octets = message(b"\x43\x07/diskle\x35\x01\x05\x43\x06ss/foo\xff", &[], &[]);
    let packet = Packet::parse(&octets).unwrap();
    assert!(packet.option(67).unwrap() == b"/diskless/foo"[..]);
    assert_eq!(packet.options().count(), 2);
}

// conf: DDM-DHO-05, DDM-DHO-06, DDM-DHO-07
#[test]
fn options_of_a_wrong_length_or_value_are_refused_alone() {
    for (octets, want) in [
        (&[1, 3, 255, 255, 255][..], Error::Length(3)),
        (&[1, 4, 255, 0, 255, 0], Error::Field(2)),
        (&[3, 0], Error::Length(0)),
        (&[6, 5, 1, 2, 3, 4, 5], Error::Length(5)),
        (&[42, 3, 1, 2, 3], Error::Length(3)),
        (&[12, 0], Error::Length(0)),
        (&[50, 5, 1, 2, 3, 4, 5], Error::Length(5)),
        (&[51, 3, 1, 2, 3], Error::Length(3)),
        (&[57, 2, 2, 63], Error::Field(2)),
        (&[61, 1, 1], Error::Length(1)),
        (&[121, 5, 33, 0, 0, 0, 0], Error::Field(2)),
        (&[121, 4, 0, 10, 0, 0], Error::Length(4)),
        (&[121, 5, 8, 10, 10, 0, 0], Error::Length(5)),
        (&[121, 0], Error::Length(0)),
    ] {
        let octets = message(&[octets, &[53, 1, 5]].concat(), &[], &[]);
        assert_eq!(options(&octets), [Err(want), Ok("ACK".to_string())], "{:?}", &octets[240..]);
    }
    // What overruns its field hides the rest of that field, and no other.
    let octets = message(&[53, 1, 5, 52, 1, 1, 12, 9, b'a'], &[15, 1, b'd'], &[]);
    let want = [
        Ok("ACK".to_string()),
        Ok("overload 1".to_string()),
        Err(Error::truncated(11, 3)),
        Ok("domain \"d\"".to_string()),
    ];
    assert_eq!(options(&octets), want);
    assert_eq!(options(&message(&[53], &[], &[])), [Err(Error::truncated(2, 1))]);
}

#[test]
fn routes_of_the_examples_of_rfc_3442() {
    let octets = [
        &[0, 10, 0, 0, 1][..],
        &[8, 10, 10, 0, 0, 1],
        &[24, 10, 0, 0, 10, 0, 0, 2],
        &[16, 10, 17, 0, 0, 0, 0],
        &[25, 10, 27, 129, 0, 10, 0, 0, 3],
        &[32, 10, 229, 0, 128, 10, 0, 0, 4],
        // Bits beyond the prefix count as zero.
        &[9, 10, 255, 10, 0, 0, 5],
    ]
    .concat();
    let routes = Routes::parse(octets[..].into()).unwrap();
    let want =
        " 0.0.0.0/0 via 10.0.0.1 10.0.0.0/8 via 10.0.0.1 10.0.0.0/24 via 10.0.0.2 10.17.0.0/16 via 0.0.0.0 \
                10.27.129.0/25 via 10.0.0.3 10.229.0.128/32 via 10.0.0.4 10.128.0.0/9 via 10.0.0.5";
    assert_eq!(routes.to_string(), want);
}

#[test]
fn search_lists_are_compressed_within_the_option() {
    // The example of RFC 3397 §3.
    let octets = *b"\x03eng\x05apple\x03com\0\x09marketing\xc0\x04";
    let list: Vec<_> =
        SearchList::names(&octets).map(|name| NameBuf::try_from(name.unwrap()).unwrap()).collect();
    assert_eq!(list[0].to_string(), "eng.apple.com");
    assert_eq!(list[1].to_string(), "marketing.apple.com");
    assert_eq!(list.len(), 2);
    let broken: Vec<_> = SearchList::names(&[0, 0xc0, 1, 0]).collect();
    assert_eq!(broken[1..], [Err(Error::Field(1))]);
    let text = Opt::parse(119, (&octets).into()).unwrap().to_string();
    assert_eq!(text, "search eng.apple.com marketing.apple.com");
    // As it is printed there: in pieces, one of which splits a label.
    let pieces = [b"\x77\x09\x03eng\x05appl", &b"\x77\x09e\x03com\0\x09ma"[..], b"\x77\x09rketing\xc0\x04"];
    let message = message(&pieces.concat(), &[], &[]);
    let packet = Packet::parse(&message).unwrap();
    assert!(packet.option(119).unwrap() == octets[..]);
}

// conf: DDM-DHC-29
#[test]
fn what_is_no_message_is_refused() {
    let good = message(&[53, 1, 5], &[], &[]);
    let parse = |octets: &[u8]| Packet::parse(octets).and_then(|packet| Repr::parse(&packet));
    assert!(parse(&good).is_ok());
    for len in 0..HEADER_LEN {
        assert_eq!(parse(&good[..len]), Err(Error::truncated(HEADER_LEN, len)));
    }
    for (at, value, want) in [
        (0, 0, Error::Field(0)),
        (0, 3, Error::Field(0)),
        (2, 5, Error::Length(5)),
        (2, 255, Error::Length(255)),
        (236, 0, Error::Field(236)),
        (240, 0, Error::Field(240)),
    ] {
        let mut octets = good.clone();
        octets[at] = value;
        assert_eq!(parse(&octets), Err(want), "octet {at}");
    }
}

#[test]
fn every_truncation_and_mutation_ends() {
    let mut octets = message(
        &[53, 1, 5, 52, 1, 3, 1, 4, 255, 255, 255, 0, 121, 6, 8, 10, 10, 0, 0, 1, 119, 3, 1, b'a', 0, 255],
        &[6, 4, 10, 0, 0, 1, 121, 5, 0, 10, 0, 0, 1],
        &[12, 2, b'a', b'b', 121, 5, 0, 10, 0, 0, 1],
    );
    for len in HEADER_LEN..octets.len() {
        let packet = Packet::parse(&octets[..len]).unwrap();
        let _ = (packet.to_string(), packet.parameters());
    }
    for at in (0..60).chain(100..125).chain(230..octets.len()) {
        for value in 0..=255 {
            let good = core::mem::replace(&mut octets[at], value);
            if let Ok(packet) = Packet::parse(&octets) {
                let _ = (packet.to_string(), packet.parameters(), Repr::parse(&packet));
            }
            octets[at] = good;
        }
    }
}

// conf: DDM-DHO-01
#[test]
fn a_message_of_576_octets_has_room_for_312_octets_of_options() {
    // 576 less headers of IPv4 and UDP, and the fixed part: the cookie's four octets count as options.
    let mut octets = message(&[53, 1, 5, 254, 255], &[], &[]);
    octets.extend([7; 255]);
    octets.extend([12, 43]);
    octets.extend([b'a'; 43]);
    octets.extend([51, 1]);
    octets.truncate(548 - 4);
    octets.extend([0, 0, 0, 255]);
    assert_eq!(octets.len(), 576 - 20 - 8);
    let packet = Packet::parse(&octets).unwrap();
    assert_eq!(packet.parameters().message_type, Some(MessageType::Ack));
    assert_eq!(packet.parameters().host_name.map(|name| name.len()), Some(43));
}

// conf: DDM-DHO-08
#[test]
fn classless_routes_replace_the_routers() {
    let routers = [53, 1, 5, 3, 4, 10, 0, 0, 1];
    let routes = [121, 8, 24, 192, 0, 2, 10, 0, 0, 2];
    for (options, want) in [(&routers[..], true), (&[&routers[..], &routes, &[255]].concat(), false)] {
        let octets = message(options, &[], &[]);
        let parameters = Packet::parse(&octets).unwrap().parameters();
        assert_eq!((parameters.routers.is_some(), parameters.classless_routes.is_some()), (want, !want));
    }
}
