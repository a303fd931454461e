//! Reading and writing octets in order, each step checked: for formats that no layer of the stack meets on a packet's
//! path. Those that it does meet use fixed arrays.

use crate::Error;

/// The octets not yet read, and how many there were: an error counts from the start.
#[derive(Clone)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
    len: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, len: bytes.len() }
    }

    /// How many octets were read.
    pub(crate) fn offset(&self) -> usize {
        self.len - self.rest.len()
    }

    /// The next `N` octets.
    pub(crate) fn array<const N: usize>(&mut self) -> Result<&'a [u8; N], Error> {
        let need = self.offset() + N;
        let (taken, rest) = self.rest.split_first_chunk().ok_or(Error::truncated(need, self.len))?;
        self.rest = rest;
        Ok(taken)
    }

    /// The next `len` octets.
    pub(crate) fn slice(&mut self, len: usize) -> Result<&'a [u8], Error> {
        let need = self.offset().saturating_add(len);
        let (taken, rest) = self.rest.split_at_checked(len).ok_or(Error::truncated(need, self.len))?;
        self.rest = rest;
        Ok(taken)
    }

    /// The next octet.
    pub(crate) fn octet(&mut self) -> Result<u8, Error> {
        let [octet] = self.array()?;
        Ok(*octet)
    }

    /// The next two octets, in network order.
    pub(crate) fn u16(&mut self) -> Result<u16, Error> {
        Ok(u16::from_be_bytes(*self.array()?))
    }

    /// What was not read.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest
    }
}

/// The octets not yet written.
pub(crate) struct Writer<'b> {
    rest: &'b mut [u8],
}

impl<'b> Writer<'b> {
    /// Will write `need` octets at the front of `buffer`.
    pub(crate) fn new(buffer: &'b mut [u8], need: usize) -> Result<Self, Error> {
        let have = buffer.len();
        let rest = buffer.get_mut(..need).ok_or(Error::no_room(need, have))?;
        Ok(Self { rest })
    }

    /// Writes `octets`; `NoRoom` if more is written than was announced.
    pub(crate) fn put(&mut self, octets: &[u8]) -> Result<(), Error> {
        let have = self.rest.len();
        let (to, rest) = core::mem::take(&mut self.rest)
            .split_at_mut_checked(octets.len())
            .ok_or(Error::no_room(octets.len(), have))?;
        to.copy_from_slice(octets);
        self.rest = rest;
        Ok(())
    }

    /// Writes `len` zeros.
    pub(crate) fn zeros(&mut self, len: usize) -> Result<(), Error> {
        for _ in 0..len {
            self.put(&[0])?;
        }
        Ok(())
    }
}
