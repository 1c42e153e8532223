//! What kind of host this is, when it booted, and which programs on it rewrite its files.

use std::collections::BTreeMap;

/// What was found out about the host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// The kind of host.
    pub platform: Platform,
    /// The time, in seconds since 1970.
    pub now: i64,
    /// When it booted: in a container, when that started. `None` if /proc does not tell.
    pub booted: Option<i64>,
    /// Programs on this host that rewrite its name or its resolver: `None` where nothing had to be explained.
    pub programs: Option<Vec<&'static str>>,
    /// The settings of cloud-init: `None` if it is not installed, or disabled.
    pub cloud: Option<Cloud>,
    /// A program that may fail to start where resolv.conf is immutable. Only found out where it is.
    pub needs_resolver: Option<&'static str>,
    /// The names of owners and groups. Only read if an owner or a group is compared and differs.
    pub owners: Owners,
    /// Whether a process here can have the right to set the immutable bit: `None` if /proc does not tell.
    pub can_lock: Option<bool>,
}

/// The names of users and groups by their numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Owners {
    /// The users in /etc/passwd.
    pub users: BTreeMap<u32, String>,
    /// The groups in /etc/group.
    pub groups: BTreeMap<u32, String>,
}

/// What runs this host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Platform {
    /// An OpenVZ or Virtuozzo container.
    OpenVz,
    /// Another container, and its engine's name.
    Container(String),
    /// A guest of Xen.
    Xen,
    /// A virtual or a real machine, and its maker as the firmware names it.
    Machine(String),
    /// Not known.
    #[default]
    Unknown,
}

impl Platform {
    /// Whether a provider writes into this host's files while it starts.
    pub(crate) fn has_provider(&self) -> bool {
        matches!(self, Self::OpenVz | Self::Container(_) | Self::Xen)
    }

    /// Returns the kind of host in words.
    pub(crate) fn in_words(&self) -> String {
        match self {
            Self::OpenVz => "an OpenVZ container".to_owned(),
            Self::Container(engine) => format!("a container of {engine}"),
            Self::Xen => "a Xen guest".to_owned(),
            Self::Machine(maker) => format!("a machine by {maker}"),
            Self::Unknown => "of a kind that is not known".to_owned(),
        }
    }
}

/// The settings of cloud-init.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cloud {
    /// `preserve_hostname`.
    pub preserves_name: bool,
    /// `manage_etc_hosts`.
    pub manages_hosts: bool,
    /// The names that it set last.
    pub names: Vec<String>,
}
