//! The waist of tersus: IPv4 and IPv6 between links below and transports above.
//!
//! - Above: a [`Transport`] takes packets and pulls itself dry through an [`IpLayer`], along a [`Path`] that it
//!   keeps.
//! - Beside: what transports with sockets share: [`queue`] of datagrams, [`sorted`] numbers of sockets,
//!   [`rate_limit`].
//! - Below: a `tersus_phy::LinkLayer` carries packets to hardware addresses.
#![no_std]
#![forbid(unsafe_code)]

mod address;
pub mod fake;
#[cfg(feature = "fragmentation")]
pub mod fragment;
pub mod icmp_error;
mod layer;
mod path;
pub mod path_mtu;
pub mod queue;
pub mod rate_limit;
#[cfg(feature = "fragmentation")]
pub mod reassembly;
pub mod sorted;
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
