//! Offered windows that begin small and grow with what the application takes, RFC 9293 §3.8.6; inside the buffer, and
//! never back.

use crate::runner::*;
use core::net::{IpAddr, SocketAddr};
use core::time::Duration;
use std::collections::VecDeque;
use tersus_ip::fake::FakeIp;
use tersus_ip::{Addresses, Instant, IpMeta, Outgoing, Path, Transport, Verdict};
use tersus_tcp::congestion::{Congestion, Cubic};
use tersus_tcp::{Config, ConnectOptions, ConnectionId, Growth, Tcp};
use tersus_wire::IpProtocol;

const INITIAL: u32 = 4_000;

fn setup() -> Setup {
    Setup { rx: 100_000, ..Setup::default() }
}

fn grow(host: &mut Host) {
    host.tcp.grow_windows(INITIAL, vec![Growth::NONE; 4].leak());
}

/// Connected to a peer a tenth of a second away; windows are announced in units of two octets.
fn connected_far(host: &mut Host) {
    grow(host);
    host.connect();
    play(
        host,
        vec![
            (0, Out(syn(ISS).scale(1).wnd(4_000))),
            (100, In(syn(IRS).ack(ISS + 1).mss(1460).scale(0))),
            (100, Out(seg(ISS + 1).ack(IRS + 1).wnd(2_000))),
        ],
    );
}

fn take(host: &mut Host) {
    host.recv_all();
}

fn data(seq: u32, len: usize) -> Seg {
    seg(seq).ack(101).len(len)
}

#[test]
fn a_listener_offers_the_initial_window_and_the_scale_of_the_whole_buffer() {
    fn begin(host: &mut Host) {
        grow(host);
        host.listen();
    }
    run(&setup(), begin, || {
        vec![
            (0, In(syn(300).mss(1460).scale(7))),
            (0, Out(syn(100).ack(301).scale(1).wnd(4_000))),
            (0, In(seg(301).ack(101))),
            (0, Call(Host::accept)),
            // Nothing beyond it is taken.
            (10, Burst(vec![data(301, 2_000), data(2_301, 2_100)])),
            (10, Out(seg(101).ack(4_301).wnd(0))),
        ]
    });
    let cookies = |host: &mut Host| {
        host.tcp.use_syn_cookies(tersus_tcp::SynCookies::WHEN_FULL);
        host.listen();
    };
    at_each_number(&Setup { syns: 0, ..setup() }, grow, |host| {
        cookies(host);
        // Four octets of options are no more than the SYN brought.
        play(host, vec![(0, In(syn(300).mss(1460))), (0, Out(syn(100).ack(301).wnd(4_000)))]);
    });
}

#[test]
fn the_window_is_twice_what_was_taken_in_a_round_trip_and_more_while_that_grows() {
    run(&setup(), connected_far, || {
        vec![
            (100, In(data(301, 1_000))),
            (100, Call(take)),
            (130, In(data(1_301, 1_000))),
            // A thousand octets more would be less than a segment.
            (130, Out(seg(101).ack(2_301).wnd(1_000))),
            (130, Call(take)),
            // The round trip is not over yet.
            (199, Burst(vec![data(2_301, 1_000), data(3_301, 500)])),
            (199, Out(seg(101).ack(3_801).wnd(1_250))),
            (199, Call(take)),
            // Now it is: 3,500 octets were taken, after none before, so that 14,000 may be in flight. This segment counts
            // for the next.
            (200, Burst(vec![data(3_801, 1_000), data(4_801, 1_000)])),
            (200, Out(seg(101).ack(5_801).wnd(6_000))),
            (200, Call(take)),
            // It is more than half open: no segment for that alone.
            // Taken: 2,000, not more than before. The window stays.
            (300, Burst(vec![data(5_801, 1_000), data(6_801, 1_000)])),
            (300, Out(seg(101).ack(7_801).wnd(6_000))),
            (
                300,
                Call(|host| {
                    let info = host.tcp.info(host.id()).unwrap();
                    assert_eq!((info.receive_window, info.receive_limit), (12_000, 14_000));
                }),
            ),
        ]
    });
}

// conf: TCP-SWS-02
#[test]
fn what_is_left_unread_opens_nothing_and_the_edge_stays() {
    run(&setup(), connected_far, || {
        vec![
            (100, Burst(vec![data(301, 1_000), data(1_301, 1_000)])),
            (100, Out(seg(101).ack(2_301).wnd(1_000))),
            (250, Burst(vec![data(2_301, 1_000), data(3_301, 1_000)])),
            (250, Out(seg(101).ack(4_301).wnd(0))),
            (400, In(data(4_301, 1))),
            (400, Out(seg(101).ack(4_301).wnd(0))),
            // The buffer is not full: who waits for more says so.
            (500, Call(|host| host.tcp.offer_at_least(host.id(), 10_000).unwrap())),
            (500, Out(seg(101).ack(4_301).wnd(3_000))),
            (500, Call(|host| host.tcp.offer_at_least(host.id(), 1).unwrap())),
            // No more than the buffer holds.
            (500, Call(|host| host.tcp.offer_at_least(host.id(), u32::MAX).unwrap())),
            (500, Out(seg(101).ack(4_301).wnd(48_000))),
            (510, In(data(4_301, 6_000))),
            (510, Out(seg(101).ack(10_301).wnd(45_000))),
        ]
    });
}

#[test]
fn with_timestamps_the_echo_tells_the_round_trip() {
    fn begin(host: &mut Host) {
        grow(host);
        host.connect();
        play(
            host,
            vec![
                (0, Out(syn(ISS).scale(1).ts(0, 0))),
                (10, In(syn(IRS).ack(ISS + 1).mss(1460).scale(0).ts(1_000, 0))),
                (10, Out(seg(ISS + 1).ack(IRS + 1).ts(1_000, 10))),
            ],
        );
    }
    run(&setup(), begin, || {
        let data = |seq, len, peers, ours| data(seq, len).ts(peers, ours);
        vec![
            // The way has become longer: the handshake took 10 ms, this echo 110.
            (120, Burst(vec![data(301, 1_000, 1_110, 10), data(1_301, 500, 1_110, 10)])),
            (120, Out(seg(101).ack(1_801))),
            (120, Call(take)),
            // The first look is at what the handshake took: 1,500 octets, four times that.
            (131, Burst(vec![data(1_801, 500, 1_121, 10), data(2_301, 500, 1_121, 10)])),
            (131, Out(seg(101).ack(2_801).wnd(2_500))),
            (131, Call(take)),
            // Within three of our ticks of 33 ms nothing is concluded.
            (225, Burst(vec![data(2_801, 2_000, 1_215, 120), data(4_801, 2_000, 1_215, 120)])),
            (225, Out(seg(101).ack(6_801).wnd(500))),
            (225, Call(take)),
            (225, Out(seg(101).ack(6_801).wnd(3_000))),
            // Then: 5,000 in a round trip, after 1,500 in the one before.
            (264, Burst(vec![data(6_801, 500, 1_254, 131), data(7_301, 500, 1_254, 131)])),
            (264, Out(seg(101).ack(7_801).wnd(9_500))),
        ]
    });
}

#[test]
fn who_has_no_place_offers_the_whole_buffer_and_stale_handles_are_refused() {
    fn begin(host: &mut Host) {
        host.tcp.grow_windows(INITIAL, &mut []);
        host.connect();
    }
    run(&setup(), begin, || {
        vec![
            (0, Out(syn(ISS).scale(1).wnd(4_000))),
            (100, In(syn(IRS).ack(ISS + 1).mss(1460).scale(0))),
            (100, Out(seg(ISS + 1).ack(IRS + 1).wnd(50_000))),
            (
                100,
                Call(|host| {
                    let id = host.id();
                    assert!(host.tcp.offer_at_least(id, 1).is_ok());
                    host.tcp.abort(id).unwrap();
                    host.tcp.release(id).unwrap();
                    assert!(host.tcp.offer_at_least(id, 1).is_err());
                }),
            ),
            (100, Drain),
        ]
    });
}

/// Two engines and a way between them.
struct Way {
    ends: [Tcp<'static>; 2],
    /// When it arrives, where, addresses, segment.
    queue: VecDeque<(Instant, usize, [u8; 8], Vec<u8>)>,
    now: Instant,
    one_way: Duration,
    /// Octets a second, and until when the sender's link is busy.
    rate: u64,
    busy: Instant,
}

impl Way {
    fn poll(&mut self, who: usize) {
        let mut buffer = vec![0; 2_000];
        let (mut sent, now) = (Vec::new(), self.now);
        let mut sink = |path: &Path, _: Outgoing, segment: &[u8]| {
            let (IpAddr::V4(from), IpAddr::V4(to)) = (path.source(), path.destination()) else { return };
            let both = [from.octets(), to.octets()].concat();
            sent.push((<[u8; 8]>::try_from(both).unwrap(), segment.to_vec()));
        };
        let mut ip = FakeIp::new(&mut buffer, &mut sink);
        ip.now = now;
        self.ends[who].transmit(&mut ip, &mut 1_000);
        for (both, segment) in sent {
            let wire = Duration::from_micros(segment.len() as u64 * 1_000_000 / self.rate);
            if who == 0 {
                self.busy = self.busy.max(now) + wire;
            }
            let at = if who == 0 { self.busy } else { now } + self.one_way;
            let behind = self.queue.partition_point(|other| other.0 <= at);
            self.queue.insert(behind, (at, 1 - who, both, segment));
        }
    }

    /// To the next moment at which anything happens, no later than `until`.
    fn step(&mut self, until: Instant) {
        let timers = self.ends.iter().filter_map(|end| end.poll_at());
        let next = self.queue.front().map(|first| first.0).into_iter().chain(timers).min();
        self.now = self.now.max(next.unwrap_or(until).min(until));
        while self.queue.front().is_some_and(|first| first.0 <= self.now) {
            let (_, to, both, mut segment) = self.queue.pop_front().unwrap();
            let meta = IpMeta::new(self.now, IpProtocol::TCP, Addresses::V4(&both));
            if let Verdict::Reply(len) = self.ends[to].receive(&meta, &mut segment) {
                let [a, b, c, d, e, f, g, h] = both;
                segment.truncate(len.into());
                let at = self.now + self.one_way;
                self.queue.push_back((at, 1 - to, [e, f, g, h, a, b, c, d], segment));
            }
        }
        for who in [0, 1] {
            self.poll(who);
        }
    }
}

/// How a transfer went.
#[derive(Debug)]
struct Transfer {
    took: Duration,
    /// The most octets that waited to be read.
    unread: usize,
}

/// Sends `total` octets over a way; the reader takes at most `reads` octets every ten milliseconds, all at once if `None`.
fn transfer(total: usize, growth: Option<u32>, reads: Option<usize>) -> Transfer {
    let congestion: &'static dyn Congestion = &Cubic::DEFAULT;
    let config = Config { rto_min: Duration::from_millis(200), ..Config::new() };
    let size = 1 << 20;
    let setup = Setup { config, rx: size, tx: size, connections: 1, records: 64, congestion, ..setup() };
    let mut way = Way {
        ends: [engine(&setup, 1), engine(&setup, 2)],
        queue: VecDeque::new(),
        now: Instant::from_secs(1),
        one_way: Duration::from_millis(25),
        rate: 5_000_000,
        busy: Instant::ZERO,
    };
    if let Some(initial) = growth {
        way.ends[1].grow_windows(initial, vec![Growth::NONE; 1].leak());
    }
    let start = way.now;
    let listener = way.ends[1].listen(80, 1).unwrap();
    let (mut buffer, mut sink) = (vec![0; 2_000], |_: &Path, _: Outgoing, _: &[u8]| {});
    let mut ip = FakeIp::new(&mut buffer, &mut sink);
    ip.ipv4 = "192.0.2.2".parse().unwrap();
    let remote = SocketAddr::new("192.0.2.1".parse().unwrap(), 80);
    let from = way.ends[0].connect(&ip, start, remote, ConnectOptions::default()).unwrap();
    let (mut written, mut read, mut to) = (0, 0, None::<ConnectionId>);
    let mut unread = 0;
    let (mut due, chunk) = (start, vec![0x55; size]);
    while read < total {
        let until = if to.is_some() && reads.is_some() { due } else { way.now + Duration::from_secs(1) };
        way.step(until);
        written += way.ends[0].send(from, &chunk[..chunk.len().min(total - written)]).unwrap();
        to = to.or_else(|| way.ends[1].accept(listener));
        let Some(id) = to else { continue };
        unread = unread.max(way.ends[1].recv_queue(id).unwrap());
        if way.now >= due {
            read += way.ends[1].consume(id, reads.unwrap_or(usize::MAX)).unwrap();
            due = way.now + Duration::from_millis(if reads.is_some() { 10 } else { 0 });
        }
        way.poll(0);
        way.poll(1);
        assert!(way.now.since(start) < Duration::from_secs(600), "a stall at {read} of {total}");
    }
    Transfer { took: way.now.since(start), unread }
}

#[test]
#[cfg_attr(not(feature = "ipv4"), ignore = "speaks IPv4")]
fn over_a_long_way_a_window_that_grows_is_as_fast_as_the_whole_buffer() {
    let whole = transfer(8 << 20, None, None);
    for initial in [Growth::INITIAL, 1 << 20] {
        let grown = transfer(8 << 20, Some(initial), None);
        assert!(grown.took <= whole.took + whole.took / 50, "{grown:?}, whole {whole:?}");
    }
    // Even the smallest gets there.
    let tiny = transfer(8 << 20, Some(0), None);
    assert!(tiny.took <= whole.took * 2, "{tiny:?}, whole {whole:?}");
}

#[test]
#[cfg_attr(not(feature = "ipv4"), ignore = "speaks IPv4")]
fn a_slow_reader_has_no_buffer_full_of_old_data() {
    // 100,000 octets a second over 50 ms: 5,000 a round trip.
    let whole = transfer(3 << 20, None, Some(1_000));
    let grown = transfer(3 << 20, Some(Growth::INITIAL), Some(1_000));
    assert!(grown.took <= whole.took + whole.took / 50, "{grown:?}, whole {whole:?}");
    assert!(whole.unread > 1_000_000 && grown.unread <= 65_535, "{grown:?}, whole {whole:?}");
}
