//! Opening, connecting and closing sockets; what is known of them.

use crate::slot::{key, only_source, Flags, Handle, Local, Settings, Sharing, Slot, ZeroChecksum};
use crate::{BindError, ConnectError, SocketError, StaleHandle, Udp};
use core::net::{IpAddr, SocketAddr};
use core::ops::RangeInclusive;
use tersus_ip::queue::Queue;
use tersus_ip::sorted::Keyed;
use tersus_ip::{Routes, Source};

impl Udp<'_> {
    /// Opens a socket. Whether the address is the host's own shows when something is sent.
    ///
    /// Two sockets may have one port if their addresses or interfaces differ: the better fit receives. Port 0
    /// picks an ephemeral one that no other socket has, at random, RFC 6056 §3.3.1. Costs a few octets moved for
    /// each socket of a higher port.
    ///
    /// # Errors
    /// [`BindError`].
    pub fn bind(&mut self, local: &Local) -> Result<Handle, BindError> {
        let index = self.table.free().ok_or(BindError::NoSlot)?;
        let mut slot = Slot { ..Slot::EMPTY };
        slot.interface = local.interface.map_or(0, |interface| interface.0.saturating_add(1));
        slot.flags.set(Flags::INTERFACE, slot.interface != 0);
        slot.flags.set(Flags::SHARED, local.sharing == Sharing::Shared);
        if let Some(address) = local.address {
            slot.flags.insert(if address.is_ipv4() { Flags::ONLY_V4 } else { Flags::ONLY_V6 });
            if !address.is_unspecified() {
                slot.flags.insert(Flags::ADDRESS);
                slot.flags.set(Flags::GROUP, is_group(address));
                slot.path = only_source(address);
            }
        }
        slot.local_port = match local.port {
            0 => self.ephemeral_port().ok_or(BindError::NoPort)?,
            port => port,
        };
        if self.collides(&slot) {
            return Err(BindError::InUse);
        }
        let place = self.slots.get_mut(usize::from(index)).ok_or(BindError::NoSlot)?;
        slot.generation = place.generation | 1;
        slot.flags.insert(place.flags);
        *place = slot;
        self.table.insert(self.slots);
        self.sole = crate::storage::NO_SOLE;
        Ok(Handle { index, generation: slot.generation })
    }

    /// Fixes the peer: the socket sends to it and receives from it alone, and keeps the way there. What was
    /// received before stays. Connecting again changes the peer.
    ///
    /// # Errors
    /// [`ConnectError`]; the socket is then as it was.
    pub fn connect(
        &mut self,
        routes: &dyn Routes,
        socket: Handle,
        remote: SocketAddr,
    ) -> Result<(), ConnectError> {
        let mut slot = *self.slot(socket).map_err(|StaleHandle| ConnectError::Stale)?;
        if remote.port() == 0 {
            return Err(ConnectError::Port);
        }
        if slot.flags.contains(Flags::GROUP) {
            return Err(ConnectError::Group);
        }
        if !slot.admits_family(remote.ip()) {
            return Err(ConnectError::Family);
        }
        let from = Source { address: slot.address(), interface: slot.interface() };
        let path = routes.route(from, remote.ip()).map_err(ConnectError::Unreachable)?;
        slot.forget_path();
        slot.path = path;
        slot.remote_port = remote.port();
        slot.flags.insert(Flags::CONNECTED);
        // Itself does not count: it may be connected to the same already.
        let key = slot.key();
        let is_same = |other: &Slot| {
            !other.flags.contains(Flags::CLOSING)
                && other.path.addresses() == path.addresses()
                && other.interface == slot.interface
        };
        let is_itself = self.slot(socket).is_ok_and(|own| own.key() == key && is_same(own));
        if !is_itself && self.any(key, is_same) {
            return Err(ConnectError::InUse);
        }
        self.replace(socket.index, slot);
        Ok(())
    }

    /// Undoes [`Udp::connect`]: the socket is bound as it was before.
    ///
    /// # Errors
    /// `Stale`; `InUse` if another socket is bound to the same by now.
    pub fn disconnect(&mut self, socket: Handle) -> Result<(), ConnectError> {
        let mut slot = *self.slot(socket).map_err(|StaleHandle| ConnectError::Stale)?;
        if !slot.flags.contains(Flags::CONNECTED) {
            return Ok(());
        }
        slot.forget_path();
        slot.remote_port = 0;
        if self.collides(&slot) {
            return Err(ConnectError::InUse);
        }
        self.replace(socket.index, slot);
        Ok(())
    }

    /// Closes a socket. What it received is dropped; what it queued still leaves, and then the slot is free.
    ///
    /// # Errors
    /// [`StaleHandle`] if it is closed already.
    pub fn close(&mut self, socket: Handle) -> Result<(), StaleHandle> {
        let slot = self.slot_mut(socket)?;
        slot.receive = Queue::EMPTY;
        slot.flags.insert(Flags::CLOSING);
        slot.generation = slot.generation.wrapping_add(1);
        let idle = slot.transmit.is_empty();
        self.free = Some(|udp, index| udp.free(index));
        while self.errors.take(socket).is_some() {}
        if idle {
            self.free(socket.index);
        }
        Ok(())
    }

    /// Closes a socket and drops what it queued.
    ///
    /// # Errors
    /// [`StaleHandle`] if it is closed already.
    pub fn abort(&mut self, socket: Handle) -> Result<(), StaleHandle> {
        self.slot_mut(socket)?.transmit = Queue::EMPTY;
        self.close(socket)
    }

    /// What the socket uses where the sender chooses nothing.
    ///
    /// # Errors
    /// [`StaleHandle`].
    pub fn settings(&self, socket: Handle) -> Result<Settings, StaleHandle> {
        let slot = self.slot(socket)?;
        Ok(Settings {
            hop_limit: slot.hop_limit,
            multicast_hop_limit: slot.multicast_hop_limit,
            traffic_class: slot.traffic_class,
            zero_checksum: if slot.flags.contains(Flags::REFUSE_ZERO) {
                ZeroChecksum::Refuse
            } else {
                ZeroChecksum::Accept
            },
        })
    }

    /// Changes what the socket uses for datagrams that are queued from now on.
    ///
    /// # Errors
    /// [`StaleHandle`].
    pub fn set(&mut self, socket: Handle, settings: &Settings) -> Result<(), StaleHandle> {
        let slot = self.slot_mut(socket)?;
        slot.hop_limit = settings.hop_limit;
        slot.multicast_hop_limit = settings.multicast_hop_limit;
        slot.traffic_class = settings.traffic_class;
        slot.flags.set(Flags::REFUSE_ZERO, settings.zero_checksum == ZeroChecksum::Refuse);
        Ok(())
    }

    /// Where the socket is bound: with the port that was picked, and once connected the address too.
    ///
    /// # Errors
    /// [`StaleHandle`].
    pub fn local(&self, socket: Handle) -> Result<Local, StaleHandle> {
        let slot = self.slot(socket)?;
        Ok(Local {
            address: slot.local_address(),
            port: slot.local_port,
            interface: slot.interface(),
            sharing: if slot.flags.contains(Flags::SHARED) { Sharing::Shared } else { Sharing::Exclusive },
        })
    }

    /// The peer, if the socket is connected.
    ///
    /// # Errors
    /// [`StaleHandle`].
    pub fn remote(&self, socket: Handle) -> Result<Option<SocketAddr>, StaleHandle> {
        Ok(self.slot(socket)?.remote())
    }

    /// Takes the oldest error of the socket, if there is one: an ICMP message about a datagram that it sent, or
    /// why one that it queued was dropped. RFC 1122 §4.1.3.3.
    ///
    /// # Errors
    /// [`StaleHandle`].
    pub fn take_error(&mut self, socket: Handle) -> Result<Option<SocketError>, StaleHandle> {
        self.slot(socket)?;
        Ok(self.errors.take(socket))
    }

    /// The ports that [`Udp::bind`] picks from when asked for port 0: 49,152 to 65,535 unless set. Without port 0,
    /// which is none.
    pub fn set_ephemeral_ports(&mut self, ports: RangeInclusive<u16>) {
        self.ephemeral = ((*ports.start()).max(1), *ports.end());
    }

    /// A port that no socket has: the next free one behind a random one.
    fn ephemeral_port(&mut self) -> Option<u16> {
        let (first, last) = self.ephemeral;
        let count = last.checked_sub(first)?.checked_add(1)?;
        let start = u16::try_from(self.random.below(u32::from(count))).ok()?;
        let after = start.checked_add(first)?;
        (after..=last).chain(first..after).find(|&port| !self.has_port(port))
    }

    /// Whether another socket that is not connected gets what this one would.
    fn collides(&self, slot: &Slot) -> bool {
        self.any(key(slot.local_port, 0), |other| other.collides(slot))
    }

    /// Writes back a slot whose key may have changed.
    fn replace(&mut self, index: u16, slot: Slot) {
        self.table.remove(self.slots, index);
        if let Some(place) = self.slots.get_mut(usize::from(index)) {
            *place = slot;
        }
        // The number that was taken out is the first of the free ones.
        self.table.insert(self.slots);
        self.sole = crate::storage::NO_SOLE;
    }

    /// Gives a closed socket's slot back. If it is in the list of those that wait, it stays there: when it is called
    /// there is nothing to do, or what the slot's next socket has to send.
    fn free(&mut self, index: u16) {
        self.table.remove(self.slots, index);
        self.sole = crate::storage::NO_SOLE;
        let Some(slot) = self.slots.get_mut(usize::from(index)) else { return };
        let generation = slot.generation;
        if slot.flags.contains(Flags::READY) {
            self.ready.remove(index);
        }
        *slot = Slot { generation, flags: slot.flags.intersection(Flags::WAITING), ..Slot::EMPTY };
    }
}

/// Whether an address names many, as far as can be told without knowing the networks.
fn is_group(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_multicast() || address.is_broadcast(),
        IpAddr::V6(address) => address.is_multicast(),
    }
}
