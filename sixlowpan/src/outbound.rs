//! Sending: compression, fragmentation, and the packets that leave in fragments.
//!
//! ```text
//!  |<------------------------- frame of the device -------------------------->|
//!  | MAC header | IPHC, NHC | payload                                          |   fits one frame
//!  | MAC header | FRAG1 | IPHC, NHC | payload, a multiple of eight octets      |   else: first,
//!  | MAC header | FRAGN | payload, a multiple of eight octets but in the last  |   further ones
//! ```

use crate::config::is_station;
use crate::{Config, Statistics};
use tersus_phy::{
    earliest, Deadline, Device, Fill, Instant, LinkError, LinkPacket, LinkState, LinkTx, Switch, TxChecksum,
    TxMeta, TxToken,
};
use tersus_wire::ieee802154::{self, Version};
use tersus_wire::sixlowpan::fragment::{FIRST_HEADER_LEN, NEXT_HEADER_LEN, UNIT};
use tersus_wire::sixlowpan::{compress, dispatch, Compressed, Contexts, FragmentHeader, LinkAddresses, MTU};
use tersus_wire::{EtherType, HardwareAddress};

/// Packets up to this length are compressed on the stack if they are certain to fit one frame, in octets.
const SMALL: usize = 128;
/// Room for compressed headers, in octets. What does not fit stays uncompressed.
const HEADERS: usize = 128;
/// A frame's least room behind the MAC header: a fragment header, a dispatch octet and a unit.
const ROOM_MIN: usize = NEXT_HEADER_LEN + UNIT;

/// A packet that leaves in fragments. All zeros when empty.
#[derive(Debug)]
pub struct Outbound {
    to: HardwareAddress,
    /// When the rest is given up; not running: the slot is free.
    expires: Deadline,
    /// Order of acceptance.
    serial: u16,
    tag: u16,
    size: u16,
    /// Octets of the uncompressed packet that have been sent.
    sent: u16,
    buffer: [u8; MTU],
}

impl Outbound {
    /// A free slot.
    pub const EMPTY: Self = Self {
        to: HardwareAddress::NONE,
        expires: Deadline::NONE,
        serial: 0,
        tag: 0,
        size: 0,
        sent: 0,
        buffer: [0; MTU],
    };
}

/// Who the station is and what it sends.
#[derive(Debug)]
pub(crate) struct Station<'a> {
    pub(crate) config: Config,
    pub(crate) contexts: Contexts,
    pub(crate) statistics: Statistics,
    pub(crate) link_state: LinkState,
    /// Longest frame of the device, in octets.
    pub(crate) frame_len_max: usize,
    /// A send was refused with `Full`; `service` owes `ROOM`.
    pub(crate) owes_room: bool,
    /// The device was asked for room, had none, and has not been asked since.
    pub(crate) is_refused: bool,
    slots: &'a mut [Outbound],
    sequence: u8,
    next_tag: u16,
    next_serial: u16,
}

impl<'a> Station<'a> {
    pub(crate) fn new(config: Config, slots: &'a mut [Outbound]) -> Self {
        for slot in slots.iter_mut() {
            slot.expires.stop();
        }
        Self {
            config,
            contexts: Contexts::new(),
            statistics: Statistics::new(),
            link_state: LinkState::Up,
            frame_len_max: ieee802154::FRAME_LEN_MAX,
            owes_room: false,
            is_refused: false,
            slots,
            sequence: config.initial_tag.to_le_bytes()[0],
            next_tag: config.initial_tag,
            next_serial: 0,
        }
    }

    /// Sends a packet, or takes it into a fragment buffer. `token` is the device's room, if it has any.
    pub(crate) fn send<T: TxToken>(
        &mut self,
        token: Option<T>,
        to: HardwareAddress,
        packet: &LinkPacket,
        fill: &mut dyn Fill,
        now: Instant,
    ) -> Result<(), LinkError> {
        let result = self.try_send(token, to, packet, fill, now);
        match result {
            Ok(()) => Statistics::count(&mut self.statistics.tx_packets),
            Err(LinkError::Full) => {
                self.owes_room = true;
                Statistics::count(&mut self.statistics.tx_full);
            }
            Err(LinkError::TooBig) => Statistics::count(&mut self.statistics.tx_too_big),
            Err(LinkError::Unreachable) => Statistics::count(&mut self.statistics.tx_unreachable),
        }
        result
    }

    fn try_send<T: TxToken>(
        &mut self,
        token: Option<T>,
        to: HardwareAddress,
        packet: &LinkPacket,
        fill: &mut dyn Fill,
        now: Instant,
    ) -> Result<(), LinkError> {
        let is_address = is_station(to) || to == HardwareAddress::IEEE802154_BROADCAST;
        if packet.protocol != EtherType::IPV6 || !is_address || self.link_state == LinkState::Down {
            return Err(LinkError::Unreachable);
        }
        let len = usize::from(packet.len);
        let room = self.room(to);
        if len > MTU || packet.segment != 0 || packet.checksum != TxChecksum::Full || room < ROOM_MIN {
            return Err(LinkError::TooBig);
        }
        // Compression never makes a packet longer, and a dispatch octet is the most it costs to leave it.
        if len < room && len <= SMALL {
            let token = token.ok_or(LinkError::Full)?;
            let mut scratch = [0; SMALL];
            let packet = scratch.get_mut(..len).ok_or(LinkError::TooBig)?;
            fill.fill(packet);
            let headers = Headers::new(packet, self, to, room);
            let payload = packet.get(headers.covered..).unwrap_or(&[]);
            emit(token, &self.mac_header(to), None, headers.as_bytes(), payload);
            self.count_frame(None, &headers);
            return Ok(());
        }
        if self.slots.is_empty() {
            return Err(LinkError::TooBig);
        }
        let serial = self.next_serial;
        let free = self.slots.iter_mut().enumerate().find(|(_, slot)| !slot.expires.is_running());
        let (index, slot) = free.ok_or(LinkError::Full)?;
        let buffer = slot.buffer.get_mut(..len).ok_or(LinkError::TooBig)?;
        fill.fill(buffer);
        slot.to = to;
        slot.expires = Deadline::at(now + self.config.reassembly_timeout);
        slot.serial = serial;
        slot.size = packet.len;
        slot.sent = 0;
        self.next_serial = serial.wrapping_add(1);
        // Older packets go first: fragments of two that alternate would need two buffers at the receiver.
        if let Some(token) = token.filter(|_| self.oldest() == Some(index)) {
            self.send_part(index, token);
        }
        Ok(())
    }

    /// Sends what waits while the device has room. At most all fragments of all slots.
    pub(crate) fn send_waiting<D: Device>(&mut self, device: &mut D, now: Instant) {
        while let Some(index) = self.oldest() {
            let Some(token) = device.transmit(now) else {
                self.is_refused = true;
                return;
            };
            self.send_part(index, token);
        }
    }

    /// The slot that has waited longest.
    fn oldest(&self) -> Option<usize> {
        let waiting = self.slots.iter().enumerate().filter(|(_, slot)| slot.expires.is_running());
        let (index, _) = waiting.max_by_key(|(_, slot)| self.next_serial.wrapping_sub(slot.serial))?;
        Some(index)
    }

    /// Sends a slot's packet whole or its next fragment, and frees the slot after the last.
    fn send_part<T: TxToken>(&mut self, index: usize, token: T) {
        let Some(slot) = self.slots.get(index) else { return };
        let to = slot.to;
        let room = self.room(to);
        if room < ROOM_MIN {
            // The device's frames became too short for the station's addresses.
            self.give_up(index);
            return;
        }
        let (size, sent) = (usize::from(slot.size), usize::from(slot.sent));
        let packet = slot.buffer.get(..size).unwrap_or(&[]);
        let is_first = sent == 0;
        let headers =
            if is_first { Headers::new(packet, self, to, room - FIRST_HEADER_LEN) } else { Headers::NONE };
        let begin = if is_first { headers.covered } else { sent };
        let rest = size - begin;
        let fragment = |tag, offset| {
            Some(FragmentHeader { datagram_size: slot.size, datagram_tag: tag, datagram_offset: offset })
        };
        let (fragment, len) = if is_first && headers.len + rest <= room {
            (None, rest)
        } else if is_first {
            (fragment(self.next_tag, None), (room - FIRST_HEADER_LEN - headers.len) / UNIT * UNIT)
        } else {
            // At most 1280 / 8.
            let offset = u8::try_from(sent / UNIT).unwrap_or(u8::MAX);
            (fragment(slot.tag, Some(offset)), ((room - NEXT_HEADER_LEN) / UNIT * UNIT).min(rest))
        };
        // The frame is made from copies of what describes it and a slice of the slot.
        let mac = self.mac_header(to);
        let payload = packet.get(begin..begin + len).unwrap_or(&[]);
        emit(token, &mac, fragment.as_ref(), headers.as_bytes(), payload);
        self.count_frame(fragment.as_ref(), &headers);
        let end = begin + len;
        if let Some(slot) = self.slots.get_mut(index) {
            slot.sent = u16::try_from(end).unwrap_or(slot.size);
            if end >= size {
                slot.expires.stop();
            } else if is_first {
                slot.tag = self.next_tag;
                self.next_tag = self.next_tag.wrapping_add(1);
            }
        }
    }

    fn count_frame(&mut self, fragment: Option<&FragmentHeader>, headers: &Headers) {
        self.sequence = self.sequence.wrapping_add(1);
        Statistics::count(&mut self.statistics.tx_frames);
        if fragment.is_some() {
            Statistics::count(&mut self.statistics.tx_fragments);
        }
        if headers.is_uncompressed {
            Statistics::count(&mut self.statistics.tx_uncompressed);
        }
    }

    fn mac_header(&self, to: HardwareAddress) -> ieee802154::Repr {
        ieee802154::Repr {
            version: Version::V2006,
            sequence: self.sequence,
            ack_request: self.config.ack_request == Switch::On && !to.is_broadcast(),
            dst_pan: self.config.pan_id,
            dst: to,
            src_pan: self.config.pan_id,
            src: self.config.hardware_address,
        }
    }

    /// Octets of a frame behind the MAC header.
    fn room(&self, to: HardwareAddress) -> usize {
        self.frame_len_max.saturating_sub(self.mac_header(to).buffer_len())
    }

    fn link(&self, to: HardwareAddress) -> LinkAddresses {
        LinkAddresses { source: self.config.hardware_address, destination: to }
    }

    fn give_up(&mut self, index: usize) {
        if let Some(slot) = self.slots.get_mut(index) {
            slot.expires.stop();
            Statistics::count(&mut self.statistics.tx_link_down);
        }
    }

    /// Gives up what is due: its receiver has forgotten the first fragments by now.
    pub(crate) fn on_timeout(&mut self, now: Instant) {
        for slot in self.slots.iter_mut().filter(|slot| slot.expires.is_due(now)) {
            slot.expires.stop();
            Statistics::count(&mut self.statistics.tx_timeout);
        }
    }

    /// Gives up all.
    pub(crate) fn clear(&mut self) {
        for slot in self.slots.iter_mut().filter(|slot| slot.expires.is_running()) {
            slot.expires.stop();
            Statistics::count(&mut self.statistics.tx_link_down);
        }
    }

    pub(crate) fn poll_at(&self) -> Option<Instant> {
        self.slots.iter().fold(None, |first, slot| earliest(first, slot.expires.instant()))
    }
}

/// The front of a packet as it is sent: compressed headers, or a dispatch octet.
struct Headers {
    octets: [u8; HEADERS],
    len: usize,
    covered: usize,
    is_uncompressed: bool,
}

impl Headers {
    const NONE: Self = Self { octets: [0; HEADERS], len: 0, covered: 0, is_uncompressed: false };

    fn new(packet: &[u8], station: &Station<'_>, to: HardwareAddress, room: usize) -> Self {
        let mut headers = Self::NONE;
        let out = headers.octets.get_mut(..room.min(HEADERS)).unwrap_or(&mut []);
        let link = station.link(to);
        if let Ok(Compressed { header_len, covered }) = compress(packet, &link, &station.contexts, out) {
            headers.len = header_len;
            headers.covered = covered;
        } else {
            headers.octets[0] = dispatch::IPV6;
            headers.len = 1;
            headers.is_uncompressed = true;
        }
        headers
    }

    fn as_bytes(&self) -> &[u8] {
        self.octets.get(..self.len).unwrap_or(&[])
    }
}

/// Writes a frame into the device's buffer. The lengths were chosen to fit.
fn emit<T: TxToken>(
    token: T,
    mac: &ieee802154::Repr,
    fragment: Option<&FragmentHeader>,
    headers: &[u8],
    payload: &[u8],
) {
    let fragment_len = fragment.map_or(0, FragmentHeader::buffer_len);
    let len = mac.buffer_len() + fragment_len + headers.len() + payload.len();
    token.consume(len, TxMeta::default(), |frame| {
        let mut rest = frame;
        if let Ok(mac_len) = mac.emit(rest) {
            rest = rest.get_mut(mac_len..).unwrap_or(&mut []);
        }
        if fragment.is_some_and(|fragment| fragment.emit(rest).is_ok()) {
            rest = rest.get_mut(fragment_len..).unwrap_or(&mut []);
        }
        for part in [headers, payload] {
            // The lengths agree; nothing here could panic if they did not.
            let Some((to, behind)) = rest.split_at_mut_checked(part.len()) else { return };
            to.copy_from_slice(part);
            rest = behind;
        }
    });
}

/// The sending half while a frame is being received: one packet, into the room that came with the frame.
pub(crate) struct Back<'b, 'a, T> {
    pub(crate) station: &'b mut Station<'a>,
    pub(crate) token: Option<T>,
    pub(crate) now: Instant,
}

impl<T: TxToken> LinkTx for Back<'_, '_, T> {
    fn send(
        &mut self,
        to: &HardwareAddress,
        packet: &LinkPacket,
        fill: &mut dyn Fill,
    ) -> Result<(), LinkError> {
        self.station.send(self.token.take(), *to, packet, fill, self.now)
    }
}
