//! What a station is told at the start.

use core::time::Duration;
use tersus_phy::Switch;
use tersus_wire::ieee802154::{PAN_BROADCAST, SHORT_NONE};
use tersus_wire::HardwareAddress;

/// What to do with a UDP datagram whose checksum the sender left out, RFC 6282 §4.3.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ElidedChecksum {
    /// Drop the datagram: nothing here can tell that another integrity check protected it, and then it must be dropped.
    #[default]
    Drop,
    /// Compute it: for networks in which every frame has a message integrity code, and a radio that verifies it.
    Compute,
}

/// What a station is told at the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Config {
    /// Own PAN; frames of others are dropped. Not 0xffff.
    pub pan_id: u16,
    /// Address to send from, and the one the IP layer sees: extended, or short but neither 0xffff nor 0xfffe.
    pub hardware_address: HardwareAddress,
    /// Another own address to receive at: the extended one of a station that sends from a short one, for instance.
    /// [`HardwareAddress::NONE`] by default.
    pub alias: HardwareAddress,
    /// Whether unicast frames ask for an acknowledgement, which the radio then waits for (RFC 4944 §2). On by
    /// default.
    pub ack_request: Switch,
    /// How long after its first fragment a packet is given up, received or sent: at most 60 s (RFC 4944 §5.3),
    /// the default.
    pub reassembly_timeout: Duration,
    /// Most packets in reassembly from one source; 2 by default, at least 1.
    pub datagrams_per_source: u8,
    /// UDP without checksum; dropped by default.
    pub elided_checksum: ElidedChecksum,
    /// The first `datagram_tag`, and in its low octet the first sequence number of a frame; 0 by default. A random
    /// one keeps what a restarted station sends apart from what it sent before.
    pub initial_tag: u16,
}

/// Why a configuration was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The device carries other frames than those of IEEE 802.15.4.
    #[error("the device is no IEEE 802.15.4 device")]
    Medium,
    /// The PAN id is that of all PANs.
    #[error("PAN id 0xffff names no PAN")]
    Pan,
    /// An own address is no unicast address of IEEE 802.15.4.
    #[error("{0} is no address of an IEEE 802.15.4 station")]
    Address(HardwareAddress),
    /// The reassembly timeout is zero or above 60 s.
    #[error("the reassembly timeout is not between 0 and 60 s")]
    Timeout,
}

impl Config {
    /// The defaults with this PAN and address.
    #[must_use]
    pub const fn new(pan_id: u16, hardware_address: HardwareAddress) -> Self {
        Self {
            pan_id,
            hardware_address,
            alias: HardwareAddress::NONE,
            ack_request: Switch::On,
            reassembly_timeout: Duration::from_secs(60),
            datagrams_per_source: 2,
            elided_checksum: ElidedChecksum::Drop,
            initial_tag: 0,
        }
    }

    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        if self.pan_id == PAN_BROADCAST {
            return Err(ConfigError::Pan);
        }
        if !is_station(self.hardware_address) {
            return Err(ConfigError::Address(self.hardware_address));
        }
        if !self.alias.is_none() && !is_station(self.alias) {
            return Err(ConfigError::Address(self.alias));
        }
        if self.reassembly_timeout.is_zero() || self.reassembly_timeout > Duration::from_secs(60) {
            return Err(ConfigError::Timeout);
        }
        Ok(())
    }
}

/// Whether one station of IEEE 802.15.4 is named.
pub(crate) fn is_station(address: HardwareAddress) -> bool {
    address.as_extended().is_some()
        || (address.is_unicast() && address.as_short().is_some_and(|short| short != SHORT_NONE))
}
