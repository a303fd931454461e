//! The Ethernet link over a scripted device.

use crate::common::*;
use tersus_phy::{
    Cast, ChecksumOffload, Ethernet, Instant, LinkControl, LinkError, LinkEvents, LinkLayer, LinkPacket,
    LinkState, Medium, RxChecksum, RxMeta, Switch, TxChecksum, TxMeta,
};
use tersus_wire::{EtherType, HardwareAddress};

const NOW: Instant = Instant::from_secs(1);

fn link() -> Ethernet<Fake> {
    Ethernet::new(Fake::new(Medium::Ethernet, 1500), OWN)
}

fn receive(link: &mut Ethernet<Fake>, frames: &[Vec<u8>]) -> Recorder {
    link.device_mut().incoming.extend(frames.iter().cloned());
    let mut upper = Recorder::default();
    link.receive(NOW, usize::MAX, &mut upper);
    upper
}

fn peer() -> HardwareAddress {
    HardwareAddress::ethernet(PEER)
}

fn counter(link: &Ethernet<Fake>, name: &str) -> u32 {
    link.statistics().counters().iter().find(|(field, _)| *field == name).expect("a counter").1
}

// conf: ETH-ETH-01, ETH-ETH-02, ETH-ETH-05, ETH-ETH-07, ETH-ETH-08
#[test]
fn each_frame_is_handed_up_with_its_cast_or_counted_as_dropped() {
    let other = [2, 0, 0, 0, 0, 9];
    let broadcast = [0xff; 6];
    // destination, source, type field, handed up as or counter
    for (destination, source, field, want) in [
        (OWN, PEER, 0x0800, Ok(Cast::Unicast)),
        (OWN, PEER, 0x86dd, Ok(Cast::Unicast)),
        (OWN, PEER, 0x0600, Ok(Cast::Unicast)),
        (OWN, PEER, 0xffff, Ok(Cast::Unicast)),
        (broadcast, PEER, 0x0806, Ok(Cast::Broadcast)),
        (GROUP, PEER, 0x0800, Ok(Cast::Multicast)),
        ([1, 0, 0x5e, 0, 0, 2], PEER, 0x0800, Err("rx_other_group")),
        (other, PEER, 0x0800, Err("rx_other_station")),
        ([0; 6], PEER, 0x0800, Err("rx_other_station")),
        (OWN, GROUP, 0x0800, Err("rx_group_source")),
        (OWN, broadcast, 0x0800, Err("rx_group_source")),
        (OWN, PEER, 0, Err("rx_802_3")),
        (OWN, PEER, 1500, Err("rx_802_3")),
        (OWN, PEER, 1501, Err("rx_bad_type")),
        (OWN, PEER, 0x05ff, Err("rx_bad_type")),
        (OWN, PEER, 0x8100, Err("rx_vlan")),
    ] {
        let mut link = link();
        link.control(LinkControl::Join(&HardwareAddress::ethernet(GROUP))).unwrap();
        let upper = receive(&mut link, &[frame(destination, source, field, &[7; 46])]);
        let what = format!("{destination:x?} {source:x?} {field:#06x}");
        match want {
            Ok(cast) => {
                let seen = Seen { from: peer(), cast, protocol: EtherType(field), payload: vec![7; 46] };
                assert_eq!(upper.seen, [seen], "{what}");
                assert_eq!(counter(&link, "rx_frames"), 1, "{what}");
                assert_eq!(counter(&link, "rx_octets"), 60, "{what}");
            }
            Err(name) => {
                assert!(upper.seen.is_empty(), "{what}");
                assert_eq!(counter(&link, name), 1, "{what}");
                assert_eq!(link.statistics().counters().iter().map(|(_, n)| n).sum::<u32>(), 1, "{what}");
            }
        }
    }
}

/// Declared off: RFC 1122 §2.3.3 wants RFC 894 and lets a host do without RFC 1042. A station without VLANs is in none.
// conf: ETH-LLC-01, ETH-LLC-06, ETH-VLN-04
#[test]
fn frames_with_llc_headers_or_tags_are_dropped_in_silence() {
    let snap = [&[0xaa, 0xaa, 3, 0, 0, 0, 8, 0, 0x45][..], &[0; 37]].concat();
    let spanning_tree = [&[0x42, 0x42, 3][..], &[0; 43]].concat();
    let net_ware = [0xff; 46];
    let tagged = [&[0x20, 7, 8, 6][..], &[0; 42]].concat();
    for (field, payload, name) in [
        (46, &snap[..], "rx_802_3"),
        (38, &spanning_tree, "rx_802_3"),
        (46, &net_ware, "rx_802_3"),
        (0x8100, &tagged, "rx_vlan"),
    ] {
        for destination in [OWN, [0xff; 6]] {
            let mut link = link();
            let upper = receive(&mut link, &[frame(destination, PEER, field, payload)]);
            assert!(upper.seen.is_empty() && link.device().sent.is_empty(), "{field:#06x}");
            assert_eq!(counter(&link, name), 1, "{field:#06x}");
        }
    }
}

// conf: ETH-ETH-07
#[test]
fn promiscuous_passes_what_is_for_others_and_can_be_ended() {
    let mut link = link();
    let frames = [frame([2, 0, 0, 0, 0, 9], PEER, 0x0800, &[]), frame(GROUP, PEER, 0x0800, &[])];
    link.control(LinkControl::Promiscuous(Switch::On)).unwrap();
    assert_eq!(receive(&mut link, &frames).seen.len(), 2);
    link.control(LinkControl::Promiscuous(Switch::Off)).unwrap();
    assert_eq!(receive(&mut link, &frames).seen.len(), 0);
}

// conf: ETH-ETH-04
#[test]
fn every_truncation_is_dropped_until_the_header_is_whole() {
    let whole = frame(OWN, PEER, 0x0800, &[1, 2, 3]);
    for len in 0..=whole.len() {
        let mut link = link();
        let upper = receive(&mut link, &[whole[..len].to_vec()]);
        assert_eq!(upper.seen.len(), usize::from(len >= 14), "length {len}");
        assert_eq!(counter(&link, "rx_short"), u32::from(len < 14), "length {len}");
    }
}

// conf: ETH-ETH-01, ETH-ETH-03, ETH-LLC-02
#[test]
fn sent_frames_have_the_header_of_rfc_894_and_zeros_up_to_60_octets() {
    // payload, frame
    for (payload_len, frame_len) in
        [(0, 60), (1, 60), (37, 60), (38, 60), (45, 60), (46, 60), (47, 61), (1500, 1514)]
    {
        let mut link = link();
        let payload = vec![0xaa; payload_len];
        let packet = LinkPacket::new(EtherType::IPV4, u16::try_from(payload_len).unwrap());
        send(link.tx(NOW), peer(), packet, &payload).unwrap();
        let mut want = frame(PEER, OWN, 0x0800, &payload);
        want.resize(frame_len, 0);
        assert_eq!(link.device().sent, [(want, TxMeta::default())]);
        assert_eq!(counter(&link, "tx_frames"), 1);
        assert_eq!(counter(&link, "tx_octets"), u32::try_from(frame_len).unwrap());
    }
}

#[test]
fn padding_does_not_exceed_what_a_small_device_carries() {
    let mut link = Ethernet::<_, 0>::with_groups(Fake::new(Medium::Ethernet, 20), OWN);
    send(link.tx(NOW), peer(), LinkPacket::new(EtherType::IPV4, 3), &[1; 3]).unwrap();
    assert_eq!(link.device().sent[0].0.len(), 34);
}

#[test]
fn what_cannot_be_sent_is_refused_with_its_reason() {
    let partial = TxChecksum::Partial { start: 20, offset: 6 };
    // to, length, segment, checksum, answer, counter
    for (to, len, segment, checksum, want, name) in [
        (peer(), 1501, 0, TxChecksum::Full, LinkError::TooBig, "tx_too_big"),
        (peer(), 1400, 1000, TxChecksum::Full, LinkError::TooBig, "tx_too_big"),
        (peer(), 100, 0, partial, LinkError::TooBig, "tx_too_big"),
        (HardwareAddress::NONE, 100, 0, TxChecksum::Full, LinkError::Unreachable, "tx_unreachable"),
        (HardwareAddress::short(1), 100, 0, TxChecksum::Full, LinkError::Unreachable, "tx_unreachable"),
    ] {
        let mut link = link();
        let packet = LinkPacket { segment, checksum, ..LinkPacket::new(EtherType::IPV4, len) };
        assert_eq!(send(link.tx(NOW), to, packet, &[]), Err(want), "{to} {packet:?}");
        assert!(link.device().sent.is_empty());
        assert_eq!(counter(&link, name), 1);
        assert_eq!(link.service(NOW), LinkEvents::empty(), "nothing is owed");
    }
}

#[test]
fn declared_offloads_reach_the_device_with_offsets_from_the_frame() {
    let mut device = Fake::new(Medium::Ethernet, 1500);
    device.capabilities.checksum = ChecksumOffload::Partial;
    device.capabilities.segmentation = 60_000;
    device.meta = RxMeta::default();
    device.meta.checksum = RxChecksum::Verified;
    device.meta.segment = 1448;
    let mut link = Ethernet::new(device, OWN);
    assert_eq!(link.properties().segmentation, 60_000);
    let packet = LinkPacket {
        segment: 1448,
        checksum: TxChecksum::Partial { start: 20, offset: 16 },
        ..LinkPacket::new(EtherType::IPV4, 60_000)
    };
    send(link.tx(NOW), peer(), packet, &vec![0; 60_000]).unwrap();
    let (sent, meta) = link.device().sent.last().unwrap();
    assert_eq!(sent.len(), 60_014);
    assert_eq!(*meta, TxMeta { checksum: TxChecksum::Partial { start: 34, offset: 16 }, segment: 1448 });
    let packet = LinkPacket { len: 60_001, ..packet };
    assert_eq!(send(link.tx(NOW), peer(), packet, &[]), Err(LinkError::TooBig));
    let upper = receive(&mut link, &[frame(OWN, PEER, 0x0800, &[])]);
    assert_eq!((upper.metas[0].checksum, upper.metas[0].segment), (RxChecksum::Verified, 1448));
}

#[test]
fn a_burst_ends_at_the_budget_and_counts_dropped_frames_too() {
    let mut link = link();
    let mine = frame(OWN, PEER, 0x0800, &[]);
    let foreign = frame(PEER, PEER, 0x0800, &[]);
    link.device_mut().incoming.extend([mine.clone(), foreign.clone(), mine.clone(), foreign, mine]);
    for (budget, taken, seen) in [(0, 0, 0), (3, 3, 2), (3, 2, 1), (3, 0, 0)] {
        let mut upper = Recorder::default();
        assert_eq!(link.receive(NOW, budget, &mut upper), taken);
        assert_eq!(upper.seen.len(), seen);
    }
}

#[test]
fn a_full_transmitter_does_not_block_reception() {
    let mut link = link();
    link.device_mut().room = 0;
    link.device_mut().incoming.extend(vec![frame(OWN, PEER, 0x0800, &[5; 50]); 3]);
    let mut upper = Recorder { replies: 1, ..Recorder::default() };
    assert_eq!(link.receive(NOW, 10, &mut upper), 3);
    assert_eq!(upper.seen.len(), 3);
    assert_eq!(upper.answers, [Err(LinkError::Full); 3]);
    assert_eq!(counter(&link, "tx_full"), 3);
    assert_eq!(link.device().transmits, 1, "the device knows that someone waits");
    assert_eq!(link.service(NOW), LinkEvents::empty());
    link.device_mut().room = 1;
    assert_eq!(link.service(NOW), LinkEvents::ROOM);
}

#[test]
fn one_reply_goes_out_through_the_room_of_the_frame() {
    let mut link = link();
    link.device_mut().incoming.push_back(frame(OWN, PEER, 0x0800, &[5; 50]));
    let mut upper = Recorder { replies: 2, ..Recorder::default() };
    link.receive(NOW, 10, &mut upper);
    assert_eq!(upper.answers, [Ok(()), Err(LinkError::Full)]);
    assert_eq!(link.device().sent, [(frame(PEER, OWN, 0x0800, &[5; 50]), TxMeta::default())]);
}

#[test]
fn room_is_said_once_after_full() {
    let mut link = link();
    let packet = LinkPacket::new(EtherType::IPV4, 1);
    assert_eq!(link.service(NOW), LinkEvents::empty());
    link.device_mut().room = 1;
    assert_eq!(send(link.tx(NOW), peer(), packet, &[1]), Ok(()));
    assert_eq!(send(link.tx(NOW), peer(), packet, &[2]), Err(LinkError::Full));
    assert_eq!(link.service(NOW), LinkEvents::empty());
    link.device_mut().room = 1;
    assert_eq!(link.service(NOW), LinkEvents::ROOM);
    assert_eq!(link.service(NOW), LinkEvents::empty());
    assert_eq!(link.device().sent.len(), 1, "asking for room sends nothing");
    assert_eq!(send(link.tx(NOW), peer(), packet, &[2]), Ok(()));
}

#[test]
fn changes_of_the_device_are_told_once() {
    let mut link = link();
    assert_eq!(link.properties().hardware_address, HardwareAddress::ethernet(OWN));
    link.device_mut().capabilities.link_state = LinkState::Down;
    assert_eq!(link.properties().link_state, LinkState::Up, "until the next turn");
    assert_eq!(link.service(NOW), LinkEvents::CHANGED);
    assert_eq!(link.service(NOW), LinkEvents::empty());
    assert_eq!(link.properties().link_state, LinkState::Down);
    let packet = LinkPacket::new(EtherType::IPV4, 1);
    assert_eq!(send(link.tx(NOW), peer(), packet, &[1]), Err(LinkError::Unreachable));
    link.device_mut().capabilities.link_state = LinkState::Up;
    link.device_mut().capabilities.mtu = 9000;
    assert_eq!(link.service(NOW), LinkEvents::CHANGED);
    assert_eq!(link.properties().mtu, 9000);
    let packet = LinkPacket::new(EtherType::IPV4, 9000);
    assert_eq!(send(link.tx(NOW), peer(), packet, &[1; 9000]), Ok(()));
}

#[test]
fn over_a_device_of_another_medium_the_link_is_down() {
    let mut link: Ethernet<_> = Ethernet::new(Fake::new(Medium::Ip, 1500), OWN);
    assert_eq!(link.properties().link_state, LinkState::Down);
    assert_eq!(link.service(NOW), LinkEvents::empty());
    let packet = LinkPacket::new(EtherType::IPV4, 1);
    assert_eq!(send(link.tx(NOW), peer(), packet, &[1]), Err(LinkError::Unreachable));
}
