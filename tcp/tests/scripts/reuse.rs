//! Slots, records and tables that served one connection serve the next: nothing of the former is left.

use crate::runner::*;
use tersus_tcp::Options;

/// What the peer's SYN offers.
#[derive(Debug, Clone, Copy)]
struct Offer {
    mss: Option<u16>,
    scale: Option<u8>,
    permits: bool,
    ts: bool,
}

const PLAIN: Offer = Offer { mss: None, scale: None, permits: false, ts: false };
const WITH_ALL: Offer = Offer { mss: Some(536), scale: Some(7), permits: true, ts: true };
const WITH_SACK: Offer = Offer { mss: Some(1000), scale: None, permits: true, ts: false };

fn answer(offer: Offer) -> Seg {
    let mut answer = syn(IRS).ack(ISS + 1).permits(offer.permits);
    answer.mss = offer.mss;
    answer.scale = offer.scale;
    answer.ts = offer.ts.then_some((1000, 0));
    answer
}

/// A segment of the peer's, with timestamps if they were agreed on.
fn from_peer(offer: Offer, ms: u64, seg: Seg) -> Seg {
    if offer.ts {
        seg.ts(1000 + ms as u32, ms)
    } else {
        seg
    }
}

/// What leaves, as text with all that is compared.
fn told(host: &mut Host, log: &mut Vec<String>) {
    while let Some((ms, seg)) = host.take() {
        let (permits, urgent, has_ts) = (seg.permits, seg.urgent, seg.ts.is_some());
        log.push(format!("{ms} {seg:?} {permits:?} {urgent:?} {has_ts}"));
    }
}

/// A whole life, of which each connection has something to forget: losses, timeouts, windows of zero, gaps, urgent data;
/// it ends with a reset of the peer's.
fn live(host: &mut Host, offer: Offer) -> Vec<String> {
    let mut log = Vec::new();
    host.connect();
    host.poll();
    told(host, &mut log);
    host.give(&answer(offer));
    host.poll();
    host.send(8000, 101);
    host.poll();
    told(host, &mut log);
    let sack: &[(u32, u32)] = if offer.permits { &[(1637, 2173)] } else { &[] };
    let sacks: [&[(u32, u32)]; 3] = [sack, sack, if offer.permits { &[(1637, 2709)] } else { &[] }];
    let steps: Vec<(u64, Seg)> = vec![
        (20, seg(301).ack(637).wnd(500)),
        (40, seg(301).ack(637).wnd(500).sack(sacks[0])),
        (41, seg(301).ack(637).wnd(500).sack(sacks[1])),
        (42, seg(301).ack(637).wnd(500).sack(sacks[2])),
        // Then silence, timeouts; a partial acknowledgement; a closed window, and text with gaps.
        (9_000, seg(301).ack(1637).wnd(90)),
        (9_100, seg(301).ack(2709).wnd(0)),
        (30_000, seg(501).ack(2709).wnd(0).len(50)),
        (30_010, seg(701).ack(2709).wnd(0).len(50)),
        (30_020, seg(301).ack(2709).wnd(0).len(10).urg(5)),
        (30_500, seg(800).ack(2709).wnd(0).len(9).fin()),
        (40_000, rst(311).ack(2709)),
    ];
    for (ms, step) in steps {
        host.advance(host.at(ms));
        told(host, &mut log);
        let stamped = if step.flags == rst(0).flags { step } else { from_peer(offer, ms.min(30_500), step) };
        host.give(&stamped);
        host.poll();
        told(host, &mut log);
    }
    let received = host.recv_all();
    log.push(format!("{received:?} {:?}", host.tcp.state(host.id())));
    host.tcp.release(host.id()).unwrap();
    host.advance(host.at(200_000));
    told(host, &mut log);
    log
}

/// Each life behind each other one, in the only slot there is, is the life that it is in a fresh one.
#[test]
fn a_connection_in_a_used_slot_is_as_one_in_a_fresh_slot() {
    let offers = [PLAIN, WITH_ALL, WITH_SACK];
    let setup = Setup { connections: 1, tx: 16_384, options: Options::NONE, ..Setup::default() };
    for offer in offers {
        at_each_number(&setup, nothing, |host| {
            let fresh = live(host, offer);
            assert!(fresh.len() > 12, "{fresh:#?}");
            for before in offers {
                host.begin_anew();
                live(host, before);
                host.begin_anew();
                let again = live(host, offer);
                for (number, (again, fresh)) in again.iter().zip(&fresh).enumerate() {
                    assert_eq!(again, fresh, "{offer:?} behind {before:?}, line {number}");
                }
                assert_eq!(again.len(), fresh.len());
            }
        });
    }
}
