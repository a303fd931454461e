//! What comes in: datagrams and ICMP errors.

use crate::recv::cast_flags;
use crate::slot::{Flags, Slot};
use crate::statistics::count;
use crate::table::Flow;
use crate::{Cause, Handle, SocketError, Udp};
use core::net::SocketAddr;
use tersus_ip::queue::Label;
use tersus_ip::{Addresses, Cast, IcmpError, IpMeta, Quoted, Reject, RxChecksum, Verdict};
use tersus_wire::checksum::{copy_and_sum, Sum};
use tersus_wire::udp;

/// What a datagram's checksum still needs.
#[derive(Debug, Clone, Copy)]
enum Check {
    /// Nothing: it was verified.
    Done,
    /// There is none.
    Absent,
    /// Right if this, the sum of pseudo-header and header, and the payload's are right together.
    Payload(Sum),
}

impl Udp<'_> {
    /// Takes a datagram, RFC 768 and RFC 1122 §4.1.3.
    #[cfg_attr(target_pointer_width = "32", inline)]
    #[cfg_attr(not(target_pointer_width = "32"), inline(always))]
    pub(crate) fn on_datagram(&mut self, packet: &IpMeta<'_>, segment: &mut [u8]) -> Verdict {
        count(&mut self.statistics.received);
        let Ok((header, payload)) = udp::split_mut(segment) else {
            count(&mut self.statistics.malformed);
            return Verdict::Done;
        };
        // Where flash is short, the common way is no reason for more code.
        if cfg!(target_pointer_width = "32") {
            return self.on_datagram_of_any_kind(packet, header, payload);
        }
        if self.deliver_plain(packet, header, payload) {
            return Verdict::Done;
        }
        // A copy, so that the short way needs none in memory.
        let packet = *packet;
        self.on_datagram_of_any_kind(&packet, header, payload)
    }

    /// Takes a datagram as most are: to this host alone, with a checksum, for the only socket of its port, which takes
    /// all. Says whether; if it is none, or there is no room, nothing is done.
    #[inline(always)]
    fn deliver_plain(&mut self, packet: &IpMeta<'_>, header: udp::Header<'_>, payload: &[u8]) -> bool {
        let (port, number) = self.sole;
        if port != header.dst_port() || packet.cast != Cast::Unicast || header.checksum().is_none() {
            return false;
        }
        let Some(slot) = self.slots.get_mut(usize::from(number)) else { return false };
        if !slot.takes_all() {
            return false;
        }
        let Some(region) = self.rx.get(number) else { return false };
        let label = || Label {
            port: header.src_port().unwrap_or(0),
            interface: Some(packet.interface),
            hop_limit: packet.hop_limit,
            traffic_class: packet.traffic_class,
            flags: cast_flags(Cast::Unicast),
        };
        // One of each family, in which the compiler knows it.
        let delivered = match packet.addresses {
            Addresses::V4(octets) => deliver_behind(
                slot,
                region,
                label,
                Addresses::V4(octets),
                header,
                payload,
                packet.rx.checksum,
            ),
            Addresses::V6(octets) => deliver_behind(
                slot,
                region,
                label,
                Addresses::V6(octets),
                header,
                payload,
                packet.rx.checksum,
            ),
        };
        match delivered {
            None => return false,
            Some(true) => count(&mut self.statistics.delivered),
            Some(false) => count(&mut self.statistics.bad_checksum),
        }
        true
    }

    /// Takes a datagram of any kind.
    #[cfg_attr(not(target_pointer_width = "32"), inline(never))]
    fn on_datagram_of_any_kind(
        &mut self,
        packet: &IpMeta<'_>,
        header: udp::Header<'_>,
        payload: &[u8],
    ) -> Verdict {
        let check = if header.checksum().is_none() {
            // RFC 1122 §4.1.3.4; RFC 8200 §8.1 for IPv6.
            if let Addresses::V6(_) = packet.addresses {
                count(&mut self.statistics.no_checksum);
                return Verdict::Done;
            }
            Check::Absent
        } else if packet.rx.checksum == RxChecksum::Unknown {
            Check::Payload(header.sum(packet.addresses.pseudo_sum()))
        } else {
            Check::Done
        };
        let flow = Flow {
            addresses: packet.addresses,
            local_port: header.dst_port(),
            remote_port: header.src_port().unwrap_or(0),
            interface: Some(packet.interface),
        };
        let label = Label {
            port: flow.remote_port,
            interface: flow.interface,
            hop_limit: packet.hop_limit,
            traffic_class: packet.traffic_class,
            flags: cast_flags(packet.cast),
        };
        if packet.cast == Cast::Unicast {
            if let Some(index) = self.best(&flow) {
                self.deliver(index, &flow, &label, payload, check);
                return Verdict::Done;
            }
        }
        self.deliver_otherwise(flow, label, payload, check)
    }

    /// Takes a datagram to a group, which goes to every socket that it fits, or one that fits none: then only who sent
    /// it to us alone is told, RFC 1122 §3.2.2.
    #[cold]
    #[inline(never)]
    fn deliver_otherwise(
        &mut self,
        flow: Flow<'_>,
        label: Label,
        payload: &[u8],
        mut check: Check,
    ) -> Verdict {
        if let Check::Payload(sum) = check {
            if !sum.add_bytes(payload).is_valid() {
                count(&mut self.statistics.bad_checksum);
                return Verdict::Done;
            }
            check = Check::Done;
        }
        let is_to_many = label.flags != cast_flags(Cast::Unicast);
        let mut walk = self.walk(&flow);
        let mut found = false;
        while let Some((index, _)) = self.next_fit(&flow, &mut walk).filter(|_| is_to_many) {
            self.deliver(index, &flow, &label, payload, check);
            found = true;
        }
        if !found {
            count(&mut self.statistics.no_port);
        }
        if is_to_many {
            Verdict::Done
        } else {
            Verdict::Reject(Reject::PortUnreachable)
        }
    }

    /// Puts a datagram into its socket's queue. A full one drops it: no ICMP, RFC 4443 §3.1.
    #[cfg_attr(not(target_pointer_width = "32"), inline)]
    fn deliver(&mut self, index: u16, flow: &Flow<'_>, label: &Label, payload: &[u8], check: Check) {
        let Some(slot) = self.slots.get_mut(usize::from(index)) else { return };
        if matches!(check, Check::Absent) && slot.flags.contains(Flags::REFUSE_ZERO) {
            return count(&mut self.statistics.no_checksum);
        }
        // Copied and summed in one; what turns out to be wrong has never been in the queue.
        let mut queue = slot.receive;
        let place = queue.push(self.rx.of(index), label, flow.addresses, payload.len());
        let Some(place) = place else { return count(&mut self.statistics.receive_full) };
        if let Check::Payload(sum) = check {
            if !sum.join(copy_and_sum(place, payload)).is_valid() {
                return count(&mut self.statistics.bad_checksum);
            }
        } else {
            crate::place::copy(place, payload);
        }
        slot.receive = queue;
        count(&mut self.statistics.delivered);
    }

    /// Takes an ICMP error that quotes UDP. Only one that quotes both ends of a socket of ours is believed to be
    /// about it, RFC 8085 §5.2; an unconnected socket has no peer to compare.
    pub(crate) fn on_icmp_error(&mut self, error: &IcmpError<'_>) -> Quoted {
        let ports = error.quoted.first_chunk();
        let sender = ports.and_then(|&[s0, s1, d0, d1]| {
            let remote_port = u16::from_be_bytes([d0, d1]);
            let mut octets = [0; 32];
            let flow = Flow {
                addresses: Addresses::join(error.remote, error.local, &mut octets)?,
                local_port: u16::from_be_bytes([s0, s1]),
                remote_port,
                interface: None,
            };
            Some((self.best(&flow).filter(|_| remote_port != 0)?, remote_port))
        });
        let Some((index, remote_port)) = sender else {
            count(&mut self.statistics.icmp_ignored);
            return Quoted::Unknown;
        };
        count(&mut self.statistics.icmp_errors);
        let remote = SocketAddr::new(error.remote, remote_port);
        let Some(slot) = self.slots.get(usize::from(index)) else { return Quoted::Unknown };
        let socket = Handle { index, generation: slot.generation };
        let error = SocketError { cause: Cause::Icmp(error.kind), remote, reporter: Some(error.reporter) };
        self.errors.keep(&mut self.statistics, socket, &error);
        Quoted::Possible
    }
}

/// Copies a datagram behind the newest of its socket. Says whether its checksum is right; `None`: there is no room there.
#[inline(always)]
fn deliver_behind(
    slot: &mut Slot,
    region: &mut [u8],
    label: impl FnOnce() -> Label,
    addresses: Addresses<'_>,
    header: udp::Header<'_>,
    payload: &[u8],
    checksum: RxChecksum,
) -> Option<bool> {
    let (queue, place) = slot.receive.push_behind(region, label, addresses, payload.len())?;
    if checksum == RxChecksum::Verified {
        crate::place::copy(place, payload);
    } else {
        // Copied and summed in one; what turns out to be wrong has never been in the queue.
        let sum = header.sum(addresses.pseudo_sum());
        if !sum.join(copy_and_sum(place, payload)).is_valid() {
            return Some(false);
        }
    }
    slot.receive = queue;
    Some(true)
}
