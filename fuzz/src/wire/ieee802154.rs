//! IEEE 802.15.4 and 6LoWPAN.

use super::emitted;
use tersus_wire::ieee802154::{Frame, Repr, Version};
use tersus_wire::sixlowpan::{
    self, dispatch, iphc, Context, ContextUse, Contexts, FragmentHeader, LinkAddresses,
};
use tersus_wire::HardwareAddress;

pub(super) fn frame(bytes: &[u8]) {
    let Ok(frame) = Frame::parse(bytes) else { return };
    let _ = frame.to_string();
    let parts = frame.payload().len() + frame.header_elements().len() + frame.payload_elements().len();
    assert!(parts <= bytes.len());
    let Ok(repr) = Repr::parse(&frame) else { return };
    if repr.version == Version::V2015 {
        assert!(repr.emit(&mut [0; 32]).is_err());
        return;
    }
    let again = emitted(repr.buffer_len(), |buffer| repr.emit(buffer).map(|_| ()));
    let again = Frame::parse(&again).expect("what was emitted can be parsed");
    assert_eq!(Repr::parse(&again), Ok(repr));
}

/// One context of each kind: usable, to decompress only, shorter and longer than 64 bits.
fn contexts() -> Contexts {
    let mut contexts = Contexts::new();
    let mut prefix = [0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0xaa, 0xbb, 0xcc, 0xdd, 0, 0, 0, 1];
    for (id, len, usage) in [
        (0, 64, ContextUse::Both),
        (1, 48, ContextUse::Both),
        (2, 96, ContextUse::Both),
        (3, 64, ContextUse::Decompress),
        (15, 128, ContextUse::Both),
    ] {
        prefix[7] = id;
        let context = Context::new(prefix, len, usage).expect("at most 128 bits");
        assert!(contexts.set(id, context));
    }
    contexts
}

/// The addresses of a frame, by an octet.
fn link(kind: u8) -> LinkAddresses {
    let address = |kind| match kind % 4 {
        0 => HardwareAddress::short(0x1234),
        1 => HardwareAddress::extended([0, 0x12, 0x4b, 0, 1, 2, 3, 4]),
        2 => HardwareAddress::IEEE802154_BROADCAST,
        _ => HardwareAddress::NONE,
    };
    LinkAddresses { source: address(kind), destination: address(kind / 4) }
}

/// Input: link addresses, whether a first fragment (then its size, two octets), and compressed headers.
pub(super) fn sixlowpan(bytes: &[u8]) {
    let Some(([kind, is_fragment, high, low], bytes)) = bytes.split_first_chunk() else { return };
    if let Ok((header, rest)) = FragmentHeader::parse(bytes) {
        assert_eq!(header.buffer_len() + rest.len(), bytes.len());
        assert_eq!(emitted(header.buffer_len(), |buffer| header.emit(buffer)), bytes[..header.buffer_len()]);
        let _ = header.to_string();
    }
    if let Ok(rest) = dispatch::skip_pages(bytes) {
        assert!(bytes.ends_with(rest));
    }
    let _ = iphc::Base::parse(bytes);

    let (link, contexts) = (link(*kind), contexts());
    let size = (is_fragment & 1 == 1).then_some(u16::from_be_bytes([*high, *low]) & 0x07ff);
    let mut out = vec![0xa5; 2_000];
    let Ok(done) = sixlowpan::decompress(bytes, size, &link, &contexts, &mut out) else { return };
    assert!(done.header_len <= done.len && done.header_len % 8 == 0);
    out.truncate(size.map_or(done.len, usize::from));
    if let Some(checksum) = done.checksum {
        checksum.restore(&mut out).expect("the packet that was decompressed");
    }
    compress_and_back(&out, &link, &contexts);
}

/// Input: link addresses, room, then an IPv6 packet.
pub(super) fn sixlowpan_packet(bytes: &[u8]) {
    let Some(([kind, room], packet)) = bytes.split_first_chunk() else { return };
    let (link, contexts) = (link(*kind), contexts());
    compress_and_back(packet, &link, &contexts);
    let mut out = vec![0; usize::from(*room)];
    let _ = sixlowpan::compress(packet, &link, &contexts, &mut out);
}

/// What can be compressed is restored, octet by octet, and was never made longer.
fn compress_and_back(packet: &[u8], link: &LinkAddresses, contexts: &Contexts) {
    let mut out = vec![0xa5; packet.len().max(iphc::ENCODED_LEN_MAX)];
    let Ok(done) = sixlowpan::compress(packet, link, contexts, &mut out) else { return };
    assert!(done.covered <= packet.len() && done.header_len <= done.covered && done.covered % 8 == 0);
    let frame = [&out[..done.header_len], &packet[done.covered..]].concat();
    let mut again = vec![0x5a; packet.len()];
    let restored =
        sixlowpan::decompress(&frame, None, link, contexts, &mut again).expect("our own compression");
    assert_eq!(restored.checksum, None);
    assert_eq!(again[..restored.len], *packet, "compressed as {frame:02x?}");
}
