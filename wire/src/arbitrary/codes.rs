//! Code points and flags, from the numbers that stand for them on the wire.

use super::{up_to_u16, up_to_u8};
use crate::{
    arp, dhcpv4, dns, icmp_ext, icmpv4, icmpv6, ieee802154, igmp, ipv4, ipv6_ext, llc, mld, ndisc, rpl,
    sixlowpan, tcp,
};
use arbitrary::{Arbitrary, Result, Unstructured};

impl<'a> Arbitrary<'a> for arp::Operation {
    fn arbitrary(from: &mut Unstructured<'a>) -> Result<Self> {
        from.arbitrary::<u16>().map(Self::from)
    }
}

/// Mostly one of the two that there are.
impl<'a> Arbitrary<'a> for dhcpv4::Operation {
    fn arbitrary(from: &mut Unstructured<'a>) -> Result<Self> {
        Ok(match from.arbitrary::<u8>()? {
            number @ 0..=15 => Self::from(number),
            number if number & 1 == 0 => Self::Request,
            _ => Self::Reply,
        })
    }
}

impl<'a> Arbitrary<'a> for dhcpv4::MessageType {
    fn arbitrary(from: &mut Unstructured<'a>) -> Result<Self> {
        from.arbitrary::<u8>().map(Self::from)
    }
}

impl<'a> Arbitrary<'a> for icmp_ext::ReplyCode {
    fn arbitrary(from: &mut Unstructured<'a>) -> Result<Self> {
        from.arbitrary::<u8>().map(Self::from)
    }
}

impl<'a> Arbitrary<'a> for icmp_ext::NeighbourState {
    fn arbitrary(from: &mut Unstructured<'a>) -> Result<Self> {
        from.arbitrary::<u8>().map(Self::from)
    }
}

impl<'a> Arbitrary<'a> for icmpv4::UnreachableCode {
    fn arbitrary(from: &mut Unstructured<'a>) -> Result<Self> {
        from.arbitrary::<u8>().map(Self::from)
    }
}

impl<'a> Arbitrary<'a> for icmpv4::RedirectCode {
    fn arbitrary(from: &mut Unstructured<'a>) -> Result<Self> {
        from.arbitrary::<u8>().map(Self::from)
    }
}

impl<'a> Arbitrary<'a> for icmpv4::TimeExceededCode {
    fn arbitrary(from: &mut Unstructured<'a>) -> Result<Self> {
        from.arbitrary::<u8>().map(Self::from)
    }
}

impl<'a> Arbitrary<'a> for icmpv6::UnreachableCode {
    fn arbitrary(from: &mut Unstructured<'a>) -> Result<Self> {
        from.arbitrary::<u8>().map(Self::from)
    }
}

impl<'a> Arbitrary<'a> for icmpv6::ProblemCode {
    fn arbitrary(from: &mut Unstructured<'a>) -> Result<Self> {
        from.arbitrary::<u8>().map(Self::from)
    }
}

impl<'a> Arbitrary<'a> for igmp::Type {
    fn arbitrary(from: &mut Unstructured<'a>) -> Result<Self> {
        from.arbitrary::<u8>().map(Self::from)
    }
}

impl<'a> Arbitrary<'a> for igmp::RecordType {
    fn arbitrary(from: &mut Unstructured<'a>) -> Result<Self> {
        from.arbitrary::<u8>().map(Self::from)
    }
}

impl<'a> Arbitrary<'a> for mld::Type {
    fn arbitrary(from: &mut Unstructured<'a>) -> Result<Self> {
        from.arbitrary::<u8>().map(Self::from)
    }
}

impl<'a> Arbitrary<'a> for ndisc::RegistrationStatus {
    fn arbitrary(from: &mut Unstructured<'a>) -> Result<Self> {
        from.arbitrary::<u8>().map(Self::from)
    }
}

impl<'a> Arbitrary<'a> for rpl::Code {
    fn arbitrary(from: &mut Unstructured<'a>) -> Result<Self> {
        from.arbitrary::<u8>().map(Self::from)
    }
}

impl<'a> Arbitrary<'a> for rpl::MetricKind {
    fn arbitrary(from: &mut Unstructured<'a>) -> Result<Self> {
        from.arbitrary::<u8>().map(Self::from)
    }
}

impl<'a> Arbitrary<'a> for dhcpv4::Flags {
    fn arbitrary(from: &mut Unstructured<'a>) -> Result<Self> {
        from.arbitrary().map(Self::from_bits_retain)
    }
}

impl<'a> Arbitrary<'a> for dns::Flags {
    fn arbitrary(from: &mut Unstructured<'a>) -> Result<Self> {
        from.arbitrary().map(Self::from_bits_truncate)
    }
}

impl<'a> Arbitrary<'a> for icmp_ext::ReplyFlags {
    fn arbitrary(from: &mut Unstructured<'a>) -> Result<Self> {
        from.arbitrary().map(Self::from_bits_truncate)
    }
}

impl<'a> Arbitrary<'a> for ieee802154::Capability {
    fn arbitrary(from: &mut Unstructured<'a>) -> Result<Self> {
        from.arbitrary().map(Self::from_bits_truncate)
    }
}

impl<'a> Arbitrary<'a> for ipv4::Flags {
    fn arbitrary(from: &mut Unstructured<'a>) -> Result<Self> {
        from.arbitrary().map(Self::from_bits_truncate)
    }
}

impl<'a> Arbitrary<'a> for ipv6_ext::RplFlags {
    fn arbitrary(from: &mut Unstructured<'a>) -> Result<Self> {
        from.arbitrary().map(Self::from_bits_truncate)
    }
}

impl<'a> Arbitrary<'a> for ndisc::AdvertFlags {
    fn arbitrary(from: &mut Unstructured<'a>) -> Result<Self> {
        from.arbitrary().map(Self::from_bits_truncate)
    }
}

impl<'a> Arbitrary<'a> for ndisc::PrefixFlags {
    fn arbitrary(from: &mut Unstructured<'a>) -> Result<Self> {
        from.arbitrary().map(Self::from_bits_truncate)
    }
}

impl<'a> Arbitrary<'a> for ndisc::RouterFlags {
    fn arbitrary(from: &mut Unstructured<'a>) -> Result<Self> {
        from.arbitrary().map(Self::from_bits_truncate)
    }
}

impl<'a> Arbitrary<'a> for rpl::MetricFlags {
    fn arbitrary(from: &mut Unstructured<'a>) -> Result<Self> {
        from.arbitrary().map(Self::from_bits_truncate)
    }
}

impl<'a> Arbitrary<'a> for rpl::PrefixFlags {
    fn arbitrary(from: &mut Unstructured<'a>) -> Result<Self> {
        from.arbitrary().map(Self::from_bits_truncate)
    }
}

impl<'a> Arbitrary<'a> for tcp::Flags {
    fn arbitrary(from: &mut Unstructured<'a>) -> Result<Self> {
        from.arbitrary().map(Self::from_bits_truncate)
    }
}

/// Three bits.
impl<'a> Arbitrary<'a> for rpl::ModeOfOperation {
    fn arbitrary(from: &mut Unstructured<'a>) -> Result<Self> {
        up_to_u8::<7>(from).map(Self::from)
    }
}

/// Four bits.
impl<'a> Arbitrary<'a> for dns::Opcode {
    fn arbitrary(from: &mut Unstructured<'a>) -> Result<Self> {
        up_to_u8::<15>(from).map(Self)
    }
}

/// The code is one of the header: four bits.
impl<'a> Arbitrary<'a> for dns::Header {
    fn arbitrary(from: &mut Unstructured<'a>) -> Result<Self> {
        let (id, flags, opcode) = (from.arbitrary()?, from.arbitrary()?, from.arbitrary()?);
        Ok(Self { id, flags, opcode, rcode: dns::Rcode(up_to_u16::<15>(from)?) })
    }
}

impl<'a> Arbitrary<'a> for llc::Unnumbered {
    fn arbitrary(from: &mut Unstructured<'a>) -> Result<Self> {
        from.arbitrary().map(Self::new)
    }
}

impl<'a> Arbitrary<'a> for sixlowpan::dispatch::Dispatch {
    fn arbitrary(from: &mut Unstructured<'a>) -> Result<Self> {
        from.arbitrary().map(Self::of)
    }
}
