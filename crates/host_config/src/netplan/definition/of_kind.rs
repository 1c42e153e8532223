//! What netplan refuses of definitions of some kinds: VRFs, cards with virtual functions, what is for Open
//! vSwitch, and pairs of virtual Ethernet devices.

use std::collections::{HashMap, HashSet};

use super::super::grammar::scalars::number;
use super::super::grammar::{Refusal, Versions};
use super::Definition;
use crate::located::Located;

/// The modes of bonds that Open vSwitch alone has.
const SWITCH_MODES: [&str; 2] = ["balance-tcp", "balance-slb"];
/// Rules of a VRF are looked at whether it has routes or not where the library has this text.
const LOOKS_AT_RULES: Versions = Versions::With(RULES);
const CRASHES: Versions = Versions::Before(RULES);
const RULES: &str = "'allowed-ips' is required for wireguard peers.";
/// The mode of a switch needs no virtual functions where the library has this word.
const SWITCH_ALONE: Versions = Versions::Before("ra-overrides");

/// What the definitions say of each other, looked up by identifier: there may be thousands.
pub(super) struct Others<'a> {
    by_id: HashMap<&'a str, &'a Definition>,
    /// The cards that have virtual functions.
    parents: HashSet<&'a str>,
    /// What bonds and bridges hold.
    ports: HashSet<&'a str>,
}

impl<'a> Others<'a> {
    pub(super) fn of(all: &'a [Definition]) -> Self {
        let cards = all.iter().filter(|each| each.kind == "ethernets");
        let holders = all.iter().filter(|each| matches!(each.kind.as_str(), "bonds" | "bridges"));
        let mut by_id = HashMap::new();
        for each in all {
            by_id.entry(each.id.as_str()).or_insert(each);
        }
        Self {
            by_id,
            parents: cards.filter_map(|card| Some(card.settings.get("link")?.value.as_str())).collect(),
            ports: holders.flat_map(|holder| holder.ports.iter().map(String::as_str)).collect(),
        }
    }
}

impl Definition {
    /// Returns what netplan refuses of the routes and rules of a VRF.
    pub(super) fn refused_tables(&self) -> Option<Refusal> {
        let own = self.settings.get("table")?;
        let refuse =
            |at: &Located, what: &str| Some(Refusal::new(at.place.clone(), format!("{}: {what}", self.id)));
        if number(&own.value) == Some(u32::MAX) {
            return refuse(own, "the table of a VRF is below 4294967295");
        }
        let is_other = |table: &&Located| number(&table.value) != number(&own.value);
        let routes = self.settings.get("routes");
        if let Some(table) = self.tables.iter().find(is_other) {
            let refused = refuse(table, "the table of a route is not that of the VRF");
            return if routes.is_some() {
                refused
            } else {
                refused.map(|refusal| refusal.by(LOOKS_AT_RULES))
            };
        }
        let routes = routes.filter(|_| !self.settings.contains_key("routing-policy"))?;
        let what = "netplan before 0.106.1 crashes at routes of a VRF without a routing-policy";
        refuse(routes, what).map(|refusal| refusal.by(CRASHES))
    }

    /// Returns what netplan refuses of the virtual functions of a card.
    pub(super) fn refused_functions(&self, others: &Others<'_>) -> Option<Refusal> {
        if self.kind != "ethernets" {
            return None;
        }
        let setting = |key: &str| self.settings.get(key);
        if setting("virtual-function-count").is_some() || others.parents.contains(self.id.as_str()) {
            return None;
        }
        let what = |key: &str| format!("{}: {key} without virtual functions", self.id);
        let delays =
            |value: &str| ["true", "on", "yes", "y"].iter().any(|yes| yes.eq_ignore_ascii_case(value));
        if let Some(delay) = setting("delay-virtual-functions-rebind").filter(|delay| delays(&delay.value)) {
            let refused = Refusal::new(delay.place.clone(), what("delay-virtual-functions-rebind"));
            return Some(if setting("embedded-switch-mode").is_some() {
                refused.by(SWITCH_ALONE)
            } else {
                refused
            });
        }
        let mode = setting("embedded-switch-mode")?;
        Some(Refusal::new(mode.place.clone(), what("embedded-switch-mode")).by(SWITCH_ALONE))
    }

    /// Returns what netplan refuses of the settings for Open vSwitch.
    pub(super) fn refused_switch(&self, others: &Others<'_>) -> Vec<Refusal> {
        let mode =
            self.settings.get("parameters.mode").filter(|mode| SWITCH_MODES.contains(&mode.value.as_str()));
        let Some(switch) = self.settings.get("openvswitch").or(mode) else { return Vec::new() };
        let start = "openvswitch.";
        let keys = self.settings.iter().filter_map(|(key, said)| Some((key.strip_prefix(start)?, said)));
        let keys: Vec<(&str, &Located)> = keys.collect();
        let is_other = |key: &str| match key {
            "external-ids" | "other-config" => false,
            "lacp" => self.kind != "bonds",
            _ => self.kind != "bridges",
        };
        if let Some((key, said)) = keys.iter().find(|(key, _)| is_other(key)) {
            let what = format!("{}: {} have no {key} of Open vSwitch", self.id, self.kind);
            return vec![Refusal::new(said.place.clone(), what)];
        }
        let holds_ports = matches!(self.kind.as_str(), "bonds" | "bridges");
        let only_tags = keys.iter().all(|(key, _)| matches!(*key, "external-ids" | "other-config"));
        if holds_ports || keys.is_empty() || !only_tags {
            let what = format!("{}: there is no ovs-vsctl, which Open vSwitch needs", self.id);
            return vec![Refusal::new(switch.place.clone(), what).by(Versions::WithoutSwitch)];
        }
        let what = || format!("{}: settings for Open vSwitch need it as a port of a bond or bridge", self.id);
        let is_port = others.ports.contains(self.id.as_str());
        (!is_port).then(|| Refusal::new(switch.place.clone(), what())).into_iter().collect()
    }

    /// Returns what netplan refuses of the peer of a virtual Ethernet device.
    pub(super) fn refused_peer_of(&self, others: &Others<'_>) -> Option<Refusal> {
        let peer = self.settings.get("peer").filter(|_| self.kind == "virtual-ethernets")?;
        let refuse = |what: &str| Some(Refusal::new(peer.place.clone(), format!("{}: {what}", self.id)));
        if peer.value == self.id {
            return refuse("its peer is itself");
        }
        let other = others.by_id.get(peer.value.as_str())?;
        let of_other = other.settings.get("peer");
        match () {
            () if other.kind != self.kind => refuse("its peer is not a virtual Ethernet device"),
            () if of_other.is_some_and(|of_other| of_other.value != self.id) => {
                refuse("its peer is the peer of another")
            }
            () => None,
        }
    }
}
