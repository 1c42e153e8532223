//! What netplan refuses of a tunnel as a whole, by its mode.

use std::net::Ipv4Addr;

use super::super::grammar::scalars::{is_wireguard_key, number};
use super::super::grammar::{Refusal, Versions};
use super::{Definition, Peer};
use crate::located::Located;

/// The modes of which both ends have IPv6 addresses.
const OF_SIX: [&str; 5] = ["ipip6", "ip6ip6", "ip6gre", "ip6gretap", "vti6"];
/// The modes that have keys.
const WITH_KEYS: [&str; 6] = ["vti", "vti6", "gre", "ip6gre", "gretap", "ip6gretap"];
/// Where the library has this text, it says so of WireGuard without peers, keys or networks, and goes on.
const GOES_ON: Versions = Versions::Before("'allowed-ips' is required for wireguard peers.");
/// The library has this text where a tunnel must have a local address.
const NEEDS_LOCAL: Versions = Versions::With("missing 'local' property for tunnel");
const NOT_BY_MANAGER: Versions = Versions::With("tunnel mode is not supported by NetworkManager");

impl Definition {
    fn text(&self, key: &str) -> Option<&str> {
        self.settings.get(key).map(|setting| setting.value.as_str())
    }

    /// Returns the setting of a key of a tunnel, which may stand for all its keys.
    fn key(&self, which: &str) -> Option<&Located> {
        let of_mapping = ["key", "keys"].iter().find_map(|key| self.settings.get(&format!("{key}.{which}")));
        let plain = || ["key", "keys"].iter().find_map(|key| self.settings.get(*key));
        let has_mapping = self.settings.keys().any(|key| key.starts_with("key.") || key.starts_with("keys."));
        of_mapping.or_else(|| plain().filter(|_| !has_mapping))
    }

    /// Returns what netplan refuses of a tunnel: some only by some versions.
    pub(super) fn refused_tunnel(&self) -> Vec<Refusal> {
        let mode = self.text("mode").unwrap_or_default();
        let by_grammar = self.refused_by_grammar(mode);
        let by_renderer = if mode == "wireguard" { None } else { self.refused_by_renderer(mode) };
        by_grammar.into_iter().chain(by_renderer).collect()
    }

    fn refused_by_grammar(&self, mode: &str) -> Option<Refusal> {
        let place = self.settings.get("mode")?.place.clone();
        let refuse = |what: String| Some(Refusal::new(place.clone(), format!("{}: {what}", self.id)));
        if mode == "wireguard" {
            return self.refused_wireguard();
        }
        let is_key = |key: &&Located| number(&key.value).is_none() && key.value.parse::<Ipv4Addr>().is_err();
        if let Some(key) = ["input", "output"].iter().find_map(|which| self.key(which).filter(is_key)) {
            return Some(Refusal::new(key.place.clone(), format!("{}: not a key of a tunnel", self.id)));
        }
        if mode == "vxlan" {
            return self.refused_vxlan();
        }
        let is_far = |text: &str| text.contains(':') == OF_SIX.contains(&mode);
        let ends = ["local", "remote"].map(|end| self.settings.get(end));
        if let Some(end) = ends.iter().flatten().find(|end| !is_far(&end.value)) {
            let what = format!("{}: {} is not of the family of {mode}", self.id, end.value);
            return Some(Refusal::new(end.place.clone(), what));
        }
        match ends {
            [_, None] => return refuse(format!("a tunnel of mode {mode} without remote")),
            _ if self.text("ttl").and_then(number).is_some_and(|ttl| ttl > 255) => {
                return refuse("a ttl above 255".to_owned());
            }
            [None, _] => {
                let lacking = refuse(format!("a tunnel of mode {mode} without local"));
                return lacking.map(|refusal| refusal.by(NEEDS_LOCAL));
            }
            _ => {}
        }
        None
    }

    /// Returns what the renderer of a tunnel does not take.
    fn refused_by_renderer(&self, mode: &str) -> Option<Refusal> {
        let place = &self.settings.get("mode")?.place;
        let refuse = |what: &str| Refusal::new(place.clone(), format!("{}: {what}", self.id));
        if let Some(key) = ["input", "output"].iter().find_map(|which| self.key(which)) {
            let takes = WITH_KEYS.contains(&mode) && !(self.is_for_manager() && mode.starts_with("vti"));
            let what = format!("{}: a tunnel of mode {mode} has no keys", self.id);
            if !takes {
                return Some(Refusal::new(key.place.clone(), what));
            }
        }
        match mode {
            "isatap" if !self.is_for_manager() => Some(refuse("networkd knows no mode isatap")),
            "gretap" | "ip6gretap" if self.is_for_manager() => {
                Some(refuse("NetworkManager does not take the mode").by(NOT_BY_MANAGER))
            }
            _ => None,
        }
    }

    fn refused_vxlan(&self) -> Option<Refusal> {
        let place = self.settings.get("mode")?.place.clone();
        let number_of = |key: &str| self.text(key).and_then(number);
        let what = match () {
            () if !number_of("id").is_some_and(|id| (1..=0xff_ffff).contains(&id)) => {
                "vxlan without an id of 1 to 16777215"
            }
            () if number_of("flow-label").is_some_and(|label| label > 0xf_ffff && label != u32::MAX) => {
                "a flow-label above 1048575"
            }
            () if number_of("ttl").is_some_and(|ttl| ttl > 255) => "a ttl above 255",
            () => match (self.text("local"), self.text("remote")) {
                (Some(local), Some(remote)) if local.contains(':') != remote.contains(':') => {
                    "local and remote are not of one family"
                }
                _ => return None,
            },
        };
        Some(Refusal::new(place, format!("{}: {what}", self.id)))
    }

    fn refused_wireguard(&self) -> Option<Refusal> {
        let place = self.settings.get("mode")?.place.clone();
        let refuse = |what: &str| Some(Refusal::new(place.clone(), format!("{}: {what}", self.id)));
        let goes_on = |what: &str| refuse(what).map(|refusal| refusal.by(GOES_ON));
        let key = self.key("private");
        let is_file = |key: &Located| key.value.starts_with('/');
        match key {
            Some(key) if !is_file(key) && !is_wireguard_key(&key.value) => {
                return Some(Refusal::new(
                    key.place.clone(),
                    format!("{}: not a private key of WireGuard", self.id),
                ));
            }
            Some(key) if is_file(key) && !is_wireguard_key(&key.value) && self.is_for_manager() => {
                return Some(Refusal::new(
                    key.place.clone(),
                    format!("{}: NetworkManager takes no file of a key", self.id),
                ));
            }
            _ => {}
        }
        let of_peer = self.peers.iter().find_map(|peer| self.refused_peer(peer));
        let lacking = || match () {
            // networkd's file cannot be written without.
            () if key.is_none() && !self.is_for_manager() => refuse("WireGuard without a key"),
            () if key.is_none() => goes_on("WireGuard without a key"),
            () if self.peers.is_empty() => goes_on("WireGuard without peers"),
            () => None,
        };
        of_peer.or_else(lacking)
    }

    fn refused_peer(&self, peer: &Peer) -> Option<Refusal> {
        let place = |key: &str| peer.settings.get(key).map_or(&peer.place, |setting| &setting.place).clone();
        let refuse = |key: &str, what: &str| Some(Refusal::new(place(key), format!("{}: {what}", self.id)));
        let text = |key: &str| peer.settings.get(key).map(|setting| setting.value.as_str());
        let shared = text("keys.shared").filter(|key| !is_wireguard_key(key));
        match () {
            () if !text("keys.public").is_some_and(is_wireguard_key) => {
                refuse("keys.public", "a peer without a public key of WireGuard")
            }
            () if shared.is_some_and(|key| !key.starts_with('/')) => {
                refuse("keys.shared", "not a shared key of WireGuard")
            }
            () if shared.is_some() && self.is_for_manager() => {
                refuse("keys.shared", "NetworkManager takes no file of a key")
            }
            () if text("keepalive").and_then(number).is_some_and(|seconds| seconds > 65_535) => {
                refuse("keepalive", "a keepalive above 65535")
            }
            () if !peer.has_networks => {
                refuse("allowed-ips", "a peer without allowed-ips").map(|refusal| refusal.by(GOES_ON))
            }
            () => None,
        }
    }
}
