//! Objects of the extension structure; those about MPLS label stacks, RFC 4950, and the pointer of RFC 8883 §3.1.

use super::interface::{InterfaceIdentification, InterfaceInformation};
use super::HEADER_LEN;
use crate::put::Put;
use crate::Error;
use core::fmt;

// Class-Num and C-Type, IANA "ICMP Extension Object Classes and Class Sub-types".
const MPLS: u8 = 1;
const INCOMING_STACK: u8 = 1;
const INTERFACE_INFORMATION: u8 = 2;
const INTERFACE_IDENTIFICATION: u8 = 3;
const EXTENDED_INFORMATION: u8 = 4;
const POINTER: u8 = 1;

/// One object. One of a known class whose payload is not possible reads as `Unknown`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub enum Object<'a> {
    /// Class 1, C-Type 1: the label stack that the offending packet came with, RFC 4950 §3.
    LabelStack(LabelStack<'a>),
    /// Class 2: an interface that the offending packet came or would have gone by, RFC 5837 §4.
    InterfaceInformation(InterfaceInformation<'a>),
    /// Class 3: the interface that an extended echo asks for, RFC 8335 §2.1.
    InterfaceIdentification(InterfaceIdentification<'a>),
    /// Class 4, C-Type 1: how many octets into the offending packet a limit was exceeded, RFC 8883 §3.1: perhaps behind
    /// what is quoted of it.
    Pointer(u32),
    /// Any other.
    Unknown {
        /// Class-Num.
        #[cfg_attr(feature = "arbitrary", arbitrary(with = crate::arbitrary::from_u8::<5>))]
        class: u8,
        /// C-Type.
        c_type: u8,
        /// What follows the object's header.
        payload: &'a [u8],
    },
}

impl<'a> Object<'a> {
    pub(super) fn read(class: u8, c_type: u8, payload: &'a [u8]) -> Self {
        let known = match (class, c_type) {
            (MPLS, INCOMING_STACK) => LabelStack::new(payload).map(Self::LabelStack),
            (INTERFACE_INFORMATION, _) => {
                InterfaceInformation::read(c_type, payload).map(Self::InterfaceInformation)
            }
            (INTERFACE_IDENTIFICATION, _) => {
                InterfaceIdentification::read(c_type, payload).map(Self::InterfaceIdentification)
            }
            (EXTENDED_INFORMATION, POINTER) => {
                payload.try_into().ok().map(u32::from_be_bytes).map(Self::Pointer)
            }
            _ => None,
        };
        known.unwrap_or(Self::Unknown { class, c_type, payload })
    }

    /// Whether no object before it says what an interface of its role is; `seen` keeps the roles that there were, a bit
    /// each.
    pub(super) fn is_new_role(&self, seen: &mut u8) -> bool {
        let Self::InterfaceInformation(information) = self else { return true };
        let role = 1 << (information.role.to_bits() >> 6);
        let is_new = *seen & role == 0;
        *seen |= role;
        is_new
    }

    /// Class-Num and C-Type.
    #[must_use]
    pub fn kind(&self) -> (u8, u8) {
        match self {
            Self::LabelStack(_) => (MPLS, INCOMING_STACK),
            Self::InterfaceInformation(information) => (INTERFACE_INFORMATION, information.c_type()),
            Self::InterfaceIdentification(identification) => {
                (INTERFACE_IDENTIFICATION, identification.c_type())
            }
            Self::Pointer(_) => (EXTENDED_INFORMATION, POINTER),
            Self::Unknown { class, c_type, .. } => (*class, *c_type),
        }
    }

    /// Octets that [`Self::emit`] writes, header included.
    #[must_use]
    pub fn buffer_len(&self) -> usize {
        let payload_len = match self {
            Self::LabelStack(stack) => stack.octets.len(),
            Self::InterfaceInformation(information) => information.payload_len(),
            Self::InterfaceIdentification(identification) => identification.payload_len(),
            Self::Pointer(_) => 4,
            Self::Unknown { payload, .. } => payload.len(),
        };
        HEADER_LEN.saturating_add(payload_len)
    }

    /// Writes the object to the front of `buffer`; returns its length.
    ///
    /// # Errors
    /// `NoRoom`; `Unrepresentable` if it is longer than 65,535 octets, an interface name of interface information longer
    /// than 63, or an address longer than 255.
    pub fn emit(&self, buffer: &mut [u8]) -> Result<usize, Error> {
        let need = self.buffer_len();
        let [l0, l1] = u16::try_from(need).map_err(|_| Error::Unrepresentable)?.to_be_bytes();
        let mut out = Put::new(buffer, need)?;
        match self {
            Self::LabelStack(stack) => {
                out.octets(&[l0, l1, MPLS, INCOMING_STACK]);
                out.octets(stack.octets);
            }
            Self::InterfaceInformation(information) => {
                out.octets(&[l0, l1, INTERFACE_INFORMATION, information.c_type()]);
                information.put(&mut out)?;
            }
            Self::InterfaceIdentification(identification) => {
                out.octets(&[l0, l1, INTERFACE_IDENTIFICATION, identification.c_type()]);
                identification.put(&mut out)?;
            }
            Self::Pointer(pointer) => {
                out.octets(&[l0, l1, EXTENDED_INFORMATION, POINTER]);
                out.octets(&pointer.to_be_bytes());
            }
            Self::Unknown { class, c_type, payload } => {
                out.octets(&[l0, l1, *class, *c_type]);
                out.octets(payload);
            }
        }
        out.zeros();
        Ok(need)
    }
}

impl fmt::Display for Object<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LabelStack(stack) => {
                f.write_str("MPLS")?;
                stack.labels().try_for_each(|label| write!(f, " {label}"))
            }
            Self::InterfaceInformation(information) => fmt::Display::fmt(information, f),
            Self::InterfaceIdentification(identification) => fmt::Display::fmt(identification, f),
            Self::Pointer(pointer) => write!(f, "pointer {pointer}"),
            Self::Unknown { class, c_type, payload } => {
                write!(f, "object {class}/{c_type} len {}", payload.len())
            }
        }
    }
}

/// One entry of a label stack, RFC 3032 §2.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct Label {
    /// Label, 20 bits; the rest is cut off when emitted.
    #[cfg_attr(feature = "arbitrary", arbitrary(with = crate::arbitrary::up_to_u32::<0xf_ffff>))]
    pub label: u32,
    /// Traffic class (formerly EXP), 3 bits.
    #[cfg_attr(feature = "arbitrary", arbitrary(with = crate::arbitrary::up_to_u8::<7>))]
    pub traffic_class: u8,
    /// S: it is the last.
    pub is_bottom: bool,
    /// Time to live.
    pub ttl: u8,
}

impl Label {
    /// The four octets of an entry.
    #[must_use]
    pub fn to_octets(self) -> [u8; 4] {
        let entry = self.label << 12
            | u32::from(self.traffic_class & 7) << 9
            | u32::from(self.is_bottom) << 8
            | u32::from(self.ttl);
        entry.to_be_bytes()
    }
}

impl From<[u8; 4]> for Label {
    fn from([a, b, c, ttl]: [u8; 4]) -> Self {
        let label = u32::from_be_bytes([0, a, b, c]) >> 4;
        Self { label, traffic_class: c >> 1 & 7, is_bottom: c & 1 != 0, ttl }
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "label {} tc {} ttl {}", self.label, self.traffic_class, self.ttl)
    }
}

/// A label stack: whole entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LabelStack<'a> {
    octets: &'a [u8],
}

impl<'a> LabelStack<'a> {
    /// From the octets of its entries, see [`Label::to_octets`]; `None` if they are no multiple of four.
    #[must_use]
    pub fn new(octets: &'a [u8]) -> Option<Self> {
        (octets.len() % 4 == 0).then_some(Self { octets })
    }

    /// The entries, topmost first.
    pub fn labels(&self) -> impl Iterator<Item = Label> + 'a {
        self.octets.chunks_exact(4).filter_map(|entry| entry.first_chunk::<4>().copied().map(Label::from))
    }
}
