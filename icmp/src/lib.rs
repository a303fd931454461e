//! ICMP echo and ICMP sockets for IPv4 and IPv6, as [`tersus_ip::Transport`]s: RFC 792, RFC 1122 §3.2.2, RFC 4443.
//!
//! ICMP errors are made and read by the IP layer, which alone has the packets that they quote. Here is the rest:
//!
//! - [`EchoResponder`] answers echo requests, in place, and does nothing else: for a host that is to be pinged.
//! - [`Icmp`] does that too and has sockets: [`Icmp::bind_echo`] asks and hears the answers, [`Icmp::bind_errors`]
//!   hears the errors that IP received.
//!
//! ```
//! use tersus_icmp::{EchoMeta, Event, Icmp, Storage};
//! use tersus_ip::{fake::FakeIp, Transport};
//!
//! // Two sockets with 512 octets each to receive, and 1 KiB to send for all.
//! let mut storage: Storage<2, 512, 1024> = Storage::new();
//! let mut icmp = Icmp::new(&mut storage, [7; 32]); // a seed that nobody can guess
//! let ping = icmp.bind_echo(None)?;
//!
//! # if cfg!(not(feature = "ipv4")) {
//! #     return Ok::<(), Box<dyn std::error::Error>>(());
//! # }
//! # let mut buffer = [0; 1500];
//! # let mut ignore = |_: &_, _, _: &[u8]| ();
//! # let mut ip = FakeIp::new(&mut buffer, &mut ignore);
//! icmp.send_echo(&ip, ping, &EchoMeta::to("192.0.2.9".parse().unwrap(), 1), b"ping")?;
//! icmp.transmit(&mut ip, &mut 64); // what a poll of the stack does
//! while let Some(received) = icmp.recv(ping, &mut [])? {
//!     match received.event {
//!         Event::Reply { sequence } => assert_eq!(sequence, 1),
//!         _ => break, // an error, or it could not be sent
//!     }
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What is answered
//! Echo requests to one of our addresses, over IPv6 to a group too if a unicast address sent them. Over IPv4 those
//! to broadcast and group addresses are not (RFC 1122 §3.2.2.6 leaves the choice; they amplify). [`Answering`]
//! switches it off or limits the rate.
#![no_std]
#![forbid(unsafe_code)]

mod error;
mod event;
mod input;
mod output;
mod responder;
mod send;
mod statistics;
mod storage;
mod user_calls;

/// The examples of the README, as tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}

pub use error::{BindError, SendError, StaleHandle};
pub use event::{Event, Received, Unsent};
pub use responder::{Answering, EchoResponder};
pub use send::{EchoMeta, Fragmentation};
pub use statistics::Statistics;
pub use storage::{Handle, Icmp, Slot, Storage};
pub use user_calls::Filter;
