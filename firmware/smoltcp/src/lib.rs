//! smoltcp on the same board: the driver behind its `Device`, the interface, and the echo services.
//!
//! Panics are reachable here, so they end in a loop instead of an undefined symbol.
#![no_std]

mod device;
#[cfg(feature = "tcp")]
pub mod tcp_echo;
#[cfg(feature = "udp")]
pub mod udp_echo;

pub use device::Port;

use core::panic::PanicInfo;
use smoltcp::iface::{Config, Interface, SocketSet};
use smoltcp::time::Instant;
#[cfg(any(feature = "ipv4", feature = "ipv6"))]
use smoltcp::wire::{EthernetAddress, HardwareAddress, IpAddress, IpCidr};
use tersus_board::{Board, ADDRESS};

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    tersus_board::halt()
}

/// The interface with the addresses of all images: 10.0.0.2/24 and fd00::2/64.
pub fn interface(port: &mut Port) -> Interface {
    let mut config = Config::new(HardwareAddress::Ethernet(EthernetAddress(ADDRESS)));
    let [a, b, c, d, e, f, g, h, ..] = tersus_board::entropy(1);
    config.random_seed = u64::from_ne_bytes([a, b, c, d, e, f, g, h]);
    let mut interface = Interface::new(config, port, Instant::ZERO);
    interface.update_ip_addrs(|addresses| {
        #[cfg(feature = "ipv4")]
        let _ = addresses.push(IpCidr::new(IpAddress::v4(10, 0, 0, 2), 24));
        #[cfg(feature = "ipv6")]
        let _ = addresses.push(IpCidr::new(IpAddress::v6(0xFD00, 0, 0, 0, 0, 0, 0, 2), 64));
    });
    interface
}

/// One turn.
pub fn turn(board: &mut Board, interface: &mut Interface, port: &mut Port, sockets: &mut SocketSet<'_>) {
    let now = instant(board.acknowledge());
    interface.poll(now, port, sockets);
}

/// Sleeps until the next turn.
pub fn rest(board: &mut Board, interface: &mut Interface, sockets: &SocketSet<'_>) {
    let now = instant(board.clock.now());
    let at = interface.poll_at(now, sockets);
    board.sleep(at.map(|at| tersus_phy::Instant::from_micros(u64::try_from(at.total_micros()).unwrap_or(0))));
}

fn instant(now: tersus_phy::Instant) -> Instant {
    Instant::from_micros(i64::try_from(now.micros()).unwrap_or(i64::MAX))
}
