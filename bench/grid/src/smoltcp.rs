//! A host that runs smoltcp 0.14.

use crate::host::{Counters, Host, Micros, Role, Settings, Shared, Timestamps, View, MTU, PORT};
use smoltcp_crate::iface::{Config, Interface, SocketHandle, SocketSet};
use smoltcp_crate::phy::{Device, DeviceCapabilities, Medium};
use smoltcp_crate::socket::tcp::{CongestionControl, Socket, SocketBuffer};
use smoltcp_crate::time::Instant;
use smoltcp_crate::wire::{HardwareAddress, IpAddress, IpCidr};
use std::cell::Cell;

thread_local! {
    /// The clock of timestamps, in milliseconds: smoltcp asks a plain function for it. A run stays on its thread.
    static CLOCK: Cell<u32> = const { Cell::new(0) };
}

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
        if settings.timestamps == Timestamps::All {
            socket.set_tsval_generator(Some(|| CLOCK.get()));
        }
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
        // From 1 on: an echo of 0 says that nothing was received.
        CLOCK.set((now / 1_000) as u32 + 1);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::Repair;
    use crate::subject::Subject;
    use tersus_iface::wire::tcp::TcpOption;
    use tersus_iface::wire::{ipv4, tcp};

    /// How many segments of each end have timestamps, of so many, while data flow for a second.
    fn with_timestamps(of: Subject, timestamps: Timestamps) -> [(usize, usize); 2] {
        let settings = Settings {
            repair: Repair::Undo,
            timestamps,
            buffer: 65_536,
            rto_min_ms: 1_000,
            records: 64,
            asks_for_ecn: false,
            seed: 1,
            watch: None,
        };
        let mut memory = [of.memory(&settings), of.memory(&settings)];
        let ports = [Shared::default(), Shared::default()];
        let [first, second] = &mut memory;
        let mut hosts = [
            of.host(Role::Sender, ports[0].clone(), &settings, first.as_mut()),
            of.host(Role::Receiver, ports[1].clone(), &settings, second.as_mut()),
        ];
        let mut counts = [(0, 0); 2];
        for now in (1..200).map(|turn| turn * 5_000) {
            for side in 0..2 {
                ports[side].borrow_mut().room = 100;
                hosts[side].poll(now);
                for packet in core::mem::take(&mut ports[side].borrow_mut().outbox) {
                    let ip = ipv4::Packet::parse(&packet).expect("a packet");
                    let segment = tcp::Packet::parse(ip.payload()).expect("a segment");
                    let has = segment.options().any(|option| matches!(option, Ok(TcpOption::Timestamps(_))));
                    counts[side].0 += usize::from(has);
                    counts[side].1 += 1;
                    ports[1 - side].borrow_mut().inbox.push_back(packet);
                }
            }
            hosts[0].send(&[0; 4096]);
            hosts[1].recv(&mut [0; 65536]);
        }
        counts
    }

    #[test]
    fn timestamps_are_sent_by_whom_the_run_says() {
        let (ours, theirs) = (Subject::TersusCubic, Subject::SmoltcpCubic);
        for (of, timestamps, want) in [
            (ours, Timestamps::All, true),
            (theirs, Timestamps::All, true),
            (ours, Timestamps::None, false),
            (theirs, Timestamps::None, false),
            (ours, Timestamps::Default, true),
            (theirs, Timestamps::Default, false),
        ] {
            for (with, all) in with_timestamps(of, timestamps) {
                assert!(all > 100, "{of:?}: {all} segments");
                assert_eq!(with, if want { all } else { 0 }, "{of:?}, {timestamps:?}: of {all}");
            }
        }
    }
}
