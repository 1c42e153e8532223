//! What follows from one network definition: addresses, ports and VLANs, or a profile of NetworkManager.

use std::collections::{BTreeMap, HashMap};

use addresses::{HostAddress, InvalidAddress, short};

use super::super::passthrough::{self, Profiles};
use super::{Definition, Pool};
use crate::located::Located;
use crate::networkd::is_pool;
use crate::networkmanager::Keyfile;
use crate::promise::{ANY_PORT, Dynamic, Family, Giver, Place, Possible, Promise, Promises};

impl Definition {
    /// What tells its interfaces where no name and no pattern of names does.
    fn conditions(&self) -> String {
        let kind = match self.kind.as_str() {
            "ethernets" => "type=ethernet",
            "wifis" => "type=wifi",
            _ => return self.id.clone(),
        };
        let others = self.matched.iter().flat_map(|matched| &matched.other).map(String::as_str);
        std::iter::once(kind).chain(others).collect::<Vec<_>>().join(" ")
    }

    /// What tells its interfaces, and whether it is for a single one.
    fn selector(&self) -> (String, bool) {
        let pattern = self.matched.as_ref().and_then(|matched| matched.name.as_deref());
        // A hardware address is that of one card, here or not, whatever pattern its name must fit.
        let card = self.matched.as_ref().and_then(|matched| matched.hardware.as_deref());
        let exact = self.interface().or(card);
        let told = exact.or(pattern).map(str::to_owned);
        (told.unwrap_or_else(|| self.conditions()), exact.is_some())
    }

    /// The families of the addresses that it gets by DHCP, of networkd's pools, or as the host of a wireless
    /// network.
    fn dynamic(&self, is_port: bool) -> Vec<Dynamic> {
        let by_dhcp = match &self.dhcp {
            _ if self.shares() => None,
            [None, None] => None,
            [Some(place), None] => Some((Family::V4, place)),
            [None, Some(place)] => Some((Family::V6, place)),
            [Some(place), Some(_)] => Some((Family::Either, place)),
        };
        let has_own = self.addresses.iter().any(|address| address.value.address.is_ipv4());
        let shared = self.place.iter().filter(|_| self.shares() && !has_own);
        let mut pools: BTreeMap<Family, &Place> = BTreeMap::new();
        for Pool { family, length, written } in self.pools.iter().filter(|_| !self.is_for_manager()) {
            if is_pool(*family, *length) {
                pools.entry(*family).or_insert(&written.place);
            }
        }
        let (told, is_exact) = self.selector();
        // A card that kept its name is here, and must have its address all the same.
        let interface = self.not_renamed.clone().unwrap_or(told);
        let required = is_exact && !self.optional && !is_port;
        let single = !is_exact && self.is_for_manager();
        let dynamic = |(family, giver, place): (Family, Giver, &Place)| {
            let (interface, place) = (interface.clone(), place.clone());
            Dynamic { interface, family, giver, required, spare: false, single, place }
        };
        let by_dhcp = by_dhcp.into_iter().map(|(family, place)| (family, Giver::Network, place));
        let shared = shared.map(|place| (Family::V4, Giver::Shared, place));
        let pools = pools.into_iter().map(|(family, place)| (family, Giver::Pool, place));
        by_dhcp.chain(shared).chain(pools).map(dynamic).collect()
    }

    /// Makes the profile of NetworkManager that netplan makes of it, to be found at `place`: the settings
    /// that are handed on replace those that follow from the other keys.
    fn into_profile(self, place: &Place) -> Keyfile {
        let mut profile = Keyfile::default();
        let mut set = |key: &str, value: &str, place: &Place| {
            let (group, key) = key.rsplit_once('.').unwrap_or_default();
            profile.set(group, key, Located { value: value.to_owned(), place: place.clone() });
        };
        if self.kind != "nm-devices" {
            set(passthrough::TYPE, self.kind.trim_end_matches("-devices").trim_end_matches('s'), place);
        }
        let matched = self.matched.as_ref();
        match (self.interface(), matched.and_then(|matched| matched.name.as_deref())) {
            (Some(name), _) => set(passthrough::INTERFACE, name, place),
            (None, Some(pattern)) => set("match.interface-name", pattern, place),
            (None, None) => {}
        }
        if let Some(address) = matched.and_then(|matched| matched.hardware.as_deref()) {
            set("ethernet.mac-address", address, place);
        }
        for (family, dhcp) in ["ipv4", "ipv6"].into_iter().zip(&self.dhcp) {
            let is_of_family =
                |address: &&Located<HostAddress>| address.value.address.is_ipv4() == (family == "ipv4");
            let addresses = self.addresses.iter().filter(is_of_family);
            for (number, address) in (1..).zip(addresses) {
                set(&format!("{family}.address{number}"), &address.value.to_string(), &address.place);
                set(&format!("{family}.method"), "manual", &address.place);
            }
            let method = if family == "ipv4" { "auto" } else { "dhcp" };
            dhcp.iter().for_each(|place| set(&format!("{family}.method"), method, place));
            if family == "ipv4" && self.shares() {
                set("ipv4.method", "shared", place);
            }
        }
        // What has no group is no setting, and a port activates what it is a port of.
        let is_setting =
            |key: &str| key.contains('.') && (key != passthrough::START || self.ports.is_empty());
        for (key, written) in self.passthrough.iter().filter(|(key, _)| is_setting(key)) {
            set(key, &written.value, &written.place);
        }
        profile
    }

    /// Adds what follows from its renderer.
    fn add_renderer(&self, name: &str, to: &mut Promises) {
        if !self.is_for_manager() {
            return;
        }
        to.managed.extend(self.interface().map(str::to_owned));
        let drivers = self.matched.as_ref().is_some_and(|matched| !matched.drivers.is_empty());
        // netplan writes nothing at all then.
        if let Some(place) = self.place.as_ref().filter(|_| drivers && self.set_name.is_none()) {
            let what = format!("{name}: netplan does not match by driver for NetworkManager");
            to.refused.push(place.remark(what.as_str()));
            to.unknown.push(place.remark(what));
        }
    }

    /// Says what comes of addresses of pools, which NetworkManager has not.
    fn add_pools(&self, name: &str, to: &mut Promises) {
        for Pool { written: Located { value, place }, .. } in &self.pools {
            if self.is_for_manager() {
                to.unknown.push(place.remark(InvalidAddress::NoHost(short(value)).to_string()));
            } else {
                to.remarks.push(place.remark(format!("{name}: an address of a pool")));
            }
        }
    }

    /// Whether it makes a wireless network of its own, whose hosts get their addresses from it. networkd
    /// cannot do that.
    fn shares(&self) -> bool {
        self.shares == Some(true) && self.is_for_manager()
    }

    /// Adds the ports of an interface that holds some; `names` as for [`Definition::promise`].
    fn add_ports(&self, interface: Option<&str>, names: &HashMap<String, Option<String>>, to: &mut Promises) {
        let holds_ports = matches!(self.kind.as_str(), "bonds" | "bridges" | "vrfs") && !self.openvswitch;
        let (true, Some(interface), Some(place)) = (holds_ports, interface, &self.place) else { return };
        let ports = self.ports.iter().map(|id| names.get(id).cloned().unwrap_or(Some(id.clone())));
        let ports: Vec<Option<String>> = ports.collect();
        if ports.contains(&None) {
            to.note_unknown_ports(interface, place);
        }
        if self.kind == "bridges" {
            to.add_port(interface, None, place);
        }
        let ports = ports.iter().map(|port| port.as_deref().unwrap_or(ANY_PORT));
        ports.for_each(|port| to.add_port(interface, Some(port), place));
    }

    /// Adds what all files together say. `names` has the interfaces of the definitions by their identifiers,
    /// where they are known; `is_port` says that this one is a port of another, `competes` that another
    /// profile of NetworkManager may take its card.
    pub(in crate::netplan) fn promise(
        self,
        names: &HashMap<String, Option<String>>,
        (is_port, competes): (bool, bool),
        profiles: &mut Profiles,
        to: &mut Promises,
    ) {
        let interface = self.interface().map(str::to_owned);
        let name = interface.as_deref().unwrap_or(&self.id);
        if let Some(mode) = self.mode.as_ref().filter(|_| self.is_left_down()) {
            to.remarks.push(mode.place.remark(format!("{name}: activation-mode {}", mode.value)));
            return;
        }
        if let Some(place) = self.place.as_ref().filter(|_| self.renderer == "sriov") {
            to.remarks.push(place.remark(format!("{name}: renderer sriov")));
            return;
        }
        self.add_ports(interface.as_deref(), names, to);
        let link = self.link.as_ref().and_then(|id| names.get(id).cloned().unwrap_or(Some(id.clone())));
        to.add_vlan(interface.as_deref(), link.as_deref());
        let is_typeless = self.kind == "nm-devices" && !self.passthrough.contains_key(passthrough::TYPE);
        if let Some(place) = self.place.as_ref().filter(|_| is_typeless) {
            let what = format!("{name}: no {} in passthrough", passthrough::TYPE);
            to.refused.push(place.remark(what.as_str()));
            to.unknown.push(place.remark(what));
        }
        self.add_renderer(name, to);
        self.add_pools(name, to);
        let competes = competes && !is_port && self.dhcp.contains(&None);
        if let Some(place) = self.place.clone().filter(|_| !self.passthrough.is_empty() || competes) {
            let optional = interface.filter(|_| self.optional || is_port);
            return profiles.add(&place.file, self.into_profile(&place), optional);
        }
        to.notes.extend(
            self.not_renamed
                .as_ref()
                .map(|card| format!("note: {card} was not renamed to {name} (set-name)")),
        );
        to.dynamic.extend(self.dynamic(is_port));
        let (selector, _) = self.selector();
        let accepts_ra = self.accepts_ra.iter().filter(|_| !selector.contains('='));
        to.possible.extend(accepts_ra.flat_map(|place| Possible::advertised(Some(&selector), place)));
        for (dhcp, place) in ["dhcp4", "dhcp6"].into_iter().zip(&self.dhcp) {
            to.remarks.extend(place.as_ref().map(|place| place.remark(format!("{name}: {dhcp}"))));
        }
        let addresses = self.addresses.iter().cloned().map(|address| address.promise(interface.as_deref()));
        let addresses: Vec<Promise> = addresses.collect();
        to.add_unnamed(&addresses, [selector]);
        to.add_of_interface(addresses.into_iter());
    }
}
