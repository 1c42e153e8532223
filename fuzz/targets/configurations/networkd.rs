//! systemd-networkd's files and drop-ins: each promise and each error names a file that is there.

use host_config::Source;

const FILES: [&str; 3] = [
    "etc/systemd/network/10-a.network",
    "run/systemd/network/10-a.network.d/10.conf",
    "usr/lib/systemd/network/20-b.network",
];

pub(crate) fn run(input: &[u8]) {
    seeds::read(Source::Networkd, &FILES, false, input);
}
