//! The program in which libFuzzer tries the targets of this folder; the environment names one of them.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use seeds::Target;

#[path = "targets.rs"]
mod texts;

static TARGET: LazyLock<Target> = LazyLock::new(|| Target::chosen(texts::TARGETS));

fuzz_target!(|input: &[u8]| TARGET.run(input));
