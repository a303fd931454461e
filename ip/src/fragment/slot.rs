//! One datagram on its way out, and the headers of its pieces.

use crate::{Deadline, OutFlags, Path};
use tersus_wire::checksum::Sum;
use tersus_wire::{ipv6_ext, IpProtocol};

/// Largest header that a piece carries, in octets: IPv4 with all its options.
pub const HEADER_LEN_MAX: usize = 60;
/// Largest length of IPv4 options, in octets.
pub const OPTIONS_LEN_MAX: usize = 40;

pub(super) const IPV4_HEADER_LEN: usize = 20;
const IPV6_HEADER_LEN: usize = 40;
/// RFC 2113 §2.1: type 148, length 4, value 0.
pub(super) const IPV4_ROUTER_ALERT: [u8; 4] = [0x94, 4, 0, 0];
/// Of an option's type: it is copied into all fragments.
const COPY_FLAG: u8 = 0x80;
/// MF, in the field of flags and offset.
const MORE_FRAGMENTS: u16 = 0x2000;

/// One datagram on its way out. All zeros when free.
#[derive(Debug, Clone, Copy)]
pub struct Slot {
    /// Runs as long as the slot is in use.
    pub(super) expires: Deadline,
    pub(super) order: u32,
    pub(super) identification: u32,
    pub(super) path: Path,
    pub(super) len: u16,
    /// How much has left, in octets: a multiple of eight.
    pub(super) offset: u16,
    pub(super) protocol: IpProtocol,
    pub(super) hop_limit: u8,
    pub(super) traffic_class: u8,
    pub(super) flags: OutFlags,
    pub(super) options_len: u8,
    pub(super) options: [u8; OPTIONS_LEN_MAX],
}

impl Slot {
    /// A free slot.
    pub const FREE: Self = Self {
        expires: Deadline::NONE,
        order: 0,
        identification: 0,
        path: Path::EMPTY,
        len: 0,
        offset: 0,
        protocol: IpProtocol(0),
        hop_limit: 0,
        traffic_class: 0,
        flags: OutFlags::empty(),
        options_len: 0,
        options: [0; OPTIONS_LEN_MAX],
    };

    pub(super) fn is_free(&self) -> bool {
        !self.expires.is_running()
    }

    fn options(&self) -> &[u8] {
        self.options.get(..usize::from(self.options_len)).unwrap_or(&[])
    }

    /// Header and payload length of the next piece within `mtu`.
    pub(super) fn next_piece(&self, mtu: usize) -> Option<([u8; HEADER_LEN_MAX], usize, usize)> {
        if self.path.is_ipv6() {
            self.next_ipv6_piece(mtu)
        } else {
            self.next_ipv4_piece(mtu)
        }
    }

    /// RFC 791 §3.2.
    fn next_ipv4_piece(&self, mtu: usize) -> Option<([u8; HEADER_LEN_MAX], usize, usize)> {
        let mut header = [0; HEADER_LEN_MAX];
        let (_, room_for_options) = header.split_first_chunk_mut::<IPV4_HEADER_LEN>()?;
        let options_len = if self.offset == 0 {
            let options = self.options();
            for (to, from) in room_for_options.iter_mut().zip(options) {
                *to = *from;
            }
            options.len()
        } else {
            copy_options(self.options(), room_for_options)
        };
        let header_len = IPV4_HEADER_LEN + options_len;
        let (payload_len, is_last) = self.cut(mtu.checked_sub(header_len)?)?;
        let more = if is_last { 0 } else { MORE_FRAGMENTS };
        let [total_high, total_low] = u16::try_from(header_len + payload_len).ok()?.to_be_bytes();
        let [.., id_high, id_low] = self.identification.to_be_bytes();
        let [offset_high, offset_low] = ((self.offset / 8) | more).to_be_bytes();
        let template = &self.path.header;
        let words = u8::try_from(header_len / 4).ok()?;
        header[0] = 0x40 | words;
        header[1] = self.traffic_class;
        [header[2], header[3]] = [total_high, total_low];
        [header[4], header[5]] = [id_high, id_low];
        [header[6], header[7]] = [offset_high, offset_low];
        [header[8], header[9]] = [self.hop_limit, self.protocol.0];
        for (to, from) in header.iter_mut().zip(template).take(IPV4_HEADER_LEN).skip(12) {
            *to = *from;
        }
        let sum = Sum::new().add_bytes(header.get(..header_len)?);
        [header[10], header[11]] = sum.checksum().to_be_bytes();
        Some((header, header_len, payload_len))
    }

    /// RFC 8200 §4.5. What fits whole by now leaves without a fragment header: atomic fragments are not made
    /// (RFC 8021).
    fn next_ipv6_piece(&self, mtu: usize) -> Option<([u8; HEADER_LEN_MAX], usize, usize)> {
        let alert_len = self.alert_len();
        let unfragmentable_len = IPV6_HEADER_LEN + alert_len;
        let is_whole = self.offset == 0 && unfragmentable_len + usize::from(self.len) <= mtu;
        let fragment_len = if is_whole { 0 } else { ipv6_ext::FRAGMENT_LEN };
        let header_len = unfragmentable_len + fragment_len;
        let (payload_len, is_last) = self.cut(mtu.checked_sub(header_len)?)?;

        let inner = if is_whole { self.protocol } else { IpProtocol::FRAGMENT };
        let outer = if alert_len > 0 { IpProtocol::HOP_BY_HOP } else { inner };
        let alert = ipv6_ext::router_alert(inner, 0);
        let fragment = ipv6_ext::Fragment {
            next_header: self.protocol,
            offset: self.offset,
            more: !is_last,
            identification: self.identification,
        };
        let mut fixed = self.path.header;
        fixed[0] = 0x60 | self.traffic_class >> 4;
        fixed[1] = fixed[1] & 0x0f | self.traffic_class << 4;
        let behind = u16::try_from(header_len - IPV6_HEADER_LEN + payload_len).ok()?;
        [fixed[4], fixed[5]] = behind.to_be_bytes();
        [fixed[6], fixed[7]] = [outer.0, self.hop_limit];

        let mut header = [0; HEADER_LEN_MAX];
        let extensions =
            alert.into_iter().take(alert_len).chain(fragment.to_bytes().into_iter().take(fragment_len));
        for (to, from) in header.iter_mut().zip(fixed.into_iter().chain(extensions)) {
            *to = from;
        }
        Some((header, header_len, payload_len))
    }

    pub(super) fn alert_len(&self) -> usize {
        if self.flags.contains(OutFlags::ROUTER_ALERT) {
            ipv6_ext::ROUTER_ALERT_LEN
        } else {
            0
        }
    }

    /// How much data goes into `room` octets, and whether it is the last: all but the last are multiples of eight.
    fn cut(&self, room: usize) -> Option<(usize, bool)> {
        let left = usize::from(self.len.checked_sub(self.offset)?);
        if left <= room {
            return Some((left, true));
        }
        let len = room / 8 * 8;
        (len > 0).then_some((len, false))
    }
}

impl Default for Slot {
    fn default() -> Self {
        Self::FREE
    }
}

/// Copies those options that stand in all fragments to the front of `to`, padded to a multiple of four; returns their
/// length. Malformed options end the copy.
pub(super) fn copy_options(mut options: &[u8], to: &mut [u8]) -> usize {
    let mut len = 0;
    while let Some((kind, rest)) = options.split_first() {
        let option_len = match (kind, rest) {
            (0, _) => break,
            (1, _) => 1,
            (_, [option_len, ..]) => usize::from(*option_len).max(2),
            _ => break,
        };
        let Some((option, rest)) = options.split_at_checked(option_len) else { break };
        options = rest;
        if kind & COPY_FLAG == 0 {
            continue;
        }
        let Some(place) = to.get_mut(len..len + option_len) else { break };
        for (to, from) in place.iter_mut().zip(option) {
            *to = *from;
        }
        len += option_len;
    }
    len.div_ceil(4) * 4
}
