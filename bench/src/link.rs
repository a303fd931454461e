//! The link that all stacks share: two rings of frames, allocated once, each read by one end and written by the other.
//!
//! Neither ring delays, loses or reorders anything. A full ring has no room: its writer waits. The device adapters of
//! the stacks differ only in the traits they implement.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// Length of an Ethernet II header, in octets.
pub const ETHERNET: usize = 14;

/// What a link is like.
#[derive(Debug, Clone, Copy)]
pub struct LinkOptions {
    /// Largest IP packet, in octets.
    pub mtu: usize,
    /// Frames that each direction holds.
    pub frames: usize,
    /// Who computes and verifies checksums of packets.
    pub checksums: Checksums,
}

/// Who computes and verifies checksums of packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Checksums {
    /// The stacks.
    Software,
    /// The devices, which means here: nobody.
    Offloaded,
}

/// Panics at a frame that is wrong.
pub type Audit = fn(&[u8]);

/// One direction.
struct Ring {
    octets: RefCell<Vec<u8>>,
    lens: Vec<Cell<u32>>,
    stride: usize,
    /// Frames read so far, and frames written so far.
    read: Cell<u64>,
    written: Cell<u64>,
    audit: Cell<Option<Audit>>,
}

impl Ring {
    fn new(options: &LinkOptions) -> Rc<Self> {
        let stride = (ETHERNET + options.mtu).next_multiple_of(64);
        Rc::new(Self {
            octets: RefCell::new(vec![0; stride * options.frames]),
            lens: vec![Cell::new(0); options.frames],
            stride,
            read: Cell::new(0),
            written: Cell::new(0),
            audit: Cell::new(None),
        })
    }

    #[inline]
    fn place(&self, number: u64) -> usize {
        // A power of two: see `link`.
        number as usize & (self.lens.len() - 1)
    }

    #[inline]
    fn is_empty(&self) -> bool {
        self.read.get() == self.written.get()
    }

    #[inline]
    fn is_full(&self) -> bool {
        self.written.get() - self.read.get() == self.lens.len() as u64
    }
}

/// One end of a link.
#[derive(Clone)]
pub struct End {
    incoming: Rc<Ring>,
    outgoing: Rc<Ring>,
    pub options: LinkOptions,
}

/// A link's two ends.
pub fn link(options: LinkOptions) -> [End; 2] {
    assert!(options.frames.is_power_of_two());
    let (there, back) = (Ring::new(&options), Ring::new(&options));
    [
        End { incoming: back.clone(), outgoing: there.clone(), options },
        End { incoming: there, outgoing: back, options },
    ]
}

impl End {
    /// A frame waits.
    #[inline]
    pub fn can_receive(&self) -> bool {
        !self.incoming.is_empty()
    }

    /// There is room for a frame.
    #[inline]
    pub fn can_transmit(&self) -> bool {
        !self.outgoing.is_full()
    }

    /// Lends the oldest frame, which is there, and drops it.
    #[inline]
    pub fn receive<R>(&self, f: impl FnOnce(&mut [u8]) -> R) -> R {
        let ring = &*self.incoming;
        let number = ring.read.get();
        let place = ring.place(number);
        let len = ring.lens[place].get() as usize;
        let start = place * ring.stride;
        let mut octets = ring.octets.borrow_mut();
        let frame = &mut octets[start..start + len];
        if let Some(audit) = ring.audit.get() {
            audit(frame);
        }
        let result = f(frame);
        ring.read.set(number + 1);
        result
    }

    /// Lends `len` octets in a ring that has room, and sends what was left in them.
    #[inline]
    pub fn transmit<R>(&self, len: usize, f: impl FnOnce(&mut [u8]) -> R) -> R {
        let ring = &*self.outgoing;
        assert!(len <= ring.stride);
        let number = ring.written.get();
        let place = ring.place(number);
        let start = place * ring.stride;
        let result = f(&mut ring.octets.borrow_mut()[start..start + len]);
        ring.lens[place].set(len as u32);
        ring.written.set(number + 1);
        result
    }

    /// Frames that this end sent so far.
    pub fn sent(&self) -> u64 {
        self.outgoing.written.get()
    }

    /// Has each frame that this end receives looked at first.
    pub fn audit(&self, audit: Audit) {
        self.incoming.audit.set(Some(audit));
    }
}
