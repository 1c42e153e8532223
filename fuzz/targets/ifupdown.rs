//! ifupdown's stanzas, commands and includes: each promise and each error names a file that is there.
#![no_main]

use host_config::Source;
use libfuzzer_sys::fuzz_target;

const FILES: [&str; 3] = ["etc/network/interfaces", "etc/network/interfaces.d/a", "etc/network/b.cfg"];

fuzz_target!(|input: &[u8]| fuzz::read(Source::Ifupdown, &FILES, true, input));
