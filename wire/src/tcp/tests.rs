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
        (
            &SYN[..],
            "TCP 33779 > 53 [S] seq 603899916 win 64240 <mss 1460,sackOK,TS 2044906138 echo 0,wscale 7>",
        ),
        (&SYN_ACK[..], "TCP 53 > 33779 [S.] seq 2043824403 ack 603899917 win 64240 <mss 1460>"),
        (&DATA[..], "TCP 33779 > 53 [P.] seq 603899917 ack 2043824404 win 64240 len 58"),
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
        let mut area = [0; OPTIONS_LEN_MAX];
        for octet in &mut area {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            // Small values make plausible kinds and lengths.
            *octet = (state >> 24) as u8 % if state & 0x80_0000 == 0 { 12 } else { 255 };
        }
        assert!(OptionsIter::new(&area).count() <= OPTIONS_LEN_MAX);
        if let Ok(options) = Options::parse(&area) {
            let mut again = [0; OPTIONS_LEN_MAX];
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
fn a_user_timeout_has_fifteen_bits_and_is_not_zero() {
    for (timeout, octets) in [
        (UserTimeout::Seconds(0x7fff), Some([28, 4, 0x7f, 0xff])),
        (UserTimeout::Minutes(1), Some([28, 4, 0x80, 0x01])),
        (UserTimeout::Minutes(0x8000), None),
        (UserTimeout::Seconds(0xffff), None),
        (UserTimeout::Seconds(0), None),
        (UserTimeout::Minutes(0), None),
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
    // RFC 5482 §3.4: the header words that no stack sends and every one ignores.
    for word in [0x1c04_0000_u32, 0x1c04_8000] {
        let octets = word.to_be_bytes();
        let read: std::vec::Vec<_> = OptionsIter::new(&octets).collect();
        assert_eq!(read, [Ok(TcpOption::Unknown { kind: 28, data: &octets[2..] })]);
        assert_eq!(Options::parse(&octets), Ok(Options::EMPTY));
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
    assert_eq!(line(syn_ack, &[]), "TCP 443 > 50123 [S.] seq 1 ack 2 win 65535 <mss 1460,wscale 7>");
    options = Options::EMPTY;
    options.sack.push(SackBlock { left: 10, right: 20 }).unwrap();
    options.sack.push(SackBlock { left: 30, right: 40 }).unwrap();
    let mut urgent = Repr { fields: fields(Flags::ACK | Flags::URG | Flags::PSH), options };
    urgent.fields.urgent = 5;
    assert_eq!(
        line(urgent, b"hello"),
        "TCP 443 > 50123 [PU.] seq 1 ack 2 win 65535 urg 5 <sack 10:20 30:40> len 5"
    );
    assert_eq!(format!("{}", Flags::empty()), "none");
    assert_eq!(format!("{}", Flags::all()), "FSRPUEW.");
    let mut text = std::string::String::new();
    write!(text, "{}", OptionsIter::new(&[1, 9, 3, 0, 2, 0])).unwrap();
    assert_eq!(text, " <kind 9 with 1 octets,length field 0 is not possible here>");
}

/// One option of each kind.
fn each_option() -> [TcpOption<'static>; 8] {
    const BLOCKS: [u8; 18] = [5, 18, 0, 0, 0x15, 0x7c, 0, 0, 0x17, 0x70, 0, 0, 0x1b, 0x58, 0, 0, 0x1d, 0x4c];
    let Some(Ok(sack)) = OptionsIter::new(&BLOCKS).next() else { panic!() };
    [
        TcpOption::Nop,
        TcpOption::Mss(1460),
        TcpOption::WindowScale(14),
        TcpOption::SackPermitted,
        sack,
        TcpOption::Timestamps(Timestamps { value: 1, echo: 0xffff_ffff }),
        TcpOption::UserTimeout(UserTimeout::Minutes(9)),
        TcpOption::Unknown { kind: 253, data: &[1, 2, 3] },
    ]
}

/// One of each that the stack does not act on, some with and without what may be absent.
fn each_other() -> [OtherOption<'static>; 9] {
    let accurate = |order, counters: &[u32]| OtherOption::AccEcn(AccEcn::new(order, counters).unwrap());
    [
        OtherOption::FastOpen(&[]),
        OtherOption::FastOpen(&[0xc0; 8]),
        OtherOption::FastOpen(&[0xc0; 16]),
        accurate(AccEcnOrder::Ect0First, &[]),
        accurate(AccEcnOrder::Ect0First, &[1]),
        accurate(AccEcnOrder::Ect1First, &[1, 2]),
        accurate(AccEcnOrder::Ect1First, &[1, 2, 0xff_ffff]),
        OtherOption::Md5(&[0x3d; 16]),
        OtherOption::Authentication { key_id: 1, next_key_id: 2, mac: &[0xa0; 12] },
    ]
}

/// The only option in `area`, and what it says if the stack does not act on it.
fn only(area: &[u8]) -> (TcpOption<'_>, Option<OtherOption<'_>>) {
    let mut options = OptionsIter::new(area);
    let (Some(Ok(option)), None) = (options.next(), options.next()) else { panic!("{area:?}") };
    let other = match option {
        TcpOption::Unknown { kind, data } => OtherOption::read(kind, data),
        _ => None,
    };
    (option, other)
}

#[test]
fn the_options_of_a_plain_syn_are_read_and_written_in_one_piece() {
    let syn = PlainSyn { mss: 1460, window_scale: 7 };
    let octets = syn.to_octets();
    let options = Options { mss: Some(1460), window_scale: Some(7), sack_permitted: true, ..Options::EMPTY };
    let mut area = [0; OPTIONS_LEN_MAX];
    assert_eq!(options.emit(&mut area), Ok(PlainSyn::LEN));
    assert_eq!(area[..PlainSyn::LEN], octets);
    assert_eq!(Options::parse(&octets), Ok(options));
    assert_eq!(PlainSyn::alone(&octets), Some(syn));
    for len in 0..PlainSyn::LEN {
        assert_eq!(PlainSyn::alone(&octets[..len]), None);
    }
    assert_eq!(PlainSyn::alone(&area[..=PlainSyn::LEN]), None);
    // Octets 2, 3 and 11 are the values; any other must be as it is.
    for place in 0..PlainSyn::LEN {
        let mut other = octets;
        other[place] ^= 0x80;
        assert_eq!(PlainSyn::alone(&other).is_some(), [2, 3, 11].contains(&place), "{place}");
    }
}

#[test]
fn every_option_alone_parses_to_the_same_and_every_truncation_is_refused() {
    let check = |emit: &dyn Fn(&mut [u8]) -> Result<usize, Error>, len: usize| {
        let mut buffer = [0xee; 48];
        assert_eq!((emit(&mut buffer), buffer[len]), (Ok(len), 0xee));
        for cut in 0..len {
            assert_eq!(emit(&mut [0; 40][..cut]), Err(Error::no_room(len, cut)));
            let want = match cut {
                0 => None,
                1 => Some(Err(Error::truncated(2, 1))),
                _ => Some(Err(Error::truncated(len, cut))),
            };
            assert_eq!(OptionsIter::new(&buffer[..cut]).next(), want, "cut to {cut}");
        }
        buffer
    };
    for option in each_option() {
        let len = option.buffer_len();
        let buffer = check(&|buffer| option.emit(buffer), len);
        assert_eq!(only(&buffer[..len]).0, option);
    }
    for other in each_other() {
        let len = other.buffer_len();
        let buffer = check(&|buffer| other.emit(buffer), len);
        assert_eq!(only(&buffer[..len]).1, Some(other));
    }
}

#[test]
fn every_octet_of_an_option_may_have_any_value() {
    let mut areas = std::vec::Vec::new();
    for option in each_option() {
        let mut area = std::vec![0; option.buffer_len()];
        option.emit(&mut area).unwrap();
        areas.push(area);
    }
    for other in each_other() {
        let mut area = std::vec![0; other.buffer_len()];
        other.emit(&mut area).unwrap();
        areas.push(area);
    }
    for mut area in areas {
        for at in 0..area.len() {
            let good = area[at];
            for value in 0..=255 {
                area[at] = value;
                for option in OptionsIter::new(&area).map_while(Result::ok) {
                    let mut again = [0; 48];
                    let len = option.emit(&mut again).unwrap();
                    assert_eq!(only(&again[..len]).0, option);
                    let TcpOption::Unknown { kind, data } = option else { continue };
                    let Some(other) = OtherOption::read(kind, data) else { continue };
                    let len = other.emit(&mut again).unwrap();
                    assert_eq!(only(&again[..len]), (option, Some(other)));
                }
            }
            area[at] = good;
        }
    }
}

#[test]
fn any_list_of_options_goes_into_a_segment() {
    let mut area = [1; 40];
    let mut at = 0;
    at += TcpOption::Mss(1460).emit(&mut area[at..]).unwrap();
    at += each_other()[1].emit(&mut area[at..]).unwrap();
    at += each_other()[4].emit(&mut area[at..]).unwrap();
    at += TcpOption::Unknown { kind: 253, data: &[1, 2, 3] }.emit(&mut area[at..]).unwrap();
    let bytes = with_options(&area[..at.next_multiple_of(4)]);
    let packet = Packet::parse(&bytes).unwrap();
    assert_eq!(Repr::parse(&packet).unwrap().options, Options { mss: Some(1460), ..Options::EMPTY });
    assert_eq!(
        packet.to_string(),
        "TCP 443 > 50123 [.] seq 1 ack 2 win 65535 <mss 1460,fast open cookie c0c0c0c0c0c0c0c0,accecn e0b 1,\
         kind 253 with 3 octets>"
    );
}

// RFC 2883 §4: the first block is what was received twice.
#[test]
fn the_duplicate_sack_examples_of_rfc_2883_section_4_are_written_and_read() {
    // Acknowledgement, blocks, the octets of the option with its padding in hex
    for (ack, blocks, want) in [
        (4000, &[(3000, 3500)][..], "<sack 3000:3500>"),
        (4000, &[(3000, 3500), (4500, 5000)], "<sack 3000:3500 4500:5000>"),
        (4000, &[(5000, 5500), (4500, 5500)], "<sack 5000:5500 4500:5500>"),
        (2500, &[(1000, 1500)], "<sack 1000:1500>"),
        (2500, &[(1000, 1500), (3000, 3500)], "<sack 1000:1500 3000:3500>"),
        (1500, &[(2000, 2500), (3000, 3500)], "<sack 2000:2500 3000:3500>"),
    ] {
        let mut options = Options::EMPTY;
        for &(left, right) in blocks {
            options.sack.push(SackBlock { left, right }).unwrap();
        }
        let fields = Fields { ack, flags: Flags::ACK, ..Fields::default() };
        let repr = Repr { fields, options };
        let mut segment = [0; 60];
        let len = repr.emit(&mut segment, &[], full()).unwrap();
        assert_eq!(segment[20..24], [1, 1, 5, u8::try_from(2 + 8 * blocks.len()).unwrap()]);
        for (place, (left, right)) in segment[24..len].chunks(8).zip(blocks) {
            let edges: [u32; 2] = [*left, *right];
            assert_eq!(place, edges.map(u32::to_be_bytes).as_flattened());
        }
        let packet = Packet::parse(&segment[..len]).unwrap();
        assert_eq!(Repr::parse(&packet), Ok(repr));
        assert!(packet.to_string().ends_with(want), "{packet}");
    }
}

// Eight segments of 500 octets from 5000 on.
#[test]
fn the_sack_examples_of_rfc_2018_section_7_are_written_and_read() {
    // Case 2: the first is lost. The right edge moves with each that arrives.
    for right in (6000..=9000).step_by(500) {
        let mut options = Options::EMPTY;
        options.sack.push(SackBlock { left: 5500, right }).unwrap();
        let mut buffer = [0; 12];
        assert_eq!(options.emit(&mut buffer), Ok(12));
        assert_eq!(buffer[..8], [1, 1, 5, 10, 0, 0, 0x15, 0x7c]);
        assert_eq!(buffer[8..], right.to_be_bytes());
        assert_eq!(Options::parse(&buffer), Ok(options));
    }
    // Case 3: every second one is lost. Three blocks in the end, the newest first.
    let mut options = Options::EMPTY;
    for left in [8000, 7000, 6000] {
        options.sack.push(SackBlock { left, right: left + 500 }).unwrap();
    }
    let mut buffer = [0; 28];
    assert_eq!(options.emit(&mut buffer), Ok(28));
    assert_eq!(Options::parse(&buffer), Ok(options));
    assert_eq!(OptionsIter::new(&buffer).to_string(), " <sack 8000:8500 7000:7500 6000:6500>");
}

#[test]
fn options_of_a_length_that_they_cannot_have_are_unknown() {
    for (kind, lens) in [
        (34, &[1, 2, 3, 5, 7, 17, 18][..]),
        (172, &[1, 2, 4, 5, 7, 8, 10, 12]),
        (174, &[1, 2, 4, 5, 7, 8, 10, 12]),
        (19, &[0, 15, 17]),
        (29, &[0, 1]),
        (5, &[0, 7, 9, 40]),
    ] {
        for &len in lens {
            let mut area = [0x11; 60];
            [area[0], area[1]] = [kind, u8::try_from(len + 2).unwrap()];
            let want = TcpOption::Unknown { kind, data: &area[2..len + 2] };
            assert_eq!(only(&area[..len + 2]), (want, None), "{kind} {len}");
        }
    }
    for option in [
        TcpOption::UserTimeout(UserTimeout::Seconds(0x8000)),
        TcpOption::Unknown { kind: 0, data: &[] },
        TcpOption::Unknown { kind: 1, data: &[] },
        TcpOption::Unknown { kind: 253, data: &[0; 39] },
    ] {
        assert_eq!(option.emit(&mut [0; 60]), Err(Error::Unrepresentable), "{option}");
    }
    for other in [
        OtherOption::FastOpen(&[0; 5]),
        OtherOption::FastOpen(&[0; 18]),
        OtherOption::Authentication { key_id: 0, next_key_id: 0, mac: &[0; 37] },
        OtherOption::Authentication { key_id: 0, next_key_id: 0, mac: &[0; 60] },
    ] {
        assert_eq!(other.emit(&mut [0; 60]), Err(Error::Unrepresentable), "{other}");
    }
}

#[test]
fn counters_of_accurate_ecn_stand_in_the_order_of_their_kind() {
    let (_, Some(OtherOption::AccEcn(one))) = only(&[174, 11, 0, 0, 1, 0, 0, 2, 0, 0, 3]) else { panic!() };
    assert_eq!((one.ect1_bytes(), one.ce_bytes(), one.ect0_bytes()), (Some(1), Some(2), Some(3)));
    let (_, Some(OtherOption::AccEcn(zero))) = only(&[172, 8, 0, 0, 1, 0xff, 0, 2]) else { panic!() };
    assert_eq!((zero.ect0_bytes(), zero.ce_bytes(), zero.ect1_bytes()), (Some(1), Some(0xff_0002), None));
    assert_eq!((zero.len(), zero.is_empty()), (2, false));
    assert_eq!(AccEcn::new(AccEcnOrder::Ect0First, &[0xff00_0001, 0xffff_0002]), Some(zero));
    assert_eq!(AccEcn::new(AccEcnOrder::Ect0First, &[0; 4]), None);
}

#[test]
fn every_option_is_shown_as_a_person_reads_it() {
    let texts: std::vec::Vec<_> = each_option()[4..].iter().map(ToString::to_string).collect();
    let want =
        ["sack 5500:6000 7000:7500", "TS 1 echo 4294967295", "user timeout 9 min", "kind 253 with 3 octets"];
    assert_eq!(texts, want);
    let texts: std::vec::Vec<_> = each_other().iter().map(ToString::to_string).collect();
    assert_eq!(
        texts,
        [
            "fast open cookie request",
            "fast open cookie c0c0c0c0c0c0c0c0",
            "fast open cookie c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0",
            "accecn",
            "accecn e0b 1",
            "accecn ceb 2 e1b 1",
            "accecn e0b 16777215 ceb 2 e1b 1",
            "md5",
            "ao key 1 next 2 mac of 12",
        ]
    );
}
