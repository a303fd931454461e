//! Character strings, RFC 1035 §3.3.14, and what the discovery of services says with them, RFC 6763 §6.
//!
//! ```text
//!   +---+-----------------+----+-- … --+
//!   | 7 | t x t v e r s … | 12 |   …   |     strings, each behind its length (0 to 255)
//!   +---+-----------------+----+-- … --+
//! ```

use super::name::write_escaped;
use crate::Error;
use core::fmt;

/// What no strings at all count as.
const EMPTY: &[u8] = &[0];

/// Character strings, each of up to 255 octets behind its length, RFC 1035 §3.3.14: one or more.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Text<'a>(&'a [u8]);

impl<'a> Text<'a> {
    /// Checks that there are whole strings only. None at all count as a single empty one, RFC 6763 §6.1, so that what is
    /// emitted is never empty.
    ///
    /// # Errors
    /// `Truncated` if the last one is cut off.
    pub fn parse(octets: &'a [u8]) -> Result<Self, Error> {
        let mut rest = octets;
        while let Some((&len, behind)) = rest.split_first() {
            let need = octets.len() - behind.len() + usize::from(len);
            rest = behind.get(usize::from(len)..).ok_or(Error::truncated(need, octets.len()))?;
        }
        Ok(Self(if octets.is_empty() { EMPTY } else { octets }))
    }

    /// What a service says of itself, written at the front of `octets`, in this order; without any attribute, an empty string.
    ///
    /// ```
    /// # use tersus_wire::dns::{Attribute, Text};
    /// let mut octets = [0; 64];
    /// let attributes = [Attribute { key: b"txtvers", value: Some(b"1") }, Attribute { key: b"TLS", value: None }];
    /// assert_eq!(Text::emit(&attributes, &mut octets)?.octets(), b"\x09txtvers=1\x03TLS");
    /// # Ok::<(), tersus_wire::Error>(())
    /// ```
    ///
    /// # Errors
    /// `NoRoom`; `Unrepresentable` for a key that is empty, has other octets than printable ASCII, or `=`, or was there
    /// before, RFC 6763 §6.4, and for more than 255 octets.
    pub fn emit(attributes: &[Attribute<'_>], octets: &'a mut [u8]) -> Result<Self, Error> {
        if attributes.is_empty() {
            return Ok(Self(EMPTY));
        }
        let (mut len, have) = (0, octets.len());
        for (index, attribute) in attributes.iter().enumerate() {
            let is_same = |other: &Attribute<'_>| other.key.eq_ignore_ascii_case(attribute.key);
            let is_double = attributes.iter().take(index).any(is_same);
            let is_key = |octet: &u8| matches!(octet, b' '..=b'~') && *octet != b'=';
            let string_len = attribute.key.len() + attribute.value.map_or(0, |value| value.len() + 1);
            let string_len = u8::try_from(string_len).map_err(|_| Error::Unrepresentable)?;
            if is_double || attribute.key.is_empty() || !attribute.key.iter().all(is_key) {
                return Err(Error::Unrepresentable);
            }
            let need = len + 1 + usize::from(string_len);
            let room = octets.get_mut(len..need).ok_or_else(|| Error::no_room(need, have))?;
            let equals = attribute.value.map(|_| b'=');
            let string = attribute.key.iter().copied().chain(equals);
            let string = string.chain(attribute.value.unwrap_or_default().iter().copied());
            for (to, from) in room.iter_mut().zip(core::iter::once(string_len).chain(string)) {
                *to = from;
            }
            len = need;
        }
        Ok(Self(octets.get(..len).unwrap_or_default()))
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

    /// The strings as attributes of a service, RFC 6763 §6.4: in their order, doubles included; those without a key are
    /// passed over.
    pub fn attributes(&self) -> impl Iterator<Item = Attribute<'a>> + 'a {
        self.strings().filter_map(Attribute::new)
    }

    /// The first attribute of this key, which counts where there are several, RFC 6763 §6.4.
    ///
    /// ```
    /// # use tersus_wire::dns::Text;
    /// let text = Text::parse(b"\x09txtvers=1\x06Color=\x04TLS2\x09color=red")?;
    /// assert_eq!(text.attribute("TxtVers").and_then(|attribute| attribute.value), Some(&b"1"[..]));
    /// assert_eq!(text.attribute("color").and_then(|attribute| attribute.value), Some(&b""[..]));
    /// assert_eq!(text.attribute("tls2").map(|attribute| attribute.value), Some(None));
    /// assert_eq!(text.attribute("papersize"), None);
    /// # Ok::<(), tersus_wire::Error>(())
    /// ```
    #[must_use]
    pub fn attribute(&self, key: &str) -> Option<Attribute<'a>> {
        self.attributes().find(|attribute| attribute.key.eq_ignore_ascii_case(key.as_bytes()))
    }
}

/// An attribute of a service, RFC 6763 §6.3.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attribute<'a> {
    /// What stands before the first `=`, or all: at least one octet. ASCII letters compare without their case, RFC 6763 §6.4.
    pub key: &'a [u8],
    /// What stands behind it, spaces included; `None` without a `=`, which says that the attribute is there, or holds.
    pub value: Option<&'a [u8]>,
}

impl<'a> Attribute<'a> {
    fn new(string: &'a [u8]) -> Option<Self> {
        let mut parts = string.splitn(2, |octet| *octet == b'=');
        let key = parts.next().filter(|key| !key.is_empty())?;
        Some(Self { key, value: parts.next() })
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
