//! TCP with the kernel through a wire that loses, delays, overtakes and doubles: what arrives is what was sent, and
//! what is said on the way is seen by a second dissector.
//!
//! ```text
//!   example ── packet socket ── left TAP ── relay ── right TAP ── the kernel's TCP
//! ```

use crate::world::{World, FAMILIES, KERNEL_V4, KERNEL_V6, STACK_V4, STACK_V6};

/// Octets of a transfer.
const LEN: u32 = 3_000_000;
/// 5 ms each way, 1 % lost, 2 % late by 5 ms, 1 % twice: each way.
const IMPAIRED: [&str; 8] = ["--delay", "5", "--loss", "1", "--late", "2", "--twice", "1"];

/// The address options of an example on the left TAP.
fn on_the_left() -> Vec<String> {
    let (v4, v6) = (format!("{STACK_V4}/24"), format!("{STACK_V6}/64"));
    ["--packet", "left", "--address", &v4, "--address", &v6].map(ToOwned::to_owned).to_vec()
}

/// A namespace with two TAPs and the relay between them; the kernel's addresses are on the right one.
fn impaired_world(impairment: &[&str]) -> Option<World> {
    let mut world = World::empty()?;
    let mut arguments = vec!["--left", "left", "--right", "right"];
    arguments.extend(impairment);
    world.start("relay", &arguments);
    // On the left the kernel only carries frames: it has no address there, and takes no part.
    world.sh(&format!(
        "sysctl -q -w net.ipv6.conf.left.disable_ipv6=1; ip addr add {KERNEL_V4}/24 dev right; \
         ip addr add {KERNEL_V6}/64 dev right nodad; ip link set left up; ip link set right up"
    ));
    Some(world)
}

/// What must not be seen. A TCP checksum of 0 the kernel sends as 0xffff, which is as good to a receiver, but not to the
/// dissector: one segment in 65,536.
const BROKEN: &str = "_ws.malformed || ip.checksum.status == 0 \
    || (tcp.checksum.status == 0 && !((tcp.dstport == 80 || tcp.srcport == 8000) && tcp.checksum == 0xffff))";

/// What is above TCP is random octets, which some protocol's dissector would call malformed: the servers' ports are those
/// of none.
const AS_OCTETS: &str = "-d tcp.port==80,data -d tcp.port==8000,data";

/// Frames of a capture that a display filter lets through.
fn count(world: &World, file: &str, filter: &str) -> u32 {
    let counted = world.sh(&format!(
        "tshark -r {file} {AS_OCTETS} -o tcp.check_checksum:TRUE -Y '{filter}' -T fields -e frame.number 2>/dev/null | wc -l"
    ));
    counted.trim().parse().unwrap()
}

/// No frame is broken, by the dissector's word.
fn assert_nothing_is_broken(world: &World, file: &str) {
    let shown = world.sh(&format!(
        "tshark -r {file} {AS_OCTETS} -o tcp.check_checksum:TRUE -Y '{BROKEN}' -V -x 2>/dev/null | head -n 200"
    ));
    assert!(shown.trim().is_empty(), "{shown}");
}

/// Whether there is a second dissector; said aloud if not.
fn has_dissector(world: &World) -> bool {
    let found = world.try_sh("command -v tshark").status.success();
    let required = std::env::var("TERSUS_KERNEL_TESTS").is_ok_and(|value| value == "required");
    assert!(found || !required, "tshark is not installed");
    found
}

fn digest(world: &World) -> String {
    world.client(&format!("pattern-digest {LEN}")).trim().to_owned()
}

// conf: TCP-SACK-01
#[test]
fn the_kernel_receives_every_octet_and_reports_what_came_ahead() {
    let Some(mut world) = impaired_world(&IMPAIRED) else { return };
    let capture = world.folder.join("sent.pcapng").to_string_lossy().into_owned();
    let mut arguments = on_the_left();
    arguments.extend(["--pcap".to_owned(), capture.clone()]);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let serve = world.start("serve", &arguments);
    let want = digest(&world);
    for (_, url, _) in FAMILIES {
        let got =
            world.sh(&format!("curl -sS --fail -g http://{url}/bytes/{LEN} | sha256sum | cut -d' ' -f1"));
        assert_eq!(got.trim(), want, "{url}");
    }
    world.stop(serve);
    if !has_dissector(&world) {
        return;
    }
    let ours = "tcp.srcport == 80";
    let theirs = "tcp.dstport == 80";
    let seen = |filter: &str| count(&world, &capture, filter);
    assert_nothing_is_broken(&world, &capture);
    for side in [ours, theirs] {
        let options = "tcp.options.sack_perm && tcp.options.wscale.shift && tcp.options.mss";
        assert!(
            seen(&format!("{side} && tcp.flags.syn == 1 && {options}")) >= 2,
            "{side}: options of the SYN"
        );
    }
    assert_eq!(seen("tcp.flags.syn == 0 && tcp.options.sack_perm"), 0, "only a SYN permits SACK");
    assert!(seen(&format!("{theirs} && tcp.options.sack_le")) > 0, "the kernel reports gaps");
    assert!(seen(&format!("{ours} && tcp.len > 0")) > LEN / 1460);
}

#[test]
fn the_kernel_sends_every_octet_and_is_told_what_came_ahead_and_twice() {
    let Some(world) = impaired_world(&IMPAIRED) else { return };
    let want = digest(&world);
    world.client(&format!("pattern-file {LEN} served"));
    let capture = world.folder.join("received.pcapng").to_string_lossy().into_owned();
    let fetched = world.folder.join("fetched").to_string_lossy().into_owned();
    for (kernel, url) in [(KERNEL_V4, KERNEL_V4.to_owned()), (KERNEL_V6, format!("[{KERNEL_V6}]"))] {
        world.sh(&format!("python3 -m http.server -b {kernel} 8000 >server.log 2>&1 & echo $! >server.pid"));
        world.wait_for("ss -Hltn 'sport = 8000' | grep -q .");
        let url = format!("http://{url}:8000/served");
        let mut arguments = on_the_left();
        arguments.extend(["--pcap", &capture, &url, "-o", &fetched].map(ToOwned::to_owned));
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let output = world.run("fetch", &arguments);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(world.sh("sha256sum fetched | cut -d' ' -f1").trim(), want, "{url}");
        world.sh("kill $(cat server.pid); rm -f fetched");
        world.wait_for("! ss -Hltn 'sport = 8000' | grep -q .");
        if !has_dissector(&world) {
            continue;
        }
        let ours = "tcp.dstport == 8000";
        let seen = |filter: &str| count(&world, &capture, filter);
        assert_nothing_is_broken(&world, &capture);
        let options = "tcp.options.sack_perm && tcp.options.wscale.shift && tcp.options.mss";
        assert!(seen(&format!("{ours} && tcp.flags.syn == 1 && {options}")) >= 1, "options of the SYN");
        assert!(seen(&format!("{ours} && tcp.options.sack_le")) > 0, "gaps are reported");
        assert!(seen(&format!("{ours} && tcp.options.sack.dsack_le")) > 0, "what came twice is reported");
    }
}

#[test]
fn both_directions_at_once_survive_heavy_loss() {
    let heavy = ["--delay", "3", "--loss", "5", "--late", "5", "--twice", "2"];
    let Some(mut world) = impaired_world(&heavy) else { return };
    let arguments = on_the_left();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let serve = world.start("serve", &arguments);
    for (_, _, stack) in FAMILIES {
        world.client(&format!("tcp-echo {stack} 200000"));
    }
    world.stop(serve);
}

#[test]
fn marks_on_the_way_are_echoed_and_answered_by_both_ends() {
    let Some(mut world) = impaired_world(&["--delay", "5", "--mark", "2"]) else { return };
    world.sh("sysctl -q -w net.ipv4.tcp_ecn=1");
    let capture = world.folder.join("marks.pcapng").to_string_lossy().into_owned();
    let mut arguments = on_the_left();
    arguments.extend(["--pcap".to_owned(), capture.clone()]);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let serve = world.start("serve", &arguments);
    for (_, _, stack) in FAMILIES {
        world.client(&format!("tcp-echo {stack} {LEN}"));
    }
    world.stop(serve);
    if !has_dissector(&world) {
        return;
    }
    let seen = |filter: &str| count(&world, &capture, filter);
    for (family, mark) in [("ip", "ip.dsfield.ecn == 3"), ("ipv6", "ipv6.tclass.ecn == 3")] {
        let (ours, theirs) =
            (format!("{family} && tcp.srcport == 7"), format!("{family} && tcp.dstport == 7"));
        let bit =
            |side: &str, bit: &str| seen(&format!("{side} && tcp.flags.syn == 0 && tcp.flags.{bit} == 1"));
        assert!(seen(&format!("{theirs} && {mark}")) > 0, "{family}: marks arrive");
        assert!(bit(&ours, "ece") > 0, "{family}: we echo them");
        assert!(bit(&theirs, "cwr") > 0, "{family}: the kernel answers");
        assert!(bit(&theirs, "ece") > 0, "{family}: the kernel echoes ours");
        assert!(bit(&ours, "cwr") > 0, "{family}: we answer");
    }
}
