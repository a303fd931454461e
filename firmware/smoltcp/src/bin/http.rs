//! All there is: a page over HTTP, echo over TCP and UDP, ping, groups.
#![no_std]
#![no_main]

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use cortex_m_rt::entry;
use smoltcp::iface::{SocketSet, SocketStorage};
use smoltcp::socket::{tcp, udp};
use smoltcp_images::{interface, rest, tcp_echo, turn, udp_echo, Port};
use tersus_board::{Board, Buffers};

const ANSWER: &[u8] = b"HTTP/1.0 200 OK\r\nServer: tersus\r\nContent-Type: text/html\r\nContent-Length: 98\r\n\
    Connection: close\r\n\r\n<!doctype html><title>tersus</title>\n<p>This page was served by a micro-controller of \
    QEMU's.</p>\n";

/// Groups that the host is in, for any router to see.
const GROUPS: [IpAddr; 2] =
    [IpAddr::V4(Ipv4Addr::new(239, 7, 7, 7)), IpAddr::V6(Ipv6Addr::new(0xff15, 0, 0, 0, 0, 0, 0, 7))];

#[entry]
fn main() -> ! {
    static mut BUFFERS: Buffers = Buffers::new();
    static mut UDP: udp_echo::Memory = udp_echo::Memory::new();
    static mut TCP: [tcp_echo::Memory; 4] = [const { tcp_echo::Memory::new() }; 4];
    static mut META: udp_echo::Meta = udp_echo::META;
    static mut SCRATCH: tcp_echo::Scratch = [0; 512];
    static mut SOCKETS: [SocketStorage<'static>; 5] = [SocketStorage::EMPTY; 5];

    let (mut board, device) = Board::start(BUFFERS);
    let mut port = Port(device);
    let mut interface = interface(&mut port);
    for group in GROUPS {
        let _ = interface.join_multicast_group(group);
    }
    let mut sockets = SocketSet::new(&mut SOCKETS[..]);
    let (socket, scratch) = udp_echo::open(UDP, META);
    let udp = sockets.add(socket);
    let mut number = 0;
    // The first two echo.
    let connections = TCP.each_mut().map(|memory| {
        number += 1;
        (sockets.add(tcp_echo::open(memory)), if number <= 2 { 7 } else { 80 })
    });
    loop {
        for (connection, port) in connections {
            let socket = sockets.get_mut::<tcp::Socket<'_>>(connection);
            if port == 7 {
                tcp_echo::serve(socket, port, SCRATCH);
            } else {
                page(socket);
            }
        }
        rest(&mut board, &mut interface, &sockets);
        turn(&mut board, &mut interface, &mut port, &mut sockets);
        udp_echo::serve(sockets.get_mut::<udp::Socket<'_>>(udp), scratch);
    }
}

/// Answers a request once its end is in the buffer.
fn page(socket: &mut tcp::Socket<'_>) {
    if !socket.is_open() {
        let _ = socket.listen(80);
        return;
    }
    if !socket.can_send() {
        return;
    }
    let is_complete = |data: &[u8]| data.windows(4).any(|end| end == b"\r\n\r\n");
    if socket.peek(2048).is_ok_and(is_complete) {
        let _ = socket.recv(|data| (data.len(), ()));
        let _ = socket.send_slice(ANSWER);
        socket.close();
    } else if !socket.may_recv() {
        socket.close();
    }
}
