//! Where programs here end their search: the C library takes the first answer, also one that is wrong, and
//! asks no further nameserver (resolv/res_send.c).

use domain::base::iana::OptRcode;

use super::Verdict;
use crate::Server;
use crate::fault::Fault;
use crate::judge::Judged;
use crate::library::may_search;
use crate::message::Reply;
use crate::outcome::Outcome;
use crate::question::Expect;

/// A wrong answer at which programs here stop.
struct Stop<'a> {
    server: &'a Server,
    /// The place of the question.
    place: usize,
}

impl Verdict<'_> {
    /// Returns whether programs here stop at a wrong answer. With `rotate`, each server is the first one of
    /// some program.
    pub(crate) fn stops(&self) -> bool {
        self.stop().is_some()
    }

    /// What that means, after the failing servers: `, and programs here stop at its answer`
    pub(crate) fn stops_text(&self) -> String {
        let Some(stop) = self.stop().filter(|_| !self.all_fail()) else { return String::new() };
        let is_stop = |(server, place, _): &(&Server, usize, Fault)| {
            std::ptr::eq(*server, stop.server) && *place == stop.place
        };
        let is_told = self.failing.iter().any(is_stop);
        match (is_told, self.rotates(), self.failing.len()) {
            (true, true, 1) => ", and programs here that begin with it stop (rotate)".to_owned(),
            (true, true, _) => {
                format!(", and programs here that begin with {} stop (rotate)", stop.server.shown)
            }
            (true, false, 1) => ", and programs here stop at its answer".to_owned(),
            (true, false, _) => format!(", and programs here stop at the answer of {}", stop.server.shown),
            (false, ..) => {
                let name = self.observed.questions.get(stop.place).map(|question| question.shown.as_str());
                let name = name.unwrap_or_default();
                format!(", and programs here stop at the answer of {} for {name}", stop.server.shown)
            }
        }
    }

    fn stop(&self) -> Option<Stop<'_>> {
        let has_choice = self.observed.file.is_some() && self.total() > 1;
        let places =
            (0..self.observed.questions.len()).filter(|place| has_choice && !self.zones.fails(*place));
        places.filter_map(|place| self.stop_of(place)).find(|stop| !self.is_refuted(stop))
    }

    /// The server at which the search for the name at this place ends wrongly: `None` if it does not.
    fn stop_of(&self, place: usize) -> Option<Stop<'_>> {
        let question = self.observed.questions.get(place)?;
        let must_be = matches!(question.expect, Expect::Resolves(_) | Expect::Secure);
        let servers = self.observed.servers.iter().zip(&self.judged);
        let mut ends = servers.filter(|_| must_be).filter_map(|(server, judged)| {
            Some((server, ends_wrongly(judged.get(place)?, server.outcomes.get(place)?)?))
        });
        let end = match self.rotates() {
            true => ends.find(|(_, is_wrong)| *is_wrong),
            false => ends.next().filter(|(_, is_wrong)| *is_wrong),
        };
        end.map(|(server, _)| Stop { server, place })
    }

    /// Whether programs here were seen to get the name all the same, not from the hosts file or the search
    /// list: those show nothing of the nameservers.
    fn is_refuted(&self, stop: &Stop<'_>) -> bool {
        let Some((own, system)) = &self.observed.system else { return false };
        let is_own = *own == stop.place && !self.rotates();
        let addresses = system.result.as_ref().ok().filter(|_| is_own);
        let judged = self.judged_of(stop.server).and_then(|judged| judged.get(stop.place));
        let fault = judged.and_then(|judged| judged.fault.as_ref());
        let has_address = fault.is_some_and(|fault| fault.address().is_some());
        addresses.is_some_and(|addresses| {
            !system.is_of_hosts(addresses.iter().copied()) && !may_search(self.observed, has_address)
        })
    }
}

/// Whether the C library ends its search with what a server says to a question, and wrongly: `None` if it
/// goes on to the next server, as after silence, SERVFAIL, NOTIMP and REFUSED.
fn ends_wrongly(judged: &Judged, outcomes: &[Outcome]) -> Option<bool> {
    match &judged.fault {
        None => Some(false),
        Some(Fault::NxDomain | Fault::NoData(_) | Fault::Unexpected(_) | Fault::Nowhere(_)) => Some(true),
        Some(Fault::Loop | Fault::OutOfOrder) => Some(true),
        Some(Fault::Code(code)) => is_an_end(*code).then_some(true),
        // Programs take an address that was not validated, and an answer that this run did not wait for.
        Some(Fault::NotValidated | Fault::NotYet) => Some(false),
        Some(Fault::NotRecursive) => {
            let replies = || outcomes.iter().filter_map(|outcome| Some(&outcome.answer.as_ref().ok()?.reply));
            let is_missing = |reply: &Reply| reply.rcode == OptRcode::NXDOMAIN;
            match replies().any(is_missing) {
                true => Some(true),
                // A server may know the name by itself.
                false => replies().any(|reply| reply.records > 0).then_some(false),
            }
        }
        Some(_) => None,
    }
}

/// Whether the C library takes a code for the answer. Those above 15 need EDNS, with which it does not ask.
fn is_an_end(code: OptRcode) -> bool {
    code.to_int() < 16 && !matches!(code, OptRcode::NOTIMP | OptRcode::REFUSED)
}
