//! Control messages of RPL, the routing protocol of low-power and lossy networks, RFC 6550 §6.
//!
//! ```text
//!   0               1               2               3
//!   +---------------+---------------+---------------+---------------+
//!   |  Type = 155   |     Code      |           Checksum            |
//!   +---------------+---------------+---------------+---------------+
//!   |  [Security section, codes from 0x80 on]                       |
//!   |  Base object: DIS, DIO, DAO, DAO-ACK or CC                    |
//!   |  Options: type, length, and so many octets                    |
//! ```
//!
//! [`Packet`] is a whole ICMPv6 message. [`Repr`] holds the meaning of its base object, and the options as octets that
//! were checked to be whole ones: iterate over them, or write new ones by [`RplOption::emit`] and hand them to
//! [`Options::parse`]. Secure messages keep what their security section protects as octets; it can be read where it is
//! not encrypted. The RPL options and routing headers of data packets (RFC 6553, RFC 6554) are IPv6 headers.
//!
//! A DIO with its configuration, written and read again:
//! ```
//! use tersus_wire::rpl::{Dio, DodagConfiguration, InstanceId, ModeOfOperation, Options, Packet, Repr, RplOption};
//!
//! # fn main() -> Result<(), tersus_wire::Error> {
//! let configuration = DodagConfiguration { dio_interval_min: 12, ..DodagConfiguration::default() };
//! let mut area = [0; 16];
//! let len = RplOption::DodagConfiguration(configuration).emit(&mut area)?;
//! let dio = Repr::Dio(Dio {
//!     instance_id: InstanceId(0),
//!     version: 240,
//!     rank: 256,
//!     grounded: true,
//!     mode: ModeOfOperation::Storing,
//!     preference: 0,
//!     dtsn: 1,
//!     dodag_id: "fd00::1".parse().unwrap(),
//!     options: Options::parse(&area[..len])?,
//! });
//! let (source, group) = ("fe80::1".parse().unwrap(), tersus_wire::rpl::ALL_RPL_NODES);
//! let mut message = [0; 64];
//! let len = dio.emit(source, group, &mut message)?;
//!
//! let packet = Packet::parse(&message[..len])?;
//! assert!(packet.is_checksum_valid(source, group));
//! assert_eq!(Repr::parse(&packet)?, dio);
//! # Ok(())
//! # }
//! ```

mod code;
mod metric;
mod option;
mod security;

use crate::ip::pseudo_header;
use crate::put::Put;
use crate::{Error, IpProtocol};
pub use code::{Code, InstanceId, ModeOfOperation};
use core::fmt;
use core::net::{IpAddr, Ipv6Addr};
pub use metric::{Metric, MetricFlags, MetricKind, Metrics};
pub use option::{
    DodagConfiguration, Options, PrefixFlags, PrefixInformation, RouteInformation, RplOption,
    SolicitedInformation, TransitInformation,
};
pub use security::{ConsistencyCheck, KeyIdentifier, Secure, Security};

/// ICMPv6 type of all RPL control messages, §6.
pub const MESSAGE_TYPE: u8 = 155;
/// Length of type, code and checksum, in octets.
pub const HEADER_LEN: usize = 4;
/// All RPL nodes on the link, §6.
pub const ALL_RPL_NODES: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0x1a);

/// Length of the base object of a DIO, in octets.
const DIO_LEN: usize = 24;
/// Length of the base objects of DAO and DAO-ACK without DODAGID, in octets.
const DAO_LEN: usize = 4;
/// Offset of the flags of DAO and DAO-ACK.
const DAO_FLAGS: u16 = 5;
/// DAO: an acknowledgement is expected.
const K_FLAG: u8 = 0x80;
/// DAO: the DODAGID is there.
const DAO_D_FLAG: u8 = 0x40;
/// DAO-ACK: the DODAGID is there.
const ACK_D_FLAG: u8 = 0x80;

/// A view of a control message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Packet<'a> {
    bytes: &'a [u8],
    header: &'a [u8; HEADER_LEN],
    body: &'a [u8],
}

impl<'a> Packet<'a> {
    /// Takes a whole ICMPv6 message. The checksum is not verified: see [`Self::is_checksum_valid`].
    ///
    /// # Errors
    /// `Truncated` below four octets; `Unknown` with the type if it is another than 155.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        let (header, body) =
            bytes.split_first_chunk().ok_or_else(|| Error::truncated(HEADER_LEN, bytes.len()))?;
        let packet = Self { bytes, header, body };
        match packet.header[0] {
            MESSAGE_TYPE => Ok(packet),
            other => Err(Error::Unknown(other)),
        }
    }

    /// Code.
    #[must_use]
    pub fn code(&self) -> Code {
        Code::from(self.header[1])
    }

    /// Checksum, as it stands.
    #[must_use]
    pub fn checksum(&self) -> u16 {
        u16::from_be_bytes([self.header[2], self.header[3]])
    }

    /// Whether the checksum is right for a packet between these addresses (RFC 4443 §2.3).
    #[must_use]
    pub fn is_checksum_valid(&self, source: Ipv6Addr, destination: Ipv6Addr) -> bool {
        let len = u32::try_from(self.bytes.len()).unwrap_or(u32::MAX);
        let pseudo = pseudo_header(IpAddr::V6(source), IpAddr::V6(destination), IpProtocol::ICMPV6, len);
        pseudo.add_bytes(self.bytes).is_valid()
    }

    /// What follows the checksum: security section if any, base object, options.
    #[must_use]
    pub fn body(&self) -> &'a [u8] {
        self.body
    }
}

impl fmt::Display for Packet<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Repr::parse(self) {
            Ok(repr) => fmt::Display::fmt(&repr, f),
            Err(Error::Unknown(_)) => write!(f, "RPL {} len {}", self.code(), self.body.len()),
            Err(error) => write!(f, "RPL {} len {}: {error}", self.code(), self.body.len()),
        }
    }
}

/// Base object of a DIO, §6.3.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct Dio<'a> {
    /// RPLInstanceID.
    pub instance_id: InstanceId,
    /// Version Number of the DODAG.
    pub version: u8,
    /// Rank of the sender; 0xffff: it leaves the DODAG.
    pub rank: u16,
    /// G: the DODAG reaches what it is for.
    pub grounded: bool,
    /// MOP.
    pub mode: ModeOfOperation,
    /// Prf: how preferable the root is, 0 to 7.
    #[cfg_attr(feature = "arbitrary", arbitrary(with = crate::arbitrary::up_to_u8::<7>))]
    pub preference: u8,
    /// DTSN: a new value asks for new DAOs.
    pub dtsn: u8,
    /// DODAGID: an address of the root.
    pub dodag_id: Ipv6Addr,
    /// Options.
    pub options: Options<'a>,
}

/// Base object of a DAO, §6.4.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct Dao<'a> {
    /// RPLInstanceID.
    pub instance_id: InstanceId,
    /// K: an acknowledgement is expected.
    pub expects_ack: bool,
    /// DAOSequence.
    pub sequence: u8,
    /// DODAGID; with local instances it must be there.
    pub dodag_id: Option<Ipv6Addr>,
    /// Options.
    pub options: Options<'a>,
}

/// Base object of a DAO-ACK, §6.5.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct DaoAck<'a> {
    /// RPLInstanceID.
    pub instance_id: InstanceId,
    /// DAOSequence of the DAO.
    pub sequence: u8,
    /// 0: accepted; up to 127: accepted, but better choose another parent; from 128 on: rejected.
    pub status: u8,
    /// DODAGID; with local instances it must be there.
    pub dodag_id: Option<Ipv6Addr>,
    /// Options.
    pub options: Options<'a>,
}

/// What a message means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub enum Repr<'a> {
    /// §6.2.
    Dis {
        /// Options: which DODAGs are meant.
        options: Options<'a>,
    },
    /// §6.3.
    Dio(Dio<'a>),
    /// §6.4.
    Dao(Dao<'a>),
    /// §6.5.
    DaoAck(DaoAck<'a>),
    /// A message with security section, §6.1: any code from 0x80 on, CC included.
    Secure(Secure<'a>),
}

impl<'a> Repr<'a> {
    /// The message's meaning. The checksum is not looked at.
    ///
    /// # Errors
    /// `Unknown` with the code for codes below 0x80 that are not assigned; `Truncated` if base object, security section
    /// or an option end early; `Field` for a DAO or DAO-ACK of a local instance that does not say of which DODAG.
    pub fn parse(packet: &Packet<'a>) -> Result<Self, Error> {
        match packet.code() {
            code if code.is_secure() => Ok(Self::Secure(Secure::parse(code, packet.body)?)),
            code => Self::parse_base(code, packet.body),
        }
    }

    /// A base object and its options.
    fn parse_base(code: Code, body: &'a [u8]) -> Result<Self, Error> {
        let have = HEADER_LEN + body.len();
        match code {
            Code::DodagInformationSolicitation => {
                // Flags and Reserved: nothing is assigned.
                let (_, rest) =
                    body.split_first_chunk::<2>().ok_or_else(|| Error::truncated(HEADER_LEN + 2, have))?;
                Ok(Self::Dis { options: Options::parse(rest)? })
            }
            Code::DodagInformationObject => {
                let (fixed, rest) = body
                    .split_first_chunk::<DIO_LEN>()
                    .ok_or_else(|| Error::truncated(HEADER_LEN + DIO_LEN, have))?;
                let &[instance_id, version, rank0, rank1, flags, dtsn, _, _, ref dodag_id @ ..] = fixed;
                Ok(Self::Dio(Dio {
                    instance_id: InstanceId(instance_id),
                    version,
                    rank: u16::from_be_bytes([rank0, rank1]),
                    grounded: flags & 0x80 != 0,
                    mode: ModeOfOperation::from(flags >> 3),
                    preference: flags & 7,
                    dtsn,
                    dodag_id: Ipv6Addr::from(*dodag_id),
                    options: Options::parse(rest)?,
                }))
            }
            Code::DestinationAdvertisementObject => {
                let (&[instance_id, flags, _, sequence], rest) = body
                    .split_first_chunk::<DAO_LEN>()
                    .ok_or_else(|| Error::truncated(HEADER_LEN + DAO_LEN, have))?;
                let (dodag_id, rest) = dodag_id(flags & DAO_D_FLAG != 0, rest, have)?;
                let instance_id = InstanceId(instance_id);
                check_dodag_id(instance_id, dodag_id).map_err(|_| Error::Field(DAO_FLAGS))?;
                Ok(Self::Dao(Dao {
                    instance_id,
                    expects_ack: flags & K_FLAG != 0,
                    sequence,
                    dodag_id,
                    options: Options::parse(rest)?,
                }))
            }
            Code::DestinationAdvertisementObjectAck => {
                let (&[instance_id, flags, sequence, status], rest) = body
                    .split_first_chunk::<DAO_LEN>()
                    .ok_or_else(|| Error::truncated(HEADER_LEN + DAO_LEN, have))?;
                let (dodag_id, rest) = dodag_id(flags & ACK_D_FLAG != 0, rest, have)?;
                let instance_id = InstanceId(instance_id);
                check_dodag_id(instance_id, dodag_id).map_err(|_| Error::Field(DAO_FLAGS))?;
                Ok(Self::DaoAck(DaoAck {
                    instance_id,
                    sequence,
                    status,
                    dodag_id,
                    options: Options::parse(rest)?,
                }))
            }
            other => Err(Error::Unknown(u8::from(other))),
        }
    }

    /// The code that it is sent with.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Dis { .. } => Code::DodagInformationSolicitation,
            Self::Dio(_) => Code::DodagInformationObject,
            Self::Dao(_) => Code::DestinationAdvertisementObject,
            Self::DaoAck(_) => Code::DestinationAdvertisementObjectAck,
            Self::Secure(secure) => secure.code,
        }
    }

    /// Length of the whole ICMPv6 message, in octets.
    #[must_use]
    pub fn buffer_len(&self) -> usize {
        let dodag_id_len = |id: &Option<Ipv6Addr>| if id.is_some() { 16 } else { 0 };
        HEADER_LEN
            + match self {
                Self::Dis { options } => 2 + options.as_bytes().len(),
                Self::Dio(dio) => DIO_LEN + dio.options.as_bytes().len(),
                Self::Dao(dao) => DAO_LEN + dodag_id_len(&dao.dodag_id) + dao.options.as_bytes().len(),
                Self::DaoAck(ack) => DAO_LEN + dodag_id_len(&ack.dodag_id) + ack.options.as_bytes().len(),
                Self::Secure(secure) => secure.buffer_len(),
            }
    }

    /// Writes the whole ICMPv6 message, checksum included; returns its length.
    ///
    /// # Errors
    /// `NoRoom` if the buffer is shorter than [`Self::buffer_len`]; `Unrepresentable` for a secure message whose code is
    /// below 0x80, or whose level says of the encryption something else than its kind of signature.
    pub fn emit(&self, source: Ipv6Addr, destination: Ipv6Addr, buffer: &mut [u8]) -> Result<usize, Error> {
        let need = self.buffer_len();
        match self {
            Self::Dio(dio) if dio.preference > 7 => return Err(Error::Unrepresentable),
            Self::Dao(dao) => check_dodag_id(dao.instance_id, dao.dodag_id)?,
            Self::DaoAck(ack) => check_dodag_id(ack.instance_id, ack.dodag_id)?,
            _ => {}
        }
        let mut out = Put::new(buffer, need)?;
        out.octets(&[MESSAGE_TYPE, u8::from(self.code()), 0, 0]);
        match self {
            Self::Dis { options } => {
                out.octets(&[0, 0]);
                out.octets(options.as_bytes());
            }
            Self::Dio(dio) => {
                let [rank0, rank1] = dio.rank.to_be_bytes();
                let flags = u8::from(dio.grounded) << 7 | u8::from(dio.mode) << 3 | dio.preference & 7;
                out.octets(&[dio.instance_id.0, dio.version, rank0, rank1, flags, dio.dtsn, 0, 0]);
                out.octets(&dio.dodag_id.octets());
                out.octets(dio.options.as_bytes());
            }
            Self::Dao(dao) => {
                let k = if dao.expects_ack { K_FLAG } else { 0 };
                let d = if dao.dodag_id.is_some() { DAO_D_FLAG } else { 0 };
                out.octets(&[dao.instance_id.0, k | d, 0, dao.sequence]);
                put_dodag_id(&mut out, dao.dodag_id);
                out.octets(dao.options.as_bytes());
            }
            Self::DaoAck(ack) => {
                let d = if ack.dodag_id.is_some() { ACK_D_FLAG } else { 0 };
                out.octets(&[ack.instance_id.0, d, ack.sequence, ack.status]);
                put_dodag_id(&mut out, ack.dodag_id);
                out.octets(ack.options.as_bytes());
            }
            Self::Secure(secure) => {
                if !secure.is_representable() {
                    return Err(Error::Unrepresentable);
                }
                secure.put(&mut out);
            }
        }
        crate::icmpv6::fill_checksum(source, destination, buffer.get_mut(..need).unwrap_or_default());
        Ok(need)
    }
}

/// The DODAGID at the front of `rest`, if it is there, and what follows. `have`: octets of the whole message.
fn dodag_id(is_there: bool, rest: &[u8], have: usize) -> Result<(Option<Ipv6Addr>, &[u8]), Error> {
    if !is_there {
        return Ok((None, rest));
    }
    let need = HEADER_LEN + DAO_LEN + 16;
    let (id, rest) = rest.split_first_chunk::<16>().ok_or_else(|| Error::truncated(need, have))?;
    Ok((Some(Ipv6Addr::from(*id)), rest))
}

/// §6.4.1 and §6.5.1: a local instance means something together with its DODAGID only, so that D must be set.
fn check_dodag_id(instance: InstanceId, id: Option<Ipv6Addr>) -> Result<(), Error> {
    if instance.is_local() && id.is_none() {
        return Err(Error::Unrepresentable);
    }
    Ok(())
}

fn put_dodag_id(out: &mut Put<'_>, id: Option<Ipv6Addr>) {
    if let Some(id) = id {
        out.octets(&id.octets());
    }
}

impl fmt::Display for Repr<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RPL {}", self.code())?;
        let dodag = |f: &mut fmt::Formatter<'_>, id: &Option<Ipv6Addr>| match id {
            Some(id) => write!(f, " dodag {id}"),
            None => Ok(()),
        };
        match self {
            Self::Dis { options } => fmt::Display::fmt(options, f),
            Self::Dio(dio) => {
                write!(f, " instance {} dodag {} version {}", dio.instance_id, dio.dodag_id, dio.version)?;
                match dio.rank {
                    0xffff => f.write_str(" rank infinite")?,
                    rank => write!(f, " rank {rank}")?,
                }
                let state = if dio.grounded { "grounded" } else { "floating" };
                write!(f, " {state} {} prf {} dtsn {}", dio.mode, dio.preference, dio.dtsn)?;
                fmt::Display::fmt(&dio.options, f)
            }
            Self::Dao(dao) => {
                write!(f, " instance {} seq {}", dao.instance_id, dao.sequence)?;
                dodag(f, &dao.dodag_id)?;
                f.write_str(if dao.expects_ack { " wants ack" } else { "" })?;
                fmt::Display::fmt(&dao.options, f)
            }
            Self::DaoAck(ack) => {
                write!(f, " instance {} seq {}", ack.instance_id, ack.sequence)?;
                dodag(f, &ack.dodag_id)?;
                let meaning = match ack.status {
                    0 => "accepted",
                    1..=127 => "accepted, better elsewhere",
                    _ => "rejected",
                };
                write!(f, " status {} ({meaning})", ack.status)?;
                fmt::Display::fmt(&ack.options, f)
            }
            Self::Secure(secure) => fmt::Display::fmt(secure, f),
        }
    }
}

#[cfg(test)]
mod tests;
