//! What borrows octets: as many as the format has room for, and well-formed where the type promises it.

use crate::{arp, dhcpv4, dns, icmp_ext, icmpv4, igmp, ipv6_ext, mld, ndisc, rpl, sixlowpan, tcp};
use arbitrary::{Arbitrary, Result, Unstructured};

/// At most `MAX` octets.
pub(crate) fn octets<'a, const MAX: usize>(from: &mut Unstructured<'a>) -> Result<&'a [u8]> {
    let most = from.len().min(MAX);
    let len = from.int_in_range(0..=most)?;
    // The length took an octet or two.
    from.bytes(len.min(from.len()))
}

/// `N` octets.
pub(crate) fn array<'a, const N: usize>(from: &mut Unstructured<'a>) -> Result<&'a [u8; N]> {
    from.bytes(N)?.first_chunk().ok_or(arbitrary::Error::NotEnoughData)
}

/// At most `MAX` octets, a multiple of `UNIT`.
pub(crate) fn units<'a, const UNIT: usize, const MAX: usize>(
    from: &mut Unstructured<'a>,
) -> Result<&'a [u8]> {
    let most = octets::<MAX>(from)?;
    Ok(most.get(..most.len() / UNIT * UNIT).unwrap_or_default())
}

/// What a mobility header holds: two octets, or eight times n more.
pub(crate) fn mobility_data<'a>(from: &mut Unstructured<'a>) -> Result<&'a [u8]> {
    let len = 2 + 8 * from.int_in_range(0..=8)?;
    from.bytes(len)
}

/// A DUID, RFC 8415 §11.1.
pub(crate) fn duid<'a>(from: &mut Unstructured<'a>) -> Result<&'a [u8]> {
    let len = from.int_in_range(3..=130)?;
    from.bytes(len)
}

/// A hardware type that a client identifier may begin with.
pub(crate) fn hardware_type(from: &mut Unstructured<'_>) -> Result<u8> {
    from.int_in_range(1..=254)
}

/// The code of a router advertisement, RFC 1256 §3 and RFC 5944 §2.1.
pub(crate) fn advertisement_code(from: &mut Unstructured<'_>) -> Result<u8> {
    from.choose(&[0, 16]).copied()
}

/// One block to four.
pub(crate) fn sack_blocks<'a>(from: &mut Unstructured<'a>) -> Result<&'a [u8]> {
    let len = 8 * from.int_in_range(1..=4)?;
    from.bytes(len)
}

/// The name of an interface, RFC 5837 §4.3: up to 63 octets. Zeros at its end would be padding.
pub(crate) fn name<'a>(from: &mut Unstructured<'a>) -> Result<&'a [u8]> {
    let mut name = octets::<63>(from)?;
    while let [front @ .., 0] = name {
        name = front;
    }
    Ok(name)
}

/// A name, or none.
pub(crate) fn any_name<'a>(from: &mut Unstructured<'a>) -> Result<Option<&'a [u8]>> {
    Ok(if from.arbitrary()? { Some(name(from)?) } else { None })
}

/// The longest front of some octets that is well-formed; the empty one must be.
fn longest<'a, T>(from: &mut Unstructured<'a>, parse: impl Fn(&'a [u8]) -> Option<T>) -> Result<T> {
    let octets = octets::<255>(from)?;
    let fronts = (0..=octets.len()).rev().filter_map(|len| octets.get(..len));
    fronts.filter_map(parse).next().ok_or(arbitrary::Error::IncorrectFormat)
}

impl<'a> Arbitrary<'a> for ndisc::Options<'a> {
    fn arbitrary(from: &mut Unstructured<'a>) -> Result<Self> {
        longest(from, |octets| Self::parse(octets).ok())
    }
}

impl<'a> Arbitrary<'a> for rpl::Options<'a> {
    fn arbitrary(from: &mut Unstructured<'a>) -> Result<Self> {
        longest(from, |octets| Self::parse(octets).ok())
    }
}

impl<'a> Arbitrary<'a> for rpl::Metrics<'a> {
    fn arbitrary(from: &mut Unstructured<'a>) -> Result<Self> {
        longest(from, |octets| {
            Some(Self::new(octets)).filter(|metrics| metrics.clone().all(|one| one.is_ok()))
        })
    }
}

impl<'a> Arbitrary<'a> for dns::Text<'a> {
    fn arbitrary(from: &mut Unstructured<'a>) -> Result<Self> {
        longest(from, |octets| Self::parse(octets).ok())
    }
}

impl<'a> Arbitrary<'a> for dns::Types<'a> {
    fn arbitrary(from: &mut Unstructured<'a>) -> Result<Self> {
        longest(from, |octets| Self::parse(octets).ok())
    }
}

/// Of any type that has such RDATA.
impl<'a> Arbitrary<'a> for dns::Names<'a> {
    fn arbitrary(from: &mut Unstructured<'a>) -> Result<Self> {
        const TYPES: [dns::RecordType; 15] = [
            dns::RecordType::MD,
            dns::RecordType::MF,
            dns::RecordType::MB,
            dns::RecordType::MG,
            dns::RecordType::MR,
            dns::RecordType::MINFO,
            dns::RecordType::RP,
            dns::RecordType::AFSDB,
            dns::RecordType::RT,
            dns::RecordType::KX,
            dns::RecordType::PX,
            dns::RecordType::SIG,
            dns::RecordType::NXT,
            dns::RecordType::NAPTR,
            dns::RecordType::DNAME,
        ];
        let record_type = *from.choose(&TYPES)?;
        let octets = octets::<255>(from)?;
        let usual = || Self::parse(dns::RecordType::DNAME, b"\x07example\x03org\0");
        Self::parse(record_type, octets).or_else(|_| usual()).map_err(|_| arbitrary::Error::IncorrectFormat)
    }
}

impl<'a> Arbitrary<'a> for dns::EdnsOptions<'a> {
    fn arbitrary(from: &mut Unstructured<'a>) -> Result<Self> {
        longest(from, |octets| {
            Some(Self::new(octets)).filter(|options| options.clone().all(|one| one.is_ok()))
        })
    }
}

/// Names as they often are, and what octets make one by chance.
impl<'a> Arbitrary<'a> for dns::Name<'a> {
    fn arbitrary(from: &mut Unstructured<'a>) -> Result<Self> {
        const USUAL: [&[u8]; 5] = [
            b"\0",
            b"\x07example\x03org\0",
            b"\x03www\x07Example\x03org\0",
            b"\x05local\0",
            b"\x01\xff\x02.\\\0",
        ];
        let usual: &&[u8] = from.choose(&USUAL)?;
        let octets = octets::<255>(from)?;
        let parse = |octets| Self::parse(octets, 0, 0).ok().filter(|(name, _)| name.check().is_ok());
        let (name, _) = parse(octets).or_else(|| parse(usual)).ok_or(arbitrary::Error::IncorrectFormat)?;
        Ok(name)
    }
}

/// Any name that has labels of the lengths that the octets say.
impl<'a> Arbitrary<'a> for dns::NameBuf {
    fn arbitrary(from: &mut Unstructured<'a>) -> Result<Self> {
        let mut name = Self::new();
        for label in from.arbitrary_iter::<&[u8]>()?.take(8) {
            // A label that does not fit is left out.
            let _ = name.push(label?);
        }
        Ok(name)
    }
}

impl<'a> Arbitrary<'a> for igmp::Sources<'a> {
    fn arbitrary(from: &mut Unstructured<'a>) -> Result<Self> {
        octets::<64>(from).map(Self::new)
    }
}

impl<'a> Arbitrary<'a> for mld::Sources<'a> {
    fn arbitrary(from: &mut Unstructured<'a>) -> Result<Self> {
        octets::<128>(from).map(Self::new)
    }
}

impl<'a> Arbitrary<'a> for igmp::Records<'a> {
    fn arbitrary(from: &mut Unstructured<'a>) -> Result<Self> {
        let number = from.int_in_range(0..=4)?;
        longest(from, |octets| Self::parse(octets, number).or_else(|_| Self::parse(octets, 0)).ok())
    }
}

impl<'a> Arbitrary<'a> for mld::Records<'a> {
    fn arbitrary(from: &mut Unstructured<'a>) -> Result<Self> {
        let number = from.int_in_range(0..=4)?;
        longest(from, |octets| Self::parse(octets, number).or_else(|_| Self::parse(octets, 0)).ok())
    }
}

impl<'a> Arbitrary<'a> for icmpv4::Routers<'a> {
    fn arbitrary(from: &mut Unstructured<'a>) -> Result<Self> {
        let len = 8 * from.int_in_range(1..=8)?;
        Self::new(from.bytes(len)?).ok_or(arbitrary::Error::IncorrectFormat)
    }
}

impl<'a> Arbitrary<'a> for icmp_ext::LabelStack<'a> {
    fn arbitrary(from: &mut Unstructured<'a>) -> Result<Self> {
        Self::new(units::<4, 64>(from)?).ok_or(arbitrary::Error::IncorrectFormat)
    }
}

impl<'a> Arbitrary<'a> for ndisc::Rovr<'a> {
    fn arbitrary(from: &mut Unstructured<'a>) -> Result<Self> {
        let len = *from.choose(&[8, 16, 24, 32])?;
        Self::new(from.bytes(len)?).ok_or(arbitrary::Error::IncorrectFormat)
    }
}

impl<'a> Arbitrary<'a> for ndisc::ContextOption {
    fn arbitrary(from: &mut Unstructured<'a>) -> Result<Self> {
        let (id, compress) = (from.int_in_range(0..=15)?, from.arbitrary()?);
        Ok(Self { id, compress, lifetime_min: from.arbitrary()?, prefix: from.arbitrary()? })
    }
}

impl<'a> Arbitrary<'a> for ndisc::Nat64Prefix {
    fn arbitrary(from: &mut Unstructured<'a>) -> Result<Self> {
        let (address, len) = (from.arbitrary()?, *from.choose(&[32, 40, 48, 56, 64, 96])?);
        let prefix = crate::Ipv6Prefix::new(address, len).ok_or(arbitrary::Error::IncorrectFormat)?;
        Ok(Self { lifetime_8s: from.int_in_range(0..=0x1fff)?, prefix })
    }
}

/// The usual domains; arbitrary octets are hardly ever names.
impl<'a> Arbitrary<'a> for ndisc::Dnssl<'a> {
    fn arbitrary(from: &mut Unstructured<'a>) -> Result<Self> {
        const USUAL: [&[u8]; 3] =
            [b"\x07example\x03org\0", b"\x05local\0", b"\x07example\x03org\0\x03lab\x07example\x03net\0"];
        let (lifetime, names) = (from.arbitrary()?, from.choose(&USUAL)?);
        Self::new(lifetime, names).ok_or(arbitrary::Error::IncorrectFormat)
    }
}

/// Both hardware addresses are as long as one another, and both protocol addresses.
impl<'a> Arbitrary<'a> for arp::general::Packet<'a> {
    fn arbitrary(from: &mut Unstructured<'a>) -> Result<Self> {
        let (hardware_type, protocol_type) = (from.arbitrary()?, from.arbitrary()?);
        let operation = from.arbitrary()?;
        let (hardware, protocol) = (from.int_in_range(0..=20)?, from.int_in_range(0..=20)?);
        let target = if hardware_type == arp::general::HardwareType::IEEE_1394 { 0 } else { hardware };
        Ok(Self {
            hardware_type,
            protocol_type,
            operation,
            sender_hardware: from.bytes(hardware)?,
            sender_protocol: from.bytes(protocol)?,
            target_hardware: from.bytes(target)?,
            target_protocol: from.bytes(protocol)?,
        })
    }
}

impl<'a> Arbitrary<'a> for tcp::SackList {
    fn arbitrary(from: &mut Unstructured<'a>) -> Result<Self> {
        let mut blocks = Self::EMPTY;
        while from.arbitrary()? && blocks.push(from.arbitrary()?).is_ok() {}
        Ok(blocks)
    }
}

/// The urgent pointer means something with URG only.
impl<'a> Arbitrary<'a> for tcp::Fields {
    fn arbitrary(from: &mut Unstructured<'a>) -> Result<Self> {
        let flags: tcp::Flags = from.arbitrary()?;
        Ok(Self {
            src_port: from.arbitrary()?,
            dst_port: from.arbitrary()?,
            seq: from.arbitrary()?,
            ack: from.arbitrary()?,
            flags,
            window: from.arbitrary()?,
            urgent: if flags.contains(tcp::Flags::URG) { from.arbitrary()? } else { 0 },
        })
    }
}

/// The MTU belongs to one code, RFC 1191 §4.
impl<'a> Arbitrary<'a> for icmpv4::Repr<'a> {
    fn arbitrary(from: &mut Unstructured<'a>) -> Result<Self> {
        use icmpv4::Repr::{
            DestinationUnreachable, EchoReply, EchoRequest, ParameterProblem, Redirect, TimeExceeded,
        };
        Ok(match from.int_in_range(0..=5)? {
            kind @ 0..=1 => {
                let (identifier, sequence, data) = (from.arbitrary()?, from.arbitrary()?, from.arbitrary()?);
                if kind == 0 {
                    EchoRequest { identifier, sequence, data }
                } else {
                    EchoReply { identifier, sequence, data }
                }
            }
            2 => {
                let code = from.arbitrary()?;
                let mtu = match code {
                    icmpv4::UnreachableCode::FragmentationNeeded => from.arbitrary()?,
                    _ => 0,
                };
                DestinationUnreachable { code, mtu, quote: from.arbitrary()? }
            }
            3 => Redirect { code: from.arbitrary()?, gateway: from.arbitrary()?, quote: from.arbitrary()? },
            4 => TimeExceeded { code: from.arbitrary()?, quote: from.arbitrary()? },
            _ => ParameterProblem {
                code: from.arbitrary()?,
                pointer: from.arbitrary()?,
                quote: from.arbitrary()?,
            },
        })
    }
}

/// Type 2 with one address, or a type that has no form of its own.
impl<'a> Arbitrary<'a> for ipv6_ext::RouteRepr<'a> {
    fn arbitrary(from: &mut Unstructured<'a>) -> Result<Self> {
        if from.arbitrary()? {
            return Ok(Self::HomeAddress(from.arbitrary()?));
        }
        let (kind, len) = (from.int_in_range(5..=255)?, 4 + 8 * from.int_in_range(0..=8)?);
        Ok(Self::Unknown(ipv6_ext::RoutingType(kind), from.bytes(len)?))
    }
}

impl<'a> Arbitrary<'a> for ipv6_ext::RoutingRepr<'a> {
    fn arbitrary(from: &mut Unstructured<'a>) -> Result<Self> {
        let (next_header, route) = (from.arbitrary()?, from.arbitrary()?);
        let most = if matches!(route, ipv6_ext::RouteRepr::HomeAddress(_)) { 1 } else { u8::MAX };
        Ok(Self { next_header, segments_left: from.int_in_range(0..=most)?, route })
    }
}

impl<'a> Arbitrary<'a> for ipv6_ext::Tlv<'a> {
    fn arbitrary(from: &mut Unstructured<'a>) -> Result<Self> {
        Ok(match from.int_in_range(0..=3)? {
            0 => Self::Pad1,
            1 => Self::PadN(octets::<5>(from)?),
            2 => Self::Hmac {
                is_destination_excluded: from.arbitrary()?,
                key_id: from.arbitrary()?,
                hmac: units::<8, 32>(from)?,
            },
            _ => Self::Unknown(from.int_in_range(6..=255)?, octets::<64>(from)?),
        })
    }
}

impl<'a> Arbitrary<'a> for tcp::AccEcn {
    fn arbitrary(from: &mut Unstructured<'a>) -> Result<Self> {
        let (order, counters): (_, [u32; 3]) = (from.arbitrary()?, from.arbitrary()?);
        let len = from.int_in_range(0..=3)?;
        Self::new(order, counters.get(..len).unwrap_or_default()).ok_or(arbitrary::Error::IncorrectFormat)
    }
}

/// The length is what first octet and type say.
impl<'a> Arbitrary<'a> for sixlowpan::RoutingHeader<'a> {
    fn arbitrary(from: &mut Unstructured<'a>) -> Result<Self> {
        let (critical, length_or_tse) = (from.arbitrary()?, from.int_in_range(0..=31)?);
        let kind = if critical { from.int_in_range(0..=5)? } else { from.arbitrary()? };
        let len =
            Self::data_len(critical, length_or_tse, kind).map_err(|_| arbitrary::Error::IncorrectFormat)?;
        Ok(Self { critical, length_or_tse, kind, data: from.bytes(len)? })
    }
}

impl<'a> Arbitrary<'a> for dhcpv4::Value<'a> {
    fn arbitrary(from: &mut Unstructured<'a>) -> Result<Self> {
        octets::<64>(from).map(Self::from)
    }
}

/// Read as an option of its code: what the code does not allow is another's.
impl<'a> Arbitrary<'a> for dhcpv4::Opt<'a> {
    fn arbitrary(from: &mut Unstructured<'a>) -> Result<Self> {
        let code = from.int_in_range(1..=254)?;
        let words = units::<4, 64>(from)?;
        let short = words.get(..from.int_in_range(0..=4)?).unwrap_or(words);
        let parse = |octets| dhcpv4::Opt::parse(code, dhcpv4::Value::from(octets)).ok();
        let unknown = || dhcpv4::Opt::parse(254, dhcpv4::Value::from(words)).ok();
        parse(words).or_else(|| parse(short)).or_else(unknown).ok_or(arbitrary::Error::IncorrectFormat)
    }
}
