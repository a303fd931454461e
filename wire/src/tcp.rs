//! TCP segments, RFC 9293 §3.1.

use crate::checksum::Sum;
use crate::Error;

mod options;
pub use options::{
    Options, OptionsIter, SackBlock, SackBlocks, SackList, TcpOption, Timestamps, UserTimeout,
};

/// Length of the header without options, in octets.
pub const HEADER_LEN: usize = 20;
/// Longest option area, in octets.
pub const MAX_OPTIONS_LEN: usize = 40;

bitflags::bitflags! {
    /// The control bits, RFC 9293 §3.1 and RFC 3168 §6.1.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
    pub struct Flags: u8 {
        /// No more data from the sender.
        const FIN = 1;
        /// Synchronize sequence numbers.
        const SYN = 2;
        /// Reset the connection.
        const RST = 4;
        /// Push.
        const PSH = 8;
        /// The acknowledgement field counts.
        const ACK = 16;
        /// The urgent pointer counts.
        const URG = 32;
        /// ECN-Echo.
        const ECE = 64;
        /// Congestion Window Reduced.
        const CWR = 128;
    }
}

/// The fixed header of a segment, 20 octets.
#[derive(Clone, Copy)]
pub struct Header<'a>(&'a [u8; HEADER_LEN]);

impl Header<'_> {
    /// Source port.
    pub fn src_port(&self) -> u16 {
        todo!()
    }
    /// Destination port.
    pub fn dst_port(&self) -> u16 {
        todo!()
    }
    /// Both ports as one word, source in the upper half.
    pub fn ports(&self) -> u32 {
        todo!()
    }
    /// Sequence number.
    pub fn seq(&self) -> u32 {
        todo!()
    }
    /// Acknowledgement number.
    pub fn ack(&self) -> u32 {
        todo!()
    }
    /// Data offset times four: octets of header and options.
    pub fn header_len(&self) -> usize {
        todo!()
    }
    /// The four reserved bits.
    pub fn reserved(&self) -> u8 {
        todo!()
    }
    /// The control bits.
    pub fn flags(&self) -> Flags {
        todo!()
    }
    /// The window field as it stands, not scaled.
    pub fn window(&self) -> u16 {
        todo!()
    }
    /// The checksum field.
    pub fn checksum(&self) -> u16 {
        todo!()
    }
    /// The urgent pointer, if URG is set.
    pub fn urgent(&self) -> Option<u16> {
        todo!()
    }
}

/// A view of a segment.
#[derive(Clone, Copy)]
pub struct Packet<'a> {
    header: Header<'a>,
    options: &'a [u8],
    payload: &'a [u8],
}

impl<'a> Packet<'a> {
    /// Splits.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        todo!()
    }
    /// Header.
    pub fn header(&self) -> Header<'a> {
        self.header
    }
    /// Options.
    pub fn options(&self) -> OptionsIter<'a> {
        OptionsIter::new(self.options)
    }
    /// Payload.
    pub fn payload(&self) -> &'a [u8] {
        self.payload
    }
}

/// Splits a received segment into header, option octets and payload, all disjoint.
pub fn split_mut(bytes: &mut [u8]) -> Result<(Header<'_>, &[u8], &mut [u8]), Error> {
    todo!()
}

/// Whether the checksum of a whole segment is right; `addresses` is the sum of both addresses.
pub fn verify_checksum(segment: &[u8], addresses: Sum) -> bool {
    todo!()
}

/// The fixed part of a header, in host order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Fields {
    /// Source port.
    pub src_port: u16,
    /// Destination port.
    pub dst_port: u16,
    /// Sequence number.
    pub seq: u32,
    /// Acknowledgement number.
    pub ack: u32,
    /// Control bits.
    pub flags: Flags,
    /// Window field.
    pub window: u16,
    /// Urgent pointer.
    pub urgent: u16,
}

/// What to write into the checksum field; each sum is that of both addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Checksum {
    /// The whole checksum.
    Full(Sum),
    /// The pseudo-header only; a device does the rest.
    Partial(Sum),
}

/// Writes a segment: header, option octets (a multiple of four, as `Options::emit` gives them), payload in two pieces. Returns its length.
pub fn emit(
    buffer: &mut [u8],
    fields: &Fields,
    options: &[u8],
    payload: [&[u8]; 2],
    checksum: Checksum,
) -> Result<usize, Error> {
    todo!()
}

/// Header and options, owned.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Repr {
    /// Fixed part.
    pub fields: Fields,
    /// Options.
    pub options: Options,
}
