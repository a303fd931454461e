//! What the devices of an operating system share: one frame of memory each way, and a file descriptor that is read
//! and written without blocking.

use crate::statistics::count;
use crate::{RxMeta, RxToken, TxMeta, TxToken};
use std::boxed::Box;
use std::io::{self, ErrorKind};
use std::vec;

/// Longest frame: an IP packet of 65,535 octets with the longest headers before it.
const FRAME_LEN: usize = 65_535 + 64;

/// A descriptor that gives and takes whole frames.
pub(super) trait Frames {
    /// One frame, and its length; `None`: one to be skipped.
    fn read(&self, frame: &mut [u8]) -> io::Result<Option<usize>>;
    fn write(&self, frame: &[u8]) -> io::Result<usize>;
}

/// Memory for one frame each way, and what happened.
#[derive(Debug)]
pub(super) struct Buffers {
    rx: Box<[u8]>,
    tx: Outgoing,
}

#[derive(Debug)]
struct Outgoing {
    buffer: Box<[u8]>,
    /// Octets of a frame that the system did not take yet.
    pending: usize,
    /// Octets before each frame that the system writes and wants, zeros from us.
    prefix: usize,
    statistics: Statistics,
    last_error: Option<io::Error>,
}

impl Buffers {
    pub(super) fn new(prefix: usize) -> Self {
        let tx = Outgoing {
            buffer: vec![0; FRAME_LEN].into_boxed_slice(),
            pending: 0,
            prefix,
            statistics: Statistics::default(),
            last_error: None,
        };
        Self { rx: vec![0; FRAME_LEN].into_boxed_slice(), tx }
    }

    pub(super) const fn statistics(&self) -> &Statistics {
        &self.tx.statistics
    }

    pub(super) const fn last_error(&self) -> Option<&io::Error> {
        self.tx.last_error.as_ref()
    }

    pub(super) const fn is_pending(&self) -> bool {
        self.tx.pending > 0
    }

    /// The next frame, with what the prefix says of it, and room for one to send.
    pub(super) fn receive<'t, F: Frames>(
        &'t mut self,
        from: &'t F,
        meta: fn(&[u8]) -> RxMeta,
    ) -> Option<(HostRx<'t>, Option<HostTx<'t>>)> {
        let len = self.read(from)?;
        let (prefix, frame) = self.rx.get_mut(..len)?.split_at_mut_checked(self.tx.prefix)?;
        let rx = HostRx { meta: meta(prefix), frame };
        Some((rx, self.tx.transmit(from)))
    }

    /// Reads one frame that has a whole prefix. Bounded, should frames to be skipped keep coming; the descriptor
    /// is then still readable.
    fn read<F: Frames>(&mut self, from: &F) -> Option<usize> {
        for _ in 0..64 {
            match from.read(&mut self.rx) {
                Ok(Some(len)) if len >= self.tx.prefix => return Some(len),
                Ok(_) => count(&mut self.tx.statistics.rx_skipped),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return None,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    count(&mut self.tx.statistics.rx_errors);
                    self.tx.last_error = Some(error);
                    return None;
                }
            }
        }
        None
    }

    pub(super) fn transmit<'t, F: Frames>(&'t mut self, to: &'t F) -> Option<HostTx<'t>> {
        self.tx.transmit(to)
    }
}

impl Outgoing {
    fn transmit<'t, F: Frames>(&'t mut self, to: &'t F) -> Option<HostTx<'t>> {
        if self.pending > 0 {
            self.write(to, self.pending);
        }
        (self.pending == 0).then_some(HostTx { outgoing: self, to })
    }

    /// Writes the frame in the buffer, or keeps it while the system has no room.
    fn write<F: Frames + ?Sized>(&mut self, to: &F, len: usize) {
        self.pending = 0;
        match to.write(self.buffer.get(..len).unwrap_or(&[])) {
            Ok(_) => {}
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {
                self.pending = len;
            }
            Err(error) => {
                count(&mut self.statistics.tx_errors);
                self.last_error = Some(error);
            }
        }
    }
}

/// A frame that the operating system gave.
#[derive(Debug)]
pub struct HostRx<'t> {
    meta: RxMeta,
    frame: &'t mut [u8],
}

impl RxToken for HostRx<'_> {
    fn meta(&self) -> RxMeta {
        self.meta
    }

    fn consume<R>(self, f: impl FnOnce(&mut [u8]) -> R) -> R {
        f(self.frame)
    }
}

/// Room for a frame to give to the operating system.
pub struct HostTx<'t> {
    outgoing: &'t mut Outgoing,
    to: &'t dyn Frames,
}

impl core::fmt::Debug for HostTx<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("HostTx")
    }
}

impl TxToken for HostTx<'_> {
    fn consume<R>(self, len: usize, _: TxMeta, f: impl FnOnce(&mut [u8]) -> R) -> R {
        let outgoing = self.outgoing;
        let end = outgoing.prefix.saturating_add(len);
        match outgoing.buffer.get_mut(outgoing.prefix..end) {
            Some(frame) => {
                let result = f(frame);
                outgoing.write(self.to, end);
                result
            }
            None => {
                count(&mut outgoing.statistics.tx_errors);
                f(&mut [])
            }
        }
    }
}

/// What a device of the operating system has counted since it was opened. Counters wrap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Statistics {
    /// Frames read and passed over: sent by this host itself (packet socket), or without their virtio-net header.
    pub rx_skipped: u32,
    /// Reads that failed.
    pub rx_errors: u32,
    /// Frames that the system refused, lost.
    pub tx_errors: u32,
}

impl Statistics {
    /// All counters by the names of their fields.
    #[must_use]
    pub fn counters(&self) -> [(&'static str, u32); 3] {
        [("rx_skipped", self.rx_skipped), ("rx_errors", self.rx_errors), ("tx_errors", self.tx_errors)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::cell::RefCell;
    use std::collections::VecDeque;
    use std::vec::Vec;

    #[derive(Default)]
    struct Script {
        reads: RefCell<VecDeque<io::Result<Option<Vec<u8>>>>>,
        writes: RefCell<VecDeque<io::Result<usize>>>,
        written: RefCell<Vec<Vec<u8>>>,
    }

    impl Frames for Script {
        fn read(&self, frame: &mut [u8]) -> io::Result<Option<usize>> {
            let Some(next) = self.reads.borrow_mut().pop_front() else {
                return Err(ErrorKind::WouldBlock.into());
            };
            Ok(next?.map(|octets| {
                frame[..octets.len()].copy_from_slice(&octets);
                octets.len()
            }))
        }

        fn write(&self, frame: &[u8]) -> io::Result<usize> {
            let answer = self.writes.borrow_mut().pop_front().unwrap_or(Ok(frame.len()));
            if answer.is_ok() {
                self.written.borrow_mut().push(frame.to_vec());
            }
            answer
        }
    }

    fn put(buffers: &mut Buffers, script: &Script, octet: u8) -> bool {
        let Some(tx) = buffers.transmit(script) else { return false };
        tx.consume(3, TxMeta::default(), |frame| frame.fill(octet));
        true
    }

    #[test]
    fn a_frame_that_the_system_cannot_take_waits_and_blocks_the_next() {
        let script = Script::default();
        script.writes.borrow_mut().extend([
            Err(ErrorKind::WouldBlock.into()),
            Err(ErrorKind::WouldBlock.into()),
            Ok(5),
            Err(ErrorKind::NetworkDown.into()),
        ]);
        let mut buffers = Buffers::new(2);
        assert!(put(&mut buffers, &script, 1) && buffers.is_pending());
        assert!(!put(&mut buffers, &script, 2), "still no room");
        assert!(put(&mut buffers, &script, 3), "the first went, this one is lost");
        assert_eq!(*script.written.borrow(), [[0, 0, 1, 1, 1]]);
        assert_eq!((buffers.statistics().tx_errors, buffers.is_pending()), (1, false));
        assert_eq!(buffers.last_error().map(io::Error::kind), Some(ErrorKind::NetworkDown));
    }

    #[test]
    fn reading_passes_over_what_is_to_be_skipped_and_survives_errors() {
        let script = Script::default();
        script.reads.borrow_mut().extend([
            Err(ErrorKind::Interrupted.into()),
            Ok(None),
            Ok(Some([9].to_vec())),
            Ok(Some([8, 7, 1, 2].to_vec())),
            Err(ErrorKind::NetworkDown.into()),
        ]);
        let mut buffers = Buffers::new(2);
        let (rx, tx) = buffers
            .receive(&script, |prefix| {
                assert_eq!(prefix, [8, 7]);
                RxMeta::default()
            })
            .unwrap();
        assert!(tx.is_some());
        rx.consume(|frame| assert_eq!(frame, [1, 2]));
        assert!(buffers.receive(&script, |_| RxMeta::default()).is_none());
        assert!(buffers.receive(&script, |_| RxMeta::default()).is_none());
        let statistics = buffers.statistics();
        assert_eq!((statistics.rx_skipped, statistics.rx_errors), (2, 1));
    }
}
