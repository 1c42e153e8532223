//! Profiles that compete for a device: the one whose addresses are bound is expected.

use std::collections::HashSet;
use std::net::IpAddr;

use addresses::Entry;
use host_config::{Choice, Dynamic, Giver, OneOf, Possible, Promise};
use host_net::{Bound, BoundAddress};

use super::{Expected, merge, unique};
use crate::dynamic::{is_for, leased};

/// How well a profile agrees with what is bound; the later, the better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Agreement {
    None,
    /// Its interface has an address from outside.
    Dynamic,
    /// Some of its addresses are bound.
    Part,
    /// All its addresses are bound, or its interface is the port that it should be.
    Whole,
}

impl Expected {
    /// Expects what the profiles say that agree best with what is bound, as many of each group as can be
    /// active, and adds a note on each address of the others. Where nothing is bound, the first of the files
    /// count. Those of a profile of which none is bound are guessed, where no other source says them.
    pub(crate) fn choose(&mut self, bound: &Bound) {
        self.name_hardware(bound);
        if self.one_of.is_empty() {
            return;
        }
        let mut others = Vec::new();
        let mut guessed = std::mem::take(&mut self.guessed);
        // What another source says too is certain, also beside the guess of a list.
        let of_lists: HashSet<IpAddr> = guessed.iter().map(|possible| possible.addresses.address).collect();
        let named = self.entries.iter().map(|entry| entry.expected.address);
        let mut certain: HashSet<IpAddr> = named.filter(|address| !of_lists.contains(address)).collect();
        for mut one_of in std::mem::take(&mut self.one_of) {
            self.take_active(&mut one_of, bound, &mut certain, &mut guessed);
            let rest = one_of.profiles.into_iter().flat_map(|profile| profile.promises);
            others.extend(rest.map(|promise| (promise, one_of.why.clone())));
        }
        let is_named = |entries: &[Entry], address: IpAddr| {
            entries.binary_search_by_key(&address, |entry| entry.expected.address).is_ok()
        };
        self.entries = unique(std::mem::take(&mut self.entries));
        self.add_floating(Vec::new());
        self.interfaces.sort();
        others.retain(|(promise, _)| !is_named(&self.entries, promise.expected.address));
        self.notes.extend(others.iter().map(|(promise, why)| promise.not_expected(why)));
        self.possible.extend(others.iter().map(|(promise, why)| promise.possible(why)));
        // Each once.
        guessed.retain(|possible: &Possible| certain.insert(possible.addresses.address));
        self.guessed = guessed;
    }

    /// Takes as many profiles as can be active, and sorts their addresses into those that are certain and
    /// those that are guessed.
    fn take_active(
        &mut self,
        one_of: &mut OneOf,
        bound: &Bound,
        certain: &mut HashSet<IpAddr>,
        guessed: &mut Vec<Possible>,
    ) {
        let OneOf { why, active, permanent_leases, perhaps_none, profiles } = one_of;
        let own: Vec<IpAddr> = addresses(profiles).collect();
        // An address that this host itself gives has no end.
        let may_be_permanent = |dynamic: &Dynamic| *permanent_leases || dynamic.giver != Giver::Network;
        let is_sign = |dynamic: &Dynamic, each: &BoundAddress| {
            !own.contains(&each.address) && (may_be_permanent(dynamic) || !each.flags.permanent())
        };
        for _ in 0..(*active).min(profiles.len()) {
            let names_its_own = profiles.iter().any(has_named_address);
            // A bound address that belongs to one of these profiles does not show that another one is active.
            let rank = |profile: &Choice| self.rank(profile, &is_sign, names_its_own, bound);
            let ranks = profiles.iter().map(rank).enumerate();
            let Some((best, ((agreement, ..), ..))) = ranks.rev().max_by_key(|(_, rank)| *rank) else {
                return;
            };
            if *perhaps_none && agreement == Agreement::None {
                return;
            }
            let profile = profiles.remove(best);
            if agreement < Agreement::Part {
                guessed.extend(profile.promises.iter().map(|promise| promise.possible(why)));
            } else {
                certain.extend(profile.promises.iter().map(|promise| promise.expected.address));
            }
            profile.promises.into_iter().for_each(|promise| self.take(promise));
            // Both are looked up by binary search from here on.
            self.interfaces.sort();
            self.floating.sort();
            merge::dynamic(&mut self.dynamic, profile.dynamic.into_iter());
        }
    }

    /// Returns what decides between profiles: agreement, then a lease of an interface that it names, then
    /// addresses of its own. Where one of them has addresses for an interface that it `names`, the lease of
    /// a profile for any card is no sign: it may be what came in place of those addresses.
    fn rank(
        &self,
        profile: &Choice,
        is_sign: &impl Fn(&Dynamic, &BoundAddress) -> bool,
        names: bool,
        bound: &Bound,
    ) -> ((Agreement, usize), bool, bool) {
        let names_one = profile.dynamic.iter().any(|dynamic| dynamic.required);
        let (agreement, held) = match self.agreement(profile, is_sign, bound) {
            (Agreement::Dynamic, held) if names && !names_one => (Agreement::None, held),
            agreement => agreement,
        };
        let by_lease = agreement == Agreement::Dynamic && names_one;
        ((agreement, held), by_lease, !profile.promises.is_empty())
    }

    /// Returns how well a profile agrees, and how many of its addresses are bound. `is_sign` says whether an
    /// address may be a lease, which no static address of the profiles is that it competes with.
    fn agreement(
        &self,
        profile: &Choice,
        is_sign: &impl Fn(&Dynamic, &BoundAddress) -> bool,
        bound: &Bound,
    ) -> (Agreement, usize) {
        let is_on = |index: u32, name: &str| bound.by_name(name).is_some_and(|here| here.index == index);
        let is_bound = |promise: &&Promise| {
            let mut places = bound.places(promise.expected.address).iter();
            places.any(|place| promise.interface.as_ref().is_none_or(|name| is_on(place.interface, name)))
        };
        let held = profile.promises.iter().filter(is_bound).count();
        let is_port = profile.port.as_ref().is_some_and(|(port, controller)| {
            let controller = bound.by_name(controller).map(|controller| controller.index);
            controller.is_some() && bound.by_name(port).is_some_and(|port| port.controller == controller)
        });
        let has_lease = profile.dynamic.iter().any(|dynamic| {
            let its = bound.interfaces.iter().filter(|interface| is_for(dynamic, interface, self));
            let mut leases = its.flat_map(|interface| leased(dynamic, interface, self, bound));
            leases.any(|each| is_sign(dynamic, each))
        });
        let agreement = match () {
            () if is_port || held > 0 && held == profile.promises.len() => Agreement::Whole,
            () if held > 0 => Agreement::Part,
            () if has_lease => Agreement::Dynamic,
            () => Agreement::None,
        };
        (agreement, held)
    }
}

/// Whether a profile has addresses for an interface that it names.
fn has_named_address(profile: &Choice) -> bool {
    profile.promises.iter().any(|promise| promise.interface.is_some())
}

fn addresses(profiles: &[Choice]) -> impl Iterator<Item = IpAddr> {
    profiles.iter().flat_map(|profile| &profile.promises).map(|promise| promise.expected.address)
}
