//! A scripted device and a recording upper layer.

use std::collections::VecDeque;
use tersus_phy::{
    Capabilities, Cast, Device, Frame, Instant, LinkError, LinkPacket, LinkTx, Medium, RxMeta, RxToken,
    TxMeta, TxToken, Upper,
};
use tersus_wire::{EtherType, HardwareAddress};

pub(crate) const OWN: [u8; 6] = [2, 0, 0, 0, 0, 1];
pub(crate) const PEER: [u8; 6] = [2, 0, 0, 0, 0, 2];
pub(crate) const GROUP: [u8; 6] = [1, 0, 0x5e, 0, 0, 1];

/// A device with frames to receive and room to send.
pub(crate) struct Fake {
    pub(crate) capabilities: Capabilities,
    pub(crate) incoming: VecDeque<Vec<u8>>,
    pub(crate) meta: RxMeta,
    pub(crate) room: usize,
    pub(crate) sent: Vec<(Vec<u8>, TxMeta)>,
    pub(crate) transmits: usize,
}

impl Fake {
    pub(crate) fn new(medium: Medium, mtu: u16) -> Self {
        Self {
            capabilities: Capabilities::new(medium, mtu),
            incoming: VecDeque::new(),
            meta: RxMeta::default(),
            room: usize::MAX,
            sent: Vec::new(),
            transmits: 0,
        }
    }
}

pub(crate) struct FakeRx(Vec<u8>, RxMeta);
pub(crate) struct FakeTx<'t>(&'t mut usize, &'t mut Vec<(Vec<u8>, TxMeta)>);

impl RxToken for FakeRx {
    fn meta(&self) -> RxMeta {
        self.1
    }

    fn consume<R>(mut self, f: impl FnOnce(&mut [u8]) -> R) -> R {
        f(&mut self.0)
    }
}

impl TxToken for FakeTx<'_> {
    fn consume<R>(self, len: usize, meta: TxMeta, f: impl FnOnce(&mut [u8]) -> R) -> R {
        let mut frame = vec![0xee; len];
        let result = f(&mut frame);
        *self.0 -= 1;
        self.1.push((frame, meta));
        result
    }
}

impl Device for Fake {
    type Rx<'a> = FakeRx;
    type Tx<'a> = FakeTx<'a>;

    fn receive(&mut self, _: Instant) -> Option<(FakeRx, Option<FakeTx<'_>>)> {
        let frame = self.incoming.pop_front()?;
        let tx = (self.room > 0).then_some(FakeTx(&mut self.room, &mut self.sent));
        Some((FakeRx(frame, self.meta), tx))
    }

    fn transmit(&mut self, _: Instant) -> Option<FakeTx<'_>> {
        self.transmits += 1;
        (self.room > 0).then_some(FakeTx(&mut self.room, &mut self.sent))
    }

    fn capabilities(&self) -> Capabilities {
        self.capabilities
    }
}

/// What a link handed up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) from: HardwareAddress,
    pub(crate) cast: Cast,
    pub(crate) protocol: EtherType,
    pub(crate) payload: Vec<u8>,
}

/// Records, and sends `replies` copies of each packet back.
#[derive(Default)]
pub(crate) struct Recorder {
    pub(crate) seen: Vec<Seen>,
    pub(crate) metas: Vec<RxMeta>,
    pub(crate) replies: usize,
    pub(crate) answers: Vec<Result<(), LinkError>>,
}

impl Upper for Recorder {
    fn receive(&mut self, frame: &mut Frame<'_>, back: &mut dyn LinkTx) {
        self.seen.push(Seen {
            from: frame.from,
            cast: frame.cast,
            protocol: frame.protocol,
            payload: frame.payload.to_vec(),
        });
        self.metas.push(frame.meta);
        for _ in 0..self.replies {
            let packet = LinkPacket::new(
                frame.protocol,
                u16::try_from(frame.payload.len()).expect("a frame is short"),
            );
            let payload = &*frame.payload;
            let mut fill = |buffer: &mut [u8]| buffer.copy_from_slice(payload);
            self.answers.push(back.send(&frame.from, &packet, &mut fill));
        }
    }
}

/// Sends `payload` and checks that `fill` was called once if the answer is `Ok`, else not at all.
pub(crate) fn send(
    tx: &mut dyn LinkTx,
    to: HardwareAddress,
    packet: LinkPacket,
    payload: &[u8],
) -> Result<(), LinkError> {
    let mut calls = 0;
    let result = tx.send(&to, &packet, &mut |buffer: &mut [u8]| {
        calls += 1;
        assert_eq!(buffer.len(), usize::from(packet.len));
        buffer.copy_from_slice(payload);
    });
    assert_eq!(calls, usize::from(result.is_ok()));
    result
}

/// An Ethernet frame.
pub(crate) fn frame(destination: [u8; 6], source: [u8; 6], ether_type: u16, payload: &[u8]) -> Vec<u8> {
    let mut frame = [&destination[..], &source[..], &ether_type.to_be_bytes()[..]].concat();
    frame.extend_from_slice(payload);
    frame
}
