//! A radio that runs full: nothing is overwritten, nothing is forgotten, room is told.

use crate::common::*;
use tersus_phy::memory::{Storage, Wire};
use tersus_phy::{
    ChecksumOffload, Device, Instant, LinkError, LinkEvents, LinkLayer, LinkPacket, LinkState, Medium,
    TxChecksum,
};
use tersus_sixlowpan::{Config, Sixlowpan};
use tersus_wire::{EtherType, HardwareAddress};

#[test]
fn fragments_leave_as_the_radio_has_room_and_in_order() {
    let mut sender = link(A);
    let (first, second) = (udp_between(A, B, 1280), udp_between(A, B, 700));
    sender.device_mut().room = 1;
    assert_eq!(send(&mut sender, at(0), B, &first), Ok(()));
    assert_eq!(sender.device().sent.len(), 1);
    // The radio is full, but there is another buffer.
    assert_eq!(send(&mut sender, at(1), B, &second), Ok(()));
    // Now there is none.
    assert_eq!(send(&mut sender, at(2), B, &second), Err(LinkError::Full));
    assert_eq!(sender.statistics().tx_full, 1);
    // The radio's interrupt causes a turn: a frame each, in the order of acceptance, and no ROOM before the end.
    let mut turns = 0;
    loop {
        sender.device_mut().room += 1;
        turns += 1;
        let events = sender.service(at(2 + turns));
        if events.contains(LinkEvents::ROOM) {
            break;
        }
        assert!(turns < 100);
    }
    let sent = sender.device_mut().take_sent();
    // One had left before; the last turn found nothing to send.
    assert_eq!(sent.len(), usize::try_from(turns).unwrap());
    let got = receive(&mut link_with(Config::new(PAN, B), 1, 0), at(0), &sent);
    assert_eq!(got.iter().map(|got| &got.packet).collect::<Vec<_>>(), [&first, &second]);
    assert_eq!(sender.service(at(999)), LinkEvents::empty());
    assert_eq!(sender.poll_at(), None);
}

#[test]
fn small_packets_pass_while_fragments_wait_for_their_turn() {
    let mut sender = link_with(Config::new(PAN, A), 0, 1);
    let (large, small) = (udp_between(A, B, 1280), udp_between(A, B, 90));
    sender.device_mut().room = 2;
    assert_eq!(send(&mut sender, at(0), B, &large), Ok(()));
    assert_eq!(send(&mut sender, at(0), B, &small), Err(LinkError::Full));
    sender.device_mut().room = 1;
    assert_eq!(send(&mut sender, at(0), B, &small), Ok(()));
    sender.device_mut().room = usize::MAX;
    assert_eq!(sender.service(at(1)), LinkEvents::ROOM);
    let sent = sender.device_mut().take_sent();
    let got = receive(&mut link(B), at(1), &sent);
    assert_eq!(got.iter().map(|got| &got.packet).collect::<Vec<_>>(), [&small, &large]);
}

#[test]
fn an_answer_in_fragments_waits_without_room() {
    let sent = frames(&mut link(A), B, &udp_between(A, B, 1280));
    let mut answering = link(B);
    answering.device_mut().room = 0;
    let mut upper = Collector { answers: 1, ..Collector::default() };
    receive_with(&mut answering, at(0), &sent, &mut upper);
    assert_eq!(upper.results, [Ok(())]);
    assert!(answering.device().sent.is_empty());
    answering.device_mut().room = usize::MAX;
    answering.service(at(1));
    let answer = answering.device_mut().take_sent();
    assert_eq!(receive(&mut link(A), at(1), &answer).len(), 1);
}

#[test]
fn room_that_an_answer_did_not_find_is_told_in_a_turn_of_its_own() {
    let mut answering = link(B);
    let sent = frames(&mut link(A), B, &udp_between(A, B, 60));
    // One answer a frame: the second is refused, though the radio has room.
    let mut upper = Collector { answers: 2, ..Collector::default() };
    receive_with(&mut answering, at(0), &sent, &mut upper);
    assert_eq!(upper.results, [Ok(()), Err(LinkError::Full)]);
    assert_eq!(answering.poll_at(), Some(Instant::ZERO), "no interrupt of the radio would cause it");
    assert_eq!(answering.service(at(0)), LinkEvents::ROOM);
    assert_eq!(answering.poll_at(), None);
}

#[test]
fn a_radio_that_had_no_room_is_asked_again_whatever_became_of_the_packet() {
    let mut storage = Storage::<1, 125>::new();
    let wire = Wire::new(&mut storage, Medium::Ieee802154, [1; 32]);
    let (left, mut right) = wire.ends();
    let mut memory = tersus_sixlowpan::Storage::<0, 1>::new();
    let mut sender = Sixlowpan::new(left, Config::new(PAN, A), &mut memory).unwrap();
    let packet = udp_between(A, B, 60);
    let description = LinkPacket::new(EtherType::IPV6, 60);
    let mut fill = |buffer: &mut [u8]| buffer.copy_from_slice(&packet);
    assert_eq!(sender.tx(at(0)).send(&B, &description, &mut fill), Ok(()));
    let nowhere = HardwareAddress::NONE;
    assert_eq!(sender.tx(at(0)).send(&nowhere, &description, &mut fill), Err(LinkError::Unreachable));
    assert!(right.receive(at(0)).is_some());
    assert_eq!(sender.poll_at(), Some(Instant::ZERO), "the device tells of its room");
    assert_eq!(sender.service(at(0)), LinkEvents::empty(), "nobody waits for it");
    assert_eq!(sender.poll_at(), None);
}

// conf: LWP-FRG-07, LWP-FRG-11
#[test]
fn a_packet_that_cannot_leave_is_given_up_in_time_or_when_the_link_goes_down() {
    for goes_down in [false, true] {
        let mut sender = link_with(Config::new(PAN, A), 0, 1);
        let packet = udp_between(A, B, 1280);
        sender.device_mut().room = 3;
        assert_eq!(send(&mut sender, at(10), B, &packet), Ok(()));
        assert_eq!(sender.poll_at(), Some(at(60_010)));
        if goes_down {
            set_link_state(&mut sender, LinkState::Down);
            assert_eq!(sender.service(at(20)), LinkEvents::CHANGED);
            assert_eq!(drops(&sender), [("tx_link_down", 1)]);
            assert_eq!(send(&mut sender, at(20), B, &packet), Err(LinkError::Unreachable));
        } else {
            sender.service(at(60_009));
            assert_eq!(drops(&sender), []);
            sender.service(at(60_010));
            assert_eq!(drops(&sender), [("tx_timeout", 1)]);
        }
        assert_eq!(sender.poll_at(), None);
        set_link_state(&mut sender, LinkState::Up);
        sender.device_mut().room = usize::MAX;
        sender.service(at(60_020));
        assert_eq!(sender.device().sent.len(), 3);
        sender.device_mut().take_sent();
        let sent = frames(&mut sender, B, &packet);
        assert_eq!(receive(&mut link(B), at(0), &sent)[0].packet, packet);
    }
}

#[test]
fn what_the_link_cannot_carry_is_refused_before_it_is_filled() {
    let mut sender = link(A);
    assert_eq!(sender.properties().checksum, ChecksumOffload::None);
    assert_eq!(send(&mut sender, at(0), B, &[0x60; 1281]), Err(LinkError::TooBig));
    let nowhere = [HardwareAddress::NONE, HardwareAddress::ethernet([2; 6]), HardwareAddress::short(0xfffe)];
    for to in nowhere {
        assert_eq!(send(&mut sender, at(0), to, &udp_between(A, B, 60)), Err(LinkError::Unreachable));
    }
    let mut offload = LinkPacket::new(EtherType::IPV6, 60);
    offload.checksum = TxChecksum::Partial { start: 40, offset: 6 };
    let mut segmented = LinkPacket::new(EtherType::IPV6, 60);
    segmented.segment = 500;
    let ipv4 = LinkPacket::new(EtherType::IPV4, 60);
    for (packet, want) in
        [(offload, LinkError::TooBig), (segmented, LinkError::TooBig), (ipv4, LinkError::Unreachable)]
    {
        let fill = &mut |_: &mut [u8]| panic!("filled in vain");
        assert_eq!(sender.tx(at(0)).send(&B, &packet, fill), Err(want));
    }
    assert_eq!(drops(&sender), [("tx_too_big", 3), ("tx_unreachable", 4)]);
    assert!(sender.device().sent.is_empty());
}

#[test]
fn without_buffers_only_what_is_certain_to_fit_is_sent() {
    let mut sender = link_with(Config::new(PAN, A), 0, 0);
    // 125 less a MAC header of 21 and a dispatch octet.
    assert_eq!(send(&mut sender, at(0), B, &udp_between(A, B, 103)), Ok(()));
    assert_eq!(send(&mut sender, at(0), B, &udp_between(A, B, 104)), Err(LinkError::TooBig));
    assert_eq!(sender.service(at(1)), LinkEvents::empty());
}

#[test]
fn a_radio_of_short_frames_carries_what_it_can() {
    for mtu in 0..=127 {
        let (mut sender, mut receiver) = (link(A), link(B));
        sender.device_mut().capabilities.mtu = mtu;
        sender.service(at(0));
        for len in [48, 100, 1280] {
            let packet = udp_between(A, B, len);
            let result = send(&mut sender, at(0), B, &packet);
            if mtu < 21 + 13 {
                assert_eq!(result, Err(LinkError::TooBig), "mtu {mtu}");
            } else {
                assert_eq!(result, Ok(()), "mtu {mtu}");
                let sent = sender.device_mut().take_sent();
                receiver.device_mut().capabilities.mtu = 127;
                assert_eq!(receive(&mut receiver, at(0), &sent)[0].packet, packet, "mtu {mtu} length {len}");
            }
        }
    }
}

#[test]
fn a_younger_packet_does_not_take_the_room_of_an_older_one() {
    let mut sender = link(A);
    let (first, second) = (udp_between(A, B, 600), udp_between(A, B, 700));
    sender.device_mut().room = 1;
    assert_eq!(send(&mut sender, at(0), B, &first), Ok(()));
    sender.device_mut().room = 2;
    assert_eq!(send(&mut sender, at(1), B, &second), Ok(()));
    let sizes: Vec<_> = sender.device().sent.iter().map(|frame| [frame[21], frame[22]]).collect();
    assert_eq!(sizes, [[0xc2, 0x58], [0xe2, 0x58], [0xe2, 0x58]]);
}
