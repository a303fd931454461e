//! Single headers and packets, parsed and emitted through each library's public API.

pub mod etherparse;
pub(crate) mod samples;
pub mod smoltcp;
pub mod tersus;

use crate::meter::{Meter, Mode};

/// What is parsed or emitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Ethernet, IPv4 and a TCP segment without data, checksums included.
    EmitTcp4,
    ParseTcp4,
    /// Ethernet, IPv6 and a UDP datagram without data, checksum included.
    EmitUdp6,
    ParseUdp6,
    /// An IPv6 and a UDP header compressed by RFC 6282, with 32 octets of data.
    ParseIphc,
    EmitIphc,
    /// The whole IPv6 packet from and to the same octets; the UDP checksum is carried, not looked at.
    DecompressIphc,
    CompressIphc,
    /// A response with one question, one CNAME and one address.
    ParseDns,
    /// The checksum of 1,500 octets.
    Checksum,
    /// 1,500 octets copied, and their checksum.
    CopyAndSum,
    /// The checksum of a header after a word of it changed.
    UpdateChecksum,
}

/// A library of formats.
pub trait Codec {
    /// Repeats one operation by [`repeat`]; `None` if there is no such thing here. When verifying, panics unless what
    /// is emitted is the sample, and what is parsed is what the sample says.
    fn run(format: Format, meter: &mut Meter) -> Option<u64>;
}

/// Runs `operation` as often as the meter wants, and says how often.
#[inline(always)]
fn repeat(meter: &mut Meter, mut operation: impl FnMut()) -> u64 {
    let count = if meter.mode() == Mode::Verify { 1 } else { meter.repeat(100, 10_000) };
    operation();
    meter.start();
    for _ in 0..count {
        operation();
    }
    meter.stop();
    count
}
