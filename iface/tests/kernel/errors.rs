//! What nobody listens to, and who does not exist, from both sides.

use crate::world::{World, FAMILIES, KERNEL_V4, KERNEL_V6};

// conf: ICM-V4-08, ICM-V6-07, UDP-API-01
#[test]
fn an_unused_port_of_the_stack_is_refused_at_once() {
    let Some(mut world) = World::new() else { return };
    world.serve(&[]);
    for (_, _, stack) in FAMILIES {
        world.client(&format!("udp-refused {stack} 4242"));
        world.client(&format!("tcp-refused {stack} 4242"));
    }
}

#[test]
fn the_examples_tell_a_refused_port_from_a_host_that_does_not_exist() {
    let Some(world) = World::new() else { return };
    for (url, own) in [(KERNEL_V4.to_owned(), "10.77.0.2/24"), (format!("[{KERNEL_V6}]"), "fd77::2/64")] {
        let output = world.run("fetch", &["--tap", "tap0", "--address", own, &format!("http://{url}:4242/")]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && said.contains("refused"), "{url}: {said}");
    }
    for (nobody, url, own) in
        [("10.77.0.99", "10.77.0.99", "10.77.0.2/24"), ("fd77::99", "[fd77::99]", "fd77::2/64")]
    {
        let output = world.run("fetch", &["--tap", "tap0", "--address", own, &format!("http://{url}/")]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && said.contains("unreachable"), "{nobody}: {said}");

        let output = world.run("ping", &["--tap", "tap0", "--address", own, nobody, "-c", "2", "-i", "0.2"]);
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(!output.status.success(), "{nobody}: {said}");
        assert!(said.contains("100% packet loss") && said.contains("nreachable"), "{nobody}: {said}");
    }
}

#[test]
fn a_host_that_is_not_the_stack_stays_unreachable_for_the_kernel() {
    let Some(mut world) = World::new() else { return };
    world.serve(&[]);
    for nobody in ["10.77.0.99", "fd77::99"] {
        let output = world.try_sh(&format!("ping -n -c 2 -W 4 {nobody}"));
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(!output.status.success() && said.contains("100% packet loss"), "{nobody}: {said}");
    }
}

#[test]
fn a_device_that_cannot_be_opened_says_what_to_do() {
    let Some(world) = World::empty() else { return };
    let name = "a-name-that-is-too-long-for-linux";
    let output = world.run("serve", &["--tap", name, "--address", "10.77.0.2/24"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains(name), "{said}");
    let output = world.run("serve", &["--packet", "none0", "--address", "10.77.0.2/24"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains("none0"), "{said}");
}
