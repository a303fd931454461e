//! TCP, RFC 9293, as a transport of the tersus stack.
#![no_std]
#![forbid(unsafe_code)]

mod acknowledgement;
mod addresses;
mod challenge;
mod config;
pub mod congestion;
mod connection;
mod engine;
mod error;
mod events;
mod handshake;
mod icmp;
mod index;
mod isn;
mod listener;
mod open;
mod output;
mod pool;
mod ranges;
mod ready;
mod receive;
mod records;
mod ring;
mod rtt;
mod segment;
mod segment_arrives;
mod seq;
mod slots;
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
mod transmit;
mod user_calls;

pub use config::{Config, ConnectOptions, Endpoint, KeepAlive, Nagle, Options};
pub use engine::Tcp;
pub use error::{ConnectError, ListenError, Outcome, RecvError, SendError, Stale};
pub use events::{Changes, Event};
pub use listener::{Listener, ListenerId};
pub use ranges::Range;
pub use records::Record;
pub use slots::{Class, MAX_CLASSES};
pub use state::State;
pub use statistics::Statistics;
pub use storage::{Slices, Storage};
pub use stream::Info;
pub use syn_table::SynEntry;
pub use tcb::Slot;
pub use time_wait::TimeWait;

/// Handle of a connection. Stale once it was released: the calls then say so, and never touch another connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ConnectionId {
    pub(crate) index: u16,
    pub(crate) generation: u16,
}
