//! Events: what happened to connections, without looking at each of them.
//!
//! Bits gather in the connection's slot; its id stands at most once in a queue that is as long as there are
//! connections, so nothing is lost and each step is O(1). With a table of length 0 there are no events, and the
//! queries ([`Tcp::is_readable`](crate::Tcp::is_readable) and others) remain.

use crate::engine::Tcp;
use crate::listener::ListenerId;
use crate::tcb::{Flags, Slot};
use crate::ConnectionId;

/// Data or the end of the stream can be read.
pub(crate) const READABLE: u8 = 1;
/// There is room to write again.
pub(crate) const WRITABLE: u8 = 2;
/// The connection is over, or an attempt failed.
pub(crate) const ENDED: u8 = 4;
/// The handshake of `connect` is complete.
pub(crate) const CONNECTED: u8 = 8;
/// The peer's urgent data reach further than was known.
pub(crate) const URGENT: u8 = 16;
/// R1 was reached: the peer does not answer.
pub(crate) const STALLED: u8 = 32;

bitflags::bitflags! {
    /// What changed on a connection since its last event. What was there before is not told again, and data that came
    /// together with the end of the stream are one change: on each event, read until [`Tcp::recv`] gives 0 or an error.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
    pub struct Changes: u8 {
        /// Data or the end of the stream can be read.
        const READABLE = READABLE;
        /// There is room to write again.
        const WRITABLE = WRITABLE;
        /// The connection is over, or the attempt failed: see the outcome.
        const ENDED = ENDED;
        /// The handshake that `connect` started is complete.
        const CONNECTED = CONNECTED;
        /// The peer has not answered [`Config::r1`](crate::Config::r1) retransmissions, RFC 9293 §3.8.3: unless it
        /// does, the connection ends at R2. Told again with each further one.
        const STALLED = STALLED;
        /// The peer has urgent data, or more of them: see [`Tcp::urgent_mark`](crate::Tcp::urgent_mark).
        const URGENT = URGENT;
    }
}

/// Something that happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// A connection waits to be accepted.
    Acceptable(ListenerId),
    /// Something changed on a connection.
    Connection(ConnectionId, Changes),
}

/// Notes that something happened.
pub(crate) fn raise(slot: &mut Slot, what: u8) {
    slot.events |= what;
}

impl Tcp<'_> {
    /// The next event, if there is one. O(1). Without it nothing is lost but time: state can be asked for.
    ///
    /// ```
    /// use tersus_tcp::{Event, Tcp};
    ///
    /// /// To be called after each poll: takes what came, and forgets it.
    /// fn discard(tcp: &mut Tcp<'_>) {
    ///     let mut buffer = [0; 512];
    ///     while let Some(event) = tcp.next_event() {
    ///         match event {
    ///             Event::Acceptable(listener) => while tcp.accept(listener).is_some() {},
    ///             // All that there is: an event does not come twice.
    ///             Event::Connection(id, _) => loop {
    ///                 match tcp.recv(id, &mut buffer) {
    ///                     Ok(0) => break,
    ///                     Ok(_) => {}
    ///                     // The end of the stream, or of the connection.
    ///                     Err(_) => break drop(tcp.release(id)),
    ///                 }
    ///             },
    ///         }
    ///     }
    /// }
    /// ```
    pub fn next_event(&mut self) -> Option<Event> {
        while let Some(index) = self.events.pop() {
            let Some(slot) = self.slots.get_mut(usize::from(index)) else { continue };
            let changes = core::mem::take(&mut slot.events);
            if slot.flags.contains(Flags::IN_QUEUE) {
                return Some(Event::Acceptable(self.listeners.id(slot.listener)));
            }
            if slot.flags.contains(Flags::IN_USE) && !slot.flags.contains(Flags::RELEASED) && changes != 0 {
                let id = ConnectionId { index, generation: slot.generation };
                return Some(Event::Connection(id, Changes::from_bits_truncate(changes)));
            }
        }
        None
    }
}
