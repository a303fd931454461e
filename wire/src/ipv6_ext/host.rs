//! What a host does with a packet, as far as its extension headers say: RFC 8200 §4 to §4.7.

use super::{Action, Chain, Fragment, Header, OptionType, FIXED_LEN};
use crate::icmpv6::ProblemCode;
use crate::{Error, IpProtocol};

/// How much a host looks at, RFC 8504 §5.3. What exceeds a limit is dropped silently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Extension headers in a packet. Default 16.
    pub headers: u8,
    /// Octets of extension headers in a packet. No limit by default.
    pub octets: u16,
    /// Options, padding not counted, in one header. Default 8.
    pub options: u8,
    /// Consecutive octets of padding in one header; 255: no limit. Default 7, all that alignment can need: RFC 8504
    /// §5.3.
    pub padding: u8,
}

impl Default for Limits {
    fn default() -> Self {
        Self { headers: 16, octets: u16::MAX, options: 8, padding: 7 }
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
    pub(super) fn decide(code: ProblemCode, pointer: u16) -> Decision {
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
