//! What the images share: the panic gate, addresses, and the echo services.
//!
//! **The panic gate.** The panic handler calls a function that does not exist. If the optimiser leaves any path to a
//! panic, the handler is linked, and the linker fails with `undefined symbol: a_panic_is_reachable`: an image that
//! exists cannot panic. This holds for what it links, at the optimisation level it was built with.
#![no_std]

#[cfg(feature = "igmp")]
mod compose;
#[cfg(feature = "igmp")]
pub mod http;
#[cfg(feature = "tcp")]
pub mod page;
pub mod small;
#[cfg(feature = "tcp")]
pub mod small_echo;
#[cfg(feature = "tcp")]
pub mod small_http;
#[cfg(feature = "udp")]
pub mod small_udp_echo;
#[cfg(feature = "tcp")]
pub mod tcp_echo;
#[cfg(feature = "udp")]
pub mod udp_echo;

#[cfg(feature = "igmp")]
pub use compose::{stack, turn, IpStorage};

use core::panic::PanicInfo;

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    extern "C" {
        fn a_panic_is_reachable() -> !;
    }
    // SAFETY: no image has this function, so none that calls it is linked.
    unsafe { a_panic_is_reachable() }
}
