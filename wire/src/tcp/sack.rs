//! Blocks of the SACK option, RFC 2018 §3.

use crate::Error;

/// Blocks that one SACK option can hold, RFC 2018 §3.
pub(super) const MAX_SACK_BLOCKS: usize = 4;

/// One block of a SACK option, RFC 2018 §3: the octets from `left` up to but without `right`.
///
/// Nothing is promised of the order of the two: received blocks may be nonsense.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct SackBlock {
    /// Left edge: the first sequence number.
    pub left: u32,
    /// Right edge: the sequence number after the last.
    pub right: u32,
}

/// The blocks of a received SACK option: one to four.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct SackBlocks<'a>(
    #[cfg_attr(feature = "arbitrary", arbitrary(with = crate::arbitrary::sack_blocks))] pub(super) &'a [u8],
);

impl<'a> SackBlocks<'a> {
    /// One block after the other, as they stand in the option.
    pub fn iter(&self) -> impl Iterator<Item = SackBlock> + 'a {
        self.0.chunks_exact(8).filter_map(|octets| match *octets {
            [a, b, c, d, e, f, g, h] => Some(SackBlock {
                left: u32::from_be_bytes([a, b, c, d]),
                right: u32::from_be_bytes([e, f, g, h]),
            }),
            _ => None,
        })
    }
}

/// Up to four SACK blocks, owned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SackList {
    blocks: [SackBlock; MAX_SACK_BLOCKS],
    pub(super) len: u8,
}

impl SackList {
    /// No block.
    pub const EMPTY: Self = Self { blocks: [SackBlock { left: 0, right: 0 }; MAX_SACK_BLOCKS], len: 0 };

    /// Appends a block.
    ///
    /// # Errors
    /// `Unrepresentable` if there are four already.
    pub fn push(&mut self, block: SackBlock) -> Result<(), Error> {
        let place = self.blocks.get_mut(usize::from(self.len)).ok_or(Error::Unrepresentable)?;
        *place = block;
        self.len += 1;
        Ok(())
    }

    /// The blocks, in the order in which they were appended.
    #[must_use]
    pub fn as_slice(&self) -> &[SackBlock] {
        self.blocks.get(..usize::from(self.len)).unwrap_or(&[])
    }
}
