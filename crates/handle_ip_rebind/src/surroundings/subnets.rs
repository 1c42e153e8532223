//! The subnets that the configured interface has, as runs see them. The kernel removes one with its last
//! address, and an address that is bound alone does not bring it back: then the host has its address and
//! reaches no neighbour.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use host_net::{Bound, BoundAddress};
use serde::{Deserialize, Serialize};

use crate::case::{Case, MOST};
use crate::network::Network;
use crate::prefix::{Covering, longest};

/// The subnets that are known, and the addresses without one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Subnets {
    /// The networks that the interface has, or had when all was well, and whether each has a route.
    #[serde(default)]
    known: BTreeMap<Network, bool>,
    /// The primary address of each IPv4 network then, from which packets leave.
    #[serde(default)]
    primaries: BTreeMap<Network, IpAddr>,
    /// The addresses of the list that were bound alone when a run found them, as some providers want it.
    #[serde(default)]
    alone: BTreeSet<IpAddr>,
    /// The addresses that runs bound alone because nothing told their subnet.
    #[serde(default)]
    guessed: BTreeSet<IpAddr>,
    /// The missing addresses that another host had when a run last probed for them.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    taken: BTreeSet<IpAddr>,
}

/// What a run finds.
pub(crate) struct View<'a> {
    /// What is bound.
    pub(crate) bound: &'a Bound,
    /// The configured interface.
    pub(crate) interface: &'a str,
    /// The missing addresses that another host has or may have. `None` if an address is missing that may be
    /// bound: then what is there is not what there should be.
    pub(crate) elsewhere: Option<BTreeSet<IpAddr>>,
}

impl<'a> View<'a> {
    /// Returns the addresses of the interface that are bound alone, and the others.
    fn split(&self) -> (BTreeSet<IpAddr>, Vec<&'a BoundAddress>) {
        let index = self.bound.by_name(self.interface).map(|known| known.index);
        let here = self.bound.addresses.iter().filter(|place| Some(place.interface) == index);
        let (alone, of_subnets): (Vec<&BoundAddress>, Vec<&BoundAddress>) =
            here.partition(|place| place.prefix == longest(place.address.is_ipv4()));
        (alone.into_iter().map(|place| place.address).collect(), of_subnets)
    }
}

impl Subnets {
    /// Takes note of the subnets that are there now, of which those have a route that are `on_link`, and of
    /// the `listed` addresses that are bound alone. While one is missing, the subnets stay those that there
    /// were when all was well: a run that binds nothing would take up the mistakes of others. The subnet of
    /// an address that lost it, or that another host has, stays too.
    pub(crate) fn see(
        &mut self,
        view: &View<'_>,
        listed: impl Fn(IpAddr) -> bool,
        on_link: impl Fn(Network) -> bool,
    ) {
        let (alone, of_subnets) = view.split();
        let primaries = of_subnets.iter().filter(|place| place.address.is_ipv4() && !place.flags.secondary());
        let primaries = primaries.map(|place| (Network::of(place.address, place.prefix), place.address));
        let primaries: BTreeMap<Network, IpAddr> = primaries.take(MOST).collect();
        let networks = of_subnets.into_iter().map(|place| Network::of(place.address, place.prefix));
        let now = networks.filter(|network| !network.is_link_local());
        let now: BTreeMap<Network, bool> =
            now.take(MOST).map(|network| (network, on_link(network))).collect();
        if let Some(elsewhere) = &view.elsewhere {
            let lost = self.guessed.iter().chain(elsewhere);
            self.known.retain(|network, _| lost.clone().any(|address| network.contains(*address)));
            self.known.extend(now);
            self.primaries.retain(|_, was| elsewhere.contains(was));
            primaries.into_iter().for_each(|(network, now)| {
                self.primaries.entry(network).or_insert(now);
            });
            self.alone.retain(|address| alone.contains(address) || elsewhere.contains(address));
        }
        let by_design =
            alone.into_iter().filter(|address| listed(*address) && !self.guessed.contains(address));
        self.alone.extend(by_design.take(MOST.saturating_sub(self.alone.len())));
    }

    /// Takes those of the `listed` addresses for guessed that were in a subnet which is gone and are bound
    /// alone now: that is not wanted while the list is unchanged. Those that were guessed are forgotten where
    /// they are not bound so any more.
    pub(crate) fn doubt(&mut self, view: &View<'_>, listed: impl Fn(IpAddr) -> bool) {
        let (alone, of_subnets) = view.split();
        self.guessed.retain(|address| alone.contains(address));
        let now: BTreeSet<Network> =
            of_subnets.into_iter().map(|place| Network::of(place.address, place.prefix)).collect();
        let has_lost = |address: &IpAddr| {
            listed(*address)
                && self.had(*address).is_some()
                && !now.iter().any(|network| network.contains(*address))
        };
        let lost: Vec<IpAddr> = alone.into_iter().filter(has_lost).collect();
        self.guessed.extend(lost.into_iter().take(MOST.saturating_sub(self.guessed.len())));
    }

    /// Returns the longest network that the interface had and that an address is in. `None` if there is none,
    /// or if the address was bound alone.
    pub(crate) fn had(&self, address: IpAddr) -> Option<Covering> {
        let of = self.known.iter().filter(|(network, _)| network.contains(address));
        let (network, makes_route) = of.max_by_key(|(network, _)| network.prefix)?;
        (!self.was_alone(address)).then_some(Covering { network: *network, makes_route: *makes_route })
    }

    /// Returns those of the addresses that are `back` which were the primary address of their network and are
    /// `bound` as a secondary one now, each with the primary address of today. With promote_secondaries the
    /// kernel had made that one the primary.
    pub(crate) fn displaced(&self, bound: &Bound, interface: &str, back: &[IpAddr]) -> Vec<(IpAddr, IpAddr)> {
        let index = bound.by_name(interface).map(|known| known.index);
        let of = |network: Network, is_secondary: bool| {
            let here = bound.addresses.iter().filter(move |place| {
                Some(place.interface) == index && place.flags.secondary() == is_secondary
            });
            here.filter(move |place| Network::of(place.address, place.prefix) == network)
                .map(|place| place.address)
        };
        let displaced = self.primaries.iter().filter_map(|(network, was)| {
            let is_secondary = back.contains(was) && of(*network, true).any(|address| address == *was);
            Some((*was, of(*network, false).next().filter(|_| is_secondary)?))
        });
        displaced.collect()
    }

    /// Returns whether the interface has or had a network of this family.
    pub(crate) fn has_known(&self, ipv6: bool) -> bool {
        self.known.keys().any(|network| network.is_ipv6() == ipv6)
    }

    /// Returns whether a run found an address bound alone.
    pub(crate) fn was_alone(&self, address: IpAddr) -> bool {
        self.alone.contains(&address)
    }

    /// Notes the addresses that a run is to bind alone because nothing tells their subnet.
    pub(crate) fn guess(&mut self, cases: &[Case]) {
        let guessed = cases.iter().filter(|case| case.is_guess).map(|case| case.address);
        self.guessed.extend(guessed.take(MOST.saturating_sub(self.guessed.len())));
    }

    /// Forgets those of the guessed addresses that are bound as they should be.
    pub(crate) fn forget(&mut self, is_right: impl Fn(IpAddr) -> bool) {
        self.guessed.retain(|address| !is_right(*address));
    }

    /// Returns the addresses that runs bound alone because nothing told their subnet.
    pub(crate) fn guessed(&self) -> &BTreeSet<IpAddr> {
        &self.guessed
    }

    /// Notes which of the `asked` addresses another host has, those that are `claimed`. Returns whether this
    /// changed anything.
    pub(crate) fn take(&mut self, asked: &[IpAddr], claimed: impl Iterator<Item = IpAddr>) -> bool {
        let before = self.taken.clone();
        self.taken.retain(|address| !asked.contains(address));
        self.taken.extend(claimed.take(MOST.saturating_sub(self.taken.len())));
        self.taken != before
    }

    /// Forgets those that another host had and that are not `missing` any more.
    pub(crate) fn misses(&mut self, missing: impl FnOnce() -> BTreeSet<IpAddr>) {
        if !self.taken.is_empty() {
            let missing = missing();
            self.taken.retain(|address| missing.contains(address));
        }
    }

    /// Returns the missing addresses that another host had when a run last probed for them.
    pub(crate) fn taken(&self) -> &BTreeSet<IpAddr> {
        &self.taken
    }

    /// Returns whether nothing is known.
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

#[cfg(test)]
mod tests {
    use host_net::{Flags, Interface};

    use super::*;
    use crate::case::{Fate, example};

    fn bound(all: &[&str]) -> Bound {
        let place = |text: &&str| {
            let (address, prefix) = text.split_once('/').unwrap();
            let (address, prefix) = (address.parse().unwrap(), prefix.parse().unwrap());
            BoundAddress { address, interface: 2, prefix, flags: Flags(0x80) }
        };
        let interfaces = vec![Interface::new(2, "eth0")];
        Bound { interfaces, addresses: all.iter().map(place).collect(), ..Bound::default() }
    }

    fn see(subnets: &mut Subnets, all: &[&str], is_missing: bool) -> bool {
        let (bound, before) = (bound(all), subnets.clone());
        let elsewhere = (!is_missing).then(BTreeSet::new);
        let view = View { bound: &bound, interface: "eth0", elsewhere };
        subnets.doubt(&view, |_| true);
        subnets.see(&view, |_| true, |_| true);
        *subnets != before
    }

    fn had(subnets: &Subnets, address: &str) -> Option<String> {
        subnets.had(address.parse().unwrap()).map(|had| had.network.to_string())
    }

    #[test]
    fn a_subnet_is_known_until_it_is_gone_and_nothing_is_missing() {
        let mut subnets = Subnets::default();
        let all = ["192.0.2.1/24", "192.0.2.31/24", "192.0.2.65/26", "2001:db8::1/64", "fe80::1/64"];
        assert!(see(&mut subnets, &all, false) && !see(&mut subnets, &all, false));
        assert!(!see(&mut subnets, &[], true), "an address is missing");
        let rows = [
            ("192.0.2.31", Some("192.0.2.0/24")),
            ("192.0.2.77", Some("192.0.2.64/26")),
            ("2001:db8::31", Some("2001:db8::/64")),
            ("198.51.100.1", None),
            ("fe80::9", None),
        ];
        for (address, expected) in rows {
            assert_eq!(had(&subnets, address).as_deref(), expected, "{address}");
        }
        assert!(subnets.has_known(false) && subnets.has_known(true) && !Subnets::default().has_known(false));
        assert!(!see(&mut subnets, &["198.51.100.1/24", "192.9.9.9/8"], true), "not what should be there");
        assert!(had(&subnets, "192.0.2.31").is_some() && had(&subnets, "198.51.100.1").is_none());
        assert!(see(&mut subnets, &["198.51.100.1/24"], false), "the host was renumbered");
        assert_eq!(had(&subnets, "192.0.2.31"), None);
    }

    #[test]
    fn an_address_that_was_alone_stays_alone() {
        let mut subnets = Subnets::default();
        see(&mut subnets, &["192.0.2.1/24", "192.0.2.31/32"], false);
        see(&mut subnets, &[], true);
        assert_eq!((had(&subnets, "192.0.2.31"), had(&subnets, "192.0.2.1").is_some()), (None, true));
        assert!(subnets.was_alone("192.0.2.31".parse().unwrap()));
        see(&mut subnets, &["192.0.2.1/24", "192.0.2.31/24"], false);
        assert!(had(&subnets, "192.0.2.31").is_some(), "it is no longer alone");
    }

    #[test]
    fn an_address_that_lost_its_subnet_is_no_design() {
        let address: IpAddr = "192.0.2.31".parse().unwrap();
        let subnet = Some("192.0.2.0/24");
        let rows = [
            (&["192.0.2.31/32"][..], false, true, subnet),
            (&["192.0.2.31/32"], true, true, subnet),
            // In a subnet that is there, it has its neighbours.
            (&["192.0.2.31/32", "192.0.2.1/24"], false, false, None),
            (&["192.0.2.31/32", "192.0.2.1/25"], false, false, None),
        ];
        for (now, is_missing, is_told, known) in rows {
            let mut subnets = Subnets::default();
            see(&mut subnets, &["192.0.2.31/24", "198.51.100.1/24"], false);
            assert!(see(&mut subnets, now, is_missing) && !see(&mut subnets, now, is_missing), "{now:?}");
            let told = subnets.guessed().contains(&address);
            assert_eq!((told, had(&subnets, "192.0.2.31").as_deref()), (is_told, known), "{now:?}");
            assert!(!see(&mut subnets, &[], true) || is_told, "{now:?}");
            assert!(is_missing || !subnets.known.contains_key(&"198.51.100.0/24".parse().unwrap()));
            assert!(see(&mut subnets, &["192.0.2.31/26"], false) && subnets.guessed().is_empty());
            assert_eq!(had(&subnets, "192.0.2.31").as_deref(), Some("192.0.2.0/26"), "{now:?}");
        }
    }

    #[test]
    fn the_subnet_of_an_address_that_another_host_has_stays_and_new_ones_are_learned() {
        let mut subnets = Subnets::default();
        see(&mut subnets, &["192.0.2.1/24", "203.0.113.1/24", "203.0.113.31/32"], false);
        let taken: Vec<IpAddr> =
            ["192.0.2.1", "203.0.113.31"].map(|address| address.parse().unwrap()).to_vec();
        assert!(subnets.take(&taken, taken.iter().copied()) && !subnets.take(&[], [].into_iter()));
        let bound = bound(&["198.51.100.1/24", "192.0.2.9/24"]);
        let view = View { bound: &bound, interface: "eth0", elsewhere: Some(subnets.taken().clone()) };
        subnets.see(&view, |_| true, |_| true);
        let known = ["192.0.2.1", "198.51.100.31", "203.0.113.9"].map(|address| had(&subnets, address));
        let expected = [Some("192.0.2.0/24"), Some("198.51.100.0/24"), Some("203.0.113.0/24")];
        assert_eq!(known, expected.map(|network| network.map(str::to_owned)));
        assert_eq!(had(&subnets, "203.0.113.31"), None, "it was alone");
        assert_eq!(subnets.primaries[&"192.0.2.0/24".parse().unwrap()], taken[0]);
        subnets.misses(|| [taken[0]].into());
        assert_eq!(subnets.taken(), &[taken[0]].into());
        assert!(subnets.take(&taken, [].into_iter()) && subnets.taken().is_empty());
    }

    #[test]
    fn a_guess_is_no_design() {
        let address = "2001:db8::31".parse().unwrap();
        let mut subnets = Subnets::default();
        subnets.guess(&[Case { is_guess: true, ..example("2001:db8::31", Fate::Bindable, "") }]);
        assert!(!see(&mut subnets, &["2001:db8::31/128"], false), "it is bound so");
        assert!(subnets.guessed().contains(&address) && !subnets.was_alone(address));
        let mut other = subnets.clone();
        assert!(see(&mut other, &["2001:db8::31/64"], false) && other.guessed().is_empty());
        subnets.forget(|it| it == address);
        assert!(subnets.is_empty());
    }

    #[test]
    fn a_primary_that_came_back_as_a_secondary_is_told() {
        let mut subnets = Subnets::default();
        see(&mut subnets, &["192.0.2.1/24", "198.51.100.1/24"], false);
        see(&mut subnets, &["192.0.2.31/24", "198.51.100.1/24"], true);
        let [one, alias] = ["192.0.2.1", "192.0.2.31"].map(|address| address.parse().unwrap());
        let mut now = bound(&["192.0.2.31/24", "192.0.2.1/24", "198.51.100.1/24"]);
        now.addresses[1].flags = Flags(0x81);
        assert_eq!(subnets.displaced(&now, "eth0", &[one]), [(one, alias)]);
        assert_eq!(subnets.displaced(&now, "eth0", &[alias]), [], "not by this run");
        now.addresses[0].flags = Flags(0x81);
        now.addresses[1].flags = Flags(0x80);
        assert_eq!(subnets.displaced(&now, "eth0", &[one]), [], "it is the primary again");
    }

    #[test]
    fn it_is_read_as_it_was_written() {
        let mut subnets = Subnets::default();
        see(&mut subnets, &["192.0.2.1/24", "192.0.2.31/32", "2001:db8::1/64"], false);
        let text = serde_json::to_string(&subnets).unwrap();
        assert_eq!(
            text,
            "{\"known\":{\"192.0.2.0/24\":true,\"2001:db8::/64\":true},\"primaries\":{\"192.0.2.0/24\":\"192.0.2.1\"},\
             \"alone\":[\"192.0.2.31\"],\"guessed\":[]}"
        );
        assert_eq!(serde_json::from_str::<Subnets>(&text).unwrap(), subnets);
    }
}
