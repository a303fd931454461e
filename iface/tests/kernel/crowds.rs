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

#[test]
fn a_hundred_thousand_forged_syns_keep_nobody_out() {
    let Some(mut world) = World::new() else { return };
    let file = world.folder.join("stats.json").to_string_lossy().into_owned();
    let hardware = "02:00:00:00:00:77";
    let serve = world.serve(&["--gateway", "10.77.0.1", "--hardware-address", hardware, "--stats", &file]);
    // The legitimate client makes one connection after the other while the flood passes.
    let flood = world.client_command(&format!("syn-flood tap0 10.77.0.2 {hardware} 100000 10"));
    let steady = world.client_command("tcp-steady 10.77.0.2 12");
    let said = world.sh(&format!("{flood} & {steady}; wait"));
    // Each of them was served, or the client had ended with an error.
    let count: u32 = said.trim().parse().unwrap();
    assert!(count >= 10, "{count} connections in twelve seconds");
    world.wait_for(&format!("! {LEFT} | grep -q ."));
    world.stop(serve);
    let stats: serde_json::Value = serde_json::from_str(&world.sh(&format!("cat {file}"))).unwrap();
    let tcp = &stats["tcp"];
    // A TAP whose reader is late drops frames.
    assert!(tcp["syns_received"].as_u64() >= Some(50_000), "{tcp}");
    assert!(tcp["cookies_sent"].as_u64() >= Some(40_000), "{tcp}");
    assert_eq!((&tcp["syn_no_room"], &tcp["syn_backlog"]), (&0.into(), &0.into()), "{tcp}");
}
