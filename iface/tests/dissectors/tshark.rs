//! What tshark(1) sees in the frames of a file.

use crate::fields::FIELDS;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};

/// Between values of one field: no text of a packet that is compared has it.
const BETWEEN: &str = "\u{1f}";

/// Verify checksums, and dissect each frame alone: no stream, no reassembly, no knowledge of frames before it.
const PREFERENCES: [&str; 13] = [
    "ip.check_checksum:TRUE",
    "tcp.check_checksum:TRUE",
    "udp.check_checksum:TRUE",
    "ip.defragment:FALSE",
    "ipv6.defragment:FALSE",
    "tcp.desegment_tcp_streams:FALSE",
    "tcp.analyze_sequence_numbers:FALSE",
    "tcp.relative_sequence_numbers:FALSE",
    "tcp.try_heuristic_first:FALSE",
    "udp.try_heuristic_first:FALSE",
    "ip.try_heuristic_first:FALSE",
    "ip.decode_tos_as_diffserv:TRUE",
    "ip.use_geoip:FALSE",
];

/// One frame.
pub(crate) struct Dissection {
    values: BTreeMap<&'static str, Vec<String>>,
    /// The protocols that it found, outermost first.
    pub(crate) protocols: Vec<String>,
    /// Whether it could not go on.
    pub(crate) is_malformed: bool,
}

impl Dissection {
    /// The values of a field, in the order of the frame.
    pub(crate) fn values(&self, field: &str) -> &[String] {
        self.values.get(field).map_or(&[], Vec::as_slice)
    }
}

/// All frames of a file, in one run.
pub(crate) fn read(file: &Path) -> Vec<Dissection> {
    let mut command = Command::new("tshark");
    command.arg("-r").arg(file).args(["-n", "-T", "fields", "-E", "separator=/t", "-E", "occurrence=a"]);
    command.args(["-E", &format!("aggregator={BETWEEN}")]);
    // Left to guess, it does not know the pages of RFC 8025 by their first octet.
    command.args(["-d", "wpan.panid==0xabcd,6lowpan"]);
    for preference in PREFERENCES {
        command.args(["-o", preference]);
    }
    let mut fields: Vec<&str> = FIELDS.iter().map(|(_, _, field, _)| *field).collect();
    fields.sort_unstable();
    fields.dedup();
    for field in ["frame.protocols", "_ws.malformed"].iter().chain(&fields) {
        command.args(["-e", field]);
    }
    let output = command.stdin(Stdio::null()).output().expect("tshark runs");
    let erred = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "tshark of {}: {erred}", file.display());
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines().map(|line| dissection(line, &fields)).collect()
}

fn dissection(line: &str, fields: &[&'static str]) -> Dissection {
    let mut columns = line.split('\t');
    let protocols = columns.next().unwrap_or_default().split(':').map(str::to_owned).collect();
    let is_malformed = !columns.next().unwrap_or_default().is_empty();
    let values = fields.iter().zip(columns).filter(|(_, text)| !text.is_empty());
    let values = values.map(|(field, text)| (*field, text.split(BETWEEN).map(str::to_owned).collect()));
    Dissection { values: values.collect(), protocols, is_malformed }
}
