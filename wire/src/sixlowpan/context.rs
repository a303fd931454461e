//! Contexts: prefixes that both ends know, RFC 6282 §3.1.2.

use super::Error;

/// What a context may be used for. The empty value is all zeros.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub enum ContextUse {
    /// Not set.
    #[default]
    Nothing,
    /// To decompress only: it is new or about to go, RFC 6775 §4.2.
    Decompress,
    /// To compress too.
    Both,
}

/// A prefix and what it may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Context {
    prefix: [u8; 16],
    prefix_len: u8,
    usage: ContextUse,
}

impl Context {
    /// Not set.
    pub const NONE: Self = Self { prefix: [0; 16], prefix_len: 0, usage: ContextUse::Nothing };

    /// The first `prefix_len` bits of `prefix`; `None` if there are more than 128. Further bits are cleared.
    #[must_use]
    pub fn new(prefix: [u8; 16], prefix_len: u8, usage: ContextUse) -> Option<Self> {
        let kept = u128::from_be_bytes(prefix) & mask(prefix_len);
        (prefix_len <= 128).then_some(Self { prefix: kept.to_be_bytes(), prefix_len, usage })
    }

    /// The prefix; bits beyond its length are zero.
    #[must_use]
    pub fn prefix(&self) -> [u8; 16] {
        self.prefix
    }

    /// Length of the prefix, in bits: 0 to 128.
    #[must_use]
    pub fn prefix_len(&self) -> u8 {
        self.prefix_len
    }

    /// What it may be used for.
    #[must_use]
    pub fn usage(&self) -> ContextUse {
        self.usage
    }

    /// The address with this interface identifier. Bits of the context win where both overlap; bits that
    /// neither gives are zero (RFC 6282 §3.1.1).
    #[inline(never)]
    pub(super) fn join(&self, identifier: [u8; 8]) -> [u8; 16] {
        let identifier = u128::from(u64::from_be_bytes(identifier));
        (u128::from_be_bytes(self.prefix) | (identifier & !mask(self.prefix_len))).to_be_bytes()
    }

    /// Length and prefix as a unicast-prefix-based group holds them, RFC 3306 §4; `None` if above 64 bits.
    pub(super) fn group_prefix(&self) -> Option<(u8, [u8; 8])> {
        let [a, b, c, d, e, f, g, h, ..] = self.prefix;
        (self.prefix_len <= 64).then_some((self.prefix_len, [a, b, c, d, e, f, g, h]))
    }
}

fn mask(prefix_len: u8) -> u128 {
    !u128::MAX.checked_shr(u32::from(prefix_len)).unwrap_or(0)
}

/// The sixteen contexts of a link. All zeros when none is set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contexts([Context; 16]);

impl Contexts {
    /// None set.
    #[must_use]
    pub const fn new() -> Self {
        Self([Context::NONE; 16])
    }

    /// Sets context `id`, 0 to 15; returns whether there is such an id.
    pub fn set(&mut self, id: u8, context: Context) -> bool {
        match self.0.get_mut(usize::from(id)) {
            Some(entry) => {
                *entry = context;
                true
            }
            None => false,
        }
    }

    /// Context `id`; [`Context::NONE`] above 15.
    #[must_use]
    pub fn get(&self, id: u8) -> Context {
        self.0.get(usize::from(id)).copied().unwrap_or(Context::NONE)
    }

    /// A context to decompress with.
    pub(super) fn known(&self, id: u8) -> Result<&Context, Error> {
        let context = self.0.get(usize::from(id)).ok_or(Error::Context(id))?;
        if context.usage == ContextUse::Nothing {
            return Err(Error::Context(id));
        }
        Ok(context)
    }

    /// The contexts to compress with.
    pub(super) fn usable(&self) -> impl Iterator<Item = (u8, &Context)> {
        (0..).zip(&self.0).filter(|(_, context)| context.usage == ContextUse::Both)
    }
}

impl Default for Contexts {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::net::Ipv6Addr;

    // conf: LWP-SRC-09
    #[test]
    fn bits_of_the_context_win_over_the_identifier_and_gaps_are_zero() {
        // prefix, its length, identifier, address
        for (prefix, prefix_len, want) in [
            ("2001:db8:1:2::", 64, "2001:db8:1:2:1122:3344:5566:7788"),
            ("2001:db8:1::", 48, "2001:db8:1:0:1122:3344:5566:7788"),
            ("2001:db8:1:2:aaaa:bbbb::", 96, "2001:db8:1:2:aaaa:bbbb:5566:7788"),
            ("2001:db8::dead:beef", 128, "2001:db8::dead:beef"),
            ("::", 0, "::1122:3344:5566:7788"),
            ("2001:db8:1:2:8000::", 65, "2001:db8:1:2:9122:3344:5566:7788"),
        ] {
            let prefix: Ipv6Addr = prefix.parse().unwrap();
            let context = Context::new(prefix.octets(), prefix_len, ContextUse::Both).unwrap();
            let joined = context.join([0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88]);
            assert_eq!(Ipv6Addr::from(joined), want.parse::<Ipv6Addr>().unwrap(), "{prefix}/{prefix_len}");
        }
        assert_eq!(Context::new([0; 16], 129, ContextUse::Both), None);
    }

    #[test]
    fn there_are_sixteen_contexts_and_none_is_set_at_first() {
        let mut contexts = Contexts::new();
        let context = Context::new([0x20; 16], 64, ContextUse::Decompress).unwrap();
        assert_eq!(contexts.get(15), Context::NONE);
        assert!(contexts.set(15, context));
        assert!(!contexts.set(16, context));
        assert_eq!(contexts.get(15), context);
        assert_eq!(contexts.known(14).err(), Some(Error::Context(14)));
        assert_eq!(contexts.usable().count(), 0);
    }
}
