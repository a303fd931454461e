//! Samples of family `wire_lowpan`.

use super::{compressed, ipv6_packet, udp_datagram, Sample};
use tersus_wire::sixlowpan::{
    BroadcastHeader, FragmentHeader, MeshHeader, RecoverableAck, RecoverableFragment,
};
use tersus_wire::{HardwareAddress, IpProtocol};

/// Valid octets of every format of the family.
#[must_use]
pub fn lowpan() -> Vec<Sample> {
    let mut samples = Vec::new();
    let mut add = |format, name, octets| samples.push(Sample { format, name, octets });
    let compressed = compressed();
    add(0, "headers_mesh", [&mesh()[..], &compressed].concat());
    let acknowledgement = RecoverableAck { ecn: true, datagram_tag: 9, bitmap: 0xf000_0000 };
    let mut octets = vec![0; 6];
    acknowledgement.emit(&mut octets).expect("room");
    add(0, "headers_acknowledgement", octets);
    let fragment = RecoverableFragment {
        ecn: false,
        datagram_tag: 9,
        ack_request: true,
        sequence: 3,
        fragment_size: 60,
        fragment_offset: 180,
    };
    let mut octets = vec![0; 6];
    fragment.emit(&mut octets).expect("room");
    add(0, "headers_recoverable", [&octets[..], &[0; 60]].concat());
    let routing = [0xf1, 0xa3, 9, 1, 2, 3, 0x82, 1, 1, 2, 3, 4, 5, 6, 0x80, 5, 1, 2, 3];
    add(0, "headers_routing", [&routing[..], &compressed].concat());
    add(1, "sixlowpan_udp", [&[1, 0, 0, 0], &compressed[..]].concat());
    add(1, "sixlowpan_fragment", [&[1, 1, 0, 200, 0xc0, 200, 0, 7], &compressed[..]].concat());
    let chain = [&[IpProtocol::UDP.0, 0, 0x1e, 2, 9, 9, 0, 0], &udp_datagram()[..]].concat();
    add(
        2,
        "sixlowpan_packet",
        [&[1, 60], &ipv6_packet(IpProtocol::DESTINATION_OPTIONS, &chain)[..]].concat(),
    );
    samples
}

/// A mesh header in its deep form, a broadcast header and that of a fragment.
fn mesh() -> Vec<u8> {
    let mesh = MeshHeader {
        hops_left: 20,
        originator: HardwareAddress::extended([0, 0x12, 0x4b, 0, 1, 2, 3, 4]),
        final_destination: HardwareAddress::short(0x1234),
    };
    let mut octets = vec![0; 32];
    let mut at = mesh.emit(&mut octets).expect("room");
    at += BroadcastHeader { sequence: 7 }.emit(&mut octets[at..]).expect("room");
    let fragment = FragmentHeader { datagram_size: 1_280, datagram_tag: 9, datagram_offset: Some(12) };
    fragment.emit(&mut octets[at..]).expect("room");
    octets.truncate(at + fragment.buffer_len());
    octets
}
