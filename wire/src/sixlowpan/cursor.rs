//! Reading and writing octet by octet, without arithmetic on offsets.

use super::Error;

/// The octets not yet read.
pub(super) struct Reader<'a> {
    pub(super) rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) fn take<const N: usize>(&mut self) -> Result<&'a [u8; N], Error> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or(Error::Truncated)?;
        self.rest = rest;
        Ok(taken)
    }

    pub(super) fn slice(&mut self, len: usize) -> Result<&'a [u8], Error> {
        let (taken, rest) = self.rest.split_at_checked(len).ok_or(Error::Truncated)?;
        self.rest = rest;
        Ok(taken)
    }

    /// A field of 16 bits, in host order.
    pub(super) fn u16(&mut self) -> Result<u16, Error> {
        Ok(u16::from_be_bytes(*self.take()?))
    }

    pub(super) fn octet(&mut self) -> Result<u8, Error> {
        let [octet] = self.take()?;
        Ok(*octet)
    }
}

/// A buffer and how much of it is written.
pub(super) struct Writer<'b> {
    out: &'b mut [u8],
    len: usize,
}

impl<'b> Writer<'b> {
    pub(super) fn new(out: &'b mut [u8]) -> Self {
        Self { out, len: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn room(&self) -> usize {
        self.out.len() - self.len
    }

    /// Room for `N` octets, which count as written.
    pub(super) fn take<const N: usize>(&mut self) -> Result<&mut [u8; N], Error> {
        let rest = self.out.get_mut(self.len..).ok_or(Error::NoRoom)?;
        let room = rest.first_chunk_mut().ok_or(Error::NoRoom)?;
        self.len += N;
        Ok(room)
    }

    pub(super) fn put(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let to = self.out.get_mut(self.len..).and_then(|rest| rest.get_mut(..bytes.len()));
        to.ok_or(Error::NoRoom)?.copy_from_slice(bytes);
        self.len += bytes.len();
        Ok(())
    }

    /// Overwrites what was written at `offset`.
    pub(super) fn patch(&mut self, offset: usize, bytes: &[u8]) -> Result<(), Error> {
        let written = self.out.get_mut(..self.len).ok_or(Error::NoRoom)?;
        let to = written.get_mut(offset..).and_then(|rest| rest.get_mut(..bytes.len()));
        to.ok_or(Error::NoRoom)?.copy_from_slice(bytes);
        Ok(())
    }
}
