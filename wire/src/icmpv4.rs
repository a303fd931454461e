//! ICMPv4, RFC 792: echo, and the error messages that quote the packet they are about.
//!
//! ```text
//!   0               1               2               3
//!   +---------------+---------------+---------------+---------------+
//!   |     Type      |     Code      |           Checksum            |
//!   +---------------+---------------+---------------+---------------+
//!   |   depends on the type: identifier and sequence number, MTU,   |
//!   |   pointer, gateway; octet 5: length of the quote (RFC 4884)   |
//!   +---------------+---------------+---------------+---------------+
//!   |   data of an echo, or the start of the offending packet       |
//! ```
//!
//! [`Repr`] is an echo or error message; [`Query`] the other query messages, and [`icmp_ext::ExtendedEcho`] one more.
//! Behind a quote may follow the extensions of RFC 4884, [`Packet::extensions`].
//!
//! ```
//! use tersus_wire::icmpv4::{Packet, Repr, UnreachableCode};
//! use tersus_wire::{ipv4, IpProtocol};
//!
//! // The packet that no port wanted, as far as an error quotes it.
//! let mut quote = [0; 28];
//! let repr = ipv4::Repr::new(IpProtocol::UDP, [192, 0, 2, 1].into(), [192, 0, 2, 2].into(), 8);
//! repr.emit(&mut quote)?;
//!
//! let error = Repr::DestinationUnreachable { code: UnreachableCode::Port, mtu: 0, quote: &quote };
//! let mut message = [0; 36];
//! let len = error.emit(&mut message)?;
//!
//! let packet = Packet::parse(&message[..len])?;
//! assert!(packet.is_checksum_valid() && packet.message_type().is_error());
//! let about = ipv4::Packet::parse_quoted(packet.quote())?;
//! assert_eq!(about.header().destination().octets(), [192, 0, 2, 2]);
//! # Ok::<(), tersus_wire::Error>(())
//! ```

mod code;
mod query;

use crate::checksum::{self, Sum};
use crate::icmp_ext::{self, ExtendedEcho, Extensions, Object};
use crate::put::Put;
use crate::Error;
pub use code::{RedirectCode, TimeExceededCode, Type, UnreachableCode};
use core::fmt;
use core::net::Ipv4Addr;
pub use query::{Query, Routers};

/// Length of the header that echo and error messages have, in octets.
pub const HEADER_LEN: usize = 8;

/// A view of a message that has at least the header of echo and error messages.
#[derive(Debug, Clone, Copy)]
pub struct Packet<'a> {
    bytes: &'a [u8],
    header: &'a [u8; HEADER_LEN],
    body: &'a [u8],
}

impl<'a> Packet<'a> {
    /// Splits a message into header and body. The checksum is not verified: see [`Self::is_checksum_valid`].
    ///
    /// # Errors
    /// `Truncated` below eight octets.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        let (header, body) =
            bytes.split_first_chunk().ok_or_else(|| Error::truncated(HEADER_LEN, bytes.len()))?;
        Ok(Self { bytes, header, body })
    }

    /// Type.
    #[must_use]
    pub fn message_type(&self) -> Type {
        Type::from(self.header[0])
    }

    /// Code.
    #[must_use]
    pub fn code(&self) -> u8 {
        self.header[1]
    }

    /// Checksum, as it stands.
    #[must_use]
    pub fn checksum(&self) -> u16 {
        u16::from_be_bytes([self.header[2], self.header[3]])
    }

    /// Whether the checksum is right; it covers the whole message.
    #[must_use]
    pub fn is_checksum_valid(&self) -> bool {
        Sum::new().add_bytes(self.bytes).is_valid()
    }

    /// The four octets whose meaning depends on the type.
    #[must_use]
    pub fn rest_of_header(&self) -> [u8; 4] {
        [self.header[4], self.header[5], self.header[6], self.header[7]]
    }

    /// Identifier of echo messages.
    #[must_use]
    pub fn identifier(&self) -> u16 {
        u16::from_be_bytes([self.header[4], self.header[5]])
    }

    /// Sequence Number of echo messages.
    #[must_use]
    pub fn sequence(&self) -> u16 {
        u16::from_be_bytes([self.header[6], self.header[7]])
    }

    /// All that follows the eight octets of header.
    #[must_use]
    pub fn body(&self) -> &'a [u8] {
        self.body
    }

    /// The quoted packet of an error message: the body, or as much of it as the length field of RFC 4884 §4 says,
    /// behind which extensions follow.
    #[must_use]
    pub fn quote(&self) -> &'a [u8] {
        let words = match self.message_type() {
            Type::DESTINATION_UNREACHABLE | Type::TIME_EXCEEDED | Type::PARAMETER_PROBLEM => self.header[5],
            _ => 0,
        };
        match words {
            0 => self.body,
            words => self.body.get(..usize::from(words) * 4).unwrap_or(self.body),
        }
    }

    /// The extension structure that senders from before RFC 4884 put behind 128 octets of quote, without a length that says
    /// so, §5.5; `None` if there is none that has a right checksum. By default such octets belong to the quote: ask for them
    /// only where the user wants that.
    #[must_use]
    pub fn extensions_without_length(&self) -> Option<Extensions<'a>> {
        match self.message_type() {
            Type::DESTINATION_UNREACHABLE | Type::TIME_EXCEEDED => {
                Extensions::without_length(self.body, usize::from(self.header[5]))
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
        match self.message_type() {
            Type::DESTINATION_UNREACHABLE | Type::TIME_EXCEEDED | Type::PARAMETER_PROBLEM => {
                Extensions::behind_quote(self.body, usize::from(self.header[5]) * 4)
            }
            _ => None,
        }
    }
}

impl fmt::Display for Packet<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (Repr::parse(self), Query::parse(self), ExtendedEcho::parse_v4(self)) {
            (Ok(repr), _, _) => fmt::Display::fmt(&repr, f)?,
            (_, Ok(query), _) => fmt::Display::fmt(&query, f)?,
            (_, _, Ok(echo)) => write!(f, "ICMP {echo}")?,
            _ => write!(f, "ICMP {} code {} len {}", self.message_type(), self.code(), self.body.len())?,
        }
        match self.extensions() {
            Some(Ok(extensions)) => write!(f, ", {extensions}"),
            Some(Err(error)) => write!(f, ", extensions: {error}"),
            None => Ok(()),
        }
    }
}

/// An echo or error message. [`Query`] has the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repr<'a> {
    /// Echo, RFC 792; any code.
    EchoRequest {
        /// Identifier.
        identifier: u16,
        /// Sequence Number.
        sequence: u16,
        /// What the reply returns.
        data: &'a [u8],
    },
    /// Echo Reply, RFC 792; any code.
    EchoReply {
        /// Identifier of the request.
        identifier: u16,
        /// Sequence Number of the request.
        sequence: u16,
        /// Data of the request.
        data: &'a [u8],
    },
    /// Destination Unreachable.
    DestinationUnreachable {
        /// Why.
        code: UnreachableCode,
        /// Next-hop MTU, in octets, of `FragmentationNeeded`; 0: not reported, and in all other cases.
        mtu: u16,
        /// The start of the packet that it is about.
        quote: &'a [u8],
    },
    /// Redirect.
    Redirect {
        /// How wide.
        code: RedirectCode,
        /// The better gateway.
        gateway: Ipv4Addr,
        /// The start of the packet that it is about.
        quote: &'a [u8],
    },
    /// Time Exceeded.
    TimeExceeded {
        /// Which time.
        code: TimeExceededCode,
        /// The start of the packet that it is about.
        quote: &'a [u8],
    },
    /// Parameter Problem.
    ParameterProblem {
        /// 0: the pointer says where; 1: a required option is missing; 2: bad length.
        code: u8,
        /// Offset of the wrong octet in the quoted packet.
        pointer: u8,
        /// The start of the packet that it is about.
        quote: &'a [u8],
    },
}

impl<'a> Repr<'a> {
    /// The message's meaning. The checksum is not looked at.
    ///
    /// # Errors
    /// `Unknown`, with the type, for all other messages.
    pub fn parse(packet: &Packet<'a>) -> Result<Self, Error> {
        let (identifier, sequence, data) = (packet.identifier(), packet.sequence(), packet.body());
        let (code, quote) = (packet.code(), packet.quote());
        let [first, ..] = packet.rest_of_header();
        Ok(match packet.message_type() {
            Type::ECHO_REQUEST => Self::EchoRequest { identifier, sequence, data },
            Type::ECHO_REPLY => Self::EchoReply { identifier, sequence, data },
            Type::DESTINATION_UNREACHABLE => {
                let code = UnreachableCode::from(code);
                let has_mtu = code == UnreachableCode::FragmentationNeeded;
                Self::DestinationUnreachable { code, mtu: if has_mtu { sequence } else { 0 }, quote }
            }
            Type::REDIRECT => Self::Redirect {
                code: RedirectCode::from(code),
                gateway: Ipv4Addr::from(packet.rest_of_header()),
                quote,
            },
            Type::TIME_EXCEEDED => Self::TimeExceeded { code: TimeExceededCode::from(code), quote },
            Type::PARAMETER_PROBLEM => Self::ParameterProblem { code, pointer: first, quote },
            other => return Err(Error::Unknown(u8::from(other))),
        })
    }

    /// The type and code that it is sent with.
    #[must_use]
    pub fn type_and_code(&self) -> (Type, u8) {
        match *self {
            Self::EchoRequest { .. } => (Type::ECHO_REQUEST, 0),
            Self::EchoReply { .. } => (Type::ECHO_REPLY, 0),
            Self::DestinationUnreachable { code, .. } => (Type::DESTINATION_UNREACHABLE, u8::from(code)),
            Self::Redirect { code, .. } => (Type::REDIRECT, u8::from(code)),
            Self::TimeExceeded { code, .. } => (Type::TIME_EXCEEDED, u8::from(code)),
            Self::ParameterProblem { code, .. } => (Type::PARAMETER_PROBLEM, code),
        }
    }

    /// The data of an echo, the quote of an error.
    #[must_use]
    pub fn body(&self) -> &'a [u8] {
        match *self {
            Self::EchoRequest { data, .. } | Self::EchoReply { data, .. } => data,
            Self::DestinationUnreachable { quote, .. }
            | Self::Redirect { quote, .. }
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
            Self::DestinationUnreachable { mtu, .. } => u32::from(mtu).to_be_bytes(),
            Self::Redirect { gateway, .. } => gateway.octets(),
            Self::TimeExceeded { .. } => [0; 4],
            Self::ParameterProblem { pointer, .. } => [pointer, 0, 0, 0],
        };
        [u8::from(kind), code, 0, 0, a, b, c, d]
    }

    /// Writes the message, checksum included; returns its length.
    ///
    /// # Errors
    /// `NoRoom` if the buffer is shorter than [`Self::buffer_len`].
    pub fn emit(&self, buffer: &mut [u8]) -> Result<usize, Error> {
        let (need, have) = (self.buffer_len(), buffer.len());
        let message = buffer.get_mut(..need).ok_or_else(|| Error::no_room(need, have))?;
        let (header, body) =
            message.split_first_chunk_mut::<HEADER_LEN>().ok_or_else(|| Error::no_room(need, have))?;
        *header = self.header();
        for (to, from) in body.iter_mut().zip(self.body()) {
            *to = *from;
        }
        fill_checksum(message);
        Ok(need)
    }

    /// Length of the message with these extensions, in octets: the quote is padded to 128 octets at least, and to a
    /// multiple of four.
    #[must_use]
    pub fn buffer_len_with_extensions(&self, extensions: &[Object<'_>]) -> usize {
        let quote_len = self.body().len().max(icmp_ext::QUOTE_LEN_MIN).div_ceil(4) * 4;
        HEADER_LEN + quote_len + icmp_ext::buffer_len(extensions)
    }

    /// Writes an error message with extensions behind its quote, RFC 4884 §4; returns its length.
    ///
    /// # Errors
    /// `NoRoom` if the buffer is shorter than [`Self::buffer_len_with_extensions`]; `Unrepresentable` for other messages
    /// than Destination Unreachable, Time Exceeded and Parameter Problem, a quote above 1,020 octets, or an object that
    /// cannot be expressed.
    pub fn emit_with_extensions(&self, extensions: &[Object<'_>], buffer: &mut [u8]) -> Result<usize, Error> {
        let (Self::DestinationUnreachable { quote, .. }
        | Self::TimeExceeded { quote, .. }
        | Self::ParameterProblem { quote, .. }) = *self
        else {
            return Err(Error::Unrepresentable);
        };
        let words = icmp_ext::quote_units(quote.len(), 4).ok_or(Error::Unrepresentable)?;
        let need = self.buffer_len_with_extensions(extensions);
        let mut out = Put::new(buffer, need)?;
        let [kind, code, _, _, a, _, c, d] = self.header();
        out.octets(&[kind, code, 0, 0, a, words, c, d]);
        out.octets(quote);
        out.zeros();
        let at = HEADER_LEN + usize::from(words) * 4;
        icmp_ext::emit(extensions, buffer.get_mut(at..need).unwrap_or_default())?;
        fill_checksum(buffer.get_mut(..need).unwrap_or_default());
        Ok(need)
    }
}

impl fmt::Display for Repr<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ICMP {}", self.type_and_code().0)?;
        match self {
            Self::EchoRequest { identifier, sequence, data }
            | Self::EchoReply { identifier, sequence, data } => {
                write!(f, " id {identifier} seq {sequence} len {}", data.len())
            }
            Self::DestinationUnreachable { code: UnreachableCode::FragmentationNeeded, mtu, quote } => {
                write!(f, " fragmentation needed mtu {mtu} quoting {}", quote.len())
            }
            Self::DestinationUnreachable { code, quote, .. } => {
                write!(f, " {code:?} quoting {}", quote.len())
            }
            Self::Redirect { code, gateway, quote } => {
                write!(f, " {code:?} to {gateway} quoting {}", quote.len())
            }
            Self::TimeExceeded { code, quote } => write!(f, " {code:?} quoting {}", quote.len()),
            Self::ParameterProblem { code, pointer, quote } => {
                write!(f, " code {code} at octet {pointer} quoting {}", quote.len())
            }
        }
    }
}

/// Computes the checksum of a whole message and writes it into its field. Messages below four octets stay as they
/// are.
pub fn fill_checksum(message: &mut [u8]) {
    let Some((header, body)) = message.split_first_chunk_mut::<4>() else { return };
    [header[2], header[3]] = [0, 0];
    let checksum = Sum::new().add_bytes(&*header).add_bytes(body).checksum();
    [header[2], header[3]] = checksum.to_be_bytes();
}

/// Turns an echo request into its reply: type and code change, the checksum is updated (RFC 1624), the rest stays. A
/// wrong checksum stays wrong.
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
    [header[0], header[1]] = [u8::from(Type::ECHO_REPLY), 0];
    [header[2], header[3]] = checksum::update(checksum, old, 0).to_be_bytes();
    // The one sum that the update gets wrong: over zeros only, the checksum is the other zero, RFC 1624 §3.
    if message.iter().all(|octet| *octet == 0) {
        fill_checksum(message);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    extern crate alloc;
    use super::*;
    use alloc::string::ToString;
    use alloc::vec::Vec;

    const QUOTE: [u8; 28] = [
        0x45, 0, 0, 28, 0, 1, 0, 0, 64, 17, 0, 0, 192, 0, 2, 1, 198, 51, 100, 7, 0x30, 0x39, 0, 53, 0, 8, 0,
        0,
    ];

    fn all() -> [Repr<'static>; 8] {
        let quote = &QUOTE;
        [
            Repr::EchoRequest { identifier: 0x1234, sequence: 7, data: b"odd" },
            Repr::EchoReply { identifier: 0xffff, sequence: 0xffff, data: b"" },
            Repr::DestinationUnreachable { code: UnreachableCode::Port, mtu: 0, quote },
            Repr::DestinationUnreachable { code: UnreachableCode::FragmentationNeeded, mtu: 1400, quote },
            Repr::DestinationUnreachable { code: UnreachableCode::Unknown(77), mtu: 0, quote },
            Repr::Redirect { code: RedirectCode::Host, gateway: Ipv4Addr::new(192, 0, 2, 254), quote },
            Repr::TimeExceeded { code: TimeExceededCode::Reassembly, quote },
            Repr::ParameterProblem { code: 0, pointer: 20, quote },
        ]
    }

    fn emitted(repr: &Repr<'_>) -> Vec<u8> {
        let mut buffer = [0xaa; 100];
        let len = repr.emit(&mut buffer).unwrap();
        assert_eq!(len, repr.buffer_len());
        assert_eq!(buffer[len], 0xaa, "wrote beyond the message");
        buffer[..len].to_vec()
    }

    // conf: ICM-V4-01
    #[test]
    fn what_is_emitted_parses_to_the_same_and_every_flipped_bit_breaks_the_checksum() {
        for repr in all() {
            let mut bytes = emitted(&repr);
            let packet = Packet::parse(&bytes).unwrap();
            assert!(packet.is_checksum_valid());
            assert_eq!(Repr::parse(&packet), Ok(repr));
            for bit in 0..bytes.len() * 8 {
                bytes[bit / 8] ^= 1 << (bit % 8);
                assert!(!Packet::parse(&bytes).unwrap().is_checksum_valid(), "{repr} bit {bit}");
                bytes[bit / 8] ^= 1 << (bit % 8);
            }
            for len in 0..bytes.len() {
                assert!(repr.emit(&mut [0; 64][..len]).is_err());
                match Packet::parse(&bytes[..len]) {
                    Ok(packet) => drop((Repr::parse(&packet), packet.quote(), packet.to_string())),
                    Err(error) => assert_eq!((error, len < 8), (Error::truncated(8, len), true)),
                }
            }
        }
    }

    #[test]
    fn the_octets_are_those_of_the_figures() {
        let ping = emitted(&Repr::EchoRequest { identifier: 0x1234, sequence: 1, data: &[0xab] });
        assert_eq!(ping, [8, 0, 0x3a, 0xca, 0x12, 0x34, 0, 1, 0xab]);
        let repr = Repr::DestinationUnreachable {
            code: UnreachableCode::FragmentationNeeded,
            mtu: 0x0578,
            quote: &[],
        };
        assert_eq!(repr.header(), [3, 4, 0, 0, 0, 0, 5, 0x78]);
        assert_eq!(Repr::ParameterProblem { code: 0, pointer: 9, quote: &[] }.header()[4..], [9, 0, 0, 0]);
    }

    // conf: ICM-ECH-01, ICM-ECH-10
    #[test]
    fn a_request_becomes_its_reply_in_place_whatever_its_length_and_code() {
        for len in [0, 1, 2, 55, 56, 64] {
            for code in [0, 1, 255] {
                let data = [0x5a; 64];
                let mut bytes =
                    emitted(&Repr::EchoRequest { identifier: 9, sequence: 8, data: &data[..len] });
                bytes[1] = code;
                fill_checksum(&mut bytes);
                echo_reply_in_place(&mut bytes).unwrap();
                let packet = Packet::parse(&bytes).unwrap();
                assert!(packet.is_checksum_valid(), "length {len} code {code}");
                let want = Repr::EchoReply { identifier: 9, sequence: 8, data: &data[..len] };
                assert_eq!((Repr::parse(&packet), packet.code()), (Ok(want), 0));
            }
        }
        let mut wrong = emitted(&Repr::EchoRequest { identifier: 9, sequence: 8, data: b"x" });
        wrong[8] ^= 4;
        echo_reply_in_place(&mut wrong).unwrap();
        assert!(!Packet::parse(&wrong).unwrap().is_checksum_valid(), "a wrong checksum stays wrong");
    }

    // conf: ICM-ECH-01
    #[test]
    fn a_request_of_zeros_becomes_a_reply_whose_checksum_is_not_zero() {
        for len in [0, 1, 2, 56] {
            let mut bytes = emitted(&Repr::EchoRequest { identifier: 0, sequence: 0, data: &[0; 56][..len] });
            echo_reply_in_place(&mut bytes).unwrap();
            let packet = Packet::parse(&bytes).unwrap();
            assert_eq!(packet.checksum(), 0xffff, "length {len}");
            assert!(packet.is_checksum_valid(), "length {len}");
        }
    }

    #[test]
    fn only_a_request_becomes_a_reply() {
        for kind in (0..=255).filter(|kind| *kind != 8) {
            let mut bytes = [kind, 0, 0, 0, 0, 0, 0, 0];
            assert_eq!(echo_reply_in_place(&mut bytes), Err(Error::Unknown(kind)));
            assert_eq!(bytes, [kind, 0, 0, 0, 0, 0, 0, 0]);
        }
        assert_eq!(echo_reply_in_place(&mut [8; 7]), Err(Error::truncated(8, 7)));
    }

    #[test]
    fn the_length_field_of_rfc_4884_cuts_the_quote() {
        let mut bytes = emitted(&Repr::TimeExceeded { code: TimeExceededCode::HopLimit, quote: &QUOTE });
        // words, quoted octets: a length beyond the body is ignored
        for (words, want) in [(0, 28), (5, 20), (7, 28), (8, 28), (255, 28)] {
            bytes[5] = words;
            assert_eq!(Packet::parse(&bytes).unwrap().quote().len(), want, "{words} words");
        }
        bytes[0] = 5;
        bytes[5] = 5;
        assert_eq!(Packet::parse(&bytes).unwrap().quote().len(), 28, "a redirect has no such field");
    }

    // conf: ICM-V4-02, ICM-V4-14
    #[test]
    fn other_types_are_seen_but_mean_nothing() {
        for kind in 0..=255 {
            let bytes = [kind, 0, 0, 0, 0, 0, 0, 0];
            let packet = Packet::parse(&bytes).unwrap();
            assert_eq!(u8::from(packet.message_type()), kind);
            let is_known = matches!(kind, 0 | 3 | 5 | 8 | 11 | 12);
            assert_eq!(Repr::parse(&packet).is_ok(), is_known, "type {kind}");
            assert_eq!(packet.message_type().is_error(), matches!(kind, 3 | 4 | 5 | 11 | 12), "type {kind}");
            assert_eq!(u8::from(UnreachableCode::from(kind)), kind);
            assert_eq!(u8::from(RedirectCode::from(kind)), kind);
            assert_eq!(u8::from(TimeExceededCode::from(kind)), kind);
        }
    }

    #[test]
    fn messages_are_shown_as_a_person_reads_them() {
        for (repr, want) in all().iter().zip([
            "ICMP echo request id 4660 seq 7 len 3",
            "ICMP echo reply id 65535 seq 65535 len 0",
            "ICMP destination unreachable Port quoting 28",
            "ICMP destination unreachable fragmentation needed mtu 1400 quoting 28",
            "ICMP destination unreachable Unknown(77) quoting 28",
            "ICMP redirect Host to 192.0.2.254 quoting 28",
            "ICMP time exceeded Reassembly quoting 28",
            "ICMP parameter problem code 0 at octet 20 quoting 28",
        ]) {
            assert_eq!(repr.to_string(), want);
            assert_eq!(Packet::parse(&emitted(repr)).unwrap().to_string(), want);
        }
        let other = [13, 0, 0, 0, 0, 0, 0, 0, 1];
        assert_eq!(Packet::parse(&other).unwrap().to_string(), "ICMP timestamp code 0 len 1");
        let other = [200, 1, 0, 0, 0, 0, 0, 0, 1];
        assert_eq!(Packet::parse(&other).unwrap().to_string(), "ICMP type 200 code 1 len 1");
    }
}
