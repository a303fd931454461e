//! What a trace tells: segments, deadlines, states and variables, in the order in which one follows from the other.

use crate::runner::*;
use core::cell::RefCell;
use tersus_tcp::congestion::Reno;
use tersus_tcp::trace::{Cause, Entry, Loss, Timer, What};
use tersus_tcp::{Config, State, Storage, Tcp};
use tersus_wire::tcp::Flags;

type Tape = RefCell<Vec<Entry>>;

/// From now on all that happens at this host is on the tape.
fn tape(host: &mut Host) -> &'static Tape {
    let tape: &'static Tape = Box::leak(Box::default());
    let sink = Box::leak(Box::new(|entry: &Entry| tape.borrow_mut().push(*entry)));
    host.tcp.trace_to(sink);
    tape
}

/// What the tape tells, in the script's numbers: `ms what`.
fn told(host: &Host, tape: &Tape) -> Vec<String> {
    let segment = |seg: &tersus_tcp::trace::Segment, seq: u32| {
        let names: Vec<&str> = seg.flags.iter_names().map(|(name, _)| &name[..1]).collect();
        format!("{} {seq}+{}", names.concat(), seg.len)
    };
    let (ours, peers) = (host.ours(0), host.peers(0));
    let line = |entry: &Entry| {
        let what = match entry.what {
            What::Received(seg) => format!("< {}", segment(&seg, seg.seq.wrapping_sub(peers))),
            What::Sent(seg, cause) => format!("> {cause:?} {}", segment(&seg, seg.seq.wrapping_sub(ours))),
            What::Expired(timer) => format!("{timer:?}"),
            What::Entered { from } => format!("{from:?} -> {:?}", entry.variables.unwrap().state),
            What::Changed => format!("una {}", entry.variables.unwrap().snd_una.wrapping_sub(ours)),
            _ => String::from("?"),
        };
        format!("{} {what}", entry.at.since(host.start).as_millis())
    };
    tape.take().iter().map(line).collect()
}

#[test]
fn a_trace_tells_a_short_connection_in_the_order_of_cause_and_effect() {
    at_each_number(&Setup::default(), nothing, |host| {
        let tape = tape(host);
        connected(host);
        play(
            host,
            vec![
                (5, Call(|h| assert_eq!(h.send(2000, 101), 2000))),
                (5, Drain),
                (10, In(seg(301).ack(1561))),
                (15, In(seg(301).ack(2101).data(b"ab"))),
                (20, Call(|h| drop(h.recv_all()))),
                (55, Drain),
                (60, In(fin(303).ack(2101))),
                (60, Drain),
                (70, Call(|h| h.tcp.close(h.id()).unwrap())),
                (70, Drain),
                (80, In(seg(304).ack(2102))),
            ],
        );
        let want = [
            "0 Closed -> SynSent",
            "0 > New S 100+0",
            "0 < SA 300+0",
            "0 SynSent -> Established",
            "0 una 101",
            "0 > Ack A 101+0",
            "5 > New A 101+1460",
            "5 > New PA 1561+540",
            "10 < A 301+0",
            "10 una 1561",
            "15 < A 301+2",
            "15 una 2101",
            "55 DelayedAck",
            "55 > Ack A 2101+0",
            "60 < FA 303+0",
            "60 Established -> CloseWait",
            "60 una 2101",
            "60 > Ack A 2101+0",
            // A call has no time of its own: the last turn's.
            "60 CloseWait -> LastAck",
            "70 > New FA 2101+0",
            "80 < A 304+0",
            "80 LastAck -> Closed",
            "80 una 2102",
        ];
        let told = told(host, tape);
        assert_eq!(told.len(), want.len(), "{told:#?}");
        for (told, want) in told.iter().zip(want) {
            assert_eq!(told, want);
        }
    });
}

#[test]
fn retransmissions_have_a_cause_and_the_windows_are_told() {
    at_each_number(&Setup::default(), connected, |host| {
        let tape = tape(host);
        play(
            host,
            vec![
                (0, Call(|h| assert_eq!(h.send(8 * 500, 101), 4000))),
                (0, Drain),
                (10, Burst(vec![seg(301).ack(101), seg(301).ack(101), seg(301).ack(101)])),
                (10, Drain),
                (1_000, Drain),
            ],
        );
        let entries = tape.borrow().clone();
        let again: Vec<(u64, Cause)> = entries
            .iter()
            .filter_map(|entry| match entry.what {
                What::Sent(_, cause @ Cause::Again(_)) => {
                    Some((entry.at.since(host.start).as_millis() as u64, cause))
                }
                _ => None,
            })
            .collect();
        assert_eq!(again.first(), Some(&(10, Cause::Again(Loss::Recovery))));
        assert!(again[1..].iter().all(|&again| again == (1_000, Cause::Again(Loss::Timeout))), "{again:?}");
        let expired = entries.iter().position(|entry| entry.what == What::Expired(Timer::Retransmission));
        let (before, after) = (&entries[expired.unwrap()], &entries[expired.unwrap() + 1]);
        let (before, after) = (before.variables.unwrap(), after.variables.unwrap());
        assert!(before.cwnd > after.cwnd && after.cwnd == 1460, "one segment: {before} {after}");
        assert!(after.rto > before.rto && after.pipe == 0, "{before} {after}");
    });
}

#[test]
fn a_listener_s_half_open_connections_and_resets_of_nobody_are_told() {
    at_each_number(&Setup::default(), listening, |host| {
        let tape = tape(host);
        play(
            host,
            vec![
                (0, In(syn(300).mss(1460))),
                (0, Out(syn(100).ack(301))),
                (1_000, Out(syn(100).ack(301))),
                (1_001, In(seg(301).ack(101))),
                (1_002, In(seg(301).ack(999).flag(Flags::PSH))),
                (1_002, Out(seg(101).ack(301))),
            ],
        );
        let told = told(host, tape);
        let want = [
            "0 < S 300+0",
            "0 > New SA 100+0",
            "1000 > Again(Timeout) SA 100+0",
            "1001 < A 301+0",
            "1001 Closed -> Established",
            "1001 una 101",
            "1002 < PA 301+0",
            // An answer in the place of the segment.
            "1002 > Ack A 101+0",
        ];
        assert_eq!(told, want, "{told:#?}");
        while host.take().is_some() {}
    });
}

#[test]
#[cfg_attr(not(feature = "ipv4"), ignore = "speaks IPv4")]
fn an_entry_reads_like_the_examples_of_the_rfc() {
    let setup = Setup::default();
    let mut host = Host::new(&setup, 7, tersus_ip::Instant::from_millis(250), 300);
    let tape = tape(&mut host);
    host.listen();
    host.give(&syn(IRS).mss(1460));
    let entry = tape.borrow()[0];
    let text = "0.250000s 192.0.2.1:80 < 192.0.2.2:4000 <SEQ=300><CTL=SYN><WND=4096><MSS=1460> 0 octets";
    assert_eq!(entry.to_string(), text);
    host.poll();
    assert!(host.take().is_some());
    host.give(&seg(IRS + 1).ack(ISS + 1));
    let state = tape.borrow().iter().filter_map(|entry| entry.variables).next_back().unwrap();
    assert_eq!((state.state, state.flight_size()), (State::Established, 0));
    assert!(tape
        .borrow()
        .last()
        .unwrap()
        .to_string()
        .contains("Established una 1 nxt 1 wnd 4096 cwnd 14600"));
}

/// What the tape says left is what left, with options and pointer; which causes it names.
fn causes(host: &mut Host, tape: &Tape) -> Vec<Cause> {
    let told: Vec<_> = tape.take();
    let left: Vec<_> = told
        .iter()
        .filter_map(|entry| match entry.what {
            What::Sent(seg, cause) => Some((seg, cause)),
            _ => None,
        })
        .collect();
    assert_eq!(left.len(), host.sent.len());
    for ((told, _), (_, fields, data, options)) in left.iter().zip(&host.sent) {
        let urgent = fields.flags.contains(Flags::URG).then_some(fields.urgent);
        assert_eq!((told.seq, told.len as usize, told.flags), (fields.seq, data.len(), fields.flags));
        assert_eq!((told.urgent, &told.options), (urgent, options));
    }
    while host.take().is_some() {}
    left.iter().map(|&(_, cause)| cause).collect()
}

#[test]
fn what_leaves_is_told_with_its_options_and_its_cause() {
    at_each_number(&Setup::default(), nothing, |host| {
        let tape = tape(host);
        host.connect();
        host.poll();
        assert_eq!(causes(host, tape), [Cause::New]);
        host.give(&syn(300).ack(101).mss(1460).permits(true).ts(1000, 0));
        host.poll();
        assert_eq!(causes(host, tape), [Cause::Ack]);
        // Ahead of a gap, and then some of it once more: in the place of the segment, with one block and with two.
        for len in [100, 50] {
            host.give(&seg(401).ack(101).len(len).ts(1001, 0));
            host.poll();
            assert_eq!(causes(host, tape), [Cause::Ack]);
        }
        // Data, with blocks and with a pointer.
        host.send(2_000, 101);
        host.tcp.send_urgent(host.id(), b"now").unwrap();
        host.poll();
        assert_eq!(causes(host, tape), [Cause::New, Cause::New]);
        // A duplicate that the ACK of the rest reports.
        host.give(&seg(301).ack(101).len(150).ts(1001, 0));
        host.poll();
        assert_eq!(causes(host, tape), [Cause::Ack]);
        host.advance(host.at(600));
        assert_eq!(causes(host, tape), [Cause::Again(Loss::Tail)]);
        host.advance(host.at(2_000));
        assert_eq!(causes(host, tape)[0], Cause::Again(Loss::Timeout));
    });
    at_each_number(&Setup::default(), listening, |host| {
        let tape = tape(host);
        host.give(&syn(300).mss(1460).permits(true).scale(3).ts(7, 0));
        host.poll();
        assert_eq!(causes(host, tape), [Cause::New]);
    });
}

#[test]
fn what_arrives_is_told_with_its_options() {
    at_each_number(&Setup::default(), connected_with_sack, |host| {
        let tape = tape(host);
        host.give(&seg(301).ack(101).urg(5).len(9).sack(&[(101, 103)]));
        let entry = tape.borrow()[0];
        let What::Received(told) = entry.what else { panic!("{entry}") };
        let block = told.options.sack.as_slice()[0];
        assert_eq!((told.urgent, block.left, block.right), (Some(5), host.ours(101), host.ours(103)));
        let text = format!("<WND=4096><UP=5><SACK={}-{}> 9 octets", block.left, block.right);
        assert!(entry.to_string().contains(&text), "{entry}");
        host.poll();
        while host.take().is_some() {}
    });
}

#[test]
#[cfg_attr(not(feature = "ipv4"), ignore = "speaks IPv4")]
fn a_second_sink_takes_the_place_of_the_first() {
    let (first, second) = (Tape::default(), Tape::default());
    let (to_first, to_second) =
        (|entry: &Entry| first.borrow_mut().push(*entry), |entry: &Entry| second.borrow_mut().push(*entry));
    let mut storage: Storage<1, 100, 100> = Storage::new();
    let mut tcp = Tcp::new(&mut storage, Config::new(), &Reno::DEFAULT, [1; 32]);
    let mut sink = |_: &tersus_ip::Path, _: tersus_ip::Outgoing, _: &[u8]| {};
    let ip = tersus_ip::fake::FakeIp::new(&mut [], &mut sink);
    let remote = "192.0.2.2:4000".parse().unwrap();
    tcp.trace_to(&to_first);
    tcp.trace_to(&to_second);
    tcp.connect(&ip, tersus_ip::Instant::ZERO, remote, Default::default()).unwrap();
    assert_eq!((first.borrow().len(), second.borrow().len()), (0, 1));
}
