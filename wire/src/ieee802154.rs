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
//! Beacons, acknowledgements and commands share this header and can be viewed; multipurpose, fragment and
//! extended frames have headers of their own and are refused, as are reserved types, versions and address modes.
//! A secured frame is shown with its security header, its payload as it is: encrypted, with its integrity code.

use crate::{Error, HardwareAddress};
use byteorder::{ByteOrder, LittleEndian};
use core::fmt;

/// Longest frame of the 2.4 GHz and sub-GHz radios without its check sequence, in octets: 127 less 2.
pub const FRAME_LEN_MAX: usize = 125;
/// Longest header that [`Repr::emit`] writes, in octets: two PAN ids and two extended addresses.
pub const HEADER_LEN_MAX: usize = 23;
/// The PAN id of all PANs.
pub const PAN_BROADCAST: u16 = 0xffff;
/// The short address of a station that has been given none.
pub const SHORT_NONE: u16 = 0xfffe;

/// What a frame is: frame control, bits 0 to 2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrameType {
    /// Announces a PAN.
    Beacon,
    /// Carries a payload of the layer above.
    Data,
    /// Acknowledges a frame by its sequence number.
    Acknowledgement,
    /// Manages the MAC.
    Command,
    /// Not assigned (value 4).
    Reserved,
    /// A short header of its own, not parsed here.
    Multipurpose,
    /// Part of a frame, a header of its own, not parsed here.
    Fragment,
    /// A header of its own, not parsed here.
    Extended,
}

impl FrameType {
    /// The type that the first octet of a frame names.
    #[must_use]
    pub const fn of(first_octet: u8) -> Self {
        match first_octet & 0b111 {
            0 => Self::Beacon,
            1 => Self::Data,
            2 => Self::Acknowledgement,
            3 => Self::Command,
            4 => Self::Reserved,
            5 => Self::Multipurpose,
            6 => Self::Fragment,
            _ => Self::Extended,
        }
    }
}

/// Which edition's rules a frame follows: frame control, bits 12 and 13. The value 3 is reserved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Version {
    /// IEEE 802.15.4-2003.
    V2003,
    /// IEEE 802.15.4-2006.
    #[default]
    V2006,
    /// IEEE 802.15.4-2015 and later.
    V2015,
}

/// The frame control field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameControl(pub u16);

impl FrameControl {
    const SECURITY: u16 = 1 << 3;
    const PENDING: u16 = 1 << 4;
    const ACK_REQUEST: u16 = 1 << 5;
    const PAN_ID_COMPRESSION: u16 = 1 << 6;
    const SEQUENCE_SUPPRESSION: u16 = 1 << 8;
    const ELEMENTS_PRESENT: u16 = 1 << 9;
    const DST_MODE_SHIFT: u32 = 10;
    const VERSION_SHIFT: u32 = 12;
    const SRC_MODE_SHIFT: u32 = 14;

    /// What the frame is.
    #[must_use]
    pub const fn frame_type(self) -> FrameType {
        FrameType::of(self.0.to_le_bytes()[0])
    }

    /// Whether the frame is protected.
    #[must_use]
    pub const fn security_enabled(self) -> bool {
        self.0 & Self::SECURITY != 0
    }

    /// Whether the sender has more for the receiver.
    #[must_use]
    pub const fn frame_pending(self) -> bool {
        self.0 & Self::PENDING != 0
    }

    /// Whether the receiver shall acknowledge the frame.
    #[must_use]
    pub const fn ack_request(self) -> bool {
        self.0 & Self::ACK_REQUEST != 0
    }

    /// Whether a PAN id is left out; which one is the version's affair.
    #[must_use]
    pub const fn pan_id_compression(self) -> bool {
        self.0 & Self::PAN_ID_COMPRESSION != 0
    }

    /// The edition; `None` for the reserved value.
    #[must_use]
    pub const fn version(self) -> Option<Version> {
        match (self.0 >> Self::VERSION_SHIFT) & 0b11 {
            0 => Some(Version::V2003),
            1 => Some(Version::V2006),
            2 => Some(Version::V2015),
            _ => None,
        }
    }

    fn dst_mode(self) -> u16 {
        (self.0 >> Self::DST_MODE_SHIFT) & 0b11
    }

    fn src_mode(self) -> u16 {
        (self.0 >> Self::SRC_MODE_SHIFT) & 0b11
    }
}

/// The auxiliary security header, IEEE 802.15.4 §9.4.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SecurityHeader {
    /// Security level, 0 to 7: bits 0 and 1 say how long the integrity code is, bit 2 whether the payload is
    /// encrypted.
    pub level: u8,
    /// How the key is named, 0 to 3.
    pub key_id_mode: u8,
    /// Frame counter; `None` if suppressed (version 2).
    pub frame_counter: Option<u32>,
}

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
    security: Option<SecurityHeader>,
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
        let mut reader = Reader { rest: bytes, len: bytes.len() };
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
        let security = if has_security_header { Some(reader.security()?) } else { None };
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
    pub fn security(&self) -> Option<SecurityHeader> {
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

    /// What the frame carries. In a beacon, superframe fields first; in a command, its identifier first.
    #[must_use]
    pub fn payload(&self) -> &'a [u8] {
        self.payload
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
        if self.is_secured() {
            f.write_str(" secured")?;
        }
        if self.control.ack_request() {
            f.write_str(" ack-request")?;
        }
        write!(f, " length {}", self.payload.len())
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

/// An address mode; 1 is reserved.
#[derive(Clone, Copy, PartialEq, Eq)]
enum AddressMode {
    None,
    Short,
    Extended,
}

impl AddressMode {
    fn of(mode: u16) -> Result<Self, Error> {
        match mode {
            0 => Ok(Self::None),
            2 => Ok(Self::Short),
            3 => Ok(Self::Extended),
            _ => Err(Error::Field(1)),
        }
    }

    fn for_address(address: HardwareAddress) -> Result<u16, Error> {
        match address.as_bytes().len() {
            0 => Ok(0),
            2 => Ok(2),
            8 => Ok(3),
            _ => Err(Error::Unrepresentable),
        }
    }
}

/// Whether destination and source PAN id are present.
fn pan_ids(
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
enum ElementsFollow {
    /// Payload information elements.
    Payload,
    /// The payload.
    Nothing,
}

/// The octets not yet read, and how many there were.
struct Reader<'a> {
    rest: &'a [u8],
    len: usize,
}

impl<'a> Reader<'a> {
    fn take<const N: usize>(&mut self) -> Result<&'a [u8; N], Error> {
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

    fn octet(&mut self) -> Result<u8, Error> {
        let [octet] = self.take()?;
        Ok(*octet)
    }

    fn pan_id(&mut self) -> Result<u16, Error> {
        Ok(LittleEndian::read_u16(self.take::<2>()?))
    }

    fn address(&mut self, mode: AddressMode) -> Result<HardwareAddress, Error> {
        Ok(match mode {
            AddressMode::None => HardwareAddress::NONE,
            AddressMode::Short => HardwareAddress::short(LittleEndian::read_u16(self.take::<2>()?)),
            AddressMode::Extended => {
                HardwareAddress::extended(LittleEndian::read_u64(self.take::<8>()?).to_be_bytes())
            }
        })
    }

    fn security(&mut self) -> Result<SecurityHeader, Error> {
        const COUNTER_SUPPRESSION: u8 = 1 << 5;
        let control = self.octet()?;
        let key_id_mode = (control >> 3) & 0b11;
        let frame_counter = if control & COUNTER_SUPPRESSION == 0 {
            Some(LittleEndian::read_u32(self.take::<4>()?))
        } else {
            None
        };
        // Key source of 0, 0, 4 or 8 octets and, but for mode 0, the key index.
        self.skip(match key_id_mode {
            0 => 0,
            1 => 1,
            2 => 5,
            _ => 9,
        })?;
        Ok(SecurityHeader { level: control & 0b111, key_id_mode, frame_counter })
    }

    /// Elements of `length 7 | id 8 | 0`, up to a termination or the end of the frame.
    fn header_elements(&mut self) -> Result<(&'a [u8], ElementsFollow), Error> {
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
    fn payload_elements(&mut self) -> Result<&'a [u8], Error> {
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

#[cfg(test)]
mod tests {
    extern crate alloc;
    use super::*;
    use alloc::string::ToString;
    use alloc::vec::Vec;

    const A: HardwareAddress = HardwareAddress::extended([0x02, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77]);
    const B: HardwareAddress = HardwareAddress::extended([0x02, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff, 0x01]);

    fn repr(dst: HardwareAddress, src: HardwareAddress, src_pan: u16) -> Repr {
        Repr { version: Version::V2006, sequence: 7, ack_request: true, dst_pan: 0xabcd, dst, src_pan, src }
    }

    /// A frame of this control field whose further octets count up from 1.
    fn counted(control: u16, len: usize) -> Vec<u8> {
        let mut bytes = control.to_le_bytes().to_vec();
        bytes.extend((1u8..).take(len - 2));
        bytes
    }

    // conf: LWP-MAC-01, LWP-MAC-04
    #[test]
    fn a_data_frame_has_its_octets_little_endian() {
        let mut buf = [0; 32];
        let len = repr(A, B, 0xabcd).emit(&mut buf).unwrap();
        let want = [
            0x61, 0xdc, 7, // data, ack request, compression; extended, version 1, extended
            0xcd, 0xab, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11, 0x02, // destination
            0x01, 0xff, 0xee, 0xdd, 0xcc, 0xbb, 0xaa, 0x02, // source
        ];
        assert_eq!(buf[..len], want);
        let frame = Frame::parse(&want).unwrap();
        assert_eq!((frame.dst(), frame.src()), (A, B));
        assert_eq!((frame.dst_pan(), frame.src_pan()), (Some(0xabcd), Some(0xabcd)));
        assert_eq!(
            frame.to_string(),
            "IEEE 802.15.4 Data 7 02:aa:bb:cc:dd:ee:ff:01@abcd > 02:11:22:33:44:55:66:77@abcd ack-request length 0"
        );
    }

    // conf: LWP-MAC-01, LWP-MAC-03
    #[test]
    fn every_address_pair_survives_a_round_trip() {
        let short = HardwareAddress::short(0x1234);
        // destination, source, source PAN, header length
        for (dst, src, src_pan, want) in [
            (A, B, 0xabcd, 21),
            (A, B, 0x0001, 23),
            (short, short, 0xabcd, 9),
            (short, short, 0x0001, 11),
            (HardwareAddress::IEEE802154_BROADCAST, B, 0xabcd, 15),
            (A, short, 0xabcd, 15),
            (A, HardwareAddress::NONE, 0, 13),
            (HardwareAddress::NONE, short, 5, 7),
        ] {
            let mut repr = repr(dst, src, src_pan);
            if dst.is_none() {
                repr.dst_pan = 0;
            }
            for version in [Version::V2003, Version::V2006] {
                repr.version = version;
                let mut buf = [0; 30];
                assert_eq!(repr.emit(&mut buf), Ok(want), "{dst} {src}");
                assert_eq!(repr.buffer_len(), want);
                buf[want..].copy_from_slice(&[9; 30][want..]);
                let frame = Frame::parse(&buf).unwrap();
                assert_eq!(Repr::parse(&frame), Ok(repr));
                assert_eq!(frame.payload().len(), 30 - want);
                for len in 0..want {
                    assert!(Frame::parse(&buf[..len]).is_err(), "{dst} {src} cut at {len}");
                    assert_eq!(repr.emit(&mut [0; 30][..len]), Err(Error::no_room(want, len)));
                }
            }
        }
    }

    // conf: LWP-MAC-02, LWP-MAC-03, LWP-MAC-10
    #[test]
    fn pan_ids_are_where_the_versions_table_says() {
        const N: u16 = 0;
        const S: u16 = 2;
        const X: u16 = 3;
        // destination mode, source mode, compression, then header octets by version 0/1 and version 2
        for (dst, src, compression, old, new) in [
            (N, N, 0, Some(3), Some(3)),
            (N, N, 1, None, Some(5)),
            (S, N, 0, Some(7), Some(7)),
            (S, N, 1, None, Some(5)),
            (X, N, 0, Some(13), Some(13)),
            (X, N, 1, None, Some(11)),
            (N, S, 0, Some(7), Some(7)),
            (N, S, 1, None, Some(5)),
            (N, X, 0, Some(13), Some(13)),
            (N, X, 1, None, Some(11)),
            (S, S, 0, Some(11), Some(11)),
            (S, S, 1, Some(9), Some(9)),
            (S, X, 0, Some(17), Some(17)),
            (S, X, 1, Some(15), Some(15)),
            (X, S, 0, Some(17), Some(17)),
            (X, S, 1, Some(15), Some(15)),
            (X, X, 0, Some(23), Some(21)),
            (X, X, 1, Some(21), Some(19)),
        ] {
            for (version, want) in [(0, old), (1, old), (2, new)] {
                let control = 1 | compression << 6 | dst << 10 | version << 12 | src << 14;
                let bytes = counted(control, 40);
                let got = Frame::parse(&bytes).ok().map(|frame| 40 - frame.payload().len());
                assert_eq!(got, want, "modes {dst} {src} compression {compression} version {version}");
                if let Some(len) = want {
                    for cut in 0..len {
                        assert!(Frame::parse(&bytes[..cut]).is_err());
                    }
                    assert!(Frame::parse(&bytes[..len]).is_ok());
                }
            }
        }
    }

    // conf: LWP-MAC-02, LWP-MAC-07, LWP-MAC-10
    #[test]
    fn what_is_reserved_is_refused_and_other_types_are_recognised() {
        for (dst, src) in [(1, 0), (0, 1), (1, 1), (1, 2), (2, 1), (1, 3), (3, 1)] {
            for version in 0..3 {
                for compression in [0, 1] {
                    let control = 1 | compression << 6 | dst << 10 | version << 12 | src << 14;
                    assert_eq!(Frame::parse(&counted(control, 40)).err(), Some(Error::Field(1)));
                }
            }
        }
        assert_eq!(Frame::parse(&counted(1 | 3 << 12, 40)).err(), Some(Error::Version(3)));
        for (number, kind) in
            [(0, FrameType::Beacon), (2, FrameType::Acknowledgement), (3, FrameType::Command)]
        {
            let bytes = counted(number, 5);
            let frame = Frame::parse(&bytes).unwrap();
            assert_eq!(frame.frame_type(), kind);
            assert_eq!(Repr::parse(&frame).err(), Some(Error::Unknown(number.to_le_bytes()[0])));
        }
        for (number, kind) in [
            (4, FrameType::Reserved),
            (5, FrameType::Multipurpose),
            (6, FrameType::Fragment),
            (7, FrameType::Extended),
        ] {
            assert_eq!(FrameType::of(number), kind);
            assert_eq!(Frame::parse(&counted(u16::from(number), 40)).err(), Some(Error::Unknown(number)));
        }
    }

    // conf: LWP-MAC-09
    #[test]
    fn a_security_header_is_recognised() {
        // security control, octets of the header in version 1
        for (control, len) in [(0x05, 5), (0x0d, 6), (0x15, 10), (0x1d, 14)] {
            let mut bytes = Vec::from([0x49, 0x98, 7, 0xcd, 0xab, 1, 0, 2, 0, control]);
            bytes.extend([0x11; 30]);
            let frame = Frame::parse(&bytes).unwrap();
            let security = frame.security().unwrap();
            assert_eq!((security.level, security.frame_counter), (5, Some(0x1111_1111)));
            assert_eq!(security.key_id_mode, (control >> 3) & 3);
            assert_eq!(frame.payload().len(), 31 - len);
            assert!(frame.is_secured() && Repr::parse(&frame).is_err());
            for cut in 0..9 + len {
                assert!(Frame::parse(&bytes[..cut]).is_err());
            }
        }
        // Version 0 has no such header, but is secured all the same.
        let frame = Frame::parse(&[0x49, 0x88, 7, 0xcd, 0xab, 1, 0, 2, 0, 0x41]).unwrap();
        assert!(frame.is_secured() && frame.security().is_none());
    }

    // conf: LWP-MAC-10
    #[test]
    fn version_2_may_leave_out_the_sequence_number_and_hold_elements() {
        // Suppressed sequence number, elements present; short addresses in one PAN.
        let head = [0x41, 0xab, 0xcd, 0xab, 1, 0, 2, 0];
        let with = |rest: &[u8]| [&head[..], rest].concat();
        // Element 0x1e of 2 octets; termination 1, payload element of 1 octet in group 1, termination, payload.
        let bytes = with(&[0x02, 0x0f, 9, 9, 0x00, 0x3f, 0x01, 0x88, 7, 0x00, 0xf8, 0xaa, 0xbb]);
        let frame = Frame::parse(&bytes).unwrap();
        assert_eq!(frame.sequence(), None);
        assert_eq!(frame.header_elements(), [0x02, 0x0f, 9, 9, 0x00, 0x3f]);
        assert_eq!(frame.payload_elements(), [0x01, 0x88, 7, 0x00, 0xf8]);
        assert_eq!(frame.payload(), [0xaa, 0xbb]);
        // Termination 2: the payload follows at once.
        let bytes = with(&[0x80, 0x3f, 0xaa]);
        assert_eq!(Frame::parse(&bytes).unwrap().payload(), [0xaa]);
        // An element longer than the frame, one of the other kind.
        assert!(matches!(Frame::parse(&with(&[0x03, 0x0f, 9, 9])), Err(Error::Truncated { .. })));
        assert_eq!(Frame::parse(&with(&[0x00, 0x80])).err(), Some(Error::Field(8)));
    }

    #[test]
    fn no_octets_make_the_parser_panic() {
        let mut state = 1u32;
        let mut bytes = [0; 40];
        for round in 0..200_000u32 {
            for byte in &mut bytes {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                *byte = state.to_be_bytes()[0];
            }
            let len = usize::try_from(round % 41).unwrap();
            if let Ok(frame) = Frame::parse(&bytes[..len]) {
                assert!(frame.payload().len() <= len);
                if round % 64 == 0 {
                    assert!(!frame.to_string().is_empty());
                }
            }
        }
    }

    #[test]
    fn an_ethernet_address_cannot_be_expressed() {
        let ethernet = HardwareAddress::ethernet([2, 0, 0, 0, 0, 1]);
        assert_eq!(repr(ethernet, A, 1).emit(&mut [0; 40]), Err(Error::Unrepresentable));
    }
}
