extern crate alloc;
use super::slot::copy_options;
use super::*;
use crate::reassembly::{self, Outcome, Reassembly};
use crate::{Addresses, Cast, InFlags};
use alloc::vec;
use alloc::vec::Vec;
use core::net::IpAddr;
use tersus_wire::checksum::Sum;
use tersus_wire::ipv6_ext::{self, Accept, Decision, Limits, Part};
use tersus_wire::IpProtocol;

const INTERFACE: InterfaceId = InterfaceId(1);
const NOW: Instant = Instant::from_secs(1);
const UDP: Outgoing =
    Outgoing { protocol: IpProtocol::UDP, hop_limit: 9, traffic_class: 0xb8, flags: OutFlags::empty() };

fn random() -> Random {
    Random::new([7; 32])
}

fn path(destination: &str) -> Path {
    let destination: IpAddr = destination.parse().unwrap();
    let source = if destination.is_ipv4() { "192.0.2.1" } else { "2001:db8::1" };
    Path::new(source.parse().unwrap(), destination, INTERFACE, 1500).unwrap()
}

fn paths() -> [Path; 2] {
    [path("198.51.100.7"), path("2001:db8:1::7")]
}

fn octets(len: usize) -> Vec<u8> {
    (0..len).map(|i| u8::try_from(i * 7 % 251).unwrap()).collect()
}

fn begin(
    f: &mut Fragmenter<'_>,
    path: &Path,
    packet: Outgoing,
    data: &[u8],
) -> Result<FragmentId, BeginError> {
    f.begin(NOW, &random(), path, packet, &[], data.len(), &mut |b: &mut [u8]| b.copy_from_slice(data))
}

/// All packets of a datagram, at an MTU that may change from piece to piece.
fn drain(f: &mut Fragmenter<'_>, id: FragmentId, mut mtu: impl FnMut() -> u16) -> Vec<Vec<u8>> {
    let mut packets = Vec::new();
    loop {
        let mtu = mtu();
        let Some(piece) = f.piece(id, mtu) else { return packets };
        assert!(piece.len() <= usize::from(mtu));
        let mut packet = vec![0xee; piece.len()];
        piece.write(&mut packet);
        assert_eq!(&packet[..piece.header().len()], piece.header());
        let len = piece.payload.len();
        packets.push(packet);
        f.sent(id, len);
    }
}

struct Parsed<'p> {
    id: u32,
    offset: u16,
    more: bool,
    protocol: IpProtocol,
    header: &'p [u8],
    data: &'p [u8],
}

fn parse(packet: &[u8]) -> Parsed<'_> {
    if packet[0] >> 4 == 4 {
        let header_len = usize::from(packet[0] & 15) * 4;
        let (header, data) = packet.split_at(header_len);
        assert!(Sum::new().add_bytes(header).is_valid());
        assert_eq!(usize::from(u16::from_be_bytes([packet[2], packet[3]])), packet.len());
        let field = u16::from_be_bytes([packet[6], packet[7]]);
        assert_eq!(field & 0xc000, 0, "the reserved bit, and DF");
        return Parsed {
            id: u16::from_be_bytes([packet[4], packet[5]]).into(),
            offset: (field & 0x1fff) * 8,
            more: field & 0x2000 != 0,
            protocol: IpProtocol(packet[9]),
            header,
            data,
        };
    }
    assert_eq!(usize::from(u16::from_be_bytes([packet[4], packet[5]])), packet.len() - 40);
    let first = IpProtocol(packet[6]);
    let Decision::Accept(Accept { protocol, len, fragment, .. }) =
        ipv6_ext::walk(first, &packet[40..], Part::Packet, &Limits::default())
    else {
        panic!("{packet:?}")
    };
    let (header, data) = packet.split_at(40 + usize::from(len));
    let (id, offset, more) = fragment.map_or((0, 0, false), |f| (f.identification, f.offset, f.more));
    assert!(fragment.is_some() || !header[40..].contains(&44), "no atomic fragments");
    Parsed { id, offset, more, protocol, header, data }
}

fn reassembled(packets: &[Vec<u8>], table: &mut Reassembly<'_>) -> Option<Vec<u8>> {
    for packet in packets {
        let p = parse(packet);
        let addresses = match packet[0] >> 4 {
            4 => Addresses::V4(packet[12..].first_chunk().unwrap()),
            _ => Addresses::V6(packet[8..].first_chunk().unwrap()),
        };
        let fragment = reassembly::Fragment {
            addresses,
            interface: INTERFACE,
            cast: Cast::Unicast,
            protocol: p.protocol,
            identification: p.id,
            offset: p.offset,
            more: p.more,
            flags: InFlags::empty(),
            header: p.header,
            data: p.data,
        };
        match table.receive(NOW, &fragment) {
            Outcome::Held => {}
            Outcome::Complete(datagram) => return Some(datagram.segment.to_vec()),
            other => panic!("{other:?}"),
        }
    }
    None
}

// conf: IP4-FRG-02, IP4-HDR-05, IP6-FRG-10
#[test]
fn pieces_are_in_order_without_overlap_and_multiples_of_eight_but_for_the_last() {
    let data = octets(4000);
    for path in paths() {
        let mut storage = Storage::<1, 4000>::new();
        let mut f = Fragmenter::new(&mut storage, Config::default());
        let id = begin(&mut f, &path, UDP, &data).unwrap();
        let packets = drain(&mut f, id, || 1500);
        let mut end = 0;
        for (i, packet) in packets.iter().enumerate() {
            let p = parse(packet);
            assert_eq!(usize::from(p.offset), end);
            end += p.data.len();
            assert_eq!(p.more, i + 1 < packets.len());
            assert!(p.data.len() % 8 == 0 || !p.more);
            assert_eq!(p.protocol, IpProtocol::UDP);
            assert_eq!(p.id, parse(&packets[0]).id);
            let hop_limit = if path.is_ipv6() { packet[7] } else { packet[8] };
            let class = if path.is_ipv6() { packet[0] << 4 | packet[1] >> 4 } else { packet[1] };
            assert_eq!((hop_limit, class), (9, 0xb8));
        }
        assert_eq!((end, packets.len()), (4000, 3));
        let s = f.statistics;
        assert_eq!((s.begun, s.pieces, s.completed), (1, 3, 1));
        assert_eq!((f.waiting(), f.poll_at()), (InterfaceSet::NONE, None), "the buffer is free");
    }
}

// conf: IP4-FRG-02
#[test]
fn options_are_copied_by_their_copy_flag() {
    // Record Route (7, not copied), NOP, Security (0x82, copied), NOP, Stream ID (0x88, copied).
    let options = [7, 3, 4, 1, 0x82, 3, 9, 1, 0x88, 4, 1, 2];
    let mut storage = Storage::<1, 200>::new();
    let mut f = Fragmenter::new(&mut storage, Config::default());
    let mut fill = |b: &mut [u8]| b.fill(1);
    let id = f.begin(NOW, &random(), &path("198.51.100.7"), UDP, &options, 100, &mut fill).unwrap();
    let packets = drain(&mut f, id, || 68);
    assert_eq!(parse(&packets[0]).header[20..], options);
    for packet in &packets[1..] {
        assert_eq!(parse(packet).header[20..], [0x82, 3, 9, 0x88, 4, 1, 2, 0]);
    }
    assert_eq!(packets.iter().map(|p| parse(p).data.len()).sum::<usize>(), 100);
    // options in all, options copied
    for (options, want) in [
        (&[][..], &[][..]),
        (&[1, 1, 1, 1], &[]),
        (&[0, 0x82, 3, 9], &[]),
        (&[0x82, 4, 1, 2], &[0x82, 4, 1, 2]),
        (&[0x82, 9, 1, 2], &[]),
        (&[0x82, 0, 1, 2], &[0x82, 0, 0, 0]),
        (&[1, 1, 1, 0x82], &[]),
    ] {
        let mut to = [0; 40];
        let len = copy_options(options, &mut to);
        assert_eq!(&to[..len], want, "{options:?}");
    }
}

#[test]
fn router_alert_stands_in_every_fragment() {
    let packet = Outgoing { flags: OutFlags::ROUTER_ALERT, ..UDP };
    for path in paths() {
        let mut storage = Storage::<1, 3000>::new();
        let mut f = Fragmenter::new(&mut storage, Config::default());
        let id = begin(&mut f, &path, packet, &octets(3000)).unwrap();
        let packets = drain(&mut f, id, || 1300);
        assert_eq!(packets.len(), 3);
        for packet in packets {
            let header = parse(&packet).header;
            if path.is_ipv6() {
                assert_eq!((header.len(), header[6]), (56, 0));
                assert_eq!(header[40..48], [44, 0, 5, 2, 0, 0, 1, 0]);
            } else {
                assert_eq!(header[20..], [0x94, 4, 0, 0]);
            }
        }
    }
}

// conf: IP6-FRG-07
#[test]
fn what_fits_by_the_time_it_leaves_is_no_fragment() {
    for (path, header_len) in [(path("198.51.100.7"), 20), (path("2001:db8:1::7"), 40)] {
        let mut storage = Storage::<1, 4000>::new();
        let mut f = Fragmenter::new(&mut storage, Config::default());
        let data = octets(1400);
        let id = begin(&mut f, &path, UDP, &data).unwrap();
        let packets = drain(&mut f, id, || 1500);
        assert_eq!((packets.len(), packets[0].len()), (1, header_len + 1400));
        let p = parse(&packets[0]);
        assert_eq!((p.offset, p.more, p.protocol, p.data), (0, false, IpProtocol::UDP, &data[..]));
        assert_eq!(packets[0][6..8], if path.is_ipv6() { [17, 9] } else { [0, 0] });
    }
}

// conf: IP4-FRG-03
#[test]
fn what_must_not_be_fragmented_or_fits_no_buffer_is_refused_unfilled() {
    let never = |_: &mut [u8]| panic!("filled");
    let [v4, v6] = paths();
    let mut storage = vec![0; 70_000];
    let mut slots = [Slot::FREE];
    let mut f = Fragmenter::from_slices(&mut slots, &mut storage, Config::default());
    let df = Outgoing { flags: OutFlags::DONT_FRAGMENT, ..UDP };
    let alert = Outgoing { flags: OutFlags::ROUTER_ALERT, ..UDP };
    for (path, packet, options, len) in [
        (&v4, df, &[][..], 3000),
        (&v6, df, &[], 3000),
        (&v4, UDP, &[], 65_516),
        (&v4, UDP, &[1; 4], 65_512),
        (&v4, alert, &[], 65_512),
        (&v4, alert, &[1; 40], 3000),
        (&v4, UDP, &[1; 44], 3000),
        (&v4, UDP, &[1; 3], 3000),
        (&v6, UDP, &[], 65_536),
        (&v6, alert, &[], 65_528),
        (&v4, UDP, &[], usize::MAX),
        (&Path::EMPTY, UDP, &[], 100),
    ] {
        let refused = f.begin(NOW, &random(), path, packet, options, len, &mut { never });
        assert_eq!(refused, Err(BeginError::TooBig), "{path:?} {len}");
    }
    assert_eq!(f.statistics.too_big, 12);
    // The largest of each family pass.
    for (path, len) in [(&v4, 65_515), (&v6, 65_535)] {
        let id = begin(&mut f, path, UDP, &octets(len)).unwrap();
        let mut other = vec![0; 70_000];
        let mut slot = [reassembly::Slot::FREE];
        let mut table = Reassembly::from_slices(&mut slot, &mut other, reassembly::Config::default());
        assert_eq!(reassembled(&drain(&mut f, id, || 1280), &mut table), Some(octets(len)));
    }
    let mut none = Fragmenter::default();
    let refused = none.begin(NOW, &random(), &v4, UDP, &[], 100, &mut { never });
    assert_eq!((refused, none.max_segment_len()), (Err(BeginError::TooBig), 0), "waiting would not help");
}

#[test]
fn a_buffer_in_use_is_not_overwritten_and_room_is_told_once() {
    let [v4, v6] = paths();
    let mut storage = Storage::<2, 3000>::new();
    let mut f = Fragmenter::new(&mut storage, Config::default());
    let (a, b) = (octets(3000), vec![9; 3000]);
    let first = begin(&mut f, &v4, UDP, &a).unwrap();
    let second = begin(&mut f, &v6, UDP, &b).unwrap();
    assert_eq!(f.take_room(), InterfaceSet::NONE);
    let never = |_: &mut [u8]| panic!("filled");
    let refused = f.begin(NOW, &random(), &v4, UDP, &[], 3000, &mut { never });
    assert_eq!((refused, f.statistics.full), (Err(BeginError::Full), 1));
    assert_eq!(f.take_room(), InterfaceSet::NONE, "still none");
    let packets = drain(&mut f, first, || 1500);
    assert_eq!(f.take_room(), InterfaceSet::only(INTERFACE));
    assert_eq!(f.take_room(), InterfaceSet::NONE);
    let mut other = reassembly::Storage::<1, 3200>::new();
    let mut table = Reassembly::new(&mut other, reassembly::Config::default());
    assert_eq!(reassembled(&packets, &mut table), Some(a));
    assert_eq!(reassembled(&drain(&mut f, second, || 1500), &mut table), Some(b));
}

#[test]
fn the_oldest_leaves_first_and_one_that_waits_delays_no_other() {
    let [v4, v6] = paths();
    let elsewhere = Path { interface: InterfaceId(2), ..v4 };
    let mut storage = Storage::<4, 3000>::new();
    let mut f = Fragmenter::new(&mut storage, Config::default());
    let ids: Vec<_> =
        [v4, elsewhere, v6, v4].iter().map(|p| begin(&mut f, p, UDP, &octets(3000)).unwrap()).collect();
    assert_eq!(f.waiting(), InterfaceSet::only(INTERFACE).union(InterfaceSet::only(InterfaceId(2))));
    let in_order = |f: &Fragmenter<'_>| {
        let mut seen = Vec::new();
        while let Some(id) = f.next(INTERFACE, seen.last().copied()) {
            seen.push(id);
        }
        seen
    };
    assert_eq!(in_order(&f), [ids[0], ids[2], ids[3]]);
    assert_eq!(f.next(InterfaceId(2), None), Some(ids[1]));
    assert_eq!(f.next(InterfaceId(3), None), None);
    drain(&mut f, ids[2], || 1500);
    let newest = begin(&mut f, &v4, UDP, &octets(3000)).unwrap();
    assert_eq!(in_order(&f), [ids[0], ids[3], newest], "a slot used again is the youngest");
    assert_eq!(f.next(INTERFACE, Some(ids[2])), Some(ids[3]), "going on after one that is gone");
}

#[test]
fn a_piece_stays_the_same_until_it_was_sent() {
    for path in paths() {
        let mut storage = Storage::<1, 3000>::new();
        let mut f = Fragmenter::new(&mut storage, Config::default());
        let id = begin(&mut f, &path, UDP, &octets(3000)).unwrap();
        let first = f.piece(id, 1500).unwrap().header().to_vec();
        assert_eq!(f.piece(id, 1500).unwrap().header(), first);
        let len = f.piece(id, 1500).unwrap().payload.len();
        f.sent(id, len);
        assert_ne!(f.piece(id, 1500).unwrap().header(), first);
        let smallest = if path.is_ipv6() { 56 } else { 28 };
        assert!(f.piece(id, smallest).is_some());
        assert!(f.piece(id, smallest - 1).is_none(), "no room for eight octets");
        f.segment_mut(id).unwrap()[len] = 0xff;
        assert_eq!(f.piece(id, 1500).unwrap().payload[0], 0xff);
        f.path_mut(id).unwrap().mtu = 1280;
        assert_eq!(f.piece(id, 1500).unwrap().path.mtu(), 1280);
    }
}

#[test]
fn a_datagram_is_given_up_when_its_path_fails_or_its_time_is_over() {
    let [v4, v6] = paths();
    let mut storage = Storage::<3, 3000>::new();
    let mut f = Fragmenter::new(&mut storage, Config::default());
    let ids: Vec<_> = [v4, v6, v4].iter().map(|p| begin(&mut f, p, UDP, &octets(3000)).unwrap()).collect();
    f.abandon(ids[0], Abandon::Path);
    f.abandon(ids[1], Abandon::TooBig);
    f.abandon(ids[0], Abandon::Path);
    assert_eq!((f.statistics.path_failed, f.statistics.path_too_narrow), (1, 1), "a stale name names none");
    assert!(f.piece(ids[0], 1500).is_none() && f.path_mut(ids[0]).is_none());
    assert!(f.segment_mut(ids[0]).is_none());
    f.sent(ids[0], 8);
    let end = NOW + Duration::from_secs(30);
    assert_eq!(f.poll_at(), Some(end));
    f.on_timeout(Instant::from_micros(end.micros() - 1));
    assert_eq!((f.poll_at(), f.statistics.expired), (Some(end), 0));
    f.on_timeout(end);
    assert_eq!((f.poll_at(), f.statistics.expired), (None, 1));
    assert_eq!(f.next(INTERFACE, None), None);
}

// conf: IP4-FRG-04
#[test]
fn ipv4_identifications_do_not_repeat_within_a_lifetime() {
    let v4 = path("198.51.100.7");
    let (config, random) = (Config::default(), random());
    let mut ids = Identifications::default();
    let mut used: Vec<Option<u64>> = vec![None; 65_536];
    let mut taken = 0;
    // Ten lifetimes in steps of 2 ms, asking for all that can be had.
    for ms in (0..1_200_000).step_by(2) {
        let now = Instant::from_millis(ms);
        if let Some(id) = ids.next(now, &random, &v4, IpProtocol::UDP, &config) {
            let last = &mut used[usize::try_from(id & 0xffff).unwrap()];
            assert!(last.map_or(true, |last| ms - last >= 120_000), "{id} at {ms}");
            *last = Some(ms);
            taken += 1;
        }
    }
    assert_eq!(taken, 70 * 8_192, "and the limit is used");
    let no_limit = Config { lifetime: Duration::ZERO, ..config };
    assert!((0..70_000).all(|_| ids.next(NOW, &random, &v4, IpProtocol::UDP, &no_limit).is_some()));
    // A clock that steps back starts a new part and locks nobody out.
    let late = Instant::from_secs(1_000_000);
    while ids.next(late, &random, &v4, IpProtocol::UDP, &config).is_some() {}
    assert!(ids.next(NOW, &random, &v4, IpProtocol::UDP, &config).is_some());
}

// conf: IP4-FRG-04
#[test]
fn a_flow_without_identifications_is_refused_and_others_are_not() {
    let mut storage = Storage::<1, 100>::new();
    let mut f = Fragmenter::new(&mut storage, Config::default());
    let busy = path("198.51.100.7");
    for _ in 0..8_192 {
        let id = begin(&mut f, &busy, UDP, &[0; 100]).unwrap();
        f.abandon(id, Abandon::Path);
    }
    assert_eq!(begin(&mut f, &busy, UDP, &[0; 100]), Err(BeginError::Limited));
    assert_eq!((f.statistics.limited, f.take_room()), (1, InterfaceSet::NONE), "no reason to wait");
    let others = (0..100).filter(|i| {
        let id = begin(&mut f, &path(&alloc::format!("203.0.113.{i}")), UDP, &[0; 100]);
        id.map(|id| f.abandon(id, Abandon::Path)).is_ok()
    });
    assert!(others.count() > 80, "but for those that share the counter");
    assert!(begin(&mut f, &path("2001:db8:1::7"), UDP, &[0; 100]).is_ok(), "IPv6 has 32 bits");
}

// conf: IP6-FRG-11
#[test]
fn identifications_of_a_flow_say_nothing_of_another_and_depend_on_the_key() {
    let config = Config::default();
    let mut seen = Vec::new();
    for seed in 0..20 {
        let random = Random::new([seed; 32]);
        for path in [path("2001:db8:1::7"), path("2001:db8:1::8"), path("198.51.100.7")] {
            seen.push(
                Identifications::default().next(NOW, &random, &path, IpProtocol::UDP, &config).unwrap(),
            );
        }
    }
    seen.sort_unstable();
    assert!(seen.windows(2).all(|pair| pair[1] - pair[0] > 1), "60 of 2^32 are neither equal nor neighbours");
    // Receivers tell IPv6 datagrams apart without the protocol: two protocols share one sequence.
    let v6 = path("2001:db8:1::7");
    let mut ids = Identifications::default();
    let mut of_flow: Vec<_> =
        (0..100).map(|i| ids.next(NOW, &random(), &v6, IpProtocol(i % 2), &config).unwrap()).collect();
    of_flow.sort_unstable();
    of_flow.dedup();
    assert_eq!(of_flow.len(), 100);
}

/// Random lengths, MTUs that change from piece to piece, fragments shuffled and doubled: what goes in comes out.
// conf: IP4-FRG-02, IP4-RAS-01, IP4-RAS-12
#[test]
fn what_was_fragmented_is_reassembled() {
    for seed in 0..300 {
        let mut random = Random::new([u8::try_from(seed % 256).unwrap(); 32]);
        for _ in 0..seed / 256 {
            random.next_u64();
        }
        let mut below = |bound: u32| usize::try_from(random.below(bound)).unwrap();
        let path = paths()[below(2)];
        let data = octets(1 + below(9000));
        let mut storage = Storage::<1, 9000>::new();
        let mut f = Fragmenter::new(&mut storage, Config::default());
        let flags = if below(2) == 0 { OutFlags::ROUTER_ALERT } else { OutFlags::empty() };
        let id = begin(&mut f, &path, Outgoing { flags, ..UDP }, &data).unwrap();
        let least = if path.is_ipv6() { 1280 } else { 68 };
        let packets = drain(&mut f, id, || u16::try_from(least + below(1500)).unwrap());
        if packets.len() == 1 {
            assert_eq!(parse(&packets[0]).data, data, "seed {seed}");
            continue;
        }
        let mut shuffled = Vec::new();
        let mut left = packets.clone();
        while !left.is_empty() {
            let packet = left.swap_remove(below(u32::try_from(left.len()).unwrap()));
            if below(4) == 0 {
                shuffled.push(packet.clone());
            }
            shuffled.push(packet);
        }
        let mut other = reassembly::Storage::<1, 9300>::new();
        let mut table = Reassembly::new(&mut other, reassembly::Config::default());
        assert_eq!(reassembled(&shuffled, &mut table), Some(data), "seed {seed}");
    }
}
