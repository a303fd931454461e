//! The engine of the scripts of IGMP and of MLD.

use crate::common::{with_ip, Heard};
use tersus_igmp::{Config, Igmp, Storage};
use tersus_ip::fake::FakeIp;

/// Runs a script with an engine for one interface and eight groups.
pub(crate) fn with_engine(config: Config, script: impl FnOnce(&mut Igmp<'_>, &mut FakeIp<'_>, &Heard)) {
    let mut storage: Storage<1, 8> = Storage::new();
    let mut engine = Igmp::new(&mut storage, config, [1; 32]);
    with_ip(|ip, said| script(&mut engine, ip, said));
}

pub(crate) fn counter(igmp: &Igmp<'_>, name: &str) -> u32 {
    igmp.statistics().counters().iter().find(|(known, _)| *known == name).expect("a counter").1
}
