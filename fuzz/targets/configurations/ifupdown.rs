//! ifupdown's stanzas, commands and includes: each promise and each error names a file that is there.

use host_config::Source;

const FILES: [&str; 3] = ["etc/network/interfaces", "etc/network/interfaces.d/a", "etc/network/b.cfg"];

pub(crate) fn run(input: &[u8]) {
    seeds::read(Source::Ifupdown, &FILES, true, input);
}
