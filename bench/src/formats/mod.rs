//! Single headers and packets, parsed and emitted through each library's public API.

pub mod etherparse;
pub(crate) mod samples;
pub mod smoltcp;
pub mod tersus;

use crate::meter::{Meter, Mode};
use std::hint::black_box;

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

impl Format {
    /// What the functions are called that the libraries' modules have for it, and that no other function there is called.
    pub fn operation(self) -> &'static str {
        match self {
            Self::EmitTcp4 | Self::EmitUdp6 | Self::EmitIphc => "emit_*",
            Self::ParseTcp4 | Self::ParseUdp6 | Self::ParseIphc | Self::ParseDns => "parse_*",
            Self::DecompressIphc | Self::CompressIphc => "*compress_packet",
            Self::Checksum | Self::CopyAndSum | Self::UpdateChecksum => "sum_*",
        }
    }
}

/// A library of formats.
pub trait Codec {
    /// Repeats one operation by [`repeat`]; `None` if there is no such thing here. When verifying, panics unless what
    /// is emitted is the sample, and what is parsed is what the sample says.
    fn run(format: Format, meter: &mut Meter) -> Option<u64>;
}

/// Runs `operation` as often as the meter wants, and says how often. What comes out of it is looked at by `check` once, outside
/// the measured region.
#[inline(always)]
fn repeat<R>(meter: &mut Meter, mut operation: impl FnMut() -> R, check: impl FnOnce(R)) -> u64 {
    let count = if meter.mode() == Mode::Verify { 1 } else { meter.repeat(100, 10_000) };
    check(operation());
    meter.start();
    for _ in 0..count {
        black_box(&operation());
    }
    meter.stop();
    count
}
