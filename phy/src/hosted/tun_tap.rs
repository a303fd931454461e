//! TUN and TAP: a network interface of Linux whose other end is this program.

use super::frames::{Buffers, Frames, HostRx, HostTx, Statistics};
use super::interface::{check_name, ioctl, Ifreq, Interface, OpenError, Request};
use super::Waiting;
use crate::{Capabilities, Device, Instant, LinkState, Medium, RxChecksum, RxMeta, Switch};
use nix::errno::Errno;
use nix::libc;
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::os::unix::fs::OpenOptionsExt;

/// Length of the virtio-net header that the kernel uses unless told otherwise, in octets.
const VIRTIO_HEADER_LEN: usize = 10;
// Offsets and values in the virtio-net header, VIRTIO 1.2 §5.1.6.
const FLAGS: usize = 0;
const GSO_TYPE: usize = 1;
const GSO_SIZE: usize = 4;
const NEEDS_CHECKSUM: u8 = 1;
const DATA_VALID: u8 = 2;

/// What the frames of an interface start with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Kind {
    /// Ethernet frames.
    #[default]
    Tap,
    /// IP packets.
    Tun,
}

/// What to open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Options<'n> {
    /// Its kind.
    pub kind: Kind,
    /// Its name, at most 15 octets. Empty, or with `%d` in it: the kernel numbers it.
    pub name: &'n str,
    /// Whether each frame is read and written with a virtio-net header, from which the kernel's word on checksums
    /// is then taken. Costs ten octets a frame; the other end cannot see it.
    pub virtio_header: Switch,
}

/// A TUN or TAP interface. It is made if it is missing, brought up, and goes with this value unless it was there
/// before.
///
/// The kernel's end has a hardware address of its own: a link over a TAP needs another one.
#[derive(Debug)]
pub struct TunTap {
    file: File,
    interface: Interface,
    capabilities: Capabilities,
    buffers: Buffers,
}

impl TunTap {
    /// Opens a TAP interface: `Ethernet::new(TunTap::tap("tap0")?, address)`.
    ///
    /// # Errors
    /// [`OpenError`] says what to do.
    pub fn tap(name: &str) -> Result<Self, OpenError> {
        Self::open(Options { kind: Kind::Tap, name, ..Options::default() })
    }

    /// Opens a TUN interface: `RawIp::new(TunTap::tun("tun0")?)`.
    ///
    /// # Errors
    /// [`OpenError`] says what to do.
    pub fn tun(name: &str) -> Result<Self, OpenError> {
        Self::open(Options { kind: Kind::Tun, name, ..Options::default() })
    }

    /// Opens an interface.
    ///
    /// # Errors
    /// [`OpenError`] says what to do.
    pub fn open(options: Options<'_>) -> Result<Self, OpenError> {
        check_name(options.name)?;
        let not_permitted = || OpenError::NotPermitted(options.name.into());
        let file =
            OpenOptions::new().read(true).write(true).custom_flags(libc::O_NONBLOCK).open("/dev/net/tun");
        let file = file.map_err(|error| match error.raw_os_error().map(Errno::from_raw) {
            Some(Errno::ENOENT | Errno::ENODEV | Errno::ENXIO) => OpenError::NoTunDriver,
            Some(Errno::EPERM | Errno::EACCES) => not_permitted(),
            _ => error.into(),
        })?;

        let (kind, medium) = match options.kind {
            Kind::Tap => (libc::IFF_TAP, Medium::Ethernet),
            Kind::Tun => (libc::IFF_TUN, Medium::Ip),
        };
        let (header, prefix) = match options.virtio_header {
            Switch::Off => (0, 0),
            Switch::On => (libc::IFF_VNET_HDR, VIRTIO_HEADER_LEN),
        };
        let mut ifreq = Ifreq::new(options.name);
        ifreq.set_flags(u16::try_from(kind | header | libc::IFF_NO_PI).unwrap_or(0));
        ioctl(file.as_fd(), Request::SetTun, &mut ifreq).map_err(|errno| match errno {
            Errno::EPERM | Errno::EACCES => not_permitted(),
            Errno::EBUSY => OpenError::Busy(options.name.into()),
            // The name was found to be good: an interface of this name is no TUN or TAP, or the other of the two.
            Errno::EINVAL => OpenError::WrongKind(options.name.into()),
            errno => errno.into(),
        })?;

        let interface = Interface::new(ifreq.name())?;
        interface.bring_up()?;
        let capabilities = Capabilities::new(medium, 0);
        let mut device = Self { file, interface, capabilities, buffers: Buffers::new(prefix) };
        device.refresh()?;
        Ok(device)
    }

    /// Name of the interface.
    #[must_use]
    pub fn name(&self) -> &str {
        self.interface.name()
    }

    /// Reads MTU and link state again, should someone else have changed them; [`Device::capabilities`] does not ask
    /// the system.
    ///
    /// # Errors
    /// `NotFound` if someone removed the interface; `Io`.
    pub fn refresh(&mut self) -> Result<(), OpenError> {
        self.capabilities.mtu = self.interface.mtu()?;
        // Its carrier is this very file. The kernel notices that up to a second after the file was opened, and nobody
        // would ask again: IFF_RUNNING says nothing here.
        self.capabilities.link_state = if self.interface.is_up()? { LinkState::Up } else { LinkState::Down };
        Ok(())
    }

    /// Sets the interface's MTU, which is ours too.
    ///
    /// # Errors
    /// `NotPermitted`; `Io` if the kernel does not want the value.
    pub fn set_mtu(&mut self, mtu: u16) -> Result<(), OpenError> {
        self.interface.set_mtu(mtu)?;
        self.refresh()
    }

    /// What to [`wait`](super::wait) for.
    #[must_use]
    pub fn waiting(&self) -> Waiting<'_> {
        Waiting::new(self.as_fd(), self.buffers.is_pending())
    }

    /// What the device has counted.
    #[must_use]
    pub const fn statistics(&self) -> &Statistics {
        self.buffers.statistics()
    }

    /// The last error of reading or writing.
    #[must_use]
    pub const fn last_error(&self) -> Option<&io::Error> {
        self.buffers.last_error()
    }
}

impl AsFd for TunTap {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

impl AsRawFd for TunTap {
    fn as_raw_fd(&self) -> RawFd {
        self.file.as_raw_fd()
    }
}

impl Frames for File {
    fn read(&self, frame: &mut [u8]) -> io::Result<Option<usize>> {
        let mut file = self;
        match Read::read(&mut file, frame) {
            // The interface is down: there is nothing to read until it is up.
            Err(error) if error.raw_os_error() == Some(libc::EBADFD) => Err(ErrorKind::WouldBlock.into()),
            other => other.map(Some),
        }
    }

    fn write(&self, frame: &[u8]) -> io::Result<usize> {
        let mut file = self;
        Write::write(&mut file, frame)
    }
}

/// What the kernel says in a virtio-net header, if there is one.
fn meta(header: &[u8]) -> RxMeta {
    let Some(header) = header.first_chunk::<VIRTIO_HEADER_LEN>() else { return RxMeta::default() };
    let mut meta = RxMeta::default();
    if header[FLAGS] & (NEEDS_CHECKSUM | DATA_VALID) != 0 {
        meta.checksum = RxChecksum::Verified;
    }
    if header[GSO_TYPE] != 0 {
        meta.segment = u16::from_ne_bytes([header[GSO_SIZE], header[GSO_SIZE + 1]]);
    }
    meta
}

impl Device for TunTap {
    type Rx<'t> = HostRx<'t>;
    type Tx<'t> = HostTx<'t>;

    fn receive(&mut self, _: Instant) -> Option<(HostRx<'_>, Option<HostTx<'_>>)> {
        self.buffers.receive(&self.file, meta)
    }

    fn transmit(&mut self, _: Instant) -> Option<HostTx<'_>> {
        self.buffers.transmit(&self.file)
    }

    fn capabilities(&self) -> Capabilities {
        self.capabilities
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_virtio_header_tells_checksum_and_segment_size() {
        // flags, gso_type, gso_size, checksum, segment
        for (flags, gso_type, size, checksum, segment) in [
            (0, 0, 0u16, RxChecksum::Unknown, 0),
            (1, 0, 0, RxChecksum::Verified, 0),
            (2, 0, 1448, RxChecksum::Verified, 0),
            (1, 1, 1448, RxChecksum::Verified, 1448),
        ] {
            let [a, b] = size.to_ne_bytes();
            let meta = meta(&[flags, gso_type, 0, 0, a, b, 0, 0, 0, 0]);
            assert_eq!((meta.checksum, meta.segment), (checksum, segment));
        }
        assert_eq!(meta(&[]), RxMeta::default());
    }

    #[test]
    fn impossible_names_are_refused_before_the_system_is_asked() {
        for name in ["sixteen-octets-x", "a b", "a/b", "a:b", "a\0"] {
            let error = TunTap::tap(name).unwrap_err();
            assert!(matches!(error, OpenError::Name(_)), "{name}: {error}");
        }
    }
}
