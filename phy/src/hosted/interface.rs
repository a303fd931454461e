//! A network interface of Linux by its name, netdevice(7): flags and MTU; and the one system call here that the
//! libraries in use do not wrap.

use nix::errno::Errno;
use nix::libc;
use nix::sys::socket::{socket, AddressFamily, SockFlag, SockType};
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::string::String;

/// Why a device could not be opened, with what to do about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Linux has no such name.
    #[error("{0:?} is no interface name: at most 15 octets, no space, colon or slash")]
    Name(String),
    /// The right to make or change interfaces is missing.
    #[error(
        "interface {0:?} needs the right CAP_NET_ADMIN: run as root, or give it to the program once (`sudo setcap \
         cap_net_admin+ep PROGRAM`), or let root make the interface for you (`sudo ip tuntap add dev NAME mode tap \
         user $USER && sudo ip link set NAME up`, or `mode tun`)"
    )]
    NotPermitted(String),
    /// The right to open packet sockets is missing.
    #[error(
        "a packet socket on {0:?} needs the right CAP_NET_RAW: run as root, or give it to the program once (`sudo \
         setcap cap_net_raw+ep PROGRAM`)"
    )]
    RawNotPermitted(String),
    /// The file `/dev/net/tun` is missing, or there is no driver behind it.
    #[error(
        "there is no /dev/net/tun: load the driver (`sudo modprobe tun`), in a container pass the file in (`--device \
         /dev/net/tun`) or make it (`mkdir -p /dev/net && mknod /dev/net/tun c 10 200`)"
    )]
    NoTunDriver,
    /// Another program, or this one, has the interface open.
    #[error("interface {0:?} is in use: only one program at a time can have it open")]
    Busy(String),
    /// There is no such interface.
    #[error("there is no interface {0:?}: `ip link` shows all")]
    NotFound(String),
    /// The interface exists, but is of another kind than was asked for.
    #[error("interface {0:?} exists and is of another kind: `ip -details link show` tells which; choose another name")]
    WrongKind(String),
    /// Anything else.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl From<Errno> for OpenError {
    fn from(errno: Errno) -> Self {
        Self::Io(errno.into())
    }
}

/// Checks a name; the empty one is left to the caller.
pub(super) fn check_name(name: &str) -> Result<(), OpenError> {
    let bad = |octet: u8| octet <= b' ' || octet == b'/' || octet == b':';
    if name.len() >= libc::IFNAMSIZ || name.bytes().any(bad) {
        return Err(OpenError::Name(name.into()));
    }
    Ok(())
}

/// Reads and changes an interface.
#[derive(Debug)]
pub(super) struct Interface {
    name: String,
    /// Any socket will do.
    socket: OwnedFd,
}

impl Interface {
    pub(super) fn new(name: String) -> Result<Self, OpenError> {
        let kind = (AddressFamily::Inet, SockType::Datagram);
        let socket = socket(kind.0, kind.1, SockFlag::SOCK_CLOEXEC, None)?;
        Ok(Self { name, socket })
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    fn call(&self, request: Request, value: i32) -> Result<i32, OpenError> {
        let mut ifreq = Ifreq::new(&self.name);
        ifreq.set_int(value);
        ioctl(self.socket.as_fd(), request, &mut ifreq).map_err(|errno| match errno {
            Errno::ENODEV | Errno::ENXIO => OpenError::NotFound(self.name.clone()),
            Errno::EPERM | Errno::EACCES => OpenError::NotPermitted(self.name.clone()),
            errno => errno.into(),
        })?;
        Ok(ifreq.int())
    }

    /// Largest payload, at most 65,535.
    pub(super) fn mtu(&self) -> Result<u16, OpenError> {
        Ok(u16::try_from(self.call(Request::GetMtu, 0)?).unwrap_or(u16::MAX))
    }

    pub(super) fn set_mtu(&self, mtu: u16) -> Result<(), OpenError> {
        self.call(Request::SetMtu, i32::from(mtu)).map(drop)
    }

    /// Low 16 bits of the IFF_ flags.
    fn flags(&self) -> Result<i32, OpenError> {
        Ok(self.call(Request::GetFlags, 0)? & 0xffff)
    }

    pub(super) fn is_up(&self) -> Result<bool, OpenError> {
        Ok(self.flags()? & libc::IFF_UP != 0)
    }

    pub(super) fn is_running(&self) -> Result<bool, OpenError> {
        let both = libc::IFF_UP | libc::IFF_RUNNING;
        Ok(self.flags()? & both == both)
    }

    pub(super) fn bring_up(&self) -> Result<(), OpenError> {
        let flags = self.flags()?;
        if flags & libc::IFF_UP == 0 {
            self.call(Request::SetFlags, flags | libc::IFF_UP)?;
        }
        Ok(())
    }
}

/// The requests in use. Each reads or writes one `struct ifreq` and keeps no pointer to it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Request {
    GetFlags,
    SetFlags,
    GetMtu,
    SetMtu,
    /// Of `/dev/net/tun`.
    SetTun,
}

/// `struct ifreq`: a name, and a union whose longest member, `struct ifmap`, has 24 octets or fewer.
#[derive(Debug)]
#[repr(C, align(8))]
pub(super) struct Ifreq {
    name: [u8; libc::IFNAMSIZ],
    value: [u8; 24],
}

impl Ifreq {
    /// For the interface `name`, of which 15 octets count.
    pub(super) fn new(name: &str) -> Self {
        let mut ifreq = Self { name: [0; libc::IFNAMSIZ], value: [0; 24] };
        for (to, from) in ifreq.name.iter_mut().take(libc::IFNAMSIZ - 1).zip(name.bytes()) {
            *to = from;
        }
        ifreq
    }

    pub(super) fn name(&self) -> String {
        let len = self.name.iter().position(|&octet| octet == 0).unwrap_or(self.name.len());
        String::from_utf8_lossy(self.name.get(..len).unwrap_or(&[])).into_owned()
    }

    /// `ifr_mtu`.
    fn int(&self) -> i32 {
        let [a, b, c, d, ..] = self.value;
        i32::from_ne_bytes([a, b, c, d])
    }

    fn set_int(&mut self, value: i32) {
        let [a, b, c, d, ..] = &mut self.value;
        [*a, *b, *c, *d] = value.to_ne_bytes();
    }

    /// `ifr_flags`, a `short`.
    pub(super) fn set_flags(&mut self, flags: u16) {
        let [a, b, ..] = &mut self.value;
        [*a, *b] = flags.to_ne_bytes();
    }
}

/// ioctl(2).
#[expect(unsafe_code, reason = "no library in use wraps these requests")]
pub(super) fn ioctl(fd: BorrowedFd<'_>, request: Request, ifreq: &mut Ifreq) -> Result<(), Errno> {
    // The first four are the same on every architecture, but `libc` gives them the wrong type with musl.
    let number: libc::Ioctl = match request {
        Request::GetFlags => 0x8913,
        Request::SetFlags => 0x8914,
        Request::GetMtu => 0x8921,
        Request::SetMtu => 0x8922,
        Request::SetTun => libc::TUNSETIFF,
    };
    let ifreq: *mut Ifreq = ifreq;
    // SAFETY: `fd` is open for the length of the call. Each of the five requests makes the kernel read and write at
    // most one `struct ifreq` at the pointer, which is valid for that: `Ifreq` is `repr(C)`, no shorter than the
    // kernel's struct (40 octets on 64-bit machines, 32 on others) and no less aligned, exclusively borrowed here,
    // and all its bit patterns are valid. The kernel keeps no pointer.
    let result = unsafe { libc::ioctl(fd.as_raw_fd(), number, ifreq) };
    Errno::result(result).map(drop)
}

const _: () = assert!(core::mem::size_of::<Ifreq>() >= core::mem::size_of::<libc::ifreq>());
const _: () = assert!(core::mem::align_of::<Ifreq>() >= core::mem::align_of::<libc::ifreq>());
