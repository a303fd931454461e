//! The waist of tersus: IPv4 and IPv6 between links below and transports above.
//!
//! - Above: a [`Transport`] takes packets and pulls itself dry through an [`IpLayer`], along a [`Path`] that it
//!   keeps.
//! - Beside: [`queue`], the datagram queue of the transports that have datagram sockets.
//! - Below: a `tersus_phy::LinkLayer` carries packets to hardware addresses.
#![no_std]
#![forbid(unsafe_code)]

mod address;
#[cfg(feature = "ipv4")]
pub mod arp;
mod config;
mod decide;
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
mod statistics;
mod storage;
mod transport;
mod transports;
mod turn;

pub use address::{InterfaceId, InterfaceSet, PackedAddress};
pub use config::Config;
pub use engine::{InterfaceError, Ip};
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
    earliest, Cast, ChecksumOffload, Deadline, Fill, Instant, Random, RxChecksum, RxMeta, TxChecksum,
};
pub use transport::{Addresses, ErrorKind, IcmpError, InFlags, IpMeta, Progress, Reject, Transport, Verdict};
pub use transports::Transports;
