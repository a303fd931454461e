//! The frame control field, IEEE 802.15.4 §7.2.2.

/// What a frame is: frame control, bits 0 to 2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
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
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
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
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct FrameControl(pub u16);

impl FrameControl {
    pub(super) const SECURITY: u16 = 1 << 3;
    pub(super) const PENDING: u16 = 1 << 4;
    pub(super) const ACK_REQUEST: u16 = 1 << 5;
    pub(super) const PAN_ID_COMPRESSION: u16 = 1 << 6;
    pub(super) const SEQUENCE_SUPPRESSION: u16 = 1 << 8;
    pub(super) const ELEMENTS_PRESENT: u16 = 1 << 9;
    pub(super) const DST_MODE_SHIFT: u32 = 10;
    pub(super) const VERSION_SHIFT: u32 = 12;
    pub(super) const SRC_MODE_SHIFT: u32 = 14;

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

    pub(super) fn dst_mode(self) -> u16 {
        (self.0 >> Self::DST_MODE_SHIFT) & 0b11
    }

    pub(super) fn src_mode(self) -> u16 {
        (self.0 >> Self::SRC_MODE_SHIFT) & 0b11
    }
}
