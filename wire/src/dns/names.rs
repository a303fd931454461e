//! Records that have names in their RDATA but no form of their own here. A sender may have written those as pointers (RFC 3597
//! §4, RFC 6762 §18.14), which mean nothing outside of the message, so they cannot be kept as octets alone.
//!
//! ```text
//!   +------------+------------+---------------+-----------+
//!   | front      | NAME       | a second NAME | back      |
//!   +------------+------------+---------------+-----------+
//!     MD, MF, MB, MG, MR, DNAME          name                    front   AFSDB, RT, KX: 2 octets
//!     MINFO, RP                          name, name                      PX: 2    SIG: 18
//!     AFSDB, RT, KX               front, name                            NAPTR: 4, and three strings
//!     PX                          front, name, name              back    NXT: the types
//!     NAPTR                       front, name                            SIG: the signature
//!     SIG                         front, name, back
//!     NXT                                name, back
//! ```

use super::name::Name;
use super::RecordType;
use crate::Error;
use core::fmt;

/// One or two names among the octets of a record, whatever its type makes of them.
#[derive(Debug, Clone, Copy)]
pub struct Names<'a> {
    record_type: RecordType,
    // All lengths are at most RDLENGTH, which has 16 bits.
    front_len: u16,
    back_len: u16,
    rdata: &'a [u8],
    name: Name<'a>,
    second: Option<Name<'a>>,
}

/// Where the names stand.
struct Shape {
    front: Front,
    second: Second,
    back: Back,
}

enum Front {
    Len(usize),
    /// Order and preference, then flags, services and regular expression, RFC 3403 §4.1.
    Naptr,
}

#[derive(PartialEq)]
enum Second {
    None,
    Name,
}

#[derive(PartialEq)]
enum Back {
    Nothing,
    Octets,
}

/// `None` for types that are not of this kind.
const fn shape(record_type: RecordType) -> Option<Shape> {
    let (front, second, back) = match record_type {
        RecordType::MD
        | RecordType::MF
        | RecordType::MB
        | RecordType::MG
        | RecordType::MR
        | RecordType::DNAME => (Front::Len(0), Second::None, Back::Nothing),
        RecordType::MINFO | RecordType::RP => (Front::Len(0), Second::Name, Back::Nothing),
        RecordType::AFSDB | RecordType::RT | RecordType::KX => (Front::Len(2), Second::None, Back::Nothing),
        RecordType::PX => (Front::Len(2), Second::Name, Back::Nothing),
        RecordType::SIG => (Front::Len(18), Second::None, Back::Octets),
        RecordType::NXT => (Front::Len(0), Second::None, Back::Octets),
        RecordType::NAPTR => (Front::Naptr, Second::None, Back::Nothing),
        _ => return None,
    };
    Some(Shape { front, second, back })
}

impl<'a> Names<'a> {
    /// Takes RDATA that stand alone, their names written out.
    ///
    /// # Errors
    /// `Unknown` for a type that is not of this kind; `Length` with the length of `rdata` if that is not what the type needs, or
    /// above 65,535; as [`Name::check`] for the names.
    pub fn parse(record_type: RecordType, rdata: &'a [u8]) -> Result<Self, Error> {
        let names = Self::read(record_type, rdata, rdata, 0);
        let names = names.unwrap_or(Err(Error::Unknown(record_type.0.to_be_bytes()[1])))?;
        names.check().map(|()| names)
    }

    /// Reads RDATA, the last octets of the `body` of a message behind a header of `header_len` octets; `None` for types that are
    /// not of this kind.
    pub(super) fn read(
        record_type: RecordType,
        rdata: &'a [u8],
        body: &'a [u8],
        header_len: usize,
    ) -> Option<Result<Self, Error>> {
        let shape = shape(record_type)?;
        let read = || {
            let wrong_len = || Error::Length(u16::try_from(rdata.len()).unwrap_or(u16::MAX));
            let start = body.len() - rdata.len();
            let front_len = shape.front.len(rdata).ok_or_else(wrong_len)?;
            let (name, mut end) = Name::read(body, start + front_len, header_len)?;
            let mut second = None;
            if shape.second == Second::Name {
                let (name, behind) = Name::read(body, end, header_len)?;
                (second, end) = (Some(name), behind);
            }
            let back_len = body.len() - end;
            if shape.back == Back::Nothing && back_len > 0 {
                return Err(wrong_len());
            }
            let len = |len| u16::try_from(len).map_err(|_| wrong_len());
            Ok(Self {
                record_type,
                front_len: len(front_len)?,
                back_len: len(back_len)?,
                rdata,
                name,
                second,
            })
        };
        Some(read())
    }

    /// TYPE.
    #[must_use]
    pub const fn record_type(&self) -> RecordType {
        self.record_type
    }

    /// What stands before the names.
    #[must_use]
    pub fn front(&self) -> &'a [u8] {
        self.rdata.get(..usize::from(self.front_len)).unwrap_or_default()
    }

    /// The name.
    #[must_use]
    pub const fn name(&self) -> Name<'a> {
        self.name
    }

    /// The name behind it: of MINFO, RP and PX.
    #[must_use]
    pub const fn second(&self) -> Option<Name<'a>> {
        self.second
    }

    /// What stands behind the names: of SIG and NXT.
    #[must_use]
    pub fn back(&self) -> &'a [u8] {
        let start = self.rdata.len().saturating_sub(usize::from(self.back_len));
        self.rdata.get(start..).unwrap_or_default()
    }

    /// Walks the names.
    pub(super) fn check(&self) -> Result<(), Error> {
        self.name.check()?;
        self.second.map_or(Ok(()), |name| name.check())
    }
}

impl Front {
    /// How long it is at the start of these octets; `None` if they end before.
    fn len(&self, octets: &[u8]) -> Option<usize> {
        match self {
            Self::Len(len) => Some(*len).filter(|len| *len <= octets.len()),
            Self::Naptr => {
                let mut len = 4;
                for _ in 0..3 {
                    len += usize::from(*octets.get(len)?) + 1;
                }
                Some(len).filter(|len| *len <= octets.len())
            }
        }
    }
}

/// Whether names are written out or point elsewhere makes no difference.
impl PartialEq for Names<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.record_type == other.record_type
            && (self.front(), self.name, self.second, self.back())
                == (other.front(), other.name, other.second, other.back())
    }
}

impl Eq for Names<'_> {}

impl fmt::Display for Names<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.name)?;
        if let Some(name) = self.second {
            write!(f, " {name}")?;
        }
        match self.front_len.saturating_add(self.back_len) {
            0 => Ok(()),
            more => write!(f, " and {more} octets"),
        }
    }
}
