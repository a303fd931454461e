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

use crate::checksum::Sum;
use crate::Error;
use core::fmt;
use core::net::Ipv4Addr;

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

/// Kind of a group record, RFC 3376 §4.2.12 and RFC 3810 §5.2.12.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordType {
    /// 1, IS_IN: asked for, listens to these sources.
    ModeIsInclude,
    /// 2, IS_EX: asked for, listens to all but these sources.
    ModeIsExclude,
    /// 3, TO_IN: listens to these sources now; with none, left.
    ChangeToInclude,
    /// 4, TO_EX: listens to all but these sources now; with none, joined.
    ChangeToExclude,
    /// 5, ALLOW: these sources too.
    AllowNewSources,
    /// 6, BLOCK: these sources no more.
    BlockOldSources,
    /// Anything else: the record is skipped.
    Unknown(u8),
}

impl From<u8> for RecordType {
    fn from(number: u8) -> Self {
        match number {
            1 => Self::ModeIsInclude,
            2 => Self::ModeIsExclude,
            3 => Self::ChangeToInclude,
            4 => Self::ChangeToExclude,
            5 => Self::AllowNewSources,
            6 => Self::BlockOldSources,
            other => Self::Unknown(other),
        }
    }
}

impl From<RecordType> for u8 {
    fn from(kind: RecordType) -> Self {
        match kind {
            RecordType::ModeIsInclude => 1,
            RecordType::ModeIsExclude => 2,
            RecordType::ChangeToInclude => 3,
            RecordType::ChangeToExclude => 4,
            RecordType::AllowNewSources => 5,
            RecordType::BlockOldSources => 6,
            RecordType::Unknown(other) => other,
        }
    }
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

/// Source addresses, one behind another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sources<'a>(&'a [u8]);

impl<'a> Sources<'a> {
    /// Sources from their octets, four each; what is left over is not counted.
    #[must_use]
    pub fn new(octets: &'a [u8]) -> Self {
        Self(octets.get(..octets.len() & !3).unwrap_or_default())
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len() / 4
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// One after the other.
    pub fn iter(&self) -> impl Iterator<Item = Ipv4Addr> + 'a {
        self.0.chunks_exact(4).filter_map(|octets| octets.first_chunk::<4>().copied().map(Ipv4Addr::from))
    }
}

/// One group record of a version 3 report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct Record<'a> {
    /// What is said of the group.
    pub kind: RecordType,
    /// The group.
    pub group: Ipv4Addr,
    /// The sources that it is said of.
    pub sources: Sources<'a>,
}

impl<'a> Record<'a> {
    /// Takes the first record; auxiliary data are skipped, RFC 3376 §4.2.10. Returns what follows it.
    ///
    /// # Errors
    /// `Truncated` if the record is not all there.
    pub fn parse(bytes: &'a [u8]) -> Result<(Self, &'a [u8]), Error> {
        let have = bytes.len();
        let (header, rest) =
            bytes.split_first_chunk::<RECORD_LEN>().ok_or_else(|| Error::truncated(RECORD_LEN, have))?;
        let &[kind, auxiliary, n0, n1, a, b, c, d] = header;
        let sources_len = usize::from(u16::from_be_bytes([n0, n1])) * 4;
        let len = sources_len + usize::from(auxiliary) * 4;
        let (body, behind) =
            rest.split_at_checked(len).ok_or_else(|| Error::truncated(RECORD_LEN + len, have))?;
        let sources = Sources::new(body.get(..sources_len).unwrap_or_default());
        Ok((Self { kind: RecordType::from(kind), group: Ipv4Addr::new(a, b, c, d), sources }, behind))
    }

    /// Octets that [`Record::emit`] writes.
    #[must_use]
    pub fn buffer_len(&self) -> usize {
        RECORD_LEN + self.sources.0.len()
    }

    /// Writes the record, without auxiliary data, to the front of `buffer`; returns its length.
    ///
    /// # Errors
    /// `NoRoom`; `Unrepresentable` above 65,535 sources.
    pub fn emit(&self, buffer: &mut [u8]) -> Result<usize, Error> {
        let need = self.buffer_len();
        let have = buffer.len();
        let number = u16::try_from(self.sources.len()).map_err(|_| Error::Unrepresentable)?;
        let to = buffer.get_mut(..need).ok_or_else(|| Error::no_room(need, have))?;
        let (header, sources) =
            to.split_first_chunk_mut::<RECORD_LEN>().ok_or_else(|| Error::no_room(need, have))?;
        let [n0, n1] = number.to_be_bytes();
        let [a, b, c, d] = self.group.octets();
        *header = [u8::from(self.kind), 0, n0, n1, a, b, c, d];
        for (to, from) in sources.iter_mut().zip(self.sources.0) {
            *to = *from;
        }
        Ok(need)
    }
}

/// The records of a version 3 report, checked to be all there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Records<'a> {
    octets: &'a [u8],
    number: u16,
}

impl<'a> Records<'a> {
    /// Checks that `octets` start with `number` whole records; what follows them is left out.
    ///
    /// # Errors
    /// `Truncated` if the last is not all there.
    pub fn parse(octets: &'a [u8], number: u16) -> Result<Self, Error> {
        let mut rest = octets;
        for _ in 0..number {
            (_, rest) = Record::parse(rest)?;
        }
        let len = octets.len() - rest.len();
        Ok(Self { octets: octets.get(..len).unwrap_or_default(), number })
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> u16 {
        self.number
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.number == 0
    }

    /// One after the other.
    pub fn iter(&self) -> impl Iterator<Item = Record<'a>> {
        let mut rest = self.octets;
        core::iter::from_fn(move || {
            let (record, behind) = Record::parse(rest).ok()?;
            rest = behind;
            Some(record)
        })
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

/// An octet of version 3 queries (and of MLDv2's): S flag, Querier's Robustness Variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct QueryFlags(pub u8);

impl QueryFlags {
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
                let flags = QueryFlags(flags);
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
            Self::ReportV3 { records } => HEADER_LEN + records.octets.len(),
            _ => HEADER_LEN,
        }
    }

    /// Writes the message with its checksum to the front of `buffer`; returns its length. Auxiliary data of records
    /// that were received are copied: leave them out by emitting each [`Record`].
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
                *rest = [flags.0, qqic, n0, n1];
                for (to, from) in to.iter_mut().zip(sources.0) {
                    *to = *from;
                }
                (Type::MembershipQuery, max_resp_code, group)
            }
            Self::ReportV1 { group } => (Type::V1MembershipReport, 0, group),
            Self::ReportV2 { group } => (Type::V2MembershipReport, 0, group),
            Self::Leave { group } => (Type::LeaveGroup, 0, group),
            Self::ReportV3 { records } => {
                for (to, from) in body.iter_mut().zip(records.octets) {
                    *to = *from;
                }
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
                write!(f, "IGMPv{version} query {group} within {}", Tenths(u16::from(*max_resp_code)))
            }
            Self::QueryV3 { max_resp_code, group, flags, qqic, sources } => {
                let within = Tenths(decode(*max_resp_code));
                write!(f, "IGMPv3 query {group} within {within} {flags} interval {}s", decode(*qqic))?;
                fmt::Display::fmt(sources, f)
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

impl fmt::Display for Sources<'_> {
    /// ` from 192.0.2.1 192.0.2.2` with a space in front; nothing if there are none.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.is_empty() {
            f.write_str(" from")?;
        }
        self.iter().try_for_each(|source| write!(f, " {source}"))
    }
}

/// Tenths of a second, shown as seconds.
struct Tenths(u16);

impl fmt::Display for Tenths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}s", self.0 / 10, self.0 % 10)
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;
    use std::string::ToString;
    use std::vec::Vec;

    const GROUP: Ipv4Addr = Ipv4Addr::new(239, 1, 2, 3);

    fn records() -> Vec<u8> {
        let mut octets = Vec::new();
        for (kind, sources) in [
            (RecordType::ChangeToExclude, &[][..]),
            (RecordType::AllowNewSources, &[192, 0, 2, 1, 192, 0, 2, 2]),
        ] {
            let record = Record { kind, group: GROUP, sources: Sources::new(sources) };
            let mut buffer = [0; 16];
            let len = record.emit(&mut buffer).unwrap();
            octets.extend(&buffer[..len]);
        }
        octets
    }

    fn all(records: &[u8]) -> [Repr<'_>; 8] {
        let records = Records::parse(records, 2).unwrap();
        [
            Repr::Query { max_resp_code: 0, group: Ipv4Addr::UNSPECIFIED },
            Repr::Query { max_resp_code: 100, group: GROUP },
            Repr::QueryV3 {
                max_resp_code: 0x9f,
                group: GROUP,
                flags: QueryFlags(8 | 3),
                qqic: 125,
                sources: Sources::new(&[192, 0, 2, 1]),
            },
            Repr::QueryV3 {
                max_resp_code: 1,
                group: GROUP,
                flags: QueryFlags(0),
                qqic: 0,
                sources: Sources::default(),
            },
            Repr::ReportV1 { group: GROUP },
            Repr::ReportV2 { group: GROUP },
            Repr::Leave { group: GROUP },
            Repr::ReportV3 { records },
        ]
    }

    #[test]
    fn what_is_emitted_parses_to_the_same() {
        let octets = records();
        for repr in all(&octets) {
            let mut buffer = [0xee; 64];
            let len = repr.emit(&mut buffer).unwrap();
            assert_eq!(len, repr.buffer_len());
            assert_eq!(buffer[len], 0xee);
            let packet = Packet::parse(&buffer[..len]).unwrap();
            assert_eq!(Repr::parse(&packet), Ok(repr));
            for have in 0..len {
                assert!(matches!(repr.emit(&mut [0; 64][..have]), Err(Error::NoRoom { .. })), "{have}");
            }
        }
    }

    // Messages that others sent, octets and all.
    // conf: MCS-IG-05
    #[test]
    fn real_messages_are_understood() {
        for (octets, want) in [
            (&[0x11, 0, 0xee, 0xff, 0, 0, 0, 0][..], "IGMPv1 query 0.0.0.0 within 0.0s"),
            (&[0x12, 0, 0x0d, 0x03, 0xe0, 0, 0, 0xfc], "IGMPv1 report 224.0.0.252"),
            (&[0x11, 0x64, 0xee, 0x9b, 0, 0, 0, 0], "IGMPv2 query 0.0.0.0 within 10.0s"),
            (&[0x16, 0, 0xfa, 0x04, 0xef, 0xff, 0xff, 0xfa], "IGMPv2 report 239.255.255.250"),
            (
                &[0x11, 0x64, 0xec, 0x1e, 0, 0, 0, 0, 2, 0x7d, 0, 0],
                "IGMPv3 query 0.0.0.0 within 10.0s qrv 2 interval 125s",
            ),
            (
                &[0x11, 0xfe, 0xeb, 0x84, 0, 0, 0, 0, 2, 0x7d, 0, 0],
                "IGMPv3 query 0.0.0.0 within 3072.0s qrv 2 interval 125s",
            ),
        ] {
            let packet = Packet::parse(octets).unwrap();
            assert_eq!(packet.to_string(), want);
        }
    }

    // conf: MCS-IG-02, MCS-IG-04
    #[test]
    fn the_checksum_covers_all_octets() {
        let mut buffer = [0; 20];
        let query = Repr::Query { max_resp_code: 100, group: GROUP };
        query.emit(&mut buffer).unwrap();
        for bit in 0..64 {
            let mut octets = buffer;
            octets[bit / 8] ^= 1 << (bit % 8);
            let packet = Packet::parse(&octets[..8]).unwrap();
            assert_eq!(Repr::parse(&packet), Err(Error::Checksum), "bit {bit}");
        }
        // A long version 2 report: what follows is ignored, but summed.
        let mut octets = [0; 20];
        Repr::ReportV2 { group: GROUP }.emit(&mut octets).unwrap();
        octets[19] = 7;
        assert_eq!(Repr::parse(&Packet::parse(&octets).unwrap()), Err(Error::Checksum));
        fill_checksum(&mut octets);
        assert_eq!(Repr::parse(&Packet::parse(&octets).unwrap()), Ok(Repr::ReportV2 { group: GROUP }));
    }

    // conf: MCS-IG-03, MCS-IG-05
    #[test]
    fn the_length_tells_the_version_of_a_query() {
        // length, code, version
        for (len, code, want) in [
            (8, 0, Some(Version::V1)),
            (8, 1, Some(Version::V2)),
            (9, 1, None),
            (10, 1, None),
            (11, 0, None),
            (12, 0, Some(Version::V3)),
            (13, 100, Some(Version::V3)),
        ] {
            let mut octets = [0; 16];
            octets[0] = 0x11;
            octets[1] = code;
            fill_checksum(&mut octets[..len]);
            let packet = Packet::parse(&octets[..len]).unwrap();
            assert_eq!(packet.query_version(), want, "{len} {code}");
            assert_eq!(Repr::parse(&packet).is_ok(), want.is_some(), "{len} {code}");
        }
        let mut octets = [0x99, 0, 0, 0, 0, 0, 0, 0];
        fill_checksum(&mut octets);
        assert_eq!(Repr::parse(&Packet::parse(&octets).unwrap()), Err(Error::Unknown(0x99)));
    }

    #[test]
    fn every_truncation_is_refused() {
        let octets = records();
        for repr in all(&octets) {
            let mut buffer = [0; 64];
            let len = repr.emit(&mut buffer).unwrap();
            for have in 0..len {
                let mut cut = buffer;
                fill_checksum(&mut cut[..have]);
                let parsed = Packet::parse(&cut[..have]).and_then(|packet| {
                    let repr = Repr::parse(&packet)?;
                    Ok(repr.buffer_len())
                });
                // A version 3 query cut to eight octets is one of version 2, by design of the protocol.
                assert!(parsed.map_or(true, |len| len == 8), "{repr} cut to {have}");
            }
        }
    }

    #[test]
    fn every_octet_may_have_any_value() {
        let octets = records();
        for repr in all(&octets) {
            let mut buffer = [0; 64];
            let len = repr.emit(&mut buffer).unwrap();
            for at in 0..len {
                let good = buffer[at];
                for value in 0..=255 {
                    buffer[at] = value;
                    drop(Packet::parse(&buffer[..len]).unwrap().to_string());
                    // With the checksum that belongs to it.
                    let mut repaired = buffer;
                    fill_checksum(&mut repaired[..len]);
                    let packet = Packet::parse(&repaired[..len]).unwrap();
                    drop(packet.to_string());
                    let Ok(repr) = Repr::parse(&packet) else { continue };
                    let mut again = [0; 64];
                    let len = repr.emit(&mut again).unwrap();
                    assert_eq!(Repr::parse(&Packet::parse(&again[..len]).unwrap()), Ok(repr));
                }
                buffer[at] = good;
            }
        }
    }

    // conf: MCS-IG3-10
    #[test]
    fn auxiliary_data_are_skipped() {
        let octets =
            [1, 1, 0, 1, 239, 1, 2, 3, 192, 0, 2, 1, 0xaa, 0xaa, 0xaa, 0xaa, 9, 0, 0, 0, 239, 1, 2, 4];
        let records = Records::parse(&octets, 2).unwrap();
        let seen: Vec<_> = records
            .iter()
            .map(|record| (u8::from(record.kind), record.group, record.sources.len()))
            .collect();
        assert_eq!(seen, [(1, GROUP, 1), (9, Ipv4Addr::new(239, 1, 2, 4), 0)]);
        assert_eq!(records.iter().next().unwrap().sources.iter().next(), Some(Ipv4Addr::new(192, 0, 2, 1)));
        for have in 0..octets.len() {
            assert!(Records::parse(&octets[..have], 2).is_err(), "{have}");
        }
    }

    // conf: MCS-IG3-06
    #[test]
    fn codes_from_128_on_are_floating_point() {
        for (code, want) in [(0, 0), (127, 127), (0x80, 128), (0x8f, 248), (0x90, 256), (0xff, 31_744)] {
            assert_eq!(decode(code), want, "{code:#x}");
        }
        for code in 0..=255 {
            assert_eq!(encode(decode(code)), code);
        }
        assert_eq!((encode(u16::MAX), encode(130)), (0xff, 0x80));
    }
}
