//! The waist of tersus: IPv4 and IPv6 between links below and transports above.
//!
//! - Above: a [`Transport`] takes packets and pulls itself dry through an [`IpLayer`], along a [`Path`] that it
//!   keeps.
//! - Between: [`Ip`] has the interfaces with their addresses, routes, neighbours, groups, fragments and path MTUs, in
//!   memory that the caller gave ([`Storage`]).
//!   [`small::SmallIp`] is the same for a host of one link, in much less flash.
//! - Beside: what transports with sockets share: [`queue`] of datagrams, [`sorted`] numbers of sockets,
//!   [`rate_limit`].
//! - Below: a `tersus_phy::LinkLayer` carries packets to hardware addresses. `links[i]` is interface `i`.
//!
//! ```text
//!                    transports
//!        receive, error  ^   |  IpLayer::send(path, fill)
//!   ---------------------|---|-----------------------------------------------------------
//!    ICMP errors, ND  <--+   +--> old generation, unresolved? -> decide, neighbours
//!    reassembly          |   |--> above the MTU? -> fragment buffers
//!    options, chain      |   |--> template of the path, length, checksum
//!    addresses           |   |
//!    checksum            |   |
//!   ---------------------|---|-----------------------------------------------------------
//!        Upper::receive  |   v  LinkTx::send(next hop, fill)
//!                      links
//! ```
//!
//! **One packet's way in.** The link hands a frame to [`Ip::receive`]'s `Upper`. IPv4: version, lengths and checksum are
//! checked in one pass; the source must be able to be a host, the destination one of ours on this interface (the
//! strong host model), a broadcast address of it, or a group joined there. Options are looked at only if there are
//! any. IPv6 alike, with extension headers walked strictly in order. A fragment goes to the reassembly table, and the
//! datagram goes on when it is complete. ICMP errors and neighbour discovery end here; everything else is offered to the
//! transports in turn. A reply made in place goes back where the frame came from; a refusal becomes an ICMP error if the
//! RFCs and the rate limit allow one. Every other end is a drop, counted in [`Statistics`] by its reason.
//!
//! **One packet's way out.** A transport calls [`IpLayer::send`] with its path. One counter is compared: if anything has
//! changed since the path was decided, it is decided again; if the next hop is not known, it is asked for and the sender
//! parked with `Resolving`. Then the template is patched with length, checksum and the sender's wishes straight in
//! the link's buffer, and the sender's `fill` writes the segment behind it.
//!
//! **A turn** is four calls, in this order; `tersus-iface` does nothing else:
//! 1. [`Ip::service`]: the links' own work, their news, groups;
//! 2. [`Ip::receive`] for each link;
//! 3. the transports' `transmit` with [`Ip::out`];
//! 4. [`Ip::maintain`]: solicitations, announcements and fragments that are due, and what took too long.
//!
//! The next turn is due, if nothing comes from outside, at the earliest of [`Ip::poll_at`], that of each link and that of
//! each transport; `Stack::poll_at` of `tersus-iface` and [`small::SmallIp::poll_at`] ask all of them. The first turn reads
//! what the links are: before it every route is [`Unreachable::InterfaceDown`].
//!
//! Memory lies on the stack, in a `static`, or in slices ([`Slices`]): [`Storage`] says what each entry costs, and shows a
//! `static`.
//!
//! Two hosts on a wire; the first packet waits until the other's address is resolved:
//! ```
//! use tersus_ip::{Config, Instant, InterfaceId, Ip, IpLayer, IpProtocol, Outgoing, Routes, SendError, Source, Storage};
//! use tersus_phy::memory::{self, Wire};
//! use tersus_phy::{Ethernet, Medium};
//!
//! # if cfg!(not(feature = "ipv4")) { return Ok(()) }
//! let mut memory = memory::Storage::<16, 1514>::new();
//! let wire = Wire::new(&mut memory, Medium::Ethernet, [7; 32]);
//! let (left, right) = wire.ends();
//! let mut left: Ethernet<_> = Ethernet::new(left, [2, 0, 0, 0, 0, 1]);
//! let mut right: Ethernet<_> = Ethernet::new(right, [2, 0, 0, 0, 0, 2]);
//! // One interface, two addresses, one route, eight neighbours.
//! let (mut a, mut b) = (Storage::<1, 2, 1, 8>::new(), Storage::<1, 2, 1, 8>::new());
//! let mut a = Ip::new(&mut a, [1; 32], Config::default());
//! let mut b = Ip::new(&mut b, [2; 32], Config::default());
//! a.add_address(InterfaceId(0), "192.0.2.1/24".parse()?)?;
//! b.add_address(InterfaceId(0), "192.0.2.2/24".parse()?)?;
//!
//! let mut turn = |a: &mut Ip<'_>, b: &mut Ip<'_>, now| {
//!     a.service(now, &mut [&mut left]);
//!     a.receive(now, InterfaceId(0), &mut left, 8, &mut ());
//!     let packet = Outgoing::new(IpProtocol(253));
//!     let mut path = a.route(Source::ANY, [192, 0, 2, 2].into()).expect("an address on the link");
//!     let sent = a.out(now, &mut [&mut left]).send(&mut path, packet, 8, &mut |buffer: &mut [u8]| {
//!         buffer.copy_from_slice(b"hi there");
//!     });
//!     a.maintain(now, &mut [&mut left]);
//!     b.service(now, &mut [&mut right]);
//!     b.receive(now, InterfaceId(0), &mut right, 8, &mut ());
//!     b.maintain(now, &mut [&mut right]);
//!     sent
//! };
//! assert_eq!(turn(&mut a, &mut b, Instant::from_millis(1)), Err(SendError::Resolving));
//! assert_eq!(turn(&mut a, &mut b, Instant::from_millis(2)), Ok(()));
//! // Nobody at the other end knows the protocol, and says so.
//! turn(&mut a, &mut b, Instant::from_millis(3)).ok();
//! assert_eq!((b.statistics().unknown_protocol, b.statistics().errors_sent), (2, 2));
//! assert_eq!(a.statistics().errors_received, 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![no_std]
#![forbid(unsafe_code)]

mod address;
#[cfg(feature = "ipv4")]
pub mod arp;
mod config;
mod decide;
mod duties;
mod engine;
mod event;
pub mod fake;
#[cfg(feature = "fragmentation")]
pub mod fragment;
mod groups;
mod host;
pub mod icmp_error;
mod input;
#[cfg(feature = "ipv4")]
mod input_v4;
#[cfg(feature = "ipv6")]
mod input_v6;
mod interface;
mod layer;
mod links;
mod martian;
#[cfg(feature = "ipv6")]
pub mod ndisc;
pub mod neighbour;
mod output;
mod own_addresses;
mod path;
pub mod path_mtu;
pub mod queue;
pub mod rate_limit;
#[cfg(feature = "fragmentation")]
pub mod reassembly;
mod resolution;
mod routes;
pub mod small;
pub mod sorted;
mod statistics;
mod storage;
mod transport;
mod transports;
mod turn;

/// The example of the README, as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}

pub use address::{InterfaceId, InterfaceSet, PackedAddress};
pub use config::Config;
pub use duties::Duties;
pub use engine::{InterfaceError, Ip, NeighbourError};
pub use event::{Event, EVENTS_MAX};
pub use groups::JoinError;
pub use interface::{Interface, InterfaceStatistics};
pub use layer::{Advice, IpLayer, Membership, OutFlags, Outgoing, Routes, SendError, Source, Unreachable};
pub use output::Out;
pub use own_addresses::{AddressError, OwnAddress};
pub use path::Path;
pub use routes::{Route, RouteEntry, RouteError};
pub use statistics::Statistics;
pub use storage::{Slices, Storage};
pub use tersus_phy::{
    earliest, span_micros, Cast, ChecksumOffload, Deadline, Fill, Instant, Random, RxChecksum, RxMeta,
    TxChecksum,
};
pub use tersus_wire::{Cidr, HardwareAddress, IpProtocol};
pub use transport::{
    Addresses, ErrorKind, IcmpError, InFlags, IpMeta, Progress, Quoted, Reject, Transport, Verdict,
};
pub use transports::{Transports, WithoutErrors};
