//! A stack without `iface`: one Ethernet link, IPv4, one UDP socket that echoes, composed by hand. Another host on the
//! same wire in memory talks to it.
//!
//! Depends on `tersus-phy`, `tersus-ip` and `tersus-udp`, as a sensor would.

use tersus_ip::{Config, InterfaceId, Ip, Storage, Transports};
use tersus_phy::{memory, Device, Ethernet, Instant, Medium};
use tersus_udp::{Local, SendMeta, Udp};

/// One interface, one address, no route, two neighbours.
struct Host<'a, D> {
    ip: Ip<'a>,
    ethernet: Ethernet<D>,
    udp: Udp<'a>,
}

impl<D: Device> Host<'_, D> {
    /// One turn: what `iface::Stack::poll` does, without its fairness.
    fn poll(&mut self, now: Instant) {
        let Self { ip, ethernet, udp } = self;
        ip.service(now, &mut [&mut *ethernet]);
        ip.receive(now, InterfaceId(0), &mut *ethernet, 16, &mut (&mut *udp,));
        (&mut *udp,).transmit(&mut ip.out(now, &mut [&mut *ethernet]), &mut 16, 0);
        ip.maintain(now, &mut [&mut *ethernet]);
    }
}

fn main() -> Result<(), Box<dyn core::error::Error>> {
    // All memory is on this stack; on a micro-controller it would lie in statics.
    let mut storage = memory::Storage::<4, 1514>::new();
    let wire = memory::Wire::new(&mut storage, Medium::Ethernet, [1; 32]);
    let (left, right) = wire.ends();
    let (mut ip_left, mut ip_right) = (Storage::<1, 1, 0, 2>::new(), Storage::<1, 1, 0, 2>::new());
    let (mut udp_left, mut udp_right) =
        (tersus_udp::Storage::<1, 2048, 2048>::new(), tersus_udp::Storage::<1, 2048, 2048>::new());

    let mut sensor = Host {
        ip: Ip::new(&mut ip_left, [2; 32], Config::default()),
        ethernet: Ethernet::new(left, [2, 0, 0, 0, 0, 1]),
        udp: Udp::new(&mut udp_left, [3; 32]),
    };
    let mut server = Host {
        ip: Ip::new(&mut ip_right, [4; 32], Config::default()),
        ethernet: Ethernet::new(right, [2, 0, 0, 0, 0, 2]),
        udp: Udp::new(&mut udp_right, [5; 32]),
    };
    sensor.ip.add_address(InterfaceId(0), "192.0.2.1/24".parse()?)?;
    server.ip.add_address(InterfaceId(0), "192.0.2.2/24".parse()?)?;

    let echo = server.udp.bind(&Local::port(7))?;
    let socket = sensor.udp.bind(&Local::ANY)?;
    // The first turn reads what the links are: before it no route leads anywhere.
    sensor.poll(Instant::ZERO);
    sensor.udp.send_meta(&sensor.ip, socket, &SendMeta::to("192.0.2.2:7".parse()?), b"21.5 degrees")?;

    let mut buffer = [0; 100];
    for millisecond in 1..1000 {
        let now = Instant::from_millis(millisecond);
        sensor.poll(now);
        server.poll(now);
        if let Some(received) = server.udp.recv(echo, &mut buffer)? {
            let data = buffer.get(..received.copied).unwrap_or_default();
            server.udp.send_meta(&server.ip, echo, &SendMeta::reply_to(&received.meta), data)?;
        }
        if let Some(received) = sensor.udp.recv(socket, &mut buffer)? {
            let data = buffer.get(..received.copied).unwrap_or_default();
            println!("{} came back after {now}", String::from_utf8_lossy(data));
            return Ok(());
        }
    }
    Err("nothing came back".into())
}
