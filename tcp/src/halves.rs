//! The two directions of a connection, or of two, borrowed apart: what was received is read while what follows from it
//! is written, in place and without a buffer between them.
//!
//! ```text
//!   receive buffer  |....[ front ]|[ back ]...|  ──▶  RecvHalf::peek, consume
//!                              │ of `from`
//!                              ▼ of `to`
//!   send buffer     |[ second ]...|..[ first ]|  ◀──  SendHalf::buffers, commit
//! ```
//! Each buffer is a ring, so that all there is to read or write lies in two pieces at most. The halves hold what they
//! need of the connection; what they cause leaves in the next poll.

use crate::engine::Tcp;
use crate::error::{RecvError, SendError, Stale};
use crate::ring::Ring;
use crate::shared::Shared;
use crate::slots::slot_mut;
use crate::state::State;
use crate::stream::{at_end, sendable};
use crate::tcb::{Flags, Slot};
use crate::ConnectionId;

/// What was received on a connection, borrowed apart from what is sent: [`Tcp::split`], [`Tcp::splice`].
#[derive(Debug)]
pub struct RecvHalf<'t> {
    rx: &'t mut Ring,
    region: &'t [u8],
    flags: &'t mut Flags,
    /// When there is nothing left to read.
    end: Option<RecvError>,
    news: News,
}

/// What is to be sent on a connection, borrowed apart from what was received: [`Tcp::split`], [`Tcp::splice`].
#[derive(Debug)]
pub struct SendHalf<'t> {
    tx: &'t mut Ring,
    region: &'t mut [u8],
    /// Why nothing can be queued, if so.
    refusal: Option<SendError>,
}

/// When a window is worth a segment of its own, RFC 9293 §3.8.6.2.2.
#[derive(Debug, Clone, Copy)]
struct News {
    /// The window as it was announced last.
    window: u32,
    /// The largest that can be announced; 0: none will be.
    most: u32,
    /// What of the buffer may be used.
    size: u32,
    /// By how much it must grow.
    step: u32,
}

impl News {
    /// As `Slot::next_edge` and `Tcp::announce` have it.
    fn of(slot: &Slot, shared: &Shared<'_>) -> Self {
        let receives = matches!(slot.state, State::Established | State::FinWait1 | State::FinWait2);
        let size = shared.receive_limit(slot.rx.size());
        let narrow = slot.rcv_wnd() < size.div_ceil(2);
        let most = if receives && narrow { u32::from(u16::MAX) << slot.rcv_shift } else { 0 };
        Self { window: slot.rcv_wnd(), most, size, step: (size / 2).min(slot.mss()) }
    }
}

impl RecvHalf<'_> {
    /// All that was received in order and not read, in two pieces: the second is what wrapped around the end of the
    /// buffer. Both are empty while there is nothing.
    ///
    /// # Errors
    /// [`RecvError`]: there is nothing left, now and later.
    pub fn peek(&self) -> Result<[&[u8]; 2], RecvError> {
        match self.end {
            Some(end) if self.rx.is_empty() => Err(end),
            _ => Ok(self.rx.readable(self.region)),
        }
    }

    /// Octets that can be read.
    #[must_use]
    pub fn len(&self) -> usize {
        usize::try_from(self.rx.len()).unwrap_or(usize::MAX)
    }

    /// Whether there is nothing to read now.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rx.is_empty()
    }

    /// Drops so many octets at the front, and returns how many there were.
    pub fn consume(&mut self, octets: usize) -> usize {
        let dropped = self.rx.consume(u32::try_from(octets).unwrap_or(u32::MAX));
        let most = self.news.size.saturating_sub(self.rx.len()).min(self.news.most);
        if most > self.news.window && most - self.news.window >= self.news.step {
            self.flags.insert(Flags::ACK_NOW);
        }
        usize::try_from(dropped).unwrap_or(usize::MAX)
    }

    /// As [`Tcp::recv`].
    ///
    /// # Errors
    /// [`RecvError`].
    pub fn recv(&mut self, buffer: &mut [u8]) -> Result<usize, RecvError> {
        self.peek()?;
        let taken = copy(self.rx.readable(self.region), buffer);
        Ok(self.consume(taken))
    }
}

impl SendHalf<'_> {
    /// As [`Tcp::send`].
    ///
    /// # Errors
    /// [`SendError`].
    pub fn send(&mut self, data: &[u8]) -> Result<usize, SendError> {
        self.check()?;
        Ok(usize::try_from(self.tx.write(self.region, data)).unwrap_or(usize::MAX))
    }

    /// As [`Tcp::send_vectored`].
    ///
    /// # Errors
    /// [`SendError`].
    pub fn send_vectored(&mut self, pieces: &[&[u8]]) -> Result<usize, SendError> {
        self.check()?;
        Ok(self.tx.write_all_of(self.region, pieces))
    }

    /// The free part of the send buffer, in two pieces: what is written there, from the front of the first on, counts
    /// after [`SendHalf::commit`]. Both are empty when the buffer is full.
    ///
    /// # Errors
    /// [`SendError`].
    pub fn buffers(&mut self) -> Result<[&mut [u8]; 2], SendError> {
        self.check()?;
        Ok(self.tx.writable_parts(self.region))
    }

    /// So many octets were written to [`SendHalf::buffers`]: they are queued. Returns how many; 0 when the connection
    /// takes none.
    pub fn commit(&mut self, octets: usize) -> usize {
        if self.check().is_err() {
            return 0;
        }
        let queued = self.tx.extend(u32::try_from(octets).unwrap_or(u32::MAX));
        usize::try_from(queued).unwrap_or(usize::MAX)
    }

    /// Octets that can be queued now; 0 also when that would fail.
    #[must_use]
    pub fn room(&self) -> usize {
        let room = if self.refusal.is_none() { self.tx.free() } else { 0 };
        usize::try_from(room).unwrap_or(usize::MAX)
    }

    /// Moves what was received on `from` to here, as far as there is room, and returns how many octets. 0 when there is
    /// nothing, no room, or when either end is over: [`RecvHalf::peek`] and [`SendHalf::buffers`] tell which.
    pub fn send_from(&mut self, from: &mut RecvHalf<'_>) -> usize {
        let pieces = from.rx.readable(from.region);
        let moved = self.send_vectored(&pieces).unwrap_or(0);
        from.consume(moved)
    }

    fn check(&self) -> Result<(), SendError> {
        self.refusal.map_or(Ok(()), Err)
    }
}

/// Copies from pieces to `buffer` and returns how many octets.
fn copy(pieces: [&[u8]; 2], buffer: &mut [u8]) -> usize {
    let (mut rest, mut copied) = (buffer, 0);
    for piece in pieces {
        let len = piece.len().min(rest.len());
        let (to, behind) = rest.split_at_mut_checked(len).unwrap_or_default();
        to.copy_from_slice(piece.get(..len).unwrap_or_default());
        copied += len;
        rest = behind;
    }
    copied
}

impl Tcp<'_> {
    /// Both directions of a connection apart, to read from one while writing to the other.
    ///
    /// ```
    /// # use tersus_tcp::{ConnectionId, Tcp, Stale};
    /// /// Sends back what comes in, in capitals: from buffer to buffer, without one between.
    /// fn shout(tcp: &mut Tcp<'_>, id: ConnectionId) -> Result<(), Stale> {
    ///     let (mut input, mut output) = tcp.split(id)?;
    ///     let (Ok([front, _]), Ok([room, _])) = (input.peek(), output.buffers()) else { return Ok(()) };
    ///     let len = front.len().min(room.len());
    ///     for (to, from) in room.iter_mut().zip(front) {
    ///         *to = from.to_ascii_uppercase();
    ///     }
    ///     output.commit(len);
    ///     input.consume(len);
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    /// [`Stale`].
    pub fn split(&mut self, id: ConnectionId) -> Result<(RecvHalf<'_>, SendHalf<'_>), Stale> {
        self.splice(id, id)
    }

    /// What was received on `from`, and what is to be sent on `to`, which may be the same: for what passes a stream on.
    /// Both connections are visited in the next poll.
    ///
    /// # Errors
    /// [`Stale`], if either is.
    pub fn splice(
        &mut self,
        from: ConnectionId,
        to: ConnectionId,
    ) -> Result<(RecvHalf<'_>, SendHalf<'_>), Stale> {
        let refusal = sendable(slot_mut(self.slots, to)?).err();
        let source = slot_mut(self.slots, from)?;
        if source.flags.contains(Flags::URGENT_IN) {
            source.pass_urgent_mark();
        }
        self.shared.id = from.index;
        let (end, news) = (at_end(source), News::of(source, &self.shared));
        self.ready.push(from.index);
        self.ready.push(to.index);
        let (low, high) = (usize::from(from.index.min(to.index)), usize::from(from.index.max(to.index)));
        let (front, back) = self.slots.split_at_mut_checked(high).ok_or(Stale)?;
        let last = back.first_mut().ok_or(Stale)?;
        let (rx, flags, tx) = match front.get_mut(low) {
            // One and the same.
            None => (&mut last.rx, &mut last.flags, &mut last.tx),
            Some(first) if from.index < to.index => (&mut first.rx, &mut first.flags, &mut last.tx),
            Some(first) => (&mut last.rx, &mut last.flags, &mut first.tx),
        };
        let receive = RecvHalf { rx, region: self.shared.rx, flags, end, news };
        Ok((receive, SendHalf { tx, region: self.shared.tx, refusal }))
    }
}
