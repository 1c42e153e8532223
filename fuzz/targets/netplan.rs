//! netplan's YAML, merged of two files: each promise and each error names a file that is there.
#![no_main]

use host_config::Source;
use libfuzzer_sys::fuzz_target;

const FILES: [&str; 2] = ["etc/netplan/10-a.yaml", "run/netplan/20-b.yaml"];

fuzz_target!(|input: &[u8]| fuzz::read(Source::Netplan, &FILES, false, input));
