//! The user's side of sending: an echo request is checked, and queued.

use crate::statistics::count;
use crate::storage::{Kind, Pending};
use crate::{Handle, Icmp, SendError, StaleHandle};
use core::net::IpAddr;
use tersus_ip::queue::{Label, Queue};
use tersus_ip::{Fill, InterfaceId, Routes, Source, Unreachable};

/// Bit of [`Label::flags`] in the send queue: the request may not be fragmented.
pub(crate) const DONT_FRAGMENT: u8 = 1;

/// Octets of an echo request before its data.
const HEADER_LEN: u16 = 8;
/// Octets of its identifier and sequence number: what is queued with the data.
const NUMBERS_LEN: u16 = 4;

/// Whether a request may leave in fragments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Fragmentation {
    /// If it is larger than the path's MTU. Never if the crate is built without `fragmentation`.
    #[default]
    Allow,
    /// Never: IPv4 DF is set, and what is larger is refused.
    Never,
}

/// What the sender of an echo request chooses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EchoMeta {
    /// Whom to ask: one host or a group.
    pub remote: IpAddr,
    /// Number of the request, which comes back in the reply.
    pub sequence: u16,
    /// Source address; `None`: the IP layer's choice.
    pub source: Option<IpAddr>,
    /// Interface to leave by; `None`: the routing table's choice. Link-local and group destinations need one if
    /// the host has several.
    pub interface: Option<InterfaceId>,
    /// Hop Limit; 0: the interface's default, 1 towards groups.
    pub hop_limit: u8,
    /// Traffic Class, DS field and ECN.
    pub traffic_class: u8,
    /// Whether it may be fragmented.
    pub fragmentation: Fragmentation,
}

impl EchoMeta {
    /// To `remote`, all else by default.
    #[must_use]
    pub const fn to(remote: IpAddr, sequence: u16) -> Self {
        Self {
            remote,
            sequence,
            source: None,
            interface: None,
            hop_limit: 0,
            traffic_class: 0,
            fragmentation: Fragmentation::Allow,
        }
    }
}

impl Icmp<'_> {
    /// Queues an echo request with these data, which the reply will bring back. Nothing leaves before the next
    /// poll.
    ///
    /// # Errors
    /// [`SendError`]; nothing was queued.
    pub fn send_echo(
        &mut self,
        routes: &dyn Routes,
        socket: Handle,
        meta: &EchoMeta,
        data: &[u8],
    ) -> Result<(), SendError> {
        let mut copy = |place: &mut [u8]| {
            for (to, from) in place.iter_mut().zip(data) {
                *to = *from;
            }
        };
        self.send_echo_with(routes, socket, meta, data.len(), &mut copy)
    }

    /// Queues an echo request with `len` octets of data, which `fill` writes in place. `fill` is called once if the
    /// answer is `Ok`, else not at all.
    ///
    /// # Errors
    /// [`SendError`]; nothing was queued.
    pub fn send_echo_with(
        &mut self,
        routes: &dyn Routes,
        socket: Handle,
        meta: &EchoMeta,
        len: usize,
        fill: &mut dyn Fill,
    ) -> Result<(), SendError> {
        let slot = self.slot(socket).map_err(|StaleHandle| SendError::Stale)?;
        if slot.kind != Kind::Echo {
            return Err(SendError::NotEcho);
        }
        let identifier = slot.number;
        let label = label(meta);
        self.admit(routes, meta, &label, len)?;
        let region = &mut *self.tx;
        let place =
            self.transmit.push(region, &label, usize::from(NUMBERS_LEN) + len).ok_or(SendError::Full)?;
        let Some((numbers, data)) = place.split_first_chunk_mut::<4>() else {
            return Err(SendError::Full);
        };
        let [i0, i1] = identifier.to_be_bytes();
        let [s0, s1] = meta.sequence.to_be_bytes();
        *numbers = [i0, i1, s0, s1];
        fill.fill(data);
        self.pending = Pending::Ready;
        Ok(())
    }

    /// Checks way, length and room.
    fn admit(
        &mut self,
        routes: &dyn Routes,
        meta: &EchoMeta,
        label: &Label,
        len: usize,
    ) -> Result<(), SendError> {
        if meta.source.is_some_and(|source| source.is_ipv4() != meta.remote.is_ipv4()) {
            return Err(SendError::Family);
        }
        let from = Source { address: meta.source, interface: meta.interface };
        let path = routes.route(from, meta.remote).map_err(|reason| match reason {
            Unreachable::Family => SendError::Family,
            reason => SendError::Unreachable(reason),
        })?;
        let ip_max = if meta.remote.is_ipv4() { u16::MAX - 20 } else { u16::MAX };
        let unfragmented = path.max_segment_len().min(ip_max);
        let may_fragment = cfg!(feature = "fragmentation") && meta.fragmentation == Fragmentation::Allow;
        let max = if may_fragment { ip_max } else { unfragmented }.saturating_sub(HEADER_LEN);
        let queue_max = Queue::longest(label, self.tx.len()).and_then(|max| max.checked_sub(NUMBERS_LEN));
        let Some(queue_max) = queue_max else { return Err(SendError::TooLong(0)) };
        let max = max.min(queue_max);
        if len > usize::from(max) {
            return Err(SendError::TooLong(max));
        }
        // A quarter of the queue for whoever does not answer yet, and always one request; the rest is for others.
        let has_had_its_share =
            path.is_resolving() && self.transmit.len_for(self.tx, meta.remote) >= (self.tx.len() / 4).max(1);
        if has_had_its_share {
            return Err(self.refuse_full());
        }
        let has_room =
            |icmp: &Self| icmp.transmit.has_room(label, usize::from(NUMBERS_LEN) + len, icmp.tx.len());
        if !has_room(self) && self.pending == Pending::Waiting {
            self.transmit.compact(self.tx);
        }
        if has_room(self) {
            Ok(())
        } else {
            Err(self.refuse_full())
        }
    }

    fn refuse_full(&mut self) -> SendError {
        count(&mut self.responder.statistics.send_full);
        SendError::Full
    }
}

fn label(meta: &EchoMeta) -> Label {
    Label {
        remote: meta.remote,
        port: meta.sequence,
        local: meta.source,
        interface: meta.interface,
        hop_limit: match meta.hop_limit {
            0 if meta.remote.is_multicast() => 1,
            hop_limit => hop_limit,
        },
        traffic_class: meta.traffic_class,
        flags: match meta.fragmentation {
            Fragmentation::Allow => 0,
            Fragmentation::Never => DONT_FRAGMENT,
        },
    }
}
