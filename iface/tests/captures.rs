//! What another dissector reads in the frames of two stacks: the demo in virtual time, over a wire that loses,
//! doubles and reorders, its capture given to tshark(1).
//!
//! Needs tshark, and the example built: `cargo build --examples`. Without them each test says so on the terminal and
//! does nothing; with `TERSUS_KERNEL_TESTS=required` in the environment it fails instead.

#[cfg(test)]
mod captures {
    use std::collections::{BTreeMap, BTreeSet};
    use std::io::Write;
    use std::path::{Path, PathBuf};
    use std::process::{Command, Stdio};

    /// What the dissector is told: to verify every checksum; ICMP's it verifies unasked.
    const CHECKS: [&str; 3] =
        ["ip.check_checksum:TRUE", "tcp.check_checksum:TRUE", "udp.check_checksum:TRUE"];

    /// A run of the demo.
    struct Run {
        medium: &'static str,
        family: &'static str,
        addresses: [&'static str; 2],
        /// Octets sent over TCP.
        octets: u64,
        loss: &'static str,
    }

    const RUNS: [Run; 5] = [
        Run {
            medium: "ethernet",
            family: "4",
            addresses: ["10.0.0.1", "10.0.0.2"],
            octets: 400_000,
            loss: "0.05",
        },
        Run {
            medium: "ethernet",
            family: "6",
            addresses: ["fd00::1", "fd00::2"],
            octets: 400_000,
            loss: "0.05",
        },
        Run { medium: "ip", family: "4", addresses: ["10.0.0.1", "10.0.0.2"], octets: 400_000, loss: "0.05" },
        Run { medium: "ip", family: "6", addresses: ["fd00::1", "fd00::2"], octets: 400_000, loss: "0.05" },
        // A segment is twelve frames there: of those, a twentieth lost leaves half of the segments.
        Run {
            medium: "ieee802154",
            family: "6",
            addresses: ["fe80::ff:fe00:1", "fe80::ff:fe00:2"],
            octets: 60_000,
            loss: "0.01",
        },
    ];

    impl Run {
        fn name(&self) -> String {
            format!("{} IPv{}", self.medium, self.family)
        }

        /// The field that has the source address.
        fn source(&self) -> &'static str {
            if self.family == "4" {
                "ip.src"
            } else {
                "ipv6.src"
            }
        }

        /// Runs the demo, which writes its capture to `file`.
        fn demo(&self, seed: &str, file: &Path) {
            let octets = self.octets.to_string();
            let mut command = Command::new(program("demo"));
            command.args(["--virtual", "--medium", self.medium, "--family", self.family, "--bytes", &octets]);
            command.args(["--loss", self.loss, "--duplicate", "0.05", "--reorder", "0.05", "--delay", "5"]);
            command.args(["--seed", seed, "--pcap"]).arg(file);
            let output = command.stdin(Stdio::null()).output().unwrap();
            let said = String::from_utf8_lossy(&output.stdout);
            let erred = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{} --seed {seed}: {said}{erred}", self.name());
            assert!(said.contains(&format!("verified {octets} octets")), "{said}");
        }
    }

    /// A file that is gone with the value.
    struct Scratch(PathBuf);

    impl Scratch {
        fn new(name: &str) -> Self {
            Self(std::env::temp_dir().join(format!("tersus-{}-{name}.pcapng", std::process::id())))
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = std::fs::remove_file(&self.0);
        }
    }

    /// Where cargo puts the examples of this build.
    fn program(example: &str) -> PathBuf {
        let mut path = std::env::current_exe().unwrap();
        path.pop();
        path.pop();
        path.join("examples").join(example)
    }

    /// Whether there is all that a test needs; said aloud if not.
    fn possible(needs_tshark: Needs) -> bool {
        let mut reason = None;
        if !program("demo").exists() {
            reason = Some("the example demo is not built: cargo build --examples");
        }
        let tshark =
            || Command::new("tshark").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        if needs_tshark == Needs::Tshark && !tshark().is_ok_and(|status| status.success()) {
            reason = Some("tshark is not installed");
        }
        let Some(reason) = reason else { return true };
        let required = std::env::var("TERSUS_KERNEL_TESTS").is_ok_and(|value| value == "required");
        assert!(!required, "{reason}");
        // Not eprintln: the harness would keep it to itself.
        let _ = writeln!(std::io::stderr(), "SKIPPED: a test of captures: {reason}");
        false
    }

    #[derive(Clone, Copy, PartialEq, Eq)]
    enum Needs {
        Demo,
        Tshark,
    }

    /// One frame: what the dissector says of each of [`FIELDS`]. Several values of one field are divided by commas.
    struct Frame(BTreeMap<&'static str, String>);

    /// Ways in which a frame can be faulty, and the severities of what the dissector remarks.
    const FAULTS: [&str; 3] = ["_ws.malformed", "_ws.short", "_ws.unreassembled"];
    const SEVERITY: &str = "_ws.expert.severity";
    /// Wireshark's PI_ERROR; a warning, such as that a segment came out of order, is less.
    const SEVERITY_ERROR: u32 = 0x0080_0000;
    const CHECKSUMS: [&str; 5] = [
        "ip.checksum.status",
        "tcp.checksum.status",
        "udp.checksum.status",
        "icmp.checksum.status",
        "icmpv6.checksum.status",
    ];
    const REST: [&str; 15] = [
        "frame.number",
        "ip.src",
        "ipv6.src",
        "udp.srcport",
        "udp.dstport",
        "tcp.srcport",
        "tcp.dstport",
        "tcp.seq",
        "tcp.len",
        "tcp.flags.syn",
        "tcp.flags.fin",
        "tcp.flags.reset",
        "icmp.type",
        "icmpv6.type",
        "_ws.expert.message",
    ];

    impl Frame {
        /// All frames of a capture, as tshark reads them with every checksum verified.
        fn read_all(file: &Path) -> Vec<Self> {
            let fields = || FAULTS.iter().chain(&[SEVERITY]).chain(&CHECKSUMS).chain(&REST).copied();
            let mut command = Command::new("tshark");
            command.arg("-r").arg(file).args(["-n", "-T", "fields", "-E", "separator=/t"]);
            for check in CHECKS {
                command.args(["-o", check]);
            }
            for field in fields() {
                command.args(["-e", field]);
            }
            let output = command.stdin(Stdio::null()).output().unwrap();
            let erred = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "tshark: {erred}");
            let text = String::from_utf8(output.stdout).unwrap();
            let frame = |line: &str| Self(fields().zip(line.split('\t').map(str::to_owned)).collect());
            text.lines().map(frame).collect()
        }

        fn get(&self, field: &str) -> &str {
            &self.0[field]
        }

        fn has(&self, field: &str) -> bool {
            !self.get(field).is_empty()
        }

        fn number(&self, field: &str) -> u64 {
            self.get(field).parse().unwrap_or_else(|_| panic!("{field}: {}", self.get(field)))
        }

        fn is_set(&self, flag: &str) -> bool {
            matches!(self.get(flag), "1" | "True")
        }
    }

    /// The distinct values of a field.
    fn values<'f>(frames: impl IntoIterator<Item = &'f Frame>, field: &str) -> BTreeSet<&'f str> {
        frames.into_iter().map(|frame| frame.get(field)).collect()
    }

    #[test]
    fn another_dissector_finds_no_fault_in_any_frame() {
        if !possible(Needs::Tshark) {
            return;
        }
        for run in RUNS {
            let (name, file) = (run.name(), Scratch::new(&format!("{}-{}", run.medium, run.family)));
            run.demo("1", &file.0);
            let frames = Frame::read_all(&file.0);
            for frame in &frames {
                check_frame(&name, frame);
            }
            check_checksums(&run, &frames);
            check_ends(&run, &frames);
            check_stream(&run, &frames);
        }
    }

    fn check_frame(name: &str, frame: &Frame) {
        let which =
            || format!("{name}: frame {}: {}", frame.get("frame.number"), frame.get("_ws.expert.message"));
        for fault in FAULTS {
            assert!(!frame.has(fault), "{}: {fault}", which());
        }
        let severities = frame.get(SEVERITY).split(',').filter(|text| !text.is_empty());
        let worst = severities.map(|text| text.parse().unwrap()).max().unwrap_or(0);
        assert!(worst < SEVERITY_ERROR, "{}", which());
        for checksum in CHECKSUMS {
            // 1 is good, 0 bad, 2 not verified.
            let good = frame.get(checksum).split(',').all(|status| matches!(status, "" | "1" | "Good"));
            assert!(good, "{}: {checksum} {}", which(), frame.get(checksum));
        }
    }

    /// Of each protocol that runs there were checksums to verify.
    fn check_checksums(run: &Run, frames: &[Frame]) {
        let is_v4 = run.family == "4";
        for (checksum, expected) in CHECKSUMS.iter().zip([is_v4, true, true, is_v4, !is_v4]) {
            let seen = frames.iter().any(|frame| frame.has(checksum));
            assert_eq!(seen, expected, "{}: {checksum}", run.name());
        }
    }

    /// The ends are those of the two stacks.
    fn check_ends(run: &Run, frames: &[Frame]) {
        let name = run.name();
        let [left, right] = run.addresses;
        for (protocol, port) in [("tcp", "5001"), ("udp", "7")] {
            let [from, to] = ["srcport", "dstport"].map(|end| format!("{protocol}.{end}"));
            let these = || frames.iter().filter(|frame| frame.has(&from));
            assert_eq!(values(these(), run.source()), BTreeSet::from([left, right]), "{name}: {protocol}");
            let of = |address| these().filter(move |frame| frame.get(run.source()) == address);
            assert_eq!(values(of(left), &to), BTreeSet::from([port]), "{name}: {protocol} to");
            assert_eq!(values(of(right), &from), BTreeSet::from([port]), "{name}: {protocol} from");
        }
        let (field, request) = if run.family == "4" { ("icmp.type", "8") } else { ("icmpv6.type", "128") };
        let requests = frames.iter().filter(|frame| frame.get(field) == request).count();
        assert_eq!(requests, 10, "{name}: echo requests");
    }

    /// All of the stream is there, in order but for what was sent again.
    fn check_stream(run: &Run, frames: &[Frame]) {
        let (name, [left, _]) = (run.name(), run.addresses);
        let (mut covered, mut sent) = (1, 0);
        for frame in frames.iter().filter(|frame| frame.has("tcp.len") && frame.get(run.source()) == left) {
            let (seq, len) = (frame.number("tcp.seq"), frame.number("tcp.len"));
            if len > 0 {
                assert!(seq <= covered, "{name}: octets before {seq} were never sent");
                covered = covered.max(seq + len);
                sent += len;
            }
        }
        assert_eq!(covered, run.octets + 1, "{name}");
        assert!(sent > run.octets, "{name}: nothing was lost, so nothing was sent again");
        let count = |flag| frames.iter().filter(|frame| frame.is_set(flag)).count();
        assert!(count("tcp.flags.syn") >= 2, "{name}");
        assert!(count("tcp.flags.fin") >= 2, "{name}");
        assert_eq!(count("tcp.flags.reset"), 0, "{name}");
    }

    #[test]
    fn the_same_seed_gives_the_same_capture_and_another_seed_another() {
        if !possible(Needs::Demo) {
            return;
        }
        for run in RUNS {
            let capture = |seed| {
                let file = Scratch::new(&format!("seed-{}-{}", run.medium, run.family));
                run.demo(seed, &file.0);
                std::fs::read(&file.0).unwrap()
            };
            let first = capture("5");
            assert!(first == capture("5"), "{}: two runs from one seed differ", run.name());
            assert!(first != capture("6"), "{}: two seeds give one run", run.name());
        }
    }
}
