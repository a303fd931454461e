//! Options and messages of neighbour discovery on 6LoWPAN: RFC 6775 §4 with the extensions of RFC 8505 §4.
//!
//! ```text
//!   33, ARO and EARO | Status | Opaque  | Rsvd I R T | TID | Registration Lifetime | ROVR (8, 16, 24 or 32)
//!   34, 6CO          | Context Length   | Res C CID  | Reserved (2) | Valid Lifetime | Context Prefix (8 or 16)
//!   35, ABRO         | Version Low (2)  | Version High (2) | Valid Lifetime (2) | 6LBR Address (16)
//!
//!   ICMPv6 157, DAR and EDAR; 158, DAC and EDAC
//!     | Status | TID | Registration Lifetime | ROVR | Registered Address (16) |   code: size of the ROVR, 0 in DAR
//! ```
//!
//! Lifetimes count minutes.

use crate::prefix::Ipv6Prefix;
use crate::put::Put;
use crate::{icmpv6, Error};
use core::fmt;
use core::net::Ipv6Addr;

/// Status of a registration, IANA "Address Registration Option Status Values".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RegistrationStatus {
    /// 0
    Success,
    /// 1
    DuplicateAddress,
    /// 2
    NeighbourCacheFull,
    /// 3: registered by a newer request elsewhere.
    Moved,
    /// 4
    Removed,
    /// 5: prove that the address is yours.
    ValidationRequested,
    /// 6
    DuplicateSource,
    /// 7
    InvalidSource,
    /// 8
    AddressTopologicallyIncorrect,
    /// 9
    RegistryFull,
    /// 10
    ValidationFailed,
    /// Any other.
    Unknown(u8),
}

impl From<u8> for RegistrationStatus {
    fn from(status: u8) -> Self {
        match status {
            0 => Self::Success,
            1 => Self::DuplicateAddress,
            2 => Self::NeighbourCacheFull,
            3 => Self::Moved,
            4 => Self::Removed,
            5 => Self::ValidationRequested,
            6 => Self::DuplicateSource,
            7 => Self::InvalidSource,
            8 => Self::AddressTopologicallyIncorrect,
            9 => Self::RegistryFull,
            10 => Self::ValidationFailed,
            other => Self::Unknown(other),
        }
    }
}

impl From<RegistrationStatus> for u8 {
    fn from(status: RegistrationStatus) -> Self {
        match status {
            RegistrationStatus::Success => 0,
            RegistrationStatus::DuplicateAddress => 1,
            RegistrationStatus::NeighbourCacheFull => 2,
            RegistrationStatus::Moved => 3,
            RegistrationStatus::Removed => 4,
            RegistrationStatus::ValidationRequested => 5,
            RegistrationStatus::DuplicateSource => 6,
            RegistrationStatus::InvalidSource => 7,
            RegistrationStatus::AddressTopologicallyIncorrect => 8,
            RegistrationStatus::RegistryFull => 9,
            RegistrationStatus::ValidationFailed => 10,
            RegistrationStatus::Unknown(other) => other,
        }
    }
}

/// ROVR, the proof of who registers, or EUI-64: 8, 16, 24 or 32 octets.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Rovr<'a> {
    octets: &'a [u8],
}

impl<'a> Rovr<'a> {
    /// `None` unless there are 8, 16, 24 or 32 octets.
    #[must_use]
    pub fn new(octets: &'a [u8]) -> Option<Self> {
        matches!(octets.len(), 8 | 16 | 24 | 32).then_some(Self { octets })
    }

    /// The octets.
    #[must_use]
    pub fn as_bytes(&self) -> &'a [u8] {
        self.octets
    }
}

impl fmt::Display for Rovr<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.octets.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
    }
}

impl fmt::Debug for Rovr<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Flags of an address registration option, RFC 8505 §4.1; none in RFC 6775.
const R_FLAG: u8 = 0x02;
const T_FLAG: u8 = 0x01;

/// Content of an address registration option, RFC 6775 §4.1, RFC 8505 §4.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct Registration<'a> {
    /// Status; `Success` in a solicitation.
    pub status: RegistrationStatus,
    /// Opaque, whose meaning `opaque_kind` tells.
    pub opaque: u8,
    /// I, 0 to 3. 0: Opaque is an index of the routing topology that the address is for, 0 the default one; the others are
    /// reserved and not to be used, but kept where they are received.
    #[cfg_attr(feature = "arbitrary", arbitrary(with = crate::arbitrary::up_to_u8::<3>))]
    pub opaque_kind: u8,
    /// R: the address is to be injected into routing.
    pub is_routed: bool,
    /// TID: counts the registrations of the address; `None` without T, as in the option of RFC 6775.
    pub transaction_id: Option<u8>,
    /// Registration Lifetime, in minutes; 0 takes the registration back.
    pub lifetime_min: u16,
    /// ROVR or EUI-64.
    pub rovr: Rovr<'a>,
}

impl<'a> Registration<'a> {
    pub(super) fn read(data: &'a [u8]) -> Option<Self> {
        let (&[status, opaque, flags, transaction_id, l0, l1], rovr) = data.split_first_chunk()?;
        Some(Self {
            status: RegistrationStatus::from(status),
            opaque,
            opaque_kind: flags >> 2 & 3,
            is_routed: flags & R_FLAG != 0,
            transaction_id: (flags & T_FLAG != 0).then_some(transaction_id),
            lifetime_min: u16::from_be_bytes([l0, l1]),
            rovr: Rovr::new(rovr)?,
        })
    }

    pub(super) fn put(&self, out: &mut Put<'_>) {
        let routed = if self.is_routed { R_FLAG } else { 0 };
        let transaction = if self.transaction_id.is_some() { T_FLAG } else { 0 };
        let flags = (self.opaque_kind & 3) << 2 | routed | transaction;
        let transaction_id = self.transaction_id.unwrap_or(0);
        out.octets(&[u8::from(self.status), self.opaque, flags, transaction_id]);
        out.octets(&self.lifetime_min.to_be_bytes());
        out.octets(self.rovr.octets);
    }
}

impl fmt::Display for Registration<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "registration {:?} of {} for {} min", self.status, self.rovr, self.lifetime_min)?;
        if let Some(transaction_id) = self.transaction_id {
            write!(f, " tid {transaction_id}")?;
        }
        f.write_str(if self.is_routed { " routed" } else { "" })
    }
}

/// Content of a 6LoWPAN context option, RFC 6775 §4.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContextOption {
    /// CID, 0 to 15.
    pub id: u8,
    /// C: it may be used to compress too, else to decompress only.
    pub compress: bool,
    /// Valid Lifetime, in minutes; 0: to be removed.
    pub lifetime_min: u16,
    /// The prefix.
    pub prefix: Ipv6Prefix,
}

impl ContextOption {
    /// `None` if the prefix does not fit its octets (8 or 16).
    pub(super) fn read(data: &[u8]) -> Option<Self> {
        let (&[len, flags, _, _, l0, l1], prefix) = data.split_first_chunk()?;
        Some(Self {
            id: flags & 0x0f,
            compress: flags & 0x10 != 0,
            lifetime_min: u16::from_be_bytes([l0, l1]),
            prefix: Ipv6Prefix::from_octets(prefix, len)?,
        })
    }

    pub(super) fn prefix_octet_count(&self) -> usize {
        if self.prefix.prefix_len() > 64 {
            16
        } else {
            8
        }
    }

    pub(super) fn put(&self, out: &mut Put<'_>) {
        let flags = if self.compress { 0x10 } else { 0 } | self.id & 0x0f;
        out.octets(&[self.prefix.prefix_len(), flags, 0, 0]);
        out.octets(&self.lifetime_min.to_be_bytes());
        let octets = self.prefix.address().octets();
        out.octets(octets.get(..self.prefix_octet_count()).unwrap_or_default());
    }
}

impl fmt::Display for ContextOption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "context {} is {} for {} min", self.id, self.prefix, self.lifetime_min)?;
        f.write_str(if self.compress { "" } else { ", decompression only" })
    }
}

/// Content of an authoritative border router option, RFC 6775 §4.3.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct BorderRouter {
    /// Version of the information that comes with it: Version High and Version Low.
    pub version: u32,
    /// Valid Lifetime, in minutes; 0 means 10,000.
    pub lifetime_min: u16,
    /// Where the information comes from.
    pub address: Ipv6Addr,
}

impl BorderRouter {
    pub(super) fn read(data: &[u8]) -> Option<Self> {
        let &[low0, low1, high0, high1, l0, l1, ref address @ ..] = <&[u8; 22]>::try_from(data).ok()?;
        Some(Self {
            version: u32::from_be_bytes([high0, high1, low0, low1]),
            lifetime_min: u16::from_be_bytes([l0, l1]),
            address: Ipv6Addr::from(*address),
        })
    }

    pub(super) fn put(&self, out: &mut Put<'_>) {
        let [high0, high1, low0, low1] = self.version.to_be_bytes();
        out.octets(&[low0, low1, high0, high1]);
        out.octets(&self.lifetime_min.to_be_bytes());
        out.octets(&self.address.octets());
    }
}

impl fmt::Display for BorderRouter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "border router {} version {} for {} min", self.address, self.version, self.lifetime_min)
    }
}

/// A duplicate address request or confirmation between routers, RFC 6775 §4.4, RFC 8505 §4.2: an ICMPv6 message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct DuplicateAddress<'a> {
    /// Request or confirmation.
    pub kind: DuplicateAddressKind,
    /// Status; `Success` in a request.
    pub status: RegistrationStatus,
    /// TID; `None` in the messages of RFC 6775.
    pub transaction_id: Option<u8>,
    /// Registration Lifetime, in minutes.
    pub lifetime_min: u16,
    /// ROVR; an EUI-64 of 8 octets in the messages of RFC 6775.
    pub rovr: Rovr<'a>,
    /// The address that is registered.
    pub address: Ipv6Addr,
}

/// Which of the two messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub enum DuplicateAddressKind {
    /// Type 157.
    Request,
    /// Type 158.
    Confirmation,
}

/// Length of a message but for its ROVR, in octets: header, status to lifetime, address.
const DUPLICATE_ADDRESS_LEN: usize = 24;

impl<'a> DuplicateAddress<'a> {
    /// The message's meaning. The checksum is not looked at.
    ///
    /// # Errors
    /// `Unknown` with the type for other messages; `Field(1)` for a code that names no size of the ROVR; `Truncated`.
    pub fn parse(packet: &icmpv6::Packet<'a>) -> Result<Self, Error> {
        let kind = match packet.message_type() {
            icmpv6::Type::DUPLICATE_ADDRESS_REQUEST => DuplicateAddressKind::Request,
            icmpv6::Type::DUPLICATE_ADDRESS_CONFIRMATION => DuplicateAddressKind::Confirmation,
            other => return Err(Error::Unknown(u8::from(other))),
        };
        // Code Suffix; Code Prefix, the upper four bits, is to be ignored.
        let suffix = packet.code() & 0x0f;
        if suffix > 4 {
            return Err(Error::Field(1));
        }
        let rovr_len = usize::from(suffix.max(1)) * 8;
        let body = packet.body();
        let truncated =
            || Error::truncated(DUPLICATE_ADDRESS_LEN + rovr_len, icmpv6::COMMON_LEN + body.len());
        let (&[status, tid, l0, l1], rest) = body.split_first_chunk::<4>().ok_or_else(truncated)?;
        let (rovr, rest) = rest.split_at_checked(rovr_len).ok_or_else(truncated)?;
        let address = rest.first_chunk::<16>().ok_or_else(truncated)?;
        Ok(Self {
            kind,
            status: RegistrationStatus::from(status),
            transaction_id: (suffix > 0).then_some(tid),
            lifetime_min: u16::from_be_bytes([l0, l1]),
            rovr: Rovr { octets: rovr },
            address: Ipv6Addr::from(*address),
        })
    }

    /// Length of the whole ICMPv6 message, in octets.
    #[must_use]
    pub fn buffer_len(&self) -> usize {
        DUPLICATE_ADDRESS_LEN + self.rovr.octets.len()
    }

    /// Writes the whole ICMPv6 message, with its checksum, to the front of `buffer`; returns its length.
    ///
    /// # Errors
    /// `NoRoom`; `Unrepresentable` without transaction identifier if the ROVR is longer than 8 octets.
    pub fn emit(&self, source: Ipv6Addr, destination: Ipv6Addr, buffer: &mut [u8]) -> Result<usize, Error> {
        let kind = match self.kind {
            DuplicateAddressKind::Request => icmpv6::Type::DUPLICATE_ADDRESS_REQUEST,
            DuplicateAddressKind::Confirmation => icmpv6::Type::DUPLICATE_ADDRESS_CONFIRMATION,
        };
        let suffix = match (self.transaction_id, self.rovr.octets.len() / 8) {
            (None, 1) => 0,
            (None, _) => return Err(Error::Unrepresentable),
            (Some(_), units) => u8::try_from(units).map_err(|_| Error::Unrepresentable)?,
        };
        let need = self.buffer_len();
        let mut out = Put::new(buffer, need)?;
        out.octets(&[u8::from(kind), suffix, 0, 0]);
        out.octets(&[u8::from(self.status), self.transaction_id.unwrap_or(0)]);
        out.octets(&self.lifetime_min.to_be_bytes());
        out.octets(self.rovr.octets);
        out.octets(&self.address.octets());
        icmpv6::fill_checksum(source, destination, buffer.get_mut(..need).unwrap_or_default());
        Ok(need)
    }
}

impl fmt::Display for DuplicateAddress<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            DuplicateAddressKind::Request => "request",
            DuplicateAddressKind::Confirmation => "confirmation",
        };
        write!(f, "duplicate address {kind} {} {:?} of {}", self.address, self.status, self.rovr)?;
        write!(f, " for {} min", self.lifetime_min)?;
        match self.transaction_id {
            Some(tid) => write!(f, " tid {tid}"),
            None => Ok(()),
        }
    }
}
