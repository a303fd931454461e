//! TCP, RFC 9293, as a transport of the tersus stack.
//!
//! [`Tcp`] is the engine, in memory that a [`Storage`] gives it. Give it to each poll of the stack; between polls call
//! [`Tcp::listen`], [`Tcp::accept`], [`Tcp::connect`], [`Tcp::send`], [`Tcp::recv`], [`Tcp::close`], [`Tcp::release`], and
//! ask [`Tcp::next_event`] what changed. [`small::SmallTcp`] is the same for a handful of connections, in much less flash.
//!
//! A client, once the stack has been polled; a server is at [`Tcp::next_event`] and, answering, in the README, which also
//! says what is covered and what happens when a table is full. Both ends in one program are in the documentation of
//! `tersus-iface`.
//! ```
//! use tersus_ip::{Instant, Routes};
//! use tersus_tcp::{ConnectError, ConnectOptions, ConnectionId, RecvError, Tcp};
//!
//! /// `ip` is the IP layer of the stack, `now` what the clock says.
//! fn ask(tcp: &mut Tcp<'_>, ip: &dyn Routes, now: Instant) -> Result<ConnectionId, ConnectError> {
//!     let remote = "192.0.2.1:80".parse().expect("an address and a port");
//!     let id = tcp.connect(ip, now, remote, ConnectOptions::default())?;
//!     // Taken at once, as far as the send buffer has room; it leaves when the connection is established.
//!     let _ = tcp.send(id, b"GET / HTTP/1.0\r\n\r\n");
//!     Ok(id)
//! }
//!
//! /// After each poll: what came, until the outcome is known.
//! fn answer(tcp: &mut Tcp<'_>, id: ConnectionId, into: &mut [u8]) -> Result<usize, RecvError> {
//!     let read = tcp.recv(id, into);
//!     if let Err(RecvError::Finished) = read {
//!         let _ = tcp.release(id); // the peer has closed, and so do we
//!     }
//!     read
//! }
//! # let mut storage = tersus_tcp::Storage::<1, 512, 512>::new();
//! # let reno = &tersus_tcp::congestion::Reno::DEFAULT;
//! # let mut tcp = Tcp::new(&mut storage, tersus_tcp::Config::default(), reno, [1; 32]);
//! # let mut buffer = [0; 1500];
//! # let mut ignore = |_: &_, _, _: &[u8]| ();
//! # let ip = tersus_ip::fake::FakeIp::new(&mut buffer, &mut ignore);
//! # if cfg!(not(feature = "ipv4")) { return }
//! # let id = ask(&mut tcp, &ip, Instant::from_millis(1)).expect("a way and room");
//! # assert_eq!(answer(&mut tcp, id, &mut [0; 8]), Ok(0));
//! ```
//!
//! A reader who knows the RFC finds §3.3.1 in `tcb`, §3.10.1 in `open`, §3.10.2 and §3.10.3 in `stream` and `halves`,
//! §3.8.5 in `urgent`, §3.10.4 to §3.10.6 in `user_calls` and `info`, §3.10.7 in `receive`, `handshake`, `segment_arrives`, `acknowledgement` and `text`,
//! §3.10.8 in `timeouts`, and what leaves in `output`, its options in `options`.
#![no_std]
#![forbid(unsafe_code)]

#[doc = include_str!("../README.md")]
#[cfg(doctest)]
struct Readme;

mod acknowledgement;
mod addresses;
// It speaks IPv4.
#[cfg(test)]
#[cfg(feature = "ipv4")]
mod adversary;
mod challenge;
mod config;
pub mod congestion;
mod connection;
mod cookie;
mod duties;
mod ecn;
mod emit;
mod engine;
mod error;
mod events;
mod flaws;
mod growth;
mod halves;
mod handshake;
mod icmp;
mod index;
mod info;
mod isn;
mod listener;
mod next;
mod open;
mod options;
mod output;
mod pacing;
mod plain;
mod pool;
mod rack;
mod ranges;
mod rate;
mod ready;
mod receive;
mod records;
mod recovery;
mod ring;
mod rtt;
mod sack;
mod segment;
mod segment_arrives;
mod seq;
mod shared;
mod slots;
pub mod small;
mod soon;
mod state;
mod statistics;
mod storage;
mod stream;
mod syn_table;
mod tcb;
mod text;
mod time_wait;
mod timeouts;
mod timers;
mod timestamps;
pub mod trace;
mod transmit;
mod undo;
mod urgent;
mod user_calls;
mod wakers;
mod watch;

pub use config::{Config, ConnectOptions, Ecn, Endpoint, KeepAlive, Nagle, Options, Timestamps};
pub use cookie::SynCookies;
pub use duties::Duties;
pub use engine::Tcp;
pub use error::{ConnectError, ListenError, Outcome, RecvError, SendError, Stale};
pub use events::{Changes, Event};
pub use growth::Growth;
pub use halves::{RecvHalf, SendHalf};
pub use info::{Figures, Info};
pub use listener::{Listener, ListenerId};
pub use ranges::Range;
pub use records::Record;
pub use slots::{Class, MAX_CLASSES};
pub use state::State;
pub use statistics::Statistics;
pub use storage::{Slices, Storage};
pub use stream::Half;
pub use syn_table::SynEntry;
pub use tcb::Slot;
pub use time_wait::TimeWait;
pub use wakers::{Wakers, When};

/// Handle of a connection. Stale once it was released: the calls then say so, and never touch another connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ConnectionId {
    pub(crate) index: u16,
    pub(crate) generation: u16,
}
