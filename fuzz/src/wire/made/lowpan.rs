//! Reprs of 6LoWPAN.

use super::super::lowpan as checks;
use super::{emit, whole, Kind, Made};
use arbitrary::{Result, Unstructured};
use tersus_wire::sixlowpan::{
    self, iphc, udp, BroadcastHeader, Contexts, FragmentHeader, LinkAddresses, MeshHeader, RecoverableAck,
    RecoverableFragment, RoutingHeader,
};
use tersus_wire::{Error, HardwareAddress};

pub(super) const KINDS: &[Kind] = &[
    Kind { name: "sixlowpan::iphc::Repr", make: compressed, read: read_iphc, check: |_| {} },
    Kind { name: "sixlowpan::udp::Repr", make: compressed_udp, read: read_udp, check: |_| {} },
    Kind { name: "sixlowpan::FragmentHeader", make: fragment, read: read_fragment, check: checks::headers },
    Kind { name: "sixlowpan::MeshHeader", make: mesh, read: read_mesh, check: checks::headers },
    Kind {
        name: "sixlowpan::BroadcastHeader",
        make: broadcast,
        read: read_broadcast,
        check: checks::headers,
    },
    Kind {
        name: "sixlowpan::RecoverableFragment",
        make: recoverable,
        read: read_recoverable,
        check: checks::headers,
    },
    Kind { name: "sixlowpan::RecoverableAck", make: acknowledgement, read: read_ack, check: checks::headers },
    Kind { name: "sixlowpan::RoutingHeader", make: routing, read: read_routing, check: |_| {} },
];

/// Errors on the path of each frame are smaller: they have no lengths.
fn with_lengths(error: sixlowpan::Error, octets: &[u8]) -> Error {
    match error {
        sixlowpan::Error::Truncated => Error::truncated(octets.len() + 1, octets.len()),
        sixlowpan::Error::NoRoom => Error::no_room(octets.len() + 1, octets.len()),
        _ => Error::Unrepresentable,
    }
}

fn link() -> LinkAddresses {
    LinkAddresses { source: HardwareAddress::short(1), destination: HardwareAddress::extended([2; 8]) }
}

/// With contexts, of which the first is often the prefix of an address.
fn compressed(from: &mut Unstructured<'_>) -> Result<Option<Made>> {
    let repr: iphc::Repr = from.arbitrary()?;
    let mut contexts = Contexts::new();
    if from.arbitrary()? {
        let (len, usage) = (from.int_in_range(0..=128)?, from.arbitrary()?);
        if let Some(context) = sixlowpan::Context::new(repr.source.octets(), len, usage) {
            contexts.set(from.int_in_range(0..=15)?, context);
        }
    }
    let mut octets = vec![0; iphc::ENCODED_LEN_MAX];
    match repr.emit(&mut octets, &link(), &contexts) {
        Ok(len) => octets.truncate(len),
        Err(sixlowpan::Error::NoRoom) => panic!("{repr:?}"),
        Err(_) => return Ok(None),
    }
    for len in 0..octets.len() {
        let refused = repr.emit(&mut vec![0; len], &link(), &contexts);
        assert_eq!(refused, Err(sixlowpan::Error::NoRoom), "{repr:?}");
        let refused = iphc::Repr::parse(&octets[..len], &link(), &contexts);
        assert_eq!(refused.map(|_| ()), Err(sixlowpan::Error::Truncated), "{repr:?}");
    }
    assert_eq!(iphc::Repr::parse(&octets, &link(), &contexts), Ok((repr, &[][..])));
    // The rest is done here, with these contexts.
    Ok(Some(Made { octets, need: 0 }))
}

fn read_iphc(octets: &[u8]) -> core::result::Result<(), Error> {
    let read = iphc::Repr::parse(octets, &link(), &Contexts::new());
    read.map(|_| ()).map_err(|error| with_lengths(error, octets))
}

fn compressed_udp(from: &mut Unstructured<'_>) -> Result<Option<Made>> {
    let repr: udp::Repr = from.arbitrary()?;
    let emitted =
        emit(repr.buffer_len(), |buffer| repr.emit(buffer).map_err(|error| with_lengths(error, buffer)));
    whole(emitted, &repr, |octets| {
        let (read, rest) = udp::Repr::parse(octets).map_err(|error| with_lengths(error, octets))?;
        Ok(read == repr && rest.is_empty())
    })
}

fn read_udp(octets: &[u8]) -> core::result::Result<(), Error> {
    udp::Repr::parse(octets).map(|_| ()).map_err(|error| with_lengths(error, octets))
}

fn fragment(from: &mut Unstructured<'_>) -> Result<Option<Made>> {
    let header: FragmentHeader = from.arbitrary()?;
    whole(emit(header.buffer_len(), |buffer| header.emit(buffer)), &header, |octets| {
        Ok(FragmentHeader::parse(octets)?.0 == header)
    })
}

fn read_fragment(octets: &[u8]) -> core::result::Result<(), Error> {
    FragmentHeader::parse(octets).map(|_| ())
}

fn mesh(from: &mut Unstructured<'_>) -> Result<Option<Made>> {
    let header: MeshHeader = from.arbitrary()?;
    whole(emit(header.buffer_len(), |buffer| header.emit(buffer)), &header, |octets| {
        Ok(MeshHeader::parse(octets)?.0 == header)
    })
}

fn read_mesh(octets: &[u8]) -> core::result::Result<(), Error> {
    MeshHeader::parse(octets).map(|_| ())
}

fn broadcast(from: &mut Unstructured<'_>) -> Result<Option<Made>> {
    let header: BroadcastHeader = from.arbitrary()?;
    whole(emit(2, |buffer| header.emit(buffer)), &header, |octets| {
        Ok(BroadcastHeader::parse(octets)?.0 == header)
    })
}

fn read_broadcast(octets: &[u8]) -> core::result::Result<(), Error> {
    BroadcastHeader::parse(octets).map(|_| ())
}

fn recoverable(from: &mut Unstructured<'_>) -> Result<Option<Made>> {
    let header: RecoverableFragment = from.arbitrary()?;
    whole(emit(6, |buffer| header.emit(buffer)), &header, |octets| {
        Ok(RecoverableFragment::parse(octets)?.0 == header)
    })
}

fn read_recoverable(octets: &[u8]) -> core::result::Result<(), Error> {
    RecoverableFragment::parse(octets).map(|_| ())
}

fn acknowledgement(from: &mut Unstructured<'_>) -> Result<Option<Made>> {
    let header: RecoverableAck = from.arbitrary()?;
    whole(emit(6, |buffer| header.emit(buffer)), &header, |octets| {
        Ok(RecoverableAck::parse(octets)?.0 == header)
    })
}

fn read_ack(octets: &[u8]) -> core::result::Result<(), Error> {
    RecoverableAck::parse(octets).map(|_| ())
}

fn routing(from: &mut Unstructured<'_>) -> Result<Option<Made>> {
    let header: RoutingHeader<'_> = from.arbitrary()?;
    whole(emit(header.buffer_len(), |buffer| header.emit(buffer)), &header, |octets| {
        Ok(RoutingHeader::parse(octets)?.0 == header)
    })
}

fn read_routing(octets: &[u8]) -> core::result::Result<(), Error> {
    RoutingHeader::parse(octets).map(|_| ())
}
