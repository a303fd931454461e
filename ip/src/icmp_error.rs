//! ICMP error messages, made and read: RFC 1122 §3.2.2, RFC 4443 §2.4 and §3.

use crate::{Addresses, Cast, IcmpError};
use core::net::IpAddr;

/// Why an error is to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// No transport knows the protocol.
    UnknownProtocol {
        /// Offset of the Protocol or Next Header field that names it, from the start of the IP header.
        pointer: u16,
    },
    /// Nobody listens at the port.
    PortUnreachable,
    /// Policy forbids it.
    Prohibited,
    /// There is no way to the destination (routers).
    HostUnreachable,
    /// The next link carries no packet of that size (routers); holds its MTU, in octets.
    TooBig(u16),
    /// The Hop Limit ran out (routers).
    HopLimitExceeded,
    /// Not all fragments came in time.
    ReassemblyTimeExceeded,
    /// A header field is wrong.
    BadField {
        /// Its offset from the start of the IP header, in octets.
        pointer: u16,
    },
    /// An IPv6 option that must not be skipped is not known.
    UnknownOption {
        /// Offset of the option's type, from the start of the IP header.
        pointer: u16,
        /// Whether a multicast destination is no reason to be silent: option type bits 10, not 11.
        even_if_multicast: bool,
    },
    /// The first fragment does not hold all headers, RFC 7112 §5.
    IncompleteChain,
}

/// The packet that an error is about, as received.
#[derive(Debug, Clone, Copy)]
pub struct Offender<'p> {
    /// The IP header, with IPv4 options; IPv6 extension headers may stand here or at the start of `rest`.
    pub header: &'p [u8],
    /// What follows `header`, without padding of the link.
    pub rest: &'p [u8],
    /// Whom the link or IP address meant, whichever is wider.
    pub cast: Cast,
    /// What the source address is on the interface: a directed broadcast or anycast address is not `Unicast`.
    pub source_cast: Cast,
}

/// Why no error is sent. Counted by the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Suppressed {
    /// The packet is an ICMP error, or an ICMPv6 Redirect.
    AboutError,
    /// The packet was for a group or for all.
    NotUnicast,
    /// Its source names no single host.
    Source,
    /// It is an IPv4 fragment, not the first.
    Fragment,
    /// It is no IP packet, or of a family that this build leaves out.
    NotIp,
}

/// An ICMP error ready to be written.
#[derive(Debug, Clone, Copy)]
pub struct Message<'p> {
    header: &'p [u8],
    rest: &'p [u8],
}

impl Message<'_> {
    /// Length of the ICMP message, in octets, without IP header.
    #[must_use]
    pub fn len(&self) -> usize {
        self.header.len() + self.rest.len()
    }

    /// Whether there is no message, which never is so.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whom it goes to: the offending packet's source.
    #[must_use]
    pub fn destination(&self) -> IpAddr {
        IpAddr::from([0; 4])
    }

    /// Writes the message into `buffer`, of [`Self::len`] octets, checksum included; `source` is the address that
    /// it is sent from.
    pub fn write(&self, source: IpAddr, buffer: &mut [u8]) {
        let _ = (source, buffer);
    }
}

/// Decides whether an error may be sent about a packet, and makes it.
///
/// # Errors
/// [`Suppressed`]: the RFCs forbid it.
pub fn make<'p>(offender: &Offender<'p>, reason: Reason) -> Result<Message<'p>, Suppressed> {
    let _ = (offender, reason);
    Err(Suppressed::NotIp)
}

/// A received ICMP error.
#[derive(Debug, Clone, Copy)]
pub struct Received<'p> {
    /// What is handed to the transports.
    pub error: IcmpError<'p>,
    /// Length of the quoted packet, in octets, as its header says.
    pub packet_len: u16,
    /// MTU that a too-big message reports, in octets; 0 if none.
    pub mtu: u32,
}

/// Reads the ICMP message of a packet with these addresses, whose checksum was verified. `None` if it is no error,
/// or quotes too little to find its sender.
#[must_use]
pub fn parse<'p>(addresses: &Addresses<'_>, message: &'p [u8]) -> Option<Received<'p>> {
    let _ = (addresses, message);
    None
}
