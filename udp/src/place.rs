//! The place of a datagram in its socket's queue: what its sender asks for is checked, its way decided if the socket's
//! path is not the answer, room found.

use crate::recv::cast_flags;
use crate::slot::{Flags, Slot};
use crate::statistics::count;
use crate::{Fragmentation, SendError, SendMeta, Statistics};
use core::net::{IpAddr, SocketAddr};
use tersus_ip::queue::{Label, Queue, Record};
use tersus_ip::{Cast, OutFlags, PackedAddress, Path, Routes, Source, Unreachable};
use tersus_wire::udp;

/// Bits of [`Label::flags`]: the datagram may not be fragmented; its source, its interface was chosen by its sender or
/// socket; its next hop was being resolved when it was tried.
pub(crate) const DONT_FRAGMENT: u8 = OutFlags::DONT_FRAGMENT.bits();
pub(crate) const SOURCE_FIXED: u8 = 2;
pub(crate) const INTERFACE_FIXED: u8 = 4;
pub(crate) const PARKED: u8 = 8;

/// Octets of an IPv4 header; IPv6's is not counted in its Payload Length.
const IPV4_HEADER_LEN: u16 = 20;

/// Fills a place in a queue. It is as long as was asked for; said so that no panic is linked.
#[inline]
pub(crate) fn copy(place: &mut [u8], data: &[u8]) {
    if place.len() == data.len() {
        place.copy_from_slice(data);
    }
}

/// Does all of a send call but the filling. Borrows the parts of the engine that it needs, so that the place can be
/// filled from another.
#[cfg_attr(target_pointer_width = "32", inline(never))]
#[cfg_attr(not(target_pointer_width = "32"), inline)]
pub(crate) fn place<'p>(
    slot: &mut Slot,
    region: &'p mut [u8],
    statistics: &mut Statistics,
    routes: &dyn Routes,
    meta: &SendMeta,
    len: usize,
) -> Result<&'p mut [u8], SendError> {
    let decided;
    let (path, port) = match way(slot, routes, meta)? {
        (None, port) => (&slot.path, port),
        (Some(question), port) => {
            decided = decide(slot, routes, &question)?;
            (&decided, port)
        }
    };
    if len > usize::from(unfragmented(path)) {
        check_len(path, meta.fragmentation, len)?;
    }
    let dont_fragment = match meta.fragmentation {
        Fragmentation::Never => DONT_FRAGMENT,
        Fragmentation::Allow => 0,
    };
    let label = Label {
        port,
        interface: Some(path.interface()),
        hop_limit: match meta.hop_limit {
            0 => slot.hop_limit_along(path),
            hop_limit => hop_limit,
        },
        traffic_class: meta.traffic_class.unwrap_or(slot.traffic_class),
        flags: dont_fragment | fixed_flags(path),
    };
    append(&mut slot.transmit, slot.flags, region, statistics, path, &label, len)
}

/// Does all of a send call for the answer to a received datagram but the filling.
pub(crate) fn place_back<'p>(
    slot: &mut Slot,
    region: &'p mut [u8],
    statistics: &mut Statistics,
    routes: &dyn Routes,
    received: &Record<'_>,
) -> Result<&'p mut [u8], SendError> {
    let (addresses, interface) = (received.addresses(), received.interface());
    let is_connected = slot.flags.contains(Flags::CONNECTED);
    let is_unicast = received.flags() == cast_flags(Cast::Unicast);
    let leads_back = slot.path.matches(&addresses);
    if received.port() == 0 {
        return Err(SendError::Port);
    }
    if is_connected && !leads_back {
        return Err(SendError::Connected);
    }
    let is_fixed = slot.path.is_source_fixed() && slot.path.is_interface_fixed();
    let is_way = is_connected || (leads_back && is_fixed && Some(slot.path.interface()) == interface);
    let decided;
    let path = if is_way && slot.path.is_current(routes.generation()) {
        &slot.path
    } else {
        let own = slot.has_source().then(|| slot.path.source());
        let from = Source {
            address: if is_unicast { Some(addresses.destination()) } else { own },
            interface: if is_connected { slot.interface() } else { interface },
        };
        decided = decide(slot, routes, &Question { from, to: addresses.source() })?;
        &decided
    };
    let label = Label {
        port: received.port(),
        interface: Some(path.interface()),
        hop_limit: slot.hop_limit_along(path),
        traffic_class: slot.traffic_class,
        flags: fixed_flags(path),
    };
    let len = received.payload.len();
    if len > usize::from(unfragmented(path)) {
        check_len(path, Fragmentation::Allow, len)?;
    }
    append(&mut slot.transmit, slot.flags, region, statistics, path, &label, len)
}

/// What a path's question fixed, as bits of a label.
#[inline]
fn fixed_flags(path: &Path) -> u8 {
    let source = if path.is_source_fixed() { SOURCE_FIXED } else { 0 };
    let interface = if path.is_interface_fixed() { INTERFACE_FIXED } else { 0 };
    source | interface
}

/// What the IP layer is asked for a way.
pub(crate) struct Question {
    from: Source,
    to: IpAddr,
}

/// Checks what a sender asks for. Says which port, and what the IP layer must be asked; nothing if the socket's path
/// is the answer, and nothing has changed since it was given.
#[inline]
pub(crate) fn way(
    slot: &Slot,
    routes: &dyn Routes,
    meta: &SendMeta,
) -> Result<(Option<Question>, u16), SendError> {
    let path = &slot.path;
    let is_connected = slot.flags.contains(Flags::CONNECTED);
    let (leads_there, port, is_ipv4) = match &meta.remote {
        Some(SocketAddr::V4(remote)) => (path.is_to(&PackedAddress::v4(*remote.ip())), remote.port(), true),
        Some(SocketAddr::V6(remote)) => (path.is_to(&PackedAddress::v6(*remote.ip())), remote.port(), false),
        None if is_connected => (true, slot.remote_port, !path.is_ipv6()),
        None => return Err(SendError::NotConnected),
    };
    if is_connected && !(leads_there && port == slot.remote_port) {
        return Err(SendError::Connected);
    }
    if port == 0 {
        return Err(SendError::Port);
    }
    let foreign = if is_ipv4 { Flags::ONLY_V6 } else { Flags::ONLY_V4 };
    if slot.flags.contains(foreign) || meta.source.is_some_and(|source| source.is_ipv4() != is_ipv4) {
        return Err(SendError::Family);
    }
    let own_source = slot.has_source();
    let source_fits = match meta.source {
        None => is_connected || path.is_source_fixed() == own_source,
        Some(asked) => {
            let is_from = path.is_from(&PackedAddress::new(asked));
            if own_source && !is_from {
                return Err(SendError::Source);
            }
            is_from && (own_source || path.is_source_fixed())
        }
    };
    let own_interface = if is_connected { Some(path.interface()) } else { slot.interface() };
    let interface = own_interface.or(meta.interface);
    if meta.interface.is_some() && meta.interface != interface {
        return Err(SendError::Interface);
    }
    let interface_fits = is_connected
        || match interface {
            None => !path.is_interface_fixed(),
            Some(interface) => path.is_interface_fixed() && interface == path.interface(),
        };
    if leads_there && source_fits && interface_fits && path.is_current(routes.generation()) {
        return Ok((None, port));
    }
    let from = Source {
        address: if own_source { Some(path.source()) } else { meta.source },
        interface: if is_connected { slot.interface() } else { interface },
    };
    let to = meta.remote.map_or(path.destination(), |remote| remote.ip());
    Ok((Some(Question { from, to }), port))
}

/// Asks for a way, and keeps it for the next datagram.
#[cold]
#[inline(never)]
pub(crate) fn decide(slot: &mut Slot, routes: &dyn Routes, question: &Question) -> Result<Path, SendError> {
    let path = routes.route(question.from, question.to).map_err(|reason| match reason {
        Unreachable::Family => SendError::Family,
        reason => SendError::Unreachable(reason),
    })?;
    slot.keep_path(&path);
    Ok(path)
}

/// Largest payload, in octets, that leaves along a path in one piece.
#[inline]
pub(crate) fn unfragmented(path: &Path) -> u16 {
    path.max_segment_len().saturating_sub(8).min(65_527)
}

/// Whether what is too long for one piece may leave in fragments.
#[cold]
fn check_len(path: &Path, fragmentation: Fragmentation, len: usize) -> Result<(), SendError> {
    let may_fragment = cfg!(feature = "fragmentation") && fragmentation == Fragmentation::Allow;
    let max = if !may_fragment {
        unfragmented(path)
    } else if path.is_ipv6() {
        65_527
    } else {
        65_527 - IPV4_HEADER_LEN
    };
    if len > usize::from(max) {
        Err(SendError::TooLong(max))
    } else {
        Ok(())
    }
}

/// Queues a datagram that goes along the socket's path, if nobody chose anything and it leaves in one piece. Says
/// whether.
#[inline(always)]
pub(crate) fn append_plain(slot: &mut Slot, region: &mut [u8], port: u16, data: &[u8]) -> bool {
    let len = data.len().saturating_add(udp::HEADER_LEN);
    if port == 0 || !slot.is_plain() || !slot.path.carries(len) {
        return false;
    }
    let label = || Label {
        port,
        interface: Some(slot.path.interface()),
        hop_limit: slot.hop_limit,
        traffic_class: slot.traffic_class,
        flags: 0,
    };
    let pushed = slot.transmit.push_behind(region, label, slot.path.addresses(), data.len());
    let Some((queue, place)) = pushed else { return false };
    slot.transmit = queue;
    copy(place, data);
    true
}

/// Finds the place of a datagram in the queue.
#[cfg_attr(target_pointer_width = "32", inline(never))]
#[cfg_attr(not(target_pointer_width = "32"), inline)]
fn append<'p>(
    queue: &mut Queue,
    flags: Flags,
    region: &'p mut [u8],
    statistics: &mut Statistics,
    path: &Path,
    label: &Label,
    len: usize,
) -> Result<&'p mut [u8], SendError> {
    let addresses = path.addresses();
    // What may never leave does not take the room of what others wait to send; a connected socket has no others.
    let has_had_its_share =
        path.is_resolving() && !flags.contains(Flags::CONNECTED) && !queue.leaves_half(len, region.len());
    let max = Queue::longest(&addresses, region.len());
    if !has_had_its_share {
        if let Some(place) = queue.push(region, label, addresses, len) {
            return Ok(place);
        }
    }
    Err(refusal(statistics, max, len))
}

/// Why there is no room. `max` is what an empty queue takes.
#[cold]
fn refusal(statistics: &mut Statistics, max: Option<u16>, len: usize) -> SendError {
    match max {
        Some(max) if len <= usize::from(max) => {
            count(&mut statistics.send_full);
            SendError::Full
        }
        max => SendError::TooLong(max.unwrap_or(0)),
    }
}
