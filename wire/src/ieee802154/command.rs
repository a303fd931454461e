//! MAC commands, IEEE 802.15.4 §7.5: what a command frame carries.
//!
//! ```text
//!  | command id, 1 | content |
//! ```

use crate::cursor::Reader;
use crate::put::Put;
use crate::Error;
use core::fmt;

bitflags::bitflags! {
    /// What a device that wants to join can do, §7.5.2.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
    pub struct Capability: u8 {
        /// A full-function device.
        const FULL_FUNCTION = 1 << 1;
        /// Has mains power.
        const MAINS_POWERED = 1 << 2;
        /// Listens while idle.
        const RECEIVER_ON = 1 << 3;
        /// Asks for a fast answer (version 2).
        const FAST_ASSOCIATION = 1 << 4;
        /// Can send and receive secured frames.
        const SECURITY = 1 << 6;
        /// Wants a short address.
        const ALLOCATE_ADDRESS = 1 << 7;
        /// Bits without a meaning, kept.
        const _ = !0;
    }
}

/// A MAC command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Command<'a> {
    /// 1: a device wants to join.
    AssociationRequest(Capability),
    /// 2: the coordinator's answer.
    AssociationResponse {
        /// The address given: 0xffff none, 0xfffe stay with the extended one.
        short_address: u16,
        /// 0 success, 1 PAN at capacity, 2 access denied, and others.
        status: u8,
    },
    /// 3: one leaves, or is told to; 1 told by the coordinator, 2 by its own wish.
    Disassociation(u8),
    /// 4: a device fetches what waits for it.
    DataRequest,
    /// 5: two PANs have one id.
    PanIdConflict,
    /// 6: a device lost its coordinator.
    Orphan,
    /// 7: coordinators shall send a beacon.
    BeaconRequest,
    /// 8: where the PAN is from now on.
    CoordinatorRealignment {
        /// The PAN's id.
        pan_id: u16,
        /// The coordinator's short address.
        coordinator: u16,
        /// Channel number.
        channel: u8,
        /// The orphan's short address; 0xffff if it is for all.
        short_address: u16,
        /// Channel page, if it changes.
        channel_page: Option<u8>,
    },
    /// 9: a guaranteed time slot is asked for or given back: slots 4, direction 1, type 1.
    GtsRequest(u8),
    /// Any other: id and content.
    Unknown(u8, &'a [u8]),
}

impl<'a> Command<'a> {
    /// Takes `bytes`, the payload of a command frame that is not encrypted, apart.
    ///
    /// # Errors
    /// `Truncated`; `Length` with the length of `bytes` if a command with a fixed length is longer.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        let mut reader = Reader::new(bytes);
        let command = match reader.octet()? {
            1 => Self::AssociationRequest(Capability::from_bits_retain(reader.octet()?)),
            2 => Self::AssociationResponse {
                short_address: u16::from_le_bytes(*reader.array()?),
                status: reader.octet()?,
            },
            3 => Self::Disassociation(reader.octet()?),
            4 => Self::DataRequest,
            5 => Self::PanIdConflict,
            6 => Self::Orphan,
            7 => Self::BeaconRequest,
            8 => Self::CoordinatorRealignment {
                pan_id: u16::from_le_bytes(*reader.array()?),
                coordinator: u16::from_le_bytes(*reader.array()?),
                channel: reader.octet()?,
                short_address: u16::from_le_bytes(*reader.array()?),
                channel_page: reader.octet().ok(),
            },
            9 => Self::GtsRequest(reader.octet()?),
            other => Self::Unknown(other, reader.slice(reader.rest().len())?),
        };
        if reader.rest().is_empty() {
            Ok(command)
        } else {
            Err(Error::Length(u16::try_from(bytes.len()).unwrap_or(u16::MAX)))
        }
    }

    /// Command id.
    #[must_use]
    pub const fn id(&self) -> u8 {
        match self {
            Self::AssociationRequest(_) => 1,
            Self::AssociationResponse { .. } => 2,
            Self::Disassociation(_) => 3,
            Self::DataRequest => 4,
            Self::PanIdConflict => 5,
            Self::Orphan => 6,
            Self::BeaconRequest => 7,
            Self::CoordinatorRealignment { .. } => 8,
            Self::GtsRequest(_) => 9,
            Self::Unknown(id, _) => *id,
        }
    }

    /// What `emit` writes, in octets.
    #[must_use]
    pub const fn buffer_len(&self) -> usize {
        match self {
            Self::DataRequest | Self::PanIdConflict | Self::Orphan | Self::BeaconRequest => 1,
            Self::AssociationRequest(_) | Self::Disassociation(_) | Self::GtsRequest(_) => 2,
            Self::AssociationResponse { .. } => 4,
            Self::CoordinatorRealignment { channel_page: None, .. } => 8,
            Self::CoordinatorRealignment { channel_page: Some(_), .. } => 9,
            Self::Unknown(_, content) => 1 + content.len(),
        }
    }

    /// Writes the command at the front of `buffer` and returns its length.
    ///
    /// # Errors
    /// `NoRoom`; `Unrepresentable` for an unknown command with the id of a known one.
    pub fn emit(&self, buffer: &mut [u8]) -> Result<usize, Error> {
        let need = self.buffer_len();
        let mut writer = Put::new(buffer, need)?;
        writer.octets(&[self.id()]);
        match self {
            Self::DataRequest | Self::PanIdConflict | Self::Orphan | Self::BeaconRequest => {}
            Self::AssociationRequest(capability) => writer.octets(&[capability.bits()]),
            Self::Disassociation(octet) | Self::GtsRequest(octet) => writer.octets(&[*octet]),
            Self::AssociationResponse { short_address, status } => {
                writer.octets(&short_address.to_le_bytes());
                writer.octets(&[*status]);
            }
            Self::CoordinatorRealignment { pan_id, coordinator, channel, short_address, channel_page } => {
                writer.octets(&pan_id.to_le_bytes());
                writer.octets(&coordinator.to_le_bytes());
                writer.octets(&[*channel]);
                writer.octets(&short_address.to_le_bytes());
                writer.octets(channel_page.as_slice());
            }
            Self::Unknown(1..=9, _) => return Err(Error::Unrepresentable),
            Self::Unknown(_, content) => writer.octets(content),
        }
        Ok(need)
    }
}

impl fmt::Display for Command<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AssociationRequest(_) => f.write_str("association request"),
            Self::AssociationResponse { short_address, status: 0 } => {
                write!(f, "association response: {short_address:04x}")
            }
            Self::AssociationResponse { status, .. } => write!(f, "association refused: {status}"),
            Self::Disassociation(reason) => write!(f, "disassociation: {reason}"),
            Self::DataRequest => f.write_str("data request"),
            Self::PanIdConflict => f.write_str("PAN id conflict"),
            Self::Orphan => f.write_str("orphan"),
            Self::BeaconRequest => f.write_str("beacon request"),
            Self::CoordinatorRealignment { pan_id, channel, .. } => {
                write!(f, "coordinator realignment: PAN {pan_id:04x} channel {channel}")
            }
            Self::GtsRequest(_) => f.write_str("guaranteed slot request"),
            Self::Unknown(id, content) => write!(f, "command 0x{id:02x}, {} octets", content.len()),
        }
    }
}

#[cfg(test)]
mod tests {
    extern crate alloc;
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn commands_have_their_octets_and_come_back() {
        let realignment = |channel_page| Command::CoordinatorRealignment {
            pan_id: 0xabcd,
            coordinator: 1,
            channel: 26,
            short_address: 0xffff,
            channel_page,
        };
        for (command, octets, text) in [
            (
                Command::AssociationRequest(Capability::FULL_FUNCTION | Capability::ALLOCATE_ADDRESS),
                &[1, 0x82][..],
                "association request",
            ),
            (
                Command::AssociationRequest(Capability::from_bits_retain(0x21)),
                &[1, 0x21],
                "association request",
            ),
            (
                Command::AssociationResponse { short_address: 0x1234, status: 0 },
                &[2, 0x34, 0x12, 0],
                "association response: 1234",
            ),
            (
                Command::AssociationResponse { short_address: 0xffff, status: 2 },
                &[2, 0xff, 0xff, 2],
                "association refused: 2",
            ),
            (Command::Disassociation(2), &[3, 2], "disassociation: 2"),
            (Command::DataRequest, &[4], "data request"),
            (Command::PanIdConflict, &[5], "PAN id conflict"),
            (Command::Orphan, &[6], "orphan"),
            (Command::BeaconRequest, &[7], "beacon request"),
            (
                realignment(None),
                &[8, 0xcd, 0xab, 1, 0, 26, 0xff, 0xff],
                "coordinator realignment: PAN abcd channel 26",
            ),
            (
                realignment(Some(2)),
                &[8, 0xcd, 0xab, 1, 0, 26, 0xff, 0xff, 2],
                "coordinator realignment: PAN abcd channel 26",
            ),
            (Command::GtsRequest(0x31), &[9, 0x31], "guaranteed slot request"),
            (Command::Unknown(0x20, &[1, 2]), &[0x20, 1, 2], "command 0x20, 2 octets"),
        ] {
            let mut buffer = [0xee; 10];
            assert_eq!((command.emit(&mut buffer), command.buffer_len()), (Ok(octets.len()), octets.len()));
            assert_eq!(buffer[..octets.len()], *octets);
            assert_eq!(Command::parse(octets), Ok(command));
            assert_eq!(command.to_string(), text);
            for cut in 0..octets.len() {
                assert_eq!(command.emit(&mut buffer[..cut]), Err(Error::no_room(octets.len(), cut)));
                // Without its last octet, realignment is one without a channel page, and an unknown one shorter.
                if octets.len() != 9 && octets[0] < 10 {
                    let got = Command::parse(&octets[..cut]).unwrap_err();
                    assert!(
                        matches!(got, Error::Truncated { have, .. } if usize::from(have) == cut),
                        "{got}"
                    );
                }
            }
            if octets[0] < 10 && octets.len() != 8 {
                let long = [octets, &[0]].concat();
                let len = u16::try_from(long.len()).unwrap();
                assert_eq!(Command::parse(&long), Err(Error::Length(len)));
            }
        }
        for id in 1..=9 {
            assert_eq!(Command::Unknown(id, &[]).emit(&mut [0; 4]), Err(Error::Unrepresentable));
        }
    }
}
