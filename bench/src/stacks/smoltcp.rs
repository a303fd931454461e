//! smoltcp 0.14.

use crate::host::{Class, Host, Micros, Needs, Timestamps, SMALL_BUFFER};
use crate::link::{Checksums, End, ETHERNET};
use smoltcp::iface::{Config, Interface, SocketHandle, SocketSet};
use smoltcp::phy::{ChecksumCapabilities, Device, DeviceCapabilities, Medium};
use smoltcp::socket::{tcp, udp};
use smoltcp::time::Instant;
use smoltcp::wire::{EthernetAddress, HardwareAddress, IpAddress, IpCidr, IpEndpoint};

/// An end of the link as smoltcp sees it.
struct Port(End);

struct RxToken<'a>(&'a End);
struct TxToken<'a>(&'a End);

impl Device for Port {
    type RxToken<'a> = RxToken<'a>;
    type TxToken<'a> = TxToken<'a>;

    #[inline]
    fn receive(&mut self, _now: Instant) -> Option<(RxToken<'_>, TxToken<'_>)> {
        (self.0.can_receive() && self.0.can_transmit()).then_some((RxToken(&self.0), TxToken(&self.0)))
    }

    #[inline]
    fn transmit(&mut self, _now: Instant) -> Option<TxToken<'_>> {
        self.0.can_transmit().then_some(TxToken(&self.0))
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        capabilities.medium = Medium::Ethernet;
        capabilities.max_transmission_unit = self.0.options.mtu + ETHERNET;
        if self.0.options.checksums == Checksums::Offloaded {
            capabilities.checksum = ChecksumCapabilities::ignored();
        }
        capabilities
    }
}

impl smoltcp::phy::RxToken for RxToken<'_> {
    #[inline]
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, f: F) -> R {
        self.0.receive(|frame| f(frame))
    }
}

impl smoltcp::phy::TxToken for TxToken<'_> {
    #[inline]
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, len: usize, f: F) -> R {
        self.0.transmit(len, f)
    }
}

/// A TCP socket and what its user keeps of it.
struct Owned {
    handle: SocketHandle,
    class: Class,
    /// The port it listens at, if it does so again when released.
    listens: Option<u16>,
}

/// A host with an interface and a socket set that holds just the sockets in use.
pub struct Smoltcp {
    interface: Interface,
    device: Port,
    sockets: SocketSet<'static>,
    owned: Vec<Owned>,
    /// Places in `owned` that wait for a connection, by age, and those given back.
    waiting: Vec<usize>,
    free: Vec<usize>,
    needs: Needs,
    peer: IpAddress,
}

/// A place in `owned`, and the handle there.
#[derive(Clone, Copy)]
pub struct Connection(usize, SocketHandle);

fn instant(now: Micros) -> Instant {
    Instant::from_micros(now as i64)
}

/// A clock for timestamps. It stands still: no scenario looks at it, and a system call would be measured too.
fn milliseconds() -> u32 {
    1_000
}

impl Smoltcp {
    fn add(&mut self, class: Class, listens: Option<u16>) -> usize {
        let len = match class {
            Class::Bulk => self.needs.bulk_buffer,
            Class::Small => SMALL_BUFFER,
        };
        let buffer = || tcp::SocketBuffer::new(vec![0; len]);
        let mut socket = tcp::Socket::new(buffer(), buffer());
        if self.needs.timestamps == Timestamps::With {
            socket.set_tsval_generator(Some(milliseconds));
        }
        let handle = self.sockets.add(socket);
        self.owned.push(Owned { handle, class, listens });
        self.owned.len() - 1
    }

    fn socket(&mut self, connection: Connection) -> &mut tcp::Socket<'static> {
        self.sockets.get_mut(connection.1)
    }
}

impl Host for Smoltcp {
    type Connection = Connection;
    type Socket = SocketHandle;

    fn new(end: End, number: u8, needs: &Needs) -> Self {
        let mut device = Port(end);
        let hardware = HardwareAddress::Ethernet(EthernetAddress([2, 0, 0, 0, 0, number]));
        let mut config = Config::new(hardware);
        config.random_seed = u64::from(number);
        let mut interface = Interface::new(config, &mut device, Instant::ZERO);
        interface.update_ip_addrs(|addresses| {
            addresses.push(IpCidr::new(IpAddress::v4(10, 0, 0, number), 24)).expect("room for an address");
        });
        Self {
            interface,
            device,
            sockets: SocketSet::new(Vec::new()),
            owned: Vec::new(),
            waiting: Vec::new(),
            free: Vec::new(),
            needs: *needs,
            peer: IpAddress::v4(10, 0, 0, 3 - number),
        }
    }

    #[inline(never)]
    fn poll(&mut self, now: Micros) {
        self.interface.poll(instant(now), &mut self.device, &mut self.sockets);
    }

    #[inline(never)]
    fn poll_at(&mut self, now: Micros) -> Option<Micros> {
        let at = self.interface.poll_at(instant(now), &self.sockets);
        at.map(|at| at.total_micros().max(0) as Micros)
    }

    fn restart(&mut self) {
        self.sockets = SocketSet::new(Vec::new());
        self.owned.clear();
        self.waiting.clear();
        self.free.clear();
    }

    fn listen(&mut self, port: u16, class: Class, backlog: usize) {
        for _ in 0..backlog {
            let place = self.add(class, Some(port));
            let handle = self.owned[place].handle;
            self.sockets.get_mut::<tcp::Socket>(handle).listen(port).expect("a fresh socket listens");
            self.waiting.push(place);
        }
    }

    fn accept(&mut self, port: u16) -> Option<Connection> {
        // The newest first: the port that is measured is found at once.
        let found = self.waiting.iter().rposition(|&place| {
            let owned = &self.owned[place];
            owned.listens == Some(port) && self.sockets.get::<tcp::Socket>(owned.handle).may_send()
        })?;
        let place = self.waiting.swap_remove(found);
        Some(Connection(place, self.owned[place].handle))
    }

    fn connect(&mut self, _now: Micros, local: u16, port: u16, class: Class) -> Connection {
        let free = self.free.iter().position(|&place| {
            let owned = &self.owned[place];
            owned.class == class && !self.sockets.get::<tcp::Socket>(owned.handle).is_open()
        });
        let place = match free {
            Some(found) => self.free.swap_remove(found),
            None => self.add(class, None),
        };
        let handle = self.owned[place].handle;
        let remote = IpEndpoint::new(self.peer, port);
        let socket = self.sockets.get_mut::<tcp::Socket>(handle);
        socket.connect(self.interface.context(), remote, local).expect("a closed socket connects");
        Connection(place, handle)
    }

    fn is_established(&self, connection: Connection) -> bool {
        self.sockets.get::<tcp::Socket>(connection.1).may_send()
    }

    fn send(&mut self, connection: Connection, data: &[u8]) -> usize {
        self.socket(connection).send_slice(data).expect("an open connection")
    }

    fn recv(&mut self, connection: Connection, buffer: &mut [u8]) -> usize {
        self.socket(connection).recv_slice(buffer).expect("an open connection")
    }

    fn send_with(&mut self, connection: Connection, f: impl FnOnce(&mut [u8]) -> usize) -> usize {
        let sent = self.socket(connection).send(|free| {
            let len = f(free);
            (len, len)
        });
        sent.expect("an open connection")
    }

    fn recv_with(&mut self, connection: Connection, f: impl FnOnce(&[u8]) -> usize) -> usize {
        let taken = self.socket(connection).recv(|data| {
            let len = f(data);
            (len, len)
        });
        taken.expect("an open connection")
    }

    fn close(&mut self, connection: Connection) {
        self.socket(connection).close();
    }

    fn is_over(&self, connection: Connection) -> bool {
        let state = self.sockets.get::<tcp::Socket>(connection.1).state();
        matches!(state, tcp::State::Closed | tcp::State::TimeWait)
    }

    fn release(&mut self, connection: Connection) {
        let Connection(place, handle) = connection;
        match self.owned[place].listens {
            Some(port) => {
                self.sockets.get_mut::<tcp::Socket>(handle).listen(port).expect("a closed socket listens");
                self.waiting.push(place);
            }
            None => self.free.push(place),
        }
    }

    fn bind(&mut self, port: u16) -> SocketHandle {
        let buffer = || udp::PacketBuffer::new(vec![udp::PacketMetadata::EMPTY; 64], vec![0; 128 * 1024]);
        let mut socket = udp::Socket::new(buffer(), buffer());
        socket.bind(port).expect("a fresh socket binds");
        self.sockets.add(socket)
    }

    fn send_to(&mut self, socket: SocketHandle, port: u16, data: &[u8]) -> bool {
        let remote = IpEndpoint::new(self.peer, port);
        self.sockets.get_mut::<udp::Socket>(socket).send_slice(data, remote).is_ok()
    }

    fn recv_from(&mut self, socket: SocketHandle, buffer: &mut [u8]) -> Option<usize> {
        self.sockets.get_mut::<udp::Socket>(socket).recv_slice(buffer).ok().map(|(len, _)| len)
    }
}
