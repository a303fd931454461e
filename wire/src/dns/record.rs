//! Questions and resource records, RFC 1035 §3.2, §4.1.2 and §4.1.3.
//!
//! ```text
//!   +------ … ------+----------+----------+---------------+----------+---- … ----+
//!   | NAME          |   TYPE   |  CLASS   |      TTL      | RDLENGTH |   RDATA   |
//!   +------ … ------+----------+----------+---------------+----------+---- … ----+
//!                        2          2             4            2       RDLENGTH
//! ```

use super::name::Name;
use super::{Class, Edns, EdnsOptions, Names, Nsec, RecordType, Text, Types, HEADER_LEN};
use crate::Error;
use core::fmt;
use core::net::{Ipv4Addr, Ipv6Addr};

/// TYPE, CLASS, TTL and RDLENGTH.
const FIXED_LEN: usize = 10;
/// Longest TTL, in seconds, RFC 2181 §8.
pub const TTL_MAX: u32 = 0x7fff_ffff;
/// QTYPE and QCLASS.
pub(super) const TYPE_AND_CLASS_LEN: usize = 4;

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
        write_class(f, self.class, "QU")
    }
}

/// Every class but the usual one; with its top bit, which is no class of unicast DNS, what that says in multicast DNS.
fn write_class(f: &mut fmt::Formatter<'_>, class: Class, top_bit: &str) -> fmt::Result {
    match class {
        Class::IN => Ok(()),
        class if class.without_top_bit() == Class::IN => write!(f, " {top_bit}"),
        class => write!(f, " {class}"),
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
        if ttl > TTL_MAX {
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

    /// RDATA by their type, as they are in class IN. No RDATA at all, in a record of class ANY or NONE, are
    /// [`Data::Unknown`]: so an update says which types it means, RFC 2136 §2.4 and §2.5.
    ///
    /// # Errors
    /// `Length` with RDLENGTH if that is not what the type needs; as [`Name::parse`] for a name inside.
    #[inline]
    pub fn data(&self) -> Result<Data<'a>, Error> {
        match (self.record_type(), self.rdata) {
            (RecordType::A, &[a, b, c, d]) => Ok(Data::A(Ipv4Addr::new(a, b, c, d))),
            // The class of OPT is a size.
            (of, []) if of != RecordType::OPT && matches!(self.class(), Class::ANY | Class::NONE) => {
                Ok(Data::Unknown(of, &[]))
            }
            _ => other_data(self.record_type(), self.rdata, self.body, self.end),
        }
    }

    /// The record's meaning, which can be emitted into another message.
    ///
    /// # Errors
    /// As [`Record::data`].
    pub fn repr(&self) -> Result<Repr<'a>, Error> {
        let data = self.data()?;
        let ttl = if let Data::Opt(_) = data { self.ttl_field() } else { self.ttl() };
        Ok(Repr { name: self.name, class: self.class(), ttl, data })
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
        _ => return rare_data(record_type, rdata, body),
    })
}

/// RDATA of the types that are not met every day.
#[inline(never)]
fn rare_data<'a>(record_type: RecordType, rdata: &'a [u8], body: &'a [u8]) -> Result<Data<'a>, Error> {
    if record_type == RecordType::NSEC {
        let (next, end) = Name::read(body, body.len() - rdata.len(), HEADER_LEN)?;
        let types = Types::parse(body.get(end..).unwrap_or_default())?;
        return Ok(Data::Nsec(Nsec { next, types }));
    }
    match Names::read(record_type, rdata, body, HEADER_LEN) {
        Some(names) => names.map(Data::Names),
        None => Ok(Data::Unknown(record_type, rdata)),
    }
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
    /// TTL, in seconds, at most [`TTL_MAX`]; of OPT what stands in that field.
    #[cfg_attr(feature = "arbitrary", arbitrary(with = crate::arbitrary::up_to_u32::<TTL_MAX>))]
    pub ttl: u32,
    /// TYPE and RDATA.
    pub data: Data<'a>,
}

impl fmt::Display for Repr<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Data::Opt(options) = self.data {
            return write!(f, "{}", Edns::of(self.class, self.ttl, options));
        }
        write!(f, "{} {}", self.name, self.data)?;
        write_class(f, self.class, "cache-flush")
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
        /// Host. The root says that the service is not to be had here.
        target: Name<'a>,
    },
    /// The start of a zone, RFC 1035 §3.3.13.
    Soa(Soa<'a>),
    /// Text, RFC 1035 §3.3.14.
    Txt(Text<'a>),
    /// Which types the owner has, RFC 4034 §4, and in multicast DNS that it has no others, RFC 6762 §6.1.
    Nsec(Nsec<'a>),
    /// Of another type that is known to hold names, and what is around them.
    Names(Names<'a>),
    /// Options of EDNS, RFC 6891 §6.1.2; [`Edns`] has what stands in the other fields.
    Opt(EdnsOptions<'a>),
    /// Any other type, and its RDATA. They hold no pointers, RFC 3597 §4, so they mean the same in any message.
    /// Also of any type and without RDATA, see [`Record::data`].
    Unknown(
        #[cfg_attr(feature = "arbitrary", arbitrary(with = crate::arbitrary::unknown_record))] RecordType,
        &'a [u8],
    ),
}

impl Data<'_> {
    /// Walks the names inside, and the options.
    pub(super) fn check(&self) -> Result<(), Error> {
        match self {
            Self::Cname(name) | Self::Ns(name) | Self::Ptr(name) => name.check(),
            Self::Mx { exchange: name, .. } | Self::Srv { target: name, .. } => name.check(),
            Self::Soa(soa) => soa.primary.check().and_then(|()| soa.mailbox.check()),
            Self::Nsec(nsec) => nsec.next.check(),
            Self::Names(names) => names.check(),
            Self::Opt(options) => options.clone().try_for_each(|option| option.map(|_| ())),
            Self::A(_) | Self::Aaaa(_) | Self::Txt(_) | Self::Unknown(..) => Ok(()),
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
            Self::Nsec(_) => RecordType::NSEC,
            Self::Names(names) => names.record_type(),
            Self::Opt(_) => RecordType::OPT,
            Self::Unknown(other, _) => *other,
        }
    }
}

impl fmt::Display for Data<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.record_type())?;
        if let Self::Opt(options) = self {
            return write!(f, "{options}");
        }
        f.write_str(" ")?;
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
            Self::Nsec(nsec) => write!(f, "{nsec}"),
            Self::Names(names) => write!(f, "{names}"),
            Self::Opt(_) => Ok(()),
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
