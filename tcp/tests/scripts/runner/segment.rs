//! A segment as scripts write it.

use tersus_wire::tcp::Flags;

/// A segment, given or wanted. What is `None` is not compared, and has a usual value when given.
#[derive(Clone, Default)]
pub(crate) struct Seg {
    pub(crate) seq: u32,
    pub(crate) ack: Option<u32>,
    pub(crate) flags: Flags,
    pub(crate) data: Vec<u8>,
    pub(crate) window: Option<u16>,
    pub(crate) mss: Option<u16>,
    pub(crate) scale: Option<u8>,
    /// SACK-permitted; compared only if the script says so.
    pub(crate) permits: Option<bool>,
    /// SACK blocks, always compared: those given name our octets, those wanted the peer's.
    pub(crate) sack: Vec<(u32, u32)>,
    /// Timestamps: one of the peer's, and the millisecond of ours, whichever of them is echoed.
    pub(crate) ts: Option<(u32, u64)>,
    /// Wanted without timestamps.
    pub(crate) without_ts: bool,
    /// Raw option octets, given only.
    pub(crate) options: Vec<u8>,
    /// The Urgent Pointer; compared only if the script says so.
    pub(crate) urgent: Option<u16>,
    /// PSH is compared only if the script says so.
    pub(crate) psh: Option<bool>,
    /// Its packet was marked CE on the way; given only.
    pub(crate) ce: bool,
    /// `seq` is no number of the script's but a real one.
    pub(crate) absolute: bool,
}

/// As a person reads it: the text by its length and first octets.
impl core::fmt::Debug for Seg {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "<SEQ={}><CTL={:?}>", self.seq, self.flags)?;
        for (name, number) in [
            ("ACK", self.ack),
            ("WND", self.window.map(u32::from)),
            ("MSS", self.mss.map(u32::from)),
            ("shift", self.scale.map(u32::from)),
        ] {
            if let Some(number) = number {
                write!(f, "<{name}={number}>")?;
            }
        }
        if let Some((peers, ours)) = self.ts {
            write!(f, "<TS peer's {peers} ours of {ours} ms>")?;
        }
        if !self.sack.is_empty() {
            write!(f, "<SACK={:?}>", self.sack)?;
        }
        let first = &self.data[..self.data.len().min(8)];
        write!(f, " {} octets {first:?}", self.data.len())
    }
}

pub(crate) fn seg(seq: u32) -> Seg {
    Seg { seq, ..Seg::default() }
}
pub(crate) fn syn(seq: u32) -> Seg {
    Seg { seq, flags: Flags::SYN, ..Seg::default() }
}
pub(crate) fn fin(seq: u32) -> Seg {
    Seg { seq, flags: Flags::FIN, ..Seg::default() }
}
pub(crate) fn rst(seq: u32) -> Seg {
    Seg { seq, flags: Flags::RST, ..Seg::default() }
}

impl Seg {
    pub(crate) fn ack(mut self, ack: u32) -> Self {
        self.flags |= Flags::ACK;
        self.ack = Some(ack);
        self
    }
    pub(crate) fn data(mut self, data: &[u8]) -> Self {
        self.data = data.to_vec();
        self
    }
    pub(crate) fn len(self, len: usize) -> Self {
        let data: Vec<u8> = (0..len).map(|i| pattern(self.seq as usize + i)).collect();
        self.data(&data)
    }
    pub(crate) fn wnd(mut self, window: u16) -> Self {
        self.window = Some(window);
        self
    }
    pub(crate) fn mss(mut self, mss: u16) -> Self {
        self.mss = Some(mss);
        self
    }
    pub(crate) fn scale(mut self, shift: u8) -> Self {
        self.scale = Some(shift);
        self
    }
    pub(crate) fn permits(mut self, sack: bool) -> Self {
        self.permits = Some(sack);
        self
    }
    pub(crate) fn ts(mut self, peers: u32, our_ms: u64) -> Self {
        self.ts = Some((peers, our_ms));
        self
    }
    pub(crate) fn without_ts(mut self) -> Self {
        self.without_ts = true;
        self
    }
    pub(crate) fn sack(mut self, blocks: &[(u32, u32)]) -> Self {
        self.sack = blocks.to_vec();
        self
    }
    pub(crate) fn fin(mut self) -> Self {
        self.flags |= Flags::FIN;
        self
    }
    pub(crate) fn flag(mut self, flags: Flags) -> Self {
        self.flags |= flags;
        self
    }
    pub(crate) fn psh(mut self, psh: bool) -> Self {
        self.psh = Some(psh);
        self
    }
    pub(crate) fn urg(mut self, urgent: u16) -> Self {
        self.flags |= Flags::URG;
        self.urgent = Some(urgent);
        self
    }
    pub(crate) fn ce(mut self) -> Self {
        self.ce = true;
        self
    }
    pub(crate) fn absolute_seq(mut self) -> Self {
        self.absolute = true;
        self
    }
    pub(crate) fn options(mut self, options: &[u8]) -> Self {
        self.options = options.to_vec();
        self
    }
}

/// The octet of test data at a place of the stream.
pub(crate) fn pattern(at: usize) -> u8 {
    (at % 251) as u8
}
