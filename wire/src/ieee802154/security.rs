//! The auxiliary security header, IEEE 802.15.4 §9.4.
//!
//! ```text
//!  octets: 1          0/4             0/0/4/8      0/1
//!      +---------+---------------+--------------+-----------+
//!      | control | frame counter | key source   | key index |
//!      +---------+---------------+--------------+-----------+
//!  control, bit 0 first:  level 3 | key id mode 2 | suppress counter (2) | ASN in nonce (2) | -
//! ```
//! Bits marked (2) exist in version 2 only; older frames always hold the counter.

use super::Version;
use crate::put::Put;
use crate::Error;
use core::fmt;

pub(super) const COUNTER_SUPPRESSION: u8 = 1 << 5;
const ASN_IN_NONCE: u8 = 1 << 6;

/// How the key is named: key id modes 0 to 3.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub enum KeyId {
    /// 0: both sides know it.
    Implicit,
    /// 1: by an index among the default source's keys.
    Index(u8),
    /// 2: by the PAN id and short address of its source, as they stand in the frame, and an index.
    Short([u8; 4], u8),
    /// 3: by the extended address of its source, as it stands in the frame, and an index.
    Extended([u8; 8], u8),
}

impl KeyId {
    const fn mode(self) -> u8 {
        match self {
            Self::Implicit => 0,
            Self::Index(_) => 1,
            Self::Short(..) => 2,
            Self::Extended(..) => 3,
        }
    }

    const fn buffer_len(self) -> usize {
        match self {
            Self::Implicit => 0,
            Self::Index(_) => 1,
            Self::Short(..) => 5,
            Self::Extended(..) => 9,
        }
    }
}

/// Octets of a key identifier of this mode.
pub(super) const fn key_len(mode: u8) -> usize {
    match mode & 0b11 {
        0 => 0,
        1 => 1,
        2 => 5,
        _ => 9,
    }
}

/// Octets of the integrity code of a security level: bits 0 and 1.
#[must_use]
pub const fn integrity_code_len(level: u8) -> usize {
    match level & 0b11 {
        0 => 0,
        1 => 4,
        2 => 8,
        _ => 16,
    }
}

/// A view of the auxiliary security header of a frame, IEEE 802.15.4 §9.4.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SecurityHeader<'a> {
    pub(super) control: u8,
    pub(super) frame_counter: Option<u32>,
    /// Key source and key index.
    pub(super) key: &'a [u8],
}

impl SecurityHeader<'_> {
    /// Security level, 0 to 7: bits 0 and 1 say how long the integrity code is, bit 2 whether the payload is
    /// encrypted.
    #[must_use]
    pub const fn level(&self) -> u8 {
        self.control & 0b111
    }

    /// Whether the payload is encrypted.
    #[must_use]
    pub const fn is_encrypted(&self) -> bool {
        self.control & 0b100 != 0
    }

    /// Octets of the integrity code at the end of the frame: 0, 4, 8 or 16.
    #[must_use]
    pub const fn integrity_code_len(&self) -> usize {
        integrity_code_len(self.level())
    }

    /// How the key is named, 0 to 3.
    #[must_use]
    pub const fn key_id_mode(&self) -> u8 {
        (self.control >> 3) & 0b11
    }

    /// The key's name.
    #[must_use]
    pub fn key_id(&self) -> KeyId {
        match *self.key {
            [index] => KeyId::Index(index),
            [a, b, c, d, index] => KeyId::Short([a, b, c, d], index),
            [a, b, c, d, e, f, g, h, index] => KeyId::Extended([a, b, c, d, e, f, g, h], index),
            _ => KeyId::Implicit,
        }
    }

    /// Frame counter; `None` if suppressed (version 2).
    #[must_use]
    pub const fn frame_counter(&self) -> Option<u32> {
        self.frame_counter
    }

    /// Whether the nonce holds the absolute slot number instead of the counter (version 2).
    #[must_use]
    pub const fn is_asn_in_nonce(&self) -> bool {
        self.control & ASN_IN_NONCE != 0
    }
}

/// The meaning of an auxiliary security header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SecurityRepr {
    /// Security level, 0 to 7.
    pub level: u8,
    /// The key's name.
    pub key_id: KeyId,
    /// Frame counter; `None` suppresses it, in version 2 only.
    pub frame_counter: Option<u32>,
    /// Whether the nonce holds the absolute slot number, in version 2 only.
    pub is_asn_in_nonce: bool,
}

impl SecurityRepr {
    /// The fields of a header in a frame of this version; what the version does not know is left out.
    #[must_use]
    pub fn parse(header: &SecurityHeader<'_>, version: Version) -> Self {
        Self {
            level: header.level(),
            key_id: header.key_id(),
            frame_counter: header.frame_counter,
            is_asn_in_nonce: version == Version::V2015 && header.is_asn_in_nonce(),
        }
    }

    /// What it takes in a frame: 1 to 14 octets.
    #[must_use]
    pub const fn buffer_len(&self) -> usize {
        let counter_len = if self.frame_counter.is_some() { 4 } else { 0 };
        1 + counter_len + self.key_id.buffer_len()
    }

    pub(super) fn write(&self, version: Version, writer: &mut Put<'_>) -> Result<(), Error> {
        let is_possible = match version {
            Version::V2003 => false,
            Version::V2006 => self.frame_counter.is_some() && !self.is_asn_in_nonce,
            Version::V2015 => true,
        };
        if !is_possible || self.level > 7 {
            return Err(Error::Unrepresentable);
        }
        let mut control = self.level | self.key_id.mode() << 3;
        if self.frame_counter.is_none() {
            control |= COUNTER_SUPPRESSION;
        }
        if self.is_asn_in_nonce {
            control |= ASN_IN_NONCE;
        }
        writer.octets(&[control]);
        if let Some(counter) = self.frame_counter {
            writer.octets(&counter.to_le_bytes());
        }
        let (source, index): (&[u8], _) = match &self.key_id {
            KeyId::Implicit => return Ok(()),
            KeyId::Index(index) => (&[], index),
            KeyId::Short(source, index) => (source, index),
            KeyId::Extended(source, index) => (source, index),
        };
        writer.octets(source);
        writer.octets(&[*index]);
        Ok(())
    }
}

impl fmt::Display for SecurityHeader<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "secured level {}", self.level())?;
        match self.key_id() {
            KeyId::Implicit => {}
            KeyId::Index(index) | KeyId::Short(_, index) | KeyId::Extended(_, index) => {
                write!(f, " key {index}")?;
            }
        }
        match self.frame_counter {
            Some(counter) => write!(f, " counter {counter}"),
            None => Ok(()),
        }
    }
}
