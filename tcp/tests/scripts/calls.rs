//! The calls beside `send` and `recv`: what is lent in place, both directions at once, pieces, push, shutdown, and
//! settings changed on the way. As a user writes them.

use crate::runner::*;
use core::time::Duration;
use tersus_tcp::State::*;
use tersus_tcp::{
    Config, ConnectOptions, ConnectionId, Half, Nagle, Options, Outcome, RecvError, SendError, Stale,
};

fn data(from: usize, len: usize) -> Vec<u8> {
    (from..from + len).map(pattern).collect()
}

/// A second connection of the same host, from another port of the peer's; both script numbers are as in `connected`.
fn second(host: &mut Host) -> ConnectionId {
    let options = ConnectOptions { port: OUR_PORT + 1, ..ConnectOptions::default() };
    let id = host.connect_with(options).unwrap();
    host.poll();
    let (_, fields, ..) = host.sent.pop_front().unwrap();
    let answer = tersus_wire::tcp::Fields {
        src_port: PEER_PORT,
        dst_port: OUR_PORT + 1,
        seq: 77,
        ack: fields.seq.wrapping_add(1),
        flags: syn(0).ack(0).flags,
        window: 4096,
        urgent: 0,
    };
    host.receive(&answer, &[2, 4, 5, 180], &[]);
    host.poll();
    host.sent.clear();
    id
}

#[test]
fn both_halves_of_a_connection_are_used_at_once() {
    let setup = Setup { rx: 8, tx: 5, ..Setup::default() };
    run(&setup, connected, || {
        vec![
            (0, In(seg(301).ack(101).data(b"abcdef"))),
            (
                0,
                Call(|h| {
                    let id = h.id();
                    let (mut input, mut output) = h.tcp.split(id).unwrap();
                    let [front, back] = input.peek().unwrap();
                    assert_eq!((front, back, input.len()), (&b"abcdef"[..], &b""[..], 6));
                    let [room, _] = output.buffers().unwrap();
                    for (to, from) in room.iter_mut().zip(front) {
                        *to = from.to_ascii_uppercase();
                    }
                    assert_eq!((output.commit(9), input.consume(5), output.room()), (5, 5, 0));
                    assert_eq!(output.send(b"z"), Ok(0));
                }),
            ),
            // One segment: what is sent back, the acknowledgement, and the window.
            (0, Out(seg(101).ack(307).data(b"ABCDE").wnd(7))),
            (1, In(seg(307).ack(106).data(b"ghijklm"))),
            (
                1,
                Call(|h| {
                    let id = h.id();
                    let (mut input, mut output) = h.tcp.split(id).unwrap();
                    // What wrapped is the second piece.
                    assert_eq!(input.peek(), Ok([&b"fgh"[..], b"ijklm"]));
                    assert_eq!((output.send_from(&mut input), input.len()), (5, 3));
                    assert_eq!((output.send_from(&mut input), output.room()), (0, 0));
                    let mut rest = [0; 9];
                    assert_eq!(input.recv(&mut rest), Ok(3));
                    assert_eq!(
                        (&rest[..3], input.peek(), input.is_empty()),
                        (&b"klm"[..], Ok([&[][..]; 2]), true)
                    );
                }),
            ),
            (1, Out(seg(106).ack(314).data(b"fghij").wnd(8))),
        ]
    });
}

#[test]
fn a_half_that_frees_a_closed_window_announces_it() {
    let setup = Setup { rx: 1000, ..Setup::default() };
    run(&setup, connected, || {
        vec![
            (0, In(seg(301).ack(101).len(1000))),
            (40, Out(seg(101).ack(1301).wnd(0))),
            // Too little to tell, then enough.
            (50, Call(|h| assert_eq!(h.tcp.split(h.id()).unwrap().0.consume(499), 499))),
            (60, Call(|h| assert_eq!(h.tcp.split(h.id()).unwrap().0.consume(1), 1))),
            (60, Out(seg(101).ack(1301).wnd(500))),
            (70, Call(|h| assert_eq!(h.tcp.consume(h.id(), 9999), Ok(500)))),
        ]
    });
}

#[test]
fn a_stream_passes_from_one_connection_to_another() {
    at_each_number(&Setup { rx: 64, tx: 48, ..Setup::default() }, connected, |host| {
        let (from, to) = (host.id(), second(host));
        host.give(&seg(301).ack(101).len(60));
        for (from, to, want) in [(from, to, 48), (to, from, 0), (from, from, 12), (from, to, 0)] {
            let (mut input, mut output) = host.tcp.splice(from, to).unwrap();
            assert_eq!(output.send_from(&mut input), want);
        }
        host.poll();
        let mut left: Vec<Vec<u8>> = host.sent.drain(..).map(|(_, _, data, _)| data).collect();
        left.sort_by_key(Vec::len);
        assert_eq!(left, [data(349, 12), data(301, 48)]);
        // One that is over refuses what is written and ends what is read; the other goes on.
        host.tcp.abort(to).unwrap();
        host.give(&seg(361).ack(113).len(4));
        let (mut input, mut output) = host.tcp.splice(from, to).unwrap();
        assert_eq!(output.buffers().err(), Some(SendError::Ended(Outcome::Aborted)));
        assert_eq!(
            (output.commit(1), output.room(), output.send_from(&mut input), input.len()),
            (0, 0, 0, 4)
        );
        let (input, mut output) = host.tcp.splice(to, from).unwrap();
        assert_eq!((input.peek(), output.send(b"x")), (Err(RecvError::Ended(Outcome::Aborted)), Ok(1)));
        host.tcp.release(to).unwrap();
        assert_eq!(host.tcp.splice(to, from).err(), Some(Stale));
        assert_eq!(host.tcp.splice(from, to).err(), Some(Stale));
        host.poll();
        host.sent.clear();
    });
}

#[test]
fn what_was_peeked_at_stays_and_pieces_are_one_stream() {
    let setup = Setup { rx: 10, tx: 10, ..Setup::default() };
    run(&setup, connected, || {
        vec![
            (0, In(seg(301).ack(101).data(b"12345678"))),
            (
                0,
                Call(|h| {
                    let id = h.id();
                    assert_eq!(h.tcp.peek(id), Ok([&b"12345678"[..], b""]));
                    assert_eq!(h.tcp.peek(id), Ok([&b"12345678"[..], b""]));
                    let (mut a, mut b, mut c) = ([0; 2], [0; 0], [0; 3]);
                    assert_eq!(h.tcp.recv_vectored(id, &mut [&mut a, &mut b, &mut c]), Ok(5));
                    assert_eq!((&a, &c), (b"12", b"345"));
                    assert_eq!(h.tcp.consume(id, 2), Ok(2));
                    assert_eq!(h.tcp.peek(id), Ok([&b"8"[..], b""]));
                    assert_eq!(h.tcp.send_vectored(id, &[b"head", b"", b"body", b"too much"]), Ok(10));
                    assert_eq!(h.tcp.send_vectored(id, &[b"x"]), Ok(0));
                }),
            ),
            (0, Out(seg(101).ack(309).data(b"headbodyto").psh(true))),
            (1, In(fin(309).ack(111))),
            (1, Out(seg(111).ack(310))),
            (
                1,
                Call(|h| {
                    let id = h.id();
                    assert_eq!(h.tcp.peek(id), Ok([&b"8"[..], b""]));
                    assert_eq!(h.tcp.consume(id, 1), Ok(1));
                    assert_eq!(h.tcp.peek(id), Err(RecvError::Finished));
                    assert_eq!(h.tcp.recv_vectored(id, &mut []), Err(RecvError::Finished));
                    h.tcp.close(id).unwrap();
                    assert_eq!(h.tcp.send_vectored(id, &[]), Err(SendError::Closing));
                }),
            ),
            (1, Out(fin(111).ack(310))),
        ]
    });
}

// conf: TCP-API-06
#[test]
fn a_push_lets_out_what_nagle_holds_and_not_what_comes_later() {
    run(&Setup::default(), connected, || {
        vec![
            (0, Call(|h| assert_eq!(h.send(10, 101), 10))),
            (0, Out(seg(101).ack(301).len(10).psh(true))),
            (1, Call(|h| assert_eq!(h.send(10, 111), 10))),
            (2, Call(|h| h.tcp.push(h.id()).unwrap())),
            (2, Out(seg(111).ack(301).len(10).psh(true))),
            (3, Call(|h| assert_eq!(h.send(10, 121), 10))),
            // Pushed when there is nothing new: later data wait as ever.
            (10, In(seg(301).ack(121))),
            (10, Out(seg(121).ack(301).len(10))),
            (11, Call(|h| h.tcp.push(h.id()).unwrap())),
            (12, Call(|h| assert_eq!(h.send(10, 131), 10))),
            (20, In(seg(301).ack(131))),
            (20, Out(seg(131).ack(301).len(10))),
        ]
    });
}

// conf: TCP-API-06, TCP-SWS-16
#[test]
fn a_corked_stream_leaves_in_full_segments_or_when_it_is_pushed_or_closed_or_waited_long_enough() {
    let options = Options { nagle: Nagle::Cork, ..Options::NONE };
    let setup = Setup { options, ..Setup::default() };
    run(&setup, connected, || {
        vec![
            (0, Call(|h| assert_eq!(h.send(10, 101), 10))),
            (5, Call(|h| assert_eq!(h.send(1450, 111), 1450))),
            (5, Out(seg(101).ack(301).len(1460))),
            (10, In(seg(301).ack(1561))),
            (10, Call(|h| assert_eq!(h.tcp.options(h.id()).unwrap().nagle, Nagle::Cork))),
            (20, Call(|h| assert_eq!(h.send(10, 1561), 10))),
            (30, Call(|h| h.tcp.push(h.id()).unwrap())),
            (30, Out(seg(1561).ack(301).len(10).psh(true))),
            (40, In(seg(301).ack(1571))),
            (50, Call(|h| assert_eq!(h.send(10, 1571), 10))),
            (250, Out(seg(1571).ack(301).len(10))),
            (260, In(seg(301).ack(1581))),
            (270, Call(|h| assert_eq!(h.send(10, 1581), 10))),
            (280, Call(|h| h.tcp.close(h.id()).unwrap())),
            (280, Out(fin(1581).ack(301).len(10))),
        ]
    });
}

// conf: TCP-FIN-12
#[test]
fn data_that_come_after_receiving_was_shut_down_reset_the_connection() {
    run(&Setup::default(), connected, || {
        vec![
            (0, Call(|h| h.tcp.shutdown(h.id(), Half::Receive).unwrap())),
            (0, Call(|h| assert_eq!(h.tcp.recv(h.id(), &mut [0; 9]), Err(RecvError::Shutdown)))),
            (0, Call(|h| assert!(h.tcp.is_readable(h.id())))),
            // The other half goes on, and acknowledgements are taken.
            (5, Call(|h| assert_eq!(h.send(10, 101), 10))),
            (5, Out(seg(101).ack(301).len(10))),
            (10, In(seg(301).ack(111))),
            (20, In(seg(301).ack(111).len(1))),
            (20, Out(rst(111).ack(301))),
            (20, Is(Closed)),
            (20, Call(|h| assert_eq!(h.tcp.outcome(h.id()), Ok(Some(Outcome::Aborted))))),
            (20, Call(|h| assert_eq!(h.counter("data_unread"), 1))),
        ]
    });
}

#[test]
fn a_fin_is_taken_after_receiving_was_shut_down() {
    run(&Setup::default(), connected, || {
        vec![
            (0, Call(|h| h.tcp.shutdown(h.id(), Half::Receive).unwrap())),
            (1, In(fin(301).ack(101))),
            (1, Out(seg(101).ack(302))),
            (1, Is(CloseWait)),
            (2, Call(|h| h.tcp.shutdown(h.id(), Half::Send).unwrap())),
            (2, Out(fin(101).ack(302))),
            (3, In(seg(302).ack(102))),
            (3, Call(|h| assert_eq!(h.tcp.outcome(h.id()), Ok(Some(Outcome::Finished))))),
            (3, Call(|h| assert_eq!(h.tcp.recv(h.id(), &mut [0; 9]), Err(RecvError::Shutdown)))),
        ]
    });
}

// conf: TCP-FIN-12
#[test]
fn what_was_not_read_when_receiving_is_shut_down_resets_the_connection() {
    run(&Setup::default(), connected, || {
        vec![
            (0, In(seg(301).ack(101).len(5))),
            (1, Call(|h| h.tcp.shutdown(h.id(), Half::Both).unwrap())),
            (1, Out(rst(101).ack(306))),
            (1, Is(Closed)),
        ]
    });
}

#[test]
fn both_halves_are_shut_down_in_one_call() {
    run(&Setup::default(), connected, || {
        vec![
            (0, Call(|h| h.tcp.shutdown(h.id(), Half::Both).unwrap())),
            (0, Out(fin(101).ack(301))),
            (0, Call(|h| assert_eq!(h.tcp.send(h.id(), b"x"), Err(SendError::Closing)))),
            (1, In(seg(301).ack(102))),
            (1, Is(FinWait2)),
            (2, In(fin(301).ack(102))),
            (2, Out(seg(102).ack(302))),
            (2, Is(TimeWait)),
        ]
    });
}

// conf: TCP-API-02, TCP-API-03
#[test]
fn hop_limit_and_traffic_class_change_with_the_next_segment() {
    run(&Setup::default(), connected, || {
        vec![
            (0, Call(|h| assert_eq!(h.send(10, 101), 10))),
            (0, Out(seg(101).ack(301).len(10))),
            (
                5,
                Call(|h| {
                    let options = h.tcp.options(h.id()).unwrap();
                    let options = Options { hop_limit: 3, traffic_class: 0xb8, ..options };
                    h.tcp.set_options(h.id(), options).unwrap();
                }),
            ),
            (10, In(seg(301).ack(111).len(1))),
            (50, Out(seg(111).ack(302))),
            (
                50,
                Call(|h| {
                    let set: Vec<_> =
                        h.outgoing.iter().map(|out| (out.hop_limit, out.traffic_class)).collect();
                    assert_eq!(set[set.len() - 2..], [(0, 0), (3, 0xb8)]);
                }),
            ),
        ]
    });
}

/// What sockets know as SO_LINGER: not at all (`release`), zero (`abort`), or so long and then reset.
#[test]
fn a_user_lingers_by_the_user_timeout() {
    let config = Config { rto_min: Duration::from_millis(200), ..Config::new() };
    run(&Setup { config, ..Setup::default() }, connected, || {
        vec![
            (0, Call(|h| assert_eq!(h.send(10, 101), 10))),
            (0, Out(seg(101).ack(301).len(10))),
            (
                1,
                Call(|h| {
                    let options = h.tcp.options(h.id()).unwrap();
                    let user_timeout = Duration::from_millis(900);
                    h.tcp.set_options(h.id(), Options { user_timeout, ..options }).unwrap();
                    h.tcp.release(h.id()).unwrap();
                }),
            ),
            (1, Out(fin(111).ack(301))),
            (850, Drain),
            (900, Call(|h| assert_eq!(h.counter("timed_out"), 1))),
            (900, Call(|h| assert_eq!(tersus_ip::Transport::poll_at(&h.tcp), None))),
        ]
    });
}
