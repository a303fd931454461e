//! Echo, both ways.

use crate::world::{World, FAMILIES, KERNEL_V4, KERNEL_V6};

#[test]
fn the_first_ping_to_a_cold_stack_is_answered() {
    for (_, _, stack) in FAMILIES {
        let Some(mut world) = World::new() else { return };
        world.serve(&[]);
        world.sh(&format!("ping -n -c 1 -W 2 {stack}"));
    }
}

// conf: ICM-ECH-01, ICM-ECH-06, IP4-RAS-02, IP6-HDR-05
#[test]
fn pings_of_every_size_are_answered() {
    let Some(mut world) = World::new() else { return };
    world.serve(&[]);
    for (_, _, stack) in FAMILIES {
        for size in [0, 1, 56, 1400, 1472, 1473, 20_000] {
            let output = world.sh(&format!("ping -n -c 3 -i 0.05 -W 2 -s {size} {stack}"));
            assert!(output.contains(" 0% packet loss"), "-s {size} {stack}:\n{output}");
        }
    }
}

#[test]
fn a_flood_of_ten_thousand_loses_nothing() {
    let Some(mut world) = World::new() else { return };
    world.serve(&[]);
    for (_, _, stack) in FAMILIES {
        let output = world.sh(&format!("ping -n -q -f -c 10000 {stack}"));
        assert!(output.contains(" 0% packet loss"), "{stack}:\n{output}");
    }
}

// conf: ICM-ECH-05, ICM-ECH-09
#[test]
fn the_kernel_answers_the_example_ping() {
    let Some(world) = World::new() else { return };
    for (kernel, address) in [(KERNEL_V4, "10.77.0.2/24"), (KERNEL_V6, "fd77::2/64")] {
        for size in ["56", "1400", "20000"] {
            let arguments =
                ["--tap", "tap0", "--address", address, kernel, "-c", "3", "-i", "0.05", "-s", size];
            let output = world.run("ping", &arguments);
            let said = String::from_utf8_lossy(&output.stdout);
            assert!(output.status.success(), "-s {size} {kernel}:\n{said}");
            assert!(said.contains("3 packets transmitted, 3 received, 0% packet loss"), "{said}");
        }
    }
}
