//! A device that shows every frame to someone else.

use crate::{Capabilities, Device, Instant, RxMeta, RxToken, TxMeta, TxToken};
use core::cell::RefCell;

/// Which way a frame went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From the device to the stack.
    Receive,
    /// From the stack to the device.
    Transmit,
}

/// Is shown frames. Every `FnMut(Direction, Instant, &[u8])` is one.
pub trait FrameSink {
    /// A frame passes: as received, before anyone alters it, or as it is sent.
    fn frame(&mut self, direction: Direction, now: Instant, octets: &[u8]);
}

impl<F: FnMut(Direction, Instant, &[u8])> FrameSink for F {
    fn frame(&mut self, direction: Direction, now: Instant, octets: &[u8]) {
        self(direction, now, octets);
    }
}

/// A device that shows to `sink` every frame that passes through `device`, and changes none. Times are those at
/// which the frame's token was asked for. A frame whose token is dropped unused is not shown.
///
/// ```
/// # use tersus_phy::memory::{Storage, Wire};
/// use tersus_phy::{Direction, Ethernet, Instant, Medium, Tracer};
///
/// # let mut storage = Storage::<4, 1514>::new();
/// # let wire = Wire::new(&mut storage, Medium::Ethernet, [7; 32]);
/// # let (device, _) = wire.ends();
/// let show = |direction: Direction, now: Instant, octets: &[u8]| {
///     println!("{now:?} {direction:?}: {} octets", octets.len());
/// };
/// let link: Ethernet<_> = Ethernet::new(Tracer::new(device, show), [2, 0, 0, 0, 0, 1]);
/// ```
#[derive(Debug)]
pub struct Tracer<D, S> {
    device: D,
    // Both tokens of a `receive` need it.
    sink: RefCell<S>,
}

impl<D, S> Tracer<D, S> {
    /// Shows to `sink` what passes through `device`.
    pub const fn new(device: D, sink: S) -> Self {
        Self { device, sink: RefCell::new(sink) }
    }

    /// The device.
    pub const fn device(&self) -> &D {
        &self.device
    }

    /// The device, to be changed.
    pub fn device_mut(&mut self) -> &mut D {
        &mut self.device
    }

    /// The sink, to be changed.
    pub fn sink_mut(&mut self) -> &mut S {
        self.sink.get_mut()
    }

    /// Takes both apart.
    pub fn into_parts(self) -> (D, S) {
        (self.device, self.sink.into_inner())
    }
}

impl<D: Device, S: FrameSink> Device for Tracer<D, S> {
    type Rx<'t>
        = TracerToken<'t, D::Rx<'t>, S>
    where
        Self: 't;
    type Tx<'t>
        = TracerToken<'t, D::Tx<'t>, S>
    where
        Self: 't;

    fn receive(&mut self, now: Instant) -> Option<(Self::Rx<'_>, Option<Self::Tx<'_>>)> {
        let (rx, tx) = self.device.receive(now)?;
        let sink = &self.sink;
        let tx = tx.map(|token| TracerToken { token, sink, now });
        Some((TracerToken { token: rx, sink, now }, tx))
    }

    fn transmit(&mut self, now: Instant) -> Option<Self::Tx<'_>> {
        Some(TracerToken { token: self.device.transmit(now)?, sink: &self.sink, now })
    }

    fn capabilities(&self) -> Capabilities {
        self.device.capabilities()
    }

    fn poll_at(&self) -> Option<Instant> {
        self.device.poll_at()
    }
}

/// A token of the device below, with someone watching.
#[derive(Debug)]
pub struct TracerToken<'t, T, S> {
    token: T,
    sink: &'t RefCell<S>,
    now: Instant,
}

impl<T, S: FrameSink> TracerToken<'_, T, S> {
    fn show(sink: &RefCell<S>, direction: Direction, now: Instant, octets: &[u8]) {
        // Never borrowed here: a sink has no way to the device that calls it.
        if let Ok(mut sink) = sink.try_borrow_mut() {
            sink.frame(direction, now, octets);
        }
    }
}

impl<T: RxToken, S: FrameSink> RxToken for TracerToken<'_, T, S> {
    fn meta(&self) -> RxMeta {
        self.token.meta()
    }

    fn consume<R>(self, f: impl FnOnce(&mut [u8]) -> R) -> R {
        self.token.consume(|octets| {
            Self::show(self.sink, Direction::Receive, self.now, octets);
            f(octets)
        })
    }
}

impl<T: TxToken, S: FrameSink> TxToken for TracerToken<'_, T, S> {
    fn consume<R>(self, len: usize, meta: TxMeta, f: impl FnOnce(&mut [u8]) -> R) -> R {
        self.token.consume(len, meta, |octets| {
            let result = f(octets);
            Self::show(self.sink, Direction::Transmit, self.now, octets);
            result
        })
    }
}
