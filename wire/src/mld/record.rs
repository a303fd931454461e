//! Address records of a version 2 report, RFC 3810 §5.2.4 to §5.2.12, and lists of sources.

use super::{RecordType, RECORD_LEN};
use crate::Error;
use core::fmt;
use core::net::Ipv6Addr;

/// Source addresses, one behind another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sources<'a>(pub(super) &'a [u8]);

impl<'a> Sources<'a> {
    /// Sources from their octets, sixteen each; what is left over is not counted.
    #[must_use]
    pub fn new(octets: &'a [u8]) -> Self {
        Self(octets.get(..octets.len() & !15).unwrap_or_default())
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len() / 16
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// One after the other.
    pub fn iter(&self) -> impl Iterator<Item = Ipv6Addr> + 'a {
        self.0.chunks_exact(16).filter_map(|octets| octets.first_chunk::<16>().copied().map(Ipv6Addr::from))
    }
}

/// One multicast address record of a version 2 report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct Record<'a> {
    /// What is said of the group.
    pub kind: RecordType,
    /// The group.
    pub group: Ipv6Addr,
    /// The sources that it is said of.
    pub sources: Sources<'a>,
}

impl<'a> Record<'a> {
    /// Takes the first record; auxiliary data are skipped, RFC 3810 §5.2.10. Returns what follows it.
    ///
    /// # Errors
    /// `Truncated` if the record is not all there.
    pub fn parse(bytes: &'a [u8]) -> Result<(Self, &'a [u8]), Error> {
        let have = bytes.len();
        let truncated = |need| Error::truncated(need, have);
        let (&[kind, auxiliary, n0, n1], rest) =
            bytes.split_first_chunk::<4>().ok_or_else(|| truncated(RECORD_LEN))?;
        let (group, rest) = rest.split_first_chunk::<16>().ok_or_else(|| truncated(RECORD_LEN))?;
        let sources_len = usize::from(u16::from_be_bytes([n0, n1])) * 16;
        let len = sources_len + usize::from(auxiliary) * 4;
        let (body, behind) = rest.split_at_checked(len).ok_or_else(|| truncated(RECORD_LEN + len))?;
        let sources = Sources::new(body.get(..sources_len).unwrap_or_default());
        Ok((Self { kind: RecordType::from(kind), group: Ipv6Addr::from(*group), sources }, behind))
    }

    /// Octets that [`Record::emit`] writes.
    #[must_use]
    pub fn buffer_len(&self) -> usize {
        RECORD_LEN + self.sources.0.len()
    }

    /// Writes the record, without auxiliary data, to the front of `buffer`; returns its length.
    ///
    /// # Errors
    /// `NoRoom`; `Unrepresentable` above 65,535 sources.
    pub fn emit(&self, buffer: &mut [u8]) -> Result<usize, Error> {
        let need = self.buffer_len();
        let have = buffer.len();
        let number = u16::try_from(self.sources.len()).map_err(|_| Error::Unrepresentable)?;
        let no_room = || Error::no_room(need, have);
        let to = buffer.get_mut(..need).ok_or_else(no_room)?;
        let (common, rest) = to.split_first_chunk_mut::<4>().ok_or_else(no_room)?;
        let (group, sources) = rest.split_first_chunk_mut::<16>().ok_or_else(no_room)?;
        let [n0, n1] = number.to_be_bytes();
        *common = [u8::from(self.kind), 0, n0, n1];
        *group = self.group.octets();
        for (to, from) in sources.iter_mut().zip(self.sources.0) {
            *to = *from;
        }
        Ok(need)
    }
}

/// The records of a version 2 report, checked to be all there. Equal if the records are, whatever auxiliary
/// data they have.
#[derive(Debug, Clone, Copy)]
pub struct Records<'a> {
    pub(super) octets: &'a [u8],
    pub(super) number: u16,
}

impl<'a> Records<'a> {
    /// Checks that `octets` start with `number` whole records; what follows them is left out.
    ///
    /// # Errors
    /// `Truncated` if the last is not all there.
    pub fn parse(octets: &'a [u8], number: u16) -> Result<Self, Error> {
        let mut rest = octets;
        for _ in 0..number {
            (_, rest) = Record::parse(rest)?;
        }
        let len = octets.len() - rest.len();
        Ok(Self { octets: octets.get(..len).unwrap_or_default(), number })
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> u16 {
        self.number
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.number == 0
    }

    /// Octets that they take when sent: without auxiliary data.
    pub(super) fn buffer_len(&self) -> usize {
        self.iter().fold(0, |len, record| len + record.buffer_len())
    }

    /// Writes all to the front of `buffer`, without auxiliary data.
    pub(super) fn emit(&self, buffer: &mut [u8]) -> Result<(), Error> {
        let mut rest = buffer;
        for record in self.iter() {
            let len = record.emit(rest)?;
            rest = rest.get_mut(len..).unwrap_or_default();
        }
        Ok(())
    }

    /// One after the other.
    pub fn iter(&self) -> impl Iterator<Item = Record<'a>> {
        let mut rest = self.octets;
        core::iter::from_fn(move || {
            let (record, behind) = Record::parse(rest).ok()?;
            rest = behind;
            Some(record)
        })
    }
}

impl PartialEq for Records<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for Records<'_> {}

impl fmt::Display for Sources<'_> {
    /// ` from 2001:db8::1` with a space in front; nothing if there are none.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.is_empty() {
            f.write_str(" from")?;
        }
        self.iter().try_for_each(|source| write!(f, " {source}"))
    }
}
