//! ARP, RFC 826, as far as a small host takes part in it: it answers, asks, and notes who asked for it.
//!
//! Differs: a packet that comes from an address of ours is counted, and the address not defended (RFC 5227 §2.4).

use super::address::Address;
use super::neighbours::Heard;
use super::{Relation, SmallIp};
use crate::statistics::count;
use core::net::Ipv4Addr;
use tersus_phy::{LinkError, LinkPacket, LinkTx};
use tersus_wire::{EtherType, HardwareAddress};

/// The first eight octets of an ARP packet for IPv4 over Ethernet, RFC 826.
const fn kind_of(operation: u8) -> [u8; 8] {
    [0, 1, 8, 0, 6, 4, 0, operation]
}
/// Length of a packet, in octets.
const LEN: u16 = 28;
/// The lower octet of the operation.
pub(super) const REQUEST: u8 = 1;
const REPLY: u8 = 2;

impl SmallIp<'_> {
    /// Takes an ARP packet, RFC 826, and answers it by `back`.
    #[inline(never)]
    pub(super) fn on_arp(&mut self, packet: &[u8], back: &mut dyn LinkTx) {
        count(&mut self.statistics.arp_received);
        // Whole fields, which are a word or two each.
        let parts = packet.split_first_chunk::<8>().and_then(|(kind, rest)| {
            let (hardware, rest) = rest.split_first_chunk::<6>()?;
            let (source, rest) = rest.split_first_chunk::<4>()?;
            let (_, rest) = rest.split_first_chunk::<6>()?;
            Some((kind, hardware, *source, *rest.first_chunk::<4>()?))
        });
        let Some((kind, hardware, source, destination)) = parts else {
            return count(&mut self.statistics.arp_dropped);
        };
        let from = HardwareAddress::from_ethernet(hardware);
        let is_request = *kind == kind_of(REQUEST);
        if !(is_request || *kind == kind_of(REPLY)) || !from.is_unicast() {
            return count(&mut self.statistics.arp_dropped);
        }
        let (source, destination) = (Ipv4Addr::from(source), Ipv4Addr::from(destination));
        let sender = Address::v4(source);
        if self.is_own(&sender) {
            return count(&mut self.statistics.address_conflicts);
        }
        let is_for_us = self.is_own(&Address::v4(destination));
        // A probe, which is from nobody, and what comes from elsewhere, is answered but not entered.
        if self.is_station_v4(&sender) {
            let what = match is_for_us {
                true if is_request => Heard::Asked,
                true => Heard::Answered,
                false => Heard::Other,
            };
            self.heard(&sender, &from, what);
        }
        if is_for_us && is_request {
            count(match self.send_arp(REPLY, destination, source, &from, back) {
                Ok(()) => &mut self.statistics.neighbour_answers,
                Err(_) => &mut self.statistics.neighbour_unsent,
            });
        }
    }

    /// Whether an address can be that of a station of the link: inside a prefix of ours, or a gateway's.
    fn is_station_v4(&self, sender: &Address) -> bool {
        match self.relation(sender) {
            Relation::Near => true,
            Relation::Far => self.routes.iter().any(|via| via.gateway == *sender),
            Relation::Own | Relation::Edge => false,
        }
    }

    #[inline(never)]
    pub(super) fn send_arp(
        &self,
        operation: u8,
        source: Ipv4Addr,
        target: Ipv4Addr,
        to: &HardwareAddress,
        tx: &mut dyn LinkTx,
    ) -> Result<(), LinkError> {
        let Some(own) = self.interface.properties.hardware_address.as_ethernet() else {
            return Err(LinkError::Unreachable);
        };
        // A question names no hardware address.
        let asked = if operation == REQUEST { [0; 6] } else { to.as_ethernet().unwrap_or_default() };
        tx.send(to, &LinkPacket::new(EtherType::ARP, LEN), &mut |buffer: &mut [u8]| {
            // Whole fields, which are a word or two each; octet by octet it is three times the code.
            let Some((kind, rest)) = buffer.split_first_chunk_mut::<8>() else { return };
            let Some((sender_hardware, rest)) = rest.split_first_chunk_mut() else { return };
            let Some((sender, rest)) = rest.split_first_chunk_mut() else { return };
            let Some((target_hardware, rest)) = rest.split_first_chunk_mut() else { return };
            let Some(place) = rest.first_chunk_mut() else { return };
            *kind = kind_of(operation);
            *sender_hardware = own;
            *sender = source.octets();
            *target_hardware = asked;
            *place = target.octets();
        })
    }
}
