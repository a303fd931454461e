//! TCP echo; ping by a feature of smoltcp's.
#![no_std]
#![no_main]

use cortex_m_rt::entry;
use smoltcp::iface::{SocketSet, SocketStorage};
use smoltcp::socket::tcp::Socket;
use smoltcp_images::tcp_echo::{self, Memory, Scratch};
use smoltcp_images::{interface, rest, turn, Port};
use tersus_board::{Board, Buffers};

#[entry]
fn main() -> ! {
    static mut BUFFERS: Buffers = Buffers::new();
    static mut TCP: [Memory; 2] = [const { Memory::new() }; 2];
    static mut SCRATCH: Scratch = [0; 512];
    static mut SOCKETS: [SocketStorage<'static>; 2] = [SocketStorage::EMPTY; 2];

    let (mut board, device) = Board::start(BUFFERS);
    let mut port = Port(device);
    let mut interface = interface(&mut port);
    let mut sockets = SocketSet::new(&mut SOCKETS[..]);
    let connections = TCP.each_mut().map(|memory| sockets.add(tcp_echo::open(memory)));
    for connection in connections {
        tcp_echo::serve(sockets.get_mut::<Socket<'_>>(connection), 7, SCRATCH);
    }
    loop {
        turn(&mut board, &mut interface, &mut port, &mut sockets);
        for connection in connections {
            tcp_echo::serve(sockets.get_mut::<Socket<'_>>(connection), 7, SCRATCH);
        }
        rest(&mut board, &mut interface, &sockets);
    }
}
