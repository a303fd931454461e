//! Reprs of IPv4, IPv6 and what stands between them and upper layers.

use super::super::{internet as checks, ip};
use super::{emit, open, several, whole, Kind, Made};
use arbitrary::{Result, Unstructured};
use core::net::Ipv6Addr;
use tersus_wire::ipv6_ext::{
    Fragment, Mobility, Opt, Options, OptionsRepr, Routing, RoutingRepr, SegmentRoutingRepr, SourceRouteRepr,
    Tlv, FRAGMENT_LEN,
};
use tersus_wire::{ah, esp, ipv4, ipv6, Error, IpProtocol};

const SOURCE: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1);
const DESTINATION: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 2);

pub(super) const KINDS: &[Kind] = &[
    Kind { name: "ipv4::Repr", make: ipv4_header, read: read_ipv4, check: ip::ipv4 },
    Kind { name: "ipv4::Opt", make: ipv4_options, read: read_ipv4, check: ip::ipv4 },
    Kind { name: "ipv4::Route", make: ipv4_route, read: read_route, check: |_| {} },
    Kind { name: "ipv4::Timestamps", make: ipv4_timestamps, read: read_timestamps, check: |_| {} },
    Kind { name: "ipv6::Repr", make: ipv6_header, read: read_ipv6, check: ip::ipv6 },
    Kind { name: "ipv6_ext::Fragment", make: fragment, read: read_fragment, check: |_| {} },
    Kind {
        name: "ipv6_ext::OptionsRepr",
        make: ipv6_options,
        read: read_ipv6_options,
        check: checks::ipv6_options,
    },
    Kind { name: "ipv6_ext::RoutingRepr", make: routing, read: read_routing, check: checks::routing },
    Kind {
        name: "ipv6_ext::SourceRouteRepr",
        make: source_route,
        read: read_routing,
        check: checks::routing,
    },
    Kind {
        name: "ipv6_ext::SegmentRoutingRepr",
        make: segment_routing,
        read: read_routing,
        check: checks::routing,
    },
    Kind { name: "ipv6_ext::Mobility", make: mobility, read: read_mobility, check: checks::mobility },
    Kind { name: "ah::Repr", make: authentication, read: read_ah, check: checks::ah },
    Kind { name: "esp::Repr", make: encapsulation, read: read_esp, check: checks::esp },
    Kind { name: "esp::Trailer", make: trailer, read: read_trailer, check: checks::esp },
];

/// A header and a payload of the length that it says, at most 2,000 octets.
fn ipv4_header(from: &mut Unstructured<'_>) -> Result<Option<Made>> {
    let mut repr: ipv4::Repr = from.arbitrary()?;
    repr.payload_len %= 2_000;
    let header = emit(repr.buffer_len(), |buffer| repr.emit(buffer));
    let packet = header.map(|header| [header, vec![0x5a; repr.payload_len.into()]].concat());
    whole(packet, &repr, |octets| Ok(ipv4::Repr::parse(&ipv4::Packet::parse(octets)?) == repr))
}

fn ipv4_options(from: &mut Unstructured<'_>) -> Result<Option<Made>> {
    let mut repr: ipv4::Repr = from.arbitrary()?;
    repr.payload_len %= 100;
    let options: Vec<ipv4::Opt<'_>> = several(from, 4)?;
    let Some(area) = emit(ipv4::options_len(&options), |buffer| ipv4::emit_options(&options, buffer)) else {
        return Ok(None);
    };
    let header = emit(ipv4::HEADER_LEN + area.len(), |buffer| repr.emit_with_options(&area, buffer));
    let packet = header.map(|header| [header, vec![0x5a; repr.payload_len.into()]].concat());
    whole(packet, &options, |octets| {
        let packet = ipv4::Packet::parse(octets)?;
        let read: Vec<_> = packet.options().collect::<core::result::Result<_, _>>()?;
        Ok(ipv4::Repr::parse(&packet) == repr && read == options)
    })
}

fn read_ipv4(octets: &[u8]) -> core::result::Result<(), Error> {
    ipv4::Packet::parse(octets).map(|_| ())
}

/// The data of the option ends with it: any number of whole addresses will do.
fn ipv4_route(from: &mut Unstructured<'_>) -> Result<Option<Made>> {
    let route: ipv4::Route = from.arbitrary()?;
    let data = route.to_data().ok().map(|data| data.to_vec());
    open(data, 1, &route, |octets| Ok(ipv4::Route::parse(octets)? == route))
}

/// The lengths count from the option's type on.
fn without_header(error: Error) -> Error {
    match error {
        Error::Truncated { need, have } => Error::truncated(usize::from(need) - 2, usize::from(have) - 2),
        error => error,
    }
}

fn read_route(octets: &[u8]) -> core::result::Result<(), Error> {
    ipv4::Route::parse(octets).map(|_| ()).map_err(without_header)
}

fn ipv4_timestamps(from: &mut Unstructured<'_>) -> Result<Option<Made>> {
    let timestamps: ipv4::Timestamps = from.arbitrary()?;
    let data = timestamps.to_data().ok().map(|data| data.to_vec());
    open(data, 2, &timestamps, |octets| Ok(ipv4::Timestamps::parse(octets)? == timestamps))
}

fn read_timestamps(octets: &[u8]) -> core::result::Result<(), Error> {
    ipv4::Timestamps::parse(octets).map(|_| ()).map_err(without_header)
}

fn ipv6_header(from: &mut Unstructured<'_>) -> Result<Option<Made>> {
    let mut repr: ipv6::Repr = from.arbitrary()?;
    repr.payload_len %= 2_000;
    let header = emit(repr.buffer_len(), |buffer| repr.emit(buffer));
    let packet = header.map(|header| [header, vec![0x5a; repr.payload_len.into()]].concat());
    whole(packet, &repr, |octets| Ok(ipv6::Repr::parse(&ipv6::Packet::parse(octets)?) == repr))
}

fn read_ipv6(octets: &[u8]) -> core::result::Result<(), Error> {
    ipv6::Packet::parse(octets).map(|_| ())
}

fn fragment(from: &mut Unstructured<'_>) -> Result<Option<Made>> {
    let fragment: Fragment = from.arbitrary()?;
    whole(emit(FRAGMENT_LEN, |buffer| fragment.emit(buffer)), &fragment, |octets| {
        Ok(Fragment::parse(octets)? == fragment)
    })
}

fn read_fragment(octets: &[u8]) -> core::result::Result<(), Error> {
    Fragment::parse(octets).map(|_| ())
}

/// What is made is the header behind its first two octets: only whole options are of use.
fn ipv6_options(from: &mut Unstructured<'_>) -> Result<Option<Made>> {
    let next_header = from.arbitrary()?;
    let is_padding = |option: &Opt<'_>| matches!(option, Opt::Pad1 | Opt::PadN(_));
    let mut options: Vec<Opt<'_>> = several(from, 4)?;
    options.retain(|option| !is_padding(option));
    let repr = OptionsRepr { next_header, options: &options };
    let octets = emit(repr.buffer_len(), |buffer| repr.emit(buffer)).map(|header| header[2..].to_vec());
    open(octets, 0, &options, |octets| {
        let mut read = Vec::new();
        for option in Options::new(octets, 42) {
            read.push(Opt::parse(&option?)?);
        }
        read.retain(|option| !is_padding(option));
        Ok(read == options)
    })
}

fn read_ipv6_options(octets: &[u8]) -> core::result::Result<(), Error> {
    Options::new(octets, 42).try_for_each(|option| option.map(|_| ()))
}

fn routing(from: &mut Unstructured<'_>) -> Result<Option<Made>> {
    let repr: RoutingRepr<'_> = from.arbitrary()?;
    whole(emit(repr.buffer_len(), |buffer| repr.emit(buffer)), &repr, |octets| {
        Ok(RoutingRepr::parse(&Routing::parse(octets)?)? == repr)
    })
}

fn source_route(from: &mut Unstructured<'_>) -> Result<Option<Made>> {
    let (next_header, destination) = (from.arbitrary()?, from.arbitrary()?);
    let mut addresses: Vec<Ipv6Addr> = several(from, 8)?;
    addresses.push(from.arbitrary()?);
    let segments_left = from.int_in_range(0..=u8::try_from(addresses.len()).expect("at most 9"))?;
    if from.arbitrary()? {
        // As routes are: within one prefix.
        let [front @ .., _, _] = Ipv6Addr::octets(&destination);
        for address in &mut addresses {
            let mut octets = address.octets();
            octets[..14].copy_from_slice(&front);
            *address = octets.into();
        }
    }
    let repr = SourceRouteRepr { next_header, segments_left, addresses: &addresses, destination };
    whole(emit(repr.buffer_len(), |buffer| repr.emit(buffer)), &repr, |octets| {
        let header = Routing::parse(octets)?;
        let route = header.source_route()?.ok_or(Error::Unrepresentable)?;
        let is_same = route.addresses(destination).eq(addresses.iter().copied());
        Ok(is_same && header.next_header() == next_header && header.segments_left() == segments_left)
    })
}

fn segment_routing(from: &mut Unstructured<'_>) -> Result<Option<Made>> {
    let (next_header, flags, tag) = (from.arbitrary()?, from.arbitrary()?, from.arbitrary()?);
    let mut segments: Vec<Ipv6Addr> = several(from, 6)?;
    segments.push(from.arbitrary()?);
    let segments_left = from.int_in_range(0..=u8::try_from(segments.len()).expect("at most 7"))?;
    let is_padding = |tlv: &Tlv<'_>| matches!(tlv, Tlv::Pad1 | Tlv::PadN(_));
    let mut tlvs: Vec<Tlv<'_>> = several(from, 3)?;
    tlvs.retain(|tlv| !is_padding(tlv));
    let repr =
        SegmentRoutingRepr { next_header, segments_left, flags, tag, segments: &segments, tlvs: &tlvs };
    whole(emit(repr.buffer_len(), |buffer| repr.emit(buffer)), &repr, |octets| {
        let header = Routing::parse(octets)?;
        let route = header.segment_routing()?.ok_or(Error::Unrepresentable)?;
        let mut read: Vec<_> = route.tlvs().collect::<core::result::Result<_, _>>()?;
        read.retain(|tlv| !is_padding(tlv));
        let is_same = route.segments().eq(segments.iter().copied()) && read == tlvs;
        Ok(is_same && (route.flags(), route.tag()) == (flags, tag) && header.segments_left() == segments_left)
    })
}

fn read_routing(octets: &[u8]) -> core::result::Result<(), Error> {
    Routing::parse(octets)?.route().map(|_| ())
}

fn mobility(from: &mut Unstructured<'_>) -> Result<Option<Made>> {
    let header: Mobility<'_> = from.arbitrary()?;
    whole(emit(header.buffer_len(), |buffer| header.emit(SOURCE, DESTINATION, buffer)), &header, |octets| {
        Ok(Mobility::is_checksum_valid(SOURCE, DESTINATION, octets) && Mobility::parse(octets)?.0 == header)
    })
}

fn read_mobility(octets: &[u8]) -> core::result::Result<(), Error> {
    Mobility::parse(octets).map(|_| ())
}

fn authentication(from: &mut Unstructured<'_>) -> Result<Option<Made>> {
    let repr: ah::Repr<'_> = from.arbitrary()?;
    whole(emit(repr.buffer_len(), |buffer| repr.emit(buffer)), &repr, |octets| {
        Ok(ah::Repr::parse(&ah::Packet::parse(octets)?) == repr)
    })
}

fn read_ah(octets: &[u8]) -> core::result::Result<(), Error> {
    ah::Packet::parse(octets).map(|_| ())
}

fn encapsulation(from: &mut Unstructured<'_>) -> Result<Option<Made>> {
    let repr: esp::Repr = from.arbitrary()?;
    whole(emit(repr.buffer_len(), |buffer| repr.emit(buffer)), &repr, |octets| {
        Ok(esp::Repr::parse(&esp::Packet::parse(octets)?) == repr)
    })
}

fn read_esp(octets: &[u8]) -> core::result::Result<(), Error> {
    esp::Packet::parse(octets).map(|_| ())
}

/// It is read from its end: any octets behind it are another trailer.
fn trailer(from: &mut Unstructured<'_>) -> Result<Option<Made>> {
    let (payload_len, block): (u8, u8) = (from.arbitrary()?, from.int_in_range(1..=32)?);
    let next_header: IpProtocol = from.arbitrary()?;
    let payload = vec![0x5a; payload_len.into()];
    let mut room = [0; 257];
    let Ok(len) = esp::Trailer::emit(payload.len(), block, next_header, &mut room) else { return Ok(None) };
    let octets = [&payload, &room[..len]].concat();
    open(Some(octets), 0, &payload, |octets| {
        let trailer = esp::Trailer::parse(octets)?;
        Ok(trailer.payload == payload
            && trailer.next_header == next_header
            && octets.len() % usize::from(block) == 0)
    })
}

fn read_trailer(octets: &[u8]) -> core::result::Result<(), Error> {
    esp::Trailer::parse(octets).map(|_| ())
}
