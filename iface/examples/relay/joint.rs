//! Where a device of the host meets the wire.

use tersus_iface::phy::hosted::TunTap;
use tersus_iface::phy::memory::End;
use tersus_iface::phy::{Device, Fraction, Instant, Random, RxToken, TxMeta, TxToken};
use tersus_iface::wire::checksum;

/// Longest frame, in octets.
pub(crate) const FRAME_LEN: usize = 1514;

/// One end: a device of the host, and the end of the wire that it is joined to.
pub(crate) struct Joint<'w, 'a> {
    pub(crate) device: TunTap,
    pub(crate) end: End<'w, 'a>,
    pub(crate) mark: Fraction,
    pub(crate) dropped: u64,
    pub(crate) marked: u64,
}

impl Joint<'_, '_> {
    /// Frames from the device onto the wire, and from the wire to the device.
    pub(crate) fn pass(&mut self, now: Instant, random: &mut Random) {
        let header_len = self.device.capabilities().medium.header_len();
        while let Some((frame, _)) = self.device.receive(now) {
            let is_marked = self.mark.millionths() > 0 && random.below(1_000_000) < self.mark.millionths();
            let Some(room) = self.end.transmit(now) else {
                self.dropped += 1;
                continue;
            };
            let passed = frame.consume(|octets| {
                let done = is_marked && octets.get_mut(header_len..).is_some_and(mark);
                let len = octets.len().min(FRAME_LEN);
                room.consume(len, TxMeta::default(), |buffer| {
                    buffer.iter_mut().zip(octets.iter()).for_each(|(to, from)| *to = *from);
                });
                done
            });
            self.marked += u64::from(passed);
        }
        while let Some((frame, _)) = self.end.receive(now) {
            let Some(room) = self.device.transmit(now) else { break };
            frame.consume(|octets| {
                room.consume(octets.len(), TxMeta::default(), |buffer| {
                    buffer.iter_mut().zip(octets.iter()).for_each(|(to, from)| *to = *from);
                });
            });
        }
        // A refusal is over: nothing waits for room.
        drop(self.end.transmit(now));
    }
}

/// Sets Congestion Experienced in a packet whose sender knows ECN. Whether it does.
fn mark(packet: &mut [u8]) -> bool {
    match packet {
        [version, class, rest @ ..] if *version >> 4 == 4 && *class & 3 != 0 => {
            let word = |class| u16::from_be_bytes([*version, class]);
            let (old, new) = (word(*class), word(*class | 3));
            let Some(field) = rest.get_mut(8..10) else { return false };
            let checksum = field.iter().fold(0, |sum: u16, octet| sum << 8 | u16::from(*octet));
            field.copy_from_slice(&checksum::update(checksum, old, new).to_be_bytes());
            *class |= 3;
            true
        }
        // The Traffic Class lies across the first two octets.
        [version, flow, ..] if *version >> 4 == 6 && *flow & 0x30 != 0 => {
            *flow |= 0x30;
            true
        }
        _ => false,
    }
}
