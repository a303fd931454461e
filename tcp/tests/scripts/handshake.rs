//! Opening: RFC 9293 §3.5, §3.10.7.2 and §3.10.7.3.

use crate::runner::*;
use tersus_ip::{Addresses, Cast, InterfaceId, IpMeta, Transport, Unreachable, Verdict};
use tersus_tcp::State::*;
use tersus_tcp::{ConnectError, ConnectOptions, Endpoint, ListenError, Outcome};
use tersus_wire::tcp::{Fields, Flags};
use tersus_wire::IpProtocol;

// conf: TCP-OPEN-08, TCP-HDR-02
#[test]
fn a_connection_is_opened_by_connect() {
    for ipv6 in [false, true] {
        let mss = if ipv6 { 1440 } else { 1460 };
        run_in_family(&Setup { ipv6, ..Setup::default() }, nothing, || {
            vec![
                (0, Call(Host::connect)),
                (0, Out(syn(100).mss(mss).wnd(4096).scale(0))),
                (0, Is(SynSent)),
                (30, In(syn(300).ack(101).mss(1460))),
                (30, Out(seg(101).ack(301).wnd(4096))),
                (30, Is(Established)),
            ]
        });
    }
}

// conf: TCP-OPEN-01, TCP-MSS-01
#[test]
fn a_listener_accepts() {
    for ipv6 in [false, true] {
        let mss = if ipv6 { 1440 } else { 1460 };
        run_in_family(&Setup { ipv6, ..Setup::default() }, listening, || {
            vec![
                (0, In(syn(300).mss(1460))),
                (0, Out(syn(100).ack(301).mss(mss).wnd(4096))),
                (30, In(seg(301).ack(101))),
                (30, Call(Host::accept)),
                (30, Is(Established)),
                (30, Call(|h| assert_eq!(h.tcp.remote(h.id()), Ok(h.remote())))),
            ]
        });
    }
}

#[test]
fn data_flow_both_ways() {
    for begin in [connected, accepted] {
        run_both(&Setup::default(), begin, || {
            vec![
                (10, Call(|h| assert_eq!(h.send(5, 101), 5))),
                (10, Out(seg(101).ack(301).len(5).psh(true))),
                (20, In(seg(301).ack(106).data(b"hello"))),
                (20, Call(|h| assert_eq!(h.recv_all(), b"hello"))),
                (60, Out(seg(106).ack(306))),
            ]
        });
    }
}

// conf: TCP-HDR-06, TCP-HDR-08, TCP-HDR-10, TCP-HDR-13, TCP-MSS-04, TCP-MSS-08
#[test]
#[cfg_attr(not(feature = "ipv4"), ignore = "speaks IPv4")]
fn the_mss_option_is_found_wherever_it_stands() {
    // Option octets, MSS that counts
    const TABLE: [(&[u8], usize); 8] = [
        (&[1, 1, 2, 4, 2, 0, 0, 0], 512),
        (&[1, 2, 4, 2, 0, 0, 0, 0], 512),
        (&[200, 6, 1, 2, 3, 4, 2, 4, 2, 0, 0, 0], 512),
        (&[0, 2, 4, 2, 0, 0, 0, 0], 536),
        (&[1, 1, 1, 1], 536),
        (&[], 536),
        (&[2, 4, 0, 0], 64),
        (&[2, 4, 0, 1], 64),
    ];
    for (options, mss) in TABLE {
        run_in_family(&Setup::default(), nothing, || {
            vec![
                (0, Call(Host::connect)),
                (0, Out(syn(100))),
                (0, In(syn(300).ack(101).options(options))),
                (0, Out(seg(101).ack(301))),
                (0, Call(|h| assert_eq!(h.send(2000, 101), 2000))),
                (0, Out(seg(101).ack(301).len(mss))),
                // IW10, and the last is a small one.
                (0, Left(9.min((2000 - mss).div_ceil(mss)))),
            ]
        });
    }
    // IPv6: 1220.
    run_in_family(&Setup { ipv6: true, ..Setup::default() }, nothing, || {
        vec![
            (0, Call(Host::connect)),
            (0, Out(syn(100))),
            (0, In(syn(300).ack(101))),
            (0, Out(seg(101).ack(301))),
            (0, Call(|h| assert_eq!(h.send(2000, 101), 2000))),
            (0, Out(seg(101).ack(301).len(1220))),
            (0, Out(seg(1321).ack(301).len(780))),
        ]
    });
}

// conf: TCP-HDR-09
#[test]
fn options_with_impossible_lengths_are_survived() {
    for options in [&[2, 0, 0, 0][..], &[2, 1, 0, 0], &[200, 255, 0, 0], &[1, 1, 1, 2], &[2, 40, 0, 0]] {
        run(&Setup::default(), listening, || {
            vec![
                (0, In(syn(300).options(options))),
                (0, Call(|h| assert_eq!(h.counter("malformed"), 1))),
                (0, In(syn(300))),
                (0, Out(syn(100).ack(301))),
            ]
        });
    }
}

// conf: TCP-WS-01, TCP-WS-02, TCP-WS-04, TCP-WS-05, TCP-WS-06
#[test]
fn windows_are_scaled_if_both_want_it() {
    let setup = Setup { rx: 300_000, ..Setup::default() };
    run(&setup, nothing, || {
        vec![
            (0, Call(Host::connect)),
            (0, Out(syn(100).wnd(65_535).scale(3))),
            (0, In(syn(300).ack(101).wnd(100).scale(7))),
            // Not scaled in the SYN; scaled here.
            (0, Out(seg(101).ack(301).wnd((300_000u32 >> 3) as u16))),
            (0, Call(|h| assert_eq!(h.tcp.info(h.id()).unwrap().send_window, 100))),
            (0, In(seg(301).ack(101).wnd(100))),
            (0, Call(|h| assert_eq!(h.tcp.info(h.id()).unwrap().send_window, 12_800))),
        ]
    });
    run(&setup, nothing, || {
        vec![
            (0, Call(Host::connect)),
            (0, Out(syn(100).scale(3))),
            (0, In(syn(300).ack(101).wnd(100).scale(15))),
            (0, Left(1)),
            (0, In(seg(301).ack(101).wnd(2))),
            (0, Call(|h| assert_eq!(h.tcp.info(h.id()).unwrap().send_window, 2 << 14))),
        ]
    });
    run(&setup, nothing, || {
        vec![
            (0, Call(Host::connect)),
            (0, Out(syn(100).scale(3))),
            (0, In(syn(300).ack(101).wnd(100))),
            (0, Out(seg(101).ack(301).wnd(65_535))),
            (0, In(seg(301).ack(101).wnd(100))),
            (0, Call(|h| assert_eq!(h.tcp.info(h.id()).unwrap().send_window, 100))),
        ]
    });
    run(&setup, listening, || {
        vec![
            (0, In(syn(300).scale(0))),
            (0, Out(syn(100).ack(301).wnd(65_535).scale(3))),
            (0, In(seg(301).ack(101).len(1))),
            (40, Out(seg(101).ack(302).wnd((299_999u32 >> 3) as u16))),
        ]
    });
}

// The runner looks at the options of each segment that leaves.
// conf: TCP-MSS-02, TCP-HDR-11, TCP-HDR-12
#[test]
fn options_of_a_syn_leave_with_a_syn_alone() {
    let send = |h: &mut Host| assert_eq!(h.send(1072, 101), 1072);
    run_both(&Setup { rx: 300_000, ..Setup::default() }, nothing, || {
        vec![
            (0, Call(Host::connect)),
            (0, Out(syn(100).scale(3))),
            (0, In(syn(300).ack(101).wnd(100).scale(7).mss(536))),
            (0, Out(seg(101).ack(301))),
            (0, In(seg(301).ack(101).wnd(100))),
            (0, Call(send)),
            (0, Out(seg(101).ack(301).len(536))),
            (0, Out(seg(637).ack(301).len(536))),
            (50, In(fin(301).ack(1173))),
            (50, Out(seg(1173).ack(302))),
        ]
    });
}

// conf: TCP-OPEN-06, TCP-OPEN-07, TCP-OPEN-09
#[test]
fn what_does_not_answer_our_syn_is_refused() {
    run_both(&Setup::default(), nothing, || {
        vec![
            (0, Call(Host::connect)),
            (0, Out(syn(100))),
            (0, In(syn(300).ack(100))),
            (0, Out(rst(100))),
            (0, In(syn(300).ack(102))),
            (0, Out(rst(102))),
            (0, In(rst(300).ack(102))),
            (0, In(rst(300))),
            (0, In(seg(300).ack(101))),
            (0, In(fin(300).ack(101))),
            (0, Is(SynSent)),
            (0, In(rst(300).ack(101))),
            (0, Is(Closed)),
            (0, Call(|h| assert_eq!(h.outcome(), Ok(Some(Outcome::Refused))))),
        ]
    });
}

// conf: TCP-OPEN-10
#[test]
fn syns_that_cross_open_one_connection() {
    run(&Setup::default(), nothing, || {
        vec![
            (0, Call(Host::connect)),
            (0, Out(syn(100))),
            (10, In(syn(300))),
            (10, Out(syn(100).ack(301))),
            (10, Is(SynReceived)),
            // The peer's SYN-ACK lies before the window: an ACK tells it that we know.
            (20, In(syn(300).ack(101))),
            (20, Out(seg(101).ack(301))),
            (30, In(seg(301).ack(101))),
            (30, Is(Established)),
        ]
    });
    // Its first ACK is lost, data come.
    run(&Setup::default(), nothing, || {
        vec![
            (0, Call(Host::connect)),
            (0, Out(syn(100))),
            (10, In(syn(300))),
            (10, Out(syn(100).ack(301))),
            (1000, Out(syn(100).ack(301))),
            (1010, In(seg(301).ack(101).len(5))),
            (1010, Is(Established)),
            (1050, Out(seg(101).ack(306))),
        ]
    });
}

// conf: TCP-OPEN-11
#[test]
fn a_reset_simultaneous_open_is_refused() {
    run_both(&Setup::default(), nothing, || {
        vec![
            (0, Call(Host::connect)),
            (0, Out(syn(100))),
            (10, In(syn(300))),
            (10, Out(syn(100).ack(301))),
            (20, In(rst(301))),
            (20, Is(Closed)),
            (20, Call(|h| assert_eq!(h.outcome(), Ok(Some(Outcome::Refused))))),
        ]
    });
}

// conf: TCP-OPEN-11, TCP-OPEN-12
#[test]
fn a_half_open_connection_believes_exact_numbers_only() {
    run(&Setup::default(), listening, || {
        vec![
            (0, In(syn(300))),
            (0, Out(syn(100).ack(301))),
            (0, In(seg(301).ack(100))),
            (0, Out(rst(100))),
            (0, In(seg(301).ack(102))),
            (0, Out(rst(102))),
            // In the window, not exact.
            (0, In(rst(302))),
            (0, Out(seg(101).ack(301))),
            (0, In(rst(9000))),
            (0, In(seg(301))),
            (0, In(rst(301))),
            // Back to LISTEN: now the ACK is to nobody.
            (0, In(seg(301).ack(101))),
            (0, Out(rst(101))),
            (0, Call(|h| assert_eq!(h.tcp.acceptable(h.listener.unwrap()), Ok(0)))),
        ]
    });
}

// conf: TCP-OPEN-13
#[test]
fn a_repeated_syn_never_opens_a_second_connection() {
    run(&Setup::default(), listening, || {
        vec![
            (0, In(syn(300))),
            (0, Out(syn(100).ack(301))),
            (500, In(syn(300))),
            (500, Out(syn(100).ack(301))),
            (1000, Out(syn(100).ack(301))),
            (1100, In(seg(301).ack(101))),
            (1100, In(syn(300))),
            // Established, and the challenge says so.
            (1100, Out(seg(101).ack(301))),
            (1100, Call(Host::accept)),
            (1100, Call(|h| assert_eq!(h.tcp.accept(h.listener.unwrap()), None))),
            (1100, Is(Established)),
        ]
    });
}

// conf: TCP-OPEN-14
#[test]
fn an_old_duplicate_syn_is_cleared_and_the_real_one_succeeds() {
    run_both(&Setup::default(), listening, || {
        vec![
            (0, In(syn(90))),
            (0, Out(syn(100).ack(91))),
            (10, In(syn(300))),
            // It tells what we believe; the peer's RST ends that.
            (10, Out(seg(101).ack(91))),
            (20, In(rst(91))),
            (1000, In(syn(300))),
            // Another ISS: the clock went on.
            (1000, Out(syn(100 + 250_000).ack(301))),
        ]
    });
}

// conf: TCP-RTO-01, TCP-RTO-12, TCP-RTO-18
#[test]
fn a_syn_that_nobody_answers_gives_up_in_the_end() {
    run_both(&Setup::default(), nothing, || {
        let mut steps = vec![(0, Call(Host::connect)), (0, Out(syn(100)))];
        for at in [1, 3, 7, 15, 31, 63, 123, 183] {
            steps.push((at * 1000, Out(syn(100))));
        }
        steps.push((242_999, Is(SynSent)));
        steps.push((243_000, Is(Closed)));
        steps.push((243_000, Call(|h| assert_eq!(h.outcome(), Ok(Some(Outcome::TimedOut))))));
        steps
    });
}

#[test]
fn a_syn_ack_that_nobody_answers_is_forgotten() {
    run(&Setup::default(), listening, || {
        let mut steps = vec![(0, In(syn(300))), (0, Out(syn(100).ack(301)))];
        for at in [1, 3, 7, 15, 31] {
            steps.push((at * 1000, Out(syn(100).ack(301))));
        }
        steps.push((62_999, Call(|h| assert_eq!(h.counter("syn_expired"), 0))));
        steps.push((63_000, Call(|h| assert_eq!(h.counter("syn_expired"), 1))));
        steps.push((63_000, Call(|h| assert_eq!(h.poll_at(), None))));
        steps
    });
}

// conf: TCP-RTO-13
#[test]
fn data_after_a_lost_syn_start_with_three_seconds() {
    run_both(&Setup::default(), nothing, || {
        vec![
            (0, Call(Host::connect)),
            (0, Out(syn(100))),
            (1000, Out(syn(100))),
            (1100, In(syn(300).ack(101).mss(1460))),
            (1100, Out(seg(101).ack(301))),
            (1100, Call(|h| assert_eq!(h.send(3, 101), 3))),
            (1100, Out(seg(101).ack(301).len(3))),
            (4100, Out(seg(101).ack(301).len(3))),
        ]
    });
}

fn syn_from(h: &mut Host, last: u8, port: u16) -> usize {
    let ours = our_address(false);
    let fields = Fields {
        src_port: port,
        dst_port: OUR_PORT,
        seq: 7,
        flags: Flags::SYN,
        window: 1000,
        ..Fields::default()
    };
    h.receive_between([192, 0, 2, last].into(), ours, &fields, &[], &[]);
    h.poll();
    core::mem::take(&mut h.sent).len()
}

// conf: TCP-ATK-08
#[test]
#[cfg_attr(not(feature = "ipv4"), ignore = "speaks IPv4")]
fn a_full_backlog_drops_syns_and_nothing_else() {
    let setup = Setup { backlog: 2, syns: 8, ..Setup::default() };
    run(&setup, accepted, || {
        vec![(
            0,
            Call(|h| {
                assert_eq!((syn_from(h, 9, 1), syn_from(h, 9, 2), syn_from(h, 9, 3)), (1, 1, 0));
                assert_eq!(h.counter("syn_backlog"), 1);
                assert_eq!(h.state(), Ok(Established));
            }),
        )]
    });
    let setup = Setup { backlog: 100, syns: 3, ..Setup::default() };
    run(&setup, accepted, || {
        vec![
            (
                0,
                Call(|h| {
                    let answered: usize = (0..10_000).map(|n| syn_from(h, 9, n + 1)).sum();
                    assert_eq!((answered, h.counter("syn_no_room")), (3, 9_997));
                    assert_eq!(h.state(), Ok(Established));
                }),
            ),
            (0, In(seg(301).ack(101).len(5))),
            (0, Call(|h| assert_eq!(h.recv_all().len(), 5))),
            (40, Out(seg(101).ack(306))),
        ]
    });
}

#[test]
fn the_last_ack_without_a_free_connection_waits_for_one() {
    let setup = Setup { connections: 1, ..Setup::default() };
    run(&setup, listening, || {
        vec![
            (
                0,
                Call(|h| {
                    h.id = Some(h.connect_with(ConnectOptions { port: 9, ..Default::default() }).unwrap())
                }),
            ),
            (0, Left(1)),
            (0, In(syn(300))),
            (0, Left(1)),
            (0, Call(|h| h.close())),
            (10, In(seg(301).ack(101))),
            (10, Call(|h| assert_eq!(h.counter("accept_no_room"), 1))),
            (20, Call(|h| h.release())),
            (30, In(seg(301).ack(101).len(5))),
            (30, Call(Host::accept)),
            (30, Call(|h| assert_eq!(h.recv_all().len(), 5))),
            (70, Left(1)),
        ]
    });
}

// conf: TCP-OPEN-20
#[test]
fn connect_refuses_what_cannot_be() {
    let mut h = Host::new(&Setup { connections: 1, ..Setup::default() }, 1, tersus_ip::Instant::ZERO, 0);
    for (remote, want) in [
        ("255.255.255.255:80", ConnectError::Remote),
        ("224.0.0.1:80", ConnectError::Remote),
        ("0.0.0.0:80", ConnectError::Remote),
        ("192.0.2.2:0", ConnectError::Remote),
        ("[::]:80", ConnectError::Remote),
        ("[ff02::1]:80", ConnectError::Remote),
    ] {
        let now = h.now;
        let options = ConnectOptions::default();
        let refused = h.with_ip(|tcp, ip| tcp.connect(ip, now, remote.parse().unwrap(), options));
        assert_eq!(refused, Err(want), "{remote}");
    }
    h.unroutable = Some(Unreachable::NoRoute);
    let options = ConnectOptions { port: 5, ..ConnectOptions::default() };
    assert_eq!(h.connect_with(options), Err(ConnectError::Unreachable(Unreachable::NoRoute)));
    h.unroutable = None;
    h.connect_with(options).unwrap();
    assert_eq!(h.connect_with(options), Err(ConnectError::InUse));
    assert_eq!(h.connect_with(ConnectOptions::default()), Err(ConnectError::NoRoom));
}

#[test]
fn a_listener_at_an_interface_hears_what_comes_in_there() {
    fn listening_at(h: &mut Host, interface: u8) {
        let here = Endpoint { interface: Some(InterfaceId(interface)), ..OUR_PORT.into() };
        h.listener = Some(h.tcp.listen(here, 1).unwrap());
    }
    // What scripts send comes in by the first. (The first that leaves is ISS to them, and an RST is numbered 0.)
    run(
        &Setup::default(),
        |h| listening_at(h, 0),
        || vec![(0, In(syn(IRS).mss(1460))), (0, Out(syn(ISS).ack(IRS + 1)))],
    );
    run(
        &Setup::default(),
        |h| listening_at(h, 1),
        || vec![(0, In(syn(IRS).mss(1460))), (0, Out(rst(ISS).ack(IRS + 1)))],
    );
}

#[test]
fn listen_refuses_what_cannot_be() {
    let mut h = Host::new(&Setup::default(), 1, tersus_ip::Instant::ZERO, 0);
    assert_eq!(h.tcp.listen(0, 1), Err(ListenError::NoPort));
    let group: core::net::SocketAddr = "224.0.0.1:80".parse().unwrap();
    assert_eq!(h.tcp.listen(group, 1), Err(ListenError::Address));
    let first = h.tcp.listen(80, 1).unwrap();
    assert_eq!(h.tcp.listen(80, 1), Err(ListenError::InUse));
    h.tcp.listen(81, 1).unwrap();
    assert_eq!(h.tcp.listen(82, 1), Err(ListenError::NoRoom));
    h.tcp.unlisten(first).unwrap();
    assert!(h.tcp.unlisten(first).is_err());
    assert_eq!(h.tcp.accept(first), None);
    h.tcp.listen(80, 1).unwrap();
}

// conf: TCP-OPEN-21, TCP-OPEN-22, TCP-OPEN-23, TCP-RST-11
#[test]
fn syns_of_impossible_peers_are_ignored() {
    let mut h = Host::new(&Setup::default(), 1, tersus_ip::Instant::ZERO, 0);
    h.listen();
    let ours = our_address(false);
    let fields = Fields { src_port: 80, dst_port: OUR_PORT, flags: Flags::SYN, ..Fields::default() };
    for source in ["0.0.0.0", "255.255.255.255", "224.0.0.9", "127.0.0.1", "192.0.2.1"] {
        h.receive_between(source.parse().unwrap(), ours, &fields, &[], &[]);
        h.poll();
        h.assert_silence(source);
    }
    assert_eq!(h.counter("bad_source"), 5);
    let mut octets = [0; 20];
    for cast in [Cast::Broadcast, Cast::Multicast] {
        let both = [192, 0, 2, 2, 192, 0, 2, 1];
        let meta = IpMeta { cast, ..IpMeta::new(h.now, IpProtocol::TCP, Addresses::V4(&both)) };
        assert_eq!(h.tcp.receive(&meta, &mut octets), Verdict::Done);
    }
    assert_eq!(h.counter("not_unicast"), 2);
}

// conf: TCP-ISN-01, TCP-ISN-02
#[test]
fn initial_sequence_numbers_follow_clock_and_secret() {
    let iss = |seed: u8, secs: u64, port: u16| {
        let mut h = Host::new(&Setup::default(), seed, tersus_ip::Instant::from_secs(secs), 0);
        h.connect_with(ConnectOptions { port, ..ConnectOptions::default() }).unwrap();
        h.poll();
        h.sent[0].1.seq
    };
    assert_eq!(iss(1, 1, 80).wrapping_sub(iss(1, 0, 80)), 250_000);
    assert_eq!(iss(1, 0, 80), iss(1, 0, 80));
    assert_ne!(iss(1, 0, 80), iss(1, 0, 81));
    assert_ne!(iss(1, 0, 80), iss(2, 0, 80));
}

// conf: TCP-OPEN-24
#[test]
fn ephemeral_ports_are_neither_sequential_nor_used_twice() {
    let mut h = Host::new(&Setup { connections: 100, ..Setup::default() }, 1, tersus_ip::Instant::ZERO, 0);
    let mut ports = Vec::new();
    for _ in 0..100 {
        let id = h.connect_with(ConnectOptions::default()).unwrap();
        ports.push(h.tcp.local(id).unwrap().port());
    }
    assert!(ports.iter().all(|&port| port >= 1024));
    assert!(ports.windows(2).filter(|w| w[1] == w[0].wrapping_add(1)).count() < 3, "{ports:?}");
    assert!(ports.iter().max().unwrap() - ports.iter().min().unwrap() > 30_000);
    ports.sort_unstable();
    ports.dedup();
    assert_eq!(ports.len(), 100);
}

// conf: TCP-OPEN-16, TCP-OPEN-17
#[test]
#[cfg_attr(not(feature = "ipv4"), ignore = "speaks IPv4")]
fn listening_and_connecting_share_a_port() {
    run_both(&Setup::default(), connected, || {
        vec![
            (0, Call(Host::listen)),
            (0, Is(Established)),
            (0, In(seg(301).ack(101).len(3))),
            (0, Call(|h| assert_eq!(h.recv_all().len(), 3))),
            (40, Out(seg(101).ack(304))),
            (50, Call(|h| assert_eq!(syn_from(h, 2, 4001), 1))),
        ]
    });
}

// conf: TCP-OPEN-18, TCP-OPEN-19
#[test]
#[cfg_attr(not(feature = "ipv4"), ignore = "speaks IPv4")]
fn the_local_address_is_the_callers_or_the_routes() {
    let mut h = Host::new(&Setup::default(), 1, tersus_ip::Instant::ZERO, 0);
    let id = h.connect_with(ConnectOptions::default()).unwrap();
    assert_eq!(h.tcp.local(id).unwrap().ip(), our_address(false));
    let other = "192.0.2.77".parse().unwrap();
    let id = h.connect_with(ConnectOptions { address: Some(other), ..ConnectOptions::default() }).unwrap();
    assert_eq!(h.tcp.local(id).unwrap().ip(), other);
}

// conf: TCP-OPEN-05
#[test]
fn data_with_a_syn_come_again() {
    run_both(&Setup::default(), listening, || {
        vec![
            (0, In(syn(300).data(b"early"))),
            (0, Out(syn(100).ack(301))),
            (10, In(seg(301).ack(101).data(b"early"))),
            (10, Call(Host::accept)),
            (10, Call(|h| assert_eq!(h.recv_all(), b"early"))),
            (50, Out(seg(101).ack(306))),
        ]
    });
}

fn listening_with_cookies(h: &mut Host) {
    h.tcp.use_syn_cookies(tersus_tcp::SynCookies::WHEN_FULL);
    h.listen();
}

#[test]
fn a_syn_that_finds_no_place_is_answered_with_a_cookie() {
    let send = |h: &mut Host| assert_eq!(h.send(1000, 101), 1000);
    run(&Setup { syns: 0, ..Setup::default() }, listening_with_cookies, || {
        vec![
            (0, In(syn(300).mss(1000).scale(7))),
            // Nothing is kept, so no option is agreed on; the window is that of the buffer.
            (0, Out(Seg { scale: None, ..syn(100).ack(301).wnd(4096) })),
            // Guesses are refused.
            (1, In(seg(301).ack(102))),
            (1, Out(rst(102))),
            (1, In(seg(302).ack(101))),
            (1, Out(rst(101))),
            // The handshake ends with text, as if an entry had been there.
            (5, In(seg(301).ack(101).len(10))),
            (5, Call(Host::accept)),
            (5, Is(Established)),
            (5, Call(|h| assert_eq!(h.recv_all().len(), 10))),
            // The MSS rounded down.
            (5, Call(send)),
            (5, Out(seg(101).ack(311).len(536))),
            (5, Out(seg(637).ack(311).len(464))),
            (9, Call(|h| assert_eq!((h.counter("cookies_sent"), h.counter("cookies_accepted")), (1, 1)))),
        ]
    });
}

#[test]
fn a_cookie_is_believed_for_two_minutes_at_most_and_only_while_some_are_out() {
    run(&Setup { syns: 0, ..Setup::default() }, listening_with_cookies, || {
        vec![
            (0, In(syn(300))),
            (0, Out(syn(100).ack(301))),
            (128_000, In(seg(301).ack(101))),
            (128_000, Out(rst(101))),
        ]
    });
}

#[test]
#[cfg_attr(not(feature = "ipv4"), ignore = "speaks IPv4")]
fn a_flood_of_syns_keeps_nobody_out() {
    let setup = Setup { syns: 4, backlog: 4, connections: 2, ..Setup::default() };
    let mut h = Host::new(&setup, 7, tersus_ip::Instant::from_secs(1), 300);
    listening_with_cookies(&mut h);
    for i in 0..10_000u32 {
        let [_, _, a, b] = i.to_be_bytes();
        let stranger = core::net::IpAddr::from([198, 18, a, b]);
        let fields =
            Fields { src_port: 999, dst_port: OUR_PORT, seq: i, flags: Flags::SYN, ..Fields::default() };
        h.receive_between(stranger, our_address(false), &fields, &[], &[]);
        h.poll();
    }
    assert_eq!((h.counter("cookies_sent"), h.counter("syn_backlog")), (9_996, 0));
    h.sent.clear();
    // Somebody who means it.
    let fields =
        Fields { src_port: PEER_PORT, dst_port: OUR_PORT, seq: 300, flags: Flags::SYN, ..Fields::default() };
    h.receive(&fields, &[2, 4, 5, 0xb4], &[]);
    let (_, answer, _, options) = h.sent.pop_front().unwrap();
    assert_eq!((answer.flags, answer.ack, options.mss), (Flags::SYN | Flags::ACK, 301, Some(1460)));
    let fields = Fields { seq: 301, ack: answer.seq + 1, flags: Flags::ACK, window: 4096, ..fields };
    h.receive(&fields, &[], b"still there?");
    h.accept();
    assert_eq!(h.recv_all(), b"still there?");
    // The accept queue is bounded all the same: its backlog, and the connections that there are.
    for port in 5000..5010 {
        let fields =
            Fields { src_port: port, dst_port: OUR_PORT, seq: 300, flags: Flags::SYN, ..Fields::default() };
        h.sent.clear();
        h.receive(&fields, &[], &[]);
        let (_, answer, ..) = h.sent.pop_front().unwrap();
        let fields =
            Fields { seq: 301, ack: answer.seq.wrapping_add(1), flags: Flags::ACK, window: 4096, ..fields };
        h.receive(&fields, &[], &[]);
    }
    assert_eq!((h.counter("cookies_accepted"), h.counter("accept_no_room")), (2, 9));
}
