//! ARP, RFC 826, as far as a small host takes part in it: it answers, asks, and notes who asked for it.
//!
//! Differs: a packet that comes from an address of ours is counted, and the address not defended (RFC 5227 §2.4); replies go
//! to the asker alone, those of link-local addresses too (RFC 3927 §2.5).

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
    // Beside IPv6, which shall not have the stack frame of this.
    #[cfg_attr(feature = "ipv6", inline(never))]
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
        let [.., operation] = *kind;
        let is_request = operation == REQUEST;
        let is_known = is_request || operation == REPLY;
        if !is_known || *kind != kind_of(operation) || !from.is_unicast() {
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
            let mut what = Heard::empty();
            what.set(Heard::FOR_US, is_for_us);
            what.set(Heard::QUESTION, is_request);
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
        match self.relation(sender).0 {
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
        let Some(own) = self.interface.properties.hardware_address.ethernet_octets() else {
            return Err(LinkError::Unreachable);
        };
        // Whole fields, which are a word or two each; octet by octet it is three times the code.
        let mut message = [0; LEN as usize];
        if let Some((kind, rest)) = message.split_first_chunk_mut::<8>() {
            *kind = kind_of(operation);
            if let Some((sender_hardware, rest)) = rest.split_first_chunk_mut::<6>() {
                *sender_hardware = *own;
                if let Some((sender, rest)) = rest.split_first_chunk_mut::<4>() {
                    *sender = source.octets();
                    if let Some((asked, place)) = rest.split_first_chunk_mut::<6>() {
                        // A question names no hardware address.
                        if let Some(to) = to.ethernet_octets().filter(|_| operation != REQUEST) {
                            *asked = *to;
                        }
                        if let Some(place) = place.first_chunk_mut() {
                            *place = target.octets();
                        }
                    }
                }
            }
        }
        tx.send(to, &LinkPacket::new(EtherType::ARP, LEN), &mut |buffer: &mut [u8]| {
            if let Some(place) = buffer.first_chunk_mut() {
                *place = message;
            }
        })
    }
}
