//! The extension structure of ICMP messages, RFC 4884 §7, which error messages of both families may carry behind the
//! packet that they quote, and the extended echo that asks for an interface by it, RFC 8335.
//!
//! ```text
//!   +-------+-----------------------+-------------------------------+
//!   |Version|      (Reserved)       |           Checksum            |   Version 2; checksum 0: none was made
//!   +-------+-----------------------+-------------------------------+
//!   |            Length             |   Class-Num   |   C-Type      |   of an object, header included
//!   +-------------------------------+---------------+---------------+
//!   |                   // (Object payload) //                      |
//! ```
//!
//! Where the structure stands in an error message says
//! [`icmpv4::Packet::extensions`](crate::icmpv4::Packet::extensions) and
//! [`icmpv6::Packet::extensions`](crate::icmpv6::Packet::extensions).
//!
//! What a router of an MPLS network says of a packet whose time is over:
//! ```
//! use tersus_wire::icmp_ext::{Label, LabelStack, Object};
//! use tersus_wire::icmpv4::{Packet, Repr, TimeExceededCode};
//!
//! # fn main() -> Result<(), tersus_wire::Error> {
//! let label = Label { label: 2000, traffic_class: 0, is_bottom: true, ttl: 1 }.to_octets();
//! let stack = Object::LabelStack(LabelStack::new(&label).unwrap());
//! let error = Repr::TimeExceeded { code: TimeExceededCode::HopLimit, quote: &[0x45; 28] };
//! let mut message = [0; 200];
//! let len = error.emit_with_extensions(&[stack], &mut message)?;
//!
//! let packet = Packet::parse(&message[..len])?;
//! let extensions = packet.extensions().unwrap()?;
//! assert_eq!(extensions.objects().next(), Some(Ok(stack)));
//! assert_eq!(extensions.to_string(), "MPLS label 2000 tc 0 ttl 1");
//! # Ok(())
//! # }
//! ```

mod extended_echo;
mod interface;
mod object;

use crate::checksum::Sum;
use crate::put::Put;
use crate::Error;
use core::fmt;
pub use extended_echo::{ExtendedEcho, NeighbourState, ReplyCode, ReplyFlags};
pub use interface::{InterfaceIdentification, InterfaceInformation, Role};
pub use object::{Label, LabelStack, Object};

/// Length of the header of the structure, and of the header of an object, in octets.
pub const HEADER_LEN: usize = 4;
/// Octets of the offending packet, at least, in front of an extension structure: shorter ones are padded, RFC 4884 §4.
pub const QUOTE_LEN_MIN: usize = 128;

const VERSION: u8 = 2;

/// An extension structure whose version and checksum were found right. Iterate over its [`Extensions::objects`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extensions<'a> {
    objects: &'a [u8],
}

impl<'a> Extensions<'a> {
    /// Takes the structure, which reaches to the end of the message.
    ///
    /// # Errors
    /// `Truncated` below four octets; `Version` if it is not 2; `Checksum` if one was made and is wrong; `Field` with the
    /// offset of a second object of interface information that has the role of one before it, as RFC 5837 §4.5 says of
    /// such messages that they are discarded.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        let (header, objects) = bytes
            .split_first_chunk::<HEADER_LEN>()
            .ok_or_else(|| Error::truncated(HEADER_LEN, bytes.len()))?;
        let &[version, _, c0, c1] = header;
        if version >> 4 != VERSION {
            return Err(Error::Version(version >> 4));
        }
        if [c0, c1] != [0, 0] && !Sum::new().add_bytes(bytes).is_valid() {
            return Err(Error::Checksum);
        }
        match second_of_a_role(Objects { rest: objects }) {
            Some(rest_len) => Err(Error::Field(u16::try_from(bytes.len() - rest_len).unwrap_or(u16::MAX))),
            None => Ok(Self { objects }),
        }
    }

    /// The structure behind `quote_len` octets of `body`, the octets behind the header of an error message, of which the
    /// length field says so many. `None`: there is none, as without a length (0), RFC 4884 §5.4.
    pub(crate) fn behind_quote(body: &'a [u8], quote_len: usize) -> Option<Result<Self, Error>> {
        let rest = body.get(quote_len..).filter(|rest| quote_len > 0 && !rest.is_empty())?;
        Some(Self::parse(rest))
    }

    /// The structure behind 128 octets of `body`, where senders from before RFC 4884 put it without saying so, §5.5: only if
    /// `quote_len`, which the length field says, is 0, the version is right, and so is a checksum that was made.
    pub(crate) fn without_length(body: &'a [u8], quote_len: usize) -> Option<Self> {
        match body.get(QUOTE_LEN_MIN..).filter(|_| quote_len == 0)? {
            [_, _, 0, 0, ..] => None,
            rest => Self::parse(rest).ok(),
        }
    }

    /// The objects, one by one; one of an impossible length is an error and the last.
    #[must_use]
    pub const fn objects(&self) -> Objects<'a> {
        Objects { rest: self.objects }
    }
}

impl fmt::Display for Extensions<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut before = "";
        for object in self.objects() {
            match object {
                Ok(object) => write!(f, "{before}{object}")?,
                Err(error) => write!(f, "{before}{error}")?,
            }
            before = ", ";
        }
        f.write_str(if before.is_empty() { "no object" } else { "" })
    }
}

/// The objects of a structure: at most one for each four octets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Objects<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Objects<'a> {
    type Item = Result<Object<'a>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        match split_object(self.rest) {
            Ok((object, rest)) => {
                self.rest = rest;
                Some(Ok(object))
            }
            Err(error) => {
                self.rest = &[];
                Some(Err(error))
            }
        }
    }
}

fn split_object(bytes: &[u8]) -> Result<(Object<'_>, &[u8]), Error> {
    let have = bytes.len();
    let (&[l0, l1, class, c_type], rest) =
        bytes.split_first_chunk::<HEADER_LEN>().ok_or_else(|| Error::truncated(HEADER_LEN, have))?;
    let len = u16::from_be_bytes([l0, l1]);
    let payload_len = usize::from(len).checked_sub(HEADER_LEN).ok_or(Error::Length(len))?;
    let (payload, rest) =
        rest.split_at_checked(payload_len).ok_or_else(|| Error::truncated(usize::from(len), have))?;
    Ok((Object::read(class, c_type, payload), rest))
}

/// The octets from the first object on that has the role of one before it; RFC 5837 §4.5.
fn second_of_a_role(objects: Objects<'_>) -> Option<usize> {
    let (mut seen, mut objects) = (0, objects);
    loop {
        let rest_len = objects.rest.len();
        match objects.next()? {
            Ok(object) if !object.is_new_role(&mut seen) => return Some(rest_len),
            _ => {}
        }
    }
}

/// Octets that [`emit`] writes.
#[must_use]
pub fn buffer_len(objects: &[Object<'_>]) -> usize {
    objects.iter().fold(HEADER_LEN, |len, object| len.saturating_add(object.buffer_len()))
}

/// Writes a structure of these objects, with its checksum, to the front of `buffer`; returns its length.
///
/// # Errors
/// `NoRoom`; `Unrepresentable` if an object cannot be expressed, see [`Object::emit`], or if two say what an interface of
/// one role is, RFC 5837 §4.5.
pub fn emit(objects: &[Object<'_>], buffer: &mut [u8]) -> Result<usize, Error> {
    let mut seen = 0;
    if !objects.iter().all(|object| object.is_new_role(&mut seen)) {
        return Err(Error::Unrepresentable);
    }
    let need = buffer_len(objects);
    let have = buffer.len();
    Put::new(buffer, need)?.octets(&[VERSION << 4, 0, 0, 0]);
    let mut at = HEADER_LEN;
    for object in objects {
        at += object.emit(buffer.get_mut(at..need).unwrap_or_default())?;
    }
    let structure = buffer.get_mut(..need).unwrap_or_default();
    let sum = Sum::new().add_bytes(structure).checksum();
    // Zero would say that none was made.
    let checksum = if sum == 0 { 0xffff } else { sum };
    let header = structure.first_chunk_mut::<HEADER_LEN>().ok_or(Error::no_room(need, have))?;
    let [high, low] = checksum.to_be_bytes();
    *header = [VERSION << 4, 0, high, low];
    Ok(need)
}

/// How many octets a quote of `len` octets takes when extensions follow, in units of `unit` octets; `None` if the
/// length field, of one octet, cannot say it.
pub(crate) fn quote_units(len: usize, unit: usize) -> Option<u8> {
    u8::try_from(len.max(QUOTE_LEN_MIN).div_ceil(unit)).ok()
}

#[cfg(test)]
mod tests;
