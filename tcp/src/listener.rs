//! Listeners, RFC 9293 §3.10.1 passive OPEN: found by port in constant time, however many there are.
//!
//! ```text
//!   entries   0        1        2        3          bucket of a port: its hash, scaled to the table's length
//!   first     2+1      0        0+1      0          head of the bucket's chain
//!   next      0        -        0        -          next in the chain that the entry itself is in
//! ```
//! The table of entries is the table of buckets as well. An entry never moves, so that what refers to a listener from
//! inside the engine keeps its index; a handle has a serial too, since an entry is used again.

use crate::config::Options;
use crate::Endpoint;
use core::net::IpAddr;
use tersus_ip::{InterfaceId, PackedAddress};

/// Handle of a listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ListenerId {
    pub(crate) index: u16,
    pub(crate) serial: u16,
}

/// One listener; all zeros: free.
#[derive(Debug, Clone, Copy)]
pub struct Listener {
    /// 0: free.
    port: u16,
    /// Tells a new listener from an old one.
    serial: u16,
    /// Of the bucket: index plus one of the first entry in its chain.
    first: u16,
    /// Index plus one of the next entry in the chain.
    next: u16,
    /// Unspecified: every address of the family; none: every address.
    address: PackedAddress,
    /// None: by whatever interface.
    interface: Option<InterfaceId>,
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
        first: 0,
        next: 0,
        address: PackedAddress::NONE,
        interface: None,
        backlog: 0,
        pending: 0,
        len: 0,
        head: 0,
        tail: 0,
        options: Options::NONE,
    };

    /// How well the listener fits a local address and the interface that a segment came in by: 0 not, else higher is more
    /// specific.
    fn fit(&self, local: IpAddr, by: InterfaceId) -> u8 {
        let fit = match self.address.get() {
            None => 1,
            Some(own) if own == local => 3,
            Some(own) if own.is_unspecified() && own.is_ipv4() == local.is_ipv4() => 2,
            Some(_) => return 0,
        };
        match self.interface {
            None => fit,
            Some(own) if own == by => fit + 3,
            Some(_) => 0,
        }
    }

    /// Whether another connection may become half-open: all that are on their way must find room in the queue.
    pub(crate) fn has_room(&self) -> bool {
        u32::from(self.pending) + u32::from(self.len) < u32::from(self.backlog)
    }
}

/// The table.
pub(crate) struct Listeners<'a> {
    entries: &'a mut [Listener],
    /// Serial of the last listener.
    serial: u16,
}

impl<'a> Listeners<'a> {
    pub(crate) fn new(entries: &'a mut [Listener]) -> Self {
        let most = entries.len().min(usize::from(u16::MAX) - 1);
        let entries = entries.get_mut(..most).unwrap_or_default();
        entries.fill(Listener::FREE);
        Self { entries, serial: 0 }
    }

    /// The bucket of a port. Ports of listeners are ours to choose: no peer can fill a chain.
    fn bucket(&self, port: u16) -> usize {
        let [.., high, low] = (u32::from(port).wrapping_mul(0x9e37_79b1)).to_le_bytes();
        // Below the length: 16 bits times the length, over 2^16.
        (usize::from(u16::from_le_bytes([high, low])) * self.entries.len()) >> 16
    }

    /// The indices in the chain of a port's bucket.
    fn chain(&self, port: u16) -> impl Iterator<Item = u16> + '_ {
        let first = self.entries.get(self.bucket(port)).map_or(0, |bucket| bucket.first);
        let link = |link: u16| link.checked_sub(1);
        core::iter::successors(link(first), move |&index| link(self.entries.get(usize::from(index))?.next))
    }

    /// The most specific listener for a local endpoint and an interface. O(1) and the listeners of one port.
    pub(crate) fn find(&self, local: IpAddr, port: u16, by: InterfaceId) -> Option<u16> {
        let mut best = (0, None);
        for index in self.chain(port) {
            let Some(entry) = self.entries.get(usize::from(index)) else { break };
            let fit = if entry.port == port { entry.fit(local, by) } else { 0 };
            if fit > best.0 {
                best = (fit, Some(index));
            }
        }
        best.1
    }

    /// The listener at an index that the engine kept.
    #[cfg_attr(target_pointer_width = "32", inline(never))]
    pub(crate) fn at(&mut self, index: u16) -> Option<&mut Listener> {
        self.entries.get_mut(usize::from(index)).filter(|l| l.port != 0)
    }

    /// The listener of a handle.
    pub(crate) fn get(&mut self, id: ListenerId) -> Option<&mut Listener> {
        self.at(id.index).filter(|l| l.serial == id.serial)
    }

    /// The handle of the listener at an index.
    pub(crate) fn id(&self, index: u16) -> ListenerId {
        ListenerId { index, serial: self.entries.get(usize::from(index)).map_or(0, |l| l.serial) }
    }

    /// Whether somebody listens at this port, at whatever address.
    pub(crate) fn has_port(&self, port: u16) -> bool {
        self.chain(port).any(|index| self.entries.get(usize::from(index)).is_some_and(|l| l.port == port))
    }

    /// Whether an equal endpoint is in use.
    pub(crate) fn has(&self, local: Endpoint) -> bool {
        let address = PackedAddress::from(local.address);
        self.chain(local.port).any(|index| {
            self.entries.get(usize::from(index)).is_some_and(|l| {
                l.port == local.port && l.address == address && l.interface == local.interface
            })
        })
    }

    /// Adds a listener; `None` if the table is full. O(n).
    pub(crate) fn insert(&mut self, local: Endpoint, backlog: u16, options: Options) -> Option<ListenerId> {
        let index = u16::try_from(self.entries.iter().position(|l| l.port == 0)?).ok()?;
        let bucket = self.bucket(local.port);
        let next = self.entries.get(bucket)?.first;
        self.serial = self.serial.wrapping_add(1);
        let entry = self.entries.get_mut(usize::from(index))?;
        *entry = Listener {
            port: local.port,
            serial: self.serial,
            first: entry.first,
            next,
            address: PackedAddress::from(local.address),
            interface: local.interface,
            backlog,
            options,
            ..Listener::FREE
        };
        self.entries.get_mut(bucket)?.first = index + 1;
        Some(ListenerId { index, serial: self.serial })
    }

    /// Removes a listener.
    pub(crate) fn remove(&mut self, id: ListenerId) {
        let Some(entry) = self.get(id) else { return };
        let (port, next) = (entry.port, entry.next);
        *entry = Listener { first: entry.first, ..Listener::FREE };
        let own = id.index + 1;
        let bucket = self.bucket(port);
        let before =
            self.chain(port).find(|&i| self.entries.get(usize::from(i)).is_some_and(|l| l.next == own));
        match before {
            Some(before) => {
                if let Some(entry) = self.entries.get_mut(usize::from(before)) {
                    entry.next = next;
                }
            }
            None => {
                if let Some(bucket) = self.entries.get_mut(bucket) {
                    bucket.first = next;
                }
            }
        }
    }
}

// The tests speak both families.
#[cfg(test)]
#[cfg(all(feature = "ipv4", feature = "ipv6"))]
mod tests {
    extern crate std;

    use super::*;

    fn endpoint(text: &str) -> Endpoint {
        text.parse::<core::net::SocketAddr>().unwrap().into()
    }

    #[test]
    fn the_most_specific_listener_wins() {
        let mut table = [Listener::FREE; 5];
        let mut listeners = Listeners::new(&mut table);
        let any = listeners.insert(80.into(), 1, Options::NONE).unwrap();
        let v4 = listeners.insert(endpoint("0.0.0.0:80"), 1, Options::NONE).unwrap();
        let own = listeners.insert(endpoint("192.0.2.1:80"), 1, Options::NONE).unwrap();
        let low = listeners.insert(22.into(), 1, Options::NONE).unwrap();
        let there = Endpoint { interface: Some(InterfaceId(1)), ..80.into() };
        let by = listeners.insert(there, 1, Options::NONE).unwrap();
        assert!(
            listeners.has(there) && !listeners.has(Endpoint { interface: Some(InterfaceId(2)), ..there })
        );
        assert!(listeners.insert(23.into(), 1, Options::NONE).is_none(), "full");
        for (local, port, interface, want) in [
            ("192.0.2.1", 80, 0, Some(own)),
            ("192.0.2.2", 80, 0, Some(v4)),
            ("2001:db8::1", 80, 2, Some(any)),
            ("2001:db8::1", 22, 1, Some(low)),
            ("192.0.2.1", 81, 1, None),
            ("192.0.2.1", 80, 1, Some(by)),
            ("2001:db8::1", 80, 1, Some(by)),
        ] {
            let found = listeners.find(local.parse().unwrap(), port, InterfaceId(interface));
            assert_eq!(found.map(|index| listeners.id(index)), want, "{local} {port} {interface}");
        }
        listeners.remove(own);
        assert!(listeners.get(own).is_none());
        assert_eq!(listeners.find("192.0.2.1".parse().unwrap(), 80, InterfaceId(0)), Some(v4.index));
        assert!(listeners.get(low).is_some() && listeners.get(any).is_some());
    }

    #[test]
    fn listeners_are_found_after_any_order_of_opening_and_closing() {
        let mut random = tersus_ip::Random::new([3; 32]);
        for len in [1, 2, 7, 40] {
            let mut table = std::vec![Listener::FREE; len];
            let mut listeners = Listeners::new(&mut table);
            let mut model: std::vec::Vec<(u16, ListenerId)> = std::vec::Vec::new();
            for _ in 0..2_000 {
                let port = 1 + u16::try_from(random.below(60)).unwrap();
                assert_eq!(listeners.has_port(port), model.iter().any(|(p, _)| *p == port));
                let place = model.iter().position(|(p, _)| *p == port);
                match place {
                    Some(place) if random.below(2) == 0 => listeners.remove(model.swap_remove(place).1),
                    Some(_) => {}
                    None => {
                        let new = listeners.insert(port.into(), 1, Options::NONE);
                        assert_eq!(new.is_some(), model.len() < len);
                        model.extend(new.map(|id| (port, id)));
                    }
                }
                for (port, id) in &model {
                    assert_eq!(
                        listeners.find("192.0.2.1".parse().unwrap(), *port, InterfaceId(0)),
                        Some(id.index)
                    );
                    assert!(listeners.get(*id).is_some());
                }
            }
        }
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
