//! The fields behind the frame control: which are present, and where they end.

use super::security::{key_len, COUNTER_SUPPRESSION};
use super::{SecurityHeader, Version};
use crate::{Error, HardwareAddress};
use byteorder::{ByteOrder, LittleEndian};

/// An address mode; 1 is reserved.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum AddressMode {
    None,
    Short,
    Extended,
}

impl AddressMode {
    pub(super) fn of(mode: u16) -> Result<Self, Error> {
        match mode {
            0 => Ok(Self::None),
            2 => Ok(Self::Short),
            3 => Ok(Self::Extended),
            _ => Err(Error::Field(1)),
        }
    }

    pub(super) fn for_address(address: HardwareAddress) -> Result<u16, Error> {
        match address.as_bytes().len() {
            0 => Ok(0),
            2 => Ok(2),
            8 => Ok(3),
            _ => Err(Error::Unrepresentable),
        }
    }
}

/// Whether destination and source PAN id are present.
pub(super) fn pan_ids(
    version: Version,
    dst: AddressMode,
    src: AddressMode,
    compression: bool,
) -> Result<(bool, bool), Error> {
    use AddressMode::{Extended, None};
    if version != Version::V2015 {
        // §7.2.1.5 of the 2006 edition: compression needs both addresses.
        return match (dst, src, compression) {
            (None, _, true) | (_, None, true) => Err(Error::Field(1)),
            (dst, src, compression) => Ok((dst != None, src != None && !compression)),
        };
    }
    // Table 7-2 of the 2015 edition.
    Ok(match (dst, src, compression) {
        (None, None, compression) => (compression, false),
        (_, None, compression) => (!compression, false),
        (None, _, compression) => (false, !compression),
        (Extended, Extended, compression) => (!compression, false),
        (_, _, compression) => (true, !compression),
    })
}

/// What comes after the header information elements.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum ElementsFollow {
    /// Payload information elements.
    Payload,
    /// The payload.
    Nothing,
}

/// The octets not yet read, and how many there were.
pub(super) struct Reader<'a> {
    pub(super) rest: &'a [u8],
    len: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, len: bytes.len() }
    }

    pub(super) fn take<const N: usize>(&mut self) -> Result<&'a [u8; N], Error> {
        let need = self.len - self.rest.len() + N;
        let (taken, rest) = self.rest.split_first_chunk().ok_or(Error::truncated(need, self.len))?;
        self.rest = rest;
        Ok(taken)
    }

    fn skip(&mut self, len: usize) -> Result<(), Error> {
        let need = self.len - self.rest.len() + len;
        self.rest = self.rest.get(len..).ok_or(Error::truncated(need, self.len))?;
        Ok(())
    }

    pub(super) fn octet(&mut self) -> Result<u8, Error> {
        let [octet] = self.take()?;
        Ok(*octet)
    }

    pub(super) fn pan_id(&mut self) -> Result<u16, Error> {
        Ok(LittleEndian::read_u16(self.take::<2>()?))
    }

    pub(super) fn address(&mut self, mode: AddressMode) -> Result<HardwareAddress, Error> {
        Ok(match mode {
            AddressMode::None => HardwareAddress::NONE,
            AddressMode::Short => HardwareAddress::short(LittleEndian::read_u16(self.take::<2>()?)),
            AddressMode::Extended => {
                HardwareAddress::extended(LittleEndian::read_u64(self.take::<8>()?).to_be_bytes())
            }
        })
    }

    pub(super) fn security(&mut self, version: Version) -> Result<SecurityHeader<'a>, Error> {
        let control = self.octet()?;
        // The bit is reserved, thus ignored, before version 2.
        let is_suppressed = version == Version::V2015 && control & COUNTER_SUPPRESSION != 0;
        let frame_counter =
            if is_suppressed { None } else { Some(LittleEndian::read_u32(self.take::<4>()?)) };
        let start = self.rest;
        let key_len = key_len(control >> 3);
        self.skip(key_len)?;
        Ok(SecurityHeader { control, frame_counter, key: start.get(..key_len).unwrap_or(&[]) })
    }

    /// Elements of `length 7 | id 8 | 0`, up to a termination or the end of the frame.
    pub(super) fn header_elements(&mut self) -> Result<(&'a [u8], ElementsFollow), Error> {
        const TERMINATION_1: u16 = 0x7e;
        const TERMINATION_2: u16 = 0x7f;
        let start = self.rest;
        let mut follow = ElementsFollow::Nothing;
        while !self.rest.is_empty() {
            let offset = self.len - self.rest.len();
            let element = LittleEndian::read_u16(self.take::<2>()?);
            if element >> 15 != 0 {
                return Err(Error::Field(u16::try_from(offset).unwrap_or(u16::MAX)));
            }
            self.skip(usize::from(element & 0x7f))?;
            match (element >> 7) & 0xff {
                TERMINATION_1 => {
                    follow = ElementsFollow::Payload;
                    break;
                }
                TERMINATION_2 => break,
                _ => {}
            }
        }
        Ok((start.get(..start.len() - self.rest.len()).unwrap_or(&[]), follow))
    }

    /// Elements of `length 11 | group 4 | 1`, up to a termination or the end of the frame.
    pub(super) fn payload_elements(&mut self) -> Result<&'a [u8], Error> {
        const TERMINATION: u16 = 0xf;
        let start = self.rest;
        while !self.rest.is_empty() {
            let offset = self.len - self.rest.len();
            let element = LittleEndian::read_u16(self.take::<2>()?);
            if element >> 15 != 1 {
                return Err(Error::Field(u16::try_from(offset).unwrap_or(u16::MAX)));
            }
            self.skip(usize::from(element & 0x7ff))?;
            if (element >> 11) & 0xf == TERMINATION {
                break;
            }
        }
        Ok(start.get(..start.len() - self.rest.len()).unwrap_or(&[]))
    }
}
