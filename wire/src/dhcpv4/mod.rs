//! DHCP for IPv4: the messages of RFC 2131, the options of RFC 2132.
//!
//! ```text
//!   0               1               2               3
//!   +---------------+---------------+---------------+---------------+
//!   |     op        |     htype     |     hlen      |     hops      |
//!   |                              xid                              |
//!   |             secs              |B           flags              |
//!   |                 ciaddr, yiaddr, siaddr, giaddr                |
//!   |        chaddr: 16 octets, of which hlen are an address        |
//!   |               sname: 64 octets, file: 128 octets              |
//!   |   63 82 53 63, the cookie     |  options …                    |
//! ```
//!
//! Options may go on in `file` and `sname` (option 52), and one option may be in several pieces, which belong together
//! (RFC 3396): [`Packet::options`] yields each option once, whole and typed. An option of the wrong length for its
//! type is an error of its own; others are not hidden by it. A message of BOOTP without the cookie is refused by
//! [`Packet::parse`], one without a kind of message by [`Repr::parse`].
//!
//! # What a client says
//! From port 68 to 67, in UDP over IPv4, from 0.0.0.0 while it has no address. `op` is [`Operation::Request`]; `hops`,
//! `yiaddr`, `siaddr` and `giaddr` are zero. RFC 2131 §4.3.6 and §4.4.1, tables 4 and 5:
//!
//! | message | to | `ciaddr` | requested address (50) | server identifier (54) | lease time (51) | 55, 57, 60, others |
//! | --- | --- | --- | --- | --- | --- | --- |
//! | DISCOVER | broadcast | 0 | may | – | may | may |
//! | REQUEST, of what was offered | broadcast | 0 | `yiaddr` of the OFFER | that of the OFFER | may | may |
//! | REQUEST, of an address from before | broadcast | 0 | that address | – | may | may |
//! | REQUEST, renewing | the server | its address | – | – | may | may |
//! | REQUEST, rebinding | broadcast | its address | – | – | may | may |
//! | DECLINE | broadcast | 0 | the address | that of the ACK | – | only 56 and 61 |
//! | RELEASE | the server | its address | – | that of the ACK | – | only 56 and 61 |
//! | INFORM | broadcast, or a server | its address | – | – | – | may |
//!
//! `xid` is new and random, in a REQUEST of what was offered that of the OFFER; `secs` counts from the start, with the same
//! value in that REQUEST as in the DISCOVER (§3.1), and is zero in DECLINE and RELEASE, as is `flags`. A client identifier
//! (61, [`ClientIdentifier`]), once given, is in all messages, and so is a parameter list (55) where it may be; in it 121 comes before 3
//! (RFC 3442).
//!
//! A client looks in a reply at `op`, `xid`, `chaddr` and, if it gave one, its identifier (RFC 6842); [`Parameters`] has
//! the rest. Where there are no renewal times, T1 is half and T2 seven eighths of the lease (§4.4.5).
//!
//! # What a server says
//! From port 67 to 68, or to port 67 of the relay. [`Repr::reply`] sets the fields of table 3 (§4.3.1):
//!
//! | message | `yiaddr` | lease time (51) | server identifier (54) | others |
//! | --- | --- | --- | --- | --- |
//! | OFFER | the address | must | must | may, but 50, 55, 57 |
//! | ACK to REQUEST | the address | must | must | may, but 50, 55, 57 |
//! | ACK to INFORM | 0 | – | must | may, but 50, 55, 57 |
//! | NAK | 0 | – | must | only 56, 60, 61 |
//!
//! A client identifier goes back as it came (RFC 6842), and so does what a relay added (82). The reply goes to `giaddr`,
//! if set; else to `ciaddr`, if set; else to everyone, if [`Flags::BROADCAST`] is set; else to `yiaddr` at `chaddr`. A NAK
//! goes to everyone where there is no relay, which else is to broadcast it: its `flags` say so (§4.1, §4.3.2).
//!
//! ```
//! use tersus_wire::dhcpv4::{MessageType, Opt, Packet, Repr};
//! use tersus_wire::HardwareAddress;
//!
//! let discover = Repr::discover(0x1234_5678, HardwareAddress::ethernet([2, 0, 0, 0, 0, 1]));
//! let wanted = [1, 121, 3, 6, 51];
//! let options = [Opt::ParameterList((&wanted).into()), Opt::MaxMessageSize(576)];
//! let mut buffer = [0; 576];
//! let len = discover.emit(&options, &mut buffer)?;
//!
//! let message = Packet::parse(&buffer[..len])?;
//! assert_eq!(message.parameters().message_type, Some(MessageType::Discover));
//! # Ok::<(), tersus_wire::Error>(())
//! ```

pub mod code;
mod identifier;
mod option;
mod parameters;
mod repr;
#[cfg(test)]
mod tests;
mod value;

pub use identifier::ClientIdentifier;
pub use option::{relay_sub_options, MessageType, Opt, Options, Pieces};
pub use parameters::{Addresses, Parameters, Route, Routes, SearchList};
pub use repr::{set_boot_file, set_server_name, Repr};
pub use value::Value;

use crate::{Error, HardwareAddress};
use core::fmt;
use core::net::Ipv4Addr;

/// Length of what all messages have, the cookie included, in octets.
pub const HEADER_LEN: usize = 240;
/// Shortest message that is sent, in octets: what relays of BOOTP expect, RFC 1542 §2.1.
pub const MESSAGE_LEN_MIN: usize = 300;
/// The server's port.
pub const SERVER_PORT: u16 = 67;
/// The client's port.
pub const CLIENT_PORT: u16 = 68;
/// What the options start with, RFC 2131 §3.
pub const MAGIC_COOKIE: [u8; 4] = [0x63, 0x82, 0x53, 0x63];

// Offsets, in the order of the figure in RFC 2131 §2.
const HLEN: usize = 2;
const XID: usize = 4;
const SECS: usize = 8;
const FLAGS: usize = 10;
const CIADDR: usize = 12;
const YIADDR: usize = 16;
const SIADDR: usize = 20;
const GIADDR: usize = 24;
const CHADDR: usize = 28;
const SNAME: usize = 44;
const FILE: usize = 108;
const COOKIE: usize = 236;

bitflags::bitflags! {
    /// The `flags` field. What has no name here is to be zero and ignored; a server returns it as it came.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
    pub struct Flags: u16 {
        /// Replies are to be broadcast: the client takes no unicast before it has an address.
        const BROADCAST = 0x8000;
    }
}

/// The `op` field: who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// 1, BOOTREQUEST: a client.
    Request,
    /// 2, BOOTREPLY: a server.
    Reply,
    /// Anything else.
    Unknown(u8),
}

impl From<u8> for Operation {
    fn from(number: u8) -> Self {
        match number {
            1 => Self::Request,
            2 => Self::Reply,
            other => Self::Unknown(other),
        }
    }
}

impl From<Operation> for u8 {
    fn from(operation: Operation) -> Self {
        match operation {
            Operation::Request => 1,
            Operation::Reply => 2,
            Operation::Unknown(other) => other,
        }
    }
}

/// A view of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Packet<'a> {
    header: &'a [u8; HEADER_LEN],
    options: &'a [u8],
}

impl<'a> Packet<'a> {
    /// Takes a whole UDP payload; options are looked at as they are walked.
    ///
    /// # Errors
    /// `Truncated` below 240 octets; `Field` if the cookie is wrong, as in BOOTP without options.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        let (header, options) = bytes
            .split_first_chunk::<HEADER_LEN>()
            .ok_or_else(|| Error::truncated(HEADER_LEN, bytes.len()))?;
        let &[.., a, b, c, d] = header;
        if [a, b, c, d] != MAGIC_COOKIE {
            return Err(Error::Field(236));
        }
        Ok(Self { header, options })
    }

    fn field<const N: usize>(&self, at: usize) -> [u8; N] {
        self.header.get(at..).and_then(<[u8]>::first_chunk).copied().unwrap_or([0; N])
    }

    /// `op`.
    #[must_use]
    pub fn operation(&self) -> Operation {
        Operation::from(self.header[0])
    }

    /// `htype`: 1 is Ethernet.
    #[must_use]
    pub const fn hardware_type(&self) -> u8 {
        self.header[1]
    }

    /// `hlen`: octets of the hardware address.
    #[must_use]
    pub const fn hardware_len(&self) -> u8 {
        self.header[HLEN]
    }

    /// `hops`: relays on the way.
    #[must_use]
    pub const fn hops(&self) -> u8 {
        self.header[3]
    }

    /// `xid`: which exchange this belongs to.
    #[must_use]
    pub fn transaction_id(&self) -> u32 {
        u32::from_be_bytes(self.field(XID))
    }

    /// `secs`: seconds since the client began.
    #[must_use]
    pub fn secs(&self) -> u16 {
        u16::from_be_bytes(self.field(SECS))
    }

    /// `flags`.
    #[must_use]
    pub fn flags(&self) -> Flags {
        Flags::from_bits_retain(u16::from_be_bytes(self.field(FLAGS)))
    }

    /// `ciaddr`: the address that the client has and can be reached at.
    #[must_use]
    pub fn client_address(&self) -> Ipv4Addr {
        Ipv4Addr::from(self.field::<4>(CIADDR))
    }

    /// `yiaddr`: the address that the client gets.
    #[must_use]
    pub fn your_address(&self) -> Ipv4Addr {
        Ipv4Addr::from(self.field::<4>(YIADDR))
    }

    /// `siaddr`: the server to boot from next.
    #[must_use]
    pub fn server_address(&self) -> Ipv4Addr {
        Ipv4Addr::from(self.field::<4>(SIADDR))
    }

    /// `giaddr`: the relay.
    #[must_use]
    pub fn relay_address(&self) -> Ipv4Addr {
        Ipv4Addr::from(self.field::<4>(GIADDR))
    }

    /// `chaddr`, as far as `hlen` says; the client's.
    #[must_use]
    pub fn client_hardware(&self) -> &'a [u8] {
        let len = usize::from(self.hardware_len()).min(SNAME - CHADDR);
        self.header.get(CHADDR..CHADDR + len).unwrap_or_default()
    }

    /// `sname`, which may hold options instead: the server's name and zeros.
    #[must_use]
    pub fn server_name_field(&self) -> &'a [u8] {
        self.header.get(SNAME..FILE).unwrap_or_default()
    }

    /// `file`, which may hold options instead: a boot file's name and zeros.
    #[must_use]
    pub fn file_field(&self) -> &'a [u8] {
        self.header.get(FILE..COOKIE).unwrap_or_default()
    }

    /// The name of the server to boot from, out of `sname`; `None` if there is none, or options are there instead: it
    /// may then be option 66.
    #[must_use]
    pub fn server_name(&self) -> Option<&'a [u8]> {
        text(self.server_name_field()).filter(|_| !self.pieces().uses_sname())
    }

    /// The name of the boot file, out of `file`; `None` if there is none, or options are there instead: it may then be
    /// option 67.
    #[must_use]
    pub fn boot_file(&self) -> Option<&'a [u8]> {
        text(self.file_field()).filter(|_| !self.pieces().uses_file())
    }

    /// The octets of the options field.
    #[must_use]
    pub const fn option_octets(&self) -> &'a [u8] {
        self.options
    }

    /// The pieces of options as they stand: in the options field, then in `file` and `sname` where option 52 says
    /// so, RFC 2131 §4.1. What is cut off is said, and ends the walk of its field.
    #[must_use]
    pub fn pieces(&self) -> Pieces<'a> {
        Pieces::of(self)
    }

    /// The options, whole and typed, in the order of their first pieces. An option of the wrong length for its type
    /// yields an error.
    #[must_use]
    pub fn options(&self) -> Options<'a> {
        Options::new(self.pieces())
    }

    /// The octets of the option with this code, wherever its pieces are.
    #[must_use]
    pub fn option(&self, code: u8) -> Option<Value<'a>> {
        Value::find(code, self.pieces())
    }

    /// What the options say that are known here; wrong ones are left out, as RFC 2132 would have it.
    #[must_use]
    pub fn parameters(&self) -> Parameters<'a> {
        Parameters::of(self)
    }
}

/// What stands before the first zero, if anything.
fn text(field: &[u8]) -> Option<&[u8]> {
    field.split(|octet| *octet == 0).next().filter(|text| !text.is_empty())
}

impl fmt::Display for Packet<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let operation = match self.operation() {
            Operation::Request => "request",
            Operation::Reply => "reply",
            Operation::Unknown(_) => "unknown op",
        };
        write!(f, "DHCPv4 {operation} xid {:#010x}", self.transaction_id())?;
        if let Some(address) = HardwareAddress::from_bytes(self.client_hardware()) {
            write!(f, " chaddr {address}")?;
        }
        for (name, address) in [
            ("ciaddr", self.client_address()),
            ("yiaddr", self.your_address()),
            ("siaddr", self.server_address()),
            ("giaddr", self.relay_address()),
        ] {
            if !address.is_unspecified() {
                write!(f, " {name} {address}")?;
            }
        }
        if self.flags().contains(Flags::BROADCAST) {
            f.write_str(" broadcast")?;
        }
        for (name, text) in [("sname", self.server_name()), ("file", self.boot_file())] {
            if let Some(text) = text {
                write!(f, " {name} {}", Value::from(text))?;
            }
        }
        for option in self.options() {
            match option {
                Ok(option) => write!(f, ", {option}")?,
                Err(error) => write!(f, ", option broken: {error}")?,
            }
        }
        Ok(())
    }
}
