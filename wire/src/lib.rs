//! Every header and message format of the tersus stack: what the octets of a packet mean.
//!
//! This crate parses, emits and displays; it keeps no state, takes no memory, reads no clock. Depend on it
//! alone to look into packets or to build them.
//!
//! Each format has two levels. The *view* (`Packet<'a>` or `Header<'a>`) borrows octets, is checked once by
//! `parse`, and then shows every field through accessors that cannot fail. The *repr* (`Repr`) is owned, in
//! host order, and holds the meaning only: `Repr::parse` decides what is acceptable, `emit` writes it.
//!
//! All functions are total: whatever the octets, they return and do not panic. There is one [`Error`], small and `Copy`,
//! which says how much was needed and there, or which field is at fault. What is unknown (an option, a type, a code) is a
//! value and no error. Lists are iterators over the packet's own octets; a broken element is yielded as an error and ends
//! the walk.
//!
//! Everything prints: a view as one line, for people, and a whole frame through [`walk`], which goes as far in as it can
//! and gives each field to programs, too. The README says for each RFC what is covered and what is not.
//!
//! Features: `arbitrary` (needs `std`) gives `Arbitrary` to reprs and code points, `defmt` gives `Format` to errors, reprs
//! and layers. Rust 1.81.
//!
//! | to | begin with |
//! | --- | --- |
//! | see everything in a frame | [`walk`], which has an example |
//! | take links apart | [`ethernet`], [`vlan`], [`llc`], [`arp`], [`ieee802154`] |
//! | take packets apart | [`ipv4`], [`ipv6`], [`ipv6_ext`], [`sixlowpan`] |
//! | read control messages | [`icmpv4`], [`icmpv6`], [`ndisc`], [`igmp`], [`mld`], [`rpl`] |
//! | read and build what transports carry | [`udp`], [`tcp`], [`dns`], [`dhcpv4`], the last two with examples |
//!
//! # Links
//! ```
//! use tersus_wire::{vlan, EtherType};
//!
//! let frame = [2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x81, 0, 0x20, 7, 0x08, 0, 0x45];
//! let packet = vlan::Packet::parse(&frame)?;
//! assert_eq!((packet.tags()[0].vid, packet.ether_type()), (7, EtherType::IPV4));
//! # Ok::<(), tersus_wire::Error>(())
//! ```
//!
//! # Packets
//! ```
//! use tersus_wire::{ipv6, ipv6_ext, IpProtocol};
//!
//! let mut packet = [0; 48];
//! let repr = ipv6::Repr::new(IpProtocol::HOP_BY_HOP, "fe80::1".parse()?, "ff02::16".parse()?, 8);
//! repr.emit(&mut packet)?;
//! packet[40..].copy_from_slice(&ipv6_ext::router_alert(IpProtocol::ICMPV6, 0));
//!
//! let packet = ipv6::Packet::parse(&packet)?;
//! let end = ipv6_ext::Chain::new(packet.header().next_header(), packet.payload()).to_end()?;
//! assert_eq!(end.protocol(), IpProtocol::ICMPV6);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Control messages
//! ```
//! use tersus_wire::icmpv4::{Packet, Repr};
//!
//! let request = Repr::EchoRequest { identifier: 7, sequence: 1, data: b"ping" };
//! let mut message = [0; 12];
//! request.emit(&mut message)?;
//! let packet = Packet::parse(&message)?;
//! assert!(packet.is_checksum_valid());
//! assert_eq!(Repr::parse(&packet)?, request);
//! # Ok::<(), tersus_wire::Error>(())
//! ```
//!
//! # Transports
//! ```
//! use tersus_wire::tcp::{Packet, TcpOption};
//!
//! let syn = [
//!     0x13, 0x88, 0, 80, 0, 0, 0, 1, 0, 0, 0, 0, 0x60, 2, 0xff, 0xff, 0, 0, 0, 0, // flags: SYN
//!     2, 4, 5, 0xb4, // MSS 1460
//! ];
//! let segment = Packet::parse(&syn)?;
//! assert_eq!(segment.options().next(), Some(Ok(TcpOption::Mss(1460))));
//! # Ok::<(), tersus_wire::Error>(())
//! ```
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
