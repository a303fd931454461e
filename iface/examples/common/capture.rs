//! Frames out of a pcap or pcapng file.

use pcap_file::pcap::PcapReader;
use pcap_file::pcapng::blocks::interface_description::InterfaceDescriptionOption;
use pcap_file::pcapng::{Block, PcapNgReader};
use pcap_file::{DataLink, TsResolution};
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;
use tersus_wire::walk::Medium;

/// A frame as it was captured.
pub(crate) struct Frame<'f> {
    /// Microseconds since 1970; `None` where the file does not say.
    pub(crate) time_us: Option<u64>,
    /// What it starts with; or the number of a link type that is not known here.
    pub(crate) medium: Result<Medium, u32>,
    pub(crate) octets: &'f [u8],
}

/// What frames of a link type start with, <https://www.tcpdump.org/linktypes.html>.
fn medium(link: DataLink) -> Result<Medium, u32> {
    match u32::from(link) & 0xffff {
        0 | 108 => Ok(Medium::Loopback),
        1 => Ok(Medium::Ethernet),
        12 | 14 | 101 | 228 | 229 => Ok(Medium::Ip),
        113 => Ok(Medium::LinuxCooked),
        195 => Ok(Medium::Ieee802154Fcs),
        230 => Ok(Medium::Ieee802154),
        276 => Ok(Medium::LinuxCooked2),
        other => Err(other),
    }
}

/// Gives every frame of a file to `each`, in their order.
pub(crate) fn read(
    path: &Path,
    each: &mut dyn FnMut(&Frame<'_>) -> Result<(), String>,
) -> Result<(), String> {
    let said = |error: &dyn core::fmt::Display| format!("{}: {error}", path.display());
    let mut file = File::open(path).map_err(|error| said(&error))?;
    let mut magic = [0; 4];
    file.read_exact(&mut magic).map_err(|error| said(&error))?;
    file.seek(SeekFrom::Start(0)).map_err(|error| said(&error))?;
    let file = BufReader::new(file);
    // The type of a section header block, the same in either order.
    if magic == [0x0a, 0x0d, 0x0d, 0x0a] {
        read_pcapng(file, &said, each)
    } else {
        read_pcap(file, &said, each)
    }
}

type Said<'s> = &'s dyn Fn(&dyn core::fmt::Display) -> String;

fn read_pcap(
    file: impl Read,
    said: Said<'_>,
    each: &mut dyn FnMut(&Frame<'_>) -> Result<(), String>,
) -> Result<(), String> {
    let mut reader = PcapReader::new(file).map_err(|error| said(&error))?;
    let header = reader.header();
    let per_us = if header.ts_resolution == TsResolution::NanoSecond { 1000 } else { 1 };
    // Raw, because frames longer than the file says frames are would be refused else.
    while let Some(packet) = reader.next_raw_packet() {
        let packet = packet.map_err(|error| said(&error))?;
        let time_us = u64::from(packet.ts_sec) * 1_000_000 + u64::from(packet.ts_frac / per_us);
        each(&Frame { time_us: Some(time_us), medium: medium(header.datalink), octets: &packet.data })?;
    }
    Ok(())
}

fn read_pcapng(
    file: impl Read,
    said: Said<'_>,
    each: &mut dyn FnMut(&Frame<'_>) -> Result<(), String>,
) -> Result<(), String> {
    let mut reader = PcapNgReader::new(file).map_err(|error| said(&error))?;
    // The library forgets them at a new section, as it must; each with its link and the ticks of its clock.
    let mut links: Vec<(DataLink, u32)> = Vec::new();
    while let Some(block) = reader.next_block() {
        let (link, ticks, octets) = match block.map_err(|error| said(&error))? {
            Block::SectionHeader(_) => {
                links.clear();
                continue;
            }
            Block::InterfaceDescription(interface) => {
                let resolution = interface.options.iter().find_map(|option| match option {
                    InterfaceDescriptionOption::IfTsResol(exponent) => Some(u32::from(*exponent)),
                    _ => None,
                });
                links.push((interface.linktype, resolution.unwrap_or(6)));
                continue;
            }
            // The library takes every clock for one of nanoseconds.
            Block::EnhancedPacket(packet) => {
                (packet.interface_id, Some(packet.timestamp.as_nanos()), packet.data)
            }
            Block::SimplePacket(packet) => (0, None, packet.data),
            Block::Packet(packet) => (u32::from(packet.interface_id), None, packet.data),
            _ => continue,
        };
        let link = usize::try_from(link).ok().and_then(|index| links.get(index));
        let Some((link, resolution)) = link else { return Err(said(&"a frame of no interface")) };
        let time_us = ticks.and_then(|ticks| microseconds(ticks, *resolution));
        each(&Frame { time_us, medium: medium(*link), octets: &octets })?;
    }
    Ok(())
}

/// Ticks of a clock whose resolution is a power of ten; of the rare ones of two, nothing is said.
fn microseconds(ticks: u128, resolution: u32) -> Option<u64> {
    let ticks = match resolution {
        0..=6 => ticks.checked_mul(10_u128.pow(6 - resolution)),
        7..=18 => Some(ticks / 10_u128.pow(resolution - 6)),
        _ => None,
    };
    ticks.and_then(|ticks| u64::try_from(ticks).ok())
}
