//! What an IPv4 header means, and the header that says it, RFC 791 §3.1.

use super::{Flags, Packet, HEADER_LEN, OPTIONS_LEN_MAX};
use crate::checksum::Sum;
use crate::{words, Error, IpProtocol};
use core::net::Ipv4Addr;

/// The meaning of a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct Repr {
    /// Traffic Class: DS field and ECN.
    pub traffic_class: u8,
    /// Identification of the datagram.
    pub identification: u16,
    /// DF and MF.
    #[cfg_attr(feature = "arbitrary", arbitrary(with = crate::arbitrary::ipv4_flags))]
    pub flags: Flags,
    /// Where the payload lies in its datagram, in octets: a multiple of eight.
    #[cfg_attr(feature = "arbitrary", arbitrary(with = crate::arbitrary::fragment_offset))]
    pub fragment_offset: u16,
    /// Hop Limit, also Time to Live.
    pub hop_limit: u8,
    /// Upper-layer protocol.
    pub protocol: IpProtocol,
    /// Source Address.
    pub source: Ipv4Addr,
    /// Destination Address.
    pub destination: Ipv4Addr,
    /// Octets that follow the header.
    pub payload_len: u16,
}

impl Repr {
    /// A packet that is no fragment, with DF set and Identification 0 (RFC 6864 §4.1) and Hop Limit 64.
    #[must_use]
    pub const fn new(
        protocol: IpProtocol,
        source: Ipv4Addr,
        destination: Ipv4Addr,
        payload_len: u16,
    ) -> Self {
        Self {
            traffic_class: 0,
            identification: 0,
            flags: Flags::DONT_FRAGMENT,
            fragment_offset: 0,
            hop_limit: 64,
            protocol,
            source,
            destination,
            payload_len,
        }
    }

    /// The meaning of a parsed packet; the reserved flag and the options are left out.
    #[must_use]
    pub fn parse(packet: &Packet<'_>) -> Self {
        let header = packet.header;
        let header_len = u16::try_from(header.header_len()).unwrap_or(0);
        Self {
            traffic_class: header.traffic_class(),
            identification: header.identification(),
            flags: header.flags().difference(Flags::RESERVED),
            fragment_offset: header.fragment_offset(),
            hop_limit: header.hop_limit(),
            protocol: header.protocol(),
            source: header.source(),
            destination: header.destination(),
            payload_len: header.total_len().saturating_sub(header_len),
        }
    }

    /// Octets that `emit` writes.
    #[must_use]
    pub const fn buffer_len(&self) -> usize {
        HEADER_LEN
    }

    /// Writes the header, checksum included, to the front of `buffer`; the payload is the caller's.
    ///
    /// # Errors
    /// As [`Repr::emit_with_options`].
    pub fn emit(&self, buffer: &mut [u8]) -> Result<(), Error> {
        self.check(0)?;
        let have = buffer.len();
        let header = buffer.first_chunk_mut().ok_or_else(|| Error::no_room(HEADER_LEN, have))?;
        *header = self.header(&[]);
        Ok(())
    }

    /// Writes the header and `options`, as they are, to the front of `buffer`.
    ///
    /// # Errors
    /// `NoRoom`; `Unrepresentable` if the options are longer than 40 octets or no multiple of four, if header and
    /// payload exceed 65,535 octets, or if the fragment offset is no multiple of eight.
    pub fn emit_with_options(&self, options: &[u8], buffer: &mut [u8]) -> Result<(), Error> {
        self.check(options.len())?;
        let (need, have) = (HEADER_LEN + options.len(), buffer.len());
        let room = buffer.get_mut(..need).ok_or_else(|| Error::no_room(need, have))?;
        let (header, rest) = room.split_first_chunk_mut().ok_or_else(|| Error::no_room(need, have))?;
        *header = self.header(options);
        for (to, from) in rest.iter_mut().zip(options) {
            *to = *from;
        }
        Ok(())
    }

    /// Whether a header with so many octets of options can say all this.
    #[inline]
    fn check(&self, options_len: usize) -> Result<(), Error> {
        let total_len = HEADER_LEN + options_len + usize::from(self.payload_len);
        let is_too_long = options_len > OPTIONS_LEN_MAX || total_len > usize::from(u16::MAX);
        if is_too_long || options_len % 4 != 0 || self.fragment_offset % 8 != 0 {
            return Err(Error::Unrepresentable);
        }
        Ok(())
    }

    /// The fixed part, with the checksum over itself and `options`; checked before.
    #[inline]
    fn header(&self, options: &[u8]) -> [u8; HEADER_LEN] {
        // 20 to 60 octets, so that IHL has four bits.
        let header_len = u16::try_from(HEADER_LEN + options.len()).unwrap_or(0);
        let [ihl, _] = (header_len << 6).to_be_bytes();
        let version_and_class = u16::from_be_bytes([0x40 | ihl, self.traffic_class]);
        let first = words::pair(version_and_class, header_len.wrapping_add(self.payload_len));
        let flags = u16::from(self.flags.bits() & 7) << 13;
        let second = words::pair(self.identification, flags | self.fragment_offset >> 3);
        let third = u16::from_be_bytes([self.hop_limit, self.protocol.0]);
        let [source, destination] = [self.source, self.destination].map(|address| address.to_bits().to_be());
        let mut sum = Sum::new()
            .add_word(first)
            .add_word(second)
            .add_word(words::pair(third, 0))
            .add_word(source)
            .add_word(destination);
        if !options.is_empty() {
            sum = sum.add_bytes(options);
        }
        words::octets([first, second, words::pair(third, sum.checksum()), source, destination])
    }
}
