//! Membership of groups: counted by user, told to the link once for each of its group addresses.

use crate::interface::{Interface, InterfaceFlags};
use crate::{InterfaceId, Membership, PackedAddress};
use tersus_phy::{LinkControl, Medium};

/// Why a group was not joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JoinError {
    /// The interface does not exist.
    #[error("no such interface")]
    Interface,
    /// The address is no group.
    #[error("not the address of a group")]
    NotAGroup,
    /// The family is left out of this build.
    #[error("address family left out of this build")]
    Family,
    /// The interface's table of groups is full. A group that was left keeps its place until the next poll.
    #[error("table of groups is full")]
    TableFull,
    /// The host was given without groups: see [`Duties::with_groups`](crate::Duties::with_groups).
    #[error("groups are left out of this composition")]
    LeftOut,
}

/// What a join or leave did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// The first user came, or the last one went.
    Membership,
    /// Only the number of users.
    Count,
    /// Nothing: the group was not joined.
    None,
}

/// Counts one more user of `group`.
pub(crate) fn join(table: &mut [Membership], group: PackedAddress) -> Result<Change, JoinError> {
    if let Some(entry) = table.iter_mut().find(|entry| entry.address() == group) {
        let change = if entry.users == 0 { Change::Membership } else { Change::Count };
        entry.users = entry.users.saturating_add(1);
        return Ok(change);
    }
    let free = table.iter_mut().find(|entry| entry.is_free()).ok_or(JoinError::TableFull)?;
    *free = Membership::of(group, 1);
    Ok(Change::Membership)
}

/// Counts one user of `group` less.
pub(crate) fn leave(table: &mut [Membership], group: &PackedAddress) -> Change {
    let Some(entry) = table.iter_mut().find(|entry| entry.users != 0 && entry.address() == *group) else {
        return Change::None;
    };
    entry.users = entry.users.saturating_sub(1);
    match entry.users {
        0 => Change::Membership,
        _ => Change::Count,
    }
}

/// Whether somebody joined `group`.
pub(crate) fn contains(table: &[Membership], group: &PackedAddress) -> bool {
    table.iter().any(|entry| entry.users != 0 && entry.address() == *group)
}

/// The groups of `interface` in a table that all interfaces share equally.
pub(crate) fn share(table: &[Membership], each: usize, interface: InterfaceId) -> &[Membership] {
    let start = usize::from(interface.0).saturating_mul(each);
    table.get(start..start.saturating_add(each)).unwrap_or(&[])
}

/// As [`share`], to be altered.
pub(crate) fn share_mut(table: &mut [Membership], each: usize, interface: InterfaceId) -> &mut [Membership] {
    let start = usize::from(interface.0).saturating_mul(each);
    table.get_mut(start..start.saturating_add(each)).unwrap_or(&mut [])
}

/// Tells the link which groups were joined and left since the last call. Groups that share a hardware address are
/// told as one.
pub(crate) fn tell(
    interface: &mut Interface,
    table: &mut [Membership],
    link: &mut dyn FnMut(LinkControl<'_>),
) {
    interface.flags.remove(InterfaceFlags::GROUPS_CHANGED);
    if interface.properties.medium != Medium::Ethernet {
        for entry in table.iter_mut().filter(|entry| entry.users == 0) {
            *entry = Membership::FREE;
        }
        return;
    }
    for index in 0..table.len() {
        let Some(entry) = table.get(index) else { return };
        let group = entry.address();
        if group.is_none() {
            continue;
        }
        let joined = entry.users > 0;
        if joined == entry.is_told {
            continue;
        }
        let hardware = interface.group_address(&group);
        let shared = table.iter().enumerate().any(|(i, other)| {
            i != index && other.is_told && interface.group_address(&other.address()) == hardware
        });
        if !shared {
            link(if joined { LinkControl::Join(&hardware) } else { LinkControl::Leave(&hardware) });
        }
        if let Some(entry) = table.get_mut(index) {
            entry.is_told = joined;
            if !joined {
                *entry = Membership::FREE;
            }
        }
    }
}
