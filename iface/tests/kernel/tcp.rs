//! TCP: transfers both ways, many at once, and every way to end.

use crate::world::{World, FAMILIES, KERNEL_V4, KERNEL_V6};

/// SHA-256 of the first 50,000,000 octets of the pattern: octet i has the value i mod 251.
fn pattern_digest(world: &World) -> String {
    world.client("pattern-digest 50000000").trim().to_owned()
}

#[test]
fn curl_gets_fifty_million_octets_intact() {
    let Some(mut world) = World::new() else { return };
    world.serve(&[]);
    let want = pattern_digest(&world);
    for (_, url, _) in FAMILIES {
        let got =
            world.sh(&format!("curl -sS --fail -g http://{url}/bytes/50000000 | sha256sum | cut -d' ' -f1"));
        assert_eq!(got.trim(), want, "{url}");
    }
}

#[test]
fn sixty_four_curls_at_once_are_served() {
    let Some(mut world) = World::new() else { return };
    world.serve(&[]);
    for (_, url, _) in FAMILIES {
        let script = format!(
            "for i in $(seq 64); do curl -sS --fail -g -o out$i http://{url}/bytes/1000000 & pids+=\" $!\"; done; \
             for pid in $pids; do wait $pid || exit 1; done; \
             cat out* | wc -c; sha256sum out* | cut -d' ' -f1 | sort -u | wc -l; rm out*"
        );
        assert_eq!(world.sh(&script).split_whitespace().collect::<Vec<_>>(), ["64000000", "1"], "{url}");
    }
}

/// What the kernel says of its connection to the stack while a transfer goes on.
fn transfer_seen_by_the_kernel(world: &World, url: &str) -> String {
    let seen = world.sh(&format!(
        "curl -sS --fail -g --limit-rate 20M -o slow http://{url}/bytes/50000000 & sleep 1; \
         ss -Htino state established; wait; wc -c <slow; rm slow"
    ));
    assert!(seen.ends_with("50000000\n"), "{seen}");
    seen
}

// conf: TCP-TS-01, TCP-TS-02
#[test]
fn timestamps_are_agreed_on_with_the_kernel_and_disturb_no_one() {
    let Some(mut world) = World::new() else { return };
    let file = world.folder.join("stats.json").to_string_lossy().into_owned();
    let serve = world.serve(&["--stats", &file]);
    for (_, url, stack) in FAMILIES {
        let seen = transfer_seen_by_the_kernel(&world, url);
        assert!(seen.contains(" ts sack "), "{seen}");
        let script = format!(
            "for i in $(seq 64); do curl -sS --fail -g -o out$i http://{url}/bytes/1000000 & pids+=\" $!\"; done; \
             for pid in $pids; do wait $pid || exit 1; done; cat out* | wc -c; rm out*"
        );
        assert_eq!(world.sh(&script).trim(), "64000000", "{url}");
        world.client(&format!("tcp-echo {stack} 5000000"));
        // A kernel that does without.
        world.sh("echo 0 >/proc/sys/net/ipv4/tcp_timestamps");
        let seen = transfer_seen_by_the_kernel(&world, url);
        assert!(!seen.contains(" ts "), "{seen}");
        world.sh("echo 1 >/proc/sys/net/ipv4/tcp_timestamps");
    }
    world.stop(serve);
    let stats: serde_json::Value = serde_json::from_str(&world.sh(&format!("cat {file}"))).unwrap();
    let tcp = &stats["tcp"];
    assert_eq!((&tcp["timestamps_old"], &tcp["timestamps_missing"]), (&0.into(), &0.into()), "{tcp}");
}

#[test]
fn uploads_to_echo_and_discard_arrive() {
    let Some(mut world) = World::new() else { return };
    world.serve(&[]);
    for (_, _, stack) in FAMILIES {
        world.client(&format!("tcp-echo {stack} 50000000"));
        world.client(&format!("tcp-discard {stack} 50000000"));
        world.client(&format!("tcp-chargen {stack} 1000000"));
    }
}

#[test]
fn fetch_gets_a_file_from_a_server_of_the_kernel() {
    let Some(world) = World::new() else { return };
    let want = pattern_digest(&world);
    for (kernel, url, address) in [
        (KERNEL_V4, KERNEL_V4.to_owned(), "10.77.0.2/24"),
        (KERNEL_V6, format!("[{KERNEL_V6}]"), "fd77::2/64"),
    ] {
        world.client("pattern-file 50000000 served");
        let server =
            format!("python3 -m http.server -b {kernel} 8000 >server.log 2>&1 & echo $! >server.pid");
        world.sh(&server);
        world.wait_for("ss -Hltn 'sport = 8000' | grep -q .");
        let file = world.folder.join("fetched");
        let file = file.to_string_lossy();
        let url = format!("http://{url}:8000/served");
        let output = world.run("fetch", &["--tap", "tap0", "--address", address, &url, "-o", &file]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(world.sh("sha256sum fetched | cut -d' ' -f1").trim(), want, "{url}");
        let missing = format!("{}-not", url);
        let output = world.run("fetch", &["--tap", "tap0", "--address", address, &missing]);
        assert!(!output.status.success(), "404 must not be a success");
        world.sh("kill $(cat server.pid); rm -f fetched");
        world.wait_for("! ss -Hltn 'sport = 8000' | grep -q .");
    }
}

// conf: TCP-FIN-04, TCP-FIN-05
#[test]
fn the_kernel_may_close_half_close_and_reset() {
    let Some(mut world) = World::new() else { return };
    world.serve(&[]);
    for (_, _, stack) in FAMILIES {
        world.client(&format!("tcp-half-close {stack} 1000000"));
        world.client(&format!("tcp-close {stack} 200"));
        world.client(&format!("tcp-reset {stack} 200"));
        // Whatever was left behind would show now: more connections than `serve` has slots for.
        world.client(&format!("tcp-echo {stack} 1000000"));
    }
    // Nothing is left behind at the kernel.
    world.wait_for(
        "! ss -Htan state established state close-wait state fin-wait-1 state last-ack | grep -q .",
    );
}

#[test]
fn a_flood_of_arp_requests_does_not_disturb_a_transfer() {
    let Some(mut world) = World::new() else { return };
    let file = world.folder.join("stats.json");
    let file = file.to_string_lossy().into_owned();
    let serve = world.serve(&["--stats", &file]);
    let flood = world.client_command("arp-flood tap0 10.77.0.2 10000");
    let got = world.sh(&format!(
        "{flood} & curl -sS --fail http://10.77.0.2/bytes/50000000 | sha256sum | cut -d' ' -f1; wait"
    ));
    assert_eq!(got.trim(), pattern_digest(&world));
    world.stop(serve);
    let stats: serde_json::Value = serde_json::from_str(&world.sh(&format!("cat {file}"))).unwrap();
    let arrived = stats["ip"]["arp_received"].as_u64().unwrap();
    assert!(arrived >= 5_000, "only {arrived} of 10,000 requests arrived");
}

#[test]
fn throughput_is_measured_both_ways() {
    let Some(mut world) = World::new() else { return };
    for (address, own, stack) in
        [("10.77.0.2/24", KERNEL_V4, "10.77.0.2"), ("fd77::2/64", KERNEL_V6, "fd77::2")]
    {
        let device = ["--tap", "tap0", "--address", address];
        let mut arguments = vec!["receive", "--listen", "5001", "--bytes", "20000000"];
        arguments.extend(device);
        let receiver = world.start("throughput", &arguments);
        world.client(&format!("tcp-feed {stack} 5001 20000000"));
        world.wait_for_end(receiver);

        let sink = world.client_command(&format!("tcp-sink {own} 5002"));
        world.sh(&format!("{sink} >sink.log 2>&1 & echo started"));
        world.wait_for("grep -q ready sink.log");
        let remote = if own.contains(':') { format!("[{own}]:5002") } else { format!("{own}:5002") };
        let mut arguments = vec!["send", "--connect", &remote, "--bytes", "20000000", "--congestion", "reno"];
        arguments.extend(device);
        let output = world.run("throughput", &arguments);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(said.contains("20000000 octets in ") && said.contains("Mbit/s"), "{said}");
        world.wait_for("grep -qx 20000000 sink.log");
    }
}

// conf: TCP-ECN-01, TCP-ECN-05
#[test]
fn the_kernel_agrees_on_ecn_and_gets_marked_data() {
    let Some(mut world) = World::new() else { return };
    world.sh("echo 1 >/proc/sys/net/ipv4/tcp_ecn");
    world.serve(&[]);
    for (_, url, stack) in FAMILIES {
        let counter = if stack.contains(':') { "Ip6InECT0Pkts" } else { "IpExtInECT0Pkts" };
        let marked = format!("nstat -asz {counter} | tail -1 | tr -s ' ' | cut -d' ' -f2");
        assert_eq!(world.sh(&marked).trim(), "0");
        let got = world.sh(&format!("curl -sS --fail -g http://{url}/bytes/5000000 | wc -c"));
        assert_eq!(got.trim(), "5000000", "{url}");
        // Data are marked, SYN-ACK and ACKs are not.
        let packets: u32 = world.sh(&marked).trim().parse().unwrap();
        assert!((3_400..4_500).contains(&packets), "{url}: {packets} marked packets for 5,000,000 octets");
        world.client(&format!("tcp-echo {stack} 1000000"));
    }
}
