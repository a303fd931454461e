//! Listeners, sorted by port, each with its queue of established connections: RFC 9293 §3.10.1, passive OPEN.
//!
//! ```text
//!   SYN ──▶ SYN table (half-open, no buffers) ──ACK──▶ connection ──▶ accept queue ──▶ accept()
//!            pending ≤ backlog                                         len ≤ backlog
//! ```
//! The accept queue is linked through the connections themselves; this table holds its ends.

use crate::config::Options;
use crate::Endpoint;
use core::net::IpAddr;
use tersus_ip::PackedAddress;

/// Handle of a listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ListenerId {
    pub(crate) port: u16,
    pub(crate) serial: u16,
}

/// One listener; all zeros: free.
#[derive(Debug, Clone, Copy)]
pub struct Listener {
    /// 0: free.
    pub(crate) port: u16,
    /// Tells listeners of one port apart, and a new one from an old one.
    pub(crate) serial: u16,
    /// Unspecified: every address of the family; none: every address.
    address: PackedAddress,
    pub(crate) backlog: u16,
    /// Half-open connections.
    pub(crate) pending: u16,
    /// Established connections that wait for `accept`: number, and index plus one of first and last.
    pub(crate) len: u16,
    pub(crate) head: u16,
    pub(crate) tail: u16,
    pub(crate) options: Options,
}

impl Listener {
    /// A free entry.
    pub const FREE: Self = Self {
        port: 0,
        serial: 0,
        address: PackedAddress::NONE,
        backlog: 0,
        pending: 0,
        len: 0,
        head: 0,
        tail: 0,
        options: Options::NONE,
    };

    /// How well the listener fits a local address: 0 not, else higher is more specific.
    fn fit(&self, local: IpAddr) -> u8 {
        match self.address.get() {
            None => 1,
            Some(own) if own == local => 3,
            Some(own) if own.is_unspecified() && own.is_ipv4() == local.is_ipv4() => 2,
            Some(_) => 0,
        }
    }

    /// The handle.
    pub(crate) fn id(&self) -> ListenerId {
        ListenerId { port: self.port, serial: self.serial }
    }

    /// Whether another connection may become half-open: all that are on their way must find room in the queue.
    pub(crate) fn has_room(&self) -> bool {
        u32::from(self.pending) + u32::from(self.len) < u32::from(self.backlog)
    }
}

/// The table: entries in use first, sorted by port.
pub(crate) struct Listeners<'a> {
    entries: &'a mut [Listener],
    len: usize,
    /// Serial of the last listener.
    serial: u16,
}

impl<'a> Listeners<'a> {
    pub(crate) fn new(entries: &'a mut [Listener]) -> Self {
        entries.fill(Listener::FREE);
        Self { entries, len: 0, serial: 0 }
    }

    fn in_use(&mut self) -> &mut [Listener] {
        self.entries.get_mut(..self.len).unwrap_or_default()
    }

    fn of_port(&mut self, port: u16) -> &mut [Listener] {
        let used = self.in_use();
        let first = used.partition_point(|l| l.port < port);
        let end = used.partition_point(|l| l.port <= port);
        used.get_mut(first..end).unwrap_or_default()
    }

    /// The most specific listener for a local endpoint. O(log n) and the listeners of one port.
    pub(crate) fn find(&mut self, local: IpAddr, port: u16) -> Option<&mut Listener> {
        self.of_port(port).iter_mut().filter(|l| l.fit(local) > 0).max_by_key(|l| l.fit(local))
    }

    /// The listener of a handle.
    pub(crate) fn get(&mut self, id: ListenerId) -> Option<&mut Listener> {
        self.of_port(id.port).iter_mut().find(|l| l.serial == id.serial)
    }

    /// Whether somebody listens at this port, at whatever address.
    pub(crate) fn has_port(&mut self, port: u16) -> bool {
        !self.of_port(port).is_empty()
    }

    /// Whether an equal endpoint is in use.
    pub(crate) fn has(&mut self, local: Endpoint) -> bool {
        let address = PackedAddress::from(local.address);
        self.of_port(local.port).iter().any(|l| l.address == address)
    }

    /// Adds a listener; `None` if the table is full. O(n).
    pub(crate) fn insert(&mut self, local: Endpoint, backlog: u16, options: Options) -> Option<ListenerId> {
        self.entries.get(self.len)?;
        self.serial = self.serial.wrapping_add(1);
        let new = Listener {
            port: local.port,
            serial: self.serial,
            address: PackedAddress::from(local.address),
            backlog,
            options,
            ..Listener::FREE
        };
        let at = self.in_use().partition_point(|l| l.port <= local.port);
        self.len += 1;
        let mut carried = new;
        for entry in self.in_use().get_mut(at..).unwrap_or_default() {
            carried = core::mem::replace(entry, carried);
        }
        Some(new.id())
    }

    /// Removes a listener. O(n).
    pub(crate) fn remove(&mut self, id: ListenerId) {
        let used = self.in_use();
        let Some(at) = used.iter().position(|l| l.id() == id) else { return };
        let mut carried = Listener::FREE;
        for entry in used.get_mut(at..).unwrap_or_default().iter_mut().rev() {
            carried = core::mem::replace(entry, carried);
        }
        self.len -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(text: &str) -> Endpoint {
        text.parse::<core::net::SocketAddr>().unwrap().into()
    }

    #[test]
    fn the_most_specific_listener_wins() {
        let mut table = [Listener::FREE; 4];
        let mut listeners = Listeners::new(&mut table);
        let any = listeners.insert(80.into(), 1, Options::NONE).unwrap();
        let v4 = listeners.insert(endpoint("0.0.0.0:80"), 1, Options::NONE).unwrap();
        let own = listeners.insert(endpoint("192.0.2.1:80"), 1, Options::NONE).unwrap();
        let low = listeners.insert(22.into(), 1, Options::NONE).unwrap();
        assert!(listeners.insert(23.into(), 1, Options::NONE).is_none(), "full");
        for (local, port, want) in [
            ("192.0.2.1", 80, Some(own)),
            ("192.0.2.2", 80, Some(v4)),
            ("2001:db8::1", 80, Some(any)),
            ("2001:db8::1", 22, Some(low)),
            ("192.0.2.1", 81, None),
        ] {
            let found = listeners.find(local.parse().unwrap(), port).map(|l| l.id());
            assert_eq!(found, want, "{local} {port}");
        }
        listeners.remove(own);
        assert!(listeners.get(own).is_none());
        assert_eq!(listeners.find("192.0.2.1".parse().unwrap(), 80).map(|l| l.id()), Some(v4));
        assert!(listeners.get(low).is_some() && listeners.get(any).is_some());
    }

    #[test]
    fn a_handle_of_a_closed_listener_stays_stale() {
        let mut table = [Listener::FREE; 1];
        let mut listeners = Listeners::new(&mut table);
        let old = listeners.insert(80.into(), 1, Options::NONE).unwrap();
        listeners.remove(old);
        let new = listeners.insert(80.into(), 1, Options::NONE).unwrap();
        assert_ne!(old, new);
        assert!(listeners.get(old).is_none());
    }
}
