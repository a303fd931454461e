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
//! The payload length is always elided. In-line, ECN precedes DSCP: the traffic class is rotated by two bits.

use super::context::Context;
use super::cursor::{Reader, Writer};
use super::{short_identifier, Contexts, Error, Identifiers};
use crate::HardwareAddress;
use core::fmt;

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

/// The parts of an IPv6 header.
pub(super) struct Ipv6Header<'a> {
    fixed: &'a [u8; 8],
    pub(super) source: &'a [u8; 16],
    pub(super) destination: &'a [u8; 16],
}

impl<'a> Ipv6Header<'a> {
    /// A header whose payload length agrees with the octets that there are, and what follows it.
    pub(super) fn parse(packet: &'a [u8]) -> Result<(Self, &'a [u8]), Error> {
        let mut reader = Reader { rest: packet };
        let header = Self { fixed: reader.take()?, source: reader.take()?, destination: reader.take()? };
        let [first, .., len_high, len_low, _, _] = *header.fixed;
        if first >> 4 != 6 {
            return Err(Error::Dispatch(first));
        }
        if usize::from(u16::from_be_bytes([len_high, len_low])) != reader.rest.len() {
            return Err(Error::Length);
        }
        Ok((header, reader.rest))
    }

    pub(super) fn next_header(&self) -> u8 {
        self.fixed[6]
    }
}

/// An IPv6 header, encoded but for the next header.
pub(super) struct Encoded {
    base: u16,
    /// SCI << 4 | DCI.
    contexts: u8,
    traffic_flow: InLine,
    hop_limit: Option<u8>,
    source: InLine,
    destination: InLine,
}

impl Encoded {
    pub(super) fn new(header: &Ipv6Header<'_>, identifiers: Identifiers, contexts: &Contexts) -> Self {
        let [first, second, third, fourth, _, _, _, hop_limit] = *header.fixed;
        let traffic_class = first << 4 | second >> 4;
        let (tf, traffic_flow) = encode_traffic_flow(traffic_class, [second & 0x0f, third, fourth]);
        let (hlim, hop_limit) = match hop_limit {
            1 => (1, None),
            64 => (2, None),
            255 => (3, None),
            other => (0, Some(other)),
        };
        let source = encode_source(*header.source, identifiers.source, contexts);
        let destination = encode_destination(*header.destination, identifiers.destination, contexts);
        let context_ids = source.context << 4 | destination.context;
        let mut base = DISPATCH
            | tf << TF_SHIFT
            | hlim << HLIM_SHIFT
            | u16::from(source.mode) << SOURCE_SHIFT
            | u16::from(destination.mode);
        if context_ids != 0 {
            base |= CID_MASK;
        }
        Self {
            base,
            contexts: context_ids,
            traffic_flow,
            hop_limit,
            source: source.in_line,
            destination: destination.in_line,
        }
    }

    /// Octets that `write` writes if the next header is in-line.
    pub(super) fn len(&self) -> usize {
        let in_line = [&self.traffic_flow, &self.source, &self.destination];
        let fields: usize = in_line.iter().map(|field| field.as_bytes().len()).sum();
        3 + usize::from(self.contexts != 0) + usize::from(self.hop_limit.is_some()) + fields
    }

    /// Writes the encoding; `next_header` is `None` if NHC follows.
    pub(super) fn write(&self, next_header: Option<u8>, writer: &mut Writer<'_>) -> Result<(), Error> {
        let nh = if next_header.is_none() { NH_MASK } else { 0 };
        writer.put(&(self.base | nh).to_be_bytes())?;
        if self.contexts != 0 {
            writer.put(&[self.contexts])?;
        }
        writer.put(self.traffic_flow.as_bytes())?;
        if let Some(next_header) = next_header {
            writer.put(&[next_header])?;
        }
        if let Some(hop_limit) = self.hop_limit {
            writer.put(&[hop_limit])?;
        }
        writer.put(self.source.as_bytes())?;
        writer.put(self.destination.as_bytes())
    }
}

/// A decoded IPv6 header.
pub(super) struct Decoded {
    /// `None`: NHC follows.
    pub(super) next_header: Option<u8>,
    pub(super) source: [u8; 16],
    pub(super) destination: [u8; 16],
    traffic_class: u8,
    flow_label: [u8; 3],
    hop_limit: u8,
}

impl Decoded {
    pub(super) fn read(
        reader: &mut Reader<'_>,
        identifiers: Identifiers,
        contexts: &Contexts,
    ) -> Result<Self, Error> {
        let base = Base::parse(reader.rest)?;
        reader.take::<2>()?;
        let ids = if base.has_context_identifiers() { reader.octet()? } else { 0 };
        let (traffic_class, flow_label) = read_traffic_flow(base.traffic_flow(), reader)?;
        let next_header = if base.next_header_is_encoded() { None } else { Some(reader.octet()?) };
        let hop_limit = match base.hop_limit() {
            Some(hop_limit) => hop_limit,
            None => reader.octet()?,
        };
        // Context-based, no bits in-line: the unspecified address as source, reserved as destination.
        let source = if base.source_mode() == STATEFUL {
            [0; 16]
        } else {
            read_unicast(base.source_mode(), ids >> 4, reader, identifiers.source, contexts)?
        };
        let mode = base.destination_mode();
        let destination = match (base.is_multicast(), mode) {
            (true, _) => read_group(mode, ids & 0x0f, reader, contexts)?,
            (false, STATEFUL) => return Err(Error::Reserved(base.0.to_le_bytes()[0])),
            (false, _) => read_unicast(mode, ids & 0x0f, reader, identifiers.destination, contexts)?,
        };
        Ok(Self { next_header, source, destination, traffic_class, flow_label, hop_limit })
    }

    /// Writes the header with a payload length of zero and, if that is elided, a next header of zero.
    pub(super) fn write(&self, writer: &mut Writer<'_>) -> Result<(), Error> {
        let class = self.traffic_class;
        let [a, b, c] = self.flow_label;
        let next_header = self.next_header.unwrap_or(0);
        writer.put(&[6 << 4 | class >> 4, class << 4 | a, b, c, 0, 0, next_header, self.hop_limit])?;
        writer.put(&self.source)?;
        writer.put(&self.destination)
    }
}

/// In-line octets of one field.
struct InLine {
    octets: [u8; 16],
    len: usize,
}

impl InLine {
    const NOTHING: Self = Self { octets: [0; 16], len: 0 };

    fn new(bytes: &[u8]) -> Self {
        let mut octets = [0; 16];
        for (to, from) in octets.iter_mut().zip(bytes) {
            *to = *from;
        }
        Self { octets, len: bytes.len().min(16) }
    }

    fn as_bytes(&self) -> &[u8] {
        self.octets.get(..self.len).unwrap_or(&[])
    }
}

/// Traffic class and flow label, RFC 6282 §3.1.1 and §3.2.1; the upper four bits of `label` are zero.
fn encode_traffic_flow(traffic_class: u8, label: [u8; 3]) -> (u16, InLine) {
    let rotated = traffic_class.rotate_right(2);
    let [a, b, c] = label;
    if label == [0; 3] {
        if traffic_class == 0 {
            (3, InLine::NOTHING)
        } else {
            (2, InLine::new(&[rotated]))
        }
    } else if rotated & 0x3f == 0 {
        (1, InLine::new(&[rotated | a, b, c]))
    } else {
        (0, InLine::new(&[rotated, a, b, c]))
    }
}

fn read_traffic_flow(tf: u8, reader: &mut Reader<'_>) -> Result<(u8, [u8; 3]), Error> {
    // Padding bits are not looked at.
    match tf {
        0 => {
            let [class, a, b, c] = *reader.take()?;
            Ok((class.rotate_left(2), [a & 0x0f, b, c]))
        }
        1 => {
            let [a, b, c] = *reader.take()?;
            Ok(((a & 0xc0).rotate_left(2), [a & 0x0f, b, c]))
        }
        2 => Ok((reader.octet()?.rotate_left(2), [0; 3])),
        _ => Ok((0, [0; 3])),
    }
}

/// An encoded address: mode bits as `M << 3 | AC << 2 | AM`, the context (0 if none) and the rest.
struct Address {
    mode: u8,
    context: u8,
    in_line: InLine,
}

const STATEFUL: u8 = 0b100;
const MULTICAST: u8 = 0b1000;
const IN_LINE_64: u8 = 0b01;
const IN_LINE_16: u8 = 0b10;
const ELIDED: u8 = 0b11;
const LINK_LOCAL: [u8; 8] = [0xfe, 0x80, 0, 0, 0, 0, 0, 0];

impl Address {
    fn stateless(mode: u8, in_line: &[u8]) -> Self {
        Self { mode, context: 0, in_line: InLine::new(in_line) }
    }

    /// Octets that the address costs; a context other than 0 needs the context octet.
    fn cost(&self) -> usize {
        self.in_line.len + usize::from(self.context != 0)
    }
}

fn encode_source(address: [u8; 16], identifier: Option<[u8; 8]>, contexts: &Contexts) -> Address {
    if address == [0; 16] {
        return Address::stateless(STATEFUL, &[]);
    }
    encode_unicast(address, identifier, contexts)
}

/// The shortest encoding. Bits are elided only if the decoder derives the same ones, RFC 6282 §3.2.2.
fn encode_unicast(address: [u8; 16], identifier: Option<[u8; 8]>, contexts: &Contexts) -> Address {
    let [a, b, c, d, e, f, g, h, tail @ ..] = address;
    let [.., high, low] = tail;
    if [a, b, c, d, e, f, g, h] == LINK_LOCAL {
        return if identifier == Some(tail) {
            Address::stateless(ELIDED, &[])
        } else if tail == short_identifier([high, low]) {
            Address::stateless(IN_LINE_16, &[high, low])
        } else {
            Address::stateless(IN_LINE_64, &tail)
        };
    }
    let mut best = Address::stateless(0, &address);
    for (id, context) in contexts.usable() {
        let encoded = if identifier.is_some_and(|identifier| context.join(identifier) == address) {
            Address { mode: STATEFUL | ELIDED, context: id, in_line: InLine::NOTHING }
        } else if context.join(short_identifier([high, low])) == address {
            Address { mode: STATEFUL | IN_LINE_16, context: id, in_line: InLine::new(&[high, low]) }
        } else if context.join(tail) == address {
            Address { mode: STATEFUL | IN_LINE_64, context: id, in_line: InLine::new(&tail) }
        } else {
            continue;
        };
        if encoded.cost() < best.cost() {
            best = encoded;
        }
    }
    best
}

fn read_unicast(
    mode: u8,
    id: u8,
    reader: &mut Reader<'_>,
    identifier: Option<[u8; 8]>,
    contexts: &Contexts,
) -> Result<[u8; 16], Error> {
    const LINK_LOCAL_PREFIX: Context = Context::LINK_LOCAL;
    let prefix = if mode & STATEFUL != 0 { contexts.known(id)? } else { &LINK_LOCAL_PREFIX };
    let identifier = match mode & 0b11 {
        IN_LINE_64 => *reader.take()?,
        IN_LINE_16 => short_identifier(*reader.take()?),
        ELIDED => identifier.ok_or(Error::LinkAddress)?,
        _ => return Ok(*reader.take()?),
    };
    Ok(prefix.join(identifier))
}

fn encode_destination(address: [u8; 16], identifier: Option<[u8; 8]>, contexts: &Contexts) -> Address {
    let [0xff, flags, reserved, prefix_len, p0, p1, p2, p3, p4, p5, p6, p7, w, x, y, z] = address else {
        return encode_unicast(address, identifier, contexts);
    };
    let prefix = [p0, p1, p2, p3, p4, p5, p6, p7];
    match (flags, [reserved, prefix_len], prefix, w, [x, y]) {
        (2, [0, 0], [0, 0, 0, 0, 0, 0, 0, 0], 0, [0, 0]) => Address::stateless(MULTICAST | 3, &[z]),
        (_, [0, 0], [0, 0, 0, 0, 0, 0, 0, 0], 0, _) => Address::stateless(MULTICAST | 2, &[flags, x, y, z]),
        (_, [0, 0], [0, 0, 0, 0, 0, 0, 0, p7], _, _) => {
            Address::stateless(MULTICAST | 1, &[flags, p7, w, x, y, z])
        }
        _ => {
            let with = |context: &Context| context.group_prefix() == Some((prefix_len, prefix));
            match contexts.usable().find(|(_, context)| with(context)) {
                Some((id, _)) => Address {
                    mode: MULTICAST | STATEFUL,
                    context: id,
                    in_line: InLine::new(&[flags, reserved, w, x, y, z]),
                },
                None => Address::stateless(MULTICAST, &address),
            }
        }
    }
}

fn read_group(mode: u8, id: u8, reader: &mut Reader<'_>, contexts: &Contexts) -> Result<[u8; 16], Error> {
    let mut address = [0; 16];
    address[0] = 0xff;
    match mode {
        0 => address = *reader.take()?,
        1 => {
            let [flags, p, w, x, y, z] = *reader.take()?;
            [address[1], address[11], address[12], address[13], address[14], address[15]] =
                [flags, p, w, x, y, z];
        }
        2 => {
            let [flags, x, y, z] = *reader.take()?;
            [address[1], address[13], address[14], address[15]] = [flags, x, y, z];
        }
        3 => {
            address[1] = 2;
            address[15] = reader.octet()?;
        }
        STATEFUL => {
            // RFC 3306, RFC 3956: flags, scope and reserved octet in-line, then prefix length and prefix.
            let (prefix_len, [a, b, c, d, e, f, g, h]) =
                contexts.known(id)?.group_prefix().ok_or(Error::Context(id))?;
            let [flags, reserved, w, x, y, z] = *reader.take()?;
            address = [0xff, flags, reserved, prefix_len, a, b, c, d, e, f, g, h, w, x, y, z];
        }
        _ => return Err(Error::Reserved(mode)),
    }
    Ok(address)
}

/// The link-local address that IPHC derives from a link-layer address: what an interface should be given so that
/// its address is elided. `None` for addresses that IEEE 802.15.4 does not have.
#[must_use]
pub fn link_local(address: HardwareAddress) -> Option<core::net::Ipv6Addr> {
    super::interface_identifier(address).map(|identifier| Context::LINK_LOCAL.join(identifier).into())
}
