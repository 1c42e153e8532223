//! cPanel's main address and its additional ones: each promise and each error names a file that is there.
#![no_main]

use host_config::Source;
use libfuzzer_sys::fuzz_target;

const FILES: [&str; 2] = ["var/cpanel/mainip", "etc/ips"];

fuzz_target!(|input: &[u8]| fuzz::read(Source::Cpanel, &FILES, false, input));
