//! The kinds of configuration that are read, by the names that the command line has for them.

use std::fmt;
use std::str::FromStr;

/// A kind of configuration that promises addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// H-Sphere's list of a box' addresses.
    Hsphere,
    /// cPanel's list of additional addresses, and the main one.
    Cpanel,
    /// Debian's ifupdown, and ifupdown2 and ifupdown-ng, which read the same file.
    Ifupdown,
    /// Red Hat's network scripts.
    Ifcfg,
    /// SUSE's wicked.
    Suse,
    /// systemd-networkd's `.network` files.
    Networkd,
    /// NetworkManager's keyfiles.
    NetworkManager,
    /// netplan's YAML files.
    Netplan,
    /// dhcpcd's static addresses.
    Dhcpcd,
    /// wg-quick's tunnels.
    Wireguard,
    /// The virtual addresses of keepalived, and its static ones.
    Keepalived,
}

impl Source {
    /// All of them, in the order in which they are read and named.
    pub const ALL: [Source; 11] = [
        Source::Hsphere,
        Source::Cpanel,
        Source::Ifupdown,
        Source::Ifcfg,
        Source::Suse,
        Source::Networkd,
        Source::NetworkManager,
        Source::Netplan,
        Source::Dhcpcd,
        Source::Wireguard,
        Source::Keepalived,
    ];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Source::Hsphere => "hsphere",
            Source::Cpanel => "cpanel",
            Source::Ifupdown => "ifupdown",
            Source::Ifcfg => "ifcfg",
            Source::Suse => "suse",
            Source::Networkd => "networkd",
            Source::NetworkManager => "networkmanager",
            Source::Netplan => "netplan",
            Source::Dhcpcd => "dhcpcd",
            Source::Wireguard => "wireguard",
            Source::Keepalived => "keepalived",
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The error of a text that names no source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the sources are {}, and auto for all of them", Source::ALL.map(Source::name).join(", "))]
pub struct UnknownSource;

impl FromStr for Source {
    type Err = UnknownSource;

    fn from_str(text: &str) -> Result<Self, UnknownSource> {
        Source::ALL.into_iter().find(|source| source.name() == text).ok_or(UnknownSource)
    }
}
