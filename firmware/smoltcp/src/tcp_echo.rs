//! Echo over TCP, RFC 862.

use smoltcp::socket::tcp::{Socket, SocketBuffer};

/// Memory of one connection of 2 KiB each way.
pub struct Memory {
    rx: [u8; 2048],
    tx: [u8; 2048],
}

impl Memory {
    /// Empty.
    pub const fn new() -> Self {
        Self { rx: [0; 2048], tx: [0; 2048] }
    }
}

impl Default for Memory {
    fn default() -> Self {
        Self::new()
    }
}

/// What a connection's octets pass through: a static, since a local one would be cleared in each turn.
pub type Scratch = [u8; 512];

/// A socket.
pub fn open(memory: &'static mut Memory) -> Socket<'static> {
    Socket::new(SocketBuffer::new(&mut memory.rx[..]), SocketBuffer::new(&mut memory.tx[..]))
}

/// Listens again if the socket is closed, and sends back what came in.
pub fn serve(socket: &mut Socket<'_>, port: u16, scratch: &mut Scratch) {
    if !socket.is_open() && socket.listen(port).is_err() {
        return;
    }
    while socket.can_recv() && socket.can_send() {
        let room = (socket.send_capacity() - socket.send_queue()).min(scratch.len());
        let Ok(len) = socket.recv_slice(scratch.get_mut(..room).unwrap_or_default()) else { return };
        let _ = socket.send_slice(scratch.get(..len).unwrap_or_default());
    }
    if !socket.may_recv() && socket.may_send() && socket.recv_queue() == 0 {
        socket.close();
    }
}
