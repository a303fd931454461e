//! The options of segments without SYN, and of segments made in the place of a received one: composed here for all
//! that leave.
//!
//! ```text
//!    0                        12
//!   +------------------------+-----------------------------+
//!   | NOP NOP Timestamps     | what else fits: 28 octets   |     each part a multiple of four octets
//!   +------------------------+-----------------------------+
//! ```

use crate::shared::Shared;
use crate::tcb::Slot;
use tersus_wire::tcp::{self, Fields};

/// Option octets as they leave.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OptionArea {
    octets: [u8; tcp::MAX_OPTIONS_LEN],
    len: u8,
}

impl OptionArea {
    /// No option.
    pub(crate) const NONE: Self = Self { octets: [0; tcp::MAX_OPTIONS_LEN], len: 0 };

    /// These options; none if they do not fit.
    pub(crate) fn of(options: &tcp::Options) -> Self {
        let mut area = Self::NONE;
        area.len = options.emit(&mut area.octets).ok().and_then(|len| u8::try_from(len).ok()).unwrap_or(0);
        area
    }

    pub(crate) fn as_slice(&self) -> &[u8] {
        self.octets.get(..usize::from(self.len)).unwrap_or_default()
    }
}

/// A segment without payload that answers a received one, written in its place.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Answer {
    pub(crate) fields: Fields,
    pub(crate) options: OptionArea,
}

impl Answer {
    /// Without options.
    pub(crate) const fn plain(fields: Fields) -> Self {
        Self { fields, options: OptionArea::NONE }
    }

    /// Octets of the segment.
    pub(crate) fn len(&self) -> usize {
        tcp::HEADER_LEN + self.options.as_slice().len()
    }
}

impl Slot {
    /// What a segment without SYN carries that leaves now, beside its payload.
    pub(crate) fn options(&mut self, _shared: &mut Shared<'_>) -> OptionArea {
        OptionArea::NONE
    }

    /// Octets that options take of each segment with data.
    pub(crate) fn options_len(&self) -> u32 {
        0
    }
}
