//! Fragments of a small host: put together in any order, refused when they do not fit each other, and sent as the link
//! has room.

use crate::small::{kinds, Small};
use crate::support::*;
use crate::totality::{check, mutate};
use tersus_ip::small::{FragmentStorage, CUTS_MAX};
use tersus_ip::{Cast, InFlags, Instant, OutFlags, Outgoing, Progress, Random, Reject, Routes, RxChecksum};
use tersus_ip::{SendError, Source, Verdict};
use tersus_phy::LinkEvents;
use tersus_wire::ipv4::{self, Flags};
use tersus_wire::{arp, EtherType, IpProtocol};

const LEN: usize = 2048;

fn host() -> Small {
    let mut host = Small::new();
    let storage: &'static mut FragmentStorage<LEN> = Box::leak(Box::default());
    host.ip.use_fragments(storage, [7; 32]);
    host
}

/// Octets of a datagram.
fn octets(len: usize) -> Vec<u8> {
    (0..len).map(|at| u8::try_from(at % 251).unwrap()).collect()
}

/// One fragment of `octets(whole)`.
fn fragment(identification: u16, start: usize, end: usize, whole: usize) -> Vec<u8> {
    cut(identification, start, &octets(whole)[start..end], end < whole)
}

fn cut(identification: u16, start: usize, data: &[u8], more: bool) -> Vec<u8> {
    let len = u16::try_from(data.len()).unwrap();
    let mut repr = ipv4::Repr::new(IpProtocol::UDP, v4("192.0.2.9"), v4("192.0.2.1"), len);
    repr.identification = identification;
    repr.flags = if more { Flags::MORE_FRAGMENTS } else { Flags::empty() };
    repr.fragment_offset = u16::try_from(start).unwrap();
    packet_v4_with(repr, &[], data)
}

fn counter(host: &Small, name: &str) -> u32 {
    let counters = host.ip.fragment_statistics().unwrap().counters();
    counters.iter().find(|(n, _)| *n == name).unwrap_or_else(|| panic!("no counter {name}")).1
}

fn knows(host: &mut Small) {
    host.arp(arp::Operation::Request, PEER, "192.0.2.9", "192.0.2.1");
}

#[test]
fn what_a_device_says_of_a_fragment_s_checksum_is_not_the_datagram_s() {
    let mut host = host();
    host.link.rx_checksum = RxChecksum::Verified;
    host.packet(fragment(7, 0, 8, 8));
    host.packet(fragment(8, 0, 512, 999));
    host.packet(fragment(8, 512, 999, 999));
    let checksums: Vec<_> = host.transport.got.iter().map(|got| got.checksum).collect();
    assert_eq!(checksums, [RxChecksum::Verified, RxChecksum::Unknown]);
}

#[test]
fn fragments_come_together_in_any_order() {
    let cuts = [(0, 512), (512, 1024), (1024, 1032), (1032, 1999)];
    for order in [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1], [1, 3, 0, 2]] {
        let mut host = host();
        for (number, cut) in order.into_iter().enumerate() {
            assert!(host.transport.got.is_empty());
            let (start, end) = cuts[cut];
            host.packet(fragment(7, start, end, 1999));
            // What comes twice does no harm.
            if number < 3 {
                host.packet(fragment(7, start, end, 1999));
            }
        }
        let [got] = &host.transport.got[..] else { panic!("one datagram, {order:?}") };
        assert_eq!(got.segment, octets(1999), "{order:?}");
        assert_eq!(got.flags, InFlags::FRAGMENTED);
        assert_eq!((counter(&host, "completed"), counter(&host, "duplicates")), (1, 3));
    }
}

#[test]
fn what_does_not_fit_together_is_dropped() {
    // First fragment, what comes then (start, end, more), the counter.
    for (then, counted) in [
        ((504, 1024, true), "conflicting"),
        ((0, 1024, true), "conflicting"),
        ((8, 16, true), "conflicting"),
        ((8, 504, false), "conflicting"),
        ((504, 511, false), "conflicting"),
        ((512, 1023, true), "bad_length"),
        ((512, 512, true), "bad_length"),
        ((512, 512, false), "bad_length"),
        ((2040, 2049, false), "beyond_buffer"),
        ((2048, 2056, true), "beyond_buffer"),
        ((65_528, 65_528 + 512, false), "beyond_buffer"),
    ] {
        let mut host = host();
        host.packet(cut(7, 0, &octets(512), true));
        let (start, end, more) = then;
        host.packet(cut(7, start, &vec![9; end - start], more));
        assert_eq!(counter(&host, counted), 1, "{then:?}");
        assert!(host.transport.got.is_empty(), "{then:?}");
        if counted == "conflicting" {
            // Nothing of it is left.
            host.packet(fragment(7, 512, 1024, 1024));
            assert!(host.transport.got.is_empty(), "{then:?}");
        }
    }
}

#[test]
fn nothing_lies_behind_the_last_fragment() {
    for (start, end, more) in [(512, 1024, true), (1024, 1032, false), (0, 1000, true), (8, 800, false)] {
        let mut host = host();
        host.packet(cut(7, 512, &octets(488), false));
        host.packet(cut(7, start, &octets(end - start), more));
        assert_eq!(counter(&host, "conflicting"), 1, "{start} {end}");
    }
    // The last, and then one that was beyond it.
    let mut host = host();
    host.packet(cut(7, 1024, &octets(8), true));
    host.packet(cut(7, 512, &octets(488), false));
    assert_eq!(counter(&host, "conflicting"), 1);
}

#[test]
fn a_datagram_has_so_many_fragments_and_no_more() {
    for (number, completed) in [(CUTS_MAX, 1), (CUTS_MAX + 1, 0)] {
        let mut host = host();
        for at in 0..number {
            host.packet(fragment(7, at * 8, at * 8 + 8, number * 8));
        }
        assert_eq!(counter(&host, "completed"), completed);
        assert_eq!(counter(&host, "too_many"), 1 - completed);
    }
}

#[test]
fn nobody_blocks_what_comes_later() {
    let mut host = host();
    host.packet(fragment(1, 0, 512, 1024));
    host.packet(fragment(2, 0, 512, 1024));
    host.packet(fragment(2, 512, 1024, 1024));
    assert_eq!((counter(&host, "completed"), counter(&host, "evicted")), (1, 1));
    // What was taken away is not completed by its other half.
    host.packet(fragment(1, 512, 1024, 1024));
    assert_eq!(counter(&host, "completed"), 1);
}

#[test]
fn what_can_be_no_part_of_a_datagram_takes_the_place_of_none() {
    // start, length, more, the counter
    for (start, len, more, counted) in [
        (0, 511, true, "bad_length"),
        (512, 0, true, "bad_length"),
        (512, 0, false, "bad_length"),
        (2040, 9, false, "beyond_buffer"),
        (65_528, 512, false, "beyond_buffer"),
    ] {
        for other in [1, 2] {
            let mut host = host();
            host.packet(fragment(1, 0, 512, 1024));
            host.packet(cut(other, start, &vec![9; len], more));
            host.packet(fragment(1, 512, 1024, 1024));
            let counters = [counted, "evicted", "completed"].map(|name| counter(&host, name));
            assert_eq!(counters, [1, 0, 1], "{start} {len}, datagram {other}");
            assert_eq!(host.transport.got[0].segment, octets(1024));
        }
    }
}

#[test]
fn what_is_too_old_is_not_added_to() {
    for (after, completed) in [(59_999, 1), (60_000, 0)] {
        let mut host = host();
        host.packet(fragment(1, 0, 512, 1024));
        host.now = Instant::from_millis(1000 + after);
        host.packet(fragment(1, 512, 1024, 1024));
        assert_eq!(counter(&host, "completed"), completed, "{after} ms");
    }
}

#[test]
fn other_sources_and_protocols_are_other_datagrams() {
    let mut host = host();
    host.packet(fragment(1, 0, 512, 1024));
    let mut other = fragment(1, 512, 1024, 1024);
    // Its source becomes 192.0.2.10.
    other[15] = 10;
    other[10..12].copy_from_slice(&[0, 0]);
    let checksum = tersus_wire::checksum::Sum::new().add_bytes(&other[..20]).checksum();
    other[10..12].copy_from_slice(&checksum.to_be_bytes());
    host.packet(other);
    assert_eq!(counter(&host, "completed"), 0);
}

#[test]
fn without_memory_fragments_are_refused() {
    let mut host = Small::new();
    assert!(host.ip.fragment_statistics().is_none());
    host.packet(fragment(1, 0, 8, 16));
    assert_eq!(host.counter("fragment_refused"), 1);
    let storage: &'static mut FragmentStorage<0> = Box::leak(Box::default());
    host.ip.use_fragments(storage, [7; 32]);
    host.packet(fragment(1, 0, 8, 16));
    assert_eq!(counter(&host, "beyond_buffer"), 1);
}

#[test]
fn large_datagrams_leave_in_fragments() {
    let mut host = host();
    knows(&mut host);
    host.send("192.0.2.9", udp(), 2001);
    let sent = host.run();
    assert_eq!(kinds(&sent), ["UDP 1480", "UDP 521"]);
    let mut whole = Vec::new();
    let identification = sent[0].v4().header().identification();
    for (piece, more) in sent.iter().zip([true, false]) {
        let header = piece.v4().header();
        assert_eq!(piece.to, PEER);
        assert_eq!(usize::from(header.fragment_offset()), whole.len());
        assert_eq!(header.flags(), if more { Flags::MORE_FRAGMENTS } else { Flags::empty() });
        assert_eq!((header.identification(), header.hop_limit()), (identification, 64));
        whole.extend_from_slice(piece.v4().payload());
    }
    assert_eq!(whole, octets(2001));
    host.send("192.0.2.9", udp(), 2001);
    let next = host.run()[0].v4().header().identification();
    assert_eq!(next, identification.wrapping_add(1));
    assert_eq!(host.counter("fragments_sent"), 4);
}

#[test]
fn fragments_wait_for_the_link_and_the_next_datagram_for_them() {
    let mut host = host();
    knows(&mut host);
    host.link.room = 0;
    host.send("192.0.2.9", udp(), 2001);
    host.send("192.0.2.9", Outgoing { hop_limit: KEEP, ..udp() }, 1900);
    assert!(host.run().is_empty());
    assert_eq!(host.transport.sending[0].result, Some(Err(SendError::Full)));
    let mut sizes = Vec::new();
    for _ in 0..6 {
        host.link.room = 1;
        host.link.events = LinkEvents::ROOM;
        sizes.extend(kinds(&host.run()));
    }
    assert_eq!(sizes, ["UDP 1480", "UDP 521", "UDP 1480", "UDP 420"]);
}

#[test]
fn what_may_not_or_cannot_be_fragmented_is_refused() {
    let fixed = Outgoing { flags: OutFlags::DONT_FRAGMENT, hop_limit: KEEP, ..udp() };
    for (to, packet, len) in [
        ("192.0.2.9", fixed, 1600),
        ("192.0.2.9", Outgoing { hop_limit: KEEP, ..udp() }, LEN + 1),
        ("192.0.2.9", Outgoing { hop_limit: KEEP, ..udp() }, 70_000),
        ("ff02::1", Outgoing { hop_limit: KEEP, ..udp() }, 1600),
    ] {
        let mut host = host();
        knows(&mut host);
        host.send(to, packet, len);
        assert!(host.run().is_empty(), "{len} to {to}");
        assert!(
            matches!(host.transport.sending[0].result, Some(Err(SendError::TooBig(1500)))),
            "{len} to {to}"
        );
    }
}

#[test]
fn a_reply_to_fragments_goes_back_in_fragments() {
    let mut host = host();
    knows(&mut host);
    host.transport.verdict = Verdict::Reply(2000);
    host.packet(fragment(1, 0, 1480, 2000));
    let sent = host.packet(fragment(1, 1480, 2000, 2000));
    assert_eq!(kinds(&sent), ["UDP 1480", "UDP 520"]);
    // And the buffer is there again.
    host.packet(fragment(2, 0, 1480, 2000));
    assert_eq!(host.packet(fragment(2, 1480, 2000, 2000)).len(), 2);
    // No error is sent about what came in fragments.
    host.transport.verdict = Verdict::Reject(Reject::PortUnreachable);
    host.packet(fragment(3, 0, 1480, 2000));
    assert!(host.packet(fragment(3, 1480, 2000, 2000)).is_empty());
    assert_eq!(host.counter("errors_suppressed"), 1);
}

#[test]
fn all_but_the_last_are_multiples_of_eight_octets() {
    let mut host = host();
    knows(&mut host);
    host.ip.set_mtu(1499).unwrap();
    host.send("192.0.2.9", udp(), 2000);
    let sent = host.run();
    assert_eq!(sent.iter().map(|sent| sent.octets.len() - 20).collect::<Vec<_>>(), [1472, 528]);
    assert_eq!(sent[1].v4().header().fragment_offset(), 1472);
}

#[test]
fn no_datagram_is_larger_than_the_largest_packet() {
    let mut host = Small::new();
    let storage: &'static mut FragmentStorage<65_535> = Box::leak(Box::default());
    host.ip.use_fragments(storage, [7; 32]);
    // With 20 octets of header: up to 65,515 behind it.
    for (end, beyond) in [(65_515, 0), (65_516, 1)] {
        host.packet(cut(7, 65_512, &vec![9; end - 65_512], false));
        assert_eq!(counter(&host, "beyond_buffer"), beyond, "{end}");
    }
}

#[test]
fn a_budget_bounds_the_fragments_of_a_turn() {
    let mut host = host();
    knows(&mut host);
    host.ip.set_mtu(1280).unwrap();
    host.send("192.0.2.9", udp(), 2000);
    let mut turns = Vec::new();
    loop {
        let progress = host.ip.poll_bounded(host.now, 1, &mut host.link, &mut (&mut host.transport,));
        turns.push(host.link.take_sent().len());
        if progress != Progress::More {
            break;
        }
    }
    assert!(turns.iter().all(|sent| *sent <= 1), "{turns:?}");
    assert_eq!(turns.iter().sum::<usize>(), 2, "{turns:?}");
}

#[test]
fn a_link_that_takes_no_fragment_ends_the_datagram() {
    let mut host = host();
    knows(&mut host);
    host.link.room = 0;
    host.send("192.0.2.9", udp(), 2000);
    host.run();
    host.link.room = usize::MAX;
    host.link.properties.mtu = 1000;
    host.link.events = LinkEvents::ROOM;
    host.run();
    knows(&mut host);
    host.send("192.0.2.9", udp(), 500);
    assert_eq!(host.run().len(), 1);
}

#[test]
fn hostile_fragments_and_a_jumping_clock_do_no_harm() {
    for seed in 0..4_u8 {
        let mut random = Random::new([seed; 32]);
        let mut host = host();
        let mut below = |bound: usize| usize::try_from(random.below(u32::try_from(bound).unwrap())).unwrap();
        let mut damage = Random::new([seed + 100; 32]);
        for _ in 0..20_000 {
            let verdicts = [Verdict::Done, Verdict::Reply(8), Verdict::Reply(u16::MAX), Verdict::NotMine];
            host.transport.verdict = verdicts[below(verdicts.len())];
            let start = [0, 8, 64, 512, 1480, 2040, 8 * below(8192)][below(7)].min(65_528);
            let len = [0, 1, 8, 64, 512, 1480, below(1481)][below(7)];
            let id = u16::try_from(below(3)).unwrap();
            let mut frame = cut(id, start, &octets(len), below(2) == 0);
            if below(2) == 0 {
                mutate(&mut damage, EtherType::IPV4, &mut frame);
            }
            let cast = [Cast::Unicast, Cast::Unicast, Cast::Broadcast][below(3)];
            host.arrive_as(PEER, cast, EtherType::IPV4, frame);
            host.link.room = below(3);
            host.link.events = if below(2) == 0 { LinkEvents::ROOM } else { LinkEvents::empty() };
            host.now = match below(200) {
                0 => Instant::from_micros(u64::MAX - 5),
                1 => Instant::from_millis(1),
                2 => Instant::from_micros(host.now.micros() / 2),
                _ => Instant::from_micros(host.now.micros().saturating_add(1000)),
            };
            if below(20) == 0 {
                if let Ok(path) = host.ip.route(Source::ANY, ip("192.0.2.9")) {
                    host.transport.queue(path, udp(), below(2200));
                }
            }
            host.ip.poll_bounded(host.now, below(4), &mut host.link, &mut (&mut host.transport,));
            for sent in host.link.take_sent() {
                check(&sent);
            }
            for got in host.transport.got.drain(..) {
                assert!(got.segment.len() <= LEN);
            }
        }
        // And it still works.
        host.link.room = usize::MAX;
        host.link.events = LinkEvents::ROOM;
        host.transport.sending.clear();
        host.transport.verdict = Verdict::Done;
        host.now = Instant::from_millis(host.now.millis().min(1 << 40) + 120_000);
        host.run();
        host.transport.got.clear();
        host.packet(fragment(9, 0, 512, 1000));
        host.packet(fragment(9, 512, 1000, 1000));
        assert_eq!(host.transport.got.len(), 1, "seed {seed}");
    }
}
