//! The usual visit: what is queued fits one segment that may leave, or an ACK alone is due, and nothing else is to be
//! thought of.
//!
//! It skips checks, never steps: what leaves and what is noted of it is what [`Slot::output`] would do, in one pass over
//! the slot. Where flash is short it is left out.

use crate::ecn::EcnFlags;
use crate::emit::{send_bare, send_data, send_segment};
use crate::output::Visit;
use crate::recovery::Marks;
use crate::shared::Shared;
use crate::state::State;
use crate::statistics::count;
use crate::tcb::{Flags, Slot};
use tersus_ip::{IpLayer, OutFlags, SendError};
use tersus_wire::tcp::{Fields, Flags as Control};

/// With one of these the visit is none of the usual.
const UNUSUAL: Flags = Flags::RESET_DUE
    .union(Flags::FAST_RECOVERY)
    .union(Flags::TIMEOUT_RECOVERY)
    .union(Flags::PROBE_DUE)
    .union(Flags::KEEP_ALIVE_DUE)
    .union(Flags::OVERRIDE)
    .union(Flags::URGENT_OUT)
    .union(Flags::CORKED)
    .union(Flags::PUSHED)
    .union(Flags::HELD);

impl Slot {
    /// Sends all that is to leave, if that is one usual segment. `None`: nothing has changed, and [`Slot::output`]
    /// decides.
    #[inline(always)]
    pub(crate) fn output_plain(
        &mut self,
        shared: &mut Shared<'_>,
        ip: &mut dyn IpLayer,
        budget: &mut usize,
    ) -> Option<Visit> {
        let flight = self.flight_size();
        let queued = self.tx.len().checked_sub(flight)?;
        let is_usual = self.state.is_synchronized()
            && !self.flags.intersects(UNUSUAL)
            && self.records.lost() == 0
            && self.duplicate_acks == 0
            && !self.ecn.contains(EcnFlags::AGREED)
            && self.has_usual_options(shared)
            && shared.pacing.is_none()
            && shared.watch.is_none();
        if !is_usual {
            return None;
        }
        let left = budget.checked_sub(1)?;
        let closing = self.flags.intersection(Flags::FIN_QUEUED | Flags::FIN_SENT) == Flags::FIN_QUEUED;
        let octets = queued + u32::from(closing);
        let mut control = Control::ACK;
        if octets > 0 {
            if !self.may_leave(shared, flight, queued, octets) {
                return None;
            }
            control.set(Control::FIN, closing);
            control.set(Control::PSH, queued > 0);
        } else if !self.flags.contains(Flags::ACK_NOW) {
            return Some(Visit::Done);
        }
        let stamp;
        let options = match self.timestamps(shared) {
            Some(timestamps) => {
                stamp = timestamps.to_octets();
                &stamp[..]
            }
            None => &[],
        };
        // What wraps around the end of the ring is none of the usual.
        let payload = self.tx.whole(shared.tx, flight, queued)?;
        self.rcv_edge = self.next_edge(shared);
        let fields = Fields {
            src_port: self.local_port(),
            dst_port: self.remote_port(),
            seq: self.snd_nxt().0,
            ack: self.rcv_nxt.0,
            flags: control,
            window: u16::try_from(self.rcv_wnd() >> self.rcv_shift).unwrap_or(u16::MAX),
            urgent: 0,
        };
        let whole = self.path.mtu() >= shared.limits.mss_floor + 40;
        let packet = self.packet(if whole { OutFlags::DONT_FRAGMENT } else { OutFlags::empty() });
        let mtu = self.path.mtu();
        let sent = if !options.is_empty() {
            send_segment(ip, &mut self.path, packet, &fields, options, [payload, &[]])
        } else if payload.is_empty() {
            send_bare(ip, &mut self.path, packet, &fields)
        } else {
            send_data(ip, &mut self.path, packet, &fields, payload)
        };
        self.follow_mtu(shared, mtu);
        match sent {
            Ok(()) => {}
            // The path now knows its MTU: the segment is cut anew.
            Err(SendError::TooBig(_)) => return None,
            Err(error) => {
                if let Some(visit) = self.on_refusal(shared, error) {
                    return Some(visit);
                }
            }
        }
        *budget = left;
        count(&mut shared.stats.segments_sent);
        self.flags.remove(Flags::ACK_NOW | Flags::UNACKED);
        self.delayed_ack.stop();
        if octets > 0 {
            if flight == 0 {
                self.progress = shared.now;
                // Whatever ran was the persist or override timer.
                self.start_retransmit_timer(shared);
            }
            self.records.on_send(&mut shared.records, octets, shared.now);
            self.note_small(queued);
            if closing {
                self.flags.insert(Flags::FIN_SENT);
            }
            self.last_sent = shared.now;
            // The probe timeout counts from the newest data, RFC 8985 §7.2.
            let is_probed = flight > 0 && self.repair.marks.contains(Marks::PROBE_TIMER);
            if is_probed || !self.retransmit.is_running() {
                self.start_retransmit_timer(shared);
            }
            shared.stats.octets_sent = shared.stats.octets_sent.wrapping_add(queued);
            self.octets_sent += u64::from(queued);
        }
        Some(Visit::Done)
    }

    /// As [`Slot::output`], and the timer that brings out what could not leave.
    #[inline(never)]
    pub(crate) fn output_unusual(
        &mut self,
        shared: &mut Shared<'_>,
        ip: &mut dyn IpLayer,
        budget: &mut usize,
    ) -> Visit {
        if cfg!(not(target_pointer_width = "32")) && self.state == State::SynSent {
            if let Some(visit) = self.output_first_syn(shared, ip, budget) {
                return visit;
            }
        }
        let visit = self.output(shared, ip, budget);
        if visit == Visit::Done {
            self.start_persist_timer(shared);
        }
        visit
    }

    /// Sends the first SYN of a connection. `None`: nothing has changed, and [`Slot::output`] decides.
    fn output_first_syn(
        &mut self,
        shared: &mut Shared<'_>,
        ip: &mut dyn IpLayer,
        budget: &mut usize,
    ) -> Option<Visit> {
        let is_usual = self.snd_nxt() == self.iss
            && !self.flags.intersects(UNUSUAL)
            && shared.pacing.is_none()
            && shared.watch.is_none();
        if !is_usual {
            return None;
        }
        let left = budget.checked_sub(1)?;
        let mut next = self.next_syn(shared, Control::SYN)?;
        let mtu = self.path.mtu();
        let sent = self.emit_syn(shared, ip, &mut next);
        self.follow_mtu(shared, mtu);
        match sent {
            Ok(()) => {}
            Err(SendError::TooBig(_)) => return None,
            Err(error) => {
                if let Some(visit) = self.on_refusal(shared, error) {
                    return Some(visit);
                }
            }
        }
        *budget = left;
        self.on_sent(shared, &next);
        Some(Visit::Done)
    }

    /// Whether all that is queued, so many octets, and a FIN with them if there are more, may leave in one segment: by its
    /// size, by Nagle's rule, by both windows, and without a pause that would end what is known of the network.
    #[inline(always)]
    fn may_leave(&self, shared: &Shared<'_>, flight: u32, queued: u32, octets: u32) -> bool {
        let silence = shared.now.micros().saturating_sub(self.last_sent.micros());
        self.state.is_live()
            && (flight == 0
                || octets > queued
                || !self.has_small_in_flight(flight)
                || self.flags.contains(Flags::NAGLE_OFF))
            && (flight > 0 || silence <= shared.rto.min_us.into())
            && queued <= self.mss()
            && octets <= self.snd_wnd.saturating_sub(flight)
            && queued <= self.cwnd(shared).saturating_sub(flight)
    }
}
