//! Types and classes of records, RFC 1035 §3.2 and the registries that grew from it.

use core::fmt;

/// A TYPE or QTYPE, IANA "Resource Record (RR) TYPEs".
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct RecordType(pub u16);

impl RecordType {
    /// An IPv4 address.
    pub const A: Self = Self(1);
    /// An authoritative name server.
    pub const NS: Self = Self(2);
    /// A mail destination; MX took its place.
    pub const MD: Self = Self(3);
    /// A mail forwarder; MX took its place.
    pub const MF: Self = Self(4);
    /// The canonical name of an alias.
    pub const CNAME: Self = Self(5);
    /// The start of a zone of authority.
    pub const SOA: Self = Self(6);
    /// A mailbox; never came into use.
    pub const MB: Self = Self(7);
    /// A member of a mail group; never came into use.
    pub const MG: Self = Self(8);
    /// The new name of a mailbox; never came into use.
    pub const MR: Self = Self(9);
    /// Any octets; never came into use.
    pub const NULL: Self = Self(10);
    /// The services of a host; SRV took its place.
    pub const WKS: Self = Self(11);
    /// A pointer to another name.
    pub const PTR: Self = Self(12);
    /// Kind of host; also what a server says that does not answer ANY, RFC 8482.
    pub const HINFO: Self = Self(13);
    /// Mailboxes of a list; never came into use.
    pub const MINFO: Self = Self(14);
    /// A mail exchange.
    pub const MX: Self = Self(15);
    /// Text.
    pub const TXT: Self = Self(16);
    /// Who is responsible, RFC 1183.
    pub const RP: Self = Self(17);
    /// A server of AFS or DCE, RFC 1183.
    pub const AFSDB: Self = Self(18);
    /// A host that routes to another, RFC 1183.
    pub const RT: Self = Self(21);
    /// A signature; RRSIG took its place but for SIG(0), RFC 2931.
    pub const SIG: Self = Self(24);
    /// Mail addresses of X.400, RFC 2163.
    pub const PX: Self = Self(26);
    /// An IPv6 address, RFC 3596.
    pub const AAAA: Self = Self(28);
    /// Which types a name has; NSEC took its place.
    pub const NXT: Self = Self(30);
    /// The host and port of a service, RFC 2782.
    pub const SRV: Self = Self(33);
    /// How a name is rewritten, RFC 3403.
    pub const NAPTR: Self = Self(35);
    /// A key exchanger, RFC 2230.
    pub const KX: Self = Self(36);
    /// What stands in the place of a whole subtree, RFC 6672.
    pub const DNAME: Self = Self(39);
    /// The pseudo-record of EDNS, RFC 6891.
    pub const OPT: Self = Self(41);
    /// The digest of a key below, RFC 4034 §5.
    pub const DS: Self = Self(43);
    /// A signature, RFC 4034 §3.
    pub const RRSIG: Self = Self(46);
    /// Which types a name has, RFC 4034 §4 and RFC 6762 §6.1.
    pub const NSEC: Self = Self(47);
    /// A key, RFC 4034 §2.
    pub const DNSKEY: Self = Self(48);
    /// How a service is reached, RFC 9460.
    pub const SVCB: Self = Self(64);
    /// How a web server is reached, RFC 9460.
    pub const HTTPS: Self = Self(65);
    /// A question for what changed in a zone, RFC 1995.
    pub const IXFR: Self = Self(251);
    /// A question for a whole zone, RFC 5936.
    pub const AXFR: Self = Self(252);
    /// A question for MB, MG and MR, RFC 1035 §3.2.3.
    pub const MAILB: Self = Self(253);
    /// A question for MD and MF, RFC 1035 §3.2.3.
    pub const MAILA: Self = Self(254);
    /// A question for all types, RFC 1035 §3.2.3.
    pub const ANY: Self = Self(255);
}

impl RecordType {
    /// Whether no record of a zone can have this type: that of EDNS, and those of questions and transactions, RFC 6895 §3.1.
    #[must_use]
    pub const fn is_pseudo(self) -> bool {
        matches!(self.0, 41 | 128..=255)
    }
}

impl fmt::Display for RecordType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match *self {
            Self::A => "A",
            Self::NS => "NS",
            Self::MD => "MD",
            Self::MF => "MF",
            Self::CNAME => "CNAME",
            Self::SOA => "SOA",
            Self::MB => "MB",
            Self::MG => "MG",
            Self::MR => "MR",
            Self::NULL => "NULL",
            Self::WKS => "WKS",
            Self::PTR => "PTR",
            Self::HINFO => "HINFO",
            Self::MINFO => "MINFO",
            Self::MX => "MX",
            Self::TXT => "TXT",
            Self::RP => "RP",
            Self::AFSDB => "AFSDB",
            Self::RT => "RT",
            Self::SIG => "SIG",
            Self::PX => "PX",
            Self::AAAA => "AAAA",
            Self::NXT => "NXT",
            Self::SRV => "SRV",
            Self::NAPTR => "NAPTR",
            Self::KX => "KX",
            Self::DNAME => "DNAME",
            Self::OPT => "OPT",
            Self::DS => "DS",
            Self::RRSIG => "RRSIG",
            Self::NSEC => "NSEC",
            Self::DNSKEY => "DNSKEY",
            Self::SVCB => "SVCB",
            Self::HTTPS => "HTTPS",
            Self::IXFR => "IXFR",
            Self::AXFR => "AXFR",
            Self::MAILB => "MAILB",
            Self::MAILA => "MAILA",
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
    /// CHAOS: today, questions about the server itself, RFC 4892.
    pub const CH: Self = Self(3);
    /// Hesiod.
    pub const HS: Self = Self(4);
    /// No class: what an update takes away, RFC 2136 §2.4.
    pub const NONE: Self = Self(254);
    /// A question for all classes.
    pub const ANY: Self = Self(255);

    const TOP: u16 = 0x8000;

    /// The class without its top bit, which multicast DNS uses for itself: cache-flush in a record, unicast response
    /// wanted in a question, RFC 6762 §10.2 and §5.4.
    #[must_use]
    pub const fn without_top_bit(self) -> Self {
        Self(self.0 & !Self::TOP)
    }

    /// The class with that bit.
    #[must_use]
    pub const fn with_top_bit(self) -> Self {
        Self(self.0 | Self::TOP)
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
            Self::CH => f.write_str("CH"),
            Self::HS => f.write_str("HS"),
            Self::NONE => f.write_str("NONE"),
            Self::ANY => f.write_str("ANY"),
            // RFC 3597 §5.
            Self(number) => write!(f, "CLASS{number}"),
        }
    }
}

impl fmt::Debug for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
