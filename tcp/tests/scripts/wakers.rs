//! Tasks that wait: woken when what they wait for has become true, and at no other time.

use crate::runner::*;
use core::future::{poll_fn, Future};
use core::pin::pin;
use core::sync::atomic::{AtomicU32, Ordering};
use core::task::{Context, Poll, Waker};
use std::sync::Arc;
use std::task::Wake;
use tersus_tcp::{ConnectionId, Half, Outcome, RecvError, SendError, Stale, Wakers, When};

/// A task that counts how often it is woken.
#[derive(Default)]
pub(crate) struct Task {
    woken: Arc<Count>,
    /// Whether it waits for something.
    pub(crate) waits: bool,
}

#[derive(Default)]
struct Count(AtomicU32);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl Task {
    pub(crate) fn waker(&self) -> Waker {
        self.woken.clone().into()
    }

    /// Whether it was woken, once, since the last look.
    pub(crate) fn is_woken(&mut self) -> bool {
        let times = self.woken.0.swap(0, Ordering::Relaxed);
        assert!(times <= 1, "woken {times} times");
        times == 1
    }
}

/// With places for tasks.
fn use_wakers(host: &mut Host) {
    let connections = (0..4).map(|_| Wakers::NONE).collect::<Vec<_>>().leak();
    let listeners = (0..2).map(|_| None).collect::<Vec<_>>().leak();
    host.tcp.use_wakers(connections, listeners);
}

#[test]
fn a_reader_is_woken_by_data_by_the_end_and_by_what_ends_the_connection() {
    // What happens, whether the reader is woken by it
    type Doing = fn(&mut Host);
    let reset: Doing = |h| h.give(&rst(301));
    for (what, want) in [
        ((|h| h.give(&seg(301).ack(101).len(1))) as Doing, true),
        (|h| h.give(&seg(303).ack(101).len(1)), false),
        (|h| h.give(&fin(301).ack(101)), true),
        (|h| h.give(&fin(303).ack(101)), false),
        (reset, true),
        (|h| h.give(&seg(301).ack(101)), false),
        (|h| assert_eq!(h.send(3, 101), 3), false),
        (|h| h.tcp.close(h.id()).unwrap(), false),
        (|h| h.tcp.shutdown(h.id(), Half::Receive).unwrap(), true),
        (|h| h.tcp.abort(h.id()).unwrap(), true),
        (|h| h.tcp.release(h.id()).unwrap(), true),
    ] {
        at_each_number(&Setup::default(), connected, |host| {
            use_wakers(host);
            let (id, mut task) = (host.id(), Task::default());
            let mut buffer = [0; 9];
            let waker = task.waker();
            let mut cx = Context::from_waker(&waker);
            assert!(host.tcp.poll_recv(&mut cx, id, &mut buffer).is_pending());
            what(host);
            host.poll();
            assert_eq!((task.is_woken(), host.tcp.is_readable(id)), (want, want));
            // Once is enough.
            what_else(host);
            assert!(!task.is_woken() || !want);
            host.sent.clear();
        });
    }
}

/// More data, and a reset.
fn what_else(host: &mut Host) {
    host.give(&seg(301).ack(101).len(1));
    host.poll();
    host.give(&rst(302));
    host.poll();
}

#[test]
fn a_writer_is_woken_by_room_and_by_what_makes_writing_vain() {
    let setup = Setup { tx: 100, ..Setup::default() };
    run(&setup, connected, || {
        vec![
            (0, Call(use_wakers)),
            (0, Call(|h| assert_eq!(h.send(100, 101), 100))),
            (0, Out(seg(101).ack(301).len(100))),
            (
                0,
                Call(|h| {
                    let (id, mut task) = (h.id(), Task::default());
                    let waker = task.waker();
                    let mut cx = Context::from_waker(&waker);
                    assert!(h.tcp.poll_send(&mut cx, id, b"x").is_pending());
                    // The same task again takes no second place; nothing to send need not wait.
                    assert!(h.tcp.poll_send(&mut cx, id, b"x").is_pending());
                    assert_eq!(h.tcp.poll_send(&mut cx, id, b""), Poll::Ready(Ok(0)));
                    h.give(&seg(301).ack(101).len(1));
                    assert!(!task.is_woken());
                    h.give(&seg(302).ack(131));
                    assert!(task.is_woken());
                    assert_eq!(h.tcp.poll_send(&mut cx, id, &[0; 40]), Poll::Ready(Ok(30)));
                    assert!(h.tcp.poll_send(&mut cx, id, &[0; 40]).is_pending());
                    h.tcp.close(id).unwrap();
                    assert!(task.is_woken());
                    assert_eq!(h.tcp.poll_send(&mut cx, id, b"x"), Poll::Ready(Err(SendError::Closing)));
                }),
            ),
            (0, Drain),
        ]
    });
}

#[test]
fn who_waits_for_the_handshake_learns_how_it_ended() {
    for answered in [true, false] {
        at_each_number(&Setup::default(), nothing, |host| {
            use_wakers(host);
            host.connect();
            host.poll();
            let _ = host.take();
            let (id, mut task) = (host.id(), Task::default());
            let waker = task.waker();
            let mut cx = Context::from_waker(&waker);
            assert!(host.tcp.poll_when(&mut cx, id, When::Established).is_pending());
            if answered {
                host.give(&syn(300).ack(101).mss(1460));
            } else {
                host.give(&rst(300).ack(101));
            }
            assert!(task.is_woken());
            assert_eq!(host.tcp.poll_when(&mut cx, id, When::Established), Poll::Ready(Ok(())));
            let outcome = (!answered).then_some(Outcome::Refused);
            assert_eq!(host.tcp.outcome(id), Ok(outcome));
            host.poll();
            host.sent.clear();
        });
    }
}

#[test]
fn all_is_flushed_when_data_and_fin_are_acknowledged() {
    run(&Setup::default(), connected, || {
        vec![
            (0, Call(use_wakers)),
            (0, Call(|h| assert_eq!(h.send(10, 101), 10))),
            (0, Out(seg(101).ack(301).len(10))),
            (
                1,
                Call(|h| {
                    let (id, mut task) = (h.id(), Task::default());
                    let waker = task.waker();
                    let mut cx = Context::from_waker(&waker);
                    let mut flushed = |h: &mut Host| h.tcp.poll_when(&mut cx, id, When::Flushed).is_ready();
                    assert!(!flushed(h));
                    h.give(&seg(301).ack(106));
                    assert!(!task.is_woken());
                    h.give(&seg(301).ack(111));
                    assert!(task.is_woken() && flushed(h));
                    h.tcp.close(id).unwrap();
                    assert!(!flushed(h));
                    h.poll();
                    // The connection is to be visited when the ACK of the FIN comes.
                    h.tcp.set_options(id, h.tcp.options(id).unwrap()).unwrap();
                    h.give(&seg(301).ack(112));
                    assert!(task.is_woken() && flushed(h));
                }),
            ),
            (1, Out(fin(111).ack(301))),
        ]
    });
}

#[test]
fn who_accepts_is_woken_by_a_connection_and_by_the_end_of_the_listener() {
    at_each_number(&Setup::default(), listening, |host| {
        use_wakers(host);
        let (listener, mut task) = (host.listener.unwrap(), Task::default());
        let waker = task.waker();
        let mut cx = Context::from_waker(&waker);
        assert!(host.tcp.poll_accept(&mut cx, listener).is_pending());
        host.give(&syn(300).mss(1460));
        host.poll();
        let _ = host.take();
        assert!(!task.is_woken(), "half-open");
        host.give(&seg(301).ack(101));
        assert!(task.is_woken());
        let Poll::Ready(Ok(id)) = host.tcp.poll_accept(&mut cx, listener) else {
            panic!("nothing to accept")
        };
        assert!(host.tcp.is_established(id));
        assert!(host.tcp.poll_accept(&mut cx, listener).is_pending());
        host.tcp.unlisten(listener).unwrap();
        assert!(task.is_woken());
        assert_eq!(host.tcp.poll_accept(&mut cx, listener), Poll::Ready(Err(Stale)));
        host.sent.clear();
    });
}

#[test]
fn a_second_task_takes_the_place_of_the_first_and_the_first_is_told() {
    at_each_number(&Setup::default(), connected, |host| {
        use_wakers(host);
        let (id, mut first, mut second) = (host.id(), Task::default(), Task::default());
        for when in [When::Readable, When::Ended] {
            host.tcp.wake_when(id, when, &first.waker()).unwrap();
            host.tcp.wake_when(id, when, &second.waker()).unwrap();
            assert!(first.is_woken() && !second.is_woken());
        }
        host.give(&rst(301));
        // Both of its places.
        assert_eq!(second.woken.0.swap(0, Ordering::Relaxed), 2);
    });
}

#[test]
fn without_a_place_a_task_is_woken_at_once() {
    at_each_number(&Setup::default(), connected, |host| {
        let (id, mut task) = (host.id(), Task::default());
        host.tcp.wake_when(id, When::Readable, &task.waker()).unwrap();
        assert!(task.is_woken());
        // A handle that is stale is an error.
        host.tcp.release(id).unwrap();
        assert_eq!(host.tcp.wake_when(id, When::Readable, &task.waker()), Err(Stale));
        let waker = task.waker();
        let mut cx = Context::from_waker(&waker);
        assert_eq!(host.tcp.poll_recv(&mut cx, id, &mut [0]), Poll::Ready(Err(RecvError::Stale)));
        assert_eq!(host.tcp.poll_when(&mut cx, id, When::Ended), Poll::Ready(Err(Stale)));
        assert!(!task.is_woken());
        host.poll();
        host.sent.clear();
    });
}

/// As a user writes it: a function that waits, and an executor of a few lines.
#[test]
fn an_async_function_echoes() {
    async fn echo(host: &core::cell::RefCell<&mut Host>, id: ConnectionId) -> RecvError {
        let mut buffer = [0; 16];
        loop {
            let n = match poll_fn(|cx| host.borrow_mut().tcp.poll_recv(cx, id, &mut buffer)).await {
                Ok(n) => n,
                Err(end) => return end,
            };
            let mut rest = &buffer[..n];
            while !rest.is_empty() {
                let sent = poll_fn(|cx| host.borrow_mut().tcp.poll_send(cx, id, rest)).await.unwrap();
                rest = &rest[sent..];
            }
        }
    }
    at_each_number(&Setup { tx: 5, ..Setup::default() }, connected, |host| {
        use_wakers(host);
        let id = host.id();
        let host = core::cell::RefCell::new(host);
        let mut task = Task::default();
        let waker = task.waker();
        let mut cx = Context::from_waker(&waker);
        let mut future = pin!(echo(&host, id));
        let (mut back, mut turns, mut sent) = (Vec::new(), 0, 0);
        assert!(future.as_mut().poll(&mut cx).is_pending());
        loop {
            if sent < 200 {
                host.borrow_mut().give(&seg(301 + sent).ack(101 + back.len() as u32).len(20));
                sent += 20;
            } else if back.len() == 200 {
                host.borrow_mut().give(&fin(501).ack(301));
            } else {
                host.borrow_mut().give(&seg(501).ack(101 + back.len() as u32));
            }
            host.borrow_mut().poll();
            if task.is_woken() {
                turns += 1;
                if let Poll::Ready(end) = future.as_mut().poll(&mut cx) {
                    assert_eq!(end, RecvError::Finished);
                    break;
                }
            }
            host.borrow_mut().poll();
            while let Some((_, seg)) = host.borrow_mut().take() {
                back.extend(seg.data);
            }
        }
        assert_eq!(back, (301..501).map(pattern).collect::<Vec<_>>());
        assert!((10..=60).contains(&turns), "{turns}");
        host.borrow_mut().poll();
        host.borrow_mut().sent.clear();
    });
}
