//! The composition of tersus: links, the IP layer and transports as one stack that is polled.
//!
//! ```text
//!   poll:  service links -> receive -> transports send -> IP layer's own duties
//!                                 poll_at: when to poll next by the passing of time alone
//! ```
//!
//! The user owns everything: links, the [`ip::Ip`] inside the [`Stack`], and the transports, whose typed methods are
//! called between polls. What is not in the lists is not linked.
//!
//! ```
//! use tersus_iface::{ip, phy, udp, wire, Stack};
//! use phy::{memory, Ethernet, Instant, Medium};
//!
//! let mut wire_storage = memory::Storage::<8, 1514>::new();
//! let wire = memory::Wire::new(&mut wire_storage, Medium::Ethernet, [1; 32]);
//! let (end, _) = wire.ends();
//! let mut ethernet = Ethernet::new(end, [2, 0, 0, 0, 0, 1]);
//!
//! let mut ip_storage = ip::Storage::<1, 2, 1, 8>::new();
//! let mut stack = Stack::new(ip::Ip::new(&mut ip_storage, [2; 32], ip::Config::default()));
//! stack.ip.add_address(ip::InterfaceId(0), "192.0.2.1/24".parse().unwrap()).unwrap();
//!
//! let now = Instant::from_millis(1);
//! stack.poll(now, &mut [&mut ethernet], &mut []);
//! let next = stack.poll_at(&[&ethernet], &[]);
//! # let _ = next;
//! ```
//!
//! # The order of calls
//! 0. Configure addresses and routes, then poll once: the first poll reads what the links are. Before it no route
//!    leads anywhere, and `connect` or `send` say so.
//! 1. Poll when a device has something (its interrupt, a readable file descriptor), when the moment of
//!    [`Stack::poll_at`] has come, and after calls that give a transport something to send.
//! 2. Call the transports' methods between polls, never less than once after a poll that brought something, or
//!    their buffers fill and the peers stop.
//! 3. Time may stand still between polls; it should not run backwards. If it does, nothing breaks, but what was timed
//!    before may wait until the clock is where it was: a path MTU that was learned, the word of an older querier.
//!
//! # Static composition
//! [`Stack::poll_with`] is the same code for a tuple of transports and links of one type: smaller and faster, since
//! nothing is called through a table of functions.
#![no_std]
#![forbid(unsafe_code)]

mod stack;

pub use stack::{Stack, DEFAULT_BUDGET};
pub use tersus_ip::Progress;

#[cfg(feature = "icmp")]
pub use tersus_icmp as icmp;
#[cfg(feature = "igmp")]
pub use tersus_igmp as igmp;
pub use tersus_ip as ip;
pub use tersus_phy as phy;
#[cfg(feature = "sixlowpan")]
pub use tersus_sixlowpan as sixlowpan;
#[cfg(feature = "tcp")]
pub use tersus_tcp as tcp;
#[cfg(feature = "udp")]
pub use tersus_udp as udp;
pub use tersus_wire as wire;

/// The examples of the repository's README, as tests.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
mod readme {}
