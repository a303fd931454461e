//! The steps that a target takes from its input, and a trace of them for who looks for the reason of a failure.

use core::fmt::Debug;
use std::sync::OnceLock;
use tersus_phy::Instant;

/// Prints a step if the environment variable `TERSUS_FUZZ_TRACE` is set.
pub(crate) fn trace(now: Instant, step: &dyn Debug) {
    static IS_ON: OnceLock<bool> = OnceLock::new();
    if *IS_ON.get_or_init(|| std::env::var_os("TERSUS_FUZZ_TRACE").is_some()) {
        eprintln!("{now} {step:?}");
    }
}

/// The next step of an input; none where it ends, so that no steps of zeros follow.
pub(crate) fn next<'a, S: arbitrary::Arbitrary<'a>>(input: &mut arbitrary::Unstructured<'a>) -> Option<S> {
    if input.is_empty() {
        return None;
    }
    input.arbitrary().ok()
}
