//! Slots and their buffers: classes of sizes, a free list each; handles.

use crate::config::Options;
use crate::engine::Tcp;
use crate::error::Stale;
use crate::ring::Ring;
use crate::tcb::{Flags, Slot};
use crate::ConnectionId;

/// How many buffer classes there can be.
pub const MAX_CLASSES: usize = 4;

/// Connections with buffers of one size; see [`Tcp::divide`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Class {
    /// How many connections.
    pub connections: u16,
    /// Receive buffer of each, in octets.
    pub receive: u32,
    /// Send buffer of each, in octets.
    pub send: u32,
}

/// A class at work.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct ClassState {
    /// First free slot, index plus one.
    pub(crate) free: u16,
    /// Receive buffer of each, in octets.
    pub(crate) receive: u32,
}

impl Tcp<'_> {
    /// Divides buffers and connections into classes of unequal buffers; nothing happens while a connection is open. Classes
    /// beyond [`MAX_CLASSES`], and connections that find no memory left, are left out; buffers count up to 1 GiB each.
    /// Connections choose by [`Options::class`].
    pub fn divide(&mut self, classes: &[Class]) {
        let (mut next, mut rx, mut tx) = (0u16, 0u32, 0u32);
        let in_use = self.slots.iter().any(|slot| slot.flags.contains(Flags::IN_USE));
        if in_use {
            return;
        }
        let rx_len = u32::try_from(self.shared.rx.len()).unwrap_or(u32::MAX);
        let tx_len = u32::try_from(self.shared.tx.len()).unwrap_or(u32::MAX);
        self.classes = [ClassState::default(); MAX_CLASSES];
        for (number, (class, state)) in (0u8..).zip(classes.iter().zip(&mut self.classes)) {
            // A window beyond 2^30 cannot be announced, RFC 7323 §2.2.
            let (receive, send) = (class.receive.min(1 << 30), class.send.min(1 << 30));
            state.receive = receive;
            let mut last = 0;
            for _ in 0..class.connections {
                let fits = rx_len - rx >= receive && tx_len - tx >= send;
                let Some(slot) = self.slots.get_mut(usize::from(next)).filter(|_| fits) else { break };
                slot.class = number;
                slot.rx = Ring::new(rx, receive);
                slot.tx = Ring::new(tx, send);
                slot.link = 0;
                (rx, tx) = (rx + receive, tx + send);
                next += 1;
                if last == 0 {
                    state.free = next;
                } else if let Some(before) = self.slots.get_mut(usize::from(last) - 1) {
                    before.link = next;
                }
                last = next;
            }
        }
    }

    pub(crate) fn divide_equally(&mut self) {
        let connections = u16::try_from(self.slots.len()).unwrap_or(u16::MAX);
        let share = |len: usize| {
            let share = len.checked_div(usize::from(connections)).unwrap_or(0);
            u32::try_from(share).unwrap_or(u32::MAX)
        };
        let class =
            Class { connections, receive: share(self.shared.rx.len()), send: share(self.shared.tx.len()) };
        self.divide(&[class]);
    }

    /// A slot for a connection, with its buffers empty and its settings made.
    pub(crate) fn allocate(&mut self, options: &Options) -> Option<u16> {
        let class = self.classes.get_mut(usize::from(options.class))?;
        let id = class.free.checked_sub(1)?;
        let slot = self.slots.get_mut(usize::from(id))?;
        class.free = slot.link;
        slot.link = 0;
        slot.flags = Flags::IN_USE;
        slot.set_options(options);
        if let Some(growing) = &mut self.shared.growing {
            (growing.begin)(growing, id);
        }
        Some(id)
    }

    /// Returns a slot to its class.
    pub(crate) fn free(&mut self, id: u16) {
        let Some(slot) = self.slots.get_mut(usize::from(id)) else { return };
        let (class, generation) = (slot.class, slot.generation.wrapping_add(1));
        let (mut rx, mut tx) = (slot.rx, slot.tx);
        rx.clear();
        tx.clear();
        let Some(class_state) = self.classes.get_mut(usize::from(class)) else { return };
        *slot = Slot { class, generation, rx, tx, link: class_state.free, ..Slot::FREE };
        class_state.free = id + 1;
    }

    /// The slot of a handle.
    pub(crate) fn slot(&self, id: ConnectionId) -> Result<&Slot, Stale> {
        self.slots.get(usize::from(id.index)).filter(|slot| slot.is_named(id)).ok_or(Stale)
    }
}

/// The slot of a handle, to be changed.
pub(crate) fn slot_mut(slots: &mut [Slot], id: ConnectionId) -> Result<&mut Slot, Stale> {
    slots.get_mut(usize::from(id.index)).filter(|slot| slot.is_named(id)).ok_or(Stale)
}

impl Slot {
    fn is_named(&self, id: ConnectionId) -> bool {
        let lives = self.flags.intersection(Flags::IN_USE | Flags::RELEASED) == Flags::IN_USE;
        lives && self.generation == id.generation
    }
}
