//! Which types of records a name has, RFC 4034 §4.1; in multicast DNS, that it has no others, RFC 6762 §6.1.
//!
//! ```text
//!   +--------- … ---------+--------+--------+----- … -----+--------+--------+-- … --+
//!   | Next Domain Name    | window | length | bitmap      | window | length | …     |
//!   +--------- … ---------+--------+--------+----- … -----+--------+--------+-- … --+
//!                             1        1      1 to 32 octets; their first bit is type 256 * window
//! ```

use super::{Name, RecordType};
use crate::Error;
use core::fmt;

/// A bitmap has one bit for each of 256 types.
const BITMAP_LEN_MAX: u8 = 32;

/// RDATA of an NSEC record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct Nsec<'a> {
    /// The next name of a signed zone. Multicast DNS puts the owner here and looks at it no further.
    pub next: Name<'a>,
    /// The types that the owner has.
    pub types: Types<'a>,
}

impl fmt::Display for Nsec<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.next)?;
        self.types.iter().try_for_each(|record_type| write!(f, " {record_type}"))
    }
}

/// A set of types: Type Bit Maps.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Types<'a>(&'a [u8]);

impl<'a> Types<'a> {
    /// The set of `types`, in whatever order, written at the front of `octets`; types 0 to 255 take up to 34 of these.
    ///
    /// ```
    /// # use tersus_wire::dns::{RecordType, Types};
    /// // What a host of multicast DNS has, RFC 6762 §6.1.
    /// let mut octets = [0; 34];
    /// let types = Types::emit(&[RecordType::AAAA, RecordType::A], &mut octets)?;
    /// assert_eq!(types.octets(), [0, 4, 0x40, 0, 0, 0x08]);
    /// # Ok::<(), tersus_wire::Error>(())
    /// ```
    ///
    /// # Errors
    /// `NoRoom`; `Unrepresentable` for a type that no record has, [`RecordType::is_pseudo`].
    pub fn emit(types: &[RecordType], octets: &'a mut [u8]) -> Result<Self, Error> {
        if types.iter().any(|record_type| record_type.is_pseudo()) {
            return Err(Error::Unrepresentable);
        }
        let (mut len, have) = (0, octets.len());
        let split = |record_type: &RecordType| {
            let [window, low] = record_type.0.to_be_bytes();
            (window, low)
        };
        let mut next = types.iter().map(split).min();
        while let Some((window, _)) = next {
            let of_window = || types.iter().map(split).filter(|(of, _)| *of == window).map(|(_, low)| low);
            let bitmap_len = of_window().max().map_or(1, |low| (low >> 3) + 1);
            let need = len + 2 + usize::from(bitmap_len);
            match octets.get_mut(len..need) {
                Some([to_window, to_len, bitmap @ ..]) => {
                    (*to_window, *to_len) = (window, bitmap_len);
                    bitmap.fill(0);
                    for low in of_window() {
                        if let Some(octet) = bitmap.get_mut(usize::from(low >> 3)) {
                            *octet |= 0x80 >> (low & 7);
                        }
                    }
                }
                _ => return Err(Error::no_room(need, have)),
            }
            len = need;
            next = types.iter().map(split).filter(|(of, _)| *of > window).min();
        }
        Ok(Self(octets.get(..len).unwrap_or_default()))
    }

    /// Takes windows with their bitmaps, up to the end of `octets`. No window at all is taken for an empty set.
    ///
    /// ```
    /// # use tersus_wire::dns::{RecordType, Types};
    /// // A and AAAA: bits 1 and 28 of window 0.
    /// let types = Types::parse(&[0, 4, 0x40, 0, 0, 0x08])?;
    /// assert!(types.contains(RecordType::AAAA) && !types.contains(RecordType::SRV));
    /// # Ok::<(), tersus_wire::Error>(())
    /// ```
    ///
    /// # Errors
    /// `Truncated` if a bitmap is not all there; `Length` for one of no octets or more than 32; `Field` with the offset of
    /// a window that does not follow the one before, in `octets`.
    pub fn parse(octets: &'a [u8]) -> Result<Self, Error> {
        let (mut rest, mut least) = (octets, 0);
        while !rest.is_empty() {
            let at = octets.len() - rest.len();
            let truncated = |need| Error::truncated(at + need, octets.len());
            let [window, len, behind @ ..] = rest else { return Err(truncated(2)) };
            if !(1..=BITMAP_LEN_MAX).contains(len) {
                return Err(Error::Length(u16::from(*len)));
            }
            if u16::from(*window) < least {
                return Err(Error::Field(u16::try_from(at).unwrap_or(u16::MAX)));
            }
            least = u16::from(*window) + 1;
            rest = behind.get(usize::from(*len)..).ok_or_else(|| truncated(2 + usize::from(*len)))?;
        }
        Ok(Self(octets))
    }

    /// The octets: windows with their bitmaps.
    #[must_use]
    pub const fn octets(&self) -> &'a [u8] {
        self.0
    }

    /// Each window with its bitmap.
    fn windows(&self) -> impl Iterator<Item = (u8, &'a [u8])> + 'a {
        let mut rest = self.0;
        core::iter::from_fn(move || {
            let [window, len, behind @ ..] = rest else { return None };
            let (bitmap, behind) = behind.split_at_checked(usize::from(*len))?;
            rest = behind;
            Some((*window, bitmap))
        })
    }

    /// Whether `record_type` is among them. Pseudo-types never are, RFC 4034 §4.1.2.
    #[must_use]
    pub fn contains(&self, record_type: RecordType) -> bool {
        let [high, low] = record_type.0.to_be_bytes();
        let bitmap = self.windows().find(|(window, _)| *window == high).map(|(_, bitmap)| bitmap);
        let octet = bitmap.and_then(|bitmap| bitmap.get(usize::from(low >> 3)));
        octet.is_some_and(|octet| octet << (low & 7) & 0x80 != 0) && !record_type.is_pseudo()
    }

    /// The types, in ascending order.
    pub fn iter(&self) -> impl Iterator<Item = RecordType> + 'a {
        self.windows().flat_map(|(window, bitmap)| {
            let bits = bitmap.iter().flat_map(|octet| (0..8_u8).map(move |bit| octet << bit & 0x80 != 0));
            let low = bits.zip(0..=u8::MAX).filter_map(|(is_there, low)| is_there.then_some(low));
            let types = low.map(move |low| RecordType(u16::from_be_bytes([window, low])));
            types.filter(|record_type| !record_type.is_pseudo())
        })
    }
}

impl fmt::Debug for Types<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}
