//! What is measured: a stack with a congestion control, by name.

use crate::host::{Host, Role, Settings, Shared};
use crate::smoltcp::Smoltcp;
use crate::tersus::{Memory, Tersus};
use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use smoltcp_crate::socket::tcp::CongestionControl;
use tersus_iface::tcp::congestion::{Bbr, Congestion, Cubic, Reno, Unlimited};

/// A stack with a congestion control.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Subject {
    TersusReno,
    TersusCubic,
    TersusCubicPaced,
    TersusCubicRash,
    TersusBbr,
    TersusBbrTolerant,
    TersusNone,
    SmoltcpReno,
    SmoltcpCubic,
    SmoltcpNone,
}

/// The first slow start lasts until something is lost.
const RASH: Cubic = Cubic { slow_start: Reno { hystart: None, ..Cubic::DEFAULT.slow_start } };

/// Whose stack a subject is.
enum Stack {
    Tersus(&'static dyn Congestion),
    Smoltcp(CongestionControl),
}

impl Subject {
    pub fn name(self) -> &'static str {
        match self {
            Self::TersusReno => "tersus Reno",
            Self::TersusCubic => "tersus CUBIC",
            Self::TersusCubicPaced => "tersus CUBIC paced",
            Self::TersusCubicRash => "tersus CUBIC without HyStart",
            Self::TersusBbr => "tersus BBR",
            Self::TersusBbrTolerant => "tersus BBR tolerant",
            Self::TersusNone => "tersus none",
            Self::SmoltcpReno => "smoltcp Reno",
            Self::SmoltcpCubic => "smoltcp CUBIC",
            Self::SmoltcpNone => "smoltcp none",
        }
    }

    /// A letter for plots of letters; smoltcp's are small.
    pub fn mark(self) -> char {
        match self {
            Self::TersusReno => 'R',
            Self::TersusCubic => 'C',
            Self::TersusCubicPaced => 'P',
            Self::TersusCubicRash => 'H',
            Self::TersusBbr => 'B',
            Self::TersusBbrTolerant => 'T',
            Self::TersusNone => 'N',
            Self::SmoltcpReno => 'r',
            Self::SmoltcpCubic => 'c',
            Self::SmoltcpNone => 'n',
        }
    }

    fn stack(self) -> Stack {
        match self {
            Self::TersusReno => Stack::Tersus(&Reno::DEFAULT),
            Self::TersusCubic => Stack::Tersus(&Cubic::DEFAULT),
            Self::TersusCubicPaced => Stack::Tersus(&Cubic::PACED),
            Self::TersusCubicRash => Stack::Tersus(&RASH),
            Self::TersusBbr => Stack::Tersus(&Bbr::DEFAULT),
            Self::TersusBbrTolerant => Stack::Tersus(&Bbr::TOLERANT),
            Self::TersusNone => Stack::Tersus(&Unlimited),
            Self::SmoltcpReno => Stack::Smoltcp(CongestionControl::Reno),
            Self::SmoltcpCubic => Stack::Smoltcp(CongestionControl::Cubic),
            Self::SmoltcpNone => Stack::Smoltcp(CongestionControl::None),
        }
    }

    /// Memory for a host, if its stack does not bring its own.
    pub fn memory(self, settings: &Settings) -> Option<Memory> {
        match self.stack() {
            Stack::Tersus(congestion) => Some(Memory::new(settings, congestion)),
            Stack::Smoltcp(_) => None,
        }
    }

    /// A host on memory that [`Subject::memory`] gave.
    pub fn host<'a>(
        self,
        role: Role,
        port: Shared,
        settings: &Settings,
        memory: Option<&'a mut Memory>,
    ) -> Box<dyn Host + 'a> {
        match (self.stack(), memory) {
            (Stack::Tersus(congestion), Some(memory)) => {
                Box::new(Tersus::new(role, port, settings, congestion, memory))
            }
            (Stack::Tersus(_), None) => unreachable!("memory is made for every host of tersus"),
            (Stack::Smoltcp(control), _) => Box::new(Smoltcp::new(role, port, settings, control)),
        }
    }
}
