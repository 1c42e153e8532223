//! The files of a host.

use seeds::Target::{self, Octets, Text};

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

/// Each by its name, which is that of its file and of its folder of seeds.
pub(crate) const TARGETS: &[(&str, Target)] = &[
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
];
