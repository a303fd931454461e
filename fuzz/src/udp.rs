//! Target `udp`: calls of the user, datagrams, ICMP errors and turns over a fake IP layer.

use crate::steps;
use crate::transport::{check_sent, feed, refuse, Address, Arrival, Port, Refusal};
use arbitrary::{Arbitrary, Unstructured};
use core::net::SocketAddr;
use tersus_ip::fake::FakeIp;
use tersus_ip::{ErrorKind, IcmpError, InterfaceId, InterfaceSet, Outgoing, Path, Progress, Transport};
use tersus_udp::{Fragmentation, Handle, Local, SendMeta, Settings, Sharing, Storage, Udp, ZeroChecksum};
use tersus_wire::ip::pseudo_addresses;
use tersus_wire::{udp as wire, IpProtocol};

const SOCKETS: usize = 4;
const QUEUE: usize = 160;

#[derive(Arbitrary, Debug)]
enum Step {
    Bind { address: Option<Address>, port: Port, interface: Option<u8>, shared: bool },
    Connect { socket: u8, to: Address, port: Port },
    Disconnect { socket: u8 },
    Close { socket: u8, abort: bool },
    Set { socket: u8, hop_limit: u8, multicast_hop_limit: u8, traffic_class: u8, refuse_zero: bool },
    Send { socket: u8, meta: Meta, len: u8 },
    Recv { socket: u8, room: u8, how: u8 },
    Forward { from: u8, to: u8 },
    TakeError { socket: u8 },
    Datagram { from: Address, port: Port, to: Address, to_port: Port, data: Vec<u8>, no_checksum: bool },
    Octets { from: Address, to: Address, octets: Vec<u8> },
    Icmp { from: Address, to: Address, kind: u8, quoted: Vec<u8> },
    Turn { budget: u8 },
    World(Refusal),
    Wait { millis: u16 },
    Ephemeral { first: u16, last: u16 },
}

#[derive(Arbitrary, Debug)]
struct Meta {
    to: Option<(Address, Port)>,
    source: Option<Address>,
    interface: Option<u8>,
    hop_limit: u8,
    traffic_class: Option<u8>,
    never_fragment: bool,
}

/// Target `udp`.
///
/// # Panics
/// If a property is broken.
pub fn udp(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let mut storage = Storage::<SOCKETS, QUEUE, QUEUE, 2>::with_errors();
    let mut udp = Udp::new(&mut storage, [7; 32]);
    let mut buffer = vec![0xee; 2_000];
    let mut check = |path: &Path, outgoing: Outgoing, segment: &[u8]| {
        assert_eq!(outgoing.protocol, IpProtocol::UDP);
        check_sent(path, IpProtocol::UDP, segment);
    };
    let mut ip = FakeIp::new(&mut buffer, &mut check);
    ip.interface_count = 2;
    let mut handles = Vec::new();
    for _ in 0..200 {
        let Some(step) = steps::next::<Step>(&mut input) else { break };
        steps::trace(ip.now, &step);
        run(&step, &mut udp, &mut ip, &mut handles);
        assert!(udp.socket_count() <= SOCKETS);
    }
    // Resolutions end, while there is no room; then there is room, and all that was queued leaves.
    refuse(&mut ip, &Refusal::Full);
    while udp.transmit(&mut ip, &mut 16) == Progress::More {}
    ip.refusal = None;
    ip.room = InterfaceSet::ALL;
    for _ in 0..=SOCKETS * QUEUE {
        if udp.transmit(&mut ip, &mut 16) == Progress::Idle {
            assert_eq!(udp.poll_at(), None, "idle, but poll_at says now");
            break;
        }
    }
    assert_eq!(udp.transmit(&mut ip, &mut 16), Progress::Idle, "it never comes to rest");
    for handle in handles {
        if let Ok(empty) = udp.is_send_queue_empty(handle) {
            assert!(empty, "a datagram is kept for ever");
        }
        let _ = udp.close(handle);
    }
    assert_eq!(udp.socket_count(), 0, "a socket outlives its handle");
}

/// A handle by number, of open and of closed sockets.
fn pick(handles: &[Handle], number: u8) -> Option<Handle> {
    handles.get(usize::from(number) % handles.len().max(1)).copied()
}

fn run(step: &Step, udp: &mut Udp<'_>, ip: &mut FakeIp<'_>, handles: &mut Vec<Handle>) {
    let handle = match *step {
        Step::Connect { socket, .. }
        | Step::Disconnect { socket }
        | Step::Close { socket, .. }
        | Step::Set { socket, .. }
        | Step::Send { socket, .. }
        | Step::Recv { socket, .. }
        | Step::TakeError { socket } => pick(handles, socket),
        Step::Forward { from, .. } => pick(handles, from),
        _ => None,
    };
    match (step, handle) {
        (Step::Bind { address, port, interface, shared }, _) => {
            let local = Local {
                address: address.map(Address::get),
                port: port.get(),
                interface: interface.map(|interface| InterfaceId(interface % 3)),
                sharing: if *shared { Sharing::Shared } else { Sharing::Exclusive },
            };
            if let Ok(handle) = udp.bind(&local) {
                let bound = udp.local(handle).expect("just bound");
                assert!(bound.port != 0 && (local.port == 0 || bound.port == local.port));
                handles.push(handle);
                if handles.len() > 2 * SOCKETS {
                    handles.retain(|handle| udp.local(*handle).is_ok());
                }
            }
        }
        (Step::Connect { to, port, .. }, Some(handle)) => {
            let remote = SocketAddr::new(to.get(), port.get());
            if udp.connect(ip, handle, remote).is_ok() {
                assert_eq!(udp.remote(handle), Ok(Some(remote)));
            }
        }
        (Step::Disconnect { .. }, Some(handle)) => {
            let _ = udp.disconnect(handle);
        }
        (Step::Close { abort, .. }, Some(handle)) => {
            let _ = if *abort { udp.abort(handle) } else { udp.close(handle) };
            assert!(udp.local(handle).is_err(), "a closed handle is stale");
        }
        (Step::Set { hop_limit, multicast_hop_limit, traffic_class, refuse_zero, .. }, Some(handle)) => {
            let settings = Settings {
                hop_limit: *hop_limit,
                multicast_hop_limit: *multicast_hop_limit,
                traffic_class: *traffic_class,
                zero_checksum: if *refuse_zero { ZeroChecksum::Refuse } else { ZeroChecksum::Accept },
            };
            if udp.set(handle, &settings).is_ok() {
                assert_eq!(udp.settings(handle), Ok(settings));
            }
        }
        (Step::Send { meta, len, .. }, Some(handle)) => {
            let mut count = 0;
            let mut fill = |buffer: &mut [u8]| {
                count += 1;
                assert_eq!(buffer.len(), usize::from(*len));
                buffer.fill(0x33);
            };
            let result = udp.send_with(ip, handle, &send_meta(meta), usize::from(*len), &mut fill);
            assert_eq!(count, usize::from(result.is_ok()));
            let _ = udp.max_payload(ip, handle, &send_meta(meta));
        }
        (Step::Recv { room, how, .. }, Some(handle)) => receive(udp, handle, *room, *how),
        (Step::Forward { to, .. }, Some(from)) => {
            let Some(to) = pick(handles, *to) else { return };
            if let Ok(Some(meta)) = udp.peek(from) {
                let _ = udp.forward(ip, from, to, &SendMeta::reply_to(&meta));
            }
        }
        (Step::TakeError { .. }, Some(handle)) => {
            let _ = udp.take_error(handle);
        }
        (Step::Datagram { from, port, to, to_port, data, no_checksum }, _) => {
            let (from, to) = (from.get(), to.get());
            let mut octets = vec![0; wire::Repr::buffer_len(data.len())];
            let repr = wire::Repr { src_port: port.get(), dst_port: to_port.get() };
            if repr.emit(&mut octets, data, pseudo_addresses(from, to)).is_ok() {
                if *no_checksum {
                    octets[6..8].fill(0);
                }
                let protocol = IpProtocol::UDP;
                feed(udp, Arrival { now: ip.now, interface: 0, from, to, protocol }, octets);
            }
        }
        (Step::Octets { from, to, octets }, _) => {
            let (from, to, protocol) = (from.get(), to.get(), IpProtocol::UDP);
            feed(udp, Arrival { now: ip.now, interface: 1, from, to, protocol }, octets.clone());
        }
        (Step::Icmp { from, to, kind, quoted }, _) => {
            let kind = match kind % 9 {
                0 => ErrorKind::HostUnreachable,
                1 => ErrorKind::ProtocolUnreachable,
                2 => ErrorKind::PortUnreachable,
                3 => ErrorKind::Prohibited,
                4 => ErrorKind::TooBig(u16::from(*kind)),
                5 => ErrorKind::HopLimitExceeded,
                6 => ErrorKind::ReassemblyTimeExceeded,
                7 => ErrorKind::ParameterProblem,
                _ => ErrorKind::Other(*kind, 0),
            };
            let (local, remote) = (from.get(), to.get());
            let error =
                IcmpError { kind, reporter: remote, local, remote, protocol: IpProtocol::UDP, quoted };
            udp.error(ip.now, &error);
        }
        (Step::Turn { budget }, _) => turn(udp, ip, usize::from(*budget)),
        (Step::World(refusal), _) => refuse(ip, refusal),
        (Step::Wait { millis }, _) => ip.now += core::time::Duration::from_millis((*millis).into()),
        (Step::Ephemeral { first, last }, _) => udp.set_ephemeral_ports(*first..=*last),
        (_, None) => {}
    }
}

fn send_meta(meta: &Meta) -> SendMeta {
    SendMeta {
        remote: meta.to.map(|(address, port)| SocketAddr::new(address.get(), port.get())),
        source: meta.source.map(Address::get),
        interface: meta.interface.map(|interface| InterfaceId(interface % 3)),
        hop_limit: meta.hop_limit,
        traffic_class: meta.traffic_class,
        fragmentation: if meta.never_fragment { Fragmentation::Never } else { Fragmentation::Allow },
    }
}

fn receive(udp: &mut Udp<'_>, handle: Handle, room: u8, how: u8) {
    let peeked = udp.peek(handle);
    assert_eq!(udp.can_recv(handle), peeked.map(|meta| meta.is_some()));
    match how % 3 {
        0 => {
            let mut buffer = vec![0; room.into()];
            if let Ok(Some(received)) = udp.recv(handle, &mut buffer) {
                assert_eq!(Ok(Some(received.meta)), peeked);
                assert_eq!(received.copied, received.meta.len.min(buffer.len()));
            }
        }
        1 => {
            let _ = udp.recv_with(handle, |meta, octets| assert_eq!(octets.len(), meta.len));
        }
        _ => {
            let _ = udp.skip(handle);
        }
    }
}

/// A turn. Without progress, `poll_at` does not say "now" again.
fn turn(udp: &mut Udp<'_>, ip: &mut FakeIp<'_>, budget: usize) {
    let mut left = budget;
    let progress = udp.transmit(ip, &mut left);
    assert!(left <= budget);
    match progress {
        Progress::More => assert_eq!(left, 0, "More, with budget left"),
        Progress::Idle | Progress::Blocked(_) => {
            assert_eq!(udp.poll_at(), None, "{progress:?}, but poll_at says now");
        }
    }
}
