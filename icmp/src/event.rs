//! What a socket hears, and the user's side of it.
//!
//! Replies, errors and what could not be sent lie in one queue, in the order in which they came. Errors have a few
//! octets in front of what they quote:
//!
//! ```text
//!   0      1     2     3          4        8 or 20
//!   +------+-----------+----------+--------+--------
//!   | kind | its number| protocol |reporter| quote
//!   +------+-----------+----------+--------+--------
//! ```

use crate::responder::split_address;
use crate::{Handle, Icmp, StaleHandle};
use core::net::IpAddr;
use tersus_ip::queue::Record;
use tersus_ip::{ErrorKind, InterfaceId, Unreachable};
use tersus_wire::IpProtocol;

/// Values of [`Record::flags`] in a receive queue.
pub(crate) const REPLY: u8 = 0;
pub(crate) const ERROR: u8 = 1;
pub(crate) const UNSENT: u8 = 2;

/// Octets in front of the reporter's address.
pub(crate) const PREFIX_LEN: usize = 4;

/// What a socket heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// An echo reply; its data are what the request carried.
    Reply {
        /// The request's number.
        sequence: u16,
    },
    /// An ICMP error; its data are the start of the quoted segment, 64 octets at most.
    Error {
        /// What went wrong.
        kind: ErrorKind,
        /// Who reported it.
        reporter: IpAddr,
        /// The quoted packet's protocol.
        protocol: IpProtocol,
        /// The quoted echo request's number, at an echo socket; else 0.
        sequence: u16,
    },
    /// An echo request was dropped before it left; no data.
    Unsent {
        /// Its number.
        sequence: u16,
        /// Why.
        cause: Unsent,
    },
}

/// Why an echo request was dropped after it was queued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unsent {
    /// There was no way, or the next hop did not answer.
    #[error(transparent)]
    Unreachable(Unreachable),
    /// The path's MTU, in octets, had become too small.
    #[error("request larger than the path's {0} octets")]
    TooBig(u16),
}

/// Something that a socket heard, but for its data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Received {
    /// What it is.
    pub event: Event,
    /// Reply: who answered. Else: whom the packet was for that something went wrong with.
    pub remote: IpAddr,
    /// Reply: the address that it came to. Error: the quoted packet's source. `None` for what was not sent.
    pub local: Option<IpAddr>,
    /// Reply: the interface that it came in by.
    pub interface: Option<InterfaceId>,
    /// Reply: Hop Limit, also TTL, as received.
    pub hop_limit: u8,
    /// Reply: Traffic Class as received.
    pub traffic_class: u8,
    /// Length of the data, in octets; with a shorter buffer the rest is lost.
    pub len: usize,
}

impl Icmp<'_> {
    /// Takes the oldest thing that the socket heard and copies its data to the front of `buffer`; `None` if there
    /// is none.
    ///
    /// # Errors
    /// [`StaleHandle`].
    pub fn recv(&mut self, socket: Handle, buffer: &mut [u8]) -> Result<Option<Received>, StaleHandle> {
        self.recv_with(socket, |received, data| {
            for (to, from) in buffer.iter_mut().zip(data) {
                *to = *from;
            }
            *received
        })
    }

    /// Lends the data of the oldest thing that the socket heard in place, and takes it; `None` if there is none.
    ///
    /// # Errors
    /// [`StaleHandle`]; `read` was not called.
    pub fn recv_with<R>(
        &mut self,
        socket: Handle,
        read: impl FnOnce(&Received, &mut [u8]) -> R,
    ) -> Result<Option<R>, StaleHandle> {
        let mut queue = self.slot(socket)?.receive;
        let region = self.rx.of(socket.index);
        let Some(record) = queue.front(region) else { return Ok(None) };
        let read = open(record).map(|(received, data)| read(&received, data));
        queue.pop(region);
        if let Some(slot) = self.slots.get_mut(usize::from(socket.index)) {
            slot.receive = queue;
        }
        Ok(read)
    }

    /// Whether something waits to be received.
    ///
    /// # Errors
    /// [`StaleHandle`].
    pub fn can_recv(&self, socket: Handle) -> Result<bool, StaleHandle> {
        Ok(!self.slot(socket)?.receive.is_empty())
    }
}

/// Reads a record of a socket's queue.
fn open(record: Record<'_>) -> Option<(Received, &mut [u8])> {
    let label = record.label();
    let (source, destination) = (record.addresses().source(), record.addresses().destination());
    // An unsent request is as it was queued, the rest as it came in.
    let (remote, local) =
        if label.flags == UNSENT { (destination, None) } else { (source, Some(destination)) };
    let (sequence, payload) = (label.port, record.payload);
    let (event, data) = match label.flags {
        REPLY => (Event::Reply { sequence }, payload),
        ERROR => {
            let (&mut [kind, a, b, protocol], rest) = payload.split_first_chunk_mut::<PREFIX_LEN>()?;
            let (reporter, quote) = split_address(rest, remote)?;
            let protocol = IpProtocol(protocol);
            (Event::Error { kind: decode(kind, [a, b]), reporter, protocol, sequence }, quote)
        }
        _ => {
            let (&mut [what, a, b, _], rest) = payload.split_first_chunk_mut::<PREFIX_LEN>()?;
            (Event::Unsent { sequence, cause: decode_unsent(what, [a, b]) }, rest)
        }
    };
    let received = Received {
        event,
        remote,
        local,
        interface: label.interface,
        hop_limit: label.hop_limit,
        traffic_class: label.traffic_class,
        len: data.len(),
    };
    Some((received, data))
}

/// An error's kind in three octets.
pub(crate) fn encode(kind: ErrorKind) -> [u8; 3] {
    match kind {
        ErrorKind::HostUnreachable => [0, 0, 0],
        ErrorKind::ProtocolUnreachable => [1, 0, 0],
        ErrorKind::PortUnreachable => [2, 0, 0],
        ErrorKind::Prohibited => [3, 0, 0],
        ErrorKind::HopLimitExceeded => [4, 0, 0],
        ErrorKind::ReassemblyTimeExceeded => [5, 0, 0],
        ErrorKind::ParameterProblem => [6, 0, 0],
        ErrorKind::TooBig(mtu) => {
            let [a, b] = mtu.to_be_bytes();
            [7, a, b]
        }
        ErrorKind::Other(kind, code) => [8, kind, code],
        // Kinds to come, whose octets are not known here.
        _ => [8, 0xff, 0xff],
    }
}

fn decode(kind: u8, [a, b]: [u8; 2]) -> ErrorKind {
    match kind {
        0 => ErrorKind::HostUnreachable,
        1 => ErrorKind::ProtocolUnreachable,
        2 => ErrorKind::PortUnreachable,
        3 => ErrorKind::Prohibited,
        4 => ErrorKind::HopLimitExceeded,
        5 => ErrorKind::ReassemblyTimeExceeded,
        6 => ErrorKind::ParameterProblem,
        7 => ErrorKind::TooBig(u16::from_be_bytes([a, b])),
        _ => ErrorKind::Other(a, b),
    }
}

/// Why a request was not sent, in four octets.
pub(crate) fn encode_unsent(cause: Unsent) -> [u8; PREFIX_LEN] {
    match cause {
        Unsent::TooBig(mtu) => {
            let [a, b] = mtu.to_be_bytes();
            [0xff, a, b, 0]
        }
        Unsent::Unreachable(reason) => {
            let what = match reason {
                Unreachable::NoSource => 1,
                Unreachable::NotOurs => 2,
                Unreachable::Family => 3,
                Unreachable::Destination => 4,
                Unreachable::InterfaceDown => 5,
                Unreachable::Neighbour => 6,
                _ => 0,
            };
            [what, 0, 0, 0]
        }
    }
}

fn decode_unsent(what: u8, number: [u8; 2]) -> Unsent {
    Unsent::Unreachable(match what {
        0xff => return Unsent::TooBig(u16::from_be_bytes(number)),
        1 => Unreachable::NoSource,
        2 => Unreachable::NotOurs,
        3 => Unreachable::Family,
        4 => Unreachable::Destination,
        5 => Unreachable::InterfaceDown,
        6 => Unreachable::Neighbour,
        _ => Unreachable::NoRoute,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_survive_their_coding() {
        use ErrorKind as E;
        for kind in [
            E::HostUnreachable,
            E::ProtocolUnreachable,
            E::PortUnreachable,
            E::Prohibited,
            E::HopLimitExceeded,
            E::ReassemblyTimeExceeded,
            E::ParameterProblem,
            E::TooBig(1280),
            E::Other(3, 200),
        ] {
            let [tag, a, b] = encode(kind);
            assert_eq!(decode(tag, [a, b]), kind);
        }
        use Unreachable as U;
        for reason in
            [U::NoRoute, U::NoSource, U::NotOurs, U::Family, U::Destination, U::InterfaceDown, U::Neighbour]
        {
            let cause = Unsent::Unreachable(reason);
            let [what, a, b, _] = encode_unsent(cause);
            assert_eq!(decode_unsent(what, [a, b]), cause);
        }
        let [what, a, b, _] = encode_unsent(Unsent::TooBig(999));
        assert_eq!(decode_unsent(what, [a, b]), Unsent::TooBig(999));
    }
}
