//! Every truncation and every mutation of one octet of a valid packet of every format, given to its parser: it
//! refuses or understands them, and does not panic.

use std::panic;
use tersus_fuzz::samples::{all, Sample};
use tersus_fuzz::wire::{Check, FORMATS};

fn check_of(sample: &Sample) -> Check {
    let format = FORMATS.iter().find(|(format, _, _)| *format == sample.format);
    format.map(|(_, _, check)| *check).expect("samples are of known formats")
}

/// Runs the check; says what it was given if it panics.
fn run(sample: &Sample, octets: &[u8]) {
    let check = check_of(sample);
    if let Err(reason) = panic::catch_unwind(|| check(octets)) {
        eprintln!("{} as {octets:02x?}", sample.name);
        panic::resume_unwind(reason);
    }
}

#[test]
fn every_format_has_a_sample() {
    let samples = all();
    for (format, name, _) in FORMATS {
        assert!(samples.iter().any(|sample| sample.format == format), "{name}");
    }
}

#[test]
fn every_truncation_is_refused_or_understood() {
    for sample in all() {
        for len in 0..=sample.octets.len() {
            run(&sample, &sample.octets[..len]);
        }
    }
}

#[test]
fn every_mutation_of_one_octet_is_refused_or_understood() {
    for sample in all() {
        let mut octets = sample.octets.clone();
        for at in 0..octets.len() {
            let good = octets[at];
            for value in (0..=255).filter(|value| *value != good) {
                octets[at] = value;
                run(&sample, &octets);
            }
            octets[at] = good;
        }
    }
}

#[test]
fn every_octet_appended_is_refused_or_understood() {
    for sample in all() {
        for value in 0..=255 {
            run(&sample, &[&sample.octets[..], &[value]].concat());
        }
    }
}
