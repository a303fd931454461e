//! Family `wire_internet`: what is in IPv4 options and in IPv6 extension headers, AH and ESP.

use super::{emitted, Family};
use crate::samples;
use core::net::Ipv6Addr;
use tersus_wire::ipv4::{self, Opt as Opt4, Route as Route4, Timestamps};
use tersus_wire::ipv6_ext::{
    Chain, End, Header, Jumbogram, Mobility, Opt, Options, OptionsRepr, Route, Routing, RoutingRepr,
    SegmentRoutingRepr, SourceRouteRepr, Tlv,
};
use tersus_wire::{ah as wire_ah, esp as wire_esp, IpProtocol};

const SOURCE: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1);
const DESTINATION: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 2);

/// The family.
pub(super) const FAMILY: Family = Family {
    name: "wire_internet",
    formats: &[
        (0, "ipv4_options", ipv4_options),
        (1, "ipv6_options", ipv6_options),
        (2, "routing", routing),
        (3, "headers", headers),
        (4, "ah", ah),
        (5, "esp", esp),
        (6, "mobility", mobility),
        (7, "jumbogram", jumbogram),
    ],
    samples: samples::internet,
};

/// Input: the octets of the options of a header.
pub(super) fn ipv4_options(bytes: &[u8]) {
    let options: Vec<_> = ipv4::options(bytes).collect();
    assert!(options.len() <= bytes.len());
    assert!(options.iter().rev().skip(1).all(Result::is_ok), "an error ends the walk");
    let options: Vec<_> = options.into_iter().flatten().collect();
    for option in &options {
        let _ = option.to_string();
        match option {
            Opt4::RecordRoute(data) | Opt4::LooseSourceRoute(data) | Opt4::StrictSourceRoute(data) => {
                if let Ok(route) = Route4::parse(data) {
                    assert_eq!(route.to_data().expect("what was parsed can be emitted"), *data);
                    assert_eq!(route.recorded().len() + route.remaining().len(), route.addresses.len());
                }
            }
            Opt4::Timestamp(data) => {
                if let Ok(timestamps) = Timestamps::parse(data) {
                    assert_eq!(timestamps.to_data().expect("what was parsed can be emitted"), *data);
                    let done = timestamps.recorded().len();
                    assert_eq!(done + timestamps.remaining().len(), timestamps.entries.len());
                }
            }
            _ => {}
        }
    }
    let count = |kinds: &[u8]| options.iter().filter(|option| kinds.contains(&option.kind())).count();
    let is_repeated = [&[7][..], &[68], &[130], &[131, 137], &[136]].iter().any(|kinds| count(kinds) > 1);
    let len = ipv4::options_len(&options);
    if len > ipv4::OPTIONS_LEN_MAX || is_repeated {
        assert!(ipv4::emit_options(&options, &mut vec![0; len]).is_err());
        return;
    }
    let again = emitted(len, |buffer| ipv4::emit_options(&options, buffer));
    let again: Vec<_> = ipv4::options(&again).map(|option| option.expect("what was emitted")).collect();
    assert_eq!(again, options);
}

/// What the options of a header mean, without padding.
fn meaning<'a>(options: Options<'a>) -> Vec<Opt<'a>> {
    let typed = options.flatten().filter_map(|option| Opt::parse(&option).ok());
    typed.filter(|option| !matches!(option, Opt::Pad1 | Opt::PadN(_))).collect()
}

/// Input: the options of a Hop-by-Hop or Destination Options header, behind its first two octets.
pub(super) fn ipv6_options(bytes: &[u8]) {
    for option in Options::new(bytes, 42).flatten() {
        let _ = option.kind.may_change();
        if let Ok(option) = Opt::parse(&option) {
            let _ = option.to_string();
        }
    }
    let options = meaning(Options::new(bytes, 42));
    let repr = OptionsRepr { next_header: IpProtocol::UDP, options: &options };
    if repr.buffer_len() > 2_048 {
        assert!(repr.emit(&mut vec![0; repr.buffer_len()]).is_err());
        return;
    }
    let again = emitted(repr.buffer_len(), |buffer| repr.emit(buffer));
    assert_eq!((again[0], again.len()), (17, usize::from(again[1]) * 8 + 8));
    assert_eq!(meaning(Options::new(&again[2..], 42)), options);
}

/// Input: a routing header.
pub(super) fn routing(bytes: &[u8]) {
    let Ok(header) = Routing::parse(bytes) else { return };
    let _ = header.to_string();
    let Ok(route) = header.route() else { return };
    let (next_header, segments_left) = (header.next_header(), header.segments_left());
    let again = match route {
        Route::Rpl(route) => {
            let addresses: Vec<_> = route.addresses(DESTINATION).collect();
            assert_eq!(addresses.len(), route.len());
            if addresses.iter().any(|address| address.is_multicast()) {
                return;
            }
            let destination = DESTINATION;
            let repr = SourceRouteRepr { next_header, segments_left, addresses: &addresses, destination };
            let again = emitted(repr.buffer_len(), |buffer| repr.emit(buffer));
            assert!(again.len() <= header.data().len() + 4, "never longer than it was");
            let route = Routing::parse(&again).expect("emitted").source_route().expect("well-formed");
            let route = route.expect("of type 3");
            assert_eq!(route.addresses(DESTINATION).collect::<Vec<_>>(), addresses);
            return;
        }
        Route::Segment(route) => {
            let tlvs: Vec<_> = route.tlvs().collect();
            if tlvs.iter().any(Result::is_err) {
                return;
            }
            let is_padding = |tlv: &Tlv<'_>| matches!(tlv, Tlv::Pad1 | Tlv::PadN(_));
            let tlvs: Vec<_> = tlvs.into_iter().flatten().filter(|tlv| !is_padding(tlv)).collect();
            let segments: Vec<_> = route.segments().collect();
            assert_eq!(segments.len(), route.last_entry() + 1);
            let repr = SegmentRoutingRepr {
                next_header,
                segments_left,
                flags: route.flags(),
                tag: route.tag(),
                segments: &segments,
                tlvs: &tlvs,
            };
            // An HMAC that was not aligned may need more room than there is.
            if repr.buffer_len() > 2_048 {
                return;
            }
            let again = emitted(repr.buffer_len(), |buffer| repr.emit(buffer));
            let route = Routing::parse(&again).expect("emitted").segment_routing().expect("well-formed");
            let route = route.expect("of type 4");
            assert_eq!(route.segments().collect::<Vec<_>>(), segments);
            assert!(route.tlvs().flatten().filter(|tlv| !is_padding(tlv)).eq(tlvs));
            return;
        }
        Route::Deprecated => {
            assert!(RoutingRepr::parse(&header).is_err());
            return;
        }
        _ => {
            let repr = RoutingRepr::parse(&header).expect("of a type that it holds");
            let again = emitted(repr.buffer_len(), |buffer| repr.emit(buffer));
            let header = Routing::parse(&again).expect("emitted");
            assert_eq!(RoutingRepr::parse(&header), Ok(repr));
            again
        }
    };
    assert_eq!(again.len(), header.data().len() + 4);
}

/// Input: the first header, then the chain.
pub(super) fn headers(bytes: &[u8]) {
    let Some((first, rest)) = bytes.split_first() else { return };
    let mut walk = Chain::new(IpProtocol(*first), rest).headers();
    let (mut count, mut octets) = (0, 0);
    for item in walk.by_ref() {
        count += 1;
        if let Ok(header) = item {
            octets += header.bytes.len();
            show(&header);
        }
    }
    assert!(walk.next().is_none() && count <= rest.len() / 8 + 1);
    assert_eq!(usize::from(walk.position().offset()), 40 + octets);
    let protocol = walk.position().protocol();
    match walk.end() {
        End::UpperLayer(upper) => assert_eq!(upper, protocol),
        End::Encrypted => assert_eq!(protocol, IpProtocol::ESP),
        End::NoNextHeader => assert_eq!(protocol, IpProtocol::NO_NEXT_HEADER),
        End::LaterFragment | End::Truncated => {}
        End::Open => panic!("the walk ended"),
    }
}

fn show(header: &Header<'_>) {
    let _ = header.to_string();
    if let Some(routing) = header.as_routing() {
        let short = header.routing().expect("the same");
        assert_eq!((routing.routing_type().0, routing.segments_left()), short);
    }
}

pub(super) fn ah(bytes: &[u8]) {
    let Ok(packet) = wire_ah::Packet::parse(bytes) else { return };
    let _ = packet.to_string();
    let repr = wire_ah::Repr::parse(&packet);
    let again = emitted(repr.buffer_len(), |buffer| repr.emit(buffer));
    let again = [&again, packet.payload()].concat();
    assert_eq!(again.len(), bytes.len());
    let again = wire_ah::Packet::parse(&again).expect("what was emitted can be parsed");
    assert_eq!((wire_ah::Repr::parse(&again), again.payload()), (repr, packet.payload()));
}

/// The octets as a packet, and as the decrypted part of one.
pub(super) fn esp(bytes: &[u8]) {
    if let Ok(packet) = wire_esp::Packet::parse(bytes) {
        let _ = packet.to_string();
        let repr = wire_esp::Repr::parse(&packet);
        let again = emitted(repr.buffer_len(), |buffer| repr.emit(buffer));
        assert_eq!([&again, packet.protected()].concat(), bytes);
    }
    if let Ok(trailer) = wire_esp::Trailer::parse(bytes) {
        assert_eq!(trailer.payload.len() + trailer.padding.len() + 2, bytes.len());
        let len = trailer.payload.len();
        let block = trailer.next_header.0;
        let mut room = [0; 257];
        if let Ok(written) = wire_esp::Trailer::emit(len, block, trailer.next_header, &mut room) {
            assert_eq!((len + written) % usize::from(block.max(1)), 0);
            let plain = [trailer.payload, &room[..written]].concat();
            let again = wire_esp::Trailer::parse(&plain).expect("what was emitted can be parsed");
            assert_eq!((again.payload, again.next_header), (trailer.payload, trailer.next_header));
        }
    }
}

pub(super) fn mobility(bytes: &[u8]) {
    let Ok((header, _)) = Mobility::parse(bytes) else { return };
    let _ = header.to_string();
    let again = emitted(header.buffer_len(), |buffer| header.emit(SOURCE, DESTINATION, buffer));
    assert!(Mobility::is_checksum_valid(SOURCE, DESTINATION, &again));
    assert_eq!(Mobility::parse(&again).map(|(again, _)| again), Ok(header));
}

/// Input: how much zeros follow (in units of 1,024 octets), then the front of a packet.
pub(super) fn jumbogram(bytes: &[u8]) {
    let Some((more, front)) = bytes.split_first() else { return };
    let mut packet = front.to_vec();
    packet.resize(front.len() + usize::from(*more) * 1_024, 0);
    let Ok(jumbogram) = Jumbogram::parse(&packet) else { return };
    let _ = jumbogram.to_string();
    assert!(jumbogram.payload_len() > 65_535 && jumbogram.payload().len() + 40 <= packet.len());
    if let Ok((_, segment)) = jumbogram.upper_layer() {
        assert!(jumbogram.payload().ends_with(segment));
    }
}
