//! A received segment in the terms of RFC 9293 §3.3.1, and segments that are answers to it.

use crate::options::Answer;
use crate::seq::SeqNum;
use tersus_wire::checksum::Sum;
use tersus_wire::tcp::{self, Checksum, Fields, Flags};

/// The current segment's variables.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Segment<'a> {
    /// Both ports as they arrive, source in the upper half.
    pub(crate) ports: u32,
    /// SEG.SEQ; moves up when what is old is cut off.
    pub(crate) seq: SeqNum,
    /// SEG.ACK.
    pub(crate) ack: SeqNum,
    /// SEG.UP, with the URG bit: behind the last urgent octet.
    pub(crate) up: SeqNum,
    /// The control bits; SYN and FIN are removed when they fall outside of the window.
    pub(crate) control: Flags,
    /// SEG.WND as it stands in the header, not scaled.
    pub(crate) window: u16,
    /// TSecr; 0: none. Only read of a connection that has agreed on timestamps.
    pub(crate) echo: u32,
    /// Octets of the whole segment as it came: an answer in its place may be no longer.
    pub(crate) room: usize,
    /// Option octets.
    pub(crate) options: &'a [u8],
    /// What is left of the payload.
    pub(crate) payload: &'a [u8],
}

impl Segment<'_> {
    /// SEG.LEN: payload, SYN and FIN.
    #[cfg_attr(target_pointer_width = "32", inline(never))]
    pub(crate) fn len(&self) -> u32 {
        self.payload_len()
            + u32::from(self.control.contains(Flags::SYN))
            + u32::from(self.control.contains(Flags::FIN))
    }

    /// Octets of payload; an IP packet holds less than 2^16.
    pub(crate) fn payload_len(&self) -> u32 {
        u32::try_from(self.payload.len()).unwrap_or(0)
    }

    /// Our port.
    pub(crate) fn local_port(&self) -> u16 {
        let [_, _, high, low] = self.ports.to_be_bytes();
        u16::from_be_bytes([high, low])
    }

    /// The sender's port.
    pub(crate) fn remote_port(&self) -> u16 {
        let [high, low, ..] = self.ports.to_be_bytes();
        u16::from_be_bytes([high, low])
    }

    pub(crate) fn has(&self, control: Flags) -> bool {
        self.control.contains(control)
    }

    /// Cuts off what lies before `start`.
    pub(crate) fn cut_before(&mut self, start: SeqNum) {
        if self.seq.ge(start) {
            return;
        }
        let mut old = start.distance(self.seq);
        if self.has(Flags::SYN) {
            self.control.remove(Flags::SYN);
            old -= 1;
        }
        let old = usize::try_from(old).unwrap_or(usize::MAX);
        self.payload = self.payload.get(old..).unwrap_or_default();
        self.seq = start;
    }

    /// Cuts off what lies at `end` or beyond; whether there was anything.
    pub(crate) fn cut_from(&mut self, end: SeqNum) -> bool {
        let room = if self.seq.lt(end) { end.distance(self.seq) } else { 0 };
        if self.len() <= room {
            return false;
        }
        self.control.remove(Flags::FIN);
        let room = usize::try_from(room).unwrap_or(usize::MAX);
        self.payload = self.payload.get(..room).unwrap_or(self.payload);
        true
    }
}

/// What a segment is answered with, at once and in its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reply {
    /// Nothing.
    Nothing,
    /// An ACK that says what is expected.
    Ack,
    /// An RST that the sender will believe, RFC 9293 §3.5.2.
    Reset,
}

/// The RST that answers a segment: RFC 9293 §3.5.2 group 1 and §3.10.7.1.
pub(crate) fn reset_for(seg: &Segment<'_>) -> Answer {
    let mut fields = Fields {
        src_port: seg.local_port(),
        dst_port: seg.remote_port(),
        flags: Flags::RST,
        ..Fields::default()
    };
    if seg.has(Flags::ACK) {
        fields.seq = seg.ack.0;
    } else {
        fields.flags |= Flags::ACK;
        fields.ack = (seg.seq + seg.len()).0;
    }
    Answer::plain(fields)
}

/// Writes an answer over the start of a received segment; its length, 0 if there is no room for it.
pub(crate) fn write_reply(octets: &mut [u8], answer: &Answer, addresses: Sum) -> u16 {
    let written = octets.get_mut(..answer.len()).and_then(|buffer| {
        tcp::emit(buffer, &answer.fields, answer.options.as_slice(), [&[], &[]], Checksum::Full(addresses))
            .ok()
    });
    written.and_then(|len| u16::try_from(len).ok()).unwrap_or(0)
}
