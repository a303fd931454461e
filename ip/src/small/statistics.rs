//! Counters of a small host: every packet that is dropped is counted here, with its reason.

/// Counters of [`SmallIp`](super::SmallIp), in packets unless said otherwise; they wrap. The names are those of
/// [`Statistics`](crate::Statistics), which has more.
// In this order, what every build counts is within the reach of short instructions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
#[repr(C)]
pub struct Statistics {
    /// IPv4 packets received.
    pub received_v4: u32,
    /// Offered to the transports, replies and rejects included.
    pub delivered: u32,
    /// Dropped: no IP, ARP, or a family left out of this build.
    pub unknown_ether_type: u32,
    /// Dropped: version or a length is wrong, or octets are missing.
    pub malformed: u32,
    /// Dropped: the IPv4 header checksum is wrong.
    pub bad_checksum: u32,
    /// Dropped: the source names no host, or is ours: RFC 1122 §3.2.1.3, RFC 4291 §2.
    pub martian_source: u32,
    /// Dropped: for another host or a group that was not joined.
    pub not_for_us: u32,
    /// Dropped: sent to all stations of the link, but to one IP address: RFC 1122 §3.3.6.
    pub cast_mismatch: u32,
    /// Dropped: a fragment, and there is no memory for fragments, or it is one of IPv6.
    pub fragment_refused: u32,
    /// Dropped: no transport knows the protocol, or the ICMP message, such as an ICMPv4 error.
    pub unknown_protocol: u32,
    /// Refused by a transport.
    pub rejected: u32,
    /// Dropped: ICMPv6 errors.
    pub errors_ignored: u32,
    /// ICMP errors sent.
    pub errors_sent: u32,
    /// ICMP errors not sent because the RFCs forbid it: RFC 1122 §3.2.2, RFC 4443 §2.4 (e).
    pub errors_suppressed: u32,
    /// ICMP errors not sent because of the rate limit.
    pub errors_limited: u32,
    /// ICMP errors not sent because the transmitter had no room.
    pub errors_unsent: u32,
    /// ARP packets received.
    pub arp_received: u32,
    /// Dropped: ARP packets that are none for IPv4 over Ethernet, or come from no station.
    pub arp_dropped: u32,
    /// Other stations that used an own address.
    pub address_conflicts: u32,
    /// Answers to ARP requests and Neighbor Solicitations that were sent.
    pub neighbour_answers: u32,
    /// ARP requests and Neighbor Solicitations sent.
    pub solicitations: u32,
    /// ARP and neighbour discovery messages that the link did not take, or that have no source.
    pub neighbour_unsent: u32,
    /// Packets sent for transports, in one piece, replies and ICMP errors included.
    pub sent: u32,
    /// Sends refused: the link, or the memory for fragments, was full.
    pub send_full: u32,
    /// Sends refused: the next hop was being resolved.
    pub send_resolving: u32,
    /// Sends refused: too big.
    pub send_too_big: u32,
    /// Sends refused: no way to the destination.
    pub send_unreachable: u32,
    /// Replies sent in place.
    pub replied: u32,
    /// Replies dropped: the transmitter had no room.
    pub reply_full: u32,
    /// Replies dropped: larger than the MTU.
    pub reply_too_big: u32,
    /// Replies dropped: larger than the segment, or the packet was for a group or for all.
    pub reply_refused: u32,
    /// Fragments given to reassembly; see its own counters for what became of them.
    pub fragments: u32,
    /// Fragments sent.
    pub fragments_sent: u32,
    /// IPv6 packets received.
    pub received_v6: u32,
    /// Dropped: an IPv6 extension header is wrong, or says that the packet be dropped.
    pub bad_extension: u32,
    /// Dropped: ICMPv6 messages with a wrong checksum.
    pub icmp_bad_checksum: u32,
    /// Neighbour discovery messages received.
    pub nd_received: u32,
    /// Dropped: neighbour discovery messages that are wrong, or not for hosts.
    pub nd_dropped: u32,
}

impl Statistics {
    /// All counters with their names.
    #[must_use]
    pub fn counters(&self) -> [(&'static str, u32); 38] {
        [
            ("received_v4", self.received_v4),
            ("delivered", self.delivered),
            ("unknown_ether_type", self.unknown_ether_type),
            ("malformed", self.malformed),
            ("bad_checksum", self.bad_checksum),
            ("martian_source", self.martian_source),
            ("not_for_us", self.not_for_us),
            ("cast_mismatch", self.cast_mismatch),
            ("fragment_refused", self.fragment_refused),
            ("unknown_protocol", self.unknown_protocol),
            ("rejected", self.rejected),
            ("errors_ignored", self.errors_ignored),
            ("errors_sent", self.errors_sent),
            ("errors_suppressed", self.errors_suppressed),
            ("errors_limited", self.errors_limited),
            ("errors_unsent", self.errors_unsent),
            ("arp_received", self.arp_received),
            ("arp_dropped", self.arp_dropped),
            ("address_conflicts", self.address_conflicts),
            ("neighbour_answers", self.neighbour_answers),
            ("solicitations", self.solicitations),
            ("neighbour_unsent", self.neighbour_unsent),
            ("sent", self.sent),
            ("send_full", self.send_full),
            ("send_resolving", self.send_resolving),
            ("send_too_big", self.send_too_big),
            ("send_unreachable", self.send_unreachable),
            ("replied", self.replied),
            ("reply_full", self.reply_full),
            ("reply_too_big", self.reply_too_big),
            ("reply_refused", self.reply_refused),
            ("fragments", self.fragments),
            ("fragments_sent", self.fragments_sent),
            ("received_v6", self.received_v6),
            ("bad_extension", self.bad_extension),
            ("icmp_bad_checksum", self.icmp_bad_checksum),
            ("nd_received", self.nd_received),
            ("nd_dropped", self.nd_dropped),
        ]
    }
}
