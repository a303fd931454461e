//! The options that a host on Ethernet does not act on, apart from the others: reading them is linked only where it is
//! used.

use super::configuration::{captive_portal, Dnssl, Nat64Prefix};
use super::lowpan::{BorderRouter, ContextOption, Registration};
use core::fmt;

pub(super) const DNSSL: u8 = 31;
pub(super) const REGISTRATION: u8 = 33;
pub(super) const CONTEXT: u8 = 34;
pub(super) const BORDER_ROUTER: u8 = 35;
pub(super) const CAPTIVE_PORTAL: u8 = 37;
pub(super) const NAT64_PREFIX: u8 = 38;

/// What an option that [`NdiscOption`](super::NdiscOption) calls `Unknown` says, if it is one of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum OtherOption<'a> {
    /// DNS search list, RFC 8106 §5.2.
    Dnssl(Dnssl<'a>),
    /// Registration of an address, RFC 6775 §4.1, RFC 8505 §4.1.
    Registration(Registration<'a>),
    /// A context of 6LoWPAN header compression, RFC 6775 §4.2.
    Context(ContextOption),
    /// Where prefixes and contexts come from, RFC 6775 §4.3.
    BorderRouter(BorderRouter),
    /// URI of a captive portal's interface, RFC 8910 §2.3: not checked, without the zeros at its end.
    CaptivePortal(&'a [u8]),
    /// Prefix of a translator to IPv4, RFC 8781 §4.
    Nat64Prefix(Nat64Prefix),
}

impl<'a> OtherOption<'a> {
    /// The option of type `kind` whose octets behind type and length are `data`; `None` for other types, and for a
    /// content that its type cannot have: receivers skip it.
    #[must_use]
    pub fn read(kind: u8, data: &'a [u8]) -> Option<Self> {
        match kind {
            DNSSL => Dnssl::read(data).map(Self::Dnssl),
            REGISTRATION => Registration::read(data).map(Self::Registration),
            CONTEXT => ContextOption::read(data).map(Self::Context),
            BORDER_ROUTER => BorderRouter::read(data).map(Self::BorderRouter),
            CAPTIVE_PORTAL => Some(Self::CaptivePortal(captive_portal(data))),
            NAT64_PREFIX => Nat64Prefix::read(data).map(Self::Nat64Prefix),
            _ => None,
        }
    }
}

impl fmt::Display for OtherOption<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dnssl(dnssl) => fmt::Display::fmt(dnssl, f),
            Self::Registration(registration) => fmt::Display::fmt(registration, f),
            Self::Context(context) => fmt::Display::fmt(context, f),
            Self::BorderRouter(router) => fmt::Display::fmt(router, f),
            Self::CaptivePortal(uri) => write!(f, "captive portal {}", uri.escape_ascii()),
            Self::Nat64Prefix(prefix) => fmt::Display::fmt(prefix, f),
        }
    }
}
