//! Connections that `transmit` must visit, first come first served.
#![cfg_attr(not(test), expect(dead_code, reason = "the engine that uses this module comes next"))]

/// A queue over one caller's slice (a word a connection; all zeros: empty). The words are links, and a link that is not 0
/// says that its connection is queued.
pub(crate) struct Ready<'a> {
    links: &'a mut [u16],
    head: u16,
    tail: u16,
    len: u16,
}

impl<'a> Ready<'a> {
    pub(crate) fn new(links: &'a mut [u16]) -> Self {
        Self { links, head: 0, tail: 0, len: 0 }
    }
    /// Appends unless queued already.
    pub(crate) fn push(&mut self, id: u16) {
        todo!()
    }
    pub(crate) fn pop(&mut self) -> Option<u16> {
        todo!()
    }
    pub(crate) fn contains(&self, id: u16) -> bool {
        todo!()
    }
    pub(crate) fn len(&self) -> u16 {
        self.len
    }
    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }
}
