//! STATUS in full, RFC 9293 §3.10.6: what a connection knows of itself ([`Info`]), and what can be counted beside it
//! ([`Figures`]). In the shape of what other systems call TCP_INFO.
//!
//! What a connection holds anyway costs nothing to show. Counts of each segment, and times, cost work with each of them
//! and memory: they are kept in a slice of the caller's, by an engine that was given one.

use crate::ecn::EcnFlags;
use crate::engine::Tcp;
use crate::error::Stale;
use crate::recovery::Marks;
use crate::shared::Shared;
use crate::state::State;
use crate::tcb::{Flags, Slot};
use crate::trace::{Cause, Timer, What};
use crate::watch::Of;
use crate::ConnectionId;
use core::time::Duration;
use tersus_ip::Instant;

/// What a connection knows of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Info {
    /// The state.
    pub state: State,
    /// Smoothed round-trip time; zero before the first sample.
    pub srtt: Duration,
    /// Its mean deviation, RTTVAR of RFC 6298; zero before the first sample.
    pub rttvar: Duration,
    /// Smallest round-trip time; zero before the first sample.
    pub min_rtt: Duration,
    /// Retransmission timeout, back-off included.
    pub rto: Duration,
    /// Expirations of the retransmission timer since the last sample.
    pub backoff: u8,
    /// Congestion window, in octets.
    pub cwnd: u32,
    /// Slow start threshold, in octets; `u32::MAX`: no loss yet.
    pub ssthresh: u32,
    /// Segment size for sending, in octets of payload.
    pub mss: u32,
    /// The MSS that the peer announced, in octets of payload, or the default of RFC 9293 §3.7.1.
    pub peer_mss: u16,
    /// MTU of the path, in octets.
    pub path_mtu: u16,
    /// Octets in flight: sent and not acknowledged.
    pub in_flight: u32,
    /// Octets in flight that the peer reported by SACK.
    pub sacked: u32,
    /// Octets in flight that count as lost and were not sent again.
    pub lost: u32,
    /// Octets that were queued and are not acknowledged.
    pub send_queue: u32,
    /// Size of the send buffer, in octets.
    pub send_buffer: u32,
    /// Octets that wait to be read.
    pub receive_queue: u32,
    /// Size of the receive buffer, in octets.
    pub receive_buffer: u32,
    /// Octets of the receive buffer that may be offered now, those unread included: all of it, unless windows grow
    /// ([`Tcp::grow_windows`]).
    pub receive_limit: u32,
    /// Window that the peer offers, in octets.
    pub send_window: u32,
    /// Window that was offered to the peer, in octets.
    pub receive_window: u32,
    /// Window scales, RFC 7323: the peer's and ours; `None`: windows are not scaled.
    pub window_scale: Option<(u8, u8)>,
    /// SACK was agreed on, RFC 2018.
    pub sack: bool,
    /// Timestamps were agreed on, RFC 7323.
    pub timestamps: bool,
    /// Explicit congestion notification was agreed on, RFC 3168.
    pub ecn: bool,
    /// How many octets may leave in a second now; `None`: as soon as the windows permit.
    pub pacing_rate: Option<u64>,
    /// Segments of ours have overtaken each other on their way, as far as RACK saw it, RFC 8985.
    pub reordering: bool,
    /// Losses are being repaired.
    pub in_recovery: bool,
    /// Keep-alive probes that were not answered yet.
    pub probes: u8,
    /// When data were last sent.
    pub last_sent: Instant,
    /// When the peer last acknowledged something new, or something was sent into an empty flight.
    pub last_progress: Instant,
    /// Segments sent again.
    pub retransmissions: u32,
    /// Octets of payload sent, retransmissions included.
    pub octets_sent: u64,
    /// Octets of payload received in order.
    pub octets_received: u64,
}

/// What is counted of one connection beside [`Info`], if [`Tcp::keep_figures`] was called. Counters wrap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Figures {
    /// Segments that arrived for the connection, those refused included.
    pub segments_received: u32,
    /// Of them with payload.
    pub data_segments_received: u32,
    /// Segments sent.
    pub segments_sent: u32,
    /// Of them with payload.
    pub data_segments_sent: u32,
    /// Octets of payload that were sent again.
    pub octets_retransmitted: u64,
    /// Expirations of the retransmission timer.
    pub timeouts: u32,
    /// Zero-window probes that came due.
    pub persists: u32,
    /// When a segment last arrived.
    pub last_received: Instant,
    /// When payload last arrived.
    pub last_data_received: Instant,
    /// How long there was anything queued or in flight.
    pub busy: Duration,
    /// Of it, how long the peer's window held back what was queued.
    pub limited_by_window: Duration,
    /// Of it, how long the congestion window did.
    pub limited_by_cwnd: Duration,
    /// Octets that the peer received in a second, by ACK or SACK, over the last round trip in which it acknowledged any; 0
    /// before the first.
    pub delivery_rate: u64,
    /// When the round trip began that it is measured over next, and what was delivered until then, modulo 2^32.
    round: Instant,
    delivered: u32,
    /// When the phase began, and what it is.
    since: Instant,
    phase: Phase,
}

/// What sending waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Phase {
    /// There is nothing to send.
    #[default]
    Idle,
    /// All that was queued is in flight, or about to leave.
    Busy,
    /// The peer's window is full.
    Window,
    /// The congestion window is full.
    Cwnd,
}

impl Phase {
    fn of(slot: &Slot, shared: &Shared<'_>) -> Self {
        let (flight, mss) = (slot.flight_size(), slot.mss());
        if slot.tx.is_empty() || !slot.state.is_synchronized() {
            Self::Idle
        } else if !slot.has_unsent() {
            Self::Busy
        } else if flight.saturating_add(mss) > slot.snd_wnd {
            Self::Window
        } else if slot.records.pipe(flight).saturating_add(mss) > shared.cwnd() {
            Self::Cwnd
        } else {
            Self::Busy
        }
    }
}

impl Figures {
    /// Nothing happened yet.
    pub const NONE: Self = Self {
        segments_received: 0,
        data_segments_received: 0,
        segments_sent: 0,
        data_segments_sent: 0,
        octets_retransmitted: 0,
        timeouts: 0,
        persists: 0,
        last_received: Instant::ZERO,
        last_data_received: Instant::ZERO,
        busy: Duration::ZERO,
        limited_by_window: Duration::ZERO,
        limited_by_cwnd: Duration::ZERO,
        delivery_rate: 0,
        round: Instant::ZERO,
        delivered: 0,
        since: Instant::ZERO,
        phase: Phase::Idle,
    };

    fn count(&mut self, what: &What, now: Instant) {
        match *what {
            What::Received(segment) => {
                self.segments_received = self.segments_received.wrapping_add(1);
                self.last_received = now;
                if segment.len > 0 {
                    self.data_segments_received = self.data_segments_received.wrapping_add(1);
                    self.last_data_received = now;
                }
            }
            What::Sent(segment, cause) => {
                self.segments_sent = self.segments_sent.wrapping_add(1);
                self.data_segments_sent = self.data_segments_sent.wrapping_add(u32::from(segment.len > 0));
                if matches!(cause, Cause::Again(_)) {
                    self.octets_retransmitted = self.octets_retransmitted.wrapping_add(segment.len.into());
                }
            }
            What::Expired(Timer::Retransmission) => self.timeouts = self.timeouts.wrapping_add(1),
            What::Expired(Timer::Persist) => self.persists = self.persists.wrapping_add(1),
            What::Entered { from: State::Closed } => *self = Self { since: now, ..Self::NONE },
            _ => {}
        }
    }

    /// What was delivered in a round trip gives the rate, once it is over or nothing is in flight any more. One begins
    /// with what is sent after there was nothing to send, and behind each that is over.
    fn measure(&mut self, slot: &Slot, now: Instant) {
        let delivered = slot.records.delivered();
        let octets = delivered.wrapping_sub(self.delivered);
        let span = now.micros().saturating_sub(self.round.micros());
        if self.phase != Phase::Idle {
            let is_over = span >= slot.rtt.srtt_us().into() || slot.flight_size() == 0;
            if octets == 0 || span == 0 || !is_over {
                return;
            }
            self.delivery_rate = u64::from(octets).saturating_mul(1_000_000) / span;
        }
        (self.round, self.delivered) = (now, delivered);
    }

    /// The time since the last look belongs to the phase that was.
    fn clock(&mut self, now: Instant) {
        let span = now.since(core::mem::replace(&mut self.since, now));
        if self.phase != Phase::Idle {
            self.busy = self.busy.saturating_add(span);
        }
        match self.phase {
            Phase::Window => self.limited_by_window = self.limited_by_window.saturating_add(span),
            Phase::Cwnd => self.limited_by_cwnd = self.limited_by_cwnd.saturating_add(span),
            Phase::Idle | Phase::Busy => {}
        }
    }
}

fn observe(shared: &mut Shared<'_>, of: &Of<'_>, what: &What) {
    let Of::Connection(slot) = *of else { return };
    let (phase, now, id) = (Phase::of(slot, shared), shared.now, usize::from(shared.id));
    let Some(figures) = shared.figures.get_mut(id) else { return };
    figures.clock(now);
    if !matches!(what, What::Received(_)) {
        // What a segment delivers shows in the variables that it has changed.
        figures.measure(slot, now);
    }
    figures.count(what, now);
    figures.phase = phase;
}

impl<'a> Tcp<'a> {
    /// From now on each connection is counted for which there is a place: those of the storage that come first, so that
    /// the slice should have the length of its table. Without it nothing is counted and nothing of that is linked.
    pub fn keep_figures(&mut self, figures: &'a mut [Figures]) {
        figures.fill(Figures::NONE);
        self.shared.figures = figures;
        self.shared.watch_for_figures(observe);
    }

    /// What was counted of a connection; `None` without [`Tcp::keep_figures`] or a place there.
    ///
    /// # Errors
    /// [`Stale`].
    pub fn figures(&self, id: ConnectionId) -> Result<Option<Figures>, Stale> {
        self.slot(id)?;
        Ok(self.shared.figures.get(usize::from(id.index)).copied())
    }

    /// What a connection knows of itself.
    ///
    /// # Errors
    /// [`Stale`].
    pub fn info(&mut self, id: ConnectionId) -> Result<Info, Stale> {
        self.slot(id)?;
        let (tcb, shared) = self.connection(id.index).ok_or(Stale)?;
        let words = shared.words();
        let is_scaled = tcb.flags.contains(Flags::SCALED);
        let flight = tcb.flight_size();
        Ok(Info {
            state: tcb.state,
            srtt: Duration::from_micros(tcb.rtt.srtt_us().into()),
            rttvar: Duration::from_micros(tcb.rtt.rttvar_us().into()),
            min_rtt: Duration::from_micros(tcb.rtt.min_us().into()),
            rto: Duration::from_micros(tcb.rtt.rto_us(&shared.rto).into()),
            backoff: tcb.rtt.backoff(),
            cwnd: shared.cwnd(),
            ssthresh: shared.congestion.ssthresh(words),
            mss: tcb.mss(),
            peer_mss: tcb.peer_mss,
            path_mtu: tcb.path.mtu(),
            in_flight: flight,
            sacked: tcb.records.sacked(),
            lost: tcb.records.lost(),
            send_queue: tcb.tx.len(),
            send_buffer: tcb.tx.size(),
            receive_queue: tcb.rx.len(),
            receive_buffer: tcb.rx.size(),
            receive_limit: shared.receive_limit(tcb.rx.size()),
            send_window: tcb.snd_wnd,
            receive_window: tcb.rcv_wnd(),
            window_scale: is_scaled.then_some((tcb.snd_shift, tcb.rcv_shift)),
            sack: tcb.flags.contains(Flags::SACK_OK),
            timestamps: tcb.flags.contains(Flags::TIMESTAMPS),
            ecn: tcb.ecn.contains(EcnFlags::AGREED),
            pacing_rate: shared.pacing.and_then(|_| shared.congestion.pacing_rate(words, tcb.rtt.srtt_us())),
            reordering: tcb.repair.marks.contains(Marks::REORDERED),
            in_recovery: tcb.flags.intersects(Flags::FAST_RECOVERY | Flags::TIMEOUT_RECOVERY),
            probes: tcb.probes,
            last_sent: tcb.last_sent,
            last_progress: tcb.progress,
            retransmissions: tcb.retransmissions,
            octets_sent: tcb.octets_sent,
            octets_received: tcb.octets_received,
        })
    }
}
