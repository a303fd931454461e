//! UDP echo; no ping.
#![no_std]
#![no_main]

use cortex_m_rt::entry;
use smoltcp::iface::{SocketSet, SocketStorage};
use smoltcp::socket::udp::Socket;
use smoltcp_images::udp_echo::{self, Memory};
use smoltcp_images::{interface, rest, turn, Port};
use tersus_board::{Board, Buffers};

#[entry]
fn main() -> ! {
    static mut BUFFERS: Buffers = Buffers::new();
    static mut UDP: Memory = Memory::new();
    static mut META: udp_echo::Meta = udp_echo::META;
    static mut SOCKETS: [SocketStorage<'static>; 1] = [SocketStorage::EMPTY];

    let (mut board, device) = Board::start(BUFFERS);
    let mut port = Port(device);
    let mut interface = interface(&mut port);
    let mut sockets = SocketSet::new(&mut SOCKETS[..]);
    let (socket, scratch) = udp_echo::open(UDP, META);
    let udp = sockets.add(socket);
    loop {
        turn(&mut board, &mut interface, &mut port, &mut sockets);
        udp_echo::serve(sockets.get_mut::<Socket<'_>>(udp), scratch);
        rest(&mut board, &mut interface, &sockets);
    }
}
