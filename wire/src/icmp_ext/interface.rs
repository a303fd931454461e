//! Objects about interfaces: the one that an offending packet came by, RFC 5837 §4, and the one that an extended echo asks
//! for, RFC 8335 §2.1.

use crate::put::Put;
use crate::Error;
use core::fmt;
use core::net::IpAddr;

// C-Types of the interface identification.
const BY_NAME: u8 = 1;
const BY_INDEX: u8 = 2;
const BY_ADDRESS: u8 = 3;

// C-Type of interface information, RFC 5837 §4.1.
const HAS_INDEX: u8 = 0x08;
const HAS_ADDRESS: u8 = 0x04;
const HAS_NAME: u8 = 0x02;
const HAS_MTU: u8 = 0x01;

// Address family numbers, IANA.
const IPV4: u16 = 1;
const IPV6: u16 = 2;

/// Longest interface name, in octets, RFC 5837 §4.3.
const NAME_LEN_MAX: usize = 63;

/// What an interface has to do with the offending packet, RFC 5837 §4.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub enum Role {
    /// 0: it came in by it.
    Incoming,
    /// 1: it came in by this part of an interface.
    IncomingPart,
    /// 2: it would have gone out by it.
    Outgoing,
    /// 3: the next hop's.
    NextHop,
}

impl Role {
    fn from_bits(c_type: u8) -> Self {
        match c_type >> 6 {
            0 => Self::Incoming,
            1 => Self::IncomingPart,
            2 => Self::Outgoing,
            _ => Self::NextHop,
        }
    }

    pub(super) fn to_bits(self) -> u8 {
        match self {
            Self::Incoming => 0,
            Self::IncomingPart => 0x40,
            Self::Outgoing => 0x80,
            Self::NextHop => 0xc0,
        }
    }
}

/// Interface information, RFC 5837 §4; any part may be absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct InterfaceInformation<'a> {
    /// Which interface.
    pub role: Role,
    /// ifIndex.
    pub index: Option<u32>,
    /// IP address.
    pub address: Option<IpAddr>,
    /// Name, UTF-8 by the RFC but not checked, at most 63 octets; zeros at its end are not part of it.
    #[cfg_attr(feature = "arbitrary", arbitrary(with = crate::arbitrary::any_name))]
    pub name: Option<&'a [u8]>,
    /// MTU, in octets.
    pub mtu: Option<u32>,
}

impl<'a> InterfaceInformation<'a> {
    /// `None` unless the payload is made of the parts that the C-Type names, and nothing else.
    pub(super) fn read(c_type: u8, payload: &'a [u8]) -> Option<Self> {
        let mut rest = payload;
        let (mut index, mut address, mut name, mut mtu) = (None, None, None, None);
        if c_type & HAS_INDEX != 0 {
            index = Some(take_u32(&mut rest)?);
        }
        if c_type & HAS_ADDRESS != 0 {
            address = Some(take_address(&mut rest)?);
        }
        if c_type & HAS_NAME != 0 {
            let len = usize::from(*rest.first()?);
            if len == 0 || len % 4 != 0 || len > NAME_LEN_MAX + 1 {
                return None;
            }
            let (octets, behind) = rest.split_at_checked(len)?;
            name = Some(without_zeros(octets.get(1..)?));
            rest = behind;
        }
        if c_type & HAS_MTU != 0 {
            mtu = Some(take_u32(&mut rest)?);
        }
        rest.is_empty().then_some(Self { role: Role::from_bits(c_type), index, address, name, mtu })
    }

    pub(super) fn c_type(&self) -> u8 {
        let mut c_type = self.role.to_bits();
        c_type |= if self.index.is_some() { HAS_INDEX } else { 0 };
        c_type |= if self.address.is_some() { HAS_ADDRESS } else { 0 };
        c_type |= if self.name.is_some() { HAS_NAME } else { 0 };
        c_type | if self.mtu.is_some() { HAS_MTU } else { 0 }
    }

    pub(super) fn payload_len(&self) -> usize {
        let address_len = match self.address {
            None => 0,
            Some(IpAddr::V4(_)) => 8,
            Some(IpAddr::V6(_)) => 20,
        };
        let number_len = |number: Option<u32>| if number.is_some() { 4 } else { 0 };
        let name_len = self.name.map_or(0, |name| words(without_zeros(name).len().saturating_add(1)));
        number_len(self.index) + address_len + number_len(self.mtu) + name_len
    }

    pub(super) fn put(&self, out: &mut Put<'_>) -> Result<(), Error> {
        if let Some(index) = self.index {
            out.octets(&index.to_be_bytes());
        }
        match self.address {
            None => {}
            Some(IpAddr::V4(address)) => {
                out.octets(&[0, 1, 0, 0]);
                out.octets(&address.octets());
            }
            Some(IpAddr::V6(address)) => {
                out.octets(&[0, 2, 0, 0]);
                out.octets(&address.octets());
            }
        }
        if let Some(name) = self.name {
            let name = without_zeros(name);
            let len = words(name.len() + 1);
            if name.len() > NAME_LEN_MAX {
                return Err(Error::Unrepresentable);
            }
            out.octets(&[u8::try_from(len).map_err(|_| Error::Unrepresentable)?]);
            out.octets(name);
            out.octets([0; 3].get(..len - 1 - name.len()).unwrap_or_default());
        }
        if let Some(mtu) = self.mtu {
            out.octets(&mtu.to_be_bytes());
        }
        Ok(())
    }
}

impl fmt::Display for InterfaceInformation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.role {
            Role::Incoming => "incoming interface",
            Role::IncomingPart => "part of incoming interface",
            Role::Outgoing => "outgoing interface",
            Role::NextHop => "next hop",
        })?;
        if let Some(index) = self.index {
            write!(f, " {index}")?;
        }
        if let Some(name) = self.name {
            write!(f, " {}", Name(name))?;
        }
        if let Some(address) = self.address {
            write!(f, " address {address}")?;
        }
        if let Some(mtu) = self.mtu {
            write!(f, " mtu {mtu}")?;
        }
        Ok(())
    }
}

/// The interface that is asked for, RFC 8335 §2.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub enum InterfaceIdentification<'a> {
    /// C-Type 1; zeros at its end are not part of the name.
    ByName(#[cfg_attr(feature = "arbitrary", arbitrary(with = crate::arbitrary::name))] &'a [u8]),
    /// C-Type 2: ifIndex.
    ByIndex(u32),
    /// C-Type 3.
    ByAddress {
        /// Address family number, IANA: 1 IPv4, 2 IPv6, 16389 and 16390 MAC addresses of 48 and 64 bits.
        family: u16,
        /// The address.
        address: &'a [u8],
    },
}

impl<'a> InterfaceIdentification<'a> {
    pub(super) fn read(c_type: u8, payload: &'a [u8]) -> Option<Self> {
        match (c_type, payload) {
            // Padded to a multiple of four by the RFC, which not all senders heed.
            (BY_NAME, name) => Some(Self::ByName(without_zeros(name))),
            (BY_INDEX, &[a, b, c, d]) => Some(Self::ByIndex(u32::from_be_bytes([a, b, c, d]))),
            (BY_ADDRESS, &[f0, f1, len, _, ref rest @ ..]) => {
                let address = rest.get(..usize::from(len))?;
                let family = u16::from_be_bytes([f0, f1]);
                (rest.len() == words(address.len())).then_some(Self::ByAddress { family, address })
            }
            _ => None,
        }
    }

    pub(super) fn c_type(&self) -> u8 {
        match self {
            Self::ByName(_) => BY_NAME,
            Self::ByIndex(_) => BY_INDEX,
            Self::ByAddress { .. } => BY_ADDRESS,
        }
    }

    pub(super) fn payload_len(&self) -> usize {
        match self {
            Self::ByName(name) => words(without_zeros(name).len()),
            Self::ByIndex(_) => 4,
            Self::ByAddress { address, .. } => words(address.len()).saturating_add(4),
        }
    }

    /// Leaves the padding to the caller.
    pub(super) fn put(&self, out: &mut Put<'_>) -> Result<(), Error> {
        match self {
            Self::ByName(name) => out.octets(without_zeros(name)),
            Self::ByIndex(index) => out.octets(&index.to_be_bytes()),
            Self::ByAddress { family, address } => {
                let len = u8::try_from(address.len()).map_err(|_| Error::Unrepresentable)?;
                let [f0, f1] = family.to_be_bytes();
                out.octets(&[f0, f1, len, 0]);
                out.octets(address);
            }
        }
        Ok(())
    }
}

impl fmt::Display for InterfaceIdentification<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::ByName(name) => write!(f, "interface {}", Name(name)),
            Self::ByIndex(index) => write!(f, "interface {index}"),
            Self::ByAddress { family, address } => match (family, address.len()) {
                (IPV4, 4) | (IPV6, 16) => {
                    let v4 = <[u8; 4]>::try_from(address).map(IpAddr::from);
                    let v6 = <[u8; 16]>::try_from(address).map(IpAddr::from);
                    v4.or(v6).map_or(Ok(()), |address| write!(f, "interface with address {address}"))
                }
                _ => {
                    write!(f, "interface with address of family {family}")?;
                    let mut before = " ";
                    for octet in address {
                        write!(f, "{before}{octet:02x}")?;
                        before = ":";
                    }
                    Ok(())
                }
            },
        }
    }
}

/// Octets as text, what is not printable ASCII escaped.
struct Name<'a>(&'a [u8]);

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0.escape_ascii())
    }
}

/// Rounded up to a multiple of four.
fn words(len: usize) -> usize {
    len.saturating_add(3) & !3
}

fn without_zeros(octets: &[u8]) -> &[u8] {
    let mut octets = octets;
    while let [front @ .., 0] = octets {
        octets = front;
    }
    octets
}

fn take_u32(rest: &mut &[u8]) -> Option<u32> {
    let (octets, behind) = rest.split_first_chunk::<4>()?;
    *rest = behind;
    Some(u32::from_be_bytes(*octets))
}

/// Address family, two reserved octets, address, RFC 5837 §4.2.
fn take_address(rest: &mut &[u8]) -> Option<IpAddr> {
    let (&[f0, f1, _, _], behind) = rest.split_first_chunk()?;
    match u16::from_be_bytes([f0, f1]) {
        IPV4 => {
            let (octets, behind) = behind.split_first_chunk::<4>()?;
            *rest = behind;
            Some(IpAddr::from(*octets))
        }
        IPV6 => {
            let (octets, behind) = behind.split_first_chunk::<16>()?;
            *rest = behind;
            Some(IpAddr::from(*octets))
        }
        _ => None,
    }
}
