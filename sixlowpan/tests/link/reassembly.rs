//! Link fragments in: RFC 4944 §5.3.

use crate::common::*;
use tersus_phy::{Instant, LinkEvents, LinkLayer, LinkState};
use tersus_sixlowpan::{Config, ElidedChecksum};

/// A packet of five fragments from A to B.
fn five() -> (Vec<u8>, Vec<Vec<u8>>) {
    let packet = udp_between(A, B, 480);
    let sent = frames(&mut link(A), B, &packet);
    assert_eq!(sent.len(), 5);
    (packet, sent)
}

fn permutations(of: usize) -> Vec<Vec<usize>> {
    if of == 0 {
        return vec![vec![]];
    }
    let shorter = permutations(of - 1);
    let insert = |order: &Vec<usize>, at: usize| {
        let mut order = order.clone();
        order.insert(at, of - 1);
        order
    };
    shorter.iter().flat_map(|order| (0..of).map(move |at| insert(order, at))).collect()
}

// conf: LWP-FRG-09
#[test]
fn fragments_arrive_in_any_order() {
    let (packet, sent) = five();
    let mut receiver = link(B);
    let orders = permutations(5);
    assert_eq!(orders.len(), 120);
    for order in orders {
        let shuffled: Vec<_> = order.iter().map(|&i| sent[i].clone()).collect();
        assert_eq!(receive(&mut receiver, at(0), &shuffled[..4]), [], "{order:?}");
        let got = receive(&mut receiver, at(0), &shuffled[4..]);
        assert_eq!((got.len(), &got[0].packet), (1, &packet), "{order:?}");
    }
    assert_eq!(drops(&receiver), []);
    assert_eq!(receiver.poll_at(), None);
}

// conf: LWP-FRG-07
#[test]
fn a_lost_fragment_frees_the_slot_after_sixty_seconds_and_not_before() {
    let (packet, sent) = five();
    let edge = at(61_000).micros();
    for lost in 0..5 {
        let mut receiver = link(B);
        let mut some = sent.clone();
        let missing = some.remove(lost);
        // The timer runs from the first fragment to come, not the last.
        assert_eq!(receive(&mut receiver, at(1_000), &some[..1]), []);
        assert_eq!(receive(&mut receiver, at(20_000), &some[1..]), []);
        assert_eq!(receiver.poll_at(), Some(at(61_000)));
        receiver.service(Instant::from_micros(edge - 1));
        assert_eq!(drops(&receiver), []);
        receiver.service(at(61_000));
        assert_eq!(drops(&receiver), [("rx_timeout", 1)]);
        assert_eq!(receiver.poll_at(), None);
        // Too late: it starts anew, and so does the packet when it is sent again.
        assert_eq!(receive(&mut receiver, at(61_000), &[missing]), []);
        let got = receive(&mut receiver, at(61_001), &some);
        assert_eq!(got[0].packet, packet);
    }
}

// conf: LWP-FRG-07
#[test]
fn the_last_moment_is_still_in_time() {
    let (packet, sent) = five();
    let mut receiver = link(B);
    receive(&mut receiver, at(0), &sent[1..]);
    let last = Instant::from_micros(59_999_999);
    assert_eq!(receive(&mut receiver, last, &sent[..1])[0].packet, packet);
}

// conf: LWP-FRG-08
#[test]
fn exact_duplicates_do_no_harm() {
    let (packet, sent) = five();
    let mut receiver = link(B);
    let twice: Vec<_> = sent[..4].iter().flat_map(|frame| [frame.clone(), frame.clone()]).collect();
    assert_eq!(receive(&mut receiver, at(0), &twice), []);
    assert_eq!(drops(&receiver), [("rx_duplicate_fragment", 4)]);
    assert_eq!(receive(&mut receiver, at(0), &sent[4..])[0].packet, packet);
}

/// A further fragment of a packet of 480 octets with tag 0.
fn next(offset: u8, data: &[u8]) -> Vec<u8> {
    frame(A, B, &[&[0xe1, 0xe0, 0, 0, offset], data].concat())
}

// conf: LWP-FRG-08
#[test]
fn an_overlap_discards_what_came_and_starts_anew() {
    let (packet, sent) = five();
    // The first stands for 48 + 88 octets, the others for 96: they begin at units 17, 29, 41 and 53.
    assert_eq!(sent[1][21 + 4], 17);
    for (case, overlapping) in [
        ("inside", next(18, &[7; 8])),
        ("over the end", next(28, &[7; 16])),
        ("shorter", next(17, &packet[136..224])),
        ("longer", next(17, &packet[136..240])),
        ("two in one", next(17, &packet[136..328])),
        ("other octets", next(17, &[7; 96])),
    ] {
        let mut receiver = link(B);
        receiver.device_mut().capabilities.mtu = 300;
        assert_eq!(receive(&mut receiver, at(0), &sent[..3]), []);
        assert_eq!(receive(&mut receiver, at(0), &[overlapping]), []);
        assert_eq!(drops(&receiver), [("rx_overlap", 1)], "{case}");
        // The rest does not complete it, as what came before is gone.
        assert_eq!(receive(&mut receiver, at(0), &sent[3..]), [], "{case}");
        // Sent again as a whole after the timeout it arrives.
        assert_eq!(receive(&mut receiver, at(60_000), &sent)[0].packet, packet, "{case}");
    }
}

// conf: LWP-FRG-08
#[test]
fn a_new_reassembly_starts_with_the_fragment_that_overlapped() {
    let (packet, sent) = five();
    let mut receiver = link(B);
    // A forged fragment is there first; the true ones replace it.
    receive(&mut receiver, at(0), &[next(29, &[7; 96])]);
    let order: Vec<_> = [2, 0, 1, 3, 4].iter().map(|&i| sent[i].clone()).collect();
    assert_eq!(receive(&mut receiver, at(0), &order)[0].packet, packet);
    assert_eq!(drops(&receiver), [("rx_overlap", 1)]);
}

// conf: LWP-FRG-06
#[test]
fn packets_are_told_apart_by_source_destination_size_and_tag() {
    let mut config = Config::new(PAN, B);
    config.datagrams_per_source = 4;
    let mut receiver = link_with(config, 5, 0);
    let mut sender = link(A);
    let mut broadcasting = link(A);
    let mut sets = vec![
        (frames(&mut sender, B, &udp_between(A, B, 480)), udp_between(A, B, 480)),
        // Same size and source, next tag.
        (frames(&mut sender, B, &udp_between(A, B, 480)), udp_between(A, B, 480)),
        // Same tag and size, another source.
        (frames(&mut link(C), B, &udp_between(C, B, 480)), udp_between(C, B, 480)),
        // Same tag and size, another destination.
        (frames(&mut broadcasting, ALL, &udp_between(A, B, 480)), udp_between(A, B, 480)),
    ];
    // Same tag, another size.
    let mut other = link_with(Config::new(PAN, A), 0, 1);
    sets.push((frames(&mut other, B, &udp_between(A, B, 470)), udp_between(A, B, 470)));
    let mut got = Vec::new();
    for round in 0..6 {
        for (sent, _) in &sets {
            if let Some(frame) = sent.get(round) {
                got.extend(receive(&mut receiver, at(0), core::slice::from_ref(frame)));
            }
        }
    }
    assert_eq!(got.len(), 5);
    for (_, packet) in &sets {
        assert!(got.iter().any(|got| got.packet == *packet));
    }
    assert_eq!(drops(&receiver), []);
}

// conf: LWP-FRG-13
#[test]
fn a_full_table_gives_up_the_oldest() {
    let mut receiver = link_with(Config::new(PAN, B), 2, 0);
    let sets: Vec<_> = (1..=3)
        .map(|n| {
            let from = tersus_wire::HardwareAddress::short(n);
            (frames(&mut link(from), B, &udp_between(from, B, 480)), udp_between(from, B, 480))
        })
        .collect();
    for (millis, (sent, _)) in (0..).zip(&sets) {
        receive(&mut receiver, at(millis), &sent[..2]);
    }
    assert_eq!(drops(&receiver), [("rx_evicted", 1)]);
    for (sent, packet) in &sets[1..] {
        assert_eq!(receive(&mut receiver, at(5), &sent[2..])[0].packet, *packet);
    }
    // The first one's rest is a new packet that never ends.
    assert_eq!(receive(&mut receiver, at(5), &sets[0].0[2..]), []);
}

/// What began before the clock stepped back would be given up a year later, and outlive all that is newer.
#[test]
fn after_a_step_back_of_the_clock_what_began_before_it_makes_room_first() {
    let mut receiver = link_with(Config::new(PAN, B), 2, 0);
    let set = |n| {
        let from = tersus_wire::HardwareAddress::short(n);
        frames(&mut link(from), B, &udp_between(from, B, 480))
    };
    for n in [1, 2] {
        receive(&mut receiver, at(31_536_000_000), &set(n)[..2]);
    }
    for n in [3, 4] {
        receive(&mut receiver, at(1), &set(n)[..2]);
    }
    for n in [3, 4] {
        assert_eq!(receive(&mut receiver, at(2), &set(n)[2..]).len(), 1, "{n}");
    }
}

// conf: LWP-FRG-13
#[test]
fn one_source_cannot_take_more_than_its_share() {
    let mut receiver = link(B);
    let victim = frames(&mut link(C), B, &udp_between(C, B, 480));
    receive(&mut receiver, at(0), &victim[..4]);
    let mut flooding = link(A);
    for n in 1..=100 {
        let sent = frames(&mut flooding, B, &udp_between(A, B, 480));
        receive(&mut receiver, at(n), &sent[..1]);
    }
    assert_eq!(drops(&receiver), [("rx_evicted_by_source", 98)]);
    assert_eq!(receive(&mut receiver, at(101), &victim[4..]).len(), 1);
}

// conf: LWP-FRG-13
#[test]
fn fragments_that_cannot_be_are_dropped_and_counted() {
    let iphc = [0x7a, 0x33, 58];
    let first = |size: [u8; 2], data: &[u8]| [&[0xc0 | size[0], size[1], 0, 1], &iphc[..], data].concat();
    for (case, payload, counter) in [
        ("size below 40", first([0, 39], &[]), "rx_bad_fragment"),
        ("size above 1280", first([5, 1], &[0; 8]), "rx_too_long"),
        ("largest size", first([7, 0xff], &[0; 8]), "rx_too_long"),
        ("more than its size", first([0, 48], &[0; 16]), "rx_bad_header"),
        ("no multiple of eight", first([0, 100], &[0; 7]), "rx_bad_fragment"),
        ("offset 0", vec![0xe0, 100, 0, 1, 0, 1, 2, 3, 4, 5, 6, 7, 8], "rx_bad_fragment"),
        ("past the end", vec![0xe0, 100, 0, 1, 12, 1, 2, 3, 4, 5, 6, 7, 8], "rx_bad_fragment"),
        ("far past the end", vec![0xe0, 100, 0, 1, 255, 1], "rx_bad_fragment"),
        ("middle of seven", vec![0xe0, 100, 0, 1, 5, 1, 2, 3, 4, 5, 6, 7], "rx_bad_fragment"),
        ("empty", vec![0xe0, 100, 0, 1, 5], "rx_bad_fragment"),
        ("cut in the header", vec![0xe0, 100, 0, 1], "rx_bad_fragment"),
        ("first, cut in the header", vec![0xc0, 100, 0], "rx_bad_fragment"),
        ("first, nothing in it", vec![0xc0, 100, 0, 1], "rx_not_lowpan"),
        ("a fragment in a fragment", vec![0xc0, 100, 0, 1, 0xc0, 100, 0, 1, 0x7a], "rx_unsupported"),
        ("compressed headers cut", vec![0xc0, 100, 0, 1, 0x7a], "rx_bad_header"),
    ] {
        let mut receiver = link(B);
        assert_eq!(receive(&mut receiver, at(0), &[frame(A, B, &payload)]), []);
        assert_eq!(drops(&receiver), [(counter, 1)], "{case}");
        assert_eq!(receiver.poll_at(), None, "{case}");
    }
}

#[test]
fn without_a_table_fragments_are_counted_and_whole_packets_pass() {
    let mut receiver = link_with(Config::new(PAN, B), 0, 0);
    let (_, sent) = five();
    assert_eq!(receive(&mut receiver, at(0), &sent), []);
    assert_eq!(drops(&receiver), [("rx_no_table", 5)]);
    let sent = frames(&mut link(A), B, &udp_between(A, B, 60));
    assert_eq!(receive(&mut receiver, at(0), &sent).len(), 1);
}

// conf: LWP-FRG-11
#[test]
fn a_link_that_goes_down_forgets_packets_in_reassembly() {
    let (packet, sent) = five();
    let mut receiver = link(B);
    receive(&mut receiver, at(0), &sent[..3]);
    set_link_state(&mut receiver, LinkState::Down);
    assert_eq!(receiver.service(at(1)), LinkEvents::CHANGED);
    assert_eq!(receiver.properties().link_state, LinkState::Down);
    assert_eq!(drops(&receiver), [("rx_link_down", 1)]);
    assert_eq!(receiver.poll_at(), None);
    set_link_state(&mut receiver, LinkState::Up);
    assert_eq!(receiver.service(at(2)), LinkEvents::CHANGED);
    assert_eq!(receiver.service(at(3)), LinkEvents::empty());
    assert_eq!(receive(&mut receiver, at(4), &sent)[0].packet, packet);
    // So does a new address.
    receive(&mut receiver, at(5), &sent[..3]);
    receiver.configure(Config::new(0x1111, C)).unwrap();
    assert_eq!(receiver.service(at(6)), LinkEvents::CHANGED);
    assert_eq!(receiver.properties().hardware_address, C);
    assert_eq!(receiver.statistics().rx_link_down, 2);
}

// conf: LWP-NHC-10
#[test]
fn without_its_udp_checksum_a_packet_is_dropped_unless_another_check_protects_it() {
    for len in [60, 300] {
        // The checksum that the sender had is the one that the receiver computes.
        let packet = udp_between(A, B, len);
        let mut frames = Vec::new();
        let elided = [0x7e, 0x33, 0xf4, 0x12, 0x34, 0x16, 0x33];
        if len == 60 {
            frames.push(frame(A, B, &[&elided, &packet[48..]].concat()));
        } else {
            let [high, low] = u16::try_from(len).unwrap().to_be_bytes();
            let first = [&[0xc0 | high, low, 0, 9], &elided[..], &packet[48..104]].concat();
            frames.push(frame(A, B, &first));
            for offset in [13u8, 21, 29, 37] {
                let begin = usize::from(offset) * 8;
                let end = (begin + 64).min(len);
                let next = [&[0xe0 | high, low, 0, 9, offset], &packet[begin..end]].concat();
                frames.push(frame(A, B, &next));
            }
            // The first fragment need not be the first.
            frames.swap(0, 2);
        }
        let mut config = Config::new(PAN, B);
        let mut plain = link_with(config, 1, 0);
        assert_eq!(receive(&mut plain, at(0), &frames), []);
        assert_eq!(drops(&plain), [("rx_elided_checksum", 1)]);
        config.elided_checksum = ElidedChecksum::Compute;
        assert_eq!(receive(&mut link_with(config, 1, 0), at(0), &frames)[0].packet, packet);
    }
}
