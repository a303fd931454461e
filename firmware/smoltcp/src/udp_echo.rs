//! Echo over UDP, RFC 862.

use smoltcp::socket::udp::{PacketBuffer, PacketMetadata, Socket};

/// Memory of one socket of 2 KiB each way.
pub struct Memory {
    rx: [u8; 2048],
    tx: [u8; 2048],
    scratch: [u8; 1472],
}

/// Memory of what is known of queued datagrams, apart since it is not all zeros: it lies in `.data`.
pub type Meta = [[PacketMetadata; 4]; 2];

/// Empty.
pub const META: Meta = [[PacketMetadata::EMPTY; 4]; 2];

impl Memory {
    /// Empty.
    pub const fn new() -> Self {
        Self { rx: [0; 2048], tx: [0; 2048], scratch: [0; 1472] }
    }
}

impl Default for Memory {
    fn default() -> Self {
        Self::new()
    }
}

/// The socket on port 7, and a buffer for what it echoes: what is received can only be borrowed from the socket.
pub fn open(memory: &'static mut Memory, meta: &'static mut Meta) -> (Socket<'static>, &'static mut [u8]) {
    let Memory { rx, tx, scratch } = memory;
    let [rx_meta, tx_meta] = meta;
    let mut socket = Socket::new(
        PacketBuffer::new(&mut rx_meta[..], &mut rx[..]),
        PacketBuffer::new(&mut tx_meta[..], &mut tx[..]),
    );
    if socket.bind(7).is_err() {
        tersus_board::halt();
    }
    (socket, scratch)
}

/// Answers what came in; whether anything was queued, which only a poll sends.
pub fn serve(socket: &mut Socket<'_>, scratch: &mut [u8]) {
    while socket.can_send() {
        let Ok((len, meta)) = socket.recv_slice(scratch) else { return };
        let _ = socket.send_slice(scratch.get(..len).unwrap_or_default(), meta);
    }
}
