//! Addresses as IPHC encodes them, RFC 6282 §3.1.1 and §3.2.2 to §3.2.4.
//!
//! ```text
//!  mode bits: M | AC | AM       in-line, of the address
//!  0 0 00  all                  1 0 00  all
//!  0 x 01  the last 8 octets    1 0 01  octet 1 and the last 5
//!  0 x 10  the last 2           1 0 10  octet 1 and the last 3
//!  0 x 11  nothing              1 0 11  the last
//!  0 1 00  nothing: it is ::    1 1 00  octets 1 and 2 and the last 4
//! ```

use super::context::Context;
use super::cursor::{Reader, Writer};
use super::{Contexts, Error};

/// AC: the address rests on a context.
pub(super) const STATEFUL: u8 = 0b100;
const MULTICAST: u8 = 0b1000;
const IN_LINE_64: u8 = 0b01;
const IN_LINE_16: u8 = 0b10;
const ELIDED: u8 = 0b11;

/// Eight octets as they stand in memory, in one word: identifiers and halves of addresses are compared and joined whole.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Half(u64);

impl Half {
    const ZERO: Self = Self(0);
    const LINK_LOCAL: Self = Self::new([0xfe, 0x80, 0, 0, 0, 0, 0, 0]);
    const SHORT: Self = Self::new([0, 0, 0, 0xff, 0xfe, 0, 0, 0]);
    const SHORT_MASK: Self = Self::new([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0]);

    pub(super) const fn new(octets: [u8; 8]) -> Self {
        Self(u64::from_ne_bytes(octets))
    }

    pub(super) const fn octets(self) -> [u8; 8] {
        self.0.to_ne_bytes()
    }

    /// `0000:00ff:fe00:XXXX`, RFC 6282 §3.2.2.
    pub(super) const fn short(octets: [u8; 2]) -> Self {
        let [high, low] = octets;
        Self(Self::SHORT.0 | Self::new([0, 0, 0, 0, 0, 0, high, low]).0)
    }

    /// The interface identifier of an EUI-64: the universal/local bit is inverted, RFC 4291 appendix A.
    pub(super) const fn of_eui64(address: [u8; 8]) -> Self {
        Self(Self::new(address).0 ^ Self::new([0x02, 0, 0, 0, 0, 0, 0, 0]).0)
    }

    const fn is_short(self) -> bool {
        self.0 & Self::SHORT_MASK.0 == Self::SHORT.0
    }

    /// The last two octets as a short identifier.
    const fn shortened(self) -> Self {
        Self(self.0 & !Self::SHORT_MASK.0 | Self::SHORT.0)
    }
}

/// The halves of an address.
#[inline]
pub(super) fn halves(address: &[u8; 16]) -> [Half; 2] {
    // Both are there.
    let half = |octets: Option<&[u8; 8]>| octets.map_or(Half::ZERO, |octets| Half::new(*octets));
    [half(address.first_chunk()), half(address.last_chunk())]
}

/// An address from its halves.
#[inline]
pub(super) fn join(halves: [Half; 2]) -> [u8; 16] {
    let mut address = [0; 16];
    address.copy_from_slice(halves.map(Half::octets).as_flattened());
    address
}

/// How an address is encoded.
#[derive(Clone, Copy)]
pub(super) struct Address {
    /// `M << 3 | AC << 2 | AM`.
    pub(super) mode: u8,
    /// 0 if none.
    pub(super) context: u8,
}

impl Address {
    const fn stateless(mode: u8) -> Self {
        Self { mode, context: 0 }
    }

    #[inline]
    pub(super) fn of_source(address: [Half; 2], identifier: Option<Half>, contexts: &Contexts) -> Self {
        if address == [Half::ZERO; 2] {
            return Self::stateless(STATEFUL);
        }
        Self::of_unicast(address, identifier, contexts)
    }

    #[inline]
    pub(super) fn of_destination(address: [Half; 2], identifier: Option<Half>, contexts: &Contexts) -> Self {
        let [[first, ..], _] = address.map(Half::octets);
        if first == 0xff {
            return Self::of_group(address, contexts);
        }
        Self::of_unicast(address, identifier, contexts)
    }

    /// The shortest encoding. Bits are elided only if the decoder derives the same ones, RFC 6282 §3.2.2.
    #[inline(always)]
    fn of_unicast(address: [Half; 2], identifier: Option<Half>, contexts: &Contexts) -> Self {
        if Self::is_elided_link_local(address, identifier) {
            return Self::stateless(ELIDED);
        }
        Self::of_other(address, identifier, contexts)
    }

    /// Whether it is the link-local address that the decoder derives.
    #[inline]
    pub(super) fn is_elided_link_local(address: [Half; 2], identifier: Option<Half>) -> bool {
        let [prefix, own] = address;
        prefix == Half::LINK_LOCAL && identifier == Some(own)
    }

    /// Out of line: most addresses are link-local ones, elided.
    #[inline(never)]
    fn of_other(address: [Half; 2], identifier: Option<Half>, contexts: &Contexts) -> Self {
        let [prefix, own] = address;
        if prefix == Half::LINK_LOCAL {
            return Self::stateless(if own.is_short() { IN_LINE_16 } else { IN_LINE_64 });
        }
        let address = join(address);
        let mut best = Self::stateless(0);
        for (id, context) in contexts.usable() {
            let is_from = |identifier: Half| context.join(identifier.octets()) == address;
            let mode = if identifier.is_some_and(is_from) {
                ELIDED
            } else if is_from(own.shortened()) {
                IN_LINE_16
            } else if is_from(own) {
                IN_LINE_64
            } else {
                continue;
            };
            let encoded = Self { mode: STATEFUL | mode, context: id };
            if encoded.cost() < best.cost() {
                best = encoded;
            }
        }
        best
    }

    #[inline(never)]
    fn of_group(group: [Half; 2], contexts: &Contexts) -> Self {
        // The first octet says that it is a group.
        let [_, flags, reserved, prefix_len, prefix @ .., w, x, y, _] = join(group);
        let [zeros @ .., last] = prefix;
        let is_short = [reserved, prefix_len] == [0; 2] && zeros == [0; 7];
        if is_short && last == 0 && w == 0 {
            return Self::stateless(MULTICAST | if flags == 2 && [x, y] == [0; 2] { 3 } else { 2 });
        }
        if is_short {
            return Self::stateless(MULTICAST | 1);
        }
        let with = |context: &Context| context.group_prefix() == Some((prefix_len, prefix));
        match contexts.usable().find(|(_, context)| with(context)) {
            Some((id, _)) => Self { mode: MULTICAST | STATEFUL, context: id },
            None => Self::stateless(MULTICAST),
        }
    }

    /// Octets of the address that are in-line.
    pub(super) fn in_line_len(self) -> usize {
        match self.mode {
            0 | 0b1000 => 16,
            0b0001 | 0b0101 => 8,
            0b0010 | 0b0110 => 2,
            0b1001 | 0b1100 => 6,
            0b1010 => 4,
            0b1011 => 1,
            _ => 0,
        }
    }

    /// Octets that the address costs; a context other than 0 needs the context octet.
    fn cost(self) -> usize {
        self.in_line_len() + usize::from(self.context != 0)
    }

    /// Writes what is in-line.
    #[inline(always)]
    pub(super) fn write(self, address: &[u8; 16], writer: &mut Writer<'_>) -> Result<(), Error> {
        let [_, own] = halves(address);
        match self.mode {
            ELIDED | 0b0111 | STATEFUL => Ok(()),
            0b0001 | 0b0101 => writer.put(&own.octets()),
            0b0010 | 0b0110 => {
                let [.., high, low] = own.octets();
                writer.put(&[high, low])
            }
            0b1001..=0b1111 => self.write_group(address, writer),
            _ => writer.put(address),
        }
    }

    #[inline(never)]
    fn write_group(self, address: &[u8; 16], writer: &mut Writer<'_>) -> Result<(), Error> {
        let [_, flags, reserved, .., v, w, x, y, z] = *address;
        match self.mode {
            0b1001 => writer.put(&[flags, v, w, x, y, z]),
            0b1010 => writer.put(&[flags, x, y, z]),
            0b1011 => writer.put(&[z]),
            _ => writer.put(&[flags, reserved, w, x, y, z]),
        }
    }
}

/// The link-local address with this interface identifier.
pub(super) fn link_local(identifier: Half) -> [u8; 16] {
    join([Half::LINK_LOCAL, identifier])
}

/// An address that is not multicast; `mode` is `SAC << 2 | SAM`.
#[inline]
pub(super) fn read_source(
    mode: u8,
    id: u8,
    reader: &mut Reader<'_>,
    identifier: Option<Half>,
    contexts: &Contexts,
) -> Result<[Half; 2], Error> {
    // Context-based, no bits in-line: the unspecified address.
    if mode == STATEFUL {
        return Ok([Half::ZERO; 2]);
    }
    read_unicast(mode, id, reader, identifier, contexts)
}

/// As [`read_source`], but the mode without a meaning is for the caller to refuse.
#[inline(always)]
pub(super) fn read_unicast(
    mode: u8,
    id: u8,
    reader: &mut Reader<'_>,
    identifier: Option<Half>,
    contexts: &Contexts,
) -> Result<[Half; 2], Error> {
    // Nearly all are link-local ones, elided.
    if mode == ELIDED {
        return Ok([Half::LINK_LOCAL, identifier.ok_or(Error::LinkAddress)?]);
    }
    read_other(mode, id, reader, identifier, contexts)
}

#[inline(never)]
fn read_other(
    mode: u8,
    id: u8,
    reader: &mut Reader<'_>,
    identifier: Option<Half>,
    contexts: &Contexts,
) -> Result<[Half; 2], Error> {
    let context = if mode & STATEFUL != 0 { Some(contexts.known(id)?) } else { None };
    let identifier = match mode & 0b11 {
        IN_LINE_64 => Half::new(*reader.take()?),
        IN_LINE_16 => Half::short(*reader.take()?),
        ELIDED => identifier.ok_or(Error::LinkAddress)?,
        _ => return Ok(halves(reader.take()?)),
    };
    Ok(match context {
        Some(context) => halves(&context.join(identifier.octets())),
        None => [Half::LINK_LOCAL, identifier],
    })
}

/// A group; `mode` is `DAC << 2 | DAM`.
#[inline(never)]
pub(super) fn read_group(
    mode: u8,
    id: u8,
    reader: &mut Reader<'_>,
    contexts: &Contexts,
) -> Result<[Half; 2], Error> {
    let mut address = [0; 16];
    address[0] = 0xff;
    match mode {
        0 => address = *reader.take()?,
        1 => {
            let [flags, p, w, x, y, z] = *reader.take()?;
            [address[1], address[11], address[12], address[13], address[14], address[15]] =
                [flags, p, w, x, y, z];
        }
        2 => {
            let [flags, x, y, z] = *reader.take()?;
            [address[1], address[13], address[14], address[15]] = [flags, x, y, z];
        }
        3 => {
            address[1] = 2;
            address[15] = reader.octet()?;
        }
        STATEFUL => {
            // RFC 3306, RFC 3956: flags, scope and reserved octet in-line, then prefix length and prefix.
            let (prefix_len, [a, b, c, d, e, f, g, h]) =
                contexts.known(id)?.group_prefix().ok_or(Error::Context(id))?;
            let [flags, reserved, w, x, y, z] = *reader.take()?;
            address = [0xff, flags, reserved, prefix_len, a, b, c, d, e, f, g, h, w, x, y, z];
        }
        _ => return Err(Error::Reserved(mode)),
    }
    Ok(halves(&address))
}
