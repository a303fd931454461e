//! Group membership: IGMP versions 1 and 2 for IPv4, MLD versions 1 and 2 for IPv6, the host's side, as a
//! [`tersus_ip::Transport`].
//!
//! Groups are joined and left at the IP layer, which counts their users and opens the link's filter. An [`Igmp`]
//! reads them through [`tersus_ip::Routes::groups`] and only speaks the protocol: it tells the routers of the link
//! what is joined and left, and answers their queries. There is nothing to call but its constructor.
//!
//! ```
//! use tersus_igmp::{Config, Igmp, Storage};
//! use tersus_ip::{fake::FakeIp, Instant, Membership, Transport};
//!
//! // Two interfaces, eight groups altogether; solicited-node groups count.
//! let mut storage: Storage<2, 8> = Storage::new();
//! let mut igmp = Igmp::new(&mut storage, Config::default(), [7; 32]);
//!
//! // In a stack: `stack.ip.join(…)`, and `igmp` in the list of transports.
//! let groups = ["224.0.0.251", "ff02::fb"].map(|group| Membership::new(group.parse().unwrap(), 1));
//! let mut buffer = [0; 1500];
//! let mut sent = 0;
//! let mut count = |_: &_, _, _: &[u8]| sent += 1;
//! let mut ip = FakeIp::new(&mut buffer, &mut count);
//! ip.now = Instant::from_secs(1);
//! ip.groups = &groups;
//! igmp.transmit(&mut ip, &mut 64);
//! assert_ne!(sent, 0); // a report of each
//! assert!(igmp.poll_at().is_some()); // they will be repeated, lest they were lost
//! ```
//!
//! # What is said
//! - IGMPv2 (RFC 2236): a report at once and again after ten seconds, Leave if the last report was ours. IGMPv1
//!   (RFC 1112) for 400 seconds after a query of that version.
//! - MLDv2 (RFC 3810): state-change reports at once and again after a second, for joining and leaving; answers to
//!   queries in one report after a random delay. MLDv1 (RFC 2710) while an older querier is present.
//! - All that is joined once more when a link was down and is up again: whoever is there now may not have heard of it.
//! - Nothing of 224.0.0.1, ff02::1 and groups that do not leave the host.
//!
//! [`small`] has an engine for hosts that count octets of flash.
//!
//! Answers to IGMPv1, IGMPv2 and MLDv1 queries are evenly spaced over the time that the query gives; [`Delays`]
//! makes them random as the RFCs have it.
#![no_std]
#![forbid(unsafe_code)]

mod config;
mod groups;
mod input;
mod output;
pub mod small;
mod statistics;
mod storage;

/// The examples of the README, as tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}

pub use config::{Config, Delays};
pub use statistics::Statistics;
pub use storage::{Entry, Igmp, Querier, Storage};
