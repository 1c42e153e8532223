//! Why a server could not be asked, and at which step.

use std::fmt;
use std::net::IpAddr;

use net::Cause;

/// How far the conversation came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Until the connection stands.
    Connect,
    /// The server's first words.
    Greeting,
    /// TLS and the login.
    Login,
    /// Statements and their answers.
    Statement,
}

/// What went wrong.
#[derive(Debug)]
pub enum Kind {
    /// The deadline came.
    Late,
    /// The server closed the connection.
    Closed,
    /// The name has no address, or the resolver does not answer.
    Name(String),
    /// This machine could not make the connection: why.
    Here(&'static str),
    /// Nothing came back, which a fault of this machine explains that hits others too.
    Excused(Box<Excuse>),
    /// The connection could not be made, or broke: why.
    Connection(String),
    /// The server said an error: its number and its text, which may hold anything.
    Server(u16, String),
    /// What the server said is not its protocol.
    Protocol(String),
    /// TLS could not be agreed on, or the certificate is not the one wanted.
    Tls(String),
    /// The account wants the full password, and the server is not verified.
    FullPassword,
    /// The account wants to be authenticated in a way that this plugin does not know, or will not use.
    Method(String),
}

/// A fault of this machine that explains a silence.
#[derive(Debug)]
pub struct Excuse {
    /// The fault, in few words.
    pub fault: &'static str,
    /// The silent addresses.
    pub addresses: Vec<IpAddr>,
    /// What it is without that fault.
    pub otherwise: Kind,
    /// Whether it let others out that answer.
    pub is_refuted: bool,
}

/// Why a server could not be asked.
#[derive(Debug)]
pub struct Failure {
    /// How far it came.
    pub step: Step,
    /// What went wrong.
    pub kind: Kind,
}

impl Failure {
    pub(crate) fn new(step: Step, kind: Kind) -> Self {
        Self { step, kind }
    }

    /// The server's error number, if it said one.
    pub(crate) fn errno(&self) -> Option<u16> {
        match self.kind {
            Kind::Server(errno, _) => Some(errno),
            _ => None,
        }
    }
}

impl From<Cause> for Kind {
    fn from(cause: Cause) -> Self {
        match cause {
            Cause::Tls(fault) => Kind::Tls(fault.to_string()),
            Cause::NoAnswer => Kind::Late,
            Cause::Closed | Cause::Reset | Cause::ClosedInHandshake | Cause::ResetInHandshake => Kind::Closed,
            Cause::Prohibited => Kind::Here("permission denied"),
            cause => Kind::Connection(cause.to_string()),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Kind::Late => f.write_str("no answer"),
            Kind::Here(words) => f.write_str(words),
            Kind::Excused(excuse) => f.write_str(excuse.fault),
            Kind::FullPassword => f.write_str("the full password is wanted"),
            Kind::Closed => f.write_str("connection closed by the server"),
            Kind::Server(errno, text) => write!(f, "error {errno}: {text}"),
            Kind::Connection(text)
            | Kind::Name(text)
            | Kind::Protocol(text)
            | Kind::Tls(text)
            | Kind::Method(text) => f.write_str(text),
        }
    }
}
