//! H-Sphere's list of a host's addresses: each promise and each error names the file.
#![no_main]

use host_config::Source;
use libfuzzer_sys::fuzz_target;

const FILES: [&str; 1] = ["hsphere/local/network/ips"];

fuzz_target!(|input: &[u8]| fuzz::read(Source::Hsphere, &FILES, false, input));
