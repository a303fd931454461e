//! Target `wire`: every parser, and what it parsed emitted again.
//!
//! ```text
//!   input:  | format | octets, given to the parser of that format |
//! ```
//! The first octet names the format by the numbers of [`FORMATS`], which keep their meaning for ever, as the corpus
//! depends on them.

mod group;
mod icmp;
mod ieee802154;
mod ip;
mod link;
mod transport;

/// A parser's check: it panics if a property is broken.
pub type Check = fn(&[u8]);

/// The formats: number, name, and what is done with octets of the format.
pub const FORMATS: [(u8, &str, Check); 16] = [
    (0, "ethernet", link::ethernet),
    (1, "arp", link::arp),
    (2, "ipv4", ip::ipv4),
    (3, "ipv6", ip::ipv6),
    (4, "ipv6_ext", ip::ipv6_ext),
    (5, "icmpv4", icmp::icmpv4),
    (6, "icmpv6", icmp::icmpv6),
    (7, "ndisc", icmp::ndisc),
    (8, "udp", transport::udp),
    (9, "tcp", transport::tcp),
    (10, "ieee802154", ieee802154::frame),
    (11, "sixlowpan", ieee802154::sixlowpan),
    (12, "sixlowpan_packet", ieee802154::sixlowpan_packet),
    (13, "checksum", ip::checksum),
    (14, "igmp", group::igmp),
    (15, "mld", group::mld),
];

/// Target `wire`.
///
/// # Panics
/// If a property is broken.
pub fn wire(data: &[u8]) {
    let Some((number, octets)) = data.split_first() else { return };
    if let Some((_, _, check)) = FORMATS.iter().find(|(format, _, _)| format == number) {
        check(octets);
    }
}

/// Runs `emit` on a buffer of exactly the length it says, and on one that is an octet shorter, which it must refuse.
fn emitted<E: core::fmt::Debug>(len: usize, emit: impl Fn(&mut [u8]) -> Result<(), E>) -> Vec<u8> {
    let mut buffer = vec![0xa5; len];
    if let Some(shorter) = len.checked_sub(1) {
        assert!(emit(&mut buffer[..shorter]).is_err(), "emitted into too small a buffer");
    }
    emit(&mut buffer).expect("what was parsed can be emitted");
    buffer
}
