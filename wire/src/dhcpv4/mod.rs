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
//! type is an error of its own; others are not hidden by it.
//!
//! ```
//! use tersus_wire::dhcpv4::{MessageType, Opt, Packet, Repr};
//! use tersus_wire::HardwareAddress;
//!
//! let discover = Repr::discover(0x1234_5678, HardwareAddress::ethernet([2, 0, 0, 0, 0, 1]));
//! let wanted = [1, 3, 6, 51];
//! let options = [Opt::ParameterList((&wanted).into()), Opt::MaxMessageSize(576)];
//! let mut buffer = [0; 576];
//! let len = discover.emit(&options, &mut buffer)?;
//!
//! let message = Packet::parse(&buffer[..len])?;
//! assert_eq!(message.parameters().message_type, Some(MessageType::Discover));
//! # Ok::<(), tersus_wire::Error>(())
//! ```

mod option;
mod parameters;
mod repr;
#[cfg(test)]
mod tests;
mod value;

pub use option::{code, MessageType, Opt, Options, Pieces};
pub use parameters::{Addresses, Parameters, Route, Routes, SearchList};
pub use repr::Repr;
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
    /// The `flags` field.
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
        Flags::from_bits_truncate(u16::from_be_bytes(self.field(FLAGS)))
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
        for option in self.options() {
            match option {
                Ok(option) => write!(f, ", {option}")?,
                Err(error) => write!(f, ", option broken: {error}")?,
            }
        }
        Ok(())
    }
}
