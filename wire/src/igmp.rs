//! IGMP: versions 1 (RFC 1112 appendix I), 2 (RFC 2236) and 3 (RFC 3376).
//!
//! ```text
//!  0      7 8     15 16            31
//! +--------+--------+---------------+
//! |  Type  | code   |   Checksum    |   code: Max Resp Code of queries, else unused
//! +--------+--------+---------------+
//! |          Group Address          |   version 3 report: 16 bits unused, Number of Group Records
//! +--------------+-+----+-----------+
//! | Resv         |S|QRV |QQIC| Number of Sources |   version 3 query only
//! +--------------+-+----+-----------+
//! |        Source Addresses         |   or group records
//! ```
//!
//! The version of a query shows in its length and code, §7.1 of RFC 3376. The checksum covers all octets of the IP
//! payload, those beyond the known fields too.
//!
//! ```
//! use tersus_wire::igmp::{decode, Packet, Repr};
//!
//! // What a host says when it joins: to the group, with Time to Live 1 and the option ipv4::ROUTER_ALERT.
//! let report = Repr::ReportV2 { group: [239, 1, 2, 3].into() };
//! let mut message = [0; 8];
//! let len = report.emit(&mut message)?;
//! assert_eq!(Repr::parse(&Packet::parse(&message[..len])?)?, report); // verifies the checksum, too
//!
//! // A version 3 query says how long to wait, and how often the querier asks, in one octet each.
//! assert_eq!((decode(100), decode(0x8f)), (100, 248));
//! # Ok::<(), tersus_wire::Error>(())
//! ```

mod record;
#[cfg(test)]
mod tests;

use crate::checksum::Sum;
use crate::Error;
use core::fmt;
use core::net::Ipv4Addr;
pub use record::{Record, RecordType, Records, Sources};

/// Length of what all messages have, in octets.
pub const HEADER_LEN: usize = 8;
/// Length of a version 3 query before its sources, in octets.
pub const QUERY_V3_LEN: usize = 12;
/// Length of a group record before its sources, in octets.
pub const RECORD_LEN: usize = 8;
/// All systems on the link, RFC 1112 §4: never reported.
pub const ALL_SYSTEMS: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 1);
/// All routers on the link: where Leave goes.
pub const ALL_ROUTERS: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 2);
/// Where version 3 reports go.
pub const ALL_V3_ROUTERS: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 22);

/// Kind of message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    /// 0x11: a router asks who is member of what.
    MembershipQuery,
    /// 0x12: version 1, a host is member.
    V1MembershipReport,
    /// 0x16: version 2, a host is member.
    V2MembershipReport,
    /// 0x17: version 2, a host is member no more.
    LeaveGroup,
    /// 0x22: version 3, what a host listens to.
    V3MembershipReport,
    /// Anything else: ignored, RFC 3376 §4.
    Unknown(u8),
}

impl From<u8> for Type {
    fn from(number: u8) -> Self {
        match number {
            0x11 => Self::MembershipQuery,
            0x12 => Self::V1MembershipReport,
            0x16 => Self::V2MembershipReport,
            0x17 => Self::LeaveGroup,
            0x22 => Self::V3MembershipReport,
            other => Self::Unknown(other),
        }
    }
}

impl From<Type> for u8 {
    fn from(kind: Type) -> Self {
        match kind {
            Type::MembershipQuery => 0x11,
            Type::V1MembershipReport => 0x12,
            Type::V2MembershipReport => 0x16,
            Type::LeaveGroup => 0x17,
            Type::V3MembershipReport => 0x22,
            Type::Unknown(other) => other,
        }
    }
}

/// Version of a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub enum Version {
    /// RFC 1112.
    V1,
    /// RFC 2236.
    V2,
    /// RFC 3376.
    V3,
}

/// What a Max Resp Code or QQIC stands for, RFC 3376 §4.1.1 and §4.1.7: tenths of a second, or seconds. From 128 on
/// it is a floating point number, 1 bit, 3 of exponent, 4 of mantissa.
#[must_use]
pub const fn decode(code: u8) -> u16 {
    if code < 128 {
        return code as u16;
    }
    let mantissa = (code & 0x0f) as u16 | 0x10;
    let exponent = (code >> 4) & 0x07;
    mantissa << (exponent + 3)
}

/// The code for the largest time not above `time`; at most 31,744 can be said.
#[must_use]
pub fn encode(time: u16) -> u8 {
    let mut code = u8::MAX;
    while decode(code) > time {
        code -= 1;
    }
    code
}

/// A view of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Packet<'a> {
    bytes: &'a [u8],
    header: &'a [u8; HEADER_LEN],
    body: &'a [u8],
}

impl<'a> Packet<'a> {
    /// Takes a whole IP payload.
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

    /// Max Resp Code; unused but in queries.
    #[must_use]
    pub fn max_resp_code(&self) -> u8 {
        self.header[1]
    }

    /// Checksum.
    #[must_use]
    pub fn checksum(&self) -> u16 {
        u16::from_be_bytes([self.header[2], self.header[3]])
    }

    /// Whether the checksum is right, over all octets that were given.
    #[must_use]
    pub fn is_checksum_valid(&self) -> bool {
        Sum::new().add_bytes(self.bytes).is_valid()
    }

    /// Group Address; unspecified in a general query.
    #[must_use]
    pub fn group(&self) -> Ipv4Addr {
        let &[_, _, _, _, a, b, c, d] = self.header;
        Ipv4Addr::new(a, b, c, d)
    }

    /// Version of a query; `None` if it is none, or of a length that belongs to no version and is ignored.
    #[must_use]
    pub fn query_version(&self) -> Option<Version> {
        match (self.message_type(), self.bytes.len(), self.max_resp_code()) {
            (Type::MembershipQuery, HEADER_LEN, 0) => Some(Version::V1),
            (Type::MembershipQuery, HEADER_LEN, _) => Some(Version::V2),
            (Type::MembershipQuery, QUERY_V3_LEN.., _) => Some(Version::V3),
            _ => None,
        }
    }

    /// What follows the first eight octets.
    #[must_use]
    pub fn body(&self) -> &'a [u8] {
        self.body
    }
}

impl fmt::Display for Packet<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Repr::parse(self) {
            Ok(repr) => fmt::Display::fmt(&repr, f),
            Err(_) => write!(f, "IGMP {:?} len {}", self.message_type(), self.bytes.len()),
        }
    }
}

/// What a message means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub enum Repr<'a> {
    /// A query of version 1 or 2.
    Query {
        /// Tenths of a second to answer within; 0 in version 1, which means 10 seconds.
        max_resp_code: u8,
        /// The group asked for; unspecified: all.
        group: Ipv4Addr,
    },
    /// A query of version 3.
    QueryV3 {
        /// Time to answer within, see [`decode`].
        max_resp_code: u8,
        /// The group asked for; unspecified: all.
        group: Ipv4Addr,
        /// S flag and Querier's Robustness Variable as they stand in their octet.
        flags: QueryFlags,
        /// Querier's Query Interval Code, see [`decode`].
        qqic: u8,
        /// The sources asked for; none: all.
        sources: Sources<'a>,
    },
    /// A version 1 report.
    ReportV1 {
        /// The group that the sender is member of.
        group: Ipv4Addr,
    },
    /// A version 2 report.
    ReportV2 {
        /// The group that the sender is member of.
        group: Ipv4Addr,
    },
    /// A version 2 leave.
    Leave {
        /// The group that the sender is member of no more.
        group: Ipv4Addr,
    },
    /// A version 3 report.
    ReportV3 {
        /// What the sender listens to.
        records: Records<'a>,
    },
}

/// An octet of version 3 queries (and of MLDv2's): S flag, Querier's Robustness Variable. The upper four bits are
/// reserved: ignored, and sent as zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct QueryFlags(
    #[cfg_attr(feature = "arbitrary", arbitrary(with = crate::arbitrary::up_to_u8::<0x0f>))] pub u8,
);

impl QueryFlags {
    /// The octet without its reserved bits.
    pub(crate) const fn octet(self) -> u8 {
        self.0 & 0x0f
    }

    /// Suppress Router-Side Processing, for routers only.
    #[must_use]
    pub const fn suppress(self) -> bool {
        self.0 & 8 != 0
    }

    /// Querier's Robustness Variable; 0 means the default, 2: RFC 3376 §4.1.6.
    #[must_use]
    pub const fn qrv(self) -> u8 {
        self.0 & 7
    }
}

impl<'a> Repr<'a> {
    /// Takes a message whose checksum is right.
    ///
    /// # Errors
    /// `Checksum`; `Unknown` for other types; `Length` for a query that is of no version's length; `Truncated` if
    /// sources or records are not all there.
    pub fn parse(packet: &Packet<'a>) -> Result<Self, Error> {
        if !packet.is_checksum_valid() {
            return Err(Error::Checksum);
        }
        let group = packet.group();
        match packet.message_type() {
            Type::MembershipQuery => Self::parse_query(packet),
            Type::V1MembershipReport => Ok(Self::ReportV1 { group }),
            Type::V2MembershipReport => Ok(Self::ReportV2 { group }),
            Type::LeaveGroup => Ok(Self::Leave { group }),
            Type::V3MembershipReport => {
                let number = u16::from_be_bytes([packet.header[6], packet.header[7]]);
                Ok(Self::ReportV3 { records: Records::parse(packet.body, number)? })
            }
            Type::Unknown(other) => Err(Error::Unknown(other)),
        }
    }

    fn parse_query(packet: &Packet<'a>) -> Result<Self, Error> {
        let have = packet.bytes.len();
        let (max_resp_code, group) = (packet.max_resp_code(), packet.group());
        match packet.query_version() {
            None => Err(Error::Length(u16::try_from(have).unwrap_or(u16::MAX))),
            Some(Version::V1 | Version::V2) => Ok(Self::Query { max_resp_code, group }),
            Some(Version::V3) => {
                let (&[flags, qqic, n0, n1], rest) =
                    packet.body.split_first_chunk().ok_or_else(|| Error::truncated(QUERY_V3_LEN, have))?;
                let len = usize::from(u16::from_be_bytes([n0, n1])) * 4;
                let sources = rest.get(..len).ok_or_else(|| Error::truncated(QUERY_V3_LEN + len, have))?;
                let flags = QueryFlags(QueryFlags(flags).octet());
                let sources = Sources::new(sources);
                Ok(Self::QueryV3 { max_resp_code, group, flags, qqic, sources })
            }
        }
    }

    /// Octets that [`Repr::emit`] writes.
    #[must_use]
    pub fn buffer_len(&self) -> usize {
        match self {
            Self::QueryV3 { sources, .. } => QUERY_V3_LEN + sources.0.len(),
            Self::ReportV3 { records } => HEADER_LEN + records.buffer_len(),
            _ => HEADER_LEN,
        }
    }

    /// Writes the message with its checksum to the front of `buffer`; returns its length. Auxiliary data of records
    /// that were received are left out, RFC 3376 §4.2.10.
    ///
    /// # Errors
    /// `NoRoom`; `Unrepresentable` above 65,535 sources.
    pub fn emit(&self, buffer: &mut [u8]) -> Result<usize, Error> {
        let need = self.buffer_len();
        let have = buffer.len();
        let to = buffer.get_mut(..need).ok_or_else(|| Error::no_room(need, have))?;
        let (header, body) =
            to.split_first_chunk_mut::<HEADER_LEN>().ok_or_else(|| Error::no_room(need, have))?;
        let (kind, code, group) = match *self {
            Self::Query { max_resp_code, group } => (Type::MembershipQuery, max_resp_code, group),
            Self::QueryV3 { max_resp_code, group, flags, qqic, sources } => {
                let number = u16::try_from(sources.len()).map_err(|_| Error::Unrepresentable)?;
                let (rest, to) =
                    body.split_first_chunk_mut::<4>().ok_or_else(|| Error::no_room(need, have))?;
                let [n0, n1] = number.to_be_bytes();
                *rest = [flags.octet(), qqic, n0, n1];
                for (to, from) in to.iter_mut().zip(sources.0) {
                    *to = *from;
                }
                (Type::MembershipQuery, max_resp_code, group)
            }
            Self::ReportV1 { group } => (Type::V1MembershipReport, 0, group),
            Self::ReportV2 { group } => (Type::V2MembershipReport, 0, group),
            Self::Leave { group } => (Type::LeaveGroup, 0, group),
            Self::ReportV3 { records } => {
                records.emit(body)?;
                (Type::V3MembershipReport, 0, Ipv4Addr::from(u32::from(records.number)))
            }
        };
        let [a, b, c, d] = group.octets();
        *header = [u8::from(kind), code, 0, 0, a, b, c, d];
        fill_checksum(to);
        Ok(need)
    }
}

/// Computes the checksum of a whole message and writes it into its field. Messages below four octets stay as they are.
pub fn fill_checksum(message: &mut [u8]) {
    let Some((common, body)) = message.split_first_chunk_mut::<4>() else { return };
    [common[2], common[3]] = [0, 0];
    let checksum = Sum::new().add_bytes(&*common).add_bytes(body).checksum();
    [common[2], common[3]] = checksum.to_be_bytes();
}

impl fmt::Display for Repr<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Query { max_resp_code, group } => {
                let version = if *max_resp_code == 0 { 1 } else { 2 };
                write!(f, "IGMPv{version} query of {}", Asked(group))?;
                // Version 1 does not say, and means ten seconds.
                match version {
                    1 => Ok(()),
                    _ => write!(f, ", answer within {}", Tenths(u16::from(*max_resp_code))),
                }
            }
            Self::QueryV3 { max_resp_code, group, flags, qqic, sources } => {
                let within = Tenths(decode(*max_resp_code));
                write!(f, "IGMPv3 query of {}{sources}, answer within {within}, {flags}", Asked(group))?;
                write!(f, ", interval {} s", decode(*qqic))
            }
            Self::ReportV1 { group } => write!(f, "IGMPv1 report {group}"),
            Self::ReportV2 { group } => write!(f, "IGMPv2 report {group}"),
            Self::Leave { group } => write!(f, "IGMPv2 leave {group}"),
            Self::ReportV3 { records } => {
                f.write_str("IGMPv3 report")?;
                for (number, record) in records.iter().enumerate() {
                    f.write_str(if number == 0 { " " } else { ", " })?;
                    write!(f, "{:?} {}{}", record.kind, record.group, record.sources)?;
                }
                Ok(())
            }
        }
    }
}

impl fmt::Display for QueryFlags {
    /// `qrv 2`, with ` suppress` if S is set.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "qrv {}{}", self.qrv(), if self.suppress() { " suppress" } else { "" })
    }
}

/// The group of a query.
struct Asked<'g>(&'g Ipv4Addr);

impl fmt::Display for Asked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_unspecified() {
            f.write_str("all groups")
        } else {
            fmt::Display::fmt(self.0, f)
        }
    }
}

/// Tenths of a second, shown as seconds.
struct Tenths(u16);

impl fmt::Display for Tenths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{} s", self.0 / 10, self.0 % 10)
    }
}
