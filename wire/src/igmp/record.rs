//! Group records of a version 3 report, RFC 3376 §4.2.4 to §4.2.12, and lists of sources.

use super::RECORD_LEN;
use crate::Error;
use core::fmt;
use core::net::Ipv4Addr;

/// Kind of a group record, RFC 3376 §4.2.12 and RFC 3810 §5.2.12.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordType {
    /// 1, IS_IN: asked for, listens to these sources.
    ModeIsInclude,
    /// 2, IS_EX: asked for, listens to all but these sources.
    ModeIsExclude,
    /// 3, TO_IN: listens to these sources now; with none, left.
    ChangeToInclude,
    /// 4, TO_EX: listens to all but these sources now; with none, joined.
    ChangeToExclude,
    /// 5, ALLOW: these sources too.
    AllowNewSources,
    /// 6, BLOCK: these sources no more.
    BlockOldSources,
    /// Anything else: the record is skipped.
    Unknown(u8),
}

impl From<u8> for RecordType {
    fn from(number: u8) -> Self {
        match number {
            1 => Self::ModeIsInclude,
            2 => Self::ModeIsExclude,
            3 => Self::ChangeToInclude,
            4 => Self::ChangeToExclude,
            5 => Self::AllowNewSources,
            6 => Self::BlockOldSources,
            other => Self::Unknown(other),
        }
    }
}

impl From<RecordType> for u8 {
    fn from(kind: RecordType) -> Self {
        match kind {
            RecordType::ModeIsInclude => 1,
            RecordType::ModeIsExclude => 2,
            RecordType::ChangeToInclude => 3,
            RecordType::ChangeToExclude => 4,
            RecordType::AllowNewSources => 5,
            RecordType::BlockOldSources => 6,
            RecordType::Unknown(other) => other,
        }
    }
}

/// Source addresses, one behind another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sources<'a>(pub(super) &'a [u8]);

impl<'a> Sources<'a> {
    /// Sources from their octets, four each; what is left over is not counted.
    #[must_use]
    pub fn new(octets: &'a [u8]) -> Self {
        Self(octets.get(..octets.len() & !3).unwrap_or_default())
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len() / 4
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// One after the other.
    pub fn iter(&self) -> impl Iterator<Item = Ipv4Addr> + 'a {
        self.0.chunks_exact(4).filter_map(|octets| octets.first_chunk::<4>().copied().map(Ipv4Addr::from))
    }
}

/// One group record of a version 3 report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct Record<'a> {
    /// What is said of the group.
    pub kind: RecordType,
    /// The group.
    pub group: Ipv4Addr,
    /// The sources that it is said of.
    pub sources: Sources<'a>,
}

impl<'a> Record<'a> {
    /// Takes the first record; auxiliary data are skipped, RFC 3376 §4.2.10. Returns what follows it.
    ///
    /// # Errors
    /// `Truncated` if the record is not all there.
    pub fn parse(bytes: &'a [u8]) -> Result<(Self, &'a [u8]), Error> {
        let have = bytes.len();
        let (header, rest) =
            bytes.split_first_chunk::<RECORD_LEN>().ok_or_else(|| Error::truncated(RECORD_LEN, have))?;
        let &[kind, auxiliary, n0, n1, a, b, c, d] = header;
        let sources_len = usize::from(u16::from_be_bytes([n0, n1])) * 4;
        let len = sources_len + usize::from(auxiliary) * 4;
        let (body, behind) =
            rest.split_at_checked(len).ok_or_else(|| Error::truncated(RECORD_LEN + len, have))?;
        let sources = Sources::new(body.get(..sources_len).unwrap_or_default());
        Ok((Self { kind: RecordType::from(kind), group: Ipv4Addr::new(a, b, c, d), sources }, behind))
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
        let to = buffer.get_mut(..need).ok_or_else(|| Error::no_room(need, have))?;
        let (header, sources) =
            to.split_first_chunk_mut::<RECORD_LEN>().ok_or_else(|| Error::no_room(need, have))?;
        let [n0, n1] = number.to_be_bytes();
        let [a, b, c, d] = self.group.octets();
        *header = [u8::from(self.kind), 0, n0, n1, a, b, c, d];
        for (to, from) in sources.iter_mut().zip(self.sources.0) {
            *to = *from;
        }
        Ok(need)
    }
}

/// The records of a version 3 report, checked to be all there. Equal if the records are, whatever auxiliary
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
    /// ` from 192.0.2.1 192.0.2.2` with a space in front; nothing if there are none.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.is_empty() {
            f.write_str(" from")?;
        }
        self.iter().try_for_each(|source| write!(f, " {source}"))
    }
}
