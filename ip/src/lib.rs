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
pub mod fake;
#[cfg(feature = "fragmentation")]
pub mod fragment;
pub mod icmp_error;
mod layer;
#[cfg(feature = "ipv6")]
pub mod ndisc;
pub mod neighbour;
mod path;
pub mod queue;
pub mod path_mtu;
pub mod rate_limit;
#[cfg(feature = "fragmentation")]
pub mod reassembly;
mod transport;
mod transports;

pub use address::{InterfaceId, InterfaceSet, PackedAddress};
pub use layer::{Advice, IpLayer, Membership, OutFlags, Outgoing, Routes, SendError, Source, Unreachable};
pub use path::Path;
pub use tersus_phy::{
    earliest, Cast, ChecksumOffload, Deadline, Fill, Instant, Random, RxChecksum, RxMeta, TxChecksum,
};
pub use transport::{Addresses, ErrorKind, IcmpError, InFlags, IpMeta, Progress, Reject, Transport, Verdict};
pub use transports::Transports;
