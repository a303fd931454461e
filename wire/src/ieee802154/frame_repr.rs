//! The header of a frame of any type, version and addressing, to send or as received.

use super::reader::{pan_ids, AddressMode, ElementsFollow, Reader};
use super::{Frame, FrameControl, FrameType, SecurityRepr, Version};
use crate::put::Put;
use crate::{Error, HardwareAddress};

/// A frame's header with all that it can hold. [`Repr`](super::Repr) is the plain data frame that 6LoWPAN sends.
///
/// Which PAN ids stand in the frame says the PAN id compression, by the table of the version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameRepr<'a> {
    /// Beacon, data, acknowledgement or command.
    pub frame_type: FrameType,
    /// The edition to follow.
    pub version: Version,
    /// Whether the sender has more for the receiver.
    pub frame_pending: bool,
    /// Whether the receiver shall acknowledge.
    pub ack_request: bool,
    /// Sequence number; `None` suppresses it, in version 2 only.
    pub sequence: Option<u8>,
    /// Destination PAN id, if it stands in the frame.
    pub dst_pan: Option<u16>,
    /// Destination address: short, extended or none.
    pub dst: HardwareAddress,
    /// Source PAN id, if it stands in the frame.
    pub src_pan: Option<u16>,
    /// Source address: short, extended or none.
    pub src: HardwareAddress,
    /// Security header; not in version 0.
    pub security: Option<SecurityRepr>,
    /// Header information elements with their termination, in version 2 only. Without a termination no payload may
    /// follow.
    pub header_elements: &'a [u8],
    /// Payload information elements with their termination; those of a secured frame are part of its payload.
    pub payload_elements: &'a [u8],
}

impl<'a> FrameRepr<'a> {
    /// A frame of version 1 without addresses, security and elements: `FrameType::Acknowledgement` is complete so.
    #[must_use]
    pub const fn new(frame_type: FrameType, sequence: u8) -> Self {
        Self {
            frame_type,
            version: Version::V2006,
            frame_pending: false,
            ack_request: false,
            sequence: Some(sequence),
            dst_pan: None,
            dst: HardwareAddress::NONE,
            src_pan: None,
            src: HardwareAddress::NONE,
            security: None,
            header_elements: &[],
            payload_elements: &[],
        }
    }

    /// The header of a frame; bits that its version reserves are left out.
    ///
    /// # Errors
    /// `Field(0)` for a secured frame of version 0, whose security no header describes.
    pub fn parse(frame: &Frame<'a>) -> Result<Self, Error> {
        if frame.is_secured() && frame.security.is_none() {
            return Err(Error::Field(0));
        }
        Ok(Self {
            frame_type: frame.frame_type(),
            version: frame.version,
            frame_pending: frame.control.frame_pending(),
            ack_request: frame.control.ack_request(),
            sequence: frame.sequence,
            dst_pan: frame.dst_pan,
            dst: frame.dst,
            src_pan: frame.src_pan,
            src: frame.src,
            security: frame.security.map(|security| SecurityRepr::parse(&security, frame.version)),
            header_elements: frame.header_elements,
            payload_elements: frame.payload_elements,
        })
    }

    /// Octets that [`Self::emit`] writes: 2 or more.
    #[must_use]
    pub fn buffer_len(&self) -> usize {
        let pan_len = |pan: Option<u16>| if pan.is_some() { 2 } else { 0 };
        2 + usize::from(self.sequence.is_some())
            + pan_len(self.dst_pan)
            + self.dst.as_bytes().len()
            + pan_len(self.src_pan)
            + self.src.as_bytes().len()
            + self.security.as_ref().map_or(0, SecurityRepr::buffer_len)
            + self.header_elements.len()
            + self.payload_elements.len()
    }

    /// Writes the header at the front of `buffer` and returns its length; the payload follows.
    ///
    /// # Errors
    /// `NoRoom`; `Unrepresentable` for a type with another header, an Ethernet address, PAN ids that no compression of
    /// the version gives, what the version does not know, and elements that are not well-formed or not terminated as
    /// what follows them wants.
    pub fn emit(&self, buffer: &mut [u8]) -> Result<usize, Error> {
        let need = self.buffer_len();
        let mut writer = Put::new(buffer, need)?;
        writer.octets(&self.control()?.to_le_bytes());
        writer.octets(self.sequence.as_slice());
        for (pan, address) in [(self.dst_pan, self.dst), (self.src_pan, self.src)] {
            if let Some(pan) = pan {
                writer.octets(&pan.to_le_bytes());
            }
            for octet in address.as_bytes().iter().rev() {
                writer.octets(&[*octet]);
            }
        }
        if let Some(security) = &self.security {
            security.write(self.version, &mut writer)?;
        }
        writer.octets(self.header_elements);
        writer.octets(self.payload_elements);
        Ok(need)
    }

    fn control(&self) -> Result<u16, Error> {
        let frame_type = match self.frame_type {
            FrameType::Beacon => 0,
            FrameType::Data => 1,
            FrameType::Acknowledgement => 2,
            FrameType::Command => 3,
            _ => return Err(Error::Unrepresentable),
        };
        let version = match self.version {
            Version::V2003 => 0,
            Version::V2006 => 1,
            Version::V2015 => 2,
        };
        let (dst, src) = (AddressMode::for_address(self.dst)?, AddressMode::for_address(self.src)?);
        let flag = |is_set: bool, bit: u16| if is_set { bit } else { 0 };
        Ok(frame_type
            | flag(self.security.is_some(), FrameControl::SECURITY)
            | flag(self.frame_pending, FrameControl::PENDING)
            | flag(self.ack_request, FrameControl::ACK_REQUEST)
            | self.compression(dst, src)?
            | self.suppression()?
            | self.elements_present()?
            | dst << FrameControl::DST_MODE_SHIFT
            | version << FrameControl::VERSION_SHIFT
            | src << FrameControl::SRC_MODE_SHIFT)
    }

    /// The bit that makes a receiver expect just these PAN ids.
    fn compression(&self, dst: u16, src: u16) -> Result<u16, Error> {
        let (dst, src) = (AddressMode::of(dst)?, AddressMode::of(src)?);
        let present = (self.dst_pan.is_some(), self.src_pan.is_some());
        for (is_compressed, bit) in [(false, 0), (true, FrameControl::PAN_ID_COMPRESSION)] {
            if pan_ids(self.version, dst, src, is_compressed) == Ok(present) {
                return Ok(bit);
            }
        }
        Err(Error::Unrepresentable)
    }

    fn suppression(&self) -> Result<u16, Error> {
        match (self.sequence, self.version) {
            (Some(_), _) => Ok(0),
            (None, Version::V2015) => Ok(FrameControl::SEQUENCE_SUPPRESSION),
            (None, _) => Err(Error::Unrepresentable),
        }
    }

    /// Elements are such that a receiver finds their end where it is.
    fn elements_present(&self) -> Result<u16, Error> {
        if self.header_elements.is_empty() && self.payload_elements.is_empty() {
            return Ok(0);
        }
        let refuse = |_| Error::Unrepresentable;
        let mut reader = Reader::new(self.header_elements);
        let (header, follow) = reader.header_elements().map_err(refuse)?;
        let is_whole = header.len() == self.header_elements.len();
        if self.version != Version::V2015 || header.is_empty() || !is_whole {
            return Err(Error::Unrepresentable);
        }
        if !self.payload_elements.is_empty() {
            let payload = Reader::new(self.payload_elements).payload_elements().map_err(refuse)?;
            let is_whole = payload.len() == self.payload_elements.len();
            if follow != ElementsFollow::Payload || self.security.is_some() || !is_whole {
                return Err(Error::Unrepresentable);
            }
        }
        Ok(FrameControl::ELEMENTS_PRESENT)
    }
}

#[cfg(test)]
mod tests {
    extern crate alloc;
    use super::super::elements::{HeaderElement, PayloadElement};
    use super::super::{integrity_code_len, Beacon, Command, KeyId, Repr};
    use super::*;
    use alloc::string::ToString;
    use alloc::vec::Vec;

    const NONE: HardwareAddress = HardwareAddress::NONE;
    const SHORT: HardwareAddress = HardwareAddress::short(0x1234);
    const LONG: HardwareAddress = HardwareAddress::extended([2, 1, 2, 3, 4, 5, 6, 7]);
    const TYPES: [FrameType; 4] =
        [FrameType::Beacon, FrameType::Data, FrameType::Acknowledgement, FrameType::Command];
    const VERSIONS: [Version; 3] = [Version::V2003, Version::V2006, Version::V2015];

    fn emitted(repr: &FrameRepr<'_>) -> Vec<u8> {
        let mut buffer = alloc::vec![0xee; repr.buffer_len()];
        assert_eq!(repr.emit(&mut buffer), Ok(buffer.len()), "{repr:?}");
        buffer
    }

    /// Emits, parses, cuts.
    fn round_trip(repr: &FrameRepr<'_>, payload: &[u8]) {
        let header = emitted(repr);
        let bytes = [&header, payload].concat();
        let frame = Frame::parse(&bytes).unwrap();
        assert_eq!((FrameRepr::parse(&frame), frame.payload()), (Ok(*repr), payload));
        for cut in 0..header.len() {
            let room = Error::no_room(header.len(), cut);
            assert_eq!(repr.emit(&mut alloc::vec![0; cut]), Err(room));
            // Elements may end anywhere between two of them; what comes before may not.
            let elements_len = repr.header_elements.len() + repr.payload_elements.len();
            if cut < header.len() - elements_len {
                let got = Frame::parse(&bytes[..cut]).unwrap_err();
                assert!(matches!(got, Error::Truncated { have, .. } if usize::from(have) == cut), "{got}");
            }
        }
    }

    // conf: LWP-MAC-01, LWP-MAC-02, LWP-MAC-03, LWP-MAC-10
    #[test]
    fn every_type_version_addressing_and_compression_comes_back_or_is_not_emitted() {
        let mut count = 0;
        for version in VERSIONS {
            for frame_type in TYPES {
                for (dst, src) in [NONE, SHORT, LONG].map(|a| [NONE, SHORT, LONG].map(|b| (a, b))).concat() {
                    for (dst_pan, src_pan) in
                        [(None, None), (Some(1), None), (None, Some(2)), (Some(1), Some(1))]
                    {
                        let repr = FrameRepr {
                            version,
                            frame_pending: true,
                            ack_request: dst == SHORT,
                            dst_pan,
                            dst,
                            src_pan,
                            src,
                            ..FrameRepr::new(frame_type, 7)
                        };
                        let (d, s) = (dst.as_bytes().len(), src.as_bytes().len());
                        let is_possible = match (version, d, s, dst_pan.is_some(), src_pan.is_some()) {
                            // Table 7-2 of the 2015 edition.
                            (Version::V2015, 0, 0, _, false) => true,
                            (Version::V2015, 1.., 0, _, false) => true,
                            (Version::V2015, 0, 1.., false, _) => true,
                            (Version::V2015, 8, 8, _, false) => true,
                            (Version::V2015, 8, 8, ..) => false,
                            (Version::V2015, 1.., 1.., true, _) => true,
                            (Version::V2015, ..) => false,
                            // Before it, each address has its PAN id, but the source's may be the destination's.
                            (_, _, _, has_dst, false) if d > 0 && s > 0 => has_dst,
                            (_, _, _, has_dst, has_src) => (has_dst, has_src) == (d > 0, s > 0),
                        };
                        if is_possible {
                            round_trip(&repr, &[9; 5]);
                            count += 1;
                        } else {
                            assert_eq!(repr.emit(&mut [0; 64]), Err(Error::Unrepresentable), "{repr:?}");
                        }
                    }
                }
            }
        }
        assert_eq!(count, 4 * (13 + 13 + 18));
    }

    #[test]
    fn security_headers_are_as_long_as_their_control_says() {
        // key, octets of security header with and without counter
        for (key_id, with, without) in [
            (KeyId::Implicit, 5, 1),
            (KeyId::Index(9), 6, 2),
            (KeyId::Short([1, 2, 3, 4], 9), 10, 6),
            (KeyId::Extended([1, 2, 3, 4, 5, 6, 7, 8], 9), 14, 10),
        ] {
            for level in 0..=7_u8 {
                for (counter, version) in [
                    (Some(0x0102_0304), Version::V2006),
                    (Some(u32::MAX), Version::V2015),
                    (None, Version::V2015),
                ] {
                    let security =
                        SecurityRepr { level, key_id, frame_counter: counter, is_asn_in_nonce: false };
                    let repr = FrameRepr {
                        version,
                        dst_pan: Some(1),
                        dst: SHORT,
                        security: Some(security),
                        ..FrameRepr::new(FrameType::Data, 7)
                    };
                    assert_eq!(security.buffer_len(), if counter.is_some() { with } else { without });
                    round_trip(&repr, &[9; 20]);
                    let bytes = [&emitted(&repr)[..], &[9; 20]].concat();
                    let frame = Frame::parse(&bytes).unwrap();
                    let header = frame.security().unwrap();
                    assert_eq!((header.is_encrypted(), header.is_asn_in_nonce()), (level > 3, false));
                    let code_len = [0, 4, 8, 16][usize::from(level % 4)];
                    assert_eq!(
                        (header.integrity_code_len(), integrity_code_len(level)),
                        (code_len, code_len)
                    );
                    let (payload, code) = frame.split_integrity_code().unwrap();
                    assert_eq!((payload.len(), code.len()), (20 - code_len, code_len));
                    let short = Frame::parse(&bytes[..bytes.len() - 18]).unwrap();
                    let want = if code_len > 2 { Err(Error::truncated(code_len, 2)) } else { Ok(2) };
                    assert_eq!(short.split_integrity_code().map(|(payload, _)| payload.len()), want);
                }
            }
        }
        // The bit that suppresses the counter is reserved in version 1: the counter is there.
        let bytes = [0x09, 0x18, 7, 1, 0, 0x34, 0x12, 0x25, 1, 2, 3, 4, 0xaa];
        let frame = Frame::parse(&bytes).unwrap();
        assert_eq!(frame.security().unwrap().frame_counter(), Some(0x0403_0201));
        assert_eq!(frame.payload(), [0xaa]);
        assert_eq!(
            frame.to_string(),
            "IEEE 802.15.4 Data 7 none > 12:34@0001 secured level 5 counter 67305985 length 1"
        );
    }

    fn elements() -> (Vec<u8>, Vec<u8>) {
        let mut buffer = [0; 40];
        let mut header = Vec::new();
        for element in [HeaderElement { id: 0x1e, content: &[1, 2] }, HeaderElement::TERMINATION_1] {
            let len = element.emit(&mut buffer).unwrap();
            header.extend(&buffer[..len]);
        }
        let mut payload = Vec::new();
        for element in [PayloadElement { group: 1, content: &[0, 0x1a] }, PayloadElement::TERMINATION] {
            let len = element.emit(&mut buffer).unwrap();
            payload.extend(&buffer[..len]);
        }
        (header, payload)
    }

    #[test]
    fn elements_and_suppressed_sequence_numbers_come_back_in_version_2() {
        let (header, payload) = elements();
        let plain = FrameRepr { version: Version::V2015, ..FrameRepr::new(FrameType::Beacon, 7) };
        let with = FrameRepr { header_elements: &header, payload_elements: &payload, ..plain };
        for frame_type in TYPES {
            for sequence in [Some(7), None] {
                round_trip(&FrameRepr { frame_type, sequence, ..plain }, &[1, 2]);
                round_trip(&FrameRepr { frame_type, sequence, ..with }, &[1, 2]);
            }
        }
        let bytes = emitted(&with);
        assert_eq!(
            Frame::parse(&bytes).unwrap().to_string(),
            "IEEE 802.15.4 Beacon 7 none > none [time correction, 2 octets] [MLME, 2 octets] length 0"
        );
        let security = Some(SecurityRepr {
            level: 5,
            key_id: KeyId::Index(1),
            frame_counter: None,
            is_asn_in_nonce: true,
        });
        round_trip(&FrameRepr { payload_elements: &[], security, ..with }, &[7; 9]);
    }

    #[test]
    fn what_a_receiver_would_read_differently_is_not_emitted() {
        let (header, payload) = elements();
        let plain = FrameRepr::new(FrameType::Data, 7);
        let new = FrameRepr { version: Version::V2015, ..plain };
        let with = FrameRepr { header_elements: &header, payload_elements: &payload, ..new };
        let security =
            SecurityRepr { level: 5, key_id: KeyId::Implicit, frame_counter: None, is_asn_in_nonce: false };
        let counted = SecurityRepr { frame_counter: Some(1), ..security };
        for bad in [
            FrameRepr { frame_type: FrameType::Multipurpose, ..plain },
            FrameRepr { sequence: None, ..plain },
            FrameRepr { dst: HardwareAddress::ethernet([2; 6]), dst_pan: Some(1), ..plain },
            FrameRepr { security: Some(security), ..plain },
            FrameRepr { security: Some(SecurityRepr { is_asn_in_nonce: true, ..counted }), ..plain },
            FrameRepr { security: Some(SecurityRepr { level: 8, ..counted }), ..plain },
            FrameRepr { security: Some(counted), version: Version::V2003, ..plain },
            FrameRepr { version: Version::V2006, ..with },
            FrameRepr { header_elements: &[], ..with },
            FrameRepr { header_elements: &header[..5], ..with },
            FrameRepr { header_elements: &[0x80, 0x3f], ..with },
            FrameRepr { header_elements: &[0x80, 0x3f, 0, 0], payload_elements: &[], ..with },
            FrameRepr { payload_elements: &payload[..3], ..with },
            FrameRepr { security: Some(security), ..with },
        ] {
            assert_eq!(bad.emit(&mut [0; 64]), Err(Error::Unrepresentable), "{bad:?}");
        }
    }

    #[test]
    fn beacons_and_commands_are_read_through_the_frame() {
        let acknowledgement = emitted(&FrameRepr::new(FrameType::Acknowledgement, 0x42));
        assert_eq!(acknowledgement, [0x02, 0x10, 0x42]);
        let frame = Frame::parse(&acknowledgement).unwrap();
        assert!(frame.beacon().is_none() && frame.command().is_none());
        assert_eq!(frame.to_string(), "IEEE 802.15.4 Acknowledgement 66 none > none length 0");

        let beacon = FrameRepr { src_pan: Some(0xabcd), src: SHORT, ..FrameRepr::new(FrameType::Beacon, 1) };
        let bytes = [&emitted(&beacon)[..], &[0xff, 0xcf, 0, 0]].concat();
        let frame = Frame::parse(&bytes).unwrap();
        assert!(matches!(frame.beacon(), Some(Ok(Beacon { payload: [], .. }))));
        assert_eq!(
            frame.to_string(),
            "IEEE 802.15.4 Beacon 1 12:34@abcd > none length 4, \
             beacon order 15 superframe order 15 coordinator association-permit"
        );

        let request = FrameRepr {
            ack_request: true,
            dst_pan: Some(0xabcd),
            dst: SHORT,
            src: LONG,
            ..FrameRepr::new(FrameType::Command, 2)
        };
        let bytes = [&emitted(&request)[..], &[4]].concat();
        let frame = Frame::parse(&bytes).unwrap();
        assert_eq!(frame.command(), Some(Ok(Command::DataRequest)));
        assert_eq!(
            frame.to_string(),
            "IEEE 802.15.4 Command 2 02:01:02:03:04:05:06:07@abcd > 12:34@abcd ack-request length 1, data request"
        );
        let frame = Frame::parse(&bytes[..bytes.len() - 1]).unwrap();
        assert_eq!(frame.command(), Some(Err(Error::truncated(1, 0))));

        // Encrypted: not read. Only authenticated: read up to the code.
        for (level, is_read) in [(1, true), (5, false)] {
            let key_id = KeyId::Implicit;
            let security = SecurityRepr { level, key_id, frame_counter: Some(1), is_asn_in_nonce: false };
            let repr = FrameRepr { security: Some(security), ..request };
            let bytes = [&emitted(&repr)[..], &[4, 1, 2, 3, 4]].concat();
            let command = Frame::parse(&bytes).unwrap().command();
            assert_eq!(command, is_read.then_some(Ok(Command::DataRequest)));
        }
        // Version 0 is protected in a way that no header describes.
        let frame = Frame::parse(&[0x0b, 0x00, 7, 4]).unwrap();
        assert!(frame.command().is_none() && FrameRepr::parse(&frame) == Err(Error::Field(0)));
    }

    #[test]
    fn the_plain_repr_and_this_one_write_the_same_octets() {
        let repr = Repr {
            version: Version::V2006,
            sequence: 7,
            ack_request: true,
            dst_pan: 0xabcd,
            dst: SHORT,
            src_pan: 0xabcd,
            src: LONG,
        };
        let mut bytes = [0; 15];
        repr.emit(&mut bytes).unwrap();
        let frame = Frame::parse(&bytes).unwrap();
        assert_eq!(emitted(&FrameRepr::parse(&frame).unwrap()), bytes);
    }

    // Every octet of frames that hold everything: it is refused or comes back, whatever its value.
    #[test]
    fn every_mutation_of_one_octet_is_refused_or_comes_back() {
        let (header, payload) = elements();
        let full = FrameRepr {
            version: Version::V2015,
            dst_pan: Some(1),
            dst: LONG,
            src_pan: Some(2),
            src: SHORT,
            header_elements: &header,
            payload_elements: &payload,
            ..FrameRepr::new(FrameType::Command, 7)
        };
        let key_id = KeyId::Extended([3; 8], 1);
        let security = SecurityRepr { level: 6, key_id, frame_counter: Some(9), is_asn_in_nonce: false };
        let secured = FrameRepr { payload_elements: &[], security: Some(security), ..full };
        for repr in [full, secured] {
            let good = [&emitted(&repr)[..], &[8, 0xcd, 0xab, 1, 0, 26, 0xff, 0xff]].concat();
            for at in 0..good.len() {
                for value in 0..=255 {
                    let mut bytes = good.clone();
                    bytes[at] = value;
                    let Ok(frame) = Frame::parse(&bytes) else { continue };
                    assert!(!frame.to_string().is_empty());
                    let Ok(repr) = FrameRepr::parse(&frame) else { continue };
                    let again = [&emitted(&repr)[..], frame.payload()].concat();
                    let again = Frame::parse(&again).unwrap();
                    assert_eq!((FrameRepr::parse(&again), again.payload()), (Ok(repr), frame.payload()));
                }
            }
        }
    }
}
