//! The program in which libFuzzer tries the targets of this folder; the environment names one of them.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use seeds::Target;

#[path = "targets.rs"]
mod configurations;

static TARGET: LazyLock<Target> = LazyLock::new(|| Target::chosen(configurations::TARGETS));

fuzz_target!(|input: &[u8]| TARGET.run(input));
