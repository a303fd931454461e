//! A connection from SYN to the last ACK and through TIME-WAIT, with one octet each way.

use super::{Pair, Work, PORT, STEP};
use crate::host::{Class, Host, Micros, Needs, Timestamps};
use crate::meter::Meter;

/// Longer than the TIME-WAIT of any stack here.
const TIME_WAIT: Micros = 15_000_000;

pub(super) fn run<H: Host>(meter: &mut Meter, listeners: usize, timestamps: Timestamps) -> Work {
    let needs = Needs { bulk: 2, bulk_buffer: 65_536, listeners: listeners + 1, timestamps, ..Needs::NONE };
    let mut pair = Pair::<H>::plain(meter, &needs, 0);
    // Resolves the hardware addresses.
    pair.open(Class::Bulk);
    pair.a.restart();
    pair.b.restart();
    for other in 0..listeners {
        pair.b.listen(10_000 + other as u16, Class::Small, 1);
    }
    pair.b.listen(PORT, Class::Bulk, 1);
    connections(&mut pair, 2);
    let before = pair.frames();
    let count = meter.repeat(20, if listeners > 0 { 5 } else { 500 });
    meter.start();
    connections(&mut pair, count);
    meter.stop();
    Work { frames: pair.frames() - before, data_frames: 2 * count, octets: 2 * count, rounds: count }
}

#[inline(never)]
fn connections<H: Host>(pair: &mut Pair<H>, count: u64) {
    for number in 0..count {
        one(pair, 20_000 + (number % 20_000) as u16, number as u8);
    }
}

fn one<H: Host>(pair: &mut Pair<H>, local: u16, octet: u8) {
    let mut received = [0; 16];
    let Pair { a, b, now, .. } = pair;
    let client = a.connect(*now, local, PORT, Class::Bulk);
    a.poll(*now); // SYN
    b.poll(*now); // SYN-ACK
    a.poll(*now); // ACK
    b.poll(*now);
    let server = b.accept(PORT).expect("a connection to accept");
    assert!(a.is_established(client));
    assert_eq!(a.send(client, &[octet]), 1);
    *now += STEP;
    a.poll(*now);
    b.poll(*now);
    assert_eq!(b.recv(server, &mut received), 1);
    assert_eq!(received[0], octet);
    assert_eq!(b.send(server, &[!octet]), 1);
    *now += STEP;
    b.poll(*now);
    a.poll(*now);
    assert_eq!(a.recv(client, &mut received), 1);
    assert_eq!(received[0], !octet);
    a.close(client);
    *now += STEP;
    a.poll(*now); // FIN
    b.poll(*now); // ACK
    b.close(server);
    *now += STEP;
    b.poll(*now); // FIN
    a.poll(*now); // ACK, TIME-WAIT
    b.poll(*now);
    assert!(a.is_over(client), "the client's end is not closed");
    assert!(b.is_over(server), "the server's end is not closed");
    a.release(client);
    b.release(server);
    *now += TIME_WAIT;
    a.poll(*now);
    b.poll(*now);
}
