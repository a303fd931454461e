//! Several links under one stack, and the other kinds of device.

use crate::world::World;

#[test]
fn hosts_on_two_taps_are_served_by_one_listener() {
    let Some(mut world) = World::empty() else { return };
    // The kernel is the host on both: each prefix has a device of its own.
    world.tap("tap-a", &["10.77.1.1/24", "fd77:1::1/64"]);
    world.tap("tap-b", &["10.77.2.1/24", "fd77:2::1/64"]);
    world.start(
        "serve",
        &[
            "--tap",
            "tap-a",
            "--address",
            "10.77.1.2/24",
            "--address",
            "fd77:1::2/64", //
            "--tap",
            "tap-b",
            "--address",
            "10.77.2.2/24",
            "--address",
            "fd77:2::2/64",
        ],
    );
    for url in ["10.77.1.2", "10.77.2.2", "[fd77:1::2]", "[fd77:2::2]"] {
        let size = world.sh(&format!("curl -sS --fail -g http://{url}/bytes/3000000 | wc -c"));
        assert_eq!(size.trim(), "3000000", "{url}");
    }
    // Both at once.
    world.sh("curl -sS --fail -o /dev/null http://10.77.1.2/bytes/20000000 & a=$!; \
         curl -sS --fail -o /dev/null http://10.77.2.2/bytes/20000000 & b=$!; wait $a && wait $b");
}

#[test]
fn a_tun_carries_raw_ip() {
    let Some(mut world) = World::empty() else { return };
    world.sh("ip tuntap add mode tun tun0; ip addr add 10.77.3.1/24 dev tun0; \
         ip addr add fd77:3::1/64 dev tun0 nodad; ip link set tun0 up");
    world.start("serve", &["--tun", "tun0", "--address", "10.77.3.2/24", "--address", "fd77:3::2/64"]);
    world.sh("ping -n -c 2 -i 0.1 -W 2 10.77.3.2; ping -n -c 2 -i 0.1 -W 2 fd77:3::2");
    for url in ["10.77.3.2", "[fd77:3::2]"] {
        let size = world.sh(&format!("curl -sS --fail -g http://{url}/bytes/5000000 | wc -c"));
        assert_eq!(size.trim(), "5000000", "{url}");
    }
}

#[test]
fn a_packet_socket_on_a_veth_serves_its_other_end() {
    let Some(mut world) = World::empty() else { return };
    // The far end keeps its checksum work to itself, as hardware would.
    world.sh("ip link add veth0 type veth peer name veth1; ip addr add 10.77.4.1/24 dev veth0; \
         ip link set veth0 up; ip link set veth1 up; ethtool -K veth0 tx off gso off tso off >/dev/null");
    world.start("serve", &["--packet", "veth1", "--address", "10.77.4.2/24"]);
    world.sh("ping -n -c 2 -i 0.1 -W 2 10.77.4.2");
    let size = world.sh("curl -sS --fail http://10.77.4.2/bytes/5000000 | wc -c");
    assert_eq!(size.trim(), "5000000");
}

#[test]
fn a_tap_that_does_not_exist_is_created() {
    let Some(mut world) = World::empty() else { return };
    let serve = world.start("serve", &["--tap", "fresh0", "--address", "10.77.5.2/24"]);
    world.sh("ip addr add 10.77.5.1/24 dev fresh0; ip link set fresh0 up; ping -n -c 1 -W 2 10.77.5.2");
    world.stop(serve);
}
