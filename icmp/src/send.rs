//! The user's side of sending: an echo request is checked, and queued.

use crate::statistics::count;
use crate::storage::{Kind, Pending};
use crate::{Handle, Icmp, SendError, StaleHandle};
use core::net::IpAddr;
use tersus_ip::queue::{Label, Queue};
use tersus_ip::{Fill, InterfaceId, Path, Routes, Source, Unreachable};

/// Bits of [`Label::flags`] in the send queue: the request may not be fragmented; its source, its interface was chosen
/// by its sender; its next hop was being resolved when it was tried.
pub(crate) const DONT_FRAGMENT: u8 = 1;
pub(crate) const SOURCE_FIXED: u8 = 2;
pub(crate) const INTERFACE_FIXED: u8 = 4;
pub(crate) const PARKED: u8 = 8;

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
        let path = way(routes, meta)?;
        let addresses = path.addresses();
        let label = label(meta, &path);
        let max = longest(meta, &path, self.tx.len());
        if len > usize::from(max) {
            return Err(SendError::TooLong(max));
        }
        let len = usize::from(NUMBERS_LEN) + len;
        // What may never leave does not take the room of what others wait to send.
        let has_had_its_share = path.is_resolving() && !self.transmit.leaves_half(len, self.tx.len());
        let place =
            if has_had_its_share { None } else { self.transmit.push(self.tx, &label, addresses, len) };
        let Some((numbers, data)) = place.and_then(|place| place.split_first_chunk_mut::<4>()) else {
            count(&mut self.responder.statistics.send_full);
            return Err(SendError::Full);
        };
        let [i0, i1] = identifier.to_be_bytes();
        let [s0, s1] = meta.sequence.to_be_bytes();
        *numbers = [i0, i1, s0, s1];
        fill.fill(data);
        self.pending = Pending::Ready;
        Ok(())
    }
}

fn way(routes: &dyn Routes, meta: &EchoMeta) -> Result<Path, SendError> {
    if meta.source.is_some_and(|source| source.is_ipv4() != meta.remote.is_ipv4()) {
        return Err(SendError::Family);
    }
    let from = Source { address: meta.source, interface: meta.interface };
    routes.route(from, meta.remote).map_err(|reason| match reason {
        Unreachable::Family => SendError::Family,
        reason => SendError::Unreachable(reason),
    })
}

/// The longest data that leave this way and fit the empty queue.
fn longest(meta: &EchoMeta, path: &Path, region_len: usize) -> u16 {
    let ip_max = if path.is_ipv6() { u16::MAX } else { u16::MAX - 20 };
    let may_fragment = cfg!(feature = "fragmentation") && meta.fragmentation == Fragmentation::Allow;
    let max = if may_fragment { ip_max } else { path.max_segment_len().min(ip_max) };
    let queue_max = Queue::longest(&path.addresses(), region_len).unwrap_or(0);
    max.saturating_sub(HEADER_LEN).min(queue_max.saturating_sub(NUMBERS_LEN))
}

fn label(meta: &EchoMeta, path: &Path) -> Label {
    let mut flags = 0;
    if meta.fragmentation == Fragmentation::Never {
        flags |= DONT_FRAGMENT;
    }
    if meta.source.is_some() {
        flags |= SOURCE_FIXED;
    }
    if meta.interface.is_some() {
        flags |= INTERFACE_FIXED;
    }
    Label {
        port: meta.sequence,
        interface: Some(path.interface()),
        hop_limit: match meta.hop_limit {
            0 if meta.remote.is_multicast() => 1,
            hop_limit => hop_limit,
        },
        traffic_class: meta.traffic_class,
        flags,
    }
}
