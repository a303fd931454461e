//! The options that the stack does not act on, apart from the others: reading them is linked only where it is used.

use super::acc_ecn::{AccEcn, AccEcnOrder};
use super::options::TcpOption;
use crate::Error;
use core::fmt;

// Kinds, IANA "TCP Option Kind Numbers".
const MD5: u8 = 19;
const AUTHENTICATION: u8 = 29;
const FAST_OPEN: u8 = 34;
const ACC_ECN_0: u8 = 172;
const ACC_ECN_1: u8 = 174;

/// What an option that [`TcpOption`] calls `Unknown` says, if it is one of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub enum OtherOption<'a> {
    /// Kind 34, RFC 7413 §4.1.1: a cookie of 4 to 16 octets, an even number; none asks for one. With SYN only.
    FastOpen(&'a [u8]),
    /// Kinds 172 and 174, RFC 9768 §3.2.3.
    AccEcn(AccEcn),
    /// Kind 19, RFC 2385 §3.0: the digest, which nobody has verified.
    Md5(#[cfg_attr(feature = "arbitrary", arbitrary(with = crate::arbitrary::array))] &'a [u8; 16]),
    /// Kind 29, TCP-AO, RFC 5925 §2.2; nobody has verified it.
    Authentication {
        /// KeyID.
        key_id: u8,
        /// RNextKeyID.
        next_key_id: u8,
        /// MAC.
        mac: &'a [u8],
    },
}

impl<'a> OtherOption<'a> {
    /// The option of this kind whose octets behind kind and length are `data`; `None` for other kinds, and for a length
    /// that is not the kind's: to be ignored.
    #[must_use]
    pub fn read(kind: u8, data: &'a [u8]) -> Option<Self> {
        match (kind, data) {
            (FAST_OPEN, _) => is_cookie(data).then_some(Self::FastOpen(data)),
            (ACC_ECN_0, _) => AccEcn::read(AccEcnOrder::Ect0First, data).map(Self::AccEcn),
            (ACC_ECN_1, _) => AccEcn::read(AccEcnOrder::Ect1First, data).map(Self::AccEcn),
            (MD5, _) => <&[u8; 16]>::try_from(data).ok().map(Self::Md5),
            (AUTHENTICATION, [key_id, next_key_id, mac @ ..]) => {
                Some(Self::Authentication { key_id: *key_id, next_key_id: *next_key_id, mac })
            }
            _ => None,
        }
    }

    /// Octets that [`Self::emit`] writes.
    #[must_use]
    pub fn buffer_len(&self) -> usize {
        let data_len = match self {
            Self::FastOpen(cookie) => cookie.len(),
            Self::AccEcn(accurate) => accurate.len() * 3,
            Self::Md5(_) => 16,
            Self::Authentication { mac, .. } => mac.len().saturating_add(2),
        };
        data_len.saturating_add(2)
    }

    /// Writes this option alone, unaligned, to the front of `buffer`; returns its length.
    ///
    /// # Errors
    /// As [`TcpOption::emit`]; `Unrepresentable` also for a cookie of no length of one.
    pub fn emit(&self, buffer: &mut [u8]) -> Result<usize, Error> {
        let unknown = |kind, data| TcpOption::Unknown { kind, data };
        match *self {
            Self::FastOpen(cookie) if is_cookie(cookie) => unknown(FAST_OPEN, cookie).emit(buffer),
            Self::FastOpen(_) => Err(Error::Unrepresentable),
            Self::AccEcn(accurate) => {
                let kind = match accurate.order() {
                    AccEcnOrder::Ect0First => ACC_ECN_0,
                    AccEcnOrder::Ect1First => ACC_ECN_1,
                };
                let octets = accurate.to_octets();
                unknown(kind, octets.get(..accurate.len() * 3).unwrap_or_default()).emit(buffer)
            }
            Self::Md5(digest) => unknown(MD5, digest).emit(buffer),
            Self::Authentication { key_id, next_key_id, mac } => {
                let mut data = [0; super::OPTIONS_LEN_MAX];
                let len = mac.len().saturating_add(2);
                let place = data.get_mut(..len).ok_or(Error::Unrepresentable)?;
                for (to, from) in place.iter_mut().zip([key_id, next_key_id].iter().chain(mac)) {
                    *to = *from;
                }
                unknown(AUTHENTICATION, place).emit(buffer)
            }
        }
    }
}

/// Whether a fast open cookie may have this length, RFC 7413 §4.1.1.
fn is_cookie(octets: &[u8]) -> bool {
    octets.is_empty() || (matches!(octets.len(), 4..=16) && octets.len() % 2 == 0)
}

impl fmt::Display for OtherOption<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::FastOpen([]) => f.write_str("fast open cookie request"),
            Self::FastOpen(cookie) => {
                f.write_str("fast open cookie ")?;
                cookie.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
            }
            Self::AccEcn(accurate) => fmt::Display::fmt(&accurate, f),
            Self::Md5(_) => f.write_str("md5"),
            Self::Authentication { key_id, next_key_id, mac } => {
                write!(f, "ao key {key_id} next {next_key_id} mac of {}", mac.len())
            }
        }
    }
}
