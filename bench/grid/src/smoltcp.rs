//! A host that runs smoltcp 0.14.

use crate::host::{Counters, Host, Micros, Role, Settings, Shared, View, MTU, PORT};
use smoltcp_crate::iface::{Config, Interface, SocketHandle, SocketSet};
use smoltcp_crate::phy::{Device, DeviceCapabilities, Medium};
use smoltcp_crate::socket::tcp::{CongestionControl, Socket, SocketBuffer};
use smoltcp_crate::time::Instant;
use smoltcp_crate::wire::{HardwareAddress, IpAddress, IpCidr};

struct Wire(Shared);
pub struct Rx(Vec<u8>);
pub struct Tx<'a>(&'a Shared);

impl Device for Wire {
    type RxToken<'a> = Rx;
    type TxToken<'a> = Tx<'a>;

    fn receive(&mut self, _now: Instant) -> Option<(Rx, Tx<'_>)> {
        if self.0.borrow().room == 0 {
            return None;
        }
        let packet = self.0.borrow_mut().inbox.pop_front()?;
        Some((Rx(packet), Tx(&self.0)))
    }

    fn transmit(&mut self, _now: Instant) -> Option<Tx<'_>> {
        let has_room = self.0.borrow().room > 0;
        has_room.then_some(Tx(&self.0))
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        capabilities.medium = Medium::Ip;
        capabilities.max_transmission_unit = MTU;
        capabilities
    }
}

impl smoltcp_crate::phy::RxToken for Rx {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, f: F) -> R {
        f(&self.0)
    }
}

impl smoltcp_crate::phy::TxToken for Tx<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, len: usize, f: F) -> R {
        let mut packet = vec![0; len];
        let result = f(&mut packet);
        let mut port = self.0.borrow_mut();
        port.room -= 1;
        port.outbox.push_back(packet);
        result
    }
}

pub struct Smoltcp {
    interface: Interface,
    device: Wire,
    sockets: SocketSet<'static>,
    socket: SocketHandle,
}

fn instant(now: Micros) -> Instant {
    Instant::from_micros(now as i64)
}

impl Smoltcp {
    pub fn new(role: Role, port: Shared, settings: &Settings, control: CongestionControl) -> Self {
        let mut device = Wire(port);
        let mut config = Config::new(HardwareAddress::Ip);
        config.random_seed = settings.seed * 2 + u64::from(role == Role::Sender);
        let mut interface = Interface::new(config, &mut device, Instant::ZERO);
        let address = |role| IpAddress::v4(10, 0, 0, if role == Role::Sender { 1 } else { 2 });
        interface.update_ip_addrs(|addresses| {
            addresses.push(IpCidr::new(address(role), 24)).expect("room for an address");
        });
        let buffer = || SocketBuffer::new(vec![0; settings.buffer]);
        let mut socket = Socket::new(buffer(), buffer());
        socket.set_congestion_control(control);
        match role {
            Role::Receiver => socket.listen(PORT).expect("a fresh socket listens"),
            Role::Sender => {
                let remote = (address(Role::Receiver), PORT);
                socket.connect(interface.context(), remote, 49_152).expect("a fresh socket connects");
            }
        }
        let mut sockets = SocketSet::new(Vec::new());
        let socket = sockets.add(socket);
        Self { interface, device, sockets, socket }
    }

    fn socket(&mut self) -> &mut Socket<'static> {
        self.sockets.get_mut(self.socket)
    }
}

impl Host for Smoltcp {
    fn poll(&mut self, now: Micros) {
        self.interface.poll(instant(now), &mut self.device, &mut self.sockets);
    }

    fn poll_at(&mut self, now: Micros) -> Option<Micros> {
        let at = self.interface.poll_at(instant(now), &self.sockets);
        at.map(|at| at.total_micros().max(0) as Micros)
    }

    fn send(&mut self, data: &[u8]) -> usize {
        if !self.socket().may_send() {
            return 0;
        }
        self.socket().send_slice(data).unwrap_or(0)
    }

    fn recv(&mut self, buffer: &mut [u8]) -> usize {
        self.socket().recv_slice(buffer).unwrap_or(0)
    }

    fn view(&mut self) -> View {
        View::default()
    }

    fn counters(&self) -> Counters {
        Counters::new()
    }
}
