//! How all requests are made and as whom, and what one came to. Each has a connection of its own.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use net::tls::Client;
use net::{Cause, Connector, Source, Stream, Waiting};
use plugin::{Deadline, State};

use crate::challenge::{Challenge, parse};
use crate::fault::Fault;
use crate::http::{Head, Reader};
use crate::login::{Login, Scheme};
use crate::page::Expected;
use crate::secrets::Secrets;
use crate::socks::Methods;
use crate::words::random;

/// The least time that a request needs to tell something: it spans the first retransmission of a SYN (RFC 6298).
pub(crate) const LEAST: Duration = Duration::from_millis(1_500);

/// The least time that connecting needs to tell something: it spans one retransmission of a SYN.
const CONNECTING: Duration = Duration::from_millis(1_200);

/// How all requests are made.
#[derive(Debug)]
pub(crate) struct RequestOptions {
    /// Whether the proxies speak SOCKS5 in place of HTTP.
    pub(crate) socks: bool,
    /// From where.
    pub(crate) source: Source,
    /// The time for connecting, and again for each answer.
    pub(crate) limit: Duration,
    /// A silence that is shorter tells nothing.
    pub(crate) least: Duration,
    /// When all of it must have ended.
    pub(crate) until: Instant,
    /// The client's side of TLS: `None` if no page needs it.
    pub(crate) client: Option<Client>,
    /// The client's side of TLS without any verification.
    pub(crate) unverified: Option<Client>,
    /// What no message may carry.
    pub(crate) secrets: Secrets,
    /// What the page must have.
    pub(crate) expected: Expected,
}

/// As whom a request is made.
#[derive(Clone, Copy, Debug)]
pub(crate) enum As<'a> {
    /// A stranger, without a login.
    Stranger,
    /// An unknown user, with a random login.
    Random(&'a Login, &'a Scheme),
    /// The customer, with this login: `None` if none is needed.
    Customer(Option<(&'a Login, &'a Scheme)>),
}

/// What a request came to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answer {
    /// Why it is not as it should be: `None` if the page came and is right.
    pub(crate) fault: Option<Fault>,
    /// Whether a client that is no customer got our page, or an old copy of it, by whichever address and in whatever
    /// answer; or a tunnel to our page's own certificate.
    pub(crate) came: bool,
    /// The logins that the proxy offers.
    pub(crate) offers: Vec<Challenge>,
    /// The scheme of the login that was made.
    pub(crate) scheme: Option<&'static str>,
    /// How long it took.
    pub(crate) took: Duration,
}

impl Answer {
    /// What is known of a request that was not made, or got nothing: why.
    pub(crate) fn unasked(fault: Fault) -> Self {
        Self { fault: Some(fault), ..Self::default() }
    }
}

impl<'a> As<'a> {
    fn login(self) -> Option<(&'a Login, &'a Scheme)> {
        match self {
            As::Stranger => None,
            As::Random(login, scheme) => Some((login, scheme)),
            As::Customer(login) => login,
        }
    }

    /// The scheme of the login.
    pub(crate) fn scheme(self) -> Option<&'a Scheme> {
        self.login().map(|(_, scheme)| scheme)
    }

    /// Whether it is the customer, who should get the page.
    pub(crate) fn is_customer(self) -> bool {
        matches!(self, As::Customer(_))
    }

    /// The line of the header, or nothing.
    pub(crate) fn line(self, method: &str, target: &str) -> Result<String, Fault> {
        let Some((login, scheme)) = self.login() else { return Ok(String::new()) };
        let value = scheme.authorization(login, method, target, &random()?)?;
        Ok(format!("Proxy-Authorization: {value}\r\n"))
    }

    /// The methods of login that SOCKS5 is offered.
    pub(crate) fn methods(self) -> Methods<'a> {
        match self {
            As::Stranger | As::Customer(None) => Methods::NoLogin,
            As::Random(login, _) => Methods::Password(login),
            As::Customer(Some((login, _))) => Methods::Either(login),
        }
    }
}

impl RequestOptions {
    /// Returns what one answer may take from now on.
    pub(crate) fn deadline(&self) -> Deadline {
        let now = Instant::now();
        Deadline::new(now, self.limit.min(self.until.saturating_duration_since(now)), State::Unknown)
    }

    /// Whether all of the time is over.
    pub(crate) fn is_over(&self) -> bool {
        Instant::now() >= self.until
    }

    /// Returns the fault of a request that began at `start`: one that the end of the run cut off early, or that a
    /// short run gave little time, says nothing about the proxy.
    pub(crate) fn certain(&self, fault: Fault, start: Instant) -> Fault {
        // To connect takes no helper and no page.
        let least = if fault == Fault::NoAnswer { self.least.min(CONNECTING) } else { self.least };
        let is_short = self.is_over() || self.limit < self.least;
        let is_cut = fault.is_timeout() && is_short && start.elapsed() < least;
        if is_cut { Fault::Late } else { fault }
    }

    /// Connects to the proxy, or to the page itself.
    pub(crate) fn connect(&self, to: SocketAddr) -> Result<Stream<'static>, Fault> {
        let deadline = self.deadline();
        if deadline.is_over() {
            return Err(Fault::Late);
        }
        let connector = Connector::new(Waiting::until(&deadline)).from_source(self.source.clone());
        let stream = connector.connect(to, self.limit).map_err(Fault::of_connecting)?;
        Ok(stream.wait_by(&Waiting::until(&self.deadline())))
    }

    /// Asks a proxy by CONNECT for a tunnel, and reads the header of its answer.
    pub(crate) fn open_tunnel(
        &self,
        proxy: SocketAddr,
        target: &str,
        who: As<'_>,
    ) -> Result<(Head, Reader<Stream<'static>>), Fault> {
        let line = who.line("CONNECT", target)?;
        let mut stream = self.connect(proxy)?;
        send(&mut stream, &format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n{USER_AGENT}{line}\r\n"))?;
        let mut reader = Reader::new(stream);
        Ok((reader.head()?, reader))
    }
}

#[cfg(test)]
impl RequestOptions {
    /// For requests without TLS that take `limit` each and `time` together.
    pub(crate) fn sample(limit: Duration, time: Duration) -> Self {
        Self {
            socks: false,
            source: Source::default(),
            limit,
            least: limit.min(LEAST),
            until: Instant::now() + time,
            client: None,
            unverified: None,
            secrets: Secrets::default(),
            expected: Expected { text: "pong NONCE".to_owned(), not: Vec::new() },
        }
    }
}

/// The line of the header that names this program.
pub(crate) const USER_AGENT: &str = concat!("User-Agent: check_proxy/", env!("CARGO_PKG_VERSION"), "\r\n");

/// Returns the logins that an answer offers.
pub(crate) fn offers(head: &Head) -> Vec<Challenge> {
    if head.code == 407 { parse(head.all("Proxy-Authenticate")) } else { Vec::new() }
}

/// Sends a request. A proxy that resets the connection may have answered before.
pub(crate) fn send(stream: &mut Stream<'_>, request: &str) -> Result<(), Fault> {
    match stream.send_all(request.as_bytes()) {
        Ok(()) | Err(Cause::Reset) => Ok(()),
        Err(cause) => Err(Fault::of_talking(cause, false)),
    }
}
