//! The states of a connection, RFC 9293 §3.3.2.

/// State of a connection, RFC 9293 §3.3.2, Figure 5.
///
/// LISTEN is missing: listeners are no connections here. A connection that a listener is about to accept is in
/// SYN-RECEIVED without a handle; the user sees it first in ESTABLISHED.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[repr(u8)]
pub enum State {
    /// No connection, or one that ended: see its outcome.
    #[default]
    Closed,
    /// Our SYN is on its way.
    SynSent,
    /// SYNs have crossed (simultaneous open); ours is not acknowledged.
    SynReceived,
    /// Data flow both ways.
    Established,
    /// We closed; our FIN is not acknowledged.
    FinWait1,
    /// We closed; our FIN is acknowledged, the peer may still send.
    FinWait2,
    /// The peer closed; we may still send.
    CloseWait,
    /// Both closed at once; our FIN is not acknowledged.
    Closing,
    /// The peer closed, then we; our FIN is not acknowledged.
    LastAck,
    /// Both closed. What the protocol still needs is in the TIME-WAIT table; the handle serves to read the rest.
    TimeWait,
}

impl State {
    /// Whether both SYNs have been exchanged and segments still are: RFC 9293 §3.5.1 "synchronized".
    #[must_use]
    pub const fn is_synchronized(self) -> bool {
        !matches!(self, Self::Closed | Self::SynSent | Self::SynReceived)
    }

    /// Whether the protocol still needs the connection's own variables.
    pub(crate) const fn is_live(self) -> bool {
        !matches!(self, Self::Closed | Self::TimeWait)
    }

    /// Whether the peer's FIN has been taken in.
    pub(crate) const fn has_received_fin(self) -> bool {
        matches!(self, Self::CloseWait | Self::Closing | Self::LastAck | Self::TimeWait)
    }
}
