//! Every file of the corpus, given to its target with overflow checks on. `TERSUS_FUZZ_TARGET` names one target to be
//! run alone.

use std::fs;
use std::path::{Path, PathBuf};
use tersus_fuzz::{Target, TARGETS};

fn corpus(target: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<_> = entries.map(|entry| entry.expect("readable").path()).collect();
    files.sort();
    files
}

/// The targets to be run: all, or the one that the environment names.
fn targets() -> Vec<Target> {
    let wanted = std::env::var("TERSUS_FUZZ_TARGET").ok();
    let is_wanted = |name: &str| wanted.as_deref().unwrap_or(name) == name;
    let targets: Vec<_> = TARGETS.iter().copied().filter(|(name, _)| is_wanted(name)).collect();
    assert!(!targets.is_empty(), "there is no target {wanted:?}");
    targets
}

#[test]
fn the_corpus_of_every_target_breaks_no_property() {
    for (name, target) in targets() {
        let files = corpus(name);
        assert!(!files.is_empty(), "no corpus for {name}");
        for file in files {
            println!("{}", file.display());
            target(&fs::read(&file).expect("readable"));
        }
    }
}

/// Also the halves and neighbours of what is in the corpus: a mutation of each of the first octets.
#[test]
fn what_is_near_the_corpus_breaks_no_property() {
    for (name, target) in targets() {
        for file in corpus(name) {
            println!("{}", file.display());
            let whole = fs::read(&file).expect("readable");
            for len in (0..whole.len()).step_by(whole.len() / 40 + 1) {
                target(&whole[..len]);
            }
            for at in (0..whole.len()).step_by(whole.len() / 40 + 1) {
                let mut mutated = whole.clone();
                mutated[at] ^= 1 << (at % 8);
                target(&mutated);
            }
        }
    }
}
