//! The options of all that leaves, composed in one place: on a SYN MSS, window scale, timestamps and SACK-permitted (RFC
//! 9293 §3.7.1, RFC 7323 §2 and §3, RFC 2018 §2), on other segments what the connection has to tell.
//!
//! ```text
//!    0                        12
//!   +------------------------+-----------------------------+
//!   | NOP NOP Timestamps     | SACK blocks: 28 octets      |     each part a multiple of four octets
//!   +------------------------+-----------------------------+
//! ```
//! What every segment carries makes SMSS smaller ([`Slot::options_len`]); SACK blocks, which come and go, make only
//! the payload beside them shorter ([`Slot::payload_room`]).

use crate::segment_arrives::shift_for;
use crate::shared::Shared;
use crate::state::State;
use crate::tcb::{Flags, Slot};
use tersus_ip::Path;
use tersus_wire::tcp::{self, Fields, Options, PlainSyn, Timestamps};

/// Octets of timestamps, aligned.
const TIMESTAMPS_LEN: u8 = 12;
const _: () = assert!(Timestamps::ALIGNED_LEN == 12);
/// Octets of MSS, SACK-permitted and window scale, aligned.
const PLAIN_SYN_LEN: u8 = 12;
const _: () = assert!(PlainSyn::LEN == 12);

/// Option octets as they leave.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OptionArea {
    octets: [u8; tcp::OPTIONS_LEN_MAX],
    len: u8,
}

impl OptionArea {
    /// No option.
    pub(crate) const NONE: Self = Self { octets: [0; tcp::OPTIONS_LEN_MAX], len: 0 };

    /// These options; none if they do not fit.
    pub(crate) fn of(options: &tcp::Options) -> Self {
        let mut area = Self::NONE;
        area.len = options.emit(&mut area.octets).ok().and_then(|len| u8::try_from(len).ok()).unwrap_or(0);
        area
    }

    /// Timestamps alone.
    #[inline]
    pub(crate) fn timestamps(timestamps: Timestamps) -> Self {
        let mut area = Self::NONE;
        if let Some(front) = area.octets.first_chunk_mut() {
            *front = timestamps.to_octets();
            area.len = TIMESTAMPS_LEN;
        }
        area
    }

    /// What most SYNs carry.
    fn plain_syn(syn: PlainSyn) -> Self {
        let mut area = Self::NONE;
        if let Some(front) = area.octets.first_chunk_mut() {
            *front = syn.to_octets();
            area.len = PLAIN_SYN_LEN;
        }
        area
    }

    pub(crate) fn as_slice(&self) -> &[u8] {
        self.octets.get(..usize::from(self.len)).unwrap_or_default()
    }
}

/// A segment without payload that answers a received one, written in its place.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Answer {
    pub(crate) fields: Fields,
    pub(crate) options: OptionArea,
}

impl Answer {
    /// Without options.
    pub(crate) const fn plain(fields: Fields) -> Self {
        Self { fields, options: OptionArea::NONE }
    }

    /// Octets of the segment.
    pub(crate) fn len(&self) -> usize {
        tcp::HEADER_LEN + self.options.as_slice().len()
    }
}

/// What a SYN of ours offers beside the MSS.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SynOffer {
    /// The window scale for a receive buffer of so many octets; `None`: the peer's SYN came without.
    pub(crate) scale_for: Option<u32>,
    /// SACK-permitted.
    pub(crate) sack: bool,
    /// Timestamps.
    pub(crate) timestamps: Option<Timestamps>,
}

/// Our options on a SYN that takes `path`.
pub(crate) fn syn_options(path: &Path, offer: SynOffer) -> OptionArea {
    let mss = path.max_segment_len().saturating_sub(20);
    // The usual ones in one piece. Where flash is short, that is no reason for more code.
    if let (true, SynOffer { scale_for: Some(size), sack: true, timestamps: None }) =
        (cfg!(not(target_pointer_width = "32")), offer)
    {
        return OptionArea::plain_syn(PlainSyn { mss, window_scale: shift_for(size) });
    }
    OptionArea::of(&Options {
        mss: Some(mss),
        window_scale: offer.scale_for.map(shift_for),
        sack_permitted: offer.sack,
        timestamps: offer.timestamps,
        ..Options::EMPTY
    })
}

impl Slot {
    /// What our SYN, or SYN-ACK of a simultaneous open, offers.
    pub(crate) fn syn_offer(&mut self, shared: &mut Shared<'_>) -> SynOffer {
        let is_first = self.state == State::SynSent;
        let wanted = if is_first { Flags::TIMESTAMPS_WANTED } else { Flags::TIMESTAMPS };
        let duty = shared.timestamps.filter(|_| self.flags.contains(wanted));
        SynOffer {
            scale_for: (is_first || self.flags.contains(Flags::SCALED)).then(|| self.rx.size()),
            sack: shared.duties.sack.is_some() && (is_first || self.flags.contains(Flags::SACK_OK)),
            timestamps: duty.map(|duty| (duty.compose)(self, shared)),
        }
    }

    /// What a segment without SYN carries that leaves now, beside its payload. Where [`Slot::has_usual_options`] it is
    /// [`Slot::timestamps`] alone.
    pub(crate) fn options(&mut self, shared: &mut Shared<'_>) -> OptionArea {
        let timestamps = self.timestamps(shared);
        self.rare_options(shared, timestamps)
    }

    /// The timestamps of a segment that leaves now.
    #[inline]
    pub(crate) fn timestamps(&mut self, shared: &mut Shared<'_>) -> Option<Timestamps> {
        if !self.flags.contains(Flags::TIMESTAMPS) {
            return None;
        }
        shared.timestamps.map(|duty| (duty.compose)(self, shared))
    }

    /// Octets of options that every segment with data carries.
    #[inline]
    pub(crate) fn options_len(&self) -> u16 {
        if self.flags.contains(Flags::TIMESTAMPS) {
            TIMESTAMPS_LEN.into()
        } else {
            0
        }
    }

    /// Octets of payload that fit a segment now; `mss` is SMSS.
    #[inline]
    pub(crate) fn payload_room(&self, shared: &Shared<'_>, mss: u32) -> u32 {
        if self.has_usual_options(shared) {
            return mss;
        }
        let usual = self.options_len();
        let any = (usual > 0).then(Timestamps::default);
        let more = u16::from(self.rare_options(shared, any).len).saturating_sub(usual);
        mss.saturating_sub(more.into()).max(1)
    }

    /// Whether there is nothing to report of gaps and duplicates.
    pub(crate) fn has_usual_options(&self, shared: &Shared<'_>) -> bool {
        self.ranges.is_empty() && shared.dsack.is_none()
    }

    #[cold]
    fn rare_options(&self, shared: &Shared<'_>, timestamps: Option<Timestamps>) -> OptionArea {
        let mut options = Options { timestamps, ..Options::EMPTY };
        if let Some(sack) = shared.duties.sack.as_ref().filter(|_| self.flags.contains(Flags::SACK_OK)) {
            (sack.report)(self, shared, &mut options);
        }
        OptionArea::of(&options)
    }
}
