//! Captures in the pcapng format, draft-ietf-opsawg-pcapng: one file, any number of devices.
//!
//! ```text
//!   Section Header | Interface Description (one per device) | Enhanced Packet | Enhanced Packet | …
//! ```
//! Numbers are little-endian on every machine and times are those of the stack, in microseconds: the same run gives
//! the same file.

use crate::{Device, Direction, FrameSink, Instant, Medium, Tracer};
use std::io::{self, Write};
use std::string::String;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::vec::Vec;

// Block types, section 11.1 of the draft.
const SECTION_HEADER: u32 = 0x0a0d_0d0a;
const INTERFACE_DESCRIPTION: u32 = 1;
const ENHANCED_PACKET: u32 = 6;
const BYTE_ORDER_MAGIC: u32 = 0x1a2b_3c4d;
// Option codes.
const END_OF_OPTIONS: u16 = 0;
const IF_NAME: u16 = 2;
const EPB_FLAGS: u16 = 2;

/// A device whose frames go into a [`Capture`].
pub type PcapWriter<D, W> = Tracer<D, CaptureInterface<W>>;

/// A capture file in the making. Clones write to the same file.
///
/// Nothing is buffered here: give it a `BufWriter`. The first error ends the capture, not the devices; `finish`
/// tells it.
#[derive(Debug)]
pub struct Capture<W> {
    file: Arc<Mutex<File<W>>>,
}

#[derive(Debug)]
struct File<W> {
    writer: W,
    interfaces: u32,
    block: Vec<u8>,
    failed: Option<io::Error>,
}

impl<W: Write> Capture<W> {
    /// Starts a capture with the file's header.
    ///
    /// # Errors
    /// Of the writer.
    pub fn new(writer: W) -> io::Result<Self> {
        let mut file = File { writer, interfaces: 0, block: Vec::new(), failed: None };
        file.begin(SECTION_HEADER);
        file.u32(BYTE_ORDER_MAGIC);
        // Version 1.0, and a section of unknown length.
        file.u16(1);
        file.u16(0);
        file.block.extend([0xff; 8]);
        file.end();
        match file.failed.take() {
            Some(error) => Err(error),
            None => Ok(Self { file: Arc::new(Mutex::new(file)) }),
        }
    }

    /// Adds an interface of this name to the file, and returns `device` with all its frames written there.
    pub fn wrap<D: Device>(&self, device: D, name: &str) -> PcapWriter<D, W> {
        let sink = self.interface(device.capabilities().medium, name);
        Tracer::new(device, sink)
    }

    /// Adds an interface of this name to the file; frames are shown to what is returned.
    pub fn interface(&self, medium: Medium, name: &str) -> CaptureInterface<W> {
        let mut file = lock(&self.file);
        let id = file.interfaces;
        file.interfaces = id.wrapping_add(1);
        file.begin(INTERFACE_DESCRIPTION);
        file.u16(link_type(medium));
        file.u16(0);
        // No limit to the length of a frame.
        file.u32(0);
        let mut name = String::from(name);
        while name.len() > usize::from(u16::MAX) {
            name.pop();
        }
        file.option(IF_NAME, name.as_bytes());
        file.option(END_OF_OPTIONS, &[]);
        file.end();
        CaptureInterface { file: Arc::clone(&self.file), id }
    }

    /// Flushes the writer and tells whether everything so far was written.
    ///
    /// # Errors
    /// The first error of the writer; frames since then are not in the file.
    pub fn finish(&self) -> io::Result<()> {
        let mut file = lock(&self.file);
        match file.failed.take() {
            Some(error) => {
                // The capture stays ended.
                file.failed = Some(error.kind().into());
                Err(error)
            }
            None => file.writer.flush(),
        }
    }
}

impl<W> Clone for Capture<W> {
    fn clone(&self) -> Self {
        Self { file: Arc::clone(&self.file) }
    }
}

/// One interface of a [`Capture`].
#[derive(Debug)]
pub struct CaptureInterface<W> {
    file: Arc<Mutex<File<W>>>,
    id: u32,
}

impl<W: Write> FrameSink for CaptureInterface<W> {
    fn frame(&mut self, direction: Direction, now: Instant, octets: &[u8]) {
        let Ok(len) = u32::try_from(octets.len()) else { return };
        let mut file = lock(&self.file);
        file.begin(ENHANCED_PACKET);
        file.u32(self.id);
        let [a, b, c, d, e, f, g, h] = now.micros().to_be_bytes();
        file.u32(u32::from_be_bytes([a, b, c, d]));
        file.u32(u32::from_be_bytes([e, f, g, h]));
        file.u32(len);
        file.u32(len);
        file.block.extend(octets);
        file.pad();
        let flags: u32 = match direction {
            Direction::Receive => 1,
            Direction::Transmit => 2,
        };
        file.option(EPB_FLAGS, &flags.to_le_bytes());
        file.option(END_OF_OPTIONS, &[]);
        file.end();
    }
}

impl<W: Write> File<W> {
    fn begin(&mut self, block_type: u32) {
        self.block.clear();
        self.u32(block_type);
        // Total length, known at the end.
        self.u32(0);
    }

    fn end(&mut self) {
        let len = u32::try_from(self.block.len()).unwrap_or(0).wrapping_add(4);
        if let Some(field) = self.block.get_mut(4..8) {
            field.copy_from_slice(&len.to_le_bytes());
        }
        self.u32(len);
        if self.failed.is_none() {
            self.failed = self.writer.write_all(&self.block).err();
        }
    }

    fn u16(&mut self, value: u16) {
        self.block.extend(value.to_le_bytes());
    }

    fn u32(&mut self, value: u32) {
        self.block.extend(value.to_le_bytes());
    }

    fn option(&mut self, code: u16, value: &[u8]) {
        self.u16(code);
        self.u16(u16::try_from(value.len()).unwrap_or(0));
        self.block.extend(value);
        self.pad();
    }

    fn pad(&mut self) {
        let len = self.block.len().next_multiple_of(4);
        self.block.resize(len, 0);
    }
}

/// LINKTYPE_ numbers of the tcpdump group.
const fn link_type(medium: Medium) -> u16 {
    match medium {
        Medium::Ethernet => 1,
        Medium::Ip => 101,
        // Without frame check sequence.
        Medium::Ieee802154 => 230,
    }
}

/// A writer that panicked leaves at worst a torn block.
fn lock<T>(file: &Mutex<T>) -> MutexGuard<'_, T> {
    file.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_laid_out_as_in_the_draft() {
        let mut octets = Vec::new();
        let capture = Capture::new(&mut octets).unwrap();
        let mut first = capture.interface(Medium::Ip, "a");
        let mut second = capture.interface(Medium::Ethernet, "wlan0");
        second.frame(Direction::Transmit, Instant::from_micros(0x1_0000_0002), &[1, 2, 3, 4, 5]);
        first.frame(Direction::Receive, Instant::from_micros(7), &[]);
        capture.finish().unwrap();
        drop((capture, first, second));
        let want: &[&[u8]] = &[
            &[0x0a, 0x0d, 0x0d, 0x0a, 28, 0, 0, 0, 0x4d, 0x3c, 0x2b, 0x1a, 1, 0, 0, 0],
            &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 28, 0, 0, 0],
            &[1, 0, 0, 0, 32, 0, 0, 0, 101, 0, 0, 0, 0, 0, 0, 0],
            &[2, 0, 1, 0, b'a', 0, 0, 0, 0, 0, 0, 0, 32, 0, 0, 0],
            &[1, 0, 0, 0, 36, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0],
            &[2, 0, 5, 0, b'w', b'l', b'a', b'n', b'0', 0, 0, 0, 0, 0, 0, 0, 36, 0, 0, 0],
            &[6, 0, 0, 0, 52, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 5, 0, 0, 0, 5, 0, 0, 0],
            &[1, 2, 3, 4, 5, 0, 0, 0, 2, 0, 4, 0, 2, 0, 0, 0, 0, 0, 0, 0, 52, 0, 0, 0],
            &[6, 0, 0, 0, 44, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            &[2, 0, 4, 0, 1, 0, 0, 0, 0, 0, 0, 0, 44, 0, 0, 0],
        ];
        assert_eq!(octets, want.concat());
    }

    #[test]
    fn an_error_ends_the_capture_and_is_told() {
        let mut room = [0; 100];
        let capture = Capture::new(&mut room[..]).unwrap();
        let mut sink = capture.interface(Medium::Ip, "a");
        assert!(capture.finish().is_ok());
        sink.frame(Direction::Receive, Instant::ZERO, &[0; 100]);
        assert_eq!(capture.finish().unwrap_err().kind(), io::ErrorKind::WriteZero);
        sink.frame(Direction::Receive, Instant::ZERO, &[]);
        assert!(capture.finish().is_err());
    }
}
