//! Devices and helpers for programs with an operating system (feature `std`).
//!
//! | here | is | needs |
//! | --- | --- | --- |
//! | [`TunTap`] | a TAP (Ethernet) or TUN (raw IP) interface of Linux | CAP_NET_ADMIN, or an interface made for the user |
//! | [`PacketSocket`] | frames on a network interface of Linux | CAP_NET_RAW |
//! | [`Capture`] | frames of any devices into one pcapng file | |
//! | [`Clock`] | the current [`Instant`](crate::Instant) | |
//! | [`wait`] | sleeps until a device has frames, or until a deadline | |
//!
//! Devices here never block, and take the memory for one frame each way from the heap when they are opened.

mod clock;
mod pcapng;

#[cfg(target_os = "linux")]
mod frames;
#[cfg(target_os = "linux")]
mod interface;
#[cfg(target_os = "linux")]
mod packet_socket;
#[cfg(target_os = "linux")]
mod tun_tap;
#[cfg(target_os = "linux")]
mod wait;

pub use clock::Clock;
pub use pcapng::{Capture, CaptureInterface, PcapWriter};

#[cfg(target_os = "linux")]
pub use frames::{HostRx, HostTx, Statistics};
#[cfg(target_os = "linux")]
pub use interface::OpenError;
#[cfg(target_os = "linux")]
pub use packet_socket::PacketSocket;
#[cfg(target_os = "linux")]
pub use tun_tap::{Kind, Options, TunTap};
#[cfg(target_os = "linux")]
pub use wait::{wait, Waiting};
