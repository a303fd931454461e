//! All there is, on the whole IP layer and the whole TCP: a page over HTTP, echo over TCP and UDP, ping, groups.
#![no_std]
#![no_main]

use cortex_m_rt::entry;
use tersus_board::{entropy, Board, Buffers, ADDRESS};
use tersus_iface::icmp::EchoResponder;
use tersus_iface::igmp::{self, Igmp};
use tersus_iface::phy::Ethernet;
#[cfg(feature = "objects")]
use tersus_iface::{ip::Transport, phy::LinkLayer};
use tersus_images::http::{self, Pages};
use tersus_images::tcp_echo::{self, Scratch, TcpStorage};
use tersus_images::udp_echo::{self, UdpStorage};
use tersus_images::{stack, turn, IpStorage};

#[entry]
fn main() -> ! {
    static mut BUFFERS: Buffers = Buffers::new();
    static mut IP: IpStorage = IpStorage::new();
    static mut IGMP: igmp::Storage<1, 4> = igmp::Storage::new();
    static mut UDP: UdpStorage = UdpStorage::with_errors();
    static mut TCP: TcpStorage<4, 2> = TcpStorage::new();
    static mut SCRATCH: Scratch = [0; 512];

    let (mut board, device) = Board::start(BUFFERS);
    let mut link: Ethernet<_> = Ethernet::new(device, ADDRESS);
    let mut stack = stack(IP);
    let mut icmp = EchoResponder::default();
    let mut igmp = Igmp::new(IGMP, igmp::Config::default(), entropy(4));
    let (mut udp, socket) = udp_echo::open(UDP);
    let mut tcp = tcp_echo::open(TCP, &tcp_echo::USUAL, &tcp_echo::RENO);
    let mut pages = Pages::open(&mut tcp);
    loop {
        #[cfg(not(feature = "objects"))]
        turn(&mut board, &mut stack, &mut link, &mut (&mut icmp, &mut igmp, &mut udp, &mut tcp));
        #[cfg(feature = "objects")]
        turn::<dyn LinkLayer, [&mut dyn Transport]>(
            &mut board,
            &mut stack,
            &mut link,
            &mut [&mut icmp, &mut igmp, &mut udp, &mut tcp],
        );
        udp_echo::serve(&stack.ip, &mut udp, socket);
        http::serve(&mut tcp, &mut pages, SCRATCH);
        #[cfg(not(feature = "objects"))]
        board.sleep(stack.poll_at_with(&[&link], &(&mut icmp, &mut igmp, &mut udp, &mut tcp)));
        #[cfg(feature = "objects")]
        board.sleep(stack.poll_at(&[&link], &[&icmp, &igmp, &udp, &tcp]));
    }
}
