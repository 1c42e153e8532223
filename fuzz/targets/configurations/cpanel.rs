//! cPanel's main address and its additional ones: each promise and each error names a file that is there.

use host_config::Source;

const FILES: [&str; 2] = ["var/cpanel/mainip", "etc/ips"];

pub(crate) fn run(input: &[u8]) {
    seeds::read(Source::Cpanel, &FILES, false, input);
}
