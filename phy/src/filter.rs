//! The address filter of an Ethernet link: own address, broadcast, joined groups.

use crate::{Cast, LinkControl, Switch, Unsupported};
#[cfg(not(target_pointer_width = "32"))]
use tersus_wire::ethernet::address_word;
use tersus_wire::ethernet::{is_group, Header, BROADCAST};

#[derive(Debug, Clone, Copy)]
struct Group {
    address: [u8; 6],
    /// How often it was joined, not yet left; 0: the entry is free.
    joins: u16,
}

/// Which destination addresses are received. `GROUPS` group addresses are told apart; joins that find no entry
/// open the filter for all groups until as many leaves have come.
#[derive(Debug)]
pub(crate) struct Filter<const GROUPS: usize> {
    own: [u8; 6],
    /// The same in one word.
    #[cfg(not(target_pointer_width = "32"))]
    word: u64,
    groups: [Group; GROUPS],
    /// Joins without an entry.
    without_entry: u32,
    promiscuous: Switch,
}

impl<const GROUPS: usize> Filter<GROUPS> {
    pub(crate) const fn new(own: [u8; 6]) -> Self {
        let free = Group { address: [0; 6], joins: 0 };
        Self {
            own,
            #[cfg(not(target_pointer_width = "32"))]
            word: address_word(&own),
            groups: [free; GROUPS],
            without_entry: 0,
            promiscuous: Switch::Off,
        }
    }

    pub(crate) const fn own(&self) -> &[u8; 6] {
        &self.own
    }

    /// Whom a frame is addressed to, or the kind of address that is not received here.
    #[inline]
    pub(crate) fn cast(&self, header: &Header<'_>) -> Result<Cast, Cast> {
        if self.is_own(header) {
            return Ok(Cast::Unicast);
        }
        self.cast_of_others(&header.destination())
    }

    #[cfg(not(target_pointer_width = "32"))]
    #[inline]
    fn is_own(&self, header: &Header<'_>) -> bool {
        header.destination_word() == self.word
    }

    #[cfg(target_pointer_width = "32")]
    #[inline]
    fn is_own(&self, header: &Header<'_>) -> bool {
        header.is_to(&self.own)
    }

    /// As [`Filter::cast`], of an address that is not the station's.
    #[cfg_attr(not(target_pointer_width = "32"), inline(never))]
    fn cast_of_others(&self, destination: &[u8; 6]) -> Result<Cast, Cast> {
        if *destination == BROADCAST {
            return Ok(Cast::Broadcast);
        }
        let cast = if is_group(destination) { Cast::Multicast } else { Cast::Unicast };
        if self.promiscuous == Switch::On || (cast == Cast::Multicast && self.has_joined(destination)) {
            Ok(cast)
        } else {
            Err(cast)
        }
    }

    fn has_joined(&self, address: &[u8; 6]) -> bool {
        self.without_entry > 0 || self.groups.iter().any(|g| g.joins > 0 && g.address == *address)
    }

    pub(crate) fn control(&mut self, command: LinkControl<'_>) -> Result<(), Unsupported> {
        let (LinkControl::Join(address) | LinkControl::Leave(address)) = command else {
            let LinkControl::Promiscuous(switch) = command else { return Err(Unsupported) };
            self.promiscuous = switch;
            return Ok(());
        };
        let address = address.ethernet_octets().ok_or(Unsupported)?;
        if matches!(command, LinkControl::Join(_)) {
            return self.join(address);
        }
        self.leave(address);
        Ok(())
    }

    fn join(&mut self, address: &[u8; 6]) -> Result<(), Unsupported> {
        let entry = match self.groups.iter().position(|g| g.joins > 0 && g.address == *address) {
            Some(found) => Some(found),
            None => self.groups.iter().position(|g| g.joins == 0),
        };
        match entry.and_then(|i| self.groups.get_mut(i)) {
            Some(group) => {
                group.address = *address;
                group.joins = group.joins.saturating_add(1);
                Ok(())
            }
            None => {
                self.without_entry = self.without_entry.saturating_add(1);
                Err(Unsupported)
            }
        }
    }

    fn leave(&mut self, address: &[u8; 6]) {
        match self.groups.iter_mut().find(|g| g.joins > 0 && g.address == *address) {
            Some(group) => group.joins -= 1,
            None => self.without_entry = self.without_entry.saturating_sub(1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tersus_wire::HardwareAddress;

    const OWN: [u8; 6] = [2, 0, 0, 0, 0, 1];
    const OTHER: [u8; 6] = [2, 0, 0, 0, 0, 2];

    /// What becomes of a frame to that address.
    fn cast<const N: usize>(filter: &Filter<N>, [a, b, c, d, e, f]: [u8; 6]) -> Result<Cast, Cast> {
        filter.cast(&Header::new(&[a, b, c, d, e, f, 0, 0, 0, 0, 0, 0, 8, 0]))
    }

    fn group(n: u8) -> [u8; 6] {
        [1, 0, 0x5e, 0, 0, n]
    }

    fn join<const N: usize>(filter: &mut Filter<N>, n: u8) -> Result<(), Unsupported> {
        filter.control(LinkControl::Join(&HardwareAddress::ethernet(group(n))))
    }

    fn leave<const N: usize>(filter: &mut Filter<N>, n: u8) {
        filter.control(LinkControl::Leave(&HardwareAddress::ethernet(group(n)))).unwrap();
    }

    // conf: ETH-ETH-07
    #[test]
    fn own_broadcast_and_joined_groups_pass_and_nothing_else() {
        let mut filter = Filter::<2>::new(OWN);
        join(&mut filter, 1).unwrap();
        for (destination, want) in [
            (OWN, Ok(Cast::Unicast)),
            (BROADCAST, Ok(Cast::Broadcast)),
            (group(1), Ok(Cast::Multicast)),
            (group(2), Err(Cast::Multicast)),
            (OTHER, Err(Cast::Unicast)),
            ([0; 6], Err(Cast::Unicast)),
        ] {
            assert_eq!(cast(&filter, destination), want, "{destination:x?}");
        }
        filter.control(LinkControl::Promiscuous(Switch::On)).unwrap();
        assert_eq!(cast(&filter, OTHER), Ok(Cast::Unicast));
        assert_eq!(cast(&filter, group(2)), Ok(Cast::Multicast));
        filter.control(LinkControl::Promiscuous(Switch::Off)).unwrap();
        assert_eq!(cast(&filter, OTHER), Err(Cast::Unicast));
    }

    #[test]
    fn a_full_table_passes_all_groups_until_the_surplus_left() {
        let mut filter = Filter::<2>::new(OWN);
        assert_eq!(join(&mut filter, 1), Ok(()));
        assert_eq!(join(&mut filter, 2), Ok(()));
        assert_eq!(join(&mut filter, 3), Err(Unsupported));
        assert_eq!(cast(&filter, group(9)), Ok(Cast::Multicast));
        assert_eq!(cast(&filter, OTHER), Err(Cast::Unicast));
        leave(&mut filter, 3);
        assert_eq!(cast(&filter, group(9)), Err(Cast::Multicast));
        assert_eq!(cast(&filter, group(2)), Ok(Cast::Multicast));
        leave(&mut filter, 1);
        assert_eq!(join(&mut filter, 3), Ok(()));
    }

    #[test]
    fn two_ip_groups_on_one_address_are_counted() {
        let mut filter = Filter::<1>::new(OWN);
        join(&mut filter, 1).unwrap();
        join(&mut filter, 1).unwrap();
        leave(&mut filter, 1);
        assert_eq!(cast(&filter, group(1)), Ok(Cast::Multicast));
        leave(&mut filter, 1);
        leave(&mut filter, 1);
        assert_eq!(cast(&filter, group(1)), Err(Cast::Multicast));
    }

    #[test]
    fn a_table_of_length_zero_passes_all_groups_once_one_is_joined() {
        let mut filter = Filter::<0>::new(OWN);
        assert_eq!(cast(&filter, group(1)), Err(Cast::Multicast));
        assert_eq!(join(&mut filter, 1), Err(Unsupported));
        assert_eq!(cast(&filter, group(2)), Ok(Cast::Multicast));
    }

    #[test]
    fn addresses_of_other_links_and_6lowpan_commands_are_unsupported() {
        let mut filter = Filter::<2>::new(OWN);
        assert_eq!(filter.control(LinkControl::Join(&HardwareAddress::short(1))), Err(Unsupported));
        assert_eq!(filter.control(LinkControl::Leave(&HardwareAddress::NONE)), Err(Unsupported));
        let context = LinkControl::Context { id: 0, prefix: None, compress: Switch::Off };
        assert_eq!(filter.control(context), Err(Unsupported));
    }
}
