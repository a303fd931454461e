//! Reprs of links.

use super::super::{link, links as checks};
use super::{emit, open, whole, Kind, Made};
use arbitrary::{Result, Unstructured};
use tersus_wire::arp::{self, general};
use tersus_wire::ieee802154::elements::{
    HeaderElement, HeaderElements, NestedElement, NestedElements, PayloadElement, PayloadElements,
};
use tersus_wire::ieee802154::{Beacon, Command, Frame, FrameRepr, Repr};
use tersus_wire::{ethernet, llc, vlan, Error};

pub(super) const KINDS: &[Kind] = &[
    Kind { name: "ethernet::Repr", make: ethernet, read: read_ethernet, check: link::ethernet },
    Kind {
        name: "ethernet::LengthRepr",
        make: ethernet_length,
        read: read_ethernet,
        check: checks::ethernet_frame,
    },
    Kind { name: "vlan::Repr", make: tagged, read: read_vlan, check: checks::vlan },
    Kind { name: "llc::Repr", make: llc, read: read_llc, check: checks::llc },
    Kind { name: "llc::SnapRepr", make: snap, read: read_snap, check: checks::llc },
    Kind { name: "arp::Repr", make: arp, read: read_arp, check: link::arp },
    Kind {
        name: "arp::general::Packet",
        make: arp_general,
        read: read_arp_general,
        check: checks::arp_general,
    },
    Kind { name: "ieee802154::Repr", make: frame, read: read_frame, check: super::super::ieee802154::frame },
    Kind { name: "ieee802154::FrameRepr", make: any_frame, read: read_frame, check: checks::frame },
    Kind { name: "ieee802154::Beacon", make: beacon, read: read_beacon, check: checks::beacon },
    Kind { name: "ieee802154::Command", make: command, read: read_command, check: checks::command },
    Kind {
        name: "ieee802154::elements::HeaderElement",
        make: header_element,
        read: read_header_element,
        check: checks::elements,
    },
    Kind {
        name: "ieee802154::elements::PayloadElement",
        make: payload_element,
        read: read_payload_element,
        check: checks::elements,
    },
    Kind {
        name: "ieee802154::elements::NestedElement",
        make: nested_element,
        read: read_nested_element,
        check: checks::elements,
    },
];

fn ethernet(from: &mut Unstructured<'_>) -> Result<Option<Made>> {
    let repr: ethernet::Repr = from.arbitrary()?;
    whole(emit(repr.buffer_len(), |buffer| repr.emit(buffer)), &repr, |octets| {
        Ok(ethernet::Repr::parse(&ethernet::Packet::parse(octets)?)? == repr)
    })
}

fn ethernet_length(from: &mut Unstructured<'_>) -> Result<Option<Made>> {
    let repr: ethernet::LengthRepr = from.arbitrary()?;
    let header = emit(repr.buffer_len(), |buffer| repr.emit(buffer));
    let frame = header.map(|header| [header, vec![0x5a; repr.length.into()]].concat());
    whole(frame, &repr, |octets| Ok(ethernet::LengthRepr::parse(&ethernet::Packet::parse(octets)?)? == repr))
}

fn read_ethernet(octets: &[u8]) -> core::result::Result<(), Error> {
    ethernet::Packet::parse(octets).map(|_| ())
}

fn tagged(from: &mut Unstructured<'_>) -> Result<Option<Made>> {
    let repr: vlan::Repr = from.arbitrary()?;
    let header = emit(repr.buffer_len(), |buffer| repr.emit(buffer));
    let payload = vec![0x5a; repr.ether_type.as_length().unwrap_or(0).into()];
    whole(header.map(|header| [header, payload].concat()), &repr, |octets| {
        Ok(vlan::Repr::parse(&vlan::Packet::parse(octets)?)? == repr)
    })
}

fn read_vlan(octets: &[u8]) -> core::result::Result<(), Error> {
    vlan::Packet::parse(octets).map(|_| ())
}

fn llc(from: &mut Unstructured<'_>) -> Result<Option<Made>> {
    let repr: llc::Repr = from.arbitrary()?;
    whole(emit(repr.buffer_len(), |buffer| repr.emit(buffer)), &repr, |octets| {
        Ok(llc::Repr::parse(&llc::Packet::parse(octets)?) == repr)
    })
}

fn read_llc(octets: &[u8]) -> core::result::Result<(), Error> {
    llc::Packet::parse(octets).map(|_| ())
}

fn snap(from: &mut Unstructured<'_>) -> Result<Option<Made>> {
    let repr: llc::SnapRepr = from.arbitrary()?;
    whole(emit(repr.buffer_len(), |buffer| repr.emit(buffer)), &repr, |octets| {
        Ok(llc::Packet::parse(octets)?.snap()?.map(|snap| llc::SnapRepr::parse(&snap)) == Some(repr))
    })
}

fn read_snap(octets: &[u8]) -> core::result::Result<(), Error> {
    llc::Packet::parse(octets)?.snap().map(|_| ())
}

/// A hardware address that is not known is sent as zeros, which read as an address.
fn arp(from: &mut Unstructured<'_>) -> Result<Option<Made>> {
    let repr: arp::Repr = from.arbitrary()?;
    whole(emit(repr.buffer_len(), |buffer| repr.emit(buffer)), &repr, |octets| {
        let read = arp::Repr::parse(&arp::Packet::parse(octets)?);
        Ok([read.sender_hardware, read.target_hardware]
            .into_iter()
            .zip([repr.sender_hardware, repr.target_hardware])
            .all(|(read, was)| read == was || was.is_none())
            && arp::Repr {
                sender_hardware: repr.sender_hardware,
                target_hardware: repr.target_hardware,
                ..read
            } == repr)
    })
}

fn read_arp(octets: &[u8]) -> core::result::Result<(), Error> {
    arp::Packet::parse(octets).map(|_| ())
}

fn arp_general(from: &mut Unstructured<'_>) -> Result<Option<Made>> {
    let packet: general::Packet<'_> = from.arbitrary()?;
    whole(emit(packet.buffer_len(), |buffer| packet.emit(buffer)), &packet, |octets| {
        Ok(general::Packet::parse(octets)? == packet)
    })
}

fn read_arp_general(octets: &[u8]) -> core::result::Result<(), Error> {
    general::Packet::parse(octets).map(|_| ())
}

fn frame(from: &mut Unstructured<'_>) -> Result<Option<Made>> {
    let repr: Repr = from.arbitrary()?;
    whole(emit(repr.buffer_len(), |buffer| repr.emit(buffer)), &repr, |octets| {
        Ok(Repr::parse(&Frame::parse(octets)?)? == repr)
    })
}

fn any_frame(from: &mut Unstructured<'_>) -> Result<Option<Made>> {
    let repr: FrameRepr<'_> = from.arbitrary()?;
    let octets = emit(repr.buffer_len(), |buffer| repr.emit(buffer));
    // Header elements may end where the frame ends.
    let need = repr.buffer_len() - repr.header_elements.len();
    open(octets, need, &repr, |octets| Ok(FrameRepr::parse(&Frame::parse(octets)?)? == repr))
}

fn read_frame(octets: &[u8]) -> core::result::Result<(), Error> {
    Frame::parse(octets).map(|_| ())
}

fn beacon(from: &mut Unstructured<'_>) -> Result<Option<Made>> {
    let beacon: Beacon<'_> = from.arbitrary()?;
    let need = beacon.buffer_len() - beacon.payload.len();
    let octets = emit(beacon.buffer_len(), |buffer| beacon.emit(buffer));
    open(octets, need, &beacon, |octets| Ok(Beacon::parse(octets)? == beacon))
}

fn read_beacon(octets: &[u8]) -> core::result::Result<(), Error> {
    Beacon::parse(octets).map(|_| ())
}

fn command(from: &mut Unstructured<'_>) -> Result<Option<Made>> {
    let command: Command<'_> = from.arbitrary()?;
    let octets = emit(command.buffer_len(), |buffer| command.emit(buffer));
    let need = match command {
        Command::Unknown(..) => 1,
        Command::CoordinatorRealignment { channel_page: Some(_), .. } => command.buffer_len() - 1,
        _ => command.buffer_len(),
    };
    open(octets, need, &command, |octets| Ok(Command::parse(octets)? == command))
}

fn read_command(octets: &[u8]) -> core::result::Result<(), Error> {
    Command::parse(octets).map(|_| ())
}

fn header_element(from: &mut Unstructured<'_>) -> Result<Option<Made>> {
    let element: HeaderElement<'_> = from.arbitrary()?;
    whole(emit(element.buffer_len(), |buffer| element.emit(buffer)), &element, |octets| {
        Ok(HeaderElements::new(octets).next().transpose()? == Some(element))
    })
}

fn read_header_element(octets: &[u8]) -> core::result::Result<(), Error> {
    HeaderElements::new(octets).next().unwrap_or(Err(Error::truncated(2, 0))).map(|_| ())
}

fn payload_element(from: &mut Unstructured<'_>) -> Result<Option<Made>> {
    let element: PayloadElement<'_> = from.arbitrary()?;
    whole(emit(element.buffer_len(), |buffer| element.emit(buffer)), &element, |octets| {
        Ok(PayloadElements::new(octets).next().transpose()? == Some(element))
    })
}

fn read_payload_element(octets: &[u8]) -> core::result::Result<(), Error> {
    PayloadElements::new(octets).next().unwrap_or(Err(Error::truncated(2, 0))).map(|_| ())
}

fn nested_element(from: &mut Unstructured<'_>) -> Result<Option<Made>> {
    let element: NestedElement<'_> = from.arbitrary()?;
    whole(emit(element.buffer_len(), |buffer| element.emit(buffer)), &element, |octets| {
        Ok(NestedElements::new(octets).next().transpose()? == Some(element))
    })
}

fn read_nested_element(octets: &[u8]) -> core::result::Result<(), Error> {
    NestedElements::new(octets).next().unwrap_or(Err(Error::truncated(2, 0))).map(|_| ())
}
