//! Explicit congestion notification, RFC 3168 §6.1: routers mark packets instead of dropping them, the receiver echoes the
//! mark, the sender slows down once a round trip.
//!
//! ```text
//!   sender                        router                     receiver
//!     ── data, ECT(0) ──────────────▶ ── data, CE ──────────────▶   ECHO_DUE
//!     ◀──────────────────────────── ACK, ECE ─────────────────── each, until
//!   window reduced once,
//!   CWR_DUE  ── first new data, CWR ────────────────────────────▶   CWR comes
//! ```
//! Negotiated by the SYNs: ECE and CWR on the SYN, ECE on the SYN-ACK. A SYN that is sent again is a plain one, in case that
//! something on the path does not like the other, and the connection then does without.

use crate::config::Ecn;
use crate::congestion::Loss;
use crate::recovery::Marks;
use crate::segment::Segment;
use crate::seq::acceptable;
use crate::shared::Shared;
use crate::statistics::count;
use crate::syn_table::Offers;
use crate::tcb::{Flags, Slot};
use tersus_wire::tcp::{Fields, Flags as Control};

bitflags::bitflags! {
    /// ECN's part of a connection's flags.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
    pub(crate) struct EcnFlags: u8 {
        /// A connect asks for ECN, and its SYN was not sent again.
        const REQUEST = 1;
        /// The user wants none.
        const OFF = 2;
        /// Both sides agreed.
        const AGREED = 4;
        /// CE was seen: ECE leaves until CWR comes.
        const ECHO_DUE = 8;
        /// The segment at work carried ECE.
        const ECHO_HEARD = 16;
        /// The next new data carry CWR.
        const CWR_DUE = 32;
        /// `cwr_end` holds the end of the window in which the last reduction was made.
        const CWR_SENT = 64;
    }
}

/// The two bits of a traffic class that are ECN's.
const MASK: u8 = 3;
/// ECT(0).
const ECT_0: u8 = 2;
/// Congestion experienced.
const CE: u8 = 3;
/// Both control bits.
const BOTH: Control = Control::ECE.union(Control::CWR);

/// The functions of the duty.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Duty {
    /// What a SYN of the peer's and the user's wish come to.
    pub(crate) offer: fn(Control, Ecn) -> Offers,
    /// A segment of a connection with ECN came, in a packet of this traffic class.
    pub(crate) on_segment: fn(&mut Slot, &mut Shared<'_>, &Segment<'_>, u8),
    /// A segment of such a connection leaves, with so many octets that never left before: its traffic class.
    pub(crate) mark: fn(&mut Slot, &mut Fields, u32) -> u8,
}

impl Duty {
    pub(crate) const ECN: Self = Self { offer, on_segment, mark };
}

/// Whether a SYN-ACK agrees to ECN, §6.1.1: ECE alone. Some hosts just echo both bits.
pub(crate) fn is_agreed(syn_ack: Control) -> bool {
    syn_ack & BOTH == Control::ECE
}

/// The control bits of a SYN that asks for ECN.
pub(crate) const SETUP: Control = BOTH;

fn offer(syn: Control, wish: Ecn) -> Offers {
    if syn.contains(BOTH) && wish != Ecn::Off {
        Offers::ECN
    } else {
        Offers::empty()
    }
}

fn on_segment(slot: &mut Slot, shared: &mut Shared<'_>, seg: &Segment<'_>, traffic_class: u8) {
    slot.ecn.remove(EcnFlags::ECHO_HEARD);
    if slot.snd_una.gt(slot.cwr_end) {
        slot.ecn.remove(EcnFlags::CWR_SENT);
    }
    // §6.1.5: what lies outside of the window is not believed, and neither is a mark on it.
    if !acceptable(slot.rcv_nxt, slot.rcv_wnd(), seg.seq, seg.len()) {
        return;
    }
    if !seg.payload.is_empty() {
        if seg.has(Control::CWR) {
            slot.ecn.remove(EcnFlags::ECHO_DUE);
        }
        if traffic_class & MASK == CE {
            count(&mut shared.stats.congestion_experienced);
            slot.ecn.insert(EcnFlags::ECHO_DUE);
        }
    }
    if seg.has(Control::ECE) && seg.has(Control::ACK) && !seg.has(Control::SYN) {
        slot.on_echo(shared, seg);
    }
}

fn mark(slot: &mut Slot, fields: &mut Fields, new: u32) -> u8 {
    fields.flags.set(Control::ECE, slot.ecn.contains(EcnFlags::ECHO_DUE));
    if new == 0 {
        // §6.1.4 to §6.1.6: ACKs, retransmissions and probes must not be marked instead of dropped.
        return slot.traffic_class;
    }
    fields.flags.set(Control::CWR, slot.ecn.contains(EcnFlags::CWR_DUE));
    slot.traffic_class | ECT_0
}

impl Slot {
    /// What the user set.
    pub(crate) fn ecn_wish(&self) -> Ecn {
        if self.ecn.contains(EcnFlags::OFF) {
            Ecn::Off
        } else if self.ecn.contains(EcnFlags::REQUEST) {
            Ecn::Request
        } else {
            Ecn::Accept
        }
    }

    /// §6.1.2: the window was reduced, for whatever reason. The next new data say so, and what was marked until now is
    /// answered by it.
    pub(crate) fn on_window_reduced(&mut self) {
        if self.ecn.contains(EcnFlags::AGREED) {
            self.cwr_end = self.snd_nxt();
            self.ecn.insert(EcnFlags::CWR_DUE | EcnFlags::CWR_SENT);
        }
    }

    /// §6.1.2: as for one loss, once a window. No window grows by an ACK that carries an echo.
    fn on_echo(&mut self, shared: &mut Shared<'_>, seg: &Segment<'_>) {
        let is_valid = seg.ack.ge(self.snd_una) && seg.ack.le(self.snd_nxt());
        if !is_valid {
            return;
        }
        self.ecn.insert(EcnFlags::ECHO_HEARD);
        // Congested it is: no reduction is taken back.
        self.repair.marks.remove(Marks::UNDO);
        // The window is being reduced for a loss, or was within this window of data.
        let reduced = self.flags.intersects(Flags::FAST_RECOVERY | Flags::TIMEOUT_RECOVERY)
            || (self.ecn.contains(EcnFlags::CWR_SENT) && seg.ack.le(self.cwr_end));
        if reduced || self.flight_size() == 0 {
            return;
        }
        count(&mut shared.stats.congestion_echoes);
        let loss = Loss { flight_size: self.flight_size(), smss: self.mss(), now: shared.now };
        shared.congestion.on_echo(shared.words_mut(), &loss);
        self.on_window_reduced();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // conf: TCP-ECN-02, TCP-ECN-04
    #[test]
    fn only_the_two_setups_agree_on_ecn() {
        let none = Control::empty();
        // Control bits of a SYN and of a SYN-ACK, whether they are a setup
        for (bits, syn, syn_ack) in [
            (none, false, false),
            (Control::ECE, false, true),
            (Control::CWR, false, false),
            (BOTH, true, false),
        ] {
            assert_eq!(offer(Control::SYN | bits, Ecn::Accept) == Offers::ECN, syn, "{bits:?}");
            assert_eq!(is_agreed(Control::SYN | Control::ACK | bits), syn_ack, "{bits:?}");
        }
        assert_eq!(offer(BOTH, Ecn::Off), Offers::empty());
        assert_eq!(offer(BOTH, Ecn::Request), Offers::ECN);
    }
}
