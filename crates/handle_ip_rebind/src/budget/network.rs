//! What runs note of the network of this host: the subnets of the configured interface, and the routes by it.

use std::collections::BTreeSet;
use std::net::IpAddr;

use check_ip_bound::gateway_faults;
use host_net::Bound;
use plugin::Deadline;

use super::statics::Lacks;
use super::there::{DefaultRoutes, RouteFaults, default_routes};
use super::{Memory, Run};
use crate::case::{Case, Fate, MOST};
use crate::config::Config;
use crate::prefix::longest;
use crate::probe::{Gateways, ObserveError, Seen};
use crate::surroundings::subnets::View;

impl Memory {
    /// Takes note of the subnets of the configured interface, if it is known which routes are `there`.
    /// Forgets the addresses whose guessed prefix length an administrator has confirmed. Returns whether this
    /// changed anything.
    ///
    /// # Errors
    /// [`ObserveError`]: the list cannot be read.
    pub(crate) fn see_subnets(
        &mut self,
        config: &Config,
        seen: &Seen,
        there: Option<&DefaultRoutes>,
        deadline: &Deadline,
    ) -> Result<bool, ObserveError> {
        let Some(there) = there else { return Ok(false) };
        let before = self.subnets.clone();
        // What a program bound wrongly must not be taken for the subnet.
        self.subnets
            .misses(|| seen.missing(config).iter().map(|(entry, ..)| entry.expected.address).collect());
        let elsewhere =
            seen.elsewhere(config, self.subnets.taken(), |address| there.is_router(address), deadline);
        let elsewhere = elsewhere.filter(|_| self.misbound.is_empty());
        let view = View { bound: seen.bound(), interface: &config.interface, elsewhere };
        self.subnets.doubt(&view, |address| seen.names(address));
        let named = seen.named_prefixes(config, self.subnets.guessed(), deadline)?;
        let is_right = |address: IpAddr| {
            named.get(&address).is_some_and(|named| *named == Some(longest(address.is_ipv4())))
        };
        self.subnets.forget(is_right);
        self.subnets.see(&view, |address| seen.names(address), |network| there.is_on_link(network));
        Ok(self.subnets != before)
    }

    /// Returns the routes that are there, as far as they matter to what is known. `None` if they cannot be
    /// read in a short time.
    pub(crate) fn default_routes(
        &self,
        bound: &Bound,
        interface: &str,
        deadline: &Deadline,
    ) -> Option<DefaultRoutes> {
        default_routes(bound, interface, &self.statics.networks(), deadline)
    }

    /// Takes note of the routes that are there `now`, at the beginning of a run that found these `cases`.
    /// Returns whether this changed anything.
    pub(crate) fn see_routes(&mut self, there: &DefaultRoutes, cases: &[Case], now: u64) -> bool {
        let before = self.missing.clone();
        self.lacks(cases);
        let is_missing = !self.missing.is_empty() || !self.owed.is_empty();
        let is_new = !self.missing.is_subset(&before);
        (self.missing != before) | self.see(there, Lacks { is_missing, is_new }, now)
    }

    /// Notes which addresses are missing, by these cases.
    pub(crate) fn lacks(&mut self, cases: &[Case]) {
        let is_there = |fate| matches!(fate, Fate::Back | Fate::Unlisted);
        let missing = cases.iter().filter(|case| !is_there(case.fate)).map(|case| case.address);
        self.missing = missing.take(MOST).collect();
    }

    /// Notes that these addresses may be there from now on, even if this run is killed.
    pub(crate) fn finds(&mut self, addresses: &BTreeSet<IpAddr>) {
        self.missing.retain(|address| !addresses.contains(address));
    }

    /// Takes note of the routes that are back `now`, while a run works or is tried.
    pub(crate) fn see_again(&mut self, there: &DefaultRoutes, now: u64) {
        self.see(there, Lacks { is_missing: true, is_new: true }, now);
    }

    fn see(&mut self, there: &DefaultRoutes, lacks: Lacks, now: u64) -> bool {
        self.routes.see(there, lacks.is_missing, now) | self.statics.see(&there.statics, lacks, now)
    }

    /// Returns whether a route is not back.
    pub(crate) fn has_lost_routes(&self) -> bool {
        !self.routes.lost().is_empty() || !self.statics.lost(None).0.is_empty()
    }

    /// Notes the routes that are not `there` after a run.
    pub(crate) fn lose_routes(&mut self, there: &DefaultRoutes, run: Run<'_>) {
        self.routes.lose(there, run);
        let before = run.before.map(|before| &before.statics);
        self.statics.lose(&there.statics, (before, !run.back.is_empty()), run.began);
    }

    /// Returns the routes that are not back, and what is wrong with the default routes, by the gateways that
    /// `check` names: with those that are `there`, or those that the probe `seen` has read. A family whose
    /// default route is not back is told once.
    pub(crate) fn route_faults(
        &self,
        there: Option<&DefaultRoutes>,
        (bound, seen): (&Bound, Gateways<'_>),
    ) -> RouteFaults {
        let routes = there.map_or(seen.routes, DefaultRoutes::all);
        let wrong = gateway_faults(bound, seen.expected, routes).into_iter();
        let wrong = wrong.filter(|(ipv6, _)| !self.routes.has_lost(*ipv6)).map(|(_, fault)| fault);
        let (statics, replaced) = self.statics.lost(there.map(|there| &there.statics));
        RouteFaults { defaults: self.routes.lost(), statics, replaced, wrong: wrong.collect() }
    }
}
