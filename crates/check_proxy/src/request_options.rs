//! The options of all requests, the client that makes a request, and its answer. Each request has its own
//! connection.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use net::tls::Client;
use net::{Cause, Connector, Source, Stream, Waiting};
use plugin::{Deadline, State};

use crate::challenge::{Challenge, parse};
use crate::fault::{Fault, Status};
use crate::http::{Head, Reader};
use crate::login::{Login, Scheme};
use crate::page::Expected;
use crate::secrets::Secrets;
use crate::socks::Methods;
use crate::words::random;

/// The shortest time after which the silence of a request counts. It spans the first retransmission of a SYN
/// (RFC 6298).
pub(crate) const LEAST: Duration = Duration::from_millis(1_500);

/// The least time for each answer that a short run leaves, and in which a proxy that is well refuses a
/// stranger.
pub(crate) const SHORTEST: Duration = Duration::from_secs(1);

/// The least time that connecting needs to tell something: it spans one retransmission of a SYN.
const CONNECTING: Duration = Duration::from_millis(1_200);

/// The options of all requests.
#[derive(Debug)]
pub(crate) struct RequestOptions {
    /// Whether the proxies speak SOCKS5 in place of HTTP.
    pub(crate) socks: bool,
    /// The addresses or the interface to connect from.
    pub(crate) source: Source,
    /// The time for connecting, and again for each answer.
    pub(crate) limit: Duration,
    /// The shortest silence that counts.
    pub(crate) least: Duration,
    /// The moment at which all requests must have ended.
    pub(crate) until: Instant,
    /// The client's side of TLS. `None` if no page needs it.
    pub(crate) client: Option<Client>,
    /// The client's side of TLS without any verification.
    pub(crate) unverified: Option<Client>,
    /// Texts that no message may contain.
    pub(crate) secrets: Secrets,
    /// What the page must contain.
    pub(crate) expected: Expected,
}

/// The client that makes a request.
#[derive(Clone, Copy, Debug)]
pub(crate) enum As<'a> {
    /// A stranger, without a login.
    Stranger,
    /// An unknown user, with a random login.
    Random(&'a Login, &'a Scheme),
    /// The customer, with this login. `None` if no login is needed.
    Customer(Option<(&'a Login, &'a Scheme)>),
}

/// The result of a request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answer {
    /// The fault. `None` if the page came and is right.
    pub(crate) fault: Option<Fault>,
    /// Whether a client that is no customer got our page or an old copy of it, from any address and in any
    /// answer. Also true for a tunnel that leads to our page's own certificate.
    pub(crate) came: bool,
    /// The logins that the proxy offers.
    pub(crate) offers: Vec<Challenge>,
    /// The scheme of the login that was used.
    pub(crate) scheme: Option<&'static str>,
    /// How long it took: `None` if it was not made.
    pub(crate) took: Option<Duration>,
    /// What the earlier tries of the same request came to.
    pub(crate) before: Vec<Answer>,
    /// What a later try came to that the end of the run cut off, so that it tells less.
    pub(crate) after: Vec<Answer>,
}

impl Answer {
    /// Returns the answer of a request that was not made or got nothing, with its fault.
    pub(crate) fn unasked(fault: Fault) -> Self {
        Self { fault: Some(fault), ..Self::default() }
    }

    /// Whether it has this status, and not by the page's server behind a tunnel.
    pub(crate) fn has_status(&self, code: u16) -> bool {
        matches!(&self.fault, Some(Fault::Status(Status { code: had, from_page: false, .. })) if *had == code)
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

    /// Returns the scheme of the login.
    pub(crate) fn scheme(self) -> Option<&'a Scheme> {
        self.login().map(|(_, scheme)| scheme)
    }

    /// Returns whether this is the customer, who should get the page.
    pub(crate) fn is_customer(self) -> bool {
        matches!(self, As::Customer(_))
    }

    /// Returns the header line of the login, or an empty text.
    pub(crate) fn line(self, method: &str, target: &str) -> Result<String, Fault> {
        let Some((login, scheme)) = self.login() else { return Ok(String::new()) };
        let value = scheme.authorization(login, method, target, &random()?)?;
        Ok(format!("Proxy-Authorization: {value}\r\n"))
    }

    /// Returns the methods of login to offer by SOCKS5.
    pub(crate) fn methods(self) -> Methods<'a> {
        match self {
            As::Stranger | As::Customer(None) => Methods::NoLogin,
            As::Random(login, _) => Methods::Password(login),
            As::Customer(Some((login, _))) => Methods::Either(login),
        }
    }
}

impl RequestOptions {
    /// Returns the deadline of an answer that is awaited from now on.
    pub(crate) fn deadline(&self) -> Deadline {
        let now = Instant::now();
        Deadline::new(now, self.limit.min(self.until.saturating_duration_since(now)), State::Unknown)
    }

    /// Returns whether the time of all requests is over.
    pub(crate) fn is_over(&self) -> bool {
        Instant::now() >= self.until
    }

    /// Returns the fault of a request that began at `start`: one that the end of the run cut off early, or
    /// that a short run gave little time, says nothing about the proxy. To connect, or to refuse a stranger,
    /// takes no helper.
    pub(crate) fn certain(&self, fault: Fault, start: Instant, who: Option<As<'_>>) -> Fault {
        let least = match (&fault, who) {
            (Fault::NoAnswer, _) => self.least.min(CONNECTING),
            (_, Some(As::Stranger)) => self.least.min(SHORTEST),
            // The greeting of SOCKS5 comes before the login.
            (Fault::Silent, Some(_)) if self.socks => self.least.min(SHORTEST),
            _ => self.least,
        };
        let (is_short, waited) = (self.is_over() || self.limit < least, start.elapsed());
        let is_cut = fault.is_timeout() && is_short && waited < least;
        let has_login = who.is_some_and(|who| who.login().is_some());
        if is_cut { fault.cut_short(waited, has_login) } else { fault }
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
    /// Returns options for requests without TLS that take `limit` each and `time` together.
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
