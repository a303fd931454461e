//! The user's calls, RFC 9293 §3.10.1 and §3.10.4 to §3.10.6: OPEN, CLOSE, ABORT, STATUS; how long a connection
//! lives.
//!
//! A slot belongs to the user from `connect` or `accept` until `release`. Whatever happens to the connection, it can
//! be asked how it ended and what was received in order can be read. After `release` the engine finishes what the
//! protocol still needs (sends the rest, exchanges the FINs) and frees the slot by itself.

use crate::config::{KeepAlive, Nagle, Options};
use crate::engine::Tcp;
use crate::error::{Outcome, Stale};
use crate::state::State;
use crate::statistics::count;
use crate::tcb::{Ended, Flags, Slot};
use crate::ConnectionId;
use core::net::SocketAddr;
use core::time::Duration;
use tersus_ip::ErrorKind;

impl Tcp<'_> {
    /// Closes our side: CLOSE, RFC 9293 §3.10.4. What was queued still leaves, then a FIN; receiving goes on until the
    /// peer closes as well. An attempt to connect that no SYN-ACK has answered is given up, with what was queued for it:
    /// who has a last word for the peer waits for [`Changes::CONNECTED`](crate::Changes::CONNECTED). Once more changes
    /// nothing.
    ///
    /// # Errors
    /// [`Stale`].
    pub fn close(&mut self, id: ConnectionId) -> Result<(), Stale> {
        self.slot(id)?;
        self.close_slot(id.index);
        Ok(())
    }

    fn close_slot(&mut self, id: u16) {
        let Some((tcb, shared)) = self.connection(id) else { return };
        let from = tcb.state;
        match from {
            State::SynSent => tcb.end(shared, Ended::Aborted),
            // Queued until the connection is established.
            State::SynReceived => tcb.flags.insert(Flags::FIN_QUEUED),
            State::Established | State::CloseWait => {
                tcb.flags.insert(Flags::FIN_QUEUED);
                let next = if tcb.state == State::Established { State::FinWait1 } else { State::LastAck };
                tcb.state = next;
            }
            _ => return,
        }
        self.tell_state(id, from);
        self.settle(id);
    }

    /// Ends the connection at once: ABORT, RFC 9293 §3.10.5. What was queued or not read is gone; the peer gets an RST
    /// if it has anything to lose.
    ///
    /// # Errors
    /// [`Stale`].
    pub fn abort(&mut self, id: ConnectionId) -> Result<(), Stale> {
        self.slot(id)?;
        self.abort_slot(id.index);
        Ok(())
    }

    pub(crate) fn abort_slot(&mut self, id: u16) {
        let Some((tcb, shared)) = self.connection(id) else { return };
        let from = tcb.state;
        match from {
            State::SynReceived
            | State::Established
            | State::FinWait1
            | State::FinWait2
            | State::CloseWait => tcb.flags.insert(Flags::RESET_DUE),
            State::SynSent | State::Closing | State::LastAck => {}
            State::Closed | State::TimeWait => return,
        }
        tcb.end(shared, Ended::Aborted);
        self.tell_state(id, from);
        self.settle(id);
    }

    /// Gives the handle back. The connection is closed first if it was not; if received data were not read, or more
    /// come, it is aborted, since nobody will read them: RFC 9293 §3.6.1 SHLD-3. The slot is free when the peer has
    /// acknowledged everything, or has been given up.
    ///
    /// # Errors
    /// [`Stale`].
    pub fn release(&mut self, id: ConnectionId) -> Result<(), Stale> {
        self.slot(id)?;
        self.release_slot(id.index);
        Ok(())
    }

    pub(crate) fn release_slot(&mut self, id: u16) {
        let Some(slot) = self.slots.get_mut(usize::from(id)) else { return };
        slot.flags.insert(Flags::RELEASED);
        // From here on the handle names nothing.
        slot.generation = slot.generation.wrapping_add(1);
        if slot.state.is_live() && !slot.rx.is_empty() {
            count(&mut self.shared.stats.data_unread);
            self.abort_slot(id);
        } else {
            self.close_slot(id);
        }
        // Whoever waits for the handle learns that it is stale.
        self.wake_waiting(id);
        let Some(slot) = self.slots.get_mut(usize::from(id)) else { return };
        if slot.is_over() {
            self.free(id);
        } else {
            // FIN-WAIT-2 now has an end: the visit starts its timer.
            slot.flags.insert(Flags::START_IDLE);
            self.ready.push(id);
        }
    }

    /// State of a connection: STATUS, RFC 9293 §3.10.6.
    ///
    /// # Errors
    /// [`Stale`].
    pub fn state(&self, id: ConnectionId) -> Result<State, Stale> {
        self.slot(id).map(|slot| slot.state)
    }

    /// How the connection ended; `None`: it has not.
    ///
    /// # Errors
    /// [`Stale`].
    pub fn outcome(&self, id: ConnectionId) -> Result<Option<Outcome>, Stale> {
        self.slot(id).map(Slot::outcome)
    }

    /// The last soft error that ICMP reported, RFC 9293 §3.9.1.8: of no consequence, but it may tell why nothing moves.
    ///
    /// # Errors
    /// [`Stale`].
    pub fn soft_error(&self, id: ConnectionId) -> Result<Option<ErrorKind>, Stale> {
        self.slot(id).map(|slot| slot.soft_error.kind())
    }

    /// Our end.
    ///
    /// # Errors
    /// [`Stale`].
    pub fn local(&self, id: ConnectionId) -> Result<SocketAddr, Stale> {
        self.slot(id).map(|slot| SocketAddr::new(slot.path.source(), slot.local_port()))
    }

    /// The peer's end.
    ///
    /// # Errors
    /// [`Stale`].
    pub fn remote(&self, id: ConnectionId) -> Result<SocketAddr, Stale> {
        self.slot(id).map(|slot| SocketAddr::new(slot.path.destination(), slot.remote_port()))
    }

    /// Changes the settings of a connection; all but the buffer class and whether there are timestamps.
    ///
    /// # Errors
    /// [`Stale`].
    pub fn set_options(&mut self, id: ConnectionId, options: Options) -> Result<(), Stale> {
        // Both were settled when the connection began.
        let Options { class, timestamps, .. } = self.options(id)?;
        let slot = self.slots.get_mut(usize::from(id.index)).ok_or(Stale)?;
        slot.set_options(&Options { class, timestamps, ..options });
        slot.probes = 0;
        slot.flags.insert(Flags::START_IDLE);
        self.ready.push(id.index);
        Ok(())
    }

    /// The settings of a connection.
    ///
    /// # Errors
    /// [`Stale`].
    pub fn options(&self, id: ConnectionId) -> Result<Options, Stale> {
        self.slot(id).map(|slot| Options {
            nagle: match slot.flags.intersection(Flags::NAGLE_OFF | Flags::CORKED) {
                Flags::NAGLE_OFF => Nagle::Off,
                Flags::CORKED => Nagle::Cork,
                _ => Nagle::On,
            },
            keep_alive: if slot.flags.contains(Flags::KEEP_ALIVE) { KeepAlive::On } else { KeepAlive::Off },
            timestamps: slot.wants_timestamps(),
            user_timeout: Duration::from_millis(slot.user_timeout_ms.into()),
            hop_limit: slot.hop_limit,
            traffic_class: slot.traffic_class,
            ecn: slot.ecn_wish(),
            class: slot.class,
        })
    }
}
