//! keepalived's blocks, parameters, conditions and includes: each promise and each error names a file that is
//! there.

use host_config::Source;

const FILES: [&str; 3] = ["etc/keepalived/keepalived.conf", "etc/keepalived/conf.d/a.conf", "etc/hostname"];

pub(crate) fn run(input: &[u8]) {
    seeds::read(Source::Keepalived, &FILES, true, input);
}
