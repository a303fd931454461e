//! MLD: versions 1 (RFC 2710) and 2 (RFC 3810), the IPv6 form of IGMP. Messages of ICMPv6.
//!
//! ```text
//!  0      7 8     15 16            31
//! +--------+--------+---------------+
//! |  Type  |  Code  |   Checksum    |
//! +--------+--------+---------------+
//! | Maximum Response|   Reserved    |   version 2 report: 16 bits unused, Nr of Mcast Address Records, records
//! +-----------------+---------------+
//! |     Multicast Address (16)      |
//! +--------------+-+----+-----------+
//! | Resv         |S|QRV |QQIC| Number of Sources |   version 2 query only
//! +--------------+-+----+-----------+
//! |     Source Addresses (16 each)  |
//! ```
//!
//! Messages leave with Hop Limit 1, behind the header that [`ipv6_ext::router_alert`](crate::ipv6_ext::router_alert) makes.
//!
//! ```
//! use tersus_wire::mld::{Packet, Record, RecordType, Records, Repr, Sources, ALL_V2_ROUTERS};
//!
//! // What a host says when it joins a group.
//! let record = Record {
//!     kind: RecordType::ChangeToExclude,
//!     group: "ff02::fb".parse()?,
//!     sources: Sources::new(&[]), // all but none
//! };
//! let mut records = [0; 64];
//! let len = record.emit(&mut records)?;
//! let report = Repr::ReportV2 { records: Records::parse(&records[..len], 1)? };
//!
//! let source = "fe80::1".parse()?;
//! let mut message = [0; 64];
//! let len = report.emit(source, ALL_V2_ROUTERS, &mut message)?;
//!
//! let packet = Packet::parse(&message[..len])?;
//! assert!(packet.is_checksum_valid(source, ALL_V2_ROUTERS));
//! let Repr::ReportV2 { records } = Repr::parse(&packet)? else { panic!("another message") };
//! assert_eq!(records.iter().next().map(|record| record.group), Some("ff02::fb".parse()?));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod record;
#[cfg(test)]
mod tests;

use crate::icmpv6::fill_checksum;
use crate::ip::pseudo_header;
use crate::{Error, IpProtocol};
use core::fmt;
use core::net::{IpAddr, Ipv6Addr};

pub use crate::igmp::{QueryFlags, RecordType};
pub use record::{Record, Records, Sources};

/// Length of all messages but version 2 reports, without what version 2 adds, in octets.
pub const MESSAGE_LEN: usize = 24;
/// Length of a version 2 query before its sources, in octets.
pub const QUERY_V2_LEN: usize = 28;
/// Length of a version 2 report before its records, in octets.
pub const REPORT_V2_LEN: usize = 8;
/// Length of a record before its sources, in octets.
pub const RECORD_LEN: usize = 20;
/// All nodes on the link: never reported.
pub const ALL_NODES: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);
/// All routers on the link: where Done goes.
pub const ALL_ROUTERS: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 2);
/// Where version 2 reports go.
pub const ALL_V2_ROUTERS: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0x16);

/// Kind of message: an ICMPv6 type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    /// 130: a router asks who listens to what.
    Query,
    /// 131: version 1, a node listens.
    ReportV1,
    /// 132: version 1, a node listens no more.
    Done,
    /// 143: version 2, what a node listens to.
    ReportV2,
    /// Another protocol's.
    Unknown(u8),
}

impl From<u8> for Type {
    fn from(number: u8) -> Self {
        match number {
            130 => Self::Query,
            131 => Self::ReportV1,
            132 => Self::Done,
            143 => Self::ReportV2,
            other => Self::Unknown(other),
        }
    }
}

impl From<Type> for u8 {
    fn from(kind: Type) -> Self {
        match kind {
            Type::Query => 130,
            Type::ReportV1 => 131,
            Type::Done => 132,
            Type::ReportV2 => 143,
            Type::Unknown(other) => other,
        }
    }
}

/// What a Maximum Response Code stands for, RFC 3810 §5.1.3: milliseconds. From 32,768 on it is a floating point
/// number, 1 bit, 3 of exponent, 12 of mantissa.
#[must_use]
pub const fn decode(code: u16) -> u32 {
    if code < 0x8000 {
        return code as u32;
    }
    let mantissa = (code & 0x0fff) as u32 | 0x1000;
    let exponent = (code >> 12) & 0x07;
    mantissa << (exponent + 3)
}

/// The code for the largest number of milliseconds not above `time`; at most 8,387,584 can be said.
#[must_use]
pub fn encode(time: u32) -> u16 {
    let mut low = 0;
    let mut high = u16::MAX;
    while low < high {
        let middle = high - (high - low) / 2;
        if decode(middle) <= time {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    low
}

/// A view of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Packet<'a> {
    bytes: &'a [u8],
    header: &'a [u8; REPORT_V2_LEN],
}

impl<'a> Packet<'a> {
    /// Takes a whole ICMPv6 message.
    ///
    /// # Errors
    /// `Truncated` below eight octets.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        let header = bytes.first_chunk().ok_or_else(|| Error::truncated(REPORT_V2_LEN, bytes.len()))?;
        Ok(Self { bytes, header })
    }

    /// Type.
    #[must_use]
    pub fn message_type(&self) -> Type {
        Type::from(self.header[0])
    }

    /// Code: 0, ignored.
    #[must_use]
    pub fn code(&self) -> u8 {
        self.header[1]
    }

    /// Checksum.
    #[must_use]
    pub fn checksum(&self) -> u16 {
        u16::from_be_bytes([self.header[2], self.header[3]])
    }

    /// Whether the checksum is right, over the pseudo-header and all octets that were given.
    #[must_use]
    pub fn is_checksum_valid(&self, source: Ipv6Addr, destination: Ipv6Addr) -> bool {
        let len = u32::try_from(self.bytes.len()).unwrap_or(u32::MAX);
        let pseudo = pseudo_header(IpAddr::V6(source), IpAddr::V6(destination), IpProtocol::ICMPV6, len);
        pseudo.add_bytes(self.bytes).is_valid()
    }

    /// Maximum Response Delay or Code; unused but in queries.
    #[must_use]
    pub fn max_resp_code(&self) -> u16 {
        u16::from_be_bytes([self.header[4], self.header[5]])
    }
}

impl fmt::Display for Packet<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Repr::parse(self) {
            Ok(repr) => fmt::Display::fmt(&repr, f),
            Err(_) => write!(f, "MLD {:?} len {}", self.message_type(), self.bytes.len()),
        }
    }
}

/// What a message means. The checksum is checked apart: the IP layer has done so for all of ICMPv6.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub enum Repr<'a> {
    /// A query of version 1.
    QueryV1 {
        /// Milliseconds to answer within.
        max_resp_delay: u16,
        /// The group asked for; unspecified: all.
        group: Ipv6Addr,
    },
    /// A query of version 2.
    QueryV2 {
        /// Time to answer within, see [`decode`].
        max_resp_code: u16,
        /// The group asked for; unspecified: all.
        group: Ipv6Addr,
        /// S flag and Querier's Robustness Variable.
        flags: QueryFlags,
        /// Querier's Query Interval Code, see [`igmp::decode`](crate::igmp::decode).
        qqic: u8,
        /// The sources asked for; none: all.
        sources: Sources<'a>,
    },
    /// A version 1 report.
    ReportV1 {
        /// The group that the sender listens to.
        group: Ipv6Addr,
    },
    /// A version 1 done.
    Done {
        /// The group that the sender listens to no more.
        group: Ipv6Addr,
    },
    /// A version 2 report.
    ReportV2 {
        /// What the sender listens to.
        records: Records<'a>,
    },
}

impl<'a> Repr<'a> {
    /// Takes a message, whose checksum is not looked at.
    ///
    /// # Errors
    /// `Unknown` for types of other protocols; `Length` for a query that is of no version's length, RFC 3810 §8.1;
    /// `Truncated` if group, sources or records are not all there.
    pub fn parse(packet: &Packet<'a>) -> Result<Self, Error> {
        let kind = packet.message_type();
        let have = packet.bytes.len();
        let rest = packet.bytes.get(REPORT_V2_LEN..).unwrap_or_default();
        match kind {
            Type::ReportV2 => {
                let number = u16::from_be_bytes([packet.header[6], packet.header[7]]);
                return Ok(Self::ReportV2 { records: Records::parse(rest, number)? });
            }
            Type::Unknown(other) => return Err(Error::Unknown(other)),
            Type::Query | Type::ReportV1 | Type::Done => {}
        }
        let (group, rest) =
            rest.split_first_chunk::<16>().ok_or_else(|| Error::truncated(MESSAGE_LEN, have))?;
        let group = Ipv6Addr::from(*group);
        match (kind, rest.split_first_chunk()) {
            (Type::ReportV1, _) => Ok(Self::ReportV1 { group }),
            (Type::Done, _) => Ok(Self::Done { group }),
            (_, None) if rest.is_empty() => {
                Ok(Self::QueryV1 { max_resp_delay: packet.max_resp_code(), group })
            }
            (_, None) => Err(Error::Length(u16::try_from(have).unwrap_or(u16::MAX))),
            (_, Some((&[flags, qqic, n0, n1], rest))) => {
                let len = usize::from(u16::from_be_bytes([n0, n1])) * 16;
                let sources = rest.get(..len).ok_or_else(|| Error::truncated(QUERY_V2_LEN + len, have))?;
                Ok(Self::QueryV2 {
                    max_resp_code: packet.max_resp_code(),
                    group,
                    flags: QueryFlags(QueryFlags(flags).octet()),
                    qqic,
                    sources: Sources::new(sources),
                })
            }
        }
    }

    /// Octets that [`Repr::emit`] writes.
    #[must_use]
    pub fn buffer_len(&self) -> usize {
        match self {
            Self::QueryV2 { sources, .. } => QUERY_V2_LEN + sources.0.len(),
            Self::ReportV2 { records } => REPORT_V2_LEN + records.buffer_len(),
            _ => MESSAGE_LEN,
        }
    }

    /// Writes the message with its checksum to the front of `buffer`; returns its length. Auxiliary data of records
    /// that were received are left out, RFC 3810 §5.2.10.
    ///
    /// # Errors
    /// `NoRoom`; `Unrepresentable` above 65,535 sources.
    pub fn emit(&self, source: Ipv6Addr, destination: Ipv6Addr, buffer: &mut [u8]) -> Result<usize, Error> {
        let need = self.buffer_len();
        let have = buffer.len();
        let no_room = || Error::no_room(need, have);
        let to = buffer.get_mut(..need).ok_or_else(no_room)?;
        let (header, body) = to.split_first_chunk_mut::<REPORT_V2_LEN>().ok_or_else(no_room)?;
        let (kind, code, group) = match *self {
            Self::QueryV1 { max_resp_delay, group } => (Type::Query, max_resp_delay, group),
            Self::QueryV2 { max_resp_code, group, .. } => (Type::Query, max_resp_code, group),
            Self::ReportV1 { group } => (Type::ReportV1, 0, group),
            Self::Done { group } => (Type::Done, 0, group),
            Self::ReportV2 { records } => {
                let [n0, n1] = records.number.to_be_bytes();
                *header = [u8::from(Type::ReportV2), 0, 0, 0, 0, 0, n0, n1];
                records.emit(body)?;
                fill_checksum(source, destination, to);
                return Ok(need);
            }
        };
        let [c0, c1] = code.to_be_bytes();
        *header = [u8::from(kind), 0, 0, 0, c0, c1, 0, 0];
        let (place, rest) = body.split_first_chunk_mut::<16>().ok_or_else(no_room)?;
        *place = group.octets();
        if let Self::QueryV2 { flags, qqic, sources, .. } = *self {
            let number = u16::try_from(sources.len()).map_err(|_| Error::Unrepresentable)?;
            let (more, place) = rest.split_first_chunk_mut::<4>().ok_or_else(no_room)?;
            let [n0, n1] = number.to_be_bytes();
            *more = [flags.octet(), qqic, n0, n1];
            for (to, from) in place.iter_mut().zip(sources.0) {
                *to = *from;
            }
        }
        fill_checksum(source, destination, to);
        Ok(need)
    }
}

impl fmt::Display for Repr<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::QueryV1 { max_resp_delay, group } => {
                write!(f, "MLDv1 query of {}, answer within {max_resp_delay} ms", Asked(group))
            }
            Self::QueryV2 { max_resp_code, group, flags, qqic, sources } => {
                let (within, interval) = (decode(*max_resp_code), crate::igmp::decode(*qqic));
                write!(f, "MLDv2 query of {}{sources}, answer within {within} ms, {flags}", Asked(group))?;
                write!(f, ", interval {interval} s")
            }
            Self::ReportV1 { group } => write!(f, "MLDv1 report {group}"),
            Self::Done { group } => write!(f, "MLDv1 done {group}"),
            Self::ReportV2 { records } => {
                f.write_str("MLDv2 report")?;
                for (number, record) in records.iter().enumerate() {
                    f.write_str(if number == 0 { " " } else { ", " })?;
                    write!(f, "{:?} {}{}", record.kind, record.group, record.sources)?;
                }
                Ok(())
            }
        }
    }
}

/// The group of a query.
struct Asked<'g>(&'g Ipv6Addr);

impl fmt::Display for Asked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_unspecified() {
            f.write_str("all groups")
        } else {
            fmt::Display::fmt(self.0, f)
        }
    }
}
