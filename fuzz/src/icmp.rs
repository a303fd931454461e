//! Target `icmp`: sockets, requests, replies, errors and turns over a fake IP layer.

use crate::packet::Payload;
use crate::steps;
use crate::transport::{check_sent, feed, refuse, Address, Arrival, Refusal};
use arbitrary::{Arbitrary, Unstructured};
use tersus_icmp::{Answering, EchoMeta, Filter, Fragmentation, Handle, Icmp, Storage};
use tersus_ip::fake::FakeIp;
use tersus_ip::{
    ErrorKind, IcmpError, Instant, InterfaceId, InterfaceSet, Outgoing, Path, Progress, Transport,
};
use tersus_wire::IpProtocol;

const SOCKETS: usize = 3;
const QUEUE: usize = 200;

#[derive(Arbitrary, Debug)]
enum Step {
    BindEcho { identifier: Option<u16> },
    BindErrors { protocol: Option<u8>, port: Option<u8> },
    Close { socket: u8 },
    Send { socket: u8, to: Address, source: Option<Address>, interface: Option<u8>, len: u8, never: bool },
    Recv { socket: u8, room: u8, in_place: bool },
    Answering { kind: u8 },
    Message { from: Address, to: Address, payload: Payload },
    Error { from: Address, to: Address, protocol: u8, kind: u8, quoted: Vec<u8> },
    Turn { budget: u8 },
    World(Refusal),
    Wait { millis: u16 },
}

/// Target `icmp`.
///
/// # Panics
/// If a property is broken.
pub fn icmp(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let mut storage = Storage::<SOCKETS, QUEUE, QUEUE>::new();
    let mut icmp = Icmp::new(&mut storage, [7; 32]);
    let mut buffer = vec![0xee; 2_000];
    let mut check = |path: &Path, outgoing: Outgoing, segment: &[u8]| {
        check_sent(path, outgoing.protocol, segment);
    };
    let mut ip = FakeIp::new(&mut buffer, &mut check);
    ip.interface_count = 2;
    let mut handles = Vec::new();
    let mut accepted = 0;
    for _ in 0..200 {
        let Some(step) = steps::next::<Step>(&mut input) else { break };
        steps::trace(ip.now, &step);
        accepted += run(&step, &mut icmp, &mut ip, &mut handles);
        assert!(icmp.socket_count() <= SOCKETS);
    }
    // Resolutions end, while there is no room; then there is room, and all that was queued leaves.
    refuse(&mut ip, &Refusal::Full);
    while icmp.transmit(&mut ip, &mut 16) == Progress::More {}
    ip.refusal = None;
    ip.room = InterfaceSet::ALL;
    for _ in 0..=QUEUE {
        if icmp.transmit(&mut ip, &mut 16) == Progress::Idle {
            break;
        }
    }
    assert_eq!(icmp.transmit(&mut ip, &mut 16), Progress::Idle, "it never comes to rest");
    assert_eq!(icmp.poll_at(), None);
    let statistics = icmp.statistics();
    assert_eq!(accepted, statistics.sent + statistics.unsent, "a request is kept for ever");
    for handle in handles {
        let _ = icmp.close(handle);
    }
    assert_eq!(icmp.socket_count(), 0);
}

/// Does a step; returns how many requests were accepted in it.
fn run(step: &Step, icmp: &mut Icmp<'_>, ip: &mut FakeIp<'_>, handles: &mut Vec<Handle>) -> u32 {
    let pick = |number: u8| handles.get(usize::from(number) % handles.len().max(1)).copied();
    match step {
        Step::BindEcho { identifier } => {
            if let Ok(handle) = icmp.bind_echo(*identifier) {
                assert!(identifier.is_none() || icmp.identifier(handle) == Ok(*identifier));
                handles.push(handle);
            }
        }
        Step::BindErrors { protocol, port } => {
            let filter = match (protocol, port) {
                (None, _) => Filter::All,
                (Some(protocol), None) => Filter::Protocol(IpProtocol(*protocol)),
                (Some(protocol), Some(port)) => Filter::Port(IpProtocol(*protocol), (*port).into()),
            };
            handles.extend(icmp.bind_errors(filter));
        }
        Step::Close { socket } => {
            if let Some(handle) = pick(*socket) {
                let _ = icmp.close(handle);
                assert!(icmp.identifier(handle).is_err(), "a closed handle is stale");
            }
        }
        Step::Send { socket, to, source, interface, len, never } => {
            let Some(handle) = pick(*socket) else { return 0 };
            let meta = EchoMeta {
                source: source.map(Address::get),
                interface: interface.map(|interface| InterfaceId(interface % 3)),
                fragmentation: if *never { Fragmentation::Never } else { Fragmentation::Allow },
                ..EchoMeta::to(to.get(), (*len).into())
            };
            let mut count = 0;
            let result = icmp.send_echo_with(ip, handle, &meta, (*len).into(), &mut |buffer: &mut [u8]| {
                count += 1;
                assert_eq!(buffer.len(), usize::from(*len));
                buffer.fill(0x33);
            });
            assert_eq!(count, u32::from(result.is_ok()));
            return count;
        }
        Step::Recv { socket, room, in_place } => {
            let Some(handle) = pick(*socket) else { return 0 };
            let can = icmp.can_recv(handle);
            let got = if *in_place {
                icmp.recv_with(handle, |received, data| {
                    assert_eq!(received.len, data.len());
                    *received
                })
            } else {
                icmp.recv(handle, &mut vec![0; (*room).into()])
            };
            assert_eq!(can, got.map(|got| got.is_some()));
        }
        Step::Answering { kind } => icmp.set_answering(match kind % 3 {
            0 => Answering::Always,
            1 => Answering::Never,
            _ => Answering::Limited(tersus_ip::rate_limit::Rate::default()),
        }),
        Step::Message { from, to, payload } => {
            let (from, to) = (from.get(), to.get());
            let (protocol, octets) = payload.build(from, to);
            feed(icmp, Arrival { now: ip.now, interface: 0, from, to, protocol }, octets);
        }
        Step::Error { from, to, protocol, kind, quoted } => {
            let (local, remote) = (from.get(), to.get());
            let kind = match kind % 4 {
                0 => ErrorKind::HostUnreachable,
                1 => ErrorKind::TooBig((*kind).into()),
                2 => ErrorKind::Other(*kind, 1),
                _ => ErrorKind::ParameterProblem,
            };
            let protocol = IpProtocol(*protocol);
            icmp.error(ip.now, &IcmpError { kind, reporter: remote, local, remote, protocol, quoted });
        }
        Step::Turn { budget } => {
            let mut left = usize::from(*budget);
            let progress = icmp.transmit(ip, &mut left);
            assert!(left <= usize::from(*budget));
            if progress != Progress::More {
                assert_eq!(icmp.poll_at(), None, "{progress:?}, but poll_at says now");
            }
        }
        Step::World(refusal) => refuse(ip, refusal),
        Step::Wait { millis } => {
            ip.now = Instant::from_micros(ip.now.micros() + u64::from(*millis) * 1_000);
        }
    }
    0
}
