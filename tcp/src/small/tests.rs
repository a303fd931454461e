//! Segments in, segments out, at milliseconds; and anything at all.

extern crate std;

use super::{Connection, SmallTcp, Storage};
use crate::{
    ConnectError, ConnectionId, KeepAlive, ListenError, Nagle, Outcome, RecvError, SendError, Stale, State,
};
use core::net::{IpAddr, SocketAddr};
use std::boxed::Box;
use std::vec;
use std::vec::Vec;
use tersus_ip::fake::FakeIp;
use tersus_ip::{
    Addresses, Cast, Instant, InterfaceSet, IpMeta, Outgoing, Path, Progress, SendError as IpError,
    Transport, Unreachable, Verdict,
};
use tersus_wire::checksum::Sum;
use tersus_wire::tcp::{self, Checksum, Fields, Flags};
use tersus_wire::IpProtocol;

const US: IpAddr = IpAddr::V4(core::net::Ipv4Addr::new(192, 0, 2, 1));
const PEER: IpAddr = IpAddr::V4(core::net::Ipv4Addr::new(192, 0, 2, 9));
const PORT: u16 = 7;
const THEIRS: u16 = 40_000;

/// A segment, with numbers that count from the initial ones: ours from `ISS`, the peer's from `IRS`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Seg {
    flags: Flags,
    seq: u32,
    ack: u32,
    window: u16,
    options: Vec<u8>,
    data: Vec<u8>,
}

const IRS: u32 = 0xffff_fff0;

fn seg(flags: Flags, seq: u32, ack: u32) -> Seg {
    Seg { flags, seq, ack, window: 4000, options: vec![], data: vec![] }
}

impl Seg {
    fn data(mut self, data: &[u8]) -> Self {
        self.data = data.to_vec();
        self
    }

    fn window(mut self, window: u16) -> Self {
        self.window = window;
        self
    }

    fn options(mut self, options: &[u8]) -> Self {
        self.options = options.to_vec();
        self
    }
}

const SYN: Flags = Flags::SYN;
const ACK: Flags = Flags::ACK;
const FIN: Flags = Flags::FIN.union(Flags::ACK);
const RST: Flags = Flags::RST;
const PSH: Flags = Flags::PSH.union(Flags::ACK);

struct Rig {
    tcp: SmallTcp<'static>,
    now: u64,
    iss: u32,
    generation: u32,
    room: InterfaceSet,
    refusal: Option<IpError>,
    unroutable: Option<Unreachable>,
    budget: usize,
    mtu: u16,
    progress: Progress,
}

impl Rig {
    fn with<const N: usize, const SIZE: usize>() -> Self {
        let storage: &'static mut Storage<N, SIZE, SIZE> = Box::leak(Box::default());
        let mut tcp = SmallTcp::new(storage, [7; 32]);
        tcp.listen(PORT).unwrap();
        Self {
            tcp,
            now: 1_000_000,
            iss: 0,
            generation: 1,
            room: InterfaceSet::ALL,
            refusal: None,
            unroutable: None,
            budget: 100,
            mtu: 1500,
            progress: Progress::Idle,
        }
    }

    fn new() -> Self {
        Self::with::<2, 2000>()
    }

    /// Lets a segment arrive; the answer in its place.
    fn input_from(&mut self, port: u16, segment: &Seg) -> Option<Seg> {
        let addresses = [192, 0, 2, 9, 192, 0, 2, 1];
        let sum = Addresses::V4(&addresses).pseudo_sum();
        let fields = Fields {
            src_port: port,
            dst_port: PORT,
            seq: segment.seq.wrapping_add(IRS),
            ack: if segment.flags.contains(ACK) { segment.ack.wrapping_add(self.iss) } else { 0 },
            flags: segment.flags,
            window: segment.window,
            urgent: 0,
        };
        let mut octets = vec![0; 20 + segment.options.len() + segment.data.len()];
        tcp::emit(&mut octets, &fields, &segment.options, [&segment.data, &[]], Checksum::Full(sum)).unwrap();
        let meta = IpMeta::new(Instant::from_micros(self.now), IpProtocol::TCP, Addresses::V4(&addresses));
        match self.tcp.receive(&meta, &mut octets) {
            Verdict::Done => None,
            Verdict::Reply(len) => Some(self.read(&octets[..usize::from(len)], sum)),
            verdict => panic!("{verdict:?}"),
        }
    }

    fn input(&mut self, segment: &Seg) -> Option<Seg> {
        self.input_from(THEIRS, segment)
    }

    fn read(&mut self, octets: &[u8], addresses: Sum) -> Seg {
        assert!(tcp::verify_checksum(octets, addresses));
        let packet = tcp::Packet::parse(octets).unwrap();
        let header = packet.header();
        if header.flags().contains(SYN) {
            self.iss = header.seq();
        }
        Seg {
            flags: header.flags(),
            seq: header.seq().wrapping_sub(self.iss),
            ack: if header.flags().contains(ACK) { header.ack().wrapping_sub(IRS) } else { 0 },
            window: header.window(),
            options: packet.option_octets().to_vec(),
            data: packet.payload().to_vec(),
        }
    }

    /// One turn; what leaves.
    fn turn(&mut self) -> Vec<Seg> {
        let mut sent = Vec::new();
        let mut keep = |path: &Path, packet: Outgoing, octets: &[u8]| {
            assert_eq!(packet.protocol, IpProtocol::TCP);
            sent.push((octets.to_vec(), path.pseudo_sum()));
        };
        let mut buffer = [0; 1600];
        let mut ip = FakeIp::new(&mut buffer, &mut keep);
        ip.now = Instant::from_micros(self.now);
        ip.generation = self.generation;
        ip.room = self.room;
        ip.mtu = self.mtu;
        ip.refusal = self.refusal;
        ip.unroutable = self.unroutable;
        let mut budget = self.budget;
        self.progress = self.tcp.transmit(&mut ip, &mut budget);
        sent.iter().map(|(octets, sum)| self.read(octets, *sum)).collect()
    }

    /// A turn after so many milliseconds.
    fn after(&mut self, ms: u64) -> Vec<Seg> {
        self.now += ms * 1000;
        self.turn()
    }

    /// A segment, then a turn.
    fn given(&mut self, segment: &Seg) -> Vec<Seg> {
        assert_eq!(self.input(segment), None, "no answer in place");
        self.turn()
    }

    /// When it wants the next turn, in milliseconds from now.
    fn due(&self) -> Option<u64> {
        self.tcp.poll_at().map(|at| at.micros().saturating_sub(self.now) / 1000)
    }

    fn connect(&mut self) -> ConnectionId {
        let mut keep = |_: &Path, _: Outgoing, _: &[u8]| {};
        let mut buffer = [0; 0];
        let ip = FakeIp::new(&mut buffer, &mut keep);
        self.tcp.connect(&ip, Instant::from_micros(self.now), SocketAddr::new(PEER, PORT)).unwrap()
    }

    /// A connection that a peer has opened, and that was accepted.
    fn established(&mut self) -> ConnectionId {
        let syn_ack = self.given(&seg(SYN, 0, 0).options(&[2, 4, 1, 0]));
        assert_eq!(syn_ack.len(), 1);
        assert!(self.given(&seg(ACK, 1, 1)).is_empty());
        self.tcp.accept(PORT).unwrap()
    }

    fn state(&mut self, id: ConnectionId) -> State {
        self.tcp.state(id).unwrap()
    }
}

/// 256 octets of payload at most: the MSS that the peer of these tests offers.
fn octets(count: usize) -> Vec<u8> {
    (0..count).map(|at| u8::try_from(at % 251).unwrap()).collect()
}

#[test]
fn a_peer_opens_and_gets_what_it_offered() {
    // options of its SYN, those of ours
    for (offer, want) in [
        (&[][..], &[2, 4, 5, 180, 1, 1, 1, 1, 1, 1, 1, 1][..]),
        (&[3, 3, 7, 1], &[2, 4, 5, 180, 1, 3, 3, 0, 1, 1, 1, 1]),
        (&[1, 1, 4, 2], &[2, 4, 5, 180, 1, 1, 1, 1, 1, 1, 4, 2]),
        // A length that points nowhere ends the list.
        (&[4, 2, 3, 0, 3, 3, 7, 1], &[2, 4, 5, 180, 1, 1, 1, 1, 1, 1, 4, 2]),
        (&[99, 4, 0, 0, 3, 3, 7, 0], &[2, 4, 5, 180, 1, 3, 3, 0, 1, 1, 1, 1]),
    ] {
        let mut rig = Rig::new();
        let sent = rig.given(&seg(SYN, 0, 0).options(offer));
        assert_eq!(sent, [Seg { window: 2000, options: want.to_vec(), ..seg(SYN | ACK, 0, 1) }]);
        assert_eq!(rig.tcp.accept(PORT), None, "half open");
        assert!(rig.given(&seg(ACK, 1, 1)).is_empty());
        let id = rig.tcp.accept(PORT).unwrap();
        assert_eq!((rig.state(id), rig.tcp.accept(PORT)), (State::Established, None));
        assert_eq!(rig.tcp.remote(id), Ok(SocketAddr::new(PEER, THEIRS)));
        assert_eq!(rig.due(), None);
    }
}

#[test]
fn we_open_offer_all_and_are_refused_or_give_up() {
    let mut rig = Rig::new();
    let id = rig.connect();
    let sent = rig.turn();
    assert_eq!(sent[0].options, [2, 4, 5, 180, 1, 3, 3, 0, 1, 1, 4, 2]);
    assert_eq!((sent[0].flags, rig.due()), (SYN, Some(1000)));
    // The timeout doubles from a second on.
    for ms in [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000] {
        assert!(rig.after(ms - 1).is_empty());
        assert_eq!(rig.after(1)[0].flags, SYN, "{ms}");
    }
    assert!(rig.after(60_000).is_empty());
    assert_eq!(rig.tcp.outcome(id), Ok(Some(Outcome::TimedOut)));
    assert_eq!(rig.tcp.send(id, b"x"), Err(SendError::Ended(Outcome::TimedOut)));
    assert_eq!(rig.tcp.recv(id, &mut [0; 9]), Err(RecvError::Ended(Outcome::TimedOut)));
    assert_eq!(rig.tcp.release(id), Ok(()));
    assert_eq!(rig.tcp.release(id), Err(Stale));
}

/// The other end of `connect`: the peer's port is ours here.
fn answer(rig: &mut Rig, local: u16, segment: &Seg) -> (Verdict, Vec<Seg>) {
    let addresses = [192, 0, 2, 9, 192, 0, 2, 1];
    let fields = Fields {
        src_port: PORT,
        dst_port: local,
        seq: segment.seq.wrapping_add(IRS),
        ack: segment.ack.wrapping_add(rig.iss),
        flags: segment.flags,
        window: segment.window,
        urgent: 0,
    };
    let mut octets = vec![0; 20 + segment.options.len()];
    let sum = Checksum::Full(Addresses::V4(&addresses).pseudo_sum());
    tcp::emit(&mut octets, &fields, &segment.options, [&[], &[]], sum).unwrap();
    let meta = IpMeta::new(Instant::from_micros(rig.now), IpProtocol::TCP, Addresses::V4(&addresses));
    let verdict = rig.tcp.receive(&meta, &mut octets);
    (verdict, rig.turn())
}

#[test]
fn the_answer_to_our_syn_decides() {
    // flags, acknowledged, state after it, outcome, verdict, what leaves
    for (flags, ack, state, outcome, verdict, leaves) in [
        (SYN | ACK, 1, State::Established, None, Verdict::Done, 1),
        (SYN, 0, State::SynReceived, None, Verdict::Done, 1),
        (RST | ACK, 1, State::Closed, Some(Outcome::Refused), Verdict::Done, 0),
        (RST | ACK, 2, State::SynSent, None, Verdict::Done, 0),
        (RST, 0, State::SynSent, None, Verdict::Done, 0),
        (SYN | ACK, 2, State::SynSent, None, Verdict::Reply(20), 0),
        (ACK, 0, State::SynSent, None, Verdict::Reply(20), 0),
        (FIN, 1, State::SynSent, None, Verdict::Done, 0),
    ] {
        let mut rig = Rig::new();
        let id = rig.connect();
        rig.turn();
        let local = rig.tcp.connections[0].local_port();
        let (got, sent) = answer(&mut rig, local, &seg(flags, 0, ack));
        assert_eq!((got, sent.len()), (verdict, leaves), "{flags} {ack}");
        assert_eq!((rig.state(id), rig.tcp.outcome(id)), (state, Ok(outcome)), "{flags} {ack}");
        if state == State::SynReceived {
            // Both opened at once: the SYN is said again, with an ACK.
            assert_eq!(sent[0].flags, SYN | ACK);
            let (_, sent) = answer(&mut rig, local, &seg(SYN | ACK, 0, 1));
            assert_eq!((rig.state(id), sent.len()), (State::Established, 0));
        }
    }
}

#[test]
fn the_window_of_a_syn_is_not_scaled_even_where_both_opened_at_once() {
    let mut rig = Rig::new();
    let id = rig.connect();
    rig.turn();
    let local = rig.tcp.connections[0].local_port();
    let theirs = |flags| seg(flags, 0, 1).options(&[3, 3, 7, 0]).window(300);
    let (_, sent) = answer(&mut rig, local, &theirs(SYN));
    assert_eq!(sent[0].flags, SYN | ACK);
    answer(&mut rig, local, &theirs(SYN | ACK));
    rig.tcp.send(id, &octets(1000)).unwrap();
    // What is left of 300 where windows count in 128 octets.
    assert_eq!(rig.turn().iter().map(|seg| seg.data.len()).collect::<Vec<_>>(), [256]);
}

#[test]
fn over_the_narrowest_path_of_ipv4_segments_are_that_small() {
    let mut rig = Rig::new();
    rig.mtu = 68;
    let id = rig.established();
    rig.tcp.send(id, &octets(60)).unwrap();
    assert_eq!(rig.turn().iter().map(|seg| seg.data.len()).collect::<Vec<_>>(), [28, 28]);
    assert_eq!(rig.given(&seg(ACK, 1, 57))[0].data, octets(60)[56..]);
}

#[test]
fn options_beyond_all_bounds_are_cut_to_them() {
    // MSS 1, and a shift of 31, RFC 7323 §2.3: a window of 2 is one of 32,768 then.
    let mut rig = Rig::new();
    assert_eq!(rig.given(&seg(SYN, 0, 0).options(&[2, 4, 0, 1, 3, 3, 31, 1])).len(), 1);
    assert!(rig.given(&seg(ACK, 1, 1).window(2)).is_empty());
    let id = rig.tcp.accept(PORT).unwrap();
    rig.tcp.send(id, &octets(128)).unwrap();
    assert_eq!(rig.turn().iter().map(|seg| seg.data.len()).collect::<Vec<_>>(), [64, 64]);
}

#[test]
fn what_belongs_to_nobody_is_reset() {
    let mut rig = Rig::new();
    // segment, the RST that answers it
    for (segment, want) in [
        (seg(ACK, 5, 9), Some(seg(RST, 9, 0))),
        (seg(FIN, 5, 9), Some(seg(RST, 9, 0))),
        (seg(SYN | ACK, 5, 9), Some(seg(RST, 9, 0))),
        (seg(RST, 5, 0), None),
        // To a listener, without any of ACK, SYN and RST: §3.10.7.2.
        (seg(Flags::FIN, 5, 0).data(b"abc"), None),
    ] {
        let got = rig.input(&segment);
        assert_eq!(got, want.map(|want| want.window(0)), "{segment:?}");
    }
    rig.tcp.unlisten(PORT);
    assert_eq!(rig.input(&seg(SYN, 5, 0)), Some(seg(RST | ACK, 0, 6).window(0)));
    assert_eq!(rig.input(&seg(Flags::FIN, 5, 0).data(b"abc")), Some(seg(RST | ACK, 0, 9).window(0)));
    let counters = rig.tcp.statistics();
    assert_eq!((counters.unmatched, counters.resets_sent, counters.segments_sent), (6, 5, 5));
    let packet = IpMeta::new(Instant::ZERO, IpProtocol::UDP, Addresses::V4(&[0; 8]));
    assert_eq!(rig.tcp.receive(&packet, &mut [0; 20]), Verdict::NotMine);
    let mut packet = IpMeta { protocol: IpProtocol::TCP, cast: Cast::Broadcast, ..packet };
    assert_eq!(rig.tcp.receive(&packet, &mut [0; 20]), Verdict::Done);
    packet.cast = Cast::Unicast;
    assert_eq!(rig.tcp.receive(&packet, &mut [0; 19]), Verdict::Done);
    let counters = rig.tcp.statistics();
    assert_eq!((counters.not_unicast, counters.bad_checksum), (1, 1));
}

#[test]
fn octets_come_in_order_and_every_second_segment_is_acknowledged() {
    let mut rig = Rig::new();
    let id = rig.established();
    assert!(rig.given(&seg(PSH, 1, 1).data(b"abc")).is_empty());
    assert_eq!(rig.due(), Some(40), "an ACK waits for company");
    assert_eq!(rig.given(&seg(PSH, 4, 1).data(b"def")), [seg(ACK, 1, 7).window(1994)]);
    assert!(rig.given(&seg(PSH, 7, 1).data(b"g")).is_empty());
    assert_eq!(rig.after(40), [seg(ACK, 1, 8).window(1993)]);
    let mut buffer = [0; 20];
    assert_eq!((rig.tcp.recv(id, &mut buffer), &buffer[..7]), (Ok(7), &b"abcdefg"[..]));
    assert_eq!(rig.tcp.recv(id, &mut buffer), Ok(0));
    assert!(rig.turn().is_empty(), "seven octets more of window are not worth a segment");
    // What was received before, in part and in whole.
    assert_eq!(rig.given(&seg(PSH, 6, 1).data(b"fghi")), []);
    assert_eq!(rig.given(&seg(PSH, 8, 1).data(b"hi")).len(), 1, "an old one is acknowledged at once");
    assert_eq!((rig.tcp.recv(id, &mut buffer), &buffer[..2]), (Ok(2), &b"hi"[..]));
}

#[test]
fn one_gap_is_bridged_and_reported() {
    let mut rig = Rig::new();
    rig.given(&seg(SYN, 0, 0).options(&[1, 1, 4, 2]));
    rig.given(&seg(ACK, 1, 1));
    let id = rig.tcp.accept(PORT).unwrap();
    let sack = |left: u32, right: u32| {
        let (l, r) = (left.wrapping_add(IRS).to_be_bytes(), right.wrapping_add(IRS).to_be_bytes());
        [[1, 1, 5, 10], l, r].concat()
    };
    let sent = rig.given(&seg(PSH, 11, 1).data(b"klmno"));
    assert_eq!(sent, [seg(ACK, 1, 1).window(2000).options(&sack(11, 16))]);
    assert_eq!(rig.given(&seg(PSH, 16, 1).data(b"pq"))[0].options, sack(11, 18));
    assert_eq!(rig.given(&seg(PSH, 9, 1).data(b"ij"))[0].options, sack(9, 18));
    // A second gap has no place.
    assert_eq!(rig.given(&seg(PSH, 30, 1).data(b"zz"))[0].options, sack(9, 18));
    let sent = rig.given(&seg(PSH, 1, 1).data(b"abcdefgh"));
    assert_eq!(sent, [seg(ACK, 1, 18).window(1983)]);
    let mut buffer = [0; 40];
    assert_eq!((rig.tcp.recv(id, &mut buffer), &buffer[..17]), (Ok(17), &b"abcdefghijklmnopq"[..]));
}

#[test]
fn the_window_closes_is_probed_and_opens_by_a_worthwhile_step() {
    let mut rig = Rig::with::<1, 100>();
    let id = rig.established();
    rig.given(&seg(PSH, 1, 1).data(&octets(60)));
    let sent = rig.given(&seg(PSH, 61, 1).data(&octets(60)));
    assert_eq!(sent, [seg(ACK, 1, 101).window(0)], "what is beyond the window is cut");
    assert_eq!(rig.given(&seg(PSH, 101, 1).data(b"x")), [seg(ACK, 1, 101).window(0)], "a probe is answered");
    let mut buffer = [0; 30];
    assert_eq!(rig.tcp.recv(id, &mut buffer), Ok(30));
    assert!(rig.turn().is_empty());
    assert_eq!(rig.tcp.recv(id, &mut buffer), Ok(30));
    assert_eq!(rig.turn(), [seg(ACK, 1, 101).window(60)]);
}

#[test]
fn small_segments_wait_and_full_ones_leave() {
    let mut rig = Rig::new();
    let id = rig.established();
    assert_eq!(rig.tcp.send(id, b"a"), Ok(1));
    assert_eq!(rig.turn(), [seg(PSH, 1, 1).data(b"a").window(2000)]);
    rig.tcp.send(id, b"b").unwrap();
    assert!(rig.turn().is_empty(), "one small segment is in flight");
    rig.tcp.send(id, &octets(300)).unwrap();
    let sent = rig.turn();
    assert_eq!(sent.iter().map(|seg| seg.data.len()).collect::<Vec<_>>(), [256]);
    assert_eq!(rig.given(&seg(ACK, 1, 2)).len(), 0);
    assert_eq!(rig.given(&seg(ACK, 1, 258))[0].data.len(), 45);
    rig.tcp.set_nagle(id, Nagle::Off).unwrap();
    rig.turn();
    rig.tcp.send(id, b"c").unwrap();
    assert_eq!(rig.turn()[0].data, b"c");
    assert_eq!(rig.tcp.send(id, &octets(3000)), Ok(1954), "as much as there is room");
    assert_eq!(rig.tcp.send_room(id), Ok(0));
}

#[test]
fn a_closed_window_is_probed_with_one_octet_for_as_long_as_it_is_answered() {
    let mut rig = Rig::new();
    let id = rig.established();
    rig.given(&seg(ACK, 1, 1).window(0));
    rig.tcp.send(id, b"abc").unwrap();
    assert!(rig.turn().is_empty());
    assert_eq!(rig.due(), Some(1000));
    for ms in [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000, 60_000, 60_000, 60_000] {
        assert!(rig.after(ms - 1).is_empty());
        assert_eq!(rig.after(1), [seg(ACK, 1, 1).data(b"a").window(2000)], "{ms}");
        assert!(rig.given(&seg(ACK, 1, 1).window(0)).is_empty());
    }
    // It opens: what was thrown away goes again at once.
    assert_eq!(rig.given(&seg(ACK, 1, 1).window(100)), [seg(PSH, 1, 1).data(b"abc").window(2000)]);
    assert_eq!(rig.state(id), State::Established);
}

#[test]
fn where_windows_are_full_acks_right_behind_them_count() {
    let mut rig = Rig::with::<1, 100>();
    let id = rig.established();
    rig.tcp.send(id, &octets(50)).unwrap();
    rig.turn();
    // All of our window but its first octet.
    rig.given(&seg(PSH, 2, 1).data(&octets(99)));
    assert_eq!(rig.tcp.send_room(id), Ok(50));
    assert_eq!(rig.given(&seg(ACK, 101, 51)), []);
    assert_eq!(rig.tcp.send_room(id), Ok(100));
    rig.given(&seg(RST, 101, 0));
    assert_eq!(rig.state(id), State::Established);
    // One further: beyond the octet of a probe.
    assert_eq!(rig.given(&seg(ACK, 102, 51)), []);
    assert_eq!(rig.given(&seg(ACK, 103, 51)), [seg(ACK, 51, 1).window(100)], "beyond it");
}

#[test]
fn a_timeout_sends_again_from_the_oldest_octet_on_and_then_gives_up() {
    let mut rig = Rig::new();
    let id = rig.established();
    rig.tcp.send(id, &octets(600)).unwrap();
    assert_eq!(rig.turn().len(), 2, "the last, small one waits");
    assert_eq!(rig.due(), Some(1000));
    let sent = rig.after(1000);
    assert_eq!(
        sent,
        [seg(ACK, 1, 1).data(&octets(600)[..256]).window(2000)],
        "and the window is one segment"
    );
    assert_eq!(rig.due(), Some(2000));
    let sent = rig.given(&seg(ACK, 1, 257));
    assert_eq!(sent.iter().map(|seg| (seg.seq, seg.data.len())).collect::<Vec<_>>(), [(257, 256)]);
    assert_eq!(rig.due(), Some(2000), "no round trip was timed: RFC 6298 §5");
    for ms in [2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000] {
        assert_eq!(rig.after(ms).len(), 1, "{ms}");
    }
    assert!(rig.after(60_000).is_empty());
    assert_eq!(rig.tcp.outcome(id), Ok(Some(Outcome::TimedOut)));
}

// conf: TCP-RTO-06
#[test]
fn where_round_trips_outlast_the_timeout_it_grows_until_one_is_timed() {
    let mut rig = Rig::new();
    let id = rig.established();
    // Each ACK comes 1.5 s after its data; the timeout is one second at first.
    for (octet, again) in [(0, Some(1000)), (1, None), (2, None), (3, None)] {
        rig.tcp.send(id, b"x").unwrap();
        let sent = rig.turn();
        assert_eq!((sent.len(), sent[0].seq), (1, 1 + octet));
        if let Some(ms) = again {
            assert_eq!(rig.after(ms).len(), 1);
            assert!(rig.after(1500 - ms).is_empty());
        } else {
            assert!(rig.after(1500).is_empty(), "octet {octet}");
        }
        assert!(rig.given(&seg(ACK, 1, 2 + octet)).is_empty());
    }
    assert_eq!(rig.tcp.statistics().retransmits, 1);
}

// conf: TCP-CC-02
#[test]
fn syns_that_were_lost_make_the_first_window_one_segment() {
    // How often the SYN is lost, how many segments leave at first.
    for (lost, want) in [(0, 3), (1, 3), (2, 1)] {
        let mut rig = Rig::new();
        let id = rig.connect();
        rig.turn();
        for n in 0..lost {
            assert_eq!(rig.after(1000 << n).len(), 1);
        }
        let local = rig.tcp.connections[0].local_port();
        answer(&mut rig, local, &seg(SYN | ACK, 0, 1));
        rig.tcp.send(id, &octets(2000)).unwrap();
        let full = rig.turn().iter().filter(|sent| sent.data.len() == 536).count();
        assert_eq!(full, want, "{lost}");
    }
}

// conf: TCP-CC-20
#[test]
fn duplicates_of_what_a_timeout_sent_in_vain_are_no_sign_of_loss() {
    let mut rig = Rig::new();
    let id = rig.established();
    rig.tcp.send(id, &octets(1280)).unwrap();
    assert_eq!(rig.turn().len(), 5);
    assert_eq!(rig.after(1000).len(), 1);
    assert_eq!(rig.given(&seg(ACK, 1, 257)).len(), 2);
    // The others had arrived; what was sent again in vain is answered with duplicates, while new data are in flight.
    rig.given(&seg(ACK, 1, 1281));
    rig.tcp.send(id, &octets(512)).unwrap();
    assert_eq!(rig.turn().len(), 2);
    for _ in 0..4 {
        assert!(rig.given(&seg(ACK, 1, 1281)).is_empty());
    }
    assert_eq!(rig.tcp.statistics().fast_retransmits, 0);
    // Behind them three of them are one.
    rig.given(&seg(ACK, 1, 1537));
    for _ in 0..3 {
        rig.given(&seg(ACK, 1, 1537));
    }
    assert_eq!(rig.tcp.statistics().fast_retransmits, 1);
}

#[test]
fn three_duplicates_send_again_at_once_and_a_partial_ack_sends_the_next() {
    let mut rig = Rig::new();
    let id = rig.established();
    rig.tcp.send(id, &octets(1280)).unwrap();
    assert_eq!(rig.turn().len(), 5);
    assert!(rig.given(&seg(ACK, 1, 1)).is_empty() && rig.given(&seg(ACK, 1, 1)).is_empty());
    let sent = rig.given(&seg(ACK, 1, 1));
    assert_eq!(sent.iter().map(|seg| (seg.seq, seg.data.len())).collect::<Vec<_>>(), [(1, 256)]);
    assert!(rig.given(&seg(ACK, 1, 1)).is_empty());
    let sent = rig.given(&seg(ACK, 1, 257));
    assert_eq!(sent.iter().map(|seg| seg.seq).collect::<Vec<_>>(), [257], "partial");
    assert!(rig.given(&seg(ACK, 1, 1281)).is_empty());
    assert_eq!((rig.due(), rig.tcp.statistics().fast_retransmits), (None, 1));
}

// conf: TCP-CC-18
#[test]
fn acks_of_a_few_octets_open_no_window_in_recovery() {
    let mut rig = Rig::with::<1, 8000>();
    let id = rig.established();
    rig.tcp.send(id, &octets(8000)).unwrap();
    assert_eq!(rig.turn().len(), 10);
    for _ in 0..3 {
        rig.given(&seg(ACK, 1, 1));
    }
    assert_eq!(rig.tcp.statistics().fast_retransmits, 1);
    for acked in 2..12 {
        let sent = rig.given(&seg(ACK, 1, acked));
        assert_eq!(sent.iter().map(|seg| seg.seq).collect::<Vec<_>>(), [acked], "the oldest alone");
    }
}

#[test]
fn a_peer_that_speaks_and_takes_nothing_is_given_up() {
    let mut rig = Rig::new();
    let id = rig.established();
    rig.tcp.send(id, b"abc").unwrap();
    assert_eq!(rig.turn().len(), 1);
    for (seq, ms) in (1..).zip([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]) {
        rig.given(&seg(PSH, seq, 1).data(b"x"));
        // The ACK of what it said, and ours again.
        assert_eq!(rig.after(ms / 2).len(), 1);
        assert_eq!(rig.after(ms / 2)[0].data, b"abc", "{ms}");
    }
    rig.after(60_000);
    assert_eq!(rig.tcp.outcome(id), Ok(Some(Outcome::TimedOut)));
}

/// Lengths of what leaves.
fn lengths(sent: &[Seg]) -> Vec<usize> {
    sent.iter().map(|seg| seg.data.len()).collect()
}

/// Ten segments are in flight, the first of which was lost: three duplicates have said so.
fn in_recovery() -> Rig {
    let mut rig = Rig::with::<1, 8000>();
    let id = rig.established();
    rig.tcp.send(id, &octets(8000)).unwrap();
    assert_eq!(lengths(&rig.turn()), [256; 10]);
    assert!(rig.given(&seg(ACK, 1, 1)).is_empty() && rig.given(&seg(ACK, 1, 1)).is_empty());
    assert_eq!(rig.given(&seg(ACK, 1, 1))[0].seq, 1, "the lost one again");
    rig
}

// conf: TCP-CC-18
#[test]
fn each_duplicate_opens_the_window_of_recovery_by_one_segment_and_a_partial_ack_keeps_it() {
    let mut rig = in_recovery();
    // ssthresh, half of the flight, and the three: 8 of 10, so that the sixth duplicate lets the first new one leave.
    let new: Vec<_> = (4..=9).map(|_| rig.given(&seg(ACK, 1, 1)).len()).collect();
    assert_eq!(new, [0, 0, 1, 1, 1, 1]);
    // One is acknowledged: the next is lost, too, and one new segment takes its place.
    let sent = rig.given(&seg(ACK, 1, 257));
    assert_eq!(sent.iter().map(|seg| seg.seq).collect::<Vec<_>>(), [257, 14 * 256 + 1]);
}

// conf: TCP-RTO-08
#[test]
fn the_timeout_is_short_again_when_a_round_trip_was_timed_and_not_before() {
    let mut rig = Rig::new();
    let id = rig.established();
    rig.tcp.send(id, b"a").unwrap();
    rig.turn();
    assert_eq!(rig.after(1000).len(), 1);
    rig.given(&seg(ACK, 1, 2));
    for (acked, due) in [(3, 2000), (4, 1000)] {
        rig.tcp.send(id, b"b").unwrap();
        assert_eq!((rig.turn().len(), rig.due()), (1, Some(due)));
        rig.given(&seg(ACK, 1, acked));
    }
}

#[test]
fn who_found_the_budget_used_up_goes_first_in_the_next_turn() {
    let mut rig = Rig::new();
    let ids = [1, 2].map(|port| {
        rig.input_from(port, &seg(SYN, 0, 0));
        assert_eq!(rig.turn().len(), 1);
        rig.input_from(port, &seg(ACK, 1, 1));
        let id = rig.tcp.accept(PORT).unwrap();
        rig.tcp.set_nagle(id, Nagle::Off).unwrap();
        rig.turn();
        id
    });
    rig.budget = 1;
    rig.tcp.send(ids[0], b"a").unwrap();
    rig.tcp.send(ids[1], b"b").unwrap();
    let first = rig.turn();
    rig.tcp.send(ids[0], b"a").unwrap();
    let second = rig.turn();
    assert_eq!((&first[0].data[..], &second[0].data[..]), (&b"a"[..], &b"b"[..]));
}

#[test]
fn no_two_connections_of_ours_have_one_port() {
    let mut rig = Rig::with::<600, 1>();
    for _ in 0..600 {
        rig.connect();
    }
    let mut ports: Vec<_> = rig.tcp.connections.iter().map(Connection::local_port).collect();
    ports.sort_unstable();
    ports.dedup();
    assert_eq!(ports.len(), 600);
}

#[test]
fn a_buffer_above_what_the_field_holds_has_a_shift() {
    for (shift, size) in [(0, Rig::with::<1, 65_535>()), (1, Rig::with::<1, 65_536>())] {
        let mut rig = size;
        rig.connect();
        assert_eq!(rig.turn()[0].options[4..8], [1, 3, 3, shift]);
    }
}

#[test]
fn where_the_clock_steps_back_challenges_are_answered_again() {
    let mut rig = Rig::new();
    rig.established();
    for (now, want) in [(60_000_000, 10), (2_000_000, 10)] {
        rig.now = now;
        let answers = (0..20).map(|_| rig.given(&seg(SYN, 9, 0)).len()).sum::<usize>();
        assert_eq!(answers, want, "at {now}");
    }
}

#[test]
fn what_goes_again_has_a_whole_timeout_and_tells_no_round_trip() {
    let mut rig = Rig::new();
    let id = rig.established();
    rig.tcp.send(id, &octets(1280)).unwrap();
    assert_eq!(rig.turn().len(), 5);
    rig.now += 990_000;
    for _ in 0..3 {
        rig.given(&seg(ACK, 1, 1));
    }
    assert_eq!((rig.tcp.statistics().fast_retransmits, rig.due()), (1, Some(1000)));
    rig.now += 990_000;
    rig.given(&seg(ACK, 1, 1281));
    rig.tcp.send(id, b"abc").unwrap();
    assert_eq!(rig.turn().len(), 1);
    assert_eq!(rig.due(), Some(1000), "not two round trips of its own");
}

// conf: TCP-CC-04
#[test]
fn above_ssthresh_the_window_grows_by_a_segment_in_each_round_trip() {
    let mut rig = in_recovery();
    // The end of recovery: ssthresh is five segments.
    assert_eq!(lengths(&rig.given(&seg(ACK, 1, 2561))), [256; 5]);
    let new: Vec<_> = (11..=21).map(|n| rig.given(&seg(ACK, 1, n * 256 + 1)).len()).collect();
    // With all of five ACKs it is less than a sixth; then one has two leave.
    assert_eq!(new, [1, 1, 1, 1, 1, 2, 1, 1, 1, 1, 1]);
}

#[test]
fn after_two_thousand_million_octets_without_loss_a_loss_is_seen() {
    let mut rig = Rig::new();
    let id = rig.established();
    // As if they had been sent since the last recovery; a little more, and numbers would tell the opposite.
    let una = rig.tcp.connections[0].snd_una;
    rig.tcp.connections[0].recover = una - 0x7fff_f900;
    for acked in [1281, 2561] {
        rig.tcp.send(id, &octets(1280)).unwrap();
        assert_eq!(rig.turn().len(), 5);
        rig.given(&seg(ACK, 1, acked));
    }
    rig.tcp.send(id, &octets(1280)).unwrap();
    assert_eq!(rig.turn().len(), 5);
    for _ in 0..3 {
        rig.given(&seg(ACK, 1, 2561));
    }
    assert_eq!(rig.tcp.statistics().fast_retransmits, 1);
}

#[test]
fn both_ways_of_closing_end_in_the_right_states() {
    // We close first.
    let mut rig = Rig::new();
    let id = rig.established();
    rig.tcp.send(id, b"bye").unwrap();
    rig.tcp.close(id).unwrap();
    assert_eq!(rig.tcp.send(id, b"x"), Err(SendError::Closing));
    assert_eq!(rig.turn(), [seg(FIN | PSH, 1, 1).data(b"bye").window(2000)]);
    assert_eq!(rig.state(id), State::FinWait1);
    rig.given(&seg(ACK, 1, 5));
    assert_eq!((rig.state(id), rig.due()), (State::FinWait2, None), "the peer may still send");
    rig.given(&seg(PSH, 1, 5).data(b"more"));
    assert_eq!(rig.given(&seg(FIN, 5, 5)), [seg(ACK, 5, 6).window(1995)]);
    let mut buffer = [0; 9];
    assert_eq!((rig.state(id), rig.tcp.recv(id, &mut buffer)), (State::TimeWait, Ok(4)));
    assert_eq!(rig.tcp.recv(id, &mut buffer), Err(RecvError::Finished));
    assert_eq!(rig.given(&seg(FIN, 5, 5)).len(), 1, "a FIN again is acknowledged again");
    rig.given(&seg(RST, 6, 5));
    assert_eq!(rig.state(id), State::TimeWait, "an RST shortens nothing");
    rig.after(10_000);
    assert_eq!(rig.tcp.outcome(id), Ok(Some(Outcome::Finished)));

    // The peer closes first.
    let mut rig = Rig::new();
    let id = rig.established();
    assert_eq!(rig.given(&seg(FIN, 1, 1)), [seg(ACK, 1, 2).window(1999)]);
    assert_eq!((rig.state(id), rig.tcp.recv(id, &mut buffer)), (State::CloseWait, Err(RecvError::Finished)));
    rig.tcp.send(id, b"bye").unwrap();
    rig.turn();
    rig.tcp.close(id).unwrap();
    assert_eq!(rig.turn(), [seg(FIN, 4, 2).window(1999)]);
    assert_eq!(rig.state(id), State::LastAck);
    rig.given(&seg(ACK, 2, 5));
    assert_eq!(rig.tcp.outcome(id), Ok(Some(Outcome::Finished)));

    // Both at once.
    let mut rig = Rig::new();
    let id = rig.established();
    rig.tcp.close(id).unwrap();
    rig.turn();
    rig.given(&seg(FIN, 1, 1));
    assert_eq!(rig.state(id), State::Closing);
    rig.given(&seg(ACK, 2, 2));
    assert_eq!(rig.state(id), State::TimeWait);

    // Before it is established.
    let mut rig = Rig::new();
    let id = rig.connect();
    rig.tcp.close(id).unwrap();
    assert_eq!(rig.tcp.outcome(id), Ok(Some(Outcome::Aborted)));
    assert!(rig.turn().is_empty());
}

#[test]
fn a_stream_does_not_end_before_all_of_it_is_read() {
    let mut rig = Rig::new();
    let id = rig.established();
    rig.input(&seg(FIN, 1, 1).data(b"ab"));
    assert_eq!(rig.state(id), State::CloseWait);
    assert_eq!(rig.tcp.recv(id, &mut []), Ok(0));
    assert_eq!(rig.tcp.recv(id, &mut [0; 2]), Ok(2));
    assert_eq!(rig.tcp.recv(id, &mut []), Err(RecvError::Finished));
}

#[test]
fn rsts_and_syns_that_only_guess_are_challenged_within_a_rate() {
    // segment, state after it, whether an ACK answers
    for (segment, state, answered) in [
        (seg(RST, 1, 0), State::Closed, false),
        (seg(RST, 2, 0), State::Established, true),
        (seg(RST, 5000, 0), State::Established, false),
        (seg(SYN, 1, 0), State::Established, true),
        (seg(SYN, 0, 0), State::Established, true),
        (seg(SYN, 9000, 0), State::Established, true),
        (seg(ACK, 1, 2), State::Established, true),
        (seg(ACK, 1, u32::MAX - 5000), State::Established, true),
        (seg(ACK, 1, 0), State::Established, false),
        (seg(Flags::PSH, 1, 0).data(b"x"), State::Established, false),
    ] {
        let mut rig = Rig::new();
        let id = rig.established();
        let sent = rig.given(&segment);
        assert_eq!((rig.state(id), !sent.is_empty()), (state, answered), "{segment:?}");
        assert!(sent.iter().all(|sent| (sent.flags, sent.seq, sent.ack) == (ACK, 1, 1)));
    }
    let mut rig = Rig::new();
    rig.established();
    let answers: usize = (0..100).map(|_| rig.given(&seg(RST, 2, 0)).len()).sum();
    assert_eq!((answers, rig.tcp.statistics().challenge_limited), (10, 90));
}

#[test]
fn a_user_that_leaves_resets_only_what_it_has_not_read() {
    let mut buffer = [0; 9];
    let mut rig = Rig::new();
    let id = rig.established();
    rig.given(&seg(PSH, 1, 1).data(b"abc"));
    rig.tcp.release(id).unwrap();
    assert_eq!(rig.turn(), [seg(RST | ACK, 1, 4).window(1997)]);
    assert_eq!(rig.tcp.recv(id, &mut buffer), Err(RecvError::Stale));

    // Data for nobody.
    let mut rig = Rig::new();
    let id = rig.established();
    rig.tcp.release(id).unwrap();
    assert_eq!(rig.turn()[0].flags, FIN);
    assert_eq!(rig.given(&seg(PSH, 1, 2).data(b"abc"))[0].flags, RST | ACK);

    // A peer that never closes.
    let mut rig = Rig::new();
    let id = rig.established();
    rig.tcp.release(id).unwrap();
    rig.turn();
    rig.given(&seg(ACK, 1, 2));
    assert_eq!(rig.due(), Some(60_000));
    rig.after(60_000);
    assert!(rig.tcp.connections.iter().all(Connection::is_free));

    let mut rig = Rig::new();
    let id = rig.established();
    rig.tcp.abort(id).unwrap();
    assert_eq!(rig.turn()[0].flags, RST | ACK);
    assert_eq!(rig.tcp.outcome(id), Ok(Some(Outcome::Aborted)));
    assert!(rig.turn().is_empty());
}

#[test]
fn a_silent_peer_is_asked_if_the_user_wants_that() {
    let mut rig = Rig::new();
    let id = rig.established();
    assert_eq!(rig.due(), None);
    rig.tcp.set_keep_alive(id, KeepAlive::On).unwrap();
    assert_eq!(rig.due(), Some(7_200_000));
    assert_eq!(rig.after(7_200_000), [seg(ACK, 0, 1).window(2000)]);
    assert!(rig.given(&seg(ACK, 1, 1)).is_empty());
    assert_eq!(rig.due(), Some(7_200_000));
    assert_eq!(rig.after(7_200_000).len(), 1);
    for _ in 0..7 {
        assert_eq!(rig.after(75_000).len(), 1);
    }
    rig.after(75_000);
    assert_eq!(rig.tcp.outcome(id), Ok(Some(Outcome::TimedOut)));
    let mut rig = Rig::new();
    let id = rig.established();
    rig.tcp.set_keep_alive(id, KeepAlive::On).unwrap();
    rig.tcp.set_keep_alive(id, KeepAlive::Off).unwrap();
    assert_eq!(rig.due(), None);
}

#[test]
fn a_closed_window_of_ours_takes_no_text_but_what_is_said_with_it() {
    let mut rig = Rig::new();
    let id = rig.established();
    rig.tcp.send(id, b"abc").unwrap();
    assert_eq!(rig.turn().len(), 1);
    assert_eq!(rig.given(&seg(PSH, 1, 1).data(&octets(1000))).len(), 0);
    assert_eq!(rig.given(&seg(PSH, 1001, 1).data(&octets(1000))), [seg(ACK, 4, 2001).window(0)]);
    assert_eq!(rig.given(&seg(PSH, 2001, 4).data(b"x")), [seg(ACK, 4, 2001).window(0)]);
    assert_eq!(rig.due(), None, "ours is acknowledged");
}

#[test]
fn what_lies_beyond_the_window_takes_the_fin_with_it_and_what_fills_it_does_not() {
    for (len, state, acked) in [(2000, State::CloseWait, 2002), (2001, State::Established, 2001)] {
        let mut rig = Rig::new();
        let id = rig.established();
        rig.given(&seg(FIN, 1, 1).data(&octets(len)));
        assert_eq!(rig.state(id), state);
        // What the next ACK says.
        let sent = rig.given(&seg(ACK, 1, 1).data(b"x"));
        assert_eq!(sent, [seg(ACK, 1, acked).window(0)]);
    }
}

#[test]
fn of_two_gaps_the_nearer_is_not_filled_by_what_lies_behind_the_other() {
    let mut rig = Rig::new();
    let id = rig.established();
    rig.given(&seg(PSH, 1001, 1).data(&octets(200)));
    rig.given(&seg(PSH, 501, 1).data(&octets(100)));
    assert_eq!(rig.tcp.statistics().ranges_full, 1);
    assert_eq!(rig.given(&seg(PSH, 1, 1).data(&octets(500)))[0].ack, 501);
    assert_eq!(rig.tcp.recv(id, &mut [0; 2000]), Ok(500));
    assert_eq!(rig.given(&seg(PSH, 501, 1).data(&octets(500)))[0].ack, 1201);
}

// conf: TCP-ACK-04
#[test]
fn an_old_ack_is_one_of_the_largest_window_there_was() {
    let mut rig = Rig::with::<1, 4000>();
    let id = rig.established();
    rig.tcp.send(id, &octets(1792)).unwrap();
    assert_eq!(rig.turn().len(), 7);
    // The text came late: behind it the peer had taken all of it, and its window was small.
    assert!(rig.given(&seg(ACK, 4, 1793).window(100)).is_empty());
    assert!(rig.given(&seg(PSH, 1, 1).data(b"abc")).is_empty());
    assert_eq!(rig.tcp.recv(id, &mut [0; 9]), Ok(3));
    assert_eq!(rig.tcp.statistics().bad_ack, 0);
}

#[test]
fn probes_of_a_closed_window_lose_nothing_of_ours_and_are_no_back_off() {
    let mut rig = Rig::with::<1, 4000>();
    let id = rig.established();
    assert!(rig.given(&seg(ACK, 1, 1).window(0)).is_empty());
    rig.tcp.send(id, &octets(2560)).unwrap();
    assert!(rig.turn().is_empty());
    for ms in [1000, 2000, 4000] {
        assert_eq!(lengths(&rig.after(ms)), [1]);
    }
    assert_eq!(lengths(&rig.given(&seg(ACK, 1, 1))), [256; 10]);
    assert_eq!(rig.due(), Some(1000));
}

#[test]
fn what_a_silent_peer_was_asked_before_shortens_no_r2() {
    let mut rig = Rig::new();
    let id = rig.established();
    rig.tcp.set_keep_alive(id, KeepAlive::On).unwrap();
    assert_eq!(rig.after(7_200_000).len(), 1);
    for _ in 0..6 {
        assert_eq!(rig.after(75_000).len(), 1);
    }
    rig.tcp.send(id, b"abc").unwrap();
    assert_eq!(rig.turn().len(), 1);
    for ms in [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000] {
        assert!(rig.after(ms - 1).is_empty());
        assert_eq!(rig.after(1)[0].data, b"abc", "{ms}");
    }
    rig.after(60_000);
    assert_eq!(rig.tcp.outcome(id), Ok(Some(Outcome::TimedOut)));
}

// conf: TCP-SWS-05
#[test]
fn a_closed_window_is_probed_in_time_though_a_keep_alive_waits() {
    // What waits for the window: data, or a FIN.
    for is_closed in [false, true] {
        let mut rig = Rig::new();
        let id = rig.established();
        rig.tcp.set_keep_alive(id, KeepAlive::On).unwrap();
        rig.given(&seg(ACK, 1, 1).window(0));
        assert_eq!(rig.due(), Some(7_200_000));
        let want = if is_closed {
            rig.tcp.close(id).unwrap();
            seg(FIN, 1, 1)
        } else {
            rig.tcp.send(id, b"abc").unwrap();
            seg(ACK, 1, 1).data(b"a")
        };
        assert!(rig.turn().is_empty());
        assert_eq!(rig.due(), Some(1000));
        assert_eq!(rig.after(1000), [want.window(2000)]);
    }
}

#[test]
fn a_keep_alive_that_is_switched_off_is_off_in_close_wait_too() {
    let mut rig = Rig::new();
    let id = rig.established();
    rig.tcp.set_keep_alive(id, KeepAlive::On).unwrap();
    rig.given(&seg(FIN, 1, 1));
    assert_eq!((rig.state(id), rig.due()), (State::CloseWait, Some(7_200_000)));
    rig.tcp.set_keep_alive(id, KeepAlive::Off).unwrap();
    assert_eq!(rig.due(), None);
    rig.tcp.set_keep_alive(id, KeepAlive::On).unwrap();
    assert_eq!(rig.due(), Some(7_200_000));
}

#[test]
fn whoever_repeats_a_syn_holds_no_entry_by_it() {
    let mut rig = Rig::with::<1, 100>();
    rig.input_from(1, &seg(SYN, 0, 0));
    assert_eq!(rig.turn().len(), 1);
    rig.now += 900_000;
    rig.input_from(1, &seg(SYN, 0, 0));
    assert_eq!(rig.turn()[0].flags, SYN | ACK, "it is answered");
    assert_eq!(rig.due(), Some(100), "and nothing put off");
    assert_eq!(rig.after(100).len(), 1);
    rig.input_from(2, &seg(SYN, 0, 0));
    assert_eq!((rig.turn().len(), rig.tcp.statistics().syn_no_room), (1, 0));
}

#[test]
fn a_connection_of_ours_takes_the_place_of_one_in_time_wait() {
    let mut rig = Rig::with::<1, 100>();
    let id = rig.established();
    rig.tcp.close(id).unwrap();
    rig.turn();
    rig.given(&seg(FIN, 1, 2));
    assert_eq!(rig.state(id), State::TimeWait);
    rig.tcp.release(id).unwrap();
    rig.connect();
    assert_eq!(rig.turn()[0].flags, SYN);
}

#[test]
fn a_flood_of_syns_displaces_itself_and_time_wait_gives_way() {
    let mut rig = Rig::with::<2, 100>();
    for port in 1..=2 {
        rig.input_from(port, &seg(SYN, 0, 0));
    }
    rig.turn();
    rig.input_from(3, &seg(SYN, 0, 0));
    assert!(rig.turn().is_empty() && rig.tcp.statistics().syn_no_room == 1, "they may still answer");
    assert_eq!(rig.after(1000).len(), 2);
    rig.input_from(4, &seg(SYN, 0, 0));
    assert_eq!(rig.turn().len(), 1, "one that did not answer has gone");
    // The SYN again, before its ACK.
    rig.input_from(4, &seg(SYN, 0, 0));
    assert_eq!(rig.turn()[0].flags, SYN | ACK);

    let mut rig = Rig::with::<1, 100>();
    let id = rig.established();
    rig.tcp.close(id).unwrap();
    rig.turn();
    rig.given(&seg(FIN, 1, 2));
    assert_eq!(rig.state(id), State::TimeWait);
    rig.input_from(9, &seg(SYN, 0, 0));
    assert!(rig.turn().is_empty(), "its user may still read");
    rig.tcp.release(id).unwrap();
    // The same peer, with numbers above the old ones.
    rig.given(&seg(SYN, 100, 0));
    assert_eq!(rig.tcp.statistics().time_wait_reused, 1);
    assert_eq!(rig.tcp.statistics().syns_received, 3);
}

// conf: TCP-FIN-15
#[test]
fn a_newer_syn_ends_time_wait_where_somebody_listens_and_our_numbers_lie_above_the_old_ones() {
    // The SYN's number, whether somebody listens, whether it is taken. The FIN had number 1.
    for (seq, listens, taken) in [(1, true, false), (2, true, true), (2, false, false)] {
        let mut rig = Rig::with::<1, 65_000>();
        let id = rig.established();
        // In no time, so that the clock of initial numbers stands.
        rig.tcp.send(id, &octets(65_000)).unwrap();
        let mut sent = rig.turn();
        while let Some(last) = sent.last() {
            let acked = last.seq + u32::try_from(last.data.len()).unwrap();
            sent = rig.given(&seg(ACK, 1, acked).window(65_000));
        }
        let acked = 65_001;
        rig.tcp.close(id).unwrap();
        rig.turn();
        rig.given(&seg(FIN, 1, acked + 1));
        rig.tcp.release(id).unwrap();
        if !listens {
            rig.tcp.unlisten(PORT);
        }
        let old = rig.iss;
        let answer = rig.input(&seg(SYN, seq, 0));
        assert_eq!(answer, None, "no reset in either case");
        let sent = rig.turn();
        assert_eq!(sent.first().map(|sent| sent.flags), Some(if taken { SYN | ACK } else { ACK }));
        assert_eq!(rig.tcp.statistics().time_wait_reused, u32::from(taken));
        if taken {
            // The clock of initial numbers being slower, by the least step above what was sent.
            assert_eq!(rig.iss.wrapping_sub(old), acked + 1 + (1 << 16));
        }
    }
}

#[test]
fn what_cannot_leave_waits_for_what_it_needs() {
    let mut rig = Rig::new();
    let id = rig.connect();
    rig.refusal = Some(IpError::Resolving);
    assert!(rig.turn().is_empty());
    assert_eq!(rig.due(), None, "the end of the resolution causes the turn");
    rig.refusal = None;
    assert!(rig.turn().is_empty());
    rig.generation += 1;
    assert_eq!(rig.turn().len(), 1);

    rig.tcp.abort(id).unwrap();
    rig.tcp.release(id).unwrap();
    rig.turn();
    rig.established();
    rig.refusal = Some(IpError::Full);
    assert!(rig.given(&seg(FIN, 1, 1)).is_empty());
    assert!(matches!(rig.progress, Progress::Blocked(_)) && rig.due().is_none());
    rig.refusal = None;
    rig.room = InterfaceSet::NONE;
    assert!(rig.turn().is_empty() && matches!(rig.progress, Progress::Blocked(_)));
    rig.room = InterfaceSet::ALL;
    assert_eq!(rig.turn().len(), 1);

    rig.budget = 0;
    let id = rig.connect();
    assert!(rig.turn().is_empty() && rig.progress == Progress::More);
    rig.budget = 1;
    assert_eq!(rig.turn().len(), 1);
    // No way is as good as lost.
    rig.refusal = Some(IpError::Unreachable(Unreachable::Neighbour));
    for _ in 0..9 {
        rig.after(60_000);
    }
    assert_eq!(rig.tcp.outcome(id), Ok(Some(Outcome::TimedOut)));
    rig.tcp.release(id).unwrap();
    rig.budget = 100;
    rig.turn();
    rig.unroutable = Some(Unreachable::NoRoute);
    rig.input_from(1, &seg(SYN, 0, 0));
    assert!(rig.turn().is_empty() && rig.due().is_none());
    assert_eq!((rig.tcp.statistics().syn_no_room, rig.tcp.statistics().syns_received), (0, 2));
}

#[test]
fn behind_a_probe_an_ack_has_snd_nxt_and_a_reset_stays_within_the_closed_window() {
    let mut rig = Rig::new();
    let id = rig.established();
    rig.given(&seg(ACK, 1, 1).window(0));
    rig.tcp.send(id, b"abc").unwrap();
    rig.turn();
    assert_eq!(rig.after(1000), [seg(ACK, 1, 1).data(b"a").window(2000)]);
    rig.given(&seg(ACK, 1, 1).data(b"x").window(0));
    assert_eq!(rig.after(40), [seg(ACK, 2, 2).window(1999)]);
    rig.tcp.abort(id).unwrap();
    assert_eq!(rig.turn()[0].seq, 1);
}

#[test]
fn a_syn_that_came_twice_is_not_answered_again_once_its_answer_is_acknowledged() {
    let mut rig = Rig::new();
    assert_eq!(rig.given(&seg(SYN, 0, 0)).len(), 1);
    rig.input(&seg(SYN, 0, 0));
    assert!(rig.given(&seg(ACK, 1, 1)).is_empty());
    let id = rig.tcp.accept(PORT).unwrap();
    assert_eq!(rig.tcp.send(id, b"abc"), Ok(3));
    let [sent] = &rig.turn()[..] else { panic!("one segment") };
    assert_eq!((sent.seq, sent.ack, &sent.data[..]), (1, 1, &b"abc"[..]));
}

#[test]
fn calls_are_refused_with_a_reason() {
    let mut rig = Rig::with::<1, 10>();
    assert_eq!(rig.tcp.listen(0), Err(ListenError::NoPort));
    assert_eq!(rig.tcp.listen(PORT), Err(ListenError::InUse));
    assert_eq!(rig.tcp.listen(8), Err(ListenError::NoRoom));
    let mut keep = |_: &Path, _: Outgoing, _: &[u8]| {};
    let mut buffer = [0; 0];
    let mut ip = FakeIp::new(&mut buffer, &mut keep);
    for (to, want) in [
        ("0.0.0.0:7", ConnectError::Remote),
        ("224.0.0.1:7", ConnectError::Remote),
        ("255.255.255.255:7", ConnectError::Remote),
        ("192.0.2.9:0", ConnectError::Remote),
    ] {
        assert_eq!(rig.tcp.connect(&ip, Instant::ZERO, to.parse().unwrap()), Err(want), "{to}");
    }
    let to = SocketAddr::new(PEER, 9);
    let id = rig.tcp.connect(&ip, Instant::ZERO, to).unwrap();
    assert_eq!(rig.tcp.connect(&ip, Instant::ZERO, to), Err(ConnectError::NoRoom));
    ip.unroutable = Some(Unreachable::NoRoute);
    let unreachable = Err(ConnectError::Unreachable(Unreachable::NoRoute));
    assert_eq!(rig.tcp.connect(&ip, Instant::ZERO, to), unreachable);
    rig.tcp.release(id).unwrap();
    assert_eq!(rig.tcp.close(id), Err(Stale));
    let mut none = SmallTcp::from_slices(&mut [], &mut [], &mut [], &mut [], [1; 32]);
    assert_eq!(none.listen(7), Err(ListenError::NoRoom));
    assert_eq!(none.poll_at(), None);
    let _ = US;
}

/// Segments of any kind, number and order, at any time, and calls between them: no panic, and it still works.
#[test]
fn nothing_that_arrives_does_harm() {
    for seed in 0..8 {
        let mut random = tersus_ip::Random::new([seed; 32]);
        let mut rig = Rig::with::<3, 64>();
        let mut ids: Vec<ConnectionId> = vec![];
        for _ in 0..20_000 {
            let near = |random: &mut tersus_ip::Random| match random.below(4) {
                0 => random.next_u32(),
                1 => random.below(80).wrapping_sub(8),
                _ => random.below(4),
            };
            let flags = Flags::from_bits_retain(random.next_u32().to_be_bytes()[0]);
            let flags = [flags, SYN, ACK, FIN, PSH, ACK][usize::try_from(random.below(6)).unwrap()];
            let mut segment = seg(flags, near(&mut random), near(&mut random));
            segment.window = random.next_u16() >> random.below(16);
            segment.data = octets(usize::try_from(random.below(90)).unwrap());
            let options = random.next_u64().to_be_bytes();
            segment.options = options[..usize::try_from(random.below(3) * 4).unwrap()].to_vec();
            rig.input_from(u16::try_from(1 + random.below(4)).unwrap(), &segment);
            match random.below(9) {
                0 => ids.extend(rig.tcp.accept(PORT)),
                1 if ids.len() < 3 => {
                    let mut keep = |_: &Path, _: Outgoing, _: &[u8]| {};
                    let ip = FakeIp::new(&mut [], &mut keep);
                    let to = SocketAddr::new(PEER, PORT);
                    ids.extend(rig.tcp.connect(&ip, Instant::from_micros(rig.now), to));
                }
                2 if !ids.is_empty() => _ = rig.tcp.release(ids.remove(0)),
                3 => ids.iter().for_each(|id| _ = rig.tcp.send(*id, &octets(50))),
                4 => ids.iter().for_each(|id| _ = rig.tcp.recv(*id, &mut [0; 30])),
                5 => ids.iter().for_each(|id| _ = rig.tcp.close(*id)),
                6 => ids.iter().for_each(|id| _ = rig.tcp.set_keep_alive(*id, KeepAlive::On)),
                _ => {}
            }
            let sent = rig.after(u64::from(random.below(200)));
            assert!(sent.len() < 90, "a turn ends");
            if random.below(500) == 0 {
                rig.now = if random.below(2) == 0 { 0 } else { rig.now + 86_400_000_000 };
            }
        }
        for id in ids {
            let _ = rig.tcp.abort(id);
            let _ = rig.tcp.release(id);
        }
        for _ in 0..30 {
            while let Some(id) = rig.tcp.accept(PORT) {
                rig.tcp.abort(id).unwrap();
                rig.tcp.release(id).unwrap();
            }
            rig.after(70_000);
        }
        rig.established();
    }
}
