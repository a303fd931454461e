//! Every truncation and every mutation of one octet of a valid packet of every format, given to its parser: it
//! refuses or understands them, and does not panic.

use std::panic;
use tersus_fuzz::samples::Sample;
use tersus_fuzz::wire::{Check, Family, FAMILIES};

/// Every sample with the check of its format.
fn all() -> impl Iterator<Item = (Sample, Check)> {
    FAMILIES.iter().flat_map(|family| (family.samples)().into_iter().map(|sample| with_check(family, sample)))
}

fn with_check(family: &Family, sample: Sample) -> (Sample, Check) {
    let format = family.formats.iter().find(|(format, _, _)| *format == sample.format);
    let check = format.map(|(_, _, check)| *check).expect("samples are of known formats");
    (sample, check)
}

/// Runs the check; says what it was given if it panics.
fn run(sample: &Sample, check: Check, octets: &[u8]) {
    if let Err(reason) = panic::catch_unwind(|| check(octets)) {
        eprintln!("{} as {octets:02x?}", sample.name);
        panic::resume_unwind(reason);
    }
}

#[test]
fn every_format_has_a_sample() {
    for family in FAMILIES {
        let samples = (family.samples)();
        for (format, name, _) in family.formats {
            assert!(samples.iter().any(|sample| sample.format == *format), "{} {name}", family.name);
        }
    }
}

#[test]
fn every_truncation_is_refused_or_understood() {
    for (sample, check) in all() {
        for len in 0..=sample.octets.len() {
            run(&sample, check, &sample.octets[..len]);
        }
    }
}

#[test]
fn every_mutation_of_one_octet_is_refused_or_understood() {
    for (sample, check) in all() {
        let mut octets = sample.octets.clone();
        for at in 0..octets.len() {
            let good = octets[at];
            for value in (0..=255).filter(|value| *value != good) {
                octets[at] = value;
                run(&sample, check, &octets);
            }
            octets[at] = good;
        }
    }
}

#[test]
fn every_octet_appended_is_refused_or_understood() {
    for (sample, check) in all() {
        for value in 0..=255 {
            run(&sample, check, &[&sample.octets[..], &[value]].concat());
        }
    }
}
