//! IPHC, the encoding of the IPv6 header, RFC 6282 §3.
//!
//! ```text
//!    0   1   2   3   4   5   6   7   8   9  10  11  12  13  14  15
//!  +---+---+---+---+---+---+---+---+---+---+---+---+---+---+---+---+
//!  | 0   1   1 |  TF   |NH | HLIM  |CID|SAC|  SAM  | M |DAC|  DAM  |
//!  +---+---+---+---+---+---+---+---+---+---+---+---+---+---+---+---+
//!  then in-line, if not elided: SCI DCI | traffic class and flow label | next header | hop limit | source | destination
//! ```
//!
//! The payload length is always elided. [`Repr`] is the header alone, to be followed by what [`nhc`](super::nhc) encodes
//! or by an upper layer; [`compress`](super::compress()) and [`decompress`](super::decompress()) go over whole packets. In-line, ECN precedes DSCP: the traffic class is rotated by two bits.

use super::address::{self, Address};
use super::cursor::{Reader, Writer};
use super::{Contexts, Error, Identifiers, LinkAddresses};
use crate::{ipv6, HardwareAddress, IpProtocol};
use core::fmt;
use core::net::Ipv6Addr;

/// Length of an IPv6 header, in octets.
pub const IPV6_HEADER_LEN: usize = 40;
/// Most octets that an IPv6 header takes when compressed: all fields in-line but the payload length. A context
/// octet saves at least eight octets elsewhere.
pub const ENCODED_LEN_MAX: usize = 40;
/// Next header: encoded by NHC.
pub const NH_MASK: u16 = 1 << 10;
/// Context identifier extension: an octet SCI, DCI follows.
pub const CID_MASK: u16 = 1 << 7;
/// Multicast compression: the destination is a group.
pub const M_MASK: u16 = 1 << 3;

const DISPATCH: u16 = 0b011 << 13;
const DISPATCH_MASK: u16 = 0b111 << 13;
const TF_SHIFT: u32 = 11;
const HLIM_SHIFT: u32 = 8;
const SOURCE_SHIFT: u32 = 4;
/// Nothing in-line but, perhaps, the hop limit; NHC follows.
const SHORTEST: u16 = DISPATCH | 3 << TF_SHIFT | NH_MASK | 3 << SOURCE_SHIFT | 3;

/// The base encoding, two octets, for display and dissection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Base(u16);

impl Base {
    /// The base encoding at the front of `bytes`.
    ///
    /// # Errors
    /// `Truncated`; `Dispatch` if it does not start with 011.
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let (&[first, second], _) = bytes.split_first_chunk().ok_or(Error::Truncated)?;
        let base = u16::from_be_bytes([first, second]);
        if base & DISPATCH_MASK != DISPATCH {
            return Err(Error::Dispatch(first));
        }
        Ok(Self(base))
    }

    /// TF, 0 to 3: which of traffic class and flow label are in-line.
    #[must_use]
    pub const fn traffic_flow(self) -> u8 {
        self.field(TF_SHIFT)
    }

    /// NH: whether the next header is encoded by NHC.
    #[must_use]
    pub const fn next_header_is_encoded(self) -> bool {
        self.0 & NH_MASK != 0
    }

    /// HLIM: the hop limit; `None` if in-line.
    #[must_use]
    pub const fn hop_limit(self) -> Option<u8> {
        match self.field(HLIM_SHIFT) {
            0 => None,
            1 => Some(1),
            2 => Some(64),
            _ => Some(255),
        }
    }

    /// CID: whether context identifiers follow.
    #[must_use]
    pub const fn has_context_identifiers(self) -> bool {
        self.0 & CID_MASK != 0
    }

    /// SAC and SAM in one number: `SAC << 2 | SAM`.
    #[must_use]
    pub const fn source_mode(self) -> u8 {
        self.field(SOURCE_SHIFT) | (((self.0 >> 6) & 1) as u8) << 2
    }

    /// M: whether the destination is a group.
    #[must_use]
    pub const fn is_multicast(self) -> bool {
        self.0 & M_MASK != 0
    }

    /// DAC and DAM in one number: `DAC << 2 | DAM`.
    #[must_use]
    pub const fn destination_mode(self) -> u8 {
        self.0.to_le_bytes()[0] & 0b111
    }

    const fn field(self, shift: u32) -> u8 {
        (self.0 >> shift).to_le_bytes()[0] & 0b11
    }
}

impl fmt::Display for Base {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "IPHC TF={:02b} NH={} HLIM={:02b} CID={} SAC,SAM={:03b} M={} DAC,DAM={:03b}",
            self.traffic_flow(),
            u8::from(self.next_header_is_encoded()),
            self.field(HLIM_SHIFT),
            u8::from(self.has_context_identifiers()),
            self.source_mode(),
            u8::from(self.is_multicast()),
            self.destination_mode(),
        )
    }
}

/// What an encoded IPv6 header says. Its payload length is always that of what follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct Repr {
    /// Traffic Class: DS field and ECN.
    pub traffic_class: u8,
    /// Flow Label, 20 bits.
    #[cfg_attr(feature = "arbitrary", arbitrary(with = crate::arbitrary::up_to_u32::<0xf_ffff>))]
    pub flow_label: u32,
    /// What follows; `None`: an encoding by NHC, which says so itself.
    pub next_header: Option<IpProtocol>,
    /// Hop Limit.
    pub hop_limit: u8,
    /// Source Address.
    pub source: Ipv6Addr,
    /// Destination Address.
    pub destination: Ipv6Addr,
}

impl Repr {
    /// Reads the encoding at the front of `bytes`, dispatch included; gives what follows, too.
    ///
    /// # Errors
    /// `Truncated`; `Dispatch` if it does not start with 011; `Reserved` address modes; `Context` if an address rests
    /// on one that is not set; `LinkAddress` if it rests on a link-layer address that `link` does not have.
    pub fn parse<'a>(
        bytes: &'a [u8],
        link: &LinkAddresses,
        contexts: &Contexts,
    ) -> Result<(Self, &'a [u8]), Error> {
        Self::read(bytes, Identifiers::of_frame(link), contexts)
    }

    /// Writes the shortest encoding to the front of `buffer` and returns its length: at most [`ENCODED_LEN_MAX`].
    ///
    /// # Errors
    /// `NoRoom`; what was written then is of no use. `Unrepresentable` if the Flow Label has more than 20 bits.
    pub fn emit(&self, buffer: &mut [u8], link: &LinkAddresses, contexts: &Contexts) -> Result<usize, Error> {
        if self.flow_label >> 20 != 0 {
            return Err(Error::Unrepresentable);
        }
        let identifiers = Identifiers::of_frame(link);
        let hlim = hop_limit_bits(self.hop_limit);
        let is_elided = |address: Ipv6Addr, identifier| {
            Address::is_elided_link_local(address::halves(&address.octets()), identifier)
        };
        // The shortest form of all, which most frames between neighbours have.
        if (self.flow_label, self.traffic_class, self.next_header) == (0, 0, None)
            && hlim != 0
            && is_elided(self.source, identifiers.source)
            && is_elided(self.destination, identifiers.destination)
        {
            let base = buffer.first_chunk_mut().ok_or(Error::NoRoom)?;
            *base = (SHORTEST | hlim << HLIM_SHIFT).to_be_bytes();
            return Ok(base.len());
        }
        self.emit_in_line(buffer, identifiers, contexts)
    }

    #[inline(never)]
    fn emit_in_line(
        &self,
        buffer: &mut [u8],
        identifiers: Identifiers,
        contexts: &Contexts,
    ) -> Result<usize, Error> {
        let mut writer = Writer::new(buffer);
        Encoded::new(self, identifiers, contexts).write(self.next_header, &mut writer)?;
        Ok(writer.len())
    }

    /// The header of an IPv6 packet whose payload length agrees with the octets that there are, and what follows it.
    pub(super) fn of_packet(packet: &[u8]) -> Result<(Self, &[u8]), Error> {
        let mut reader = Reader { rest: packet };
        let &[first, second, third, fourth, len_high, len_low, next_header, hop_limit] = reader.take()?;
        let (source, destination) = (*reader.take::<16>()?, *reader.take::<16>()?);
        if first >> 4 != 6 {
            return Err(Error::Dispatch(first));
        }
        if usize::from(u16::from_be_bytes([len_high, len_low])) != reader.rest.len() {
            return Err(Error::Length);
        }
        let header = Self {
            traffic_class: first << 4 | second >> 4,
            flow_label: u32::from_be_bytes([0, second & 0x0f, third, fourth]),
            next_header: Some(IpProtocol(next_header)),
            hop_limit,
            source: Ipv6Addr::from(source),
            destination: Ipv6Addr::from(destination),
        };
        Ok((header, reader.rest))
    }

    #[inline(always)]
    pub(super) fn read<'a>(
        bytes: &'a [u8],
        identifiers: Identifiers,
        contexts: &Contexts,
    ) -> Result<(Self, &'a [u8]), Error> {
        let base = Base::parse(bytes)?;
        let reader = &mut Reader { rest: bytes };
        reader.take::<2>()?;
        let ids = if base.has_context_identifiers() { reader.octet()? } else { 0 };
        let (traffic_class, flow_label) = read_traffic_flow(base.traffic_flow(), reader)?;
        let next_header =
            if base.next_header_is_encoded() { None } else { Some(IpProtocol(reader.octet()?)) };
        let hop_limit = match base.hop_limit() {
            Some(hop_limit) => hop_limit,
            None => reader.octet()?,
        };
        let source =
            address::read_source(base.source_mode(), ids >> 4, reader, identifiers.source, contexts)?;
        let mode = base.destination_mode();
        let destination = if base.is_multicast() {
            address::read_group(mode, ids & 0x0f, reader, contexts)?
        } else if mode == address::STATEFUL {
            return Err(Error::Reserved(base.0.to_le_bytes()[0]));
        } else {
            address::read_unicast(mode, ids & 0x0f, reader, identifiers.destination, contexts)?
        };
        let (source, destination) = (address::join(source).into(), address::join(destination).into());
        let header = Self { traffic_class, flow_label, next_header, hop_limit, source, destination };
        Ok((header, reader.rest))
    }

    /// Writes the header uncompressed, with a payload length of zero and, if that is elided, a next header of zero.
    pub(super) fn restore(&self, writer: &mut Writer<'_>) -> Result<(), Error> {
        let header = ipv6::Repr {
            traffic_class: self.traffic_class,
            flow_label: self.flow_label,
            payload_len: 0,
            next_header: self.next_header.unwrap_or(IpProtocol(0)),
            hop_limit: self.hop_limit,
            source: self.source,
            destination: self.destination,
        };
        header.emit(writer.take::<IPV6_HEADER_LEN>()?).map_err(|_| Error::NoRoom)
    }
}

/// How a header is encoded, but for the next header.
pub(super) struct Encoded<'a> {
    header: &'a Repr,
    base: u16,
    /// SCI << 4 | DCI.
    contexts: u8,
    source: Address,
    destination: Address,
}

impl<'a> Encoded<'a> {
    #[inline(always)]
    pub(super) fn new(header: &'a Repr, identifiers: Identifiers, contexts: &Contexts) -> Self {
        let tf = match (header.flow_label, header.traffic_class) {
            (0, 0) => 3,
            (0, _) => 2,
            // Only ECN.
            (_, class) if class & 0xfc == 0 => 1,
            _ => 0,
        };
        let hlim = hop_limit_bits(header.hop_limit);
        let [source, destination] =
            [header.source, header.destination].map(|address| address::halves(&address.octets()));
        let source = Address::of_source(source, identifiers.source, contexts);
        let destination = Address::of_destination(destination, identifiers.destination, contexts);
        let context_ids = source.context << 4 | destination.context;
        let mut base = DISPATCH
            | tf << TF_SHIFT
            | hlim << HLIM_SHIFT
            | u16::from(source.mode) << SOURCE_SHIFT
            | u16::from(destination.mode);
        if context_ids != 0 {
            base |= CID_MASK;
        }
        Self { header, base, contexts: context_ids, source, destination }
    }

    /// Octets that `write` writes if the next header is in-line.
    pub(super) fn len(&self) -> usize {
        let base = Base(self.base);
        let traffic_flow = match base.traffic_flow() {
            0 => 4,
            1 => 3,
            2 => 1,
            _ => 0,
        };
        let hop_limit = usize::from(base.hop_limit().is_none());
        3 + usize::from(self.contexts != 0)
            + traffic_flow
            + hop_limit
            + self.source.in_line_len()
            + self.destination.in_line_len()
    }

    /// Writes the encoding; `next_header` is `None` if NHC follows.
    #[inline(always)]
    pub(super) fn write(
        &self,
        next_header: Option<IpProtocol>,
        writer: &mut Writer<'_>,
    ) -> Result<(), Error> {
        let nh = if next_header.is_none() { NH_MASK } else { 0 };
        writer.put(&(self.base | nh).to_be_bytes())?;
        if self.contexts != 0 {
            writer.put(&[self.contexts])?;
        }
        let base = Base(self.base);
        write_traffic_flow(base.traffic_flow(), self.header, writer)?;
        if let Some(next_header) = next_header {
            writer.put(&[next_header.0])?;
        }
        if base.hop_limit().is_none() {
            writer.put(&[self.header.hop_limit])?;
        }
        self.source.write(&self.header.source.octets(), writer)?;
        self.destination.write(&self.header.destination.octets(), writer)
    }
}

/// HLIM: 0 if the hop limit is in-line.
#[inline]
const fn hop_limit_bits(hop_limit: u8) -> u16 {
    match hop_limit {
        1 => 1,
        64 => 2,
        255 => 3,
        _ => 0,
    }
}

/// Traffic class and flow label, RFC 6282 §3.1.1 and §3.2.1.
#[inline]
fn write_traffic_flow(tf: u8, header: &Repr, writer: &mut Writer<'_>) -> Result<(), Error> {
    let rotated = header.traffic_class.rotate_right(2);
    let [_, a, b, c] = header.flow_label.to_be_bytes();
    match tf {
        0 => writer.put(&[rotated, a, b, c]),
        1 => writer.put(&[rotated | a, b, c]),
        2 => writer.put(&[rotated]),
        _ => Ok(()),
    }
}

#[inline]
fn read_traffic_flow(tf: u8, reader: &mut Reader<'_>) -> Result<(u8, u32), Error> {
    // Padding bits are not looked at.
    match tf {
        0 => {
            let [class, a, b, c] = *reader.take()?;
            Ok((class.rotate_left(2), u32::from_be_bytes([0, a & 0x0f, b, c])))
        }
        1 => {
            let [a, b, c] = *reader.take()?;
            Ok(((a & 0xc0).rotate_left(2), u32::from_be_bytes([0, a & 0x0f, b, c])))
        }
        2 => Ok((reader.octet()?.rotate_left(2), 0)),
        _ => Ok((0, 0)),
    }
}

/// The link-local address that IPHC derives from a link-layer address: what an interface should be given so that
/// its address is elided. `None` for addresses that IEEE 802.15.4 does not have.
#[must_use]
pub fn link_local(address: HardwareAddress) -> Option<Ipv6Addr> {
    super::identifier(address).map(|identifier| address::link_local(identifier).into())
}
