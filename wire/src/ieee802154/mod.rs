//! IEEE 802.15.4 MAC frames, IEEE 802.15.4 §7.2, without their check sequence.
//!
//! ```text
//!  octets:  2       0/1        0/2       0/2/8      0/2      0/2/8     0/5..14    variable
//!      +--------+----------+---------+-----------+--------+---------+----------+-------------+---------+
//!      | frame  | sequence | destin. | destin.   | source | source  | security | information | payload |
//!      | control| number   | PAN id  | address   | PAN id | address | header   | elements    |         |
//!      +--------+----------+---------+-----------+--------+---------+----------+-------------+---------+
//!
//!  frame control, bit 0 first:   type 3 | security | pending | ack request | PAN id compression | - |
//!                                suppress sequence (2) | elements (2) | destination mode 2 | version 2 | source mode 2
//! ```
//!
//! Every field is little-endian on the wire, addresses too; a [`HardwareAddress`] keeps the order of an EUI-64,
//! most significant octet first. Fields marked (2) exist in version 2 (IEEE 802.15.4-2015 and later) only and
//! are ignored in older frames. Which PAN ids are present is decided by one table per version.
//!
//! Beacons, data, acknowledgements and commands share this header: [`FrameRepr`] emits all of them. Multipurpose, fragment and
//! extended frames have headers of their own and are refused, as are reserved types, versions and address modes.
//! A secured frame is shown with its security header, its payload as it is: encrypted, with its integrity code.
//!
//! ```
//! use tersus_wire::ieee802154::{Command, Frame, FrameRepr, FrameType};
//! use tersus_wire::HardwareAddress;
//!
//! let repr = FrameRepr {
//!     ack_request: true,
//!     dst_pan: Some(0xabcd),
//!     dst: HardwareAddress::short(1),
//!     src: HardwareAddress::extended([2, 0, 0, 0, 0, 0, 0, 7]),
//!     ..FrameRepr::new(FrameType::Command, 42)
//! };
//! let mut buffer = [0; 125];
//! let len = repr.emit(&mut buffer)?;
//! let len = len + Command::DataRequest.emit(&mut buffer[len..])?;
//!
//! let frame = Frame::parse(&buffer[..len])?;
//! assert_eq!(frame.command(), Some(Ok(Command::DataRequest)));
//! assert_eq!(frame.src_pan(), Some(0xabcd), "left out, as both are in one PAN");
//! # Ok::<(), tersus_wire::Error>(())
//! ```

mod beacon;
mod command;
mod control;
pub mod elements;
mod frame_repr;
mod reader;
mod repr;
mod security;
#[cfg(test)]
mod tests;

pub use beacon::{Beacon, Direction, GuaranteedSlot, Superframe, BEACON_LIST_MAX};
pub use command::{Capability, Command};
pub use control::{FrameControl, FrameType, Version};
pub use frame_repr::FrameRepr;
pub use repr::Repr;
pub use security::{integrity_code_len, KeyId, SecurityHeader, SecurityRepr};

use crate::{Error, HardwareAddress};
use byteorder::{ByteOrder, LittleEndian};
use core::fmt;
use reader::{pan_ids, AddressMode, ElementsFollow, Reader};

/// Longest frame of the 2.4 GHz and sub-GHz radios without its check sequence, in octets: 127 less 2.
pub const FRAME_LEN_MAX: usize = 125;
/// Longest header that [`Repr::emit`] writes, in octets: two PAN ids and two extended addresses.
pub const HEADER_LEN_MAX: usize = 23;
/// The PAN id of all PANs.
pub const PAN_BROADCAST: u16 = 0xffff;
/// The short address of a station that has been given none.
pub const SHORT_NONE: u16 = 0xfffe;

/// A view of a frame. See the module's picture.
#[derive(Debug, Clone, Copy)]
pub struct Frame<'a> {
    control: FrameControl,
    version: Version,
    sequence: Option<u8>,
    dst_pan: Option<u16>,
    dst: HardwareAddress,
    src_pan: Option<u16>,
    src: HardwareAddress,
    security: Option<SecurityHeader<'a>>,
    header_elements: &'a [u8],
    payload_elements: &'a [u8],
    payload: &'a [u8],
}

impl<'a> Frame<'a> {
    /// Splits `bytes`, a frame without check sequence, into its fields.
    ///
    /// # Errors
    /// `Unknown` for a type with another header, `Version` for the reserved version, `Field(1)` for a reserved
    /// address mode or a PAN id compression that the version does not allow, `Truncated`.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        let mut reader = Reader::new(bytes);
        let control = FrameControl(LittleEndian::read_u16(reader.take::<2>()?));
        match control.frame_type() {
            FrameType::Beacon | FrameType::Data | FrameType::Acknowledgement | FrameType::Command => {}
            _ => return Err(Error::Unknown(control.0.to_le_bytes()[0] & 0b111)),
        }
        let version = control.version().ok_or(Error::Version(3))?;
        let is_2015 = version == Version::V2015;
        let suppressed = is_2015 && control.0 & FrameControl::SEQUENCE_SUPPRESSION != 0;
        let sequence = if suppressed { None } else { Some(reader.octet()?) };

        let (dst_mode, src_mode) =
            (AddressMode::of(control.dst_mode())?, AddressMode::of(control.src_mode())?);
        let (has_dst_pan, has_src_pan) = pan_ids(version, dst_mode, src_mode, control.pan_id_compression())?;
        let dst_pan = if has_dst_pan { Some(reader.pan_id()?) } else { None };
        let dst = reader.address(dst_mode)?;
        let src_pan = if has_src_pan { Some(reader.pan_id()?) } else { None };
        let src = reader.address(src_mode)?;

        // Version 0 kept security material in the payload, in a form that no header describes.
        let has_security_header = control.security_enabled() && version != Version::V2003;
        let security = if has_security_header { Some(reader.security(version)?) } else { None };
        let (mut header_elements, mut payload_elements): (&[u8], &[u8]) = (&[], &[]);
        if is_2015 && control.0 & FrameControl::ELEMENTS_PRESENT != 0 {
            let follows;
            (header_elements, follows) = reader.header_elements()?;
            // Payload elements are encrypted with the payload.
            if follows == ElementsFollow::Payload && security.is_none() {
                payload_elements = reader.payload_elements()?;
            }
        }
        let payload = reader.rest;
        Ok(Self {
            control,
            version,
            sequence,
            dst_pan,
            dst,
            src_pan,
            src,
            security,
            header_elements,
            payload_elements,
            payload,
        })
    }

    /// The frame control field.
    #[must_use]
    pub fn control(&self) -> FrameControl {
        self.control
    }

    /// What the frame is: beacon, data, acknowledgement or command.
    #[must_use]
    pub fn frame_type(&self) -> FrameType {
        self.control.frame_type()
    }

    /// The edition whose rules the frame follows.
    #[must_use]
    pub fn version(&self) -> Version {
        self.version
    }

    /// Sequence number; `None` if suppressed (version 2).
    #[must_use]
    pub fn sequence(&self) -> Option<u8> {
        self.sequence
    }

    /// Destination PAN id, if the frame holds one.
    #[must_use]
    pub fn dst_pan(&self) -> Option<u16> {
        self.dst_pan
    }

    /// Destination address; [`HardwareAddress::NONE`] if absent.
    #[must_use]
    pub fn dst(&self) -> HardwareAddress {
        self.dst
    }

    /// Source PAN id: the destination's where a source address stands without one.
    #[must_use]
    pub fn src_pan(&self) -> Option<u16> {
        self.src_pan.or(if self.src.is_none() { None } else { self.dst_pan })
    }

    /// Source PAN id, if the frame holds one of its own.
    #[must_use]
    pub fn src_pan_field(&self) -> Option<u16> {
        self.src_pan
    }

    /// Source address; [`HardwareAddress::NONE`] if absent.
    #[must_use]
    pub fn src(&self) -> HardwareAddress {
        self.src
    }

    /// Whether the frame is protected; the payload is then not to be read.
    #[must_use]
    pub fn is_secured(&self) -> bool {
        self.control.security_enabled()
    }

    /// The security header; `None` if not protected, and in version 0, which has none.
    #[must_use]
    pub fn security(&self) -> Option<SecurityHeader<'a>> {
        self.security
    }

    /// Header information elements with their termination, as they are.
    #[must_use]
    pub fn header_elements(&self) -> &'a [u8] {
        self.header_elements
    }

    /// Payload information elements with their termination, as they are.
    #[must_use]
    pub fn payload_elements(&self) -> &'a [u8] {
        self.payload_elements
    }

    /// What the frame carries: in a beacon of version 0 or 1 a [`Beacon`], in a command frame a [`Command`]. Of a
    /// secured frame all of it is as it was sent, see [`Self::split_integrity_code`].
    #[must_use]
    pub fn payload(&self) -> &'a [u8] {
        self.payload
    }

    /// The payload without the integrity code of a secured frame, and that code; without security the latter is empty.
    ///
    /// # Errors
    /// `Truncated`, counted from the start of the payload, if it is shorter than the code.
    pub fn split_integrity_code(&self) -> Result<(&'a [u8], &'a [u8]), Error> {
        let code_len = self.security.map_or(0, |security| security.integrity_code_len());
        let have = self.payload.len();
        let split = have.checked_sub(code_len).and_then(|at| self.payload.split_at_checked(at));
        split.ok_or(Error::truncated(code_len, have))
    }

    /// What a beacon carries; `None` in other frames, in enhanced beacons and where it is encrypted.
    #[must_use]
    pub fn beacon(&self) -> Option<Result<Beacon<'a>, Error>> {
        let is_plain = self.frame_type() == FrameType::Beacon && self.version != Version::V2015;
        self.readable_payload().filter(|_| is_plain).map(|payload| payload.and_then(Beacon::parse))
    }

    /// What a command frame carries; `None` in other frames and where it is encrypted.
    #[must_use]
    pub fn command(&self) -> Option<Result<Command<'a>, Error>> {
        let is_command = self.frame_type() == FrameType::Command;
        self.readable_payload().filter(|_| is_command).map(|payload| payload.and_then(Command::parse))
    }

    /// The payload without integrity code, if it is not encrypted.
    fn readable_payload(&self) -> Option<Result<&'a [u8], Error>> {
        match self.security {
            Some(security) if security.is_encrypted() => None,
            None if self.is_secured() => None,
            _ => Some(self.split_integrity_code().map(|(payload, _)| payload)),
        }
    }
}

impl fmt::Display for Frame<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IEEE 802.15.4 {:?}", self.frame_type())?;
        if let Some(sequence) = self.sequence {
            write!(f, " {sequence}")?;
        }
        write_station(f, " ", self.src_pan(), self.src)?;
        write_station(f, " > ", self.dst_pan, self.dst)?;
        match self.security {
            Some(security) => write!(f, " {security}")?,
            None if self.is_secured() => f.write_str(" secured")?,
            None => {}
        }
        if self.control.frame_pending() {
            f.write_str(" pending")?;
        }
        if self.control.ack_request() {
            f.write_str(" ack-request")?;
        }
        for element in elements::HeaderElements::new(self.header_elements).flatten() {
            if !element.is_termination() {
                write!(f, " [{element}]")?;
            }
        }
        for element in elements::PayloadElements::new(self.payload_elements).flatten() {
            if !element.is_termination() {
                write!(f, " [{element}]")?;
            }
        }
        write!(f, " length {}", self.payload.len())?;
        match (self.beacon(), self.command()) {
            (Some(Ok(beacon)), _) => write!(f, ", {beacon}"),
            (_, Some(Ok(command))) => write!(f, ", {command}"),
            (Some(Err(error)), _) | (_, Some(Err(error))) => write!(f, ", {error}"),
            _ => Ok(()),
        }
    }
}

fn write_station(
    f: &mut fmt::Formatter<'_>,
    lead: &str,
    pan: Option<u16>,
    address: HardwareAddress,
) -> fmt::Result {
    write!(f, "{lead}{address}")?;
    match pan {
        Some(pan) => write!(f, "@{pan:04x}"),
        None => Ok(()),
    }
}
