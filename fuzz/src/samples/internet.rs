//! Samples of family `wire_internet`.

use super::{udp_datagram, Sample, V4_A, V4_B, V6_A, V6_B};
use tersus_wire::ipv4::{self, Opt as Opt4, TimestampEntry, TimestampFlag, Timestamps};
use tersus_wire::ipv6_ext::{
    Mobility, Opt, OptionType, OptionsRepr, RouteRepr, RoutingRepr, RoutingType, Rpl, RplFlags,
    SegmentRoutingRepr, SourceRouteRepr, Tlv,
};
use tersus_wire::{ah, esp, ipv6, IpProtocol};

/// Valid octets of every format of the family.
#[must_use]
pub fn internet() -> Vec<Sample> {
    let mut samples = Vec::new();
    let mut add = |format, name, octets| samples.push(Sample { format, name, octets });
    add(0, "ipv4_routes", ipv4_routes());
    add(0, "ipv4_timestamps", ipv4_timestamps());
    add(1, "ipv6_options", options(IpProtocol::UDP).split_off(2));
    add(2, "routing_home_address", home_address());
    add(2, "routing_unknown", vec![17, 0, 253, 1, 1, 2, 3, 4]);
    add(2, "routing_source_route", source_route(IpProtocol::UDP));
    add(2, "routing_segments", segments());
    let mut chain = vec![IpProtocol::HOP_BY_HOP.0];
    chain.extend(options(IpProtocol::ROUTING));
    chain.extend(source_route(IpProtocol::AH));
    chain.extend(integrity());
    add(3, "headers", chain);
    add(4, "ah", integrity());
    add(5, "esp", protected());
    add(6, "mobility", mobility());
    add(7, "jumbogram", jumbogram());
    samples
}

fn ipv4_routes() -> Vec<u8> {
    let record = ipv4::Route::to_record(2).and_then(|route| route.to_data()).expect("short");
    let through = ipv4::Route::through(&[V4_A, V4_B]).and_then(|route| route.to_data()).expect("short");
    let options = [Opt4::RouterAlert(0), Opt4::RecordRoute(&record), Opt4::LooseSourceRoute(&through)];
    let mut octets = vec![0; ipv4::options_len(&options)];
    ipv4::emit_options(&options, &mut octets).expect("room");
    octets
}

fn ipv4_timestamps() -> Vec<u8> {
    let entry = TimestampEntry { address: Some(V4_A), timestamp: 0x8000_0001 };
    let timestamps = Timestamps {
        pointer: 13,
        overflow: 2,
        flag: TimestampFlag::Prespecified,
        entries: [entry, entry].into_iter().collect(),
    };
    let data = timestamps.to_data().expect("short");
    let options = [Opt4::Timestamp(&data), Opt4::StreamId(7), Opt4::Unknown(130, &[1; 9])];
    let mut octets = vec![0; ipv4::options_len(&options)];
    ipv4::emit_options(&options, &mut octets).expect("room");
    octets
}

fn options(next_header: IpProtocol) -> Vec<u8> {
    let rpl =
        Rpl { kind: OptionType::RPL, flags: RplFlags::DOWN, instance: 0x1e, sender_rank: 256, sub_tlvs: &[] };
    let options = [
        Opt::TunnelEncapsulationLimit(4),
        Opt::RouterAlert(0),
        Opt::Rpl(rpl),
        Opt::JumboPayload(0x1_0000),
        Opt::HomeAddress(V6_A),
        Opt::Unknown(OptionType(0x3e), &[1, 2, 3]),
    ];
    let repr = OptionsRepr { next_header, options: &options };
    let mut octets = vec![0; repr.buffer_len()];
    repr.emit(&mut octets).expect("room");
    octets
}

fn home_address() -> Vec<u8> {
    let route = RouteRepr::HomeAddress(V6_A);
    let repr = RoutingRepr { next_header: IpProtocol::UDP, segments_left: 1, route };
    let mut octets = vec![0; repr.buffer_len()];
    repr.emit(&mut octets).expect("room");
    assert_eq!(octets[2], RoutingType::HOME_ADDRESS.0);
    octets
}

fn source_route(next_header: IpProtocol) -> Vec<u8> {
    let addresses = [V6_A, V6_B, V6_A];
    let repr = SourceRouteRepr { next_header, segments_left: 2, addresses: &addresses, destination: V6_B };
    let mut octets = vec![0; repr.buffer_len()];
    repr.emit(&mut octets).expect("room");
    octets
}

fn segments() -> Vec<u8> {
    let hmac = Tlv::Hmac { is_destination_excluded: true, key_id: 9, hmac: &[7; 16] };
    let repr = SegmentRoutingRepr {
        next_header: IpProtocol::UDP,
        segments_left: 1,
        flags: 0,
        tag: 5,
        segments: &[V6_A, V6_B],
        tlvs: &[Tlv::Unknown(128, &[1]), hmac],
    };
    let mut octets = vec![0; repr.buffer_len()];
    repr.emit(&mut octets).expect("room");
    octets
}

fn integrity() -> Vec<u8> {
    let repr = ah::Repr { next_header: IpProtocol::UDP, spi: 0x1234, sequence: 7, icv: &[9; 12] };
    let mut octets = vec![0; repr.buffer_len()];
    repr.emit(&mut octets).expect("room");
    octets.extend(udp_datagram());
    octets
}

/// The front of a packet whose protected part is not encrypted.
fn protected() -> Vec<u8> {
    let mut octets = vec![0; esp::HEADER_LEN];
    esp::Repr { spi: 0x1234, sequence: 7 }.emit(&mut octets).expect("room");
    octets.extend(udp_datagram());
    let mut room = [0; 32];
    let len = esp::Trailer::emit(octets.len(), 16, IpProtocol::UDP, &mut room).expect("room");
    octets.extend(&room[..len]);
    octets
}

fn mobility() -> Vec<u8> {
    let repr = Mobility { payload_proto: IpProtocol::NO_NEXT_HEADER, mh_type: 5, data: &[1; 10] };
    let mut octets = vec![0; repr.buffer_len()];
    repr.emit(V6_A, V6_B, &mut octets).expect("room");
    octets
}

/// The front of a jumbogram of 66,568 octets behind its fixed header, and how much is missing.
fn jumbogram() -> Vec<u8> {
    let mut octets = vec![65; 1 + ipv6::HEADER_LEN + 8];
    let repr = ipv6::Repr::new(IpProtocol::HOP_BY_HOP, V6_A, V6_B, 0);
    repr.emit(&mut octets[1..]).expect("room");
    let options = OptionsRepr { next_header: IpProtocol::UDP, options: &[Opt::JumboPayload(65 * 1_024 + 8)] };
    options.emit(&mut octets[1 + ipv6::HEADER_LEN..]).expect("room");
    octets
}
