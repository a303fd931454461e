//! Receiving: the sequence check, reassembly, acknowledgements, windows. RFC 9293 §3.10.7.4, §3.8.6; RFC 5681 §4.2.

use crate::runner::*;
use core::time::Duration;
use tersus_tcp::Config;
use tersus_tcp::State::*;
use tersus_wire::tcp::Flags;

// conf: TCP-SEQ-05, TCP-RST-04
#[test]
fn what_lies_outside_of_the_window_is_acknowledged_and_dropped() {
    run_both(&Setup::default(), connected, || {
        vec![
            (0, In(seg(301 + 4096).ack(101).len(1))),
            (0, Out(seg(101).ack(301))),
            (0, In(seg(291).ack(101).len(10))),
            (0, Out(seg(101).ack(301))),
            (0, In(seg(301u32.wrapping_sub(1 << 30)).ack(101).len(10))),
            (0, Out(seg(101).ack(301))),
            (0, In(seg(301 + 4098).ack(101))),
            (0, Out(seg(101).ack(301))),
            (0, Call(|h| assert!(h.recv_all().is_empty()))),
        ]
    });
}

/// Where both ends have filled the other's window, and of that something is missing at both, nothing else tells either
/// what the other has got: what they send again is old, and their ACKs lie behind the window.
#[test]
fn an_ack_right_behind_the_window_counts() {
    run(&Setup::default(), connected, || {
        vec![
            (0, In(seg(301).ack(101).wnd(1460))),
            (0, Call(|h| assert_eq!(h.send(1460, 101), 1460))),
            (0, Out(seg(101).ack(301).len(1460))),
            // All of our window but its first octet.
            (10, In(seg(302).ack(101).len(1460).wnd(1460))),
            (10, Left(1)),
            (10, In(seg(1762).ack(101).len(1460).wnd(1460))),
            (10, Left(1)),
            (10, In(seg(3222).ack(101).len(1175).wnd(1460))),
            (10, Left(1)),
            (20, In(seg(4397).ack(1561).wnd(1460))),
            (20, Call(|h| assert_eq!(h.tcp.info(h.id()).unwrap().in_flight, 0))),
            // What is told beside stays within the window.
            (20, In(fin(4397).ack(1561))),
            (20, Out(seg(1561).ack(301))),
            (20, In(rst(4397))),
            (20, Is(Established)),
        ]
    });
}

/// It cannot take the octet of the peer's probe, and knows by an ACK behind that that the peer's window has opened.
#[test]
fn an_ack_behind_the_octet_of_a_probe_counts_where_the_window_is_closed() {
    run(&Setup { rx: 100, ..Setup::default() }, connected, || {
        vec![
            (0, In(seg(301).ack(101).len(100).wnd(0))),
            (0, Call(|h| assert_eq!(h.send(10, 101), 10))),
            (40, Out(seg(101).ack(401).wnd(0))),
            (100, In(seg(401).ack(101).len(1).wnd(0))),
            (100, Out(seg(101).ack(401).wnd(0))),
            (200, In(seg(402).ack(101).wnd(4096))),
            (200, Out(seg(101).ack(401).len(10))),
            // Of those in both closed windows that did take the octet, each knows what the other has.
            (300, In(seg(402).ack(111).wnd(4096))),
            (300, Call(|h| assert_eq!(h.tcp.info(h.id()).unwrap().in_flight, 0))),
            (300, In(seg(403).ack(111))),
            (300, Out(seg(111).ack(401).wnd(0))),
        ]
    });
}

// conf: TCP-SEQ-04, TCP-SEQ-06
#[test]
fn segments_are_cut_at_both_edges_of_the_window() {
    run(&Setup { rx: 100, ..Setup::default() }, connected, || {
        vec![
            (0, In(seg(301).ack(101).len(10))),
            // Five old octets, 85 new ones.
            (0, In(seg(306).ack(101).len(90))),
            (0, Out(seg(101).ack(396).wnd(5))),
            // Five fit, and the FIN behind the rest is not seen.
            (0, In(seg(396).ack(101).len(20).fin())),
            (0, Out(seg(101).ack(401).wnd(0))),
            (0, Is(Established)),
            (0, Call(|h| assert_eq!(h.recv_all(), seg(301).len(100).data))),
            (0, Out(seg(101).ack(401).wnd(100))),
        ]
    });
}

// conf: TCP-SEQ-07, TCP-SWS-14
#[test]
fn data_ahead_of_a_gap_are_kept() {
    run(&Setup::default(), connected, || {
        vec![
            (0, In(seg(401).ack(101).len(100))),
            (0, Out(seg(101).ack(301))),
            (0, In(seg(601).ack(101).len(100))),
            (0, Out(seg(101).ack(301))),
            (0, In(seg(501).ack(101).len(100))),
            (0, Out(seg(101).ack(301))),
            (0, In(seg(301).ack(101).len(100))),
            (0, Out(seg(101).ack(701))),
            (0, Call(|h| assert_eq!(h.recv_all(), seg(301).len(400).data))),
            (0, Call(|h| assert_eq!(h.counter("data_out_of_order"), 3))),
        ]
    });
}

// conf: TCP-SWS-15
#[test]
fn the_ack_of_data_ahead_is_the_only_one() {
    run(&Setup::default(), connected, || {
        vec![
            // In order, ahead, ahead: as many ACKs as segments at most, and none late.
            (0, Burst([301, 501, 601].map(|at| seg(at).ack(101).len(100)).to_vec())),
            (0, Out(seg(101).ack(401))),
            (0, Out(seg(101).ack(401))),
            (1000, In(seg(401).ack(101).len(100))),
            (1000, Out(seg(101).ack(701))),
        ]
    });
}

// conf: TCP-SEQ-10
#[test]
fn overlapping_segments_give_one_stream() {
    // In whatever order these arrive, the stream is the same.
    const PIECES: [(u32, usize); 5] = [(301, 40), (331, 50), (321, 100), (361, 10), (411, 30)];
    for turn in 0..5 {
        for step in [1, 2, 3, 4] {
            run(&Setup::default(), connected, || {
                let order = (0..5).map(|i| PIECES[(turn + i * step) % 5]);
                let burst = order.map(|(seq, len)| seg(seq).ack(101).len(len)).collect();
                vec![
                    (0, Burst(burst)),
                    (100, Drain),
                    (100, Call(|h| assert_eq!(h.recv_all(), seg(301).len(140).data))),
                ]
            });
        }
    }
}

// conf: TCP-SEQ-10
#[test]
fn overlapping_segments_that_disagree_give_each_octet_once() {
    run_both(&Setup::default(), connected, || {
        vec![
            (0, In(seg(311).ack(101).data(&[1; 10]))),
            (0, Left(1)),
            (0, In(seg(306).ack(101).data(&[2; 10]))),
            (0, Left(1)),
            (0, In(seg(301).ack(101).data(&[3; 7]))),
            (0, Out(seg(101).ack(321))),
            (
                0,
                Call(|h| {
                    let data = h.recv_all();
                    assert_eq!(data.len(), 20);
                    assert_eq!(data[..7], [3; 7]);
                }),
            ),
        ]
    });
}

#[test]
fn a_full_table_of_ranges_drops_the_segment_and_nothing_else() {
    for ranges in [0, 1] {
        run_both(&Setup { ranges, ..Setup::default() }, connected, || {
            vec![
                (0, In(seg(401).ack(101).len(10))),
                (0, Out(seg(101).ack(301))),
                (0, In(seg(501).ack(101).len(10))),
                (0, Out(seg(101).ack(301))),
                // In order is always taken.
                (0, Burst(vec![seg(301).ack(101).len(100), seg(401).ack(101).len(110)])),
                (0, Out(seg(101).ack(511))),
                (0, Call(|h| assert!(h.counter("ranges_full") > 0))),
                (0, Call(|h| assert_eq!(h.recv_all(), seg(301).len(210).data))),
            ]
        });
    }
}

// conf: TCP-SWS-12, TCP-SWS-13
#[test]
fn every_second_segment_is_acknowledged_and_a_single_one_soon() {
    run(&Setup::default(), connected, || {
        vec![
            (0, In(seg(301).ack(101).len(100))),
            (10, In(seg(401).ack(101).len(100))),
            (10, Out(seg(101).ack(501))),
            (20, In(seg(501).ack(101).len(100))),
            (60, Out(seg(101).ack(601))),
        ]
    });
    let mut config = Config::new();
    config.delayed_ack = Duration::from_secs(9);
    run(&Setup { config, ..Setup::default() }, connected, || {
        vec![(0, In(seg(301).ack(101).len(100))), (499, Out(seg(101).ack(401)))]
    });
    let mut config = Config::new();
    config.delayed_ack = Duration::ZERO;
    run(&Setup { config, ..Setup::default() }, connected, || {
        vec![(0, In(seg(301).ack(101).len(100))), (0, Out(seg(101).ack(401)))]
    });
}

#[test]
fn the_first_full_segments_are_acknowledged_one_by_one() {
    let mut config = Config::new();
    config.quick_acks = 2;
    run(&Setup { rx: 65_536, config: config.clone(), ..Setup::default() }, connected, || {
        vec![
            (0, In(seg(301).ack(101).len(1460))),
            (0, Out(seg(101).ack(1761))),
            (10, In(seg(1761).ack(101).len(1460))),
            (10, Out(seg(101).ack(3221))),
            // Old enough now.
            (20, In(seg(3221).ack(101).len(1460))),
            (60, Out(seg(101).ack(4681))),
            (70, In(seg(4681).ack(101).len(1460))),
            (80, In(seg(6141).ack(101).len(1460))),
            (80, Out(seg(101).ack(7601))),
        ]
    });
    // An answer may go with the ACK of what is small; and nothing is quick if nobody wants it.
    run(&Setup { rx: 65_536, config: config.clone(), ..Setup::default() }, connected, || {
        vec![(0, In(seg(301).ack(101).len(1459))), (40, Out(seg(101).ack(1760)))]
    });
    config.quick_acks = 0;
    run(&Setup { rx: 65_536, config, ..Setup::default() }, connected, || {
        vec![(0, In(seg(301).ack(101).len(1460))), (40, Out(seg(101).ack(1761)))]
    });
}

#[test]
fn after_a_gap_full_segments_are_acknowledged_one_by_one() {
    let mut config = Config::new();
    config.quick_acks = 0;
    config.quick_acks_after_gap = 2;
    let steps = || {
        vec![
            (0, In(seg(1761).ack(101).len(1460))),
            (0, Out(seg(101).ack(301))),
            (10, In(seg(301).ack(101).len(1460))),
            (10, Out(seg(101).ack(3221))),
            (20, In(seg(3221).ack(101).len(1460))),
        ]
    };
    run(&Setup { rx: 65_536, config: config.clone(), ..Setup::default() }, connected, || {
        let mut steps = steps();
        steps.extend([
            (20, Out(seg(101).ack(4681))),
            // What filled the gap was the first of the two.
            (30, In(seg(4681).ack(101).len(1460))),
            (70, Out(seg(101).ack(6141))),
        ]);
        steps
    });
    config.quick_acks_after_gap = 0;
    run(&Setup { rx: 65_536, config, ..Setup::default() }, connected, || {
        let mut steps = steps();
        steps.push((60, Out(seg(101).ack(4681))));
        steps
    });
}

// conf: TCP-ACK-07, TCP-SWS-15
#[test]
fn a_burst_is_acknowledged_once() {
    run_both(&Setup::default(), connected, || {
        vec![
            (0, Burst((0..10).map(|i| seg(301 + 100 * i).ack(101).len(100)).collect())),
            (0, Out(seg(101).ack(1301))),
        ]
    });
}

#[test]
fn data_carry_the_acknowledgement() {
    run_both(&Setup::default(), connected, || {
        vec![
            (0, In(seg(301).ack(101).len(100))),
            (10, Call(|h| assert_eq!(h.send(5, 101), 5))),
            (10, Out(seg(101).ack(401).len(5))),
            (20, In(seg(401).ack(106))),
        ]
    });
}

// conf: TCP-ACK-01, TCP-HDR-07, TCP-HDR-14, TCP-MSS-03, TCP-WS-03, TCP-URG-04
#[test]
fn odd_segments_are_taken_for_what_they_are() {
    run(&Setup::default(), connected, || {
        vec![
            (0, In(seg(301).len(10))),
            (0, Call(|h| assert_eq!(h.counter("no_ack"), 1))),
            (0, In(seg(301).ack(101).options(&[1, 1, 77, 5, 0, 0, 0, 1]).data(b"ab"))),
            (0, In(seg(303).ack(101).mss(100).scale(7).data(b"cd"))),
            (0, Out(seg(101).ack(305))),
            (0, In(seg(305).ack(101).flag(Flags::URG | Flags::ECE | Flags::CWR).data(b"ef"))),
            (0, In(seg(307).ack(101).flag(Flags::PSH).data(b"gh"))),
            (0, Out(seg(101).ack(309))),
            (0, Call(|h| assert_eq!(h.recv_all(), b"abcdefgh"))),
            (0, Call(|h| assert_eq!(h.tcp.info(h.id()).unwrap().mss, 1460))),
            (0, Call(|h| assert_eq!(h.tcp.info(h.id()).unwrap().send_window, 4096))),
        ]
    });
}

// conf: TCP-HDR-04
#[test]
fn reserved_bits_mean_nothing() {
    for (opened, timestamps) in [(connected as fn(&mut Host), false), (connected_with_ts, true)] {
        at_each_number(&Setup::default(), opened, |host| {
            for reserved in 1..=15u8 {
                // That they are sent as zero the runner checks of every segment.
                let number = 300 + u32::from(reserved);
                host.reserved = reserved;
                host.give(&if timestamps {
                    seg(number).ack(101).len(1).ts(1000, 0)
                } else {
                    seg(number).ack(101).len(1)
                });
                host.poll();
                assert_eq!(host.recv_all().len(), 1, "reserved bits {reserved:#06b}");
            }
            host.advance(host.now + core::time::Duration::from_millis(40));
            while host.take().is_some() {}
        });
    }
}

// conf: TCP-ACK-04, TCP-ATK-05
#[test]
fn acknowledgements_of_what_was_never_sent_are_refused() {
    run_both(&Setup::default(), connected, || {
        vec![
            (0, In(seg(301).ack(102).len(10))),
            (0, Out(seg(101).ack(301))),
            (0, In(seg(301).ack(101u32.wrapping_sub(4097)).len(10))),
            (0, Out(seg(101).ack(301))),
            (0, Call(|h| assert_eq!(h.counter("bad_ack"), 2))),
            (0, Call(|h| assert!(h.recv_all().is_empty()))),
            // Old, but within the largest window ever.
            (0, In(seg(301).ack(101u32.wrapping_sub(4096)).len(10))),
            (0, Call(|h| assert_eq!(h.recv_all().len(), 10))),
            (40, Out(seg(101).ack(311))),
        ]
    });
}

// conf: TCP-SWS-10, TCP-SWS-11, TCP-SWS-02
#[test]
fn the_window_opens_in_worthwhile_steps() {
    run_both(&Setup { rx: 1000, ..Setup::default() }, connected, || {
        vec![
            (0, In(seg(301).ack(101).len(1000))),
            (40, Out(seg(101).ack(1301).wnd(0))),
            (50, Call(|h| assert_eq!(h.recv(&mut [0; 499]), Ok(499)))),
            // Half of the buffer is worth telling.
            (60, Call(|h| assert_eq!(h.recv(&mut [0; 1]), Ok(1)))),
            (60, Out(seg(101).ack(1301).wnd(500))),
            (70, Call(|h| assert_eq!(h.recv(&mut [0; 100]), Ok(100)))),
            (80, In(seg(1301).ack(101).len(250))),
            (120, Out(seg(101).ack(1551).wnd(250))),
        ]
    });
}

// conf: TCP-RST-05, TCP-SEQ-08
#[test]
fn a_reset_with_text_is_one_where_the_window_is_closed_too() {
    run_both(&Setup { rx: 100, ..Setup::default() }, connected, || {
        vec![
            (0, In(seg(301).ack(101).len(100))),
            (40, Out(seg(101).ack(401).wnd(0))),
            (50, In(rst(402).len(5))),
            (50, In(rst(401).len(5))),
            (50, Is(Closed)),
        ]
    });
}

// conf: TCP-SEQ-03, TCP-SEQ-08, TCP-SWS-07
#[test]
fn a_closed_window_takes_acknowledgements_and_resets() {
    run(&Setup { rx: 100, ..Setup::default() }, connected, || {
        vec![
            (0, Call(|h| assert_eq!(h.send(10, 101), 10))),
            (0, Out(seg(101).ack(301).len(10))),
            (0, In(seg(301).ack(101).len(100))),
            (40, Out(seg(111).ack(401).wnd(0))),
            // A probe: answered, not delivered, but its ACK counts.
            (50, In(seg(401).ack(111).len(1))),
            (50, Out(seg(111).ack(401).wnd(0))),
            (50, Call(|h| assert_eq!(h.tcp.send_queue(h.id()), Ok(0)))),
            (60, In(seg(401).ack(111).len(1))),
            (60, Out(seg(111).ack(401).wnd(0))),
            (70, In(seg(403).ack(111))),
            (70, Out(seg(111).ack(401).wnd(0))),
            (80, In(rst(401))),
            (80, Is(Closed)),
        ]
    });
}

// conf: TCP-SWS-08
#[test]
fn the_octet_of_a_probe_is_taken_when_the_window_has_opened() {
    run_both(&Setup { rx: 100, ..Setup::default() }, connected, || {
        vec![
            (0, In(seg(301).ack(101).len(100))),
            (40, Out(seg(101).ack(401).wnd(0))),
            (50, Call(|h| assert_eq!(h.recv_all().len(), 100))),
            (50, Out(seg(101).ack(401).wnd(100))),
            (60, In(seg(401).ack(101).len(1))),
            (60, Call(|h| assert_eq!(h.recv_all(), seg(401).len(1).data))),
            (60, In(seg(401).ack(101).len(1))),
            (60, Out(seg(101).ack(402))),
            (60, Call(|h| assert!(h.recv_all().is_empty()))),
        ]
    });
}

// conf: TCP-KA-06
#[test]
fn keep_alive_probes_of_the_peer_are_answered() {
    run_both(&Setup::default(), connected, || {
        vec![
            (0, In(seg(300).ack(101))),
            (0, Out(seg(101).ack(301))),
            (0, In(seg(300).ack(101).data(b"x"))),
            (0, Out(seg(101).ack(301))),
            (0, Call(|h| assert!(h.recv_all().is_empty()))),
        ]
    });
}

#[test]
fn tiny_buffers_work() {
    for (rx, tx) in [(0, 0), (1, 1), (0, 1), (1, 0)] {
        run_both(&Setup { rx, tx, ..Setup::default() }, connected, || {
            vec![
                (0, Call(|h| assert_eq!(h.send(5, 101), h.setup.tx))),
                (0, Left(tx)),
                (0, In(seg(301).ack(101 + tx as u32).len(5))),
                (100, Drain),
                (100, Call(|h| assert_eq!(h.recv_all().len(), h.setup.rx))),
                (100, Left(rx)),
                (100, Call(|h| h.close())),
                (100, Out(fin(101 + tx as u32).ack(301 + rx as u32))),
            ]
        });
    }
}

// conf: TCP-WS-07
#[test]
fn an_edge_that_was_once_announced_stays() {
    // A window of 4,001 octets is announced in units of eight: 4,000. What the SYN offered unscaled holds.
    let setup = Setup { rx: 300_001, ..Setup::default() };
    run_both(&setup, nothing, || {
        vec![
            (0, Call(Host::connect)),
            (0, Out(syn(100).wnd(65_535).scale(3))),
            (0, In(syn(300).ack(101).scale(0))),
            (0, Out(seg(101).ack(301).wnd((300_001u32 >> 3) as u16))),
            // One octet in order moves the announced edge down to a multiple of eight; the last octet of the first
            // announcement is still taken.
            (0, In(seg(301).ack(101).len(1))),
            (40, Out(seg(101).ack(302).wnd((300_000u32 >> 3) as u16))),
            (50, In(seg(302).ack(101).len(9))),
            (90, Out(seg(101).ack(311).wnd((299_991u32 >> 3) as u16))),
            // The edge was 301 + 300,000; what 311 and 37,498 units give is less.
            (100, In(seg(300_300).ack(101).len(1))),
            (100, Out(seg(101).ack(311))),
            (100, Call(|h| assert_eq!(h.counter("data_out_of_order"), 1))),
            (100, Call(|h| assert_eq!(h.counter("not_acceptable"), 0))),
        ]
    });
}
