//! Options.
use crate::Error;

/// One SACK block: [left, right).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SackBlock {
    /// First octet.
    pub left: u32,
    /// The octet after the last.
    pub right: u32,
}

/// Up to four blocks, owned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SackList {
    blocks: [SackBlock; 4],
    len: u8,
}

/// The blocks of a received option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SackBlocks<'a>(&'a [u8]);

/// RFC 7323 §3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Timestamps {
    /// TSval.
    pub value: u32,
    /// TSecr.
    pub echo: u32,
}

/// RFC 5482 §3.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserTimeout {
    /// Seconds.
    Seconds(u16),
    /// Minutes.
    Minutes(u16),
}

/// One option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TcpOption<'a> {
    /// Kind 1.
    Nop,
    /// Kind 2.
    Mss(u16),
    /// Kind 3.
    WindowScale(u8),
    /// Kind 4.
    SackPermitted,
    /// Kind 5.
    Sack(SackBlocks<'a>),
    /// Kind 8.
    Timestamps(Timestamps),
    /// Kind 28.
    UserTimeout(UserTimeout),
    /// Another, or one whose length is not that of its kind.
    Unknown {
        /// Kind.
        kind: u8,
        /// What follows the length octet.
        data: &'a [u8],
    },
}

/// Options one by one.
#[derive(Debug, Clone)]
pub struct OptionsIter<'a> {
    rest: &'a [u8],
}

impl<'a> OptionsIter<'a> {
    /// Over option octets.
    pub fn new(octets: &'a [u8]) -> Self {
        Self { rest: octets }
    }
}

impl<'a> Iterator for OptionsIter<'a> {
    type Item = Result<TcpOption<'a>, Error>;
    fn next(&mut self) -> Option<Self::Item> {
        todo!()
    }
}

/// The known options of a segment, each at most once (the first counts).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Options {
    /// Maximum segment size.
    pub mss: Option<u16>,
    /// Shift count as received, not limited to 14.
    pub window_scale: Option<u8>,
    /// SACK-permitted was there.
    pub sack_permitted: bool,
    /// Timestamps.
    pub timestamps: Option<Timestamps>,
    /// User timeout.
    pub user_timeout: Option<UserTimeout>,
    /// SACK blocks.
    pub sack: SackList,
}

impl Options {
    /// One pass over option octets.
    pub fn parse(octets: &[u8]) -> Result<Self, Error> {
        todo!()
    }
    /// Octets that `emit` writes, a multiple of four.
    pub fn buffer_len(&self) -> usize {
        todo!()
    }
    /// Writes them; returns how many octets.
    pub fn emit(&self, buffer: &mut [u8]) -> Result<usize, Error> {
        todo!()
    }
}

impl Timestamps {
    /// The timestamps of an option area that holds nothing else, in the usual layout (NOP, NOP, TS), RFC 7323 app. A.
    pub fn alone(options: &[u8]) -> Option<Self> {
        todo!()
    }
}
