//! One network definition of netplan, as all files together say it.

mod by_renderer;
mod of_kind;
mod promise;
pub(super) mod refused;
mod settings;
mod take;
mod tunnel;
mod wireless;

use std::collections::{BTreeMap, HashSet};

use addresses::HostAddress;

use super::grammar::Refusal;
use super::passthrough;
use crate::hardware::Cards;
use crate::located::Located;
use crate::promise::{Family, Place};
use crate::wildcard;

/// One network definition.
#[derive(Debug)]
pub(super) struct Definition {
    /// The key it stands under, which is the interface's name unless it says otherwise.
    id: String,
    /// The kind of device, as `ethernets`.
    pub(super) kind: String,
    matched: Option<Matched>,
    set_name: Option<String>,
    /// The name of the card that should have that of `set-name`, and was not renamed.
    not_renamed: Option<String>,
    addresses: Vec<Located<HostAddress>>,
    seen: HashSet<HostAddress>,
    /// Addresses as 0.0.0.0/24, of which networkd takes one of its pools.
    pools: Vec<Pool>,
    /// Whether all the wireless networks that it names are this host's own.
    shares: Option<bool>,
    /// `dhcp4` and `dhcp6`.
    dhcp: [Option<Place>; 2],
    /// `accept-ra: true`.
    accepts_ra: Option<Place>,
    /// The interface may be without an address when the host is up.
    optional: bool,
    /// `interfaces`: the identifiers of its ports.
    ports: Vec<String>,
    /// What carries a VLAN, by its identifier.
    link: Option<String>,
    /// Where it is mentioned first.
    place: Option<Place>,
    /// Open vSwitch has the ports, which the kernel does not show as such.
    openvswitch: bool,
    /// `renderer`: empty if it is that of its kind.
    renderer: String,
    /// `networkmanager: passthrough`, by its keys, where NetworkManager is the renderer.
    passthrough: BTreeMap<String, Located>,
    /// The plain values by their keys, those in mappings as `parameters.mode`; other values are empty here.
    settings: BTreeMap<String, Located>,
    /// The definitions that it names beside its ports.
    others: Vec<Located>,
    /// The tables of its routes and rules.
    tables: Vec<Located>,
    /// The peers of WireGuard.
    peers: Vec<Peer>,
    /// What its renderer does not take: networkd, NetworkManager, and NetworkManager for routes of either
    /// family.
    not_rendered: [Vec<Refusal>; 4],
    /// What netplan refuses of its keys and values.
    refusals: Vec<Refusal>,
    /// The wireless networks that it names.
    networks: Vec<String>,
    /// `activation-mode`, by which the interface does not come up by itself.
    mode: Option<Located>,
}

/// An address of a pool.
#[derive(Debug)]
struct Pool {
    family: Family,
    length: Option<u8>,
    written: Located,
}

/// A peer of WireGuard: its settings, those in mappings as `keys.public`.
#[derive(Debug)]
struct Peer {
    place: Place,
    has_networks: bool,
    settings: BTreeMap<String, Located>,
}

/// A `match`.
#[derive(Debug, Default)]
struct Matched {
    name: Option<String>,
    hardware: Option<String>,
    /// The drivers, of which one must be the card's.
    drivers: Vec<String>,
    /// The cards that have one of the drivers, or what tells that none does.
    of_driver: Option<String>,
    /// The other conditions, each as `driver=virtio_net`.
    other: Vec<String>,
}

impl Definition {
    pub(super) fn new(id: &str, kind: &str) -> Self {
        Self {
            id: id.to_owned(),
            kind: kind.to_owned(),
            matched: None,
            set_name: None,
            not_renamed: None,
            addresses: Vec::new(),
            seen: HashSet::new(),
            pools: Vec::new(),
            shares: None,
            dhcp: [None, None],
            accepts_ra: None,
            optional: false,
            ports: Vec::new(),
            link: None,
            place: None,
            openvswitch: false,
            renderer: String::new(),
            passthrough: BTreeMap::new(),
            settings: BTreeMap::new(),
            others: Vec::new(),
            tables: Vec::new(),
            peers: Vec::new(),
            not_rendered: Default::default(),
            refusals: Vec::new(),
            networks: Vec::new(),
            mode: None,
        }
    }

    /// Takes the renderer of its kind where it has none of its own: others than NetworkManager have no use
    /// for settings of it, and `nm-devices` know no other.
    pub(super) fn inherit_renderer(&mut self, of_kind: &str) {
        if self.renderer.is_empty() {
            of_kind.clone_into(&mut self.renderer);
        }
        if !self.is_for_manager() {
            self.passthrough.clear();
        }
    }

    /// Whether netplan makes a profile of NetworkManager of it.
    pub(super) fn is_for_manager(&self) -> bool {
        self.renderer == "NetworkManager" || self.kind == "nm-devices"
    }

    /// Returns whether it is for any of several cards.
    pub(super) fn is_pattern(&self) -> bool {
        self.matched.is_some() && self.interface().is_none()
    }

    /// Takes the name of the interface with the hardware address that is matched.
    pub(super) fn resolve(&mut self, cards: &Cards<'_>) {
        let Some(matched) = self.matched.as_mut() else { return };
        if !matched.drivers.is_empty() {
            let drivers = || matched.drivers.iter().map(String::as_str);
            let joined = matched.drivers.join(",");
            matched.of_driver = cards.fitting(|name| cards.has_driver(name, drivers()), Some(&joined));
        }
        let name = matched.hardware.as_deref().and_then(|address| cards.name(address));
        let pattern = matched.name.as_deref();
        let fits = |name: &str| pattern.is_none_or(|pattern| wildcard::matches(pattern, name));
        if name.is_some_and(|name| !fits(name)) {
            // The card has another name: the pattern alone tells what it is for.
            matched.hardware = None;
        } else if let Some(name) = name {
            matched.name = Some(name.to_owned());
            let wanted = self.set_name.as_deref().filter(|wanted| *wanted != name && !cards.has(wanted));
            self.not_renamed = wanted.map(|_| name.to_owned());
        }
    }

    /// The interface, where it can be but one.
    pub(super) fn interface(&self) -> Option<&str> {
        let handed_on = self.passthrough.get(passthrough::INTERFACE).map(|written| &written.value);
        if let Some(name) = handed_on.or(self.set_name.as_ref()) {
            return Some(name);
        }
        // Profiles for NetworkManager are named freely.
        if self.kind == "nm-devices" {
            return None;
        }
        let Some(matched) = &self.matched else { return Some(&self.id) };
        matched.name.as_deref().filter(|name| !name.contains(['*', '?', '[']))
    }

    /// The interface where it must be there at boot. Before [`Self::resolve`]: a hardware address tells
    /// nothing when its card is gone.
    pub(super) fn named_at_boot(&self) -> Option<&str> {
        let start = self.passthrough.get(passthrough::START).filter(|_| self.ports.is_empty());
        let starts = start.is_none_or(|written| !matches!(written.value.trim_ascii_end(), "false" | "0"));
        let is_passing = self.optional || self.is_left_down() || self.kind == "modems";
        self.interface().filter(|_| starts && !is_passing)
    }

    /// Whether its `activation-mode` leaves it to others to bring the interface up.
    fn is_left_down(&self) -> bool {
        self.mode.as_ref().is_some_and(|mode| matches!(mode.value.as_str(), "off" | "manual"))
    }

    /// What tells it as a port: its name, the pattern of names, the hardware address or the driver that is
    /// matched.
    pub(super) fn as_port(&self) -> Option<&str> {
        let matched = self.matched.as_ref();
        let pattern = || matched?.name.as_deref();
        let card = || matched?.hardware.as_deref();
        let driver = || matched?.of_driver.as_deref();
        self.interface().or_else(pattern).or_else(card).or_else(driver)
    }

    /// The identifiers of its ports.
    pub(super) fn port_ids(&self) -> &[String] {
        &self.ports
    }

    /// The key it stands under.
    pub(super) fn id(&self) -> &str {
        &self.id
    }
}
