//! The timers of all connections: an exact heap, one entry a connection.
#![cfg_attr(not(test), expect(dead_code, reason = "the engine that uses this module comes next"))]

use tersus_ip::Deadline;

/// A heap over the caller's slices, each as long as there are connections; all zeros: empty.
pub(crate) struct Timers<'a> {
    deadlines: &'a mut [Deadline],
    heap: &'a mut [u16],
    positions: &'a mut [u16],
    len: u16,
}

impl<'a> Timers<'a> {
    pub(crate) fn new(deadlines: &'a mut [Deadline], heap: &'a mut [u16], positions: &'a mut [u16]) -> Self {
        Self { deadlines, heap, positions, len: 0 }
    }
    /// Inserts, moves, or with `Deadline::NONE` removes.
    pub(crate) fn set(&mut self, id: u16, deadline: Deadline) {
        todo!()
    }
    pub(crate) fn earliest(&self) -> Option<(u16, Deadline)> {
        todo!()
    }
    pub(crate) fn len(&self) -> u16 {
        self.len
    }
}
