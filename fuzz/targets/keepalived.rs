//! keepalived's blocks, parameters, conditions and includes: each promise and each error names a file that is
//! there.
#![no_main]

use host_config::Source;
use libfuzzer_sys::fuzz_target;

const FILES: [&str; 3] = ["etc/keepalived/keepalived.conf", "etc/keepalived/conf.d/a.conf", "etc/hostname"];

fuzz_target!(|input: &[u8]| fuzz::read(Source::Keepalived, &FILES, true, input));
