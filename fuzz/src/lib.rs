//! The bodies of the fuzz targets of tersus, one plain function a crate, and for `wire` one a family of formats.
//!
//! Each takes octets and panics if a property is broken. libFuzzer calls it from a binary in `targets/`; `cargo test`
//! calls it for every file of the committed corpus, in which also each input lies that once broke something. Beyond
//! "no panic, no overflow, no endless loop" the targets check:
//!
//! - what parses and is emitted again means the same, octet by octet where the format allows only one form;
//! - every packet that leaves has right lengths and checksums ([`check`]), computed by means of our own;
//! - at one moment a bounded number of turns reaches rest: `poll_at` does not say "now" for ever;
//! - data that a TCP socket delivers are a prefix of what was sent.
//!
//! See the README for how to run them.

pub mod check;
mod icmp;
mod iface;
mod igmp;
mod ip;
mod link;
mod packet;
mod phy;
pub mod samples;
mod sixlowpan;
mod small_ip;
mod small_udp;
mod steps;
mod tcp;
mod transport;
mod udp;
pub mod wire;

pub use icmp::icmp;
pub use iface::iface;
pub use igmp::igmp;
pub use ip::ip;
pub use phy::phy;
pub use sixlowpan::sixlowpan;
pub use small_ip::small_ip;
pub use small_udp::small_udp;
pub use tcp::{small_tcp, tcp};
pub use udp::udp;
pub use wire::{
    wire, wire_applications, wire_control, wire_internet, wire_links, wire_lowpan, wire_transport,
};

/// A fuzz target: its name, that of its corpus, and its body.
pub type Target = (&'static str, fn(&[u8]));

/// All targets.
pub const TARGETS: &[Target] = &[
    ("wire", wire),
    ("wire_links", wire_links),
    ("wire_internet", wire_internet),
    ("wire_applications", wire_applications),
    ("wire_control", wire_control),
    ("wire_transport", wire_transport),
    ("wire_lowpan", wire_lowpan),
    ("phy", phy),
    ("ip", ip),
    ("sixlowpan", sixlowpan),
    ("icmp", icmp),
    ("igmp", igmp),
    ("udp", udp),
    ("tcp", tcp),
    ("small_tcp", small_tcp),
    ("small_ip", small_ip),
    ("small_udp", small_udp),
    ("iface", iface),
];

/// The target of the README, as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
