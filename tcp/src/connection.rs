//! One connection as a whole: its states, its end, its timers.

use crate::congestion::Ack;
use crate::ecn::EcnFlags;
use crate::events;
use crate::options::Answer;
use crate::records::Acked;
use crate::sack::Dsack;
use crate::shared::Shared;
use crate::state::State;
use crate::tcb::{Ended, Flags, Slot};
use tersus_wire::tcp::{Fields, Flags as Control};

impl Slot {
    /// Changes the state and stops the timers that the new one lacks.
    pub(crate) fn enter(&mut self, shared: &mut Shared<'_>, state: State) {
        self.state = state;
        match state {
            State::Closed | State::TimeWait => {
                self.stop_timers();
                self.records.clear(&mut shared.records);
                self.ranges.clear(&mut shared.ranges);
                shared.dsack = Dsack::NONE;
            }
            State::FinWait2 => self.start_idle_timer(shared),
            _ => {}
        }
    }

    /// The connection is over, by both FINs or otherwise.
    #[cfg_attr(target_pointer_width = "32", inline(never))]
    pub(crate) fn end(&mut self, shared: &mut Shared<'_>, how: Ended) {
        if self.ended == Ended::No {
            self.ended = how;
        }
        events::raise(self, events::ENDED | events::READABLE);
        self.enter(shared, State::Closed);
        self.tx.clear();
        // What was received in order before a normal end may still be read, RFC 9293 §3.10.7.4; after a reset
        // nothing may.
        if how != Ended::Finished {
            self.rx.clear();
        }
        self.flags.remove(Flags::PROBE_DUE | Flags::KEEP_ALIVE_DUE);
        if how != Ended::Finished {
            self.flags.remove(Flags::ACK_NOW);
        }
    }

    /// Both SYNs are exchanged.
    pub(crate) fn establish(&mut self, shared: &mut Shared<'_>) {
        self.set_mss(&shared.limits);
        let mss = self.mss();
        let tries = self.rtt.backoff();
        shared.congestion.start(shared.words_mut(), mss, tries);
        if tries > 0 {
            self.rtt.on_established_after_syn_timeout();
        }
        self.last_sent = shared.now;
        self.enter(shared, State::Established);
        self.start_idle_timer(shared);
        if self.flags.contains(Flags::FIN_QUEUED) {
            self.enter(shared, State::FinWait1);
        }
    }

    /// The ACK that tells the truth about the connection.
    pub(crate) fn ack(&mut self, shared: &mut Shared<'_>) -> Answer {
        let options = self.options(shared);
        let fields = Fields {
            src_port: self.local_port(),
            dst_port: self.remote_port(),
            seq: self.snd_nxt().0,
            ack: self.rcv_nxt.0,
            flags: if self.ecn.contains(EcnFlags::ECHO_DUE) {
                Control::ACK | Control::ECE
            } else {
                Control::ACK
            },
            window: u16::try_from(self.rcv_wnd() >> self.rcv_shift).unwrap_or(u16::MAX),
            urgent: 0,
        };
        Answer { fields, options }
    }

    /// Starts the retransmission timer anew, RFC 6298 §5, rules 5.1 to 5.3.
    #[cfg_attr(target_pointer_width = "32", inline(never))]
    pub(crate) fn start_retransmit_timer(&mut self, shared: &mut Shared<'_>) {
        if let Some(rack) = shared.duties.rack.as_ref().filter(|_| self.flags.contains(Flags::SACK_OK)) {
            return (rack.start_timer)(self, shared);
        }
        self.retransmit = shared.after(self.rtt.rto_us(&shared.rto).into());
    }

    /// The peer was heard, or the state changed: the time of silence starts anew.
    pub(crate) fn start_idle_timer(&mut self, shared: &mut Shared<'_>) {
        let limits = &shared.limits;
        let span = match self.state {
            State::FinWait2 if self.flags.contains(Flags::RELEASED) => limits.fin_wait_2,
            State::Closed | State::SynSent | State::SynReceived | State::TimeWait => return,
            _ if self.flags.contains(Flags::KEEP_ALIVE) && shared.duties.keep_alive.is_some() => {
                limits.keep_alive_idle
            }
            _ => return self.idle.stop(),
        };
        self.idle = shared.after(span);
    }

    /// What the congestion control is told of an acknowledgement.
    pub(crate) fn ack_sample(&self, shared: &Shared<'_>, acked: &Acked, flight_size: u32) -> Ack {
        Ack {
            // RFC 3168 §6.1.2: an ACK that carries an echo does not open the window.
            acked: if self.ecn.contains(EcnFlags::ECHO_HEARD) { 0 } else { acked.octets },
            flight_size,
            smss: self.mss(),
            srtt_us: self.rtt.srtt_us(),
            rtt_us: acked.rtt_us.unwrap_or(0),
            snd_una: self.snd_una.0,
            snd_nxt: self.snd_nxt().0,
            now: shared.now,
        }
    }
}
