//! What an engine does beside RFC 9293's transfer of data, as values: who leaves a duty out does not link it.
//!
//! ```text
//!    Tcp::new ............ Duties::ALL      a host as the RFCs want it
//!    Tcp::with_duties .... Duties::NONE.with_keep_alive()...    what the user chose
//! ```
//!
//! A table of plain functions and no feature: one build holds engines of several compositions, and the default leaves
//! nothing out. Each method of [`Duties`] says what happens without its duty.

use crate::ecn;
use crate::pacing::Pacing;
use crate::rack::{self, Probe};
use crate::records::{Block, Overdue};
use crate::recovery::{self, Found, More};
use crate::sack;
use crate::segment::Segment;
use crate::seq::SeqNum;
use crate::shared::Shared;
use crate::tcb::Slot;
use crate::timestamps::Timestamping;
use crate::undo::{self, By};
use crate::urgent::Urgent;
use tersus_wire::tcp::Options;

/// Which duties an engine has. The same for its whole life: a constant, such as
/// `const DUTIES: Duties = Duties::NONE.with_keep_alive();`.
#[derive(Debug, Clone, Copy)]
pub struct Duties {
    pub(crate) keep_alive: Option<fn(&mut Slot, &mut Shared<'_>)>,
    pub(crate) sack: Option<Sack>,
    pub(crate) rack: Option<Rack>,
    pub(crate) undo: Option<Undo>,
    pub(crate) pacing: Option<Pacing>,
    pub(crate) urgent: Option<Urgent>,
    pub(crate) ecn: Option<ecn::Duty>,
    pub(crate) timestamps: Option<&'static Timestamping>,
}

impl Duties {
    /// Streams are carried, no more: RFC 9293 with NewReno's recovery.
    pub const NONE: Self = Self {
        keep_alive: None,
        sack: None,
        rack: None,
        undo: None,
        pacing: None,
        ecn: None,
        urgent: None,
        timestamps: None,
    };

    /// Every duty: what [`Tcp::new`](crate::Tcp::new) takes.
    pub const ALL: Self = Self::NONE
        .with_keep_alive()
        .with_sack()
        .with_rack()
        .with_undo()
        .with_timestamps()
        .with_pacing()
        .with_ecn()
        .with_urgent();

    /// Idle connections are probed if their user asks for it: RFC 9293 §3.8.4. Without:
    /// [`KeepAlive::On`](crate::KeepAlive::On) is taken and does nothing.
    #[must_use]
    pub const fn with_keep_alive(mut self) -> Self {
        self.keep_alive = Some(|slot, shared| slot.on_keep_alive_timeout(shared));
        self
    }

    /// Selective acknowledgement both ways, RFC 2018, with duplicates reported, RFC 2883, and recovery by it, RFC 6675
    /// and RFC 6937. Without: SACK is not permitted to peers, and one loss is repaired in each round trip.
    #[must_use]
    pub const fn with_sack(mut self) -> Self {
        self.sack = Some(Sack {
            report: sack::report,
            duplicate: sack::note_duplicate,
            on_ack: recovery::on_ack,
            more: recovery::more,
        });
        self
    }

    /// Losses are found by time, and lost tails by a probe: RACK-TLP, RFC 8985. It needs SACK. Without: by counting,
    /// RFC 6675, which takes late segments for lost ones and waits for the timer when a tail or a retransmission is lost.
    #[must_use]
    pub const fn with_rack(mut self) -> Self {
        self.rack = Some(Rack {
            detect: rack::detect,
            on_recovered: rack::on_recovered,
            mark_old_lost: rack::mark_old_lost,
            start_timer: rack::start_timer,
            on_timer: rack::on_timer,
            wait: rack::wait,
            on_probe_sent: rack::on_probe_sent,
            on_ack: rack::on_ack_of_probe,
        });
        self
    }

    /// Reductions of the window that were not needed are taken back: RFC 5682, RFC 3708, RFC 3522. It needs SACK. Without: after
    /// a delay that made the timer expire, all in flight is sent again, and late segments that were sent again
    /// have halved the window.
    #[must_use]
    pub const fn with_undo(mut self) -> Self {
        self.undo = Some(Undo {
            on_reduction: undo::on_reduction,
            on_sent_again: undo::on_sent_again,
            on_ack: undo::on_ack,
        });
        self
    }

    /// Data leave at the rate that the congestion control gives, if it gives one, and it is told how fast they are
    /// delivered. Without: they leave as soon as the windows permit, and [`congestion::Bbr`](crate::congestion::Bbr)
    /// keeps its initial window.
    #[must_use]
    pub const fn with_pacing(mut self) -> Self {
        self.pacing = Some(Pacing::DUTY);
        self
    }

    /// Urgent data have a mark that both ends can set and read, RFC 9293 §3.8.5 and RFC 6093. Without:
    /// [`Tcp::send_urgent`](crate::Tcp::send_urgent) says [`SendError::LeftOut`](crate::SendError::LeftOut), and
    /// peers' pointers are ignored; their data are in line as ever.
    #[must_use]
    pub const fn with_urgent(mut self) -> Self {
        self.urgent = Some(Urgent::DUTY);
        self
    }

    /// Explicit congestion notification, RFC 3168, where [`Options::ecn`](crate::Options::ecn) permits it. Without:
    /// SYNs and SYN-ACKs are plain, and routers drop what they would have marked.
    #[must_use]
    pub const fn with_ecn(mut self) -> Self {
        self.ecn = Some(ecn::Duty::ECN);
        self
    }

    /// Timestamps, RFC 7323: round-trip times of what was sent again, and protection against sequence numbers that come
    /// round again. Without: none are offered, and what the peer offers is ignored; a connection that sends more than
    /// 4 GiB within a segment's lifetime may take old data for new.
    #[must_use]
    pub const fn with_timestamps(mut self) -> Self {
        self.timestamps = Some(&Timestamping::RFC7323);
        self
    }
}

/// Selective acknowledgement.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sack {
    pub(crate) report: fn(&Slot, &Shared<'_>, &mut Options),
    pub(crate) duplicate: fn(&Slot, &mut Shared<'_>, SeqNum, SeqNum) -> bool,
    pub(crate) on_ack: fn(&mut Slot, &mut Shared<'_>, &Segment<'_>),
    pub(crate) more: fn(&Slot, &Shared<'_>) -> Option<More>,
}

/// RACK-TLP.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rack {
    pub(crate) detect: fn(&mut Slot, &mut Shared<'_>, &Found) -> Overdue,
    pub(crate) on_recovered: fn(&mut Slot),
    pub(crate) mark_old_lost: fn(&mut Slot, &mut Shared<'_>),
    pub(crate) start_timer: fn(&mut Slot, &mut Shared<'_>),
    pub(crate) on_timer: fn(&mut Slot, &mut Shared<'_>),
    pub(crate) wait: fn(&mut Slot, &Shared<'_>, u32),
    pub(crate) on_probe_sent: fn(&mut Slot, &mut Shared<'_>, Probe),
    pub(crate) on_ack: fn(&mut Slot, &mut Shared<'_>, &Segment<'_>, Option<SeqNum>, &Found),
}

/// Undoing of reductions.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Undo {
    pub(crate) on_reduction: fn(&mut Slot, &Shared<'_>, By),
    pub(crate) on_sent_again: fn(&mut Slot, u32),
    pub(crate) on_ack: fn(&mut Slot, &mut Shared<'_>, Option<Block>, &Found),
}
