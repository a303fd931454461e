//! What `tersus_wire::walk` and tshark(1) see in the same frames: of captures that others made, and of packets that scapy
//! makes, whole and broken.
//!
//! ```text
//!   packets.py (scapy) ──┐                 ┌── tshark: values by field ──┐
//!                        ├── pcap files ───┤                             ├── equal, but for differences.tsv
//!   captures of others ──┘                 └── walk:   values by field ──┘
//! ```
//!
//! Needs tshark, and scapy for Python 3 (Debian: `python3-scapy`). Without them each test says so on the terminal and
//! does nothing; with `TERSUS_KERNEL_TESTS=required` in the environment it fails instead. The captures lie in
//! `../shared/captures` beside the project, or in the folder that `TERSUS_CAPTURES` names; where they are not, that is
//! said too.

#[path = "../../examples/common/capture.rs"]
#[cfg(test)]
mod capture;
#[cfg(test)]
mod fields;
#[cfg(test)]
mod tshark;

#[cfg(test)]
mod dissectors {
    use crate::fields::{Kind, FIELDS};
    use crate::{capture, tshark};
    use std::collections::BTreeSet;
    use std::io::Write;
    use std::path::{Path, PathBuf};
    use std::process::{Command, Stdio};
    use tersus_wire::walk::{Content, Value, Walk};

    const HERE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/dissectors");
    const CAPTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/captures");

    /// Protocols that both dissect, as tshark names them. Where it finds another, it sees more fields.
    const KNOWN: [&str; 31] = [
        "eth",
        "ethertype",
        "vlan",
        "llc",
        "arp",
        "ip",
        "ipv6",
        "ipv6.hopopts",
        "ipv6.routing",
        "ipv6.fraghdr",
        "ipv6.dstopts",
        "ah",
        "esp",
        "icmp",
        "icmpv6",
        "igmp",
        "udp",
        "tcp",
        "dns",
        "mdns",
        "dhcp",
        "data",
        "wpan",
        "6lowpan",
        "null",
        "raw",
        "sll",
        "ieee802154",
        "tcp.segments",
        "ieee8021ad",
        "wpan-nonask-phy",
    ];

    /// Where the two differ on purpose: file, frame, field (or `malformed`), why. `*` at the end: whatever follows.
    const DIFFERENCES: &str = include_str!("differences.tsv");

    fn differences() -> Vec<[&'static str; 4]> {
        let lines = DIFFERENCES.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        lines
            .map(|line| {
                let columns: Vec<&str> = line.split('\t').collect();
                columns.try_into().unwrap_or_else(|_| panic!("differences.tsv: four columns: {line}"))
            })
            .collect()
    }

    /// What the walk sees in a frame.
    struct Seen {
        /// Layer, field, value.
        values: Vec<(&'static str, &'static str, String)>,
        is_refused: bool,
        lines: String,
    }

    fn walk(frame: &capture::Frame<'_>) -> Option<Seen> {
        let mut scratch = [0; 2048];
        let mut seen = Seen { values: Vec::new(), is_refused: false, lines: String::new() };
        for layer in Walk::new(frame.medium.ok()?, frame.octets, &mut scratch) {
            seen.lines += &format!("    {layer}\n");
            seen.is_refused |= !layer.is_parsed() || layer.problem.is_some();
            seen.is_refused |= matches!(layer.content, Content::Ports(..));
            layer.fields(&mut |name, value| {
                let text = match value {
                    Value::Number(number) => number.to_string(),
                    Value::Text(text) => text.to_string(),
                    Value::Octets(_) => return,
                };
                seen.is_refused |= name.ends_with("error");
                seen.values.push((layer.name(), name, text));
            });
        }
        Some(seen)
    }

    /// How many frames and values were compared, and which differences were met.
    #[derive(Default)]
    struct Tally {
        frames: usize,
        values: usize,
        malformed: usize,
        met: BTreeSet<usize>,
        faults: Vec<String>,
    }

    impl Tally {
        fn fault(&mut self, file: &str, number: usize, field: &str, said: &str) {
            let frame = number.to_string();
            let is = |given: &str, value: &str| match given.strip_suffix('*') {
                Some(start) => value.starts_with(start),
                None => given == value,
            };
            let named =
                |[in_file, at, of, _]: &[&str; 4]| is(in_file, file) && is(at, &frame) && is(of, field);
            match differences().iter().position(named) {
                Some(index) => {
                    self.met.insert(index);
                }
                None => self.faults.push(format!("{file} frame {number}: {field}: {said}")),
            }
        }

        fn compare(&mut self, path: &Path) {
            let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let theirs = tshark::read(path);
            let mut number = 0;
            let read = capture::read(path, &mut |frame| {
                number += 1;
                let theirs = theirs
                    .get(number - 1)
                    .ok_or_else(|| format!("tshark has no frame {number}, of {:?} µs", frame.time_us))?;
                if let Some(seen) = walk(frame) {
                    self.frames += 1;
                    self.compare_frame(&file, number, &seen, theirs);
                }
                Ok(())
            });
            read.unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(number, theirs.len(), "{file}: frames");
        }

        fn compare_frame(&mut self, file: &str, number: usize, seen: &Seen, theirs: &tshark::Dissection) {
            if theirs.is_malformed {
                self.malformed += 1;
                let is_known = theirs.protocols.iter().all(|name| KNOWN.contains(&name.as_str()));
                if is_known && !seen.is_refused {
                    self.fault(file, number, "malformed", &format!("not refused:\n{}", seen.lines));
                }
                return;
            }
            let is_all_known = theirs.protocols.iter().all(|name| KNOWN.contains(&name.as_str()));
            for (layers, name, field, kind) in FIELDS {
                let names = || name.split('|');
                let ours: Vec<String> = seen
                    .values
                    .iter()
                    .filter(|(layer, name, _)| layers.contains(layer) && names().any(|one| one == *name))
                    .map(|(_, _, text)| text)
                    .filter_map(|text| kind.ours(text))
                    .collect();
                let values = theirs.values(field).iter().map(|text| kind.theirs(text));
                let values: Vec<String> =
                    values.take(if *kind == Kind::First { 1 } else { usize::MAX }).collect();
                self.values += ours.len();
                let is_equal =
                    if is_all_known && !seen.is_refused { ours == values } else { values.starts_with(&ours) };
                if !is_equal {
                    let said =
                        format!("{ours:?} here, {values:?} there, {:?}\n{}", theirs.protocols, seen.lines);
                    self.fault(file, number, field, &said);
                }
            }
        }

        /// Says what was compared; fails if there was a fault, or a difference of these files that was not met.
        fn finish(self, what: &str, files: &[&str]) {
            let Self { frames, values, malformed, .. } = self;
            let said = format!("{what}: {frames} frames, {values} values alike, {malformed} malformed");
            let _ = writeln!(std::io::stderr(), "{said}");
            let shown = self.faults.iter().take(40).map(String::as_str).collect::<Vec<_>>().join("\n");
            assert!(self.faults.is_empty(), "{} faults:\n{shown}", self.faults.len());
            for (index, [file, _, field, _]) in differences().iter().enumerate() {
                let is_stale = files.contains(file) && !self.met.contains(&index);
                assert!(!is_stale, "differences.tsv: {file} {field}: there is no such difference");
            }
        }
    }

    /// Something that a test cannot do without is not there.
    fn skip(reason: &str) {
        let required = std::env::var("TERSUS_KERNEL_TESTS").is_ok_and(|value| value == "required");
        assert!(!required, "{reason}");
        say(reason);
    }

    fn say(reason: &str) {
        // Not eprintln: the harness would keep it to itself.
        let _ = writeln!(std::io::stderr(), "SKIPPED: a test of dissectors: {reason}");
    }

    fn runs(program: &str, arguments: &[&str]) -> bool {
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    }

    /// A folder that is gone with the value.
    struct Scratch(PathBuf);

    impl Scratch {
        fn new() -> Self {
            let path = std::env::temp_dir().join(format!("tersus-dissectors-{}", std::process::id()));
            std::fs::create_dir_all(&path).expect("a folder for packets");
            Self(path)
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn packets_of_scapy_are_seen_as_tshark_sees_them_and_refused_where_it_calls_them_malformed() {
        if !runs("tshark", &["--version"]) {
            return skip("tshark is not installed");
        }
        // Debian's Python has Debian's scapy; another may come first.
        let pythons = ["python3", "/usr/bin/python3"];
        let Some(python) = pythons.into_iter().find(|python| runs(python, &["-c", "import scapy.all"]))
        else {
            return skip("scapy for Python 3 is not installed");
        };
        let folder = Scratch::new();
        let script = format!("{HERE}/packets.py");
        let made =
            Command::new(python).arg(script).arg(&folder.0).stdin(Stdio::null()).output().expect("runs");
        assert!(made.status.success(), "packets.py: {}", String::from_utf8_lossy(&made.stderr));
        let files = ["ethernet", "ip", "ieee802154", "more", "lowpan", "rfcs", "fields", "radio"];
        let files = files.map(|name| format!("{name}.pcap"));
        let files = files.each_ref().map(String::as_str);
        let broken = files.map(|file| file.replace(".pcap", "-broken.pcap"));
        let broken = broken.each_ref().map(String::as_str);
        let mut tally = Tally::default();
        for file in files.iter().chain(&broken) {
            tally.compare(&folder.0.join(file));
        }
        assert!(tally.frames > 2000 && tally.values > 20_000 && tally.malformed > 100);
        tally.finish("scapy", &[&files[..], &broken].concat());
    }

    #[test]
    fn captures_of_others_are_seen_as_tshark_sees_them() {
        if !runs("tshark", &["--version"]) {
            return skip("tshark is not installed");
        }
        let folder = std::env::var("TERSUS_CAPTURES").unwrap_or_else(|_| CAPTURES.to_owned());
        let Ok(entries) = std::fs::read_dir(&folder) else {
            // They are no part of the project.
            return say("there is no folder of captures; TERSUS_CAPTURES names one");
        };
        let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("readable").path()).collect();
        paths.retain(|path| path.extension().is_some_and(|end| end == "pcap" || end == "pcapng"));
        paths.sort();
        let mut tally = Tally::default();
        for path in &paths {
            tally.compare(path);
        }
        let names: Vec<String> = paths
            .iter()
            .map(|path| path.file_name().unwrap_or_default().to_string_lossy().into_owned())
            .collect();
        tally.finish("captures", &names.iter().map(String::as_str).collect::<Vec<_>>());
    }
}
