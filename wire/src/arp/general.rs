//! ARP for any hardware and any protocol, RFC 826. That of IEEE 1394 lacks the target's hardware address (RFC 2734 §5); that
//! of ATM has other fields (RFC 2225 §8.7) and is refused.
//!
//! ```text
//!  0             2             4      5      6           8
//!  +-------------+-------------+------+------+-----------+-------+-------+-------+-------+
//!  |     hrd     |     pro     | hln  | pln  |    op     |  sha  |  spa  |  tha  |  tpa  |
//!  +-------------+-------------+------+------+-----------+-------+-------+-------+-------+
//!                                                          hln     pln     hln     pln octets
//! ```

use super::Operation;
use crate::cursor::Reader;
use crate::put::Put;
use crate::{Error, EtherType};
use core::fmt;
use core::net::Ipv4Addr;

/// Length of a packet before its addresses, in octets.
pub const HEADER_LEN: usize = 8;

/// A kind of hardware, IANA "ARP Parameters, Hardware Types".
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct HardwareType(pub u16);

impl HardwareType {
    /// Ethernet, addresses of six octets.
    pub const ETHERNET: Self = Self(1);
    /// IEEE 802 networks, RFC 1042.
    pub const IEEE_802: Self = Self(6);
    /// ARCNET, RFC 1201.
    pub const ARCNET: Self = Self(7);
    /// Frame Relay, RFC 2390.
    pub const FRAME_RELAY: Self = Self(15);
    /// ATM, RFC 2225.
    pub const ATM: Self = Self(19);
    /// Fibre Channel, RFC 4338.
    pub const FIBRE_CHANNEL: Self = Self(18);
    /// IEEE 1394, RFC 2734.
    pub const IEEE_1394: Self = Self(24);
    /// EUI-64.
    pub const EUI_64: Self = Self(27);
    /// InfiniBand, RFC 4391: addresses of twenty octets.
    pub const INFINIBAND: Self = Self(32);
}

impl fmt::Display for HardwareType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match *self {
            Self::ETHERNET => "Ethernet",
            Self::IEEE_802 => "IEEE 802",
            Self::ARCNET => "ARCNET",
            Self::FRAME_RELAY => "Frame Relay",
            Self::ATM => "ATM",
            Self::FIBRE_CHANNEL => "Fibre Channel",
            Self::IEEE_1394 => "IEEE 1394",
            Self::EUI_64 => "EUI-64",
            Self::INFINIBAND => "InfiniBand",
            Self(number) => return write!(f, "hardware {number}"),
        })
    }
}

impl fmt::Debug for HardwareType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A view of an ARP packet of any kind; all of its meaning, so that it can be emitted too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Packet<'a> {
    /// `hrd`: the kind of hardware address.
    pub hardware_type: HardwareType,
    /// `pro`: the kind of protocol address.
    pub protocol_type: EtherType,
    /// `op`: request, reply or another.
    pub operation: Operation,
    /// `sha`: the sender's hardware address, up to 255 octets.
    pub sender_hardware: &'a [u8],
    /// `spa`: the sender's protocol address, up to 255 octets.
    pub sender_protocol: &'a [u8],
    /// `tha`: the target's hardware address, as long as the sender's; empty on IEEE 1394.
    pub target_hardware: &'a [u8],
    /// `tpa`: the target's protocol address, as long as the sender's.
    pub target_protocol: &'a [u8],
}

impl<'a> Packet<'a> {
    /// Takes `bytes` apart; padding behind the packet is ignored.
    ///
    /// # Errors
    /// `Truncated`; `Field(0)` for the hardware type of ATM.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        let mut reader = Reader::new(bytes);
        let (hardware_type, protocol_type) = (HardwareType(reader.u16()?), EtherType(reader.u16()?));
        let (hardware_len, protocol_len) = (usize::from(reader.octet()?), usize::from(reader.octet()?));
        let operation = reader.u16()?.into();
        if hardware_type == HardwareType::ATM {
            return Err(Error::Field(0));
        }
        let target_len = if hardware_type == HardwareType::IEEE_1394 { 0 } else { hardware_len };
        let need = HEADER_LEN + hardware_len + target_len + 2 * protocol_len;
        if bytes.len() < need {
            return Err(Error::truncated(need, bytes.len()));
        }
        Ok(Self {
            hardware_type,
            protocol_type,
            operation,
            sender_hardware: reader.slice(hardware_len)?,
            sender_protocol: reader.slice(protocol_len)?,
            target_hardware: reader.slice(target_len)?,
            target_protocol: reader.slice(protocol_len)?,
        })
    }

    /// What `emit` writes, in octets.
    #[must_use]
    pub const fn buffer_len(&self) -> usize {
        HEADER_LEN + self.sender_hardware.len() + self.target_hardware.len() + 2 * self.sender_protocol.len()
    }

    /// Writes the packet at the front of `buffer` and returns its length.
    ///
    /// # Errors
    /// `NoRoom`; `Unrepresentable` if an address is longer than 255 octets, a target's not as long as the sender's (on IEEE
    /// 1394, if there is a target's hardware address), or the hardware is ATM.
    pub fn emit(&self, buffer: &mut [u8]) -> Result<usize, Error> {
        let len = |sender: &[u8], target: &[u8]| match u8::try_from(sender.len()) {
            Ok(len) if sender.len() == target.len() => Ok(len),
            _ => Err(Error::Unrepresentable),
        };
        let hardware_len = match self.hardware_type {
            HardwareType::ATM => return Err(Error::Unrepresentable),
            HardwareType::IEEE_1394 if !self.target_hardware.is_empty() => {
                return Err(Error::Unrepresentable)
            }
            HardwareType::IEEE_1394 => len(self.sender_hardware, self.sender_hardware)?,
            _ => len(self.sender_hardware, self.target_hardware)?,
        };
        let protocol_len = len(self.sender_protocol, self.target_protocol)?;
        let need = self.buffer_len();
        let mut writer = Put::new(buffer, need)?;
        writer.octets(&self.hardware_type.0.to_be_bytes());
        writer.octets(&self.protocol_type.0.to_be_bytes());
        writer.octets(&[hardware_len, protocol_len]);
        writer.octets(&u16::from(self.operation).to_be_bytes());
        for address in
            [self.sender_hardware, self.sender_protocol, self.target_hardware, self.target_protocol]
        {
            writer.octets(address);
        }
        Ok(need)
    }

    fn write_protocol(&self, f: &mut fmt::Formatter<'_>, address: &[u8]) -> fmt::Result {
        match (self.protocol_type, <[u8; 4]>::try_from(address)) {
            (EtherType::IPV4, Ok(octets)) => fmt::Display::fmt(&Ipv4Addr::from(octets), f),
            _ => write_octets(f, address),
        }
    }
}

fn write_octets(f: &mut fmt::Formatter<'_>, octets: &[u8]) -> fmt::Result {
    if octets.is_empty() {
        return f.write_str("none");
    }
    for (i, octet) in octets.iter().enumerate() {
        write!(f, "{}{octet:02x}", if i == 0 { "" } else { ":" })?;
    }
    Ok(())
}

/// The operations of IANA "ARP Parameters, Operation Codes" that are in use.
fn operation_name(operation: u16) -> Option<&'static str> {
    Some(match operation {
        1 => "request",
        2 => "reply",
        3 => "RARP request",
        4 => "RARP reply",
        8 => "InARP request",
        9 => "InARP reply",
        10 => "NAK",
        _ => return None,
    })
}

impl fmt::Display for Packet<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ARP {} {} ", self.hardware_type, self.protocol_type)?;
        let operation = u16::from(self.operation);
        match operation_name(operation) {
            Some(name) => f.write_str(name)?,
            None => write!(f, "operation {operation}")?,
        }
        f.write_str(" ")?;
        self.write_protocol(f, self.sender_protocol)?;
        f.write_str(" at ")?;
        write_octets(f, self.sender_hardware)?;
        f.write_str(" > ")?;
        self.write_protocol(f, self.target_protocol)?;
        f.write_str(" at ")?;
        write_octets(f, self.target_hardware)
    }
}

#[cfg(test)]
mod tests {
    extern crate alloc;
    use super::*;
    use alloc::string::ToString;

    fn infiniband() -> Packet<'static> {
        Packet {
            hardware_type: HardwareType::INFINIBAND,
            protocol_type: EtherType::IPV4,
            operation: Operation::Request,
            sender_hardware: &[0x11; 20],
            sender_protocol: &[192, 0, 2, 1],
            target_hardware: &[0; 20],
            target_protocol: &[192, 0, 2, 2],
        }
    }

    #[test]
    fn packets_of_any_kind_come_back_and_every_truncation_is_refused() {
        let arcnet = Packet {
            hardware_type: HardwareType::ARCNET,
            operation: Operation::Reply,
            sender_hardware: &[1],
            target_hardware: &[2],
            ..infiniband()
        };
        let empty = Packet {
            hardware_type: HardwareType(0xffff),
            protocol_type: EtherType(0x1234),
            operation: Operation::Unknown(999),
            sender_hardware: &[],
            sender_protocol: &[],
            target_hardware: &[],
            target_protocol: &[],
        };
        let largest = Packet {
            sender_hardware: &[1; 255],
            sender_protocol: &[2; 255],
            target_hardware: &[3; 255],
            target_protocol: &[4; 255],
            ..empty
        };
        for (packet, len) in [(infiniband(), 56), (arcnet, 18), (empty, 8), (largest, 1028)] {
            let mut buffer = alloc::vec![0xee; len + 2];
            assert_eq!((packet.emit(&mut buffer), packet.buffer_len()), (Ok(len), len));
            assert_eq!(buffer[len..], [0xee; 2]);
            assert_eq!(Packet::parse(&buffer), Ok(packet));
            for cut in 0..len {
                let got = Packet::parse(&buffer[..cut]).unwrap_err();
                assert!(matches!(got, Error::Truncated { have, .. } if usize::from(have) == cut), "{got}");
                assert!(cut < HEADER_LEN || got == Error::truncated(len, cut));
                assert_eq!(packet.emit(&mut alloc::vec![0; cut]), Err(Error::no_room(len, cut)));
            }
        }
    }

    #[test]
    fn addresses_of_unequal_or_too_large_lengths_are_not_emitted() {
        let long = [0; 256];
        for packet in [
            Packet { target_hardware: &[0; 19], ..infiniband() },
            Packet { target_protocol: &[], ..infiniband() },
            Packet { sender_hardware: &long, target_hardware: &long, ..infiniband() },
        ] {
            assert_eq!(packet.emit(&mut [0; 2_000]), Err(Error::Unrepresentable));
        }
    }

    /// RFC 2734 §5: 32 octets, without the target's hardware address.
    #[test]
    fn packets_of_ieee_1394_lack_an_address_and_those_of_atm_are_refused() {
        let mut octets = [0x11; 33];
        octets[..8].copy_from_slice(&[0, 24, 8, 0, 16, 4, 0, 2]);
        octets[24..28].copy_from_slice(&[192, 0, 2, 1]);
        octets[28..32].copy_from_slice(&[192, 0, 2, 2]);
        let packet = Packet::parse(&octets).unwrap();
        assert_eq!((packet.hardware_type, packet.operation), (HardwareType::IEEE_1394, Operation::Reply));
        assert_eq!((packet.sender_hardware, packet.target_hardware), (&octets[8..24], &[][..]));
        assert_eq!((packet.sender_protocol, packet.target_protocol), (&octets[24..28], &octets[28..32]));
        let mut again = [0; 32];
        assert_eq!((packet.buffer_len(), packet.emit(&mut again)), (32, Ok(32)));
        assert_eq!(again, octets[..32]);
        assert_eq!(Packet::parse(&octets[..31]), Err(Error::truncated(32, 31)));
        let both = Packet { target_hardware: packet.sender_hardware, ..packet };
        assert_eq!(both.emit(&mut [0; 64]), Err(Error::Unrepresentable));
        // RFC 2225 §8.7: what would be hln and pln are lengths of other addresses.
        octets[1] = 19;
        assert_eq!(Packet::parse(&octets), Err(Error::Field(0)));
        let atm = Packet { hardware_type: HardwareType::ATM, ..infiniband() };
        assert_eq!(atm.emit(&mut [0; 64]), Err(Error::Unrepresentable));
    }

    #[test]
    fn packets_of_ethernet_are_seen_by_both_views() {
        let repr = super::super::Repr {
            operation: Operation::Reply,
            sender_hardware: crate::HardwareAddress::ethernet([2, 0, 0, 0, 0, 1]),
            sender_protocol: Ipv4Addr::new(192, 0, 2, 1),
            target_hardware: crate::HardwareAddress::ethernet([2, 0, 0, 0, 0, 2]),
            target_protocol: Ipv4Addr::new(192, 0, 2, 2),
        };
        let mut buffer = [0; 28];
        repr.emit(&mut buffer).unwrap();
        let packet = Packet::parse(&buffer).unwrap();
        assert_eq!((packet.hardware_type, packet.sender_hardware.len()), (HardwareType::ETHERNET, 6));
        let mut again = [0; 28];
        packet.emit(&mut again).unwrap();
        assert_eq!(again, buffer);
    }

    #[test]
    fn packets_are_shown_with_what_they_are_for() {
        assert_eq!(
            infiniband().to_string(),
            "ARP InfiniBand IPv4 request 192.0.2.1 at \
             11:11:11:11:11:11:11:11:11:11:11:11:11:11:11:11:11:11:11:11 > 192.0.2.2 at \
             00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00"
        );
        let other = Packet {
            hardware_type: HardwareType(99),
            protocol_type: EtherType(0x0bad),
            operation: 77.into(),
            sender_hardware: &[],
            target_hardware: &[],
            ..infiniband()
        };
        assert_eq!(
            other.to_string(),
            "ARP hardware 99 EtherType 0x0bad operation 77 c0:00:02:01 at none > c0:00:02:02 at none"
        );
    }
}
