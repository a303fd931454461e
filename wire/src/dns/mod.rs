//! DNS messages, RFC 1035 §4, with EDNS (RFC 6891).
//!
//! ```text
//!   0  1  2  3  4  5  6  7  8  9  0  1  2  3  4  5
//! +--+--+--+--+--+--+--+--+--+--+--+--+--+--+--+--+
//! |                      ID                       |
//! |QR|   Opcode  |AA|TC|RD|RA| Z|AD|CD|   RCODE   |
//! |                    QDCOUNT                    |   questions
//! |                    ANCOUNT                    |   answers
//! |                    NSCOUNT                    |   authority
//! |                    ARCOUNT                    |   additional
//! +--+--+--+--+--+--+--+--+--+--+--+--+--+--+--+--+
//! ```
//!
//! [`Packet`] looks at the header only; questions and records are taken one by one as they are walked, over the
//! message's own octets. The walk ends with the first that is broken, which it yields as an error; RDATA that are
//! wrong for their type are an error of [`Record::data`] alone, and what a pointer in a name leads to is looked at
//! with the name's labels: a broken name equals no sound one. [`Packet::check`] does all of it.
//! [`Questions::next_labels`] reads the octets of a question once, where a question as a whole takes two walks over its
//! name. [`Builder`] writes messages, names with or without compression.
//!
//! Over TCP a message stands behind its length in two octets, RFC 1035 §4.2.2; that is not part of it here.
//!
//! # A query
//! ```
//! use tersus_wire::dns::{Builder, Class, Edns, Flags, Header, NameBuf, Question, RecordType};
//!
//! let mut buffer = [0; 512];
//! let name: NameBuf = "www.example.com".parse()?;
//! // An ID that nobody can guess, RFC 5452 §9.2.
//! let header = Header { id: 0x1234, flags: Flags::RD, ..Header::default() };
//! let mut query = Builder::new(&mut buffer, &header)?;
//! query.question(&Question { name: name.as_name(), record_type: RecordType::A, class: Class::IN })?;
//! // Without it, responses over UDP end at 512 octets.
//! query.edns(&Edns::new(1232))?;
//! assert_eq!(query.finish().len(), 33 + 11);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Its response
//! In the order of the checks: whether it belongs to the query, whether it is whole, what the server says, and what it
//! answers. Records of other names answer nothing, RFC 2181 §5.4.1; that the datagram came from where the query went, the
//! socket knows.
//!
//! ```
//! use core::net::Ipv4Addr;
//! use tersus_wire::dns::{Data, Flags, Opcode, Packet, Question, Rcode};
//! use tersus_wire::Error;
//!
//! #[derive(Debug, PartialEq)]
//! enum Outcome {
//!     /// Not for this query: drop it and go on waiting.
//!     NotOurs,
//!     /// Not all of it: ask again over TCP.
//!     Truncated,
//!     /// The name does not exist, or the server will not or cannot say.
//!     Failed(Rcode),
//!     /// So many addresses; none at all says that the name has none.
//!     Addresses(usize),
//! }
//!
//! fn read(
//!     response: &[u8],
//!     id: u16,
//!     asked: &Question<'_>,
//!     mut found: impl FnMut(Ipv4Addr, u32),
//! ) -> Result<Outcome, Error> {
//!     let response = Packet::parse(response)?;
//!     let mut questions = response.questions();
//!     let is_ours = response.is_response()
//!         && response.id() == id
//!         && response.opcode() == Opcode::QUERY
//!         && questions.next() == Some(Ok(*asked))
//!         && questions.next().is_none();
//!     if !is_ours {
//!         return Ok(Outcome::NotOurs);
//!     }
//!     if response.flags().contains(Flags::TC) {
//!         return Ok(Outcome::Truncated);
//!     }
//!     // All twelve bits of it, if the server speaks EDNS.
//!     let rcode = response.edns()?.map_or(response.rcode(), |edns| edns.rcode(response.rcode()));
//!     if rcode != Rcode::NO_ERROR {
//!         return Ok(Outcome::Failed(rcode));
//!     }
//!     let (mut name, mut count) = (asked.name, 0);
//!     // Aliases may lead in a circle.
//!     for _ in 0..8 {
//!         let mut alias = None;
//!         for record in response.answers() {
//!             let record = record?;
//!             if record.name() != name || record.class() != asked.class {
//!                 continue;
//!             }
//!             match record.data()? {
//!                 Data::A(address) => {
//!                     found(address, record.ttl());
//!                     count += 1;
//!                 }
//!                 Data::Cname(canonical) => alias = Some(canonical),
//!                 _ => {}
//!             }
//!         }
//!         match alias {
//!             Some(canonical) if count == 0 => name = canonical,
//!             _ => break,
//!         }
//!     }
//!     Ok(Outcome::Addresses(count))
//! }
//! # use tersus_wire::dns::{Builder, Class, Header, NameBuf, RecordType, Repr, Section};
//! # let (www, host): (NameBuf, NameBuf) = ("www.example.com".parse()?, "Host.example.com".parse()?);
//! # let question = Question { name: www.as_name(), record_type: RecordType::A, class: Class::IN };
//! # let mut buffer = [0; 512];
//! # let mut message = Builder::new(&mut buffer, &Header { id: 7, flags: Flags::QR, ..Header::default() })?;
//! # message.question(&question)?;
//! # let data = Data::A(Ipv4Addr::new(192, 0, 2, 1));
//! # let address = Repr { name: host.as_name(), class: Class::IN, ttl: 300, data };
//! # message.record(Section::Answer, &address)?;
//! # message.record(Section::Answer, &Repr { name: www.as_name(), data: Data::Cname(host.as_name()), ..address })?;
//! # let message = message.finish();
//! # let mut seen = None;
//! # assert_eq!(read(message, 7, &question, |address, ttl| seen = Some((address, ttl))), Ok(Outcome::Addresses(1)));
//! # assert_eq!(seen, Some((Ipv4Addr::new(192, 0, 2, 1), 300)));
//! # assert_eq!(read(message, 8, &question, |_, _| ()), Ok(Outcome::NotOurs));
//! # let other = Question { record_type: RecordType::AAAA, ..question };
//! # assert_eq!(read(message, 7, &other, |_, _| ()), Ok(Outcome::NotOurs));
//! # let change = |at: usize, octet| {
//! #     let mut message = message.to_vec();
//! #     message[at] = octet;
//! #     read(&message, 7, &question, |_, _| ())
//! # };
//! # assert_eq!((change(2, 0), change(2, 0x82)), (Ok(Outcome::NotOurs), Ok(Outcome::Truncated)));
//! # assert_eq!(change(3, 3), Ok(Outcome::Failed(Rcode::NX_DOMAIN)));
//! # assert_eq!(change(7, 3), Err(Error::truncated(message.len() + 1, message.len())));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Multicast DNS
//! Messages are the same. What RFC 6762 makes of the top bit of a class is its own ([`Class::has_top_bit`],
//! [`Class::with_top_bit`]): in a question that a unicast response will do (§5.4), in a record that others of its name and
//! type are to be forgotten (§10.2); printed, they are `QU` and `cache-flush`. Names in the RDATA of every type that §18.14 lists
//! may be pointers, are read so, and written so with [`Compression::Multicast`]. [`Nsec`] says which types a name has (§6.1;
//! [`Types::emit`]), [`Text::attribute`] and [`Text::emit`] what a service says of itself (RFC 6763 §6).

mod builder;
mod codes;
mod edns;
mod name;
mod name_buf;
mod names;
mod nsec;
mod record;
#[cfg(test)]
mod tests;
mod text;

pub use builder::{Builder, Compression};
pub use codes::{Class, RecordType};
pub use edns::{Edns, EdnsOption, EdnsOptions, UDP_PAYLOAD_MIN};
pub(crate) use name::write_escaped;
pub use name::{Labels, Name, LABEL_LEN_MAX, NAME_LEN_MAX};
pub use name_buf::{NameBuf, NameError};
pub use names::Names;
pub use nsec::{Nsec, Types};
pub use record::{Data, Question, Record, Repr, Soa, TTL_MAX};
pub use text::{Attribute, Text};

use crate::Error;
use core::fmt;
use core::net::{Ipv4Addr, Ipv6Addr};
use record::TYPE_AND_CLASS_LEN;

/// Length of the header, in octets.
pub const HEADER_LEN: usize = 12;
/// The server's port, over UDP and TCP.
pub const PORT: u16 = 53;
/// The port of multicast DNS, RFC 6762 §5.2.
pub const MULTICAST_PORT: u16 = 5353;
/// The group of multicast DNS over IPv4, RFC 6762 §3.
pub const MULTICAST_GROUP_V4: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 251);
/// The group of multicast DNS over IPv6, RFC 6762 §3.
pub const MULTICAST_GROUP_V6: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0xfb);

bitflags::bitflags! {
    /// The flags of the header, at their places in its second 16 bits.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
    pub struct Flags: u16 {
        /// Response.
        const QR = 0x8000;
        /// Authoritative answer.
        const AA = 0x0400;
        /// Truncated: the rest did not fit.
        const TC = 0x0200;
        /// Recursion desired.
        const RD = 0x0100;
        /// Recursion available.
        const RA = 0x0080;
        /// Reserved, zero.
        const Z = 0x0040;
        /// Authentic data, RFC 4035 §3.1.6.
        const AD = 0x0020;
        /// Checking disabled, RFC 4035 §3.1.6.
        const CD = 0x0010;
    }
}

/// A kind of query, IANA "DNS OpCodes": four bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Opcode(pub u8);

impl Opcode {
    /// A standard query.
    pub const QUERY: Self = Self(0);
    /// An inverse query, no longer in use, RFC 3425.
    pub const IQUERY: Self = Self(1);
    /// A question for the state of the server; never came into use.
    pub const STATUS: Self = Self(2);
    /// A zone has changed, RFC 1996.
    pub const NOTIFY: Self = Self(4);
    /// An update, RFC 2136.
    pub const UPDATE: Self = Self(5);
}

impl fmt::Display for Opcode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match *self {
            Self::QUERY => "QUERY",
            Self::IQUERY => "IQUERY",
            Self::STATUS => "STATUS",
            Self::NOTIFY => "NOTIFY",
            Self::UPDATE => "UPDATE",
            Self(number) => return write!(f, "OPCODE{number}"),
        })
    }
}

/// A response code, IANA "DNS RCODEs": four bits in the header, twelve with EDNS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct Rcode(pub u16);

impl Rcode {
    /// No error.
    pub const NO_ERROR: Self = Self(0);
    /// The server could not read the query.
    pub const FORM_ERR: Self = Self(1);
    /// The server failed.
    pub const SERV_FAIL: Self = Self(2);
    /// The name does not exist.
    pub const NX_DOMAIN: Self = Self(3);
    /// The server does not know this kind of query.
    pub const NOT_IMP: Self = Self(4);
    /// The server refuses.
    pub const REFUSED: Self = Self(5);
    /// A name is there that should not be, RFC 2136 §2.2.
    pub const YX_DOMAIN: Self = Self(6);
    /// Records are there that should not be, RFC 2136 §2.2.
    pub const YX_RRSET: Self = Self(7);
    /// Records are not there that should be, RFC 2136 §2.2.
    pub const NX_RRSET: Self = Self(8);
    /// The server has no authority over the zone, RFC 2136 §2.2.
    pub const NOT_AUTH: Self = Self(9);
    /// The name is not within the zone, RFC 2136 §2.2.
    pub const NOT_ZONE: Self = Self(10);
    /// The version of EDNS is not known, RFC 6891 §9.
    pub const BAD_VERS: Self = Self(16);
    /// The cookie is missing or wrong, RFC 7873 §8.
    pub const BAD_COOKIE: Self = Self(23);
}

impl fmt::Display for Rcode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match *self {
            Self::NO_ERROR => "NOERROR",
            Self::FORM_ERR => "FORMERR",
            Self::SERV_FAIL => "SERVFAIL",
            Self::NX_DOMAIN => "NXDOMAIN",
            Self::NOT_IMP => "NOTIMP",
            Self::REFUSED => "REFUSED",
            Self::YX_DOMAIN => "YXDOMAIN",
            Self::YX_RRSET => "YXRRSET",
            Self::NX_RRSET => "NXRRSET",
            Self::NOT_AUTH => "NOTAUTH",
            Self::NOT_ZONE => "NOTZONE",
            Self::BAD_VERS => "BADVERS",
            Self::BAD_COOKIE => "BADCOOKIE",
            Self(number) => return write!(f, "RCODE{number}"),
        })
    }
}

/// The header without its counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Header {
    /// ID, which a response repeats.
    pub id: u16,
    /// Flags.
    pub flags: Flags,
    /// Opcode, 0 to 15.
    pub opcode: Opcode,
    /// The lower four bits of the RCODE, 0 to 15.
    pub rcode: Rcode,
}

/// A part of a message that has records, RFC 1035 §4.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub enum Section {
    /// Records that answer the question.
    Answer,
    /// Records that point to an authority.
    Authority,
    /// Further records.
    Additional,
}

/// A view of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Packet<'a> {
    header: &'a [u8; HEADER_LEN],
    /// What is behind the header. Offsets count from here.
    body: &'a [u8],
}

impl<'a> Packet<'a> {
    /// Takes a whole message; checks only that there is a header.
    ///
    /// # Errors
    /// `Truncated` below twelve octets.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        match bytes.split_first_chunk() {
            Some((header, body)) => Ok(Self { header, body }),
            None => Err(Error::truncated(HEADER_LEN, bytes.len())),
        }
    }

    /// ID.
    #[must_use]
    pub const fn id(&self) -> u16 {
        u16::from_be_bytes([self.header[0], self.header[1]])
    }

    /// Flags.
    #[must_use]
    pub const fn flags(&self) -> Flags {
        Flags::from_bits_truncate(u16::from_be_bytes([self.header[2], self.header[3]]))
    }

    /// QR: whether this is a response.
    #[must_use]
    pub const fn is_response(&self) -> bool {
        self.header[2] & 0x80 != 0
    }

    /// Opcode.
    #[must_use]
    pub const fn opcode(&self) -> Opcode {
        Opcode(self.header[2] >> 3 & 0x0f)
    }

    /// The four bits of RCODE in the header; see [`Edns::rcode`].
    #[must_use]
    pub const fn rcode(&self) -> Rcode {
        Rcode(self.header[3] as u16 & 0x0f)
    }

    /// The header without its counts.
    #[must_use]
    pub const fn header(&self) -> Header {
        Header { id: self.id(), flags: self.flags(), opcode: self.opcode(), rcode: self.rcode() }
    }

    /// QDCOUNT: how many questions the header promises.
    #[must_use]
    pub const fn question_count(&self) -> u16 {
        u16::from_be_bytes([self.header[4], self.header[5]])
    }

    /// ANCOUNT, NSCOUNT or ARCOUNT: how many records of a section the header promises.
    #[must_use]
    pub const fn record_count(&self, section: Section) -> u16 {
        let &[_, _, _, _, _, _, a, b, c, d, e, f] = self.header;
        u16::from_be_bytes(match section {
            Section::Answer => [a, b],
            Section::Authority => [c, d],
            Section::Additional => [e, f],
        })
    }

    /// The questions.
    #[must_use]
    pub const fn questions(&self) -> Questions<'a> {
        Questions { packet: *self, rest: self.body, left: self.question_count() as u32 }
    }

    /// The records of all sections, behind the questions, which are walked over first.
    #[must_use]
    pub fn records(&self) -> Records<'a> {
        self.questions().records()
    }

    /// The records of the answer section.
    #[must_use]
    pub fn answers(&self) -> Answers<'a> {
        self.questions().answers()
    }

    /// What the OPT record says, if there is one.
    ///
    /// # Errors
    /// `Field` if there are several, RFC 6891 §6.1.1, or as [`Edns::parse`]; that of a broken record.
    pub fn edns(&self) -> Result<Option<Edns<'a>>, Error> {
        let mut found = None;
        for record in self.records() {
            let (section, record) = record?;
            if section == Section::Additional && record.record_type() == RecordType::OPT {
                if found.is_some() {
                    return Err(Error::Field(0));
                }
                found = Some(Edns::parse(&record)?);
            }
        }
        Ok(found)
    }

    /// Walks the whole message, RDATA included.
    ///
    /// # Errors
    /// The first of any question or record.
    pub fn check(&self) -> Result<(), Error> {
        for question in self.questions() {
            question?.name.check()?;
        }
        for record in self.records() {
            let record = record?.1;
            record.name().check()?;
            record.data()?.check()?;
        }
        Ok(())
    }
}

/// The questions of a message, one by one; see [`Packet::questions`].
#[derive(Debug, Clone)]
pub struct Questions<'a> {
    packet: Packet<'a>,
    /// From the next question on; so for records.
    rest: &'a [u8],
    left: u32,
}

impl<'a> Questions<'a> {
    /// The next question, label by label: its name is walked once, not once to find its end and once for its labels.
    ///
    /// ```
    /// # use tersus_wire::{dns::Packet, Error};
    /// # fn read(packet: &Packet<'_>) -> Result<(), Error> {
    /// let mut questions = packet.questions();
    /// while let Some(mut labels) = questions.next_labels() {
    ///     for label in &mut labels {
    ///         println!("{}", label?.escape_ascii());
    ///     }
    ///     println!("{}", labels.question()?.record_type);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn next_labels(&mut self) -> Option<QuestionLabels<'_, 'a>> {
        if self.left == 0 {
            return None;
        }
        let body = self.packet.body;
        let name = Name::at(body, body.len() - self.rest.len(), HEADER_LEN);
        Some(QuestionLabels { questions: self, name, labels: Labels::unread(name) })
    }

    /// Goes on behind a question, or ends.
    #[inline]
    fn keep(&mut self, read: Result<(Question<'a>, &'a [u8]), Error>) -> Result<Question<'a>, Error> {
        match read {
            Ok((question, rest)) => {
                (self.rest, self.left) = (rest, self.left - 1);
                Ok(question)
            }
            Err(error) => {
                // Nothing behind it can be found.
                self.left = 0;
                Err(error)
            }
        }
    }

    /// The records behind the questions, those that are left included.
    #[inline]
    #[must_use]
    pub fn records(self) -> Records<'a> {
        let packet = self.packet;
        let (rest, error) = self.behind();
        let of = |section| if error.is_none() { packet.record_count(section) } else { 0 };
        let left = [of(Section::Answer), of(Section::Authority), of(Section::Additional)];
        Records { body: packet.body, rest, left, error }
    }

    /// The records of the answer section, behind the questions that are left.
    #[inline]
    #[must_use]
    pub fn answers(self) -> Answers<'a> {
        let packet = self.packet;
        let (rest, error) = self.behind();
        let left = if error.is_none() { u32::from(packet.record_count(Section::Answer)) } else { 0 };
        Answers { body: packet.body, rest, left, error }
    }

    /// What stands behind the questions, or why that cannot be found.
    #[inline]
    fn behind(self) -> (&'a [u8], Option<Error>) {
        if self.left == 0 {
            (self.rest, None)
        } else {
            behind_questions(self.packet.body, self.rest, self.left)
        }
    }
}

/// What stands behind so many questions at the start of `rest`, the last octets of the `body` of a message. Out of the way of
/// who took them one by one and has none left.
#[cold]
#[inline(never)]
fn behind_questions<'a>(body: &'a [u8], mut rest: &'a [u8], left: u32) -> (&'a [u8], Option<Error>) {
    for _ in 0..left {
        match Question::read(body, rest) {
            Ok((_, behind)) => rest = behind,
            Err(error) => return (rest, Some(error)),
        }
    }
    (rest, None)
}

impl<'a> Iterator for Questions<'a> {
    type Item = Result<Question<'a>, Error>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        (self.left > 0).then(|| self.keep(Question::read(self.packet.body, self.rest)))
    }
}

/// The labels of a question's name, and behind them the rest of it; see [`Questions::next_labels`].
#[derive(Debug)]
pub struct QuestionLabels<'q, 'a> {
    questions: &'q mut Questions<'a>,
    name: Name<'a>,
    labels: Labels<'a>,
}

impl<'a> QuestionLabels<'_, 'a> {
    /// The question as a whole; behind it the next one is at hand. If labels are left, or a pointer was among them, the name
    /// is walked again.
    ///
    /// # Errors
    /// As [`Question::parse`]; then no other question can be found.
    #[inline]
    pub fn question(self) -> Result<Question<'a>, Error> {
        let Self { questions, name, labels } = self;
        let (body, rest) = (questions.packet.body, questions.rest);
        if let Some(len) = labels.len(body.len() - rest.len()) {
            if let Some(behind) = rest.get(len + TYPE_AND_CLASS_LEN..) {
                // They stand between the name and what is behind them.
                let octets = rest.get(len..).and_then(<[u8]>::first_chunk).copied().unwrap_or_default();
                return questions.keep(Ok((Question::of(name, octets), behind)));
            }
        }
        questions.keep(Question::read(body, rest))
    }
}

impl<'a> Iterator for QuestionLabels<'_, 'a> {
    type Item = Result<&'a [u8], Error>;

    #[inline(always)]
    fn next(&mut self) -> Option<Self::Item> {
        self.labels.next()
    }
}

/// The records of a message with their sections, one by one; see [`Packet::records`].
#[derive(Debug, Clone)]
pub struct Records<'a> {
    body: &'a [u8],
    rest: &'a [u8],
    left: [u16; 3],
    /// Why nothing can be found behind the questions; then nothing is left.
    error: Option<Error>,
}

impl<'a> Iterator for Records<'a> {
    type Item = Result<(Section, Record<'a>), Error>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let [answers, authority, additional] = &mut self.left;
        let (section, left) = if *answers > 0 {
            (Section::Answer, answers)
        } else if *authority > 0 {
            (Section::Authority, authority)
        } else if *additional > 0 {
            (Section::Additional, additional)
        } else {
            return self.error.take().map(Err);
        };
        *left -= 1;
        Some(match Record::read(self.body, self.rest) {
            Ok((record, rest)) => {
                self.rest = rest;
                Ok((section, record))
            }
            Err(error) => {
                self.left = [0; 3];
                Err(error)
            }
        })
    }
}

/// The records of the answer section, one by one; see [`Packet::answers`].
#[derive(Debug, Clone)]
pub struct Answers<'a> {
    body: &'a [u8],
    rest: &'a [u8],
    left: u32,
    /// Why nothing can be found behind the questions; then nothing is left.
    error: Option<Error>,
}

impl<'a> Iterator for Answers<'a> {
    type Item = Result<Record<'a>, Error>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let Some(left) = self.left.checked_sub(1) else { return self.error.take().map(Err) };
        Some(match Record::read(self.body, self.rest) {
            Ok((record, rest)) => {
                (self.rest, self.left) = (rest, left);
                Ok(record)
            }
            Err(error) => {
                self.left = 0;
                Err(error)
            }
        })
    }
}

/// So many questions and records are printed; of the rest, their number.
const PRINTED_MAX: u16 = 8;

impl fmt::Display for Packet<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.is_response() { "response" } else { "query" };
        write!(f, "DNS {kind} id {:#06x}", self.id())?;
        if self.opcode() != Opcode::QUERY {
            write!(f, " {}", self.opcode())?;
        }
        for (name, _) in self.flags().difference(Flags::QR).iter_names() {
            write!(f, " {name}")?;
        }
        if self.is_response() {
            write!(f, " {}", self.rcode())?;
        }
        let mut printed = 0;
        let mut questions = self.questions();
        for question in &mut questions {
            match question {
                Ok(question) => write!(f, ", {question}")?,
                Err(error) => return write!(f, ", question broken: {error}"),
            }
            printed += 1;
            if printed == PRINTED_MAX {
                break;
            }
        }
        for record in questions.records().take(usize::from(PRINTED_MAX - printed)) {
            match record {
                Ok((_, record)) => write!(f, ", {record}")?,
                Err(error) => return write!(f, ", record broken: {error}"),
            }
            printed += 1;
        }
        let of = |section| u32::from(self.record_count(section));
        let promised = u32::from(self.question_count())
            + of(Section::Answer)
            + of(Section::Authority)
            + of(Section::Additional);
        match promised.saturating_sub(u32::from(printed)) {
            0 => Ok(()),
            more => write!(f, ", {more} more"),
        }
    }
}
