//! From one link to another.

use crate::common::*;
use tersus_phy::{Cast, LinkControl, LinkEvents, LinkLayer, Medium, Switch};
use tersus_sixlowpan::{Config, ConfigError, Sixlowpan, Storage};
use tersus_wire::sixlowpan::{Dispatch, FragmentHeader};
use tersus_wire::{ieee802154, HardwareAddress};

fn payload(frame: &[u8]) -> &[u8] {
    ieee802154::Frame::parse(frame).unwrap().payload()
}

#[test]
fn the_link_is_what_the_ip_layer_must_know() {
    for address in [A, C] {
        let properties = link(address).properties();
        assert_eq!(properties.medium, Medium::Ieee802154);
        assert_eq!(properties.hardware_address, address);
        assert_eq!(properties.mtu, 1280);
    }
}

// conf: LWP-FRG-10
#[test]
fn a_small_udp_packet_is_one_frame_without_fragment_header() {
    let packet = udp_between(A, B, 68);
    let sent = frames(&mut link(A), B, &packet);
    // MAC 21, IPHC 2, UDP 7, data 20.
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].len(), 21 + 2 + 7 + 20);
    let got = receive(&mut link(B), at(1), &sent);
    assert_eq!(got, [Got { packet, from: A, cast: Cast::Unicast }]);
}

// conf: LWP-FRG-02, LWP-FRG-03, LWP-FRG-04, LWP-FRG-10, LWP-FRG-12
#[test]
fn packets_of_every_length_arrive_whatever_the_addresses() {
    for (from, to) in [(A, B), (A, C), (C, A), (C, HardwareAddress::short(0x1d)), (C, ALL)] {
        let own = if to.is_broadcast() { B } else { to };
        let (mut sender, mut receiver) = (link(from), link(own));
        for len in 48..=1280 {
            let packet = udp_between(from, own, len);
            let sent = frames(&mut sender, to, &packet);
            let got = receive(&mut receiver, at(1), &sent);
            let cast = if to.is_broadcast() { Cast::Broadcast } else { Cast::Unicast };
            assert_eq!(got, [Got { packet, from, cast }], "length {len} from {from} to {to}");
            check_fragments(&sent, len);
        }
        assert_eq!(drops(&receiver), []);
        assert_eq!(sender.statistics().tx_frames, receiver.statistics().rx_frames);
        assert_eq!(sender.statistics().tx_fragments, receiver.statistics().rx_fragments);
    }
}

/// One frame without a fragment header, or fragments that cover the packet in order.
fn check_fragments(sent: &[Vec<u8>], len: usize) {
    assert!(sent.iter().all(|frame| frame.len() <= 125));
    if let [frame] = sent {
        assert_eq!(Dispatch::of(payload(frame)[0]), Dispatch::Iphc);
        return;
    }
    let (first, rest) = FragmentHeader::parse(payload(&sent[0])).unwrap();
    assert_eq!(usize::from(first.datagram_size), len);
    assert_eq!(first.datagram_offset, None);
    assert_eq!(Dispatch::of(rest[0]), Dispatch::Iphc);
    let mut expected = None;
    for (index, frame) in sent.iter().enumerate().skip(1) {
        let (next, data) = FragmentHeader::parse(payload(frame)).unwrap();
        assert_eq!((next.datagram_size, next.datagram_tag), (first.datagram_size, first.datagram_tag));
        assert_eq!(next.offset(), expected.unwrap_or(next.offset()));
        let end = next.offset() + data.len();
        assert!(!data.is_empty());
        assert!(index + 1 == sent.len() || data.len() % 8 == 0);
        assert!(index + 1 < sent.len() || end == len);
        expected = Some(end);
    }
}

// conf: LWP-FRG-10
#[test]
fn what_just_fills_a_frame_is_not_fragmented() {
    // 125 octets: MAC 21, IPHC 2, UDP 7, data 95.
    let sent = frames(&mut link(A), B, &udp_between(A, B, 48 + 95));
    assert_eq!(sent.iter().map(Vec::len).collect::<Vec<_>>(), [125]);
    assert_eq!(frames(&mut link(A), B, &udp_between(A, B, 48 + 96)).len(), 2);
}

// conf: LWP-FRG-05
#[test]
fn tags_count_fragmented_packets_and_wrap() {
    let mut config = Config::new(PAN, A);
    config.initial_tag = 65_534;
    let mut link = link_with(config, 0, 1);
    for want in [65_534, 65_535, 0, 1] {
        // What fits a frame takes no tag, even if a fragment buffer was needed to find out.
        assert_eq!(frames(&mut link, B, &udp_between(A, B, 130)).len(), 1);
        let sent = frames(&mut link, B, &udp_between(A, B, 300));
        assert_eq!(FragmentHeader::parse(payload(&sent[0])).unwrap().0.datagram_tag, want);
    }
}

// conf: LWP-MAC-08, LWP-MAC-07, LWP-MAC-05
#[test]
fn groups_are_broadcast_in_the_pan_and_only_unicast_asks_for_an_acknowledgement() {
    let mut group = [0; 16];
    (group[0], group[1], group[15]) = (0xff, 2, 1);
    let mut sender = link(A);
    let sent = frames(&mut sender, ALL, &udp(link_local(A), group, 60));
    let frame = ieee802154::Frame::parse(&sent[0]).unwrap();
    assert_eq!((frame.dst_pan(), frame.dst(), frame.src()), (Some(PAN), ALL, A));
    assert!(!frame.control().ack_request());
    let got = receive(&mut link(B), at(0), &sent);
    assert_eq!(got[0].cast, Cast::Broadcast);

    let sent = frames(&mut sender, B, &udp_between(A, B, 60));
    let frame = ieee802154::Frame::parse(&sent[0]).unwrap();
    assert!(frame.control().ack_request());
    assert_eq!(frame.sequence(), Some(1));
    let mut config = Config::new(PAN, A);
    config.ack_request = Switch::Off;
    let sent = frames(&mut link_with(config, 0, 0), B, &udp_between(A, B, 60));
    assert!(!ieee802154::Frame::parse(&sent[0]).unwrap().control().ack_request());
}

// conf: LWP-DST-12
#[test]
fn contexts_shorten_frames_once_both_sides_have_them() {
    let global = |address| {
        let mut global = link_local(address);
        global[..8].copy_from_slice(&[0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 1]);
        global
    };
    let packet = udp(global(A), global(B), 60);
    let (mut sender, mut receiver) = (link(A), link(B));
    let set = |link: &mut Link, id, compress| {
        let prefix = Some((global(A), 64));
        link.control(LinkControl::Context { id, prefix, compress })
    };
    let trip = |sender: &mut Link, receiver: &mut Link, want_len: usize| {
        let sent = frames(sender, B, &packet);
        assert_eq!(sent[0].len(), 21 + want_len + 7 + 12);
        receive(receiver, at(0), &sent).len()
    };
    assert_eq!(trip(&mut sender, &mut receiver, 34), 1);
    // For decompression only at first, as RFC 6775 §7.2 has it.
    assert_eq!(set(&mut sender, 5, Switch::Off), Ok(()));
    assert_eq!(trip(&mut sender, &mut receiver, 34), 1);
    assert_eq!(set(&mut sender, 5, Switch::On), Ok(()));
    assert_eq!(trip(&mut sender, &mut receiver, 3), 0);
    assert_eq!(drops(&receiver), [("rx_unknown_context", 1)]);
    assert_eq!(set(&mut receiver, 5, Switch::Off), Ok(()));
    assert_eq!(trip(&mut sender, &mut receiver, 3), 1);
    assert_eq!(receiver.contexts().get(5).prefix_len(), 64);
    let remove = LinkControl::Context { id: 5, prefix: None, compress: Switch::Off };
    assert_eq!(sender.control(remove), Ok(()));
    assert_eq!(trip(&mut sender, &mut receiver, 34), 1);
    assert!(set(&mut sender, 16, Switch::On).is_err());
    let long = LinkControl::Context { id: 0, prefix: Some(([0; 16], 129)), compress: Switch::On };
    assert!(sender.control(long).is_err());
    assert!(sender.control(LinkControl::Join(&ALL)).is_err());
}

#[test]
fn an_answer_goes_back_compressed_and_in_fragments_if_it_must() {
    for len in [60, 1280] {
        let (mut asking, mut answering) = (link(A), link(B));
        let packet = udp_between(A, B, len);
        let sent = frames(&mut asking, B, &packet);
        let mut upper = Collector { answers: 1, ..Collector::default() };
        receive_with(&mut answering, at(1), &sent, &mut upper);
        assert_eq!(upper.results, [Ok(())]);
        let answer = answering.device_mut().take_sent();
        assert_eq!(answer.len(), sent.len());
        let got = receive(&mut asking, at(2), &answer);
        assert_eq!((got.len(), got[0].from), (1, B));
        assert_eq!(got[0].packet[40..], packet[40..]);
    }
}

#[test]
fn a_small_answer_needs_the_room_that_came_with_the_frame() {
    let mut link_b = link(B);
    let sent = frames(&mut link(A), B, &udp_between(A, B, 60));
    let mut upper = Collector { answers: 2, ..Collector::default() };
    receive_with(&mut link_b, at(1), &sent, &mut upper);
    assert_eq!(upper.results, [Ok(()), Err(tersus_phy::LinkError::Full)]);
    link_b.device_mut().room = 0;
    let mut upper = Collector { answers: 1, ..Collector::default() };
    receive_with(&mut link_b, at(1), &sent, &mut upper);
    assert_eq!(upper.results, [Err(tersus_phy::LinkError::Full)]);
    assert_eq!(link_b.statistics().tx_full, 2);
    link_b.device_mut().room = 1;
    assert_eq!(link_b.service(at(2)), LinkEvents::ROOM);
}

#[test]
fn a_packet_with_wrong_lengths_goes_uncompressed() {
    for len in [60, 400] {
        let mut packet = udp_between(A, B, len);
        packet[5] ^= 1;
        let mut sender = link(A);
        let sent = frames(&mut sender, B, &packet);
        assert_eq!(sender.statistics().tx_uncompressed, 1);
        assert_eq!(receive(&mut link(B), at(0), &sent)[0].packet, packet);
    }
}

#[test]
fn a_radio_with_long_frames_needs_no_fragments() {
    let (mut sender, mut receiver) = (link(A), link(B));
    sender.device_mut().capabilities.mtu = 2045;
    receiver.device_mut().capabilities.mtu = 2045;
    sender.service(at(0));
    let packet = udp_between(A, B, 1280);
    let sent = frames(&mut sender, B, &packet);
    assert_eq!(sent.len(), 1);
    assert_eq!(receive(&mut receiver, at(0), &sent)[0].packet, packet);
}

#[test]
fn impossible_configurations_are_refused() {
    let refused = |config| {
        let mut storage = Storage::<1, 1>::new();
        let refused = Sixlowpan::new(Radio::new(), config, &mut storage).err();
        refused
    };
    assert_eq!(refused(Config::new(PAN, A)), None);
    assert_eq!(refused(Config::new(0xffff, A)), Some(ConfigError::Pan));
    for address in
        [ALL, HardwareAddress::NONE, HardwareAddress::short(0xfffe), HardwareAddress::ethernet([2; 6])]
    {
        assert_eq!(refused(Config::new(PAN, address)), Some(ConfigError::Address(address)));
    }
    let mut config = Config::new(PAN, A);
    config.alias = ALL;
    assert_eq!(refused(config), Some(ConfigError::Address(ALL)));
    let mut config = Config::new(PAN, A);
    config.reassembly_timeout = core::time::Duration::from_secs(61);
    assert_eq!(refused(config), Some(ConfigError::Timeout));
    let mut storage = Storage::<0, 0>::default();
    let mut radio = Radio::new();
    radio.capabilities.medium = Medium::Ethernet;
    assert_eq!(Sixlowpan::new(radio, Config::new(PAN, A), &mut storage).err(), Some(ConfigError::Medium));
}
