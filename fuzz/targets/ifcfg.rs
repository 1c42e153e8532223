//! The network scripts' files of an interface, an alias and a range: each promise and each error names a file
//! that is there.
#![no_main]

use host_config::Source;
use libfuzzer_sys::fuzz_target;

const FILES: [&str; 3] = [
    "etc/sysconfig/network-scripts/ifcfg-eth0",
    "etc/sysconfig/network-scripts/ifcfg-eth0:1",
    "etc/sysconfig/network-scripts/ifcfg-eth0-range0",
];

fuzz_target!(|input: &[u8]| fuzz::read(Source::Ifcfg, &FILES, true, input));
