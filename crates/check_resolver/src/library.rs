//! Finds what resolv.conf makes the C library do otherwise than this check: why this system may not resolve
//! although the nameservers do (resolv.conf(5), resolv/res_send.c).

use std::net::IpAddr;
use std::time::Duration;

use domain::base::Rtype;
use domain::base::iana::OptRcode;

use crate::Observations;
use crate::fault::Fault;
use crate::file::File;
use crate::outcome::{Answered, Outcome};
use crate::question::Question;
use crate::resolv_conf::ResolvConf;
use crate::system::{System, SystemFault};

/// From how many seconds on a name is slow.
pub(crate) const SLOW: f64 = 1.0;

/// Returns what the file makes this system do, as far as that may explain what it gave: `None` if nothing.
pub(crate) fn ways(observed: &Observations) -> Option<String> {
    let case = Case::new(observed)?;
    let file =
        observed.file.as_ref().filter(|_| case.system.asks_nameservers(&case.question.name.to_string()))?;
    in_words(file, &case.ways())
}

/// Returns after how many seconds this system should have the name: once the first nameserver that answers
/// has had its turn, and a second more, for a busy machine. Infinity if none answers.
pub(crate) fn due(observed: &Observations) -> f64 {
    Case::new(observed).and_then(|case| case.due()).unwrap_or(f64::INFINITY)
}

/// Returns whether the name may come to this system by the search list, and not as it is: that ends the
/// search where it comes first and has an address.
pub(crate) fn may_search(observed: &Observations, has_address: bool) -> bool {
    Case::new(observed)
        .is_some_and(|case| !case.conf.search.is_empty() && (!has_address || case.has_few_dots()))
}

/// Returns the search list in words, where it gives names before the full one does: `None` if it does not.
pub(crate) fn search_list(observed: &Observations) -> Option<String> {
    let case = Case::new(observed).filter(|case| !case.conf.search.is_empty())?;
    match case.number("ndots:").filter(|_| case.has_few_dots()) {
        Some(ndots) => Some(format!("the search list of resolv.conf, asked first (ndots:{ndots})")),
        None if case.has_few_dots() || case.is_missing() => Some("the search list of resolv.conf".to_owned()),
        None => None,
    }
}

fn in_words(file: &File, ways: &[String]) -> Option<String> {
    let (last, firsts) = ways.split_last()?;
    let firsts = if firsts.is_empty() { String::new() } else { format!("{} and ", firsts.join(", ")) };
    Some(format!("{} makes it {firsts}{last}", file.path))
}

/// A name as the file has it looked up, and what came of that.
struct Case<'a> {
    conf: &'a ResolvConf,
    system: &'a System,
    question: &'a Question,
    /// What the server of each turn gave for it, of the types that programs here ask for: nothing if it
    /// cannot be asked.
    outcomes: Vec<Vec<&'a Outcome>>,
    /// The addresses in that answer.
    addresses: Vec<&'a IpAddr>,
}

impl<'a> Case<'a> {
    fn new(observed: &'a Observations) -> Option<Self> {
        let (place, system) = observed.system.as_ref()?;
        let (conf, question) = (&observed.file.as_ref()?.conf, observed.questions.get(*place)?);
        // A name that is judged by AAAA alone stands for what its A would be.
        let is_left_out = conf.options.contains_key("no-aaaa") && question.types.contains(&Rtype::A);
        let is_asked = |kind: Rtype| !is_left_out || kind != Rtype::AAAA;
        let of_server = |outcomes: &'a Vec<Outcome>| {
            let each = question.types.iter().zip(outcomes);
            each.filter(|(kind, _)| is_asked(**kind)).map(|(_, outcome)| outcome).collect()
        };
        let of_turn = |turn: &usize| {
            let server = observed.servers.get(*turn)?;
            server.outcomes.get(*place).map(of_server)
        };
        // Without a server in the file the one on this machine has the only turn.
        let turns = if conf.turns.is_empty() { &[0][..] } else { &conf.turns };
        let outcomes = turns.iter().map(|turn| of_turn(turn).unwrap_or_default()).collect();
        let addresses = observed.addresses(*place).collect();
        Some(Self { conf, system, question, outcomes, addresses })
    }

    fn outcomes(&self) -> impl Iterator<Item = &'a Outcome> {
        self.outcomes.iter().flatten().copied()
    }

    /// `None` if no nameserver answers. With `rotate` programs may begin with any.
    fn due(&self) -> Option<f64> {
        let (mut waits, mut answer) = (0.0, None);
        for (number, outcomes) in (0..).zip(&self.outcomes) {
            if let Some(took) = ending(outcomes) {
                answer = answer.max(Some(took));
            } else if outcomes.iter().copied().any(is_waited_for) {
                // Where only A or AAAA is lost the library asks for that once more by itself.
                let rounds = if outcomes.iter().copied().all(is_waited_for) { 1.0 } else { 2.0 };
                waits += rounds * f64::from(self.wait_for(number));
            }
            if answer.is_some() && !self.has("rotate") {
                break;
            }
        }
        let rounds = if self.turns().is_some() { 2.0 } else { 1.0 } * self.candidates();
        Some((waits + answer?.as_secs_f64()) * rounds + SLOW)
    }

    /// How many names are asked for until it is the full one's turn.
    fn candidates(&self) -> f64 {
        if self.has_few_dots() { 1.0 + self.conf.search.len() as f64 } else { 1.0 }
    }

    /// Whether the name has so few dots that the search list comes first.
    fn has_few_dots(&self) -> bool {
        let dots = self.question.name.to_string().matches('.').count();
        i32::try_from(dots).is_ok_and(|dots| dots < self.number("ndots:").unwrap_or(1))
    }

    /// Whether the first answer is that there is no such name or that it has no address, or all fail: then
    /// the search list follows.
    fn is_missing(&self) -> bool {
        let mut ends = self.outcomes.iter().filter(|outcomes| ending(outcomes).is_some());
        let is_nxdomain = |outcome: &&Outcome| {
            outcome.answer.as_ref().is_ok_and(|answered| answered.reply.rcode == OptRcode::NXDOMAIN)
        };
        let has_address = |outcome: &&Outcome| {
            outcome.answer.as_ref().is_ok_and(|answered| !answered.reply.found().is_empty())
        };
        match ends.next() {
            Some(outcomes) => outcomes.iter().any(is_nxdomain) || !outcomes.iter().any(has_address),
            None => self.outcomes().any(|outcome| {
                outcome.answer.as_ref().is_ok_and(|answered| answered.reply.rcode != OptRcode::NOERROR)
            }),
        }
    }

    fn ways(&self) -> Vec<String> {
        let is_plain = self.outcomes().any(|outcome| outcome.is_plain);
        let name = self.question.name.to_string();
        let ways = [
            (self.has("use-vc") && (self.fails() || self.is_slow()), "ask by TCP alone (use-vc)"),
            (self.has("edns0") && is_plain, "ask with EDNS (edns0)"),
            (self.has("no-aaaa") && self.is_ipv6_only(), "ask for no AAAA (no-aaaa)"),
            (
                self.has("no-tld-query") && self.is_missed() && !name.contains('.'),
                "ask for no name without a dot (no-tld-query)",
            ),
        ];
        let known = ways.into_iter().filter(|(is, _)| *is).map(|(_, way)| way.to_owned());
        known.chain(self.gives_up()).chain(self.in_turn()).chain(self.searches()).collect()
    }

    fn has(&self, option: &str) -> bool {
        self.conf.options.contains_key(option)
    }

    fn number(&self, option: &str) -> Option<i32> {
        self.conf.options.get(option).copied().flatten()
    }

    /// Whether no source has the name here: that is more than slow.
    fn is_missed(&self) -> bool {
        matches!(self.system.result, Err(SystemFault::NotFound | SystemFault::OnlyIpv4))
    }

    /// Whether a nameserver costs programs its whole time.
    fn any_silent(&self) -> bool {
        self.outcomes().any(|outcome| matches!(outcome.answer, Err(Fault::NoAnswer | Fault::NotYet)))
    }

    /// Whether it does not resolve, and not for the time that a silent nameserver costs.
    fn fails(&self) -> bool {
        self.is_missed() || self.system.result == Err(SystemFault::TooSlow) && !self.any_silent()
    }

    /// Whether it takes longer than a silent nameserver explains: that costs each question the first wait.
    fn is_slow(&self) -> bool {
        let explained = if self.any_silent() { 2.0 * f64::from(self.wait()) } else { 0.0 };
        self.system.took >= SLOW.max(explained)
    }

    /// For how many seconds it waits for the first server.
    fn wait(&self) -> i32 {
        self.number("timeout:").unwrap_or(5).max(1)
    }

    /// For how many seconds it waits in the turn of this place: half as long per server with each further
    /// one, and at least one.
    fn wait_for(&self, place: i32) -> i32 {
        let (first, servers) = (self.number("timeout:").unwrap_or(5), self.turns_in_round());
        match place {
            0 => self.wait(),
            place => (first.saturating_mul(1 << place.min(2)) / servers.max(1)).max(1),
        }
    }

    fn turns_in_round(&self) -> i32 {
        i32::try_from(self.outcomes.len()).unwrap_or(1)
    }

    /// For how many seconds it waits in each round.
    fn round(&self) -> u64 {
        (0..self.turns_in_round()).map(|place| u64::try_from(self.wait_for(place)).unwrap_or(1)).sum()
    }

    /// Where this system has no address, and an answer came later or not to the only question.
    fn gives_up(&self) -> Option<String> {
        let given = ["timeout:", "attempts:"].map(|option| Some(format!("{option}{}", self.number(option)?)));
        let given: Vec<String> = given.into_iter().flatten().collect();
        let rounds = self.number("attempts:").unwrap_or(2).max(0);
        let wait = self.round() * u64::try_from(rounds).unwrap_or(0);
        let is_late = |outcome: &Outcome| match &outcome.answer {
            Ok(answered) => answered.is_repeated && rounds < 2 || answered.took.as_secs() >= wait,
            Err(_) => false,
        };
        let is_relevant =
            self.is_missed() && !given.is_empty() && (rounds == 0 || self.outcomes().any(is_late));
        is_relevant.then(|| format!("give up after {wait} s ({})", given.join(" ")))
    }

    /// The option that makes it ask for AAAA after A, where it asks for both.
    fn turns(&self) -> Option<&'static str> {
        let option = ["single-request-reopen", "single-request"].into_iter().find(|option| self.has(option));
        option.filter(|_| !self.has("no-aaaa"))
    }

    fn in_turn(&self) -> Option<String> {
        let option = self.turns().filter(|_| self.is_slow())?;
        Some(format!("ask for A and AAAA one after the other ({option})"))
    }

    fn searches(&self) -> Option<String> {
        let dots = self.number("ndots:").filter(|_| self.is_slow() && !self.conf.search.is_empty())?;
        self.has_few_dots().then(|| format!("try its search list first (ndots:{dots})"))
    }

    /// Whether the servers have IPv6 addresses and no other.
    fn is_ipv6_only(&self) -> bool {
        let is_missed = self.system.result == Err(SystemFault::NotFound);
        is_missed
            && self.question.types.contains(&Rtype::AAAA)
            && !self.addresses.is_empty()
            && self.addresses.iter().all(|address| address.is_ipv6())
    }
}

/// How long the slowest answer took of a server at which the C library ends its search: `None` if it goes on
/// to the next one.
fn ending(outcomes: &[&Outcome]) -> Option<Duration> {
    let answers = || outcomes.iter().filter_map(|outcome| outcome.answer.as_ref().ok());
    let is_good =
        |answered: &Answered| matches!(answered.reply.rcode, OptRcode::NOERROR | OptRcode::NXDOMAIN);
    let ends = answers().any(is_good) && !outcomes.iter().copied().any(is_waited_for);
    answers().map(|answered| answered.took).max().filter(|_| ends)
}

/// Whether the C library waits in vain for an answer to this.
fn is_waited_for(outcome: &Outcome) -> bool {
    use Fault::{Local, NoInterface, NotSent, Prohibited, Refused, Unreachable, Unscoped};
    let is_told = |fault: &Fault| {
        matches!(
            fault,
            Refused | Prohibited | Unreachable(_) | NotSent(_) | NoInterface(_) | Unscoped | Local(_)
        )
    };
    outcome.answer.as_ref().is_err_and(|fault| !is_told(fault))
}
