//! Nothing that `wire` emits is forgotten: each type with an `emit` of its own has a kind here, from which properties
//! and targets make it, and a line in the image that links only if nothing can panic.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use tersus_fuzz::wire::made::KINDS;

/// What is emitted as a part of something else.
const PARTS: [&str; 3] = ["tcp::Fields", "tcp::Options", "ipv4::Options"];

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let paths = entries.map(|entry| entry.expect("readable").path());
    let (folders, mut files): (Vec<_>, Vec<_>) = paths.partition(|path| path.is_dir());
    files.extend(folders.iter().flat_map(|folder| sources(folder)));
    files.retain(|file| file.extension().is_some_and(|extension| extension == "rs"));
    files
}

/// The public module that shows what is in this file: modules inside the first are private but for those named here.
fn module(file: &Path, root: &Path) -> String {
    let path = file.strip_prefix(root).expect("found there").with_extension("");
    let parts: Vec<_> = path.iter().map(|part| part.to_str().expect("a name")).collect();
    match parts[..] {
        ["sixlowpan", inner @ ("iphc" | "udp")] => format!("sixlowpan::{inner}"),
        ["arp", "general"] => "arp::general".into(),
        ["ieee802154", "elements"] => "ieee802154::elements".into(),
        [first, ..] => first.into(),
        [] => panic!("{}", file.display()),
    }
}

/// `module::Type` of every `pub fn emit…(&self` in the crate.
fn emitted() -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../wire/src");
    let mut found = BTreeSet::new();
    for file in sources(&root) {
        let text = fs::read_to_string(&file).expect("readable");
        let mut owner = "";
        for line in text.lines() {
            if let Some(rest) = line.strip_prefix("impl") {
                let rest =
                    rest.rsplit(" for ").next().unwrap_or(rest).trim_start_matches("<'a>").trim_start();
                owner = rest.split(|c: char| !c.is_alphanumeric()).next().unwrap_or("");
            }
            if line.trim_start().starts_with("pub fn emit") && (line.contains("&self") || line.ends_with('('))
            {
                found.insert(format!("{}::{owner}", module(&file, &root)));
            }
        }
    }
    found.retain(|name| !PARTS.contains(&&name[..]) && !name.ends_with("::"));
    assert!(found.len() > 50, "the crate has more than that: {found:?}");
    found
}

#[test]
fn every_repr_has_a_kind() {
    let known: BTreeSet<_> =
        KINDS.iter().flat_map(|(_, kinds)| kinds.iter()).map(|kind| kind.name.to_string()).collect();
    let missing: Vec<_> = emitted().into_iter().filter(|name| !known.contains(name)).collect();
    assert!(missing.is_empty(), "without a kind in fuzz/src/wire/made: {missing:?}");
}

#[test]
fn every_repr_is_in_the_image_that_cannot_panic() {
    let gate = Path::new(env!("CARGO_MANIFEST_DIR")).join("../firmware/wire-gate/src/reprs.rs");
    let text = fs::read_to_string(&gate).expect("the gate");
    let missing: Vec<_> = emitted().into_iter().filter(|name| !text.contains(&name[..])).collect();
    assert!(missing.is_empty(), "not in firmware/wire-gate/src/reprs.rs: {missing:?}");
}

#[test]
fn every_repr_and_error_has_a_format() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../wire/src");
    let formats = fs::read_to_string(root.join("defmt.rs")).expect("the formats");
    let mut wanted = emitted();
    for file in sources(&root) {
        let text = fs::read_to_string(&file).expect("readable");
        let errors = text.split("thiserror::Error)]").skip(1);
        wanted.extend(errors.map(|behind| {
            let line = behind.lines().find_map(|line| line.strip_prefix("pub enum "));
            let name = line.and_then(|line| line.strip_suffix(" {")).expect("an error is an enum");
            match module(&file, &root) {
                top if ["error", "ip"].contains(&&top[..]) => name.to_string(),
                inside => format!("{inside}::{name}"),
            }
        }));
    }
    let has = |name: &String| ["", "<'_>"].iter().any(|end| formats.contains(&format!(" {name}{end} {{")));
    let missing: Vec<_> = wanted.into_iter().filter(|name| !has(name)).collect();
    assert!(missing.is_empty(), "without a Format in wire/src/defmt.rs: {missing:?}");
}
