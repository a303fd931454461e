//! What is taken in and what is dropped, with the reason.

use crate::common::*;
use tersus_phy::{LinkControl, LinkLayer, Switch};
use tersus_sixlowpan::{Config, Statistics};
use tersus_wire::HardwareAddress;

/// An ICMPv6-less packet of 40 octets, all elided but the next header.
const IPHC: [u8; 3] = [0x7a, 0x33, 59];

// conf: LWP-MAC-02, LWP-MAC-05, LWP-MAC-06, LWP-MAC-07, LWP-MAC-09, LWP-MAC-10
#[test]
fn frames_are_filtered_by_type_pan_and_station() {
    let data = |head: &[u8]| [head, &IPHC].concat();
    // Data frames between short addresses in one PAN, to 0x000b from 0x000c.
    for (case, bytes, counter) in [
        ("for us", data(&[0x41, 0x98, 1, 0xcd, 0xab, 0x0b, 0, 0x0c, 0]), ""),
        ("version 0", data(&[0x41, 0x88, 1, 0xcd, 0xab, 0x0b, 0, 0x0c, 0]), ""),
        ("version 2", data(&[0x41, 0xa8, 1, 0xcd, 0xab, 0x0b, 0, 0x0c, 0]), ""),
        ("broadcast", data(&[0x41, 0x98, 1, 0xcd, 0xab, 0xff, 0xff, 0x0c, 0]), ""),
        ("all PANs", data(&[0x41, 0x98, 1, 0xff, 0xff, 0xff, 0xff, 0x0c, 0]), ""),
        ("both PAN ids", data(&[0x01, 0x98, 1, 0xcd, 0xab, 0x0b, 0, 0xcd, 0xab, 0x0c, 0]), ""),
        ("from another PAN", data(&[0x01, 0x98, 1, 0xcd, 0xab, 0x0b, 0, 1, 0, 0x0c, 0]), "rx_other_pan"),
        ("to another PAN", data(&[0x41, 0x98, 1, 0xce, 0xab, 0x0b, 0, 0x0c, 0]), "rx_other_pan"),
        ("to another", data(&[0x41, 0x98, 1, 0xcd, 0xab, 0x0a, 0, 0x0c, 0]), "rx_other_station"),
        ("to no short address", data(&[0x41, 0x98, 1, 0xcd, 0xab, 0xfe, 0xff, 0x0c, 0]), "rx_other_station"),
        ("to nobody", data(&[0x01, 0x90, 1, 0xcd, 0xab, 0x0c, 0]), "rx_other_station"),
        ("from nobody", data(&[0x01, 0x18, 1, 0xcd, 0xab, 0x0b, 0]), "rx_no_source"),
        ("from all", data(&[0x41, 0x98, 1, 0xcd, 0xab, 0x0b, 0, 0xff, 0xff]), "rx_no_source"),
        ("from 0xfffe", data(&[0x41, 0x98, 1, 0xcd, 0xab, 0x0b, 0, 0xfe, 0xff]), "rx_no_source"),
        ("secured", data(&[0x49, 0x98, 1, 0xcd, 0xab, 0x0b, 0, 0x0c, 0, 5, 1, 2, 3, 4]), "rx_secured"),
        ("secured, version 0", data(&[0x49, 0x88, 1, 0xcd, 0xab, 0x0b, 0, 0x0c, 0]), "rx_secured"),
        ("beacon", data(&[0x00, 0x80, 1, 0xcd, 0xab, 0x0c, 0]), "rx_not_data"),
        ("acknowledgement", vec![0x02, 0x00, 1], "rx_not_data"),
        ("command", data(&[0x43, 0x98, 1, 0xcd, 0xab, 0x0b, 0, 0x0c, 0]), "rx_not_data"),
        ("multipurpose", data(&[0x05, 0x00, 1]), "rx_not_data"),
        ("reserved mode", data(&[0x41, 0x94, 1, 0xcd, 0xab, 0x0b, 0, 0x0c, 0]), "rx_malformed"),
        ("reserved version", data(&[0x41, 0xb8, 1, 0xcd, 0xab, 0x0b, 0, 0x0c, 0]), "rx_malformed"),
        ("cut", vec![0x41, 0x98, 1, 0xcd, 0xab, 0x0b, 0, 0x0c], "rx_malformed"),
        (
            "too long",
            [data(&[0x41, 0x98, 1, 0xcd, 0xab, 0x0b, 0, 0x0c, 0]), vec![0; 120]].concat(),
            "rx_malformed",
        ),
        ("empty", vec![], "rx_malformed"),
    ] {
        let mut receiver = link(HardwareAddress::short(0x000b));
        let got = receive(&mut receiver, at(0), &[bytes]).len();
        assert_eq!(got, usize::from(counter.is_empty()), "{case}");
        let want = if counter.is_empty() { vec![] } else { vec![(counter, 1)] };
        assert_eq!(drops(&receiver), want, "{case}");
        assert!(receiver.device().sent.is_empty());
    }
}

#[test]
fn an_alias_and_promiscuous_mode_widen_the_filter() {
    let to = |destination| frame(A, destination, &IPHC);
    let mut config = Config::new(PAN, C);
    config.alias = B;
    let mut receiver = link_with(config, 0, 0);
    assert_eq!(receive(&mut receiver, at(0), &[to(B), to(C)]).len(), 2);
    let other = HardwareAddress::short(0x99);
    assert_eq!(receive(&mut receiver, at(0), &[to(other)]).len(), 0);
    receiver.control(LinkControl::Promiscuous(Switch::On)).unwrap();
    assert_eq!(receive(&mut receiver, at(0), &[to(other)]).len(), 1);
    receiver.control(LinkControl::Promiscuous(Switch::Off)).unwrap();
    assert_eq!(receive(&mut receiver, at(0), &[to(other)]).len(), 0);
}

// conf: LWP-DSP-01, LWP-DSP-02, LWP-DSP-03, LWP-DSP-04, LWP-DSP-05, LWP-DSP-06, LWP-DSP-07, LWP-DSP-09
// conf: LWP-DSP-10, LWP-DSP-11, LWP-DSP-12, LWP-FRG-15
#[test]
fn each_dispatch_is_carried_or_dropped_with_its_reason() {
    let packet = udp_between(A, B, 60);
    let uncompressed = [&[0x41], &packet[..]].concat();
    let mesh = [&[0xb5, 0, 0x0a, 0, 0x0b], &IPHC[..]].concat();
    for (case, payload, counter) in [
        ("IPHC", IPHC.to_vec(), ""),
        ("IPHC 0x7f", vec![0x7f, 0x33, 0xf3, 0, 1, 2], ""),
        ("uncompressed", uncompressed, ""),
        ("page 1", [&[0xf1], &IPHC[..]].concat(), ""),
        ("page 1, elective header", [&[0xf1, 0xa1, 1, 9], &IPHC[..]].concat(), ""),
        ("page 1, critical header", [&[0xf1, 0x81, 1, 9], &IPHC[..]].concat(), "rx_unsupported"),
        ("page 1, fragment", vec![0xf1, 0xc0, 48, 0, 1, 0x7a, 0x33, 59], "rx_unsupported"),
        ("page 2", [&[0xf2], &IPHC[..]].concat(), "rx_unsupported"),
        ("nothing", vec![], "rx_not_lowpan"),
        ("NALP", vec![0x00, 1, 2], "rx_not_lowpan"),
        ("NALP 0x3f", vec![0x3f, 1, 2], "rx_not_lowpan"),
        ("escape", vec![0x40, 1, 2], "rx_unsupported"),
        ("HC1", vec![0x42, 0xfb, 1, 2], "rx_unsupported"),
        ("BC0", [&[0x50, 1], &IPHC[..]].concat(), "rx_unsupported"),
        ("mesh", mesh, "rx_unsupported"),
        ("RFRAG", vec![0xe8, 1, 0x80, 40, 0, 0, 0x7a, 0x33, 59], "rx_unsupported"),
        ("RFRAG-ACK", vec![0xea, 1, 0, 0, 0, 0], "rx_unsupported"),
        ("not assigned", vec![0x51, 1, 2], "rx_unsupported"),
        ("one octet of IPHC", vec![0x7a], "rx_bad_header"),
        ("reserved destination mode", vec![0x7a, 0x34, 59], "rx_bad_header"),
        ("context not set", vec![0x7a, 0xd3, 0x90, 59, 0, 0, 0, 0, 0, 0, 0, 1], "rx_unknown_context"),
        ("next header not assigned", vec![0x7e, 0x33, 0xf8, 1], "rx_unknown_next_header"),
        ("reserved extension header", vec![0x7e, 0x33, 0xea, 1], "rx_bad_header"),
    ] {
        let mut receiver = link(B);
        let got = receive(&mut receiver, at(0), &[frame(A, B, &payload)]).len();
        assert_eq!(got, usize::from(counter.is_empty()), "{case}");
        let want = if counter.is_empty() { vec![] } else { vec![(counter, 1)] };
        assert_eq!(drops(&receiver), want, "{case}");
        assert!(receiver.device().sent.is_empty());
    }
}

#[test]
fn the_budget_bounds_the_frames_of_one_call() {
    let mut receiver = link(B);
    for _ in 0..10 {
        let frame = frame(A, B, &IPHC);
        receiver.device_mut().inbox.push_back(frame);
    }
    let mut upper = Collector::default();
    assert_eq!(receiver.receive(at(0), 0, &mut upper), 0);
    assert_eq!(receiver.receive(at(0), 7, &mut upper), 7);
    assert_eq!(receiver.receive(at(0), 7, &mut upper), 3);
    assert_eq!(upper.got.len(), 10);
}

#[test]
fn every_counter_is_listed_under_its_name() {
    let shown = format!("{:?}", Statistics::default());
    let names: Vec<_> = Statistics::default().counters().iter().map(|(name, _)| *name).collect();
    let listed: Vec<_> = names.iter().map(|name| format!("{name}: 0")).collect();
    assert_eq!(shown, format!("Statistics {{ {} }}", listed.join(", ")));
}
