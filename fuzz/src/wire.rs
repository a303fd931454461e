//! Targets `wire` and `wire_*`: every parser, and what it parsed emitted again.
//!
//! ```text
//!   input:  | format | octets, given to the parser of that format |
//! ```
//! The first octet names the format by the numbers of the target's [`Family`], which keep their meaning for ever, as
//! the corpus depends on them. `wire` holds what the stack speaks; the other families what else the crate knows.

mod applications;
mod control;
mod group;
mod icmp;
mod ieee802154;
mod internet;
mod ip;
mod link;
mod links;
mod lowpan;
pub mod made;
mod segments;
mod transport;

use crate::samples::{self, Sample};

/// A parser's check: it panics if a property is broken.
pub type Check = fn(&[u8]);

/// A format: number, name, and what is done with octets of the format.
pub type Format = (u8, &'static str, Check);

/// Formats that share a target and a corpus.
#[derive(Debug, Clone, Copy)]
pub struct Family {
    /// The target's name.
    pub name: &'static str,
    /// Its formats.
    pub formats: &'static [Format],
    /// Valid octets of each of them.
    pub samples: fn() -> Vec<Sample>,
}

impl Family {
    /// The body of the family's target.
    ///
    /// # Panics
    /// If a property is broken.
    pub fn run(&self, data: &[u8]) {
        let Some((number, octets)) = data.split_first() else { return };
        if *number == made::FORMAT {
            return made::run(self.name, octets);
        }
        if let Some((_, _, check)) = self.formats.iter().find(|(format, _, _)| format == number) {
            check(octets);
        }
    }
}

/// All families.
pub const FAMILIES: &[Family] = &[
    Family { name: "wire", formats: &FORMATS, samples: samples::all },
    links::FAMILY,
    internet::FAMILY,
    applications::FAMILY,
    control::FAMILY,
    segments::FAMILY,
    lowpan::FAMILY,
];

/// The formats of target `wire`.
pub const FORMATS: [Format; 16] = [
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

/// Target `wire`: what the stack speaks.
///
/// # Panics
/// If a property is broken.
pub fn wire(data: &[u8]) {
    FAMILIES[0].run(data);
}

/// Target `wire_links`: Ethernet with tags, LLC and SNAP, any ARP, IEEE 802.15.4 in full.
///
/// # Panics
/// If a property is broken.
pub fn wire_links(data: &[u8]) {
    links::FAMILY.run(data);
}

/// Target `wire_internet`: IPv4 options, what is in IPv6 extension headers, AH, ESP.
///
/// # Panics
/// If a property is broken.
pub fn wire_internet(data: &[u8]) {
    internet::FAMILY.run(data);
}

/// Target `wire_applications`: DNS, DHCPv4, the walk over whole frames.
///
/// # Panics
/// If a property is broken.
pub fn wire_applications(data: &[u8]) {
    applications::FAMILY.run(data);
}

/// Target `wire_control`: ICMP queries and extensions, options of neighbour discovery, RPL, group membership.
///
/// # Panics
/// If a property is broken.
pub fn wire_control(data: &[u8]) {
    control::FAMILY.run(data);
}

/// Target `wire_transport`: TCP options one by one, UDP by the rule of each family.
///
/// # Panics
/// If a property is broken.
pub fn wire_transport(data: &[u8]) {
    segments::FAMILY.run(data);
}

/// Target `wire_lowpan`: the headers of 6LoWPAN.
///
/// # Panics
/// If a property is broken.
pub fn wire_lowpan(data: &[u8]) {
    lowpan::FAMILY.run(data);
}

/// Runs `emit` on a buffer of exactly the length it says, and on one that is an octet shorter, which it must refuse.
fn emitted<T, E: core::fmt::Debug>(len: usize, emit: impl Fn(&mut [u8]) -> Result<T, E>) -> Vec<u8> {
    let mut buffer = vec![0xa5; len];
    if let Some(shorter) = len.checked_sub(1) {
        assert!(emit(&mut buffer[..shorter]).is_err(), "emitted into too small a buffer");
    }
    emit(&mut buffer).expect("what was parsed can be emitted");
    buffer
}
