//! What the options of Hop-by-Hop and Destination Options headers mean, and headers of them to be sent.
//!
//! ```text
//!  Tunnel Encapsulation Limit  RFC 2473 §4.1.1   04 01 | limit
//!  Router Alert                RFC 2711 §2.1     05 02 | value, 2                        aligned to 2n
//!  RPL                         RFC 9008, 6553    23/63 len | flags | instance | rank, 2  aligned to 2n
//!  Jumbo Payload               RFC 2675 §2       c2 04 | length, 4                       aligned to 4n+2
//!  Home Address                RFC 6275 §6.3     c9 10 | address, 16                     aligned to 8n+6
//! ```
//! What has another type is kept; what its highest bits ask for is [`OptionType::action`].

use super::{Action, OptionAt, OptionType};
use crate::put::Put;
use crate::{Error, IpProtocol};
use core::fmt;
use core::net::Ipv6Addr;

/// Longest header of options, in octets: Hdr Ext Len 255.
const HEADER_LEN_MAX: usize = 2048;

bitflags::bitflags! {
    /// The flags of an RPL option, RFC 6553 §3.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
    pub struct RplFlags: u8 {
        /// O: the packet goes down.
        const DOWN = 0x80;
        /// R: the rank did not change as the direction says.
        const RANK_ERROR = 0x40;
        /// F: the next hop has no route down.
        const FORWARDING_ERROR = 0x20;
    }
}

/// The RPL option, RFC 6553 §3 and RFC 9008 §4.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct Rpl<'a> {
    /// [`OptionType::RPL`], or the one that RFC 9008 retires: [`OptionType::RPL_6553`].
    pub kind: OptionType,
    /// Direction and errors; reserved bits are left out.
    pub flags: RplFlags,
    /// RPLInstanceID: which routing topology.
    pub instance: u8,
    /// SenderRank: how far the sender is from the root.
    pub sender_rank: u16,
    /// Sub-TLVs; none are defined.
    #[cfg_attr(feature = "arbitrary", arbitrary(with = crate::arbitrary::octets::<32>))]
    pub sub_tlvs: &'a [u8],
}

/// An option with its meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub enum Opt<'a> {
    /// One octet of padding.
    Pad1,
    /// Padding with this data: zeros when sent, RFC 8200 §4.2.
    PadN(&'a [u8]),
    /// How many more tunnels the packet may enter, RFC 2473 §4.1.1.
    TunnelEncapsulationLimit(u8),
    /// What routers shall look at, RFC 2711 §2.1: 0 MLD, 1 RSVP, 2 Active Networks.
    RouterAlert(u16),
    /// RPL, RFC 9008.
    Rpl(Rpl<'a>),
    /// Length of a jumbogram from the end of the fixed header, RFC 2675 §2: above 65,535.
    JumboPayload(
        #[cfg_attr(feature = "arbitrary", arbitrary(with = crate::arbitrary::from_u32::<0x1_0000>))] u32,
    ),
    /// Where a mobile node is at home, RFC 6275 §6.3.
    HomeAddress(Ipv6Addr),
    /// Any other: type and data.
    Unknown(OptionType, &'a [u8]),
}

impl<'a> Opt<'a> {
    /// What an option means.
    ///
    /// # Errors
    /// `Field` with the offset of the length octet, from the start of the IPv6 header, if the type does not allow it; with
    /// that of the length of a jumbogram, if that is up to 65,535 (RFC 2675 §3).
    pub fn parse(option: &OptionAt<'a>) -> Result<Self, Error> {
        let data = option.data;
        Ok(match (option.kind, data) {
            (OptionType::PAD_1, []) => Self::Pad1,
            (OptionType::PAD_N, _) => Self::PadN(data),
            (OptionType::TUNNEL_ENCAPSULATION_LIMIT, [limit]) => Self::TunnelEncapsulationLimit(*limit),
            (OptionType::ROUTER_ALERT, [a, b]) => Self::RouterAlert(u16::from_be_bytes([*a, *b])),
            (OptionType::RPL | OptionType::RPL_6553, [flags, instance, a, b, sub_tlvs @ ..]) => {
                Self::Rpl(Rpl {
                    kind: option.kind,
                    flags: RplFlags::from_bits_truncate(*flags),
                    instance: *instance,
                    sender_rank: u16::from_be_bytes([*a, *b]),
                    sub_tlvs,
                })
            }
            (OptionType::JUMBO_PAYLOAD, [a, b, c, d]) => {
                let len = u32::from_be_bytes([*a, *b, *c, *d]);
                if !is_jumbo(len) {
                    return Err(Error::Field(option.offset.saturating_add(2)));
                }
                Self::JumboPayload(len)
            }
            (OptionType::HOME_ADDRESS, _) => match <[u8; 16]>::try_from(data) {
                Ok(address) => Self::HomeAddress(address.into()),
                Err(_) => return Err(Error::Field(option.offset.saturating_add(1))),
            },
            (kind, _) if kind.is_known() => return Err(Error::Field(option.offset.saturating_add(1))),
            (kind, _) => Self::Unknown(kind, data),
        })
    }

    /// The type octet.
    #[must_use]
    pub const fn kind(&self) -> OptionType {
        match self {
            Self::Pad1 => OptionType::PAD_1,
            Self::PadN(_) => OptionType::PAD_N,
            Self::TunnelEncapsulationLimit(_) => OptionType::TUNNEL_ENCAPSULATION_LIMIT,
            Self::RouterAlert(_) => OptionType::ROUTER_ALERT,
            Self::Rpl(rpl) => rpl.kind,
            Self::JumboPayload(_) => OptionType::JUMBO_PAYLOAD,
            Self::HomeAddress(_) => OptionType::HOME_ADDRESS,
            Self::Unknown(kind, _) => *kind,
        }
    }

    /// Octets that it takes, type and length included, padding in front not.
    #[must_use]
    pub const fn buffer_len(&self) -> usize {
        match self {
            Self::Pad1 => 1,
            Self::TunnelEncapsulationLimit(_) => 3,
            Self::RouterAlert(_) => 4,
            Self::JumboPayload(_) => 6,
            Self::HomeAddress(_) => 18,
            Self::Rpl(rpl) => 6 + rpl.sub_tlvs.len(),
            Self::PadN(data) | Self::Unknown(_, data) => 2 + data.len(),
        }
    }

    /// Octets of padding that it needs in front if it were to stand at `offset` of its header.
    fn padding_at(&self, offset: usize) -> usize {
        let (multiple, remainder) = match self {
            Self::RouterAlert(_) | Self::Rpl(_) => (2, 0),
            Self::JumboPayload(_) => (4, 2),
            Self::HomeAddress(_) => (8, 6),
            _ => (1, 0),
        };
        (multiple + remainder - offset % multiple) % multiple
    }

    fn write(&self, writer: &mut Put<'_>) -> Result<(), Error> {
        let kind = self.kind();
        let is_possible = match self {
            Self::Rpl(_) => matches!(kind, OptionType::RPL | OptionType::RPL_6553),
            Self::JumboPayload(len) => is_jumbo(*len),
            Self::Unknown(..) => !kind.is_known(),
            _ => true,
        };
        if !is_possible {
            return Err(Error::Unrepresentable);
        }
        let Some(len) = self.buffer_len().checked_sub(2) else {
            writer.octets(&[kind.0]);
            return Ok(());
        };
        writer.octets(&[kind.0, u8::try_from(len).map_err(|_| Error::Unrepresentable)?]);
        match self {
            Self::Pad1 => {}
            Self::PadN(data) | Self::Unknown(_, data) => writer.octets(data),
            Self::TunnelEncapsulationLimit(limit) => writer.octets(&[*limit]),
            Self::RouterAlert(value) => writer.octets(&value.to_be_bytes()),
            Self::JumboPayload(len) => writer.octets(&len.to_be_bytes()),
            Self::HomeAddress(address) => writer.octets(&address.octets()),
            Self::Rpl(rpl) => {
                let [high, low] = rpl.sender_rank.to_be_bytes();
                writer.octets(&[rpl.flags.bits(), rpl.instance, high, low]);
                writer.octets(rpl.sub_tlvs);
            }
        }
        Ok(())
    }
}

/// Whether a packet of this length needs the Jumbo Payload option, RFC 2675 §2.
fn is_jumbo(len: u32) -> bool {
    len > u32::from(u16::MAX)
}

impl fmt::Display for Opt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pad1 => f.write_str("Pad1"),
            Self::PadN(data) => write!(f, "PadN {}", data.len() + 2),
            Self::TunnelEncapsulationLimit(limit) => write!(f, "tunnel encapsulation limit {limit}"),
            Self::RouterAlert(value) => write!(f, "router alert {value}"),
            Self::JumboPayload(len) => write!(f, "jumbo payload {len}"),
            Self::HomeAddress(address) => write!(f, "home address {address}"),
            Self::Rpl(rpl) => {
                let direction = if rpl.flags.contains(RplFlags::DOWN) { "down" } else { "up" };
                write!(f, "RPL instance {} rank {} {direction}", rpl.instance, rpl.sender_rank)?;
                if rpl.flags.contains(RplFlags::RANK_ERROR) {
                    f.write_str(" rank-error")?;
                }
                if rpl.flags.contains(RplFlags::FORWARDING_ERROR) {
                    f.write_str(" forwarding-error")?;
                }
                Ok(())
            }
            Self::Unknown(kind, data) => {
                let action = match kind.action() {
                    Action::Skip => "skip",
                    Action::Discard => "discard",
                    Action::Problem => "report",
                    Action::ProblemUnlessMulticast => "report unless multicast",
                };
                write!(f, "option 0x{:02x} ({action}) {} octets", kind.0, data.len())
            }
        }
    }
}

/// A Hop-by-Hop Options or Destination Options header to be sent; `emit` pads each option to its alignment and the
/// header to a multiple of eight octets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OptionsRepr<'a> {
    /// What follows the header.
    pub next_header: IpProtocol,
    /// The options in their order.
    pub options: &'a [Opt<'a>],
}

impl OptionsRepr<'_> {
    /// What `emit` writes: a multiple of eight octets.
    #[must_use]
    pub fn buffer_len(&self) -> usize {
        let end = self.options.iter().fold(2_usize, |offset, option| {
            offset.saturating_add(option.padding_at(offset)).saturating_add(option.buffer_len())
        });
        end.saturating_add(7) & !7
    }

    /// Writes the header at the front of `buffer` and returns its length.
    ///
    /// # Errors
    /// `NoRoom`; `Unrepresentable` if the header would be longer than 2,048 octets, an option's data longer than 255,
    /// or an unknown option has the type of a known one.
    pub fn emit(&self, buffer: &mut [u8]) -> Result<usize, Error> {
        let need = self.buffer_len();
        if need > HEADER_LEN_MAX {
            return Err(Error::Unrepresentable);
        }
        let units = u8::try_from(need / 8 - 1).map_err(|_| Error::Unrepresentable)?;
        let mut writer = Put::new(buffer, need)?;
        writer.octets(&[self.next_header.0, units]);
        let mut offset = 2;
        for option in self.options {
            let padding = option.padding_at(offset);
            pad(&mut writer, padding)?;
            option.write(&mut writer)?;
            offset += padding + option.buffer_len();
        }
        pad(&mut writer, need - offset)?;
        Ok(need)
    }
}

/// Up to seven octets of padding.
fn pad(writer: &mut Put<'_>, len: usize) -> Result<(), Error> {
    match len {
        0 => {}
        1 => writer.octets(&[OptionType::PAD_1.0]),
        _ => {
            let data_len = len - 2;
            writer
                .octets(&[OptionType::PAD_N.0, u8::try_from(data_len).map_err(|_| Error::Unrepresentable)?]);
            writer.pad(data_len);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    extern crate alloc;
    use super::super::Options;
    use super::*;
    use alloc::string::ToString;
    use alloc::vec::Vec;

    const HOME: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 7);

    fn rpl(sub_tlvs: &[u8]) -> Opt<'_> {
        Opt::Rpl(Rpl {
            kind: OptionType::RPL,
            flags: RplFlags::DOWN,
            instance: 0x1e,
            sender_rank: 256,
            sub_tlvs,
        })
    }

    fn emitted(options: &[Opt<'_>]) -> Vec<u8> {
        let repr = OptionsRepr { next_header: IpProtocol::UDP, options };
        let mut buffer = alloc::vec![0xee; repr.buffer_len()];
        let len = repr.buffer_len();
        for room in 0..len {
            assert_eq!(repr.emit(&mut buffer[..room]), Err(Error::no_room(len, room)));
        }
        assert_eq!(repr.emit(&mut buffer), Ok(len));
        assert_eq!((buffer[0], usize::from(buffer[1]) * 8 + 8), (17, len));
        buffer
    }

    /// What a header holds, padding left out.
    fn parsed(header: &[u8]) -> Vec<Opt<'_>> {
        let options = Options::new(&header[2..], 42);
        let typed = options.map(|option| Opt::parse(&option.unwrap()).unwrap());
        typed.filter(|option| !matches!(option, Opt::Pad1 | Opt::PadN(_))).collect()
    }

    // conf: IP6-EXT-05
    #[test]
    fn options_stand_where_their_alignment_wants_them() {
        let header = |options: &[Opt<'_>]| emitted(options)[2..].to_vec();
        assert_eq!(header(&[]), [1, 4, 0, 0, 0, 0]);
        assert_eq!(header(&[Opt::TunnelEncapsulationLimit(4)]), [4, 1, 4, 1, 1, 0]);
        assert_eq!(header(&[Opt::RouterAlert(1)]), [5, 2, 0, 1, 1, 0]);
        assert_eq!(header(&[Opt::JumboPayload(0x1_0000)]), [0xc2, 4, 0, 1, 0, 0]);
        assert_eq!(header(&[rpl(&[])]), [0x23, 4, 0x80, 0x1e, 1, 0]);
        // 4n+2 behind three octets at 2: Pad1 at 5, then the option at 6.
        let two = [Opt::TunnelEncapsulationLimit(4), Opt::JumboPayload(0x1_0000)];
        assert_eq!(header(&two), [4, 1, 4, 0, 0xc2, 4, 0, 1, 0, 0, 1, 2, 0, 0]);
        // RFC 6275 §6.3: 8n+6.
        let home = header(&[Opt::HomeAddress(HOME)]);
        assert_eq!((&home[..6], &home[6..]), (&[1, 2, 0, 0, 0xc9, 16][..], &HOME.octets()[..]));
    }

    #[test]
    fn options_of_every_kind_come_back() {
        let data = [1; 255];
        for options in [
            &[][..],
            &[Opt::TunnelEncapsulationLimit(0)],
            &[Opt::RouterAlert(0xffff), Opt::TunnelEncapsulationLimit(9), Opt::RouterAlert(0)],
            &[rpl(&[]), rpl(&[9, 1, 1])],
            &[Opt::HomeAddress(HOME), Opt::JumboPayload(u32::MAX), Opt::HomeAddress(HOME)],
            &[Opt::Unknown(OptionType(0x3e), &[]), Opt::Unknown(OptionType(0xfe), &data)],
        ] {
            assert_eq!(parsed(&emitted(options)), options);
        }
        let retired = Rpl {
            kind: OptionType::RPL_6553,
            flags: RplFlags::all(),
            instance: 0,
            sender_rank: 0,
            sub_tlvs: &[],
        };
        assert_eq!(parsed(&emitted(&[Opt::Rpl(retired)])), [Opt::Rpl(retired)]);
        let padded = emitted(&[Opt::Pad1, Opt::PadN(&[0; 3])]);
        assert_eq!(padded[2..], [0, 1, 3, 0, 0, 0]);
    }

    #[test]
    fn a_length_that_the_type_does_not_allow_is_refused_at_its_octet() {
        for (kind, lens) in [(4, 1..=1), (5, 2..=2), (0xc2, 4..=4), (0xc9, 16..=16), (0x23, 4..=40)] {
            for len in 0..=40_u8 {
                let data = alloc::vec![1; usize::from(len)];
                let option = OptionAt { kind: OptionType(kind), offset: 50, data: &data };
                let got = Opt::parse(&option);
                assert_eq!(got.is_ok(), lens.contains(&len), "{kind:#x} {len}");
                assert!(got.is_ok() || got == Err(Error::Field(51)));
            }
        }
    }

    // RFC 2675 §3: the pointer is that of the length in the option.
    #[test]
    fn a_jumbo_payload_of_a_usual_length_is_refused() {
        for (len, want) in [
            (0, Err(Error::Field(52))),
            (65_535, Err(Error::Field(52))),
            (65_536, Ok(Opt::JumboPayload(65_536))),
            (u32::MAX, Ok(Opt::JumboPayload(u32::MAX))),
        ] {
            let data = u32::to_be_bytes(len);
            let option = OptionAt { kind: OptionType::JUMBO_PAYLOAD, offset: 50, data: &data };
            assert_eq!(Opt::parse(&option), want);
        }
    }

    #[test]
    fn what_cannot_be_said_is_not_emitted() {
        let long = [0; 256];
        let wrong =
            Rpl { kind: OptionType(1), flags: RplFlags::empty(), instance: 0, sender_rank: 0, sub_tlvs: &[] };
        for option in [
            Opt::Unknown(OptionType(0x3e), &long),
            Opt::JumboPayload(65_535),
            Opt::Unknown(OptionType::JUMBO_PAYLOAD, &[]),
            Opt::Unknown(OptionType::PAD_1, &[]),
            Opt::Rpl(wrong),
            rpl(&long[..252]),
        ] {
            let repr = OptionsRepr { next_header: IpProtocol::UDP, options: &[option] };
            assert_eq!(repr.emit(&mut [0; 600]), Err(Error::Unrepresentable), "{option}");
        }
        let many = [Opt::Unknown(OptionType(0x3e), &long[..255]); 8];
        let repr = OptionsRepr { next_header: IpProtocol::UDP, options: &many };
        assert_eq!(repr.emit(&mut [0; 3_000]), Err(Error::Unrepresentable));
    }

    #[test]
    fn options_are_shown_with_what_they_say() {
        let data = [0xa0, 1, 0, 9];
        let rpl = OptionAt { kind: OptionType::RPL, offset: 0, data: &data };
        for (option, want) in [
            (Opt::parse(&rpl).unwrap(), "RPL instance 1 rank 9 down forwarding-error"),
            (Opt::RouterAlert(0), "router alert 0"),
            (Opt::JumboPayload(70_000), "jumbo payload 70000"),
            (Opt::HomeAddress(HOME), "home address 2001:db8::7"),
            (Opt::TunnelEncapsulationLimit(3), "tunnel encapsulation limit 3"),
            (Opt::PadN(&[0; 4]), "PadN 6"),
            (Opt::Pad1, "Pad1"),
            (Opt::Unknown(OptionType(0x1e), &[1]), "option 0x1e (skip) 1 octets"),
            (Opt::Unknown(OptionType(0x7e), &[]), "option 0x7e (discard) 0 octets"),
            (Opt::Unknown(OptionType(0xbe), &[]), "option 0xbe (report) 0 octets"),
            (Opt::Unknown(OptionType(0xfe), &[]), "option 0xfe (report unless multicast) 0 octets"),
        ] {
            assert_eq!(option.to_string(), want);
        }
    }
}
