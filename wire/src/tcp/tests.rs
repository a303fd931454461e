use super::*;
use core::fmt::Write;
use core::net::{IpAddr, Ipv4Addr};
use std::format;
use std::string::ToString;

extern crate std;

// The opening of a connection from 192.168.1.11 to 209.87.249.18 as captured between other implementations.
const SYN: [u8; 40] = [
    0x83, 0xf3, 0x00, 0x35, 0x23, 0xfe, 0xc8, 0x0c, 0x00, 0x00, 0x00, 0x00, 0xa0, 0x02, 0xfa, 0xf0, 0x0c,
    0x41, 0x00, 0x00, 0x02, 0x04, 0x05, 0xb4, 0x04, 0x02, 0x08, 0x0a, 0x79, 0xe2, 0xca, 0x9a, 0x00, 0x00,
    0x00, 0x00, 0x01, 0x03, 0x03, 0x07,
];
const SYN_ACK: [u8; 24] = [
    0x00, 0x35, 0x83, 0xf3, 0x79, 0xd2, 0x49, 0x13, 0x23, 0xfe, 0xc8, 0x0d, 0x60, 0x12, 0xfa, 0xf0, 0xdd,
    0xed, 0x00, 0x00, 0x02, 0x04, 0x05, 0xb4,
];
const DATA: [u8; 78] = [
    0x83, 0xf3, 0x00, 0x35, 0x23, 0xfe, 0xc8, 0x0d, 0x79, 0xd2, 0x49, 0x14, 0x50, 0x18, 0xfa, 0xf0, 0x77,
    0x96, 0x00, 0x00, 0x00, 0x38, 0x43, 0x19, 0x01, 0x20, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01,
    0x03, 0x77, 0x77, 0x77, 0x07, 0x74, 0x63, 0x70, 0x64, 0x75, 0x6d, 0x70, 0x03, 0x6f, 0x72, 0x67, 0x00,
    0x00, 0x01, 0x00, 0x01, 0x00, 0x00, 0x29, 0x10, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x0c, 0x00, 0x0a,
    0x00, 0x08, 0x8f, 0x06, 0xbe, 0x7d, 0x69, 0x14, 0x42, 0xf0,
];

fn addresses() -> Sum {
    crate::ip::pseudo_addresses(
        IpAddr::V4(Ipv4Addr::new(192, 168, 1, 11)),
        IpAddr::V4(Ipv4Addr::new(209, 87, 249, 18)),
    )
}

fn full() -> Checksum {
    Checksum::Full(addresses())
}

fn fields(flags: Flags) -> Fields {
    Fields { src_port: 443, dst_port: 50_123, seq: 1, ack: 2, flags, window: 65_535, urgent: 0 }
}

/// A segment without data whose options are `area`.
fn with_options(area: &[u8]) -> std::vec::Vec<u8> {
    let mut bytes = std::vec![0; HEADER_LEN + area.len()];
    emit(&mut bytes, &fields(Flags::ACK), area, [&[], &[]], full()).unwrap();
    bytes
}

#[test]
fn every_field_is_where_the_figure_has_it() {
    let octets = [0x01, 0xbb, 0xc3, 0xcb, 1, 2, 3, 4, 5, 6, 7, 8, 0x5f, 0b1010_0101, 9, 10, 11, 12, 13, 14];
    let header = Header::new(&octets);
    assert_eq!((header.src_port(), header.dst_port(), header.ports()), (443, 50_123, 0x01bb_c3cb));
    assert_eq!((header.seq(), header.ack()), (0x0102_0304, 0x0506_0708));
    assert_eq!((header.header_len(), header.reserved()), (20, 0x0f));
    assert_eq!(header.flags(), Flags::CWR | Flags::URG | Flags::RST | Flags::FIN);
    assert_eq!((header.window(), header.checksum(), header.urgent()), (0x090a, 0x0b0c, Some(0x0d0e)));
}

// conf: TCP-HDR-14
#[test]
fn the_urgent_pointer_is_absent_without_urg() {
    let mut octets = [0xff; HEADER_LEN];
    octets[FLAGS] = (Flags::all() - Flags::URG).bits();
    assert_eq!(Header::new(&octets).urgent(), None);
    assert_eq!(Header::new(&octets).fields().urgent, 0);
    octets[FLAGS] = Flags::URG.bits();
    assert_eq!(Header::new(&octets).urgent(), Some(0xffff));
}

#[test]
fn captured_segments_are_read_and_written_octet_for_octet() {
    for (bytes, text) in [
        (&SYN[..], "33779 > 53 [S] seq 603899916 win 64240 <mss 1460,sackOK,TS 2044906138 echo 0,wscale 7>"),
        (&SYN_ACK[..], "53 > 33779 [S.] seq 2043824403 ack 603899917 win 64240 <mss 1460>"),
        (&DATA[..], "33779 > 53 [P.] seq 603899917 ack 2043824404 win 64240 len 58"),
    ] {
        let packet = Packet::parse(bytes).unwrap();
        assert_eq!(packet.to_string(), text);
        assert!(packet.verify_checksum(addresses()), "{text}");
        assert!(verify_checksum(bytes, addresses()), "{text}");
        let repr = Repr::parse(&packet).unwrap();
        let mut again = [0xee; 100];
        let len = repr.emit(&mut again, packet.payload(), full()).unwrap();
        assert_eq!(&again[..len], bytes, "{text}");
        assert_eq!(repr.buffer_len() + packet.payload().len(), len);
    }
}

// conf: TCP-HDR-05, TCP-HDR-15
#[test]
fn what_does_not_hold_its_own_header_is_refused() {
    for len in 0..SYN.len() {
        let mut bytes = SYN;
        assert!(Packet::parse(&SYN[..len]).is_err(), "{len} octets");
        assert!(split_mut(&mut bytes[..len]).is_err(), "{len} octets");
    }
    // Data Offset, length of the segment, error
    for (offset, len, want) in [
        (0, 40, Error::Length(0)),
        (4, 40, Error::Length(4)),
        (15, 20, Error::truncated(60, 20)),
        (15, 59, Error::truncated(60, 59)),
        (6, 23, Error::truncated(24, 23)),
        (5, 19, Error::truncated(20, 19)),
    ] {
        let mut bytes = [0; 60];
        bytes[DATA_OFFSET] = offset << 4;
        assert_eq!(Packet::parse(&bytes[..len]).unwrap_err(), want, "{offset} {len}");
        assert_eq!(split_mut(&mut bytes[..len]).unwrap_err(), want, "{offset} {len}");
    }
}

#[test]
fn the_mutable_split_is_disjoint_and_leaves_the_same_parts() {
    let mut bytes = SYN.to_vec();
    bytes.extend_from_slice(b"early");
    let (header, options, payload) = split_mut(&mut bytes).unwrap();
    payload[0] = b'E';
    assert_eq!((header.seq(), options), (603_899_916, &SYN[20..]));
    assert_eq!(payload, b"Early");
    let packet = Packet::parse(&bytes).unwrap();
    assert_eq!((packet.payload(), packet.option_octets()), (&b"Early"[..], &SYN[20..]));
    assert_eq!(packet.segment_len(), 6);
}

#[test]
fn each_flipped_bit_spoils_the_checksum() {
    for bit in 0..DATA.len() * 8 {
        let mut bytes = DATA;
        bytes[bit / 8] ^= 1 << (bit % 8);
        assert!(!verify_checksum(&bytes, addresses()), "bit {bit}");
    }
    assert!(!verify_checksum(&DATA[..77], addresses()));
    assert!(!verify_checksum(&DATA, Sum::new()));
}

// conf: TCP-HDR-02
#[test]
fn what_is_emitted_has_a_right_checksum_and_no_reserved_bit() {
    let v6 = crate::ip::pseudo_addresses("2001:db8::1".parse().unwrap(), "2001:db8::2".parse().unwrap());
    let data = [0x5a; 30];
    let area = Timestamps { value: 7, echo: 8 }.to_octets();
    for sum in [addresses(), v6] {
        for len in 0..data.len() {
            for cut in 0..=len {
                let (front, back) = data[..len].split_at(cut);
                let mut buffer = [0xff; 80];
                let n = emit(&mut buffer, &fields(Flags::ACK), &area, [front, back], Checksum::Full(sum));
                let n = n.unwrap();
                assert_eq!(n, 32 + len);
                assert!(verify_checksum(&buffer[..n], sum), "{len} cut at {cut}");
                let packet = Packet::parse(&buffer[..n]).unwrap();
                assert_eq!((packet.header().reserved(), packet.payload()), (0, &data[..len]));
                assert_eq!(packet.header().fields(), fields(Flags::ACK));
                assert!(buffer[n..].iter().all(|&octet| octet == 0xff));
            }
        }
    }
}

#[test]
fn a_partial_checksum_is_the_sum_of_the_pseudo_header() {
    let mut buffer = [0; 25];
    emit(&mut buffer, &fields(Flags::ACK), &[], [b"abc", b"de"], Checksum::Partial(addresses())).unwrap();
    let partial = Packet::parse(&buffer).unwrap().header().checksum();
    assert_eq!(partial, addresses().add_u16(6).add_u16(25).partial());
    // What the device does: sum over the segment with that in the field.
    let completed = Sum::new().add_bytes(&buffer).checksum();
    buffer[CHECKSUM..CHECKSUM + 2].copy_from_slice(&completed.to_be_bytes());
    assert!(verify_checksum(&buffer, addresses()));
}

#[test]
fn a_bare_segment_is_what_the_general_form_makes_of_it() {
    for flags in [Flags::ACK, Flags::RST | Flags::ACK, Flags::ACK | Flags::URG, Flags::all()] {
        let fields = Fields { urgent: 0x1234, ..fields(flags) };
        for checksum in [full(), Checksum::Partial(addresses())] {
            let (mut want, mut bare) = ([0; HEADER_LEN], [0xee; HEADER_LEN + 1]);
            emit(&mut want, &fields, &[], [&[], &[]], checksum).unwrap();
            fields.emit(&mut bare, checksum).unwrap();
            assert_eq!(bare, *[&want[..], &[0xee]].concat(), "{flags}");
        }
    }
    let short = Err(Error::NoRoom { need: 20, have: 19 });
    assert_eq!(fields(Flags::ACK).emit(&mut [0; HEADER_LEN - 1], full()), short);
}

#[test]
fn emitting_checks_room_and_options_before_it_writes() {
    let mut buffer = [0xee; 30];
    let fields = fields(Flags::ACK);
    for (options, payload, want) in [
        (&[][..], &[0; 11][..], Error::no_room(31, 30)),
        (&[1; 12], &[], Error::no_room(32, 30)),
        (&[1; 3], &[], Error::Unrepresentable),
        (&[1; 44], &[], Error::Unrepresentable),
    ] {
        assert_eq!(emit(&mut buffer, &fields, options, [&[], payload], full()), Err(want));
        assert_eq!(buffer, [0xee; 30]);
    }
    assert_eq!(emit(&mut [], &fields, &[], [&[], &[]], full()), Err(Error::no_room(20, 0)));
}

// conf: TCP-HDR-06, TCP-HDR-08, TCP-HDR-10, TCP-HDR-13
#[test]
fn options_are_found_wherever_they_stand_up_to_the_end_of_the_list() {
    // Option area, MSS found
    for (area, want) in [
        (&[2, 4, 5, 180][..], Some(1460)),
        (&[1, 1, 2, 4, 5, 180, 0, 0], Some(1460)),
        (&[1, 2, 4, 5, 180, 0, 0, 0], Some(1460)),
        (&[200, 6, 2, 4, 9, 9, 2, 4, 5, 180, 1, 1], Some(1460)),
        (&[0, 2, 4, 5, 180, 1, 1, 1], None),
        (&[1, 1, 1, 0, 2, 4, 5, 180], None),
        // A length that is not that of the kind: unknown, and the next one is found.
        (&[2, 3, 7, 2, 4, 5, 180, 1], Some(1460)),
        (&[2, 2, 1, 1], None),
        // Twice: the first counts.
        (&[2, 4, 5, 180, 2, 4, 2, 24], Some(1460)),
        (&[], None),
    ] {
        assert_eq!(Options::parse(area).unwrap().mss, want, "{area:?}");
        if area.len() % 4 == 0 {
            let bytes = with_options(area);
            assert_eq!(Repr::parse(&Packet::parse(&bytes).unwrap()).unwrap().options.mss, want);
        }
    }
}

// conf: TCP-HDR-09
#[test]
fn an_impossible_length_ends_the_list_with_one_error() {
    // Option area, good items before the error, error
    for (area, good, want) in [
        (&[2, 0, 5, 180][..], 0, Error::Length(0)),
        (&[2, 1, 5, 180], 0, Error::Length(1)),
        (&[200, 0, 1, 1], 0, Error::Length(0)),
        (&[1, 2, 4, 5], 1, Error::truncated(4, 3)),
        (&[2, 255, 5, 180], 0, Error::truncated(255, 4)),
        (&[1, 1, 1, 3], 3, Error::truncated(2, 1)),
        (&[5, 10, 0, 0, 0, 1, 0, 0], 0, Error::truncated(10, 8)),
    ] {
        let mut options = OptionsIter::new(area);
        for _ in 0..good {
            assert_eq!(options.next(), Some(Ok(TcpOption::Nop)));
        }
        assert_eq!(options.next(), Some(Err(want)), "{area:?}");
        assert_eq!(options.next(), None, "{area:?}");
        assert_eq!(Options::parse(area), Err(want), "{area:?}");
    }
}

#[test]
fn all_option_areas_of_random_octets_are_read_to_an_end() {
    let mut state = 1u32;
    for _ in 0..20_000 {
        let mut area = [0; MAX_OPTIONS_LEN];
        for octet in &mut area {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            // Small values make plausible kinds and lengths.
            *octet = (state >> 24) as u8 % if state & 0x80_0000 == 0 { 12 } else { 255 };
        }
        assert!(OptionsIter::new(&area).count() <= MAX_OPTIONS_LEN);
        if let Ok(options) = Options::parse(&area) {
            let mut again = [0; MAX_OPTIONS_LEN];
            if let Ok(len) = options.emit(&mut again) {
                assert_eq!(Options::parse(&again[..len]), Ok(options), "{area:?}");
            }
        }
    }
}

// conf: TCP-HDR-08
#[test]
fn unknown_options_keep_kind_and_octets() {
    let area = [34, 6, 1, 2, 3, 4, 253, 2, 8, 3, 9, 5, 6, 1, 1, 1, 1, 4, 3, 7];
    let unknown = |kind, data| Some(Ok(TcpOption::Unknown { kind, data }));
    let mut options = OptionsIter::new(&area);
    assert_eq!(options.next(), unknown(34, &[1, 2, 3, 4]));
    assert_eq!(options.next(), unknown(253, &[]));
    assert_eq!(options.next(), unknown(8, &[9]));
    assert_eq!(options.next(), unknown(5, &[1, 1, 1, 1]));
    assert_eq!(options.next(), unknown(4, &[7]));
    assert_eq!(options.next(), None);
    assert_eq!(Options::parse(&area), Ok(Options::EMPTY));
}

// conf: TCP-HDR-11
#[test]
fn every_combination_of_options_round_trips_or_is_refused() {
    for bits in 0..1 << 8u32 {
        let has = |bit: u32| bits >> bit & 1 == 1;
        let mut options = Options {
            mss: has(0).then_some(1460),
            window_scale: has(1).then_some(14),
            sack_permitted: has(2),
            timestamps: has(3).then_some(Timestamps { value: 0xfeed_f00d, echo: 1 }),
            user_timeout: has(4).then_some(UserTimeout::Minutes(5)),
            sack: SackList::EMPTY,
        };
        let room = options.sack_room();
        for left in 0..bits >> 5 {
            if options.sack.push(SackBlock { left, right: left + 1 }).is_err() {
                assert_eq!(left, 4);
                break;
            }
        }
        let mut buffer = [0xee; 64];
        let len = options.buffer_len();
        assert_eq!(len % 4, 0);
        if options.sack.as_slice().len() > room {
            assert_eq!(options.emit(&mut buffer), Err(Error::Unrepresentable), "{options:?}");
            continue;
        }
        assert_eq!(options.emit(&mut buffer), Ok(len), "{options:?}");
        assert_eq!(buffer[len], 0xee);
        assert_eq!(Options::parse(&buffer[..len]), Ok(options));
        for shorter in 0..len {
            assert_eq!(options.emit(&mut buffer[..shorter]), Err(Error::no_room(len, shorter)));
        }
    }
}

#[test]
fn four_blocks_fit_and_three_beside_timestamps() {
    let with = |timestamps| Options { timestamps, ..Options::EMPTY };
    assert_eq!(with(None).sack_room(), 4);
    assert_eq!(with(Some(Timestamps::default())).sack_room(), 3);
}

#[test]
fn a_user_timeout_has_fifteen_bits() {
    for (timeout, octets) in [
        (UserTimeout::Seconds(0x7fff), Some([28, 4, 0x7f, 0xff])),
        (UserTimeout::Minutes(1), Some([28, 4, 0x80, 0x01])),
        (UserTimeout::Minutes(0x8000), None),
        (UserTimeout::Seconds(0xffff), None),
    ] {
        let options = Options { user_timeout: Some(timeout), ..Options::EMPTY };
        let mut buffer = [0; 4];
        match octets {
            Some(octets) => {
                assert_eq!(options.emit(&mut buffer), Ok(4));
                assert_eq!(buffer, octets);
                assert_eq!(Options::parse(&buffer), Ok(options));
            }
            None => assert_eq!(options.emit(&mut buffer), Err(Error::Unrepresentable)),
        }
    }
}

#[test]
fn lone_timestamps_in_the_usual_layout_are_seen_at_once() {
    let timestamps = Timestamps { value: 0x0102_0304, echo: 0x0506_0708 };
    let area = timestamps.to_octets();
    assert_eq!(Timestamps::alone(&area), Some(timestamps));
    assert_eq!(Options::parse(&area).unwrap().timestamps, Some(timestamps));
    let mut emitted = [0; 12];
    let options = Options { timestamps: Some(timestamps), ..Options::EMPTY };
    options.emit(&mut emitted).unwrap();
    assert_eq!(emitted, area);
    for len in 0..12 {
        assert_eq!(Timestamps::alone(&area[..len]), None);
    }
    let mut other = area;
    other[1] = 0;
    assert_eq!(Timestamps::alone(&other), None);
}

#[test]
fn text_reads_like_a_persons() {
    let mut options = Options { mss: Some(1460), window_scale: Some(7), ..Options::EMPTY };
    let line = |repr: Repr, payload: &[u8]| {
        let mut buffer = [0; 100];
        let len = repr.emit(&mut buffer, payload, full()).unwrap();
        Packet::parse(&buffer[..len]).unwrap().to_string()
    };
    let syn_ack = Repr { fields: fields(Flags::SYN | Flags::ACK), options };
    assert_eq!(line(syn_ack, &[]), "443 > 50123 [S.] seq 1 ack 2 win 65535 <mss 1460,wscale 7>");
    options = Options::EMPTY;
    options.sack.push(SackBlock { left: 10, right: 20 }).unwrap();
    options.sack.push(SackBlock { left: 30, right: 40 }).unwrap();
    let mut urgent = Repr { fields: fields(Flags::ACK | Flags::URG | Flags::PSH), options };
    urgent.fields.urgent = 5;
    assert_eq!(
        line(urgent, b"hello"),
        "443 > 50123 [PU.] seq 1 ack 2 win 65535 urg 5 <sack 10:20 30:40> len 5"
    );
    assert_eq!(format!("{}", Flags::empty()), "none");
    assert_eq!(format!("{}", Flags::all()), "FSRPUEW.");
    let mut text = std::string::String::new();
    write!(text, "{}", OptionsIter::new(&[1, 9, 3, 0, 2, 0])).unwrap();
    assert_eq!(text, " <kind 9 with 1 octets,length field 0 is not possible here>");
}
