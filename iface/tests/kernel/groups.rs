//! Group membership as a bridge with a querier sees it.

use crate::world::{World, STACK_V4, STACK_V6};
use core::time::Duration;

/// Waits until the bridge's group table has, or has no more, `group`.
fn wait_for(world: &World, group: &str, present: Presence) {
    let not = if present == Presence::Known { "" } else { "! " };
    world.wait_for(&format!("{not}bridge mdb show | grep -q ' grp {group} '"));
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Presence {
    Known,
    Forgotten,
}

#[test]
fn a_bridge_learns_the_groups_that_the_stack_joins_and_forgets_those_that_it_leaves() {
    for mld_version in [1, 2] {
        let Some(mut world) = World::empty() else { return };
        world.sh(&format!(
            "ip link add br0 type bridge mcast_snooping 1 mcast_querier 1 mcast_query_interval 500 \
             mcast_startup_query_interval 200 mcast_query_response_interval 100 mcast_mld_version {mld_version}"
        ));
        // The kernel starts to use what it learned only after its own querier was heard, so give it addresses.
        world
            .sh("ip addr add 10.77.0.1/24 dev br0; ip addr add fd77::1/64 dev br0 nodad; ip link set br0 up");
        world.tap("tap0", &[]);
        world.sh("ip link set tap0 master br0");
        let (v4, v6) = (format!("{STACK_V4}/24"), format!("{STACK_V6}/64"));
        let arguments = [
            "--tap",
            "tap0",
            "--address",
            &v4,
            "--address",
            &v6,
            "--join",
            "239.7.7.7",
            "--join",
            "ff05::77",
        ];
        let group = world.start("group", &arguments);
        wait_for(&world, "239.7.7.7", Presence::Known);
        wait_for(&world, "ff05::77", Presence::Known);
        // The solicited-node group of the stack's address.
        wait_for(&world, "ff02::1:ff00:2", Presence::Known);
        // Longer than the membership would live if queries were not answered.
        std::thread::sleep(Duration::from_secs(3));
        wait_for(&world, "239.7.7.7", Presence::Known);
        wait_for(&world, "ff05::77", Presence::Known);
        world.stop(group);
        wait_for(&world, "239.7.7.7", Presence::Forgotten);
        wait_for(&world, "ff05::77", Presence::Forgotten);
    }
}
