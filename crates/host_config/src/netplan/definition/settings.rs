//! What of one network definition is kept to tell whether netplan takes it as a whole.

use std::collections::BTreeMap;

use super::super::grammar::{FOREIGN, Refusal, Versions, scalars};
use super::super::yaml::Value;
use super::{Definition, Peer};
use crate::located::Located;

/// Returns the plain values of a mapping and of the mappings in it, by keys as `keys.public`.
fn settings(mapping: Value<'_>) -> BTreeMap<String, Located> {
    let mut found = BTreeMap::new();
    for (key, value) in mapping.entries("a mapping").into_iter().flatten() {
        let Ok(key) = key.text("a key") else { continue };
        found.insert(key.to_owned(), located(value));
        for (inner, value) in value.entries(key).into_iter().flatten() {
            let inner = inner.text("a key").unwrap_or_default();
            found.insert(format!("{key}.{inner}"), located(value));
        }
    }
    found
}

/// Returns whether a peer of WireGuard has networks.
fn has_networks(peer: Value<'_>) -> bool {
    let entries = peer.entries("a peer").into_iter().flatten();
    let networks = entries.filter(|(key, _)| key.text("a key").is_ok_and(|key| key == "allowed-ips"));
    networks
        .last()
        .is_some_and(|(_, networks)| networks.items("networks").into_iter().flatten().next().is_some())
}

/// Returns the text of a plain value, and an empty one for others.
fn located(value: Value<'_>) -> Located {
    Located { value: value.text("a value").unwrap_or_default().to_owned(), place: value.place() }
}

impl Definition {
    /// Takes the value of a key: a later one replaces it.
    pub(super) fn take_setting(&mut self, key: &str, value: Value<'_>) {
        self.refusals.extend(self.changed(key, value));
        self.settings.insert(key.to_owned(), located(value));
        for (inner, value) in value.entries(key).into_iter().flatten() {
            let inner = inner.text("a key").unwrap_or_default();
            self.settings.insert(format!("{key}.{inner}"), located(value));
        }
        match key {
            "parameters" => self.take_parameters(value),
            "routes" | "routing-policy" => self.take_routes(value),
            "peer" | "link" if self.kind != "vlans" => self.others.push(located(value)),
            "peers" => {
                let peers = value.items(key).into_iter().flatten();
                self.peers.extend(peers.map(|peer| Peer {
                    place: peer.place(),
                    has_networks: has_networks(peer),
                    settings: settings(peer),
                }));
            }
            "access-points" => {
                self.take_secrets(value);
                self.take_channels(value);
            }
            "wakeonwlan" => self.take_wake(value),
            "auth" => self.take_secret("auth", value),
            _ => {}
        }
    }

    /// Returns that versions of netplan do not let a later line change this value.
    fn changed(&self, key: &str, value: Value<'_>) -> Option<Refusal> {
        let by = match key {
            "gateway4" => Versions::With("scalar(node) == npp->current.netdef->gateway4"),
            "gateway6" => Versions::With("scalar(node) == npp->current.netdef->gateway6"),
            _ => return None,
        };
        let (before, now) = (self.settings.get(key)?, located(value));
        let what = format!("{key} is {} before: netplan crashes at another", addresses::short(&before.value));
        (before.value != now.value).then(|| Refusal::new(now.place, what).by(by))
    }

    /// Takes the definitions that the parameters of a bond or bridge name.
    fn take_parameters(&mut self, said: Value<'_>) {
        for (key, value) in said.entries("parameters").into_iter().flatten() {
            match key.text("a key") {
                Ok("primary") if self.kind == "bonds" => {
                    let primary = located(value);
                    if let Some(before) = self.others.last().filter(|before| before.value != primary.value) {
                        let what =
                            format!("{}: its primary is {} before", self.id, addresses::short(&before.value));
                        self.refusals.push(Refusal::new(primary.place.clone(), what));
                    }
                    self.others.push(primary);
                }
                Ok("path-cost" | "port-priority") if self.kind == "bridges" => {
                    let ports = value.entries("ports").into_iter().flatten();
                    for (port, number) in ports {
                        self.take_port_number(key.text("a key").unwrap_or_default(), port, number);
                    }
                }
                _ => {}
            }
        }
    }

    /// Takes the cost or priority of a port, which no other line may change.
    fn take_port_number(&mut self, key: &str, port: Value<'_>, number: Value<'_>) {
        let (port, number) = (located(port), located(number));
        let name = format!("parameters.{key}.{}", port.value);
        let is_set = |before: &Located| scalars::number(&before.value) != Some(0);
        if self.settings.get(&name).is_some_and(is_set) {
            let what = format!("{}: {} has a {key} before", self.id, addresses::short(&port.value));
            self.refusals.push(Refusal::new(port.place.clone(), what));
        }
        self.settings.insert(name, number);
        self.others.push(port);
    }

    /// Takes the tables of routes and rules, and that NetworkManager knows routes of one type only.
    fn take_routes(&mut self, said: Value<'_>) {
        for route in said.items("routes").into_iter().flatten() {
            let (place, route) = (route.place(), settings(route));
            let is_default = route.get("to").is_some_and(|to| to.value == "default");
            if is_default && !route.contains_key("via") && !route.contains_key("from") {
                self.not_rendered[0].push(Refusal::new(place, "a default route of no family: it has no via"));
            }
            self.tables.extend(route.get("table").cloned());
            if let Some(kind) = route.get("type").filter(|kind| !kind.value.eq_ignore_ascii_case("unicast")) {
                let is_six = route.get("to").is_some_and(|to| to.value.contains(':'));
                let what = "NetworkManager knows no routes but unicast";
                let [_, _, of_four, of_six] = &mut self.not_rendered;
                let of_family = if is_six { of_six } else { of_four };
                of_family.push(Refusal::new(kind.place.clone(), what));
            }
        }
    }

    /// Takes what networkd does not take of wireless networks: wpa_supplicant has its own rules.
    fn take_secrets(&mut self, said: Value<'_>) {
        for (name, network) in said.entries("access-points").into_iter().flatten() {
            let settings = settings(network);
            if let Some(mode) = settings.get("mode").filter(|mode| mode.value == "ap") {
                let what = "networkd cannot be an access point";
                self.not_rendered[0].push(Refusal::new(mode.place.clone(), what));
            }
            if let Some(setting) = settings.iter().find(|(key, _)| key.starts_with("networkmanager.")) {
                let what = "settings for NetworkManager, which is not the renderer";
                self.not_rendered[0].push(Refusal::new(setting.1.place.clone(), what).by(FOREIGN));
            }
            let name = name.text("a name").unwrap_or_default();
            let secret = settings.get("password").filter(|_| !settings.contains_key("auth"));
            self.not_rendered[0].extend(secret.and_then(|secret| short_secret(name, secret)));
            for (key, auth) in network.entries(name).into_iter().flatten() {
                let is_alone = !settings.contains_key("password");
                if is_alone && key.text("a key").is_ok_and(|key| key == "auth") {
                    self.take_secret(name, auth);
                }
            }
        }
    }

    /// Takes that a password shared beforehand is too short or too long.
    fn take_secret(&mut self, name: &str, auth: Value<'_>) {
        let settings = settings(auth);
        let is_shared = settings
            .get("key-management")
            .is_some_and(|said| matches!(said.value.as_str(), "psk" | "psk-sha256" | "sae"));
        let secret = settings.get("password").filter(|_| is_shared);
        self.not_rendered[0].extend(secret.and_then(|secret| short_secret(name, secret)));
    }
}

/// Returns that a secret is not of 8 to 63 octets, and not a key of 64 digits.
fn short_secret(name: &str, secret: &Located) -> Option<Refusal> {
    let is_key = secret.value.len() == 64 && secret.value.bytes().all(|digit| digit.is_ascii_hexdigit());
    let fits = is_key || (8..=63).contains(&secret.value.len());
    let what = || format!("the password of {} has not 8 to 63 octets", addresses::short(name));
    (!fits).then(|| Refusal::new(secret.place.clone(), what()))
}
