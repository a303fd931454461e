//! `Arbitrary` where it cannot be derived, feature `arbitrary`: what every value is a legal one of.

use crate::{dhcpv4, dns, ipv4, HardwareAddress};
use arbitrary::{Arbitrary, Result, Unstructured};

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

impl<'a> Arbitrary<'a> for ipv4::Flags {
    fn arbitrary(from: &mut Unstructured<'a>) -> Result<Self> {
        Ok(Self::from_bits_truncate(from.arbitrary()?))
    }
}

impl<'a> Arbitrary<'a> for dhcpv4::Flags {
    fn arbitrary(from: &mut Unstructured<'a>) -> Result<Self> {
        Ok(Self::from_bits_truncate(from.arbitrary()?))
    }
}

impl<'a> Arbitrary<'a> for dns::Flags {
    fn arbitrary(from: &mut Unstructured<'a>) -> Result<Self> {
        Ok(Self::from_bits_truncate(from.arbitrary()?))
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

#[cfg(test)]
mod tests {
    use crate::{arp, dhcpv4, dns, ethernet, ipv4, ipv6, udp, vlan};
    use arbitrary::{Arbitrary, Unstructured};

    /// Whatever can be emitted parses to the same.
    #[test]
    fn arbitrary_reprs_make_the_round_trip_or_are_refused() {
        let mut state = 1_u32;
        let mut octets = [0; 256];
        for _ in 0..2000 {
            for octet in &mut octets {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                *octet = state.to_be_bytes()[0];
            }
            let mut from = Unstructured::new(&octets);
            let mut buffer = [0; 512];
            let repr = ethernet::Repr::arbitrary(&mut from).unwrap();
            if repr.emit(&mut buffer).is_ok() {
                let packet = ethernet::Packet::parse(&buffer).unwrap();
                assert_eq!(ethernet::Repr::parse(&packet), Ok(repr));
            }
            let repr = arp::Repr::arbitrary(&mut from).unwrap();
            if repr.emit(&mut buffer).is_ok() {
                // An address that is not known is sent as zeros.
                let again = arp::Repr::parse(&arp::Packet::parse(&buffer).unwrap());
                let mut repeated = [0; arp::LEN];
                again.emit(&mut repeated).unwrap();
                assert_eq!(repeated, buffer[..arp::LEN]);
            }
            let repr = dhcpv4::Repr::arbitrary(&mut from).unwrap();
            if repr.emit(&[], &mut buffer).is_ok() {
                // An unknown `op` is refused; a known number as an unknown one reads as what it is.
                if let Ok(again) = dhcpv4::Repr::parse(&dhcpv4::Packet::parse(&buffer).unwrap()) {
                    let mut repeated = [0; 512];
                    let len = again.emit(&[], &mut repeated).unwrap();
                    assert_eq!(repeated[..len], buffer[..len]);
                }
            }
            let name = dns::NameBuf::arbitrary(&mut from).unwrap();
            assert_eq!(name.as_name().check(), Ok(()));
            let _ = (ipv4::Repr::arbitrary(&mut from), ipv6::Repr::arbitrary(&mut from));
            let _ = (udp::Repr::arbitrary(&mut from), vlan::Tag::arbitrary(&mut from));
        }
    }
}
