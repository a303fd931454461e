//! What happened, counted with a reason.

/// Counters of a TCP engine. They wrap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Statistics {
    /// Segments taken in, of any kind, with a right checksum.
    pub segments_received: u32,
    /// Segments sent, of any kind, replies in place included.
    pub segments_sent: u32,
    /// Octets of payload delivered in order, modulo 2^32.
    pub octets_received: u32,
    /// Octets of payload sent, retransmissions included, modulo 2^32.
    pub octets_sent: u32,
    /// Segments that header prediction took the short way.
    pub predicted: u32,
    /// Dropped: too short, wrong data offset, or options that contradict their lengths.
    pub malformed: u32,
    /// Dropped: wrong checksum.
    pub bad_checksum: u32,
    /// Dropped: addressed to a group or broadcast address, RFC 9293 §3.9.2.3.
    pub not_unicast: u32,
    /// Dropped: SYN from an address that cannot be a peer, RFC 9293 §3.9.2.3.
    pub bad_source: u32,
    /// Segments for no connection and no listener.
    pub unmatched: u32,
    /// RST sent, in place or by abort.
    pub resets_sent: u32,
    /// Connections ended by a valid RST.
    pub resets_received: u32,
    /// Dropped: RST outside of the window, to a listener, or in TIME-WAIT (RFC 1337).
    pub resets_ignored: u32,
    /// SYNs that reached a listener.
    pub syns_received: u32,
    /// SYNs of a handshake that was already under way.
    pub syns_duplicate: u32,
    /// Dropped: SYN while the SYN table was full.
    pub syn_no_room: u32,
    /// Dropped: SYN while the listener's backlog was full.
    pub syn_backlog: u32,
    /// Half-open connections given up, RFC 9293 §3.8.3.
    pub syn_expired: u32,
    /// SYNs that found no place and were answered with a cookie, RFC 4987 §3.6.
    pub cookies_sent: u32,
    /// Connections that a cookie brought.
    pub cookies_accepted: u32,
    /// Dropped: last ACK of a handshake while no connection or place in the backlog was free.
    pub accept_no_room: u32,
    /// Connections established by `connect`.
    pub opened_active: u32,
    /// Connections established through a listener.
    pub opened_passive: u32,
    /// Dropped: segments outside of the receive window, RFC 9293 §3.10.7.4 first.
    pub not_acceptable: u32,
    /// Dropped: no ACK bit in a state that needs one.
    pub no_ack: u32,
    /// Dropped: ACK of what was never sent, or too old (RFC 5961 §5).
    pub bad_ack: u32,
    /// Dropped: no timestamps on a connection that has agreed on them, RFC 7323 §3.2.
    pub timestamps_missing: u32,
    /// Dropped: a timestamp older than the last, RFC 7323 §5 (PAWS).
    pub timestamps_old: u32,
    /// Challenge ACKs and ACKs of unacceptable segments, sent.
    pub challenge_acks: u32,
    /// Challenge ACKs not sent because of a limit, RFC 5961 §7.
    pub challenge_limited: u32,
    /// Dropped: payload beyond the peer's FIN, or in a state without reception.
    pub data_after_fin: u32,
    /// Segments whose payload had been received before.
    pub data_duplicate: u32,
    /// Segments kept ahead of a gap.
    pub data_out_of_order: u32,
    /// Segments cut at the right edge of the window.
    pub data_beyond_window: u32,
    /// Dropped: segments ahead of a gap while no range was free to note them.
    pub ranges_full: u32,
    /// Connections reset because data came for a released handle, RFC 9293 §3.6.1.
    pub data_unread: u32,
    /// Urgent pointers that told something new, RFC 9293 §3.8.5.
    pub urgent_received: u32,
    /// Calls that marked data as urgent.
    pub urgent_sent: u32,
    /// Duplicate ACKs received, RFC 5681 §2.
    pub duplicate_acks: u32,
    /// SACK blocks ignored: of octets not in flight, or malformed.
    pub sack_ignored: u32,
    /// Segments that report octets that came twice, RFC 2883.
    pub dsacks: u32,
    /// Recoveries entered on duplicate ACKs or SACK.
    pub fast_retransmits: u32,
    /// Tail loss probes sent, RFC 8985 §7.3.
    pub loss_probes: u32,
    /// Losses that nothing but a probe revealed and repaired, RFC 8985 §7.4.2.
    pub loss_probe_repairs: u32,
    /// Reductions of the window taken back, because nothing had been lost.
    pub undone: u32,
    /// Segments sent again, for any reason, SYN and FIN included.
    pub retransmits: u32,
    /// Retransmission timer expirations, RFC 6298 §5.
    pub timeouts: u32,
    /// Zero-window probes sent, RFC 9293 §3.8.6.1.
    pub probes: u32,
    /// Data that came marked CE, RFC 3168.
    pub congestion_experienced: u32,
    /// Windows reduced because the peer echoed such a mark.
    pub congestion_echoes: u32,
    /// Visits that held data back for pacing.
    pub paced: u32,
    /// Keep-alive probes sent, RFC 9293 §3.8.4.
    pub keep_alives: u32,
    /// Connections given up: R2, user timeout or keep-alive.
    pub timed_out: u32,
    /// ICMP errors noted without consequence, RFC 9293 §3.9.2.2.
    pub icmp_soft: u32,
    /// Attempts to connect ended by an ICMP hard error.
    pub icmp_hard: u32,
    /// ICMP errors that lowered a segment size.
    pub icmp_too_big: u32,
    /// ICMP errors that quote nothing in flight here, RFC 5927 §4.
    pub icmp_ignored: u32,
    /// Visits that ended because the device had no room.
    pub blocked: u32,
    /// Visits that ended because the next hop was being resolved.
    pub resolving: u32,
    /// Visits that ended because there was no way to the peer.
    pub unroutable: u32,
    /// TIME-WAIT entries given up early because the table was full.
    pub time_wait_evicted: u32,
    /// TIME-WAIT entries that a new SYN ended, RFC 6191.
    pub time_wait_reused: u32,
}

impl Statistics {
    /// All counters zero.
    pub(crate) const fn new() -> Self {
        Self {
            segments_received: 0,
            segments_sent: 0,
            octets_received: 0,
            octets_sent: 0,
            predicted: 0,
            malformed: 0,
            bad_checksum: 0,
            not_unicast: 0,
            bad_source: 0,
            unmatched: 0,
            resets_sent: 0,
            resets_received: 0,
            resets_ignored: 0,
            syns_received: 0,
            syns_duplicate: 0,
            syn_no_room: 0,
            syn_backlog: 0,
            syn_expired: 0,
            cookies_sent: 0,
            cookies_accepted: 0,
            accept_no_room: 0,
            opened_active: 0,
            opened_passive: 0,
            not_acceptable: 0,
            no_ack: 0,
            bad_ack: 0,
            timestamps_missing: 0,
            timestamps_old: 0,
            challenge_acks: 0,
            challenge_limited: 0,
            data_after_fin: 0,
            data_duplicate: 0,
            data_out_of_order: 0,
            data_beyond_window: 0,
            ranges_full: 0,
            data_unread: 0,
            urgent_received: 0,
            urgent_sent: 0,
            duplicate_acks: 0,
            sack_ignored: 0,
            dsacks: 0,
            fast_retransmits: 0,
            loss_probes: 0,
            loss_probe_repairs: 0,
            undone: 0,
            retransmits: 0,
            timeouts: 0,
            probes: 0,
            congestion_experienced: 0,
            congestion_echoes: 0,
            paced: 0,
            keep_alives: 0,
            timed_out: 0,
            icmp_soft: 0,
            icmp_hard: 0,
            icmp_too_big: 0,
            icmp_ignored: 0,
            blocked: 0,
            resolving: 0,
            unroutable: 0,
            time_wait_evicted: 0,
            time_wait_reused: 0,
        }
    }

    /// All counters by name, in the order of the fields.
    #[must_use]
    pub fn counters(&self) -> [(&'static str, u32); 62] {
        [
            ("segments_received", self.segments_received),
            ("segments_sent", self.segments_sent),
            ("octets_received", self.octets_received),
            ("octets_sent", self.octets_sent),
            ("predicted", self.predicted),
            ("malformed", self.malformed),
            ("bad_checksum", self.bad_checksum),
            ("not_unicast", self.not_unicast),
            ("bad_source", self.bad_source),
            ("unmatched", self.unmatched),
            ("resets_sent", self.resets_sent),
            ("resets_received", self.resets_received),
            ("resets_ignored", self.resets_ignored),
            ("syns_received", self.syns_received),
            ("syns_duplicate", self.syns_duplicate),
            ("syn_no_room", self.syn_no_room),
            ("syn_backlog", self.syn_backlog),
            ("syn_expired", self.syn_expired),
            ("cookies_sent", self.cookies_sent),
            ("cookies_accepted", self.cookies_accepted),
            ("accept_no_room", self.accept_no_room),
            ("opened_active", self.opened_active),
            ("opened_passive", self.opened_passive),
            ("not_acceptable", self.not_acceptable),
            ("no_ack", self.no_ack),
            ("bad_ack", self.bad_ack),
            ("timestamps_missing", self.timestamps_missing),
            ("timestamps_old", self.timestamps_old),
            ("challenge_acks", self.challenge_acks),
            ("challenge_limited", self.challenge_limited),
            ("data_after_fin", self.data_after_fin),
            ("data_duplicate", self.data_duplicate),
            ("data_out_of_order", self.data_out_of_order),
            ("data_beyond_window", self.data_beyond_window),
            ("ranges_full", self.ranges_full),
            ("data_unread", self.data_unread),
            ("urgent_received", self.urgent_received),
            ("urgent_sent", self.urgent_sent),
            ("duplicate_acks", self.duplicate_acks),
            ("sack_ignored", self.sack_ignored),
            ("dsacks", self.dsacks),
            ("fast_retransmits", self.fast_retransmits),
            ("loss_probes", self.loss_probes),
            ("loss_probe_repairs", self.loss_probe_repairs),
            ("undone", self.undone),
            ("retransmits", self.retransmits),
            ("timeouts", self.timeouts),
            ("probes", self.probes),
            ("congestion_experienced", self.congestion_experienced),
            ("congestion_echoes", self.congestion_echoes),
            ("paced", self.paced),
            ("keep_alives", self.keep_alives),
            ("timed_out", self.timed_out),
            ("icmp_soft", self.icmp_soft),
            ("icmp_hard", self.icmp_hard),
            ("icmp_too_big", self.icmp_too_big),
            ("icmp_ignored", self.icmp_ignored),
            ("blocked", self.blocked),
            ("resolving", self.resolving),
            ("unroutable", self.unroutable),
            ("time_wait_evicted", self.time_wait_evicted),
            ("time_wait_reused", self.time_wait_reused),
        ]
    }
}

/// Adds one.
pub(crate) fn count(counter: &mut u32) {
    *counter = counter.wrapping_add(1);
}

/// Adds `amount`, modulo 2^32.
pub(crate) fn add(counter: &mut u32, amount: usize) {
    let amount = u32::try_from(amount).unwrap_or(u32::MAX);
    *counter = counter.wrapping_add(amount);
}
