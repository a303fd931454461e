//! Options of a TCP segment, RFC 9293 §3.2.
//!
//! ```text
//!   kind 0: end of list    kind 1: no operation    all others:  kind | length | length - 2 octets
//! ```

use crate::put::Put;
use crate::Error;
use core::fmt;

use super::other::OtherOption;
use super::sack::{SackBlocks, SackList, MAX_SACK_BLOCKS};
use super::OPTIONS_LEN_MAX;

// Kinds, IANA "TCP Option Kind Numbers".
const END_OF_LIST: u8 = 0;
const NO_OPERATION: u8 = 1;
const MSS: u8 = 2;
const WINDOW_SCALE: u8 = 3;
const SACK_PERMITTED: u8 = 4;
const SACK: u8 = 5;
const TIMESTAMPS: u8 = 8;
const USER_TIMEOUT: u8 = 28;

/// Timestamps option, RFC 7323 §3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct Timestamps {
    /// TSval: the sender's clock.
    pub value: u32,
    /// TSecr: the clock value that the sender saw last; means something with ACK only.
    pub echo: u32,
}

impl Timestamps {
    /// Octets of the option with the two NOPs that align it.
    pub const ALIGNED_LEN: usize = 12;

    /// The timestamps of an option area that holds nothing else and has the usual layout (NOP, NOP, option; RFC
    /// 7323 appendix A); `None`: look at it option by option.
    #[must_use]
    #[inline]
    pub fn alone(octets: &[u8]) -> Option<Self> {
        // Word by word: this is read of each segment.
        let octets: &[u8; Self::ALIGNED_LEN] = octets.try_into().ok()?;
        let [k0, k1, k2, k3, a, b, c, d, e, f, g, h] = *octets;
        let is_usual = [k0, k1, k2, k3] == [NO_OPERATION, NO_OPERATION, TIMESTAMPS, 10];
        is_usual
            .then(|| Self { value: u32::from_be_bytes([a, b, c, d]), echo: u32::from_be_bytes([e, f, g, h]) })
    }

    /// The option area that [`Timestamps::alone`] reads.
    #[must_use]
    pub const fn to_octets(self) -> [u8; Self::ALIGNED_LEN] {
        let [a, b, c, d] = self.value.to_be_bytes();
        let [e, f, g, h] = self.echo.to_be_bytes();
        [NO_OPERATION, NO_OPERATION, TIMESTAMPS, 10, a, b, c, d, e, f, g, h]
    }
}

/// What most SYNs without timestamps carry: MSS, SACK-permitted and window scale, each aligned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct PlainSyn {
    /// Maximum segment size, in octets.
    pub mss: u16,
    /// Shift count, may be above 14 as received.
    pub window_scale: u8,
}

impl PlainSyn {
    /// Octets of the three options with the NOPs that align them.
    pub const LEN: usize = 12;

    /// The options of an area that holds nothing else and has the layout of [`PlainSyn::to_octets`]; `None`: look at it
    /// option by option.
    #[must_use]
    #[inline]
    pub fn alone(octets: &[u8]) -> Option<Self> {
        let octets: &[u8; Self::LEN] = octets.try_into().ok()?;
        let [k, l, a, b, c, d, e, f, g, h, i, window_scale] = *octets;
        let is_usual = [k, l] == [MSS, 4]
            && [c, d, e, f] == [NO_OPERATION, NO_OPERATION, SACK_PERMITTED, 2]
            && [g, h] == [NO_OPERATION, WINDOW_SCALE]
            && i == 3;
        is_usual.then(|| Self { mss: u16::from_be_bytes([a, b]), window_scale })
    }

    /// The option area, as [`Options::emit`] writes it.
    #[must_use]
    pub const fn to_octets(self) -> [u8; Self::LEN] {
        let [a, b] = self.mss.to_be_bytes();
        let (nop, shift) = (NO_OPERATION, self.window_scale);
        [MSS, 4, a, b, nop, nop, SACK_PERMITTED, 2, nop, WINDOW_SCALE, 3, shift]
    }
}

/// User Timeout option, RFC 5482 §3: 15 bits with their granularity. 0 is reserved: ignored and never sent, §3.4.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub enum UserTimeout {
    /// In seconds, 1 to 32,767.
    Seconds(u16),
    /// In minutes, 1 to 32,767.
    Minutes(u16),
}

impl UserTimeout {
    const IN_MINUTES: u16 = 0x8000;

    const fn from_field(field: u16) -> Option<Self> {
        match field & !Self::IN_MINUTES {
            0 => None,
            n if field & Self::IN_MINUTES == 0 => Some(Self::Seconds(n)),
            n => Some(Self::Minutes(n)),
        }
    }

    const fn to_field(self) -> Option<u16> {
        match self {
            Self::Seconds(n) | Self::Minutes(n) if n & Self::IN_MINUTES != 0 || n == 0 => None,
            Self::Seconds(n) => Some(n),
            Self::Minutes(n) => Some(n | Self::IN_MINUTES),
        }
    }
}

/// One option of a received segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub enum TcpOption<'a> {
    /// Kind 1: one octet that aligns the next option.
    Nop,
    /// Kind 2: the largest segment that the sender takes, in octets of payload. Means something with SYN only.
    Mss(u16),
    /// Kind 3: shift count, RFC 7323 §2.2, as received: may be above 14. With SYN only.
    WindowScale(u8),
    /// Kind 4, RFC 2018 §2. With SYN only.
    SackPermitted,
    /// Kind 5, RFC 2018 §3.
    Sack(SackBlocks<'a>),
    /// Kind 8, RFC 7323 §3.
    Timestamps(Timestamps),
    /// Kind 28, RFC 5482 §3.
    UserTimeout(UserTimeout),
    /// Any other kind, any of these whose length is not that of its kind, and a user timeout of 0: to be ignored. [`OtherOption::read`] knows
    /// some more.
    Unknown {
        /// The kind octet.
        #[cfg_attr(feature = "arbitrary", arbitrary(with = crate::arbitrary::from_u8::<29>))]
        kind: u8,
        /// What follows the length octet.
        data: &'a [u8],
    },
}

impl<'a> TcpOption<'a> {
    fn from_parts(kind: u8, data: &'a [u8]) -> Self {
        match (kind, data) {
            (MSS, &[a, b]) => Self::Mss(u16::from_be_bytes([a, b])),
            (WINDOW_SCALE, &[shift]) => Self::WindowScale(shift),
            (SACK_PERMITTED, []) => Self::SackPermitted,
            (SACK, _) if matches!(data.len(), 8 | 16 | 24 | 32) => Self::Sack(SackBlocks(data)),
            (TIMESTAMPS, &[a, b, c, d, e, f, g, h]) => Self::Timestamps(Timestamps {
                value: u32::from_be_bytes([a, b, c, d]),
                echo: u32::from_be_bytes([e, f, g, h]),
            }),
            (USER_TIMEOUT, &[a, b]) => match UserTimeout::from_field(u16::from_be_bytes([a, b])) {
                Some(timeout) => Self::UserTimeout(timeout),
                None => Self::Unknown { kind, data },
            },
            _ => Self::Unknown { kind, data },
        }
    }

    /// Kind, and octets behind the length octet.
    fn kind_and_data_len(&self) -> (u8, usize) {
        match self {
            Self::Nop => (NO_OPERATION, 0),
            Self::Mss(_) => (MSS, 2),
            Self::WindowScale(_) => (WINDOW_SCALE, 1),
            Self::SackPermitted => (SACK_PERMITTED, 0),
            Self::Sack(blocks) => (SACK, blocks.0.len()),
            Self::Timestamps(_) => (TIMESTAMPS, 8),
            Self::UserTimeout(_) => (USER_TIMEOUT, 2),
            Self::Unknown { kind, data } => (*kind, data.len()),
        }
    }

    /// Octets that [`TcpOption::emit`] writes.
    #[must_use]
    pub fn buffer_len(&self) -> usize {
        match self {
            Self::Nop => 1,
            _ => self.kind_and_data_len().1.saturating_add(2),
        }
    }

    /// Writes this option alone, unaligned, to the front of `buffer`; returns its length. With it any list of options
    /// can be made, in any order: [`emit`](super::emit) takes an area of a multiple of four octets. [`Options::emit`]
    /// is the short way for the usual ones.
    ///
    /// # Errors
    /// `NoRoom`; `Unrepresentable` if it is longer than the 40 octets that a header has room for, a user timeout is 0 or has
    /// more than 15 bits, or an unknown option is of kind 0 or 1.
    pub fn emit(&self, buffer: &mut [u8]) -> Result<usize, Error> {
        let (kind, data_len) = self.kind_and_data_len();
        let need = self.buffer_len();
        let is_representable = match *self {
            Self::UserTimeout(timeout) => timeout.to_field().is_some(),
            Self::Unknown { kind, .. } => kind > NO_OPERATION,
            _ => true,
        };
        if need > OPTIONS_LEN_MAX || !is_representable {
            return Err(Error::Unrepresentable);
        }
        let mut out = Put::new(buffer, need)?;
        let len = u8::try_from(data_len + 2).map_err(|_| Error::Unrepresentable)?;
        out.octets(&[kind, len]);
        match *self {
            Self::Nop | Self::SackPermitted => {}
            Self::Mss(mss) => out.octets(&mss.to_be_bytes()),
            Self::WindowScale(shift) => out.octets(&[shift]),
            Self::Timestamps(timestamps) => {
                out.octets(&timestamps.value.to_be_bytes());
                out.octets(&timestamps.echo.to_be_bytes());
            }
            Self::UserTimeout(timeout) => {
                out.octets(&timeout.to_field().ok_or(Error::Unrepresentable)?.to_be_bytes());
            }
            Self::Sack(SackBlocks(data)) | Self::Unknown { data, .. } => out.octets(data),
        }
        Ok(need)
    }
}

/// The options of a segment, one by one, up to "end of list" or the end of the area.
///
/// A length octet of 0 or 1, or one that points past the end, gives one error, after which there is nothing more.
#[derive(Debug, Clone)]
pub struct OptionsIter<'a> {
    rest: &'a [u8],
}

impl<'a> OptionsIter<'a> {
    /// Over the octets of an option area.
    #[must_use]
    pub const fn new(octets: &'a [u8]) -> Self {
        Self { rest: octets }
    }

    fn fail(&mut self, error: Error) -> Option<Result<TcpOption<'a>, Error>> {
        self.rest = &[];
        Some(Err(error))
    }
}

impl<'a> Iterator for OptionsIter<'a> {
    type Item = Result<TcpOption<'a>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let (&kind, rest) = self.rest.split_first()?;
        match kind {
            END_OF_LIST => {
                self.rest = &[];
                return None;
            }
            NO_OPERATION => {
                self.rest = rest;
                return Some(Ok(TcpOption::Nop));
            }
            _ => {}
        }
        let have = self.rest.len();
        let Some((&len, rest)) = rest.split_first() else { return self.fail(Error::truncated(2, have)) };
        let Some(data_len) = usize::from(len).checked_sub(2) else {
            return self.fail(Error::Length(u16::from(len)));
        };
        let Some((data, rest)) = rest.split_at_checked(data_len) else {
            return self.fail(Error::truncated(usize::from(len), have));
        };
        self.rest = rest;
        Some(Ok(TcpOption::from_parts(kind, data)))
    }
}

/// The options that this crate knows, each at most once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct Options {
    /// Maximum segment size, in octets.
    pub mss: Option<u16>,
    /// Shift count as received: RFC 7323 §2.3 wants 14 used for more.
    pub window_scale: Option<u8>,
    /// Whether SACK is permitted.
    pub sack_permitted: bool,
    /// Timestamps.
    pub timestamps: Option<Timestamps>,
    /// User timeout.
    pub user_timeout: Option<UserTimeout>,
    /// SACK blocks.
    pub sack: SackList,
}

impl Options {
    /// No option.
    pub const EMPTY: Self = Self {
        mss: None,
        window_scale: None,
        sack_permitted: false,
        timestamps: None,
        user_timeout: None,
        sack: SackList::EMPTY,
    };

    /// Reads an option area in one pass. Unknown options are skipped; of an option that occurs twice, the first
    /// counts.
    ///
    /// # Errors
    /// `Length` or `Truncated` if an option's length is not possible.
    #[cfg_attr(not(target_pointer_width = "32"), inline)]
    pub fn parse(octets: &[u8]) -> Result<Self, Error> {
        // Where flash is short, that these are the usual ones is no reason for more code.
        if cfg!(not(target_pointer_width = "32")) {
            if let Some(syn) = PlainSyn::alone(octets) {
                return Ok(Self {
                    mss: Some(syn.mss),
                    window_scale: Some(syn.window_scale),
                    sack_permitted: true,
                    ..Self::EMPTY
                });
            }
        }
        Self::parse_each(octets)
    }

    #[cfg_attr(not(target_pointer_width = "32"), inline(never))]
    fn parse_each(octets: &[u8]) -> Result<Self, Error> {
        let mut options = Self::EMPTY;
        let mut rest = octets;
        // Those of every SYN are read as they stand.
        while cfg!(not(target_pointer_width = "32")) {
            rest = match rest {
                [NO_OPERATION, behind @ ..] => behind,
                [MSS, 4, a, b, behind @ ..] => {
                    options.mss = options.mss.or(Some(u16::from_be_bytes([*a, *b])));
                    behind
                }
                [WINDOW_SCALE, 3, shift, behind @ ..] => {
                    options.window_scale = options.window_scale.or(Some(*shift));
                    behind
                }
                [SACK_PERMITTED, 2, behind @ ..] => {
                    options.sack_permitted = true;
                    behind
                }
                [TIMESTAMPS, 10, a, b, c, d, e, f, g, h, behind @ ..] => {
                    let value = u32::from_be_bytes([*a, *b, *c, *d]);
                    let echo = u32::from_be_bytes([*e, *f, *g, *h]);
                    options.timestamps = options.timestamps.or(Some(Timestamps { value, echo }));
                    behind
                }
                [] => return Ok(options),
                _ => break,
            };
        }
        for option in OptionsIter::new(rest) {
            match option? {
                TcpOption::Mss(mss) => options.mss = options.mss.or(Some(mss)),
                TcpOption::WindowScale(shift) => {
                    options.window_scale = options.window_scale.or(Some(shift));
                }
                TcpOption::SackPermitted => options.sack_permitted = true,
                TcpOption::Timestamps(ts) => options.timestamps = options.timestamps.or(Some(ts)),
                TcpOption::UserTimeout(timeout) => {
                    options.user_timeout = options.user_timeout.or(Some(timeout));
                }
                TcpOption::Sack(blocks) if options.sack.len == 0 => {
                    for block in blocks.iter() {
                        options.sack.push(block)?;
                    }
                }
                TcpOption::Nop | TcpOption::Sack(_) | TcpOption::Unknown { .. } => {}
            }
        }
        Ok(options)
    }

    /// Octets that [`Options::emit`] writes: a multiple of four; above 40 it refuses.
    #[must_use]
    pub fn buffer_len(&self) -> usize {
        self.len_without_sack()
            + match self.sack.len {
                0 => 0,
                blocks => 4 + 8 * usize::from(blocks),
            }
    }

    /// SACK blocks that fit beside the other options: at most 4, at most 3 with timestamps.
    #[must_use]
    pub fn sack_room(&self) -> usize {
        (OPTIONS_LEN_MAX.saturating_sub(self.len_without_sack() + 4) / 8).min(MAX_SACK_BLOCKS)
    }

    fn len_without_sack(&self) -> usize {
        let mut len = 0;
        len += if self.mss.is_some() { 4 } else { 0 };
        len += match (self.timestamps, self.sack_permitted) {
            (Some(_), _) => Timestamps::ALIGNED_LEN,
            (None, true) => 4,
            (None, false) => 0,
        };
        len += if self.window_scale.is_some() { 4 } else { 0 };
        len + if self.user_timeout.is_some() { 4 } else { 0 }
    }

    /// Writes the options to the front of `buffer`, each behind the NOPs that align it to a word, and returns how
    /// many octets that were.
    ///
    /// # Errors
    /// `Unrepresentable` if they need more than 40 octets, or the user timeout is 0 or has more than 15 bits; `NoRoom` if
    /// `buffer` is shorter than [`Options::buffer_len`].
    pub fn emit(&self, buffer: &mut [u8]) -> Result<usize, Error> {
        let len = self.buffer_len();
        if len > OPTIONS_LEN_MAX {
            return Err(Error::Unrepresentable);
        }
        let have = buffer.len();
        let mut area = buffer.get_mut(..len).ok_or(Error::no_room(len, have))?;
        if let Some(mss) = self.mss {
            let [a, b] = mss.to_be_bytes();
            area = put(area, &[MSS, 4, a, b])?;
        }
        if let Some(timestamps) = self.timestamps {
            let mut octets = timestamps.to_octets();
            if self.sack_permitted {
                [octets[0], octets[1]] = [SACK_PERMITTED, 2];
            }
            area = put(area, &octets)?;
        } else if self.sack_permitted {
            area = put(area, &[NO_OPERATION, NO_OPERATION, SACK_PERMITTED, 2])?;
        }
        if let Some(shift) = self.window_scale {
            area = put(area, &[NO_OPERATION, WINDOW_SCALE, 3, shift])?;
        }
        if let Some(timeout) = self.user_timeout {
            let [a, b] = timeout.to_field().ok_or(Error::Unrepresentable)?.to_be_bytes();
            area = put(area, &[USER_TIMEOUT, 4, a, b])?;
        }
        if self.sack.len > 0 {
            area = put(area, &[NO_OPERATION, NO_OPERATION, SACK, 2 + 8 * self.sack.len])?;
            for block in self.sack.as_slice() {
                area = put(area, &block.left.to_be_bytes())?;
                area = put(area, &block.right.to_be_bytes())?;
            }
        }
        debug_assert!(area.is_empty());
        Ok(len)
    }
}

/// Copies `octets` to the front of `area` and returns what is behind them.
fn put<'a>(area: &'a mut [u8], octets: &[u8]) -> Result<&'a mut [u8], Error> {
    let have = area.len();
    let (place, rest) = area.split_at_mut_checked(octets.len()).ok_or(Error::no_room(octets.len(), have))?;
    place.copy_from_slice(octets);
    Ok(rest)
}

impl fmt::Display for TcpOption<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Nop => f.write_str("nop"),
            Self::Mss(mss) => write!(f, "mss {mss}"),
            Self::WindowScale(shift) => write!(f, "wscale {shift}"),
            Self::SackPermitted => f.write_str("sackOK"),
            Self::Sack(blocks) => {
                f.write_str("sack")?;
                blocks.iter().try_for_each(|block| write!(f, " {}:{}", block.left, block.right))
            }
            Self::Timestamps(ts) => write!(f, "TS {} echo {}", ts.value, ts.echo),
            Self::UserTimeout(UserTimeout::Seconds(n)) => write!(f, "user timeout {n} s"),
            Self::UserTimeout(UserTimeout::Minutes(n)) => write!(f, "user timeout {n} min"),
            Self::Unknown { kind, data } => match OtherOption::read(kind, data) {
                Some(option) => fmt::Display::fmt(&option, f),
                None => write!(f, "kind {kind} with {} octets", data.len()),
            },
        }
    }
}

impl fmt::Display for OptionsIter<'_> {
    /// ` <mss 1460,wscale 7>` with a space in front, without the NOPs; nothing if there is nothing to tell.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut before = " <";
        for option in self.clone() {
            match option {
                Ok(TcpOption::Nop) => continue,
                Ok(option) => write!(f, "{before}{option}")?,
                Err(error) => write!(f, "{before}{error}")?,
            }
            before = ",";
        }
        f.write_str(if before == "," { ">" } else { "" })
    }
}
