//! Every header and message format of the tersus stack: what the octets of a packet mean.
//!
//! This crate parses, emits and displays; it keeps no state, takes no memory, reads no clock. Depend on it
//! alone to look into packets or to build them.
//!
//! Each format has two levels. The *view* (`Packet<'a>` or `Header<'a>`) borrows octets, is checked once by
//! `parse`, and then shows every field through accessors that cannot fail. The *repr* (`Repr`) is owned, in
//! host order, and holds the meaning only: `Repr::parse` decides what is acceptable, `emit` writes it.
//!
//! All functions are total: whatever the octets, they return and do not panic.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(feature = "arbitrary")]
extern crate std;

#[cfg(feature = "arbitrary")]
mod arbitrary;
#[cfg(feature = "defmt")]
mod defmt;

pub mod ah;
pub mod arp;
pub mod checksum;
mod cursor;
pub mod dhcpv4;
pub mod dns;
mod error;
pub mod esp;
pub mod ethernet;
mod hardware;
pub mod icmp_ext;
pub mod icmpv4;
pub mod icmpv6;
pub mod ieee802154;
pub mod igmp;
pub mod ip;
pub mod ipv4;
pub mod ipv6;
pub mod ipv6_ext;
pub mod llc;
pub mod mld;
pub mod ndisc;
mod prefix;
mod put;
pub mod rpl;
pub mod sixlowpan;
pub mod tcp;
pub mod udp;
pub mod vlan;
pub mod walk;
mod words;

pub use error::Error;
pub use ethernet::EtherType;
pub use hardware::HardwareAddress;
pub use ip::{Cidr, IpProtocol};
pub use prefix::Ipv6Prefix;

/// The examples of the README, as tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
