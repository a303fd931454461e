//! Questions and resource records, RFC 1035 §3.2, §4.1.2 and §4.1.3.
//!
//! ```text
//!   +------ … ------+----------+----------+---------------+----------+---- … ----+
//!   | NAME          |   TYPE   |  CLASS   |      TTL      | RDLENGTH |   RDATA   |
//!   +------ … ------+----------+----------+---------------+----------+---- … ----+
//!                        2          2             4            2       RDLENGTH
//! ```

use super::name::{write_escaped, Name};
use super::{EdnsOptions, HEADER_LEN};
use crate::Error;
use core::fmt;
use core::net::{Ipv4Addr, Ipv6Addr};

/// TYPE, CLASS, TTL and RDLENGTH.
const FIXED_LEN: usize = 10;
/// QTYPE and QCLASS.
pub(super) const TYPE_AND_CLASS_LEN: usize = 4;

/// A TYPE or QTYPE, IANA "Resource Record (RR) TYPEs".
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct RecordType(pub u16);

impl RecordType {
    /// An IPv4 address.
    pub const A: Self = Self(1);
    /// An authoritative name server.
    pub const NS: Self = Self(2);
    /// The canonical name of an alias.
    pub const CNAME: Self = Self(5);
    /// The start of a zone of authority.
    pub const SOA: Self = Self(6);
    /// A pointer to another name.
    pub const PTR: Self = Self(12);
    /// A mail exchange.
    pub const MX: Self = Self(15);
    /// Text.
    pub const TXT: Self = Self(16);
    /// An IPv6 address, RFC 3596.
    pub const AAAA: Self = Self(28);
    /// The host and port of a service, RFC 2782.
    pub const SRV: Self = Self(33);
    /// The pseudo-record of EDNS, RFC 6891.
    pub const OPT: Self = Self(41);
    /// Which types a name has, RFC 4034 §4 and RFC 6762 §6.1.
    pub const NSEC: Self = Self(47);
    /// A question for all types, RFC 1035 §3.2.3.
    pub const ANY: Self = Self(255);
}

impl fmt::Display for RecordType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match *self {
            Self::A => "A",
            Self::NS => "NS",
            Self::CNAME => "CNAME",
            Self::SOA => "SOA",
            Self::PTR => "PTR",
            Self::MX => "MX",
            Self::TXT => "TXT",
            Self::AAAA => "AAAA",
            Self::SRV => "SRV",
            Self::OPT => "OPT",
            Self::NSEC => "NSEC",
            Self::ANY => "ANY",
            // RFC 3597 §5.
            Self(number) => return write!(f, "TYPE{number}"),
        })
    }
}

impl fmt::Debug for RecordType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A CLASS or QCLASS, IANA "DNS CLASSes".
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct Class(pub u16);

impl Class {
    /// The Internet.
    pub const IN: Self = Self(1);
    /// A question for all classes.
    pub const ANY: Self = Self(255);

    const TOP: u16 = 0x8000;

    /// The class without its top bit, which multicast DNS uses for itself: cache-flush in a record, unicast response
    /// wanted in a question, RFC 6762 §10.2 and §5.4.
    #[must_use]
    pub const fn without_top_bit(self) -> Self {
        Self(self.0 & !Self::TOP)
    }

    /// Whether the top bit is set; it says something in multicast DNS only.
    #[must_use]
    pub const fn has_top_bit(self) -> bool {
        self.0 & Self::TOP != 0
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::IN => f.write_str("IN"),
            Self::ANY => f.write_str("ANY"),
            Self(number) => write!(f, "CLASS{number}"),
        }
    }
}

impl fmt::Debug for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What is asked, RFC 1035 §4.1.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct Question<'a> {
    /// QNAME.
    pub name: Name<'a>,
    /// QTYPE.
    pub record_type: RecordType,
    /// QCLASS.
    pub class: Class,
}

impl<'a> Question<'a> {
    /// Takes the question at offset `at` of a whole message; returns also where it ends.
    ///
    /// # Errors
    /// As [`Name::parse`]; `Truncated` if type or class are not there; `Field` for an offset inside the header.
    pub fn parse(message: &'a [u8], at: usize) -> Result<(Self, usize), Error> {
        let (body, rest) = behind_header(message, at)?;
        Self::read(body, rest).map(|(question, rest)| (question, message.len() - rest.len()))
    }

    /// Takes the question at the start of `rest`, the last octets of the `body` of a message; returns also what is behind it.
    #[inline]
    pub(super) fn read(body: &'a [u8], rest: &'a [u8]) -> Result<(Self, &'a [u8]), Error> {
        let (name, at) = Name::read(body, body.len() - rest.len(), HEADER_LEN)?;
        let behind = body.get(at..).unwrap_or_default();
        match behind.split_first_chunk() {
            Some((octets, rest)) => Ok((Self::of(name, *octets), rest)),
            None => Err(truncated(body, behind, TYPE_AND_CLASS_LEN)),
        }
    }

    /// A question for this name, of the octets behind it.
    #[inline]
    pub(super) fn of(name: Name<'a>, octets: [u8; TYPE_AND_CLASS_LEN]) -> Self {
        let [t0, t1, c0, c1] = octets;
        let record_type = RecordType(u16::from_be_bytes([t0, t1]));
        Self { name, record_type, class: Class(u16::from_be_bytes([c0, c1])) }
    }
}

/// RDLENGTH.
#[inline]
fn rdlength(fixed: &[u8; FIXED_LEN]) -> usize {
    let &[.., l0, l1] = fixed;
    usize::from(u16::from_be_bytes([l0, l1]))
}

/// What is behind a message's header, and behind offset `at` of the message.
fn behind_header(message: &[u8], at: usize) -> Result<(&[u8], &[u8]), Error> {
    let truncated = |need| Error::truncated(need, message.len());
    let body = message.get(HEADER_LEN..).ok_or_else(|| truncated(HEADER_LEN))?;
    let at = at.checked_sub(HEADER_LEN).ok_or(Error::Field(u16::try_from(at).unwrap_or(u16::MAX)))?;
    let rest = body.get(at..).ok_or_else(|| truncated(HEADER_LEN.saturating_add(at)))?;
    Ok((body, rest))
}

/// `behind`, the last octets of `body`, are not the `need` octets that should be there.
#[cold]
fn truncated(body: &[u8], behind: &[u8], need: usize) -> Error {
    Error::truncated(HEADER_LEN + body.len() - behind.len() + need, HEADER_LEN + body.len())
}

impl fmt::Display for Question<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}?", self.name, self.record_type)?;
        write_class(f, self.class)
    }
}

/// Every class but the usual one.
fn write_class(f: &mut fmt::Formatter<'_>, class: Class) -> fmt::Result {
    if class == Class::IN {
        Ok(())
    } else {
        write!(f, " {class}")
    }
}

/// A view of a resource record, RFC 1035 §4.1.3.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record<'a> {
    /// The owner, in the message.
    name: Name<'a>,
    /// TYPE to RDLENGTH.
    fixed: &'a [u8; FIXED_LEN],
    rdata: &'a [u8],
    /// The message behind its header.
    body: &'a [u8],
    /// Where RDATA end in `body`.
    end: usize,
}

impl<'a> Record<'a> {
    /// Takes the record at offset `at` of a whole message; returns also where it ends. RDATA are not looked into.
    ///
    /// # Errors
    /// As [`Name::parse`]; `Truncated` if the record is not all there; `Field` for an offset inside the header.
    pub fn parse(message: &'a [u8], at: usize) -> Result<(Self, usize), Error> {
        let (body, rest) = behind_header(message, at)?;
        Self::read(body, rest).map(|(record, rest)| (record, message.len() - rest.len()))
    }

    /// Takes the record at the start of `rest`, the last octets of the `body` of a message; returns also what is behind it.
    #[inline]
    pub(super) fn read(body: &'a [u8], rest: &'a [u8]) -> Result<(Self, &'a [u8]), Error> {
        let at = body.len() - rest.len();
        // The usual owner is a pointer: one look takes in all that has a fixed length.
        let pointed = rest.split_first_chunk::<{ 2 + FIXED_LEN }>().and_then(|(octets, behind)| {
            let [p0, p1, fixed @ ..] = octets;
            Some((Name::pointed(body, [*p0, *p1], at, HEADER_LEN)?, fixed, behind))
        });
        let (name, fixed, behind) = match pointed {
            Some(pointed) => pointed,
            None => match Self::spelled(body, at) {
                Some((fixed, behind)) => (Name::at(body, at, HEADER_LEN), fixed, behind),
                None => return Err(Self::why(body, at)),
            },
        };
        match behind.split_at_checked(rdlength(fixed)) {
            Some((rdata, rest)) => {
                Ok((Self { name, fixed, rdata, body, end: body.len() - rest.len() }, rest))
            }
            None => Err(Self::why(body, at)),
        }
    }

    /// What is behind the name at offset `at` of `body`, TYPE to RDLENGTH and the rest, where that is no pointer. Out of the
    /// way of the usual owner.
    #[cold]
    #[inline(never)]
    fn spelled(body: &'a [u8], at: usize) -> Option<(&'a [u8; FIXED_LEN], &'a [u8])> {
        let (_, end) = Name::read(body, at, HEADER_LEN).ok()?;
        body.get(end..)?.split_first_chunk()
    }

    /// Why there is no record at offset `at` of `body`: it is read again, slowly.
    #[cold]
    #[inline(never)]
    fn why(body: &[u8], at: usize) -> Error {
        let end = match Name::read(body, at, HEADER_LEN) {
            Ok((_, end)) => end,
            Err(error) => return error,
        };
        let behind = body.get(end..).unwrap_or_default();
        match behind.split_first_chunk() {
            Some((fixed, behind)) => truncated(body, behind, rdlength(fixed)),
            None => truncated(body, behind, FIXED_LEN),
        }
    }

    /// NAME: the owner.
    #[must_use]
    pub const fn name(&self) -> Name<'a> {
        self.name
    }

    /// TYPE.
    #[must_use]
    pub const fn record_type(&self) -> RecordType {
        RecordType(u16::from_be_bytes([self.fixed[0], self.fixed[1]]))
    }

    /// CLASS; of an OPT record, the sender's UDP payload size.
    #[must_use]
    pub const fn class(&self) -> Class {
        Class(u16::from_be_bytes([self.fixed[2], self.fixed[3]]))
    }

    /// TTL, in seconds: 0 where the top bit is set, RFC 2181 §8.
    #[must_use]
    pub const fn ttl(&self) -> u32 {
        let ttl = self.ttl_field();
        if ttl > i32::MAX.unsigned_abs() {
            0
        } else {
            ttl
        }
    }

    /// The TTL field as it is, which OPT uses for other things.
    #[must_use]
    pub const fn ttl_field(&self) -> u32 {
        u32::from_be_bytes([self.fixed[4], self.fixed[5], self.fixed[6], self.fixed[7]])
    }

    /// RDATA as octets. Names inside may point to elsewhere in the message.
    #[must_use]
    pub const fn rdata(&self) -> &'a [u8] {
        self.rdata
    }

    /// RDATA by their type.
    ///
    /// # Errors
    /// `Length` with RDLENGTH if that is not what the type needs; as [`Name::parse`] for a name inside.
    #[inline]
    pub fn data(&self) -> Result<Data<'a>, Error> {
        match (self.record_type(), self.rdata) {
            (RecordType::A, &[a, b, c, d]) => Ok(Data::A(Ipv4Addr::new(a, b, c, d))),
            _ => other_data(self.record_type(), self.rdata, self.body, self.end),
        }
    }

    /// The record's meaning, which can be emitted into another message.
    ///
    /// # Errors
    /// As [`Record::data`].
    pub fn repr(&self) -> Result<Repr<'a>, Error> {
        Ok(Repr { name: self.name, class: self.class(), ttl: self.ttl_field(), data: self.data()? })
    }
}

/// RDATA of all types but an IPv4 address; they are the last octets of `body`, so that no name in them runs beyond them.
fn other_data<'a>(
    record_type: RecordType,
    rdata: &'a [u8],
    body: &'a [u8],
    end: usize,
) -> Result<Data<'a>, Error> {
    let body = body.get(..end).unwrap_or(body);
    let last_name = |at| {
        let (name, end) = Name::read(body, body.len() - rdata.len() + at, HEADER_LEN)?;
        if end == body.len() {
            Ok(name)
        } else {
            Err(wrong_len(rdata))
        }
    };
    Ok(match (record_type, rdata) {
        (RecordType::AAAA, octets) => {
            Data::Aaaa(<[u8; 16]>::try_from(octets).map_err(|_| wrong_len(rdata))?.into())
        }
        (RecordType::CNAME, _) => Data::Cname(last_name(0)?),
        (RecordType::NS, _) => Data::Ns(last_name(0)?),
        (RecordType::PTR, _) => Data::Ptr(last_name(0)?),
        (RecordType::MX, &[p0, p1, ..]) => {
            Data::Mx { preference: u16::from_be_bytes([p0, p1]), exchange: last_name(2)? }
        }
        (RecordType::SRV, &[p0, p1, w0, w1, q0, q1, ..]) => Data::Srv {
            priority: u16::from_be_bytes([p0, p1]),
            weight: u16::from_be_bytes([w0, w1]),
            port: u16::from_be_bytes([q0, q1]),
            target: last_name(6)?,
        },
        (RecordType::SOA, _) => Data::Soa(soa(rdata, body)?),
        (RecordType::TXT, octets) => Data::Txt(Text::parse(octets)?),
        (RecordType::OPT, octets) => Data::Opt(EdnsOptions::new(octets)),
        (RecordType::A | RecordType::MX | RecordType::SRV, _) => return Err(wrong_len(rdata)),
        (other, octets) => Data::Unknown(other, octets),
    })
}

fn soa<'a>(rdata: &'a [u8], body: &'a [u8]) -> Result<Soa<'a>, Error> {
    let (primary, at) = Name::read(body, body.len() - rdata.len(), HEADER_LEN)?;
    let (mailbox, at) = Name::read(body, at, HEADER_LEN)?;
    let numbers = body.get(at..).unwrap_or_default();
    let numbers = <[u8; 20]>::try_from(numbers).map_err(|_| wrong_len(rdata))?;
    let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t] = numbers;
    Ok(Soa {
        primary,
        mailbox,
        serial: u32::from_be_bytes([a, b, c, d]),
        refresh: u32::from_be_bytes([e, f, g, h]),
        retry: u32::from_be_bytes([i, j, k, l]),
        expire: u32::from_be_bytes([m, n, o, p]),
        minimum: u32::from_be_bytes([q, r, s, t]),
    })
}

/// RDLENGTH is not what the type needs. It came in 16 bits.
#[cold]
fn wrong_len(rdata: &[u8]) -> Error {
    Error::Length(u16::try_from(rdata.len()).unwrap_or(u16::MAX))
}

impl fmt::Display for Record<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.repr() {
            Ok(repr) => fmt::Display::fmt(&repr, f),
            Err(error) => write!(f, "{} {} ({error})", self.name, self.record_type()),
        }
    }
}

/// The meaning of a resource record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct Repr<'a> {
    /// NAME: the owner.
    pub name: Name<'a>,
    /// CLASS.
    pub class: Class,
    /// TTL, in seconds.
    pub ttl: u32,
    /// TYPE and RDATA.
    pub data: Data<'a>,
}

impl fmt::Display for Repr<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Data::Opt(options) = self.data {
            return write!(f, "OPT size {}{options}", self.class.0);
        }
        write!(f, "{} {}", self.name, self.data)?;
        write_class(f, self.class)
    }
}

/// TYPE and RDATA of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub enum Data<'a> {
    /// An IPv4 address, RFC 1035 §3.4.1.
    A(Ipv4Addr),
    /// An IPv6 address, RFC 3596.
    Aaaa(Ipv6Addr),
    /// The canonical name, RFC 1035 §3.3.1.
    Cname(Name<'a>),
    /// A name server, RFC 1035 §3.3.11.
    Ns(Name<'a>),
    /// Another name, RFC 1035 §3.3.12.
    Ptr(Name<'a>),
    /// A mail exchange, RFC 1035 §3.3.9.
    Mx {
        /// Lower is preferred.
        preference: u16,
        /// The host.
        exchange: Name<'a>,
    },
    /// A service, RFC 2782.
    Srv {
        /// Lower is tried first.
        priority: u16,
        /// Share among those of equal priority.
        weight: u16,
        /// Port.
        port: u16,
        /// Host.
        target: Name<'a>,
    },
    /// The start of a zone, RFC 1035 §3.3.13.
    Soa(Soa<'a>),
    /// Text, RFC 1035 §3.3.14.
    Txt(Text<'a>),
    /// Options of EDNS, RFC 6891 §6.1.2; [`Edns`](super::Edns) has what stands in the other fields.
    Opt(EdnsOptions<'a>),
    /// Any other type, and its RDATA.
    Unknown(
        #[cfg_attr(feature = "arbitrary", arbitrary(with = crate::arbitrary::unknown_record))] RecordType,
        &'a [u8],
    ),
}

impl Data<'_> {
    /// Walks the names inside.
    pub(super) fn check(&self) -> Result<(), Error> {
        match self {
            Self::Cname(name) | Self::Ns(name) | Self::Ptr(name) => name.check(),
            Self::Mx { exchange: name, .. } | Self::Srv { target: name, .. } => name.check(),
            Self::Soa(soa) => soa.primary.check().and_then(|()| soa.mailbox.check()),
            _ => Ok(()),
        }
    }

    /// TYPE.
    #[must_use]
    pub const fn record_type(&self) -> RecordType {
        match self {
            Self::A(_) => RecordType::A,
            Self::Aaaa(_) => RecordType::AAAA,
            Self::Cname(_) => RecordType::CNAME,
            Self::Ns(_) => RecordType::NS,
            Self::Ptr(_) => RecordType::PTR,
            Self::Mx { .. } => RecordType::MX,
            Self::Srv { .. } => RecordType::SRV,
            Self::Soa(_) => RecordType::SOA,
            Self::Txt(_) => RecordType::TXT,
            Self::Opt(_) => RecordType::OPT,
            Self::Unknown(other, _) => *other,
        }
    }
}

impl fmt::Display for Data<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.record_type())?;
        match self {
            Self::A(address) => write!(f, "{address}"),
            Self::Aaaa(address) => write!(f, "{address}"),
            Self::Cname(name) | Self::Ns(name) | Self::Ptr(name) => write!(f, "{name}"),
            Self::Mx { preference, exchange } => write!(f, "{preference} {exchange}"),
            Self::Srv { priority, weight, port, target } => {
                write!(f, "{priority} {weight} {port} {target}")
            }
            Self::Soa(soa) => write!(f, "{} {} {}", soa.primary, soa.mailbox, soa.serial),
            Self::Txt(text) => write!(f, "{text}"),
            Self::Opt(options) => write!(f, "{options}"),
            Self::Unknown(_, octets) => write!(f, "{} octets", octets.len()),
        }
    }
}

/// The start of a zone, RFC 1035 §3.3.13; times in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct Soa<'a> {
    /// MNAME: the primary server.
    pub primary: Name<'a>,
    /// RNAME: the mailbox of who is responsible.
    pub mailbox: Name<'a>,
    /// SERIAL.
    pub serial: u32,
    /// REFRESH.
    pub refresh: u32,
    /// RETRY.
    pub retry: u32,
    /// EXPIRE.
    pub expire: u32,
    /// MINIMUM: the TTL of negative answers, RFC 2308 §4.
    pub minimum: u32,
}

/// Character strings, each of up to 255 octets behind its length, RFC 1035 §3.3.14.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Text<'a>(&'a [u8]);

impl<'a> Text<'a> {
    /// Checks that there are whole strings only.
    ///
    /// # Errors
    /// `Truncated` if the last one is cut off.
    pub fn parse(octets: &'a [u8]) -> Result<Self, Error> {
        let mut rest = octets;
        while let Some((&len, behind)) = rest.split_first() {
            let need = octets.len() - behind.len() + usize::from(len);
            rest = behind.get(usize::from(len)..).ok_or(Error::truncated(need, octets.len()))?;
        }
        Ok(Self(octets))
    }

    /// The octets: strings behind their lengths.
    #[must_use]
    pub const fn octets(&self) -> &'a [u8] {
        self.0
    }

    /// One string after the other.
    pub fn strings(&self) -> impl Iterator<Item = &'a [u8]> + 'a {
        let mut rest = self.0;
        core::iter::from_fn(move || {
            let (&len, behind) = rest.split_first()?;
            let (string, behind) = behind.split_at_checked(usize::from(len))?;
            rest = behind;
            Some(string)
        })
    }
}

/// Each string in quotes, RFC 1035 §5.1.
impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, string) in self.strings().enumerate() {
            f.write_str(if index > 0 { " \"" } else { "\"" })?;
            for (index, words) in string.split(|octet| *octet == b' ').enumerate() {
                f.write_str(if index > 0 { " " } else { "" })?;
                write_escaped(f, words, b"\"\\")?;
            }
            f.write_str("\"")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
