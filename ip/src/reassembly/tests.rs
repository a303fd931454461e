extern crate alloc;
use super::*;
use crate::Random;
use alloc::vec;
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv6Addr};
use tersus_wire::checksum::Sum;

const UDP: IpProtocol = IpProtocol::UDP;
const ECT_1: u8 = 1;
const ECT_0: u8 = 2;
const CE: u8 = 3;

/// A fragment with the memory that it borrows from; the fields are what the tests vary.
#[derive(Clone)]
struct Sent {
    ipv6: bool,
    source: u8,
    protocol: IpProtocol,
    identification: u32,
    offset: usize,
    more: bool,
    ecn: u8,
    options: Vec<u8>,
    interface: InterfaceId,
    cast: Cast,
    data: Vec<u8>,
}

impl Sent {
    fn v4(offset: usize, more: bool, data: &[u8]) -> Self {
        Self {
            ipv6: false,
            source: 1,
            protocol: UDP,
            identification: 7,
            offset,
            more,
            ecn: 0,
            options: Vec::new(),
            interface: InterfaceId(0),
            cast: Cast::Unicast,
            data: data.to_vec(),
        }
    }

    fn v6(offset: usize, more: bool, data: &[u8]) -> Self {
        Self { ipv6: true, ..Self::v4(offset, more, data) }
    }

    fn addresses(&self) -> Vec<u8> {
        if self.ipv6 {
            let mut octets = vec![0; 32];
            octets[..2].copy_from_slice(if self.source >= 200 { &[0xfe, 0x80] } else { &[0x20, 1] });
            octets[15] = self.source;
            octets[31] = 99;
            octets
        } else {
            vec![192, 0, 2, self.source, 198, 51, 100, 99]
        }
    }

    fn header(&self) -> Vec<u8> {
        let field = u16::try_from(self.offset & 0xfff8).unwrap();
        if self.ipv6 {
            let len = u16::try_from(self.options.len() + 8 + self.data.len()).unwrap_or(0).to_be_bytes();
            let first = if self.options.is_empty() { 44 } else { 60 };
            let mut header = vec![0x60, self.ecn << 4, 0, 0, len[0], len[1], first, 61];
            header.extend(self.addresses());
            header.extend(&self.options);
            let [high, low] = (field | u16::from(self.more)).to_be_bytes();
            header.extend([self.protocol.0, 0, high, low]);
            header.extend(self.identification.to_be_bytes());
            header
        } else {
            let len = u16::try_from(20 + self.options.len() + self.data.len()).unwrap_or(0).to_be_bytes();
            let [id_high, id_low] = u16::try_from(self.identification).unwrap().to_be_bytes();
            let [high, low] = ((field / 8) | (u16::from(self.more) << 13)).to_be_bytes();
            let ihl = u8::try_from(5 + self.options.len() / 4).unwrap();
            let mut header = vec![
                0x40 | ihl,
                self.ecn,
                len[0],
                len[1],
                id_high,
                id_low,
                high,
                low,
                61,
                self.protocol.0,
                0,
                0,
            ];
            header.extend(self.addresses());
            header.extend(&self.options);
            header
        }
    }

    fn give<'t>(&self, table: &'t mut Reassembly<'_>, now: Instant) -> Outcome<'t> {
        let (addresses, header) = (self.addresses(), self.header());
        let addresses = if self.ipv6 {
            Addresses::V6(addresses.first_chunk().unwrap())
        } else {
            Addresses::V4(addresses.first_chunk().unwrap())
        };
        let fragment = Fragment {
            addresses,
            interface: self.interface,
            cast: self.cast,
            protocol: self.protocol,
            identification: self.identification,
            offset: u16::try_from(self.offset).unwrap(),
            more: self.more,
            flags: InFlags::empty(),
            header: &header,
            data: &self.data,
        };
        table.receive(now, &fragment)
    }
}

/// What an outcome says, without what it borrows.
#[derive(Debug, PartialEq, Eq)]
enum Said {
    Held,
    Dropped,
    Problem(u16),
    Complete(Vec<u8>),
}

fn said(outcome: Outcome<'_>) -> Said {
    match outcome {
        Outcome::Held => Said::Held,
        Outcome::Dropped => Said::Dropped,
        Outcome::Problem { pointer } => Said::Problem(pointer),
        Outcome::Complete(datagram) => Said::Complete(datagram.segment.to_vec()),
    }
}

fn secs(secs: u64) -> Instant {
    Instant::from_secs(secs)
}

fn give(table: &mut Reassembly<'_>, sent: &Sent) -> Said {
    said(sent.give(table, secs(1)))
}

fn counted(table: &Reassembly<'_>, name: &str) -> u32 {
    table.statistics.counters().into_iter().find(|(field, _)| *field == name).unwrap().1
}

fn octets(len: usize) -> Vec<u8> {
    (0..len).map(|i| u8::try_from(i * 7 % 251).unwrap()).collect()
}

/// Makes a fragment of one family: offset, whether more follow, data.
type Make = fn(usize, bool, &[u8]) -> Sent;

/// A datagram cut at these offsets.
fn cut(make: Make, data: &[u8], cuts: &[usize]) -> Vec<Sent> {
    let mut edges = vec![0];
    edges.extend(cuts);
    edges.push(data.len());
    edges.windows(2).map(|e| make(e[0], e[1] < data.len(), &data[e[0]..e[1]])).collect()
}

fn permutations(n: usize) -> Vec<Vec<usize>> {
    if n == 0 {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for shorter in permutations(n - 1) {
        for at in 0..n {
            let mut longer = shorter.clone();
            longer.insert(at, n - 1);
            all.push(longer);
        }
    }
    all
}

const FAMILIES: [Make; 2] = [Sent::v4, Sent::v6];

// conf: IP4-RAS-01, IP4-RAS-02, IP6-HDR-05
#[test]
fn four_fragments_in_any_order_make_one_datagram() {
    let data = octets(1500);
    for make in FAMILIES {
        let fragments = cut(make, &data, &[8, 520, 1400]);
        for order in permutations(4) {
            let mut storage = Storage::<1, 1552>::new();
            let mut table = Reassembly::new(&mut storage, Config::default());
            for at in &order[..3] {
                assert_eq!(give(&mut table, &fragments[*at]), Said::Held, "{order:?}");
            }
            assert_eq!(give(&mut table, &fragments[order[3]]), Said::Complete(data.clone()), "{order:?}");
            assert_eq!((table.poll_at(), counted(&table, "completed")), (None, 1));
        }
    }
}

// conf: IP4-RAS-12
#[test]
fn exact_duplicates_of_any_fragment_at_any_time_are_harmless() {
    let data = octets(100);
    for make in FAMILIES {
        let fragments = cut(make, &data, &[16, 48]);
        for order in permutations(3) {
            for again in 0..2 {
                let mut storage = Storage::<1, 200>::new();
                let mut table = Reassembly::new(&mut storage, Config::default());
                assert_eq!(give(&mut table, &fragments[order[0]]), Said::Held);
                assert_eq!(give(&mut table, &fragments[order[0]]), Said::Held);
                assert_eq!(give(&mut table, &fragments[order[1]]), Said::Held);
                assert_eq!(give(&mut table, &fragments[order[again]]), Said::Held, "{order:?} {again}");
                assert_eq!(give(&mut table, &fragments[order[2]]), Said::Complete(data.clone()));
                assert_eq!(counted(&table, "duplicates"), 2);
            }
        }
    }
}

// conf: IP4-RAS-07, IP4-RAS-08, IP6-FRG-05
#[test]
fn every_other_overlap_drops_the_datagram_and_what_comes_of_it_later() {
    let data = octets(64);
    for make in FAMILIES {
        let mut other = data.clone();
        other[20] ^= 1;
        // offset, end, source of the octets, more; [16, 48) is there already
        for (start, end, from, more) in [
            (0, 24, &data, true),   // overlaps the front
            (40, 64, &data, false), // overlaps the back
            (8, 56, &data, true),   // covers it
            (24, 32, &data, true),  // lies in it
            (16, 24, &data, true),  // starts with it, ends sooner
            (40, 48, &data, true),  // ends with it, starts later
            (16, 56, &data, true),  // starts with it, ends later
            (16, 48, &other, true), // the same place, other octets
        ] {
            let mut storage = Storage::<1, 200>::new();
            let mut table = Reassembly::new(&mut storage, Config::default());
            assert_eq!(give(&mut table, &make(16, true, &data[16..48])), Said::Held);
            assert_eq!(
                give(&mut table, &make(start, more, &from[start..end])),
                Said::Dropped,
                "{start} {end}"
            );
            assert_eq!(counted(&table, "overlapping"), 1, "{start} {end}");
            for rest in cut(make, &data, &[16, 48]) {
                assert_eq!(give(&mut table, &rest), Said::Dropped);
            }
            assert_eq!((counted(&table, "of_dropped"), counted(&table, "completed")), (3, 0));
            assert!(table.on_timeout(secs(61)).is_none(), "silently");
            assert_eq!(table.poll_at(), None);
            assert_eq!(said(make(0, true, &data[..8]).give(&mut table, secs(62))), Said::Held, "afterwards");
        }
    }
}

#[test]
fn two_cuts_of_the_same_octets_overlap() {
    let data = octets(64);
    let mut storage = Storage::<1, 200>::new();
    let mut table = Reassembly::new(&mut storage, Config::default());
    give(&mut table, &Sent::v6(0, true, &data[..16]));
    give(&mut table, &Sent::v6(16, true, &data[16..32]));
    assert_eq!(give(&mut table, &Sent::v6(0, true, &data[..32])), Said::Dropped);
}

// conf: IP4-RAS-03, IP6-FRG-01
#[test]
fn datagrams_with_another_key_do_not_mix() {
    let data = octets(32);
    for make in FAMILIES {
        let first = make(0, true, &data[..16]);
        let others = [
            Sent { source: 2, ..first.clone() },
            Sent { identification: 8, ..first.clone() },
            Sent { protocol: IpProtocol::TCP, ..first.clone() },
        ];
        for (i, other) in others.into_iter().enumerate() {
            let mut storage = Storage::<4, 100>::new();
            let mut table = Reassembly::new(&mut storage, Config { source_quota: 4, ..Config::default() });
            assert_eq!(give(&mut table, &first), Said::Held);
            let mine = Sent { offset: 16, more: false, data: data[16..].to_vec(), ..first.clone() };
            let theirs = Sent { offset: 16, more: false, data: vec![9; 8], ..other.clone() };
            // IPv6 knows no protocol until the first fragment: there it is a duplicate.
            let is_same = first.ipv6 && i == 2;
            assert_eq!(give(&mut table, &other), Said::Held);
            assert_eq!(counted(&table, "duplicates"), u32::from(is_same));
            assert_eq!(give(&mut table, &mine), Said::Complete(data.clone()));
            if !is_same {
                let want = [&data[..16], &[9; 8]].concat();
                assert_eq!(give(&mut table, &theirs), Said::Complete(want));
            }
        }
    }
}

#[test]
fn link_local_sources_are_told_apart_by_interface_and_others_are_not() {
    let data = octets(32);
    for (source, together) in [(200, false), (1, true)] {
        let mut storage = Storage::<2, 100>::new();
        let mut table = Reassembly::new(&mut storage, Config::default());
        give(&mut table, &Sent { source, ..Sent::v6(0, true, &data[..16]) });
        let last = Sent { source, interface: InterfaceId(1), ..Sent::v6(16, false, &data[16..]) };
        assert_eq!(give(&mut table, &last) == Said::Complete(data.clone()), together);
    }
}

// conf: IP4-RAS-04, IP4-RAS-05, IP4-RAS-06, IP6-FRG-02, ICM-V6-11
#[test]
fn time_is_over_a_minute_after_the_first_arrival_and_not_a_microsecond_sooner() {
    let data = octets(64);
    for make in FAMILIES {
        for has_first in [true, false] {
            let mut storage = Storage::<2, 100>::new();
            let mut table = Reassembly::new(&mut storage, Config::default());
            let (one, two) = if has_first { (0, 32) } else { (16, 40) };
            let interface = InterfaceId(3);
            let sent = Sent { interface, ..make(one, true, &data[one..one + 16]) };
            said(sent.give(&mut table, secs(10)));
            said(make(two, true, &data[two..two + 16]).give(&mut table, secs(69)));
            let end = secs(70);
            assert_eq!(table.poll_at(), Some(end), "not reset by the second");
            let before = Instant::from_micros(end.micros() - 1);
            assert!(table.on_timeout(before).is_none());
            assert_eq!(table.poll_at(), Some(end));
            let expired = table.on_timeout(end);
            assert_eq!(expired.is_some(), has_first);
            if let Some(expired) = expired {
                assert_eq!(expired.header, sent.header(), "as received");
                assert_eq!(expired.data, &data[..16]);
                assert_eq!((expired.interface, expired.cast), (interface, Cast::Unicast));
            }
            assert_eq!(counted(&table, "expired"), 1);
            assert!(table.on_timeout(end).is_none());
            assert_eq!(table.poll_at(), None);
        }
    }
}

// conf: IP4-RAS-04
#[test]
fn the_ipv4_timeout_is_configurable_and_ipv6_keeps_its_own() {
    let config = Config { ipv4_timeout: Duration::from_secs(120), ..Config::default() };
    let mut storage = Storage::<2, 100>::new();
    let mut table = Reassembly::new(&mut storage, config);
    said(Sent::v4(0, true, &[1; 8]).give(&mut table, secs(0)));
    assert_eq!(table.poll_at(), Some(secs(120)));
    said(Sent::v6(0, true, &[1; 8]).give(&mut table, secs(5)));
    assert_eq!(table.poll_at(), Some(secs(65)));
    assert!(table.on_timeout(secs(65)).is_some_and(|expired| expired.header[0] == 0x60));
    assert_eq!(table.poll_at(), Some(secs(120)));
    // A clock that jumps by a year gives all up, one a call.
    said(Sent::v6(0, true, &[1; 8]).give(&mut table, secs(66)));
    assert!(table.on_timeout(secs(31_536_000)).is_some());
    assert!(table.on_timeout(secs(31_536_000)).is_some());
    assert!(table.on_timeout(secs(31_536_000)).is_none());
}

// conf: IP4-RAS-09, IP6-FRG-04
#[test]
fn what_ends_beyond_the_largest_datagram_is_dropped() {
    let mut storage = Storage::<1, 67_584>::new();
    let mut table = Reassembly::new(&mut storage, Config::default());
    assert_eq!(table.max_segment_len(), 65_536);
    // IPv4: 65,535 less the header; the ping of death takes the datagram with it.
    assert_eq!(give(&mut table, &Sent::v4(0, true, &[1; 8])), Said::Held);
    assert_eq!(give(&mut table, &Sent::v4(65_512, false, &[1; 4])), Said::Dropped);
    assert_eq!(give(&mut table, &Sent::v4(8, false, &[1; 8])), Said::Dropped);
    assert_eq!((counted(&table, "too_long"), counted(&table, "of_dropped")), (1, 1));
    // IPv6: Payload Length of the whole; the fragment is dropped, the datagram goes on.
    let mut table = Reassembly::new(&mut storage, Config::default());
    assert_eq!(give(&mut table, &Sent::v6(0, true, &[1; 8])), Said::Held);
    assert_eq!(give(&mut table, &Sent::v6(65_528, false, &[1; 8])), Said::Problem(42));
    let options = vec![44, 0, 1, 4, 0, 0, 0, 0];
    let with_options = Sent { options: options.clone(), ..Sent::v6(65_520, false, &[1; 8]) };
    assert_eq!(give(&mut table, &with_options), Said::Problem(50), "behind another header");
    assert_eq!(counted(&table, "too_long"), 2);
    assert_eq!(give(&mut table, &Sent::v6(8, false, &[1; 3])), Said::Complete(vec![1; 11]));
}

#[test]
fn the_largest_datagrams_of_both_families_are_reassembled() {
    for (make, len) in [(FAMILIES[0], 65_515), (FAMILIES[1], 65_535)] {
        let data = octets(len);
        let mut storage = vec![0; 67_584];
        let mut slots = [Slot::FREE];
        let mut table = Reassembly::from_slices(&mut slots, &mut storage, Config::default());
        let cuts: Vec<usize> = (1..).map(|i| i * 1480).take_while(|at| *at < len).collect();
        let mut fragments = cut(make, &data, &cuts);
        fragments.reverse();
        let (last, others) = fragments.split_last().unwrap();
        for fragment in others {
            assert_eq!(give(&mut table, fragment), Said::Held);
        }
        assert_eq!(give(&mut table, last), Said::Complete(data));
    }
}

// conf: IP4-RAS-09
#[test]
fn a_first_fragment_whose_options_make_the_whole_too_long_is_no_datagram() {
    let mut storage = vec![0; 67_584];
    let mut slots = [Slot::FREE];
    let mut table = Reassembly::from_slices(&mut slots, &mut storage, Config::default());
    assert_eq!(give(&mut table, &Sent::v4(65_504, false, &[1; 11])), Said::Held);
    let data = vec![1; 65_496];
    assert_eq!(give(&mut table, &Sent::v4(8, true, &data)), Said::Held);
    let first = Sent { options: vec![1; 8], ..Sent::v4(0, true, &[1; 8]) };
    assert_eq!(give(&mut table, &first), Said::Dropped);
    assert_eq!((table.poll_at(), counted(&table, "too_long")), (None, 1));
}

// conf: IP4-RAS-10, IP6-FRG-03
#[test]
fn fragments_but_the_last_are_multiples_of_eight_octets() {
    for len in [1, 7, 9, 15] {
        let mut storage = Storage::<1, 100>::new();
        let mut table = Reassembly::new(&mut storage, Config::default());
        assert_eq!(give(&mut table, &Sent::v4(0, true, &vec![0; len])), Said::Dropped);
        assert_eq!(give(&mut table, &Sent::v6(0, true, &vec![0; len])), Said::Problem(4));
        assert_eq!((counted(&table, "bad_length"), table.poll_at()), (2, None), "nothing is kept");
    }
    for make in FAMILIES {
        let mut storage = Storage::<1, 100>::new();
        let mut table = Reassembly::new(&mut storage, Config::default());
        assert_eq!(give(&mut table, &make(0, true, &[])), Said::Dropped);
        assert_eq!(give(&mut table, &make(8, false, &[])), Said::Dropped);
        assert_eq!(counted(&table, "bad_length"), 2);
    }
}

// conf: IP4-RAS-11
#[test]
fn fragments_that_disagree_on_the_length_drop_the_datagram() {
    let data = octets(64);
    // two fragments that cannot be of one datagram: start, end, more
    for (one, two) in [
        ((16, 24, false), (24, 32, false)),
        ((24, 32, false), (8, 16, false)),
        ((16, 20, false), (16, 23, false)),
        ((16, 24, true), (8, 16, false)),
        ((16, 24, false), (24, 32, true)),
        ((16, 24, false), (16, 24, true)),
        ((16, 20, false), (16, 24, true)),
    ] {
        for make in FAMILIES {
            let mut storage = Storage::<1, 100>::new();
            let mut table = Reassembly::new(&mut storage, Config::default());
            assert_eq!(give(&mut table, &make(one.0, one.2, &data[one.0..one.1])), Said::Held);
            assert_eq!(
                give(&mut table, &make(two.0, two.2, &data[two.0..two.1])),
                Said::Dropped,
                "{one:?} {two:?}"
            );
            assert_eq!(counted(&table, "inconsistent"), 1, "{one:?} {two:?}");
        }
    }
}

// conf: IP4-RAS-13, IP6-FRG-12
#[test]
fn ecn_fields_are_merged_as_rfc_3168_says() {
    // ECN of the first and second fragment, of the whole; None: dropped
    for (first, second, want) in [
        (0, 0, Some(0)),
        (ECT_0, ECT_0, Some(ECT_0)),
        (ECT_1, ECT_1, Some(ECT_1)),
        (CE, CE, Some(CE)),
        (ECT_0, CE, Some(CE)),
        (CE, ECT_1, Some(CE)),
        (0, CE, None),
        (CE, 0, None),
        (ECT_0, ECT_1, Some(ECT_0)),
        (0, ECT_0, Some(0)),
    ] {
        for make in FAMILIES {
            for reversed in [false, true] {
                let mut storage = Storage::<1, 100>::new();
                let mut table = Reassembly::new(&mut storage, Config::default());
                let mut both = [
                    Sent { ecn: first, ..make(0, true, &[1; 8]) },
                    Sent { ecn: second, ..make(8, false, &[1; 8]) },
                ];
                if reversed {
                    both.reverse();
                }
                assert_eq!(give(&mut table, &both[0]), Said::Held);
                let got = match both[1].give(&mut table, secs(1)) {
                    Outcome::Complete(datagram) => {
                        let in_header = match datagram.header {
                            [0x45, tos, ..] => *tos,
                            [a, b, ..] => a << 4 | b >> 4,
                            _ => 99,
                        };
                        assert_eq!(in_header, datagram.traffic_class);
                        Some(datagram.traffic_class)
                    }
                    _ => None,
                };
                assert_eq!(got, want, "{first} {second} reversed {reversed}");
                assert_eq!(counted(&table, "ecn_mismatch"), u32::from(want.is_none()));
            }
        }
    }
}

// conf: IP6-FRG-09
#[test]
fn the_header_lent_is_that_of_a_datagram_never_fragmented() {
    let data = octets(24);
    let mut storage = Storage::<1, 100>::new();
    let mut table = Reassembly::new(&mut storage, Config::default());
    let options = vec![0x94, 4, 0, 0];
    let last = Sent { cast: Cast::Broadcast, ..Sent::v4(16, false, &data[16..]) };
    give(&mut table, &last);
    let first = Sent { options: options.clone(), ..Sent::v4(0, true, &data[..16]) };
    let Outcome::Complete(datagram) = first.give(&mut table, secs(1)) else { panic!() };
    assert_eq!(datagram.header.len(), 24);
    assert_eq!(datagram.header[..10], [0x46, 0, 0, 48, 0, 7, 0, 0, 61, 17]);
    assert_eq!(datagram.header[20..], options, "options of the first fragment");
    assert!(Sum::new().add_bytes(datagram.header).is_valid());
    assert_eq!(datagram.addresses.as_bytes(), first.addresses());
    assert_eq!((datagram.protocol, datagram.hop_limit), (UDP, 61));
    assert_eq!((datagram.cast, datagram.flags), (Cast::Broadcast, InFlags::FRAGMENTED), "the widest cast");

    let options = vec![44, 0, 1, 4, 0, 0, 0, 0];
    let first = Sent { options, ecn: ECT_0, ..Sent::v6(0, true, &data[..16]) };
    give(&mut table, &first);
    let last = Sent { protocol: IpProtocol::TCP, ecn: ECT_0, ..Sent::v6(16, false, &data[16..]) };
    let Outcome::Complete(datagram) = last.give(&mut table, secs(1)) else { panic!() };
    assert_eq!(datagram.header[..8], [0x60, 0x20, 0, 0, 0, 24, 17, 61]);
    assert_eq!((datagram.header.len(), datagram.header[8..].to_vec()), (40, first.addresses()));
    assert_eq!(datagram.protocol, UDP, "a later fragment's Next Header is ignored");
    assert_eq!(datagram.addresses.source(), IpAddr::V6(Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 1)));
    assert_eq!(datagram.segment, data);
}

// conf: IP4-RAS-16, IP6-FRG-13
#[test]
fn a_flood_of_first_fragments_blocks_neither_its_source_nor_others() {
    let data = octets(16);
    for make in FAMILIES {
        let mut storage = Storage::<4, 100>::new();
        let mut table = Reassembly::new(&mut storage, Config::default());
        give(&mut table, &Sent { source: 2, ..make(0, true, &data[..8]) });
        for identification in 1000..2000 {
            let flood = Sent { identification, ..make(0, true, &data[..8]) };
            assert_eq!(give(&mut table, &flood), Said::Held);
        }
        assert_eq!((counted(&table, "over_quota"), counted(&table, "evicted")), (998, 0));
        let other = Sent { source: 2, ..make(8, false, &data[8..]) };
        assert_eq!(give(&mut table, &other), Said::Complete(data.clone()), "another's work is unharmed");
        let newest = Sent { identification: 1999, ..make(8, false, &data[8..]) };
        assert_eq!(give(&mut table, &newest), Said::Complete(data.clone()), "the oldest made room");
    }
}

// conf: IP4-RAS-16
#[test]
fn a_full_table_gives_up_the_oldest_and_dropped_ones_first() {
    let data = octets(16);
    let mut storage = Storage::<3, 100>::new();
    let mut table = Reassembly::new(&mut storage, Config::default());
    let of = |source, offset| {
        let range = offset..offset + 8;
        Sent { source, ..Sent::v4(offset, offset == 0, &data[range]) }
    };
    for source in [1, 2, 3] {
        said(of(source, 0).give(&mut table, secs(u64::from(source))));
    }
    // 2 is dropped for overlapping: it goes before 1, which is older.
    let overlap = Sent { data: vec![9; 8], ..of(2, 0) };
    assert_eq!(said(overlap.give(&mut table, secs(4))), Said::Dropped);
    assert_eq!(said(of(4, 0).give(&mut table, secs(5))), Said::Held);
    assert_eq!(table.poll_at(), Some(secs(61)), "1 is still there");
    assert_eq!(said(of(5, 0).give(&mut table, secs(6))), Said::Held);
    assert_eq!(counted(&table, "evicted"), 2);
    assert_eq!(table.poll_at(), Some(secs(63)), "3 is now the oldest");
    for source in [3, 4, 5] {
        assert_eq!(said(of(source, 8).give(&mut table, secs(7))), Said::Complete(data.clone()), "{source}");
    }
}

/// What began before the clock stepped back would be given up a year later, and outlive all that is newer.
#[test]
fn after_a_step_back_of_the_clock_what_began_before_it_makes_room_first() {
    let data = octets(16);
    let mut storage = Storage::<3, 100>::new();
    let mut table = Reassembly::new(&mut storage, Config::default());
    let of = |source, offset| {
        let range = offset..offset + 8;
        Sent { source, ..Sent::v4(offset, offset == 0, &data[range]) }
    };
    for source in [1, 2, 3] {
        assert_eq!(said(of(source, 0).give(&mut table, secs(31_536_000))), Said::Held);
    }
    for source in [4, 5, 6] {
        assert_eq!(said(of(source, 0).give(&mut table, secs(1))), Said::Held);
    }
    for source in [4, 5, 6] {
        assert_eq!(said(of(source, 8).give(&mut table, secs(2))), Said::Complete(data.clone()), "{source}");
    }
}

// conf: IP4-RAS-04, IP6-FRG-02
#[test]
fn a_fragment_that_comes_too_late_completes_nothing() {
    for make in FAMILIES {
        // When the second fragment comes, whether it is in time; nobody looked at the time before.
        for (at, in_time) in [(secs(61), true), (secs(61).plus_micros(1), false), (secs(500), false)] {
            let mut storage = Storage::<2, 100>::new();
            let mut table = Reassembly::new(&mut storage, Config::default());
            assert_eq!(said(make(0, true, &[1; 8]).give(&mut table, secs(1))), Said::Held);
            let second = said(make(8, false, &[1; 8]).give(&mut table, at));
            assert_eq!(second, if in_time { Said::Complete(vec![1; 16]) } else { Said::Dropped });
            assert_eq!(table.on_timeout(at).is_some(), !in_time, "the sender is told");
            assert_eq!(counted(&table, "of_dropped"), u32::from(!in_time));
        }
    }
}

#[test]
fn a_single_slot_is_never_blocked() {
    let mut storage = Storage::<1, 100>::new();
    let mut table = Reassembly::new(&mut storage, Config::default());
    for identification in 0..10 {
        let at = secs(60 * u64::from(identification));
        let bogus = Sent { identification, ..Sent::v4(8, true, &[0; 8]) };
        said(bogus.give(&mut table, at));
        let good = Sent { identification: 100 + identification, ..Sent::v4(0, true, &[1; 8]) };
        assert_eq!(said(good.give(&mut table, at)), Said::Held);
        let good = Sent { offset: 8, more: false, ..good };
        assert_eq!(said(good.give(&mut table, at)), Said::Complete(vec![1; 16]));
    }
}

// conf: IP4-RAS-09, IP4-RAS-14
#[test]
fn what_does_not_fit_the_buffer_is_dropped_whole() {
    let mut storage = Storage::<1, 100>::new();
    let mut table = Reassembly::new(&mut storage, Config::default());
    assert_eq!(table.max_segment_len(), 96);
    assert_eq!(give(&mut table, &Sent::v4(96, false, &[1; 1])), Said::Dropped);
    assert_eq!(table.poll_at(), None, "no slot is taken for it");
    assert_eq!(give(&mut table, &Sent::v4(0, true, &[1; 88])), Said::Held);
    assert_eq!(give(&mut table, &Sent::v4(88, false, &[1; 9])), Said::Dropped);
    assert_eq!(give(&mut table, &Sent::v4(88, false, &[1; 8])), Said::Dropped);
    assert_eq!((counted(&table, "beyond_buffer"), counted(&table, "of_dropped")), (2, 1));
    let other = Sent { source: 2, ..Sent::v4(0, true, &[1; 88]) };
    assert_eq!(give(&mut table, &other), Said::Held);
    let other = Sent { source: 2, ..Sent::v4(88, false, &[1; 8]) };
    assert_eq!(give(&mut table, &other), Said::Complete(vec![1; 96]), "exactly full");
}

#[test]
fn tables_and_buffers_of_any_size_are_legal() {
    for slots in [0, 1, 3] {
        for len in [0, 1, 9, 10, 11, 30, 31, 32, 99, 700] {
            let mut slots = vec![Slot::FREE; slots];
            let mut buffers = vec![0; len];
            let mut table = Reassembly::from_slices(&mut slots, &mut buffers, Config::default());
            let capacity = table.max_segment_len();
            assert!(capacity % 8 == 0 && capacity + 2 * (capacity / 8).div_ceil(8) <= len.max(1));
            for make in FAMILIES {
                let said = give(&mut table, &make(0, true, &[1; 8]));
                assert_eq!(said == Said::Held, capacity >= 8, "{len}");
                let said = give(&mut table, &make(8, false, &[1; 8]));
                assert_eq!(said == Said::Complete(vec![1; 16]), capacity >= 16, "{len}");
            }
        }
    }
    for share in 0..5000 {
        let blocks = blocks_in(share);
        assert!(blocks * 8 + 2 * blocks.div_ceil(8) <= share, "{share}");
        assert!((blocks + 1) * 8 + 2 * (blocks + 1).div_ceil(8) > share, "{share} holds more");
    }
    assert_eq!(blocks_in(usize::MAX), 8192);
}

#[test]
fn long_headers_are_cut_for_the_quote() {
    let mut storage = Storage::<1, 100>::new();
    let mut table = Reassembly::new(&mut storage, Config::default());
    // 40 + 48 + 8: the longest that is kept whole.
    let fits = Sent { options: vec![0; 48], ..Sent::v6(0, true, &[1; 8]) };
    give(&mut table, &fits);
    let expired = table.on_timeout(secs(61)).unwrap();
    assert_eq!((expired.header, expired.data), (&fits.header()[..], &[1; 8][..]));
    let cut = Sent { options: vec![0; 56], ..Sent::v6(0, true, &[1; 8]) };
    said(cut.give(&mut table, secs(100)));
    let expired = table.on_timeout(secs(160)).unwrap();
    assert_eq!((expired.header, expired.data.len()), (&cut.header()[..96], 0));
    said(cut.give(&mut table, secs(200)));
    assert_eq!(said(Sent::v6(8, false, &[1; 1]).give(&mut table, secs(200))), Said::Complete(vec![1; 9]));
}

#[test]
fn an_empty_slot_is_all_zeros_and_a_taken_table_is_empty() {
    let slot = Slot::FREE;
    assert_eq!((slot.state as u8, slot.cast as u8), (0, 0));
    let mut storage = Storage::<1, 100>::new();
    let mut table = Reassembly::new(&mut storage, Config::default());
    let mut taken = core::mem::take(&mut table);
    assert_eq!(give(&mut taken, &Sent::v4(0, true, &[1; 8])), Said::Held);
    assert_eq!(give(&mut table, &Sent::v4(0, true, &[1; 8])), Said::Dropped);
    assert_eq!(counted(&table, "no_table"), 1);
}

/// Cuts a datagram at random places, shuffles the fragments, doubles some, mixes several datagrams.
// conf: IP4-RAS-01, IP4-RAS-12
#[test]
fn what_was_cut_anyhow_is_whole_again() {
    for seed in 0..200 {
        let mut random = Random::new([seed; 32]);
        let mut storage = Storage::<4, 3200>::new();
        let mut table = Reassembly::new(&mut storage, Config { source_quota: 4, ..Config::default() });
        let mut waiting = Vec::new();
        let mut datagrams = Vec::new();
        for identification in 0..4 {
            let len = 9 + usize::try_from(random.below(3000)).unwrap();
            let data: Vec<u8> = (0..len).map(|_| random.next_u64().to_le_bytes()[0]).collect();
            let mut cuts: Vec<usize> =
                (0..random.below(12)).map(|_| 8 * usize::try_from(random.below(400)).unwrap()).collect();
            cuts.retain(|at| *at > 0 && *at < len);
            cuts.push(8);
            cuts.sort_unstable();
            cuts.dedup();
            let make = FAMILIES[usize::try_from(random.below(2)).unwrap()];
            for fragment in cut(make, &data, &cuts) {
                let copies = 1 + usize::from(random.below(4) == 0);
                waiting.extend(vec![Sent { identification, ..fragment }; copies]);
            }
            datagrams.push(data);
        }
        let mut completed = vec![0; 4];
        while !waiting.is_empty() {
            let at = usize::try_from(random.below(u32::try_from(waiting.len()).unwrap())).unwrap();
            let fragment = waiting.swap_remove(at);
            let index = usize::try_from(fragment.identification).unwrap();
            match give(&mut table, &fragment) {
                Said::Held => {}
                Said::Complete(data) => {
                    assert_eq!(data, datagrams[index], "seed {seed} datagram {index}");
                    completed[index] += 1;
                    // What is still to come of it are duplicates, which would start it again.
                    waiting.retain(|other| other.identification != fragment.identification);
                }
                other => panic!("seed {seed}: {other:?}"),
            }
        }
        assert_eq!(completed, [1; 4], "seed {seed}");
        assert_eq!(table.poll_at(), None, "seed {seed}");
    }
}

/// Anything may be given, in any order, at any time: nothing panics, and `poll_at` and `on_timeout` agree.
#[test]
fn the_table_is_total() {
    for seed in 0..60 {
        let mut random = Random::new([seed; 32]);
        let mut slots = vec![Slot::FREE; usize::from(seed % 5)];
        let mut buffers = vec![0; usize::try_from(random.below(600)).unwrap()];
        let mut table = Reassembly::from_slices(&mut slots, &mut buffers, Config::default());
        let mut now = 0;
        for _ in 0..2000 {
            let mut below = |bound| usize::try_from(random.below(bound)).unwrap();
            let make = FAMILIES[below(2)];
            let offset = if below(10) == 0 { below(65_536) } else { below(20) * 8 };
            let mut sent = make(offset, below(2) == 0, &vec![0; below(4) * 8 + below(8) / 7]);
            sent.identification = u32::try_from(below(3)).unwrap();
            sent.source = u8::try_from(below(3)).unwrap();
            sent.ecn = u8::try_from(below(4)).unwrap();
            sent.options = vec![0; below(3) * 4];
            now = if below(50) == 0 { random.next_u64() } else { now + 1_000_000 };
            let now = Instant::from_micros(now);
            said(sent.give(&mut table, now));
            let is_due = table.poll_at().is_some_and(|at| at <= now);
            let before = (table.poll_at(), counted(&table, "expired"));
            while table.on_timeout(now).is_some() {}
            assert!(table.poll_at().map_or(true, |at| at > now), "seed {seed}");
            let after = (table.poll_at(), counted(&table, "expired"));
            assert_eq!(
                before != after,
                is_due,
                "seed {seed}: polling at poll_at does something, before nothing"
            );
        }
    }
}
