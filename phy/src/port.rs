//! What every link keeps of its device: capabilities, and whether a send was refused.

use crate::{
    earliest, Capabilities, ChecksumOffload, Device, Instant, LinkError, LinkEvents, LinkPacket,
    LinkProperties, LinkState, Medium, TxChecksum, TxMeta,
};
use tersus_wire::HardwareAddress;

/// The state that a link keeps of its device.
#[derive(Debug)]
pub(crate) struct Port {
    /// As of the last turn; down if the device is of another medium than the link.
    capabilities: Capabilities,
    /// The same in one word.
    #[cfg(not(target_pointer_width = "32"))]
    known: u64,
    medium: Medium,
    /// Longest packet that the device carries as it is; 0 while it is down.
    longest: u16,
    /// Whether a send was refused and `ROOM` is owed.
    full: bool,
    /// Whether there is room again, seen after the burst that made it.
    has_room: bool,
    /// Time of the turn, for `LinkTx`, which is not told.
    pub(crate) now: Instant,
}

impl Port {
    pub(crate) fn new<D: Device>(medium: Medium, device: &D) -> Self {
        let capabilities = look(medium, device);
        let longest = longest(&capabilities);
        Self {
            capabilities,
            #[cfg(not(target_pointer_width = "32"))]
            known: word(&capabilities),
            medium,
            longest,
            full: false,
            has_room: false,
            now: Instant::ZERO,
        }
    }

    #[cfg(not(target_pointer_width = "32"))]
    #[inline]
    fn is_as_known(&self, capabilities: &Capabilities) -> bool {
        word(capabilities) == self.known
    }

    #[cfg(target_pointer_width = "32")]
    fn is_as_known(&self, capabilities: &Capabilities) -> bool {
        *capabilities == self.capabilities
    }

    fn know(&mut self, capabilities: Capabilities) {
        self.capabilities = capabilities;
        self.longest = longest(&capabilities);
        #[cfg(not(target_pointer_width = "32"))]
        {
            self.known = word(&capabilities);
        }
    }

    /// `LinkLayer::service` of a link that keeps no packets.
    pub(crate) fn service<D: Device>(&mut self, device: &mut D, now: Instant) -> LinkEvents {
        let mut events = LinkEvents::empty();
        let capabilities = look(self.medium, device);
        if !self.is_as_known(&capabilities) {
            self.know(capabilities);
            events |= LinkEvents::CHANGED;
        }
        if self.full && device.transmit(now).is_some() {
            self.full = false;
            self.has_room = false;
            events |= LinkEvents::ROOM;
        }
        events
    }

    /// After a burst. A reply that found no room has not asked the device for it, and a loopback has room again
    /// once the burst was taken out; in either case nobody else would cause the poll in which `ROOM` is said.
    pub(crate) fn after_receive<D: Device>(&mut self, device: &mut D, now: Instant) {
        if self.full {
            self.has_room = device.transmit(now).is_some();
        }
    }

    /// `LinkLayer::poll_at` of a link that keeps no packets.
    pub(crate) fn poll_at<D: Device>(&self, device: &D) -> Option<Instant> {
        earliest(device.poll_at(), self.has_room.then_some(Instant::ZERO))
    }

    /// Whether the device can carry `packet`, which it needs not cut. Says no where [`Port::check`] is to be asked.
    #[inline]
    pub(crate) fn carries_whole(&self, packet: &LinkPacket) -> bool {
        packet.segment == 0
            && packet.len <= self.longest
            && (matches!(packet.checksum, TxChecksum::Full)
                || self.capabilities.checksum == ChecksumOffload::Partial)
    }

    /// Whether the device can carry `packet`.
    #[inline]
    pub(crate) fn check(&self, packet: &LinkPacket) -> Result<(), LinkError> {
        let capabilities = &self.capabilities;
        if capabilities.link_state == LinkState::Down {
            return Err(LinkError::Unreachable);
        }
        let longest = if packet.segment == 0 { capabilities.mtu } else { capabilities.segmentation };
        if packet.len > longest {
            return Err(LinkError::TooBig);
        }
        if packet.checksum != TxChecksum::Full && capabilities.checksum == ChecksumOffload::None {
            return Err(LinkError::TooBig);
        }
        Ok(())
    }

    /// Notes that a send is refused for lack of room.
    #[inline]
    pub(crate) fn refuse(&mut self) -> LinkError {
        self.full = true;
        LinkError::Full
    }

    pub(crate) const fn mtu(&self) -> u16 {
        self.capabilities.mtu
    }

    pub(crate) fn properties(&self, address: HardwareAddress) -> LinkProperties {
        LinkProperties {
            link_state: self.capabilities.link_state,
            checksum: self.capabilities.checksum,
            segmentation: self.capabilities.segmentation,
            ..LinkProperties::new(self.medium, address, self.capabilities.mtu)
        }
    }
}

/// What the device must do to a frame whose packet starts at `header_len`.
#[inline]
pub(crate) fn tx_meta(packet: &LinkPacket, header_len: u16) -> TxMeta {
    let checksum = match packet.checksum {
        TxChecksum::Full => TxChecksum::Full,
        TxChecksum::Partial { start, offset } => {
            TxChecksum::Partial { start: start.saturating_add(header_len), offset }
        }
    };
    TxMeta { checksum, segment: packet.segment }
}

const fn longest(capabilities: &Capabilities) -> u16 {
    if cfg!(target_pointer_width = "32") {
        // There `check` alone is asked.
        return 0;
    }
    match capabilities.link_state {
        LinkState::Up => capabilities.mtu,
        LinkState::Down => 0,
    }
}

/// Capabilities in one word. Each turn compares them, and a device of constant ones has its word from the compiler.
#[cfg(not(target_pointer_width = "32"))]
#[inline]
const fn word(capabilities: &Capabilities) -> u64 {
    let Capabilities { medium, mtu, link_state, checksum, segmentation } = *capabilities;
    (mtu as u64) << 48
        | (segmentation as u64) << 32
        | (medium as u64) << 16
        | (link_state as u64) << 8
        | checksum as u64
}

fn look<D: Device>(medium: Medium, device: &D) -> Capabilities {
    let mut capabilities = device.capabilities();
    if capabilities.medium != medium {
        capabilities.link_state = LinkState::Down;
    }
    capabilities
}
