//! Code points of RPL messages, RFC 6550 §6, and of instances and modes of operation, §5.1 and §6.3.1.

use core::fmt;

/// Which message it is, IANA "RPL Control Codes".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// 0x00, DIS: send me a DIO.
    DodagInformationSolicitation,
    /// 0x01, DIO: this is the graph, and my rank in it.
    DodagInformationObject,
    /// 0x02, DAO: these targets are reached through me.
    DestinationAdvertisementObject,
    /// 0x03, DAO-ACK.
    DestinationAdvertisementObjectAck,
    /// 0x80: a DIS with security section.
    SecureDodagInformationSolicitation,
    /// 0x81: a DIO with security section.
    SecureDodagInformationObject,
    /// 0x82: a DAO with security section.
    SecureDestinationAdvertisementObject,
    /// 0x83: a DAO-ACK with security section.
    SecureDestinationAdvertisementObjectAck,
    /// 0x8a, CC: a challenge or response about message counters; always with security section.
    ConsistencyCheck,
    /// Any other.
    Unknown(u8),
}

impl Code {
    /// Whether a security section follows the checksum: codes from 0x80 on.
    #[must_use]
    pub fn is_secure(self) -> bool {
        u8::from(self) & 0x80 != 0
    }
}

impl From<u8> for Code {
    fn from(code: u8) -> Self {
        match code {
            0x00 => Self::DodagInformationSolicitation,
            0x01 => Self::DodagInformationObject,
            0x02 => Self::DestinationAdvertisementObject,
            0x03 => Self::DestinationAdvertisementObjectAck,
            0x80 => Self::SecureDodagInformationSolicitation,
            0x81 => Self::SecureDodagInformationObject,
            0x82 => Self::SecureDestinationAdvertisementObject,
            0x83 => Self::SecureDestinationAdvertisementObjectAck,
            0x8a => Self::ConsistencyCheck,
            other => Self::Unknown(other),
        }
    }
}

impl From<Code> for u8 {
    fn from(code: Code) -> Self {
        match code {
            Code::DodagInformationSolicitation => 0x00,
            Code::DodagInformationObject => 0x01,
            Code::DestinationAdvertisementObject => 0x02,
            Code::DestinationAdvertisementObjectAck => 0x03,
            Code::SecureDodagInformationSolicitation => 0x80,
            Code::SecureDodagInformationObject => 0x81,
            Code::SecureDestinationAdvertisementObject => 0x82,
            Code::SecureDestinationAdvertisementObjectAck => 0x83,
            Code::ConsistencyCheck => 0x8a,
            Code::Unknown(other) => other,
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::DodagInformationSolicitation => "DIS",
            Self::DodagInformationObject => "DIO",
            Self::DestinationAdvertisementObject => "DAO",
            Self::DestinationAdvertisementObjectAck => "DAO-ACK",
            Self::SecureDodagInformationSolicitation => "secure DIS",
            Self::SecureDodagInformationObject => "secure DIO",
            Self::SecureDestinationAdvertisementObject => "secure DAO",
            Self::SecureDestinationAdvertisementObjectAck => "secure DAO-ACK",
            Self::ConsistencyCheck => "CC",
            Self::Unknown(code) => return write!(f, "code 0x{code:02x}"),
        })
    }
}

/// RPLInstanceID, §5.1: global, or local to the node that named it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct InstanceId(pub u8);

impl InstanceId {
    /// Whether it is local (the first bit is set): it means something together with the DODAGID only.
    #[must_use]
    pub const fn is_local(self) -> bool {
        self.0 & 0x80 != 0
    }

    /// The number without the bits that say what it is: 0 to 127, 0 to 63 if local.
    #[must_use]
    pub const fn number(self) -> u8 {
        if self.is_local() {
            self.0 & 0x3f
        } else {
            self.0
        }
    }
}

impl fmt::Display for InstanceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", if self.is_local() { "local " } else { "" }, self.number())
    }
}

/// MOP, the mode of operation of an instance, §6.3.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModeOfOperation {
    /// 0: no downward routes.
    NoDownward,
    /// 1: the root keeps all downward routes.
    NonStoring,
    /// 2: each router keeps its own, none for groups.
    Storing,
    /// 3: each router keeps its own, for groups too.
    StoringMulticast,
    /// 4 to 7.
    Unknown(u8),
}

impl From<u8> for ModeOfOperation {
    /// From the lower three bits.
    fn from(number: u8) -> Self {
        match number & 7 {
            0 => Self::NoDownward,
            1 => Self::NonStoring,
            2 => Self::Storing,
            3 => Self::StoringMulticast,
            other => Self::Unknown(other),
        }
    }
}

impl From<ModeOfOperation> for u8 {
    /// Three bits.
    fn from(mode: ModeOfOperation) -> Self {
        match mode {
            ModeOfOperation::NoDownward => 0,
            ModeOfOperation::NonStoring => 1,
            ModeOfOperation::Storing => 2,
            ModeOfOperation::StoringMulticast => 3,
            ModeOfOperation::Unknown(other) => other & 7,
        }
    }
}

impl fmt::Display for ModeOfOperation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoDownward => "no downward routes",
            Self::NonStoring => "non-storing",
            Self::Storing => "storing",
            Self::StoringMulticast => "storing with multicast",
            Self::Unknown(number) => return write!(f, "mode {number}"),
        })
    }
}
