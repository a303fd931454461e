//! Logical link control, IEEE 802.2, and SNAP, RFC 1042: what follows the header of an IEEE 802.3 frame.
//!
//! ```text
//!  0      1      2               3 or 4
//!  +------+------+----------------+-----------------------------------------+
//!  | DSAP | SSAP | control, 1 or 2| information                             |
//!  +------+------+----------------+-----------------------------------------+
//!  | 0xaa | 0xaa | 0x03 | OUI, 3 octets | protocol id, 2 | payload          |   SNAP
//!
//!  control, least significant bit on the right:
//!    information   N(R) 7 | P/F | N(S) 7         | 0
//!    supervisory   N(R) 7 | P/F | 0 4   | S 2    | 0 1
//!    unnumbered                  M 3 | P/F | M 2 | 1 1
//! ```
//! With OUI 0 the protocol id is an EtherType. Hosts of the Internet speak Ethernet II, RFC 1122 §2.3.3, and
//! may understand this.
//!
//! ```
//! use tersus_wire::{ethernet, llc, EtherType};
//!
//! let mut frame = [0; 64];
//! let header =
//!     ethernet::LengthRepr { destination: [2, 0, 0, 0, 0, 2], source: [2, 0, 0, 0, 0, 1], length: 8 + 4 };
//! header.emit(&mut frame)?;
//! llc::SnapRepr::new(EtherType::IPV4).emit(&mut frame[ethernet::HEADER_LEN..])?;
//!
//! let read = ethernet::Packet::parse(&frame)?;
//! assert_eq!(read.ether_type().as_length(), Some(12)); // so an LLC header follows, and the padding is left out
//! let snap = llc::Packet::parse(read.payload())?.snap()?;
//! assert_eq!(snap.map(|snap| (snap.ether_type(), snap.payload())), Some((Some(EtherType::IPV4), &[0; 4][..])));
//! # Ok::<(), tersus_wire::Error>(())
//! ```

mod control;

use crate::cursor::Reader;
use crate::put::Put;
use crate::{Error, EtherType};
pub use control::{Control, Supervisory, Unnumbered};
use core::fmt;

/// Length of a header with a control field of one octet, in octets.
pub const HEADER_LEN: usize = 3;
/// Length of LLC and SNAP headers together, in octets.
pub const SNAP_HEADER_LEN: usize = 8;
/// Largest IP packet in an IEEE 802.3 frame, in octets: 1500 less LLC and SNAP, RFC 1042.
pub const SNAP_MTU: u16 = 1492;

/// The bit of an SSAP that makes the frame a response.
const RESPONSE: u8 = 1;
const POLL_FINAL: u8 = 0x10;

/// A service access point, IEEE 802.2 §3.3; the lowest bit is not part of it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct Sap(pub u8);

impl Sap {
    /// No service: the station's LLC itself.
    pub const NULL: Self = Self(0x00);
    /// IP without SNAP: never sent, RFC 1122 §2.3.3.
    pub const IP: Self = Self(0x06);
    /// Spanning tree protocol.
    pub const SPANNING_TREE: Self = Self(0x42);
    /// SNAP, RFC 1042.
    pub const SNAP: Self = Self(0xaa);
    /// IPX.
    pub const NETWARE: Self = Self(0xe0);
    /// NetBIOS.
    pub const NETBIOS: Self = Self(0xf0);
    /// Network layers of ISO: IS-IS.
    pub const ISO: Self = Self(0xfe);
}

impl fmt::Display for Sap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match *self {
            Self::NULL => "null",
            Self::IP => "IP",
            Self::SPANNING_TREE => "STP",
            Self::SNAP => "SNAP",
            Self::NETWARE => "NetWare",
            Self::NETBIOS => "NetBIOS",
            Self::ISO => "ISO",
            Self(number) => return write!(f, "SAP 0x{number:02x}"),
        })
    }
}

impl fmt::Debug for Sap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A view of what an IEEE 802.3 frame carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Packet<'a> {
    dsap: u8,
    ssap: u8,
    control: Control,
    information: &'a [u8],
}

impl<'a> Packet<'a> {
    /// Splits `bytes`, the payload of an IEEE 802.3 frame without its padding, into header and information.
    ///
    /// # Errors
    /// `Truncated`.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        let mut reader = Reader::new(bytes);
        let (dsap, ssap) = (reader.octet()?, reader.octet()?);
        let control = Control::read(&mut reader)?;
        Ok(Self { dsap, ssap, control, information: reader.rest() })
    }

    /// Whom it is for.
    #[must_use]
    pub const fn dsap(&self) -> Sap {
        Sap(self.dsap & !1)
    }

    /// Whether the destination is a group of access points.
    #[must_use]
    pub const fn is_group(&self) -> bool {
        self.dsap & 1 != 0
    }

    /// Who sent it.
    #[must_use]
    pub const fn ssap(&self) -> Sap {
        Sap(self.ssap & !1)
    }

    /// Whether it is a response; else it is a command.
    #[must_use]
    pub const fn is_response(&self) -> bool {
        self.ssap & RESPONSE != 0
    }

    /// The control field.
    #[must_use]
    pub const fn control(&self) -> Control {
        self.control
    }

    /// What follows the header.
    #[must_use]
    pub const fn information(&self) -> &'a [u8] {
        self.information
    }

    /// The SNAP header, if the packet has one: both access points 0xaa, UI.
    ///
    /// # Errors
    /// `Truncated`, counted from the start of the information.
    pub fn snap(&self) -> Result<Option<Snap<'a>>, Error> {
        if self.dsap != Sap::SNAP.0 || self.ssap != Sap::SNAP.0 || self.control != Control::UI {
            return Ok(None);
        }
        Snap::parse(self.information).map(Some)
    }
}

impl fmt::Display for Packet<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Repr::parse(self))?;
        match self.snap() {
            Ok(Some(snap)) => write!(f, ", {snap}"),
            _ => write!(f, ", {} octets", self.information.len()),
        }
    }
}

/// The meaning of an LLC header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct Repr {
    /// Whom it is for; its lowest bit is 0.
    #[cfg_attr(feature = "arbitrary", arbitrary(with = crate::arbitrary::sap))]
    pub dsap: Sap,
    /// Whether the destination is a group of access points.
    pub is_group: bool,
    /// Who sends it; its lowest bit is 0.
    #[cfg_attr(feature = "arbitrary", arbitrary(with = crate::arbitrary::sap))]
    pub ssap: Sap,
    /// Whether it is a response; else it is a command.
    pub is_response: bool,
    /// The control field.
    pub control: Control,
}

impl Repr {
    /// The header in front of a SNAP header: AA-AA-03.
    pub const SNAP: Self =
        Self { dsap: Sap::SNAP, is_group: false, ssap: Sap::SNAP, is_response: false, control: Control::UI };

    /// All fields of a packet.
    #[must_use]
    pub const fn parse(packet: &Packet<'_>) -> Self {
        Self {
            dsap: packet.dsap(),
            is_group: packet.is_group(),
            ssap: packet.ssap(),
            is_response: packet.is_response(),
            control: packet.control,
        }
    }

    /// What `emit` writes: 3 or 4 octets.
    #[must_use]
    pub const fn buffer_len(&self) -> usize {
        2 + self.control.buffer_len()
    }

    /// Writes the header at the front of `buffer` and returns its length.
    ///
    /// # Errors
    /// `NoRoom`; `Unrepresentable` for an access point that is odd, for a number above 127, and for [`Sap::IP`], which
    /// RFC 1122 §2.3.3 forbids to send.
    pub fn emit(&self, buffer: &mut [u8]) -> Result<usize, Error> {
        let need = self.buffer_len();
        let mut writer = Put::new(buffer, need)?;
        if (self.dsap.0 | self.ssap.0) & 1 != 0 || self.dsap == Sap::IP || self.ssap == Sap::IP {
            return Err(Error::Unrepresentable);
        }
        writer.octets(&[self.dsap.0 | u8::from(self.is_group), self.ssap.0 | u8::from(self.is_response)]);
        self.control.write(&mut writer)?;
        Ok(need)
    }
}

impl fmt::Display for Repr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let group = if self.is_group { "group " } else { "" };
        let response = if self.is_response { " response" } else { "" };
        write!(f, "LLC {} > {group}{} {}{response}", self.ssap, self.dsap, self.control)
    }
}

/// A view of a SNAP header and what follows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Snap<'a> {
    oui: [u8; 3],
    protocol: u16,
    payload: &'a [u8],
}

impl<'a> Snap<'a> {
    /// Splits `bytes`, the information of an LLC packet, into SNAP header and payload.
    ///
    /// # Errors
    /// `Truncated` below five octets.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        let mut reader = Reader::new(bytes);
        let [a, b, c, high, low] = *reader.array()?;
        Ok(Self { oui: [a, b, c], protocol: u16::from_be_bytes([high, low]), payload: reader.rest() })
    }

    /// Who assigned the protocol id: 0 for EtherTypes.
    #[must_use]
    pub const fn oui(&self) -> [u8; 3] {
        self.oui
    }

    /// The protocol id, assigned by the owner of the OUI.
    #[must_use]
    pub const fn protocol(&self) -> u16 {
        self.protocol
    }

    /// The protocol id as an EtherType; `None` unless the OUI is 0, RFC 1042.
    #[must_use]
    pub const fn ether_type(&self) -> Option<EtherType> {
        match self.oui {
            [0, 0, 0] => Some(EtherType(self.protocol)),
            _ => None,
        }
    }

    /// What follows.
    #[must_use]
    pub const fn payload(&self) -> &'a [u8] {
        self.payload
    }
}

impl fmt::Display for Snap<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {} octets", SnapRepr::parse(self), self.payload.len())
    }
}

/// LLC and SNAP headers, as RFC 1042 wants them in front of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct SnapRepr {
    /// Who assigned the protocol id: 0 for EtherTypes.
    pub oui: [u8; 3],
    /// The protocol id.
    pub protocol: u16,
}

impl SnapRepr {
    /// The headers in front of a packet of this type.
    #[must_use]
    pub const fn new(ether_type: EtherType) -> Self {
        Self { oui: [0; 3], protocol: ether_type.0 }
    }

    /// Both fields.
    #[must_use]
    pub const fn parse(snap: &Snap<'_>) -> Self {
        Self { oui: snap.oui, protocol: snap.protocol }
    }

    /// What `emit` writes: 8 octets.
    #[must_use]
    pub const fn buffer_len(&self) -> usize {
        SNAP_HEADER_LEN
    }

    /// Writes AA-AA-03 and the SNAP header at the front of `buffer` and returns their length.
    ///
    /// # Errors
    /// `NoRoom` below 8 octets.
    pub fn emit(&self, buffer: &mut [u8]) -> Result<usize, Error> {
        let mut writer = Put::new(buffer, SNAP_HEADER_LEN)?;
        writer.octets(&[Sap::SNAP.0, Sap::SNAP.0, Unnumbered::UI.octet()]);
        writer.octets(&self.oui);
        writer.octets(&self.protocol.to_be_bytes());
        Ok(SNAP_HEADER_LEN)
    }
}

impl fmt::Display for SnapRepr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.oui, self.protocol) {
            ([0, 0, 0], protocol) => write!(f, "SNAP {}", EtherType(protocol)),
            ([a, b, c], protocol) => write!(f, "SNAP {a:02x}-{b:02x}-{c:02x} protocol 0x{protocol:04x}"),
        }
    }
}

#[cfg(test)]
mod tests {
    extern crate alloc;
    use super::*;
    use crate::ethernet;
    use alloc::string::ToString;
    use alloc::vec::Vec;

    const fn unnumbered(kind: Unnumbered, poll_final: bool) -> Control {
        Control::Unnumbered { kind, poll_final }
    }

    fn repr(control: Control) -> Repr {
        Repr { dsap: Sap(0x42), is_group: false, ssap: Sap::NETBIOS, is_response: true, control }
    }

    fn supervisory(function: Supervisory, nr: u8, poll_final: bool) -> Control {
        Control::Supervisory { function, nr, poll_final }
    }

    #[test]
    fn control_fields_of_all_three_formats_have_their_octets_and_come_back() {
        // control, octets, text
        for (control, octets, text) in [
            (Control::UI, &[0x03][..], "UI"),
            (unnumbered(Unnumbered::XID, false), &[0xaf], "XID"),
            (unnumbered(Unnumbered::TEST, true), &[0xf3], "TEST P/F"),
            (unnumbered(Unnumbered::SABME, true), &[0x7f], "SABME P/F"),
            (unnumbered(Unnumbered::DISC, false), &[0x43], "DISC"),
            (unnumbered(Unnumbered::UA, true), &[0x73], "UA P/F"),
            (unnumbered(Unnumbered::DM, false), &[0x0f], "DM"),
            (unnumbered(Unnumbered::FRMR, false), &[0x87], "FRMR"),
            (unnumbered(Unnumbered::new(0xcb), false), &[0xcb], "U 0xcb"),
            (supervisory(Supervisory::ReceiveReady, 0, false), &[0x01, 0x00], "RR N(R) 0"),
            (supervisory(Supervisory::ReceiveNotReady, 127, true), &[0x05, 0xff], "RNR N(R) 127 P/F"),
            (supervisory(Supervisory::Reject, 5, false), &[0x09, 0x0a], "REJ N(R) 5"),
            (supervisory(Supervisory::Reserved, 1, false), &[0x0d, 0x02], "S 3 N(R) 1"),
            (
                Control::Information { ns: 127, nr: 1, poll_final: true },
                &[0xfe, 0x03],
                "I N(S) 127 N(R) 1 P/F",
            ),
            (Control::Information { ns: 0, nr: 127, poll_final: false }, &[0x00, 0xfe], "I N(S) 0 N(R) 127"),
        ] {
            let want = [&[0x42, 0xf1], octets, &[9, 9]].concat();
            let mut buffer = alloc::vec![9; want.len()];
            assert_eq!(repr(control).emit(&mut buffer), Ok(want.len() - 2), "{control}");
            assert_eq!(buffer, want, "{control}");
            assert_eq!(repr(control).buffer_len(), 2 + octets.len());
            let packet = Packet::parse(&want).unwrap();
            assert_eq!((Repr::parse(&packet), packet.information()), (repr(control), &[9, 9][..]));
            assert_eq!(control.to_string(), text);
            for len in 0..want.len() - 2 {
                let got = Packet::parse(&want[..len]).unwrap_err();
                assert!(matches!(got, Error::Truncated { have, .. } if usize::from(have) == len), "{got}");
                let room = Error::no_room(want.len() - 2, len);
                assert_eq!(repr(control).emit(&mut buffer[..len]), Err(room));
            }
        }
    }

    #[test]
    fn every_header_survives_and_reserved_bits_of_supervisory_frames_are_dropped() {
        for first in 0..=255u8 {
            for second in 0..=255u8 {
                let bytes = [0xf1, 0x42, first, second];
                let packet = Packet::parse(&bytes).unwrap();
                let repr = Repr::parse(&packet);
                assert!(repr.is_group && !repr.is_response);
                let mut buffer = [0; 4];
                let len = repr.emit(&mut buffer).unwrap();
                let kept = if first & 3 == 1 { first & 0x0f } else { first };
                assert_eq!(buffer[..len], [0xf1, 0x42, kept, second][..len]);
            }
        }
    }

    // conf: ETH-LLC-03
    #[test]
    fn what_may_not_be_sent_is_not_emitted() {
        let ui = repr(Control::UI);
        for bad in [
            Repr { dsap: Sap::IP, ..ui },
            Repr { ssap: Sap::IP, ..ui },
            Repr { dsap: Sap(0x43), ..ui },
            Repr { ssap: Sap(1), ..ui },
            repr(Control::Information { ns: 128, nr: 0, poll_final: false }),
            repr(Control::Information { ns: 0, nr: 128, poll_final: false }),
            repr(supervisory(Supervisory::Reject, 200, false)),
        ] {
            assert_eq!(bad.emit(&mut [0; 8]), Err(Error::Unrepresentable), "{bad}");
        }
    }

    /// An IPv4 packet of this length in an IEEE 802.3 frame, RFC 1042.
    fn snap_frame(packet_len: usize) -> Result<Vec<u8>, Error> {
        let mut frame = alloc::vec![0x55; ethernet::HEADER_LEN + SNAP_HEADER_LEN + packet_len];
        let length = u16::try_from(SNAP_HEADER_LEN + packet_len).unwrap();
        let header = ethernet::LengthRepr { destination: [2; 6], source: [4; 6], length };
        header.emit(&mut frame)?;
        SnapRepr::new(EtherType::IPV4).emit(&mut frame[ethernet::HEADER_LEN..])?;
        Ok(frame)
    }

    // conf: ETH-LLC-04, ETH-LLC-05
    #[test]
    fn a_packet_in_snap_is_at_most_1492_octets_and_keeps_no_padding() {
        let mut frame = snap_frame(28).unwrap();
        assert_eq!(frame[14..22], [0xaa, 0xaa, 3, 0, 0, 0, 8, 0]);
        frame.resize(ethernet::MIN_FRAME_LEN, 0);
        let ethernet = ethernet::Packet::parse(&frame).unwrap();
        let llc = Packet::parse(ethernet.payload()).unwrap();
        assert_eq!(llc.to_string(), "LLC SNAP > SNAP UI, SNAP IPv4, 28 octets");
        let snap = llc.snap().unwrap().unwrap();
        assert_eq!((snap.ether_type(), snap.payload()), (Some(EtherType::IPV4), &[0x55; 28][..]));
        assert!(ethernet::Packet::parse(&frame[..49]).is_err(), "shorter than its length says");
        assert!(snap_frame(usize::from(SNAP_MTU)).is_ok());
        assert_eq!(snap_frame(usize::from(SNAP_MTU) + 1), Err(Error::Unrepresentable));
    }

    #[test]
    fn snap_is_seen_where_it_is_and_other_owners_protocols_are_kept() {
        let cisco = [0xaa, 0xaa, 3, 0, 0, 0x0c, 0x20, 0x00, 7];
        let packet = Packet::parse(&cisco).unwrap();
        let snap = packet.snap().unwrap().unwrap();
        assert_eq!((snap.oui(), snap.protocol(), snap.ether_type()), ([0, 0, 0x0c], 0x2000, None));
        assert_eq!(packet.to_string(), "LLC SNAP > SNAP UI, SNAP 00-00-0c protocol 0x2000, 1 octets");
        let repr = SnapRepr::parse(&snap);
        let mut buffer = [0; 8];
        assert_eq!((repr.emit(&mut buffer), repr.buffer_len()), (Ok(8), 8));
        assert_eq!(buffer, cisco[..8]);
        assert_eq!(repr.emit(&mut buffer[..7]), Err(Error::no_room(8, 7)));
        for len in 3..8 {
            let packet = Packet::parse(&cisco[..len]).unwrap();
            assert_eq!(packet.snap(), Err(Error::truncated(5, len - 3)));
        }
        for other in [[0x42, 0x42, 3], [0xaa, 0xab, 3], [0xab, 0xaa, 3], [0xaa, 0xaa, 0x13]] {
            let bytes = [&other[..], &cisco[3..]].concat();
            assert_eq!(Packet::parse(&bytes).unwrap().snap(), Ok(None), "{other:02x?}");
        }
    }
}
