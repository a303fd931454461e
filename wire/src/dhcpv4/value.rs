//! The octets of one option, which may be in several pieces, RFC 3396.

use super::option::Pieces;
use crate::dns;
use crate::Error;
use core::fmt;

/// The octets of an option: one piece, or several that belong together.
#[derive(Debug, Clone)]
pub struct Value<'a> {
    first: &'a [u8],
    /// The code, and where further pieces may be.
    more: Option<(u8, Pieces<'a>)>,
}

impl<'a> Value<'a> {
    /// The first piece was found; others may follow.
    pub(super) fn new(code: u8, first: &'a [u8], behind: Pieces<'a>) -> Self {
        let mut more = behind.clone();
        let is_split = more.any(|piece| piece.is_ok_and(|(other, _)| other == code));
        Self { first, more: is_split.then_some((code, behind)) }
    }

    pub(super) fn find(code: u8, mut pieces: Pieces<'a>) -> Option<Self> {
        let first = pieces.find_map(|piece| match piece {
            Ok((found, first)) if found == code => Some(first),
            _ => None,
        })?;
        Some(Self::new(code, first, pieces))
    }

    /// The pieces, in their order.
    pub fn pieces(&self) -> impl Iterator<Item = &'a [u8]> {
        let more = self.more.clone();
        let more = more.into_iter().flat_map(|(code, pieces)| {
            pieces.filter_map(move |piece| {
                piece.ok().filter(|(other, _)| *other == code).map(|(_, octets)| octets)
            })
        });
        core::iter::once(self.first).chain(more)
    }

    /// All octets, one by one.
    pub fn octets(&self) -> impl Iterator<Item = u8> + 'a {
        self.pieces().flatten().copied()
    }

    /// How many octets there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.pieces().map(<[u8]>::len).sum()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The octets, unless they are in several pieces.
    #[must_use]
    pub fn as_slice(&self) -> Option<&'a [u8]> {
        match self.more {
            None => Some(self.first),
            Some(_) => None,
        }
    }

    /// Puts the pieces together at the front of `buffer`.
    ///
    /// # Errors
    /// `NoRoom`.
    pub fn copy_to<'b>(&self, buffer: &'b mut [u8]) -> Result<&'b [u8], Error> {
        let (need, have) = (self.len(), buffer.len());
        let to = buffer.get_mut(..need).ok_or_else(|| Error::no_room(need, have))?;
        for (to, from) in to.iter_mut().zip(self.octets()) {
            *to = from;
        }
        Ok(to)
    }

    /// The octets, if they are exactly `N`: what an option of fixed length holds.
    ///
    /// # Errors
    /// `Length` otherwise.
    pub fn array<const N: usize>(&self) -> Result<[u8; N], Error> {
        let mut array = [0; N];
        let mut octets = self.octets();
        for to in &mut array {
            *to = octets.next().ok_or_else(|| self.wrong_len())?;
        }
        match octets.next() {
            None => Ok(array),
            Some(_) => Err(self.wrong_len()),
        }
    }

    pub(super) fn wrong_len(&self) -> Error {
        Error::Length(u16::try_from(self.len()).unwrap_or(u16::MAX))
    }
}

impl<'a> From<&'a [u8]> for Value<'a> {
    fn from(octets: &'a [u8]) -> Self {
        Self { first: octets, more: None }
    }
}

impl<'a, const N: usize> From<&'a [u8; N]> for Value<'a> {
    fn from(octets: &'a [u8; N]) -> Self {
        Self { first: octets, more: None }
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self { first: text.as_bytes(), more: None }
    }
}

/// The same octets, in whatever pieces.
impl PartialEq for Value<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.octets().eq(other.octets())
    }
}

impl Eq for Value<'_> {}

impl PartialEq<[u8]> for Value<'_> {
    fn eq(&self, other: &[u8]) -> bool {
        self.octets().eq(other.iter().copied())
    }
}

/// As text in quotes, what is no printable ASCII as `\DDD`.
impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"")?;
        for piece in self.pieces() {
            dns::write_escaped(f, piece, b"\"\\")?;
        }
        f.write_str("\"")
    }
}
