//! UDP echo and the small services.

use crate::world::{World, FAMILIES};

// conf: UDP-HDR-02, UDP-API-16
#[test]
fn datagrams_up_to_60000_octets_come_back() {
    let Some(mut world) = World::new() else { return };
    world.serve(&[]);
    for (_, _, stack) in FAMILIES {
        world.client(&format!("udp-echo {stack} 0 1 1400 1472 1473 9000 30000 60000"));
    }
}

#[test]
fn a_burst_of_datagrams_comes_back() {
    let Some(mut world) = World::new() else { return };
    world.serve(&[]);
    for (_, _, stack) in FAMILIES {
        world.client(&format!("udp-burst {stack} 2000 512"));
    }
}
