//! NHC, the encodings of the headers after IPv6, RFC 6282 §4.
//!
//! ```text
//!  extension header  1110 | EID 3 | NH      then next header (NH=0), length, data
//!  UDP               11110 | C | P 2        then ports (4, 3, 3 or 1 octets), checksum (C=0)
//! ```
//!
//! The length of an extension header counts the octets after it. A trailing Pad1 or PadN of hop-by-hop and
//! destination options is left out and put back. A Fragment header has no length: the octet in its place is
//! reserved and carried as it is.

use super::cursor::{Reader, Writer};
use super::{iphc, Error};
use crate::IpProtocol;

/// The upper four bits of an extension header's encoding.
pub const EXTENSION: u8 = 0b1110_0000;
/// The next header of an extension header: encoded by NHC.
pub const NH_MASK: u8 = 1;
/// The upper five bits of a UDP header's encoding.
pub const UDP: u8 = 0b1111_0000;
/// The UDP checksum is elided.
pub const CHECKSUM_MASK: u8 = 0b100;
/// Length of a UDP header, in octets.
pub const UDP_HEADER_LEN: usize = 8;

/// Mobility header, RFC 6275 §6.1.
const MOBILITY: IpProtocol = IpProtocol(135);
const EID_FRAGMENT: u8 = 2;
const EID_IPV6: u8 = 7;
/// RFC 6282 §4.2: what is longer must not be compressed.
const DATA_LEN_MAX: usize = 255;
const FRAGMENT_HEADER_LEN: usize = 8;

/// Which header an encoding octet stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// An extension header with this protocol number; `nested`: its next header is encoded by NHC.
    Extension {
        /// Protocol number.
        protocol: IpProtocol,
        /// NH bit.
        next_header_is_encoded: bool,
    },
    /// An IPv6 header: IPHC follows.
    Ipv6,
    /// UDP.
    Udp {
        /// C bit.
        checksum_is_elided: bool,
        /// P bits, 0 to 3: how many bits of the ports are in-line.
        ports: u8,
    },
}

impl Encoding {
    /// What `octet` stands for.
    ///
    /// # Errors
    /// `Reserved` for EID 5 and 6, and for EID 7 with the NH bit, which RFC 6282 §4.2 forbids; `NextHeader` for
    /// what is not assigned.
    pub fn parse(octet: u8) -> Result<Self, Error> {
        let next_header_is_encoded = octet & NH_MASK != 0;
        let protocol = match octet {
            0xf0..=0xf7 => {
                let checksum_is_elided = octet & CHECKSUM_MASK != 0;
                return Ok(Self::Udp { checksum_is_elided, ports: octet & 0b11 });
            }
            0xe0..=0xef => match (octet >> 1) & 0b111 {
                0 => IpProtocol::HOP_BY_HOP,
                1 => IpProtocol::ROUTING,
                EID_FRAGMENT => IpProtocol::FRAGMENT,
                3 => IpProtocol::DESTINATION_OPTIONS,
                4 => MOBILITY,
                EID_IPV6 if !next_header_is_encoded => return Ok(Self::Ipv6),
                _ => return Err(Error::Reserved(octet)),
            },
            _ => return Err(Error::NextHeader(octet)),
        };
        Ok(Self::Extension { protocol, next_header_is_encoded })
    }
}

/// A header that can be encoded, and how.
pub(super) enum Plan<'a> {
    Udp { ports: u8, in_line: [u8; 4], in_line_len: usize, checksum: [u8; 2] },
    Ipv6,
    Extension { eid: u8, next_header: u8, data: &'a [u8], covered: usize, next_is_header: bool },
}

impl<'a> Plan<'a> {
    /// How to encode the header of this protocol at the front of `bytes`, the rest of the packet; `None` if there
    /// is no encoding that restores it exactly, or it would not fit `room` octets.
    pub(super) fn of(protocol: u8, bytes: &'a [u8], room: usize, may_nest: bool) -> Option<Self> {
        let protocol = IpProtocol(protocol);
        let plan = match protocol {
            IpProtocol::UDP => Self::udp(bytes)?,
            IpProtocol::IPV6 if may_nest => {
                iphc::Repr::of_packet(bytes).ok()?;
                Self::Ipv6
            }
            IpProtocol::FRAGMENT => Self::fragment(bytes)?,
            IpProtocol::HOP_BY_HOP => Self::extension(0, protocol, bytes)?,
            IpProtocol::ROUTING => Self::extension(1, protocol, bytes)?,
            IpProtocol::DESTINATION_OPTIONS => Self::extension(3, protocol, bytes)?,
            MOBILITY => Self::extension(4, protocol, bytes)?,
            _ => return None,
        };
        (plan.len_max() <= room).then_some(plan)
    }

    /// The UDP length must be what the decoder derives, RFC 6282 §4.3.3.
    fn udp(bytes: &[u8]) -> Option<Self> {
        let (&[s0, s1, d0, d1, l0, l1, c0, c1], _) = bytes.split_first_chunk::<UDP_HEADER_LEN>()?;
        if usize::from(u16::from_be_bytes([l0, l1])) != bytes.len() {
            return None;
        }
        let (ports, in_line, in_line_len) = match (s0, s1 >> 4, d0, d1 >> 4) {
            (0xf0, 0xb, 0xf0, 0xb) => (3, [s1 << 4 | d1 & 0x0f, 0, 0, 0], 1),
            (_, _, 0xf0, _) => (1, [s0, s1, d1, 0], 3),
            (0xf0, _, _, _) => (2, [s1, d0, d1, 0], 3),
            _ => (0, [s0, s1, d0, d1], 4),
        };
        Some(Self::Udp { ports, in_line, in_line_len, checksum: [c0, c1] })
    }

    fn fragment(bytes: &'a [u8]) -> Option<Self> {
        let header = bytes.first_chunk::<FRAGMENT_HEADER_LEN>()?;
        let [next_header, data @ ..] = header;
        let [_, offset_high, offset_low, ..] = data;
        // Behind a later fragment's header there is no header, whatever the octets look like.
        let next_is_header = u16::from_be_bytes([*offset_high, *offset_low]) >> 3 == 0;
        Some(Self::Extension {
            eid: EID_FRAGMENT,
            next_header: *next_header,
            data,
            covered: FRAGMENT_HEADER_LEN,
            next_is_header,
        })
    }

    fn extension(eid: u8, protocol: IpProtocol, bytes: &'a [u8]) -> Option<Self> {
        let (&[next_header, units], _) = bytes.split_first_chunk()?;
        let covered = (usize::from(units) + 1) * 8;
        let data = bytes.get(2..covered)?;
        let data = if has_options(protocol) { without_padding(data) } else { data };
        (data.len() <= DATA_LEN_MAX).then_some(Self::Extension {
            eid,
            next_header,
            data,
            covered,
            next_is_header: true,
        })
    }

    /// Most octets that the encoding takes: with the next header in-line.
    fn len_max(&self) -> usize {
        match self {
            Self::Udp { in_line_len, .. } => 1 + in_line_len + 2,
            Self::Ipv6 => 1 + iphc::ENCODED_LEN_MAX,
            Self::Extension { eid: EID_FRAGMENT, .. } => 2 + FRAGMENT_HEADER_LEN - 1,
            Self::Extension { data, .. } => 3 + data.len(),
        }
    }
}

/// Writes an extension header; `next_header` is `None` if NHC follows.
pub(super) fn write_extension(
    eid: u8,
    next_header: Option<u8>,
    data: &[u8],
    writer: &mut Writer<'_>,
) -> Result<(), Error> {
    match next_header {
        Some(next_header) => writer.put(&[EXTENSION | eid << 1, next_header])?,
        None => writer.put(&[EXTENSION | eid << 1 | NH_MASK])?,
    }
    if eid != EID_FRAGMENT {
        writer.put(&[u8::try_from(data.len()).map_err(|_| Error::Length)?])?;
    }
    writer.put(data)
}

/// Writes the encoding octet of an IPv6 header.
pub(super) fn write_ipv6(writer: &mut Writer<'_>) -> Result<(), Error> {
    writer.put(&[EXTENSION | EID_IPV6 << 1])
}

/// Writes a UDP header's encoding, the checksum in-line: leaving it out is for the upper layer to authorise
/// (RFC 6282 §4.3.2), and there is no such upper layer here.
pub(super) fn write_udp(
    ports: u8,
    in_line: &[u8],
    checksum: [u8; 2],
    writer: &mut Writer<'_>,
) -> Result<(), Error> {
    writer.put(&[UDP | ports])?;
    writer.put(in_line)?;
    writer.put(&checksum)
}

/// Reads what follows the encoding octet of an extension header and writes the header, padded to a multiple of
/// eight octets where it holds options. Returns the next header; `None` if NHC follows.
pub(super) fn read_extension(
    protocol: IpProtocol,
    next_header_is_encoded: bool,
    reader: &mut Reader<'_>,
    writer: &mut Writer<'_>,
) -> Result<Option<u8>, Error> {
    let next_header = if next_header_is_encoded { None } else { Some(reader.octet()?) };
    if protocol == IpProtocol::FRAGMENT {
        writer.put(&[next_header.unwrap_or(0)])?;
        writer.put(reader.take::<{ FRAGMENT_HEADER_LEN - 1 }>()?)?;
        return Ok(next_header);
    }
    let data_len = reader.octet()?;
    let data = reader.slice(usize::from(data_len))?;
    let pad_len = (8 - (data.len() + 2) % 8) % 8;
    if pad_len != 0 && !has_options(protocol) {
        return Err(Error::Length);
    }
    let units = u8::try_from((data.len() + 2 + pad_len) / 8 - 1).map_err(|_| Error::Length)?;
    writer.put(&[next_header.unwrap_or(0), units])?;
    writer.put(data)?;
    writer.put(padding(pad_len))?;
    Ok(next_header)
}

/// Reads what follows the encoding octet of a UDP header: ports and checksum, the latter zero if elided.
pub(super) fn read_udp(
    ports: u8,
    checksum_is_elided: bool,
    reader: &mut Reader<'_>,
) -> Result<([u8; 4], [u8; 2]), Error> {
    let ports = match ports {
        0 => *reader.take()?,
        1 => {
            let [s0, s1, d1] = *reader.take()?;
            [s0, s1, 0xf0, d1]
        }
        2 => {
            let [s1, d0, d1] = *reader.take()?;
            [0xf0, s1, d0, d1]
        }
        _ => {
            let both = reader.octet()?;
            [0xf0, 0xb0 | both >> 4, 0xf0, 0xb0 | both & 0x0f]
        }
    };
    let checksum = if checksum_is_elided { [0; 2] } else { *reader.take()? };
    Ok((ports, checksum))
}

fn has_options(protocol: IpProtocol) -> bool {
    protocol == IpProtocol::HOP_BY_HOP || protocol == IpProtocol::DESTINATION_OPTIONS
}

/// One option of `len` octets, 0 to 7, that means nothing: Pad1 or PadN, RFC 8200 §4.2.
fn padding(len: usize) -> &'static [u8] {
    match len {
        0 => &[],
        1 => &[0],
        2 => &[1, 0],
        3 => &[1, 1, 0],
        4 => &[1, 2, 0, 0],
        5 => &[1, 3, 0, 0, 0],
        6 => &[1, 4, 0, 0, 0, 0],
        _ => &[1, 5, 0, 0, 0, 0, 0],
    }
}

/// `options` without the last one, if that is what the decoder will put there again.
fn without_padding(options: &[u8]) -> &[u8] {
    let mut rest = options;
    loop {
        let len = match *rest {
            [] => return options,
            [0, ..] => 1,
            [_, len, ..] => usize::from(len) + 2,
            [_] => return options,
        };
        // Within the options only: a length beyond their end leaves them as they are.
        let Some(next) = rest.get(len..) else { return options };
        if next.is_empty() && len < 8 && rest == padding(len) {
            return options.get(..options.len() - len).unwrap_or(options);
        }
        rest = next;
    }
}
