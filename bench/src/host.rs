//! What a scenario needs of a stack. A further stack is one more implementation of [`Host`], and a line in
//! [`crate::stacks`].

use crate::link::End;

/// Virtual time, in microseconds.
pub type Micros = u64;

/// Buffers of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// [`Needs::bulk_buffer`] octets each way.
    Bulk,
    /// Sixteen octets each way: a connection that only exists.
    Small,
}

/// Whether segments carry timestamps, RFC 7323. smoltcp sends none unless it is given a clock; so the rows are without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timestamps {
    Without,
    With,
}

/// Octets of a [`Class::Small`] connection's buffers, each way.
pub const SMALL_BUFFER: usize = 16;

/// How large a host's tables are to be.
#[derive(Debug, Clone, Copy)]
pub struct Needs {
    /// Connections with large buffers.
    pub bulk: usize,
    /// Octets of their buffers, each way.
    pub bulk_buffer: usize,
    /// Connections with small ones.
    pub small: usize,
    /// Listeners, in all.
    pub listeners: usize,
    /// UDP sockets.
    pub udp: usize,
    /// Whether connections use timestamps.
    pub timestamps: Timestamps,
}

impl Needs {
    pub const NONE: Self =
        Self { bulk: 0, bulk_buffer: 0, small: 0, listeners: 0, udp: 0, timestamps: Timestamps::Without };
}

/// One host: a stack on one end of a link, with the memory of its sockets.
///
/// Host `number` has the address 10.0.0.`number`, and speaks with host `3 - number`. Calls that cannot do what they are
/// asked panic: a scenario asks for nothing else. There is no delayed acknowledgement to wait for and no Nagle
/// algorithm to work around in any scenario: the clock moves by less than either between two steps.
pub trait Host {
    /// A connection.
    type Connection: Copy;
    /// A UDP socket.
    type Socket: Copy;

    /// A host on `end`.
    fn new(end: End, number: u8, needs: &Needs) -> Self;

    /// Takes in what waits and sends what is due, until neither is left.
    fn poll(&mut self, now: Micros);
    /// When to poll next.
    fn poll_at(&mut self, now: Micros) -> Option<Micros>;

    /// Forgets all sockets without a word to anybody, as a reboot does; the other end does not notice.
    fn restart(&mut self);

    /// Waits for `backlog` connections of `class` at `port`.
    fn listen(&mut self, port: u16, class: Class, backlog: usize);
    /// A connection that was established at `port`, once.
    fn accept(&mut self, port: u16) -> Option<Self::Connection>;
    /// Opens a connection from `local` to `port` of the other host.
    fn connect(&mut self, now: Micros, local: u16, port: u16, class: Class) -> Self::Connection;
    /// Whether data can be sent.
    fn is_established(&self, connection: Self::Connection) -> bool;
    /// Queues what there is room for; how many octets.
    fn send(&mut self, connection: Self::Connection, data: &[u8]) -> usize;
    /// Takes what there is; how many octets.
    fn recv(&mut self, connection: Self::Connection, buffer: &mut [u8]) -> usize;
    /// Lends the free part of the send buffer to `f`, which says how many octets are to be sent.
    fn send_with(&mut self, connection: Self::Connection, f: impl FnOnce(&mut [u8]) -> usize) -> usize;
    /// Lends what was received to `f`, which says how many octets it is done with.
    fn recv_with(&mut self, connection: Self::Connection, f: impl FnOnce(&[u8]) -> usize) -> usize;
    /// Sends a FIN after what is queued.
    fn close(&mut self, connection: Self::Connection);
    /// Whether the connection is over as far as this application is concerned: both FINs went, or it was reset.
    fn is_over(&self, connection: Self::Connection) -> bool;
    /// Gives a connection back that is over; where the stack keeps it in TIME-WAIT in its socket, the socket is free
    /// when that has ended.
    fn release(&mut self, connection: Self::Connection);

    /// A UDP socket at `port`.
    fn bind(&mut self, port: u16) -> Self::Socket;
    /// Queues a datagram to `port` of the other host; whether there was room.
    fn send_to(&mut self, socket: Self::Socket, port: u16, data: &[u8]) -> bool;
    /// Copies the oldest datagram into `buffer`; its length.
    fn recv_from(&mut self, socket: Self::Socket, buffer: &mut [u8]) -> Option<usize>;
}
