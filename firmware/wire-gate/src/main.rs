//! Every parser of `tersus-wire` on any frame, and every repr emitted into a buffer that may be too short.
//!
//! **The gate.** The panic handler calls a function that does not exist: if a path to a panic survives the optimiser,
//! the link fails with `undefined symbol: a_panic_is_reachable`. The image is to be linked, not to be run: what the
//! frame holds, how long it is and how much room there is are hidden from the optimiser.
//!
//! Left out is what prints: `core::fmt` is not written to be free of panics.
#![no_std]
#![no_main]

mod control;
mod emit;
mod reprs;

use core::hint::black_box;
use core::panic::PanicInfo;
use cortex_m_rt::entry;
use tersus_board as _;
use tersus_wire::sixlowpan::{Contexts, LinkAddresses};
use tersus_wire::walk::{Medium, Walk};
use tersus_wire::{checksum, ipv4, ipv6, ipv6_ext, sixlowpan, vlan};

const MEDIA: [Medium; 7] = [
    Medium::Ethernet,
    Medium::Ip,
    Medium::Ieee802154,
    Medium::Ieee802154Fcs,
    Medium::Loopback,
    Medium::LinuxCooked,
    Medium::LinuxCooked2,
];

#[entry]
fn main() -> ! {
    static mut FRAME: [u8; 2048] = [0; 2048];
    static mut SCRATCH: [u8; 2048] = [0; 2048];
    static mut OUT: [u8; 1024] = [0; 1024];
    loop {
        for medium in MEDIA {
            let frame = black_box(&mut FRAME[..]).get(..black_box(100)).unwrap_or_default();
            let scratch = black_box(&mut SCRATCH[..]).get_mut(..black_box(100)).unwrap_or_default();
            let out = black_box(&mut OUT[..]).get_mut(..black_box(100)).unwrap_or_default();
            frames(frame, out);
            control::all(frame, out);
            reprs::all(frame, out);
            for layer in Walk::new(black_box(medium), frame, scratch) {
                emit::layer(&layer, out);
            }
        }
    }
}

/// What the walk does not use.
fn frames(frame: &[u8], out: &mut [u8]) {
    if let Ok(packet) = vlan::Packet::parse(frame) {
        if let Ok(repr) = vlan::Repr::parse(&packet) {
            black_box(repr.emit(out).is_ok());
        }
    }
    black_box(ipv4::set_hop_limit(out, black_box(1)).is_ok());
    black_box(ipv4::set_traffic_class(out, black_box(1)).is_ok());
    black_box(
        ipv4::set_addresses(out, black_box([10, 0, 0, 1].into()), black_box([10, 0, 0, 2].into())).is_ok(),
    );
    black_box(ipv6::set_hop_limit(out, black_box(1)).is_ok());
    black_box(ipv6::set_traffic_class(out, black_box(1)).is_ok());
    black_box(checksum::update_bytes(black_box(1), frame, out));
    let contexts = black_box(Contexts::new());
    let link = black_box(LinkAddresses::default());
    black_box(sixlowpan::compress(frame, &link, &contexts, out).is_ok());
    let limits = ipv6_ext::Limits::default();
    let part = black_box(ipv6_ext::Part::Packet);
    black_box(ipv6_ext::walk(black_box(tersus_wire::IpProtocol(0)), frame, part, &limits));
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    extern "C" {
        fn a_panic_is_reachable() -> !;
    }
    // SAFETY: no image has this function, so none that calls it is linked.
    unsafe { a_panic_is_reachable() }
}
