//! State of one connection and of one socket, without buffers.

use smoltcp::iface::SocketStorage;
use tersus_iface::{tcp, udp};

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    Connection,
    Socket,
}

/// In octets: the socket itself for a connection, its place in the socket set for a UDP socket, as such a set has
/// places of one size for all kinds.
pub fn smoltcp(size: Size) -> usize {
    match size {
        Size::Connection => size_of::<smoltcp::socket::tcp::Socket>(),
        Size::Socket => size_of::<SocketStorage>(),
    }
}

/// In octets: what a storage grows by, side tables included. Words of congestion control and send records are apart.
pub fn tersus(size: Size) -> usize {
    match size {
        // A difference of sixty-four, so that padding at the end does not show.
        Size::Connection => {
            (size_of::<tcp::Storage<72, 0, 0, 0, 0, 0, 0, 0, 0>>()
                - size_of::<tcp::Storage<8, 0, 0, 0, 0, 0, 0, 0, 0>>())
                / 64
        }
        Size::Socket => (size_of::<udp::Storage<72, 0, 0, 0>>() - size_of::<udp::Storage<8, 0, 0, 0>>()) / 64,
    }
}
