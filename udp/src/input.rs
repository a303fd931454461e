//! What comes in: datagrams and ICMP errors.

use crate::recv::cast_flags;
use crate::send::copy;
use crate::slot::{Flags, Slot};
use crate::statistics::count;
use crate::table::Flow;
use crate::{Cause, Udp};
use core::net::{IpAddr, SocketAddr};
use tersus_ip::queue::Arrived;
use tersus_ip::{Addresses, Cast, IcmpError, IpMeta, Reject, RxChecksum, Verdict};
use tersus_wire::{udp, Error, IpProtocol};

/// Whether a datagram carried a checksum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Summed {
    Yes,
    No,
}

impl Udp<'_> {
    /// Takes a datagram, RFC 768 and RFC 1122 §4.1.3.
    pub(crate) fn on_datagram(&mut self, packet: &IpMeta<'_>, segment: &mut [u8]) -> Verdict {
        count(&mut self.statistics.received);
        let Ok((header, payload)) = udp::split(segment) else {
            return drop_counted(&mut self.statistics.malformed);
        };
        let summed = match verify(packet, header, payload) {
            Ok(summed) => summed,
            Err(Error::Checksum) => return drop_counted(&mut self.statistics.bad_checksum),
            Err(_) => return drop_counted(&mut self.statistics.no_checksum),
        };
        let flow = Flow {
            addresses: packet.addresses,
            local_port: header.dst_port(),
            remote_port: header.src_port().unwrap_or(0),
            interface: Some(packet.interface),
        };
        let arrived = Arrived {
            port: flow.remote_port,
            interface: packet.interface,
            hop_limit: packet.hop_limit,
            traffic_class: packet.traffic_class,
            flags: cast_flags(packet.cast),
        };
        if packet.cast == Cast::Unicast {
            let Some(index) = self.table.best(self.slots, &flow) else {
                count(&mut self.statistics.no_port);
                return Verdict::Reject(Reject::PortUnreachable);
            };
            self.deliver(index, packet.addresses, &arrived, payload, summed);
        } else {
            self.deliver_to_all(&flow, &arrived, payload, summed);
        }
        Verdict::Done
    }

    /// Hands a datagram to a group to every socket that it fits. Nobody is told if there is none, RFC 1122 §3.2.2.
    #[cold]
    fn deliver_to_all(&mut self, flow: &Flow<'_>, arrived: &Arrived, payload: &[u8], summed: Summed) {
        let mut found = 0;
        for range in self.table.ranges(self.slots, flow) {
            for place in range {
                let Some(index) = self.table.at(place) else { break };
                let slot = self.slots.get(usize::from(index));
                if slot.is_some_and(|slot| slot.fit(&flow.addresses, flow.interface).is_some()) {
                    self.deliver(index, flow.addresses, arrived, payload, summed);
                    found += 1;
                }
            }
        }
        if found == 0 {
            count(&mut self.statistics.no_port);
        }
    }

    /// Puts a datagram into its socket's queue. A full one drops it: no ICMP, RFC 4443 §3.1.
    fn deliver(
        &mut self,
        index: u16,
        addresses: Addresses<'_>,
        arrived: &Arrived,
        payload: &[u8],
        summed: Summed,
    ) {
        let Some(slot) = self.slots.get_mut(usize::from(index)) else { return };
        if summed == Summed::No && slot.flags.contains(Flags::REFUSE_ZERO) {
            count(&mut self.statistics.no_checksum);
            return;
        }
        match slot.receive.push_received(self.rx.of(index), addresses, arrived, payload.len()) {
            Some(place) => {
                copy(place, payload);
                count(&mut self.statistics.delivered);
            }
            None => count(&mut self.statistics.receive_full),
        }
    }

    /// Takes an ICMP error that quotes UDP. Only one that quotes both ends of a socket of ours is believed to be
    /// about it, RFC 8085 §5.2; an unconnected socket has no peer to compare.
    pub(crate) fn on_icmp_error(&mut self, error: &IcmpError<'_>) {
        let Some((&[s0, s1, d0, d1], _)) = error.quoted.split_first_chunk() else {
            count(&mut self.statistics.icmp_ignored);
            return;
        };
        let v4: [u8; 8];
        let mut v6 = [0; 32];
        let addresses = match (error.remote, error.local) {
            (IpAddr::V4(remote), IpAddr::V4(local)) => {
                let ([a, b, c, d], [e, f, g, h]) = (remote.octets(), local.octets());
                v4 = [a, b, c, d, e, f, g, h];
                Addresses::V4(&v4)
            }
            (remote, local) => {
                if let (Some(to), IpAddr::V6(remote)) = (v6.first_chunk_mut(), remote) {
                    *to = remote.octets();
                }
                if let (Some(to), IpAddr::V6(local)) = (v6.last_chunk_mut(), local) {
                    *to = local.octets();
                }
                Addresses::V6(&v6)
            }
        };
        let flow = Flow {
            addresses,
            local_port: u16::from_be_bytes([s0, s1]),
            remote_port: u16::from_be_bytes([d0, d1]),
            interface: None,
        };
        let sender = if flow.remote_port == 0 { None } else { self.table.best(self.slots, &flow) };
        // A socket bound to a group sends from another address.
        let sender = sender.or_else(|| self.group_sender(&flow, error.local));
        let Some(index) = sender else {
            count(&mut self.statistics.icmp_ignored);
            return;
        };
        count(&mut self.statistics.icmp_errors);
        let remote = SocketAddr::new(error.remote, flow.remote_port);
        self.keep_error(index, Cause::Icmp(error.kind), remote, Some(error.reporter));
    }

    /// A socket bound to a group at this port: whatever its source was, IP has checked that it is ours.
    fn group_sender(&self, flow: &Flow<'_>, local: IpAddr) -> Option<u16> {
        if flow.remote_port == 0 {
            return None;
        }
        let is_sender = |slot: &Slot| {
            slot.flags.contains(Flags::GROUP)
                && !slot.flags.contains(Flags::CLOSING)
                && slot.admits_family(local)
        };
        let [_, range] = self.table.ranges(self.slots, flow);
        range
            .filter_map(|place| self.table.at(place))
            .find(|&number| self.slots.get(usize::from(number)).is_some_and(is_sender))
    }
}

/// Checks the checksum: RFC 1122 §4.1.3.4 for IPv4, RFC 8200 §8.1 for IPv6, where none is an error.
fn verify(packet: &IpMeta<'_>, header: udp::Header<'_>, payload: &[u8]) -> Result<Summed, Error> {
    if header.checksum().is_none() {
        return match packet.addresses {
            Addresses::V4(_) => Ok(Summed::No),
            Addresses::V6(_) => Err(Error::Field(6)),
        };
    }
    if packet.rx.checksum == RxChecksum::Unknown {
        header.verify(payload, packet.addresses.pseudo_sum())?;
    }
    Ok(Summed::Yes)
}

fn drop_counted(counter: &mut u32) -> Verdict {
    count(counter);
    Verdict::Done
}

/// Whether a packet is UDP's.
pub(crate) fn is_udp(protocol: IpProtocol) -> bool {
    protocol == IpProtocol::UDP
}
