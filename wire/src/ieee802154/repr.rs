//! The header of a plain data frame, to send or as received.

use super::reader::AddressMode;
use super::{Frame, FrameControl, FrameType, Version};
use crate::{Error, HardwareAddress};

/// A data frame's header, to send or as received: not secured, with a sequence number.
///
/// Frames to send follow version 0 or 1, where the source PAN id is left out if both are equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Repr {
    /// The edition to claim. Version 2 is parsed but not emitted.
    pub version: Version,
    /// Sequence number.
    pub sequence: u8,
    /// Whether the receiver shall acknowledge; never for broadcast.
    pub ack_request: bool,
    /// Destination PAN id; without meaning if `dst` is none.
    pub dst_pan: u16,
    /// Destination address: short, extended or none.
    pub dst: HardwareAddress,
    /// Source PAN id; without meaning if `src` is none.
    pub src_pan: u16,
    /// Source address: short, extended or none.
    pub src: HardwareAddress,
}

impl Repr {
    /// The header of a plain data frame.
    ///
    /// # Errors
    /// `Unknown` if it is no data frame; `Field(0)` if it is secured; `Field(1)` if it has no sequence number
    /// or a PAN id that the addresses need is left out altogether.
    pub fn parse(frame: &Frame<'_>) -> Result<Self, Error> {
        if frame.frame_type() != FrameType::Data {
            return Err(Error::Unknown(frame.control.0.to_le_bytes()[0] & 0b111));
        }
        if frame.is_secured() {
            return Err(Error::Field(0));
        }
        let pan_of = |pan: Option<u16>, address: HardwareAddress| match pan {
            Some(pan) => Ok(pan),
            None if address.is_none() => Ok(0),
            None => Err(Error::Field(1)),
        };
        Ok(Self {
            version: frame.version,
            sequence: frame.sequence.ok_or(Error::Field(1))?,
            ack_request: frame.control.ack_request(),
            dst_pan: pan_of(frame.dst_pan, frame.dst)?,
            dst: frame.dst,
            src_pan: pan_of(frame.src_pan(), frame.src)?,
            src: frame.src,
        })
    }

    /// Octets that [`Self::emit`] writes: 3 to 23.
    #[must_use]
    pub fn buffer_len(&self) -> usize {
        let mut len = 3 + self.dst.as_bytes().len() + self.src.as_bytes().len();
        if !self.dst.is_none() {
            len += 2;
        }
        if !self.src.is_none() && !self.is_compressed() {
            len += 2;
        }
        len
    }

    /// Writes the header at the front of `buf` and returns its length; the payload follows.
    ///
    /// # Errors
    /// `NoRoom`; `Unrepresentable` for an Ethernet address or version 2.
    pub fn emit(&self, buf: &mut [u8]) -> Result<usize, Error> {
        let have = buf.len();
        let need = self.buffer_len();
        let buf = buf.get_mut(..need).ok_or(Error::no_room(need, have))?;
        let version = match self.version {
            Version::V2003 => 0,
            Version::V2006 => 1,
            Version::V2015 => return Err(Error::Unrepresentable),
        };
        let mut control = 1
            | AddressMode::for_address(self.dst)? << FrameControl::DST_MODE_SHIFT
            | version << FrameControl::VERSION_SHIFT
            | AddressMode::for_address(self.src)? << FrameControl::SRC_MODE_SHIFT;
        if self.ack_request {
            control |= FrameControl::ACK_REQUEST;
        }
        if self.is_compressed() {
            control |= FrameControl::PAN_ID_COMPRESSION;
        }
        let [low, high] = control.to_le_bytes();
        let mut rest = put(buf, &[low, high, self.sequence])?;
        if !self.dst.is_none() {
            rest = put(rest, &self.dst_pan.to_le_bytes())?;
            rest = put_address(rest, self.dst)?;
        }
        if !self.src.is_none() {
            if !self.is_compressed() {
                rest = put(rest, &self.src_pan.to_le_bytes())?;
            }
            put_address(rest, self.src)?;
        }
        Ok(need)
    }

    /// Both stations named and in one PAN.
    fn is_compressed(&self) -> bool {
        !self.dst.is_none() && !self.src.is_none() && self.dst_pan == self.src_pan
    }
}

/// Writes `bytes` at the front of `buf` and returns what is behind them.
fn put<'b>(buf: &'b mut [u8], bytes: &[u8]) -> Result<&'b mut [u8], Error> {
    let no_room = Error::no_room(bytes.len(), buf.len());
    let (to, rest) = buf.split_at_mut_checked(bytes.len()).ok_or(no_room)?;
    to.copy_from_slice(bytes);
    Ok(rest)
}

fn put_address(buf: &mut [u8], address: HardwareAddress) -> Result<&mut [u8], Error> {
    if let Some(extended) = address.as_extended() {
        return put(buf, &u64::from_be_bytes(extended).to_le_bytes());
    }
    put(buf, &address.as_short().ok_or(Error::Unrepresentable)?.to_le_bytes())
}
