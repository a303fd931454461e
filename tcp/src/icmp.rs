//! ICMP errors for connections: RFC 9293 §3.9.2.2, RFC 5461, RFC 5927.
//!
//! An error must quote a segment that is in flight. Soft errors are noted for the user; hard ones end an attempt to
//! connect, and are soft to synchronized connections, since a forged one costs an attacker little. "Too big" never
//! ends anything.

use crate::addresses::Packed;
use crate::engine::Tcp;
use crate::seq::SeqNum;
use crate::shared::Shared;
use crate::state::State;
use crate::statistics::count;
use crate::tcb::{Ended, Slot};
use tersus_ip::{ErrorKind, IcmpError, Instant, Quoted};
use tersus_wire::IpProtocol;

impl Tcp<'_> {
    pub(crate) fn on_icmp_error(&mut self, now: Instant, error: &IcmpError<'_>) -> Quoted {
        if error.protocol != IpProtocol::TCP {
            return Quoted::Unknown;
        }
        let Some(&[a, b, c, d, e, f, g, h]) = error.quoted.first_chunk::<8>() else { return Quoted::Unknown };
        // As the peer's segments arrive: its port first.
        let ports = u32::from_be_bytes([c, d, a, b]);
        let seq = SeqNum(u32::from_be_bytes([e, f, g, h]));
        let Some(id) = self.find_path(error, ports) else {
            count(&mut self.shared.stats.icmp_ignored);
            return Quoted::Unknown;
        };
        self.shared.now = now;
        let Some((tcb, shared)) = self.connection(id) else { return Quoted::Unknown };
        if tcb.flight_size() == 0 || seq.distance(tcb.snd_una) >= tcb.flight_size() {
            count(&mut self.shared.stats.icmp_ignored);
            return Quoted::Unknown;
        }
        let opening = matches!(tcb.state, State::SynSent | State::SynReceived);
        match error.kind {
            ErrorKind::TooBig(mtu) => {
                // The path learns its MTU at the next send; what is in flight goes again, cut anew. This is no sign of
                // congestion: RFC 8201 §5.4.
                if !opening && tcb.snd_wnd > 0 && tcb.is_too_big(shared, mtu, seq) {
                    tcb.records.mark_all_lost(&mut shared.records);
                }
                count(&mut self.shared.stats.icmp_too_big);
            }
            ErrorKind::ProtocolUnreachable | ErrorKind::PortUnreachable | ErrorKind::Prohibited
                if opening =>
            {
                tcb.soft_error = SoftError::of(error.kind);
                let from = tcb.state;
                tcb.end(shared, Ended::Unreachable);
                self.tell_state(id, from);
                count(&mut self.shared.stats.icmp_hard);
            }
            // Source Quench (RFC 6633) and whatever else is unknown.
            ErrorKind::Other(..) => {
                count(&mut self.shared.stats.icmp_ignored);
                return Quoted::Known;
            }
            kind => {
                tcb.soft_error = SoftError::of(kind);
                count(&mut self.shared.stats.icmp_soft);
                return Quoted::Known;
            }
        }
        self.settle(id);
        Quoted::Known
    }

    /// The connection that sent what an error quotes.
    fn find_path(&self, error: &IcmpError<'_>, ports: u32) -> Option<u16> {
        let addresses = Packed::between(error.remote, error.local);
        self.find_connection(&addresses.get(), self.key.hash(&addresses.get(), ports), ports)
    }
}

impl Slot {
    /// Whether what begins at `seq` is as large as it was when a router with this MTU refused it. Each segment of a flight
    /// may have met that router, and all of them have left again when the first error came: once, RFC 1191 §6.4, RFC
    /// 8201 §5.4.
    fn is_too_big(&self, shared: &Shared<'_>, mtu: u16, seq: SeqNum) -> bool {
        // No path is narrower, RFC 8201 §4; old routers say 0, RFC 1191 §5.
        let least = if self.path.is_ipv6() { 1280 } else { 68 };
        let current = self.path.mtu();
        let is_narrower = mtu != 0 && mtu.max(least) < current;
        is_narrower || (mtu <= current && !self.records.was_resent(&shared.records, seq))
    }
}

/// What a connection keeps of an error, in one octet. Of a kind without a name here only that there was one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[repr(u8)]
pub(crate) enum SoftError {
    #[default]
    No,
    Host,
    Protocol,
    Port,
    Prohibited,
    HopLimit,
    Reassembly,
    Parameter,
}

impl SoftError {
    const fn of(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::ProtocolUnreachable => Self::Protocol,
            ErrorKind::PortUnreachable => Self::Port,
            ErrorKind::Prohibited => Self::Prohibited,
            ErrorKind::HopLimitExceeded => Self::HopLimit,
            ErrorKind::ReassemblyTimeExceeded => Self::Reassembly,
            ErrorKind::ParameterProblem => Self::Parameter,
            // What has no name here is no soft error.
            _ => Self::Host,
        }
    }

    /// As the IP layer told it.
    pub(crate) const fn kind(self) -> Option<ErrorKind> {
        Some(match self {
            Self::No => return None,
            Self::Host => ErrorKind::HostUnreachable,
            Self::Protocol => ErrorKind::ProtocolUnreachable,
            Self::Port => ErrorKind::PortUnreachable,
            Self::Prohibited => ErrorKind::Prohibited,
            Self::HopLimit => ErrorKind::HopLimitExceeded,
            Self::Reassembly => ErrorKind::ReassemblyTimeExceeded,
            Self::Parameter => ErrorKind::ParameterProblem,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_of_an_error_is_what_it_was() {
        for kind in [
            ErrorKind::HostUnreachable,
            ErrorKind::ProtocolUnreachable,
            ErrorKind::PortUnreachable,
            ErrorKind::Prohibited,
            ErrorKind::HopLimitExceeded,
            ErrorKind::ReassemblyTimeExceeded,
            ErrorKind::ParameterProblem,
        ] {
            assert_eq!(SoftError::of(kind).kind(), Some(kind));
        }
    }
}
