extern crate std;

use super::*;
use std::string::ToString;
use std::vec::Vec;

const FROM: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1);
const GROUP: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0xfb);
const SOURCES: [u8; 32] = [0x20; 32];

fn records() -> Vec<u8> {
    let mut octets = Vec::new();
    for (kind, sources) in [(RecordType::ChangeToExclude, &[][..]), (RecordType::BlockOldSources, &SOURCES)] {
        let record = Record { kind, group: GROUP, sources: Sources::new(sources) };
        let mut buffer = [0; 64];
        let len = record.emit(&mut buffer).unwrap();
        octets.extend(&buffer[..len]);
    }
    octets
}

fn all(records: &[u8]) -> [Repr<'_>; 6] {
    let records = Records::parse(records, 2).unwrap();
    let flags = QueryFlags(8 | 2);
    let sources = Sources::new(&SOURCES);
    [
        Repr::QueryV1 { max_resp_delay: 10_000, group: Ipv6Addr::UNSPECIFIED },
        Repr::QueryV2 { max_resp_code: 0x8001, group: GROUP, flags, qqic: 125, sources },
        Repr::QueryV2 { max_resp_code: 1, group: GROUP, flags, qqic: 0, sources: Sources::default() },
        Repr::ReportV1 { group: GROUP },
        Repr::Done { group: GROUP },
        Repr::ReportV2 { records },
    ]
}

// conf: MCS-ML-04
#[test]
fn what_is_emitted_parses_to_the_same() {
    let octets = records();
    for repr in all(&octets) {
        let mut buffer = [0xee; 128];
        let len = repr.emit(FROM, GROUP, &mut buffer).unwrap();
        assert_eq!((len, buffer[len]), (repr.buffer_len(), 0xee));
        let packet = Packet::parse(&buffer[..len]).unwrap();
        assert!(packet.is_checksum_valid(FROM, GROUP));
        assert!(!packet.is_checksum_valid(FROM, ALL_NODES));
        assert_eq!(Repr::parse(&packet), Ok(repr));
        for have in 0..len {
            let refused = repr.emit(FROM, GROUP, &mut [0; 128][..have]);
            assert!(matches!(refused, Err(Error::NoRoom { .. })), "{have}");
        }
        for bit in 0..len * 8 {
            buffer[bit / 8] ^= 1 << (bit % 8);
            assert!(!Packet::parse(&buffer[..len]).unwrap().is_checksum_valid(FROM, GROUP), "{bit}");
            buffer[bit / 8] ^= 1 << (bit % 8);
        }
    }
}

// conf: MCS-ML-04, MCS-ML-05, MCS-ML-06
#[test]
fn the_length_tells_the_version_of_a_query() {
    let mut octets = [0; 40];
    octets[0] = 130;
    for len in 0..40 {
        let parsed = Packet::parse(&octets[..len]).and_then(|packet| {
            Ok(match Repr::parse(&packet)? {
                Repr::QueryV1 { .. } => 1,
                Repr::QueryV2 { .. } => 2,
                _ => 0,
            })
        });
        let want = match len {
            24 => Some(1),
            28.. => Some(2),
            _ => None,
        };
        assert_eq!(parsed.ok(), want, "{len}");
    }
    octets[0] = 144;
    assert_eq!(Repr::parse(&Packet::parse(&octets).unwrap()), Err(Error::Unknown(144)));
}

#[test]
fn every_truncation_is_refused() {
    let octets = records();
    for repr in all(&octets) {
        let mut buffer = [0; 128];
        let len = repr.emit(FROM, GROUP, &mut buffer).unwrap();
        for have in 0..len {
            let parsed = Packet::parse(&buffer[..have]).and_then(|packet| {
                let repr = Repr::parse(&packet)?;
                Ok(repr.buffer_len())
            });
            // A version 2 query cut to 24 octets is one of version 1, by design of the protocol.
            assert!(parsed.map_or(true, |len| len == MESSAGE_LEN), "{repr} cut to {have}");
        }
    }
}

// conf: MCS-ML2-04, MCS-ML2-06
#[test]
fn unknown_records_are_values_and_auxiliary_data_are_skipped() {
    let mut octets = std::vec![9, 1, 0, 0];
    octets.extend(GROUP.octets());
    octets.extend([0xaa; 4]);
    octets.extend([4, 0, 0, 0]);
    octets.extend(ALL_ROUTERS.octets());
    let records = Records::parse(&octets, 2).unwrap();
    let seen: Vec<_> = records.iter().map(|record| (record.kind, record.group)).collect();
    assert_eq!(seen, [(RecordType::Unknown(9), GROUP), (RecordType::ChangeToExclude, ALL_ROUTERS)]);
}

/// RFC 3810 §5.2.10 and §5.1.6.
#[test]
fn auxiliary_data_and_reserved_bits_are_never_sent() {
    let mut with = std::vec![143, 0, 0, 0, 0, 0, 0, 1, 4, 1, 0, 0];
    with.extend(GROUP.octets());
    with.extend([0xaa; 4]);
    let repr = Repr::parse(&Packet::parse(&with).unwrap()).unwrap();
    let mut again = [0; 40];
    assert_eq!((repr.buffer_len(), repr.emit(FROM, GROUP, &mut again)), (28, Ok(28)));
    assert_eq!((&again[4..12], &again[12..28]), (&[0, 0, 0, 1, 4, 0, 0, 0][..], &GROUP.octets()[..]));
    assert_eq!(
        Repr::parse(&Packet::parse(&again[..28]).unwrap()),
        Ok(repr),
        "the same but for auxiliary data"
    );

    let query = [&[130, 0, 0, 0, 0, 1, 0, 0][..], &[0; 16], &[0xfa, 125, 0, 0]].concat();
    let repr = Repr::parse(&Packet::parse(&query).unwrap()).unwrap();
    let Repr::QueryV2 { flags, .. } = repr else { panic!() };
    assert_eq!(flags, QueryFlags(0x0a));
    repr.emit(FROM, GROUP, &mut again).unwrap();
    assert_eq!(again[24], 0x0a);
}

// conf: MCS-ML2-03
#[test]
fn codes_from_32768_on_are_floating_point() {
    for (code, want) in [(0, 0), (0x7fff, 32_767), (0x8000, 32_768), (0x8001, 32_776), (0xffff, 8_387_584)] {
        assert_eq!(decode(code), want, "{code:#x}");
    }
    for code in 0..=u16::MAX {
        assert_eq!(encode(decode(code)), code);
    }
    assert_eq!((encode(u32::MAX), encode(32_775)), (0xffff, 0x8000));
}

#[test]
fn a_person_can_read_it() {
    let octets = records();
    let texts: Vec<_> = all(&octets).iter().map(ToString::to_string).collect();
    assert_eq!(texts[0], "MLDv1 query of all groups, answer within 10000 ms");
    assert_eq!(
        texts[1],
        "MLDv2 query of ff02::fb from 2020:2020:2020:2020:2020:2020:2020:2020 2020:2020:2020:2020:2020:2020:2020:2020, \
         answer within 32776 ms, qrv 2 suppress, interval 125 s"
    );
    assert_eq!(texts[4], "MLDv1 done ff02::fb");
    assert!(
        texts[5].starts_with("MLDv2 report ChangeToExclude ff02::fb, BlockOldSources ff02::fb from 2020:")
    );
}

#[test]
fn every_octet_may_have_any_value() {
    let octets = records();
    for repr in all(&octets) {
        let mut buffer = [0; 128];
        let len = repr.emit(FROM, GROUP, &mut buffer).unwrap();
        for at in 0..len {
            let good = buffer[at];
            for value in 0..=255 {
                buffer[at] = value;
                let packet = Packet::parse(&buffer[..len]).unwrap();
                drop(packet.to_string());
                let Ok(repr) = Repr::parse(&packet) else { continue };
                let mut again = [0; 128];
                let len = repr.emit(FROM, GROUP, &mut again).unwrap();
                assert_eq!(Repr::parse(&Packet::parse(&again[..len]).unwrap()), Ok(repr));
            }
            buffer[at] = good;
        }
    }
}

#[test]
fn every_kind_of_record_is_there() {
    for octet in 0..=255 {
        assert_eq!(u8::from(RecordType::from(octet)), octet);
        assert_eq!(matches!(RecordType::from(octet), RecordType::Unknown(_)), !(1..=6).contains(&octet));
    }
    let cut = Record { kind: RecordType::AllowNewSources, group: GROUP, sources: Sources::new(&SOURCES) };
    let mut buffer = [0; 52];
    assert_eq!(cut.emit(&mut buffer), Ok(52));
    for len in 0..52 {
        let need = if len < 20 { 20 } else { 52 };
        assert_eq!(Record::parse(&buffer[..len]).unwrap_err(), Error::truncated(need, len));
        assert_eq!(cut.emit(&mut [0; 52][..len]), Err(Error::no_room(52, len)));
    }
}
