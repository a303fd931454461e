extern crate alloc;
use super::*;
use crate::{icmpv4, icmpv6};
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

const LABELS: [u8; 8] = [0x00, 0x7d, 0x0a, 0x01, 0x00, 0x03, 0x1f, 0xff];
const SOURCE: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1);
const DESTINATION: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 2);

/// One object of each kind, some with and without what may be absent.
fn objects() -> Vec<Object<'static>> {
    let full = InterfaceInformation {
        role: Role::Incoming,
        index: Some(3),
        address: Some(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1))),
        name: Some(b"eth0.5"),
        mtu: Some(1500),
    };
    let address = Some(IpAddr::V6(SOURCE));
    let none = InterfaceInformation { index: None, address: None, name: None, mtu: None, ..full };
    vec![
        Object::LabelStack(LabelStack::new(&LABELS).unwrap()),
        Object::InterfaceInformation(full),
        Object::InterfaceInformation(InterfaceInformation { role: Role::Outgoing, address, ..none }),
        Object::InterfaceInformation(InterfaceInformation {
            role: Role::NextHop,
            name: Some(b""),
            mtu: Some(9),
            ..none
        }),
        Object::InterfaceInformation(InterfaceInformation { role: Role::IncomingPart, ..none }),
        Object::InterfaceIdentification(InterfaceIdentification::ByName(b"eth0")),
        Object::InterfaceIdentification(InterfaceIdentification::ByName(b"lo\n")),
        Object::InterfaceIdentification(InterfaceIdentification::ByIndex(7)),
        Object::InterfaceIdentification(InterfaceIdentification::ByAddress {
            family: 1,
            address: &[192, 0, 2, 9],
        }),
        Object::InterfaceIdentification(InterfaceIdentification::ByAddress {
            family: 16389,
            address: &[2, 0, 0, 0, 0, 1],
        }),
        Object::Pointer(1280),
        Object::Unknown { class: 247, c_type: 3, payload: &[1, 2, 3, 4] },
        Object::Unknown { class: 1, c_type: 2, payload: &[] },
    ]
}

fn structure(objects: &[Object<'_>]) -> Vec<u8> {
    let mut buffer = [0xee; 400];
    let len = emit(objects, &mut buffer).unwrap();
    assert_eq!((len, buffer[len]), (buffer_len(objects), 0xee));
    buffer[..len].to_vec()
}

#[test]
fn what_is_emitted_parses_to_the_same_and_every_flipped_bit_is_noticed() {
    let all = objects();
    let mut bytes = structure(&all);
    let read: Result<Vec<_>, _> = Extensions::parse(&bytes).unwrap().objects().collect();
    assert_eq!(read, Ok(all));
    for bit in 0..bytes.len() * 8 {
        bytes[bit / 8] ^= 1 << (bit % 8);
        let want = if (4..8).contains(&bit) { "version" } else { "checksum" };
        match Extensions::parse(&bytes) {
            Err(Error::Version(version)) => assert_eq!((want, version != 2), ("version", true)),
            Err(error) => assert_eq!(error, Error::Checksum, "bit {bit}"),
            Ok(_) => panic!("bit {bit}"),
        }
        bytes[bit / 8] ^= 1 << (bit % 8);
    }
    for object in objects() {
        let len = object.buffer_len();
        for room in 0..len {
            assert_eq!(object.emit(&mut [0; 64][..room]), Err(Error::no_room(len, room)), "{object}");
        }
    }
}

#[test]
fn the_octets_are_those_of_the_figures() {
    let mpls = structure(&objects()[..1]);
    assert_eq!(mpls[4..], [0, 12, 1, 1, 0x00, 0x7d, 0x0a, 0x01, 0x00, 0x03, 0x1f, 0xff]);
    assert_eq!(mpls[..2], [0x20, 0]);
    let labels: Vec<_> = LabelStack::new(&LABELS).unwrap().labels().collect();
    assert_eq!(labels[0], Label { label: 2000, traffic_class: 5, is_bottom: false, ttl: 1 });
    assert_eq!(labels[1], Label { label: 49, traffic_class: 7, is_bottom: true, ttl: 255 });
    assert_eq!([labels[0].to_octets(), labels[1].to_octets()].concat(), LABELS);
    let full = [
        0, 28, 2, 0x0f, 0, 0, 0, 3, 0, 1, 0, 0, 192, 0, 2, 1, 8, b'e', b't', b'h', b'0', b'.', b'5', 0, 0, 0,
        5, 0xdc,
    ];
    assert_eq!(structure(&objects()[1..2])[4..], full);
    let mac = [0, 16, 3, 3, 0x40, 0x05, 6, 0, 2, 0, 0, 0, 0, 1, 0, 0];
    assert_eq!(structure(&objects()[9..10])[4..], mac);
}

#[test]
fn every_truncation_is_refused_or_ends_between_objects() {
    let mut bytes = structure(&objects());
    // Without checksum, which would refuse all of them.
    bytes[2..4].fill(0);
    for len in 0..bytes.len() {
        match Extensions::parse(&bytes[..len]) {
            Err(error) => assert_eq!((error, len < 4), (Error::truncated(4, len), true)),
            Ok(extensions) => {
                for (at, object) in extensions.objects().enumerate() {
                    match object {
                        Ok(object) => assert_eq!(object, objects()[at]),
                        Err(Error::Truncated { need, have }) => assert!(need > have),
                        Err(error) => panic!("{error}"),
                    }
                }
                drop(extensions.to_string());
            }
        }
    }
    for (octets, want) in [
        (&[0x20, 0, 0, 0, 0, 3, 1, 1][..], Error::Length(3)),
        (&[0x20, 0, 0, 0, 0, 0, 0, 0], Error::Length(0)),
        (&[0x20, 0, 0, 0, 0, 9, 1, 1, 0, 0, 0, 0], Error::truncated(9, 8)),
        (&[0x20, 0, 0, 0, 0, 4, 1], Error::truncated(4, 3)),
    ] {
        let mut objects = Extensions::parse(octets).unwrap().objects();
        assert_eq!((objects.next(), objects.next()), (Some(Err(want)), None));
    }
}

#[test]
fn every_octet_may_have_any_value() {
    let good = structure(&objects());
    for at in 4..good.len() {
        let mut bytes = good.clone();
        bytes[2..4].fill(0);
        for value in 0..=255 {
            bytes[at] = value;
            // A second object of a role refuses the whole.
            let Ok(extensions) = Extensions::parse(&bytes) else { continue };
            assert!(extensions.objects().count() <= bytes.len() / 4);
            drop(extensions.to_string());
            for object in extensions.objects().map_while(Result::ok) {
                let again = structure(&[object]);
                let read = Extensions::parse(&again).unwrap().objects().next();
                assert_eq!(read, Some(Ok(object)), "octet {at} is {value}");
            }
        }
    }
}

#[test]
fn payloads_that_are_not_possible_are_kept_as_unknown() {
    for (class, c_type, payload) in [
        (1, 1, &[0, 0, 0][..]),
        (2, 0x08, &[0, 0, 0]),
        (2, 0x08, &[0, 0, 0, 1, 0]),
        (2, 0x04, &[0, 3, 0, 0, 1, 2, 3, 4]),
        (2, 0x04, &[0, 2, 0, 0, 1, 2, 3, 4]),
        (2, 0x02, &[]),
        (2, 0x02, &[0, 0, 0, 0]),
        (2, 0x02, &[3, 0, 0]),
        (2, 0x02, &[8, 0, 0, 0]),
        (3, 2, &[1, 2, 3]),
        (3, 3, &[0, 1, 4, 0, 1, 2, 3]),
        (3, 3, &[0, 1, 4, 0, 1, 2, 3, 4, 0, 0, 0, 0]),
        (3, 4, &[]),
        (4, 1, &[0, 0, 5]),
        (4, 1, &[0, 0, 5, 0, 0]),
    ] {
        let object = Object::read(class, c_type, payload);
        assert_eq!(object, Object::Unknown { class, c_type, payload });
    }
    let name = [b'a'; 64];
    let information = InterfaceInformation {
        role: Role::Incoming,
        index: None,
        address: None,
        name: Some(&name),
        mtu: None,
    };
    let object = Object::InterfaceInformation(information);
    assert_eq!(object.emit(&mut [0; 99]), Err(Error::Unrepresentable));
    let longest =
        Object::InterfaceInformation(InterfaceInformation { name: Some(&name[1..]), ..information });
    let bytes = structure(&[longest]);
    assert_eq!(Extensions::parse(&bytes).unwrap().objects().next(), Some(Ok(longest)));
    let zeros = InterfaceInformation { name: Some(b"ab\0\0\0\0"), ..information };
    let bytes = structure(&[Object::InterfaceInformation(zeros)]);
    let want = Object::InterfaceInformation(InterfaceInformation { name: Some(b"ab"), ..information });
    assert_eq!(Extensions::parse(&bytes).unwrap().objects().next(), Some(Ok(want)));
    let address = [0; 256];
    let far = InterfaceIdentification::ByAddress { family: 9, address: &address };
    assert_eq!(Object::InterfaceIdentification(far).emit(&mut [0; 300]), Err(Error::Unrepresentable));
    let long = vec![0; 65_532];
    let object = Object::Unknown { class: 9, c_type: 9, payload: &long };
    assert_eq!(object.emit(&mut vec![0; 70_000]), Err(Error::Unrepresentable));
}

#[test]
fn a_checksum_of_zero_is_not_verified() {
    let mut bytes = structure(&objects()[..1]);
    assert!(Extensions::parse(&bytes).is_ok());
    bytes[2..4].fill(0);
    assert!(Extensions::parse(&bytes).is_ok());
    bytes[2..4].fill(0x11);
    assert_eq!(Extensions::parse(&bytes), Err(Error::Checksum));
}

// conf: ICM-V6-14
#[test]
fn errors_of_both_families_carry_extensions_behind_a_padded_quote() {
    let objects = objects();
    for len in [0, 28, 127, 128, 129, 133, 500] {
        let quote = &vec![0x45; len][..];
        for repr in [
            icmpv4::Repr::DestinationUnreachable {
                code: icmpv4::UnreachableCode::FragmentationNeeded,
                mtu: 1400,
                quote,
            },
            icmpv4::Repr::TimeExceeded { code: icmpv4::TimeExceededCode::HopLimit, quote },
            icmpv4::Repr::ParameterProblem { code: 0, pointer: 9, quote },
        ] {
            let mut buffer = vec![0xee; repr.buffer_len_with_extensions(&objects) + 1];
            let (written, have) = (buffer.len() - 1, buffer.len() - 2);
            assert_eq!(repr.emit_with_extensions(&objects, &mut buffer), Ok(written));
            assert_eq!(buffer[written], 0xee);
            assert_eq!(
                repr.emit_with_extensions(&objects, &mut buffer[..have]),
                Err(Error::no_room(written, have))
            );
            buffer.truncate(written);
            repr.emit_with_extensions(&objects, &mut buffer).unwrap();
            let packet = icmpv4::Packet::parse(&buffer).unwrap();
            assert!(packet.is_checksum_valid());
            assert_eq!(packet.quote().len(), len.max(128).div_ceil(4) * 4);
            assert!(packet.quote().starts_with(quote));
            let extensions = packet.extensions().unwrap().unwrap();
            assert!(extensions.objects().map(Result::unwrap).eq(objects.iter().copied()));
            // What the message means is as without extensions, but for the padding.
            let parsed = icmpv4::Repr::parse(&packet).unwrap();
            assert_eq!(parsed.header(), repr.header());
        }
        let repr = icmpv6::Repr::TimeExceeded { code: icmpv6::TimeExceededCode::HopLimit, quote };
        let mut buffer = vec![0xee; repr.buffer_len_with_extensions(&objects)];
        let written = repr.emit_with_extensions(SOURCE, DESTINATION, &objects, &mut buffer).unwrap();
        assert_eq!(written, buffer.len());
        let packet = icmpv6::Packet::parse(&buffer).unwrap();
        assert!(packet.is_checksum_valid(SOURCE, DESTINATION));
        assert_eq!(packet.quote().len(), len.max(128).div_ceil(8) * 8);
        let extensions = packet.extensions().unwrap().unwrap();
        assert!(extensions.objects().map(Result::unwrap).eq(objects.iter().copied()));
        for cut in 0..buffer.len() {
            if let Ok(packet) = icmpv6::Packet::parse(&buffer[..cut]) {
                drop(packet.to_string());
            }
            if let Ok(packet) = icmpv4::Packet::parse(&buffer[..cut]) {
                drop(packet.to_string());
            }
        }
    }
}

#[test]
fn only_messages_with_a_length_field_carry_extensions() {
    let (quote, long) = (&[0; 28][..], &[0; 2041][..]);
    let mut buffer = [0; 4000];
    let hop_limit = icmpv4::TimeExceededCode::HopLimit;
    for repr in [
        icmpv4::Repr::EchoRequest { identifier: 1, sequence: 1, data: quote },
        icmpv4::Repr::Redirect { code: icmpv4::RedirectCode::Host, gateway: Ipv4Addr::LOCALHOST, quote },
        icmpv4::Repr::TimeExceeded { code: hop_limit, quote: &long[..1021] },
    ] {
        assert_eq!(repr.emit_with_extensions(&[], &mut buffer), Err(Error::Unrepresentable));
    }
    assert!(icmpv4::Repr::TimeExceeded { code: hop_limit, quote: &long[..1020] }
        .emit_with_extensions(&[], &mut buffer)
        .is_ok());
    for repr in [
        icmpv6::Repr::PacketTooBig { mtu: 1280, quote },
        icmpv6::Repr::TimeExceeded { code: icmpv6::TimeExceededCode::HopLimit, quote: long },
    ] {
        let refused = repr.emit_with_extensions(SOURCE, DESTINATION, &[], &mut buffer);
        assert_eq!(refused, Err(Error::Unrepresentable));
    }
    let too_big = [[2, 0, 0, 0, 16, 0, 0, 0], [0; 8]].concat();
    assert_eq!(icmpv6::Packet::parse(&too_big).unwrap().extensions(), None);
    let redirect = [[5, 0, 0, 0, 0, 1, 0, 0], [0; 8]].concat();
    assert_eq!(icmpv4::Packet::parse(&redirect).unwrap().extensions(), None);
}

#[test]
fn extensions_without_length_field_count_where_they_are_asked_for_and_with_a_right_checksum_only() {
    let objects = objects();
    let mut message = vec![11, 0, 0, 0, 0, 0, 0, 0];
    message.extend([0x45; 128]);
    message.extend(structure(&objects[..1]));
    let seen = |message: &[u8]| {
        let packet = icmpv4::Packet::parse(message).unwrap();
        if message[5] == 0 {
            assert_eq!(packet.extensions(), None, "RFC 4884 §5.4");
            assert_eq!(packet.quote(), packet.body());
        }
        packet.extensions_without_length().is_some()
    };
    assert!(seen(&message));
    // Those senders put it behind two types only.
    for (kind, want) in [(3, true), (11, true), (12, false), (5, false)] {
        message[0] = kind;
        assert_eq!(seen(&message), want, "type {kind}");
    }
    message[0] = 11;
    let v6 = [&[3, 0, 0, 0, 0, 0, 0, 0][..], &message[8..]].concat();
    let v6 = icmpv6::Packet::parse(&v6).unwrap();
    assert!(v6.extensions().is_none() && v6.extensions_without_length().is_some());
    let at = message.len() - 1;
    message[at] ^= 1;
    assert!(!seen(&message), "a wrong checksum");
    message[at] ^= 1;
    let checksum = 8 + 128 + 2;
    message[checksum..checksum + 2].fill(0);
    assert!(!seen(&message), "no checksum");
    assert!(!seen(&message[..8 + 128]), "nothing there");
    // With a length field what follows must be a structure.
    message[5] = 32;
    assert!(!seen(&message));
    assert!(matches!(icmpv4::Packet::parse(&message).unwrap().extensions(), Some(Ok(_))));
    message[8 + 128] = 0x10;
    let packet = icmpv4::Packet::parse(&message).unwrap();
    assert_eq!(packet.extensions(), Some(Err(Error::Version(1))));
    assert!(packet.to_string().ends_with(", extensions: version 1 is not this protocol's"));
    // A length beyond the message is no length, and none ends it.
    for words in [34, 35, 36, 255] {
        message[5] = words;
        let got = icmpv4::Packet::parse(&message[..8 + 140]).unwrap().extensions();
        assert_eq!(got.is_some(), words == 34, "{words}");
    }
}

/// RFC 5837 §4.5.
#[test]
fn two_objects_of_one_role_are_refused() {
    let of = |role, index| {
        Object::InterfaceInformation(InterfaceInformation {
            role,
            index: Some(index),
            address: None,
            name: None,
            mtu: None,
        })
    };
    let roles = [Role::Incoming, Role::IncomingPart, Role::Outgoing, Role::NextHop].map(|role| of(role, 1));
    let mut all = structure(&roles);
    assert!(Extensions::parse(&all).is_ok());
    let twice = [roles[0], roles[1], of(Role::IncomingPart, 2)];
    assert_eq!(emit(&twice, &mut [0; 64]), Err(Error::Unrepresentable));
    // The third becomes one of the second's role; the checksum is left out.
    all[2..4].fill(0);
    assert_eq!(all[4 + 2 * 8 + 3], 0x88);
    all[4 + 2 * 8 + 3] = 0x48;
    assert_eq!(Extensions::parse(&all), Err(Error::Field(4 + 2 * 8)));
}

/// The objects of RFC 5837 §4.4: C-Type, length, what they identify by.
#[test]
fn the_examples_of_rfc_5837_section_4_4_have_their_types_and_lengths() {
    let name = Some(&[b'x'; 63][..]);
    let (v4, v6) = ("192.0.2.1".parse().ok(), "2001:db8::1".parse().ok());
    // Role, ifIndex, address, name, C-Type, length
    for (role, index, address, name, c_type, len) in [
        (Role::Incoming, Some(7), None, name, 0b0000_1010, 72),
        (Role::Incoming, Some(7), v4, name, 0b0000_1110, 80),
        (Role::Incoming, Some(7), v6, None, 0b0000_1100, 28),
        (Role::Outgoing, Some(7), None, name, 0b1000_1010, 72),
    ] {
        let object =
            Object::InterfaceInformation(InterfaceInformation { role, index, address, name, mtu: None });
        assert_eq!((object.kind(), object.buffer_len()), ((2, c_type), len));
        let octets = structure(&[object]);
        assert_eq!((octets[5], octets[6], octets[7]), (u8::try_from(len).unwrap(), 2, c_type));
    }
}

fn echoes(extensions: &[u8]) -> Vec<ExtendedEcho<'_>> {
    let (identifier, sequence) = (0x1234, 7);
    let mut all = vec![
        ExtendedEcho::Request { identifier, sequence, local: true, extensions },
        ExtendedEcho::Request { identifier, sequence, local: false, extensions },
    ];
    for code in 0..6 {
        all.push(ExtendedEcho::Reply {
            code: ReplyCode::from(code),
            identifier,
            sequence,
            state: NeighbourState::from(code + 2),
            flags: ReplyFlags::from_bits_truncate(code + 3),
        });
    }
    all
}

#[test]
fn extended_echo_survives_in_both_families() {
    let extensions = structure(&objects()[5..6]);
    for echo in echoes(&extensions) {
        let len = echo.buffer_len();
        let mut buffer = [0xee; 40];
        assert_eq!(echo.emit_v4(&mut buffer), Ok(len));
        let packet = icmpv4::Packet::parse(&buffer[..len]).unwrap();
        assert!(packet.is_checksum_valid() && buffer[len] == 0xee);
        assert_eq!(ExtendedEcho::parse_v4(&packet), Ok(echo));
        assert_eq!(packet.to_string(), alloc::format!("ICMP {echo}"));
        assert_eq!(echo.emit_v6(SOURCE, DESTINATION, &mut buffer), Ok(len));
        let packet = icmpv6::Packet::parse(&buffer[..len]).unwrap();
        assert!(packet.is_checksum_valid(SOURCE, DESTINATION));
        assert_eq!(ExtendedEcho::parse_v6(&packet), Ok(echo));
        assert_eq!(packet.to_string(), alloc::format!("ICMPv6 {echo}"));
        for cut in 0..len {
            assert_eq!(echo.emit_v4(&mut [0; 40][..cut]), Err(Error::no_room(len, cut)));
            let got = icmpv6::Packet::parse(&buffer[..cut]).and_then(|p| ExtendedEcho::parse_v6(&p));
            match (echo.interface(), cut) {
                (_, ..4) => assert_eq!(got, Err(Error::truncated(4, cut))),
                (_, ..8) => assert_eq!(got, Err(Error::truncated(8, cut))),
                (Some(_), _) => assert!(got.unwrap().interface().unwrap().is_err()),
                (None, _) => panic!("{echo} is {cut} long"),
            }
        }
    }
    let other = icmpv4::Packet::parse(&[8; 8]).unwrap();
    assert_eq!(ExtendedEcho::parse_v4(&other), Err(Error::Unknown(8)));
    let other = icmpv6::Packet::parse(&[128; 8]).unwrap();
    assert_eq!(ExtendedEcho::parse_v6(&other), Err(Error::Unknown(128)));
    for octet in 0..=255 {
        assert_eq!(u8::from(ReplyCode::from(octet)), octet);
        assert_eq!(u8::from(NeighbourState::from(octet)), octet & 7);
    }
}

#[test]
fn all_is_shown_as_a_person_reads_it() {
    let texts: Vec<String> = objects().iter().map(ToString::to_string).collect();
    assert_eq!(
        texts,
        [
            "MPLS label 2000 tc 5 ttl 1 label 49 tc 7 ttl 255",
            "incoming interface 3 \"eth0.5\" address 192.0.2.1 mtu 1500",
            "outgoing interface address 2001:db8::1",
            "next hop \"\" mtu 9",
            "part of incoming interface",
            "interface \"eth0\"",
            "interface \"lo\\n\"",
            "interface 7",
            "interface with address 192.0.2.9",
            "interface with address of family 16389 02:00:00:00:00:01",
            "pointer 1280",
            "object 247/3 len 4",
            "object 1/2 len 0",
        ]
    );
    let extensions = structure(&objects()[7..8]);
    let texts: Vec<String> = echoes(&extensions).iter().map(ToString::to_string).collect();
    assert_eq!(
        texts[..4],
        [
            "extended echo request id 4660 seq 7 local interface 7",
            "extended echo request id 4660 seq 7 neighbour's interface 7",
            "extended echo reply id 4660 seq 7 Reachable IPv4 IPv6",
            "extended echo reply id 4660 seq 7 MalformedQuery Stale active",
        ]
    );
    let quote = &[0x45; 28];
    let repr = icmpv4::Repr::TimeExceeded { code: icmpv4::TimeExceededCode::HopLimit, quote };
    let mut buffer = [0; 200];
    let len = repr.emit_with_extensions(&objects()[..1], &mut buffer).unwrap();
    assert_eq!(
        icmpv4::Packet::parse(&buffer[..len]).unwrap().to_string(),
        "ICMP time exceeded HopLimit quoting 128, MPLS label 2000 tc 5 ttl 1 label 49 tc 7 ttl 255"
    );
}
