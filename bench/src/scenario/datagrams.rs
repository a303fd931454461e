//! Datagrams one way in batches, copied from and to the application's memory.

use super::payload::Stream;
use super::{Pair, Work, PORT, STEP};
use crate::host::{Host, Needs};
use crate::meter::{Meter, Mode};

/// Datagrams queued before each poll.
const BATCH: u64 = 32;

pub(super) fn run<H: Host>(meter: &mut Meter, len: usize) -> Work {
    let mut pair = Pair::<H>::plain(meter, &Needs { udp: 1, ..Needs::NONE }, 0);
    let sockets = (pair.a.bind(PORT), pair.b.bind(PORT));
    // The hardware address is resolved by the first datagram, which may be lost for it.
    pair.a.send_to(sockets.0, PORT, &[0]);
    pair.settle();
    while pair.b.recv_from(sockets.1, &mut [0; 2048]).is_some() {}

    let verify = meter.mode() == Mode::Verify;
    let (mut to_send, mut to_receive) = (Stream::new(verify), Stream::new(verify));
    batches(&mut pair, sockets, len, &mut to_send, &mut to_receive, 4);
    let (before, octets) = (pair.frames(), to_receive.position());
    let count = meter.repeat(20, 500);
    meter.start();
    batches(&mut pair, sockets, len, &mut to_send, &mut to_receive, count);
    meter.stop();
    // A stack may ask for a hardware address again meanwhile.
    let frames = pair.frames() - before;
    Work { frames, data_frames: count * BATCH, octets: to_receive.position() - octets, rounds: 0 }
}

#[inline(never)]
fn batches<H: Host>(
    pair: &mut Pair<H>,
    (from, to): (H::Socket, H::Socket),
    len: usize,
    to_send: &mut Stream,
    to_receive: &mut Stream,
    count: u64,
) {
    let mut data = vec![0x5a; len];
    let mut received = vec![0; 2048];
    for _ in 0..count {
        for _ in 0..BATCH {
            to_send.fill(&mut data);
            assert!(pair.a.send_to(from, PORT, &data), "no room for a datagram");
        }
        pair.a.poll(pair.now);
        pair.b.poll(pair.now);
        for _ in 0..BATCH {
            let got = pair.b.recv_from(to, &mut received).expect("a datagram was lost");
            assert_eq!(got, len);
            to_receive.check(&received[..got]);
        }
        pair.now += STEP;
    }
}
