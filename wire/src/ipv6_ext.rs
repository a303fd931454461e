//! IPv6 extension headers, RFC 8200 §4.
//!
//! ```text
//!   fixed header | Hop-by-Hop | Destination | Routing | Fragment | Destination | upper layer
//!                |            |  Options    |         |          |  Options    |
//!   0            40                                              |             |
//!                <-- unfragmentable part -----------> <----------+- data of the fragment -->
//! ```
//!
//! Three levels: [`Chain`] walks structure only, for quotes and tools; [`Options`] iterates over the options of one
//! header; [`walk`] decides what a host does with a packet. All offsets count from the start of the IPv6 header, as
//! the pointer of a Parameter Problem does.
//!
//! An Authentication Header is walked over by [`Chain`]; to [`walk`] it is an upper-layer protocol that is not
//! known, as RFC 8200 §4 says of a node without IPsec.

use crate::icmpv6::ProblemCode;
use crate::{Error, IpProtocol};
use core::fmt;

/// Length of the fixed header in front of the chain, in octets.
const FIXED_LEN: u16 = 40;
/// Offset of Next Header in the fixed header.
const FIXED_NEXT_HEADER: u16 = 6;

/// Length of a fragment header, in octets.
pub const FRAGMENT_LEN: usize = 8;
/// Length of a Hop-by-Hop Options header that holds a Router Alert and nothing else, in octets.
pub const ROUTER_ALERT_LEN: usize = 8;

// ---- structure -----------------------------------------------------------------------------------------------

/// One extension header of a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header<'a> {
    /// What kind of header it is.
    pub protocol: IpProtocol,
    /// Its offset from the start of the IPv6 header, in octets.
    pub offset: u16,
    /// Its octets, Next Header first: at least eight.
    pub bytes: &'a [u8],
}

impl<'a> Header<'a> {
    /// Next Header.
    #[must_use]
    pub fn next_header(&self) -> IpProtocol {
        IpProtocol(self.bytes.first().copied().unwrap_or(IpProtocol::NO_NEXT_HEADER.0))
    }

    /// The fragment header's fields, if this is one.
    #[must_use]
    pub fn fragment(&self) -> Option<Fragment> {
        if self.protocol != IpProtocol::FRAGMENT {
            return None;
        }
        Fragment::parse(self.bytes).ok()
    }

    /// The options, if this is a Hop-by-Hop or Destination Options header; else none.
    #[must_use]
    pub fn options(&self) -> Options<'a> {
        let has = matches!(self.protocol, IpProtocol::HOP_BY_HOP | IpProtocol::DESTINATION_OPTIONS);
        let bytes = if has { self.bytes.get(2..).unwrap_or(&[]) } else { &[] };
        Options { bytes, offset: self.offset.saturating_add(2) }
    }

    /// Routing Type and Segments Left, if this is a Routing header.
    #[must_use]
    pub fn routing(&self) -> Option<(u8, u8)> {
        match (self.protocol, self.bytes) {
            (IpProtocol::ROUTING, [_, _, kind, segments_left, ..]) => Some((*kind, *segments_left)),
            _ => None,
        }
    }
}

/// Walks a chain of extension headers by structure alone. It ends at the first header that is none, or is behind a
/// fragment header of a later fragment; every header takes eight octets or more, so the walk is bounded.
#[derive(Debug, Clone)]
pub struct Chain<'a> {
    protocol: IpProtocol,
    named_at: u16,
    offset: u16,
    rest: &'a [u8],
    is_later_fragment: bool,
}

impl<'a> Chain<'a> {
    /// The chain that the fixed header's Next Header starts; `payload` is what follows the fixed header. Octets beyond
    /// 65,495 are not looked at.
    #[must_use]
    pub fn new(next_header: IpProtocol, payload: &'a [u8]) -> Self {
        let limit = usize::from(u16::MAX - FIXED_LEN);
        let rest = payload.get(..payload.len().min(limit)).unwrap_or(&[]);
        Self {
            protocol: next_header,
            named_at: FIXED_NEXT_HEADER,
            offset: FIXED_LEN,
            rest,
            is_later_fragment: false,
        }
    }

    /// The protocol of what comes next: an extension header, or where the chain ends.
    #[must_use]
    pub fn protocol(&self) -> IpProtocol {
        self.protocol
    }

    /// Offset of the Next Header field that names [`Self::protocol`].
    #[must_use]
    pub fn named_at(&self) -> u16 {
        self.named_at
    }

    /// Offset of what comes next.
    #[must_use]
    pub fn offset(&self) -> u16 {
        self.offset
    }

    /// The octets from there on.
    #[must_use]
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Whether a fragment header says that what comes next is the middle of a packet.
    #[must_use]
    pub fn is_later_fragment(&self) -> bool {
        self.is_later_fragment
    }

    /// Whether what comes next is an extension header.
    #[must_use]
    pub fn has_more(&self) -> bool {
        let is_extension = matches!(
            self.protocol,
            IpProtocol::HOP_BY_HOP
                | IpProtocol::ROUTING
                | IpProtocol::FRAGMENT
                | IpProtocol::AH
                | IpProtocol::DESTINATION_OPTIONS
        );
        is_extension && !self.is_later_fragment
    }

    /// The next extension header; `None` at the end of the chain.
    ///
    /// # Errors
    /// `Truncated` if it is not all there; the walk then stays where it is.
    pub fn next_header(&mut self) -> Result<Option<Header<'a>>, Error> {
        if !self.has_more() {
            return Ok(None);
        }
        let have = self.rest.len();
        let (next, units) = match self.rest {
            [next, units, ..] => (IpProtocol(*next), usize::from(*units)),
            _ => return Err(Error::truncated(8, have)),
        };
        let len = match self.protocol {
            IpProtocol::FRAGMENT => FRAGMENT_LEN,
            // RFC 4302 §2.2: in units of four octets, less two.
            IpProtocol::AH => (units + 2) * 4,
            _ => (units + 1) * 8,
        };
        let (bytes, rest) = self.rest.split_at_checked(len).ok_or_else(|| Error::truncated(len, have))?;
        let header = Header { protocol: self.protocol, offset: self.offset, bytes };
        self.is_later_fragment = header.fragment().is_some_and(|fragment| fragment.offset != 0);
        self.named_at = self.offset;
        self.offset = self.offset.saturating_add(u16::try_from(len).unwrap_or(u16::MAX));
        self.protocol = next;
        self.rest = rest;
        Ok(Some(header))
    }

    /// Goes to the end of the chain.
    ///
    /// # Errors
    /// `Truncated` if a header is not all there.
    pub fn to_end(mut self) -> Result<Self, Error> {
        while self.next_header()?.is_some() {}
        Ok(self)
    }
}

/// The fragment header, RFC 8200 §4.5.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fragment {
    /// Next Header: the first header of the fragmentable part. Only the first fragment's counts.
    pub next_header: IpProtocol,
    /// Fragment Offset, in octets: a multiple of eight.
    pub offset: u16,
    /// M flag: more fragments follow.
    pub more: bool,
    /// Identification.
    pub identification: u32,
}

impl Fragment {
    /// Reads the header at the start of `bytes`. Reserved bits are ignored.
    ///
    /// # Errors
    /// `Truncated` below eight octets.
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let header: &[u8; FRAGMENT_LEN] =
            bytes.first_chunk().ok_or_else(|| Error::truncated(FRAGMENT_LEN, bytes.len()))?;
        let field = u16::from_be_bytes([header[2], header[3]]);
        Ok(Self {
            next_header: IpProtocol(header[0]),
            offset: field & 0xfff8,
            more: field & 1 != 0,
            identification: u32::from_be_bytes([header[4], header[5], header[6], header[7]]),
        })
    }

    /// Whether it holds the whole packet, RFC 6946: it is then no fragment but to its form.
    #[must_use]
    pub fn is_atomic(&self) -> bool {
        self.offset == 0 && !self.more
    }

    /// The header's octets; an offset that is no multiple of eight is rounded down.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; FRAGMENT_LEN] {
        let [c, d] = ((self.offset & 0xfff8) | u16::from(self.more)).to_be_bytes();
        let [e, f, g, h] = self.identification.to_be_bytes();
        [self.next_header.0, 0, c, d, e, f, g, h]
    }

    /// Writes the header; returns its length.
    ///
    /// # Errors
    /// `NoRoom` below eight octets; `Unrepresentable` if the offset is no multiple of eight.
    pub fn emit(&self, buffer: &mut [u8]) -> Result<usize, Error> {
        let have = buffer.len();
        let to: &mut [u8; FRAGMENT_LEN] =
            buffer.first_chunk_mut().ok_or_else(|| Error::no_room(FRAGMENT_LEN, have))?;
        if self.offset & 7 != 0 {
            return Err(Error::Unrepresentable);
        }
        *to = self.to_bytes();
        Ok(FRAGMENT_LEN)
    }
}

impl fmt::Display for Fragment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let more = if self.more { "+" } else { "" };
        write!(f, "fragment {:08x} at {}{more} of {}", self.identification, self.offset, self.next_header)
    }
}

/// A Hop-by-Hop Options header that holds a Router Alert (RFC 2711 §2.1) of this value and a `PadN`.
#[must_use]
pub fn router_alert(next_header: IpProtocol, value: u16) -> [u8; ROUTER_ALERT_LEN] {
    let [high, low] = value.to_be_bytes();
    [next_header.0, 0, OptionType::ROUTER_ALERT.0, 2, high, low, OptionType::PAD_N.0, 0]
}

// ---- options -------------------------------------------------------------------------------------------------

/// Option type, IANA "Destination Options and Hop-by-Hop Options".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OptionType(pub u8);

impl OptionType {
    /// One octet of padding, RFC 8200 §4.2.
    pub const PAD_1: Self = Self(0);
    /// Two or more octets of padding, RFC 8200 §4.2.
    pub const PAD_N: Self = Self(1);
    /// Router Alert, RFC 2711.
    pub const ROUTER_ALERT: Self = Self(5);

    /// What a node does that does not know the option: the highest two bits, RFC 8200 §4.2.
    #[must_use]
    pub const fn action(self) -> Action {
        match self.0 >> 6 {
            0 => Action::Skip,
            1 => Action::Discard,
            2 => Action::Problem,
            _ => Action::ProblemUnlessMulticast,
        }
    }
}

/// What a node does with an option that it does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// 00: goes on to the next.
    Skip,
    /// 01: drops the packet.
    Discard,
    /// 10: drops it and sends a Parameter Problem, even about a multicast packet.
    Problem,
    /// 11: drops it and sends a Parameter Problem unless it was multicast.
    ProblemUnlessMulticast,
}

/// One option as it stands in a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OptionAt<'a> {
    /// Its type.
    pub kind: OptionType,
    /// Offset of the type octet, from the start of the IPv6 header.
    pub offset: u16,
    /// Option Data; empty for Pad1.
    pub data: &'a [u8],
}

/// The options of one header, in order. After an error it is empty.
#[derive(Debug, Clone)]
pub struct Options<'a> {
    bytes: &'a [u8],
    offset: u16,
}

impl<'a> Options<'a> {
    /// The options in `bytes`, which start at `offset` from the start of the IPv6 header.
    #[must_use]
    pub fn new(bytes: &'a [u8], offset: u16) -> Self {
        Self { bytes, offset }
    }
}

impl<'a> Iterator for Options<'a> {
    /// `Field` holds the offset, from the start of the IPv6 header, of a length octet that is missing or leads beyond
    /// the header.
    type Item = Result<OptionAt<'a>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let (kind, after) = self.bytes.split_first()?;
        let kind = OptionType(*kind);
        let offset = self.offset;
        let (data, rest) = if kind == OptionType::PAD_1 {
            (&[] as &[u8], after)
        } else {
            let split =
                after.split_first().and_then(|(len, after)| after.split_at_checked(usize::from(*len)));
            let Some(split) = split else {
                self.bytes = &[];
                return Some(Err(Error::Field(offset.saturating_add(1))));
            };
            split
        };
        let taken = self.bytes.len() - rest.len();
        self.offset = offset.saturating_add(u16::try_from(taken).unwrap_or(u16::MAX));
        self.bytes = rest;
        Some(Ok(OptionAt { kind, offset, data }))
    }
}

// ---- what a host does ----------------------------------------------------------------------------------------

/// How much a host looks at, RFC 8504 §5.3. What exceeds a limit is dropped silently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Extension headers in a packet. Default 16.
    pub headers: u8,
    /// Octets of extension headers in a packet. Default 4,096.
    pub octets: u16,
    /// Options, padding not counted, in one header. Default 32.
    pub options: u8,
    /// Consecutive octets of padding in one header. Default 255: no limit; RFC 8504 suggests 7.
    pub padding: u8,
}

impl Default for Limits {
    fn default() -> Self {
        Self { headers: 16, octets: 4_096, options: 32, padding: 255 }
    }
}

/// What the octets given to [`walk`] are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// All that follows the fixed header of a received packet.
    Packet,
    /// The fragmentable part of a reassembled packet, presented behind a fixed header that names its first header:
    /// no Hop-by-Hop Options and no fragment header may stand there.
    Fragmentable,
}

/// What a host does with a packet, as far as its chain says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Goes on with it.
    Accept(Accept),
    /// Drops it silently.
    Drop(DropReason),
    /// Drops it and sends a Parameter Problem.
    Problem(Problem),
}

/// Where the chain of an acceptable packet ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accept {
    /// The upper-layer protocol. Of a fragment: what its fragment header names.
    pub protocol: IpProtocol,
    /// Length of the chain, in octets, from the end of the fixed header: what follows is the upper-layer segment, or
    /// the data of a fragment.
    pub len: u16,
    /// Offset of the Next Header field that names `protocol`: the pointer, should no transport know it.
    pub named_at: u16,
    /// The fragment header, if the packet is a fragment; an atomic one is none.
    pub fragment: Option<Fragment>,
    /// Value of a Router Alert in the Hop-by-Hop Options.
    pub router_alert: Option<u16>,
}

/// Why a packet is dropped silently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum DropReason {
    /// It ends within the first two octets of a header.
    Truncated,
    /// Nothing follows the chain, RFC 8200 §4.7: nothing is wrong with it.
    NoNextHeader,
    /// An unknown option asks for it.
    Option,
    /// More headers, options or padding than [`Limits`] allow.
    Limit,
    /// A fragment within a reassembled packet.
    NestedFragment,
}

/// The content of a Parameter Problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Problem {
    /// Code.
    pub code: ProblemCode,
    /// Pointer: offset of the wrong octet from the start of the IPv6 header.
    pub pointer: u16,
    /// Whether it is sent even if the packet was multicast.
    pub even_if_multicast: bool,
}

impl Problem {
    /// The decision to report this, unless the packet was multicast.
    fn decide(code: ProblemCode, pointer: u16) -> Decision {
        Decision::Problem(Self { code, pointer, even_if_multicast: false })
    }
}

/// Decides what a host does with the octets behind an IPv6 header whose Next Header is `next_header`: RFC 8200 §4 to
/// §4.7 for a destination. Headers are handled strictly in order, and so are the options in them.
///
/// Work is bounded by `limits` and by the octets.
#[must_use]
pub fn walk(next_header: IpProtocol, bytes: &[u8], part: Part, limits: &Limits) -> Decision {
    match try_walk(next_header, bytes, part, limits) {
        Ok(accept) => Decision::Accept(accept),
        Err(refusal) => refusal,
    }
}

fn try_walk(next_header: IpProtocol, bytes: &[u8], part: Part, limits: &Limits) -> Result<Accept, Decision> {
    let mut chain = Chain::new(next_header, bytes);
    let mut router_alert = None;
    let mut count = 0;
    loop {
        // AH is no extension header to a node without IPsec.
        if !chain.has_more() || chain.protocol() == IpProtocol::AH {
            return end_of_chain(&chain, router_alert);
        }
        let is_first = chain.offset() == FIXED_LEN && part == Part::Packet;
        if chain.protocol() == IpProtocol::HOP_BY_HOP && !is_first {
            return Err(Problem::decide(ProblemCode::NextHeader, chain.named_at()));
        }
        let header = next_or_refusal(&mut chain, limits, &mut count)?;
        match header.protocol {
            IpProtocol::HOP_BY_HOP | IpProtocol::DESTINATION_OPTIONS => {
                let alert = check_options(&header, limits)?;
                router_alert = router_alert.or(alert);
            }
            IpProtocol::ROUTING => check_routing(&header)?,
            IpProtocol::FRAGMENT => {
                let Some(fragment) = header.fragment() else {
                    return Err(Decision::Drop(DropReason::Truncated));
                };
                if part == Part::Fragmentable {
                    return Err(Decision::Drop(DropReason::NestedFragment));
                }
                if !fragment.is_atomic() {
                    if fragment.offset == 0 {
                        check_completeness(chain.clone(), limits, count)?;
                    }
                    return Ok(accept(&chain, Some(fragment), router_alert));
                }
            }
            _ => {}
        }
    }
}

fn accept(chain: &Chain<'_>, fragment: Option<Fragment>, router_alert: Option<u16>) -> Accept {
    Accept {
        protocol: chain.protocol(),
        len: chain.offset() - FIXED_LEN,
        named_at: chain.named_at(),
        fragment,
        router_alert,
    }
}

fn end_of_chain(chain: &Chain<'_>, router_alert: Option<u16>) -> Result<Accept, Decision> {
    if chain.protocol() == IpProtocol::NO_NEXT_HEADER {
        return Err(Decision::Drop(DropReason::NoNextHeader));
    }
    Ok(accept(chain, None, router_alert))
}

/// The next header of a chain that has more, within the limits.
fn next_or_refusal<'a>(
    chain: &mut Chain<'a>,
    limits: &Limits,
    count: &mut u8,
) -> Result<Header<'a>, Decision> {
    if *count >= limits.headers {
        return Err(Decision::Drop(DropReason::Limit));
    }
    *count += 1;
    let start = chain.offset();
    match chain.next_header() {
        Ok(Some(_)) if chain.offset() - FIXED_LEN > limits.octets => Err(Decision::Drop(DropReason::Limit)),
        Ok(Some(header)) => Ok(header),
        // Hdr Ext Len leads beyond the packet; without that field there is nothing to point at.
        Err(_) if chain.rest().len() >= 2 && chain.protocol() != IpProtocol::FRAGMENT => {
            Err(Problem::decide(ProblemCode::HeaderField, start.saturating_add(1)))
        }
        Ok(None) | Err(_) => Err(Decision::Drop(DropReason::Truncated)),
    }
}

/// RFC 8200 §4.2; returns the value of a Router Alert.
fn check_options(header: &Header<'_>, limits: &Limits) -> Result<Option<u16>, Decision> {
    let mut router_alert = None;
    let (mut count, mut padding) = (0_u16, 0_usize);
    for option in header.options() {
        let option = match option {
            Ok(option) => option,
            Err(Error::Field(pointer)) => return Err(Problem::decide(ProblemCode::HeaderField, pointer)),
            Err(_) => return Err(Decision::Drop(DropReason::Truncated)),
        };
        match option.kind {
            OptionType::PAD_1 => padding += 1,
            OptionType::PAD_N => padding += 2 + option.data.len(),
            _ => {
                padding = 0;
                count += 1;
            }
        }
        let is_padded = limits.padding < 255 && padding > usize::from(limits.padding);
        if is_padded || count > u16::from(limits.options) {
            return Err(Decision::Drop(DropReason::Limit));
        }
        match (option.kind, option.data) {
            (OptionType::PAD_1 | OptionType::PAD_N, _) => {}
            (OptionType::ROUTER_ALERT, [high, low]) if header.protocol == IpProtocol::HOP_BY_HOP => {
                router_alert = Some(u16::from_be_bytes([*high, *low]));
            }
            (kind, _) => check_unknown(kind, option.offset)?,
        }
    }
    Ok(router_alert)
}

fn check_unknown(kind: OptionType, pointer: u16) -> Result<(), Decision> {
    let problem = |even_if_multicast| {
        Decision::Problem(Problem { code: ProblemCode::Option, pointer, even_if_multicast })
    };
    match kind.action() {
        Action::Skip => Ok(()),
        Action::Discard => Err(Decision::Drop(DropReason::Option)),
        Action::Problem => Err(problem(true)),
        Action::ProblemUnlessMulticast => Err(problem(false)),
    }
}

/// RFC 8200 §4.4: no routing type is processed (type 0 must not be, RFC 5095); a header that is used up is ignored.
fn check_routing(header: &Header<'_>) -> Result<(), Decision> {
    match header.routing() {
        Some((_, 0)) => Ok(()),
        _ => Err(Problem::decide(ProblemCode::HeaderField, header.offset.saturating_add(2))),
    }
}

/// RFC 7112 §5: a first fragment must hold all headers, the upper-layer header included. `chain` stands behind the
/// fragment header. Options are looked at when the packet is whole.
fn check_completeness(mut chain: Chain<'_>, limits: &Limits, mut count: u8) -> Result<(), Decision> {
    const INCOMPLETE: Decision = Decision::Problem(Problem {
        code: ProblemCode::IncompleteChain,
        pointer: 0,
        even_if_multicast: false,
    });
    while chain.has_more() && chain.protocol() != IpProtocol::AH {
        match next_or_refusal(&mut chain, limits, &mut count) {
            Ok(_) => {}
            Err(Decision::Drop(DropReason::Limit)) => return Err(Decision::Drop(DropReason::Limit)),
            Err(_) => return Err(INCOMPLETE),
        }
    }
    let need = match chain.protocol() {
        IpProtocol::NO_NEXT_HEADER => 0,
        IpProtocol::TCP => 20,
        IpProtocol::UDP => 8,
        IpProtocol::ICMPV6 | IpProtocol::ESP => 4,
        IpProtocol::AH => 12,
        IpProtocol::IPV6 => 40,
        _ => 1,
    };
    if chain.rest().len() < need {
        return Err(INCOMPLETE);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
