//! Options by which a router tells what else a host needs: search domains (RFC 8106 §5.2), captive portal (RFC 8910
//! §2.3), the prefix of a translator (RFC 8781 §4).

use crate::prefix::Ipv6Prefix;
use core::fmt;
use core::net::Ipv6Addr;

/// Longest label of a domain name, in octets, RFC 1035 §2.3.4.
const LABEL_LEN_MAX: u8 = 63;

/// Content of a DNS search list option, RFC 8106 §5.2: names whose labels were checked to be whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dnssl<'a> {
    /// How long the list may be used, in seconds; 0: no longer; all ones: for ever.
    pub lifetime: u32,
    names: &'a [u8],
}

impl<'a> Dnssl<'a> {
    /// From encoded names: labels with a length octet in front, each name ended by an empty label; zeros may follow.
    /// `None` if there is none, a label is longer than 63 octets (no compression here), or a name does not end.
    #[must_use]
    pub fn new(lifetime: u32, names: &'a [u8]) -> Option<Self> {
        let mut rest = names;
        let mut end = 0;
        while let Some((name, behind)) = split_name(rest) {
            rest = behind;
            // An empty name is the padding.
            end = if name.is_empty() { end } else { names.len() - rest.len() };
        }
        let names = names.get(..end)?;
        (rest.is_empty() && end > 0).then_some(Self { lifetime, names })
    }

    pub(super) fn read(data: &'a [u8]) -> Option<Self> {
        let (&[_, _, a, b, c, d], names) = data.split_first_chunk()?;
        Self::new(u32::from_be_bytes([a, b, c, d]), names)
    }

    /// The names, at least one.
    pub fn names(&self) -> impl Iterator<Item = SearchName<'a>> {
        let mut rest = self.names;
        core::iter::from_fn(move || loop {
            let (labels, behind) = split_name(rest)?;
            rest = behind;
            if !labels.is_empty() {
                return Some(SearchName { labels });
            }
        })
    }

    /// The names as they are encoded, without padding.
    #[must_use]
    pub fn as_bytes(&self) -> &'a [u8] {
        self.names
    }
}

impl fmt::Display for Dnssl<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("search domains")?;
        self.names().try_for_each(|name| write!(f, " {name}"))
    }
}

/// The labels of the first name, without the empty one at its end, and what follows; `None` if there is no whole name.
fn split_name(octets: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut rest = octets;
    loop {
        let (&len, behind) = rest.split_first()?;
        match len {
            0 => return Some((octets.get(..octets.len() - rest.len())?, behind)),
            1..=LABEL_LEN_MAX => rest = behind.get(usize::from(len)..)?,
            _ => return None,
        }
    }
}

/// A name of a search list: one label or more.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SearchName<'a> {
    labels: &'a [u8],
}

impl<'a> SearchName<'a> {
    /// The labels, each 1 to 63 octets.
    pub fn labels(&self) -> impl Iterator<Item = &'a [u8]> {
        let mut rest = self.labels;
        core::iter::from_fn(move || {
            let (&len, behind) = rest.split_first()?;
            let (label, behind) = behind.split_at_checked(usize::from(len))?;
            rest = behind;
            Some(label)
        })
    }
}

impl fmt::Display for SearchName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut before = "";
        for label in self.labels() {
            write!(f, "{before}{}", label.escape_ascii())?;
            before = ".";
        }
        Ok(())
    }
}

impl fmt::Debug for SearchName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The URI of a captive portal's interface, RFC 8910 §2.3: not checked, without the zeros at its end.
pub(super) fn captive_portal(data: &[u8]) -> &[u8] {
    let mut uri = data;
    while let [front @ .., 0] = uri {
        uri = front;
    }
    uri
}

/// Content of a PREF64 option, RFC 8781 §4: the prefix of a translator to IPv4.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Nat64Prefix {
    /// Scaled Lifetime: units of 8 seconds, 0 to 8,191.
    pub lifetime_8s: u16,
    /// The prefix: 32, 40, 48, 56, 64 or 96 bits.
    pub prefix: Ipv6Prefix,
}

/// Lengths of a prefix, by their code, RFC 8781 §4.
const PREFIX_LENGTHS: [u8; 6] = [96, 64, 56, 48, 40, 32];

impl Nat64Prefix {
    pub(super) fn read(data: &[u8]) -> Option<Self> {
        let &[l0, l1, ref prefix @ ..] = <&[u8; 14]>::try_from(data).ok()?;
        let field = u16::from_be_bytes([l0, l1]);
        let len = *PREFIX_LENGTHS.get(usize::from(field & 7))?;
        let mut address = [0; 16];
        for (to, from) in address.iter_mut().zip(prefix) {
            *to = *from;
        }
        Some(Self { lifetime_8s: field >> 3, prefix: Ipv6Prefix::new(Ipv6Addr::from(address), len)? })
    }

    /// What follows type and length; `None` if the prefix has another length or the lifetime more bits.
    pub(super) fn to_octets(self) -> Option<[u8; 14]> {
        let code = (0..).zip(PREFIX_LENGTHS).find(|(_, len)| *len == self.prefix.prefix_len())?.0;
        if self.lifetime_8s > 0x1fff {
            return None;
        }
        let [l0, l1] = (self.lifetime_8s << 3 | code).to_be_bytes();
        let [a, b, c, d, e, f, g, h, i, j, k, l, ..] = self.prefix.address().octets();
        Some([l0, l1, a, b, c, d, e, f, g, h, i, j, k, l])
    }
}

impl fmt::Display for Nat64Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NAT64 prefix {} for {} s", self.prefix, u32::from(self.lifetime_8s) * 8)
    }
}
