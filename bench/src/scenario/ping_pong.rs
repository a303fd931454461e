//! One octet there and one back. Each end polls twice a round: to take in, and to send.

use super::{Pair, Work, STEP};
use crate::host::{Class, Host, Needs, Timestamps};
use crate::meter::Meter;

pub(super) fn run<H: Host>(meter: &mut Meter, idle: usize, timestamps: Timestamps) -> Work {
    let needs = Needs { bulk: 1, bulk_buffer: 65_536, listeners: 1, timestamps, ..Needs::NONE };
    let mut pair = Pair::<H>::plain(meter, &needs, idle);
    let ends = pair.open(Class::Bulk);
    let count = if idle > 1_000 { 20 } else { 500 };
    rounds(&mut pair, ends, 20);
    let before = pair.frames();
    let count = meter.repeat(count, 200);
    meter.start();
    rounds(&mut pair, ends, count);
    meter.stop();
    let frames = pair.frames() - before;
    Work { frames, data_frames: 2 * count, octets: 2 * count, rounds: count }
}

#[inline(never)]
fn rounds<H: Host>(pair: &mut Pair<H>, (client, server): (H::Connection, H::Connection), count: u64) {
    for round in 0..count {
        let octet = round as u8;
        let mut received = [0; 16];
        assert_eq!(pair.a.send(client, &[octet]), 1);
        pair.a.poll(pair.now);
        pair.b.poll(pair.now);
        assert_eq!(pair.b.recv(server, &mut received), 1);
        assert_eq!(received[0], octet);
        assert_eq!(pair.b.send(server, &[!octet]), 1);
        pair.b.poll(pair.now);
        pair.a.poll(pair.now);
        assert_eq!(pair.a.recv(client, &mut received), 1);
        assert_eq!(received[0], !octet);
        pair.now += STEP;
    }
}
