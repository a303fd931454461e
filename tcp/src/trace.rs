//! A trace: what happens to connections, told to a function of the user's as it happens. For tests, plots and a look
//! at a connection that behaves oddly.
//!
//! ```
//! use std::cell::RefCell;
//! use tersus_tcp::{congestion::Reno, trace, Config, Storage, Tcp};
//!
//! // A list, a file, a plot: whatever can be reached through a shared reference.
//! let entries = RefCell::new(Vec::new());
//! let sink = |entry: &trace::Entry| entries.borrow_mut().push(*entry);
//! let mut storage: Storage<8, 4096, 4096> = Storage::new();
//! let mut tcp = Tcp::new(&mut storage, Config::new(), &Reno::DEFAULT, [7; 32]);
//! tcp.trace_to(&sink);
//! // … poll the stack; then, say, the congestion window over time:
//! for entry in entries.borrow().iter() {
//!     if let Some(variables) = entry.variables {
//!         println!("{} {} {}", entry.at, entry.remote, variables.cwnd);
//!     }
//! }
//! ```
//!
//! The sink is a value that the user hands to the engine, and no duty: it has to keep what it is told somewhere, and an
//! engine that is never given one links nothing of this. What follows from an entry comes behind it: the segment that
//! arrived, the states it led to, the variables it changed, what then left.

use crate::engine::Tcp;
use crate::shared::Shared;
use crate::state::State;
use crate::tcb::Slot;
use crate::watch::Of;
use core::fmt;
use core::net::SocketAddr;
use core::time::Duration;
use tersus_ip::Instant;
use tersus_wire::tcp::{Flags, Options};

/// Takes entries as they come. It is called in the midst of a poll and cannot call the engine.
pub type Sink<'a> = &'a dyn Fn(&Entry);

/// One line of a trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Entry {
    /// When it happened; for what a call of the user's does, the moment of the last poll.
    pub at: Instant,
    /// Our end.
    pub local: SocketAddr,
    /// The peer's end.
    pub remote: SocketAddr,
    /// What happened.
    pub what: What,
    /// How the connection stands: after what was sent, changed or entered; before what a segment or a timer brings.
    /// `None`: half-open connections of listeners, TIME-WAIT, and segments of nobody.
    pub variables: Option<Variables>,
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum What {
    /// A segment with a right checksum arrived.
    Received(Segment),
    /// A segment left.
    Sent(Segment, Cause),
    /// A deadline passed.
    Expired(Timer),
    /// The state changed; the new one is among the variables. A segment that leads through two states is told once.
    Entered {
        /// The state before.
        from: State,
    },
    /// The segment or the timer before has changed at least one of the variables: this is how they stand now.
    Changed,
}

/// A segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Segment {
    /// SEG.SEQ.
    pub seq: u32,
    /// SEG.ACK, with the ACK bit.
    pub ack: Option<u32>,
    /// Octets of payload.
    pub len: u32,
    /// The control bits.
    pub flags: Flags,
    /// SEG.WND in octets: scaled up, where the connection is known.
    pub window: u32,
    /// The Urgent Pointer, with the URG bit: SEG.UP less SEG.SEQ.
    pub urgent: Option<u16>,
    /// The options: timestamps, SACK blocks, and what a SYN has. None of a list that is malformed.
    pub options: Options,
}

/// Why a segment left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Cause {
    /// SYN, data or FIN for the first time.
    New,
    /// The same once more.
    Again(Loss),
    /// A zero-window probe, RFC 9293 §3.8.6.1.
    Probe,
    /// A keep-alive probe, RFC 9293 §3.8.4.
    KeepAlive,
    /// Nothing but an ACK.
    Ack,
    /// An RST.
    Reset,
}

/// Why something is sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Loss {
    /// Acknowledgements tell that it was lost: RFC 5681 §3.2 and what builds on it.
    Recovery,
    /// The retransmission timer expired, RFC 6298 §5.
    Timeout,
    /// Nothing is heard of the last segments, RFC 8985 §7: a probe.
    Tail,
    /// SYNs that crossed, a window that opened again, a path that carries less than was thought.
    Other,
}

/// Which deadline passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Timer {
    /// RFC 6298 §5.
    Retransmission,
    /// What may have been overtaken is lost now, RFC 8985 §6.2.
    Reordering,
    /// Probe timeout, RFC 8985 §7.2.
    LossProbe,
    /// Zero-window probe, RFC 9293 §3.8.6.1.
    Persist,
    /// The sender waited long enough for a larger window, RFC 9293 §3.8.6.2.1.
    Override,
    /// RFC 9293 §3.8.6.3.
    DelayedAck,
    /// What the pacing rate held back may leave.
    Pacing,
    /// RFC 9293 §3.8.4.
    KeepAlive,
    /// A released connection waited long enough for the peer's FIN.
    FinWait2,
    /// The user timeout, RFC 9293 §3.10.8.
    User,
}

/// The variables of a connection that a plot wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Variables {
    /// The state.
    pub state: State,
    /// ISS: subtract it from numbers to see octets.
    pub iss: u32,
    /// SND.UNA.
    pub snd_una: u32,
    /// SND.NXT.
    pub snd_nxt: u32,
    /// SND.WND, in octets.
    pub snd_wnd: u32,
    /// RCV.NXT.
    pub rcv_nxt: u32,
    /// RCV.WND as it was last announced, in octets.
    pub rcv_wnd: u32,
    /// Congestion window, in octets.
    pub cwnd: u32,
    /// Slow start threshold, in octets; `u32::MAX`: no loss yet.
    pub ssthresh: u32,
    /// Octets that are believed to be in the network: in flight, and neither SACKed nor lost.
    pub pipe: u32,
    /// Smoothed round-trip time; zero before the first sample.
    pub srtt: Duration,
    /// Retransmission timeout, back-off included.
    pub rto: Duration,
}

impl Variables {
    /// Of the connection at work.
    pub(crate) fn of(slot: &Slot, shared: &Shared<'_>) -> Self {
        Self {
            state: slot.state,
            iss: slot.iss.0,
            snd_una: slot.snd_una.0,
            snd_nxt: slot.snd_nxt().0,
            snd_wnd: slot.snd_wnd,
            rcv_nxt: slot.rcv_nxt.0,
            rcv_wnd: slot.rcv_wnd(),
            cwnd: shared.cwnd(),
            ssthresh: shared.congestion.ssthresh(shared.words()),
            pipe: slot.records.pipe(slot.flight_size()),
            srtt: Duration::from_micros(slot.rtt.srtt_us().into()),
            rto: Duration::from_micros(slot.rtt.rto_us(&shared.rto).into()),
        }
    }

    /// FlightSize, RFC 5681 §2: octets of sequence space that were sent and are not acknowledged.
    #[must_use]
    pub const fn flight_size(&self) -> u32 {
        self.snd_nxt.wrapping_sub(self.snd_una)
    }
}

impl<'a> Tcp<'a> {
    /// From now on `sink` is told what happens to connections; see [`trace`](crate::trace). A later sink takes the
    /// place of an earlier one.
    pub fn trace_to(&mut self, sink: Sink<'a>) {
        self.shared.sink = Some(sink);
        self.shared.watch_for_trace(observe);
    }
}

fn observe(shared: &mut Shared<'_>, of: &Of<'_>, what: &What) {
    let Some(sink) = shared.sink else { return };
    let (local, remote, variables) = match *of {
        Of::Endpoints(local, remote) => (local, remote, None),
        Of::Connection(slot) => (
            SocketAddr::new(slot.path.source(), slot.local_port()),
            SocketAddr::new(slot.path.destination(), slot.remote_port()),
            Some(Variables::of(slot, shared)),
        ),
    };
    sink(&Entry { at: shared.now, local, remote, what: *what, variables });
}

/// As in RFC 9293's examples: `1.000250s 192.0.2.1:80 > 192.0.2.2:4000 New <SEQ=101><ACK=301><CTL=ACK><WND=4096> 9
/// octets, Established una 1 nxt 10 …`.
impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (at, local, remote) = (self.at, self.local, self.remote);
        match self.what {
            What::Received(segment) => write!(f, "{at} {local} < {remote} {segment}")?,
            What::Sent(segment, Cause::Again(loss)) => {
                write!(f, "{at} {local} > {remote} again ({loss:?}) {segment}")?;
            }
            What::Sent(segment, cause) => write!(f, "{at} {local} > {remote} {cause:?} {segment}")?,
            What::Expired(timer) => write!(f, "{at} {local} - {remote} timer {timer:?}")?,
            What::Entered { from } => write!(f, "{at} {local} - {remote} left {from:?}")?,
            What::Changed => write!(f, "{at} {local} - {remote} now")?,
        }
        match &self.variables {
            Some(variables) => write!(f, ", {variables}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<SEQ={}>", self.seq)?;
        if let Some(ack) = self.ack {
            write!(f, "<ACK={ack}>")?;
        }
        write!(f, "<CTL=")?;
        for (number, (name, _)) in self.flags.iter_names().enumerate() {
            write!(f, "{}{name}", if number == 0 { "" } else { "," })?;
        }
        write!(f, "><WND={}>", self.window)?;
        if let Some(urgent) = self.urgent {
            write!(f, "<UP={urgent}>")?;
        }
        let Options { mss, window_scale, sack_permitted, timestamps, sack, .. } = &self.options;
        if let Some(mss) = mss {
            write!(f, "<MSS={mss}>")?;
        }
        if let Some(shift) = window_scale {
            write!(f, "<shift={shift}>")?;
        }
        if *sack_permitted {
            write!(f, "<SACK permitted>")?;
        }
        if let Some(timestamps) = timestamps {
            write!(f, "<TSval={},TSecr={}>", timestamps.value, timestamps.echo)?;
        }
        for block in sack.as_slice() {
            write!(f, "<SACK={}-{}>", block.left, block.right)?;
        }
        write!(f, " {} octets", self.len)
    }
}

impl fmt::Display for Variables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:?} una {} nxt {} wnd {} cwnd {} ssthresh {} pipe {} srtt {:?} rto {:?}",
            self.state,
            self.snd_una.wrapping_sub(self.iss),
            self.snd_nxt.wrapping_sub(self.iss),
            self.snd_wnd,
            self.cwnd,
            self.ssthresh,
            self.pipe,
            self.srtt,
            self.rto
        )
    }
}
