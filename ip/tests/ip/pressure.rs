//! Full transmitters, large datagrams, fragments both ways.

use crate::support::*;
use tersus_ip::{
    Cast, ChecksumOffload, Config, InFlags, InterfaceId, IpLayer, OutFlags, Outgoing, Routes, SendError,
    Source, TxChecksum, Verdict,
};
use tersus_phy::LinkEvents;
use tersus_wire::{ipv4, ipv6_ext, IpProtocol};

const ETH: InterfaceId = InterfaceId(0);

fn known() -> Host {
    let mut host = Host::ethernet();
    for address in ["192.0.2.9", "2001:db8::9"] {
        host.ip.add_neighbour(ETH, ip(address), PEER).unwrap();
    }
    host.run();
    host
}

#[test]
fn a_full_link_silences_its_interface_and_no_other() {
    let mut host = Host::new(vec![FakeLink::ethernet(), FakeLink::ethernet()]);
    host.ip.add_address(ETH, cidr("192.0.2.1/24")).unwrap();
    host.ip.add_address(InterfaceId(1), cidr("198.51.100.1/24")).unwrap();
    host.ip.add_neighbour(ETH, ip("192.0.2.9"), PEER).unwrap();
    host.ip.add_neighbour(InterfaceId(1), ip("198.51.100.9"), PEER).unwrap();
    host.settle();
    host.links[0].room = 1;
    for len in 1..=3 {
        host.send("192.0.2.9", len);
    }
    host.send("198.51.100.9", 4);
    assert_eq!(host.kinds(), ["UDP 1"]);
    assert_eq!(host.links[1].take_sent().len(), 1);
    assert_eq!(host.ip.poll_at(), None, "what waits for room causes no polling");
    assert!(host.kinds().is_empty());
    host.links[0].room = 5;
    assert_eq!(host.kinds(), ["UDP 2", "UDP 3"]);
    assert_eq!(host.ip.interface(ETH).unwrap().statistics().full, 1);
}

#[test]
fn solicitations_wait_for_room() {
    let mut host = Host::ethernet();
    host.links[0].room = 0;
    host.send("192.0.2.9", 8);
    assert!(host.kinds().is_empty());
    assert_eq!(host.ip.poll_at(), None);
    host.links[0].room = 9;
    assert_eq!(host.kinds(), ["Request 192.0.2.9"]);
}

#[test]
fn a_reply_without_room_is_dropped_and_counted() {
    let mut host = Host::ethernet();
    host.transport.verdict = Verdict::Reply(4);
    host.links[0].room = 0;
    assert!(host.packet(packet_v4("192.0.2.9", "192.0.2.1", IpProtocol::UDP, b"abcdefgh")).is_empty());
    assert_eq!(host.counter("reply_full"), 1);
    host.links[0].room = 9;
    host.transport.verdict = Verdict::Reply(9);
    assert!(host.packet(packet_v4("192.0.2.9", "192.0.2.1", IpProtocol::UDP, b"abcdefgh")).is_empty());
    assert_eq!(host.counter("reply_too_big"), 1);
}

/// Puts fragments together again, of either family; the payload.
fn join(sent: &[Sent]) -> Vec<u8> {
    let mut whole = Vec::new();
    let last = sent.len() - 1;
    for (index, sent) in sent.iter().enumerate() {
        assert!(sent.octets.len() <= 1500 && sent.to == PEER);
        let (offset, more, data) = if sent.octets[0] >> 4 == 4 {
            let packet = sent.v4();
            let header = packet.header();
            let more = header.flags().contains(ipv4::Flags::MORE_FRAGMENTS);
            (header.fragment_offset(), more, packet.payload().to_vec())
        } else {
            let packet = sent.v6();
            assert_eq!(packet.header().next_header(), IpProtocol::FRAGMENT);
            let fragment = ipv6_ext::Fragment::parse(packet.payload()).unwrap();
            (fragment.offset, fragment.more, packet.payload()[8..].to_vec())
        };
        assert_eq!(usize::from(offset), whole.len());
        assert_eq!(more, index < last);
        assert!(!more || data.len() % 8 == 0);
        whole.extend(data);
    }
    whole
}

// conf: IP4-FRG-01, IP4-FRG-02, IP4-FRG-03, IP6-FRG-10
#[test]
fn large_datagrams_leave_in_fragments_over_as_many_turns_as_needed() {
    for to in ["192.0.2.9", "2001:db8::9"] {
        let mut host = known();
        host.send(to, 8000);
        let want = host.transport.sending[0].octets.clone();
        host.links[0].room = 2;
        let mut sent = host.run();
        assert_eq!(sent.len(), 2);
        assert!(host.transport.sending.is_empty(), "taken");
        for _ in 0..4 {
            host.links[0].room = 1;
            sent.extend(host.run());
        }
        assert_eq!(join(&sent), want, "{to}");

        let mut packet = udp();
        packet.flags = OutFlags::DONT_FRAGMENT;
        packet.hop_limit = KEEP;
        host.links[0].room = 99;
        host.send_with(Source::ANY, to, packet, 8000);
        assert!(host.run().is_empty());
        assert_eq!(host.transport.sending[0].result, Some(Err(SendError::TooBig(1500))));
    }
}

#[test]
fn without_a_free_buffer_the_sender_waits() {
    let mut host = known();
    host.links[0].room = 0;
    host.send("192.0.2.9", 8);
    host.run();
    host.transport.sending.clear();
    host.links[0].room = 1;
    // Four buffers; the fifth datagram waits, and with it its interface.
    for len in [5000, 5001, 5002, 5003, 5004] {
        host.send("192.0.2.9", len);
    }
    let mut sent = host.run();
    assert_eq!((sent.len(), host.transport.sending.len()), (1, 4), "the link was full first");
    for _ in 0..40 {
        host.links[0].room = 3;
        sent.extend(host.run());
    }
    assert!(host.transport.sending.is_empty());
    let octets: usize = sent.iter().map(|sent| sent.octets.len() - 20).sum();
    assert_eq!(octets, 5000 + 5001 + 5002 + 5003 + 5004);
}

// conf: IP4-RAS-01, IP4-RAS-03, ICM-ECH-04
#[test]
fn fragments_come_together_in_any_order_and_a_large_reply_leaves_in_fragments() {
    let mut host = known();
    host.transport.verdict = Verdict::Reply(3000);
    let data: Vec<u8> = (0..3000_usize).map(|i| u8::try_from(i % 251).unwrap()).collect();
    let piece = |offset: usize, more| {
        let part = &data[offset..(offset + 1000).min(3000)];
        let mut repr = ipv4::Repr::new(IpProtocol::UDP, v4("192.0.2.9"), v4("192.0.2.1"), 1000);
        repr.identification = 7;
        repr.flags = if more { ipv4::Flags::MORE_FRAGMENTS } else { ipv4::Flags::empty() };
        repr.fragment_offset = u16::try_from(offset).unwrap();
        packet_v4_with(repr, &[], part)
    };
    assert!(host.packet(piece(2000, false)).is_empty());
    assert!(host.packet(piece(0, true)).is_empty());
    let sent = host.packet(piece(1000, true));
    let got = &host.transport.got[0];
    assert_eq!(got.segment, data);
    assert!(got.flags.contains(InFlags::FRAGMENTED));
    let reversed: Vec<u8> = data.iter().rev().copied().collect();
    assert_eq!(join(&sent), reversed);
}

// conf: IP4-RAS-04, IP4-RAS-05, IP4-RAS-06, IP6-FRG-02, ICM-V6-11
#[test]
fn an_incomplete_datagram_ends_with_time_exceeded_if_its_start_came() {
    for is_first in [true, false] {
        let mut host = known();
        let mut repr = ipv4::Repr::new(IpProtocol::UDP, v4("192.0.2.9"), v4("192.0.2.1"), 8);
        repr.flags = if is_first { ipv4::Flags::MORE_FRAGMENTS } else { ipv4::Flags::empty() };
        repr.fragment_offset = if is_first { 0 } else { 8 };
        let start = host.now.millis();
        host.packet(packet_v4_with(repr, &[], b"abcdefgh"));
        let offset = if is_first { 0 } else { 8 };
        let fragment =
            ipv6_ext::Fragment { next_header: IpProtocol::UDP, offset, more: is_first, identification: 9 };
        let payload = [&fragment.to_bytes()[..], b"abcdefgh"].concat();
        host.packet(packet_v6(v6("2001:db8::9"), v6("2001:db8::1"), IpProtocol::FRAGMENT, 64, &payload));
        assert_eq!(host.ip.poll_at(), Some(ms(start + 60_000)));
        assert!(host.at(start + 59_999).is_empty());
        let mut kinds: Vec<_> = host.at(start + 60_000).iter().map(Sent::kind).collect();
        kinds.sort();
        let want: &[&str] = if is_first { &["icmp 11/1", "icmp 3/1"] } else { &[] };
        assert_eq!(kinds, want);
        assert_eq!(host.ip.poll_at(), None);
    }
}

// conf: IP6-FRG-03, IP6-FRG-08, ICM-V6-13
#[test]
fn bad_fragments_draw_their_problems() {
    let mut host = known();
    for (next, more, data, want) in [
        (IpProtocol::UDP, true, &b"abcdefghijk"[..], "icmp 4/0"),
        (IpProtocol::TCP, true, b"abcdefgh", "icmp 4/3"),
        (IpProtocol::DESTINATION_OPTIONS, true, b"\x11\x01\x01\x04\0\0\0\0", "icmp 4/3"),
    ] {
        let fragment = ipv6_ext::Fragment { next_header: next, offset: 0, more, identification: 5 };
        let payload = [&fragment.to_bytes()[..], data].concat();
        let sent =
            host.packet(packet_v6(v6("2001:db8::9"), v6("2001:db8::1"), IpProtocol::FRAGMENT, 64, &payload));
        assert_eq!(sent.iter().map(Sent::kind).collect::<Vec<_>>(), [want], "{next}");
    }
}

#[test]
fn no_length_of_a_segment_is_too_long_to_be_refused() {
    for to in ["192.0.2.9", "2001:db8::9"] {
        for flags in [OutFlags::empty(), OutFlags::ROUTER_ALERT, OutFlags::PARTIAL_CHECKSUM] {
            for len in [65_536, usize::MAX - 8, usize::MAX] {
                let mut host = known();
                let mut path = host.ip.route(Source::ANY, ip(to)).unwrap();
                let mut links: Vec<_> = host.links.iter_mut().collect();
                let mut out = host.ip.out(host.now, &mut links);
                let packet = Outgoing { flags, ..udp() };
                let result = out.send(&mut path, packet, len, &mut |_: &mut [u8]| panic!("it is not sent"));
                assert!(matches!(result, Err(SendError::TooBig(_))), "{to} {flags:?} {len}: {result:?}");
            }
        }
    }
}

// conf: IP4-OPT-08
#[test]
fn a_router_alert_travels_in_front_of_the_segment() {
    let mut host = known();
    let mut packet = udp();
    packet.flags = OutFlags::ROUTER_ALERT;
    packet.hop_limit = 1;
    host.send_with(Source::ANY, "192.0.2.9", packet, 100);
    host.send_with(Source::ANY, "2001:db8::9", packet, 100);
    let sent = host.run();
    assert_eq!(sent[0].v4().option_octets(), [148, 4, 0, 0]);
    assert_eq!((sent[0].v4().header().hop_limit(), sent[0].v4().payload().len()), (1, 100));
    let packet = sent[1].v6();
    assert_eq!(packet.header().next_header(), IpProtocol::HOP_BY_HOP);
    assert_eq!(packet.payload()[..8], [17, 0, 5, 2, 0, 0, 1, 0]);
    assert_eq!(packet.payload().len(), 108);
}

#[test]
fn a_partial_checksum_reaches_only_links_that_complete_it() {
    // The sum of the pseudo-header stands in the field: 0x1234. Segment, its length, offset of the field
    let jobs = [(IpProtocol::UDP, 100, 6), (IpProtocol::TCP, 101, 16), (IpProtocol::UDP, 3000, 6)];
    for offload in [ChecksumOffload::None, ChecksumOffload::Partial] {
        let mut host = known();
        host.links[0].properties.checksum = offload;
        host.links[0].events |= LinkEvents::CHANGED;
        host.run();
        for (protocol, len, offset) in jobs {
            for to in ["192.0.2.9", "2001:db8::9"] {
                let packet = Outgoing { protocol, flags: OutFlags::PARTIAL_CHECKSUM, ..udp() };
                host.send_with(Source::ANY, to, packet, len);
                let job = host.transport.sending.last_mut().unwrap();
                assert_eq!(job.path.has_checksum_offload(), offload == ChecksumOffload::Partial);
                job.octets[offset..offset + 2].copy_from_slice(&0x1234u16.to_be_bytes());
                let given = job.octets.clone();
                let whole = tersus_wire::checksum::Sum::new().add_bytes(&given).checksum();
                let sent = host.run();
                let (header_len, payload) = match to.contains(':') {
                    false => (20, sent[0].v4().payload()),
                    true => (40, sent[0].v6().payload()),
                };
                // What comes in fragments is completed before it is cut.
                let start = if len > 1500 && header_len == 40 { 8 } else { 0 };
                let field = &payload[start + offset..start + offset + 2];
                let what = format!("{protocol} {len} {to} {offload:?}");
                if offload == ChecksumOffload::Partial && len < 1500 {
                    let offset = u16::try_from(offset).unwrap();
                    assert_eq!(sent[0].checksum, TxChecksum::Partial { start: header_len, offset }, "{what}");
                    assert_eq!(payload, given, "{what}");
                } else {
                    assert_eq!(sent[0].checksum, TxChecksum::Full, "{what}");
                    assert_eq!(field, whole.to_be_bytes(), "{what}");
                }
            }
        }
    }
}

// conf: IP4-FRG-04
#[test]
fn identifications_of_a_flow_do_not_repeat() {
    let mut host = known();
    host.send("192.0.2.9", 8);
    let job = host.transport.sending[0].clone();
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..2000 {
        host.transport.sending = vec![job.clone()];
        let sent = host.run();
        assert!(seen.insert(sent[0].v4().header().identification()));
    }
}

#[test]
fn identifications_say_nothing_to_who_does_not_know_the_seed() {
    let first = |seed: u8, to: &str| {
        let mut host = Host::seeded(vec![FakeLink::raw_ip()], Config::default(), [seed; 32]);
        host.ip.add_address(ETH, cidr("192.0.2.1/24")).unwrap();
        host.run();
        host.send(to, 8);
        host.run()[0].v4().header().identification()
    };
    // The same packet of hosts with other seeds, and packets to neighbours of one host: as good as random.
    let of_seeds: Vec<u16> = (0..64).map(|seed| first(seed, "192.0.2.9")).collect();
    let of_peers: Vec<u16> = (0..64).map(|peer| first(7, &format!("192.0.2.{}", peer + 9))).collect();
    for ids in [of_seeds, of_peers] {
        let steps: std::collections::BTreeSet<u16> =
            ids.windows(2).map(|w| w[1].wrapping_sub(w[0])).collect();
        assert!(steps.len() > 56, "{ids:?}");
        let low = ids.iter().filter(|id| **id < 0x8000).count();
        assert!((16..=48).contains(&low), "{ids:?}");
    }
    assert_eq!(first(7, "192.0.2.9"), first(7, "192.0.2.9"), "and the same again from the same seed");
}

// conf: IP4-RAS-16, IP6-FRG-13
#[test]
fn a_flood_of_first_fragments_does_not_stop_the_rest() {
    let mut host = known();
    for n in 0..1000_u16 {
        let mut repr = ipv4::Repr::new(IpProtocol::UDP, v4("203.0.113.7"), v4("192.0.2.1"), 8);
        repr.identification = n;
        repr.flags = ipv4::Flags::MORE_FRAGMENTS;
        host.packet(packet_v4_with(repr, &[], b"abcdefgh"));
    }
    for (offset, flags) in [(0, ipv4::Flags::MORE_FRAGMENTS), (8, ipv4::Flags::empty())] {
        let mut repr = ipv4::Repr::new(IpProtocol::UDP, v4("192.0.2.9"), v4("192.0.2.1"), 8);
        repr.flags = flags;
        repr.fragment_offset = offset;
        host.packet(packet_v4_with(repr, &[], b"abcdefgh"));
    }
    assert_eq!(host.transport.got.len(), 1);
    assert_eq!((host.transport.got[0].segment.len(), host.transport.got[0].cast), (16, Cast::Unicast));
}
