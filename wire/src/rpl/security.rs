//! The security section of RPL control messages, RFC 6550 §6.1, and the consistency check that only secure messages
//! can be, §6.6.
//!
//! ```text
//!   +-+-------------+---------------+---+-----+-----+---------------+
//!   |T|  Reserved   |   Algorithm   |KIM|Resvd| LVL |     Flags     |
//!   +-+-------------+---------------+---+-----+-----+---------------+
//!   |                            Counter                            |
//!   +---------------------------------------------------------------+
//!   |  Key Identifier: 0, 1 or 9 octets, by KIM                     |
//! ```
//!
//! Nothing is verified or decrypted here.

use super::{Code, InstanceId, Options, Repr, HEADER_LEN};
use crate::put::Put;
use crate::Error;
use core::fmt;
use core::net::Ipv6Addr;

/// Length of the section without Key Identifier, in octets.
const FIXED_LEN: usize = 8;
/// Length of the base object of a consistency check, in octets.
const CC_LEN: usize = 24;
/// LVL: the message is encrypted (in all levels that are assigned).
const ENCRYPTED: u8 = 1;

/// KIM and Key Identifier: which key protects a message, §6.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub enum KeyIdentifier {
    /// KIM 0: a group key, by index.
    Group {
        /// Key Index.
        index: u8,
    },
    /// KIM 1: the key of the two nodes.
    Pair,
    /// KIM 2: a group key, by source and index.
    GroupOf {
        /// Key Source.
        source: [u8; 8],
        /// Key Index.
        index: u8,
    },
    /// KIM 3, signed but not encrypted.
    Signature,
    /// KIM 3, signed, and encrypted by a group key.
    EncryptedSignature {
        /// Key Source of the group key.
        source: [u8; 8],
        /// Key Index of the group key.
        index: u8,
    },
}

impl KeyIdentifier {
    fn octet_count(&self) -> usize {
        match self {
            Self::Pair | Self::Signature => 0,
            Self::Group { .. } => 1,
            Self::GroupOf { .. } | Self::EncryptedSignature { .. } => 9,
        }
    }

    fn mode(&self) -> u8 {
        match self {
            Self::Group { .. } => 0,
            Self::Pair => 1,
            Self::GroupOf { .. } => 2,
            Self::Signature | Self::EncryptedSignature { .. } => 3,
        }
    }
}

/// A security section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct Security {
    /// T: the counter is a time.
    pub counter_is_time: bool,
    /// Algorithm: 0 is CCM with AES-128, and RSA with SHA-256.
    pub algorithm: u8,
    /// Which key.
    pub key: KeyIdentifier,
    /// LVL, 0 to 7: how long the code or signature is, and whether the message is encrypted (odd).
    #[cfg_attr(feature = "arbitrary", arbitrary(with = crate::arbitrary::up_to_u8::<7>))]
    pub level: u8,
    /// Counter.
    pub counter: u32,
}

impl Security {
    /// The section at the front of what follows the checksum; returns what follows it.
    ///
    /// # Errors
    /// `Truncated` if it is not all there, counted from the start of the ICMPv6 message.
    pub fn parse(body: &[u8]) -> Result<(Self, &[u8]), Error> {
        let truncated = |len| Error::truncated(HEADER_LEN + len, HEADER_LEN + body.len());
        let (&[time, algorithm, mode, _, c0, c1, c2, c3], rest) =
            body.split_first_chunk::<FIXED_LEN>().ok_or_else(|| truncated(FIXED_LEN))?;
        let level = mode & 7;
        let long = || {
            let (&[ref source @ .., index], rest) =
                rest.split_first_chunk::<9>().ok_or_else(|| truncated(FIXED_LEN + 9))?;
            Ok((*source, index, rest))
        };
        let (key, rest) = match mode >> 6 {
            0 => {
                let (&index, rest) = rest.split_first().ok_or_else(|| truncated(FIXED_LEN + 1))?;
                (KeyIdentifier::Group { index }, rest)
            }
            1 => (KeyIdentifier::Pair, rest),
            2 => {
                let (source, index, rest) = long()?;
                (KeyIdentifier::GroupOf { source, index }, rest)
            }
            _ if level & ENCRYPTED == 0 => (KeyIdentifier::Signature, rest),
            _ => {
                let (source, index, rest) = long()?;
                (KeyIdentifier::EncryptedSignature { source, index }, rest)
            }
        };
        let counter = u32::from_be_bytes([c0, c1, c2, c3]);
        Ok((Self { counter_is_time: time & 0x80 != 0, algorithm, key, level, counter }, rest))
    }

    /// Length of the section, in octets.
    #[must_use]
    pub fn buffer_len(&self) -> usize {
        FIXED_LEN + self.key.octet_count()
    }

    /// Whether what follows is encrypted.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        self.level & ENCRYPTED != 0
    }

    /// Length of the authentication code or signature at the end of the message, in octets; `None` for a level that is
    /// not assigned.
    #[must_use]
    pub fn code_len(&self) -> Option<usize> {
        match (self.key.mode(), self.level) {
            (0..=2, 0 | 1) => Some(4),
            (0..=2, 2 | 3) => Some(8),
            (3, 0 | 1) => Some(384),
            (3, 2 | 3) => Some(256),
            _ => None,
        }
    }

    fn put(&self, out: &mut Put<'_>) {
        let time = if self.counter_is_time { 0x80 } else { 0 };
        out.octets(&[time, self.algorithm, self.key.mode() << 6 | self.level & 7, 0]);
        out.octets(&self.counter.to_be_bytes());
        match self.key {
            KeyIdentifier::Pair | KeyIdentifier::Signature => {}
            KeyIdentifier::Group { index } => out.octets(&[index]),
            KeyIdentifier::GroupOf { source, index }
            | KeyIdentifier::EncryptedSignature { source, index } => {
                out.octets(&source);
                out.octets(&[index]);
            }
        }
    }
}

/// A message with security section: what it protects is kept as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct Secure<'a> {
    /// Code, 0x80 or above.
    pub code: Code,
    /// Security section.
    pub security: Security,
    /// What follows the section: base object and options, perhaps encrypted, and the code or signature.
    pub content: &'a [u8],
}

impl<'a> Secure<'a> {
    pub(super) fn parse(code: Code, body: &'a [u8]) -> Result<Self, Error> {
        let (security, content) = Security::parse(body)?;
        Ok(Self { code, security, content })
    }

    /// Base object and options, and the authentication code or signature behind them; `None` if the content is shorter
    /// than that, or the level is not assigned.
    #[must_use]
    pub fn parts(&self) -> Option<(&'a [u8], &'a [u8])> {
        let at = self.content.len().checked_sub(self.security.code_len()?)?;
        self.content.split_at_checked(at)
    }

    /// What the message says, if that is not encrypted: nobody has verified it here.
    ///
    /// # Errors
    /// `Unknown` with the code if it is encrypted, a CC, or not assigned; `Truncated` as for a message without security.
    pub fn message(&self) -> Result<Repr<'a>, Error> {
        let code = u8::from(self.code);
        let (base, _) = self.readable()?;
        Repr::parse_base(Code::from(code & 0x7f), base)
    }

    /// The consistency check, if it is one and not encrypted: nobody has verified it here.
    ///
    /// # Errors
    /// `Unknown` with the code if it is none or encrypted; `Truncated`.
    pub fn consistency_check(&self) -> Result<ConsistencyCheck<'a>, Error> {
        let (base, _) = self.readable()?;
        match self.code {
            Code::ConsistencyCheck => ConsistencyCheck::parse(base),
            other => Err(Error::Unknown(u8::from(other))),
        }
    }

    fn readable(&self) -> Result<(&'a [u8], &'a [u8]), Error> {
        if self.security.is_encrypted() {
            return Err(Error::Unknown(u8::from(self.code)));
        }
        let code_len = self.security.code_len().ok_or(Error::Unknown(u8::from(self.code)))?;
        self.parts().ok_or(Error::truncated(code_len, self.content.len()))
    }

    pub(super) fn is_representable(&self) -> bool {
        let is_consistent = match self.security.key {
            KeyIdentifier::Signature => !self.security.is_encrypted(),
            KeyIdentifier::EncryptedSignature { .. } => self.security.is_encrypted(),
            _ => true,
        };
        self.code.is_secure() && self.security.level <= 7 && is_consistent
    }

    pub(super) fn buffer_len(&self) -> usize {
        self.security.buffer_len() + self.content.len()
    }

    pub(super) fn put(&self, out: &mut Put<'_>) {
        self.security.put(out);
        out.octets(self.content);
    }
}

impl fmt::Display for Secure<'_> {
    /// What follows the code.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.security.key {
            KeyIdentifier::Group { index } => write!(f, " key {index}")?,
            KeyIdentifier::Pair => f.write_str(" pair key")?,
            KeyIdentifier::GroupOf { source, index }
            | KeyIdentifier::EncryptedSignature { source, index } => {
                write!(f, " key {index} of {:016x}", u64::from_be_bytes(source))?;
            }
            KeyIdentifier::Signature => f.write_str(" signed")?,
        }
        let unit = if self.security.counter_is_time { "time" } else { "counter" };
        write!(
            f,
            " level {} {unit} {} len {}",
            self.security.level,
            self.security.counter,
            self.content.len()
        )?;
        match (self.consistency_check(), self.message()) {
            (Ok(check), _) => write!(f, ": {check}"),
            (_, Ok(message)) => write!(f, ": {message}"),
            _ => Ok(()),
        }
    }
}

/// Base object of a consistency check, §6.6.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct ConsistencyCheck<'a> {
    /// RPLInstanceID.
    pub instance_id: InstanceId,
    /// R: it answers another.
    pub is_response: bool,
    /// CC Nonce: the same in a response.
    pub nonce: u16,
    /// DODAGID.
    pub dodag_id: Ipv6Addr,
    /// Destination Counter: the smallest that the sender takes from the other; 0: not known.
    pub destination_counter: u32,
    /// Options: padding.
    pub options: Options<'a>,
}

impl<'a> ConsistencyCheck<'a> {
    /// A base object and the options behind it, to the end.
    ///
    /// # Errors
    /// `Truncated`.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        let (fixed, options) =
            bytes.split_first_chunk::<CC_LEN>().ok_or_else(|| Error::truncated(CC_LEN, bytes.len()))?;
        let &[instance_id, flags, n0, n1, ref dodag_id @ .., c0, c1, c2, c3] = fixed;
        Ok(Self {
            instance_id: InstanceId(instance_id),
            is_response: flags & 0x80 != 0,
            nonce: u16::from_be_bytes([n0, n1]),
            dodag_id: Ipv6Addr::from(*dodag_id),
            destination_counter: u32::from_be_bytes([c0, c1, c2, c3]),
            options: Options::parse(options)?,
        })
    }

    /// Octets that [`Self::emit`] writes.
    #[must_use]
    pub fn buffer_len(&self) -> usize {
        CC_LEN + self.options.as_bytes().len()
    }

    /// Writes base object and options, without security section, to the front of `buffer`; returns their length.
    ///
    /// # Errors
    /// `NoRoom`.
    pub fn emit(&self, buffer: &mut [u8]) -> Result<usize, Error> {
        let need = self.buffer_len();
        let mut out = Put::new(buffer, need)?;
        out.octets(&[self.instance_id.0, if self.is_response { 0x80 } else { 0 }]);
        out.octets(&self.nonce.to_be_bytes());
        out.octets(&self.dodag_id.octets());
        out.octets(&self.destination_counter.to_be_bytes());
        out.octets(self.options.as_bytes());
        Ok(need)
    }
}

impl fmt::Display for ConsistencyCheck<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.is_response { "response" } else { "challenge" };
        write!(f, "{kind} instance {} dodag {}", self.instance_id, self.dodag_id)?;
        write!(f, " nonce {} destination counter {}", self.nonce, self.destination_counter)?;
        fmt::Display::fmt(&self.options, f)
    }
}
