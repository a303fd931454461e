//! The packet socket, packet(7): frames on an existing network interface of Linux.

use super::frames::{Buffers, Frames, HostRx, HostTx, Statistics};
use super::interface::{check_name, Interface, OpenError};
use super::Waiting;
use crate::{Capabilities, Device, Instant, LinkState, Medium, RxMeta};
use nix::errno::Errno;
use nix::ifaddrs::getifaddrs;
use nix::libc;
use nix::net::if_::if_nametoindex;
use nix::sys::socket::{
    bind, recvfrom, send, socket, AddressFamily, LinkAddr, MsgFlags, SockFlag, SockProtocol, SockType,
};
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};

/// All frames that an Ethernet interface of this host receives. What the host itself sends there is passed over.
///
/// The host's own stack sees the same frames. A link over it that has another hardware address than the interface
/// needs the interface to be promiscuous: `ip link set NAME promisc on`.
#[derive(Debug)]
pub struct PacketSocket {
    socket: Socket,
    interface: Interface,
    address: [u8; 6],
    capabilities: Capabilities,
    buffers: Buffers,
}

#[derive(Debug)]
struct Socket {
    fd: OwnedFd,
    /// Number of the interface.
    index: usize,
}

impl PacketSocket {
    /// Opens a socket on the Ethernet interface `name` (or on `lo`, which looks like one).
    ///
    /// # Errors
    /// [`OpenError`] says what to do; `WrongKind` for an interface that is not Ethernet.
    pub fn open(name: &str) -> Result<Self, OpenError> {
        check_name(name)?;
        let found = getifaddrs()?
            .filter(|entry| entry.interface_name == name)
            .find_map(|entry| entry.address.as_ref().and_then(|a| a.as_link_addr().copied()));
        // An interface without hardware addresses is there, but not among the answers.
        let link = found.ok_or_else(|| match if_nametoindex(name) {
            Ok(_) => OpenError::WrongKind(name.into()),
            Err(_) => OpenError::NotFound(name.into()),
        })?;
        if !matches!(link.hatype(), libc::ARPHRD_ETHER | libc::ARPHRD_LOOPBACK) {
            return Err(OpenError::WrongKind(name.into()));
        }
        let flags = SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC;
        let kind = (AddressFamily::Packet, SockType::Raw);
        let fd = socket(kind.0, kind.1, flags, SockProtocol::EthAll).map_err(|errno| match errno {
            Errno::EPERM | Errno::EACCES => OpenError::RawNotPermitted(name.into()),
            errno => errno.into(),
        })?;
        bind(fd.as_raw_fd(), &link)?;
        let interface = Interface::new(name.into())?;
        let mut device = Self {
            socket: Socket { fd, index: link.ifindex() },
            interface,
            address: link.addr().unwrap_or_default(),
            capabilities: Capabilities::new(Medium::Ethernet, 0),
            buffers: Buffers::new(0),
        };
        device.refresh()?;
        Ok(device)
    }

    /// Name of the interface.
    #[must_use]
    pub fn name(&self) -> &str {
        self.interface.name()
    }

    /// Hardware address of the interface, as of opening.
    #[must_use]
    pub const fn hardware_address(&self) -> [u8; 6] {
        self.address
    }

    /// Reads MTU and link state again; [`Device::capabilities`] does not ask the system.
    ///
    /// # Errors
    /// `NotFound` if the interface is gone; `Io`.
    pub fn refresh(&mut self) -> Result<(), OpenError> {
        self.capabilities.mtu = self.interface.mtu()?;
        self.capabilities.link_state =
            if self.interface.is_running()? { LinkState::Up } else { LinkState::Down };
        Ok(())
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

impl AsFd for PacketSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.fd.as_fd()
    }
}

impl AsRawFd for PacketSocket {
    fn as_raw_fd(&self) -> RawFd {
        self.socket.fd.as_raw_fd()
    }
}

impl Frames for Socket {
    fn read(&self, frame: &mut [u8]) -> io::Result<Option<usize>> {
        let (len, from) = recvfrom::<LinkAddr>(self.fd.as_raw_fd(), frame)?;
        // Frames of other interfaces may have come before the socket was bound to this one.
        let received =
            from.map_or(true, |from| from.ifindex() == self.index && from.pkttype() != libc::PACKET_OUTGOING);
        Ok(received.then_some(len))
    }

    fn write(&self, frame: &[u8]) -> io::Result<usize> {
        Ok(send(self.fd.as_raw_fd(), frame, MsgFlags::empty())?)
    }
}

impl Device for PacketSocket {
    type Rx<'t> = HostRx<'t>;
    type Tx<'t> = HostTx<'t>;

    fn receive(&mut self, _: Instant) -> Option<(HostRx<'_>, Option<HostTx<'_>>)> {
        self.buffers.receive(&self.socket, |_| RxMeta::default())
    }

    fn transmit(&mut self, _: Instant) -> Option<HostTx<'_>> {
        self.buffers.transmit(&self.socket)
    }

    fn capabilities(&self) -> Capabilities {
        self.capabilities
    }
}
