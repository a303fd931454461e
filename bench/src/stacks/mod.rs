//! The stacks that are compared.

pub mod smoltcp;
pub mod tersus;

use crate::cases::Subject;
use crate::formats::{self, Codec};
use crate::meter::Meter;
use crate::scenario::Work;
use crate::sizes;
use tersus::{ByCubic, Objects, Static, Tersus};

/// A column of the table.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Stack {
    /// smoltcp 0.14.
    Smoltcp,
    /// etherparse 0.21: formats only.
    Etherparse,
    /// tersus, composed statically.
    Tersus,
    /// tersus, composed of trait objects.
    TersusObjects,
}

impl Stack {
    /// As on the command line.
    pub fn key(self) -> &'static str {
        match self {
            Self::Smoltcp => "smoltcp",
            Self::Etherparse => "etherparse",
            Self::Tersus => "tersus",
            Self::TersusObjects => "tersus-objects",
        }
    }

    /// As in the table.
    pub fn name(self) -> &'static str {
        match self {
            Self::Smoltcp => "smoltcp 0.14",
            Self::Etherparse => "etherparse 0.21",
            Self::Tersus => "tersus",
            Self::TersusObjects => "tersus (objects)",
        }
    }

    /// Runs what a case is about in this process; `None` if this stack has no such thing.
    pub fn run(self, subject: Subject, meter: &mut Meter) -> Option<Work> {
        let rounds = |count| Work { rounds: count, ..Work::default() };
        match (subject, self) {
            (Subject::Scenario(scenario), Self::Smoltcp) => Some(scenario.run::<smoltcp::Smoltcp>(meter)),
            (Subject::Scenario(scenario), Self::Tersus) => Some(scenario.run::<Tersus<Static>>(meter)),
            (Subject::Scenario(scenario), Self::TersusObjects) => {
                Some(scenario.run::<Tersus<Objects>>(meter))
            }
            (Subject::WithCubic(scenario), Self::Tersus) => {
                Some(scenario.run::<Tersus<Static, ByCubic>>(meter))
            }
            (Subject::WithCubic(scenario), Self::TersusObjects) => {
                Some(scenario.run::<Tersus<Objects, ByCubic>>(meter))
            }
            (Subject::Format(format), Self::Smoltcp) => {
                formats::smoltcp::Smoltcp::run(format, meter).map(rounds)
            }
            (Subject::Format(format), Self::Etherparse) => {
                formats::etherparse::Etherparse::run(format, meter).map(rounds)
            }
            (Subject::Format(format), Self::Tersus) => {
                formats::tersus::Tersus::run(format, meter).map(rounds)
            }
            _ => None,
        }
    }

    /// Whether it is worth asking; what is not has not to be started.
    pub fn may_have(self, subject: Subject) -> bool {
        match self {
            Self::Tersus => true,
            // Its CUBIC is another feature of the crate: what is compared is tersus with and without.
            Self::Smoltcp => !matches!(subject, Subject::WithCubic(_)),
            Self::Etherparse => matches!(subject, Subject::Format(_)),
            Self::TersusObjects => matches!(subject, Subject::Scenario(_) | Subject::WithCubic(_)),
        }
    }

    /// A size, which needs no run.
    pub fn size(self, subject: Subject) -> Option<usize> {
        match (subject, self) {
            (Subject::Size(size), Self::Smoltcp) => Some(sizes::smoltcp(size)),
            (Subject::Size(size), Self::Tersus) => Some(sizes::tersus(size)),
            _ => None,
        }
    }
}
