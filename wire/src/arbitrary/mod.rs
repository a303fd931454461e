//! `Arbitrary` for reprs and what they consist of, feature `arbitrary`.
//!
//! Where it is derived, it stands beside the type, with the bounds of fields that have fewer bits than their type; here
//! is what cannot be derived: code points, which are made from their numbers so that none is "unknown" by another name
//! ([`codes`]), and what borrows octets that must be well-formed ([`octets`]). Values are such as `emit` accepts, but
//! for what only several fields together make impossible: that it refuses.

mod codes;
mod links;
mod octets;

pub(crate) use octets::{
    advertisement_code, any_name, array, duid, hardware_type, mobility_data, name, octets, sack_blocks, units,
};

use crate::dns::RecordType;
use crate::llc::Sap;
use crate::{ipv4, Cidr, EtherType, HardwareAddress, Ipv6Prefix};
use arbitrary::{Arbitrary, Result, Unstructured};
use core::net::IpAddr;

/// A number of eight bits, at most `MAX`.
pub(crate) fn up_to_u8<const MAX: u8>(from: &mut Unstructured<'_>) -> Result<u8> {
    from.int_in_range(0..=MAX)
}

/// A number of eight bits, at least `MIN`: a code point that has no form of its own.
pub(crate) fn from_u8<const MIN: u8>(from: &mut Unstructured<'_>) -> Result<u8> {
    from.int_in_range(MIN..=u8::MAX)
}

/// A number of 32 bits, at least `MIN`.
pub(crate) fn from_u32<const MIN: u32>(from: &mut Unstructured<'_>) -> Result<u32> {
    from.int_in_range(MIN..=u32::MAX)
}

/// A number of sixteen bits, at most `MAX`.
pub(crate) fn up_to_u16<const MAX: u16>(from: &mut Unstructured<'_>) -> Result<u16> {
    from.int_in_range(0..=MAX)
}

/// A number of 32 bits, at most `MAX`.
pub(crate) fn up_to_u32<const MAX: u32>(from: &mut Unstructured<'_>) -> Result<u32> {
    from.int_in_range(0..=MAX)
}

/// An offset of a fragment, in octets: 13 bits in units of eight.
pub(crate) fn fragment_offset(from: &mut Unstructured<'_>) -> Result<u16> {
    Ok(up_to_u16::<0x1fff>(from)? * 8)
}

/// A number, or none where the field would be zero.
pub(crate) fn nonzero<'a, T: Arbitrary<'a> + Default + PartialEq>(
    from: &mut Unstructured<'a>,
) -> Result<Option<T>> {
    let number: Option<T> = from.arbitrary()?;
    Ok(number.filter(|number| *number != T::default()))
}

/// A type of DNS record that has no form here.
pub(crate) fn unknown_record(from: &mut Unstructured<'_>) -> Result<RecordType> {
    Ok(RecordType(from.int_in_range(256..=u16::MAX)?))
}

/// A bounded list.
pub(crate) fn list<'a, T: Arbitrary<'a>, const N: usize>(
    from: &mut Unstructured<'a>,
) -> Result<heapless::Vec<T, N>> {
    let mut items = heapless::Vec::new();
    while !items.is_full() && from.arbitrary()? {
        // It is not full.
        let _ = items.push(from.arbitrary()?);
    }
    Ok(items)
}

/// The tag protocol identifier of a tag: another value is no tag.
pub(crate) fn tpid(from: &mut Unstructured<'_>) -> Result<EtherType> {
    from.choose(&[EtherType::VLAN, EtherType::SERVICE_VLAN]).copied()
}

/// An address that IEEE 802.15.4 has.
pub(crate) fn ieee802154_address(from: &mut Unstructured<'_>) -> Result<HardwareAddress> {
    if from.arbitrary()? {
        Ok(HardwareAddress::short(from.arbitrary()?))
    } else {
        extended(from)
    }
}

/// An Ethernet address, or none.
pub(crate) fn ethernet_address(from: &mut Unstructured<'_>) -> Result<HardwareAddress> {
    Ok(if from.arbitrary()? { HardwareAddress::ethernet(from.arbitrary()?) } else { HardwareAddress::NONE })
}

/// The Ethernet address of a station, not of a group.
pub(crate) fn station(from: &mut Unstructured<'_>) -> Result<[u8; 6]> {
    let mut address: [u8; 6] = from.arbitrary()?;
    address[0] &= !1;
    Ok(address)
}

/// An access point that may be sent: even, and not that of IP.
pub(crate) fn sap(from: &mut Unstructured<'_>) -> Result<Sap> {
    Ok(Some(Sap(from.arbitrary::<u8>()? & !1)).filter(|sap| *sap != Sap::IP).unwrap_or(Sap::SNAP))
}

/// The reserved flag means nothing.
pub(crate) fn ipv4_flags(from: &mut Unstructured<'_>) -> Result<ipv4::Flags> {
    Ok(ipv4::Flags::from_bits_truncate(from.arbitrary()?).difference(ipv4::Flags::RESERVED))
}

fn extended(from: &mut Unstructured<'_>) -> Result<HardwareAddress> {
    Ok(HardwareAddress::extended(from.arbitrary()?))
}

/// Extended addresses.
pub(crate) fn extended_list<const N: usize>(
    from: &mut Unstructured<'_>,
) -> Result<heapless::Vec<HardwareAddress, N>> {
    let mut addresses = heapless::Vec::new();
    while !addresses.is_full() && from.arbitrary()? {
        let _ = addresses.push(extended(from)?);
    }
    Ok(addresses)
}

impl<'a> Arbitrary<'a> for HardwareAddress {
    fn arbitrary(from: &mut Unstructured<'a>) -> Result<Self> {
        Ok(match from.int_in_range(0..=3)? {
            0 => Self::NONE,
            1 => Self::ethernet(from.arbitrary()?),
            2 => Self::short(from.arbitrary()?),
            _ => Self::extended(from.arbitrary()?),
        })
    }
}

impl<'a> Arbitrary<'a> for Ipv6Prefix {
    fn arbitrary(from: &mut Unstructured<'a>) -> Result<Self> {
        let (address, len) = (from.arbitrary()?, from.int_in_range(0..=128)?);
        Self::new(address, len).ok_or(arbitrary::Error::IncorrectFormat)
    }
}

impl<'a> Arbitrary<'a> for Cidr {
    fn arbitrary(from: &mut Unstructured<'a>) -> Result<Self> {
        let address: IpAddr = from.arbitrary()?;
        let bits = if address.is_ipv4() { 32 } else { 128 };
        Self::new(address, from.int_in_range(0..=bits)?).map_err(|_| arbitrary::Error::IncorrectFormat)
    }
}
