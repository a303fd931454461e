//! Every state against every kind of segment: RFC 9293 §3.10.7 as amended by RFC 5961, written down a second time, as
//! a table of what each step demands, and compared with the engine at several sequence numbers and in both families.
//!
//! ```text
//!   SEG.SEQ     left of    at    inside   right of the window
//!   SEG.ACK     too old   old    of all that was sent   of more than was sent     (or the bit is not set)
//!   bits        none   text   FIN   SYN   RST
//! ```

use crate::runner::*;
use tersus_wire::tcp::Flags;
use State::*;

/// The states of RFC 9293 §3.3.2; to the engine LISTEN is no state of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Closed,
    Listen,
    SynSent,
    SynReceived,
    Established,
    FinWait1,
    FinWait2,
    CloseWait,
    Closing,
    LastAck,
    TimeWait,
}

impl From<tersus_tcp::State> for State {
    fn from(state: tersus_tcp::State) -> Self {
        match state {
            tersus_tcp::State::Closed => Closed,
            tersus_tcp::State::SynSent => SynSent,
            tersus_tcp::State::SynReceived => SynReceived,
            tersus_tcp::State::Established => Established,
            tersus_tcp::State::FinWait1 => FinWait1,
            tersus_tcp::State::FinWait2 => FinWait2,
            tersus_tcp::State::CloseWait => CloseWait,
            tersus_tcp::State::Closing => Closing,
            tersus_tcp::State::LastAck => LastAck,
            tersus_tcp::State::TimeWait => TimeWait,
        }
    }
}

/// Octets of our window, and of the peer's.
const WND: u32 = 4096;

/// Where a segment lies. Text is ten octets long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Wholly before RCV.NXT.
    Left,
    /// At RCV.NXT.
    At,
    /// Fifty octets on.
    Inside,
    /// Wholly beyond the window.
    Right,
}

/// What it acknowledges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ack {
    /// The bit is not set.
    Unset,
    /// More than the peer's largest window before SND.UNA.
    TooOld,
    /// SND.UNA.
    Old,
    /// SND.NXT: all that was sent.
    All,
    /// More than was sent.
    Unsent,
}

/// What it carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Plain,
    Text,
    Fin,
    Syn,
    Rst,
}

#[derive(Clone, Copy, Debug)]
struct Event {
    place: Place,
    ack: Ack,
    kind: Kind,
}

/// What leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Nothing,
    /// <SEQ=SND.NXT><ACK=RCV.NXT><CTL=ACK>
    Ack,
    /// <SEQ=SEG.ACK><CTL=RST>
    Rst,
    /// <SEQ=0><ACK=SEG.SEQ+SEG.LEN><CTL=RST,ACK>
    RstAck,
    /// <SEQ=ISS><ACK=SEG.SEQ+1><CTL=SYN,ACK>
    SynAck,
}

/// A situation: the variables that the table reckons with, in the numbers of scripts.
#[derive(Clone, Copy)]
struct Situation {
    /// As RFC 9293 counts; LISTEN has no connection, nor has CLOSED here.
    state: State,
    /// SYN-RECEIVED came from LISTEN.
    passive: bool,
    snd_una: u32,
    snd_nxt: u32,
    rcv_nxt: u32,
    begin: fn(&mut Host),
}

const SITUATIONS: [Situation; 12] = [
    Situation { state: Closed, passive: false, snd_una: 100, snd_nxt: 100, rcv_nxt: 301, begin: nothing },
    Situation { state: Listen, passive: true, snd_una: 100, snd_nxt: 100, rcv_nxt: 301, begin: listening },
    Situation { state: SynSent, passive: false, snd_una: 100, snd_nxt: 101, rcv_nxt: 301, begin: syn_sent },
    Situation {
        state: SynReceived,
        passive: false,
        snd_una: 100,
        snd_nxt: 101,
        rcv_nxt: 301,
        begin: crossed,
    },
    Situation {
        state: SynReceived,
        passive: true,
        snd_una: 100,
        snd_nxt: 101,
        rcv_nxt: 301,
        begin: half_open,
    },
    Situation {
        state: Established,
        passive: false,
        snd_una: 101,
        snd_nxt: 111,
        rcv_nxt: 301,
        begin: established,
    },
    Situation {
        state: FinWait1,
        passive: false,
        snd_una: 101,
        snd_nxt: 102,
        rcv_nxt: 301,
        begin: fin_wait_1,
    },
    Situation {
        state: FinWait2,
        passive: false,
        snd_una: 102,
        snd_nxt: 102,
        rcv_nxt: 301,
        begin: fin_wait_2,
    },
    Situation {
        state: CloseWait,
        passive: false,
        snd_una: 101,
        snd_nxt: 111,
        rcv_nxt: 302,
        begin: close_wait,
    },
    Situation { state: Closing, passive: false, snd_una: 101, snd_nxt: 102, rcv_nxt: 302, begin: closing },
    Situation { state: LastAck, passive: false, snd_una: 101, snd_nxt: 102, rcv_nxt: 302, begin: last_ack },
    Situation { state: TimeWait, passive: false, snd_una: 102, snd_nxt: 102, rcv_nxt: 302, begin: time_wait },
];

fn syn_sent(h: &mut Host) {
    h.connect();
    play(h, vec![(0, Out(syn(100)))]);
}
fn crossed(h: &mut Host) {
    syn_sent(h);
    play(h, vec![(0, In(syn(300).mss(1460))), (0, Out(syn(100).ack(301)))]);
}
fn half_open(h: &mut Host) {
    h.listen();
    play(h, vec![(0, In(syn(300).mss(1460))), (0, Out(syn(100).ack(301)))]);
}
fn established(h: &mut Host) {
    connected(h);
    let send = |h: &mut Host| assert_eq!(h.send(10, 101), 10);
    play(h, vec![(0, Call(send)), (0, Out(seg(101).ack(301).len(10)))]);
}
fn close(h: &mut Host) {
    h.tcp.close(h.id()).unwrap();
}
fn fin_wait_1(h: &mut Host) {
    connected(h);
    play(h, vec![(0, Call(close)), (0, Out(fin(101).ack(301)))]);
}
fn fin_wait_2(h: &mut Host) {
    fin_wait_1(h);
    play(h, vec![(0, In(seg(301).ack(102)))]);
}
fn close_wait(h: &mut Host) {
    established(h);
    play(h, vec![(0, In(fin(301).ack(101))), (0, Out(seg(111).ack(302)))]);
}
fn closing(h: &mut Host) {
    fin_wait_1(h);
    play(h, vec![(0, In(fin(301).ack(101))), (0, Out(seg(102).ack(302)))]);
}
fn last_ack(h: &mut Host) {
    connected(h);
    play(h, vec![(0, In(fin(301).ack(101))), (0, Out(seg(101).ack(302)))]);
    play(h, vec![(0, Call(close)), (0, Out(fin(101).ack(302)))]);
}
fn time_wait(h: &mut Host) {
    fin_wait_2(h);
    play(h, vec![(0, In(fin(301).ack(102))), (0, Out(seg(102).ack(302)))]);
}

impl Situation {
    fn seq(&self, event: Event) -> u32 {
        match event.place {
            Place::Left => self.rcv_nxt - 20,
            Place::At => self.rcv_nxt,
            Place::Inside => self.rcv_nxt + 50,
            Place::Right => self.rcv_nxt + WND + 10,
        }
    }

    fn ack(&self, event: Event) -> Option<u32> {
        match event.ack {
            Ack::Unset => None,
            Ack::TooOld => Some(self.snd_una.wrapping_sub(WND + 1)),
            Ack::Old => Some(self.snd_una),
            Ack::All => Some(self.snd_nxt),
            Ack::Unsent => Some(self.snd_nxt + 1000),
        }
    }

    fn segment(&self, event: Event) -> Seg {
        let seq = self.seq(event);
        let segment = match event.kind {
            Kind::Plain => seg(seq),
            Kind::Text => seg(seq).len(10),
            Kind::Fin => fin(seq),
            Kind::Syn => syn(seq),
            Kind::Rst => rst(seq),
        };
        match self.ack(event) {
            Some(ack) => segment.ack(ack),
            None => segment,
        }
    }

    /// What RFC 9293 demands: the answer, and the state after it.
    fn demanded(&self, event: Event) -> (Answer, State) {
        match self.state {
            Closed => (closed(event), Closed),
            Listen => self.in_listen(event),
            SynSent => self.in_syn_sent(event),
            TimeWait => (self.in_time_wait(event), TimeWait),
            _ => self.in_other_states(event),
        }
    }

    /// §3.10.7.2.
    fn in_listen(&self, event: Event) -> (Answer, State) {
        match (event.kind, event.ack) {
            (Kind::Rst, _) => (Answer::Nothing, Listen),
            (_, Ack::Unset) if event.kind == Kind::Syn => (Answer::SynAck, SynReceived),
            (_, Ack::Unset) => (Answer::Nothing, Listen),
            _ => (Answer::Rst, Listen),
        }
    }

    /// §3.10.7.3.
    fn in_syn_sent(&self, event: Event) -> (Answer, State) {
        let acceptable = event.ack == Ack::All;
        match (event.kind, event.ack) {
            (Kind::Rst, _) if acceptable => (Answer::Nothing, Closed),
            (Kind::Rst, _) => (Answer::Nothing, SynSent),
            (Kind::Syn, Ack::Unset) => (Answer::SynAck, SynReceived),
            (Kind::Syn, _) if acceptable => (Answer::Ack, Established),
            (_, Ack::Unset) => (Answer::Nothing, SynSent),
            _ if acceptable => (Answer::Nothing, SynSent),
            _ => (Answer::Rst, SynSent),
        }
    }

    /// §3.10.7.4.
    fn in_other_states(&self, event: Event) -> (Answer, State) {
        let state = self.state;
        let in_window = matches!(event.place, Place::At | Place::Inside);
        // First, the sequence number; second, RST, RFC 5961 §3.
        if event.kind == Kind::Rst {
            return match event.place {
                Place::Left | Place::Right => (Answer::Nothing, state),
                Place::At if self.passive && state == SynReceived => (Answer::Nothing, Listen),
                Place::At => (Answer::Nothing, Closed),
                Place::Inside => (Answer::Ack, state),
            };
        }
        // Fourth, SYN, RFC 5961 §4. Differs: a half-open entry does not return to LISTEN for a SYN in its window, which
        // a stranger could send.
        if !in_window || event.kind == Kind::Syn {
            return (Answer::Ack, state);
        }
        // Fifth, ACK, RFC 5961 §5.
        if event.ack == Ack::Unset {
            return (Answer::Nothing, state);
        }
        let all_is_acked = event.ack == Ack::All || (event.ack == Ack::Old && self.snd_una == self.snd_nxt);
        let state = match (state, event.ack) {
            (SynReceived, Ack::All) => Established,
            (SynReceived, _) => return (Answer::Rst, state),
            (_, Ack::TooOld | Ack::Unsent) => return (Answer::Ack, state),
            (FinWait1, _) if all_is_acked => FinWait2,
            (Closing, _) if all_is_acked => return (Answer::Nothing, TimeWait),
            (LastAck, _) if all_is_acked => return (Answer::Nothing, Closed),
            _ => state,
        };
        // Seventh, the text; eighth, FIN. After the peer's FIN neither should occur, and both are ignored.
        if matches!(state, CloseWait | Closing | LastAck) {
            return (Answer::Nothing, state);
        }
        match (event.kind, event.place, state) {
            (Kind::Plain, ..) => (Answer::Nothing, state),
            (Kind::Fin, Place::At, Established) => (Answer::Ack, CloseWait),
            (Kind::Fin, Place::At, FinWait1) => (Answer::Ack, Closing),
            (Kind::Fin, Place::At, FinWait2) => (Answer::Ack, TimeWait),
            _ => (Answer::Ack, state),
        }
    }

    /// §3.10.7.4 for TIME-WAIT. Nobody listens, so no SYN is for a new connection; RST is ignored, RFC 1337.
    fn in_time_wait(&self, event: Event) -> Answer {
        match (event.kind, event.ack) {
            (Kind::Rst, _) => Answer::Nothing,
            (Kind::Syn, Ack::Unset) => Answer::Nothing,
            // An ACK of an ACK could go on for ever: what takes no sequence number is not answered.
            (Kind::Plain, _) => Answer::Nothing,
            _ => Answer::Ack,
        }
    }
}

/// §3.10.7.1.
fn closed(event: Event) -> Answer {
    match (event.kind, event.ack) {
        (Kind::Rst, _) => Answer::Nothing,
        (_, Ack::Unset) => Answer::RstAck,
        _ => Answer::Rst,
    }
}

fn events() -> impl Iterator<Item = Event> {
    let places = [Place::Left, Place::At, Place::Inside, Place::Right];
    let acks = [Ack::Unset, Ack::TooOld, Ack::Old, Ack::All, Ack::Unsent];
    let kinds = [Kind::Plain, Kind::Text, Kind::Fin, Kind::Syn, Kind::Rst];
    places.into_iter().flat_map(move |place| {
        acks.into_iter().flat_map(move |ack| kinds.into_iter().map(move |kind| Event { place, ack, kind }))
    })
}

/// The state that the engine is in, as far as it can be seen from outside.
fn state_of(h: &mut Host, situation: &Situation, irs: u32) -> State {
    if situation.state == Closed {
        return Closed;
    }
    if let Some(id) = h.id {
        return h.tcp.state(id).unwrap().into();
    }
    if let Some(id) = h.tcp.accept(h.listener.unwrap()) {
        return h.tcp.state(id).unwrap().into();
    }
    // A half-open connection shows itself by what the last ACK of the handshake leads to.
    h.give(&seg(irs + 1).ack(101));
    h.poll();
    let established = h.tcp.accept(h.listener.unwrap()).is_some();
    while h.take().is_some() {}
    if established {
        SynReceived
    } else {
        Listen
    }
}

fn check(h: &mut Host, situation: &Situation, event: Event) {
    let what = format!("{:?} (passive: {}): {event:?}", situation.state, situation.passive);
    let segment = situation.segment(event);
    let (answer, state) = situation.demanded(event);
    h.give(&segment);
    h.poll();
    // A delayed ACK, but no retransmission.
    h.advance(h.now + core::time::Duration::from_millis(500));
    let mut left = Vec::new();
    while let Some((_, seg)) = h.take() {
        left.push(seg);
    }
    let seq = situation.seq(event);
    let len = u32::from(matches!(event.kind, Kind::Syn | Kind::Fin))
        + if event.kind == Kind::Text { 10 } else { 0 };
    let taken = matches!(answer, Answer::Ack) && situation.accepts(event);
    let wanted = match answer {
        Answer::Nothing => None,
        Answer::Ack if situation.state == SynSent => Some(seg(101).ack(seq + 1)),
        Answer::Ack => {
            let rcv_nxt = situation.rcv_nxt + if taken { len } else { 0 };
            Some(seg(situation.snd_nxt).ack(rcv_nxt))
        }
        Answer::Rst => Some(rst(situation.ack(event).unwrap())),
        Answer::RstAck => Some(rst(Host::NO_ISS).ack(seq + len)),
        Answer::SynAck => Some(syn(100).ack(seq + 1)),
    };
    match (&wanted, left.as_slice()) {
        (None, []) => {}
        (Some(wanted), [seg]) => {
            let flags = seg.flags.difference(Flags::PSH);
            assert_eq!((seg.seq, flags, seg.ack), (wanted.seq, wanted.flags, wanted.ack), "{what}");
        }
        _ => panic!("{what}: wanted {wanted:?}, left {left:?}"),
    }
    // To LISTEN any SYN is the peer's first.
    let irs = if situation.state == Listen { seq } else { situation.rcv_nxt - 1 };
    assert_eq!(state_of(h, situation, irs), state, "{what}");
}

impl Situation {
    /// Whether the octets of the segment are taken in order.
    fn accepts(&self, event: Event) -> bool {
        let open = matches!(self.state, SynReceived | Established | FinWait1 | FinWait2);
        let acked = match (self.state, event.ack) {
            (SynReceived, ack) => ack == Ack::All,
            (_, ack) => matches!(ack, Ack::Old | Ack::All),
        };
        open && acked && event.place == Place::At && matches!(event.kind, Kind::Text | Kind::Fin)
    }
}

fn run_table(situations: &[Situation]) {
    for situation in situations {
        for event in events() {
            at_each_number(&Setup::default(), situation.begin, |h| check(h, situation, event));
        }
    }
}

// conf: TCP-RST-01, TCP-RST-02, TCP-RST-03, TCP-FIN-09
#[test]
fn closed_answers_as_the_table_says() {
    run_table(&SITUATIONS[..1]);
}

// conf: TCP-OPEN-01, TCP-OPEN-02, TCP-OPEN-03, TCP-OPEN-04, TCP-FIN-09
#[test]
fn listen_answers_as_the_table_says() {
    run_table(&SITUATIONS[1..2]);
}

// conf: TCP-OPEN-06, TCP-OPEN-07, TCP-OPEN-08, TCP-OPEN-09, TCP-OPEN-10, TCP-FIN-09
#[test]
fn syn_sent_answers_as_the_table_says() {
    run_table(&SITUATIONS[2..3]);
}

// conf: TCP-OPEN-11, TCP-OPEN-12, TCP-SEQ-05
#[test]
fn syn_received_answers_as_the_table_says() {
    run_table(&SITUATIONS[3..5]);
}

// conf: TCP-SEQ-05, TCP-ACK-01, TCP-ACK-02, TCP-ACK-03, TCP-ACK-04, TCP-RST-04, TCP-FIN-05
// conf: TCP-ATK-01, TCP-ATK-02, TCP-ATK-04
#[test]
fn established_answers_as_the_table_says() {
    run_table(&SITUATIONS[5..6]);
}

// conf: TCP-FIN-06, TCP-FIN-07, TCP-FIN-08, TCP-FIN-10, TCP-FIN-18, TCP-RST-08
#[test]
fn closing_states_answer_as_the_table_says() {
    run_table(&SITUATIONS[6..]);
}
