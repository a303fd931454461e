//! Family `wire_lowpan`: the headers of 6LoWPAN that the stack does not speak, and those that it does.

use super::{emitted, ieee802154, Family};
use crate::samples;
use core::fmt::Display;
use tersus_wire::sixlowpan::nhc::Encoding;
use tersus_wire::sixlowpan::{
    dispatch, BroadcastHeader, Dispatch, FragmentHeader, MeshHeader, RecoverableAck, RecoverableFragment,
    RoutingHeader,
};
use tersus_wire::Error;

/// The family.
pub(super) const FAMILY: Family = Family {
    name: "wire_lowpan",
    formats: &[
        (0, "headers", headers),
        (1, "sixlowpan", ieee802154::sixlowpan),
        (2, "sixlowpan_packet", ieee802154::sixlowpan_packet),
    ],
    samples: samples::lowpan,
};

/// Header by header as their dispatch octets say, as far as one is known.
pub(super) fn headers(bytes: &[u8]) {
    let mut rest = bytes;
    let mut page = 0;
    while let Some(&octet) = rest.first() {
        let dispatch = Dispatch::of(octet);
        let _ = (dispatch.to_string(), Encoding::parse(octet));
        let behind = match (page, dispatch) {
            (_, Dispatch::Page(number)) => {
                page = number;
                rest = &rest[1..];
                continue;
            }
            (1, _) => one(rest, RoutingHeader::parse, RoutingHeader::buffer_len, RoutingHeader::emit, true),
            (_, Dispatch::Mesh) => mesh(rest),
            (_, Dispatch::Broadcast) => one(rest, BroadcastHeader::parse, |_| 2, BroadcastHeader::emit, true),
            (_, Dispatch::FirstFragment | Dispatch::NextFragment) => one(
                rest,
                FragmentHeader::parse,
                FragmentHeader::buffer_len,
                |header, buffer| header.emit(buffer).map(|()| header.buffer_len()),
                true,
            ),
            (_, Dispatch::RecoverableFragment) => {
                one(rest, RecoverableFragment::parse, |_| 6, RecoverableFragment::emit, true)
            }
            (_, Dispatch::RecoverableAck) => {
                one(rest, RecoverableAck::parse, |_| 6, RecoverableAck::emit, true)
            }
            _ => None,
        };
        let Some(behind) = behind else { break };
        assert!(behind.len() < rest.len());
        rest = behind;
    }
    if let Ok(rest) = dispatch::skip_pages(bytes) {
        assert!(bytes.ends_with(rest));
    }
}

/// The deep form of a number of hops that would not have needed it is written shorter.
fn mesh(bytes: &[u8]) -> Option<&[u8]> {
    let is_shortest = !matches!(bytes, [first, hops, ..] if first & 0x0f == 0x0f && *hops < 15);
    one(bytes, MeshHeader::parse, MeshHeader::buffer_len, MeshHeader::emit, is_shortest)
}

/// Parses one header, writes it again, and returns what follows it.
fn one<'a, T: PartialEq + Display + core::fmt::Debug>(
    bytes: &'a [u8],
    parse: impl Fn(&'a [u8]) -> Result<(T, &'a [u8]), Error>,
    len: impl Fn(&T) -> usize,
    emit: impl Fn(&T, &mut [u8]) -> Result<usize, Error>,
    is_shortest: bool,
) -> Option<&'a [u8]> {
    let (header, rest) = parse(bytes).ok()?;
    let _ = header.to_string();
    let again = emitted(len(&header), |buffer| emit(&header, buffer));
    if is_shortest {
        assert_eq!([&again, rest].concat(), bytes);
    }
    Some(rest)
}
