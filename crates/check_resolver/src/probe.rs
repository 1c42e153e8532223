//! All input and output: the file, the questions, the machine's own way.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use domain::base::Rtype;
use net::udp::random;
use net::{Host, HostPort};
use plugin::{Deadline, ReadError, reason};

use crate::allowed::Allowed;
use crate::fault::Fault;
use crate::file::File;
use crate::ignored::none_text;
use crate::known::{Known, Pending, Rules};
use crate::options::{Args, ServerOption};
use crate::outcome::{Outcome, settle};
use crate::question::{Expect, InvalidQuestion, Question};
use crate::resolv_conf::asked;
use crate::sweep;
use crate::system;
use crate::target::{Patience, Subject};
use crate::uplinks::{self, Uplinks};
use crate::{Observations, Server};

/// The time in which all servers are asked: after silence by UDP 2.7 s are left for TCP.
const SWEEP: Duration = Duration::from_millis(5900);
/// What is kept of the time for the report.
const RESERVE: Duration = Duration::from_millis(300);
/// The most questions at once: each takes up to two sockets, and 1,024 are the usual limit of open files.
const MOST: usize = 480;
/// The file that the C library reads.
const OWN: &str = "/etc/resolv.conf";

/// Why nothing can be said.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// There is nothing to ask.
    #[error("no name: give one that must resolve by --name, as in --name=www.example.com, see --help")]
    NoName,
    /// There is no server that could refuse: the one on this machine is only asked for its own programs.
    #[error("no nameserver to check: {0}, name some by --server")]
    NoServer(String),
    /// More than can be asked at once.
    #[error("{0} questions are too many, at most {MOST} are possible: give fewer --name or --server")]
    TooMany(usize),
    /// A name must exist and must not.
    #[error("--name={shown} and --absent={} contradict each other: name two zones, see --help", shown.trim_start_matches("*."))]
    Contradiction {
        /// The name as it is given.
        shown: String,
    },
    /// A name that is too long with its random label.
    #[error(transparent)]
    Question(#[from] InvalidQuestion),
    /// The file cannot be read.
    #[error(transparent)]
    File(#[from] ReadError),
    /// No sockets or random numbers are left.
    #[error("asking the nameservers: {}", reason(.0))]
    Local(io::Error),
}

/// Asks every server every question, and the machine's own way the first name.
pub(crate) fn probe(args: &Args, allowed: &Allowed, deadline: &Deadline) -> Result<Observations, ProbeError> {
    let questions = questions(args)?;
    // Without a file to go by there is nothing to ask, and nothing to wait for.
    let file = file(args, deadline)?;
    let (asked, system) = thread::scope(|scope| {
        // This takes longest, and needs no result of the other steps.
        let running = system_question(args, &questions).map(|(place, question)| {
            let resolve = move || system::resolve(question, deadline);
            (place, thread::Builder::new().spawn_scoped(scope, resolve).map_err(|_| resolve))
        });
        let asked = ask_servers(args, allowed, &questions, file.as_ref(), deadline);
        let system = running.and_then(|(place, running)| match running {
            Ok(running) => Some((place, running.join().ok()?)),
            // The system gives no thread for it.
            Err(resolve) => Some((place, resolve())),
        });
        (asked, system)
    });
    let (servers, uplinks) = asked?;
    let asks_system = asks_system(args);
    Ok(Observations { questions, servers, uplinks, file, system, asks_system })
}

/// The file that lists the nameservers: `None` if the command line names them.
fn file(args: &Args, deadline: &Deadline) -> Result<Option<File>, ProbeError> {
    if !args.server.is_empty() {
        return Ok(None);
    }
    let file = File::read(&args.resolv_conf, deadline)?;
    match args.closed && file.conf.servers.is_empty() {
        true => Err(ProbeError::NoServer(none_text(&file))),
        false => Ok(Some(file)),
    }
}

/// Returns the first name that programs would look up, with its place. `None` if this machine's own file is
/// not checked.
fn system_question<'a>(args: &Args, questions: &'a [Question]) -> Option<(usize, &'a Question)> {
    let mut all = questions.iter().enumerate().filter(|_| asks_system(args));
    all.find(|(_, question)| question.asks_addresses())
}

fn asks_system(args: &Args) -> bool {
    let is_own = args.server.is_empty() && args.resolv_conf == Path::new(OWN);
    is_own && !args.no_system && !args.closed
}

/// Asks every server every question, and the uplinks of a stub among them.
fn ask_servers(
    args: &Args,
    allowed: &Allowed,
    questions: &[Question],
    file: Option<&File>,
    deadline: &Deadline,
) -> Result<(Vec<Server>, Option<Uplinks>), ProbeError> {
    let servers = file.map_or_else(|| named(args), listed);
    let may_be_stub = file.is_some() && !args.closed;
    let stub = if may_be_stub { uplinks::find(&servers, deadline) } else { None };
    let also = stub.iter().filter_map(|told| told.uplinks.as_ref().ok()).flatten();
    let all: Vec<HostPort> = servers.iter().chain(also).cloned().collect();
    let rules = Rules { allowed, has_choice: may_be_stub, closed: args.closed, total: servers.len() };
    let mut seen = ask(&all, questions, args, rules, deadline)?.into_iter();
    let own = seen.by_ref().take(servers.len()).collect();
    Ok((own, stub.map(|told| told.seen(seen))))
}

fn questions(args: &Args) -> Result<Vec<Question>, ProbeError> {
    let mut questions = Vec::new();
    let random = || random().map_err(ProbeError::Local);
    for name in &args.name {
        questions.push(name.question(random()?)?);
    }
    for zone in &args.absent {
        questions.push(zone.question(random()?)?);
    }
    for (names, expect) in [(&args.secure, Expect::Secure), (&args.bogus, Expect::Bogus)] {
        for name in names {
            questions.push(name.question(random()?, vec![Rtype::A], expect.clone())?);
        }
    }
    if let Some(question) = contradicted(&questions) {
        return Err(ProbeError::Contradiction { shown: question.shown.clone() });
    }
    if questions.is_empty() { Err(ProbeError::NoName) } else { Ok(each_once(questions)) }
}

/// What is asked for twice, in other letters or with a dot at its end, once.
fn each_once(questions: Vec<Question>) -> Vec<Question> {
    let mut once: Vec<Question> = Vec::new();
    for question in questions {
        if !once.iter().any(|known| known.is_same(&question)) {
            once.push(question);
        }
    }
    once
}

/// The first name below a zone with a wildcard that is asked for a name that does not exist as well.
fn contradicted(questions: &[Question]) -> Option<&Question> {
    let of = |is_absent: bool| {
        questions.iter().filter(move |question| {
            question.is_random()
                && match question.expect {
                    Expect::Resolves(_) => !is_absent,
                    Expect::Absent => is_absent,
                    Expect::Secure | Expect::Bogus => false,
                }
        })
    };
    of(false).find(|name| of(true).any(|absent| absent.shown.eq_ignore_ascii_case(&name.shown)))
}

/// The servers of the command line, each once.
fn named(args: &Args) -> Vec<HostPort> {
    let mut servers: Vec<HostPort> = Vec::new();
    for ServerOption(server) in &args.server {
        if !servers.iter().any(|known| known.shown(53) == server.shown(53)) {
            servers.push(server.clone());
        }
    }
    servers
}

/// The servers that the C library asks: without any the one on this machine.
fn listed(file: &File) -> Vec<HostPort> {
    match file.conf.servers.as_slice() {
        [] => "127.0.0.1".parse().into_iter().collect(),
        servers => servers.to_vec(),
    }
}

fn ask(
    servers: &[HostPort],
    questions: &[Question],
    args: &Args,
    rules: Rules<'_>,
    deadline: &Deadline,
) -> Result<Vec<Server>, ProbeError> {
    let _step = deadline.step("asking the nameservers");
    let end = Instant::now() + SWEEP.min(deadline.keeping(RESERVE));
    let patience = Patience { tries: args.tries, every: args.try_timeout.duration(), end };
    let targets: Vec<Result<SocketAddr, Fault>> = servers.iter().map(target).collect();
    let asked: Vec<(usize, SocketAddr)> =
        targets.iter().enumerate().filter_map(|(place, to)| Some((place, *to.as_ref().ok()?))).collect();
    let subjects = subjects(&asked, questions)?;
    let mut known = Known::new(questions, rules, deadline.progress());
    let mut answers: Vec<Server> =
        servers.iter().zip(&targets).map(|(server, target)| unasked(server, target, questions)).collect();
    for (place, server) in answers.iter().enumerate().filter(|(_, server)| !server.outcomes.is_empty()) {
        known.ended(place, server);
    }
    let mut pending = Pending::new(asked.len(), questions);
    let ended = |place: usize, outcome: &Outcome| {
        let complete = pending.take(place, outcome).and_then(|(number, outcomes)| {
            let (place, _) = asked.get(number)?;
            Some((*place, answers.get_mut(*place)?, outcomes))
        });
        if let Some((place, server, mut outcomes)) = complete {
            settle(&mut outcomes);
            server.outcomes = outcomes;
            known.ended(place, server);
        }
    };
    sweep::ask(&subjects, &patience, ended).map_err(ProbeError::Local)?;
    Ok(answers)
}

/// Every server with every name and type.
fn subjects<'a>(
    asked: &[(usize, SocketAddr)],
    questions: &'a [Question],
) -> Result<Vec<Subject<'a>>, ProbeError> {
    let types = || {
        questions.iter().flat_map(|question| question.types.iter().map(move |kind| (&question.name, *kind)))
    };
    match types().count() * asked.len() {
        count if count > MOST => Err(ProbeError::TooMany(count)),
        _ => Ok(asked
            .iter()
            .flat_map(|(_, to)| types().map(move |(name, kind)| Subject { to: *to, name, kind }))
            .collect()),
    }
}

/// A server before it is asked: with outcomes already where it cannot be.
fn unasked(server: &HostPort, target: &Result<SocketAddr, Fault>, questions: &[Question]) -> Server {
    let of = |fault: &Fault| Outcome::new(Err(fault.clone()));
    let outcomes = target.as_ref().err().map(|fault| {
        questions.iter().map(|question| question.types.iter().map(|_| of(fault)).collect()).collect()
    });
    Server { shown: server.shown(53), outcomes: outcomes.unwrap_or_default() }
}

fn target(server: &HostPort) -> Result<SocketAddr, Fault> {
    match server.host.socket_address(server.port_or(53)) {
        Ok(Some(mut address)) => {
            address.set_ip(asked(address.ip()));
            Ok(address)
        }
        Ok(None) => Err(Fault::NotSent("no route from here")),
        Err(_) if matches!(server.host, Host::V6(_, None)) => Err(Fault::Unscoped),
        Err(missing) => Err(Fault::NoInterface(missing.zone())),
    }
}
