//! The dependency table of ARCHITECTURE.md, checked against what cargo says: no crate reaches past its layer, and a
//! new name under `[dependencies]` has to be written down here too.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

/// Crate, ours that it may use, others' that it may use.
const TABLE: [(&str, &[&str], &[&str]); 10] = [
    ("tersus-wire", &[], &["arbitrary", "bitflags", "byteorder", "defmt", "heapless", "thiserror"]),
    ("tersus-phy", &["wire"], &["bitflags", "siphasher", "thiserror"]),
    ("tersus-ip", &["wire", "phy"], &["bitflags", "thiserror"]),
    ("tersus-sixlowpan", &["wire", "phy"], &["thiserror"]),
    ("tersus-icmp", &["wire", "ip"], &["thiserror"]),
    ("tersus-igmp", &["wire", "ip"], &["bitflags", "thiserror"]),
    ("tersus-udp", &["wire", "ip"], &["bitflags", "thiserror"]),
    ("tersus-tcp", &["wire", "ip"], &["bitflags", "thiserror"]),
    ("tersus-iface", &["wire", "phy", "ip", "sixlowpan", "icmp", "igmp", "udp", "tcp"], &[]),
    (
        "tersus-fuzz",
        &["wire", "phy", "ip", "sixlowpan", "icmp", "igmp", "udp", "tcp", "iface"],
        &["arbitrary"],
    ),
];

/// Licences under which we use the work of others.
const LICENCES: [&str; 9] = [
    "MIT",
    "Apache-2.0",
    "Unlicense",
    "Unicode-3.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "Zlib",
    "Apache-2.0 WITH LLVM-exception",
];

fn host() -> String {
    let output = Command::new("rustc").arg("-vV").output().expect("rustc runs");
    let version = String::from_utf8_lossy(&output.stdout).into_owned();
    version.lines().find_map(|line| line.strip_prefix("host: ")).expect("rustc names its host").to_owned()
}

/// What cargo knows of our crates and of all that they use on this host; nothing is fetched.
fn metadata() -> Value {
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--format-version",
            "1",
            "--offline",
            "--filter-platform",
            &host(),
            "--manifest-path",
        ])
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml"))
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("cargo writes JSON")
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

#[test]
fn each_crate_depends_on_the_layers_of_the_table_only() {
    let metadata = metadata();
    let members: BTreeMap<&str, &Value> = list(&metadata, "packages")
        .iter()
        .filter(|package| text(package, "name").starts_with("tersus-"))
        .map(|package| (text(package, "name"), package))
        .collect();
    let table: BTreeSet<&str> = TABLE.iter().map(|(name, ..)| *name).collect();
    assert_eq!(members.keys().copied().collect::<BTreeSet<_>>(), table, "crates and table");
    for (name, ours, others) in TABLE {
        // An optional dependency is a feature of its own and not linked unless asked for; the hosted devices of
        // `phy` are the only ones outside `iface`.
        for dependency in list(members[name], "dependencies") {
            let optional = dependency.get("optional").and_then(Value::as_bool).unwrap_or(false);
            if !dependency.get("kind").is_some_and(Value::is_null) {
                continue;
            }
            let used = text(dependency, "name");
            let allowed = match used.strip_prefix("tersus-") {
                Some(layer) => ours.contains(&layer),
                None => others.contains(&used) || (optional && name == "tersus-phy"),
            };
            assert!(allowed, "{name} must not depend on {used}");
        }
    }
}

#[test]
fn library_crates_build_without_the_standard_library() {
    let metadata = metadata();
    for package in list(&metadata, "packages") {
        let name = text(package, "name");
        if !name.starts_with("tersus-") || name == "tersus-fuzz" {
            continue;
        }
        for target in list(package, "targets") {
            if list(target, "kind").iter().any(|kind| kind == "lib") {
                let source = std::fs::read_to_string(text(target, "src_path")).expect("lib.rs is readable");
                assert!(source.contains("#![no_std]"), "{name} is not no_std");
                let safe = source.contains("#![forbid(unsafe_code)]");
                assert!(safe || name == "tersus-phy", "{name} does not forbid unsafe code");
            }
        }
    }
}

#[test]
fn every_licence_is_one_that_we_accept() {
    let metadata = metadata();
    for package in list(&metadata, "packages") {
        let licence = text(package, "license").replace('/', " OR ");
        let acceptable = licence.split(" OR ").any(|choice| {
            choice
                .trim_matches(['(', ')'])
                .split(" AND ")
                .all(|one| LICENCES.contains(&one.trim_matches(['(', ')', ' '])))
        });
        assert!(acceptable, "{} {}: {licence:?}", text(package, "name"), text(package, "version"));
    }
}
