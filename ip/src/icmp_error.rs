//! ICMP error messages, made and read: RFC 1122 §3.2.2, RFC 4443 §2.4 and §3.
//!
//! [`make`] decides whether an error may be sent about a packet, and what it says; how often is for a
//! [`rate_limit::TokenBucket`](crate::rate_limit::TokenBucket). [`parse`] finds in a received error the packet of
//! ours that it is about.
//!
//! ```text
//!   IP header | ICMP header (8) | quote: header of the offending packet | as much of the rest as fits
//!   <-------------------- 576 octets at most (IPv4), 1280 (IPv6) ------------------------------------->
//! ```
//!
//! A datagram that nobody takes, what is said about it, and what its sender reads:
//! ```
//! use tersus_ip::icmp_error::{make, parse, Offender, Reason};
//! use tersus_ip::{Addresses, Cast, ErrorKind, PackedAddress};
//!
//! # if cfg!(not(feature = "ipv4")) { return Ok(()) }
//! let header = [0x45, 0, 0, 28, 0, 7, 0, 0, 64, 17, 0, 0, 192, 0, 2, 9, 192, 0, 2, 1];
//! let datagram = [0xc0, 0, 0, 53, 0, 8, 0, 0];
//! let offender = Offender { header: &header, rest: &datagram, cast: Cast::Unicast, source_cast: Cast::Unicast };
//! let error = make(&offender, Reason::PortUnreachable).expect("no reason not to");
//! assert_eq!(error.destination(), PackedAddress::new("192.0.2.9".parse()?)); // to its sender
//! let mut message = [0; 8 + 28];
//! assert_eq!(error.len(), message.len());
//! error.write(&PackedAddress::new("192.0.2.1".parse()?), &mut message);
//!
//! let received = parse(&Addresses::V4(&[192, 0, 2, 1, 192, 0, 2, 9]), &message).expect("an error").error;
//! assert_eq!((received.kind, received.quoted), (ErrorKind::PortUnreachable, &datagram[..]));
//! # Ok::<(), core::net::AddrParseError>(())
//! ```

use crate::{Addresses, Cast, ErrorKind, IcmpError, PackedAddress};
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
#[cfg(feature = "ipv6")]
use tersus_wire::icmpv6;
use tersus_wire::ipv6_ext::{Chain, Problem};
use tersus_wire::{icmpv4, IpProtocol};

const IPV4_HEADER_LEN: usize = 20;
const IPV6_HEADER_LEN: usize = 40;
const ICMP_HEADER_LEN: usize = 8;
/// Longest ICMPv4 message: RFC 1812 §4.3.2.3 lets the packet have 576 octets.
const IPV4_MESSAGE_MAX: usize = 576 - IPV4_HEADER_LEN;
/// Longest ICMPv6 message: RFC 4443 §2.4 (c) lets the packet have the smallest MTU.
const IPV6_MESSAGE_MAX: usize = 1280 - IPV6_HEADER_LEN;
/// The one informational message about which no error is sent, RFC 4443 §2.4 (e.2).
const REDIRECT: u8 = 137;
/// What of a quoted segment must be there, unless it was shorter: RFC 792; it holds the ports.
const QUOTED_MIN: usize = 8;

/// Why an error is to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// No transport knows the protocol.
    UnknownProtocol {
        /// Offset of the Next Header field that names it, from the start of the IPv6 header; IPv4 says no offset.
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
    /// What the walk along IPv6 extension headers found.
    Chain(Problem),
}

impl From<Problem> for Reason {
    fn from(problem: Problem) -> Self {
        Self::Chain(problem)
    }
}

impl Reason {
    /// RFC 4443 §2.4 (e.3): the two cases in which an error about a multicast packet is sent.
    fn is_for_multicast(self) -> bool {
        match self {
            Self::TooBig(_) => true,
            Self::Chain(problem) => problem.even_if_multicast,
            _ => false,
        }
    }
}

/// The packet that an error is about, as received.
#[derive(Debug, Clone, Copy)]
pub struct Offender<'p> {
    /// The IP header, with IPv4 options; IPv6 extension headers may stand here or at the start of `rest`, but the fixed
    /// header is here.
    pub header: &'p [u8],
    /// What follows `header`, without padding of the link.
    pub rest: &'p [u8],
    /// Whom the link or IP address meant, whichever is wider.
    pub cast: Cast,
    /// What the source address is on the interface: a directed broadcast or anycast address is not `Unicast`. What can
    /// be seen of the address alone is looked at here.
    pub source_cast: Cast,
}

/// Why no error is sent. Counted by the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Suppressed {
    /// The packet is an ICMP error, or an ICMPv6 Redirect.
    #[error("the packet is an ICMP error")]
    AboutError,
    /// The packet was for a group or for all.
    #[error("the packet was not unicast")]
    NotUnicast,
    /// Its source names no single host.
    #[error("the packet's source is no single host")]
    Source,
    /// It is an IPv4 fragment, not the first.
    #[error("the packet is a later fragment")]
    Fragment,
    /// It is no IP packet, or the reason does not exist in its family.
    #[error("no error exists for this packet")]
    NoSuchError,
}

/// An ICMP error ready to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Message<'p> {
    icmp_header: [u8; ICMP_HEADER_LEN],
    header: &'p [u8],
    rest: &'p [u8],
    destination: PackedAddress,
    addressed: PackedAddress,
}

impl Message<'_> {
    /// Length of the ICMP message, in octets, without IP header.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a message has a header")]
    pub fn len(&self) -> usize {
        ICMP_HEADER_LEN + self.header.len() + self.rest.len()
    }

    /// The same message, quoting less, so that it has `len` octets at most; the quoted header and eight octets stay.
    #[must_use]
    pub fn limited(mut self, len: usize) -> Self {
        let room = len.saturating_sub(ICMP_HEADER_LEN + self.header.len()).max(QUOTED_MIN);
        self.rest = self.rest.get(..room).unwrap_or(self.rest);
        self
    }

    /// Whom it goes to: the offending packet's source.
    #[must_use]
    pub fn destination(&self) -> PackedAddress {
        self.destination
    }

    /// Whom the offending packet was addressed to: the source of the error if that is an address of ours (RFC 4443 §2.2),
    /// else one of the interface is chosen.
    #[must_use]
    pub fn addressed(&self) -> PackedAddress {
        self.addressed
    }

    /// The protocol that it is sent as.
    #[must_use]
    pub fn protocol(&self) -> IpProtocol {
        if self.destination.is_ipv4() {
            IpProtocol::ICMPV4
        } else {
            IpProtocol::ICMPV6
        }
    }

    /// Writes the message into `buffer`, of [`Self::len`] octets, checksum included; `source` is the address that it is
    /// sent from.
    pub fn write(&self, source: &PackedAddress, buffer: &mut [u8]) {
        let mut octets = buffer.iter_mut();
        for part in [&self.icmp_header[..], self.header, self.rest] {
            for (from, to) in part.iter().zip(octets.by_ref()) {
                *to = *from;
            }
        }
        match (source.get(), self.destination.get()) {
            #[cfg(feature = "ipv6")]
            (Some(IpAddr::V6(source)), Some(IpAddr::V6(destination))) => {
                icmpv6::fill_checksum(source, destination, buffer);
            }
            _ => icmpv4::fill_checksum(buffer),
        }
    }
}

/// Decides whether an error may be sent about a packet, and makes it.
///
/// # Errors
/// [`Suppressed`]: the RFCs forbid it.
pub fn make<'p>(offender: &Offender<'p>, reason: Reason) -> Result<Message<'p>, Suppressed> {
    if offender.source_cast != Cast::Unicast {
        return Err(Suppressed::Source);
    }
    match offender.header.first().map(|octet| octet >> 4) {
        Some(4) if cfg!(feature = "ipv4") => make_ipv4(offender, reason),
        Some(6) if cfg!(feature = "ipv6") => make_ipv6(offender, reason),
        _ => Err(Suppressed::NoSuchError),
    }
}

/// RFC 1122 §3.2.2.
fn make_ipv4<'p>(offender: &Offender<'p>, reason: Reason) -> Result<Message<'p>, Suppressed> {
    let fixed: &[u8; IPV4_HEADER_LEN] = offender.header.first_chunk().ok_or(Suppressed::NoSuchError)?;
    let source = Ipv4Addr::new(fixed[12], fixed[13], fixed[14], fixed[15]);
    let destination = Ipv4Addr::new(fixed[16], fixed[17], fixed[18], fixed[19]);
    let is_group = destination.is_multicast() || destination.is_broadcast();
    if offender.cast != Cast::Unicast || is_group {
        return Err(Suppressed::NotUnicast);
    }
    // 0/8, 127/8 and everything from 224/4 on name no single host.
    if matches!(source.octets(), [0 | 127 | 224..=255, ..]) {
        return Err(Suppressed::Source);
    }
    if u16::from_be_bytes([fixed[6], fixed[7]]) & 0x1fff != 0 {
        return Err(Suppressed::Fragment);
    }
    if IpProtocol(fixed[9]) == IpProtocol::ICMPV4 {
        // Without a type it could be an error.
        if matches!(offender.rest.first(), None | Some(3..=5 | 11 | 12)) {
            return Err(Suppressed::AboutError);
        }
    }
    let icmp_header = ipv4_header(reason).ok_or(Suppressed::NoSuchError)?;
    let room = IPV4_MESSAGE_MAX.saturating_sub(ICMP_HEADER_LEN + offender.header.len());
    Ok(Message {
        icmp_header,
        header: offender.header,
        rest: offender.rest.get(..room).unwrap_or(offender.rest),
        destination: PackedAddress::v4(source),
        addressed: PackedAddress::v4(destination),
    })
}

/// Type, code and second word: RFC 792, RFC 1122 §3.2.2.1, RFC 1191 §4.
fn ipv4_header(reason: Reason) -> Option<[u8; ICMP_HEADER_LEN]> {
    Some(match reason {
        Reason::HostUnreachable => header(3, 1, 0),
        Reason::UnknownProtocol { .. } => header(3, 2, 0),
        Reason::PortUnreachable => header(3, 3, 0),
        Reason::TooBig(mtu) => header(3, 4, u32::from(mtu)),
        Reason::Prohibited => header(3, 10, 0),
        Reason::HopLimitExceeded => header(11, 0, 0),
        Reason::ReassemblyTimeExceeded => header(11, 1, 0),
        Reason::BadField { pointer } => header(12, 0, u32::from(u8::try_from(pointer).ok()?) << 24),
        Reason::Chain(_) => return None,
    })
}

fn header(kind: u8, code: u8, word: u32) -> [u8; ICMP_HEADER_LEN] {
    let [a, b, c, d] = word.to_be_bytes();
    [kind, code, 0, 0, a, b, c, d]
}

/// RFC 4443 §2.4 (e).
pub(crate) fn make_ipv6<'p>(offender: &Offender<'p>, reason: Reason) -> Result<Message<'p>, Suppressed> {
    let fixed: &[u8; IPV6_HEADER_LEN] = offender.header.first_chunk().ok_or(Suppressed::NoSuchError)?;
    let Some((source, destination)) = ipv6_addresses(fixed) else { return Err(Suppressed::NoSuchError) };
    let is_group = destination.is_multicast() || offender.cast != Cast::Unicast;
    if is_group && !reason.is_for_multicast() {
        return Err(Suppressed::NotUnicast);
    }
    if source.is_unspecified() || source.is_loopback() || source.is_multicast() {
        return Err(Suppressed::Source);
    }
    let message_type = ipv6_message_type(IpProtocol(fixed[6]), offender);
    if matches!(message_type, Some(0..=127 | REDIRECT)) {
        return Err(Suppressed::AboutError);
    }
    let room = IPV6_MESSAGE_MAX - ICMP_HEADER_LEN;
    let header = offender.header.get(..room).unwrap_or(offender.header);
    let room = room - header.len();
    Ok(Message {
        icmp_header: ipv6_header(reason),
        header,
        rest: offender.rest.get(..room).unwrap_or(offender.rest),
        destination: PackedAddress::v6(source),
        addressed: PackedAddress::v6(destination),
    })
}

/// Type, code and second word: RFC 4443 §3.
fn ipv6_header(reason: Reason) -> [u8; ICMP_HEADER_LEN] {
    match reason {
        Reason::Prohibited => header(1, 1, 0),
        Reason::HostUnreachable => header(1, 3, 0),
        Reason::PortUnreachable => header(1, 4, 0),
        Reason::TooBig(mtu) => header(2, 0, u32::from(mtu)),
        Reason::HopLimitExceeded => header(3, 0, 0),
        Reason::ReassemblyTimeExceeded => header(3, 1, 0),
        Reason::BadField { pointer } => header(4, 0, u32::from(pointer)),
        Reason::UnknownProtocol { pointer } => header(4, 1, u32::from(pointer)),
        Reason::Chain(found) => header(4, u8::from(found.code), u32::from(found.pointer)),
    }
}

fn ipv6_addresses(fixed: &[u8; IPV6_HEADER_LEN]) -> Option<(Ipv6Addr, Ipv6Addr)> {
    let (_, addresses) = fixed.split_first_chunk::<8>()?;
    let (source, destination) = addresses.split_first_chunk::<16>()?;
    Some((Ipv6Addr::from(*source), Ipv6Addr::from(*destination.first_chunk::<16>()?)))
}

/// The type of the ICMPv6 message that a packet holds, if its chain leads to one. A message without a type counts as one
/// of type 0, an error.
fn ipv6_message_type(next_header: IpProtocol, offender: &Offender<'_>) -> Option<u8> {
    let extensions = offender.header.get(IPV6_HEADER_LEN..).unwrap_or(&[]);
    // A chain that stands in the header may end there, with the message at the start of the rest.
    let chain = if extensions.is_empty() { offender.rest } else { extensions };
    let end = Chain::new(next_header, chain).to_end().ok()?;
    if end.protocol() != IpProtocol::ICMPV6 || end.is_later_fragment() {
        return None;
    }
    let message = if end.rest().is_empty() && !extensions.is_empty() { offender.rest } else { end.rest() };
    Some(message.first().copied().unwrap_or(0))
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

/// Reads the ICMP message of a packet with these addresses, whose checksum was verified. `None` if it is no error that a
/// transport is told of, or quotes too little to find the sender: less than the headers and eight octets behind them,
/// where the packet had so many.
///
/// The caller checks that `local` is an address of ours before it believes anything.
#[must_use]
pub fn parse<'p>(addresses: &Addresses<'_>, message: &'p [u8]) -> Option<Received<'p>> {
    match addresses {
        Addresses::V4(_) if cfg!(feature = "ipv4") => parse_ipv4(addresses.source(), message),
        Addresses::V6(_) if cfg!(feature = "ipv6") => parse_ipv6(addresses.source(), message),
        _ => None,
    }
}

/// Codes of RFC 792, RFC 1122 §3.2.2.1, RFC 1812 §5.2.7.1.
fn parse_ipv4(reporter: IpAddr, message: &[u8]) -> Option<Received<'_>> {
    let ([kind, code, _, _, _, words, m0, m1], body) = message.split_first_chunk::<ICMP_HEADER_LEN>()?;
    let mut mtu = 0;
    let kind = match (kind, code) {
        (3, 0 | 1 | 5..=8 | 11 | 12) => ErrorKind::HostUnreachable,
        (3, 2) => ErrorKind::ProtocolUnreachable,
        (3, 3) => ErrorKind::PortUnreachable,
        (3, 4) => {
            mtu = u16::from_be_bytes([*m0, *m1]);
            ErrorKind::TooBig(mtu)
        }
        (3, 9 | 10 | 13) => ErrorKind::Prohibited,
        (11, 0) => ErrorKind::HopLimitExceeded,
        (11, 1) => ErrorKind::ReassemblyTimeExceeded,
        (12, _) => ErrorKind::ParameterProblem,
        (3 | 11, code) => ErrorKind::Other(*kind, *code),
        // Redirects are for routing; Source Quench is discarded (RFC 6633 §3).
        _ => return None,
    };
    let quote = without_extensions(body, usize::from(*words) * 4);
    let (header, _) = quote.split_first_chunk::<IPV4_HEADER_LEN>()?;
    let header_len = usize::from(header[0] & 0x0f) * 4;
    let is_first = u16::from_be_bytes([header[6], header[7]]) & 0x1fff == 0;
    if header[0] >> 4 != 4 || header_len < IPV4_HEADER_LEN || !is_first {
        return None;
    }
    let packet_len = u16::from_be_bytes([header[2], header[3]]);
    let error = IcmpError {
        kind,
        reporter,
        local: IpAddr::from([header[12], header[13], header[14], header[15]]),
        remote: IpAddr::from([header[16], header[17], header[18], header[19]]),
        protocol: IpProtocol(header[9]),
        quoted: enough(quote.get(header_len..)?, quote.len(), packet_len)?,
    };
    Some(Received { error, packet_len, mtu: u32::from(mtu) })
}

/// Codes of RFC 4443 §3.
fn parse_ipv6(reporter: IpAddr, message: &[u8]) -> Option<Received<'_>> {
    let ([kind, code, _, _, m0, m1, m2, m3], body) = message.split_first_chunk::<ICMP_HEADER_LEN>()?;
    let mut reported = 0;
    let kind = match (kind, code) {
        (1, 0 | 2 | 3) => ErrorKind::HostUnreachable,
        (1, 1 | 5 | 6) => ErrorKind::Prohibited,
        (1, 4) => ErrorKind::PortUnreachable,
        (2, _) => {
            reported = u32::from_be_bytes([*m0, *m1, *m2, *m3]);
            ErrorKind::TooBig(u16::try_from(reported).unwrap_or(u16::MAX))
        }
        (3, 0) => ErrorKind::HopLimitExceeded,
        (3, 1) => ErrorKind::ReassemblyTimeExceeded,
        (4, 1) => ErrorKind::ProtocolUnreachable,
        (4, _) => ErrorKind::ParameterProblem,
        // Types below 128 that nobody has defined yet are passed on too (RFC 4443 §2.4 (a)).
        (0..=127, code) => ErrorKind::Other(*kind, *code),
        _ => return None,
    };
    let words = if matches!(message.first(), Some(1 | 3)) { *m0 } else { 0 };
    let quote = without_extensions(body, usize::from(words) * 8);
    let (fixed, payload) = quote.split_first_chunk::<IPV6_HEADER_LEN>()?;
    if fixed[0] >> 4 != 6 {
        return None;
    }
    let (local, remote) = ipv6_addresses(fixed)?;
    // RFC 4443 §2.4 (d): without a way to the upper-layer header the error is dropped.
    let end = Chain::new(IpProtocol(fixed[6]), payload).to_end().ok()?;
    if end.is_later_fragment() {
        return None;
    }
    let packet_len = u16::from_be_bytes([fixed[4], fixed[5]]).saturating_add(40);
    let error = IcmpError {
        kind,
        reporter,
        local: IpAddr::V6(local),
        remote: IpAddr::V6(remote),
        protocol: end.protocol(),
        quoted: enough(end.rest(), quote.len(), packet_len)?,
    };
    Some(Received { error, packet_len, mtu: reported })
}

/// The quote of an error, behind which extensions may follow if the message says how long it is: RFC 4884 §4.
fn without_extensions(body: &[u8], len: usize) -> &[u8] {
    match len {
        0 => body,
        len => body.get(..len).unwrap_or(body),
    }
}

/// The quoted segment, if it has eight octets or is all of a shorter one.
fn enough(quoted: &[u8], quote_len: usize, packet_len: u16) -> Option<&[u8]> {
    (quoted.len() >= QUOTED_MIN || quote_len >= usize::from(packet_len)).then_some(quoted)
}

// The tables of the tests list both families.
#[cfg(test)]
#[cfg(all(feature = "ipv4", feature = "ipv6"))]
mod tests;

#[cfg(test)]
#[cfg(not(all(feature = "ipv4", feature = "ipv6")))]
mod tests_of_one_family {
    use super::*;

    #[test]
    fn of_the_family_left_out_nothing_is_made_or_read() {
        let mut ipv4 = [0x45; 28];
        ipv4[6..12].fill(0);
        let mut ipv6 = [0x60; 48];
        ipv6[6] = 17;
        // packet, header length, whether its family is in, how the errors start
        for (packet, header_len, is_in, start) in
            [(&ipv4[..], 20, cfg!(feature = "ipv4"), [3, 3]), (&ipv6, 40, cfg!(feature = "ipv6"), [1, 4])]
        {
            let (header, rest) = packet.split_at(header_len);
            let offender = Offender { header, rest, cast: Cast::Unicast, source_cast: Cast::Unicast };
            assert_eq!(make(&offender, Reason::PortUnreachable).is_ok(), is_in);
            let mut message = [0; 56];
            message[..2].copy_from_slice(&start);
            message[8..8 + packet.len()].copy_from_slice(packet);
            let addresses = if header_len == 20 { Addresses::V4(&[9; 8]) } else { Addresses::V6(&[9; 32]) };
            assert_eq!(parse(&addresses, &message).is_some(), is_in);
        }
    }
}
