//! The control field, IEEE 802.2 §5.4.

use super::POLL_FINAL;
use crate::cursor::Reader;
use crate::put::Put;
use crate::Error;
use core::fmt;

/// What a supervisory frame says, IEEE 802.2 §5.4.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub enum Supervisory {
    /// RR: go on.
    ReceiveReady,
    /// RNR: wait.
    ReceiveNotReady,
    /// REJ: send again from N(R) on.
    Reject,
    /// Value 3, not assigned.
    Reserved,
}

impl Supervisory {
    const fn of(bits: u8) -> Self {
        match bits & 3 {
            0 => Self::ReceiveReady,
            1 => Self::ReceiveNotReady,
            2 => Self::Reject,
            _ => Self::Reserved,
        }
    }

    const fn bits(self) -> u8 {
        match self {
            Self::ReceiveReady => 0,
            Self::ReceiveNotReady => 1,
            Self::Reject => 2,
            Self::Reserved => 3,
        }
    }
}

/// What an unnumbered frame is, IEEE 802.2 §5.4.1 and §5.4.3: the control octet without its P/F bit.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Unnumbered(u8);

impl Unnumbered {
    /// Information without a connection: the only one that carries IP.
    pub const UI: Self = Self(0x03);
    /// Exchange identification.
    pub const XID: Self = Self(0xaf);
    /// Test: sent back as it is.
    pub const TEST: Self = Self(0xe3);
    /// Set asynchronous balanced mode extended: opens a connection.
    pub const SABME: Self = Self(0x6f);
    /// Disconnect.
    pub const DISC: Self = Self(0x43);
    /// Unnumbered acknowledgement.
    pub const UA: Self = Self(0x63);
    /// Disconnected mode.
    pub const DM: Self = Self(0x0f);
    /// Frame reject.
    pub const FRMR: Self = Self(0x87);

    /// The kind with these modifier bits; the P/F bit is dropped, the two lowest bits are set.
    #[must_use]
    pub const fn new(octet: u8) -> Self {
        Self(octet & !POLL_FINAL | 3)
    }

    /// The octet, with its P/F bit 0.
    #[must_use]
    pub const fn octet(self) -> u8 {
        self.0
    }
}

impl fmt::Display for Unnumbered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match *self {
            Self::UI => "UI",
            Self::XID => "XID",
            Self::TEST => "TEST",
            Self::SABME => "SABME",
            Self::DISC => "DISC",
            Self::UA => "UA",
            Self::DM => "DM",
            Self::FRMR => "FRMR",
            Self(octet) => return write!(f, "U 0x{octet:02x}"),
        })
    }
}

impl fmt::Debug for Unnumbered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The control field, IEEE 802.2 §5.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub enum Control {
    /// I-format, two octets: numbered information.
    Information {
        /// N(S), 7 bits: this frame's number.
        #[cfg_attr(feature = "arbitrary", arbitrary(with = crate::arbitrary::up_to_u8::<127>))]
        ns: u8,
        /// N(R), 7 bits: the number expected next.
        #[cfg_attr(feature = "arbitrary", arbitrary(with = crate::arbitrary::up_to_u8::<127>))]
        nr: u8,
        /// The P bit of a command, the F bit of a response.
        poll_final: bool,
    },
    /// S-format, two octets. Its four reserved bits are sent as 0 and ignored.
    Supervisory {
        /// What it says.
        function: Supervisory,
        /// N(R), 7 bits: the number expected next.
        #[cfg_attr(feature = "arbitrary", arbitrary(with = crate::arbitrary::up_to_u8::<127>))]
        nr: u8,
        /// The P bit of a command, the F bit of a response.
        poll_final: bool,
    },
    /// U-format, one octet.
    Unnumbered {
        /// What it is.
        kind: Unnumbered,
        /// The P bit of a command, the F bit of a response.
        poll_final: bool,
    },
}

impl Control {
    /// UI without the P bit, 0x03: what carries SNAP.
    pub const UI: Self = Self::Unnumbered { kind: Unnumbered::UI, poll_final: false };

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let first = reader.octet()?;
        if first & 3 == 3 {
            let poll_final = first & POLL_FINAL != 0;
            return Ok(Self::Unnumbered { kind: Unnumbered::new(first), poll_final });
        }
        let second = reader.octet()?;
        let (nr, poll_final) = (second >> 1, second & 1 != 0);
        Ok(if first & 1 == 0 {
            Self::Information { ns: first >> 1, nr, poll_final }
        } else {
            Self::Supervisory { function: Supervisory::of(first >> 2), nr, poll_final }
        })
    }

    /// Its length: 1 or 2 octets.
    #[must_use]
    pub const fn buffer_len(&self) -> usize {
        match self {
            Self::Unnumbered { .. } => 1,
            Self::Information { .. } | Self::Supervisory { .. } => 2,
        }
    }

    pub(super) fn write(&self, writer: &mut Put<'_>) -> Result<(), Error> {
        let numbered = |first: u8, nr: u8, poll_final: bool| {
            if nr > 0x7f {
                return Err(Error::Unrepresentable);
            }
            Ok([first, nr << 1 | u8::from(poll_final)])
        };
        match *self {
            Self::Information { ns, .. } if ns > 0x7f => return Err(Error::Unrepresentable),
            Self::Information { ns, nr, poll_final } => writer.octets(&numbered(ns << 1, nr, poll_final)?),
            Self::Supervisory { function, nr, poll_final } => {
                writer.octets(&numbered(function.bits() << 2 | 1, nr, poll_final)?);
            }
            Self::Unnumbered { kind, poll_final } => {
                writer.octets(&[kind.octet() | if poll_final { POLL_FINAL } else { 0 }]);
            }
        }
        Ok(())
    }
}

impl fmt::Display for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let poll_final = match *self {
            Self::Information { ns, nr, poll_final } => {
                write!(f, "I N(S) {ns} N(R) {nr}")?;
                poll_final
            }
            Self::Supervisory { function, nr, poll_final } => {
                let name = match function {
                    Supervisory::ReceiveReady => "RR",
                    Supervisory::ReceiveNotReady => "RNR",
                    Supervisory::Reject => "REJ",
                    Supervisory::Reserved => "S 3",
                };
                write!(f, "{name} N(R) {nr}")?;
                poll_final
            }
            Self::Unnumbered { kind, poll_final } => {
                write!(f, "{kind}")?;
                poll_final
            }
        };
        f.write_str(if poll_final { " P/F" } else { "" })
    }
}
