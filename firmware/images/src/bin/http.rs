//! A page over HTTP, echo over TCP and UDP, ping, groups, fragments.
#![no_std]
#![no_main]

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use cortex_m_rt::entry;
use tersus_board::{entropy, halt, Board, Buffers, ADDRESS};
use tersus_iface::icmp::EchoResponder;
use tersus_iface::igmp::small::{self as igmp, SmallIgmp};
use tersus_iface::ip::small::FragmentStorage;
use tersus_iface::ip::Membership;
use tersus_iface::phy::Ethernet;
#[cfg(feature = "objects")]
use tersus_iface::{ip::Transport, phy::LinkLayer};
use tersus_images::small::{host, turn, HostStorage};
use tersus_images::small_echo::Scratch;
use tersus_images::small_http::{self, Served, TcpStorage};
use tersus_images::small_udp_echo::{self, UdpStorage};

/// Groups that the host is in: that in which routers ask, and two for any router to see.
const GROUPS: [IpAddr; 3] = [
    IpAddr::V4(Ipv4Addr::new(224, 0, 0, 1)),
    IpAddr::V4(Ipv4Addr::new(239, 7, 7, 7)),
    IpAddr::V6(Ipv6Addr::new(0xff15, 0, 0, 0, 0, 0, 0, 7)),
];

#[entry]
fn main() -> ! {
    static mut BUFFERS: Buffers = Buffers::new();
    static mut IP: HostStorage = HostStorage::new();
    static mut FRAGMENTS: FragmentStorage<2048> = FragmentStorage::new();
    static mut GROUP_TABLE: [Membership; 5] = [Membership::FREE; 5];
    static mut IGMP: igmp::Storage<4> = igmp::Storage::new();
    static mut UDP: UdpStorage = UdpStorage::new();
    static mut TCP: TcpStorage = TcpStorage::new();
    static mut SCRATCH: Scratch = [0; 512];

    let (mut board, device) = Board::start(BUFFERS);
    let mut link: Ethernet<_> = Ethernet::new(device, ADDRESS);
    let mut ip = host(IP);
    ip.use_fragments(FRAGMENTS, entropy(1));
    ip.use_groups(GROUP_TABLE);
    for group in GROUPS {
        if ip.join(&mut link, group).is_err() {
            halt();
        }
    }
    let mut icmp = EchoResponder::default();
    let mut igmp = SmallIgmp::new(IGMP, entropy(4));
    let (mut udp, socket) = small_udp_echo::open(UDP);
    let mut tcp = small_http::open(TCP);
    let mut served: Served = Served::default();
    loop {
        #[cfg(not(feature = "objects"))]
        turn(&mut board, &mut ip, &mut link, &mut (&mut icmp, &mut igmp, &mut udp, &mut tcp));
        #[cfg(feature = "objects")]
        turn::<dyn LinkLayer, [&mut dyn Transport]>(
            &mut board,
            &mut ip,
            &mut link,
            &mut [&mut icmp, &mut igmp, &mut udp, &mut tcp],
        );
        small_udp_echo::serve(&mut udp, socket);
        small_http::serve(&mut tcp, &mut served, SCRATCH);
        #[cfg(not(feature = "objects"))]
        board.sleep(ip.poll_at(&link, &(&mut icmp, &mut igmp, &mut udp, &mut tcp)));
        #[cfg(feature = "objects")]
        board.sleep(ip.poll_at::<dyn LinkLayer, [&mut dyn Transport]>(
            &link,
            &[&mut icmp, &mut igmp, &mut udp, &mut tcp],
        ));
    }
}
