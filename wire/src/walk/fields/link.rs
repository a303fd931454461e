//! Fields of IEEE 802.15.4 and ARP.

use super::Fields;
use crate::arp::general::HardwareType;
use crate::ieee802154::elements::{HeaderElements, PayloadElements};
use crate::ieee802154::{self, KeyId};
use crate::{EtherType, HardwareAddress};
use core::net::Ipv4Addr;

pub(super) fn mac(to: &mut Fields<'_>, frame: &ieee802154::Frame<'_>) {
    let control = frame.control();
    to.number("frame_type", control.0 & 7);
    to.number("security", frame.is_secured());
    to.number("pending", control.frame_pending());
    to.number("ack_request", control.ack_request());
    to.number("pan_id_compression", control.pan_id_compression());
    to.number("version", control.0 >> 12 & 3);
    if let Some(sequence) = frame.sequence() {
        to.number("sequence", sequence);
    }
    if let Some(pan) = frame.dst_pan() {
        to.number("destination_pan", pan);
    }
    to.hardware("destination", frame.dst());
    if let Some(pan) = frame.src_pan_field() {
        to.number("source_pan", pan);
    }
    to.hardware("source", frame.src());
    if let Some(security) = frame.security() {
        to.number("security_level", security.level());
        to.number("key_id_mode", security.key_id_mode());
        if let Some(counter) = security.frame_counter() {
            to.number("frame_counter", counter);
        }
        match security.key_id() {
            KeyId::Implicit => {}
            KeyId::Index(index) => to.number("key_index", index),
            KeyId::Short(source, index) => {
                to.octets("key_source", &source);
                to.number("key_index", index);
            }
            KeyId::Extended(source, index) => {
                to.octets("key_source", &source);
                to.number("key_index", index);
            }
        }
    }
    for element in HeaderElements::new(frame.header_elements()).flatten() {
        to.number("header_element", element.id);
        to.octets("header_element_content", element.content);
    }
    for element in PayloadElements::new(frame.payload_elements()).flatten() {
        to.number("payload_element", element.group);
        to.octets("payload_element_content", element.content);
    }
}

/// An address of Ethernet, or another IEEE 802 network, reads as one; others are octets.
pub(super) fn hardware_address(
    to: &mut Fields<'_>,
    name: &'static str,
    hardware: HardwareType,
    octets: &[u8],
) {
    match <[u8; 6]>::try_from(octets) {
        Ok(address) if matches!(hardware, HardwareType::ETHERNET | HardwareType::IEEE_802) => {
            to.text(name, HardwareAddress::ethernet(address));
        }
        _ => to.octets(name, octets),
    }
}

/// An address of IPv4 reads as one, others are octets.
pub(super) fn protocol_address(to: &mut Fields<'_>, name: &'static str, protocol: EtherType, octets: &[u8]) {
    match <[u8; 4]>::try_from(octets) {
        Ok(address) if protocol == EtherType::IPV4 => to.text(name, Ipv4Addr::from(address)),
        _ => to.octets(name, octets),
    }
}

pub(super) fn beacon(to: &mut Fields<'_>, beacon: &ieee802154::Beacon<'_>) {
    let superframe = beacon.superframe;
    to.number("beacon_order", superframe.beacon_order);
    to.number("superframe_order", superframe.superframe_order);
    to.number("final_cap_slot", superframe.final_cap_slot);
    to.number("battery_life_extension", superframe.is_battery_life_extended);
    to.number("pan_coordinator", superframe.is_pan_coordinator);
    to.number("association_permitted", superframe.is_association_permitted);
    to.number("gts_permitted", beacon.is_gts_permitted);
    for slot in &beacon.guaranteed_slots {
        to.number("gts_device", slot.device);
        to.number("gts_start", slot.start);
        to.number("gts_slots", slot.slots);
    }
    for address in &beacon.pending_short {
        to.number("pending_short", *address);
    }
    for address in &beacon.pending_extended {
        to.hardware("pending_extended", *address);
    }
}

pub(super) fn command(to: &mut Fields<'_>, command: &ieee802154::Command<'_>) {
    use ieee802154::Command;
    to.number("id", command.id());
    match command {
        Command::AssociationRequest(capability) => to.number("capability", capability.bits()),
        Command::AssociationResponse { short_address, status } => {
            to.number("short_address", *short_address);
            to.number("status", *status);
        }
        Command::Disassociation(reason) => to.number("reason", *reason),
        Command::CoordinatorRealignment { pan_id, coordinator, channel, short_address, channel_page } => {
            to.number("pan_id", *pan_id);
            to.number("coordinator", *coordinator);
            to.number("channel", *channel);
            to.number("short_address", *short_address);
            if let Some(page) = channel_page {
                to.number("channel_page", *page);
            }
        }
        Command::GtsRequest(characteristics) => to.number("characteristics", *characteristics),
        Command::Unknown(_, content) => to.octets("content", content),
        _ => {}
    }
}
