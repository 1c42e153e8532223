//! What programs on this machine get, beside what the nameservers answer.

use std::net::IpAddr;

use plugin::{Finding, State};

use crate::fault::Fault;
use crate::judge::Judged;
use crate::library::{SLOW, search_list, ways};
use crate::lines;
use crate::system::{System, SystemFault};
use crate::verdict::Verdict;

/// From how many seconds on an answer, or a name here, takes too long whatever the other takes: few programs
/// wait for it.
pub(crate) const LATE: f64 = 3.0;

/// From how many seconds on the wait of programs is a fault of its own: a busy machine is as slow as
/// [`SLOW`] at times.
const TOO_SLOW: f64 = 2.0;

impl Verdict<'_> {
    /// What the failing servers mean for programs here.
    pub(crate) fn meaning(&self) -> String {
        let is_same = |place: &usize| self.observed.system.as_ref().is_some_and(|(own, _)| own == place);
        let stops = self.stops_text();
        let Some(system) = self.system() else { return stops };
        let all_fail_for_it = self.all_fail() && self.failing.iter().all(|(_, place, _)| is_same(place));
        match &system.result {
            Err(SystemFault::NotAsked(_)) => stops,
            Err(_) if all_fail_for_it && !system.hosts.is_empty() => {
                ", this system resolves it all the same: from /etc/hosts".to_owned()
            }
            Err(SystemFault::NotFound | SystemFault::OnlyIpv4) if !system.hosts.is_empty() => {
                if !stops.is_empty() {
                    return stops;
                }
                format!(", this system resolves only what /etc/hosts has{}", self.ways())
            }
            Err(SystemFault::NotFound | SystemFault::OnlyIpv4) => {
                format!(", this system does not resolve{}", self.ways())
            }
            Err(SystemFault::TooSlow) => {
                format!("{stops}, this system takes longer than {:.1} s{}", system.took, self.ways())
            }
            Ok(addresses) => match self.wrong_here() {
                Some(wrong) if self.failing.iter().any(|(.., fault)| *fault == wrong) => {
                    ", this system too".to_owned()
                }
                Some(wrong) => format!(", this system {wrong}"),
                None if all_fail_for_it => {
                    let source = self.source(system, addresses.iter().copied());
                    format!(", this system resolves it all the same{}", because(source))
                }
                None if system.took >= SLOW => {
                    format!("{stops}, a name takes {:.1} s here{}", system.took, self.ways())
                }
                None => stops,
            },
        }
    }

    /// What is wrong with the machine's own way while the servers are well. Where it only waits for AAAA it
    /// resolves in the end: the finding on that says how long.
    pub(crate) fn system_alone(&self) -> Option<Finding> {
        let system = self.system()?;
        let name = self.own_name();
        let why = ways(self.observed).or_else(|| system.blame(&name)).or_else(|| self.asked_again());
        match &system.result {
            Err(SystemFault::NotAsked(why)) => Some(Finding::unknown(why.clone())),
            _ if !self.failing.is_empty() => None,
            Err(SystemFault::NotFound | SystemFault::OnlyIpv4) => {
                let text = match (self.undecided().is_empty(), system.hosts.is_empty()) {
                    (true, true) => "the nameservers resolve, this system does not",
                    (true, false) => "the nameservers resolve, this system only what /etc/hosts has",
                    (false, true) => "this system does not resolve",
                    (false, false) => "this system resolves only what /etc/hosts has",
                };
                Some(Finding::critical(format!("{text}{}", because(why))))
            }
            // It had as little time.
            Err(SystemFault::TooSlow) if !self.undecided().is_empty() => None,
            Err(SystemFault::TooSlow) if self.waits_for_aaaa() => None,
            Err(SystemFault::TooSlow) => {
                let cost = self.costs().first().map(|cost| format!(" ({cost})"));
                let text =
                    format!("the nameservers resolve, this system takes longer than {:.1} s", system.took);
                let state = if self.is_overdue(system) { State::Critical } else { State::Warning };
                let again = self.asked_again().filter(|_| cost.is_none() && self.ways().is_empty());
                let text = text + &cost.unwrap_or_default() + &self.ways() + &because(again);
                Some(Finding::new(state, text))
            }
            Ok(_) => match self.wrong_here() {
                Some(wrong) => {
                    let source = self.source(system, wrong.address().into_iter());
                    Some(Finding::critical(format!("this system {wrong}{}", because(source))))
                }
                None => {
                    let slow = || Some(format!("perhaps {} is slow", system.others(&name)?));
                    self.slow_alone(system, why.or_else(slow))
                }
            },
        }
    }

    /// A name that this system has from its hosts file, while it does not ask nameservers for any other one.
    pub(crate) fn hosts_alone(&self) -> Option<Finding> {
        let system = self.system().filter(|_| self.has_from_hosts() && self.wrong_here().is_none())?;
        let text = format!(
            "this system asks no nameserver, and has {} from /etc/hosts: {}",
            self.own_name(),
            system.sources_in_words()
        );
        Some(system.other_names()).filter(|state| *state > State::Ok).map(|state| Finding::new(state, text))
    }

    /// Whether the hosts file or the search list gives the name, and no nameserver has any: then programs
    /// here get no other one.
    pub(crate) fn has_only_elsewhere(&self) -> bool {
        let fails = |judged: &Judged| judged.fault.as_ref().is_some_and(|fault| *fault != Fault::NotYet);
        (self.has_from_hosts() || self.has_from_search()) && self.judged.iter().flatten().all(fails)
    }

    /// Whether this system has the name from its hosts file: then it shows nothing of other names.
    fn has_from_hosts(&self) -> bool {
        self.system().is_some_and(System::has_from_hosts)
    }

    /// Whether this system has the name from its search list: the nameservers alone give it, or no other
    /// source may have it.
    fn has_from_search(&self) -> bool {
        let name = self.own_name();
        let is_plain = |system: &&System| {
            let is_of_dns = system.is_of_dns.unwrap_or_else(|| system.others(&name).is_none());
            system.asks_nameservers(&name) && is_of_dns
        };
        let system = self.system().filter(is_plain);
        system.is_some_and(|system| system.result.is_ok()) && search_list(self.observed).is_some()
    }

    /// How many answers came only when the question was asked again, in words: `None` if none did. Programs
    /// here meet the same.
    pub(crate) fn asked_again(&self) -> Option<String> {
        let outcomes = self.observed.servers.iter().flat_map(|server| server.outcomes.iter().flatten());
        let (again, all) = outcomes.fold((0, 0), |(again, all), outcome| {
            let is_again = outcome.answer.as_ref().is_ok_and(|answered| answered.is_repeated);
            (again + usize::from(is_again), all + 1)
        });
        let noun = if all == 1 { "question" } else { "questions" };
        (again > 0).then(|| format!("{again} of {all} {noun} answered only when asked again"))
    }

    /// Whether programs here wait long for a name, longer than the slowest answer explains: twice as long, or
    /// as long as an answer may take at most.
    pub(crate) fn waits(&self) -> bool {
        let slowest = lines::slowest(self.observed).map_or(0.0, |(seconds, ..)| seconds);
        self.system().is_some_and(|system| match system.result {
            Ok(_) => {
                let is_long = system.took >= LATE.max(slowest + SLOW);
                is_long || system.took >= TOO_SLOW.max(2.0 * slowest)
            }
            // A run of little time stops it early.
            Err(SystemFault::TooSlow) => system.took >= TOO_SLOW,
            Err(_) => false,
        })
    }

    /// A name that takes long here although the nameservers are quick, and nothing else tells why.
    fn slow_alone(&self, system: &System, why: Option<String>) -> Option<Finding> {
        let (slowest, ..) = lines::slowest(self.observed)?;
        let is_slow = self.waits() && self.costs().is_empty();
        let text = format!(
            "a name takes {:.1} s here, the nameservers answer within {slowest:.3} s{}",
            system.took,
            because(why)
        );
        is_slow.then(|| Finding::warning(text))
    }

    /// Where this machine has one of these addresses from, in words: `None` if from the nameservers as far as
    /// is seen.
    fn source(&self, system: &System, addresses: impl Iterator<Item = IpAddr>) -> Option<String> {
        if system.is_of_hosts(addresses) {
            return Some("from /etc/hosts".to_owned());
        }
        let name = self.own_name();
        let is_search = || Some(format!("perhaps from {}", search_list(self.observed)?));
        let is_other = || Some(format!("perhaps from {}", system.others(&name)?));
        system.blame(&name).or_else(is_search).or_else(is_other)
    }

    /// The name that the machine's own way was asked for.
    fn own_name(&self) -> String {
        let place = self.observed.system.as_ref().map(|(place, _)| *place);
        let question = place.and_then(|place| self.observed.questions.get(place));
        question.map(|question| question.name.to_string()).unwrap_or_default()
    }

    /// What costs programs time although the servers resolve, with how much that is. The finding on a system
    /// that takes too long has the first one.
    pub(crate) fn slowed(&self) -> Vec<Finding> {
        let (took, told) = match self.system().map(|system| (&system.result, system.took)) {
            Some((Ok(_), took)) if took >= SLOW && self.failing.is_empty() => {
                (format!(", a name takes {took:.1} s here{}", self.ways()), 0)
            }
            Some((Err(SystemFault::TooSlow), took)) if self.failing.is_empty() && self.waits_for_aaaa() => {
                (format!(", this system takes longer than {took:.1} s{}", self.ways()), 0)
            }
            Some((Err(SystemFault::TooSlow), _)) if self.failing.is_empty() => (String::new(), 1),
            _ => (String::new(), 0),
        };
        self.costs().into_iter().skip(told).map(|cost| Finding::warning(cost + &took)).collect()
    }
}

/// A cause after what it causes: nothing if none is seen.
pub(crate) fn because(why: Option<String>) -> String {
    why.map(|why| format!(": {why}")).unwrap_or_default()
}
