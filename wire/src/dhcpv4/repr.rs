//! What a client or server says, without the options beyond the kind of message; and how a message is written.

use super::option::Codes;
use super::{code, Flags, MessageType, Operation, Opt, Packet};
use super::{COOKIE, FILE, HEADER_LEN, MAGIC_COOKIE, MESSAGE_LEN_MIN, SNAME};
use crate::{Error, HardwareAddress};
use core::net::Ipv4Addr;

/// Octets of a piece of an option at most, RFC 3396 §6.
const PIECE_LEN_MAX: usize = 255;
/// Octets of an option that has room in `file` with code, length and end.
const WHOLE_LEN_MAX: usize = 125;

// What option 52 says, RFC 2132 §9.3.
const OVERLOAD_FILE: u8 = 1;
const OVERLOAD_SNAME: u8 = 2;

/// The meaning of a message but for the options.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct Repr {
    /// `op`.
    pub operation: Operation,
    /// `htype`: 1 is Ethernet.
    pub hardware_type: u8,
    /// `hops`.
    pub hops: u8,
    /// `xid`.
    pub transaction_id: u32,
    /// `secs`: seconds since the client began.
    pub secs: u16,
    /// `flags`.
    pub flags: Flags,
    /// `ciaddr`.
    pub client_address: Ipv4Addr,
    /// `yiaddr`.
    pub your_address: Ipv4Addr,
    /// `siaddr`.
    pub server_address: Ipv4Addr,
    /// `giaddr`.
    pub relay_address: Ipv4Addr,
    /// `chaddr`.
    pub client_hardware: HardwareAddress,
    /// Option 53.
    pub message_type: MessageType,
}

impl Repr {
    /// What a client on Ethernet without an address says first, RFC 2131 §4.4.1.
    #[must_use]
    pub const fn discover(transaction_id: u32, client_hardware: HardwareAddress) -> Self {
        Self {
            operation: Operation::Request,
            hardware_type: 1,
            hops: 0,
            transaction_id,
            secs: 0,
            flags: Flags::empty(),
            client_address: Ipv4Addr::UNSPECIFIED,
            your_address: Ipv4Addr::UNSPECIFIED,
            server_address: Ipv4Addr::UNSPECIFIED,
            relay_address: Ipv4Addr::UNSPECIFIED,
            client_hardware,
            message_type: MessageType::Discover,
        }
    }

    /// What a server, or a relay that answers for one, says to a message of a client, RFC 2131 table 3: `xid`, `flags`,
    /// `giaddr` and `chaddr` are the client's, in an ACK also `ciaddr`; `yiaddr` and `siaddr` are to be set as far as
    /// they are known. A NAK tells its relay to broadcast it, §4.3.2.
    #[must_use]
    pub const fn reply(request: &Self, message_type: MessageType) -> Self {
        Self {
            operation: Operation::Reply,
            hops: 0,
            secs: 0,
            flags: match message_type {
                MessageType::Nak if !request.relay_address.is_unspecified() => {
                    request.flags.union(Flags::BROADCAST)
                }
                _ => request.flags,
            },
            client_address: match message_type {
                MessageType::Ack => request.client_address,
                _ => Ipv4Addr::UNSPECIFIED,
            },
            your_address: Ipv4Addr::UNSPECIFIED,
            server_address: Ipv4Addr::UNSPECIFIED,
            message_type,
            ..*request
        }
    }

    /// Takes a message of a known `op` that says its kind. `sname` and `file` are left to the view.
    ///
    /// Whether the kind suits `op`, and the options the kind, is left to who knows what was asked.
    ///
    /// # Errors
    /// `Field` for another `op`, or without option 53; `Length` for a hardware address of a length that no link here
    /// has.
    pub fn parse(packet: &Packet<'_>) -> Result<Self, Error> {
        let operation = packet.operation();
        if matches!(operation, Operation::Unknown(_)) {
            return Err(Error::Field(0));
        }
        let message_type = match packet.option(code::MESSAGE_TYPE).map(|value| value.array()) {
            Some(Ok([number])) => MessageType::from(number),
            _ => return Err(Error::Field(240)),
        };
        let hardware = match packet.client_hardware() {
            [] => HardwareAddress::NONE,
            octets => HardwareAddress::from_bytes(octets)
                .filter(|_| octets.len() == usize::from(packet.hardware_len()))
                .ok_or(Error::Length(u16::from(packet.hardware_len())))?,
        };
        Ok(Self {
            operation,
            hardware_type: packet.hardware_type(),
            hops: packet.hops(),
            transaction_id: packet.transaction_id(),
            secs: packet.secs(),
            flags: packet.flags(),
            client_address: packet.client_address(),
            your_address: packet.your_address(),
            server_address: packet.server_address(),
            relay_address: packet.relay_address(),
            client_hardware: hardware,
            message_type,
        })
    }

    /// Octets that [`Repr::emit`] writes with these options.
    #[must_use]
    pub fn buffer_len(&self, options: &[Opt<'_>]) -> usize {
        // The kind of message and the end have four octets.
        let options: usize = options.iter().map(option_len).sum();
        (HEADER_LEN + 4 + options).max(MESSAGE_LEN_MIN)
    }

    /// Writes the message, with the kind of message as its first option, padded to 300 octets; returns its length.
    /// All options stand in the options field, in the order given; what is longer than 255 octets is split, RFC 3396.
    /// A server gives the subnet mask before the routers (RFC 2132 §3.3) and what a relay added at the end
    /// (RFC 3046 §2.2), a client 121 before 3 in its parameter list (RFC 3442).
    ///
    /// A message is to fit what the other takes, which for option 57 includes 28 octets of IPv4 and UDP: without that
    /// option no more than 548 octets of `buffer` are to be lent.
    ///
    /// # Errors
    /// `NoRoom`; `Unrepresentable` for an option that is written without being asked for (53), means a place
    /// that is not used (52), has no octets (0, 255), comes twice, or would be refused by [`Opt::parse`].
    pub fn emit(&self, options: &[Opt<'_>], buffer: &mut [u8]) -> Result<usize, Error> {
        let (need, have) = (self.buffer_len(options), buffer.len());
        let no_room = Error::no_room(need, have);
        let message = buffer.get_mut(..need).ok_or(no_room)?;
        check_options(options)?;
        message.fill(0);
        let (header, mut rest) = message.split_first_chunk_mut::<HEADER_LEN>().ok_or(no_room)?;
        self.write_header(header);
        write_option(&mut rest, &Opt::MessageType(self.message_type));
        for option in options {
            write_option(&mut rest, option);
        }
        if let Some(end) = rest.first_mut() {
            *end = code::END;
        }
        Ok(need)
    }

    /// As [`Repr::emit`], but into no more than `buffer`: what has no room in the options field goes on in `file`, then in
    /// `sname`, as option 52 says, RFC 2131 §4.1. The order of the options stays. An option of up to 125 octets stands
    /// whole in one field, a longer one in pieces of what there is room for, RFC 3396 §5. Of a NAK the two fields are not
    /// used (RFC 2131 table 3).
    ///
    /// Lend what the other takes: 548 octets, or what its option 57 says less 28. A message that overloads takes all of
    /// `buffer`; names that would stand in the fields then go into options 66 and 67.
    ///
    /// # Errors
    /// Those of [`Repr::emit`]; `NoRoom`, with what `emit` needs, if the three fields together do not do.
    pub fn emit_within(&self, options: &[Opt<'_>], buffer: &mut [u8]) -> Result<usize, Error> {
        let (need, have) = (self.buffer_len(options), buffer.len());
        let may_overload = have >= MESSAGE_LEN_MIN && self.message_type != MessageType::Nak;
        if need <= have || !may_overload {
            return self.emit(options, buffer);
        }
        check_options(options)?;
        let no_room = Error::no_room(need, have);
        buffer.fill(0);
        let (header, mut rest) = buffer.split_first_chunk_mut::<HEADER_LEN>().ok_or(no_room)?;
        self.write_header(header);
        write_option(&mut rest, &Opt::MessageType(self.message_type));
        let (overload, rest) = rest.split_first_chunk_mut::<3>().ok_or(no_room)?;
        let sname = header.get_mut(SNAME..COOKIE).ok_or(no_room)?;
        let (sname, file) = sname.split_at_mut_checked(FILE - SNAME).ok_or(no_room)?;
        let mut fields = Fields { rest, file, sname, used: 0 };
        let all_fit = options.iter().all(|option| fields.put(option));
        fields.end();
        *overload = [code::OVERLOAD, 1, fields.used];
        if all_fit {
            Ok(have)
        } else {
            Err(no_room)
        }
    }

    fn write_header(&self, header: &mut [u8; HEADER_LEN]) {
        let address = self.client_hardware.as_bytes();
        // A hardware address has at most eight octets.
        let hlen = u8::try_from(address.len()).unwrap_or(0);
        let fixed = [u8::from(self.operation), self.hardware_type, hlen, self.hops];
        let [s0, s1] = self.secs.to_be_bytes();
        let [f0, f1] = self.flags.bits().to_be_bytes();
        let words = [
            fixed,
            self.transaction_id.to_be_bytes(),
            [s0, s1, f0, f1],
            self.client_address.octets(),
            self.your_address.octets(),
            self.server_address.octets(),
            self.relay_address.octets(),
        ];
        let octets = words.iter().flatten().chain(address);
        for (to, from) in header.iter_mut().zip(octets) {
            *to = *from;
        }
        let [.., a, b, c, d] = header;
        [*a, *b, *c, *d] = MAGIC_COOKIE;
    }
}

/// Writes `sname`, the name of the server to boot from, into a message that was emitted.
///
/// # Errors
/// That of [`Packet::parse`]; `Unrepresentable` for a zero in the name, above 63 octets, or if the field holds options.
pub fn set_server_name(message: &mut [u8], name: &[u8]) -> Result<(), Error> {
    let is_free = !Packet::parse(message)?.pieces().uses_sname();
    set_text(message.get_mut(SNAME..FILE).filter(|_| is_free), name)
}

/// Writes `file`, the name of the boot file, into a message that was emitted.
///
/// # Errors
/// That of [`Packet::parse`]; `Unrepresentable` for a zero in the name, above 127 octets, or if the field holds options.
pub fn set_boot_file(message: &mut [u8], name: &[u8]) -> Result<(), Error> {
    let is_free = !Packet::parse(message)?.pieces().uses_file();
    set_text(message.get_mut(FILE..COOKIE).filter(|_| is_free), name)
}

/// Text, and zeros behind it, of which there is at least one.
fn set_text(field: Option<&mut [u8]>, text: &[u8]) -> Result<(), Error> {
    let field = field.filter(|field| text.len() < field.len()).ok_or(Error::Unrepresentable)?;
    if text.contains(&0) {
        return Err(Error::Unrepresentable);
    }
    let octets = text.iter().copied().chain(core::iter::repeat(0));
    for (to, from) in field.iter_mut().zip(octets) {
        *to = from;
    }
    Ok(())
}

/// Octets of an option in as many pieces as it needs; an empty one has one.
fn option_len(option: &Opt<'_>) -> usize {
    let len = option.with_octets(|value| value.len());
    len + 2 * len.div_ceil(PIECE_LEN_MAX).max(1)
}

/// Refuses what the emitter writes itself, what comes twice, and what would not be read again.
fn check_options(options: &[Opt<'_>]) -> Result<(), Error> {
    let mut seen = Codes::default();
    for code in [code::MESSAGE_TYPE, code::OVERLOAD, code::PAD, code::END] {
        seen.is_first(code);
    }
    for option in options {
        // What comes twice would be read as the pieces of one, RFC 3396 §7.
        let is_first = seen.is_first(option.code());
        if !is_first || !option.with_octets(|value| Opt::parse(option.code(), value.clone()).is_ok()) {
            return Err(Error::Unrepresentable);
        }
    }
    Ok(())
}

/// Writes an option and moves on behind it; the room was checked.
fn write_option(rest: &mut &mut [u8], option: &Opt<'_>) {
    option.with_octets(|value| {
        let (mut octets, mut left) = (value.octets(), value.len());
        loop {
            let len = left.min(PIECE_LEN_MAX);
            write_piece(rest, option.code(), len, &mut octets);
            left -= len;
            if left == 0 {
                return;
            }
        }
    });
}

/// Writes a piece of at most 255 octets and moves on behind it.
fn write_piece(rest: &mut &mut [u8], code: u8, len: usize, octets: &mut impl Iterator<Item = u8>) {
    let (piece, behind) = core::mem::take(rest).split_at_mut_checked(len + 2).unwrap_or_default();
    *rest = behind;
    let head = [code, u8::try_from(len).unwrap_or(u8::MAX)];
    for (to, from) in piece.iter_mut().zip(head.into_iter().chain(octets.take(len))) {
        *to = from;
    }
}

/// The fields that options stand in, in the order in which they are read, RFC 3396 §5.
struct Fields<'b> {
    /// What is left of the present one, with an octet for its end.
    rest: &'b mut [u8],
    file: &'b mut [u8],
    sname: &'b mut [u8],
    /// What option 52 says of them.
    used: u8,
}

impl Fields<'_> {
    /// Writes an option where there is room for it; says whether there was.
    fn put(&mut self, option: &Opt<'_>) -> bool {
        option.with_octets(|value| {
            let (mut octets, mut left) = (value.octets(), value.len());
            let is_whole = left <= WHOLE_LEN_MAX;
            loop {
                // A piece has one octet at least.
                let need = if is_whole { left + 2 } else { 3 };
                let mut room = self.rest.len().saturating_sub(1);
                while room < need {
                    if !self.next() {
                        return false;
                    }
                    room = self.rest.len().saturating_sub(1);
                }
                let len = left.min(PIECE_LEN_MAX).min(room - 2);
                write_piece(&mut self.rest, option.code(), len, &mut octets);
                left -= len;
                if left == 0 {
                    return true;
                }
            }
        })
    }

    /// Ends the present field and goes on to the next, if there is one.
    fn next(&mut self) -> bool {
        let (field, bit) = if self.used == 0 {
            (core::mem::take(&mut self.file), OVERLOAD_FILE)
        } else {
            (core::mem::take(&mut self.sname), OVERLOAD_SNAME)
        };
        if field.is_empty() {
            return false;
        }
        self.end();
        self.rest = field;
        self.used |= bit;
        true
    }

    fn end(&mut self) {
        if let Some(end) = self.rest.first_mut() {
            *end = code::END;
        }
    }
}
