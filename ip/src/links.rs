//! The links of a turn, for code that is linked once whatever they are.

use crate::{Instant, InterfaceId};
use tersus_phy::{LinkLayer, LinkTx};

/// The ways out.
pub(crate) trait Links {
    /// The sending half of an interface's link.
    fn tx(&mut self, interface: InterfaceId) -> Option<&mut dyn LinkTx>;
}

/// A list of links at one moment: `links[i]` is interface `i`.
pub(crate) struct List<'r, 'l, L: LinkLayer + ?Sized> {
    pub(crate) links: &'r mut [&'l mut L],
    pub(crate) now: Instant,
}

impl<L: LinkLayer + ?Sized> Links for List<'_, '_, L> {
    fn tx(&mut self, interface: InterfaceId) -> Option<&mut dyn LinkTx> {
        let link = self.links.get_mut(usize::from(interface.0))?;
        Some(link.tx(self.now))
    }
}
