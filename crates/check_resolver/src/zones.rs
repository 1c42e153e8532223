//! Names whose zone is to blame, and not the nameservers.

use plugin::Finding;

use crate::fault::Fault;
use crate::judge::Judged;
use crate::question::{Expect, Question};

/// The names by which no server is judged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Zones {
    /// The places of those that fail on every one of several servers while another name resolves.
    failing: Vec<usize>,
    /// The places of those with a broken signature that no server shows to be there.
    unproven: Vec<usize>,
}

impl Zones {
    /// Takes what each server is worth for each question.
    pub(crate) fn new(questions: &[Question], judged: &[Vec<Judged>]) -> Self {
        Self { failing: failing(questions, judged), unproven: unproven(questions, judged) }
    }

    /// Whether the name at this place fails on every server.
    pub(crate) fn fails(&self, place: usize) -> bool {
        self.failing.contains(&place)
    }

    /// Returns the first fault of a server that its zone does not explain, with the place of the question.
    pub(crate) fn first_fault(&self, questions: &[Question], judged: &[Judged]) -> Option<(usize, Fault)> {
        let counts = |place: usize, fault: &Fault| {
            let excused = self.unproven.contains(&place)
                && questions.get(place).is_some_and(|question| proves_nothing(question, fault));
            !self.fails(place) && !excused
        };
        let faults =
            judged.iter().enumerate().filter_map(|(place, judged)| Some((place, judged.fault.as_ref()?)));
        let (place, fault) = faults.into_iter().find(|(place, fault)| counts(*place, fault))?;
        Some((place, fault.clone()))
    }

    /// Returns the findings on these names. A server that fails by itself explains what it says of the second
    /// kind.
    pub(crate) fn findings(&self, questions: &[Question], judged: &[Vec<Judged>]) -> Vec<Finding> {
        let of_failing = |place: &usize| {
            let name = &questions.get(*place)?.shown;
            let fault = judged.first()?.get(*place)?.fault.as_ref()?;
            let total = judged.len();
            Some(Finding::warning(format!(
                "{name} fails on all {total} nameservers ({fault}), other names resolve: its zone, not the nameservers"
            )))
        };
        let of_unproven = |place: &usize| {
            let question = questions.get(*place)?;
            let well = judged.iter().filter(|server| self.first_fault(questions, server).is_none());
            let (server, fault) = well
                .filter_map(|server| Some((server, server.get(*place)?.fault.as_ref()?)))
                .find(|(_, fault)| proves_nothing(question, fault))?;
            let is_alone = !server.iter().any(|judged| judged.fault.is_none());
            Some(Finding::unknown(format!("{} proves nothing: {}", question.shown, why(fault, is_alone))))
        };
        let failing = self.failing.iter().filter_map(of_failing);
        failing.chain(self.unproven.iter().filter_map(of_unproven)).collect()
    }
}

/// Whether a fault of a name with a broken signature says nothing on the server, as long as no other answer
/// shows that its zone is there: then every server fails so.
pub(crate) fn proves_nothing(question: &Question, fault: &Fault) -> bool {
    question.expect == Expect::Bogus && matches!(fault, Fault::ServFail(_) | Fault::NxDomain)
}

/// Why a name with a broken signature proves nothing. `is_alone` is true if the server was asked for no other
/// name.
fn why(fault: &Fault, is_alone: bool) -> String {
    match fault {
        Fault::NxDomain => "NXDOMAIN, name one that exists".to_owned(),
        fault if is_alone => {
            format!("{fault} with CD=1 too, its zone or the nameserver fails, add a --name")
        }
        fault => format!("{fault} with CD=1 too, its zone does not answer"),
    }
}

fn failing(questions: &[Question], judged: &[Vec<Judged>]) -> Vec<usize> {
    let fault =
        |server: &'_ Vec<Judged>, place: usize| server.get(place).and_then(|judged| judged.fault.clone());
    let fails_everywhere = |place: usize| {
        judged.iter().all(|server| fault(server, place).is_some_and(|fault| fault.may_be_the_zone()))
    };
    let resolves_somewhere = |place: usize| judged.iter().any(|server| fault(server, place).is_none());
    let names = || {
        questions.iter().enumerate().filter(|(_, question)| matches!(question.expect, Expect::Resolves(_)))
    };
    let any_resolves = names().any(|(place, _)| resolves_somewhere(place));
    if judged.len() < 2 || !any_resolves {
        return Vec::new();
    }
    names().map(|(place, _)| place).filter(|place| fails_everywhere(*place)).collect()
}

fn unproven(questions: &[Question], judged: &[Vec<Judged>]) -> Vec<usize> {
    let is_there = |judged: &Judged| matches!(judged.fault, None | Some(Fault::NotValidating));
    let is_shown = |place: usize| judged.iter().any(|server| server.get(place).is_some_and(is_there));
    let bogus = questions.iter().enumerate().filter(|(_, question)| question.expect == Expect::Bogus);
    bogus.map(|(place, _)| place).filter(|place| !is_shown(*place)).collect()
}
