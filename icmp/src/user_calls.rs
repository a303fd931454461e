//! Opening and closing sockets.

use crate::input::identifier;
use crate::statistics::count;
use crate::storage::{Kind, Slot};
use crate::{BindError, Handle, Icmp, StaleHandle};
use tersus_ip::queue::{Queue, Visit};
use tersus_wire::IpProtocol;

/// Which ICMP errors a socket hears.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Filter {
    /// All of them.
    All,
    /// Those about packets of this protocol.
    Protocol(IpProtocol),
    /// Those about packets of this protocol that left from this port of ours; for ICMP about echo requests with
    /// this identifier.
    Port(IpProtocol, u16),
}

impl Icmp<'_> {
    /// Opens a socket that asks by echo and hears the replies with its identifier, and the errors about what it
    /// asked. `None` picks a free identifier at random.
    ///
    /// # Errors
    /// [`BindError`].
    pub fn bind_echo(&mut self, identifier: Option<u16>) -> Result<Handle, BindError> {
        let free = |icmp: &Self, identifier| icmp.echo_socket(identifier).is_none();
        let identifier = match identifier {
            Some(identifier) if free(self, identifier) => identifier,
            Some(_) => return Err(BindError::InUse),
            None => {
                let start = self.random.next_u16();
                // Ends soon: there are fewer sockets than identifiers.
                let next = (start..=u16::MAX).chain(0..start).find(|&identifier| free(self, identifier));
                next.ok_or(BindError::InUse)?
            }
        };
        self.open_slot(Slot { kind: Kind::Echo, number: identifier, ..Slot::EMPTY })
    }

    /// Opens a socket that hears ICMP errors, of both families. They are hints: anybody on the way can forge one.
    ///
    /// # Errors
    /// `NoSlot`.
    pub fn bind_errors(&mut self, filter: Filter) -> Result<Handle, BindError> {
        self.open_slot(match filter {
            Filter::All => Slot { kind: Kind::AllErrors, ..Slot::EMPTY },
            Filter::Protocol(protocol) => Slot { kind: Kind::ProtocolErrors, protocol, ..Slot::EMPTY },
            Filter::Port(protocol, number) => {
                Slot { kind: Kind::NumberErrors, protocol, number, ..Slot::EMPTY }
            }
        })
    }

    /// Closes a socket. What it received, and what it queued and has not left, is dropped.
    ///
    /// # Errors
    /// [`StaleHandle`] if it is closed already.
    pub fn close(&mut self, socket: Handle) -> Result<(), StaleHandle> {
        let slot = *self.slot(socket)?;
        if slot.kind == Kind::Echo {
            self.drop_requests(slot.number);
        }
        self.table.remove(self.slots, socket.index);
        if let Some(slot) = self.slots.get_mut(usize::from(socket.index)) {
            *slot = Slot { generation: slot.generation.wrapping_add(1), ..Slot::EMPTY };
        }
        Ok(())
    }

    /// The identifier of an echo socket; `None` if it hears errors only.
    ///
    /// # Errors
    /// [`StaleHandle`].
    pub fn identifier(&self, socket: Handle) -> Result<Option<u16>, StaleHandle> {
        let slot = self.slot(socket)?;
        Ok((slot.kind == Kind::Echo).then_some(slot.number))
    }

    /// Drops what is queued with this identifier: the next socket to have it must not get the replies.
    fn drop_requests(&mut self, closed: u16) {
        self.transmit.retain(self.tx, |request| {
            if identifier(request) == closed {
                count(&mut self.responder.statistics.unsent);
                Visit::Remove
            } else {
                Visit::Keep
            }
        });
    }

    fn open_slot(&mut self, slot: Slot) -> Result<Handle, BindError> {
        let index = self.table.free().ok_or(BindError::NoSlot)?;
        let place = self.slots.get_mut(usize::from(index)).ok_or(BindError::NoSlot)?;
        let generation = place.generation;
        *place = Slot { generation, receive: Queue::EMPTY, ..slot };
        self.table.insert(self.slots);
        Ok(Handle { index, generation })
    }
}
