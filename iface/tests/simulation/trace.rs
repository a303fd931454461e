//! What goes over the wires: counted, and if wanted recorded as a capture.

use core::cell::{Cell, RefCell};
use std::io::{self, Write};
use std::rc::Rc;
use tersus_iface::phy::hosted::{Capture, CaptureInterface};
use tersus_iface::phy::{Direction, FrameSink, Instant, Medium};

/// A file in memory.
#[derive(Clone, Default)]
pub(crate) struct Shared(Rc<RefCell<Vec<u8>>>);

impl Write for Shared {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend(octets);
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The capture of a network: every frame as each host saw it.
pub(crate) struct Recorder {
    octets: Shared,
    capture: Capture<Shared>,
}

impl Recorder {
    pub(crate) fn new() -> Self {
        let octets = Shared::default();
        let capture = Capture::new(octets.clone()).unwrap();
        Self { octets, capture }
    }

    /// All that was recorded so far, as a pcapng file.
    pub(crate) fn octets(&self) -> Vec<u8> {
        self.capture.finish().unwrap();
        self.octets.0.borrow().clone()
    }

    pub(crate) fn interface(&self, medium: Medium, name: &str) -> CaptureInterface<Shared> {
        self.capture.interface(medium, name)
    }
}

/// Sees the frames of one device.
pub(crate) struct Tap {
    pub(crate) frames: Rc<Cell<u64>>,
    pub(crate) capture: Option<CaptureInterface<Shared>>,
}

impl FrameSink for Tap {
    fn frame(&mut self, direction: Direction, now: Instant, octets: &[u8]) {
        self.frames.set(self.frames.get() + 1);
        if let Some(capture) = &mut self.capture {
            capture.frame(direction, now, octets);
        }
    }
}
