//! Writing the parts of a message one behind another, without offsets.

use crate::Error;

/// The front of a buffer, of exactly the length that a message needs, and how much of it is still to be written.
///
/// The length is checked once, by [`Put::new`]; a message whose parts are longer than its `buffer_len` is cut,
/// which its round trip would show.
pub(crate) struct Put<'b> {
    rest: &'b mut [u8],
}

impl<'b> Put<'b> {
    /// Over the first `need` octets of `buffer`.
    pub(crate) fn new(buffer: &'b mut [u8], need: usize) -> Result<Self, Error> {
        let have = buffer.len();
        let rest = buffer.get_mut(..need).ok_or(Error::no_room(need, have))?;
        Ok(Self { rest })
    }

    /// Appends `octets`.
    pub(crate) fn octets(&mut self, octets: &[u8]) {
        let rest = core::mem::take(&mut self.rest);
        let at = octets.len().min(rest.len());
        let (place, rest) = rest.split_at_mut_checked(at).unwrap_or_default();
        for (to, from) in place.iter_mut().zip(octets) {
            *to = *from;
        }
        self.rest = rest;
    }

    /// Appends `len` zeros.
    pub(crate) fn pad(&mut self, len: usize) {
        let rest = core::mem::take(&mut self.rest);
        let (place, rest) = rest.split_at_mut_checked(len.min(rest.len())).unwrap_or_default();
        place.fill(0);
        self.rest = rest;
    }

    /// Fills what is left with zeros.
    pub(crate) fn zeros(self) {
        self.rest.fill(0);
    }
}
