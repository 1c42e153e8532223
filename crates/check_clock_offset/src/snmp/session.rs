//! One agent, its addresses in turn until one answers, and the exchange of a question and its answer under
//! the deadline.

use std::collections::BTreeSet;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use net::udp::{self, Udp};
use net::{Exchanged, Silence, Source, Unanswered, Verdict, exchange, shown, shown_address};
use plugin::{Deadline, reason};
use snmp2::{Error, Oid, Pdu};

use super::envelope::{Asked, Envelope, Refused, Report};
use super::message;
use super::no_answer::NoAnswer;
use super::options::Settled;
use super::usm::{Level, Opened, Usm};
use super::variables::{Variable, VariableError, variables};
use super::version::Version;
use crate::way::monitor;

/// What is left of the deadline when the last try is given up.
const RESERVE: Duration = Duration::from_millis(250);
/// The most addresses of an agent that are asked.
const MOST: usize = 16;
/// The most that UDP can carry, in octets.
const LARGEST: usize = 65_535;

/// Why an agent gave no value.
#[derive(Debug, thiserror::Error)]
pub enum SnmpError {
    /// Nothing came that belongs to a question.
    #[error("{0}")]
    NoAnswer(NoAnswer),
    /// There was no time left to ask.
    #[error("{} not asked: no time left", shown(*.0))]
    NotAsked(SocketAddr),
    /// The agent reports an error of version 3.
    #[error("{}: {}", shown(*.agent), about(*.report, .user))]
    Report {
        /// Address and port.
        agent: SocketAddr,
        /// What it reports.
        report: Report,
        /// Who asked.
        user: String,
    },
    /// The agent answers with an error, or with something else than what was asked.
    #[error("{agent}: {}", .1, agent = shown(*.0))]
    Refuses(SocketAddr, VariableError),
    /// The agent does not let this user read the variable.
    #[error("{agent}: authorizationError: perhaps user {user} may read it by a higher --seclevel than {level}", agent = shown(*.agent))]
    Unauthorised {
        /// Address and port.
        agent: SocketAddr,
        /// Who asked.
        user: String,
        /// The security level of the question.
        level: Level,
    },
    /// The agent cannot be talked to by `snmp2`.
    #[error("{agent}: {}", .1, agent = shown(*.0))]
    Unsupported(SocketAddr, String),
    /// This machine cannot ask.
    #[error("asking {agent}: {}", .1, agent = shown_address(*.0))]
    System(SocketAddr, String),
}

/// An answer, with the moments between which the agent gave it.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The values, in the order of the question.
    pub values: Vec<Variable>,
    /// When the question was sent.
    pub sent: Instant,
    /// When the answer came.
    pub received: Instant,
}

/// An agent, and who asks it.
#[derive(Debug)]
pub struct Session {
    /// One for each address; once one has answered, that one alone.
    sockets: Vec<Udp>,
    /// Where questions come from, unless the system chooses.
    sources: Vec<IpAddr>,
    agent: SocketAddr,
    /// The address that the last answer came from, where that is another one than was asked.
    elsewhere: Option<IpAddr>,
    settled: Settled,
    usm: Option<Usm>,
}

impl Session {
    /// A session with the agent at these addresses, of which there is a way to at least one.
    ///
    /// # Errors
    /// [`SnmpError::System`]: there is a way to none.
    pub fn open(addresses: &[SocketAddr], source: &Source, settled: Settled) -> Result<Self, SnmpError> {
        let addresses = addresses.get(..MOST).unwrap_or(addresses);
        let (sockets, sources) = (Udp::connect_each(addresses, source), &source.addresses);
        let mut sockets = sockets
            .map_err(|error| SnmpError::System(error.peer, monitor::of_error(&error, sources).words))?;
        // An agent of several addresses may answer from another one, as net-snmp does over IPv6. Its
        // answer is known by a request id that cannot be guessed, as net-snmp's own clients know it.
        sockets.iter_mut().for_each(Udp::hear_elsewhere);
        let agent = sockets.first().map_or_else(nowhere, Udp::peer);
        Ok(Self { sockets, sources: sources.clone(), agent, elsewhere: None, settled, usm: None })
    }

    /// The agent's address and port: the one that answered, or the first one.
    pub fn agent(&self) -> SocketAddr {
        self.agent
    }

    /// The address that its last answer came from, where that is another one than was asked.
    pub fn elsewhere(&self) -> Option<IpAddr> {
        self.elsewhere
    }

    /// The values of these variables.
    ///
    /// # Errors
    /// [`SnmpError`]: there is no answer, or it is not one.
    pub fn get(&mut self, oids: &[Oid<'_>], deadline: &Deadline) -> Result<Answer, SnmpError> {
        if self.settled.version != Version::V3 {
            return self.get_plain(oids, deadline);
        }
        let mut usm = match self.usm.take() {
            Some(usm) => usm,
            None => self.discover(deadline)?,
        };
        for _synchronised in 0..2 {
            let question = |id| Ok((id, usm.question(id, oids).map_err(|error| self.unsupported(&error))?));
            let questions: Vec<_> = self.ids()?.into_iter().map(question).collect::<Result<_, _>>()?;
            let accept = |octets: &[u8], envelope: &Envelope| match usm.open(octets, envelope, oids) {
                Opened::Forged => None,
                opened => Some(opened),
            };
            let Exchanged { answer: what, sent, received, .. } =
                self.exchange(&questions, deadline, true, accept)?;
            match what {
                Opened::Values(values) => {
                    self.usm = Some(usm);
                    let values = values.map_err(|error| self.refusal(error))?;
                    return Ok(Answer { values, sent, received });
                }
                Opened::Again | Opened::Forged => {}
                Opened::Report(report) => return Err(self.report(report)),
                Opened::NeverBooted => {
                    return Err(self.unsupported_text("its SNMP engine has never been started (boots 0)"));
                }
            }
        }
        Err(self.report(Report::NotInTimeWindow))
    }

    fn get_plain(&mut self, oids: &[Oid<'_>], deadline: &Deadline) -> Result<Answer, SnmpError> {
        let question = |id| (id, message::get(self.settled.version, &self.settled.community, id, oids));
        let questions: Vec<_> = self.ids()?.into_iter().map(question).collect();
        let accept =
            |octets: &[u8], _: &Envelope| Pdu::from_bytes(octets).ok().map(|answer| variables(&answer, oids));
        let Exchanged { answer: what, sent, received, .. } =
            self.exchange(&questions, deadline, false, accept)?;
        let values = what.map_err(|error| SnmpError::Refuses(self.agent, error))?;
        Ok(Answer { values, sent, received })
    }

    /// Asks the agent for its engine, which it tells to every client (RFC 3414, section 4).
    fn discover(&mut self, deadline: &Deadline) -> Result<Usm, SnmpError> {
        let question = |id| (id, message::get_v3(id, &message::Engine::UNKNOWN, &[], &[], &[]));
        let questions: Vec<_> = self.ids()?.into_iter().map(question).collect();
        let told =
            |_: &[u8], envelope: &Envelope| envelope.report.map(|report| (report, envelope.engine.clone()));
        match self.exchange(&questions, deadline, false, told)?.answer {
            (Report::UnknownEngine, engine) => match &self.settled.user {
                Some(user) => Usm::new(user, &engine).map_err(|error| self.unsupported(&error)),
                None => Err(self.unsupported_text("version 3 has users")),
            },
            (report, _) => Err(self.report(report)),
        }
    }

    /// Sends the questions one after the other until `accept` takes an answer to any of them.
    fn exchange<T>(
        &mut self,
        questions: &[(i32, Vec<u8>)],
        deadline: &Deadline,
        knows_engine: bool,
        mut accept: impl FnMut(&[u8], &Envelope) -> Option<T>,
    ) -> Result<Exchanged<T>, SnmpError> {
        let end = Instant::now() + deadline.keeping(RESERVE);
        let (ids, octets): (Vec<i32>, Vec<&[u8]>) =
            questions.iter().map(|(id, octets)| (*id, octets.as_slice())).unzip();
        let settled = &self.settled;
        let mut misfits = BTreeSet::new();
        let take = |octets: &[u8], sent: usize| {
            let open = ids.get(..sent).unwrap_or_default();
            let asked = Asked { version: settled.version, community: &settled.community, ids: open };
            let envelope = match Envelope::read(octets, &asked) {
                Ok(envelope) => envelope,
                Err(Refused::MessageSize(size)) => return Verdict::Ends(size),
                Err(why) => {
                    misfits.insert(misfit(why));
                    return Verdict::Foreign;
                }
            };
            let number = open.iter().position(|id| *id == envelope.id);
            match (number, accept(octets, &envelope)) {
                (Some(number), Some(answer)) => Verdict::Answers(number, answer),
                _ => {
                    misfits.insert(if knows_engine { "not authentic" } else { MALFORMED });
                    Verdict::Foreign
                }
            }
        };
        let exchanged = exchange(&mut self.sockets, &octets, &mut vec![0; LARGEST], end, take);
        let exchanged = exchanged.map_err(|unanswered| match unanswered {
            Unanswered::Ended(size) => self.unsupported_text(&too_large(size)),
            Unanswered::Silent(silences) => self.no_answer(silences, knows_engine, &misfits),
        })?;
        self.keep(exchanged.socket);
        self.elsewhere = exchanged.elsewhere;
        Ok(exchanged)
    }

    /// From now on asks the address alone that has answered.
    fn keep(&mut self, socket: usize) {
        if self.sockets.len() > 1 {
            self.sockets.swap(0, socket);
            self.sockets.truncate(1);
            self.agent = self.sockets.first().map_or(self.agent, Udp::peer);
        }
    }

    /// Returns random numbers, so that only hosts that see the questions can answer them.
    fn ids(&self) -> Result<Vec<i32>, SnmpError> {
        let number = || udp::random().map(|number| i32::try_from(number >> 33).unwrap_or(1));
        let ids: io::Result<_> = (0..self.settled.tries).map(|_| number()).collect();
        ids.map_err(|error| SnmpError::System(self.agent, reason(&error)))
    }

    fn no_answer(
        &self,
        silences: Vec<Silence>,
        knows_engine: bool,
        misfits: &BTreeSet<&'static str>,
    ) -> SnmpError {
        if silences.iter().all(|silence| silence.tries == 0 && silence.failure.is_none()) {
            return SnmpError::NotAsked(self.agent);
        }
        let encrypts = self.settled.user.as_ref().is_some_and(|user| user.level == Level::AuthPriv);
        // A firewall that knows connections drops an answer from another address.
        let is_v6 = silences.iter().any(|silence| silence.peer.ip().to_canonical().is_ipv6());
        let guess = match self.settled.version {
            _ if knows_engine && encrypts => "wrong privacy password or protocol, or blocked",
            Version::V3 if is_v6 => "blocked, down, or it answers from another address: ask that one",
            Version::V3 => "blocked or down",
            _ if is_v6 => "wrong community, blocked, down, or it answers from another address: ask that one",
            _ => "wrong community, blocked or down",
        };
        SnmpError::NoAnswer(NoAnswer::new(self.settled.version, (silences, &self.sources), guess, misfits))
    }

    /// Why version 3 gives no values. A view may need a higher level than that of the question.
    fn refusal(&self, error: VariableError) -> SnmpError {
        let (agent, user) = (self.agent, self.user());
        match (&error, self.settled.user.as_ref().map(|user| user.level)) {
            (VariableError::Status { status: AUTHORIZATION_ERROR, .. }, Some(level))
                if level < Level::AuthPriv =>
            {
                SnmpError::Unauthorised { agent, user, level }
            }
            _ => SnmpError::Refuses(agent, error),
        }
    }

    fn user(&self) -> String {
        let user = self.settled.user.as_ref().map(|user| String::from_utf8_lossy(&user.name).into_owned());
        user.unwrap_or_default()
    }

    fn report(&self, report: Report) -> SnmpError {
        SnmpError::Report { agent: self.agent, report, user: self.user() }
    }

    fn unsupported(&self, error: &Error) -> SnmpError {
        self.unsupported_text(&error.to_string())
    }

    fn unsupported_text(&self, what: &str) -> SnmpError {
        SnmpError::Unsupported(self.agent, what.to_owned())
    }
}

/// The error-status of RFC 3416 for a variable outside of the view of who asks.
const AUTHORIZATION_ERROR: u32 = 16;
/// What does not fit a question in an answer that is well-formed no further.
const MALFORMED: &str = "malformed";

/// Why a datagram is not taken for an answer.
fn misfit(why: Refused) -> &'static str {
    match why {
        Refused::OtherVersion => "other version",
        Refused::OtherCommunity => "other community",
        Refused::OtherNumber => "other request id",
        Refused::Malformed | Refused::MessageSize(_) => MALFORMED,
    }
}

/// The address of none.
fn nowhere() -> SocketAddr {
    SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), 0)
}

fn too_large(size: i64) -> String {
    format!("announces messages of {size} octets, which our SNMP library refuses")
}

/// What a report means for the user who asked.
fn about(report: Report, user: &str) -> String {
    match report {
        Report::UnsupportedLevel => format!("user {user} may not ask at this security level"),
        Report::NotInTimeWindow => {
            "not in time window, which a wrong clock there can itself cause".to_owned()
        }
        Report::UnknownUser => format!("unknown user {user}"),
        Report::UnknownEngine => "does not know its own SNMP engine".to_owned(),
        Report::WrongDigest => format!("authentication failure of user {user}: wrong password or protocol"),
        Report::Decryption => format!("decryption error of user {user}: wrong privacy password or protocol"),
        Report::Other => "reports an error that RFC 3414 does not have".to_owned(),
    }
}
