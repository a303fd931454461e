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

use crate::icmpv6::fill_checksum;
use crate::ip::pseudo_header;
use crate::{Error, IpProtocol};
use core::fmt;
use core::net::{IpAddr, Ipv6Addr};

pub use crate::igmp::{QueryFlags, RecordType};

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

/// Source addresses, one behind another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sources<'a>(&'a [u8]);

impl<'a> Sources<'a> {
    /// Sources from their octets, sixteen each; what is left over is not counted.
    #[must_use]
    pub fn new(octets: &'a [u8]) -> Self {
        Self(octets.get(..octets.len() & !15).unwrap_or_default())
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len() / 16
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// One after the other.
    pub fn iter(&self) -> impl Iterator<Item = Ipv6Addr> + 'a {
        self.0.chunks_exact(16).filter_map(|octets| octets.first_chunk::<16>().copied().map(Ipv6Addr::from))
    }
}

/// One multicast address record of a version 2 report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct Record<'a> {
    /// What is said of the group.
    pub kind: RecordType,
    /// The group.
    pub group: Ipv6Addr,
    /// The sources that it is said of.
    pub sources: Sources<'a>,
}

impl<'a> Record<'a> {
    /// Takes the first record; auxiliary data are skipped, RFC 3810 §5.2.10. Returns what follows it.
    ///
    /// # Errors
    /// `Truncated` if the record is not all there.
    pub fn parse(bytes: &'a [u8]) -> Result<(Self, &'a [u8]), Error> {
        let have = bytes.len();
        let truncated = |need| Error::truncated(need, have);
        let (&[kind, auxiliary, n0, n1], rest) =
            bytes.split_first_chunk::<4>().ok_or_else(|| truncated(RECORD_LEN))?;
        let (group, rest) = rest.split_first_chunk::<16>().ok_or_else(|| truncated(RECORD_LEN))?;
        let sources_len = usize::from(u16::from_be_bytes([n0, n1])) * 16;
        let len = sources_len + usize::from(auxiliary) * 4;
        let (body, behind) = rest.split_at_checked(len).ok_or_else(|| truncated(RECORD_LEN + len))?;
        let sources = Sources::new(body.get(..sources_len).unwrap_or_default());
        Ok((Self { kind: RecordType::from(kind), group: Ipv6Addr::from(*group), sources }, behind))
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
        let no_room = || Error::no_room(need, have);
        let to = buffer.get_mut(..need).ok_or_else(no_room)?;
        let (common, rest) = to.split_first_chunk_mut::<4>().ok_or_else(no_room)?;
        let (group, sources) = rest.split_first_chunk_mut::<16>().ok_or_else(no_room)?;
        let [n0, n1] = number.to_be_bytes();
        *common = [u8::from(self.kind), 0, n0, n1];
        *group = self.group.octets();
        for (to, from) in sources.iter_mut().zip(self.sources.0) {
            *to = *from;
        }
        Ok(need)
    }
}

/// The records of a version 2 report, checked to be all there.
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
        /// Querier's Query Interval Code, see [`crate::igmp::decode`].
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
                    flags: QueryFlags(flags),
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
            Self::ReportV2 { records } => REPORT_V2_LEN + records.octets.len(),
            _ => MESSAGE_LEN,
        }
    }

    /// Writes the message with its checksum to the front of `buffer`; returns its length. Auxiliary data of records
    /// that were received are copied: leave them out by emitting each [`Record`].
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
                for (to, from) in body.iter_mut().zip(records.octets) {
                    *to = *from;
                }
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
            *more = [flags.0, qqic, n0, n1];
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
                write!(f, "MLDv1 query {group} within {max_resp_delay}ms")
            }
            Self::QueryV2 { max_resp_code, group, flags, qqic, sources } => {
                let (within, interval) = (decode(*max_resp_code), crate::igmp::decode(*qqic));
                write!(f, "MLDv2 query {group} within {within}ms {flags} interval {interval}s")?;
                fmt::Display::fmt(sources, f)
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

impl fmt::Display for Sources<'_> {
    /// ` from 2001:db8::1` with a space in front; nothing if there are none.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.is_empty() {
            f.write_str(" from")?;
        }
        self.iter().try_for_each(|source| write!(f, " {source}"))
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;
    use std::string::ToString;
    use std::vec::Vec;

    const FROM: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1);
    const GROUP: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0xfb);
    const SOURCES: [u8; 32] = [0x20; 32];

    fn records() -> Vec<u8> {
        let mut octets = Vec::new();
        for (kind, sources) in
            [(RecordType::ChangeToExclude, &[][..]), (RecordType::BlockOldSources, &SOURCES)]
        {
            let record = Record { kind, group: GROUP, sources: Sources::new(sources) };
            let mut buffer = [0; 64];
            let len = record.emit(&mut buffer).unwrap();
            octets.extend(&buffer[..len]);
        }
        octets
    }

    fn all(records: &[u8]) -> [Repr<'_>; 6] {
        let records = Records::parse(records, 2).unwrap();
        let flags = QueryFlags(8 | 2);
        let sources = Sources::new(&SOURCES);
        [
            Repr::QueryV1 { max_resp_delay: 10_000, group: Ipv6Addr::UNSPECIFIED },
            Repr::QueryV2 { max_resp_code: 0x8001, group: GROUP, flags, qqic: 125, sources },
            Repr::QueryV2 { max_resp_code: 1, group: GROUP, flags, qqic: 0, sources: Sources::default() },
            Repr::ReportV1 { group: GROUP },
            Repr::Done { group: GROUP },
            Repr::ReportV2 { records },
        ]
    }

    // conf: MCS-ML-04
    #[test]
    fn what_is_emitted_parses_to_the_same() {
        let octets = records();
        for repr in all(&octets) {
            let mut buffer = [0xee; 128];
            let len = repr.emit(FROM, GROUP, &mut buffer).unwrap();
            assert_eq!((len, buffer[len]), (repr.buffer_len(), 0xee));
            let packet = Packet::parse(&buffer[..len]).unwrap();
            assert!(packet.is_checksum_valid(FROM, GROUP));
            assert!(!packet.is_checksum_valid(FROM, ALL_NODES));
            assert_eq!(Repr::parse(&packet), Ok(repr));
            for have in 0..len {
                let refused = repr.emit(FROM, GROUP, &mut [0; 128][..have]);
                assert!(matches!(refused, Err(Error::NoRoom { .. })), "{have}");
            }
            for bit in 0..len * 8 {
                buffer[bit / 8] ^= 1 << (bit % 8);
                assert!(!Packet::parse(&buffer[..len]).unwrap().is_checksum_valid(FROM, GROUP), "{bit}");
                buffer[bit / 8] ^= 1 << (bit % 8);
            }
        }
    }

    // conf: MCS-ML-04, MCS-ML-05, MCS-ML-06
    #[test]
    fn the_length_tells_the_version_of_a_query() {
        let mut octets = [0; 40];
        octets[0] = 130;
        for len in 0..40 {
            let parsed = Packet::parse(&octets[..len]).and_then(|packet| {
                Ok(match Repr::parse(&packet)? {
                    Repr::QueryV1 { .. } => 1,
                    Repr::QueryV2 { .. } => 2,
                    _ => 0,
                })
            });
            let want = match len {
                24 => Some(1),
                28.. => Some(2),
                _ => None,
            };
            assert_eq!(parsed.ok(), want, "{len}");
        }
        octets[0] = 144;
        assert_eq!(Repr::parse(&Packet::parse(&octets).unwrap()), Err(Error::Unknown(144)));
    }

    #[test]
    fn every_truncation_is_refused() {
        let octets = records();
        for repr in all(&octets) {
            let mut buffer = [0; 128];
            let len = repr.emit(FROM, GROUP, &mut buffer).unwrap();
            for have in 0..len {
                let parsed = Packet::parse(&buffer[..have]).and_then(|packet| {
                    let repr = Repr::parse(&packet)?;
                    Ok(repr.buffer_len())
                });
                // A version 2 query cut to 24 octets is one of version 1, by design of the protocol.
                assert!(parsed.map_or(true, |len| len == MESSAGE_LEN), "{repr} cut to {have}");
            }
        }
    }

    // conf: MCS-ML2-04, MCS-ML2-06
    #[test]
    fn unknown_records_are_values_and_auxiliary_data_are_skipped() {
        let mut octets = std::vec![9, 1, 0, 0];
        octets.extend(GROUP.octets());
        octets.extend([0xaa; 4]);
        octets.extend([4, 0, 0, 0]);
        octets.extend(ALL_ROUTERS.octets());
        let records = Records::parse(&octets, 2).unwrap();
        let seen: Vec<_> = records.iter().map(|record| (record.kind, record.group)).collect();
        assert_eq!(seen, [(RecordType::Unknown(9), GROUP), (RecordType::ChangeToExclude, ALL_ROUTERS)]);
    }

    // conf: MCS-ML2-03
    #[test]
    fn codes_from_32768_on_are_floating_point() {
        for (code, want) in
            [(0, 0), (0x7fff, 32_767), (0x8000, 32_768), (0x8001, 32_776), (0xffff, 8_387_584)]
        {
            assert_eq!(decode(code), want, "{code:#x}");
        }
        for code in 0..=u16::MAX {
            assert_eq!(encode(decode(code)), code);
        }
        assert_eq!((encode(u32::MAX), encode(32_775)), (0xffff, 0x8000));
    }

    #[test]
    fn a_person_can_read_it() {
        let octets = records();
        let texts: Vec<_> = all(&octets).iter().map(ToString::to_string).collect();
        assert_eq!(texts[0], "MLDv1 query :: within 10000ms");
        assert_eq!(
            texts[1],
            "MLDv2 query ff02::fb within 32776ms qrv 2 suppress interval 125s \
             from 2020:2020:2020:2020:2020:2020:2020:2020 2020:2020:2020:2020:2020:2020:2020:2020"
        );
        assert_eq!(texts[4], "MLDv1 done ff02::fb");
        assert!(texts[5]
            .starts_with("MLDv2 report ChangeToExclude ff02::fb, BlockOldSources ff02::fb from 2020:"));
    }

    #[test]
    fn every_octet_may_have_any_value() {
        let octets = records();
        for repr in all(&octets) {
            let mut buffer = [0; 128];
            let len = repr.emit(FROM, GROUP, &mut buffer).unwrap();
            for at in 0..len {
                let good = buffer[at];
                for value in 0..=255 {
                    buffer[at] = value;
                    let packet = Packet::parse(&buffer[..len]).unwrap();
                    drop(packet.to_string());
                    let Ok(repr) = Repr::parse(&packet) else { continue };
                    let mut again = [0; 128];
                    let len = repr.emit(FROM, GROUP, &mut again).unwrap();
                    assert_eq!(Repr::parse(&Packet::parse(&again[..len]).unwrap()), Ok(repr));
                }
                buffer[at] = good;
            }
        }
    }

    #[test]
    fn every_kind_of_record_is_there() {
        for octet in 0..=255 {
            assert_eq!(u8::from(RecordType::from(octet)), octet);
            assert_eq!(matches!(RecordType::from(octet), RecordType::Unknown(_)), !(1..=6).contains(&octet));
        }
        let cut = Record { kind: RecordType::AllowNewSources, group: GROUP, sources: Sources::new(&SOURCES) };
        let mut buffer = [0; 52];
        assert_eq!(cut.emit(&mut buffer), Ok(52));
        for len in 0..52 {
            let need = if len < 20 { 20 } else { 52 };
            assert_eq!(Record::parse(&buffer[..len]).unwrap_err(), Error::truncated(need, len));
            assert_eq!(cut.emit(&mut [0; 52][..len]), Err(Error::no_room(52, len)));
        }
    }
}
