//! The files of a host.
#![no_main]

use std::sync::LazyLock;

use fuzz::Target::{self, Octets, Text};
use libfuzzer_sys::fuzz_target;

mod cpanel;
mod host_files;
mod hsphere;
mod ifcfg;
mod ifupdown;
mod keepalived;
mod netplan;
mod networkd;
mod networkmanager;
mod resolv_conf;
mod sources;

static TARGET: LazyLock<Target> = LazyLock::new(|| {
    Target::chosen(&[
        ("cpanel", Octets(cpanel::run)),
        ("host_files", Octets(host_files::run)),
        ("hsphere", Octets(hsphere::run)),
        ("ifcfg", Octets(ifcfg::run)),
        ("ifupdown", Octets(ifupdown::run)),
        ("keepalived", Octets(keepalived::run)),
        ("netplan", Octets(netplan::run)),
        ("networkd", Octets(networkd::run)),
        ("networkmanager", Octets(networkmanager::run)),
        ("resolv_conf", Octets(resolv_conf::run)),
        ("sources", Text(sources::run)),
    ])
});

fuzz_target!(|input: &[u8]| TARGET.run(input));
