//! Below the waist of tersus: devices that carry frames, and links that carry packets.
//!
//! - [`Device`] is a driver's side: frames in, frames out, with what the hardware can do.
//! - [`LinkLayer`] is what a link offers to the IP layer: packets to hardware addresses. [`Ethernet`] and [`RawIp`]
//!   are links over any device.
//! - [`memory::Wire`] joins two devices in one program and can lose, double, reorder, corrupt and delay what
//!   passes; [`Loopback`] gives back what is sent; a [`Tracer`] shows every frame of the device below it.
//! - [`Instant`], [`Deadline`] and [`Random`] are the stack's time and randomness; both come from the caller.
#![cfg_attr(
    feature = "std",
    doc = "- [`hosted`] has devices of an operating system: TUN, TAP, packet socket; captures, a clock."
)]
//!
//! No crate of tersus reads a clock, allocates or keeps global state; here only the hosted devices (feature
//! `std`) do system calls, and take memory for one frame each way when they are opened.
//!
//! Two Ethernet links over a wire in memory, 5 ms long:
//! ```
//! use core::time::Duration;
//! use tersus_phy::memory::{Storage, Wire};
//! use tersus_phy::{
//!     EtherType, Ethernet, Frame, HardwareAddress, Impairment, Instant, LinkLayer, LinkPacket, LinkTx, Medium, Upper,
//! };
//!
//! let mut storage = Storage::<16, 1514>::new();
//! let wire = Wire::new(&mut storage, Medium::Ethernet, [7; 32]);
//! wire.impair_both(Impairment { delay: Duration::from_millis(5), ..Impairment::NONE });
//! let (left, right) = wire.ends();
//! let mut left: Ethernet<_> = Ethernet::new(left, [2, 0, 0, 0, 0, 1]);
//! let mut right: Ethernet<_> = Ethernet::new(right, [2, 0, 0, 0, 0, 2]);
//!
//! let to = HardwareAddress::ethernet([2, 0, 0, 0, 0, 2]);
//! let packet = LinkPacket::new(EtherType::IPV4, 4);
//! let now = Instant::ZERO;
//! left.tx(now).send(&to, &packet, &mut |buffer: &mut [u8]| buffer.copy_from_slice(b"ping"))?;
//!
//! struct Answer;
//! impl Upper for Answer {
//!     fn receive(&mut self, frame: &mut Frame<'_>, back: &mut dyn LinkTx) {
//!         assert_eq!(frame.payload.get(..4), Some(&b"ping"[..]));
//!         let packet = LinkPacket::new(frame.protocol, 4);
//!         let _ = back.send(&frame.from, &packet, &mut |buffer: &mut [u8]| buffer.copy_from_slice(b"pong"));
//!     }
//! }
//! let now = right.poll_at().expect("a frame is on its way");
//! assert_eq!(now, Instant::from_millis(5));
//! assert_eq!(right.receive(now, 8, &mut Answer), 1);
//! assert_eq!(left.poll_at(), Some(Instant::from_millis(10)));
//! # Ok::<(), tersus_phy::LinkError>(())
//! ```
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
pub use tersus_wire::{EtherType, HardwareAddress};
pub use time::{earliest, span_micros, Deadline, Instant};
pub use tracer::{Direction, FrameSink, Tracer, TracerToken};

/// The example of the README, as a test.
#[cfg(all(doctest, feature = "std", target_os = "linux"))]
#[doc = include_str!("../README.md")]
mod readme {}
