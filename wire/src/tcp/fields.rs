//! The header of a segment that is sent, RFC 9293 §3.1: its fields, and segments written from them.

use super::{
    pseudo_header, pseudo_words, Flags, Timestamps, CHECKSUM, DATA_OFFSET, HEADER_LEN, OPTIONS_LEN_MAX,
};
use crate::checksum::Sum;
use crate::{words, Error};
use core::fmt;

/// The fixed part of a header, in host order; Data Offset and Checksum are worked out when it is emitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Fields {
    /// Source port.
    pub src_port: u16,
    /// Destination port.
    pub dst_port: u16,
    /// SEG.SEQ.
    pub seq: u32,
    /// SEG.ACK.
    pub ack: u32,
    /// The control bits.
    pub flags: Flags,
    /// The Window field: scaled already.
    pub window: u16,
    /// The Urgent Pointer: written as it is; 0 without URG.
    pub urgent: u16,
}

impl Fields {
    /// Writes a segment that has neither options nor data, such as a bare ACK, to the front of `buffer`: 20 octets.
    ///
    /// # Errors
    /// `NoRoom`.
    #[cfg_attr(not(target_pointer_width = "32"), inline(always))]
    pub fn emit(&self, buffer: &mut [u8], checksum: Checksum) -> Result<(), Error> {
        const DATA_OFFSET: u8 = 5 << 4;
        let have = buffer.len();
        let header = buffer.first_chunk_mut().ok_or_else(|| Error::no_room(HEADER_LEN, have))?;
        *header = self.header(DATA_OFFSET, &[], HEADER_LEN, checksum);
        Ok(())
    }

    /// The header of a segment of `len` octets in which `body` follows.
    #[inline]
    fn header(&self, data_offset: u8, body: &[u8], len: usize, checksum: Checksum) -> [u8; HEADER_LEN] {
        // Words in network order: added while they are in registers, stored once.
        let ports = words::pair(self.src_port, self.dst_port);
        let (seq, ack) = (self.seq.to_be(), self.ack.to_be());
        let offset_and_flags = u16::from_be_bytes([data_offset, self.flags.bits()]);
        let control = words::pair(offset_and_flags, self.window);
        let checksum = match checksum {
            Checksum::Full(addresses) => {
                let [protocol, len] = pseudo_words(len);
                let urgent = words::pair(0, self.urgent);
                let mut sum = addresses.add_words([protocol, len, ports, seq, ack, control, urgent]);
                if !body.is_empty() {
                    sum = sum.add_bytes(body);
                }
                sum.checksum()
            }
            Checksum::Partial(addresses) => pseudo_header(addresses, len).partial(),
        };
        words::octets([ports, seq, ack, control, words::pair(checksum, self.urgent)])
    }
}

impl fmt::Display for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} > {} [{}] seq {}", self.src_port, self.dst_port, self.flags, self.seq)?;
        if self.flags.contains(Flags::ACK) {
            write!(f, " ack {}", self.ack)?;
        }
        write!(f, " win {}", self.window)?;
        if self.flags.contains(Flags::URG) {
            write!(f, " urg {}", self.urgent)?;
        }
        Ok(())
    }
}

/// What to write into the Checksum field. The sums are those of source and destination address; protocol and length
/// are added here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Checksum {
    /// The checksum of the segment.
    Full(Sum),
    /// The pseudo-header's sum: a device adds the segment's.
    Partial(Sum),
}

/// Writes a header in front of data that stand in `segment` already, and the checksum over both. For whom octets of flash
/// count: in words of host order, options included, and in one pass over the whole.
///
/// `header` is five to fifteen words as RFC 9293 §3.1 draws them, with Data Offset and Checksum 0, which are worked out
/// here: `[ports, seq, ack, control bits << 16 | window, urgent pointer, options ..]`. `addresses` is the sum of source and
/// destination address.
///
/// # Errors
/// `Unrepresentable` if `header` has fewer or more words; `NoRoom` if `segment` is shorter than it. Nothing was written
/// then.
#[inline(never)]
pub fn emit_words(segment: &mut [u8], header: &[u32], addresses: Sum) -> Result<(), Error> {
    let (words, have) = (header.len(), segment.len());
    if !(HEADER_LEN / 4..=(HEADER_LEN + OPTIONS_LEN_MAX) / 4).contains(&words) {
        return Err(Error::Unrepresentable);
    }
    if have < words * 4 {
        return Err(Error::no_room(words * 4, have));
    }
    for (place, word) in segment.chunks_exact_mut(4).zip(header) {
        place.copy_from_slice(&word.to_be_bytes());
    }
    if let Some(octet) = segment.get_mut(DATA_OFFSET) {
        // At most 15, in the upper half.
        *octet = u8::try_from(words << 4).unwrap_or(0);
    }
    let checksum = pseudo_header(addresses, have).add_bytes(segment).checksum();
    if let Some(place) = segment.get_mut(CHECKSUM..CHECKSUM + 2) {
        place.copy_from_slice(&checksum.to_be_bytes());
    }
    Ok(())
}

/// Writes a segment to the front of `buffer` and returns its length: header, option octets as
/// [`Options::emit`](super::Options::emit) gives them, and data in two pieces, as a ring buffer has them.
///
/// # Errors
/// `Unrepresentable` if `options` is longer than 40 octets or not a multiple of four; `NoRoom` if `buffer` is shorter
/// than the segment. Nothing was written then.
#[cfg_attr(not(target_pointer_width = "32"), inline(always))]
pub fn emit(
    buffer: &mut [u8],
    fields: &Fields,
    options: &[u8],
    payload: [&[u8]; 2],
    checksum: Checksum,
) -> Result<usize, Error> {
    let [front, back] = payload;
    let header_len = HEADER_LEN + options.len();
    if options.len() > OPTIONS_LEN_MAX || header_len % 4 != 0 {
        return Err(Error::Unrepresentable);
    }
    // At most 60, so shifting it by two places leaves the four low bits of the octet, the reserved ones, zero.
    let data_offset = u8::try_from(header_len << 2).unwrap_or(0);
    let len = header_len.saturating_add(front.len()).saturating_add(back.len());
    let have = buffer.len();
    let segment = buffer.get_mut(..len).ok_or_else(|| Error::no_room(len, have))?;
    let (header, body) =
        segment.split_first_chunk_mut::<HEADER_LEN>().ok_or_else(|| Error::no_room(len, have))?;
    let rest = put_options(body, options);
    let rest = put(rest, front);
    put(rest, back);
    *header = fields.header(data_offset, body, len, checksum);
    Ok(len)
}

/// Copies options; those of the usual length, timestamps alone, without a call.
#[inline]
fn put_options<'a>(area: &'a mut [u8], options: &[u8]) -> &'a mut [u8] {
    let Ok(usual) = <&[u8; Timestamps::ALIGNED_LEN]>::try_from(options) else { return put(area, options) };
    let [a, b, c, d, e, f, g, h, i, j, k, l] = *usual;
    let (front, back) = (u64::from_ne_bytes([a, b, c, d, e, f, g, h]), u32::from_ne_bytes([i, j, k, l]));
    let Some((place, rest)) = area.split_first_chunk_mut() else { return &mut [] };
    *place = front.to_ne_bytes();
    let Some((place, rest)) = rest.split_first_chunk_mut() else { return &mut [] };
    *place = back.to_ne_bytes();
    rest
}

/// Copies `octets` to the front of `area`, whose length was checked, and returns what is behind them.
fn put<'a>(area: &'a mut [u8], octets: &[u8]) -> &'a mut [u8] {
    if octets.is_empty() {
        return area;
    }
    match area.split_at_mut_checked(octets.len()) {
        Some((place, rest)) => {
            place.copy_from_slice(octets);
            rest
        }
        None => &mut [],
    }
}
