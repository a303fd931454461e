//! Prefixes of IPv6 addresses as options carry them: a length in bits and as many octets as it takes.

use crate::ip::{read_prefix_len, CidrError};
use core::fmt;
use core::net::Ipv6Addr;
use core::str::FromStr;

/// A prefix of IPv6 addresses: 0 to 128 bits, all further bits zero. Equal if the prefix is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ipv6Prefix {
    address: Ipv6Addr,
    len: u8,
}

impl Ipv6Prefix {
    /// The prefix that holds all addresses, `::/0`.
    pub const ALL: Self = Self { address: Ipv6Addr::UNSPECIFIED, len: 0 };

    /// The first `len` bits of `address`; `None` above 128.
    #[must_use]
    pub fn new(address: Ipv6Addr, len: u8) -> Option<Self> {
        if len > 128 {
            return None;
        }
        let host = u128::MAX.checked_shr(u32::from(len)).unwrap_or(0);
        Some(Self { address: Ipv6Addr::from_bits(address.to_bits() & !host), len })
    }

    /// A prefix of `len` bits from its octets, of which those at the end may have been left out by the sender as
    /// far as they are not part of it; `None` above 128 bits or 16 octets, or if octets of the prefix are missing.
    #[must_use]
    pub fn from_octets(octets: &[u8], len: u8) -> Option<Self> {
        let mut address = [0; 16];
        let place = address.get_mut(..octets.len())?;
        for (to, from) in place.iter_mut().zip(octets) {
            *to = *from;
        }
        let prefix = Self::new(Ipv6Addr::from(address), len)?;
        (octets.len() >= prefix.octet_count()).then_some(prefix)
    }

    /// The address whose bits beyond the prefix are zero.
    #[must_use]
    pub fn address(&self) -> Ipv6Addr {
        self.address
    }

    /// Length, in bits: 0 to 128.
    #[must_use]
    pub fn prefix_len(&self) -> u8 {
        self.len
    }

    /// How many octets hold the prefix: 0 to 16.
    #[must_use]
    pub fn octet_count(&self) -> usize {
        usize::from(self.len).div_ceil(8)
    }

    /// Whether `address` lies in the prefix.
    #[must_use]
    pub fn contains(&self, address: Ipv6Addr) -> bool {
        Self::new(address, self.len) == Some(*self)
    }
}

/// As in `2001:db8::/32`; bits beyond the prefix are cleared, as [`Ipv6Prefix::new`] does.
impl FromStr for Ipv6Prefix {
    type Err = CidrError;

    fn from_str(text: &str) -> Result<Self, CidrError> {
        let (address, len) = text.split_once('/').ok_or(CidrError::PrefixLength)?;
        let address = address.parse().map_err(|_| CidrError::Address)?;
        Self::new(address, read_prefix_len(len)?).ok_or(CidrError::PrefixLength)
    }
}

impl fmt::Display for Ipv6Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.len)
    }
}

#[cfg(test)]
mod tests {
    extern crate alloc;
    use super::*;
    use alloc::string::ToString;

    const ONES: Ipv6Addr = Ipv6Addr::from_bits(u128::MAX);

    #[test]
    fn a_prefix_keeps_its_bits_and_clears_the_rest() {
        for (len, want, octets) in [
            (0, "::/0", 0),
            (1, "8000::/1", 1),
            (8, "ff00::/8", 1),
            (9, "ff80::/9", 2),
            (64, "ffff:ffff:ffff:ffff::/64", 8),
            (127, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe/127", 16),
            (128, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128", 16),
        ] {
            let prefix = Ipv6Prefix::new(ONES, len).unwrap();
            assert_eq!(prefix.to_string().parse(), Ok(prefix));
            assert_eq!((prefix.to_string().as_str(), prefix.octet_count()), (want, octets));
            assert!(prefix.contains(ONES));
            assert_eq!(prefix.contains(Ipv6Addr::UNSPECIFIED), len == 0);
            for have in 0..=17 {
                let got = Ipv6Prefix::from_octets(&[0xff; 17][..have], len);
                assert_eq!(got, (octets..=16).contains(&have).then_some(prefix), "{have} octets of /{len}");
            }
        }
        assert_eq!(Ipv6Prefix::new(ONES, 129), None);
    }

    #[test]
    fn text_is_read_as_it_is_printed() {
        assert_eq!(
            "2001:db8::1/32".parse::<Ipv6Prefix>().map(|prefix| prefix.to_string()).as_deref(),
            Ok("2001:db8::/32")
        );
        for (text, want) in [
            ("", CidrError::PrefixLength),
            ("::", CidrError::PrefixLength),
            ("::/", CidrError::PrefixLength),
            ("::/129", CidrError::PrefixLength),
            ("::/+8", CidrError::PrefixLength),
            ("::/08", CidrError::PrefixLength),
            ("::/8 ", CidrError::PrefixLength),
            ("::/8/8", CidrError::PrefixLength),
            ("/8", CidrError::Address),
            ("10.0.0.0/8", CidrError::Address),
            ("fe80::1%1/64", CidrError::Address),
        ] {
            assert_eq!(text.parse::<Ipv6Prefix>(), Err(want), "{text:?}");
        }
    }
}
