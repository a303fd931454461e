//! Samples of family `wire_links`.

use super::{ethernet_frame, Sample, MAC_A, MAC_B, V4_A, V4_B};
use tersus_wire::arp::general::{HardwareType, Packet as Arp};
use tersus_wire::ieee802154::elements::{HeaderElement, NestedElement, NestedForm, PayloadElement};
use tersus_wire::ieee802154::{
    Beacon, Command, Direction, FrameRepr, FrameType, GuaranteedSlot, KeyId, SecurityRepr, Superframe,
    Version,
};
use tersus_wire::vlan::{self, Tag};
use tersus_wire::{arp, ethernet, llc, EtherType, HardwareAddress};

const SHORT: HardwareAddress = HardwareAddress::short(0x1234);
const LONG: HardwareAddress = HardwareAddress::extended([0, 0x12, 0x4b, 0, 1, 2, 3, 4]);

/// Valid octets of every format of the family.
#[must_use]
pub fn links() -> Vec<Sample> {
    let mut samples = Vec::new();
    let mut add = |format, name, octets| samples.push(Sample { format, name, octets });
    let snap = snap(&infiniband());
    add(0, "llc_snap", snap.clone());
    add(0, "llc_information", vec![0x42, 0xf1, 0x0e, 0x0b, 1, 2]);
    add(0, "llc_supervisory", vec![0xf0, 0xf1, 0x05, 0x01]);
    add(1, "vlan_nested", tagged(&[Tag { tpid: EtherType::SERVICE_VLAN, ..tag() }, tag()], EtherType::IPV4));
    add(1, "vlan_length", tagged(&[tag()], EtherType(2)));
    add(2, "arp_infiniband", infiniband());
    for (name, octets) in frames() {
        add(3, name, octets);
    }
    let (header, payload) = elements();
    add(4, "elements_header", header);
    add(4, "elements_payload", payload);
    add(5, "beacon", beacon());
    add(6, "command_association", vec![1, 0x8e]);
    add(6, "command_realignment", realignment());
    let length = u16::try_from(snap.len()).expect("short");
    let mut frame = vec![0; ethernet::HEADER_LEN];
    let header = ethernet::LengthRepr { destination: MAC_B, source: MAC_A, length };
    header.emit(&mut frame).expect("room");
    frame.extend(snap);
    add(7, "ethernet_snap_arp", frame);
    add(7, "ethernet_plain", ethernet_frame(EtherType::IPV6, &[0x60, 0, 0, 0]));
    samples
}

fn tag() -> Tag {
    Tag { priority: 5, is_drop_eligible: true, ..Tag::new(0x123) }
}

fn tagged(tags: &[Tag], ether_type: EtherType) -> Vec<u8> {
    let tags = tags.iter().copied().collect();
    let repr = vlan::Repr { destination: MAC_B, source: MAC_A, tags, ether_type };
    let mut octets = vec![0; repr.buffer_len()];
    repr.emit(&mut octets).expect("room");
    octets.extend([1, 2, 3]);
    octets
}

fn infiniband() -> Vec<u8> {
    let repr = Arp {
        hardware_type: HardwareType::INFINIBAND,
        protocol_type: EtherType::IPV4,
        operation: arp::Operation::Request,
        sender_hardware: &[0x11; 20],
        sender_protocol: &V4_A.octets(),
        target_hardware: &[0; 20],
        target_protocol: &V4_B.octets(),
    };
    let mut octets = vec![0; repr.buffer_len()];
    repr.emit(&mut octets).expect("room");
    octets
}

fn snap(payload: &[u8]) -> Vec<u8> {
    let mut octets = vec![0; llc::SNAP_HEADER_LEN];
    llc::SnapRepr::new(EtherType::ARP).emit(&mut octets).expect("room");
    octets.extend(payload);
    octets
}

fn elements() -> (Vec<u8>, Vec<u8>) {
    let mut nested = vec![0; 8];
    let sync = NestedElement { form: NestedForm::Short, id: 0x1a, content: &[1, 2, 3, 4, 5, 0] };
    sync.emit(&mut nested).expect("room");
    let (mut header, mut payload, mut buffer) = (Vec::new(), Vec::new(), [0; 64]);
    for element in [HeaderElement { id: 0x1e, content: &[1, 2] }, HeaderElement::TERMINATION_1] {
        let len = element.emit(&mut buffer).expect("room");
        header.extend(&buffer[..len]);
    }
    for element in [PayloadElement { group: 1, content: &nested }, PayloadElement::TERMINATION] {
        let len = element.emit(&mut buffer).expect("room");
        payload.extend(&buffer[..len]);
    }
    (header, payload)
}

fn beacon() -> Vec<u8> {
    let slot = GuaranteedSlot { device: 0x1234, start: 12, slots: 3, direction: Direction::Receive };
    let repr = Beacon {
        superframe: Superframe {
            beacon_order: 6,
            superframe_order: 4,
            final_cap_slot: 11,
            is_battery_life_extended: false,
            is_pan_coordinator: true,
            is_association_permitted: true,
        },
        is_gts_permitted: true,
        guaranteed_slots: [slot].into_iter().collect(),
        pending_short: [7, 8].into_iter().collect(),
        pending_extended: [LONG].into_iter().collect(),
        payload: b"tersus",
    };
    let mut octets = vec![0; repr.buffer_len()];
    repr.emit(&mut octets).expect("room");
    octets
}

fn realignment() -> Vec<u8> {
    let command = Command::CoordinatorRealignment {
        pan_id: 0xabcd,
        coordinator: 1,
        channel: 26,
        short_address: 0xffff,
        channel_page: Some(2),
    };
    let mut octets = vec![0; command.buffer_len()];
    command.emit(&mut octets).expect("room");
    octets
}

fn frames() -> Vec<(&'static str, Vec<u8>)> {
    let (header, payload) = elements();
    let key_id = KeyId::Extended([1, 2, 3, 4, 5, 6, 7, 8], 9);
    let security = SecurityRepr { level: 6, key_id, frame_counter: Some(77), is_asn_in_nonce: false };
    let from_short = FrameRepr { src_pan: Some(0xabcd), src: SHORT, ..FrameRepr::new(FrameType::Beacon, 1) };
    let to_short = FrameRepr { dst_pan: Some(0xabcd), dst: SHORT, src: LONG, ..from_short };
    let command = FrameRepr { frame_type: FrameType::Command, src_pan: None, ..to_short };
    let enhanced = FrameRepr {
        version: Version::V2015,
        sequence: None,
        header_elements: &header,
        payload_elements: &payload,
        ..from_short
    };
    let data =
        FrameRepr { frame_type: FrameType::Data, src_pan: Some(1), security: Some(security), ..command };
    let counter_suppressed = SecurityRepr { frame_counter: None, is_asn_in_nonce: true, ..security };
    let acknowledgement = FrameRepr {
        version: Version::V2015,
        frame_type: FrameType::Acknowledgement,
        src: HardwareAddress::NONE,
        src_pan: None,
        security: Some(counter_suppressed),
        ..command
    };
    [
        ("frame_beacon", from_short, beacon()),
        ("frame_enhanced_beacon", enhanced, Vec::new()),
        ("frame_command", command, realignment()),
        ("frame_secured", data, vec![0xaa; 14]),
        ("frame_acknowledgement", FrameRepr::new(FrameType::Acknowledgement, 9), Vec::new()),
        ("frame_enhanced_acknowledgement", acknowledgement, vec![0xaa; 8]),
    ]
    .into_iter()
    .map(|(name, repr, payload)| {
        let mut octets = vec![0; repr.buffer_len()];
        repr.emit(&mut octets).expect("room");
        octets.extend(payload);
        (name, octets)
    })
    .collect()
}
