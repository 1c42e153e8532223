//! NetworkManager's keyfiles: each promise and each error names a file that is there.
#![no_main]

use host_config::Source;
use libfuzzer_sys::fuzz_target;

const FILES: [&str; 2] =
    ["run/NetworkManager/system-connections/a.nmconnection", "etc/NetworkManager/system-connections/b"];

fuzz_target!(|input: &[u8]| fuzz::read(Source::NetworkManager, &FILES, false, input));
