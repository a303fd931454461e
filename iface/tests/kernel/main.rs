//! tersus against the Linux kernel: the examples in a network namespace of their own, the kernel's programs beside
//! them, a TAP between.
//!
//! Needs root, `/dev/net/tun`, and ip(8), ping(8), curl(1) and python3. Without them each test says so on the
//! terminal and does nothing; with `TERSUS_KERNEL_TESTS=required` in the environment it fails instead. The examples
//! must have been built: `cargo build --release --examples`.

#[cfg(test)]
mod crowds;
#[cfg(test)]
mod errors;
#[cfg(test)]
mod groups;
#[cfg(test)]
mod impaired;
#[cfg(test)]
mod links;
#[cfg(test)]
mod ping;
#[cfg(test)]
mod tcp;
#[cfg(test)]
mod udp;
#[cfg(test)]
mod world;
