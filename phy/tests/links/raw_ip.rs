//! The raw IP link over a scripted device, and the loopback.

use crate::common::*;
use tersus_phy::{
    Cast, FrameSlot, FrameStorage, Instant, LinkControl, LinkError, LinkEvents, LinkLayer, LinkPacket,
    LinkState, Loopback, Medium, RawIp, RxChecksum, Switch, Unsupported,
};
use tersus_wire::{EtherType, HardwareAddress};

const NOW: Instant = Instant::from_secs(1);
const V4: [u8; 4] = [0x45, 1, 2, 3];
const V6: [u8; 4] = [0x60, 1, 2, 3];

#[test]
fn the_version_nibble_tells_the_protocol() {
    for (packet, want) in [
        (&V4[..], Ok(EtherType::IPV4)),
        (&V6[..], Ok(EtherType::IPV6)),
        (&[0x4f][..], Ok(EtherType::IPV4)),
        (&[0x00, 0x45][..], Err("rx_version")),
        (&[0x55][..], Err("rx_version")),
        (&[0xff][..], Err("rx_version")),
        (&[][..], Err("rx_empty")),
    ] {
        let mut link = RawIp::new(Fake::new(Medium::Ip, 1500));
        link.device_mut().incoming.push_back(packet.to_vec());
        let mut upper = Recorder::default();
        assert_eq!(link.receive(NOW, 9, &mut upper), 1);
        match want {
            Ok(protocol) => {
                let from = HardwareAddress::NONE;
                assert_eq!(
                    upper.seen,
                    [Seen { from, cast: Cast::Unicast, protocol, payload: packet.to_vec() }]
                );
            }
            Err(name) => {
                assert!(upper.seen.is_empty());
                assert!(link.statistics().counters().contains(&(name, 1)), "{packet:x?}");
            }
        }
    }
}

#[test]
fn packets_leave_as_they_are_and_only_ip_to_no_address() {
    let mut link = RawIp::new(Fake::new(Medium::Ip, 100));
    let none = HardwareAddress::NONE;
    assert_eq!(send(link.tx(NOW), none, LinkPacket::new(EtherType::IPV4, 4), &V4), Ok(()));
    assert_eq!(send(link.tx(NOW), none, LinkPacket::new(EtherType::IPV6, 4), &V6), Ok(()));
    assert_eq!(link.device().sent.iter().map(|(p, _)| p.clone()).collect::<Vec<_>>(), [V4, V6]);
    for (to, protocol, len, want) in [
        (none, EtherType::ARP, 4, LinkError::Unreachable),
        (HardwareAddress::ethernet(PEER), EtherType::IPV4, 4, LinkError::Unreachable),
        (none, EtherType::IPV4, 101, LinkError::TooBig),
    ] {
        assert_eq!(send(link.tx(NOW), to, LinkPacket::new(protocol, len), &V4), Err(want));
    }
    link.device_mut().room = 0;
    assert_eq!(send(link.tx(NOW), none, LinkPacket::new(EtherType::IPV4, 4), &V4), Err(LinkError::Full));
    assert_eq!(link.service(NOW), LinkEvents::empty());
    link.device_mut().room = 1;
    assert_eq!(link.service(NOW), LinkEvents::ROOM);
    assert_eq!(link.service(NOW), LinkEvents::empty());
}

#[test]
fn there_is_no_filter_to_control() {
    let mut link = RawIp::new(Fake::new(Medium::Ip, 100));
    let group = HardwareAddress::ethernet(GROUP);
    for command in
        [LinkControl::Join(&group), LinkControl::Leave(&group), LinkControl::Promiscuous(Switch::On)]
    {
        assert_eq!(link.control(command), Err(Unsupported));
    }
}

#[test]
fn over_ethernet_the_link_is_down() {
    let link = RawIp::new(Fake::new(Medium::Ethernet, 1500));
    assert_eq!(link.properties().link_state, LinkState::Down);
    assert!(!link.properties().is_loopback);
}

#[test]
fn the_loopback_gives_back_what_was_sent_with_replies_behind_it() {
    let mut storage = FrameStorage::<4, 1000>::new();
    let mut link = RawIp::loopback(Loopback::new(&mut storage));
    assert!(link.properties().is_loopback);
    assert_eq!((link.properties().mtu, link.poll_at()), (1000, None));
    for octet in 1..4 {
        let packet = LinkPacket::new(EtherType::IPV4, 2);
        send(link.tx(NOW), HardwareAddress::NONE, packet, &[0x45, octet]).unwrap();
    }
    assert!(link.poll_at().unwrap() <= NOW);
    let mut upper = Recorder { replies: 1, ..Recorder::default() };
    assert_eq!(link.receive(NOW, 5, &mut upper), 5);
    let octets: Vec<_> = upper.seen.iter().map(|seen| seen.payload[1]).collect();
    assert_eq!(octets, [1, 2, 3, 1, 2]);
    assert!(upper.metas.iter().all(|meta| meta.checksum == RxChecksum::Verified));
}

#[test]
fn a_full_loopback_refuses_then_says_room_and_wakes() {
    let mut storage = FrameStorage::<2, 100>::new();
    let mut link = RawIp::loopback(Loopback::new(&mut storage));
    let packet = LinkPacket::new(EtherType::IPV4, 4);
    assert_eq!(send(link.tx(NOW), HardwareAddress::NONE, packet, &V4), Ok(()));
    assert_eq!(send(link.tx(NOW), HardwareAddress::NONE, packet, &V4), Ok(()));
    assert_eq!(send(link.tx(NOW), HardwareAddress::NONE, packet, &V4), Err(LinkError::Full));
    let mut upper = Recorder::default();
    assert_eq!(link.receive(NOW, 5, &mut upper), 2);
    assert!(link.poll_at().unwrap() <= NOW, "room is there, nobody was told");
    assert_eq!(link.service(NOW), LinkEvents::ROOM);
    assert_eq!(link.poll_at(), None);
}

#[test]
fn a_loopback_without_memory_carries_nothing() {
    let mut slots = [FrameSlot::EMPTY; 3];
    let mut link = RawIp::loopback(Loopback::from_slices(&mut slots, &mut []));
    let packet = LinkPacket::new(EtherType::IPV4, 4);
    assert_eq!(send(link.tx(NOW), HardwareAddress::NONE, packet, &V4), Err(LinkError::TooBig));
    let mut link = RawIp::loopback(Loopback::from_slices(&mut [], &mut []));
    let packet = LinkPacket::new(EtherType::IPV4, 0);
    assert_eq!(send(link.tx(NOW), HardwareAddress::NONE, packet, &[]), Err(LinkError::Full));
}
