//! RST, SYN and data from attackers and from the past: RFC 9293 §3.5.2 and §3.10.7, RFC 5961.

use crate::runner::*;
use tersus_ip::{ErrorKind, Quoted};
use tersus_tcp::Outcome;
use tersus_tcp::State::*;
use tersus_wire::tcp::{Fields, Flags};

// conf: TCP-RST-01, TCP-RST-02, TCP-RST-03
#[test]
fn segments_to_nobody_are_reset() {
    run_both(&Setup::default(), nothing, || {
        vec![
            (0, In(syn(300))),
            (0, Out(rst(Host::NO_ISS).ack(301))),
            (0, In(fin(300).len(10))),
            (0, Out(rst(Host::NO_ISS).ack(311))),
            (0, In(seg(300).ack(777))),
            (0, Out(rst(777))),
            (0, In(rst(300))),
            (0, In(rst(300).ack(777))),
        ]
    });
}

// conf: TCP-OPEN-02, TCP-OPEN-03, TCP-OPEN-04
#[test]
fn a_listener_takes_only_a_syn() {
    run_both(&Setup::default(), listening, || {
        vec![
            (0, In(rst(300))),
            (0, In(seg(300).ack(777))),
            (0, Out(rst(777))),
            (0, In(syn(300).ack(777))),
            (0, Out(rst(777))),
            (0, In(fin(300).ack(777))),
            (0, Out(rst(777))),
            (0, In(fin(300))),
            (0, In(seg(300))),
            (0, In(seg(300).flag(Flags::URG))),
        ]
    });
}

// conf: TCP-ATK-01, TCP-RST-06, TCP-RST-07
#[test]
fn an_exact_rst_resets() {
    run(&Setup::default(), connected, || {
        vec![
            (0, In(seg(301).ack(101).len(10))),
            (10, In(rst(311))),
            (10, Is(Closed)),
            (
                10,
                Call(|h| {
                    let id = h.id();
                    assert_eq!(h.tcp.outcome(id), Ok(Some(Outcome::Reset)));
                    assert_eq!(h.tcp.recv(id, &mut [0]), Err(tersus_tcp::RecvError::Ended(Outcome::Reset)));
                    assert_eq!(h.tcp.send(id, &[0]), Err(tersus_tcp::SendError::Ended(Outcome::Reset)));
                    assert_eq!(h.counter("resets_received"), 1);
                }),
            ),
        ]
    });
}

// conf: TCP-ATK-02, TCP-ATK-03, TCP-ATK-04, TCP-OPEN-15
#[test]
fn blind_rst_and_syn_draw_a_challenge_at_most() {
    run_both(&Setup::default(), connected, || {
        vec![
            (0, In(rst(302))),
            (0, Out(seg(101).ack(301))),
            (0, In(rst(301 + 4095))),
            (0, Out(seg(101).ack(301))),
            (0, In(rst(301 + 4096))),
            (0, In(rst(300))),
            (0, In(syn(301))),
            (0, Out(seg(101).ack(301))),
            (0, In(syn(9000))),
            (0, Out(seg(101).ack(301))),
            // With text that would begin inside the window, if the SYN were cut off.
            (0, In(syn(290).ack(101).len(20))),
            (0, Out(seg(101).ack(301))),
            (0, Is(Established)),
        ]
    });
}

// conf: TCP-ATK-06
#[test]
fn challenges_are_limited() {
    run(&Setup::default(), connected, || {
        vec![
            (0, Burst((0..100).map(|_| rst(302)).collect())),
            (0, Left(10)),
            (4900, Burst((0..100).map(|_| rst(302)).collect())),
            (4900, Left(0)),
            (6400, Burst((0..100).map(|_| rst(302)).collect())),
            (6400, Left(10)),
            (6400, Is(Established)),
        ]
    });
}

// conf: TCP-ICMP-04
#[test]
fn a_hard_error_ends_an_attempt_and_no_connection() {
    run(&Setup::default(), nothing, || {
        vec![
            (0, Call(Host::connect)),
            (0, Out(syn(100))),
            (5, Call(|h| assert_eq!(h.icmp(ErrorKind::PortUnreachable, 100), Quoted::Known))),
            (5, Is(Closed)),
            (
                5,
                Call(|h| {
                    let unreachable = Outcome::Unreachable(ErrorKind::PortUnreachable);
                    assert_eq!(h.outcome(), Ok(Some(unreachable)));
                }),
            ),
        ]
    });
    run(&Setup::default(), connected, || {
        vec![
            (0, Call(|h| assert_eq!(h.send(10, 0), 10))),
            (0, Out(seg(101).ack(301).data(&(0..10).collect::<Vec<u8>>()))),
            (5, Call(|h| assert_eq!(h.icmp(ErrorKind::PortUnreachable, 101), Quoted::Known))),
            (5, Is(Established)),
            (5, Call(|h| assert_eq!(h.tcp.soft_error(h.id()), Ok(Some(ErrorKind::PortUnreachable))))),
            (10, In(seg(301).ack(111))),
        ]
    });
}

// conf: TCP-ATK-09
#[test]
fn two_that_disagree_do_not_answer_each_other_for_ever() {
    // Each believes in numbers that the other never used; whatever one says, the other must correct.
    at_each_number(&Setup::default(), connected, |here| {
        let mut there = Host::new(&here.setup, 9, here.now, 0xdead_beef);
        connected(&mut there);
        there.now = here.now;
        here.send(10, 101);
        here.poll();
        let mut relayed = 0;
        for ms in (0..10_000).step_by(100) {
            for _ in 0..100 {
                if here.sent.is_empty() && there.sent.is_empty() {
                    break;
                }
                relayed += relay(here, &mut there) + relay(&mut there, here);
            }
            here.advance(here.at(ms));
            there.advance(there.at(ms));
        }
        // Ten challenges a side in five seconds, three of which ten seconds may touch, and what goes again by RTO.
        assert!((1..=66).contains(&relayed), "{relayed} segments in ten seconds");
    });
}

/// Carries what left one host to the other, which takes it for its peer's.
fn relay(from: &mut Host, to: &mut Host) -> usize {
    let segments: Vec<_> = from.sent.drain(..).collect();
    for (_, fields, data, _) in &segments {
        let fields = Fields { src_port: PEER_PORT, dst_port: OUR_PORT, ..*fields };
        to.receive(&fields, &[], data);
        to.poll();
    }
    segments.len()
}
