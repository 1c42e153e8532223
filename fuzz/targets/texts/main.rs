//! What a person writes, and what every program reads.
#![no_main]

use std::sync::LazyLock;

use fuzz::Target::{self, Octets, Text};
use libfuzzer_sys::fuzz_target;

mod certificates;
mod getent_answer;
mod host_address;
mod host_port;
mod list;
mod netmask;
mod ports;
mod range;
mod report;
mod runs;
mod seconds;

static TARGET: LazyLock<Target> = LazyLock::new(|| {
    Target::chosen(&[
        ("certificates", Octets(certificates::run)),
        ("getent_answer", Octets(getent_answer::run)),
        ("host_address", Text(host_address::run)),
        ("host_port", Text(host_port::run)),
        ("list", Octets(list::run)),
        ("netmask", Text(netmask::run)),
        ("ports", Text(ports::run)),
        ("range", Text(range::run)),
        ("report", Octets(report::run)),
        ("runs", Octets(runs::run)),
        ("seconds", Text(seconds::run)),
    ])
});

fuzz_target!(|input: &[u8]| TARGET.run(input));
