//! Information elements of version 2 frames, IEEE 802.15.4 §7.4.
//!
//! ```text
//!  two octets, least significant first, then the content:
//!    header element   length 7  | id 8       | 0
//!    payload element  length 11 | group id 4 | 1
//!    nested, short    length 8  | sub-id 7   | 0     within the payload element MLME
//!    nested, long     length 11 | sub-id 4   | 1
//! ```
//! Header elements end with a termination (0x7e: payload elements follow, 0x7f: the payload follows) or with the frame;
//! payload elements with a termination (group 15) or with the frame. Each iterator yields at most one element for two
//! octets, and after an error nothing.

use crate::cursor::Reader;
use crate::put::Put;
use crate::Error;
use core::fmt;

/// An element header: two octets.
const ELEMENT_HEADER_LEN: usize = 2;

/// A header element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct HeaderElement<'a> {
    /// Element id, IEEE 802.15.4 table 7-7.
    pub id: u8,
    /// Its content: up to 127 octets.
    #[cfg_attr(feature = "arbitrary", arbitrary(with = crate::arbitrary::octets::<127>))]
    pub content: &'a [u8],
}

impl HeaderElement<'_> {
    /// Termination: payload elements follow.
    pub const TERMINATION_1: HeaderElement<'static> = HeaderElement { id: 0x7e, content: &[] };
    /// Termination: the payload follows.
    pub const TERMINATION_2: HeaderElement<'static> = HeaderElement { id: 0x7f, content: &[] };

    /// Whether it ends the header elements.
    #[must_use]
    pub const fn is_termination(&self) -> bool {
        matches!(self.id, 0x7e | 0x7f)
    }
}

/// A payload element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct PayloadElement<'a> {
    /// Group id: 0 an encapsulated service data unit, 1 MLME, 2 a vendor's, 15 termination.
    #[cfg_attr(feature = "arbitrary", arbitrary(with = crate::arbitrary::up_to_u8::<14>))]
    pub group: u8,
    /// Its content: up to 2,047 octets.
    #[cfg_attr(feature = "arbitrary", arbitrary(with = crate::arbitrary::octets::<255>))]
    pub content: &'a [u8],
}

impl<'a> PayloadElement<'a> {
    /// Termination: the payload follows.
    pub const TERMINATION: PayloadElement<'static> = PayloadElement { group: 15, content: &[] };

    /// Whether it ends the payload elements.
    #[must_use]
    pub const fn is_termination(&self) -> bool {
        self.group == 15
    }

    /// The nested elements of an MLME element; none in others.
    #[must_use]
    pub const fn nested(&self) -> NestedElements<'a> {
        let content = if self.group == 1 { self.content } else { &[] };
        NestedElements { bytes: content, offset: 0 }
    }
}

/// The two forms of a nested element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub enum NestedForm {
    /// Up to 255 octets, sub-ids 0 to 127.
    Short,
    /// Up to 2,047 octets, sub-ids 0 to 15.
    Long,
}

/// An element within an MLME element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct NestedElement<'a> {
    /// Short or long.
    pub form: NestedForm,
    /// Sub-id: each form has its own.
    pub id: u8,
    /// Its content.
    #[cfg_attr(feature = "arbitrary", arbitrary(with = crate::arbitrary::octets::<255>))]
    pub content: &'a [u8],
}

/// Header elements, terminations included, one by one.
#[derive(Debug, Clone)]
pub struct HeaderElements<'a> {
    bytes: &'a [u8],
    offset: usize,
}

/// Payload elements, the termination included, one by one.
#[derive(Debug, Clone)]
pub struct PayloadElements<'a> {
    bytes: &'a [u8],
    offset: usize,
}

/// Nested elements one by one.
#[derive(Debug, Clone)]
pub struct NestedElements<'a> {
    bytes: &'a [u8],
    offset: usize,
}

impl<'a> HeaderElements<'a> {
    /// The elements in `bytes`.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, offset: 0 }
    }
}

impl<'a> PayloadElements<'a> {
    /// The elements in `bytes`, for instance of a payload that was decrypted.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, offset: 0 }
    }

    /// The octets behind those that were yielded: behind a termination, the payload.
    #[must_use]
    pub fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.offset..).unwrap_or(&[])
    }
}

impl<'a> NestedElements<'a> {
    /// The elements in `bytes`, the content of an MLME element.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, offset: 0 }
    }
}

/// Reads one element at `offset`; `split` says what its first two octets mean, `None` if they are of another kind.
fn next<'a, T>(
    bytes: &'a [u8],
    offset: &mut usize,
    split: impl Fn(u16) -> Option<(T, usize)>,
) -> Option<Result<(T, &'a [u8]), Error>> {
    let mut reader = Reader::new(bytes);
    reader.slice(*offset).ok()?;
    if reader.rest().is_empty() {
        return None;
    }
    let mut read = || {
        let (what, len) = split(u16::from_le_bytes(*reader.array()?))
            .ok_or(Error::Field(u16::try_from(*offset).unwrap_or(u16::MAX)))?;
        Ok((what, reader.slice(len)?))
    };
    let element = read();
    *offset = if element.is_ok() { reader.offset() } else { bytes.len() };
    Some(element)
}

impl<'a> Iterator for HeaderElements<'a> {
    /// `Truncated`, or `Field` for an element of another kind, count from the start of the elements.
    type Item = Result<HeaderElement<'a>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let element = next(self.bytes, &mut self.offset, |field| {
            let [id, _] = (field >> 7).to_le_bytes();
            (field >> 15 == 0).then_some((id, usize::from(field & 0x7f)))
        })?;
        Some(element.map(|(id, content)| HeaderElement { id, content }))
    }
}

impl<'a> Iterator for PayloadElements<'a> {
    /// `Truncated`, or `Field` for an element of another kind, count from the start of the elements.
    type Item = Result<PayloadElement<'a>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let element = next(self.bytes, &mut self.offset, |field| {
            let [group, _] = ((field >> 11) & 0xf).to_le_bytes();
            (field >> 15 == 1).then_some((group, usize::from(field & 0x7ff)))
        })?;
        Some(element.map(|(group, content)| PayloadElement { group, content }))
    }
}

impl<'a> Iterator for NestedElements<'a> {
    /// `Truncated` counts from the start of the elements.
    type Item = Result<NestedElement<'a>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let element = next(self.bytes, &mut self.offset, |field| {
            Some(if field >> 15 == 0 {
                let [len, id] = field.to_le_bytes();
                ((NestedForm::Short, id), usize::from(len))
            } else {
                let [id, _] = ((field >> 11) & 0xf).to_le_bytes();
                ((NestedForm::Long, id), usize::from(field & 0x7ff))
            })
        })?;
        Some(element.map(|((form, id), content)| NestedElement { form, id, content }))
    }
}

/// Writes an element whose length has `len_max` at most.
fn write(field: u16, content: &[u8], len_max: u16, buffer: &mut [u8]) -> Result<usize, Error> {
    let len = u16::try_from(content.len()).map_err(|_| Error::Unrepresentable)?;
    if len > len_max {
        return Err(Error::Unrepresentable);
    }
    let need = ELEMENT_HEADER_LEN + content.len();
    let mut writer = Put::new(buffer, need)?;
    writer.octets(&(field | len).to_le_bytes());
    writer.octets(content);
    Ok(need)
}

impl HeaderElement<'_> {
    /// What `emit` writes, in octets.
    #[must_use]
    pub const fn buffer_len(&self) -> usize {
        ELEMENT_HEADER_LEN + self.content.len()
    }

    /// Writes the element at the front of `buffer` and returns its length.
    ///
    /// # Errors
    /// `NoRoom`; `Unrepresentable` above 127 octets of content.
    pub fn emit(&self, buffer: &mut [u8]) -> Result<usize, Error> {
        write(u16::from(self.id) << 7, self.content, 0x7f, buffer)
    }
}

impl PayloadElement<'_> {
    /// What `emit` writes, in octets.
    #[must_use]
    pub const fn buffer_len(&self) -> usize {
        ELEMENT_HEADER_LEN + self.content.len()
    }

    /// Writes the element at the front of `buffer` and returns its length.
    ///
    /// # Errors
    /// `NoRoom`; `Unrepresentable` above 2,047 octets of content or for a group above 15.
    pub fn emit(&self, buffer: &mut [u8]) -> Result<usize, Error> {
        if self.group > 15 {
            return Err(Error::Unrepresentable);
        }
        write(1 << 15 | u16::from(self.group) << 11, self.content, 0x7ff, buffer)
    }
}

impl NestedElement<'_> {
    /// What `emit` writes, in octets.
    #[must_use]
    pub const fn buffer_len(&self) -> usize {
        ELEMENT_HEADER_LEN + self.content.len()
    }

    /// Writes the element at the front of `buffer` and returns its length.
    ///
    /// # Errors
    /// `NoRoom`; `Unrepresentable` for a content or sub-id that the form has no room for.
    pub fn emit(&self, buffer: &mut [u8]) -> Result<usize, Error> {
        match self.form {
            NestedForm::Short if self.id < 0x80 => write(u16::from(self.id) << 8, self.content, 0xff, buffer),
            NestedForm::Long if self.id < 0x10 => {
                write(1 << 15 | u16::from(self.id) << 11, self.content, 0x7ff, buffer)
            }
            _ => Err(Error::Unrepresentable),
        }
    }
}

impl fmt::Display for HeaderElement<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self.id {
            0x00 => "vendor",
            0x1a => "CSL",
            0x1b => "RIT",
            0x1d => "rendezvous time",
            0x1e => "time correction",
            0x7e | 0x7f => return f.write_str("termination"),
            id => return write!(f, "element 0x{id:02x}, {} octets", self.content.len()),
        };
        write!(f, "{name}, {} octets", self.content.len())
    }
}

impl fmt::Display for PayloadElement<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self.group {
            0 => "ESDU",
            1 => "MLME",
            2 => "vendor",
            15 => return f.write_str("termination"),
            group => return write!(f, "group {group}, {} octets", self.content.len()),
        };
        write!(f, "{name}, {} octets", self.content.len())
    }
}

#[cfg(test)]
mod tests {
    extern crate alloc;
    use super::*;
    use alloc::string::ToString;
    use alloc::vec::Vec;

    #[test]
    fn header_elements_have_their_bits_and_come_back() {
        let content = [9; 127];
        for (element, head) in [
            (HeaderElement { id: 0x1e, content: &[1, 2] }, [0x02, 0x0f]),
            (HeaderElement { id: 0, content: &content }, [0x7f, 0]),
            (HeaderElement { id: 0xff, content: &[] }, [0x80, 0x7f]),
            (HeaderElement::TERMINATION_1, [0x00, 0x3f]),
            (HeaderElement::TERMINATION_2, [0x80, 0x3f]),
        ] {
            let mut buffer = [0; 130];
            let len = element.emit(&mut buffer).unwrap();
            assert_eq!((len, &buffer[..2]), (element.buffer_len(), &head[..]));
            let mut elements = HeaderElements::new(&buffer[..len]);
            assert_eq!((elements.next(), elements.next()), (Some(Ok(element)), None));
            assert_eq!(element.emit(&mut buffer[..len - 1]), Err(Error::no_room(len, len - 1)));
        }
        let long = HeaderElement { id: 0, content: &[0; 128] };
        assert_eq!(long.emit(&mut [0; 200]), Err(Error::Unrepresentable));
    }

    #[test]
    fn payload_and_nested_elements_have_their_bits_and_come_back() {
        let content = [9; 2047];
        for (element, head) in [
            (PayloadElement { group: 1, content: &[7] }, [0x01, 0x88]),
            (PayloadElement { group: 0, content: &content }, [0xff, 0x87]),
            (PayloadElement::TERMINATION, [0x00, 0xf8]),
        ] {
            let mut buffer = alloc::vec![0; 2049];
            let len = element.emit(&mut buffer).unwrap();
            assert_eq!((len, &buffer[..2]), (element.buffer_len(), &head[..]));
            let mut elements = PayloadElements::new(&buffer[..len]);
            assert_eq!((elements.next(), elements.next()), (Some(Ok(element)), None));
        }
        let short = NestedElement { form: NestedForm::Short, id: 0x1a, content: &[1, 2, 3, 4, 5, 6] };
        let long = NestedElement { form: NestedForm::Long, id: 9, content: &[0] };
        let (mut buffer, mut bytes) = ([0; 300], Vec::new());
        for (element, head) in [(short, [0x06, 0x1a]), (long, [0x01, 0xc8])] {
            let len = element.emit(&mut buffer).unwrap();
            assert_eq!((len, &buffer[..2]), (element.buffer_len(), &head[..]));
            bytes.extend(&buffer[..len]);
        }
        let mlme = PayloadElement { group: 1, content: &bytes };
        assert_eq!(mlme.nested().collect::<Vec<_>>(), [Ok(short), Ok(long)]);
        assert_eq!(PayloadElement { group: 2, content: &bytes }.nested().count(), 0);
        assert_eq!(NestedElements::new(&bytes).count(), 2);
        for bad in [
            NestedElement { id: 0x80, ..short },
            NestedElement { id: 0x10, ..long },
            NestedElement { content: &content[..256], ..short },
            NestedElement { content: &[0; 2048], ..long },
        ] {
            assert_eq!(bad.emit(&mut [0; 3_000]), Err(Error::Unrepresentable));
        }
        for bad in
            [PayloadElement { group: 16, content: &[] }, PayloadElement { group: 1, content: &[0; 2048] }]
        {
            assert_eq!(bad.emit(&mut [0; 3_000]), Err(Error::Unrepresentable));
        }
    }

    #[test]
    fn every_truncation_is_one_error_and_ends_the_walk() {
        let header = [0x02, 0x0f, 9, 9, 0x00, 0x3f];
        let results = |len: usize| HeaderElements::new(&header[..len]).collect::<Vec<_>>();
        let first = HeaderElement { id: 0x1e, content: &[9, 9] };
        assert_eq!(results(0), []);
        assert_eq!(results(1), [Err(Error::truncated(2, 1))]);
        assert_eq!(results(2), [Err(Error::truncated(4, 2))]);
        assert_eq!(results(3), [Err(Error::truncated(4, 3))]);
        assert_eq!(results(4), [Ok(first)]);
        assert_eq!(results(5), [Ok(first), Err(Error::truncated(6, 5))]);
        assert_eq!(results(6), [Ok(first), Ok(HeaderElement::TERMINATION_1)]);
        // Of the other kind.
        let mut other = HeaderElements::new(&[0, 0x0f, 0, 0x80, 0, 0]);
        assert!(other.next().unwrap().is_ok());
        assert_eq!((other.next(), other.next()), (Some(Err(Error::Field(2))), None));
        let mut other = PayloadElements::new(&[0, 0x08, 1]);
        assert_eq!((other.next(), other.next()), (Some(Err(Error::Field(0))), None));
        let mut nested = NestedElements::new(&[0xff, 0xff, 1]);
        assert_eq!((nested.next(), nested.next()), (Some(Err(Error::truncated(2049, 3))), None));
    }

    #[test]
    fn the_payload_is_behind_the_termination() {
        let mut elements = PayloadElements::new(&[0x01, 0x88, 7, 0x00, 0xf8, 0xaa, 0xbb]);
        assert!(elements.by_ref().any(|element| element.unwrap().is_termination()));
        assert_eq!(elements.rest(), [0xaa, 0xbb]);
        assert_eq!(HeaderElement { id: 0x1e, content: &[0; 2] }.to_string(), "time correction, 2 octets");
        assert_eq!(PayloadElement { group: 3, content: &[0; 2] }.to_string(), "group 3, 2 octets");
    }
}
