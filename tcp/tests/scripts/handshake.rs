//! Opening: RFC 9293 §3.5, §3.10.7.2 and §3.10.7.3.

use crate::runner::*;
use tersus_tcp::State::*;

// conf: TCP-OPEN-08
#[test]
fn a_connection_is_opened_by_connect() {
    run(&Setup::default(), nothing, || {
        vec![
            (0, Call(Host::connect)),
            (0, Out(syn(100).mss(1460).wnd(4096).scale(0))),
            (0, Is(SynSent)),
            (30, In(syn(300).ack(101).mss(1460))),
            (30, Out(seg(101).ack(301).wnd(4096))),
            (30, Is(Established)),
        ]
    });
}

// conf: TCP-OPEN-01
#[test]
fn a_listener_accepts() {
    run(&Setup::default(), listening, || {
        vec![
            (0, In(syn(300).mss(1460))),
            (0, Out(syn(100).ack(301).mss(1460).wnd(4096))),
            (30, In(seg(301).ack(101))),
            (30, Call(Host::accept)),
            (30, Is(Established)),
        ]
    });
}

#[test]
fn data_flow_both_ways() {
    for begin in [connected, accepted] {
        run(&Setup::default(), begin, || {
            vec![
                (10, Call(|h| assert_eq!(h.send(5, 0), 5))),
                (10, Out(seg(101).ack(301).len(5).data(&[0, 1, 2, 3, 4]).psh(true))),
                (20, In(seg(301).ack(106).data(b"hello"))),
                (20, Call(|h| assert_eq!(h.recv_all(), b"hello"))),
                (60, Out(seg(106).ack(306))),
            ]
        });
    }
}

// conf: TCP-HDR-06, TCP-HDR-08, TCP-HDR-10, TCP-HDR-13
#[test]
fn the_mss_option_is_found_wherever_it_stands() {
    // Option octets, MSS that counts
    const TABLE: [(&[u8], usize); 6] = [
        (&[1, 1, 2, 4, 2, 0, 0, 0], 512),
        (&[1, 2, 4, 2, 0, 0, 0, 0], 512),
        (&[200, 6, 1, 2, 3, 4, 2, 4, 2, 0, 0, 0], 512),
        (&[0, 2, 4, 2, 0, 0, 0, 0], 536),
        (&[1, 1, 1, 1], 536),
        (&[], 536),
    ];
    for (options, mss) in TABLE {
        run(&Setup::default(), nothing, || {
            vec![
                (0, Call(Host::connect)),
                (0, Out(syn(100))),
                (0, In(syn(300).ack(101).options(options))),
                (0, Out(seg(101).ack(301))),
                (0, Call(|h| assert_eq!(h.send(2000, 101), 2000))),
                (0, Out(seg(101).ack(301).len(mss))),
                (0, Left((2000 - mss) / mss)),
            ]
        });
    }
}
