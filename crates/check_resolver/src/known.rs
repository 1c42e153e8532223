//! What is known of the servers while others are still asked: for the line of a run that is stopped.

use plugin::{Finding, Progress, State};

use crate::allowed::Allowed;
use crate::fault::Fault;
use crate::judge::{Judged, judge_all};
use crate::outcome::Outcome;
use crate::question::Question;
use crate::zones::proves_nothing;
use crate::{Server, closed};

/// How the servers of a run are judged.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules<'a> {
    /// How many may fail.
    pub(crate) allowed: &'a Allowed,
    /// Whether programs go on to another server, as with those of resolv.conf.
    pub(crate) has_choice: bool,
    /// Whether every server must refuse.
    pub(crate) closed: bool,
    /// How many of the servers count: the others are uplinks.
    pub(crate) total: usize,
}

/// The servers whose questions have all ended.
#[derive(Debug)]
pub(crate) struct Known<'a> {
    questions: &'a [Question],
    rules: Rules<'a>,
    progress: &'a Progress,
    failed: usize,
}

impl<'a> Known<'a> {
    /// None of the servers yet.
    pub(crate) fn new(questions: &'a [Question], rules: Rules<'a>, progress: &'a Progress) -> Self {
        progress.expect(rules.total, "asked");
        Self { questions, rules, progress, failed: 0 }
    }

    /// Takes the server of this place, all of whose questions have ended.
    pub(crate) fn ended(&mut self, place: usize, server: &Server) {
        if place >= self.rules.total {
            return;
        }
        match self.finding(server) {
            Some(finding) => {
                self.failed += 1;
                self.progress.add(finding);
            }
            None => self.progress.count(),
        }
    }

    /// What is wrong with a server that would be one more failing one: `None` if nothing is.
    fn finding(&self, server: &Server) -> Option<Finding> {
        let (worst, text) = if self.rules.closed {
            closed::resolves_for_strangers(server)
                .then(|| (State::Critical, "resolves for strangers".to_owned()))?
        } else {
            let judged = judge_all(self.questions, &server.outcomes);
            let of = |(question, judged): (_, Judged)| Some((question, judged.in_words()?, judged));
            let (question, text, judged) = self.questions.iter().zip(judged).find_map(of)?;
            (self.worst(question, &judged), text)
        };
        let state = self.state(self.failed + 1).min(self.state(self.rules.total)).min(worst);
        Some(Finding::new(state, format!("{} {text}", server.shown)))
    }

    fn state(&self, failed: usize) -> State {
        self.rules.allowed.state(failed, self.rules.total, self.rules.has_choice)
    }

    /// How bad a fault is, whatever the other servers answer: a name that fails on all of them is its zone's
    /// fault, and what cannot be sent is this machine's.
    fn worst(&self, question: &Question, judged: &Judged) -> State {
        let has_witness = self.questions.iter().any(|other| other.speaks() && !other.has_same_name(question));
        let may_be_the_zone = self.rules.total > 1 && has_witness && judged.may_be_the_zone();
        match &judged.fault {
            Some(Fault::Local(_) | Fault::NotYet) => State::Unknown,
            Some(fault) if proves_nothing(question, fault, has_witness) => State::Unknown,
            _ if may_be_the_zone => State::Warning,
            _ => State::Critical,
        }
    }
}

/// The answers of several servers to the same questions, as they come in.
#[derive(Debug)]
pub(crate) struct Pending {
    outcomes: Vec<Vec<Option<Outcome>>>,
    /// How many types each question asks for.
    types: Vec<usize>,
}

impl Pending {
    /// No answer yet of this many servers.
    pub(crate) fn new(servers: usize, questions: &[Question]) -> Self {
        let types: Vec<usize> = questions.iter().map(|question| question.types.len()).collect();
        Self { outcomes: vec![vec![None; types.iter().sum()]; servers], types }
    }

    /// Takes the outcome of this place among the subjects, which are ordered by server. Returns the place of
    /// the server and all that it answered, by question, once that is complete.
    pub(crate) fn take(&mut self, place: usize, outcome: &Outcome) -> Option<(usize, Vec<Vec<Outcome>>)> {
        let each: usize = self.types.iter().sum();
        let server = place.checked_div(each)?;
        let outcomes = self.outcomes.get_mut(server)?;
        *outcomes.get_mut(place % each)? = Some(outcome.clone());
        let mut all = outcomes.iter().cloned().collect::<Option<Vec<_>>>()?.into_iter();
        Some((server, self.types.iter().map(|types| all.by_ref().take(*types).collect()).collect()))
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::Args;
    use crate::fault::Local;
    use crate::question::{NameOption, ZoneOption};

    /// The questions for names, and for one that must not exist below a zone after `!`.
    fn questions(names: &[&str]) -> Vec<Question> {
        let question = |name: &&str| match name.strip_prefix('!') {
            Some(zone) => zone.parse::<ZoneOption>().unwrap().question(1).unwrap(),
            None => name.parse::<NameOption>().unwrap().question(1).unwrap(),
        };
        names.iter().map(question).collect()
    }

    fn failed(fault: Fault) -> Outcome {
        Outcome::new(Err(fault))
    }

    /// The names, how many servers there are, whether programs go on to another, the fault of all but the
    /// last one, the state, and what is said.
    type Row<'a> = (&'a [&'a str], usize, bool, Fault, State, &'a str);

    #[test]
    fn failing_servers_are_as_bad_as_they_will_be_in_the_end() {
        let rows: [Row<'_>; 7] = [
            (&["a.test/A"], 2, true, Fault::NoAnswer, State::Warning, "1 of 2 asked, 192.0.2.0 no answer"),
            (&["a.test/A"], 2, false, Fault::NoAnswer, State::Critical, "1 of 2 asked, 192.0.2.0 no answer"),
            (
                &["a.test/A"],
                3,
                false,
                Fault::Local(Local::NeighbourTable),
                State::Unknown,
                "2 of 3 asked, 192.0.2.0 neighbour table full here",
            ),
            // It may fail on all servers, and then its zone is to blame.
            (
                &["a.test/A", "b.test/A"],
                2,
                false,
                Fault::NxDomain,
                State::Warning,
                "1 of 2 asked, 192.0.2.0 NXDOMAIN",
            ),
            // A name that must not exist shows nothing of the nameservers.
            (
                &["a.test/A", "!b.test"],
                2,
                false,
                Fault::NoAnswer,
                State::Critical,
                "1 of 2 asked, 192.0.2.0 no answer",
            ),
            (
                &["a.test/A", "b.test/A"],
                2,
                false,
                Fault::Refused,
                State::Critical,
                "1 of 2 asked, 192.0.2.0 refused: nothing listens there",
            ),
            (&["a.test/A"], 1, false, Fault::Refused, State::Ok, "0 of 1 asked"),
        ];
        for (names, total, has_choice, fault, state, line) in rows {
            let allowed = Allowed::new(&Args::parse_from(["check_resolver"]), State::Unknown);
            let (questions, progress) = (questions(names), Progress::default());
            let rules = Rules { allowed: &allowed, has_choice, closed: false, total };
            let mut known = Known::new(&questions, rules, &progress);
            let outcomes = vec![vec![failed(fault.clone())]; questions.len()];
            let mut worst = State::Ok;
            for place in 0..total - 1 {
                let server = Server { shown: format!("192.0.2.{place}"), outcomes: outcomes.clone() };
                worst = worst.max(known.finding(&server).unwrap().state);
                known.ended(place, &server);
            }
            assert_eq!(
                (worst, progress.to_string()),
                (state, format!("partial: {line}")),
                "{names:?} {fault:?}"
            );
        }
    }

    #[test]
    fn a_server_is_complete_with_its_last_answer() {
        let questions = questions(&["a.test", "b.test/A"]);
        let mut pending = Pending::new(2, &questions);
        let refused = failed(Fault::Refused);
        for place in [3, 5, 0] {
            assert_eq!(pending.take(place, &refused), None, "{place}");
        }
        let (server, outcomes) = pending.take(4, &failed(Fault::NoAnswer)).unwrap();
        assert_eq!((server, outcomes.iter().map(Vec::len).collect::<Vec<_>>()), (1, vec![2, 1]));
        assert_eq!(pending.take(6, &refused), None);
        assert_eq!(Pending::new(2, &[]).take(0, &refused), None);
    }
}
