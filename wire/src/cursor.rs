//! Reading octets in order, each step checked: for formats that no layer of the stack meets on a packet's path. Those that
//! it does meet use fixed arrays.

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
