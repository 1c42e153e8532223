//! The network scripts' files of an interface, an alias and a range: each promise and each error names a file
//! that is there.

use host_config::Source;

const FILES: [&str; 3] = [
    "etc/sysconfig/network-scripts/ifcfg-eth0",
    "etc/sysconfig/network-scripts/ifcfg-eth0:1",
    "etc/sysconfig/network-scripts/ifcfg-eth0-range0",
];

pub(crate) fn run(input: &[u8]) {
    seeds::read(Source::Ifcfg, &FILES, true, input);
}
