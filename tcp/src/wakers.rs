//! Wakers: tasks that wait for a connection or a listener, for those who write `async` code around the engine.
//!
//! ```text
//!   task: poll_recv ──▶ Pending, its waker stands in the slice ──┐
//!   segment, timer or call ──▶ is readable now ──▶ wake ◀────────┘ taken out
//! ```
//! The wakers lie in slices that the caller hands in, beside the storage: a waker is no plain data that could be zero,
//! and who uses none pays for none. They cannot come in with a poll, since a turn is made of the `Transport` calls that
//! every protocol has. A task is woken when what it waits for has become true, and at no other time.

use crate::engine::Tcp;
use crate::error::{RecvError, SendError, Stale};
use crate::listener::ListenerId;
use crate::slots::slot_mut;
use crate::state::State;
use crate::stream::{at_end, sendable};
use crate::tcb::{Flags, Slot};
use crate::ConnectionId;
use core::task::{Context, Poll, Waker};

/// What a task can wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum When {
    /// `recv` would return data, the end of the stream, or an error.
    Readable,
    /// `send` would take data or return an error.
    Writable,
    /// The handshake is complete, or the attempt has failed.
    Established,
    /// The peer has acknowledged all that was queued, the FIN included if there is one; or the connection is over.
    Flushed,
    /// The connection is over, one way or the other.
    Ended,
}

/// The tasks that wait for one connection: one to read, one to write, and one for anything else.
#[derive(Debug, Default)]
pub struct Wakers {
    readable: Option<Waker>,
    writable: Option<Waker>,
    other: Option<(When, Waker)>,
}

impl Wakers {
    /// Nobody waits.
    pub const NONE: Self = Self { readable: None, writable: None, other: None };
}

/// Those who wait, and what is done about them.
pub(crate) struct Waiting<'a> {
    connections: &'a mut [Wakers],
    listeners: &'a mut [Option<Waker>],
    /// Something about a connection may have changed.
    pub(crate) wake: fn(&mut Waiting<'_>, u16, &Slot),
    /// A connection waits to be accepted.
    pub(crate) accept: fn(&mut Waiting<'_>, u16),
}

fn wake(waiting: &mut Waiting<'_>, id: u16, slot: &Slot) {
    let Some(wakers) = waiting.connections.get_mut(usize::from(id)) else { return };
    for (place, when) in [(&mut wakers.readable, When::Readable), (&mut wakers.writable, When::Writable)] {
        if let Some(waker) = place.take_if(|_| slot.is(when)) {
            waker.wake();
        }
    }
    if let Some((_, waker)) = wakers.other.take_if(|(when, _)| slot.is(*when)) {
        waker.wake();
    }
}

fn accept(waiting: &mut Waiting<'_>, listener: u16) {
    if let Some(waker) = waiting.listeners.get_mut(usize::from(listener)).and_then(Option::take) {
        waker.wake();
    }
}

impl Slot {
    /// Whether this is so. Whatever it is, nobody waits for a handle that was given back.
    fn is(&self, when: When) -> bool {
        let over = self.flags.contains(Flags::RELEASED) || self.outcome().is_some();
        over || match when {
            When::Readable => !self.rx.is_empty() || at_end(self).is_some(),
            When::Writable => self.tx.free() > 0 || sendable(self).is_err(),
            When::Established => !matches!(self.state, State::SynSent | State::SynReceived),
            When::Flushed => self.state.is_synchronized() && self.flight_size() == 0 && !self.has_unsent(),
            When::Ended => false,
        }
    }
}

/// Puts a waker in its place. Another task that stood there is woken: it finds out that it is not alone.
fn replace(place: &mut Option<Waker>, waker: &Waker) {
    if place.as_ref().is_some_and(|known| known.will_wake(waker)) {
        return;
    }
    if let Some(other) = place.replace(waker.clone()) {
        other.wake();
    }
}

impl<'a> Tcp<'a> {
    /// Tasks can wait from now on: for as many connections and listeners as the slices are long, those of the storage
    /// that come first. Which is which is the engine's; their length should be that of the storage's tables.
    ///
    /// ```
    /// # use core::task::Waker;
    /// # use tersus_tcp::{congestion::Reno, Config, Storage, Tcp, Wakers};
    /// let mut connections = [const { Wakers::NONE }; 8];
    /// let mut listeners: [Option<Waker>; 4] = [const { None }; 4];
    /// let mut storage: Storage<8, 4096, 4096> = Storage::new();
    /// let mut tcp = Tcp::new(&mut storage, Config::new(), &Reno::DEFAULT, [7; 32]);
    /// tcp.use_wakers(&mut connections, &mut listeners);
    /// ```
    pub fn use_wakers(&mut self, connections: &'a mut [Wakers], listeners: &'a mut [Option<Waker>]) {
        self.waiting = Some(Waiting { connections, listeners, wake, accept });
    }

    /// Wakes a task once, when this is so: at once if it is. One task can wait to read a connection, one to write, and
    /// one for anything else; a later one takes the place of an earlier one, which is woken. Without a place for it (see
    /// [`Tcp::use_wakers`]) the task is woken at once: that works, and does not sleep.
    ///
    /// # Errors
    /// [`Stale`].
    pub fn wake_when(&mut self, id: ConnectionId, when: When, waker: &Waker) -> Result<(), Stale> {
        let slot = slot_mut(self.slots, id)?;
        let places = self.waiting.as_mut().and_then(|all| all.connections.get_mut(usize::from(id.index)));
        match places {
            Some(places) if !slot.is(when) => match when {
                When::Readable => replace(&mut places.readable, waker),
                When::Writable => replace(&mut places.writable, waker),
                when => {
                    let mut place = places.other.take().map(|(_, waker)| waker);
                    replace(&mut place, waker);
                    places.other = place.map(|waker| (when, waker));
                }
            },
            _ => waker.wake_by_ref(),
        }
        Ok(())
    }

    /// Wakes a task once, when a connection waits to be accepted, as [`Tcp::wake_when`] does.
    ///
    /// # Errors
    /// [`Stale`].
    pub fn wake_when_acceptable(&mut self, listener: ListenerId, waker: &Waker) -> Result<(), Stale> {
        let queued = self.acceptable(listener)?;
        let places = self.waiting.as_mut().and_then(|all| all.listeners.get_mut(usize::from(listener.index)));
        match places {
            Some(place) if queued == 0 => replace(place, waker),
            _ => waker.wake_by_ref(),
        }
        Ok(())
    }

    /// [`Tcp::accept`] for a task.
    ///
    /// # Errors
    /// [`Stale`]: also when the listener is closed while the task waits.
    pub fn poll_accept(
        &mut self,
        cx: &mut Context<'_>,
        listener: ListenerId,
    ) -> Poll<Result<ConnectionId, Stale>> {
        match self.accept(listener) {
            Some(id) => Poll::Ready(Ok(id)),
            None => pending(self.wake_when_acceptable(listener, cx.waker())),
        }
    }

    /// [`Tcp::recv`] for a task: ready when there is something to read, and never with 0 octets for a buffer that has
    /// room.
    ///
    /// # Errors
    /// [`RecvError`].
    pub fn poll_recv(
        &mut self,
        cx: &mut Context<'_>,
        id: ConnectionId,
        buffer: &mut [u8],
    ) -> Poll<Result<usize, RecvError>> {
        match self.recv(id, buffer) {
            Ok(0) if !buffer.is_empty() => pending(self.wake_when(id, When::Readable, cx.waker())),
            result => Poll::Ready(result),
        }
    }

    /// [`Tcp::send`] for a task: ready when at least one octet was taken, or there was none.
    ///
    /// # Errors
    /// [`SendError`].
    pub fn poll_send(
        &mut self,
        cx: &mut Context<'_>,
        id: ConnectionId,
        data: &[u8],
    ) -> Poll<Result<usize, SendError>> {
        match self.send(id, data) {
            Ok(0) if !data.is_empty() => pending(self.wake_when(id, When::Writable, cx.waker())),
            result => Poll::Ready(result),
        }
    }

    /// Ready when any of these is so.
    ///
    /// ```
    /// # use core::task::{Context, Poll};
    /// # use tersus_tcp::{ConnectionId, Outcome, Stale, Tcp, When};
    /// /// What `connect` came to.
    /// fn connected(tcp: &mut Tcp<'_>, cx: &mut Context<'_>, id: ConnectionId) -> Poll<Result<Option<Outcome>, Stale>> {
    ///     tcp.poll_when(cx, id, When::Established).map_ok(|()| tcp.outcome(id).unwrap_or_default())
    /// }
    /// ```
    ///
    /// # Errors
    /// [`Stale`].
    pub fn poll_when(
        &mut self,
        cx: &mut Context<'_>,
        id: ConnectionId,
        when: When,
    ) -> Poll<Result<(), Stale>> {
        if self.slot(id)?.is(when) {
            return Poll::Ready(Ok(()));
        }
        pending(self.wake_when(id, when, cx.waker()))
    }

    /// Those who wait for a connection are told that something about it may have changed.
    pub(crate) fn wake_waiting(&mut self, id: u16) {
        if let (Some(waiting), Some(slot)) = (&mut self.waiting, self.slots.get(usize::from(id))) {
            (waiting.wake)(waiting, id, slot);
        }
    }
}

/// Not yet, unless the handle is stale.
fn pending<T, E: From<Stale>>(registered: Result<(), Stale>) -> Poll<Result<T, E>> {
    match registered {
        Ok(()) => Poll::Pending,
        Err(stale) => Poll::Ready(Err(stale.into())),
    }
}
