//! Errors: of calls, and of datagrams that were accepted and could not be delivered.

use crate::statistics::count;
use crate::{Handle, Statistics};
use core::net::{IpAddr, SocketAddr};
use tersus_ip::{ErrorKind, PackedAddress, Unreachable};

/// The handle names no socket: it was closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("socket was closed")]
pub struct StaleHandle;

/// Why [`Udp::bind`](crate::Udp::bind) opened no socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BindError {
    /// All slots of the table are in use.
    #[error("no free socket slot")]
    NoSlot,
    /// Another socket is bound to the same port, address and interface, and not both are shared.
    #[error("address and port are in use")]
    InUse,
    /// Port 0 was asked for, and all ephemeral ports are in use.
    #[error("no free ephemeral port")]
    NoPort,
}

/// Why [`Udp::connect`](crate::Udp::connect) or [`Udp::disconnect`](crate::Udp::disconnect) changed nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The handle names no socket.
    #[error("socket was closed")]
    Stale,
    /// Port 0 is no peer's.
    #[error("port 0 cannot be sent to")]
    Port,
    /// The socket is bound to an address of the other family.
    #[error("address family is not the socket's")]
    Family,
    /// The socket is bound to a group or broadcast address, which can be no source.
    #[error("socket is bound to a group")]
    Group,
    /// Another socket has the same addresses and ports.
    #[error("addresses and ports are in use")]
    InUse,
    /// There is no way to the peer.
    #[error("unreachable: {0}")]
    Unreachable(Unreachable),
}

/// Why a datagram was not queued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// The handle names no socket.
    #[error("socket was closed")]
    Stale,
    /// No destination is given, and the socket is not connected.
    #[error("no destination")]
    NotConnected,
    /// The socket is connected to another peer.
    #[error("socket is connected to another peer")]
    Connected,
    /// Port 0 cannot be sent to.
    #[error("port 0 cannot be sent to")]
    Port,
    /// The destination's family is not that of the source, or of the address that the socket is bound to.
    #[error("address family is not the socket's")]
    Family,
    /// The source is not the address that the socket is bound to.
    #[error("source is not the address bound to")]
    Source,
    /// The interface is not the one that the socket is bound to.
    #[error("interface is not the one bound to")]
    Interface,
    /// Longer than what can be sent, in octets of payload: by the path's MTU if it may not be fragmented, else
    /// by IP or by the size of the socket's queue.
    #[error("datagram longer than {0} octets")]
    TooLong(u16),
    /// The queue has no room at present, or the destination is still being resolved and has had its share.
    #[error("no room in the send queue")]
    Full,
    /// There is no way to the destination.
    #[error("unreachable: {0}")]
    Unreachable(Unreachable),
}

/// What became of a datagram that was sent or queued.
///
/// ```
/// use tersus_ip::ErrorKind;
/// use tersus_udp::{Cause, SocketError};
///
/// let (remote, cause) = ("192.0.2.9:7".parse()?, Cause::Icmp(ErrorKind::PortUnreachable));
/// let error = SocketError { cause, remote, reporter: None };
/// assert_eq!(error.to_string(), "192.0.2.9:7: port unreachable");
/// # Ok::<(), core::net::AddrParseError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{remote}: {cause}")]
pub struct SocketError {
    /// What went wrong.
    pub cause: Cause,
    /// Where the datagram was to go.
    pub remote: SocketAddr,
    /// Who reported it, a router or the peer; `None` if this host did.
    pub reporter: Option<IpAddr>,
}

/// What went wrong with a datagram that was sent or queued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Cause {
    /// An ICMP message said so. It proves nothing: anybody on the way can forge one. RFC 8085 §5.2.
    #[error(transparent)]
    Icmp(ErrorKind),
    /// It was dropped here: there was no way, or the next hop did not answer.
    #[error(transparent)]
    Unreachable(Unreachable),
    /// It was dropped here: the path's MTU, in octets, had become too small for it.
    #[error("datagram larger than the path's {0} octets")]
    TooBig(u16),
}

/// An error in its queue. Only for tables that are handed to `Udp::from_slices`: start with [`ErrorEntry::EMPTY`].
#[derive(Debug, Clone, Copy)]
pub struct ErrorEntry {
    cause: Cause,
    remote: PackedAddress,
    reporter: PackedAddress,
    port: u16,
    socket: Handle,
}

impl ErrorEntry {
    /// No error.
    pub const EMPTY: Self = Self {
        cause: Cause::Icmp(ErrorKind::HostUnreachable),
        remote: PackedAddress::NONE,
        reporter: PackedAddress::NONE,
        port: 0,
        socket: Handle::FIRST,
    };
}

/// The errors that wait to be read: a queue that all sockets share.
///
/// When it is full, the newest of the same socket gives way, so that one noisy socket does not silence the others;
/// if there is none, the new one is lost.
#[derive(Debug)]
pub(crate) struct Errors<'a> {
    entries: &'a mut [ErrorEntry],
    len: usize,
}

impl<'a> Errors<'a> {
    pub(crate) fn new(entries: &'a mut [ErrorEntry]) -> Self {
        Self { entries, len: 0 }
    }

    /// Keeps an error for a socket to read.
    pub(crate) fn keep(&mut self, statistics: &mut Statistics, socket: Handle, error: &SocketError) {
        let entry = ErrorEntry {
            cause: error.cause,
            remote: PackedAddress::new(error.remote.ip()),
            reporter: PackedAddress::from(error.reporter),
            port: error.remote.port(),
            socket,
        };
        if let Some(free) = self.entries.get_mut(self.len) {
            *free = entry;
            self.len += 1;
            return;
        }
        if let Some(newest) = self.entries.iter_mut().rev().find(|entry| entry.socket == socket) {
            *newest = entry;
        }
        count(&mut statistics.errors_lost);
    }

    /// Takes the oldest error of a socket.
    pub(crate) fn take(&mut self, socket: Handle) -> Option<SocketError> {
        let waiting = self.entries.get_mut(..self.len)?;
        let index = waiting.iter().position(|entry| entry.socket == socket)?;
        let mut entry = ErrorEntry::EMPTY;
        for place in waiting.iter_mut().skip(index).rev() {
            core::mem::swap(place, &mut entry);
        }
        self.len -= 1;
        Some(SocketError {
            cause: entry.cause,
            remote: SocketAddr::new(entry.remote.get()?, entry.port),
            reporter: entry.reporter.get(),
        })
    }
}
