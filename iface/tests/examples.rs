//! The examples that need no device are run, and every example is run by some test. Those that need one are run by the
//! tests beside the kernel, the demo by those of captures.
//!
//! The examples must have been built, as `cargo test` does: `cargo build --examples`.
#![expect(clippy::unwrap_used, reason = "tests panic by intent, in helpers too")]

use core::time::Duration;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

/// Where cargo puts the examples of this build.
fn program(example: &str) -> PathBuf {
    let mut path = std::env::current_exe().unwrap();
    path.pop();
    path.pop();
    path.join("examples").join(example)
}

/// What an example prints. One that hangs is stopped, and fails the test.
fn run(example: &str, arguments: &[&str]) -> String {
    let path = program(example);
    assert!(path.exists(), "the examples are not built: cargo build --examples");
    let mut command = Command::new(path);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut output = child.stdout.take().unwrap();
    let reader = std::thread::spawn(move || {
        let mut text = String::new();
        output.read_to_string(&mut text).map(|_| text)
    });
    let start = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if start.elapsed() > Duration::from_secs(120) {
            let _ = child.kill();
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    let text = reader.join().unwrap().unwrap();
    assert!(status.success(), "{example}: {status}: {text}");
    text
}

#[test]
fn an_echo_server_in_async_code_answers_three_clients() {
    let text = run("async_echo", &[]);
    assert_eq!(text.matches("3200 octets came back as they were: true; Some(Finished)").count(), 3, "{text}");
    assert!(text.contains("done after"), "{text}");
}

#[test]
fn a_stack_composed_by_hand_answers() {
    assert!(run("minimal", &[]).starts_with("21.5 degrees came back after"));
}

#[test]
fn what_the_demo_captured_is_shown_in_lines_and_in_json() {
    let file = std::env::temp_dir().join(format!("tersus-{}-sniff.pcapng", std::process::id()));
    let name = file.to_str().unwrap();
    run("demo", &["--virtual", "--seed", "1", "--bytes", "5000", "--pcap", name]);
    let lines = run("sniff", &["--read", name]);
    let objects = run("sniff", &["--read", name, "--json"]);
    let _ = std::fs::remove_file(&file);
    assert!(lines.contains("TCP") && lines.contains("ARP"), "{lines}");
    // The first frame is the origin of time.
    assert!(lines.starts_with("1 0.000000 s, "), "{lines}");
    assert!(lines.lines().filter(|line| line.starts_with("  TCP ")).count() > 3, "{lines}");
    assert!(objects.lines().count() > 10 && objects.lines().all(|line| line.starts_with('{')), "{objects}");
}

#[test]
fn who_stops_to_read_ends_a_sniff_without_an_error() {
    let file = std::env::temp_dir().join(format!("tersus-{}-stop.pcapng", std::process::id()));
    let name = file.to_str().unwrap();
    run("demo", &["--virtual", "--bytes", "300000", "--pcap", name]);
    let mut command = Command::new(program("sniff"));
    command.args(["--read", name]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    let _ = std::fs::remove_file(&file);
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
}

#[test]
fn a_demo_that_cannot_be_says_so() {
    for (arguments, said) in [
        (["--medium", "ieee802154", "--family", "4"], "ieee802154 carries IPv6 only"),
        (["--virtual", "--seed=1", "--family", "5"], "--family is 4 or 6"),
        (["--virtual", "--seed=1", "--buffer", "0"], "0 is not in 1.."),
        (["--virtual", "--seed=1", "--loss", "1"], "a datagram of 0 octets was sent 20 times"),
    ] {
        let output = Command::new(program("demo")).args(arguments).output().unwrap();
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && text.contains(said), "{arguments:?}: {text}");
    }
}

#[test]
fn frames_of_an_unknown_link_are_shown_by_their_first_octets() {
    let file = std::env::temp_dir().join(format!("tersus-{}-unknown.pcap", std::process::id()));
    let mut pcap = vec![0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 8, 0, 0, 0];
    for seconds in [7, 9, 6] {
        pcap.extend([seconds, 0, 0, 0, 5, 0, 0, 0, 30, 0, 0, 0, 30, 0, 0, 0]);
        pcap.extend([0xab; 30]);
    }
    std::fs::write(&file, pcap).unwrap();
    let lines = run("sniff", &["--read", file.to_str().unwrap()]);
    let _ = std::fs::remove_file(&file);
    let octets = " ab".repeat(24);
    let shown: String = ["1 0.000000", "2 2.000000", "3 -1.000000"]
        .map(|start| format!("{start} s, 30 octets\n  link type 8 is not known here:{octets} …\n"))
        .concat();
    assert_eq!(lines, shown);
}

#[test]
fn every_example_is_run_by_a_test() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut sources = Vec::new();
    for folder in ["tests", "tests/kernel"] {
        for entry in std::fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "rs") {
                sources.push(std::fs::read_to_string(path).unwrap());
            }
        }
    }
    for entry in std::fs::read_dir(root.join("examples")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        if name == "common" {
            continue;
        }
        let is_run = sources.iter().any(|text| text.contains(&format!("\"{name}\"")));
        assert!(is_run, "no test runs the example {name}");
    }
}
