//! Judges the servers' answers and the machine's own way together: the facts that the findings are made of.

mod stop;

use std::net::IpAddr;

use domain::base::Rtype;

use crate::fault::Fault;
use crate::judge::{Cost, Judged, judge_all, wrong_address};
use crate::library::{due, ways};
use crate::question::{Expect, Question};
use crate::system::{System, SystemFault};
use crate::uplinks::Uplinks;
use crate::zones::Zones;
use crate::{Observations, Server};

/// What the servers' answers are worth together.
pub(crate) struct Verdict<'a> {
    /// What was observed.
    pub(crate) observed: &'a Observations,
    /// Of each server, of each question.
    pub(crate) judged: Vec<Vec<Judged>>,
    /// The names by which no server is judged.
    pub(crate) zones: Zones,
    /// The failing servers, each with the place of the question and why.
    pub(crate) failing: Vec<(&'a Server, usize, Fault)>,
    /// The failing uplinks of systemd-resolved, each with the reason.
    pub(crate) failing_uplinks: Vec<(&'a Server, String)>,
}

impl<'a> Verdict<'a> {
    pub(crate) fn new(observed: &'a Observations) -> Self {
        let judged: Vec<Vec<Judged>> =
            observed.servers.iter().map(|server| judge_all(&observed.questions, &server.outcomes)).collect();
        let zones = Zones::new(&observed.questions, &judged);
        let judged: Vec<Vec<Judged>> = judged.into_iter().map(|judged| zones.settle(judged)).collect();
        let failing = observed.servers.iter().zip(&judged).filter_map(|(server, judged)| {
            let (place, fault) = zones.first_fault(&observed.questions, judged)?;
            Some((server, place, fault))
        });
        let failing = failing.collect();
        let failing_uplinks = failing_uplinks(observed, &zones);
        Self { observed, judged, zones, failing, failing_uplinks }
    }

    pub(crate) fn total(&self) -> usize {
        self.observed.servers.len()
    }

    /// The servers, and the uplinks, that may be well or not: this run ended before their answer.
    pub(crate) fn undecided(&self) -> Vec<&Server> {
        let is_open = |judged: &Judged| {
            judged.fault == Some(Fault::NotYet) || judged.costs.contains(&Cost::Aaaa(Fault::NotYet))
        };
        let by_plain_dns =
            |uplinks: &'a Uplinks| uplinks.servers().iter().filter(move |server| !uplinks.is_by_tls(server));
        let uplinks = self.observed.uplinks.iter().flat_map(by_plain_dns);
        let all = self.observed.servers.iter().chain(uplinks);
        let fails = |server: &Server| {
            let mut failing = self.failing.iter().map(|failing| failing.0);
            let mut uplinks = self.failing_uplinks.iter().map(|failing| failing.0);
            failing.any(|failing| std::ptr::eq(failing, server))
                || uplinks.any(|failing| std::ptr::eq(failing, server))
        };
        let is_undecided = |server: &&Server| {
            !fails(server) && judge_all(&self.observed.questions, &server.outcomes).iter().any(is_open)
        };
        all.filter(is_undecided).collect()
    }

    pub(crate) fn all_fail(&self) -> bool {
        self.failing.len() == self.total()
    }

    /// What the machine's own way gave, where that can be held against the servers' answers.
    pub(crate) fn system(&self) -> Option<&'a System> {
        let (place, system) = self.observed.system.as_ref()?;
        let is_blind = system.result == Err(SystemFault::OnlyIpv4) && self.is_ipv6_only(*place);
        (!self.zones.fails(*place) && !is_blind).then_some(system)
    }

    /// Whether every address that the servers have for a name is of IPv6.
    fn is_ipv6_only(&self, place: usize) -> bool {
        let mut addresses = self.observed.addresses(place).peekable();
        addresses.peek().is_some() && addresses.all(IpAddr::is_ipv6)
    }

    pub(crate) fn system_fails(&self) -> bool {
        use SystemFault::{NotFound, OnlyIpv4, TooSlow};
        self.system().is_some_and(|system| match system.result {
            Err(NotFound | OnlyIpv4) => true,
            // Where every nameserver fails there is nothing that more time would bring.
            Err(TooSlow) => self.all_fail() || self.is_overdue(system),
            _ => false,
        })
    }

    /// Whether a system without a result had the time for one: before, its silence says no more than that it
    /// takes longer.
    pub(crate) fn is_overdue(&self, system: &System) -> bool {
        system.took >= due(self.observed)
    }

    /// What is wrong with the addresses that programs here get, of the types that are asked for.
    pub(crate) fn wrong_here(&self) -> Option<Fault> {
        let system = self.system()?;
        let addresses = system.result.as_ref().ok()?;
        let question =
            self.observed.system.as_ref().and_then(|(place, _)| self.observed.questions.get(*place))?;
        let Expect::Resolves(expected) = &question.expect else { return None };
        let is_judged =
            |address: &IpAddr| question.asks(address) && !(expected.is_empty() && system.is_itself(address));
        let asked: Vec<IpAddr> = addresses.iter().copied().filter(is_judged).collect();
        wrong_address(&asked, expected)
    }

    /// Returns whether AAAA is silent by UDP. The C library waits for it before it gives programs the address
    /// of A.
    pub(crate) fn waits_for_aaaa(&self) -> bool {
        let is_silent = |cost: &Cost| matches!(cost, Cost::Aaaa(Fault::NoAnswer | Fault::OnlyTcp));
        let mut costs = self.judged.iter().flatten().flat_map(|judged| &judged.costs);
        !self.asks_no_aaaa() && costs.any(is_silent)
    }

    /// Whether programs here ask for no AAAA.
    pub(crate) fn asks_no_aaaa(&self) -> bool {
        self.observed.file.as_ref().is_some_and(|file| file.conf.options.contains_key("no-aaaa"))
    }

    /// Each cost once, with its servers.
    pub(crate) fn costs(&self) -> Vec<String> {
        let mut costs: Vec<(&Cost, Vec<&str>)> = Vec::new();
        for (server, judged) in self.observed.servers.iter().zip(&self.judged) {
            let all = self.observed.questions.iter().zip(judged);
            let all =
                all.flat_map(|(question, judged)| judged.costs.iter().map(move |cost| (question, cost)));
            let counts = |(question, cost): &(&Question, &Cost)| match cost {
                Cost::Aaaa(Fault::NotYet) => false,
                Cost::Aaaa(fault) => !self.asks_no_aaaa() && !self.fails_by_aaaa(server, question, fault),
                _ => true,
            };
            for (_, cost) in all.filter(counts) {
                match costs.iter_mut().find(|(known, _)| *known == cost) {
                    Some((_, servers)) if servers.contains(&server.shown.as_str()) => {}
                    Some((_, servers)) => servers.push(&server.shown),
                    None => costs.push((cost, vec![&server.shown])),
                }
            }
        }
        let text = |(cost, servers): (&Cost, Vec<&str>)| format!("{}: {cost}", servers.join(", "));
        costs.into_iter().map(text).collect()
    }

    /// Whether a server counts as failing for AAAA of the same name, where that is asked for alone.
    fn fails_by_aaaa(&self, server: &Server, question: &Question, fault: &Fault) -> bool {
        let is_alone = |place: usize| {
            let other = self.observed.questions.get(place);
            other.is_some_and(|other| other.types == [Rtype::AAAA] && other.has_same_name(question))
        };
        self.failing
            .iter()
            .any(|(failing, place, own)| std::ptr::eq(*failing, server) && is_alone(*place) && own == fault)
    }

    pub(crate) fn judged_of(&self, server: &Server) -> Option<&Vec<Judged>> {
        let servers = self.observed.servers.iter().zip(&self.judged);
        servers.filter(|(other, _)| std::ptr::eq(*other, server)).map(|(_, judged)| judged).next()
    }

    /// Whether programs begin with another server each time.
    pub(crate) fn rotates(&self) -> bool {
        self.observed.file.as_ref().is_some_and(|file| file.conf.options.contains_key("rotate"))
    }

    /// What resolv.conf makes this system do where nameservers resolve: `: /etc/resolv.conf makes it ask by
    /// TCP alone (use-vc)`
    pub(crate) fn ways(&self) -> String {
        let ways = if self.all_fail() { None } else { ways(self.observed) };
        ways.map(|ways| format!(": {ways}")).unwrap_or_default()
    }
}

fn failing_uplinks<'a>(observed: &'a Observations, zones: &Zones) -> Vec<(&'a Server, String)> {
    let questions = &observed.questions;
    let fault = |server: &Server| {
        let mut outcomes = server.outcomes.clone();
        for answered in outcomes.iter_mut().flatten().filter_map(|outcome| outcome.answer.as_mut().ok()) {
            // systemd-resolved follows aliases in any order.
            answered.reply.is_out_of_order = false;
        }
        let mut judged = zones.settle(judge_all(questions, &outcomes));
        let uplinks = observed.uplinks.as_ref();
        for judged in &mut judged {
            judged.fault.take_if(|fault| uplinks.is_some_and(|uplinks| uplinks.excuses(server, fault)));
        }
        let (place, _) = zones.first_fault(questions, &judged)?;
        judged.get(place)?.in_words()
    };
    let uplinks = observed.uplinks.iter().flat_map(Uplinks::servers);
    uplinks.filter_map(|server| Some((server, fault(server)?))).collect()
}
