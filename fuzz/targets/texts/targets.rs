//! What a person writes, and what every program reads.

use seeds::Target::{self, Octets, Text};

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

/// Each by its name, which is that of its file and of its folder of seeds.
pub(crate) const TARGETS: &[(&str, Target)] = &[
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
];
