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

#[cfg(test)]
mod tests;

use crate::Error;
use core::fmt::{self, Write as _};

/// Longest label, in octets, RFC 1035 §2.3.4.
pub const LABEL_LEN_MAX: usize = 63;
/// Longest name, in octets as it is sent: with the length of each label, the root's included, RFC 1035 §2.3.4.
pub const NAME_LEN_MAX: usize = 255;

/// A name has at most 127 labels, so more pointers are of no use but to waste time. One more may stand for the whole
/// name.
const POINTERS_MAX: u32 = 126;
const POINTER: u8 = 0b1100_0000;

/// A name inside a message. Its own labels are known to be there; how long it is, and what a pointer at their end leads
/// to, is looked at as the labels are walked, so that a record can be passed over in a few steps.
#[derive(Clone, Copy)]
pub struct Name<'a> {
    /// The message behind its header, into which no pointer leads.
    body: &'a [u8],
    /// Where the labels start in `body`: where a pointer leads to, if the name is nothing else.
    start: usize,
    /// Length of the message's header, from whose start pointers count.
    header_len: usize,
}

impl<'a> Name<'a> {
    /// The root.
    pub const ROOT: Name<'static> = Name { body: &[0], start: 0, header_len: 0 };

    /// The name at offset `start` of `body`, whose own octets are known to be in order.
    pub(super) const fn known(body: &'a [u8], start: usize, header_len: usize) -> Self {
        Self { body, start, header_len }
    }

    /// Takes the name at offset `start` of `message`, whose pointers do not lead before offset `floor` (the length of
    /// the message's header). Returns also where the octets behind the name start.
    ///
    /// # Errors
    /// `Truncated` if the name runs out of the message; `Field` with the offset of a label of an unknown kind, or of a
    /// pointer that does not lead back if that is all there is, or `start` if that is before `floor`.
    pub fn parse(message: &'a [u8], start: usize, floor: usize) -> Result<(Self, usize), Error> {
        let body = message.get(floor..).ok_or_else(|| Error::truncated(floor, message.len()))?;
        let at = start.checked_sub(floor).ok_or(Error::Field(u16::try_from(start).unwrap_or(u16::MAX)))?;
        let (name, end) = Self::read(body, at, floor)?;
        Ok((name, floor + end))
    }

    /// Takes the name at offset `start` of the `body` of a message, behind a header of `header_len` octets; returns also
    /// where it ends there. Fails as [`Name::parse`] does.
    #[inline]
    pub(super) fn read(body: &'a [u8], start: usize, header_len: usize) -> Result<(Self, usize), Error> {
        let name = Self { body, start, header_len };
        let mut at = start;
        while let Some(octet) = body.get(at) {
            if is_label(*octet) {
                at += usize::from(*octet) + 1;
                continue;
            }
            if *octet == 0 {
                return Ok((name, at + 1));
            }
            let Some(low) = body.get(at + 1) else { break };
            if at == start {
                if let Some(start) = target([*octet, *low], at, header_len) {
                    return Ok((Self { body, start, header_len }, at + 2));
                }
            } else if *octet >= POINTER {
                return Ok((name, at + 2));
            }
            break;
        }
        Err(broken(body, at, 0, header_len))
    }

    /// The name that a pointer with these octets, at offset `at` of `body`, is; `None` if they are no pointer, or one that
    /// leads elsewhere.
    #[inline]
    pub(super) fn pointed(body: &'a [u8], octets: [u8; 2], at: usize, header_len: usize) -> Option<Self> {
        target(octets, at, header_len).map(|start| Self { body, start, header_len })
    }

    /// The message behind its header.
    pub(super) const fn body(&self) -> &'a [u8] {
        self.body
    }

    /// The labels, without the root's.
    #[must_use]
    pub fn labels(&self) -> Labels<'a> {
        Labels::new(*self)
    }

    /// Walks all labels.
    ///
    /// # Errors
    /// `Length` if the name has more than 255 octets; `Field` with the offset of a pointer that does not lead back; as
    /// [`Name::parse`], for what pointers lead to.
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

/// Whether this octet is the length of a label other than the root's.
#[inline]
const fn is_label(octet: u8) -> bool {
    const { assert!(LABEL_LEN_MAX == 63) };
    octet.wrapping_sub(1) < 63
}

/// Where the pointer of these octets leads behind a header of `header_len` octets: before the labels that it ends, which
/// start at `limit`. `None` if it is none, or leads elsewhere.
#[inline]
fn target(octets: [u8; 2], limit: usize, header_len: usize) -> Option<usize> {
    // What is no pointer, or leads into the header, would lead far beyond the message.
    let pointer = usize::from(u16::from_be_bytes(octets));
    let target = pointer.wrapping_sub((usize::from(POINTER) << 8) + header_len);
    (target < limit).then_some(target)
}

/// Why a name that has `len` octets up to offset `at` ends badly there.
#[cold]
#[inline(never)]
fn broken(body: &[u8], at: usize, len: usize, header_len: usize) -> Error {
    let offset = header_len.saturating_add(at);
    let truncated = |more| Error::truncated(offset.saturating_add(more), header_len + body.len());
    if len >= NAME_LEN_MAX {
        return Error::Length(u16::try_from(len + 1).unwrap_or(u16::MAX));
    }
    match body.get(at) {
        None => truncated(1),
        // The label, and the root behind it.
        Some(&octet @ 0..=63) => truncated(usize::from(octet) + 2),
        Some(POINTER..) if body.len() == at + 1 => truncated(2),
        Some(_) => Error::Field(u16::try_from(offset).unwrap_or(u16::MAX)),
    }
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
        // A response points to the name that was asked for.
        let is_there = core::ptr::eq(self.body, other.body) && self.start == other.start;
        is_there && self.header_len == other.header_len
            || same(self.labels(), other.labels(), <[u8]>::eq_ignore_ascii_case)
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

/// The labels of a name, one by one. A name may be too long, or what a pointer leads to may be broken: that is yielded,
/// and ends the walk.
#[derive(Debug, Clone)]
pub struct Labels<'a> {
    body: &'a [u8],
    /// From the next label on, as far as the name may reach.
    rest: &'a [u8],
    /// Where `rest` ends in `body`, and where the name must have ended.
    rest_end: usize,
    end: usize,
    /// Where the labels behind the last pointer started.
    start: usize,
    header_len: usize,
    /// So many pointers may still be followed.
    pointers: u32,
}

impl<'a> Labels<'a> {
    #[inline]
    fn new(name: Name<'a>) -> Self {
        let Name { body, start, header_len } = name;
        let end = start + NAME_LEN_MAX;
        let rest_end = end.min(body.len());
        let rest = body.get(start..rest_end).unwrap_or_default();
        Self { body, rest, rest_end, end, start, header_len, pointers: POINTERS_MAX }
    }

    /// Follows the pointer that stands here; `None` if there is none, or it leads where it must not.
    #[inline]
    fn follow(&mut self) -> Option<()> {
        let at = self.rest_end - self.rest.len();
        let octets = self.body.get(at..)?.first_chunk()?;
        let start = target(*octets, self.start, self.header_len)?;
        if self.pointers == 0 {
            return None;
        }
        self.pointers -= 1;
        self.start = start;
        self.end = start + (self.end - at);
        self.rest_end = self.end.min(self.body.len());
        self.rest = self.body.get(start..self.rest_end)?;
        Some(())
    }
}

/// Why there is neither a label nor the root, nor a pointer that may be followed, in the labels from offset `start` of a
/// name that must end at offset `end`: they are walked again.
#[cold]
#[inline(never)]
fn why(body: &[u8], start: usize, end: usize, header_len: usize) -> Error {
    let mut at = start;
    while let Some(octet) = body.get(at).filter(|octet| is_label(**octet) && at < end) {
        at += usize::from(*octet) + 1;
    }
    broken(body, at, NAME_LEN_MAX.saturating_sub(end.saturating_sub(at)), header_len)
}

impl<'a> Iterator for Labels<'a> {
    type Item = Result<&'a [u8], Error>;

    // A walk over a few labels keeps all of this in registers; called, it would be three times as dear.
    #[inline(always)]
    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some((&octet, behind)) = self.rest.split_first() {
                if is_label(octet) {
                    let len = usize::from(octet);
                    if let (Some(label), Some(rest)) = (behind.get(..len), behind.get(len..)) {
                        self.rest = rest;
                        return Some(Ok(label));
                    }
                } else if octet == 0 {
                    return None;
                } else if self.follow().is_some() {
                    continue;
                }
            }
            let error = why(self.body, self.start, self.end, self.header_len);
            *self = Name::ROOT.labels();
            return Some(Err(error));
        }
    }
}
