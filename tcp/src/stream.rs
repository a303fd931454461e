//! SEND and RECEIVE, RFC 9293 §3.10.2 and §3.10.3: the two streams of a connection.

use crate::engine::Tcp;
use crate::error::{Outcome, RecvError, SendError, Stale};
use crate::slots::slot_mut;
use crate::state::State;
use crate::statistics::count;
use crate::tcb::{Ended, Flags, Slot};
use crate::ConnectionId;

/// A direction of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Half {
    /// What comes from the peer.
    Receive,
    /// What goes to the peer.
    Send,
    /// Both of them.
    Both,
}

impl Tcp<'_> {
    /// Queues `data` and returns how many octets were taken, 0 when the buffer is full. Nothing leaves before the next
    /// poll. SEND call, RFC 9293 §3.10.2. Each octet is copied once here and once into the driver's buffer.
    ///
    /// # Errors
    /// [`SendError`].
    pub fn send(&mut self, id: ConnectionId, data: &[u8]) -> Result<usize, SendError> {
        let slot = slot_mut(self.slots, id)?;
        sendable(slot)?;
        let taken = slot.tx.write(self.shared.tx, data);
        if taken > 0 {
            self.ready.push(id.index);
        }
        Ok(taken as usize)
    }

    /// As [`Tcp::send`] of all `pieces` one behind the other, such as a header and a body. Returns how many octets of them
    /// were taken together.
    ///
    /// # Errors
    /// [`SendError`].
    pub fn send_vectored(&mut self, id: ConnectionId, pieces: &[&[u8]]) -> Result<usize, SendError> {
        let slot = slot_mut(self.slots, id)?;
        sendable(slot)?;
        let taken = slot.tx.write_all_of(self.shared.tx, pieces);
        if taken > 0 {
            self.ready.push(id.index);
        }
        Ok(taken)
    }

    /// What is queued now leaves without waiting for company: neither Nagle nor [`Nagle::Cork`](crate::Nagle::Cork)
    /// holds it, and its last segment carries PSH, RFC 9293 §3.9.1.2. The windows still do. Without it the last
    /// segment of what is queued carries PSH all the same.
    ///
    /// # Errors
    /// [`Stale`].
    pub fn push(&mut self, id: ConnectionId) -> Result<(), Stale> {
        let slot = slot_mut(self.slots, id)?;
        if slot.has_unsent() {
            slot.flags.insert(Flags::PUSHED);
            self.ready.push(id.index);
        }
        Ok(())
    }

    /// Lends the contiguous free part of the send buffer to `f`, which writes at its front and returns how many octets;
    /// they are queued, and their number returned. The part may be shorter than all that is free, and empty.
    ///
    /// # Errors
    /// [`SendError`].
    pub fn send_with(
        &mut self,
        id: ConnectionId,
        f: impl FnOnce(&mut [u8]) -> usize,
    ) -> Result<usize, SendError> {
        let slot = slot_mut(self.slots, id)?;
        sendable(slot)?;
        let free = slot.tx.writable(self.shared.tx);
        let written = f(free).min(free.len());
        slot.tx.extend(u32::try_from(written).unwrap_or(0));
        if written > 0 {
            self.ready.push(id.index);
        }
        Ok(written)
    }

    /// Reads into `buffer` and returns how many octets, 0 when there is nothing yet. RECEIVE call, RFC 9293 §3.10.3.
    ///
    /// # Errors
    /// [`RecvError`]: `Finished` at the end of the stream.
    pub fn recv(&mut self, id: ConnectionId, buffer: &mut [u8]) -> Result<usize, RecvError> {
        let slot = slot_mut(self.slots, id)?;
        if slot.rx.is_empty() {
            return at_end(slot).map_or(Ok(0), Err);
        }
        let taken = slot.rx.read(self.shared.rx, buffer);
        self.announce(id.index);
        Ok(taken as usize)
    }

    /// All that was received in order and not read, in two pieces: the second is what wrapped around the end of the
    /// buffer. It stays there: [`Tcp::consume`] drops it.
    ///
    /// # Errors
    /// [`RecvError`]: `Finished` at the end of the stream.
    pub fn peek(&self, id: ConnectionId) -> Result<[&[u8]; 2], RecvError> {
        let slot = self.slot(id)?;
        match at_end(slot) {
            Some(end) if slot.rx.is_empty() => Err(end),
            _ => Ok(slot.rx.readable(self.shared.rx)),
        }
    }

    /// Drops so many octets of what was received, and returns how many there were.
    ///
    /// # Errors
    /// [`Stale`].
    pub fn consume(&mut self, id: ConnectionId, octets: usize) -> Result<usize, Stale> {
        let slot = slot_mut(self.slots, id)?;
        let dropped = slot.rx.consume(u32::try_from(octets).unwrap_or(u32::MAX));
        self.announce(id.index);
        Ok(usize::try_from(dropped).unwrap_or(usize::MAX))
    }

    /// As [`Tcp::recv`] into all `buffers` one behind the other. Returns how many octets they hold together.
    ///
    /// # Errors
    /// [`RecvError`].
    pub fn recv_vectored(&mut self, id: ConnectionId, buffers: &mut [&mut [u8]]) -> Result<usize, RecvError> {
        let slot = slot_mut(self.slots, id)?;
        if let (true, Some(end)) = (slot.rx.is_empty(), at_end(slot)) {
            return Err(end);
        }
        let mut taken = 0;
        for buffer in buffers {
            taken += slot.rx.read(self.shared.rx, buffer) as usize;
        }
        self.announce(id.index);
        Ok(taken)
    }

    /// Ends one direction, or both; the other goes on, and the handle stays. [`Half::Send`] is [`Tcp::close`].
    ///
    /// [`Half::Receive`]: the user reads no more. Data that were not read, and data that still come, reset the
    /// connection, so that the peer does not believe they were: RFC 9293 §3.6.1 SHLD-3. (A host that throws them away
    /// instead reads them until the end of the stream.) A FIN is taken as ever.
    ///
    /// # Errors
    /// [`Stale`].
    pub fn shutdown(&mut self, id: ConnectionId, half: Half) -> Result<(), Stale> {
        let slot = slot_mut(self.slots, id)?;
        if half != Half::Send && slot.ended == Ended::No {
            slot.flags.insert(Flags::RECV_SHUT);
            if slot.state.is_live() && !slot.rx.is_empty() {
                count(&mut self.shared.stats.data_unread);
                return self.abort(id);
            }
            slot.rx.clear();
            self.wake_waiting(id.index);
        }
        if half != Half::Receive {
            return self.close(id);
        }
        Ok(())
    }

    /// Lends the contiguous front of what was received to `f`, which returns how many octets it is done with, and
    /// whatever else; only those are removed. The part may be shorter than all that was received, and empty when there
    /// is nothing yet.
    ///
    /// # Errors
    /// [`RecvError`]: `Finished` at the end of the stream.
    pub fn recv_with<R>(
        &mut self,
        id: ConnectionId,
        f: impl FnOnce(&[u8]) -> (usize, R),
    ) -> Result<R, RecvError> {
        let slot = slot_mut(self.slots, id)?;
        if let (true, Some(end)) = (slot.rx.is_empty(), at_end(slot)) {
            return Err(end);
        }
        let [front, _] = slot.rx.readable(self.shared.rx);
        let (used, result) = f(front);
        slot.rx.consume(u32::try_from(used.min(front.len())).unwrap_or(0));
        self.announce(id.index);
        Ok(result)
    }

    /// A window update is due when reading freed enough, RFC 9293 §3.8.6.2.2.
    pub(crate) fn announce(&mut self, id: u16) {
        self.shared.id = id;
        let Some(slot) = self.slots.get_mut(usize::from(id)) else { return };
        if slot.flags.contains(Flags::URGENT_IN) {
            slot.pass_urgent_mark();
        }
        let receives = matches!(slot.state, State::Established | State::FinWait1 | State::FinWait2);
        // A window that is still half open needs no segment of its own: the next ACK carries the news.
        let narrow = slot.rcv_wnd() < self.shared.receive_limit(slot.rx.size()).div_ceil(2);
        if receives && narrow && slot.next_edge(&self.shared) != slot.rcv_edge {
            slot.flags.insert(Flags::ACK_NOW);
            self.ready.push(id);
        }
    }

    /// Octets that can be read now.
    ///
    /// # Errors
    /// [`Stale`].
    pub fn recv_queue(&self, id: ConnectionId) -> Result<usize, Stale> {
        self.slot(id).map(|slot| usize::try_from(slot.rx.len()).unwrap_or(usize::MAX))
    }

    /// Octets that were queued and are not acknowledged yet.
    ///
    /// # Errors
    /// [`Stale`].
    pub fn send_queue(&self, id: ConnectionId) -> Result<usize, Stale> {
        self.slot(id).map(|slot| usize::try_from(slot.tx.len()).unwrap_or(usize::MAX))
    }

    /// Octets that `send` would take now; 0 also when it would fail.
    ///
    /// # Errors
    /// [`Stale`].
    pub fn send_room(&self, id: ConnectionId) -> Result<usize, Stale> {
        let slot = self.slot(id)?;
        let room = if sendable(slot).is_ok() { slot.tx.free() } else { 0 };
        Ok(usize::try_from(room).unwrap_or(usize::MAX))
    }

    /// Whether `recv` would return data, the end of the stream, or an error.
    #[must_use]
    pub fn is_readable(&self, id: ConnectionId) -> bool {
        self.slot(id).map_or(true, |slot| !slot.rx.is_empty() || at_end(slot).is_some())
    }

    /// Whether `send` would take data or return an error.
    #[must_use]
    pub fn is_writable(&self, id: ConnectionId) -> bool {
        self.slot(id).map_or(true, |slot| slot.tx.free() > 0 || sendable(slot).is_err())
    }

    /// Whether data can be sent and received, or could and the rest waits to be read: past the handshake.
    #[must_use]
    pub fn is_established(&self, id: ConnectionId) -> bool {
        self.slot(id).is_ok_and(|slot| slot.state.is_synchronized())
    }
}

/// §3.10.2, by state.
pub(crate) fn sendable(slot: &Slot) -> Result<(), SendError> {
    if slot.ended == Ended::No && !slot.flags.contains(Flags::FIN_QUEUED) {
        return Ok(());
    }
    match slot.outcome() {
        None | Some(Outcome::Finished) => Err(SendError::Closing),
        Some(outcome) => Err(SendError::Ended(outcome)),
    }
}

/// §3.10.3, by state, when nothing is left to read. `None`: there may be data later.
pub(crate) fn at_end(slot: &Slot) -> Option<RecvError> {
    match slot.outcome() {
        None | Some(Outcome::Finished) if slot.flags.contains(Flags::RECV_SHUT) => Some(RecvError::Shutdown),
        Some(Outcome::Finished) => Some(RecvError::Finished),
        None => slot.state.has_received_fin().then_some(RecvError::Finished),
        Some(outcome) => Some(RecvError::Ended(outcome)),
    }
}
