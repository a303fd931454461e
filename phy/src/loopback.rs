//! The loopback device: what is sent is received.

use crate::queue::{End, FrameSlot, FrameStorage, Queue};
use crate::{earliest, Capabilities, Device, Instant, Medium, RxChecksum, RxMeta, RxToken, TxMeta, TxToken};

/// A device of [`Medium::Ip`] that gives back every packet, in order, none lost: when its memory is full, it
/// takes no more. Put it under [`RawIp::loopback`](crate::RawIp::loopback).
///
/// Packets never left the machine, so their checksums count as verified. With memory for one packet only,
/// nothing can be sent in answer while a packet is being received.
#[derive(Debug)]
pub struct Loopback<'a> {
    queue: Queue<'a>,
    /// Whether room was refused, and someone waits for it.
    refused: bool,
}

impl<'a> Loopback<'a> {
    /// A loopback whose MTU is `MTU`, 65,535 at most, with room for `PACKETS`.
    pub fn new<const PACKETS: usize, const MTU: usize>(storage: &'a mut FrameStorage<PACKETS, MTU>) -> Self {
        let (slots, octets) = storage.as_slices();
        Self::from_slices(slots, octets)
    }

    /// A loopback with room for as many packets as there are slots; `octets` is shared out equally, and the MTU
    /// is the size of a share, 65,535 at most.
    pub fn from_slices(slots: &'a mut [FrameSlot], octets: &'a mut [u8]) -> Self {
        Self { queue: Queue::new(slots, octets), refused: false }
    }
}

impl<'a> Device for Loopback<'a> {
    type Rx<'t>
        = LoopbackRx<'t>
    where
        Self: 't;
    type Tx<'t>
        = LoopbackTx<'t, 'a>
    where
        Self: 't;

    fn receive(&mut self, now: Instant) -> Option<(Self::Rx<'_>, Option<Self::Tx<'_>>)> {
        let taken = self.queue.take(now)?;
        let (packet, end) = self.queue.octets_and_end(taken);
        Some((LoopbackRx { packet }, end.map(|end| LoopbackTx { end })))
    }

    fn transmit(&mut self, _: Instant) -> Option<Self::Tx<'_>> {
        let end = self.queue.end();
        self.refused = end.is_none();
        Some(LoopbackTx { end: end? })
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::new(Medium::Ip, u16::try_from(self.queue.share()).unwrap_or(u16::MAX))
    }

    /// At once while packets wait, or if room was refused and is there now.
    fn poll_at(&self) -> Option<Instant> {
        let room = self.refused && self.queue.room() > 0;
        earliest(self.queue.next_at(), room.then_some(Instant::ZERO))
    }
}

/// A packet that came back.
#[derive(Debug)]
pub struct LoopbackRx<'t> {
    packet: &'t mut [u8],
}

impl RxToken for LoopbackRx<'_> {
    fn meta(&self) -> RxMeta {
        RxMeta { checksum: RxChecksum::Verified, ..RxMeta::default() }
    }

    fn consume<R>(self, f: impl FnOnce(&mut [u8]) -> R) -> R {
        f(self.packet)
    }
}

/// Room for one packet.
#[derive(Debug)]
pub struct LoopbackTx<'t, 'a> {
    end: End<'t, 'a>,
}

impl TxToken for LoopbackTx<'_, '_> {
    fn consume<R>(self, len: usize, _: TxMeta, f: impl FnOnce(&mut [u8]) -> R) -> R {
        self.end.put(len, Instant::ZERO, f)
    }
}
