//! EDNS, the extension of the header in an OPT record, RFC 6891.
//!
//! ```text
//!   NAME   root                 TTL    | extended RCODE | version | DO |  Z  |
//!   TYPE   41                            8                8         1    15
//!   CLASS  UDP payload size     RDATA  | OPTION-CODE | OPTION-LENGTH | data | …
//! ```

use super::{Class, Data, Name, Rcode, Record, RecordType, Repr};
use crate::Error;
use core::fmt;

/// Least UDP payload that everybody takes, in octets: what a message without EDNS may have, RFC 1035 §4.2.1.
pub const UDP_PAYLOAD_MIN: u16 = 512;

const DNSSEC_OK: u32 = 0x8000;

/// What an OPT record says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct Edns<'a> {
    /// Largest UDP payload that the sender takes, in octets; below 512 counts as 512, RFC 6891 §6.2.3.
    pub udp_payload_size: u16,
    /// The upper eight bits of the RCODE.
    pub extended_rcode: u8,
    /// Version: 0 is the only one.
    pub version: u8,
    /// Whether the sender takes DNSSEC's records, RFC 3225.
    pub dnssec_ok: bool,
    /// Options.
    pub options: EdnsOptions<'a>,
}

impl<'a> Edns<'a> {
    /// For a request: this size, version 0, nothing else.
    #[must_use]
    pub const fn new(udp_payload_size: u16) -> Self {
        let options = EdnsOptions::new(&[]);
        Self { udp_payload_size, extended_rcode: 0, version: 0, dnssec_ok: false, options }
    }

    /// Reads an OPT record.
    ///
    /// # Errors
    /// `Unknown` for a record of another type; `Field` if its owner is not the root, RFC 6891 §6.1.2.
    pub fn parse(record: &Record<'a>) -> Result<Self, Error> {
        if record.record_type() != RecordType::OPT {
            return Err(Error::Unknown(record.record_type().0.to_be_bytes()[1]));
        }
        if !record.name().is_root() {
            return Err(Error::Field(0));
        }
        Ok(Self::of(record.class(), record.ttl_field(), EdnsOptions::new(record.rdata())))
    }

    /// What the fields of an OPT record say.
    pub(super) fn of(class: Class, ttl: u32, options: EdnsOptions<'a>) -> Self {
        let [extended_rcode, version, ..] = ttl.to_be_bytes();
        let udp_payload_size = class.0.max(UDP_PAYLOAD_MIN);
        Self { udp_payload_size, extended_rcode, version, dnssec_ok: ttl & DNSSEC_OK != 0, options }
    }

    /// The record to emit; its other flags are zero.
    #[must_use]
    pub fn repr(&self) -> Repr<'a> {
        let flags = if self.dnssec_ok { DNSSEC_OK } else { 0 };
        let ttl = u32::from_be_bytes([self.extended_rcode, self.version, 0, 0]) | flags;
        let class = Class(self.udp_payload_size.max(UDP_PAYLOAD_MIN));
        Repr { name: Name::ROOT, class, ttl, data: Data::Opt(self.options) }
    }

    /// The whole RCODE, with the four bits of the header, RFC 6891 §6.1.3.
    #[must_use]
    pub const fn rcode(&self, header: Rcode) -> Rcode {
        Rcode((self.extended_rcode as u16) << 4 | header.0 & 0x0f)
    }
}

/// As one line: what is unusual, and the options by their names.
impl fmt::Display for Edns<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OPT size {}", self.udp_payload_size)?;
        if self.version != 0 {
            write!(f, " version {}", self.version)?;
        }
        if self.extended_rcode != 0 {
            write!(f, " extended RCODE {}", self.extended_rcode)?;
        }
        if self.dnssec_ok {
            f.write_str(" DO")?;
        }
        write!(f, "{}", self.options)
    }
}

/// An option of EDNS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct EdnsOption<'a> {
    /// OPTION-CODE, IANA "DNS EDNS0 Option Codes".
    pub code: u16,
    /// OPTION-DATA.
    pub data: &'a [u8],
}

impl EdnsOption<'_> {
    /// Name server identifier, RFC 5001.
    pub const NSID: u16 = 3;
    /// Client subnet, RFC 7871.
    pub const CLIENT_SUBNET: u16 = 8;
    /// Cookie, RFC 7873.
    pub const COOKIE: u16 = 10;
    /// How long a TCP connection may idle, RFC 7828.
    pub const TCP_KEEPALIVE: u16 = 11;
    /// Padding, RFC 7830.
    pub const PADDING: u16 = 12;
    /// Extended error, RFC 8914.
    pub const EXTENDED_ERROR: u16 = 15;
}

impl fmt::Display for EdnsOption<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.code {
            Self::NSID => f.write_str("NSID"),
            Self::CLIENT_SUBNET => f.write_str("client-subnet"),
            Self::COOKIE => f.write_str("cookie"),
            Self::TCP_KEEPALIVE => f.write_str("tcp-keepalive"),
            Self::PADDING => f.write_str("padding"),
            Self::EXTENDED_ERROR => f.write_str("extended-error"),
            code => write!(f, "option {code}"),
        }
    }
}

/// The options of an OPT record, one by one. One that is cut off yields `Truncated` and ends the walk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EdnsOptions<'a>(&'a [u8]);

impl<'a> EdnsOptions<'a> {
    /// Options from their octets, each behind its code and length.
    #[must_use]
    pub const fn new(octets: &'a [u8]) -> Self {
        Self(octets)
    }

    /// The octets that are still to be walked.
    #[must_use]
    pub const fn octets(&self) -> &'a [u8] {
        self.0
    }

    /// The first option with this code.
    #[must_use]
    pub fn find(mut self, code: u16) -> Option<&'a [u8]> {
        self.find_map(|option| option.ok().filter(|option| option.code == code).map(|option| option.data))
    }
}

impl<'a> Iterator for EdnsOptions<'a> {
    type Item = Result<EdnsOption<'a>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let whole = self.0;
        if whole.is_empty() {
            return None;
        }
        self.0 = &[];
        let Some((&[c0, c1, l0, l1], rest)) = whole.split_first_chunk() else {
            return Some(Err(Error::truncated(4, whole.len())));
        };
        let len = usize::from(u16::from_be_bytes([l0, l1]));
        let Some((data, rest)) = rest.split_at_checked(len) else {
            return Some(Err(Error::truncated(4 + len, whole.len())));
        };
        self.0 = rest;
        Some(Ok(EdnsOption { code: u16::from_be_bytes([c0, c1]), data }))
    }
}

impl fmt::Display for EdnsOptions<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for option in *self {
            match option {
                Ok(option) => write!(f, " {option}")?,
                Err(error) => write!(f, " ({error})")?,
            }
        }
        Ok(())
    }
}
