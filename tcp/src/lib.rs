//! TCP, RFC 9293, as a transport of the tersus stack.
//!
//! [`Tcp`] is the engine. Give it to each poll of the stack; between polls call `listen`, `accept`, `connect`,
//! `send`, `recv`, `close`, `release`, and ask `next_event` what changed. [`small::SmallTcp`] is the same for a handful of
//! connections, in much less flash. See the README for an example, for what is
//! covered, and for what happens when a table is full.
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
mod challenge;
mod config;
pub mod congestion;
mod connection;
mod cookie;
mod duties;
mod ecn;
mod engine;
mod error;
mod events;
mod growth;
mod halves;
mod handshake;
mod icmp;
mod index;
mod info;
mod isn;
mod listener;
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
