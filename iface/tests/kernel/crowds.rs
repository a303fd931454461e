//! TCP under many peers: in a row, at once, slow ones, forged ones; and nobody is left behind.

use crate::world::{World, FAMILIES};

/// Connections of the kernel that are neither over nor in TIME-WAIT.
const LEFT: &str =
    "ss -Htan state established state close-wait state fin-wait-1 state fin-wait-2 state last-ack \
                    state closing state syn-sent";

fn nobody_is_left(world: &mut World, serve: usize, stats: &str) {
    world.wait_for(&format!("! {LEFT} | grep -q ."));
    world.stop(serve);
    let stats: serde_json::Value = serde_json::from_str(&world.sh(&format!("cat {stats}"))).unwrap();
    let tcp = &stats["tcp"];
    assert_eq!(tcp["timed_out"], 0, "{tcp}");
    assert_eq!(tcp["accept_no_room"], 0, "{tcp}");
}

#[test]
fn ten_thousand_connections_in_a_row_leave_nothing_behind() {
    let Some(mut world) = World::new() else { return };
    let file = world.folder.join("stats.json").to_string_lossy().into_owned();
    // Far fewer slots than connections: one that was not given back would be missed.
    let serve = world.serve(&["--stats", &file, "--connections", "16"]);
    for (_, _, stack) in FAMILIES {
        world.client(&format!("tcp-row {stack} 5000"));
    }
    nobody_is_left(&mut world, serve, &file);
}

#[test]
fn a_thousand_connections_at_once_are_served() {
    let Some(mut world) = World::new() else { return };
    let file = world.folder.join("stats.json").to_string_lossy().into_owned();
    let serve = world.serve(&["--stats", &file, "--connections", "1000"]);
    for (_, _, stack) in FAMILIES {
        world.client(&format!("tcp-crowd {stack} 1000 10000"));
        world.wait_for(&format!("! {LEFT} | grep -q ."));
    }
    nobody_is_left(&mut world, serve, &file);
}

#[test]
fn slow_and_lingering_peers_hold_nothing_for_ever() {
    let Some(mut world) = World::new() else { return };
    let file = world.folder.join("stats.json").to_string_lossy().into_owned();
    let serve = world.serve(&["--stats", &file]);
    for (_, _, stack) in FAMILIES {
        world.client(&format!("tcp-slow {stack} 300000"));
        world.client(&format!("tcp-linger {stack} 100"));
        world.client(&format!("tcp-echo {stack} 1000000"));
    }
    nobody_is_left(&mut world, serve, &file);
}
