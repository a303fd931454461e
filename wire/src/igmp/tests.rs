extern crate std;

use super::*;
use std::string::ToString;
use std::vec::Vec;

const GROUP: Ipv4Addr = Ipv4Addr::new(239, 1, 2, 3);

fn records() -> Vec<u8> {
    let mut octets = Vec::new();
    for (kind, sources) in
        [(RecordType::ChangeToExclude, &[][..]), (RecordType::AllowNewSources, &[192, 0, 2, 1, 192, 0, 2, 2])]
    {
        let record = Record { kind, group: GROUP, sources: Sources::new(sources) };
        let mut buffer = [0; 16];
        let len = record.emit(&mut buffer).unwrap();
        octets.extend(&buffer[..len]);
    }
    octets
}

fn all(records: &[u8]) -> [Repr<'_>; 8] {
    let records = Records::parse(records, 2).unwrap();
    [
        Repr::Query { max_resp_code: 0, group: Ipv4Addr::UNSPECIFIED },
        Repr::Query { max_resp_code: 100, group: GROUP },
        Repr::QueryV3 {
            max_resp_code: 0x9f,
            group: GROUP,
            flags: QueryFlags(8 | 3),
            qqic: 125,
            sources: Sources::new(&[192, 0, 2, 1]),
        },
        Repr::QueryV3 {
            max_resp_code: 1,
            group: GROUP,
            flags: QueryFlags(0),
            qqic: 0,
            sources: Sources::default(),
        },
        Repr::ReportV1 { group: GROUP },
        Repr::ReportV2 { group: GROUP },
        Repr::Leave { group: GROUP },
        Repr::ReportV3 { records },
    ]
}

#[test]
fn what_is_emitted_parses_to_the_same() {
    let octets = records();
    for repr in all(&octets) {
        let mut buffer = [0xee; 64];
        let len = repr.emit(&mut buffer).unwrap();
        assert_eq!(len, repr.buffer_len());
        assert_eq!(buffer[len], 0xee);
        let packet = Packet::parse(&buffer[..len]).unwrap();
        assert_eq!(Repr::parse(&packet), Ok(repr));
        for have in 0..len {
            assert!(matches!(repr.emit(&mut [0; 64][..have]), Err(Error::NoRoom { .. })), "{have}");
        }
    }
}

// Messages that others sent, octets and all.
// conf: MCS-IG-05
#[test]
fn real_messages_are_understood() {
    for (octets, want) in [
        (&[0x11, 0, 0xee, 0xff, 0, 0, 0, 0][..], "IGMPv1 query of all groups"),
        (&[0x12, 0, 0x0d, 0x03, 0xe0, 0, 0, 0xfc], "IGMPv1 report 224.0.0.252"),
        (&[0x11, 0x64, 0xee, 0x9b, 0, 0, 0, 0], "IGMPv2 query of all groups, answer within 10.0 s"),
        (&[0x16, 0, 0xfa, 0x04, 0xef, 0xff, 0xff, 0xfa], "IGMPv2 report 239.255.255.250"),
        (
            &[0x11, 0x64, 0xec, 0x1e, 0, 0, 0, 0, 2, 0x7d, 0, 0],
            "IGMPv3 query of all groups, answer within 10.0 s, qrv 2, interval 125 s",
        ),
        (
            &[0x11, 0xfe, 0xeb, 0x84, 0, 0, 0, 0, 2, 0x7d, 0, 0],
            "IGMPv3 query of all groups, answer within 3072.0 s, qrv 2, interval 125 s",
        ),
    ] {
        let packet = Packet::parse(octets).unwrap();
        assert_eq!(packet.to_string(), want);
    }
}

// conf: MCS-IG-02, MCS-IG-04
#[test]
fn the_checksum_covers_all_octets() {
    let mut buffer = [0; 20];
    let query = Repr::Query { max_resp_code: 100, group: GROUP };
    query.emit(&mut buffer).unwrap();
    for bit in 0..64 {
        let mut octets = buffer;
        octets[bit / 8] ^= 1 << (bit % 8);
        let packet = Packet::parse(&octets[..8]).unwrap();
        assert_eq!(Repr::parse(&packet), Err(Error::Checksum), "bit {bit}");
    }
    // A long version 2 report: what follows is ignored, but summed.
    let mut octets = [0; 20];
    Repr::ReportV2 { group: GROUP }.emit(&mut octets).unwrap();
    octets[19] = 7;
    assert_eq!(Repr::parse(&Packet::parse(&octets).unwrap()), Err(Error::Checksum));
    fill_checksum(&mut octets);
    assert_eq!(Repr::parse(&Packet::parse(&octets).unwrap()), Ok(Repr::ReportV2 { group: GROUP }));
}

// conf: MCS-IG-03, MCS-IG-05
#[test]
fn the_length_tells_the_version_of_a_query() {
    // length, code, version
    for (len, code, want) in [
        (8, 0, Some(Version::V1)),
        (8, 1, Some(Version::V2)),
        (9, 1, None),
        (10, 1, None),
        (11, 0, None),
        (12, 0, Some(Version::V3)),
        (13, 100, Some(Version::V3)),
    ] {
        let mut octets = [0; 16];
        octets[0] = 0x11;
        octets[1] = code;
        fill_checksum(&mut octets[..len]);
        let packet = Packet::parse(&octets[..len]).unwrap();
        assert_eq!(packet.query_version(), want, "{len} {code}");
        assert_eq!(Repr::parse(&packet).is_ok(), want.is_some(), "{len} {code}");
    }
    let mut octets = [0x99, 0, 0, 0, 0, 0, 0, 0];
    fill_checksum(&mut octets);
    assert_eq!(Repr::parse(&Packet::parse(&octets).unwrap()), Err(Error::Unknown(0x99)));
}

#[test]
fn every_truncation_is_refused() {
    let octets = records();
    for repr in all(&octets) {
        let mut buffer = [0; 64];
        let len = repr.emit(&mut buffer).unwrap();
        for have in 0..len {
            let mut cut = buffer;
            fill_checksum(&mut cut[..have]);
            let parsed = Packet::parse(&cut[..have]).and_then(|packet| {
                let repr = Repr::parse(&packet)?;
                Ok(repr.buffer_len())
            });
            // A version 3 query cut to eight octets is one of version 2, by design of the protocol.
            assert!(parsed.map_or(true, |len| len == 8), "{repr} cut to {have}");
        }
    }
}

#[test]
fn every_octet_may_have_any_value() {
    let octets = records();
    for repr in all(&octets) {
        let mut buffer = [0; 64];
        let len = repr.emit(&mut buffer).unwrap();
        for at in 0..len {
            let good = buffer[at];
            for value in 0..=255 {
                buffer[at] = value;
                drop(Packet::parse(&buffer[..len]).unwrap().to_string());
                // With the checksum that belongs to it.
                let mut repaired = buffer;
                fill_checksum(&mut repaired[..len]);
                let packet = Packet::parse(&repaired[..len]).unwrap();
                drop(packet.to_string());
                let Ok(repr) = Repr::parse(&packet) else { continue };
                let mut again = [0; 64];
                let len = repr.emit(&mut again).unwrap();
                assert_eq!(Repr::parse(&Packet::parse(&again[..len]).unwrap()), Ok(repr));
            }
            buffer[at] = good;
        }
    }
}

// conf: MCS-IG3-10
#[test]
fn auxiliary_data_are_skipped() {
    let octets = [1, 1, 0, 1, 239, 1, 2, 3, 192, 0, 2, 1, 0xaa, 0xaa, 0xaa, 0xaa, 9, 0, 0, 0, 239, 1, 2, 4];
    let records = Records::parse(&octets, 2).unwrap();
    let seen: Vec<_> =
        records.iter().map(|record| (u8::from(record.kind), record.group, record.sources.len())).collect();
    assert_eq!(seen, [(1, GROUP, 1), (9, Ipv4Addr::new(239, 1, 2, 4), 0)]);
    assert_eq!(records.iter().next().unwrap().sources.iter().next(), Some(Ipv4Addr::new(192, 0, 2, 1)));
    for have in 0..octets.len() {
        assert!(Records::parse(&octets[..have], 2).is_err(), "{have}");
    }
}

/// RFC 3376 §4.2.10.
#[test]
fn auxiliary_data_are_never_sent() {
    let with = [
        0x22, 0, 0, 0, 0, 0, 0, 2, 1, 1, 0, 1, 239, 1, 2, 3, 192, 0, 2, 1, 9, 9, 9, 9, 4, 0, 0, 0, 239, 1, 2,
        4,
    ];
    let without = [&with[..8], &[1, 0], &with[10..20], &with[24..]].concat();
    let (mut with, mut without) = (with, without);
    fill_checksum(&mut with);
    fill_checksum(&mut without);
    let repr = Repr::parse(&Packet::parse(&with).unwrap()).unwrap();
    let mut again = [0xee; 40];
    assert_eq!((repr.buffer_len(), repr.emit(&mut again)), (28, Ok(28)));
    assert_eq!((&again[..28], again[28]), (&without[..], 0xee));
    assert_eq!(Repr::parse(&Packet::parse(&without).unwrap()), Ok(repr), "the same but for auxiliary data");
    assert_eq!(repr.emit(&mut again[..27]), Err(Error::no_room(28, 27)));
}

/// RFC 3376 §4.1.4: Resv.
#[test]
fn the_reserved_bits_of_a_query_are_ignored_and_sent_as_zero() {
    let mut octets = [0x11, 100, 0, 0, 0, 0, 0, 0, 0xfa, 125, 0, 0];
    fill_checksum(&mut octets);
    let repr = Repr::parse(&Packet::parse(&octets).unwrap()).unwrap();
    let Repr::QueryV3 { flags, .. } = repr else { panic!() };
    assert_eq!(flags, QueryFlags(0x0a));
    assert_eq!((flags.suppress(), flags.qrv()), (true, 2));
    for flags in [QueryFlags(0x0a), QueryFlags(0xfa)] {
        let group = Ipv4Addr::UNSPECIFIED;
        let repr = Repr::QueryV3 { max_resp_code: 100, group, flags, qqic: 125, sources: Sources::default() };
        let mut again = [0; 12];
        repr.emit(&mut again).unwrap();
        assert_eq!(again[8], 0x0a);
    }
}

// conf: MCS-IG3-06
#[test]
fn codes_from_128_on_are_floating_point() {
    for (code, want) in [(0, 0), (127, 127), (0x80, 128), (0x8f, 248), (0x90, 256), (0xff, 31_744)] {
        assert_eq!(decode(code), want, "{code:#x}");
    }
    for code in 0..=255 {
        assert_eq!(encode(decode(code)), code);
    }
    assert_eq!((encode(u16::MAX), encode(130)), (0xff, 0x80));
}
