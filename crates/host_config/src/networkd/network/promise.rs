//! What follows from one `.network` file for its interfaces, where it is for this host and no earlier file
//! has them.

use std::collections::BTreeMap;

use super::super::conditions::HostFacts;
use super::super::matching::claimed::Claimed;
use super::Network;
use addresses::short;

use crate::hardware::Cards;
use crate::located::{Asked, Located};
use crate::promise::{Dynamic, Family, Giver, Place, Promises, Shadowed};
use crate::selector::{is_of_guest, is_pattern};

/// What enables networkd at boot.
const ENABLED: &str = "/etc/systemd/system/multi-user.target.wants/systemd-networkd.service";

impl Network {
    /// Whether the file is for this host, as far as its conditions tell: one that is not known here is taken
    /// to hold, with doubt.
    fn applies(&mut self, start: &Place, facts: &HostFacts<'_>, to: &mut Promises) -> bool {
        if self.matches.is_empty() {
            to.notes.push(format!("note: {} has no condition in [Match]: networkd ignores it", start.file));
            return false;
        }
        let (holds, condition) = self.matches.holds(facts);
        let condition = condition.unwrap_or_default();
        match holds {
            Some(true) => {}
            Some(false) => to.remarks.push(start.remark(format!("not for this host: {condition}"))),
            None => {
                let what = format!("whether {condition} holds is not known here");
                // What a distribution ships for containers is on every host.
                if self.shipped {
                    to.remarks.push(start.remark(what));
                } else {
                    to.notes.push(format!("note: {}: {what}", start.file));
                }
                self.matches.doubt();
            }
        }
        holds != Some(false)
    }

    /// Adds what this file says, unless earlier ones have its interface.
    pub(in crate::networkd) fn promise(
        mut self,
        start: &Place,
        facts: &HostFacts<'_>,
        cards: &Cards<'_>,
        claimed: &mut Claimed,
        to: &mut Promises,
    ) {
        if !self.applies(start, facts, to) {
            return;
        }
        let interface = self.matches.interface().map(str::to_owned);
        let name = interface.as_deref().unwrap_or("unnamed interface");
        let left_down = self
            .left_down
            .take()
            .map(|each| each.place.remark(format!("{name}: ActivationPolicy={}", each.value)));
        let unmanaged = self.unmanaged.take().map(|each| each.place.remark(format!("{name}: not managed")));
        let mut exact = self.matches.exact();
        exact.retain(|name| claimed.by(name).is_none());
        let earlier = interface.as_deref().and_then(|name| claimed.by(name)).map(str::to_owned);
        let each = self.matches.each_here(cards, claimed);
        let ports = self.ports(&exact, cards, claimed);
        let uplinks = self.uplinks(&each, cards);
        let mut selectors = self.selectors(&exact, claimed);
        let file = start.file.rsplit('/').next().unwrap_or_default();
        let lost = self.matches.all_claimed(cards, claimed).filter(|_| self.statics().next().is_some());
        if let Some(lost) = lost {
            to.unfit.extend(self.statics().map(|(_, place)| place.remark(lost.clone())));
            to.notes.push(format!("note: {}: {lost}", start.file));
        }
        claimed.claim(self.matches.clone(), file);
        claimed.take(&each, file);
        if let Some(earlier) = earlier {
            if !claimed.is_idle(&earlier) {
                to.outranked.insert(start.file.clone(), name.to_owned());
            }
            let why = format!("{earlier} is for {name}");
            to.notes.extend(self.controller.iter().map(|of| {
                format!("note: {}: {name} is not made a port of {}: {why}", of.place, short(&of.value))
            }));
            to.shadowed.extend(self.statics().map(|(expected, place)| Shadowed {
                expected,
                why: why.clone(),
                place,
            }));
            to.remarks.push(start.remark(format!("{name}: an earlier file is for it, not this one")));
            return;
        }
        if let Some(nothing) = unmanaged.or(left_down) {
            claimed.leave(exact, file);
            to.remarks.push(nothing);
            return;
        }
        if self.resets == Some(false) && (!each.is_empty() || self.is_for_one_here(cards)) {
            to.aborting.append(&mut self.aborting);
        }
        self.add_ports(ports, uplinks, to);
        if self.gives_nothing() {
            claimed.leave(exact, file);
        }
        self.limit(&mut selectors, cards);
        let each = self.to_have(each, cards);
        self.add(interface.as_deref(), &selectors, each, to);
    }

    /// Whether the one interface that it names is here and fits.
    fn is_for_one_here(&self, cards: &Cards<'_>) -> bool {
        self.matches.interface().is_some_and(|name| {
            cards.has(name)
                && !self.matches.is_doubtful()
                && self.matches.fits_device(name, cards) == Some(true)
        })
    }

    /// Says that the file never applies to the interfaces that it is for, and why.
    pub(in crate::networkd) fn never(&self, start: &Place, why: &str, to: &mut Promises) {
        to.shadowed.extend(self.statics().map(|(expected, place)| Shadowed {
            expected,
            why: why.to_owned(),
            place,
        }));
        to.remarks.push(start.remark(why));
        if let Some(dhcp) = &self.dhcp {
            to.notes.push(format!("note: {}: DHCP={} does not apply: {why}", dhcp.place, dhcp.value));
        }
    }

    /// Says that the file `by` has its name and counts more. The interface may have what `claimed` tells.
    pub(in crate::networkd) fn replaced(
        &self,
        start: &Place,
        by: &str,
        claimed: &Claimed,
        to: &mut Promises,
    ) {
        let interface = self.matches.interface();
        if let Some(name) = interface
            && claimed.by(name).is_some_and(|file| !claimed.is_idle(file))
        {
            to.outranked.insert(start.file.clone(), name.to_owned());
        }
        self.never(start, &format!("{by} is read instead"), to);
    }

    /// Returns the interfaces here of which each must have the addresses, where more than one name tells
    /// them: without names, not those of guests, the ports of others and loopback's.
    fn to_have(&self, mut each: Vec<String>, cards: &Cards<'_>) -> Vec<String> {
        if !self.matches.has_names() {
            each.retain(|name| name != "lo" && !is_of_guest(name) && !cards.is_port(name));
        }
        each
    }

    /// Returns the interfaces here of which each is a port, where names do not tell them one by one.
    fn uplinks(&self, each: &[String], cards: &Cards<'_>) -> Vec<String> {
        let Some(controller) = self.controller.as_ref().filter(|_| self.matches.exact().is_empty()) else {
            return Vec::new();
        };
        let may_be = |name: &&String| {
            **name != controller.value
                && *name != "lo"
                && !is_of_guest(name)
                && !cards.is_bridge(name)
                && !cards.is_wireless(name)
        };
        each.iter().filter(may_be).cloned().collect()
    }

    /// Adds the interfaces as ports of what the file says.
    fn add_ports(&self, ports: Option<Vec<String>>, uplinks: Vec<String>, to: &mut Promises) {
        let Some(controller) = &self.controller else { return };
        to.add_uplinks(&controller.value, uplinks, &controller.place);
        match ports {
            Some(ports) => {
                let of = &controller.value;
                ports.iter().for_each(|port| to.add_port(of, Some(port), &controller.place));
            }
            None => to.note_unknown_ports(&controller.value, &controller.place),
        }
    }

    /// Limits what the distribution's file for some hosts is for to the interfaces that are here: host0 is in
    /// systemd's containers alone. Without networkd, it requires nothing.
    fn limit(&self, selectors: &mut Vec<(String, bool)>, cards: &Cards<'_>) {
        if !self.shipped || !self.matches.depends_on_host() {
            return;
        }
        selectors.retain(|(name, _)| !is_pattern(name) && cards.has(name));
        let enabled = cards.tree().has(ENABLED);
        selectors.iter_mut().for_each(|(_, required)| *required = *required && enabled);
    }

    /// Notes the addresses that an empty line takes out or not, by the version of systemd, as possible.
    fn add_perhaps_reset(&mut self, interface: Option<&str>, to: &mut Promises) {
        for (Located { value, place }, by) in self.perhaps_reset.drain(..) {
            let why = format!(
                "the empty Address= of {by} takes it out for systemd after 252, and which is here is not known"
            );
            if let Some(value) = value.address() {
                to.add_possible(&Located { value, place }.promise(interface), &why);
            }
        }
    }

    /// Adds what it gives the interfaces that the selectors tell; `each` are those that are here.
    fn add(
        mut self,
        interface: Option<&str>,
        selectors: &[(String, bool)],
        each: Vec<String>,
        to: &mut Promises,
    ) {
        self.add_perhaps_reset(interface, to);
        let name = interface.unwrap_or("unnamed interface");
        let on_each = self.matches.names_each();
        // What a distribution ships for interfaces of some hardware, as for those of containers, says nothing
        // of this host.
        if self.matches.by_name_alone() || !self.shipped {
            to.dynamic.extend(self.dynamic(selectors));
        }
        for vlan in &self.vlans {
            to.add_vlan(Some(vlan), interface);
        }
        to.remarks.extend(self.dhcp.map(|dhcp| dhcp.place.remark(format!("{name}: DHCP={}", dhcp.value))));
        let prefixes = self.prefixes.iter().filter(|_| self.sends_ra);
        to.possible.extend(prefixes.map(|prefix| self.matches.of_prefix(prefix)));
        let advertised = self.accepts_ra.iter().chain(&self.delegated);
        to.possible.extend(advertised.flat_map(|place| self.matches.advertised(place)));
        let server = self.server_address.filter(|_| self.serves_dhcp);
        let tokens = self.tokens.into_iter().filter(|_| self.sends_ra);
        let mut addresses = Vec::new();
        for Located { value, place } in self.addresses.into_iter().chain(server).chain(tokens) {
            match value {
                Asked::Address(value) => addresses.push(Located { value, place }.promise(interface)),
                Asked::Pool(..) => {
                    to.possible.extend(self.matches.pool(&place));
                    to.remarks.push(place.remark(format!("{name}: an address of a pool")));
                }
            }
        }
        let selectors = selectors.iter().map(|(selector, _)| selector.clone()).collect();
        if on_each {
            to.add_on_each(&addresses, selectors);
        } else if each.len() > 1 {
            to.add_on_each(&addresses, each);
        } else {
            to.add_unnamed(&addresses, selectors);
        }
        to.add_of_interface(addresses.into_iter());
    }

    /// What tells the interfaces that are ports: each name, or the patterns of one file as one. `None` where
    /// that is not known.
    fn ports(&self, exact: &[String], cards: &Cards<'_>, claimed: &Claimed) -> Option<Vec<String>> {
        match (exact, self.matches.patterns()) {
            ([], Some(patterns)) => Some(vec![patterns.join(",")]),
            ([], None) if !self.matches.by_hardware_address() => {
                Some(vec![self.matches.cards(cards, claimed)?])
            }
            (exact, _) => Some(exact.to_vec()),
        }
    }

    /// What tells the interfaces that get an address from outside, each with whether it must have one:
    /// `exact` are those that the file names, and `claimed` has those of earlier files.
    fn selectors(&self, exact: &[String], claimed: &Claimed) -> Vec<(String, bool)> {
        let may_require = !self.optional && self.controller.is_none() && !self.matches.is_doubtful();
        if !exact.is_empty() {
            return exact.iter().map(|name| (name.clone(), may_require)).collect();
        }
        let (mut named, rest) = self.matches.named_beside_patterns();
        named.retain(|name| claimed.by(name).is_none());
        let all = if named.is_empty() { Some(self.matches.described()) } else { rest };
        let all =
            all.map(|all| if self.matches.patterns().is_some() { claimed.without_idle(all) } else { all });
        let named = named.into_iter().map(|name| (name, may_require));
        named.chain(all.map(|all| (all, false))).collect()
    }

    /// The families of which the interfaces get an address that no file names.
    fn dynamic(&self, selectors: &[(String, bool)]) -> Vec<Dynamic> {
        let dynamic = |family, giver, place: &Place| {
            let each = |(name, required): &(String, bool)| Dynamic {
                interface: name.clone(),
                family,
                giver,
                required: *required,
                spare: false,
                single: false,
                place: place.clone(),
            };
            selectors.iter().map(each).collect::<Vec<_>>()
        };
        let by_dhcp = self.dhcp.as_ref().map(|dhcp| {
            let family = match dhcp.value.as_str() {
                "ipv4" | "v4" => Family::V4,
                "ipv6" | "v6" => Family::V6,
                _ => Family::Either,
            };
            dynamic(family, Giver::Network, &dhcp.place)
        });
        let prefix = self.assigned_prefix.as_ref().filter(|_| self.sends_ra);
        let by_prefix = prefix.map(|place| dynamic(Family::V6, Giver::Pool, place));
        let mut by_pool: BTreeMap<Family, &Place> = BTreeMap::new();
        self.pools().for_each(|(family, place)| _ = by_pool.entry(family).or_insert(place));
        let by_pool = by_pool.into_iter().map(|(family, place)| dynamic(family, Giver::Pool, place));
        by_dhcp.into_iter().chain(by_prefix).chain(by_pool).flatten().collect()
    }
}
