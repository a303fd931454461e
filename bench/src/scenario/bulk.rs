//! One connection sends as fast as it can. Neither application copies or looks at the octets: buffers are filled and
//! emptied in place.

use super::payload::Stream;
use super::{Pair, Work, STEP};
use crate::host::{Class, Host, Needs};
use crate::link::{Checksums, LinkOptions};
use crate::meter::{Meter, Mode};

/// Octets to warm up with, so that windows are open and counters past their start, as a multiple of the buffer.
const WARM_UP: u64 = 8;

/// One connection with large buffers sends; `needs.small` are idle.
pub(super) fn run<H: Host>(meter: &mut Meter, mtu: usize, checksums: Checksums, needs: &Needs) -> Work {
    let (buffer, idle) = (needs.bulk_buffer, needs.small);
    let frames = if mtu > 1500 { 32 } else { 256 };
    let options = LinkOptions { mtu, frames, checksums };
    let mut pair = Pair::<H>::new(meter, options, &Needs { listeners: 2, ..*needs });
    pair.establish_idle(idle);
    let ends = pair.open(Class::Bulk);

    let verify = meter.mode() == Mode::Verify;
    let (mut to_send, mut to_receive) = (Stream::new(verify), Stream::new(verify));
    let warm_up = WARM_UP * buffer as u64;
    transfer(&mut pair, ends, &mut to_send, &mut to_receive, warm_up);

    let before = pair.ends.each_ref().map(|end| end.sent());
    let octets = to_receive.position();
    let total = octets + meter.repeat(64 * buffer as u64, if idle > 0 { 1 } else { 100 });
    meter.start();
    transfer(&mut pair, ends, &mut to_send, &mut to_receive, total);
    meter.stop();
    let [data, acks] = [0, 1].map(|i| pair.ends[i].sent() - before[i]);
    Work { frames: data + acks, data_frames: data, octets: to_receive.position() - octets, rounds: 0 }
}

/// Until `total` octets were received.
#[inline(never)]
fn transfer<H: Host>(
    pair: &mut Pair<H>,
    (sender, receiver): (H::Connection, H::Connection),
    to_send: &mut Stream,
    to_receive: &mut Stream,
    total: u64,
) {
    while to_receive.position() < total {
        let before = to_receive.position();
        for _ in 0..1_000_000 {
            while pair.a.send_with(sender, |free| to_send.fill(free)) > 0 {}
            pair.a.poll(pair.now);
            pair.b.poll(pair.now);
            while pair.b.recv_with(receiver, |data| to_receive.check(data)) > 0 {}
            pair.now += STEP;
            if to_receive.position() != before {
                break;
            }
        }
        assert_ne!(to_receive.position(), before, "the transfer stalls");
    }
}
