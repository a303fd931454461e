//! Closing: RFC 9293 §3.6, §3.10.4 and §3.10.7.4 eighth.

use crate::runner::*;
use tersus_tcp::State::*;

// conf: TCP-FIN-01, TCP-FIN-06, TCP-FIN-07
#[test]
fn we_close_first() {
    run(&Setup::default(), connected, || {
        vec![
            (0, Call(|h| h.tcp.close(h.id()).unwrap())),
            (0, Out(fin(101).ack(301))),
            (0, Is(FinWait1)),
            (10, In(seg(301).ack(102))),
            (10, Is(FinWait2)),
            (20, In(fin(301).ack(102))),
            (20, Out(seg(102).ack(302))),
            (20, Is(TimeWait)),
        ]
    });
}

// conf: TCP-FIN-04, TCP-FIN-05
#[test]
fn peer_closes_first_then_we_close() {
    run(&Setup::default(), connected, || {
        vec![
            (0, In(fin(301).ack(101))),
            (0, Out(seg(101).ack(302))),
            (0, Is(CloseWait)),
            (10, Call(|h| h.tcp.close(h.id()).unwrap())),
            (10, Out(fin(101).ack(302))),
            (10, Is(LastAck)),
            (20, In(seg(302).ack(102))),
            (20, Is(Closed)),
        ]
    });
}

// conf: TCP-FIN-05
#[test]
fn data_before_a_fin_are_read_before_the_end() {
    run(&Setup::default(), connected, || {
        vec![
            (0, In(seg(301).ack(101).len(10).fin())),
            (0, Out(seg(101).ack(312))),
            (0, Is(CloseWait)),
            (0, Call(|h| assert_eq!(h.recv_all().len(), 10))),
            (0, Call(|h| assert_eq!(h.tcp.recv(h.id(), &mut [0]), Err(tersus_tcp::RecvError::Finished)))),
        ]
    });
}
