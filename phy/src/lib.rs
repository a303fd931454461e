//! Below the waist of tersus: devices that carry frames, and links that carry packets.
//!
//! - [`Device`] is a driver's side: frames in, frames out, with what the hardware can do.
//! - [`LinkLayer`] is what a link offers to the IP layer: packets to hardware addresses.
//! - [`Instant`], [`Deadline`] and [`Random`] are the stack's time and randomness; both come from the caller.
//!
//! No crate of tersus reads a clock, allocates or keeps global state; here only the hosted devices (feature
//! `std`) do system calls.
#![no_std]
#![cfg_attr(not(feature = "std"), forbid(unsafe_code))]
#![deny(unsafe_code)]

#[cfg(feature = "std")]
extern crate std;

mod device;
pub mod ethernet;
mod filter;
#[cfg(feature = "std")]
pub mod hosted;
mod impairment;
mod link;
mod loopback;
pub mod memory;
mod port;
mod queue;
mod random;
pub mod raw_ip;
mod statistics;
mod time;
mod tracer;

pub use device::{
    Capabilities, ChecksumOffload, Device, LinkState, Medium, RxChecksum, RxMeta, RxToken, TxChecksum,
    TxMeta, TxToken,
};
pub use ethernet::Ethernet;
pub use impairment::{Fraction, Impairment};
pub use link::{
    Cast, Fill, Frame, LinkControl, LinkError, LinkEvents, LinkLayer, LinkPacket, LinkProperties, LinkTx,
    Switch, Unsupported, Upper,
};
pub use loopback::{Loopback, LoopbackRx, LoopbackTx};
pub use queue::{FrameSlot, FrameStorage};
pub use random::Random;
pub use raw_ip::RawIp;
pub use time::{earliest, Deadline, Instant};
pub use tracer::{Direction, FrameSink, Tracer, TracerToken};
