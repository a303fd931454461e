//! Between a script's numbers and those on the wire: sequence numbers count from the ISS and the IRS, timestamps from
//! the milliseconds at which they left.

use super::segment::Seg;
use super::{Host, IRS, ISS, OUR_PORT, PEER_PORT};
use tersus_wire::tcp::{self, Fields, Flags};

impl Host {
    /// Our number of a script, absolute.
    pub(crate) fn ours(&self, seq: u32) -> u32 {
        self.iss.map_or(seq, |iss| iss.wrapping_add(seq.wrapping_sub(ISS)))
    }

    /// The peer's number of a script, absolute.
    pub(crate) fn peers(&self, seq: u32) -> u32 {
        self.irs.wrapping_add(seq.wrapping_sub(IRS))
    }

    /// A TSval of the peer's in a script, absolute: near the end of its numbers as often as sequence numbers are.
    pub(crate) fn peers_ts(&self, value: u32) -> u32 {
        self.irs.rotate_left(9).wrapping_add(value)
    }

    /// The TSval of ours that left at a millisecond, or last before.
    pub(crate) fn our_ts(&self, ms: u64) -> u32 {
        self.stamps.iter().rfind(|stamp| stamp.0 <= ms).expect("nothing left with timestamps until then").1
    }

    /// What follows is about another connection, whose script begins now.
    pub(crate) fn begin_anew(&mut self) {
        self.start = self.now;
        self.id = None;
        self.iss = None;
        self.already = 0;
        self.stamps.clear();
        self.syns_with_ts = [false; 2];
        self.sent.clear();
    }

    /// The clock is not compared with what left before.
    pub(crate) fn stamps_restart(&mut self) {
        let last = self.stamps.last().copied();
        self.stamps_jump = true;
        self.stamps = last.into_iter().collect();
    }

    /// Timestamps on what leaves: everywhere once both SYNs had them, else only on a SYN; and the clock is right.
    fn check_stamps(&mut self, ms: u64, fields: &Fields, sent: Option<tcp::Timestamps>) {
        let (flags, ports) = (fields.flags, (fields.src_port, fields.dst_port));
        if self.stamps_of != ports {
            // Each connection's clock has an offset of its own.
            self.stamps.clear();
            self.stamps_of = ports;
        }
        if flags.contains(Flags::SYN) {
            self.syns_with_ts[0] = sent.is_some();
        } else if !flags.contains(Flags::RST) && !self.stamps_are_free {
            assert_eq!(sent.is_some(), self.syns_with_ts == [true; 2], "timestamps at {ms} ms, {flags:?}");
        }
        let Some(sent) = sent.filter(|_| !flags.contains(Flags::RST)) else { return };
        if let (Some(&(then, value)), false) = (self.stamps.last(), core::mem::take(&mut self.stamps_jump)) {
            // Ticks of 2^15 µs.
            let ticks = ((ms - then) * 1_000) >> 15;
            let passed = u64::from(sent.value.wrapping_sub(value));
            assert!(passed.abs_diff(ticks) <= 1, "{passed} ticks in {} ms", ms - then);
        }
        self.stamps.push((ms, sent.value));
    }

    pub(crate) fn give(&mut self, seg: &Seg) {
        if seg.flags.contains(Flags::SYN) {
            self.syns_with_ts[1] = seg.ts.is_some();
        }
        let fields = Fields {
            src_port: PEER_PORT,
            dst_port: if self.port == 0 { OUR_PORT } else { self.port },
            seq: self.peers(seg.seq),
            ack: seg.ack.map_or(0, |ack| self.ours(ack)),
            flags: seg.flags,
            window: seg.window.unwrap_or(4096),
            urgent: seg.urgent.unwrap_or(0),
        };
        let mut area = [0; 40];
        let mut options = tcp::Options {
            mss: seg.mss,
            window_scale: seg.scale,
            sack_permitted: seg.permits == Some(true),
            timestamps: seg.ts.map(|(peers, ms)| tcp::Timestamps {
                value: self.peers_ts(peers),
                echo: if seg.ack.is_some() { self.our_ts(ms) } else { 0 },
            }),
            ..tcp::Options::default()
        };
        for &(left, right) in &seg.sack {
            let block = tcp::SackBlock { left: self.ours(left), right: self.ours(right) };
            options.sack.push(block).unwrap();
        }
        let len = options.emit(&mut area).unwrap();
        let options = [&area[..len], &seg.options].concat();
        self.traffic_class = if seg.ce { 3 } else { 0 };
        self.receive(&fields, &options, &seg.data);
        self.traffic_class = 0;
    }
    /// The next segment that left, in the script's numbers.
    pub(crate) fn take(&mut self) -> Option<(u64, Seg)> {
        let (at, fields, data, options) = self.sent.pop_front()?;
        if self.port == 0 && fields.flags.contains(Flags::SYN) {
            self.port = fields.src_port;
        }
        if self.iss.is_none() && fields.flags.contains(Flags::SYN) && fields.src_port == self.port {
            self.iss = Some(fields.seq);
        }
        let seq = match self.iss {
            Some(iss) => fields.seq.wrapping_sub(iss).wrapping_add(ISS),
            // An RST may carry a number that the peer named; without a number of its own it is 0.
            None => {
                if fields.seq == 0 {
                    ISS
                } else {
                    fields.seq
                }
            }
        };
        let ms = at.since(self.start).as_millis() as u64;
        self.check_stamps(ms, &fields, options.timestamps);
        let peers_ts = |echo: u32| if echo == 0 { 0 } else { echo.wrapping_sub(self.peers_ts(0)) };
        let peers = |block: &tcp::SackBlock| {
            let to_script = |seq: u32| seq.wrapping_sub(self.irs).wrapping_add(IRS);
            (to_script(block.left), to_script(block.right))
        };
        let seg = Seg {
            seq,
            ack: fields
                .flags
                .contains(Flags::ACK)
                .then(|| fields.ack.wrapping_sub(self.irs).wrapping_add(IRS)),
            flags: fields.flags,
            data,
            window: Some(fields.window),
            mss: options.mss,
            scale: options.window_scale,
            permits: Some(options.sack_permitted),
            sack: options.sack.as_slice().iter().map(peers).collect(),
            ts: options.timestamps.map(|ts| (peers_ts(ts.echo), ms)),
            without_ts: options.timestamps.is_none(),
            options: Vec::new(),
            urgent: Some(fields.urgent),
            psh: Some(fields.flags.contains(Flags::PSH)),
            ce: false,
            absolute: false,
        };
        Some((ms, seg))
    }

    pub(crate) fn assert_silence(&mut self, what: &str) {
        if let Some((at, seg)) = self.take() {
            panic!("{what}: unexpected at {at} ms: {seg:?}");
        }
    }

    pub(super) fn expect(&mut self, what: &str, ms: u64, want: &Seg) {
        let Some((at, seg)) = self.take() else { panic!("{what}: nothing left, wanted {want:?}") };
        let flags = |seg: &Seg| seg.flags.difference(Flags::PSH);
        let same = at == ms
            && seg.seq
                == if want.absolute {
                    want.seq.wrapping_sub(self.ours(ISS)).wrapping_add(ISS)
                } else {
                    want.seq
                }
            && flags(&seg) == flags(want)
            && seg.ack == want.ack
            && seg.data == want.data
            && (want.window.is_none() || seg.window == want.window)
            && (want.mss.is_none() || seg.mss == want.mss)
            && (want.scale.is_none() || seg.scale == want.scale)
            && (want.permits.is_none() || seg.permits == want.permits)
            && seg.sack == want.sack
            && (want.urgent.is_none() || seg.urgent == want.urgent)
            && (want.ts.is_none() || seg.ts == want.ts)
            && (!want.without_ts || seg.without_ts)
            && (want.psh.is_none() || seg.psh == want.psh);
        assert!(same, "{what}: at {at} ms left\n{seg:?}, wanted at {ms} ms\n{want:?}");
    }
}
