//! Why octets were refused.

/// Why a parser refused a packet, or an emitter its buffer.
///
/// Small and `Copy`: lengths saturate at 65,535.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The octets end before what the format needs.
    #[error("truncated: {need} octets needed, {have} present")]
    Truncated {
        /// Octets that the header, option or message needs.
        need: u16,
        /// Octets that were there.
        have: u16,
    },
    /// The buffer to emit into is too small.
    #[error("no room: {need} octets needed, {have} present")]
    NoRoom {
        /// Octets that would be written.
        need: u16,
        /// Octets that the buffer has.
        have: u16,
    },
    /// The version field holds another protocol's number.
    #[error("version {0} is not this protocol's")]
    Version(u8),
    /// A length field contradicts the format (below the minimum, or not a permitted multiple).
    #[error("length field {0} is not possible here")]
    Length(u16),
    /// The checksum is wrong.
    #[error("wrong checksum")]
    Checksum,
    /// A field at this offset, in octets from the start of what was parsed, has a forbidden value.
    #[error("field at octet {0} has a forbidden value")]
    Field(u16),
    /// A value that cannot be expressed in the format was to be emitted.
    #[error("value cannot be expressed in this format")]
    Unrepresentable,
    /// The message is of a kind that this parser does not know (type, code or dispatch octet).
    #[error("kind {0} is not known here")]
    Unknown(u8),
}

impl Error {
    /// `Truncated` from plain lengths, saturating.
    #[must_use]
    #[cold]
    pub fn truncated(need: usize, have: usize) -> Self {
        Self::Truncated { need: saturate(need), have: saturate(have) }
    }

    /// `NoRoom` from plain lengths, saturating.
    #[must_use]
    #[cold]
    pub fn no_room(need: usize, have: usize) -> Self {
        Self::NoRoom { need: saturate(need), have: saturate(have) }
    }
}

fn saturate(len: usize) -> u16 {
    u16::try_from(len).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::Error;

    #[test]
    fn lengths_saturate() {
        assert_eq!(Error::truncated(70_000, 3), Error::Truncated { need: 65_535, have: 3 });
        assert_eq!(Error::no_room(20, 70_000), Error::NoRoom { need: 20, have: 65_535 });
    }

    #[test]
    fn an_error_is_small() {
        assert!(core::mem::size_of::<Error>() <= 6);
    }
}
