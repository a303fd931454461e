//! The tables of both addressing schemes, each truncation, reserved values.

extern crate alloc;
use super::*;
use crate::{Error, HardwareAddress};
use alloc::string::ToString;
use alloc::vec::Vec;

const A: HardwareAddress = HardwareAddress::extended([0x02, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77]);
const B: HardwareAddress = HardwareAddress::extended([0x02, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff, 0x01]);

fn repr(dst: HardwareAddress, src: HardwareAddress, src_pan: u16) -> Repr {
    Repr { version: Version::V2006, sequence: 7, ack_request: true, dst_pan: 0xabcd, dst, src_pan, src }
}

/// A frame of this control field whose further octets count up from 1.
fn counted(control: u16, len: usize) -> Vec<u8> {
    let mut bytes = control.to_le_bytes().to_vec();
    bytes.extend((1u8..).take(len - 2));
    bytes
}

// conf: LWP-MAC-01, LWP-MAC-04
#[test]
fn a_data_frame_has_its_octets_little_endian() {
    let mut buf = [0; 32];
    let len = repr(A, B, 0xabcd).emit(&mut buf).unwrap();
    let want = [
        0x61, 0xdc, 7, // data, ack request, compression; extended, version 1, extended
        0xcd, 0xab, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11, 0x02, // destination
        0x01, 0xff, 0xee, 0xdd, 0xcc, 0xbb, 0xaa, 0x02, // source
    ];
    assert_eq!(buf[..len], want);
    let frame = Frame::parse(&want).unwrap();
    assert_eq!((frame.dst(), frame.src()), (A, B));
    assert_eq!((frame.dst_pan(), frame.src_pan()), (Some(0xabcd), Some(0xabcd)));
    assert_eq!(
        frame.to_string(),
        "IEEE 802.15.4 Data 7 02:aa:bb:cc:dd:ee:ff:01@abcd > 02:11:22:33:44:55:66:77@abcd ack-request length 0"
    );
}

// conf: LWP-MAC-01, LWP-MAC-03
#[test]
fn every_address_pair_survives_a_round_trip() {
    let short = HardwareAddress::short(0x1234);
    // destination, source, source PAN, header length
    for (dst, src, src_pan, want) in [
        (A, B, 0xabcd, 21),
        (A, B, 0x0001, 23),
        (short, short, 0xabcd, 9),
        (short, short, 0x0001, 11),
        (HardwareAddress::IEEE802154_BROADCAST, B, 0xabcd, 15),
        (A, short, 0xabcd, 15),
        (A, HardwareAddress::NONE, 0, 13),
        (HardwareAddress::NONE, short, 5, 7),
    ] {
        let mut repr = repr(dst, src, src_pan);
        if dst.is_none() {
            repr.dst_pan = 0;
        }
        for version in [Version::V2003, Version::V2006] {
            repr.version = version;
            let mut buf = [0; 30];
            assert_eq!(repr.emit(&mut buf), Ok(want), "{dst} {src}");
            assert_eq!(repr.buffer_len(), want);
            buf[want..].copy_from_slice(&[9; 30][want..]);
            let frame = Frame::parse(&buf).unwrap();
            assert_eq!(Repr::parse(&frame), Ok(repr));
            assert_eq!(frame.payload().len(), 30 - want);
            for len in 0..want {
                assert!(Frame::parse(&buf[..len]).is_err(), "{dst} {src} cut at {len}");
                assert_eq!(repr.emit(&mut [0; 30][..len]), Err(Error::no_room(want, len)));
            }
        }
    }
}

// conf: LWP-MAC-02, LWP-MAC-03, LWP-MAC-10
#[test]
fn pan_ids_are_where_the_versions_table_says() {
    const N: u16 = 0;
    const S: u16 = 2;
    const X: u16 = 3;
    // destination mode, source mode, compression, then header octets by version 0/1 and version 2
    for (dst, src, compression, old, new) in [
        (N, N, 0, Some(3), Some(3)),
        (N, N, 1, None, Some(5)),
        (S, N, 0, Some(7), Some(7)),
        (S, N, 1, None, Some(5)),
        (X, N, 0, Some(13), Some(13)),
        (X, N, 1, None, Some(11)),
        (N, S, 0, Some(7), Some(7)),
        (N, S, 1, None, Some(5)),
        (N, X, 0, Some(13), Some(13)),
        (N, X, 1, None, Some(11)),
        (S, S, 0, Some(11), Some(11)),
        (S, S, 1, Some(9), Some(9)),
        (S, X, 0, Some(17), Some(17)),
        (S, X, 1, Some(15), Some(15)),
        (X, S, 0, Some(17), Some(17)),
        (X, S, 1, Some(15), Some(15)),
        (X, X, 0, Some(23), Some(21)),
        (X, X, 1, Some(21), Some(19)),
    ] {
        for (version, want) in [(0, old), (1, old), (2, new)] {
            let control = 1 | compression << 6 | dst << 10 | version << 12 | src << 14;
            let bytes = counted(control, 40);
            let got = Frame::parse(&bytes).ok().map(|frame| 40 - frame.payload().len());
            assert_eq!(got, want, "modes {dst} {src} compression {compression} version {version}");
            if let Some(len) = want {
                for cut in 0..len {
                    assert!(Frame::parse(&bytes[..cut]).is_err());
                }
                assert!(Frame::parse(&bytes[..len]).is_ok());
            }
        }
    }
}

// conf: LWP-MAC-02, LWP-MAC-07, LWP-MAC-10
#[test]
fn what_is_reserved_is_refused_and_other_types_are_recognised() {
    for (dst, src) in [(1, 0), (0, 1), (1, 1), (1, 2), (2, 1), (1, 3), (3, 1)] {
        for version in 0..3 {
            for compression in [0, 1] {
                let control = 1 | compression << 6 | dst << 10 | version << 12 | src << 14;
                assert_eq!(Frame::parse(&counted(control, 40)).err(), Some(Error::Field(1)));
            }
        }
    }
    assert_eq!(Frame::parse(&counted(1 | 3 << 12, 40)).err(), Some(Error::Version(3)));
    for (number, kind) in [(0, FrameType::Beacon), (2, FrameType::Acknowledgement), (3, FrameType::Command)] {
        let bytes = counted(number, 5);
        let frame = Frame::parse(&bytes).unwrap();
        assert_eq!(frame.frame_type(), kind);
        assert_eq!(Repr::parse(&frame).err(), Some(Error::Unknown(number.to_le_bytes()[0])));
    }
    for (number, kind) in [
        (4, FrameType::Reserved),
        (5, FrameType::Multipurpose),
        (6, FrameType::Fragment),
        (7, FrameType::Extended),
    ] {
        assert_eq!(FrameType::of(number), kind);
        assert_eq!(Frame::parse(&counted(u16::from(number), 40)).err(), Some(Error::Unknown(number)));
    }
}

// conf: LWP-MAC-09
#[test]
fn a_security_header_is_recognised() {
    // security control, octets of the header in version 1
    for (control, len) in [(0x05, 5), (0x0d, 6), (0x15, 10), (0x1d, 14)] {
        let mut bytes = Vec::from([0x49, 0x98, 7, 0xcd, 0xab, 1, 0, 2, 0, control]);
        bytes.extend([0x11; 30]);
        let frame = Frame::parse(&bytes).unwrap();
        let security = frame.security().unwrap();
        assert_eq!((security.level(), security.frame_counter()), (5, Some(0x1111_1111)));
        assert_eq!(security.key_id_mode(), (control >> 3) & 3);
        assert_eq!(frame.payload().len(), 31 - len);
        assert!(frame.is_secured() && Repr::parse(&frame).is_err());
        for cut in 0..9 + len {
            assert!(Frame::parse(&bytes[..cut]).is_err());
        }
    }
    // Version 0 has no such header, but is secured all the same.
    let frame = Frame::parse(&[0x49, 0x88, 7, 0xcd, 0xab, 1, 0, 2, 0, 0x41]).unwrap();
    assert!(frame.is_secured() && frame.security().is_none());
}

// conf: LWP-MAC-10
#[test]
fn version_2_may_leave_out_the_sequence_number_and_hold_elements() {
    // Suppressed sequence number, elements present; short addresses in one PAN.
    let head = [0x41, 0xab, 0xcd, 0xab, 1, 0, 2, 0];
    let with = |rest: &[u8]| [&head[..], rest].concat();
    // Element 0x1e of 2 octets; termination 1, payload element of 1 octet in group 1, termination, payload.
    let bytes = with(&[0x02, 0x0f, 9, 9, 0x00, 0x3f, 0x01, 0x88, 7, 0x00, 0xf8, 0xaa, 0xbb]);
    let frame = Frame::parse(&bytes).unwrap();
    assert_eq!(frame.sequence(), None);
    assert_eq!(frame.header_elements(), [0x02, 0x0f, 9, 9, 0x00, 0x3f]);
    assert_eq!(frame.payload_elements(), [0x01, 0x88, 7, 0x00, 0xf8]);
    assert_eq!(frame.payload(), [0xaa, 0xbb]);
    // Termination 2: the payload follows at once.
    let bytes = with(&[0x80, 0x3f, 0xaa]);
    assert_eq!(Frame::parse(&bytes).unwrap().payload(), [0xaa]);
    // An element longer than the frame, one of the other kind.
    assert!(matches!(Frame::parse(&with(&[0x03, 0x0f, 9, 9])), Err(Error::Truncated { .. })));
    assert_eq!(Frame::parse(&with(&[0x00, 0x80])).err(), Some(Error::Field(8)));
}

#[test]
fn no_octets_make_the_parser_panic() {
    let mut state = 1u32;
    let mut bytes = [0; 40];
    for round in 0..200_000u32 {
        for byte in &mut bytes {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            *byte = state.to_be_bytes()[0];
        }
        let len = usize::try_from(round % 41).unwrap();
        if let Ok(frame) = Frame::parse(&bytes[..len]) {
            assert!(frame.payload().len() <= len);
            if round % 64 == 0 {
                assert!(!frame.to_string().is_empty());
            }
        }
    }
}

#[test]
fn an_ethernet_address_cannot_be_expressed() {
    let ethernet = HardwareAddress::ethernet([2, 0, 0, 0, 0, 1]);
    assert_eq!(repr(ethernet, A, 1).emit(&mut [0; 40]), Err(Error::Unrepresentable));
}
