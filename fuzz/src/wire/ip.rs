//! IPv4, IPv6, extension headers, checksums.

use super::emitted;
use crate::check;
use tersus_wire::checksum::{self, Sum};
use tersus_wire::ipv6_ext::{self, Chain, Decision, Fragment, Limits, Part};
use tersus_wire::{ipv4 as v4, ipv6 as v6, IpProtocol};

pub(super) fn ipv4(bytes: &[u8]) {
    ipv4_as_it_is(bytes);
    // A mutated header has a wrong checksum: with a right one it gets further.
    let mut repaired = bytes.to_vec();
    check::repair(&mut repaired);
    ipv4_as_it_is(&repaired);
}

fn ipv4_as_it_is(bytes: &[u8]) {
    if let Ok(quoted) = v4::Packet::parse_quoted(bytes) {
        assert!(quoted.payload().len() + quoted.option_octets().len() <= bytes.len());
        let _ = quoted.to_string();
        assert_eq!(v4::Packet::parse_captured(bytes), Ok(quoted));
    } else if let Ok(captured) = v4::Packet::parse_captured(bytes) {
        assert_eq!(captured.header().total_len(), 0);
        assert_eq!(captured.header().header_len() + captured.payload().len(), bytes.len());
    }
    let parsed = v4::Packet::parse(bytes);
    let mut copy = bytes.to_vec();
    match (&parsed, v4::split_mut(&mut copy)) {
        (Ok(packet), Ok((header, options, payload))) => {
            assert_eq!(packet.header(), header);
            assert_eq!(packet.option_octets(), options);
            assert_eq!(packet.payload(), payload);
        }
        (Err(one), Err(other)) => assert_eq!(*one, other),
        (one, other) => panic!("{one:?} is not {other:?}"),
    }
    let Ok(packet) = parsed else { return };
    let header_len = packet.header().header_len();
    assert_eq!(check::ones_complement_sum(&[&bytes[..header_len]]), 0xffff);
    assert!(packet.options().count() <= v4::OPTIONS_LEN_MAX);
    let _ = packet.to_string();

    let repr = v4::Repr::parse(&packet);
    let options = packet.option_octets();
    let header = emitted(header_len, |buffer| repr.emit_with_options(options, buffer));
    let again = [&header, packet.payload()].concat();
    let again = v4::Packet::parse(&again).expect("what was emitted can be parsed");
    assert_eq!(v4::Repr::parse(&again), repr);
    assert_eq!(again.option_octets(), options);

    // An edit changes what it names, and the checksum stays right.
    let (hop_limit, traffic_class) = (!repr.hop_limit, !repr.traffic_class);
    let (source, destination) = (repr.destination, repr.source);
    let mut edited = bytes.to_vec();
    v4::set_hop_limit(&mut edited, hop_limit).expect("a header");
    v4::set_traffic_class(&mut edited, traffic_class).expect("a header");
    v4::set_addresses(&mut edited, source, destination).expect("a header");
    let edited = v4::Packet::parse(&edited).expect("still intact");
    let want = v4::Repr { hop_limit, traffic_class, source, destination, ..repr };
    assert_eq!(v4::Repr::parse(&edited), want);
}

pub(super) fn ipv6(bytes: &[u8]) {
    if let Ok(quoted) = v6::Packet::parse_quoted(bytes) {
        assert!(quoted.payload().len() <= bytes.len());
        let captured = v6::Packet::parse_captured(bytes).expect("what is quoted may be captured");
        assert!(captured == quoted || quoted.header().payload_len() == 0);
        let mut edited = bytes.to_vec();
        let (hop_limit, traffic_class) = (!quoted.header().hop_limit(), !quoted.header().traffic_class());
        v6::set_hop_limit(&mut edited, hop_limit).expect("a header");
        v6::set_traffic_class(&mut edited, traffic_class).expect("a header");
        let edited = v6::Packet::parse_quoted(&edited).expect("its lengths are as they were");
        let want = v6::Repr { hop_limit, traffic_class, ..v6::Repr::parse(&quoted) };
        assert_eq!(v6::Repr::parse(&edited), want);
    }
    let parsed = v6::Packet::parse(bytes);
    let mut copy = bytes.to_vec();
    match (&parsed, v6::split_mut(&mut copy)) {
        (Ok(packet), Ok((header, payload))) => {
            assert_eq!(packet.header(), header);
            assert_eq!(packet.payload(), payload);
        }
        (Err(one), Err(other)) => assert_eq!(*one, other),
        (one, other) => panic!("{one:?} is not {other:?}"),
    }
    let Ok(packet) = parsed else { return };
    let _ = packet.to_string();
    let repr = v6::Repr::parse(&packet);
    assert_eq!(emitted(repr.buffer_len(), |buffer| repr.emit(buffer)), bytes[..v6::HEADER_LEN]);
}

/// Input: first header, which part it is, limits (four octets), then the chain.
pub(super) fn ipv6_ext(bytes: &[u8]) {
    let Some(([first, part, headers, octets, options, padding], rest)) = bytes.split_first_chunk() else {
        return;
    };
    let first = IpProtocol(*first);
    let mut chain = Chain::new(first, rest);
    let mut count = 0;
    while let Ok(Some(header)) = chain.next_header() {
        count += 1;
        assert!(header.bytes.len() >= 8 && count <= rest.len() / 8);
        assert!(header.options().count() <= header.bytes.len());
        let _ = header.routing();
        if let Some(fragment) = header.fragment() {
            let octets = emitted(ipv6_ext::FRAGMENT_LEN, |buffer| fragment.emit(buffer).map(|_| ()));
            assert_eq!(Fragment::parse(&octets), Ok(fragment));
            let _ = fragment.to_string();
        }
    }
    assert_eq!(usize::from(chain.offset()) + chain.rest().len(), v6::HEADER_LEN + rest.len().min(65_495));

    let part = if part & 1 == 0 { Part::Packet } else { Part::Fragmentable };
    let limits =
        Limits { headers: *headers, octets: u16::from(*octets) * 32, options: *options, padding: *padding };
    for limits in [limits, Limits::default()] {
        match ipv6_ext::walk(first, rest, part, &limits) {
            Decision::Accept(accept) => {
                assert!(usize::from(accept.len) <= rest.len());
                assert!(usize::from(accept.named_at) < v6::HEADER_LEN + usize::from(accept.len).max(1));
                assert!(accept.fragment.map_or(true, |fragment| !fragment.is_atomic()));
            }
            // Where a length octet is missing, the pointer is just behind the packet.
            Decision::Problem(problem) => {
                assert!(usize::from(problem.pointer) <= v6::HEADER_LEN + rest.len());
            }
            Decision::Drop(_) => {}
        }
    }
}

/// Input: where to cut (even), a new word, then what is summed.
pub(super) fn checksum(bytes: &[u8]) {
    let Some(([cut, high, low], rest)) = bytes.split_first_chunk() else { return };
    let want = check::ones_complement_sum(&[rest]);
    let sum = Sum::new().add_bytes(rest);
    assert_eq!(sum.partial(), want);
    assert_eq!(sum.checksum(), !want);
    let cut = (usize::from(*cut) * 2).min(rest.len() & !1);
    let (front, back) = rest.split_at(cut);
    assert_eq!(Sum::new().add_bytes(front).add_bytes(back).partial(), want);
    let mut copy = vec![0; rest.len()];
    assert_eq!(checksum::copy_and_sum(&mut copy, rest).partial(), want);
    assert_eq!(copy, rest);

    // The update of one word, RFC 1624: a receiver accepts it as it accepts the sum made anew. The one exception
    // are data of zeros only, whose sum has no positive zero to tell.
    if cut >= 2 {
        let new = u16::from_be_bytes([*high, *low]);
        let old = u16::from_be_bytes([rest[cut - 2], rest[cut - 1]]);
        let updated = checksum::update(!want, old, new);
        copy[cut - 2..cut].copy_from_slice(&new.to_be_bytes());
        let sum = check::ones_complement_sum(&[&copy, &[]]);
        if copy.len() % 2 == 0 && sum != 0 && want != 0 {
            assert_eq!(check::ones_complement_sum(&[&copy, &updated.to_be_bytes()]), 0xffff);
        }
    }
}
