//! Names of one's own, and names as text, RFC 1035 §5.1.

use super::name::{Name, LABEL_LEN_MAX, NAME_LEN_MAX};
use crate::Error;
use core::fmt;
use core::net::IpAddr;
use core::str::FromStr;

/// A name of one's own: up to 255 octets as they are sent, without compression.
#[derive(Clone, Default)]
pub struct NameBuf {
    /// All labels; none at all for the root.
    pub(super) octets: heapless::Vec<u8, NAME_LEN_MAX>,
}

impl NameBuf {
    /// The root.
    #[must_use]
    pub const fn new() -> Self {
        Self { octets: heapless::Vec::new() }
    }

    /// The name at which a PTR record says what `address` is called: below `in-addr.arpa`, RFC 1035 §3.5, or `ip6.arpa`,
    /// RFC 3596 §2.5.
    ///
    /// ```
    /// # use tersus_wire::dns::NameBuf;
    /// let name = NameBuf::of_address([192, 0, 2, 10].into());
    /// assert_eq!(name.to_string(), "10.2.0.192.in-addr.arpa");
    /// ```
    #[must_use]
    pub fn of_address(address: IpAddr) -> Self {
        let mut name = Self::new();
        // All labels fit: there are 34 at most, of few octets.
        match address {
            IpAddr::V4(address) => {
                for octet in address.octets().into_iter().rev() {
                    let digits = [octet / 100, octet / 10 % 10, octet % 10].map(|digit| b'0' + digit);
                    let zeros = usize::from(octet < 100) + usize::from(octet < 10);
                    let _ = name.push(digits.get(zeros..).unwrap_or_default());
                }
                let _ = name.push(b"in-addr");
            }
            IpAddr::V6(address) => {
                for octet in address.octets().into_iter().rev() {
                    for nibble in [octet & 0x0f, octet >> 4] {
                        let _ = name.push(&[if nibble < 10 { b'0' + nibble } else { b'a' - 10 + nibble }]);
                    }
                }
                let _ = name.push(b"ip6");
            }
        }
        let _ = name.push(b"arpa");
        name
    }

    /// Adds a label behind the others.
    ///
    /// # Errors
    /// If the label is empty or has more than 63 octets, or the name would have more than 255. It is then as before.
    pub fn push(&mut self, label: &[u8]) -> Result<(), NameError> {
        let len = match u8::try_from(label.len()) {
            Ok(0) => return Err(NameError::EmptyLabel),
            Ok(len) if label.len() <= LABEL_LEN_MAX => len,
            _ => return Err(NameError::LabelTooLong(label.len())),
        };
        if self.octets.len().max(1) + label.len() + 1 > NAME_LEN_MAX {
            return Err(NameError::NameTooLong);
        }
        // The root moves back; there is room for all.
        let _ = self.octets.pop();
        let _ = self.octets.push(len);
        let _ = self.octets.extend_from_slice(label);
        let _ = self.octets.push(0);
        Ok(())
    }

    /// The name, to compare, print or emit it.
    #[must_use]
    pub fn as_name(&self) -> Name<'_> {
        if self.octets.is_empty() {
            Name::ROOT
        } else {
            Name::at(&self.octets, 0, 0)
        }
    }
}

/// Fails as [`Name::check`] does.
impl TryFrom<Name<'_>> for NameBuf {
    type Error = Error;

    fn try_from(name: Name<'_>) -> Result<Self, Error> {
        let mut owned = Self::new();
        for label in name.labels() {
            // The walk yields what fits.
            let _ = owned.push(label?);
        }
        Ok(owned)
    }
}

/// Reads what `Display` writes, with or without the last dot.
impl FromStr for NameBuf {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let mut name = Self::new();
        if text == "." {
            return Ok(name);
        }
        let mut label: heapless::Vec<u8, LABEL_LEN_MAX> = heapless::Vec::new();
        let mut octets = text.bytes();
        let mut len = 0_usize;
        while let Some(octet) = octets.next() {
            let octet = match octet {
                b'.' => {
                    name.push(&label)?;
                    label.clear();
                    len = 0;
                    continue;
                }
                b'\\' => unescape(&mut octets)?,
                octet => octet,
            };
            len += 1;
            if label.push(octet).is_err() {
                return Err(NameError::LabelTooLong(len));
            }
        }
        if !label.is_empty() {
            name.push(&label)?;
        } else if name.octets.is_empty() {
            return Err(NameError::EmptyLabel);
        }
        Ok(name)
    }
}

/// What follows a backslash: three decimal digits, or any other character for itself.
fn unescape(octets: &mut core::str::Bytes<'_>) -> Result<u8, NameError> {
    let first = octets.next().ok_or(NameError::Escape)?;
    if !first.is_ascii_digit() {
        return Ok(first);
    }
    let mut value = u16::from(first - b'0');
    for _ in 0..2 {
        let digit = octets.next().filter(u8::is_ascii_digit).ok_or(NameError::Escape)?;
        value = value * 10 + u16::from(digit - b'0');
    }
    u8::try_from(value).map_err(|_| NameError::Escape)
}

impl PartialEq for NameBuf {
    fn eq(&self, other: &Self) -> bool {
        self.as_name() == other.as_name()
    }
}

impl Eq for NameBuf {}

impl fmt::Display for NameBuf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.as_name(), f)
    }
}

impl fmt::Debug for NameBuf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Why a text is no name, or a label cannot be added to one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Two dots in sequence, a dot at the start, or nothing at all.
    #[error("a label is empty")]
    EmptyLabel,
    /// A label has this many octets, or more.
    #[error("a label of {0} octets, at most 63 are possible")]
    LabelTooLong(usize),
    /// The name has more than 255 octets.
    #[error("the name has more than 255 octets")]
    NameTooLong,
    /// A backslash is followed by nothing, or by digits that are no octet.
    #[error("a backslash stands before neither a character nor three digits up to 255")]
    Escape,
}
