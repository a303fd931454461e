//! Domain names, RFC 1035 §3.1 and §4.1.4.
//!
//! ```text
//!   +---+-----------+---+---------------+---+-------+---+
//!   | 3 | w  w  w   | 7 | e x a m p l e | 3 | c o m | 0 |        labels, each behind its length (at most 63)
//!   +---+-----------+---+---------------+---+-------+---+
//!   +---+---------+----+--------+
//!   | 4 | m a i l | 11 | offset |     the rest of the name stands at an earlier offset of the message
//!   +---+---------+----+--------+
//! ```
//!
//! A pointer leads before the labels that it ends, so that a walk comes to an end; those that lead elsewhere, or into
//! the header, are refused. Names compare without regard to the case of ASCII letters, RFC 4343.

use crate::Error;
use core::fmt::{self, Write as _};
use core::str::FromStr;

/// Longest label, in octets, RFC 1035 §2.3.4.
pub const LABEL_LEN_MAX: usize = 63;
/// Longest name, in octets as it is sent: with the length of each label, the root's included, RFC 1035 §2.3.4.
pub const NAME_LEN_MAX: usize = 255;

/// A name has at most 127 labels, so more pointers are of no use but to waste time.
const POINTERS_MAX: u8 = 127;
const POINTER: u8 = 0b1100_0000;

/// A name inside a message. Its own octets are checked; what a pointer at their end leads to is checked as the labels
/// are walked, so that a record can be passed over in a few steps.
#[derive(Clone, Copy)]
pub struct Name<'a> {
    message: &'a [u8],
    start: usize,
    /// No pointer leads before this offset: the length of the message's header.
    floor: usize,
}

impl<'a> Name<'a> {
    /// The root.
    pub const ROOT: Name<'static> = Name { message: &[0], start: 0, floor: 0 };

    /// A name whose own octets are known to be in order.
    pub(super) const fn known(message: &'a [u8], start: usize, floor: usize) -> Self {
        Self { message, start, floor }
    }

    /// Takes the name at offset `start` of `message`, whose pointers do not lead before offset `floor` (the length of
    /// the message's header). Returns also where the octets behind the name start.
    ///
    /// # Errors
    /// `Truncated` if the name runs out of the message; `Length` if it has more than 255 octets; `Field` with the
    /// offset of a label of an unknown kind, or of a pointer that does not lead back.
    #[inline]
    pub fn parse(message: &'a [u8], start: usize, floor: usize) -> Result<(Self, usize), Error> {
        Ok((Self { message, start, floor }, skip(message, start, floor)?))
    }

    /// The labels, without the root's.
    #[must_use]
    pub fn labels(&self) -> Labels<'a> {
        Labels::new(*self)
    }

    /// Walks all labels.
    ///
    /// # Errors
    /// As [`Name::parse`], for what pointers lead to.
    pub fn check(&self) -> Result<(), Error> {
        self.labels().try_for_each(|label| label.map(|_| ()))
    }

    /// Whether this is the root.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.labels().next().is_none()
    }

    /// Whether this is `other` or a name below it. A broken name is neither.
    #[must_use]
    pub fn is_within(&self, other: &Name<'_>) -> bool {
        let (own, of) = (self.labels().count(), other.labels().count());
        own.checked_sub(of).is_some_and(|more| {
            let mut labels = self.labels();
            labels.by_ref().take(more).all(|label| label.is_ok())
                && same(labels, other.labels(), <[u8]>::eq_ignore_ascii_case)
        })
    }
}

/// Passes over the octets of a name, up to the root or a pointer.
#[inline]
pub(super) fn skip(message: &[u8], start: usize, floor: usize) -> Result<usize, Error> {
    let mut at = start;
    loop {
        let Some(&octet) = message.get(at) else { return Err(truncated(message, at)) };
        if octet >= 64 {
            return match pointer(message, at, octet, start, floor) {
                Ok(_) if at - start < NAME_LEN_MAX => Ok(at + 2),
                Ok(_) => Err(too_long(at - start)),
                Err(error) => Err(error),
            };
        }
        at += usize::from(octet) + 1;
        if octet == 0 {
            return if at - start <= NAME_LEN_MAX { Ok(at) } else { Err(too_long(at - start)) };
        }
    }
}

/// Where the pointer at this offset leads: before the labels that it ends, and not before `floor`.
#[inline]
fn pointer(message: &[u8], at: usize, octet: u8, limit: usize, floor: usize) -> Result<usize, Error> {
    let Some(&low) = message.get(at + 1) else { return Err(truncated(message, at + 1)) };
    let target = usize::from(u16::from_be_bytes([octet & !POINTER, low]));
    if octet < POINTER || target >= limit || target < floor {
        return Err(bad(at));
    }
    Ok(target)
}

#[cold]
fn truncated(message: &[u8], at: usize) -> Error {
    Error::truncated(at.saturating_add(1), message.len())
}

#[cold]
fn too_long(len: usize) -> Error {
    Error::Length(u16::try_from(len).unwrap_or(u16::MAX))
}

#[cold]
fn bad(at: usize) -> Error {
    Error::Field(u16::try_from(at).unwrap_or(u16::MAX))
}

/// Compares label by label; names that are broken at the same place for the same reason are the same.
pub(super) fn same(mut a: Labels<'_>, mut b: Labels<'_>, equal: fn(&[u8], &[u8]) -> bool) -> bool {
    loop {
        match (a.next(), b.next()) {
            (None, None) => return true,
            (Some(Ok(a)), Some(Ok(b))) if equal(a, b) => {}
            (Some(Err(a)), Some(Err(b))) => return a == b,
            _ => return false,
        }
    }
}

/// Without regard to the case of ASCII letters, RFC 4343.
impl PartialEq<Name<'_>> for Name<'_> {
    fn eq(&self, other: &Name<'_>) -> bool {
        same(self.labels(), other.labels(), <[u8]>::eq_ignore_ascii_case)
    }
}

impl Eq for Name<'_> {}

/// As in a master file, RFC 1035 §5.1, without the last dot: what is no printable ASCII stands as `\DDD`, a dot or
/// backslash inside a label behind a backslash. The root is `.`.
impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_root() {
            return f.write_str(".");
        }
        for (index, label) in self.labels().enumerate() {
            if index > 0 {
                f.write_str(".")?;
            }
            match label {
                Ok(label) => write_escaped(f, label, b".\\")?,
                Err(error) => write!(f, "({error})")?,
            }
        }
        Ok(())
    }
}

/// Writes octets as text: those in `special` behind a backslash, what is no printable ASCII as `\DDD`.
pub(crate) fn write_escaped(f: &mut fmt::Formatter<'_>, octets: &[u8], special: &[u8]) -> fmt::Result {
    for octet in octets {
        match octet {
            _ if special.contains(octet) => write!(f, "\\{}", char::from(*octet))?,
            b'!'..=b'~' => f.write_char(char::from(*octet))?,
            _ => write!(f, "\\{octet:03}")?,
        }
    }
    Ok(())
}

impl fmt::Debug for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The labels of a name, one by one. What a pointer leads to may be broken: that is yielded, and ends the walk.
#[derive(Debug, Clone)]
pub struct Labels<'a> {
    /// The message, as far as the name may reach from where the labels at `at` started: so long as a name can be.
    run: &'a [u8],
    at: usize,
    /// The whole message, and where these labels started.
    name: Name<'a>,
    /// Octets of the name before these labels.
    len: usize,
    pointers: u8,
}

/// `message` up to where a name ends that starts at `start` and has at most `len` octets.
#[inline]
fn reach(message: &[u8], start: usize, len: usize) -> &[u8] {
    message.get(..start + len).unwrap_or(message)
}

impl<'a> Labels<'a> {
    #[inline]
    fn new(name: Name<'a>) -> Self {
        Self { run: reach(name.message, name.start, NAME_LEN_MAX), at: name.start, name, len: 0, pointers: 0 }
    }

    /// The label at `at`, if what stands there is one.
    #[inline]
    fn label(&mut self) -> Option<&'a [u8]> {
        let octet = usize::from(*self.run.get(self.at)?);
        if octet > LABEL_LEN_MAX {
            return None;
        }
        let start = self.at + 1;
        let end = start + octet;
        let label = self.run.get(start..end)?;
        self.at = end;
        Some(label)
    }

    /// What stands at `at` is no label: a pointer is followed; all else is an error.
    #[inline(never)]
    fn follow(&mut self) -> Result<(), Error> {
        let message = self.name.message;
        let octet = *message.get(self.at).ok_or_else(|| truncated(message, self.at))?;
        let len = self.len + self.at - self.name.start;
        if octet < 64 || len >= NAME_LEN_MAX {
            let (end, len) = (self.at + usize::from(octet), len + usize::from(octet) + 1);
            return Err(if len > NAME_LEN_MAX { too_long(len) } else { truncated(message, end) });
        }
        // It leads before the labels that it ends.
        let target = pointer(message, self.at, octet, self.name.start, self.name.floor)?;
        self.pointers += 1;
        if self.pointers > POINTERS_MAX {
            return Err(bad(self.at));
        }
        (self.at, self.name.start, self.len) = (target, target, len);
        self.run = reach(message, target, NAME_LEN_MAX - len);
        Ok(())
    }
}

impl<'a> Iterator for Labels<'a> {
    type Item = Result<&'a [u8], Error>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.label() {
                // The root. Asked again, it is there still.
                Some([]) => {
                    self.at -= 1;
                    return None;
                }
                Some(label) => return Some(Ok(label)),
                None => {
                    if let Err(error) = self.follow() {
                        *self = Name::ROOT.labels();
                        return Some(Err(error));
                    }
                }
            }
        }
    }
}

/// A name of one's own: up to 255 octets as they are sent, without compression.
#[derive(Clone, Default)]
pub struct NameBuf {
    /// All labels; none at all for the root.
    octets: heapless::Vec<u8, NAME_LEN_MAX>,
}

impl NameBuf {
    /// The root.
    #[must_use]
    pub const fn new() -> Self {
        Self { octets: heapless::Vec::new() }
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
            Name { message: &self.octets, start: 0, floor: 0 }
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

#[cfg(test)]
mod tests {
    extern crate alloc;
    use super::*;
    use alloc::string::{String, ToString};
    use alloc::vec::Vec;

    fn parse(message: &[u8], start: usize) -> Result<(String, usize), Error> {
        let (name, end) = Name::parse(message, start, 0)?;
        name.check()?;
        Ok((name.to_string(), end))
    }

    // conf: DDM-DNS-07
    #[test]
    fn names_of_the_example_of_rfc_1035_section_4_1_4() {
        // F.ISI.ARPA at 20, FOO.F.ISI.ARPA at 40, ARPA at 64, the root at 92.
        let mut message = [0; 93];
        message[20..32].copy_from_slice(b"\x01F\x03ISI\x04ARPA\0");
        message[40..46].copy_from_slice(b"\x03FOO\xc0\x14");
        message[64..66].copy_from_slice(&[0xc0, 26]);
        for (start, want, end) in
            [(20, "F.ISI.ARPA", 32), (40, "FOO.F.ISI.ARPA", 46), (64, "ARPA", 66), (92, ".", 93)]
        {
            assert_eq!(parse(&message, start), Ok((want.to_string(), end)), "at {start}");
        }
        let name = Name::parse(&message, 40, 12).unwrap().0;
        assert_eq!(name.labels().count(), 4);
        let within = Name::parse(&message, 64, 12).unwrap().0;
        assert!(name.is_within(&within) && name.is_within(&name) && name.is_within(&Name::ROOT));
        assert!(!within.is_within(&name));
    }

    // conf: DDM-DNS-07, DDM-DNS-08
    #[test]
    fn pointers_lead_back_and_labels_are_of_known_kinds() {
        let error = |message: &[u8], start| parse(message, start).unwrap_err();
        for (message, start, want) in [
            // To itself, forward, out of the message.
            (&[0xc0, 0][..], 0, Error::Field(0)),
            (&[0xc0, 2, 0], 0, Error::Field(0)),
            (&[0, 0xff, 0xff], 1, Error::Field(1)),
            // Back, into the labels that it ends: a loop.
            (&[1, b'a', 0xc0, 0], 0, Error::Field(2)),
            // Two that lead to each other.
            (&[0xc0, 2, 0xc0, 0], 2, Error::Field(0)),
            // Other kinds of label.
            (&[0x40, 0, 0], 0, Error::Field(0)),
            (&[0x80, 0, 0], 0, Error::Field(0)),
            // Cut off.
            (&[], 0, Error::truncated(1, 0)),
            (&[3, b'a'], 0, Error::truncated(5, 2)),
            (&[1, b'a'], 0, Error::truncated(3, 2)),
            (&[0, 0xc0], 1, Error::truncated(3, 2)),
        ] {
            assert_eq!(error(message, start), want, "{message:02x?}");
        }
        assert_eq!(Name::parse(&[0, 0, 0, 0xc0, 1], 3, 2).unwrap_err(), Error::Field(3), "into the header");
    }

    // conf: DDM-DNS-08
    #[test]
    fn a_chain_of_pointers_is_bounded() {
        let chain = |count: usize| {
            let mut message: Vec<u8> = [0, 0].to_vec();
            for index in 0..count {
                message.extend((0xc000 + u16::try_from(index * 2).unwrap()).to_be_bytes());
            }
            let start = message.len() - 2;
            let name = Name::parse(&message, start, 0).unwrap().0;
            assert_eq!(name.to_string() == ".", name.check().is_ok());
            parse(&message, start)
        };
        assert_eq!(chain(127), Ok((".".to_string(), 256)));
        assert!(matches!(chain(128), Err(Error::Field(_))));
    }

    // conf: DDM-DNS-01
    #[test]
    fn labels_have_63_octets_and_names_255() {
        let label = "a".repeat(63);
        let at_most = [&label[..], &label, &label, &label[..61]].join(".");
        let name: NameBuf = at_most.parse().unwrap();
        assert_eq!(name.octets.len(), 255);
        assert_eq!(name.to_string(), at_most);
        for (text, want) in [
            (&(label.clone() + "a")[..], NameError::LabelTooLong(64)),
            (&(at_most.clone() + "a"), NameError::NameTooLong),
            (&(at_most.clone() + ".a"), NameError::NameTooLong),
            ("", NameError::EmptyLabel),
            (".a", NameError::EmptyLabel),
            ("a..b", NameError::EmptyLabel),
            ("a\\", NameError::Escape),
            ("\\25", NameError::Escape),
            ("\\256", NameError::Escape),
            ("\\2x0", NameError::Escape),
        ] {
            assert_eq!(text.parse::<NameBuf>(), Err(want), "{text}");
        }
        // The same in a message.
        let mut message: Vec<u8> = name.octets.to_vec();
        assert_eq!(parse(&message, 0).unwrap().1, 255);
        message.splice(0..0, [1, b'b']);
        assert_eq!(parse(&message, 0), Err(Error::Length(257)));
        // And where it shows only behind a pointer.
        message.splice(0..2, []);
        message.extend([1, b'b', 0xc0, 0]);
        assert_eq!(parse(&message, 255), Err(Error::Length(256)));
        assert_eq!(parse(&message, 64).unwrap().1, 255);
    }

    // conf: DDM-DNS-09
    #[test]
    fn names_compare_without_regard_to_case() {
        let name = |text: &str| text.parse::<NameBuf>().unwrap();
        for (a, b, want) in [
            ("www.Example.COM", "WWW.example.com.", true),
            ("www.example.com", "www.example.org", false),
            ("www.example.com", "example.com", false),
            ("www", "www.example.com", false),
            (".", ".", true),
            ("\\065", "a", true),
            // ASCII alone has a case.
            ("\\228", "\\196", false),
            // Not the same labels, though the text without escapes would be the same.
            ("a\\.b", "a.b", false),
        ] {
            assert_eq!(name(a) == name(b), want, "{a} {b}");
        }
    }

    #[test]
    fn what_is_printed_reads_as_the_same_name() {
        let mut name = NameBuf::new();
        name.push(b"a.b\\c d\0\xff\"").unwrap();
        name.push(b"local").unwrap();
        let text = name.to_string();
        assert_eq!(text, "a\\.b\\\\c\\032d\\000\\255\".local");
        assert_eq!(text.parse(), Ok(name));
        assert_eq!(NameBuf::try_from(Name::ROOT).unwrap().to_string(), ".");
    }
}
