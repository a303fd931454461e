//! What comes in for sockets: echo replies, and ICMP errors that the IP layer read.

use crate::event::{encode, encode_unsent, ERROR, REPLY, UNSENT};
use crate::responder::{octets, quoted_reply, Message};
use crate::statistics::count;
use crate::storage::{Kind, Slot, ERRORS_KEY};
use crate::{Icmp, Unsent};
use tersus_ip::queue::{Label, Record};
use tersus_ip::{Addresses, IcmpError, IpMeta, Quoted, Verdict};
use tersus_wire::{icmpv4, icmpv6, IpProtocol};

/// How much of a quoted segment is kept, in octets.
const QUOTE_LEN_MAX: usize = 64;

/// Octets of an echo message before its data.
const ECHO_HEADER_LEN: usize = 8;

impl Icmp<'_> {
    pub(crate) fn on_message(&mut self, packet: &IpMeta<'_>, segment: &mut [u8]) -> Verdict {
        match self.responder.open(packet, segment) {
            Ok(Message::Request) => self.answer(packet, segment),
            Ok(Message::Reply { identifier, sequence }) => {
                self.on_reply(packet, segment, identifier, sequence);
                Verdict::Done
            }
            Err(verdict) => verdict,
        }
    }

    /// Hands an echo reply to the socket with its identifier, whoever sent it: a group may have been asked.
    fn on_reply(&mut self, packet: &IpMeta<'_>, segment: &[u8], identifier: u16, sequence: u16) {
        let Some(index) = self.echo_socket(identifier) else {
            count(&mut self.responder.statistics.unexpected_reply);
            return;
        };
        let label = Label {
            port: sequence,
            interface: Some(packet.interface),
            hop_limit: packet.hop_limit,
            traffic_class: packet.traffic_class,
            flags: REPLY,
        };
        let data = segment.get(ECHO_HEADER_LEN..).unwrap_or_default();
        if self.deliver(index, &label, packet.addresses, [&[], &[], data]) {
            count(&mut self.responder.statistics.replies);
        }
    }

    /// Hands an ICMP error to all sockets that want to hear of it.
    pub(crate) fn on_error(&mut self, error: &IcmpError<'_>) -> Quoted {
        let quoted = quoted_numbers(error);
        let mut known = quoted_reply(error);
        if let Some((index, sequence)) =
            quoted.echo.and_then(|(identifier, sequence)| Some((self.echo_socket(identifier)?, sequence)))
        {
            self.deliver_error(index, error, sequence);
            known = Quoted::Possible;
        }
        let mut place = self.table.first(self.slots, ERRORS_KEY);
        while let Some((index, slot)) = self.table.at(self.slots, place) {
            if hears(slot, error, quoted.number) {
                self.deliver_error(index, error, 0);
            }
            place += 1;
        }
        known
    }

    fn deliver_error(&mut self, index: u16, error: &IcmpError<'_>, sequence: u16) {
        let label = Label { port: sequence, interface: None, hop_limit: 0, traffic_class: 0, flags: ERROR };
        let [kind, a, b] = encode(error.kind);
        let (reporter, len) = octets(error.reporter);
        let reporter = reporter.get(..len).unwrap_or_default();
        let quote = error.quoted.get(..QUOTE_LEN_MAX).unwrap_or(error.quoted);
        if error.reporter.is_ipv4() != error.remote.is_ipv4() {
            return;
        }
        let mut octets = [0; 32];
        let Some(addresses) = Addresses::join(error.remote, error.local, &mut octets) else { return };
        if self.deliver(index, &label, addresses, [&[kind, a, b, error.protocol.0], reporter, quote]) {
            count(&mut self.responder.statistics.errors);
        }
    }

    /// Tells an echo socket that its request was dropped.
    pub(crate) fn on_unsent(&mut self, request: &Record<'_>, cause: Unsent) {
        count(&mut self.responder.statistics.unsent);
        let Some(index) = self.echo_socket(identifier(request)) else { return };
        let label = Label { interface: None, flags: UNSENT, ..request.label() };
        self.deliver(index, &label, request.addresses(), [&encode_unsent(cause), &[], &[]]);
    }

    /// Puts something into a socket's queue; `false`, counted, if that is full.
    fn deliver(&mut self, index: u16, label: &Label, addresses: Addresses<'_>, parts: [&[u8]; 3]) -> bool {
        let Some(slot) = self.slots.get_mut(usize::from(index)) else { return false };
        let len = parts.iter().map(|part| part.len()).sum();
        let Some(mut place) = slot.receive.push(self.rx.of(index), label, addresses, len) else {
            count(&mut self.responder.statistics.receive_full);
            return false;
        };
        for part in parts {
            let Some((to, rest)) = place.split_at_mut_checked(part.len()) else { return false };
            to.copy_from_slice(part);
            place = rest;
        }
        true
    }
}

/// The identifier of a queued request.
pub(crate) fn identifier(request: &Record<'_>) -> u16 {
    request.payload.first_chunk().map_or(0, |octets| u16::from_be_bytes(*octets))
}

/// What an error quotes.
struct Numbers {
    /// Our port, or an echo request's identifier.
    number: Option<u16>,
    /// Identifier and sequence number, if it is an echo request.
    echo: Option<(u16, u16)>,
}

fn quoted_numbers(error: &IcmpError<'_>) -> Numbers {
    let request = match error.protocol {
        IpProtocol::ICMPV4 => u8::from(icmpv4::Type::ECHO_REQUEST),
        IpProtocol::ICMPV6 => u8::from(icmpv6::Type::ECHO_REQUEST),
        _ => {
            // The ports are first in TCP, UDP, SCTP and DCCP.
            let number = error.quoted.first_chunk().map(|octets| u16::from_be_bytes(*octets));
            return Numbers { number, echo: None };
        }
    };
    match error.quoted.first_chunk() {
        Some(&[kind, _, _, _, i0, i1, s0, s1]) if kind == request => {
            let identifier = u16::from_be_bytes([i0, i1]);
            let sequence = u16::from_be_bytes([s0, s1]);
            Numbers { number: Some(identifier), echo: Some((identifier, sequence)) }
        }
        _ => Numbers { number: None, echo: None },
    }
}

fn hears(slot: &Slot, error: &IcmpError<'_>, number: Option<u16>) -> bool {
    match slot.kind {
        Kind::Free | Kind::Echo => false,
        Kind::AllErrors => true,
        Kind::ProtocolErrors => slot.protocol == error.protocol,
        Kind::NumberErrors => slot.protocol == error.protocol && number == Some(slot.number),
    }
}
