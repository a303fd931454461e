//! The passive handshake: LISTEN (RFC 9293 §3.10.7.2) and SYN-RECEIVED out of it, in the SYN table.
//!
//! A connection with buffers begins only when the last ACK of the handshake has come. What cannot be kept is
//! dropped without an answer, so that the peer tries again.

use crate::addresses::Packed;
use crate::config;
use crate::cookie::Promoted;
use crate::ecn::{self, EcnFlags};
use crate::emit::send_syn;
use crate::engine::Tcp;
use crate::events;
use crate::isn;
use crate::options::{syn_options, Answer, OptionArea, SynOffer};
use crate::output::Visit;
use crate::records::Records;
use crate::segment::Segment;
use crate::segment_arrives::shift_for;
use crate::seq::{acceptable, SeqNum};
use crate::statistics::count;
use crate::syn_table::{Offers, SynEntry, NOT_SCALED};
use crate::tcb::Flags;
use core::net::IpAddr;
use tersus_ip::{InFlags, IpLayer, IpMeta, OutFlags, Outgoing, Path, SendError, Source};
use tersus_wire::tcp::{Fields, Flags as Control, Options, Timestamps};
use tersus_wire::IpProtocol;

impl Tcp<'_> {
    /// §3.10.7.2. `above`: the sequence number that our new one must exceed, RFC 9293 §3.6.1 MAY-2.
    pub(crate) fn in_listen(
        &mut self,
        packet: &IpMeta<'_>,
        seg: &mut Segment<'_>,
        hash: u32,
        listener: u16,
        above: Option<SeqNum>,
    ) -> Option<Answer> {
        // First, RST; second, ACK; third, SYN; fourth, anything else.
        if seg.has(Control::RST) {
            count(&mut self.shared.stats.resets_ignored);
            return None;
        }
        if seg.has(Control::ACK) {
            return self.on_ack_in_listen(packet, seg, hash);
        }
        if !seg.has(Control::SYN) {
            count(&mut self.shared.stats.no_ack);
            return None;
        }
        count(&mut self.shared.stats.syns_received);
        self.on_syn(packet, seg, hash, listener, above)
    }

    /// An ACK for nothing that we sent, unless it brings a cookie back.
    fn on_ack_in_listen(&mut self, packet: &IpMeta<'_>, seg: &mut Segment<'_>, hash: u32) -> Option<Answer> {
        let promoted = self.cookies.map_or(Promoted::No, |cookies| (cookies.on_ack)(self, packet, seg, hash));
        match promoted {
            Promoted::Yes(connection) => self.on_segment_of(connection, packet, seg),
            Promoted::Later => None,
            Promoted::No => {
                count(&mut self.shared.stats.bad_ack);
                Some(self.reset(seg))
            }
        }
    }

    /// A SYN to a listener becomes an entry of the SYN table, or is answered with a cookie.
    fn on_syn(
        &mut self,
        packet: &IpMeta<'_>,
        seg: &Segment<'_>,
        hash: u32,
        index: u16,
        above: Option<SeqNum>,
    ) -> Option<Answer> {
        let (source, destination) = (packet.addresses.source(), packet.addresses.destination());
        if !is_possible_peer(source, packet) || (source == destination && is_one_port(seg.ports)) {
            count(&mut self.shared.stats.bad_source);
            return None;
        }
        let Ok(options) = Options::parse(seg.options) else {
            count(&mut self.shared.stats.malformed);
            return None;
        };
        let addresses = Packed::new(&packet.addresses);
        let peer_mss = options.mss.unwrap_or(default_mss(addresses.family));
        let listener = self.listeners.at(index)?;
        if !self.syns.has_room() || !listener.has_room() {
            // A cookie has no place for numbers above those of a connection that was.
            if let (Some(cookies), None, true) = (self.cookies, above, listener.len < listener.backlog) {
                return (cookies.on_syn)(self, packet, seg, &options);
            }
            count(if listener.has_room() {
                &mut self.shared.stats.syn_no_room
            } else {
                &mut self.shared.stats.syn_backlog
            });
            return None;
        }
        listener.pending += 1;
        let wish = listener.options.ecn;
        let wanted =
            self.shared.timestamps.is_some() && listener.options.timestamps == config::Timestamps::On;
        let timestamps = options.timestamps.filter(|_| wanted);
        let mut offers = self.shared.duties.ecn.map_or(Offers::empty(), |ecn| (ecn.offer)(seg.control, wish));
        offers.set(Offers::SACK, options.sack_permitted);
        offers.set(Offers::TIMESTAMPS, timestamps.is_some());
        let (iss, _) = isn::initial(&self.shared.random, packet.now, &addresses, seg.ports);
        let entry = SynEntry {
            addresses,
            ports: seg.ports,
            hash: u16::try_from(hash >> 16).unwrap_or(0),
            irs: seg.seq,
            iss: match above {
                Some(snd_nxt) if !iss.gt(snd_nxt) => snd_nxt + (1 << 16),
                _ => iss,
            },
            ts_recent: timestamps.map_or(0, |timestamps| timestamps.value),
            peer_mss,
            listener: index,
            shift: options.window_scale.map_or(NOT_SCALED, |shift| shift.min(14)),
            interface: packet.interface.0,
            offers,
            ..SynEntry::FREE
        };
        self.syns.insert(entry, packet.now);
        None
    }

    /// §3.10.7.4 for SYN-RECEIVED after a passive OPEN.
    pub(crate) fn in_syn_received(
        &mut self,
        id: u16,
        packet: &IpMeta<'_>,
        seg: &mut Segment<'_>,
    ) -> Option<Answer> {
        let entry = *self.syns.get(id)?;
        let rcv_nxt = entry.irs + 1;
        let rcv_wnd = self.syn_window(&entry);
        // A repeated SYN is answered by a repeated SYN-ACK; it never opens a second connection.
        if seg.has(Control::SYN) && !seg.has(Control::ACK) && !seg.has(Control::RST) && seg.seq == entry.irs {
            count(&mut self.shared.stats.syns_duplicate);
            if !seg.control.contains(ecn::SETUP) {
                // The peer no longer asks for ECN: RFC 3168 §6.1.1.
                if let Some(entry) = self.syns.get(id) {
                    entry.offers.remove(Offers::ECN);
                }
            }
            if self.syns.get(id).is_some_and(|entry| entry.tries > 0 && entry.may_challenge()) {
                self.syns.set_due(id, packet.now);
            }
            return None;
        }
        // First, the sequence number; second, RST.
        if seg.has(Control::RST) {
            if seg.seq == rcv_nxt {
                // Back to LISTEN, and nobody is told.
                count(&mut self.shared.stats.resets_received);
                self.remove_syn(id);
                return None;
            }
            count(&mut self.shared.stats.resets_ignored);
            // RFC 5961 §3.2: in all states but SYN-SENT.
            let is_inside = acceptable(rcv_nxt, rcv_wnd.into(), seg.seq, 0);
            return if is_inside { self.challenge_of_syn(id) } else { None };
        }
        if entry.offers.contains(Offers::TIMESTAMPS) && !seg.has(Control::SYN) {
            // Whether they are old shows when the connection is there: nothing older than its SYN is.
            let found = self.shared.timestamps.and_then(|duty| (duty.find)(seg.options));
            if found.is_none() {
                count(&mut self.shared.stats.timestamps_missing);
                return None;
            }
        }
        if !acceptable(rcv_nxt, rcv_wnd.into(), seg.seq, seg.len()) || seg.has(Control::SYN) {
            count(&mut self.shared.stats.not_acceptable);
            return self.challenge_of_syn(id);
        }
        // Fifth, the ACK field.
        if !seg.has(Control::ACK) {
            count(&mut self.shared.stats.no_ack);
            return None;
        }
        if seg.ack != entry.iss + 1 {
            count(&mut self.shared.stats.bad_ack);
            return Some(self.reset(seg));
        }
        let Some(connection) = self.promote(&entry, packet, seg) else {
            // The entry stays: the peer's data, or our SYN-ACK, will bring the ACK again.
            count(&mut self.shared.stats.accept_no_room);
            return None;
        };
        self.remove_syn(id);
        if self.has_no_more(connection, seg) {
            self.settle_after_segment(connection);
            return None;
        }
        self.on_segment_of(connection, packet, seg)
    }

    /// Whether a segment is the last ACK of a handshake and nothing else: all that it says is in the new connection.
    fn has_no_more(&self, connection: u16, seg: &Segment<'_>) -> bool {
        let slot = self.slots.get(usize::from(connection));
        // Where flash is short, that it takes no more steps is no reason for more code.
        cfg!(not(target_pointer_width = "32"))
            && seg.control.difference(Control::PSH) == Control::ACK
            && seg.options.is_empty()
            && seg.payload.is_empty()
            && self.shared.pacing.is_none()
            && self.shared.growing.is_none()
            && slot.is_some_and(|slot| slot.rcv_nxt == seg.seq && !slot.ecn.contains(EcnFlags::AGREED))
    }

    /// The ACK of an unacceptable segment: RFC 5961 §4 makes it bring out the truth.
    fn challenge_of_syn(&mut self, id: u16) -> Option<Answer> {
        let entry = self.syns.get(id)?;
        if entry.tries == 0 || !entry.may_challenge() {
            count(&mut self.shared.stats.challenge_limited);
            return None;
        }
        let entry = *entry;
        count(&mut self.shared.stats.challenge_acks);
        let fields = Fields {
            src_port: entry.local_port(),
            dst_port: entry.remote_port(),
            seq: (entry.iss + 1).0,
            ack: (entry.irs + 1).0,
            flags: Control::ACK,
            window: self.syn_window(&entry),
            urgent: 0,
        };
        let options = self.timestamps_of(&entry).map_or(OptionArea::NONE, OptionArea::timestamps);
        Some(Answer { fields, options })
    }

    /// The timestamps of a segment that leaves now, if both sides want them.
    fn timestamps_of(&mut self, entry: &SynEntry) -> Option<Timestamps> {
        let duty = self.shared.timestamps.filter(|_| entry.offers.contains(Offers::TIMESTAMPS))?;
        Some((duty.stamp)(&mut self.shared, &entry.addresses, entry.ports, entry.ts_recent))
    }

    /// The window that a SYN-ACK announces: not scaled, RFC 7323 §2.2.
    fn syn_window(&mut self, entry: &SynEntry) -> u16 {
        let size = self.receive_buffer(entry);
        self.shared.syn_window(size)
    }

    fn receive_buffer(&mut self, entry: &SynEntry) -> u32 {
        let class = self.listeners.at(entry.listener).map_or(0, |l| l.options.class);
        self.classes.get(usize::from(class)).map_or(0, |c| c.receive)
    }

    /// Removes a half-open connection.
    fn remove_syn(&mut self, id: u16) {
        let Some(entry) = self.syns.get(id) else { return };
        let listener = entry.listener;
        self.syns.remove(id);
        if let Some(listener) = self.listeners.at(listener) {
            listener.pending = listener.pending.saturating_sub(1);
        }
    }

    /// The handshake is complete: a connection is made of the entry, and stands in the accept queue.
    pub(crate) fn promote(
        &mut self,
        entry: &SynEntry,
        packet: &IpMeta<'_>,
        seg: &Segment<'_>,
    ) -> Option<u16> {
        let options = self.listeners.at(entry.listener)?.options;
        let path = if self.is_recent(entry) {
            self.recent
        } else {
            // What every path carries, or every host takes, when none of our segments has left yet.
            let mtu = match (entry.mtu, entry.addresses.family) {
                (0, 6) => 1280,
                (0, _) => 576,
                (mtu, _) => mtu,
            };
            Path::new(entry.local(), entry.remote(), entry.interface(), mtu)?
        };
        let new = self.allocate(&options)?;
        // The index has two cells for each connection: it cannot be full.
        let indexed = self.index.insert(entry.hash(), new);
        debug_assert!(indexed.is_ok());
        let (tcb, shared) = self.connection(new)?;
        tcb.flags.insert(Flags::IN_QUEUE | Flags::IN_INDEX);
        tcb.flags.set(Flags::SCALED, entry.peer_shift().is_some());
        tcb.ecn.set(EcnFlags::AGREED, entry.offers.contains(Offers::ECN));
        let sack = entry.offers.contains(Offers::SACK) && shared.duties.sack.is_some();
        tcb.flags.set(Flags::SACK_OK, sack);
        tcb.path = path;
        tcb.ports = entry.ports;
        tcb.listener = entry.listener;
        tcb.peer_mss = entry.peer_mss;
        (tcb.iss, tcb.snd_una, tcb.snd_mark) = (entry.iss, entry.iss + 1, entry.iss);
        tcb.records = Records::new(entry.iss + 1);
        tcb.rcv_nxt = entry.irs + 1;
        tcb.rcv_edge = tcb.rcv_nxt + shared.syn_window(tcb.rx.size()).into();
        tcb.snd_wl1 = seg.seq;
        if let Some(shift) = entry.peer_shift() {
            tcb.snd_shift = shift;
            tcb.rcv_shift = shift_for(tcb.rx.size());
        }
        tcb.snd_wnd = u32::from(seg.window) << tcb.snd_shift;
        tcb.max_snd_wnd = tcb.snd_wnd;
        if entry.offers.contains(Offers::TIMESTAMPS) {
            tcb.flags.insert(Flags::TIMESTAMPS);
            (_, tcb.ts_offset) = isn::hash(&shared.random, &entry.addresses, entry.ports);
            tcb.set_ts_recent(entry.ts_recent, packet.now);
        }
        if entry.tries == 1 {
            let [a, b, c, d, ..] = packet.now.micros().to_le_bytes();
            tcb.rtt.on_sample(u32::from_le_bytes([a, b, c, d]).wrapping_sub(entry.sent), 0);
        }
        for _ in 1..entry.tries {
            tcb.rtt.on_timeout();
        }
        tcb.progress = packet.now;
        tcb.establish(shared);
        events::raise(tcb, events::READABLE);
        count(&mut self.shared.stats.opened_passive);
        self.enqueue(new);
        Some(new)
    }

    /// Puts a new connection at the end of its listener's accept queue.
    fn enqueue(&mut self, id: u16) {
        let own = id + 1;
        let Some(slot) = self.slots.get_mut(usize::from(id)) else { return };
        slot.link = 0;
        let Some(listener) = self.listeners.at(slot.listener) else { return };
        listener.len += 1;
        if let Some(waiting) = &mut self.waiting {
            (waiting.accept)(waiting, slot.listener);
        }
        let tail = listener.tail;
        listener.tail = own;
        if tail == 0 {
            listener.head = own;
        } else if let Some(last) = self.slots.get_mut(usize::from(tail) - 1) {
            last.link = own;
        }
    }

    /// Sends a SYN-ACK, for the first time or again, or gives the half-open connection up.
    pub(crate) fn send_syn_ack(&mut self, id: u16, ip: &mut dyn IpLayer) -> Visit {
        let now = ip.now();
        let Some(entry) = self.syns.get(id).copied() else { return Visit::Budget };
        let [a, b, c, d, ..] = now.micros().to_le_bytes();
        let micros = u32::from_le_bytes([a, b, c, d]);
        // Modulo 71 minutes, which no half-open connection reaches.
        let age = if entry.tries == 0 { 0 } else { micros.wrapping_sub(entry.sent) };
        if age >= self.shared.limits.half_open {
            count(&mut self.shared.stats.syn_expired);
            self.remove_syn(id);
            return Visit::Budget;
        }
        let sent = self.emit_syn_ack(&entry, ip);
        match sent {
            Err(SendError::Full) => return Visit::Blocked(entry.interface()),
            Err(SendError::Resolving) => return Visit::Resolving,
            Err(_) => count(&mut self.shared.stats.unroutable),
            Ok(mtu) => {
                self.announced_mtu = mtu;
                count(&mut self.shared.stats.segments_sent);
            }
        }
        if entry.tries > 0 {
            count(&mut self.shared.stats.retransmits);
        }
        let tries = entry.tries.saturating_add(1);
        if let Some(entry) = self.syns.get(id) {
            if entry.tries == 0 {
                entry.sent = micros;
            }
            entry.tries = tries;
            entry.mtu = sent.unwrap_or(entry.mtu);
        }
        self.syns.set_due(id, now.plus_micros(self.until_next_syn_ack(age).into()));
        Visit::Done
    }

    /// Time to the next SYN-ACK of a half-open connection: at ages of one RTO, three, seven and so on, whatever answers
    /// to repeated SYNs left between.
    fn until_next_syn_ack(&self, age: u32) -> u32 {
        let (end, rto) = (self.shared.limits.half_open, &self.shared.rto);
        let (mut at, mut step) = (0u32, rto.initial_us);
        while at <= age && at < end {
            at = at.saturating_add(step);
            step = step.saturating_mul(2).min(rto.max_us);
        }
        at.min(end).saturating_sub(age)
    }

    /// Whether the last SYN-ACK went the way that is this entry's as well.
    fn is_recent(&self, entry: &SynEntry) -> bool {
        self.recent.is_interface_fixed()
            && self.recent.interface() == entry.interface()
            && self.recent.matches(&entry.addresses.get())
    }

    /// SYN-ACK with our options; the MTU of the path it took.
    fn emit_syn_ack(&mut self, entry: &SynEntry, ip: &mut dyn IpLayer) -> Result<u16, SendError> {
        if !self.is_recent(entry) {
            let from = Source { address: Some(entry.local()), interface: Some(entry.interface()) };
            self.recent = ip.route(from, entry.remote()).map_err(SendError::Unreachable)?;
        }
        let size = self.receive_buffer(entry);
        let listener = self.listeners.at(entry.listener).map(|l| l.options).unwrap_or_default();
        let offer = SynOffer {
            scale_for: entry.peer_shift().map(|_| size),
            sack: entry.offers.contains(Offers::SACK) && self.shared.duties.sack.is_some(),
            timestamps: self.timestamps_of(entry),
        };
        let options = syn_options(&self.recent, offer);
        let fields = Fields {
            src_port: entry.local_port(),
            dst_port: entry.remote_port(),
            seq: entry.iss.0,
            ack: (entry.irs + 1).0,
            flags: if entry.offers.contains(Offers::ECN) {
                Control::SYN | Control::ACK | Control::ECE
            } else {
                Control::SYN | Control::ACK
            },
            window: self.syn_window(entry),
            urgent: 0,
        };
        let outgoing = Outgoing {
            protocol: IpProtocol::TCP,
            hop_limit: listener.hop_limit,
            traffic_class: listener.traffic_class & 0xfc,
            flags: OutFlags::DONT_FRAGMENT,
        };
        send_syn(ip, &mut self.recent, outgoing, &fields, &options)?;
        if let Some(watch) = self.shared.watch {
            (watch.syn_ack)(&mut self.shared, entry, &fields, &options);
        }
        Ok(self.recent.mtu())
    }
}

/// RFC 9293 §3.7.1 MUST-15.
pub(crate) const fn default_mss(family: u8) -> u16 {
    if family == 6 {
        1220
    } else {
        536
    }
}

fn is_one_port(ports: u32) -> bool {
    ports >> 16 == ports & 0xffff
}

/// Whether a SYN may come from this address: RFC 9293 §3.9.2.3 MUST-63.
fn is_possible_peer(source: IpAddr, packet: &IpMeta<'_>) -> bool {
    let group = match source {
        IpAddr::V4(source) => source.is_multicast() || source.is_broadcast(),
        IpAddr::V6(source) => source.is_multicast(),
    };
    let foreign_loopback = source.is_loopback() && !packet.flags.contains(InFlags::LOOPBACK);
    !group && !source.is_unspecified() && !foreign_loopback
}
