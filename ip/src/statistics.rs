//! Counters of the IP layer: every packet that is dropped is counted here, with its reason.

/// Counters of all interfaces together, in packets unless said otherwise; they wrap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Statistics {
    // Received.
    /// IPv4 packets received.
    pub received_v4: u32,
    /// IPv6 packets received.
    pub received_v6: u32,
    /// Offered to the transports, replies and rejects included.
    pub delivered: u32,
    /// Dropped: no IP, ARP, or a family left out of this build.
    pub unknown_ether_type: u32,
    /// Dropped: version or a length is wrong, or octets are missing.
    pub malformed: u32,
    /// Dropped: the IPv4 header checksum is wrong.
    pub bad_checksum: u32,
    /// Dropped: the source names no host: RFC 1122 §3.2.1.3, RFC 4291 §2.
    pub martian_source: u32,
    /// Dropped: the destination must not be on a wire.
    pub martian_destination: u32,
    /// Dropped: one of our own addresses as source.
    pub own_source: u32,
    /// Dropped: for another host or a group that was not joined.
    pub not_for_us: u32,
    /// Dropped: sent to all stations of the link, but to one IP address: RFC 1122 §3.3.6.
    pub cast_mismatch: u32,
    /// Dropped: an IPv4 option has a wrong length.
    pub bad_option: u32,
    /// Dropped: an IPv4 source route, which RFC 7126 §4.3 advises to refuse.
    pub source_routed: u32,
    /// Dropped: an IPv6 extension header is wrong, or says that the packet be dropped.
    pub bad_extension: u32,
    /// Dropped: nothing follows the IPv6 extension headers (No Next Header).
    pub no_next_header: u32,
    /// Dropped: a fragment, and reassembly is left out of this build or has no memory.
    pub fragment_refused: u32,
    /// Fragments given to reassembly; see its own counters for what became of them.
    pub fragments: u32,
    /// Dropped: no transport knows the protocol.
    pub unknown_protocol: u32,
    /// Refused by a transport.
    pub rejected: u32,
    // Replies.
    /// Replies sent in place.
    pub replied: u32,
    /// Replies dropped: the transmitter had no room.
    pub reply_full: u32,
    /// Replies dropped: larger than the segment, or than the MTU and no fragment buffer was free.
    pub reply_too_big: u32,
    /// Replies dropped: the packet was for a group or for all.
    pub reply_refused: u32,
    // ICMP and neighbours.
    /// ICMP errors received about packets of ours, and told to the transports.
    pub errors_received: u32,
    /// ICMP messages dropped: checksum wrong.
    pub icmp_bad_checksum: u32,
    /// ICMP errors dropped: they quote no packet of ours, or too little of it, or the host was given without this
    /// duty ([`Duties::with_errors`](crate::Duties::with_errors)).
    pub errors_ignored: u32,
    /// ICMP errors sent.
    pub errors_sent: u32,
    /// ICMP errors not sent because the RFCs forbid it (RFC 1122 §3.2.2, RFC 4443 §2.4 (e)), or because the host was
    /// given without this duty ([`Duties::with_refusals`](crate::Duties::with_refusals)).
    pub errors_suppressed: u32,
    /// ICMP errors not sent because of the rate limit.
    pub errors_limited: u32,
    /// ICMP errors not sent because the transmitter had no room or we no address to send from.
    pub errors_unsent: u32,
    /// ARP packets received.
    pub arp_received: u32,
    /// ARP packets dropped unread: the link is no Ethernet. For others see
    /// [`Ip::arp_statistics`](crate::Ip::arp_statistics).
    pub arp_dropped: u32,
    /// Neighbour discovery messages received.
    pub nd_received: u32,
    /// Neighbour discovery messages dropped unread: the link has no neighbours. For others see
    /// [`Ip::nd_statistics`](crate::Ip::nd_statistics).
    pub nd_dropped: u32,
    /// Answers to ARP requests and Neighbor Solicitations that were sent.
    pub neighbour_answers: u32,
    /// ARP requests and Neighbor Solicitations sent.
    pub solicitations: u32,
    /// Announcements of own addresses sent.
    pub announcements: u32,
    /// ARP and neighbour discovery messages that the link did not take.
    pub neighbour_unsent: u32,
    /// Other stations that used an own address.
    pub address_conflicts: u32,
    // Sent.
    /// Packets sent for transports, in one piece.
    pub sent: u32,
    /// Fragments sent.
    pub fragments_sent: u32,
    /// Sends refused: the link, or all fragment buffers, were full.
    pub send_full: u32,
    /// Sends refused: the next hop was being resolved.
    pub send_resolving: u32,
    /// Sends refused: too big.
    pub send_too_big: u32,
    /// Sends refused: no way to the destination.
    pub send_unreachable: u32,
    // The rest.
    /// Events lost because nobody took them.
    pub events_lost: u32,
    /// Links beyond the table of interfaces, counted each turn.
    pub links_ignored: u32,
}

impl Statistics {
    /// All counters with their names.
    #[must_use]
    pub fn counters(&self) -> [(&'static str, u32); 47] {
        [
            ("received_v4", self.received_v4),
            ("received_v6", self.received_v6),
            ("delivered", self.delivered),
            ("unknown_ether_type", self.unknown_ether_type),
            ("malformed", self.malformed),
            ("bad_checksum", self.bad_checksum),
            ("martian_source", self.martian_source),
            ("martian_destination", self.martian_destination),
            ("own_source", self.own_source),
            ("not_for_us", self.not_for_us),
            ("cast_mismatch", self.cast_mismatch),
            ("bad_option", self.bad_option),
            ("source_routed", self.source_routed),
            ("bad_extension", self.bad_extension),
            ("no_next_header", self.no_next_header),
            ("fragment_refused", self.fragment_refused),
            ("fragments", self.fragments),
            ("unknown_protocol", self.unknown_protocol),
            ("rejected", self.rejected),
            ("replied", self.replied),
            ("reply_full", self.reply_full),
            ("reply_too_big", self.reply_too_big),
            ("reply_refused", self.reply_refused),
            ("errors_received", self.errors_received),
            ("icmp_bad_checksum", self.icmp_bad_checksum),
            ("errors_ignored", self.errors_ignored),
            ("errors_sent", self.errors_sent),
            ("errors_suppressed", self.errors_suppressed),
            ("errors_limited", self.errors_limited),
            ("errors_unsent", self.errors_unsent),
            ("arp_received", self.arp_received),
            ("arp_dropped", self.arp_dropped),
            ("nd_received", self.nd_received),
            ("nd_dropped", self.nd_dropped),
            ("neighbour_answers", self.neighbour_answers),
            ("solicitations", self.solicitations),
            ("announcements", self.announcements),
            ("neighbour_unsent", self.neighbour_unsent),
            ("address_conflicts", self.address_conflicts),
            ("sent", self.sent),
            ("fragments_sent", self.fragments_sent),
            ("send_full", self.send_full),
            ("send_resolving", self.send_resolving),
            ("send_too_big", self.send_too_big),
            ("send_unreachable", self.send_unreachable),
            ("events_lost", self.events_lost),
            ("links_ignored", self.links_ignored),
        ]
    }
}

/// Adds one; counters wrap.
pub(crate) fn count(counter: &mut u32) {
    *counter = counter.wrapping_add(1);
}
