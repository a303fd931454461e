//! What the caller did wrong, one enum per call, and how a connection ended.

use tersus_ip::{ErrorKind, Unreachable};

/// How a connection ended. RFC 9293 §3.6 MUST-12: an abort is told apart from a normal close.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Outcome {
    /// Both sides sent and acknowledged their FIN.
    #[error("closed by both sides")]
    Finished,
    /// The peer sent a valid RST.
    #[error("reset by the peer")]
    Reset,
    /// The peer answered our SYN with an RST: nobody listens there.
    #[error("refused by the peer")]
    Refused,
    /// The peer stopped to answer: retransmissions (R2), keep-alive probes or the user timeout ran out.
    #[error("peer does not answer")]
    TimedOut,
    /// An ICMP hard error ended the attempt to connect.
    #[error("peer cannot be reached: {0}")]
    Unreachable(ErrorKind),
    /// We sent an RST: the caller aborted, or data arrived that nobody will read.
    #[error("aborted by this side")]
    Aborted,
}

/// The handle names no connection or listener any more: it was released.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("handle is stale")]
pub struct Stale;

/// Why a listener was not opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ListenError {
    /// Port 0 is no port.
    #[error("port is zero")]
    NoPort,
    /// The local address is a group or broadcast address.
    #[error("address cannot be listened at")]
    Address,
    /// Another listener has this address and port.
    #[error("address and port are in use")]
    InUse,
    /// The table of listeners is full.
    #[error("no free listener")]
    NoRoom,
}

/// Why a connection was not opened. Nothing was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The remote address is unspecified, a group or a broadcast address, or the remote port is 0:
    /// RFC 9293 §3.9.1.1 MUST-46.
    #[error("remote endpoint cannot be connected to")]
    Remote,
    /// There is no way to the remote address.
    #[error("unreachable: {0}")]
    Unreachable(#[from] Unreachable),
    /// A connection between these endpoints exists or is in TIME-WAIT.
    #[error("a connection between these endpoints exists")]
    InUse,
    /// No ephemeral port is free towards this remote endpoint.
    #[error("no free local port")]
    NoPort,
    /// All connections (of the wanted buffer class) are in use.
    #[error("no free connection")]
    NoRoom,
}

/// Why nothing was queued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// The handle was released.
    #[error("handle is stale")]
    Stale,
    /// The engine was made without the duty for it.
    #[error("left out of this engine")]
    LeftOut,
    /// `close` was called: nothing follows a FIN.
    #[error("connection is closing")]
    Closing,
    /// The connection is over.
    #[error("connection ended: {0}")]
    Ended(Outcome),
}

/// Why there is nothing to read now nor later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecvError {
    /// The handle was released.
    #[error("handle is stale")]
    Stale,
    /// The peer sent its FIN and all data before it have been read.
    #[error("end of stream")]
    Finished,
    /// [`Tcp::shutdown`](crate::Tcp::shutdown) ended receiving.
    #[error("nothing is received any more")]
    Shutdown,
    /// The connection ended otherwise; what was not read is gone.
    #[error("connection ended: {0}")]
    Ended(Outcome),
}

impl From<Stale> for SendError {
    fn from(_: Stale) -> Self {
        Self::Stale
    }
}

impl From<Stale> for RecvError {
    fn from(_: Stale) -> Self {
        Self::Stale
    }
}
