//! Names whose zone is to blame, and not the nameservers.

use plugin::Finding;

use crate::fault::Fault;
use crate::judge::Judged;
use crate::question::{Expect, Question};

/// The names by which no server is judged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Zones {
    /// Those of the one zone that fails on every server while several of them resolve another name.
    failing: Vec<Failing>,
    /// The places of those with a broken signature that no server shows to be there.
    unproven: Vec<usize>,
}

/// What shows that not the servers are to blame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Proof {
    /// They resolve a random name.
    Fresh,
    /// All that they resolve may come from their caches.
    Cached,
    /// A name fails by DNSSEC, and no other one came validated from the same server: its key of the root, or
    /// its clock where the value is true, may be wrong.
    Unsigned(bool),
}

/// A name that fails on every server.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Failing {
    /// Its place.
    place: usize,
    /// The places of the servers that resolve another name.
    witnesses: Vec<usize>,
    /// What the witnesses prove.
    proof: Proof,
}

impl Zones {
    /// Takes what each server is worth for each question.
    pub(crate) fn new(questions: &[Question], judged: &[Vec<Judged>]) -> Self {
        Self { failing: failing(questions, judged), unproven: unproven(questions, judged) }
    }

    /// Takes for what it is that a server serves a name unsigned of which another one shows the broken
    /// signature: it does not validate that name.
    pub(crate) fn settle(&self, mut judged: Vec<Judged>) -> Vec<Judged> {
        let proven = judged.iter_mut().enumerate().filter(|(place, _)| !self.unproven.contains(place));
        for (_, judged) in proven.filter(|(_, judged)| judged.fault == Some(Fault::Unsigned)) {
            judged.fault = Some(Fault::NotValidating);
        }
        judged
    }

    /// Whether the name at this place fails on every server.
    pub(crate) fn fails(&self, place: usize) -> bool {
        self.failing.iter().any(|failing| failing.place == place)
    }

    /// Returns the first fault of a server that its zone does not explain, with the place of the question.
    pub(crate) fn first_fault(&self, questions: &[Question], judged: &[Judged]) -> Option<(usize, Fault)> {
        let counts = |place: usize, fault: &Fault| {
            let excused = self.unproven.contains(&place)
                && questions
                    .get(place)
                    .is_some_and(|question| proves_nothing(question, fault, answers(questions, judged)));
            !self.fails(place) && !excused && *fault != Fault::NotYet
        };
        let faults =
            judged.iter().enumerate().filter_map(|(place, judged)| Some((place, judged.fault.as_ref()?)));
        let (place, fault) = faults.into_iter().find(|(place, fault)| counts(*place, fault))?;
        Some((place, fault.clone()))
    }

    /// Returns the findings on these names. A server that fails by itself explains what it says of the second
    /// kind.
    pub(crate) fn findings(&self, questions: &[Question], judged: &[Vec<Judged>]) -> Vec<Finding> {
        let of_unproven = |place: &usize| {
            let question = questions.get(*place)?;
            let well = judged.iter().filter(|server| self.first_fault(questions, server).is_none());
            let (server, fault) = well
                .filter_map(|server| Some((server, server.get(*place)?.fault.as_ref()?)))
                .find(|(server, fault)| proves_nothing(question, fault, answers(questions, server)))?;
            let is_alone = !answers(questions, server);
            Some(Finding::unknown(format!("{} proves nothing: {}", question.shown, why(fault, is_alone))))
        };
        let unproven = self.unproven.iter().filter_map(of_unproven);
        self.of_zone(questions, judged).into_iter().chain(unproven).collect()
    }

    /// Returns the finding on the names of the zone that fails, with the first of them in its text.
    fn of_zone(&self, questions: &[Question], judged: &[Vec<Judged>]) -> Option<Finding> {
        let name = |failing: &Failing| Some(questions.get(failing.place)?.told_among(questions));
        let reasons = |failing: &Failing| {
            let of = |server: &usize| judged.get(*server)?.get(failing.place)?.fault.as_ref();
            each_once(failing.witnesses.iter().filter_map(of).map(Fault::to_string)).join(" and ")
        };
        let first = self.failing.first()?;
        let (names, verb) = match self.failing.len() {
            1 => (name(first)?, "fails"),
            2 => (format!("{} and 1 more name", name(first)?), "fail"),
            count => (format!("{} and {} more names", name(first)?, count - 1), "fail"),
        };
        let whose = match first.proof {
            Proof::Unsigned(true) => "perhaps its zone, or the clock is off: add a --secure of another zone",
            Proof::Unsigned(false) => "perhaps its zone: add a --secure of another zone",
            Proof::Cached => "other names may come from caches: perhaps its zone",
            Proof::Fresh => "other names resolve: its zone, not the nameservers",
        };
        let text =
            format!("{names} {verb} on all {} nameservers ({}), {whose}", judged.len(), reasons(first));
        let more = self.failing.iter().skip(1);
        let more = more.filter_map(|failing| Some(format!("{} {}", name(failing)?, reasons(failing))));
        Some(Finding::warning(text).details(more))
    }
}

fn each_once(texts: impl Iterator<Item = String>) -> Vec<String> {
    let mut once = Vec::new();
    for text in texts {
        if !once.contains(&text) {
            once.push(text);
        }
    }
    once
}

/// Whether a fault of a name with a broken signature says nothing on the server, as long as no other answer
/// shows that its zone is there: then every server fails so. It is silent while it waits for the servers of
/// the zone, and not for other names: `answers` is true if it resolves any.
pub(crate) fn proves_nothing(question: &Question, fault: &Fault, answers: bool) -> bool {
    let is_silent = answers && *fault == Fault::NoAnswer;
    let tells_nothing = matches!(
        fault,
        Fault::Unsigned
            | Fault::ServFail(_)
            | Fault::NxDomain
            | Fault::NoData(_)
            | Fault::Loop
            | Fault::Validated
    );
    question.expect == Expect::Bogus && (is_silent || tells_nothing)
}

/// Whether a server resolves any name.
fn answers(questions: &[Question], judged: &[Judged]) -> bool {
    questions.iter().zip(judged).any(|(question, judged)| question.speaks() && judged.fault.is_none())
}

/// Why a name with a broken signature proves nothing. `is_alone` is true if the server was asked for no other
/// name.
fn why(fault: &Fault, is_alone: bool) -> String {
    match fault {
        Fault::NxDomain => "NXDOMAIN, name one that exists".to_owned(),
        Fault::NoData(_) | Fault::Loop => format!("{fault}, name one that has an address"),
        Fault::Validated | Fault::Unsigned => format!("{fault}, name one with a broken signature"),
        Fault::NoAnswer => format!("{fault}, its zone does not answer"),
        fault if is_alone => format!("{fault}, its zone or the nameserver fails, add a --name"),
        fault => format!("{fault}, its zone does not answer"),
    }
}

fn failing(questions: &[Question], judged: &[Vec<Judged>]) -> Vec<Failing> {
    let names = || questions.iter().enumerate().filter(|(_, question)| question.expect != Expect::Bogus);
    let on_all = |place: usize, is: &dyn Fn(&Judged) -> bool| {
        judged.iter().all(|server| server.get(place).is_some_and(is))
    };
    let is_of_a_zone = |judged: &Judged| judged.fault.as_ref().is_some_and(Fault::may_be_the_zone);
    let all: Vec<(usize, &Question)> = names().filter(|(place, _)| on_all(*place, &is_of_a_zone)).collect();
    let is_one_zone = all.windows(2).all(|two| match two {
        [(_, one), (_, other)] => one.zone() == other.zone(),
        _ => true,
    });
    let excusable =
        |(place, question): &(usize, &Question)| on_all(*place, &|judged| may_be_its_zone(question, judged));
    // If several zones fail at once, or one also in a way that is the nameservers' own, these are at fault.
    if !is_one_zone || !all.iter().all(excusable) {
        return Vec::new();
    }
    let well = |server: &Vec<Judged>| -> Vec<&Question> {
        let resolves = |place: usize| server.get(place).is_some_and(|judged| judged.fault.is_none());
        names().filter(|(place, _)| resolves(*place)).map(|(_, question)| question).collect()
    };
    let well: Vec<Vec<&Question>> = judged.iter().map(well).collect();
    let excused = all.into_iter().filter_map(|(place, question)| excused(place, question, &well));
    let excused = excused.map(|failing| Failing { proof: proof(&failing, judged), ..failing });
    let is_of_zone = |failing: &Failing| {
        let witnesses =
            || failing.witnesses.iter().filter_map(|server| judged.get(*server)?.get(failing.place));
        let faults: Vec<&Fault> = witnesses().filter_map(|judged| judged.fault.as_ref()).collect();
        witnesses().all(Judged::may_be_the_zone) && !faults.iter().any(|fault| is_of_server(fault, &faults))
    };
    excused.filter(is_of_zone).collect()
}

/// Whether a fault speaks against its server, because of those of the others: one that refuses what another
/// one answers, or is silent where the zone has an answer. While a zone does not answer, resolvers give
/// SERVFAIL or wait in silence.
fn is_of_server(fault: &Fault, all: &[&Fault]) -> bool {
    match fault {
        Fault::Code(_) => all.iter().any(|other| *other != fault),
        Fault::NoAnswer => {
            all.iter().any(|other| matches!(other, Fault::NxDomain | Fault::NoData(_) | Fault::Loop))
        }
        _ => false,
    }
}

/// Returns a name that fails on every server as one whose zone is at fault: `None` unless several servers are
/// shown to be well. One that resolves nothing, or that is alone, is no witness. `well` is what resolves on
/// each server.
fn excused(place: usize, question: &Question, well: &[Vec<&Question>]) -> Option<Failing> {
    let servers = well.iter().enumerate();
    let witnesses: Vec<(usize, bool)> =
        servers.filter_map(|(server, well)| Some((server, is_only_cached(question, well)?))).collect();
    let fresh = witnesses.iter().filter(|(_, is_only_cached)| !is_only_cached).count();
    let witnesses: Vec<usize> = witnesses.into_iter().map(|(server, _)| server).collect();
    let proof = if fresh < 2 { Proof::Cached } else { Proof::Fresh };
    (witnesses.len() > 1).then_some(Failing { place, witnesses, proof })
}

/// What the witnesses prove where the name fails by DNSSEC on some: that others resolve shows nothing of
/// their keys and clocks, unless one came validated, and that one may come from a cache which is older than
/// the fault, a random name too (RFC 8198).
fn proof(failing: &Failing, judged: &[Vec<Judged>]) -> Proof {
    let by_dnssec = |server: &&Vec<Judged>| {
        let fault = server.get(failing.place).and_then(|judged| judged.fault.as_ref());
        fault.is_some_and(|fault| matches!(fault, Fault::Dnssec(_)))
    };
    let witnesses = failing.witnesses.iter().filter_map(|server| judged.get(*server));
    let by_dnssec: Vec<&Vec<Judged>> = witnesses.filter(by_dnssec).collect();
    if by_dnssec.is_empty() {
        return failing.proof;
    }
    let unproven = by_dnssec.iter().filter(|server| !server.iter().any(|judged| judged.is_validated));
    let mut faults = unproven.filter_map(|server| server.get(failing.place)?.fault.as_ref()).peekable();
    match faults.peek() {
        Some(_) => Proof::Unsigned(faults.any(Fault::may_be_the_clock)),
        None => Proof::Cached,
    }
}

/// Returns whether the names that a server resolves beside a failing one may all come from its cache: `None`
/// if nothing speaks for it. A name from a cache does not show that it reaches other servers. A random name
/// or a validated one needs these, so only a random name shows it.
fn is_only_cached(failing: &Question, well: &[&Question]) -> Option<bool> {
    let others: Vec<&&Question> =
        well.iter().filter(|other| other.speaks() && !other.has_same_name(failing)).collect();
    let has_fresh = others.iter().any(|other| other.is_random());
    if failing.is_random() || failing.expect == Expect::Secure {
        return has_fresh.then_some(false);
    }
    (!others.is_empty()).then_some(!has_fresh)
}

/// Whether the zone of a question may be at fault. Where more is expected than that it resolves, only a zone
/// that does not answer is.
fn may_be_its_zone(question: &Question, judged: &Judged) -> bool {
    match question.expect {
        Expect::Resolves(_) => judged.fault.as_ref().is_some_and(Fault::may_be_the_zone),
        _ => matches!(judged.fault, Some(Fault::NoAnswer | Fault::ServFail(_))),
    }
}

fn unproven(questions: &[Question], judged: &[Vec<Judged>]) -> Vec<usize> {
    let is_there = |judged: &Judged| matches!(judged.fault, None | Some(Fault::NotValidating));
    let is_shown = |place: usize| judged.iter().any(|server| server.get(place).is_some_and(is_there));
    let any_is = |place: usize, fault: Option<Fault>| {
        judged.iter().any(|server| server.get(place).is_some_and(|judged| judged.fault == fault))
    };
    // A server that serves it unsigned says nothing where another one shows its broken signature.
    let is_repaired = |place: usize| {
        any_is(place, Some(Fault::Validated)) || any_is(place, Some(Fault::Unsigned)) && !any_is(place, None)
    };
    let bogus = questions.iter().enumerate().filter(|(_, question)| question.expect == Expect::Bogus);
    bogus.map(|(place, _)| place).filter(|place| !is_shown(*place) || is_repaired(*place)).collect()
}
