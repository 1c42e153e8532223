//! Which program binds the addresses of a file: NetworkManager, or the network scripts where it leaves the
//! interface alone.

use super::assignments::{Assignments, is_false};
use crate::hardware::{self, Cards};
use crate::networkmanager::Unmanaged;
use crate::promise::{ConfigError, Promises};
use crate::tree::Tree;

const MANAGER: [&str; 2] = ["/usr/sbin/NetworkManager", "/usr/bin/NetworkManager"];
/// A copy of /etc holds its settings alone.
const SETTINGS: &str = "/etc/NetworkManager/NetworkManager.conf";
const SCRIPTS: [&str; 2] = ["/etc/sysconfig/network-scripts/ifup-eth", "/etc/init.d/network"];

/// Where systemd starts NetworkManager at boot: then the network scripts, too, have it bring up what it
/// manages.
const ENABLED: &str = "/etc/systemd/system/multi-user.target.wants/NetworkManager.service";

/// A program that binds addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Program {
    Manager,
    Scripts,
    /// NetworkManager leaves the interface alone, and there are no scripts.
    Neither,
}

/// The programs of a tree.
pub(super) struct Programs<'a> {
    installed: bool,
    configured: bool,
    scripts: bool,
    enabled: bool,
    unmanaged: Unmanaged,
    cards: Cards<'a>,
}

impl<'a> Programs<'a> {
    pub(super) fn read(tree: &'a Tree<'a>, to: &mut Promises) -> Result<Self, ConfigError> {
        let has = |path: &&str| tree.has(path);
        Ok(Self {
            installed: MANAGER.iter().any(has),
            configured: tree.has(SETTINGS),
            scripts: SCRIPTS.iter().any(has),
            enabled: tree.link(ENABLED).is_some() || tree.has(ENABLED),
            unmanaged: Unmanaged::read(tree, to)?,
            cards: Cards::new(tree),
        })
    }

    /// Returns whether the network scripts are there and may be in use in place of NetworkManager.
    pub(super) fn may_use_scripts(&self) -> bool {
        self.scripts && !self.enabled
    }

    /// Returns what tells the interface with a hardware address: its name, or the address of a card that is
    /// not here. `None` if the text is no such address.
    pub(super) fn card(&self, address: &str) -> Option<String> {
        self.cards.name(address).map(str::to_owned).or_else(|| hardware::normal(address))
    }

    /// Returns the name of the interface with a hardware address, if it is here.
    pub(super) fn name(&self, address: &str) -> Option<&str> {
        self.cards.name(address)
    }

    /// Returns the program of a file that is for this device, where it names one.
    pub(super) fn of(&self, settings: &Assignments, device: Option<&str>) -> Result<Program, ConfigError> {
        let kind = match settings.text("TYPE")?.to_ascii_lowercase() {
            kind if kind.is_empty() => "ethernet".to_owned(),
            kind => kind,
        };
        let alone = is_false(settings.text("NM_CONTROLLED")?)
            || device.is_some_and(|name| self.unmanaged.covers(name, &kind, &self.cards));
        Ok(match () {
            () if !alone && (self.installed || self.configured) => Program::Manager,
            () if alone && self.installed && !self.scripts => Program::Neither,
            () => Program::Scripts,
        })
    }
}
