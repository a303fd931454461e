//! UDP sockets, RFC 768 and RFC 1122 §4.1, for IPv4 and IPv6, as a [`tersus_ip::Transport`].
//!
//! A [`Udp`] is an engine with a table of sockets; memory comes from the caller as a [`Storage`] (sizes known at
//! compile time) or as slices. The user calls its methods between polls; the IP layer drives it during one.
//!
//! - [`Udp::bind`] opens a socket at a port, [`Udp::connect`] fixes its peer, [`Udp::close`] gives it back.
//! - [`Udp::send`], [`Udp::send_to`], [`Udp::send_with`] queue a datagram; it leaves in the next poll.
//! - [`Udp::recv`], [`Udp::recv_with`] take the oldest datagram that came in, with all that is known of it.
//! - [`Udp::forward`] passes a received datagram on without a copy in the application, [`Udp::send_back`] back.
//! - [`Udp::take_error`] tells what became of datagrams that could not be delivered.
//!
//! ```
//! use tersus_ip::{fake::FakeIp, Transport};
//! use tersus_udp::{Local, SendMeta, Storage, Udp};
//!
//! // Four sockets, each with 2 KiB to receive and 2 KiB to send.
//! let mut storage: Storage<4, 2048, 2048> = Storage::new();
//! let mut udp = Udp::new(&mut storage, [7; 32]); // a seed that nobody can guess
//! let socket = udp.bind(&Local::port(5683))?;
//!
//! // Any IP layer will do; the one of a stack is `stack.ip`.
//! let mut buffer = [0; 1500];
//! let mut sent = 0;
//! let mut count = |_: &_, _, segment: &[u8]| sent += segment.len();
//! let mut ip = FakeIp::new(&mut buffer, &mut count);
//! # if cfg!(not(all(feature = "ipv4", feature = "ipv6"))) { return Ok(()) }
//! udp.send_to(&ip, socket, "192.0.2.9:5683".parse().unwrap(), b"hello")?;
//! udp.send_to(&ip, socket, "[2001:db8::9]:5683".parse().unwrap(), b"hello")?;
//! udp.transmit(&mut ip, &mut 64);
//! assert_eq!(sent, 2 * (8 + 5));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What a socket receives
//! A unicast datagram goes to the one socket that fits best: connected to its sender before bound to its
//! destination address before bound to its interface before bound to the port alone. A multicast or broadcast
//! datagram goes to every socket that fits. Where nobody listens, IP answers Port Unreachable. What finds no room
//! in its socket's queue is dropped and counted, without an answer.
//!
//! # What a socket sends
//! Datagrams of one socket leave in order towards each destination. One whose next hop is still being resolved
//! is passed by those behind it, and one that cannot be delivered is dropped, its destination and the reason told
//! by [`Udp::take_error`].
//!
//! # Cost
//! Finding a socket is a binary search in a table sorted by ports. `transmit` and `poll_at` see only sockets
//! that have something to send: idle ones cost nothing. A socket has 90 octets of state, side
//! tables included, and its two queues.
#![no_std]
#![forbid(unsafe_code)]

mod error;
mod fifo;
mod input;
mod output;
mod place;
mod recv;
mod send;
mod slot;
pub mod small;
mod statistics;
mod storage;
mod table;
mod user_calls;

/// The examples of the README, as tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}

pub use error::{BindError, Cause, ConnectError, ErrorEntry, SendError, SocketError, StaleHandle};
pub use recv::{Received, RecvMeta};
pub use send::{Fragmentation, SendMeta};
pub use slot::{Handle, Local, Settings, Sharing, Slot, ZeroChecksum};
pub use statistics::Statistics;
pub use storage::{Storage, Udp};
