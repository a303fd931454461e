//! A radio of vectors, packets to send, and an upper layer that collects.

use std::collections::VecDeque;
use tersus_phy::{
    Capabilities, Cast, Device, Frame, Instant, LinkError, LinkLayer, LinkPacket, LinkState, LinkTx, Medium,
    RxToken, TxMeta, TxToken, Upper,
};
use tersus_sixlowpan::{Config, Inbound, Outbound, Scratch, Sixlowpan};
use tersus_wire::checksum::Sum;
use tersus_wire::{EtherType, HardwareAddress};

pub(crate) const PAN: u16 = 0xabcd;
pub(crate) const A: HardwareAddress = HardwareAddress::extended([0x02, 0, 0, 0, 0, 0, 0, 0x0a]);
pub(crate) const B: HardwareAddress = HardwareAddress::extended([0x02, 0, 0, 0, 0, 0, 0, 0x0b]);
pub(crate) const C: HardwareAddress = HardwareAddress::short(0x000c);
pub(crate) const ALL: HardwareAddress = HardwareAddress::IEEE802154_BROADCAST;

pub(crate) fn at(millis: u64) -> Instant {
    Instant::from_millis(millis)
}

/// A radio with room for so many frames to send.
pub(crate) struct Radio {
    pub(crate) inbox: VecDeque<Vec<u8>>,
    pub(crate) sent: Vec<Vec<u8>>,
    pub(crate) room: usize,
    pub(crate) capabilities: Capabilities,
}

impl Radio {
    pub(crate) fn new() -> Self {
        let capabilities = Capabilities::new(Medium::Ieee802154, 125);
        Self { inbox: VecDeque::new(), sent: Vec::new(), room: usize::MAX, capabilities }
    }

    pub(crate) fn take_sent(&mut self) -> Vec<Vec<u8>> {
        core::mem::take(&mut self.sent)
    }
}

pub(crate) struct Rx(Vec<u8>);

impl RxToken for Rx {
    fn consume<R>(mut self, f: impl FnOnce(&mut [u8]) -> R) -> R {
        f(&mut self.0)
    }
}

pub(crate) struct Tx<'a> {
    sent: &'a mut Vec<Vec<u8>>,
    room: &'a mut usize,
    len_max: usize,
}

impl TxToken for Tx<'_> {
    fn consume<R>(self, len: usize, meta: TxMeta, f: impl FnOnce(&mut [u8]) -> R) -> R {
        assert!(len <= self.len_max, "a frame of {len} octets");
        assert_eq!(meta, TxMeta::default());
        let mut frame = vec![0x55; len];
        let result = f(&mut frame);
        self.sent.push(frame);
        *self.room -= 1;
        result
    }
}

impl Device for Radio {
    type Rx<'a> = Rx;
    type Tx<'a> = Tx<'a>;

    fn receive(&mut self, now: Instant) -> Option<(Rx, Option<Tx<'_>>)> {
        let frame = self.inbox.pop_front()?;
        Some((Rx(frame), self.transmit(now)))
    }

    fn transmit(&mut self, _: Instant) -> Option<Tx<'_>> {
        let len_max = usize::from(self.capabilities.mtu);
        (self.room > 0).then_some(Tx { sent: &mut self.sent, room: &mut self.room, len_max })
    }

    fn capabilities(&self) -> Capabilities {
        self.capabilities
    }
}

pub(crate) type Link = Sixlowpan<'static, Radio>;

/// A link with this many reassembly slots and fragment buffers.
pub(crate) fn link_with(config: Config, inbound: usize, outbound: usize) -> Link {
    let inbound = (0..inbound).map(|_| Inbound::EMPTY).collect::<Vec<_>>().leak();
    let outbound = (0..outbound).map(|_| Outbound::EMPTY).collect::<Vec<_>>().leak();
    let scratch: &'static mut Scratch = Box::leak(Box::new([0; 1280]));
    Sixlowpan::from_slices(Radio::new(), config, inbound, outbound, scratch).unwrap()
}

pub(crate) fn link(address: HardwareAddress) -> Link {
    link_with(Config::new(PAN, address), 4, 2)
}

pub(crate) fn send(
    link: &mut Link,
    now: Instant,
    to: HardwareAddress,
    packet: &[u8],
) -> Result<(), LinkError> {
    let mut filled = 0;
    let mut fill = |buffer: &mut [u8]| {
        filled += 1;
        buffer.copy_from_slice(packet);
    };
    let description = LinkPacket::new(EtherType::IPV6, u16::try_from(packet.len()).unwrap());
    let result = link.tx(now).send(&to, &description, &mut fill);
    assert_eq!(filled, u32::from(result.is_ok()), "fill is called once if Ok, else not at all");
    result
}

/// What an upper layer got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Got {
    pub(crate) packet: Vec<u8>,
    pub(crate) from: HardwareAddress,
    pub(crate) cast: Cast,
}

/// Collects packets and answers each with as many copies of itself.
#[derive(Default)]
pub(crate) struct Collector {
    pub(crate) got: Vec<Got>,
    pub(crate) answers: usize,
    pub(crate) results: Vec<Result<(), LinkError>>,
}

impl Upper for Collector {
    fn receive(&mut self, frame: &mut Frame<'_>, back: &mut dyn LinkTx) {
        assert_eq!(frame.protocol, EtherType::IPV6);
        let packet = frame.payload.to_vec();
        for _ in 0..self.answers {
            let len = u16::try_from(packet.len()).unwrap();
            let mut answer = packet.clone();
            answer[8..24].copy_from_slice(&packet[24..40]);
            answer[24..40].copy_from_slice(&packet[8..24]);
            let result =
                back.send(&frame.from, &LinkPacket::new(EtherType::IPV6, len), &mut |buffer: &mut [u8]| {
                    buffer.copy_from_slice(&answer)
                });
            self.results.push(result);
        }
        self.got.push(Got { packet, from: frame.from, cast: frame.cast });
    }
}

/// Gives frames to a link and returns the packets that it hands up.
pub(crate) fn receive(link: &mut Link, now: Instant, frames: &[Vec<u8>]) -> Vec<Got> {
    let mut collector = Collector::default();
    receive_with(link, now, frames, &mut collector);
    collector.got
}

pub(crate) fn receive_with(link: &mut Link, now: Instant, frames: &[Vec<u8>], upper: &mut Collector) {
    link.device_mut().inbox.extend(frames.iter().cloned());
    link.service(now);
    assert_eq!(link.receive(now, usize::MAX, upper), frames.len());
}

/// The frames that a packet leaves in.
pub(crate) fn frames(from: &mut Link, to: HardwareAddress, packet: &[u8]) -> Vec<Vec<u8>> {
    assert_eq!(send(from, at(0), to, packet), Ok(()));
    from.device_mut().take_sent()
}

pub(crate) fn link_local(address: HardwareAddress) -> [u8; 16] {
    tersus_wire::sixlowpan::iphc::link_local(address).unwrap().octets()
}

/// A UDP packet of `len` octets in all, with a right checksum.
pub(crate) fn udp(source: [u8; 16], destination: [u8; 16], len: usize) -> Vec<u8> {
    let udp_len = u16::try_from(len - 40).unwrap();
    let mut packet = vec![0x60, 0, 0, 0];
    packet.extend(udp_len.to_be_bytes());
    packet.extend([17, 64]);
    packet.extend(source);
    packet.extend(destination);
    packet.extend([0x12, 0x34, 0x16, 0x33]);
    packet.extend(udp_len.to_be_bytes());
    packet.extend([0, 0]);
    packet.extend((0..len - 48).map(|i| u8::try_from(i * 7 % 251).unwrap()));
    let sum = Sum::new().add_bytes(&packet[8..40]).add_u32(u32::from(udp_len)).add_u16(17);
    let checksum = sum.add_bytes(&packet[40..]).checksum();
    packet[46..48].copy_from_slice(&checksum.to_be_bytes());
    packet
}

pub(crate) fn udp_between(from: HardwareAddress, to: HardwareAddress, len: usize) -> Vec<u8> {
    udp(link_local(from), link_local(to), len)
}

/// A data frame in the PAN.
pub(crate) fn frame(source: HardwareAddress, destination: HardwareAddress, payload: &[u8]) -> Vec<u8> {
    let repr = tersus_wire::ieee802154::Repr {
        version: tersus_wire::ieee802154::Version::V2006,
        sequence: 1,
        ack_request: false,
        dst_pan: PAN,
        dst: destination,
        src_pan: PAN,
        src: source,
    };
    let mut bytes = vec![0; repr.buffer_len()];
    repr.emit(&mut bytes).unwrap();
    bytes.extend(payload);
    bytes
}

/// The counters that are not 0, but for those of frames and packets that went their way.
pub(crate) fn drops(link: &Link) -> Vec<(&'static str, u32)> {
    let usual = ["rx_frames", "rx_packets", "rx_fragments", "tx_frames", "tx_packets", "tx_fragments"];
    let counters = link.statistics().counters();
    counters.into_iter().filter(|(name, count)| *count != 0 && !usual.contains(name)).collect()
}

pub(crate) fn set_link_state(link: &mut Link, state: LinkState) {
    link.device_mut().capabilities.link_state = state;
}
