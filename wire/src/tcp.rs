//! TCP segments, RFC 9293 §3.1.
//!
//! ```text
//!   0               1               2               3
//!  +-------------------------------+-------------------------------+
//!  |          Source Port          |       Destination Port        |
//!  |                        Sequence Number                        |
//!  |                    Acknowledgment Number                      |
//!  | Offset| Rsvd  |C E U A P R S F|            Window             |
//!  |           Checksum            |         Urgent Pointer        |
//!  |                     [Options, up to 40]                       |
//!  |                             Data                              :
//! ```
//!
//! [`Packet`] shows a whole segment, [`Repr`] is what it says. Shorter ways, for who carries streams: [`split_mut`] gives
//! the data to be altered, [`emit`] writes a segment without a [`Repr`], its data in the two pieces of a ring buffer.
//!
//! A SYN, written and read:
//!
//! ```
//! use tersus_wire::ip::pseudo_addresses;
//! use tersus_wire::tcp::{Checksum, Fields, Flags, Options, Packet, Repr, TcpOption};
//!
//! let (source, destination) = ([192, 0, 2, 1].into(), [192, 0, 2, 2].into());
//! let syn = Repr {
//!     fields: Fields {
//!         src_port: 5000,
//!         dst_port: 80,
//!         seq: 1,
//!         ack: 0,
//!         flags: Flags::SYN,
//!         window: 65_535,
//!         urgent: 0,
//!     },
//!     options: Options { mss: Some(1460), sack_permitted: true, ..Options::EMPTY },
//! };
//! let mut buffer = [0; 60];
//! let len = syn.emit(&mut buffer, &[], Checksum::Full(pseudo_addresses(source, destination)))?;
//!
//! let segment = Packet::parse(&buffer[..len])?;
//! segment.verify_between(source, destination)?;
//! assert_eq!(segment.to_string(), "TCP 5000 > 80 [S] seq 1 win 65535 <mss 1460,sackOK>");
//! assert!(segment.header().flags().contains(Flags::SYN));
//! assert_eq!(segment.options().next(), Some(Ok(TcpOption::Mss(1460)))); // one by one, unknown ones too
//! assert_eq!(Repr::parse(&segment)?.options.mss, Some(1460)); // the known ones at once
//! # Ok::<(), tersus_wire::Error>(())
//! ```
//!
//! Sequence numbers are plain `u32`; what is before and behind what, around zero, is for who keeps a connection.

use crate::checksum::Sum;
use crate::ip::pseudo_addresses;
use crate::{Error, IpProtocol};
use core::fmt;
use core::net::IpAddr;

mod acc_ecn;
mod fields;
mod options;
mod other;
mod sack;
pub use acc_ecn::{AccEcn, AccEcnOrder};
pub use fields::{emit, emit_words, Checksum, Fields};
pub use options::{Options, OptionsIter, PlainSyn, TcpOption, Timestamps, UserTimeout};
pub use other::OtherOption;
pub use sack::{SackBlock, SackBlocks, SackList};

/// Length of the header without options, in octets.
pub const HEADER_LEN: usize = 20;
/// Longest option area, in octets.
pub const OPTIONS_LEN_MAX: usize = 40;

// Offsets, in the order of the figure.
const DATA_OFFSET: usize = 12;
const FLAGS: usize = 13;
const WINDOW: usize = 14;
const CHECKSUM: usize = 16;
const URGENT: usize = 18;

bitflags::bitflags! {
    /// The control bits, RFC 9293 §3.1; the upper two by RFC 3168 §6.1.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
    pub struct Flags: u8 {
        /// The sender will send no more data.
        const FIN = 1;
        /// Synchronizes sequence numbers.
        const SYN = 2;
        /// Resets the connection.
        const RST = 4;
        /// Push: the sender has nothing more to send at present.
        const PSH = 8;
        /// The acknowledgement number counts.
        const ACK = 16;
        /// The urgent pointer counts.
        const URG = 32;
        /// ECN-Echo.
        const ECE = 64;
        /// Congestion Window Reduced.
        const CWR = 128;
    }
}

impl fmt::Display for Flags {
    /// A letter for each, a dot for ACK: `S.`; `none` without any.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("none");
        }
        for (flag, letter) in [
            (Self::FIN, "F"),
            (Self::SYN, "S"),
            (Self::RST, "R"),
            (Self::PSH, "P"),
            (Self::URG, "U"),
            (Self::ECE, "E"),
            (Self::CWR, "W"),
            (Self::ACK, "."),
        ] {
            if self.contains(flag) {
                f.write_str(letter)?;
            }
        }
        Ok(())
    }
}

/// The fixed part of a received header, 20 octets.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Header<'a>(&'a [u8; HEADER_LEN]);

impl<'a> Header<'a> {
    /// Over 20 octets; nothing is checked.
    #[must_use]
    pub const fn new(octets: &'a [u8; HEADER_LEN]) -> Self {
        Self(octets)
    }

    /// Source port.
    #[must_use]
    pub const fn src_port(&self) -> u16 {
        u16::from_be_bytes([self.0[0], self.0[1]])
    }

    /// Destination port.
    #[must_use]
    pub const fn dst_port(&self) -> u16 {
        u16::from_be_bytes([self.0[2], self.0[3]])
    }

    /// Both ports in one word, the source in its upper half: what a connection is looked up by.
    #[must_use]
    pub const fn ports(&self) -> u32 {
        u32::from_be_bytes([self.0[0], self.0[1], self.0[2], self.0[3]])
    }

    /// SEG.SEQ.
    #[must_use]
    pub const fn seq(&self) -> u32 {
        u32::from_be_bytes([self.0[4], self.0[5], self.0[6], self.0[7]])
    }

    /// SEG.ACK; means something with [`Flags::ACK`] only.
    #[must_use]
    pub const fn ack(&self) -> u32 {
        u32::from_be_bytes([self.0[8], self.0[9], self.0[10], self.0[11]])
    }

    /// Data Offset in octets: length of header and options, 0 to 60.
    #[must_use]
    pub fn header_len(&self) -> usize {
        usize::from(self.0[DATA_OFFSET] >> 4) * 4
    }

    /// The four reserved bits.
    #[must_use]
    pub const fn reserved(&self) -> u8 {
        self.0[DATA_OFFSET] & 0x0f
    }

    /// The control bits.
    #[must_use]
    pub const fn flags(&self) -> Flags {
        Flags::from_bits_retain(self.0[FLAGS])
    }

    /// The Window field as it stands: not scaled.
    #[must_use]
    pub const fn window(&self) -> u16 {
        u16::from_be_bytes([self.0[WINDOW], self.0[WINDOW + 1]])
    }

    /// The Checksum field.
    #[must_use]
    pub const fn checksum(&self) -> u16 {
        u16::from_be_bytes([self.0[CHECKSUM], self.0[CHECKSUM + 1]])
    }

    /// The Urgent Pointer, an offset from SEG.SEQ; `None` without URG.
    #[must_use]
    pub fn urgent(&self) -> Option<u16> {
        let urgent = u16::from_be_bytes([self.0[URGENT], self.0[URGENT + 1]]);
        self.flags().contains(Flags::URG).then_some(urgent)
    }

    /// All of it that has a meaning, in host order.
    #[must_use]
    pub fn fields(&self) -> Fields {
        Fields {
            src_port: self.src_port(),
            dst_port: self.dst_port(),
            seq: self.seq(),
            ack: self.ack(),
            flags: self.flags(),
            window: self.window(),
            urgent: self.urgent().unwrap_or(0),
        }
    }

    /// Octets of options that follow.
    fn options_len(&self) -> Result<usize, Error> {
        let header_len = self.header_len();
        header_len.checked_sub(HEADER_LEN).ok_or(Error::Length(u16::from(self.0[DATA_OFFSET] >> 4)))
    }
}

impl fmt::Debug for Header<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.fields(), f)
    }
}

/// A view of a segment.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Packet<'a> {
    header: Header<'a>,
    options: &'a [u8],
    payload: &'a [u8],
}

impl<'a> Packet<'a> {
    /// Splits a segment, all of whose octets are `bytes`. The checksum is not looked at.
    ///
    /// # Errors
    /// `Truncated` if header or options are not all there; `Length` if Data Offset is below 5.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        let have = bytes.len();
        let (header, rest) = bytes.split_first_chunk().ok_or_else(|| Error::truncated(HEADER_LEN, have))?;
        let header = Header(header);
        let (options, payload) = rest
            .split_at_checked(header.options_len()?)
            .ok_or_else(|| Error::truncated(header.header_len(), have))?;
        Ok(Self { header, options, payload })
    }

    /// The fixed part of the header.
    #[must_use]
    pub const fn header(&self) -> Header<'a> {
        self.header
    }

    /// The options, one by one.
    #[must_use]
    pub const fn options(&self) -> OptionsIter<'a> {
        OptionsIter::new(self.options)
    }

    /// The option area, with padding.
    #[must_use]
    pub const fn option_octets(&self) -> &'a [u8] {
        self.options
    }

    /// The data.
    #[must_use]
    pub const fn payload(&self) -> &'a [u8] {
        self.payload
    }

    /// SEG.LEN: octets of sequence space, in which SYN and FIN count one each.
    #[must_use]
    pub fn segment_len(&self) -> u32 {
        let flags = self.header.flags();
        let controls = u32::from(flags.contains(Flags::SYN)) + u32::from(flags.contains(Flags::FIN));
        u32::try_from(self.payload.len()).unwrap_or(u32::MAX).saturating_add(controls)
    }

    /// Whether the checksum is right; `addresses` is the sum of source and destination address.
    #[must_use]
    pub fn verify_checksum(&self, addresses: Sum) -> bool {
        let len = HEADER_LEN + self.options.len() + self.payload.len();
        let mut sum = pseudo_header(addresses, len).add_array(self.header.0);
        for part in [self.options, self.payload] {
            if !part.is_empty() {
                sum = sum.add_bytes(part);
            }
        }
        sum.is_valid()
    }

    /// Verifies the checksum of a segment between these addresses, both of one family.
    ///
    /// # Errors
    /// `Checksum` if it is wrong.
    pub fn verify_between(&self, source: IpAddr, destination: IpAddr) -> Result<(), Error> {
        match self.verify_checksum(pseudo_addresses(source, destination)) {
            true => Ok(()),
            false => Err(Error::Checksum),
        }
    }
}

impl fmt::Display for Packet<'_> {
    /// `TCP 443 > 50123 [S.] seq 1 ack 2 win 65535 <mss 1460,wscale 7>`, with ` len 5` at the end if there is data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TCP {}{}", self.header.fields(), self.options())?;
        match self.payload.len() {
            0 => Ok(()),
            len => write!(f, " len {len}"),
        }
    }
}

impl fmt::Debug for Packet<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Splits a received segment into header, option octets and data, which are disjoint.
///
/// # Errors
/// As [`Packet::parse`].
pub fn split_mut(bytes: &mut [u8]) -> Result<(Header<'_>, &[u8], &mut [u8]), Error> {
    let have = bytes.len();
    let (header, rest) = bytes.split_first_chunk_mut().ok_or_else(|| Error::truncated(HEADER_LEN, have))?;
    let header = Header(header);
    let (options, payload) = rest
        .split_at_mut_checked(header.options_len()?)
        .ok_or_else(|| Error::truncated(header.header_len(), have))?;
    Ok((header, options, payload))
}

/// Whether the checksum of a whole segment is right; `addresses` is the sum of source and destination address.
#[must_use]
#[inline]
pub fn verify_checksum(segment: &[u8], addresses: Sum) -> bool {
    let sum = pseudo_header(addresses, segment.len());
    match <&[u8; HEADER_LEN]>::try_from(segment) {
        // Without options and data, in line. Where flash is short, that is no reason for more code.
        Ok(header) if cfg!(not(target_pointer_width = "32")) => sum.is_valid_with(header),
        _ => sum.add_bytes(segment).is_valid(),
    }
}

/// Completes the sum of the addresses by protocol and length.
fn pseudo_header(addresses: Sum, len: usize) -> Sum {
    addresses.add_u16(u16::from(IpProtocol::TCP.0)).add_u32(u32::try_from(len).unwrap_or(u32::MAX))
}

/// Protocol and length, in network order.
#[inline]
fn pseudo_words(len: usize) -> [u32; 2] {
    [u32::from(IpProtocol::TCP.0).to_be(), u32::try_from(len).unwrap_or(u32::MAX).to_be()]
}

/// What a segment says beside its data: owned, in host order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct Repr {
    /// The fixed part of the header.
    pub fields: Fields,
    /// The options.
    pub options: Options,
}

impl Repr {
    /// Reads header and options. Reserved bits are ignored, and so is the checksum.
    ///
    /// # Errors
    /// As [`Options::parse`].
    pub fn parse(packet: &Packet<'_>) -> Result<Self, Error> {
        let fields = packet.header.fields();
        if packet.options.is_empty() {
            return Ok(Self { fields, options: Options::EMPTY });
        }
        Ok(Self { fields, options: Options::parse(packet.options)? })
    }

    /// Octets of header and options.
    #[must_use]
    pub fn buffer_len(&self) -> usize {
        HEADER_LEN + self.options.buffer_len()
    }

    /// Writes a segment with `payload` to the front of `buffer` and returns its length.
    ///
    /// # Errors
    /// As [`Options::emit`] and [`emit`].
    pub fn emit(&self, buffer: &mut [u8], payload: &[u8], checksum: Checksum) -> Result<usize, Error> {
        let mut area = [0; OPTIONS_LEN_MAX];
        let len = self.options.emit(&mut area)?;
        let options = area.get(..len).unwrap_or(&[]);
        emit(buffer, &self.fields, options, [payload, &[]], checksum)
    }
}

#[cfg(test)]
mod tests;
