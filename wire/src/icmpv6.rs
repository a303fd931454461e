//! ICMPv6, RFC 4443: echo, and the error messages that quote the packet they are about.
//!
//! ```text
//!   0               1               2               3
//!   +---------------+---------------+---------------+---------------+
//!   |     Type      |     Code      |           Checksum            |
//!   +---------------+---------------+---------------+---------------+
//!   |   depends on the type: identifier and sequence number, MTU,   |
//!   |   pointer; octet 4: length of the quote (RFC 4884)            |
//!   +---------------+---------------+---------------+---------------+
//!   |   data of an echo, or the start of the offending packet       |
//! ```
//!
//! Types below 128 are errors; behind their quotes may follow the extensions of RFC 4884, [`Packet::extensions`].
//! Neighbour discovery and duplicate address messages are in [`ndisc`], multicast listener discovery in
//! [`mld`], RPL in [`rpl`], extended echo in [`icmp_ext`].
//!
//! ```
//! use tersus_wire::icmpv6::{Packet, Repr};
//!
//! let (source, destination) = ("2001:db8::1".parse()?, "2001:db8::2".parse()?); // the checksum covers them
//! let request = Repr::EchoRequest { identifier: 7, sequence: 1, data: b"ping" };
//! let mut message = [0; 12];
//! request.emit(source, destination, &mut message)?;
//!
//! let packet = Packet::parse(&message)?;
//! assert!(packet.is_checksum_valid(source, destination));
//! assert_eq!(Repr::parse(&packet)?, request);
//! assert_eq!(packet.to_string(), "ICMPv6 echo request id 7 seq 1 len 4");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod code;

use crate::checksum::{self, Sum};
use crate::icmp_ext::{self, ExtendedEcho, Extensions, Object};
pub use crate::icmpv4::TimeExceededCode;
use crate::ip::pseudo_header;
use crate::put::Put;
use crate::{mld, ndisc, rpl, Error, IpProtocol};
pub use code::{ProblemCode, Type, UnreachableCode};
use core::fmt;
use core::net::{IpAddr, Ipv6Addr};

/// Length of type, code and checksum, which all messages have, in octets.
pub const COMMON_LEN: usize = 4;
/// Length of the header that echo and error messages have, in octets.
pub const HEADER_LEN: usize = 8;

/// A view of any message.
#[derive(Debug, Clone, Copy)]
pub struct Packet<'a> {
    bytes: &'a [u8],
    common: &'a [u8; COMMON_LEN],
    body: &'a [u8],
}

impl<'a> Packet<'a> {
    /// Splits a message. The checksum is not verified: see [`Self::is_checksum_valid`].
    ///
    /// # Errors
    /// `Truncated` below four octets.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        let (common, body) =
            bytes.split_first_chunk().ok_or_else(|| Error::truncated(COMMON_LEN, bytes.len()))?;
        Ok(Self { bytes, common, body })
    }

    /// Type.
    #[must_use]
    pub fn message_type(&self) -> Type {
        Type::from(self.common[0])
    }

    /// Code.
    #[must_use]
    pub fn code(&self) -> u8 {
        self.common[1]
    }

    /// Checksum, as it stands.
    #[must_use]
    pub fn checksum(&self) -> u16 {
        u16::from_be_bytes([self.common[2], self.common[3]])
    }

    /// Whether the checksum is right for a packet between these addresses (RFC 4443 §2.3).
    #[must_use]
    pub fn is_checksum_valid(&self, source: Ipv6Addr, destination: Ipv6Addr) -> bool {
        sum(source, destination, self.bytes.len()).add_bytes(self.bytes).is_valid()
    }

    /// All that follows the checksum.
    #[must_use]
    pub fn body(&self) -> &'a [u8] {
        self.body
    }

    /// The quoted packet of an error message: what follows the eight octets of header, or as much of it as the
    /// length field of RFC 4884 §4 says, behind which extensions follow. Empty if there is none.
    #[must_use]
    pub fn quote(&self) -> &'a [u8] {
        let Some((header, quote)) = self.body.split_first_chunk::<4>() else { return &[] };
        let words = match self.message_type() {
            Type::DESTINATION_UNREACHABLE | Type::TIME_EXCEEDED => header[0],
            _ => 0,
        };
        match words {
            0 => quote,
            words => quote.get(..usize::from(words) * 8).unwrap_or(quote),
        }
    }

    /// The extension structure that senders from before RFC 4884 put behind 128 octets of quote, without a length that says
    /// so, §5.5; `None` if there is none that has a right checksum. By default such octets belong to the quote: ask for them
    /// only where the user wants that.
    #[must_use]
    pub fn extensions_without_length(&self) -> Option<Extensions<'a>> {
        let (header, body) = self.body.split_first_chunk::<4>()?;
        match self.message_type() {
            Type::DESTINATION_UNREACHABLE | Type::TIME_EXCEEDED => {
                Extensions::without_length(body, usize::from(header[0]))
            }
            _ => None,
        }
    }

    /// The extension structure behind the quote of an error message, RFC 4884 §4; `None` if there is none, and where no length
    /// says where the quote ends (§5.4).
    ///
    /// # Errors
    /// As [`Extensions::parse`].
    #[must_use]
    pub fn extensions(&self) -> Option<Result<Extensions<'a>, Error>> {
        let (header, body) = self.body.split_first_chunk::<4>()?;
        match self.message_type() {
            Type::DESTINATION_UNREACHABLE | Type::TIME_EXCEEDED => {
                Extensions::behind_quote(body, usize::from(header[0]) * 8)
            }
            _ => None,
        }
    }
}

impl fmt::Display for Packet<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Ok(repr) = Repr::parse(self) {
            fmt::Display::fmt(&repr, f)?;
        } else if let Ok(message) = ndisc::Message::parse(self.common[0], self.code(), self.body) {
            write!(f, "ICMPv6 {message}")?;
        } else if let Ok(message) =
            mld::Packet::parse(self.bytes).and_then(|packet| mld::Repr::parse(&packet))
        {
            fmt::Display::fmt(&message, f)?;
        } else if let Ok(message) = ndisc::DuplicateAddress::parse(self) {
            write!(f, "ICMPv6 {message}")?;
        } else if let Ok(packet) = rpl::Packet::parse(self.bytes) {
            fmt::Display::fmt(&packet, f)?;
        } else if let Ok(echo) = ExtendedEcho::parse_v6(self) {
            write!(f, "ICMPv6 {echo}")?;
        } else {
            write!(f, "ICMPv6 {} code {} len {}", self.message_type(), self.code(), self.body.len())?;
        }
        match self.extensions() {
            Some(Ok(extensions)) => write!(f, ", {extensions}"),
            Some(Err(error)) => write!(f, ", extensions: {error}"),
            None => Ok(()),
        }
    }
}

/// An echo or error message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub enum Repr<'a> {
    /// Destination Unreachable, RFC 4443 §3.1.
    DestinationUnreachable {
        /// Why.
        code: UnreachableCode,
        /// The start of the packet that it is about.
        quote: &'a [u8],
    },
    /// Packet Too Big, RFC 4443 §3.2; any code.
    PacketTooBig {
        /// MTU of the next hop's link, in octets.
        mtu: u32,
        /// The start of the packet that it is about.
        quote: &'a [u8],
    },
    /// Time Exceeded, RFC 4443 §3.3.
    TimeExceeded {
        /// Which time.
        code: TimeExceededCode,
        /// The start of the packet that it is about.
        quote: &'a [u8],
    },
    /// Parameter Problem, RFC 4443 §3.4.
    ParameterProblem {
        /// What is wrong.
        code: ProblemCode,
        /// Offset of the wrong octet in the quoted packet.
        pointer: u32,
        /// The start of the packet that it is about.
        quote: &'a [u8],
    },
    /// Echo Request, RFC 4443 §4.1; any code.
    EchoRequest {
        /// Identifier.
        identifier: u16,
        /// Sequence Number.
        sequence: u16,
        /// What the reply returns.
        data: &'a [u8],
    },
    /// Echo Reply, RFC 4443 §4.2; any code.
    EchoReply {
        /// Identifier of the request.
        identifier: u16,
        /// Sequence Number of the request.
        sequence: u16,
        /// Data of the request.
        data: &'a [u8],
    },
}

impl<'a> Repr<'a> {
    /// The message's meaning. The checksum is not looked at.
    ///
    /// # Errors
    /// `Truncated` below eight octets; `Unknown`, with the type, for all other messages.
    pub fn parse(packet: &Packet<'a>) -> Result<Self, Error> {
        let (code, quote) = (packet.code(), packet.quote());
        let (rest, data) = packet
            .body()
            .split_first_chunk::<4>()
            .ok_or_else(|| Error::truncated(HEADER_LEN, packet.bytes.len()))?;
        let number = u32::from_be_bytes(*rest);
        let identifier = u16::from_be_bytes([rest[0], rest[1]]);
        let sequence = u16::from_be_bytes([rest[2], rest[3]]);
        Ok(match packet.message_type() {
            Type::DESTINATION_UNREACHABLE => {
                Self::DestinationUnreachable { code: UnreachableCode::from(code), quote }
            }
            Type::PACKET_TOO_BIG => Self::PacketTooBig { mtu: number, quote },
            Type::TIME_EXCEEDED => Self::TimeExceeded { code: TimeExceededCode::from(code), quote },
            Type::PARAMETER_PROBLEM => {
                Self::ParameterProblem { code: ProblemCode::from(code), pointer: number, quote }
            }
            Type::ECHO_REQUEST => Self::EchoRequest { identifier, sequence, data },
            Type::ECHO_REPLY => Self::EchoReply { identifier, sequence, data },
            other => return Err(Error::Unknown(u8::from(other))),
        })
    }

    /// The type and code that it is sent with.
    #[must_use]
    pub fn type_and_code(&self) -> (Type, u8) {
        match *self {
            Self::DestinationUnreachable { code, .. } => (Type::DESTINATION_UNREACHABLE, u8::from(code)),
            Self::PacketTooBig { .. } => (Type::PACKET_TOO_BIG, 0),
            Self::TimeExceeded { code, .. } => (Type::TIME_EXCEEDED, u8::from(code)),
            Self::ParameterProblem { code, .. } => (Type::PARAMETER_PROBLEM, u8::from(code)),
            Self::EchoRequest { .. } => (Type::ECHO_REQUEST, 0),
            Self::EchoReply { .. } => (Type::ECHO_REPLY, 0),
        }
    }

    /// The data of an echo, the quote of an error.
    #[must_use]
    pub fn body(&self) -> &'a [u8] {
        match *self {
            Self::EchoRequest { data, .. } | Self::EchoReply { data, .. } => data,
            Self::DestinationUnreachable { quote, .. }
            | Self::PacketTooBig { quote, .. }
            | Self::TimeExceeded { quote, .. }
            | Self::ParameterProblem { quote, .. } => quote,
        }
    }

    /// Length of the message, in octets.
    #[must_use]
    pub fn buffer_len(&self) -> usize {
        HEADER_LEN + self.body().len()
    }

    /// The eight octets in front of the body, checksum zero.
    #[must_use]
    pub fn header(&self) -> [u8; HEADER_LEN] {
        let (kind, code) = self.type_and_code();
        let [a, b, c, d] = match *self {
            Self::EchoRequest { identifier, sequence, .. } | Self::EchoReply { identifier, sequence, .. } => {
                let [a, b] = identifier.to_be_bytes();
                let [c, d] = sequence.to_be_bytes();
                [a, b, c, d]
            }
            Self::PacketTooBig { mtu, .. } => mtu.to_be_bytes(),
            Self::ParameterProblem { pointer, .. } => pointer.to_be_bytes(),
            Self::DestinationUnreachable { .. } | Self::TimeExceeded { .. } => [0; 4],
        };
        [u8::from(kind), code, 0, 0, a, b, c, d]
    }

    /// Writes the message, checksum included; returns its length.
    ///
    /// # Errors
    /// `NoRoom` if the buffer is shorter than [`Self::buffer_len`].
    pub fn emit(&self, source: Ipv6Addr, destination: Ipv6Addr, buffer: &mut [u8]) -> Result<usize, Error> {
        let (need, have) = (self.buffer_len(), buffer.len());
        let message = buffer.get_mut(..need).ok_or_else(|| Error::no_room(need, have))?;
        let (header, body) =
            message.split_first_chunk_mut::<HEADER_LEN>().ok_or_else(|| Error::no_room(need, have))?;
        *header = self.header();
        for (to, from) in body.iter_mut().zip(self.body()) {
            *to = *from;
        }
        fill_checksum(source, destination, message);
        Ok(need)
    }

    /// Length of the message with these extensions, in octets: the quote is padded to 128 octets at least, and to a
    /// multiple of eight.
    #[must_use]
    pub fn buffer_len_with_extensions(&self, extensions: &[Object<'_>]) -> usize {
        let quote_len = self.body().len().max(icmp_ext::QUOTE_LEN_MIN).div_ceil(8) * 8;
        HEADER_LEN + quote_len + icmp_ext::buffer_len(extensions)
    }

    /// Writes an error message with extensions behind its quote, RFC 4884 §4; returns its length.
    ///
    /// # Errors
    /// `NoRoom` if the buffer is shorter than [`Self::buffer_len_with_extensions`]; `Unrepresentable` for other messages
    /// than Destination Unreachable and Time Exceeded, a quote above 2,040 octets, or an object that cannot be
    /// expressed.
    pub fn emit_with_extensions(
        &self,
        source: Ipv6Addr,
        destination: Ipv6Addr,
        extensions: &[Object<'_>],
        buffer: &mut [u8],
    ) -> Result<usize, Error> {
        let (Self::DestinationUnreachable { quote, .. } | Self::TimeExceeded { quote, .. }) = *self else {
            return Err(Error::Unrepresentable);
        };
        let units = icmp_ext::quote_units(quote.len(), 8).ok_or(Error::Unrepresentable)?;
        let need = self.buffer_len_with_extensions(extensions);
        let mut out = Put::new(buffer, need)?;
        let [kind, code, _, _, _, b, c, d] = self.header();
        out.octets(&[kind, code, 0, 0, units, b, c, d]);
        out.octets(quote);
        out.zeros();
        let at = HEADER_LEN + usize::from(units) * 8;
        icmp_ext::emit(extensions, buffer.get_mut(at..need).unwrap_or_default())?;
        fill_checksum(source, destination, buffer.get_mut(..need).unwrap_or_default());
        Ok(need)
    }
}

impl fmt::Display for Repr<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ICMPv6 {}", self.type_and_code().0)?;
        match self {
            Self::EchoRequest { identifier, sequence, data }
            | Self::EchoReply { identifier, sequence, data } => {
                write!(f, " id {identifier} seq {sequence} len {}", data.len())
            }
            Self::DestinationUnreachable { code, quote } => write!(f, " {code:?} quoting {}", quote.len()),
            Self::PacketTooBig { mtu, quote } => write!(f, " mtu {mtu} quoting {}", quote.len()),
            Self::TimeExceeded { code, quote } => write!(f, " {code:?} quoting {}", quote.len()),
            Self::ParameterProblem { code, pointer, quote } => {
                write!(f, " {code:?} at octet {pointer} quoting {}", quote.len())
            }
        }
    }
}

/// Sum over the pseudo-header of a message of `len` octets, RFC 4443 §2.3.
fn sum(source: Ipv6Addr, destination: Ipv6Addr, len: usize) -> Sum {
    let len = u32::try_from(len).unwrap_or(u32::MAX);
    pseudo_header(IpAddr::V6(source), IpAddr::V6(destination), IpProtocol::ICMPV6, len)
}

/// Computes the checksum of a whole message between these addresses and writes it into its field. Messages below
/// four octets stay as they are.
pub fn fill_checksum(source: Ipv6Addr, destination: Ipv6Addr, message: &mut [u8]) {
    let pseudo = sum(source, destination, message.len());
    let Some((common, body)) = message.split_first_chunk_mut::<COMMON_LEN>() else { return };
    [common[2], common[3]] = [0, 0];
    let checksum = pseudo.add_bytes(&*common).add_bytes(body).checksum();
    [common[2], common[3]] = checksum.to_be_bytes();
}

/// Turns an echo request into its reply, to be sent with the addresses exchanged: type and code change, the checksum is
/// updated (RFC 1624), the rest stays. A wrong checksum stays wrong. If the reply leaves from another address than the
/// request went to, [`readdress_in_place`] follows.
///
/// # Errors
/// `Truncated` below eight octets; `Unknown` if it is no echo request.
pub fn echo_reply_in_place(message: &mut [u8]) -> Result<(), Error> {
    let have = message.len();
    let header = message.first_chunk_mut::<HEADER_LEN>().ok_or_else(|| Error::truncated(HEADER_LEN, have))?;
    if Type::from(header[0]) != Type::ECHO_REQUEST {
        return Err(Error::Unknown(header[0]));
    }
    let old = u16::from_be_bytes([header[0], header[1]]);
    let checksum = u16::from_be_bytes([header[2], header[3]]);
    let new = [u8::from(Type::ECHO_REPLY), 0];
    [header[0], header[1]] = new;
    [header[2], header[3]] = checksum::update(checksum, old, u16::from_be_bytes(new)).to_be_bytes();
    Ok(())
}

/// Updates the checksum for a pseudo-header in which one address changes from `old` to `new`, as for the reply to a
/// multicast echo request. Messages below four octets stay as they are.
pub fn readdress_in_place(message: &mut [u8], old: Ipv6Addr, new: Ipv6Addr) {
    let Some(common) = message.first_chunk_mut::<COMMON_LEN>() else { return };
    let mut checksum = u16::from_be_bytes([common[2], common[3]]);
    for (old, new) in old.segments().into_iter().zip(new.segments()) {
        checksum = checksum::update(checksum, old, new);
    }
    [common[2], common[3]] = checksum.to_be_bytes();
}

#[cfg(test)]
mod tests {
    extern crate alloc;
    use super::*;
    use alloc::string::ToString;
    use alloc::vec::Vec;

    const SOURCE: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1);
    const DESTINATION: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 1, 0, 0, 0, 0, 2);

    fn all() -> [Repr<'static>; 7] {
        let quote = &[0x60; 48];
        [
            Repr::DestinationUnreachable { code: UnreachableCode::Port, quote },
            Repr::DestinationUnreachable { code: UnreachableCode::Unknown(9), quote },
            Repr::PacketTooBig { mtu: 0x1234_5678, quote },
            Repr::TimeExceeded { code: TimeExceededCode::Reassembly, quote },
            Repr::ParameterProblem { code: ProblemCode::NextHeader, pointer: 6, quote },
            Repr::EchoRequest { identifier: 0x1234, sequence: 7, data: b"odd" },
            Repr::EchoReply { identifier: 0xffff, sequence: 0xffff, data: b"" },
        ]
    }

    fn emitted(repr: &Repr<'_>) -> Vec<u8> {
        let mut buffer = [0xaa; 100];
        let len = repr.emit(SOURCE, DESTINATION, &mut buffer).unwrap();
        assert_eq!(len, repr.buffer_len());
        assert_eq!(buffer[len], 0xaa, "wrote beyond the message");
        buffer[..len].to_vec()
    }

    // conf: ICM-V6-01
    #[test]
    fn what_is_emitted_parses_to_the_same_and_the_checksum_covers_the_pseudo_header() {
        for repr in all() {
            let mut bytes = emitted(&repr);
            let packet = Packet::parse(&bytes).unwrap();
            assert!(packet.is_checksum_valid(SOURCE, DESTINATION));
            assert!(packet.is_checksum_valid(DESTINATION, SOURCE), "a sum does not know the order");
            assert!(!packet.is_checksum_valid(SOURCE, SOURCE));
            assert!(!Sum::new().add_bytes(&bytes).is_valid(), "without pseudo-header it is wrong");
            assert_eq!(Repr::parse(&packet), Ok(repr));
            for bit in 0..bytes.len() * 8 {
                bytes[bit / 8] ^= 1 << (bit % 8);
                assert!(!Packet::parse(&bytes).unwrap().is_checksum_valid(SOURCE, DESTINATION));
                bytes[bit / 8] ^= 1 << (bit % 8);
            }
            for len in 0..bytes.len() {
                assert!(repr.emit(SOURCE, DESTINATION, &mut [0; 64][..len]).is_err());
                match Packet::parse(&bytes[..len]) {
                    Ok(packet) => {
                        assert_eq!(Repr::parse(&packet).is_err(), len < 8, "length {len}");
                        drop((packet.quote(), packet.to_string()));
                    }
                    Err(error) => assert_eq!((error, len < 4), (Error::truncated(4, len), true)),
                }
            }
        }
    }

    #[test]
    fn the_octets_are_those_of_the_figures() {
        let too_big = Repr::PacketTooBig { mtu: 1280, quote: &[] };
        assert_eq!(too_big.header(), [2, 0, 0, 0, 0, 0, 5, 0]);
        let problem = Repr::ParameterProblem { code: ProblemCode::Option, pointer: 42, quote: &[] };
        assert_eq!(problem.header(), [4, 2, 0, 0, 0, 0, 0, 42]);
    }

    // conf: ICM-ECH-06, ICM-ECH-10
    #[test]
    fn a_request_becomes_its_reply_in_place_with_the_addresses_exchanged() {
        for len in [0, 1, 2, 55, 56] {
            let data = [0x5a; 56];
            let mut bytes = emitted(&Repr::EchoRequest { identifier: 9, sequence: 8, data: &data[..len] });
            bytes[1] = 3;
            fill_checksum(SOURCE, DESTINATION, &mut bytes);
            echo_reply_in_place(&mut bytes).unwrap();
            let packet = Packet::parse(&bytes).unwrap();
            assert!(packet.is_checksum_valid(DESTINATION, SOURCE), "length {len}");
            let want = Repr::EchoReply { identifier: 9, sequence: 8, data: &data[..len] };
            assert_eq!((Repr::parse(&packet), packet.code()), (Ok(want), 0));
        }
        assert_eq!(echo_reply_in_place(&mut [129; 8]), Err(Error::Unknown(129)));
        assert_eq!(echo_reply_in_place(&mut [128; 7]), Err(Error::truncated(8, 7)));
    }

    // conf: ICM-ECH-08
    #[test]
    fn the_reply_to_a_group_is_readdressed() {
        let group = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);
        let mut bytes = [0; 40];
        let request = Repr::EchoRequest { identifier: 1, sequence: 2, data: &[7; 32] };
        request.emit(SOURCE, group, &mut bytes).unwrap();
        echo_reply_in_place(&mut bytes).unwrap();
        readdress_in_place(&mut bytes, group, DESTINATION);
        assert!(Packet::parse(&bytes).unwrap().is_checksum_valid(DESTINATION, SOURCE));
        readdress_in_place(&mut [0; 3], group, DESTINATION);
    }

    // conf: ICM-V6-14
    #[test]
    fn the_length_field_of_rfc_4884_cuts_the_quote() {
        let repr = Repr::TimeExceeded { code: TimeExceededCode::HopLimit, quote: &[0x60; 48] };
        let mut bytes = emitted(&repr);
        // words, quoted octets: a length beyond the body is ignored
        for (words, want) in [(0, 48), (5, 40), (6, 48), (7, 48), (255, 48)] {
            bytes[4] = words;
            assert_eq!(Packet::parse(&bytes).unwrap().quote().len(), want, "{words} words");
        }
        let mut bytes = emitted(&Repr::PacketTooBig { mtu: 0x0500_0000, quote: &[0x60; 48] });
        assert_eq!(Packet::parse(&bytes).unwrap().quote().len(), 48, "an MTU is no length");
        bytes.truncate(7);
        assert_eq!(Packet::parse(&bytes).unwrap().quote(), b"");
    }

    // conf: ICM-V6-02, ICM-V6-03
    #[test]
    fn types_below_128_are_errors_known_or_not() {
        for kind in 0..=255 {
            let bytes = [kind, 0, 0, 0, 0, 0, 0, 0];
            let packet = Packet::parse(&bytes).unwrap();
            assert_eq!(u8::from(packet.message_type()), kind);
            assert_eq!(packet.message_type().is_error(), kind < 128, "type {kind}");
            assert_eq!(Repr::parse(&packet).is_ok(), matches!(kind, 1..=4 | 128 | 129), "type {kind}");
            assert_eq!(u8::from(UnreachableCode::from(kind)), kind);
            assert_eq!(u8::from(TimeExceededCode::from(kind)), kind);
            assert_eq!(u8::from(ProblemCode::from(kind)), kind);
        }
    }

    #[test]
    fn messages_are_shown_as_a_person_reads_them() {
        for (repr, want) in all().iter().zip([
            "ICMPv6 destination unreachable Port quoting 48",
            "ICMPv6 destination unreachable Unknown(9) quoting 48",
            "ICMPv6 packet too big mtu 305419896 quoting 48",
            "ICMPv6 time exceeded Reassembly quoting 48",
            "ICMPv6 parameter problem NextHeader at octet 6 quoting 48",
            "ICMPv6 echo request id 4660 seq 7 len 3",
            "ICMPv6 echo reply id 65535 seq 65535 len 0",
        ]) {
            assert_eq!(repr.to_string(), want);
            assert_eq!(Packet::parse(&emitted(repr)).unwrap().to_string(), want);
        }
        let other = [135, 0, 0, 0, 0];
        assert_eq!(Packet::parse(&other).unwrap().to_string(), "ICMPv6 neighbour solicitation code 0 len 1");
    }
}
