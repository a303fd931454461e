//! Packets that need more than the template of their path: a checksum that the link does not complete, options, extension
//! headers, fragments.

use super::complete_checksum;
#[cfg(feature = "ipv6")]
use super::header_v6;
#[cfg(feature = "fragmentation")]
use crate::fragment::{Abandon, BeginError};
use crate::host::Host;
use crate::statistics::count;
#[cfg(feature = "fragmentation")]
use crate::InterfaceId;
use crate::{Fill, OutFlags, Outgoing, Path, SendError, Unreachable};
#[cfg(feature = "fragmentation")]
use tersus_phy::LinkError;
use tersus_phy::{LinkPacket, LinkTx};
use tersus_wire::EtherType;
#[cfg(feature = "ipv4")]
use tersus_wire::{checksum::Sum, ipv4};
#[cfg(feature = "ipv6")]
use tersus_wire::{ipv6_ext, IpProtocol};

impl Host<'_> {
    /// Sends what needs more than the template: a checksum that the link does not complete, options, extension
    /// headers, fragments.
    #[cold]
    #[inline(never)]
    pub(super) fn send_special(
        &mut self,
        tx: &mut dyn LinkTx,
        path: &mut Path,
        packet: Outgoing,
        len: usize,
        fill: &mut dyn Fill,
    ) -> Result<(), SendError> {
        if packet.flags.contains(OutFlags::PARTIAL_CHECKSUM) {
            let whole = Outgoing { flags: packet.flags.difference(OutFlags::PARTIAL_CHECKSUM), ..packet };
            return self.send(tx, path, whole, len, &mut |buffer: &mut [u8]| {
                fill.fill(buffer);
                complete_checksum(packet.protocol, buffer);
            });
        }
        if !packet.flags.contains(OutFlags::ROUTER_ALERT) {
            return self.send_in_fragments(tx, path, packet, len, fill);
        }
        match self.duties.router_alert {
            Some(send) => send(self, tx, path, packet, len, fill),
            None => {
                count(&mut self.statistics.send_unreachable);
                Err(SendError::Unreachable(Unreachable::LeftOut))
            }
        }
    }

    /// Sends a packet with a Router Alert option.
    pub(crate) fn send_alert(
        &mut self,
        tx: &mut dyn LinkTx,
        path: &mut Path,
        packet: Outgoing,
        len: usize,
        fill: &mut dyn Fill,
    ) -> Result<(), SendError> {
        let extra = if path.family == 4 { 4 } else { 8 };
        if len.saturating_add(extra) > usize::from(path.max_segment_len()) {
            return self.send_in_fragments(tx, path, packet, len, fill);
        }
        let payload_len = u16::try_from(len + extra).unwrap_or(u16::MAX);
        let mut header = [0; 48];
        let (header_len, ether_type) = match path.family {
            #[cfg(feature = "ipv4")]
            4 => {
                // The option makes the header six words long; all else is as without it, but for the checksum.
                let mut fixed = [0; 20];
                fixed.copy_from_slice(self.header_v4(path, packet, payload_len).as_flattened());
                fixed[0] = 0x46;
                fixed[10] = 0;
                fixed[11] = 0;
                let sum = Sum::new().add_bytes(&fixed).add_bytes(&ipv4::ROUTER_ALERT);
                let [c0, c1] = sum.checksum().to_be_bytes();
                fixed[10] = c0;
                fixed[11] = c1;
                for (to, from) in header.iter_mut().zip(fixed.into_iter().chain(ipv4::ROUTER_ALERT)) {
                    *to = from;
                }
                (24, EtherType::IPV4)
            }
            #[cfg(feature = "ipv6")]
            6 => {
                let fixed = header_v6(path, packet, IpProtocol::HOP_BY_HOP, payload_len);
                let alert = ipv6_ext::router_alert(packet.protocol, 0);
                for (to, from) in header.iter_mut().zip(fixed.into_iter().chain(alert)) {
                    *to = from;
                }
                (48, EtherType::IPV6)
            }
            _ => return Err(SendError::Unreachable(Unreachable::Family)),
        };
        let total = u16::try_from(header_len + len).unwrap_or(u16::MAX);
        let result =
            tx.send(&path.next_hop, &LinkPacket::new(ether_type, total), &mut |buffer: &mut [u8]| {
                if let (Some((to, rest)), Some(header)) =
                    (buffer.split_at_mut_checked(header_len), header.get(..header_len))
                {
                    to.copy_from_slice(header);
                    fill.fill(rest);
                }
            });
        self.after_send(path, result)
    }

    #[cfg(not(feature = "fragmentation"))]
    fn send_in_fragments(
        &mut self,
        _tx: &mut dyn LinkTx,
        path: &mut Path,
        _packet: Outgoing,
        _len: usize,
        _fill: &mut dyn Fill,
    ) -> Result<(), SendError> {
        count(&mut self.statistics.send_too_big);
        Err(SendError::TooBig(path.mtu))
    }

    /// Keeps the datagram in a fragment buffer, and sends of it what the link takes now.
    #[cfg(feature = "fragmentation")]
    fn send_in_fragments(
        &mut self,
        tx: &mut dyn LinkTx,
        path: &mut Path,
        packet: Outgoing,
        len: usize,
        fill: &mut dyn Fill,
    ) -> Result<(), SendError> {
        if packet.flags.contains(OutFlags::DONT_FRAGMENT) {
            count(&mut self.statistics.send_too_big);
            return Err(SendError::TooBig(path.mtu));
        }
        self.is_changed = true;
        match self.fragments.begin(self.now, &self.random, path, packet, &[], len, fill) {
            Ok(_) => {
                self.send_pieces(path.interface, tx);
                Ok(())
            }
            Err(BeginError::Full) => {
                self.unbuffered.insert(path.interface);
                count(&mut self.statistics.send_full);
                Err(SendError::Full)
            }
            // No identification is free: others on the interface must not wait for this flow.
            Err(BeginError::TooBig | BeginError::Limited) => {
                count(&mut self.statistics.send_too_big);
                Err(SendError::TooBig(path.mtu))
            }
        }
    }

    /// Sends waiting fragments of an interface until the link is full. One datagram that waits for a resolution does
    /// not delay the next.
    #[cfg(feature = "fragmentation")]
    pub(crate) fn send_pieces(&mut self, interface: InterfaceId, tx: &mut dyn LinkTx) {
        let mut after = None;
        while let Some(id) = self.fragments.next(interface, after) {
            let Some(mut path) = self.fragments.path_mut(id).copied() else { return };
            match self.make_ready(&mut path) {
                Ok(()) if path.interface == interface => {}
                Err(SendError::Resolving) => {
                    after = Some(id);
                    continue;
                }
                _ => {
                    self.fragments.abandon(id, Abandon::Path);
                    continue;
                }
            }
            if let Some(kept) = self.fragments.path_mut(id) {
                *kept = path;
            }
            let Some(piece) = self.fragments.piece(id, path.mtu) else {
                self.fragments.abandon(id, Abandon::TooBig);
                continue;
            };
            let ether_type = if path.family == 6 { EtherType::IPV6 } else { EtherType::IPV4 };
            let len = u16::try_from(piece.len()).unwrap_or(u16::MAX);
            let payload_len = piece.payload.len();
            let packet = LinkPacket::new(ether_type, len);
            match tx.send(&path.next_hop, &packet, &mut |buffer: &mut [u8]| piece.write(buffer)) {
                Ok(()) => {
                    self.fragments.sent(id, payload_len);
                    count(&mut self.statistics.fragments_sent);
                    self.count_sent(interface);
                }
                Err(LinkError::Full) => return self.link_full(interface),
                Err(LinkError::TooBig) => self.fragments.abandon(id, Abandon::TooBig),
                Err(LinkError::Unreachable) => self.fragments.abandon(id, Abandon::Path),
            }
        }
    }
}
