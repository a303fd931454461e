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
//! A pointer leads before the labels that it ends, to labels that end before those, so that a walk comes to an end; those
//! that lead elsewhere, or into the header, are refused. Names compare without regard to the case of ASCII letters,
//! RFC 4343.

#[cfg(test)]
mod tests;

use crate::Error;
use core::fmt::{self, Write as _};

/// Longest label, in octets, RFC 1035 §2.3.4.
pub const LABEL_LEN_MAX: usize = 63;
/// Longest name, in octets as it is sent: with the length of each label, the root's included, RFC 1035 §2.3.4.
pub const NAME_LEN_MAX: usize = 255;

/// What `Error::Length` says of a longer one.
const TOO_LONG: u16 = 256;

/// A name has at most 127 labels, so more pointers are of no use but to waste time. One more may stand for the whole
/// name.
const POINTERS_MAX: usize = 126;
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
    pub const ROOT: Name<'static> = Name::at(&[0], 0, 0);

    /// The name at offset `start` of the `body` of a message, behind a header of `header_len` octets.
    pub(super) const fn at(body: &'a [u8], start: usize, header_len: usize) -> Self {
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
        let mut at = start;
        while let Some(octet) = body.get(at) {
            if is_label(*octet) {
                at += usize::from(*octet) + 1;
                continue;
            }
            if *octet == 0 {
                return Ok((Self::at(body, start, header_len), at + 1));
            }
            let Some(low) = body.get(at + 1) else { break };
            if at == start {
                if let Some(name) = Self::pointed(body, [*octet, *low], at, header_len) {
                    return Ok((name, at + 2));
                }
            } else if *octet >= POINTER {
                return Ok((Self::at(body, start, header_len), at + 2));
            }
            break;
        }
        let octets = body.get(at..).unwrap_or_default();
        Err(broken(octets, header_len.saturating_add(at), header_len + body.len()))
    }

    /// The name that a pointer of these octets, at offset `at` of `body`, is; `None` if they are no pointer, or one that leads
    /// elsewhere.
    #[inline]
    pub(super) fn pointed(body: &'a [u8], octets: [u8; 2], at: usize, header_len: usize) -> Option<Self> {
        let start = target(octets, header_len);
        (start < at).then_some(Self { body, start, header_len })
    }

    /// The labels, without the root's.
    #[must_use]
    pub fn labels(&self) -> Labels<'a> {
        Labels::new(*self, SPARE)
    }

    /// Walks all labels.
    ///
    /// # Errors
    /// `Length` if the name has more than 255 octets; `Field` with the offset of a pointer that does not lead back; as
    /// [`Name::parse`], for what pointers lead to, which must end before the labels that they end.
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
        let count =
            |name: &Name<'_>| name.labels().try_fold(0_usize, |count, label| label.map(|_| count + 1));
        let (Ok(own), Ok(of)) = (count(self), count(other)) else { return false };
        own.checked_sub(of).is_some_and(|more| {
            let mut labels = self.labels();
            // Those of the names below.
            labels.by_ref().take(more).for_each(drop);
            same(labels, other.labels(), <[u8]>::eq_ignore_ascii_case)
        })
    }
}

/// Whether this octet is the length of a label other than the root's.
#[inline]
const fn is_label(octet: u8) -> bool {
    const { assert!(LABEL_LEN_MAX == 63) };
    octet.wrapping_sub(1) < 63
}

/// Where the pointer of these octets leads behind a header of `header_len` octets. What is no pointer, or leads into the
/// header, leads far beyond any message.
#[inline]
const fn target(octets: [u8; 2], header_len: usize) -> usize {
    (u16::from_be_bytes(octets) as usize).wrapping_sub(((POINTER as usize) << 8) + header_len)
}

/// Why a name ends badly with these octets, at offset `offset` of a message that ends at offset `end`.
#[cold]
#[inline(never)]
fn broken(octets: &[u8], offset: usize, end: usize) -> Error {
    let truncated = |more| Error::truncated(offset.saturating_add(more), end);
    match *octets {
        [] => truncated(1),
        // The label, and the root behind it.
        [octet @ 0..=63, ..] => truncated(usize::from(octet) + 2),
        [octet] if octet >= POINTER => truncated(2),
        _ => Error::Field(u16::try_from(offset).unwrap_or(u16::MAX)),
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
/// backslash inside a label behind a backslash. The root is `.`. What means something else in such a file only (quotes,
/// parentheses, `;`, `@`, `$`) stands for itself, as RFC 6763 §4.3 has it.
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
    name: Name<'a>,
    /// What stands before the labels that are walked: where the pointer at their end may lead.
    before: &'a [u8],
    /// From the next label on, as far as they may reach.
    rest: &'a [u8],
    /// How many octets the name may have beyond `rest`, and `ONE_POINTER` for each that may still be followed.
    spare: usize,
    /// Where `spare` started.
    from: usize,
    /// How many octets the labels behind the last pointer had, if the root was reached.
    walked: Option<usize>,
}

const ONE_POINTER: usize = NAME_LEN_MAX + 1;
/// Where `Labels::spare` starts, for a name that was read, and for one that was not: that may be a pointer to such a one.
const SPARE: usize = POINTERS_MAX * ONE_POINTER + NAME_LEN_MAX;
const UNREAD: usize = SPARE + ONE_POINTER;

impl<'a> Labels<'a> {
    #[inline]
    fn new(name: Name<'a>, spare: usize) -> Self {
        let mut labels = Self { name, before: &[], rest: &[], spare, from: spare, walked: None };
        labels.walk(name.body, name.start);
        labels
    }

    /// Those of a name of which nothing is known yet.
    #[inline]
    pub(super) fn unread(name: Name<'a>) -> Self {
        Self::new(name, UNREAD)
    }

    /// Goes on with the labels at offset `start` of `body`, which do not end beyond it; `None` if there are none.
    #[inline]
    fn walk(&mut self, body: &'a [u8], start: usize) -> Option<()> {
        let (before, rest) = body.split_at_checked(start)?;
        let room = self.spare % ONE_POINTER;
        // One comparison in the usual case: something is there, and no more than the name may have. There is always room.
        let rest = if rest.len().wrapping_sub(1) < room { rest } else { rest.get(..room)? };
        (self.before, self.rest) = (before, rest);
        self.spare -= rest.len();
        Some(())
    }

    /// Follows the pointer that stands here; `None` if there is none, or it leads where it must not.
    #[inline]
    fn follow(&mut self) -> Option<()> {
        let start = target(*self.rest.first_chunk()?, self.name.header_len);
        // The pointer itself is no part of the name.
        self.spare += self.rest.len();
        if self.from == UNREAD && self.spare > SPARE {
            self.spare -= ONE_POINTER;
            // As `Name::read` has it: where nothing stands before the pointer, the name is what it leads to.
            if self.spare == SPARE {
                return if start < self.before.len() { self.walk(self.name.body, start) } else { None };
            }
        }
        self.spare = self.spare.checked_sub(ONE_POINTER)?;
        self.walk(self.before, start)
    }

    /// How many octets the name at offset `start` has in the message, known once all its labels were walked, if it has no
    /// pointer.
    #[inline]
    pub(super) fn len(&self, start: usize) -> Option<usize> {
        // A pointer leads to where there is less before.
        if self.before.len() == start {
            self.walked
        } else {
            None
        }
    }
}

/// Why the walk over a name's labels got stuck: it is done again, slowly. `None` if nothing is wrong: a pointer to the root
/// has two octets where a name of 255 has room for one.
#[cold]
#[inline(never)]
fn why(mut body: &[u8], mut start: usize, header_len: usize, from: usize) -> Option<Error> {
    let (mut len, mut pointers) = (0, 0);
    if let (Some(octets), UNREAD) = (body.get(start..).and_then(<[u8]>::first_chunk), from) {
        start = Name::pointed(body, *octets, start, header_len).map_or(start, |to| to.start);
    }
    loop {
        let mut octets = body.get(start..).unwrap_or_default();
        while let Some((label, behind)) = octets.split_first().filter(|(octet, _)| is_label(**octet)) {
            len += usize::from(*label) + 1;
            if len >= NAME_LEN_MAX {
                return Some(Error::Length(TOO_LONG));
            }
            let Some(behind) = behind.get(usize::from(*label)..) else { break };
            octets = behind;
        }
        let at = body.len() - octets.len();
        let to = match *octets {
            [0, ..] => return None,
            [high, low, ..] if pointers < POINTERS_MAX => Name::pointed(body, [high, low], start, header_len),
            _ => None,
        };
        let Some(to) = to else { return Some(broken(octets, header_len + at, header_len + body.len())) };
        body = body.get(..start).unwrap_or(body);
        start = to.start;
        pointers += 1;
    }
}

impl<'a> Iterator for Labels<'a> {
    type Item = Result<&'a [u8], Error>;

    // A walk over a few labels keeps all of this in registers; called, it would be three times as dear.
    #[inline(always)]
    fn next(&mut self) -> Option<Self::Item> {
        while let Some((&octet, behind)) = self.rest.split_first() {
            if is_label(octet) {
                let parts = behind.split_at_checked(usize::from(octet));
                // Behind a label there is another octet, if only the root's.
                let Some((label, rest)) = parts.filter(|(_, rest)| !rest.is_empty()) else { break };
                self.rest = rest;
                return Some(Ok(label));
            }
            if octet == 0 {
                self.walked = Some(UNREAD - self.spare - behind.len());
                return None;
            }
            if self.follow().is_none() {
                break;
            }
        }
        let error = why(self.name.body, self.name.start, self.name.header_len, self.from);
        // The end, but not that of this name, before which there is less.
        *self = Self {
            before: self.name.body,
            rest: &[0],
            spare: 0,
            from: SPARE,
            name: Name::ROOT,
            walked: None,
        };
        error.map(Err)
    }
}
